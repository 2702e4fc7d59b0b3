package iam

import (
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// elementsOf are the elements of a statement.
func (d *comparer) elementsOf(st *policy.Statement) []*element {
	if known, ok := d.parts[st]; ok {
		return known
	}
	var out []*element
	add := func(e element, key ...string) {
		text := e.variable + "\x00" + strings.Join(key, "\x00")
		known, ok := d.elements[text]
		if !ok {
			e.id = len(d.elements)
			known = &e
			d.elements[text] = known
		}
		if !slices.Contains(out, known) {
			out = append(out, known)
		}
	}
	var texts []string
	for i := range st.Actions.List {
		texts = append(texts, st.Actions.List[i].Text)
	}
	sort.Strings(texts)
	add(element{variable: compareAction, actions: st.Actions}, append(texts, fmt.Sprint(st.Actions.Not))...)
	version := st.Document.Version
	if r := st.Resources; r != nil {
		add(element{variable: compareResource, resources: r}, append(templateTexts(r.List), fmt.Sprint(r.Not), version, string(st.Document.Type))...)
	}
	for _, c := range st.Conditions {
		add(element{variable: c.Lower, condition: c}, append(templateTexts(c.Values), operatorName(c.Operator), fmt.Sprint(c.Broken), version)...)
	}
	d.parts[st] = out
	return out
}

// operatorName is the same for operators that are.
func operatorName(op policy.Operator) string {
	op.Written = ""
	return fmt.Sprint(op)
}

func templateTexts(list []*policy.Template) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.Text)
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// actionSet is a set of known actions, by id.
type actionSet []uint64

func newActionSet(n int) actionSet { return make(actionSet, (n+63)/64) }

func (s actionSet) add(id int) { s[id/64] |= 1 << (id % 64) }

// covered are the known actions of an Action element, without regard to Not.
func (d *comparer) covered(e *element) actionSet {
	if set, ok := d.sets[e.id]; ok {
		return set
	}
	c := d.engine.catalogue
	set := newActionSet(c.Len())
	for i := range e.actions.List {
		a := &e.actions.List[i]
		if a.All() {
			for id := range c.Len() {
				set.add(id)
			}
			continue
		}
		from, to := c.Range(a.Service())
		for id := from; id < to; id++ {
			if one, ok := c.ByID(id); ok && a.Match(strings.ToLower(one.Service), one.Name) {
				set.add(id)
			}
		}
	}
	d.sets[e.id] = set
	return set
}

// actions are the known actions for which the literals are true, without those
// that were reported.
func (d *comparer) actions(list []literal) actionSet {
	set := make(actionSet, len(d.reported))
	for i := range set {
		set[i] = ^d.reported[i]
	}
	if extra := d.engine.catalogue.Len() % 64; extra > 0 {
		set[len(set)-1] &= 1<<extra - 1
	}
	for _, l := range list {
		covered := d.covered(l.element)
		for i, word := range covered {
			if l.want != l.actions.Not {
				set[i] &= word
			} else {
				set[i] &^= word
			}
		}
	}
	return set
}

// list gives the actions of a set.
func (d *comparer) list(set actionSet) []*permission.Action {
	var out []*permission.Action
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			if a, ok := d.engine.catalogue.ByID(64*i + bits.TrailingZeros64(word)); ok {
				out = append(out, a)
			}
		}
	}
	return out
}
