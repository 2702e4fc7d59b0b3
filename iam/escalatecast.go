package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// cast says who plays which part of a primitive.
type cast struct {
	target   *subject
	through  *haetae.Resource
	group    *haetae.Resource
	policy   *haetae.Resource
	version  int // of the policy, -1 when its versions were not read
	provider *haetae.Resource
	missing  string // the rest of the ARN of the provider that is not there
	limit    string // ARN of the boundary of a principal that is made, "" for none
}

// casts visits every way to fill the parts of a primitive for a standing.
func (x *escalator) casts(p *Primitive, s *standing, visit func(cast)) {
	x.throughs(p, s, func(c cast) {
		x.targets(p, s, c, func(c cast) {
			x.groups(p, s, c, func(c cast) {
				x.policies(p, s, c, func(c cast) {
					x.providers(p, s, c, func(c cast) { x.limits(p, s, c, visit) })
				})
			})
		})
	})
}

func (x *escalator) throughs(p *Primitive, s *standing, visit func(cast)) {
	if p.Through == nil {
		visit(cast{})
		return
	}
	list, why := x.graph.All(s.resource, p.Through.Type)
	if why != nil {
		x.gap(p.Through.Type, s, why)
	}
	for _, r := range list {
		if r.Stub == nil {
			visit(cast{through: r})
		}
	}
}

func (x *escalator) targets(p *Primitive, s *standing, c cast, visit func(cast)) {
	var list []*subject
	switch {
	case p.Through != nil && len(p.Through.Role) > 0:
		list = x.rolesOf(c.through, p.Through.Role)
	case p.Target == "":
		visit(c)
		return
	case p.Target == "role" && p.trusts() != "":
		list = x.trusting[s.account][p.trusts()]
	case p.Target == "role" && p.assumes():
		list = x.assumable(s)
	default:
		list = x.of[s.account]
	}
	for _, t := range list {
		switch {
		case t == s.subject || t.linked:
		case p.Target == "role" && !t.role, p.Target == "user" && t.role:
		default:
			c.target = t
			visit(c)
		}
	}
}

// trusts is the service that the primitive's target must trust, "" for none.
func (p *Primitive) trusts() string {
	for i := range p.When {
		if p.When[i].Trusts != "" {
			return p.When[i].Trusts
		}
	}
	return ""
}

// assumes tells whether the primitive needs the trust of the target as it is.
func (p *Primitive) assumes() bool {
	return slices.ContainsFunc(p.Needs, func(n Need) bool { return n.Action == "sts:AssumeRole" && !n.Granted })
}

func (x *escalator) groups(p *Primitive, s *standing, c cast, visit func(cast)) {
	var list []*haetae.Resource
	switch p.Group {
	case "":
		visit(c)
		return
	case "self":
		list = slices.Concat(s.groups, s.joined)
	case "target":
		list = c.target.groups
	case "other":
		all, why := x.graph.All(s.resource, "AWS::IAM::Group")
		if why != nil {
			x.gap("AWS::IAM::Group", s, why)
		}
		for _, g := range all {
			if p.Gives.Whom != "self" || !slices.Contains(s.groups, g) && !slices.Contains(s.joined, g) {
				list = append(list, g)
			}
		}
	}
	for _, g := range list {
		if !slices.Contains(s.left, g) {
			c.group = g
			visit(c)
		}
	}
}

func (x *escalator) policies(p *Primitive, s *standing, c cast, visit func(cast)) {
	var list []*haetae.Resource
	switch p.Policy {
	case "":
		visit(c)
		return
	case "self":
		list = x.attachedTo(s.subject, s.joined)
	case "target":
		list = x.attachedTo(c.target, nil)
	}
	for _, r := range list {
		c.policy, c.version = r, -1
		if !p.older() {
			visit(c)
			continue
		}
		versions, ok := r.Observed["Versions"].([]any)
		if !ok {
			visit(c) // which older versions there are is not known
		}
		for i, v := range versions {
			if m, _ := v.(map[string]any); m["IsDefaultVersion"] != true {
				c.version = i
				visit(c)
			}
		}
	}
}

func (p *Primitive) older() bool {
	return slices.ContainsFunc(p.When, func(c Precondition) bool { return c.Versions == "older" })
}

// attachedTo are the customer managed policies that apply to a subject.
func (x *escalator) attachedTo(t *subject, joined []*haetae.Resource) (out []*haetae.Resource) {
	list := slices.Clone(t.policies)
	for _, g := range slices.Concat(t.groups, joined) {
		_, more := x.managed(g)
		list = append(list, more...)
	}
	for _, r := range list {
		if r != nil && !slices.Contains(out, r) && !strings.Contains(arnOf(r), ":iam::aws:") {
			out = append(out, r)
		}
	}
	return out
}

func (x *escalator) providers(p *Primitive, s *standing, c cast, visit func(cast)) {
	if p.Provider == "" {
		visit(c)
		return
	}
	list, why := x.graph.All(s.resource, p.Provider)
	if why != nil {
		x.gap(p.Provider, s, why)
	}
	for _, r := range list {
		c.provider = r
		visit(c)
	}
}

// limits visits the boundaries that a principal which is made may get: none, and
// those that policies ask for.
func (x *escalator) limits(p *Primitive, s *standing, c cast, visit func(cast)) {
	visit(c)
	if !strings.HasPrefix(p.Gives.Whom, "new-") {
		return
	}
	docs := slices.Clone(x.identity(s))
	for _, l := range s.account.SCP {
		docs = append(docs, l.Policies...)
	}
	seen := map[string]bool{}
	for _, d := range docs {
		for _, st := range d.Statements {
			for _, cond := range st.Conditions {
				for _, v := range cond.Values {
					if arn, ok := v.Plain(); ok && cond.Lower == "iam:permissionsboundary" && strings.HasPrefix(arn, "arn:") && !seen[arn] {
						seen[arn] = true
						c.limit = arn
						visit(c)
					}
				}
			}
		}
	}
}

// rolesOf are the roles that a resource names at one of the paths.
func (x *escalator) rolesOf(r *haetae.Resource, paths []string) (out []*subject) {
	for _, path := range paths {
		at := []*haetae.Resource{r}
		steps := strings.Split(path, ">")
		for _, step := range steps[:len(steps)-1] {
			var next []*haetae.Resource
			for _, from := range at {
				for e := range x.graph.Out(from) {
					if e.Path == step {
						next = append(next, e.To)
					}
				}
			}
			at = next
		}
		for _, from := range at {
			for _, v := range valuesAt(from, steps[len(steps)-1]) {
				role, _ := x.graph.Find(from, "AWS::IAM::Role", v)
				if role == nil {
					continue
				}
				if t := x.byResource[role]; t != nil && !slices.Contains(out, t) {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

// valuesAt are the values at a path such as "A.B[].C", in the properties or
// what was observed.
func valuesAt(r *haetae.Resource, path string) (out []any) {
	for _, root := range []map[string]any{r.Props, r.Observed, r.Volatile} {
		at := []any{root}
		for _, name := range strings.Split(path, ".") {
			name, list := strings.CutSuffix(name, "[]")
			var next []any
			for _, v := range at {
				m, _ := v.(map[string]any)
				switch inner := m[name]; {
				case inner == nil:
				case list:
					all, why := items(inner)
					next = append(next, all...)
					if why != nil {
						next = append(next, why)
					}
				default:
					next = append(next, inner)
				}
			}
			at = next
		}
		if out = at; len(out) > 0 {
			return out
		}
	}
	return nil
}

// arnOf is the ARN of a resource; a policy's ID is one.
func arnOf(r *haetae.Resource) string {
	if r.ARN != "" {
		return r.ARN
	}
	if strings.HasPrefix(r.ID, "arn:") {
		return r.ID
	}
	return ""
}

// part is the ARN of what a primitive ranges over, and the resource.
func (x *escalator) part(name string, s *standing, c *cast) (string, *haetae.Resource) {
	head, property, _ := strings.Cut(name, ".")
	var r *haetae.Resource
	switch head {
	case "self":
		return s.arn, s.resource
	case "target":
		return c.target.arn, c.target.resource
	case "boundary":
		if r = s.bounding; r == nil {
			return s.limit, nil
		}
	case "group":
		r = c.group
	case "policy":
		r = c.policy
	case "provider":
		r = c.provider
	case "through":
		r = c.through
	}
	if property != "" && r != nil {
		for e := range x.graph.Out(r) {
			if e.Path == property {
				return arnOf(e.To), e.To
			}
		}
		return "", nil
	}
	if r == nil {
		return "", nil
	}
	return arnOf(r), r
}

// newID stands for an identifier that AWS will choose.
const newID = "0new0by0aws0"

// names are what the caller chose for the holes of ARNs.
type names map[string]string

// fill replaces the holes that are known and returns those that are not.
func (n names) fill(text string) (filled string, open []string) {
	filled = holeForm.ReplaceAllStringFunc(text, func(hole string) string {
		name := hole[2 : len(hole)-1]
		if name == "id" {
			return newID
		}
		if v, ok := n[name]; ok {
			return v
		}
		open = append(open, name)
		return hole
	})
	return filled, open
}

// with is the names and those that an ARN gives to the open holes; ok is false
// when it does not fit.
func (n names) with(template, text string) (names, bool) {
	out := names{}
	for k, v := range n {
		out[k] = v
	}
	rest := text
	for {
		head, tail, found := strings.Cut(template, "${")
		if !strings.HasPrefix(rest, head) {
			return nil, false
		}
		rest = rest[len(head):]
		if !found {
			return out, rest == ""
		}
		name, after, _ := strings.Cut(tail, "}")
		end := len(rest)
		if stop, _, _ := strings.Cut(after, "${"); stop != "" {
			if end = strings.Index(rest, stop); after == stop {
				end = strings.LastIndex(rest, stop)
			}
		}
		if end <= 0 {
			return nil, false
		}
		if v, set := out[name]; set && v != rest[:end] {
			return nil, false
		}
		out[name] = rest[:end]
		template, rest = after, rest[end:]
	}
}

// usual are names for holes when no policy asks for others.
func usual(open []string) names {
	out := names{}
	for _, name := range open {
		switch name {
		case "Region":
			out[name] = "us-east-1"
		case "MemberAccount":
			out[name] = "444455556666"
		default:
			out[name] = "haetae"
		}
	}
	return out
}

// nameLimit bounds the search for a name that a pattern allows.
const nameLimit = 2_000

// choices are ways to name what the caller makes, as its policies may allow for
// all of the actions. impossible tells that no name can be allowed for all.
func (x *escalator) choices(s *standing, actions []string, template string, known names) (out []names, impossible bool) {
	text, open := known.fill(template)
	if len(open) == 0 {
		return []names{known}, false
	}
	add := func(arn string) {
		n, ok := known.with(text, arn)
		if ok && !slices.ContainsFunc(out, func(o names) bool { a, _ := o.fill(template); return a == arn }) {
			out = append(out, n)
		}
	}
	plain, _ := usual(open).fill(text)
	add(plain)
	here, _ := names{"Region": "us-east-1"}.fill(text)
	impossible = true
	x.combine(s, actions, nil, func(patterns []*wildcard.Pattern) {
		if !slices.ContainsFunc(patterns, func(p *wildcard.Pattern) bool { return !p.Match(plain) }) {
			impossible = false
			return
		}
		for _, form := range []string{here, text} {
			found, ok, err := wildcard.Find(append([]*wildcard.Pattern{looseForm(form)}, patterns...), nil, nameLimit)
			if ok {
				add(found)
			}
			if ok || err != nil {
				impossible = false
				return
			}
		}
	})
	return out, impossible
}

// combine visits, for each choice of one entry of a statement per action, the
// patterns of the entries. An entry that says what a resource is not, or that
// was not read, limits nothing here.
func (x *escalator) combine(s *standing, actions []string, chosen []*wildcard.Pattern, visit func([]*wildcard.Pattern)) {
	if len(actions) == 0 {
		visit(chosen)
		return
	}
	service, name := policy.SplitAction(actions[0])
	seen := map[string]bool{}
	next := func(key string, p ...*wildcard.Pattern) {
		if !seen[key] {
			seen[key] = true
			x.combine(s, actions[1:], append(slices.Clip(chosen), p...), visit)
		}
	}
	for _, d := range x.identity(s) {
		if d.More != nil {
			next("")
		}
		for _, st := range d.Statements {
			switch e := st.Actions; {
			case st.Unknown != nil || e != nil && e.More != nil:
				next("")
			case st.Effect != policy.Allow || e == nil || !e.Match(service, name) || st.Resources == nil:
			case st.Resources.Not || st.Resources.Any || st.Resources.More != nil:
				next("")
			default:
				for _, t := range st.Resources.List {
					next(t.Text, t.Loose())
				}
			}
		}
	}
}

// looseForm is the pattern of a template whose holes are anything but empty.
func looseForm(text string) *wildcard.Pattern {
	var parts []wildcard.Part
	for {
		head, tail, found := strings.Cut(text, "${")
		parts = append(parts, wildcard.Part{Text: head, Literal: true})
		if !found {
			return wildcard.Join(false, parts...)
		}
		_, text, _ = strings.Cut(tail, "}")
		parts = append(parts, wildcard.Part{Text: "?*"})
	}
}

// known are the names that do not depend on choice.
func (x *escalator) known(s *standing, c *cast) names {
	n := names{"Partition": s.partition(), "Account": s.account.ID}
	if c.missing != "" {
		n["missing"] = c.missing
	}
	if c.through != nil {
		if a, err := arn.Parse(c.through.ARN); err == nil && a.Region != "" {
			n["Region"] = a.Region
		}
	}
	return n
}
