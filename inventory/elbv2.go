package inventory

import (
	"maps"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

const (
	balancerARNs = "elbv2:DescribeLoadBalancers LoadBalancers[].LoadBalancerArn"
	groupARNs    = "elbv2:DescribeTargetGroups TargetGroups[].TargetGroupArn"
)

// elbv2 holds application, network and gateway load balancers.
var elbv2 = []Kind{{
	Type: "AWS::ElasticLoadBalancingV2::LoadBalancer", Name: "Name",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "elbv2:DescribeLoadBalancers", Actions: elbAction("DescribeLoadBalancers"), Lists: true,
			Member: "LoadBalancers[].LoadBalancerArn", Gives: []string{"*"}, Read: readBalancers,
		}, {
			Op: "elbv2:DescribeLoadBalancerAttributes", Actions: elbAction("DescribeLoadBalancerAttributes"),
			Member: "Attributes[].Key", Param: "LoadBalancerArn", Each: balancerARNs,
			Gives: []string{"LoadBalancerAttributes"}, Read: attributes("LoadBalancerArn", "LoadBalancerAttributes"),
		},
		elbTags("LoadBalancerArn", balancerARNs, ":loadbalancer/"),
		protectedBy("APPLICATION_LOAD_BALANCER", func(arn string) string { return arn }),
		{
			Op: "wafv2:GetWebACLForResource", Param: "ResourceArn", Other: true, Each: "elbv2:DescribeLoadBalancers LoadBalancers[?Type=='application'].LoadBalancerArn",
			Gives: []string{"WebACLArn"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(str(a.Body, "ResourceArn"), take(a.Body, "WebACLArn=WebACL.ARN"))}
			},
		},
	},
}, {
	Type: "AWS::ElasticLoadBalancingV2::Listener", Of: "AWS::ElasticLoadBalancingV2::LoadBalancer",
	ARN: "${ID}",
	Calls: []Call{{
		Op: "elbv2:DescribeListeners", Actions: elbAction("DescribeListeners"), Lists: true,
		Member: "Listeners[].ListenerArn", Param: "LoadBalancerArn", Each: balancerARNs,
		Gives: []string{"*"}, Read: readListeners,
	}},
}, {
	// Listeners of network load balancers have no rules.
	Type: "AWS::ElasticLoadBalancingV2::ListenerRule", Of: "AWS::ElasticLoadBalancingV2::Listener",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "elbv2:DescribeRules", Actions: elbAction("DescribeRules"), Lists: true, Member: "Rules[].RuleArn", Param: "ListenerArn",
			Each: "elbv2:DescribeListeners Listeners[?Protocol=='HTTP' || Protocol=='HTTPS'].ListenerArn", Gives: []string{"*"}, Read: readRules,
		},
	},
}, {
	Type: "AWS::ElasticLoadBalancingV2::TargetGroup", Name: "Name",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "elbv2:DescribeTargetGroups", Actions: elbAction("DescribeTargetGroups"), Lists: true,
			Member: "TargetGroups", Gives: []string{"*"}, Read: readTargetGroups,
		}, {
			Op: "elbv2:DescribeTargetHealth", Actions: elbAction("DescribeTargetHealth"),
			Member: "TargetHealthDescriptions", Param: "TargetGroupArn", Each: groupARNs,
			Gives: []string{"Targets", "Volatile.TargetHealth"}, Read: readTargetHealth,
		}, {
			Op: "elbv2:DescribeTargetGroupAttributes", Actions: elbAction("DescribeTargetGroupAttributes"),
			Member: "Attributes[].Key", Param: "TargetGroupArn", Each: groupARNs,
			Gives: []string{"TargetGroupAttributes"}, Read: attributes("TargetGroupArn", "TargetGroupAttributes"),
		},
		elbTags("TargetGroupArn", groupARNs, ":targetgroup/"),
	},
}}

func elbAction(op string) []string { return []string{"elasticloadbalancing:" + op} }

// attributes reads a list of keys and values, sorted as AWS gives it.
func attributes(param, prop string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource {
		list := []any{}
		for x := range a.each("Attributes") {
			list = append(list, take(x, "Key", "Value"))
		}
		return []*haetae.Resource{resource(str(a.Body, param), map[string]any{prop: list})}
	}
}

// elbTags is the call for the tags of one kind of resource; an answer may hold
// those of several.
func elbTags(param, each, in string) Call {
	return Call{
		Op: "elbv2:DescribeTags", Actions: elbAction("DescribeTags"), Member: "TagDescriptions[].ResourceArn",
		Param: "ResourceArns", List: true, Batch: 20, Each: each, Gives: []string{"Tags"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for d := range a.each("TagDescriptions") {
				arn := str(d, "ResourceArn")
				if !strings.Contains(arn, in) {
					continue
				}
				tags := []any{}
				if l, ok := d["Tags"].([]any); ok {
					tags = l
				}
				out = append(out, resource(arn, map[string]any{"Tags": tags}))
			}
			return out
		},
	}
}

func readBalancers(a *Answer) (out []*haetae.Resource) {
	for b := range a.each("LoadBalancers") {
		p := take(b, "Name=LoadBalancerName", "Scheme", "Type", "IpAddressType", "EnablePrefixForIpv6SourceNat",
			"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
		p["SecurityGroups"] = []any{}
		if g, ok := b["SecurityGroups"].([]any); ok {
			p["SecurityGroups"] = g
		}
		subnets, zones, mappings := []any{}, []any{}, []any{}
		for z := range objects(b["AvailabilityZones"]) {
			zone := take(z, "ZoneName", "SubnetId", "SourceNatIpv6Prefixes")
			addrs := []any{}
			for x := range objects(z["LoadBalancerAddresses"]) {
				addrs = append(addrs, take(x, "IpAddress", "AllocationId", "PrivateIPv4Address", "IPv6Address"))
				m := take(x, "AllocationId", "PrivateIPv4Address", "IPv6Address")
				maps.Copy(m, take(z, "SubnetId"))
				mappings = append(mappings, m)
			}
			zone["Addresses"] = addrs
			zones = append(zones, zone)
			if s := z["SubnetId"]; s != nil {
				subnets = append(subnets, s)
			}
		}
		p["Subnets"] = subnets
		if len(mappings) > 0 {
			p["SubnetMappings"] = mappings
		}
		r := resource(str(b, "LoadBalancerArn"), p)
		r.ARN = r.ID
		r.Observed = take(b, "LoadBalancerArn", "LoadBalancerName", "DNSName", "CanonicalHostedZoneID=CanonicalHostedZoneId",
			"VpcId", "State=State.Code", "CreatedTime")
		if _, full, ok := strings.Cut(r.ID, ":loadbalancer/"); ok {
			r.Observed["LoadBalancerFullName"] = full
		}
		r.Observed["AvailabilityZones"] = zones
		out = append(out, r)
	}
	return out
}

func readListeners(a *Answer) (out []*haetae.Resource) {
	for l := range a.each("Listeners") {
		p := take(l, "LoadBalancerArn", "Port", "Protocol", "SslPolicy", "AlpnPolicy", "DefaultActions", "MutualAuthentication")
		if arns := pluck(l["Certificates"], "CertificateArn"); len(arns) > 0 {
			for i, arn := range arns {
				arns[i] = map[string]any{"CertificateArn": arn}
			}
			p["Certificates"] = arns
		}
		r := resource(str(l, "ListenerArn"), p)
		r.ARN = r.ID
		r.Observed = take(l, "ListenerArn")
		out = append(out, r)
	}
	return out
}

func readTargetGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("TargetGroups") {
		p := take(g, "Name=TargetGroupName", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId", "IpAddressType",
			"HealthCheckEnabled", "HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckPort", "HealthCheckProtocol",
			"HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher", "TargetControlPort")
		r := resource(str(g, "TargetGroupArn"), p)
		r.ARN = r.ID
		r.Observed = take(g, "TargetGroupArn", "TargetGroupName", "LoadBalancerArns")
		if _, full, ok := strings.Cut(r.ID, ":targetgroup/"); ok {
			r.Observed["TargetGroupFullName"] = "targetgroup/" + full
		}
		out = append(out, r)
	}
	return out
}

func readTargetHealth(a *Answer) []*haetae.Resource {
	targets, health := []any{}, []any{}
	for d := range a.each("TargetHealthDescriptions") {
		targets = append(targets, take(object(d, "Target"), "Id", "Port", "AvailabilityZone", "QuicServerId"))
		health = append(health, take(d, "Id=Target.Id", "Port=Target.Port", "State=TargetHealth.State", "Reason=TargetHealth.Reason"))
	}
	r := resource(str(a.Body, "TargetGroupArn"), map[string]any{"Targets": targets})
	r.Volatile = map[string]any{"TargetHealth": health}
	return []*haetae.Resource{r}
}

// readRules leaves out the last rule, which is the listener's DefaultActions.
func readRules(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Rules") {
		if x["IsDefault"] == true {
			continue
		}
		p := take(x, "Conditions", "Actions", "Transforms")
		if s := str(a.Body, "ListenerArn"); s != "" {
			p["ListenerArn"] = s
		}
		if n, err := strconv.ParseInt(str(x, "Priority"), 10, 64); err == nil {
			p["Priority"] = n
		}
		for action := range objects(p["Actions"]) {
			if s := str(action, "AuthenticateOidcConfig.ClientSecret"); s != "" {
				set(action, "AuthenticateOidcConfig.ClientSecret", a.Secret("client-secret", s))
			}
		}
		p["Tags"] = elsewhere("Tags", "elasticloadbalancing:DescribeTags")
		r := byARN(str(x, "RuleArn"), p)
		r.Observed = take(x, "RuleArn", "IsDefault")
		out = append(out, r)
	}
	return out
}
