package content

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae/sigma"
)

// DetectionExample are records of logs in which a detection must fire, or must not.
type DetectionExample struct {
	Name  string
	Fires bool
	// Lists are addresses and domains that the user supplies, Own the organisation's
	// addresses, Accounts its accounts beside that of the records.
	Lists    map[string][]string
	Own      []string
	Accounts []string
	// Countries and Networks say where prefixes are: by country ("KR") and by the
	// number of the network ("64500").
	Countries, Networks map[string][]string
	Records             []ExampleRecord // in order of time; what was given comes first
	Line                int
}

// ExampleRecord is a record as its log writes it: a JSON object, a line of text, or
// for flow logs a line of field names and a line of values.
type ExampleRecord struct {
	Log   string // as the service of a log source: "cloudtrail", "vpcflow"
	Time  time.Time
	Text  string
	Given bool // it tells of what was before: findings of it do not count
}

// exampleStart is when the first record of an example happens: a Monday, at nine.
func exampleStart() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

type exampleBlock struct {
	Name   string       `yaml:"name"`
	Fires  *bool        `yaml:"fires"`
	Given  givenBlock   `yaml:"given"`
	Events []eventBlock `yaml:"events"`
}

type givenBlock struct {
	Lists     map[string][]string `yaml:"lists"`
	Own       []string            `yaml:"own"`
	Accounts  []string            `yaml:"accounts"`
	Countries map[string][]string `yaml:"countries"`
	Networks  map[string][]string `yaml:"networks"`
	Events    []eventBlock        `yaml:"events"`
}

// eventBlock is one record or several like it: what it has besides what every
// record of its log has. {n} in its texts is the number of the repetition.
type eventBlock struct {
	Log    string         `yaml:"log"`    // the service of the log source; the first rule's when it is not said
	At     string         `yaml:"at"`     // after the start; 10 s after the record before when it is not said
	Repeat int            `yaml:"repeat"` // how many records there are; 0 is one
	Every  string         `yaml:"every"`  // between repetitions; 10 s when it is not said
	Line   string         `yaml:"line"`   // of a log that is text
	Record map[string]any `yaml:",inline"`
}

// exampleDefault is what each record of a log has. Texts in braces are filled in:
// {time} is the time of RFC 3339, {unix} and {unixms} are Unix times, {end} is a
// minute after {unix}, {id} and {uuid} are never the same twice.
type exampleDefault struct {
	Form   string         `yaml:"form"` // json, flow, or line
	Record map[string]any `yaml:"record"`
}

// maxExampleRecords bounds what one example may repeat.
const maxExampleRecords = 20_000

// detectionDefaults reads what records of examples have.
func detectionDefaults() (map[string]exampleDefault, error) {
	data, err := files.ReadFile("detections/defaults.yaml")
	if err != nil {
		return nil, fmt.Errorf("built-in records: %w", err)
	}
	out := map[string]exampleDefault{}
	if err := yaml.Load(data, &out, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("built-in records: %w", err)
	}
	return out, nil
}

// LogName is the name of a log source in examples: its service, but kubernetes'
// audit log is named by both.
func LogName(l sigma.LogSource) string {
	if l.Product == "kubernetes" {
		return "eksaudit"
	}
	return l.Service
}

func (d *Detection) example(x exampleBlock, defaults map[string]exampleDefault) (DetectionExample, error) {
	e := DetectionExample{Name: x.Name, Lists: x.Given.Lists, Own: x.Given.Own, Accounts: x.Given.Accounts, Countries: x.Given.Countries, Networks: x.Given.Networks}
	switch {
	case x.Name == "":
		return e, errors.New("name is missing: a sentence")
	case x.Fires == nil:
		return e, errors.New("fires is missing: true or false")
	case len(x.Events) == 0:
		return e, errors.New("events are missing")
	}
	e.Fires = *x.Fires
	r := renderer{defaults: defaults, at: exampleStart()}
	if len(d.Rules) > 0 {
		r.log = LogName(d.Rules[0].LogSource)
	}
	for i, list := range [][]eventBlock{x.Given.Events, x.Events} {
		r.at = exampleStart()
		for _, b := range list {
			if err := r.add(b, i == 0); err != nil {
				return e, err
			}
		}
	}
	e.Records = r.out
	slices.SortStableFunc(e.Records, func(a, b ExampleRecord) int { return a.Time.Compare(b.Time) })
	return e, nil
}

// renderer makes records of what an example says of them.
type renderer struct {
	defaults map[string]exampleDefault
	log      string
	at       time.Time
	out      []ExampleRecord
}

func (r *renderer) add(b eventBlock, given bool) error {
	log := b.Log
	if log == "" {
		log = r.log
	}
	form, ok := r.defaults[log]
	if !ok {
		return fmt.Errorf("log %q is none of %s", log, strings.Join(slices.Sorted(maps.Keys(r.defaults)), ", "))
	}
	every := 10 * time.Second
	for _, t := range []struct {
		text string
		to   func(time.Duration)
	}{{b.Every, func(d time.Duration) { every = d }}, {b.At, func(d time.Duration) { r.at = exampleStart().Add(d) }}} {
		if t.text == "" {
			continue
		}
		d, err := exampleDuration(t.text)
		if err != nil {
			return err
		}
		t.to(d)
	}
	if len(r.out)+b.Repeat > maxExampleRecords {
		return fmt.Errorf("more than %d records", maxExampleRecords)
	}
	for n := range max(b.Repeat, 1) {
		text, err := r.render(form, b, n+1)
		if err != nil {
			return err
		}
		r.out = append(r.out, ExampleRecord{Log: log, Time: r.at, Text: text, Given: given})
		r.at = r.at.Add(every)
	}
	return nil
}

// exampleDuration reads a time such as 90s or -3d.
func exampleDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time such as 90s, 2h or -3d", text)
	}
	return d, nil
}

func (r *renderer) render(form exampleDefault, b eventBlock, n int) (string, error) {
	id := len(r.out) + 1
	fill := strings.NewReplacer("{n}", strconv.Itoa(n), "{id}", strconv.Itoa(id), "{uuid}", fmt.Sprintf("00000000-0000-4000-8000-%012d", id),
		"{time}", r.at.UTC().Format("2006-01-02T15:04:05Z"), "{unix}", strconv.FormatInt(r.at.Unix(), 10),
		"{unixms}", strconv.FormatInt(r.at.UnixMilli(), 10), "{unixus}", strconv.FormatInt(r.at.UnixMicro(), 10), "{end}", strconv.FormatInt(r.at.Unix()+60, 10),
		"{clf}", r.at.UTC().Format("02/Jan/2006:15:04:05 -0700"))
	if (b.Line != "") != (form.Form == "line") {
		return "", fmt.Errorf("records of this log are written as %s", form.Form)
	}
	if form.Form == "line" {
		return fill.Replace(b.Line), nil
	}
	record, _ := filled(merged(form.Record, b.Record), fill).(map[string]any)
	if form.Form == "flow" {
		var names, values []string
		for _, name := range slices.Sorted(maps.Keys(record)) {
			names, values = append(names, name), append(values, fmt.Sprint(record[name]))
		}
		return strings.Join(names, " ") + "\n" + strings.Join(values, " "), nil
	}
	text, err := json.Marshal(record)
	return string(text), err
}

// merged lays a record over what it has by default. A null takes a default away.
func merged(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range over {
		inner, ok := v.(map[string]any)
		below, isMap := out[k].(map[string]any)
		switch {
		case v == nil:
			delete(out, k)
		case ok && isMap:
			out[k] = merged(below, inner)
		default:
			out[k] = v
		}
	}
	return out
}

// filled puts in what braces stand for. A text that is nothing but the name of a
// number becomes the number.
func filled(v any, fill *strings.Replacer) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = filled(e, fill)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = filled(e, fill)
		}
		return out
	case string:
		text := fill.Replace(v)
		if v == "{unix}" || v == "{unixms}" || v == "{end}" || v == "{n}" {
			return json.Number(text)
		}
		return text
	}
	return v
}
