package inventory

import (
	"maps"
	"slices"
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

// lambdaAliases holds names of versions, each with a policy of its own. There are
// few of them, and they are asked for function by function.
var lambdaAliases = []Kind{{
	Type: "AWS::Lambda::Alias", Of: "AWS::Lambda::Function",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "lambda:ListAliases", Extra: extraDetails, Lists: true, Member: "Aliases[].FunctionVersion", Param: "FunctionName", Each: functionNames, Gives: []string{"*"},
			Read: reading{
				member: "Aliases", id: "AliasArn", arn: "AliasArn", props: []string{"Name", "FunctionVersion", "Description"}, body: []string{"FunctionName"},
				observed: []string{"AliasArn", "RevisionId"}, more: aliasWeights,
			}.read,
		}, {
			Op: "lambda:GetPolicy", Extra: extraDetails, Member: "Policy", Param: "Qualifier", Each: "lambda:ListAliases Aliases[].Name",
			Params: map[string]any{"FunctionName": "${Grandparent}"}, Absent: notFound, Gives: []string{"PolicyDocument"}, Read: readAliasPolicy,
		},
	},
}}

// aliasWeights reads which other version gets a part of the calls.
func aliasWeights(_ *Answer, x map[string]any, r *haetae.Resource) {
	weights := object(x, "RoutingConfig.AdditionalVersionWeights")
	list := []any{}
	for _, v := range slices.Sorted(maps.Keys(weights)) {
		list = append(list, map[string]any{"FunctionVersion": v, "FunctionWeight": weights[v]})
	}
	if len(list) > 0 {
		r.Props["RoutingConfig"] = map[string]any{"AdditionalVersionWeights": list}
	}
}

func readAliasPolicy(a *Answer) []*haetae.Resource {
	name, alias := str(a.Body, "FunctionName"), str(a.Body, "Qualifier")
	if alias == "" {
		return nil // of a function
	}
	if !strings.HasPrefix(name, "arn:") {
		if name == "" || a.Region == "" || a.Account == "" {
			return nil
		}
		name = "arn:" + haetae.Partition(a.Region) + ":lambda:" + a.Region + ":" + a.Account + ":function:" + name
	}
	r := byARN(name+":"+alias, nil)
	if d := a.Body["Policy"]; d != nil {
		r.Props = map[string]any{"PolicyDocument": policy(d)}
	}
	return []*haetae.Resource{r}
}

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
