package inventory

import (
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

const (
	endpointServices = "ec2:DescribeVpcEndpointServiceConfigurations ServiceConfigurations[].ServiceId"
	clientEndpoints  = "ec2:DescribeClientVpnEndpoints ClientVpnEndpoints[].ClientVpnEndpointId"
)

// vpcAccess holds what lets clients into a network from outside, and what else
// belongs to one.
var vpcAccess = []Kind{{
	Type: "AWS::EC2::VPCEndpointService",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpc-endpoint-service/${ID}",
	Calls: []Call{
		{
			Op: "ec2:DescribeVpcEndpointServiceConfigurations", Lists: true, Member: "ServiceConfigurations", Gives: []string{"*"},
			Read: readEndpointServices,
		}, {
			Op: "ec2:DescribeVpcEndpointServicePermissions", Member: "AllowedPrincipals", Param: "ServiceId", Each: endpointServices,
			Gives: []string{"AllowedPrincipals"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(str(a.Body, "ServiceId"), map[string]any{"AllowedPrincipals": pluck(a.Body["AllowedPrincipals"], "Principal")})}
			},
		}, {
			Op: "ec2:DescribeVpcEndpointConnections", Member: "VpcEndpointConnections", Joins: true,
			Gives: []string{"Observed.Connections"}, Read: readEndpointConnections,
		},
	},
}, {
	Type: "AWS::EC2::InstanceConnectEndpoint",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:instance-connect-endpoint/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeInstanceConnectEndpoints", Lists: true, Member: "InstanceConnectEndpoints", Gives: []string{"*"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for x := range a.each("InstanceConnectEndpoints") {
				if s := str(x, "State"); s == "delete-complete" || s == "delete-in-progress" {
					continue
				}
				r := resource(str(x, "InstanceConnectEndpointId"), take(x, "SubnetId", "PreserveClientIp", "SecurityGroupIds", "Tags"))
				r.ARN, r.Account = str(x, "InstanceConnectEndpointArn"), str(x, "OwnerId")
				r.Observed = take(x, "Id=InstanceConnectEndpointId", "InstanceConnectEndpointArn", "State", "VpcId", "OwnerId", "AvailabilityZone", "NetworkInterfaceIds", "CreatedAt")
				out = append(out, r)
			}
			return out
		},
	}},
}, {
	Type: "AWS::EC2::ClientVpnEndpoint", Finish: clientVPNTags,
	ARN: "arn:${Partition}:ec2:${Region}:${Account}:client-vpn-endpoint/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeClientVpnEndpoints", Lists: true, Member: "ClientVpnEndpoints", Gives: []string{"*"}, Read: readClientVPN,
	}},
}, {
	Type: "AWS::EC2::ClientVpnAuthorizationRule", Of: "AWS::EC2::ClientVpnEndpoint",
	Calls: []Call{{
		Op: "ec2:DescribeClientVpnAuthorizationRules", Lists: true, Member: "AuthorizationRules", Param: "ClientVpnEndpointId",
		Each: clientEndpoints, Gives: []string{"*"}, Read: readVPNRules,
	}},
}, {
	Type: "AWS::EC2::ClientVpnRoute", Of: "AWS::EC2::ClientVpnEndpoint",
	Calls: []Call{{
		Op: "ec2:DescribeClientVpnRoutes", Lists: true, Member: "Routes[].ClientVpnEndpointId", Param: "ClientVpnEndpointId", Each: clientEndpoints,
		Gives: []string{"*"}, Read: reading{
			member: "Routes", id: "ClientVpnEndpointId|DestinationCidr|TargetSubnet", state: "Status.Code", gone: []string{"deleting"},
			props:    []string{"ClientVpnEndpointId", "DestinationCidrBlock=DestinationCidr", "TargetVpcSubnetId=TargetSubnet", "Description"},
			observed: []string{"Type", "Origin", "Status=Status.Code", "TransitGatewayAttachmentId"},
		}.read,
	}},
}, {
	Type: "AWS::EC2::ClientVpnTargetNetworkAssociation", Of: "AWS::EC2::ClientVpnEndpoint",
	Calls: []Call{{
		Op: "ec2:DescribeClientVpnTargetNetworks", Lists: true, Member: "ClientVpnTargetNetworks", Param: "ClientVpnEndpointId", Each: clientEndpoints,
		Gives: []string{"*"}, Read: reading{
			member: "ClientVpnTargetNetworks", id: "AssociationId", state: "Status.Code", gone: []string{"disassociating", "disassociated"},
			props: []string{"ClientVpnEndpointId", "SubnetId=TargetNetworkId"}, observed: []string{"Id=AssociationId", "VpcId", "SecurityGroups", "Status=Status.Code"},
		}.read,
	}},
}, {
	// A security group may serve further VPCs than its own.
	Type: "AWS::EC2::SecurityGroupVpcAssociation",
	Calls: []Call{{
		Op: "ec2:DescribeSecurityGroupVpcAssociations", Lists: true, Member: "SecurityGroupVpcAssociations", Gives: []string{"*"}, Read: reading{
			member: "SecurityGroupVpcAssociations", id: "GroupId|VpcId", account: "GroupOwnerId", state: "State", gone: []string{"disassociated"},
			props: []string{"GroupId", "VpcId"}, observed: []string{"State", "StateReason", "VpcOwnerId"},
		}.read,
	}},
}, {
	Type: "AWS::EC2::DHCPOptions",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:dhcp-options/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeDhcpOptions", Lists: true, Member: "DhcpOptions", Gives: []string{"*"}, Read: readDHCP},
	},
}, {
	Type: "AWS::EC2::CarrierGateway",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:carrier-gateway/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeCarrierGateways", Lists: true, Member: "CarrierGateways", Gives: []string{"*"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for x := range a.each("CarrierGateways") {
				if gone(x) {
					continue
				}
				r := resource(str(x, "CarrierGatewayId"), take(x, "VpcId", "Tags"))
				r.Account = str(x, "OwnerId")
				r.Observed = take(x, "CarrierGatewayId", "State", "OwnerId")
				out = append(out, r)
			}
			return out
		},
	}},
}, {
	Type: "AWS::EC2::VPCBlockPublicAccessExclusion",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpc-block-public-access-exclusion/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeVpcBlockPublicAccessExclusions", Lists: true, Member: "VpcBlockPublicAccessExclusions", Gives: []string{"*"},
		Read: readExclusions,
	}},
}}

func readEndpointServices(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("ServiceConfigurations") {
		if str(x, "ServiceState") == "Deleted" {
			continue
		}
		p := take(x, "AcceptanceRequired", "NetworkLoadBalancerArns", "GatewayLoadBalancerArns", "PayerResponsibility", "SupportedIpAddressTypes", "Tags")
		if n := str(x, "PrivateDnsName"); n != "" {
			p["PrivateDnsName"] = n
		}
		if regions := pluck(x["SupportedRegions"], "Region"); len(regions) > 0 {
			p["SupportedRegions"] = regions
		}
		r := resource(str(x, "ServiceId"), p)
		r.Observed = take(x, "ServiceId", "ServiceName", "ServiceState", "AvailabilityZones", "BaseEndpointDnsNames", "ManagesVpcEndpoints",
			"RemoteAccessEnabled", "PrivateDnsNameConfiguration")
		r.Observed["ServiceTypes"] = pluck(x["ServiceType"], "ServiceType")
		out = append(out, r)
	}
	return out
}

func readEndpointConnections(a *Answer) (out []*haetae.Resource) {
	of := map[string][]any{}
	var order []string
	for x := range a.each("VpcEndpointConnections") {
		id := str(x, "ServiceId")
		if id == "" {
			continue
		}
		if of[id] == nil {
			order = append(order, id)
		}
		of[id] = append(of[id], take(x, "VpcEndpointId", "VpcEndpointOwner", "VpcEndpointState"))
	}
	for _, id := range order {
		r := resource(id, nil)
		r.Observed = map[string]any{"Connections": of[id]}
		out = append(out, r)
	}
	return out
}

func readClientVPN(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("ClientVpnEndpoints") {
		if s := str(x, "Status.Code"); s == "deleted" || s == "deleting" {
			continue
		}
		p := take(x, "ClientCidrBlock", "Description", "DnsServers", "SecurityGroupIds", "ServerCertificateArn", "SessionTimeoutHours",
			"SplitTunnel", "TransportProtocol", "VpcId", "VpnPort", "ClientLoginBannerOptions", "ClientRouteEnforcementOptions",
			"DisconnectOnSessionTimeout", "EndpointIpAddressType", "TrafficIpAddressType",
			"ClientConnectOptions.Enabled=ClientConnectOptions.Enabled", "ClientConnectOptions.LambdaFunctionArn=ClientConnectOptions.LambdaFunctionArn",
			"ConnectionLogOptions.Enabled=ConnectionLogOptions.Enabled", "ConnectionLogOptions.CloudwatchLogGroup=ConnectionLogOptions.CloudwatchLogGroup",
			"ConnectionLogOptions.CloudwatchLogStream=ConnectionLogOptions.CloudwatchLogStream")
		ways := []any{}
		for w := range objects(x["AuthenticationOptions"]) {
			ways = append(ways, take(w, "Type", "ActiveDirectory.DirectoryId=ActiveDirectory.DirectoryId",
				"MutualAuthentication.ClientRootCertificateChainArn=MutualAuthentication.ClientRootCertificateChain",
				"FederatedAuthentication.SAMLProviderArn=FederatedAuthentication.SamlProviderArn",
				"FederatedAuthentication.SelfServiceSAMLProviderArn=FederatedAuthentication.SelfServiceSamlProviderArn"))
		}
		p["AuthenticationOptions"] = ways
		p["SelfServicePortal"] = "disabled"
		if str(x, "SelfServicePortalUrl") != "" {
			p["SelfServicePortal"] = "enabled"
		}
		p["TagSpecifications"] = []any{}
		if tags := listOf(x["Tags"]); len(tags) > 0 {
			p["TagSpecifications"] = []any{map[string]any{"ResourceType": "client-vpn-endpoint", "Tags": tags}}
		}
		r := resource(str(x, "ClientVpnEndpointId"), p)
		r.Observed = map[string]any{"Id": r.ID}
		out = append(out, r)
	}
	return out
}

// clientVPNTags fills the tags from the only place where the type has them.
func clientVPNTags(r *haetae.Resource) {
	for s := range objects(r.Props["TagSpecifications"]) {
		for t := range objects(s["Tags"]) {
			if r.Tags == nil {
				r.Tags = map[string]any{}
			}
			r.Tags[str(t, "Key")] = str(t, "Value")
		}
	}
}

func readVPNRules(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("AuthorizationRules") {
		p := take(x, "ClientVpnEndpointId", "Description", "TargetNetworkCidr=DestinationCidr", "AuthorizeAllGroups=AccessAll")
		if p["ClientVpnEndpointId"] == nil && str(a.Body, "ClientVpnEndpointId") != "" {
			p["ClientVpnEndpointId"] = a.Body["ClientVpnEndpointId"]
		}
		if g := str(x, "GroupId"); g != "" {
			p["AccessGroupId"] = g
		}
		// A rule has no name of its own: its endpoint, network and group are it.
		r := pair(p, "ClientVpnEndpointId", "TargetNetworkCidr")
		if g := str(x, "GroupId"); g != "" && r.ID != "" {
			r.ID += "|" + g
		}
		out = append(out, r)
	}
	return out
}

func readDHCP(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("DhcpOptions") {
		p := take(x, "Tags")
		for c := range objects(x["DhcpConfigurations"]) {
			values := pluck(c["Values"], "Value")
			if len(values) == 0 {
				continue
			}
			first, _ := values[0].(string)
			number, err := strconv.ParseInt(first, 10, 64)
			switch str(c, "Key") {
			case "domain-name":
				p["DomainName"] = first
			case "domain-name-servers":
				p["DomainNameServers"] = values
			case "ntp-servers":
				p["NtpServers"] = values
			case "netbios-name-servers":
				p["NetbiosNameServers"] = values
			case "netbios-node-type":
				if err == nil {
					p["NetbiosNodeType"] = number
				}
			case "ipv6-address-preferred-lease-time":
				if err == nil {
					p["Ipv6AddressPreferredLeaseTime"] = number
				}
			}
		}
		r := resource(str(x, "DhcpOptionsId"), p)
		r.Account = str(x, "OwnerId")
		r.Observed = take(x, "DhcpOptionsId")
		out = append(out, r)
	}
	return out
}

func readExclusions(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("VpcBlockPublicAccessExclusions") {
		if strings.HasPrefix(str(x, "State"), "delete-") || strings.HasPrefix(str(x, "State"), "disable-") {
			continue
		}
		p := take(x, "InternetGatewayExclusionMode", "Tags")
		switch name := str(x, "ResourceArn"); {
		case strings.Contains(name, ":vpc/"):
			p["VpcId"] = last(name)
		case strings.Contains(name, ":subnet/"):
			p["SubnetId"] = last(name)
		}
		r := resource(str(x, "ExclusionId"), p)
		r.Observed = take(x, "ExclusionId")
		out = append(out, r)
	}
	return out
}
