package content

import (
	"fmt"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
)

// worldFile is a small world as people write it, in an example or in the
// sample organisation.
type worldFile struct {
	Name      string        `yaml:"name"`
	Account   string        `yaml:"account"`
	Region    string        `yaml:"region"`
	Time      time.Time     `yaml:"time"`
	Declared  bool          `yaml:"declared"` // as a template would declare it
	Coverage  []coverageRow `yaml:"coverage"`
	Resources yaml.Node     `yaml:"resources"`
}

type coverageRow struct {
	Type    string   `yaml:"type"`
	Region  string   `yaml:"region"`
	Status  string   `yaml:"status"`
	Reason  string   `yaml:"reason"`
	Detail  string   `yaml:"detail"`
	Actions []string `yaml:"actions"`
}

// resourceFile is one resource in a world; the key is its ID.
type resourceFile struct {
	Type       string    `yaml:"Type"`
	ARN        string    `yaml:"ARN"`
	Account    string    `yaml:"Account"`
	Region     *string   `yaml:"Region"`
	Properties yaml.Node `yaml:"Properties"`
	Observed   yaml.Node `yaml:"Observed"`
	Volatile   yaml.Node `yaml:"Volatile"`
	Tags       yaml.Node `yaml:"Tags"`
}

// exampleDefaults is where and when examples play unless they say otherwise.
var exampleDefaults = worldFile{Account: "111122223333", Region: "us-east-1", Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}

// Resources decodes a world written by hand: resources by ID in CloudFormation
// shape, beside account, region, time and coverage. Values that could not be
// read are written !Unknown {reason: denied, actions: [...]}, incompletely
// listed lists !Open {items: [...], reason: ...} and redacted ones
// !Secret {kind: ..., length: ...}. What coverage does not name is complete.
func Resources(data []byte, file string) (*haetae.Snapshot, error) {
	var w worldFile
	if err := yaml.Load(data, &w, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s, err := w.snapshot(file, worldFile{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func (w worldFile) snapshot(file string, d worldFile) (*haetae.Snapshot, error) {
	if w.Account == "" {
		w.Account = d.Account
	}
	if w.Region == "" {
		w.Region = d.Region
	}
	if w.Time.IsZero() {
		w.Time = d.Time
	}
	stack := ""
	if w.Declared {
		stack, w.Account, w.Region = file, "", ""
	}
	s := &haetae.Snapshot{}
	if !w.Time.IsZero() {
		s.Time = w.Time.Unix()
	}
	s.Coverage = append(s.Coverage, haetae.Coverage{Stack: stack, Account: w.Account, Region: w.Region, Type: "*", Status: haetae.Complete})
	for _, c := range w.Coverage {
		row := haetae.Coverage{Stack: stack, Account: w.Account, Region: w.Region, Type: c.Type, Status: haetae.CoverageStatus(c.Status),
			Reason: haetae.Reason(c.Reason), Detail: c.Detail, Actions: c.Actions}
		if c.Region != "" {
			row.Region = c.Region
		}
		switch row.Status {
		case haetae.Complete, haetae.Partial, haetae.Missing:
		default:
			return nil, fmt.Errorf("coverage of %s: status %q is not complete, partial or missing", c.Type, c.Status)
		}
		s.Coverage = append(s.Coverage, row)
	}
	n := &w.Resources
	for i := 0; i+1 < len(n.Content); i += 2 {
		r, err := w.resource(n.Content[i], n.Content[i+1], file, stack)
		if err != nil {
			return nil, err
		}
		s.Resources = append(s.Resources, r)
	}
	return s, nil
}

func (w worldFile) resource(id, body *yaml.Node, file, stack string) (*haetae.Resource, error) {
	var f resourceFile
	if err := body.Load(&f, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("line %d: resource %s: %w", id.Line, id.Value, err)
	}
	r := &haetae.Resource{Type: f.Type, ID: id.Value, ARN: f.ARN, Account: w.Account, Region: w.Region, Stack: stack,
		Origin: haetae.Origin{Source: "sample", Place: haetae.Place{File: file, Line: id.Line}, LogicalID: id.Value, Paths: map[string]haetae.Place{}}}
	if f.Account != "" {
		r.Account = f.Account
	}
	if f.Region != nil {
		r.Region = *f.Region
	}
	var err error
	for _, part := range []struct {
		node *yaml.Node
		to   *map[string]any
		at   string
	}{{&f.Properties, &r.Props, ""}, {&f.Observed, &r.Observed, "observed"}, {&f.Volatile, &r.Volatile, "volatile"}, {&f.Tags, &r.Tags, "tags"}} {
		if part.node.Kind == 0 {
			continue
		}
		var v any
		if v, err = value(part.node, file, part.at, r.Origin.Paths); err != nil {
			return nil, fmt.Errorf("resource %s: %w", id.Value, err)
		}
		m, ok := v.(map[string]any)
		if !ok {
			if u, is := v.(*haetae.Unknown); is && part.at == "tags" {
				r.TagsUnknown = u
				continue
			}
			return nil, fmt.Errorf("line %d: resource %s: a mapping is needed", part.node.Line, id.Value)
		}
		*part.to = m
	}
	return r, nil
}

// value decodes a property tree with its tags, and notes where each property
// is written.
func value(n *yaml.Node, file, at string, paths map[string]haetae.Place) (any, error) {
	if at != "" {
		paths[at] = haetae.Place{File: file, Line: n.Line}
	}
	switch n.Tag {
	case "!Unknown":
		return unknown(n, at)
	case "!Open":
		return open(n, file, at, paths)
	case "!Secret":
		var f struct {
			Kind   string `yaml:"kind"`
			Length int    `yaml:"length"`
		}
		if err := untagged(n).Load(&f, yaml.WithKnownFields()); err != nil {
			return nil, fmt.Errorf("line %d: !Secret: %w", n.Line, err)
		}
		return &haetae.Secret{Kind: f.Kind, Length: f.Length}, nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return value(n.Alias, file, at, paths)
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i].Value
			if _, twice := out[k]; twice {
				return nil, fmt.Errorf("line %d: %s is given twice", n.Content[i].Line, k)
			}
			path := k
			if at != "" {
				path = at + "." + k
			}
			v, err := value(n.Content[i+1], file, path, paths)
			if err != nil {
				return nil, err
			}
			out[k] = v
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, e := range n.Content {
			v, err := value(e, file, at+"["+strconv.Itoa(i)+"]", paths)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	if n.Kind == yaml.ScalarNode && (n.Tag == "!!timestamp" || n.Tag == "!!str") {
		return n.Value, nil // dates are text, as in CloudFormation
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, fmt.Errorf("line %d: %w", n.Line, err)
	}
	if t, ok := v.(time.Time); ok {
		return t.Format(time.RFC3339), nil
	}
	return haetae.Normalize(v), nil
}

// unknown decodes !Unknown; without a mapping it is a value that is set but
// not resolved.
func unknown(n *yaml.Node, at string) (any, error) {
	if n.Kind == yaml.ScalarNode {
		return &haetae.Unknown{Path: at, Reason: haetae.Unresolved, Detail: n.Value, Set: true}, nil
	}
	var f struct {
		Reason  string   `yaml:"reason"`
		Detail  string   `yaml:"detail"`
		Actions []string `yaml:"actions"`
		Set     bool     `yaml:"set"`
		Parts   []string `yaml:"parts"`
		Plain   bool     `yaml:"plain"`
		Ref     string   `yaml:"ref"`
		Attr    string   `yaml:"attr"`
		Param   string   `yaml:"param"`
	}
	if err := untagged(n).Load(&f, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("line %d: !Unknown: %w", n.Line, err)
	}
	if f.Reason == "" {
		f.Reason, f.Set = string(haetae.Unresolved), true
	}
	return &haetae.Unknown{Path: at, Reason: haetae.Reason(f.Reason), Detail: f.Detail, Actions: f.Actions, Set: f.Set,
		Parts: f.Parts, Plain: f.Plain, Ref: f.Ref, Attr: f.Attr, Param: f.Param}, nil
}

// untagged is a mapping without its own tag.
func untagged(n *yaml.Node) *yaml.Node {
	plain := *n
	plain.Tag = "!!map"
	return &plain
}

func open(n *yaml.Node, file, at string, paths map[string]haetae.Place) (any, error) {
	var why yaml.Node
	why.Kind, why.Tag, why.Line = yaml.MappingNode, "!!map", n.Line
	list := []any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "items" {
			why.Content = append(why.Content, n.Content[i], n.Content[i+1])
			continue
		}
		v, err := value(n.Content[i+1], file, at, paths)
		if err != nil {
			return nil, err
		}
		items, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("line %d: !Open: items must be a list", n.Line)
		}
		list = items
	}
	u, err := unknown(&why, at)
	if err != nil {
		return nil, err
	}
	return &haetae.OpenList{Items: list, Why: u.(*haetae.Unknown)}, nil
}
