package terraform

import (
	"github.com/haetae/haetae"
)

// policy makes the document of a policy that is known only after apply. When it
// comes from one aws_iam_policy_document, its statements are known but for some
// texts in them
// (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document).
func (c converter) policy(h *hole) any {
	if len(h.targets) == 1 && !h.others && h.targets[0].Type == "aws_iam_policy_document" {
		if d := c.rendered(h.targets[0].instance); d != nil {
			return d
		}
	}
	u := *h.text()
	u.Parts = nil
	return &u
}

// rendered makes the document of an aws_iam_policy_document.
func (c converter) rendered(in *instance) any {
	if c.rendering[in] {
		return nil
	}
	c.rendering[in] = true
	defer delete(c.rendering, in)
	tree := c.values(in)
	out := map[string]any{"Version": "2012-10-17"}
	if s, ok := tree["version"].(string); ok {
		out["Version"] = s
	}
	if s, ok := tree["policy_id"].(string); ok {
		out["Id"] = s
	}
	var statements []any
	var open *haetae.Unknown
	// A later statement takes the place of an earlier one with the same Sid.
	add := func(v any) {
		switch d := v.(type) {
		case map[string]any:
			list, ok := d["Statement"].([]any)
			if !ok {
				list = []any{d["Statement"]}
			}
			for _, s := range list {
				statements = replaced(statements, s)
			}
		case *haetae.Unknown:
			open = d
		}
	}
	for _, k := range []string{"source_json", "source_policy_documents"} {
		c.documents(tree[k], add)
	}
	for _, s := range blocksOf(tree["statement"]) {
		statements = replaced(statements, c.statement(s))
	}
	for _, k := range []string{"override_json", "override_policy_documents"} {
		c.documents(tree[k], add)
	}
	out["Statement"] = statements
	if open != nil {
		out["Statement"] = &haetae.OpenList{Items: statements, Why: open}
	}
	return out
}

// documents calls add for each document of an attribute that holds some.
func (c converter) documents(v any, add func(any)) {
	switch x := v.(type) {
	case nil:
	case []any:
		for _, e := range x {
			c.documents(e, add)
		}
	case *hole:
		for _, t := range x.targets {
			add(c.policy(&hole{names: x.names, targets: []target{t}}))
		}
		if len(x.targets) == 0 || x.others {
			add(x.text())
		}
	default:
		add(c.document(x))
	}
}

// replaced adds a statement, in the place of one with the same Sid.
func replaced(list []any, s any) []any {
	m, ok := s.(map[string]any)
	if !ok {
		return list
	}
	for i, old := range list {
		o, _ := old.(map[string]any)
		if sid, ok := m["Sid"].(string); ok && sid != "" && o["Sid"] == sid {
			list[i] = s
			return list
		}
	}
	return append(list, s)
}

func blocksOf(v any) (out []map[string]any) {
	list, _ := v.([]any)
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (c converter) statement(b map[string]any) map[string]any {
	s := map[string]any{"Effect": "Allow"}
	for _, k := range []struct{ from, to string }{
		{"sid", "Sid"}, {"effect", "Effect"}, {"actions", "Action"}, {"not_actions", "NotAction"},
		{"resources", "Resource"}, {"not_resources", "NotResource"},
	} {
		if v := c.plain(b[k.from]); v != nil {
			if l, ok := v.([]any); ok && len(l) == 0 {
				continue
			}
			s[k.to] = v
		}
	}
	if p := c.principals(b["principals"]); p != nil {
		s["Principal"] = p
	}
	if p := c.principals(b["not_principals"]); p != nil {
		s["NotPrincipal"] = p
	}
	conditions := map[string]any{}
	for _, b := range blocksOf(b["condition"]) {
		test, ok := b["test"].(string)
		name, named := b["variable"].(string)
		if !ok || !named {
			return map[string]any{"Effect": s["Effect"], "Condition": &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Detail: "a condition is known only after apply"}}
		}
		held, ok := conditions[test].(map[string]any)
		if !ok {
			held = map[string]any{}
			conditions[test] = held
		}
		held[name] = c.plain(b["values"])
	}
	if len(conditions) > 0 {
		s["Condition"] = conditions
	}
	return s
}

// principals makes a Principal element: * and * is everybody.
func (c converter) principals(v any) any {
	out := map[string]any{}
	for _, b := range blocksOf(v) {
		typ, ok := b["type"].(string)
		if !ok {
			return &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Detail: "the type of a principal is known only after apply"}
		}
		ids := c.plain(b["identifiers"])
		list, _ := ids.([]any)
		if typ == "*" {
			return "*"
		}
		if list == nil {
			out[typ] = ids
			continue
		}
		old, _ := out[typ].([]any)
		out[typ] = append(old, list...)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
