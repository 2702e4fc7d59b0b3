package inventory

import "github.com/haetae/haetae"

// cloudformation holds stacks, which change what their role may change, and
// stack sets, which do so in other accounts.
var cloudformation = []Kind{{
	Type: "AWS::CloudFormation::Stack", Name: "StackName",
	ARN: "${ID}",
	Calls: []Call{{
		Op: "cloudformation:DescribeStacks", Lists: true, Member: "Stacks[].StackStatus", Gives: []string{"*"}, Read: reading{
			member: "Stacks", id: "StackId", arn: "StackId", props: []string{"NotificationARNs", "TimeoutInMinutes", "Tags"},
			observed: []string{"StackId", "StackStatus", "ChangeSetId", "CreationTime", "LastUpdateTime=LastUpdatedTime", "ParentId", "RootId", "RoleARN", "Capabilities",
				"StackName", "EnableTerminationProtection", "DriftStatus=DriftInformation.StackDriftStatus"},
			state: "StackStatus", gone: []string{"DELETE_COMPLETE"}, more: stackValues,
		}.read,
	}},
}, {
	Type: "AWS::CloudFormation::StackSet", Name: "StackSetName",
	ARN: "arn:${Partition}:cloudformation:${Region}:${Account}:stackset/${ID}",
	Calls: []Call{
		{
			Op: "cloudformation:ListStackSets", Lists: true, Member: "Summaries", Params: map[string]any{"Status": "ACTIVE"}, Read: reading{
				member: "Summaries", id: "StackSetId", props: []string{"StackSetName", "Description", "PermissionModel", "AutoDeployment", "ManagedExecution"},
				observed: []string{"StackSetId"},
			}.read,
		}, {
			Op: "cloudformation:DescribeStackSet", Member: "StackSet", Param: "StackSetName", Each: "cloudformation:ListStackSets Summaries[].StackSetName",
			Gives: []string{"*"}, Read: reading{
				member: "StackSet", id: "StackSetId", arn: "StackSetARN", props: []string{"StackSetName", "Description", "PermissionModel", "AutoDeployment", "ManagedExecution",
					"AdministrationRoleARN", "ExecutionRoleName", "Capabilities", "Tags"},
				observed: []string{"StackSetId", "OrganizationalUnitIds", "Regions"}, more: func(a *Answer, x map[string]any, r *haetae.Resource) {
					list := []any{}
					for p := range objects(x["Parameters"]) {
						list = append(list, map[string]any{"ParameterKey": p["ParameterKey"], "ParameterValue": parameterValue(a, p)})
					}
					r.Props["Parameters"] = list
				},
			}.read,
		},
	},
}}

// parameterValue hides the value of a parameter: many a password is in one that
// was not said to be secret.
func parameterValue(a *Answer, p map[string]any) any {
	if s, ok := p["ParameterValue"].(string); ok {
		return a.Secret("parameter", s)
	}
	return nil
}

// stackValues reads parameters and outputs. What a stack puts out is shown to
// whoever may see the stack; a secret in it is recognised at the door.
func stackValues(a *Answer, x map[string]any, r *haetae.Resource) {
	values := map[string]any{}
	for p := range objects(x["Parameters"]) {
		values[str(p, "ParameterKey")] = parameterValue(a, p)
	}
	r.Props["Parameters"] = values
	outputs := []any{}
	for o := range objects(x["Outputs"]) {
		outputs = append(outputs, take(o, "OutputKey", "OutputValue", "Description", "ExportName"))
	}
	r.Observed["Outputs"] = outputs
}
