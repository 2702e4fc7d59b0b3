package template

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// maxText bounds a joined text, so that joins of joins cannot fill the memory.
const maxText = 4 << 20

// concat joins values into one text. What is not known becomes a hole; when
// nothing is known but one reference, the reference itself is returned.
func concat(pieces []any) any {
	parts := []string{""}
	var unknowns []*haetae.Unknown
	plain := true
	size := 0
	for _, p := range pieces {
		if s, ok := textOf(p); ok {
			size += len(s)
			if size > maxText {
				return unresolved("the text is longer than %d bytes", maxText)
			}
			parts[len(parts)-1] += s
			continue
		}
		if p == nil {
			continue
		}
		u := whyNot(p)
		unknowns = append(unknowns, u)
		plain = plain && u.Plain
		inner := u.Parts
		if len(inner) < 2 {
			inner = []string{"", ""}
		}
		parts[len(parts)-1] += inner[0]
		parts = append(parts, inner[1:]...)
		for _, s := range inner {
			size += len(s)
		}
		if size > maxText {
			return unresolved("the text is longer than %d bytes", maxText)
		}
	}
	switch {
	case len(unknowns) == 0:
		return parts[0]
	case len(unknowns) == 1 && (len(parts) == 2 && parts[0] == "" && parts[1] == "" || slices.Equal(parts, unknowns[0].Parts)):
		return unknowns[0]
	}
	u := &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Parts: parts, Plain: plain}
	var details []string
	for _, o := range unknowns {
		if o.Reason == haetae.SecretKept || o.Reason == haetae.SecretInTemplate {
			u.Reason = o.Reason
		}
		if o.Detail != "" && !slices.Contains(details, o.Detail) {
			details = append(details, o.Detail)
		}
	}
	if len(details) > 3 {
		details = append(details[:3], "…")
	}
	u.Detail = strings.Join(details, "; ")
	if len(unknowns) == 1 {
		u.Ref, u.Attr = unknowns[0].Ref, unknowns[0].Attr
	}
	return u
}

// substitution is one piece of an Fn::Sub text.
type substitution struct {
	literal string
	name    string // "" for a literal
}

// parseSub splits the text of Fn::Sub into literals and names.
func parseSub(s string) []substitution {
	var out []substitution
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			break
		}
		name := s[i+2 : i+end]
		switch {
		case strings.HasPrefix(name, "!"):
			out = append(out, substitution{literal: s[:i] + "${" + name[1:] + "}"})
		case strings.TrimSpace(name) == "" || strings.ContainsAny(name, "$\n"):
			// Not a name: shell text such as "${" that was not escaped.
			out = append(out, substitution{literal: s[:i+2]})
			s = s[i+2:]
			continue
		default:
			out = append(out, substitution{literal: s[:i]}, substitution{name: strings.TrimSpace(name)})
		}
		s = s[i+end+1:]
	}
	return append(out, substitution{literal: s})
}

// base64Of encodes a text. What is only known in part keeps the parts of the
// text before the encoding: they are of use to whoever looks for secrets in
// user data, and the encoded ones would not be.
func base64Of(v any) any {
	if s, ok := textOf(v); ok {
		return base64.StdEncoding.EncodeToString([]byte(s))
	}
	u := *whyNot(v)
	u.Detail = "Fn::Base64 of " + u.Detail
	u.Ref, u.Attr, u.Path = "", "", ""
	return &u
}

// jsonPieces writes a value as JSON, with what is unknown left in its place.
func jsonPieces(v any, out []any) []any {
	switch x := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(x))
		for k := range x {
			names = append(names, k)
		}
		slices.Sort(names)
		for i, k := range names {
			open := "{"
			if i > 0 {
				open = ","
			}
			out = append(out, open+quote(k)+":")
			out = jsonPieces(x[k], out)
		}
		if len(names) == 0 {
			out = append(out, "{")
		}
		return append(out, "}")
	case []any:
		out = append(out, "[")
		for i, item := range x {
			if i > 0 {
				out = append(out, ",")
			}
			out = jsonPieces(item, out)
		}
		return append(out, "]")
	case *haetae.Unknown:
		if len(x.Parts) < 2 {
			return append(out, x)
		}
		c := *x
		c.Parts = make([]string, len(x.Parts))
		for i, p := range x.Parts {
			q := quote(p)
			c.Parts[i] = q[1 : len(q)-1]
		}
		return append(out, `"`, &c, `"`)
	case nil:
		return append(out, "null")
	case string:
		return append(out, quote(x))
	case *haetae.OpenList:
		return append(out, x)
	}
	s, _ := textOf(v)
	return append(out, s)
}

// quote writes a JSON string without escapes for HTML.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
