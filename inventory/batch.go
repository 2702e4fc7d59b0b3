package inventory

import "github.com/haetae/haetae"

// batchData are members whose keys belong to the user.
var batchData = []string{"tags", "parameters", "options", "labels", "annotations", "limits", "requests"}

// batch holds what jobs run as, and on what.
var batch = []Kind{{
	// Each revision is one of its own; those that are not active cannot be run.
	Type: "AWS::Batch::JobDefinition", Finish: tagsIn("Tags"),
	ARN: "${ID}",
	Calls: []Call{{
		Op: "batch:DescribeJobDefinitions", Lists: true, Member: "jobDefinitions", Params: map[string]any{"status": "ACTIVE"}, Gives: []string{"*"}, Read: reading{
			member: "jobDefinitions", id: "jobDefinitionArn", arn: "jobDefinitionArn", camel: true, data: batchData,
			props: []string{"jobDefinitionName", "type", "parameters", "platformCapabilities", "propagateTags", "retryStrategy", "schedulingPriority", "timeout",
				"containerProperties", "ecsProperties", "eksProperties", "nodeProperties", "consumableResourceProperties", "tags"},
			observed: []string{"JobDefinitionArn=jobDefinitionArn", "Revision=revision"},
			more:     func(a *Answer, _ map[string]any, r *haetae.Resource) { hideEnvironments(a, r.Props) },
		}.read,
	}},
}, {
	Type: "AWS::Batch::ComputeEnvironment", Name: "ComputeEnvironmentName", Finish: tagsIn("Tags"),
	ARN: "${ID}",
	Calls: []Call{{
		Op: "batch:DescribeComputeEnvironments", Lists: true, Member: "computeEnvironments", Gives: []string{"*"}, Read: reading{
			member: "computeEnvironments", id: "computeEnvironmentArn", arn: "computeEnvironmentArn", camel: true, data: batchData, state: "status", gone: []string{"DELETED"},
			props:    []string{"computeEnvironmentName", "type", "state", "serviceRole", "unmanagedvCpus", "computeResources", "updatePolicy", "eksConfiguration", "tags"},
			observed: []string{"ComputeEnvironmentArn=computeEnvironmentArn", "EcsClusterArn=ecsClusterArn"},
		}.read,
	}},
}}

// hideEnvironments hides the values of the environments of all containers,
// however deep they are.
func hideEnvironments(a *Answer, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if k == "Environment" || k == "Env" {
				for e := range objects(x) {
					if s, ok := e["Value"].(string); ok {
						e["Value"] = a.Secret("environment", s)
					}
				}
				continue
			}
			hideEnvironments(a, x)
		}
	case []any:
		for _, x := range v {
			hideEnvironments(a, x)
		}
	}
}
