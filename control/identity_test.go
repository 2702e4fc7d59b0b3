package control

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

// identities is a small account: an administrator, a developer who may publish
// under a condition, a user whose policies were denied, and a topic.
func identities(coverage ...haetae.Coverage) *haetae.Snapshot {
	const account = "111122223333"
	doc := func(statements ...any) map[string]any {
		return map[string]any{"Version": "2012-10-17", "Statement": statements}
	}
	allow := func(action string, more map[string]any) map[string]any {
		s := map[string]any{"Effect": "Allow", "Action": action, "Resource": "*"}
		for k, v := range more {
			s[k] = v
		}
		return s
	}
	user := func(name string, policies any) *haetae.Resource {
		return &haetae.Resource{Type: "AWS::IAM::User", ID: name, Account: account, ARN: "arn:aws:iam::" + account + ":user/" + name, Props: map[string]any{"Policies": policies}}
	}
	inline := func(d any) []any { return []any{map[string]any{"PolicyName": "own", "PolicyDocument": d}} }
	return &haetae.Snapshot{
		Coverage: append([]haetae.Coverage{{Account: account, Region: "us-east-1", Type: "*", Status: haetae.Complete}}, coverage...),
		Resources: []*haetae.Resource{
			user("boss", inline(doc(allow("*", nil)))),
			user("dev", inline(doc(allow("sns:Publish", map[string]any{"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "true"}}})))),
			{Type: "AWS::SNS::Topic", ID: "news", Account: account, Region: "us-east-1", ARN: "arn:aws:sns:us-east-1:" + account + ":news", Props: map[string]any{
				"PolicyDocument": doc(allow("sns:Subscribe", map[string]any{"Principal": map[string]any{"AWS": "444455556666"}}))}},
		},
	}
}

func TestPermissionsInExpressions(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	noUsers := haetae.Coverage{Account: "111122223333", Type: "AWS::IAM::User", Status: haetae.Partial, Reason: haetae.Denied, Actions: []string{"iam:ListUsers"}}
	for _, c := range []struct {
		name, expr string
		coverage   []haetae.Coverage
		want       haetae.Status
		reason     string
	}{
		{"a condition that a caller may meet is no doubt", `iam.may("arn:aws:iam::111122223333:user/dev", "sns:Publish", r)`, nil, haetae.Pass, ""},
		{"what nobody allows is not allowed", `iam.may("arn:aws:iam::111122223333:user/dev", "sns:DeleteTopic", r)`, nil, haetae.Fail, ""},
		{"a principal that is not there is unknown", `iam.may("arn:aws:iam::111122223333:user/gone", "sns:Publish", r)`, nil, haetae.Undecided, "iam:GetAccountAuthorizationDetails"},
		{"a service is named by its name", `iam.may("s3.amazonaws.com", "sns:Publish", r)`, nil, haetae.Fail, ""},
		{"an action that does not exist is a fault", `iam.may("arn:aws:iam::111122223333:user/dev", "sns:Publsh", r)`, nil, haetae.Undecided, "sns:Publsh is no action"},
		{"administrators are known by what they may", `iam.admin("arn:aws:iam::111122223333:user/boss") && !iam.admin("arn:aws:iam::111122223333:user/dev")`, nil, haetae.Pass, ""},
		{"who may is listed with root", `iam.who_may(r, "sns:Publish").map(w, w.kind) == ["root", "user", "user"]`, nil, haetae.Pass, ""},
		{"conditional tells them apart", `iam.who_may(r, "sns:Publish").exists(w, w.who.endsWith("/dev") && w.conditional)`, nil, haetae.Pass, ""},
		{"a list of users that was cut short leaves it open", `iam.who_may(r, "sns:Publish").all(w, w.inside)`, []haetae.Coverage{noUsers}, haetae.Undecided, "iam:ListUsers"},
		{"but what was found is true", `iam.someone_may(r, "sns:Publish")`, []haetae.Coverage{noUsers}, haetae.Pass, ""},
		{"another account is outside", `iam.outside(r).exists(o, o.who == "account 444455556666" && o.kind == "account" && o.actions == ["sns:Subscribe"])`, nil, haetae.Pass, ""},
		{"a share is not the public", `iam.public(r)`, nil, haetae.Fail, ""},
		{"who is of the organization may be unknown", `iam.outside(r).exists(o, o.kind == "account")`, []haetae.Coverage{{Account: "111122223333", Type: "Haetae::Organization", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"organizations:DescribeOrganization"}}}, haetae.Undecided, "organizations:DescribeOrganization"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := NewSet(sch, []*Control{{Rule: haetae.Rule{ID: "test-it", Type: "AWS::SNS::Topic"}, Assert: c.expr}})
			if err != nil {
				t.Fatal(err)
			}
			g := graph.New(sch, graph.Assemble(sch, identities(c.coverage...), graph.Options{}))
			for f, err := range set.Evaluate(g) {
				if err != nil {
					t.Fatal(err)
				}
				if f.Status != c.want || !strings.Contains(f.Reason+strings.Join(f.Missing, " "), c.reason) {
					t.Errorf("%s is %s (%s, missing %v), not %s with %q", c.expr, f.Status, f.Reason, f.Missing, c.want, c.reason)
				}
			}
		})
	}
}
