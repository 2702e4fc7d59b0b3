package template

import (
	"strings"

	"github.com/haetae/haetae"
)

// ref evaluates {"Ref": name}.
func (s *stack) ref(name string, line int) any {
	if strings.HasPrefix(name, "AWS::") {
		return pseudo(s, name, line)
	}
	if e := s.index[name]; e != nil {
		return s.resourceRef(e, "")
	}
	if p := s.params[name]; p != nil {
		return s.param(name, p)
	}
	if id, ok := s.generated[name]; ok {
		return s.ref(id, line)
	}
	s.warn(line, "Check the name, or add the resource or parameter.", "Ref to %q, which the template does not define", name)
	return unresolved("Ref to %s, which the template does not define", name)
}

// pseudo evaluates a pseudo parameter.
func pseudo(s *stack, name string, line int) any {
	partition := s.opts.Partition
	if partition == "" && s.opts.Region != "" {
		partition = haetae.Partition(s.opts.Region)
	}
	value := ""
	u := unresolved("%s is not known in a template", name)
	u.Plain = true
	switch name {
	case "AWS::NoValue":
		return noValue{}
	case "AWS::Region":
		value = s.opts.Region
	case "AWS::AccountId":
		value = s.opts.Account
		u.Ref = haetae.AccountOfStack
	case "AWS::Partition":
		value = partition
	case "AWS::URLSuffix":
		switch partition {
		case "aws", "aws-us-gov":
			value = "amazonaws.com"
		case "aws-cn":
			value = "amazonaws.com.cn"
		}
	case "AWS::StackId":
		u.Parts = []string{"arn:", ""}
	case "AWS::StackName", "AWS::NotificationARNs":
	default:
		s.warn(line, "Check the spelling.", "%s is not a pseudo parameter", name)
		return unresolved("Ref to %s, which the template does not define", name)
	}
	if value != "" {
		return value
	}
	return u
}

// resourceRef makes the value that a reference to a resource gives.
func (s *stack) resourceRef(e *entry, attr string) *haetae.Unknown {
	typ := e.node.get("Type").str()
	u := &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Plain: true, Ref: s.prefix + e.name, Attr: attr}
	u.Detail = e.name
	if attr != "" {
		u.Detail += "." + attr
	}
	u.Detail += " is known only after the stack is made"
	switch {
	case strings.HasSuffix(attr, "Arn"), attr == "" && refIsARN(typ):
		u.Parts = []string{"arn:", ""}
	case attr != "" && freeAttributes(typ):
		u.Plain = false
	}
	if c := e.node.get("Condition"); c != nil {
		if t, _ := s.named(c.text(), c.line); t == no {
			u.Detail = e.name + " is not created: its condition " + c.text() + " is false"
		}
	}
	return u
}

// freeAttributes tells whether a type's attributes hold whatever their author
// likes, wildcards too.
func freeAttributes(typ string) bool {
	switch typ {
	case "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Macro", "AWS::CloudFormation::Stack", "AWS::SSM::Parameter", "":
		return true
	}
	return strings.HasPrefix(typ, "Custom::")
}

// refIsARN tells whether Ref to a type gives an ARN
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
func refIsARN(typ string) bool {
	switch typ {
	case "AWS::SNS::Topic", "AWS::SNS::Subscription",
		"AWS::IAM::ManagedPolicy", "AWS::IAM::SAMLProvider", "AWS::IAM::OIDCProvider", "AWS::IAM::ServerCertificate",
		"AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::TargetGroup",
		"AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule",
		"AWS::StepFunctions::StateMachine", "AWS::StepFunctions::Activity",
		"AWS::SecretsManager::Secret", "AWS::SecretsManager::SecretTargetAttachment",
		"AWS::CertificateManager::Certificate", "AWS::ACMPCA::CertificateAuthority",
		"AWS::ECS::Service", "AWS::ECS::TaskDefinition",
		"AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::Lambda::LayerVersion", "AWS::Lambda::CodeSigningConfig",
		"AWS::CloudFormation::Stack", "AWS::CloudFormation::WaitCondition",
		"AWS::Batch::JobDefinition", "AWS::Batch::JobQueue", "AWS::Batch::ComputeEnvironment",
		"AWS::MSK::Cluster", "AWS::DMS::ReplicationInstance", "AWS::DMS::Endpoint",
		"AWS::Backup::ReportPlan", "AWS::NetworkFirewall::Firewall", "AWS::NetworkFirewall::FirewallPolicy",
		"AWS::NetworkFirewall::RuleGroup", "AWS::AutoScaling::ScalingPolicy", "AWS::AccessAnalyzer::Analyzer",
		"AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Model", "AWS::SageMaker::NotebookInstance",
		"AWS::SecurityHub::Hub", "AWS::GlobalAccelerator::Accelerator", "AWS::AppSync::GraphQLApi":
		return true
	}
	return false
}

// getAtt evaluates an attribute of a resource, or an output of a nested stack.
func (s *stack) getAtt(name, attr string, line int) any {
	if e := s.index[name]; e != nil {
		if out, ok := strings.CutPrefix(attr, "Outputs."); ok {
			if c := s.child(name); c != nil {
				return c.output(out, line, s)
			}
		}
		return s.resourceRef(e, attr)
	}
	if id, ok := s.generated[name]; ok {
		return s.getAtt(id, attr, line)
	}
	// SAM names what it makes "Function.Alias"; its ARN is then cut differently.
	if first, rest, ok := strings.Cut(attr, "."); ok {
		if id, made := s.generated[name+"."+first]; made {
			return s.getAtt(id, rest, line)
		}
	}
	s.warn(line, "Check the name, or add the resource.", "Fn::GetAtt of %q, which the template does not define", name)
	return unresolved("Ref to %s, which the template does not define", name)
}

// output returns the value of an output for the stack that nests this one.
func (s *stack) output(name string, line int, from *stack) any {
	c := s.outputs[name]
	if c == nil || c.node == nil {
		from.warn(line, "Check the outputs of "+s.doc.file+".", "the nested template has no output %q", name)
		return unresolved("the nested template has no output %s", name)
	}
	return s.once(c, "output "+name, func() any {
		v := s.quiet().value(c.node, "", c.line)
		if v == (noValue{}) {
			return unresolved("output %s has no value", name)
		}
		return v
	})
}

// once works a cell out, unless it needs itself.
func (s *stack) once(c *cell, what string, f func() any) any {
	if c.done {
		return c.value
	}
	if c.busy {
		s.warn(c.line, "Remove the reference that closes the circle.", "%s refers to itself", what)
		return unresolved("%s refers to itself", what)
	}
	defer s.leave()
	if !s.enter() {
		return unresolved("%s needs too many other values", what)
	}
	c.busy = true
	c.value = f()
	c.busy, c.done = false, true
	return c.value
}

// param returns the value of a parameter.
func (s *stack) param(name string, c *cell) any {
	return s.once(c, "parameter "+name, func() any { return paramValue(s, name, c.node) })
}

func paramValue(s *stack, name string, n *node) any {
	typ := n.get("Type").text()
	def := n.get("Default")
	if strings.EqualFold(n.get("NoEcho").param(), "true") {
		u := &haetae.Unknown{Reason: haetae.SecretKept, Detail: "NoEcho parameter " + name, Set: true}
		if _, given := givenValue(s, name); !given && def.text() != "" {
			u.Reason = haetae.SecretInTemplate
			u.Detail += " has a default in the template"
		}
		return u
	}
	if strings.HasPrefix(typ, "AWS::SSM::Parameter::Value<") {
		u := unresolved("parameter %s is read from Parameter Store", name)
		u.Plain = strings.HasPrefix(typ, "AWS::SSM::Parameter::Value<AWS::")
		return u
	}
	var v any
	switch given, ok := givenValue(s, name); {
	case ok:
		v = given
	case def.isList():
		v = s.quiet().value(def, "", def.line)
	case def != nil:
		v = def.param()
	default:
		u := unresolved("parameter %s has no default", name)
		u.Plain, u.Param = plainParameter(n, typ), name
		return u
	}
	return typed(v, typ)
}

// givenValue returns the value that the user or the parent stack gives.
func givenValue(s *stack, name string) (any, bool) {
	if s.parent != nil {
		n := s.given[name]
		if n == nil {
			return nil, false
		}
		v := s.parent.quiet().value(n, "", n.line)
		return v, v != noValue{}
	}
	v, ok := s.opts.Parameters[name]
	return v, ok
}

// plainParameter tells whether any value that a parameter can have is text
// without wildcards.
func plainParameter(n *node, typ string) bool {
	if typ == "Number" || strings.HasPrefix(typ, "AWS::") {
		return true
	}
	allowed := n.get("AllowedValues")
	if !allowed.isList() || len(allowed.items) == 0 {
		return false
	}
	for _, a := range allowed.items {
		if t := a.text(); t == "" || strings.ContainsAny(t, "*?") {
			return false
		}
	}
	return true
}

// typed gives a parameter's value the shape of its type.
func typed(v any, typ string) any {
	switch {
	case typ == "CommaDelimitedList" || strings.HasPrefix(typ, "List<"):
		t, ok := textOf(v)
		if !ok {
			return v
		}
		items := strings.Split(t, ",")
		out := make([]any, len(items))
		for i, item := range items {
			out[i] = strings.TrimSpace(item)
			if typ == "List<Number>" {
				out[i] = typed(out[i], "Number")
			}
		}
		return out
	case typ == "Number":
		if t, ok := v.(string); ok {
			if n, ok := number(strings.TrimSpace(t)); ok {
				return n
			}
		}
		return v
	}
	if l, ok := v.([]any); ok {
		pieces := make([]any, 0, 2*len(l))
		for i, item := range l {
			if i > 0 {
				pieces = append(pieces, ",")
			}
			pieces = append(pieces, item)
		}
		return concat(pieces)
	}
	if t, ok := textOf(v); ok {
		return t
	}
	return v
}
