package network

import (
	"cmp"
	"slices"

	"github.com/haetae/haetae/cidr"
)

// relayed is an interface that can be reached before the last hop, and how.
type relayed struct {
	root   bool   // it is an end of the intent itself
	parent *nic   // who reaches it; nil when origin does
	origin *place // an end of the intent that is no interface
	depth  int    // hosts before it
	host   bool   // parent is another interface of the same instance
	packet cidr.Set
	when   []condition // what must hold; none when it is sure
}

// relay finds every interface that the senders of an intent reach over any number
// of hosts, with any packets. Of an intent that must go through a point, only
// hops past the points count, and the points are no relays.
func (k *intentKeeper) relay(s *scope) {
	r := &relaying{k: k, s: s, classes: k.w.Classes(), pending: map[*nic]*relayed{}}
	s.relays = map[*nic]*relayed{}
	s.from.gaps = append(s.from.gaps, k.w.notListed("AWS::EC2::NetworkInterface")...)
	for _, n := range s.from.nics {
		s.relays[n] = &relayed{root: true}
	}
	frontier := slices.Clone(s.from.nics)
	frontier = append(frontier, r.begin()...)
	for len(frontier) > 0 {
		frontier = r.step(frontier)
	}
	// What is not sure comes after all that is, so that nothing counts as unsure
	// that another way makes sure.
	r.unsure = true
	for len(r.pending) > 0 {
		for _, n := range k.w.nics {
			if x := r.pending[n]; x != nil && s.relays[n] == nil {
				s.relays[n] = x
				frontier = append(append(frontier, n), r.host(n)...)
			}
		}
		r.pending = map[*nic]*relayed{}
		for len(frontier) > 0 {
			frontier = r.step(frontier)
		}
	}
}

// reached are the senders of an intent and all whom they reach, the nearest first.
func (k *intentKeeper) reached(s *scope) []*nic {
	out := slices.Clone(s.from.nics)
	for _, n := range k.w.nics {
		if x := s.relays[n]; x != nil && !x.root {
			out = append(out, n)
		}
	}
	// The shortest way is the one to show.
	slices.SortStableFunc(out, func(a, b *nic) int { return cmp.Compare(s.relays[a].depth, s.relays[b].depth) })
	return out
}

// doubt is on what it depends that a sender is reached.
func (s *scope) doubt(p *place) []condition {
	if p.kind != "nic" || s.relays[p.nics[0]] == nil {
		return nil
	}
	return s.relays[p.nics[0]].when
}

// relaying is a search for relays that is under way.
type relaying struct {
	k       *intentKeeper
	s       *scope
	classes []*Class
	pending map[*nic]*relayed // reached under conditions
	unsure  bool              // conditions are taken along
}

// may tells whether an interface can be a relay that is not reached yet.
func (r *relaying) may(n *nic) bool {
	return r.s.relays[n] == nil && r.k.w.endpointAt(n) == "" && !r.s.via.holds(n.id)
}

// reach notes who is reached; it returns the interface when that is news to go on
// from.
func (r *relaying) reach(n *nic, x *relayed) []*nic {
	x.depth = 1
	if x.parent != nil {
		x.depth = r.s.relays[x.parent].depth + 1
	}
	switch {
	case !r.may(n):
		return nil
	case len(x.when) > 0 && !r.unsure:
		if r.pending[n] == nil {
			r.pending[n] = x
		}
		return nil
	}
	r.s.relays[n] = x
	return append([]*nic{n}, r.host(n)...)
}

// host reaches the other interfaces of an instance.
func (r *relaying) host(n *nic) []*nic {
	var out []*nic
	for _, o := range r.k.w.ownersOf[n] {
		if o.Type != "AWS::EC2::Instance" {
			continue
		}
		for _, other := range r.k.w.owned[o] {
			if r.may(other) {
				r.s.relays[other] = &relayed{parent: n, host: true, when: r.s.relays[n].when, depth: r.s.relays[n].depth}
				out = append(out, other)
			}
		}
	}
	return out
}

// begin reaches what senders reach that are no interfaces.
func (r *relaying) begin() []*nic {
	var out []*nic
	for _, m := range r.s.from.others {
		for _, n := range r.k.w.nics {
			if n.vpc == nil || !r.may(n) || n.kind == "nat_gateway" || n.kind == "transit_gateway" {
				continue
			}
			if m.end.ID == "internet" && n.publics().Empty() && n.publicWhy == nil {
				continue
			}
			pairs, err := r.k.w.pairings(m.places, []*place{nicPlace(n)}, Question{Src: m.end, Dst: End{ID: n.id}})
			if err != nil {
				continue // both outside: an interface never is
			}
			for _, p := range pairs {
				out = append(out, r.walk(n, p.src, p.dst, &relayed{origin: p.src})...)
			}
		}
	}
	return out
}

// walk reaches one interface from one place.
func (r *relaying) walk(n *nic, src, dst *place, x *relayed) []*nic {
	_, trips := r.k.w.between(src, dst, everything(), Question{listens: true})
	var f flow
	for _, t := range trips {
		f.trip(r.s, t, func(set cidr.Set, _ bool) cidr.Set { return set }, nil)
	}
	return r.take(n, f, x)
}

// take reaches an interface by what gets to it.
func (r *relaying) take(n *nic, f flow, x *relayed) []*nic {
	var before []condition
	if x.parent != nil {
		before = r.s.relays[x.parent].when
	}
	for _, one := range f.shares {
		y := *x
		y.packet = one.sure
		y.when = before
		if one.sure.Empty() {
			y.packet = one.may
			y.when = append(slices.Clip(before), one.when...)
		}
		if out := r.reach(n, &y); out != nil {
			return out
		}
	}
	return nil
}

// step goes on from interfaces that were reached last.
func (r *relaying) step(frontier []*nic) []*nic {
	var out []*nic
	in := map[*Class][]*nic{}
	fresh := map[*nic]bool{}
	for _, n := range frontier {
		fresh[n] = true
		if b := r.k.w.serves[n]; b != nil {
			out = append(out, r.targets(n, b)...)
		}
	}
	for _, c := range r.classes {
		if r.k.w.serves[c.nics[0]] != nil {
			continue
		}
		for _, n := range c.nics {
			if fresh[n] {
				in[c] = append(in[c], n)
			}
		}
		if len(in[c]) == 0 {
			continue
		}
		var addrs cidr.Addrs
		for _, n := range in[c] {
			addrs = addrs.Union(n.addrs)
		}
		for _, to := range r.classes {
			// An interface is reached once: where all are, there is no news.
			if slices.ContainsFunc(to.nics, r.may) {
				out = append(out, r.class(c, to, in[c], addrs)...)
			}
		}
	}
	return out
}

// targets goes on from a load balancer: it begins connections to its targets only.
func (r *relaying) targets(n *nic, b *balancer) []*nic {
	var out []*nic
	for _, l := range b.listeners {
		for _, x := range l.sends {
			for _, t := range x.to.targets {
				for _, tn := range t.nics {
					if tn != n && r.may(tn) {
						out = append(out, r.walk(tn, nicPlace(n), nicPlace(tn), &relayed{parent: n})...)
					}
				}
			}
		}
	}
	return out
}

// class goes on from interfaces of one class, which have the addresses, to those of
// another.
func (r *relaying) class(from, to *Class, src []*nic, addrs cidr.Addrs) []*nic {
	f := r.k.flow(r.s, from, to, everything(), addrs, to.addrs)
	if len(f.shares) == 0 {
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(to.nics), func(n *nic) bool { return !r.may(n) })
	var out []*nic
	for _, n := range left {
		for _, parent := range src {
			mine := f.within(between(parent.addrs, n.addrs))
			if len(mine.shares) == 0 {
				continue
			}
			for i, x := range mine.shares {
				for _, end := range []*nic{parent, n} { // which of its subnet's addresses it gets is not known
					if end.vague != nil {
						mine.shares[i].sure = cidr.Set{}
						mine.shares[i].when = append(slices.Clip(x.when), condition{text: end.vague.String(), why: end.vague})
					}
				}
			}
			if got := r.take(n, mine, &relayed{parent: parent}); got != nil {
				out = append(out, got...)
				break
			}
		}
	}
	return out
}

// chain is the hops from host to host by which a sender is reached.
func (k *intentKeeper) chain(s *scope, p *place) []Example {
	if p.kind != "nic" || s.relays == nil {
		return nil
	}
	var out []Example
	n := p.nics[0]
	for x := s.relays[n]; x != nil && !x.root; x = s.relays[n] {
		if x.host {
			n = x.parent
			continue
		}
		src := x.origin
		if src == nil {
			src = nicPlace(x.parent)
		}
		dst := k.w.toward(src, nicPlace(n))
		hop := *s
		hop.relays, hop.before = nil, true
		out = append(out, k.example(&hop, breachKey{}, x.packet, src, dst))
		if x.parent == nil {
			break
		}
		n = x.parent
	}
	slices.Reverse(out)
	return out
}
