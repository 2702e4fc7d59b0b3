package network

import (
	"errors"
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Hop is something on the way that decided.
type Hop struct {
	Resource string `json:"resource"`
	Kind     string `json:"kind"`
	Rule     string `json:"rule,omitempty"`
	Passed   bool   `json:"passed"`
}

// Path is one direction of an answer. When it is blocked, Hops end at the first
// that did not pass.
type Path struct {
	Verdict Verdict `json:"verdict"`
	Hops    []Hop   `json:"hops"`
}

// Blocker is something that stops all packets in question. Code is one of
// Reachability Analyzer's explanation codes
// (https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html).
type Blocker struct {
	Code      string `json:"code"`
	Resource  string `json:"resource"`
	Rule      string `json:"rule,omitempty"`
	Direction string `json:"direction"` // "forward" or "reply"
	Fix       string `json:"fix"`

	change *change
	unseen bool // a firewall drops answers because it did not see the packets
}

// Depends says on what an answer depends: what whoever sends the packets, or runs
// an appliance, may or may not do, and facts that the snapshot lacks.
type Depends struct {
	Request []string `json:"request"`
	Missing []string `json:"missing"`
}

// Answer is the answer to a [Question].
type Answer struct {
	Verdict   Verdict   `json:"verdict"`
	Forward   Path      `json:"forward"`
	Reply     Path      `json:"reply"`
	Packets   []Packets `json:"packets"`
	Blockers  []Blocker `json:"blockers"`
	DependsOn Depends   `json:"dependsOn"`
	// Changes are the fewest changes that let the packets through, when that was
	// proven on a copy of the network.
	Changes []string `json:"changes,omitempty"`

	set     cidr.Set // the packets that surely get through
	pairs   []pairing
	asked   asked
	total   cidr.Set // the packets in question
	changes []*change
}

// Set returns the packets that surely get through and, where the protocol has
// answers, are answered.
func (a *Answer) Set() cidr.Set { return a.set }

// trip is one way of the packets and of their answers.
type trip struct {
	fwd  *state
	back *state // nil when the packets never arrive
}

func (t trip) blocks() []Blocker {
	out := slices.Clone(t.fwd.blocks)
	if t.back != nil {
		out = append(out, t.back.blocks...)
	}
	return out
}

// Reach answers a question. An error means that it cannot be answered: an end is
// not in the snapshot, or both ends are outside.
func (w *World) Reach(q Question) (*Answer, error) {
	a, err := w.reach(q)
	if err != nil {
		return nil, err
	}
	if a.Verdict == Blocked {
		w.prove(q, a)
	}
	return a, nil
}

// reach answers a question without a proof of the fixes.
func (w *World) reach(q Question) (*Answer, error) {
	m, err := q.match()
	if err != nil {
		return nil, err
	}
	pairs, err := w.pairs(q)
	if err != nil {
		return nil, err
	}
	var trips []trip
	var total cidr.Set
	for _, p := range pairs {
		set, found := w.between(p.src, p.dst, m, q)
		total = total.Union(set)
		trips = append(trips, found...)
	}
	a := verdict(trips, total, m)
	a.pairs, a.asked, a.total = pairs, m, total
	return a, nil
}

// between walks the packets from one place to another, and their answers back.
// It returns the packets in question too.
func (w *World) between(src, dst *place, m asked, q Question) (cidr.Set, []trip) {
	from, to := src.addrs, dst.addrs
	total := cidr.Of(m.boxes(from, to)...)
	if total.Empty() && src.internet && dst.kind == "nic" {
		// It has no public address: what would be sent is sent to its private one.
		total = cidr.Of(m.boxes(from, dst.nics[0].addrs)...)
	}
	var pieces []piece
	for _, b := range total.Boxes() {
		p := piece{cur: b, orig: b}
		p = p.lacks(src.why).lacks(dst.why)
		pieces = append(pieces, p)
	}
	if len(pieces) == 0 {
		return total, nil
	}
	k := &walk{w: w, goal: dst, hypothetical: q.Hypothetical || dst.layers, trail: q.trail, budget: q.budget}
	k.begin(&state{pieces: pieces}, src)
	var trips []trip
	var ended []*state
	for _, f := range k.out {
		if x := dst.mesh; x != nil && src.mesh == nil && f.arrived && !f.opaque {
			if f.at.nic != nil { // an endpoint of a service network
				k.authorized(f, x, nil)
			}
			ended = append(ended, w.balance(f, x.front, x.nic, nil, q)...)
			continue
		}
		if b := w.serves[f.at.nic]; f.arrived && b != nil {
			ended = append(ended, w.balance(f, b, f.at.nic, dst.listener, q)...)
			continue
		}
		ended = append(ended, f)
	}
	for _, f := range ended {
		if !f.arrived {
			trips = append(trips, trip{fwd: f})
			continue
		}
		trips = append(trips, w.answered(f, src, q)...)
	}
	if src.clients != nil {
		src.clients.settle(trips)
	}
	for _, t := range trips {
		t.fwd.unsure(src, dst)
		if t.back != nil {
			t.back.unsure(src, dst)
		}
	}
	return total, trips
}

// unsure adds a condition to pieces for which it matters which address an end
// will get that has none yet: what gets through for some of them only is not sure.
func (s *state) unsure(src, dst *place) {
	for i, p := range s.pieces {
		for _, end := range []struct {
			place *place
			addrs cidr.Addrs
		}{{src, p.orig.Src}, {dst, p.orig.Dst}} {
			if end.place.kind != "nic" || end.place.nics[0].vague == nil {
				continue
			}
			want := end.place.addrs.Four()
			if end.addrs.Four().Empty() {
				want = end.place.addrs.Six()
			}
			if !end.addrs.Covers(want) {
				p = p.lacks(end.place.nics[0].vague)
			}
		}
		s.pieces[i] = p
	}
}

// begin puts packets where they come from.
func (k *walk) begin(s *state, src *place) {
	switch {
	case k.goal.clients != nil:
		k.lost(s, Blocker{Code: "NO_PATH", Resource: k.goal.clients.res.ID, Fix: "Nobody begins a connection to clients of " + k.goal.clients.res.ID + ", which translates their addresses: let them connect."})
	case src.kind == "lattice":
		k.fromService(s, src)
	case src.clients != nil:
		k.fromClients(s, src.clients)
	case src.tunnel != nil:
		k.fromTunnel(s, src)
	case src.kind == "nic":
		k.leaveNIC(s, src.nics[0])
	case src.kind == "space":
		k.fromSpace(s, src)
	case src.internet && k.goal.literal:
		k.abroad(s, &gateway{res: &haetae.Resource{ID: "internet"}, kind: "igw"})
	case src.internet && k.goal.vpc != nil:
		k.fromInternet(s, k.goal.vpc)
	case src.exit != nil:
		k.fromCustomer(s, src.exit)
	case src.attach != nil:
		s.entered, s.ident = "tgw", identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
		s.hop("attachment", src.attach.res.ID, "", src.attach.ok())
		if !src.attach.ok() {
			s.block(k, Blocker{Code: "BAD_STATE_ATTACHMENT", Resource: src.attach.res.ID, Fix: "Bring " + src.attach.res.ID + " into service."})
		}
		k.hubRoute(s, src.attach)
	case src.peer != nil:
		s.entered, s.ident = "pcx", identity{lost: "UNKNOWN_PEERED_SGS"}
		s.hop("peering", src.peer.res.ID, "", src.peer.active())
		if !src.peer.active() {
			s.block(k, Blocker{Code: "BAD_STATE", Resource: src.peer.res.ID, Fix: "Accept " + src.peer.res.ID + ": it is " + src.peer.state + "."})
		}
		k.local(s, src.peer.other(src.vpc), nil)
	case src.point != nil:
		k.fromEndpoint(s, src.point)
	case src.kind == "nowhere" && src.why != nil:
		k.unknown(s, spot{}, src.why)
	case src.kind == "nowhere":
		k.lost(s, Blocker{Code: "NO_ROUTE_TO_DESTINATION", Resource: src.table.res.ID, Fix: "No route of " + src.table.res.ID + " leads to " + shortAddrs(src.addrs) + ": answers cannot get there, and nothing says where it is."})
	default:
		k.lost(s, Blocker{Code: "NO_PATH", Resource: "", Fix: "Nothing leads from there to what is asked for."})
	}
}

// fromSpace lets addresses of a VPC send, whoever has them.
func (k *walk) fromSpace(s *state, src *place) {
	sent := false
	for _, sub := range src.vpc.subnets {
		if src.sub != nil && src.sub != sub {
			continue
		}
		own := sub.cidrs
		if src.sub != nil && src.sender == nil {
			own = own.Union(cidr.AllAddrs().Minus(sub.vpc.cidrs)) // whoever is there may write any sender
		}
		one := s.clone()
		one.pieces = nil
		for _, p := range s.pieces {
			if q, ok := p.from(own); ok {
				one.pieces = append(one.pieces, q)
			}
		}
		if len(one.pieces) == 0 {
			continue
		}
		sent = true
		one.zone = sub.zone
		if src.sender != nil {
			one.origin, one.ident = src.sender, identity{vpc: src.sender}
		}
		one.hop("subnet", sub.id(), "", true)
		if one = k.served(one, src.vpc); one != nil {
			k.leaveSubnet(one, sub)
		}
	}
	if !sent {
		k.lost(s, Blocker{Code: "NO_POSSIBLE_DESTINATION", Resource: src.vpc.id(), Fix: "No subnet of " + src.vpc.id() + " holds " + shortAddrs(src.addrs) + "."})
	}
}

// answered walks the answers to packets that arrived.
func (w *World) answered(f *state, src *place, q Question) []trip {
	goal := *src
	goal.addrs = cidr.Addrs{}
	for _, p := range f.pieces {
		goal.addrs = goal.addrs.Union(p.cur.Src)
	}
	goal.public = src.kind != "internet" && f.entered == "igw" || f.at.exit != nil && f.at.exit.kind == "igw" && src.vpc != nil
	if src.kind == "nic" && goal.public {
		goal.vpc = src.vpc
	}
	if src.clients != nil {
		goal.vpc = src.clients.vpc()
		goal.clients = nil
	}
	k := &walk{w: w, goal: &goal, back: true, fwd: f, hypothetical: true, trail: q.trail, budget: q.budget}
	var pieces []piece
	for _, p := range f.pieces {
		pieces = append(pieces, p.answers()...)
	}
	if len(pieces) == 0 {
		return []trip{{fwd: f}}
	}
	if src.tunnel != nil && src.tunnel.keeps && !f.opaque {
		return []trip{w.tunnelled(f, src)}
	}
	if f.at.service { // it answers by the way that the packets came, which nothing filters
		return []trip{{fwd: f, back: &state{pieces: pieces, arrived: true, hops: []Hop{f.hops[len(f.hops)-1]}}}}
	}
	if f.opaque { // how they get there is not known, nor how answers come back
		return []trip{{fwd: f, back: &state{pieces: pieces, arrived: true}}}
	}
	s := &state{pieces: pieces, tracked: slices.Clone(f.tracked), hops: slices.Clip(f.after), blocks: slices.Clip(f.afterBlocks)}
	switch at := f.at; {
	case at.mesh != nil:
		s.hop("lattice", at.mesh.res.ID, "", true)
		s.entered = "lattice"
		k.local(s, at.vpc, nil)
	case at.nic != nil:
		k.leaveNIC(s, at.nic)
	case at.subnet != nil:
		s.zone = at.subnet.zone
		k.leaveSubnet(s, at.subnet)
	case at.exit != nil && at.exit.kind == "igw" || at.exit != nil && at.exit.kind == "eigw":
		v := at.exit.vpc
		if v == nil {
			v = src.vpc
		}
		if at.exit.kind == "eigw" {
			k.local(s, v, nil)
			break
		}
		k.fromInternet(s, v)
	case at.exit != nil:
		k.fromCustomer(s, at.exit)
	case at.point != nil:
		s.hop("endpoint", at.point.res.ID, "", true)
		k.local(s, at.point.vpc, nil)
	case at.attach != nil:
		s.entered = "tgw"
		k.hubRoute(s, at.attach)
	}
	var out []trip
	for _, b := range k.out {
		out = append(out, trip{f, b})
	}
	if len(out) == 0 {
		out = append(out, trip{fwd: f})
	}
	return out
}

// pair is two places between which packets are asked for.
type pairing struct{ src, dst *place }

// pairs resolves both ends; a literal address is placed from the other end.
func (w *World) pairs(q Question) ([]pairing, error) {
	srcs, err := w.places(q.Src)
	if err != nil {
		return nil, err
	}
	dsts, err := w.places(q.Dst)
	if err != nil {
		return nil, err
	}
	return w.pairings(srcs, dsts, q)
}

// pairings pairs every place of one end with every place of the other.
func (w *World) pairings(srcs, dsts []*place, q Question) ([]pairing, error) {
	var out []pairing
	for _, d := range dsts {
		for _, s := range srcs {
			if s.kind == "literal" && (d.kind == "literal" || d.internet) {
				held := w.held(s.addrs)
				for _, x := range held {
					out = append(out, pairing{x, d})
				}
				if len(held) == 0 && d.kind == "literal" {
					out = append(out, w.toHolders(s, d)...)
				}
				continue
			}
			if s.kind == "literal" {
				for _, x := range w.locate(s.addrs, d) {
					out = append(out, pairing{x, d})
				}
				continue
			}
			out = append(out, pairing{s, d})
		}
	}
	for i, p := range out {
		if p.src.internet && (p.dst.internet || p.dst.literal && !w.publicly(p.dst.addrs)) {
			return nil, outsideError(q)
		}
		out[i].dst = w.toward(p.src, p.dst)
	}
	if len(out) == 0 {
		return nil, outsideError(q)
	}
	return out, nil
}

// toHolders pairs an address that nobody here has with the interfaces that have
// the other one: where those answer to is where it is.
func (w *World) toHolders(s, d *place) []pairing {
	var out []pairing
	for _, n := range w.nics {
		if n.vpc == nil || n.vague != nil {
			continue
		}
		x := nicPlace(n)
		x.asked = d.addrs
		if own := n.addrs.Intersect(d.addrs); !own.Empty() {
			x.addrs = own
		} else if !n.publics().Overlaps(d.addrs) {
			continue
		}
		for _, from := range w.locate(s.addrs, x) {
			out = append(out, pairing{from, x})
		}
	}
	return out
}

func outsideError(q Question) error {
	return &haetae.Error{Code: haetae.Invalid, Err: errors.New(q.Src.String() + " and " + q.Dst.String() + " are both outside the known network"),
		Hint: "Give at least one end that is in the snapshot: a resource, or an address with its vpc, subnet or via."}
}

// publicly tells whether an interface has one of the public addresses.
func (w *World) publicly(a cidr.Addrs) bool {
	return slices.ContainsFunc(w.nics, func(n *nic) bool { return n.publics().Overlaps(a) })
}

// toward is the destination as the source writes it: from the internet a resource
// is its public addresses.
func (w *World) toward(src, dst *place) *place {
	if !src.internet || dst.kind != "nic" {
		return dst
	}
	d := *dst
	n := dst.nics[0]
	d.public = true
	d.addrs = n.publics()
	for _, p := range w.pairsOf(n) {
		d.addrs = d.addrs.Union(p.public)
	}
	if d.addrs.Empty() && n.publicWhy != nil {
		d.addrs = internetFour()
	}
	if !d.asked.Empty() {
		d.addrs = d.addrs.Intersect(d.asked)
	}
	return &d
}
