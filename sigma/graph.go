package sigma

import (
	"container/list"
	"errors"
	"fmt"
	"math"
	"slices"
)

// NewCorrelator builds the graph of correlations over the rules that they refer
// to by id or name. Correlations that are refused are left out, with those that
// refer to them, and named in the error.
func NewCorrelator(correlations []*Correlation, rules []*Rule, limits Limits) (*Correlator, error) {
	c := &Correlator{limits: limits.orDefault(), byRule: map[*Rule][]edge{}, partitions: map[string]int64{}, watermark: math.MinInt64}
	b := graphBuilder{c: c, rules: map[string][]*Rule{}, byKey: map[string][]*Correlation{}, done: map[*Correlation]*node{}}
	for _, r := range rules {
		b.rules[r.ID] = append(b.rules[r.ID], r)
		if r.Name != r.ID {
			b.rules[r.Name] = append(b.rules[r.Name], r)
		}
	}
	for _, k := range correlations {
		b.byKey[k.ID] = append(b.byKey[k.ID], k)
		if k.Name != k.ID {
			b.byKey[k.Name] = append(b.byKey[k.Name], k)
		}
	}
	seen := map[string]bool{}
	for _, k := range correlations {
		if seen[k.Key()] {
			b.errs = append(b.errs, refused(k, "another correlation has the same id"))
			continue
		}
		seen[k.Key()] = true
		b.build(k, nil)
	}
	for i := len(c.nodes) - 1; i >= 0; i-- { // those above come after those below
		c.nodes[i].settle()
	}
	return c, errors.Join(b.errs...)
}

func refused(k *Correlation, format string, args ...any) *Error {
	return &Error{File: k.File, Line: k.Line, Rule: k.Title, Text: fmt.Sprintf(format, args...)}
}

// lower is what a correlation refers to: a rule or another correlation.
type lower struct {
	rule *Rule
	node *node
}

func (l lower) named(name string) bool {
	if l.rule != nil {
		return l.rule.ID == name || l.rule.Name == name
	}
	return l.node.c.ID == name || l.node.c.Name == name
}

type graphBuilder struct {
	c     *Correlator
	rules map[string][]*Rule
	byKey map[string][]*Correlation
	done  map[*Correlation]*node // nil when it was refused
	errs  []error
}

func (b *graphBuilder) build(k *Correlation, path []*Correlation) *node {
	if n, ok := b.done[k]; ok {
		return n
	}
	if slices.Contains(path, k) {
		b.errs = append(b.errs, refused(k, "it refers to itself"))
		return nil
	}
	n := &node{c: k, span: int64(k.Timespan), monotone: monotone(k), group: map[string]*group{},
		order: list.New(), places: map[string]*list.Element{}, chained: map[string][]*group{}, alone: true, swept: math.MinInt64}
	fail := func(format string, args ...any) *node {
		b.errs = append(b.errs, refused(k, format, args...))
		b.done[k] = nil
		return nil
	}
	for _, bound := range k.Condition.Bounds {
		if counts := k.Type == "event_count" || k.Type == "value_count"; counts && bound.Value > float64(b.c.limits.Hits) {
			return fail("its condition counts to %v, and no more than %d events of a group are remembered", bound.Value, b.c.limits.Hits)
		}
	}
	refs := map[lower]uint64{}
	names := map[lower]string{}
	var order []lower
	for i, name := range k.Rules {
		rules, inner := b.rules[name], b.byKey[name]
		if name == "" || len(rules)+len(inner) == 0 {
			return fail("rule %q is not there", name)
		}
		if len(rules)+len(inner) > 1 {
			return fail("%q is the name of more than one rule", name)
		}
		var at lower
		if len(rules) == 1 {
			at.rule = rules[0]
		} else {
			at.node = b.build(inner[0], append(path[:len(path):len(path)], k))
			if at.node == nil {
				return fail("%q, which it refers to, was refused", name)
			}
			n.monotone = n.monotone && at.node.monotone
		}
		if refs[at] == 0 {
			order = append(order, at)
		}
		refs[at] |= 1 << i
		names[at] = name
	}
	for alias, fields := range k.Aliases {
		for name := range fields {
			if !slices.ContainsFunc(order, func(at lower) bool { return at.named(name) }) {
				return fail("alias %q speaks of %q, which is not among its rules", alias, name)
			}
		}
	}
	resolve := func(at lower, name string) (string, error) {
		fields, ok := k.Aliases[name]
		if !ok {
			return name, nil
		}
		for rule, f := range fields {
			if at.named(rule) {
				return f, nil
			}
		}
		return "", fmt.Errorf("alias %q has no field for %q", name, names[at])
	}
	var edges []edge
	for _, at := range order {
		e := edge{to: n, refs: refs[at]}
		for _, list := range []struct {
			from []string
			to   *[]string
		}{{k.GroupBy, &e.groups}, {k.Condition.Fields, &e.values}} {
			for _, name := range list.from {
				f, err := resolve(at, name)
				if err != nil {
					return fail("%v", err)
				}
				*list.to = append(*list.to, f)
			}
		}
		edges = append(edges, e)
	}
	for i, at := range order {
		if at.rule != nil {
			b.c.byRule[at.rule] = append(b.c.byRule[at.rule], edges[i])
		} else {
			at.node.parents = append(at.node.parents, edges[i])
			if !k.Generate {
				at.node.alone = false
			}
		}
	}
	b.done[k] = n
	b.c.nodes = append(b.c.nodes, n)
	return n
}

// monotone reports whether more events can only make a correlation true.
func monotone(k *Correlation) bool {
	switch k.Type {
	case "event_count", "value_count", "temporal", "temporal_ordered":
	default:
		return false
	}
	for _, b := range k.Condition.Bounds {
		if b.Op != "gt" && b.Op != "gte" {
			return false
		}
	}
	return !k.Condition.expr.negates()
}

// settle finds out what the correlations above, which are settled already, need
// of this one.
func (n *node) settle() {
	need := func(f string) {
		if !slices.Contains(n.c.GroupBy, f) && !slices.Contains(n.carry, f) {
			n.carry = append(n.carry, f)
		}
	}
	for _, e := range n.parents {
		n.keep = max(n.keep, e.to.span+e.to.keep)
		for _, f := range slices.Concat(e.groups, e.values, e.to.carry) {
			need(f)
		}
	}
}
