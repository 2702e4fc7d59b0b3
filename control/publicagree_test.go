package control

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/policy"
)

// The three-valued path must say of documents without unknown parts just what
// the one matcher of policies says.
func TestPublicAgreesWithTheEvaluatorOnKnownPolicies(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...any) any { return list[rnd.IntN(len(list))] }
	public := 0
	for range 3000 {
		var statements []any
		for range 1 + rnd.IntN(3) {
			st := map[string]any{"Effect": pick("Allow", "Allow", "Deny"), "Action": pick("s3:GetObject", "*"), "Resource": "*"}
			st[pick("Principal", "Principal", "Principal", "NotPrincipal").(string)] = pick("*", map[string]any{"AWS": "*"}, map[string]any{"AWS": []any{"111122223333", "*"}},
				map[string]any{"AWS": "arn:aws:iam::111122223333:root"}, map[string]any{"Service": "s3.amazonaws.com"}, map[string]any{"Federated": "graph.facebook.com"},
				map[string]any{"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.com"})
			if rnd.IntN(3) > 0 {
				st["Condition"] = map[string]any{
					pick("StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists", "ForAnyValue:StringLike", "ForAllValues:StringEquals", "ArnLike", "IpAddress", "Bool").(string): map[string]any{
						pick("aws:PrincipalOrgID", "aws:SourceIp", "AWS:SourceArn", "aws:PrincipalOrgPaths", "s3:DataAccessPointArn", "aws:SecureTransport", "graph.facebook.com:app_id").(string): pick("o-abcdefghij", "o-*", "203.0.113.0/24", "0.0.0.0/0", "10.0.0.0/7", []any{"o-abcdefghij", "*"}, "o-abcdefghij/*", "${aws:username}", "arn:aws:s3:us-east-1:111122223333:accesspoint/*", "true"),
					},
				}
			}
			statements = append(statements, st)
		}
		doc := map[string]any{"Version": "2012-10-17", "Statement": statements}
		want := iam.PublicPolicy(policy.FromTree(doc, policy.Resource, "it"))
		if want.Public {
			public++
		}
		if got := publicInParts(doc); got != want.Public || want.More != nil {
			text, _ := json.Marshal(doc)
			t.Fatalf("%s: %v, the evaluator says %v (%v)", text, got, want.Public, want.More)
		}
	}
	if public < 300 || public > 2700 {
		t.Errorf("%d of 3000 are public", public)
	}
}
