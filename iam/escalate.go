package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// Escalations are the ways in which the principals of a snapshot gain what they
// were not given. It is not safe for concurrent use.
type Escalations struct {
	x     *escalator
	nodes map[string]*Node
	order []*Node
	left  map[string]bool // whether a goal is still reached, by principal and removals
	// Gaps are the types of resources through which there may be more ways, since
	// they were not read in full, by type.
	Gaps map[string]*haetae.Unknown
}

// Node is a principal, as the snapshot says or as it stands after steps of an
// escalation.
type Node struct {
	Resource *haetae.Resource // nil for principals that an escalation makes
	ARN      string
	// Changed says how it differs from what the snapshot says of it.
	Changed []Change
	// Admin tells whether it is an administrator: Allowed, DependsOn or
	// ImplicitlyDenied.
	Admin Verdict
	// AdminDoubt is what a conditional Admin hangs on.
	AdminDoubt Doubt
	Edges      []*Edge // of those that are no administrators

	standing *standing
	explored bool
}

// Edge is a step from one principal to another, or to an end of its own.
type Edge struct {
	From *Node
	To   *Node  // nil for ends
	End  string // "data", "guardrail" or "organization" when To is nil
	On   string // what the step is about, for people: an ARN
	// Uses are the primitives that the step consists of: one, or two when a
	// principal is changed first and then taken.
	Uses []Use
	// Doubt is what the step hangs on; a certain step has none.
	Doubt Doubt
}

// Use is a primitive as it was used.
type Use struct {
	Primitive *Primitive
	Through   *haetae.Resource
	Calls     []Call
	cast      cast
	by        *standing
}

// Call is a request of a step with the statements that allow it.
type Call struct {
	Action     string
	Resources  []string
	Context    map[string]Values // what the call sets
	Statements []Used
	Doubt      Doubt
}

// escalator finds escalations.
type escalator struct {
	*estate
	engine     *Engine
	primitives []*Primitive
	byResource map[*haetae.Resource]*subject
	trusting   map[*Account]map[string][]*subject
	trustees   map[string][]*subject // roles by who their trust policies name: an ARN, an account or "*"
	removed    map[removal]bool
	trust      map[trustKey]finding
	delegates  map[string]bool  // accounts that act for the management account
	asker      *standing        // whose answers are kept
	asked      map[string]reply // by call
	gaps       map[string]*haetae.Unknown
}

// Escalations finds what every principal of the world can gain by the
// primitives. Administrators are not explored: they have everything.
func (w *World) Escalations(primitives []*Primitive) *Escalations {
	x := newEscalator(w, primitives)
	out := &Escalations{x: x, nodes: map[string]*Node{}, Gaps: x.gaps}
	for _, s := range slices.Clone(x.subjects) {
		if !s.linked {
			out.node(&standing{subject: s})
		}
	}
	out.run()
	return out
}

func newEscalator(w *World, primitives []*Primitive) *escalator {
	x := &escalator{
		estate: newEstate(w), engine: w.Engine(), primitives: primitives,
		byResource: map[*haetae.Resource]*subject{}, gaps: map[string]*haetae.Unknown{},
	}
	for _, s := range x.subjects {
		x.byResource[s.resource] = s
	}
	x.indexTrust()
	x.trust, x.delegates = map[trustKey]finding{}, map[string]bool{}
	for _, r := range x.graph.Resources() {
		if r.Type != "Haetae::Organization" {
			continue
		}
		for _, v := range elements(r.Observed["DelegatedAdministrators"]) {
			m, _ := v.(map[string]any)
			id, _ := m["AccountId"].(string)
			x.delegates[id] = true // "" when the list is not all known
		}
	}
	return x
}

// trustKey is a question to the trust policy of a role.
type trustKey struct {
	role *subject
	who  Principal
}

// indexTrust sorts roles by who their trust policies let in.
func (x *escalator) indexTrust() {
	x.trusting, x.trustees = map[*Account]map[string][]*subject{}, map[string][]*subject{}
	services := map[string]bool{}
	for _, p := range x.primitives {
		services[p.trusts()] = true
	}
	delete(services, "")
	for _, t := range x.subjects {
		if !t.role || t.linked {
			continue
		}
		by := x.trusting[t.account]
		if by == nil {
			by = map[string][]*subject{}
			x.trusting[t.account] = by
		}
		add := func(service string) {
			if !slices.Contains(by[service], t) {
				by[service] = append(by[service], t)
			}
		}
		everybody := func() {
			x.trustees["*"] = append(x.trustees["*"], t)
			for s := range services {
				add(s)
			}
		}
		if t.trust.More != nil {
			everybody()
		}
		for _, st := range t.trust.Statements {
			switch {
			case st.Effect == policy.Deny:
				continue
			case st.Unknown != nil, st.Principals != nil && (st.Principals.Not || st.Principals.More != nil):
				everybody()
				continue
			case st.Principals == nil:
				continue
			}
			for _, e := range st.Principals.List {
				switch e.Kind {
				case "*":
					everybody()
				case "Service":
					add(e.Text)
				case "AWS":
					x.trustees[trustee(e.Text)] = append(x.trustees[trustee(e.Text)], t)
				}
			}
		}
	}
}

// trustee is under what a principal of a trust policy is looked up: the account
// of an account or a session, the ARN of a user or a role.
func trustee(text string) string {
	if !strings.HasPrefix(text, "arn:") {
		return text
	}
	f := strings.SplitN(text, ":", 6)
	if len(f) == 6 && (f[5] == "root" || f[2] == "sts") {
		return f[4]
	}
	return text
}

// assumable are the roles that may trust a standing.
func (x *escalator) assumable(s *standing) []*subject {
	list := slices.Concat(x.trustees[s.arn], x.trustees[s.account.ID], x.trustees["*"])
	var out []*subject
	for _, t := range list {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func (x *escalator) gap(typ string, s *standing, why *haetae.Unknown) {
	if x.gaps[typ] == nil {
		x.gaps[typ] = why
	}
}

// node is the node of a standing, made when it is new.
func (out *Escalations) node(s *standing) *Node {
	key := s.key()
	if n := out.nodes[key]; n != nil {
		return n
	}
	n := &Node{Resource: s.resource, ARN: s.arn, Changed: s.changes(), standing: s}
	out.nodes[key] = n
	out.order = append(out.order, n)
	return n
}

// changes are those of a standing, in words.
func (s *standing) changes() (list []Change) {
	for _, c := range []struct {
		on bool
		c  Change
	}{{s.any, AnyPolicy}, {s.unbound, NoBoundary}, {s.noInline, NoInlineDeny}, {s.noAttached, NoAttachedDeny}, {s.freeTags, AnyTags}, {s.mfa, WithMFA},
		{len(s.joined) > 0, InGroup}, {len(s.left) > 0, NoGroupDeny}, {len(s.versions) > 0, OtherVersion}} {
		if c.on {
			list = append(list, c.c)
		}
	}
	return list
}

// run explores until nothing new is reached.
func (out *Escalations) run() {
	for i := 0; i < len(out.order); i++ {
		out.explore(out.order[i])
	}
	// Who changes a principal that it reaches by other steps reaches it changed.
	for again := true; again; {
		again = false
		for _, n := range slices.Clone(out.order) {
			if n.explored && out.changeFarther(n) {
				again = true
			}
		}
		for i := 0; i < len(out.order); i++ {
			out.explore(out.order[i])
		}
	}
}

// explore finds the steps from a node.
func (out *Escalations) explore(n *Node) {
	if n.explored {
		return
	}
	n.explored = true
	x := out.x
	n.Admin, n.AdminDoubt = x.admin(n.standing)
	if n.Admin == Allowed {
		return
	}
	var changes []*Edge
	x.steps(n.standing, func(u Use, doubt Doubt) {
		e := &Edge{From: n, Uses: []Use{u}, Doubt: doubt, On: x.about(&u)}
		g := &u.Primitive.Gives
		switch g.What {
		case "principal":
			e.To = out.node(x.gained(n.standing, u.Primitive, &u.cast))
			if e.To == n {
				return
			}
		case "change":
			changes = append(changes, e)
			return
		default:
			e.End = g.What
		}
		n.Edges = append(n.Edges, e)
	})
	n.Edges = slimmed(n.Edges)
	out.joinAll(n)
	n.standing.pending = changes
	for _, c := range changes {
		t := c.Uses[0].cast.target
		for _, e := range slices.Clone(n.Edges) {
			if e.To != nil && e.To.standing.subject == t {
				out.changedStep(n, c, e)
			}
		}
	}
}

// changedStep adds the step that first changes a principal and then takes it.
func (out *Escalations) changedStep(n *Node, change, take *Edge) bool {
	s := take.To.standing
	u := &change.Uses[0]
	for _, c := range u.Primitive.Gives.Changes {
		s = s.changed(c, &u.cast)
	}
	to, doubt := out.node(s), change.Doubt.and(take.Doubt)
	if to == take.To || slices.ContainsFunc(n.Edges, func(e *Edge) bool { return e.To == to && !doubt.less(e.Doubt) }) {
		return false
	}
	n.Edges = append(n.Edges, &Edge{From: n, To: to, On: take.On, Uses: slices.Concat(change.Uses, take.Uses), Doubt: doubt})
	return true
}

// changeFarther adds steps to principals that a node changes and reaches by more
// than one step.
func (out *Escalations) changeFarther(n *Node) (added bool) {
	if len(n.standing.pending) == 0 {
		return false
	}
	reached, into := out.from(n)
	for _, to := range reached {
		if into[to].From == n {
			continue // explore has those of one step
		}
		for _, c := range n.standing.pending {
			if to.standing.subject != c.Uses[0].cast.target || to.standing.subject == n.standing.subject {
				continue
			}
			take := &Edge{From: n, To: to, On: to.ARN}
			for e := into[to]; e != nil; e = into[e.From] {
				take.Uses, take.Doubt = slices.Concat(e.Uses, take.Uses), e.Doubt.and(take.Doubt)
			}
			added = out.changedStep(n, c, take) || added
		}
	}
	return added
}

// from are the nodes that a node reaches, nearest first, and the step into each
// on a shortest way.
func (out *Escalations) from(n *Node) (reached []*Node, into map[*Node]*Edge) {
	into = map[*Node]*Edge{n: nil}
	for queue := []*Node{n}; len(queue) > 0; queue = queue[1:] {
		for _, e := range queue[0].Edges {
			if _, seen := into[e.To]; e.To == nil || seen {
				continue
			}
			into[e.To] = e
			reached, queue = append(reached, e.To), append(queue, e.To)
		}
	}
	return reached, into
}

// joinAll adds the step into all the groups that a node may join, since each
// may give a part of what is needed.
func (out *Escalations) joinAll(n *Node) {
	var all []*Edge
	s := *n.standing
	s.docs, s.pending = nil, nil
	for _, e := range n.Edges {
		if e.To != nil && e.Uses[0].Primitive.Gives.Whom == "self" && slices.Contains(e.Uses[0].Primitive.Gives.Changes, InGroup) {
			all = append(all, e)
			s.joined = append(slices.Clone(s.joined), e.Uses[0].cast.group)
		}
	}
	if len(all) < 2 {
		return
	}
	joint := &Edge{From: n, To: out.node(&s), On: n.ARN}
	for _, e := range all {
		joint.Uses, joint.Doubt = append(joint.Uses, e.Uses...), joint.Doubt.and(e.Doubt)
	}
	n.Edges = append(n.Edges, joint)
}

// slimmed keeps, of the steps by one primitive to one end, the most certain.
func slimmed(list []*Edge) []*Edge {
	type kind struct {
		p   *Primitive
		to  *Node
		end string
		on  string
	}
	best := map[kind]int{}
	var out []*Edge
	for _, e := range list {
		k := kind{e.Uses[0].Primitive, e.To, e.End, ""}
		if e.To == nil {
			k.on = e.On
		}
		if i, seen := best[k]; seen {
			if e.Doubt.less(out[i].Doubt) {
				out[i] = e
			}
			continue
		}
		best[k] = len(out)
		out = append(out, e)
	}
	return out
}

// gained is the standing that a primitive leads to.
func (x *escalator) gained(s *standing, p *Primitive, c *cast) *standing {
	var to *standing
	switch p.Gives.Whom {
	case "self":
		t := *s
		t.docs, t.pending = nil, nil
		to = &t
	case "target":
		to = &standing{subject: c.target}
	default:
		to = x.made(s, p.Gives.Whom, c.limit)
	}
	for _, ch := range p.Gives.Changes {
		to = to.changed(ch, c)
	}
	return to
}

// made is a user or a role that an escalation makes in the account, with a
// boundary when limit is the ARN of one.
func (x *escalator) made(s *standing, whom, limit string) *standing {
	kind := strings.TrimPrefix(whom, "new-")
	name := "(new)"
	if limit != "" {
		name = "(new within " + limit[strings.LastIndexByte(limit, '/')+1:] + ")"
	}
	arn := "arn:" + s.partition() + ":iam::" + s.account.ID + ":" + kind + "/" + name
	if t := x.byARN[arn]; t != nil {
		return &standing{subject: t}
	}
	r := &haetae.Resource{Type: "AWS::IAM::User", ID: name, ARN: arn, Account: s.resource.Account}
	if kind == "role" {
		r.Type = "AWS::IAM::Role"
	}
	t := &subject{resource: r, arn: arn, role: kind == "role", account: s.account, made: true, limit: limit, trust: grantTo(s.arn, "sts:AssumeRole")}
	if limit != "" {
		d, bounding := x.managedOne(s.resource, limit, policy.Boundary, "PermissionsBoundary")
		t.boundary, t.bounding = []*policy.Document{d}, bounding
	}
	x.byARN[arn], x.byResource[r] = t, t
	return &standing{subject: t}
}

// about is what a step is about, for people.
func (x *escalator) about(u *Use) string {
	switch c := &u.cast; {
	case u.Through != nil:
		if arn := arnOf(u.Through); arn != "" {
			return arn
		}
		return u.Through.Type + " " + u.Through.ID
	case c.target != nil:
		return c.target.arn
	case c.group != nil:
		return arnOf(c.group)
	case c.policy != nil:
		return arnOf(c.policy)
	case len(u.Calls) > 0:
		return strings.Join(u.Calls[len(u.Calls)-1].Resources, ", ")
	}
	return ""
}
