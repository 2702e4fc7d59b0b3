package sigma

import (
	"math/big"
	"slices"
	"sort"
	"strconv"
)

// hit is what a correlation remembers of one event, or of one moment at which a
// correlation that it refers to held.
type hit struct {
	time    int64  // nanoseconds since 1970
	id      string // of the event
	refs    uint64 // which of the correlation's rules matched, as bits
	values  []string
	carried [][]string // values of the fields that correlations above need
	inner   *group     // set when the hit is a moment of another correlation
}

// window is a set of hits and what can be measured of them. Hits come and go in
// any order and the measures depend on nothing but the set.
type window struct {
	c      *Correlation
	n      int
	refs   []int          // hits for each rule
	values map[string]int // how many hits have a value
	total  int            // values in all
	sorted []float64      // numbers, for the types that measure numbers
	whole  big.Int        // sum of those that are integers
	broken int            // how many are not
}

func newWindow(c *Correlation) *window {
	return &window{c: c, refs: make([]int, len(c.Rules)), values: map[string]int{}}
}

// numeric reports whether the correlation measures numbers.
func (c *Correlation) numeric() bool {
	switch c.Type {
	case "value_sum", "value_avg", "value_median":
		return true
	}
	return c.Type == "value_percentile" && c.Condition.HasPercentile
}

func (w *window) add(h *hit) { w.change(h, 1) }

func (w *window) remove(h *hit) { w.change(h, -1) }

func (w *window) change(h *hit, by int) {
	w.n += by
	for i := range w.refs {
		if h.refs>>i&1 == 1 {
			w.refs[i] += by
		}
	}
	for _, v := range h.values {
		if !w.c.numeric() {
			w.values[v] += by
			w.total += by
			if w.values[v] == 0 {
				delete(w.values, v)
			}
			continue
		}
		f := toFloat(v)
		at := sort.SearchFloat64s(w.sorted, f)
		if by > 0 {
			w.sorted = slices.Insert(w.sorted, at, f)
		} else {
			w.sorted = slices.Delete(w.sorted, at, at+1)
		}
		if i, err := strconv.ParseInt(v, 10, 64); err == nil {
			if by > 0 {
				w.whole.Add(&w.whole, big.NewInt(i))
			} else {
				w.whole.Sub(&w.whole, big.NewInt(i))
			}
		} else {
			w.broken += by
		}
	}
}

func (w *window) sum() float64 {
	if w.broken == 0 {
		f, _ := new(big.Float).SetInt(&w.whole).Float64()
		return f
	}
	sum := 0.0
	for _, f := range w.sorted { // in order of size, so that the order of events does not matter
		sum += f
	}
	return sum
}

// percentile interpolates between the two nearest values, so that the 50th is
// the median.
func (w *window) percentile(p float64) float64 {
	at := p / 100 * float64(len(w.sorted)-1)
	low := int(at)
	if low+1 >= len(w.sorted) {
		return w.sorted[len(w.sorted)-1]
	}
	return w.sorted[low] + (at-float64(low))*(w.sorted[low+1]-w.sorted[low])
}

// measure evaluates the condition over the window; all are its hits in order
// of time, and last those of its last moment.
func (w *window) measure(all, last []*hit) (float64, bool) {
	t := &w.c.Condition
	var x float64
	switch w.c.Type {
	case "event_count":
		x = float64(w.n)
	case "value_count":
		x = float64(len(w.values))
	case "temporal":
		for _, n := range w.refs {
			if n > 0 {
				x++
			}
		}
		if t.Expression != "" {
			return x, t.expr.eval(func(i int) bool { return w.refs[i] > 0 })
		}
	case "temporal_ordered":
		x = float64(w.steps(all))
		if t.Expression != "" {
			return x, int(x) == len(w.refs)
		}
	case "value_percentile":
		if !t.HasPercentile {
			return w.share(last)
		}
		fallthrough
	default:
		if len(w.sorted) == 0 {
			return 0, false
		}
		switch w.c.Type {
		case "value_sum":
			x = w.sum()
		case "value_avg":
			x = w.sum() / float64(len(w.sorted))
		case "value_median":
			x = w.percentile(50)
		default:
			x = w.percentile(t.Percentile)
		}
	}
	return x, t.holds(x)
}

func (t *Threshold) holds(x float64) bool {
	for _, b := range t.Bounds {
		if !b.holds(x) {
			return false
		}
	}
	return true
}

// share is what part of all values, in percent, a value of the last moment has:
// the smallest for which the condition holds, else the smallest of all.
func (w *window) share(last []*hit) (float64, bool) {
	best, ok, any := 0.0, false, false
	for _, h := range last {
		for _, v := range h.values {
			x := 100 * float64(w.values[v]) / float64(w.total)
			holds := w.c.Condition.holds(x)
			if !any || holds && !ok || holds == ok && x < best {
				best, ok, any = x, holds, true
			}
		}
	}
	return best, ok
}

// steps is how many rules, from the first on, are matched in their order by
// different events. Events of the same time have no order, so any of them will
// do: logs with whole seconds do not tell which came first.
func (w *window) steps(all []*hit) int {
	if w.refs[0] == 0 {
		return 0
	}
	done := 0
	for i := 0; i < len(all) && done < len(w.refs); {
		j := i + 1
		for j < len(all) && all[j].time == all[i].time {
			j++
		}
		if j == i+1 {
			if all[i].refs>>done&1 == 1 {
				done++
			}
		} else {
			done += advance(all[i:j], done, len(w.refs))
		}
		i = j
	}
	return done
}

// advance is how many steps after done the events of one time can make, each
// event one step: a matching of steps to events, grown step by step.
func advance(tie []*hit, done, steps int) int {
	taken := make([]int, len(tie)) // event → step + 1
	var assign func(step int, tried []bool) bool
	assign = func(step int, tried []bool) bool {
		for i, h := range tie {
			if h.refs>>step&1 == 0 || tried[i] {
				continue
			}
			tried[i] = true
			if taken[i] == 0 || assign(taken[i]-1, tried) {
				taken[i] = step + 1
				return true
			}
		}
		return false
	}
	n := 0
	for done+n < steps && assign(done+n, make([]bool, len(tie))) {
		n++
	}
	return n
}
