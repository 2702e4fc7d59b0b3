package aws

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is a request before it has a host: what a protocol makes of
// parameters.
type request struct {
	method, path string // path is escaped
	query        url.Values
	header       http.Header
	body         []byte
}

// newRequest returns the request of an operation. Parameters have the API's
// names, blobs are base64; unknown ones are an error, since they would be
// dropped without a word, and null ones are left out.
func newRequest(s *Service, name string, o *Operation, params map[string]any) (*request, error) {
	w := writer{s}
	if err := w.check(o.Input, params); err != nil {
		return nil, fmt.Errorf("request of %s: %w", name, err)
	}
	given := make(map[string]any, len(params))
	for n, v := range params {
		if v != nil {
			given[n] = v
		}
	}
	r := &request{method: o.Method, path: o.URI, query: url.Values{}, header: http.Header{}}
	if s.QueryErrors {
		r.header.Set("X-Amzn-Query-Mode", "true")
	}
	var err error
	switch s.Protocol {
	case "json":
		r.header.Set("X-Amz-Target", s.Target+"."+name)
		r.header.Set("Content-Type", "application/x-amz-json-"+s.JSON)
		r.body, err = json.Marshal(w.json(Member{Shape: o.Input}, given))
	case "query", "ec2":
		form := url.Values{"Action": {name}, "Version": {s.Version}}
		w.form(form, "", Member{Shape: o.Input}, given)
		r.header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		r.body = []byte(form.Encode())
	default:
		err = w.rest(r, o, given)
	}
	if err != nil {
		return nil, fmt.Errorf("request of %s: %w", name, err)
	}
	return r, nil
}

// writer writes parameters by the shapes of one service.
type writer struct{ s *Service }

// check finds members that the model does not have, at any depth.
func (w writer) check(shape string, v any) error {
	sh := w.s.Shapes[shape]
	switch v := v.(type) {
	case map[string]any:
		for n, e := range v {
			item := sh.Item
			if m, ok := sh.Members[n]; ok {
				item = &m
			} else if sh.Type != "map" {
				if shape == "$document" {
					return nil
				}
				return fmt.Errorf("there is no parameter %s", n)
			}
			if err := w.check(item.Shape, e); err != nil {
				return fmt.Errorf("%s: %w", n, err)
			}
		}
	case []any:
		if sh.Type != "list" && shape != "$document" {
			return errors.New("a list where the model has none")
		}
		for _, e := range v {
			if sh.Item == nil {
				break
			}
			if err := w.check(sh.Item.Shape, e); err != nil {
				return err
			}
		}
	case nil:
	default:
		if sh.Type != "" {
			return fmt.Errorf("%v where the model has a %s", v, sh.Type)
		}
	}
	return nil
}

// rest spreads parameters over path, query, headers and body.
func (w writer) rest(r *request, o *Operation, params map[string]any) error {
	in := w.s.Shapes[o.Input]
	body := map[string]any{}
	inBody := false
	path, fixed, _ := strings.Cut(r.path, "?")
	if q, err := url.ParseQuery(fixed); err == nil {
		r.query = q
	}
	for n, m := range in.Members {
		v, given := params[n]
		if id, ok := v.(string); ok && m.Shape == "$zone" {
			v = id[strings.LastIndexByte(id, '/')+1:] // answers name a zone /hostedzone/Z1, requests Z1
		}
		wire := m.wire(n)
		switch {
		case m.In == "uri":
			s := text(moment(m, v, "iso8601"))
			if s == "" {
				return fmt.Errorf("the parameter %s is missing", n)
			}
			// An ARN or a name may hold slashes; only "{Name+}" keeps them.
			path = strings.ReplaceAll(path, "{"+wire+"+}", strings.ReplaceAll(escape(s), "%2F", "/"))
			path = strings.ReplaceAll(path, "{"+wire+"}", escape(s))
		case m.In == "":
			inBody = true
			if given {
				body[n] = v
			}
		case !given:
		case m.In == "querystring":
			switch v := v.(type) {
			case []any:
				for _, e := range v {
					r.query.Add(wire, text(moment(*w.s.Shapes[m.Shape].Item, e, "iso8601")))
				}
			case map[string]any: // its keys are the names, as in the answer of no other shape
				for k, e := range v {
					r.query.Set(k, text(e))
				}
			default:
				r.query.Set(wire, text(moment(m, v, "iso8601")))
			}
		case m.In == "header":
			if list, ok := v.([]any); !ok {
				r.header.Set(wire, text(moment(m, v, "rfc822")))
			} else if len(list) > 0 {
				r.header.Set(wire, headerList(list))
			}
		case m.In == "headers":
			if all, ok := v.(map[string]any); ok {
				for k, e := range all {
					r.header.Set(wire+k, text(e))
				}
			}
		}
	}
	r.path = path
	if w.s.ID == "API Gateway" && r.header.Get("Accept") == "" {
		// Without it API Gateway answers in HAL, whose members have other names.
		r.header.Set("Accept", "application/json")
	}
	if !inBody {
		return nil
	}
	if w.s.Protocol != "rest-json" {
		if len(body) > 0 {
			return fmt.Errorf("parameters in an XML body, which no operation that reads has: %v", body)
		}
		return nil
	}
	m := Member{Shape: o.Input}
	var v any = body
	if in.Payload != "" {
		m, v = in.Members[in.Payload], body[in.Payload]
	}
	r.header.Set("Content-Type", "application/json")
	var err error
	r.body, err = json.Marshal(w.json(m, v))
	return err
}

// headerList writes a list into one header (RFC 9110, 5.6.1).
func headerList(list []any) string {
	out := make([]string, len(list))
	for i, e := range list {
		s := text(e)
		if strings.ContainsAny(s, `",`) {
			s = `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
		}
		out[i] = s
	}
	return strings.Join(out, ",")
}

// json gives members their names on the wire.
func (w writer) json(m Member, v any) any {
	sh, ok := w.s.Shapes[m.Shape]
	if !ok {
		return moment(m, v, "unixTimestamp")
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for n, e := range v {
			m := sh.Members[n]
			switch {
			case sh.Item != nil:
				out[n] = w.json(*sh.Item, e)
			case m.In == "" && e != nil:
				out[m.wire(n)] = w.json(m, e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = w.json(*sh.Item, e)
		}
		return out
	case nil:
		return map[string]any{}
	}
	return v
}

// form flattens parameters into the names of the query and ec2 protocols.
func (w writer) form(form url.Values, prefix string, m Member, v any) {
	sh := w.s.Shapes[m.Shape]
	ec2 := w.s.Protocol == "ec2"
	switch v := v.(type) {
	case map[string]any:
		if sh.Type == "map" {
			w.formMap(form, prefix, m, sh, v)
			return
		}
		for n, e := range v {
			child := sh.Members[n]
			w.form(form, join(prefix, w.formName(n, child)), child, e)
		}
	case []any:
		item := *sh.Item
		switch {
		case ec2:
		case len(v) == 0:
			form.Set(prefix, "") // which empties a list; nothing would leave it be
		case w.s.flat(&m):
			if item.Name != "" {
				prefix = join(prefix[:max(strings.LastIndexByte(prefix, '.'), 0)], item.Name)
			}
		default:
			prefix = join(prefix, item.wire("member"))
		}
		for i, e := range v {
			w.form(form, join(prefix, strconv.Itoa(i+1)), item, e)
		}
	case nil:
	default:
		form.Set(prefix, text(moment(m, v, "iso8601")))
	}
}

// formMap writes entries in the order of their keys.
func (w writer) formMap(form url.Values, prefix string, m Member, sh Shape, v map[string]any) {
	if !w.s.flat(&m) {
		prefix = join(prefix, "entry")
	}
	for i, k := range slices.Sorted(maps.Keys(v)) {
		at := join(prefix, strconv.Itoa(i+1))
		form.Set(join(at, sh.Key.wire("key")), k)
		w.form(form, join(at, sh.Item.wire("value")), *sh.Item, v[k])
	}
}

// formName is a member's name in a form. The ec2 protocol capitalises.
func (w writer) formName(n string, m Member) string {
	switch {
	case w.s.Protocol != "ec2":
		return m.wire(n)
	case m.Query != "":
		return m.Query
	case m.Name != "":
		return strings.ToUpper(m.Name[:1]) + m.Name[1:]
	}
	return n
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "." + b
}

// moment gives a time the form that the model says, else the one that is usual
// at its place; other values are returned as they are. Parameters have times in
// RFC 3339.
func moment(m Member, v any, usual string) any {
	s, ok := v.(string)
	if !ok || m.Shape != "$timestamp" {
		return v
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return v
	}
	switch form := cmp.Or(m.Time, usual); {
	case strings.EqualFold(form, "rfc822"):
		return t.UTC().Format(http.TimeFormat)
	case strings.EqualFold(form, "unixTimestamp") && t.Nanosecond() == 0:
		return t.Unix()
	case strings.EqualFold(form, "unixTimestamp"):
		return float64(t.UnixMicro()) / 1e6
	}
	return t.UTC().Format("2006-01-02T15:04:05.999999Z")
}

// text is a scalar as it stands in a URL or a form.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// escape percent-encodes all but the unreserved characters, as signatures
// demand (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
func escape(s string) string {
	var b bytes.Buffer
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// encode writes a query string in the order and with the escapes of signatures.
func encode(q url.Values) string {
	var parts []string
	for k, vs := range q {
		for _, v := range vs {
			parts = append(parts, escape(k)+"="+escape(v))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}
