package terraform

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// converter turns one instance's tree of the provider's shape into properties of
// CloudFormation's.
type converter struct {
	*reader
	root  *schema.Object // of the type
	props map[string]any
}

// properties converts a tree by a mapping.
func (r *reader) properties(m *mapping, t *schema.Type, src map[string]any) map[string]any {
	c := converter{r, t.Props, map[string]any{}}
	out, obj := c.props, t.Props
	if m.Root != "" {
		out, obj = c.inside(out, obj, m.Root)
	}
	c.object(src, obj, m.tree, out)
	if m.Root != "" && len(out) == 0 {
		delete(c.props, m.Root)
	}
	for path, v := range m.Set {
		if last, _, h := c.holder(c.props, t.Props, path); h[last] == nil {
			h[last] = copied(haetae.Normalize(v))
		}
	}
	return c.props
}

// object converts the members of one object into out.
func (c converter) object(src map[string]any, obj *schema.Object, n *rename, out map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(src)) {
		v := src[k]
		child := n.child(k)
		switch {
		case v == nil:
		case child == nil || child.renamed == nil:
			if name, f := c.field(obj, k, v); f != nil {
				put(out, name, c.value(v, f, child), f)
			}
		case child.To == "":
		case child.To == ".":
			if m, ok := single(v).(map[string]any); ok {
				c.object(m, obj, child, out)
			}
		default:
			c.set(out, obj, child, v)
		}
	}
}

// set puts a value at the path that a mapping says.
func (c converter) set(out map[string]any, obj *schema.Object, n *rename, v any) {
	path := n.To
	if rest, ok := strings.CutPrefix(path, "/"); ok {
		path, out, obj = rest, c.props, c.root
	}
	list, key, attribute := strings.Cut(strings.TrimSuffix(path, "]"), "[")
	if attribute {
		last, f, h := c.holder(out, obj, list)
		v := c.value(v, &schema.Field{Kind: schema.String}, n)
		if h != nil && v != nil {
			put(h, last, []any{map[string]any{"Key": key, "Value": v}}, f)
		}
		return
	}
	last, f, h := c.holder(out, obj, path)
	if h != nil {
		put(h, last, c.value(v, f, n), f)
	}
}

// inside makes the object at a path and returns it with its schema.
func (c converter) inside(out map[string]any, obj *schema.Object, path string) (map[string]any, *schema.Object) {
	last, f, h := c.holder(out, obj, path)
	m, ok := h[last].(map[string]any)
	if !ok {
		m = map[string]any{}
		h[last] = m
	}
	if f != nil && f.Kind == schema.KindObject {
		return m, f.Object
	}
	return m, nil
}

// holder finds the object that holds the last name of a path, making those on the
// way, and the field of that name. In a list on the way it is the first element.
func (c converter) holder(out map[string]any, obj *schema.Object, path string) (string, *schema.Field, map[string]any) {
	steps := strings.Split(path, ".")
	for _, s := range steps[:len(steps)-1] {
		f, _ := obj.Field(s)
		list := f != nil && f.Kind == schema.List
		if list {
			f = f.Elem
		}
		held := out[s]
		if list {
			held = at(listOf(held), 0)
		}
		m, ok := held.(map[string]any)
		if !ok {
			m = map[string]any{}
			if list {
				out[s] = []any{m}
			} else {
				out[s] = m
			}
		}
		out, obj = m, nil
		if f != nil && f.Kind == schema.KindObject {
			obj = f.Object
		}
	}
	last := steps[len(steps)-1]
	f, _ := obj.Field(last)
	return last, f, out
}

// put sets a property; a list gains what is already there.
func put(out map[string]any, name string, v any, f *schema.Field) {
	if v == nil {
		return
	}
	if f != nil && f.Kind == schema.List {
		old, more := listOf(out[name]), listOf(v)
		if old != nil && more != nil {
			out[name] = append(old, more...)
			return
		}
	}
	if m, ok := v.(map[string]any); ok {
		if old, ok := out[name].(map[string]any); ok {
			maps.Copy(old, m)
			return
		}
	}
	out[name] = v
}

func listOf(v any) []any {
	l, _ := v.([]any)
	return l
}

// value converts one value for a field; nil when there is none.
func (c converter) value(v any, f *schema.Field, n *rename) any {
	if n != nil && n.renamed != nil {
		b, isBool := v.(bool)
		s, _ := v.(string)
		if isBool {
			s = strconv.FormatBool(b)
		}
		if i, ok := v.(int64); ok {
			s = strconv.FormatInt(i, 10)
		}
		if to, ok := n.Values[s]; ok {
			v = to
		}
		if isBool && n.Not {
			v = !b
		}
	}
	switch v.(type) {
	case nil:
		return nil
	case *haetae.Unknown, *haetae.Secret, *haetae.OpenList:
		return v
	}
	if f == nil {
		return c.plain(v)
	}
	if h, ok := v.(*hole); ok {
		return c.hole(h, f)
	}
	switch f.Kind {
	case schema.KindObject:
		return c.asObject(v, f, n)
	case schema.List:
		return c.asList(v, f, n)
	case schema.Map:
		return c.asMap(v, f, n)
	case schema.JSON:
		return c.document(v)
	}
	if l, ok := v.([]any); ok {
		if len(l) != 1 {
			return nil
		}
		return c.value(l[0], f, nil)
	}
	if _, ok := v.(map[string]any); ok {
		return nil
	}
	return v
}

// hole converts what is known only after apply.
func (c converter) hole(h *hole, f *schema.Field) any {
	switch f.Kind {
	case schema.List:
		return h.list()
	case schema.JSON:
		return c.policy(h)
	}
	return h.unknown()
}

func (c converter) asObject(v any, f *schema.Field, n *rename) any {
	v = parsed(v)
	if l, ok := v.([]any); ok {
		if len(l) != 1 {
			return nil
		}
		v = l[0]
	}
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		c.object(x, f.Object, n, out)
		return out
	case *hole:
		return x.unknown()
	}
	return nil
}

func (c converter) asList(v any, f *schema.Field, n *rename) any {
	v = parsed(v)
	if m, ok := v.(map[string]any); ok && pairs(f.Elem) {
		out := []any{}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			out = append(out, map[string]any{keyName(f.Elem): k, "Value": c.value(m[k], &schema.Field{Kind: schema.String}, nil)})
		}
		return out
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]any, 0, len(list))
	for _, e := range list {
		if x := c.value(e, f.Elem, bare(n)); x != nil {
			out = append(out, x)
		}
	}
	return out
}

// bare is a node without what holds for the list as a whole.
func bare(n *rename) *rename {
	if n == nil || n.renamed == nil {
		return n
	}
	return &rename{renamed: &renamed{Values: n.Values}, children: n.children}
}

// pairs tells whether a list holds names and values, as tags are.
func pairs(f *schema.Field) bool {
	if f == nil || f.Kind != schema.KindObject {
		return false
	}
	_, value := f.Object.Field("Value")
	return value
}

func keyName(f *schema.Field) string {
	for _, k := range []string{"Key", "Name", "ParameterName"} {
		if _, ok := f.Object.Field(k); ok {
			return k
		}
	}
	return "Key"
}

func (c converter) asMap(v any, f *schema.Field, n *rename) any {
	v = single(parsed(v))
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	out := make(map[string]any, len(m))
	for k, e := range m {
		if x := c.value(e, f.Elem, bare(n)); x != nil {
			out[k] = x
		}
	}
	return out
}

// document converts a value that may be anything: a policy as text is read.
func (c converter) document(v any) any { return c.plain(parsed(v)) }

// plain converts a tree for which there is no schema.
func (c converter) plain(v any) any {
	switch x := v.(type) {
	case *hole:
		return x.text()
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			if e := c.plain(e); e != nil {
				out[k] = e
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(x))
		for _, e := range x {
			if e := c.plain(e); e != nil {
				out = append(out, e)
			}
		}
		return out
	}
	return v
}

// parsed reads a text that is a JSON object or list, and returns anything else
// as it is.
func parsed(v any) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	t := strings.TrimSpace(s)
	if !strings.HasPrefix(t, "{") && !strings.HasPrefix(t, "[") {
		return v
	}
	dec := json.NewDecoder(strings.NewReader(t))
	dec.UseNumber()
	var out any
	if dec.Decode(&out) != nil {
		return v
	}
	return haetae.Normalize(out)
}

// single is the one block of a list of blocks.
func single(v any) any {
	if l, ok := v.([]any); ok && len(l) == 1 {
		return l[0]
	}
	return v
}

// copied copies what a mapping sets, which all resources share.
func copied(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = copied(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = copied(e)
		}
		return out
	}
	return v
}

// field finds the field that an attribute's name means.
func (c converter) field(obj *schema.Object, name string, v any) (string, *schema.Field) {
	if obj == nil {
		return "", nil
	}
	byNorm := c.norms[obj]
	if byNorm == nil {
		byNorm = make(map[string]string, len(obj.Fields))
		for _, n := range obj.Names() {
			byNorm[norm(n)] = n
		}
		c.norms[obj] = byNorm
	}
	k := norm(name)
	if real, ok := byNorm[k]; ok {
		return real, obj.Fields[real]
	}
	for _, many := range []string{k + "s", k + "es", strings.TrimSuffix(k, "y") + "ies"} {
		if real, ok := byNorm[many]; ok && obj.Fields[real].Kind == schema.List {
			return real, obj.Fields[real]
		}
	}
	for _, way := range onOff(k) {
		if real, ok := byNorm[way]; ok && obj.Fields[real].Kind == schema.Bool {
			return real, obj.Fields[real]
		}
	}
	return "", nil
}

// onOff are the other ways to name a switch: encryption_enabled is
// EnableEncryption or Encryption.
func onOff(k string) []string {
	if s, ok := strings.CutSuffix(k, "enabled"); ok {
		return []string{"enable" + s, s}
	}
	if s, ok := strings.CutPrefix(k, "enable"); ok {
		return []string{s + "enabled", s}
	}
	return nil
}

func norm(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "_", ""))
}
