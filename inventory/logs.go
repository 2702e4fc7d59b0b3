package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const logGroupNames = "logs:DescribeLogGroups logGroups[].logGroupName"

// logs holds log groups, and what is looked for in them and sent on from them.
var logs = []Kind{{
	Type: "AWS::Logs::LogGroup",
	ARN:  "arn:${Partition}:logs:${Region}:${Account}:log-group:${ID}",
	Calls: []Call{
		{
			Op: "logs:DescribeLogGroups", Lists: true, Member: "logGroups", Gives: []string{"*"},
			Read: readLogGroups,
		}, {
			Op: "logs:ListTagsForResource", Tags: "list", Param: "resourceArn", Each: logGroupNames,
			Params: map[string]any{"resourceArn": "arn:${Partition}:logs:${Region}:${Account}:log-group:${Parent}"},
			Gives:  []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				return logGroup(str(a.Body, "resourceArn"), map[string]any{"Tags": tagList(object(a.Body, "tags"))})
			},
		}, {
			// Older programs ask with this one; it says the same.
			Op: "logs:ListTagsLogGroup", Param: "logGroupName", Other: true,
			Gives: []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				return logGroup(str(a.Body, "logGroupName"), map[string]any{"Tags": tagList(object(a.Body, "tags"))})
			},
		}, {
			Op: "logs:GetDataProtectionPolicy", Member: "policyDocument", Param: "logGroupIdentifier",
			// The list tells which groups have a policy.
			Each:   "logs:DescribeLogGroups logGroups[?dataProtectionStatus].logGroupName",
			Absent: notFound, Read: func(a *Answer) []*haetae.Resource {
				return logGroup(str(a.Body, "logGroupIdentifier"), map[string]any{"DataProtectionPolicy": policy(a.Body["policyDocument"])})
			},
		},
	},
}, {
	Type: "AWS::Logs::MetricFilter",
	Calls: []Call{{
		Op: "logs:DescribeMetricFilters", Lists: true, Member: "metricFilters", Gives: []string{"*"},
		Read: readMetricFilters,
	}},
}, {
	Type: "AWS::Logs::SubscriptionFilter", Of: "AWS::Logs::LogGroup",
	Calls: []Call{{
		Op: "logs:DescribeSubscriptionFilters", Extra: extraDetails, Lists: true, Member: "subscriptionFilters",
		Param: "logGroupName", Each: logGroupNames, Gives: []string{"*"}, Read: readSubscriptionFilters,
	}},
}}

// logGroup returns a log group that may be named by name or by ARN. Names have
// slashes in them, and some ARNs end with ":*".
func logGroup(name string, props map[string]any) []*haetae.Resource {
	if _, n, ok := strings.Cut(name, ":log-group:"); ok {
		name = strings.TrimSuffix(n, ":*")
	}
	return []*haetae.Resource{resource(name, props)}
}

func readLogGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("logGroups") {
		p := take(g, "LogGroupName=logGroupName", "RetentionInDays=retentionInDays", "KmsKeyId=kmsKeyId", "LogGroupClass=logGroupClass",
			"DeletionProtectionEnabled=deletionProtectionEnabled", "BearerTokenAuthenticationEnabled=bearerTokenAuthenticationEnabled")
		switch str(g, "dataProtectionStatus") {
		case "ACTIVATED", "ARCHIVED", "DISABLED":
			// There is a policy, and another call tells which.
			u := elsewhere("DataProtectionPolicy", "logs:GetDataProtectionPolicy")
			u.Set = str(g, "dataProtectionStatus") == "ACTIVATED"
			p["DataProtectionPolicy"] = u
		}
		p["FieldIndexPolicies"] = elsewhere("FieldIndexPolicies", "logs:DescribeIndexPolicies")
		p["ResourcePolicyDocument"] = elsewhere("ResourcePolicyDocument", "logs:DescribeResourcePolicies")
		r := resource(str(g, "logGroupName"), p)
		r.ARN = strings.TrimSuffix(str(g, "arn"), ":*")
		r.Observed = take(g, "Arn=arn")
		if t := millis(g["creationTime"]); t != nil {
			r.Observed["CreationTime"] = t
		}
		r.Volatile = take(g, "StoredBytes=storedBytes")
		out = append(out, r)
	}
	return out
}

// logDestinations holds where other accounts may send their logs.
var logDestinations = []Kind{{
	Type: "AWS::Logs::Destination",
	ARN:  "arn:${Partition}:logs:${Region}:${Account}:destination:${ID}",
	Calls: []Call{{
		Op: "logs:DescribeDestinations", Lists: true, Member: "destinations", Gives: []string{"*"}, Read: reading{
			member: "destinations", id: "destinationName", arn: "arn", props: []string{"DestinationName=destinationName", "TargetArn=targetArn", "RoleArn=roleArn",
				"DestinationPolicy=accessPolicy"}, // a text in CloudFormation too
			observed: []string{"Arn=arn"},
			more: func(_ *Answer, _ map[string]any, r *haetae.Resource) {
				r.Props["Tags"] = elsewhere("Tags", "logs:ListTagsForResource")
			},
		}.read,
	}},
}}

func readMetricFilters(a *Answer) (out []*haetae.Resource) {
	for f := range a.each("metricFilters") {
		p := take(f, "FilterName=filterName", "FilterPattern=filterPattern", "LogGroupName=logGroupName",
			"ApplyOnTransformedLogs=applyOnTransformedLogs", "FieldSelectionCriteria=fieldSelectionCriteria",
			"EmitSystemFieldDimensions=emitSystemFieldDimensions")
		list := []any{}
		for t := range objects(f["metricTransformations"]) {
			m := take(t, "MetricName=metricName", "MetricNamespace=metricNamespace", "MetricValue=metricValue",
				"DefaultValue=defaultValue", "Unit=unit")
			if d := object(t, "dimensions"); d != nil {
				m["Dimensions"] = tagList(d)
			}
			list = append(list, m)
		}
		p["MetricTransformations"] = list
		out = append(out, pair(p, "LogGroupName", "FilterName"))
	}
	return out
}

func readSubscriptionFilters(a *Answer) (out []*haetae.Resource) {
	for f := range a.each("subscriptionFilters") {
		p := take(f, "FilterName=filterName", "FilterPattern=filterPattern", "LogGroupName=logGroupName",
			"DestinationArn=destinationArn", "Distribution=distribution", "RoleArn=roleArn",
			"ApplyOnTransformedLogs=applyOnTransformedLogs", "FieldSelectionCriteria=fieldSelectionCriteria",
			"EmitSystemFields=emitSystemFields")
		out = append(out, pair(p, "FilterName", "LogGroupName"))
	}
	return out
}

// pair returns a resource that two properties identify, joined as CloudFormation
// does; without one of them it has no ID.
func pair(props map[string]any, first, second string) *haetae.Resource {
	a, b := str(props, first), str(props, second)
	if a == "" || b == "" {
		return resource("", props)
	}
	return resource(a+"|"+b, props)
}
