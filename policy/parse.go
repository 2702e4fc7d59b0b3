package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Parse reads a policy. Only a text that is no JSON is an error, a
// [*SyntaxError]; everything else is among the problems of the document.
func Parse(text string, typ Type) (*Document, error) {
	root, err := ReadJSON(text)
	if err != nil {
		return nil, err
	}
	return FromNode(root, typ), nil
}

// FromNode reads a policy out of JSON that was read already.
func FromNode(root *Node, typ Type) *Document {
	p := &parser{doc: &Document{Type: typ, Root: root}}
	p.document(root)
	return p.doc
}

type parser struct{ doc *Document }

func (p *parser) problem(at *Node, path, format string, args ...any) {
	var span Span
	if at != nil {
		span = at.Span
	}
	p.doc.Problems = append(p.doc.Problems, Problem{fmt.Sprintf(format, args...), path, span})
}

// elements are the members of a statement.
var elements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}

func (p *parser) document(root *Node) {
	d := p.doc
	if root.Unknown != nil {
		d.More = root.Unknown
		return
	}
	if root.Kind != Object {
		p.problem(root, "", "a policy is a JSON object")
		return
	}
	p.twice(root, "")
	for _, m := range root.Members {
		switch m.Name {
		case "Version":
			if m.Value.Unknown != nil {
				d.Version = Version2012 // what all write
				continue
			}
			if d.Version = m.Value.Text; m.Value.Kind != String || d.Version != Version2012 && d.Version != Version2008 {
				p.problem(m.Value, "Version", "the version is 2012-10-17 or 2008-10-17; variables are read as plain text in any other")
			}
		case "Id":
			d.ID = m.Value.Text
		case "Statement": // read below, when the version is known
		default:
			p.problem(m.Value, m.Name, "a policy has no element %q", m.Name)
		}
	}
	if d.Version == "" {
		p.problem(root, "Version", "no Version: the policy is read as 2008-10-17, in which variables are plain text")
	}
	if list := root.Get("Statement"); list != nil {
		p.statements(list)
	} else {
		p.problem(root, "Statement", "no Statement: the policy says nothing")
	}
}

// twice reports members that stand twice: the last one counts.
func (p *parser) twice(n *Node, path string) {
	seen := map[string]bool{}
	for _, m := range n.Members {
		if seen[m.Name] {
			p.problem(m.Value, join(path, m.Name), "%q stands twice; the last one counts", m.Name)
		}
		seen[m.Name] = true
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (p *parser) statements(n *Node) {
	list := []*Node{n}
	if n.Kind == Array {
		list = n.Items
	}
	if n.Unknown != nil {
		p.doc.More = n.Unknown
		list = n.Items
	}
	for i, item := range list {
		path := fmt.Sprintf("Statement[%d]", i)
		if n.Kind != Array {
			path = "Statement"
		}
		s := &Statement{Index: i, Document: p.doc, Node: item}
		p.doc.Statements = append(p.doc.Statements, s)
		if s.Unknown = item.Unknown; s.Unknown != nil {
			continue
		}
		if item.Kind != Object {
			p.problem(item, path, "a statement is a JSON object")
			continue
		}
		p.statement(s, item, path)
	}
}

func (p *parser) statement(s *Statement, n *Node, path string) {
	p.twice(n, path)
	for _, m := range n.Members {
		if !slices.Contains(elements, m.Name) {
			p.problem(m.Value, join(path, m.Name), "a statement has no element %q", m.Name)
		}
	}
	if sid := n.Get("Sid"); sid != nil {
		s.Sid = sid.Text
	}
	switch e := n.Get("Effect"); {
	case e != nil && e.Unknown != nil:
		s.Unknown = e.Unknown
	case e == nil:
		p.problem(n, join(path, "Effect"), "no Effect: the statement has no effect")
	case e.Kind == String && (e.Text == string(Allow) || e.Text == string(Deny)):
		s.Effect = Effect(e.Text)
	default:
		p.problem(e, join(path, "Effect"), "the effect %q is neither Allow nor Deny: the statement has no effect", e.Text)
	}
	typ := p.doc.Type
	if v, name, not := p.either(n, path, "Principal", "NotPrincipal"); v != nil {
		if !typ.Granting() {
			p.problem(v, join(path, name), "%s policies have no %s; it is not looked at", article(typ), name)
		} else {
			s.Principals = &Principals{Not: not}
			p.principals(s.Principals, v, join(path, name))
		}
	} else if typ.Granting() {
		p.problem(n, join(path, "Principal"), "no Principal: the statement is for nobody")
	}
	if v, name, not := p.either(n, path, "Action", "NotAction"); v != nil {
		s.Actions = &Actions{Not: not, More: unknownIn(v)}
		for _, text := range p.texts(v, join(path, name)) {
			a := newAction(text.Text)
			if a.Broken() {
				p.problem(text, join(path, name), "%q is no action: it matches nothing", text.Text)
			}
			s.Actions.List = append(s.Actions.List, a)
		}
		s.Actions.index = newActionIndex(s.Actions.List)
		s.unconcerned = s.Actions.unconcerned()
	} else {
		p.problem(n, join(path, "Action"), "no Action: the statement matches nothing")
	}
	if v, name, not := p.either(n, path, "Resource", "NotResource"); v != nil {
		s.Resources = &Resources{Not: not, More: unknownIn(v)}
		for _, text := range p.texts(v, join(path, name)) {
			p.resource(s.Resources, text, join(path, name))
		}
	} else if typ != Resource && typ != Trust {
		p.problem(n, join(path, "Resource"), "no Resource: the statement matches nothing")
	}
	if c := n.Get("Condition"); c != nil {
		if s.Conditions = p.conditions(c, join(path, "Condition")); c.Unknown != nil {
			s.Unknown = c.Unknown
		}
	}
}

func article(t Type) string {
	if t == Identity || t == Endpoint {
		return "an " + string(t)
	}
	return string(t)
}

// either takes one of two elements of which a statement has at most one.
func (p *parser) either(n *Node, path, yes, no string) (v *Node, name string, not bool) {
	a, b := n.Get(yes), n.Get(no)
	if a != nil && b != nil {
		p.problem(b, join(path, no), "%s stands beside %s; only %s is looked at", no, yes, yes)
	}
	if a != nil {
		return a, yes, false
	}
	return b, no, b != nil
}

// texts views an element as a list of texts: AWS takes one for a list of one.
func (p *parser) texts(n *Node, path string) []*Node {
	list := []*Node{n}
	if n.Kind == Array {
		list = n.Items
	}
	var out []*Node
	for _, item := range list {
		if item.Unknown != nil && item.Kind != Array {
			continue // unknownIn tells of it
		}
		if item.Kind != String {
			p.problem(item, path, "a text is expected")
			continue
		}
		out = append(out, item)
	}
	return out
}

// unknownIn says why an element may have entries that are not known.
func unknownIn(n *Node) *haetae.Unknown {
	if n.Unknown != nil {
		return n.Unknown
	}
	for _, item := range n.Items {
		if item.Unknown != nil {
			return item.Unknown
		}
	}
	for _, m := range n.Members {
		if u := unknownIn(m.Value); u != nil {
			return u
		}
	}
	return nil
}

func (p *parser) variables() bool { return p.doc.Version == Version2012 }

func (p *parser) resource(r *Resources, text *Node, path string) {
	t := newResource(text.Text, p.doc.Type, p.variables())
	if text.Text == "*" {
		r.Any = true
	} else if !strings.HasPrefix(text.Text, "arn:") && !strings.Contains(text.Text, "*") && !strings.Contains(text.Text, "${") {
		p.problem(text, path, "%q is no ARN", text.Text)
	} else if strings.HasPrefix(text.Text, "arn:") && strings.Count(text.Text, ":") < 5 && !strings.Contains(text.Text, "*") {
		p.problem(text, path, "%q is a short ARN", text.Text)
	}
	r.List = append(r.List, t)
}

func (p *parser) principals(out *Principals, n *Node, path string) {
	if out.More = unknownIn(n); n.Unknown != nil && n.Kind != Array {
		return
	}
	if n.Kind == String {
		if n.Text != "*" {
			p.problem(n, path, "%q is no principal: the text alone may only be \"*\"", n.Text)
			return
		}
		out.List = append(out.List, Principal{"*", "*"})
		return
	}
	if n.Kind != Object {
		p.problem(n, path, "a principal is \"*\" or a JSON object")
		return
	}
	for _, m := range n.Members {
		at := join(path, m.Name)
		for _, text := range p.texts(m.Value, at) {
			switch {
			case m.Name == "AWS" && text.Text == "*":
				out.List = append(out.List, Principal{"*", "*"})
				continue
			case m.Name != "AWS" && m.Name != "Service" && m.Name != "Federated" && m.Name != "CanonicalUser":
				p.problem(text, at, "there are no principals of the kind %q", m.Name)
				continue
			case text.Text != "*" && strings.ContainsAny(text.Text, "*?"):
				p.problem(text, at, "%q has a wildcard, which a principal cannot have: it matches nobody", text.Text)
			}
			out.List = append(out.List, Principal{m.Name, text.Text})
		}
	}
}

func (p *parser) conditions(n *Node, path string) []*Condition {
	if n.Unknown != nil {
		return nil
	}
	if n.Kind != Object {
		p.problem(n, path, "conditions are a JSON object")
		return []*Condition{{Broken: true}}
	}
	p.twice(n, path)
	var out []*Condition
	for _, m := range n.Members {
		at := join(path, m.Name)
		if m.Value != n.Get(m.Name) {
			continue // written twice
		}
		if m.Value.Unknown != nil {
			out = append(out, &Condition{More: m.Value.Unknown})
			continue
		}
		op, ok := ParseOperator(m.Name)
		if !ok {
			p.problem(m.Value, at, "there is no condition operator %q: it never holds", m.Name)
		}
		if m.Value.Kind != Object {
			p.problem(m.Value, at, "keys with their values are expected: it never holds")
			out = append(out, &Condition{Operator: op, Broken: true})
			continue
		}
		p.twice(m.Value, at)
		for _, k := range m.Value.Members {
			if k.Value != m.Value.Get(k.Name) {
				continue
			}
			c := &Condition{Operator: op, Key: k.Name, Lower: strings.ToLower(k.Name), Broken: !ok, More: unknownIn(k.Value)}
			list := []*Node{k.Value}
			if k.Value.Kind == Array {
				list = k.Value.Items
			}
			for _, v := range list {
				switch {
				case v.Unknown != nil:
				case v.Kind == String, v.Kind == Number, v.Kind == Bool:
					c.Values = append(c.Values, p.value(v.Text, op))
				default:
					p.problem(v, join(at, k.Name), "a value is a text, a number or a Boolean: it never holds")
					c.Broken = true
				}
			}
			out = append(out, c)
		}
	}
	return out
}

func (p *parser) value(text string, op Operator) *Template {
	t := newTemplate(text, op.Test.Wild(), p.variables() && op.Test.Variables())
	if op.Test == ArnLike && !t.vars {
		t.byField = filled{t.parts, nil}.set(true)
	}
	return t
}

// Unreadable makes a document of which nothing is known.
func Unreadable(typ Type, name string, why *haetae.Unknown) *Document {
	return &Document{Type: typ, Name: name, Version: Version2012, More: why}
}
