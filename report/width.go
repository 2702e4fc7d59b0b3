package report

import (
	"strings"
	"unicode"
)

// columns returns how many columns of a terminal a text takes: East Asian wide
// characters take two, combining ones none.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns follows the wide and fullwidth ranges of Unicode Annex 11.
func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case r >= 0x1160 && r <= 0x11FF: // Hangul vowels and finals join the initial
		return 0
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && r <= 0x115F, r >= 0x2E80 && r <= 0x303E,
		r >= 0x3041 && r <= 0x4DBF, r >= 0x4E00 && r <= 0xA4CF,
		r >= 0xA960 && r <= 0xA97F, r >= 0xAC00 && r <= 0xD7A3,
		r >= 0xF900 && r <= 0xFAFF, r >= 0xFE30 && r <= 0xFE6F,
		r >= 0xFF00 && r <= 0xFF60, r >= 0xFFE0 && r <= 0xFFE6,
		r >= 0x1F300 && r <= 0x1F64F, r >= 0x1F900 && r <= 0x1F9FF,
		r >= 0x20000 && r <= 0x3FFFD:
		return 2
	}
	return 1
}

// pad fills a text with spaces to a width.
func pad(s string, width int) string {
	if n := width - columns(s); n > 0 {
		return s + strings.Repeat(" ", n)
	}
	return s
}

// wrap breaks a text at spaces into lines of at most width columns. A word that
// is longer stays whole, since an ARN or a path in two parts cannot be copied.
func wrap(s string, width int) []string {
	var lines []string
	var b strings.Builder
	used := 0
	for word := range strings.FieldsSeq(s) {
		n := columns(word)
		switch {
		case used == 0:
		case used+1+n > width:
			lines = append(lines, b.String())
			b.Reset()
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	if used > 0 {
		lines = append(lines, b.String())
	}
	return lines
}
