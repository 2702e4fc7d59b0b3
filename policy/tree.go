package policy

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// FromTree reads the document of a resource as snapshots hold it: an object, or
// its text, in which parts may be unknown. Nil is no policy, and so is an empty
// text: the result is nil. What is no policy at all is a document of which
// nothing is known.
func FromTree(tree any, typ Type, name string) *Document {
	var root *Node
	switch x := tree.(type) {
	case nil:
		return nil
	case string:
		if strings.TrimSpace(x) == "" {
			return nil
		}
		n, err := ReadJSON(x)
		if err != nil {
			return Unreadable(typ, name, &haetae.Unknown{Reason: haetae.Unreadable, Detail: "the policy " + name + " is no JSON: " + err.Error()})
		}
		root = n
	default:
		root = nodeOf(tree)
	}
	d := FromNode(root, typ)
	d.Name, d.Root = name, nil
	return d
}

func nodeOf(v any) *Node {
	switch x := v.(type) {
	case nil:
		return &Node{Kind: Null, Text: "null"}
	case bool:
		return &Node{Kind: Bool, Text: strconv.FormatBool(x)}
	case string:
		return &Node{Kind: String, Text: x}
	case json.Number:
		return &Node{Kind: Number, Text: x.String()}
	case int64:
		return &Node{Kind: Number, Text: strconv.FormatInt(x, 10)}
	case int:
		return &Node{Kind: Number, Text: strconv.Itoa(x)}
	case float64:
		return &Node{Kind: Number, Text: strconv.FormatFloat(x, 'f', -1, 64)}
	case map[string]any:
		n := &Node{Kind: Object}
		for _, name := range slices.Sorted(maps.Keys(x)) {
			n.Members = append(n.Members, Member{Name: name, Value: nodeOf(x[name])})
		}
		return n
	case []any:
		n := &Node{Kind: Array}
		for _, item := range x {
			n.Items = append(n.Items, nodeOf(item))
		}
		return n
	case *haetae.OpenList:
		n := nodeOf(x.Items)
		n.Unknown = x.Why
		return n
	case *haetae.Unknown:
		return &Node{Kind: Null, Unknown: x}
	case *haetae.Secret:
		return &Node{Kind: Null, Unknown: &haetae.Unknown{Reason: haetae.SecretKept}}
	}
	return &Node{Kind: Null, Unknown: &haetae.Unknown{Reason: haetae.Unreadable, Detail: "a policy has a value that is no JSON"}}
}
