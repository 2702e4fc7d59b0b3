package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// eice is an EC2 Instance Connect Endpoint.
type eice struct {
	id, eni string
	keeps   bool // the client's address
}

// clientVPN is a Client VPN endpoint.
type clientVPN struct {
	id      string
	clients netip.Prefix
	doors   []door
	rules   []authorization
}

// door is an association of a Client VPN endpoint with a subnet.
type door struct {
	subnet, eni string
	routes      []netip.Prefix
}

type authorization struct {
	dest netip.Prefix
	all  bool
}

func (w *World) readEICE(r *haetae.Resource) error {
	for _, id := range texts(r.Observed["NetworkInterfaceIds"]) {
		w.eices[r.ID] = &eice{id: r.ID, eni: id, keeps: truth(r.Props, "PreserveClientIp")}
	}
	return nil
}

func (w *World) readClientVPN(r *haetae.Resource) error {
	p, err := netip.ParsePrefix(text(r.Props, "ClientCidrBlock"))
	w.clientVPNs[r.ID] = &clientVPN{id: r.ID, clients: p}
	return err
}

// readClientPart reads associations, routes and rules: associations come first.
func (w *World) readClientPart(r *haetae.Resource) error {
	c := w.clientVPNs[text(r.Props, "ClientVpnEndpointId")]
	if c == nil {
		return fmt.Errorf("no endpoint %s", text(r.Props, "ClientVpnEndpointId"))
	}
	switch r.Type {
	case "AWS::EC2::ClientVpnTargetNetworkAssociation":
		d := door{subnet: text(r.Props, "SubnetId")}
		for _, id := range sortedKeys(w.enis) {
			if e := w.enis[id]; e.subnet == d.subnet && strings.HasPrefix(e.description, "ClientVPN Endpoint") {
				d.eni = id
			}
		}
		c.doors = append(c.doors, d)
	case "AWS::EC2::ClientVpnRoute":
		p, err := netip.ParsePrefix(text(r.Props, "DestinationCidrBlock"))
		if err != nil {
			return err
		}
		for i := range c.doors {
			if c.doors[i].subnet == text(r.Props, "TargetVpcSubnetId") {
				c.doors[i].routes = append(c.doors[i].routes, p)
			}
		}
	default:
		p, err := netip.ParsePrefix(text(r.Props, "TargetNetworkCidr"))
		if err != nil {
			return err
		}
		c.rules = append(c.rules, authorization{p, truth(r.Props, "AuthorizeAllGroups")})
	}
	return nil
}

// fromEICE sends what comes out of a tunnel.
//
// "Only ports 22 and 3389 are supported."
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-using-eice.html
// "The security group rules for an EC2 Instance Connect Endpoint must allow
// outbound traffic destined for the target instances to leave the endpoint."
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-security-groups.html
func (k *walk) fromEICE(x *eice) result {
	e := k.w.enis[x.eni]
	if slices.Contains(e.addrs, k.p.Dst) {
		return k.unmodelled("an interface that talks to itself")
	}
	if k.p.Proto != TCP || k.p.DstPort != 22 && k.p.DstPort != 3389 {
		return k.drop(x.id, "it connects by TCP to ports 22 and 3389 only")
	}
	k.known = e.vpc
	k.passed[e.id] = true
	if ok, r := k.groupsOut(e); !ok {
		return r
	}
	if x.keeps {
		// "When client IP preservation is enabled, the instance to connect to must
		// be in the same VPC as the EC2 Instance Connect Endpoint."
		if !k.w.vpcs[e.vpc].inside(k.p.Dst) {
			return k.drop(x.id, "with client IP preservation only its own VPC is reached")
		}
		k.kept = x
	}
	return k.onward(k.w.subnets[e.subnet])
}

// backToEICE brings an answer to the address of a client back to the endpoint,
// whatever the routes say: only network ACLs are on the way.
func (k *walk) backToEICE(x *eice, from *eni) result {
	e := k.w.enis[x.eni]
	if from.subnet != e.subnet {
		if ok, r := k.acl(k.w.subnets[from.subnet], true); !ok {
			return r
		}
		if ok, r := k.acl(k.w.subnets[e.subnet], false); !ok {
			return r
		}
	}
	return k.delivered(x.id)
}

// fromClients sends a client's packet through a Client VPN endpoint.
//
// "Client VPN uses longest prefix matching when evaluating authorization rules";
// "the default behavior is to deny access".
// https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-rules.html
// "The source IP address is translated to the Client VPN endpoint's IP address";
// the port stays.
// https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html
func (k *walk) fromClients(c *clientVPN) result {
	if !c.clients.Contains(k.p.Src) {
		return k.unmodelled("%s is no client of %s", k.p.Src, c.id)
	}
	if len(c.doors) == 0 {
		return k.drop(c.id, "it is associated with no subnet")
	}
	bits, all := -1, false
	for _, r := range c.rules {
		switch {
		case !r.dest.Contains(k.p.Dst) || r.dest.Bits() < bits:
		case r.dest.Bits() > bits:
			bits, all = r.dest.Bits(), r.all
		default:
			all = all || r.all
		}
	}
	if bits < 0 {
		return k.drop(c.id, "no authorization rule for %s", k.p.Dst)
	}
	if !all {
		k.assume("the client is in a group that is authorized")
	}
	// "Each associated subnet should have an identical set of routes": a session
	// goes by one of them.
	// https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html
	d := c.doors[k.choose(len(c.doors))]
	if !slices.ContainsFunc(d.routes, func(p netip.Prefix) bool { return p.Contains(k.p.Dst) }) {
		return k.drop(c.id, "no route by %s", d.subnet)
	}
	e := k.w.enis[d.eni]
	if slices.Contains(e.addrs, k.p.Dst) || slices.ContainsFunc(e.addrs, func(a netip.Addr) bool { return e.public[a] == k.p.Dst }) {
		return k.unmodelled("an interface that talks to itself")
	}
	k.flow.nat[e.id] = mapping{k.p.Src, k.p.SrcPort}
	k.clients = c
	k.p.Src, k.known = e.addrs[0], e.vpc
	k.passed[e.id] = true
	if ok, r := k.groupsOut(e); !ok {
		return r
	}
	return k.onward(k.w.subnets[e.subnet])
}

// toClient gives an answer that came to the endpoint's interface to the client.
func (k *walk) toClient(e *eni) (result, bool) {
	m, known := k.flow.nat[e.id]
	if !k.reply || !known || k.clients == nil {
		return result{}, false
	}
	k.p.Dst = m.src
	return k.delivered(k.clients.id), true
}

// eice is `eice eice-a subnet-a 10.0.1.9 sg=sg-a [keeps]`.
func (p *parser) eice(w words) error {
	id, eni := w.at[1], "eni-"+w.at[1]
	one := words{at: append([]string{"eni", eni}, w.at[2], w.at[3]), by: map[string]string{"sg": w.by["sg"], "kind": "ec2_instance_connect_endpoint"}}
	if err := p.eni(one); err != nil {
		return err
	}
	p.add("AWS::EC2::InstanceConnectEndpoint", id, w.at[2], map[string]any{"SubnetId": w.at[2], "PreserveClientIp": w.flag(4, "keeps"), "SecurityGroupIds": listed(w.by["sg"], plain)},
		map[string]any{"State": "create-complete", "NetworkInterfaceIds": []any{eni}})
	return nil
}

// clientVPN is `cvpn cvpn-endpoint-a 10.100.0.0/22 [split]`.
func (p *parser) clientVPN(w words) error {
	p.add("AWS::EC2::ClientVpnEndpoint", w.at[1], "", map[string]any{"ClientCidrBlock": w.at[2], "SplitTunnel": w.flag(3, "split"), "SecurityGroupIds": []any{}}, nil)
	return nil
}

// clientDoor is `cvpn-assoc cvpn-endpoint-a subnet-a 10.0.1.8 sg=sg-a [public=…]`, with
// the route for the VPC that AWS adds.
func (p *parser) clientDoor(w words) error {
	s, err := p.get(w.at[2], "AWS::EC2::Subnet")
	if err != nil {
		return err
	}
	c, err := p.get(w.at[1], "AWS::EC2::ClientVpnEndpoint")
	if err != nil {
		return err
	}
	c.Account, c.Region = s.Account, s.Region
	eni := "eni-" + strings.TrimPrefix(w.at[2], "subnet-") + "-" + w.at[1]
	one := words{at: []string{"eni", eni, s.ID, w.at[3]}, by: map[string]string{"sg": w.by["sg"], "kind": "client_vpn", "public": w.by["public"], "check": "off"}}
	if err := p.eni(one); err != nil {
		return err
	}
	e := p.byID[eni]
	e.Props["InterfaceType"], e.Props["Description"] = "interface", "ClientVPN Endpoint resource"
	p.add("AWS::EC2::ClientVpnTargetNetworkAssociation", "assoc-"+eni, s.ID, map[string]any{"ClientVpnEndpointId": w.at[1], "SubnetId": s.ID},
		map[string]any{"Status": "associated", "SecurityGroups": listed(w.by["sg"], plain)})
	v, err := p.get(text(s.Props, "VpcId"), "AWS::EC2::VPC")
	if err != nil {
		return err
	}
	return p.clientRoute(words{at: []string{"cvpn-route", w.at[1], text(v.Props, "CidrBlock"), s.ID}})
}

// clientRoute is `cvpn-route cvpn-endpoint-a 10.1.0.0/16 subnet-a`.
func (p *parser) clientRoute(w words) error {
	p.add("AWS::EC2::ClientVpnRoute", strings.Join(w.at[1:], "|"), w.at[3], map[string]any{"ClientVpnEndpointId": w.at[1], "DestinationCidrBlock": w.at[2], "TargetVpcSubnetId": w.at[3]},
		map[string]any{"Status": "active"})
	return nil
}

// clientRule is `cvpn-auth cvpn-endpoint-a 10.0.0.0/16 [group=S-1]`.
func (p *parser) clientRule(w words) error {
	props := map[string]any{"ClientVpnEndpointId": w.at[1], "TargetNetworkCidr": w.at[2], "AuthorizeAllGroups": w.by["group"] == ""}
	if w.by["group"] != "" {
		props["AccessGroupId"] = w.by["group"]
	}
	p.add("AWS::EC2::ClientVpnAuthorizationRule", strings.Join(w.at[1:], "|")+"|"+cmp.Or(w.by["group"], "all"), w.at[1], props, nil)
	return nil
}

// entrances adds ways in by which clients come.
func (g *generator) entrances() {
	v := pick(g, g.vpcs)
	s := pick(g, v.subnets)
	if g.often(30) {
		keeps := ""
		if g.often(50) {
			keeps = " keeps"
		}
		g.say("eice eice-1 %s 10.%d.%s.200 sg=%s%s", s.id, v.index, third(s.cidr), pick(g, v.groups), keeps)
	}
	if !g.often(30) {
		return
	}
	g.say("cvpn cvpn-endpoint-1 10.200.0.0/16")
	doors := map[string]bool{}
	for range 1 + g.rng.IntN(2) {
		s := pick(g, v.subnets)
		if doors[s.id] {
			continue
		}
		doors[s.id] = true
		public := ""
		if g.often(50) {
			public = fmt.Sprintf(" public=52.9.%s.1", third(s.cidr))
		}
		g.say("cvpn-assoc cvpn-endpoint-1 %s 10.%d.%s.201 sg=%s%s", s.id, v.index, third(s.cidr), pick(g, v.groups), public)
		if g.often(60) {
			g.say("cvpn-route cvpn-endpoint-1 %s %s", pick(g, []string{"10.0.0.0/8", "0.0.0.0/0", "10.1.0.0/16"}), s.id)
		}
	}
	for range 1 + g.rng.IntN(3) {
		group := ""
		if g.often(25) {
			group = " group=S-1"
		}
		g.say("cvpn-auth cvpn-endpoint-1 %s%s", pick(g, []string{"0.0.0.0/0", "10.0.0.0/8", v.cidr, pick(g, v.subnets).cidr}), group)
	}
}

// third is the third number of an address range.
func third(cidr string) string { return strings.Split(cidr, ".")[2] }
