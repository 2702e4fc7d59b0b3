package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

// held is all that was read of some files.
type held struct {
	events  []haetae.Event
	lookups []haetae.Lookup
	flows   []haetae.Flow
	stats   Stats
	sources []Source
}

// taker keeps what it is given.
func (h *held) taker() Taker {
	return Taker{
		Event: func(e *haetae.Event) error {
			c := *e
			c.Raw = bytes.Clone(e.Raw)
			h.events = append(h.events, c)
			return nil
		},
		Flow: func(f *haetae.Flow) error { h.flows = append(h.flows, *f); return nil },
		Lookup: func(l *haetae.Lookup) error {
			c := *l
			c.Answers = slices.Clone(l.Answers)
			h.lookups = append(h.lookups, c)
			return nil
		},
	}
}

// object reads a text as the object of a key.
func readKey(t testing.TB, key, text string, opt ReadOptions) *held {
	t.Helper()
	h := &held{}
	opt.Done = func(s Source) error { h.sources = append(h.sources, s); return nil }
	o := Object{Name: "s3://b/" + key, Key: key, Size: int64(len(text)), Body: strings.NewReader(text)}
	if err := ReadObject(context.Background(), o, opt, &h.stats, h.taker()); err != nil {
		t.Fatal(err)
	}
	for i := range h.events {
		e := &h.events[i]
		if !json.Valid(e.Raw) || e.Raw[0] != '{' {
			t.Errorf("%s: Raw is no object: %s", key, e.Raw)
		}
		if e.ID == "" || e.Time.IsZero() || e.Place.Line == 0 || e.Log == "" || e.Action == "" {
			t.Errorf("%s: an event without what each has: %+v", key, e)
		}
		if _, err := e.Time.MarshalJSON(); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if n := len(h.events) + len(h.lookups) + len(h.flows); n != h.stats.Records-h.stats.Outside {
		t.Errorf("%s: %d records were given, counted %d", key, n, h.stats.Records)
	}
	return h
}

// said is an event in one line.
func said(e haetae.Event) string {
	peer := e.Peer.Name
	if e.Peer.Addr.IsValid() {
		peer = e.Peer.Addr.String()
	}
	who := string(e.Actor.Kind) + " " + e.Actor.ID
	if e.Actor.Session != "" {
		who += " as " + e.Actor.Session
	}
	return fmt.Sprintf("%s %s %s/%s | %s | %s | %s | %s %s | %s", e.Log, e.Time.Format(time.RFC3339Nano), e.Account, e.Region, who, e.Action,
		strings.Join(e.Targets, ", "), e.Outcome, e.Error, strings.TrimSpace(peer+" "+e.Peer.Agent))
}

// example is one record of a format and what becomes of it.
type example struct {
	name, key, text, want string
	raw                   map[string]any // members that Raw has
}

// check reads each example and compares.
func check(t *testing.T, log haetae.Log, list []example) {
	t.Helper()
	for _, x := range list {
		t.Run(x.name, func(t *testing.T) {
			h := readKey(t, first(x.key, "x.log"), x.text, ReadOptions{})
			if len(h.events) != 1 || !h.stats.Whole() || h.stats.Logs[log] != 1 {
				t.Fatalf("%d events, %+v", len(h.events), h.stats)
			}
			if got := said(h.events[0]); strings.TrimSpace(got) != strings.TrimSpace(x.want) {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
			var raw map[string]any
			if err := json.Unmarshal(h.events[0].Raw, &raw); err != nil {
				t.Fatal(err)
			}
			for name, want := range x.raw {
				if got := raw[name]; got != want {
					t.Errorf("%s is %#v, want %#v", name, got, want)
				}
			}
			// The same in every form in which a log comes, read the same.
			for form, text := range forms(x.text) {
				again := readKey(t, first(x.key, "x.log"), text, ReadOptions{})
				if len(again.events) != 1 || !again.stats.Whole() {
					t.Errorf("%s: %d events, %+v", form, len(again.events), again.stats)
					continue
				}
				a, b := again.events[0], h.events[0]
				if a.Action != b.Action || a.Actor.Kind != b.Actor.Kind || a.Outcome != b.Outcome || !a.Time.Equal(b.Time) || len(a.Targets) != len(b.Targets) {
					t.Errorf("%s: %s, want %s", form, said(a), said(b))
				}
			}
		})
	}
}

// forms are what the services make of a record before it is in a file.
func forms(record string) map[string]string {
	out := map[string]string{
		"packed":       pack(record + "\n"),
		"packed twice": pack(pack(record)),
		"with the line ends of Windows and a byte order mark": "\ufeff" + record + "\r\n",
		"a message of a subscription":                         encode(m{"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "g", "logStream": "s", "subscriptionFilters": []string{"f"}, "logEvents": []m{{"id": "1", "timestamp": 1, "message": record}}}),
		"an export of CloudWatch Logs to S3":                  "2026-11-01T10:00:00.000Z " + record + "\n",
		"the answer of filter-log-events":                     encode(m{"events": []m{{"eventId": "1", "timestamp": 1, "ingestionTime": 2, "message": record}}, "searchedLogStreams": []m{}}),
	}
	if record[0] == '{' {
		out["an event of EventBridge"] = `{"version":"0","id":"e","detail-type":"t","source":"s","account":"111122223333","time":"2026-11-01T10:00:00Z","region":"eu-west-1","resources":[],"detail":` + record + `}`
		out["a list"] = "[\n" + record + "\n]"
		out["what Firehose puts together"] = encode(m{"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logEvents": []m{{"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}}}) + record
	}
	return out
}

func TestWhatHoldsNoRecordsIsPassedOverAndCounted(t *testing.T) {
	for name, text := range map[string]string{
		"an empty file":          "",
		"an empty packed file":   pack(""),
		"white space":            "\n\n  \r\n",
		"a digest of CloudTrail": `{"awsAccountId":"111122223333","digestStartTime":"2026-11-01T10:00:00Z","digestS3Object":"k","logFiles":[{"s3Object":"x"}]}`,
		"a manifest of files":    `{"entries":[{"url":"s3://b/k","mandatory":true}]}`,
		"a test of an export":    "Permission Check Successful",
		"a test of an ELB":       "Enable AccessLog for ELB: web at 2026-11-01T10:00:00Z",
		"a control message":      `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination."}]}`,
	} {
		h := readKey(t, "k", text, ReadOptions{})
		if h.stats.Passed != 1 || h.stats.Files != 0 || !h.stats.Whole() || h.stats.Records != 0 || len(h.sources) != 1 || h.sources[0].Note == "" {
			t.Errorf("%s: %+v, %+v", name, h.stats, h.sources)
		}
	}
}

func TestAFileThatNoFormatKnowsIsOneProblemWithAReason(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a document of JSON":      {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`, "it looks like JSON but no log that haetae reads: it has the members Version, Statement"},
		"many documents":          {strings.Repeat(`{"a":1}`+"\n", 500), "no log that haetae reads: it has the members a"},
		"a list of numbers":       {`[1,2,3]`, "a record is an object"},
		"a text":                  {strings.Repeat("Dear reader, this is no log.\n", 500), `it begins with "Dear reader, `},
		"a binary file":           {"\x7fELF\x00\x00\x01\x02", "neither text nor Parquet"},
		"a notification of S3":    {`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-11-01T10:00:00Z","eventName":"ObjectCreated:Put","s3":{"bucket":{}}}]}`, "a notification of S3"},
		"a flow log without head": {"5 eni-1 vpc-1 ACCEPT\n5 eni-1 vpc-1 ACCEPT", "a flow log of a format of its own without a header line"},
		"a zip":                   {"PK\x03\x04", `it begins with "PK`},
		"half a gzip":             {pack(strings.Repeat("x y z ", 100000))[:20], "the file ends in the middle"},
	} {
		h := readKey(t, "k", c.text, ReadOptions{})
		if h.stats.UnreadFiles != 1 || h.stats.UnreadRecords != 0 || len(h.stats.Problems) != 1 || !strings.Contains(h.stats.Problems[0].String(), c.want) {
			t.Errorf("%s: %+v, want %q", name, h.stats, c.want)
		}
	}
}

func TestAFileMayHoldSeveralLogs(t *testing.T) {
	group := func(group string, messages ...string) string {
		var list []m
		for i, x := range messages {
			list = append(list, m{"id": fmt.Sprint(i), "timestamp": 1, "message": x})
		}
		return encode(m{"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": group, "logStream": "s", "logEvents": list})
	}
	text := group("flows", accepted, accepted) + group("/aws/rds/cluster/db/audit", mysqlText) + group("dns", resolverText) +
		group("/aws/eks/c/cluster", eksText, "I1101 10:00:00.000000       1 controller.go:1] nothing") + group("trail", trailText)
	h := readKey(t, "k", text, ReadOptions{})
	want := map[haetae.Log]int{haetae.VPCFlow: 2, haetae.RDSAudit: 1, haetae.ResolverQuery: 1, haetae.EKSAudit: 1, haetae.CloudTrail: 1}
	if fmt.Sprint(h.stats.Logs) != fmt.Sprint(want) || !h.stats.Whole() || h.stats.PassedRecords != 1 || len(h.flows) != 2 || len(h.lookups) != 1 {
		t.Errorf("%+v", h.stats)
	}
	if s := h.sources[0]; s.Records != 6 || len(s.Logs) != 5 || s.First.IsZero() || s.Last.Before(s.First) {
		t.Errorf("%+v", s)
	}
}

func TestNoListIsLostWhateverTheOrderOfMembers(t *testing.T) {
	event := `{"id":"1","timestamp":1,"message":` + encode(mysqlText) + `}`
	for _, text := range []string{
		`{"logGroup":"/aws/rds/cluster/c/audit","logEvents":[` + event + `],"events":[` + event + `]}`,
		`{"logEvents":[` + event + `],"logGroup":"/aws/rds/cluster/c/audit","events":[` + event + `]}`,
		`{"logEvents":[` + event + `],"events":[` + event + `],"logGroup":"/aws/rds/cluster/c/audit"}`,
	} {
		h := readKey(t, "k", text, ReadOptions{})
		if len(h.events) != 2 || !h.stats.Whole() || h.events[0].Actor.ID != "c/app" || h.events[1].Actor.ID != "c/app" {
			t.Errorf("%s: %+v", text, h.stats)
		}
	}
}

func TestARecordWithoutAnIdGetsOneFromItsPlaceOrItsMessage(t *testing.T) {
	h := readKey(t, "AWSLogs/111122223333/x/a.log", albText+"\n"+albText, ReadOptions{})
	if len(h.events) != 2 || h.events[0].ID != "AWSLogs/111122223333/x/a.log#1" || h.events[1].ID != "AWSLogs/111122223333/x/a.log#2" {
		t.Errorf("%+v", h.events)
	}
	var versioned held
	o := Object{Name: "s3://b/a", Key: "a", Version: "v1", Modified: time.Unix(1793527200, 0), Body: strings.NewReader(albText)}
	if err := ReadObject(t.Context(), o, ReadOptions{}, &versioned.stats, versioned.taker()); err != nil || versioned.events[0].ID != "a?versionId=v1#1" || !versioned.events[0].Ingested.Equal(o.Modified) {
		t.Errorf("%v, %+v", err, versioned.events)
	}
	h = readKey(t, "k", encode(m{"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "g", "logEvents": []m{{"id": "37", "timestamp": 1, "message": albText}}}), ReadOptions{})
	if h.events[0].ID != "g/37" || h.events[0].Account != "111122223333" {
		t.Errorf("%+v", h.events[0])
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "copy", "AWSLogs", "111122223333", "a.log")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(albText), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{dir, filepath.Dir(path), path} {
		var h held
		if err := Read(t.Context(), []string{root}, ReadOptions{}, &h.stats, h.taker()); err != nil || len(h.events) != 1 || h.events[0].ID != "AWSLogs/111122223333/a.log#1" {
			t.Errorf("from %s: %v, %+v", root, err, h.events)
		}
	}
}

func TestRecordsOutsideTheTimeAreCountedAndNotGiven(t *testing.T) {
	at := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	text := trailText + strings.Replace(trailText, "T10:00:00Z", "T11:00:00Z", 1) + encode(m{"message": accepted})
	for _, c := range []struct {
		opt     ReadOptions
		given   int
		outside int
	}{
		{ReadOptions{}, 3, 0},
		{ReadOptions{Since: at}, 2, 1},
		{ReadOptions{Until: at}, 1, 2},
		{ReadOptions{Since: at, Until: at.Add(time.Hour)}, 1, 2},
	} {
		h := readKey(t, "k", text, c.opt)
		if n := len(h.events) + len(h.flows); n != c.given || h.stats.Outside != c.outside || h.stats.Records != 3 {
			t.Errorf("%+v: %d given, %+v", c.opt, n, h.stats)
		}
	}
}

func TestWhoeverTakesCanStopAndNeedNotTakeAll(t *testing.T) {
	stop := errors.New("enough")
	text := strings.Repeat(trailText+"\n"+albText+"\n"+resolverText+"\n", 3)
	for name, taker := range map[string]Taker{
		"an event":  {Event: func(*haetae.Event) error { return stop }},
		"a lookup":  {Lookup: func(*haetae.Lookup) error { return stop }},
		"a message": {Event: func(e *haetae.Event) error { return stop }},
	} {
		var s Stats
		in := text
		if name == "a message" {
			in = encode(m{"events": []m{{"message": albText}}})
		}
		err := ReadObject(t.Context(), Object{Key: "k", Body: strings.NewReader(in)}, ReadOptions{}, &s, taker)
		if !errors.Is(err, stop) || !s.Whole() {
			t.Errorf("%s: %v, %+v", name, err, s)
		}
	}
	var s Stats
	if err := ReadObject(t.Context(), Object{Key: "k", Body: strings.NewReader(text)}, ReadOptions{}, &s, Taker{}); err != nil || s.Records != 9 {
		t.Errorf("nobody takes: %v, %+v", err, s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Read(ctx, []string{t.TempDir()}, ReadOptions{}, &s, Taker{}); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if err := ReadObject(ctx, Object{Key: "k", Body: strings.NewReader(strings.Repeat(albText+"\n", 3000))}, ReadOptions{}, &s, Taker{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := Read(t.Context(), []string{filepath.Join(t.TempDir(), "none")}, ReadOptions{}, &s, Taker{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path that is not there: %v", err)
	}
}

func TestOneBrokenLineCostsNoOther(t *testing.T) {
	h := readKey(t, "k", trailText+"\n"+trailText[:80]+"\n"+trailText+"\n{\"a\":\n"+trailText+"\n", ReadOptions{})
	if len(h.events) != 3 || h.stats.UnreadRecords != 2 || h.stats.UnreadFiles != 0 {
		t.Errorf("%d events, %+v", len(h.events), h.stats)
	}
	h = readKey(t, "k", albText+"\nhttps 2026-11-01T10:00:00.000000Z app/x\nno log at all\n"+albText, ReadOptions{})
	if len(h.events) != 2 || h.stats.UnreadRecords != 2 || !strings.Contains(h.stats.Problems[1].Reason, "ALB access log") {
		t.Errorf("%d events, %+v", len(h.events), h.stats)
	}
}

func TestEveryFormatIsThereOnceAndHasATitle(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Formats() {
		if f.Log == "" || f.Title == "" || seen[f.Title] || f.read == nil || f.object == nil && f.line == nil {
			t.Errorf("%+v", f)
		}
		seen[f.Title] = true
	}
}

func TestAParquetFileThatCannotBeReadOutOfOrderIsHeld(t *testing.T) {
	text := parquetOf(t, nil)
	h := &held{}
	o := Object{Key: "k", Size: int64(len(text)), Body: struct{ *bytes.Buffer }{bytes.NewBufferString(text)}}
	if err := ReadObject(t.Context(), o, ReadOptions{}, &h.stats, h.taker()); err != nil || !h.stats.Whole() {
		t.Errorf("%v, %+v", err, h.stats)
	}
}

const trailText = `{"eventVersion":"1.11","eventTime":"2026-11-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.9","eventID":"e-1","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u","accountId":"111122223333","userName":"u"}}`

func TestCloudTrailBecomesEventsWithTheRecordAsItIs(t *testing.T) {
	check(t, haetae.CloudTrail, []example{{name: "a call", text: trailText,
		want: "cloudtrail 2026-11-01T10:00:00Z 111122223333/us-east-1 | user arn:aws:iam::111122223333:user/u | s3:GetObject |  | success  | 203.0.113.9"}})
	h := readKey(t, "k", `{"Events":[{"EventId":"e-1","CloudTrailEvent":`+encode(trailText)+`}]}`, ReadOptions{})
	if len(h.events) != 1 || string(h.events[0].Raw) != trailText || h.events[0].ID != "e-1" {
		t.Errorf("the answer of lookup-events: %+v", h)
	}
	old := strings.Replace(trailText, `"eventID":"e-1",`, "", 1)
	if h := readKey(t, "k", old, ReadOptions{}); len(h.events) != 1 || h.events[0].ID != "k#1" {
		t.Errorf("a record of before 2012: %+v", h)
	}
}
