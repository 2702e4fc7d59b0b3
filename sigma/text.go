package sigma

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold brings a text to the form in which texts that differ only in case are
// equal: the letter of a case orbit that is ASCII and lower case, else the
// smallest. That is what strings.EqualFold and the flag (?i) of regexp compare
// by. Bytes that are no UTF-8 stay as they are.
func fold(s string) string {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z') {
		i++
	}
	if i == len(s) {
		return s
	}
	return string(appendFold(make([]byte, 0, len(s)), s))
}

// appendFold puts the folded form of a text behind dst.
func appendFold(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, c)
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		i += n
	}
	return dst
}

func foldRune(r rune) rune {
	least := r
	for q := unicode.SimpleFold(r); q != r; q = unicode.SimpleFold(q) {
		least = min(least, q)
	}
	if 'A' <= least && least <= 'Z' {
		return least + 'a' - 'A'
	}
	return least
}

// pieceKind is what a piece of a glob stands for.
type pieceKind uint8

const (
	pieceText pieceKind = iota // itself
	pieceAny                   // *: any text
	pieceOne                   // ?: one character
	pieceDash                  // one of the dashes of windash
)

type piece struct {
	kind pieceKind
	text string
}

// glob is a text with wildcards.
type glob []piece

// literal returns the text of a glob without wildcards.
func (g glob) literal() (string, bool) {
	switch {
	case len(g) == 0:
		return "", true
	case len(g) == 1 && g[0].kind == pieceText:
		return g[0].text, true
	}
	return "", false
}

// parseGlob reads a value as the specification escapes it: * and ? are
// wildcards, a backslash before *, ? or another backslash takes that character
// as it is, and any other backslash is itself.
func parseGlob(s string) glob {
	var g glob
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			g = append(g, piece{pieceText, text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '?' || s[i+1] == '\\'):
			i++
			text.WriteByte(s[i])
		case c == '*':
			flush()
			if len(g) == 0 || g[len(g)-1].kind != pieceAny {
				g = append(g, piece{kind: pieceAny})
			}
		case c == '?':
			flush()
			g = append(g, piece{kind: pieceOne})
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return g
}

// withAny returns the glob with a * before, after or on both sides.
func (g glob) withAny(before, after bool) glob {
	out := make(glob, 0, len(g)+2)
	if before && (len(g) == 0 || g[0].kind != pieceAny) {
		out = append(out, piece{kind: pieceAny})
	}
	out = append(out, g...)
	if after && out[len(out)-1].kind != pieceAny {
		out = append(out, piece{kind: pieceAny})
	}
	return out
}

// mapText applies f to the plain pieces.
func (g glob) mapText(f func(string) string) glob {
	out := make(glob, len(g))
	for i, p := range g {
		if p.kind == pieceText {
			p.text = f(p.text)
		}
		out[i] = p
	}
	return out
}

// dashes are the characters that windash takes for each other: hyphen, slash,
// en dash, em dash, horizontal bar.
const dashes = "-/\u2013\u2014\u2015"

// withDashes replaces each dash by a piece that matches any of them.
func (g glob) withDashes() glob {
	var out glob
	for _, p := range g {
		if p.kind != pieceText {
			out = append(out, p)
			continue
		}
		rest := p.text
		for {
			i := strings.IndexAny(rest, dashes)
			if i < 0 {
				break
			}
			if i > 0 {
				out = append(out, piece{pieceText, rest[:i]})
			}
			_, n := utf8.DecodeRuneInString(rest[i:])
			out = append(out, piece{kind: pieceDash})
			rest = rest[i+n:]
		}
		if rest != "" {
			out = append(out, piece{pieceText, rest})
		}
	}
	return out
}

// match reports whether the whole text matches. It remembers only the last *,
// so that its time is bounded by the product of the lengths.
func (g glob) match(s string) bool {
	p, i := 0, 0
	star, from := -1, 0
	for {
		if p < len(g) && g[p].kind == pieceAny {
			star, from = p, i
			p++
			continue
		}
		if p == len(g) {
			if i == len(s) {
				return true
			}
			// A glob that ends with text need only be tried at the end.
			if star >= 0 && star == p-2 && g[p-1].kind == pieceText {
				return len(s)-len(g[p-1].text) >= from && strings.HasSuffix(s, g[p-1].text)
			}
		} else if n, ok := g[p].step(s[i:]); ok {
			i += n
			p++
			continue
		}
		if star < 0 || from >= len(s) {
			return false
		}
		p = star + 1
		if p < len(g) && g[p].kind == pieceText {
			// Jump to where the next piece of text is.
			at := strings.Index(s[from+width(s[from:]):], g[p].text)
			if at < 0 {
				return false
			}
			from += width(s[from:]) + at
		} else {
			from += width(s[from:])
		}
		i = from
	}
}

// step matches one piece that is not * at the start of s.
func (p piece) step(s string) (int, bool) {
	switch p.kind {
	case pieceText:
		return len(p.text), strings.HasPrefix(s, p.text)
	case pieceOne:
		return width(s), s != ""
	default:
		if s == "" {
			return 0, false
		}
		r, n := utf8.DecodeRuneInString(s)
		return n, r != utf8.RuneError && strings.ContainsRune(dashes, r)
	}
}

// width is the length of the first character; a byte that is no UTF-8 counts
// as one.
func width(s string) int {
	if s == "" {
		return 0
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// longest returns the longest plain piece, which any match must contain.
func (g glob) longest() string {
	best := ""
	for _, p := range g {
		if p.kind == pieceText && len(p.text) > len(best) {
			best = p.text
		}
	}
	return best
}
