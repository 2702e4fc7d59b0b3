package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/haetae/haetae"
)

const (
	accepted = "2 111122223333 eni-1 10.0.0.10 198.51.100.7 443 50000 6 20 4249 1700000010 1700000070 ACCEPT OK"
	nodata   = "2 111122223333 eni-1 - - - - - - - 1700000010 1700000070 - NODATA"
	skipdata = "2 111122223333 eni-1 - - - - - - - 1700000010 1700000070 - SKIPDATA"
)

// read reads files by name and content.
func read(t testing.TB, files map[string]string, format ...string) ([]haetae.Flow, *Stats) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out []haetae.Flow
	s, err := Flows(t.Context(), []string{dir}, format, func(f *haetae.Flow) error {
		c := *f
		c.Place.File, c.Key = strings.TrimPrefix(c.Place.File, dir+"/"), strings.TrimPrefix(c.Key, dir+"/")
		out = append(out, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Problems {
		s.Problems[i].Place.File = strings.TrimPrefix(s.Problems[i].Place.File, dir+"/")
		s.Problems[i].Reason = strings.ReplaceAll(s.Problems[i].Reason, dir+"/", "")
	}
	return out, s
}

func pack(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

type m = map[string]any

func TestARecordReadsTheSameWhateverItComesIn(t *testing.T) {
	want, _ := read(t, map[string]string{"a.log": accepted + "\n"})
	if len(want) != 1 {
		t.Fatalf("%d records", len(want))
	}
	f := want[0]
	if f.Account != "111122223333" || f.Interface != "eni-1" || f.Src != netip.MustParseAddr("10.0.0.10") || f.DstPort != 50000 ||
		f.Proto != 6 || f.Bytes != 4249 || f.Packets != 20 || f.Start != 1700000010 || f.End != 1700000070 || f.Action != haetae.Accepted ||
		f.Status != haetae.FlowOK || f.Place.Line != 1 || f.Known(haetae.FlowFlags) || !f.Known(haetae.FlowPorts|haetae.FlowProto|haetae.FlowBytes) {
		t.Fatalf("the default format reads as %+v", f)
	}
	message := encode(m{"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "flows", "logStream": "eni-1-all",
		"subscriptionFilters": []string{"x"}, "logEvents": []m{{"id": "1", "timestamp": 1, "message": accepted, "extractedFields": m{"a": []m{{"b": "c"}}}}}})
	for name, text := range map[string]string{
		"packed":                              pack(accepted + "\n"),
		"packed twice":                        pack(pack(accepted)),
		"without a line end":                  accepted,
		"with the line ends of Windows":       accepted + "\r\n\r\n",
		"with a header line":                  vpcFormat + "\n" + accepted,
		"exported from CloudWatch Logs":       "2023-11-14T22:13:30.000Z " + accepted,
		"a message of a subscription":         message,
		"packed messages, one after another":  pack(`{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1}]}`) + pack(message),
		"what a Lambda function gets":         encode(m{"awslogs": m{"data": base64.StdEncoding.EncodeToString([]byte(pack(message)))}}),
		"an answer of the AWS CLI":            encode(m{"events": []m{{"timestamp": 1, "message": accepted, "ingestionTime": 2}}, "nextForwardToken": "f/1"}),
		"a list of answers":                   "[" + encode(m{"events": []m{{"message": accepted}}}) + "]",
		"as Firehose gets it":                 encode(m{"message": accepted}),
		"with other names before the message": encode(m{"a": m{"message": []any{1, m{}}}, "events": []m{{"message": accepted}}}),
	} {
		got, s := read(t, map[string]string{"a.log": text})
		if !s.Whole() || len(got) != 1 {
			t.Errorf("%s: %d records, %+v", name, len(got), s)
			continue
		}
		got[0].Place, got[0].Key, got[0].Number = f.Place, f.Key, f.Number
		if got[0] != f {
			t.Errorf("%s: %+v, want %+v", name, got[0], f)
		}
	}
}

func TestFieldsOfEveryVersionInAnyOrder(t *testing.T) {
	header := "traffic-path flow-direction pkt-dstaddr pkt-srcaddr tcp-flags vpc-id region reject-reason encryption-status ecs-task-id instance-id subnet-id action pkt-src-aws-service interface-id protocol dstport srcport end start resource-id"
	line := "8 egress 2001:db8::5 10.0.0.11 19 vpc-1 eu-west-1 BPA 0 - i-1 subnet-1 REJECT S3 eni-9 17 53 5353 1700000001 1700000000 -"
	want := haetae.Flow{Path: 8, Direction: "egress", PktDst: netip.MustParseAddr("2001:db8::5"), PktSrc: netip.MustParseAddr("10.0.0.11"),
		TCPFlags: 19, VPC: "vpc-1", Region: "eu-west-1", Reason: "BPA", Instance: "i-1", Subnet: "subnet-1", Action: haetae.Rejected, SrcService: "S3",
		Interface: "eni-9", Proto: 17, DstPort: 53, SrcPort: 5353, End: 1700000001, Start: 1700000000, Status: haetae.FlowOK,
		Has: haetae.FlowPath | haetae.FlowFlags | haetae.FlowProto | haetae.FlowPorts | haetae.FlowStart | haetae.FlowEnd}
	format, err := FlowFormat("${" + strings.ReplaceAll(header, " ", "} ${") + "}")
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]struct {
		text   string
		format []string
	}{
		"a header line":                      {header + "\n" + line, nil},
		"a header line with underscores":     {strings.ReplaceAll(header, "-", "_") + "\n" + line, nil},
		"the format of the log":              {line, format},
		"a header line before a format":      {header + "\n" + line, []string{"version"}},
		"a second header line, in mid-file":  {vpcFormat + "\n" + header + "\n" + line, nil},
		"a field that nobody knows, as well": {header + " tea-temperature\n" + line + " hot", nil},
	} {
		got, s := read(t, map[string]string{"a.log": in.text}, in.format...)
		if len(got) != 1 || !s.Whole() {
			t.Errorf("%s: %d records, %+v", name, len(got), s)
			continue
		}
		got[0].Place, got[0].Key, got[0].Number = haetae.Place{}, "", 0
		if got[0] != want {
			t.Errorf("%s: %+v", name, got[0])
		}
		if strange := slices.Contains(s.Strange, "tea-temperature"); strange != strings.Contains(in.text, "tea") {
			t.Errorf("%s: fields that are not known: %v", name, s.Strange)
		}
	}
	if _, err := FlowFormat("${version} ${colour}"); err == nil {
		t.Error("a format with a field that does not exist is taken")
	}
}

func TestTransitGatewayLogs(t *testing.T) {
	line := "6 TransitGateway 111122223333 tgw-1 tgw-attach-1 111122223333 444455556666 vpc-1 vpc-2 subnet-1 subnet-2 eni-1 eni-2 use1-az1 use1-az1 tgw-attach-2 10.0.0.5 10.1.0.6 50000 443 6 9 900 1700000000 1700000059 OK IPv4 1 2 3 4 2 us-east-1 ingress - -"
	got, s := read(t, map[string]string{"a.log": line})
	if len(got) != 1 || !s.Whole() {
		t.Fatalf("%d records, %+v", len(got), s)
	}
	if f := got[0]; f.Hub != "tgw-1" || f.Attach != "tgw-attach-1" || f.Action != "" || f.DstPort != 443 || f.TCPFlags != 2 || f.Region != "us-east-1" || f.Interface != "" {
		t.Errorf("%+v", f)
	}
}

func TestNothingIsSkippedSilently(t *testing.T) {
	header := "interface-id srcaddr bytes start end\n"
	for name, c := range map[string]struct {
		text, want string
		records    int
	}{
		"records without data are counted":            {accepted + "\n" + nodata + "\n" + skipdata, "", 3},
		"too few fields":                              {accepted + "\n2 111122223333 eni-1\n" + accepted, "record a.log:2: 3 fields, the format has 14", 2},
		"too many fields":                             {accepted + "\n" + accepted + " x", "record a.log:2: more fields than the 14 of the format", 1},
		"a number that is none":                       {header + "eni-1 10.0.0.1 many 1 2", `field a.log:2: bytes "many"`, 1},
		"a number that is too large":                  {header + "eni-1 10.0.0.1 99999999999999999999 1 2", `field a.log:2: bytes "99999999999999999999"`, 1},
		"an address that is none":                     {header + "eni-1 10.0.0.256 1 1 2", `field a.log:2: srcaddr "10.0.0.256"`, 1},
		"an address with a zone":                      {header + "eni-1 fe80::1%eth0 1 1 2", `field a.log:2: srcaddr "fe80::1%eth0"`, 1},
		"an end before the start":                     {header + "eni-1 10.0.0.1 1 5 2", `field a.log:2: end "before start"`, 1},
		"text that is no UTF-8":                       {header + "eni-\xff 10.0.0.1 1 1 2", `field a.log:2: interface-id "eni-\xff"`, 1},
		"a word that AWS does not write":              {strings.Replace(accepted, "ACCEPT", "ALLOW", 1), `field a.log:1: action "ALLOW"`, 1},
		"a truncated packed file":                     {pack(strings.Repeat(accepted+"\n", 20000))[:400], "file a.log: the file ends in the middle", -1},
		"a broken packed file":                        {"\x1f\x8bbroken", "file a.log: gzip: ", 0},
		"a log of a format of its own":                {"5 eni-1 vpc-1 ACCEPT\n5 eni-1 vpc-1 ACCEPT", "file a.log: it is no flow log, or one of a format of its own without a header line: then give its format", 0},
		"another text":                                {strings.Repeat("Dear reader,\n", 1000), "file a.log: it is no flow log, or one of a format of its own without a header line: then give its format", 0},
		"JSON that is no log":                         {`{"a": [1, {"b": 2}]}`, "file a.log: it looks like JSON but no log that haetae reads: it has the members a", 0},
		"JSON that ends early":                        {`{"events": [{"message": "` + accepted + `"}`, "file a.log:1: json: ", 1},
		"JSON that is deep":                           {strings.Repeat("[", 10000), "file a.log: json: values are too deep in each other", 0},
		"JSON that is deep in what is passed over":    {`{"a":` + strings.Repeat(`{"a":`, 10000), "file a.log: json: values are too deep in each other", 0},
		"base64 that is none":                         {`{"awslogs": {"data": "!"}}`, "file a.log: json: data: ", 0},
		"a Parquet file that is none":                 {"PAR1 and so on, PAR1", "file a.log: parquet: a footer of ", 0},
		"a Parquet file that is packed":               {pack("PAR1 and so on, PAR1"), "file a.log: a Parquet file that is packed", 0},
		"a file that is packed over and over":         {pack(pack(pack(pack(pack(accepted))))), "file a.log: it is packed more than 3 times", 0},
		"a line before the first that can be read":    {"garbage\n" + accepted, "record a.log:1: neither a header line nor of the default format", 1},
		"an escaped text of JSON that is not Unicode": {`{"message":"` + strings.Replace(accepted, "eni-1", "eni-\xff", 1) + `"}`, `field a.log:1: interface-id "eni-`, 1},
	} {
		got, s := read(t, map[string]string{"a.log": c.text})
		var said []string
		for _, p := range s.Problems {
			said = append(said, string(p.Kind)+" "+p.String())
		}
		n := 1
		if c.want == "" {
			n = 0
		}
		all := s.UnreadFiles + s.UnreadRecords + s.UnreadFields
		text := strings.Join(said, "; ")
		if c.records == -1 { // the place where it was cut is not fixed
			text = "file a.log: " + text[strings.LastIndex(text, ": ")+2:]
			c.records = len(got)
		}
		if all != n || len(s.Problems) != n || !strings.HasPrefix(text, c.want) || len(got) != c.records || s.Records != c.records {
			t.Errorf("%s: %d records, %d problems: %s, want %q", name, len(got), all, text, c.want)
		}
	}
	if _, s := read(t, map[string]string{"a.log": accepted + "\n" + nodata + "\n" + skipdata}); s.NoData != 1 || s.Skipped != 1 {
		t.Errorf("%d without data and %d skipped, want one of each", s.NoData, s.Skipped)
	}
}

func TestTheListOfProblemsIsCutAndItsNumberIsNot(t *testing.T) {
	_, s := read(t, map[string]string{"a.log": accepted + strings.Repeat("\nx", 12345)})
	if s.UnreadRecords != 12345 || len(s.Problems) != maxProblems {
		t.Errorf("%d records unread, %d problems", s.UnreadRecords, len(s.Problems))
	}
}

func TestFoldersAreWalkedAndEachFileIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "2026", "111122223333_vpcflowlogs_eu-west-1_fl-1_20260101T0000Z_x.log")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("srcaddr action\n10.0.0.1 ACCEPT\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "circle")); err != nil {
		t.Fatal(err)
	}
	n := 0
	s, err := Flows(t.Context(), []string{dir, name, filepath.Join(dir, ".", "2026")}, nil, func(f *haetae.Flow) error {
		if n++; f.Account != "111122223333" || f.Region != "eu-west-1" {
			t.Errorf("the name of the object says account %q, region %q", f.Account, f.Region)
		}
		return nil
	})
	if err != nil || n != 1 || s.UnreadFiles != 1 {
		t.Errorf("%d records, %+v, %v: the link is to be named and the file read once", n, s, err)
	}
	n = 0
	if s, err := Flows(t.Context(), []string{filepath.Join(dir, "circle", "2026"), filepath.Join(dir, "circle")}, nil, func(*haetae.Flow) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("through links: %d records, %+v, %v", n, s, err)
	}
	if _, err := Flows(t.Context(), []string{filepath.Join(dir, "none")}, nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a path that is not there: %v", err)
	}
}

func TestWhoeverTakesTheRecordsCanStop(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte(strings.Repeat(accepted+"\n", 10000)), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	if s, err := Flows(t.Context(), []string{dir}, nil, func(*haetae.Flow) error { return stop }); !errors.Is(err, stop) || !s.Whole() {
		t.Errorf("%v, %+v", err, s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Flows(ctx, []string{dir}, nil, func(*haetae.Flow) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// endless gives the same byte for ever.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestHostileFilesTakeLittleMemory(t *testing.T) {
	parser := func() *flowParser {
		return &flowParser{name: "x", stats: &Stats{}, ctx: t.Context(), texts: map[string]string{}, limit: 1 << 30, take: func(*haetae.Flow) error { return nil }}
	}
	for name, run := range map[string]func() error{
		"a line of a gigabyte": func() error {
			p := parser()
			err := p.text(bufio.NewReaderSize(io.MultiReader(io.LimitReader(endless('x'), 1<<30), strings.NewReader("\n"+accepted)), 64<<10))
			if p.stats.UnreadRecords != 1 || p.stats.Records != 1 {
				t.Errorf("a line of a gigabyte, and one after it: %+v", p.stats)
			}
			return err
		},
		"a text of JSON of a gigabyte": func() error {
			text := io.MultiReader(strings.NewReader(`{"events":[{"message":"`), io.LimitReader(endless('x'), 1<<30), strings.NewReader(`"},{"message":"`+accepted+`"}]}`))
			var stats Stats
			if err := readFlows(t.Context(), text, 0, "x", nil, &stats, func(*haetae.Flow) error { return nil }); err != nil || stats.UnreadRecords != 1 || stats.Records != 1 {
				t.Errorf("a text of JSON of a gigabyte, and one after it: %v, %+v", err, stats)
			}
			return nil
		},
		"a file that unpacks to more than it may": func() error {
			var b bytes.Buffer
			w := gzip.NewWriter(&b)
			if _, err := io.Copy(w, io.LimitReader(endless('\n'), 64<<20)); err != nil {
				return err
			}
			if err := w.Close(); err != nil {
				return err
			}
			br, l, err := unpack(&b, 1<<20)
			if err != nil {
				return err
			}
			if err := parser().text(br); !errors.Is(err, errTooLarge) || l.read != 1<<20 {
				t.Errorf("a bomb: %v after %d bytes", err, l.read)
			}
			return nil
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := run(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
			t.Errorf("%s takes %d MiB", name, got>>20)
		}
	}
}

// row has the columns that AWS writes into Parquet files.
type row struct {
	Version   int32   `parquet:"version"`
	Account   string  `parquet:"account_id"`
	Interface string  `parquet:"interface_id"`
	Src       string  `parquet:"srcaddr"`
	Dst       string  `parquet:"dstaddr"`
	SrcPort   *int32  `parquet:"srcport,optional"`
	DstPort   *int32  `parquet:"dstport,optional"`
	Proto     *int32  `parquet:"protocol,optional"`
	Packets   *int64  `parquet:"packets,optional"`
	Bytes     *int64  `parquet:"bytes,optional"`
	Start     int64   `parquet:"start"`
	End       int64   `parquet:"end"`
	Action    *string `parquet:"action,optional,dict"`
	Status    string  `parquet:"log_status,dict"`
	Flags     *int32  `parquet:"tcp_flags,optional"`
	PktSrc    *string `parquet:"pkt_srcaddr,optional"`
	Direction string  `parquet:"flow_direction,dict"`
	Path      *int32  `parquet:"traffic_path,optional"`
	Zone      string  `parquet:"az_id,dict"`
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.Intn(len(list))] }

func dash[T any](v *T) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(*v)
}

// rows makes records of every kind.
func rows(r *rand.Rand, n int) []row {
	out := make([]row, n)
	for i := range out {
		addr := func() string {
			if r.Intn(3) == 0 {
				return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(r.Intn(256))}).String()
			}
			return netip.AddrFrom4([4]byte{10, 0, byte(r.Intn(256)), byte(r.Intn(256))}).String()
		}
		maybe := func(n int) *int32 {
			v := int32(r.Intn(n))
			return pick(r, &v, &v, &v, nil)
		}
		big := r.Int63()
		at := r.Int63n(1 << 32)
		x := row{Version: 5, Account: "111122223333", Interface: fmt.Sprintf("eni-%d", r.Intn(9)), Src: addr(), Dst: addr(), SrcPort: maybe(65536), DstPort: maybe(65536),
			Proto: maybe(256), Packets: pick(r, &big, nil), Bytes: pick(r, &big, nil), Start: at, End: at + int64(r.Intn(600)), Status: pick(r, "OK", "OK", "NODATA", "SKIPDATA"),
			Flags: maybe(32), Direction: pick(r, "ingress", "egress", "-"), Path: maybe(9), Zone: "use1-az1"}
		for _, s := range []string{"ACCEPT", "REJECT"} {
			if r.Intn(2) == 0 {
				x.Action = &s
			}
		}
		if a := addr(); r.Intn(2) == 0 {
			x.PktSrc = &a
		}
		out[i] = x
	}
	return out
}

func texts(list []row) string {
	var b strings.Builder
	b.WriteString("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status tcp-flags pkt-srcaddr flow-direction traffic-path az-id\n")
	for _, x := range list {
		fmt.Fprintln(&b, x.Version, x.Account, x.Interface, x.Src, x.Dst, dash(x.SrcPort), dash(x.DstPort), dash(x.Proto), dash(x.Packets), dash(x.Bytes),
			x.Start, x.End, dash(x.Action), x.Status, dash(x.Flags), dash(x.PktSrc), x.Direction, dash(x.Path), x.Zone)
	}
	return b.String()
}

func parquetOf(t testing.TB, list []row, options ...parquet.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, options...)
	if _, err := w.Write(list); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextAndParquetSayTheSame(t *testing.T) {
	for seed := range int64(20) {
		list := rows(rand.New(rand.NewSource(seed)), 700)
		want, s := read(t, map[string]string{"a": pack(texts(list))})
		if !s.Whole() || len(want) != len(list) {
			t.Fatalf("text: %d records, %+v", len(want), s)
		}
		for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Gzip), parquet.Compression(&parquet.Snappy), parquet.Compression(&parquet.Zstd)} {
			got, s := read(t, map[string]string{"a": parquetOf(t, list, codec, parquet.MaxRowsPerRowGroup(300))})
			if !s.Whole() || len(got) != len(want) {
				t.Fatalf("parquet: %d records, %+v", len(got), s)
			}
			for i := range got {
				if got[i].Place.Line != i+1 {
					t.Fatalf("row %d is said to be %d", i+1, got[i].Place.Line)
				}
				if got[i].Place, got[i].Key = want[i].Place, want[i].Key; got[i] != want[i] {
					t.Fatalf("row %d: parquet %+v\ntext %+v", i, got[i], want[i])
				}
			}
		}
	}
}

// memory is a file in memory.
type memory struct{ *bytes.Reader }

func feed(t *testing.T, data []byte, format []string) (*Stats, int) {
	s := &Stats{}
	n := 0
	err := readFlows(t.Context(), memory{bytes.NewReader(data)}, int64(len(data)), "fuzz", format, s, func(f *haetae.Flow) error {
		n++
		if f.Src.IsValid() && f.Src.Zone() != "" || f.Known(haetae.FlowStart|haetae.FlowEnd) && f.End < f.Start || strings.ContainsRune(f.Interface, '\uFFFD') {
			t.Fatalf("a record that cannot be: %+v", f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Records != n || len(s.Problems) > s.UnreadFiles+s.UnreadRecords+s.UnreadFields {
		t.Fatalf("%d records were given: %+v", n, s)
	}
	return s, n
}

func FuzzFlowText(f *testing.F) {
	for _, s := range []string{accepted, vpcFormat + "\n" + accepted, hubFormat, nodata + "\n" + skipdata, pack(accepted), "2023-11-14T22:13:30.000Z " + accepted} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, n := feed(t, data, strings.Fields(vpcFormat))
		// Whatever a line is, it is a record, a problem, a header or empty.
		if text := string(data); !strings.HasPrefix(text, "PAR1") && !strings.HasPrefix(text, "\x1f\x8b") && !strings.ContainsAny(text, "{[") && n == 0 && s.Whole() {
			for l := range strings.Lines(text) {
				if l = strings.TrimSpace(l); l != "" && columnOf(strings.Fields(l)[0]) == strange && !strings.Contains(l, "-") && len(strings.Fields(l)) < 3 {
					t.Fatalf("line %q is nowhere", l)
				}
			}
		}
	})
}

func FuzzFlowParquet(f *testing.F) {
	f.Add([]byte(parquetOf(f, rows(rand.New(rand.NewSource(1)), 5))))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 || string(data[:4]) != "PAR1" {
			data = append([]byte("PAR1"), data...)
		}
		feed(t, data, nil)
	})
}

func FuzzCloudWatch(f *testing.F) {
	f.Add([]byte(encode(m{"events": []m{{"message": accepted}}})))
	f.Add([]byte(encode(m{"awslogs": m{"data": base64.StdEncoding.EncodeToString([]byte(pack(`{"message":"x"}`)))}})))
	f.Add([]byte(`[{"message":"a b"}]{"messageType":"CONTROL_MESSAGE"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, n := feed(t, append([]byte("{"), data...), nil)
		if n == 0 && s.Whole() && !json.Valid(bytes.TrimSpace(append([]byte("{"), data...))) && !bytes.Contains(data, []byte("}")) {
			t.Fatalf("broken JSON is whole: %q", data)
		}
	})
}

func benchmark(b *testing.B, data string, n int) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s := &Stats{}
		err := readFlows(b.Context(), memory{bytes.NewReader([]byte(data))}, int64(len(data)), "x", nil, s, func(*haetae.Flow) error { return nil })
		if err != nil || s.Records != n || !s.Whole() {
			b.Fatalf("%v, %+v", err, s)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkFlowText(b *testing.B) {
	list := rows(rand.New(rand.NewSource(1)), 100_000)
	b.Run("text", func(b *testing.B) { benchmark(b, texts(list), len(list)) })
	b.Run("gzip", func(b *testing.B) { benchmark(b, pack(texts(list)), len(list)) })
	b.Run("parquet", func(b *testing.B) { benchmark(b, parquetOf(b, list, parquet.Compression(&parquet.Gzip)), len(list)) })
	b.Run("default", func(b *testing.B) { benchmark(b, pack(strings.Repeat(accepted+"\n", 100_000)), 100_000) })
}
