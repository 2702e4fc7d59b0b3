package control

import (
	"strings"

	"github.com/haetae/haetae"
)

// Patterns of IAM: "*" stands for any characters, "?" for exactly one
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
// Names in IAM are ASCII, so a byte is a character here.

// matchWild tells whether a pattern covers a text. The text may itself be a
// pattern: then the first must cover all that the second does. Either may be
// known in part only.
func matchWild(pattern, text any) any {
	p, openP, why := globOf(pattern)
	if why != nil {
		return undecidedGlob(why, text)
	}
	t, openT, why := globOf(text)
	if why != nil {
		return undecidedGlob(why, pattern)
	}
	if !openP && !openT {
		return globCovers(p, t)
	}
	switch {
	case !globsMeet(p, t):
		return false
	case !openP && globCovers(p, t):
		return true
	}
	return merge(pattern, text)
}

// matchAction is matchWild for actions, which have no case
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
func matchAction(pattern, action any) any { return matchWild(lowered(pattern), lowered(action)) }

// actionsMeet tells whether some action is matched by both patterns.
func actionsMeet(a, b any) any { return wildMeet(lowered(a), lowered(b)) }

// wildMeet tells whether two patterns have a text in common.
func wildMeet(a, b any) any {
	p, openP, why := globOf(a)
	if why != nil {
		return undecidedGlob(why, b)
	}
	q, openQ, why := globOf(b)
	if why != nil {
		return undecidedGlob(why, a)
	}
	switch {
	case !globsMeet(p, q):
		return false
	case !openP && !openQ, !openP && globCovers(p, q), !openQ && globCovers(q, p):
		return true
	}
	return merge(a, b)
}

func undecidedGlob(why, other any) any {
	if why == false || other == nil {
		return false
	}
	return why
}

// globOf views a value as a pattern, with each unknown part as a wildcard; open
// is set when there is one. why is set when it is no text: false for a value
// that is not set.
func globOf(v any) (glob string, open bool, why any) {
	switch x := v.(type) {
	case nil:
		return "", false, false
	case string:
		return x, false, nil
	case *haetae.Secret:
		return "", false, secretCompared(x)
	case unknowns:
		return "*", true, nil
	case *haetae.Unknown:
		hole := "*"
		if x.Plain {
			hole = "?*"
		}
		if len(x.Parts) < 2 {
			return hole, true, nil
		}
		return strings.Join(x.Parts, hole), true, nil
	}
	return "", false, faulty("a pattern is matched with a value that is not a text")
}

// lowered is a text in lower case, as far as it is known.
func lowered(v any) any {
	switch x := v.(type) {
	case string:
		return strings.ToLower(x)
	case *haetae.Unknown:
		if len(x.Parts) < 2 {
			return x
		}
		u := *x
		u.Parts = make([]string, len(x.Parts))
		for i, p := range x.Parts {
			u.Parts[i] = strings.ToLower(p)
		}
		return &u
	}
	return v
}

// globCovers tells whether every text of pattern t is one of pattern p.
func globCovers(p, t string) bool {
	return symbolsMatch(p, t) || strings.Contains(p, "?") && strings.Contains(t, "*") && allMatch(tidy(p), tidy(t))
}

// symbolsMatch matches t with p symbol by symbol: a star of p takes any symbols,
// "?" any but a star. It goes through t once, going back to the last star of p
// only, which is enough since a star may always take more. What it finds holds;
// it misses covers such as that of "*a" by "?*".
func symbolsMatch(p, t string) bool {
	if !strings.ContainsAny(p, "*?") {
		return p == t
	}
	p, t = tidy(p), tidy(t)
	i, j, star, mark := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' && t[j] != '*' || p[i] != '?' && p[i] == t[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// maxStates bounds the search of allMatch; patterns in policies are far from it.
const maxStates = 4096

// allMatch goes through all texts of pattern t at once, with the set of places in
// p where each may be. It gives up, as not covered, when there are too many.
func allMatch(p, t string) bool {
	letters := "\x00"
	for _, c := range []byte(p + t) {
		if c != '*' && c != '?' && strings.IndexByte(letters, c) < 0 {
			letters += string([]byte{c})
		}
	}
	type state struct {
		at     int
		places string // a byte for each place of p, 1 where the text may be
	}
	closed := func(set []byte) string {
		for i := range len(p) {
			if set[i] == 1 && p[i] == '*' {
				set[i+1] = 1
			}
		}
		return string(set)
	}
	start := make([]byte, len(p)+1)
	start[0] = 1
	seen := map[state]bool{}
	queue := []state{{0, closed(start)}}
	for len(queue) > 0 {
		s := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if seen[s] {
			continue
		}
		if seen[s] = true; len(seen) > maxStates {
			return false
		}
		if s.at == len(t) {
			if s.places[len(p)] != 1 {
				return false
			}
			continue
		}
		after := s.at + 1
		if t[s.at] == '*' {
			queue = append(queue, state{after, s.places})
			after = s.at
		}
		for _, c := range []byte(letters) {
			if t[s.at] != '*' && t[s.at] != '?' && t[s.at] != c {
				continue
			}
			set := make([]byte, len(p)+1)
			for i := range len(p) {
				switch {
				case s.places[i] != 1:
				case p[i] == '*':
					set[i] = 1
				case p[i] == '?', p[i] == c:
					set[i+1] = 1
				}
			}
			queue = append(queue, state{after, closed(set)})
		}
	}
	return true
}

// tidy writes each run of wildcards in one way: the single characters first,
// then one star.
func tidy(p string) string {
	if !strings.Contains(p, "**") && !strings.Contains(p, "*?") {
		return p
	}
	var b strings.Builder
	for i := 0; i < len(p); {
		star := false
		run := i
		for run < len(p) && (p[run] == '*' || p[run] == '?') {
			if p[run] == '?' {
				b.WriteByte('?')
			} else {
				star = true
			}
			run++
		}
		if star {
			b.WriteByte('*')
		}
		if run < len(p) {
			b.WriteByte(p[run])
			run++
		}
		i = run
	}
	return b.String()
}

// globsMeet tells whether two patterns have a text in common.
func globsMeet(p, q string) bool {
	if !strings.ContainsAny(p, "*?") && !strings.ContainsAny(q, "*?") {
		return p == q
	}
	// row[j] is whether p[i:] and q[j:] meet, for the i at hand.
	row, below := make([]bool, len(q)+1), make([]bool, len(q)+1)
	for i := len(p); i >= 0; i-- {
		for j := len(q); j >= 0; j-- {
			switch {
			case i == len(p) && j == len(q):
				row[j] = true
			case i < len(p) && p[i] == '*':
				row[j] = below[j] || j < len(q) && row[j+1]
			case j < len(q) && q[j] == '*':
				row[j] = row[j+1] || i < len(p) && below[j]
			case i < len(p) && j < len(q):
				row[j] = (p[i] == '?' || q[j] == '?' || p[i] == q[j]) && below[j+1]
			default:
				row[j] = false
			}
		}
		row, below = below, row
	}
	return below[0]
}
