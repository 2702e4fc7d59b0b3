package ingest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth bounds how deep values of JSON may be in each other.
const maxDepth = 32

// errLong ends a JSON text that has a string longer than any event.
var errLong = fmt.Errorf("json: a text of more than %d bytes", maxLine)

// quoted fails when a string of JSON, or what is between two, is too long: the
// decoder keeps it whole.
type quoted struct {
	r       io.Reader
	run     int
	escaped bool
}

// Read implements io.Reader.
func (q *quoted) Read(p []byte) (int, error) {
	n, err := q.r.Read(p)
	for _, b := range p[:n] {
		switch {
		case q.escaped:
			q.escaped = false
			q.run++
		case b == '"':
			q.run = 0
		default:
			q.escaped = b == '\\'
			q.run++
		}
		if q.run > maxLine {
			return 0, errLong
		}
	}
	return n, err
}

// json reads what CloudWatch Logs makes of a log: the messages of a subscription
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html),
// also as a Lambda function gets them, the answers of aws logs get-log-events and
// filter-log-events, and the objects that Firehose gets of a flow log. Values may
// follow each other, as Firehose writes them.
func (p *flowParser) json(r io.Reader, depth int) error {
	d := json.NewDecoder(&quoted{r: r})
	d.UseNumber()
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("json: %w", err)
		}
		before := p.line
		known, err := p.value(d, t, depth)
		if err != nil {
			return err
		}
		if !known && p.line == before {
			return errors.New("json: it is no log of CloudWatch Logs")
		}
	}
}

// value reads a value of which the first token was read: an object with events,
// or a list of such. known tells whether it was one.
func (p *flowParser) value(d *json.Decoder, t json.Token, depth int) (known bool, err error) {
	if depth > maxDepth {
		return false, errors.New("json: values are too deep in each other")
	}
	switch t {
	case json.Delim('['):
		for d.More() {
			t, err := d.Token()
			if err != nil {
				return false, fmt.Errorf("json: %w", err)
			}
			one, err := p.value(d, t, depth+1)
			if err != nil {
				return false, err
			}
			known = known || one
		}
		_, err := d.Token()
		return known, wrapJSON(err)
	case json.Delim('{'):
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return false, fmt.Errorf("json: %w", err)
			}
			t, err := d.Token()
			if err != nil {
				return false, fmt.Errorf("json: %w", err)
			}
			one, err := p.member(d, key, t, depth+1)
			if err != nil {
				return false, err
			}
			known = known || one
		}
		_, err := d.Token()
		return known, wrapJSON(err)
	}
	return false, nil
}

func wrapJSON(err error) error {
	if err != nil {
		return fmt.Errorf("json: %w", err)
	}
	return nil
}

// member reads a member of an object of which the key and the first token of the
// value were read.
func (p *flowParser) member(d *json.Decoder, key, t json.Token, depth int) (known bool, err error) {
	text, isText := t.(string)
	switch {
	case key == "message" && isText:
		p.line++
		return true, p.record([]byte(text))
	case key == "data" && isText:
		return true, p.packed(text, depth)
	case key == "messageType" && isText:
		return text == "DATA_MESSAGE" || text == "CONTROL_MESSAGE", nil
	case key == "logEvents", key == "events":
		_, err := p.value(d, t, depth)
		return true, err
	case key == "awslogs":
		return p.value(d, t, depth)
	}
	return false, skip(d, t)
}

// packed reads the packed messages that a Lambda function gets.
func (p *flowParser) packed(text string, depth int) error {
	if depth > 4 {
		return errors.New("json: messages are packed in each other")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("json: data: %w", err)
	}
	br, l, err := unpack(bytes.NewReader(raw), min(p.limit, 256<<20))
	if err != nil {
		return fmt.Errorf("json: data: %w", err)
	}
	defer func() { p.stats.Bytes += l.read }()
	return p.json(br, depth+2)
}

// skip passes over a value of which the first token was read.
func skip(d *json.Decoder, t json.Token) error {
	depth := 0
	for {
		switch t {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		if depth > maxDepth {
			return errors.New("json: values are too deep in each other")
		}
		var err error
		if t, err = d.Token(); err != nil {
			return fmt.Errorf("json: %w", err)
		}
	}
}
