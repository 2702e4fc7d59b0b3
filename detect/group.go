package detect

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/haetae/haetae/sigma"
)

// span is a finding that can still grow, and its records by time.
type span struct {
	finding *Finding
	records []record
	key     string // of grouper.open
}

type record struct {
	at time.Time
	id string
	by string // the actor's id
}

// grouper joins what one rule says of one subject: records that are no further
// apart than the rule's window are one finding. In which order they come makes no
// difference.
type grouper struct {
	open    map[string][]*span  // rule and subject → by time, further apart than the window
	changed map[string]*Finding // since take, by id
	first   map[string][]*span  // by the id of their first record
	quiet   bool                // no state is saved
	dirty   map[string]*span    // since the state was saved, by id of the finding; nil is gone
}

func newGrouper(quiet bool) *grouper {
	return &grouper{quiet: quiet, open: map[string][]*span{}, changed: map[string]*Finding{}, first: map[string][]*span{}, dirty: map[string]*span{}}
}

// hit is a record that a rule is about.
type hit struct {
	rule    *Rule
	kind    Kind
	subject []sigma.Group
	what    Finding // what the record says of actor, peer and so on
	at      time.Time
	id      string
	late    bool
}

func (g *grouper) add(h hit) {
	window := h.rule.window()
	parts := make([]string, 0, 2*len(h.subject))
	for _, s := range h.subject {
		parts = append(parts, s.Field, s.Value)
	}
	key := h.rule.ID + "\x00" + strings.Join(parts, "\x00")
	list := g.open[key]
	// The spans that the record is near to: at most one on each side.
	from := sort.Search(len(list), func(i int) bool { return !list[i].finding.Last.Add(window).Before(h.at) })
	to := from
	for to < len(list) && !list[to].finding.First.Add(-window).After(h.at) {
		to++
	}
	f := h.what
	f.Rule, f.Severity, f.Kind, f.Group, f.First, f.Last, f.Late = h.rule, h.rule.Severity, h.kind, h.subject, h.at, h.at, h.late
	s := &span{finding: &f, records: []record{{h.at, h.id, f.Actor.ID}}}
	var replaced []string
	for _, old := range list[from:to] {
		g.unlist(old)
		s = joined(s, old)
		replaced = append(replaced, old.finding.ID)
	}
	s.key = key
	s.finish(parts, replaced)
	g.list(s)
	for _, id := range replaced {
		if id != s.finding.ID {
			g.mark(id, nil)
			g.changed[id] = &Finding{ID: id, Rule: h.rule, Withdrawn: true}
		}
	}
	g.open[key] = slices.Replace(list, from, to, s)
	g.changed[s.finding.ID] = s.finding
	g.mark(s.finding.ID, s)
}

// mark notes what is to be saved.
func (g *grouper) mark(id string, s *span) {
	if !g.quiet {
		g.dirty[id] = s
	}
}

// list makes a span known by its first record, unlist takes that back.
func (g *grouper) list(s *span) { g.first[s.records[0].id] = append(g.first[s.records[0].id], s) }

func (g *grouper) unlist(s *span) {
	id := s.records[0].id
	g.first[id] = slices.DeleteFunc(g.first[id], func(o *span) bool { return o == s })
	if len(g.first[id]) == 0 {
		delete(g.first, id)
	}
}

// chained says from whom the session of an event came, of findings that begin with it.
func (g *grouper) chained(event string, chain []string) {
	for _, s := range g.first[event] {
		f := *s.finding
		f.Actor.Chain, f.Replaces = chain, nil
		s.finding = &f
		g.changed[f.ID] = s.finding
		g.mark(f.ID, s)
	}
}

// joined makes one of two spans. The larger one's list is kept and grows.
func joined(a, b *span) *span {
	if len(a.records) > len(b.records) {
		a, b = b, a
	}
	out := &span{finding: b.finding, records: b.records}
	first, other := b.finding, a.finding
	if other.First.Before(first.First) || other.First.Equal(first.First) && a.records[0].id < b.records[0].id {
		first, other = other, first
	}
	f := *first
	if other.Last.After(f.Last) {
		f.Last = other.Last
	}
	f.Late = a.finding.Late || b.finding.Late
	f.Others = a.finding.Others || b.finding.Others || a.records[0].by != b.records[0].by
	f.Events, f.Replaces = b.finding.Events, nil
	out.finding = &f
	for _, r := range a.records {
		i := sort.Search(len(out.records), func(i int) bool {
			o := out.records[i]
			return o.at.After(r.at) || o.at.Equal(r.at) && o.id >= r.id
		})
		out.records = slices.Insert(out.records, i, r)
	}
	return out
}

func (s *span) finish(subject, replaced []string) {
	f := s.finding
	f.ID = findingID(f.Rule.ID, subject, s.records[0].id)
	f.Replaces = slices.DeleteFunc(slices.Clone(replaced), func(id string) bool { return id == f.ID })
}

// events are the ids of the records.
func (s *span) events() []string {
	out := make([]string, len(s.records))
	for i, r := range s.records {
		out[i] = r.id
	}
	return out
}

// take returns the findings that are new or changed since it was called before.
func (g *grouper) take() []*Finding {
	for _, list := range g.open {
		for _, s := range list {
			if g.changed[s.finding.ID] == s.finding {
				s.finding.Events = s.events()
			}
		}
	}
	out := slices.Collect(maps.Values(g.changed))
	clear(g.changed)
	return out
}

// forget lets go of what no record at or after a time can add to.
func (g *grouper) forget(before time.Time) {
	for key, list := range g.open {
		list = slices.DeleteFunc(list, func(s *span) bool {
			_, waits := g.changed[s.finding.ID]
			old := !waits && s.finding.Last.Add(s.finding.Rule.window()).Before(before)
			if old {
				g.unlist(s)
				g.mark(s.finding.ID, nil)
			}
			return old
		})
		if len(list) == 0 {
			delete(g.open, key)
		} else {
			g.open[key] = list
		}
	}
}
