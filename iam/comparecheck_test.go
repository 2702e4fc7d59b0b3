package iam

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

func TestWhatIsPublicIsToldInBothSenses(t *testing.T) {
	e := compareEngine(t)
	everybody := func(more string) string {
		return `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"` + more + `}`
	}
	for _, c := range []struct {
		name       string
		statements []string
		text       bool
		strangers  Existence
	}{
		{"everybody", []string{everybody("")}, true, Some},
		{"one account", []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}`}, false, None},
		{"a service", []string{`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}`}, false, None},
		{"everybody of an organization", []string{everybody(`,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`)}, false, None},
		{"everybody of an organization, if the key is there", []string{everybody(`,"Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`)}, true, Some},
		{"everybody who is not of an organization", []string{everybody(`,"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`)}, true, Some},
		{"everybody of some organizations by pattern", []string{everybody(`,"Condition":{"StringLike":{"aws:PrincipalOrgID":"o-*"}}`)}, true, Some},
		{"a tag of the principal's own account", []string{everybody(`,"Condition":{"StringEquals":{"aws:PrincipalTag/team":"a"}}`)}, true, Some},
		{"from a small network", []string{everybody(`,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`)}, false, None},
		{"from half of the internet", []string{everybody(`,"Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}`)}, true, Some},
		{"from an endpoint", []string{everybody(`,"Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`)}, false, None},
		{"from a topic of an account", []string{everybody(`,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:t"}}`)}, false, None},
		{"from any topic", []string{everybody(`,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"}}`)}, true, Some},
		{"from topics of an account by pattern", []string{everybody(`,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}}`)}, true, None},
		{"a Deny shuts out all but an organization", []string{everybody(""), `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}}`}, true, None},
		{"a Deny that does not reach everything", []string{everybody(""), `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/secret/*"}`}, true, Some},
		{"everybody but one", []string{`{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"*"}`}, true, Some},
		{"a condition that nobody can meet", []string{everybody(`,"Condition":{"StringEquals":{"aws:RequestTag/t":"x"},"Null":{"aws:RequestTag/t":"true"}}`)}, true, None},
	} {
		d := document(t, policy.Resource, c.statements...)
		got := e.NotPublic(d, "AWS::S3::Bucket")
		if got.ByText.Public != c.text || got.Strangers.Exists != c.strangers {
			t.Errorf("%s: by its text %v, for strangers %s %v: %s", c.name, got.ByText.Public, got.Strangers.Exists, got.Strangers.Reasons, show(got.Strangers))
		}
		for _, x := range got.Strangers.Examples {
			if !replay(t, e, x.Request, d) {
				t.Errorf("%s: the evaluator does not confirm %s", c.name, show(got.Strangers))
			}
		}
		if want := c.text || c.strangers == Some; (got.Public() == Some) != want {
			t.Errorf("%s: public is %s", c.name, got.Public())
		}
		if e.NotPublic(d, "AWS::SQS::Queue").Public() != c.strangers {
			t.Errorf("%s: of others than S3 the second sense counts", c.name)
		}
	}
}

func TestWhatAPolicyDoesNotGrantIsProven(t *testing.T) {
	e := compareEngine(t)
	d := document(t, policy.Identity,
		`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
		`{"Effect":"Deny","Action":"s3:Delete*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`,
		`{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::prod-*"}`)
	for _, c := range []struct {
		name              string
		actions, resource []string
		want              Existence
	}{
		{"no statement is about it", []string{"ec2:*"}, nil, None},
		{"a Deny covers the resource", []string{"s3:DeleteBucket"}, []string{"arn:aws:s3:::prod-1"}, None},
		{"a Deny covers all such resources", []string{"s3:DeleteBucket"}, []string{"arn:aws:s3:::prod-*-logs"}, None},
		{"other buckets are not denied", []string{"s3:DeleteBucket"}, nil, Some},
		{"one action of a pattern is enough", []string{"s3:*Bucket"}, []string{"arn:aws:s3:::prod-1"}, Some},
		{"an absent key lets the request pass the Deny", []string{"s3:DeleteObject"}, nil, Some},
		{"an action that is not known", []string{"s3:MakeCoffee"}, nil, Some},
	} {
		got, err := e.Grants(d, c.actions, c.resource)
		if err != nil || got.Exists != c.want {
			t.Errorf("%s: %v, %+v", c.name, err, got)
			continue
		}
		for _, x := range got.Examples {
			if !replay(t, e, x.Request, d) {
				t.Errorf("%s: the evaluator does not confirm %s", c.name, show(got))
			}
		}
	}
	if _, err := e.Grants(d, []string{"nonsense"}, nil); err == nil {
		t.Error("what is no action is an error")
	}
}

func TestOrderAndNamesOfStatementsChangeNothing(t *testing.T) {
	e := compareEngine(t)
	r := random{rand.New(rand.NewPCG(21, 22))}
	for range 60 {
		statements := r.statements(policy.Identity)
		renamed := slices.Clone(statements)
		slices.Reverse(renamed)
		for i, st := range renamed {
			renamed[i] = `{"Sid":"Renamed` + strings.Repeat("x", i) + `",` + st[1:]
		}
		a, b := document(t, policy.Identity, statements...), document(t, policy.Identity, renamed...)
		if got := e.Compare(a, b); got.Exists != None {
			t.Fatalf("%v: %s, %v", statements, show(got), got.Reasons)
		}
	}
}

func TestAddingADenyNeverWidensWhateverTheTextsShow(t *testing.T) {
	e := compareEngine(t)
	r := random{rand.New(rand.NewPCG(23, 24))}
	undecided := 0
	for range 120 {
		statements := r.statements(policy.Identity)
		deny := strings.Replace(r.statement(policy.Identity), `"Effect":"Allow"`, `"Effect":"Deny"`, 1)
		old := document(t, policy.Identity, statements...)
		// The condition is always true: the proof cannot be read off the texts.
		for i, st := range statements {
			if strings.Contains(st, `"Effect":"Allow"`) && !strings.Contains(st, "Condition") {
				statements[i] = st[:len(st)-1] + `,"Condition":{"StringLike":{"aws:RequestedRegion":"*"}}}`
			}
		}
		got := e.Compare(old, document(t, policy.Identity, append(statements, deny)...))
		if got.Exists == Some {
			t.Fatalf("%v and %s: %s", statements, deny, show(got))
		}
		if got.Exists == Undecided {
			undecided++
		}
	}
	if undecided > 6 {
		t.Errorf("%d of 120 are not decided", undecided)
	}
}

func TestCapsAndUnreadPartsAreNotTakenForSafe(t *testing.T) {
	e := compareEngine(t)
	next := document(t, policy.Identity, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
	hidden := policy.FromTree(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Action": "s3:*", "Resource": nil,
	}}}, policy.Identity, "half")
	if got := e.Compare(next, hidden); got.Exists != None {
		t.Errorf("a statement without resources allows nothing: %+v", got)
	}
	gone := policy.Unreadable(policy.Identity, "gone", &haetae.Unknown{Reason: haetae.Denied})
	for _, pair := range [][2]*policy.Document{{next, gone}, {gone, next}} {
		if got := e.Compare(pair[0], pair[1]); got.Exists != Undecided || len(got.Reasons) == 0 {
			t.Errorf("nothing is known of one of the two: %+v", got)
		}
	}
	// The two tests are of different kinds, so nothing is proven about their
	// meeting.
	mixed := document(t, policy.Identity, `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:RequestTag/t":"a*"},"NumericLessThan":{"aws:RequestTag/t":"5"}}}`)
	if got := e.Compare(nil, mixed); got.Exists != Undecided || len(got.Reasons) == 0 {
		t.Errorf("%s, %v", got.Exists, got.Reasons)
	}
	raw, err := json.Marshal(e.Compare(nil, mixed))
	if err != nil || !strings.HasPrefix(string(raw), `{"result":"unknown","examples":[],"reasons":["`) {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestASearchThatRunsOutOfBranchesIsUndecided(t *testing.T) {
	for budget, want := range map[int]chance{0: maybe, 1: maybe, 2: maybe, 3: never, 100: never} {
		s := search{
			memo:     map[string]chance{},
			budget:   &budget,
			possible: func(string, []literal) chance { return found },
			leaf:     func(settled) chance { return never },
		}
		a, b := &element{id: 1, variable: "a"}, &element{id: 2, variable: "b"}
		if got := s.run(nil, [][]*element{{a, b}}); got != want {
			t.Errorf("with %d branches left: %d", budget, got)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	e := compareEngine(b)
	old := document(b, policy.Identity,
		`{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":["arn:aws:s3:::data-*","arn:aws:s3:::data-*/*"]}`,
		`{"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}}}`,
		`{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::data-*-secret/*"}`)
	for _, c := range []struct {
		name       string
		statements []string
		want       Existence
	}{
		{"no more", []string{
			`{"Effect":"Allow","Action":["s3:GetObject*"],"Resource":"arn:aws:s3:::data-prod/*"}`,
			`{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}`,
			`{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::data-*-secret/*"}`}, None},
		{"the Deny is lifted", []string{`{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":["arn:aws:s3:::data-*","arn:aws:s3:::data-*/*"]}`}, Some},
		{"all of AWS", []string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}, Some},
	} {
		next := document(b, policy.Identity, c.statements...)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := e.Compare(old, next); got.Exists != c.want {
					b.Fatalf("%s, %v", got.Exists, got.Reasons)
				}
			}
		})
	}
}
