package sequence

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// tally counts what a window of a component has, as signals come in at its end
// and go at its beginning.
type tally struct {
	c        *compiled
	comp     []*held
	parts    []partTally
	tactics  map[string]int
	rules    map[string]int
	members  map[string]int
	byTactic [][]int // of Order: where its signals are in comp
	from, to int
}

type partTally struct {
	rules   map[string]int
	factors map[Points]int
}

func newTally(c *compiled, comp []*held) *tally {
	t := &tally{c: c, comp: comp, parts: make([]partTally, len(c.Parts)), tactics: map[string]int{}, rules: map[string]int{}, members: map[string]int{},
		byTactic: make([][]int, len(c.Order))}
	for i := range t.parts {
		t.parts[i] = partTally{map[string]int{}, map[Points]int{}}
	}
	for i, h := range comp {
		if at := slices.Index(c.Order, h.Tactic); at >= 0 {
			t.byTactic[at] = append(t.byTactic[at], i)
		}
	}
	return t
}

func count[K comparable](m map[K]int, k K, by int) {
	if m[k] += by; m[k] == 0 {
		delete(m, k)
	}
}

func (t *tally) add(h *held, by int) {
	p := &t.parts[t.c.part(h)]
	count(p.rules, h.Rule, by)
	count(p.factors, h.factor, by)
	count(t.tactics, h.Tactic, by)
	count(t.rules, h.Rule, by)
	if t.c.members != nil {
		for _, name := range h.both {
			if t.c.members.Match(name) {
				count(t.members, name, by)
			}
		}
	}
}

// move makes the window comp[from:to]; both only go forward.
func (t *tally) move(from, to int) {
	for ; t.to < to; t.to++ {
		t.add(t.comp[t.to], 1)
	}
	for ; t.from < from; t.from++ {
		t.add(t.comp[t.from], -1)
	}
}

// best is the greatest factor of a part, and what further rules of it add.
func (t *tally) best(i int) (factor Points, further int) {
	p := &t.parts[i]
	for f := range p.factors {
		factor = max(factor, f)
	}
	return factor, min(max(0, len(p.rules)-1), t.c.MostFurther)
}

// inOrder is how many tactics are there in the given order. Signals of one moment
// have no order. It keeps for each length the earliest end of a run that long.
func (t *tally) inOrder() int {
	ends := make([]int64, 1, len(t.c.Order)+1)
	ends[0] = math.MinInt64
	for _, at := range t.byTactic {
		lo, _ := slices.BinarySearch(at, t.from)
		hi, _ := slices.BinarySearch(at, t.to)
		at = at[lo:hi]
		for k := len(ends) - 1; k >= 0; k-- {
			i, _ := slices.BinarySearchFunc(at, ends[k], func(i int, end int64) int {
				if t.comp[i].at < end {
					return -1
				}
				return 1
			})
			if i == len(at) {
				continue
			}
			end := t.comp[at[i]].at
			if k+1 == len(ends) {
				ends = append(ends, end)
			} else {
				ends[k+1] = min(ends[k+1], end)
			}
		}
	}
	return len(ends) - 1
}

// score adds up the window, and tells whether all but the threshold is there.
func (t *tally) score() (Points, bool) {
	if !t.whole() || len(t.members) < t.c.MinMembers {
		return 0, false
	}
	ordered := t.inOrder()
	if ordered < t.c.MinOrder {
		return 0, false
	}
	return t.sum(ordered), true
}

// whole tells whether the tactics and rules are there that must be.
func (t *tally) whole() bool {
	c := t.c
	if len(t.tactics) < c.MinTactics || len(t.rules) < c.MinRules {
		return false
	}
	return !slices.ContainsFunc(c.Needs, func(any []string) bool {
		return !slices.ContainsFunc(any, func(tactic string) bool { return t.tactics[tactic] > 0 })
	})
}

// sum adds up all, with so many tactics in order.
func (t *tally) sum(ordered int) Points {
	c := t.c
	sum := c.ordered * Points(max(0, ordered-1))
	for i, w := range c.weights {
		factor, further := t.best(i)
		sum += w.times(factor) + w.times(c.further)*Points(further)
	}
	return sum
}

// terms are the score of the window in words.
func (t *tally) terms() []Term {
	c := t.c
	var out []Term
	for i, w := range c.weights {
		if len(t.parts[i].rules) == 0 {
			continue
		}
		factor, further := t.best(i)
		rule := ""
		for _, h := range t.comp[t.from:t.to] {
			if c.part(h) == i && h.factor == factor && (rule == "" || h.Rule < rule) {
				rule = h.Rule
			}
		}
		out = append(out, Term{fmt.Sprintf("%s: weight %s × signal %s (%s)", c.describe(i), w, factor, rule), w.times(factor)})
		if further > 0 {
			out = append(out, Term{fmt.Sprintf("%s: %d further of %d rules × weight %s × %s", c.describe(i), further, len(t.parts[i].rules), w, c.further),
				w.times(c.further) * Points(further)})
		}
	}
	if n := t.inOrder(); n > 1 && c.ordered > 0 {
		out = append(out, Term{fmt.Sprintf("order: %d tactics one after the other, %d steps × %s", n, n-1, c.ordered), c.ordered * Points(n-1)})
	}
	return out
}

// stretch is signals that hold together: one window that does, or several that overlap.
type stretch struct {
	signals []*held // by time
	best    []*held // those of the window with the best score
	window  int     // which of the sequence's that is
	score   Points
	inAll   []*held // signals that all windows that hold have
}

// holding is a window that holds: signals that are joined within it.
type holding struct {
	signals []*held
	window  int
	score   Points
}

// possible tells whether a component could hold if all of it were in one window and in
// order. Most that is the work of machines is turned away here.
func (c *compiled) possible(comp []*held) bool {
	type kind struct {
		rule   string
		part   int
		factor Points
	}
	seen := map[kind]bool{}
	t := newTally(c, nil)
	members := map[string]bool{}
	for _, h := range comp {
		if k := (kind{h.Rule, c.part(h), h.factor}); !seen[k] {
			seen[k] = true
			t.add(h, 1)
		}
		if c.members == nil || len(members) >= c.MinMembers {
			continue
		}
		for _, name := range h.both {
			if c.members.Match(name) {
				members[name] = true
			}
		}
	}
	return len(members) >= c.MinMembers && t.most() >= slices.Min(c.thresholds)
}

// most is the score if all tactics were in order, -1 when something is not there.
func (t *tally) most() Points {
	c := t.c
	ordered := 0
	for _, tactic := range c.Order {
		if t.tactics[tactic] > 0 {
			ordered++
		}
	}
	if !t.whole() || ordered < c.MinOrder {
		return -1
	}
	return t.sum(ordered)
}

// holdings are the windows of a component that hold. A window is worth what those
// of its signals are that are joined in it: one that is outside does not join them,
// so that what is found shows by itself why it is one thing.
func (c *compiled) holdings(comp []*held) []holding {
	var out []holding
	for w := range c.Windows {
		t, to, was := newTally(c, comp), 0, 0
		for from := range comp {
			for to < len(comp) && comp[to].at-comp[from].at <= int64(c.Windows[w].Within) {
				to++
			}
			if from > 0 && to == was {
				continue // a part of the window before
			}
			was = to
			t.move(from, to)
			// All of it scores at least what its parts do.
			if score, ok := t.score(); !ok || score < c.thresholds[w] {
				continue
			}
			for _, part := range c.split(comp[from:to]) {
				p := newTally(c, part)
				p.move(0, len(part))
				if score, ok := p.score(); ok && score >= c.thresholds[w] {
					out = append(out, holding{part, w, score})
				}
			}
		}
	}
	return out
}

// stretches are the windows of a component that hold, those that share a signal
// as one.
func (c *compiled) stretches(comp []*held) []stretch {
	holdings := c.holdings(comp)
	parent := make([]int, len(holdings))
	of := map[*held]int{} // a holding that has the signal
	for i, h := range holdings {
		parent[i] = i
		for _, s := range h.signals {
			if j, ok := of[s]; ok {
				a, b := find(parent, i), find(parent, j)
				parent[max(a, b)] = min(a, b)
			}
			of[s] = i
		}
	}
	groups := map[int][]holding{}
	for i, h := range holdings {
		r := find(parent, i)
		groups[r] = append(groups[r], h)
	}
	var out []stretch
	for _, r := range slices.Sorted(maps.Keys(groups)) {
		group := groups[r]
		s := stretch{best: group[0].signals, window: group[0].window, score: group[0].score}
		in := map[*held]int{}
		for _, h := range group {
			if h.window == s.window && h.score > s.score {
				s.best, s.score = h.signals, h.score
			}
			for _, x := range h.signals {
				in[x]++
			}
		}
		s.signals = slices.SortedFunc(maps.Keys(in), compareHeld)
		for _, x := range s.signals {
			if in[x] == len(group) {
				s.inAll = append(s.inAll, x)
			}
		}
		out = append(out, s)
	}
	return out
}

// find returns the root of a tree of a union-find.
func find(parent []int, i int) int {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}

// split divides signals, sorted by time, into components: union-find over the names
// that they share within the widest window.
func (c *compiled) split(signals []*held) [][]*held {
	parent := make([]int, len(signals))
	for i := range parent {
		parent[i] = i
	}
	last := map[string]int{}
	for i, h := range signals {
		for _, name := range c.names(h) {
			if j, ok := last[name]; ok && h.at-signals[j].at <= int64(c.widest) {
				a, b := find(parent, i), find(parent, j)
				parent[max(a, b)] = min(a, b)
			}
			last[name] = i
		}
	}
	of := map[int][]*held{}
	for i, h := range signals {
		r := find(parent, i)
		of[r] = append(of[r], h)
	}
	var out [][]*held
	for _, r := range slices.Sorted(maps.Keys(of)) {
		out = append(out, of[r])
	}
	return out
}

// Limits of the search for signals that everything hangs on.
const (
	exactPivots = 64  // up to so many signals all are tried
	mostPivots  = 512 // more are not tried
)

// pivots tries which signals of a stretch cancel it when they are taken away.
func (c *compiled) pivots(s *stretch) (out []Pivot, untried int) {
	twins := map[string]int{}
	for _, h := range s.signals {
		twins[h.class()]++
	}
	tried := 0
	for _, x := range s.inAll { // a window without it stays
		if len(s.signals) > exactPivots && twins[x.class()] > 1 {
			continue
		}
		if tried++; tried > mostPivots {
			untried++
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(s.signals), func(h *held) bool { return h == x })
		if len(c.holdings(rest)) == 0 {
			out = append(out, Pivot{x.Rule, x.Event})
		}
	}
	return out, untried
}
