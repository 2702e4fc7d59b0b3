package detect

import (
	"crypto/sha256"

	"github.com/haetae/haetae"
)

// recent remembers things by their names: the last limit of them for sure, twice as
// many at most.
type recent[K comparable, T any] struct {
	limit       int
	now, before map[K]T

	// What is to be saved: names put since, by whether they are in now or before, and
	// how many chunks of each generation are stored.
	generation         int
	fresh, freshBefore []K
	chunks             map[int]int
	quiet              bool // nothing is ever saved
}

func newRecent[K comparable, T any](limit int, quiet bool) *recent[K, T] {
	return &recent[K, T]{limit: limit, now: map[K]T{}, chunks: map[int]int{}, quiet: quiet}
}

// get finds what is remembered by a name.
func (r *recent[K, T]) get(name K) (T, bool) {
	v, ok := r.now[name]
	if !ok {
		v, ok = r.before[name]
	}
	return v, ok
}

// put remembers something by its name.
func (r *recent[K, T]) put(name K, v T) {
	if len(r.now) >= r.limit {
		r.turn()
	}
	r.now[name] = v
	if !r.quiet {
		r.fresh = append(r.fresh, name)
	}
}

// turn begins a new generation: what is older than the one before is forgotten.
func (r *recent[K, T]) turn() {
	r.now, r.before = map[K]T{}, r.now
	r.fresh, r.freshBefore = nil, r.fresh
	r.generation++
}

// recordKey stands for the id of a record of a log. It is the same whenever it is
// made, and small: a million of them are remembered.
type recordKey [17]byte

// keyOf is the key of a record. Its first byte tells ids that are UUIDs from CloudTrail,
// of which the rest is all, from others, of which the rest is a hash.
func keyOf(log haetae.Log, id string) recordKey {
	var k recordKey
	if log == haetae.CloudTrail && k.uuid(id) {
		return k
	}
	sum := sha256.New()
	sum.Write([]byte(log))
	sum.Write([]byte{0})
	sum.Write([]byte(id))
	var out [sha256.Size]byte
	copy(k[1:], sum.Sum(out[:0]))
	k[0] = 1
	return k
}

// uuid reads an id that is a UUID in small letters.
func (k *recordKey) uuid(id string) bool {
	if len(id) != 36 {
		return false
	}
	at := 1
	for i := 0; i < 36; {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if id[i] != '-' {
				return false
			}
			i++
			continue
		}
		high, ok := digit(id[i])
		low, also := digit(id[i+1])
		if !ok || !also {
			return false
		}
		k[at] = high<<4 | low
		at, i = at+1, i+2
	}
	return true
}

func digit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
