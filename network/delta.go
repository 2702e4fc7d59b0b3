package network

import (
	"slices"

	"github.com/haetae/haetae"
)

// rules are the types whose resources only say what is let through and who carries
// what: a delta of others may change how the network hangs together.
func rules(typ string) bool {
	switch typ {
	case "AWS::EC2::SecurityGroup", "AWS::EC2::NetworkAcl", "AWS::EC2::RouteTable", "AWS::EC2::NetworkInterface":
		return true
	}
	return false
}

// With carries a delta into the graph of the world and returns the pairs of the
// changed one, equal to those made anew. Neither these pairs nor their world nor
// its graph may be used afterwards otherwise.
//
// The resources are read again, which is cheap. What was worked out is kept where
// nothing that decided it changed: links between subnets whose network ACLs and
// route tables are the same, and filters of groups whose rules, and whose peers'
// members, are. A delta of other resources than groups, ACLs, route tables and
// interfaces keeps nothing.
func (p *Pairs) With(d haetae.Delta) *Pairs {
	next := Build(p.w.g.With(d)).Pairs()
	for _, list := range [][]*haetae.Resource{d.Added, d.Removed} {
		if slices.ContainsFunc(list, func(r *haetae.Resource) bool { return !rules(r.Type) }) {
			return next
		}
	}
	if slices.ContainsFunc(d.Changed, func(c haetae.Change) bool { return !rules(c.After.Type) }) {
		return next
	}
	next.known = p.known
	k := newKeeper(p.w, next.w)
	for ends, l := range p.links {
		if to, kept, ok := k.link(ends, l); ok {
			next.links[to] = kept
		}
	}
	for old, now := range k.badges {
		next.outs[now.n] = p.outs[old.n]
		for v, to := range k.vpcs {
			if j := p.ins[admission{old.n, v}]; j != nil {
				next.ins[admission{now.n, to}] = j
			}
		}
	}
	return next
}

// keeper finds in a new world what is as it was in an old one.
type keeper struct {
	old, now *World
	vpcs     map[*vpc]*vpc // nil to nil: nowhere that is known
	subnets  map[*subnet]*subnet
	groups   map[*group]*group
	members  map[*group]bool // same members, as far as that was asked
	badges   map[*badge]*badge
}

func newKeeper(old, now *World) *keeper {
	k := &keeper{old: old, now: now, vpcs: map[*vpc]*vpc{nil: nil}, subnets: map[*subnet]*subnet{}, groups: map[*group]*group{}, members: map[*group]bool{}, badges: map[*badge]*badge{}}
	named := map[[2]string]*vpc{} // VPCs that are in no snapshot
	for _, v := range now.vpcs {
		if v.res.Stub != nil {
			named[[2]string{v.res.Stack, v.res.ID}] = v
		}
	}
	for _, v := range old.vpcs {
		to, _ := now.of[v.res].(*vpc)
		if to == nil {
			to = named[[2]string{v.res.Stack, v.res.ID}]
		}
		if to == nil {
			continue
		}
		k.vpcs[v] = to
		for _, s := range v.subnets {
			if x, ok := now.of[s.res].(*subnet); ok {
				k.subnets[s] = x
			}
		}
	}
	byKey := map[haetae.Key]*group{}
	for _, g := range now.groups {
		byKey[g.res.Key()] = g
	}
	for _, g := range old.groups {
		if to := byKey[g.res.Key()]; to != nil {
			k.groups[g] = to
		}
	}
	k.keepBadges()
	return k
}

// keepBadges finds the sets of groups that let through what they did.
func (k *keeper) keepBadges() {
	same := map[*group]bool{}
	for g, to := range k.groups {
		same[g] = g.res == to.res && k.refersAlike(g.in, to.in) && k.refersAlike(g.out, to.out)
	}
	type carried struct {
		vpc    *vpc
		groups string
	}
	name := func(list []*group, to func(*group) *group) (string, bool) {
		var numbers []int
		for _, g := range list {
			x := to(g)
			if x == nil {
				return "", false
			}
			numbers = append(numbers, x.n)
		}
		slices.Sort(numbers)
		var b []byte
		for _, n := range numbers {
			b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
		return string(b), true
	}
	now := map[carried]*badge{}
	for _, b := range k.now.badges {
		if b.nic.groupsWhy == nil && !b.nic.noGroups {
			text, _ := name(b.nic.groups, func(g *group) *group { return g })
			now[carried{b.nic.vpc, text}] = b
		}
	}
	for _, b := range k.old.badges {
		if b.nic.groupsWhy != nil || b.nic.noGroups || slices.ContainsFunc(b.nic.groups, func(g *group) bool { return !same[g] }) {
			continue
		}
		text, ok := name(b.nic.groups, func(g *group) *group { return k.groups[g] })
		if to := now[carried{k.vpcs[b.nic.vpc], text}]; ok && to != nil {
			k.badges[b] = to
		}
	}
}

// refersAlike tells whether rules of a resource that did not change refer to what
// they did.
func (k *keeper) refersAlike(old, now []groupRule) bool {
	if len(old) != len(now) {
		return false
	}
	for i := range old {
		a, b := &old[i], &now[i]
		if (a.group == nil) != (b.group == nil) || (a.why == nil) != (b.why == nil) {
			return false
		}
		if a.group == nil {
			continue
		}
		x, _ := k.old.of[a.group].(*group)
		y, _ := k.now.of[b.group].(*group)
		if x == nil || y == nil || k.groups[x] != y || !k.sameMembers(x, y) {
			return false
		}
	}
	return true
}

func (k *keeper) sameMembers(old, now *group) bool {
	same, ok := k.members[old]
	if !ok {
		same = slices.EqualFunc(old.members, now.members, func(a, b *nic) bool {
			return a.res == b.res && k.vpcs[a.vpc] == b.vpc && a.addrs.Equal(b.addrs) && (a.vague == nil) == (b.vague == nil)
		})
		k.members[old] = same
	}
	return same
}

// link is a link in the new world, when nothing that decided it changed.
func (k *keeper) link(ends [2]*subnet, l *link) ([2]*subnet, *link, bool) {
	to := [2]*subnet{k.subnets[ends[0]], k.subnets[ends[1]]}
	if l.trail.beyond || to[0] == nil || to[1] == nil {
		return to, nil, false
	}
	kept := &link{view: l.view, whole: l.whole, roads: slices.Clone(l.roads), trail: trail{subnets: make([]*subnet, len(l.trail.subnets))}}
	for i, s := range l.trail.subnets {
		x := k.subnets[s]
		if x == nil || !sameSource(s, x) {
			return to, nil, false
		}
		kept.trail.subnets[i] = x
	}
	for i := range kept.roads {
		if kept.roads[i].ident.vpc != nil {
			kept.roads[i].ident.vpc = to[0].vpc
		}
	}
	return to, kept, true
}

// sameSource tells whether a subnet's route table and network ACL were read from
// the same resources.
func sameSource(a, b *subnet) bool {
	if (a.table == nil) != (b.table == nil) || (a.acl == nil) != (b.acl == nil) {
		return false
	}
	return (a.table == nil || a.table.res == b.table.res) && (a.acl == nil || a.acl.res == b.acl.res)
}
