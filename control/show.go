package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// showMax is how many characters of a value are shown in a sentence; the whole
// value is in the evidence.
const showMax = 120

// Show writes a value of a property tree for people, in one short line.
func Show(v any) string {
	s := show(v)
	if r := []rune(s); len(r) > showMax {
		return string(r[:showMax-1]) + "…"
	}
	return s
}

func show(v any) string {
	switch x := v.(type) {
	case nil:
		return "not set"
	case string:
		if x == "set" || x == "" {
			return strconv.Quote(x)
		}
		if json.Valid([]byte(strconv.Quote(x))) && !strings.ContainsAny(x, " ,;") {
			return x
		}
		return strconv.Quote(x)
	case bool:
		return strconv.FormatBool(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case *haetae.Secret:
		return "a redacted value (" + x.Kind + ")"
	case *haetae.Unknown:
		return "unknown (" + x.String() + ")"
	case *haetae.OpenList:
		return show(x.Items) + " and perhaps more"
	case *haetae.Resource:
		return x.ID
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = show(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(x))
		for _, k := range slices.Sorted(maps.Keys(x)) {
			parts = append(parts, k+": "+show(x[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}
