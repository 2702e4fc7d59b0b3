package inventory

import (
	"fmt"
	"strings"

	"github.com/haetae/haetae"
)

const (
	resolverEndpoints = "route53resolver:ListResolverEndpoints ResolverEndpoints[].Id"
	dnsRuleGroups     = "route53resolver:ListFirewallRuleGroups FirewallRuleGroups[].Id"
)

// resolver holds what answers names inside networks: endpoints, rules, query
// logs and the DNS Firewall.
var resolver = []Kind{{
	Type: "AWS::Route53Resolver::ResolverEndpoint",
	ARN:  "arn:${Partition}:route53resolver:${Region}:${Account}:resolver-endpoint/${ID}",
	Calls: []Call{
		{
			Op: "route53resolver:ListResolverEndpoints", Lists: true, Member: "ResolverEndpoints", Gives: []string{"*"}, Read: reading{
				member: "ResolverEndpoints", id: "Id", arn: "Arn", state: "Status", gone: []string{"DELETING"},
				props: []string{"Name", "Direction", "SecurityGroupIds", "OutpostArn", "PreferredInstanceType", "Protocols", "ResolverEndpointType",
					"RniEnhancedMetricsEnabled", "TargetNameServerMetricsEnabled", "Dns64Enabled", "Ipv6InternetAccessEnabled"},
				observed: []string{"Arn", "ResolverEndpointId=Id", "HostVPCId", "Status"},
			}.read,
		}, {
			Op: "route53resolver:ListResolverEndpointIpAddresses", Member: "IpAddresses[].IpId", Param: "ResolverEndpointId", Each: resolverEndpoints,
			Gives: []string{"IpAddresses"}, Read: foldsList("ResolverEndpointId", "IpAddresses", "IpAddresses", "SubnetId", "Ip", "Ipv6"),
		},
		resolverTags("ListResolverEndpoints ResolverEndpoints[].Arn", ":resolver-endpoint/"),
	},
}, {
	// Rules of AWS's own and of other accounts are among them.
	Type: "AWS::Route53Resolver::ResolverRule",
	ARN:  "arn:${Partition}:route53resolver:${Region}:${Account}:resolver-rule/${ID}",
	Calls: []Call{
		{
			Op: "route53resolver:ListResolverRules", Lists: true, Member: "ResolverRules", Gives: []string{"*"}, Read: reading{
				member: "ResolverRules", id: "Id", arn: "Arn", account: "OwnerId", state: "Status", gone: []string{"DELETING"},
				props:    []string{"Name", "DomainName", "RuleType", "ResolverEndpointId", "DelegationRecord"},
				observed: []string{"Arn", "ResolverRuleId=Id", "OwnerId", "ShareStatus", "Status"}, more: resolverTargets,
			}.read,
		},
		resolverTags("ListResolverRules ResolverRules[?OwnerId!='Route 53 Resolver'].Arn", ":resolver-rule/"),
	},
}, {
	Type: "AWS::Route53Resolver::ResolverRuleAssociation",
	Calls: []Call{{
		Op: "route53resolver:ListResolverRuleAssociations", Lists: true, Member: "ResolverRuleAssociations", Gives: []string{"*"}, Read: reading{
			member: "ResolverRuleAssociations", id: "Id", state: "Status", gone: []string{"DELETING"},
			props: []string{"Name", "ResolverRuleId", "VPCId"}, observed: []string{"ResolverRuleAssociationId=Id", "Status"},
		}.read,
	}},
}, {
	Type: "AWS::Route53Resolver::ResolverQueryLoggingConfig",
	ARN:  "arn:${Partition}:route53resolver:${Region}:${Account}:resolver-query-log-config/${ID}",
	Calls: []Call{
		{
			Op: "route53resolver:ListResolverQueryLogConfigs", Lists: true, Member: "ResolverQueryLogConfigs", Gives: []string{"*"}, Read: reading{
				member: "ResolverQueryLogConfigs", id: "Id", arn: "Arn", account: "OwnerId", state: "Status", gone: []string{"DELETING"}, props: []string{"Name", "DestinationArn"},
				observed: []string{"Arn", "Id", "OwnerId", "ShareStatus", "Status", "AssociationCount", "CreationTime"},
			}.read,
		},
		resolverTags("ListResolverQueryLogConfigs ResolverQueryLogConfigs[].Arn", ":resolver-query-log-config/"),
	},
}, {
	Type: "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
	Calls: []Call{{
		Op: "route53resolver:ListResolverQueryLogConfigAssociations", Lists: true, Member: "ResolverQueryLogConfigAssociations", Gives: []string{"*"}, Read: reading{
			member: "ResolverQueryLogConfigAssociations", id: "Id", state: "Status", gone: []string{"DELETING"},
			props: []string{"ResolverQueryLogConfigId", "ResourceId"}, observed: []string{"Id", "Status", "Error", "ErrorMessage", "CreationTime"},
		}.read,
	}},
}, {
	Type: "AWS::Route53Resolver::ResolverConfig",
	ARN:  "arn:${Partition}:route53resolver:${Region}:${Account}:resolver-config/${ID}",
	Calls: []Call{{
		Op: "route53resolver:ListResolverConfigs", Lists: true, Member: "ResolverConfigs", Gives: []string{"*"}, Read: reading{
			member: "ResolverConfigs", id: "ResourceId", account: "OwnerId", props: []string{"ResourceId"}, observed: []string{"Id", "OwnerId", "AutodefinedReverse"},
			more: func(_ *Answer, x map[string]any, r *haetae.Resource) {
				// A template says DISABLE and nothing else.
				if strings.HasPrefix(str(x, "AutodefinedReverse"), "DISABL") {
					r.Props["AutodefinedReverseFlag"] = "DISABLE"
				}
			},
		}.read,
	}},
}, {
	Type: "AWS::Route53Resolver::FirewallRuleGroup",
	ARN:  "arn:${Partition}:route53resolver:${Region}:${Account}:firewall-rule-group/${ID}",
	Calls: []Call{
		{
			Op: "route53resolver:ListFirewallRuleGroups", Lists: true, Member: "FirewallRuleGroups", Gives: []string{"*"}, Read: reading{
				member: "FirewallRuleGroups", id: "Id", arn: "Arn", account: "OwnerId", props: []string{"Name"}, observed: []string{"Arn", "Id", "OwnerId", "ShareStatus", "CreatorRequestId"},
			}.read,
		}, {
			Op: "route53resolver:ListFirewallRules", Member: "FirewallRules[].FirewallRuleGroupId", Param: "FirewallRuleGroupId", Each: dnsRuleGroups, Gives: []string{"FirewallRules"},
			Read: foldsList("FirewallRuleGroupId", "FirewallRules", "FirewallRules", "FirewallDomainListId", "FirewallThreatProtectionId", "Priority", "Action",
				"BlockResponse", "BlockOverrideDomain", "BlockOverrideDnsType", "BlockOverrideTtl", "FirewallDomainRedirectionAction", "Qtype", "DnsThreatProtection",
				"ConfidenceThreshold", "FirewallRuleType", "Status"),
		},
		resolverTags("ListFirewallRuleGroups FirewallRuleGroups[].Arn", ":firewall-rule-group/"),
	},
}, {
	Type: "AWS::Route53Resolver::FirewallRuleGroupAssociation",
	ARN:  "arn:${Partition}:route53resolver:${Region}:${Account}:firewall-rule-group-association/${ID}",
	Calls: []Call{
		{
			Op: "route53resolver:ListFirewallRuleGroupAssociations", Lists: true, Member: "FirewallRuleGroupAssociations", Gives: []string{"*"}, Read: reading{
				member: "FirewallRuleGroupAssociations", id: "Id", arn: "Arn", state: "Status", gone: []string{"DELETING"},
				props:    []string{"FirewallRuleGroupId", "VpcId", "Name", "Priority", "MutationProtection"},
				observed: []string{"Arn", "Id", "ManagedOwnerName", "Status", "StatusMessage", "CreatorRequestId", "CreationTime", "ModificationTime"},
			}.read,
		},
		resolverTags("ListFirewallRuleGroupAssociations FirewallRuleGroupAssociations[].Arn", ":firewall-rule-group-association/"),
	},
}, {
	// The domains of AWS's own lists are not told.
	Type: "AWS::Route53Resolver::FirewallDomainList",
	ARN:  "arn:${Partition}:route53resolver:${Region}:${Account}:firewall-domain-list/${ID}",
	Calls: []Call{
		{
			Op: "route53resolver:ListFirewallDomainLists", Lists: true, Member: "FirewallDomainLists", Gives: []string{"*"}, Read: reading{
				member: "FirewallDomainLists", id: "Id", arn: "Arn", props: []string{"Name"}, observed: []string{"Arn", "Id", "ManagedOwnerName", "Status", "CreatorRequestId"},
				more: func(_ *Answer, x map[string]any, r *haetae.Resource) {
					if str(x, "ManagedOwnerName") != "" {
						r.Props["Domains"] = hidden("AWS does not tell the domains of the lists that it manages")
					}
				},
			}.read,
		}, {
			Op: "route53resolver:ListFirewallDomains", Member: "Domains", Param: "FirewallDomainListId",
			Each: "route53resolver:ListFirewallDomainLists FirewallDomainLists[?!ManagedOwnerName].Id", Gives: []string{"Domains"},
			Read: folds("FirewallDomainListId", func(a *Answer) (props, observed map[string]any) {
				return map[string]any{"Domains": listOf(a.Body["Domains"])}, nil
			}),
		},
		resolverTags("ListFirewallDomainLists FirewallDomainLists[?!ManagedOwnerName].Arn", ":firewall-domain-list/"),
	},
}}

// dnsFailOpen is the call for what DNS Firewall does with a VPC's questions that it
// cannot look at.
func dnsFailOpen() Call {
	return Call{
		Op: "route53resolver:ListFirewallConfigs", Member: "FirewallConfigs", Joins: true, Gives: []string{"Observed.DnsFirewallFailOpen"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for x := range a.each("FirewallConfigs") {
				r := resource(str(x, "ResourceId"), nil)
				r.Account = str(x, "OwnerId")
				r.Observed = take(x, "DnsFirewallFailOpen=FirewallFailOpen")
				out = append(out, r)
			}
			return out
		},
	}
}

// zonesOfVPC is the call for the private hosted zones of a VPC, those of other
// accounts and of AWS's services among them.
func zonesOfVPC() Call {
	return Call{
		Op: "route53:ListHostedZonesByVPC", Member: "HostedZoneSummaries", Param: "VPCId", Each: "ec2:DescribeVpcs Vpcs[].VpcId",
		Params: map[string]any{"VPCRegion": "${Region}"}, Gives: []string{"Observed.HostedZones"},
		Read: folds("VPCId", func(a *Answer) (props, observed map[string]any) {
			list := []any{}
			for x := range a.each("HostedZoneSummaries") {
				list = append(list, take(x, "HostedZoneId", "Name", "Owner=Owner.OwningAccount", "OwningService=Owner.OwningService"))
			}
			return nil, map[string]any{"HostedZones": list}
		}),
	}
}

func resolverTags(each, part string) Call {
	return tagsByARN("route53resolver:ListTagsForResource", "ResourceArn", "Tags", "route53resolver:"+each, part, false)
}

// resolverTargets reads to which servers a rule sends questions.
func resolverTargets(_ *Answer, x map[string]any, r *haetae.Resource) {
	list := []any{}
	for t := range objects(x["TargetIps"]) {
		target := take(t, "Ip", "Ipv6", "Protocol", "ServerNameIndication")
		if n := t["Port"]; n != nil {
			target["Port"] = fmt.Sprint(n) // a string in CloudFormation
		}
		list = append(list, target)
	}
	if len(list) > 0 {
		r.Props["TargetIps"] = list
	}
}
