package control

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// A policy is asked through a few three-valued helpers. An unknown piece of a
// policy may turn out to be anything that AWS accepts in its place.

// and3 is three-valued conjunction. Later operands are computed only when the
// earlier ones leave the answer open.
func and3(v any, more ...func() any) any {
	for _, f := range more {
		if v == false {
			return false
		}
		switch w := f(); {
		case w == false:
			return false
		case v == true:
			v = w
		case w != true:
			v = merge(v, w)
		}
	}
	return v
}

// some is three-valued disjunction over a list of which a part may be missing.
func some(list []any, more any, is func(any) any) any {
	var open []any
	for _, e := range list {
		switch v := is(e); {
		case v == true:
			return true
		case v != false:
			open = append(open, v)
		}
	}
	if more != nil {
		open = append(open, more)
	}
	if open != nil {
		return merge(open...)
	}
	return false
}

// every is three-valued conjunction over such a list.
func every(list []any, more any, is func(any) any) any {
	return not(some(list, more, func(e any) any { return not(is(e)) }))
}

// undecided is the answer about a value of which the text is not known.
func undecided(v any) any {
	if s, ok := v.(*haetae.Secret); ok {
		return secretCompared(s)
	}
	if isUnknown(v) {
		return v
	}
	return faulty("a policy has a value that is not a text")
}

// rawStatements lists the statements of a document as they are written, and
// why there may be more. A document is an object or its JSON text; not set is
// a policy without statements.
func rawStatements(doc any) (list []any, more any) {
	switch d := doc.(type) {
	case nil:
		return nil, nil
	case string:
		if strings.TrimSpace(d) == "" {
			return nil, nil
		}
		dec := json.NewDecoder(strings.NewReader(d))
		dec.UseNumber()
		var tree map[string]any
		if err := dec.Decode(&tree); err != nil {
			return nil, faulty("the policy is not a JSON object: " + err.Error())
		}
		return rawStatements(haetae.Normalize(tree))
	case *haetae.Secret:
		return nil, secretCompared(d)
	case *haetae.Unknown, unknowns:
		return nil, d
	case map[string]any:
		switch s := d["Statement"].(type) {
		case map[string]any:
			return []any{s}, nil
		case nil, []any, *haetae.OpenList, *haetae.Unknown, unknowns:
			list, more, _ = items(s)
			return list, more
		}
		return nil, faulty("Statement is neither an object nor a list")
	}
	return nil, faulty("the policy is not an object")
}

// someStatement tells whether the policy has a statement of the effect of which
// is holds.
func someStatement(doc any, effect string, is func(st map[string]any) any) any {
	list, more := rawStatements(doc)
	return some(list, more, func(e any) any {
		st, ok := e.(map[string]any)
		if !ok {
			if isUnknown(e) {
				return e
			}
			return faulty("a statement is not an object")
		}
		return and3(equal(st["Effect"], effect), func() any { return is(st) })
	})
}

// present tells whether the statement has the element.
func present(st map[string]any, key string) any {
	switch v := st[key].(type) {
	case nil:
		return false
	case *haetae.Unknown:
		if !v.Set {
			return v
		}
	case unknowns:
		return v
	}
	return true
}

// listed views an element as a list: AWS takes one value for a list of one
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html).
func listed(v any) (list []any, more any) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case []any:
		list = x
	case *haetae.OpenList:
		list, more = x.Items, x.Why
	case *haetae.Unknown:
		if len(x.Parts) < 2 {
			return nil, x
		}
		return []any{x}, nil
	case unknowns:
		return nil, x
	default:
		list = []any{v}
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		switch n := e.(type) {
		case nil:
		case int64, float64, bool:
			out = append(out, scalarText(n))
		default:
			out = append(out, e)
		}
	}
	return out, more
}

// scalarText is how a policy document spells a value that YAML read as a number
// or a boolean.
func scalarText(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// principals lists an element Principal or NotPrincipal in one form: "*",
// "arn:…", "111122223333", "service:…", "federated:…", "canonical:…". An
// account number and the ARN of that account's root name the same principal
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html);
// both are kept as they are written.
func principals(v any) (list []any, more any) {
	m, ok := v.(map[string]any)
	if !ok {
		list, more = listed(v)
		for i, e := range list {
			// Lambda's own resource policies name a service without its kind.
			if s, ok := e.(string); ok && strings.HasSuffix(s, ".amazonaws.com") {
				list[i] = "service:" + s
			}
		}
		return list, more
	}
	var whys []any
	for _, kind := range [...]struct{ key, prefix string }{
		{"AWS", ""}, {"Service", "service:"}, {"Federated", "federated:"}, {"CanonicalUser", "canonical:"},
	} {
		l, why := listed(m[kind.key])
		for _, e := range l {
			list = append(list, prefixed(kind.prefix, e))
		}
		if why != nil && kind.prefix == "" {
			whys = append(whys, why)
		} else if why != nil {
			// What is missing is at least of this kind. It stands for any
			// number of principals.
			for _, u := range causes(why) {
				list = append(list, prefixed(kind.prefix, u))
			}
		}
	}
	if whys != nil {
		more = merge(whys...)
	}
	return list, more
}

func prefixed(prefix string, v any) any {
	switch x := v.(type) {
	case string:
		if prefix == "" && len(x) < 12 && x != "" && strings.Trim(x, "0123456789") == "" {
			return strings.Repeat("0", 12-len(x)) + x // a number lost its leading zeros
		}
		return prefix + x
	case *haetae.Unknown:
		if prefix == "" {
			return x
		}
		u := *x
		u.Parts = append([]string(nil), x.Parts...)
		if len(u.Parts) < 2 {
			u.Parts = []string{"", ""}
		}
		u.Parts[0] = prefix + u.Parts[0]
		return &u
	}
	return v
}

// policyStatements lists the statements of a policy in one form: Principal and
// NotPrincipal as principals gives them, the other elements as lists, absent
// elements absent. What is unknown stays unknown in its place.
func policyStatements(doc any) any {
	list, more := rawStatements(doc)
	out := make([]any, 0, len(list))
	for _, e := range list {
		st, ok := e.(map[string]any)
		if !ok {
			out = append(out, e)
			continue
		}
		n := make(map[string]any, len(st))
		for k, v := range st {
			switch k {
			case "Principal", "NotPrincipal":
				v = whole(principals(v))
			case "Action", "NotAction", "Resource", "NotResource":
				v = whole(listed(v))
			}
			if v != nil {
				n[k] = v
			}
		}
		out = append(out, n)
	}
	if more != nil && len(out) == 0 {
		return more
	}
	return openList(out, more)
}

// whole is a list as one value again; nil when there is none.
func whole(list []any, more any) any {
	switch {
	case more == nil && list == nil:
		return nil
	case more != nil && len(list) == 0:
		return more
	}
	return openList(list, more)
}

// onlyStars tells whether a pattern of one of the forms that match everything
// is meant: stars, with what else is allowed between them.
func onlyStars(v any, all func(string) bool, alphabet string) any {
	switch x := v.(type) {
	case string:
		return all(x)
	case *haetae.Unknown:
		for _, p := range x.Parts {
			if strings.Trim(p, alphabet) != "" {
				return false
			}
		}
		if x.Plain {
			return false
		}
		return x
	}
	if isUnknown(v) {
		return v
	}
	return false
}

func isStars(s string) bool { return s != "" && strings.Trim(s, "*") == "" }

// everyAction tells whether an action pattern matches every action: "*", "**",
// "*:*".
func everyAction(v any) any {
	return onlyStars(v, func(s string) bool {
		service, action, cut := strings.Cut(s, ":")
		return isStars(service) && (!cut || isStars(action))
	}, "*:")
}

// everyResource tells whether a resource pattern matches every resource.
func everyResource(v any) any { return onlyStars(v, isStars, "*") }

// serviceOfStar returns the service of a pattern that matches all its actions:
// "s3" of "s3:*", "*" of a pattern that matches every action, "" of others.
func serviceOfStar(s string) string {
	service, action, cut := strings.Cut(s, ":")
	switch {
	case isStars(service) && (!cut || isStars(action)):
		return "*"
	case cut && isStars(action):
		return strings.ToLower(service)
	}
	return ""
}

// allOfService tells whether a pattern matches all actions of some service.
func allOfService(v any) any {
	switch x := v.(type) {
	case string:
		return serviceOfStar(x) != ""
	case *haetae.Unknown:
		n := len(x.Parts)
		if n < 2 {
			if x.Plain {
				return false
			}
			return x
		}
		last := x.Parts[n-1]
		_, afterColon, cut := strings.Cut(last, ":")
		switch {
		case cut && !isStars(afterColon), !cut && strings.Trim(last, "*") != "":
			return false
		case last == "" && x.Plain:
			return false
		}
		for _, p := range x.Parts[:n-1] {
			if _, action, cut := strings.Cut(p, ":"); cut && (strings.Trim(action, "*") != "" || x.Plain) {
				return false
			}
		}
		return x
	}
	if isUnknown(v) {
		return v
	}
	return false
}

// hasAction tells whether some item of the statement's Action is so.
func hasAction(st map[string]any, is func(any) any) any {
	list, more := listed(st["Action"])
	return some(list, more, is)
}

func hasResource(st map[string]any, is func(any) any) any {
	list, more := listed(st["Resource"])
	return some(list, more, is)
}

// reachesRequest tells whether a statement applies to some action of the pattern and
// to the whole of the resource pattern. A statement without Resource, as in the
// trust policy of a role, is about the resource it is attached to.
func reachesRequest(st map[string]any, action, resource any) any {
	return and3(either(st, "Action", "NotAction",
		func(v any) any { return actionsMeet(v, action) },
		func(v any) any { return matchAction(v, action) }),
		func() any {
			return onResource(st, resource)
		})
}

// coversRequest tells whether a statement applies to every action of the
// pattern on the whole of the resource pattern.
func coversRequest(st map[string]any, action, resource any) any {
	return and3(either(st, "Action", "NotAction",
		func(v any) any { return matchAction(v, action) },
		func(v any) any { return actionsMeet(v, action) }),
		func() any { return onResource(st, resource) })
}

func onResource(st map[string]any, resource any) any {
	if st["Resource"] == nil && st["NotResource"] == nil {
		return true
	}
	return either(st, "Resource", "NotResource",
		func(v any) any { return matchWild(v, resource) },
		func(v any) any { return wildMeet(v, resource) })
}

// either asks the positive element of a statement, or the negative one where
// the statement has that instead. A statement has exactly one of the two.
func either(st map[string]any, key, negative string, is, excludes func(any) any) any {
	list, more := listed(st[key])
	yes := some(list, more, is)
	neg := present(st, negative)
	if neg == false || yes == true {
		return yes
	}
	list, more = listed(st[negative])
	excluded := not(some(list, more, excludes))
	switch {
	case neg == true:
		return excluded
	case yes == false && excluded == false:
		return false
	}
	return merge(yes, excluded, neg)
}

// unconditional tells whether the statement has no condition at all.
func unconditional(st map[string]any) any {
	return not(conditionSome(st, func(string, string, any) any { return true }))
}

// conditionSome tells whether some entry of the statement's Condition is so: its
// operator, its key in lower case (condition keys have no case:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html)
// and its values.
func conditionSome(st map[string]any, is func(operator, key string, values any) any) any {
	block, ok := st["Condition"].(map[string]any)
	if !ok {
		if st["Condition"] == nil {
			return false
		}
		if isUnknown(st["Condition"]) {
			return st["Condition"]
		}
		return faulty("a Condition is not an object")
	}
	var answers []any
	for _, operator := range slices.Sorted(maps.Keys(block)) {
		entries := block[operator]
		keys, ok := entries.(map[string]any)
		if !ok {
			switch {
			case entries == nil:
			case isUnknown(entries):
				// The entries of this operator are unknown: ask whether any
				// could count.
				if is(operator, "", entries) != false {
					answers = append(answers, entries)
				}
			default:
				answers = append(answers, faulty("the entries of a condition operator are not an object"))
			}
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			values := keys[key]
			if values == nil {
				continue
			}
			v := is(operator, strings.ToLower(key), values)
			if u, ok := values.(*haetae.Unknown); ok && !u.Set && v == true {
				v = u // the entry may not be there
			}
			answers = append(answers, v)
		}
	}
	return some(answers, nil, func(v any) any { return v })
}
