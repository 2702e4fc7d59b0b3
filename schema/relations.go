package schema

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// Relation is a structural edge: the value at the path refers to a resource.
type Relation struct {
	Type string // the type whose property it is
	Path string // "VpcConfig.SubnetIds[]"
	// Kind is what the edge means: see [EdgeKinds].
	Kind string
	// Target is the type referred to. A path that may refer to one of several
	// types has a relation for each.
	Target string
}

// EdgeKinds returns the kinds of structural edges.
func EdgeKinds() []string {
	return []string{"in", "attached-to", "encrypted-by", "logs-to", "targets", "routes-to", "member-of", "runs-as"}
}

// Fold says how a child type becomes a part of its parent, so that rules see
// one form only.
type Fold struct {
	Child  string `yaml:"child"`
	Parent string `yaml:"parent"`
	// By is the path in the child that refers to its parent; when it ends in
	// "[]" each element refers to one.
	By string `yaml:"by"`
	// Into is the property of the parent that receives the child; "" is the
	// parent itself.
	Into string `yaml:"into"`
	// As tells how:
	//
	//	list    appended to a list
	//	set     put in place of what is there: a single value
	//	object  its fields put into an object
	//	doc     a policy document; of several the statements are joined
	//	statement  a statement that is added to a policy document
	As string `yaml:"as"`
	// Take is the property of the child that is taken; "" is the whole child
	// without the property that By starts with. "$ref" is a reference to the
	// child itself: its ARN, or in a template a Ref.
	Take string `yaml:"take"`
	// Rename maps names of the child's properties to names in the parent; a
	// property renamed to "" is dropped.
	Rename map[string]string `yaml:"rename"`
	// Keep tells that the child stays a resource of its own as well.
	Keep bool `yaml:"keep"`
}

type relationFile struct {
	Edges map[string][]struct {
		Path   string `yaml:"path"`
		Kind   string `yaml:"kind"`
		Target string `yaml:"target"`
	} `yaml:"edges"`
	Fold []Fold `yaml:"fold"`
}

func parseRelations(text []byte) ([]Fold, map[string][]Relation, error) {
	var file relationFile
	if err := yaml.Load(text, &file, yaml.WithKnownFields()); err != nil {
		return nil, nil, err
	}
	edges := make(map[string][]Relation, len(file.Edges))
	for typ, list := range file.Edges {
		for _, e := range list {
			if !slices.Contains(EdgeKinds(), e.Kind) {
				return nil, nil, fmt.Errorf("%s: %s: unknown kind %q", typ, e.Path, e.Kind)
			}
			edges[typ] = append(edges[typ], Relation{Type: typ, Path: e.Path, Kind: e.Kind, Target: e.Target})
		}
	}
	for _, f := range file.Fold {
		if !slices.Contains([]string{"list", "set", "object", "doc", "statement"}, f.As) {
			return nil, nil, fmt.Errorf("fold of %s: unknown form %q", f.Child, f.As)
		}
	}
	return file.Fold, edges, nil
}

// Folds returns the child types that are folded into parents, in the order in
// which they are to be folded. The caller must not change it.
func (s *Schema) Folds() []Fold { return s.folds }

// Edges returns the structural edges that start at resources of the type. The
// caller must not change it.
func (s *Schema) Edges(typ string) []Relation { return s.edges[typ] }
