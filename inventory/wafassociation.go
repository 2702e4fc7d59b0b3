package inventory

import "strings"

// association is where one type of resource says which web ACL protects it.
// AWS answers only one question a second about either side
// (https://docs.aws.amazon.com/waf/latest/developerguide/limits.html), and
// accounts have fewer web ACLs than load balancers, so the web ACLs are asked
// and their answers turned round.
type association struct {
	resourceType string // of ListResourcesForWebACL
	typ          string
	applies      func(*entry) bool
}

func associations() []association {
	return []association{
		{"APPLICATION_LOAD_BALANCER", "AWS::ElasticLoadBalancingV2::LoadBalancer", func(e *entry) bool { return e.Props["Type"] == "application" }},
		{"COGNITO_USER_POOL", "AWS::Cognito::UserPool", func(*entry) bool { return true }},
	}
}

// associate says of what web ACLs may protect which one does, when a live
// account's web ACLs were all asked; otherwise it is unknown why.
func (b *Builder) associate() {
	if !b.live() {
		return // a folder says it by wafv2 get-web-acl-for-resource
	}
	acls := b.byType("AWS::WAFv2::WebACL")
	for _, a := range associations() {
		c := b.protectedCall(a.resourceType)
		by := map[[2]string]string{} // account and ARN
		for _, acl := range acls {
			for arn := range texts(acl.Observed[typesAsked+a.resourceType]) {
				by[[2]string{acl.Account, arn}] = acl.ARN
			}
		}
		for _, e := range b.byType(a.typ) {
			if has(e.Props, "WebACLArn") || !a.applies(e) {
				continue
			}
			b.nameARN(e)
			acl := by[[2]string{e.Account, e.ARN}]
			switch {
			case acl != "":
				e.Props["WebACLArn"] = acl
			case b.wholly(c, e.Account, e.Region, nil):
				e.Props["WebACLArn"] = nil
			default:
				u := b.unaskedAt(c, e.Account, e.Region)
				if o := b.ops[asked{e.Account, e.Region, c.Op}]; o != nil && o.fail != nil {
					u = o.fail
				}
				v := *u
				v.Path = "WebACLArn"
				e.Props["WebACLArn"] = &v
			}
		}
	}
}

// byType returns the resources of a type.
func (b *Builder) byType(typ string) []*entry {
	for i := range b.kinds {
		if b.kinds[i].Type == typ {
			return b.ofKind[&b.kinds[i]]
		}
	}
	return nil
}

// protectedCall is the call for what web ACLs protect of one type.
func (b *Builder) protectedCall(resourceType string) *Call {
	for _, r := range b.byOp["wafv2:ListResourcesForWebACL"] {
		if strings.HasPrefix(str(r.call.Params, "ResourceType"), resourceType) {
			return r.call
		}
	}
	return nil
}
