package report

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// rows decodes the lines of an ndjson report.
func rows(t *testing.T, out string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(out) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, m)
	}
	return all
}

func TestNDJSONKeepsTheContract(t *testing.T) {
	r := fixture()
	got := rows(t, render(t, "ndjson", r, Options{All: true}))
	if len(got) != len(r.Findings)+len(r.Problems) {
		t.Fatalf("%d lines, want %d findings and %d problems", len(got), len(r.Findings), len(r.Problems))
	}
	for _, m := range got[:len(r.Findings)] {
		for _, k := range []string{"control", "status", "severity", "resource", "title", "reason", "missing", "aliases", "uid"} {
			if _, ok := m[k]; !ok {
				t.Errorf("no %s in %v", k, m)
			}
		}
		res := m["resource"].(map[string]any)
		for _, k := range []string{"type", "id", "arn", "account", "region"} {
			if _, ok := res[k]; !ok {
				t.Errorf("no resource.%s in %v", k, m)
			}
		}
		_, file := m["origin"]
		if file != (res["account"] == "") {
			t.Errorf("origin is for files: %v", m)
		}
	}
	broken, part := got[len(r.Findings)], got[len(r.Findings)+1]
	if broken["error"] == nil || broken["origin"].(map[string]any)["file"] != "stacks/broken.yaml" {
		t.Errorf("unreadable file is %v", broken)
	}
	if part["error"] != nil || part["warning"] == nil {
		t.Errorf("file read in part is %v", part)
	}
}

func TestNDJSONNamesTheFoldedChild(t *testing.T) {
	f := &fixture().Findings[1]
	got := newRow(f, "en")
	if len(got.Origins) != 1 || got.Origins[0] != (rowOrigin{"stacks/network & edge/bastion.yaml", 31, "BastionSsh"}) {
		t.Errorf("origins are %+v", got.Origins)
	}
	other := *f
	other.Evidence = nil
	if got := newRow(&other, "en"); len(got.Origins) != 1 {
		t.Errorf("without evidence origins are %+v, want all children", got.Origins)
	}
}

func TestOnlyFailedAndUnknownAreListedUnlessAllIsAskedFor(t *testing.T) {
	for _, m := range rows(t, render(t, "ndjson", fixture(), Options{})) {
		if s, ok := m["status"]; ok && s != "FAIL" && s != "UNKNOWN" {
			t.Errorf("status %v", s)
		}
	}
}

func TestJSONIsOneObjectWithTheSameRows(t *testing.T) {
	r := fixture()
	var got struct {
		Summary  map[string]any
		Coverage []any
		Problems []any
		Findings []map[string]any
	}
	if err := json.Unmarshal([]byte(render(t, "json", r, Options{All: true})), &got); err != nil {
		t.Fatal(err)
	}
	lines := rows(t, render(t, "ndjson", r, Options{All: true}))
	if len(got.Findings) != len(r.Findings) || len(got.Coverage) != len(r.Coverage) || len(got.Problems) != 2 || got.Summary["failed"] != float64(21) {
		t.Fatalf("summary %v, %d findings", got.Summary, len(got.Findings))
	}
	for i := range got.Findings {
		if got.Findings[i]["uid"] != lines[i]["uid"] {
			t.Errorf("finding %d differs from its line", i)
		}
	}
}

func TestASFFCallsHoldAHundredFindingsOfOnePlace(t *testing.T) {
	n := 0
	for line := range strings.Lines(render(t, "asff", large(3000), Options{All: true})) {
		var call struct{ Findings []asffFinding }
		if err := json.Unmarshal([]byte(line), &call); err != nil {
			t.Fatal(err)
		}
		if len(call.Findings) < 1 || len(call.Findings) > 100 {
			t.Errorf("%d findings in a call", len(call.Findings))
		}
		for _, f := range call.Findings {
			if f.AwsAccountID != call.Findings[0].AwsAccountID || f.Region != call.Findings[0].Region {
				t.Error("two places in a call")
			}
			n++
		}
	}
	if n != 3000 {
		t.Errorf("%d findings, want 3000", n)
	}
}

func TestASFFOfEachStatus(t *testing.T) {
	r := fixture()
	v := newView(r, Options{})
	want := map[haetae.Status]string{haetae.Fail: "FAILED", haetae.Pass: "PASSED", haetae.Undecided: "NOT_AVAILABLE", haetae.NotApplicable: "NOT_AVAILABLE"}
	for i := range r.Findings {
		f := &r.Findings[i]
		a := newASFF(v, f)
		if a.Compliance.Status != want[f.Status] {
			t.Errorf("%s is %s", f.Status, a.Compliance.Status)
		}
		if judged := f.Status == haetae.Fail || f.Status == haetae.Pass; judged != (len(a.Compliance.StatusReasons) == 0) {
			t.Errorf("%s has reasons %v", f.Status, a.Compliance.StatusReasons)
		}
		if (f.Suppressed != nil) != (a.Workflow != nil) {
			t.Errorf("workflow is %v", a.Workflow)
		}
	}
}

func TestASFFStandsInForTheAccountOfATemplate(t *testing.T) {
	f := &fixture().Findings[1]
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "arn:aws:securityhub:us-east-1:000000000000:product/000000000000/default"},
		{Options{Account: "999988887777", Region: "cn-north-1"}, "arn:aws-cn:securityhub:cn-north-1:999988887777:product/999988887777/default"},
	} {
		if got := newASFF(newView(fixture(), c.o), f).ProductArn; got != c.want {
			t.Errorf("product is %s, want %s", got, c.want)
		}
	}
}

func TestASFFTakesNoAccountOrRegionThatIsNone(t *testing.T) {
	v := newView(fixture(), Options{})
	for _, name := range append(hostiles(), "prod", "12345678901", "1111222233334") {
		f := &haetae.Finding{Rule: fixtureRules()[0], Status: haetae.Fail, Resource: live("AWS::S3::Bucket", "b", "", name, name+"!")}
		if a := newASFF(v, f); a.AwsAccountID != "000000000000" || a.Region != "us-east-1" {
			t.Errorf("%q makes account %q, region %q", name, a.AwsAccountID, a.Region)
		}
	}
}

func TestASFFHasNoEmptyText(t *testing.T) {
	f := &haetae.Finding{Rule: &haetae.Rule{ID: "r", Severity: haetae.Low}, Status: haetae.Undecided, Resource: &haetae.Resource{}, Missing: []string{""},
		Unknowns: []*haetae.Unknown{{}}, Suppressed: &haetae.Exception{}}
	out := string(encode(newASFF(newView(fixture(), Options{}), f)))
	if strings.Contains(out, `""`) {
		t.Errorf("empty text in %s", out)
	}
}

func TestASFFTypesAreItsOwnNames(t *testing.T) {
	for in, want := range map[string]string{
		"AWS::S3::Bucket":                           "AwsS3Bucket",
		"AWS::EC2::VPC":                             "AwsEc2Vpc",
		"AWS::RDS::DBInstance":                      "AwsRdsDbInstance",
		"AWS::ElasticLoadBalancingV2::LoadBalancer": "AwsElbv2LoadBalancer",
		"AWS::IAM::ManagedPolicy":                   "AwsIamPolicy",
		"Haetae::Account":                           "AwsAccount",
		"AWS::EC2::FlowLog":                         "Other",
	} {
		if got := asffType(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

func TestFilesBecomeURIReferences(t *testing.T) {
	for in, want := range map[string]string{
		"stacks/app.json":            "stacks/app.json",
		"./stacks//app.json":         "stacks/app.json",
		"stacks/network & edge/a.ym": "stacks/network%20&%20edge/a.ym",
		"100%/#1?.yaml":              "100%25/%231%3F.yaml",
		"a:b.yaml":                   "./a:b.yaml",
		"한글.yaml":                    "%ED%95%9C%EA%B8%80.yaml",
		"../up.yaml":                 "../up.yaml",
		"/abs/t.yaml":                "file:///abs/t.yaml",
		`C:\stacks\t.yaml`:           "file:///C:/stacks/t.yaml",
	} {
		got := fileURI(in)
		if got != want {
			t.Errorf("fileURI(%q) is %q, want %q", in, got, want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Error(err)
		}
	}
}

func TestSARIFResultsSayWhereAndHowSure(t *testing.T) {
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []sarifRule }
			}
			Invocations []struct{ ToolExecutionNotifications []sarifNotification }
			Results     []sarifResult
		}
	}
	r := fixture()
	if err := json.Unmarshal([]byte(render(t, "sarif", r, Options{All: true})), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != len(r.Findings) || len(run.Tool.Driver.Rules) != 12 || len(run.Invocations[0].ToolExecutionNotifications) != 4 {
		t.Fatalf("%d results, %d rules, %d notes", len(run.Results), len(run.Tool.Driver.Rules), len(run.Invocations[0].ToolExecutionNotifications))
	}
	kinds := map[haetae.Status]string{haetae.Fail: "fail", haetae.Pass: "pass", haetae.Undecided: "open", haetae.NotApplicable: "notApplicable"}
	for _, x := range run.Results {
		if run.Tool.Driver.Rules[x.RuleIndex].ID != x.RuleID || x.Fingerprints["haetae/v1"] == "" || x.Kind != kinds[x.Properties.Status] {
			t.Errorf("result is %+v", x)
		}
		if (x.Kind == "fail") == (x.Level == "none") {
			t.Errorf("%s has level %s", x.Kind, x.Level)
		}
		at := x.Locations[0]
		if live := x.Properties.Account != ""; live != (at.Physical == nil) || len(at.Logical) != 1 {
			t.Errorf("location is %+v", at)
		}
	}
	for _, x := range run.Results {
		if x.RuleID == "rds-instance-encrypted" && x.Kind == "fail" {
			if p := x.Locations[0].Physical; p.Artifact.URI != "stacks/app.json" || p.Region.StartLine != 52 {
				t.Errorf("the line is that of the resource, not of the property: %+v", p)
			}
		}
	}
	if got := sarifText("see [here](https://x)"); got != `see [here\](https://x)` {
		t.Errorf("text is %s", got)
	}
}

func TestTableEndsWithTheScore(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(render(t, "table", fixture(), Options{Width: 200})), "\n")
	want := "21 failed (14 CRITICAL, 3 HIGH, 3 MEDIUM, 1 INFORMATIONAL), 1 passed, 6 unknown (22% could not be judged), 1 suppressed, 1 not applicable, in 2 accounts, in 2 files"
	if got := lines[len(lines)-1]; got != want {
		t.Errorf("last line is %q", got)
	}
}

func TestTableColoursOnlyWhenAsked(t *testing.T) {
	if strings.Contains(render(t, "table", fixture(), Options{}), "\x1b") {
		t.Error("colours without Options.Color")
	}
	if !strings.Contains(render(t, "table", fixture(), Options{Color: true}), boldRed) {
		t.Error("no colours with Options.Color")
	}
}

func TestHTMLSpeaksBothLanguagesAndLeavesNothingOut(t *testing.T) {
	r := large(500)
	for _, lang := range []string{"en", "ko"} {
		page := render(t, "html", r, Options{All: true, Lang: lang})
		for _, f := range r.Findings {
			if !strings.Contains(page, ">"+f.Resource.ID+"<") {
				t.Fatalf("%s is not in the page", f.Resource.ID)
			}
			if !strings.Contains(page, escape(f.Rule.Title.EN)) || !strings.Contains(page, escape(f.Rule.Title.KO)) {
				t.Fatalf("%s lacks a language", f.Rule.ID)
			}
		}
		if !strings.Contains(page, `<html lang="`+lang+`">`) || !strings.Contains(page, `id="lang-`+lang+`" checked`) {
			t.Errorf("the page does not start in %s", lang)
		}
	}
	if page := render(t, "html", fixture(), Options{}); !strings.Contains(page, "1 passed and 1 not applicable results are counted above but not listed") {
		t.Error("the page does not say what is left out")
	}
}

func TestEveryTextHasBothLanguages(t *testing.T) {
	v := newView(fixture(), Options{})
	for _, m := range []haetae.Text{msgTitle, msgMore, msgLeftOut, msgMissingFor, msgShare, reasonText(haetae.Denied), reasonText(haetae.SecretKept)} {
		if m.EN == "" || m.KO == "" || v.in("ko").say(m) == v.in("en").say(m) {
			t.Errorf("%+v lacks a language", m)
		}
	}
}

func TestWhatNobodyListedIsOneRemarkInTheTable(t *testing.T) {
	why := &haetae.Unknown{Reason: haetae.NotAsked, Detail: "no output of `aws sqs list-queues` in the folder"}
	rule := &haetae.Rule{ID: "sqs-queue-encrypted", Title: haetae.Text{EN: "Queue is encrypted"}, Severity: haetae.Medium, Type: "AWS::SQS::Queue"}
	denied := &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"sns:ListTopics"}}
	r := &Report{
		Findings: []haetae.Finding{
			{Rule: rule, Status: haetae.Undecided, Resource: &haetae.Resource{Type: "AWS::SQS::Queue", ID: "*", Account: "111122223333"}, Unknowns: []*haetae.Unknown{why}, Missing: []string{"sqs:ListQueues"}},
			{Rule: &haetae.Rule{ID: "sns-topic-x", Severity: haetae.Medium}, Status: haetae.Undecided, Resource: &haetae.Resource{Type: "AWS::SNS::Topic", ID: "*", Account: "111122223333"}, Unknowns: []*haetae.Unknown{denied}, Missing: denied.Actions},
		},
		Coverage: []haetae.Coverage{
			{Account: "111122223333", Type: "AWS::SQS::Queue", Status: haetae.Missing, Reason: haetae.NotAsked},
			{Account: "111122223333", Type: "AWS::EC2::VPC", Status: haetae.Missing, Reason: haetae.NotAsked},
			{Account: "111122223333", Type: "AWS::SNS::Topic", Status: haetae.Missing, Reason: haetae.Denied, Actions: denied.Actions},
		},
	}
	for _, lang := range []string{"en", "ko"} {
		var b strings.Builder
		if err := Write(&b, "table", r, Options{Lang: lang}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if strings.Contains(text, "sqs-queue-encrypted") || !strings.Contains(text, "sns-topic-x") {
			t.Errorf("%s: the control whose type nobody listed has a block, or the denied one has none:\n%s", lang, text)
		}
		for _, want := range []string{"AWS::SQS::Queue, AWS::EC2::VPC", "sns:ListTopics", "haetae collect --script"} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("%s: %q is missing:\n%s", lang, want, text)
			}
		}
		if strings.Contains(text, "%!") {
			t.Errorf("%s: a message is broken:\n%s", lang, text)
		}
	}
}
