package policy

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/wildcard"
)

// Template is a text of a policy in which wildcards and variables are told from
// plain characters. It is immutable.
type Template struct {
	Text string // as written

	parts   []part
	wild    bool // wildcards count: they are plain characters otherwise
	vars    bool
	pattern *wildcard.Pattern // nil when there are variables
	set     *wildcard.Pattern // pattern, narrowed to fields where inner is set
	byField *wildcard.Pattern // of an ARN operator without variables
	// inner is set for an entry of a Resource element with a wildcard within one
	// of the first fields of its ARN, which stays in it.
	inner bool
}

type part struct {
	text    string // literal unless wild
	literal bool   // wildcards in it are plain
	name    string // of a variable
	preset  string // its default
	has     bool   // it has a default
}

// Value is what a variable stands for: its text, no value, or a value that is
// not known.
type Value struct {
	Text    string
	Found   bool // false: there is no such key, or it has several values
	Unknown bool
}

// Filled is a template whose variables were replaced.
type Filled struct {
	Pattern *wildcard.Pattern
	parts   filled
	set     *wildcard.Pattern // what Match takes
	byField *wildcard.Pattern // what ByField takes; nil when it was not made yet
}

// filled are the parts of a template with the values of their variables.
type filled struct {
	parts  []part
	values []string
}

// ByField tells whether an ARN fits when the six parts are compared one by one,
// as the ARN operators do; the sixth has the colons that are left.
func (f Filled) ByField(value string) bool { return f.FieldSet().Match(value) }

// Match tells whether the text fits.
func (f Filled) Match(text string) bool { return f.set.Match(text) }

// newTemplate reads a text; with vars "${…}" is a variable.
func newTemplate(text string, wild, vars bool) *Template {
	t := &Template{Text: text, wild: wild}
	rest := text
	for vars {
		i := strings.Index(rest, "${")
		if i < 0 {
			break
		}
		end := strings.IndexByte(rest[i:], '}')
		if end < 0 {
			break
		}
		t.literal(rest[:i])
		body := strings.TrimSpace(rest[i+2 : i+end])
		switch body {
		case "*", "?", "$":
			t.parts = append(t.parts, part{text: body, literal: true})
		default:
			p := part{name: body}
			if name, preset, ok := strings.Cut(body, ","); ok {
				p.name = strings.TrimSpace(name)
				p.preset, p.has = strings.Trim(strings.TrimSpace(preset), "'"), true
			}
			t.parts = append(t.parts, p)
			t.vars = true
		}
		rest = rest[i+end+1:]
	}
	t.literal(rest)
	if !t.vars {
		t.pattern = t.join(nil)
		t.set = t.pattern
	}
	return t
}

func (t *Template) literal(text string) {
	if text != "" {
		t.parts = append(t.parts, part{text: text, literal: !t.wild})
	}
}

func (t *Template) join(values []string) *wildcard.Pattern {
	parts := make([]wildcard.Part, len(t.parts))
	for i, p := range t.parts {
		if parts[i] = (wildcard.Part{Text: p.text, Literal: p.literal}); p.name != "" {
			parts[i] = wildcard.Part{Text: values[i], Literal: true}
		}
	}
	return wildcard.Join(false, parts...)
}

// Plain is the text without escapes when there is neither a wildcard nor a
// variable in it.
func (t *Template) Plain() (string, bool) {
	if t.vars {
		return "", false
	}
	return t.pattern.Exact()
}

// Wild tells whether the template has wildcards that count.
func (t *Template) Wild() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool {
		return p.name == "" && !p.literal && strings.ContainsAny(p.text, "*?")
	})
}

// Variables lists the keys of the variables, as written.
func (t *Template) Variables() []string {
	var names []string
	for _, p := range t.parts {
		if p.name != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// Fill replaces the variables by their values. ok is false when one of them has
// no value: then nothing matches
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value).
// unknown names the variables whose value is not known; the template is then not
// filled.
func (t *Template) Fill(value func(key string) Value) (f Filled, ok bool, unknown []string) {
	if !t.vars {
		return Filled{t.pattern, filled{t.parts, nil}, t.set, t.byField}, true, nil
	}
	values := make([]string, len(t.parts))
	ok = true
	for i, p := range t.parts {
		if p.name == "" {
			continue
		}
		switch v := value(p.name); {
		case v.Unknown:
			unknown = append(unknown, p.name)
		case v.Found:
			values[i] = v.Text
		case p.has:
			values[i] = p.preset
		default:
			ok = false
		}
	}
	if !ok || unknown != nil {
		return f, ok, unknown
	}
	f = Filled{Pattern: t.join(values), parts: filled{t.parts, values}}
	if f.set = f.Pattern; t.inner {
		f.set = f.parts.set(false)
	}
	return f, true, nil
}

// Exact is the one text that a filled template without wildcards stands for.
func (f Filled) Exact() (string, bool) { return f.Pattern.Exact() }

// newResource reads an entry of a Resource element. A star that ends a field of
// an ARN may run past the colon, one within a field may not
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards).
// A short ARN of an identity policy is completed with stars, as the same page
// says; elsewhere it is taken as it is.
func newResource(text string, typ Type, vars bool) *Template {
	full := text
	if n := strings.Count(text, ":"); strings.HasPrefix(text, "arn:") && n < 5 && (typ == Identity || typ == Boundary || typ == Session) {
		full += strings.Repeat(":*", 5-n)
	}
	t := newTemplate(full, true, vars)
	t.Text = text
	if t.inner = innerWild(t.parts); t.inner && !t.vars {
		t.set = filled{t.parts, nil}.set(false)
	}
	return t
}

// innerWild tells whether one of the first five fields has a wildcard other
// than a star at its end.
func innerWild(parts []part) bool {
	field := 0
	for i, p := range parts {
		if p.name != "" || p.literal {
			continue
		}
		for j := 0; j < len(p.text) && field < 5; j++ {
			switch p.text[j] {
			case ':':
				field++
			case '?':
				return true
			case '*':
				if last := j+1 == len(p.text); last && i+1 == len(parts) || !last && (p.text[j+1] == ':' || p.text[j+1] == '*') {
					continue
				}
				return true
			}
		}
	}
	return false
}

// Loose is the pattern in which a variable may be anything.
func (t *Template) Loose() *wildcard.Pattern {
	return t.LooseWith("", "", func(string) Value { return Value{Unknown: true} })
}

// LooseWith is the pattern in which one variable has a text, others the values
// that they have, and those of which nothing is known may be anything.
func (t *Template) LooseWith(name, text string, value func(key string) Value) *wildcard.Pattern {
	parts := make([]wildcard.Part, len(t.parts))
	for i, p := range t.parts {
		parts[i] = wildcard.Part{Text: p.text, Literal: p.literal}
		if p.name == "" {
			continue
		}
		parts[i] = wildcard.Part{Text: "*"}
		if strings.EqualFold(p.name, name) {
			parts[i] = wildcard.Part{Text: text, Literal: true}
		} else if v := value(p.name); !v.Unknown {
			if parts[i] = (wildcard.Part{Text: v.Text, Literal: true}); !v.Found {
				parts[i].Text = p.preset
			}
		}
	}
	return wildcard.Join(false, parts...)
}

// Before is the text before the first place of a variable; plain is false when
// there are wildcards or other variables in it.
func (t *Template) Before(name string) (text string, plain bool) {
	for _, p := range t.parts {
		switch {
		case p.name != "":
			return text, strings.EqualFold(p.name, name)
		case !p.literal && strings.ContainsAny(p.text, "*?"):
			return text, false
		}
		text += p.text
	}
	return text, false
}

// Pure tells whether the template is one variable and nothing else.
func (t *Template) Pure() bool { return len(t.parts) == 1 && t.parts[0].name != "" }

// Captures are texts of the target that the variable may stand for, so that the
// template can fit: what lies between its separators.
func (t *Template) Captures(name, target string) []string {
	var cuts []int
	for i, r := range target {
		if strings.ContainsRune(":/-_.@ ", r) {
			cuts = append(cuts, i, i+1)
		}
	}
	cuts = append(cuts, 0, len(target))
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	pre, post, single := t.around(name)
	if single && len(target) >= len(pre)+len(post) && strings.HasPrefix(target, pre) && strings.HasSuffix(target, post) {
		return []string{target[len(pre) : len(target)-len(post)]}
	}
	var out []string
	for i, from := range cuts {
		for _, to := range cuts[i+1:] {
			if text := target[from:to]; !slices.Contains(out, text) && strings.HasSuffix(pre, target[:from][max(0, from-len(pre)):]) {
				out = append(out, text)
			}
		}
	}
	return out
}

// around is the plain text before the variable's first place and behind it;
// single is false when there is more than plain text and one variable.
func (t *Template) around(name string) (pre, post string, single bool) {
	seen := false
	single = true
	for _, p := range t.parts {
		switch {
		case p.name == "" && (p.literal || !strings.ContainsAny(p.text, "*?")):
			if seen {
				post += p.text
			} else {
				pre += p.text
			}
		case p.name == "":
			single = false
			if !seen {
				pre += p.text[:strings.IndexAny(p.text, "*?")]
				return pre, "", false
			}
		case strings.EqualFold(p.name, name) && !seen:
			seen = true
		default:
			single = false
		}
	}
	return pre, post, single
}
