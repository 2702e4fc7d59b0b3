package aws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// reader reads answers by the shapes of one service.
type reader struct{ s *Service }

// read returns the body of an answer under the names that the AWS CLI prints.
func read(s *Service, name string, o *Operation, a *Response) (map[string]any, error) {
	out := map[string]any{}
	if o.Output == "" {
		return out, nil
	}
	r := reader{s}
	sh := s.Shapes[o.Output]
	var v any
	var err error
	switch payload, whole := sh.Members[sh.Payload]; {
	case whole && strings.HasPrefix(payload.Shape, "$") && payload.Shape != "$document":
		v = map[string]any{sh.Payload: string(a.Body)}
	case s.Protocol == "json" || s.Protocol == "rest-json":
		v, err = r.jsonBody(o, sh, a.Body)
	default:
		v, err = r.xmlBody(name, o, sh, a.Body)
	}
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", name, err)
	}
	if m, ok := v.(map[string]any); ok {
		out = m
	}
	for n, m := range sh.Members {
		switch m.In {
		case "header":
			h := a.Header.Get(m.wire(n))
			if h == "" {
				continue
			}
			if out[n], err = r.header(m, h); err != nil {
				return nil, fmt.Errorf("answer of %s: %s: %w", name, n, err)
			}
		case "headers": // all those that begin in one way, such as x-amz-meta-
			all := map[string]any{}
			for k := range a.Header {
				if len(k) >= len(m.Name) && strings.EqualFold(k[:len(m.Name)], m.Name) {
					all[strings.ToLower(k[len(m.Name):])] = a.Header.Get(k)
				}
			}
			out[n] = all
		case "statusCode":
			out[n] = int64(a.Status)
		}
	}
	return out, nil
}

// header reads a header, which may hold a list.
func (r reader) header(m Member, h string) (any, error) {
	sh := r.s.Shapes[m.Shape]
	if sh.Type != "list" {
		return scalar(m, h)
	}
	var out []any
	for e := range strings.SplitSeq(h, ",") {
		v, err := scalar(*sh.Item, strings.TrimSpace(e))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (r reader) jsonBody(o *Operation, sh Shape, body []byte) (any, error) {
	var v any = map[string]any{}
	if len(bytes.TrimSpace(body)) > 0 {
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("broken JSON: %w", err)
		}
		if d.More() {
			return nil, errors.New("broken JSON: more than one value")
		}
	}
	if sh.Payload == "" {
		if _, ok := v.(map[string]any); !ok {
			return nil, fmt.Errorf("JSON of %T where an answer was expected", v)
		}
		return r.json(Member{Shape: o.Output}, v)
	}
	v, err := r.json(sh.Members[sh.Payload], v)
	return map[string]any{sh.Payload: v}, err
}

// json reads a value by a shape. Members that the model does not have are left
// out, as the AWS CLI does; null is left out too.
func (r reader) json(m Member, v any) (any, error) {
	sh, ok := r.s.Shapes[m.Shape]
	if !ok {
		return scalar(m, v)
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		switch {
		case sh.Type == "list":
			return nil, errors.New("an object where the model has a list")
		case sh.Type == "map":
			for k, e := range v {
				x, err := r.json(*sh.Item, e)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", k, err)
				}
				out[k] = x
			}
			return out, nil
		}
		for n, child := range sh.Members {
			e := v[child.wire(n)]
			if e == nil || child.In != "" {
				continue
			}
			x, err := r.json(child, e)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", n, err)
			}
			out[n] = x
		}
		if sh.Union && len(out) == 0 {
			return unknownMember(v), nil
		}
		return out, nil
	case []any:
		if sh.Type != "list" {
			return nil, fmt.Errorf("a list where the model has a %s", sh.Type)
		}
		for i, e := range v {
			x, err := r.json(*sh.Item, e)
			if err != nil {
				return nil, err
			}
			v[i] = x
		}
		return v, nil
	case nil:
		return nil, nil
	}
	return nil, fmt.Errorf("%T where the model has a %s", v, sh.Type)
}

// unknownMember stands for a union whose member is newer than the model, as it
// does in the AWS CLI's output.
func unknownMember(v map[string]any) map[string]any {
	for _, n := range slices.Sorted(maps.Keys(v)) {
		if n != "__type" && v[n] != nil {
			return map[string]any{"SDK_UNKNOWN_MEMBER": map[string]any{"name": n}}
		}
	}
	return map[string]any{}
}

func (r reader) xmlBody(name string, o *Operation, sh Shape, body []byte) (any, error) {
	n := &node{}
	if len(body) > 0 {
		var err error
		if n, err = parseXML(body); err != nil {
			return nil, err
		}
	}
	if sh.Payload != "" {
		v, err := r.xml(sh.Members[sh.Payload], n)
		return map[string]any{sh.Payload: v}, err
	}
	if name == "GetBucketLocation" && len(n.kids) == 0 {
		// The one answer whose root element is the value; empty is us-east-1
		// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html).
		if n.text == "" {
			return map[string]any{"LocationConstraint": nil}, nil
		}
		return map[string]any{"LocationConstraint": n.text}, nil
	}
	if o.Wrapper != "" {
		w := n.find(o.Wrapper)
		if w == nil {
			return nil, fmt.Errorf("no element %s", o.Wrapper)
		}
		n = w
	}
	return r.xmlStruct(sh, n)
}

// scalar reads a scalar of JSON, or the text of an element or header.
func scalar(m Member, v any) (any, error) {
	switch m.Shape {
	case "$timestamp":
		return when(v)
	case "$integer":
		switch x := v.(type) {
		case json.Number:
			if n, err := x.Int64(); err == nil {
				return n, nil
			}
			if f, err := x.Float64(); err == nil && math.Abs(f) < 1<<63 {
				return int64(f), nil // 1.0, 1e3
			}
			return x.String(), nil // too large for any number here: its digits rather than less
		case string:
			if x == "" {
				return nil, nil
			}
			n, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64)
			if errors.Is(err, strconv.ErrRange) {
				return x, nil
			}
			if err != nil {
				return nil, fmt.Errorf("%q is not an integer", x)
			}
			return n, nil
		}
	case "$float":
		switch x := v.(type) {
		case json.Number:
			if f, err := x.Float64(); err == nil {
				return f, nil
			}
		case string:
			// NaN and Infinity stay texts: no JSON and no rule could hold them.
			if f, err := strconv.ParseFloat(strings.TrimSpace(x), 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
				return f, nil
			}
		}
	case "$boolean":
		if s, ok := v.(string); ok {
			return strings.EqualFold(s, "true"), nil
		}
	case "$policy":
		if s, ok := v.(string); ok {
			return document(s), nil
		}
	}
	return haetae.Normalize(v), nil
}

// document decodes a policy of IAM, which answers hold percent-encoded
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyVersion.html)
// and the AWS CLI prints decoded. What is no JSON object stays a text.
func document(s string) any {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	d := json.NewDecoder(strings.NewReader(plain))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil || v == nil || d.More() {
		return s
	}
	return haetae.Normalize(v)
}

// when reads a time in any of AWS's forms: seconds since 1970, ISO 8601, the
// HTTP date. It returns RFC 3339 in UTC, to the microsecond.
func when(v any) (any, error) {
	var t time.Time
	s, ok := v.(string)
	if n, number := v.(json.Number); number {
		s = n.String()
	} else if !ok {
		return v, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1e15 {
		if math.Abs(f) > 1e11 { // milliseconds, as some services send against their own model
			f /= 1000
		}
		// Part by part and half to even, as the AWS SDK for Python rounds: a
		// product of the whole would lose the last microsecond.
		seconds, part := math.Modf(f)
		t = time.Unix(int64(seconds), int64(math.RoundToEven(part*1e6))*1000)
	} else {
		for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", http.TimeFormat, time.RFC1123Z, "2006-01-02T15:04:05Z0700", "2006-01-02"} {
			if t, err = time.Parse(form, s); err == nil {
				break
			}
		}
		if t.IsZero() {
			return v, nil // a form that nobody has seen: better as it is than not at all
		}
	}
	if t = t.UTC(); t.Year() < 0 || t.Year() > 9999 {
		return v, nil
	}
	return t.Format("2006-01-02T15:04:05.999999999Z07:00"), nil
}
