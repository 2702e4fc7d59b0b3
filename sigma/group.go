package sigma

import (
	"cmp"
	"slices"
	"sort"
)

// group is what a correlation knows of one combination of group-by values.
//
// A moment is a time at which something was hit. At each moment the condition is
// asked of the window that ends there and reaches back one timespan, both ends
// included. Moments at which it holds and that follow each other within a
// timespan are one run, and a run is one alert. All of that depends on the set
// of hits alone: in which order they came makes no difference.
type group struct {
	node    *node
	key     []string
	hits    []*hit // by time, then id
	moments []moment
	runs    []*run // by start
	tail    *window
	cutTo   int64 // the time up to which hits were dropped for want of memory, or 0
	gone    bool  // the whole group was forgotten
	tailAt  int   // index of the first hit in tail, the window of the last moment
}

type moment struct {
	time  int64
	holds bool
	value float64
}

type run struct {
	start, end int64 // first and last moment
	first      int64 // of the earliest hit that was dropped, or 0
	past       []string
	cut        int // hits that were dropped for want of memory
	emitted    bool
	dirty      bool // changed since it was emitted
	late       bool
	waits      bool // has an entry in the queue
	replaces   []string
}

func compareHits(a, b *hit) int {
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.id, b.id))
}

// from is the index of the first hit at or after a time.
func (g *group) from(t int64) int {
	return sort.Search(len(g.hits), func(i int) bool { return g.hits[i].time >= t })
}

// momentAt is the index of the first moment at or after a time.
func (g *group) momentAt(t int64) int {
	return sort.Search(len(g.moments), func(i int) bool { return g.moments[i].time >= t })
}

// runsIn returns the range of runs that share a moment with [from, to].
func (g *group) runsIn(from, to int64) (int, int) {
	i := sort.Search(len(g.runs), func(i int) bool { return g.runs[i].end >= from })
	j := i
	for j < len(g.runs) && g.runs[j].start <= to {
		j++
	}
	return i, j
}

// change is what an insertion or removal did.
type change struct {
	touched []*run  // new or changed
	lost    []*run  // gone
	removed bool    // a hit was taken back, not added
	moments []int64 // at which the condition holds or held, of those that the hit has a part in
}

// insert adds a hit. It reports false when nothing is new about it.
func (g *group) insert(h *hit) (change, bool) {
	i, found := slices.BinarySearchFunc(g.hits, h, compareHits)
	if found {
		old := g.hits[i]
		if old.refs|h.refs == old.refs {
			return change{}, false
		}
		h.refs |= old.refs
		h.values = union(old.values, h.values)
		for k := range h.carried {
			h.carried[k] = union(old.carried[k], h.carried[k])
		}
		g.hits[i] = h
		g.tail = nil
		return g.reconsider(h.time), true
	}
	last := len(g.hits) == 0 || g.hits[len(g.hits)-1].time <= h.time
	g.hits = slices.Insert(g.hits, i, h)
	g.node.held++
	m := g.momentAt(h.time)
	if m == len(g.moments) || g.moments[m].time != h.time {
		g.moments = slices.Insert(g.moments, m, moment{time: h.time})
	}
	if !last {
		g.tail = nil
		return g.reconsider(h.time), true
	}
	return g.append(h), true
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// remove takes a hit back: a moment of a correlation below that no longer holds.
func (g *group) remove(time int64, id string) (change, bool) {
	i, found := slices.BinarySearchFunc(g.hits, &hit{time: time, id: id}, compareHits)
	if !found {
		return change{}, false
	}
	g.hits = slices.Delete(g.hits, i, i+1)
	g.node.held--
	g.tail = nil
	held := false // at a moment that is gone now
	if j := g.from(time); j == len(g.hits) || g.hits[j].time != time {
		m := g.momentAt(time)
		held = g.moments[m].holds
		g.moments = slices.Delete(g.moments, m, m+1)
	}
	c := g.reconsider(time)
	c.removed = true
	if held {
		c.moments = append(c.moments, time)
	}
	return c, true
}

// touch is for a hit that is the same but stands for other events than before.
func (g *group) touch(at int64) change {
	var c change
	for i := g.momentAt(at); i < len(g.moments) && g.moments[i].time <= at+g.node.span; i++ {
		if g.moments[i].holds {
			c.moments = append(c.moments, g.moments[i].time)
		}
	}
	i, j := g.runsIn(at, at+g.node.span)
	for _, r := range g.runs[i:j] {
		r.dirty = true
		c.touched = append(c.touched, r)
	}
	return c
}

// append is insert for a hit that is not older than any other.
func (g *group) append(h *hit) change {
	span := g.node.span
	if g.tail == nil {
		g.rebuildTail()
	} else {
		g.tail.add(h)
	}
	for g.hits[g.tailAt].time < h.time-span {
		g.tail.remove(g.hits[g.tailAt])
		g.tailAt++
	}
	m := &g.moments[len(g.moments)-1]
	was := m.holds
	value, holds := g.tail.measure(g.hits[g.tailAt:], g.hits[g.from(h.time):])
	if was && !holds {
		return g.reconsider(h.time)
	}
	m.value, m.holds = value, holds
	var c change
	if !holds {
		return c
	}
	c.moments = append(c.moments, h.time)
	var r *run
	if n := len(g.runs); n > 0 {
		r = g.runs[n-1]
	}
	follows := r != nil && (r.end == h.time || len(g.moments) > 1 && r.end == g.moments[len(g.moments)-2].time && h.time-r.end <= span)
	if !follows {
		r = &run{start: h.time}
		g.runs = append(g.runs, r)
	}
	r.end, r.dirty = h.time, true
	c.touched = append(c.touched, r)
	return c
}

// rebuildTail makes the window of the last moment anew.
func (g *group) rebuildTail() {
	g.tail = newWindow(g.node.c)
	g.tailAt = g.from(g.hits[len(g.hits)-1].time - g.node.span)
	for _, h := range g.hits[g.tailAt:] {
		g.tail.add(h)
	}
}

// reconsider evaluates the moments that a hit at the time has a part in, and
// makes the runs around them anew.
func (g *group) reconsider(at int64) change {
	span := g.node.span
	var c change
	lo, hi := g.momentAt(at), g.momentAt(at+span+1)
	if lo < hi {
		w := newWindow(g.node.c)
		begin := g.from(g.moments[lo].time - span)
		end := begin
		for i := lo; i < hi; i++ {
			m := &g.moments[i]
			for end < len(g.hits) && g.hits[end].time <= m.time {
				w.add(g.hits[end])
				end++
			}
			for g.hits[begin].time < m.time-span {
				w.remove(g.hits[begin])
				begin++
			}
			value, holds := w.measure(g.hits[begin:end], g.hits[g.from(m.time):end])
			// A window that holds still stands for other events than before.
			if holds || m.holds {
				c.moments = append(c.moments, m.time)
			}
			m.value, m.holds = value, holds
		}
	}
	// The runs that may change: those that touch the interval, and those of
	// the moments before and after it.
	from, to := at, at+span
	if lo > 0 {
		from = g.moments[lo-1].time
	}
	if hi < len(g.moments) {
		to = g.moments[hi].time
	}
	i, j := g.runsIn(from, to)
	if i < j {
		from, to = min(from, g.runs[i].start), max(to, g.runs[j-1].end)
	}
	old := slices.Clone(g.runs[i:j])
	fresh := g.runsOf(from, to, old)
	for _, r := range fresh {
		same := false
		for _, o := range old {
			if o.start == r.start {
				same = o.end == r.end && (at < r.start-span || at > r.end)
				end := r.end
				*r = *o
				r.end = end
			}
		}
		if !same {
			r.dirty = true
			c.touched = append(c.touched, r)
		}
	}
	for _, o := range old {
		if !slices.ContainsFunc(fresh, func(r *run) bool { return r.start == o.start }) {
			c.lost = append(c.lost, o)
		}
	}
	g.runs = slices.Replace(g.runs, i, j, fresh...)
	return c
}

// runsOf gathers the moments of an interval into runs. A run that began before
// the first moment that is still remembered keeps its beginning.
func (g *group) runsOf(from, to int64, old []*run) []*run {
	var out []*run
	var open *run
	for i := g.momentAt(from); i < len(g.moments) && g.moments[i].time <= to; i++ {
		m := g.moments[i]
		switch {
		case !m.holds:
			open = nil
			continue
		case open != nil && m.time-open.end <= g.node.span:
			open.end = m.time
			continue
		}
		open = &run{start: m.time, end: m.time}
		if i == 0 && len(old) > 0 && old[0].start < m.time && old[0].end >= m.time {
			open.start = old[0].start
		}
		out = append(out, open)
	}
	return out
}

// trim forgets what is older than a time. Runs that go on keep the ids.
func (g *group) trim(horizon int64) {
	n := g.from(horizon)
	if n > 0 {
		g.drop(n, false)
	}
	g.moments = slices.Delete(g.moments, 0, g.momentAt(horizon))
	i := 0
	for i < len(g.runs) && g.runs[i].end < horizon && !g.runs[i].dirty {
		i++
	}
	g.runs = slices.Delete(g.runs, 0, i)
}

// drop forgets the first n hits.
func (g *group) drop(n int, cut bool) {
	for _, h := range g.hits[:n] {
		for _, r := range g.runs {
			if h.time < r.start-g.node.span || h.time > r.end {
				continue
			}
			if r.first == 0 || h.time < r.first {
				r.first = h.time
			}
			if cut {
				r.cut++
			} else {
				var whole bool
				if r.past, whole = h.ids(r.past); !whole {
					r.cut++
				}
			}
		}
	}
	if cut {
		g.cutTo = g.hits[n-1].time
	}
	if g.tail != nil {
		for ; g.tailAt < n; g.tailAt++ {
			g.tail.remove(g.hits[g.tailAt])
		}
		g.tailAt -= n
	}
	g.hits = slices.Delete(g.hits, 0, n)
	g.node.held -= n
}

// ids appends the events that a hit stands for. It reports false when some were
// forgotten for want of memory.
func (h *hit) ids(dst []string) ([]string, bool) {
	if h.inner == nil {
		return append(dst, h.id), true
	}
	g := h.inner
	from := h.time - g.node.span
	whole := !g.gone && (g.cutTo == 0 || from > g.cutTo)
	for i := g.from(from); i < len(g.hits) && g.hits[i].time <= h.time; i++ {
		var ok bool
		dst, ok = g.hits[i].ids(dst)
		whole = whole && ok
	}
	return dst, whole
}
