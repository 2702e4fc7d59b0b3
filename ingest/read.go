package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/projection"
)

// Taker takes what is read. A nil function is for records that nobody wants: they
// are decoded and counted all the same. What a function is given is valid until
// it returns; its texts may be kept, [haetae.Event.Raw] and the answers of a
// [haetae.Lookup] may not. An error ends the reading.
type Taker struct {
	Event  func(*haetae.Event) error
	Flow   func(*haetae.Flow) error
	Lookup func(*haetae.Lookup) error
}

// ReadOptions say what is read of files; its zero value reads everything.
type ReadOptions struct {
	// Since and Until bound the time of records, the first included and the second
	// not. What is outside is counted in [Stats.Outside].
	Since, Until time.Time
	// FlowFormat has the fields of flow logs that have no header line and are not of
	// the default format: see [FlowFormat].
	FlowFormat []string
	// Account and Region are of records that say nothing of them and whose object's
	// key does not either.
	Account, Region string
	// Skip tells whether a file below a path is left out, before it is opened.
	Skip func(path string, info os.FileInfo) bool
	// Done is told of each file when it was read, after all of its records were taken.
	Done func(Source) error
}

// Source is what one file held.
type Source struct {
	File string `json:"file"`
	// Info is the file as it was when it was listed; nil for an object.
	Info    os.FileInfo  `json:"-"`
	Logs    []haetae.Log `json:"logs"` // none when no format knows it, or it was passed over
	Bytes   int64        `json:"bytes"`
	Records int          `json:"records"`
	// First and Last are the times of the earliest and the latest record; zero when
	// there is none.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Unread counts what could not be read of it: the file itself, records, fields.
	Unread int `json:"unread"`
	// Note says why it was passed over, or the first of what could not be read.
	Note string `json:"note,omitempty"`
}

// Object is a file that comes from elsewhere than a folder.
type Object struct {
	// Name is for people: "s3://bucket/key". Key and Version tell the object from all
	// others; IDs of records that have none are made of them.
	Name, Key, Version string
	Size               int64     // of the body, as it is stored
	Modified           time.Time // when the source had it; zero when that is not known
	// Body is read to its end. Of Parquet files it has to be an io.ReaderAt too.
	Body io.Reader
}

// Read reads the log files at and below the paths, each once and in order of
// their names, and gives each record to t. What a file holds is told from its
// content. An error is of a path that cannot be opened, of ctx, or of whoever
// takes; whatever cannot be read of the files is in s.
func Read(ctx context.Context, paths []string, opt ReadOptions, s *Stats, t Taker) error {
	for _, root := range paths {
		if _, err := os.Stat(root); err != nil {
			return fmt.Errorf("read %s: %w", root, err)
		}
	}
	formats := Formats()
	keys := map[string]string{} // and the file that has it
	return readAhead(paths, opt.Skip, s, func(j *job, a *ahead) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		in := &input{ctx: ctx, opt: opt, stats: s, take: t, formats: formats, info: j.info, name: j.path, id: objectKey(j.root, j.path)}
		if other, ok := keys[in.id]; ok && !strings.HasPrefix(in.id, "AWSLogs/") && other != j.path {
			in.id = filepath.ToSlash(j.path) // two folders, or files, that name theirs alike
		}
		keys[in.id] = j.path
		in.account, in.region = placeOf(in.id)
		return in.ahead(j, a)
	})
}

// ahead takes the records of a file that were read ahead, and reads the file itself
// when it is not plain.
func (in *input) ahead(j *job, a *ahead) error {
	err := in.counted(func() error {
		for {
			b := <-j.blocks
			last, odd := b.last, b.odd
			for i := range b.events {
				e := &b.events[i]
				in.number++
				in.known(&in.formats[0])
				err := in.canceled()
				if err == nil {
					err = in.event(e, &mail{})
				}
				if err != nil {
					return err
				}
			}
			if last && !odd {
				in.stats.Bytes += b.bytes
			}
			a.done(b)
			if odd {
				return errOdd
			}
			if last {
				return nil
			}
		}
	})
	if !errors.Is(err, errOdd) {
		return err
	}
	f, err := os.Open(j.path)
	if err != nil {
		in.stats.unread(File, j.path, 0, "%v", err)
		if in.opt.Done != nil {
			return in.opt.Done(Source{File: j.path, Info: j.info, Logs: []haetae.Log{}, Unread: 1, Note: err.Error()})
		}
		return nil
	}
	defer f.Close()
	in.given, in.number, in.found, in.current = in.number, 0, 0, nil
	return in.read(f, j.info.Size(), maxUnpacked)
}

// errOdd says that a file cannot be read ahead.
var errOdd = errors.New("the file is not plain")

// ReadObject reads one file that was fetched, as [Read] does.
func ReadObject(ctx context.Context, o Object, opt ReadOptions, s *Stats, t Taker) error {
	in := &input{ctx: ctx, opt: opt, stats: s, take: t, formats: Formats(), name: o.Name, id: o.Key, modified: o.Modified}
	if o.Version != "" {
		in.id += "?versionId=" + o.Version
	}
	in.account, in.region = placeOf(o.Key)
	return in.read(o.Body, o.Size, maxUnpacked)
}

// objectKey is what the key of an object was before it was copied to a folder, as
// far as that can be told: it begins at "AWSLogs" where there is one, so that it
// is the same from wherever the copy is read.
func objectKey(root, path string) string {
	slashed := filepath.ToSlash(path)
	if i := strings.LastIndex(slashed, "/AWSLogs/"); i >= 0 {
		return slashed[i+1:]
	}
	return below(root, path)
}

// Format is a log in the form in which AWS writes it.
type Format struct {
	Log   haetae.Log
	Title string
	// object tells whether an object of JSON is a record, line whether a line of text
	// is; nil when there are none of the kind.
	object func(*object) bool
	line   func([]byte) bool
	// more tells whether a line goes on with the record of the line before it.
	more func([]byte) bool
	// read decodes one record: the object, or the text when there is none. It notes
	// what it cannot read; an error is one of whoever takes, or ends the file.
	read func(in *input, o *object, text []byte, m *mail) error
}

// Formats are the logs that haetae reads, in the order in which a record is held
// against them.
func Formats() []Format {
	return []Format{
		trailFormat(), flowFormat(), resolverFormat(), eksAuditFormat(), eksLoginFormat(), s3AccessFormat(),
		albFormat(), albConnectionFormat(), nlbFormat(), clbFormat(), wafFormat(), mysqlAuditFormat(), postgresFormat(), sqlServerFormat(),
		firewallFormat(), guardDutyFormat(), securityHubFormat(),
	}
}

// input is a file that is being read.
type input struct {
	ctx     context.Context
	opt     ReadOptions
	stats   *Stats
	take    Taker
	trail   func(*TrailRecord) error // takes records of CloudTrail in place of take
	formats []Format
	only    *Format // objects and lines that no format knows are of this one
	limit   int64   // of what is unpacked

	info            os.FileInfo
	name, id        string
	modified        time.Time
	account, region string
	number          int // of the record; in a text, of the line
	given           int // the records before this one were given on already
	src             Source
	passed          string // why the file holds no records

	current *Format // of the record before
	flow    *flowParser
	head    *projection.Record // of CloudTrail
	members [][]member
	vals    [][]byte
	buf     []byte

	lookup haetae.Lookup
	inner  []member
	texts  map[string]string // those that come again

	held       []byte // a record that the next line may go on with
	heldNumber int
	holding    bool
	heldLong   bool

	blind    int // records of which no format is known
	before   int // problems that there were before them
	found    int // records that a format knew, read or not
	firstSaw string
}

// read reads the file.
func (in *input) read(r io.Reader, size, limit int64) error {
	in.limit = limit
	return in.counted(func() error { return in.content(r, size) })
}

// counted says what became of a file that a function reads.
func (in *input) counted(content func() error) error {
	in.src.File, in.src.Info = in.name, in.info
	if in.src.Logs == nil {
		in.src.Logs = []haetae.Log{}
	}
	whole, problems, counted := in.unreadSum(), len(in.stats.Problems), in.stats.Bytes
	err := content()
	if errors.Is(err, errOdd) {
		return err
	}
	var t taken
	if errors.As(err, &t) {
		return t.error
	}
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New(strings.Replace(err.Error(), io.ErrUnexpectedEOF.Error(), "the file ends in the middle", 1))
		}
		in.stats.unread(File, in.name, in.number, "%v", err)
	}
	if in.passed != "" && in.found == 0 && err == nil {
		in.stats.Passed++
		in.src.Note = in.passed
	} else {
		in.stats.Files++
	}
	in.src.Bytes = in.stats.Bytes - counted
	if in.src.Unread = in.unreadSum() - whole; in.src.Unread > 0 && len(in.stats.Problems) > problems {
		in.src.Note = in.stats.Problems[problems].Reason
	}
	if in.src.Note == "" && in.src.Records == 0 {
		in.src.Note = "it holds no records"
	}
	if in.opt.Done != nil {
		return in.opt.Done(in.src)
	}
	return nil
}

func (in *input) unreadSum() int {
	return in.stats.UnreadFiles + in.stats.UnreadRecords + in.stats.UnreadFields
}

// maxMemory bounds a Parquet file that has to be held because its source cannot
// be read out of order.
const maxMemory = 256 << 20

// content takes off what the file is packed in and reads it by its first bytes.
func (in *input) content(r io.Reader, size int64) error {
	if at, ok := r.(io.ReaderAt); ok {
		head := make([]byte, 4)
		if n, err := at.ReadAt(head, 0); n == 4 && (err == nil || errors.Is(err, io.EOF)) && string(head) == "PAR1" {
			in.stats.Bytes += size
			return in.parquet(at, size)
		}
	}
	br, l, err := unpack(r, in.limit)
	defer func() { in.stats.Bytes += l.read }()
	if err != nil {
		return err
	}
	head, err := br.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		// What is there before the break is read; the break is met again.
		if len(head) == 0 {
			return err
		}
	}
	if bytes.HasPrefix(head, []byte("PAR1")) {
		if _, ok := r.(io.ReaderAt); ok {
			return errors.New("a Parquet file that is packed as a whole: unpack it first, AWS packs its pages")
		}
		body, err := io.ReadAll(io.LimitReader(br, maxMemory+1))
		if err != nil {
			return err
		}
		if len(body) > maxMemory {
			return fmt.Errorf("a Parquet file of more than %d MB from a source that is read in order only", maxMemory>>20)
		}
		return in.parquet(bytes.NewReader(body), int64(len(body)))
	}
	if bom := []byte("\ufeff"); bytes.HasPrefix(head, bom) {
		if _, err := br.Discard(len(bom)); err != nil {
			return err
		}
		head = head[len(bom):]
	}
	start := bytes.TrimSpace(head)
	switch {
	case len(start) == 0 && len(head) < sniffed/2:
		in.passed = "it is empty"
		return nil
	case testFile(start):
		in.passed = "a file by which a service tried whether it may write"
		return nil
	case len(start) > 0 && (start[0] == '{' || start[0] == '[') && !jsonLines(head):
		if err := in.values(&scanner{r: br, buf: make([]byte, 0, scanned)}, 0, &mail{}); err != nil {
			return err
		}
	default:
		if err := in.text(br, head); err != nil {
			return err
		}
	}
	return in.nothing()
}

// sniffed is how much of a file is looked at before it is read.
const sniffed = 64 << 10

// testFile knows what services write to see whether they may
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasksConsole.html,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).
func testFile(head []byte) bool {
	for _, text := range []string{"Permission Check Successful", "Enable AccessLog for ELB", "Enable ConnectionLog for ELB"} {
		if len(head) < 1<<10 && bytes.HasPrefix(head, []byte(text)) {
			return true
		}
	}
	return false
}

// jsonLines tells whether each line is a value of JSON by itself: a line that is
// broken then costs no other one.
func jsonLines(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	first, rest, more := bytes.Cut(head, []byte("\n"))
	first = bytes.TrimSpace(first)
	if !more || len(first) < 2 || first[0] != '{' || first[len(first)-1] != '}' {
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("{")) || json.Valid(first)
}

// gaveUp ends a file of which no format knows anything.
type gaveUp struct{ error }

// nothing gives up a file of which no format knew a record: that is one problem
// and not one for each of its records.
func (in *input) nothing() error {
	if in.found > 0 || in.blind == 0 {
		return nil
	}
	in.forget()
	in.number = 0
	return gaveUp{errors.New(in.firstSaw)}
}

// forget takes back what was noted of records that no format knew.
func (in *input) forget() {
	in.stats.UnreadRecords -= in.blind
	in.stats.Problems = in.stats.Problems[:min(len(in.stats.Problems), in.before)]
	in.blind = 0
}

// unknown notes a record that no format knows.
func (in *input) unknown(format string, args ...any) error {
	if in.blind++; in.blind == 1 {
		in.before = len(in.stats.Problems)
		in.firstSaw = fmt.Sprintf(format, args...)
	}
	if in.found == 0 && in.blind > maxBlind {
		in.blind--
		return in.nothing()
	}
	in.stats.unread(Record, in.name, in.number, format, args...)
	return nil
}

// known notes that a format knows the record.
func (in *input) known(f *Format) {
	in.found++
	in.current = f
}

// canceled is asked now and then whether to stop.
func (in *input) canceled() error {
	if in.number%1024 == 0 && in.ctx.Err() != nil {
		return taken{in.ctx.Err()}
	}
	return nil
}

// parquet reads a Parquet file, which only flow logs are.
func (in *input) parquet(r io.ReaderAt, size int64) error {
	p := in.flows()
	in.found++
	err := p.parquet(r, size)
	in.number = p.line
	return err
}

// flows is the parser of flow logs of this file.
func (in *input) flows() *flowParser {
	if in.flow != nil {
		return in.flow
	}
	p := &flowParser{name: in.name, key: in.id, stats: in.stats, ctx: in.ctx, texts: map[string]string{}, limit: in.limit, account: in.account, region: in.region}
	if p.account == "" {
		p.account = in.opt.Account
	}
	if p.region == "" {
		p.region = in.opt.Region
	}
	p.take = in.takeFlow
	if in.opt.FlowFormat != nil {
		p.use(in.opt.FlowFormat)
	}
	in.flow = p
	return p
}

// takeFlow hands on a record of a flow log.
func (in *input) takeFlow(f *haetae.Flow) error {
	log := haetae.VPCFlow
	if f.Hub != "" {
		log = haetae.TransitFlow
	}
	var at time.Time
	if f.Known(haetae.FlowEnd) {
		at = time.Unix(f.End, 0).UTC()
	} else if f.Known(haetae.FlowStart) {
		at = time.Unix(f.Start, 0).UTC()
	}
	if !in.saw(log, at) || in.take.Flow == nil {
		return nil
	}
	return in.take.Flow(f)
}

// saw counts a record and tells whether its time is asked for. A record without a
// time is.
func (in *input) saw(log haetae.Log, at time.Time) bool {
	in.src.Records++
	in.stats.count(log)
	known := false
	for _, l := range in.src.Logs {
		known = known || l == log
	}
	if !known {
		in.src.Logs = append(in.src.Logs, log)
	}
	if at.IsZero() {
		return true
	}
	if in.src.First.IsZero() || at.Before(in.src.First) {
		in.src.First = at
	}
	if at.After(in.src.Last) {
		in.src.Last = at
	}
	if !in.opt.Since.IsZero() && at.Before(in.opt.Since) || !in.opt.Until.IsZero() && !at.Before(in.opt.Until) {
		in.stats.Outside++
		return false
	}
	return true
}

// maxUnixMilli is the end of the year 9999, past which no time can be written.
const maxUnixMilli = maxTime * 1000

// instant is a time in milliseconds since 1970, zero when it is none that can be
// written.
func instant(ms int64) time.Time {
	if ms <= 0 || ms > maxUnixMilli || ms == math.MaxInt64 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
