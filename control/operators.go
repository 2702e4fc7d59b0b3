package control

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/haetae/haetae"
)

// operator is a function of decided or undecided values; it sees all of them.
type operator struct {
	arity int
	eval  func(args []any) any
}

// pairOperators are the strict operators that are used most, without the slice.
var pairOperators = map[string]func(a, b any) any{
	operators.Equals:    equal,
	operators.NotEquals: func(a, b any) any { return not(equal(a, b)) },
	operators.In:        contained,
}

// strictOperators are CEL's operators and standard functions that controls
// may use, by CEL's internal names.
var strictOperators = map[string]operator{
	operators.LogicalNot:    {1, func(a []any) any { return not(a[0]) }},
	operators.Less:          {2, func(a []any) any { return ordered(a, func(c int) bool { return c < 0 }) }},
	operators.LessEquals:    {2, func(a []any) any { return ordered(a, func(c int) bool { return c <= 0 }) }},
	operators.Greater:       {2, func(a []any) any { return ordered(a, func(c int) bool { return c > 0 }) }},
	operators.GreaterEquals: {2, func(a []any) any { return ordered(a, func(c int) bool { return c >= 0 }) }},
	operators.Add:           {2, add},
	operators.Subtract:      {2, func(a []any) any { return arithmetic(a, "-") }},
	operators.Multiply:      {2, func(a []any) any { return arithmetic(a, "*") }},
	operators.Divide:        {2, func(a []any) any { return arithmetic(a, "/") }},
	operators.Modulo:        {2, func(a []any) any { return arithmetic(a, "%") }},
	operators.Negate:        {1, func(a []any) any { return arithmetic([]any{int64(0), a[0]}, "-") }},
	"size":                  {1, func(a []any) any { return size(a[0]) }},
	"startsWith":            {2, func(a []any) any { return affix(a[0], a[1], strings.HasPrefix, 0) }},
	"endsWith":              {2, func(a []any) any { return affix(a[0], a[1], strings.HasSuffix, -1) }},
	"contains":              {2, func(a []any) any { return containsText(a[0], a[1]) }},
	"lowerAscii":            {1, func(a []any) any { return onText(a, func(s string) any { return strings.ToLower(s) }) }},
	"upperAscii":            {1, func(a []any) any { return onText(a, func(s string) any { return strings.ToUpper(s) }) }},
	"trim":                  {1, func(a []any) any { return onText(a, func(s string) any { return strings.TrimSpace(s) }) }},
	"split":                 {2, split},
	"int":                   {1, func(a []any) any { return toInt(a[0]) }},
	"double":                {1, func(a []any) any { return toDouble(a[0]) }},
	"string":                {1, func(a []any) any { return toText(a[0]) }},
	"dyn":                   {1, func(a []any) any { return a[0] }},
}

// ordered compares numbers with numbers and texts with texts.
func ordered(a []any, ok func(int) bool) any {
	if isUnknown(a[0]) || isUnknown(a[1]) {
		return merge(a...)
	}
	if c, is := compareNumbers(a[0], a[1]); is {
		return ok(c)
	}
	x, isX := a[0].(string)
	y, isY := a[1].(string)
	if isX && isY {
		return ok(strings.Compare(x, y))
	}
	if a[0] == nil || a[1] == nil {
		return faulty("a value that is not set is compared with < or >")
	}
	return faulty("values that have no order are compared with < or >")
}

// contained is CEL's in: an element of a list, or a key of a map.
func contained(v, in any) any {
	switch m := in.(type) {
	case map[string]any:
		return keyIn(v, m, nil)
	case *openMap:
		return keyIn(v, m.known, m.why)
	}
	list, more, ok := items(in)
	if !ok {
		return faulty("in needs a list or a map on its right")
	}
	var undecided []any
	for _, e := range list {
		switch eq := equal(v, e); {
		case eq == true:
			return true
		case eq != false:
			undecided = append(undecided, eq)
		}
	}
	if more != nil {
		undecided = append(undecided, more)
	}
	if undecided != nil {
		return merge(undecided...)
	}
	return false
}

func keyIn(v any, m map[string]any, why *haetae.Unknown) any {
	var undecided []any
	for k, val := range m {
		switch eq := equal(v, k); {
		case eq == false:
		case eq == true:
			if u, is := val.(*haetae.Unknown); is && !u.Set {
				return opaque(u)
			}
			return true
		default:
			undecided = append(undecided, eq)
		}
	}
	if why != nil {
		undecided = append(undecided, why)
	}
	if undecided != nil {
		return merge(undecided...)
	}
	return false
}

func size(v any) any {
	switch x := v.(type) {
	case string:
		return int64(len([]rune(x)))
	case map[string]any:
		for _, e := range x {
			if u, is := e.(*haetae.Unknown); is && !u.Set {
				return opaque(u)
			}
		}
		return int64(len(x))
	case *openMap:
		return opaque(x.why)
	}
	list, more, ok := items(v)
	switch {
	case !ok:
		return faulty("size() of a value that has none")
	case more != nil:
		return opaque(more)
	}
	return int64(len(list))
}

func add(a []any) any {
	switch x := a[0].(type) {
	case string:
		if y, ok := a[1].(string); ok {
			return x + y
		}
	case []any, *haetae.OpenList, nil:
		l, moreL, _ := items(a[0])
		r, moreR, ok := items(a[1])
		if !ok {
			break
		}
		joined := append(append(make([]any, 0, len(l)+len(r)), l...), r...)
		if moreL != nil || moreR != nil {
			return openList(joined, merge(moreL, moreR))
		}
		return joined
	}
	return arithmetic(a, "+")
}

// openList makes a list that may have more, for the reasons given.
func openList(list []any, why any) any {
	us := causes(why)
	if len(us) == 0 {
		return list
	}
	if len(us) == 1 {
		return &haetae.OpenList{Items: list, Why: us[0]}
	}
	joined := *us[0]
	for _, u := range us[1:] {
		joined.Detail += "; " + u.String()
		joined.Actions = append(joined.Actions[:len(joined.Actions):len(joined.Actions)], u.Actions...)
	}
	return &haetae.OpenList{Items: list, Why: &joined}
}

func arithmetic(a []any, op string) any {
	if isUnknown(a[0]) || isUnknown(a[1]) {
		return merge(a...)
	}
	x, isX := a[0].(int64)
	y, isY := a[1].(int64)
	if isX && isY {
		switch op {
		case "+":
			return x + y
		case "-":
			return x - y
		case "*":
			return x * y
		}
		if y == 0 {
			return faulty("division by zero")
		}
		if op == "%" {
			return x % y
		}
		return x / y
	}
	p, okP := toFloat(a[0])
	q, okQ := toFloat(a[1])
	if !okP || !okQ {
		return faulty("arithmetic on values that are not numbers")
	}
	switch op {
	case "+":
		return p + q
	case "-":
		return p - q
	case "*":
		return p * q
	case "/":
		return p / q
	}
	return math.Mod(p, q)
}

func toFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	}
	return 0, false
}

// affix is startsWith (part 0 decides) or endsWith (part -1).
func affix(v, text any, test func(s, affix string) bool, part int) any {
	p, ok := text.(string)
	if !ok {
		return undecidedText(v, text)
	}
	switch s := v.(type) {
	case string:
		return test(s, p)
	case *haetae.Unknown:
		if len(s.Parts) < 2 {
			break
		}
		known := s.Parts[0]
		if part < 0 {
			known = s.Parts[len(s.Parts)-1]
		}
		switch {
		case test(known, p):
			return true
		case !test(p, known):
			return false
		case s.Plain && strings.ContainsAny(nextToHole(p, known, part), "*?"):
			return false
		}
	}
	return undecidedText(v, text)
}

// nextToHole is the character of the affix that must lie in the hole beside
// the known text.
func nextToHole(affix, known string, part int) string {
	if part < 0 {
		affix = affix[:len(affix)-len(known)]
		return affix[max(0, len(affix)-1):]
	}
	affix = affix[len(known):]
	return affix[:min(1, len(affix))]
}

func undecidedText(vs ...any) any {
	for _, v := range vs {
		switch x := v.(type) {
		case nil:
			return false // what is not set has no text in it
		case *haetae.Secret:
			return secretCompared(x)
		}
		if isUnknown(v) {
			return merge(vs...)
		}
	}
	return faulty("a text function on a value that is not a text")
}

func containsText(v, text any) any {
	p, ok := text.(string)
	if !ok {
		return undecidedText(v, text)
	}
	switch s := v.(type) {
	case string:
		return strings.Contains(s, p)
	case *haetae.Unknown:
		for _, part := range s.Parts {
			if strings.Contains(part, p) {
				return true
			}
		}
		if s.Plain && (p == "*" || p == "?") {
			return false
		}
	}
	return undecidedText(v, text)
}

// matches tests a pattern that was compiled with the control.
func matches(v any, re *regexp.Regexp) any {
	if s, ok := v.(string); ok {
		return re.MatchString(s)
	}
	return undecidedText(v, "")
}

func onText(a []any, f func(string) any) any {
	if s, ok := a[0].(string); ok {
		return f(s)
	}
	if a[0] == nil {
		return nil
	}
	return undecidedText(a[0])
}

func split(a []any) any {
	s, isS := a[0].(string)
	sep, isSep := a[1].(string)
	if !isS || !isSep {
		return undecidedText(a...)
	}
	var out []any
	for _, p := range strings.Split(s, sep) {
		out = append(out, p)
	}
	return out
}

func toInt(v any) any {
	switch x := v.(type) {
	case int64:
		return x
	case float64:
		return int64(x)
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(x), 10, 64); err == nil {
			return n
		}
		return faulty(strconv.Quote(x) + " is not a number")
	}
	if isUnknown(v) {
		return opaque(v)
	}
	return faulty("int() of a value that is not a number")
}

func toDouble(v any) any {
	if f, ok := toFloat(v); ok {
		return f
	}
	if s, ok := v.(string); ok {
		if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
			return f
		}
	}
	if isUnknown(v) {
		return opaque(v)
	}
	return faulty("double() of a value that is not a number")
}

func toText(v any) any {
	switch x := v.(type) {
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	}
	if isUnknown(v) {
		return v
	}
	return faulty("string() of a value that is no scalar")
}

// index compiles a[b].
func (c *compiler) index(_ ast.Expr, args []expr) expr {
	list, key := args[0], args[1]
	return expr{eval: func(f *frame) any { return element(list.eval(f), key.eval(f)) }}
}

func element(v, key any) any {
	if isUnknown(v) || isUnknown(key) {
		return merge(v, key)
	}
	switch x := v.(type) {
	case map[string]any:
		k, ok := key.(string)
		if !ok {
			return faulty("a map is indexed with something that is not a text")
		}
		return x[k]
	case *openMap:
		if k, ok := key.(string); ok {
			if e, ok := x.known[k]; ok {
				return e
			}
		}
		return opaque(x.why)
	case *haetae.OpenList:
		return opaque(x.Why)
	case []any:
		i, ok := key.(int64)
		if !ok || i < 0 || i >= int64(len(x)) {
			return faulty("an index outside the list")
		}
		return x[i]
	}
	return faulty("a value that has no elements is indexed")
}
