package iam

import (
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae/policy"
)

// element is one part of a statement that speaks of one variable of a request:
// its Action, its Resource, or one key of its conditions. A statement matches
// when all of its elements hold.
type element struct {
	id        int    // elements that say the same have the same
	variable  string // compareAction, compareResource or a context key in lower case
	actions   *policy.Actions
	resources *policy.Resources
	condition *policy.Condition
}

// The variables of a request that are no context keys. Who asks is not among
// them: it is tried one by one, see profile.
const (
	compareAction   = "@action"
	compareResource = "@resource"
)

// literal is an element that is wanted to hold, or not to.
type literal struct {
	*element
	want bool
}

// chance is what is known of a question: never is proven, found has an example,
// and maybe is neither.
type chance uint8

const (
	never chance = iota
	found
	maybe
)

// settled are the literals that are chosen, by variable.
type settled map[string][]literal

func (l settled) with(add literal) settled {
	next := make(settled, len(l)+1)
	for variable, list := range l {
		next[variable] = list
	}
	next[add.variable] = append(slices.Clone(l[add.variable]), add)
	return next
}

// search looks for a request for which all elements of some statements hold, and
// of each of some others one element does not. It chooses for each of the others
// the element that does not hold, of which there are finitely many, and asks for
// each variable whether a value satisfies what was chosen for it. Until all is
// chosen variables are taken to be independent of each other. That can only make
// too much possible, so never is a proof; what couples them is for leaf.
type search struct {
	// possible tells whether some value of a variable satisfies the literals.
	possible func(variable string, list []literal) chance
	// leaf makes a request of which the literals are true. It is maybe when it
	// can neither make one nor prove that there is none.
	leaf   func(settled) chance
	memo   map[string]chance
	budget *int // branches that are left
}

// run answers found when leaf did.
func (s *search) run(must []*element, not [][]*element) chance {
	chosen := settled{}
	for _, e := range must {
		chosen[e.variable] = append(chosen[e.variable], literal{e, true})
	}
	for variable, list := range chosen {
		if s.ask(variable, list) == never {
			return never
		}
	}
	return s.branch(chosen, not)
}

// ask is possible, remembered.
func (s *search) ask(variable string, list []literal) chance {
	ids := make([]int, 0, len(list))
	for _, l := range list {
		id := 2 * l.id
		if l.want {
			id++
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var key strings.Builder
	key.WriteString(variable)
	for i, id := range ids {
		if id%2 == 1 && i > 0 && ids[i-1] == id-1 {
			return never // the same element is wanted both ways
		}
		key.WriteByte(' ')
		key.WriteString(strconv.Itoa(id))
	}
	if known, ok := s.memo[key.String()]; ok {
		return known
	}
	answer := s.possible(variable, list)
	s.memo[key.String()] = answer
	return answer
}

func (s *search) branch(chosen settled, open [][]*element) chance {
	if *s.budget--; *s.budget < 0 {
		return maybe
	}
	// The statement with the fewest ways out comes first.
	var rest [][]*element
	var best []*element
	for _, statement := range open {
		ways, out := s.waysOut(chosen, statement)
		switch {
		case out:
			continue
		case len(ways) == 0:
			return never
		case best == nil || len(ways) < len(best):
			best = ways
		}
		rest = append(rest, statement)
	}
	if best == nil {
		return s.leaf(chosen)
	}
	worst := never
	for _, e := range best {
		switch s.branch(chosen.with(literal{e, false}), rest) {
		case found:
			return found
		case maybe:
			if worst = maybe; *s.budget < 0 {
				return maybe
			}
		}
	}
	return worst
}

// waysOut are the elements of a statement that may fail to hold beside what is
// chosen. It says out when the statement cannot match any more.
func (s *search) waysOut(chosen settled, statement []*element) (ways []*element, out bool) {
	for _, e := range statement {
		list := chosen[e.variable]
		if s.ask(e.variable, append(slices.Clone(list), literal{e, true})) == never {
			return nil, true
		}
		if s.ask(e.variable, append(slices.Clone(list), literal{e, false})) != never {
			ways = append(ways, e)
		}
	}
	return ways, false
}
