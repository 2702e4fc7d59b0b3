package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// vpc holds networks and what is in them, transit between them apart.
var vpc = []Kind{{
	Type: "AWS::EC2::VPC",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpc/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeVpcs", Lists: true, Member: "Vpcs", Gives: []string{"*"}, Read: readVPCs},
		vpcAttribute("EnableDnsSupport", "enableDnsSupport"),
		vpcAttribute("EnableDnsHostnames", "enableDnsHostnames"),
		dnsFailOpen(), zonesOfVPC(),
	},
}, {
	Type: "AWS::EC2::Subnet",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:subnet/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeSubnets", Lists: true, Member: "Subnets[].CidrBlock", Gives: []string{"*"}, Read: readSubnets},
	},
}, {
	Type: "AWS::EC2::SecurityGroup", Name: "GroupName",
	ARN: "arn:${Partition}:ec2:${Region}:${Account}:security-group/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeSecurityGroups", Lists: true, Member: "SecurityGroups", Gives: []string{"*"}, Read: readSecurityGroups},
	},
}, {
	Type: "AWS::EC2::NetworkAcl",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:network-acl/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeNetworkAcls", Lists: true, Member: "NetworkAcls", Gives: []string{"*"}, Read: readNetworkACLs},
	},
}, {
	Type: "AWS::EC2::RouteTable",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:route-table/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeRouteTables", Lists: true, Member: "RouteTables", Gives: []string{"*"}, Read: readRouteTables},
	},
}, {
	Type: "AWS::EC2::InternetGateway",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:internet-gateway/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeInternetGateways", Lists: true, Member: "InternetGateways", Gives: []string{"*"}, Read: readInternetGateways},
	},
}, {
	Type: "AWS::EC2::EgressOnlyInternetGateway",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:egress-only-internet-gateway/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeEgressOnlyInternetGateways", Lists: true, Member: "EgressOnlyInternetGateways",
		Gives: []string{"*"}, Read: readEgressOnly,
	}},
}, {
	Type: "AWS::EC2::NatGateway",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:natgateway/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeNatGateways", Lists: true, Member: "NatGateways", Gives: []string{"*"}, Read: readNATGateways},
	},
}, {
	Type: "AWS::EC2::VPCEndpoint",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpc-endpoint/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeVpcEndpoints", Lists: true, Member: "VpcEndpoints", Gives: []string{"*"}, Read: readEndpoints},
	},
}, {
	Type: "AWS::EC2::VPCPeeringConnection",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpc-peering-connection/${ID}",
	Calls: []Call{{
		Op: "ec2:DescribeVpcPeeringConnections", Lists: true, Member: "VpcPeeringConnections",
		Gives: []string{"*"}, Read: readPeerings,
	}},
}, {
	Type: "AWS::EC2::FlowLog",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:vpc-flow-log/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeFlowLogs", Lists: true, Member: "FlowLogs", Gives: []string{"*"}, Read: readFlowLogs},
	},
}, {
	Type: "AWS::EC2::NetworkInterface",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:network-interface/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeNetworkInterfaces", Lists: true, Member: "NetworkInterfaces", Params: managedToo, Gives: []string{"*"}, Read: readInterfaces},
	},
}, {
	Type: "AWS::EC2::EIP",
	ARN:  "arn:${Partition}:ec2:${Region}:${Account}:elastic-ip/${ID}",
	Calls: []Call{
		{Op: "ec2:DescribeAddresses", Lists: true, Member: "Addresses[].PublicIp", Gives: []string{"*"}, Read: readAddresses},
	},
}, {
	Type: "AWS::EC2::PrefixList", Name: "PrefixListName",
	Calls: []Call{
		{Op: "ec2:DescribeManagedPrefixLists", Lists: true, Member: "PrefixLists[].MaxEntries", Gives: []string{"*"}, Read: readPrefixLists},
		{
			Op: "ec2:GetManagedPrefixListEntries", Member: "Entries[].Cidr", Param: "PrefixListId",
			Each:  "ec2:DescribeManagedPrefixLists PrefixLists[].PrefixListId",
			Gives: []string{"Entries"}, Read: readPrefixListEntries,
		},
	},
}}

func vpcAttribute(name, arg string) Call {
	return Call{
		Op: "ec2:DescribeVpcAttribute", Member: name, Param: "VpcId",
		Each: "ec2:DescribeVpcs Vpcs[].VpcId", Params: map[string]any{"Attribute": arg}, Gives: []string{name},
		Read: func(a *Answer) []*haetae.Resource {
			return []*haetae.Resource{resource(str(a.Body, "VpcId"), take(a.Body, name+"="+name+".Value"))}
		},
	}
}

func readVPCs(a *Answer) (out []*haetae.Resource) {
	for v := range a.each("Vpcs") {
		p := take(v, "CidrBlock", "InstanceTenancy", "DhcpOptionsId", "Tags")
		blocks, six, states := []any{}, []any{}, []any{}
		for x := range objects(v["CidrBlockAssociationSet"]) {
			states = append(states, take(x, "CidrBlock", "State=CidrBlockState.State"))
			if c := x["CidrBlock"]; c != nil && c != v["CidrBlock"] && associated(x, "CidrBlockState") {
				blocks = append(blocks, map[string]any{"CidrBlock": c})
			}
		}
		for x := range objects(v["Ipv6CidrBlockAssociationSet"]) {
			states = append(states, take(x, "CidrBlock=Ipv6CidrBlock", "State=Ipv6CidrBlockState.State"))
			if c := x["Ipv6CidrBlock"]; c != nil && associated(x, "Ipv6CidrBlockState") {
				blocks = append(blocks, map[string]any{"Ipv6CidrBlock": c})
				six = append(six, c)
			}
		}
		p["CidrBlocks"] = blocks
		r := resource(str(v, "VpcId"), p)
		r.Account = str(v, "OwnerId")
		r.Observed = take(v, "VpcId", "IsDefault", "State", "OwnerId")
		r.Observed["Ipv6CidrBlocks"], r.Observed["CidrBlockStates"] = six, states
		out = append(out, r)
	}
	return out
}

// associated tells whether an address block is in use.
func associated(x map[string]any, state string) bool {
	switch str(x, state+".State") {
	case "disassociated", "disassociating", "failed", "failing":
		return false
	}
	return true
}

func readSubnets(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("Subnets") {
		p := take(s, "AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId", "MapPublicIpOnLaunch",
			"AssignIpv6AddressOnCreation", "EnableDns64", "Ipv6Native", "OutpostArn", "EnableLniAtDeviceIndex",
			"PrivateDnsNameOptionsOnLaunch", "Tags")
		six := []any{}
		for x := range objects(s["Ipv6CidrBlockAssociationSet"]) {
			if c := x["Ipv6CidrBlock"]; c != nil && associated(x, "Ipv6CidrBlockState") {
				six = append(six, c)
			}
		}
		if len(six) > 0 {
			p["Ipv6CidrBlock"] = six[0]
		}
		r := resource(str(s, "SubnetId"), p)
		r.ARN, r.Account = str(s, "SubnetArn"), str(s, "OwnerId")
		r.Observed = take(s, "SubnetId", "State", "DefaultForAz", "OwnerId", "BlockPublicAccessStates")
		r.Observed["Ipv6CidrBlocks"] = six
		r.Volatile = take(s, "AvailableIpAddressCount")
		out = append(out, r)
	}
	return out
}

func readSecurityGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("SecurityGroups") {
		p := take(g, "GroupName", "GroupDescription=Description", "VpcId", "Tags")
		p["SecurityGroupIngress"] = rules(g["IpPermissions"], "Source")
		p["SecurityGroupEgress"] = rules(g["IpPermissionsEgress"], "Destination")
		r := resource(str(g, "GroupId"), p)
		r.ARN, r.Account = str(g, "SecurityGroupArn"), str(g, "OwnerId")
		r.Observed = take(g, "GroupId", "OwnerId")
		out = append(out, r)
	}
	return out
}

// rules makes one rule of each peer of a permission, as CloudFormation has it.
// peer is "Source" or "Destination".
func rules(permissions any, peer string) []any {
	list := []any{}
	for p := range objects(permissions) {
		base := take(p, "IpProtocol", "FromPort", "ToPort")
		add := func(x map[string]any, names ...string) {
			rule := maps.Clone(base)
			maps.Copy(rule, take(x, append(names, "Description")...))
			list = append(list, rule)
		}
		for x := range objects(p["IpRanges"]) {
			add(x, "CidrIp")
		}
		for x := range objects(p["Ipv6Ranges"]) {
			add(x, "CidrIpv6")
		}
		for x := range objects(p["PrefixListIds"]) {
			add(x, peer+"PrefixListId=PrefixListId")
		}
		for x := range objects(p["UserIdGroupPairs"]) {
			names := []string{peer + "SecurityGroupId=GroupId"}
			if peer == "Source" {
				names = append(names, "SourceSecurityGroupName=GroupName", "SourceSecurityGroupOwnerId=UserId")
			}
			add(x, names...)
		}
	}
	return list
}

func readNetworkACLs(a *Answer) (out []*haetae.Resource) {
	for n := range a.each("NetworkAcls") {
		entries, subnets := []any{}, []any{}
		for x := range objects(n["Entries"]) {
			e := take(x, "CidrBlock", "Ipv6CidrBlock", "Egress", "RuleAction", "RuleNumber", "PortRange",
				"Protocol", "Icmp=IcmpTypeCode")
			if i, err := strconv.ParseInt(str(e, "Protocol"), 10, 64); err == nil {
				e["Protocol"] = i
			}
			entries = append(entries, e)
		}
		for x := range objects(n["Associations"]) {
			subnets = append(subnets, take(x, "SubnetId"))
		}
		p := take(n, "VpcId", "Tags")
		p["Entries"], p["Associations"] = entries, subnets
		r := resource(str(n, "NetworkAclId"), p)
		r.Account = str(n, "OwnerId")
		r.Observed = take(n, "IsDefault")
		out = append(out, r)
	}
	return out
}

func readRouteTables(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("RouteTables") {
		routes, states, assoc, vgws := []any{}, []any{}, []any{}, []any{}
		for x := range objects(t["Routes"]) {
			route := take(x, "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId",
				"GatewayId", "NatGatewayId", "TransitGatewayId", "LocalGatewayId", "CarrierGatewayId", "InstanceId",
				"NetworkInterfaceId", "VpcPeeringConnectionId", "EgressOnlyInternetGatewayId", "CoreNetworkArn", "OdbNetworkArn")
			if g := str(route, "GatewayId"); strings.HasPrefix(g, "vpce-") {
				delete(route, "GatewayId")
				route["VpcEndpointId"] = g
			}
			routes = append(routes, route)
			state := take(x, "State", "Origin")
			state["Destination"] = cmp.Or(str(x, "DestinationCidrBlock"), str(x, "DestinationIpv6CidrBlock"), str(x, "DestinationPrefixListId"))
			states = append(states, state)
		}
		for x := range objects(t["Associations"]) {
			if s := str(x, "AssociationState.State"); s == "disassociated" || s == "disassociating" || s == "failed" {
				continue
			}
			assoc = append(assoc, take(x, "SubnetId", "GatewayId", "Main"))
		}
		for x := range objects(t["PropagatingVgws"]) {
			vgws = append(vgws, take(x, "GatewayId"))
		}
		p := take(t, "VpcId", "Tags")
		p["Routes"], p["Associations"], p["PropagatingVgws"] = routes, assoc, vgws
		r := resource(str(t, "RouteTableId"), p)
		r.Account = str(t, "OwnerId")
		r.Observed = map[string]any{"RouteTableId": r.ID, "RouteStates": states}
		out = append(out, r)
	}
	return out
}

// attachments returns the VPCs that a gateway is attached to.
func attachments(v any) []any {
	list := []any{}
	for x := range objects(v) {
		if s := str(x, "State"); s != "detached" && s != "detaching" {
			list = append(list, take(x, "VpcId"))
		}
	}
	return list
}

func readInternetGateways(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("InternetGateways") {
		p := take(g, "Tags")
		p["Attachments"] = attachments(g["Attachments"])
		r := resource(str(g, "InternetGatewayId"), p)
		r.Account = str(g, "OwnerId")
		out = append(out, r)
	}
	return out
}

func readEgressOnly(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("EgressOnlyInternetGateways") {
		p := take(g, "Tags")
		for x := range objects(g["Attachments"]) {
			p["VpcId"] = x["VpcId"]
		}
		out = append(out, resource(str(g, "EgressOnlyInternetGatewayId"), p))
	}
	return out
}

func readNATGateways(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("NatGateways") {
		if str(g, "State") == "deleted" {
			continue // listed for an hour after it is gone
		}
		p := take(g, "SubnetId", "VpcId", "ConnectivityType", "Tags", "AvailabilityMode")
		r := resource(str(g, "NatGatewayId"), p)
		r.Observed = take(g, "NatGatewayId", "State", "RouteTableId", "AutoProvisionZones", "AutoScalingIps", "AttachedAppliances")
		list, more := []any{}, []any{}
		for x := range objects(g["NatGatewayAddresses"]) {
			list = append(list, take(x, "PublicIp", "PrivateIp", "AllocationId", "NetworkInterfaceId", "IsPrimary", "AssociationId", "Status",
				"AvailabilityZone", "AvailabilityZoneId"))
			if len(list) == 1 || x["IsPrimary"] == true {
				maps.Copy(p, take(x, "AllocationId", "PrivateIpAddress=PrivateIp"))
				maps.Copy(r.Observed, take(x, "EniId=NetworkInterfaceId"))
			} else if id := x["AllocationId"]; id != nil {
				more = append(more, id)
			}
		}
		if len(more) > 0 {
			p["SecondaryAllocationIds"] = more
		}
		r.Observed["Addresses"] = list
		out = append(out, r)
	}
	return out
}

func readEndpoints(a *Answer) (out []*haetae.Resource) {
	for e := range a.each("VpcEndpoints") {
		if strings.EqualFold(str(e, "State"), "deleted") {
			continue
		}
		p := take(e, "VpcId", "ServiceName", "ServiceRegion", "VpcEndpointType", "PrivateDnsEnabled", "RouteTableIds",
			"SubnetIds", "IpAddressType", "DnsOptions", "ResourceConfigurationArn", "ServiceNetworkArn", "Tags")
		p["SecurityGroupIds"] = pluck(e["Groups"], "GroupId")
		if d := e["PolicyDocument"]; d != nil {
			p["PolicyDocument"] = policy(d)
		}
		r := resource(str(e, "VpcEndpointId"), p)
		r.Account = str(e, "OwnerId")
		r.Observed = take(e, "State", "OwnerId", "NetworkInterfaceIds", "CreationTimestamp", "RequesterManaged", "Ipv4Prefixes", "Ipv6Prefixes",
			"FailureReason", "LastError")
		names := []any{}
		for d := range objects(e["DnsEntries"]) {
			// CloudFormation writes ZONE:NAME.
			names = append(names, str(d, "HostedZoneId")+":"+str(d, "DnsName"))
		}
		r.Observed["DnsEntries"] = names
		out = append(out, r)
	}
	return out
}

func readPeerings(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("VpcPeeringConnections") {
		switch str(c, "Status.Code") {
		case "deleted", "rejected", "expired", "failed":
			continue
		}
		p := take(c, "VpcId=RequesterVpcInfo.VpcId", "PeerVpcId=AccepterVpcInfo.VpcId",
			"PeerOwnerId=AccepterVpcInfo.OwnerId", "PeerRegion=AccepterVpcInfo.Region", "Tags")
		r := resource(str(c, "VpcPeeringConnectionId"), p)
		r.Account = str(c, "RequesterVpcInfo.OwnerId")
		r.Region = str(c, "RequesterVpcInfo.Region")
		r.Observed = take(c, "Status=Status.Code")
		for _, side := range []string{"Requester", "Accepter"} {
			info := object(c, side+"VpcInfo")
			blocks := pluck(info["CidrBlockSet"], "CidrBlock")
			if len(blocks) == 0 && info["CidrBlock"] != nil {
				blocks = append(blocks, info["CidrBlock"])
			}
			blocks = append(blocks, pluck(info["Ipv6CidrBlockSet"], "Ipv6CidrBlock")...)
			if len(blocks) > 0 {
				r.Observed[side+"CidrBlocks"] = blocks
			}
			if o := take(info, "AllowDnsResolutionFromRemoteVpc=PeeringOptions.AllowDnsResolutionFromRemoteVpc"); len(o) > 0 {
				r.Observed[side+"Options"] = o
			}
		}
		out = append(out, r)
	}
	return out
}

func readFlowLogs(a *Answer) (out []*haetae.Resource) {
	for f := range a.each("FlowLogs") {
		p := take(f, "ResourceId", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName", "LogFormat",
			"MaxAggregationInterval", "DeliverLogsPermissionArn", "DeliverCrossAccountRole", "DestinationOptions", "Tags")
		id := str(f, "ResourceId")
		for prefix, typ := range map[string]string{"vpc-": "VPC", "subnet-": "Subnet", "eni-": "NetworkInterface", "tgw-": "TransitGateway", "tgw-attach-": "TransitGatewayAttachment"} {
			if strings.HasPrefix(id, prefix) && (typ != "TransitGateway" || !strings.HasPrefix(id, "tgw-attach-")) {
				p["ResourceType"] = typ
			}
		}
		r := resource(str(f, "FlowLogId"), p)
		r.Observed = take(f, "FlowLogStatus", "DeliverLogsStatus", "DeliverLogsErrorMessage")
		out = append(out, r)
	}
	return out
}

func readInterfaces(a *Answer) (out []*haetae.Resource) {
	for n := range a.each("NetworkInterfaces") {
		p := take(n, "Description", "InterfaceType", "PrivateIpAddress", "SourceDestCheck", "SubnetId", "Ipv4Prefixes", "Ipv6Prefixes",
			"ConnectionTrackingSpecification=ConnectionTrackingConfiguration", "Tags=TagSet")
		p["GroupSet"] = pluck(n["Groups"], "GroupId")
		p["PrivateIpAddresses"] = addresses(n)
		p["Ipv6Addresses"] = ipv6(n["Ipv6Addresses"])
		if at := object(n, "Attachment"); at != nil {
			p["Attachment"] = take(at, "InstanceId", "DeviceIndex", "DeleteOnTermination", "EnaQueueCount", "EnaSrdSpecification")
			if d := at["DeviceIndex"]; d != nil {
				set(p, "Attachment.DeviceIndex", fmt.Sprint(d))
			}
		}
		r := resource(str(n, "NetworkInterfaceId"), p)
		r.Account = str(n, "OwnerId")
		r.Observed = take(n, "VpcId", "Status", "OwnerId", "RequesterId", "RequesterManaged", "AvailabilityZone", "MacAddress",
			"InstanceOwnerId=Attachment.InstanceOwnerId", "PublicIp=Association.PublicIp", "PublicDnsName=Association.PublicDnsName",
			"AllocationId=Association.AllocationId", "PrimaryPrivateIpAddress=PrivateIpAddress", "PrimaryIpv6Address=Ipv6Address",
			"AvailabilityZoneId", "AttachmentId=Attachment.AttachmentId", "AttachmentStatus=Attachment.Status", "PrivateDnsName", "OutpostArn",
			"DenyAllIgwTraffic", "Ipv6Native", "AssociatedSubnets", "PublicIpDnsNameOptions", "Operator.Managed=Operator.Managed",
			"Operator.Principal=Operator.Principal")
		r.Observed["Addresses"] = interfaceAddresses(n)
		out = append(out, r)
	}
	return out
}

// interfaceAddresses returns the private addresses of an interface, each with the
// public one that stands for it and who owns that: an account, "amazon", or the
// number of an account of AWS
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterfaceAssociation.html).
func interfaceAddresses(n map[string]any) []any {
	list := []any{}
	for x := range objects(n["PrivateIpAddresses"]) {
		list = append(list, take(x, "PrivateIpAddress", "Primary", "PublicIp=Association.PublicIp", "AllocationId=Association.AllocationId",
			"AssociationId=Association.AssociationId", "IpOwnerId=Association.IpOwnerId", "CarrierIp=Association.CarrierIp",
			"CustomerOwnedIp=Association.CustomerOwnedIp", "PublicDnsName=Association.PublicDnsName"))
	}
	return list
}

func readAddresses(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Addresses") {
		p := take(x, "Domain", "NetworkBorderGroup", "PublicIpv4Pool", "PrivateIpAddress", "Tags")
		for _, name := range []string{"InstanceId", "NetworkInterfaceId"} {
			if i := str(x, name); i != "" {
				p[name] = i
			}
		}
		// CloudFormation's identifier is both; the allocation is what other
		// resources refer to.
		r := resource(cmp.Or(str(x, "AllocationId"), str(x, "PublicIp")), p)
		r.Observed = take(x, "PublicIp", "AllocationId", "AssociationId", "NetworkInterfaceOwnerId")
		out = append(out, r)
	}
	return out
}

func readPrefixLists(a *Answer) (out []*haetae.Resource) {
	for l := range a.each("PrefixLists") {
		r := resource(str(l, "PrefixListId"), take(l, "PrefixListName", "AddressFamily", "MaxEntries", "Tags"))
		r.ARN, r.Account = str(l, "PrefixListArn"), str(l, "OwnerId")
		r.Observed = take(l, "PrefixListId", "Arn=PrefixListArn", "OwnerId", "Version")
		out = append(out, r)
	}
	return out
}

func readPrefixListEntries(a *Answer) []*haetae.Resource {
	list := []any{}
	for e := range a.each("Entries") {
		list = append(list, take(e, "Cidr", "Description"))
	}
	return []*haetae.Resource{resource(str(a.Body, "PrefixListId"), map[string]any{"Entries": list})}
}
