package network

import (
	"iter"
	"slices"

	"github.com/haetae/haetae/cidr"
)

// Pairs answers what passes between all classes of a [World]. It keeps what it
// worked out: what sets of security groups let in and out, and what network ACLs
// and routes let through between two subnets. It belongs to one goroutine at a
// time.
type Pairs struct {
	w       *World
	senders map[*vpc][]span // classes that begin connections, by VPC and subnet
	near    map[*vpc][]*vpc
	links   map[[2]*subnet]*link
	outs    []*judged             // by badge
	ins     map[admission]*judged // by badge and where the sender is known to be
	known   *shapes

	walked, asked int // links and filters that were worked out
}

// span is the classes of one subnet.
type span struct {
	subnet *subnet
	list   []*Class
}

// admission is who admits, and whom.
type admission struct {
	badge int
	vpc   *vpc // nil: nobody whose security groups are known
}

// judged is a filter, and the columns in which it is looked at.
type judged struct {
	filter
	view  columns
	whole column // of all addresses, split when they differ
}

// road is one way from a subnet to another: the packets that network ACLs and
// routes let through it both ways, and what is known of the sender behind it.
type road struct {
	sure, may cidr.Set
	ident     identity
	certain   bool // sure is may
}

// link is the roads from one subnet to another.
type link struct {
	roads []road
	trail trail
	view  columns
	whole column // of all addresses of both subnets, split when they differ
}

// Pairs prepares the question of all pairs.
func (w *World) Pairs() *Pairs {
	p := &Pairs{w: w, senders: map[*vpc][]span{}, near: map[*vpc][]*vpc{}, links: map[[2]*subnet]*link{}, outs: make([]*judged, len(w.badges)), ins: map[admission]*judged{}, known: newShapes()}
	at := map[*subnet]int{}
	for _, c := range w.classes {
		if w.serves[c.nics[0]] != nil || w.ends[c.nics[0]] != nil {
			continue // others begin nothing by themselves
		}
		v := c.subnet.vpc
		i, ok := at[c.subnet]
		if !ok {
			i = len(p.senders[v])
			at[c.subnet], p.senders[v] = i, append(p.senders[v], span{subnet: c.subnet})
		}
		p.senders[v][i].list = append(p.senders[v][i].list, c)
	}
	return p
}

// neighbours are the VPC itself and those that something joins with it.
func (p *Pairs) neighbours(v *vpc) []*vpc {
	if list, ok := p.near[v]; ok {
		return list
	}
	out := []*vpc{v}
	k := &walk{w: p.w}
	attached := p.w.attachedWith(v)
	for _, o := range p.w.vpcs {
		if o != v && (attached[o] || k.joined(v, o)) {
			out = append(out, o)
		}
	}
	p.near[v] = out
	return out
}

// lets is what the class lets out.
func (p *Pairs) lets(c *Class) *judged {
	j := p.outs[c.badge.n]
	if j == nil {
		n := c.badge.nic
		j = p.judge(p.w.allows(n, false, identity{vpc: n.vpc}))
		p.outs[c.badge.n] = j
	}
	return j
}

// admits is what the class lets in from senders of which the identity is known
// so far.
func (p *Pairs) admits(c *Class, v *vpc) *judged {
	k := admission{c.badge.n, v}
	j := p.ins[k]
	if j == nil {
		j = p.judge(p.w.allows(c.badge.nic, true, identity{vpc: v}))
		p.ins[k] = j
	}
	return j
}

// peers are the addresses in a VPC that the class may admit something from.
func (p *Pairs) peers(c *Class, v *vpc) cidr.Addrs {
	return senders(p.admits(c, v).most()).Union(senders(p.admits(c, nil).most()))
}

func (p *Pairs) judge(f filter) *judged {
	p.asked++
	j := &judged{filter: f}
	if f.why == nil {
		j.view = p.known.of(f.yes)
		j.whole = p.known.at(j.view, cidr.All4(), cidr.All4())
	}
	return j
}

// most is what the filter may let through.
func (f filter) most() cidr.Set {
	if f.why == nil {
		return f.yes
	}
	return f.may
}

// link is the roads from one subnet to another, walked once.
func (p *Pairs) link(a, b *subnet) *link {
	k := [2]*subnet{a, b}
	l := p.links[k]
	if l == nil {
		p.walked++
		l = &link{}
		l.roads = p.w.roads(a, b, &l.trail)
		p.see(l, a, b)
		p.links[k] = l
	}
	return l
}

// see looks at a link in columns, when it is one road that is sure.
func (p *Pairs) see(l *link, a, b *subnet) {
	if l.certain() {
		l.view = p.known.of(l.roads[0].sure)
		l.whole = p.known.at(l.view, a.cidrs.Four(), b.cidrs.Four())
	}
}

// roads walks from one subnet to another.
func (w *World) roads(a, b *subnet, t *trail) []road {
	if a == b {
		all := between(a.cidrs, b.cidrs)
		return []road{{sure: all, may: all, ident: identity{vpc: a.vpc}, certain: true}}
	}
	if set, ok := w.straight(a, b, t); ok {
		if set.Empty() {
			return nil
		}
		return []road{{sure: set, may: set, ident: identity{vpc: a.vpc}, certain: true}}
	}
	src := &place{kind: "space", vpc: a.vpc, sub: a, addrs: a.cidrs, sender: a.vpc}
	dst := &place{kind: "space", vpc: b.vpc, sub: b, addrs: b.cidrs, layers: true}
	_, trips := w.between(src, dst, everything(), Question{trail: t})
	var out []road
	for _, t := range trips {
		got := t.through()
		if len(got) == 0 {
			continue
		}
		r := road{ident: identity{vpc: t.fwd.ident.vpc}}
		r.sure, r.may = originals(got)
		r.certain = r.sure.Covers(r.may)
		out = append(out, r)
	}
	return out
}

// Between is two classes between which something passes.
type Between struct {
	From, To  *Class
	sure, may cidr.Set
	shape     *shape // instead of both, where all addresses are treated alike
}

// Sure returns the packets that surely get from one class to the other and, for
// TCP, are answered.
func (b Between) Sure() cidr.Set {
	if b.shape == nil {
		return b.sure
	}
	return b.shape.set.Intersect(between(b.From.addrs, b.To.addrs))
}

// May returns the packets that may get through, those of Sure with them.
func (b Between) May() cidr.Set {
	if b.shape == nil {
		return b.may
	}
	return b.Sure()
}

// open tells whether something may pass.
func (b Between) open() bool { return b.shape != nil || !b.may.Empty() }

// ports are the packets but for their addresses, which may be more than there are.
func (b Between) ports() (sure, may cidr.Set) {
	if b.shape == nil {
		return b.sure, b.may
	}
	return b.shape.set, b.shape.set
}

// AllPairs yields every two classes between which something may pass by private
// addresses: those of [Pairs.All].
func (w *World) AllPairs() iter.Seq[Between] { return w.Pairs().All() }

// All yields every two classes between which something may pass by private
// addresses, for one class to which they go after the other. Links between
// subnets are walked once, what a set of groups admits is worked out once, and
// pairs that look alike are put together once: what is left for a pair is to look
// up three numbers.
func (p *Pairs) All() iter.Seq[Between] {
	return func(yield func(Between) bool) {
		p.visit(p.w.classes, nil, yield)
	}
}

// row is in which columns the classes of a VPC are of what one set of groups
// admits from there.
type row struct {
	in  *judged
	at  [][]column // by subnet of the VPC and class
	any []bool     // by subnet: something may be admitted
}

// row looks at the classes of a VPC, those that are chosen.
func (p *Pairs) row(in *judged, v *vpc, chosen []bool) *row {
	r := &row{in: in}
	for _, s := range p.senders[v] {
		at, some := make([]column, len(s.list)), false
		for i, c := range s.list {
			switch {
			case chosen != nil && !chosen[c.n]:
			case in.why != nil || c.mixed:
				if at[i] = split; !senders(in.most()).Overlaps(c.addrs) {
					at[i] = none
				}
			default:
				at[i] = p.known.at(in.view, c.addrs, cidr.All4())
			}
			some = some || at[i] != none
		}
		r.at, r.any = append(r.at, at), append(r.any, some)
	}
	return r
}

// senders are the addresses from which the packets come.
func senders(s cidr.Set) cidr.Addrs {
	var out cidr.Addrs
	for _, b := range s.Boxes() {
		out = out.Union(b.Src)
	}
	return out
}

// visit yields the pairs to the classes from those that are chosen by their
// number, nil for all of them.
func (p *Pairs) visit(to []*Class, chosen []bool, yield func(Between) bool) {
	to = slices.Clone(to)
	slices.SortStableFunc(to, func(a, b *Class) int { return a.badge.n - b.badge.n })
	rows := map[*vpc]*row{} // what the badge admits from each VPC
	bare := map[*vpc]*row{} // and when its rules do not know the sender
	var badge *badge
	for _, t := range to {
		if badge != t.badge {
			badge = t.badge
			clear(rows)
			clear(bare)
		}
		outs := outgoing{p: p, to: t, at: map[int]column{}}
		for _, v := range p.neighbours(t.subnet.vpc) {
			if rows[v] == nil {
				rows[v] = p.row(p.admits(t, v), v, chosen)
			}
			for i, s := range p.senders[v] {
				if !rows[v].any[i] {
					continue
				}
				l := p.link(s.subnet, t.subnet)
				if len(l.roads) == 0 {
					continue
				}
				r := rows[v]
				if l.certain() && l.roads[0].ident.vpc == nil {
					if bare[v] == nil {
						bare[v] = p.row(p.admits(t, nil), v, chosen)
					}
					r = bare[v]
				}
				for n, f := range s.list {
					if r.at[i][n] == none {
						continue
					}
					b := p.pair(f, t, l, view{r.in.view, r.at[i][n]}, &outs)
					if b.open() && !yield(b) {
						return
					}
				}
			}
		}
	}
}

// certain tells whether a link is one road of which all is known.
func (l *link) certain() bool { return len(l.roads) == 1 && l.roads[0].certain }

// outgoing is in which columns one class is of what the badges of others let out.
type outgoing struct {
	p  *Pairs
	to *Class
	at map[int]column
}

func (o *outgoing) of(j *judged, b *badge) column {
	if j.whole > none {
		return j.whole // to all addresses
	}
	n, ok := o.at[b.n]
	if !ok {
		n = o.p.known.at(j.view, cidr.All4(), o.to.addrs)
		o.at[b.n] = n
	}
	return n
}

// one is what passes from one class to another.
func (p *Pairs) one(from, to *Class) Between {
	l := p.link(from.subnet, to.subnet)
	if len(l.roads) == 0 {
		return Between{From: from, To: to}
	}
	in := view{at: split}
	if l.certain() {
		if j := p.admits(to, l.roads[0].ident.vpc); j.why == nil {
			in = view{j.view, p.known.at(j.view, from.addrs, cidr.All4())}
		}
	}
	if in.at == none {
		return Between{From: from, To: to}
	}
	return p.pair(from, to, l, in, &outgoing{p: p, to: to, at: map[int]column{}})
}

// pair is what passes between two classes over a link, of which the one is in a
// column of what the other admits.
func (p *Pairs) pair(from, to *Class, l *link, in view, outs *outgoing) Between {
	b := Between{From: from, To: to}
	out := p.lets(from)
	if in.at == split || !l.certain() || out.why != nil || from.mixed || to.mixed || p.w.serves[to.nics[0]] != nil {
		return p.pass(from, to, l)
	}
	at := outs.of(out, from.badge)
	if at == none {
		return b
	}
	road := l.whole
	if road == split {
		road = p.known.at(l.view, from.addrs, to.addrs)
	}
	switch {
	case road == none:
		return b
	case at == split || road == split:
		return p.pass(from, to, l)
	}
	b.shape = p.known.meet(view{l.view, road}, view{out.view, at}, in)
	return b
}

// pass is what gets from one class to the other, looked at address by address.
func (p *Pairs) pass(from, to *Class, l *link) Between {
	b := Between{From: from, To: to}
	ends := between(from.addrs, to.addrs)
	if lb := p.w.serves[to.nics[0]]; lb != nil && lb.why == nil {
		var heard cidr.Set
		for _, l := range lb.listeners {
			heard = heard.Union(l.match())
		}
		ends = ends.Intersect(heard)
	}
	out := p.lets(from)
	for _, r := range l.roads {
		in := p.admits(to, r.ident.vpc)
		b.sure = b.sure.Union(ends.Intersect(r.sure).Intersect(out.yes).Intersect(in.yes))
		b.may = b.may.Union(ends.Intersect(r.may).Intersect(out.most()).Intersect(in.most()))
	}
	return b
}
