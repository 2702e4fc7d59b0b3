package template

import (
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// call evaluates an intrinsic function other than Fn::If.
func (e *evaluator) call(name string, arg *node, line int) any {
	// What a function reads is not a property; its places are not kept.
	q := e.stack.quiet()
	switch name {
	case "Ref":
		t, why := q.text(arg)
		if why != nil {
			return why
		}
		return e.ref(t, line)
	case "Fn::GetAtt":
		return q.getAttOf(arg, line)
	case "Fn::Sub":
		return q.sub(arg, line)
	case "Fn::Join":
		return q.join(arg, line)
	case "Fn::Select":
		return q.pick(arg, line)
	case "Fn::Split":
		return q.split(arg, line)
	case "Fn::FindInMap":
		return q.findInMap(arg, line)
	case "Fn::Base64":
		return base64Of(q.value(arg, "", line))
	case "Fn::Cidr":
		return cidr(q, arg, line)
	case "Fn::GetAZs":
		u := unresolved("the Availability Zones of a region are not known in a template")
		u.Plain = true
		return u
	case "Fn::ImportValue":
		t, why := q.text(arg)
		if why != nil {
			t = why.Pattern()
		}
		return unresolved("the export %s of another stack is not in the template", t)
	case "Fn::Length":
		if l, ok := q.value(arg, "", line).([]any); ok {
			return int64(len(l))
		}
		return unresolved("the length of the list is not known")
	case "Fn::ToJsonString":
		return concat(jsonPieces(q.value(arg, "", line), nil))
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not":
		t, why := decide(e.stack, mapAt(line, name, arg))
		if t == maybe {
			return unresolved("the condition is not decided (%s)", why)
		}
		return t == yes
	}
	if short := strings.TrimPrefix(name, "Fn::"); strings.Contains(short, "::") {
		name = "!" + short // a preprocessor's tag
	}
	e.warn(line, "Check the spelling of the function.", "the function %s is not known", name)
	return unresolved("the function %s is not known", name)
}

// misused reports a function with the wrong arguments.
func misused(e *evaluator, line int, name, want string) any {
	e.warn(line, name+" takes "+want+".", "%s does not have the right arguments", name)
	return unresolved("%s does not have the right arguments", name)
}

// getAttOf evaluates the arguments of Fn::GetAtt.
func (e *evaluator) getAttOf(arg *node, line int) any {
	if arg.kind == scalarNode {
		name, attr, ok := strings.Cut(arg.text(), ".")
		if !ok {
			return misused(e, line, "Fn::GetAtt", "a logical id and an attribute")
		}
		return e.getAtt(name, attr, line)
	}
	if !arg.isList() || len(arg.items) < 2 {
		return misused(e, line, "Fn::GetAtt", "a logical id and an attribute")
	}
	var words []string
	for _, item := range arg.items {
		t, why := e.text(item)
		if why != nil {
			return why
		}
		words = append(words, t)
	}
	return e.getAtt(words[0], strings.Join(words[1:], "."), line)
}

// sub evaluates Fn::Sub.
func (e *evaluator) sub(arg *node, line int) any {
	var vars *node
	if arg.isList() {
		if len(arg.items) == 0 || len(arg.items) > 2 {
			return misused(e, line, "Fn::Sub", "a text, or a text and a map of variables")
		}
		if len(arg.items) == 2 {
			vars = arg.items[1]
		}
		arg = arg.items[0]
	}
	if arg.kind != scalarNode {
		// Not allowed by CloudFormation; a preprocessor's function at best.
		return whyNot(e.value(arg, "", line))
	}
	var pieces []any
	for _, p := range parseSub(arg.text()) {
		if p.name == "" {
			pieces = append(pieces, p.literal)
			continue
		}
		if !e.spend(1) {
			break
		}
		if v := vars.get(p.name); v != nil {
			pieces = append(pieces, e.value(v, "", line))
			continue
		}
		pieces = append(pieces, variable(e, p.name, line))
	}
	return concat(pieces)
}

// variable evaluates a name inside ${…}.
func variable(e *evaluator, name string, line int) any {
	if _, ok := e.generated[name]; !ok {
		if id, attr, ok := strings.Cut(name, "."); ok {
			return e.getAtt(id, attr, line)
		}
	}
	return e.ref(name, line)
}

// join evaluates Fn::Join.
func (e *evaluator) join(arg *node, line int) any {
	if !arg.isList() || len(arg.items) != 2 {
		return misused(e, line, "Fn::Join", "a delimiter and a list")
	}
	delimiter, why := e.text(arg.items[0])
	if why != nil {
		return unresolved("%s", why.Detail)
	}
	v := e.value(arg.items[1], "", line)
	list, ok := v.([]any)
	if !ok {
		if t, isText := textOf(v); isText {
			return t
		}
		return unresolved("%s", whyNot(v).Detail)
	}
	var pieces []any
	for _, item := range list {
		inner, isList := item.([]any) // a list parameter among the items
		if !isList {
			inner = []any{item}
		}
		for _, x := range inner {
			if len(pieces) > 0 {
				pieces = append(pieces, delimiter)
			}
			pieces = append(pieces, x)
		}
	}
	return concat(pieces)
}

// pick evaluates Fn::Select.
func (e *evaluator) pick(arg *node, line int) any {
	if !arg.isList() || len(arg.items) != 2 {
		return misused(e, line, "Fn::Select", "an index and a list")
	}
	t, why := e.text(arg.items[0])
	if why != nil {
		return unresolved("%s", why.Detail)
	}
	i, err := strconv.Atoi(strings.TrimSpace(t))
	if err != nil || i < 0 {
		return misused(e, line, "Fn::Select", "an index from 0 and a list")
	}
	switch l := e.value(arg.items[1], "", line).(type) {
	case []any:
		if i < len(l) {
			return l[i]
		}
		e.warn(line, "Indexes count from 0.", "Fn::Select takes item %d of a list of %d", i, len(l))
		return unresolved("Fn::Select takes item %d of a list of %d", i, len(l))
	case *haetae.Unknown:
		u := *l
		u.Path, u.Parts = "", nil
		return &u
	case *haetae.OpenList:
		return unresolved("%s", l.Why.Detail)
	}
	return misused(e, line, "Fn::Select", "an index and a list")
}

// split evaluates Fn::Split.
func (e *evaluator) split(arg *node, line int) any {
	if !arg.isList() || len(arg.items) != 2 {
		return misused(e, line, "Fn::Split", "a delimiter and a text")
	}
	delimiter, why := e.text(arg.items[0])
	if why != nil || delimiter == "" {
		return misused(e, line, "Fn::Split", "a delimiter and a text")
	}
	v := e.value(arg.items[1], "", line)
	t, ok := textOf(v)
	if !ok {
		return unresolved("%s", whyNot(v).Detail)
	}
	words := strings.Split(t, delimiter)
	if !e.spend(len(words)) {
		return unresolved("the template is too large when expanded")
	}
	out := make([]any, len(words))
	for i, w := range words {
		out[i] = w
	}
	return out
}

// findInMap evaluates Fn::FindInMap. When a key is not known, the value is
// still known if all entries that it can name agree.
func (e *evaluator) findInMap(arg *node, line int) any {
	if !arg.isList() || len(arg.items) < 3 || len(arg.items) > 4 {
		return misused(e, line, "Fn::FindInMap", "a mapping, a first key and a second key")
	}
	name, why := e.text(arg.items[0])
	if why != nil {
		return unresolved("the mapping's name is not known: %s", why.Detail)
	}
	var fallback *node
	if len(arg.items) == 4 {
		fallback = arg.items[3].get("DefaultValue")
	}
	mapping := e.mappings.get(name)
	if mapping == nil && fallback == nil {
		e.warn(line, "Add it to the Mappings section.", "mapping %q is not defined", name)
		return unresolved("mapping %s is not defined", name)
	}
	firsts, why1 := rows(e, mapping, arg.items[1])
	var found []*node
	var why2 *haetae.Unknown
	for _, f := range firsts {
		var more []*node
		more, why2 = rows(e, f, arg.items[2])
		found = append(found, more...)
		if !e.spend(len(more)) {
			break
		}
	}
	unsure := why1
	if unsure == nil {
		unsure = why2
	}
	switch {
	case len(found) == 0 && unsure == nil && fallback != nil:
		return e.value(fallback, "", line)
	case len(found) == 0 && unsure == nil:
		e.warn(line, "Add the entry to the mapping, or give a DefaultValue.", "mapping %s has no entry for these keys", name)
		return unresolved("mapping %s has no entry for these keys", name)
	case unsure == nil:
		return e.value(found[0], "", line)
	}
	u := unresolved("the key of mapping %s is not known: %s", name, unsure.Detail)
	values := make([]any, 0, len(found)+1)
	for _, f := range found {
		values = append(values, e.value(f, "", line))
	}
	if fallback != nil {
		values = append(values, e.value(fallback, "", line))
	}
	plain, equal := len(values) > 0, len(values) > 0
	for _, v := range values {
		plain = plain && plainText(v)
		equal = equal && same(v, values[0])
	}
	if equal {
		return values[0]
	}
	if plain {
		u.Parts, u.Plain = []string{"", ""}, true
	}
	return u
}

// rows returns the entries of a map that a key may name: one, or none, or all
// when the key is not known.
func rows(e *evaluator, m, keyNode *node) ([]*node, *haetae.Unknown) {
	k, why := e.text(keyNode)
	if why != nil {
		if m == nil {
			return nil, why
		}
		return m.items, why
	}
	if v := m.get(k); v != nil {
		return []*node{v}, nil
	}
	return nil, nil
}
