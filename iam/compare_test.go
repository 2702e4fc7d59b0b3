package iam

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

func compareEngine(t testing.TB) *Engine {
	t.Helper()
	c, err := permission.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return New(c)
}

// document reads statements of a policy; a text is a whole policy.
func document(t testing.TB, typ policy.Type, statements ...string) *policy.Document {
	t.Helper()
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	d, err := policy.Parse(text, typ)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	d.Name = "policy"
	return d
}

// replay asks the evaluator about a request.
func replay(t testing.TB, e *Engine, r Request, doc *policy.Document) bool {
	t.Helper()
	q := &Question{Request: r}
	scopes, _, err := e.scopes(q, q.keyLists())
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return doc != nil && scopes[0].allowedBy(doc)
}

func TestComparisonsOfPoliciesAreExact(t *testing.T) {
	e := compareEngine(t)
	const s3read = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
	for _, c := range []struct {
		name      string
		typ       policy.Type
		old, next []string
		want      Existence
		// in the first example
		action, resource string
		context          map[string]string // key → value; "" is absent
	}{
		{name: "a narrower resource is no more", old: []string{s3read}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/logs/*"}`}, want: None},
		{name: "a wider resource is more", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/logs/*"}`}, next: []string{s3read}, want: Some, action: "s3:GetObject", resource: "arn:aws:s3:::b/x"},
		{name: "nothing allows nothing", next: nil, old: nil, want: None},
		{name: "an action more", old: []string{s3read}, next: []string{`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*"}`}, want: Some, action: "s3:PutObject", resource: "arn:aws:s3:::b/x"},
		{name: "the case of actions is nothing", old: []string{s3read}, next: []string{`{"Effect":"Allow","Action":"S3:getobject","Resource":"arn:aws:s3:::b/*"}`}, want: None},
		{name: "two halves cover the whole", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`}, next: []string{s3read}, want: None},
		{name: "a multi-factor flag may be absent, so two halves do not cover", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`}, next: []string{s3read}, want: Some, action: "s3:GetObject", context: map[string]string{"aws:MultiFactorAuthPresent": ""}},
		{name: "IfExists lets the absent key in", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}}`}, want: Some},
		{name: "a Deny is lifted", old: []string{s3read, `{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/secret/*"}`}, next: []string{s3read}, want: Some, action: "s3:GetObject", resource: "arn:aws:s3:::b/secret/"},
		{name: "a Deny is added", old: []string{s3read}, next: []string{s3read, `{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/secret/*"}`}, want: None},
		{name: "a Deny moves to NotResource", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/a/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`, `{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/a/*"}`}, want: None},
		{name: "NotAction lets in what is not known yet", old: []string{`{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}`}, next: []string{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`}, want: Some},
		{name: "IP ranges that add up", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`}, want: None},
		{name: "IP ranges with a hole", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/10"]}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`}, want: Some, context: map[string]string{"aws:SourceIp": "10.192.0.0"}},
		{name: "numbers between two bounds", old: []string{`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"NumericLessThanEquals":{"s3:max-keys":"10"}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":"12"},"NumericGreaterThan":{"s3:max-keys":"5"}}}`}, want: Some, context: map[string]string{"s3:max-keys": "11"}},
		{name: "dates", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2025-01-01T00:00:00Z"}}}`}, want: None},
		{name: "a user's own folder is within all homes", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/home/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/home/${aws:username}/*"}`}, want: None},
		{name: "a name is not one character", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/?/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"}`}, want: Some},
		{name: "what is no ARN is like none", old: nil, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/t":"a:b:c:d:e:f"},"ArnNotLike":{"aws:RequestTag/t":"*:*:*:*:*:*"}}}`}, want: Some},
		{name: "an ARN like all ARNs is like one", old: nil, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/t":"arn:b:c:d:e:f"},"ArnNotLike":{"aws:RequestTag/t":"*:*:*:*:*:*"}}}`}, want: None},
		{name: "all homes are more than a user's own", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/home/${aws:username}/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/home/*"}`}, want: Some},
		{name: "a folder in a user's own folder is within it", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/pub/*"}`}, want: None},
		{name: "a team's folder, for teams that are listed", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::b/red/*","arn:aws:s3:::b/blue/*"]}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["red","blue"]}}}`}, want: None},
		{name: "a team's folder, with one team more", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/red/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*","Condition":{"StringEquals":{"aws:PrincipalTag/team":["red","blue"]}}}`}, want: Some, context: map[string]string{"aws:PrincipalTag/team": "blue"}},
		{name: "a tag that must be like the principal's", old: []string{`{"Effect":"Allow","Action":"ec2:StartInstances","Resource":"*"}`}, next: []string{`{"Effect":"Allow","Action":"ec2:StartInstances","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}}`}, want: None},
		{name: "a tag that need not be like the principal's any more", old: []string{`{"Effect":"Allow","Action":"ec2:StartInstances","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}}`}, next: []string{`{"Effect":"Allow","Action":"ec2:StartInstances","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/team":"*"}}}`}, want: Some},
		{name: "a default takes the place of a variable", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/*"}`}, want: Some, context: map[string]string{"aws:PrincipalTag/team": ""}},
		{name: "a variable has the value that its own condition asks for", old: []string{`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:RequestTag/t}"}`}, next: []string{`{"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringLike":{"aws:RequestTag/t":"A*"}}}`}, want: Some},
		{name: "a key with several values is no variable", old: []string{`{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::b/${aws:TagKeys}","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}}`}, want: Some},
		{name: "variables of the old version are plain text", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/x/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*"}`}, want: Some},
		{name: "ForAllValues lets the absent key in", old: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}}`}, next: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}`}, want: Some, context: map[string]string{"aws:TagKeys": ""}},
		{name: "ForAllValues of a present key is within ForAnyValue", old: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}}`}, next: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"Null":{"aws:TagKeys":"false"}}}`}, want: None},
		{name: "a value more in a set", old: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a"]}}}`}, next: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}`}, want: Some},
		{name: "patterns of strings without case", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:RequestTag/t":"Prod"}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/t":["PROD","prod"]}}}`}, want: None},
		{name: "case folds more than two spellings", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/t":["PROD","prod"]}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"aws:RequestTag/t":"Prod"}}}`}, want: Some},
		{name: "a request comes by the internet or by an endpoint", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Null":{"aws:SourceIp":"false"}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Null":{"aws:SourceIp":"false","aws:SourceVpce":"true"}}}`}, want: None},
		{name: "nobody comes both ways", old: nil, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringEquals":{"aws:SourceVpce":"vpce-1"}}}`}, want: None},
		{name: "an SCP that allows all but one service", typ: policy.SCP, old: []string{`{"Effect":"Allow","Action":"*","Resource":"*"}`, `{"Effect":"Deny","Action":"iam:*","Resource":"*"}`}, next: []string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}, want: Some, action: "iam:AcceptDelegationRequest"},
		{name: "an RCP only denies", typ: policy.RCP, old: []string{`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}}`}, next: []string{`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":["o-1","o-2"]}}}`}, want: Some, context: map[string]string{"aws:PrincipalOrgID": "o-2"}},
		{name: "a resource policy for one more account", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, next: []string{`{"Effect":"Allow","Principal":{"AWS":["111122223333","444455556666"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, want: Some},
		{name: "a role of an account is within the account", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, next: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/path/app"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, want: None},
		{name: "everybody of the organization is not everybody", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`}, next: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, want: Some},
		{name: "a principal's ARN says its account", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}}`}, next: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app-*"}}}`}, want: None},
		{name: "another session of a role that is named in one", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/one"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, next: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, want: Some},
		{name: "sessions of a role whose path is not said", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/one"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}}}`}, next: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/one"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, want: Some},
		{name: "there is always one account more than are named", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":{"AWS":["000000000000","000000000001"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, next: []string{`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"Null":{"aws:PrincipalAccount":"false"},"StringNotEquals":{"aws:PrincipalAccount":"anonymous"}}}`}, want: Some},
		{name: "another session of a role, by the role's ARN", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/one"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, next: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}}}`}, want: Some},
		{name: "one user, by name or by a condition", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/kim"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}, next: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/kim"}}}`}, want: None},
		{name: "a Deny that could not meet the variable's folder is lifted", old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"}`, `{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::c/*"}`}, next: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/a*"}`}, want: None},
		{name: "principals of other partitions", typ: policy.Resource, old: nil, next: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws-cn:s3:::b/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws-cn:iam::111122223333:role/a*"}}}`}, want: Some},
		{name: "a NotPrincipal of a Deny leaves out whoever is listed with the account", typ: policy.Resource, old: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`, `{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/kim","arn:aws:iam::111122223333:root"]},"Action":"s3:*","Resource":"*"}`}, next: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`, `{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/kim","arn:aws:iam::111122223333:user/lee","arn:aws:iam::111122223333:root"]},"Action":"s3:*","Resource":"*"}`}, want: Some},
		{name: "a trust policy for another repository", typ: policy.Trust, old: []string{`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:me/app:*"}}}`}, next: []string{`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:me/*"}}}`}, want: Some, action: "sts:AssumeRoleWithWebIdentity"},
		{name: "a service more", typ: policy.Trust, old: []string{`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`}, next: []string{`{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]},"Action":"sts:AssumeRole"}`}, want: Some},
		{name: "Null and a value contradict each other", old: nil, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Null":{"aws:RequestTag/t":"true"},"StringEquals":{"aws:RequestTag/t":"x"}}}`}, want: None},
		{name: "a star in the middle of a field stays in it", old: []string{`{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:111122223333:q"}`}, next: []string{`{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:us-*-1:111122223333:q"}`}, want: None},
		{name: "an ARN condition compares field by field", old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}}}`}, next: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}}}`}, want: Some},
	} {
		typ := c.typ
		if typ == "" {
			typ = policy.Identity
		}
		old, next := document(t, typ, c.old...), document(t, typ, c.next...)
		got := e.Compare(old, next)
		if got.Exists != c.want {
			t.Errorf("%s: %s, %v, %s", c.name, got.Exists, got.Reasons, show(got))
			continue
		}
		if c.want != Some {
			continue
		}
		first := got.Examples[0]
		if c.action != "" && first.Request.Action != c.action || c.resource != "" && first.Request.Resources[0] != c.resource {
			t.Errorf("%s: %s", c.name, show(got))
		}
		for key, want := range c.context {
			v, there := lookup(first.Request.Context, key)
			if (want == "") == there || there && v.List[0] != want {
				t.Errorf("%s: %s is %v: %s", c.name, key, v, show(got))
			}
		}
		for _, x := range got.Examples {
			if !replay(t, e, x.Request, next) || replay(t, e, x.Request, old) {
				t.Errorf("%s: the evaluator does not confirm %s", c.name, show(got))
			}
			if typ != policy.Identity {
				continue
			}
			// Alone in its own account, the policy decides.
			for doc, want := range map[*policy.Document]bool{next: true, old: false} {
				d, err := e.Decide(&Question{Request: x.Request, Policies: Policies{Identity: []*policy.Document{doc}}})
				if err != nil || (d.Verdict == Allowed) != want {
					t.Errorf("%s: %v, %+v of %+v", c.name, err, d, x.Request)
				}
			}
		}
	}
}

func show(c *Comparison) string {
	out, err := json.Marshal(c.Examples)
	if err != nil {
		return fmt.Sprintf("%+v", c.Examples)
	}
	if len(out) > 1500 {
		out = out[:1500]
	}
	return string(out)
}

// random makes small policies and requests.
type random struct{ *rand.Rand }

func (r random) one(list ...string) string { return list[r.IntN(len(list))] }

func (r random) some(list ...string) string {
	var out []string
	for range 1 + r.IntN(2) {
		out = append(out, fmt.Sprintf("%q", r.one(list...)))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func (r random) condition() string {
	tags := []string{"a", "b", "A", "a*", "?", "*b", "${aws:username}"}
	switch r.IntN(12) {
	case 0:
		return `"` + r.one("IpAddress", "NotIpAddress") + `":{"aws:SourceIp":` + r.some("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32") + `}`
	case 1:
		return `"` + r.one("NumericLessThan", "NumericGreaterThanEquals", "NumericEquals", "NumericNotEquals") + `":{"s3:max-keys":` + r.some("5", "10", "7.5") + `}`
	case 2:
		return `"` + r.one("Bool", "BoolIfExists") + `":{"` + r.one("aws:SecureTransport", "aws:MultiFactorAuthPresent") + `":"` + r.one("true", "false") + `"}`
	case 3:
		return `"Null":{"` + r.one("aws:RequestTag/t", "aws:TagKeys", "aws:SourceVpce") + `":"` + r.one("true", "false") + `"}`
	case 4, 5:
		return `"` + r.one("ForAllValues:", "ForAnyValue:") + r.one("StringEquals", "StringNotEquals", "StringLike", "StringNotLike") + r.one("", "", "IfExists") + `":{"aws:TagKeys":` + r.some(tags[:6]...) + `}`
	case 6:
		return `"` + r.one("ArnLike", "ArnNotLike", "ArnEquals") + r.one("", "IfExists") + `":{"` + r.one("aws:SourceArn", "aws:PrincipalArn") + `":` + r.some("arn:aws:iam::111122223333:role/*", "arn:aws:iam::*:user/a*", "arn:aws:sns:*:111122223333:t", "*") + `}`
	case 7:
		return `"` + r.one("StringEquals", "StringNotEquals", "StringLike") + `":{"aws:PrincipalAccount":` + r.some("111122223333", "444455556666") + `}`
	case 8:
		return `"` + r.one("DateLessThan", "DateGreaterThan") + `":{"aws:CurrentTime":"` + r.one("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z") + `"}`
	}
	return `"` + r.one("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase") + r.one("", "", "IfExists") + `":{"aws:RequestTag/t":` + r.some(tags...) + `}`
}

func (r random) statement(typ policy.Type) string {
	out := `{"Effect":"` + r.one("Allow", "Allow", "Deny") + `"`
	if typ.Granting() {
		out += `,"` + r.one("Principal", "Principal", "Principal", "NotPrincipal") + `":` + r.one(`"*"`, `{"AWS":"111122223333"}`, `{"AWS":["arn:aws:iam::111122223333:user/a","444455556666"]}`, `{"AWS":"arn:aws:iam::111122223333:role/p/app"}`, `{"Service":"sns.amazonaws.com"}`)
	}
	out += `,"` + r.one("Action", "Action", "Action", "NotAction") + `":` + r.some("s3:GetObject", "s3:PutObject", "s3:Get*", "s3:*", "*", "s3:ListBucket", "sqs:SendMessage", "s3:?etObject")
	out += `,"` + r.one("Resource", "Resource", "Resource", "NotResource") + `":` + r.some("*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a*", "arn:aws:s3:::*/a?", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:sqs:us-*-1:111122223333:q", "arn:aws:s3:::b/${aws:RequestTag/t}")
	if n := r.IntN(3); n > 0 {
		seen := map[string]bool{}
		var conditions []string
		for range n {
			c := r.condition()
			if op, _, _ := strings.Cut(c, `":`); !seen[op] {
				seen[op] = true
				conditions = append(conditions, c)
			}
		}
		out += `,"Condition":{` + strings.Join(conditions, ",") + `}`
	}
	return out + `}`
}

func (r random) statements(typ policy.Type) []string {
	var out []string
	for range 1 + r.IntN(4) {
		out = append(out, r.statement(typ))
	}
	return out
}

// request is one that can be: it has what AWS says is always there.
func (r random) request(typ policy.Type) Request {
	q := Request{
		Action:    r.one("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteBucket", "sqs:SendMessage", "s3:SomethingNew"),
		Resources: []string{r.one("arn:aws:s3:::b", "arn:aws:s3:::b/", "arn:aws:s3:::b/a", "arn:aws:s3:::b/ab", "arn:aws:s3:::b/a/x", "arn:aws:s3:::c/ab", "arn:aws:sqs:us-east-1:111122223333:q")},
		Account:   "111122223333",
		Context: map[string]Values{
			"aws:SecureTransport": One(r.one("true", "false")),
			"aws:CurrentTime":     One(r.one("2024-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "2027-01-01T00:00:00Z")),
		},
	}
	principals := []Principal{{ARN: "arn:aws:iam::111122223333:user/a"}, {ARN: "arn:aws:iam::444455556666:user/p/ab"}, {ARN: "arn:aws:sts::111122223333:assumed-role/app/s"}, {ARN: "arn:aws:iam::555566667777:user/b"}}
	if typ.Granting() {
		principals = append(principals, Principal{Anonymous: true}, Principal{Service: "sns.amazonaws.com"}, Principal{ARN: "arn:aws:iam::111122223333:root"})
	}
	q.Principal = principals[r.IntN(len(principals))]
	if r.IntN(2) == 0 {
		q.Context["aws:SourceIp"] = One(r.one("10.1.2.3", "10.1.9.9", "10.9.9.9", "192.0.2.1", "2001:db8::1"))
	} else {
		q.Context["aws:SourceVpce"] = One("vpce-1")
	}
	maybe := func(key string, values ...string) {
		if r.IntN(2) == 0 {
			q.Context[key] = One(r.one(values...))
		}
	}
	maybe("s3:max-keys", "1", "5", "7", "7.5", "10", "11")
	maybe("aws:MultiFactorAuthPresent", "true", "false")
	maybe("aws:RequestTag/t", "a", "b", "A", "B", "ab", "")
	maybe("aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:t", "arn:aws:iam::111122223333:role/x")
	if r.IntN(2) == 0 {
		var tags []string
		for range 1 + r.IntN(2) {
			tags = append(tags, r.one("a", "b", "A", "ab", "c"))
		}
		q.Context["aws:TagKeys"] = Many(tags...)
	}
	return q
}

func TestComparisonsAgreeWithTheEvaluatorOnRandomPolicies(t *testing.T) {
	e := compareEngine(t)
	r := random{rand.New(rand.NewPCG(11, 12))}
	counts := map[Existence]int{}
	checked := 0
	for i := range 160 {
		typ := policy.Identity
		if i%3 == 0 {
			typ = policy.Resource
		}
		olds, nexts := r.statements(typ), r.statements(typ)
		switch i % 4 {
		case 1: // most random policies have nothing in common
			nexts = slices.Clone(olds)
			nexts[r.IntN(len(nexts))] = r.statement(typ)
		case 2:
			nexts = append(slices.Clone(olds), r.statement(typ))
		}
		old, next := document(t, typ, olds...), document(t, typ, nexts...)
		got := e.Compare(old, next)
		counts[got.Exists]++
		if got.Exists == Undecided {
			t.Logf("UNDECIDED %v: old %v next %v", got.Reasons, olds, nexts)
		}
		for _, x := range got.Examples {
			if !replay(t, e, x.Request, next) || replay(t, e, x.Request, old) {
				t.Fatalf("the example is not one: old %v next %v: %s", olds, nexts, show(got))
			}
		}
		if got.Exists != None {
			continue
		}
		for range 300 {
			q := r.request(typ)
			if replay(t, e, q, next) {
				checked++
				if !replay(t, e, q, old) {
					t.Fatalf("%+v is allowed by next and not by old, but the comparison says none:\nold %v\nnext %v", q, olds, nexts)
				}
			}
		}
	}
	t.Logf("%v; %d requests that next allows", counts, checked)
	if counts[None] < 30 || counts[Some] < 50 || counts[Undecided] > 5 || checked < 300 {
		t.Errorf("the policies are lopsided: %v, %d requests", counts, checked)
	}
}
