package control

import (
	"cmp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Read is a property or a fact that a control asks a resource for.
type Read struct {
	// Type is the type of the resource, which need not be the control's own.
	Type string
	// Path is as controls write it, without what stands for the elements of
	// lists: "LoggingConfiguration.DestinationBucketName", "observed.State".
	Path string
}

// Reads returns what the expressions of a control name, sorted. What functions
// such as policy.statements look at inside the values that they are given is
// not in it. The error says that the control does not compile.
func (s *Set) Reads(c *Control) ([]Read, error) {
	var out []Read
	for _, p := range s.byType[c.Type] {
		if p.Control != c {
			continue
		}
		if err := p.once(); err != nil {
			return nil, err
		}
		for _, src := range p.source {
			ast.PostOrderVisit(src.checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
				switch e.Kind() {
				case ast.SelectKind:
					sel := e.AsSelect()
					if r, ok := s.provider.read(src.checked.GetType(sel.Operand().ID()), sel.FieldName()); ok {
						out = append(out, r)
					}
				case ast.CallKind:
					// Who refers to a resource does so by a property or a fact.
					if kind, typ, path, ok := graphCall(e.AsCall().FunctionName()); ok && kind == "referrers" {
						path = strings.ReplaceAll(path, "[]", "")
						first, _, _ := strings.Cut(path, ".")
						if t, ok := s.schema.Type(typ); ok {
							if _, property := t.Props.Field(first); !property {
								path = join("observed", path)
							}
						}
						out = append(out, Read{typ, path})
					}
				}
			}))
		}
	}
	slices.SortFunc(out, func(a, b Read) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Path, b.Path))
	})
	return slices.Compact(out), nil
}

// read is a field of a type of the schema; ok is false for what has none, and
// for the members that every resource has.
func (p *provider) read(of *types.Type, field string) (Read, bool) {
	if of == nil || of.Kind() != types.StructKind {
		return Read{}, false
	}
	name, path, nested := strings.Cut(of.TypeName(), "/")
	p.mu.Lock()
	root := p.roots[name]
	p.mu.Unlock()
	if root == nil {
		return Read{}, false
	}
	if _, ok := root.Props.Field(field); !nested && !ok {
		return Read{}, false
	}
	return Read{root.Name, join(strings.ReplaceAll(path, "/", "."), field)}, true
}
