package template

import "strings"

// function expands AWS::Serverless::Function.
func (b *sam) function(e entry) {
	p := b.properties(e, "Function")
	f := pick(e.line, p, "FunctionName", "Handler", "Runtime", "Description", "MemorySize", "Timeout",
		"EphemeralStorage", "Environment", "VpcConfig", "KmsKeyArn", "Layers", "Architectures",
		"ReservedConcurrentExecutions", "FileSystemConfigs", "ImageConfig", "PackageType",
		"CodeSigningConfigArn", "SnapStart", "RuntimeManagementConfig", "LoggingConfig", "RecursiveLoop", "Role")
	switch inline, image := p.get("InlineCode"), p.get("ImageUri"); {
	case inline != nil:
		f.with("Code", mapAt(inline.line, "ZipFile", inline))
	case image != nil:
		f.with("Code", mapAt(image.line, "ImageUri", image))
	default:
		uri := p.get("CodeUri")
		if uri == nil {
			uri = unknownAt(e.line, "the code is uploaded when the template is packaged")
		}
		f.with("Code", code(uri, "S3Bucket", "S3Key", "S3ObjectVersion"))
	}
	if t := p.get("Tracing"); t != nil {
		f.with("TracingConfig", mapAt(t.line, "Mode", t))
	}
	if d := p.get("DeadLetterQueue"); d != nil {
		f.with("DeadLetterConfig", pick(d.line, d, "TargetArn"))
	}
	f.with("Tags", tagList(e.line, p.get("Tags"), "lambda:createdBy"))

	target := refAt(e.line, e.name)
	if alias := p.get("AutoPublishAlias"); alias != nil {
		target = publishAlias(b, e, p, alias)
	}
	managed := b.events(e, p, target)
	inline := destinations(b, e, p)
	if p.get("Role") == nil {
		role := e.name + "Role"
		f.with("Role", attAt(e.line, role, "Arn"))
		b.role(e, p, role, "lambda.amazonaws.com", append(lambdaPolicies(p), managed...), inline)
	}
	b.replace(e, "AWS::Lambda::Function", f)
	functionURL(b, e, p, target)
	if d := p.get("DeploymentPreference"); d != nil {
		b.skipped(d.line, "the DeploymentPreference of %s", e.name)
	}
	if c := e.node.get("Connectors"); c != nil {
		b.skipped(c.line, "the Connectors of %s", e.name)
	}
}

// lambdaPolicies returns the managed policies that a function's role has
// without being asked for.
func lambdaPolicies(p *node) []string {
	out := []string{"service-role/AWSLambdaBasicExecutionRole"}
	if p.get("VpcConfig") != nil {
		out = append(out, "service-role/AWSLambdaVPCAccessExecutionRole")
	}
	if t := p.get("Tracing"); t != nil {
		out = append(out, "AWSXRayDaemonWriteAccess")
	}
	return out
}

// role makes the execution role of a function or a state machine.
func (b *sam) role(e entry, p *node, id, service string, managed []string, inline []*node) {
	doc := p.get("AssumeRolePolicyDocument")
	if doc == nil {
		doc = trust(e.line, service)
	}
	r := mapAt(e.line, "AssumeRolePolicyDocument", doc)
	arns := listAt(e.line)
	for _, m := range managed {
		arns.items = append(arns.items, subAt(e.line, "arn:${AWS::Partition}:iam::aws:policy/"+m))
	}
	if q := p.path("DeadLetterQueue", "TargetArn"); q != nil {
		action := "sqs:SendMessage"
		if p.path("DeadLetterQueue", "Type").text() == "SNS" {
			action = "sns:Publish"
		}
		inline = append(inline, document2012(q.line, allow(q.line, q, action)))
	}
	policies := p.get("Policies")
	list := []*node{policies}
	if policies.isList() {
		list = policies.items
	}
	for _, pol := range list {
		if pol == nil || pol.kind == scalarNode && pol.val == nil {
			continue
		}
		m, doc := samPolicy(b, pol)
		if m != nil {
			arns.items = append(arns.items, m)
		}
		if doc != nil {
			inline = append(inline, doc)
		}
	}
	if len(arns.items) > 0 {
		r.with("ManagedPolicyArns", arns)
	}
	if len(inline) > 0 {
		all := listAt(e.line)
		for i, d := range inline {
			all.items = append(all.items, mapAt(d.line, "PolicyName", id+"Policy"+itoa(i), "PolicyDocument", d))
		}
		r.with("Policies", all)
	}
	r.with("PermissionsBoundary", p.get("PermissionsBoundary"))
	r.with("Path", p.get("RolePath"))
	r.with("Tags", tagList(e.line, p.get("Tags"), "lambda:createdBy"))
	b.add(e, id, "AWS::IAM::Role", r)
}

// samPolicy reads one of SAM's Policies: the ARN of a managed policy, or a
// document.
func samPolicy(b *sam, n *node) (managed, document *node) {
	if name := n.str(); name != "" {
		switch {
		case strings.HasPrefix(name, "arn:"), strings.HasPrefix(name, "{{"):
			return n, nil
		case strings.HasPrefix(name, "AWSLambda") && strings.HasSuffix(name, "Role"), strings.HasPrefix(name, "AmazonAPIGatewayPush"):
			name = "service-role/" + name
		}
		return subAt(n.line, "arn:${AWS::Partition}:iam::aws:policy/"+name), nil
	}
	if n.get("Statement") != nil {
		return nil, n
	}
	name, arg, ok := n.single()
	switch {
	case !ok:
		b.skipped(n.line, "a policy that is neither a name nor a document")
		return nil, nil
	case name == "Fn::If" && arg.isList() && len(arg.items) == 3:
		return samPolicyIf(b, n, arg)
	case isFunction(name):
		return n, nil
	}
	if d := policyTemplate(n.line, name, arg); d != nil {
		return nil, d
	}
	b.warn(n.line, "Write the policy's statements instead of its template's name.", "SAM policy template %s is not known", name)
	return nil, unknownAt(n.line, "SAM policy template %s is not known", name)
}

// samPolicyIf keeps a condition around whichever kind of policy it chooses.
func samPolicyIf(b *sam, n, arg *node) (managed, document *node) {
	none := refAt(n.line, "AWS::NoValue")
	var m, d [2]*node
	for i := range 2 {
		branch := arg.items[i+1]
		if _, target, ok := branch.single(); ok && target.text() == "AWS::NoValue" {
			continue
		}
		m[i], d[i] = samPolicy(b, branch)
	}
	choose := func(x [2]*node) *node {
		if x[0] == nil && x[1] == nil {
			return nil
		}
		for i := range x {
			if x[i] == nil {
				x[i] = none
			}
		}
		return mapAt(n.line, "Fn::If", listAt(n.line, arg.items[0], x[0], x[1]))
	}
	managed = choose(m)
	if d[0] != nil || d[1] != nil {
		document = choose(d)
	}
	return managed, document
}

// publishAlias makes the version and the alias of AutoPublishAlias.
func publishAlias(b *sam, e entry, p, name *node) *node {
	version, id := e.name+"Version", e.name+"Alias"+alphanumeric(name.text())
	b.generated[e.name+".Version"] = version
	b.generated[e.name+".Alias"] = id
	b.add(e, version, "AWS::Lambda::Version", mapAt(name.line, "FunctionName", refAt(name.line, e.name)))
	b.add(e, id, "AWS::Lambda::Alias", mapAt(name.line,
		"FunctionName", refAt(name.line, e.name), "FunctionVersion", attAt(name.line, version, "Version"),
		"Name", name, "ProvisionedConcurrencyConfig", p.get("ProvisionedConcurrencyConfig")))
	return refAt(name.line, id)
}

// functionURL makes the function's URL, with the permission that opens it to all.
func functionURL(b *sam, e entry, p, target *node) {
	c := p.get("FunctionUrlConfig")
	if c == nil {
		return
	}
	u := pick(c.line, c, "AuthType", "Cors", "InvokeMode")
	u.with("TargetFunctionArn", refAt(c.line, e.name))
	if alias := p.get("AutoPublishAlias"); alias != nil {
		u.with("Qualifier", alias)
	}
	b.add(e, e.name+"Url", "AWS::Lambda::Url", u)
	if auth := c.get("AuthType"); auth.text() == "NONE" {
		b.add(e, e.name+"UrlPublicPermissions", "AWS::Lambda::Permission", mapAt(auth.line,
			"Action", "lambda:InvokeFunctionUrl", "FunctionName", target, "Principal", "*", "FunctionUrlAuthType", "NONE"))
	}
}

// destinations makes the configuration of asynchronous calls, and returns what
// the role needs for it.
func destinations(b *sam, e entry, p *node) (inline []*node) {
	c := p.get("EventInvokeConfig")
	if c == nil {
		return nil
	}
	cfg := pick(c.line, c, "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
	cfg.with("FunctionName", refAt(c.line, e.name))
	cfg.with("Qualifier", stringAt(c.line, "$LATEST"))
	dests := mapAt(c.line)
	for _, when := range [...]string{"OnSuccess", "OnFailure"} {
		d := c.path("DestinationConfig", when)
		if d == nil {
			continue
		}
		arn := d.get("Destination")
		if arn == nil {
			b.skipped(d.line, "the %s destination that SAM makes for %s", when, e.name)
			continue
		}
		dests.with(when, mapAt(d.line, "Destination", arn))
		action := ""
		switch d.get("Type").text() {
		case "SQS":
			action = "sqs:SendMessage"
		case "SNS":
			action = "sns:Publish"
		case "Lambda":
			action = "lambda:InvokeFunction"
		case "EventBridge":
			action = "events:PutEvents"
		default:
			continue
		}
		inline = append(inline, document2012(d.line, allow(d.line, arn, action)))
	}
	if len(dests.keys) > 0 {
		cfg.with("DestinationConfig", dests)
	}
	b.add(e, e.name+"EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", cfg)
	return inline
}
