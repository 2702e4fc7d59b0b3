package template

import "strings"

// rest expands AWS::Serverless::Api.
func (b *sam) rest(e entry) {
	p := b.properties(e, "Api")
	auth := p.get("Auth")
	api := pick(e.line, p, "Name", "Description", "BinaryMediaTypes", "MinimumCompressionSize", "DisableExecuteApiEndpoint",
		"ApiKeySourceType", "Mode", "FailOnWarnings", "DefinitionBody>Body")
	if api.get("Name") == nil {
		api.with("Name", refAt(e.line, "AWS::StackName"))
	}
	if uri := p.get("DefinitionUri"); uri != nil {
		api.with("BodyS3Location", code(uri, "Bucket", "Key", "Version"))
	}
	if api.get("Body") == nil && api.get("BodyS3Location") == nil {
		api.with("Body", openAPI(b, e, auth, "2.0"))
	}
	api.with("EndpointConfiguration", endpoint(p.get("EndpointConfiguration")))
	if policy := auth.get("ResourcePolicy"); policy != nil {
		doc := unknownAt(policy.line, "SAM makes the resource policy of %s", e.name)
		if custom := policy.get("CustomStatements"); custom != nil && len(policy.keys) == 1 {
			if custom.isMap() {
				custom = listAt(custom.line, custom)
			}
			doc = mapAt(policy.line, "Version", "2012-10-17", "Statement", custom)
		}
		api.with("Policy", doc)
	}
	api.with("Tags", tagList(e.line, p.get("Tags"), ""))
	b.replace(e, "AWS::ApiGateway::RestApi", api)

	deployment := e.name + "Deployment"
	b.generated[e.name+".Deployment"] = deployment
	b.add(e, deployment, "AWS::ApiGateway::Deployment", mapAt(e.line, "RestApiId", refAt(e.line, e.name)))
	name := p.get("StageName")
	if name == nil {
		name = stringAt(e.line, "Prod")
	}
	stage := pick(e.line, p, "TracingEnabled", "AccessLogSetting", "MethodSettings", "CacheClusterEnabled",
		"CacheClusterSize", "Variables", "CanarySetting>CanarySetting")
	stage.with("StageName", name)
	stage.with("RestApiId", refAt(e.line, e.name))
	stage.with("DeploymentId", refAt(e.line, deployment))
	stage.with("Tags", tagList(e.line, p.get("Tags"), ""))
	id := e.name + alphanumeric(name.text()) + "Stage"
	b.generated[e.name+".Stage"] = id
	b.add(e, id, "AWS::ApiGateway::Stage", stage)
	if d := p.get("Domain"); d != nil {
		domain := pick(d.line, d, "DomainName", "SecurityPolicy", "MutualTlsAuthentication", "OwnershipVerificationCertificateArn")
		cert := "RegionalCertificateArn"
		if d.get("EndpointConfiguration").text() == "EDGE" {
			cert = "CertificateArn"
		}
		domain.with(cert, d.get("CertificateArn"))
		domain.with("EndpointConfiguration", endpoint(d.get("EndpointConfiguration")))
		b.generated[e.name+".DomainName"] = e.name + "DomainName"
		b.add(e, e.name+"DomainName", "AWS::ApiGateway::DomainName", domain)
	}
}

// endpoint turns SAM's endpoint configuration into that of API Gateway.
func endpoint(n *node) *node {
	switch {
	case n == nil:
		return nil
	case n.kind == scalarNode:
		return mapAt(n.line, "Types", listAt(n.line, n))
	case n.get("Type") != nil:
		return mapAt(n.line, "Types", listAt(n.line, n.get("Type")), "VpcEndpointIds", n.get("VPCEndpointIds"))
	}
	return n
}

// http expands AWS::Serverless::HttpApi.
func (b *sam) http(e entry) {
	p := b.properties(e, "HttpApi")
	api := pick(e.line, p, "Name", "Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "DefinitionBody>Body")
	if uri := p.get("DefinitionUri"); uri != nil {
		api.with("BodyS3Location", code(uri, "Bucket", "Key", "Version"))
	}
	if api.get("Body") == nil && api.get("BodyS3Location") == nil {
		api.with("Body", openAPI(b, e, p.get("Auth"), "3.0.1"))
	}
	if cors := p.get("CorsConfiguration"); cors.isMap() && !onlyFunction(cors) {
		api.with("CorsConfiguration", pick(cors.line, cors, "AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge"))
	} else if cors.param() == "true" {
		api.with("CorsConfiguration", mapAt(cors.line, "AllowOrigins", words(cors.line, "*")))
	}
	api.with("Tags", p.get("Tags"))
	b.replace(e, "AWS::ApiGatewayV2::Api", api)

	name := p.get("StageName")
	id := e.name + "ApiGatewayDefaultStage"
	if name == nil {
		name = stringAt(e.line, "$default")
	} else {
		id = e.name + alphanumeric(name.text()) + "Stage"
	}
	stage := pick(e.line, p, "AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables", "Tags")
	stage.with("ApiId", refAt(e.line, e.name))
	stage.with("StageName", name)
	stage.with("AutoDeploy", boolAt(e.line, true))
	b.generated[e.name+".Stage"] = id
	b.add(e, id, "AWS::ApiGatewayV2::Stage", stage)
	if d := p.get("Domain"); d != nil {
		cfg := mapAt(d.line, "CertificateArn", d.get("CertificateArn"), "EndpointType", d.get("EndpointConfiguration"), "SecurityPolicy", d.get("SecurityPolicy"))
		b.generated[e.name+".DomainName"] = e.name + "DomainName"
		b.add(e, e.name+"DomainName", "AWS::ApiGatewayV2::DomainName", mapAt(d.line,
			"DomainName", d.get("DomainName"), "DomainNameConfigurations", listAt(d.line, cfg), "MutualTlsAuthentication", d.get("MutualTlsAuthentication")))
	}
}

// openAPI makes the API's definition from the events that use it.
func openAPI(b *sam, e entry, auth *node, version string) *node {
	paths := b.apis[e.name]
	if paths == nil {
		paths = mapAt(e.line)
	}
	if def := auth.get("DefaultAuthorizer"); def != nil {
		paths = secured(paths, def)
	}
	doc := mapAt(e.line)
	if version == "2.0" {
		doc.with("swagger", stringAt(e.line, version))
	} else {
		doc.with("openapi", stringAt(e.line, version))
	}
	doc.with("info", mapAt(e.line, "version", "1.0", "title", refAt(e.line, "AWS::StackName")))
	doc.with("paths", paths)
	schemes := mapAt(e.line)
	if all := auth.get("Authorizers"); all.isMap() {
		for i, k := range all.keys {
			schemes.add(k.name, k.line, mapAt(k.line, "type", "apiKey", "name", "Authorization", "in", "header", "x-amazon-apigateway-authorizer", authorizer(all.items[i])))
		}
	}
	if auth.get("DefaultAuthorizer").text() == "AWS_IAM" {
		schemes.with("sigv4", mapAt(auth.line, "type", "apiKey", "name", "Authorization", "in", "header", "x-amazon-apigateway-authtype", "awsSigv4"))
	}
	switch {
	case len(schemes.keys) == 0:
	case version == "2.0":
		doc.with("securityDefinitions", schemes)
	default:
		doc.with("components", mapAt(e.line, "securitySchemes", schemes))
	}
	return doc
}

// authorizer describes one of SAM's authorizers in API Gateway's words.
func authorizer(n *node) *node {
	out := mapAt(n.line)
	switch {
	case n.get("UserPoolArn") != nil:
		pools := n.get("UserPoolArn")
		if !pools.isList() {
			pools = listAt(pools.line, pools)
		}
		out.with("type", stringAt(n.line, "cognito_user_pools"))
		out.with("providerARNs", pools)
	case n.get("JwtConfiguration") != nil:
		out.with("type", stringAt(n.line, "jwt"))
		out.with("jwtConfiguration", n.get("JwtConfiguration"))
	default:
		kind := "token"
		if strings.EqualFold(n.get("FunctionPayloadType").text(), "REQUEST") {
			kind = "request"
		}
		out.with("type", stringAt(n.line, kind))
		out.with("authorizerFunction", n.get("FunctionArn"))
	}
	return out
}

// secured gives operations the default authorizer, unless they have one or say
// NONE.
func secured(paths, def *node) *node {
	name := def.text()
	if name == "AWS_IAM" {
		name = "sigv4"
	}
	security := listAt(def.line, mapAt(def.line, name, listAt(def.line)))
	for i, path := range paths.keys {
		methods := paths.items[i]
		for j, m := range methods.keys {
			op := methods.items[j]
			switch have := op.get("security"); {
			case have == nil:
				op = op.set("security", security)
			case have.isList() && len(have.items) == 1 && have.items[0].get("NONE") != nil:
				op = op.set("security", listAt(have.line))
			}
			methods = methods.set(m.name, op)
		}
		paths = paths.set(path.name, methods)
	}
	return paths
}
