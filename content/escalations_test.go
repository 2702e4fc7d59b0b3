package content

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/schema"
)

func escalations(t *testing.T) []*Escalation {
	t.Helper()
	list, err := Escalations()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheCatalogueOfEscalationsIsLargeInEveryCategory(t *testing.T) {
	list := escalations(t)
	if len(list) < 100 {
		t.Errorf("%d primitives", len(list))
	}
	have := map[string]int{}
	for _, e := range list {
		have[e.Category]++
	}
	for _, c := range iam.Categories() {
		if have[c] < 10 {
			t.Errorf("%s has %d primitives", c, have[c])
		}
	}
}

func TestEveryActionOfAnEscalationExistsUnderThatVeryName(t *testing.T) {
	catalogue, err := permission.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range escalations(t) {
		for _, n := range e.Needs {
			service, name, _ := strings.Cut(n.Action, ":")
			a, found := catalogue.Action(service, name)
			if !found || a.Name != name {
				t.Errorf("%s: the action %s is not in the catalogue", e.ID, n.Action)
				continue
			}
			for _, on := range n.On {
				// The actions of API Gateway are HTTP methods, and documents of AWS
				// have no account; the catalogue has neither form.
				if service == "apigateway" || strings.Contains(on, "::document/AWS-") {
					continue
				}
				if strings.HasPrefix(on, "arn:") && !isResourceOf(catalogue, a, on) {
					t.Errorf("%s: %s is not for %s", e.ID, n.Action, on)
				}
			}
			for key := range n.Context {
				if k, found := catalogue.Key(key); !found || k.Name != key {
					t.Errorf("%s: the condition key %s is not in the catalogue", e.ID, key)
				}
			}
		}
	}
}

// isResourceOf tells whether the ARN is one of a resource that the action is
// evaluated against.
func isResourceOf(c *permission.Catalogue, a *permission.Action, on string) bool {
	for _, typ := range c.ARNTypes(concrete(on)) {
		if slices.ContainsFunc(a.Resources, func(r permission.Resource) bool { return r.Type == typ || r.Type.Name == typ.Name }) {
			return true
		}
	}
	return false
}

// concrete fills the holes of an ARN with something.
func concrete(on string) string {
	for _, hole := range [][2]string{{"${Partition}", "aws"}, {"${Region}", "us-east-1"}, {"${Account}", "111122223333"}, {"${MemberAccount}", "444455556666"}} {
		on = strings.ReplaceAll(on, hole[0], hole[1])
	}
	for {
		head, rest, found := strings.Cut(on, "${")
		if !found {
			return on
		}
		_, tail, _ := strings.Cut(rest, "}")
		on = head + "x1" + tail
	}
}

// asked are resources that AWS's table calls required although a request can do
// without them, with the reason.
func asked() map[string]string {
	const either = "either of the two types will do"
	return map[string]string{
		"ssm:StartAutomationExecution automation-execution":              "it is made by the call",
		"batch:SubmitJob job":                                            "it is made by the call",
		"bedrock-agentcore:StartCodeInterpreterSession code-interpreter": either,
		"bedrock-agentcore:InvokeCodeInterpreter code-interpreter":       either,
		"bedrock-agentcore:InvokeAgentRuntime runtime-endpoint":          either,
	}
}

func TestEveryRequestOfAnEscalationNamesAllResourcesThatItNeeds(t *testing.T) {
	catalogue, err := permission.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range escalations(t) {
		for _, n := range e.Needs {
			service, name, _ := strings.Cut(n.Action, ":")
			a, found := catalogue.Action(service, name)
			if !found || slices.ContainsFunc(n.On, func(on string) bool { return on != "*" && !strings.HasPrefix(on, "arn:") }) {
				continue // what the primitive ranges over has its type from the snapshot
			}
			if slices.Contains(n.On, "*") && !a.WildcardOnly() {
				t.Errorf("%s: %s is for a resource, not for *: %v", e.ID, n.Action, a.Resources)
			}
			for _, r := range a.Resources {
				if r.Need != permission.Required || asked()[n.Action+" "+r.Type.Name] != "" {
					continue
				}
				if !slices.ContainsFunc(n.On, func(on string) bool { return slices.Contains(catalogue.ARNTypes(concrete(on)), r.Type) }) {
					t.Errorf("%s: %s needs a resource of type %s", e.ID, n.Action, r.Type.Name)
				}
			}
		}
	}
}

func TestEscalationsSpeakBothLanguagesAndSayHowTheyAreSeen(t *testing.T) {
	for _, e := range escalations(t) {
		for _, text := range []haetae.Text{e.Title, e.Why, e.Fix} {
			if strings.ContainsFunc(text.EN, hangul) || !strings.ContainsFunc(text.KO, hangul) {
				t.Errorf("%s: a language is wrong: %v", e.ID, text)
			}
		}
		if strings.HasSuffix(e.Title.EN, ".") {
			t.Errorf("%s: the title ends in a full stop", e.ID)
		}
		if len(e.Events)+len(e.DataEvents) == 0 && e.ID != "rds-db-connect" {
			t.Errorf("%s: no event of CloudTrail", e.ID)
		}
		for _, u := range e.When {
			if u.Untold.EN != "" && !strings.ContainsFunc(u.Untold.KO, hangul) {
				t.Errorf("%s: untold lacks Korean", e.ID)
			}
		}
	}
}

func hangul(r rune) bool { return r >= 0xac00 && r <= 0xd7a3 }

func TestEscalationsRangeOverTypesThatTheSchemaKnows(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string]bool{} // once for all examples of a primitive
	defer func() {
		for _, what := range slices.Sorted(maps.Keys(wrong)) {
			t.Error(what)
		}
	}()
	known := func(id, typ string) {
		if _, ok := sch.Type(typ); typ != "" && !ok {
			t.Errorf("%s: the type %s is not in the schema", id, typ)
		}
	}
	for _, e := range escalations(t) {
		known(e.ID, e.Provider)
		for _, c := range e.When {
			known(e.ID, c.Exists)
		}
		for _, x := range e.Examples {
			for _, r := range x.World.Resources {
				known(e.ID, r.Type)
				typ, ok := sch.Type(r.Type)
				for _, part := range []map[string]any{r.Props, r.Observed, r.Volatile} {
					for name := range part {
						if !ok {
							continue
						}
						if _, err := typ.Lookup(name); err != nil {
							wrong[fmt.Sprintf("%s: %v", e.ID, err)] = true
						}
					}
				}
			}
		}
		if e.Through == nil {
			continue
		}
		known(e.ID, e.Through.Type)
		typ, ok := sch.Type(e.Through.Type)
		if !ok {
			continue
		}
		var paths []string
		for _, role := range e.Through.Role {
			first, _, _ := strings.Cut(role, ">") // the rest is followed in the graph
			paths = append(paths, first)
		}
		for _, c := range e.When {
			if c.Property != nil {
				paths = append(paths, c.Property.Path)
			}
			if c.PropertySet != "" {
				paths = append(paths, c.PropertySet)
			}
		}
		for _, path := range paths {
			if _, err := typ.Lookup(path); err != nil {
				t.Errorf("%s: %v", e.ID, err)
			}
		}
	}
}

const wholeEscalation = `
id: a-b
title: {en: a, ko: 가}
why: {en: a, ko: 가}
category: self
severity: low
needs: [{action: iam:PutUserPolicy, on: self}]
gives: {what: principal, whom: self, changes: [policy]}
events: [iam.amazonaws.com:PutUserPolicy]
fix: {en: a, ko: 가}
references: [https://docs.aws.amazon.com/]
examples:
  by: dev
  resources: {dev: {Type: AWS::IAM::User}}
  escalates: [{name: works}]
  blocked: [{name: blocked}]
`

func TestFaultsOfAnEscalationAreNamed(t *testing.T) {
	if _, err := ParseEscalation([]byte(wholeEscalation), "escalations/a-b.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"a misspelt key", "needs:", "need:", "need"},
		{"a severity that is none", "severity: low", "severity: bad", "severity"},
		{"a language that is missing", "title: {en: a, ko: 가}", "title: {en: a}", "title"},
		{"a page that is not AWS's", "[https://docs.aws.amazon.com/]", "[https://example.com/]", "documentation"},
		{"an id that is not the file's name", "id: a-b", "id: a-c", "not the file's name"},
		{"an action without a service", "iam:PutUserPolicy, on", "PutUserPolicy, on", "service:Name"},
		{"a resource that is not bound", "on: self", "on: through", "ranges over"},
		{"nothing gained", ", changes: [policy]", "", "nothing is gained"},
		{"a change that is unknown", "changes: [policy]", "changes: [all]", "unknown"},
		{"no example that is blocked", "  blocked: [{name: blocked}]\n", "", "blocked"},
		{"an example without somebody", "{name: blocked}", "{name: blocked, without: [eve]}", "eve"},
		{"an example without the caller", "{name: blocked}", "{name: blocked, without: [dev]}", "dev"},
		{"an event of no service", "iam.amazonaws.com:Put", "iam:Put", "event"},
		{"two facts in one", "gives:", "when: [{agent: online, exists: T}]\ngives:", "2 facts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseEscalation([]byte(strings.Replace(wholeEscalation, c.from, c.to, 1)), "escalations/a-b.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a-b.yaml") {
				t.Errorf("error is %v, want one with %q and the file", err, c.want)
			}
			if haetae.HintOf(err) == "" {
				t.Error("no next step")
			}
		})
	}
}

func TestEscalationsOfAnOwnFolderJoinTheBuiltInOnes(t *testing.T) {
	list, err := Escalations(fstest.MapFS{"escalations/a-b.yaml": {Data: []byte(wholeEscalation)}})
	if err != nil {
		t.Fatal(err)
	}
	if list[0].ID != "a-b" || len(list) < 100 {
		t.Errorf("%d primitives, first %s", len(list), list[0].ID)
	}
	if _, err := Escalations(fstest.MapFS{"escalations/self-put-user-policy.yaml": {Data: []byte(strings.Replace(wholeEscalation, "a-b", "self-put-user-policy", 1))}}); err == nil {
		t.Error("a second primitive of the same id was taken")
	}
}

func FuzzEscalation(f *testing.F) {
	f.Add([]byte(wholeEscalation))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = ParseEscalation(data, "escalations/a-b.yaml")
	})
}

func TestTheDocumentationListsEveryEscalation(t *testing.T) {
	text, err := os.ReadFile("../docs/escalations.md")
	if err != nil {
		t.Fatal(err)
	}
	list := escalations(t)
	examples := 0
	for _, e := range list {
		examples += len(e.Examples)
		row := fmt.Sprintf("| `%s` | %s | ", e.ID, e.Title.EN)
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/escalations.md lacks the row %s", row)
		}
	}
	if n := strings.Count(string(text), "\n| `"); n != len(list) {
		t.Errorf("docs/escalations.md lists %d primitives, there are %d", n, len(list))
	}
	if !strings.Contains(string(text), fmt.Sprintf("%d primitives with", len(list))) {
		t.Errorf("docs/escalations.md gives another number than %d primitives and %d examples", len(list), examples)
	}
}

func TestWhatAnEscalationRangesOverIsWhatItsActionsAreFor(t *testing.T) {
	catalogue, err := permission.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range escalations(t) {
		of := map[string]string{"group": "AWS::IAM::Group", "policy": "AWS::IAM::ManagedPolicy", "boundary": "AWS::IAM::ManagedPolicy", "provider": e.Provider}
		if e.Through != nil {
			of["through"] = e.Through.Type
		}
		for _, n := range e.Needs {
			service, name, _ := strings.Cut(n.Action, ":")
			a, found := catalogue.Action(service, name)
			if !found {
				continue
			}
			for _, on := range n.On {
				arn := ""
				for _, r := range e.Examples[0].World.Resources {
					switch {
					case on == "self" && r.ID == e.Examples[0].By, on == "target" && r.ID == e.Examples[0].To, of[on] != "" && r.Type == of[on]:
						arn = r.ARN
					}
				}
				if arn != "" && !isResourceOf(catalogue, a, arn) {
					t.Errorf("%s: %s is not for %s, %s", e.ID, n.Action, on, arn)
				}
			}
		}
	}
}
