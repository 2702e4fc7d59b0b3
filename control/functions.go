package control

import (
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/secret"
)

// function is a domain function: what is easy to get wrong in an expression
// and is therefore written, and tested, once.
type function struct {
	name   string
	usage  string
	doc    string
	args   []*types.Type
	result *types.Type
	eval   func(f *frame, args []any) any
}

// Functions are the names of all domain functions with what they mean, in the
// order in which they are documented.
func Functions() [][2]string {
	var out [][2]string
	for _, f := range functions {
		out = append(out, [2]string{f.usage, f.doc})
	}
	return out
}

var (
	dynT    = types.DynType
	boolT   = types.BoolType
	intT    = types.IntType
	textT   = types.StringType
	listT   = types.NewListType(types.DynType)
	accessT = types.NewListType(types.NewMapType(types.StringType, types.DynType))
	eventT  = types.NewListType(types.NewMapType(types.StringType, types.DynType))
)

// one, two, three and four adapt functions of that many values.
func one(f func(a any) any) func(*frame, []any) any {
	return func(_ *frame, a []any) any { return f(a[0]) }
}

func two(f func(a, b any) any) func(*frame, []any) any {
	return func(_ *frame, a []any) any { return f(a[0], a[1]) }
}

func three(f func(a, b, c any) any) func(*frame, []any) any {
	return func(_ *frame, a []any) any { return f(a[0], a[1], a[2]) }
}

func four(f func(a, b, c, d any) any) func(*frame, []any) any {
	return func(_ *frame, a []any) any { return f(a[0], a[1], a[2], a[3]) }
}

// functions are all domain functions, for the checker and for
// `haetae content functions`. Every one is three-valued.
var functions = []function{
	{"policy.statements", "policy.statements(doc)", "the statements of a policy document in one form: every element a list", []*types.Type{dynT}, listT, one(policyStatements)},
	{"policy.public", "policy.public(doc)", "an Allow reaches everybody, in AWS's own sense of public", []*types.Type{dynT}, boolT, one(policyPublic)},
	{"policy.star_principal", "policy.star_principal(doc)", "an Allow names the principal *, whatever its condition", []*types.Type{dynT}, boolT, one(policyStarPrincipal)},
	{"policy.allows_anyone", "policy.allows_anyone(doc)", "an Allow names the principal * and has no condition", []*types.Type{dynT}, boolT, one(policyAllowsAnyone)},
	{"policy.admin", "policy.admin(doc)", "an Allow of every action on every resource", []*types.Type{dynT}, boolT, one(policyAdmin)},
	{"policy.allows", "policy.allows(doc, action, resource)", "somebody may do the action on the resource", []*types.Type{dynT, dynT, dynT}, boolT, three(policyAllows)},
	{"policy.denies", "policy.denies(doc, action, resource)", "everybody is denied the action on the resource", []*types.Type{dynT, dynT, dynT}, boolT, three(policyDenies)},
	{"policy.denies_plain_http", "policy.denies_plain_http(doc)", "access without TLS is denied to everybody", []*types.Type{dynT}, boolT, one(policyDeniesPlainHTTP)},
	{"policy.min_tls", "policy.min_tls(doc)", "the least TLS version that is demanded, 0 for none", []*types.Type{dynT}, types.DoubleType, one(policyMinTLS)},
	{"policy.not_action", "policy.not_action(doc)", "an Allow uses NotAction", []*types.Type{dynT}, boolT, one(policyNotAction)},
	{"policy.not_resource", "policy.not_resource(doc)", "an Allow uses NotResource", []*types.Type{dynT}, boolT, one(policyNotResource)},
	{"policy.not_principal", "policy.not_principal(doc)", "an Allow uses NotPrincipal", []*types.Type{dynT}, boolT, one(policyNotPrincipal)},
	{"policy.wildcard_services", "policy.wildcard_services(doc)", "services of which an Allow grants every action on every resource", []*types.Type{dynT}, types.NewListType(textT), one(policyWildcardServices)},
	{"policy.pass_role_any", "policy.pass_role_any(doc)", "an Allow of iam:PassRole on every role", []*types.Type{dynT}, boolT, one(policyPassRoleAny)},
	{"policy.cross_account", "policy.cross_account(doc, account)", "accounts other than this one that an Allow names", []*types.Type{dynT, dynT}, types.NewListType(textT), two(policyCrossAccount)},
	{"iam.public", "iam.public(resource)", "anybody at all may do something with the resource, under all layers", []*types.Type{dynT}, boolT, iamPublic},
	{"iam.outside", "iam.outside(resource)", "who outside the organization may do something with the resource: {who, kind, actions, conditional, risks}", []*types.Type{dynT}, accessT, iamOutside},
	{"iam.someone_may", "iam.someone_may(resource, action)", "somebody, inside or outside, may do the action on the resource, under all layers", []*types.Type{dynT, dynT}, boolT, iamSomeoneMay},
	{"iam.who_may", "iam.who_may(resource, action)", "who may do the action on the resource, under all layers: {who, kind, inside, conditional}", []*types.Type{dynT, dynT}, accessT, iamWhoMay},
	{"iam.may", "iam.may(principal, action, resource)", "the principal may do the action on the resource, under all layers", []*types.Type{dynT, dynT, dynT}, boolT, iamMay},
	{"iam.admin", "iam.admin(principal)", "the principal is in effect an administrator of its account, whatever its policies are called", []*types.Type{dynT}, boolT, iamAdmin},
	{"net.open_to_world", "net.open_to_world(rules, protocol, from, to)", "security group rules let the whole internet reach a port of the range", []*types.Type{dynT, textT, intT, intT}, boolT, func(f *frame, a []any) any { return worldOpen(f.rulesOf(a[0]), a[1], a[2], a[3]) }},
	{"net.open_from", "net.open_from(rules, protocol, from, to, cidr)", "security group rules let the whole of an address range reach a port of the range", []*types.Type{dynT, textT, intT, intT, textT}, boolT, func(_ *frame, a []any) any { return openFrom(a[0], a[1], a[2], a[3], a[4]) }},
	{"net.open_ports", "net.open_ports(rules)", "[protocol, from, to] of what security group rules open to the whole internet", []*types.Type{dynT}, types.NewListType(listT), one(openPorts)},
	{"net.all_protocols", "net.all_protocols(rules)", "a security group rule lets the whole internet use every protocol", []*types.Type{dynT}, boolT, one(allProtocols)},
	{"net.nacl_open_to_world", "net.nacl_open_to_world(entries, protocol, from, to)", "NACL entries, in their order, let the whole internet reach a port of the range", []*types.Type{dynT, textT, intT, intT}, boolT, four(naclOpenToWorld)},
	{"net.nacl_ineffective_deny", "net.nacl_ineffective_deny(entries)", "a deny entry that an earlier allow makes useless", []*types.Type{dynT}, boolT, one(naclIneffectiveDeny)},
	{"net.nacl_ineffective_rules", "net.nacl_ineffective_rules(entries)", "numbers of the entries that earlier ones make useless", []*types.Type{dynT}, types.NewListType(intT), one(naclIneffectiveRules)},
	{"net.exposed", "net.exposed(resource)", "strangers on the internet reach a port of the resource, through all that decides on the way", []*types.Type{dynT}, boolT, netExposed},
	{"net.exposed", "net.exposed(resource, ports)", "strangers on the internet reach one of these TCP ports of the resource", []*types.Type{dynT, dynT}, boolT, netExposed},
	{"net.exposed_ports", "net.exposed_ports(resource)", "how many TCP ports of the resource strangers on the internet reach", []*types.Type{dynT}, intT, netExposedPorts},
	{"net.exposed_targets", "net.exposed_targets(target_group)", "targets that strangers on the internet reach on their port without the load balancer", []*types.Type{dynT}, types.NewListType(textT), netExposedTargets},
	{"net.reaches", "net.reaches(from, to, port)", "packets of TCP get from one end to the port of the other and are answered; an end is a resource, \"internet\", or an address range", []*types.Type{dynT, dynT, dynT}, boolT, netReaches},
	{"net.stepping_stones", "net.stepping_stones(resource, ports)", "what strangers on the internet reach and what itself reaches one of these TCP ports of the resource: {who, type}", []*types.Type{dynT, dynT}, accessT, netSteppingStones},
	{"net.inspected", "net.inspected(vpc)", "a firewall or gateway load balancer endpoint is in the VPC, or on a way between it and the internet", []*types.Type{dynT}, boolT, netInspected},
	{"net.bypasses", "net.bypasses(vpc)", "what reaches or is reached by the internet without inspection: {who, type, direction}", []*types.Type{dynT}, accessT, netBypasses},
	{"filter_pattern.matches", "filter_pattern.matches(pattern, events)", "a metric filter pattern matches every one of the sample events", []*types.Type{dynT, eventT}, boolT, two(filterMatches)},
	{"secret", "secret(value)", "the kind of secret in a value, redacted or not; \"\" for none", []*types.Type{dynT}, textT, one(secretKind)},
	{"age_days", "age_days(time)", "whole days from the time to the snapshot's time", []*types.Type{dynT}, intT, func(f *frame, a []any) any { return ageDays(a[0], f.now) }},
	{"days_until", "days_until(time)", "whole days from the snapshot's time to the time", []*types.Type{dynT}, intT, func(f *frame, a []any) any { return daysUntil(a[0], f.now) }},
	{"glob", "glob(pattern, text)", "the text matches the pattern with AWS's wildcards * and ?", []*types.Type{dynT, dynT}, boolT, two(matchWild)},
}

// secretKind is secret(value): redacted values say their kind, others are
// looked at. "noecho" is a NoEcho parameter, "noecho-default" one whose default
// stands in the template, "parameter" one that everybody can read who may
// describe the stack.
func secretKind(v any) any {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return secret.Kind(x)
	case *haetae.Secret:
		return x.Kind
	case *haetae.Unknown:
		switch {
		case x.Reason == haetae.SecretKept:
			return "noecho"
		case x.Reason == haetae.SecretInTemplate:
			return "noecho-default"
		case x.Param != "":
			return "parameter"
		case len(x.Parts) > 0 && strings.HasPrefix(x.Parts[0], "{{resolve:"):
			return ""
		}
	}
	if isUnknown(v) {
		return opaque(v)
	}
	return ""
}

// domain compiles a call of a domain function.
func domain(fn function, args []expr) expr {
	out := expr{eval: func(f *frame) any {
		vs := make([]any, len(args))
		for i, x := range args {
			vs[i] = x.eval(f)
		}
		return fn.eval(f, vs)
	}}
	if strings.HasPrefix(fn.name, "iam.") {
		out.eval = func(f *frame) any {
			vs := make([]any, len(args))
			for i, x := range args {
				vs[i] = x.eval(f)
			}
			v := fn.eval(f, vs)
			f.proven(fn.usage, v)
			return v
		}
	}
	if fn.name == "policy.statements" && args[0].path != nil {
		out.path = func(f *frame) string { return args[0].path(f) + ".Statement" }
	}
	return out
}
