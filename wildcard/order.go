package wildcard

// Meets tells whether some string fits both patterns. It takes
// len(p)·len(q) steps at most.
func Meets(p, q *Pattern) bool {
	// The heads that come before any loop must agree character by character,
	// which settles most pairs.
	for i := 0; i < len(p.symbols) && i < len(q.symbols) && !p.loops[i] && !q.loops[i]; i++ {
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
			if i < len(p.symbols) && q.loops[j] {
				reached[(i+1)*width+j] = true
			}
			if j < len(q.symbols) && p.loops[i] {
				reached[i*width+j+1] = true
			}
			if i < len(p.symbols) && j < len(q.symbols) && agree(p, i, q, j) {
				reached[(i+1)*width+j+1] = true
			}
		}
	}
	return reached[len(reached)-1]
}

// agree tells whether some character fits symbol i of p and symbol j of q.
func agree(p *Pattern, i int, q *Pattern, j int) bool {
	a, b := p.symbols[i], q.symbols[j]
	return a == anyChar || b == anyChar || a == b || (p.fold || q.fold) && lower(a) == lower(b)
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
func embeds(p, q *Pattern) bool {
	// This walks like Match, over the symbols and loops of q instead of
	// characters: back to the last loop of p when a symbol does not fit.
	i, j := 0, 0
	looping := false // q's loop before j has been taken
	back, mark := -1, 0
	markLooping := false
	for {
		if p.loops[i] && back != i {
			back, mark, markLooping = i, j, looping
		}
		if !looping && q.loops[j] {
			if p.loops[i] {
				looping = true
				continue
			}
		} else if j == len(q.symbols) {
			if i == len(p.symbols) {
				return true
			}
		} else if i < len(p.symbols) && within(p, i, q, j) {
			i, j, looping = i+1, j+1, false
			continue
		}
		if back < 0 {
			return false
		}
		// The last loop of p takes one more of q.
		if !markLooping && q.loops[mark] {
			markLooping = true
		} else if mark < len(q.symbols) {
			mark, markLooping = mark+1, false
		} else {
			return false
		}
		i, j, looping = back, mark, markLooping
	}
}

// within tells whether all characters of symbol j of q fit symbol i of p.
func within(p *Pattern, i int, q *Pattern, j int) bool {
	a, b := p.symbols[i], q.symbols[j]
	switch {
	case a == anyChar:
		return true
	case b == anyChar:
		return false
	case p.fold:
		return lower(a) == lower(b)
	default:
		return a == b && (!q.fold || lower(b) == upper(b))
	}
}
