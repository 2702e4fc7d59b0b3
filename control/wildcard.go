package control

import (
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/wildcard"
)

// What patterns match is decided by package wildcard, as for iam. Here is what
// follows when part of a pattern is not known.

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
	case !openP && globCovers(p, t) == true:
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
	case !openP && !openQ, !openP && globCovers(p, q) == true, !openQ && globCovers(q, p) == true:
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

// globCovers tells whether every text of pattern t is one of pattern p; it is
// unknown where that would take too long to prove.
func globCovers(p, t string) any {
	wild := strings.ContainsAny(p, "*?")
	switch {
	case !wild:
		return p == t
	case !strings.ContainsAny(t, "*?"):
		return wildcard.Compile(p).Match(t)
	}
	covers, err := wildcard.Covers(wildcard.Compile(p), wildcard.Compile(t), wildcard.DefaultLimit)
	if err != nil {
		return faulty(err.Error())
	}
	return covers
}

// globsMeet tells whether two patterns have a text in common.
func globsMeet(p, q string) bool {
	if !strings.ContainsAny(p, "*?") && !strings.ContainsAny(q, "*?") {
		return p == q
	}
	return wildcard.Meets(wildcard.Compile(p), wildcard.Compile(q))
}
