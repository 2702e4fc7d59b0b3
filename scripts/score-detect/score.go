package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// finding is what the score reads of a finding of haetae detect.
type finding struct {
	Rule, Kind, Severity string
	Events               []string
	EventsNotNamed       int
	First, Last          time.Time
	Sequence             *struct{ Score json.Number }
}

// score is how a set of logs was judged.
type score struct {
	Name     string  `json:"name"`
	Days     float64 `json:"days"`     // that the logs last; from the first to the last finding where it is not known
	Records  int     `json:"records"`  // without those that came twice
	Labelled int     `json:"labelled"` // records of the attack
	Caught   int     `json:"caught"`   // of them, those that a finding carries
	Recall   float64 `json:"recall"`   // the share of them; 0 where none is labelled
	// StepsSeen of all Steps of the attack have a record that a finding carries.
	StepsSeen int    `json:"stepsSeen"`
	Steps     []step `json:"steps"`
	// Alerting are other records that a finding carries, by the least severity, and
	// Shares what part of the other records that is.
	Alerting map[string]int     `json:"alerting"`
	Shares   map[string]float64 `json:"shares"`
	// FalseDaily are findings without a labelled record, a day, by the least severity.
	FalseDaily map[string]float64 `json:"falseDaily"`
	Decoys     []decoy            `json:"decoys"` // what looks bad and is not
	Rules      []ruleScore        `json:"rules"`
	Sequences  []chain            `json:"sequences"`
	Delay      string             `json:"delay"`    // from the first labelled record to the first finding of medium and above that carries one
	NotNamed   int                `json:"notNamed"` // records that findings carry and do not name: what is said of records is a lower bound then
}

// step is a part of an attack, where labels name them.
type step struct {
	Case    string   `json:"case"`
	Step    string   `json:"step"`
	Records int      `json:"records"`
	Caught  int      `json:"caught"`
	Rules   []string `json:"rules"`
}

// decoy is a reason why records look bad and are not.
type decoy struct {
	Why      string         `json:"why"`
	Records  int            `json:"records"`
	Alerting map[string]int `json:"alerting"` // by the least severity
}

type ruleScore struct {
	Rule     string `json:"rule"`
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	Findings int    `json:"findings"`
	Events   int    `json:"events"` // records that they carry, each once
	Right    int    `json:"right"`  // findings with a labelled record
	Attack   int    `json:"attack"` // labelled records, each once
	Other    int    `json:"other"`  // other records, each once
	// Delay is from the first labelled record to the first finding with one: when its
	// record happened, or by when what it counts was there.
	Delay string `json:"delay"`
}

// chain is an attack sequence that was found.
type chain struct {
	Rule     string      `json:"rule"`
	Severity string      `json:"severity"`
	Score    json.Number `json:"score"`
	Attack   int         `json:"attack"` // labelled records
	Other    int         `json:"other"`
}

// label is why a record is one of an attack, or looks so.
type label struct {
	name, step string
	at         time.Time
}

func severities() []string { return []string{"informational", "low", "medium", "high", "critical"} }

// medium is the place of the severity from which a finding wakes somebody.
const medium = 2

// tally is what is counted of a rule.
type tally struct {
	score         ruleScore
	attack, other map[string]bool
	first         time.Time
}

// weigh holds findings against labels.
func (s *score) weigh(findings []finding, labels, decoys map[string]label) {
	s.Labelled = len(labels)
	s.Steps, s.Decoys, s.Rules, s.Sequences = []step{}, []decoy{}, []ruleScore{}, []chain{}
	began := beginning(labels)
	rules := map[string]*tally{}
	by := map[string]map[string]bool{} // labelled record → rules
	worst := map[string]int{}          // other record → severity
	wrong := make([]int, len(severities()))
	var told, first, last time.Time
	for _, f := range findings {
		severity := max(slices.Index(severities(), strings.ToLower(f.Severity)), 0)
		r := rules[f.Rule]
		if r == nil {
			r = &tally{score: ruleScore{Rule: f.Rule, Kind: f.Kind, Severity: severities()[severity]}, attack: map[string]bool{}, other: map[string]bool{}}
			rules[f.Rule] = r
		}
		r.score.Findings++
		s.NotNamed += f.EventsNotNamed
		c := chain{Rule: f.Rule, Severity: severities()[severity]}
		for _, id := range f.Events {
			if _, ok := labels[id]; !ok {
				c.Other++
				r.other[id] = true
				worst[id] = max(worst[id], severity)
				continue
			}
			c.Attack++
			r.attack[id] = true
			if by[id] == nil {
				by[id] = map[string]bool{}
			}
			by[id][f.Rule] = true
		}
		if f.Sequence != nil {
			c.Score = f.Sequence.Score
			s.Sequences = append(s.Sequences, c)
		}
		first, last = earlier(first, f.First), later(last, f.Last)
		if c.Attack == 0 {
			for i := range severity + 1 {
				wrong[i]++
			}
			continue
		}
		r.score.Right++
		at := f.First
		if f.Kind == "window" || f.Kind == "sequence" {
			at = f.Last
		}
		r.first = earlier(r.first, at)
		if severity >= medium {
			told = earlier(told, at)
		}
	}
	if s.Days == 0 {
		s.Days = last.Sub(first).Hours() / 24
	}
	s.Caught = len(by)
	if s.Labelled > 0 {
		s.Recall = float64(s.Caught) / float64(s.Labelled)
	}
	s.Delay = delay(began, told)
	s.Alerting, s.Shares, s.FalseDaily = atLeast(worst), map[string]float64{}, map[string]float64{}
	for i, name := range severities() {
		if n := s.Records - s.Labelled; n > 0 {
			s.Shares[name] = float64(s.Alerting[name]) / float64(n)
		}
		if s.Days > 0 {
			s.FalseDaily[name] = float64(wrong[i]) / s.Days
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		r := rules[name]
		r.score.Attack, r.score.Other = len(r.attack), len(r.other)
		r.score.Events, r.score.Delay = len(r.attack)+len(r.other), delay(began, r.first)
		s.Rules = append(s.Rules, r.score)
	}
	s.steps(labels, by)
	s.decoys(decoys, worst)
}

// attacked are the sequences that carry a labelled record.
func (s *score) attacked() []chain {
	return slices.DeleteFunc(slices.Clone(s.Sequences), func(c chain) bool { return c.Attack == 0 })
}

// atLeast counts records by the least severity of what carries them.
func atLeast(worst map[string]int) map[string]int {
	out := map[string]int{}
	for _, name := range severities() {
		out[name] = 0
	}
	for _, w := range worst {
		for i := range w + 1 {
			out[severities()[i]]++
		}
	}
	return out
}

func beginning(labels map[string]label) (t time.Time) {
	for _, l := range labels {
		t = earlier(t, l.at)
	}
	return t
}

// earlier is the earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// delay is a time between two instants; "" when one of them is none.
func delay(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return to.Sub(from).Round(time.Second).String()
}

// steps says of each step of an attack which rules saw it, in the order in which they began.
func (s *score) steps(labels map[string]label, by map[string]map[string]bool) {
	type key struct{ name, step string }
	steps, seen, when := map[key]*step{}, map[key]map[string]bool{}, map[key]time.Time{}
	for id, l := range labels {
		if l.step == "" {
			continue
		}
		k := key{l.name, l.step}
		if steps[k] == nil {
			steps[k], seen[k] = &step{Case: l.name, Step: l.step}, map[string]bool{}
		}
		when[k] = earlier(when[k], l.at)
		steps[k].Records++
		if by[id] != nil {
			steps[k].Caught++
			maps.Copy(seen[k], by[id])
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(steps), func(a, b key) int {
		if c := when[a].Compare(when[b]); c != 0 {
			return c
		}
		return strings.Compare(a.step, b.step)
	}) {
		steps[k].Rules = slices.Sorted(maps.Keys(seen[k]))
		s.Steps = append(s.Steps, *steps[k])
		if steps[k].Caught > 0 {
			s.StepsSeen++
		}
	}
}

// decoys says how much of what only looks bad alerts.
func (s *score) decoys(decoys map[string]label, worst map[string]int) {
	alerting, records := map[string]map[string]int{}, map[string]int{}
	for id, l := range decoys {
		records[l.step]++
		if w, ok := worst[id]; ok {
			if alerting[l.step] == nil {
				alerting[l.step] = map[string]int{}
			}
			alerting[l.step][id] = w
		}
	}
	for _, why := range slices.Sorted(maps.Keys(records)) {
		s.Decoys = append(s.Decoys, decoy{Why: why, Records: records[why], Alerting: atLeast(alerting[why])})
	}
}
