package wildcard

import (
	"container/heap"
	"encoding/binary"
	"errors"
	"slices"
	"unicode"
)

// ErrTooLarge says that a question was given up when it had looked at as many
// states as its limit allows. The answer is then not known.
var ErrTooLarge = errors.New("the patterns are too entangled to decide within the limit of states")

// DefaultLimit is the number of states that stands for a limit of zero or less:
// about a second of work at most.
const DefaultLimit = 100_000

// Find looks for a string that fits every pattern of all and none of none. The
// string is as short as can be, and among those one that is made of the
// characters of the patterns, or of letters. It says false when it is proven
// that there is none, and ErrTooLarge when more than limit states would have to
// be looked at; states of more than 4096 symbols of none count more than once.
//
// It walks the product of the patterns as automata. Of all it follows one place
// each and tries every choice; of none it follows the set of all places at once.
// Of two ways to the same places of all, one that is in fewer places of none is
// as good as the other in all that follows, so the other is dropped. The
// shortest string is found by A*: a pattern's symbols that are left are a lower
// bound. A character that no pattern of all asks for is best taken from outside
// of all patterns, or is the colon that wildcards in fields of ARNs do not take,
// so only few characters are tried.
func Find(all, none []*Pattern, limit int) (string, bool, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	all, none = reduceAll(all), reduceNone(all, none)
	if len(all) == 1 && len(none) == 0 {
		return all[0].shortest(), true, nil
	}
	s := newSearch(all, none)
	s.budget = limit
	return s.run()
}

// shortest is the shortest string that fits.
func (p *Pattern) shortest() string {
	text := slices.Clone(p.symbols)
	for i, r := range text {
		if r < 0 {
			text[i] = rune(readable[0])
		}
	}
	return string(text)
}

// reduceAll leaves out what another pattern implies.
func reduceAll(all []*Pattern) []*Pattern {
	var kept []*Pattern
	for i, p := range all {
		implied := p.Any()
		for j, q := range all {
			if i != j && !implied && embeds(p, q) && (j < i || !embeds(q, p)) {
				implied = true
			}
		}
		if !implied {
			kept = append(kept, p)
		}
	}
	return kept
}

// pairwise is the number of patterns up to which each is compared with each
// other: more would cost more than it saves.
const pairwise = 256

// reduceNone leaves out what cannot fit anyway and what another one covers.
func reduceNone(all, none []*Pattern) []*Pattern {
	var near []*Pattern
	for _, n := range none {
		if !slices.ContainsFunc(all, func(p *Pattern) bool { return !Meets(p, n) }) {
			near = append(near, n)
		}
	}
	if len(near) > pairwise {
		return near
	}
	var kept []*Pattern
	for i, n := range near {
		covered := false
		for j, m := range near {
			if i != j && !covered && embeds(m, n) && (j < i || !embeds(n, m)) {
				covered = true
			}
		}
		if !covered {
			kept = append(kept, n)
		}
	}
	return kept
}

// bits is a set of places in the patterns of none.
type bits []uint64

func (b bits) set(i int) { b[i/64] |= 1 << (i % 64) }

func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bits) meets(c bits) bool {
	for i, w := range b {
		if w&c[i] != 0 {
			return true
		}
	}
	return false
}

func (b bits) within(c bits) bool {
	for i, w := range b {
		if w&^c[i] != 0 {
			return false
		}
	}
	return true
}

// state is a set of places that some text leads to. The text is read from its
// ancestors.
type state struct {
	places  []int // how many symbols of each pattern of all are behind
	others  bits  // the places in none
	parent  *state
	letter  rune // the last character, or anyChar for one that is not asked for
	length  int  // of the text
	bound   int  // length plus the least that must follow
	number  int  // in order of discovery
	dropped bool // a better state was found
}

type search struct {
	all []*Pattern

	begin, ends, traps bits // traps: a "*" at the end of a pattern of none
	loops, wild        bits // the places where a "*" is, and those before a "?"
	fieldLoops         bits // likewise in fields of ARNs
	fieldWild          bits
	fields             bool // some pattern has fields
	takes              map[rune]bits

	budget int
	cost   int
	seen   map[string][]*state // by places
	queue  queue
	count  int
}

func newSearch(all, none []*Pattern) *search {
	size := 0
	for _, n := range none {
		size += len(n.symbols) + 1
	}
	words := (size + 63) / 64
	s := &search{all: all, seen: map[string][]*state{}, takes: map[rune]bits{}, cost: 1 + words/64}
	for _, b := range []*bits{&s.begin, &s.ends, &s.traps, &s.loops, &s.wild, &s.fieldLoops, &s.fieldWild} {
		*b = make(bits, words)
	}
	s.fields = slices.ContainsFunc(none, func(n *Pattern) bool { return n.inFields })
	at := 0
	for _, n := range none {
		s.begin.set(at)
		for i, r := range n.symbols {
			s.loop(at+i, n.loops[i])
			s.symbol(at+i, r, n)
		}
		at += len(n.symbols)
		s.loop(at, n.loops[len(n.symbols)])
		s.ends.set(at)
		if n.loops[len(n.symbols)] == anyLoop {
			s.traps.set(at)
		}
		at++
	}
	return s
}

func (s *search) loop(at int, l loop) {
	switch l {
	case anyLoop:
		s.loops.set(at)
	case inField:
		s.fieldLoops.set(at)
	}
}

func (s *search) symbol(at int, r rune, n *Pattern) {
	switch r {
	case anyChar:
		s.wild.set(at)
		return
	case notColon:
		s.fieldWild.set(at)
		return
	}
	for _, letter := range n.cases(r) {
		if s.takes[letter] == nil {
			s.takes[letter] = make(bits, len(s.begin))
		}
		s.takes[letter].set(at)
	}
}

// step follows one character from every place of none at once. Places of one
// pattern are neighbours, and the last one takes nothing, so the shift never
// goes over into the next pattern.
func (s *search) step(from bits, letter rune) bits {
	to := make(bits, len(from))
	takes := s.takes[letter]
	var carry uint64
	for i, w := range from {
		may, stay := s.wild[i], s.loops[i]
		if takes != nil {
			may |= takes[i]
		}
		if letter != ':' {
			may, stay = may|s.fieldWild[i], stay|s.fieldLoops[i]
		}
		moved := w & may
		to[i] = w&stay | moved<<1 | carry
		carry = moved >> 63
	}
	return to
}

func (s *search) run() (string, bool, error) {
	first := &state{places: make([]int, len(s.all)), others: s.begin, letter: anyChar}
	if !s.add(first) {
		return "", false, nil
	}
	for len(s.queue) > 0 {
		at := heap.Pop(&s.queue).(*state)
		if at.dropped {
			continue
		}
		if s.accepts(at) {
			return s.text(at), true, nil
		}
		if s.budget -= s.cost; s.budget < 0 {
			return "", false, ErrTooLarge
		}
		for _, letter := range s.letters(at) {
			others := s.step(at.others, letter)
			if !others.meets(s.traps) {
				s.advance(at, letter, others, 0, make([]int, 0, len(s.all)))
			}
		}
	}
	return "", false, nil
}

func (s *search) accepts(at *state) bool {
	for i, p := range s.all {
		if at.places[i] != len(p.symbols) {
			return false
		}
	}
	return !at.others.meets(s.ends)
}

// letters are the characters that are worth trying: those that a pattern of all
// asks for, anyChar for one that nobody asks for, and the colon where fields
// matter.
func (s *search) letters(at *state) []rune {
	var letters []rune
	free := true
	for i, p := range s.all {
		place := at.places[i]
		if place == len(p.symbols) {
			if p.loops[place] == noLoop {
				return nil
			}
			continue
		}
		r := p.symbols[place]
		if r < 0 {
			continue
		}
		free = free && p.loops[place] != noLoop
		for _, c := range p.cases(r) {
			if !slices.Contains(letters, c) {
				letters = append(letters, c)
			}
		}
	}
	if free {
		letters = append(letters, anyChar)
		if s.fields && !slices.Contains(letters, ':') {
			letters = append(letters, ':')
		}
	}
	return letters
}

// cases are the characters that fit a literal, as written first.
func (p *Pattern) cases(r rune) []rune {
	all := []rune{r}
	if p.fold {
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			all = append(all, other)
		}
	}
	return all
}

// advance adds the states to which a character leads: every pattern of all may
// loop, or go to its next place, if it can.
func (s *search) advance(from *state, letter rune, others bits, i int, places []int) {
	if i == len(s.all) {
		s.add(&state{places: slices.Clone(places), others: others, parent: from, letter: letter, length: from.length + 1})
		return
	}
	p, place := s.all[i], from.places[i]
	if place < len(p.symbols) && p.takes(place, letter) {
		s.advance(from, letter, others, i+1, append(places, place+1))
	}
	if p.loops[place].takes(letter) {
		s.advance(from, letter, others, i+1, append(places, place))
	}
}

// add puts a state into the queue unless one that is as good was seen.
func (s *search) add(to *state) bool {
	if to.others.meets(s.traps) {
		return false
	}
	key := make([]byte, 0, 4*len(to.places))
	for i, place := range to.places {
		key = binary.LittleEndian.AppendUint32(key, uint32(place))
		to.bound = max(to.bound, len(s.all[i].symbols)-place)
	}
	to.bound += to.length
	known := s.seen[string(key)]
	for _, k := range known {
		if k.length <= to.length && k.others.within(to.others) {
			return false
		}
	}
	known = slices.DeleteFunc(known, func(k *state) bool {
		// An ancestor stays where it is: it has been followed already.
		k.dropped = to.length <= k.length && to.others.within(k.others)
		return k.dropped
	})
	s.seen[string(key)] = append(known, to)
	s.count++
	to.number = s.count
	heap.Push(&s.queue, to)
	return true
}

// text reads the characters that lead to a state. Where no pattern asked for
// one it takes a letter that no place of none was waiting for.
func (s *search) text(at *state) string {
	text := make([]rune, 0, at.length)
	for ; at.parent != nil; at = at.parent {
		letter := at.letter
		if letter == anyChar {
			letter = s.fresh(at.parent.others)
		}
		text = append(text, letter)
	}
	slices.Reverse(text)
	return string(text)
}

const readable = "xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_."

func (s *search) fresh(others bits) rune {
	for _, r := range readable {
		if takes := s.takes[r]; takes == nil || !takes.meets(others) {
			return r
		}
	}
	// All of them are waited for: some character of Unicode's letters is not.
	for r := rune('\u00c0'); ; r++ {
		if takes := s.takes[r]; takes == nil || !takes.meets(others) {
			return r
		}
	}
}

// queue gives the state with the lowest bound, of those the longest text, and of
// those the first one found.
type queue []*state

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	switch {
	case a.bound != b.bound:
		return a.bound < b.bound
	case a.length != b.length:
		return a.length > b.length
	default:
		return a.number < b.number
	}
}

// Push is called by package heap.
func (q *queue) Push(x any) { *q = append(*q, x.(*state)) }

// Pop is called by package heap.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
