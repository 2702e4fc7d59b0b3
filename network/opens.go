package network

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// Opened is what changes open besides what was asked for: from whom to whom
// packets get that did not get there before.
type Opened struct {
	From    Party   `json:"from"`
	To      Party   `json:"to"`
	Verdict Verdict `json:"verdict"` // Reachable, or DependsOn when nothing of it is sure
	Open    []Open  `json:"open"`
	// FromPorts are the source ports, when it is not all of them: answers come to
	// those only.
	FromPorts []string `json:"fromPorts,omitempty"`
}

// Party is one side of what is opened: what is outside, or interfaces that are
// treated alike, together.
type Party struct {
	Kind       string   `json:"kind"`                 // "internet", "via" for another network, "group", "vpc" or "resource"
	ID         string   `json:"id"`                   // of the gateway, the security groups, the VPC, the resource
	Addresses  []string `json:"addresses,omitempty"`  // of what is outside, when it is not all of it
	Instances  int      `json:"instances,omitempty"`  // how many, when all interfaces are of instances
	Interfaces []string `json:"interfaces,omitempty"` // by ID, sorted
}

// String writes the party as people would: "3 instances of sg-1".
func (p Party) String() string {
	if p.Kind == "internet" || p.Kind == "via" || p.Kind == "resource" {
		if len(p.Addresses) > 0 {
			return strings.Join(p.Addresses, ",") + " in " + p.ID
		}
		return p.ID
	}
	n, what := len(p.Interfaces), "interface"
	if p.Instances > 0 {
		n, what = p.Instances, "instance"
	}
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what + " of " + p.ID
}

// String writes what is opened on one line: "internet → 3 instances of sg-1 on
// tcp/22".
func (o Opened) String() string {
	var on []string
	for _, x := range o.Open {
		s := x.Proto
		if len(x.Ports) > 0 {
			s += "/" + strings.Join(x.Ports, ",")
		}
		on = append(on, s)
	}
	text := o.From.String() + " → " + o.To.String() + " on " + strings.Join(on, ", ")
	if len(o.FromPorts) > 0 {
		text += " from port " + strings.Join(o.FromPorts, ",")
	}
	return text
}

// side is one side of a pair: interfaces, or a place outside.
type side struct {
	nics    []*nic
	outside *place
	asked   *place     // the part of it that is asked about, nil for all
	id      string     // of what is outside
	addrs   cidr.Addrs // the part of what is outside
}

// opening is what passes from one side to the other that did not before.
type opening struct {
	from, to side
	open     []Open
	ports    []string // source ports
	sure     bool
}

// openingOf describes packets.
func openingOf(packets cidr.Set, sure bool) opening {
	ports := map[string]cidr.Ports{}
	addPorts(ports, packets)
	return opening{open: openPorts(ports), ports: fromPorts(packets), sure: sure}
}

// Opens is what the Changes of an answer would open besides what was asked for,
// folded: who is treated alike is one party. It is nil when the answer has no
// Changes, and empty when they open nothing else. Pairs that no change touches are
// not looked at; packets that differ in their source port only count as asked for,
// since no rule tells them apart.
func (w *World) Opens(a *Answer) []Opened {
	list := a.changes
	if len(list) == 0 {
		return nil
	}
	t := w.touched(list)
	var found []opening
	before, after := w.Pairs(), w.with(list).Pairs()
	after.known = before.known // so that equal pairs have the same shape
	d := differences{asked: anySource(a.total), alike: map[[2]*shape]*opening{}}
	d.from, d.to = senders(d.asked), receivers(d.asked)
	done := map[[2]*Class]bool{}
	look := func(b Between) bool {
		k := [2]*Class{b.From, b.To}
		if !done[k] {
			done[k] = true
			found = append(found, d.of(before.one(b.From, b.To), b)...)
		}
		return true
	}
	if t.in {
		after.visit(t.classes, nil, look)
	}
	if t.out {
		chosen := make([]bool, len(w.classes))
		for _, c := range t.classes {
			chosen[c.n] = true
		}
		after.visit(t.near(after), chosen, look)
	}
	found = append(found, w.outside(t, list, a)...)
	return folded(w, found)
}

// anySource is packets with every source port: no rule of a group or an ACL can tell
// those apart.
func anySource(s cidr.Set) cidr.Set {
	var out []cidr.Box
	for _, b := range s.Boxes() {
		if p := b.Proto.Intersect(cidr.Ported()); p == b.Proto {
			b.A = cidr.AllPorts()
		}
		out = append(out, b)
	}
	return cidr.Of(out...)
}

// differences is what passes between classes and did not before, without what was
// asked for.
type differences struct {
	asked    cidr.Set
	from, to cidr.Addrs             // of what was asked for
	alike    map[[2]*shape]*opening // nil: nothing
}

func (d *differences) of(old, now Between) []opening {
	if now.From == now.To && now.From.Size() == 1 {
		return nil // itself
	}
	if now.shape == nil || old.shape == nil && old.open() || d.from.Overlaps(now.From.addrs) && d.to.Overlaps(now.To.addrs) {
		return d.exact(old, now)
	}
	k := [2]*shape{old.shape, now.shape}
	o, ok := d.alike[k]
	if !ok {
		more := now.shape.set
		if old.shape != nil {
			more = more.Minus(old.shape.set)
		}
		if !more.Empty() {
			x := openingOf(more, true)
			o = &x
		}
		d.alike[k] = o
	}
	if o == nil {
		return nil
	}
	x := *o
	x.from.nics, x.to.nics = now.From.nics, now.To.nics
	return []opening{x}
}

// exact looks at addresses one by one.
func (d *differences) exact(old, now Between) []opening {
	more := now.May().Minus(old.May()).Minus(d.asked)
	if more.Empty() {
		return nil
	}
	o := openingOf(more, now.Sure().Overlaps(more))
	o.from.nics, o.to.nics = having(now.From.nics, senders(more)), having(now.To.nics, receivers(more))
	if len(o.from.nics) == 1 && len(o.to.nics) == 1 && o.from.nics[0] == o.to.nics[0] {
		return nil // itself
	}
	return []opening{o}
}

// receivers are the addresses to which the packets go.
func receivers(s cidr.Set) cidr.Addrs {
	var out cidr.Addrs
	for _, b := range s.Boxes() {
		out = out.Union(b.Dst)
	}
	return out
}

// having are the interfaces with one of the addresses.
func having(list []*nic, a cidr.Addrs) []*nic {
	var out []*nic
	for _, n := range list {
		if n.addrs.Overlaps(a) {
			out = append(out, n)
		}
	}
	return out
}

// touch is what changes may have an effect on: pairs of which one class is of
// these.
type touch struct {
	classes []*Class
	in, out bool // what goes to them, what comes from them
	nics    []*nic
	peers   cidr.Addrs // of what may be opened, as far as that is known
}

// near are the classes of the VPCs that those of the touched ones are joined with.
func (t *touch) near(p *Pairs) []*Class {
	vpcs := map[*vpc]bool{}
	for _, c := range t.classes {
		for _, v := range p.neighbours(c.subnet.vpc) {
			vpcs[v] = true
		}
	}
	var out []*Class
	for _, c := range p.w.classes {
		if vpcs[c.subnet.vpc] {
			out = append(out, c)
		}
	}
	return out
}

// touched finds what changes may have an effect on.
func (w *World) touched(list []*change) *touch {
	t := &touch{}
	nics := map[*nic]bool{}
	subnets := map[*subnet]bool{}
	vpcs := map[*vpc]bool{}
	groups := map[*group]bool{}
	for _, c := range list {
		switch x := w.of[c.res].(type) {
		case *group:
			groups[x] = true
		case *hubTable:
			for _, a := range x.hub.attachments {
				vpcs[a.vpc] = true
			}
		}
		switch c.kind {
		case "public":
			nics[c.nic] = true
			t.peers = t.peers.Union(internet())
		case "exclusion":
			x, _ := w.of[c.res].(*vpc)
			for _, n := range x.nics {
				nics[n] = true
			}
			t.peers = t.peers.Union(internet())
		case "group":
			t.peers = t.peers.Union(c.rule.peer)
			t.in, t.out = t.in || c.in, t.out || !c.in
		case "acl":
			t.peers = t.peers.Union(c.rule.peer)
			t.in, t.out = true, true
		default: // routes
			t.peers = t.peers.Union(c.dest)
			t.in, t.out = true, true
		}
		for _, v := range w.vpcs {
			for _, s := range v.subnets {
				if s.acl != nil && s.acl.res == c.res || s.table != nil && s.table.res == c.res {
					subnets[s] = true
				}
			}
		}
	}
	p := w.Pairs()
	for s := range subnets {
		if w.passes(s) { // then what others send may pass it
			for _, v := range p.neighbours(s.vpc) {
				vpcs[v] = true
			}
		}
	}
	for _, c := range w.classes {
		if vpcs[c.subnet.vpc] || subnets[c.subnet] || slices.ContainsFunc(c.badge.nic.groups, func(g *group) bool { return groups[g] }) {
			t.classes = append(t.classes, c)
			for _, n := range c.nics {
				nics[n] = true
			}
		}
	}
	for _, n := range w.nics {
		if nics[n] {
			t.nics = append(t.nics, n)
		}
	}
	return t
}

// passes tells whether something in the subnet sends on what others send: a NAT
// gateway, an appliance, an endpoint, a load balancer, the attachment of a transit
// gateway.
func (w *World) passes(s *subnet) bool {
	for _, h := range w.hubs {
		for _, a := range h.attachments {
			if slices.Contains(a.subnets, s) {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.vpc.nics, func(n *nic) bool {
		return n.subnet == s && (!n.checked || n.kind == "nat_gateway" || w.ends[n] != nil || w.serves[n] != nil)
	})
}

// folded puts together what people would say in one sentence, and sorts it.
func folded(w *World, list []opening) []Opened {
	type key struct{ from, to, open string }
	type sum struct {
		from, to map[*nic]bool
		o        Opened
		sure     bool
	}
	var order []*sum
	at := map[key]*sum{}
	for _, x := range list {
		o := Opened{From: w.party(x.from), To: w.party(x.to), Open: x.open, FromPorts: x.ports}
		k := key{o.From.Kind + o.From.ID + strings.Join(o.From.Addresses, ","), o.To.Kind + o.To.ID + strings.Join(o.To.Addresses, ","), Opened{Open: o.Open, FromPorts: o.FromPorts}.String()}
		s := at[k]
		if s == nil {
			s = &sum{from: map[*nic]bool{}, to: map[*nic]bool{}, o: o}
			at[k] = s
			order = append(order, s)
		}
		s.sure = s.sure || x.sure
		for _, n := range x.from.nics {
			s.from[n] = true
		}
		for _, n := range x.to.nics {
			s.to[n] = true
		}
	}
	// Many groups that are on one side of the same are their VPC's.
	for _, way := range []struct {
		party func(*sum) *Party
		nics  func(*sum) map[*nic]bool
		other func(*sum) string
	}{
		{func(s *sum) *Party { return &s.o.From }, func(s *sum) map[*nic]bool { return s.from }, func(s *sum) string { return s.o.To.Kind + s.o.To.ID }},
		{func(s *sum) *Party { return &s.o.To }, func(s *sum) map[*nic]bool { return s.to }, func(s *sum) string { return s.o.From.Kind + s.o.From.ID }},
	} {
		same := map[string][]*sum{}
		for _, s := range order {
			if n := anyNIC(way.nics(s)); n != nil && n.vpc != nil {
				k := n.vpc.id() + " " + way.other(s) + Opened{Open: s.o.Open, FromPorts: s.o.FromPorts}.String() + strconv.FormatBool(s.sure)
				same[k] = append(same[k], s)
			}
		}
		gone := map[*sum]bool{}
		for _, sums := range same {
			if len(sums) <= 3 {
				continue
			}
			first := sums[0]
			*way.party(first) = Party{Kind: "vpc", ID: anyNIC(way.nics(first)).vpc.id()}
			for _, s := range sums[1:] {
				gone[s] = true
				for n := range s.from {
					first.from[n] = true
				}
				for n := range s.to {
					first.to[n] = true
				}
			}
		}
		order = slices.DeleteFunc(order, func(s *sum) bool { return gone[s] })
	}
	out := []Opened{}
	for _, s := range order {
		s.o.Verdict = DependsOn
		if s.sure {
			s.o.Verdict = Reachable
		}
		w.count(&s.o.From, s.from)
		w.count(&s.o.To, s.to)
		out = append(out, s.o)
	}
	slices.SortStableFunc(out, func(a, b Opened) int {
		inside := func(p Party) int { return len(p.Interfaces) }
		return cmp.Or(cmp.Compare(min(inside(a.From), 1), min(inside(b.From), 1)), cmp.Compare(a.From.ID, b.From.ID), cmp.Compare(a.To.ID, b.To.ID), cmp.Compare(a.String(), b.String()))
	})
	return out
}

// fromPorts are the source ports of the packets that have ports, nil for all.
func fromPorts(s cidr.Set) []string {
	var p cidr.Ports
	for _, b := range s.Boxes() {
		if b.Proto.Intersect(cidr.Ported()).Empty() {
			return nil
		}
		p = p.Union(b.A)
	}
	if p.Equal(cidr.AllPorts()) {
		return nil
	}
	return p.Strings()
}

func anyNIC(m map[*nic]bool) *nic {
	for n := range m {
		return n
	}
	return nil
}

// party names a side: what is outside, or the groups that the interfaces carry.
func (w *World) party(s side) Party {
	if o := s.outside; o != nil {
		p := Party{Kind: "via", ID: s.id}
		if o.internet {
			p.Kind, p.ID = "internet", "internet"
		}
		if !s.addrs.Covers(o.addrs.Four()) && !s.addrs.Covers(o.addrs.Six()) {
			p.Addresses = s.addrs.Strings()
		}
		return p
	}
	n := s.nics[0]
	if len(n.groups) == 0 {
		return Party{Kind: "resource", ID: w.knownAs(n).ID}
	}
	ids := make([]string, len(n.groups))
	for i, g := range n.groups {
		ids[i] = g.res.ID
	}
	slices.Sort(ids)
	return Party{Kind: "group", ID: strings.Join(ids, "+")}
}

// count says how many interfaces, or instances, a party is.
func (w *World) count(p *Party, nics map[*nic]bool) {
	instances := map[string]bool{}
	all := true
	for n := range nics {
		p.Interfaces = append(p.Interfaces, n.id)
		r := w.knownAs(n)
		all = all && r.Type == "AWS::EC2::Instance"
		instances[r.Account+" "+r.Region+" "+r.ID] = true
	}
	slices.Sort(p.Interfaces)
	p.Interfaces = slices.Compact(p.Interfaces)
	if all && len(nics) > 0 {
		p.Instances = len(instances)
	}
}
