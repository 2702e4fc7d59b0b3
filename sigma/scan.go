package sigma

import "slices"

// Scan matches events against an index, one after the other. It keeps what it
// needs between events, so that a match allocates nothing once it is warm
// beyond what the event does. It is for one goroutine.
type Scan struct {
	index   *Index
	event   Event
	fielded Fielded // the event, when it is one
	round   uint32
	columns []scanColumn
	text    scanColumn // names and values
	answers []answer   // of predicates
	seen    []uint32   // rounds in which a rule was a candidate
	found   []int
	values  []Value
	folded  []byte // texts of this event
	plans   map[LogSource]*plan
	from    LogSource // of the event before, and its plan
	plan    *plan
	asked   int
	at      [2]int // fields of the predicate that is being answered
	term    func(int) bool
}

// plan is what is to be done for events of one log source.
type plan struct {
	covered []bool // by rule: it is about the source
	always  []int  // of these, rules without a guard
	guards  []int  // fields at which one of these waits
}

type scanColumn struct {
	round uint32
	column
}

type answer struct {
	round uint32
	yes   bool
}

// NewScan returns a scan over the index.
func (x *Index) NewScan() *Scan {
	s := &Scan{
		index:   x,
		columns: make([]scanColumn, len(x.fields)),
		answers: make([]answer, len(x.table.list)),
		seen:    make([]uint32, len(x.rules)),
		plans:   map[LogSource]*plan{},
	}
	s.term = s.holds
	return s
}

// Match returns the numbers of the rules that match an event of the given log
// source, in ascending order. The result is valid until the next call.
func (s *Scan) Match(e Event, from LogSource) []int {
	s.round++
	if s.round == 0 { // after 2^32 events: forget everything
		s.round = 1
		clear(s.answers)
		clear(s.seen)
		for i := range s.columns {
			s.columns[i].round = 0
		}
		s.text.round = 0
	}
	s.event, s.found, s.asked, s.folded = e, s.found[:0], 0, s.folded[:0]
	s.fielded, _ = e.(Fielded)
	p := s.planFor(from)
	covered := p.covered
	for _, r := range p.always {
		s.ask(r, covered)
	}
	for _, i := range p.guards {
		g := &s.index.guards[i]
		c := s.load(g.field)
		for j := range c.cells {
			x := &c.cells[j]
			if x.Kind == Null {
				continue
			}
			text := x.fold()
			s.askAll(g.exact[text], covered)
			if x.Kind == Number {
				if n := canonical(text); n != text {
					s.askAll(g.exact[n], covered)
				}
			}
			if g.inside != nil {
				state := int32(0)
				for k := 0; k < len(text); k++ {
					state = g.inside.step(state, text[k])
					for o := g.inside.out[state]; o != 0; o = g.inside.more[o] {
						s.askAll(g.rules[g.inside.pattern[o]], covered)
					}
				}
			}
		}
	}
	s.event, s.fielded = nil, nil
	slices.Sort(s.found)
	return s.found
}

// Asked is how many rules the last event was evaluated against.
func (s *Scan) Asked() int { return s.asked }

// planFor finds out once which rules are about a log source.
func (s *Scan) planFor(from LogSource) *plan {
	from.Definition = ""
	if s.plan != nil && from == s.from {
		return s.plan
	}
	p, ok := s.plans[from]
	if !ok {
		p = &plan{covered: make([]bool, len(s.index.rules))}
		for i, r := range s.index.rules {
			p.covered[i] = r.rule.LogSource.Covers(from)
		}
		for _, r := range s.index.always {
			if p.covered[r] {
				p.always = append(p.always, r)
			}
		}
		for i := range s.index.guards {
			if s.index.guards[i].waits(p.covered) {
				p.guards = append(p.guards, i)
			}
		}
		s.plans[from] = p
	}
	s.from, s.plan = from, p
	return p
}

// waits tells whether one of the rules waits at the field.
func (g *guardField) waits(rules []bool) bool {
	has := func(list []int) bool { return slices.ContainsFunc(list, func(r int) bool { return rules[r] }) }
	for _, list := range g.exact {
		if has(list) {
			return true
		}
	}
	return slices.ContainsFunc(g.rules, has)
}

func (s *Scan) askAll(rules []int, covered []bool) {
	for _, r := range rules {
		s.ask(r, covered)
	}
}

func (s *Scan) ask(rule int, covered []bool) {
	if s.seen[rule] == s.round {
		return
	}
	s.seen[rule] = s.round
	if !covered[rule] {
		return
	}
	s.asked++
	r := &s.index.rules[rule]
	if r.rule.Pattern != nil {
		if r.rule.Pattern.Match(s.event.Tree()) {
			s.found = append(s.found, rule)
		}
		return
	}
	if r.expr.eval(s.term) {
		s.found = append(s.found, rule)
	}
}

// holds answers a predicate, once for an event.
func (s *Scan) holds(p int) bool {
	a := &s.answers[p]
	if a.round != s.round {
		// Rules share what they ask, so the answer is kept.
		s.at = s.index.columns[p]
		a.yes = s.index.table.list[p].holds(s)
		a.round = s.round
	}
	return a.yes
}

// column is how the predicate that is being answered sees its field, or the one
// that it refers to.
func (s *Scan) column(field string) *column {
	i := s.at[0]
	if i < 0 || s.index.fields[i] != field {
		i = s.at[1]
	}
	return s.load(i)
}

func (s *Scan) words() *column {
	if s.text.round != s.round {
		s.text.round = s.round
		s.text.exists = true
		s.text.cells = s.text.cells[:0]
		s.event.Texts(func(t string) bool {
			s.text.cells = append(s.text.cells, cell{Value: Value{Kind: Text, Text: t}, arena: &s.folded})
			return true
		})
	}
	return &s.text.column
}

// load reads a field of the event, once.
func (s *Scan) load(field int) *column {
	c := &s.columns[field]
	if c.round != s.round {
		c.round = s.round
		c.cells = c.cells[:0]
		if s.fielded != nil {
			s.values, c.exists = s.fielded.Field(s.index, field, s.values[:0])
		} else {
			s.values, c.exists = s.event.Lookup(s.index.fields[field], s.values[:0])
		}
		for _, v := range s.values {
			c.cells = append(c.cells, cell{Value: v, arena: &s.folded})
		}
	}
	return &c.column
}
