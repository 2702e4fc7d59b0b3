package sigma

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// world is rules a, b and c, each matching events that have the field of its
// name, and the correlations of a test.
func world(t testing.TB, correlations string) Rules {
	t.Helper()
	var b strings.Builder
	for _, n := range []string{"a", "b", "c"} {
		fmt.Fprintf(&b, "title: rule %s\nname: %s\nlogsource: {product: aws}\ndetection:\n  s:\n    %s|exists: true\n  condition: s\n---\n", n, n, n)
	}
	r, err := Parse("world.yml", []byte(b.String()+correlations))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func correlation(name, body string) string {
	return "title: " + name + "\nname: " + name + "\ncorrelation:\n" + indent(body) + "---\n"
}

// happening is an event of a small stream, in whole seconds.
type happening struct {
	id     string
	second int
	fields map[string]string // a, b, c say which rules match
	part   string
}

func (h happening) observation(rules []*Rule) Observation {
	obj := map[string]any{}
	for k, v := range h.fields {
		obj[k] = v
	}
	o := Observation{Event: JSONEvent(obj), ID: h.id, Time: time.Unix(int64(1000+h.second), 0), Partition: h.part}
	for _, r := range rules {
		if _, ok := h.fields[r.Name]; ok {
			o.Rules = append(o.Rules, r)
		}
	}
	return o
}

// told is what a reader of alerts believes in the end, as text.
type told map[string]string

func (m told) hear(alerts []Alert) {
	for _, a := range alerts {
		for _, id := range a.Replaces {
			delete(m, id)
		}
		if a.Withdrawn {
			delete(m, a.ID)
			continue
		}
		slices.Sort(a.Events)
		m[a.ID] = fmt.Sprintf("%s %v start %d first %d last %d value %.6g %v", a.Correlation.Key(), a.Group, a.Start.Unix()-1000, a.First.Unix()-1000, a.Last.Unix()-1000, a.Value, a.Events)
	}
}

func (m told) sorted() []string {
	return slices.Sorted(maps.Values(m))
}

// naive is a hit as the recount by brute force sees it.
type naive struct {
	second int
	ids    []string
	key    string // identity
	rules  map[string]bool
	fields map[string]string
}

// recount evaluates a correlation over a whole stream, without any of the
// engine's state, and returns its alerts and the moments at which it held.
func recount(all Rules, k *Correlation, stream []happening) ([]string, []naive) {
	groups := map[string][]naive{}
	put := func(n naive, rule string) {
		var key []string
		fields := map[string]string{}
		for _, g := range slices.Concat(k.GroupBy, k.Condition.Fields) {
			f := g
			if alias, ok := k.Aliases[g]; ok {
				f = alias[rule]
			}
			v, ok := n.fields[f]
			if !ok {
				return
			}
			fields[g] = v
			if len(key) < len(k.GroupBy) {
				key = append(key, fmt.Sprintf("{%s %s}", g, v))
			}
		}
		id := "[" + strings.Join(key, " ") + "]"
		for i, old := range groups[id] {
			if old.key == n.key {
				groups[id][i].rules[rule] = true
				return
			}
		}
		m := n
		m.rules = map[string]bool{rule: true}
		m.fields = maps.Clone(n.fields)
		maps.Copy(m.fields, fields)
		groups[id] = append(groups[id], m)
	}
	for _, name := range k.Rules {
		i := slices.IndexFunc(all.Correlations, func(c *Correlation) bool { return c.Name == name })
		if i >= 0 {
			_, moments := recount(all, all.Correlations[i], stream)
			for _, m := range moments {
				put(m, name)
			}
			continue
		}
		seen := map[string]bool{}
		for _, h := range stream {
			if _, ok := h.fields[name]; ok && !seen[h.id] {
				seen[h.id] = true
				put(naive{second: h.second, ids: []string{h.id}, key: h.id, fields: h.fields}, name)
			}
		}
	}
	span := int(k.Timespan / time.Second)
	var alerts []string
	var moments []naive
	for id, hits := range groups {
		var times []int
		for _, h := range hits {
			if !slices.Contains(times, h.second) {
				times = append(times, h.second)
			}
		}
		sort.Ints(times)
		type state struct {
			start, end int
			value      float64
		}
		var runs []state
		open := false
		for _, at := range times {
			var w, last []naive
			for _, h := range hits {
				if h.second <= at && h.second >= at-span {
					w = append(w, h)
				}
				if h.second == at {
					last = append(last, h)
				}
			}
			value, holds := bruteMeasure(k, w, last)
			if !holds {
				open = false
				continue
			}
			m := naive{second: at, key: fmt.Sprint(k.Name, id, at), fields: map[string]string{}}
			for _, h := range w {
				m.ids = append(m.ids, h.ids...)
			}
			for _, h := range last {
				maps.Copy(m.fields, h.fields)
			}
			moments = append(moments, m)
			if n := len(runs); open && at-runs[n-1].end <= span {
				runs[n-1].end, runs[n-1].value = at, value
			} else {
				runs = append(runs, state{at, at, value})
			}
			open = true
		}
		for _, r := range runs {
			first := r.end
			events := map[string]bool{}
			for _, h := range hits {
				if h.second >= r.start-span && h.second <= r.end {
					first = min(first, h.second)
					for _, e := range h.ids {
						events[e] = true
					}
				}
			}
			alerts = append(alerts, fmt.Sprintf("%s %s start %d first %d last %d value %.6g %v", k.Name, id, r.start, first, r.end, r.value, slices.Sorted(maps.Keys(events))))
		}
	}
	slices.Sort(alerts)
	return alerts, moments
}

func bruteMeasure(k *Correlation, w, last []naive) (float64, bool) {
	var x float64
	var numbers []float64
	values := map[string]int{}
	if len(k.Condition.Fields) > 0 {
		for _, h := range w {
			v := h.fields[k.Condition.Fields[0]]
			values[v]++
			if isNumber(v) {
				numbers = append(numbers, toFloat(v))
			}
		}
	}
	sort.Float64s(numbers)
	matched := map[string]bool{}
	for _, h := range w {
		for r := range h.rules {
			matched[r] = true
		}
	}
	sum := 0.0
	for _, n := range numbers {
		sum += n
	}
	rank := func(p float64) float64 {
		at := p / 100 * float64(len(numbers)-1)
		i := int(at)
		if i+1 >= len(numbers) {
			return numbers[len(numbers)-1]
		}
		return numbers[i] + (at-float64(i))*(numbers[i+1]-numbers[i])
	}
	switch k.Type {
	case "event_count":
		x = float64(len(w))
	case "value_count":
		x = float64(len(values))
	case "temporal":
		x = float64(len(matched))
		if k.Condition.Expression != "" {
			return x, k.Condition.expr.eval(func(i int) bool { return matched[k.Rules[i]] })
		}
	case "temporal_ordered":
		x = float64(bruteSteps(k.Rules, w, -1, map[string]bool{}))
	case "value_sum":
		x = sum
	case "value_avg":
		x = sum / float64(len(numbers))
	case "value_median":
		x = rank(50)
	case "value_percentile":
		if !k.Condition.HasPercentile {
			best, holds, any := 0.0, false, false
			for _, h := range last {
				s := 100 * float64(values[h.fields[k.Condition.Fields[0]]]) / float64(len(w))
				ok := k.Condition.holds(s)
				if !any || ok && !holds || ok == holds && s < best {
					best, holds, any = s, ok, true
				}
			}
			return best, holds
		}
		x = rank(k.Condition.Percentile)
	}
	if len(k.Condition.Fields) > 0 && k.Type != "value_count" && len(numbers) == 0 {
		return 0, false
	}
	return x, k.Condition.holds(x)
}

// bruteSteps tries each event for each step.
func bruteSteps(rules []string, w []naive, after int, used map[string]bool) int {
	best := 0
	if len(rules) == 0 {
		return 0
	}
	for _, h := range w {
		if h.second < after || used[h.key] || !h.rules[rules[0]] {
			continue
		}
		used[h.key] = true
		best = max(best, 1+bruteSteps(rules[1:], w, h.second, used))
		delete(used, h.key)
	}
	return best
}

// kinds are correlations of every type over rules a, b and c.
var kinds = []string{
	correlation("events", "type: event_count\nrules: [a, b]\ngroup-by: [g]\ntimespan: 4s\ncondition: {gte: 3}"),
	correlation("few", "type: event_count\nrules: [a]\ngroup-by: [g]\ntimespan: 4s\ncondition: {gt: 1, lte: 2}"),
	correlation("exactly", "type: event_count\nrules: [a]\ntimespan: 3s\ncondition: {eq: 2}"),
	correlation("notone", "type: event_count\nrules: [a]\ntimespan: 3s\ncondition: {neq: 1}"),
	correlation("values", "type: value_count\nrules: [a, b]\ngroup-by: [g]\ntimespan: 5s\ncondition: {field: v, gte: 2}"),
	correlation("near", "type: temporal\nrules: [a, b]\ngroup-by: [g]\ntimespan: 3s"),
	correlation("some", "type: temporal\nrules: [a, b, c]\ntimespan: 4s\ncondition: {gte: 2}"),
	correlation("unless", "type: temporal\nrules: [a, b, c]\ntimespan: 4s\ncondition: a and b and not c"),
	correlation("order", "type: temporal_ordered\nrules: [a, b, c]\ntimespan: 6s"),
	correlation("twice", "type: temporal_ordered\nrules: [a, a, b]\ngroup-by: [g]\ntimespan: 6s"),
	correlation("total", "type: value_sum\nrules: [a]\ngroup-by: [g]\ntimespan: 5s\ncondition: {field: v, gt: 4}"),
	correlation("mean", "type: value_avg\nrules: [a, b]\ntimespan: 5s\ncondition: {field: v, gte: 2}"),
	correlation("middle", "type: value_median\nrules: [a, b]\ntimespan: 5s\ncondition: {field: v, lt: 2}"),
	correlation("high", "type: value_percentile\nrules: [a, b]\ntimespan: 5s\ncondition: {field: v, percentile: 75, gte: 2}"),
	correlation("rare", "type: value_percentile\nrules: [a, b]\ntimespan: 5s\ncondition: {field: v, lte: 40}"),
	correlation("aliased", "type: temporal\nrules: [a, b]\ngroup-by: [who]\naliases: {who: {a: g, b: v}}\ntimespan: 5s"),
	correlation("many", "type: event_count\nrules: [a]\ngroup-by: [g]\ntimespan: 4s\ncondition: {gte: 2}") +
		correlation("chain", "type: temporal_ordered\nrules: [many, b]\ngroup-by: [g]\ntimespan: 5s"),
	correlation("one", "type: event_count\nrules: [a]\ngroup-by: [v]\ntimespan: 4s\ncondition: {eq: 1}") +
		correlation("outer", "type: temporal\nrules: [one, b]\ntimespan: 5s") +
		correlation("top", "type: event_count\nrules: [outer]\ntimespan: 6s\ncondition: {gte: 2}"),
}

func randomStream(r *rand.Rand, n int) []happening {
	var out []happening
	for i := range n {
		h := happening{id: fmt.Sprintf("e%d", i), second: r.IntN(14), fields: map[string]string{"g": fmt.Sprint(r.IntN(2)), "v": fmt.Sprint(r.IntN(4))}, part: fmt.Sprint(r.IntN(2))}
		if r.IntN(5) == 0 {
			h.fields["v"] = "1.5"
		}
		for _, name := range []string{"a", "b", "c"} {
			if r.IntN(2) == 0 {
				h.fields[name] = "1"
			}
		}
		if r.IntN(8) == 0 {
			delete(h.fields, "g")
		}
		out = append(out, h)
	}
	return out
}

func permutations(n int, visit func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var walk func(int)
	walk = func(k int) {
		if k == n {
			visit(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			walk(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	walk(0)
}

func expected(all Rules, stream []happening) []string {
	var want []string
	refers := map[string]bool{}
	for _, k := range all.Correlations {
		for _, n := range k.Rules {
			refers[n] = true
		}
	}
	for _, k := range all.Correlations {
		if !refers[k.Name] {
			alerts, _ := recount(all, k, stream)
			want = append(want, alerts...)
		}
	}
	slices.Sort(want)
	return want
}

// replay feeds a stream in an order. Half way it may export the state and go on
// with a correlator that imported it.
func replay(t *testing.T, all Rules, stream []happening, order []int, limits Limits, handOver bool) []string {
	t.Helper()
	c, err := NewCorrelator(all.Correlations, all.Rules, limits)
	if err != nil {
		t.Fatal(err)
	}
	m := told{}
	for i, at := range order {
		if handOver && i == len(order)/2 {
			data, err := c.Export()
			if err != nil {
				t.Fatal(err)
			}
			if c, err = NewCorrelator(all.Correlations, all.Rules, limits); err != nil {
				t.Fatal(err)
			}
			if lost, err := c.Import(data); err != nil || len(lost) > 0 {
				t.Fatal(lost, err)
			}
		}
		m.hear(c.Observe(stream[at].observation(all.Rules)))
		if i%3 == 0 { // the same event again changes nothing
			m.hear(c.Observe(stream[at].observation(all.Rules)))
		}
	}
	m.hear(c.Flush())
	return m.sorted()
}

func TestAStreamInAnyOrderGivesWhatARecountGives(t *testing.T) {
	fired := map[string]int{}
	for i, kind := range kinds {
		all := world(t, kind)
		r := rand.New(rand.NewPCG(7, uint64(i)))
		for round := range 12 {
			stream := randomStream(r, 5)
			want := expected(all, stream)
			for _, a := range want {
				fired[strings.Fields(a)[0]]++
			}
			n := 0
			permutations(len(stream), func(order []int) {
				n++
				limits := Limits{}
				if n%2 == 0 { // many of the events are late
					limits.Lateness = 2 * time.Second
				}
				got := replay(t, all, stream, order, limits, n%5 == 0)
				if !slices.Equal(got, want) && !t.Failed() {
					t.Errorf("%s round %d order %v of %v:\n got %s\nwant %s", kind, round, order, stream, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
				}
			})
		}
		for round := range 60 {
			stream := randomStream(r, 30)
			want := expected(all, stream)
			for _, a := range want {
				fired[strings.Fields(a)[0]]++
			}
			got := replay(t, all, stream, r.Perm(len(stream)), Limits{Lateness: 3 * time.Second}, round%2 == 0)
			if !slices.Equal(got, want) {
				t.Fatalf("%s round %d of %v:\n got %s\nwant %s", kind, round, stream, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
			}
		}
		if t.Failed() {
			return
		}
	}
	for _, name := range []string{"events", "few", "exactly", "notone", "values", "near", "some", "unless", "order", "twice", "total", "mean", "middle", "high", "rare", "aliased", "chain", "top"} {
		if fired[name] < 3 {
			t.Errorf("%s fired %d times: the test shows nothing about it", name, fired[name])
		}
	}
}
