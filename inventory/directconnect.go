package inventory

import (
	"fmt"

	"github.com/haetae/haetae"
)

const directGateways = "directconnect:DescribeDirectConnectGateways directConnectGateways[].directConnectGatewayId"

// directConnect holds lines into a region, and the gateways that lead from them
// to networks. A gateway has no region: any of them tells of all
// (https://docs.aws.amazon.com/directconnect/latest/UserGuide/direct-connect-gateways-intro.html).
var directConnect = []Kind{
	virtualInterface("AWS::DirectConnect::PrivateVirtualInterface", "private"),
	virtualInterface("AWS::DirectConnect::TransitVirtualInterface", "transit"),
	virtualInterface("AWS::DirectConnect::PublicVirtualInterface", "public"),
	{
		Type: "AWS::DirectConnect::DirectConnectGateway", Global: true,
		ARN: "arn:${Partition}:directconnect::${Account}:dx-gateway/${ID}",
		Calls: []Call{{
			Op: "directconnect:DescribeDirectConnectGateways", Lists: true, Member: "directConnectGateways", Gives: []string{"*"}, Read: reading{
				member: "directConnectGateways", id: "directConnectGatewayId", account: "ownerAccount", camel: true, props: []string{"directConnectGatewayName", "tags"},
				observed: []string{"DirectConnectGatewayId=directConnectGatewayId", "State=directConnectGatewayState", "OwnerAccount=ownerAccount"},
				state:    "directConnectGatewayState", gone: []string{"deleted"},
				more: func(_ *Answer, x map[string]any, r *haetae.Resource) {
					if n := x["amazonSideAsn"]; n != nil {
						r.Props["AmazonSideAsn"] = fmt.Sprint(n) // a string in CloudFormation
					}
				},
			}.read,
		}},
	}, {
		Type: "AWS::DirectConnect::DirectConnectGatewayAssociation", Global: true, Of: "AWS::DirectConnect::DirectConnectGateway",
		Calls: []Call{{
			Op: "directconnect:DescribeDirectConnectGatewayAssociations", Lists: true, Member: "directConnectGatewayAssociations", Param: "directConnectGatewayId",
			Each: directGateways, Gives: []string{"*"}, Read: reading{
				member: "directConnectGatewayAssociations", id: "associationId", state: "associationState", gone: []string{"disassociated"},
				props: []string{"DirectConnectGatewayId=directConnectGatewayId"}, more: gatewayAssociation,
				observed: []string{"AssociationId=associationId", "State=associationState", "OwnerAccount=directConnectGatewayOwnerAccount"},
			}.read,
		}},
	},
}

// virtualInterface is the kind of the virtual interfaces of one type; one answer
// tells of all three. What both sides sign with is a secret.
func virtualInterface(typ, kind string) Kind {
	return Kind{
		Type: typ,
		ARN:  "arn:${Partition}:directconnect:${Region}:${Account}:dxvif/${ID}",
		Calls: []Call{{
			Op: "directconnect:DescribeVirtualInterfaces", Lists: true, Member: "virtualInterfaces", Gives: []string{"*"}, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("virtualInterfaces") {
					if str(x, "virtualInterfaceType") == kind && str(x, "virtualInterfaceState") != "deleted" {
						out = append(out, interfaceOf(a, x, kind))
					}
				}
				return out
			},
		}},
	}
}

func interfaceOf(a *Answer, x map[string]any, kind string) *haetae.Resource {
	p := take(x, "ConnectionId=connectionId", "VirtualInterfaceName=virtualInterfaceName", "Vlan=vlan", "RateLimit=rateLimit")
	if kind != "public" {
		for k, v := range take(x, "DirectConnectGatewayId=directConnectGatewayId", "EnableSiteLink=siteLinkEnabled", "Mtu=mtu") {
			p[k] = v
		}
	} else if list := pluck(x["routeFilterPrefixes"], "cidr"); len(list) > 0 {
		p["RouteFilterPrefixes"] = list
	}
	if id := str(x, "virtualGatewayId"); id != "" && kind == "private" {
		p["VirtualGatewayId"] = id
	}
	peers, states := []any{}, []any{}
	for b := range objects(x["bgpPeers"]) {
		peer := take(b, "BgpPeerId=bgpPeerId", "AddressFamily=addressFamily", "AmazonAddress=amazonAddress", "CustomerAddress=customerAddress")
		if n := b["asn"]; n != nil {
			peer["Asn"] = fmt.Sprint(n)
		}
		if n := b["asnLong"]; n != nil {
			peer["Asn"] = fmt.Sprint(n)
		}
		if key := str(b, "authKey"); key != "" {
			peer["AuthKey"] = a.Secret("bgp-key", key)
		}
		peers = append(peers, peer)
		states = append(states, take(b, "BgpPeerId=bgpPeerId", "State=bgpPeerState", "Status=bgpStatus"))
	}
	p["BgpPeers"] = peers
	p["Tags"] = pascal(listOf(x["tags"]))
	r := resource(str(x, "virtualInterfaceId"), p)
	r.Account, r.Region = str(x, "ownerAccount"), str(x, "region")
	r.Observed = take(x, "VirtualInterfaceId=virtualInterfaceId", "State=virtualInterfaceState", "OwnerAccount=ownerAccount", "AmazonSideAsn=amazonSideAsn",
		"AddressFamily=addressFamily", "Location=location")
	r.Volatile = map[string]any{"BgpStatus": states}
	return r
}

// gatewayAssociation reads what a gateway leads to, and the prefixes that are
// told to the other end of the line.
func gatewayAssociation(_ *Answer, x map[string]any, r *haetae.Resource) {
	for _, from := range []string{"associatedGateway", "associatedCoreNetwork"} {
		if g := object(x, from); g != nil {
			for k, v := range take(g, "AssociatedGatewayId=id") {
				r.Props[k] = v
			}
			r.Observed["AssociatedGateway"] = take(g, "Type=type", "Region=region", "OwnerAccount=ownerAccount", "AttachmentId=attachmentId")
		}
	}
	r.Props["AllowedPrefixesToDirectConnectGateway"] = pluck(x["allowedPrefixesToDirectConnectGateway"], "cidr")
}
