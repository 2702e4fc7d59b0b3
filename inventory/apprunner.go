package inventory

import (
	"maps"
	"slices"

	"github.com/haetae/haetae"
)

const appServices = "apprunner:ListServices ServiceSummaryList[].ServiceArn"

// apprunner holds services and the connectors by which they reach networks.
var apprunner = []Kind{{
	Type: "AWS::AppRunner::Service", Name: "ServiceName",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "apprunner:ListServices", Lists: true, Member: "ServiceSummaryList", Read: reading{
				member: "ServiceSummaryList", id: "ServiceArn", arn: "ServiceArn", props: []string{"ServiceName"}, state: "Status", gone: []string{"DELETED"},
				observed: []string{"ServiceArn", "ServiceId", "ServiceUrl", "Status"},
			}.read,
		}, {
			Op: "apprunner:DescribeService", Member: "Service.ServiceArn", Param: "ServiceArn", Each: appServices, Gives: []string{"*"}, Read: readAppService,
		},
		tagsByARN("apprunner:ListTagsForResource", "ResourceArn", "Tags", appServices, ":service/", true),
		protectedBy("APP_RUNNER_SERVICE", func(arn string) string { return arn }),
	},
}, {
	Type: "AWS::AppRunner::VpcConnector", Name: "VpcConnectorName",
	ARN: "${ID}",
	Calls: []Call{{
		Op: "apprunner:ListVpcConnectors", Lists: true, Member: "VpcConnectors", Gives: []string{"*"}, Read: reading{
			member: "VpcConnectors", id: "VpcConnectorArn", arn: "VpcConnectorArn", props: []string{"VpcConnectorName", "Subnets", "SecurityGroups"},
			observed: []string{"VpcConnectorArn", "VpcConnectorRevision"}, state: "Status", gone: []string{"INACTIVE"},
			more: func(_ *Answer, _ map[string]any, r *haetae.Resource) {
				r.Props["Tags"] = elsewhere("Tags", "apprunner:ListTagsForResource")
			},
		}.read,
	}},
}}

func readAppService(a *Answer) []*haetae.Resource {
	x := object(a.Body, "Service")
	p := take(x, "ServiceName", "InstanceConfiguration", "EncryptionConfiguration", "HealthCheckConfiguration", "NetworkConfiguration", "ObservabilityConfiguration",
		"AutoScalingConfigurationArn=AutoScalingConfigurationSummary.AutoScalingConfigurationArn",
		"SourceConfiguration.AutoDeploymentsEnabled=SourceConfiguration.AutoDeploymentsEnabled",
		"SourceConfiguration.AuthenticationConfiguration=SourceConfiguration.AuthenticationConfiguration",
		"SourceConfiguration.CodeRepository.RepositoryUrl=SourceConfiguration.CodeRepository.RepositoryUrl",
		"SourceConfiguration.CodeRepository.SourceDirectory=SourceConfiguration.CodeRepository.SourceDirectory",
		"SourceConfiguration.CodeRepository.SourceCodeVersion=SourceConfiguration.CodeRepository.SourceCodeVersion",
		"SourceConfiguration.CodeRepository.CodeConfiguration.ConfigurationSource=SourceConfiguration.CodeRepository.CodeConfiguration.ConfigurationSource",
		"SourceConfiguration.ImageRepository.ImageIdentifier=SourceConfiguration.ImageRepository.ImageIdentifier",
		"SourceConfiguration.ImageRepository.ImageRepositoryType=SourceConfiguration.ImageRepository.ImageRepositoryType")
	for _, at := range []string{
		"SourceConfiguration.CodeRepository.CodeConfiguration.CodeConfigurationValues", "SourceConfiguration.ImageRepository.ImageConfiguration",
	} {
		c := object(x, at)
		if c == nil {
			continue
		}
		one := take(c, "Runtime", "BuildCommand", "StartCommand", "Port")
		if list := pairs(hiddenValues(a, object(c, "RuntimeEnvironmentVariables"))); len(list) > 0 {
			one["RuntimeEnvironmentVariables"] = list
		}
		// These are the names of secrets, not what is in them.
		if list := pairs(object(c, "RuntimeEnvironmentSecrets")); len(list) > 0 {
			one["RuntimeEnvironmentSecrets"] = list
		}
		set(p, at, one)
	}
	r := byARN(str(x, "ServiceArn"), p)
	if r.ID == "" {
		r = byARN(str(a.Body, "ServiceArn"), nil)
	}
	r.Observed = take(x, "ServiceArn", "ServiceId", "ServiceUrl", "Status")
	return []*haetae.Resource{r}
}

// pairs turns a map into CloudFormation's list of names and values, sorted.
func pairs(m map[string]any) []any {
	out := []any{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, map[string]any{"Name": k, "Value": m[k]})
	}
	return out
}
