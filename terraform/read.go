package terraform

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// reader is the work on one document.
type reader struct {
	doc    *document
	file   string
	opts   Options
	schema *schema.Schema
	types  map[string]listed
	norms  map[*schema.Object]map[string]string // fields by their name without case and _
	cc     map[string]string                    // types by the name that awscc gives them

	all     []*instance
	named   map[string][]*instance // by address without their own index
	modules map[string][]string    // module instances by address without their own index
	blocks  map[string]block

	snap      *haetae.Snapshot
	parts     []*part
	made      map[string]*haetae.Resource // by address
	unmapped  map[string]int
	rendering map[*instance]bool // policy documents that are being made
}

func newReader(d *document, file string, o Options, s *schema.Schema, types map[string]listed) *reader {
	if file == "" {
		file = "plan"
	}
	r := &reader{
		doc: d, file: file, opts: o, schema: s, types: types,
		norms: map[*schema.Object]map[string]string{}, named: map[string][]*instance{}, modules: map[string][]string{},
		snap: &haetae.Snapshot{}, made: map[string]*haetae.Resource{}, unmapped: map[string]int{}, rendering: map[*instance]bool{},
	}
	r.all = d.instances()
	for _, in := range r.all {
		base := strings.TrimSuffix(in.Address, indexText(in.Index))
		r.named[base] = append(r.named[base], in)
		for m := in.module; m != ""; {
			parent, call, ok := cutModule(m)
			if !ok {
				break
			}
			at := join(parent, "module."+call)
			if !slices.Contains(r.modules[at], m) {
				r.modules[at] = append(r.modules[at], m)
			}
			m = parent
		}
	}
	r.blocks = blocks(o.FS, o.Shown, d.Configuration.Root)
	if r.opts.Account == "" {
		r.opts.Account = r.account()
	}
	return r
}

// read makes the snapshot.
func (r *reader) read() *haetae.Snapshot {
	for _, in := range r.all {
		if in.Mode != "managed" {
			continue
		}
		list, ok := r.mappings(in.Type)
		if !ok {
			if strings.HasPrefix(in.Type, "aws") {
				r.unmapped[in.Type]++
			}
			continue
		}
		tree := r.values(in)
		tags(tree)
		for _, m := range list {
			r.make(in, m, tree)
		}
	}
	r.joinParts()
	r.link()
	// Of all regions, since each resource has that of its own provider.
	r.snap.Coverage = []haetae.Coverage{{Stack: r.file, Account: r.opts.Account, Type: "*", Status: haetae.Complete}}
	for _, typ := range slices.Sorted(maps.Keys(r.unmapped)) {
		r.snap.Problems = append(r.snap.Problems, haetae.Problem{
			Place: haetae.Place{File: r.file},
			Error: fmt.Sprintf("%s: %d of this type are not judged, since haetae does not know which CloudFormation type it is", typ, r.unmapped[typ]),
			Hint:  "terraform/types.yaml lists the types that are read; awscc types are read by their name.",
		})
	}
	r.snap.Sort()
	return r.snap
}

// mappings returns what a resource type of a provider is.
func (r *reader) mappings(typ string) (listed, bool) {
	if list, ok := r.types[typ]; ok {
		return list, true
	}
	rest, ok := strings.CutPrefix(typ, "awscc_")
	if !ok {
		return nil, false
	}
	if r.cc == nil {
		r.cc = map[string]string{}
		for _, name := range r.schema.Names() {
			r.cc[strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "AWS::"), "::", ""))] = name
		}
	}
	name, ok := r.cc[norm(rest)]
	return listed{{Type: name}}, ok
}

// make makes the resources, or the parts of one, that an instance stands for.
func (r *reader) make(in *instance, m *mapping, tree map[string]any) {
	if m.When != "" && tree[m.When] == nil {
		return
	}
	trees := []map[string]any{tree}
	if m.Shape != "" {
		trees = shapes()[m.Shape](in, tree)
	}
	t, ok := r.schema.Type(m.target())
	if !ok {
		r.unmapped[in.Type]++
		return
	}
	for i, src := range trees {
		props := r.properties(m, t, src)
		if m.Part != "" {
			r.parts = append(r.parts, &part{in: in, parent: m.Part, by: src[m.By], props: props})
			continue
		}
		res := &haetae.Resource{
			Type: m.Type, ID: in.Address, Account: r.opts.Account, Region: r.region(in), Stack: r.file, Props: props,
			Origin: haetae.Origin{Source: "plan", Place: r.place(in), LogicalID: in.Address, Paths: map[string]haetae.Place{}},
		}
		if i > 0 {
			res.ID = fmt.Sprintf("%s#%d", in.Address, i+1)
		}
		if v := tree["tags"]; v != nil && t.TagProperty != "" && props[t.TagProperty] == nil {
			if f, ok := t.Props.Field(t.TagProperty); ok {
				c := converter{r, t.Props, props}
				put(props, t.TagProperty, c.value(v, f, nil), f)
			}
		}
		res.ARN, _ = in.Values["arn"].(string)
		paths(res.Origin.Paths, "", props, res.Origin.Place)
		r.snap.Resources = append(r.snap.Resources, res)
		if r.made[in.Address] == nil {
			r.made[in.Address] = res
		}
	}
}

// tags puts the tags that a resource will have, with those of the provider, in
// the place of its own.
func tags(tree map[string]any) {
	own, all := tree["tags"], tree["tags_all"]
	delete(tree, "tags_all")
	if m, ok := all.(map[string]any); ok && len(m) > 0 {
		tree["tags"] = m
		return
	}
	if m, ok := own.(map[string]any); ok && len(m) == 0 {
		delete(tree, "tags")
	}
}

// paths notes the place of every property that is declared.
func paths(out map[string]haetae.Place, at string, v any, place haetae.Place) {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			p := k
			if at != "" {
				p = at + "." + k
			}
			out[p] = place
			paths(out, p, e, place)
		}
	case []any:
		for i, e := range x {
			p := fmt.Sprintf("%s[%d]", at, i)
			out[p] = place
			paths(out, p, e, place)
		}
	case *haetae.OpenList:
		paths(out, at, x.Items, place)
	}
}

// block is the block of an instance in the *.tf files, if it is found.
func (r *reader) block(in *instance) (block, bool) {
	b, ok := r.blocks[strings.Join(moduleNames(in.module), "/")+" "+in.Type+"."+in.Name]
	return b, ok
}

// place is where an instance is declared: its block in a *.tf file, or the plan.
func (r *reader) place(in *instance) haetae.Place {
	if b, ok := r.block(in); ok {
		return b.Place
	}
	return haetae.Place{File: r.file}
}

// region is where an instance is: what it says itself, then what its provider
// says.
func (r *reader) region(in *instance) string {
	if s, ok := in.Values["region"].(string); ok && in.Type != "aws_s3_bucket" && strings.Count(s, "-") >= 2 {
		return s
	}
	if in.config != nil {
		if s, ok := r.provided(in.config.Provider, "region").(string); ok && s != "" {
			return s
		}
	}
	return r.opts.Region
}

// provided is an argument of a provider, where it is known: spelt out, or a
// variable of the root module.
func (r *reader) provided(key, name string) any {
	p, ok := r.doc.Configuration.Providers[key]
	if !ok {
		// A module that is given its provider names it by its own path.
		p = r.doc.Configuration.Providers[key[strings.LastIndexByte(key, ':')+1:]]
	}
	expr := p.Expressions[name]
	if v, ok := constant(expr); ok {
		return v
	}
	names := references(expr)
	if len(names) != 1 || p.Module != "" {
		return nil
	}
	steps := split(names[0])
	if len(steps) != 2 || steps[0] != "var" {
		return nil
	}
	return r.doc.Variables[steps[1]].Value
}

// account is the account that the plan is for, where it says so: what the
// provider may work in, or who made the plan.
func (r *reader) account() string {
	found := ""
	for key := range r.doc.Configuration.Providers {
		list, _ := r.provided(key, "allowed_account_ids").([]any)
		if len(list) != 1 {
			continue
		}
		if s, ok := list[0].(string); ok {
			if found != "" && found != s {
				return ""
			}
			found = s
		}
	}
	if found != "" {
		return found
	}
	for _, in := range r.all {
		if in.Mode != "data" || in.Type != "aws_caller_identity" {
			continue
		}
		s, _ := in.Values["account_id"].(string)
		if s == "" || found != "" && found != s {
			return ""
		}
		found = s
	}
	return found
}

// link puts references in the place of the ids of the plan's own resources, and
// of nothing else: a name that people gave stays.
func (r *reader) link() {
	ids := map[string]*haetae.Resource{} // by type and id
	for _, in := range r.all {
		res := r.made[in.Address]
		id, _ := in.Values["id"].(string)
		if res == nil || id == "" || id == res.ARN || id == nameOf(res) {
			continue
		}
		ids[res.Type+" "+id] = res
	}
	if len(ids) == 0 {
		return
	}
	for _, res := range r.snap.Resources {
		for _, e := range r.schema.Edges(res.Type) {
			replace(res.Props, steps(e.Path), func(v any) any { return linked(ids, e.Target, v) })
		}
		for _, f := range r.schema.Folds() {
			if f.Child == res.Type {
				replace(res.Props, steps(f.By), func(v any) any { return linked(ids, f.Parent, v) })
			}
		}
	}
}

func linked(ids map[string]*haetae.Resource, typ string, v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	to := ids[typ+" "+s]
	if to == nil {
		return v
	}
	return &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Plain: true, Ref: to.ID, Detail: to.ID + " (" + s + ")"}
}

// nameOf is the name by which the graph finds a resource beside its ID.
func nameOf(res *haetae.Resource) string {
	short := res.Type[strings.LastIndex(res.Type, ":")+1:]
	for _, p := range []string{short + "Name", "Name", short + "Identifier", short + "Id"} {
		if s, ok := res.Props[p].(string); ok {
			return s
		}
	}
	return ""
}

// steps takes apart the path of a relation: "[]" and "*" go into lists and maps.
func steps(p string) []string {
	p = strings.ReplaceAll(strings.ReplaceAll(p, "[]", ".[]"), "{}", ".*")
	return strings.Split(p, ".")
}

// replace changes the values at a path.
func replace(v any, at []string, change func(any) any) any {
	if len(at) == 0 {
		return change(v)
	}
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			if at[0] == "*" || k == at[0] {
				x[k] = replace(e, at[1:], change)
			}
		}
	case []any:
		if at[0] == "[]" {
			for i, e := range x {
				x[i] = replace(e, at[1:], change)
			}
		}
	case *haetae.OpenList:
		replace(x.Items, at, change)
	}
	return v
}

// shown is the name of a file for people.
func shown(root, name string) string {
	if root == "" {
		return name
	}
	return path.Join(root, name)
}
