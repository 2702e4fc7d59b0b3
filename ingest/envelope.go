package ingest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// mail is what the wrapping of a record says: CloudWatch Logs and EventBridge put
// records into messages.
type mail struct {
	account, region string
	group, stream   string // of CloudWatch Logs
	id              string // of the message
	ingested        time.Time
	control         bool // CloudWatch Logs only tries whether there is somebody
}

// with is the mail with what the members of a wrapping say
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html,
// https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html).
func (m mail) with(o *object) mail {
	set := func(to *string, name string) {
		if v := o.text(name); v != "" {
			*to = v
		}
	}
	if owner := o.text("owner"); isAccount(owner) {
		m.account = owner
	}
	m.control = m.control || o.text("messageType") == "CONTROL_MESSAGE"
	set(&m.group, "logGroup")
	set(&m.stream, "logStream")
	set(&m.stream, "logStreamName") // of filter-log-events
	if o.has("detail-type") {
		set(&m.account, "account")
		set(&m.region, "region")
	}
	if o.isText("message") {
		m.id = o.text("id")
		if m.id == "" {
			m.id = o.text("eventId")
		}
		m.ingested = o.millis("ingestionTime")
	}
	return m
}

// millis is a member that is a time in milliseconds since 1970.
func (o *object) millis(name string) time.Time {
	var ms int64
	if v := o.get(name); v == nil || json.Unmarshal(v, &ms) != nil {
		return time.Time{}
	}
	return instant(ms)
}

// lists are the members under which services put many records into one object:
// CloudTrail's files, subscriptions and answers of CloudWatch Logs, LookupEvents,
// the findings of GuardDuty and Security Hub, lists of Kubernetes.
func lists(name []byte) bool {
	switch string(name) {
	case "Records", "logEvents", "events", "Events", "findings", "Findings", "items":
		return true
	}
	return false
}

// values reads values that follow each other, as Firehose writes them.
func (in *input) values(s *scanner, depth int, m *mail) error {
	for {
		c, err := s.space()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("json: %w", err)
		}
		switch c {
		case '{':
			err = in.object(s, depth, m)
		case '[':
			err = in.list(s, depth, m)
		case ',':
			s.pos++ // some join objects so
		default:
			return fmt.Errorf("json: %q where an object should begin: it has no records", c)
		}
		if err != nil {
			return err
		}
	}
}

// list reads the records of a list.
func (in *input) list(s *scanner, depth int, m *mail) error {
	s.pos++
	for {
		c, err := s.within()
		if err != nil {
			return err
		}
		switch c {
		case ']':
			s.pos++
			return nil
		case ',':
			s.pos++
		case '{':
			if err := in.object(s, depth, m); err != nil {
				return err
			}
		default:
			if err := s.skip(); err != nil {
				return err
			}
			in.number++
			if err := in.unknown("a record is an object"); err != nil {
				return err
			}
		}
	}
}

// maxLate bounds what is held of messages whose log group comes after them. A
// subscription sends a megabyte at most, packed.
const maxLate = 32 << 20

// maxWraps is how often records may be wrapped into each other.
const maxWraps = 6

// object reads an object of which the brace is the next byte: a record, or what
// wraps records.
func (in *input) object(s *scanner, depth int, m *mail) error {
	if depth > maxWraps {
		return errors.New("json: messages are packed in each other")
	}
	for len(in.members) <= depth {
		in.members = append(in.members, nil)
	}
	members := in.members[depth][:0]
	wraps, late, gone := false, false, false
	s.begin()
	s.pos++
	for done := false; !done; {
		c, err := s.within()
		if err != nil {
			return err
		}
		switch c {
		case '}':
			s.pos++
			done = true
			continue
		case ',':
			s.pos++
			continue
		case '"':
		default:
			return fmt.Errorf("json: %q where a member should begin", c)
		}
		if s.lost {
			// It cannot be a record any more; what it wraps is found all the same.
			gone, members = true, members[:0]
			s.begin()
		}
		var x member
		x.nameFrom = s.at() + 1
		if err := s.text(); err != nil {
			return err
		}
		x.nameTo = s.at() - 1
		if c, err = s.within(); err != nil {
			return err
		}
		if c != ':' {
			return fmt.Errorf("json: %q after the name of a member", c)
		}
		s.pos++
		if c, err = s.within(); err != nil {
			return err
		}
		o := &object{members: members}
		if !s.lost {
			o.raw = s.buf[s.mark:s.pos]
		}
		if c == '[' && !s.lost && string(o.name(x)) == "logEvents" && !o.has("logGroup") {
			// Somebody put the members in another order: the log group is after the events.
			s.most, late = maxLate, true
		} else if c == '[' && !s.lost && !late && lists(o.name(x)) {
			next := m.with(o)
			wraps = true
			s.release()
			if err := in.list(s, depth+1, &next); err != nil {
				return err
			}
			m, members = &next, members[:0]
			s.begin()
			continue
		}
		x.from = s.at()
		if err := s.skip(); err != nil {
			return err
		}
		if x.to = s.at(); !s.lost {
			members = append(members, x)
		}
	}
	in.members[depth] = members
	defer s.release()
	switch {
	case wraps && !gone:
		return nil
	case late && !gone && !s.lost:
		o := &object{s.buf[s.mark:s.pos], members}
		next := m.with(o)
		for _, x := range o.members {
			if v := o.raw[x.from:x.to]; lists(o.name(x)) && v[0] == '[' {
				if err := in.list(&scanner{buf: v}, depth+1, &next); err != nil {
					return err
				}
			}
		}
		return nil
	case gone || s.lost || s.at() > maxLine:
		in.number++
		in.stats.unread(Record, in.name, in.number, "a record of more than %d bytes", maxLine)
		return nil
	}
	return in.one(&object{s.buf[s.mark:s.pos], members}, depth, m)
}

// one reads an object that does not wrap a list.
func (in *input) one(o *object, depth int, m *mail) error {
	if f := in.objectFormat(o); f != nil {
		return in.record(f, o, m)
	}
	next := m.with(o)
	switch {
	case next.control:
		in.passed = "a message by which CloudWatch Logs tries whether there is somebody"
		return nil
	case o.has("detail-type") && o.isObject("detail"):
		return in.values(&scanner{buf: o.get("detail")}, depth+1, &next)
	case o.isObject("kinesis"):
		return in.values(&scanner{buf: o.get("kinesis")}, depth+1, &next)
	case o.isObject("awslogs"):
		return in.values(&scanner{buf: o.get("awslogs")}, depth+1, &next)
	case o.isText("message"):
		if raw := o.get("message"); bytes.IndexByte(raw, '\\') >= 0 && !utf8.Valid(raw) {
			// What escapes are made to is UTF-8: nobody would see it later.
			in.stats.unread(Field, in.name, in.number+1, "bytes that are no UTF-8 were replaced")
		}
		return in.message(o.text("message"), depth+1, &next)
	case o.isText("CloudTrailEvent"):
		return in.message(o.text("CloudTrailEvent"), depth+1, &next)
	case o.isText("data"):
		return in.packed(o.text("data"), depth+1, &next)
	case o.has("digestS3Object") || o.has("digestPublicKeyFingerprint"):
		in.passed = "a digest of CloudTrail, which names log files"
		return nil
	case o.has("entries") && len(o.members) == 1, o.has("manifest") && o.has("version"):
		in.passed = "a manifest, which names files"
		return nil
	case o.has("log", "id", "file", "record", "step"):
		in.passed = "labels of haetae's sample logs"
		return nil
	}
	if in.only != nil && in.only.object != nil {
		return in.record(in.only, o, m)
	}
	in.number++
	return in.unknown("%s", strangeObject(o))
}

// strangeObject says what an object that no format knows looks like.
func strangeObject(o *object) string {
	if o.has("s3", "eventSource", "eventName") {
		return "a notification of S3, which is no log"
	}
	if len(o.members) == 0 {
		return "it looks like JSON but no log that haetae reads: an object without members"
	}
	var names []string
	for _, m := range o.members {
		if len(names) == 6 {
			names = append(names, "…")
			break
		}
		name := o.name(m)
		names = append(names, strings.ToValidUTF8(string(name[:min(len(name), 32)]), "?"))
	}
	return "it looks like JSON but no log that haetae reads: it has the members " + strings.Join(names, ", ")
}

// objectFormat is the format of a record, nil when there is none.
func (in *input) objectFormat(o *object) *Format {
	if f := in.current; f != nil && f.object != nil && f.object(o) {
		return f
	}
	for i := range in.formats {
		if f := &in.formats[i]; f.object != nil && f.object(o) {
			return f
		}
	}
	return nil
}

// record decodes one object.
func (in *input) record(f *Format, o *object, m *mail) error {
	in.number++
	in.known(f)
	if in.number <= in.given {
		return nil
	}
	if err := in.canceled(); err != nil {
		return err
	}
	if !utf8.Valid(o.raw) {
		in.stats.unread(Field, in.name, in.number, "bytes that are no UTF-8 were replaced")
		raw := bytes.ToValidUTF8(o.raw, []byte("\ufffd"))
		again := &object{raw: raw}
		// Where the members are has changed.
		if err := (&scanner{buf: raw}).members(again); err != nil {
			in.stats.unread(Record, in.name, in.number, "%v", err)
			return nil
		}
		o = again
	}
	return f.read(in, o, nil, m)
}

// members finds the members of the one object that the scanner has.
func (s *scanner) members(o *object) error {
	s.begin()
	s.pos++
	for {
		c, err := s.within()
		if err != nil {
			return err
		}
		switch c {
		case '}':
			return nil
		case '"':
		case ',':
			s.pos++
			continue
		default:
			return fmt.Errorf("json: %q where a member should begin", c)
		}
		var x member
		x.nameFrom = s.at() + 1
		if err := s.text(); err != nil {
			return err
		}
		x.nameTo = s.at() - 1
		if c, err = s.within(); err != nil || c != ':' {
			return errors.Join(errors.New("json: a member without a value"), err)
		}
		s.pos++
		if _, err := s.within(); err != nil {
			return err
		}
		x.from = s.at()
		if err := s.skip(); err != nil {
			return err
		}
		x.to = s.at()
		o.members = append(o.members, x)
	}
}

// message reads the text of a message. A log group may have messages of others
// between: one that cannot be read costs no other.
func (in *input) message(text string, depth int, m *mail) error {
	var err error
	if t := strings.TrimSpace(text); t != "" && (t[0] == '{' || t[0] == '[') {
		err = in.values(&scanner{buf: []byte(t)}, depth, m)
	} else {
		in.number++
		err = in.line([]byte(text), m)
	}
	var t taken
	if err != nil && !errors.As(err, &t) && !errors.As(err, new(gaveUp)) {
		in.number++
		in.stats.unread(Record, in.name, in.number, "a message: %v", err)
		return nil
	}
	return err
}

// packed reads the packed messages that a Lambda function gets.
func (in *input) packed(text string, depth int, m *mail) error {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("json: data: %w", err)
	}
	br, l, err := unpack(bytes.NewReader(raw), min(in.limit, 256<<20))
	defer func() { in.stats.Bytes += l.read }()
	if err != nil {
		return fmt.Errorf("json: data: %w", err)
	}
	head, err := br.Peek(1)
	if err != nil {
		return fmt.Errorf("json: data: %w", err)
	}
	if head[0] == '{' || head[0] == '[' {
		return in.values(&scanner{r: br, buf: make([]byte, 0, 64<<10)}, depth, m)
	}
	return lines(br, func(line []byte, _ int) error {
		in.number++
		return in.line(line, m)
	})
}
