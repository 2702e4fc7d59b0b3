package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// shortName is what people call a resource: its identifier and, where it has
// one of its own, the name that its tag gives it.
func shortName(r *haetae.Resource) string {
	id := identifier(r)
	if name, ok := r.Tags["Name"].(string); ok && name != "" && !r.Declared() && !strings.Contains(id, name) {
		return id + " (" + name + ")"
	}
	return id
}

// identifier is the logical id of a resource in a template, and its own id
// elsewhere, without the part of an ARN that the place column says.
func identifier(r *haetae.Resource) string {
	if r.Origin.LogicalID != "" {
		return r.Origin.LogicalID
	}
	if r.ID == "*" {
		return r.Type + " *"
	}
	if strings.HasPrefix(r.ID, "arn:") {
		if parts := strings.SplitN(r.ID, ":", 6); len(parts) == 6 && parts[5] != "" {
			return parts[5]
		}
	}
	if r.ID == "" {
		return r.Type
	}
	return r.ID
}

// where is the place of a resource: file and line, or account and region.
func where(r *haetae.Resource) string {
	if r.Declared() || r.Account == "" && r.Origin.File != "" {
		return placeText(r.Origin.Place)
	}
	region := r.Region
	if region == "" {
		region = "global"
	}
	return strings.TrimSpace(r.Account + " " + region)
}

// placeText writes a place the way editors and terminals make clickable.
func placeText(p haetae.Place) string {
	if p.Line > 0 {
		return p.File + ":" + strconv.Itoa(p.Line)
	}
	return p.File
}

// pointOf is the most telling place of a finding in a file: that of the first
// fact it rests on, or that of the resource.
func pointOf(f *haetae.Finding) haetae.Place {
	for _, e := range f.Evidence {
		if e.Place.File != "" {
			return e.Place
		}
	}
	return f.Resource.Origin.Place
}

// childrenOf are the folded children that a finding is about: those that its
// evidence names, or all of them when it names none.
func childrenOf(f *haetae.Finding) []haetae.Place {
	var named []haetae.Place
	seen := map[string]bool{}
	for _, e := range f.Evidence {
		if c := e.Place.Child; c != "" && !seen[c] {
			seen[c] = true
			named = append(named, childPlace(f.Resource, e.Place))
		}
	}
	if named != nil {
		return named
	}
	return f.Resource.Origin.Children
}

// childPlace prefers where the child itself stands to where its property does.
func childPlace(r *haetae.Resource, p haetae.Place) haetae.Place {
	for _, c := range r.Origin.Children {
		if c.Child == p.Child {
			return c
		}
	}
	return p
}

// encode is a value as JSON without HTML escapes. Values that JSON has no word
// for, such as YAML's .nan, become strings: a report must not fail on one.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		b.Reset()
		if err := e.Encode(fmt.Sprint(v)); err != nil {
			return json.RawMessage("null")
		}
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// valueText is a value for people.
func valueText(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(x)
	case *haetae.Unknown:
		return x.String()
	case *haetae.Secret:
		return "(" + x.Kind + ")"
	}
	return string(encode(v))
}

// standards are the versions of CIS benchmarks that a rule belongs to: "CIS 5.0"
// of "5.0/2.2.1".
func standards(r *haetae.Rule) []string {
	all := set{}
	for _, alias := range r.Aliases.CIS {
		if version, _, ok := strings.Cut(alias, "/"); ok {
			all.add("CIS " + version)
		}
	}
	return all.sorted()
}

// link tells whether a reference may be made a link: anything but https stays
// text.
func link(ref string) bool { return strings.HasPrefix(ref, "https://") }
