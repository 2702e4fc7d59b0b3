package detect_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/sequence"
	"github.com/haetae/haetae/sigma"
)

// whole is an engine that has everything: rules, correlations, a baseline, sequences.
func whole(t testing.TB) *detect.Engine {
	t.Helper()
	parse := func(file, text string) sigma.Rules {
		r, err := sigma.Parse(file, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	fresh := parse("new-region.yaml", "title: A new region\nid: new-region\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {eventName: GetObject}, condition: s}\nlevel: low\n")
	watch := regionBaseline()
	impact := parse("object-deleted.yaml", strings.ReplaceAll(deletes, "id: delete", "id: object-deleted"))
	detections := []*content.Detection{
		{ID: "new-region", Severity: haetae.Low, Signal: "initial-access", Rules: fresh.Rules, Baseline: &watch},
		{ID: "object-deleted", Severity: haetae.Medium, Signal: "impact", Rules: impact.Rules},
	}
	flows := "---\ntitle: SSH\nid: ssh\nlogsource: {product: aws, service: vpcflow}\ndetection: {s: {dstport: 22}, condition: s}\n"
	rules, refused := detect.NewRules(detections, parse("rules.yml", many+flows))
	b := address.Bare()
	e, more := detect.New(detect.Options{Rules: rules, Stateful: true, Remember: 25, Actors: actor.New(nil, b, actor.Options{}), Book: b, Sequences: []*sequence.Sequence{theft()}})
	if refused = append(refused, more...); len(refused) > 0 {
		t.Fatal(refused)
	}
	return e
}

// kept is what is stored: the state, and findings by id.
type kept struct {
	state    map[string][]byte
	findings map[string]string
}

// commit stores what an engine has to say and its state.
func (k *kept) commit(t testing.TB, e *detect.Engine) {
	t.Helper()
	for _, f := range e.Take() {
		if f.Withdrawn {
			delete(k.findings, f.ID)
			continue
		}
		for _, id := range f.Replaces {
			delete(k.findings, id)
		}
		data, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		k.findings[f.ID] = string(data)
	}
	err := e.Save(func(key string, value []byte) {
		if value == nil {
			delete(k.state, key)
		} else {
			k.state[key] = slices.Clone(value)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// resumed is an engine that takes up the state.
func (k *kept) resumed(t testing.TB) *detect.Engine {
	t.Helper()
	e := whole(t)
	for _, key := range slices.Sorted(maps.Keys(k.state)) {
		if err := e.Load(key, k.state[key]); err != nil {
			t.Fatal(err)
		}
	}
	if lost := e.Loaded(); len(k.state) > 0 && len(lost) > 0 {
		t.Fatalf("not taken up: %s", lost)
	}
	return e
}

// stream is what happens in three weeks, with doubles and records that come late.
func stream(rnd *rand.Rand) []any {
	var out []any
	at := time.Duration(0)
	for i := range 400 {
		at += time.Duration(rnd.IntN(3*3600)) * time.Second
		if rnd.IntN(4) == 0 {
			at -= time.Duration(rnd.IntN(3600)) * time.Second
		}
		id, user := fmt.Sprint("e", i), []string{"kim", "lee", "ops"}[rnd.IntN(3)]
		switch rnd.IntN(12) {
		case 0:
			x := call(id, user, "GetObject", at)
			x.Region = []string{"eu-west-1", "eu-west-2", "ap-south-1"}[rnd.IntN(3)]
			out = append(out, x)
		case 1:
			out = append(out, record(id, "kim", "sts", "AssumeRole", at, fmt.Sprintf(`,"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLEEXAMPLE%02d"}}`, i%100)))
		case 2:
			x := assumed(id, "DeleteObject", at)
			x.Actor.AccessKey = fmt.Sprintf("ASIAEXAMPLEEXAMPLE%02d", (i+rnd.IntN(6))%100)
			out = append(out, x)
		case 3:
			for n := range 3 {
				out = append(out, call(fmt.Sprint(id, "-", n), user, "DeleteObject", at+time.Duration(n)*time.Minute))
			}
		case 4:
			out = append(out, &haetae.Flow{Key: fmt.Sprint("f", i/20), Number: i, Has: haetae.FlowPorts | haetae.FlowStart, Account: "1", Interface: "eni-1", Instance: "i-1",
				Src: netip.MustParseAddr("203.0.113.9"), Dst: netip.MustParseAddr("10.0.0.1"), SrcPort: 4000, DstPort: 22, Start: start.Add(at).Unix(), Status: haetae.FlowOK})
		case 5:
			if len(out) > 0 { // once more
				out = append(out, out[len(out)-1-rnd.IntN(min(len(out), 5))])
			}
		default:
			out = append(out, call(id, user, "GetObject", at))
		}
	}
	return out
}

func give(t testing.TB, e *detect.Engine, x any) {
	t.Helper()
	var err error
	switch x := x.(type) {
	case *haetae.Event:
		c := *x // the engine fills it in
		err = e.Event(&c)
	case *haetae.Flow:
		err = e.Flow(x)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestAStateThatIsTakenUpGoesOnAsIfNothingHadHappened compares a run that is ended and
// taken up again and again with one that is only stored at the same moments.
func TestAStateThatIsTakenUpGoesOnAsIfNothingHadHappened(t *testing.T) {
	kinds := map[detect.Kind]int{}
	for round := range 25 {
		rnd := rand.New(rand.NewPCG(7, uint64(round)))
		list := stream(rnd)
		one, other := &kept{map[string][]byte{}, map[string]string{}}, &kept{map[string][]byte{}, map[string]string{}}
		steady, killed := whole(t), whole(t)
		for i, x := range list {
			give(t, steady, x)
			give(t, killed, x)
			if last := i == len(list)-1; last || rnd.IntN(2+round%20) == 0 {
				flush := last || rnd.IntN(9) == 0
				for _, e := range []*detect.Engine{steady, killed} {
					if flush {
						e.Flush()
					} else {
						e.Pause()
					}
				}
				one.commit(t, steady)
				other.commit(t, killed)
				killed = other.resumed(t)
			}
		}
		if a, b := steady.Stats(), killed.Stats(); a.Read != b.Read || a.Duplicate != b.Duplicate || a.Late != b.Late {
			t.Fatalf("round %d: %+v, want %+v", round, b, a)
		}
		if !maps.Equal(one.findings, other.findings) {
			for id, f := range one.findings {
				if other.findings[id] != f {
					t.Errorf("round %d: %s\nwant %s", round, other.findings[id], f)
				}
			}
			for id, f := range other.findings {
				if one.findings[id] == "" {
					t.Errorf("round %d: too much: %s", round, f)
				}
			}
			t.FailNow()
		}
		for _, text := range one.findings {
			var f struct{ Kind detect.Kind }
			if err := json.Unmarshal([]byte(text), &f); err != nil {
				t.Fatal(err)
			}
			kinds[f.Kind]++
		}
	}
	for _, k := range []detect.Kind{detect.ByRule, detect.ByWindow, detect.ByBaseline, detect.BySequence} {
		if kinds[k] == 0 {
			t.Errorf("no finding was of the kind %s: the test says nothing of it", k)
		}
	}
}

func TestAStateIsNotSavedBeforeWhatWasFoundIsTaken(t *testing.T) {
	e := whole(t)
	give(t, e, call("1", "kim", "DeleteObject", 0))
	if err := e.Save(func(string, []byte) {}); err == nil {
		t.Error("what was found would be lost, and it does not say so")
	}
}

func TestAStateThatIsBrokenIsRefused(t *testing.T) {
	for key, value := range map[string]string{"detect/clock": "{", "detect/seen/00000000/00000000": "short", "detect/span/x": `{"key":"a","finding":{"rule":"ssh"}}`, "else": "", "detect/who/x": "[]",
		"detect/flows/00000000/00000000": "{", "detect/correlations": "[]", "detect/waiting": "1"} {
		if err := whole(t).Load(key, []byte(value)); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
