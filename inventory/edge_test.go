package inventory

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// checkLoaded loads a folder and checks one resource of it, and that all that
// was read has a name in the schema.
func checkLoaded(t *testing.T, answers, typ, id string, want map[string]string) *haetae.Snapshot {
	t.Helper()
	s := load(t, answers, Options{Account: me, Region: "eu-west-1"})
	names, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Resources {
		st, ok := names.Type(r.Type)
		if !ok {
			t.Fatalf("the schema has no %s", r.Type)
		}
		for _, m := range []map[string]any{r.Props, r.Observed, r.Volatile} {
			named(t, st, "", m)
		}
	}
	r := find(t, s, typ, id)
	for path, v := range want {
		var got any
		switch path {
		case "Tags.":
			got = r.Tags
		case "Region":
			got = r.Region
		case "Account":
			got = r.Account
		default:
			got = atPath(r, path)
		}
		if !sameJSON(t, got, v) {
			t.Errorf("%s is %s, want %s", path, text(got), v)
		}
	}
	return s
}

func TestAPIGateway(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"the policy of an API has its quotes escaped twice", "apigateway:GetRestApis",
			`{"items":[{"id":"a1","name":"shop","apiKeySource":"HEADER","endpointConfiguration":{"types":["PRIVATE"],"vpcEndpointIds":["vpce-1"]},"disableExecuteApiEndpoint":true,
			  "policy":"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[]}","tags":{"team":"x"},"rootResourceId":"r0"}]}`,
			"AWS::ApiGateway::RestApi", "a1",
			map[string]string{
				"Policy": `{"Version":"2012-10-17","Statement":[]}`, "EndpointConfiguration": `{"Types":["PRIVATE"],"VpcEndpointIds":["vpce-1"]}`,
				"ApiKeySourceType": `"HEADER"`, "Tags": `[{"Key":"team","Value":"x"}]`, "Observed.RootResourceId": `"r0"`,
			},
		}, {
			"a stage has its settings by path and method, and hides its variables", "apigateway:GetStages",
			`{"restApiId":"a1","item":[{"stageName":"prod","deploymentId":"d","tracingEnabled":true,"webAclArn":"arn:acl","accessLogSettings":{"destinationArn":"arn:log","format":"$context.requestId"},
			  "variables":{"password":"hunter2"},"methodSettings":{"*/*":{"loggingLevel":"INFO","cachingEnabled":false},"~1pets~1id/GET":{"loggingLevel":"OFF"}}}]}`,
			"AWS::ApiGateway::Stage", "a1|prod",
			map[string]string{
				"MethodSettings": `[{"ResourcePath":"/*","HttpMethod":"*","LoggingLevel":"INFO","CachingEnabled":false},{"ResourcePath":"/~1pets~1id","HttpMethod":"GET","LoggingLevel":"OFF"}]`,
				"WebACLArn":      `"arn:acl"`, "AccessLogSetting": `{"DestinationArn":"arn:log","Format":"$context.requestId"}`, "Variables": `{"password":{"kind":"environment","length":7}}`,
				"ARN": `"arn:aws:apigateway:eu-west-1::/restapis/a1/stages/prod"`, "CanarySetting": `null`,
			},
		}, {
			"a method knows who may call it", "apigateway:GetResources",
			`{"restApiId":"a1","items":[{"id":"r1","path":"/pets","resourceMethods":{"GET":{"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false,
			  "methodIntegration":{"type":"AWS_PROXY","httpMethod":"POST","uri":"arn:fn","requestParameters":{"integration.request.header.x":"'y'"},"integrationResponses":{"200":{}}},"methodResponses":{"200":{"statusCode":"200","responseModels":{"application/json":"Empty"}}}}}}]}`,
			"AWS::ApiGateway::Method", "a1|r1|GET",
			map[string]string{
				"AuthorizationType": `"NONE"`, "ApiKeyRequired": `false`, "MethodResponses": `[{"StatusCode":"200","ResponseModels":{"application/json":"Empty"}}]`,
				"Integration": `{"Type":"AWS_PROXY","IntegrationHttpMethod":"POST","Uri":"arn:fn","RequestParameters":{"integration.request.header.x":"'y'"},"IntegrationResponses":[{"StatusCode":"200"}]}`,
			},
		}, {
			"an authorizer belongs to an API", "apigateway:GetAuthorizers",
			`{"restApiId":"a1","items":[{"id":"z","name":"n","type":"COGNITO_USER_POOLS","providerARNs":["arn:pool"],"identitySource":"method.request.header.Authorization"}]}`,
			"AWS::ApiGateway::Authorizer", "a1|z", map[string]string{"ProviderARNs": `["arn:pool"]`, "RestApiId": `"a1"`, "Observed.AuthorizerId": `"z"`},
		}, {
			"a domain has its policy and its trust store", "apigateway:GetDomainNames",
			`{"items":[{"domainName":"x.example","regionalCertificateArn":"arn:c","securityPolicy":"TLS_1_2","domainNameStatus":"AVAILABLE","mutualTlsAuthentication":{"truststoreUri":"s3://b/k","truststoreWarnings":[]}}]}`,
			"AWS::ApiGateway::DomainName", "x.example", map[string]string{"SecurityPolicy": `"TLS_1_2"`, "MutualTlsAuthentication": `{"TruststoreUri":"s3://b/k"}`},
		}, {
			"an HTTP API has a map of tags", "apigatewayv2:GetApis",
			`{"Items":[{"ApiId":"h1","Name":"n","ProtocolType":"HTTP","ApiEndpoint":"https://h1","CorsConfiguration":{"AllowOrigins":["*"]},"Tags":{"a":"b"},"CreatedDate":"2024-01-01T00:00:00Z"}]}`,
			"AWS::ApiGatewayV2::Api", "h1", map[string]string{"Tags": `{"a":"b"}`, "CorsConfiguration": `{"AllowOrigins":["*"]}`, "Observed.ApiEndpoint": `"https://h1"`},
		}, {
			"a stage of an HTTP API logs where it says", "apigatewayv2:GetStages",
			`{"ApiId":"h1","Items":[{"StageName":"$default","AutoDeploy":true,"AccessLogSettings":{"DestinationArn":"arn:log"},"DefaultRouteSettings":{"DetailedMetricsEnabled":false}}]}`,
			"AWS::ApiGatewayV2::Stage", "h1|$default", map[string]string{"AccessLogSettings": `{"DestinationArn":"arn:log"}`, "AutoDeploy": `true`},
		}, {
			"a route knows its authorization", "apigatewayv2:GetRoutes", `{"ApiId":"h1","Items":[{"RouteId":"r","RouteKey":"GET /","AuthorizationType":"NONE","Target":"integrations/i"}]}`,
			"AWS::ApiGatewayV2::Route", "h1|r", map[string]string{"AuthorizationType": `"NONE"`, "RouteKey": `"GET /"`},
		}, {
			"an authorizer of an HTTP API has its issuer", "apigatewayv2:GetAuthorizers",
			`{"ApiId":"h1","Items":[{"AuthorizerId":"z","AuthorizerType":"JWT","Name":"n","JwtConfiguration":{"Issuer":"https://i","Audience":["a"]},"IdentitySource":["$request.header.Authorization"]}]}`,
			"AWS::ApiGatewayV2::Authorizer", "z|h1", map[string]string{"JwtConfiguration.Issuer": `"https://i"`},
		}, {
			"an integration knows as whom it calls", "apigatewayv2:GetIntegrations", `{"ApiId":"h1","Items":[{"IntegrationId":"i","IntegrationType":"AWS_PROXY","CredentialsArn":"arn:r"}]}`,
			"AWS::ApiGatewayV2::Integration", "h1|i", map[string]string{"CredentialsArn": `"arn:r"`},
		},
	})
	s := load(t, `
-- 111122223333/eu-west-1/get-rest-apis.json --
{"items":[{"id":"a1","apiKeySource":"HEADER"}]}
-- 111122223333/eu-west-1/apigateway.get-stages.a1.json --
{"restApiId":"a1","Error":{"Code":"AccessDeniedException"}}
-- 111122223333/eu-west-1/get-resources.a1.json --
{"items":[{"id":"r1","path":"/","resourceMethods":{"GET":{}}}]}
`, Options{})
	if c := covered(t, s, me, "eu-west-1", "AWS::ApiGateway::Stage"); c.Status == haetae.Complete || c.Reason != haetae.Denied || c.Actions[0] != "apigateway:GET" {
		t.Errorf("stages are %+v", c)
	}
	if c := covered(t, s, me, "eu-west-1", "AWS::ApiGateway::Method"); c.Status != haetae.Complete {
		t.Errorf("methods are %+v", c)
	}
	unknown(t, find(t, s, "AWS::ApiGateway::Method", "a1|r1|GET").Props["AuthorizationType"])
}

const distributionList = `
-- cloudfront.list-distributions.json --
{"DistributionList":{"IsTruncated":false,"Items":[{"Id":"E1","ARN":"arn:aws:cloudfront::111122223333:distribution/E1","Status":"Deployed","DomainName":"d.example","HttpVersion":"HTTP2",
 "Aliases":{"Quantity":1,"Items":["x.example"]},"WebACLId":"","Enabled":true,"IsIPV6Enabled":true,
 "Origins":{"Quantity":1,"Items":[{"Id":"o","DomainName":"b.s3.amazonaws.com","OriginPath":"","OriginAccessControlId":"","S3OriginConfig":{"OriginAccessIdentity":""},"CustomHeaders":{"Quantity":1,"Items":[{"HeaderName":"x-key","HeaderValue":"hunter2"}]}}]},
 "DefaultCacheBehavior":{"TargetOriginId":"o","ViewerProtocolPolicy":"redirect-to-https","AllowedMethods":{"Quantity":1,"Items":["GET"],"CachedMethods":{"Quantity":1,"Items":["GET"]}},"TrustedSigners":{"Enabled":false,"Quantity":0},"FieldLevelEncryptionId":"",
   "ForwardedValues":{"QueryString":false,"Cookies":{"Forward":"none"},"Headers":{"Quantity":0}}},
 "CacheBehaviors":{"Quantity":0},"CustomErrorResponses":{"Quantity":1,"Items":[{"ErrorCode":404,"ResponseCode":"200","ResponsePagePath":"/","ErrorCachingMinTTL":10}]},
 "ViewerCertificate":{"ACMCertificateArn":"arn:c","SSLSupportMethod":"sni-only","MinimumProtocolVersion":"TLSv1.2_2021","CloudFrontDefaultCertificate":false,"CertificateSource":"acm"},
 "Restrictions":{"GeoRestriction":{"RestrictionType":"whitelist","Quantity":1,"Items":["CH"]}}}]}}
-- cloudfront.list-tags-for-resource.json --
{"Resource":"arn:aws:cloudfront::111122223333:distribution/E1","Tags":{"Items":[{"Key":"a","Value":"b"}]}}
`

func TestCloudFront(t *testing.T) {
	s := checkLoaded(t, distributionList+`
-- cloudfront.get-distribution-config.E1.json --
{"Error":{"Code":"AccessDenied"}}
`, "AWS::CloudFront::Distribution", "E1", map[string]string{
		"Tags.": `{"a":"b"}`, "Observed.Status": `"Deployed"`, "Region": `""`, "DistributionConfig.WebACLId": `null`, "DistributionConfig.HttpVersion": `"http2"`,
		"DistributionConfig.Aliases": `["x.example"]`, "DistributionConfig.Restrictions": `{"GeoRestriction":{"RestrictionType":"whitelist","Locations":["CH"]}}`,
		"DistributionConfig.Origins":                            `[{"Id":"o","DomainName":"b.s3.amazonaws.com","S3OriginConfig":{},"OriginCustomHeaders":[{"HeaderName":"x-key","HeaderValue":{"kind":"header","length":7}}]}]`,
		"DistributionConfig.ViewerCertificate":                  `{"AcmCertificateArn":"arn:c","SslSupportMethod":"sni-only","MinimumProtocolVersion":"TLSv1.2_2021","CloudFrontDefaultCertificate":false}`,
		"DistributionConfig.CustomErrorResponses":               `[{"ErrorCode":404,"ResponseCode":200,"ResponsePagePath":"/","ErrorCachingMinTTL":10}]`,
		"DistributionConfig.DefaultCacheBehavior.CachedMethods": `["GET"]`, "DistributionConfig.DefaultCacheBehavior.TrustedSigners": `[]`,
	})
	u := unknown(t, atPath(find(t, s, "AWS::CloudFront::Distribution", "E1"), "DistributionConfig.Logging"))
	if u.Reason != haetae.Denied || u.Actions[0] != "cloudfront:GetDistributionConfig" {
		t.Errorf("logging is %+v", u)
	}
	checkLoaded(t, distributionList+`
-- cloudfront.get-distribution-config.E1.json --
{"DistributionConfig":{"Enabled":true,"Logging":{"Enabled":true,"Bucket":"l.s3.amazonaws.com","Prefix":"","IncludeCookies":false},"Origins":{"Quantity":1,"Items":[{"Id":"other","DomainName":"y.example",
 "CustomOriginConfig":{"HTTPPort":80,"OriginProtocolPolicy":"http-only","OriginSslProtocols":{"Quantity":1,"Items":["TLSv1.2"]}}}]}}}
`, "AWS::CloudFront::Distribution", "E1", map[string]string{
		"DistributionConfig.Logging": `{"Bucket":"l.s3.amazonaws.com","IncludeCookies":false}`, "Observed.wholeConfig": `null`,
		"DistributionConfig.Origins": `[{"Id":"other","DomainName":"y.example","CustomOriginConfig":{"HTTPPort":80,"OriginProtocolPolicy":"http-only","OriginSSLProtocols":["TLSv1.2"]}}]`,
	})
	checkReaders(t, []readerCase{{
		"an access control signs", "cloudfront:ListOriginAccessControls",
		`{"OriginAccessControlList":{"Items":[{"Id":"A1","Name":"n","Description":"","SigningProtocol":"sigv4","SigningBehavior":"always","OriginAccessControlOriginType":"s3"}]}}`,
		"AWS::CloudFront::OriginAccessControl", "A1", map[string]string{"OriginAccessControlConfig.SigningBehavior": `"always"`},
	}})
}

func TestWAF(t *testing.T) {
	const (
		acl   = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/web/0-1"
		edge  = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/cdn/0-2"
		group = "arn:aws:wafv2:eu-west-1:111122223333:regional/rulegroup/g/0-3"
	)
	list := `
-- 111122223333/eu-west-1/list-web-acls.json --
{"WebACLs":[{"Name":"web","Id":"0-1","ARN":"` + acl + `","Description":"","LockToken":"t"}]}
`
	s := checkLoaded(t, list+`
-- 111122223333/eu-west-1/get-web-acl.x.json --
{"Id":"`+acl+`","WebACL":{"Name":"web","Id":"0-1","ARN":"`+acl+`","DefaultAction":{"Allow":{}},"Capacity":3,"ManagedByFirewallManager":false,"VisibilityConfig":{"MetricName":"m"},
 "Rules":[{"Name":"r","Priority":0,"OverrideAction":{"None":{}},"Statement":{"RuleGroupReferenceStatement":{"ARN":"`+group+`"}},"VisibilityConfig":{"MetricName":"m"}},
  {"Name":"b","Priority":1,"Action":{"Block":{}},"Statement":{"ByteMatchStatement":{"SearchString":"YQ==","FieldToMatch":{"UriPath":{}},"PositionalConstraint":"CONTAINS","TextTransformations":[{"Priority":0,"Type":"NONE"}]}}}]}}
-- 111122223333/eu-west-1/wafv2.list-tags-for-resource.x.json --
{"ResourceARN":"`+acl+`","TagInfoForResource":{"ResourceARN":"`+acl+`","TagList":[{"Key":"a","Value":"b"}]}}
-- 111122223333/eu-west-1/list-resources-for-web-acl.x.json --
{"WebACLArn":"`+acl+`","ResourceArns":["arn:lb"]}
-- 111122223333/global/list-web-acls.json --
{"WebACLs":[{"Name":"cdn","Id":"0-2","ARN":"`+edge+`"}]}
-- 111122223333/global/get-web-acl.json --
{"Id":"`+edge+`","Error":{"Code":"AccessDeniedException"}}
`, "AWS::WAFv2::WebACL", "web|0-1|REGIONAL", map[string]string{
		"ARN": `"` + acl + `"`, "Name": `"web"`, "Scope": `"REGIONAL"`, "DefaultAction": `{"Allow":{}}`, "Tags.": `{"a":"b"}`, "Observed.Capacity": `3`, "Observed.FirewallManagerRuleGroups": `[]`,
		"Rules": `[{"Name":"r","Priority":0,"OverrideAction":{"None":{}},"Statement":{"RuleGroupReferenceStatement":{"Arn":"` + group + `"}},"VisibilityConfig":{"MetricName":"m"}},
		  {"Name":"b","Priority":1,"Action":{"Block":{}},"Statement":{"ByteMatchStatement":{"SearchStringBase64":"YQ==","FieldToMatch":{"UriPath":{}},"PositionalConstraint":"CONTAINS","TextTransformations":[{"Priority":0,"Type":"NONE"}]}}}]`,
	})
	open, ok := find(t, s, "AWS::WAFv2::WebACL", acl).Observed["AssociatedResources"].(*haetae.OpenList)
	if !ok || len(open.Items) != 1 {
		t.Error("load balancers are not all that a web ACL may protect")
	}
	cdn := find(t, s, "AWS::WAFv2::WebACL", edge)
	if cdn.ID != "cdn|0-2|CLOUDFRONT" || cdn.Region != "us-east-1" || cdn.Stub == nil || cdn.Stub.Reason != haetae.Denied || cdn.Stub.Actions[0] != "wafv2:GetWebACL" {
		t.Errorf("the web ACL of a distribution is %+v", cdn)
	}
	checkReaders(t, []readerCase{
		{
			"logging says where, and what it leaves out", "wafv2:ListLoggingConfigurations",
			`{"LoggingConfigurations":[{"ResourceArn":"` + acl + `","LogDestinationConfigs":["arn:log"],"RedactedFields":[{"SingleHeader":{"Name":"cookie"}}],"ManagedByFirewallManager":false,"LogType":"WAF_LOGS"}]}`,
			"AWS::WAFv2::LoggingConfiguration", acl, map[string]string{"LogDestinationConfigs": `["arn:log"]`, "RedactedFields": `[{"SingleHeader":{"Name":"cookie"}}]`},
		}, {
			"a rule group has rules", "wafv2:GetRuleGroup",
			`{"RuleGroup":{"Name":"g","Id":"0-3","ARN":"` + group + `","Capacity":2,"Rules":[{"Name":"r","Statement":{"IPSetReferenceStatement":{"ARN":"arn:set"}}}],"LabelNamespace":"n"}}`,
			"AWS::WAFv2::RuleGroup", "g|0-3|REGIONAL", map[string]string{"Rules": `[{"Name":"r","Statement":{"IPSetReferenceStatement":{"Arn":"arn:set"}}}]`, "Capacity": `2`},
		},
	})
}

func TestTheScriptAsksForWebACLsOfBothScopes(t *testing.T) {
	global, regional, ok := strings.Cut(Script(), "\nregional() {")
	if !ok || !strings.Contains(global, " wafv2 list-web-acls --scope CLOUDFRONT\n") || !strings.Contains(regional, " wafv2 list-web-acls --scope REGIONAL\n") {
		t.Error("a scope is missing")
	}
	if strings.Contains(regional, "CLOUDFRONT\n") || strings.Contains(regional, "list-web-acls --scope CLOUDFRONT") {
		t.Error("a region is asked for what is in us-east-1")
	}
}

func TestAutoScaling(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a group has subnets and numbers as text", "autoscaling:DescribeAutoScalingGroups",
			`{"AutoScalingGroups":[{"AutoScalingGroupName":"g","AutoScalingGroupARN":"arn:g","MinSize":1,"MaxSize":3,"DesiredCapacity":2,"DefaultCooldown":300,"VPCZoneIdentifier":"subnet-1,subnet-2","HealthCheckType":"ELB",
			  "LaunchTemplate":{"LaunchTemplateId":"lt-1","LaunchTemplateName":"l","Version":"1"},"EnabledMetrics":[{"Metric":"A","Granularity":"1Minute"},{"Metric":"B","Granularity":"1Minute"}],"SuspendedProcesses":[],
			  "Instances":[{"InstanceId":"i-1","LifecycleState":"InService","HealthStatus":"Healthy","AvailabilityZone":"eu-west-1a","ProtectedFromScaleIn":false}],
			  "Tags":[{"ResourceId":"g","ResourceType":"auto-scaling-group","Key":"a","Value":"b","PropagateAtLaunch":true}]}]}`,
			"AWS::AutoScaling::AutoScalingGroup", "g",
			map[string]string{
				"VPCZoneIdentifier": `["subnet-1","subnet-2"]`, "MinSize": `"1"`, "Cooldown": `"300"`, "MetricsCollection": `[{"Granularity":"1Minute","Metrics":["A","B"]}]`,
				"Tags": `[{"Key":"a","Value":"b","PropagateAtLaunch":true}]`, "Observed.Instances": `[{"InstanceId":"i-1","LifecycleState":"InService","HealthStatus":"Healthy","AvailabilityZone":"eu-west-1a"}]`,
			},
		}, {
			"user data of a launch configuration is hidden", "autoscaling:DescribeLaunchConfigurations",
			`{"LaunchConfigurations":[{"LaunchConfigurationName":"l","LaunchConfigurationARN":"arn:l","UserData":"c2VjcmV0","KernelId":"","InstanceMonitoring":{"Enabled":true},"MetadataOptions":{"HttpTokens":"required"},
			  "BlockDeviceMappings":[{"DeviceName":"/dev/sda","Ebs":{"Encrypted":true}}],"AssociatePublicIpAddress":true,"CreatedTime":"2024-01-01T00:00:00Z"}]}`,
			"AWS::AutoScaling::LaunchConfiguration", "l",
			map[string]string{"UserData": `{"kind":"user-data","length":8}`, "KernelId": `null`, "InstanceMonitoring": `true`, "MetadataOptions": `{"HttpTokens":"required"}`, "ARN": `"arn:l"`},
		}, {
			"a policy scales a group", "autoscaling:DescribePolicies",
			`{"ScalingPolicies":[{"AutoScalingGroupName":"g","PolicyName":"p","PolicyARN":"arn:p","PolicyType":"TargetTrackingScaling","StepAdjustments":[],"Alarms":[],"TargetTrackingConfiguration":{"TargetValue":50.0},"Enabled":true}]}`,
			"AWS::AutoScaling::ScalingPolicy", "arn:p", map[string]string{"AutoScalingGroupName": `"g"`, "Observed.PolicyName": `"p"`},
		},
	})
	s := load(t, "-- 111122223333/eu-west-1/describe-launch-configurations.json --\n{\"Error\":{\"Code\":\"AccessDenied\"}}\n", Options{})
	if c := covered(t, s, me, "eu-west-1", "AWS::AutoScaling::LaunchConfiguration"); c.Reason != haetae.Denied || c.Actions[0] != "autoscaling:DescribeLaunchConfigurations" {
		t.Errorf("launch configurations are %+v", c)
	}
}

func TestALoadBalancerIsProtectedByTheWebACLThatNamesIt(t *testing.T) {
	const (
		acl = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/1"
		lb  = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/"
	)
	lbs := &Answer{Op: "elbv2:DescribeLoadBalancers", Body: body(t, `{"LoadBalancers":[{"LoadBalancerArn":"`+lb+`in/1","LoadBalancerName":"in","Type":"application"},
		{"LoadBalancerArn":"`+lb+`out/2","LoadBalancerName":"out","Type":"application"}]}`)}
	acls := &Answer{Op: "wafv2:ListWebACLs", Params: map[string]any{"Scope": "REGIONAL"}, Body: body(t, `{"WebACLs":[{"ARN":"`+acl+`","Id":"1","Name":"a"}]}`)}
	list := &Answer{Op: "wafv2:ListResourcesForWebACL", Params: map[string]any{"ResourceType": "APPLICATION_LOAD_BALANCER"},
		Body: body(t, `{"WebACLArn":"`+acl+`","ResourceArns":["`+lb+`in/1"]}`)}
	const typ = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	s := live(lbs, acls, list)
	if v := find(t, s, typ, lb+"in/1").Props["WebACLArn"]; v != acl {
		t.Errorf("the one that is named is protected by %v", v)
	}
	if v, ok := find(t, s, typ, lb+"out/2").Props["WebACLArn"]; v != nil || !ok {
		t.Errorf("the other one by %v", v)
	}
	denied := &Answer{Op: list.Op, Params: list.Params, Code: "AccessDeniedException", Body: map[string]any{"WebACLArn": acl}}
	u, _ := find(t, live(lbs, acls, denied), typ, lb+"out/2").Props["WebACLArn"].(*haetae.Unknown)
	if u == nil || u.Reason != haetae.Denied || u.Actions[0] != "wafv2:ListResourcesForWebACL" {
		t.Errorf("refused: %v", u)
	}
	gone := &Answer{Op: acls.Op, Params: acls.Params, Code: "AccessDeniedException"}
	u, _ = find(t, live(lbs, gone), typ, lb+"out/2").Props["WebACLArn"].(*haetae.Unknown)
	if u == nil || u.Actions[0] != "wafv2:ListWebACLs" {
		t.Errorf("the list refused: %v", u)
	}
}
