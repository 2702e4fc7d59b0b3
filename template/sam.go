package template

import (
	"strings"

	"github.com/haetae/haetae"
)

// sam expands the resources of the Serverless Application Model into those that
// the transform makes of them
// (https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html).
// It works on nodes, as the transform does, so that the lines of what it makes
// are those of the SAM source.
type sam struct {
	*stack
	out     []entry
	apis    map[string]*node // OpenAPI paths that events add to an API, by its logical id
	globals *node
	// needed are the implicit APIs that events refer to, with the first one's line.
	needed map[string]int
}

const (
	restAPI = "ServerlessRestApi"
	httpAPI = "ServerlessHttpApi"
)

// expandSAM replaces the SAM resources by what they stand for.
func expandSAM(s *stack) {
	any := false
	for _, e := range s.resources {
		if strings.HasPrefix(e.node.get("Type").str(), "AWS::Serverless::") {
			any = true
			break
		}
	}
	if !any {
		return
	}
	b := &sam{stack: s, apis: map[string]*node{}, needed: map[string]int{}, globals: s.root.get("Globals")}
	var apis []entry
	for _, e := range s.resources {
		switch typ := e.node.get("Type").str(); typ {
		case "AWS::Serverless::Function":
			b.function(e)
		case "AWS::Serverless::Api", "AWS::Serverless::HttpApi":
			apis = append(apis, e) // after the functions, whose events add paths
		case "AWS::Serverless::SimpleTable":
			simpleTable(b, e)
		case "AWS::Serverless::LayerVersion":
			layerVersion(b, e)
		case "AWS::Serverless::StateMachine":
			b.machine(e)
		case "AWS::Serverless::Application":
			application(b, e)
		default:
			b.out = append(b.out, e)
			if strings.HasPrefix(typ, "AWS::Serverless::") {
				b.skipped(e.line, "%s (%s)", e.name, typ)
			}
		}
	}
	for _, id := range [...]string{restAPI, httpAPI} {
		if line, ok := b.needed[id]; ok {
			typ := "AWS::Serverless::Api"
			if id == httpAPI {
				typ = "AWS::Serverless::HttpApi"
			}
			apis = append(apis, entry{id, line, mapAt(line, "Type", typ, "Properties", mapAt(line))})
		}
	}
	for _, e := range apis {
		if e.node.get("Type").str() == "AWS::Serverless::Api" {
			b.rest(e)
		} else {
			b.http(e)
		}
	}
	s.resources = b.out
}

// skipped reports what was not expanded.
func (b *sam) skipped(line int, format string, args ...any) {
	b.warn(line, "Scan the processed template instead: aws cloudformation get-template --template-stage Processed.", "SAM: not expanded: "+format, args...)
	b.incomplete("SAM: not expanded: "+format, args...)
}

// add makes a resource; its condition is that of the resource it comes from.
func (b *sam) add(from entry, id, typ string, props *node) {
	b.out = append(b.out, entry{id, from.line, mapAt(from.line, "Type", typ, "Condition", from.node.get("Condition"), "Properties", props)})
}

// replace makes the resource that stands in the place of the SAM resource,
// with all its attributes.
func (b *sam) replace(from entry, typ string, props *node) {
	n := mapAt(from.line, "Type", typ, "Properties", props)
	for i, k := range from.node.keys {
		if k.name != "Type" && k.name != "Properties" {
			n.add(k.name, k.line, from.node.items[i])
		}
	}
	b.out = append(b.out, entry{from.name, from.line, n})
}

// properties returns a resource's properties over those of Globals.
func (b *sam) properties(e entry, global string) *node {
	p := e.node.get("Properties")
	if !p.isMap() {
		p = mapAt(e.line)
	}
	if g := b.globals.get(global); g.isMap() {
		return overlay(g, p)
	}
	return p
}

// overlay merges properties over globals as SAM does: maps are merged, lists
// are joined, anything else is replaced.
func overlay(g, p *node) *node {
	switch {
	case g.isList() && p.isList():
		return listAt(p.line, append(append([]*node(nil), g.items...), p.items...)...)
	case !g.isMap() || !p.isMap() || onlyFunction(g) || onlyFunction(p):
		return p
	}
	out := &node{kind: mapNode, line: p.line}
	for i, k := range g.keys {
		if p.get(k.name) == nil {
			out.keys, out.items = append(out.keys, k), append(out.items, g.items[i])
		}
	}
	for i, k := range p.keys {
		v := p.items[i]
		if o := g.get(k.name); o != nil {
			v = overlay(o, v)
		}
		out.keys, out.items = append(out.keys, k), append(out.items, v)
	}
	return out
}

// onlyFunction tells whether a node is an intrinsic function.
func onlyFunction(n *node) bool {
	name, _, ok := n.single()
	return ok && isFunction(name)
}

// pick copies properties under their own names, or "Old>New".
func pick(line int, p *node, names ...string) *node {
	out := &node{kind: mapNode, line: line}
	for _, name := range names {
		from, to, ok := strings.Cut(name, ">")
		if !ok {
			to = from
		}
		if v := p.get(from); v != nil {
			out.add(to, v.line, v)
		}
	}
	return out
}

// with adds an entry to a map under construction, unless the value is nil.
func (n *node) with(name string, v *node) {
	if v != nil {
		n.add(name, v.line, v)
	}
}

// tagList turns SAM's map of tags into a list, with the tag that SAM adds.
func tagList(line int, tags *node, made string) *node {
	if tags != nil && (!tags.isMap() || onlyFunction(tags)) {
		return tags
	}
	out := listAt(line)
	if made != "" {
		out.items = append(out.items, mapAt(line, "Key", made, "Value", "SAM"))
	}
	if tags != nil {
		for i, k := range tags.keys {
			item := mapAt(k.line, "Key", k.name)
			item.add("Value", k.line, tags.items[i])
			out.items = append(out.items, item)
		}
	}
	if len(out.items) == 0 {
		return nil
	}
	return out
}

// unknownAt makes a value that is not known.
func unknownAt(line int, format string, args ...any) *node {
	return &node{kind: scalarNode, line: line, val: any((*haetae.Unknown)(unresolved(format, args...)))}
}

// code turns a SAM code location into properties of Lambda or Step Functions.
func code(n *node, bucket, key, version string) *node {
	if n == nil {
		return nil
	}
	if n.isMap() && !onlyFunction(n) {
		return pick(n.line, n, "Bucket>"+bucket, "Key>"+key, "Version>"+version)
	}
	if rest, ok := strings.CutPrefix(n.str(), "s3://"); ok {
		if b, k, ok := strings.Cut(rest, "/"); ok {
			return mapAt(n.line, bucket, b, key, k)
		}
	}
	return mapAt(n.line, bucket, unknownAt(n.line, "the code is a local path that is uploaded when the template is packaged"))
}

// words makes a list of texts.
func words(line int, texts ...string) *node {
	out := listAt(line)
	for _, t := range texts {
		out.items = append(out.items, stringAt(line, t))
	}
	return out
}

// trust makes the policy that lets a service assume a role.
func trust(line int, service string) *node {
	return document2012(line, mapAt(line,
		"Action", words(line, "sts:AssumeRole"), "Effect", "Allow",
		"Principal", mapAt(line, "Service", words(line, service))))
}

// document2012 makes a policy document.
func document2012(line int, statements ...*node) *node {
	return mapAt(line, "Version", "2012-10-17", "Statement", listAt(line, statements...))
}

// allow makes a statement that allows actions on a resource.
func allow(line int, resource *node, actions ...string) *node {
	return mapAt(line, "Effect", "Allow", "Action", words(line, actions...), "Resource", resource)
}
