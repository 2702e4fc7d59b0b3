package sigma

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// required returns folded texts of which every match of the expression contains
// at least one. It reports false when there is no such set. The expression must
// be simplified, so that it repeats nothing by count.
func required(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		// U+FFFD also matches bytes that are no UTF-8.
		if strings.ContainsRune(text, utf8.RuneError) {
			return nil, false
		}
		return []string{fold(text)}, true
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			texts, ok := required(sub)
			if !ok {
				return nil, false
			}
			out = append(out, texts...)
		}
		return out, true
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if texts, ok := required(sub); ok && shortest(texts) > shortest(best) {
				best = texts
			}
		}
		return best, best != nil
	}
	return nil, false
}

// shortest is how selective a set of texts is: the length of its shortest.
func shortest(texts []string) int {
	n := 0
	for i, t := range texts {
		if i == 0 || len(t) < n {
			n = len(t)
		}
	}
	return n
}
