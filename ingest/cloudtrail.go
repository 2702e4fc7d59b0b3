package ingest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/haetae/haetae"
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
	// Fields are as CloudTrail names them; numbers are json.Number.
	Fields map[string]any
}

// Text is a field that is a text, by its path: "" when there is none.
func (r *TrailRecord) Text(path ...string) string {
	var v any = r.Fields
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
	return walk(paths, s, func(path string, _ fs.FileInfo) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if strings.Contains(filepath.Base(path), "_CloudTrail-Digest_") {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			s.unread(File, path, 0, "%v", err)
			return nil
		}
		defer f.Close()
		return s.records(ctx, path, f, maxUnpacked, take)
	})
}

// records reads one file.
func (s *Stats) records(ctx context.Context, name string, r io.Reader, limit int64, take func(*TrailRecord) error) error {
	br, l, err := unpack(r, limit)
	defer func() { s.Bytes += l.read }()
	s.Files++
	p := &recordParser{name: name, stats: s, take: take, ctx: ctx}
	if err == nil {
		err = p.json(br, 0)
	}
	var t taken
	if errors.As(err, &t) {
		return t.error
	}
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the file ends in the middle")
		}
		s.unread(File, name, p.number, "%v", err)
	}
	return nil
}

type recordParser struct {
	name   string
	stats  *Stats
	take   func(*TrailRecord) error
	ctx    context.Context
	number int
}

// json reads values that follow each other.
func (p *recordParser) json(r io.Reader, depth int) error {
	if depth > maxLayers {
		return errors.New("json: messages are packed in each other")
	}
	d := json.NewDecoder(&quoted{r: r})
	d.UseNumber()
	for n := 0; ; n++ {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if n == 0 {
				return errors.New("the file is empty")
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("json: %w", err)
		}
		if err := p.value(d, t, depth); err != nil {
			return err
		}
	}
}

// value reads a value of which the first token was read.
func (p *recordParser) value(d *json.Decoder, t json.Token, depth int) error {
	switch t {
	case json.Delim('{'):
		return p.object(d, depth)
	case json.Delim('['):
		return p.list(d, depth)
	}
	return errors.New("json: it has no records of CloudTrail")
}

// list reads records to the end of a list. One that is no record is noted, and
// the next one is read.
func (p *recordParser) list(d *json.Decoder, depth int) error {
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return fmt.Errorf("json: %w", err)
		}
		if t == json.Delim('{') {
			if err := p.object(d, depth); err != nil {
				return err
			}
			continue
		}
		if err := skip(d, t); err != nil {
			return err
		}
		p.number++
		p.stats.unread(Record, p.name, p.number, "a record is an object")
	}
	_, err := d.Token()
	return wrapJSON(err)
}

// object reads an object of which the brace was read: a record, or what it is
// wrapped in.
func (p *recordParser) object(d *json.Decoder, depth int) error {
	fields := map[string]any{}
	wrapped := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return fmt.Errorf("json: %w", err)
		}
		name, _ := key.(string)
		if name == "Records" || name == "logEvents" || name == "events" {
			t, err := d.Token()
			if err != nil {
				return fmt.Errorf("json: %w", err)
			}
			if t == json.Delim('[') {
				wrapped = true
				if err := p.list(d, depth); err != nil {
					return err
				}
				continue
			}
			if err := skip(d, t); err != nil {
				return err
			}
			continue
		}
		var v any
		if err := d.Decode(&v); err != nil {
			return fmt.Errorf("json: %w", err)
		}
		fields[name] = v
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("json: %w", err)
	}
	if wrapped {
		return nil
	}
	return p.record(fields, depth)
}

// record gives a record on, out of what EventBridge and CloudWatch Logs put
// around it
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html,
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html).
func (p *recordParser) record(fields map[string]any, depth int) error {
	if detail, ok := fields["detail"].(map[string]any); ok && fields["detail-type"] != nil {
		fields = detail
	}
	if text, ok := fields["message"].(string); ok && fields["eventSource"] == nil {
		// A log group may have messages of others between.
		err := p.json(strings.NewReader(text), depth+1)
		var t taken
		if err != nil && !errors.As(err, &t) {
			p.number++
			p.stats.unread(Record, p.name, p.number, "a message: %v", err)
			return nil
		}
		return err
	}
	if logs, ok := fields["awslogs"].(map[string]any); ok {
		fields = logs
	}
	if text, ok := fields["data"].(string); ok && fields["eventSource"] == nil {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("json: data: %w", err)
		}
		br, l, err := unpack(bytes.NewReader(raw), 256<<20)
		defer func() { p.stats.Bytes += l.read }()
		if err != nil {
			return fmt.Errorf("json: data: %w", err)
		}
		return p.json(br, depth+1)
	}
	p.number++
	r := &TrailRecord{Place: haetae.Place{File: p.name, Line: p.number}, Fields: fields}
	for _, name := range []string{"eventTime", "eventSource", "eventName"} {
		if r.Text(name) == "" {
			p.stats.unread(Record, p.name, p.number, "it has no %s: it is no record of CloudTrail", name)
			return nil
		}
	}
	at, err := time.Parse(time.RFC3339, r.Text("eventTime"))
	if err != nil {
		p.stats.unread(Record, p.name, p.number, "eventTime: %v", err)
		return nil
	}
	r.Time, r.ID, r.Region = at, r.Text("eventID"), r.Text("awsRegion")
	if r.Account = r.Text("recipientAccountId"); r.Account == "" {
		r.Account = r.Text("userIdentity", "accountId")
	}
	p.stats.Records++
	if p.number%1024 == 0 && p.ctx.Err() != nil {
		return taken{p.ctx.Err()}
	}
	if err := p.take(r); err != nil {
		return taken{err}
	}
	return nil
}
