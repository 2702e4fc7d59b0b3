package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/haetae/haetae"
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
}

// Stats count what an engine was given and what it could not do.
type Stats struct {
	Read      int // records, those that came twice too
	Duplicate int
	Late      int // records that came late by more than Limits.Lateness
	// Correlations are counts of what correlations could not do, by their keys.
	Correlations map[string]sigma.CorrelationStats
}

// Engine holds records against rules. It is for one goroutine.
type Engine struct {
	rules      *Rules
	index      *sigma.Index
	scan       *sigma.Scan
	correlator *sigma.Correlator
	list       []*sigma.Rule // of the index, by number
	seen       *recent[struct{}]
	who        *recent[*Finding] // what a record that a correlation counts says, by its id
	newest     map[string]time.Time
	lateness   time.Duration
	logs       map[haetae.Log]bool // of which records came
	group      *grouper
	alerts     map[string]*Finding
	stats      Stats
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
	e := &Engine{rules: o.Rules, seen: newRecent[struct{}](o.Remember), who: newRecent[*Finding](o.Remember), newest: map[string]time.Time{},
		lateness: o.Limits.Lateness, logs: map[haetae.Log]bool{}, group: newGrouper(), alerts: map[string]*Finding{}}
	var refused []error
	var err error
	e.index, err = sigma.NewIndex(o.Rules.sigma.Rules, o.Sigma)
	refused = append(refused, unjoin(err)...)
	e.list, e.scan = e.index.Rules(), e.index.NewScan()
	e.correlator, err = sigma.NewCorrelator(o.Rules.sigma.Correlations, e.list, o.Limits)
	return e, append(refused, unjoin(err)...)
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
	s.Correlations = e.correlator.Stats()
	return s
}

// Event takes an event.
func (e *Engine) Event(ev *haetae.Event) error {
	if e.again(ev.Log, ev.ID) {
		return nil
	}
	record, err := sigma.DecodeJSON(ev.Raw)
	if err != nil {
		return fmt.Errorf("record %s of %s:%d: %w", ev.ID, ev.Place.File, ev.Place.Line, err)
	}
	var shown sigma.Event = record
	if ev.Log == haetae.CloudTrail {
		shown = &bus{Event: record, event: ev}
	}
	v := &view{Event: shown, derived: func(name string) ([]sigma.Value, bool) { return eventField(ev, name) }}
	e.observe(ev.Log, ev.ID, ev.Time, v, func() Finding {
		return Finding{Actor: ev.Actor, Peer: ev.Peer, Account: ev.Account, Region: ev.Region, Action: ev.Action, Targets: ev.Targets}
	}, ev.Account+" "+ev.Region, "haetae.actor.id")
	return nil
}

// Flow takes a record of a flow log. What tells of no traffic is passed over.
func (e *Engine) Flow(f *haetae.Flow) error {
	if f.Status != haetae.FlowOK {
		e.stats.Read++
		return nil
	}
	log := haetae.VPCFlow
	if f.Hub != "" {
		log = haetae.TransitFlow
	}
	id := FlowID(f)
	if e.again(log, id) {
		return nil
	}
	own, peer, port, inward := flowSides(f)
	side := haetae.Peer{Addr: peer}
	v := &view{Event: flowEvent{f}, derived: func(name string) ([]sigma.Value, bool) { return flowField(f, &side, own, port, inward, name) }}
	e.observe(log, id, time.Unix(f.Start, 0).UTC(), v, func() Finding {
		return Finding{Actor: flowActor(f), Peer: side, Account: f.Account, Region: f.Region, Action: string(f.Action), Targets: []string{netip.AddrPortFrom(f.Dst, f.DstPort).String()}}
	}, f.Account+" "+f.Region, "interface-id")
	return nil
}

// FlowID is the id of a flow record, which has none of its own: where it stands.
func FlowID(f *haetae.Flow) string { return fmt.Sprintf("%s#%d", f.Place.File, f.Place.Line) }

// flowActor is whose interface saw a flow.
func flowActor(f *haetae.Flow) haetae.Actor {
	a := haetae.Actor{Account: f.Account, ID: f.Interface, Name: f.Instance}
	if f.Instance != "" {
		a.Kind, a.ID = haetae.InstanceActor, f.Instance
	}
	if a.ID == "" {
		a.ID = f.Src.String()
	}
	return a
}

// flowField is a derived field of a flow.
func flowField(f *haetae.Flow, peer *haetae.Peer, own netip.Addr, port uint16, inward bool, name string) ([]sigma.Value, bool) {
	switch name {
	case "flow.direction":
		if inward {
			return text("ingress")
		}
		return text("egress")
	case "flow.own":
		return address(own)
	case "flow.port":
		if !f.Known(haetae.FlowDstPort) {
			return nil, false
		}
		return number(port)
	case "account":
		return text(f.Account)
	case "region":
		return text(f.Region)
	case "log":
		return text(string(haetae.VPCFlow))
	}
	if len(name) > 5 && name[:5] == "peer." {
		return peerField(peer, name[5:])
	}
	if len(name) > 6 && name[:6] == "actor." {
		a := flowActor(f)
		return actorField(&a, name[6:])
	}
	return nil, false
}

// Lookup takes a DNS query.
func (e *Engine) Lookup(l *haetae.Lookup) error {
	if e.again(haetae.ResolverQuery, l.ID) {
		return nil
	}
	a := haetae.Actor{Account: l.Account, ID: l.Instance, Name: l.Instance}
	if l.Instance != "" {
		a.Kind = haetae.InstanceActor
	} else {
		a.ID = l.Src.String()
	}
	v := &view{Event: lookupEvent{l}, derived: func(name string) ([]sigma.Value, bool) {
		switch name {
		case "account":
			return text(l.Account)
		case "region":
			return text(l.Region)
		case "log":
			return text(string(haetae.ResolverQuery))
		}
		if len(name) > 6 && name[:6] == "actor." {
			return actorField(&a, name[6:])
		}
		return nil, false
	}}
	e.observe(haetae.ResolverQuery, l.ID, l.Time, v, func() Finding {
		return Finding{Actor: a, Peer: haetae.Peer{Addr: l.Src}, Account: l.Account, Region: l.Region, Action: l.Type, Targets: []string{l.Name}}
	}, l.Account+" "+l.Region, "haetae.actor.id")
	return nil
}

// again counts a record and tells whether it was here before.
func (e *Engine) again(log haetae.Log, id string) bool {
	e.stats.Read++
	if id == "" {
		return false
	}
	key := string(log) + " " + id
	if _, ok := e.seen.get(key); ok {
		e.stats.Duplicate++
		return true
	}
	e.seen.put(key, struct{}{})
	return false
}

// observe holds a record against all rules.
func (e *Engine) observe(log haetae.Log, id string, at time.Time, v sigma.Event, what func() Finding, place, subject string) {
	e.logs[log] = true
	partition := string(log) + " " + place
	newest, known := e.newest[partition]
	late := known && at.Before(newest.Add(-e.lateness))
	if late {
		e.stats.Late++
	}
	if !known || at.After(newest) {
		e.newest[partition] = at
	}
	var hits []*sigma.Rule
	var said *Finding
	for _, n := range e.scan.Match(v, source(log)) {
		r := e.list[n]
		hits = append(hits, r)
		if said == nil {
			f := what()
			said = &f
		}
		rule := e.rules.of[r.Key()]
		if rule == nil || !e.correlator.Alone(r) {
			continue // only correlations count it
		}
		e.group.add(hit{rule: rule, kind: ByRule, subject: subjectOf(rule, v, subject), what: *said, at: at, id: id, late: late})
	}
	for _, r := range hits {
		if e.correlator.Needs(r) {
			e.who.put(id, said)
			break
		}
	}
	e.alert(e.correlator.Observe(sigma.Observation{Event: v, ID: id, Time: at, Partition: partition, Rules: hits}))
}

// subjectOf are the values of the fields by which findings of a rule are told apart.
func subjectOf(r *Rule, v sigma.Event, standard string) []sigma.Group {
	fields := r.Subject
	if len(fields) == 0 {
		fields = []string{standard}
	}
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
		f.ID, f.Kind, f.Rule, f.Group, f.Value = x.ID, ByWindow, rule, x.Group, &value
		f.Events, f.Cut, f.First, f.Last, f.Late = slices.Clone(x.Events), x.Cut, x.First, x.Last, x.Late
		f.Replaces, f.Withdrawn = x.Replaces, x.Withdrawn
		for _, id := range x.Events {
			if said, ok := e.who.get(id); ok && said.Actor.ID != f.Actor.ID {
				f.Others = true
				break
			}
		}
		e.alerts[x.ID] = f
	}
}

// Flush says what still waits for records that may come, as at the end of the input.
func (e *Engine) Flush() { e.alert(e.correlator.Flush()) }

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

// Forget lets go of findings that nothing after a time can add to any more.
func (e *Engine) Forget(before time.Time) { e.group.forget(before) }
