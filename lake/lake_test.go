package lake

import (
	"bytes"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

// kept is a record as a test holds it: what it was given is valid for a moment only.
type kept struct {
	Event  *haetae.Event
	Flow   *haetae.Flow
	Lookup *haetae.Lookup
}

func keeping(to *[]kept) Taker {
	return Taker{
		Event: func(e *haetae.Event) error {
			x := *e
			x.Raw = slices.Clone(e.Raw)
			*to = append(*to, kept{Event: &x})
			return nil
		},
		Flow: func(f *haetae.Flow) error {
			x := *f
			*to = append(*to, kept{Flow: &x})
			return nil
		},
		Lookup: func(l *haetae.Lookup) error {
			x := *l
			x.Answers = slices.Clone(l.Answers)
			*to = append(*to, kept{Lookup: &x})
			return nil
		},
	}
}

// trailOf makes an event of a record as far as a test of this package needs it.
func trailOf(raw []byte, e *haetae.Event) error {
	var r struct{ EventID, EventTime, EventName string }
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, r.EventTime)
	*e = haetae.Event{Log: haetae.CloudTrail, ID: r.EventID, Time: at, Action: r.EventName, Raw: raw}
	return err
}

var noon = time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)

func trailEvent(id string, at time.Time, more string) *haetae.Event {
	raw := `{"eventVersion":"1.11","eventID":"` + id + `","eventTime":"` + at.Format(time.RFC3339) + `","eventName":"GetObject"` + more + `}`
	return &haetae.Event{Place: haetae.Place{File: "AWSLogs/1/x.json.gz", Line: 7}, Log: haetae.CloudTrail, ID: id, Time: at, Account: "111122223333", Region: "us-east-1",
		Action: "GetObject", Ingested: at.Add(time.Minute), Raw: []byte(raw)}
}

func wafEvent(id string, at time.Time) *haetae.Event {
	return &haetae.Event{Place: haetae.Place{File: "waf.log", Line: 3}, Log: haetae.WAF, ID: id, Time: at, Account: "111122223333", Region: "us-east-1",
		Actor: haetae.Actor{Kind: haetae.AnonymousActor, ID: "anonymous", Chain: []string{"a", "b"}, MFA: true, Tags: map[string]string{"k": "v"}}, Action: "waf:BLOCK",
		Targets: []string{"acl", "alb"}, Outcome: haetae.CallDenied, Error: "rule", Peer: haetae.Peer{Addr: netip.MustParseAddr("2001:db8::1"), Country: "KR", Agent: "curl"},
		Raw: []byte(`{"timestamp":1762776000123,"webaclId":"acl","httpRequest":{"clientIp":"2001:db8::1","headers":[{"name":"a","value":"\"\u00e9\""}]},"action":"BLOCK","new":{"x":[1,2.50]}}`)}
}

func sameJSON(t *testing.T, what string, got, want []byte) {
	t.Helper()
	decode := func(b []byte) (v any) {
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v in %s", what, err, b)
		}
		return numbers(v)
	}
	if g, w := decode(got), decode(want); !reflect.DeepEqual(g, w) {
		t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
	}
}

// numbers makes numbers that are the same be written the same: 1.0 is 1.
func numbers(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			x[k] = numbers(x[k])
		}
	case []any:
		for i := range x {
			x[i] = numbers(x[i])
		}
	case json.Number:
		if strings.ContainsAny(x.String(), "eE") {
			return x
		}
		if r, ok := new(big.Rat).SetString(x.String()); ok {
			return r.RatString()
		}
	}
	return v
}

func write(t *testing.T, dir string, records ...any) []haetae.LakeFile {
	t.Helper()
	w, err := NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		switch x := r.(type) {
		case *haetae.Event:
			err = w.Event(x)
		case *haetae.Flow:
			err = w.Flow(x)
		case *haetae.Lookup:
			err = w.Lookup(x)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := w.Flush()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, dir string, files []haetae.LakeFile, opt ReadOptions) []kept {
	t.Helper()
	var out []kept
	opt.Trail = trailOf
	if err := Read(t.Context(), dir, files, opt, keeping(&out)); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatWasWrittenIsReadAgain(t *testing.T) {
	trail := trailEvent("e1", noon, `,"userIdentity":{"type":"AssumedRole","arn":"a","sessionContext":{"attributes":{},"sessionIssuer":{"userName":"r","new":1}},"odd":null},`+
		`"requestParameters":null,"readOnly":true,"resources":[{"ARN":"x"}],"responseElements":{"a":1.0},"later":[1]`)
	waf := wafEvent("w1", noon.Add(time.Second+123456*time.Microsecond))
	alb := &haetae.Event{Place: haetae.Place{File: "k", Line: 9}, Log: haetae.ALBAccess, ID: "k#9", Time: noon.Add(2 * time.Second), Action: "x",
		Raw: []byte(`{"type":"https","client_port":443,"request_processing_time":0.000,"target_processing_time":1e3,"elb_status_code":9223372036854775808,"user_agent":"a\"b\\c\u0001"}`)}
	flow := &haetae.Flow{Place: haetae.Place{File: "f.gz", Line: 4}, Key: "AWSLogs/f.gz", Number: 2, Has: haetae.FlowProto | haetae.FlowStart | haetae.FlowBytes | haetae.FlowSrcPort,
		Account: "1", Region: "r", VPC: "v", Interface: "eni-1", Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("2001:db8::2"), SrcPort: 65535, Proto: 0,
		Bytes: 1<<64 - 1, Start: noon.Unix() + 3, Action: haetae.Accepted, Status: haetae.FlowOK, Direction: "egress"}
	lookup := &haetae.Lookup{Place: haetae.Place{File: "d", Line: 5}, ID: "d#5", Time: noon.Add(4*time.Second + 1), Account: "1", Region: "r", VPC: "v", Name: "example.com", Type: "A", Class: "IN",
		Code: "NOERROR", Answers: []haetae.Answer{{Data: "192.0.2.1", Type: "A", Class: "IN"}, {}}, Src: netip.MustParseAddr("10.0.0.2"), SrcPort: 53, Transport: "UDP", Instance: "i-1",
		FirewallAction: "BLOCK", FirewallGroup: "g", FirewallList: "l"}
	hub := &haetae.Flow{Place: haetae.Place{File: "t.gz", Line: 2}, Key: "t.gz", Number: 1, Has: haetae.FlowEnd | haetae.FlowFlags, Account: "1", Region: "r", Hub: "tgw-1", Attach: "tgw-attach-1",
		End: noon.Unix() + 60, TCPFlags: haetae.FlagSYN, Status: haetae.NoFlows, SrcService: "S3"}
	dir := t.TempDir()
	files := write(t, dir, lookup, flow, alb, waf, trail, hub)
	if len(files) != 6 {
		t.Fatalf("%d files, want one for each log: %v", len(files), files)
	}
	got := read(t, dir, files, ReadOptions{})
	if len(got) != 6 {
		t.Fatalf("%d records, want 6", len(got))
	}
	for i, want := range []*haetae.Event{trail, waf, alb} {
		e := got[i].Event
		if e == nil {
			t.Fatalf("record %d is %+v, want an event", i, got[i])
		}
		sameJSON(t, string(want.Log), e.Raw, want.Raw)
		x, y := *e, *want
		x.Raw, y.Raw = nil, nil
		if !reflect.DeepEqual(x, y) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", want.Log, x, y)
		}
	}
	if f := got[3].Flow; f == nil || !reflect.DeepEqual(f, flow) {
		t.Errorf("flow:\ngot  %+v\nwant %+v", f, flow)
	}
	if l := got[4].Lookup; l == nil || !reflect.DeepEqual(l, lookup) {
		t.Errorf("query:\ngot  %+v\nwant %+v", l, lookup)
	}
	if f := got[5].Flow; f == nil || !reflect.DeepEqual(f, hub) {
		t.Errorf("flow of a transit gateway:\ngot  %+v\nwant %+v", f, hub)
	}
}

func TestRecordsComeInTheOrderOfTimeFromAllFiles(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	var files []haetae.LakeFile
	n := 0
	for range 5 {
		w, err := NewWriter(dir)
		if err != nil {
			t.Fatal(err)
		}
		w.limit = 40 << 10 // many row groups
		for range 3000 {
			n++
			at := noon.Add(time.Duration(r.IntN(36*3600)) * time.Second)
			e := wafEvent("id"+time.Duration(n).String(), at)
			if n%2 == 0 {
				e = trailEvent("id"+time.Duration(n).String(), at, "")
			}
			e.Account = []string{"1", "2", "3"}[r.IntN(3)]
			if err := w.Event(e); err != nil {
				t.Fatal(err)
			}
		}
		list, err := w.Flush()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, list...)
	}
	all := read(t, dir, files, ReadOptions{})
	if len(all) != n {
		t.Fatalf("%d records, want %d", len(all), n)
	}
	ids := map[string]bool{}
	for i, x := range all {
		ids[x.Event.ID] = true
		if i > 0 && x.Event.Time.Before(all[i-1].Event.Time) {
			t.Fatalf("record %d is of %s, after one of %s", i, x.Event.Time, all[i-1].Event.Time)
		}
	}
	if len(ids) != n {
		t.Errorf("%d ids, want %d", len(ids), n)
	}
	since, until := noon.Add(5*time.Hour), noon.Add(13*time.Hour)
	want := 0
	for _, x := range all {
		if !x.Event.Time.Before(since) && x.Event.Time.Before(until) {
			want++
		}
	}
	if got := read(t, dir, files, ReadOptions{Since: since, Until: until}); len(got) != want {
		t.Errorf("%d records from %s to %s, want %d", len(got), since, until, want)
	}
}

func TestFlowsOfAnObjectKeepTheirOrder(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(3, 4))
	var all []any
	midnight := noon.Truncate(day).Add(day)
	for key := range 3 {
		for n := range 400 {
			all = append(all, &haetae.Flow{Key: string(rune('a' + key)), Number: n + 1, Has: haetae.FlowStart, Start: midnight.Unix() - 300 + int64(n+r.IntN(200)), Status: haetae.FlowOK})
		}
	}
	files := write(t, dir, all...)
	if len(files) != 2 {
		t.Fatalf("%d files, want one for each day", len(files))
	}
	last := map[string]int{}
	got := read(t, dir, files, ReadOptions{})
	for _, x := range got {
		if x.Flow.Number <= last[x.Flow.Key] {
			t.Fatalf("record %d of %s came after %d", x.Flow.Number, x.Flow.Key, last[x.Flow.Key])
		}
		last[x.Flow.Key] = x.Flow.Number
	}
	if len(got) != len(all) {
		t.Errorf("%d records, want %d", len(got), len(all))
	}
}

func TestAFileThatIsNotWhatWasWrittenEndsTheReading(t *testing.T) {
	dir := t.TempDir()
	files := write(t, dir, wafEvent("w", noon))
	gone := files[0]
	gone.Path = "waf/none.parquet"
	shorter := files[0]
	shorter.Bytes--
	for name, f := range map[string]haetae.LakeFile{"one that is gone": gone, "one of another size": shorter} {
		err := Read(t.Context(), dir, []haetae.LakeFile{f}, ReadOptions{}, Taker{})
		if err == nil || !strings.Contains(err.Error(), f.Path) || haetae.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecordsOfManyDaysAreKeptWithFewFilesOpen(t *testing.T) {
	dir := t.TempDir()
	w, err := NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	add := func(n int, at time.Time) {
		t.Helper()
		if err := w.Event(wafEvent(time.Duration(n).String(), at)); err != nil {
			t.Fatal(err)
		}
		if len(w.parts) > filesOpen {
			t.Fatalf("%d files are open", len(w.parts))
		}
	}
	days := 3 * filesOpen
	for n := range days {
		add(n, noon.Add(time.Duration(n)*day))
	}
	add(days, noon.Add(time.Minute)) // late: its day has a second file
	if got := w.Files(); got != days+1 {
		t.Errorf("%d files, want %d", got, days+1)
	}
	files, err := w.Flush()
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, files, ReadOptions{}); len(files) != days+1 || len(got) != days+1 {
		t.Errorf("%d files and %d records, want %d", len(files), len(got), days+1)
	}
	for n := range days {
		add(n, noon.Add(time.Duration(n)*day))
	}
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, err := Orphans(dir, files, time.Time{}); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestWhatIsDiscardedIsNotThere(t *testing.T) {
	dir := t.TempDir()
	w, err := NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.limit = 1
	for i := range 5000 {
		if err := w.Event(wafEvent(time.Duration(i).String(), noon.Add(time.Duration(i)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := Orphans(dir, nil, time.Time{}); err != nil || len(left) == 0 {
		t.Fatalf("nothing was written: %v, %v", left, err)
	}
	if err := w.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, err := Orphans(dir, nil, time.Time{}); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAnIDWithTheNumberOfItsRecordIsKeptOnce(t *testing.T) {
	for _, c := range []struct {
		id    string
		line  int
		short string
	}{{"k#9", 9, "k#"}, {"k#19", 9, "k#19"}, {"k#", 9, "k##"}, {"k##9", 9, "k##9"}, {"", 9, ""}, {"a##", 1, "a###"}, {"#1", 1, "#"}} {
		if got := shortID(c.id, c.line); got != c.short || longID(got, c.line) != c.id {
			t.Errorf("%q, %d: %q, and again %q", c.id, c.line, got, longID(got, c.line))
		}
	}
}
