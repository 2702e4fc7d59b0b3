package network

import (
	"cmp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

const (
	meshType     = "AWS::VpcLattice::ServiceNetwork"
	serviceType  = "AWS::VpcLattice::Service"
	meshVPCType  = "AWS::VpcLattice::ServiceNetworkVpcAssociation"
	meshPartType = "AWS::VpcLattice::ServiceNetworkServiceAssociation"
	latticeRule  = "AWS::VpcLattice::Rule"
	latticeGroup = "AWS::VpcLattice::TargetGroup"
	latticePort  = "AWS::VpcLattice::Listener"
)

// mesh is a service network of VPC Lattice.
type mesh struct {
	res   *haetae.Resource
	auth  bool // its auth policy decides
	joins []meshVPC
}

// meshVPC is the association of a VPC with a service network. Its security groups
// say which clients may use it; without one all may.
type meshVPC struct {
	res *haetae.Resource
	vpc *vpc
	nic *nic // stands for the association's security groups
	ok  bool
}

// service is a service of VPC Lattice.
type service struct {
	res    *haetae.Resource
	auth   bool
	meshes []*mesh
	front  *balancer // its listeners and targets
	nic    *nic      // stands for it behind the association
	addrs  cidr.Addrs
	why    *haetae.Unknown // why not all of its networks, or VPCs of these, are known
}

// latticeRange are the addresses at which services are reached and from which
// targets are asked, when the managed prefix list is not in the snapshot
// (https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html).
func latticeRange() cidr.Addrs { return ranges("169.254.171.0/24", "fd00:ec2:80::/64") }

// latticeAddrs are the addresses of VPC Lattice in a region: those of its managed
// prefix lists, which may hold public ones that nobody routes.
func (w *World) latticeAddrs(r *haetae.Resource) cidr.Addrs {
	out := latticeRange()
	for l, x := range w.lists {
		if name := text(l.Props["PrefixListName"]); l.Region == r.Region && strings.HasPrefix(name, "com.amazonaws.") && strings.HasSuffix(name, ".vpc-lattice") {
			for _, p := range x.prefixes {
				out = out.Union(cidr.Prefix(p))
			}
		}
	}
	return out
}

// latticeNamed is the resource that an identifier of VPC Lattice names: an ARN or
// the id at its end.
func (w *World) latticeNamed(r *haetae.Resource, typ string, v any) *haetae.Resource {
	if x := w.find(r, v, typ); x != nil {
		return x
	}
	id := text(v)
	if id == "" {
		return nil
	}
	list, _ := w.g.Here(r, typ)
	for _, x := range list {
		if text(x.Observed["Id"]) == id || last(x.ID) == last(id) {
			return x
		}
	}
	return nil
}

func (w *World) addLattice(byType map[string][]*haetae.Resource) {
	if len(byType[serviceType]) == 0 {
		return
	}
	for _, r := range byType[meshType] {
		w.of[r] = &mesh{res: r, auth: text(r.Props["AuthType"]) == "AWS_IAM"}
	}
	for _, r := range byType[serviceType] {
		s := &service{res: r, auth: text(r.Props["AuthType"]) == "AWS_IAM", addrs: w.latticeAddrs(r)}
		s.nic = &nic{res: r, id: r.ID, noGroups: true, addrs: s.addrs}
		s.front = &balancer{res: r, kind: "lattice", cross: true, mesh: s}
		for _, typ := range []string{meshPartType, meshVPCType} {
			_, u := w.g.Here(r, typ)
			s.why = firstWhy(s.why, u)
		}
		_, s.front.why = w.g.Here(r, latticePort)
		w.of[r] = s
	}
	for _, r := range byType[meshVPCType] {
		w.addMeshVPC(r)
	}
	for _, r := range byType[meshPartType] {
		s, _ := w.of[w.latticeNamed(r, serviceType, r.Props["ServiceIdentifier"])].(*service)
		m, _ := w.of[w.latticeNamed(r, meshType, r.Props["ServiceNetworkIdentifier"])].(*mesh)
		switch {
		case s != nil && m != nil:
			s.meshes = append(s.meshes, m)
		case s != nil: // a service network that others share with us
			s.why = firstWhy(s.why, whyNot(r.Props["ServiceNetworkIdentifier"]), missing("service network "+last(text(r.Props["ServiceNetworkIdentifier"])), "vpc-lattice:ListServiceNetworks"))
		}
	}
	for _, r := range byType[latticeGroup] {
		w.of[r] = w.latticeTargets(r)
	}
	for _, r := range byType[latticePort] {
		w.addLatticeListener(r)
	}
	for _, r := range byType[latticeRule] {
		l, _ := w.of[w.latticeNamed(r, latticePort, r.Props["ListenerIdentifier"])].(*listener)
		if isDefault, _ := flag(r.Observed["IsDefault"]); l != nil && !isDefault {
			w.latticeAction(l, r, r.Props["Action"], "the request meets the conditions of rule "+cmp.Or(text(r.Props["Name"]), last(r.ID)))
		}
	}
}

func (w *World) addMeshVPC(r *haetae.Resource) {
	v := w.vpcOf(r, r.Props["VpcIdentifier"])
	m, _ := w.of[w.latticeNamed(r, meshType, r.Props["ServiceNetworkIdentifier"])].(*mesh)
	if v == nil || m == nil {
		return
	}
	state := text(r.Observed["Status"])
	j := meshVPC{res: r, vpc: v, ok: state == "" || state == "ACTIVE", nic: &nic{res: r, id: r.ID, vpc: v}}
	w.carry(j.nic, r, r.Props["SecurityGroupIds"])
	// "If you don't specify a security group" the association lets all clients of
	// the VPC in
	// (https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html).
	j.nic.noGroups = len(j.nic.groups) == 0 && j.nic.groupsWhy == nil
	m.joins = append(m.joins, j)
}

// latticeTargets reads a target group.
func (w *World) latticeTargets(r *haetae.Resource) *targetGroup {
	g := &targetGroup{res: r, kind: strings.ToLower(text(r.Props["Type"])), protos: cidr.Proto(cidr.TCP)}
	port, _ := number(get(r.Props["Config"], "Port"))
	v := w.vpcOf(r, get(r.Props["Config"], "VpcIdentifier"))
	list, why := items(r.Props["Targets"])
	g.why = why
	if _, said := r.Props["Targets"]; !said {
		g.why = missingOf(r, "the targets of "+last(r.ID), "vpc-lattice:ListTargets")
	}
	for _, x := range list {
		t := lbTarget{id: text(get(x, "Id")), port: port}
		if p, ok := number(get(x, "Port")); ok {
			t.port = p
		}
		w.register(&t, g, r, v, get(x, "Id"))
		g.targets = append(g.targets, t)
	}
	return g
}

func (w *World) addLatticeListener(r *haetae.Resource) {
	s, _ := w.of[w.latticeNamed(r, serviceType, r.Props["ServiceIdentifier"])].(*service)
	if s == nil {
		return
	}
	l := &listener{res: r, protos: cidr.Proto(cidr.TCP)}
	// Without a port it is that of the protocol
	// (https://docs.aws.amazon.com/vpc-lattice/latest/ug/listeners.html).
	port, ok := number(r.Props["Port"])
	if !ok && r.Props["Port"] == nil {
		port, ok = map[string]int{"HTTP": 80, "HTTPS": 443, "TLS_PASSTHROUGH": 443}[text(r.Props["Protocol"])]
	}
	if ok {
		l.ports = cidr.PortRange(port, port)
	} else {
		l.ports, l.why = cidr.AllPorts(), firstWhy(whyNot(r.Props["Port"]), missing("the port of a listener of "+last(s.res.ID), "vpc-lattice:GetListener"))
	}
	l.name = text(r.Props["Protocol"]) + " " + l.ports.String()
	w.of[r] = l
	s.front.listeners = append(s.front.listeners, l)
	w.latticeAction(l, r, r.Props["DefaultAction"], "")
}

// latticeAction reads to which target groups a listener or a rule sends.
func (w *World) latticeAction(l *listener, r *haetae.Resource, v any, when string) {
	l.why = firstWhy(l.why, whyNot(v))
	if get(v, "FixedResponse") != nil {
		l.final = l.final || when == ""
	}
	list, why := items(get(v, "Forward.TargetGroups"))
	l.why = firstWhy(l.why, why)
	for _, x := range list {
		ref := get(x, "TargetGroupIdentifier")
		g, _ := w.of[w.latticeNamed(r, latticeGroup, ref)].(*targetGroup)
		if g == nil {
			l.why = firstWhy(l.why, whyNot(ref), missing("target group "+last(text(ref)), "vpc-lattice:ListTargetGroups"))
			continue
		}
		if !slices.ContainsFunc(l.sends, func(s sending) bool { return s.to == g }) {
			l.sends = append(l.sends, sending{g, when})
		}
	}
}

// servicePlaces are where a service is reached: by the associations of VPCs at the
// addresses of VPC Lattice, and at endpoints of its service networks.
func (w *World) servicePlaces(s *service) []*place {
	out := []*place{{kind: "lattice", mesh: s, addrs: s.addrs}}
	for _, n := range w.nics {
		e := w.ends[n]
		if e == nil || e.kind != "ServiceNetwork" {
			continue
		}
		m, _ := w.of[w.latticeNamed(e.res, meshType, e.res.Props["ServiceNetworkArn"])].(*mesh)
		if m != nil && slices.Contains(s.meshes, m) {
			p := nicPlace(n)
			p.mesh = s
			out = append(out, p)
		}
	}
	return out
}

// intoLattice takes packets for a service out of a VPC: past the network ACL of the
// subnet and the security groups of the VPC's association
// (https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html,
// https://docs.aws.amazon.com/vpc-lattice/latest/ug/network-acls.html). The routes
// are AWS's.
func (k *walk) intoLattice(s *state, v *vpc, sub *subnet) {
	x := k.goal.mesh
	k.acl(s, sub, false)
	known := false
	for _, m := range x.meshes {
		for _, j := range m.joins {
			if j.vpc != v {
				continue
			}
			known = true
			one := s.clone()
			one.hop("service-network", m.res.ID, last(j.res.ID), j.ok)
			if !j.ok {
				one.block(k, Blocker{Code: "BAD_STATE_ATTACHMENT", Resource: j.res.ID, Fix: "Associate " + v.id() + " with " + last(m.res.ID) + " again: the association is not active."})
			}
			k.groups(one, j.nic, true)
			one.tracked = append(one.tracked, j.nic)
			k.authorized(one, x, m)
			k.end(one, spot{vpc: v, mesh: x}, true)
		}
	}
	if known {
		return
	}
	if x.why != nil {
		k.unknown(s, spot{vpc: v}, x.why)
		return
	}
	s.hop("service-network", "", "", false)
	k.lost(s, Blocker{Code: "NO_PATH", Resource: x.res.ID, Fix: "Associate " + v.id() + " with a service network that has " + cmp.Or(text(x.res.Props["Name"]), last(x.res.ID)) + "."})
}

// authorized adds what auth policies decide, which are about who asks and what for
// (https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html).
func (k *walk) authorized(s *state, x *service, m *mesh) {
	for _, a := range []struct {
		on  bool
		res *haetae.Resource
	}{{m != nil && m.auth, meshRes(m)}, {x.auth, x.res}} {
		if !a.on {
			continue
		}
		for i, p := range s.pieces {
			s.pieces[i] = p.only("the auth policy of " + cmp.Or(text(a.res.Props["Name"]), last(a.res.ID)) + " allows the request (vpc-lattice-svcs:Invoke)")
		}
	}
}

func meshRes(m *mesh) *haetae.Resource {
	if m == nil {
		return nil
	}
	return m.res
}

// fromService walks packets from VPC Lattice to a target: they come from its
// addresses, which the target's groups must let in
// (https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html).
func (k *walk) fromService(s *state, src *place) {
	s.hop("lattice", src.mesh.res.ID, "", true)
	s.entered, s.ident = "lattice", identity{lost: "SG_REFERENCES_NOT_PRESERVED"}
	if k.goal.vpc == nil {
		k.unknown(s, spot{}, missing("the VPC of a target of "+last(src.mesh.res.ID), "ec2:DescribeVpcs"))
		return
	}
	k.local(s, k.goal.vpc, nil)
}

// lattice takes packets for addresses of VPC Lattice out of a subnet; it returns
// what is left of them.
func (k *walk) lattice(s *state, t *table, sub *subnet) *state {
	g := k.goal
	if g.kind == "lattice" && g.mesh != nil && sub != nil {
		part := s.to(g.addrs)
		if part == nil {
			return s
		}
		if k.back { // the answer of a target
			k.acl(part, sub, false)
			part.hop("lattice", g.mesh.res.ID, "", true)
			k.end(part, spot{}, true)
		} else {
			k.intoLattice(part, t.vpc, sub)
		}
		return s.to(cidr.AllAddrs().Minus(g.addrs))
	}
	if part := s.to(latticeRange()); part != nil && g.literal && k.w.meshed(t.vpc) {
		k.unknown(part, spot{subnet: sub}, missing("which service of VPC Lattice has the address: ask for the service"))
		return s.to(cidr.AllAddrs().Minus(latticeRange()))
	}
	return s
}

// meshed tells whether a VPC is associated with a service network.
func (w *World) meshed(v *vpc) bool {
	for _, c := range w.of {
		if m, ok := c.(*mesh); ok && slices.ContainsFunc(m.joins, func(j meshVPC) bool { return j.vpc == v }) {
			return true
		}
	}
	return false
}
