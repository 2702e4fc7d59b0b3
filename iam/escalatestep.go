package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// steps visits what a standing can do: each use of a primitive with what it
// hangs on.
func (x *escalator) steps(s *standing, visit func(u Use, doubt Doubt)) {
	may := x.mayDo(s)
	for _, p := range x.primitives {
		if p.By == "user" && s.role || p.By == "role" && !s.role || !x.worthTrying(p, may) {
			continue
		}
		// One resource is enough for each role that many have.
		had := map[*subject]bool{}
		x.casts(p, s, func(c cast) {
			if p.Through != nil && had[c.target] && p.Gives.What == "principal" {
				return
			}
			if u, doubt, ok := x.play(p, s, c); ok {
				had[c.target] = doubt.None()
				visit(u, doubt)
			}
		})
	}
}

// mayDo returns whether some policy of the standing speaks of an action. It is a
// sieve: the evaluator decides.
func (x *escalator) mayDo(s *standing) func(action string) bool {
	docs := x.identity(s)
	known := map[string]bool{}
	return func(action string) bool {
		if may, done := known[action]; done {
			return may
		}
		service, name := policy.SplitAction(action)
		may := slices.ContainsFunc(docs, func(d *policy.Document) bool {
			return d.More != nil || slices.ContainsFunc(d.Statements, func(st *policy.Statement) bool {
				return st.Unknown != nil || st.Effect == policy.Allow && st.Actions != nil && (st.Actions.More != nil || st.Actions.Match(service, name))
			})
		})
		known[action] = may
		return may
	}
}

func (x *escalator) worthTrying(p *Primitive, may func(string) bool) bool {
	for i := range p.Needs {
		n := &p.Needs[i]
		// What the policy of the resource can grant needs no policy of the caller.
		byResource := n.Granted || strings.HasPrefix(n.Action, "sts:") ||
			p.Through != nil && HasPolicy(p.Through.Type) && slices.Contains(n.On, "through")
		if !byResource && !may(n.Action) {
			return false
		}
	}
	return true
}

// play tries a primitive with a cast: its preconditions, then its calls.
func (x *escalator) play(p *Primitive, s *standing, c cast) (u Use, doubt Doubt, ok bool) {
	for i := range p.When {
		f := x.holds(&p.When[i], s, &c)
		switch f.verdict {
		case DependsOn:
			doubt.Missing = merged(doubt.Missing, []string{f.why})
		case Allowed:
		default:
			return u, doubt, false
		}
	}
	t := &trying{x: x, p: p, s: s, c: &c, budget: maxCalls}
	known := x.known(s, &c)
	if !t.needs(0, known, nil) && t.best == nil {
		// No name fits all calls. When each call has one of its own, whether one
		// name fits all is not known.
		if !p.shares(known) || x.impossible(p, s, known) {
			return u, doubt, false
		}
		calls, apart := t.apart(known)
		if !apart {
			return u, doubt, false
		}
		t.best = calls
		doubt.Missing = merged(doubt.Missing, []string{"whether one name fits all calls"})
	}
	u = Use{Primitive: p, Through: c.through, cast: c, by: s}
	for _, call := range t.best {
		u.Calls = append(u.Calls, call)
		doubt = doubt.and(call.Doubt)
	}
	if t.budget <= 0 {
		doubt.Missing = merged(doubt.Missing, []string{fmt.Sprintf("the search for names was cut short after %d calls", maxCalls)})
	}
	return u, doubt, true
}

// shares tells whether two calls have a name of the caller's choice in common.
func (p *Primitive) shares(known names) bool {
	first := map[string]int{}
	for i := range p.Needs {
		for _, on := range p.Needs[i].On {
			_, open := known.fill(on)
			for _, name := range open {
				if j, seen := first[name]; seen && j != i {
					return true
				}
				first[name] = i
			}
		}
	}
	return false
}

// maxCalls bounds the calls that are asked for one use of a primitive.
const maxCalls = 400

// trying is the search for names with which all calls are allowed.
type trying struct {
	x         *escalator
	p         *Primitive
	s         *standing
	c         *cast
	budget    int
	best      []Call // the most certain so far
	unlimited bool   // as if the organization limited nothing
}

// needs tries the calls from the i-th on; it is true when they are all allowed
// for certain.
func (t *trying) needs(i int, n names, done []Call) bool {
	if i == len(t.p.Needs) {
		if t.best == nil || doubts(done).less(doubts(t.best)) {
			t.best = slices.Clone(done)
		}
		return doubts(done).None()
	}
	need := &t.p.Needs[i]
	certain := false
	t.resources(need, 0, nil, n, func(list []string, n names) bool {
		call, ok := t.ask(need, list, n)
		if ok && t.needs(i+1, n, append(done, call)) {
			certain = true
		}
		return certain || t.budget <= 0
	})
	return certain
}

// impossible tells that some resource of the caller's making can have no name
// that all calls about it are allowed for.
func (x *escalator) impossible(p *Primitive, s *standing, known names) bool {
	for i := range p.Needs {
		need := &p.Needs[i]
		for _, on := range need.On {
			if !strings.HasPrefix(on, "arn:") || need.Granted {
				continue
			}
			if _, no := x.choices(s, p.actionsOn(need, on), on, known); no {
				return true
			}
		}
	}
	return false
}

// actionsOn are the actions that need the same resource of the caller's making.
func (p *Primitive) actionsOn(need *Need, on string) []string {
	out := []string{need.Action}
	for i := range p.Needs {
		if o := &p.Needs[i]; o != need && !o.Granted && slices.Contains(o.On, on) {
			out = append(out, o.Action)
		}
	}
	return out
}

// doubts are those of all calls.
func doubts(list []Call) (d Doubt) {
	for i := range list {
		d = d.and(list[i].Doubt)
	}
	return d
}

// resources visits the ways to name the resources of a call; visit returns
// whether it is enough.
func (t *trying) resources(need *Need, i int, list []string, n names, visit func([]string, names) bool) bool {
	if i == len(need.On) {
		return visit(list, n)
	}
	on := need.On[i]
	if !strings.HasPrefix(on, "arn:") {
		if on == "*" {
			return t.resources(need, i+1, append(list, on), n, visit)
		}
		arn, _ := t.x.part(on, t.s, t.c)
		if arn == "" {
			return false
		}
		return t.resources(need, i+1, append(list, arn), n, visit)
	}
	ways, _ := t.x.choices(t.s, t.p.actionsOn(need, on), on, n)
	for _, m := range ways {
		filled, _ := m.fill(on)
		if t.resources(need, i+1, append(slices.Clip(list), filled), m, visit) {
			return true
		}
	}
	return false
}

func (t *trying) ask(need *Need, list []string, n names) (Call, bool) {
	if t.budget--; t.budget < 0 {
		return Call{}, false
	}
	c := &attempt{action: need.Action, resources: list, context: t.context(need, n), granted: need.Granted, fresh: true, unlimited: t.unlimited}
	for _, on := range need.On {
		if !strings.HasPrefix(on, "arn:") && on != "*" {
			c.fresh = false
			break
		}
	}
	a := t.x.ask(t.s, c)
	if a.verdict != Allowed && a.verdict != DependsOn {
		return Call{}, false
	}
	call := Call{Action: need.Action, Resources: slices.Clone(list), Context: map[string]Values{}, Statements: a.statements}
	for k := range need.Context {
		if v, ok := c.context[k]; ok {
			call.Context[k] = v
		}
	}
	for k, v := range a.chosen {
		call.Context[k] = v
	}
	call.Doubt = a.doubt
	return call, true
}

// context are the keys that a need sets. A principal without a boundary has no
// key that tells it.
func (t *trying) context(need *Need, n names) map[string]Values {
	out := map[string]Values{}
	for k, v := range need.Context {
		switch v {
		case "${boundary}":
			if v = t.boundary(need); v == "" {
				out[k] = Values{}
				continue
			}
		case "${target}", "${through}":
			v, _ = t.x.part(strings.Trim(v, "${}"), t.s, t.c)
		default:
			v, _ = n.fill(v)
		}
		out[k] = One(v)
	}
	return out
}

// boundary is the ARN of the boundary of whom a need is about: somebody who is
// made, the target, or the principal.
func (t *trying) boundary(need *Need) string {
	switch {
	case strings.HasPrefix(t.p.Gives.Whom, "new-"):
		return t.c.limit
	case slices.Contains(need.On, "target") && t.c.target != nil:
		return t.c.target.limit
	case t.s.unbound:
		return ""
	}
	return t.s.limit
}

// apart finds names for each call alone.
func (t *trying) apart(n names) (out []Call, ok bool) {
	for i := range t.p.Needs {
		need := &t.p.Needs[i]
		var found *Call
		t.resources(need, 0, nil, n, func(list []string, n names) bool {
			if call, ok := t.ask(need, list, n); ok {
				found = &call
			}
			return found != nil || t.budget <= 0
		})
		if found == nil {
			return nil, false
		}
		out = append(out, *found)
	}
	return out, true
}

// probes are calls that together show an administrator: changes of identities,
// data, compute and logs of the account.
func probes() (identity, other []Need) {
	iam := func(action, resource string) Need {
		return Need{Action: "iam:" + action, On: OneOrMore{"arn:${Partition}:iam::${Account}:" + resource}}
	}
	identity = []Need{iam("PutRolePolicy", "role/haetae"), iam("AttachRolePolicy", "role/haetae"), iam("PutUserPolicy", "user/haetae"),
		iam("UpdateAssumeRolePolicy", "role/haetae"), iam("CreatePolicyVersion", "policy/haetae"), iam("PassRole", "role/haetae")}
	on := func(action, resource string) Need { return Need{Action: action, On: OneOrMore{resource}} }
	other = []Need{
		on("s3:GetObject", "arn:${Partition}:s3:::haetae/haetae"), on("s3:PutBucketPolicy", "arn:${Partition}:s3:::haetae"),
		on("ec2:TerminateInstances", "arn:${Partition}:ec2:us-east-1:${Account}:instance/haetae"),
		on("lambda:UpdateFunctionCode", "arn:${Partition}:lambda:us-east-1:${Account}:function:haetae"),
		on("secretsmanager:GetSecretValue", "arn:${Partition}:secretsmanager:us-east-1:${Account}:secret:haetae"),
		on("rds:DeleteDBInstance", "arn:${Partition}:rds:us-east-1:${Account}:db:haetae"),
		on("cloudformation:DeleteStack", "arn:${Partition}:cloudformation:us-east-1:${Account}:stack/haetae/haetae"),
		on("logs:DeleteLogGroup", "arn:${Partition}:logs:us-east-1:${Account}:log-group:haetae"),
	}
	return identity, other
}

// admin tells whether a standing is an administrator: its own policies and its
// boundary allow everything that is probed, and the organization leaves it some
// way to change identities. What else an organization denies to all of its
// accounts makes nobody less of an administrator of its account.
func (x *escalator) admin(s *standing) (Verdict, Doubt) {
	identity, other := probes()
	var doubt Doubt
	for _, n := range slices.Concat(identity, other) {
		call, ok := x.probe(s, &n, true)
		if !ok {
			return ImplicitlyDenied, doubt
		}
		doubt = doubt.and(call.Doubt)
	}
	var left Doubt
	some := false
	for _, n := range identity {
		if call, ok := x.probe(s, &n, false); ok && (!some || call.Doubt.less(left)) {
			some, left = true, call.Doubt
		}
	}
	if !some {
		return ImplicitlyDenied, doubt
	}
	if doubt = doubt.and(left); !doubt.None() {
		return DependsOn, doubt
	}
	return Allowed, doubt
}

func (x *escalator) probe(s *standing, n *Need, unlimited bool) (Call, bool) {
	t := &trying{x: x, s: s, c: &cast{}, budget: 1, unlimited: unlimited}
	filled, _ := x.known(s, t.c).fill(n.On[0])
	return t.ask(n, []string{filled}, nil)
}

// Try tells whether a principal can use a primitive, on another principal when
// one is given: Allowed, ImplicitlyDenied, or DependsOn with what it hangs on.
func (w *World) Try(p *Primitive, by, to *haetae.Resource) (Verdict, Doubt) {
	x := newEscalator(w, []*Primitive{p})
	s := x.byResource[by]
	if s == nil {
		return ImplicitlyDenied, Doubt{}
	}
	verdict := ImplicitlyDenied
	var hangs Doubt
	x.steps(&standing{subject: s}, func(u Use, doubt Doubt) {
		if to != nil && to != by && (u.cast.target == nil || u.cast.target.resource != to) {
			return
		}
		if verdict != Allowed && (verdict != DependsOn || doubt.less(hangs)) {
			verdict, hangs = DependsOn, doubt
			if doubt.None() {
				verdict = Allowed
			}
		}
	})
	return verdict, hangs
}
