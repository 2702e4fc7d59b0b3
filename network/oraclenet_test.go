package network_test

import (
	"fmt"

	"github.com/haetae/haetae"
)

// resources writes the network as the engine reads it.
func (n *oNet) resources() topo {
	t := topo{}
	add := func(typ, id string, props, observed m) {
		t[id] = &haetae.Resource{Type: typ, ID: id, Account: "111122223333", Region: "eu-west-1", Props: props, Observed: observed}
	}
	add("Haetae::Region", "eu-west-1", nil, m{"VpcBlockPublicAccess": m{"InternetGatewayBlockMode": map[bool]string{true: "off", false: n.block}[n.block == ""]}})
	for v, x := range n.vpcs {
		add("AWS::EC2::VPC", fmt.Sprint("vpc-", v), m{"CidrBlock": x.net.String()}, nil)
		if x.igw {
			add("AWS::EC2::InternetGateway", fmt.Sprint("igw-", v), m{"Attachments": []any{m{"VpcId": fmt.Sprint("vpc-", v)}}}, nil)
		}
	}
	for i, s := range n.subnets {
		id, vpc := fmt.Sprint("subnet-", i), fmt.Sprint("vpc-", s.vpc)
		add("AWS::EC2::Subnet", id, m{"VpcId": vpc, "CidrBlock": s.net.String(), "AvailabilityZone": s.zone}, nil)
		var entries, routes, states []any
		for _, side := range []struct {
			rules []oACL
			out   bool
		}{{s.in, false}, {s.out, true}} {
			for _, r := range side.rules {
				e := m{"RuleNumber": int64(r.number), "Egress": side.out, "Protocol": int64(r.proto), "CidrBlock": r.peer.String(), "RuleAction": map[bool]string{true: "allow", false: "deny"}[r.allow]}
				if r.proto == 6 || r.proto == 17 {
					e["PortRange"] = m{"From": int64(r.lo), "To": int64(r.hi)}
				}
				entries = append(entries, e)
			}
		}
		add("AWS::EC2::NetworkAcl", fmt.Sprint("acl-", i), m{"VpcId": vpc, "Entries": entries, "Associations": []any{m{"SubnetId": id}}}, nil)
		for _, r := range s.routes {
			x := m{"DestinationCidrBlock": r.dest.String()}
			switch r.to {
			case "igw":
				x["GatewayId"] = fmt.Sprint("igw-", s.vpc)
			case "nat":
				x["NatGatewayId"] = "nat-1"
			case "pcx":
				x["VpcPeeringConnectionId"] = "pcx-1"
			case "tgw":
				x["TransitGatewayId"] = "tgw-1"
			}
			routes = append(routes, x)
			states = append(states, m{"State": map[bool]string{true: "blackhole", false: "active"}[r.bad]})
		}
		add("AWS::EC2::RouteTable", fmt.Sprint("rtb-", i), m{"VpcId": vpc, "Routes": routes, "Associations": []any{m{"SubnetId": id}}}, m{"RouteStates": states})
	}
	for g, rules := range n.groups {
		props := m{"VpcId": fmt.Sprint("vpc-", g/2), "GroupDescription": "g"}
		for side, prop := range []string{"SecurityGroupIngress", "SecurityGroupEgress"} {
			list := []any{}
			for _, r := range rules[side] {
				x := m{"IpProtocol": fmt.Sprint(r.proto)}
				if r.proto != -1 {
					x["FromPort"], x["ToPort"] = int64(r.lo), int64(r.hi)
				}
				switch {
				case r.group < 0:
					x["CidrIp"] = r.peer.String()
				case side == 0:
					x["SourceSecurityGroupId"] = fmt.Sprint("sg-", r.group)
				default:
					x["DestinationSecurityGroupId"] = fmt.Sprint("sg-", r.group)
				}
				list = append(list, x)
			}
			props[prop] = list
		}
		add("AWS::EC2::SecurityGroup", fmt.Sprint("sg-", g), props, nil)
	}
	n.interfaces(add, t)
	return t
}

func (n *oNet) interfaces(add func(typ, id string, props, observed m), t topo) {
	for i, e := range n.enis {
		groups := []any{}
		for _, g := range e.groups {
			groups = append(groups, fmt.Sprint("sg-", g))
		}
		observed := m{}
		if e.public != 0 {
			observed["PublicIp"] = dotted(e.public)
		}
		props := m{"SubnetId": fmt.Sprint("subnet-", e.subnet), "GroupSet": groups, "PrivateIpAddress": dotted(e.ip), "SourceDestCheck": !e.nat}
		if e.nat {
			props["InterfaceType"] = "nat_gateway"
			add("AWS::EC2::NatGateway", "nat-1", m{"SubnetId": props["SubnetId"], "ConnectivityType": "public"}, m{"State": map[bool]string{true: "failed", false: "available"}[n.natDown],
				"Addresses": []any{m{"NetworkInterfaceId": fmt.Sprint("eni-", i), "PrivateIp": dotted(e.ip), "PublicIp": dotted(e.public)}}})
		}
		id := fmt.Sprint("eni-", i)
		add("AWS::EC2::NetworkInterface", id, props, observed)
		t[id].Origin.Source = "cli" // AWS said so: without groups it has none
	}
	if n.peered {
		add("AWS::EC2::VPCPeeringConnection", "pcx-1", m{"VpcId": "vpc-0", "PeerVpcId": "vpc-1"}, m{"Status": "active"})
	}
	if !n.joined {
		return
	}
	add("AWS::EC2::TransitGateway", "tgw-1", m{"SecurityGroupReferencingSupport": "disable"}, m{"State": "available"})
	var associations, routes []any
	for v := range 2 {
		if len(n.hubs[v]) == 0 {
			continue
		}
		var subnets []any
		for _, s := range n.hubs[v] {
			subnets = append(subnets, fmt.Sprint("subnet-", s))
		}
		id := fmt.Sprint("tgw-attach-", v)
		add("AWS::EC2::TransitGatewayAttachment", id, m{"TransitGatewayId": "tgw-1", "VpcId": fmt.Sprint("vpc-", v), "SubnetIds": subnets}, m{"ResourceType": "vpc", "State": "available"})
		associations = append(associations, m{"TransitGatewayAttachmentId": id})
	}
	for _, r := range n.hubRt {
		x := m{"DestinationCidrBlock": r.dest.String(), "Blackhole": r.bad}
		if !r.bad {
			x["TransitGatewayAttachmentId"] = "tgw-attach-" + r.to[3:]
		}
		routes = append(routes, x)
	}
	add("AWS::EC2::TransitGatewayRouteTable", "tgw-rtb-1", m{"TransitGatewayId": "tgw-1", "Routes": routes, "Associations": associations, "Propagations": []any{}}, nil)
}
