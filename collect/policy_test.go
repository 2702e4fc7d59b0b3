package collect_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/scripts/mototest"
	"github.com/haetae/haetae/template"
)

// levels returns the access level of each action of the services that a scan
// uses, as AWS's Service Authorization Reference has it.
func levels(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../scripts/actions.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 && !strings.HasPrefix(line, "#") {
			for name := range strings.FieldsSeq(f[2]) {
				out[f[0]+":"+name] = f[1]
			}
		}
	}
	if len(out) < 4000 {
		t.Fatalf("scripts/actions.txt has only %d actions", len(out))
	}
	return out
}

func TestEveryActionOfThePolicyOnlyReads(t *testing.T) {
	known := levels(t)
	for _, a := range collect.Actions(collect.Extras()) {
		switch level := known[a]; level {
		case "List", "Read":
		case "":
			t.Errorf("%s is no action of AWS (scripts/actions.sh makes the list of them anew)", a)
		default:
			t.Errorf("the access level of %s is %s", a, level)
		}
	}
}

func TestThePolicyHasWhatTheCallsNeedAndNothingElse(t *testing.T) {
	need := map[string]string{"sts:GetCallerIdentity": "every scan asks whose credentials it has"}
	for _, k := range inventory.All {
		for _, c := range k.Calls {
			if c.Other {
				continue
			}
			for _, a := range c.RequiredActions() {
				need[a] = c.Op
			}
		}
	}
	have := map[string]bool{}
	for _, s := range collect.ScanPolicy(collect.Extras()).Statement {
		if s.Effect != "Allow" || s.Resource != "*" || s.Condition != nil || s.Principal != nil {
			t.Errorf("statement %s is %+v", s.Sid, s)
		}
		for _, a := range s.Action.([]string) {
			if have[a] {
				t.Errorf("%s is there twice", a)
			}
			have[a] = true
			if need[a] == "" {
				t.Errorf("no call needs %s", a)
			}
			if strings.ContainsAny(a, "*?") {
				t.Errorf("%s has a wildcard", a)
			}
		}
	}
	for a, op := range need {
		if !have[a] {
			t.Errorf("%s needs %s, which the policy does not have", op, a)
		}
	}
}

func TestAnExtraAddsItsOwnActionsOnly(t *testing.T) {
	plain := collect.Actions(nil)
	for _, extra := range collect.Extras() {
		with := collect.Actions([]string{extra})
		for _, a := range plain {
			if !slices.Contains(with, a) {
				t.Errorf("with %s, %s is gone", extra, a)
			}
		}
	}
}

func TestThePartsOfThePolicyFitAManagedPolicyAndAddUpToIt(t *testing.T) {
	for _, extras := range [][]string{nil, collect.Extras()} {
		var all []collect.Statement
		for i, p := range collect.ScanPolicies(extras) {
			data, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			if len(data) > 6144 {
				t.Errorf("with %v, part %d has %d characters", extras, i+1, len(data))
			}
			all = append(all, p.Statement...)
		}
		if whole := collect.ScanPolicy(extras); !reflect.DeepEqual(all, whole.Statement) {
			t.Errorf("with %v, the parts do not add up to the whole", extras)
		}
	}
}

func TestWhoMayAssumeTheRoleIsSaidWithAndWithoutAnExternalID(t *testing.T) {
	for _, c := range []struct{ name, externalID, want string }{
		{"without", "", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/scan"},"Action":"sts:AssumeRole"}]}`},
		{"with", "x-1", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/scan"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x-1"}}}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(collect.Role{Principal: "arn:aws:iam::111122223333:role/scan", ExternalID: c.externalID}.Trust()); got != c.want {
				t.Errorf("the trust is\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTheTemplateForAllAccountsHasTheRoleAndTheWholePolicyAndNoFlaw(t *testing.T) {
	sch, controls := rules(t)
	for _, c := range []struct{ name, externalID, organization, flaw string }{
		// The control cannot know that all these accounts are of one organization.
		{"without a condition", "", "", "iam-role-cross-account-trust-needs-external-id"},
		{"with an external ID", `x-"1"`, "", ""},
		{"for an organization", "", "o-a1b2c3d4e5", ""},
		{"with both", "x", "o-a1b2c3d4e5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := collect.Role{Name: "scan/haetae", Principal: "arn:aws:iam::111122223333:role/scan", ExternalID: c.externalID, Organization: c.organization}.StackSet(collect.Extras())
			var doc map[string]any
			if err := yaml.Load([]byte(strings.NewReplacer("!Ref ", "", "!GetAtt ", "", "!If", "", "!Not ", "", "!Equals ", "", "!Or ", "", "!Condition ", "").Replace(text)), &doc); err != nil {
				t.Fatal(err)
			}
			s, err := template.Parse([]byte(text), "stackset.yaml", template.Options{Account: "444455556666", Region: "us-east-1", Partition: "aws"})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range s.Problems {
				t.Errorf("problem: %s", p.Error)
			}
			s = graph.Assemble(sch, s, graph.Options{})
			var actions []string
			roles := 0
			for _, r := range s.Resources {
				switch r.Type {
				case "AWS::IAM::Role":
					roles++
					trust := collect.Role{Principal: "arn:aws:iam::111122223333:role/scan", ExternalID: c.externalID, Organization: c.organization}.Trust()
					if d := lacks("trust", r.Props["AssumeRolePolicyDocument"], plain(t, trust)); len(d) > 0 {
						t.Error(d)
					}
					if c.externalID == "" && strings.Contains(show(r.Props["AssumeRolePolicyDocument"]), "ExternalId") {
						t.Errorf("the trust asks for an external ID: %s", show(r.Props["AssumeRolePolicyDocument"]))
					}
				case "AWS::IAM::ManagedPolicy":
					doc, _ := r.Props["PolicyDocument"].(map[string]any)
					statements, _ := doc["Statement"].([]any)
					for _, st := range statements {
						names, _ := st.(map[string]any)["Action"].([]any)
						for _, a := range names {
							actions = append(actions, a.(string))
						}
					}
				}
			}
			slices.Sort(actions)
			if want := collect.Actions(collect.Extras()); roles != 1 || !slices.Equal(actions, want) {
				t.Errorf("%d roles, %d actions, want 1 and %d", roles, len(actions), len(want))
			}
			for f, err := range controls.Evaluate(graph.New(sch, s)) {
				if err != nil {
					t.Fatal(err)
				}
				if f.Status == haetae.Fail && f.Rule.ID != c.flaw {
					t.Errorf("%s fails for %s: %s", f.Rule.ID, f.Resource.ID, f.Reason)
				}
			}
		})
	}
}

// rules are the built-in controls.
func rules(t *testing.T) (*schema.Schema, *control.Set) {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	list, err := content.Controls()
	if err != nil {
		t.Fatal(err)
	}
	set, err := control.NewSet(sch, list)
	if err != nil {
		t.Fatal(err)
	}
	return sch, set
}

// plain is a value as JSON has it.
func plain(t *testing.T, v any) any {
	t.Helper()
	var out any
	if err := json.Unmarshal([]byte(show(v)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// motoNames are the actions that moto asks for where AWS asks for another one.
func motoNames() map[string]string {
	return map[string]string{
		"s3:ListBucket":                     "moto knows no action of a bucket's encryption, object lock, ownership controls, public access block, replication and request payment",
		"s3:GetPublicAccessBlock":           "of the account it is s3:GetAccountPublicAccessBlock",
		"monitoring:DescribeAlarms":         "moto takes the name that requests are signed with for that of the actions, cloudwatch",
		"monitoring:ListTagsForResource":    "moto takes the name that requests are signed with for that of the actions, cloudwatch",
		"tagging:GetResources":              "moto takes the name that requests are signed with for that of the actions, tag",
		"batch:describecomputeenvironments": "moto takes the path for the name of the action",
		"batch:describejobdefinitions":      "moto takes the path for the name of the action",
		"apigateway:GetAccount":             "AWS's action is the method, apigateway:GET",
		"apigateway:GetApis":                "AWS's action is the method, apigateway:GET",
		"apigateway:GetAuthorizers":         "AWS's action is the method, apigateway:GET",
		"apigateway:GetDomainNames":         "AWS's action is the method, apigateway:GET",
		"apigateway:GetIntegrations":        "AWS's action is the method, apigateway:GET",
		"apigateway:GetResources":           "AWS's action is the method, apigateway:GET",
		"apigateway:GetRestApis":            "AWS's action is the method, apigateway:GET",
		"apigateway:GetRoutes":              "AWS's action is the method, apigateway:GET",
		"apigateway:GetStages":              "AWS's action is the method, apigateway:GET",
	}
}

// removed are the actions without which a scan is tried, of services that speak
// all protocols.
func removed() []string {
	return []string{
		"cloudfront:ListDistributions", "cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "dynamodb:DescribeTable",
		"ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeFlowLogs", "ec2:DescribeVolumes", "ec2:GetEbsEncryptionByDefault",
		"eks:ListClusters", "elasticloadbalancing:DescribeLoadBalancers", "iam:GetAccountAuthorizationDetails", "iam:GetAccountPasswordPolicy",
		"kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListKeys", "lambda:GetPolicy", "lambda:ListFunctions", "logs:DescribeLogGroups",
		"rds:DescribeDBInstances", "s3:GetBucketLogging", "s3:GetBucketPolicy", "s3:ListAllMyBuckets", "sns:GetTopicAttributes", "sqs:GetQueueAttributes",
	}
}

// memory is a record of answers in which those of some operations are not found.
type memory struct {
	mu     sync.Mutex
	kept   map[string]*aws.Response
	hidden map[string]bool
}

// Find implements [aws.Record].
func (m *memory) Find(key string) (*aws.Response, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hidden[strings.Fields(key)[2]] {
		return nil, false
	}
	r, ok := m.kept[key]
	return r, ok
}

// Keep implements [aws.Record].
func (m *memory) Keep(key string, r *aws.Response) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hidden == nil {
		m.kept[key] = r
	}
	return nil
}

// guard is a moto server that enforces policies, behind what notes denials.
type guard struct {
	url    string
	keys   []struct{ ID, Secret string }
	record *memory
	mu     sync.Mutex
	denied map[string]bool
}

var performs = regexp.MustCompile(`is not authorized to perform: ([\w:-]+)`)

// newGuard starts the server with a user for each list of policies.
func newGuard(t *testing.T, policies [][]collect.Policy) *guard {
	t.Helper()
	python := mototest.Python(t)
	if !filepath.IsAbs(python) {
		python = filepath.Join("..", python)
	}
	file := filepath.Join(t.TempDir(), "policies.json")
	if err := os.WriteFile(file, []byte(show(policies)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-P", "testdata/enforce.py", file, "../scripts/account.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("enforce.py: %v", err)
		}
	})
	var server struct {
		URL  string
		Keys []struct{ ID, Secret string }
	}
	if err := json.NewDecoder(out).Decode(&server); err != nil {
		t.Fatalf("enforce.py: %v\n%s", err, said.Bytes()[max(0, said.Len()-3000):])
	}
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := &guard{keys: server.Keys, record: &memory{kept: map[string]*aws.Response{}}}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = g.note
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	g.url = front.URL
	return g
}

// note keeps the names of actions that were denied.
func (g *guard) note(r *http.Response) error {
	if r.StatusCode != http.StatusForbidden {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := performs.FindSubmatch(body); m != nil {
		g.denied[string(m[1])] = true
	} else {
		g.denied["unnamed by "+r.Request.URL.RequestURI()] = true // S3 does not name it
	}
	return nil
}

// scan reads the account as the n-th user, and returns what was denied.
func (g *guard) scan(t *testing.T, n int) (*haetae.Snapshot, map[string]bool) {
	t.Helper()
	g.mu.Lock()
	g.denied = map[string]bool{}
	g.mu.Unlock()
	client, session := at(t, g.url, g.keys[n].ID, g.keys[n].Secret)
	client.SetRecord(g.record)
	s, err := collect.Snapshot(t.Context(), client, []collect.Account{{ID: session.Account, Session: session}}, collect.Options{
		Regions: []string{"us-east-1"}, Extras: collect.Extras(), Time: noon, Pause: 1,
		Redact: func(_, v string) any { return v },
	})
	if err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return s, maps.Clone(g.denied)
}

// operationsOf are the operations whose calls need an action.
func operationsOf(action string) map[string]bool {
	out := map[string]bool{}
	for op, c := range madeCalls() {
		if slices.Contains(c.RequiredActions(), action) {
			out[op] = true
		}
	}
	return out
}

// named are the actions for whose want a snapshot lacks something that was
// denied.
func named(s *haetae.Snapshot) map[string]bool {
	out := map[string]bool{}
	add := func(reason haetae.Reason, actions []string) {
		if reason == haetae.Denied {
			for _, a := range actions {
				out[a] = true
			}
		}
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case *haetae.Unknown:
			add(v.Reason, v.Actions)
		case *haetae.OpenList:
			add(v.Why.Reason, v.Why.Actions)
			walk(v.Items)
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for _, c := range s.Coverage {
		add(c.Reason, c.Actions)
	}
	for _, r := range s.Resources {
		walk(r.Props)
		walk(r.Observed)
		walk(r.Volatile)
		if r.Stub != nil {
			walk(r.Stub)
		}
	}
	return out
}

func TestAScanWithItsPolicyIsDeniedNothingAndWithoutAnActionNamesIt(t *testing.T) {
	moto := collect.Policy{Version: "2012-10-17", Statement: []collect.Statement{
		{Sid: "Moto", Effect: "Allow", Action: slices.Sorted(maps.Keys(motoNames())), Resource: "*"},
	}}
	whole := append(collect.ScanPolicies(collect.Extras()), moto)
	users := [][]collect.Policy{whole}
	for _, a := range removed() {
		users = append(users, lessen(whole, a))
	}
	sch, controls := rules(t)
	g := newGuard(t, users)
	all, denied := g.scan(t, 0)
	for _, a := range slices.Sorted(maps.Keys(denied)) {
		t.Errorf("denied with the whole policy: %s", a)
	}
	for a := range named(all) {
		t.Errorf("with the whole policy the snapshot says that %s was denied", a)
	}
	for n, a := range removed() {
		t.Run("without "+a, func(t *testing.T) {
			g.record.hidden = operationsOf(a) // all else is answered as before
			s, denied := g.scan(t, n+1)
			if len(denied) == 0 {
				t.Fatal("nothing was denied")
			}
			for d := range denied {
				if d != a && !(strings.HasPrefix(a, "s3:") && strings.HasPrefix(d, "unnamed")) {
					t.Errorf("denied was %s", d)
				}
			}
			if got := slices.Sorted(maps.Keys(named(s))); !slices.Equal(got, []string{a}) {
				t.Errorf("the snapshot names %v", got)
			}
			unknown := 0
			for f, err := range controls.Evaluate(graph.New(sch, graph.Assemble(sch, s, graph.Options{}))) {
				if err != nil {
					t.Fatal(err)
				}
				if f.Status == haetae.Undecided && slices.Contains(f.Missing, a) {
					unknown++
				}
			}
			if unknown == 0 {
				t.Error("no verdict is UNKNOWN for the want of it")
			}
		})
	}
}

// lessen returns policies without an action.
func lessen(policies []collect.Policy, action string) []collect.Policy {
	out := make([]collect.Policy, 0, len(policies))
	for _, p := range policies {
		q := collect.Policy{Version: p.Version}
		for _, s := range p.Statement {
			if s.Action = slices.DeleteFunc(slices.Clone(s.Action.([]string)), func(a string) bool { return a == action }); len(s.Action.([]string)) > 0 {
				q.Statement = append(q.Statement, s)
			}
		}
		out = append(out, q)
	}
	return out
}
