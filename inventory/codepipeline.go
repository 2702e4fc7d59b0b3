package inventory

import (
	"maps"
	"slices"

	"github.com/haetae/haetae"
)

// codepipeline holds pipelines: what they run with, and what else their actions
// do.
var codepipeline = []Kind{{
	Type: "AWS::CodePipeline::Pipeline",
	ARN:  "arn:${Partition}:codepipeline:${Region}:${Account}:${ID}",
	Calls: []Call{
		{
			Op: "codepipeline:ListPipelines", Lists: true, Member: "pipelines", Read: reading{
				member: "pipelines", id: "name", props: []string{"Name=name", "PipelineType=pipelineType", "ExecutionMode=executionMode"},
			}.read,
		}, {
			Op: "codepipeline:GetPipeline", Member: "pipeline.roleArn", Param: "name", Each: "codepipeline:ListPipelines pipelines[].name", Gives: []string{"*"}, Read: readPipeline,
		}, {
			Op: "codepipeline:ListTagsForResource", Tags: "list", Param: "resourceArn", Each: "codepipeline:ListPipelines pipelines[].name",
			Params: map[string]any{"resourceArn": "arn:${Partition}:codepipeline:${Region}:${Account}:${Parent}"}, Gives: []string{"Tags"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(last(str(a.Body, "resourceArn")), map[string]any{"Tags": pascal(listOf(a.Body["tags"]))})}
			},
		},
	},
}}

func readPipeline(a *Answer) []*haetae.Resource {
	x := object(a.Body, "pipeline")
	p := pascalObject(take(x, "name", "roleArn", "artifactStore", "stages", "executionMode", "pipelineType", "variables", "triggers"), "configuration")
	for s := range objects(p["Stages"]) {
		for act := range objects(s["Actions"]) {
			for v := range objects(act["EnvironmentVariables"]) {
				// The other type holds the name of a secret.
				if t, ok := v["Value"].(string); ok && str(v, "Type") != "SECRETS_MANAGER" {
					v["Value"] = a.Secret("environment", t)
				}
			}
		}
	}
	stores := []any{}
	regional := object(x, "artifactStores")
	for _, region := range slices.Sorted(maps.Keys(regional)) {
		stores = append(stores, map[string]any{"Region": region, "ArtifactStore": pascal(regional[region])})
	}
	if len(stores) > 0 {
		p["ArtifactStores"] = stores
	}
	id := str(x, "name")
	if id == "" {
		id = str(a.Body, "name")
	}
	r := resource(id, p)
	r.ARN = str(a.Body, "metadata.pipelineArn")
	r.Observed = take(a.Body, "Arn=metadata.pipelineArn")
	return []*haetae.Resource{r}
}
