package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// coverage answers whether a type was listed to its end.
type coverage struct {
	rows map[world][]haetae.Coverage
}

func newCoverage(rows []haetae.Coverage) coverage {
	c := coverage{map[world][]haetae.Coverage{}}
	for _, r := range rows {
		w := world{r.Stack, r.Account}
		c.rows[w] = append(c.rows[w], r)
	}
	return c
}

// Listings returns a function that says why the listing of a type in a region of
// an account, or of a stack, may lack something; nil when it is complete. The
// region of a type without regions is "".
func Listings(rows []haetae.Coverage) func(stack, account, region, typ string) *haetae.Unknown {
	c := newCoverage(rows)
	return func(stack, account, region, typ string) *haetae.Unknown {
		return c.gap(world{stack, account}, region, typ)
	}
}

// gap says why a listing of the type in the world may lack something, or nil.
// region "*" asks for all regions. A row for a type counts before a row for
// "*"; no row at all means that nobody asked.
func (c coverage) gap(w world, region, typ string) *haetae.Unknown {
	named, any := false, false
	var rest *haetae.Unknown
	for _, row := range c.rows[w] {
		if row.Type != typ && row.Type != "*" {
			continue
		}
		if region != "*" && row.Region != region && row.Region != "" {
			continue
		}
		if row.Type == typ {
			named = true
		} else {
			any = true
		}
		if row.Status == haetae.Complete {
			continue
		}
		u := why(row)
		if row.Type == typ {
			return u
		}
		rest = u
	}
	switch {
	case named:
		return nil
	case any:
		return rest
	}
	return &haetae.Unknown{Reason: haetae.NotAsked, Detail: typ + " was not listed"}
}

// why turns a row that is not complete into an unknown.
func why(row haetae.Coverage) *haetae.Unknown {
	u := &haetae.Unknown{Reason: row.Reason, Detail: row.Detail, Actions: row.Actions}
	if u.Reason == "" {
		u.Reason = haetae.NotAsked
	}
	if u.Detail == "" {
		u.Detail = fmt.Sprintf("the listing of %s is %s", row.Type, row.Status)
	}
	if row.Region != "" {
		u.Detail += " in " + row.Region
	}
	return u
}

// Gaps returns, for a type, the coverage rows that are not complete: those
// that name the type, in every world, in order of stacks, accounts and regions.
func (g *Graph) Gaps(typ string) []haetae.Coverage {
	var out []haetae.Coverage
	for _, rows := range g.coverage.rows {
		for _, r := range rows {
			if r.Type == typ && r.Status != haetae.Complete {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b haetae.Coverage) int {
		return cmp.Or(strings.Compare(a.Stack, b.Stack), strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
	})
	return out
}
