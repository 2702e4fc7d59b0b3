package iam

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// condition tells whether one operator on one key holds
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
func (s *scope) condition(c *policy.Condition) Expr {
	if c.Broken {
		return no()
	}
	if c.Key == "" && c.More != nil {
		return s.missing("a condition: "+c.More.String(), c.More)
	}
	open := func(vars []string) Expr {
		return Expr{op: isAtom, atom: &atom{of: s, vars: vars, cond: c, again: func(t *scope) Expr { return t.condition(c) }}}
	}
	v, st := s.key(c.Lower)
	op := c.Operator
	if st == present && (len(v.List) == 0 || op.Set != "" && op.Test != policy.NullTest && !slices.ContainsFunc(v.List, func(text string) bool { return text != "" })) {
		// An empty list is a key without a value; to the set operators an empty
		// text is none either
		// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
		st = absent
	}
	if op.Test == policy.NullTest {
		switch st {
		case allUnknown:
			return open([]string{c.Lower})
		case valueUnknown:
			st = present
		}
		for _, value := range c.Values {
			if strings.EqualFold(value.Text, "true") && st == absent || strings.EqualFold(value.Text, "false") && st == present {
				return yes()
			}
		}
		return s.orMore(no(), c)
	}
	switch st {
	case allUnknown, valueUnknown:
		vars := []string{c.Lower}
		for _, t := range c.Values {
			_, _, unknown := t.Fill(s.variable)
			for _, name := range unknown {
				vars = append(vars, strings.ToLower(name))
			}
		}
		return open(vars)
	case absent:
		switch {
		case op.IfExists, op.Set == policy.ForAll:
			return yes()
		case op.Set == policy.ForAny:
			return no()
		}
		return is(op.Negated)
	}
	if op.Set == "" && v.Multi {
		// A key with several values needs a set operator: without, nothing matches
		// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
		return no()
	}
	out := make([]Expr, 0, len(v.List))
	for _, value := range v.List {
		match, vars := s.oneOf(c, value)
		if vars != nil {
			out = append(out, open(vars))
			continue
		}
		e := s.orMore(is(match), c)
		if op.Negated {
			e = not(e)
		}
		out = append(out, e)
	}
	if op.Set == policy.ForAll {
		return and(out...)
	}
	return or(out...)
}

// orMore lets a test that does not hold hang on the values that are not known.
func (s *scope) orMore(e Expr, c *policy.Condition) Expr {
	if c.More == nil || e.True() {
		return e
	}
	return or(e, s.missing("values of the condition on "+c.Key+": "+c.More.String(), c.More))
}

// oneOf tells whether the value of the request fits one of the policy's values.
// vars are variables without which that cannot be told.
func (s *scope) oneOf(c *policy.Condition, value string) (match bool, vars []string) {
	for _, t := range c.Values {
		f, ok, unknown := t.Fill(s.variable)
		if unknown != nil {
			for _, name := range unknown {
				vars = append(vars, strings.ToLower(name))
			}
			continue
		}
		if ok && fits(c.Operator.Test, f, t.Text, value) {
			return true, nil
		}
	}
	return false, vars
}

// fits compares one value of the request with one of a policy.
func fits(test policy.Test, f policy.Filled, text, value string) bool {
	switch test {
	case policy.StringEquals, policy.StringLike:
		return f.Match(value)
	case policy.StringEqualsFold:
		want, ok := f.Exact()
		return ok && strings.EqualFold(want, value)
	case policy.ArnLike:
		return arnLike(f, value)
	case policy.BoolTest:
		want, ok := f.Exact()
		return ok && isBool(want) && strings.EqualFold(want, value)
	case policy.BinaryEquals:
		a, errA := base64.StdEncoding.DecodeString(text)
		b, errB := base64.StdEncoding.DecodeString(value)
		return errA == nil && errB == nil && bytes.Equal(a, b)
	case policy.IPAddress:
		return inRange(text, value)
	}
	var order int
	switch test {
	case policy.DateEquals, policy.DateLess, policy.DateLessEquals, policy.DateMore, policy.DateMoreEquals:
		a, okA := Instant(value)
		b, okB := Instant(text)
		if !okA || !okB {
			return false
		}
		order = a.Compare(b)
	default:
		a, okA := number(value)
		b, okB := number(text)
		if !okA || !okB {
			return false
		}
		order = a.Cmp(b)
	}
	switch test {
	case policy.NumericEquals, policy.DateEquals:
		return order == 0
	case policy.NumericLess, policy.DateLess:
		return order < 0
	case policy.NumericLessEquals, policy.DateLessEquals:
		return order <= 0
	case policy.NumericMore, policy.DateMore:
		return order > 0
	}
	return order >= 0 && (test == policy.NumericMoreEquals || test == policy.DateMoreEquals)
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

// arnLike compares the six parts of an ARN one by one; wildcards stay in their
// part (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN).
func arnLike(f policy.Filled, value string) bool {
	if f.Pattern.Any() {
		return true
	}
	if _, err := arn.Parse(value); err != nil {
		return false
	}
	return f.ByField(value)
}

// number reads a number of a policy or a request.
func number(s string) (*big.Rat, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 || strings.ContainsAny(s, "/xXpP_") {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 4 {
		return nil, false // 1e999999999 is no number that anybody means
	}
	return new(big.Rat).SetString(s)
}

// Instant reads a date as conditions have it: seconds since 1970 or ISO 8601
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date).
func Instant(s string) (time.Time, bool) {
	if n, ok := number(s); ok && len(s) > 4 {
		seconds, _ := n.Float64()
		if seconds < 0 || seconds > 1e12 {
			return time.Time{}, false
		}
		return time.Unix(0, 0).Add(time.Duration(seconds * float64(time.Second))), seconds < 9e9
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// inRange tells whether an address, or a range of them, lies within a range. A
// bare address is a range of one; the two kinds of addresses never match each
// other.
func inRange(within, value string) bool {
	w, okW := prefix(within)
	v, okV := prefix(value)
	return okW && okV && w.Bits() <= v.Bits() && w.Contains(v.Addr())
}

func prefix(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}
