package control

import (
	"strings"

	"github.com/haetae/haetae"
)

// graphCall takes apart the name of a graph function that a macro made:
// "all:AWS::S3::Bucket", "referrers:AWS::EC2::FlowLog:ResourceId".
func graphCall(fn string) (kind, typ, path string, ok bool) {
	kind, rest, ok := strings.Cut(fn, ":")
	if !ok {
		return "", "", "", false
	}
	switch kind {
	case "all", "here", "ref":
		return kind, rest, "", true
	case "referrers":
		i := strings.LastIndex(rest, ":")
		return kind, rest[:i], rest[i+1:], true
	}
	return "", "", "", false
}

// graphNode compiles a look into the graph.
func graphNode(kind, typ, path string, args []expr) expr {
	switch kind {
	case "all", "here":
		return expr{eval: func(f *frame) any { return f.listed(kind, typ) }}
	case "ref":
		arg := args[0].eval
		return expr{eval: func(f *frame) any { return f.referred(typ, arg(f)) }}
	}
	arg := args[0].eval
	return expr{eval: func(f *frame) any {
		switch r := arg(f).(type) {
		case *haetae.Resource:
			list, why := f.graph.Referrers(r, typ, path)
			return resources(list, why)
		case nil:
			return nil
		default:
			if isUnknown(r) {
				return r
			}
		}
		return faulty("referrers() of a value that is not a resource")
	}}
}

// listing is a key of the lists that one evaluation of many resources shares.
type listing struct {
	kind, typ, stack, account, region string
}

// listed is all("T") or here("T"), made once for each world.
func (f *frame) listed(kind, typ string) any {
	k := listing{kind, typ, f.self.Stack, f.self.Account, ""}
	if kind == "here" {
		k.region = f.self.Region
	}
	if v, ok := f.lists[k]; ok {
		return v
	}
	var v any
	if kind == "all" {
		v = resources(f.graph.All(f.self, typ))
	} else {
		v = resources(f.graph.Here(f.self, typ))
	}
	f.lists[k] = v
	return v
}

// referred is ref(v, "T"): the resource that a value refers to.
func (f *frame) referred(typ string, v any) any {
	if us, ok := v.(unknowns); ok {
		return us
	}
	r, why := f.graph.Find(f.self, typ, v)
	if r != nil {
		return r
	}
	if why != nil {
		// That the value is set does not mean that there is such a resource.
		return unknowns{why}
	}
	return nil
}

func resources(list []*haetae.Resource, why *haetae.Unknown) any {
	out := make([]any, len(list))
	for i, r := range list {
		out[i] = r
	}
	if why != nil {
		return &haetae.OpenList{Items: out, Why: why}
	}
	return out
}
