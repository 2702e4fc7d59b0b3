package sigma

import (
	"cmp"
	"container/heap"
	"container/list"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Limits bound what a Correlator waits for and remembers.
type Limits struct {
	Groups   int           // of one correlation; the one that was idle longest goes first. 0 is 100,000
	Hits     int           // of one group; the oldest go first. 0 is 20,000
	Total    int           // hits of all groups of one correlation; the group that was idle longest goes first. 0 is 1,000,000
	Lateness time.Duration // how far behind the newest of its partition an event is still on time. 0 is 15 minutes
	Late     time.Duration // how long after that it is still taken, and marked late. 0 is 24 hours
}

func (l Limits) orDefault() Limits {
	l.Groups, l.Hits, l.Total = cmp.Or(l.Groups, 100_000), cmp.Or(l.Hits, 20_000), cmp.Or(l.Total, 1_000_000)
	l.Lateness, l.Late = cmp.Or(l.Lateness, 15*time.Minute), cmp.Or(l.Late, 24*time.Hour)
	return l
}

// maxGroupsOfEvent is how many groups one event may fall into through fields
// with several values.
const maxGroupsOfEvent = 64

// Observation is an event that rules were matched against.
type Observation struct {
	Event     Event
	ID        string // the same event again counts once
	Time      time.Time
	Partition string  // what delivers in order by itself: an account and region
	Rules     []*Rule // that matched; may be empty, the time still counts
}

// Alert says that a correlation held. The same ID again replaces what was said
// before.
type Alert struct {
	ID          string
	Correlation *Correlation
	Group       []Group
	Start       time.Time // when the condition first held
	First, Last time.Time // of the events that carry it
	Value       float64   // what the condition compares, when it held last
	Events      []string  // all ids, by time
	Late        bool      // an event that came late has a part in it
	Replaces    []string  // alerts that this one stands in the place of
	Withdrawn   bool      // a late event made it untrue
	Cut         int       // hits whose events are not all named, as Limits did not let them be kept
}

// Group is one group-by field and its value.
type Group struct {
	Field, Value string
}

// CorrelationStats count what a correlation could not do.
type CorrelationStats struct {
	EvictedGroups int // for Limits.Groups and Limits.Total
	EvictedHits   int // for Limits.Hits
	Ungrouped     int // events without a value for a group-by field
	TooManyGroups int // events that would fall into more than 64 groups
	NoValue       int // events without a value for the field that is measured
	NotNumeric    int // values that are no number where one is measured
	TooLate       int // events older than Limits.Late allows
}

// Correlator evaluates correlations over a stream of events, in the time that
// events say. It takes events in any order: what comes out, once all is said,
// depends on the set of events alone. It is for one goroutine.
type Correlator struct {
	limits     Limits
	nodes      []*node
	byRule     map[*Rule][]edge
	partitions map[string]int64 // newest time
	watermark  int64            // before it no partition sends anything on time
	slowest    string           // the partition that holds the watermark
	queue      dueQueue
	alerts     []Alert
}

// node is a correlation in the graph of what refers to what.
type node struct {
	c        *Correlation
	span     int64
	keep     int64 // how long correlations above still ask for hits
	monotone bool  // more hits never make it untrue
	alone    bool  // its alerts are for people, not only for correlations above
	parents  []edge
	carry    []string // fields that correlations above need besides group-by
	group    map[string]*group
	order    *list.List // of keys, the longest idle first
	places   map[string]*list.Element
	chained  map[string][]*group // hit of a moment below → where it is
	held     int                 // hits in all groups
	stats    CorrelationStats
	swept    int64
}

// edge is that a rule or correlation below is some of the rules of one above.
type edge struct {
	to     *node
	refs   uint64
	groups []string // fields for group-by, aliases resolved
	values []string // fields that are measured, aliases resolved
}

// Observe takes an event and returns the alerts that it opens, changes or ends.
// Alerts of conditions that more events can make untrue (lt, lte, eq, neq, not,
// sums) wait until nothing on time can still do so.
func (c *Correlator) Observe(o Observation) []Alert {
	c.alerts = nil
	t := o.Time.UnixNano()
	newest, known := c.partitions[o.Partition]
	late := known && t < newest-int64(c.limits.Lateness)
	tooLate := known && t < newest-int64(c.limits.Lateness+c.limits.Late)
	for _, r := range o.Rules {
		for _, e := range c.byRule[r] {
			if tooLate {
				e.to.stats.TooLate++
				continue
			}
			c.observe(e, o, t, late)
		}
	}
	if !known || t > newest {
		c.advance(o.Partition, t)
	}
	c.due(false)
	return c.alerts
}

// Advance says that a partition is as far as a time although no event of it
// says so, so that one that is silent does not hold the others up.
func (c *Correlator) Advance(partition string, t time.Time) []Alert {
	c.alerts = nil
	if newest, known := c.partitions[partition]; !known || t.UnixNano() > newest {
		c.advance(partition, t.UnixNano())
	}
	c.due(false)
	return c.alerts
}

// Flush returns all alerts that are still to be said, as at the end of the input.
// Events may go on coming after it.
func (c *Correlator) Flush() []Alert {
	c.alerts = nil
	c.due(true)
	return c.alerts
}

// Stats are the counts of each correlation, by its key.
func (c *Correlator) Stats() map[string]CorrelationStats {
	out := map[string]CorrelationStats{}
	for _, n := range c.nodes {
		out[n.c.Key()] = n.stats
	}
	return out
}

// Needs reports whether some correlation refers to the rule.
func (c *Correlator) Needs(r *Rule) bool { return len(c.byRule[r]) > 0 }

// Alone reports whether what the rule matches is an alert of its own: unless
// correlations refer to it of which none says generate.
func (c *Correlator) Alone(r *Rule) bool {
	edges := c.byRule[r]
	return len(edges) == 0 || slices.ContainsFunc(edges, func(e edge) bool { return e.to.c.Generate })
}

// Fields are the fields of events that correlations group by, measure or carry,
// sorted: what a lazy decoder must read besides Index.Fields.
func (c *Correlator) Fields() []string {
	seen := map[string]bool{}
	for _, edges := range c.byRule {
		for _, e := range edges {
			for _, f := range slices.Concat(e.groups, e.values, e.to.carry) {
				seen[f] = true
			}
		}
	}
	return keys(seen)
}

func (c *Correlator) advance(partition string, t int64) {
	_, known := c.partitions[partition]
	c.partitions[partition] = t
	if known && partition != c.slowest {
		return
	}
	c.recompute()
	for _, n := range c.nodes {
		// Groups that nothing comes to any more are looked at now and then.
		if step := (n.span + n.keep + int64(c.limits.Late)) / 8; n.swept < c.watermark-step {
			n.swept = c.watermark
			c.sweep(n)
		}
	}
}

// recompute finds the slowest partition and the watermark.
func (c *Correlator) recompute() {
	first := true
	oldest := int64(0)
	for p, newest := range c.partitions {
		if first || newest < oldest || newest == oldest && p < c.slowest {
			c.slowest, oldest, first = p, newest, false
		}
	}
	if !first {
		c.watermark = oldest - int64(c.limits.Lateness)
	}
}

func (c *Correlator) horizon(n *node) int64 {
	if c.watermark == math.MinInt64 {
		return c.watermark
	}
	return c.watermark - int64(c.limits.Late) - n.span - n.keep
}

func (c *Correlator) sweep(n *node) {
	for _, g := range n.group {
		g.trim(c.horizon(n))
		if len(g.hits) == 0 && len(g.runs) == 0 {
			n.forget(g)
		}
	}
	for id, gs := range n.chained {
		gs = slices.DeleteFunc(gs, func(g *group) bool { return len(g.hits) == 0 })
		if len(gs) == 0 {
			delete(n.chained, id)
		} else {
			n.chained[id] = gs
		}
	}
}

// observe puts the hit of a rule into the groups of a correlation.
func (c *Correlator) observe(e edge, o Observation, t int64, late bool) {
	read := func(field string) []string {
		var out []string
		found, _ := o.Event.Lookup(field, nil)
		for _, v := range found {
			if v.Kind != Null && !slices.Contains(out, v.Text) {
				out = append(out, v.Text)
			}
		}
		return out
	}
	carried := make([][]string, len(e.to.carry))
	for i, f := range e.to.carry {
		carried[i] = read(f)
	}
	c.place(e, hit{time: t, id: o.ID, refs: e.refs, carried: carried}, read, late)
}

// place puts a hit into each group that it falls into.
func (c *Correlator) place(e edge, h hit, read func(string) []string, late bool) {
	n := e.to
	if len(e.values) > 0 {
		h.values = combine(e.values, read)
		if len(h.values) == 0 {
			n.stats.NoValue++
			return
		}
		if n.c.numeric() {
			before := len(h.values)
			h.values = slices.DeleteFunc(h.values, func(s string) bool { return !isNumber(s) })
			n.stats.NotNumeric += before - len(h.values)
			if len(h.values) == 0 {
				return
			}
		}
	}
	keys := [][]string{{}}
	for _, f := range e.groups {
		var next [][]string
		for _, v := range read(f) {
			for _, k := range keys {
				next = append(next, append(slices.Clone(k), v))
			}
		}
		keys = next
		if len(keys) > maxGroupsOfEvent {
			n.stats.TooManyGroups++
			return
		}
	}
	if len(keys) == 0 {
		n.stats.Ungrouped++
		return
	}
	for _, k := range keys {
		g := c.groupFor(n, k)
		copied := h
		copied.carried = slices.Clone(h.carried)
		if h.inner != nil && !slices.Contains(n.chained[h.id], g) {
			n.chained[h.id] = append(n.chained[h.id], g)
		}
		if ch, fresh := g.insert(&copied); fresh {
			c.follow(g, ch, late)
		} else if h.inner != nil {
			c.follow(g, g.touch(h.time), late)
		}
		c.bound(g)
	}
}

// combine returns the values of a field, or the tuples of several.
func combine(fields []string, read func(string) []string) []string {
	if len(fields) == 1 {
		return read(fields[0])
	}
	tuples := []string{""}
	for _, f := range fields {
		var next []string
		for _, v := range read(f) {
			for _, t := range tuples {
				next = append(next, fmt.Sprintf("%s%d:%s", t, len(v), v))
			}
		}
		tuples = next
	}
	return tuples
}

func joined(key []string) string {
	var b strings.Builder
	for _, k := range key {
		fmt.Fprintf(&b, "%d:%s", len(k), k)
	}
	return b.String()
}

// groupFor finds or makes a group, and makes room for it.
func (c *Correlator) groupFor(n *node, key []string) *group {
	id := joined(key)
	g := n.group[id]
	if g == nil {
		for len(n.group) >= c.limits.Groups {
			c.evict(n)
		}
		g = &group{node: n, key: key}
		n.group[id] = g
		n.places[id] = n.order.PushBack(id)
	} else {
		n.order.MoveToBack(n.places[id])
	}
	return g
}

// evict forgets the group that was idle longest, after saying what is to be
// said of it.
func (c *Correlator) evict(n *node) {
	idle := n.group[n.order.Front().Value.(string)]
	for _, r := range idle.runs {
		if r.dirty {
			c.emit(idle, r)
		}
	}
	n.stats.EvictedGroups++
	n.forget(idle)
}

func (n *node) forget(g *group) {
	n.held -= len(g.hits)
	id := joined(g.key)
	n.order.Remove(n.places[id])
	delete(n.places, id)
	delete(n.group, id)
	g.hits, g.moments, g.runs, g.tail, g.gone = nil, nil, nil, nil, true // what still points here finds nothing
}

// bound keeps a group within its limits.
func (c *Correlator) bound(g *group) {
	if n := len(g.hits) - c.limits.Hits; n > 0 {
		g.drop(n, true)
		g.node.stats.EvictedHits += n
	}
	for n := g.node; n.held > c.limits.Total && len(n.group) > 1; {
		c.evict(n)
	}
}

// follow says what an insertion or removal made of the runs, and tells the
// correlations above.
func (c *Correlator) follow(g *group, ch change, late bool) {
	for _, o := range ch.lost {
		var heir *run
		for _, r := range ch.touched {
			if o.start >= r.start-g.node.span && o.start <= r.end {
				heir = r
			}
		}
		switch {
		case heir != nil:
			heir.replaces = append(heir.replaces, o.replaces...)
			if o.emitted {
				heir.replaces = append(heir.replaces, g.alertID(o))
			}
			heir.past = append(heir.past, o.past...)
			heir.cut += o.cut
			heir.late = heir.late || o.late
		case g.node.alone && (o.emitted || len(o.replaces) > 0):
			// What a run that was never said itself replaces goes with it.
			gone := o.replaces
			if o.emitted {
				gone = append([]string{g.alertID(o)}, gone...)
			}
			c.alerts = append(c.alerts, Alert{ID: gone[0], Correlation: g.node.c, Group: g.names(), Start: at(o.start), First: at(o.start), Last: at(o.end), Late: late, Withdrawn: true, Replaces: gone[1:]})
		}
	}
	for _, r := range ch.touched {
		r.late = r.late || late
		if !r.emitted && (g.node.monotone || r.start <= c.watermark) {
			c.emit(g, r)
		}
		if !r.waits {
			r.waits = true
			when := r.end + g.node.span
			if !r.emitted {
				when = r.start
			}
			heap.Push(&c.queue, due{when, g, r.start})
		}
	}
	for _, t := range ch.moments {
		c.chain(g, t, late, ch.removed)
	}
}

// chain tells the correlations above whether this one holds at a moment. After a
// removal it may carry less than before, so it is taken out first.
func (c *Correlator) chain(g *group, t int64, late, anew bool) {
	n := g.node
	if len(n.parents) == 0 {
		return
	}
	id := fmt.Sprintf("%s/%s@%d", n.c.Key(), joined(g.key), t)
	m := g.momentAt(t)
	holds := m < len(g.moments) && g.moments[m].time == t && g.moments[m].holds
	read := func(field string) []string {
		if i := slices.Index(n.c.GroupBy, field); i >= 0 {
			return []string{g.key[i]}
		}
		var out []string
		if i := slices.Index(n.carry, field); i >= 0 {
			for j := g.from(t); j < len(g.hits) && g.hits[j].time == t; j++ {
				out = union(out, g.hits[j].carried[i])
			}
		}
		return out
	}
	for _, e := range n.parents {
		if !holds || anew {
			for _, up := range e.to.chained[id] {
				if ch, was := up.remove(t, id); was {
					c.follow(up, ch, late)
				}
			}
			delete(e.to.chained, id)
		}
		if !holds {
			continue
		}
		carried := make([][]string, len(e.to.carry))
		for i, f := range e.to.carry {
			carried[i] = read(f)
		}
		c.place(e, hit{time: t, id: id, refs: e.refs, carried: carried, inner: g}, read, late)
	}
}

func (g *group) alertID(r *run) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", g.node.c.Key(), joined(g.key), r.start))
	return hex.EncodeToString(sum[:16])
}

func (g *group) names() []Group {
	out := make([]Group, len(g.key))
	for i, v := range g.key {
		out[i] = Group{g.node.c.GroupBy[i], v}
	}
	return out
}

func at(t int64) time.Time { return time.Unix(0, t).UTC() }

// emit says a run as it is now.
func (c *Correlator) emit(g *group, r *run) {
	r.emitted, r.dirty = true, false
	if !g.node.alone {
		return
	}
	id := g.alertID(r)
	// A run may come back after another one took its place.
	for _, other := range g.runs {
		other.replaces = slices.DeleteFunc(other.replaces, func(s string) bool { return s == id })
	}
	a := Alert{ID: id, Correlation: g.node.c, Group: g.names(), Start: at(r.start), Late: r.late, Replaces: r.replaces, Cut: r.cut}
	r.replaces = nil
	ids := slices.Clone(r.past)
	first, last := r.first, r.end
	for i := g.from(r.start - g.node.span); i < len(g.hits) && g.hits[i].time <= r.end; i++ {
		if first == 0 {
			first = g.hits[i].time
		}
		var whole bool
		if ids, whole = g.hits[i].ids(ids); !whole {
			a.Cut++
		}
	}
	seen := make(map[string]bool, len(ids))
	a.Events = slices.DeleteFunc(ids, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
	if m := g.momentAt(r.end); m < len(g.moments) {
		a.Value = g.moments[m].value
	}
	a.First, a.Last = at(first), at(last)
	c.alerts = append(c.alerts, a)
}

// due says the runs whose time has come: that have waited until nothing on time
// can change them, or that are over.
func (c *Correlator) due(all bool) {
	var again []due
	for len(c.queue) > 0 && (all || c.queue[0].when <= c.watermark) {
		d := heap.Pop(&c.queue).(due)
		i := slices.IndexFunc(d.group.runs, func(r *run) bool { return r.start == d.start })
		if i < 0 {
			continue
		}
		r := d.group.runs[i]
		over := r.end+d.group.node.span <= c.watermark
		if r.dirty && (all || over || !r.emitted) {
			c.emit(d.group, r)
		}
		if over {
			r.waits = false
		} else {
			again = append(again, due{r.end + d.group.node.span, d.group, d.start})
		}
	}
	for _, d := range again {
		heap.Push(&c.queue, d)
	}
}

// due is when a run is to be looked at again.
type due struct {
	when  int64
	group *group
	start int64
}

type dueQueue []due

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].when < q[j].when }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *dueQueue) Push(x any) { *q = append(*q, x.(due)) }

// Pop is for container/heap.
func (q *dueQueue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
