package network

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// intentKeeper holds a network against intents. What it works out for one intent serves
// the others.
type intentKeeper struct {
	w     *World
	pairs *Pairs
	plain map[*nic]*Class       // interfaces that are like others: all but load balancers, endpoints and those of which something is not known
	roads map[[2]*subnet][]trip // between subnets, only those by which something gets
	peers map[peerKey]cidr.Addrs
	ends  []*endpoint
}

// peerKey is a class that takes packets and the VPC that they come from.
type peerKey struct {
	to *Class
	v  *vpc
}

// admitted are the addresses in a VPC that a class may admit something from.
func (k *intentKeeper) admitted(to *Class, v *vpc) cidr.Addrs {
	key := peerKey{to, v}
	a, ok := k.peers[key]
	if !ok {
		a = k.pairs.peers(to, v)
		k.peers[key] = a
	}
	return a
}

func newIntentKeeper(w *World) *intentKeeper {
	k := &intentKeeper{w: w, pairs: w.Pairs(), plain: map[*nic]*Class{}, roads: map[[2]*subnet][]trip{}, peers: map[peerKey]cidr.Addrs{}}
	for _, c := range w.Classes() {
		for _, n := range c.nics {
			if w.serves[n] == nil && w.endpointAt(n) == "" && n.vague == nil && n.groupsWhy == nil {
				k.plain[n] = c
			}
		}
	}
	return k
}

// share is what gets from one side to the other in one way that matters to an
// intent.
type share struct {
	fault     Fault
	sure, may cidr.Set
	when      []condition // between the two
}

// flow is what gets from one side to the other.
type flow struct {
	shares []share
	open   cidr.Set // whatever gets through, or may
}

// add takes in pieces that get through, held against a filter. It returns all that
// may.
func (f *flow) add(fault Fault, got []piece, hold func(cidr.Set, bool) cidr.Set, when []condition) cidr.Set {
	a, b := originals(got)
	a, b = hold(a, true), hold(b, false)
	if b.Empty() {
		return b
	}
	when = slices.Clip(when)
	for _, p := range got {
		when = append(when, p.when...)
	}
	for i := range f.shares {
		if s := &f.shares[i]; s.fault == fault {
			s.sure, s.may, s.when = s.sure.Union(a), s.may.Union(b), append(s.when, when...)
			return b
		}
	}
	f.shares = append(f.shares, share{fault, a, b, when})
	return b
}

// trip takes in what of a trip matters to the intent.
func (f *flow) trip(s *scope, t trip, hold func(cidr.Set, bool) cidr.Set, when []condition) {
	all := t.through()
	if s.in.Must != MustThrough {
		f.open = f.open.Union(f.add(FaultReached, all, hold, when))
		return
	}
	_, open := originals(all)
	f.open = f.open.Union(hold(open, false))
	if fault, got := s.via.missed(t); len(got) > 0 {
		f.add(fault, got, hold, when)
	}
}

// within is the part of a flow between two places.
func (f flow) within(ends cidr.Set) flow {
	out := flow{open: f.open.Intersect(ends)}
	for _, s := range f.shares {
		s.sure, s.may = s.sure.Intersect(ends), s.may.Intersect(ends)
		if !s.may.Empty() {
			out.shares = append(out.shares, s)
		}
	}
	return out
}

// between is all that is asked between two sets of addresses.
func (s *scope) between(src, dst cidr.Addrs) cidr.Set { return cidr.Of(s.m.boxes(src, dst)...) }

// trips are the ways from one subnet to another by which something gets. They are
// walked once, whoever is there.
func (k *intentKeeper) trips(a, b *subnet) []trip {
	key := [2]*subnet{a, b}
	if list, ok := k.roads[key]; ok {
		return list
	}
	var list []trip
	switch {
	case a == b:
		st := &state{arrived: true, ident: identity{vpc: a.vpc}}
		for _, x := range between(a.cidrs, b.cidrs).Boxes() {
			st.pieces = append(st.pieces, piece{cur: x, orig: x})
		}
		list = []trip{{fwd: st, back: st}}
	case !nowhere(a, b):
		src := &place{kind: "space", vpc: a.vpc, sub: a, addrs: a.cidrs, sender: a.vpc}
		dst := &place{kind: "space", vpc: b.vpc, sub: b, addrs: b.cidrs, layers: true}
		_, all := k.w.between(src, dst, everything(), Question{})
		list = slices.DeleteFunc(all, func(t trip) bool { return !t.fwd.open() || len(t.through()) == 0 && !halved(t) })
	}
	k.roads[key] = list
	return list
}

// nowhere tells whether the route table of a subnet surely leads nowhere for all
// of another.
func nowhere(a, b *subnet) bool {
	if a.table == nil || a.table.why != nil || a.cidrs.Overlaps(b.cidrs) {
		return false
	}
	return !slices.ContainsFunc(a.table.lookup(b.cidrs), func(x branch) bool { return x.route != nil })
}

// flow is what gets of what is asked between some addresses of one class and some
// of another.
func (k *intentKeeper) flow(s *scope, from, to *Class, m asked, src, dst cidr.Addrs) flow {
	var f flow
	if !k.admitted(to, from.subnet.vpc).Overlaps(src) {
		return f
	}
	trips := k.trips(from.subnet, to.subnet)
	if len(trips) == 0 {
		return f
	}
	out := k.pairs.lets(from).filter
	ends := cidr.Of(m.boxes(src, dst)...).Intersect(out.most())
	if b := k.w.serves[to.nics[0]]; b != nil && b.why == nil {
		var heard cidr.Set
		for _, l := range b.listeners {
			heard = heard.Union(l.match())
		}
		ends = ends.Intersect(heard)
	}
	for _, t := range trips {
		in := k.pairs.admits(to, t.fwd.ident.vpc).filter
		most := ends.Intersect(in.most())
		if most.Empty() {
			continue
		}
		hold := func(set cidr.Set, sure bool) cidr.Set {
			set = most.Intersect(set)
			if sure {
				return set.Intersect(out.yes).Intersect(in.yes)
			}
			return set
		}
		var when []condition
		for _, x := range []filter{out, in} {
			if x.why != nil {
				when = append(when, condition{text: x.why.String(), why: x.why})
			}
		}
		f.trip(s, t, hold, when)
	}
	return f
}

// judge holds every pair of an intent against it.
func (k *intentKeeper) judge(s *scope) {
	from := s.from
	if s.relays != nil {
		from.nics = k.reached(s)
	}
	srcs, srcNics := k.bunches(from.nics)
	dsts, dstNics := k.bunches(s.to.nics)
	for _, a := range srcs {
		for _, b := range dsts {
			k.classes(s, a, b, srcNics[a], dstNics[b])
		}
	}
	pairs, err := k.odd(s, &from, &s.to)
	if err != nil {
		return // scope said so
	}
	for _, p := range pairs {
		total, trips := k.w.between(p.src, p.dst, s.m, Question{Hypothetical: s.in.Hypothetical})
		var f flow
		whole := func(set cidr.Set, _ bool) cidr.Set { return set }
		for _, t := range trips {
			f.trip(s, t, whole, nil)
		}
		if s.in.Must == MustThrough && (p.dst.internet || p.dst.literal) {
			k.services(s, &f, trips)
		}
		s.result.Classes++
		k.decide(s, f, total, p.src, p.dst, 1, &[]breachKey{})
	}
}

// services takes in that some of what goes out may leave by a gateway endpoint: a
// route leads to it for a prefix list that was not read. The walk takes the other
// routes, as most addresses are not those of a service.
func (k *intentKeeper) services(s *scope, f *flow, trips []trip) {
	for _, t := range trips {
		if !t.fwd.open() {
			continue
		}
		for _, h := range t.fwd.hops {
			for _, r := range k.w.named[h.Resource] {
				table, ok := k.w.of[r].(*table)
				if !ok || h.Kind != "route-table" {
					continue
				}
				for _, e := range table.vague {
					if s.via.holds(e.res.ID) {
						continue
					}
					text := "which addresses " + r.ID + " routes to " + e.res.ID + ": " + e.listWhy.String()
					f.add(FaultAround, t.through(), func(set cidr.Set, sure bool) cidr.Set {
						if sure {
							return cidr.Set{}
						}
						return set
					}, []condition{{text: text, why: e.listWhy}})
				}
			}
		}
	}
}

// bunch is interfaces of one class.
type bunch struct {
	nics  []*nic
	addrs cidr.Addrs
}

// bunches puts those of the interfaces that are like others together by class, in
// order.
func (k *intentKeeper) bunches(list []*nic) ([]*Class, map[*Class]bunch) {
	var order []*Class
	in := map[*Class]bunch{}
	for _, n := range list {
		c := k.plain[n]
		if c == nil {
			continue
		}
		b, ok := in[c]
		if !ok {
			order = append(order, c)
		}
		b.nics, b.addrs = append(b.nics, n), b.addrs.Union(n.addrs)
		in[c] = b
	}
	return order, in
}

// odd are the pairs that are looked at one by one: all but those of interfaces
// that are like others.
func (k *intentKeeper) odd(s *scope, from, to *set) ([]pairing, error) {
	split := func(x *set) (plain, odd []member) {
		for _, n := range x.nics {
			m := member{End{ID: n.id}, []*place{nicPlace(n)}}
			if k.plain[n] != nil {
				plain = append(plain, m)
			} else {
				odd = append(odd, m)
			}
		}
		return plain, append(odd, x.others...)
	}
	plainFrom, oddFrom := split(from)
	plainTo, oddTo := split(to)
	var out []pairing
	add := func(srcs, dsts []member) error {
		for _, a := range srcs {
			for _, b := range dsts {
				list, err := k.w.pairings(a.places, b.places, Question{Src: a.end, Dst: b.end})
				if err != nil {
					return termError(s.in, Term{}, err)
				}
				for _, p := range list {
					if p.src.kind == "nic" && p.dst.kind == "nic" && p.src.nics[0] == p.dst.nics[0] {
						continue
					}
					out = append(out, p)
				}
			}
		}
		return nil
	}
	for _, x := range [][2][]member{{oddFrom, plainTo}, {oddFrom, oddTo}, {plainFrom, oddTo}} {
		if err := add(x[0], x[1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// classes judges the pairs of interfaces of two classes. Interfaces that no box of
// what gets through tells apart are judged once.
func (k *intentKeeper) classes(s *scope, a, b *Class, src, dst bunch) {
	f := k.flow(s, a, b, s.m, src.addrs, dst.addrs)
	var boxes []cidr.Box
	for _, x := range f.shares {
		boxes = append(append(boxes, x.sure.Boxes()...), x.may.Boxes()...)
	}
	if s.in.Must == MustThrough {
		boxes = append(boxes, f.open.Boxes()...)
	}
	senders, takers := [][]*nic{src.nics}, [][]*nic{dst.nics}
	if len(boxes) > 0 {
		senders = alikes(src.nics, boxes, func(b *cidr.Box) cidr.Addrs { return b.Src })
		takers = alikes(dst.nics, boxes, func(b *cidr.Box) cidr.Addrs { return b.Dst })
	}
	var seen []breachKey
	s.result.Classes++
	for _, x := range senders {
		for _, y := range takers {
			pairs, one, other := distinct(x, y, a == b)
			if pairs == 0 {
				continue
			}
			if len(boxes) == 0 && s.in.Must != MustReach {
				s.result.Pairs.All += pairs // nothing passes
				continue
			}
			mine := f
			var total cidr.Set
			if len(boxes) > 0 {
				mine = f.within(between(one.addrs, other.addrs))
				total = s.between(one.addrs, other.addrs)
			}
			k.decide(s, mine, total, nicPlace(one), nicPlace(other), pairs, &seen)
		}
	}
}

// alikes groups interfaces that are in the same of the boxes.
func alikes(list []*nic, boxes []cidr.Box, side func(*cidr.Box) cidr.Addrs) [][]*nic {
	at := map[string]int{}
	var out [][]*nic
	for _, n := range list {
		var key strings.Builder
		for i := range boxes {
			switch a := side(&boxes[i]); {
			case a.Covers(n.addrs):
				key.WriteByte('1')
			case a.Overlaps(n.addrs):
				key.WriteString(n.id) // some of its addresses: it is like no other
			default:
				key.WriteByte('0')
			}
		}
		i, ok := at[key.String()]
		if !ok {
			i = len(out)
			at[key.String()] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], n)
	}
	return out
}

// distinct counts the pairs of two different interfaces, and returns one. Those of
// two classes are different all.
func distinct(x, y []*nic, oneClass bool) (pairs int, a, b *nic) {
	if !oneClass {
		return len(x) * len(y), x[0], y[0]
	}
	in := make(map[*nic]bool, len(y))
	for _, n := range y {
		in[n] = true
	}
	pairs = len(x) * len(y)
	for _, n := range x {
		if in[n] {
			pairs--
		}
		if a == nil && (n != y[0] || len(y) > 1) {
			a, b = n, y[0]
			if b == a {
				b = y[1]
			}
		}
	}
	return pairs, a, b
}

// decide judges pairs that are alike by one of them. seen is what was found
// between the same classes before.
func (k *intentKeeper) decide(s *scope, f flow, total cidr.Set, src, dst *place, pairs int, seen *[]breachKey) {
	p := &s.result.Pairs
	p.All += pairs
	if !f.open.Empty() {
		p.Open += pairs
	}
	if s.in.Must == MustReach {
		k.mustReach(s, f, total, src, dst, pairs, seen)
		return
	}
	broken, unknown := false, false
	doubt := s.doubt(src)
	for _, x := range f.shares {
		key := breachKey{x.fault, Broken}
		set := x.sure
		if set.Empty() || doubt != nil {
			key.verdict, set = Undecided, x.may
			unknown = true
			s.lacks(x.when)
			s.lacks(doubt)
		} else {
			broken = true
		}
		k.breach(s, key, set, src, dst, pairs, seen)
	}
	switch {
	case broken:
		p.Broken += pairs
	case unknown:
		p.Unknown += pairs
	}
}

// mustReach judges pairs between which packets must get.
func (k *intentKeeper) mustReach(s *scope, f flow, total cidr.Set, src, dst *place, pairs int, seen *[]breachKey) {
	x := share{}
	if len(f.shares) > 0 {
		x = f.shares[0]
	}
	if s.satisfied(x.sure, total, src, dst) {
		return
	}
	key := breachKey{FaultBlocked, Broken}
	if !x.may.Empty() {
		key.fault = FaultPartly
	}
	if s.satisfied(x.may, total, src, dst) {
		key.verdict = Undecided
		s.result.Pairs.Unknown += pairs
		s.lacks(x.when)
	} else {
		s.result.Pairs.Broken += pairs
	}
	k.breach(s, key, cidr.Set{}, src, dst, pairs, seen)
}

// breach counts pairs of a fault and shows one of them.
func (k *intentKeeper) breach(s *scope, key breachKey, set cidr.Set, src, dst *place, pairs int, seen *[]breachKey) {
	b, wanted := s.note(key, pairs)
	if slices.Contains(*seen, key) {
		return
	}
	*seen = append(*seen, key)
	b.Classes++
	if wanted {
		b.Examples = append(b.Examples, k.example(s, key, set, src, dst))
	}
}
