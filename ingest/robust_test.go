package ingest

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

// samples are one record of each format.
func samples() map[string]string {
	return map[string]string{
		"CloudTrail": trailText, "flow": accepted, "Resolver": resolverText, "EKS audit": eksText, "EKS login": eksLoginText, "S3": s3Text,
		"ALB": albText, "ALB connection": connText, "NLB": nlbText, "CLB": clbText, "WAF": wafText, "MySQL": mysqlText, "PostgreSQL": postgresText,
		"SQL Server": sqlServerText, "Network Firewall": nfwText, "GuardDuty": gdText, "GetFindings": capitals(gdText), "ASFF": asff, "OCSF": ocsf,
	}
}

func TestEveryFormatHasASample(t *testing.T) {
	in := &input{formats: Formats()}
	seen := map[string]bool{}
	for name, text := range samples() {
		for _, f := range in.formats {
			known := f.line != nil && f.line([]byte(text))
			if f.object != nil && text[0] == '{' {
				o := &object{raw: []byte(text)}
				if err := (&scanner{buf: o.raw}).members(o); err != nil {
					t.Fatal(err)
				}
				known = f.object(o)
			}
			if known && seen[name] {
				t.Errorf("%s: a second format knows it: %s", name, f.Title)
			}
			if known {
				seen[name], seen[f.Title] = true, true
			}
		}
		if !seen[name] {
			t.Errorf("%s: no format knows it", name)
		}
	}
	for _, f := range in.formats {
		if !seen[f.Title] {
			t.Errorf("%s has no sample", f.Title)
		}
	}
}

func TestAFileThatEndsAnywhereGivesWhatIsBeforeItsEnd(t *testing.T) {
	for name, text := range samples() {
		whole := text + "\n" + text + "\n"
		for cut := 0; cut <= len(whole); cut += 1 + len(whole)/97 {
			h := readKey(t, "k", whole[:cut], ReadOptions{})
			if cut >= len(text) && h.stats.Records == 0 {
				t.Errorf("%s, cut at %d of %d: nothing was read: %+v", name, cut, len(whole), h.stats)
			}
			// A line that ends early can still be a record; one of JSON cannot.
			if text[0] == '{' && cut > len(text)+1 && cut < 2*len(text) && (h.stats.Records != 1 || h.stats.Whole()) {
				t.Errorf("%s, cut at %d of %d: %+v", name, cut, len(whole), h.stats)
			}
		}
		packed := pack(strings.Repeat(text+"\n", 3000))
		h := readKey(t, "k", packed[:len(packed)/2], ReadOptions{})
		if h.stats.Records == 0 || h.stats.UnreadFiles != 1 || !strings.Contains(h.stats.Problems[len(h.stats.Problems)-1].Reason, "the file ends in the middle") {
			t.Errorf("%s, half of a packed file: %+v", name, h.stats)
		}
	}
}

func TestBrokenUTF8CostsAFieldAndNoRecord(t *testing.T) {
	for name, text := range samples() {
		if name == "flow" {
			continue // TestNothingIsSkippedSilently has it
		}
		for _, at := range []string{"203.0.113.9", "10.0.0.5", "shop", "example", "2048", `"WWW.E`, "arn:aws:iam::111122223333:role/Dev", "arn:aws:s3:::b", "CN=client"} {
			if !strings.Contains(text, at) {
				continue
			}
			broken := strings.Replace(text, at, at[:len(at)-1]+"\xff\xfe"+at[len(at)-1:], 1)
			h := readKey(t, "k", text+"\n"+broken+"\n"+text, ReadOptions{})
			if h.stats.Records+h.stats.UnreadRecords != 3 || h.stats.Records < 2 || h.stats.UnreadFields == 0 && h.stats.UnreadRecords == 0 {
				t.Errorf("%s with bytes in %q: %+v", name, at, h.stats)
			}
			for _, e := range h.events {
				if bytes.Contains(e.Raw, []byte("\xff")) || strings.Contains(said(e), "\xff") {
					t.Errorf("%s: %q", name, e.Raw)
				}
			}
			break
		}
	}
}

// repeated gives the same text again and again.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], r.text[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.text)
	}
	return n, nil
}

func TestAGigabyteInOneRecordIsOneUnreadRecord(t *testing.T) {
	for name, c := range map[string]struct {
		before, fill, after string
		records             int
	}{
		"a line of text":                   {albText + "\n" + `https 2026-11-01T10:00:00.123456Z app/web `, "x", "\n" + albText, 2},
		"a line of JSON":                   {trailText + "\n{\"eventName\":\"", "x", "\"}\n" + trailText, 2},
		"a record in a list":               {`{"Records":[` + trailText + `,{"eventName":"`, "x", `"},` + trailText + `]}`, 2},
		"a record of many members":         {`{"Records":[` + trailText + `,{"a":0`, `,"member":"value"`, `},` + trailText + `]}`, 2},
		"backslashes":                      {`{"Records":[{"a":"`, `\\`, `"},` + trailText + `]}`, 1},
		"a message":                        {`{"logGroup":"g","logEvents":[{"message":"`, "x", `"},` + `{"message":` + encode(trailText) + `}]}`, 1},
		"a member of what wraps records":   {`{"a":"`, "x", `","Records":[` + trailText + `]}`, 1},
		"white space":                      {trailText, " ", trailText, 2},
		"lines that a statement goes on":   {postgresText + "\n", "\tand more\n", postgresText, 1},
		"messages before their log group":  {`{"logEvents":[`, `{"message":"x"},`, `{"message":"y"}],"logGroup":"g"}`, 0},
		"JSON of braces that nothing ends": {`{"Records":[{"a":`, `{"a":[1,2],"b":{}},`, `}` + trailText + `]}`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			size := int64(96 << 20)
			if c.fill == "x" && !testing.Short() {
				size = 1 << 30 // what is slower to read is only as long as shows that nothing is kept
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			fill := strings.Repeat(c.fill, 1<<16)
			body := io.MultiReader(strings.NewReader(c.before), io.LimitReader(&repeated{text: fill}, size-size%int64(len(c.fill))), strings.NewReader(c.after))
			h := &held{}
			if err := ReadObject(t.Context(), Object{Key: "k", Body: body}, ReadOptions{}, &h.stats, h.taker()); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if h.stats.Records != c.records && c.records >= 0 || h.stats.Whole() && name != "white space" {
				t.Errorf("%+v", h.stats)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 256<<20 {
				t.Errorf("it takes %d MiB", got>>20)
			}
		})
	}
}

func TestABombIsGivenUpAtItsLimit(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, io.LimitReader(&repeated{text: trailText + "\n"}, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h := &held{}
	in := &input{ctx: t.Context(), stats: &h.stats, formats: Formats(), name: "x", id: "x"}
	if err := in.read(&b, int64(b.Len()), 1<<20); err != nil || h.stats.UnreadFiles != 1 || h.stats.Bytes != 1<<20 || h.stats.Records < 1000 {
		t.Errorf("%v, %+v", err, h.stats)
	}
}

func TestClocksThatJumpAreRecordedAsTheyAre(t *testing.T) {
	at := func(text string) string { return strings.Replace(trailText, "2026-11-01T10:00:00Z", text, 1) }
	h := readKey(t, "k", strings.Join([]string{at("2026-11-01T10:00:00Z"), at("1970-01-01T00:00:00Z"), at("9999-12-31T23:59:59Z"), at("2026-11-01T19:00:00+09:00"), at("2026-11-01T10:00:00.5Z")}, "\n"), ReadOptions{})
	if len(h.events) != 5 || !h.stats.Whole() {
		t.Fatalf("%+v", h.stats)
	}
	if s := h.sources[0]; s.First.Year() != 1970 || s.Last.Year() != 9999 {
		t.Errorf("%+v", s)
	}
	if !h.events[3].Time.Equal(h.events[0].Time) || h.events[3].Time.Location() != time.UTC {
		t.Errorf("%v", h.events[3].Time)
	}
	for _, text := range []string{"0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-01:00", "2026-11-01", ""} {
		if h := readKey(t, "k", at(text), ReadOptions{}); len(h.events) != 0 || h.stats.UnreadRecords != 1 {
			t.Errorf("%q: %+v", text, h.stats)
		}
	}
}

func TestARecordThatIsThereTwiceHasTheSameId(t *testing.T) {
	for name, text := range samples() {
		message := encode(m{"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "g", "logEvents": []m{{"id": "7", "timestamp": 1, "message": text}}})
		h := readKey(t, "k", message+message, ReadOptions{})
		var ids []string
		for _, e := range h.events {
			ids = append(ids, e.ID)
		}
		for _, l := range h.lookups {
			ids = append(ids, l.ID)
		}
		if name != "flow" && (len(ids) != 2 || ids[0] != ids[1]) {
			t.Errorf("%s: %v", name, ids)
		}
	}
}

// FuzzRead holds whatever comes against all formats: what is given is whole, what
// is not is counted.
func FuzzRead(f *testing.F) {
	for _, text := range samples() {
		f.Add([]byte(text))
		for _, form := range forms(text) {
			f.Add([]byte(form))
		}
	}
	f.Add([]byte(`{"logEvents":[{"message":"{"},7],"logGroup":"/aws/rds/cluster/x/audit"}`))
	f.Fuzz(func(t *testing.T, data []byte) { tryAll(t, data) })
}

// tryAll reads what a fuzzer made.
func tryAll(t *testing.T, data []byte) *held {
	h := readKey(t, "AWSLogs/111122223333/x/us-east-1/k", string(data), ReadOptions{})
	if len(h.stats.Problems) > h.stats.UnreadFiles+h.stats.UnreadRecords+h.stats.UnreadFields || h.stats.UnreadRecords < 0 || h.stats.Files+h.stats.Passed != 1 {
		t.Fatalf("%+v", h.stats)
	}
	logs := 0
	for _, n := range h.stats.Logs {
		logs += n
	}
	if logs != h.stats.Records || h.sources[0].Records != h.stats.Records {
		t.Fatalf("%+v, %+v", h.stats, h.sources)
	}
	return h
}

// fuzzRecord is a target for one format: the record with a few bytes of it
// replaced.
func fuzzRecord(f *testing.F, log haetae.Log, texts ...string) {
	for i, text := range texts {
		f.Add(uint8(i), uint16(0), uint16(0), "")
		f.Add(uint8(i), uint16(len(text)/2), uint16(3), "\xff\"")
	}
	f.Fuzz(func(t *testing.T, which uint8, from, length uint16, put string) {
		text := texts[int(which)%len(texts)]
		i := int(from) % (len(text) + 1)
		j := min(i+int(length), len(text))
		changed := text[:i] + put + text[j:]
		// Lines before and after it are read whatever it is.
		h := tryAll(t, []byte(text+"\n"+changed+"\n"+text+"\n"))
		if n := h.stats.Logs[log]; n < 2 && !strings.ContainsAny(put, "\n\r") && !strings.ContainsAny(put, "{[") && i > 0 && text[0] != '{' {
			t.Fatalf("%d of %s: %s\n%+v", n, log, changed, h.stats)
		}
	})
}

func FuzzResolver(f *testing.F) { fuzzRecord(f, haetae.ResolverQuery, resolverText) }
func FuzzEKS(f *testing.F)      { fuzzRecord(f, haetae.EKSAudit, eksText, eksLoginText) }
func FuzzS3Access(f *testing.F) { fuzzRecord(f, haetae.S3Access, s3Text) }
func FuzzALB(f *testing.F)      { fuzzRecord(f, haetae.ALBAccess, albText) }
func FuzzALBConnection(f *testing.F) {
	fuzzRecord(f, haetae.ALBConnection, connText)
}
func FuzzNLB(f *testing.F)             { fuzzRecord(f, haetae.NLBAccess, nlbText) }
func FuzzCLB(f *testing.F)             { fuzzRecord(f, haetae.CLBAccess, clbText) }
func FuzzWAF(f *testing.F)             { fuzzRecord(f, haetae.WAF, wafText) }
func FuzzMySQLAudit(f *testing.F)      { fuzzRecord(f, haetae.RDSAudit, mysqlText) }
func FuzzPostgres(f *testing.F)        { fuzzRecord(f, haetae.RDSAudit, postgresText) }
func FuzzSQLServer(f *testing.F)       { fuzzRecord(f, haetae.RDSAudit, sqlServerText) }
func FuzzNetworkFirewall(f *testing.F) { fuzzRecord(f, haetae.NetworkFirewall, nfwText) }
func FuzzGuardDuty(f *testing.F)       { fuzzRecord(f, haetae.GuardDuty, gdText, capitals(gdText)) }
func FuzzSecurityHub(f *testing.F)     { fuzzRecord(f, haetae.SecurityHub, asff, ocsf) }

// BenchmarkRead is how fast each format is read, of a packed file.
func BenchmarkRead(b *testing.B) {
	for name, text := range samples() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			const n = 5000
			data := pack(strings.Repeat(text+"\n", n))
			b.ReportAllocs()
			b.SetBytes(int64(n * (len(text) + 1)))
			for b.Loop() {
				var s Stats
				if err := ReadObject(b.Context(), Object{Key: "k", Body: strings.NewReader(data)}, ReadOptions{}, &s, Taker{}); err != nil || s.Records != n {
					b.Fatalf("%v, %+v", err, s)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
