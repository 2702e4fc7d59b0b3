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
	"strings"
	"unicode/utf8"
)

// anyChar is the symbol "?". Literals are their own character.
const anyChar rune = -1

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
	loops    []bool // one more than symbols: the last is a "*" at the end
	fold     bool
	segments []segment // what lies between loops, for Match
}

// Part is a piece of the text of a pattern. The wildcards in a literal part are
// plain characters, as those in the value of a policy variable are
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
type Part struct {
	Text    string
	Literal bool
}

// Compile reads a pattern that minds upper and lower case.
func Compile(pattern string) *Pattern { return Join(false, Part{Text: pattern}) }

// CompileFold reads a pattern for which the 26 letters of ASCII are the same in
// upper and lower case.
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
	p := &Pattern{symbols: make([]rune, 0, size), loops: make([]bool, 0, size+1), fold: fold}
	loop := false
	for _, part := range parts {
		for _, r := range part.Text {
			switch {
			case r == '*' && !part.Literal:
				loop = true
				continue
			case r == '?' && !part.Literal:
				// A pending "*" moves behind the "?".
				p.symbols, p.loops = append(p.symbols, anyChar), append(p.loops, false)
				continue
			}
			p.symbols, p.loops = append(p.symbols, r), append(p.loops, loop)
			loop = false
		}
	}
	p.loops = append(p.loops, loop)
	p.segments = segmentsOf(p)
	return p
}

// segment is what lies between two loops. Its text is in lower case when the
// pattern folds.
type segment struct {
	text    string // without wildcards
	symbols []rune // set instead of text when there is a "?"
}

func segmentsOf(p *Pattern) []segment {
	var segments []segment
	start := 0
	for i := 0; i <= len(p.symbols); i++ {
		if !p.loops[i] {
			continue
		}
		segments = append(segments, segmentOf(p.symbols[start:i], p.fold))
		start = i
	}
	return append(segments, segmentOf(p.symbols[start:], p.fold))
}

func segmentOf(symbols []rune, fold bool) segment {
	var text strings.Builder
	wild := false
	lowered := make([]rune, len(symbols))
	for i, r := range symbols {
		if fold {
			r = lower(r)
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
		if p.loops[i] {
			b.WriteByte('*')
		}
		if i == len(p.symbols) {
			break
		}
		switch r := p.symbols[i]; r {
		case anyChar:
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
		if p.loops[i] || r == anyChar || p.fold && lower(r) != upper(r) {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), !p.loops[len(p.symbols)]
}

// Any tells whether every string fits.
func (p *Pattern) Any() bool { return len(p.symbols) == 0 && p.loops[0] }

// Match tells whether text fits the pattern. It allocates nothing. Between two
// "*" the first place that fits is the best one, so nothing is tried twice: it
// takes len(text) steps, times the length of the longest stretch between two
// wildcards at worst.
func (p *Pattern) Match(text string) bool {
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

// at tells whether text has the segment at an offset, and where it ends.
func (s *segment) at(text string, offset int, fold bool) (int, bool) {
	if s.symbols == nil {
		end := offset + len(s.text)
		if end > len(text) {
			return 0, false
		}
		if fold {
			return end, equalFold(text[offset:end], s.text)
		}
		return end, text[offset:end] == s.text
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
			r = lower(r)
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

// equalFold compares text to lowered, which is in lower case and as long.
func equalFold(text, lowered string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lowered[i] {
			return false
		}
	}
	return true
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func upper(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}
