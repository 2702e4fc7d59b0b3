package inventory

import (
	"maps"
	"slices"

	"github.com/haetae/haetae"
)

const (
	firewallARNs       = "network-firewall:ListFirewalls Firewalls[].FirewallArn"
	firewallPolicyARNs = "network-firewall:ListFirewallPolicies FirewallPolicies[].Arn"
	firewallGroupARNs  = "network-firewall:ListRuleGroups RuleGroups[].Arn"
)

// networkFirewall holds firewalls, their policies, rule groups and logging.
var networkFirewall = []Kind{{
	Type: "AWS::NetworkFirewall::Firewall", Name: "FirewallName",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "network-firewall:ListFirewalls", Lists: true, Member: "Firewalls[].FirewallArn",
			Read: func(a *Answer) []*haetae.Resource {
				return namedByARN(a, "Firewalls", "FirewallArn", "FirewallName=FirewallName", "FirewallArn")
			},
		}, {
			Op: "network-firewall:DescribeFirewall", Member: "Firewall.FirewallArn", Param: "FirewallArn", Each: firewallARNs,
			Gives: []string{"*"}, Read: readFirewall,
		},
	},
}, {
	Type: "AWS::NetworkFirewall::LoggingConfiguration", Of: "AWS::NetworkFirewall::Firewall",
	Calls: []Call{{
		Op: "network-firewall:DescribeLoggingConfiguration", Lists: true, Member: "LoggingConfiguration.LogDestinationConfigs", Param: "FirewallArn",
		Each: firewallARNs, Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
			c := object(a.Body, "LoggingConfiguration")
			if c == nil {
				return nil // it logs nothing
			}
			p := take(a.Body, "FirewallArn", "EnableMonitoringDashboard")
			p["FirewallName"] = last(str(a.Body, "FirewallArn"))
			p["LoggingConfiguration"] = take(c, "LogDestinationConfigs")
			return []*haetae.Resource{byARN(str(a.Body, "FirewallArn"), p)}
		},
	}},
}, {
	Type: "AWS::NetworkFirewall::VpcEndpointAssociation",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "network-firewall:ListVpcEndpointAssociations", Lists: true, Member: "VpcEndpointAssociations",
			Read: reading{member: "VpcEndpointAssociations", id: "VpcEndpointAssociationArn", arn: "VpcEndpointAssociationArn"}.read,
		}, {
			Op: "network-firewall:DescribeVpcEndpointAssociation", Member: "VpcEndpointAssociation.FirewallArn", Param: "VpcEndpointAssociationArn",
			Each:  "network-firewall:ListVpcEndpointAssociations VpcEndpointAssociations[].VpcEndpointAssociationArn",
			Gives: []string{"*"}, Read: reading{
				member: "VpcEndpointAssociation", id: "VpcEndpointAssociationArn", arn: "VpcEndpointAssociationArn",
				props:    []string{"FirewallArn", "VpcId", "SubnetMapping", "Description", "Tags"},
				observed: []string{"VpcEndpointAssociationArn", "VpcEndpointAssociationId"}, more: associationEndpoint,
			}.read,
		},
	},
}, {
	Type: "AWS::NetworkFirewall::FirewallPolicy", Name: "FirewallPolicyName",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "network-firewall:ListFirewallPolicies", Lists: true, Member: "FirewallPolicies",
			Read: func(a *Answer) []*haetae.Resource {
				return namedByARN(a, "FirewallPolicies", "Arn", "FirewallPolicyName=Name", "FirewallPolicyArn")
			},
		}, {
			Op: "network-firewall:DescribeFirewallPolicy", Member: "FirewallPolicyResponse", Param: "FirewallPolicyArn", Each: firewallPolicyARNs,
			Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				x := object(a.Body, "FirewallPolicyResponse")
				p := take(x, "FirewallPolicyName", "Description")
				p["Tags"] = listOf(x["Tags"])
				p["FirewallPolicy"] = take(object(a.Body, "FirewallPolicy"), "EnableTLSSessionHolding", "PolicyVariables", "StatefulDefaultActions",
					"StatefulEngineOptions", "StatefulRuleGroupReferences", "StatelessCustomActions", "StatelessDefaultActions",
					"StatelessFragmentDefaultActions", "StatelessRuleGroupReferences", "TLSInspectionConfigurationArn")
				r := byARN(str(x, "FirewallPolicyArn"), p)
				r.Observed = take(x, "FirewallPolicyArn", "FirewallPolicyId")
				return []*haetae.Resource{r}
			},
		},
	},
}, {
	Type: "AWS::NetworkFirewall::RuleGroup", Name: "RuleGroupName",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "network-firewall:ListRuleGroups", Lists: true, Member: "RuleGroups[].Arn",
			Read: func(a *Answer) []*haetae.Resource {
				return namedByARN(a, "RuleGroups", "Arn", "RuleGroupName=Name", "RuleGroupArn")
			},
		}, {
			Op: "network-firewall:DescribeRuleGroup", Member: "RuleGroupResponse", Param: "RuleGroupArn", Each: firewallGroupARNs,
			Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				x := object(a.Body, "RuleGroupResponse")
				p := take(x, "RuleGroupName", "Description", "Type", "Capacity", "SummaryConfiguration")
				p["Tags"] = listOf(x["Tags"])
				p["RuleGroup"] = take(object(a.Body, "RuleGroup"), "ReferenceSets", "RuleVariables", "RulesSource", "StatefulRuleOptions")
				r := byARN(str(x, "RuleGroupArn"), p)
				r.Observed = take(x, "RuleGroupArn", "RuleGroupId")
				return []*haetae.Resource{r}
			},
		},
	},
}}

// byARN returns a resource that its ARN identifies.
func byARN(arn string, props map[string]any) *haetae.Resource {
	r := resource(arn, props)
	r.ARN = arn
	return r
}

// listOf returns a list, empty when there is none.
func listOf(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{}
}

// namedByARN reads a list of names and ARNs; arn is the member and observed the
// attribute that it becomes.
func namedByARN(a *Answer, member, arn, name, observed string) (out []*haetae.Resource) {
	for x := range a.each(member) {
		r := byARN(str(x, arn), take(x, name))
		r.Observed = map[string]any{observed: r.ARN}
		out = append(out, r)
	}
	return out
}

func readFirewall(a *Answer) []*haetae.Resource {
	x := object(a.Body, "Firewall")
	p := take(x, "FirewallName", "FirewallPolicyArn", "VpcId", "SubnetMappings", "DeleteProtection", "SubnetChangeProtection",
		"FirewallPolicyChangeProtection", "Description", "EnabledAnalysisTypes", "TransitGatewayId", "AvailabilityZoneMappings",
		"AvailabilityZoneChangeProtection")
	p["Tags"] = listOf(x["Tags"])
	r := byARN(str(x, "FirewallArn"), p)
	r.Observed = take(x, "FirewallArn", "FirewallId")
	// CloudFormation writes ZONE:ENDPOINT.
	endpoints, bySubnet := []any{}, []any{}
	states := object(a.Body, "FirewallStatus.SyncStates")
	for _, zone := range slices.Sorted(maps.Keys(states)) {
		if id := str(object(states, zone), "Attachment.EndpointId"); id != "" {
			endpoints = append(endpoints, zone+":"+id)
			one := take(object(states, zone), "SubnetId=Attachment.SubnetId", "EndpointId=Attachment.EndpointId", "Status=Attachment.Status")
			one["AvailabilityZone"] = zone
			bySubnet = append(bySubnet, one)
		}
	}
	r.Observed["EndpointIds"], r.Observed["Endpoints"] = endpoints, bySubnet
	if s := str(a.Body, "FirewallStatus.Status"); s != "" {
		r.Observed["Status"] = s
	}
	if id := str(a.Body, "FirewallStatus.TransitGatewayAttachmentSyncState.AttachmentId"); id != "" {
		r.Observed["TransitGatewayAttachmentId"] = id
	}
	return []*haetae.Resource{r}
}

// associationEndpoint reads the endpoint of an association, which is in one
// subnet.
func associationEndpoint(a *Answer, _ map[string]any, r *haetae.Resource) {
	states := object(a.Body, "VpcEndpointAssociationStatus.AssociationSyncState")
	for _, zone := range slices.Sorted(maps.Keys(states)) {
		if id := str(object(states, zone), "Attachment.EndpointId"); id != "" {
			r.Observed["EndpointId"] = id
			r.Observed["AvailabilityZone"] = zone
		}
	}
	if s := str(a.Body, "VpcEndpointAssociationStatus.Status"); s != "" {
		r.Observed["Status"] = s
	}
}
