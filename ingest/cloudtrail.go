package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/projection"
)

// TrailRecord is a record of CloudTrail: of a management or data event, of network
// activity, or an insight
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
type TrailRecord struct {
	Place haetae.Place // its line is the number of the record in the file
	Time  time.Time    // when the call was made
	ID    string       // "" in records of before 2012, that have none
	// Account is the one that the record was delivered for, Region where the call
	// was made.
	Account, Region string

	raw    []byte             // as it was read, valid until the reader goes on
	head   *projection.Record // the fields of trailPaths; nil when they are not plain
	paths  *projection.Fields // trailPaths
	fields map[string]any     // all of them, once somebody asked
	texts  kept
}

// Fields are all members of the record, as CloudTrail names them; numbers are
// json.Number. They are decoded when they are asked for.
func (r *TrailRecord) Fields() map[string]any {
	if r.fields == nil {
		_ = r.decode() // what has a head can be decoded
	}
	return r.fields
}

func (r *TrailRecord) decode() error {
	d := json.NewDecoder(bytes.NewReader(r.raw))
	d.UseNumber()
	return d.Decode(&r.fields)
}

// Text is a field that is a text, by its path: "" when there is none.
func (r *TrailRecord) Text(path ...string) string {
	var v any = r.Fields()
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	text, _ := v.(string)
	return text
}

// CloudTrail gives each record of the files to take, in the order of the files'
// names, which is that of time in what CloudTrail delivers. It reads what
// CloudTrail writes to S3, JSON lines, records that EventBridge delivers, and what
// CloudWatch Logs makes of them, packed with gzip or not. Digests are passed over.
// What cannot be read is noted in s; an error is of the paths, of ctx, or of take.
func CloudTrail(ctx context.Context, paths []string, s *Stats, take func(*TrailRecord) error) error {
	formats := []Format{trailFormat()}
	return walk(paths, s, func(path string, info fs.FileInfo) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			s.unread(File, path, 0, "%v", err)
			return nil
		}
		defer f.Close()
		in := &input{ctx: ctx, stats: s, trail: take, formats: formats, only: &formats[0], name: path, id: path}
		return in.read(f, info.Size(), maxUnpacked)
	})
}

// trailFormat is what CloudTrail writes
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
func trailFormat() Format {
	paths := projection.New(trailPaths())
	read := func(in *input, o *object, _ []byte, m *mail) error {
		if in.head == nil {
			in.head = paths.NewRecord()
		}
		return in.trailRecord(o, m)
	}
	return Format{Log: haetae.CloudTrail, Title: "CloudTrail", read: read, object: func(o *object) bool {
		// Notifications of S3 have the same members, and one for S3.
		return o.has("eventSource", "eventName", "eventTime") && !o.has("s3")
	}}
}

// trailRecord reads one record of CloudTrail.
func (in *input) trailRecord(o *object, m *mail) error {
	r := &TrailRecord{Place: haetae.Place{File: in.name, Line: in.number}, raw: o.raw, paths: in.head.Fields()}
	if _, state := in.head.Read(o.raw); state == projection.Whole {
		r.head = in.head
	} else if err := r.decode(); err != nil {
		return in.bad("json: %v", err)
	}
	for _, n := range []int{trailTime, trailSource, trailName} {
		if r.text(n) == "" {
			return in.bad("it has no %s: it is no record of CloudTrail", r.paths.Name(n))
		}
	}
	at, err := when(r.text(trailTime))
	if err != nil {
		return in.bad("eventTime: %v", err)
	}
	r.begin(at)
	if in.trail == nil {
		e := &haetae.Event{}
		r.event(e)
		return in.event(e, m)
	}
	in.stats.Records++
	if !in.saw(haetae.CloudTrail, at) {
		return nil
	}
	if err := in.trail(r); err != nil {
		return taken{err}
	}
	return nil
}

// begin fills in what every record has.
func (r *TrailRecord) begin(at time.Time) {
	size := 0
	if r.head != nil {
		size = r.head.Size() + 160 // names that are made of others
	}
	r.texts = kept{make([]byte, 0, size)}
	k := &r.texts
	r.Time, r.ID, r.Region = at, k.keep(r.text(trailID)), k.keep(r.text(trailRegion))
	if r.Account = k.keep(r.text(trailRecipient)); r.Account == "" {
		r.Account = k.keep(r.text(trailAccount))
	}
}
