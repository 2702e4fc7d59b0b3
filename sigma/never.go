package sigma

// verdict is what is known of a condition before any event is seen.
type verdict uint8

const (
	open verdict = iota
	never
	always
)

// Never reports whether the rule matches no event at all when no event has the
// fields of which absent tells: false when an event may still match, for all that
// is known. Event patterns are not looked into: false.
func (m *Matcher) Never(absent func(field string) bool) bool {
	if m.Rule.Pattern != nil {
		return false
	}
	known := make([]verdict, len(m.table.list))
	for i, p := range m.table.list {
		known[i] = p.without(absent)
	}
	return m.expr.verdict(known) == never
}

// without answers the predicate as far as absent fields decide it.
func (p *predicate) without(absent func(string) bool) verdict {
	switch {
	case p.keyword:
		return open
	case p.kind == testFieldRef && absent(p.other):
		return never
	case !absent(p.field):
		return open
	case p.kind == testNull, p.kind == testExists && !p.want:
		return always
	}
	return never
}

// verdict answers the condition as far as its terms are known.
func (e *expr) verdict(terms []verdict) verdict {
	switch e.op {
	case opTerm:
		return terms[e.term]
	case opNot:
		return [...]verdict{open: open, never: always, always: never}[e.args[0].verdict(terms)]
	}
	// Of and one part decides that is never so, of or one that always is.
	decides, otherwise := never, always
	if e.op == opOr {
		decides, otherwise = always, never
	}
	out := otherwise
	for i := range e.args {
		switch e.args[i].verdict(terms) {
		case decides:
			return decides
		case open:
			out = open
		}
	}
	return out
}
