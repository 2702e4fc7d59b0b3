package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func newCorrelator(t *testing.T, correlations string, limits Limits) (*Correlator, Rules) {
	t.Helper()
	w := world(t, correlations)
	c, err := NewCorrelator(w.Correlations, w.Rules, limits)
	if err != nil {
		t.Fatal(err)
	}
	return c, w
}

func hitOf(rule, id string, second int, more ...string) happening {
	h := happening{id: id, second: second, fields: map[string]string{rule: "1"}}
	for i := 0; i+1 < len(more); i += 2 {
		h.fields[more[i]] = more[i+1]
	}
	return h
}

const three = "type: event_count\nrules: [a]\ngroup-by: [g]\ntimespan: 60s\ncondition: {gte: 3}"

func TestAnAlertIsSaidAtOnceAndAgainWhenItsRunIsOver(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{Lateness: 10 * time.Second})
	var said []Alert
	for i := range 6 {
		said = append(said, c.Observe(hitOf("a", fmt.Sprint("e", i), i, "g", "x").observation(w.Rules))...)
	}
	if len(said) != 1 || !slices.Equal(said[0].Events, []string{"e0", "e1", "e2"}) || said[0].Start.Unix() != 1002 || said[0].Late {
		t.Fatalf("%+v", said)
	}
	if got := said[0].Group; len(got) != 1 || got[0] != (Group{"g", "x"}) {
		t.Errorf("group %v", got)
	}
	over := c.Advance("", time.Unix(1100, 0))
	if len(over) != 1 || over[0].ID != said[0].ID || len(over[0].Events) != 6 || over[0].Last.Unix() != 1005 {
		t.Errorf("%+v", over)
	}
	if again := c.Flush(); len(again) != 0 {
		t.Errorf("said again: %+v", again)
	}
}

func TestTheWindowSlidesAndHoldsBothEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times []int
		want  int
	}{
		{"three within a timespan over a boundary of minutes", []int{50, 70, 90}, 1},
		{"exactly a timespan apart", []int{0, 30, 60}, 1},
		{"a second more", []int{0, 30, 61}, 0},
		{"two runs", []int{0, 1, 2, 200, 201, 202}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, w := newCorrelator(t, correlation("k", three), Limits{})
			n := 0
			for i, s := range tt.times {
				n += len(c.Observe(hitOf("a", fmt.Sprint(i), s, "g", "x").observation(w.Rules)))
			}
			if n != tt.want {
				t.Errorf("%d alerts, want %d", n, tt.want)
			}
		})
	}
}

func TestALateEventIsTakenAndMarked(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{Lateness: 10 * time.Second, Late: time.Hour})
	c.Observe(hitOf("a", "1", 0, "g", "x").observation(w.Rules))
	c.Observe(hitOf("a", "2", 5, "g", "x").observation(w.Rules))
	c.Observe(hitOf("b", "far", 1800).observation(w.Rules))
	got := c.Observe(hitOf("a", "3", 7, "g", "x").observation(w.Rules))
	if len(got) != 1 || !got[0].Late || len(got[0].Events) != 3 {
		t.Errorf("%+v", got)
	}
	// A second one changes what was said and is over, so it is said at once.
	got = c.Observe(hitOf("a", "0", 6, "g", "x").observation(w.Rules))
	if len(got) != 1 || len(got[0].Replaces) != 1 || len(got[0].Events) != 4 {
		t.Errorf("%+v", got)
	}
}

func TestAnEventThatIsTooLateIsCounted(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{Lateness: 10 * time.Second, Late: time.Minute})
	c.Observe(hitOf("b", "far", 1800).observation(w.Rules))
	c.Observe(hitOf("a", "1", 0, "g", "x").observation(w.Rules))
	if n := c.Stats()["k"].TooLate; n != 1 {
		t.Errorf("%d too late", n)
	}
}

func TestALateEventWithdrawsWhatItMakesUntrue(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", "type: temporal\nrules: [a, b, c]\ntimespan: 60s\ncondition: a and b and not c"), Limits{Lateness: 10 * time.Second})
	if early := slices.Concat(c.Observe(hitOf("a", "1", 0).observation(w.Rules)), c.Observe(hitOf("b", "2", 5).observation(w.Rules))); len(early) != 0 {
		t.Fatalf("said before nothing on time could undo it: %+v", early)
	}
	said := c.Advance("", time.Unix(1030, 0))
	if len(said) != 1 {
		t.Fatalf("%+v", said)
	}
	gone := c.Observe(hitOf("c", "3", 2).observation(w.Rules))
	if len(gone) != 1 || !gone[0].Withdrawn || gone[0].ID != said[0].ID || !gone[0].Late {
		t.Errorf("%+v", gone)
	}
}

func TestTheSlowestPartitionHoldsTheWatermark(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", "type: event_count\nrules: [a]\ntimespan: 60s\ncondition: {eq: 1}"), Limits{Lateness: 10 * time.Second})
	slow := hitOf("b", "s", 0)
	slow.part = "slow"
	c.Observe(slow.observation(w.Rules))
	fast := hitOf("a", "f", 5)
	fast.part = "fast"
	if got := c.Observe(fast.observation(w.Rules)); len(got) != 0 {
		t.Fatal(got)
	}
	fast = hitOf("b", "g", 500)
	fast.part = "fast"
	if got := c.Observe(fast.observation(w.Rules)); len(got) != 0 {
		t.Fatalf("the slow partition may still send: %v", got)
	}
	if got := c.Advance("slow", time.Unix(1500, 0)); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestMemoryIsBoundedAndWhatGoesIsReported(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{Groups: 10, Hits: 5})
	for i := range 100 {
		c.Observe(hitOf("a", fmt.Sprint(i), i, "g", fmt.Sprint("g", i)).observation(w.Rules))
	}
	if s := c.Stats()["k"]; s.EvictedGroups != 90 {
		t.Errorf("%+v", s)
	}
	var last []Alert
	for i := range 20 {
		c.Observe(hitOf("a", fmt.Sprint("h", i), 100+i, "g", "one").observation(w.Rules))
	}
	if s := c.Stats()["k"]; s.EvictedHits != 15 {
		t.Errorf("%+v", s)
	}
	last = c.Flush()
	if len(last) != 1 || len(last[0].Events)+last[0].Cut != 20 || last[0].Cut != 15 {
		t.Errorf("%+v", last)
	}
}

func TestTheHitsOfAllGroupsAreBounded(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{Total: 50})
	for i := range 200 {
		c.Observe(hitOf("a", fmt.Sprint(i), i, "g", fmt.Sprint("g", i/2)).observation(w.Rules))
		total := 0
		for _, g := range c.nodes[0].group {
			total += len(g.hits)
		}
		if total > 50 || total != c.nodes[0].held {
			t.Fatalf("%d hits are remembered, %d counted", total, c.nodes[0].held)
		}
	}
	if s := c.Stats()["k"]; s.EvictedGroups < 70 {
		t.Errorf("%+v", s)
	}
}

func TestAnAlertSaysThatEventsOfAForgottenGroupAreMissing(t *testing.T) {
	c, w := newCorrelator(t, correlation("many", "type: event_count\nrules: [a]\ngroup-by: [g]\ntimespan: 60s\ncondition: {gte: 2}")+
		correlation("outer", "type: temporal\nrules: [many, b]\ntimespan: 60s"), Limits{Groups: 2})
	for i := range 8 { // the groups of the first are forgotten, the moment at which it held is not
		c.Observe(hitOf("a", fmt.Sprint(i), i, "g", fmt.Sprint("g", i/2)).observation(w.Rules))
	}
	got := c.Observe(hitOf("b", "b", 9).observation(w.Rules))
	if len(got) != 1 || got[0].Cut != 2 || !slices.Equal(got[0].Events, []string{"4", "5", "6", "7", "b"}) {
		t.Errorf("%+v", got)
	}
}

func TestAMomentThatCarriesLessIsTakenOutOfItsGroups(t *testing.T) {
	c, w := newCorrelator(t, correlation("one", "type: event_count\nrules: [a]\ngroup-by: [v]\ntimespan: 5s\ncondition: {eq: 1}")+
		correlation("outer", "type: temporal\nrules: [one]\ntimespan: 5s")+
		correlation("top", "type: event_count\nrules: [outer]\ngroup-by: [g]\ntimespan: 5s\ncondition: {gte: 1}"), Limits{})
	m := told{}
	m.hear(c.Observe(hitOf("a", "1", 0, "v", "1", "g", "x").observation(w.Rules)))
	m.hear(c.Observe(hitOf("a", "2", 0, "v", "2", "g", "y").observation(w.Rules)))
	m.hear(c.Flush())
	if len(m) != 2 {
		t.Fatalf("%v", m)
	}
	m.hear(c.Observe(hitOf("a", "3", 0, "v", "1", "g", "z").observation(w.Rules)))
	m.hear(c.Flush())
	if got := m.sorted(); len(got) != 1 || !strings.Contains(got[0], "[{g y}]") {
		t.Errorf("%v", got)
	}
}

func TestAStateThatIsTakenUpKnowsHowFarItWas(t *testing.T) {
	text := correlation("k", "type: event_count\nrules: [a]\ntimespan: 60s\ncondition: {eq: 1}")
	c, w := newCorrelator(t, text, Limits{})
	h := hitOf("a", "1", 0)
	h.part = "p"
	c.Observe(h.observation(w.Rules))
	data, err := c.Export()
	if err != nil {
		t.Fatal(err)
	}
	c, _ = newCorrelator(t, text, Limits{})
	if lost, err := c.Import(data); err != nil || len(lost) > 0 {
		t.Fatal(lost, err)
	}
	if got := c.Advance("p", time.Unix(10_000, 0)); len(got) != 1 || got[0].Events[0] != "1" {
		t.Errorf("%+v", got)
	}
}

func TestALongRunKeepsItsBeginningWhenEventsComeOutOfOrder(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{Lateness: 20 * time.Second, Late: 30 * time.Second})
	m := told{}
	var last Alert
	for i := range 500 {
		for _, a := range c.Observe(hitOf("a", fmt.Sprint(i^1), 10*(i^1), "g", "x").observation(w.Rules)) {
			m.hear([]Alert{a})
			last = a
		}
	}
	for _, a := range c.Flush() {
		m.hear([]Alert{a})
		last = a
	}
	if len(m) != 1 || len(last.Events) != 500 || last.Start.Unix() != 1020 {
		t.Errorf("%d alerts, the last with %d events from %v", len(m), len(last.Events), last.Start.Unix())
	}
}

func TestFieldsThatAreNeeded(t *testing.T) {
	c, _ := newCorrelator(t, correlation("k", "type: value_count\nrules: [a, b]\ngroup-by: [w, g]\naliases: {w: {a: x, b: y}}\ntimespan: 5s\ncondition: {field: v, gte: 2}")+
		correlation("l", "type: temporal\nrules: [k, c]\ngroup-by: [z]\ntimespan: 5s"), Limits{})
	if got := c.Fields(); !slices.Equal(got, []string{"g", "v", "x", "y", "z"}) {
		t.Errorf("correlations need %v", got)
	}
	m := detect(t, "s:\n  a.b: x\n  c|fieldref: d\nwords: [evil]\ncondition: s or words", Options{})
	if got := m.Fields(); !slices.Equal(got, []string{"a.b", "c", "d"}) {
		t.Errorf("the rule needs %v", got)
	}
	p, err := ParsePattern([]byte(`{"source":["x"],"detail":{"$or":[{"a":["1"]},{"b":{"c":[2]}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err = Compile(&Rule{Pattern: p}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Fields(); !slices.Equal(got, []string{"detail.a", "detail.b.c", "source"}) {
		t.Errorf("the pattern needs %v", got)
	}
}

func TestStateIsTakenAfterARuleMovedInItsFile(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{})
	c.Observe(hitOf("a", "1", 0, "g", "x").observation(w.Rules))
	data, err := c.Export()
	if err != nil {
		t.Fatal(err)
	}
	moved, err := Parse("other.yml", []byte("# a comment\n\n"+correlation("k", three)+"title: rule a\nname: a\n\nlogsource: {product: aws}\ndetection:\n\n  s:\n    a|exists: true\n  condition: s\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c, err = NewCorrelator(moved.Correlations, moved.Rules, Limits{}); err != nil {
		t.Fatal(err)
	}
	if lost, err := c.Import(data); err != nil || len(lost) > 0 {
		t.Error(lost, err)
	}
}

func TestWhatIsOldIsForgottenButALongRunKeepsItsEvents(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three), Limits{Lateness: time.Second, Late: 30 * time.Second})
	var said []Alert
	for i := range 500 {
		said = append(said, c.Observe(hitOf("a", fmt.Sprint(i), 10*i, "g", "x").observation(w.Rules))...)
	}
	g := c.nodes[0].group[joined([]string{"x"})]
	if len(g.hits) > 50 || len(g.moments) > 50 {
		t.Errorf("%d hits and %d moments are remembered", len(g.hits), len(g.moments))
	}
	said = append(said, c.Flush()...)
	if len(said) != 2 || said[1].ID != said[0].ID || len(said[1].Events) != 500 || said[1].First.Unix() != 1000 {
		t.Errorf("%d alerts, the last with %d events from %v", len(said), len(said[len(said)-1].Events), said[len(said)-1].First)
	}
	c.Advance("", time.Unix(1_000_000, 0))
	if len(c.nodes[0].group) != 0 || len(c.queue) != 0 {
		t.Errorf("%d groups and %d entries are left", len(c.nodes[0].group), len(c.queue))
	}
}

func TestWhatHasNoGroupOrNoNumberIsCounted(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", "type: value_sum\nrules: [a]\ngroup-by: [g]\ntimespan: 60s\ncondition: {field: v, gte: 1}"), Limits{})
	c.Observe(hitOf("a", "1", 0, "v", "5").observation(w.Rules))
	c.Observe(hitOf("a", "2", 0, "g", "x").observation(w.Rules))
	c.Observe(hitOf("a", "3", 0, "g", "x", "v", "many").observation(w.Rules))
	if s := c.Stats()["k"]; s.Ungrouped != 1 || s.NoValue != 1 || s.NotNumeric != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRulesOfACorrelationStandAloneOnlyWithGenerate(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", "type: temporal\nrules: [a]\ntimespan: 5s")+strings.Replace(correlation("l", "type: temporal\nrules: [b]\ntimespan: 5s"), "name: l", "name: l\ngenerate: true", 1), Limits{})
	for i, want := range []bool{false, true, true} {
		if got := c.Alone(w.Rules[i]); got != want {
			t.Errorf("%s: %v", w.Rules[i].Name, got)
		}
	}
	if c.Needs(w.Rules[2]) || !c.Needs(w.Rules[0]) {
		t.Error("Needs")
	}
}

func TestStateOfACorrelationThatChangedIsNotTaken(t *testing.T) {
	c, w := newCorrelator(t, correlation("k", three)+correlation("l", three), Limits{})
	c.Observe(hitOf("a", "1", 0, "g", "x").observation(w.Rules))
	data, err := c.Export()
	if err != nil {
		t.Fatal(err)
	}
	c, w = newCorrelator(t, correlation("k", strings.Replace(three, "3", "2", 1))+correlation("l", three), Limits{})
	lost, err := c.Import(data)
	if err != nil || !slices.Equal(lost, []string{"k"}) {
		t.Fatal(lost, err)
	}
	got := c.Observe(hitOf("a", "2", 1, "g", "x").observation(w.Rules))
	got = append(got, c.Observe(hitOf("a", "3", 2, "g", "x").observation(w.Rules))...)
	if len(got) != 2 || got[0].Correlation.Name != "l" && got[1].Correlation.Name != "l" {
		t.Errorf("%+v", got)
	}
	for _, a := range got {
		if want := map[string]int{"k": 2, "l": 3}[a.Correlation.Name]; len(a.Events) != want {
			t.Errorf("%s has %v", a.Correlation.Name, a.Events)
		}
	}
	if _, err := c.Import([]byte("{")); err == nil {
		t.Error("broken state was taken")
	}
}
