package iam

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/haetae/haetae/permission"
)

// engine is the evaluator with the embedded catalogue.
var engine = sync.OnceValue(func() *Engine {
	c, err := permission.Embedded()
	if err != nil {
		panic(err)
	}
	return New(c)
})

// Who and what the tests ask about.
const (
	kim      = "arn:aws:iam::111122223333:user/kim"
	rootUser = "arn:aws:iam::111122223333:root"
	ops      = "arn:aws:iam::111122223333:role/ops"
	shift    = "arn:aws:sts::111122223333:assumed-role/ops/night-shift"
	fed      = "arn:aws:sts::111122223333:federated-user/guest"
	linked   = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	stranger = "arn:aws:iam::444455556666:user/lee"
	photo    = "arn:aws:s3:::photos/a.jpg"
	photos   = "arn:aws:s3:::photos"
	queue    = "arn:aws:sqs:eu-west-1:111122223333:jobs"
	key      = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"
)

// asked is a question in the making, in the format of `haetae iam eval`.
type asked map[string]any

func ask(principal, action string, resources ...string) asked {
	request := map[string]any{"action": action, "principal": principal}
	if strings.HasPrefix(principal, "{") {
		request["principal"] = json.RawMessage(principal)
	}
	if len(resources) == 1 {
		request["resource"] = resources[0]
	} else {
		request["resources"] = resources
	}
	return asked{"id": "q", "request": request, "policies": map[string]any{}}
}

func (q asked) request(member string, value any) asked {
	q["request"].(map[string]any)[member] = value
	return q
}

func (q asked) context(text string) asked { return q.request("context", json.RawMessage(text)) }

func (q asked) account(number string) asked { return q.request("resourceAccount", number) }

func (q asked) any() asked { return q.request("resourceMatch", "any") }

func (q asked) policies(member string, documents []string) asked {
	list := []json.RawMessage{}
	for _, d := range documents {
		list = append(list, json.RawMessage(d))
	}
	q["policies"].(map[string]any)[member] = list
	return q
}

func (q asked) identity(documents ...string) asked { return q.policies("identity", documents) }
func (q asked) boundary(documents ...string) asked { return q.policies("boundary", documents) }
func (q asked) session(documents ...string) asked  { return q.policies("session", documents) }
func (q asked) endpoint(documents ...string) asked { return q.policies("endpoint", documents) }

func (q asked) resource(document string) asked {
	q["policies"].(map[string]any)["resource"] = json.RawMessage(document)
	return q
}

// scp adds a level of service control policies.
func (q asked) scp(target string, documents ...string) asked {
	return q.level("scp", target, documents)
}

// rcp adds a level of resource control policies.
func (q asked) rcp(target string, documents ...string) asked {
	return q.level("rcp", target, documents)
}

func (q asked) level(member, target string, documents []string) asked {
	list := []json.RawMessage{}
	for _, d := range documents {
		list = append(list, json.RawMessage(d))
	}
	p := q["policies"].(map[string]any)
	levels, _ := p[member].([]any)
	p[member] = append(levels, map[string]any{"target": target, "policies": list})
	return q
}

func (q asked) facts(text string) asked {
	q["facts"] = json.RawMessage(text)
	return q
}

func (q asked) unknown(keys ...string) asked {
	q["unknown"] = keys
	return q
}

func (q asked) unknownValue(keys ...string) asked {
	q["unknownValue"] = keys
	return q
}

func (q asked) known(keys ...string) asked {
	q["known"] = keys
	return q
}

// doc is a policy of the current version.
func doc(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// allow is a statement for an action, or several with commas between them, and a
// resource; more are further members, as JSON.
func allow(action, resource string, more ...string) string {
	return statement("Allow", action, resource, more)
}

func deny(action, resource string, more ...string) string {
	return statement("Deny", action, resource, more)
}

func statement(effect, action, resource string, more []string) string {
	members := []string{`"Effect":"` + effect + `"`}
	if action != "" {
		list, _ := json.Marshal(strings.Split(action, ","))
		members = append(members, `"Action":`+string(list))
	}
	if resource != "" {
		members = append(members, `"Resource":"`+resource+`"`)
	}
	return "{" + strings.Join(append(members, more...), ",") + "}"
}

// to names principals of the kind AWS.
func to(principals ...string) string {
	list, _ := json.Marshal(principals)
	return `"Principal":{"AWS":` + string(list) + `}`
}

const everybody = `"Principal":"*"`

func when(conditions string) string { return `"Condition":` + conditions }

var (
	full       = doc(allow("*", "*"))
	anyRequest = doc(allow("*", "*", everybody))
)

// said is an answer of `haetae iam eval`.
type said struct {
	ID         any
	Error      string
	Decision   Verdict
	Layers     []Layer
	Statements []struct {
		Policy, Sid string
		Layer       Layer
		Index       int
	}
	DependsOn *struct {
		Request json.RawMessage
		Missing []string
		Example json.RawMessage
		Assumed []string
	}
	Problems []string
}

// eval asks the question as the CLI does.
func (q asked) eval(t testing.TB) said {
	t.Helper()
	line, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var a said
	answer := engine().Eval(line)
	if err := json.Unmarshal(answer, &a); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	if a.Error != "" {
		t.Fatalf("%s\nis not answered: %s", line, a.Error)
	}
	return a
}

// verdictTest is a question with what is expected of the answer. Statements are
// "policy#index"; where they are nil they are not looked at.
type verdictTest struct {
	name       string
	q          asked
	want       Verdict
	layers     string // with spaces between them, in any order
	statements []string
}

func runVerdicts(t *testing.T, tests []verdictTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := test.q.eval(t)
			if a.Decision != test.want {
				t.Fatalf("%s, want %s; layers %v, problems %q", a.Decision, test.want, a.Layers, a.Problems)
			}
			var layers []string
			for _, l := range a.Layers {
				layers = append(layers, string(l))
			}
			want := strings.Fields(test.layers)
			slices.Sort(layers)
			slices.Sort(want)
			if !slices.Equal(layers, want) {
				t.Errorf("layers %v, want %v", layers, want)
			}
			if test.statements != nil {
				if got := a.used(); !slices.Equal(got, slices.Sorted(slices.Values(test.statements))) {
					t.Errorf("statements %v, want %v", got, test.statements)
				}
			}
			if (a.DependsOn != nil) != (a.Decision == DependsOn) {
				t.Errorf("dependsOn is %v", a.DependsOn)
			}
			if a.DependsOn != nil {
				test.q.replays(t, a)
			}
		})
	}
}

func (a said) used() []string {
	var out []string
	for _, u := range a.Statements {
		out = append(out, u.Policy+"#"+string(rune('0'+u.Index)))
	}
	slices.Sort(out)
	return out
}

// replays tests that the example is a request that is allowed when nothing is
// unknown.
func (q asked) replays(t *testing.T, a said) {
	t.Helper()
	if a.DependsOn.Example == nil {
		t.Fatal("DependsOn without an example")
	}
	again := asked{"id": "again", "request": a.DependsOn.Example, "policies": q["policies"]}
	if f, ok := q["facts"]; ok {
		again["facts"] = f
	}
	if r := again.eval(t); r.Decision != Allowed {
		t.Errorf("the example %s is %s", a.DependsOn.Example, r.Decision)
	}
}
