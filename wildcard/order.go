package wildcard

import "slices"

// Meets tells whether some string fits both patterns. It takes
// len(p)·len(q) steps at most.
func Meets(p, q *Pattern) bool {
	// The heads that come before any loop must agree character by character,
	// which settles most pairs.
	for i := 0; i < len(p.symbols) && i < len(q.symbols) && p.loops[i] == noLoop && q.loops[i] == noLoop; i++ {
		if !agree(p, i, q, i) {
			return false
		}
	}
	width := len(q.symbols) + 1
	reached := make([]bool, (len(p.symbols)+1)*width)
	reached[0] = true
	for i := 0; i <= len(p.symbols); i++ {
		for j := 0; j < width; j++ {
			if !reached[i*width+j] {
				continue
			}
			if i < len(p.symbols) && q.loops[j].meets(p.symbols[i]) {
				reached[(i+1)*width+j] = true
			}
			if j < len(q.symbols) && p.loops[i].meets(q.symbols[j]) {
				reached[i*width+j+1] = true
			}
			if i < len(p.symbols) && j < len(q.symbols) && agree(p, i, q, j) {
				reached[(i+1)*width+j+1] = true
			}
		}
	}
	return reached[len(reached)-1]
}

// meets tells whether some character that fits the symbol may pass in the loop.
func (l loop) meets(symbol rune) bool { return l == anyLoop || l == inField && symbol != ':' }

// agree tells whether some character fits symbol i of p and symbol j of q.
func agree(p *Pattern, i int, q *Pattern, j int) bool {
	a, b := p.symbols[i], q.symbols[j]
	switch {
	case a == anyChar || b == anyChar:
		return true
	case a == notColon:
		return b != ':'
	case b == notColon:
		return a != ':'
	default:
		return a == b || (p.fold || q.fold) && foldRune(a) == foldRune(b)
	}
}

// Covers tells whether every string that fits q fits p. The limit and the error
// are those of Find.
func Covers(p, q *Pattern, limit int) (bool, error) {
	return CoveredBy(q, []*Pattern{p}, limit)
}

// CoveredBy tells whether every string that fits p fits at least one of union.
// The limit and the error are those of Find.
func CoveredBy(p *Pattern, union []*Pattern, limit int) (bool, error) {
	for _, u := range union {
		if embeds(u, p) {
			return true, nil
		}
	}
	_, found, err := Find([]*Pattern{p}, union, limit)
	return !found && err == nil, err
}

// embeds tells whether p covers q for a reason that the texts show: each symbol
// of q is taken by a symbol of p that is at least as wide, or by a loop of p.
// When it says no, p may cover q all the same: "*a?*" covers "*a*b*".
//
// It walks like a matcher of wildcards, over the symbols and loops of q instead
// of characters: back to the last loop of p when something does not fit. That is
// not enough when loops of p differ, so for those that stay in fields it only
// knows equal texts and what q has no wildcards in. Wildcards of q that stay in
// fields are taken for wider than they are.
func embeds(p, q *Pattern) bool {
	if p.inFields {
		if text, ok := q.Exact(); ok {
			return p.Match(text)
		}
		return p.fold == q.fold && slices.Equal(p.symbols, q.symbols) && slices.Equal(p.loops, q.loops)
	}
	i, j := 0, 0
	passed := false // q's loop before j has been taken
	back, mark, markPassed := -1, 0, false
	for {
		loops := p.loops[i] != noLoop
		if loops && back != i {
			back, mark, markPassed = i, j, passed
		}
		switch {
		case !passed && q.loops[j] != noLoop:
			if loops {
				passed = true
				continue
			}
		case j == len(q.symbols):
			if i == len(p.symbols) {
				return true
			}
		case i < len(p.symbols) && within(p, i, q, j):
			i, j, passed = i+1, j+1, false
			continue
		}
		if back < 0 {
			return false
		}
		// The last loop of p takes one more of q.
		switch {
		case !markPassed && q.loops[mark] != noLoop:
			markPassed = true
		case mark < len(q.symbols):
			mark, markPassed = mark+1, false
		default:
			return false
		}
		i, j, passed = back, mark, markPassed
	}
}

// within tells whether all characters of symbol j of q fit symbol i of p, which
// has none that stay in fields.
func within(p *Pattern, i int, q *Pattern, j int) bool {
	a, b := p.symbols[i], q.symbols[j]
	switch {
	case a == anyChar:
		return true
	case b < 0:
		return false
	case p.fold:
		return foldRune(a) == foldRune(b)
	default:
		return a == b && (!q.fold || !hasCase(b))
	}
}
