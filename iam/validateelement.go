package iam

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// actions checks the Action or NotAction of a statement.
func (v *validator) actions(at place, s *policy.Statement) {
	where, name, ok := either(at, "Action", "NotAction")
	if !ok {
		v.err("MISSING_ACTION", at, "Add an Action or a NotAction.")
		return
	}
	if where.node.Kind == policy.Array && len(where.node.Items) == 0 {
		v.add(typeSuggestion, "EMPTY_ARRAY_ACTION", where, "The list is empty: the statement is for no action.")
	}
	var places []place
	v.each(where, func(p place) {
		places = append(places, p)
		v.action(p, name)
	})
	v.redundant(places, "REDUNDANT_ACTION", func(a, b string) bool {
		return strings.EqualFold(a, b) || coversFold(a, b)
	})
}

func coversFold(a, b string) bool {
	sa, na := policy.SplitAction(a)
	sb, nb := policy.SplitAction(b)
	if a == "*" {
		return true
	}
	if sa != sb || na == "" || nb == "" {
		return false
	}
	yes, err := wildcard.Covers(wildcard.CompileFold(na), wildcard.CompileFold(nb), searchStates)
	return err == nil && yes
}

// redundant reports entries that another entry of the list covers.
func (v *validator) redundant(list []place, code string, covers func(a, b string) bool) {
	for i, p := range list {
		for j, q := range list {
			if i == j || !covers(q.node.Text, p.node.Text) || covers(p.node.Text, q.node.Text) && i < j {
				continue
			}
			v.add(typeSuggestion, code, p, "%q is covered by %q.", p.node.Text, q.node.Text)
			break
		}
	}
}

func (v *validator) action(p place, element string) {
	text := p.node.Text
	if v.variables(p, false) {
		return
	}
	if text == "*" || text == "*:*" {
		return
	}
	service, name, colon := strings.Cut(text, ":")
	switch {
	case !colon || service == "" || name == "" || strings.ContainsAny(text, " \t\n"):
		v.err("INVALID_ACTION", p, "%q is no action: it has a service, a colon and a name.", text)
		return
	case strings.ContainsAny(service, "*?"):
		v.add(typeSuggestion, "WILDCARD_IN_SERVICE_NAME", p, "A service has no wildcard: %q matches nothing.", text)
		return
	}
	if _, found := v.catalogue.Service(strings.ToLower(service)); !found {
		v.err("INVALID_SERVICE_IN_ACTION", p, "There is no service %q in %s.", service, v.catalogue.Version())
		return
	}
	if strings.ContainsAny(name, "*?") {
		for range v.catalogue.Match(text) {
			return
		}
		v.err("INVALID_ACTION", p, "%q matches no action in %s.", text, v.catalogue.Version())
		return
	}
	if _, found := v.catalogue.Action(service, name); !found {
		v.err("INVALID_ACTION", p, "There is no action %q in %s.", text, v.catalogue.Version())
	}
}

// resources checks the Resource or NotResource of a statement.
func (v *validator) resources(at place, s *policy.Statement) {
	where, _, ok := either(at, "Resource", "NotResource")
	if !ok {
		if !v.typ.Granting() || v.typ == policy.RCP || v.typ == policy.Resource && v.resource == "AWS::S3::Bucket" {
			v.err("MISSING_RESOURCE", at, "Add a Resource or a NotResource.")
		}
		return
	}
	if v.typ == policy.Trust {
		v.err("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", where, "A trust policy speaks of its own role: it has no Resource.")
		return
	}
	if where.node.Kind == policy.Array && len(where.node.Items) == 0 {
		v.add(typeSuggestion, "EMPTY_ARRAY_RESOURCE", where, "The list is empty: the statement is for no resource.")
	}
	var places []place
	v.each(where, func(p place) {
		places = append(places, p)
		v.variables(p, true)
		v.arn(p)
	})
	v.redundant(places, "REDUNDANT_RESOURCE", func(a, b string) bool {
		if a == b {
			return true
		}
		if strings.Contains(a, "${") || strings.Contains(b, "${") {
			return false
		}
		yes, err := wildcard.Covers(wildcard.Compile(a), wildcard.Compile(b), searchStates)
		return err == nil && yes
	})
}

// arn checks the ARN of a resource, field by field.
func (v *validator) arn(p place) {
	text := p.node.Text
	if text == "*" || text == "" && v.typ.Granting() {
		return
	}
	if !strings.HasPrefix(text, "arn:") {
		if !strings.HasPrefix(text, "*") && !strings.HasPrefix(text, "${") {
			v.err("INVALID_ARN_PREFIX", p, "%q does not begin with \"arn:\".", text)
		}
		return
	}
	f := strings.SplitN(text, ":", 6)
	if len(f) < 6 {
		if !strings.HasSuffix(text, "*") {
			v.err("MISSING_ARN_FIELD", p, "An ARN has six fields between colons; this one has %d.", len(f))
		}
		return
	}
	plain := func(s string) bool { return !strings.ContainsAny(s, "*?") && !strings.Contains(s, "${") }
	partition, service, region, account := f[1], f[2], f[3], f[4]
	if plain(partition) && !slices.Contains([]string{"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}, partition) {
		v.err("INVALID_PARTITION", p, "There is no partition %q.", partition)
		return
	}
	if !plain(service) {
		return
	}
	if service != strings.ToLower(service) {
		v.err("INVALID_ARN_SERVICE_CASE", p, "The service of an ARN is in lower case: %q.", strings.ToLower(service))
		return
	}
	forms := v.forms(service)
	if forms == nil {
		v.err("INVALID_SERVICE", p, "No resource in %s has the service %q in its ARN.", v.catalogue.Version(), service)
		return
	}
	has := func(field int) (with, without bool) {
		for _, form := range forms {
			if form[field] == "" {
				without = true
			} else {
				with = true
			}
		}
		return
	}
	withRegion, withoutRegion := has(3)
	withAccount, withoutAccount := has(4)
	switch {
	case region != "" && !withRegion && region != "*":
		v.err("ARN_REGION_NOT_ALLOWED", p, "ARNs of %s have no region.", service)
	case region == "" && !withoutRegion:
		v.err("MISSING_ARN_REGION", p, "ARNs of %s have a region.", service)
	case region != "" && plain(region) && !looksLikeRegion(region):
		v.err("INVALID_ARN_REGION", p, "%q is no region.", region)
	}
	switch {
	case account != "" && !withAccount && account != "*":
		v.err("ARN_ACCOUNT_NOT_ALLOWED", p, "ARNs of %s have no account.", service)
	case account == "" && !withoutAccount:
		v.err("MISSING_ARN_ACCOUNT", p, "ARNs of %s have an account.", service)
	case account != "" && plain(account) && !isAccountID(account) && account != "aws" && !fixedAccount(forms, account):
		v.err("INVALID_ARN_ACCOUNT", p, "%q is no account: it has twelve digits.", account)
	}
	if plain(region) && plain(account) && !strings.Contains(text, "${") && len(v.catalogue.ARNTypes(text)) == 0 && (region != "" || withoutRegion) && (account != "" || withoutAccount) {
		if v.fits(f[5], forms) {
			return
		}
		v.err("INVALID_ARN_RESOURCE", p, "No resource of %s is named like %q.", service, f[5])
	}
}

// fits tells whether a resource part could be that of one of the forms.
func (v *validator) fits(resource string, forms [][]string) bool {
	for _, form := range forms {
		var parts []wildcard.Part
		rest := form[5]
		for {
			i := strings.Index(rest, "${")
			if i < 0 {
				break
			}
			end := strings.IndexByte(rest[i:], '}')
			if end < 0 {
				break
			}
			parts = append(parts, wildcard.Part{Text: rest[:i], Literal: true}, wildcard.Part{Text: "*"})
			rest = rest[i+end+1:]
		}
		parts = append(parts, wildcard.Part{Text: rest})
		if wildcard.Meets(wildcard.Join(false, parts...), wildcard.Compile(resource)) {
			return true
		}
	}
	return false
}

func fixedAccount(forms [][]string, account string) bool {
	return slices.ContainsFunc(forms, func(f []string) bool { return f[4] == account })
}

// forms are the ARN formats of a service's resource types, field by field. The
// service is what stands in the ARN, which is not always the prefix of actions.
func (v *validator) forms(service string) [][]string {
	if out, ok := v.arns[service]; ok {
		return out
	}
	var out [][]string
	for _, prefix := range v.catalogue.Prefixes() {
		svc, found := v.catalogue.Service(prefix)
		if !found {
			continue
		}
		for _, t := range svc.Types {
			for _, text := range t.ARNs {
				if f := strings.SplitN(text, ":", 6); len(f) == 6 && f[2] == service {
					out = append(out, f)
				}
			}
		}
	}
	v.arns[service] = out
	return out
}

func looksLikeRegion(s string) bool {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts[0]) < 2 || len(parts[0]) > 4 {
		return false
	}
	last := parts[len(parts)-1]
	return len(last) == 1 && last[0] >= '1' && last[0] <= '9' && strings.Trim(strings.Join(parts[:len(parts)-1], ""), "abcdefghijklmnopqrstuvwxyz") == ""
}

// variables checks policy variables in a text; stop tells that the text is not
// worth looking at further.
func (v *validator) variables(p place, allowed bool) (stop bool) {
	rest := p.node.Text
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			return stop
		}
		if !allowed {
			v.err("VARIABLE_UNSUPPORTED_IN_ELEMENT", p, "Policy variables stand in resources and in values of conditions.")
			return true
		}
		if v.version != policy.Version2012 {
			v.add(typeError, "VARIABLE_UNSUPPORTED_IN_VERSION", p, "Policy variables need the version %s: here the text is plain.", policy.Version2012)
			return true
		}
		end := strings.IndexByte(rest[i:], '}')
		if end < 0 {
			v.err("MISSING_BRACE_IN_VARIABLE", p, "A policy variable has no closing brace.")
			return true
		}
		body := rest[i+2 : i+end]
		name, preset, has := strings.Cut(body, ",")
		preset = strings.TrimSpace(preset)
		switch {
		case strings.TrimSpace(body) == "":
			v.err("EMPTY_VARIABLE", p, "A policy variable has no name.")
		case strings.ContainsAny(strings.TrimRight(name, " "), " \t") || name != strings.TrimRight(name, " "):
			v.err("UNSUPPORTED_SPACE_IN_VARIABLE", p, "A policy variable has no space in it.")
		case has && (len(preset) < 2 || preset[0] != '\'' || preset[len(preset)-1] != '\''):
			v.err("MISSING_QUOTE_IN_VARIABLE", p, "The default of a policy variable stands in single quotes.")
		}
		rest = rest[i+end+1:]
	}
}

// redundantStatements reports statements that say the same as another.
func (v *validator) redundantStatements(at place) {
	seen := map[string]int{}
	for i, item := range at.node.Items {
		text := same(item)
		if first, ok := seen[text]; ok {
			v.add(typeSuggestion, "REDUNDANT_STATEMENT", at.index(i, item), "Statement %d says the same.", first+1)
			continue
		}
		seen[text] = i
	}
}

// same is a text that is equal for statements that say the same.
func same(n *policy.Node) string {
	var parts []string
	switch n.Kind {
	case policy.Object:
		for _, m := range n.Members {
			if m.Name != "Sid" {
				parts = append(parts, m.Name+"="+same(m.Value))
			}
		}
	case policy.Array:
		for _, item := range n.Items {
			parts = append(parts, same(item))
		}
	default:
		return n.Text
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, "\x00") + "}"
}

// principal checks the Principal or NotPrincipal of a statement.
func (v *validator) principal(at place, s *policy.Statement) {
	where, name, ok := either(at, "Principal", "NotPrincipal")
	switch {
	case !ok && v.typ.Granting():
		v.err("MISSING_PRINCIPAL", at, "Add a Principal: the statement is for nobody.")
		return
	case !ok:
		return
	case v.typ == policy.SCP:
		v.err("SCP_SYNTAX_ERROR_PRINCIPAL", where, "A service control policy has no %s.", name)
		return
	case !v.typ.Granting():
		v.err("UNSUPPORTED_PRINCIPAL", where, "A policy of this type is for whoever it is attached to: it has no %s.", name)
		return
	case v.typ == policy.Trust && name == "NotPrincipal":
		v.err("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", where, "A trust policy names who may come in: it has no NotPrincipal.")
	case v.typ == policy.RCP && (name == "NotPrincipal" || where.node.Text != "*"):
		v.err("RCP_SYNTAX_ERROR_PRINCIPAL", where, "The principal of a resource control policy is \"*\".")
	}
	switch where.node.Kind {
	case policy.String:
		if where.node.Text != "*" {
			v.err("INVALID_PRINCIPAL_FORMAT", where, "As a text the principal is \"*\" only.")
		}
	case policy.Object:
		if len(where.node.Members) == 0 {
			v.add(typeSuggestion, "EMPTY_OBJECT_PRINCIPAL", where, "The principal is empty: the statement is for nobody.")
		}
		for _, m := range where.node.Members {
			if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, m.Name) {
				v.err("INVALID_PRINCIPAL_KEY", where.key(m), "There are no principals of the kind %q.", m.Name)
				continue
			}
			to := where.value(m.Name, m.Value)
			if m.Value.Kind == policy.Array && len(m.Value.Items) == 0 {
				v.add(typeSuggestion, "EMPTY_ARRAY_PRINCIPAL", to, "The list is empty: it names nobody.")
			}
			v.each(to, func(p place) {
				if !v.variables(p, false) {
					v.onePrincipal(p, m.Name)
				}
			})
		}
	default:
		v.err("DATA_TYPE_MISMATCH", where, "A principal is \"*\" or an object.")
	}
}

func (v *validator) onePrincipal(p place, kind string) {
	text := p.node.Text
	wild := strings.ContainsAny(text, "*?")
	switch {
	case kind == "AWS" && text == "*":
	case wild && v.typ == policy.Trust:
		v.err("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", p, "A principal has no wildcard beside \"*\" alone: %q matches nobody.", text)
	case wild:
		v.err("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", p, "A principal has no wildcard beside \"*\" alone: %q matches nobody.", text)
	case kind == "AWS":
		f := strings.SplitN(text, ":", 6)
		switch {
		case isAccountID(text):
		case strings.HasPrefix(text, "AIDA"), strings.HasPrefix(text, "MIDA"):
			v.add(typeWarning, "INVALID_USER_REFERENCE", p, "%q is the id of a user that was deleted: it matches nobody.", text)
		case strings.HasPrefix(text, "AROA"):
			v.add(typeWarning, "INVALID_ROLE_REFERENCE", p, "%q is the id of a role that was deleted: it matches nobody.", text)
		case len(f) != 6 || f[0] != "arn" || !isAccountID(f[4]) && f[4] != "cloudfront" || f[2] != "iam" && f[2] != "sts":
			v.err("INVALID_PRINCIPAL_FORMAT", p, "%q is neither an account nor the ARN of a user, a role or a session.", text)
		}
	case kind == "Service":
		if !strings.HasSuffix(text, ".amazonaws.com") && !strings.HasSuffix(text, ".amazonaws.com.cn") && !strings.Contains(text, ".amazon") && !strings.HasSuffix(text, ".aws.internal") {
			v.err("INVALID_SERVICE_PRINCIPAL_FORMAT", p, "%q is no service principal such as ec2.amazonaws.com.", text)
		}
	case kind == "Federated":
		switch {
		case v.typ == policy.Resource:
			v.err("FEDERATED_PRINCIPAL_NOT_SUPPORTED", p, "Only a trust policy has federated principals.")
		case v.typ == policy.Trust && strings.HasPrefix(text, "arn:") && !strings.Contains(text, ":saml-provider/") && !strings.Contains(text, ":oidc-provider/"):
			v.err("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", p, "%q is the ARN of no identity provider.", text)
		}
	}
}

// typed checks what only some types of policies forbid.
func (v *validator) typed(at place, s *policy.Statement) {
	where, name, ok := either(at, "Action", "NotAction")
	if !ok {
		return
	}
	switch v.typ {
	case policy.RCP:
		if s.Effect == policy.Allow {
			v.err("RCP_SYNTAX_ERROR_ALLOW", at, "A resource control policy only denies.")
		}
		if name == "NotAction" {
			v.err("RCP_SYNTAX_ERROR_NOTACTION", where, "A resource control policy has no NotAction.")
			return
		}
		v.each(where, func(p place) {
			service, _ := policy.SplitAction(p.node.Text)
			if applies, known := v.catalogue.RCP(service); p.node.Text == "*" || known && !applies {
				v.err("RCP_SYNTAX_ERROR_ACTION", p, "A resource control policy is for actions of services that have them; %q is not.", p.node.Text)
			}
		})
	case policy.Trust:
		v.each(where, func(p place) {
			service, _ := policy.SplitAction(p.node.Text)
			if p.node.Text != "*" && service != "sts" && service != "" {
				v.err("UNSUPPORTED_ACTION_IN_POLICY", p, "A trust policy is about actions of sts, not %q.", p.node.Text)
			}
		})
		v.mismatched(where, s)
	case policy.Resource:
		if prefix := serviceOfType(v.catalogue, v.resource); prefix != "" {
			v.each(where, func(p place) {
				if service, _ := policy.SplitAction(p.node.Text); service != prefix && p.node.Text != "*" && service != "" {
					v.err("UNSUPPORTED_ACTION_IN_POLICY", p, "The policy of %s is about actions of %s, not %q.", v.resource, prefix, p.node.Text)
				}
			})
		}
	}
}

// serviceOfType is the prefix of the actions on a CloudFormation type, "" when
// it is not clear.
func serviceOfType(c *permission.Catalogue, typ string) string {
	parts := strings.Split(typ, "::")
	if len(parts) != 3 {
		return ""
	}
	prefix := strings.ToLower(parts[1])
	if _, found := c.Service(prefix); !found {
		return ""
	}
	return prefix
}

// mismatched checks that principals of a trust policy are let in by the action
// that they can call.
func (v *validator) mismatched(where place, s *policy.Statement) {
	if s.Principals == nil || s.Actions == nil || s.Actions.Not || s.Effect != policy.Allow {
		return
	}
	allows := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return s.Actions.Match("sts", name) })
	}
	for _, p := range s.Principals.List {
		switch {
		case p.Kind == "Federated" && strings.Contains(p.Text, ":saml-provider/") && !allows("AssumeRoleWithSAML"),
			p.Kind == "Federated" && !strings.Contains(p.Text, ":saml-provider/") && !allows("AssumeRoleWithWebIdentity"):
			v.err("MISMATCHED_ACTION_FOR_PRINCIPAL", where, "%s cannot call the actions that the statement allows.", p.Text)
		case (p.Kind == "AWS" || p.Kind == "Service") && !allows("AssumeRole", "TagSession", "SetSourceIdentity", "SetContext", "AssumeRoot"):
			v.err("MISMATCHED_ACTION_FOR_PRINCIPAL", where, "%s cannot call the actions that the statement allows.", p.Text)
		}
		if p.Kind == "Service" && p.Text == "rolesanywhere.amazonaws.com" && !(allows("AssumeRole") && allows("TagSession") && allows("SetSourceIdentity")) {
			v.err("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", where, "IAM Roles Anywhere needs sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity.")
		}
	}
}

// private tells whether a range is private, which aws:SourceIp never is.
func private(p netip.Prefix) bool {
	for _, text := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} {
		if q := netip.MustParsePrefix(text); q.Bits() <= p.Bits() && q.Contains(p.Addr()) {
			return true
		}
	}
	return false
}
