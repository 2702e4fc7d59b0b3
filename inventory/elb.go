package inventory

import (
	"fmt"

	"github.com/haetae/haetae"
)

const classicNames = "elb:DescribeLoadBalancers LoadBalancerDescriptions[].LoadBalancerName"

// elb holds classic load balancers.
var elb = []Kind{{
	Type: "AWS::ElasticLoadBalancing::LoadBalancer",
	ARN:  "arn:${Partition}:elasticloadbalancing:${Region}:${Account}:loadbalancer/${ID}",
	Calls: []Call{
		{
			Op: "elb:DescribeLoadBalancers", Actions: elbAction("DescribeLoadBalancers"), Lists: true,
			Member: "LoadBalancerDescriptions", Gives: []string{"*"}, Read: readClassic,
		}, {
			Op: "elb:DescribeLoadBalancerAttributes", Actions: elbAction("DescribeLoadBalancerAttributes"),
			Member: "LoadBalancerAttributes", Param: "LoadBalancerName", Each: classicNames,
			Gives: []string{"AccessLoggingPolicy", "ConnectionDrainingPolicy", "ConnectionSettings", "CrossZone"},
			Read:  readClassicAttributes,
		}, {
			Op: "elb:DescribeLoadBalancerPolicies", Actions: elbAction("DescribeLoadBalancerPolicies"),
			Member: "PolicyDescriptions", Param: "LoadBalancerName", Each: classicNames,
			Gives: []string{"Policies"}, Read: readClassicPolicies,
		}, {
			Op: "elb:DescribeTags", Actions: elbAction("DescribeTags"), Member: "TagDescriptions[].LoadBalancerName",
			Param: "LoadBalancerNames", List: true, Batch: 20, Each: classicNames, Gives: []string{"Tags"}, Read: readClassicTags,
		},
	},
}}

func readClassic(a *Answer) (out []*haetae.Resource) {
	for b := range a.each("LoadBalancerDescriptions") {
		p := take(b, "LoadBalancerName", "AvailabilityZones", "Scheme", "SecurityGroups", "Subnets")
		listeners := []any{}
		for d := range objects(b["ListenerDescriptions"]) {
			l := take(object(d, "Listener"), "InstancePort", "InstanceProtocol", "LoadBalancerPort", "Protocol", "SSLCertificateId")
			texted(l, "InstancePort", "LoadBalancerPort")
			if n, ok := d["PolicyNames"].([]any); ok && len(n) > 0 {
				l["PolicyNames"] = n
			}
			listeners = append(listeners, l)
		}
		p["Listeners"] = listeners
		p["Instances"] = pluck(b["Instances"], "InstanceId")
		if h := object(b, "HealthCheck"); h != nil {
			check := map[string]any{}
			for k, v := range h {
				check[k] = fmt.Sprint(v) // all strings in CloudFormation
			}
			p["HealthCheck"] = check
		}
		r := resource(str(b, "LoadBalancerName"), p)
		r.Observed = take(b, "DNSName", "CanonicalHostedZoneName", "CanonicalHostedZoneNameID", "VPCId", "CreatedTime",
			"SourceSecurityGroup.GroupName", "SourceSecurityGroup.OwnerAlias")
		out = append(out, r)
	}
	return out
}

func readClassicAttributes(a *Answer) []*haetae.Resource {
	p := take(object(a.Body, "LoadBalancerAttributes"), "AccessLoggingPolicy.Enabled=AccessLog.Enabled",
		"AccessLoggingPolicy.S3BucketName=AccessLog.S3BucketName", "AccessLoggingPolicy.S3BucketPrefix=AccessLog.S3BucketPrefix",
		"AccessLoggingPolicy.EmitInterval=AccessLog.EmitInterval", "ConnectionDrainingPolicy=ConnectionDraining",
		"ConnectionSettings", "CrossZone=CrossZoneLoadBalancing.Enabled")
	return []*haetae.Resource{resource(str(a.Body, "LoadBalancerName"), p)}
}

func readClassicPolicies(a *Answer) []*haetae.Resource {
	list := []any{}
	for d := range a.each("PolicyDescriptions") {
		attrs := []any{}
		for x := range objects(d["PolicyAttributeDescriptions"]) {
			attrs = append(attrs, take(x, "Name=AttributeName", "Value=AttributeValue"))
		}
		p := take(d, "PolicyName", "PolicyType=PolicyTypeName")
		p["Attributes"] = attrs
		list = append(list, p)
	}
	return []*haetae.Resource{resource(str(a.Body, "LoadBalancerName"), map[string]any{"Policies": list})}
}

func readClassicTags(a *Answer) (out []*haetae.Resource) {
	for d := range a.each("TagDescriptions") {
		if name := str(d, "LoadBalancerName"); name != "" {
			tags := []any{}
			if l, ok := d["Tags"].([]any); ok {
				tags = l
			}
			out = append(out, resource(name, map[string]any{"Tags": tags}))
		}
	}
	return out
}
