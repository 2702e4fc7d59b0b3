package sigma

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxNodes bounds the size of one document after its aliases are followed, so
// that a small file cannot stand for a huge one.
const maxNodes = 200_000

// Parse reads the rules and correlations of one YAML file, which may hold
// several documents. Rules that are refused are left out and named in the
// error, which joins one Error for each; the others are returned all the same.
func Parse(file string, data []byte) (Rules, error) {
	var out Rules
	var errs []error
	dec, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return out, &Error{File: file, Text: err.Error()}
	}
	for {
		var doc yaml.Node
		err := dec.Load(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			errs = append(errs, &Error{File: file, Text: err.Error()})
			break
		}
		if len(doc.Content) == 0 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].Tag == "!!null" {
			continue
		}
		p := &parser{file: file}
		p.document(doc.Content[0], &out)
		for _, e := range p.errs {
			errs = append(errs, e)
		}
	}
	return out, errors.Join(errs...)
}

// parser reads one document and gathers what is wrong with it.
type parser struct {
	file  string
	title string
	nodes int
	errs  []*Error
}

func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	line := 0
	if n != nil {
		line = n.Line
	}
	p.errs = append(p.errs, &Error{File: p.file, Line: line, Rule: p.title, Text: fmt.Sprintf(format, args...)})
}

// pair is an entry of a YAML map.
type pair struct {
	key, value *yaml.Node
}

// node follows an alias and counts what was seen.
func (p *parser) node(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	p.nodes++
	return n
}

// pairs returns the entries of a map in their order. Keys must be scalars and
// differ: of two equal fields YAML would keep one and the rule would silently
// ask for less than it says.
func (p *parser) pairs(n *yaml.Node, what string) []pair {
	n = p.node(n)
	if n.Kind != yaml.MappingNode {
		p.fail(n, "%s must be a map", what)
		return nil
	}
	var out []pair
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if p.nodes > maxNodes {
			p.fail(n, "more than %d nodes", maxNodes)
			return nil
		}
		k, v := p.node(n.Content[i]), p.node(n.Content[i+1])
		if k.Kind != yaml.ScalarNode {
			p.fail(k, "a key of %s is not a text", what)
			continue
		}
		if seen[k.Value] {
			p.fail(k, "%s names %q twice", what, k.Value)
			continue
		}
		seen[k.Value] = true
		out = append(out, pair{k, v})
	}
	return out
}

func (p *parser) text(n *yaml.Node, what string) string {
	n = p.node(n)
	if n.Kind != yaml.ScalarNode {
		p.fail(n, "%s must be a text", what)
		return ""
	}
	if n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// texts reads a list of texts; a single text is a list of one.
func (p *parser) texts(n *yaml.Node, what string) []string {
	n = p.node(n)
	if n.Kind == yaml.ScalarNode {
		if n.Tag == "!!null" {
			return nil
		}
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode {
		p.fail(n, "%s must be a list of texts", what)
		return nil
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, p.text(c, what))
	}
	return out
}

func (p *parser) oneOf(n *yaml.Node, what string, allowed ...string) string {
	s := p.text(n, what)
	if s != "" && !slices.Contains(allowed, s) {
		p.fail(n, "%s %q is none of %s", what, s, strings.Join(allowed, ", "))
	}
	return s
}

var (
	statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}
	levels   = []string{"informational", "low", "medium", "high", "critical"}
)

func (p *parser) document(n *yaml.Node, out *Rules) {
	top := p.pairs(n, "a rule")
	kinds := map[string]*yaml.Node{}
	for _, e := range top {
		switch e.key.Value {
		case "title":
			p.title = p.text(e.value, "title")
		case "detection", "correlation", "filter", "action", "eventpattern":
			kinds[e.key.Value] = e.key
		}
	}
	switch {
	case len(p.errs) > 0:
		return
	case kinds["action"] != nil:
		p.fail(kinds["action"], "rule collections with action are of Sigma 1 and not read")
	case kinds["filter"] != nil:
		p.fail(kinds["filter"], "Sigma filters are not read: write what is to be left out into the condition")
	case kinds["correlation"] != nil && kinds["detection"] != nil:
		p.fail(kinds["detection"], "a rule has a detection or a correlation, not both")
	case kinds["correlation"] != nil:
		c := p.correlation(n, top)
		if len(p.errs) == 0 {
			out.Correlations = append(out.Correlations, c)
		}
	case kinds["detection"] != nil || kinds["eventpattern"] != nil:
		r := p.rule(n, top)
		if len(p.errs) == 0 {
			out.Rules = append(out.Rules, r)
		}
	default:
		p.fail(n, "neither detection nor correlation is there")
	}
}

func (p *parser) rule(n *yaml.Node, top []pair) *Rule {
	r := &Rule{File: p.file, Line: n.Line}
	var source, detection bool
	for _, e := range top {
		k, v := e.key.Value, e.value
		switch k {
		case "title":
			r.Title = p.title
			if len(r.Title) > 256 {
				r.Warnings = append(r.Warnings, "title is longer than 256 characters")
			}
		case "id":
			r.ID = p.text(v, k)
		case "name":
			r.Name = p.text(v, k)
		case "status":
			r.Status = p.oneOf(v, k, statuses...)
		case "description":
			r.Description = p.text(v, k)
		case "license":
			r.License = p.text(v, k)
		case "author":
			r.Author = p.text(v, k)
		case "date":
			r.Date = p.text(v, k)
		case "modified":
			r.Modified = p.text(v, k)
		case "taxonomy":
			r.Taxonomy = p.text(v, k)
		case "references":
			r.References = p.texts(v, k)
		case "related":
			r.Related = p.related(v)
		case "logsource":
			source = true
			r.LogSource = p.logSource(v)
		case "fields":
			r.Fields = p.texts(v, k)
		case "falsepositives":
			r.FalsePositives = p.texts(v, k)
		case "level":
			r.Level = p.oneOf(v, k, levels...)
		case "tags":
			r.Tags = p.texts(v, k)
		case "scope":
			r.Scope = p.texts(v, k)
		case "detection":
			detection = true
			p.detection(v, r)
		case "eventpattern":
			p.pattern(v, r)
		default:
			var custom any
			if err := v.Decode(&custom); err != nil {
				p.fail(v, "%s: %v", k, err)
				continue
			}
			if r.Custom == nil {
				r.Custom = map[string]any{}
			}
			r.Custom[k] = custom
		}
	}
	switch {
	case r.Title == "":
		p.fail(n, "title is missing")
	case detection && r.Pattern != nil:
		p.fail(n, "a rule has a detection or an eventpattern, not both")
	case detection && !source:
		p.fail(n, "logsource is missing")
	}
	return r
}

// pattern reads an EventBridge pattern inside a rule: a text of JSON, or the
// same structure as YAML.
func (p *parser) pattern(n *yaml.Node, r *Rule) {
	text := []byte(n.Value)
	if n.Kind != yaml.ScalarNode {
		var v any
		err := n.Decode(&v)
		if err == nil {
			text, err = json.Marshal(v)
		}
		if err != nil {
			p.fail(n, "eventpattern: %v", err)
			return
		}
	}
	pattern, err := ParsePattern(text)
	if err != nil {
		p.fail(n, "eventpattern: %v", err)
		return
	}
	r.Pattern = pattern
}

func (p *parser) related(n *yaml.Node) []Related {
	if n.Kind != yaml.SequenceNode {
		p.fail(n, "related must be a list")
		return nil
	}
	var out []Related
	for _, c := range n.Content {
		var r Related
		for _, e := range p.pairs(c, "related") {
			switch e.key.Value {
			case "id":
				r.ID = p.text(e.value, "id")
			case "type":
				// "obsoletes" is how many published rules write it.
				r.Type = p.oneOf(e.value, "related type", "derived", "obsolete", "obsoletes", "merged", "renamed", "similar")
			}
		}
		out = append(out, r)
	}
	return out
}

func (p *parser) logSource(n *yaml.Node) LogSource {
	var l LogSource
	for _, e := range p.pairs(n, "logsource") {
		switch e.key.Value {
		case "category":
			l.Category = strings.ToLower(p.text(e.value, "category"))
		case "product":
			l.Product = strings.ToLower(p.text(e.value, "product"))
		case "service":
			l.Service = strings.ToLower(p.text(e.value, "service"))
		case "definition":
			l.Definition = p.text(e.value, "definition")
		}
	}
	if l.Category == "" && l.Product == "" && l.Service == "" {
		p.fail(n, "logsource names no category, product or service")
	}
	return l
}

func (p *parser) detection(n *yaml.Node, r *Rule) {
	var condition *yaml.Node
	for _, e := range p.pairs(n, "detection") {
		switch e.key.Value {
		case "condition":
			condition = e.value
		case "timeframe":
			p.fail(e.key, "timeframe is of Sigma 1; write a correlation rule")
		default:
			s := search{name: e.key.Value, line: e.key.Line}
			s.alternatives = p.alternatives(e.value, s.name)
			r.searches = append(r.searches, s)
		}
	}
	if condition == nil {
		p.fail(n, "detection has no condition")
		return
	}
	names := make([]string, len(r.searches))
	for i, s := range r.searches {
		names[i] = s.name
	}
	var args []expr
	for _, text := range p.texts(condition, "condition") {
		e, err := parseCondition(text, names)
		if err != nil {
			p.fail(condition, "%v", err)
			return
		}
		args = append(args, e)
	}
	switch len(args) {
	case 0:
		p.fail(condition, "condition is empty")
		return
	case 1:
		r.condition = args[0]
	default: // a list of conditions is linked with OR
		r.condition = expr{op: opOr, args: args}
	}
	used := make([]bool, len(names))
	r.condition.terms(used)
	for i, s := range r.searches {
		if !used[i] {
			r.Warnings = append(r.Warnings, fmt.Sprintf("search identifier %q is not in the condition", s.name))
		}
	}
}

// alternatives reads what stands under a search identifier: a map of fields, a
// list of maps and keywords, or one keyword.
func (p *parser) alternatives(n *yaml.Node, name string) []alternative {
	n = p.node(n)
	switch n.Kind {
	case yaml.MappingNode:
		return p.fieldMap(n, name)
	case yaml.ScalarNode:
		return p.keyword(n, name)
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			p.fail(n, "%s is an empty list", name)
		}
		var out []alternative
		for _, c := range n.Content {
			if p.nodes > maxNodes {
				p.fail(n, "more than %d nodes", maxNodes)
				return nil
			}
			c = p.node(c)
			switch c.Kind {
			case yaml.MappingNode:
				out = append(out, p.fieldMap(c, name)...)
			case yaml.ScalarNode:
				out = append(out, p.keyword(c, name)...)
			default:
				p.fail(c, "%s: a list inside a list", name)
			}
		}
		return out
	}
	p.fail(n, "%s is neither a map nor a list", name)
	return nil
}

func (p *parser) keyword(n *yaml.Node, name string) []alternative {
	v, ok := p.scalar(n, name)
	if !ok {
		return nil
	}
	if v.kind == scalarNull || v.text == "" {
		p.fail(n, "%s: an empty keyword would match every event", name)
		return nil
	}
	return []alternative{{items: []item{{values: []scalar{v}, line: n.Line}}}}
}

func (p *parser) fieldMap(n *yaml.Node, name string) []alternative {
	entries := p.pairs(n, name)
	if len(entries) == 0 && len(p.errs) == 0 {
		p.fail(n, "%s is an empty map", name)
	}
	var a alternative
	for _, e := range entries {
		parts := strings.Split(e.key.Value, "|")
		it := item{field: parts[0], modifiers: parts[1:], line: e.key.Line}
		if it.field == "" && len(it.modifiers) == 0 {
			p.fail(e.key, "%s has a field without a name", name)
			continue
		}
		v := p.node(e.value)
		values := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			values = v.Content
			if len(values) == 0 {
				p.fail(v, "%s: %s has an empty list of values", name, e.key.Value)
			}
		}
		for _, c := range values {
			if p.nodes > maxNodes {
				p.fail(n, "more than %d nodes", maxNodes)
				return nil
			}
			if s, ok := p.scalar(p.node(c), e.key.Value); ok {
				it.values = append(it.values, s)
			}
		}
		a.items = append(a.items, it)
	}
	return []alternative{a}
}

func (p *parser) scalar(n *yaml.Node, what string) (scalar, bool) {
	if n.Kind != yaml.ScalarNode {
		p.fail(n, "%s: a value must be a text, a number, a truth value or null", what)
		return scalar{}, false
	}
	s := scalar{kind: scalarText, text: n.Value, line: n.Line}
	switch n.Tag {
	case "!!null":
		s.kind, s.text = scalarNull, ""
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			p.fail(n, "%s: %v", what, err)
			return scalar{}, false
		}
		s.kind, s.text = scalarBool, strconv.FormatBool(b)
	case "!!int":
		s.kind = scalarNumber
		var i int64
		var u uint64
		if n.Decode(&i) == nil {
			s.text = strconv.FormatInt(i, 10)
		} else if n.Decode(&u) == nil {
			s.text = strconv.FormatUint(u, 10)
		} else if !isNumber(s.text) {
			s.kind = scalarText
		}
	case "!!float":
		if isNumber(strings.TrimPrefix(s.text, "+")) {
			s.kind, s.text = scalarNumber, strings.TrimPrefix(s.text, "+")
		}
	}
	return s, true
}

// isNumber reports whether a text is a decimal number as JSON writes it, give
// or take zeros in front: what logs put into texts.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if s == "" || s[0] < '0' || s[0] > '9' {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '.', c == 'e', c == 'E', c == '+', c == '-':
		default:
			return false
		}
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
