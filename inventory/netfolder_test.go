package inventory

import (
	"testing"

	"github.com/haetae/haetae"
)

// Names of files without the service, as people write them.
func TestAFolderOfNetworkAnswersIsReadByTheNamesOfCommands(t *testing.T) {
	s := load(t, `
-- 111122223333/eu-west-1/describe-transit-gateway-route-tables.json --
{"TransitGatewayRouteTables":[{"TransitGatewayRouteTableId":"tgw-rtb-1","TransitGatewayId":"tgw-1","State":"available"}]}
-- 111122223333/eu-west-1/search-transit-gateway-routes.tgw-rtb-1.json --
{"Routes":[{"DestinationCidrBlock":"10.1.0.0/16","Type":"propagated","State":"active","TransitGatewayAttachments":[{"TransitGatewayAttachmentId":"tgw-attach-1"}]}],"AdditionalRoutesAvailable":false}
-- 111122223333/eu-west-1/describe-transit-gateway-attachments.json --
{"TransitGatewayAttachments":[{"TransitGatewayAttachmentId":"tgw-attach-1","ResourceType":"peering","State":"available"}]}
-- 111122223333/eu-west-1/describe-transit-gateway-peering-attachments.json --
{"TransitGatewayPeeringAttachments":[{"TransitGatewayAttachmentId":"tgw-attach-1","State":"available","RequesterTgwInfo":{"TransitGatewayId":"tgw-1","Region":"eu-west-1"},"AccepterTgwInfo":{"TransitGatewayId":"tgw-2","Region":"us-east-1"}}]}
-- 111122223333/eu-west-1/describe-client-vpn-endpoints.json --
{"ClientVpnEndpoints":[{"ClientVpnEndpointId":"cvpn-1","Status":{"Code":"available"}}]}
-- 111122223333/eu-west-1/describe-client-vpn-routes.cvpn-1.json --
{"Routes":[{"ClientVpnEndpointId":"cvpn-1","DestinationCidr":"0.0.0.0/0","TargetSubnet":"subnet-1","Status":{"Code":"active"}}]}
-- 111122223333/eu-west-1/describe-client-vpn-target-networks.cvpn-1.json --
{"ClientVpnTargetNetworks":[]}
-- 111122223333/eu-west-1/list-firewalls.json --
{"Firewalls":[{"FirewallName":"edge","FirewallArn":"arn:aws:network-firewall:eu-west-1:111122223333:firewall/edge"}]}
-- 111122223333/eu-west-1/describe-firewall.edge.json --
{"Firewall":{"FirewallName":"edge","FirewallArn":"arn:aws:network-firewall:eu-west-1:111122223333:firewall/edge"},"FirewallStatus":{"SyncStates":{"eu-west-1a":{"Attachment":{"SubnetId":"subnet-1","EndpointId":"vpce-1","Status":"READY"}}}}}
-- 111122223333/eu-west-1/list-vpc-endpoint-associations.json --
{"VpcEndpointAssociations":[]}
-- 111122223333/eu-west-1/describe-virtual-interfaces.json --
{"virtualInterfaces":[{"virtualInterfaceId":"dxvif-1","virtualInterfaceType":"private","virtualInterfaceState":"available","region":"eu-west-1"}]}
-- 111122223333/global/describe-direct-connect-gateways.json --
{"directConnectGateways":[{"directConnectGatewayId":"dxgw-1","ownerAccount":"111122223333","directConnectGatewayState":"available"}]}
-- 111122223333/global/describe-direct-connect-gateway-associations.dxgw-1.json --
{"directConnectGatewayAssociations":[{"associationId":"a","directConnectGatewayId":"dxgw-1","associationState":"associated","associatedGateway":{"id":"tgw-1","type":"transitGateway"},"allowedPrefixesToDirectConnectGateway":[{"cidr":"10.0.0.0/8"}]}]}
-- 111122223333/global/list-accelerators.json --
{"Accelerators":[{"AcceleratorArn":"arn:aws:globalaccelerator::111122223333:accelerator/1","Enabled":true,"IpSets":[{"IpAddresses":["198.51.100.1"],"IpAddressFamily":"IPv4"}]}]}
-- 111122223333/eu-west-1/list-resolver-endpoints.json --
{"ResolverEndpoints":[{"Id":"rslvr-out-1","Direction":"OUTBOUND","Status":"OPERATIONAL"}]}
-- 111122223333/eu-west-1/list-resolver-endpoint-ip-addresses.rslvr-out-1.json --
{"IpAddresses":[{"IpId":"i","Ip":"10.0.0.53","SubnetId":"subnet-1"}]}
-- 111122223333/eu-west-1/list-service-networks.json --
{"items":[{"id":"sn-1","name":"mesh","arn":"arn:aws:vpc-lattice:eu-west-1:111122223333:servicenetwork/sn-1","numberOfAssociatedServices":0}]}
-- 111122223333/eu-west-1/list-service-network-vpc-associations.json --
{"items":[]}
-- 111122223333/eu-west-1/list-resource-gateways.json --
{"items":[{"id":"rgw-1","name":"g","arn":"arn:aws:vpc-lattice:eu-west-1:111122223333:resourcegateway/rgw-1","subnetIds":["subnet-1"],"status":"ACTIVE"}]}
-- 111122223333/eu-west-1/describe-load-balancers.json --
{"LoadBalancers":[{"LoadBalancerArn":"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/1","LoadBalancerName":"shop","Type":"application"}]}
-- 111122223333/eu-west-1/describe-load-balancer-attributes.shop.json --
{"Attributes":[{"Key":"load_balancing.cross_zone.enabled","Value":"true"}]}
-- 111122223333/eu-west-1/describe-target-groups.json --
{"TargetGroups":[{"TargetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/1","TargetGroupName":"web"}]}
-- 111122223333/eu-west-1/describe-target-health.web.json --
{"TargetHealthDescriptions":[{"Target":{"Id":"i-1","Port":80},"TargetHealth":{"State":"healthy"}}]}
-- 111122223333/eu-west-1/describe-managed-prefix-lists.json --
{"PrefixLists":[{"PrefixListId":"pl-1","PrefixListName":"com.amazonaws.eu-west-1.s3","OwnerId":"AWS","MaxEntries":9}]}
-- 111122223333/eu-west-1/get-managed-prefix-list-entries.pl-1.json --
{"Entries":[{"Cidr":"198.51.100.0/24"}]}
-- 111122223333/eu-west-1/describe-security-group-vpc-associations.json --
{"SecurityGroupVpcAssociations":[{"GroupId":"sg-1","VpcId":"vpc-2","State":"associated"}]}
`, Options{})
	for _, p := range s.Problems {
		t.Errorf("%s: %s", p.Place.File, p.Error)
	}
	for _, c := range []struct{ typ, id, path, want string }{
		{"AWS::EC2::TransitGatewayRouteTable", "tgw-rtb-1", "Routes", `[{"DestinationCidrBlock":"10.1.0.0/16","Type":"propagated","Blackhole":false,"TransitGatewayAttachmentId":"tgw-attach-1"}]`},
		{"AWS::EC2::TransitGatewayAttachment", "tgw-attach-1", "Observed.Peering.Accepter", `{"TransitGatewayId":"tgw-2","Region":"us-east-1"}`},
		{"AWS::EC2::ClientVpnRoute", "cvpn-1|0.0.0.0/0|subnet-1", "TargetVpcSubnetId", `"subnet-1"`},
		{"AWS::NetworkFirewall::Firewall", "arn:aws:network-firewall:eu-west-1:111122223333:firewall/edge", "Observed.Endpoints", `[{"AvailabilityZone":"eu-west-1a","SubnetId":"subnet-1","EndpointId":"vpce-1","Status":"READY"}]`},
		{"AWS::DirectConnect::PrivateVirtualInterface", "dxvif-1", "Observed.State", `"available"`},
		{"AWS::DirectConnect::DirectConnectGatewayAssociation", "a", "AllowedPrefixesToDirectConnectGateway", `["10.0.0.0/8"]`},
		{"AWS::GlobalAccelerator::Accelerator", "arn:aws:globalaccelerator::111122223333:accelerator/1", "Observed.Ipv4Addresses", `["198.51.100.1"]`},
		{"AWS::Route53Resolver::ResolverEndpoint", "rslvr-out-1", "IpAddresses", `[{"SubnetId":"subnet-1","Ip":"10.0.0.53"}]`},
		{"AWS::VpcLattice::ResourceGateway", "arn:aws:vpc-lattice:eu-west-1:111122223333:resourcegateway/rgw-1", "SubnetIds", `["subnet-1"]`},
		{"AWS::ElasticLoadBalancingV2::LoadBalancer", "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/1", "LoadBalancerAttributes", `[{"Key":"load_balancing.cross_zone.enabled","Value":"true"}]`},
		{"AWS::ElasticLoadBalancingV2::TargetGroup", "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/1", "Targets", `[{"Id":"i-1","Port":80}]`},
		{"AWS::EC2::PrefixList", "pl-1", "Entries", `[{"Cidr":"198.51.100.0/24"}]`},
		{"AWS::EC2::SecurityGroupVpcAssociation", "sg-1|vpc-2", "VpcId", `"vpc-2"`},
	} {
		if got := atPath(find(t, s, c.typ, c.id), c.path); !sameJSON(t, got, c.want) {
			t.Errorf("%s of %s is %s, want %s", c.path, c.id, text(got), c.want)
		}
	}
	for typ, want := range map[string]haetae.CoverageStatus{
		"AWS::VpcLattice::ServiceNetworkVpcAssociation":     haetae.Complete, // an empty list is an empty list
		"AWS::NetworkFirewall::VpcEndpointAssociation":      haetae.Complete,
		"AWS::EC2::ClientVpnTargetNetworkAssociation":       haetae.Complete,
		"AWS::VpcLattice::ServiceNetworkServiceAssociation": haetae.Missing, // a missing file is missing coverage
	} {
		if c := covered(t, s, me, "eu-west-1", typ); c.Status != want {
			t.Errorf("%s is listed %s, want %s: %s", typ, c.Status, want, c.Detail)
		}
	}
}
