package inventory

import "testing"

func TestCoreNetworksRulesAndWhatDecidesAboutNames(t *testing.T) {
	const service = "arn:aws:vpc-lattice:eu-west-1:111122223333:service/svc-1"
	checkReaders(t, []readerCase{
		{
			"a core network", "networkmanager:ListCoreNetworks",
			`{"CoreNetworks":[{"CoreNetworkId":"core-network-1","CoreNetworkArn":"arn:aws:networkmanager::111122223333:core-network/core-network-1","GlobalNetworkId":"global-network-1","OwnerAccountId":"111122223333","State":"AVAILABLE","Tags":[{"Key":"a","Value":"b"}]},{"CoreNetworkId":"core-network-2","State":"DELETING"}]}`,
			"AWS::NetworkManager::CoreNetwork", "core-network-1",
			map[string]string{"GlobalNetworkId": `"global-network-1"`, "ARN": `"arn:aws:networkmanager::111122223333:core-network/core-network-1"`, "Observed.State": `"AVAILABLE"`},
		}, {
			"the policy that is live", "networkmanager:GetCoreNetworkPolicy",
			`{"CoreNetworkId":"core-network-1","CoreNetworkPolicy":{"CoreNetworkId":"core-network-1","PolicyVersionId":3,"Alias":"LIVE","PolicyDocument":"{\"version\":\"2021.12\",\"segments\":[{\"name\":\"prod\"}]}"}}`,
			"AWS::NetworkManager::CoreNetwork", "core-network-1", map[string]string{"PolicyDocument": `{"version":"2021.12","segments":[{"name":"prod"}]}`},
		}, {
			"a VPC is attached", "networkmanager:ListAttachments",
			`{"Attachments":[{"AttachmentId":"attachment-1","CoreNetworkId":"core-network-1","AttachmentType":"VPC","State":"AVAILABLE","EdgeLocation":"eu-west-1","ResourceArn":"arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1","SegmentName":"prod","OwnerAccountId":"111122223333"}]}`,
			"AWS::NetworkManager::VpcAttachment", "attachment-1",
			map[string]string{"CoreNetworkId": `"core-network-1"`, "VpcArn": `"arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1"`, "Observed.SegmentName": `"prod"`, "Observed.EdgeLocation": `"eu-west-1"`},
		}, {
			"a VPN is attached", "networkmanager:ListAttachments",
			`{"Attachments":[{"AttachmentId":"attachment-2","CoreNetworkId":"core-network-1","AttachmentType":"SITE_TO_SITE_VPN","State":"AVAILABLE","ResourceArn":"arn:aws:ec2:eu-west-1:111122223333:vpn-connection/vpn-1","SegmentName":"hybrid"}]}`,
			"AWS::NetworkManager::SiteToSiteVpnAttachment", "attachment-2", map[string]string{"VpnConnectionArn": `"arn:aws:ec2:eu-west-1:111122223333:vpn-connection/vpn-1"`},
		}, {
			"a table of a transit gateway is attached", "networkmanager:ListAttachments",
			`{"Attachments":[{"AttachmentId":"attachment-3","CoreNetworkId":"core-network-1","AttachmentType":"TRANSIT_GATEWAY_ROUTE_TABLE","State":"AVAILABLE","ResourceArn":"arn:t"}]}`,
			"AWS::NetworkManager::TransitGatewayRouteTableAttachment", "attachment-3", map[string]string{"TransitGatewayRouteTableArn": `"arn:t"`, "Observed.CoreNetworkId": `"core-network-1"`},
		}, {
			"the subnets of an attachment", "networkmanager:GetVpcAttachment",
			`{"AttachmentId":"attachment-1","VpcAttachment":{"Attachment":{"AttachmentId":"attachment-1"},"SubnetArns":["arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1"],"Options":{"Ipv6Support":false,"ApplianceModeSupport":true}}}`,
			"AWS::NetworkManager::VpcAttachment", "attachment-1",
			map[string]string{"SubnetArns": `["arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1"]`, "Options": `{"Ipv6Support":false,"ApplianceModeSupport":true}`},
		}, {
			"DNS Firewall fails open", "route53resolver:ListFirewallConfigs",
			`{"FirewallConfigs":[{"Id":"rslvr-fc-1","ResourceId":"vpc-1","OwnerId":"111122223333","FirewallFailOpen":"ENABLED"}]}`,
			"AWS::EC2::VPC", "vpc-1", map[string]string{"Observed.DnsFirewallFailOpen": `"ENABLED"`},
		}, {
			"the zones of a VPC", "route53:ListHostedZonesByVPC",
			`{"VPCId":"vpc-1","HostedZoneSummaries":[{"HostedZoneId":"Z1","Name":"corp.example.","Owner":{"OwningAccount":"444455556666"}},{"HostedZoneId":"Z2","Name":"efs.","Owner":{"OwningService":"efs.amazonaws.com"}}],"MaxItems":"100"}`,
			"AWS::EC2::VPC", "vpc-1",
			map[string]string{"Observed.HostedZones": `[{"HostedZoneId":"Z1","Name":"corp.example.","Owner":"444455556666"},{"HostedZoneId":"Z2","Name":"efs.","OwningService":"efs.amazonaws.com"}]`},
		}, {
			"a rule of a listener", "vpc-lattice:GetRule",
			`{"arn":"` + service + `/listener/listener-1/rule/rule-1","id":"rule-1","name":"r","priority":10,"isDefault":false,"listenerIdentifier":"` + service + `/listener/listener-1",
			  "match":{"httpMatch":{"pathMatch":{"match":{"prefix":"/a"}}}},"action":{"forward":{"targetGroups":[{"targetGroupIdentifier":"tg-1","weight":1}]}}}`,
			"AWS::VpcLattice::Rule", service + "/listener/listener-1/rule/rule-1",
			map[string]string{"Priority": `10`, "Match": `{"HttpMatch":{"PathMatch":{"Match":{"Prefix":"/a"}}}}`, "Action": `{"Forward":{"TargetGroups":[{"TargetGroupIdentifier":"tg-1","Weight":1}]}}`},
		},
	})
}
