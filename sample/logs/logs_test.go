package logs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/sample"
)

// memory keeps files that are written.
type memory struct {
	sync.Mutex
	files map[string][]byte
}

type memoryFile struct {
	bytes.Buffer
	m    *memory
	name string
}

func (f *memoryFile) Close() error {
	f.m.Lock()
	defer f.m.Unlock()
	if _, ok := f.m.files[f.name]; ok {
		return fmt.Errorf("%s is written twice", f.name)
	}
	f.m.files[f.name] = f.Bytes()
	return nil
}

func (m *memory) create(name string) (io.WriteCloser, error) {
	return &memoryFile{m: m, name: name}, nil
}

func write(t testing.TB, o Options) (*memory, *Report) {
	t.Helper()
	m := &memory{files: map[string][]byte{}}
	o.Create = m.create
	r, err := Write(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m, r
}

func all() []Case { return []Case{{Name: "A"}, {Name: "F"}, {Name: "K"}} }

// aDay is a small run with all cases.
func aDay() Options { return Options{Seed: 1, Days: 1, Scale: 0.05, Cases: all()} }

func unpacked(t testing.TB, data []byte) []byte {
	t.Helper()
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// onDisk writes files to a folder, for readers of folders.
func onDisk(t testing.TB, m *memory) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range m.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheSameSeedMakesTheSameBytes(t *testing.T) {
	one, other := aDay(), aDay()
	one.Workers, other.Workers = 1, 3
	a, ra := write(t, one)
	b, rb := write(t, other)
	if !maps.EqualFunc(a.files, b.files, bytes.Equal) {
		t.Error("files differ from one run to the next")
	}
	if x, y := fmt.Sprint(ra), fmt.Sprint(rb); x != y {
		t.Errorf("reports differ:\n%s\n%s", x, y)
	}
	other.Seed = 2
	if c, _ := write(t, other); maps.EqualFunc(a.files, c.files, bytes.Equal) {
		t.Error("another seed makes the same files")
	}
}

// lines are the records of a file as texts, in order.
func records(t testing.TB, data []byte) []string {
	t.Helper()
	data = unpacked(t, data)
	var out []string
	var wrapped struct{ Records, LogEvents []json.RawMessage }
	switch {
	case bytes.HasPrefix(data, []byte(`{"Records"`)), bytes.HasPrefix(data, []byte(`{"messageType"`)):
		if err := json.Unmarshal(data, &wrapped); err != nil {
			t.Fatal(err)
		}
		for _, r := range append(wrapped.Records, wrapped.LogEvents...) {
			out = append(out, string(r))
		}
		return out
	}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "version ") { // the header of a flow log
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out
}

func TestACaseChangesNothingOfWhatOthersDo(t *testing.T) {
	with, _ := write(t, aDay())
	o := aDay()
	o.Cases = nil
	without, r := write(t, o)
	if len(without.files["labels.ndjson"]) != 0 || len(r.Labels) != 0 {
		t.Error("without cases there are labels")
	}
	// Databases number their connections and queries, which an injection shares; all
	// other records of a quiet day are there on the other too.
	have := map[string]bool{}
	for name, data := range with.files {
		if !strings.Contains(name, "/rds/") {
			for _, r := range records(t, data) {
				have[r] = true
			}
		}
	}
	for name, data := range without.files {
		for _, r := range records(t, data) {
			if !strings.Contains(name, "/rds/") && !have[r] {
				t.Fatalf("%s: only there without cases:\n%s", name, r)
			}
		}
	}
}

func TestEveryRecordOfCloudTrailIsRead(t *testing.T) {
	m, r := write(t, aDay())
	dir := onDisk(t, m)
	var stats ingest.Stats
	n, ids, kinds := 0, map[string]int{}, map[haetae.ActorKind]int{}
	err := ingest.CloudTrail(t.Context(), []string{filepath.Join(dir, "AWSLogs", organization)}, &stats, func(rec *ingest.TrailRecord) error {
		n++
		ids[rec.ID]++
		e := rec.Event()
		kinds[e.Actor.Kind]++
		if e.Actor.Kind == "" || e.Account == "" || e.Region == "" || e.Action == "" || e.ID == "" {
			t.Errorf("%v: not all is known of it: %+v", rec.Place, e)
		}
		if !strings.Contains(rec.Place.File, "/"+e.Account+"/CloudTrail/"+e.Region+"/") {
			t.Errorf("%v: it was delivered to the place of another account or region", rec.Place)
		}
		if v := rec.Text("eventVersion"); v != "1.11" {
			t.Errorf("%v: version %q", rec.Place, v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !stats.Whole() || len(stats.Strange) > 0 {
		t.Errorf("not all was read: %+v", stats)
	}
	if want := count(r.Records, "cloudtrail"); n != want {
		t.Errorf("%d records were read, %d written", n, want)
	}
	twice := 0
	for _, times := range ids {
		twice += times - 1
	}
	if twice == 0 || twice > r.Twice {
		t.Errorf("%d records are there twice, the report says %d", twice, r.Twice)
	}
	for _, k := range []haetae.ActorKind{haetae.RootActor, haetae.UserActor, haetae.RoleActor, haetae.ServiceActor, haetae.AnonymousActor, haetae.AccountActor, haetae.FederatedActor} {
		if kinds[k] == 0 {
			t.Errorf("nobody of the kind %q does anything: %v", k, kinds)
		}
	}
}

func count(of []Count, name string) int {
	for _, c := range of {
		if c.Name == name {
			return c.N
		}
	}
	return 0
}

func TestFlowLogsAreReadWithoutProblems(t *testing.T) {
	m, r := write(t, aDay())
	dir := onDisk(t, m)
	n, vpcs := 0, map[string]bool{}
	folders, err := filepath.Glob(filepath.Join(dir, "AWSLogs", "*", "vpcflowlogs"))
	if err != nil {
		t.Fatal(err)
	}
	stats, err := ingest.Flows(t.Context(), folders, nil, func(f *haetae.Flow) error {
		n++
		vpcs[f.VPC] = true
		if f.Status == haetae.FlowOK && (f.End < f.Start || f.End-f.Start > 600 || f.Packets == 0 || f.Bytes < f.Packets) {
			t.Errorf("%v: no flow is like that: %+v", f.Place, f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !stats.Whole() || len(stats.Strange) > 0 || n != count(r.Records, "vpcflow") || stats.NoData == 0 {
		t.Errorf("%d records, %+v", n, stats)
	}
	for _, v := range []string{devVPC, seoulVPC, ""} { // the default format has no VPC
		if !vpcs[v] {
			t.Errorf("no flow of %q", v)
		}
	}
}

// when is the time of a record, whatever log it is of.
func when(t testing.TB, r string) string {
	t.Helper()
	for _, form := range []*regexp.Regexp{
		regexp.MustCompile(`"eventTime":"([^"]+)"`), regexp.MustCompile(`"query_timestamp":"([^"]+)"`), regexp.MustCompile(`"timestamp":(\d+)`),
		regexp.MustCompile(`^https? (\S+) app/|^h2 (\S+) app/`), regexp.MustCompile(` (\d{10}) \d{10} `), regexp.MustCompile(`\[(../Nov/2026:..:..:..)`)} {
		if m := form.FindStringSubmatch(r); m != nil {
			return cmp.Or(m[1:]...)
		}
	}
	t.Fatalf("when was this?\n%s", r)
	return ""
}

func TestEachCaseIsToldToItsEndOnTheLastDayToo(t *testing.T) {
	m, _ := write(t, aDay())
	steps := map[string]bool{}
	for _, l := range labels(t, m.files["labels.ndjson"]) {
		steps[l.Step] = true
	}
	for _, last := range []string{"instances are started in production", "the miners talk to their pool", "tables are dropped; there is no backup", "the key of the backups will be destroyed"} {
		if !steps[last] {
			t.Errorf("there is no %q", last)
		}
	}
}

func TestNothingIsDeliveredBeforeItHappens(t *testing.T) {
	m, _ := write(t, aDay())
	form := regexp.MustCompile(`_CloudTrail_[a-z0-9-]+_(\d{8}T\d{4}Z)_`)
	n := 0
	for name, data := range m.files {
		at := form.FindStringSubmatch(name)
		if at == nil {
			continue
		}
		delivered, err := time.Parse("20060102T1504Z", at[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records(t, data) {
			happened, err := time.Parse(time.RFC3339, when(t, r))
			if err != nil {
				t.Fatal(err)
			}
			if n++; happened.After(delivered) && delivered.Hour()+delivered.Minute() > 0 { // the last file has what is left
				t.Fatalf("%s: %s", name, r)
			}
		}
	}
	if n == 0 {
		t.Error("nothing was looked at")
	}
}

func TestTimesDoNotGoBackWithinAFile(t *testing.T) {
	m, _ := write(t, aDay())
	for name, data := range m.files {
		if strings.HasSuffix(name, ".ndjson") {
			continue
		}
		last := ""
		for i, r := range records(t, data) {
			at := when(t, r)
			if at < last {
				t.Fatalf("%s: record %d is of %s, the one before it of %s", name, i+1, at, last)
			}
			last = at
		}
	}
}

func TestWhatRecordsNameIsInTheSnapshot(t *testing.T) {
	m, r := write(t, Options{Seed: 3, Days: 3, Scale: 0.05, Cases: all()})
	snap, err := sample.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	text := new(strings.Builder)
	for _, r := range snap.Resources {
		known[r.ID], known[r.ARN] = true, true
		fmt.Fprint(text, r.ID, " ", r.ARN, " ", r.Props, r.Observed, "\n")
	}
	for _, id := range r.Made {
		fmt.Fprintln(text, id)
	}
	all := text.String()
	id := regexp.MustCompile(`\b(?:i|eni|vpc|subnet|sg|ami|lt|snap|vpce|fl|acl|rtb|nat)-[0-9a-f]{17}\b`)
	arn := regexp.MustCompile(`arn:aws:(?:iam|sts|kms|rds|s3|ecs|ecr|secretsmanager|lambda|backup|dynamodb|cloudtrail|wafv2|elasticloadbalancing|acm):[a-z0-9-]*:\d*:[A-Za-z0-9_./:@=+-]+`)
	missing := map[string]string{}
	for name, data := range m.files {
		for _, r := range records(t, data) {
			for _, found := range id.FindAllString(r, -1) {
				if !strings.Contains(all, found) {
					missing[found] = name
				}
			}
			for _, found := range arn.FindAllString(strings.ReplaceAll(r, `\/`, "/"), -1) {
				if what := owner(found); !known[what] && !strings.Contains(all, what) {
					missing[found] = name
				}
			}
		}
	}
	for _, found := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s is not in the snapshot: %s", found, missing[found])
	}
}

// owner is the resource of the snapshot that an ARN of a record belongs to: the role of a
// session, the bucket of an object.
func owner(arn string) string {
	switch {
	case strings.HasSuffix(arn, ":root"), strings.Contains(arn, "arn:aws:iam::aws:policy/"), strings.Contains(arn, ":"+contractor+":"):
		return "AWS::"
	case strings.HasPrefix(arn, "arn:aws:s3:::"):
		bucket, _, _ := strings.Cut(arn, "/")
		return bucket
	case strings.Contains(arn, ":assumed-role/"):
		part := strings.Split(arn, "/")
		return "/" + part[1]
	case strings.Contains(arn, ":oidc-provider/"):
		arn, _, _ = strings.Cut(arn, ":sts.")
		return arn
	case strings.Contains(arn, ":secret:"):
		return strings.TrimSuffix(arn, ":*")
	case strings.Contains(arn, ":user/") && strings.HasSuffix(arn, "/"):
		return arn[:len(arn)-len("user/")]
	}
	return arn
}

func TestThePlacesAreThoseOfTheSnapshot(t *testing.T) {
	snap, err := sample.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	nics := map[string]*haetae.Resource{}
	for _, r := range snap.Resources {
		if r.Type == "AWS::EC2::NetworkInterface" {
			nics[r.ID] = r
		}
	}
	for _, h := range newPlaces().known() {
		r := nics[h.nic]
		if r == nil {
			t.Errorf("%s: the snapshot has no %s", h.name, h.nic)
			continue
		}
		for _, want := range []string{h.private, h.public, h.subnet, h.vpc, h.instance} {
			if !strings.Contains(fmt.Sprint(r.Props, r.Observed), want) {
				t.Errorf("%s: %s has no %s", h.name, h.nic, want)
			}
		}
		if r.Account != h.account || r.Region != h.region {
			t.Errorf("%s: it is in %s, %s", h.name, r.Account, r.Region)
		}
	}
}

// label is a line of labels.ndjson.
type label struct {
	Log, ID, File, Time, Case, Step, Technique string
	Record                                     int
}

func labels(t testing.TB, data []byte) []label {
	t.Helper()
	var out []label
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		var l label
		err := d.Decode(&l)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
}

func TestEveryLabelNamesARecord(t *testing.T) {
	m, r := write(t, aDay())
	cases, logs := map[string]int{}, map[string]int{}
	seen := map[string]bool{}
	for _, file := range []string{"labels.ndjson", "benign.ndjson"} {
		for _, l := range labels(t, m.files[file]) {
			all := records(t, m.files[l.File])
			if l.Record < 1 || l.Record > len(all) {
				t.Fatalf("%+v: the file has %d records", l, len(all))
			}
			if l.ID != "" && !strings.Contains(all[l.Record-1], l.ID) {
				t.Errorf("%+v: the record is another one: %s", l, all[l.Record-1])
			}
			if key := fmt.Sprint(l.File, l.Record); seen[key] {
				t.Errorf("%+v: it is labelled twice", l)
			} else {
				seen[key] = true
			}
			if (l.Case == "") != (file == "benign.ndjson") || l.Step == "" || (l.Case != "" && l.Technique == "") {
				t.Errorf("%s: %+v", file, l)
			}
			if l.Case != "" {
				cases[l.Case]++
				logs[l.Case+" "+l.Log]++
			}
		}
	}
	for _, c := range r.Labels {
		if cases[c.Name] != c.N || c.N < 100 {
			t.Errorf("case %s: %d labels, the report says %d", c.Name, cases[c.Name], c.N)
		}
	}
	for _, want := range []string{"A cloudtrail", "A vpcflow", "A route53resolver", "F alb", "F waf", "F rdsaudit", "F vpcflow", "K cloudtrail"} {
		if logs[want] == 0 {
			t.Errorf("no label of %s", want)
		}
	}
	if r.Benign == 0 {
		t.Error("nothing looks bad that is not")
	}
}

// Each record from an attacker's address is labelled, and none of somebody who has
// done nothing is.
func TestOnlyAttackersAreLabelled(t *testing.T) {
	m, _ := write(t, aDay())
	dir := onDisk(t, m)
	bad := map[string]bool{}
	for _, l := range labels(t, m.files["labels.ndjson"]) {
		bad[l.ID] = true
	}
	delete(bad, "")
	foreign, innocent := map[string]bool{}, map[string]bool{}
	var stats ingest.Stats
	visit := func(do func(e *haetae.Event)) {
		err := ingest.CloudTrail(context.Background(), []string{filepath.Join(dir, "AWSLogs", organization)}, &stats, func(r *ingest.TrailRecord) error {
			do(r.Event())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	visit(func(e *haetae.Event) {
		if bad[e.ID] {
			foreign[e.Peer.Addr.String()] = true
			switch {
			case e.Actor.Kind == haetae.RootActor && e.Account == production, e.Actor.Name == "build-bot", strings.Contains(e.Actor.ARN, "assumed-role/deploy-from-development/build"),
				e.Actor.Kind == haetae.AnonymousActor, e.Actor.Kind == haetae.AccountActor:
			default:
				t.Errorf("%s is labelled, and by %s", e.Action, e.Actor.ARN)
			}
		}
	})
	visit(func(e *haetae.Event) {
		if !bad[e.ID] && foreign[e.Peer.Addr.String()] {
			innocent[e.Action+" from "+e.Peer.Addr.String()] = true
		}
	})
	if len(foreign) < 3 || len(innocent) > 0 {
		t.Errorf("from the addresses of attackers %v come unlabelled %v", slices.Sorted(maps.Keys(foreign)), slices.Sorted(maps.Keys(innocent)))
	}
}

func TestTheKeyOfATakenRoleIsTheOneThatIsUsed(t *testing.T) {
	m, _ := write(t, aDay())
	granted, used := map[string]int64{}, map[string]int64{}
	for name, data := range m.files {
		if !strings.Contains(name, "/CloudTrail/") {
			continue
		}
		for _, text := range records(t, data) {
			var r struct {
				EventName, EventTime string
				UserIdentity         struct{ AccessKeyID, InvokedBy, Arn string }
				ResponseElements     struct {
					Credentials struct{ AccessKeyID string }
				}
			}
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, r.EventTime)
			if err != nil {
				t.Fatal(err)
			}
			if k := r.ResponseElements.Credentials.AccessKeyID; k != "" {
				granted[k] = at.Unix()
			}
			if k := r.UserIdentity.AccessKeyID; strings.Contains(r.UserIdentity.Arn, ":assumed-role/") && !strings.Contains(r.UserIdentity.Arn, "AWSServiceRole") {
				if first, ok := used[k]; !ok || at.Unix() < first {
					used[k] = at.Unix()
				}
			}
		}
	}
	for k, first := range used {
		if at, ok := granted[k]; !ok || at > first {
			t.Errorf("the key %s was used from %d on and given out at %d", k, first, at)
		}
	}
	if len(used) < 10 {
		t.Errorf("only %d sessions", len(used))
	}
}

func TestCasesAreReadFromText(t *testing.T) {
	for text, want := range map[string]string{
		"all": "[{A 0} {F 0} {K 0}]", "none": "[]", "A": "[{A 0}]", "k@day12, a@3": "[{K 12} {A 3}]",
		"B": "", "A@0": "", "A@x": "", "A,A": "", "A,": "",
	} {
		got, err := ParseCases(text)
		if (err != nil) != (want == "") || err == nil && fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	full := errors.New("the disk is full")
	for _, after := range []int{0, 1, 2, 40} {
		var mu sync.Mutex
		o := aDay()
		m := &memory{files: map[string][]byte{}}
		n := 0
		o.Create = func(name string) (io.WriteCloser, error) {
			mu.Lock()
			defer mu.Unlock()
			if n++; n > after {
				return nil, full
			}
			return m.create(name)
		}
		if _, err := Write(t.Context(), o); !errors.Is(err, full) {
			t.Errorf("after %d files: %v", after, err)
		}
	}
	for _, o := range []Options{{}, {Days: -1}, {Scale: -1}, {Days: 3, Cases: []Case{{Name: "A", Day: 4}}}, {Cases: []Case{{Name: "Z"}}}, {Workers: -1}} {
		if o.Days != 0 || o.Scale != 0 || o.Cases != nil || o.Workers != 0 {
			o.Create = (&memory{files: map[string][]byte{}}).create
		}
		if _, err := Write(t.Context(), o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := aDay()
	o.Create = (&memory{files: map[string][]byte{}}).create
	if _, err := Write(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTheOfficeIsClosedOnHolidays(t *testing.T) {
	for date, want := range map[string]bool{"2026-11-10": true, "2026-11-13": false, "2026-11-14": false, "2026-03-02": false, "2026-09-24": false, "2027-12-27": false, "2026-12-24": true} {
		at, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		if got := officeDay(at.In(korea())); got != want {
			t.Errorf("%s: %v", date, got)
		}
	}
}

type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) Close() error                { return nil }

func BenchmarkADay(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r, err := Write(b.Context(), Options{Seed: 1, Days: 1, Cases: all(), Create: func(string) (io.WriteCloser, error) { return nothing{}, nil }})
		if err != nil {
			b.Fatal(err)
		}
		n += r.Total()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
