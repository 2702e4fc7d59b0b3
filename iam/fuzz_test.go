package iam

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func FuzzEval(f *testing.F) {
	seed := func(q asked) {
		line, err := json.Marshal(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(line))
	}
	seed(ask(kim, "sqs:SendMessage", queue).identity(full).boundary().scp("root", full).unknown("*"))
	seed(ask("anonymous", "s3:GetObject", photo).resource(anyRequest).facts(`{"s3":{"bucketOwner":"111122223333","acl":["public-read",{"grantee":{"ID":"x"},"permission":"READ"}],"blockPublicAccess":{"bucket":{"ignorePublicAcls":true}}}}`))
	seed(ask(`{"federated":"accounts.google.com"}`, "sts:AssumeRoleWithWebIdentity", ops).resource(doc(allow("*", "", `"Principal":{"Federated":"accounts.google.com"}`, when(`{"StringEquals":{"accounts.google.com:sub":"1"}}`)))).unknown("accounts.google.com:*"))
	seed(ask(shift, "ec2:RunInstances", instance, queue).unknown("@session-name").identity(doc(allow("ec2:*", "arn:aws:ec2:*:*:${aws:PrincipalTag/x}/*"))).unknownValue("aws:PrincipalTag/*"))
	seed(ask(kim, "kms:Decrypt", key).facts(`{"kms":{"grants":[{"grantee":"` + kim + `","operations":["Decrypt"],"constraints":{"encryptionContextSubset":{"a":"b"}}}]}}`).any())
	f.Add(`{"id":{"a":[1]},"request":{"principal":7}}`)
	f.Add(`{`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 4000 || strings.Count(line, "?")+strings.Count(line, "*") > 40 {
			return // the search for values is bounded, but not short
		}
		answer := engine().Eval([]byte(line))
		if bytes.ContainsAny(answer, "\n\r") || !json.Valid(answer) {
			t.Fatalf("%q is answered %q, which is not one line of JSON", line, answer)
		}
		var a map[string]json.RawMessage
		if err := json.Unmarshal(answer, &a); err != nil {
			t.Fatal(err)
		}
		_, id := a["id"]
		_, decision := a["decision"]
		_, failed := a["error"]
		if !id || decision == failed {
			t.Fatalf("%q is answered %s", line, answer)
		}
	})
}

func TestLinesThatCannotBeReadSayWhy(t *testing.T) {
	for line, want := range map[string]string{
		`{"id":7,`: "no question",
		`{"id":7,"request":{"action":"s3:GetObject","resource":"*"}}`:                                                                      "principal is missing",
		`{"id":7,"request":{"principal":"kim","action":"s3:GetObject","resource":"*"}}`:                                                    "does not start with",
		`{"id":7,"request":{"principal":"arn:aws:iam::111122223333:group/g","action":"s3:GetObject","resource":"*"}}`:                      "neither a user",
		`{"id":7,"request":{"principal":{"service":"a","federated":"b"},"action":"s3:GetObject","resource":"*"}}`:                          "request.principal is",
		`{"id":7,"request":{"principal":"anonymous","action":"GetObject","resource":"*"}}`:                                                 "service:Name",
		`{"id":7,"request":{"principal":"anonymous","action":"s3:Get*","resource":"*"}}`:                                                   "wildcard",
		`{"id":7,"request":{"principal":"anonymous","action":"s3:GetObject"}}`:                                                             "no resource",
		`{"id":7,"request":{"principal":"anonymous","action":"s3:GetObject","resource":"*","resources":["*"]}}`:                            "both resource and resources",
		`{"id":7,"request":{"principal":"anonymous","action":"s3:GetObject","resource":"*","resourceMatch":"some"}}`:                       "literal or any",
		`{"id":7,"request":{"principal":"anonymous","action":"s3:GetObject","resource":"*","context":{"a:b":{}}}}`:                         "a:b",
		`{"id":7,"request":{"principal":"anonymous","action":"s3:GetObject","resource":"*"},"policies":{"identity":["not JSON"]}}`:         "identity[0]",
		`{"id":7,"request":{"principal":"anonymous","action":"s3:GetObject","resource":"*"},"facts":{"s3":{"acl":["public-everything"]}}}`: "canned ACL",
	} {
		var a struct {
			ID    any
			Error string
		}
		if err := json.Unmarshal(engine().Eval([]byte(line)), &a); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(a.Error, want) {
			t.Errorf("%s\n%q, want %q", line, a.Error, want)
		}
		if a.ID != 7.0 && json.Valid([]byte(line)) {
			t.Errorf("%s\nthe id is %v", line, a.ID)
		}
	}
}

func TestMembersThatNobodyKnowsAreSaid(t *testing.T) {
	var a said
	line := `{"id":1,"request":{"principal":"` + kim + `","action":"sqs:SendMessage","resource":"` + queue + `"},"policies":{"identitty":[` + full + `]}}`
	if err := json.Unmarshal(engine().Eval([]byte(line)), &a); err != nil {
		t.Fatal(err)
	}
	if a.Decision != ImplicitlyDenied || len(a.Problems) != 1 || !strings.Contains(a.Problems[0], "identitty") {
		t.Errorf("%+v", a)
	}
}
