package network

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// get follows a dotted path; what is unknown on the way is returned in place of
// what it hides.
func get(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch m := v.(type) {
		case map[string]any:
			v = m[name]
		case *haetae.Unknown:
			return m
		default:
			return nil
		}
	}
	return v
}

// text returns a string, "" when it is none.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// whyNot returns what hides a value, or nil.
func whyNot(v any) *haetae.Unknown {
	u, _ := v.(*haetae.Unknown)
	return u
}

// items returns the elements of a list and why there may be more.
func items(v any) ([]any, *haetae.Unknown) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case []any:
		return x, nil
	case *haetae.OpenList:
		return x.Items, x.Why
	case *haetae.Unknown:
		return nil, x
	}
	return []any{v}, nil
}

// number reads an integer that may be written as text.
func number(v any) (int, bool) {
	switch x := v.(type) {
	case int64:
		return int(x), true
	case float64:
		return int(x), x == float64(int(x))
	case string:
		n, err := strconv.Atoi(strings.TrimSpace(x))
		return n, err == nil
	}
	return 0, false
}

// flag reads a boolean that may be written as text.
func flag(v any) (value, known bool) {
	switch x := v.(type) {
	case bool:
		return x, true
	case string:
		b, err := strconv.ParseBool(x)
		return b, err == nil
	}
	return false, false
}

// prefixOf reads an address range in CIDR notation.
func prefixOf(v any) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text(v))
	return p.Masked(), err == nil
}

// addrsOf reads an address or an address range.
func addrsOf(v any) cidr.Addrs {
	a, err := cidr.Parse(text(v))
	if err != nil {
		return cidr.Addrs{}
	}
	return a
}

// firstWhy is the first reason that is one.
func firstWhy(list ...*haetae.Unknown) *haetae.Unknown {
	for _, u := range list {
		if u != nil {
			return u
		}
	}
	return nil
}

// missing makes a reason of one's own: a fact that nobody read, and the IAM
// actions of the calls that tell it.
func missing(detail string, actions ...string) *haetae.Unknown {
	return &haetae.Unknown{Reason: haetae.NotAsked, Detail: detail, Actions: actions}
}

// missingOf is missing for a fact about a resource. No action of IAM tells what a
// template leaves open.
func missingOf(r *haetae.Resource, detail string, actions ...string) *haetae.Unknown {
	if r.Declared() {
		actions = nil
	}
	return missing(detail, actions...)
}
