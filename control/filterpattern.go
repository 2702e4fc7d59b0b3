package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// FilterPattern is a parsed filter pattern of CloudWatch Logs
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
type FilterPattern struct {
	match func(event map[string]any) bool
}

// Matches tells whether the pattern matches a log event: a JSON object, such as
// a record of CloudTrail. A pattern that is not about JSON is matched with the
// text of the event: its member message, or else the event as JSON.
func (p *FilterPattern) Matches(event map[string]any) bool { return p.match(event) }

// filterMatches tells whether a pattern matches every one of the events.
func filterMatches(pattern, events any) any {
	list, more, ok := items(events)
	if !ok {
		return faulty("the events are not a list")
	}
	switch p := pattern.(type) {
	case nil:
		return false
	case string:
		parsed, err := ParseFilterPattern(p)
		if err != nil {
			return faulty("filter pattern: " + err.Error())
		}
		return every(list, more, func(e any) any {
			event, ok := e.(map[string]any)
			switch {
			case isUnknown(e):
				return e
			case !ok:
				return faulty("an event is not an object")
			}
			if u := unknownIn(event); u != nil {
				return u
			}
			return parsed.Matches(event)
		})
	case *haetae.Secret:
		return secretCompared(p)
	}
	if isUnknown(pattern) {
		if list == nil && more == nil {
			return true
		}
		return pattern
	}
	return faulty("a filter pattern is not a text")
}

// unknownIn finds an unknown anywhere in a tree, or nil.
func unknownIn(v any) any {
	switch x := v.(type) {
	case *haetae.Unknown, unknowns:
		return x
	case *haetae.OpenList:
		return x.Why
	case *haetae.Secret:
		return secretCompared(x)
	case []any:
		for _, e := range x {
			if u := unknownIn(e); u != nil {
				return u
			}
		}
	case map[string]any:
		for _, e := range x {
			if u := unknownIn(e); u != nil {
				return u
			}
		}
	}
	return nil
}

// maxNesting bounds the parentheses of a pattern; AWS takes no pattern longer
// than 1,024 characters.
const maxNesting = 200

// filterParser reads a pattern from left to right.
type filterParser struct {
	text  string
	at    int
	depth int
}

// ParseFilterPattern parses a filter pattern. Errors give the position, in
// bytes from 1.
func ParseFilterPattern(s string) (*FilterPattern, error) {
	p := &filterParser{text: s}
	p.space()
	var match func(map[string]any) bool
	var err error
	switch {
	case p.take("{"):
		match, err = p.jsonPattern()
	case p.take("["):
		match, err = p.fieldsPattern()
	default:
		match, err = p.termsPattern()
	}
	if err != nil {
		return nil, err
	}
	return &FilterPattern{match}, nil
}

func (p *filterParser) errorf(format string, args ...any) error {
	return fmt.Errorf("at %d: %s", p.at+1, fmt.Sprintf(format, args...))
}

func (p *filterParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *filterParser) take(token string) bool {
	if strings.HasPrefix(p.text[p.at:], token) {
		p.at += len(token)
		return true
	}
	return false
}

// word takes a word in any case that ends where it ends.
func (p *filterParser) word(w string) bool {
	p.space()
	end := p.at + len(w)
	if end > len(p.text) || !strings.EqualFold(p.text[p.at:end], w) {
		return false
	}
	if end < len(p.text) && isNameByte(p.text[end]) {
		return false
	}
	p.at = end
	return true
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// end reports what is left over.
func (p *filterParser) end() error {
	p.space()
	if p.at < len(p.text) {
		return p.errorf("unexpected %q", p.text[p.at:])
	}
	return nil
}

func (p *filterParser) jsonPattern() (func(map[string]any) bool, error) {
	match, err := p.or(p.jsonCondition)
	if err != nil {
		return nil, err
	}
	p.space()
	if !p.take("}") {
		return nil, p.errorf("} is missing")
	}
	return func(e map[string]any) bool { return match(e) }, p.end()
}

type test func(event any) bool

// or reads conditions joined by && and ||; && binds closer.
func (p *filterParser) or(condition func() (test, error)) (test, error) {
	return p.joined("||", func() (test, error) {
		return p.joined("&&", func() (test, error) { return p.primary(condition) },
			func(a, b test) test { return func(e any) bool { return a(e) && b(e) } })
	}, func(a, b test) test { return func(e any) bool { return a(e) || b(e) } })
}

func (p *filterParser) joined(sign string, operand func() (test, error), join func(a, b test) test) (test, error) {
	a, err := operand()
	for err == nil {
		p.space()
		if !p.take(sign) {
			return a, nil
		}
		var b test
		if b, err = operand(); err == nil {
			a = join(a, b)
		}
	}
	return nil, err
}

func (p *filterParser) primary(condition func() (test, error)) (test, error) {
	p.space()
	if !p.take("(") {
		return condition()
	}
	if p.depth++; p.depth > maxNesting {
		return nil, p.errorf("too many parentheses")
	}
	t, err := p.or(condition)
	if err != nil {
		return nil, err
	}
	p.depth--
	p.space()
	if !p.take(")") {
		return nil, p.errorf(") is missing")
	}
	return t, nil
}

// jsonCondition reads "$.path = value", "$.path NOT EXISTS" and the like.
func (p *filterParser) jsonCondition() (test, error) {
	path, err := p.selector()
	if err != nil {
		return nil, err
	}
	switch {
	case p.word("NOT"):
		if !p.word("EXISTS") {
			return nil, p.errorf("EXISTS is missing after NOT")
		}
		return func(e any) bool { _, ok := lookUp(e, path); return !ok }, nil
	case p.word("EXISTS"):
		return func(e any) bool { _, ok := lookUp(e, path); return ok }, nil
	case p.word("IS"):
		for word, want := range map[string]any{"NULL": nil, "TRUE": true, "FALSE": false} {
			if p.word(word) {
				return func(e any) bool { v, ok := lookUp(e, path); return ok && v == want }, nil
			}
		}
		return nil, p.errorf("NULL, TRUE or FALSE is missing after IS")
	}
	is, err := p.comparison(" \t\r\n)}&|")
	if err != nil {
		return nil, err
	}
	return func(e any) bool {
		v, ok := lookUp(e, path)
		if !ok {
			return false
		}
		// Only a text or a number can be compared: the pattern does not apply to
		// a list or an object, be the operator = or !=.
		switch v.(type) {
		case string, int64, float64, json.Number:
			return is(v)
		}
		return false
	}, nil
}

// step of a selector: a name or an index.
type selectorStep struct {
	name  string
	index int // -1 for a name
}

func (p *filterParser) selector() ([]selectorStep, error) {
	p.space()
	if !p.take("$") {
		return nil, p.errorf("a selector that starts with $ is missing")
	}
	var path []selectorStep
	for p.at < len(p.text) {
		switch {
		case p.take("."):
			start := p.at
			for p.at < len(p.text) && strings.IndexByte(" \t\r\n.[](){}=!<>&|\"", p.text[p.at]) < 0 {
				p.at++
			}
			if p.at == start && !strings.HasPrefix(p.text[p.at:], "[") {
				return nil, p.errorf("a name is missing after .")
			}
			if p.at > start {
				path = append(path, selectorStep{p.text[start:p.at], -1})
			}
		case p.take("["):
			end := strings.IndexByte(p.text[p.at:], ']')
			if end < 0 {
				return nil, p.errorf("] is missing")
			}
			in := strings.TrimSpace(p.text[p.at : p.at+end])
			if n, err := strconv.Atoi(in); err == nil && n >= 0 {
				path = append(path, selectorStep{"", n})
			} else if len(in) >= 2 && (in[0] == '"' || in[0] == '\'') && in[len(in)-1] == in[0] {
				path = append(path, selectorStep{in[1 : len(in)-1], -1})
			} else {
				return nil, p.errorf("an index is not a number")
			}
			p.at += end + 1
		default:
			if len(path) == 0 {
				return nil, p.errorf(". is missing after $")
			}
			return path, nil
		}
	}
	if len(path) == 0 {
		return nil, p.errorf(". is missing after $")
	}
	return path, nil
}

func lookUp(v any, path []selectorStep) (any, bool) {
	for _, s := range path {
		if s.index >= 0 {
			list, ok := v.([]any)
			if !ok || s.index >= len(list) {
				return nil, false
			}
			v = list[s.index]
			continue
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[s.name]; !ok {
			return nil, false
		}
	}
	return v, true
}

// comparison reads an operator and a value; the value ends at one of the bytes.
func (p *filterParser) comparison(ends string) (func(v any) bool, error) {
	p.space()
	operator := ""
	for _, o := range [...]string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.take(o) {
			operator = o
			break
		}
	}
	if operator == "" {
		return nil, p.errorf("an operator is missing")
	}
	p.space()
	if operator == "=" && p.take("!") { // "[w=!ERROR]" stands for !=
		operator = "!="
	}
	value, form, err := p.value(ends)
	if err != nil {
		return nil, err
	}
	number, notNumber := strconv.ParseFloat(value, 64)
	switch {
	case form == 'r':
		re, err := regexp.Compile(value)
		if err != nil {
			return nil, p.errorf("%v", err)
		}
		if operator != "=" && operator != "!=" {
			return nil, p.errorf("%s does not go with a regular expression", operator)
		}
		return func(v any) bool { return re.MatchString(plainText(v)) == (operator == "=") }, nil
	case operator == "=" || operator == "!=":
		return func(v any) bool {
			same := starMatch(value, plainText(v))
			if form == 'w' && notNumber == nil && !same {
				n, ok := asNumber(v)
				same = ok && n == number
			}
			return same == (operator == "=")
		}, nil
	case notNumber != nil || form == 'q':
		return nil, p.errorf("%s needs a number", operator)
	}
	return func(v any) bool {
		n, ok := asNumber(v)
		switch {
		case !ok:
			return false
		case operator == "<":
			return n < number
		case operator == "<=":
			return n <= number
		case operator == ">":
			return n > number
		}
		return n >= number
	}, nil
}

// value reads a quoted text ('q'), a regular expression ('r') or a word ('w').
func (p *filterParser) value(ends string) (value string, form byte, err error) {
	if p.take("\"") {
		s, err := p.until('"')
		return s, 'q', err
	}
	if p.take("%") {
		s, err := p.until('%')
		return s, 'r', err
	}
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(ends, p.text[p.at]) < 0 {
		p.at++
	}
	if p.at == start {
		return "", 0, p.errorf("a value is missing")
	}
	return p.text[start:p.at], 'w', nil
}

// until reads up to a mark, which \ escapes.
func (p *filterParser) until(mark byte) (string, error) {
	var b strings.Builder
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if c == mark {
			p.at++
			return b.String(), nil
		}
		if c == '\\' && p.at+1 < len(p.text) && (p.text[p.at+1] == mark || mark == '"' && p.text[p.at+1] == '\\') {
			p.at++
			c = p.text[p.at]
		}
		b.WriteByte(c)
	}
	return "", p.errorf("%c is missing", mark)
}

// starMatch matches a text with a pattern whose star, at its start or its end,
// stands for any characters; elsewhere it is a star.
func starMatch(pattern, s string) bool {
	if pattern == "*" {
		return true
	}
	rest, front := strings.CutPrefix(pattern, "*")
	rest, back := strings.CutSuffix(rest, "*")
	switch {
	case front && back:
		return strings.Contains(s, rest)
	case front:
		return strings.HasSuffix(s, rest)
	case back:
		return strings.HasPrefix(s, rest)
	}
	return s == pattern
}

func plainText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return scalarText(v)
}

func asNumber(v any) (float64, bool) {
	n, err := strconv.ParseFloat(plainText(v), 64)
	return n, err == nil
}

// eventText is the text of an event for patterns that are not about JSON.
func eventText(event map[string]any) string {
	if s, ok := event["message"].(string); ok && len(event) == 1 {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(event) // a tree of plain values encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// termsPattern reads terms: all must be there, none of those after -, and one of
// those after ? when there are no others.
func (p *filterParser) termsPattern() (func(map[string]any) bool, error) {
	type term struct {
		sign  byte
		found func(string) bool
	}
	var terms []term
	optional := true
	for {
		p.space()
		if p.at == len(p.text) {
			break
		}
		var t term
		if c := p.text[p.at]; c == '?' || c == '-' {
			t.sign = c
			p.at++
			p.space()
		}
		value, form, err := p.value(" \t\r\n\"")
		if err != nil {
			return nil, err
		}
		t.found = func(s string) bool { return strings.Contains(s, value) }
		if form == 'r' {
			re, err := regexp.Compile(value)
			if err != nil {
				return nil, p.errorf("%v", err)
			}
			t.found = re.MatchString
		}
		optional = optional && t.sign == '?'
		terms = append(terms, t)
	}
	return func(event map[string]any) bool {
		text := eventText(event)
		some := len(terms) == 0
		for _, t := range terms {
			switch {
			case t.sign == '?':
				some = some || optional && t.found(text)
			case t.found(text) == (t.sign == '-'):
				return false
			}
		}
		return some || !optional
	}, nil
}

// fieldsPattern reads a pattern of fields between brackets: "[ip, user, ...,
// status = 4* && status != 403, bytes]".
func (p *filterParser) fieldsPattern() (func(map[string]any) bool, error) {
	var before, after []test
	dots := false
	for {
		p.space()
		switch {
		case p.take("..."):
			if dots {
				return nil, p.errorf("a second ...")
			}
			dots = true
		default:
			t, err := p.field()
			if err != nil {
				return nil, err
			}
			if dots {
				after = append(after, t)
			} else {
				before = append(before, t)
			}
		}
		p.space()
		if p.take("]") {
			break
		}
		if !p.take(",") {
			return nil, p.errorf(", or ] is missing")
		}
	}
	return func(event map[string]any) bool {
		fields := splitFields(eventText(event))
		n := len(before) + len(after)
		if len(fields) < n || !dots && len(fields) != n {
			return false
		}
		for i, t := range before {
			if !t(fields[i]) {
				return false
			}
		}
		for i, t := range after {
			if !t(fields[len(fields)-len(after)+i]) {
				return false
			}
		}
		return true
	}, p.end()
}

// field reads one field: a name, or conditions on it.
func (p *filterParser) field() (test, error) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("( ", p.text[p.at]) >= 0 {
		p.at++
	}
	name := p.name()
	p.space()
	if p.at < len(p.text) && (p.text[p.at] == ',' || p.text[p.at] == ']') && p.text[start] != '(' {
		return func(any) bool { return true }, nil
	}
	p.at = start
	return p.or(func() (test, error) {
		p.space()
		if n := p.name(); n != name {
			return nil, p.errorf("a condition of field %q names %q", name, n)
		}
		is, err := p.comparison(" \t\r\n,])&|")
		if err != nil {
			return nil, err
		}
		return func(v any) bool { return is(v) }, nil
	})
}

func (p *filterParser) name() string {
	start := p.at
	for p.at < len(p.text) && (isNameByte(p.text[p.at]) || p.text[p.at] == '-' || p.text[p.at] == '$') {
		p.at++
	}
	return p.text[start:p.at]
}

// splitFields splits a line at spaces; what is between brackets or double quotes
// is one field.
func splitFields(line string) []string {
	var out []string
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return out
		}
		end, skip := strings.IndexAny(line, " \t"), 0
		if closing := strings.IndexByte("[\"", line[0]); closing >= 0 {
			if i := strings.IndexByte(line[1:], "]\""[closing]); i >= 0 {
				line, end, skip = line[1:], i, 1
			}
		}
		if end < 0 {
			return append(out, line)
		}
		out = append(out, line[:end])
		line = line[end+skip:]
	}
}
