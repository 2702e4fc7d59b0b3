package template

import (
	"strconv"
	"strings"
)

func itoa(i int) string { return strconv.Itoa(i) }

// events makes what a function's events need, and returns the managed policies
// that its role gets for them.
func (b *sam) events(e entry, p, target *node) (managed []string) {
	evs := p.get("Events")
	if !evs.isMap() {
		return nil
	}
	has := map[string]bool{}
	for i, k := range evs.keys {
		ev := entry{e.name + k.name, k.line, evs.items[i]}
		for _, m := range b.event(e, ev, target) {
			if !has[m] {
				has[m] = true
				managed = append(managed, m)
			}
		}
	}
	return managed
}

// event makes what one event needs.
func (b *sam) event(f, ev entry, target *node) (managed []string) {
	p := ev.node.get("Properties")
	if !p.isMap() {
		p = mapAt(ev.line)
	}
	line := ev.line
	switch typ := ev.node.get("Type").text(); typ {
	case "Api":
		b.apiEvent(f, ev, p, target, "RestApiId", restAPI)
	case "HttpApi":
		b.apiEvent(f, ev, p, target, "ApiId", httpAPI)
	case "S3":
		bucket := p.get("Bucket")
		arn := (*node)(nil)
		if name, arg, ok := bucket.single(); ok && name == "Ref" {
			arn = subAt(line, "arn:${AWS::Partition}:s3:::${"+arg.text()+"}")
		}
		b.permission(f, ev, target, "s3.amazonaws.com", mapAt(line, "SourceArn", arn, "SourceAccount", refAt(line, "AWS::AccountId")))
	case "SNS":
		topic := p.get("Topic")
		sub := pick(line, p, "Topic>TopicArn", "FilterPolicy", "FilterPolicyScope", "Region", "RedrivePolicy")
		sub.with("Protocol", stringAt(line, "lambda"))
		sub.with("Endpoint", functionARN(f, target))
		b.add(f, ev.name, "AWS::SNS::Subscription", sub)
		b.permission(f, ev, target, "sns.amazonaws.com", mapAt(line, "SourceArn", topic))
	case "SQS":
		b.mapping(f, ev, p, target, "Queue")
		return []string{"service-role/AWSLambdaSQSQueueExecutionRole"}
	case "Kinesis":
		b.mapping(f, ev, p, target, "Stream")
		return []string{"service-role/AWSLambdaKinesisExecutionRole"}
	case "DynamoDB":
		b.mapping(f, ev, p, target, "Stream")
		return []string{"service-role/AWSLambdaDynamoDBExecutionRole"}
	case "MSK":
		b.mapping(f, ev, p, target, "Stream")
		return []string{"service-role/AWSLambdaMSKExecutionRole"}
	case "MQ":
		b.mapping(f, ev, p, target, "Broker")
	case "DocumentDB":
		b.mapping(f, ev, p, target, "Cluster")
	case "SelfManagedKafka":
		b.mapping(f, ev, p, target, "")
	case "Schedule", "EventBridgeRule", "CloudWatchEvent":
		b.add(f, ev.name, "AWS::Events::Rule", rule(ev, p, functionARN(f, target), nil))
		b.permission(f, ev, target, "events.amazonaws.com", mapAt(line, "SourceArn", attAt(line, ev.name, "Arn")))
	case "ScheduleV2":
		b.schedule(f, ev, p, functionARN(f, target), "lambda:InvokeFunction")
	case "CloudWatchLogs":
		b.add(f, ev.name, "AWS::Logs::SubscriptionFilter", withTarget(pick(line, p, "LogGroupName", "FilterPattern"), "DestinationArn", functionARN(f, target)))
		group := mapAt(line, "group", p.get("LogGroupName"))
		b.permission(f, ev, target, "logs.amazonaws.com", mapAt(line, "SourceArn", mapAt(line, "Fn::Sub", listAt(line,
			stringAt(line, "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${group}:*"), group))))
	case "IoTRule":
		b.add(f, ev.name, "AWS::IoT::TopicRule", mapAt(line, "TopicRulePayload", mapAt(line,
			"Sql", p.get("Sql"), "AwsIotSqlVersion", p.get("AwsIotSqlVersion"), "RuleDisabled", false,
			"Actions", listAt(line, mapAt(line, "Lambda", mapAt(line, "FunctionArn", functionARN(f, target)))))))
		b.permission(f, ev, target, "iot.amazonaws.com", mapAt(line, "SourceArn", subAt(line, "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${"+ev.name+"}")))
	case "AlexaSkill":
		b.permission(f, ev, target, "alexa-appkit.amazon.com", pick(line, p, "SkillId>EventSourceToken"))
	case "Cognito":
		pool := (*node)(nil)
		if name, arg, ok := p.get("UserPool").single(); ok && name == "Ref" {
			pool = attAt(line, arg.text(), "Arn")
		}
		b.permission(f, ev, target, "cognito-idp.amazonaws.com", mapAt(line, "SourceArn", pool))
	default:
		b.skipped(line, "event %s of type %q", ev.name, typ)
	}
	return nil
}

// functionARN returns the ARN of a function, or of its alias, whose Ref is one.
func functionARN(f entry, target *node) *node {
	if target.get("Ref").text() != f.name {
		return target
	}
	return attAt(target.line, f.name, "Arn")
}

func withTarget(n *node, name string, v *node) *node {
	n.with(name, v)
	return n
}

// permission lets a service call the function.
func (b *sam) permission(f, ev entry, target *node, service string, more *node) {
	n := mapAt(ev.line, "Action", "lambda:InvokeFunction", "FunctionName", target, "Principal", service)
	for i, k := range more.keys {
		n.add(k.name, k.line, more.items[i])
	}
	b.add(f, ev.name+"Permission", "AWS::Lambda::Permission", n)
}

// mapping makes an event source mapping.
func (b *sam) mapping(f, ev entry, p, target *node, source string) {
	n := &node{kind: mapNode, line: ev.line}
	for i, k := range p.keys {
		name := k.name
		switch name {
		case source:
			name = "EventSourceArn"
		case "SecretsManagerKmsKeyId":
			continue
		}
		n.add(name, k.line, p.items[i])
	}
	n.with("FunctionName", target)
	b.add(f, ev.name, "AWS::Lambda::EventSourceMapping", n)
}

// rule makes an EventBridge rule.
func rule(ev entry, p, arn, role *node) *node {
	r := pick(ev.line, p, "Schedule>ScheduleExpression", "Pattern>EventPattern", "EventPattern", "EventBusName", "Name", "RuleName>Name", "Description", "State")
	if enabled := p.get("Enabled"); enabled != nil {
		state := "ENABLED"
		if enabled.param() == "false" {
			state = "DISABLED"
		}
		r.with("State", stringAt(enabled.line, state))
	}
	t := pick(ev.line, p, "Input", "InputPath", "RetryPolicy")
	t.with("Arn", arn)
	t.with("Id", stringAt(ev.line, ev.name+"Target"))
	t.with("RoleArn", role)
	if dlq := p.path("DeadLetterConfig", "Arn"); dlq != nil {
		t.with("DeadLetterConfig", mapAt(dlq.line, "Arn", dlq))
	}
	r.with("Targets", listAt(ev.line, t))
	return r
}

// schedule makes an EventBridge Scheduler schedule and its role.
func (b *sam) schedule(f, ev entry, p, arn *node, action string) {
	s := pick(ev.line, p, "ScheduleExpression", "ScheduleExpressionTimezone", "Name", "Description", "State",
		"StartDate", "EndDate", "GroupName", "KmsKeyArn", "FlexibleTimeWindow")
	if p.get("FlexibleTimeWindow") == nil {
		s.with("FlexibleTimeWindow", mapAt(ev.line, "Mode", "OFF"))
	}
	role := p.get("RoleArn")
	if role == nil {
		id := ev.name + "Role"
		role = attAt(ev.line, id, "Arn")
		r := mapAt(ev.line, "AssumeRolePolicyDocument", trust(ev.line, "scheduler.amazonaws.com"),
			"Policies", listAt(ev.line, mapAt(ev.line, "PolicyName", ev.name+"Policy", "PolicyDocument", document2012(ev.line, allow(ev.line, arn, action)))))
		r.with("PermissionsBoundary", p.get("PermissionsBoundary"))
		b.add(f, id, "AWS::IAM::Role", r)
	}
	t := pick(ev.line, p, "Input", "RetryPolicy", "DeadLetterConfig")
	t.with("Arn", arn)
	t.with("RoleArn", role)
	s.with("Target", t)
	b.add(f, ev.name, "AWS::Scheduler::Schedule", s)
}

// apiEvent adds a function's path to an API and lets the API call it.
func (b *sam) apiEvent(f, ev entry, p, target *node, idName, implicit string) {
	api := implicit
	given := p.get(idName)
	if name, arg, ok := given.single(); ok && name == "Ref" {
		api = arg.text()
	} else if t := given.str(); t != "" {
		api = t
	} else if given != nil {
		b.skipped(ev.line, "event %s of an API that is not in the template", ev.name)
		return
	} else if _, ok := b.needed[implicit]; !ok {
		b.needed[implicit] = ev.line
	}
	path, method := p.get("Path").text(), strings.ToLower(p.get("Method").text())
	if path == "" {
		path, method = "$default", "x-amazon-apigateway-any-method"
	}
	wildcard := method
	switch method {
	case "any", "*", "x-amazon-apigateway-any-method", "":
		method, wildcard = "x-amazon-apigateway-any-method", "*"
	}
	op := operation(ev, p, f, target, implicit == httpAPI)
	paths := b.apis[api]
	if paths == nil {
		paths = mapAt(ev.line)
	}
	methods := paths.get(path)
	if methods == nil {
		methods = mapAt(ev.line)
	}
	b.apis[api] = paths.set(path, methods.set(method, op))

	resource := "/" + strings.ToUpper(wildcard) + wildcardPath(path)
	if path == "$default" {
		resource = "/$default"
	}
	b.permission(f, ev, target, "apigateway.amazonaws.com", mapAt(ev.line, "SourceArn",
		subAt(ev.line, "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${"+api+"}/*"+resource)))
}

// wildcardPath replaces path parameters as in the ARN of a permission.
func wildcardPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// operation makes the OpenAPI operation that calls the function.
func operation(ev entry, p *node, f entry, target *node, http bool) *node {
	line := ev.line
	uri := "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${" + f.name + ".Arn}/invocations"
	if name := target.get("Ref").text(); name != f.name {
		uri = strings.Replace(uri, f.name+".Arn", name, 1)
	}
	call := mapAt(line, "type", "aws_proxy", "httpMethod", "POST", "uri", subAt(line, uri))
	if http {
		call.with("payloadFormatVersion", stringAt(line, "2.0"))
	}
	op := mapAt(line, "x-amazon-apigateway-integration", call, "responses", mapAt(line))
	auth := p.get("Auth")
	name := auth.get("Authorizer").text()
	if auth.get("ApiKeyRequired").param() == "true" {
		op.with("security", listAt(auth.line, mapAt(auth.line, "api_key", listAt(auth.line))))
	}
	if name != "" {
		scheme := name
		if name == "AWS_IAM" {
			scheme = "sigv4"
		}
		op.with("security", listAt(auth.line, mapAt(auth.line, scheme, listAt(auth.line))))
	}
	return op
}
