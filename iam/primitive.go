package iam

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Primitive is one way in which a principal gains what it was not given: an
// entry of the catalogue in content/escalations. docs/escalations.md describes
// each field.
type Primitive struct {
	ID       string          `yaml:"id"`
	Title    haetae.Text     `yaml:"title"` // what the principal does
	Why      haetae.Text     `yaml:"why"`   // why that works
	Category string          `yaml:"category"`
	Severity haetae.Severity `yaml:"-"`

	// By says what kind of principal can use it: "user", "role" or "" for both.
	By string `yaml:"by"`
	// Target is the other principal that it ranges over: "user", "role",
	// "principal" for both, or "" for none.
	Target string `yaml:"target"`
	// Group is the group that it ranges over: "self" and "target" for those
	// that the principal or the target is in, "other" for those that the
	// principal is not in.
	Group string `yaml:"group"`
	// Policy is the managed policy that it ranges over: "self" and "target" for
	// the customer managed policies that apply to the principal or the target.
	Policy string `yaml:"policy"`
	// Provider is the type of the identity provider that it ranges over.
	Provider string `yaml:"provider"`
	// Through is the resource that it ranges over.
	Through *Through `yaml:"through"`

	Needs []Need         `yaml:"needs"` // all of them
	When  []Precondition `yaml:"when"`  // all of them
	Gives Gives          `yaml:"gives"`

	Events     []string    `yaml:"events"`      // "service.amazonaws.com:EventName" of CloudTrail's management events
	DataEvents []string    `yaml:"data_events"` // those that a trail must ask for
	Fix        haetae.Text `yaml:"fix"`
	References []string    `yaml:"references"` // AWS's pages that prove it

	File string `yaml:"-"`
}

// Through is a resource that is there already.
type Through struct {
	Type string `yaml:"type"`
	// Role is where the resource names its role; the target is that role then.
	// "A>B" is the property B of the resource that A refers to. Several paths
	// are alternatives.
	Role []string `yaml:"role"`
}

// Need is an action that the principal must be allowed.
type Need struct {
	Action string `yaml:"action"`
	// On are the resources of one request, all of which must be allowed: a
	// name of what the primitive ranges over ("self", "target", "group",
	// "policy", "boundary", "provider", "through", or "through.Property"), "*",
	// or an ARN. In an ARN ${Partition}, ${Region} and ${Account} are those of
	// the principal, ${id} is what AWS will choose, and every other ${Name} is
	// what the principal chooses: the same in all needs.
	On OneOrMore `yaml:"on"`
	// Context are the condition keys that the request has. ${boundary} is the
	// boundary of the principal that the request is about, ${target} and
	// ${through} are the ARNs of those two.
	Context map[string]string `yaml:"context"`
	// Granted says that the side of the resource allows the call: the principal
	// has just written its policy, or the service asks the caller's side only.
	Granted bool `yaml:"granted"`
}

// OneOrMore is a list that may be written without brackets when it has one item.
type OneOrMore []string

// UnmarshalYAML reads a text or a list of texts.
func (l *OneOrMore) UnmarshalYAML(load func(any) error) error {
	var one string
	if err := load(&one); err == nil {
		*l = OneOrMore{one}
		return nil
	}
	var many []string
	if err := load(&many); err != nil {
		return err
	}
	*l = many
	return nil
}

// Precondition is a fact that must hold beside permissions: exactly one of the
// members is set.
type Precondition struct {
	Trusts                string    `yaml:"trusts"`                  // the target's trust policy lets this service in
	TrustsProvider        string    `yaml:"trusts_provider"`         // the target's trust policy lets in whom the bound provider vouches for: "saml" or "oidc"
	TrustsMissingProvider string    `yaml:"trusts_missing_provider"` // it names a provider of the account that is not there
	TrustsFederated       string    `yaml:"trusts_federated"`        // it lets in anybody whom this provider vouches for
	AccessKeys            string    `yaml:"access_keys"`             // of the target: "<2", "2" or "inactive" for one that is
	Password              string    `yaml:"password"`                // of the target for the console: "absent" or "present"
	MFADevice             string    `yaml:"mfa_device"`              // of the target, or of the principal if there is none: "none" or "some"
	Boundary              string    `yaml:"boundary"`                // "self" or "target" has one
	Versions              string    `yaml:"versions"`                // of the bound policy: "<5", "5" or "older" for one that is not the default
	Denies                string    `yaml:"denies"`                  // the principal's "inline", "attached" or bound "group" policies deny something
	Tags                  string    `yaml:"tags"`                    // policies of the "principal" or "target" look at the tags of who asks
	Agent                 string    `yaml:"agent"`                   // of Systems Manager on the bound instance: "online"
	Profile               string    `yaml:"profile"`                 // instance profile of the bound instance: "none" or "some"
	ProfileOf             string    `yaml:"profile_of"`              // there is an instance profile with the "target"
	Exists                string    `yaml:"exists"`                  // the account has a resource of this type
	Property              *Property `yaml:"property"`                // of the bound resource
	PropertySet           string    `yaml:"property_set"`            // the bound resource has the property
	PermissionSet         string    `yaml:"permission_set"`          // "self": the principal is the role of a permission set
	// Management: the account manages the organization, or does not.
	Management *bool `yaml:"management"`
	// Untold is what no configuration tells: the edge is never certain.
	Untold haetae.Text `yaml:"untold"`
}

// Property is a property that has one of some values.
type Property struct {
	Path string `yaml:"path"`
	In   []any  `yaml:"in"`
}

// Gives is what the principal has afterwards.
type Gives struct {
	// What is "principal": it acts as Whom; "change": Whom is another than
	// before; "data", "guardrail" and "organization" are ends of their own.
	What string `yaml:"what"`
	// Whom is "self", "target", "new-user" or "new-role".
	Whom    string   `yaml:"whom"`
	Changes []Change `yaml:"changes"`
}

// Change is how a principal differs from what the snapshot says of it.
type Change string

// The changes.
const (
	AnyPolicy      Change = "policy"           // its identity policies allow everything
	NoBoundary     Change = "no-boundary"      // it has no boundary
	OtherVersion   Change = "version"          // a policy has another default version
	InGroup        Change = "group"            // it is in the bound group too
	NoInlineDeny   Change = "no-inline-deny"   // without inline policies that deny
	NoAttachedDeny Change = "no-attached-deny" // without managed policies that deny
	NoGroupDeny    Change = "no-group-deny"    // out of the bound group
	AnyTags        Change = "tags"             // aws:PrincipalTag keys are what it likes
	WithMFA        Change = "mfa"              // its sessions have MFA
)

// Categories are those of the catalogue, in the order of its documentation.
func Categories() []string {
	return []string{"self", "principal", "pass-role", "compute", "credentials", "guardrail"}
}

var (
	primitiveID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)
	actionForm  = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`)
	eventForm   = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com:[A-Za-z0-9]+$`)
	holeForm    = regexp.MustCompile(`\$\{([A-Za-z]+)\}`)
)

// Check finds what is missing or contradicts itself.
func (p *Primitive) Check() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !primitiveID.MatchString(p.ID) {
		fault("id %q: use lower-case words joined by -", p.ID)
	}
	for _, t := range []struct {
		name string
		text haetae.Text
	}{{"title", p.Title}, {"why", p.Why}, {"fix", p.Fix}} {
		if t.text.EN == "" || t.text.KO == "" {
			fault("%s is missing in English or Korean", t.name)
		}
	}
	if !slices.Contains(Categories(), p.Category) {
		fault("category %q is not one of %s", p.Category, strings.Join(Categories(), ", "))
	}
	for _, r := range p.References {
		if !strings.HasPrefix(r, "https://docs.aws.amazon.com/") {
			fault("reference %s is no page of AWS's documentation", r)
		}
	}
	if len(p.References) == 0 {
		fault("references is empty: name the AWS page that proves it")
	}
	for _, e := range slices.Concat(p.Events, p.DataEvents) {
		if !eventForm.MatchString(e) {
			fault("event %q is not of the form service.amazonaws.com:Name", e)
		}
	}
	for _, b := range []struct {
		name, value string
		in          []string
	}{
		{"by", p.By, []string{"", "user", "role"}}, {"target", p.Target, []string{"", "user", "role", "principal"}},
		{"group", p.Group, []string{"", "self", "target", "other"}}, {"policy", p.Policy, []string{"", "self", "target"}},
	} {
		if !slices.Contains(b.in, b.value) {
			fault("%s %q is not one of %s", b.name, b.value, strings.Join(b.in[1:], ", "))
		}
	}
	if len(p.Needs) == 0 {
		fault("needs is empty")
	}
	for i := range p.Needs {
		if err := p.checkNeed(&p.Needs[i]); err != nil {
			fault("%s: %w", p.Needs[i].Action, err)
		}
	}
	for i := range p.When {
		if n := p.When[i].set(); n != 1 {
			fault("when: item %d has %d facts, one is needed", i+1, n)
		}
	}
	return errors.Join(append(errs, p.Gives.check(p.bound("target")))...)
}

// bound tells whether the primitive ranges over something of that name.
func (p *Primitive) bound(name string) bool {
	head, _, _ := strings.Cut(name, ".")
	switch head {
	case "self", "*":
		return true
	case "target":
		return p.Target != "" || p.Through != nil && len(p.Through.Role) > 0
	case "group":
		return p.Group != ""
	case "policy":
		return p.Policy != ""
	case "provider":
		return p.Provider != ""
	case "through":
		return p.Through != nil
	case "boundary":
		return slices.ContainsFunc(p.When, func(c Precondition) bool { return c.Boundary != "" })
	}
	return false
}

func (p *Primitive) checkNeed(n *Need) error {
	if !actionForm.MatchString(n.Action) {
		return errors.New("an action is service:Name")
	}
	if len(n.On) == 0 {
		return errors.New("on is missing: name the resource")
	}
	for _, on := range n.On {
		if !strings.HasPrefix(on, "arn:") && !p.bound(on) {
			return fmt.Errorf("%s is neither an ARN nor anything that the primitive ranges over", on)
		}
	}
	return nil
}

func (c *Precondition) set() (n int) {
	for _, s := range []string{c.Trusts, c.TrustsProvider, c.TrustsMissingProvider, c.TrustsFederated, c.AccessKeys, c.Password, c.MFADevice,
		c.Boundary, c.Versions, c.Denies, c.Tags, c.Agent, c.Profile, c.ProfileOf, c.Exists, c.PropertySet, c.PermissionSet, c.Untold.EN} {
		if s != "" {
			n++
		}
	}
	if c.Property != nil {
		n++
	}
	if c.Management != nil {
		n++
	}
	return n
}

func (g *Gives) check(target bool) error {
	switch g.What {
	case "principal", "change":
	case "data", "guardrail", "organization":
		if g.Whom != "" || len(g.Changes) > 0 {
			return fmt.Errorf("gives: %s is of nobody", g.What)
		}
		return nil
	default:
		return fmt.Errorf("gives: what %q is not one of principal, change, data, guardrail, organization", g.What)
	}
	if !slices.Contains([]string{"self", "target", "new-user", "new-role"}, g.Whom) || g.Whom == "target" && !target {
		return fmt.Errorf("gives: whom %q is nothing that the primitive ranges over", g.Whom)
	}
	for _, c := range g.Changes {
		if !slices.Contains([]Change{AnyPolicy, NoBoundary, OtherVersion, InGroup, NoInlineDeny, NoAttachedDeny, NoGroupDeny, AnyTags, WithMFA}, c) {
			return fmt.Errorf("gives: change %q is unknown", c)
		}
	}
	if len(g.Changes) == 0 && (g.What == "change" || g.Whom == "self") {
		return errors.New("gives: changes is empty, so nothing is gained")
	}
	return nil
}
