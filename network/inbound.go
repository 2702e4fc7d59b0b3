package network

import (
	"slices"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Inbound is what the internet reaches, walked once for all interfaces. It
// belongs to one goroutine.
type Inbound struct {
	w     *World
	to    map[*nic]*Passage
	order []*nic // with something in to
	loose []loose

	classes map[*nic]*Class
	pairs   *Pairs
}

// Inbound walks from the internet to every interface that it may reach.
func (w *World) Inbound() *Inbound {
	in := &Inbound{w: w, to: map[*nic]*Passage{}, loose: w.loosened()}
	src := &place{kind: "internet", internet: true, addrs: internet()}
	in.prepare()
	alike := map[*Class]*nic{}
	for _, n := range w.nics {
		if w.shut(n) {
			continue
		}
		to := w.toward(src, nicPlace(n))
		c := in.classes[n]
		var p *Passage
		if plain := c != nil && n.plain(); plain && alike[c] != nil {
			p = in.to[alike[c]].moved(to.addrs, func(m asked) []trip {
				_, trips := w.between(src, to, m, Question{listens: true})
				return trips
			})
		} else if p = w.passageOf(src, to); plain && !p.May.Empty() {
			alike[c] = n
		}
		if !p.May.Empty() {
			in.to[n], in.order = p, append(in.order, n)
		}
	}
	return in
}

// plain tells whether what the internet sends to the interface depends on nothing
// but its class: it has one public address, and the gateway sends packets straight
// to its subnet. Neither network ACLs nor groups then tell it from others, as
// their rules speak of the other end.
func (n *nic) plain() bool {
	if len(n.pairs) != 1 || n.vague != nil || n.publicWhy != nil || n.vpc.igw == nil || n.vpc.igw.table != nil || n.addrs.Six().Overlaps(globalSix()) {
		return false
	}
	_, public := n.pairs[0].public.Single()
	_, private := n.pairs[0].private.Single()
	return public && private
}

// moved is the passage of one interface for another that is treated alike.
func (p *Passage) moved(to cidr.Addrs, walk func(asked) []trip) *Passage {
	at := func(s cidr.Set) cidr.Set {
		boxes := slices.Clone(s.Boxes())
		for i := range boxes {
			boxes[i].Dst = to
		}
		return cidr.Of(boxes...)
	}
	out := *p
	out.Free, out.May, out.walks = at(p.Free), at(p.May), []func(asked) []trip{walk}
	return &out
}

// everything asks of all packets.
func everything() asked {
	return asked{protos: cidr.AllProtos(), src: cidr.AllPorts(), ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}
}

// shut tells whether no packet from the internet can be for the interface: it
// has no public address, its VPC no internet gateway, or nobody begins a
// connection to it.
func (w *World) shut(n *nic) bool {
	return n.kind == "nat_gateway" || n.vpc == nil || n.vpc.igw == nil && w.gap(n.vpc, "AWS::EC2::InternetGateway") == nil || n.publics().Empty() && n.publicWhy == nil
}

// To is what the internet sends to a resource. ok is false when resources of its
// type have no place in the network.
func (in *Inbound) To(r *haetae.Resource) (p *Passage, ok bool) {
	nics := in.w.interfacesOf(r)
	_, own := in.w.of[r].(*nic)
	if len(nics) == 0 && !own && !in.w.inNetwork(r) && r.Type != "AWS::RDS::DBCluster" {
		return nil, false
	}
	p = &Passage{}
	for _, n := range nics {
		if n.vpc == nil {
			p.lack(in.w.placeless(r, n)...)
			continue
		}
		p = p.with(in.to[n])
	}
	if len(nics) == 0 {
		p.lack(in.w.placeless(r, nil)...)
	}
	if u := publicByDefault(r); u != nil && len(nics) > 0 {
		p.lack(u)
	}
	if len(p.Missing) > 0 && p.May.Empty() {
		p.May = cidr.All()
	}
	return in.under(p, r, false), true
}

// publicByDefault says that whether a template's database has a public address
// depends on the VPC that it is deployed in
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html).
func publicByDefault(r *haetae.Resource) *haetae.Unknown {
	if r.Type != "AWS::RDS::DBInstance" || !r.Declared() || r.Props["PubliclyAccessible"] != nil {
		return nil
	}
	return &haetae.Unknown{Reason: haetae.ByAccount, Path: "PubliclyAccessible", Detail: "PubliclyAccessible is not set and its default depends on the VPC"}
}

// placeless says what must be known of a resource, or an interface of it, that is
// in no VPC of the snapshot. What surely has no public address needs no place.
func (w *World) placeless(r *haetae.Resource, n *nic) []*haetae.Unknown {
	if r.Stub != nil {
		return []*haetae.Unknown{r.Stub}
	}
	where := w.whereabouts(r)
	switch r.Type {
	case "AWS::EC2::Instance", "AWS::EC2::NetworkInterface":
		if n == nil {
			return nil // it has no interface: one that was terminated
		}
		if n.publics().Empty() && n.publicWhy == nil {
			return nil
		}
		return []*haetae.Unknown{firstWhy(whyNot(r.Props["SubnetId"]), n.publicWhy, where)}
	case "AWS::RDS::DBInstance", "AWS::Redshift::Cluster":
		public, known := flag(r.Props["PubliclyAccessible"])
		if known && !public {
			return nil
		}
		return []*haetae.Unknown{firstWhy(publicByDefault(r), whyNot(r.Props["PubliclyAccessible"]), where)}
	case "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer":
		if text(r.Props["Scheme"]) == "internal" {
			return nil
		}
		return []*haetae.Unknown{firstWhy(whyNot(r.Props["Scheme"]), where)}
	}
	return nil // services give the interfaces of others no public address
}

// whereabouts says why the place of a resource is not known: what of its region
// was not listed, or else just that it is not.
func (w *World) whereabouts(r *haetae.Resource) *haetae.Unknown {
	for _, typ := range []string{"AWS::EC2::Subnet", "AWS::EC2::NetworkInterface", "AWS::EC2::VPC", "AWS::RDS::DBSubnetGroup", "AWS::ElastiCache::SubnetGroup", "AWS::Redshift::ClusterSubnetGroup"} {
		if _, u := w.g.Here(r, typ); u != nil {
			return u
		}
	}
	return missingOf(r, "where "+r.ID+" is in the network", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
}

// stranger tells whether strangers send something to the interface.
func (in *Inbound) stranger(n *nic) bool {
	p := in.to[n]
	return p != nil && !Strangers(p.Free).Empty()
}

// Stone is something that strangers on the internet reach and that itself reaches
// something else.
type Stone struct {
	Resource *haetae.Resource // what people know it by
	Way      []Hop            // from it on
}

// Stones are what strangers on the internet reach and what itself reaches the
// resource, with packets of the set and without anything between. A load balancer
// is none: it begins nothing of its own. The unknowns say why there may be more;
// ok is that of [Inbound.To].
func (in *Inbound) Stones(r *haetae.Resource, s cidr.Set) (list []Stone, more []*haetae.Unknown, ok bool) {
	undecided, open := in.loosens(r, true)
	if _, ok = in.To(r); len(undecided) > 0 {
		return nil, undecided, ok
	}
	nics := in.w.interfacesOf(r)
	if len(nics) == 0 {
		more = open
		if ok && r.Stub != nil {
			more = append(more, r.Stub)
		} else if ok && r.Type != "AWS::EC2::Instance" {
			more = append(more, in.w.whereabouts(r))
		}
		return nil, more, ok
	}
	all := &Passage{}
	all.lack(open...)
	for _, to := range nics {
		if to.vpc == nil {
			all.lack(in.w.whereabouts(r))
			continue
		}
		for _, v := range in.pairs.neighbours(to.vpc) {
			if u := in.w.gap(v, "AWS::EC2::NetworkInterface"); u != nil {
				all.lack(u) // there may be others that reach it
			}
		}
		for _, from := range in.order {
			if from == to || slices.Contains(nics, from) || in.w.serves[from] != nil || in.w.ends[from] != nil || !in.meets(from, to, s) {
				continue
			}
			p := in.w.passageOf(nicPlace(from), nicPlace(to))
			switch {
			case p.Free.Overlaps(s) && in.stranger(from):
				x := in.w.knownAs(from)
				if !slices.ContainsFunc(list, func(o Stone) bool { return o.Resource == x }) {
					list = append(list, Stone{x, p.Way(s)})
				}
			case p.May.Overlaps(s) && !Strangers(in.to[from].May).Empty():
				all.lack(p.Missing...)
				if !in.stranger(from) {
					all.lack(in.to[from].Missing...)
				}
			}
		}
	}
	return list, all.Missing, true
}

// prepare finds the classes of interfaces.
func (in *Inbound) prepare() {
	in.classes, in.pairs = map[*nic]*Class{}, in.w.Pairs()
	for _, c := range in.w.Classes() {
		for _, n := range c.nics {
			in.classes[n] = c
		}
	}
}

// meets tells, from the classes of both, whether a packet of the set may get from
// one interface to another: a look that is cheap, before the walk.
func (in *Inbound) meets(from, to *nic, s cidr.Set) bool {
	a, b := in.classes[from], in.classes[to]
	if a == nil || b == nil {
		return false
	}
	if !slices.Contains(in.pairs.neighbours(b.subnet.vpc), a.subnet.vpc) || !in.pairs.peers(b, a.subnet.vpc).Overlaps(from.addrs) {
		return false
	}
	return in.pairs.one(a, b).May().Overlaps(s.Intersect(between(from.addrs, to.addrs)))
}

// Target is a target of a load balancer.
type Target struct {
	ID  string // as it is registered
	Way []Hop  // from the internet, around the load balancer
}

// Around are the targets of a target group that strangers on the internet reach
// on their port without the load balancer. The unknowns say why there may be
// more; ok is false when the resource is no target group.
func (in *Inbound) Around(r *haetae.Resource) (list []Target, more []*haetae.Unknown, ok bool) {
	g, ok := in.w.of[r].(*targetGroup)
	if !ok {
		return nil, nil, false
	}
	undecided, open := in.loosens(r, false)
	if len(undecided) > 0 {
		return nil, undecided, true
	}
	all := &Passage{}
	all.lack(open...)
	if g.why != nil {
		all.lack(g.why)
	}
	for _, t := range g.targets {
		at := cidr.Of(cidr.Boxes(cidr.AllAddrs(), cidr.AllAddrs(), g.protos, cidr.AllPorts(), cidr.PortRange(t.port, t.port), cidr.AllPorts(), cidr.AllPorts())...)
		for _, n := range t.nics {
			p := in.to[n]
			if p == nil || in.w.serves[n] != nil {
				continue // a load balancer behind another is no way around it
			}
			if got := Strangers(p.Free.Intersect(at)); !got.Empty() {
				list = append(list, Target{t.id, p.Way(got)})
			} else if !Strangers(p.May.Intersect(at)).Empty() {
				all.lack(p.Missing...)
			}
		}
		switch v := in.w.vpcOf(r, r.Props["VpcId"]); {
		case len(t.nics) > 0 || g.kind == "lambda":
		case t.addrs.Empty():
			_, unlisted := in.w.g.Here(r, "AWS::EC2::Instance")
			all.lack(firstWhy(unlisted, missingOf(r, "target "+t.id, "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces")))
		case v != nil && v.cidrs.Overlaps(t.addrs) && in.w.gap(v, "AWS::EC2::NetworkInterface") != nil:
			all.lack(in.w.gap(v, "AWS::EC2::NetworkInterface"))
		}
	}
	return list, all.Missing, true
}
