package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/baseline"
	"github.com/haetae/haetae/sequence"
	"github.com/haetae/haetae/sigma"
)

// Options are what an engine is made of.
type Options struct {
	Rules  *Rules
	Sigma  sigma.Options
	Limits sigma.Limits // of correlations, and when a record is late
	// Remember is how many ids of records are remembered at least, so that a record
	// that comes twice counts once. 0 is a million.
	Remember int
	// Stateful says that [Engine.Save] will be called; what is to be saved is noted.
	Stateful bool

	// Actors finds out who is behind calls; nil leaves actors as their records have
	// them. Book knows addresses and domain names; nil knows none. The resolver has
	// the same book.
	Actors *actor.Resolver
	Book   *address.Book
	// Baselines bound what is remembered of what is usual.
	Baselines baseline.Options
	// Sequences join the signals of rules.
	Sequences []*sequence.Sequence
	Joins     sequence.Limits
}

// Stats count what an engine was given and what it could not do.
type Stats struct {
	Read      int // records, those that came twice too
	Duplicate int
	Late      int // records that came late by more than Limits.Lateness
	// Correlations are counts of what correlations could not do, by their keys.
	Correlations map[string]sigma.CorrelationStats
	Actors       actor.Stats
	Baseline     baseline.Stats
	Sequences    sequence.Stats
	// Learning counts how often a baseline was asked before it had learned enough.
	Learning int
}

// Engine holds records against rules. It is for one goroutine.
type Engine struct {
	rules      *Rules
	index      *sigma.Index
	scan       *sigma.Scan
	correlator *sigma.Correlator
	list       []*sigma.Rule // of the index, by number
	seen       *recent[recordKey, struct{}]
	who        *recent[string, *Finding] // what a record that a correlation counts says, by its id
	flows      *recent[string, *int]     // the number of the last record of each object of flow logs
	file       *int                      // that of fileName, which was asked for last
	fileName   string
	clocks     map[partition]*clock
	last       *clock // that of lastOf, which was asked for last
	lastOf     partition
	lateness   time.Duration
	logs       map[haetae.Log]bool // of which records came
	group      *grouper
	alerts     map[string]*Finding
	stats      Stats

	actors    *actor.Resolver
	baselines *baseline.Engine
	sequencer *sequence.Engine
	sequences map[string]*Rule // what findings say of them
	lost      []string         // keys of rules whose state was not taken up
	waited    bool             // the stored state has signals that wait
	waiting   []waiting        // signals of sessions whose beginning is not known
	book      *address.Book
	named     *recent[netip.Addr, []string] // the lists of the names by which addresses were found
	met       map[string]int64              // actors, and the day on which they were noted last

	// The record that is looked at, and what it is seen through.
	view   view
	event  eventRecord
	raw    *sigma.Raw
	bus    bus
	flow   flowRecord
	lookup lookupRecord
	hits   []*sigma.Rule
}

// DefaultRemember is how many ids of records an engine remembers at least.
const DefaultRemember = 1_000_000

// New makes an engine. Rules that cannot be used are left out and named in the
// errors.
func New(o Options) (*Engine, []error) {
	if o.Remember == 0 {
		o.Remember = DefaultRemember
	}
	if o.Limits.Lateness == 0 {
		o.Limits.Lateness = 15 * time.Minute
	}
	e := &Engine{rules: o.Rules, seen: newRecent[recordKey, struct{}](o.Remember, !o.Stateful), who: newRecent[string, *Finding](o.Remember, !o.Stateful), flows: newRecent[string, *int](o.Remember, !o.Stateful),
		clocks: map[partition]*clock{}, lateness: o.Limits.Lateness, logs: map[haetae.Log]bool{}, group: newGrouper(!o.Stateful), alerts: map[string]*Finding{},
		actors: o.Actors, sequences: map[string]*Rule{}, met: map[string]int64{}}
	if o.Actors != nil {
		e.event.ours = o.Actors.Ours
	}
	e.flow.book, e.lookup.book, e.book = o.Book, o.Book, o.Book
	e.named = newRecent[netip.Addr, []string](1<<16, !o.Stateful)
	e.flow.named = e.named
	var refused []error
	var err error
	e.index, err = sigma.NewIndex(o.Rules.sigma.Rules, o.Sigma)
	refused = append(refused, unjoin(err)...)
	var profiles []baseline.Profile
	for _, r := range o.Rules.of {
		if r.Baseline != nil {
			profiles = append(profiles, r.Baseline.Profile)
		}
	}
	slices.SortFunc(profiles, func(a, b baseline.Profile) int { return strings.Compare(a.ID, b.ID) })
	if e.baselines, err = baseline.New(append(profiles, habits()), o.Baselines); err != nil {
		return nil, append(refused, unjoin(err)...)
	}
	if e.sequencer, err = sequence.New(o.Sequences, o.Joins); err != nil {
		return nil, append(refused, unjoin(err)...)
	}
	for _, q := range o.Sequences {
		e.sequences[q.ID] = &Rule{ID: q.ID, Title: q.Title, Techniques: q.Techniques, GuardDuty: q.GuardDuty, BuiltIn: true, File: q.File}
	}
	e.list, e.scan = e.index.Rules(), e.index.NewScan()
	e.correlator, err = sigma.NewCorrelator(o.Rules.sigma.Correlations, e.list, o.Limits)
	e.raw = e.index.NewRaw(e.wanted()...)
	e.view.names = namesOf(e.index)
	e.bus.Event, e.bus.names, e.flow.names = e.raw, e.view.names, e.view.names
	return e, append(refused, unjoin(err)...)
}

// wanted are fields of records that are asked for besides those of the index.
func (e *Engine) wanted() []string {
	out := append(e.correlator.Fields(), "eventTime", "eventSource", "eventType")
	for _, r := range e.rules.of {
		if out = append(out, r.Subject...); r.Baseline != nil {
			out = slices.Concat(out, r.Baseline.By, r.Baseline.Of, r.Baseline.Peers)
		}
	}
	for _, f := range e.index.Fields() {
		if rest, ok := strings.CutPrefix(f, "detail."); ok {
			out = append(out, rest)
		}
	}
	return out
}

// unjoin takes joined errors apart.
func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range j.Unwrap() {
			out = append(out, unjoin(e)...)
		}
		return out
	}
	return []error{err}
}

// Rules are the Sigma rules that the engine holds records against.
func (e *Engine) Rules() []*sigma.Rule { return e.list }

// Sources are the log sources of which records came, in no order.
func (e *Engine) Sources() []sigma.LogSource {
	var out []sigma.LogSource
	for log := range e.logs {
		out = append(out, source(log))
	}
	return out
}

// Index counts what the rules were compiled to.
func (e *Engine) Index() sigma.Stats { return e.index.Stats() }

// Stats are the counts so far.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Correlations, s.Baseline, s.Sequences = e.correlator.Stats(), e.baselines.Stats(), e.sequencer.Stats()
	if e.actors != nil {
		s.Actors = e.actors.Stats()
	}
	return s
}

// Event takes an event.
func (e *Engine) Event(ev *haetae.Event) error {
	if e.again(ev.Log, ev.ID) {
		return nil
	}
	if err := e.raw.Reset(ev.Raw); err != nil {
		return fmt.Errorf("record %s of %s:%d: %w", ev.ID, ev.Place.File, ev.Place.Line, err)
	}
	var facts actor.Facts
	if e.actors != nil {
		facts = e.actors.Resolve(ev)
		for _, l := range facts.Late {
			e.chained(l.Event, l.Chain)
		}
	} else {
		describePeer(e.book, &ev.Peer)
	}
	e.event.show(ev, facts)
	e.meet(ev.Actor.ID, ev.Time)
	e.view.Event, e.view.record = e.raw, &e.event
	if ev.Log == haetae.CloudTrail {
		e.bus.event, e.bus.tree = ev, nil
		e.view.Event = &e.bus
	}
	e.observe(partition{ev.Log, ev.Account, ev.Region}, func() string { return ev.ID }, ev.Time, "haetae.actor.id", facts.Open)
	return nil
}

// Flow takes a record of a flow log. What tells of no traffic is passed over.
func (e *Engine) Flow(f *haetae.Flow) error {
	e.stats.Read++
	if f.Status != haetae.FlowOK {
		return nil
	}
	// Records of a file come in order: those up to the last that was seen were here.
	if e.file == nil || e.fileName != f.Key {
		last, known := e.flows.get(f.Key)
		if !known {
			last = new(int)
			*last = f.Number - 1
		}
		e.flows.put(f.Key, last)
		e.file, e.fileName = last, f.Key
	}
	if f.Number <= *e.file {
		e.stats.Duplicate++
		return nil
	}
	*e.file = f.Number
	e.flow.show(f)
	e.view.Event, e.view.record = &e.flow.flowEvent, &e.flow
	e.observe(partition{e.flow.log(), f.Account, f.Region}, func() string { return FlowID(f) }, time.Unix(f.Start, 0).UTC(), "interface-id", false)
	return nil
}

// FlowID is the id of a flow record, which has none of its own: the key of its object
// and its number there.
func FlowID(f *haetae.Flow) string { return fmt.Sprintf("%s#%d", f.Key, f.Number) }

// Lookup takes a DNS query.
func (e *Engine) Lookup(l *haetae.Lookup) error {
	if e.again(haetae.ResolverQuery, l.ID) {
		return nil
	}
	e.naming(l)
	e.lookup.show(l)
	e.view.Event, e.view.record = e.lookup.lookupEvent, &e.lookup
	e.observe(partition{haetae.ResolverQuery, l.Account, l.Region}, func() string { return l.ID }, l.Time, "haetae.actor.id", false)
	return nil
}

// again counts a record and tells whether it was here before.
func (e *Engine) again(log haetae.Log, id string) bool {
	e.stats.Read++
	if id == "" {
		return false
	}
	key := keyOf(log, id)
	if _, ok := e.seen.get(key); ok {
		e.stats.Duplicate++
		return true
	}
	e.seen.put(key, struct{}{})
	return false
}

// partition is what has a clock of its own.
type partition struct {
	log             haetae.Log
	account, region string
}

// clock is the newest time that a partition has come to.
type clock struct {
	name   string
	newest time.Time
	known  bool
	source sigma.LogSource
}

func (e *Engine) clock(p partition) *clock {
	if e.last != nil && p == e.lastOf {
		return e.last
	}
	c := e.clocks[p]
	if c == nil {
		c = &clock{name: string(p.log) + " " + p.account + " " + p.region, source: source(p.log)}
		e.clocks[p] = c
		e.logs[p.log] = true
	}
	e.last, e.lastOf = c, p
	return c
}

// observe holds the record of the view against all rules. open says that it is not
// known yet from whom the session came.
func (e *Engine) observe(p partition, name func() string, at time.Time, subject string, open bool) {
	c := e.clock(p)
	late := c.known && at.Before(c.newest.Add(-e.lateness))
	if late {
		e.stats.Late++
	}
	if !c.known || at.After(c.newest) {
		c.newest, c.known = at, true
	}
	v := &e.view
	e.hits = e.hits[:0]
	var said *Finding
	id := ""
	for _, n := range e.scan.Match(v, c.source) {
		r := e.list[n]
		e.hits = append(e.hits, r)
		if said == nil {
			f := v.record.what()
			said, id = &f, name()
		}
		rule := e.rules.of[r.Key()]
		if rule == nil || !e.correlator.Alone(r) {
			continue // only correlations count it
		}
		what, kind := *said, ByRule
		if rule.Baseline != nil {
			kind = ByBaseline
			verdict, ok := e.unusual(rule, v, at)
			if !ok {
				continue
			}
			what.Why = verdict.Why
		}
		e.group.add(hit{rule: rule, kind: kind, subject: subjectOf(rule, v, subject), what: what, at: at, id: id, late: late})
		e.signal(rule, said, id, nil, at, late, open)
	}
	e.release(at.Add(-e.lateness), false)
	for _, r := range e.hits {
		if e.correlator.Needs(r) {
			e.who.put(id, said)
			break
		}
	}
	e.alert(e.correlator.Observe(sigma.Observation{Event: v, ID: id, Time: at, Partition: c.name, Rules: e.hits}))
}

// subjectOf are the values of the fields by which findings of a rule are told apart.
func subjectOf(r *Rule, v sigma.Event, standard string) []sigma.Group {
	fields := r.Subject
	if len(fields) == 0 {
		fields = []string{standard}
	}
	return groupOf(fields, v)
}

// groupOf are fields with what a record has in them.
func groupOf(fields []string, v sigma.Event) []sigma.Group {
	out := make([]sigma.Group, len(fields))
	for i, f := range fields {
		values, _ := v.Lookup(f, nil)
		out[i].Field = f
		for j, x := range values {
			if j > 0 {
				out[i].Value += ","
			}
			out[i].Value += x.Text
		}
	}
	return out
}

// alert keeps what correlations say; a later word on the same takes its place.
func (e *Engine) alert(list []sigma.Alert) {
	for _, x := range list {
		rule := e.rules.of[x.Correlation.Key()]
		for _, old := range x.Replaces {
			e.alerts[old] = &Finding{ID: old, Rule: rule, Kind: ByWindow, Withdrawn: true}
		}
		if rule == nil {
			continue // a correlation that only others count
		}
		f := &Finding{}
		for _, id := range x.Events {
			if said, ok := e.who.get(id); ok {
				*f = *said
				break
			}
		}
		value := x.Value
		f.ID, f.Kind, f.Rule, f.Severity, f.Group, f.Value, f.Why = x.ID, ByWindow, rule, rule.Severity, x.Group, &value, ""
		f.Events, f.Cut, f.First, f.Last, f.Late = slices.Clone(x.Events), x.Cut, x.First, x.Last, x.Late
		f.Replaces, f.Withdrawn = x.Replaces, x.Withdrawn
		for _, id := range x.Events {
			if said, ok := e.who.get(id); ok && said.Actor.ID != f.Actor.ID {
				f.Others = true
				break
			}
		}
		e.alerts[x.ID] = f
		if !x.Withdrawn && len(f.Events) > 0 {
			e.signal(rule, f, f.Events[0], f.Events, f.First, f.Late, false)
		}
	}
}

// unusual asks the baseline of a rule about the record of the view; ok says that it is
// worth saying.
func (e *Engine) unusual(r *Rule, v sigma.Event, at time.Time) (verdict baseline.Verdict, ok bool) {
	o := baseline.Observation{Time: at, Amount: 1}
	for _, x := range []struct {
		fields []string
		to     *string
	}{{r.Baseline.By, &o.Key}, {r.Baseline.Of, &o.Value}, {r.Baseline.Peers, &o.Group}} {
		for i, g := range groupOf(x.fields, v) {
			if g.Value == "" && x.to != &o.Group {
				return verdict, false // a record without the field says nothing
			}
			if i > 0 {
				*x.to += " "
			}
			*x.to += g.Value
		}
	}
	if f := r.Baseline.Amount; f != "" {
		values, _ := v.Lookup(f, nil)
		if len(values) == 0 {
			return verdict, false
		}
		n, err := strconv.ParseFloat(values[0].Text, 64)
		if err != nil {
			return verdict, false
		}
		o.Amount = n
	}
	verdict = e.usual(r.Baseline.ID, o)
	if only := r.Baseline.Only; len(only) > 0 && !slices.Contains(only, o.Value) {
		return verdict, false
	}
	if verdict.New && !verdict.Learning.Done() {
		e.stats.Learning++
	}
	return verdict, verdict.Fires
}

// Pause says what sequences still have to say of records up to now, as is needed before
// [Engine.Take] and [Engine.Save] where more records come.
func (e *Engine) Pause() { e.found(e.sequencer.Flush()) }

// Flush says what still waits for records that may come, as at the end of the input.
func (e *Engine) Flush() {
	e.alert(e.correlator.Flush())
	e.release(time.Time{}, true)
	e.found(e.sequencer.Flush())
}

// Take returns the findings that are new or changed since it was called before. One
// with the id of an earlier one stands in its place.
func (e *Engine) Take() []*Finding {
	out := e.group.take()
	for _, f := range e.alerts {
		out = append(out, f)
	}
	clear(e.alerts)
	Sort(out)
	return out
}

// Newest is the latest time of a record up to now; zero when there was none.
func (e *Engine) Newest() (at time.Time) {
	for _, c := range e.clocks {
		if c.newest.After(at) {
			at = c.newest
		}
	}
	return at
}

// Forget lets go of findings that nothing after a time can add to any more.
func (e *Engine) Forget(before time.Time) { e.group.forget(before) }
