package baseline

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// stateVersion changes when the form of the state does.
const stateVersion = 1

// prefix is that of all keys under which the state is kept.
const prefix = "baseline/"

// changes are what was changed since the last Save.
type changes struct {
	keys, series    map[id]bool
	groups, spilled map[uint64]bool
	names           map[code]bool
	days            map[uint16]int // filters that are gone, and how many segments they had
	slots, clock    bool
}

func (c *changes) reset() {
	*c = changes{keys: map[id]bool{}, series: map[id]bool{}, groups: map[uint64]bool{}, spilled: map[uint64]bool{},
		names: map[code]bool{}, days: map[uint16]int{}}
}

type savedClock struct {
	Version   int    `json:"version"`
	Begun     bool   `json:"begun"`
	Newest    uint16 `json:"newest"`
	Forgotten uint16 `json:"forgotten"`
	Ahead     int    `json:"ahead"`
	Stats     Stats  `json:"stats"`
}

type savedSlots struct {
	Next  int                  `json:"next"` // numbers are not given twice, as old values may be about
	Slots map[string]savedSlot `json:"slots"`
}

type savedSlot struct {
	Number uint16 `json:"number"`
	Since  int64  `json:"since"`
}

// Save puts all that changed since the last Save; a nil value is a key that is
// gone. All keys begin with "baseline/"; a key of a profile is there by its hash.
func (e *Engine) Save(put func(key string, value []byte)) {
	c := &e.changed
	saveEach(c.keys, func(k id) {
		if h := e.keys[k]; h != nil {
			put(prefix+"key/"+hex.EncodeToString(k[:]), h.encode())
		} else {
			put(prefix+"key/"+hex.EncodeToString(k[:]), nil)
		}
	}, compareID)
	saveEach(c.series, func(k id) {
		if x := e.series[k]; x != nil {
			put(prefix+"series/"+hex.EncodeToString(k[:]), x.encode())
		} else {
			put(prefix+"series/"+hex.EncodeToString(k[:]), nil)
		}
	}, compareID)
	saveEach(c.groups, func(g uint64) {
		key := fmt.Sprintf("%sgroup/%016x", prefix, g)
		if of := e.groups[g]; of != nil {
			put(key, binary.AppendVarint(binary.AppendVarint(nil, of.since), of.last))
		} else {
			put(key, nil)
		}
	}, cmp.Compare)
	saveEach(c.spilled, func(at uint64) {
		key := fmt.Sprintf("%speers/%016x", prefix, at)
		if p := e.with[at]; p.spilled > 0 {
			put(key, binary.AppendUvarint(binary.AppendUvarint(nil, uint64(p.spilled)), uint64(p.last)))
		} else {
			put(key, nil)
		}
	}, cmp.Compare)
	saveEach(c.names, func(of code) {
		key := fmt.Sprintf("%sname/%016x", prefix, uint64(of))
		if n, ok := e.names[of]; ok {
			put(key, append(binary.AppendUvarint(nil, uint64(n.last)), n.text...))
		} else {
			put(key, nil)
		}
	}, cmp.Compare)
	for _, d := range slices.Sorted(maps.Keys(c.days)) {
		if e.filters[d] == nil {
			for n := range c.days[d] {
				put(segmentKey(d, n, c.days[d]), nil)
			}
		}
	}
	for _, d := range slices.Sorted(maps.Keys(e.filters)) {
		f := e.filters[d]
		for _, n := range slices.Sorted(maps.Keys(f.dirty)) {
			value := make([]byte, 0, segmentBytes)
			for _, w := range f.segments[n] {
				value = binary.LittleEndian.AppendUint64(value, w)
			}
			put(segmentKey(d, n, len(f.segments)), value)
		}
		f.dirty = map[int]bool{}
	}
	if c.slots {
		put(prefix+"profiles", e.encodeSlots())
	}
	if c.clock || c.slots || len(c.keys)+len(c.series) > 0 {
		value, err := json.Marshal(savedClock{stateVersion, e.begun, e.newest, e.forgotten, e.ahead, e.stats})
		if err != nil {
			panic("baseline: " + err.Error()) // integers and finite numbers always have a JSON form
		}
		put(prefix+"clock", value)
	}
	c.reset()
}

func compareID(a, b id) int { return bytes.Compare(a[:], b[:]) }

func saveEach[K comparable](changed map[K]bool, save func(K), compare func(a, b K) int) {
	for _, k := range slices.SortedFunc(maps.Keys(changed), compare) {
		save(k)
	}
}

func segmentKey(d uint16, n, of int) string {
	return fmt.Sprintf("%sfilter/%d/%d/%d", prefix, d, of, n)
}

func (e *Engine) encodeSlots() []byte {
	saved := savedSlots{e.next, map[string]savedSlot{}}
	for _, s := range e.profiles {
		saved.Slots[s.meaning()] = savedSlot{s.number, s.since}
	}
	value, err := json.Marshal(saved)
	if err != nil {
		panic("baseline: " + err.Error())
	}
	return value
}

// Load takes up one key and value that Save put, in any order, into an engine
// that has observed nothing yet. Profiles that are new, or look at other fields
// than before, begin with nothing.
func (e *Engine) Load(key string, value []byte) error {
	if err := e.load(strings.TrimPrefix(key, prefix), value); err != nil {
		return fmt.Errorf("state %s: %w", key, err)
	}
	return nil
}

func (e *Engine) load(key string, value []byte) error {
	what, rest, _ := strings.Cut(key, "/")
	r := &reader{data: value}
	switch what {
	case "key":
		k, err := parseID(rest)
		if err != nil {
			return err
		}
		h, err := decodeHabit(r)
		if err != nil {
			return err
		}
		if e.keys[k] != nil {
			return errors.New("it is there twice")
		}
		e.keys[k] = h
		e.values += len(h.seen)
		e.join(h, 1)
		delete(e.changed.groups, h.group)
	case "series":
		k, err := parseID(rest)
		if err != nil {
			return err
		}
		x, err := decodeSeries(r)
		if err != nil {
			return err
		}
		e.series[k] = x
	case "group":
		g, err := parseNumber(rest)
		if err != nil {
			return err
		}
		since, last := r.varint(), r.varint()
		if err := r.end(); err != nil {
			return err
		}
		of := e.groups[g]
		if of == nil {
			of = &group{}
			e.groups[g] = of
		}
		of.since, of.last = since, last
	case "peers":
		at, err := parseNumber(rest)
		if err != nil {
			return err
		}
		spilled, last := r.uvarint(math.MaxUint32), r.uvarint(math.MaxUint16)
		if err := r.end(); err != nil {
			return err
		}
		p := e.with[at]
		p.spilled, p.last = uint32(spilled), max(p.last, uint16(last))
		e.with[at] = p
	case "name":
		c, err := parseNumber(rest)
		if err != nil {
			return err
		}
		last := r.uvarint(math.MaxUint16)
		if r.failed {
			return errors.New("it is cut off")
		}
		e.names[code(c)] = name{string(r.data), uint16(last)}
	case "filter":
		return e.loadSegment(rest, value)
	case "profiles":
		return e.loadSlots(value)
	case "clock":
		var c savedClock
		if err := json.Unmarshal(value, &c); err != nil {
			return err
		}
		if c.Version != stateVersion {
			return fmt.Errorf("version %d is not %d", c.Version, stateVersion)
		}
		e.begun, e.newest, e.forgotten, e.ahead, e.stats = c.Begun, c.Newest, c.Forgotten, c.Ahead, c.Stats
	default:
		return errors.New("this is no key of a baseline")
	}
	return nil
}

func (e *Engine) loadSlots(value []byte) error {
	var saved savedSlots
	if err := json.Unmarshal(value, &saved); err != nil {
		return err
	}
	next := max(0, saved.Next)
	taken := map[uint16]bool{}
	for _, s := range saved.Slots {
		if taken[s.Number] {
			return fmt.Errorf("two profiles have the number %d", s.Number)
		}
		taken[s.Number] = true
		next = max(next, int(s.Number)+1)
	}
	if next+len(e.profiles) > 1<<16 {
		return errors.New("more profiles were changed than there are numbers: begin with an empty state")
	}
	e.slots = map[uint16]*slot{}
	for _, id := range slices.Sorted(maps.Keys(e.profiles)) {
		s := e.profiles[id]
		if was, ok := saved.Slots[s.meaning()]; ok {
			s.number, s.since = was.Number, was.Since
		} else {
			s.number = uint16(next)
			next++
			e.changed.slots = true
		}
		e.slots[s.number] = s
	}
	e.next = next
	return nil
}

func (e *Engine) loadSegment(key string, value []byte) error {
	var at [3]int
	parts := strings.Split(key, "/")
	if len(parts) != len(at) {
		return errors.New("day, number of segments and segment are needed")
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 24)
		if err != nil {
			return err
		}
		at[i] = int(n)
	}
	d, of, n := at[0], at[1], at[2]
	if d > math.MaxUint16 || of > mostSegments || n >= of || len(value) != segmentBytes {
		return errors.New("it is no segment of a filter")
	}
	f := e.filters[uint16(d)]
	if f == nil {
		f = newFilter(of * segmentBytes)
		e.filters[uint16(d)] = f
	}
	if len(f.segments) != of {
		return fmt.Errorf("the filter of the day has %d segments in another place", len(f.segments))
	}
	f.segments[n] = make([]uint64, segmentBytes/8)
	for i := range f.segments[n] {
		f.segments[n][i] = binary.LittleEndian.Uint64(value[8*i:])
	}
	return nil
}

func parseID(text string) (id, error) {
	var k id
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(k) {
		return k, fmt.Errorf("%q is not 32 hexadecimal digits", text)
	}
	return id(raw), nil
}

func parseNumber(text string) (uint64, error) {
	if len(text) != 16 {
		return 0, fmt.Errorf("%q is not 16 hexadecimal digits", text)
	}
	return strconv.ParseUint(text, 16, 64)
}

func (h *habit) encode() []byte {
	out := make([]byte, 0, 24+8*len(h.seen))
	out = append(out, stateVersion)
	out = binary.AppendVarint(out, h.since)
	out = binary.AppendVarint(out, h.last)
	out = binary.LittleEndian.AppendUint64(out, h.group)
	flag := byte(0)
	if h.spilled {
		flag = 1
	}
	out = append(out, flag)
	out = binary.AppendUvarint(out, uint64(len(h.seen)))
	was := code(0)
	for i := range h.seen {
		s := &h.seen[i]
		out = binary.AppendUvarint(out, uint64(s.code()-was))
		out = binary.AppendUvarint(out, uint64(s.last))
		out = binary.AppendUvarint(out, uint64(s.last-s.first))
		was = s.code()
	}
	return out
}

func decodeHabit(r *reader) (*habit, error) {
	if r.byte() != stateVersion {
		return nil, errors.New("it has another version")
	}
	h := &habit{since: r.varint(), last: r.varint(), group: r.fixed()}
	h.spilled = r.byte() != 0
	n := r.uvarint(uint64(len(r.data)) / 3) // a value takes three bytes at least
	h.seen = make([]seen, 0, n)
	was := code(0)
	for i := range n {
		step := r.uvarint(math.MaxUint64)
		last := r.uvarint(math.MaxUint16)
		first := last - r.uvarint(last)
		c := was + code(step)
		if i > 0 && c <= was {
			return nil, errors.New("its values are not in order")
		}
		was = c
		h.seen = append(h.seen, seen{uint32(c >> 32), uint32(c), uint16(first), uint16(last)})
	}
	return h, r.end()
}

func (x *series) encode() []byte {
	out := make([]byte, 0, 16+12*len(x.buckets))
	out = append(out, stateVersion)
	out = binary.AppendUvarint(out, uint64(x.slot))
	out = binary.AppendVarint(out, x.since)
	out = binary.AppendUvarint(out, uint64(len(x.buckets)))
	was := uint32(0)
	for _, b := range x.buckets {
		out = binary.AppendUvarint(out, uint64(b.at-was))
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(b.sum))
		was = b.at
	}
	return out
}

func decodeSeries(r *reader) (*series, error) {
	if r.byte() != stateVersion {
		return nil, errors.New("it has another version")
	}
	x := &series{slot: uint16(r.uvarint(math.MaxUint16)), since: r.varint()}
	was := uint64(0)
	for i := range r.uvarint(uint64(len(r.data)) / 9) {
		at := was + r.uvarint(math.MaxUint32)
		sum := math.Float64frombits(r.fixed())
		if i > 0 && at <= was || at > math.MaxUint32 || !(sum >= 0) || math.IsInf(sum, 0) {
			return nil, errors.New("its sums are not in order")
		}
		was = at
		x.buckets = append(x.buckets, bucket{uint32(at), sum})
	}
	return x, r.end()
}

// reader takes numbers off some bytes, and remembers that there were too few.
type reader struct {
	data   []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || n <= 0 || n > len(r.data) {
		r.failed, r.data = true, nil
		return make([]byte, max(n, 8))
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) fixed() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) varint() int64 {
	x, n := binary.Varint(r.data)
	r.take(n)
	return x
}

func (r *reader) uvarint(most uint64) uint64 {
	x, n := binary.Uvarint(r.data)
	r.take(n)
	if r.failed || x > most {
		r.failed = true
		return 0
	}
	return x
}

func (r *reader) end() error {
	if r.failed || len(r.data) > 0 {
		return errors.New("it is cut off, or goes on")
	}
	return nil
}
