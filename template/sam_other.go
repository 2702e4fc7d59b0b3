package template

// simpleTable expands AWS::Serverless::SimpleTable.
func simpleTable(b *sam, e entry) {
	p := b.properties(e, "SimpleTable")
	t := pick(e.line, p, "TableName", "SSESpecification", "PointInTimeRecoverySpecification", "ProvisionedThroughput")
	if p.get("ProvisionedThroughput") == nil {
		t.with("BillingMode", stringAt(e.line, "PAY_PER_REQUEST"))
	}
	k := p.get("PrimaryKey")
	name, typ := k.get("Name"), "S"
	if name == nil {
		name = stringAt(e.line, "id")
	}
	switch k.get("Type").text() {
	case "Number":
		typ = "N"
	case "Binary":
		typ = "B"
	}
	t.with("AttributeDefinitions", listAt(e.line, mapAt(e.line, "AttributeName", name, "AttributeType", typ)))
	t.with("KeySchema", listAt(e.line, mapAt(e.line, "AttributeName", name, "KeyType", "HASH")))
	t.with("Tags", tagList(e.line, p.get("Tags"), ""))
	b.replace(e, "AWS::DynamoDB::Table", t)
}

// layerVersion expands AWS::Serverless::LayerVersion.
func layerVersion(b *sam, e entry) {
	p := b.properties(e, "LayerVersion")
	l := pick(e.line, p, "LayerName", "Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo")
	if l.get("LayerName") == nil {
		l.with("LayerName", stringAt(e.line, e.name))
	}
	l.with("Content", code(p.get("ContentUri"), "S3Bucket", "S3Key", "S3ObjectVersion"))
	b.replace(e, "AWS::Lambda::LayerVersion", l)
}

// application expands AWS::Serverless::Application, which is a nested stack.
func application(b *sam, e entry) {
	p := b.properties(e, "Application")
	a := pick(e.line, p, "Parameters", "NotificationARNs", "TimeoutInMinutes")
	loc := p.get("Location")
	if loc.isMap() && !onlyFunction(loc) {
		loc = unknownAt(loc.line, "the application is in the Serverless Application Repository")
	}
	a.with("TemplateURL", loc)
	a.with("Tags", tagList(e.line, p.get("Tags"), "lambda:createdBy"))
	b.replace(e, "AWS::CloudFormation::Stack", a)
}

// machine expands AWS::Serverless::StateMachine.
func (b *sam) machine(e entry) {
	p := b.properties(e, "StateMachine")
	m := pick(e.line, p, "DefinitionString", "DefinitionSubstitutions", "Logging>LoggingConfiguration",
		"Name>StateMachineName", "Role>RoleArn", "Tracing>TracingConfiguration", "Type>StateMachineType", "EncryptionConfiguration")
	m.with("Definition", p.get("Definition"))
	m.with("DefinitionS3Location", code(p.get("DefinitionUri"), "Bucket", "Key", "Version"))
	if p.get("Role") == nil {
		id := e.name + "Role"
		m.with("RoleArn", attAt(e.line, id, "Arn"))
		b.role(e, p, id, "states.amazonaws.com", nil, nil)
	}
	m.with("Tags", tagList(e.line, p.get("Tags"), "stateMachine:createdBy"))
	b.replace(e, "AWS::StepFunctions::StateMachine", m)
	events := p.get("Events")
	if !events.isMap() {
		return
	}
	for i, k := range events.keys {
		ev := entry{e.name + k.name, k.line, events.items[i]}
		props := ev.node.get("Properties")
		if !props.isMap() {
			props = mapAt(k.line)
		}
		arn := refAt(k.line, e.name)
		switch typ := ev.node.get("Type").text(); typ {
		case "Schedule", "EventBridgeRule", "CloudWatchEvent":
			role := ev.name + "Role"
			b.add(e, role, "AWS::IAM::Role", mapAt(k.line, "AssumeRolePolicyDocument", trust(k.line, "events.amazonaws.com"),
				"Policies", listAt(k.line, mapAt(k.line, "PolicyName", role+"StartExecutionPolicy",
					"PolicyDocument", document2012(k.line, allow(k.line, arn, "states:StartExecution"))))))
			b.add(e, ev.name, "AWS::Events::Rule", rule(ev, props, arn, attAt(k.line, role, "Arn")))
		case "ScheduleV2":
			b.schedule(e, ev, props, arn, "states:StartExecution")
		default:
			b.skipped(k.line, "event %s of type %q", ev.name, typ)
		}
	}
}
