package inventory

import "github.com/haetae/haetae"

const httpAPIs = "apigatewayv2:GetApis Items[].ApiId"

// apigatewayv2 holds HTTP and WebSocket APIs. Domain names are in apigateway:
// both versions list the same ones.
var apigatewayv2 = []Kind{{
	Type: "AWS::ApiGatewayV2::Api",
	ARN:  "arn:${Partition}:apigateway:${Region}::/apis/${ID}",
	Calls: []Call{
		{
			Op: "apigatewayv2:GetApis", Actions: apiGet, Lists: true, Member: "Items[].ProtocolType", Gives: []string{"*"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("Items") {
					out = append(out, httpAPI(x))
				}
				return out
			},
		}, {
			Op: "apigatewayv2:GetApi", Actions: apiGet, Member: "ProtocolType", Param: "ApiId", Other: true, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{httpAPI(a.Body)} },
		},
	},
}, {
	Type: "AWS::ApiGatewayV2::Stage", Of: "AWS::ApiGatewayV2::Api",
	Calls: []Call{ofAPI("GetStages", "StageName", readStages)},
}, {
	Type: "AWS::ApiGatewayV2::Authorizer", Of: "AWS::ApiGatewayV2::Api",
	Calls: []Call{ofAPI("GetAuthorizers", "AuthorizerType", readAuthorizers)},
}, {
	Type: "AWS::ApiGatewayV2::Route", Of: "AWS::ApiGatewayV2::Api",
	Calls: []Call{ofAPI("GetRoutes", "RouteId", readRoutes)},
}, {
	Type: "AWS::ApiGatewayV2::Integration", Of: "AWS::ApiGatewayV2::Api",
	Calls: []Call{ofAPI("GetIntegrations", "IntegrationId", readIntegrations)},
}}

// ofAPI is a call that lists what belongs to one API.
func ofAPI(op, member string, reader func(*Answer) []*haetae.Resource) Call {
	return Call{
		Op: "apigatewayv2:" + op, Actions: apiGet, Lists: true, Member: "Items[]." + member, Param: "ApiId", Each: httpAPIs,
		Gives: []string{"*"}, Read: reader,
	}
}

func httpAPI(x map[string]any) *haetae.Resource {
	p := take(x, "Name", "ProtocolType", "ApiKeySelectionExpression", "CorsConfiguration", "Description", "DisableExecuteApiEndpoint",
		"DisableSchemaValidation", "IpAddressType", "RouteSelectionExpression", "Version", "Tags")
	r := resource(str(x, "ApiId"), p)
	r.Observed = take(x, "ApiId", "ApiEndpoint")
	return r
}

func readStages(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Items") {
		p := take(x, "StageName", "AccessLogSettings", "AutoDeploy", "ClientCertificateId", "DefaultRouteSettings", "DeploymentId",
			"Description", "RouteSettings", "Tags")
		p["ApiId"] = a.Body["ApiId"]
		if v := object(x, "StageVariables"); len(v) > 0 {
			p["StageVariables"] = secrets(a, v)
		}
		r := pair(p, "ApiId", "StageName")
		if r.ID != "" && a.Region != "" {
			r.ARN = "arn:" + haetae.Partition(a.Region) + ":apigateway:" + a.Region + "::/apis/" + str(p, "ApiId") + "/stages/" + str(p, "StageName")
		}
		out = append(out, r)
	}
	return out
}

func readAuthorizers(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Items") {
		p := take(x, "Name", "AuthorizerCredentialsArn", "AuthorizerPayloadFormatVersion", "AuthorizerResultTtlInSeconds", "AuthorizerType",
			"AuthorizerUri", "EnableSimpleResponses", "IdentitySource", "IdentityValidationExpression", "JwtConfiguration")
		p["ApiId"] = a.Body["ApiId"]
		r := resource(joined(str(x, "AuthorizerId"), str(p, "ApiId")), p)
		r.Observed = take(x, "AuthorizerId")
		out = append(out, r)
	}
	return out
}

func readRoutes(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Items") {
		p := take(x, "ApiKeyRequired", "AuthorizationScopes", "AuthorizationType", "AuthorizerId", "ModelSelectionExpression",
			"OperationName", "RequestModels", "RequestParameters", "RouteKey", "RouteResponseSelectionExpression", "Target")
		p["ApiId"] = a.Body["ApiId"]
		r := resource(joined(str(p, "ApiId"), str(x, "RouteId")), p)
		r.Observed = take(x, "RouteId")
		out = append(out, r)
	}
	return out
}

func readIntegrations(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Items") {
		p := take(x, "ConnectionId", "ConnectionType", "ContentHandlingStrategy", "CredentialsArn", "Description", "IntegrationMethod",
			"IntegrationSubtype", "IntegrationType", "IntegrationUri", "PassthroughBehavior", "PayloadFormatVersion", "RequestParameters",
			"RequestTemplates", "TemplateSelectionExpression", "TimeoutInMillis", "TlsConfig")
		p["ApiId"] = a.Body["ApiId"]
		r := resource(joined(str(p, "ApiId"), str(x, "IntegrationId")), p)
		r.Observed = take(x, "IntegrationId")
		out = append(out, r)
	}
	return out
}
