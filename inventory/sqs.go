package inventory

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

const queueURLs = "sqs:ListQueues QueueUrls[]"

// sqs holds queues.
var sqs = []Kind{{
	Type: "AWS::SQS::Queue", Name: "QueueName",
	Calls: []Call{
		{Op: "sqs:ListQueues", Lists: true, Member: "QueueUrls", Read: readQueues},
		{
			Op: "sqs:GetQueueAttributes", Member: "Attributes.QueueArn", Param: "QueueUrl", Each: queueURLs,
			Params: map[string]any{"AttributeNames": []any{"All"}}, Gives: []string{"*", "PolicyDocument"}, Read: readQueueAttributes,
		}, {
			Op: "sqs:ListQueueTags", Tags: "list", Param: "QueueUrl", Each: queueURLs, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{queue(str(a.Body, "QueueUrl"), map[string]any{"Tags": tagList(object(a.Body, "Tags"))})}
			},
		},
	},
}}

// queue returns a queue by its URL, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME,
// which says where it is.
func queue(url string, props map[string]any) *haetae.Resource {
	r := resource(url, props)
	parts := strings.Split(strings.TrimPrefix(url, "https://"), "/")
	if len(parts) != 3 {
		return r
	}
	if props == nil {
		r.Props = map[string]any{}
	}
	r.Account, r.Props["QueueName"] = parts[1], parts[2]
	host := strings.Split(parts[0], ".")
	for _, h := range host {
		if regionName.MatchString(h) {
			r.Region = h
		}
	}
	if r.Region != "" && isAccount(r.Account) {
		r.ARN = "arn:" + haetae.Partition(r.Region) + ":sqs:" + r.Region + ":" + r.Account + ":" + parts[2]
	}
	return r
}

func readQueues(a *Answer) (out []*haetae.Resource) {
	for u := range texts(a.Body["QueueUrls"]) {
		out = append(out, queue(u, nil))
	}
	return out
}

func readQueueAttributes(a *Answer) []*haetae.Resource {
	at := object(a.Body, "Attributes")
	p := typed(take(at, "ContentBasedDeduplication", "DelaySeconds", "FifoQueue", "KmsDataKeyReusePeriodSeconds",
		"MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "VisibilityTimeout", "SqsManagedSseEnabled",
		"RedriveAllowPolicy", "RedrivePolicy", "PolicyDocument=Policy"), "RedriveAllowPolicy", "RedrivePolicy", "PolicyDocument")
	for k, v := range take(at, "KmsMasterKeyId", "DeduplicationScope", "FifoThroughputLimit") {
		p[k] = v
	}
	arn := str(at, "QueueArn")
	// Without a URL the ARN still names the queue.
	r := queue(cmp.Or(str(a.Body, "QueueUrl"), queueURL(arn)), p)
	r.ARN = cmp.Or(arn, r.ARN)
	r.Observed = map[string]any{"Arn": r.ARN, "QueueUrl": r.ID}
	if n, err := strconv.ParseInt(str(at, "CreatedTimestamp"), 10, 64); err == nil {
		r.Observed["CreatedTimestamp"] = time.Unix(n, 0).UTC().Format(time.RFC3339)
	}
	r.Volatile = typed(take(at, "ApproximateNumberOfMessages"))
	return []*haetae.Resource{r}
}

// queueURL makes a queue's URL of its ARN.
func queueURL(name string) string {
	n, err := arn.Parse(name)
	if err != nil {
		return ""
	}
	host := "sqs." + n.Region + ".amazonaws.com"
	if n.Partition == "aws-cn" {
		host += ".cn"
	}
	return "https://" + host + "/" + n.Account + "/" + n.Resource
}
