package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// alwaysThere are keys that AWS documents to be always included in the context
// of a request
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
func alwaysThere(lower string) bool {
	switch lower {
	case "aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:viaawsservice", "aws:requestedregion":
		return true
	}
	return false
}

// there tells whether every request of the profile has the key.
func (d *comparer) there(key string) bool {
	return alwaysThere(key) || slices.Contains(d.profile.sure, key)
}

// assignment is what a comparison gives to condition keys.
type assignment map[string]binding

// lookup gives the value of a policy variable under the assignment.
func (a assignment) lookup(key string) policy.Value {
	b, ok := a[strings.ToLower(key)]
	if !ok || b.absent || b.values.Multi || len(b.values.List) != 1 {
		return policy.Value{}
	}
	return policy.Value{Text: b.values.List[0], Found: true}
}

// holds asks the evaluator whether a condition holds under the assignment. What
// is not assigned is absent.
func (d *comparer) holds(c *policy.Condition, a assignment) bool {
	s := scope{q: &Question{}, catalogue: d.engine.catalogue, given: a}
	return s.condition(c).True()
}

// keyPossible tells whether a key can have values for which the literals are
// true, when the variables in them that are not fixed may stand for anything.
func (d *comparer) keyPossible(key string, list []literal) chance {
	_, answer := d.solveKey(key, list, nil)
	return answer
}

// solveKey looks for values of a key for which the literals are true. Policy
// variables have the values of env; when it is nil they may stand for anything,
// save those that the profile fixes.
func (d *comparer) solveKey(key string, list []literal, env assignment) (binding, chance) {
	if b, ok := d.profile.fix(key); ok {
		return b, d.check(key, b, list, env)
	}
	if b, ok := env[key]; ok {
		return b, d.check(key, b, list, env)
	}
	gone := binding{absent: true}
	if !d.there(key) && d.check(key, gone, list, env) == found {
		return gone, found
	}
	k, known := d.engine.catalogue.Key(key)
	worst := never
	if !known || !k.Multivalued {
		b, answer := d.single(key, list, env)
		if answer == found {
			return b, found
		}
		worst = answer
	}
	if !known || k.Multivalued {
		b, answer := d.several(key, list, env)
		if answer == found {
			return b, found
		}
		worst = max(worst, answer)
	}
	return binding{}, worst
}

// check tells whether the literals are true for given values of their key.
func (d *comparer) check(key string, b binding, list []literal, env assignment) chance {
	with := assignment{key: b}
	for k, v := range env {
		with[k] = v
	}
	for k, v := range d.profile.fixed {
		with[k] = v
	}
	with[key] = b
	worst := found
	for _, l := range list {
		if env == nil && !b.absent && l.condition.Operator.Test != policy.NullTest && d.hasOpenVariables(l.condition) {
			// What the variables stand for decides.
			if len(b.values.List) == 1 && !b.values.Multi && textual(l.condition.Operator.Test) {
				in := among{}
				in.all = append(in.all, exactly(b.values.List[0]))
				if possibleText([]demand{choose(l)}, in, d.profile.variable) == never {
					return never
				}
			}
			worst = maybe
			continue
		}
		if d.holds(l.condition, with) != l.want {
			return never
		}
	}
	return worst
}

// choose is what a literal wants of the one value of its key.
func choose(l literal) demand {
	c := l.condition
	return demand{c.Values, c.Operator.Test, l.want != c.Operator.Negated}
}

func (d *comparer) hasOpenVariables(c *policy.Condition) bool {
	return slices.ContainsFunc(c.Values, func(t *policy.Template) bool {
		return slices.ContainsFunc(t.Variables(), d.profile.open)
	})
}

// single looks for one value.
func (d *comparer) single(key string, list []literal, env assignment) (binding, chance) {
	var demands []demand
	for _, l := range list {
		switch c := l.condition; {
		case c.Broken, c.Operator.Test == policy.NullTest:
			if d.holds(c, assignment{key: {values: One("x")}}) != l.want {
				return binding{}, never
			}
		default:
			demands = append(demands, choose(l))
		}
	}
	value, answer := d.value(key, demands, env)
	return binding{values: One(value)}, answer
}

// several looks for the values of a key that can have many: all of them must do
// what is wanted of all, and for each thing that is wanted of one there must be
// one that does it as well.
func (d *comparer) several(key string, list []literal, env assignment) (binding, chance) {
	var all, some []demand
	for _, l := range list {
		c := l.condition
		op := c.Operator
		switch {
		case c.Broken, op.Test == policy.NullTest, op.Set == "":
			if d.holds(c, assignment{key: {values: Many("x")}}) != l.want {
				return binding{}, never
			}
		case (op.Set == policy.ForAll) == l.want:
			all = append(all, choose(l))
		default:
			some = append(some, choose(l))
		}
	}
	wanted := [][]demand{all}
	if len(some) > 0 {
		wanted = nil
		for _, one := range some {
			wanted = append(wanted, append(slices.Clone(all), one))
		}
	}
	worst := found
	var values []string
	for _, demands := range wanted {
		value, answer := d.value(key, demands, env)
		if answer == never {
			return binding{}, never
		}
		worst = max(worst, answer)
		if !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return binding{values: Many(values...)}, worst
}

// textual tells whether a test is decided by package wildcard.
func textual(test policy.Test) bool {
	switch test {
	case policy.StringEquals, policy.StringEqualsFold, policy.StringLike, policy.ArnLike:
		return true
	}
	return false
}

// value looks for one value that satisfies all demands.
func (d *comparer) value(key string, demands []demand, env assignment) (string, chance) {
	kind := permission.Kind(0)
	if k, known := d.engine.catalogue.Key(key); known {
		kind = k.Kind
	}
	in := d.profile.domain(key, kind)
	demands = slices.Concat(demands, d.avoid[key])
	if key == "aws:sourcearn" {
		in.none = slices.Concat(in.none, d.foreign)
	}
	var other []demand
	var texts []demand
	for _, c := range demands {
		if textual(c.test) {
			texts = append(texts, c)
		} else {
			other = append(other, c)
		}
	}
	with := d.profile.variable
	if env != nil {
		with = d.profile.under(env)
	}
	if len(other) == 0 && (kind == 0 || kind == permission.String || kind == permission.ARN) {
		if env == nil {
			return "", possibleText(texts, in, with)
		}
		if nice := niceValue(key); nice != "" && d.fitsAll(nice, texts, in, with) {
			return nice, found
		}
		if value, answer := someText(texts, among{in.all, append(slices.Clone(in.none), exactly(""))}, with); answer == found {
			return value, found
		}
		return someText(texts, in, with)
	}
	return d.candidate(kind, other, texts, in, with, env == nil)
}

// fitsAll tests one value.
func (d *comparer) fitsAll(value string, demands []demand, in among, with fill) bool {
	for _, p := range in.all {
		if !p.Match(value) {
			return false
		}
	}
	for _, p := range in.none {
		if p.Match(value) {
			return false
		}
	}
	return !slices.ContainsFunc(demands, func(c demand) bool {
		hit := slices.ContainsFunc(c.templates, func(t *policy.Template) bool {
			f, ok, _ := t.Fill(with)
			return ok && fits(c.test, f, t.Text, value)
		})
		return hit != c.inside
	})
}

// niceValue is a value for keys of which any would do: one that looks like those
// that AWS has.
func niceValue(lower string) string {
	switch lower {
	case "aws:principalaccount", "aws:sourceaccount", "aws:resourceaccount", "aws:sourceowner", "kms:calleraccount", "aws:vpceaccount":
		return strangerAccount
	case "aws:principalorgid", "aws:sourceorgid", "aws:resourceorgid", "aws:vpceorgid":
		return "o-stranger00"
	case "aws:sourcevpce":
		return "vpce-0123456789abcdef0"
	case "aws:sourcevpc":
		return "vpc-0123456789abcdef0"
	case "aws:requestedregion":
		return "us-east-1"
	case "aws:useragent":
		return "aws-cli/2"
	case "aws:sourcearn":
		return "arn:aws:sns:us-east-1:" + strangerAccount + ":x"
	}
	return ""
}
