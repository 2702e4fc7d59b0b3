package template

import (
	"io/fs"
	"path"
	"strings"

	"github.com/haetae/haetae"
)

// child returns the evaluated nested stack of a resource, or nil when its
// template is not at hand.
func (s *stack) child(name string) *stack {
	if c, ok := s.children[name]; ok {
		return c
	}
	s.children[name] = nil
	e := s.index[name]
	if e == nil || e.node.get("Type").str() != "AWS::CloudFormation::Stack" {
		return nil
	}
	doc := nestedDocument(s, e)
	if doc == nil {
		return nil
	}
	depth := 0
	for p := s; p != nil; p = p.parent {
		depth++
		if p.doc == doc {
			s.warn(e.line, "Remove the reference that closes the circle.", "nested stack %s includes the template %s, of which it is a part", name, doc.file)
			s.incomplete("nested stack %s includes itself", name)
			return nil
		}
	}
	s.nested++
	if depth > maxNesting || s.nested > maxNested {
		s.warn(e.line, "Scan the nested templates by themselves.", "stacks nest too deep or are too many at %s", name)
		s.incomplete("nested stack %s was not read", name)
		return nil
	}
	s.files[doc.path] = true
	given := map[string]*node{}
	if params := e.node.path("Properties", "Parameters"); params.isMap() {
		for i, k := range params.keys {
			given[k.name] = params.items[i]
		}
	}
	if !s.enter() {
		s.leave()
		return nil
	}
	c := newStack(s.run, doc, s, s.prefix+name+"/", given)
	s.leave()
	s.children[name] = c
	return c
}

// nestedDocument finds the template of a nested stack in the folder.
func nestedDocument(s *stack, e *entry) *document {
	urlNode := e.node.path("Properties", "TemplateURL")
	if urlNode == nil {
		s.incomplete("nested stack %s has no TemplateURL", e.name)
		return nil
	}
	v := s.quiet().value(urlNode, "", urlNode.line)
	url, ok := v.(string)
	if u, unknown := v.(*haetae.Unknown); unknown && len(u.Parts) > 1 {
		// The bucket is a parameter more often than not; the file's name is what counts.
		url, ok = "https://"+u.Parts[len(u.Parts)-1], true
	}
	doc := (*document)(nil)
	if ok {
		doc = lookup(s, url)
	}
	shown := path.Base(url)
	if !ok {
		shown = "of nested stack " + e.name
	}
	switch {
	case doc == nil:
		s.incomplete("template %s is not in the folder", shown)
	case doc.err != nil:
		reportDocument(s, doc)
		s.incomplete("template %s could not be read", shown)
		return nil
	}
	return doc
}

// lookup returns the document that a URL or a relative path names: at that
// path from this template, or by the last element in the same folder.
func lookup(s *stack, url string) *document {
	if s.lib == nil || url == "" {
		return nil
	}
	url, _, _ = strings.Cut(url, "?")
	dir := path.Dir(s.doc.path)
	var names []string
	if !strings.Contains(url, "://") {
		names = append(names, path.Join(dir, url))
	}
	names = append(names, path.Join(dir, path.Base(url)))
	for _, n := range names {
		if !fs.ValidPath(n) || n == "." {
			continue
		}
		if info, err := fs.Stat(s.lib.fsys, n); err == nil && info.Mode().IsRegular() {
			return s.lib.load(n)
		}
	}
	return nil
}

// reportDocument reports a file that another one needs.
func reportDocument(s *stack, d *document) {
	p := d.problem()
	if !s.problems[p] {
		s.problems[p] = true
		s.snap.Problems = append(s.snap.Problems, p)
	}
}

// included returns the content of the file that an AWS::Include names, or nil.
func included(s *stack, n *node) *node {
	if n.isList() && len(n.items) == 1 {
		n = n.items[0]
	}
	if n.get("Name").text() != "AWS::Include" {
		return nil
	}
	loc := n.path("Parameters", "Location")
	if loc == nil || s.lib == nil {
		return nil
	}
	var url string
	switch v := s.quiet().value(loc, "", loc.line).(type) {
	case string:
		url = v
	case *haetae.Unknown:
		if len(v.Parts) > 1 {
			url = "https://" + v.Parts[len(v.Parts)-1]
		}
	}
	d := lookup(s, url)
	if d == nil || d.root == nil {
		return nil
	}
	return d.root
}
