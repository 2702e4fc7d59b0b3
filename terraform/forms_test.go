package terraform_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/scripts/mototest"
	"github.com/haetae/haetae/template"
	"github.com/haetae/haetae/terraform"
)

// The flawed infrastructure as an account: live.py makes it on a moto server,
// and what the server answered the collector is recorded, with what each logical
// id became. It is written anew by
//
//	HAETAE_PYTHON=out/venv/bin/python go test ./terraform -run ThreeForms -update
const (
	liveScript  = "terraform/testdata/live.py"
	liveAnswers = "testdata/flawed/live.answers.zst"
	liveNames   = "testdata/flawed/live.names.json"
)

var update = flag.Bool("update", false, "write testdata anew")

// enoughForms is how many controls must decide in all three forms.
const enoughForms = 200

// named is what a logical id became in the account.
type named struct{ Type, ID string }

// TestTheSameInfrastructureInThreeFormsGetsTheSameVerdicts judges one example as
// a CloudFormation template, as a Terraform plan and as an account that the
// collector reads through AWS's API.
func TestTheSameInfrastructureInThreeFormsGetsTheSameVerdicts(t *testing.T) {
	if *update && !t.Run("recording", record) {
		return
	}
	var names map[string]named
	if err := json.Unmarshal(readFile(t, liveNames), &names); err != nil {
		t.Fatal(err)
	}
	t.Run("as it was recorded", func(t *testing.T) {
		sameInThree(t, collected(t, mototest.Replay(t, liveAnswers).URL), names)
	})
	t.Run("as a server answers now", func(t *testing.T) {
		server, names := made(t)
		sameInThree(t, collected(t, server.URL), names)
	})
}

// made makes the example on a server.
func made(t *testing.T) (*mototest.Server, map[string]named) {
	t.Helper()
	t.Setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true") // it attaches one of AWS's
	server := mototest.Start(t, "..")
	var names map[string]named
	if err := json.Unmarshal([]byte(server.Run(t, liveScript)), &names); err != nil {
		t.Fatal(err)
	}
	return server, names
}

func record(t *testing.T) {
	t.Helper()
	server, names := made(t)
	proxy := mototest.NewProxy(t, server.URL)
	collected(t, proxy.URL)
	if err := proxy.Save(liveAnswers); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(names, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(liveNames, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// collected reads the account at a URL.
func collected(t *testing.T, url string) *haetae.Snapshot {
	t.Helper()
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
	} {
		t.Setenv(k, v)
	}
	quick := aws.Quotas{Default: aws.Quota{Rate: 1e6, Burst: 1e6}}
	client, session, err := aws.Open(t.Context(), aws.Options{Region: "eu-central-1", Quotas: &quick, Attempts: 1, Backoff: time.Millisecond, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s, err := collect.Snapshot(t.Context(), client, []collect.Account{{ID: session.Account, Session: session}}, collect.Options{
		Regions: []string{"eu-central-1"}, Time: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).Unix(), Pause: time.Millisecond,
		Redact: func(_, v string) any { return v },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// byName judges a snapshot: verdicts by control and resource.
func byName(t *testing.T, set *control.Set, sch *schema.Schema, snap *haetae.Snapshot) map[string]map[named]haetae.Status {
	t.Helper()
	out := map[string]map[named]haetae.Status{}
	for f, err := range set.Evaluate(graph.New(sch, graph.Assemble(sch, snap, graph.Options{}))) {
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Rule.ID] == nil {
			out[f.Rule.ID] = map[named]haetae.Status{}
		}
		out[f.Rule.ID][named{f.Resource.Type, f.Resource.ID}] = f.Status
	}
	return out
}

func decides(s haetae.Status) bool { return s == haetae.Pass || s == haetae.Fail }

// sameInThree compares what is said of an account with what is said of the
// template, resource by resource, and of the plan.
func sameInThree(t *testing.T, account *haetae.Snapshot, names map[string]named) {
	t.Helper()
	sch, set := builtIn(t)
	stack, err := template.Parse(readFile(t, "testdata/flawed/template.yaml"), "template.yaml", template.Options{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := terraform.Parse(readFile(t, "testdata/flawed/plan.json"), "plan.json", terraform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*haetae.Snapshot{stack, plan} {
		s.Time = account.Time
	}
	live := byName(t, set, sch, account)
	declared := byName(t, set, sch, stack)
	ofStack, ofPlan := verdicts(t, set, sch, stack), verdicts(t, set, sch, plan)
	both, failing := 0, 0
	for _, id := range slices.Sorted(maps.Keys(declared)) {
		if !slices.Equal(ofStack[id], ofPlan[id]) {
			continue // another test holds these two against each other
		}
		all, some, fails := true, false, false
		for _, logical := range slices.Sorted(maps.Keys(names)) {
			n := names[logical]
			want, ok := declared[id][named{n.Type, logical}]
			if !ok {
				continue
			}
			got := live[id][n]
			switch {
			case !decides(want) || !decides(got):
				all = false
			case got != want:
				t.Errorf("%s says %s of %s in the account, and %s of it in the template", id, got, logical, want)
			default:
				some, fails = true, fails || got == haetae.Fail
			}
		}
		if all && some {
			both++
			if fails {
				failing++
			}
		}
	}
	t.Logf("%d controls decide alike in all three forms, %d of them find something", both, failing)
	if both < enoughForms || failing < enoughForms/2 {
		t.Errorf("only %d controls decide in all three forms, %d of them with findings", both, failing)
	}
	for logical, n := range names {
		if !slices.ContainsFunc(stack.Resources, func(r *haetae.Resource) bool { return r.Type == n.Type && r.ID == logical }) {
			t.Errorf("live.py made %s %s, which the template has not", n.Type, logical)
		}
		if strings.TrimSpace(n.ID) == "" {
			t.Errorf("live.py does not say what %s became", logical)
		}
	}
}
