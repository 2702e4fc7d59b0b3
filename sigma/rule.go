// Package sigma reads detection rules and says which events they match.
//
// Rules come in two forms: Sigma rules of version 2 with their correlations
// (https://sigmahq.io/sigma-specification/), and EventBridge event patterns.
// A rule is parsed (Parse), compiled (Compile) and then asked about one event
// (Matcher.Match), or many rules are put into an Index, which asks only those
// that an event can match. A Correlator counts what matched over time. The
// package does no I/O and has no clock: time is what events say.
package sigma

import "fmt"

// Rule is one Sigma detection rule as it was written.
type Rule struct {
	ID             string
	Name           string
	Title          string
	Status         string
	Description    string
	License        string
	Author         string
	Date           string
	Modified       string
	Taxonomy       string
	References     []string
	Related        []Related
	LogSource      LogSource
	Fields         []string
	FalsePositives []string
	Level          string // informational, low, medium, high, critical, or ""
	Tags           []string
	Scope          []string
	Custom         map[string]any // top-level fields that the specification does not name

	// Pattern is set instead of a detection when the rule is an EventBridge
	// event pattern.
	Pattern *Pattern

	// Warnings are oddities that do not change what the rule matches.
	Warnings []string

	File string
	Line int

	searches  []search
	condition expr
}

// Key is the identifier by which results name the rule: its id, else its name,
// else its title.
func (r *Rule) Key() string {
	switch {
	case r.ID != "":
		return r.ID
	case r.Name != "":
		return r.Name
	}
	return r.Title
}

// Related is another rule that a rule descends from or resembles.
type Related struct {
	ID   string
	Type string // derived, obsolete, merged, renamed, similar
}

// LogSource says which logs a rule is about, or which log an event comes from.
type LogSource struct {
	Category   string
	Product    string
	Service    string
	Definition string // for readers; not compared
}

// Covers reports whether a rule for l is about events from the log source of:
// what the rule names must be equal, what it leaves out is not asked.
func (l LogSource) Covers(of LogSource) bool {
	return (l.Category == "" || l.Category == of.Category) &&
		(l.Product == "" || l.Product == of.Product) &&
		(l.Service == "" || l.Service == of.Service)
}

// Rules is what one or more files hold.
type Rules struct {
	Rules        []*Rule
	Correlations []*Correlation
}

// Error is why a rule is refused, and where.
type Error struct {
	File string
	Line int    // 1-based; 0 when the whole file is meant
	Rule string // its title, when it was read so far
	Text string
}

// Error is the place, the rule and the reason in one line.
func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Rule != "" {
		return fmt.Sprintf("%s: rule %q: %s", at, e.Rule, e.Text)
	}
	return at + ": " + e.Text
}

// search is one search identifier of a detection.
type search struct {
	name string
	line int
	// alternatives are linked with OR: the maps and keywords of a list, or
	// the one map.
	alternatives []alternative
}

// alternative is a map of fields, all of which must match, or one keyword.
type alternative struct {
	items []item
}

// item is one line of a map: a field, its modifiers, its values. A keyword is
// an item without a field.
type item struct {
	field     string
	modifiers []string
	values    []scalar
	line      int
}

// scalarKind is the type of a value in a rule.
type scalarKind uint8

const (
	scalarNull scalarKind = iota
	scalarText
	scalarNumber
	scalarBool
)

// scalar is one value in a rule.
type scalar struct {
	kind scalarKind
	text string // numbers as decimal text
	line int
}
