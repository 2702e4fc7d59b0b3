package inventory

import "github.com/haetae/haetae"

// allAlarms asks for composite alarms too, which are left out by default.
func allAlarms() map[string]any {
	return map[string]any{"AlarmTypes": []any{"CompositeAlarm", "MetricAlarm"}}
}

// cloudwatch holds alarms.
var cloudwatch = []Kind{{
	Type: "AWS::CloudWatch::Alarm",
	ARN:  "arn:${Partition}:cloudwatch:${Region}:${Account}:alarm:${ID}",
	Calls: []Call{
		{
			Op: "cloudwatch:DescribeAlarms", Params: allAlarms(), Lists: true, Member: "MetricAlarms",
			Gives: []string{"*"}, Read: readMetricAlarms,
		}, {
			// The same members, of the alarms of one metric only.
			Op: "cloudwatch:DescribeAlarmsForMetric", Member: "MetricAlarms", Param: "MetricName", Other: true,
			Read: readMetricAlarms,
		}, {
			Op: "cloudwatch:ListTagsForResource", Tags: "list", Member: "Tags[].Key", Param: "ResourceARN",
			Each: "cloudwatch:DescribeAlarms MetricAlarms[].AlarmArn", Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return about(str(a.Body, "ResourceARN"), ":alarm:", take(a.Body, "Tags"))
			},
		},
	},
}, {
	Type: "AWS::CloudWatch::CompositeAlarm",
	ARN:  "arn:${Partition}:cloudwatch:${Region}:${Account}:alarm:${ID}",
	Calls: []Call{{
		Op: "cloudwatch:DescribeAlarms", Params: allAlarms(), Lists: true, Member: "CompositeAlarms",
		Gives: []string{"*"}, Read: readCompositeAlarms,
	}},
}}

func readMetricAlarms(a *Answer) (out []*haetae.Resource) {
	for m := range a.each("MetricAlarms") {
		p := take(m, "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions",
			"MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods",
			"DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile",
			"ThresholdMetricId", "EvaluationInterval")
		queries := []any{}
		for q := range objects(m["Metrics"]) {
			queries = append(queries, take(q, "Id", "MetricStat", "Expression", "Label", "ReturnData", "Period", "AccountId"))
		}
		if len(queries) > 0 {
			p["Metrics"] = queries
		}
		out = append(out, alarm(m, p))
	}
	return out
}

func readCompositeAlarms(a *Answer) (out []*haetae.Resource) {
	for m := range a.each("CompositeAlarms") {
		p := take(m, "AlarmName", "AlarmDescription", "AlarmRule", "ActionsEnabled", "OKActions", "AlarmActions",
			"InsufficientDataActions", "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
		// The ARN of a composite alarm looks like that of any other, so that
		// nothing tells to which of the two types an answer with tags belongs.
		p["Tags"] = elsewhere("Tags", "cloudwatch:ListTagsForResource")
		out = append(out, alarm(m, p))
	}
	return out
}

func alarm(m, props map[string]any) *haetae.Resource {
	r := resource(str(m, "AlarmName"), props)
	r.ARN = str(m, "AlarmArn")
	r.Observed = take(m, "Arn=AlarmArn")
	r.Volatile = take(m, "StateValue", "StateUpdatedTimestamp")
	return r
}
