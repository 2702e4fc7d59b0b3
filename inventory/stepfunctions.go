package inventory

import "github.com/haetae/haetae"

const machineARNs = "stepfunctions:ListStateMachines stateMachines[].stateMachineArn"

// stepfunctions holds state machines.
var stepfunctions = []Kind{{
	Type: "AWS::StepFunctions::StateMachine", Name: "StateMachineName",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "stepfunctions:ListStateMachines", Actions: []string{"states:ListStateMachines"}, Lists: true, Member: "stateMachines",
			Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("stateMachines") {
					out = append(out, stateMachine(x, take(x, "StateMachineName=name", "StateMachineType=type")))
				}
				return out
			},
		}, {
			Op: "stepfunctions:DescribeStateMachine", Actions: []string{"states:DescribeStateMachine"}, Member: "roleArn",
			Param: "stateMachineArn", Each: machineARNs, Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				p := pascalObject(take(a.Body, "stateMachineName=name", "stateMachineType=type", "roleArn", "tracingConfiguration", "loggingConfiguration",
					"encryptionConfiguration"))
				if doc := str(a.Body, "definition"); doc != "" {
					p["Definition"] = policy(doc)
				}
				r := stateMachine(a.Body, p)
				if id := str(a.Body, "revisionId"); id != "" {
					r.Observed["StateMachineRevisionId"] = id
				}
				return []*haetae.Resource{r}
			},
		}, {
			Op: "stepfunctions:ListTagsForResource", Tags: "list", Actions: []string{"states:ListTagsForResource"}, Param: "resourceArn",
			Each: machineARNs, Gives: []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{byARN(str(a.Body, "resourceArn"), map[string]any{"Tags": pascal(listOf(a.Body["tags"]))})}
			},
		},
	},
}}

func stateMachine(x, props map[string]any) *haetae.Resource {
	r := byARN(str(x, "stateMachineArn"), props)
	r.Observed = take(x, "Arn=stateMachineArn", "Name=name")
	return r
}
