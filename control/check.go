package control

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/parser"

	"github.com/haetae/haetae/schema"
)

// Reserved members of a resource, beside its properties.
const (
	memberObserved = "observed"
	memberVolatile = "volatile"
)

// identity are the members that say which resource it is.
var identity = [...]string{"id", "arn", "account", "region", "type", "stack"}

// provider tells cel-go's checker the types of the schema. Objects are named
// by where they were found: "AWS.S3.Bucket", "AWS.S3.Bucket/LoggingConfiguration".
type provider struct {
	*types.Registry
	schema *schema.Schema

	mu      sync.Mutex
	objects map[string]*schema.Object // by CEL type name
	roots   map[string]*schema.Type   // by CEL type name
}

func newProvider(s *schema.Schema) (*provider, error) {
	reg, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("cel types: %w", err)
	}
	return &provider{Registry: reg, schema: s, objects: map[string]*schema.Object{}, roots: map[string]*schema.Type{}}, nil
}

// celName is the CEL name of a resource type: AWS::S3::Bucket is AWS.S3.Bucket.
func celName(typ string) string { return strings.ReplaceAll(typ, "::", ".") }

// resource returns the CEL type of a resource type.
func (p *provider) resource(typ string) (*types.Type, error) {
	t, ok := p.schema.Type(typ)
	if !ok {
		return nil, fmt.Errorf("resource type %q is not in the schema", typ)
	}
	name := celName(typ)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roots[name] = t
	return types.NewObjectType(name), nil
}

// FindStructType implements [types.Provider].
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	p.mu.Lock()
	_, root := p.roots[name]
	_, object := p.objects[name]
	p.mu.Unlock()
	if root || object {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldType implements [types.Provider].
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	p.mu.Lock()
	root, object := p.roots[name], p.objects[name]
	p.mu.Unlock()
	switch {
	case root != nil:
		return p.member(name, root, field)
	case object != nil:
		f, ok := object.Field(field)
		if !ok {
			return nil, false
		}
		return &types.FieldType{Type: p.typeOf(f, name+"/"+field)}, true
	}
	return p.Registry.FindStructFieldType(name, field)
}

// member finds a member of a resource: a property, or one of the reserved ones.
func (p *provider) member(name string, t *schema.Type, field string) (*types.FieldType, bool) {
	switch field {
	case memberObserved:
		return &types.FieldType{Type: p.object(name+"/"+field, t.Observed)}, true
	case memberVolatile:
		return &types.FieldType{Type: p.object(name+"/"+field, t.Volatile)}, true
	case "tags":
		return &types.FieldType{Type: types.NewMapType(types.StringType, types.StringType)}, true
	}
	for _, id := range identity {
		if field == id {
			return &types.FieldType{Type: types.StringType}, true
		}
	}
	f, ok := t.Props.Field(field)
	if !ok {
		return nil, false
	}
	return &types.FieldType{Type: p.typeOf(f, name+"/"+field)}, true
}

func (p *provider) object(name string, o *schema.Object) *types.Type {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects[name] = o
	return types.NewObjectType(name)
}

func (p *provider) typeOf(f *schema.Field, name string) *types.Type {
	switch f.Kind {
	case schema.Bool:
		return types.BoolType
	case schema.Int:
		return types.IntType
	case schema.Double:
		return types.DoubleType
	case schema.String, schema.Time:
		return types.StringType
	case schema.List:
		return types.NewListType(p.typeOf(f.Elem, name))
	case schema.Map:
		return types.NewMapType(types.StringType, p.typeOf(f.Elem, name))
	case schema.KindObject:
		return p.object(name, f.Object)
	}
	return types.DynType
}

// NewValue implements [types.Provider]; expressions cannot make resources.
func (p *provider) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("%s cannot be made in an expression", name)
}

// env builds the environment of a control over typ whose expressions are
// given: the resource r, the graph functions for the types they name, and the
// domain functions.
func (p *provider) env(typ string, exprs []string) (*cel.Env, error) {
	self, err := p.resource(typ)
	if err != nil {
		return nil, err
	}
	opts := []cel.EnvOption{
		cel.CustomTypeProvider(p),
		cel.CrossTypeNumericComparisons(true),
		cel.Macros(macros()...),
		ext.Strings(),
		cel.Variable("r", self),
	}
	for _, f := range functions {
		opts = append(opts, cel.Function(f.name, cel.Overload(overloadID(f.name)+strconv.Itoa(len(f.args)), f.args, f.result)))
	}
	named, err := p.graphFunctions(exprs)
	if err != nil {
		return nil, err
	}
	env, err := cel.NewEnv(append(opts, named...)...)
	if err != nil {
		return nil, fmt.Errorf("cel environment: %w", err)
	}
	return env, nil
}

func overloadID(name string) string {
	return strings.NewReplacer(".", "_", ":", "_").Replace(name) + "_ov"
}

// graph calls as they stand in the source, for the declarations.
var (
	typeCall = regexp.MustCompile(`\b(all|here)\(\s*["']([^"']*)["']\s*\)`)
	refCall  = regexp.MustCompile(`,\s*["']((?:AWS|Haetae|Alexa|HashiCorp)::[^"']*)["']\s*\)`)
	backCall = regexp.MustCompile(`,\s*["']((?:AWS|Haetae)::[^"']*)["']\s*,\s*["']([^"']*)["']\s*\)`)
)

// graphFunctions declares the graph functions for each type that the
// expressions name, since CEL cannot give a type by a string.
func (p *provider) graphFunctions(exprs []string) ([]cel.EnvOption, error) {
	var opts []cel.EnvOption
	seen := map[string]bool{}
	declare := func(name, typ string, list bool, args ...*types.Type) error {
		if seen[name] {
			return nil
		}
		seen[name] = true
		t, err := p.resource(typ)
		if err != nil {
			return err
		}
		if list {
			t = types.NewListType(t)
		}
		opts = append(opts, cel.Function(name, cel.Overload(overloadID(name), args, t)))
		return nil
	}
	for _, e := range exprs {
		for _, m := range typeCall.FindAllStringSubmatch(e, -1) {
			if err := declare(m[1]+":"+m[2], m[2], true); err != nil {
				return nil, err
			}
		}
		for _, m := range refCall.FindAllStringSubmatch(e, -1) {
			if err := declare("ref:"+m[1], m[1], false, types.DynType); err != nil {
				return nil, err
			}
		}
		for _, m := range backCall.FindAllStringSubmatch(e, -1) {
			if err := p.checkRelation(m[1], m[2]); err != nil {
				return nil, err
			}
			if err := declare("referrers:"+m[1]+":"+m[2], m[1], true, types.DynType); err != nil {
				return nil, err
			}
		}
	}
	return opts, nil
}

// checkRelation makes sure that the graph indexes the path, since a backward
// search over one that it does not would silently find nothing.
func (p *provider) checkRelation(typ, path string) error {
	var known []string
	for _, rel := range p.schema.Edges(typ) {
		if rel.Path == path {
			return nil
		}
		known = append(known, rel.Path)
	}
	return fmt.Errorf("referrers: %s %s is not an edge of schema/relations.yaml (%s has %s)", typ, path, typ, strings.Join(known, ", "))
}

// macros are what haetae adds to CEL's own.
func macros() []cel.Macro {
	return []cel.Macro{
		parser.NewGlobalMacro("all", 1, typeMacro("all")),
		parser.NewGlobalMacro("here", 1, typeMacro("here")),
		parser.NewGlobalMacro("ref", 2, expandRef),
		parser.NewGlobalMacro("referrers", 3, expandReferrers),
		parser.NewReceiverMacro("or", 1, expandOr),
	}
}

func literal(eh parser.ExprHelper, e ast.Expr) (string, *common.Error) {
	if e.Kind() == ast.LiteralKind {
		if s, ok := e.AsLiteral().Value().(string); ok {
			return s, nil
		}
	}
	return "", eh.NewError(e.ID(), "must be a text in quotes")
}

func typeMacro(fn string) parser.MacroExpander {
	return func(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		typ, err := literal(eh, args[0])
		if err != nil {
			return nil, err
		}
		return eh.NewCall(fn + ":" + typ), nil
	}
}

func expandRef(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	typ, err := literal(eh, args[1])
	if err != nil {
		return nil, err
	}
	return eh.NewCall("ref:"+typ, args[0]), nil
}

func expandReferrers(eh parser.ExprHelper, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	typ, err := literal(eh, args[1])
	if err != nil {
		return nil, err
	}
	path, err := literal(eh, args[2])
	if err != nil {
		return nil, err
	}
	return eh.NewCall("referrers:"+typ+":"+path, args[0]), nil
}

// expandOr turns r.A.B.or(x) into has(r.A) && has(r.A.B) ? r.A.B : x.
func expandOr(eh parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	if target.Kind() != ast.SelectKind {
		return nil, eh.NewError(target.ID(), "or() follows a property: r.A.B.or(false)")
	}
	var cond ast.Expr
	for e := target; e.Kind() == ast.SelectKind; e = e.AsSelect().Operand() {
		s := e.AsSelect()
		if s.Operand().Kind() == ast.IdentKind && (s.FieldName() == memberObserved || s.FieldName() == memberVolatile) {
			break // a group of facts, not a property that may be missing
		}
		has := eh.NewPresenceTest(eh.Copy(s.Operand()), s.FieldName())
		if cond == nil {
			cond = has
		} else {
			cond = eh.NewCall("_&&_", has, cond)
		}
	}
	return eh.NewCall("_?_:_", cond, target, args[0]), nil
}
