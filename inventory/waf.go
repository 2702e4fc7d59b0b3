package inventory

import (
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

const (
	webACLs   = "wafv2:ListWebACLs WebACLs[].ARN"
	wafGroups = "wafv2:ListRuleGroups RuleGroups[].ARN"
)

var (
	regionScope = map[string]any{"Scope": "REGIONAL"}
	edgeScope   = map[string]any{"Scope": "CLOUDFRONT"}
	// wafName names what an ARN stands for.
	wafName = map[string]any{"Id": "${Parent.Last}", "Name": "${Parent.Name}", "Scope": "${Parent.Scope}"}
)

// waf holds web ACLs, their logging and their rule groups. Those of the scope
// CLOUDFRONT are in us-east-1, as their ARNs say; see [cloudfront] for who asks
// for them.
var waf = []Kind{{
	Type: "AWS::WAFv2::WebACL", Finish: someAssociations,
	Calls: append([]Call{
		{
			Op: "wafv2:ListWebACLs", Lists: true, Member: "WebACLs", Params: regionScope,
			Read: func(a *Answer) []*haetae.Resource { return wafNames(a, "WebACLs") },
		}, {
			Op: "wafv2:ListWebACLs", Lists: true, Other: true, Member: "WebACLs", Params: edgeScope,
			Read: func(a *Answer) []*haetae.Resource { return wafNames(a, "WebACLs") },
		}, {
			Op: "wafv2:GetWebACL", Member: "WebACL", Param: "Id", Each: webACLs, Params: wafName,
			Gives: []string{"*"}, Read: readWebACL,
		},
		wafTags(webACLs, "/webacl/"),
	}, protectedResources()...),
}, {
	Type: "AWS::WAFv2::LoggingConfiguration",
	Calls: []Call{
		{
			Op: "wafv2:ListLoggingConfigurations", Lists: true, Member: "LoggingConfigurations", Params: regionScope, Gives: []string{"*"},
			Read: readWAFLogging,
		}, {
			Op: "wafv2:ListLoggingConfigurations", Lists: true, Other: true, Member: "LoggingConfigurations", Params: edgeScope, Gives: []string{"*"},
			Read: readWAFLogging,
		}, {
			Op: "wafv2:GetLoggingConfiguration", Member: "LoggingConfiguration.LogDestinationConfigs", Param: "ResourceArn", Other: true,
			Absent: []string{"WAFNonexistentItemException"}, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{wafLogging(object(a.Body, "LoggingConfiguration"))}
			},
		},
	},
}, {
	Type: "AWS::WAFv2::RuleGroup",
	Calls: []Call{
		{
			Op: "wafv2:ListRuleGroups", Lists: true, Member: "RuleGroups[].ARN", Params: regionScope,
			Read: func(a *Answer) []*haetae.Resource { return wafNames(a, "RuleGroups") },
		}, {
			Op: "wafv2:ListRuleGroups", Lists: true, Other: true, Member: "RuleGroups[].ARN", Params: edgeScope,
			Read: func(a *Answer) []*haetae.Resource { return wafNames(a, "RuleGroups") },
		}, {
			Op: "wafv2:GetRuleGroup", Member: "RuleGroup.ARN", Param: "Id", Each: wafGroups, Params: wafName,
			Gives: []string{"*"}, Read: readWAFGroup,
		},
		wafTags(wafGroups, "/rulegroup/"),
	},
}}

// wafResource returns what an ARN names: …:SCOPE/TYPE/NAME/ID. CloudFormation
// identifies it by name, ID and scope.
func wafResource(name string, props map[string]any) *haetae.Resource {
	n, err := arn.Parse(name)
	parts := strings.Split(n.Resource, "/")
	if err != nil || len(parts) != 4 {
		return resource("", props)
	}
	scope := "REGIONAL"
	if parts[0] == "global" {
		scope = "CLOUDFRONT"
	}
	r := resource(parts[2]+"|"+parts[3]+"|"+scope, props)
	r.ARN = name
	if props != nil {
		props["Name"], props["Scope"] = parts[2], scope
	}
	return r
}

func wafNames(a *Answer, member string) (out []*haetae.Resource) {
	for x := range a.each(member) {
		r := wafResource(str(x, "ARN"), take(x, "Description"))
		r.Observed = take(x, "Arn=ARN", "Id")
		out = append(out, r)
	}
	return out
}

// wafTags is the call for the tags of what has a certain part in its ARN.
func wafTags(each, in string) Call {
	return Call{
		Op: "wafv2:ListTagsForResource", Member: "TagInfoForResource", Param: "ResourceARN", Each: each, Gives: []string{"Tags"},
		Read: func(a *Answer) []*haetae.Resource {
			info := object(a.Body, "TagInfoForResource")
			name := str(info, "ResourceARN")
			if !strings.Contains(name, in) {
				return nil
			}
			tags, _ := info["TagList"].([]any)
			return []*haetae.Resource{wafResource(name, map[string]any{"Tags": tags})}
		},
	}
}

func readWebACL(a *Answer) []*haetae.Resource {
	x := object(a.Body, "WebACL")
	p := take(x, "Description", "DefaultAction", "VisibilityConfig", "AssociationConfig", "CaptchaConfig", "ChallengeConfig",
		"CustomResponseBodies", "DataProtectionConfig", "TokenDomains", "OnSourceDDoSProtectionConfig", "ApplicationConfig")
	p["Rules"] = wafRules(x["Rules"])
	r := wafResource(str(x, "ARN"), p)
	r.Observed = take(x, "Arn=ARN", "Id", "Capacity", "LabelNamespace", "ManagedByFirewallManager")
	groups := []any{}
	for _, m := range []string{"PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups"} {
		groups = append(groups, pluck(x[m], "Name")...)
	}
	r.Observed["FirewallManagerRuleGroups"] = groups
	return []*haetae.Resource{r}
}

func readWAFGroup(a *Answer) []*haetae.Resource {
	x := object(a.Body, "RuleGroup")
	p := take(x, "Description", "Capacity", "VisibilityConfig", "CustomResponseBodies", "AvailableLabels", "ConsumedLabels")
	p["Rules"] = wafRules(x["Rules"])
	r := wafResource(str(x, "ARN"), p)
	r.Observed = take(x, "Arn=ARN", "Id", "LabelNamespace")
	return []*haetae.Resource{r}
}

func wafRules(v any) any {
	if rules, ok := wafRule(v).([]any); ok {
		return rules
	}
	return []any{}
}

// wafRule copies rules, with the two names in which the API and CloudFormation
// differ: ARNs, and what to look for, which the AWS CLI shows in Base64.
func wafRule(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			switch {
			case x == nil:
				continue
			case k == "ARN":
				k = "Arn"
			case k == "SearchString":
				k = "SearchStringBase64"
			}
			out[k] = wafRule(x)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, wafRule(x))
		}
		return out
	}
	return v
}

func readWAFLogging(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("LoggingConfigurations") {
		out = append(out, wafLogging(c))
	}
	return out
}

func wafLogging(c map[string]any) *haetae.Resource {
	p := take(c, "ResourceArn", "LogDestinationConfigs", "LoggingFilter")
	fields := []any{}
	for f := range objects(c["RedactedFields"]) {
		fields = append(fields, take(f, "JsonBody", "Method", "QueryString", "SingleHeader", "UriPath"))
	}
	if len(fields) > 0 {
		p["RedactedFields"] = fields
	}
	r := resource(str(c, "ResourceArn"), p)
	r.Observed = take(c, "ManagedByFirewallManager")
	if n, err := arn.Parse(r.ID); err == nil {
		r.Account, r.Region = n.Account, n.Region
	}
	return r
}

// protectedTypes are the types of resources that a regional web ACL protects, as
// ListResourcesForWebACL calls them.
func protectedTypes() []string {
	return []string{
		"APPLICATION_LOAD_BALANCER", "API_GATEWAY", "APPSYNC", "COGNITO_USER_POOL",
		"APP_RUNNER_SERVICE", "VERIFIED_ACCESS_INSTANCE", "AMPLIFY",
	}
}

// typesAsked is where the types whose resources were told wait for
// someAssociations.
const typesAsked = "typesAsked"

// protectedResources are the calls for what a web ACL protects, one for each
// type of resources. AWS answers one such question a second
// (https://docs.aws.amazon.com/waf/latest/developerguide/limits.html).
func protectedResources() (calls []Call) {
	for _, t := range protectedTypes() {
		c := protects(t)
		c.Gives, c.Read = []string{"Observed.AssociatedResources"}, readProtected
		if c.If == "" {
			c.Extra = extraDetails // an API stage says itself what protects it
		}
		calls = append(calls, c)
	}
	return calls
}

// protects is the call for what web ACLs protect of a type of resources.
func protects(resourceType string) Call {
	c := Call{
		Op: "wafv2:ListResourcesForWebACL", Member: "ResourceArns", Param: "WebACLArn", Each: webACLs,
		Params: map[string]any{"ResourceType": resourceType},
	}
	switch resourceType {
	case "APPLICATION_LOAD_BALANCER":
		c.If = "elbv2:DescribeLoadBalancers LoadBalancers[?Type=='application'].LoadBalancerArn"
	case "COGNITO_USER_POOL":
		c.If = userPoolIDs
	}
	return c
}

// protectedBy is the same seen from what is protected: fewer questions than one
// for each, as accounts have more load balancers than web ACLs. id makes the ID
// of an ARN.
func protectedBy(resourceType string, id func(arn string) string) Call {
	c := protects(resourceType)
	c.Turned, c.Gives = true, []string{"WebACLArn"}
	c.Unset = func() map[string]any { return map[string]any{"WebACLArn": nil} }
	c.Read = func(a *Answer) (out []*haetae.Resource) {
		if t := str(a.Params, "ResourceType"); t != "" && t != resourceType {
			return nil
		}
		for arn := range texts(a.Body["ResourceArns"]) {
			r := resource(id(arn), map[string]any{"WebACLArn": str(a.Body, "WebACLArn")})
			r.ARN = arn
			out = append(out, r)
		}
		return out
	}
	return c
}

func readProtected(a *Answer) []*haetae.Resource {
	r := wafResource(str(a.Body, "WebACLArn"), nil)
	list, _ := a.Body["ResourceArns"].([]any)
	r.Observed = map[string]any{"AssociatedResources": append([]any{}, list...)}
	if t := str(a.Params, "ResourceType"); t != "" {
		r.Observed[typesAsked] = []any{t}
	}
	return []*haetae.Resource{r}
}

// someAssociations says that a web ACL may protect more than the lists name,
// unless there is one for each type of resources.
func someAssociations(r *haetae.Resource) {
	asked, _ := r.Observed[typesAsked].([]any)
	delete(r.Observed, typesAsked)
	list, ok := r.Observed["AssociatedResources"].([]any)
	if !ok || len(asked) >= len(protectedTypes()) {
		return
	}
	r.Observed["AssociatedResources"] = &haetae.OpenList{Items: list, Why: &haetae.Unknown{
		Path: "Observed.AssociatedResources", Reason: haetae.NotAsked, Actions: []string{"wafv2:ListResourcesForWebACL"},
		Detail: "each answer of wafv2:ListResourcesForWebACL is about one type of resources, and some are not there",
	}}
}
