package terraform

import (
	"maps"

	"github.com/haetae/haetae"
)

// part is a resource of the provider that only says something of another one:
// aws_s3_bucket_versioning.
type part struct {
	in     *instance
	parent string // the CloudFormation type
	by     any    // what it calls its parent: a text, a hole, or a list of them
	props  map[string]any
}

// joinParts puts every part into the resource that it is about. When that is not
// in the plan, a stub takes its place.
func (r *reader) joinParts() {
	names := map[string]*haetae.Resource{} // by type and name
	for _, in := range r.all {
		res := r.made[in.Address]
		if res == nil {
			continue
		}
		for _, k := range []string{"id", "arn", "name", "bucket", "function_name", "stage_name", "url", "identifier", "key_id"} {
			if s, ok := in.Values[k].(string); ok && s != "" {
				names[res.Type+" "+s] = res
			}
		}
	}
	for _, p := range r.parts {
		by := p.by
		if h, ok := by.(*hole); ok && len(h.targets) > 1 {
			by = h.list()
		}
		list, ok := by.([]any)
		if !ok {
			list = []any{by}
		}
		for _, ref := range list {
			into(r.parentOf(p, ref, names), p, r.place(p.in))
		}
	}
}

// parentOf finds the resource that a part is about, or makes its stub.
func (r *reader) parentOf(p *part, ref any, names map[string]*haetae.Resource) *haetae.Resource {
	id, detail := p.in.Address, "the "+p.parent+" that "+p.in.Address+" belongs to is not in the plan"
	switch x := ref.(type) {
	case string:
		if res := names[p.parent+" "+x]; res != nil {
			return res
		}
		id, detail = x, p.parent+" "+x+" is not in the plan"
	case *hole:
		if len(x.targets) == 1 {
			if res := r.made[x.targets[0].Address]; res != nil && res.Type == p.parent {
				return res
			}
		}
		detail = x.unknown().Detail
	case *haetae.Unknown:
		if res := r.made[x.Ref]; res != nil && res.Type == p.parent {
			return res
		}
		detail = x.Detail
	}
	if res := names[p.parent+" "+id]; res != nil {
		return res
	}
	stub := &haetae.Resource{
		Type: p.parent, ID: id, Account: r.opts.Account, Region: r.region(p.in), Stack: r.file, Props: map[string]any{},
		Stub:   &haetae.Unknown{Reason: haetae.Unresolved, Detail: detail},
		Origin: haetae.Origin{Source: "plan", Place: r.place(p.in), LogicalID: p.in.Address, Paths: map[string]haetae.Place{}},
	}
	names[p.parent+" "+id] = stub
	r.snap.Resources = append(r.snap.Resources, stub)
	return stub
}

// into puts a part into its parent: lists are joined, all else is set.
func into(res *haetae.Resource, p *part, place haetae.Place) {
	place.Child = p.in.Address
	res.Origin.Children = append(res.Origin.Children, place)
	for k, v := range p.props {
		old, more := listOf(res.Props[k]), listOf(v)
		switch o, isMap := res.Props[k].(map[string]any); {
		case more != nil && old != nil:
			res.Props[k] = append(old, copied(v).([]any)...)
		case more != nil && res.Stub != nil && res.Props[k] == nil:
			res.Props[k] = &haetae.OpenList{Items: copied(v).([]any), Why: res.Stub}
		case isMap:
			if m, ok := v.(map[string]any); ok {
				maps.Copy(o, copied(m).(map[string]any))
				break
			}
			res.Props[k] = v
		default:
			if open, ok := res.Props[k].(*haetae.OpenList); ok && more != nil {
				open.Items = append(open.Items, copied(v).([]any)...)
				break
			}
			res.Props[k] = copied(v)
		}
		here := map[string]haetae.Place{k: place}
		paths(here, k, v, place)
		maps.Copy(res.Origin.Paths, here)
	}
}
