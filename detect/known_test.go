package detect_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/baseline"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/sequence"
	"github.com/haetae/haetae/sigma"
)

// knowing is an engine that knows a few addresses and names.
func knowing(t *testing.T, text string, detections []*content.Detection, sequences ...*sequence.Sequence) *detect.Engine {
	t.Helper()
	own, err := sigma.Parse("rules.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b := address.Bare()
	for name, list := range map[string]string{"bad": "203.0.113.66\nbad.example\n"} {
		if _, err := b.AddList(name, []byte(list)); err != nil {
			t.Fatal(err)
		}
	}
	b.AddOwn(netip.MustParsePrefix("198.51.100.0/24"), "eipalloc-1")
	b.AddRanges(address.Source{Name: "test"}, []address.Range{address.RangeOf(netip.MustParsePrefix("203.0.113.0/24"), address.Facts{Country: "KR", ASN: 64500, Org: "o", Cloud: "c"})})
	rules, refused := detect.NewRules(detections, own)
	e, more := detect.New(detect.Options{Rules: rules, Actors: actor.New(nil, b, actor.Options{}), Book: b, Sequences: sequences})
	if refused = append(refused, more...); len(refused) > 0 {
		t.Fatal(refused)
	}
	return e
}

// record is an event of CloudTrail with further members.
func record(id, user, service, name string, after time.Duration, members string) *haetae.Event {
	e := call(id, user, name, after)
	e.Action = service + ":" + name
	e.Raw = fmt.Appendf(nil, `{"eventID":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"eventTime":%q,"userIdentity":{"arn":%q}%s}`,
		id, service, name, e.Time.Format(time.RFC3339), e.Actor.ARN, members)
	return e
}

const grant = `,"requestParameters":{"bucketName":"b","bucketPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999900001111:root"},"Action":"s3:Get*","Resource":"*"}]}}`

func TestEveryDerivedFieldIsNamed(t *testing.T) {
	for _, f := range detect.Fields() {
		e := knowing(t, fmt.Sprintf("title: T\nid: r\nlogsource: {product: aws}\ndetection: {s: {'%s|exists': true}, condition: s}\n", f), nil)
		made := record("0", "boss", "iam", "CreateAccessKey", 0, `,"responseElements":{"accessKey":{"accessKeyId":"AKIAEXAMPLEEXAMPLE01","userName":"kim"}}`)
		feed(t, e, made)
		ev := record("1", "kim", "s3", "PutBucketPolicy", time.Second, grant)
		ev.Targets, ev.Peer = []string{"t"}, haetae.Peer{Addr: netip.MustParseAddr("203.0.113.66"), Name: "n", Endpoint: "e", EndpointAccount: "a", Agent: "aws-cli/2"}
		ev.Actor = haetae.Actor{Kind: "user", ID: "i", ARN: "a", Account: "1", Name: "n", Session: "s", Chain: []string{"c"}, Through: "t", AccessKey: "AKIAEXAMPLEEXAMPLE01", Owner: "o"}
		if err := e.Event(ev); err != nil {
			t.Fatal(err)
		}
		// From whom a session came is found out for real only.
		if f == "haetae.actor.chain" {
			assume := record("2", "boss", "sts", "AssumeRole", 0, `,"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLEEXAMPLE02"}}`)
			ev := record("3", "kim", "s3", "X", time.Minute, "")
			ev.Actor.Kind, ev.Actor.AccessKey = haetae.RoleActor, "ASIAEXAMPLEEXAMPLE02"
			feed(t, e, assume)
			e.Take()
			if err := e.Event(ev); err != nil {
				t.Fatal(err)
			}
		}
		fl := &haetae.Flow{Has: haetae.FlowPorts, Src: netip.MustParseAddr("8.8.8.8"), Dst: netip.MustParseAddr("10.0.0.1"), Status: haetae.FlowOK, Account: "1", Region: "r", Interface: "eni-1"}
		if err := e.Flow(fl); err != nil {
			t.Fatal(err)
		}
		l := &haetae.Lookup{ID: "l", Time: start, Account: "1", Name: "abc.bad.example", Answers: []haetae.Answer{{Data: "203.0.113.66", Type: "A"}}}
		if err := e.Lookup(l); err != nil {
			t.Fatal(err)
		}
		if len(e.Take()) == 0 {
			t.Errorf("no record has %s", f)
		}
	}
}

func TestWhatIsDerivedOfARecord(t *testing.T) {
	for _, c := range []struct{ name, members, field, want string }{
		{"a policy for another account", grant, "grants.external", "999900001111"},
		{"a policy of the account itself", strings.ReplaceAll(grant, "999900001111", "111122223333"), "grants.external", ""},
		{"a policy that is not public", grant, "grants.public", "false"},
		{"a policy as a text", `,"requestParameters":{"policyDocument":"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"}`, "grants.admin", "true"},
		{"a policy that allows all of one service", `,"requestParameters":{"policyDocument":"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}}"}`, "grants.admin", "false"},
		{"a policy that denies all", `,"requestParameters":{"policyDocument":"{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}"}`, "grants.admin", "false"},
		{"everybody, with no condition", `,"requestParameters":{"policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\"}}"}`, "grants.public", "true"},
		{"everybody of one organisation", `,"requestParameters":{"policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sqs:SendMessage\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}}}}"}`, "grants.public", "false"},
		{"a snapshot for all", `,"requestParameters":{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"group":"all"}]}}}`, "grants.public", "true"},
		{"a snapshot no longer for all", `,"requestParameters":{"snapshotId":"snap-1","createVolumePermission":{"remove":{"items":[{"group":"all"}]}}}`, "grants.public", ""},
		{"a snapshot for an account", `,"requestParameters":{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"userId":"999900001111"}]}}}`, "grants.accounts", "999900001111"},
		{"a call that gives nothing", `,"requestParameters":{"userName":"kim"}`, "grants.public", ""},
	} {
		e := knowing(t, fmt.Sprintf("title: T\nid: r\nlogsource: {product: aws}\ndetection: {s: {'haetae.%s': '%s'}, condition: s}\n---\ntitle: U\nid: u\nlogsource: {product: aws}\ndetection: {s: {'haetae.%s|exists': true}, condition: s}\n", c.field, c.want, c.field), nil)
		got := said(feed(t, e, record("1", "kim", "x", "Y", 0, c.members)))
		want := 2
		if c.want == "" {
			want = 0
		}
		if len(got) != want {
			t.Errorf("%s: %s is not %q: %s", c.name, c.field, c.want, got)
		}
	}
	for _, c := range []struct{ name, field, want string }{
		{"abc.def.bad.example", "domain.lists", "bad"}, {"abc.def.bad.example", "domain.base", "bad.example"}, {"abc.def.bad.example", "domain.longest", "3"},
		{"abc.def.bad.example", "domain.labels", "4"}, {"abc.def.bad.example", "answer.private", "true"}, {"abc.def.bad.example", "answer.own", "true"},
	} {
		e := knowing(t, fmt.Sprintf("title: T\nid: r\nlogsource: {product: aws}\ndetection: {s: {'haetae.%s': '%s'}, condition: s}\n", c.field, c.want), nil)
		l := &haetae.Lookup{ID: "l", Time: start, Account: "1", Name: c.name, Answers: []haetae.Answer{{Data: "10.0.0.1", Type: "A"}, {Data: "198.51.100.9", Type: "A"}}}
		if err := e.Lookup(l); err != nil {
			t.Fatal(err)
		}
		if got := e.Take(); len(got) != 1 {
			t.Errorf("%s of %s is not %q", c.field, c.name, c.want)
		}
	}
}

// region is a detection of regions that an actor never used.
func region(t *testing.T, signal string) *content.Detection {
	t.Helper()
	own, err := sigma.Parse("new-region.yaml", []byte("title: A new region\nid: new-region\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {eventName: GetObject}, condition: s}\nlevel: low\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := regionBaseline()
	return &content.Detection{ID: "new-region", Severity: haetae.Low, Signal: signal, Rules: own.Rules, Baseline: &b}
}

func regionBaseline() content.Baseline {
	return content.Baseline{Profile: baseline.Profile{ID: "new-region", By: []string{"haetae.actor.id"}, Of: []string{"haetae.region"}, Kind: baseline.FirstSeen}}
}

func TestABaselineSpeaksOnlyOfWhatIsNewAndSaysWhy(t *testing.T) {
	e := knowing(t, "", []*content.Detection{region(t, "")})
	var all []*haetae.Event
	for day := range 20 {
		x := call(fmt.Sprint(day), "kim", "GetObject", time.Duration(day)*24*time.Hour)
		if day == 3 || day == 18 || day == 19 {
			x.Region = fmt.Sprint("eu-west-", day)
		}
		all = append(all, x)
	}
	got := feed(t, e, all...)
	if want := []string{"new-region baseline kim 432h0m0s+0s late=false [18]", "new-region baseline kim 456h0m0s+0s late=false [19]"}; !reflect.DeepEqual(said(got), want) {
		t.Fatalf("%q, want %q", said(got), want)
	}
	if got[0].Kind != detect.ByBaseline || !strings.Contains(got[0].Why, "eu-west-18 is new to arn:aws:iam::111122223333:user/kim") {
		t.Errorf("%s: %q", got[0].Kind, got[0].Why)
	}
	if n := e.Stats().Learning; n != 2 {
		t.Errorf("%d records came while learning, want those of days 0 and 3", n)
	}
}

// theft is a sequence of a way in and a way out.
func theft() *sequence.Sequence {
	text := haetae.Text{EN: "t"}
	return &sequence.Sequence{ID: "theft", Title: text, Description: text, Response: text, Join: []string{"entities"},
		Parts:      []sequence.Part{{Tactic: "initial-access", Weight: 2}, {Tactic: "impact", Weight: 2}},
		MinTactics: 2, Windows: []sequence.Window{{Within: 24 * time.Hour, Threshold: 2.5}}, Severities: []sequence.Step{{From: 0, Severity: haetae.High}}}
}

func TestSignalsOfOneActorMakeASequence(t *testing.T) {
	own, err := sigma.Parse("object-deleted.yaml", []byte(strings.ReplaceAll(deletes, "id: delete", "id: object-deleted")))
	if err != nil {
		t.Fatal(err)
	}
	impact := &content.Detection{ID: "object-deleted", Severity: haetae.Medium, Signal: "impact", Rules: own.Rules}
	var days []*haetae.Event
	for day := range 16 {
		days = append(days, call(fmt.Sprint(day), "kim", "GetObject", time.Duration(day)*24*time.Hour))
	}
	last := 15 * 24 * time.Hour
	away := call("away", "kim", "GetObject", last+time.Hour)
	away.Region = "eu-west-9"
	for _, c := range []struct {
		name string
		then []*haetae.Event
		want []string
	}{
		{"the same user", []*haetae.Event{away, call("gone", "kim", "DeleteObject", last+2*time.Hour)}, []string{"theft [away gone] high"}},
		{"another user", []*haetae.Event{away, call("gone", "lee", "DeleteObject", last+2*time.Hour)}, nil},
		{"a service", []*haetae.Event{away, func() *haetae.Event {
			x := call("gone", "kim", "DeleteObject", last+2*time.Hour)
			x.Actor.Kind = haetae.ServiceActor
			return x
		}()}, nil},
		{"the way in alone", []*haetae.Event{away}, nil},
	} {
		e := knowing(t, "", []*content.Detection{region(t, "initial-access"), impact}, theft())
		var got []string
		for _, f := range feed(t, e, append(append([]*haetae.Event{}, days...), c.then...)...) {
			if f.Kind == detect.BySequence && !f.Withdrawn {
				got = append(got, fmt.Sprintf("%s %s %s", f.Rule.ID, f.Events, strings.ToLower(f.Severity.String())))
				if f.Actor.ID != "arn:aws:iam::111122223333:user/kim" || f.Actor.Kind != haetae.UserActor || f.Account != "111122223333" {
					t.Errorf("%s: it is of %+v", c.name, f.Actor)
				}
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// assumed is an event with a key that AssumeRole gave out.
func assumed(id, name string, after time.Duration) *haetae.Event {
	x := call(id, "ops", name, after)
	x.Actor = haetae.Actor{Kind: haetae.RoleActor, ID: "arn:aws:iam::111122223333:role/ops", ARN: "arn:aws:sts::111122223333:assumed-role/ops/s", Account: "111122223333", Name: "ops", Session: "s", AccessKey: "ASIAEXAMPLEEXAMPLE01"}
	return x
}

func TestAnAttackIsFollowedThroughARoleWhoseBeginningComesLate(t *testing.T) {
	own, err := sigma.Parse("object-deleted.yaml", []byte(strings.ReplaceAll(deletes, "id: delete", "id: object-deleted")))
	if err != nil {
		t.Fatal(err)
	}
	impact := &content.Detection{ID: "object-deleted", Severity: haetae.High, Signal: "impact", Rules: own.Rules}
	in, err := sigma.Parse("signed-in.yaml", []byte("title: Sign-in\nid: signed-in\nlogsource: {product: aws}\ndetection: {s: {eventName: ConsoleLogin}, condition: s}\nlevel: high\n"))
	if err != nil {
		t.Fatal(err)
	}
	enter := &content.Detection{ID: "signed-in", Severity: haetae.High, Signal: "initial-access", Rules: in.Rules}
	login := call("in", "kim", "ConsoleLogin", 0)
	assume := record("assume", "kim", "sts", "AssumeRole", time.Minute, `,"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLEEXAMPLE01"}}`)
	gone := assumed("gone", "DeleteObject", 2*time.Minute)
	for _, order := range [][]*haetae.Event{{login, assume, gone}, {login, gone, assume}, {gone, login, assume}} {
		e := knowing(t, "", []*content.Detection{enter, impact}, theft())
		found := false
		for _, f := range feed(t, e, order...) {
			switch {
			case f.Kind == detect.BySequence:
				found = reflect.DeepEqual(f.Events, []string{"in", "gone"})
			case f.Rule.ID == "object-deleted" && !reflect.DeepEqual(f.Actor.Chain, []string{"arn:aws:iam::111122223333:user/kim"}):
				t.Errorf("the session came from %s", f.Actor.Chain)
			}
		}
		if !found {
			t.Errorf("%s, %s, %s: no sequence", order[0].ID, order[1].ID, order[2].ID)
		}
	}
}

func TestAFlowIsKnownByTheNameThatItsAddressWasFoundBy(t *testing.T) {
	e := knowing(t, "title: T\nid: r\nlogsource: {product: aws, service: vpcflow}\ndetection: {s: {haetae.peer.lists: bad}, condition: s}\n", nil)
	flow := func(n int, to string) *haetae.Flow {
		return &haetae.Flow{Key: "f", Number: n, Has: haetae.FlowPorts, Account: "1", Interface: "eni-1", Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr(to), SrcPort: 40000, DstPort: 443, Start: start.Unix(), Status: haetae.FlowOK, Direction: "egress"}
	}
	give(t, e, flow(1, "192.0.2.7"))
	for id, name := range map[string]string{"a": "pool.bad.example", "b": "www.example.com"} {
		l := &haetae.Lookup{ID: id, Time: start, Account: "1", Name: name, Answers: []haetae.Answer{{Data: map[string]string{"a": "192.0.2.7", "b": "192.0.2.8"}[id], Type: "A"}}}
		if err := e.Lookup(l); err != nil {
			t.Fatal(err)
		}
	}
	give(t, e, flow(2, "192.0.2.7"))
	give(t, e, flow(3, "192.0.2.8"))
	if got := said(e.Take()); !reflect.DeepEqual(got, []string{"r rule  0s+0s late=false [f#2]"}) && len(got) != 1 {
		t.Errorf("%q", got)
	}
}
