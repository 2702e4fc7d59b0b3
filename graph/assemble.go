package graph

import (
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// Options say how resources come in at the door.
type Options struct {
	// HashKey is the key of the hashes of secrets; empty for none.
	HashKey []byte
}

// Assemble takes resources as a source read them and makes a snapshot of the
// one form that rules see: values have the kinds of the schema, children are
// folded into their parents, secrets are redacted, defaults are filled in, and
// all is sorted. It is the only way into a snapshot for every source. The
// resources given are changed and must not be used afterwards.
func Assemble(s *schema.Schema, in *haetae.Snapshot, o Options) *haetae.Snapshot {
	out := &haetae.Snapshot{Time: in.Time, Coverage: in.Coverage, Problems: in.Problems}
	for _, r := range in.Resources {
		if t, ok := s.Type(r.Type); ok {
			coerceObject(r.Props, t.Props)
			coerceObject(r.Observed, t.Observed)
			// Before folding: a rule that stands apart does not take the place
			// of the default ones.
			complete(r, t)
		} else if r.Declared() && known(r.Type) {
			out.Problems = append(out.Problems, haetae.Problem{
				Place: r.Origin.Place,
				Error: "resource " + r.ID + ": type " + r.Type + " is not known",
				Hint:  "Check the spelling; types newer than this version of haetae are kept but not judged.",
			})
		}
	}
	out.Resources = fold(s, in.Resources)
	for _, r := range out.Resources {
		t, ok := s.Type(r.Type)
		redact(r, t, o.HashKey)
		if !ok {
			continue
		}
		if len(r.Origin.Children) > 0 {
			complete(r, t) // what the children brought
		}
		if r.Tags == nil && r.TagsUnknown == nil && t.TagProperty != "" {
			r.Tags, r.TagsUnknown = tags(r.Props[t.TagProperty])
		}
		if r.ARN == "" && !r.Declared() {
			r.ARN = arnOf(r, t)
		}
	}
	out.Sort()
	return out
}

// complete fills in the defaults of a resource.
func complete(r *haetae.Resource, t *schema.Type) {
	if r.Stub != nil {
		return
	}
	if r.Props == nil {
		r.Props = map[string]any{}
	}
	filler{r.Props}.object(r.Props, t.Props)
}

// known tells whether a type name is in a namespace that the schema covers:
// custom resources, modules and private types are nobody's mistake.
func known(typ string) bool {
	return strings.HasPrefix(typ, "AWS::") && !strings.HasPrefix(typ, "AWS::CloudFormation::")
}

// tags reads a tag list or map.
func tags(v any) (map[string]any, *haetae.Unknown) {
	switch x := v.(type) {
	case *haetae.Unknown:
		return nil, x
	case map[string]any:
		return x, nil
	case []any, *haetae.OpenList:
		list, why := elements(x)
		out := make(map[string]any, len(list))
		for _, e := range list {
			m, ok := e.(map[string]any)
			if !ok {
				if u, is := e.(*haetae.Unknown); is {
					why = u
				}
				continue
			}
			if k, ok := m["Key"].(string); ok {
				out[k] = m["Value"]
			} else if u, is := m["Key"].(*haetae.Unknown); is {
				why = u
			}
		}
		return out, why
	}
	return nil, nil
}

// arnOf makes the ARN of a resource from the template of its type; "" when the
// template needs something that is not known.
func arnOf(r *haetae.Resource, t *schema.Type) string {
	if t.ARN == "" || r.Account == "" {
		return ""
	}
	var b strings.Builder
	for rest := t.ARN; ; {
		i := strings.Index(rest, "${")
		if i < 0 {
			b.WriteString(rest)
			return b.String()
		}
		j := strings.IndexByte(rest[i:], '}')
		if j < 0 {
			return ""
		}
		b.WriteString(rest[:i])
		v := arnPart(r, t, rest[i+2:i+j])
		if v == "" {
			return ""
		}
		b.WriteString(v)
		rest = rest[i+j+1:]
	}
}

func arnPart(r *haetae.Resource, t *schema.Type, name string) string {
	switch name {
	case "Partition":
		return haetae.Partition(r.Region)
	case "Region":
		return r.Region
	case "Account":
		return r.Account
	}
	for _, props := range []map[string]any{r.Props, r.Observed} {
		if v, ok := props[name].(string); ok {
			return v
		}
	}
	if len(t.PrimaryID) == 1 && t.PrimaryID[0] == name {
		return r.ID
	}
	return ""
}
