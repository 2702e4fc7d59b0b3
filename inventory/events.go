package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const busNames = "events:ListEventBuses EventBuses[].Name"

// events holds event buses and the rules on them.
var events = []Kind{{
	Type: "AWS::Events::EventBus",
	ARN:  "arn:${Partition}:events:${Region}:${Account}:event-bus/${ID}",
	Calls: []Call{
		{
			Op: "events:ListEventBuses", Lists: true, Member: "EventBuses", Gives: []string{"Policy"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("EventBuses") {
					out = append(out, eventBus(x))
				}
				return out
			},
		}, {
			Op: "events:DescribeEventBus", Param: "Name", Each: busNames, Gives: []string{"*", "Policy"},
			Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{eventBus(a.Body)} },
		},
		eventTags("events:ListEventBuses EventBuses[].Arn", ":event-bus/"),
	},
}, {
	Type: "AWS::Events::Rule", Name: "Name", Of: "AWS::Events::EventBus",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "events:ListRules", Lists: true, Member: "Rules[].State", Param: "EventBusName", Each: busNames, Gives: []string{"*"},
			Read: readEventRules,
		}, {
			Op: "events:ListTargetsByRule", Member: "Targets[].Arn", Param: "Rule", Each: "events:ListRules Rules[].Name",
			Params: map[string]any{"EventBusName": "${Grandparent}"}, Gives: []string{"Targets"},
			Read: readRuleTargets,
		},
		eventTags("events:ListRules Rules[].Arn", ":rule/"),
	},
}}

func eventBus(x map[string]any) *haetae.Resource {
	p := take(x, "Name", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
	if doc := x["Policy"]; doc != nil {
		p["Policy"] = policy(doc)
	}
	r := resource(last(str(x, "Name")), p)
	r.ARN = str(x, "Arn")
	r.Observed = take(x, "Arn")
	return r
}

// eventTags is the call for the tags of what has a certain part in its ARN.
func eventTags(each, in string) Call {
	return Call{
		Op: "events:ListTagsForResource", Tags: "list", Param: "ResourceARN", Each: each, Gives: []string{"Tags"},
		Read: func(a *Answer) []*haetae.Resource {
			name := str(a.Body, "ResourceARN")
			_, id, ok := strings.Cut(name, in)
			if !ok {
				return nil
			}
			if in == ":rule/" {
				id = name
			}
			r := resource(id, map[string]any{"Tags": listOf(a.Body["Tags"])})
			r.ARN = name
			return []*haetae.Resource{r}
		},
	}
}

func readEventRules(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Rules") {
		p := take(x, "Name", "Description", "EventBusName", "RoleArn", "ScheduleExpression", "State")
		if doc := x["EventPattern"]; doc != nil {
			p["EventPattern"] = policy(doc)
		}
		r := byARN(str(x, "Arn"), p)
		r.Observed = take(x, "Arn", "RuleName=Name")
		out = append(out, r)
	}
	return out
}

func readRuleTargets(a *Answer) []*haetae.Resource {
	list := []any{}
	for t := range a.each("Targets") {
		list = append(list, ruleTarget(a, t))
	}
	name := str(a.Body, "Rule")
	r := resource(name, map[string]any{"Targets": list})
	if name != "" && a.Account != "" && a.Region != "" {
		// Another bus stands before the name of the rule.
		if bus := last(str(a.Body, "EventBusName")); bus != "" && bus != "default" {
			name = bus + "/" + name
		}
		r.ID = "arn:" + haetae.Partition(a.Region) + ":events:" + a.Region + ":" + a.Account + ":rule/" + name
		r.ARN = r.ID
	}
	return []*haetae.Resource{r}
}

func ruleTarget(a *Answer, t map[string]any) map[string]any {
	m := take(t, "Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer", "AppSyncParameters", "BatchParameters", "DeadLetterConfig",
		"KinesisParameters", "RedshiftDataParameters", "RetryPolicy", "RunCommandParameters", "SageMakerPipelineParameters", "SqsParameters")
	if h := object(t, "HttpParameters"); h != nil {
		http := take(h, "PathParameterValues")
		for _, n := range []string{"HeaderParameters", "QueryStringParameters"} {
			if v := object(h, n); len(v) > 0 {
				http[n] = secrets(a, v) // where keys of APIs stand
			}
		}
		m["HttpParameters"] = http
	}
	if e := object(t, "EcsParameters"); e != nil {
		ecs := pascalObject(e)
		rename(ecs, "TagList=Tags")
		if n := object(ecs, "NetworkConfiguration"); n != nil {
			rename(n, "AwsVpcConfiguration=AwsvpcConfiguration")
		}
		m["EcsParameters"] = ecs
	}
	return m
}
