package inventory

import (
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

const topicARNs = "sns:ListTopics Topics[].TopicArn"

// sns holds topics and their subscriptions.
var sns = []Kind{{
	Type: "AWS::SNS::Topic", Name: "TopicName",
	ARN: "${ID}",
	Calls: []Call{
		{Op: "sns:ListTopics", Lists: true, Member: "Topics[].TopicArn", Read: readTopics},
		{
			Op: "sns:GetTopicAttributes", Member: "Attributes.TopicArn", Param: "TopicArn", Each: topicARNs,
			Gives: []string{"*", "PolicyDocument"}, Read: readTopicAttributes,
		}, {
			Op: "sns:ListSubscriptions", Member: "Subscriptions[].TopicArn", Joins: true,
			Gives: []string{"Subscription"}, Read: readTopicSubscriptions,
		}, {
			Op: "sns:ListSubscriptionsByTopic", Member: "Subscriptions[].TopicArn", Param: "TopicArn", Other: true,
			Gives: []string{"Subscription"}, Read: readTopicSubscriptions,
		}, {
			Op: "sns:ListTagsForResource", Tags: "list", Member: "Tags[].Key", Param: "ResourceArn", Each: topicARNs, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{topic(str(a.Body, "ResourceArn"), take(a.Body, "Tags"))}
			},
		},
	},
}, {
	Type: "AWS::SNS::Subscription",
	ARN:  "${ID}",
	Calls: []Call{
		{Op: "sns:ListSubscriptions", Lists: true, Member: "Subscriptions[].TopicArn", Read: readSubscriptions},
		{
			Op: "sns:GetSubscriptionAttributes", Member: "Attributes.SubscriptionArn", Param: "SubscriptionArn",
			// A subscription that nobody confirmed has no ARN to ask with.
			Each:  "sns:ListSubscriptions Subscriptions[?starts_with(SubscriptionArn,'arn:')].SubscriptionArn",
			Gives: []string{"*"}, Read: readSubscriptionAttributes,
		},
	},
}}

func topic(arn string, props map[string]any) *haetae.Resource {
	r := resource(arn, props)
	r.ARN = arn
	if props != nil && strings.HasPrefix(arn, "arn:") {
		props["TopicName"] = last(arn)
	}
	return r
}

func readTopics(a *Answer) (out []*haetae.Resource) {
	for t := range a.each("Topics") {
		out = append(out, topic(str(t, "TopicArn"), map[string]any{}))
	}
	return out
}

// typed turns the strings of attributes into the types of CloudFormation:
// booleans, integers and, for the named ones, JSON documents.
func typed(p map[string]any, documents ...string) map[string]any {
	for k, v := range p {
		s, _ := v.(string)
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			p[k] = n
		} else {
			p[k] = truth(v)
		}
	}
	for _, d := range documents {
		if v, ok := p[d]; ok {
			p[d] = policy(v)
		}
	}
	return p
}

func readTopicAttributes(a *Answer) []*haetae.Resource {
	at := object(a.Body, "Attributes")
	p := typed(take(at, "KmsMasterKeyId", "ContentBasedDeduplication", "FifoTopic", "FifoThroughputScope", "ArchivePolicy", "PolicyDocument=Policy"),
		"ArchivePolicy", "PolicyDocument")
	for k, v := range take(at, "DisplayName", "SignatureVersion", "TracingConfig") {
		p[k] = v
	}
	arn := str(at, "TopicArn")
	if arn == "" {
		arn = str(a.Body, "TopicArn")
	}
	r := topic(arn, p)
	r.Account = str(at, "Owner")
	r.Observed = take(at, "TopicArn", "Owner")
	roles := map[string]any{}
	for k, v := range at {
		if strings.HasSuffix(k, "FeedbackRoleArn") {
			roles[k] = v
		}
	}
	r.Observed["DeliveryStatusRoles"] = roles
	r.Props["DeliveryStatusLogging"] = deliveryLogging(at)
	return []*haetae.Resource{r}
}

// deliveryLogging puts the attributes about logging of deliveries, such as
// LambdaFailureFeedbackRoleArn, into CloudFormation's list: an entry for each
// protocol that has a role.
func deliveryLogging(at map[string]any) []any {
	list := []any{}
	for _, p := range [...][2]string{{"HTTP", "http/s"}, {"SQS", "sqs"}, {"Lambda", "lambda"}, {"Firehose", "firehose"}, {"Application", "application"}} {
		entry := take(at, "SuccessFeedbackRoleArn="+p[0]+"SuccessFeedbackRoleArn", "FailureFeedbackRoleArn="+p[0]+"FailureFeedbackRoleArn",
			"SuccessFeedbackSampleRate="+p[0]+"SuccessFeedbackSampleRate")
		if str(entry, "SuccessFeedbackRoleArn") == "" && str(entry, "FailureFeedbackRoleArn") == "" {
			continue
		}
		entry["Protocol"] = p[1]
		list = append(list, entry)
	}
	return list
}

func readTopicSubscriptions(a *Answer) (out []*haetae.Resource) {
	if t := str(a.Body, "TopicArn"); t != "" {
		out = append(out, topic(t, map[string]any{"Subscription": []any{}}))
	}
	for s := range a.each("Subscriptions") {
		r := topic(str(s, "TopicArn"), map[string]any{"Subscription": []any{take(s, "Endpoint", "Protocol")}})
		state := take(s, "SubscriptionArn", "Owner")
		state["PendingConfirmation"] = str(s, "SubscriptionArn") == "PendingConfirmation"
		r.Observed = map[string]any{"SubscriptionsConfirmed": []any{state}}
		out = append(out, r)
	}
	return out
}

func readSubscriptions(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("Subscriptions") {
		arn := str(s, "SubscriptionArn")
		if !strings.HasPrefix(arn, "arn:") {
			continue // not confirmed; its topic has it
		}
		r := resource(arn, take(s, "Endpoint", "Protocol", "TopicArn"))
		r.ARN = arn
		out = append(out, r)
	}
	return out
}

func readSubscriptionAttributes(a *Answer) []*haetae.Resource {
	at := object(a.Body, "Attributes")
	arn := str(at, "SubscriptionArn")
	if arn == "" {
		arn = str(a.Body, "SubscriptionArn")
	}
	p := typed(take(at, "RawMessageDelivery", "DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "ReplayPolicy"),
		"DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "ReplayPolicy")
	for k, v := range take(at, "Endpoint", "Protocol", "TopicArn", "FilterPolicyScope", "SubscriptionRoleArn") {
		p[k] = v
	}
	r := resource(arn, p)
	r.ARN = arn
	return []*haetae.Resource{r}
}
