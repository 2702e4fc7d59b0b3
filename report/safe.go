package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible returns the text with every character that a reader cannot see, or
// that changes how others are shown, replaced by its number: "<U+202E>". A name
// must not move a terminal's cursor or turn a line around. Line feeds and tabs
// stay. The result is valid UTF-8 and holds only characters that XML allows.
func visible(s string) string {
	clean := true
	for _, r := range s {
		if hidden(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, "<0x%02X>", s[i])
		case r == utf8.RuneError:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r < 0x20, r >= 0x7F && r < 0xA0: // C0 and C1 controls
		return true
	case r < 0x7F:
		return false
	case r == utf8.RuneError, r&0xFFFE == 0xFFFE: // broken bytes, non-characters
		return true
	case r == 0x2028, r == 0x2029: // line breaks to some readers
		return true
	case r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0: // Hangul fillers look like nothing
		return true
	}
	return unicode.Is(unicode.Cf, r) // bidirectional, zero width, tags
}

// OneLine is visible text without line breaks.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(visible(s), func(r rune) bool { return r == '\n' || r == '\t' || r == ' ' }), " ")
}

// escape makes text safe between tags and in double-quoted attributes, of HTML
// and of XML.
func escape(s string) string {
	s = visible(s)
	if !strings.ContainsAny(s, `&<>"'`) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := range len(s) {
		switch c := s[i]; c {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&quot;")
		case '\'':
			b.WriteString("&#39;")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// cut shortens text to a limit in characters that another format sets. It ends
// in "…" so that nobody takes a part for the whole.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return string(runes[:limit-1]) + "…"
}
