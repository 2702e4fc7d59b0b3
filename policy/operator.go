package policy

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Test is what a condition operator compares, without its modifiers
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
type Test string

// The tests. Their negations are Negated in [Operator].
const (
	StringEquals      Test = "StringEquals"
	StringEqualsFold  Test = "StringEqualsIgnoreCase"
	StringLike        Test = "StringLike"
	NumericEquals     Test = "NumericEquals"
	NumericLess       Test = "NumericLessThan"
	NumericLessEquals Test = "NumericLessThanEquals"
	NumericMore       Test = "NumericGreaterThan"
	NumericMoreEquals Test = "NumericGreaterThanEquals"
	DateEquals        Test = "DateEquals"
	DateLess          Test = "DateLessThan"
	DateLessEquals    Test = "DateLessThanEquals"
	DateMore          Test = "DateGreaterThan"
	DateMoreEquals    Test = "DateGreaterThanEquals"
	BoolTest          Test = "Bool"
	BinaryEquals      Test = "BinaryEquals"
	IPAddress         Test = "IpAddress"
	ArnLike           Test = "ArnLike" // ArnEquals is the same
	NullTest          Test = "Null"
)

// Set is a set operator, for keys with several values
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
type Set string

// The set operators; "" is none.
const (
	ForAll Set = "ForAllValues"
	ForAny Set = "ForAnyValue"
)

// Operator is a condition operator taken apart.
type Operator struct {
	Written  string
	Test     Test
	Negated  bool
	Set      Set
	IfExists bool
}

var negations = []struct {
	written string
	test    Test
}{
	{"StringNotEquals", StringEquals},
	{"StringNotEqualsIgnoreCase", StringEqualsFold},
	{"StringNotLike", StringLike},
	{"NumericNotEquals", NumericEquals},
	{"DateNotEquals", DateEquals},
	{"NotIpAddress", IPAddress},
	{"ArnNotEquals", ArnLike},
	{"ArnNotLike", ArnLike},
}

var tests = []Test{
	StringEquals, StringEqualsFold, StringLike,
	NumericEquals, NumericLess, NumericLessEquals, NumericMore, NumericMoreEquals,
	DateEquals, DateLess, DateLessEquals, DateMore, DateMoreEquals,
	BoolTest, BinaryEquals, IPAddress, ArnLike, NullTest,
}

// ParseOperator takes an operator apart; ok is false when there is no such
// operator. Case does not matter.
func ParseOperator(written string) (op Operator, ok bool) {
	op.Written = written
	name := written
	if set, rest, found := strings.Cut(name, ":"); found {
		switch {
		case strings.EqualFold(set, string(ForAll)):
			op.Set = ForAll
		case strings.EqualFold(set, string(ForAny)):
			op.Set = ForAny
		default:
			return op, false
		}
		name = rest
	}
	if n := len(name) - len("IfExists"); n > 0 && strings.EqualFold(name[n:], "IfExists") {
		op.IfExists = true
		name = name[:n]
	}
	for _, t := range tests {
		if strings.EqualFold(name, string(t)) {
			op.Test = t
			return op, t != NullTest || !op.IfExists
		}
	}
	for _, n := range negations {
		if strings.EqualFold(name, n.written) {
			op.Test, op.Negated = n.test, true
			return op, true
		}
	}
	if strings.EqualFold(name, "ArnEquals") {
		op.Test = ArnLike
		return op, true
	}
	return op, false
}

// Variables tells whether variables are replaced in the operator's values: those
// of text and ARN operators, and of Bool
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse).
func (t Test) Variables() bool {
	switch t {
	case StringEquals, StringEqualsFold, StringLike, ArnLike, BoolTest:
		return true
	}
	return false
}

// Wild tells whether the operator's values are patterns.
func (t Test) Wild() bool { return t == StringLike || t == ArnLike }

// NewCondition makes a condition that no document has, for rules of services
// that are not written as policies. The values have wildcards where the operator
// has, and no variables; an operator that does not exist never holds.
func NewCondition(operator, key string, values ...string) *Condition {
	op, ok := ParseOperator(operator)
	c := &Condition{Operator: op, Key: key, Lower: strings.ToLower(key), Broken: !ok}
	for _, v := range values {
		c.Values = append(c.Values, newTemplate(v, op.Test.Wild(), false))
	}
	return c
}
