package template

import (
	"context"
	"fmt"
	"strings"

	"github.com/haetae/haetae"
)

const (
	maxProblems = 200 // that one stack reports
	maxChain    = 1000
	maxNested   = 500 // nested stacks in one stack
	maxNesting  = 20  // of stacks in stacks
)

// run is the work on one root template with all that it nests. It makes one
// stack of the snapshot.
type run struct {
	ctx      context.Context
	opts     Options
	lib      *library
	snap     *haetae.Snapshot
	world    string // the name of the root template's stack
	partial  []string
	budget   int
	chain    int // of values that need each other, at this moment
	nested   int
	files    map[string]bool // files used by nesting
	problems map[haetae.Problem]bool
}

// problem reports a part of the input that could not be read.
func (r *run) problem(file string, line int, hint, format string, args ...any) {
	p := haetae.Problem{Place: haetae.Place{File: file, Line: line}, Error: fmt.Sprintf(format, args...), Hint: hint}
	if r.problems[p] {
		return
	}
	r.problems[p] = true
	switch n := len(r.problems); {
	case n < maxProblems:
		r.snap.Problems = append(r.snap.Problems, p)
	case n == maxProblems:
		r.snap.Problems = append(r.snap.Problems, haetae.Problem{
			Place: haetae.Place{File: file},
			Error: fmt.Sprintf("more than %d problems; the rest is not shown", maxProblems),
			Hint:  "Fix the problems above and run again.",
		})
	}
}

// incomplete notes why the stack may hold resources that were not read.
func (r *run) incomplete(format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	for _, p := range r.partial {
		if p == why {
			return
		}
	}
	r.partial = append(r.partial, why)
}

// spend counts work, so that a small file cannot expand without end.
func (r *run) spend(n int) bool {
	r.budget -= n
	return r.budget >= 0
}

// enter guards a chain of values that need each other; call leave after it.
func (r *run) enter() bool {
	r.chain++
	return r.chain <= maxChain
}

func (r *run) leave() { r.chain-- }

// stack is one template being evaluated: the root, or one nested in it.
type stack struct {
	*run
	doc    *document
	parent *stack
	prefix string // before the logical ids of a nested stack: "Network/"
	root   *node
	// given are the parameter values from the parent, nil for the root.
	given map[string]*node

	params     map[string]*cell
	conds      map[string]*cond
	outputs    map[string]*cell
	mappings   *node
	resources  []entry
	index      map[string]*entry
	generated  map[string]string // SAM's names for what it makes: "Fn.Alias"
	children   map[string]*stack
	suppressed map[int][]haetae.Suppression // by the line of the logical id
}

// entry is one named value, with functions over names expanded.
type entry struct {
	name string
	line int
	node *node
}

// cell is a value that is worked out once, when it is first needed.
type cell struct {
	node  *node
	line  int
	busy  bool
	done  bool
	value any
}

// newStack prepares a template for evaluation.
func newStack(r *run, doc *document, parent *stack, prefix string, given map[string]*node) *stack {
	s := &stack{
		run: r, doc: doc, parent: parent, prefix: prefix, root: doc.root, given: given,
		params: map[string]*cell{}, conds: map[string]*cond{}, outputs: map[string]*cell{},
		index: map[string]*entry{}, generated: map[string]string{}, children: map[string]*stack{},
	}
	r.budget += 300_000 + doc.size/2
	for _, n := range doc.notes {
		s.warn(n.line, n.hint, "%s", n.msg)
	}
	s.section("Parameters", func(e entry) { s.params[e.name] = &cell{node: e.node, line: e.line} })
	s.mappings = s.root.get("Mappings")
	s.section("Conditions", func(e entry) { s.conds[e.name] = &cond{node: e.node, line: e.line} })
	transforms(s)
	s.section("Resources", func(e entry) { s.resources = append(s.resources, e) })
	expandSAM(s)
	s.resources = lastOfEach(s.resources)
	for i := range s.resources {
		s.index[s.resources[i].name] = &s.resources[i]
	}
	s.section("Outputs", func(e entry) { s.outputs[e.name] = &cell{node: e.node.get("Value"), line: e.line} })
	s.suppressed = doc.commentSuppressions(s.resources)
	return s
}

// lastOfEach drops all but the last entry of a name.
func lastOfEach(entries []entry) []entry {
	last := make(map[string]int, len(entries))
	for i, e := range entries {
		last[e.name] = i
	}
	if len(last) == len(entries) {
		return entries
	}
	out := entries[:0]
	for i, e := range entries {
		if last[e.name] == i {
			out = append(out, e)
		}
	}
	return out
}

// section calls f for each entry of a top-level section.
func (s *stack) section(name string, f func(entry)) {
	n := s.root.get(name)
	if n == nil || (n.kind == scalarNode && n.val == nil) {
		return
	}
	if n.kind != mapNode {
		s.warn(n.line, "Write it as a map of names to values.", "%s is not a map", name)
		return
	}
	entries, macro := s.entries(n)
	if macro != "" {
		s.incomplete("the macro %s in %s was not expanded", macro, name)
	}
	for _, e := range entries {
		f(e)
	}
}

// warn reports a problem in this template.
func (s *stack) warn(line int, hint, format string, args ...any) {
	s.problem(s.doc.file, line, hint, format, args...)
}

// place returns a position in this template.
func (s *stack) place(line int) haetae.Place {
	return haetae.Place{File: s.doc.file, Line: line}
}

// emit adds the template's resources to the snapshot.
func (s *stack) emit() error {
	for i := range s.resources {
		if i%256 == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		e := &s.resources[i]
		r := s.resource(e)
		if r == nil {
			continue
		}
		s.snap.Resources = append(s.snap.Resources, r)
		if r.Type == "AWS::CloudFormation::Stack" {
			if c := s.child(e.name); c != nil {
				if err := c.emit(); err != nil {
					return err
				}
			}
		}
	}
	if s.budget < 0 {
		return &haetae.Error{
			Code: haetae.Invalid,
			Op:   "read " + s.doc.file,
			Err:  fmt.Errorf("the template expands to far more values than it is long (aliases or loops)"),
			Hint: "Remove YAML aliases that refer to each other, or make the Fn::ForEach collections smaller.",
		}
	}
	return nil
}

// resource evaluates one resource; nil when it does not exist.
func (s *stack) resource(e *entry) *haetae.Resource {
	if e.node.kind != mapNode {
		s.warn(e.line, "A resource has a Type and Properties.", "resource %s is not a map", e.name)
		s.incomplete("resource %s is not a map", e.name)
		return nil
	}
	if c := e.node.get("Condition"); c != nil {
		// An undecided condition keeps the resource: a rule would rather see
		// one that may be than miss one that is.
		if t, _ := s.named(c.text(), c.line); t == no {
			return nil
		}
	}
	typ := e.node.get("Type").str()
	if typ == "" {
		if f, _, ok := e.node.get("Type").single(); ok {
			s.warn(e.line, "Run the preprocessor that the template is written for, and scan what it writes.", "the Type of resource %s is the function %s", e.name, strings.TrimPrefix(f, "Fn::"))
		} else {
			s.warn(e.line, `Give it a Type such as "AWS::S3::Bucket".`, "resource %s has no Type", e.name)
		}
		s.incomplete("resource %s has no Type", e.name)
		return nil
	}
	r := &haetae.Resource{
		Type: typ, ID: s.prefix + e.name, Account: s.opts.Account, Region: s.opts.Region, Stack: s.world,
		Origin: haetae.Origin{
			Source: "template", Place: s.place(e.line), LogicalID: e.name,
			Paths: map[string]haetae.Place{},
		},
	}
	ev := &evaluator{stack: s, paths: r.Origin.Paths}
	r.Props = map[string]any{}
	switch p := e.node.get("Properties"); {
	case p == nil || (p.kind == scalarNode && p.val == nil):
	case p.kind != mapNode:
		s.warn(p.line, "Write the properties as a map.", "the Properties of %s are not a map", e.name)
		r.Stub = &haetae.Unknown{Reason: haetae.Unreadable, Detail: "the properties are not a map", Set: true}
	default:
		entries, macro := s.entries(p)
		ev.fill(r.Props, entries, "")
		if macro != "" {
			s.incomplete("the macro %s was not expanded", macro)
			r.Stub = &haetae.Unknown{Reason: haetae.Unresolved, Detail: "the macro " + macro + " was not expanded", Set: true}
		}
	}
	for _, name := range [...]string{"DeletionPolicy", "UpdateReplacePolicy"} {
		if n := e.node.get(name); n != nil {
			if v := ev.value(n, "$"+name, n.line); v != (noValue{}) {
				r.Props["$"+name] = v
			}
		}
	}
	r.Tags = tags(r)
	r.Origin.Suppressions = append(metadataSuppressions(s, e), s.suppressed[e.line]...)
	return r
}

// tags reads the Tags property, and notes in the resource when some of them
// are not known. Types that name it otherwise keep it in their properties.
func tags(r *haetae.Resource) map[string]any {
	out := map[string]any{}
	list, _ := r.Props["Tags"].([]any)
	switch t := r.Props["Tags"].(type) {
	case map[string]any:
		for k, v := range t {
			out[k] = tagValue(v)
		}
	case *haetae.Unknown:
		r.TagsUnknown = t
	case *haetae.OpenList:
		r.TagsUnknown = t.Why
		list = t.Items
	}
	for _, item := range list {
		switch t := item.(type) {
		case map[string]any:
			k, ok := textOf(t["Key"])
			if u, unknown := t["Key"].(*haetae.Unknown); unknown {
				r.TagsUnknown = u
			}
			if ok {
				out[k] = tagValue(t["Value"])
			}
		case *haetae.Unknown:
			r.TagsUnknown = t
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// tagValue makes a tag's value text, as AWS keeps it.
func tagValue(v any) any {
	if u, ok := v.(*haetae.Unknown); ok {
		return u
	}
	s, _ := textOf(v)
	return s
}

// transforms looks at the template's Transform section.
func transforms(s *stack) {
	n := s.root.get("Transform")
	if n == nil {
		return
	}
	list := []*node{n}
	if n.isList() {
		list = n.items
	}
	for _, t := range list {
		name := t.str()
		if t.isMap() {
			name = t.get("Name").str()
		}
		switch name {
		case "AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen":
		case "AWS::Include":
			if inc := included(s, t); inc != nil {
				s.root = merge(s.root, inc)
				continue
			}
			s.incomplete("the included file %s is not in the folder", t.path("Parameters", "Location").text())
		default:
			s.incomplete("the macro %s was not expanded", strings.TrimSpace(name))
			s.warn(t.line, "Scan the processed template instead: aws cloudformation get-template --template-stage Processed.", "the macro %s was not expanded; it may add or change resources", name)
		}
	}
}

// merge returns a map with the sections of another one added.
func merge(a, b *node) *node {
	out := &node{kind: mapNode, line: a.line}
	for i, k := range a.keys {
		v := a.items[i]
		if o := b.get(k.name); v.isMap() && o.isMap() {
			v = merge(v, o)
		}
		out.add(k.name, k.line, v)
	}
	for i, k := range b.keys {
		if a.get(k.name) == nil {
			out.add(k.name, k.line, b.items[i])
		}
	}
	return out
}
