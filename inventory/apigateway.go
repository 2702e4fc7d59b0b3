package inventory

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

const restAPIs = "apigateway:GetRestApis items[].id"

// apiGet is the action of every call that reads API Gateway: what may be read
// is said by the resource of the policy.
var apiGet = []string{"apigateway:GET"}

// apigateway holds REST APIs. Their answers are in lower camel case.
var apigateway = []Kind{{
	Type: "AWS::ApiGateway::RestApi",
	ARN:  "arn:${Partition}:apigateway:${Region}::/restapis/${ID}",
	Calls: []Call{
		{
			Op: "apigateway:GetRestApis", Actions: apiGet, Lists: true, Member: "items[].apiKeySource", Gives: []string{"*"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("items") {
					out = append(out, restAPI(x))
				}
				return out
			},
		}, {
			Op: "apigateway:GetRestApi", Actions: apiGet, Member: "apiKeySource", Param: "restApiId", Other: true, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{restAPI(a.Body)} },
		},
	},
}, {
	Type: "AWS::ApiGateway::Stage", Of: "AWS::ApiGateway::RestApi",
	Calls: []Call{
		{
			Op: "apigateway:GetStages", Actions: apiGet, Lists: true, Member: "item", Param: "restApiId", Each: restAPIs,
			Gives: []string{"*"}, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("item") {
					out = append(out, restStage(a, x))
				}
				return out
			},
		}, {
			// Of one stage. Its answer does not name the API: the file has to.
			Op: "apigateway:GetStage", Actions: apiGet, Member: "stageName", Param: "restApiId", Other: true, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{restStage(a, a.Body)} },
		},
	},
}, {
	Type: "AWS::ApiGateway::Authorizer", Of: "AWS::ApiGateway::RestApi",
	Calls: []Call{{
		Op: "apigateway:GetAuthorizers", Actions: apiGet, Lists: true, Member: "items[].identitySource", Param: "restApiId", Each: restAPIs,
		Gives: []string{"*"}, Read: readRestAuthorizers,
	}},
}, {
	Type: "AWS::ApiGateway::Method", Of: "AWS::ApiGateway::RestApi",
	Calls: []Call{{
		Op: "apigateway:GetResources", Actions: apiGet, Lists: true, Member: "items[].path", Param: "restApiId", Each: restAPIs,
		Params: map[string]any{"embed": []any{"methods"}}, Gives: []string{"*"}, Read: readMethods,
	}},
}, {
	Type: "AWS::ApiGateway::DomainName",
	ARN:  "arn:${Partition}:apigateway:${Region}::/domainnames/${ID}",
	Calls: []Call{{
		Op: "apigateway:GetDomainNames", Actions: apiGet, Lists: true, Member: "items[].domainName", Gives: []string{"*"},
		Read: readDomainNames,
	}},
}}

func restAPI(x map[string]any) *haetae.Resource {
	p := pascalObject(take(x, "name", "description", "version", "binaryMediaTypes", "minimumCompressionSize", "apiKeySourceType=apiKeySource",
		"disableExecuteApiEndpoint", "endpointAccessMode", "securityPolicy", "endpointConfiguration"))
	if doc := x["policy"]; doc != nil {
		p["Policy"] = apiPolicy(doc)
	}
	p["Tags"] = tagList(object(x, "tags"))
	r := resource(str(x, "id"), p)
	r.Observed = take(x, "RestApiId=id", "RootResourceId=rootResourceId")
	return r
}

// apiPolicy parses the policy of a REST API, in which every quote is escaped
// once more than JSON needs.
func apiPolicy(v any) any {
	if s, ok := v.(string); ok && strings.HasPrefix(strings.TrimSpace(s), `{\"`) {
		if u, err := strconv.Unquote(`"` + s + `"`); err == nil {
			v = u
		}
	}
	return policy(v)
}

func restStage(a *Answer, x map[string]any) *haetae.Resource {
	p := pascalObject(take(x, "stageName", "deploymentId", "description", "cacheClusterEnabled", "cacheClusterSize", "clientCertificateId",
		"documentationVersion", "tracingEnabled", "canarySetting"), "stageVariableOverrides")
	p["RestApiId"] = a.Body["restApiId"]
	if s := object(x, "accessLogSettings"); s != nil {
		p["AccessLogSetting"] = pascal(s)
	}
	if s := str(x, "webAclArn"); s != "" {
		p["WebACLArn"] = s
	}
	if v := object(x, "variables"); len(v) > 0 {
		p["Variables"] = secrets(a, v)
	}
	if v := object(x, "canarySetting.stageVariableOverrides"); len(v) > 0 {
		set(p, "CanarySetting.StageVariableOverrides", secrets(a, v))
	}
	list := []any{}
	all := object(x, "methodSettings")
	for _, key := range slices.Sorted(maps.Keys(all)) {
		m := pascalObject(take(object(all, key), "cacheDataEncrypted", "cacheTtlInSeconds", "cachingEnabled", "dataTraceEnabled",
			"loggingLevel", "metricsEnabled", "throttlingBurstLimit", "throttlingRateLimit"))
		m["ResourcePath"], m["HttpMethod"] = methodPath(key)
		list = append(list, m)
	}
	p["MethodSettings"] = list
	p["Tags"] = tagList(object(x, "tags"))
	r := pair(p, "RestApiId", "StageName")
	if r.ID != "" && a.Region != "" {
		r.ARN = "arn:" + haetae.Partition(a.Region) + ":apigateway:" + a.Region + "::/restapis/" + str(p, "RestApiId") + "/stages/" + str(p, "StageName")
	}
	return r
}

// secrets hides the values of a map, as those of an environment.
func secrets(a *Answer, values map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range values {
		if s, ok := v.(string); ok {
			out[k] = a.Secret("environment", s)
		}
	}
	return out
}

// methodPath turns the key of a method's settings, PATH/METHOD with "~1" for
// the slashes of the path, into the path and the method of CloudFormation, in
// which another slash comes first.
func methodPath(key string) (path, method string) {
	path, method = "", key
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		path, method = key[:i], key[i+1:]
	}
	if path == "~1" {
		path = ""
	}
	return "/" + strings.TrimPrefix(path, "/"), method
}

func readRestAuthorizers(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("items") {
		p := pascalObject(take(x, "name", "type", "providerARNs", "authType", "authorizerUri", "authorizerCredentials", "identitySource",
			"identityValidationExpression", "authorizerResultTtlInSeconds"))
		p["RestApiId"] = a.Body["restApiId"]
		r := resource(joined(str(a.Body, "restApiId"), str(x, "id")), p)
		r.Observed = take(x, "AuthorizerId=id")
		out = append(out, r)
	}
	return out
}

// joined is the identifier that several properties make; "" when the first or
// the last one is not known.
func joined(parts ...string) string {
	if parts[0] == "" || parts[len(parts)-1] == "" {
		return ""
	}
	return strings.Join(parts, "|")
}

func readMethods(a *Answer) (out []*haetae.Resource) {
	api := str(a.Body, "restApiId")
	for x := range a.each("items") {
		all := object(x, "resourceMethods")
		for _, verb := range slices.Sorted(maps.Keys(all)) {
			m := object(all, verb)
			p := pascalObject(take(m, "apiKeyRequired", "authorizationScopes", "authorizationType", "authorizerId", "operationName",
				"requestModels", "requestParameters", "requestValidatorId"), "requestModels", "requestParameters")
			if len(m) == 0 {
				// Without --embed methods there are only their names.
				for _, n := range []string{"ApiKeyRequired", "AuthorizationType", "AuthorizerId", "AuthorizationScopes", "RequestValidatorId", "Integration"} {
					p[n] = elsewhere(n, "apigateway:GET")
				}
			}
			p["RestApiId"], p["ResourceId"], p["HttpMethod"] = api, str(x, "id"), verb
			if i := object(m, "methodIntegration"); i != nil {
				p["Integration"] = integration(i)
			}
			if rs := object(m, "methodResponses"); len(rs) > 0 {
				p["MethodResponses"] = byCode(rs, "responseModels", "responseParameters")
			}
			out = append(out, resource(joined(api, str(x, "id"), verb), p))
		}
	}
	return out
}

func integration(i map[string]any) map[string]any {
	p := pascalObject(take(i, "cacheKeyParameters", "cacheNamespace", "connectionId", "connectionType", "contentHandling", "credentials",
		"integrationHttpMethod=httpMethod", "integrationTarget", "passthroughBehavior", "requestParameters", "requestTemplates",
		"responseTransferMode", "timeoutInMillis", "type", "uri"), "requestParameters", "requestTemplates")
	if rs := object(i, "integrationResponses"); len(rs) > 0 {
		p["IntegrationResponses"] = byCode(rs, "responseParameters", "responseTemplates")
	}
	return p
}

// byCode turns the responses by their code into a list.
func byCode(rs map[string]any, data ...string) []any {
	out := []any{}
	for _, code := range slices.Sorted(maps.Keys(rs)) {
		m := pascalObject(take(object(rs, code), "contentHandling", "responseModels", "responseParameters", "responseTemplates", "selectionPattern"), data...)
		m["StatusCode"] = code
		out = append(out, m)
	}
	return out
}

func readDomainNames(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("items") {
		p := pascalObject(take(x, "domainName", "certificateArn", "regionalCertificateArn", "endpointAccessMode", "endpointConfiguration.types",
			"endpointConfiguration.ipAddressType", "ownershipVerificationCertificateArn", "routingMode", "securityPolicy",
			"mutualTlsAuthentication.truststoreUri", "mutualTlsAuthentication.truststoreVersion"))
		p["Tags"] = tagList(object(x, "tags"))
		r := resource(str(x, "domainName"), p)
		r.Observed = pascalObject(take(x, "distributionDomainName", "distributionHostedZoneId", "domainNameArn", "regionalDomainName", "regionalHostedZoneId"))
		out = append(out, r)
	}
	return out
}

// apiLogRole is the setting of a region that says as whom API Gateway logs.
func apiLogRole() Call {
	return Call{
		Op: "apigateway:GetAccount", Actions: apiGet, Member: "throttleSettings", Gives: []string{"Observed.ApiGatewayCloudWatchRoleArn"},
		Read: func(a *Answer) []*haetae.Resource {
			return observeRegion(a, take(a.Body, "ApiGatewayCloudWatchRoleArn=cloudwatchRoleArn"))
		},
	}
}
