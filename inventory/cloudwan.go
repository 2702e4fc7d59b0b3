package inventory

import (
	"encoding/json"

	"github.com/haetae/haetae"
)

const coreNetworks = "networkmanager:ListCoreNetworks CoreNetworks[].CoreNetworkId"

// cloudWAN holds core networks, their policies and what is attached to them. Only
// one region tells of them
// (https://docs.aws.amazon.com/network-manager/latest/cloudwan/what-is-cloudwan.html).
var cloudWAN = []Kind{{
	Type: "AWS::NetworkManager::CoreNetwork", Global: true,
	ARN: "arn:${Partition}:networkmanager::${Account}:core-network/${ID}",
	Calls: []Call{
		{
			Op: "networkmanager:ListCoreNetworks", Home: oregon, Lists: true, Member: "CoreNetworks", Gives: []string{"*"}, Read: reading{
				member: "CoreNetworks", id: "CoreNetworkId", arn: "CoreNetworkArn", account: "OwnerAccountId", state: "State", gone: []string{"DELETING"},
				props:    []string{"GlobalNetworkId", "Description", "Tags"},
				observed: []string{"CoreNetworkId", "CoreNetworkArn", "OwnerAccount=OwnerAccountId", "State"},
			}.read,
		}, {
			Op: "networkmanager:GetCoreNetworkPolicy", Home: oregon, Member: "CoreNetworkPolicy.PolicyDocument", Param: "CoreNetworkId", Each: coreNetworks,
			Params: map[string]any{"Alias": "LIVE"}, Absent: notFound, Gives: []string{"PolicyDocument"},
			Read: folds("CoreNetworkId", func(a *Answer) (props, observed map[string]any) {
				text := str(a.Body, "CoreNetworkPolicy.PolicyDocument")
				if text == "" {
					return nil, nil
				}
				var document any
				if err := json.Unmarshal([]byte(text), &document); err != nil {
					document = &haetae.Unknown{Reason: haetae.Unreadable, Detail: "the policy document does not parse: " + err.Error(), Set: true}
				}
				return map[string]any{"PolicyDocument": document}, nil
			}),
		},
	},
},
	coreAttachment("AWS::NetworkManager::VpcAttachment", "VPC", []string{"CoreNetworkId", "VpcArn=ResourceArn", "Tags"},
		Call{
			Op: "networkmanager:GetVpcAttachment", Home: oregon, Member: "VpcAttachment", Param: "AttachmentId",
			Each: "networkmanager:ListAttachments Attachments[?AttachmentType=='VPC'].AttachmentId", Gives: []string{"SubnetArns", "Options"},
			Read: folds("AttachmentId", func(a *Answer) (props, observed map[string]any) {
				return take(object(a.Body, "VpcAttachment"), "SubnetArns", "Options"), nil
			}),
		}),
	coreAttachment("AWS::NetworkManager::SiteToSiteVpnAttachment", "SITE_TO_SITE_VPN", []string{"CoreNetworkId", "VpnConnectionArn=ResourceArn", "Tags"}),
	coreAttachment("AWS::NetworkManager::ConnectAttachment", "CONNECT", []string{"CoreNetworkId", "EdgeLocation", "Tags"}),
	coreAttachment("AWS::NetworkManager::DirectConnectGatewayAttachment", "DIRECT_CONNECT_GATEWAY", []string{"CoreNetworkId", "DirectConnectGatewayArn=ResourceArn", "EdgeLocations", "Tags"}),
	coreAttachment("AWS::NetworkManager::TransitGatewayRouteTableAttachment", "TRANSIT_GATEWAY_ROUTE_TABLE", []string{"TransitGatewayRouteTableArn=ResourceArn", "Tags"}),
}

// coreAttachment is the kind of the attachments of one type.
func coreAttachment(typ, kind string, props []string, more ...Call) Kind {
	return Kind{
		Type: typ, Global: true,
		ARN: "arn:${Partition}:networkmanager::${Account}:attachment/${ID}",
		Calls: append([]Call{{
			Op: "networkmanager:ListAttachments", Home: oregon, Lists: true, Member: "Attachments", Gives: []string{"*"}, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("Attachments") {
					if s := str(x, "State"); str(x, "AttachmentType") != kind || s == "DELETING" || s == "REJECTED" {
						continue
					}
					r := resource(str(x, "AttachmentId"), take(x, props...))
					r.Account = str(x, "OwnerAccountId")
					r.Observed = take(x, "AttachmentId", "AttachmentType", "CoreNetworkArn", "AttachmentPolicyRuleNumber", "EdgeLocation",
						"NetworkFunctionGroupName", "OwnerAccountId", "ResourceArn", "SegmentName", "State")
					if r.Props["CoreNetworkId"] == nil {
						r.Observed["CoreNetworkId"] = x["CoreNetworkId"]
					}
					out = append(out, r)
				}
				return out
			},
		}}, more...),
	}
}
