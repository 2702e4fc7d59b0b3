package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const (
	latticeNetworks  = "vpc-lattice:ListServiceNetworks items[].arn"
	latticeServices  = "vpc-lattice:ListServices items[].arn"
	latticeListeners = "vpc-lattice:ListListeners items[].arn"
	latticeGroups    = "vpc-lattice:ListTargetGroups items[].arn"
)

// lattice holds VPC Lattice: services and resources that are reached by name
// from whatever network is associated.
var lattice = []Kind{{
	Type: "AWS::VpcLattice::ServiceNetwork",
	ARN:  "${ID}",
	Calls: []Call{
		latticeList("ListServiceNetworks", "items[].numberOfAssociatedServices", []string{"name"}, nil),
		latticeGet("GetServiceNetwork", "numberOfAssociatedVPCs", "serviceNetworkIdentifier", latticeNetworks, reading{
			props: []string{"name", "authType"}, more: func(a *Answer, _ map[string]any, r *haetae.Resource) {
				if v := get(a.Body, "sharingConfig.enabled"); v != nil {
					r.Props["SharingConfig"] = map[string]any{"enabled": v} // a small letter in CloudFormation too
				}
			},
		}),
		authPolicy(latticeNetworks, ":servicenetwork/"),
		latticeTags(latticeNetworks, ":servicenetwork/"),
	},
}, {
	Type: "AWS::VpcLattice::Service",
	ARN:  "${ID}",
	Calls: []Call{
		latticeList("ListServices", "items[].customDomainName", []string{"name", "customDomainName"}, []string{"Status=status", "DnsEntry.DomainName=dnsEntry.domainName", "DnsEntry.HostedZoneId=dnsEntry.hostedZoneId"}),
		latticeGet("GetService", "dnsEntry", "serviceIdentifier", latticeServices, reading{
			props: []string{"name", "authType", "certificateArn", "customDomainName", "idleTimeoutSeconds"}, observed: []string{"Status=status"},
		}),
		authPolicy(latticeServices, ":service/"),
		latticeTags(latticeServices, ":service/"),
	},
}, {
	Type: "AWS::VpcLattice::ServiceNetworkServiceAssociation",
	ARN:  "${ID}",
	Calls: []Call{
		latticeListAll("ListServiceNetworkServiceAssociations", "items[].serviceArn", []string{"ServiceIdentifier=serviceId", "ServiceNetworkIdentifier=serviceNetworkId"},
			[]string{"ServiceArn=serviceArn", "ServiceId=serviceId", "ServiceName=serviceName", "ServiceNetworkArn=serviceNetworkArn", "ServiceNetworkId=serviceNetworkId",
				"ServiceNetworkName=serviceNetworkName", "Status=status", "DnsEntry.DomainName=dnsEntry.domainName", "DnsEntry.HostedZoneId=dnsEntry.hostedZoneId"}),
		latticeTags("vpc-lattice:ListServiceNetworkServiceAssociations items[].arn", ":servicenetworkserviceassociation/"),
	},
}, {
	Type: "AWS::VpcLattice::ServiceNetworkVpcAssociation",
	ARN:  "${ID}",
	Calls: []Call{
		latticeListAll("ListServiceNetworkVpcAssociations", "items[].vpcId", []string{"ServiceNetworkIdentifier=serviceNetworkId", "VpcIdentifier=vpcId", "privateDnsEnabled", "dnsOptions"},
			[]string{"ServiceNetworkArn=serviceNetworkArn", "ServiceNetworkId=serviceNetworkId", "ServiceNetworkName=serviceNetworkName", "VpcId=vpcId", "Status=status"}),
		latticeGetGives("GetServiceNetworkVpcAssociation", "vpcId", "serviceNetworkVpcAssociationIdentifier",
			"vpc-lattice:ListServiceNetworkVpcAssociations items[].arn", "SecurityGroupIds", reading{props: []string{"securityGroupIds"}}),
		latticeTags("vpc-lattice:ListServiceNetworkVpcAssociations items[].arn", ":servicenetworkvpcassociation/"),
	},
}, {
	Type: "AWS::VpcLattice::ServiceNetworkResourceAssociation",
	ARN:  "${ID}",
	Calls: []Call{
		latticeListAll("ListServiceNetworkResourceAssociations", "items[].resourceConfigurationArn",
			[]string{"resourceConfigurationId", "serviceNetworkId", "privateDnsEnabled"},
			[]string{"ResourceConfigurationArn=resourceConfigurationArn", "ServiceNetworkArn=serviceNetworkArn", "Status=status", "IsManagedAssociation=isManagedAssociation",
				"DnsEntry.DomainName=dnsEntry.domainName", "DnsEntry.HostedZoneId=dnsEntry.hostedZoneId", "PrivateDnsEntry.DomainName=privateDnsEntry.domainName"}),
		latticeTags("vpc-lattice:ListServiceNetworkResourceAssociations items[].arn", ":servicenetworkresourceassociation/"),
	},
}, {
	Type: "AWS::VpcLattice::ResourceGateway",
	ARN:  "${ID}",
	Calls: []Call{
		latticeListAll("ListResourceGateways", "items[].subnetIds", []string{"name", "vpcIdentifier", "subnetIds", "securityGroupIds", "ipAddressType", "ipv4AddressesPerEni", "resourceConfigDnsResolution"},
			[]string{"Status=status"}),
		latticeTags("vpc-lattice:ListResourceGateways items[].arn", ":resourcegateway/"),
	},
}, {
	Type: "AWS::VpcLattice::ResourceConfiguration",
	ARN:  "${ID}",
	Calls: []Call{
		latticeList("ListResourceConfigurations", "items[].amazonManaged", []string{"name", "resourceGatewayId", "ResourceConfigurationType=type"}, []string{"Status=status"}),
		latticeGet("GetResourceConfiguration", "amazonManaged", "resourceConfigurationIdentifier", "vpc-lattice:ListResourceConfigurations items[].arn", reading{
			props: []string{"name", "resourceGatewayId", "resourceConfigurationGroupId", "ResourceConfigurationType=type", "portRanges", "ProtocolType=protocol",
				"customDomainName", "domainVerificationId", "groupDomain", "AllowAssociationToSharableServiceNetwork=allowAssociationToShareableServiceNetwork"},
			observed: []string{"Status=status", "AmazonManaged=amazonManaged"}, more: resourceDefinition,
		}),
		latticeTags("vpc-lattice:ListResourceConfigurations items[].arn", ":resourceconfiguration/"),
	},
}, {
	Type: "AWS::VpcLattice::Listener", Of: "AWS::VpcLattice::Service",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "vpc-lattice:ListListeners", Lists: true, Member: "items[].protocol", Param: "serviceIdentifier", Each: latticeServices,
			Read: reading{
				member: "items", id: "arn", arn: "arn", camel: true, props: []string{"name", "port", "protocol"}, body: []string{"ServiceIdentifier=serviceIdentifier"},
				observed: []string{"Arn=arn", "Id=id"},
			}.read,
		}, {
			Op: "vpc-lattice:GetListener", Member: "defaultAction", Param: "listenerIdentifier", Each: latticeListeners,
			Params: map[string]any{"serviceIdentifier": "${Grandparent}"}, Gives: []string{"*"}, Read: reading{
				id: "arn", arn: "arn", camel: true, props: []string{"name", "port", "protocol", "defaultAction", "ServiceIdentifier=serviceArn"},
				observed: []string{"Arn=arn", "Id=id", "ServiceArn=serviceArn", "ServiceId=serviceId"},
			}.read,
		},
		latticeTags(latticeListeners, "/listener/"),
	},
}, {
	// What a listener does with requests that meet conditions.
	Type: "AWS::VpcLattice::Rule", Of: "AWS::VpcLattice::Listener",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "vpc-lattice:ListRules", Lists: true, Member: "items[].isDefault", Param: "listenerIdentifier", Each: latticeListeners,
			Params: map[string]any{"serviceIdentifier": "${Grandparent}"}, Read: reading{
				member: "items", id: "arn", arn: "arn", camel: true, props: []string{"name", "priority"}, body: []string{"ListenerIdentifier=listenerIdentifier", "ServiceIdentifier=serviceIdentifier"},
				observed: []string{"Arn=arn", "Id=id", "IsDefault=isDefault"},
			}.read,
		}, {
			Op: "vpc-lattice:GetRule", Member: "action", Param: "ruleIdentifier", Each: "vpc-lattice:ListRules items[?!isDefault].arn",
			Params: map[string]any{"serviceIdentifier": "${Grandparent.Middle}", "listenerIdentifier": "${Grandparent}"}, Gives: []string{"*"}, Read: reading{
				id: "arn", arn: "arn", camel: true, props: []string{"name", "priority", "match", "action"}, observed: []string{"Arn=arn", "Id=id", "IsDefault=isDefault"},
			}.read,
		},
		latticeTags("vpc-lattice:ListRules items[?!isDefault].arn", "/rule/"),
	},
}, {
	Type: "AWS::VpcLattice::TargetGroup",
	ARN:  "${ID}",
	Calls: []Call{
		latticeList("ListTargetGroups", "items[].type", []string{"name", "type"}, []string{"Status=status", "ServiceArns=serviceArns"}),
		latticeGet("GetTargetGroup", "config", "targetGroupIdentifier", latticeGroups, reading{
			props: []string{"name", "type", "config"}, observed: []string{"Status=status", "ServiceArns=serviceArns"},
		}),
		latticeGetGives("ListTargets", "items[].port", "targetGroupIdentifier", latticeGroups, "Targets", reading{more: latticeTargets}),
		latticeTags(latticeGroups, ":targetgroup/"),
	},
}}

// latticeList is a call that lists a type of which another call says the rest.
func latticeList(op, member string, props, observed []string) Call {
	return Call{
		Op: "vpc-lattice:" + op, Lists: true, Member: member, Read: reading{
			member: "items", id: "arn", arn: "arn", camel: true, props: props, observed: append([]string{"Arn=arn", "Id=id"}, observed...),
			state: "status", gone: []string{"DELETE_IN_PROGRESS"},
		}.read,
	}
}

// latticeListAll is a list that says all.
func latticeListAll(op, member string, props, observed []string) Call {
	c := latticeList(op, member, props, observed)
	c.Gives = []string{"*"}
	return c
}

// latticeGet is a call about one resource, which says all of it.
func latticeGet(op, member, param, each string, how reading) Call {
	return latticeGetGives(op, member, param, each, "*", how)
}

// latticeGetGives is a call about one resource, which says one thing of it.
func latticeGetGives(op, member, param, each, gives string, how reading) Call {
	how.id, how.camel = "^"+param, true
	next := how.more
	how.more = func(a *Answer, x map[string]any, r *haetae.Resource) {
		r.ARN = r.ID
		if next != nil {
			next(a, x, r)
		}
	}
	return Call{Op: "vpc-lattice:" + op, Member: member, Param: param, Each: each, Gives: []string{gives}, Read: how.read}
}

// authPolicy is the call for who may call the services of one kind.
func authPolicy(each, part string) Call {
	return Call{
		Op: "vpc-lattice:GetAuthPolicy", Member: "policy", Param: "resourceIdentifier", Each: each, Absent: notFound, Gives: []string{"AuthPolicy"},
		Read: func(a *Answer) []*haetae.Resource {
			name := str(a.Body, "resourceIdentifier")
			if name != "" && !strings.Contains(name, part) {
				return nil // of another kind
			}
			r := byARN(name, nil)
			if d := str(a.Body, "policy"); d != "" {
				r.Props = map[string]any{"AuthPolicy": policy(d)}
			}
			r.Observed = take(a.Body, "AuthPolicyState=state")
			return []*haetae.Resource{r}
		},
	}
}

func latticeTags(each, part string) Call {
	return tagsByARN("vpc-lattice:ListTagsForResource", "resourceArn", "tags", each, part, true)
}

// resourceDefinition reads what a configuration leads to; CloudFormation nests
// the shorter forms less deeply.
func resourceDefinition(_ *Answer, x map[string]any, r *haetae.Resource) {
	d := object(x, "resourceConfigurationDefinition")
	to := take(d, "IpResource=ipResource.ipAddress", "ArnResource=arnResource.arn", "DnsResource.DomainName=dnsResource.domainName",
		"DnsResource.IpAddressType=dnsResource.ipAddressType", "CidrResource.CidrRanges=cidrResource.cidrRanges")
	if len(to) > 0 {
		r.Props["ResourceConfigurationDefinition"] = to
	}
}

// latticeTargets reads where a group leads, and how its targets are.
func latticeTargets(a *Answer, _ map[string]any, r *haetae.Resource) {
	list, health := []any{}, []any{}
	for t := range a.each("items") {
		list = append(list, take(t, "Id=id", "Port=port"))
		health = append(health, take(t, "Id=id", "Port=port", "Status=status", "ReasonCode=reasonCode"))
	}
	r.Props["Targets"] = list
	r.Volatile = map[string]any{"TargetHealth": health}
}
