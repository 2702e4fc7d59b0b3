package detect_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/sigma"
)

var start = time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)

// call is an event of a user, some time after the start.
func call(id, user, name string, after time.Duration) *haetae.Event {
	at := start.Add(after)
	arn := "arn:aws:iam::111122223333:user/" + user
	return &haetae.Event{Log: haetae.CloudTrail, ID: id, Time: at, Account: "111122223333", Region: "us-east-1", Action: "s3:" + name, Outcome: haetae.CallSucceeded,
		Actor: haetae.Actor{Kind: haetae.UserActor, ID: arn, ARN: arn, Name: user, Account: "111122223333"},
		Raw:   fmt.Appendf(nil, `{"eventID":%q,"eventSource":"s3.amazonaws.com","eventName":%q,"eventTime":%q,"userIdentity":{"arn":%q}}`, id, name, at.Format(time.RFC3339), arn)}
}

func engine(t *testing.T, text string) *detect.Engine {
	t.Helper()
	own, err := sigma.Parse("rules.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	rules, refused := detect.NewRules(nil, own)
	e, more := detect.New(detect.Options{Rules: rules})
	if refused = append(refused, more...); len(refused) > 0 {
		t.Fatal(refused)
	}
	return e
}

const deletes = `title: An object deleted
id: delete
logsource: {product: aws, service: cloudtrail}
detection: {s: {eventName: DeleteObject}, condition: s}
level: low
tags: [attack.impact, attack.t1485]
`

const many = deletes + `---
title: Many deleted
id: many
correlation: {type: event_count, rules: [delete], group-by: [haetae.actor.id], timespan: 10m, condition: {gte: 3}}
generate: true
level: high
`

// said writes findings in short.
func said(list []*detect.Finding) []string {
	var out []string
	for _, f := range list {
		if f.Withdrawn {
			continue
		}
		out = append(out, fmt.Sprintf("%s %s %s %s+%s late=%t [%s]", f.Rule.ID, f.Kind, f.Actor.Name, f.First.Sub(start), f.Last.Sub(f.First), f.Late, strings.Join(f.Events, " ")))
	}
	return out
}

func feed(t *testing.T, e *detect.Engine, list ...*haetae.Event) []*detect.Finding {
	t.Helper()
	for _, x := range list {
		if err := e.Event(x); err != nil {
			t.Fatal(err)
		}
	}
	e.Flush()
	return e.Take()
}

func TestWhatARuleSaysOfOneActorWithinItsWindowIsOneFinding(t *testing.T) {
	got := said(feed(t, engine(t, deletes),
		call("1", "kim", "DeleteObject", 0), call("2", "lee", "DeleteObject", time.Minute), call("3", "kim", "DeleteObject", 50*time.Minute),
		call("4", "kim", "GetObject", 51*time.Minute), call("5", "kim", "DeleteObject", 109*time.Minute), call("6", "kim", "DeleteObject", 3*time.Hour)))
	want := []string{"delete rule kim 0s+1h49m0s late=false [1 3 5]", "delete rule lee 1m0s+0s late=false [2]", "delete rule kim 3h0m0s+0s late=false [6]"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestARecordCountsOnce(t *testing.T) {
	e := engine(t, many)
	got := said(feed(t, e, call("1", "kim", "DeleteObject", 0), call("1", "kim", "DeleteObject", 0), call("2", "kim", "DeleteObject", time.Second), call("1", "kim", "DeleteObject", 0)))
	if want := []string{"delete rule kim 0s+1s late=false [1 2]"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%s", got)
	}
	if s := e.Stats(); s.Read != 4 || s.Duplicate != 2 {
		t.Errorf("%+v", s)
	}
}

func TestALateRecordJoinsWhatItBelongsTo(t *testing.T) {
	e := engine(t, deletes)
	list := feed(t, e, call("1", "kim", "DeleteObject", 0), call("3", "kim", "DeleteObject", 100*time.Minute))
	if len(list) != 2 {
		t.Fatal(said(list))
	}
	after := feed(t, e, call("2", "kim", "DeleteObject", 50*time.Minute))
	if got := said(after); !reflect.DeepEqual(got, []string{"delete rule kim 0s+1h40m0s late=true [1 2 3]"}) {
		t.Fatal(got)
	}
	for _, f := range after {
		switch {
		case f.Withdrawn && f.ID != list[1].ID, !f.Withdrawn && (f.ID != list[0].ID || !reflect.DeepEqual(f.Replaces, []string{list[1].ID})):
			t.Errorf("%+v", f)
		}
	}
}

func TestACorrelationNamesWhoItIsAbout(t *testing.T) {
	got := said(feed(t, engine(t, many), call("1", "kim", "DeleteObject", 0), call("2", "kim", "DeleteObject", time.Minute), call("3", "kim", "DeleteObject", 2*time.Minute)))
	want := []string{"delete rule kim 0s+2m0s late=false [1 2 3]", "many window kim 0s+2m0s late=false [1 2 3]"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s", got)
	}
}

// TestTheOrderOfRecordsMakesNoDifference shuffles records within the time in which
// they are on time, takes what is found at random moments, and lays it over what was
// found before.
func TestTheOrderOfRecordsMakesNoDifference(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		var events []*haetae.Event
		for i := range 40 {
			events = append(events, call(fmt.Sprint(i), []string{"kim", "lee"}[rnd.IntN(2)], []string{"DeleteObject", "GetObject"}[rnd.IntN(2)], time.Duration(rnd.IntN(20*3600))*time.Second))
		}
		var want []string
		for try := range 3 {
			e := engine(t, many)
			found := map[string]*detect.Finding{}
			take := func() {
				for _, f := range e.Take() {
					for _, id := range f.Replaces {
						delete(found, id)
					}
					if delete(found, f.ID); !f.Withdrawn {
						found[f.ID] = f
					}
				}
			}
			for _, x := range events {
				if err := e.Event(x); err != nil {
					t.Fatal(err)
				}
				if rnd.IntN(5) == 0 {
					take()
				}
			}
			e.Flush()
			take()
			var list []*detect.Finding
			for _, f := range found {
				list = append(list, f)
			}
			detect.Sort(list)
			var got []string
			for _, f := range list {
				f.Late = false
				got = append(got, f.ID+" "+said([]*detect.Finding{f})[0])
			}
			if try == 0 {
				want = got
			} else if !reflect.DeepEqual(got, want) {
				t.Fatalf("round %d:\n%s\nwant\n%s", round, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			rnd.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		}
	}
}

func TestWhatNothingCanAddToIsForgotten(t *testing.T) {
	e := engine(t, deletes)
	feed(t, e, call("1", "kim", "DeleteObject", 0))
	e.Forget(start.Add(2 * time.Hour))
	got := said(feed(t, e, call("2", "kim", "DeleteObject", time.Minute)))
	if !reflect.DeepEqual(got, []string{"delete rule kim 1m0s+0s late=false [2]"}) {
		t.Error(got)
	}
}

func TestRulesSeeFlowsAndLookups(t *testing.T) {
	e := engine(t, `title: SSH from outside
id: ssh
logsource: {product: aws, service: vpcflow}
detection: {s: {dstport: 22, action: ACCEPT, haetae.flow.direction: ingress, haetae.peer.private: false, 'bytes|gte': 100}, condition: s}
---
title: Metadata
id: meta
logsource: {product: aws, service: route53resolver}
detection: {s: {answers.Rdata: 169.254.169.254, 'query_name|endswith': .example}, condition: s}
`)
	for i, dst := range []string{"10.0.0.1", "198.51.100.2"} {
		f := &haetae.Flow{Key: "f", Number: i, Has: haetae.FlowPorts | haetae.FlowProto | haetae.FlowBytes | haetae.FlowStart, Account: "1", Interface: "eni-1", Instance: "i-1",
			Src: netip.MustParseAddr("203.0.113.9"), Dst: netip.MustParseAddr(dst), SrcPort: 40000, DstPort: 22, Proto: 6, Bytes: 4000, Start: start.Unix(), Action: haetae.Accepted, Status: haetae.FlowOK}
		if i == 1 {
			f.Direction = "egress" // its peer is the address outside; it is not from there
		}
		if err := e.Flow(f); err != nil {
			t.Fatal(err)
		}
	}
	for i, answer := range []string{"169.254.169.254", "198.51.100.1"} {
		l := &haetae.Lookup{ID: fmt.Sprint("l", i), Time: start, Account: "1", Name: "x.example", Type: "A", Instance: "i-1", Answers: []haetae.Answer{{Data: answer, Type: "A"}}}
		if err := e.Lookup(l); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, f := range e.Take() {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", f.Rule.ID, f.Actor.ID, f.Peer.Addr, f.Targets, f.Events))
	}
	want := []string{"meta i-1 invalid IP [x.example] [l0]", "ssh i-1 203.0.113.9 [10.0.0.1:22] [f#0]"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestARuleWithTheIdOfAnotherIsRefused(t *testing.T) {
	own, err := sigma.Parse("mine.yml", []byte(deletes))
	if err != nil {
		t.Fatal(err)
	}
	_, refused := detect.NewRules([]*content.Detection{{ID: "delete", File: "theirs.yaml", Rules: own.Rules}}, own)
	if len(refused) != 1 || !strings.Contains(refused[0].Error(), "mine.yml:1") || !strings.Contains(refused[0].Error(), "theirs.yaml") {
		t.Error(refused)
	}
}

func BenchmarkEvent(b *testing.B) {
	own, err := sigma.Parse("rules.yml", []byte(many))
	if err != nil {
		b.Fatal(err)
	}
	rules, _ := detect.NewRules(nil, own)
	e, _ := detect.New(detect.Options{Rules: rules})
	x := call("", "kim", "GetObject", 0)
	b.ReportAllocs()
	b.SetBytes(int64(len(x.Raw)))
	for b.Loop() {
		if err := e.Event(x); err != nil {
			b.Fatal(err)
		}
	}
}
