package inventory

import (
	"maps"

	"github.com/haetae/haetae"
)

// transit holds what connects networks: transit gateways and VPN.
var transit = []Kind{{
	Type: "AWS::EC2::TransitGateway",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:transit-gateway/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeTransitGateways", Lists: true, Member: "TransitGateways", Gives: []string{"*"}, Read: readTransitGateways},
	},
}, {
	Type: "AWS::EC2::TransitGatewayAttachment",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:transit-gateway-attachment/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeTransitGatewayAttachments", Lists: true, Member: "TransitGatewayAttachments",
		Gives: []string{"*"}, Read: readTransitAttachments,
	}, {
		Op: "ec2:DescribeTransitGatewayVpcAttachments", Member: "TransitGatewayVpcAttachments",
		Gives: []string{"SubnetIds", "Options"}, Read: readTransitVPCAttachments,
	}, {
		Op: "ec2:DescribeTransitGatewayPeeringAttachments", Member: "TransitGatewayPeeringAttachments",
		Gives: []string{"Observed.Peering"}, Read: readTransitPeerings,
	}, {
		Op: "ec2:DescribeTransitGatewayConnects", Member: "TransitGatewayConnects",
		Gives: []string{"Observed.TransportAttachmentId"}, Read: readTransitConnects,
	}},
}, {
	Type: "AWS::EC2::TransitGatewayConnectPeer",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:transit-gateway-connect-peer/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeTransitGatewayConnectPeers", Lists: true, Member: "TransitGatewayConnectPeers", Gives: []string{"*"}, Read: reading{
			member: "TransitGatewayConnectPeers", id: "TransitGatewayConnectPeerId", state: "State", gone: []string{"deleted"},
			props: []string{"TransitGatewayAttachmentId", "ConnectPeerConfiguration", "Tags"}, observed: []string{"TransitGatewayConnectPeerId", "State", "CreationTime"},
			more: connectPeerState,
		}.read,
	}},
}, {
	Type: "AWS::EC2::TransitGatewayRouteTable",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:transit-gateway-route-table/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeTransitGatewayRouteTables", Lists: true, Member: "TransitGatewayRouteTables",
		Gives: []string{"*"}, Read: readTransitTables,
	}, {
		Op: "ec2:SearchTransitGatewayRoutes", Member: "Routes", Param: "TransitGatewayRouteTableId",
		Each: transitTables, Params: map[string]any{"Filters": []any{map[string]any{"Name": "state", "Values": []any{"active", "blackhole"}}}},
		Gives: []string{"Routes"}, Read: readTransitRoutes,
	}, {
		Op: "ec2:GetTransitGatewayRouteTableAssociations", Member: "Associations[].TransitGatewayAttachmentId",
		Param: "TransitGatewayRouteTableId", Each: transitTables,
		Gives: []string{"Associations"}, Read: transitAttachmentList("Associations", "Associations"),
	}, {
		Op: "ec2:GetTransitGatewayRouteTablePropagations", Member: "TransitGatewayRouteTablePropagations",
		Param: "TransitGatewayRouteTableId", Each: transitTables,
		Gives: []string{"Propagations"}, Read: transitAttachmentList("TransitGatewayRouteTablePropagations", "Propagations"),
	}},
}, {
	Type: "AWS::EC2::VPNGateway",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpn-gateway/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeVpnGateways", Lists: true, Member: "VpnGateways", Gives: []string{"*"}, Read: readVPNGateways},
	},
}, {
	Type: "AWS::EC2::CustomerGateway",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:customer-gateway/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeCustomerGateways", Lists: true, Member: "CustomerGateways", Gives: []string{"*"}, Read: readCustomerGateways},
	},
}, {
	Type: "AWS::EC2::VPNConnection",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpn-connection/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeVpnConnections", Lists: true, Member: "VpnConnections", Gives: []string{"*"}, Read: readVPNConnections},
	},
}}

const transitTables = "ec2:DescribeTransitGatewayRouteTables TransitGatewayRouteTables[].TransitGatewayRouteTableId"

// gone tells whether something is deleted, though it is still listed.
func gone(x map[string]any) bool { return str(x, "State") == "deleted" }

func readTransitGateways(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("TransitGateways") {
		if gone(g) {
			continue
		}
		p := take(g, "Description", "Tags")
		maps.Copy(p, take(object(g, "Options"), "AmazonSideAsn", "AssociationDefaultRouteTableId", "AutoAcceptSharedAttachments",
			"DefaultRouteTableAssociation", "DefaultRouteTablePropagation", "DnsSupport", "MulticastSupport",
			"PropagationDefaultRouteTableId", "SecurityGroupReferencingSupport", "TransitGatewayCidrBlocks", "VpnEcmpSupport"))
		r := resource(str(g, "TransitGatewayId"), p)
		r.ARN, r.Account = str(g, "TransitGatewayArn"), str(g, "OwnerId")
		r.Observed = take(g, "TransitGatewayArn", "State", "OwnerId")
		out = append(out, r)
	}
	return out
}

func readTransitAttachments(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("TransitGatewayAttachments") {
		if gone(t) {
			continue
		}
		p := take(t, "TransitGatewayId", "Tags")
		if str(t, "ResourceType") == "vpc" {
			p["VpcId"] = t["ResourceId"]
		}
		r := resource(str(t, "TransitGatewayAttachmentId"), p)
		r.Account = str(t, "ResourceOwnerId")
		r.Observed = take(t, "State", "ResourceType", "ResourceId", "ResourceOwnerId", "TransitGatewayOwnerId",
			"TransitGatewayRouteTableId=Association.TransitGatewayRouteTableId", "AssociationState=Association.State",
			"TransitGatewayPolicyTableId=Association.TransitGatewayPolicyTableId", "NatGatewaySupport")
		out = append(out, r)
	}
	return out
}

func readTransitVPCAttachments(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("TransitGatewayVpcAttachments") {
		if gone(t) {
			continue
		}
		r := resource(str(t, "TransitGatewayAttachmentId"), take(t, "TransitGatewayId", "VpcId", "SubnetIds", "Options", "Tags"))
		r.Account = str(t, "VpcOwnerId")
		out = append(out, r)
	}
	return out
}

// readTransitPeerings reads which gateways a peering attachment is between. It
// has the same ID on both sides.
func readTransitPeerings(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("TransitGatewayPeeringAttachments") {
		if gone(t) {
			continue
		}
		peering := take(t, "AccepterAttachmentId=AccepterTransitGatewayAttachmentId", "Options")
		for to, from := range map[string]string{"Requester": "RequesterTgwInfo", "Accepter": "AccepterTgwInfo"} {
			if side := object(t, from); side != nil {
				peering[to] = take(side, "TransitGatewayId", "OwnerId", "Region", "CoreNetworkId")
			}
		}
		r := resource(str(t, "TransitGatewayAttachmentId"), nil)
		r.Observed = map[string]any{"Peering": peering}
		out = append(out, r)
	}
	return out
}

// readTransitConnects reads over which attachment the tunnels of another one go.
func readTransitConnects(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("TransitGatewayConnects") {
		if gone(t) {
			continue
		}
		r := resource(str(t, "TransitGatewayAttachmentId"), nil)
		r.Observed = take(t, "TransportAttachmentId=TransportTransitGatewayAttachmentId")
		out = append(out, r)
	}
	return out
}

// connectPeerState puts what goes up and down by itself where it belongs.
func connectPeerState(_ *Answer, x map[string]any, r *haetae.Resource) {
	c := object(x, "ConnectPeerConfiguration")
	p := take(c, "TransitGatewayAddress", "PeerAddress", "InsideCidrBlocks", "Protocol")
	peers, states := []any{}, []any{}
	for b := range objects(c["BgpConfigurations"]) {
		peers = append(peers, take(b, "TransitGatewayAsn", "PeerAsn", "TransitGatewayAddress", "PeerAddress"))
		states = append(states, take(b, "PeerAddress", "BgpStatus"))
	}
	p["BgpConfigurations"] = peers
	r.Props["ConnectPeerConfiguration"] = p
	r.Volatile = map[string]any{"BgpStatus": states}
}

func readTransitTables(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("TransitGatewayRouteTables") {
		if gone(t) {
			continue
		}
		r := resource(str(t, "TransitGatewayRouteTableId"), take(t, "TransitGatewayId", "Tags"))
		r.Observed = take(t, "State", "DefaultAssociationRouteTable", "DefaultPropagationRouteTable")
		out = append(out, r)
	}
	return out
}

func readTransitRoutes(a *Answer) []*haetae.Resource {
	list := []any{}
	for x := range a.each("Routes") {
		route := take(x, "DestinationCidrBlock", "PrefixListId", "Type")
		route["Blackhole"] = str(x, "State") == "blackhole"
		via := pluck(x["TransitGatewayAttachments"], "TransitGatewayAttachmentId")
		if len(via) == 0 {
			list = append(list, route)
		}
		// Several attachments share the traffic; CloudFormation has one each.
		for _, id := range via {
			one := maps.Clone(route)
			one["TransitGatewayAttachmentId"] = id
			list = append(list, one)
		}
	}
	return []*haetae.Resource{resource(str(a.Body, "TransitGatewayRouteTableId"), map[string]any{"Routes": list})}
}

func transitAttachmentList(member, prop string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		list := []any{}
		for x := range a.each(member) {
			if s := str(x, "State"); s != "disassociated" && s != "disabled" {
				list = append(list, take(x, "TransitGatewayAttachmentId"))
			}
		}
		return []*haetae.Resource{resource(str(a.Body, "TransitGatewayRouteTableId"), map[string]any{prop: list})}
	}
}

func readVPNGateways(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("VpnGateways") {
		if gone(g) {
			continue
		}
		p := take(g, "AmazonSideAsn", "Type", "Tags")
		p["Attachments"] = attachments(g["VpcAttachments"])
		r := resource(str(g, "VpnGatewayId"), p)
		r.Observed = take(g, "State")
		out = append(out, r)
	}
	return out
}

func readCustomerGateways(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("CustomerGateways") {
		if !gone(g) {
			out = append(out, resource(str(g, "CustomerGatewayId"), take(g, "BgpAsn", "CertificateArn", "DeviceName", "IpAddress", "Type", "Tags")))
		}
	}
	return out
}

// readVPNConnections leaves out the configuration for the customer's side and
// the pre-shared keys, which are secrets.
func readVPNConnections(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("VpnConnections") {
		if gone(c) {
			continue
		}
		p := take(c, "CustomerGatewayId", "VpnGatewayId", "TransitGatewayId", "VpnConcentratorId", "Type", "Tags")
		maps.Copy(p, take(object(c, "Options"), "EnableAcceleration", "LocalIpv4NetworkCidr", "RemoteIpv4NetworkCidr",
			"LocalIpv6NetworkCidr", "RemoteIpv6NetworkCidr", "OutsideIpAddressType", "StaticRoutesOnly", "TunnelInsideIpVersion",
			"TransportTransitGatewayAttachmentId", "TunnelBandwidth"))
		tunnels, states := []any{}, []any{}
		for t := range objects(c["VgwTelemetry"]) {
			tunnels = append(tunnels, take(t, "OutsideIpAddress", "AcceptedRouteCount"))
			states = append(states, take(t, "OutsideIpAddress", "Status", "LastStatusChange"))
		}
		r := resource(str(c, "VpnConnectionId"), p)
		routes, routeStates, inside := []any{}, []any{}, []any{}
		for x := range objects(c["Routes"]) {
			if !gone(x) {
				routes = append(routes, take(x, "DestinationCidrBlock"))
				routeStates = append(routeStates, take(x, "DestinationCidrBlock", "State", "Source"))
			}
		}
		for t := range objects(get(c, "Options.TunnelOptions")) {
			inside = append(inside, take(t, "OutsideIpAddress", "TunnelInsideCidr", "TunnelInsideIpv6Cidr"))
		}
		p["Routes"] = routes
		r.Observed = take(c, "State", "Category", "GatewayAssociationState", "CoreNetworkArn", "CoreNetworkAttachmentArn")
		r.Observed["RouteStates"], r.Observed["InsideCidrs"] = routeStates, inside
		r.Observed["Tunnels"] = tunnels
		r.Volatile = map[string]any{"TunnelStatus": states}
		out = append(out, r)
	}
	return out
}
