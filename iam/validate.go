package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// PolicyFinding is one fault of a policy, in the shape of Access Analyzer's
// ValidatePolicy
// (https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ValidatePolicyFinding.html).
// Issue codes are AWS's where AWS has one; ours start with HAETAE_.
type PolicyFinding struct {
	Type      string     `json:"findingType"` // ERROR, SECURITY_WARNING, WARNING, SUGGESTION
	Code      string     `json:"issueCode"`
	Details   string     `json:"findingDetails"`
	Link      string     `json:"learnMoreLink"`
	Locations []Location `json:"locations"`
}

// Location is a place in a policy.
type Location struct {
	Path []PathElement `json:"path"`
	Span policy.Span   `json:"span"`
}

// PathElement is one step to a place: into the value of a member, to an entry of
// a list, or to the name of a member. Exactly one is set.
type PathElement struct {
	Value string `json:"value,omitempty"`
	Index *int   `json:"index,omitempty"`
	Key   string `json:"key,omitempty"`
}

// The types of findings.
const (
	typeError      = "ERROR"
	typeSecurity   = "SECURITY_WARNING"
	typeWarning    = "WARNING"
	typeSuggestion = "SUGGESTION"
)

// checks is the page that explains the codes.
const checks = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"

// Validate finds the faults of a policy text: what AWS would refuse, what does
// not mean what it seems to, and what allows more than anybody wants. resource
// is the CloudFormation type that a resource policy is for, "" when it is not
// known.
func (e *Engine) Validate(text string, typ policy.Type, resource string) []PolicyFinding {
	v := &validator{catalogue: e.catalogue, typ: typ, resource: resource, arns: map[string][][]string{}}
	root, err := policy.ReadJSON(text)
	if err != nil {
		at := policy.Position{Line: 1}
		what := err.Error()
		if s, ok := err.(*policy.SyntaxError); ok {
			at, what = s.At, s.What
		}
		v.out = append(v.out, PolicyFinding{typeError, "JSON_SYNTAX_ERROR", "The text is no JSON: " + what + ".", link(typeError, "JSON_SYNTAX_ERROR"),
			[]Location{{Path: []PathElement{}, Span: policy.Span{Start: at, End: at}}}})
		return v.out
	}
	v.document(root)
	v.size(text, root)
	slices.SortStableFunc(v.out, func(a, b PolicyFinding) int {
		return a.Locations[0].Span.Start.Offset - b.Locations[0].Span.Start.Offset
	})
	return v.out
}

// validator collects the findings of one policy.
type validator struct {
	catalogue *permission.Catalogue
	typ       policy.Type
	resource  string
	version   string
	doc       *policy.Document
	arns      map[string][][]string // ARN formats by their service
	out       []PolicyFinding
}

// place is a node with the way to it.
type place struct {
	path []PathElement
	node *policy.Node
	span policy.Span
}

func (p place) value(name string, n *policy.Node) place {
	return place{append(slices.Clone(p.path), PathElement{Value: name}), n, n.Span}
}

func (p place) index(i int, n *policy.Node) place {
	return place{append(slices.Clone(p.path), PathElement{Index: &i}), n, n.Span}
}

func (p place) key(m policy.Member) place {
	return place{append(slices.Clone(p.path), PathElement{Key: m.Name}), m.Value, m.At}
}

func (v *validator) add(typ, code string, at place, format string, args ...any) {
	if at.path == nil {
		at.path = []PathElement{}
	}
	v.out = append(v.out, PolicyFinding{typ, code, fmt.Sprintf(format, args...), link(typ, code), []Location{{at.path, at.span}}})
}

func (v *validator) err(code string, at place, format string, args ...any) {
	v.add(typeError, code, at, format, args...)
}

// link is the place on AWS's page that explains a code.
func link(typ, code string) string {
	if strings.HasPrefix(code, "HAETAE_") {
		return "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
	}
	kind := map[string]string{typeError: "error", typeSecurity: "security-warning", typeWarning: "general-warning", typeSuggestion: "suggestion"}[typ]
	return checks + "#access-analyzer-reference-policy-checks-" + kind + "-" + strings.ToLower(strings.ReplaceAll(code, "_", "-"))
}

// document checks the top of the policy.
func (v *validator) document(root *policy.Node) {
	top := place{node: root, span: root.Span}
	if root.Kind != policy.Object {
		v.err("DATA_TYPE_MISMATCH", top, "A policy is a JSON object.")
		return
	}
	v.doc = policy.FromNode(root, v.typ)
	for _, m := range root.Members {
		at := top.value(m.Name, m.Value)
		switch m.Name {
		case "Version":
			if v.version = m.Value.Text; m.Value.Kind != policy.String || v.version != policy.Version2012 && v.version != policy.Version2008 {
				v.err("INVALID_VERSION", at, "The version is %s, or %s in old policies.", policy.Version2012, policy.Version2008)
			}
		case "Id":
			v.expect(at, policy.String, "a text")
		case "Statement":
		default:
			v.err("INVALID_POLICY_ELEMENT", top.key(m), "A policy has no element %q.", m.Name)
		}
	}
	if root.Get("Version") == nil {
		v.add(typeWarning, "MISSING_VERSION", top, "Add a Version, best %s: without one, policy variables are plain text.", policy.Version2012)
	}
	list := root.Get("Statement")
	switch {
	case list == nil:
		v.err("MISSING_STATEMENT", top, "Add a Statement: the policy says nothing.")
	case list.Kind == policy.Object:
		v.statement(0, top.value("Statement", list))
	case list.Kind != policy.Array:
		v.err("DATA_TYPE_MISMATCH", top.value("Statement", list), "Statement is an object or a list of objects.")
	default:
		if len(list.Items) == 0 {
			v.err("MISSING_STATEMENT", top.value("Statement", list), "The list of statements is empty: the policy says nothing.")
		}
		for i, item := range list.Items {
			v.statement(i, top.value("Statement", list).index(i, item))
		}
		v.sids(top.value("Statement", list))
		v.redundantStatements(top.value("Statement", list))
	}
}

func (v *validator) expect(at place, kind policy.Kind, what string) bool {
	if at.node.Kind != kind {
		v.err("DATA_TYPE_MISMATCH", at, "Here %s is expected.", what)
		return false
	}
	return true
}

// sids checks the names of the statements against each other.
func (v *validator) sids(at place) {
	seen := map[string]bool{}
	for i, item := range at.node.Items {
		sid := item.Get("Sid")
		if sid == nil || sid.Text == "" {
			continue
		}
		if where := at.index(i, item).value("Sid", sid); seen[sid.Text] {
			if v.typ.Granting() && v.typ != policy.RCP {
				v.add(typeWarning, "UNIQUE_SIDS_RECOMMENDED", where, "Another statement has the Sid %q too.", sid.Text)
			} else {
				v.err("UNIQUE_SIDS_REQUIRED", where, "Another statement has the Sid %q too; in a policy of this type each must have its own.", sid.Text)
			}
		}
		seen[sid.Text] = true
	}
}

// size checks the length of the text without the white space that does not count
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html).
func (v *validator) size(text string, root *policy.Node) {
	n := len(strings.Join(strings.Fields(text), ""))
	at := place{node: root, span: root.Span}
	over := func(limit int, typ, code, what string) {
		if n > limit {
			v.add(typ, code, at, "The policy has %d characters; %s can have %d.", n, what, limit)
		}
	}
	switch v.typ {
	case policy.SCP:
		over(5120, typeError, "POLICY_SIZE_EXCEEDS_SCP_QUOTA", "a service control policy")
	case policy.RCP:
		over(5120, typeError, "POLICY_SIZE_EXCEEDS_RCP_QUOTA", "a resource control policy")
	case policy.Trust:
		over(2048, typeWarning, "POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", "a trust policy, unless the quota was raised,")
	case policy.Resource:
		over(20480, typeWarning, "POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", "the policy of a bucket")
	default:
		over(6144, typeWarning, "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", "a managed policy")
	}
}

// statement checks one statement.
func (v *validator) statement(i int, at place) {
	if !v.expect(at, policy.Object, "a statement, which is an object,") {
		return
	}
	n := at.node
	for _, m := range n.Members {
		switch m.Name {
		case "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition":
		default:
			v.err("INVALID_POLICY_ELEMENT", at.key(m), "A statement has no element %q.", m.Name)
		}
	}
	for _, pair := range [][2]string{{"Principal", "NotPrincipal"}, {"Action", "NotAction"}, {"Resource", "NotResource"}} {
		if n.Get(pair[0]) != nil && n.Get(pair[1]) != nil {
			v.err("UNSUPPORTED_ELEMENT_COMBINATION", at, "%s and %s exclude each other.", pair[0], pair[1])
		}
	}
	v.sid(at)
	switch e := n.Get("Effect"); {
	case e == nil:
		v.err("MISSING_EFFECT", at, "Add an Effect: Allow or Deny.")
	case e.Kind != policy.String:
		v.err("DATA_TYPE_MISMATCH", at.value("Effect", e), "Here a text is expected.")
	case e.Text != string(policy.Allow) && e.Text != string(policy.Deny):
		v.err("INVALID_EFFECT", at.value("Effect", e), "The effect is Allow or Deny, not %q.", e.Text)
	}
	s := v.doc.Statements[i]
	v.principal(at, s)
	v.actions(at, s)
	v.resources(at, s)
	if c := n.Get("Condition"); c != nil {
		v.conditions(at.value("Condition", c), s)
	}
	v.security(at, s)
	v.typed(at, s)
}

func (v *validator) sid(at place) {
	sid := at.node.Get("Sid")
	if sid == nil {
		return
	}
	where := at.value("Sid", sid)
	if !v.expect(where, policy.String, "a text") {
		return
	}
	if sid.Text == "" {
		v.add(typeSuggestion, "EMPTY_SID_VALUE", where, "The Sid is empty: give it a name or leave it out.")
		return
	}
	plain := strings.Trim(sid.Text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
	if plain != "" && (!v.typ.Granting() || v.typ == policy.RCP) {
		v.err("UNSUPPORTED_SID", where, "A Sid of a policy of this type has only letters and digits.")
	}
}

// each visits the entries of an element that is one text or a list of them.
func (v *validator) each(at place, visit func(place)) {
	if at.node.Kind == policy.Array {
		for i, item := range at.node.Items {
			if where := at.index(i, item); v.expect(where, policy.String, "a text") {
				visit(where)
			}
		}
		return
	}
	if v.expect(at, policy.String, "a text or a list of texts") {
		visit(at)
	}
}

// either is the element of the two names that the statement has.
func either(at place, yes, no string) (place, string, bool) {
	for _, name := range []string{yes, no} {
		if n := at.node.Get(name); n != nil {
			return at.value(name, n), name, true
		}
	}
	return at, "", false
}
