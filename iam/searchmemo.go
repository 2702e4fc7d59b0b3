package iam

import (
	"encoding/binary"
	"strings"
	"sync"

	"github.com/haetae/haetae/policy"
)

// searchMemo remembers what a search over the unknown came to. The search sees of
// a request nothing but the tests that are left open and what is known of their
// variables, and the pairs of a world leave the same few thousand open. Many
// goroutines may use it at once; a nil one remembers nothing.
type searchMemo struct {
	mu sync.RWMutex
	by map[string]Verdict
}

// find is the verdict of an outcome for its scope, searched for once.
func (m *searchMemo) find(o *outcome, s *scope) Verdict {
	if m == nil || !o.allow.Open() && !o.deny.Open() {
		v, _ := o.search(s)
		return v
	}
	w := openTests{scope: s, vars: map[string]bool{}, conditions: map[*policy.Condition]int{}, missing: map[string]int{}}
	if !w.write(o.allow) || !w.write(o.deny) {
		v, _ := o.search(s)
		return v
	}
	w.flag(s.pattern())
	m.mu.RLock()
	v, ok := m.by[string(w.out)]
	m.mu.RUnlock()
	if ok {
		return v
	}
	v, _ = o.search(s)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil || len(m.by) >= maxRemembered {
		m.by = map[string]Verdict{}
	}
	m.by[string(w.out)] = v
	return v
}

// openTests writes down all that a search reads.
type openTests struct {
	scope      *scope
	out        []byte
	vars       map[string]bool
	conditions map[*policy.Condition]int
	missing    map[string]int // facts have numbers: what they are called decides nothing
}

func (w *openTests) text(text string) {
	w.out = binary.AppendUvarint(w.out, uint64(len(text)))
	w.out = append(w.out, text...)
}

func (w *openTests) flag(b bool) {
	if b {
		w.out = append(w.out, 1)
	} else {
		w.out = append(w.out, 0)
	}
}

// write adds an expression; false when it is about more than one resource.
func (w *openTests) write(e Expr) bool {
	w.out = append(w.out, byte(e.op))
	if e.op == isAtom {
		return w.atom(e.atom)
	}
	w.out = binary.AppendUvarint(w.out, uint64(len(e.args)))
	for _, a := range e.args {
		if !w.write(a) {
			return false
		}
	}
	return true
}

func (w *openTests) atom(a *atom) bool {
	if a.of != w.scope {
		return false
	}
	switch {
	case a.cond != nil:
		w.condition(a.cond)
	case a.template != nil:
		s := a.of
		w.out = append(w.out, 'r')
		w.template(a.template)
		w.text(s.resource)
		w.text(s.service)
		w.text(s.lower)
		w.flag(s.bucketUnknown)
		w.flag(s.any)
	case a.literal != "":
		w.out = append(w.out, 'n')
		w.text(a.literal)
	default:
		w.out = append(w.out, 'm')
		w.number(w.missing, a.vars[0])
	}
	for _, name := range a.vars {
		w.variable(name)
	}
	return true
}

func (w *openTests) number(of map[string]int, name string) {
	n, ok := of[name]
	if !ok {
		n = len(of)
		of[name] = n
	}
	w.out = binary.AppendUvarint(w.out, uint64(n))
}

// condition adds a condition. That two tests are of the same one counts, so it
// has a number.
func (w *openTests) condition(c *policy.Condition) {
	n, seen := w.conditions[c]
	if !seen {
		n = len(w.conditions)
		w.conditions[c] = n
	}
	w.out = append(w.out, 'c')
	w.out = binary.AppendUvarint(w.out, uint64(n))
	if seen {
		return
	}
	w.text(c.Operator.Written)
	w.variable(c.Lower)
	if c.More != nil {
		w.text(c.More.String())
	}
	w.out = binary.AppendUvarint(w.out, uint64(len(c.Values)))
	for _, t := range c.Values {
		w.template(t)
	}
}

func (w *openTests) template(t *policy.Template) {
	w.text(t.Text)
	w.flag(t.Wild())
	names := t.Variables()
	w.out = binary.AppendUvarint(w.out, uint64(len(names)))
	for _, name := range names {
		w.variable(strings.ToLower(name))
	}
}

// variable adds a condition key with what is known of it.
func (w *openTests) variable(name string) {
	w.text(name)
	if w.vars[name] || strings.HasPrefix(name, "@") {
		return
	}
	w.vars[name] = true
	v, st := w.scope.key(name)
	w.out = append(w.out, byte(st))
	w.values(v)
	if st == valueUnknown || st == allUnknown {
		v, ok := w.scope.derived(name)
		w.flag(ok)
		w.values(v)
	}
}

func (w *openTests) values(v Values) {
	w.flag(v.Multi)
	w.out = binary.AppendUvarint(w.out, uint64(len(v.List)))
	for _, text := range v.List {
		w.text(text)
	}
}
