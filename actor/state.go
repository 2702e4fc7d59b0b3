package actor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// table remembers values by name, up to a limit: then the one that was first put in
// goes. It knows what changed since it was last saved.
type table[V any] struct {
	kind    string // with which the keys of its state begin
	limit   int
	at      map[string]*entry[V]
	order   []place // in which they were put in; names that went, or came anew, are passed over
	seq     uint64
	evicted int
	dirty   map[string]bool
	loaded  bool // order is to be made of what was loaded
	// stale tells of a value that goes that it was of no more use: that is not counted.
	stale func(V) bool
}

type entry[V any] struct {
	Seq   uint64 `json:"n"`
	Value V      `json:"v"`
}

type place struct {
	name string
	seq  uint64
}

func newTable[V any](kind string, limit int) table[V] {
	return table[V]{kind: kind, limit: limit, at: map[string]*entry[V]{}, dirty: map[string]bool{}}
}

func (t *table[V]) get(name string) (V, bool) {
	if e, ok := t.at[name]; ok {
		return e.Value, true
	}
	var none V
	return none, false
}

// put keeps a value; one that is there already keeps its turn.
func (t *table[V]) put(name string, v V) {
	t.settle()
	t.dirty[name] = true
	if e, ok := t.at[name]; ok {
		e.Value = v
		return
	}
	t.seq++
	t.at[name] = &entry[V]{t.seq, v}
	t.order = append(t.order, place{name, t.seq})
	for len(t.at) > t.limit && len(t.order) > 0 {
		first := t.order[0]
		t.order = t.order[1:]
		if e, ok := t.at[first.name]; ok && e.Seq == first.seq {
			delete(t.at, first.name)
			t.dirty[first.name] = true
			if t.stale == nil || !t.stale(e.Value) {
				t.evicted++
			}
		}
	}
	if len(t.order) > 2*len(t.at)+1024 { // more gone than there
		t.order = slices.DeleteFunc(t.order, func(p place) bool { e, ok := t.at[p.name]; return !ok || e.Seq != p.seq })
	}
}

func (t *table[V]) drop(name string) {
	if _, ok := t.at[name]; ok {
		delete(t.at, name)
		t.dirty[name] = true
	}
}

func (t *table[V]) settle() {
	if !t.loaded {
		return
	}
	t.loaded = false
	t.order = t.order[:0]
	for name, e := range t.at {
		t.order = append(t.order, place{name, e.Seq})
	}
	slices.SortFunc(t.order, func(a, b place) int {
		if a.seq < b.seq {
			return -1
		}
		return 1
	})
}

func (t *table[V]) save(put func(key string, value []byte)) {
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range t.dirty {
			if !yield(name) {
				return
			}
		}
	}) {
		e, ok := t.at[name]
		if !ok {
			put(t.kind+" "+name, nil)
			continue
		}
		data, err := json.Marshal(e)
		if err != nil { // texts, numbers and times: it cannot be
			panic(fmt.Sprintf("saving the state of actors: %v", err))
		}
		put(t.kind+" "+name, data)
	}
	clear(t.dirty)
}

func (t *table[V]) load(name string, value []byte) error {
	if value == nil {
		delete(t.at, name)
		return nil
	}
	var e entry[V]
	if err := json.Unmarshal(value, &e); err != nil {
		return err
	}
	t.at[name] = &e
	t.seq = max(t.seq, e.Seq)
	t.loaded = true
	return nil
}

// Save gives all that changed since the last Save, under keys that are the same for
// the same thing; a nil value says that it is gone. Keys of one kind stand together
// and name the access key, session or workload that they are about.
func (r *Resolver) Save(put func(key string, value []byte)) {
	r.grants.save(put)
	r.shared.save(put)
	r.waits.save(put)
	r.locks.save(put)
	r.accounts.save(put)
	if r.markDirty {
		r.markDirty = false
		put("mark", fmt.Appendf(nil, "%d", r.mark))
	}
}

// Load takes back one value that Save gave. Load all of them before the first
// Resolve.
func (r *Resolver) Load(key string, value []byte) error {
	kind, name, _ := strings.Cut(key, " ")
	var err error
	switch kind {
	case r.grants.kind:
		err = r.grants.load(name, value)
	case r.shared.kind:
		err = r.shared.load(name, value)
	case r.waits.kind:
		err = r.waits.load(name, value)
	case r.locks.kind:
		err = r.locks.load(name, value)
	case r.accounts.kind:
		err = r.accounts.load(name, value)
	case "mark":
		_, err = fmt.Sscan(string(value), &r.mark)
	default:
		return fmt.Errorf("state of actors: %q is of no kind that is known", key)
	}
	if err != nil {
		return fmt.Errorf("state of actors: %s: %w", key, err)
	}
	return nil
}
