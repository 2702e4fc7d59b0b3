package control

import (
	"encoding/json"
	"math/rand"
	"testing"

	"github.com/haetae/haetae"
)

// policyOf parses a policy; every string "?x|y" becomes an unknown with the
// parts x and y, "?" one of which nothing is known.
func policyOf(t testing.TB, statements string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(`{"Statement": `+statements+`}`), &v); err != nil {
		t.Fatal(err)
	}
	return holed(v)
}

func holed(v any) any {
	switch x := v.(type) {
	case string:
		if len(x) > 0 && x[0] == '?' {
			u := &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Plain: true}
			for i, start := 1, 1; i <= len(x); i++ {
				if len(x) > 1 && (i == len(x) || x[i] == '|') {
					u.Parts = append(u.Parts, x[start:i])
					start = i + 1
				}
			}
			u.Plain = u.Parts != nil
			return u
		}
	case []any:
		for i := range x {
			x[i] = holed(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = holed(x[k])
		}
	}
	return v
}

func TestAPolicyIsPublicUnlessFixedValuesLimitIt(t *testing.T) {
	for _, c := range []struct {
		name, statement string
		want            any
	}{
		{"everybody", `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`, true},
		{"everybody of AWS", `[{"Effect":"Allow","Principal":{"AWS":["111122223333","*"]},"Action":"s3:GetObject","Resource":"*"}]`, true},
		{"everybody is denied", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`, false},
		{"all but one", `{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}`, true},
		{"an account", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"s3:*","Resource":"*"}`, false},
		{"a service", `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:*","Resource":"*"}`, false},
		{"a public identity provider", `{"Effect":"Allow","Principal":{"Federated":"graph.facebook.com"},"Action":"s3:*","Resource":"*"}`, true},
		{"a provider held to an application", `{"Effect":"Allow","Principal":{"Federated":"graph.facebook.com"},"Action":"x","Condition":{"StringEquals":{"graph.facebook.com:app_id":"7"}}}`, false},
		{"a provider of the account", `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::1:saml-provider/x"},"Action":"x"}`, false},
		{"a fixed VPC", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}}`, false},
		{"a key in another case", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringEquals":{"AWS:sourceVPC":"vpc-91237329"}}}`, false},
		{"a VPC with a wildcard", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringLike":{"aws:SourceVpc":"vpc-*"}}}`, true},
		{"one of the values has a wildcard", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringLike":{"aws:SourceVpc":["vpc-1","vpc-*"]}}}`, true},
		{"a policy variable", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringLike":{"aws:userid":"${aws:userid}"}}}`, true},
		{"IfExists lets those without the key in", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}}`, true},
		{"ForAllValues too", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`, true},
		{"a negated operator", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}}`, true},
		{"an organization", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`, false},
		{"part of an organization", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/*"}}}`, false},
		{"a key that pins nothing", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`, true},
		{"a narrow range", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32","192.0.2.1"]}}}`, false},
		{"a wide range", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/7"]}}}`, true},
		{"a wide range of IPv6", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"IpAddress":{"aws:SourceIp":"2000::/31"}}}`, true},
		{"access points of an account", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}}`, false},
		{"access points of any account", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-west-2:*:accesspoint/x"}}}`, true},
		{"an unknown principal", `{"Effect":"Allow","Principal":"?","Action":"s3:*"}`, "?"},
		{"an unknown effect for an account", `{"Effect":"?","Principal":{"AWS":"111122223333"},"Action":"s3:*"}`, false},
		{"an account whose number is unknown", `{"Effect":"Allow","Principal":{"AWS":"?arn:aws:iam::|:root"},"Action":"s3:*"}`, false},
		{"a condition on an ARN of an unknown account", `{"Effect":"Allow","Principal":"*","Action":"sns:*","Condition":{"ArnEquals":{"aws:SourceArn":"?arn:aws:s3:::|-logs"}}}`, false},
		{"an unknown value", `{"Effect":"Allow","Principal":"*","Action":"sns:*","Condition":{"ArnEquals":{"aws:SourceArn":"?"}}}`, "?"},
		{"an unknown value of a key that pins nothing", `{"Effect":"Allow","Principal":"*","Action":"sns:*","Condition":{"StringEquals":{"aws:RequestTag/x":"?"}}}`, true},
		{"one known address of unknown digits", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Condition":{"IpAddress":{"aws:SourceIp":"?|/32"}}}`, false},
		{"a public statement beside an unknown one", `["?",{"Effect":"Allow","Principal":"*","Action":"s3:*"}]`, true},
		{"an unknown statement", `["?"]`, "?"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, policyPublic(policyOf(t, c.statement)), c.want) })
	}
	check(t, policyPublic(nil), false)
	check(t, policyPublic(hole()), "?")
	check(t, policyPublic(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`), true)
	check(t, policyPublic(`{"Statement":`), "?")
}

func TestPoliciesAreAskedWhatTheyGrant(t *testing.T) {
	public := `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
	limited := `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`
	allows := func(action, resource string) func(any) any {
		return func(v any) any { return policyAllows(v, action, resource) }
	}
	for _, c := range []struct {
		name, statement string
		ask             func(any) any
		want            any
	}{
		{"anyone without a condition", public, policyAllowsAnyone, true},
		{"anyone under a condition", limited, policyAllowsAnyone, false},
		{"a star under a condition", limited, policyStarPrincipal, true},
		{"an empty condition is none", `{"Effect":"Allow","Principal":"*","Action":"x","Condition":{}}`, policyAllowsAnyone, true},
		{"an unknown condition", `{"Effect":"Allow","Principal":"*","Action":"x","Condition":"?"}`, policyAllowsAnyone, "?"},

		{"full administration", `{"Effect":"Allow","Action":"*","Resource":"*"}`, policyAdmin, true},
		{"full administration spelt oddly", `{"Effect":"Allow","Action":["s3:Get*","**:*"],"Resource":["*"]}`, policyAdmin, true},
		{"all of a service", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, policyAdmin, false},
		{"everything on something", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b"}`, policyAdmin, false},
		{"everything is denied", `{"Effect":"Deny","Action":"*","Resource":"*"}`, policyAdmin, false},
		{"an unknown action", `{"Effect":"Allow","Action":["?"],"Resource":"*"}`, policyAdmin, "?"},
		{"an action of an unknown name", `{"Effect":"Allow","Action":["?s3:|"],"Resource":"*"}`, policyAdmin, false},

		{"an action that is allowed", public, allows("s3:getobject", "arn:aws:s3:::b/k"), true},
		{"another action", public, allows("s3:PutObject", "arn:aws:s3:::b/k"), false},
		{"some action of a pattern", public, allows("s3:Get*", "arn:aws:s3:::b/k"), true},
		{"another resource", public, allows("s3:GetObject", "arn:aws:s3:::c/k"), false},
		{"not all resources", public, allows("s3:GetObject", "*"), false},
		{"what is denied to everybody", `[` + public + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]`, allows("s3:GetObject", "arn:aws:s3:::b/k"), false},
		{"what is denied to some", `[` + public + `,{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}]`, allows("s3:GetObject", "arn:aws:s3:::b/k"), true},
		{"what is denied under a condition", `[` + public + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"x":"y"}}}]`, allows("s3:GetObject", "arn:aws:s3:::b/k"), true},
		{"what is denied to the account of all who may", `[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Action":"s3:*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}]`, allows("s3:GetObject", "*"), false},
		{"all but an action", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, allows("s3:GetObject", "*"), true},
		{"the action that is left out", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, allows("iam:PassRole", "*"), false},
		{"a trust policy has no resource", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, allows("sts:AssumeRole", "*"), true},
		{"a resource of an unknown part", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"?arn:aws:s3:::|/*"}`, allows("s3:GetObject", "arn:aws:sqs:::q"), false},

		{"any role to any service", `{"Effect":"Allow","Action":"iam:Pass*","Resource":"*"}`, policyPassRoleAny, true},
		{"all roles of the account", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/*"}`, policyPassRoleAny, true},
		{"all roles of the stack's account", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"?arn:aws:iam::|:role/*"}`, policyPassRoleAny, true},
		{"some roles", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/app-*"}`, policyPassRoleAny, false},
		{"a given service", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}}`, policyPassRoleAny, false},
		{"any service by name", `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringLike":{"iam:PassedToService":"*"}}}`, policyPassRoleAny, true},

		{"services with all their actions", `[{"Effect":"Allow","Action":["S3:*","ec2:Get*"],"Resource":"*"},{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::1:role/x"}]`, policyWildcardServices, []any{"s3"}},
		{"an action other than", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, policyNotAction, true},
		{"a denied action other than", `{"Effect":"Deny","NotAction":"iam:*","Resource":"*"}`, policyNotAction, false},
		{"a resource other than", `{"Effect":"Allow","Action":"iam:*","NotResource":"*"}`, policyNotResource, true},
		{"a principal other than", `{"Effect":"Allow","Action":"iam:*","NotPrincipal":"*"}`, policyNotPrincipal, true},
		{"accounts of the principals", `{"Effect":"Allow","Action":"x","Principal":{"AWS":["*","444455556666","arn:aws:iam::111122223333:root","arn:aws:iam::777788889999:role/r"],"Service":"s3.amazonaws.com"}}`,
			func(v any) any { return policyCrossAccount(v, "111122223333") }, []any{"444455556666", "777788889999"}},
		{"accounts that are denied", `{"Effect":"Deny","Action":"x","Principal":{"AWS":"444455556666"}}`,
			func(v any) any { return policyCrossAccount(v, "111122223333") }, []any{}},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, c.ask(policyOf(t, c.statement)), c.want) })
	}
}

func TestPlainHTTPIsRefusedOnTheWholeResource(t *testing.T) {
	deny := func(principal, action, resource, condition string) string {
		return `{"Effect":"Deny","Principal":` + principal + `,"Action":` + action + `,"Resource":` + resource + `,"Condition":` + condition + `}`
	}
	const whole, http = `["arn:aws:s3:::b","arn:aws:s3:::b/*"]`, `{"Bool":{"aws:SecureTransport":"false"}}`
	for _, c := range []struct {
		name, statement string
		want            any
		tls             any
	}{
		{"the whole bucket", deny(`"*"`, `"s3:*"`, whole, http), true, 0.0},
		{"everybody of AWS, a boolean, any resource", deny(`{"AWS":"*"}`, `"*"`, `"*"`, `{"BoolIfExists":{"AWS:securetransport":false}}`), true, 0.0},
		{"the objects only", deny(`"*"`, `"s3:*"`, `"arn:aws:s3:::b/*"`, http), false, 0.0},
		{"the bucket only", deny(`"*"`, `"s3:*"`, `"arn:aws:s3:::b"`, http), false, 0.0},
		{"two statements", `[` + deny(`"*"`, `"s3:*"`, `"arn:aws:s3:::b"`, http) + `,` + deny(`"*"`, `"s3:*"`, `"arn:aws:s3:::b/*"`, http) + `]`, true, 0.0},
		{"a folder", deny(`"*"`, `"s3:*"`, `["arn:aws:s3:::b","arn:aws:s3:::b/f/*"]`, http), false, 0.0},
		{"some actions", deny(`"*"`, `"s3:GetObject"`, whole, http), false, 0.0},
		{"some principals", deny(`{"AWS":"111122223333"}`, `"s3:*"`, whole, http), false, 0.0},
		{"a further condition", deny(`"*"`, `"s3:*"`, whole, `{"Bool":{"aws:SecureTransport":"false","aws:ViaAWSService":"false"}}`), false, 0.0},
		{"the other way round", deny(`"*"`, `"s3:*"`, whole, `{"Bool":{"aws:SecureTransport":"true"}}`), false, 0.0},
		{"a queue", deny(`"*"`, `"sqs:*"`, `"arn:aws:sqs:us-east-1:1:q"`, http), true, 0.0},
		{"a queue of unknown ARN", deny(`"*"`, `"sqs:*"`, `"?"`, http), "?", "?"},
		{"old versions of TLS", deny(`"*"`, `"s3:*"`, whole, `{"NumericLessThan":{"s3:TlsVersion":"1.2"}}`), false, 1.2},
		{"old versions of TLS as a number", deny(`"*"`, `"s3:*"`, whole, `{"NumericLessThan":{"s3:TlsVersion":1.3}}`), false, 1.3},
		{"an unknown version", deny(`"*"`, `"s3:*"`, whole, `{"NumericLessThan":{"s3:TlsVersion":"?"}}`), false, "?"},
		{"an unknown part of the bucket's name", deny(`"*"`, `"s3:*"`, `["arn:aws:s3:::b","?arn:aws:s3:::|/*"]`, http), true, 0.0},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := policyOf(t, c.statement)
			if c.name == "a queue of unknown ARN" {
				check(t, policyDeniesPlainHTTP(doc), "?")
				return
			}
			check(t, policyDeniesPlainHTTP(doc), c.want)
			check(t, policyMinTLS(doc), c.tls)
		})
	}
	inStack := &haetae.Unknown{Ref: "Bucket", Attr: "Arn", Plain: true, Set: true}
	objects := &haetae.Unknown{Ref: "Bucket", Attr: "Arn", Parts: []string{"", "/*"}, Plain: true, Set: true}
	check(t, policyDeniesPlainHTTP(map[string]any{"Statement": []any{map[string]any{
		"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []any{inStack, objects},
		"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
	}}}), true)
}

func TestStatementsAreNormalised(t *testing.T) {
	got := policyStatements(policyOf(t, `{"Effect":"Allow","Principal":{"AWS":"111122223333","Service":["s3.amazonaws.com"],"Federated":"x","CanonicalUser":"c"},"Action":"s3:*","NotResource":"a"}`))
	check(t, got, []any{map[string]any{"Effect": "Allow", "Action": []any{"s3:*"}, "NotResource": []any{"a"},
		"Principal": []any{"111122223333", "service:s3.amazonaws.com", "federated:x", "canonical:c"}}})
	check(t, policyStatements(nil), []any{})
	check(t, policyStatements(hole()), "?")
}

func TestWildcardsAgreeWithTryingEveryText(t *testing.T) {
	var texts []string
	for n, last := 0, []string{""}; n <= 5; n++ {
		texts = append(texts, last...)
		var next []string
		for _, s := range last {
			next = append(next, s+"a", s+"b", s+"c")
		}
		last = next
	}
	rng := rand.New(rand.NewSource(3))
	glob := func() string {
		b := make([]byte, rng.Intn(5))
		for i := range b {
			b[i] = "ab?**"[rng.Intn(5)]
		}
		return string(b)
	}
	for range 5000 {
		p, q := glob(), glob()
		covers, meet := true, false
		for _, s := range texts {
			inP, inQ := matchWild(p, s) == true, matchWild(q, s) == true
			covers, meet = covers && (inP || !inQ), meet || inP && inQ
		}
		if got := globsMeet(p, q); got != meet {
			t.Fatalf("%q meets %q: %v, want %v", p, q, got, meet)
		}
		if got := globCovers(p, q); got != covers {
			t.Fatalf("%q covers %q: %v, want %v", p, q, got, covers)
		}
	}
	for _, c := range []struct {
		pattern, text any
		want          any
	}{
		{"s3:Get*", "s3:getobject", true}, {hole("s3:", "Object"), "s3:GetObject", "?"}, {hole("s3:", "Object"), "ec2:GetObject", false},
		{"s3:*", hole("s3:", ""), true}, {"*", hole(), true}, {"ec2:*", hole("s3:", ""), false}, {nil, "x", false},
	} {
		check(t, matchAction(c.pattern, c.text), c.want)
	}
}

func FuzzPolicyDocument(f *testing.F) {
	f.Add(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}}`)
	f.Add(`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":[1,null,"*"]},"NotAction":[[]],"NotResource":{}, "Condition":[]}]}`)
	f.Add(`[1]`)
	f.Fuzz(func(t *testing.T, doc string) {
		var tree any
		if json.Unmarshal([]byte(doc), &tree) == nil {
			tree = haetae.Normalize(tree)
		}
		for _, v := range [...]any{doc, tree} {
			for _, ask := range [...]func(any) any{
				policyStatements, policyPublic, policyAllowsAnyone, policyStarPrincipal, policyAdmin, policyDeniesPlainHTTP, policyMinTLS,
				policyWildcardServices, policyNotAction, policyPassRoleAny,
				func(v any) any { return policyAllows(v, "s3:*", "*") }, func(v any) any { return policyCrossAccount(v, "111122223333") },
			} {
				ask(v)
			}
		}
	})
}
