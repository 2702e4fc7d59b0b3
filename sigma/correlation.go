package sigma

import (
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// Correlation is a rule about what other rules match over time.
type Correlation struct {
	ID             string
	Name           string
	Title          string
	Status         string
	Description    string
	Author         string
	Date           string
	Modified       string
	References     []string
	FalsePositives []string
	Level          string
	Tags           []string
	Generate       bool // the rules it refers to stand for themselves too

	Type     string // event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile, value_median
	Rules    []string
	GroupBy  []string
	Timespan time.Duration
	// Aliases maps the name of an alias and the name of a rule to a field.
	Aliases   map[string]map[string]string
	Condition Threshold

	File string
	Line int
}

// Key is the identifier by which results name the correlation.
func (c *Correlation) Key() string {
	switch {
	case c.ID != "":
		return c.ID
	case c.Name != "":
		return c.Name
	}
	return c.Title
}

// Threshold is the condition of a correlation.
type Threshold struct {
	Bounds []Bound  // all must hold
	Fields []string // whose values are counted or measured
	// Percentile is which percentile value_percentile takes; without it the
	// measure is the share in percent that a value has of all values.
	Percentile    float64
	HasPercentile bool
	// Expression is the boolean form that temporal correlations may have
	// instead of bounds, over the rules they refer to.
	Expression string

	expr expr
}

// Bound is one comparison of a condition.
type Bound struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Value float64
}

func (b Bound) holds(x float64) bool {
	switch b.Op {
	case "gt":
		return x > b.Value
	case "gte":
		return x >= b.Value
	case "lt":
		return x < b.Value
	case "lte":
		return x <= b.Value
	case "eq":
		return x == b.Value
	}
	return x != b.Value
}

var correlationTypes = []string{"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median"}

func (p *parser) correlation(n *yaml.Node, top []pair) *Correlation {
	c := &Correlation{File: p.file, Line: n.Line}
	for _, e := range top {
		k, v := e.key.Value, e.value
		switch k {
		case "title":
			c.Title = p.title
		case "id":
			c.ID = p.text(v, k)
		case "name":
			c.Name = p.text(v, k)
		case "status":
			c.Status = p.oneOf(v, k, statuses...)
		case "description":
			c.Description = p.text(v, k)
		case "author":
			c.Author = p.text(v, k)
		case "date":
			c.Date = p.text(v, k)
		case "modified":
			c.Modified = p.text(v, k)
		case "references":
			c.References = p.texts(v, k)
		case "falsepositives":
			c.FalsePositives = p.texts(v, k)
		case "level":
			c.Level = p.oneOf(v, k, levels...)
		case "tags":
			c.Tags = p.texts(v, k)
		case "generate":
			if err := v.Decode(&c.Generate); err != nil {
				p.fail(v, "generate must be true or false")
			}
		case "correlation":
			p.correlationBody(v, c)
		}
	}
	if c.Title == "" {
		p.fail(n, "title is missing")
	}
	return c
}

func (p *parser) correlationBody(n *yaml.Node, c *Correlation) {
	var condition *yaml.Node
	for _, e := range p.pairs(n, "correlation") {
		k, v := e.key.Value, e.value
		switch k {
		case "type":
			c.Type = p.oneOf(v, "correlation type", correlationTypes...)
		case "rules":
			c.Rules = p.texts(v, k)
		case "group-by":
			c.GroupBy = p.texts(v, k)
		case "timespan":
			d, ok := parseTimespan(p.text(v, k))
			if !ok {
				p.fail(v, "timespan %q is not a number followed by s, m, h or d", v.Value)
			}
			c.Timespan = d
		case "aliases":
			c.Aliases = map[string]map[string]string{}
			for _, a := range p.pairs(v, "aliases") {
				fields := map[string]string{}
				for _, f := range p.pairs(a.value, a.key.Value) {
					fields[f.key.Value] = p.text(f.value, a.key.Value)
				}
				c.Aliases[a.key.Value] = fields
			}
		case "condition":
			condition = v
		default:
			p.fail(e.key, "%q is not a part of a correlation", k)
		}
	}
	switch {
	case c.Type == "":
		p.fail(n, "correlation type is missing")
		return
	case len(c.Rules) == 0:
		p.fail(n, "a correlation needs rules")
		return
	case len(c.Rules) > 64:
		p.fail(n, "a correlation refers to more than 64 rules")
		return
	case c.Timespan == 0:
		p.fail(n, "timespan is missing")
		return
	}
	seen := map[string]bool{}
	for _, r := range c.Rules {
		if seen[r] && c.Type != "temporal_ordered" {
			p.fail(n, "rules names %q twice", r)
		}
		seen[r] = true
	}
	p.threshold(condition, n, c)
}

// threshold reads the condition of a correlation. temporal and
// temporal_ordered need none: all their rules must match.
func (p *parser) threshold(v, n *yaml.Node, c *Correlation) {
	temporal := c.Type == "temporal" || c.Type == "temporal_ordered"
	t := &c.Condition
	switch {
	case v == nil && temporal:
		t.Bounds = []Bound{{"gte", float64(len(c.Rules))}}
		return
	case v == nil:
		p.fail(n, "%s needs a condition", c.Type)
		return
	case v.Kind == yaml.ScalarNode && temporal:
		t.Expression = v.Value
		var err error
		if t.expr, err = parseCondition(v.Value, c.Rules); err != nil {
			p.fail(v, "%v", err)
		}
		if c.Type == "temporal_ordered" && !allOf(&t.expr, len(c.Rules)) {
			p.fail(v, "temporal_ordered goes only with a condition that asks for all rules")
		}
		return
	}
	for _, e := range p.pairs(v, "condition") {
		switch k := e.key.Value; k {
		case "gt", "gte", "lt", "lte", "eq", "neq":
			f, err := strconv.ParseFloat(p.text(e.value, k), 64)
			if err != nil || !isNumber(e.value.Value) {
				p.fail(e.value, "%s needs a number", k)
			}
			t.Bounds = append(t.Bounds, Bound{k, f})
		case "field":
			t.Fields = p.texts(e.value, k)
		case "percentile":
			f, err := strconv.ParseFloat(p.text(e.value, k), 64)
			if err != nil || !(f >= 0 && f <= 100) || c.Type != "value_percentile" {
				p.fail(e.value, "percentile is a number from 0 to 100 for value_percentile")
			}
			t.Percentile, t.HasPercentile = f, true
		default:
			p.fail(e.key, "%q is not a part of a condition", k)
		}
	}
	values := c.Type != "event_count" && !temporal
	switch {
	case len(t.Bounds) == 0:
		p.fail(v, "condition has no comparison")
	case values && len(t.Fields) == 0:
		p.fail(v, "%s needs a field in its condition", c.Type)
	case !values && len(t.Fields) > 0:
		p.fail(v, "%s has no field in its condition", c.Type)
	case len(t.Fields) > 1 && c.Type != "value_count":
		p.fail(v, "only value_count takes more than one field")
	}
	if c.Type == "temporal_ordered" {
		for _, b := range t.Bounds {
			// How far a sequence came is measured in steps from its beginning.
			if b.Op != "gte" && b.Op != "gt" && b.Op != "eq" {
				p.fail(v, "temporal_ordered takes gte, gt or eq")
			}
		}
	}
}

// allOf reports whether a condition is the conjunction of all n terms.
func allOf(e *expr, n int) bool {
	used := make([]bool, n)
	e.terms(used)
	for _, u := range used {
		if !u {
			return false
		}
	}
	var plain func(*expr) bool
	plain = func(e *expr) bool {
		if e.op == opOr || e.op == opNot {
			return false
		}
		for i := range e.args {
			if !plain(&e.args[i]) {
				return false
			}
		}
		return true
	}
	return plain(e)
}

// parseTimespan reads 90s, 15m, 12h or 30d.
func parseTimespan(s string) (time.Duration, bool) {
	if s == "" {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if !ok || err != nil || n == 0 || n > uint64(10*365*24*time.Hour/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}
