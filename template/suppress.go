package template

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// comment is one exception that a comment of the text states.
type comment struct {
	line   int
	column int
	alone  bool // nothing else stands in the line
	found  []haetae.Suppression
}

// comments finds the exceptions in a text's comments. JSON has none.
func comments(data []byte) []comment {
	if !bytes.Contains(data, []byte("checkov:skip")) && !bytes.Contains(data, []byte("trivy:ignore")) && !bytes.Contains(data, []byte("tfsec:ignore")) {
		return nil
	}
	skip := regexp.MustCompile(`checkov:skip=([A-Za-z0-9_,]+)(?::(.*))?`)
	ignore := regexp.MustCompile(`(?:trivy|tfsec):ignore:([A-Za-z0-9_*-]+)`)
	var out []comment
	line := 0
	for text := range bytes.Lines(data) {
		line++
		i := bytes.IndexByte(text, '#')
		if i < 0 || !bytes.Contains(text[i:], []byte(":skip")) && !bytes.Contains(text[i:], []byte(":ignore:")) {
			continue
		}
		words := strings.TrimSpace(string(text[i:]))
		c := comment{line: line, column: i + 1, alone: len(bytes.TrimSpace(text[:i])) == 0}
		if m := skip.FindStringSubmatch(words); m != nil {
			for id := range strings.SplitSeq(m[1], ",") {
				if id != "" {
					c.found = append(c.found, haetae.Suppression{Tool: "checkov", ID: id, Reason: strings.TrimSpace(m[2])})
				}
			}
		}
		for _, m := range ignore.FindAllStringSubmatch(words, -1) {
			c.found = append(c.found, haetae.Suppression{Tool: "trivy", ID: m[1]})
		}
		if len(c.found) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// commentSuppressions gives each comment to the resource in whose block it
// stands, by the line of the logical id. Comments right above a logical id, and
// not deeper than it, belong to that resource.
func (d *document) commentSuppressions(resources []entry) map[int][]haetae.Suppression {
	if len(d.comments) == 0 {
		return nil
	}
	starts := make([]int, 0, len(resources))
	for _, e := range resources {
		starts = append(starts, e.line)
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	end := d.sectionEnd()
	out := map[int][]haetae.Suppression{}
	lineOf := map[int]bool{}
	for _, c := range d.comments {
		if c.alone {
			lineOf[c.line] = true
		}
	}
	depth := d.resourceColumn()
	for _, c := range d.comments {
		i, exact := slices.BinarySearch(starts, c.line)
		owner := 0
		switch {
		case exact:
			owner = starts[i]
		case c.alone && i < len(starts) && c.column <= depth && adjacent(lineOf, c.line, starts[i]):
			owner = starts[i]
		case i > 0 && c.line < end:
			owner = starts[i-1]
		}
		if owner == 0 {
			continue
		}
		for _, s := range c.found {
			s.Place = haetae.Place{File: d.file, Line: c.line}
			out[owner] = append(out[owner], s)
		}
	}
	return out
}

// adjacent tells whether only exceptions stand between a line and a start.
func adjacent(comments map[int]bool, line, start int) bool {
	for l := line + 1; l < start; l++ {
		if !comments[l] {
			return false
		}
	}
	return true
}

// sectionEnd returns the first line after the Resources section.
func (d *document) sectionEnd() int {
	for i, k := range d.root.keys {
		if k.name != "Resources" {
			continue
		}
		if i+1 < len(d.root.keys) {
			return d.root.keys[i+1].line
		}
	}
	return 1 << 62
}

// resourceColumn returns the column where logical ids stand.
func (d *document) resourceColumn() int {
	if r := d.root.get("Resources"); r.isMap() && len(r.keys) > 0 {
		return r.keys[0].col
	}
	return 0
}

// metadataSuppressions reads the exceptions in a resource's Metadata.
func metadataSuppressions(s *stack, e *entry) []haetae.Suppression {
	m := e.node.get("Metadata")
	if !m.isMap() {
		return nil
	}
	var out []haetae.Suppression
	add := func(tool, id, reason string, line int) {
		if id != "" {
			out = append(out, haetae.Suppression{Tool: tool, ID: id, Reason: reason, Place: s.place(line)})
		}
	}
	for _, name := range [...]string{"guard", "cfn-guard"} {
		rules := m.path(name, "SuppressedRules")
		if rules == nil {
			continue
		}
		// A list of names, of {name: reason}, or one name.
		for _, r := range append([]*node{rules}, rules.items...) {
			add("guard", r.text(), "", r.line)
			for i, k := range r.keys {
				add("guard", k.name, r.items[i].text(), k.line)
			}
		}
	}
	if skip := m.path("checkov", "skip"); skip != nil {
		for _, r := range skip.items {
			add("checkov", r.get("id").text(), r.get("comment").text(), r.line)
		}
	}
	if rules := m.path("cfn_nag", "rules_to_suppress"); rules != nil {
		for _, r := range rules.items {
			add("cfn-nag", r.get("id").text(), r.get("reason").text(), r.line)
		}
	}
	return out
}
