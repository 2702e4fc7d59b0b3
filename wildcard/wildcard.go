// Package wildcard is the exact algebra of the patterns that policies are
// written in: "*" is any text, also the empty one, and "?" is exactly one
// character
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
//
// A Pattern stands for a set of strings. Match asks about one string; Covers,
// Meets, CoveredBy and Find ask about the sets themselves, for all strings at
// once. Their answers are proofs: what would take too long to prove is
// ErrTooLarge, never a guess.
//
// Strings are sequences of Unicode characters. A byte that is not valid UTF-8
// counts as one character, which wildcards match and literals do not.
package wildcard

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The symbols that are no literals: "?", and "?" in a field of an ARN, which is
// any character but the colon.
const (
	anyChar  rune = -1
	notColon rune = -2
)

// loop is what may pass before a symbol.
type loop uint8

const (
	noLoop  loop = iota
	inField      // "*" in a field of an ARN: no colon
	anyLoop
)

// Pattern is a compiled pattern. It never changes, so many goroutines may use
// it at once.
//
// It is kept as the symbols that consume exactly one character each, and before
// which of them any text may pass: "a*b?" has the symbols a, b, ? and a loop
// before b. In a run of wildcards every "?" is put before the one "*" that is
// left, since "*?", "?*" and "**?" mean the same; so a loop never stands before
// a "?".
type Pattern struct {
	symbols  []rune
	loops    []loop // one more than symbols: the last is a "*" at the end
	fold     bool
	segments []segment // what lies between loops, for Match; nil if inFields
	inFields bool      // some wildcard stays in its field
}

// Part is a piece of the text of a pattern. The wildcards in a literal part are
// plain characters, as those in the value of a policy variable are
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
type Part struct {
	Text    string
	Literal bool
	// Field makes wildcards stay in a field of an ARN: they fit no colon.
	Field bool
}

// Compile reads a pattern that minds upper and lower case.
func Compile(pattern string) *Pattern { return Join(false, Part{Text: pattern}) }

// CompileFold reads a pattern that does not mind upper and lower case: letters
// are the same when strings.EqualFold says so.
func CompileFold(pattern string) *Pattern { return Join(true, Part{Text: pattern}) }

// Literal is the pattern that only this text fits.
func Literal(text string) *Pattern { return Join(false, Part{Text: text, Literal: true}) }

// Join makes a pattern of parts; fold is as in CompileFold. Bytes of a part that
// are not valid UTF-8 are read as U+FFFD, as encoding/json does.
func Join(fold bool, parts ...Part) *Pattern {
	size := 0
	for _, part := range parts {
		size += len(part.Text)
	}
	p := &Pattern{symbols: make([]rune, 0, size), loops: make([]loop, 0, size+1), fold: fold}
	pending := noLoop
	for _, part := range parts {
		for _, r := range part.Text {
			switch {
			case r == '*' && !part.Literal:
				pending = max(pending, part.loop())
			case r == '?' && !part.Literal && pending == part.loop():
				// The pending "*" moves behind the "?".
				p.add(part.one(), noLoop)
			case r == '?' && !part.Literal:
				p.add(part.one(), pending)
				pending = noLoop
			default:
				p.add(r, pending)
				pending = noLoop
			}
		}
		p.inFields = p.inFields || part.Field && !part.Literal && strings.ContainsAny(part.Text, "*?")
	}
	p.loops = append(p.loops, pending)
	if !p.inFields {
		p.segments = segmentsOf(p)
	}
	return p
}

func (p *Pattern) add(symbol rune, before loop) {
	p.symbols, p.loops = append(p.symbols, symbol), append(p.loops, before)
}

func (p Part) loop() loop {
	if p.Field {
		return inField
	}
	return anyLoop
}

func (p Part) one() rune {
	if p.Field {
		return notColon
	}
	return anyChar
}

// ARNFields is how many fields an ARN has; only the last may contain colons.
const ARNFields = 6

// CompileARN reads a pattern as the operators ArnLike and ArnEquals do: each of
// the six fields is compared separately, so a wildcard in the first five fits no
// colon
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN).
func CompileARN(pattern string) *Pattern {
	fields := strings.SplitN(pattern, ":", ARNFields)
	head := strings.Join(fields[:min(len(fields), ARNFields-1)], ":")
	return Join(false, Part{Text: head, Field: true}, Part{Text: pattern[len(head):]})
}

// takes tells whether a character may pass in the loop.
func (l loop) takes(r rune) bool { return l == anyLoop || l == inField && r != ':' }

// segment is what lies between two loops.
type segment struct {
	text    string // without wildcards
	symbols []rune // set instead of text when there is a "?", and, folded, when the pattern folds
}

func segmentsOf(p *Pattern) []segment {
	var segments []segment
	start := 0
	for i := 0; i <= len(p.symbols); i++ {
		if p.loops[i] == noLoop {
			continue
		}
		segments = append(segments, segmentOf(p.symbols[start:i], p.fold))
		start = i
	}
	return append(segments, segmentOf(p.symbols[start:], p.fold))
}

func segmentOf(symbols []rune, fold bool) segment {
	var text strings.Builder
	wild := fold
	lowered := make([]rune, len(symbols))
	for i, r := range symbols {
		if fold {
			r = foldRune(r)
		}
		lowered[i] = r
		wild = wild || r == anyChar
		if r != anyChar {
			text.WriteRune(r)
		}
	}
	if wild {
		return segment{symbols: lowered}
	}
	return segment{text: text.String()}
}

// String prints the pattern so that Compile would read it again, save that
// characters which are wildcards elsewhere are printed as policies escape them:
// "${*}", "${?}" and "${$}". Patterns that mean the same strings print the same,
// unless they fold.
func (p *Pattern) String() string {
	var b strings.Builder
	for i := 0; i <= len(p.symbols); i++ {
		if p.loops[i] != noLoop {
			b.WriteByte('*')
		}
		if i == len(p.symbols) {
			break
		}
		switch r := p.symbols[i]; r {
		case anyChar, notColon:
			b.WriteByte('?')
		case '*', '?', '$':
			b.WriteString("${")
			b.WriteRune(r)
			b.WriteByte('}')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Exact gives the one string that fits a pattern without wildcards, as it was
// written. It says false when there is a wildcard, or when the pattern folds and
// has letters.
func (p *Pattern) Exact() (string, bool) {
	var b strings.Builder
	for i, r := range p.symbols {
		if p.loops[i] != noLoop || r < 0 || p.fold && hasCase(r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), p.loops[len(p.symbols)] == noLoop
}

// Any tells whether every string fits.
func (p *Pattern) Any() bool { return len(p.symbols) == 0 && p.loops[0] == anyLoop }

// Match tells whether text fits the pattern. It allocates nothing. Between two
// "*" the first place that fits is the best one, so nothing is tried twice: it
// takes len(text) steps, times the length of the longest stretch between two
// wildcards at worst. A pattern with wildcards that stay in fields takes
// len(text)·len(pattern) steps, and allocates when it is longer than 500
// characters.
func (p *Pattern) Match(text string) bool {
	if p.inFields {
		return p.walk(text)
	}
	first, last := &p.segments[0], &p.segments[len(p.segments)-1]
	at, ok := first.at(text, 0, p.fold)
	if !ok {
		return false
	}
	if len(p.segments) == 1 {
		return at == len(text)
	}
	end, ok := last.before(text, at, p.fold)
	if !ok {
		return false
	}
	for i := 1; i < len(p.segments)-1; i++ {
		if at, ok = p.segments[i].find(text[:end], at, p.fold); !ok {
			return false
		}
	}
	return true
}

// walk follows all places of the pattern at once.
func (p *Pattern) walk(text string) bool {
	var fixed [2][8]uint64
	now, next := bits(fixed[0][:]), bits(fixed[1][:])
	if words := len(p.symbols)/64 + 1; words > len(now) {
		now, next = make(bits, words), make(bits, words)
	}
	now.set(0)
	for _, r := range text {
		clear(next)
		any := false
		for i := 0; i <= len(p.symbols); i++ {
			if !now.has(i) {
				continue
			}
			if p.loops[i].takes(r) {
				next.set(i)
				any = true
			}
			if i < len(p.symbols) && p.takes(i, r) {
				next.set(i + 1)
				any = true
			}
		}
		if !any {
			return false
		}
		now, next = next, now
	}
	return now.has(len(p.symbols))
}

// takes tells whether a character fits symbol i.
func (p *Pattern) takes(i int, r rune) bool {
	switch want := p.symbols[i]; want {
	case anyChar:
		return true
	case notColon:
		return r != ':'
	default:
		return want == r || p.fold && foldRune(want) == foldRune(r)
	}
}

// at tells whether text has the segment at an offset, and where it ends.
func (s *segment) at(text string, offset int, fold bool) (int, bool) {
	if s.symbols == nil {
		end := offset + len(s.text)
		return end, end <= len(text) && text[offset:end] == s.text
	}
	for _, want := range s.symbols {
		if offset == len(text) {
			return 0, false
		}
		r, size := rune(text[offset]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[offset:])
		}
		if fold {
			r = foldRune(r)
		}
		// A byte that is not valid decodes to U+FFFD of size 1.
		if want != anyChar && (r != want || r == utf8.RuneError && size == 1) {
			return 0, false
		}
		offset += size
	}
	return offset, true
}

// before tells whether text ends with the segment, not before an offset, and
// where it begins.
func (s *segment) before(text string, offset int, fold bool) (int, bool) {
	start := len(text)
	if s.symbols == nil {
		start -= len(s.text)
	} else {
		for range s.symbols {
			if start <= offset {
				return 0, false
			}
			_, size := utf8.DecodeLastRuneInString(text[:start])
			start -= size
		}
	}
	if start < offset {
		return 0, false
	}
	_, ok := s.at(text, start, fold)
	return start, ok
}

// find looks for the first place of the segment from an offset on, and says
// where it ends.
func (s *segment) find(text string, offset int, fold bool) (int, bool) {
	if s.symbols == nil && !fold {
		i := strings.Index(text[offset:], s.text)
		return offset + i + len(s.text), i >= 0
	}
	for {
		if end, ok := s.at(text, offset, fold); ok {
			return end, true
		}
		if offset == len(text) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(text[offset:])
		offset += size
	}
}

// foldRune gives the same character for all that strings.EqualFold takes for the
// same: of ASCII letters the one in lower case.
func foldRune(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	if r < utf8.RuneSelf {
		return r
	}
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	if least < utf8.RuneSelf {
		return foldRune(least)
	}
	return least
}

// hasCase tells whether there is another character that foldRune takes for the
// same.
func hasCase(r rune) bool { return r >= 0 && unicode.SimpleFold(r) != r }

// Key is a text that two patterns share when they are made of the same symbols,
// and so fit the same strings. It is for maps, not for people.
func (p *Pattern) Key() string {
	b := make([]byte, 0, len(p.symbols)+len(p.loops)+8)
	if p.fold {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	for i, l := range p.loops {
		b = append(b, byte(l))
		if i < len(p.symbols) {
			b = binary.AppendVarint(b, int64(p.symbols[i]))
		}
	}
	return string(b)
}
