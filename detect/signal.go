package detect

import (
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/baseline"
	"github.com/haetae/haetae/sequence"
)

// habit is the baseline of which rules speak of an actor.
const habit = "haetae/signals"

// habits is that baseline: an actor is learned from all that it does, and its values
// are the rules that signalled.
func habits() baseline.Profile {
	return baseline.Profile{ID: habit, By: []string{"haetae.actor.id"}, Of: []string{"rule"}, Kind: baseline.FirstSeen, Window: 30 * 24 * time.Hour}
}

// acts is the value by which an actor is known to do anything at all.
const acts = "-"

// meet notes that an actor does something, once a day each.
func (e *Engine) meet(id string, at time.Time) {
	day := at.Unix() / 86400
	if id == "" || len(e.sequences) == 0 || e.met[id] == day {
		return
	}
	if len(e.met) >= 1<<20 {
		clear(e.met)
	}
	e.met[id] = day
	e.usual(habit, baseline.Observation{Key: id, Value: acts, Time: at})
}

// usual asks a baseline. Its profiles were checked when the engine was made.
func (e *Engine) usual(profile string, o baseline.Observation) baseline.Verdict {
	v, err := e.baselines.Observe(profile, o)
	if err != nil {
		panic("detect: " + err.Error())
	}
	return v
}

// rarity says how usual it is that a rule speaks of an actor, and learns it.
func (e *Engine) rarity(rule *Rule, actor string, at time.Time) float64 {
	if rule.Baseline != nil || actor == "" { // that it is new is all that a baseline says: it counts once
		return sequence.Ordinary
	}
	v := e.usual(habit, baseline.Observation{Key: actor, Value: rule.ID, Time: at})
	if v.New {
		if v.Learning.Done() {
			return sequence.Novel
		}
		return sequence.Ordinary
	}
	seen, err := e.baselines.Known(habit, actor, at)
	if err != nil {
		panic("detect: " + err.Error())
	}
	for _, s := range seen {
		if s.Value == rule.ID && s.First.Unix()/86400 < at.Unix()/86400 {
			return sequence.Routine
		}
	}
	return sequence.Ordinary
}

// waiting is a signal of a session whose beginning is not known yet.
type waiting struct {
	Signal sequence.Signal `json:"signal"`
	Self   int             `json:"self"` // so many of the entities are the actor itself
}

// signal tells the sequences of a finding, whose first event it is about.
func (e *Engine) signal(rule *Rule, f *Finding, event string, all []string, at time.Time, late, open bool) {
	if rule.Signal == "" || len(e.sequences) == 0 || f.Actor.Kind == haetae.ServiceActor {
		return
	}
	s := sequence.Signal{Rule: rule.ID, Tactic: rule.Signal, Service: service(f.Log, f.Action), Severity: rule.Severity, Event: event, Events: all, Time: at, Late: late,
		Targets: wholes(f.Targets)}
	s.Rarity = e.rarity(rule, f.Actor.ID, at)
	self := 0
	if !f.Others {
		s.Entities = entities(&f.Actor)
		self = len(s.Entities)
		s.Entities = append(s.Entities, f.Actor.Chain...)
	}
	if open {
		e.waiting = append(e.waiting, waiting{s, self})
		return
	}
	e.join(s)
}

// entities are who an actor is, nearest first, without whom its session came from.
func entities(a *haetae.Actor) []string {
	if a.Kind == haetae.AnonymousActor {
		return nil // it is everybody
	}
	session := ""
	if strings.Contains(a.ARN, ":assumed-role/") {
		session = a.ARN
	}
	var out []string
	for _, x := range []string{a.AccessKey, session, a.ID} {
		if x != "" && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// wholes are what something was done to: of an object in S3, the bucket.
func wholes(targets []string) []string {
	var out []string
	for _, t := range targets {
		if rest, ok := strings.CutPrefix(t, "arn:aws:s3:::"); ok {
			bucket, _, _ := strings.Cut(rest, "/")
			t = "arn:aws:s3:::" + bucket
		}
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// service is the name by which sequences tell signals apart.
func service(log haetae.Log, action string) string {
	switch log {
	case haetae.CloudTrail:
		name, _, _ := strings.Cut(action, ":")
		return name
	case haetae.EKSAudit:
		return "kubernetes"
	case haetae.ResolverQuery:
		return "dns"
	case haetae.TransitFlow:
		return string(haetae.VPCFlow)
	}
	return string(log)
}

// chained takes up from whom the sessions of earlier events came.
func (e *Engine) chained(event string, chain []string) {
	for i := range e.waiting {
		if w := &e.waiting[i]; w.Signal.Event == event {
			w.Signal.Entities = append(w.Signal.Entities[:w.Self:w.Self], chain...)
		}
	}
	if f, ok := e.who.get(event); ok {
		f.Actor.Chain = chain
		e.who.put(event, f)
	}
	e.group.chained(event, chain)
}

// release gives the signals that waited long enough to the sequences.
func (e *Engine) release(before time.Time, all bool) {
	if len(e.waiting) == 0 {
		return
	}
	kept := e.waiting[:0]
	for _, w := range e.waiting {
		if all || w.Signal.Time.Before(before) {
			e.join(w.Signal)
		} else {
			kept = append(kept, w)
		}
	}
	e.waiting = kept
}

func (e *Engine) join(s sequence.Signal) { e.found(e.sequencer.Observe(s)) }

// found keeps what sequences say.
func (e *Engine) found(list []sequence.Found) {
	for _, x := range list {
		rule := e.sequences[x.Sequence.ID]
		for _, old := range x.Replaces {
			e.alerts[old] = &Finding{ID: old, Rule: rule, Kind: BySequence, Withdrawn: true}
		}
		f := &Finding{ID: x.ID, Kind: BySequence, Rule: rule, Severity: x.Severity, Sequence: &x, Targets: x.Targets, First: x.First, Last: x.Last, Late: x.Late, Replaces: x.Replaces}
		if len(x.Entities) > 0 {
			f.Actor = actorOf(x.Entities[0])
			f.Account = f.Actor.Account
		}
		seen := map[string]bool{}
		for _, s := range x.Signals {
			for _, id := range append([]string{s.Event}, s.Events...) {
				if !seen[id] {
					seen[id] = true
					f.Events = append(f.Events, id)
				}
			}
		}
		e.alerts[f.ID] = f
	}
}

// actorOf is what an entity says of itself.
func actorOf(entity string) haetae.Actor {
	a := haetae.Actor{ID: entity, Name: entity}
	parts := strings.SplitN(entity, ":", 6)
	switch {
	case len(parts) == 6 && parts[0] == "arn":
		a.ARN, a.Account = entity, parts[4]
		kind, rest, _ := strings.Cut(parts[5], "/")
		a.Name = rest[strings.LastIndexByte(rest, '/')+1:]
		switch kind {
		case "root":
			a.Kind = haetae.RootActor
		case "user":
			a.Kind = haetae.UserActor
		case "role":
			a.Kind = haetae.RoleActor
		case "assumed-role":
			a.Kind = haetae.RoleActor
			a.Name, a.Session, _ = strings.Cut(rest, "/")
		}
	case strings.HasPrefix(entity, "AKIA") || strings.HasPrefix(entity, "ASIA"):
		a.AccessKey = entity
	case strings.HasPrefix(entity, "i-"):
		a.Kind = haetae.InstanceActor
	}
	return a
}
