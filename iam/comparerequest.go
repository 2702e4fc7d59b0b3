package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// actionPossible tells whether there is an action for which the literals are
// true.
func (d *comparer) actionPossible(list []literal) chance {
	if d.stage == future {
		_, answer := d.futureAction(list)
		return answer
	}
	if slices.ContainsFunc(d.actions(list), func(word uint64) bool { return word != 0 }) {
		return found
	}
	return never
}

// futureAction looks for an action that is not known.
func (d *comparer) futureAction(list []literal) (string, chance) {
	in := among{all: []*wildcard.Pattern{wildcard.Compile("?*:?*")}, none: []*wildcard.Pattern{wildcard.Compile("*:*:*")}}
	var must [][]*wildcard.Pattern
	for _, l := range list {
		var patterns []*wildcard.Pattern
		for i := range l.actions.List {
			switch a := &l.actions.List[i]; {
			case a.All():
				patterns = append(patterns, wildcard.Compile("*"))
			case !a.Broken():
				patterns = append(patterns, wildcard.CompileFold(a.Text))
			}
		}
		if l.want != l.actions.Not {
			must = append(must, patterns)
		} else {
			in.none = append(in.none, patterns...)
		}
	}
	// One that says what it is, or else any.
	for _, form := range []string{"*FutureAction", "*FutureAction*", "*"} {
		all := append(slices.Clone(in.all), wildcard.Compile(form))
		none := slices.Clone(in.none)
		for range 20 {
			action, answer := oneOfEach(must, all, none)
			if answer != found {
				if form == "*" && answer == never {
					return "", never // those that exist apart
				}
				break
			}
			if _, exists := d.engine.catalogue.Action(policy.SplitAction(action)); !exists {
				return action, found
			}
			none = append(none, wildcard.CompileFold(action))
		}
	}
	return "", maybe
}

// resourceDemands are what the literals want of the resource.
func resourceDemands(list []literal) []demand {
	var out []demand
	for _, l := range list {
		out = append(out, demand{l.resources.List, "", l.want != l.resources.Not})
	}
	return out
}

// noResource tells whether the literals are true for a request for no resource
// in particular, of which only stars speak.
func noResource(list []literal) bool {
	return !slices.ContainsFunc(list, func(l literal) bool {
		star := slices.ContainsFunc(l.resources.List, func(t *policy.Template) bool {
			return t.Text != "" && strings.Trim(t.Text, "*") == ""
		})
		return (star != l.resources.Not) != l.want
	})
}

func (d *comparer) resourcePossible(list []literal) chance {
	if noResource(list) {
		return found
	}
	return possibleText(resourceDemands(list), among{all: []*wildcard.Pattern{arnShape()}}, d.profile.variable)
}

// leaf makes the request, when every statement is settled.
func (d *comparer) leaf(chosen settled) chance {
	worst := never
	open := d.openVariables(chosen)
	envs, all := d.assignments(open, chosen)
	for _, env := range envs {
		switch d.under(chosen, env) {
		case found:
			return found
		case maybe:
			worst = maybe
		}
	}
	if !all {
		d.reason("no value was found for the variables " + strings.Join(open, ", ") + " of the policies, and none can be ruled out")
		return maybe
	}
	return worst
}

// openVariables are the variables of the literals that the profile leaves open. A
// key that can have several values is none: it never takes the place of a
// variable.
func (d *comparer) openVariables(chosen settled) []string {
	var out []string
	add := func(list []*policy.Template) {
		for _, t := range list {
			for _, key := range t.Variables() {
				lower := strings.ToLower(key)
				k, known := d.engine.catalogue.Key(lower)
				if d.profile.open(lower) && !(known && k.Multivalued) && !slices.Contains(out, lower) {
					out = append(out, lower)
				}
			}
		}
	}
	for _, list := range chosen {
		for _, l := range list {
			if l.resources != nil {
				add(l.resources.List)
			}
			if l.condition != nil {
				add(l.condition.Values)
			}
		}
	}
	slices.Sort(out)
	return out
}

// maxAssignments bounds the values of variables that are tried.
const maxAssignments = 64

// assignments are values of the open variables to try; all tells that there are
// no others.
func (d *comparer) assignments(open []string, chosen settled) (list []assignment, all bool) {
	list, all = []assignment{{}}, true
	for _, key := range open {
		var values []binding
		texts, exhaustive := d.listed(key, chosen[key])
		if !exhaustive {
			texts, all = d.variableValues(key, chosen), false
		}
		for _, text := range texts {
			values = append(values, binding{values: One(text)})
		}
		if !d.there(key) {
			values = append(values, binding{absent: true})
		}
		var next []assignment
		for _, v := range values {
			if d.check(key, v, chosen[key], nil) == never {
				continue
			}
			for _, a := range list {
				if len(next) >= maxAssignments {
					all = false
					break
				}
				b := assignment{key: v}
				for k, old := range a {
					b[k] = old
				}
				next = append(next, b)
			}
		}
		list = next
	}
	return list, all
}

// listed are all values that a key can have, if a condition lists them.
func (d *comparer) listed(key string, list []literal) (texts []string, exhaustive bool) {
	for _, l := range list {
		c := l.condition
		if c.Broken || c.Operator.Test != policy.StringEquals && c.Operator.Test != policy.StringLike || c.Operator.Negated == l.want {
			continue
		}
		texts, exhaustive = nil, true
		for _, t := range c.Values {
			text, plain := t.Plain()
			texts, exhaustive = append(texts, text), exhaustive && plain
		}
		if exhaustive {
			return texts, true
		}
	}
	return nil, false
}

// variableValues are texts to try for a variable: one that is like no other, one
// that its own conditions allow, and those that other tests need.
func (d *comparer) variableValues(key string, chosen settled) []string {
	var out []string
	add := func(texts ...string) {
		for _, t := range texts {
			if t != "" && !slices.Contains(out, t) && len(out) < 12 {
				out = append(out, t)
			}
		}
	}
	name := key[strings.LastIndexAny(key, ":/")+1:]
	add(niceValue(key), name+"1")
	present := append(slices.Clone(chosen[key]), d.present(key))
	if b, answer := d.solveKey(key, present, assignment{}); answer == found && !b.absent {
		add(b.values.List[0])
	}
	if strings.HasSuffix(key, "account") {
		add(d.profile.account)
	}
	for _, list := range chosen {
		var templates []*policy.Template
		for _, l := range list {
			if l.resources != nil {
				templates = append(templates, l.resources.List...)
			}
			if l.condition != nil {
				templates = append(templates, l.condition.Values...)
			}
		}
		for _, t := range templates {
			if !slices.ContainsFunc(t.Variables(), func(v string) bool { return strings.EqualFold(v, key) }) {
				continue
			}
			for _, other := range templates {
				if exact, ok := other.Plain(); ok {
					add(t.Captures(key, exact)...)
				}
			}
			if b, ok := d.profile.fix(list[0].variable); ok && len(b.values.List) == 1 {
				add(t.Captures(key, b.values.List[0])...)
			}
		}
	}
	return out
}

// present is the literal that a key is there.
func (d *comparer) present(key string) literal {
	st, err := statementOf(map[string]any{"Condition": map[string]any{"Null": map[string]any{key: "false"}}})
	if err != nil {
		d.reason(err.Error())
		return literal{&element{id: -1, variable: key, condition: &policy.Condition{}}, false}
	}
	return literal{&element{id: -1, variable: key, condition: st.Conditions[0]}, true}
}

// under makes the request for given values of the variables.
func (d *comparer) under(chosen settled, env assignment) chance {
	context := assignment{}
	for key, b := range env {
		context[key] = b
	}
	for key, list := range chosen {
		if strings.HasPrefix(key, "@") {
			continue
		}
		if key == "aws:principalarn" {
			continue // hangs on aws:username
		}
		b, answer := d.solveKey(key, list, env)
		if answer != found {
			return answer
		}
		context[key] = b
	}
	if answer := d.principalARN(chosen, env, context); answer != found {
		return answer
	}
	resources := d.resources(chosen, env, context)
	action, actions, resource, answer := d.target(chosen, resources)
	if answer != found {
		return answer
	}
	return d.confirm(action, actions, resource, context)
}

// principalARN settles the ARN of a principal of which the profile leaves the
// name open: its last part is the user's name.
func (d *comparer) principalARN(chosen settled, env, context assignment) chance {
	const key = "aws:principalarn"
	list, asked := chosen[key]
	if _, fixed := d.profile.fix(key); fixed || env[key].values.List != nil {
		if !asked {
			return found
		}
		b, answer := d.solveKey(key, list, env)
		context[key] = b
		return answer
	}
	name, named := context["aws:username"]
	if !asked && !named {
		return found
	}
	saved := d.profile.names
	defer func() { d.profile.names = saved }()
	if named && !name.absent && len(name.values.List) == 1 {
		part := wildcard.Part{Text: "/" + name.values.List[0], Literal: true}
		d.profile.names.all = append(slices.Clone(saved.all), wildcard.Join(false, wildcard.Part{Text: "*"}, part))
	}
	b, answer := d.solveKey(key, append(slices.Clone(list), d.present(key)), env)
	context[key] = b
	if answer == found && named && name.absent {
		return never // users have names
	}
	return answer
}

// resourceSearch looks for a resource for which the literals of a leaf are true.
type resourceSearch struct {
	must [][]*wildcard.Pattern
	none []*wildcard.Pattern
	// accounts are what the ARN may have for an account; nil is anything.
	accounts []*wildcard.Pattern
}

// resources makes the search ready. The account of the resource is that of
// aws:ResourceAccount, if the key has a value.
func (d *comparer) resources(chosen settled, env, context assignment) *resourceSearch {
	out := &resourceSearch{}
	with := d.profile.under(env)
	for _, c := range resourceDemands(chosen[compareResource]) {
		sets := setsOf(c, with)
		if c.inside {
			out.must = append(out.must, sets)
		} else {
			out.none = append(out.none, sets...)
		}
	}
	if account, asked := context["aws:resourceaccount"]; asked && !account.absent {
		for _, field := range []string{"", account.values.List[0]} {
			out.accounts = append(out.accounts, wildcard.CompileARN("*:*:*:*:"+field+":*"))
		}
	}
	return out
}

// find looks for a resource of a form; nil is any ARN.
func (r *resourceSearch) find(form *wildcard.Pattern) (string, chance) {
	if form == nil {
		form = arnShape()
	}
	for _, list := range r.must {
		if !slices.ContainsFunc(list, func(p *wildcard.Pattern) bool { return wildcard.Meets(p, form) }) {
			return "", never
		}
	}
	all := []*wildcard.Pattern{form}
	if r.accounts == nil {
		return oneOfEach(r.must, all, r.none)
	}
	return oneOfEach(append(slices.Clone(r.must), r.accounts), all, r.none)
}

// target chooses the action and the resource. Actions are all that are allowed
// likewise.
func (d *comparer) target(chosen settled, r *resourceSearch) (action string, actions []*permission.Action, resource string, answer chance) {
	star := noResource(chosen[compareResource])
	if d.stage == future {
		action, answer = d.futureAction(chosen[compareAction])
		if answer != found {
			return "", nil, "", answer
		}
		resource, answer = r.find(nil)
		if answer != found && star {
			return action, nil, "*", found
		}
		return action, nil, resource, answer
	}
	var some []*permission.Action // with resources
	for _, a := range d.list(d.actions(chosen[compareAction])) {
		switch {
		case !a.WildcardOnly():
			some = append(some, a)
		case star:
			actions = append(actions, a)
		}
	}
	if d.stage == known {
		if len(some) == 0 {
			return "", nil, "", never
		}
		resource, answer = r.find(nil)
		if answer != found && star {
			resource, answer = "*", found
		}
		return some[0].String(), some, resource, answer
	}
	if len(actions) > 0 {
		action, resource = actions[0].String(), "*"
	}
	worst := never
	has := map[*permission.Type]string{}
	for _, a := range some {
		one := ""
		for _, of := range a.Resources {
			value, tried := has[of.Type]
			if !tried {
				for _, form := range d.formsOf(of.Type) {
					text, answer := r.find(form)
					worst = max(worst, answer)
					if value = text; answer == found {
						break
					}
				}
				has[of.Type] = value
			}
			if one == "" {
				one = value
			}
		}
		if one != "" {
			if actions = append(actions, a); action == "" || resource == "*" {
				action, resource = a.String(), one // says more than "*"
			}
		}
	}
	if action == "" {
		return "", nil, "", worst
	}
	return action, actions, resource, found
}

// formsOf are the ARNs that AWS documents for a type of resource.
func (d *comparer) formsOf(t *permission.Type) []*wildcard.Pattern {
	if t == nil {
		return nil
	}
	if forms, ok := d.forms[t]; ok {
		return forms
	}
	forms := []*wildcard.Pattern{}
	for _, text := range t.ARNs {
		if form, ok := formOf(text); ok {
			forms = append(forms, form)
		}
	}
	d.forms[t] = forms
	return forms
}

// formOf is the set of the ARNs that a template of AWS's reference stands for.
func formOf(template string) (*wildcard.Pattern, bool) {
	fields := strings.SplitN(template, ":", 6)
	if len(fields) != 6 {
		return nil, false
	}
	fields[1] = "aws"
	if strings.HasPrefix(fields[4], "$") {
		fields[4] = strangerAccount
	}
	if strings.HasPrefix(fields[3], "$") {
		fields[3] = "?*"
	}
	var b strings.Builder
	rest := fields[5]
	for {
		before, after, ok := strings.Cut(rest, "${")
		b.WriteString(before)
		if !ok {
			break
		}
		b.WriteString("?*")
		_, rest, _ = strings.Cut(after, "}")
	}
	fields[5] = b.String()
	return wildcard.CompileARN(strings.Join(fields, ":")), true
}

// confirm asks the evaluator about the request that was made.
func (d *comparer) confirm(action string, actions []*permission.Action, resource string, context assignment) chance {
	p := d.profile
	r := Request{Action: action, Resources: []string{resource}, Context: map[string]Values{}}
	one := func(key string) string {
		if b, ok := context[key]; ok && !b.absent && len(b.values.List) == 1 {
			return b.values.List[0]
		}
		return ""
	}
	r.Principal = p.as(one("aws:principalarn"), one("aws:username"))
	for key, b := range context {
		if _, fixed := p.fix(key); !fixed && !b.absent && !(key == "aws:principalarn" && p.who.kind == user) && !(key == "aws:username") {
			r.Context[d.spell(key)] = b.values
		}
	}
	if p.who.kind == session && p.who.arn != "" && !p.open("aws:principalarn") {
		r.Context["aws:PrincipalArn"] = One(p.who.arn)
	}
	if a, err := arn.Parse(resource); err != nil || a.Account == "" {
		r.Account = p.account
	}
	q := &Question{Request: r}
	scopes, _, err := d.engine.scopes(q, q.keyLists())
	if err != nil {
		d.reason("a request that was made is none: " + err.Error())
		return maybe
	}
	s := scopes[0]
	if !s.allowedBy(d.next) || d.previous != nil && s.allowedBy(d.previous) {
		d.reason("the evaluator does not confirm the request that was found: " + r.Action + " on " + resource)
		return maybe
	}
	d.found = &Example{Request: r, Allows: d.allows, Future: d.stage == future, Undocumented: d.stage == known && resource != "*"}
	for _, a := range actions {
		d.reported.add(a.ID)
		d.found.Actions = append(d.found.Actions, a.String())
	}
	return found
}

// allowedBy tells whether a document alone allows the request.
func (s *scope) allowedBy(doc *policy.Document) bool {
	if !doc.Type.Granting() {
		said := s.says(LayerIdentity, []*policy.Document{doc})
		return said.allow.True() && said.deny.False()
	}
	r, said := s.grants(LayerResource, doc, nil)
	return (doc.Type == policy.RCP || r.any().True()) && said.deny.False()
}

// spell writes a key as AWS does.
func (d *comparer) spell(lower string) string {
	for _, doc := range []*policy.Document{d.next, d.previous} {
		if doc == nil {
			continue
		}
		for _, st := range doc.Statements {
			for _, c := range st.Conditions {
				if c.Lower == lower {
					return c.Key
				}
			}
		}
	}
	if k, ok := d.engine.catalogue.Key(lower); ok && strings.EqualFold(k.Name, lower) {
		return k.Name
	}
	return lower
}
