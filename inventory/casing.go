package inventory

import (
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// pascal copies an answer of a service that writes its members in lower camel
// case under the names of CloudFormation, which begin with a capital. The
// members named in data are maps whose keys belong to the user: they are copied
// as they are. Nulls are dropped.
func pascal(v any, data ...string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			switch {
			case x == nil || k == "":
			case slices.Contains(data, k):
				out[capital(k)] = x
			default:
				out[capital(k)] = pascal(x, data...)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, pascal(x, data...))
		}
		return out
	}
	return v
}

// pascalObject is pascal for what has to be an object; it is never nil.
func pascalObject(v any, data ...string) map[string]any {
	if m, ok := pascal(v, data...).(map[string]any); ok {
		return m
	}
	return map[string]any{}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// rename moves members of an object to the names that CloudFormation has for
// them: "New=Old".
func rename(m map[string]any, names ...string) {
	for _, n := range names {
		to, from, _ := strings.Cut(n, "=")
		if v, ok := m[from]; ok {
			delete(m, from)
			m[to] = v
		}
	}
}

// millis turns milliseconds since 1970 into a time; what is not such a number is
// left out.
func millis(v any) any {
	n, ok := v.(int64)
	if !ok {
		return nil
	}
	return time.UnixMilli(n).UTC().Format(time.RFC3339)
}

// hidden says that a value is there which AWS never shows.
func hidden(detail string) *haetae.Unknown {
	return &haetae.Unknown{Reason: haetae.Unreadable, Detail: detail, Set: true}
}

// elsewhere says that a value is told by another operation, which this package
// does not read.
func elsewhere(path, action string) *haetae.Unknown {
	return &haetae.Unknown{
		Path: path, Reason: haetae.NotAsked, Actions: []string{action},
		Detail: "only " + action + " tells",
	}
}

// tagsIn returns a conclusion that fills the tags of a type whose property for
// them is not called Tags.
func tagsIn(prop string) func(*haetae.Resource) {
	return func(r *haetae.Resource) {
		list := r.Props[prop]
		switch t := list.(type) {
		case *haetae.Unknown:
			r.TagsUnknown = t
		case *haetae.OpenList:
			r.TagsUnknown, list = t.Why, t.Items
		case map[string]any:
			list = tagList(t)
		}
		for t := range objects(list) {
			if r.Tags == nil {
				r.Tags = map[string]any{}
			}
			r.Tags[str(t, "Key")] = str(t, "Value")
		}
	}
}

// about returns the resource that a request named, by its name or by an ARN in
// which the name follows a part such as ":repository/". One operation answers
// for several types: an ARN without the part is one of another type, of which
// nothing is returned.
func about(name, part string, props map[string]any) []*haetae.Resource {
	if !strings.HasPrefix(name, "arn:") {
		return []*haetae.Resource{resource(name, props)}
	}
	_, id, ok := strings.Cut(name, part)
	if !ok {
		return nil
	}
	r := resource(id, props)
	r.ARN = name
	return []*haetae.Resource{r}
}
