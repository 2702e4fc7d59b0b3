package inventory

import (
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

const layerARNs = "lambda:ListLayers Layers[].LayerArn"

// lambdaLayers holds what functions are made from and what calls them.
var lambdaLayers = []Kind{{
	Type: "AWS::Lambda::LayerVersion",
	ARN:  "${ID}",
	Calls: []Call{
		silent("lambda:ListLayers", "", "", nil),
		{
			// All versions stay until somebody deletes them, each with a policy of
			// its own.
			Op: "lambda:ListLayerVersions", Lists: true, Member: "LayerVersions[].LayerVersionArn", Param: "LayerName", Each: layerARNs,
			Gives: []string{"*"}, Read: readLayerVersions,
		}, {
			Op: "lambda:GetLayerVersionPolicy", Member: "Policy", Param: "VersionNumber", Number: true,
			Each: "lambda:ListLayerVersions LayerVersions[].to_string(Version)", Params: map[string]any{"LayerName": "${Grandparent}"},
			Absent: notFound, Gives: []string{"Permissions"}, Read: readLayerPolicy,
		},
	},
}, {
	Type: "AWS::Lambda::EventSourceMapping",
	ARN:  "arn:${Partition}:lambda:${Region}:${Account}:event-source-mapping:${ID}",
	Calls: []Call{{
		Op: "lambda:ListEventSourceMappings", Lists: true, Member: "EventSourceMappings", Gives: []string{"*"}, Read: readEventSources,
	}},
}}

func readLayerVersions(a *Answer) (out []*haetae.Resource) {
	for v := range a.each("LayerVersions") {
		name := str(v, "LayerVersionArn")
		p := take(v, "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")
		if n, err := arn.Parse(name); err == nil {
			if parts := strings.Split(n.Resource, ":"); len(parts) == 3 {
				p["LayerName"] = parts[1]
			}
		}
		r := byARN(name, p)
		r.Observed = take(v, "LayerVersionArn")
		out = append(out, r)
	}
	return out
}

// readLayerPolicy reads who may use one version, which the request names by the
// layer and a number.
func readLayerPolicy(a *Answer) []*haetae.Resource {
	layer, version := str(a.Body, "LayerName"), str(a.Body, "VersionNumber")
	if !strings.HasPrefix(layer, "arn:") || version == "" {
		return []*haetae.Resource{resource("", nil)}
	}
	doc := policy(a.Body["Policy"])
	m, ok := doc.(map[string]any)
	if !ok {
		return []*haetae.Resource{byARN(layer+":"+version, map[string]any{"Permissions": doc})}
	}
	list := []any{}
	for s := range objects(m["Statement"]) {
		list = append(list, layerPermission(s))
	}
	return []*haetae.Resource{byARN(layer+":"+version, map[string]any{"Permissions": list})}
}

// layerPermission turns a statement into what a template says: an account, or
// everybody, perhaps of one organization only.
func layerPermission(s map[string]any) map[string]any {
	p := take(s, "Action", "OrganizationId=Condition.StringEquals.aws:PrincipalOrgID")
	who := s["Principal"]
	if m, ok := who.(map[string]any); ok {
		who = m["AWS"]
	}
	if name, ok := who.(string); ok {
		if n, err := arn.Parse(name); err == nil && n.Account != "" {
			who = n.Account
		}
	}
	if who != nil {
		p["Principal"] = who
	}
	return p
}

func readEventSources(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("EventSourceMappings") {
		p := take(x, "FunctionName=FunctionArn", "EventSourceArn", "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig",
			"DocumentDBEventSourceConfig", "FilterCriteria", "FunctionResponseTypes", "KmsKeyArn=KMSKeyArn", "LoggingConfig",
			"MaximumBatchingWindowInSeconds", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "MetricsConfig", "ParallelizationFactor",
			"Queues", "ScalingConfig", "SourceAccessConfigurations", "StartingPosition", "Topics", "TumblingWindowInSeconds",
			"AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig", "ProvisionedPollerConfig")
		if list := get(x, "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS"); list != nil {
			set(p, "SelfManagedEventSource.Endpoints.KafkaBootstrapServers", list)
		}
		if s := str(x, "State"); s != "" {
			p["Enabled"] = s != "Disabled" && s != "Disabling"
		}
		p["Tags"] = elsewhere("Tags", "lambda:ListTags")
		r := resource(str(x, "UUID"), p)
		r.ARN = str(x, "EventSourceMappingArn")
		r.Observed = take(x, "Id=UUID", "EventSourceMappingArn")
		out = append(out, r)
	}
	return out
}
