package terraform

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// target is an attribute of a resource that an expression names.
type target struct {
	*instance
	attr string // "id"; "" for the whole resource
}

// maxChase is how many variables, outputs and attributes are followed from a
// reference to the resource that its value comes from.
const maxChase = 30

// hole is a value that is known only after apply, with what its expression
// names. It becomes a [haetae.Unknown] when the property that it is for is known.
type hole struct {
	names   []string // as they are written, for people
	targets []target
	// others is set when the expression names something else too: a local value,
	// a data source, a resource that is not in the plan.
	others bool
}

// references returns the references of an expression: without those that
// Terraform adds for the parents of each.
func references(expr any) []string {
	m, ok := expr.(map[string]any)
	if !ok {
		return nil
	}
	list, _ := m["references"].([]any)
	var out []string
	last := ""
	for _, e := range list {
		s, ok := e.(string)
		if !ok || s == "" {
			continue
		}
		if strings.HasPrefix(last, s) && (len(last) == len(s) || last[len(s)] == '.' || last[len(s)] == '[') {
			continue
		}
		last = s
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// constant is the value that an expression spells out.
func constant(expr any) (any, bool) {
	m, ok := expr.(map[string]any)
	if !ok {
		return nil, false
	}
	v, ok := m["constant_value"]
	return v, ok
}

// hole makes the value of an expression of an instance.
func (r *reader) hole(in *instance, expr any) *hole {
	h := &hole{names: references(expr)}
	for _, name := range h.names {
		found := r.follow(in.module, name, in, h.names, 0)
		if len(found) == 0 && !repeats(name) {
			h.others = true
		}
		for _, t := range found {
			if !slices.Contains(h.targets, t) {
				h.targets = append(h.targets, t)
			}
		}
	}
	return h
}

// repeats tells whether a reference is to what tells instances apart.
func repeats(name string) bool {
	return strings.HasPrefix(name, "each.") || name == "count.index"
}

// follow returns the resources that a reference leads to, seen from a module
// instance. self is the instance that has the expression, beside the other
// references of the expression.
func (r *reader) follow(module, name string, self *instance, beside []string, depth int) []target {
	if depth > maxChase {
		return nil
	}
	steps := split(name)
	if len(steps) < 2 {
		return nil
	}
	switch steps[0] {
	case "var":
		return r.followVariable(module, steps[1], depth)
	case "module":
		return r.followOutput(module, steps, self, beside, depth)
	case "local", "each", "count", "path", "terraform", "self":
		return nil
	}
	at, n := join(module, steps[0]+"."+steps[1]), 2
	if steps[0] == "data" && len(steps) > 2 {
		at, n = join(module, "data."+steps[1]+"."+steps[2]), 3
	}
	index := ""
	if n < len(steps) && isIndex(steps[n]) {
		index = steps[n]
		n++
	}
	attr := strings.Join(steps[n:], ".")
	var out []target
	for _, in := range choose(r.named[at], at, index, self, beside) {
		out = append(out, r.chase(target{in, attr}, depth)...)
	}
	return out
}

// followVariable follows a variable into the expression of the module's call.
func (r *reader) followVariable(module, name string, depth int) []target {
	parent, call, ok := cutModule(module)
	if !ok {
		return nil
	}
	c := r.doc.moduleConfig(parent)
	if c == nil || c.Calls[call] == nil {
		return nil
	}
	var out []target
	names := references(c.Calls[call].Expressions[name])
	for _, ref := range names {
		// The call may be repeated: its index is that of the module instance.
		out = append(out, r.follow(parent, ref, &instance{resource: resource{Index: indexOf(module)}, module: parent}, names, depth+1)...)
	}
	return out
}

// followOutput follows an output of a module that is called.
func (r *reader) followOutput(module string, steps []string, self *instance, beside []string, depth int) []target {
	child := join(module, "module."+steps[1])
	rest := steps[2:]
	index := ""
	if len(rest) > 0 && isIndex(rest[0]) {
		index, rest = rest[0], rest[1:]
	}
	c := r.doc.moduleConfig(child)
	if c == nil || len(rest) == 0 {
		return nil
	}
	names := references(c.Outputs[rest[0]].Expression)
	var out []target
	for _, m := range r.modules[child] {
		if index != "" && m != child+index {
			continue
		}
		if index == "" && eachOf(self, beside) && m != child && m != child+indexText(self.Index) {
			continue
		}
		for _, ref := range names {
			out = append(out, r.follow(m, ref, &instance{module: m}, names, depth+1)...)
		}
	}
	return out
}

// choose picks from the instances of one resource those that a reference means.
func choose(all []*instance, at, index string, self *instance, beside []string) []*instance {
	if index == "" && (len(all) < 2 || !eachOf(self, beside)) {
		return all
	}
	if index == "" {
		index = indexText(self.Index)
	}
	for _, in := range all {
		if in.Address == at+index {
			return []*instance{in}
		}
	}
	return nil
}

// eachOf tells whether an expression of a repeated resource uses its own key.
func eachOf(self *instance, beside []string) bool {
	return self != nil && self.Index != nil && slices.ContainsFunc(beside, repeats)
}

// chase follows an attribute that the configuration gives another resource's
// value: the bucket of a bucket's versioning is the bucket.
func (r *reader) chase(t target, depth int) []target {
	if t.Mode == "data" || t.config == nil {
		return []target{t}
	}
	attr := t.attr
	if list := r.types[t.Type]; len(list) > 0 && list[0].By != "" && attr == "id" {
		attr = list[0].By
	}
	if attr == "" {
		return []target{t}
	}
	names := references(t.config.Expressions[attr])
	var out []target
	for _, ref := range names {
		out = append(out, r.follow(t.module, ref, t.instance, names, depth+1)...)
	}
	if len(out) == 0 {
		return []target{t}
	}
	return out
}

func join(module, rest string) string {
	if module == "" {
		return rest
	}
	return module + "." + rest
}

// cutModule returns the parent of a module instance and the name of its call.
func cutModule(address string) (parent, call string, ok bool) {
	steps := split(address)
	n := len(steps)
	if n > 0 && isIndex(steps[n-1]) {
		n--
	}
	if n < 2 || steps[n-2] != "module" {
		return "", "", false
	}
	for i, s := range steps[:n-2] {
		if i > 0 && !isIndex(s) {
			parent += "."
		}
		parent += s
	}
	return parent, steps[n-1], true
}

// indexOf is the index of a module instance, as an instance has it.
func indexOf(address string) any {
	steps := split(address)
	if len(steps) == 0 || !isIndex(steps[len(steps)-1]) {
		return nil
	}
	return indexValue(steps[len(steps)-1])
}

// unknown makes the value of a property that holds one thing.
func (h *hole) unknown() *haetae.Unknown {
	u := &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Detail: "known only after apply"}
	if len(h.names) > 0 {
		u.Detail = strings.Join(h.names, ", ") + " is known only after apply"
	}
	if len(h.targets) != 1 || h.others {
		return u
	}
	return h.targets[0].unknown()
}

// unknown makes the reference to a resource.
func (t target) unknown() *haetae.Unknown {
	u := &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Plain: true, Ref: t.Address}
	u.Detail = t.Address
	switch {
	case t.attr == "arn" || strings.HasSuffix(t.attr, "_arn"):
		u.Attr, u.Parts = "Arn", []string{"arn:", ""}
	case t.attr != "id" && t.attr != "name" && t.attr != "":
		u.Attr = t.attr
	}
	if t.attr != "" {
		u.Detail += "." + t.attr
	}
	u.Detail += " is known only after apply"
	return u
}

// text makes the value of a text in a policy: the expression may add to what it
// names, so that only the beginning of an ARN is certain.
func (h *hole) text() *haetae.Unknown {
	u := *h.unknown()
	u.Ref, u.Attr, u.Plain = "", "", false
	u.Parts = nil
	if len(h.targets) == 1 && !h.others && strings.HasSuffix(h.targets[0].attr, "arn") {
		u.Parts = []string{"arn:", ""}
	}
	return &u
}

// each makes a hole of each resource that a list is known to hold.
func (h *hole) each() []any {
	if len(h.targets) < 2 || h.others {
		return []any{h}
	}
	out := make([]any, len(h.targets))
	for i, t := range h.targets {
		out[i] = &hole{names: h.names, targets: []target{t}}
	}
	return out
}

// list makes the value of a property that holds several things.
func (h *hole) list() any {
	if len(h.targets) == 0 {
		return h.unknown()
	}
	items := make([]any, len(h.targets))
	for i, t := range h.targets {
		items[i] = t.unknown()
	}
	if h.others {
		why := *h.unknown()
		why.Ref, why.Attr, why.Plain, why.Parts = "", "", false, nil
		return &haetae.OpenList{Items: items, Why: &why}
	}
	return items
}
