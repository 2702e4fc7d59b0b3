package network

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// maxRanges is how many ranges a narrower rule may have in place of one; with
// more, ranges are joined to larger ones. A security group has 60 rules a side by
// default (https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html).
const maxRanges = 12

// narrow proposes narrower rules for those that let in, or out, more than was
// seen, and proves on a copy of the network that all that was accepted still
// passes with all of them together. Rules that were not used are left as they
// are: that somebody uses them next month is not known.
func (r *Replay) narrow() map[*groupRule][]string {
	if r.lost > 0 {
		return nil
	}
	slim := map[*group]*group{}
	texts := map[*groupRule][]string{}
	for _, res := range r.w.g.Resources() {
		g, ok := r.w.of[res].(*group)
		if !ok {
			continue
		}
		c := *g
		c.in, c.out = nil, nil
		change := false
		for i := range g.in {
			list, did := r.narrower(&g.in[i], true, texts)
			c.in, change = append(c.in, list...), change || did
		}
		for i := range g.out {
			list, did := r.narrower(&g.out[i], false, texts)
			c.out, change = append(c.out, list...), change || did
		}
		if change {
			slim[g] = &c
		}
	}
	// What does not hold is taken back, group by group, until the rest is proven.
	for len(slim) > 0 {
		bad := r.broken(slim)
		if len(bad) == 0 {
			break
		}
		for _, g := range bad {
			for _, list := range [][]groupRule{g.in, g.out} {
				for i := range list {
					delete(texts, &list[i])
				}
			}
			delete(slim, g)
		}
	}
	return texts
}

// narrower is what of a rule was seen, and whether that is less than it lets
// through.
func (r *Replay) narrower(x *groupRule, in bool, texts map[*groupRule][]string) ([]groupRule, bool) {
	u := r.uses[x]
	if u == nil || x.why != nil {
		return []groupRule{*x}, false
	}
	peer := x.peer
	if x.group == nil && x.list == nil && !u.cut && !(in && forAnybody(x)) {
		peer = coarse(slices.SortedFunc(maps.Keys(u.peers), netip.Addr.Compare), x.peer)
	}
	var out []groupRule
	for _, proto := range slices.Sorted(maps.Keys(u.ports)) {
		one := *x
		one.protos, one.peer = cidr.Proto(int(proto)), peer
		if cidr.Ported().Has(int(proto)) {
			one.ports = u.portsOf(proto)
			if list := one.ports.Strings(); len(list) > maxRanges {
				last := list[len(list)-1]
				n, _ := number(last[strings.LastIndexByte(last, '-')+1:])
				one.ports = cidr.PortRange(one.ports.First(), n)
			}
			one.ports = one.ports.Intersect(x.ports)
		}
		one.text = narrowText(&one, in)
		out = append(out, one)
	}
	before := x.set(x.peer, in)
	after := cidr.Set{}
	for i := range out {
		after = after.Union(out[i].set(out[i].peer, in))
	}
	if x.group != nil { // members come and go: only protocols and ports count
		before, after = x.set(cidr.AllAddrs(), in), cidr.Set{}
		for i := range out {
			after = after.Union(out[i].set(cidr.AllAddrs(), in))
		}
	}
	if after.Covers(before) {
		return []groupRule{*x}, false
	}
	var list []string
	for i := range out {
		list = append(list, out[i].text)
	}
	texts[x] = list
	return out, true
}

// forAnybody tells whether a rule lets the whole internet in to the ports of the web
// only: that is for anybody, not for those who came so far.
func forAnybody(x *groupRule) bool {
	return (x.peer.Covers(internetFour()) || x.peer.Covers(globalSix())) && !wide(x)
}

// coarse joins addresses to ranges until there are few, within what the rule lets
// through anyway.
func coarse(list []netip.Addr, within cidr.Addrs) cidr.Addrs {
	out := union(list).Intersect(within)
	for bits := 1; bits < 128 && len(out.Prefixes()) > maxRanges; bits++ {
		var larger []netip.Prefix
		for _, a := range list {
			p, err := a.Prefix(max(0, a.BitLen()-bits))
			if err == nil && (len(larger) == 0 || larger[len(larger)-1] != p) {
				larger = append(larger, p)
			}
		}
		out = cidr.Addrs{}
		for _, p := range larger {
			out = out.Union(cidr.Prefix(p))
		}
		out = out.Intersect(within)
	}
	return out
}

func narrowText(x *groupRule, in bool) string {
	word := " to "
	if in {
		word = " from "
	}
	s := protoText(x.protos)
	if !x.protos.Intersect(cidr.Ported()).Empty() && !x.ports.Equal(cidr.AllPorts()) {
		s += " " + x.ports.String()
	}
	switch {
	case x.group != nil:
		return s + word + x.group.ID
	case x.list != nil:
		_, list, _ := strings.Cut(x.text, word)
		return s + word + list
	}
	return s + word + strings.Join(x.peer.Strings(), ",")
}

// broken returns the groups of interfaces at which something that was accepted
// and that the rules let through no longer passes in the copy.
func (r *Replay) broken(slim map[*group]*group) []*group {
	c := *r.w
	c.instead = slim
	type key struct {
		nic *nic
		in  bool
		vpc *vpc
	}
	before, after := map[key]filter{}, map[key]filter{}
	var bad []*group
	for t := range r.talks {
		if !slices.ContainsFunc(t.nic.groups, func(g *group) bool { return slim[g] != nil }) {
			continue
		}
		for _, from := range r.senders(t) {
			k := key{t.nic, t.in, from}
			if _, ok := before[k]; !ok {
				before[k], after[k] = r.w.allows(t.nic, t.in, identity{vpc: from}), c.allows(t.nic, t.in, identity{vpc: from})
			}
			packets := t.packets()
			b, a := before[k].most().Intersect(packets), after[k]
			if !a.most().Covers(b) || !a.yes.Covers(before[k].yes.Intersect(packets)) {
				for _, g := range t.nic.groups {
					if slim[g] != nil && !slices.Contains(bad, g) {
						bad = append(bad, g)
					}
				}
			}
		}
	}
	return bad
}

// senders are the VPCs in which a rule may know the other side to be; nil is that
// nobody knows.
func (r *Replay) senders(t talk) []*vpc {
	out := []*vpc{nil}
	for _, v := range r.w.vpcs {
		if v.cidrs.Has(t.peer) {
			out = append(out, v)
		}
	}
	return out
}

// packets are those with which the talk may begin: the client's port and the type
// of ICMP can be any.
func (t talk) packets() cidr.Set {
	src, dst, ports := cidr.One(t.own), cidr.One(t.peer), cidr.AllPorts()
	if t.in {
		src, dst = dst, src
	}
	if cidr.Ported().Has(int(t.proto)) {
		ports = cidr.PortRange(int(t.port), int(t.port))
	}
	return cidr.Of(cidr.Boxes(src, dst, cidr.Proto(int(t.proto)), cidr.AllPorts(), ports, cidr.AllPorts(), cidr.AllPorts())...)
}
