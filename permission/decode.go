package permission

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A catalogue is text in gzip, one line per fact and a tab between fields, so
// that it compresses well, can be read by people, and one service can be
// decoded without the others:
//
//	V iam-data 0.21.202609261 2026-09-26   what it was made of
//	N ecs      ecs ssm                     whose resource types have ARNs arn:…:ecs:…; "-" for a variable
//	P saml     sts                         who lists keys saml:…
//	S s3       193  r  Amazon S3           a service: its actions' number, r if RCPs apply, its name
//	K s3:prefix  S                         its condition keys, numbered from 0
//	T bucket   0 12   arn:…   arn:…        its resource types, numbered from 0: keys, ARN templates
//	A GetObject R  3 4 5   1!7 8   2?      its actions: level, keys, types with their keys
//	C EC2-VPC  1! 2?                       a case of the action above
//
// The kind of a key is a letter of "SABNDIX" (string, ARN, bool, numeric, date,
// IP address, binary) with [ before it for keys of several values. The level is
// a letter of "LRWPT". After the number of a type comes ! when it is required, ?
// when it is optional and ~ when the source does not say.

// maxText bounds what a catalogue may unpack to, in bytes: a hundred times
// what is embedded would not be one.
const maxText = 64 << 20

const levelLetters = "-LRWPT"

// index unpacks a catalogue and finds its services.
func index(data []byte) (*Catalogue, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("catalogue of permissions: %w", err)
	}
	var text strings.Builder
	text.Grow(min(6*len(data), maxText)) // about what it unpacks to
	n, err := io.Copy(&text, io.LimitReader(z, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("catalogue of permissions: %w", err)
	}
	if n > maxText {
		return nil, fmt.Errorf("catalogue of permissions: more than %d bytes: %w", maxText, errCorrupt)
	}
	c, err := split(text.String())
	if err != nil {
		return nil, fmt.Errorf("catalogue of permissions: %w", err)
	}
	return c, nil
}

// split takes the text apart at its services.
func split(text string) (*Catalogue, error) {
	global, err := parseGlobal(globalText)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{byPrefix: make(map[string]*lazy, 512), arnServices: make(map[string][]string, 512), global: newKeySet(global)}
	head, rest, ok := strings.Cut(text, "\nS\t")
	if !ok {
		return nil, fmt.Errorf("no service: %w", errCorrupt)
	}
	if err := c.head(head); err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(rest, "\nS\t") {
		line, body, _ := strings.Cut(part, "\n")
		f := strings.Split(line, "\t")
		if len(f) != 4 || f[0] == "" || f[0] != strings.ToLower(f[0]) {
			return nil, fmt.Errorf("service %q: %w", line, errCorrupt)
		}
		count, err := strconv.Atoi(f[1])
		if err != nil || count < 0 || count > len(body) || c.total > math.MaxInt32 {
			return nil, fmt.Errorf("service %q: %w", line, errCorrupt)
		}
		l := &lazy{prefix: f[0], rcp: f[2] == "r", name: f[3], first: c.total, count: count, text: body}
		if n := len(c.services); n > 0 && c.services[n-1].prefix >= l.prefix {
			return nil, fmt.Errorf("service %q is out of order: %w", l.prefix, errCorrupt)
		}
		c.services = append(c.services, l)
		c.byPrefix[l.prefix] = l
		c.total += count
	}
	return c, nil
}

// head reads the lines before the first service.
func (c *Catalogue) head(text string) error {
	for i, line := range strings.Split(text, "\n") {
		f := strings.Split(line, "\t")
		switch {
		case i == 0 && len(f) == 4 && f[0] == "V":
			c.version = Version{Source: f[1], Version: f[2], Date: f[3]}
		case i > 0 && len(f) == 3 && f[0] == "N":
			service := f[1]
			if service == "-" {
				service = ""
			}
			c.arnServices[service] = strings.Fields(f[2])
		case i > 0 && len(f) == 3 && f[0] == "P":
			c.keyServices = append(c.keyServices, foreign{parseTemplate(strings.ToLower(f[1])), strings.Fields(f[2])})
		default:
			return fmt.Errorf("line %q: %w", line, errCorrupt)
		}
	}
	return nil
}

// decoder reads the lines of one service.
type decoder struct {
	c *Catalogue
	s *Service
	// sets are lists of keys that were read already: most actions of a
	// service have one of a few.
	sets map[string][]*Key
}

func (c *Catalogue) decode(l *lazy) (*Service, error) {
	d := decoder{c: c, s: &Service{Prefix: l.prefix, Name: l.name, RCP: l.rcp}, sets: map[string][]*Key{"": nil}}
	actions := make([]Action, l.count)
	d.s.Actions = make([]*Action, 0, l.count)
	for line := range strings.SplitSeq(l.text, "\n") {
		if line == "" {
			continue
		}
		if err := d.line(line, actions, l.first); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
	}
	if len(d.s.Actions) != l.count {
		return nil, fmt.Errorf("%d actions instead of %d: %w", len(d.s.Actions), l.count, errCorrupt)
	}
	return d.s, nil
}

func (d *decoder) line(line string, actions []Action, first int) error {
	f := strings.Split(line, "\t")
	var err error
	switch {
	case f[0] == "K" && len(f) == 3:
		var k *Key
		if k, err = parseKey(f[1], f[2]); err != nil {
			return err
		}
		if g, ok := d.c.global.exact[strings.ToLower(k.Name)]; ok && g.Name == k.Name && g.Kind == k.Kind && g.Multivalued == k.Multivalued {
			k = g
		}
		d.s.Keys = append(d.s.Keys, k)
	case f[0] == "T" && len(f) >= 3:
		t := &Type{Service: d.s.Prefix, Name: f[1], ARNs: f[3:]}
		if t.Keys, err = d.keys(f[2]); err != nil {
			return err
		}
		t.forms = make([]form, len(t.ARNs))
		for i, a := range t.ARNs {
			if t.forms[i], err = parseForm(a); err != nil {
				return err
			}
		}
		d.s.Types = append(d.s.Types, t)
	case f[0] == "A" && len(f) >= 4:
		n := len(d.s.Actions)
		level := strings.Index(levelLetters, f[2])
		if n >= len(actions) || level < 1 || len(f[2]) != 1 || f[1] == "" ||
			n > 0 && strings.ToLower(d.s.Actions[n-1].Name) >= strings.ToLower(f[1]) {
			return errCorrupt
		}
		a := &actions[n]
		*a = Action{ID: first + n, Service: d.s.Prefix, Name: f[1], Level: Level(level)}
		if a.Keys, err = d.keys(f[3]); err != nil {
			return err
		}
		if a.Resources, err = d.resources(f[4:]); err != nil {
			return err
		}
		d.s.Actions = append(d.s.Actions, a)
	case f[0] == "C" && len(f) == 3 && len(d.s.Actions) > 0:
		a := d.s.Actions[len(d.s.Actions)-1]
		one := Case{Name: f[1]}
		if one.Resources, err = d.resources(strings.Fields(f[2])); err != nil {
			return err
		}
		for i := range one.Resources {
			for _, r := range a.Resources {
				if r.Type == one.Resources[i].Type {
					one.Resources[i].Keys = r.Keys
				}
			}
		}
		a.Cases = append(a.Cases, one)
	default:
		return errCorrupt
	}
	return nil
}

func (d *decoder) keys(text string) ([]*Key, error) {
	if set, ok := d.sets[text]; ok {
		return set, nil
	}
	var set []*Key
	for w := range strings.SplitSeq(text, " ") {
		i, err := strconv.Atoi(w)
		if err != nil || i < 0 || i >= len(d.s.Keys) {
			return nil, errCorrupt
		}
		set = append(set, d.s.Keys[i])
	}
	d.sets[text] = set
	return set, nil
}

func (d *decoder) resources(fields []string) ([]Resource, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	out := make([]Resource, len(fields))
	for i, f := range fields {
		end := 0
		for end < len(f) && f[end] >= '0' && f[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(f[:end])
		if err != nil || n >= len(d.s.Types) || end == len(f) {
			return nil, errCorrupt
		}
		out[i].Type = d.s.Types[n]
		switch f[end] {
		case '?':
		case '!':
			out[i].Need = Required
		case '~':
			out[i].Need = NotSaid
		default:
			return nil, errCorrupt
		}
		if out[i].Keys, err = d.keys(f[end+1:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
