package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const (
	streamNames = "kinesis:ListStreams StreamNames[]"
	streamARN   = "arn:${Partition}:kinesis:${Region}:${Account}:stream/${Parent}"
)

// kinesis holds data streams.
var kinesis = []Kind{{
	Type: "AWS::Kinesis::Stream",
	ARN:  "arn:${Partition}:kinesis:${Region}:${Account}:stream/${ID}",
	Calls: []Call{
		{
			Op: "kinesis:ListStreams", Lists: true, Member: "StreamNames", Read: func(a *Answer) (out []*haetae.Resource) {
				for n := range texts(a.Body["StreamNames"]) {
					out = append(out, resource(n, map[string]any{"Name": n}))
				}
				return out
			},
		}, {
			Op: "kinesis:DescribeStreamSummary", Member: "StreamDescriptionSummary", Param: "StreamName", Each: streamNames,
			Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource { return streamOf(object(a.Body, "StreamDescriptionSummary")) },
		}, {
			Op: "kinesis:DescribeStream", Member: "StreamDescription", Param: "StreamName", Other: true,
			Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource { return streamOf(object(a.Body, "StreamDescription")) },
		}, {
			Op: "kinesis:ListTagsForStream", Tags: "list", Member: "HasMoreTags", Param: "StreamName", Each: streamNames, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(str(a.Body, "StreamName"), take(a.Body, "Tags"))}
			},
		}, {
			Op: "kinesis:GetResourcePolicy", Member: "Policy", Param: "ResourceARN", Each: streamNames,
			Params: map[string]any{"ResourceARN": streamARN}, Absent: notFound, Gives: []string{"PolicyDocument"},
			Read: func(a *Answer) []*haetae.Resource {
				props := map[string]any{"PolicyDocument": policy(a.Body["Policy"])}
				if m, ok := props["PolicyDocument"].(map[string]any); ok && len(m) == 0 {
					props = nil // {} when nobody set one
				}
				name := str(a.Body, "ResourceARN")
				if strings.Contains(name, "/consumer/") {
					return nil // a consumer has a policy of its own
				}
				return about(name, ":stream/", props)
			},
		},
	},
}}

// streamConsumers holds who reads streams by themselves; each has a policy of its
// own.
var streamConsumers = []Kind{{
	Type: "AWS::Kinesis::StreamConsumer", Of: "AWS::Kinesis::Stream",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "kinesis:ListStreamConsumers", Lists: true, Member: "Consumers", Param: "StreamARN", Each: streamNames,
			Params: map[string]any{"StreamARN": streamARN}, Gives: []string{"*"}, Read: reading{
				member: "Consumers", id: "ConsumerARN", arn: "ConsumerARN", props: []string{"ConsumerName"}, body: []string{"StreamARN"}, state: "ConsumerStatus", gone: []string{"DELETING"},
				observed: []string{"ConsumerARN", "ConsumerStatus", "ConsumerCreationTimestamp"}, more: func(_ *Answer, _ map[string]any, r *haetae.Resource) {
					r.Props["Tags"] = elsewhere("Tags", "kinesis:ListTagsForResource")
					if s := str(r.Props, "StreamARN"); s != "" && !strings.HasPrefix(s, "arn:") {
						head, _, _ := strings.Cut(r.ID, "/consumer/")
						r.Props["StreamARN"] = head // the request named the stream alone
					}
				},
			}.read,
		}, {
			Op: "kinesis:GetResourcePolicy", Member: "Policy", Param: "ResourceARN", Each: "kinesis:ListStreamConsumers Consumers[].ConsumerARN",
			Absent: notFound, Gives: []string{"PolicyDocument"}, Read: func(a *Answer) []*haetae.Resource {
				arn := str(a.Body, "ResourceARN")
				if !strings.Contains(arn, "/consumer/") {
					return nil // of a stream
				}
				r := byARN(arn, nil)
				d := policy(a.Body["Policy"])
				if m, ok := d.(map[string]any); d != nil && (!ok || len(m) > 0) {
					r.Props = map[string]any{"PolicyDocument": d} // {} when nobody set one
				}
				return []*haetae.Resource{r}
			},
		},
	},
}}

func streamOf(s map[string]any) []*haetae.Resource {
	p := take(s, "Name=StreamName", "RetentionPeriodHours", "ShardCount=OpenShardCount", "StreamModeDetails.StreamMode=StreamModeDetails.StreamMode",
		"MaxRecordSizeInKiB", "WarmThroughputMiBps=WarmThroughput.TargetMiBps")
	if t := str(s, "EncryptionType"); t != "" && t != "NONE" {
		p["StreamEncryption"] = take(s, "EncryptionType", "KeyId")
	}
	for m := range objects(s["EnhancedMonitoring"]) {
		if list, ok := m["ShardLevelMetrics"].([]any); ok && len(list) > 0 {
			p["DesiredShardLevelMetrics"] = list
		}
	}
	r := resource(str(s, "StreamName"), p)
	r.ARN = str(s, "StreamARN")
	r.Observed = take(s, "Arn=StreamARN", "StreamStatus", "StreamCreationTimestamp",
		"WarmThroughputObject.CurrentMiBps=WarmThroughput.CurrentMiBps", "WarmThroughputObject.TargetMiBps=WarmThroughput.TargetMiBps")
	return []*haetae.Resource{r}
}
