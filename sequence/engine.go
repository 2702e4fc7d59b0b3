package sequence

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Engine joins signals. It is for one goroutine.
type Engine struct {
	limits    Limits
	sequences []*compiled
	signals   map[string]*held // by key
	newest    int64
	begun     bool
	ahead     int
	swept     int64
	keep      int64
	stats     Stats
	found     []Found
	search    int // searches for components up to now

	changed map[string]bool // keys of signals
	runs    map[string]bool // keys of runs
	stale   bool            // runs were loaded whose signals are still to be looked up
	clock   bool
}

// held is a signal that is remembered.
type held struct {
	Signal
	key    string
	at     int64
	factor Points
	both   []string // entities and targets, each once
	parts  []int8   // what it counts for in each sequence, or -1
	mark   int      // of the last search that came by
}

// run is what was found and may grow.
type run struct {
	c        *compiled
	id       string
	key      string // in the state
	signals  []*held
	score    Points
	terms    []Term
	window   int
	from, to int64
	pivots   []Pivot
	untried  int
	replaces []string
	dirty    bool     // changed since it was said
	members  []string // keys of signals, while loading
}

// jump is how many signals in a row must be days ahead of all others until it is
// believed that time went on.
const jump = 8

// New makes an engine for sequences.
func New(sequences []*Sequence, limits Limits) (*Engine, error) {
	e := &Engine{limits: Limits{cmp.Or(max(0, limits.Signals), 200_000), cmp.Or(max(0, limits.Late), 24*time.Hour)}, signals: map[string]*held{},
		changed: map[string]bool{}, runs: map[string]bool{}}
	var errs []error
	ids := map[string]bool{}
	for _, q := range sequences {
		if err := q.Check(); err != nil {
			errs = append(errs, fmt.Errorf("sequence %s: %w", q.ID, err))
			continue
		}
		if ids[q.ID] {
			errs = append(errs, fmt.Errorf("sequence %s is there twice", q.ID))
		}
		ids[q.ID] = true
		e.sequences = append(e.sequences, compile(q))
		e.keep = max(e.keep, int64(e.sequences[len(e.sequences)-1].widest+e.limits.Late))
	}
	slices.SortFunc(e.sequences, func(a, b *compiled) int { return strings.Compare(a.ID, b.ID) })
	for i, c := range e.sequences {
		c.index = i
	}
	return e, errors.Join(errs...)
}

func digest(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(h, "%d %s ", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// class is a name for signals that are alike in all but time and event.
func (h *held) class() string {
	return h.habit() + "\x00" + strings.Join(h.Entities, "\x00") + "\x01" + strings.Join(h.Targets, "\x00")
}

// habit is a name for what one origin does again and again, in whatever session.
func (h *held) habit() string {
	return h.Rule + "\x00" + h.Tactic + "\x00" + h.Service + "\x00" + h.factor.String() + "\x00" + root(h)
}

func compareHeld(a, b *held) int {
	return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.key, b.key))
}

// Observe takes a signal and returns what it opens or changes. One of the same rule
// and origin as another within the shortest window is judged by Flush, to be called before state is
// saved and at the end of the input: repeats seldom change more than the
// length of a sequence, and whoever does the same all day would cost a look at
// the whole day each time.
func (e *Engine) Observe(s Signal) []Found {
	e.resolve()
	e.found = nil
	if y := s.Time.Year(); y < 1980 || y > 2200 {
		e.stats.NoTime++
		return nil
	}
	h := e.newHeld(s)
	switch {
	case e.signals[h.key] != nil:
		e.stats.Duplicates++
		return nil
	case e.begun && h.at < e.newest-int64(e.limits.Late):
		e.stats.TooLate++
		return nil
	}
	e.advance(h.at)
	used, joined := false, false
	class, later := h.habit(), make([]bool, len(e.sequences))
	for i, c := range e.sequences {
		if c.part(h) < 0 {
			continue
		}
		used = true
		if len(c.names(h)) == 0 {
			continue
		}
		joined = true
		c.hold(h)
		twin := c.newest[class]
		if twin == nil || compareHeld(twin, h) < 0 {
			c.newest[class] = h
		}
		later[i] = twin != nil && max(twin.at-h.at, h.at-twin.at) <= int64(c.narrowest)
	}
	switch {
	case !used:
		e.stats.Unused++
		return nil
	case !joined:
		e.stats.Unjoined++
		return nil
	}
	e.signals[h.key] = h
	e.changed[h.key] = true
	for i, c := range e.sequences {
		if c.part(h) < 0 || len(c.names(h)) == 0 {
			continue
		}
		if later[i] {
			c.pending = append(c.pending, h)
			continue
		}
		e.evaluate(c, h)
	}
	if len(e.signals) > e.limits.Signals {
		e.evict()
	}
	return e.say()
}

// Flush says all that changed and was not said yet.
func (e *Engine) Flush() []Found {
	e.resolve()
	e.found = nil
	for _, c := range e.sequences {
		pending := c.pending
		c.pending = nil
		done := map[*held]bool{}
		for _, h := range pending {
			if e.signals[h.key] == nil || done[h] {
				continue
			}
			for _, of := range e.evaluate(c, h) {
				done[of] = true
			}
		}
	}
	return e.say()
}

func (e *Engine) newHeld(s Signal) *held {
	s.Time = s.Time.UTC().Round(0)
	for _, text := range []*string{&s.Rule, &s.Tactic, &s.Service, &s.Event} {
		*text = strings.ToValidUTF8(*text, "\uFFFD")
	}
	s.Weight, s.Rarity = bound(s.Weight, 5), bound(s.Rarity, 3)
	s.Entities, s.Targets = distinct(s.Entities), distinct(s.Targets)
	h := &held{Signal: s, key: digest(s.Rule, s.Event), at: s.Time.UnixNano(), factor: s.factor()}
	h.both = distinct(append(slices.Clone(s.Entities), s.Targets...))
	h.parts = make([]int8, len(e.sequences))
	for i, c := range e.sequences {
		h.parts[i] = int8(c.fits(&h.Signal))
	}
	return h
}

// bound makes a number one that can be stored and counted.
func bound(x, most float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, most)
}

// distinct leaves out empty texts and all but the first of equal ones.
func distinct(texts []string) []string {
	var out []string
	for _, t := range texts {
		t = strings.ToValidUTF8(t, "\uFFFD")
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// hold puts a signal where its names find it.
func (c *compiled) hold(h *held) {
	for _, name := range c.names(h) {
		list := c.held[name]
		i, found := slices.BinarySearchFunc(list, h, compareHeld)
		if !found {
			c.held[name] = slices.Insert(list, i, h)
		}
	}
}

func (c *compiled) release(h *held) {
	for _, name := range c.names(h) {
		list := c.held[name]
		if i, found := slices.BinarySearchFunc(list, h, compareHeld); found {
			list = slices.Delete(list, i, i+1)
		}
		if len(list) == 0 {
			delete(c.held, name)
		} else {
			c.held[name] = list
		}
	}
}

// component is all signals that a signal is joined with, by time.
func (e *Engine) component(c *compiled, h *held) []*held {
	type span struct{ from, to int }
	e.search++
	h.mark = e.search
	done := map[string][]span{}
	all := []*held{h}
	for next := 0; next < len(all); next++ {
		x := all[next]
		for _, name := range c.names(x) {
			list := c.held[name]
			if len(list) == 1 {
				continue // itself
			}
			at, _ := slices.BinarySearchFunc(list, x, compareHeld)
			if slices.ContainsFunc(done[name], func(s span) bool { return s.from <= at && at < s.to }) {
				continue
			}
			s := span{at, at + 1}
			for s.from > 0 && list[s.from].at-list[s.from-1].at <= int64(c.widest) {
				s.from--
			}
			for s.to < len(list) && list[s.to].at-list[s.to-1].at <= int64(c.widest) {
				s.to++
			}
			done[name] = append(done[name], s)
			for _, y := range list[s.from:s.to] {
				if y.mark != e.search {
					y.mark = e.search
					all = append(all, y)
				}
			}
		}
	}
	slices.SortFunc(all, compareHeld)
	return all
}

// evaluate asks the component of a signal and takes what holds. It returns the
// component.
func (e *Engine) evaluate(c *compiled, h *held) []*held {
	comp := e.component(c, h)
	if c.possible(comp) {
		for _, s := range c.stretches(comp) {
			e.take(c, &s)
		}
	}
	return comp
}

// take makes a run of a stretch, or lets the one that it was grow.
func (e *Engine) take(c *compiled, s *stretch) {
	members := map[*held]bool{}
	was := map[string]*run{}
	for _, h := range s.signals {
		members[h] = true
		if r := c.runOf[h]; r != nil {
			was[r.id] = r
		}
	}
	grown := len(was) != 1
	for _, r := range was {
		for _, h := range r.signals {
			members[h] = true // what was said of once stays, also where what joined it aged out of the window
		}
	}
	for _, r := range was {
		grown = grown || len(members) > len(r.signals)
	}
	t := newTally(c, s.best)
	t.move(0, len(s.best))
	r := &run{c: c, signals: slices.SortedFunc(maps.Keys(members), compareHeld), score: s.score, terms: t.terms(), window: s.window,
		from: s.best[0].at, to: s.best[len(s.best)-1].at, dirty: true}
	for _, old := range was {
		if len(was) == 1 && !grown && old.score >= r.score {
			return // nothing new
		}
		if old.window < r.window || old.window == r.window && old.score > r.score {
			r.score, r.terms, r.window, r.from, r.to = old.score, old.terms, old.window, old.from, old.to
		}
	}
	r.pivots, r.untried = c.pivots(s)
	first := r.signals[0]
	r.id = digest(c.ID, root(first), first.key)
	r.key = c.ID + "/" + r.id
	for _, id := range slices.Sorted(maps.Keys(was)) {
		old := was[id]
		r.replaces = append(r.replaces, old.replaces...)
		if id != r.id {
			r.replaces = append(r.replaces, id)
		}
		e.close(old)
	}
	slices.Sort(r.replaces)
	r.replaces = slices.DeleteFunc(slices.Compact(r.replaces), func(id string) bool { return id == r.id })
	c.runs[r.id] = r
	e.runs[r.key] = true
	for _, h := range r.signals {
		c.runOf[h] = r
	}
}

// close forgets a run; its signals are still there.
func (e *Engine) close(r *run) {
	delete(r.c.runs, r.id)
	e.runs[r.key] = true
	for _, h := range r.signals {
		if r.c.runOf[h] == r {
			delete(r.c.runOf, h)
		}
	}
}

// root is the origin of a signal: the last of those from whom it came.
func root(h *held) string {
	switch {
	case len(h.Entities) > 0:
		return h.Entities[len(h.Entities)-1]
	case len(h.Targets) > 0:
		return h.Targets[0]
	}
	return ""
}

// say returns what is to be said of the runs that changed.
func (e *Engine) say() []Found {
	for _, c := range e.sequences {
		for _, id := range slices.Sorted(maps.Keys(c.runs)) {
			if r := c.runs[id]; r.dirty {
				r.dirty = false
				e.runs[r.key] = true
				e.found = append(e.found, r.say())
			}
		}
	}
	return e.found
}

func (r *run) say() Found {
	f := Found{Sequence: r.c.Sequence, ID: r.id, Replaces: r.replaces, Severity: r.c.severity(r.score), Score: r.score, Arithmetic: r.terms,
		Window: r.c.Windows[r.window], From: time.Unix(0, r.from).UTC(), To: time.Unix(0, r.to).UTC(), Pivotal: r.pivots, Untried: r.untried,
		First: r.signals[0].Time, Last: r.signals[len(r.signals)-1].Time}
	entities, targets, links := map[string]int{}, map[string]int{}, map[[2]string]bool{}
	for _, h := range r.signals {
		f.Signals = append(f.Signals, h.Signal)
		f.Late = f.Late || h.Late
		for i, name := range h.Entities {
			entities[name]++
			if i == 0 {
				continue
			}
			if l := [2]string{name, h.Entities[i-1]}; !links[l] {
				links[l] = true
				f.Chain = append(f.Chain, Link{l[0], l[1], h.Event})
			}
		}
		for _, name := range h.Targets {
			targets[name]++
		}
	}
	most := func(n map[string]int, first string) []string {
		return slices.SortedFunc(maps.Keys(n), func(a, b string) int {
			if (a == first) != (b == first) {
				if a == first {
					return -1
				}
				return 1
			}
			return cmp.Or(n[b]-n[a], strings.Compare(a, b))
		})
	}
	f.Entities, f.Targets = most(entities, root(r.signals[0])), most(targets, "")
	return f
}

// advance takes a time and forgets what can no longer matter, once an hour.
func (e *Engine) advance(at int64) {
	const far = int64(3 * 24 * time.Hour)
	switch {
	case !e.begun:
		e.begun, e.newest, e.swept = true, at, at
	case at > e.newest+far && e.ahead+1 < jump:
		e.ahead++
		e.stats.Ahead++
	case at > e.newest:
		e.newest, e.ahead = at, 0
	default:
		e.ahead = 0
	}
	e.clock = true
	if e.newest-e.swept < int64(time.Hour) {
		return
	}
	e.swept = e.newest
	old := e.newest - e.keep
	for _, c := range e.sequences {
		for _, id := range slices.Sorted(maps.Keys(c.runs)) {
			if r := c.runs[id]; !r.dirty && r.signals[len(r.signals)-1].at < old {
				e.close(r)
			}
		}
	}
	for _, h := range e.signals {
		if h.at < old && !e.running(h) {
			e.forget(h)
		}
	}
}

func (e *Engine) running(h *held) bool {
	return slices.ContainsFunc(e.sequences, func(c *compiled) bool { return c.runOf[h] != nil })
}

func (e *Engine) forget(h *held) {
	for _, c := range e.sequences {
		c.release(h)
		if class := h.habit(); c.newest[class] == h {
			delete(c.newest, class)
		}
	}
	delete(e.signals, h.key)
	e.changed[h.key] = true
}

// evict forgets the sixteenth of the signals that is oldest. What was found with
// them was said and is closed.
func (e *Engine) evict() {
	all := slices.SortedFunc(maps.Values(e.signals), compareHeld)
	for _, h := range all[:len(all)/16+1] {
		for _, c := range e.sequences {
			if r := c.runOf[h]; r != nil {
				if r.dirty {
					r.dirty = false
					e.found = append(e.found, r.say())
				}
				e.close(r)
				e.stats.Closed++
			}
		}
		e.forget(h)
		e.stats.Evicted++
	}
}

// Stats returns the counts.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Signals = len(e.signals)
	for _, c := range e.sequences {
		s.Open += len(c.runs)
	}
	return s
}
