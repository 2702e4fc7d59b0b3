package iam

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const devKim = "arn:aws:iam::111122223333:user/dev/kim"

// needsOf makes the policy of kim from events.
func needsOf(t testing.TB, principal string, max int, list ...*Event) *Needs {
	t.Helper()
	m := events(t)
	l := NewLeast(m, principal, max)
	for _, e := range list {
		l.Add(e)
	}
	n, err := l.Needs(New(m.catalogue))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// short writes the statements of a policy: "s3:GetObject on a b if {…}".
func short(t testing.TB, n *Needs) []string {
	t.Helper()
	if len(n.Policy) == 0 {
		return nil
	}
	var doc struct{ Statement []leastStatement }
	if err := json.Unmarshal(n.Policy, &doc); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range doc.Statement {
		line := strings.Join(s.Action, " ") + " on " + strings.Join(s.Resource, " ")
		if s.Condition != nil {
			line += " if " + string(encode(s.Condition))
		}
		out = append(out, line)
	}
	return out
}

func TestThePolicyIsWhatWasDone(t *testing.T) {
	get := func(key string) *Event { return event(t, "s3", "GetObject", `{"bucketName": "b", "key": "`+key+`"}`) }
	for _, c := range []struct {
		name    string
		max     int
		events  []*Event
		want    []string
		widened string
	}{
		{"nothing", 9, nil, nil, ""},
		{"actions on the same resources share a statement", 9, []*Event{
			get("k"), event(t, "s3", "DeleteObject", `{"bucketName": "b", "key": "k"}`), event(t, "s3", "ListObjects", `{"bucketName": "b"}`)},
			[]string{"s3:DeleteObject s3:GetObject on arn:aws:s3:::b/k", "s3:ListBucket on arn:aws:s3:::b"}, ""},
		{"many objects are widened to what their names have in common", 2, []*Event{get("logs/2026/a"), get("logs/2026/b"), get("logs/2027/c")},
			[]string{"s3:GetObject on arn:aws:s3:::b/logs/*"}, "3 of s3:object are widened to arn:aws:s3:::b/logs/*"},
		{"never beyond the bucket", 1, []*Event{get("a"), get("b"), event(t, "s3", "GetObject", `{"bucketName": "c", "key": "k"}`)},
			[]string{"s3:GetObject on arn:aws:s3:::b/* arn:aws:s3:::c/k"}, "widened to arn:aws:s3:::b/*"},
		{"a star in a name is that star only", 9, []*Event{get("a*b?c${d}")}, []string{"s3:GetObject on arn:aws:s3:::b/a${*}b${?}c${$}{d}"}, ""},
		{"a role is passed to a service", 9, []*Event{event(t, "lambda", "CreateFunction20150331", `{"functionName": "f", "role": "arn:aws:iam::111122223333:role/r"}`)},
			[]string{`iam:PassRole on arn:aws:iam::111122223333:role/r if {"StringEquals":{"iam:PassedToService":["lambda.amazonaws.com"]}}`, "lambda:CreateFunction on arn:aws:lambda:us-east-1:111122223333:function:f"}, ""},
		{"only the policies that were attached can be", 9, []*Event{event(t, "iam", "AttachUserPolicy", `{"userName": "u", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}`)},
			[]string{`iam:AttachUserPolicy on arn:aws:iam::111122223333:user/*u if {"ArnEquals":{"iam:PolicyARN":["arn:aws:iam::aws:policy/ReadOnlyAccess"]}}`}, "iam:user: the record does not say the whole of UserNameWithPath"},
		{"a key that was once used without a service is bound to none", 9, []*Event{
			event(t, "kms", "Decrypt", `{"keyId": "1"}`, `"userIdentity": {"type": "IAMUser", "arn": "`+devKim+`", "accountId": "111122223333", "userName": "kim", "invokedBy": "secretsmanager.amazonaws.com"}`),
			event(t, "kms", "Decrypt", `{"keyId": "1"}`)},
			[]string{"kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/1"}, ""},
		{"a key that was used through a service is bound to it", 9, []*Event{
			event(t, "kms", "Decrypt", `{"keyId": "1"}`, `"userIdentity": {"type": "IAMUser", "arn": "`+devKim+`", "accountId": "111122223333", "userName": "kim", "invokedBy": "secretsmanager.amazonaws.com"}`)},
			[]string{`kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/1 if {"StringEquals":{"kms:ViaService":["secretsmanager.us-east-1.amazonaws.com"]}}`}, ""},
		{"who one is may be asked without permission", 9, []*Event{event(t, "sts", "GetCallerIdentity", `null`)}, nil, ""},
		{"what was denied is not allowed", 9, []*Event{event(t, "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"errorCode": "AccessDenied"`)}, nil, ""},
		{"what failed otherwise is", 9, []*Event{event(t, "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"errorCode": "NoSuchKey"`)}, []string{"s3:GetObject on arn:aws:s3:::b/k"}, ""},
		{"a resource that is made", 9, []*Event{event(t, "ec2", "CreateVolume", `{"size": "8"}`)}, []string{"ec2:CreateVolume on arn:aws:ec2:us-east-1:111122223333:volume/*"}, ""},
		{"what is made may be tagged only then", 9, []*Event{event(t, "ec2", "CreateVolume", `{"size": "8", "tagSpecificationSet": {"items": [{"resourceType": "volume", "tags": [{"key": "a", "value": "b"}]}]}}`)},
			[]string{`ec2:CreateTags on arn:aws:ec2:us-east-1:111122223333:volume/* if {"StringEquals":{"ec2:CreateAction":["CreateVolume"]}}`, "ec2:CreateVolume on arn:aws:ec2:us-east-1:111122223333:volume/*"}, ""},
		{"a secret by its name", 9, []*Event{event(t, "secretsmanager", "GetSecretValue", `{"secretId": "db"}`)}, []string{"secretsmanager:GetSecretValue on arn:aws:secretsmanager:us-east-1:111122223333:secret:db-??????"}, "secretsmanager:Secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := needsOf(t, devKim, c.max, c.events...)
			if got := short(t, n); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s\nwant %s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if got := strings.Join(n.Widened, "\n"); c.widened == "" && got != "" || !strings.Contains(got, c.widened) {
				t.Errorf("widened: %s", got)
			}
			if len(n.Unproven) > 0 {
				t.Errorf("not proven: %v", n.Unproven)
			}
			if n.Own != len(c.events) {
				t.Errorf("%d of %d events", n.Own, len(c.events))
			}
		})
	}
}

func TestSessionsCountForTheirRoleAndOthersDoNot(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/app/r"
	session := event(t, "sqs", "SendMessage", `{"queueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/q"}`,
		`"userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/r/s", "accountId": "111122223333", "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "`+role+`"}}}`, `"eventCategory": "Data"`)
	n := needsOf(t, role, 9, session, event(t, "s3", "GetObject", `{"bucketName": "b", "key": "k"}`))
	if got := short(t, n); !reflect.DeepEqual(got, []string{"sqs:SendMessage on arn:aws:sqs:us-east-1:111122223333:q"}) || n.Own != 1 || n.Records != 2 || n.Proven != 1 {
		t.Errorf("%v: %+v", got, n)
	}
	blind := strings.Join(n.Blind, "\n")
	if !reflect.DeepEqual(n.Seen, []string{"sqs"}) {
		t.Errorf("seen: %v", n.Seen)
	}
	if strings.Contains(blind, "sqs:") || !strings.Contains(blind, "s3: GetObject") {
		t.Errorf("blind to %s", blind)
	}
	if n.First != "2026-11-25T10:00:00Z" || n.Last != n.First {
		t.Errorf("from %s to %s", n.First, n.Last)
	}
}

func TestRecordsThatAreDeliveredTwiceCountOnce(t *testing.T) {
	twice := event(t, "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"eventID": "1"`)
	if n := needsOf(t, devKim, 9, twice, twice, event(t, "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"eventID": "2"`)); n.Own != 2 || n.Records != 3 || n.Proven != 1 {
		t.Errorf("%+v", n)
	}
}

func TestWhatMapsToNoActionIsSaid(t *testing.T) {
	n := needsOf(t, devKim, 9, event(t, "coffee", "BrewCup", `{}`), event(t, "coffee", "BrewCup", `{}`), event(t, "signin", "ConsoleLogin", `null`))
	if len(n.Unmapped) != 1 || n.Own != 2 || len(n.Policy) != 0 {
		t.Errorf("%+v", n)
	}
	for why, count := range n.Unmapped {
		if count != 2 || !strings.HasPrefix(why, "coffee:BrewCup is no action of") {
			t.Errorf("%d of %s", count, why)
		}
	}
}

func TestAPolicyThatAllowsLessIsNotProven(t *testing.T) {
	m := events(t)
	l := NewLeast(m, devKim, 9)
	l.Add(event(t, "s3", "GetObject", `{"bucketName": "b", "key": "k"}`))
	l.Add(event(t, "kms", "Decrypt", `{"keyId": "1"}`))
	l.Add(event(t, "s3", "GetObject", `{"bucketName": "b", "key": "k2"}`))
	out := &Needs{Policy: json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/k"}]}`)}
	if err := l.prove(New(m.catalogue), out); err != nil {
		t.Fatal(err)
	}
	if out.Proven != 1 || len(out.Unproven) != 2 || !strings.Contains(out.Unproven[0], "kms:Decrypt") {
		t.Errorf("%d proven, not %v", out.Proven, out.Unproven)
	}
}

func TestWideningKeepsEveryResource(t *testing.T) {
	// Whatever the limit, what was seen stays allowed: the proof says so.
	var list []*Event
	for i := range 40 {
		list = append(list, event(t, "s3", "GetObject", fmt.Sprintf(`{"bucketName": "b%d", "key": "d%d/e%d/k*%d"}`, i%3, i%5, i%2, i)),
			event(t, "dynamodb", "GetItem", fmt.Sprintf(`{"tableName": "t%d"}`, i)), event(t, "logs", "PutLogEvents", fmt.Sprintf(`{"logGroupName": "/a/%d", "logStreamName": "s%d"}`, i%4, i)))
	}
	for _, max := range []int{1, 2, 7, 100, 1000} {
		if n := needsOf(t, devKim, max, list...); len(n.Unproven) > 0 || n.Proven != 120 {
			t.Errorf("at %d: %d proven, not %v", max, n.Proven, n.Unproven)
		}
	}
}

func TestPeoplesRecordsMakePoliciesThatAllowThem(t *testing.T) {
	m := events(t)
	byPrincipal := map[string]*Least{}
	all := recorded(t)
	for _, e := range all {
		for _, p := range []string{e.Identity.ARN} {
			if strings.Contains(p, ":user/") && byPrincipal[p] == nil {
				byPrincipal[p] = NewLeast(m, p, 10)
			}
		}
	}
	for p, l := range byPrincipal {
		for _, e := range all {
			l.Add(e)
		}
		n, err := l.Needs(New(m.catalogue))
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		if len(n.Unproven) > 0 {
			t.Errorf("%s: not proven: %v", p, n.Unproven)
		}
		t.Logf("%s: %d records, %d requests proven, %d characters", p, n.Own, n.Proven, len(n.Policy))
	}
}
