package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/ingest"
)

// heard is what came of a file.
type heard struct {
	events  []haetae.Event
	stats   ingest.Stats
	sources []ingest.Source
}

func (h *heard) taker() ingest.Taker {
	return ingest.Taker{Event: func(e *haetae.Event) error {
		copied := *e
		copied.Raw = bytes.Clone(e.Raw)
		h.events = append(h.events, copied)
		return nil
	}}
}

// bothWays reads a file from a folder, where it is read ahead, and as an object,
// where it is not. The one must be like the other.
func bothWays(t *testing.T, name string, data []byte) heard {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	var ahead, plain heard
	done := func(h *heard) ingest.ReadOptions {
		return ingest.ReadOptions{Since: time.Unix(1793527200, 0), Done: func(s ingest.Source) error { s.Info = nil; h.sources = append(h.sources, s); return nil }}
	}
	if err := ingest.Read(context.Background(), []string{path}, done(&ahead), &ahead.stats, ahead.taker()); err != nil {
		t.Fatal(err)
	}
	o := ingest.Object{Name: path, Key: name, Size: int64(len(data)), Body: bytes.NewReader(data)}
	if err := ingest.ReadObject(context.Background(), o, done(&plain), &plain.stats, plain.taker()); err != nil {
		t.Fatal(err)
	}
	if len(ahead.events) != len(plain.events) {
		t.Fatalf("%d events read ahead, %d else", len(ahead.events), len(plain.events))
	}
	for i := range ahead.events {
		if !reflect.DeepEqual(ahead.events[i], plain.events[i]) {
			t.Fatalf("event %d is\n%+v\nread ahead, else\n%+v", i, ahead.events[i], plain.events[i])
		}
	}
	if !reflect.DeepEqual(ahead.stats, plain.stats) {
		t.Fatalf("stats are\n%+v\nread ahead, else\n%+v", ahead.stats, plain.stats)
	}
	if !reflect.DeepEqual(ahead.sources, plain.sources) {
		t.Fatalf("sources are\n%+v\nread ahead, else\n%+v", ahead.sources, plain.sources)
	}
	return ahead
}

func many(n int) []string {
	var out []string
	for i := range n {
		out = append(out, record(fmt.Sprint("id-", i)))
	}
	return out
}

func TestWhatIsReadAheadIsLikeWhatIsNot(t *testing.T) {
	file := func(records ...string) string { return `{"Records":[` + strings.Join(records, ",") + `]}` }
	long := strings.Replace(record("long"), `"n":`, `"x":"`+strings.Repeat("x", 600<<10)+`","n":`, 1)
	over := strings.Replace(record("over"), `"n":`, `"x":"`+strings.Repeat("x", 5<<20)+`","n":`, 1)
	with := func(old, new string) string { return strings.Replace(record("b"), old, new, 1) }
	for name, c := range map[string]struct {
		text   string
		events int
	}{
		"one record":                         {file(record("a")), 1},
		"more records than a block has":      {file(many(5000)...), 5000},
		"packed":                             {packed(t, file(many(300)...)), 300},
		"packed twice":                       {packed(t, packed(t, file(many(3)...))), 3},
		"packed in two parts":                {packed(t, `{"Records":[`+record("a")+`,`) + packed(t, record("b")+`]}`), 2},
		"spaces between":                     {"\n{ \"Records\"\t: [ " + record("a") + " ,\r\n" + record("b") + " ] } \n", 2},
		"no records":                         {file(), 0},
		"a long record between others":       {file(record("a"), long, record("b")), 3},
		"a record that is too long":          {file(record("a"), over, record("b")), 2},
		"a number between records":           {file(record("a"), "7", record("b")), 2},
		"a record without a name":            {file(append(many(900), with(`"eventName":"GetObject",`, ""), record("z"))...), 901},
		"a record without an id":             {file(record("a"), with(`"eventID":"b",`, "")), 2},
		"a record before the time asked for": {file(record("a"), with("2026-11-01T10:00:00Z", "2026-11-01T09:59:59Z")), 1},
		"a time that is none":                {file(append(many(3), with("2026-11-01T10", "yesterday"))...), 3},
		"a member that stands twice":         {file(record("a"), with(`"awsRegion"`, `"awsRegion":"x","awsRegion"`)), 2},
		"a name with an escape":              {file(record("a"), with(`"awsRegion"`, `"aws\u0052egion"`)), 2},
		"values with escapes":                {file(record("a"), with("user/u", `user\/\u00fc\ud83d\ude00`)), 2},
		"broken UTF-8":                       {file(record("a"), with("GetObject", "Get\xffObject"), record("c")), 3},
		"values of other types":              {file(with(`"us-east-1"`, `["us-east-1"]`), with(`{"n":`, `[{"bucketName":"x"}],"z":{"n":`)), 2},
		"an account that is a number":        {file(with(`"111122223333"`, `111122223333`)), 1},
		"a file that ends in a record":       {file(many(900)...)[:200_000], 666},
		"a file that ends between records":   {`{"Records":[` + record("a") + `,`, 1},
		"a file without its last brace":      {`{"Records":[` + record("a") + `]`, 1},
		"a packed file that ends":            {packed(t, file(many(900)...))[:900], 173},
		"something after the end":            {file(record("a")) + file(record("b")), 2},
		"members after the records":          {`{"Records":[` + record("a") + `],"x":1}`, 1},
		"a comma too much":                   {`{"Records":[` + record("a") + `,]}`, 1},
		"a notification of S3":               {`{"Records":[` + record("a") + `,{"eventSource":"aws:s3","eventName":"x","eventTime":"2026-11-01T10:00:00Z","s3":{}}]}`, 1},
		"JSON lines":                         {record("a") + "\n" + record("b") + "\n", 2},
		"records in a record":                {file(record("a"), with(`"awsRegion"`, `"items":[`+record("c")+`],"awsRegion"`)), 2},
		"targets of many kinds": {file(
			with(`{"n":12345678901234567890}`, `{"bucketName":"b","key":"k/1"}`), with(`{"n":12345678901234567890}`, `{"roleName":"r","userName":"u"}`),
			with(`{"n":12345678901234567890}`, `{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]},"resourcesSet":{"items":[{"resourceId":"i-3"}]}}`),
			with(`"requestParameters"`, `"resources":[{"ARN":"arn:aws:s3:::b/k"},{"type":"x"},{"ARN":"arn:aws:s3:::b"}],"requestParameters"`),
			with(`"requestParameters"`, `"resources":[{"arn":"arn:aws:s3:::b/k"},{"resourceName":"x"}],"requestParameters"`)), 5},
		"something else": {"hello", 0},
		"nothing":        {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := bothWays(t, "x.json.gz", []byte(c.text))
			if len(h.events) != c.events {
				t.Errorf("%d events, want %d: %+v", len(h.events), c.events, h.stats)
			}
		})
	}
}

func TestFilesAreGivenInOrderAndAnErrorEndsWhatReadsAhead(t *testing.T) {
	dir := t.TempDir()
	for i := range 300 {
		text := `{"Records":[` + record(fmt.Sprintf("%03d-0", i)) + "," + record(fmt.Sprintf("%03d-1", i)) + `]}`
		if i%7 == 3 {
			text = record(fmt.Sprintf("%03d-0", i)) + "\n" + record(fmt.Sprintf("%03d-1", i))
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := runtime.NumGoroutine()
	var s ingest.Stats
	var ids []string
	err := ingest.Read(context.Background(), []string{dir}, ingest.ReadOptions{}, &s, ingest.Taker{Event: func(e *haetae.Event) error {
		ids = append(ids, e.ID)
		return nil
	}})
	if err != nil || len(ids) != 600 || s.Files != 300 || !s.Whole() {
		t.Fatalf("%v, %d ids, %+v", err, len(ids), s)
	}
	for i, id := range ids {
		if id != fmt.Sprintf("%03d-%d", i/2, i%2) {
			t.Fatalf("%q is at %d", id, i)
		}
	}
	stop := errors.New("enough")
	for _, at := range []int{1, 2, 7, 599} {
		n := 0
		err := ingest.Read(context.Background(), []string{dir}, ingest.ReadOptions{}, &s, ingest.Taker{Event: func(*haetae.Event) error {
			if n++; n == at {
				return stop
			}
			return nil
		}})
		if !errors.Is(err, stop) || n != at {
			t.Errorf("%v after %d records", err, n)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err = ingest.Read(ctx, []string{dir}, ingest.ReadOptions{}, &s, ingest.Taker{Event: func(*haetae.Event) error { n++; cancel(); return nil }})
	if !errors.Is(err, context.Canceled) || n > 2 {
		t.Errorf("%v after %d records", err, n)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func FuzzReadAhead(f *testing.F) {
	f.Add([]byte(`{"Records":[` + record("a") + `,` + record("b") + `]}`))
	f.Add([]byte(`{"Records":[` + record("a") + `,7,` + record("b") + `]} x`))
	f.Fuzz(func(t *testing.T, data []byte) { bothWays(t, "x.json", data) })
}

func TestAnEventThatIsReadAheadCostsTwoAllocations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	const n = 20_000
	one := strings.Replace(record("a"), `{"n":12345678901234567890}`, `{"bucketName":"b","key":"k"}`, 1)
	if err := os.WriteFile(path, []byte(`{"Records":[`+strings.Repeat(one+",", n-1)+one+`]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	got := testing.AllocsPerRun(1, func() {
		var s ingest.Stats
		err := ingest.Read(context.Background(), []string{path}, ingest.ReadOptions{}, &s, ingest.Taker{Event: func(*haetae.Event) error { return nil }})
		if err != nil || s.Records != n {
			t.Fatal(err, s)
		}
	})
	if got > 2.2*n {
		t.Errorf("%.2f allocations an event", got/n)
	}
}
