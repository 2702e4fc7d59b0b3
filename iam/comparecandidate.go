package iam

import (
	"math/big"
	"net/netip"
	"slices"
	"time"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

func exactly(text string) *wildcard.Pattern { return wildcard.Literal(text) }

// candidate looks for a value among finitely many. Tests of numbers, dates,
// addresses, Booleans and bytes split the values at the values of the policies:
// between two neighbours all values are alike, so one of each piece is enough to
// prove that there is none. Where they stand beside tests of texts, or beside
// variables, finding none proves nothing.
func (d *comparer) candidate(kind permission.Kind, other, texts []demand, in among, with fill, loose bool) (string, chance) {
	var variables bool
	var values []string
	families := map[family]bool{}
	for _, c := range slices.Concat(other, texts) {
		for _, t := range c.templates {
			f, ok, unknown := t.Fill(with)
			variables = variables || unknown != nil
			if ok && unknown == nil && textual(c.test) {
				if exact, is := f.Exact(); is {
					values = append(values, exact)
				}
			}
		}
	}
	if loose && variables {
		return "", maybe
	}
	for _, c := range other {
		families[familyOf(c.test)] = true
	}
	if kind == permission.Bool {
		families[boolFamily] = true
	}
	for f := range families {
		values = append(values, f.values(other)...)
	}
	wellFormed := kind != 0 && kind != permission.String && kind != permission.ARN
	if !wellFormed {
		values = append(values, "x")
	} else {
		for _, f := range []family{boolFamily, ipFamily, dateFamily, numberFamily, binaryFamily} {
			if f.kind() == kind {
				values = append(values, f.values(other)...)
			}
		}
	}
	if len(texts) > 0 {
		if value, answer := someText(texts, in, with); answer == found {
			values = append(values, value)
		}
	}
	for _, value := range values {
		if d.fitsAll(value, slices.Concat(other, texts), in, with) {
			return value, found
		}
	}
	// The two values of a Boolean are all that there are.
	if kind == permission.Bool && !variables {
		return "", never
	}
	if len(texts) > 0 || len(families) > 1 || variables || len(in.all)+len(in.none) > 0 {
		return "", maybe
	}
	return "", never
}

// family is a group of tests that compare the same kind of values.
type family uint8

const (
	numberFamily family = iota + 1
	dateFamily
	ipFamily
	boolFamily
	binaryFamily
)

func familyOf(test policy.Test) family {
	switch test {
	case policy.IPAddress:
		return ipFamily
	case policy.BoolTest:
		return boolFamily
	case policy.BinaryEquals:
		return binaryFamily
	case policy.DateEquals, policy.DateLess, policy.DateLessEquals, policy.DateMore, policy.DateMoreEquals:
		return dateFamily
	}
	return numberFamily
}

func (f family) kind() permission.Kind {
	return [...]permission.Kind{0, permission.Numeric, permission.Date, permission.IP, permission.Bool, permission.Binary}[f]
}

// values are one value of each piece into which the tests of the family split
// all.
func (f family) values(demands []demand) []string {
	var bounds []string
	for _, c := range demands {
		if familyOf(c.test) == f {
			for _, t := range c.templates {
				bounds = append(bounds, t.Text)
			}
		}
	}
	switch f {
	case boolFamily:
		return []string{"true", "false"}
	case ipFamily:
		return addressPieces(bounds)
	case dateFamily:
		return datePieces(bounds)
	case binaryFamily:
		return append(bounds, "eA==", "eQ==")
	}
	return numberPieces(bounds)
}

// numberPieces are all bounds, and a number before, between and after them: a whole
// one where there is one.
func numberPieces(bounds []string) []string {
	var at []*big.Rat
	for _, b := range bounds {
		if n, ok := number(b); ok {
			at = append(at, n)
		}
	}
	slices.SortFunc(at, func(a, b *big.Rat) int { return a.Cmp(b) })
	one := big.NewRat(1, 1)
	out := []string{"1"}
	for i, n := range at {
		out = append(out, n.RatString())
		if i == 0 {
			out = append(out, new(big.Rat).Sub(n, one).RatString())
		}
		next := new(big.Rat).Add(n, one)
		if i+1 < len(at) && next.Cmp(at[i+1]) >= 0 {
			next = new(big.Rat).Add(n, at[i+1])
			next.Quo(next, big.NewRat(2, 1))
		}
		out = append(out, next.RatString())
	}
	// A fraction is no number of a request: it is written with a point.
	for i, text := range out {
		if n, ok := new(big.Rat).SetString(text); ok && !n.IsInt() {
			out[i] = n.FloatString(12)
		}
	}
	return out
}

// datePieces are likewise; the least step of a date is a second.
func datePieces(bounds []string) []string {
	var at []time.Time
	for _, b := range bounds {
		if t, ok := Instant(b); ok {
			at = append(at, t.UTC())
		}
	}
	out := []string{"2026-01-01T00:00:00Z"}
	for _, t := range at {
		for _, step := range []time.Duration{0, -time.Second, time.Second, -time.Millisecond, time.Millisecond} {
			out = append(out, t.Add(step).Format(time.RFC3339Nano))
		}
	}
	return out
}

// addressPieces are one address of each piece into which ranges cut them.
func addressPieces(ranges []string) []string {
	out := []string{"203.0.113.7", "2001:db8::7"}
	var list []netip.Prefix
	for _, text := range ranges {
		if p, ok := prefix(text); ok {
			list = append(list, p)
			out = append(out, p.Addr().Next().String()) // reads better than the first one
		}
	}
	out = slices.DeleteFunc(out, func(text string) bool { _, err := netip.ParseAddr(text); return err != nil })
	return append(out, addresses(list)...)
}
