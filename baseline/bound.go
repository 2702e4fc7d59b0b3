package baseline

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"
)

// turn goes on to a newer day: values that no window holds any more, keys and
// groups that were idle, and days of filters go.
func (e *Engine) turn(d uint16) {
	e.newest = d
	e.changed.clock = true
	// One day more is kept, for what comes late.
	floor := before(d, e.window+1)
	idle := int64(d)*86400 - int64(e.options.Idle/time.Second)
	for key, h := range e.keys {
		n := 0
		for i := range h.seen {
			s := h.seen[i]
			if s.last >= floor && e.slots[s.code().slot()] != nil {
				h.seen[n] = s
				n++
				continue
			}
			if e.slots[s.code().slot()] != nil {
				e.forgotten = max(e.forgotten, s.last)
			}
			e.hold(h, s.code(), -1, s.last)
		}
		if n < len(h.seen) {
			e.values -= len(h.seen) - n
			h.seen = slices.Clone(h.seen[:n])
			e.changed.keys[key] = true
		}
		if h.last < idle {
			e.join(h, -1)
			e.drop(key)
			e.stats.Forgotten++
		}
	}
	for name, x := range e.series {
		s := e.slots[x.slot]
		if s == nil || len(x.buckets) == 0 || int64(x.buckets[len(x.buckets)-1].at)*int64(s.Every/time.Second) < int64(floor)*86400 {
			delete(e.series, name)
			e.changed.series[name] = true
		}
	}
	for at, p := range e.with {
		if p.last < floor && p.spilled > 0 {
			p.spilled = 0
			e.changed.spilled[at] = true
			if p.held == 0 {
				delete(e.with, at)
			} else {
				e.with[at] = p
			}
		}
	}
	for g, of := range e.groups {
		if of.members == 0 && of.last < idle {
			delete(e.groups, g)
			e.changed.groups[g] = true
		}
	}
	for c, n := range e.names {
		if n.last < floor {
			delete(e.names, c)
			e.changed.names[c] = true
		}
	}
	for of, f := range e.filters {
		if of < floor {
			e.forgotten = max(e.forgotten, of)
			delete(e.filters, of)
			e.changed.days[of] = len(f.segments)
		}
	}
}

func (e *Engine) drop(key id) {
	delete(e.keys, key)
	e.changed.keys[key] = true
}

// toFilter moves the values of a key that are chosen to the filters.
func (e *Engine) toFilter(key id, h *habit, chosen func(*seen) bool) {
	n := 0
	for i := range h.seen {
		s := h.seen[i]
		if !chosen(&s) {
			h.seen[n] = s
			n++
			continue
		}
		a, b := pair(key, s.code())
		e.spill(s.last, a, b)
		e.release(h, s.code())
		e.stats.Spilled++
	}
	if n < len(h.seen) {
		e.values -= len(h.seen) - n
		h.seen = slices.Clone(h.seen[:n])
		h.spilled = true
		e.changed.keys[key] = true
	}
}

// spillOf makes room in a key that has too many values: the eighth that was seen
// longest ago goes.
func (e *Engine) spillOf(key id, h *habit) {
	lasts := make([]uint16, 0, len(h.seen))
	for i := range h.seen {
		lasts = append(lasts, h.seen[i].last)
	}
	slices.Sort(lasts)
	n := len(lasts)/8 + 1
	limit := lasts[n-1]
	e.toFilter(key, h, func(s *seen) bool {
		n--
		return n >= 0 && s.last <= limit || s.last < limit
	})
}

// spillOldest makes room for all keys: whole days go, those longest ago first,
// until an eighth is free, or else the newest day by the order of keys.
func (e *Engine) spillOldest() {
	byDay := map[uint16]int{}
	for _, h := range e.keys {
		for i := range h.seen {
			byDay[h.seen[i].last]++
		}
	}
	want := e.values - e.options.Values/8*7
	quota := map[uint16]int{}
	for _, d := range slices.Sorted(maps.Keys(byDay)) {
		if want <= 0 {
			break
		}
		quota[d] = min(byDay[d], want)
		want -= quota[d]
	}
	for _, key := range slices.SortedFunc(maps.Keys(e.keys), func(a, b id) int { return bytes.Compare(a[:], b[:]) }) {
		e.toFilter(key, e.keys[key], func(s *seen) bool {
			if quota[s.last] == 0 {
				return false
			}
			quota[s.last]--
			return true
		})
	}
}

// evictKeys forgets the sixteenth of the keys that were idle longest. Their
// values go to the filters, their learning begins anew should they come back.
func (e *Engine) evictKeys() {
	keys := slices.SortedFunc(maps.Keys(e.keys), func(a, b id) int {
		return cmp.Or(cmp.Compare(e.keys[a].last, e.keys[b].last), bytes.Compare(a[:], b[:]))
	})
	for _, key := range keys[:len(keys)/16+1] {
		h := e.keys[key]
		e.toFilter(key, h, func(*seen) bool { return true })
		e.join(h, -1)
		e.drop(key)
		e.stats.EvictedKeys++
	}
}

// evictSeries forgets the sixteenth of the series that were idle longest. The
// filters keep that they were there, so that they are learned anew.
func (e *Engine) evictSeries() {
	when := func(n id) int64 {
		x := e.series[n]
		if s := e.slots[x.slot]; s != nil && len(x.buckets) > 0 {
			return int64(x.buckets[len(x.buckets)-1].at) * int64(s.Every/time.Second)
		}
		return 0
	}
	names := slices.SortedFunc(maps.Keys(e.series), func(a, b id) int {
		return cmp.Or(cmp.Compare(when(a), when(b)), bytes.Compare(a[:], b[:]))
	})
	for _, n := range names[:len(names)/16+1] {
		var a, b uint64
		for i := range 8 {
			a, b = a|uint64(n[i])<<(8*i), b|uint64(n[8+i])<<(8*i)
		}
		e.spill(uint16(when(n)/86400), a, b)
		delete(e.series, n)
		e.changed.series[n] = true
		e.stats.EvictedSeries++
	}
}
