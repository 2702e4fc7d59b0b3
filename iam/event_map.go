package iam

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/haetae/haetae/permission"
)

//go:embed events.txt
var eventsText string

//go:embed apigateway.txt
var apigatewayText string

//go:embed passes.txt
var passesText string

// eventMap is events.txt, which says at its top how it is written.
type eventMap struct {
	sources  map[string][]string
	events   map[string][]eventAction
	calls    map[string][]call
	either   map[string]bool
	self     map[string]string
	ids      map[string]string // "ec2 vpc" (service and type) → "vpc"
	made     map[string][]string
	vars     map[string][]param
	defaults map[string]string
	choices  map[string][]choice
	keys     map[string][]param // by the key's name in lower case
	passes   map[string][]pass
	tags     map[string]string // "ec2", or "iam:CreateRole", to an action
	// dataEvents are the operations that services record only when a trail asks
	// for them.
	dataEvents map[string][]string
	seen       map[string]bool // lines, so that none takes another's place
}

// eventAction is an action of an event, on a condition.
type eventAction struct {
	action        string // "s3:GetObject"
	with, without string
}

type call struct{ action, path string }

// param is a parameter of a request, or a part of one.
type param struct{ name, part string }

// choice is between two types of a service's resources.
type choice struct{ plain, other, param, value string }

type pass struct {
	service string
	params  []param
}

var loadEvents = sync.OnceValues(func() (*eventMap, error) { return parseEventMap(eventsText, apigatewayText, passesText) })

func parseEventMap(texts ...string) (*eventMap, error) {
	m := &eventMap{
		sources: map[string][]string{}, events: map[string][]eventAction{}, calls: map[string][]call{}, either: map[string]bool{}, self: map[string]string{}, ids: map[string]string{},
		made: map[string][]string{}, vars: map[string][]param{}, defaults: map[string]string{}, choices: map[string][]choice{}, keys: map[string][]param{}, passes: map[string][]pass{}, seen: map[string]bool{}, dataEvents: map[string][]string{}, tags: map[string]string{},
	}
	for i, text := range texts {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line, _, _ = strings.Cut(line, "# ")
			f := strings.Fields(line)
			if len(f) == 0 || strings.HasPrefix(f[0], "#") {
				continue
			}
			if err := m.line(f); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", []string{"events.txt", "apigateway.txt", "passes.txt"}[i], n, err)
			}
		}
	}
	return m, nil
}

func (m *eventMap) line(f []string) error {
	if len(f) < 2 || f[0] != "either" && len(f) < 3 {
		return fmt.Errorf("%q is too short", strings.Join(f, " "))
	}
	subject, rest := f[1], f[2:]
	if about := f[0] + " " + subject; f[0] != "pass" && f[0] != "var" && f[0] != "default" && f[0] != "id" {
		if m.seen[about] {
			return fmt.Errorf("%s is there twice", about)
		}
		m.seen[about] = true
	}
	prefix, _, _ := strings.Cut(subject, ":")
	switch f[0] {
	case "source":
		m.sources[subject] = rest
	case "event":
		m.events[strings.ToLower(subject)] = nil
		for _, a := range rest {
			if a == "-" {
				continue
			}
			var e eventAction
			a, e.with, _ = strings.Cut(a, "@")
			a, e.without, _ = strings.Cut(a, "!")
			if e.action = a; !strings.Contains(a, ":") {
				e.action = prefix + ":" + a
			}
			m.events[strings.ToLower(subject)] = append(m.events[strings.ToLower(subject)], e)
		}
	case "call":
		if len(rest)%2 != 0 {
			return fmt.Errorf("%s: an action has no path", subject)
		}
		for c := range slices.Chunk(rest, 2) {
			m.calls[strings.ToLower(subject)] = append(m.calls[strings.ToLower(subject)], call{c[0], c[1]})
		}
	case "id":
		if len(rest) != 2 {
			return fmt.Errorf("%s: not the beginning of an id and a type", subject)
		}
		m.ids[subject+" "+rest[1]] = rest[0]
	case "tag":
		m.tags[subject] = rest[0]
	case "self":
		m.self[subject] = rest[0]
	case "data":
		m.dataEvents[subject] = rest
	case "either":
		m.either[subject] = true
	case "new":
		m.made[subject] = rest
	case "var":
		return set(m.vars, subject+" "+rest[0], rest[1:])
	case "default":
		if len(rest) != 2 {
			return fmt.Errorf("%s: not a variable and its default", subject)
		}
		m.defaults[subject+" "+rest[0]] = rest[1]
	case "choose":
		if len(rest) != 4 {
			return fmt.Errorf("%s: not two types, a parameter and a value", subject)
		}
		m.choices[subject] = append(m.choices[subject], choice{rest[0], rest[1], rest[2], rest[3]})
	case "key":
		return set(m.keys, strings.ToLower(subject), rest)
	case "pass":
		list, err := parseParams(rest[1:])
		if err != nil {
			return err
		}
		m.passes[strings.ToLower(subject)] = append(m.passes[strings.ToLower(subject)], pass{rest[0], list})
	default:
		return fmt.Errorf("%q is no kind of line", f[0])
	}
	return nil
}

// set adds parameters under a name that has none.
func set(into map[string][]param, name string, words []string) error {
	if into[name] != nil {
		return fmt.Errorf("%s is there twice", name)
	}
	list, err := parseParams(words)
	into[name] = list
	return err
}

func parseParams(words []string) ([]param, error) {
	out := make([]param, len(words))
	for i, w := range words {
		out[i].name, out[i].part, _ = strings.Cut(w, "#")
		if !slices.Contains(parts, out[i].part) {
			return nil, fmt.Errorf("%s: there is no part %q", w, out[i].part)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no parameters")
	}
	return out, nil
}

// Events tells from CloudTrail records what was asked of AWS. It is safe for
// concurrent use.
type Events struct {
	catalogue *permission.Catalogue
	*eventMap
}

// NewEvents returns what tells requests from records with a catalogue's
// actions.
func NewEvents(c *permission.Catalogue) (*Events, error) {
	m, err := loadEvents()
	if err != nil {
		return nil, err
	}
	return &Events{c, m}, nil
}

// dated is what some services write after the name of an operation:
// CreateFunction20150331, UpdateFunctionCode20150331v2,
// CreateDistribution2020_05_31
// (https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html).
var dated = regexp.MustCompile(`^(.*[A-Za-z])20\d\d_?\d\d_?\d\d(v\d+)?$`)

// prefixes are the services under which the events of a source are decided on.
func (m *Events) prefixes(source string) []string {
	name, _, _ := strings.Cut(source, ".amazonaws.com")
	if p, ok := m.sources[name]; ok {
		return p
	}
	if _, ok := m.catalogue.Service(name); !ok {
		// Signatures and names of endpoints have no dots in actions.
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			return []string{name[i+1:]}
		}
	}
	return []string{name}
}

// eventNames are the names that an event may be known by: its own, then without a
// date.
func eventNames(event string) []string {
	if d := dated.FindStringSubmatch(event); d != nil {
		return []string{event, d[1]}
	}
	return []string{event}
}

// actions finds the actions of an event, and the prefix and name under which
// other lines know it. known is false when there is neither a line nor an
// action of that name.
func (m *Events) actions(e *Event, p *parameters) (list []eventAction, key string, known bool) {
	prefixes := m.prefixes(e.Source)
	for _, name := range eventNames(e.Name) {
		for _, prefix := range prefixes {
			key = prefix + ":" + name
			if calls, ok := m.calls[strings.ToLower(key)]; ok {
				c, _ := chooseCall(calls, p)
				return []eventAction{{action: c.action}}, key, true
			}
			if all, ok := m.events[strings.ToLower(key)]; ok {
				for _, a := range all {
					if (a.with == "" || p.has(a.with)) && (a.without == "" || !p.has(a.without)) {
						list = append(list, a)
					}
				}
				return list, key, true
			}
		}
	}
	for _, name := range eventNames(e.Name) {
		for _, prefix := range prefixes {
			if a, ok := m.catalogue.Action(prefix, name); ok {
				return []eventAction{{action: a.String()}}, a.String(), true
			}
		}
	}
	return nil, prefixes[0] + ":" + e.Name, false
}

// chooseCall takes the first path all of whose parameters were given, else the
// first.
func chooseCall(calls []call, p *parameters) (chosen call, whole bool) {
	for _, c := range calls {
		if !slices.ContainsFunc(variables(c.path, "{"), func(v string) bool { return !p.has(v) }) {
			return c, true
		}
	}
	return calls[0], false
}

// variables are the names in {} or ${}.
func variables(text, open string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(text, open)
		if !ok {
			return out
		}
		name, after, _ := strings.Cut(rest, "}")
		out, text = append(out, name), after
	}
}
