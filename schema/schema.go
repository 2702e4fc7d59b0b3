// Package schema knows every resource type and its properties: those of
// CloudFormation, those that haetae adds ([Type.Added], [Field.Added]), the
// values that AWS takes when a property is not set, the child types that are
// folded into their parents ([Fold]) and the edges that references in
// properties stand for ([Relation]).
//
// Three files made by hand stand beside the published schema: additions.yaml,
// defaults.yaml and relations.yaml. Each says at its top how it is written.
//
// Types are decoded when they are first asked for; what is returned is shared
// and must not be changed.
//
// # Defaults
//
// A field's default holds when the object that the field is in is there and
// the field is not. For
//
//	PublicAccessBlockConfiguration: {BlockPublicAcls: true, …}
//	PublicAccessBlockConfiguration.BlockPublicAcls: false
//
// a bucket without the block has the flag on; one with a block that leaves
// the flag out has it off. The default of an object is itself completed by
// the defaults of its fields, so that {} means "all of them". Defaults are
// filled in before children are folded: a rule that is a resource of its own
// does not take away a security group's default rule.
package schema

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Schema is all types. It is safe for concurrent use.
type Schema struct {
	spec      map[string]string // type name → its part of the published schema
	additions map[string]addition
	defaults  map[string]defaultSet
	folds     []Fold
	edges     map[string][]Relation
	names     []string
	types     sync.Map // name → func() *Type
}

// Type is one resource type.
type Type struct {
	Name string
	// Props is what a template can say, Observed what only a live account
	// knows, Volatile what changes without anybody changing the resource.
	// None of them is nil; a name occurs in one of them only, but for objects
	// of which a part can be set and a part is read-only.
	Props, Observed, Volatile *Object
	// PrimaryID names the properties that identify a resource of the type.
	PrimaryID []string
	// ARN is a template such as "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", or "".
	ARN string
	// Singleton is "account", "region" or "organization" for a type of which
	// each of those has exactly one, and "" for all others.
	Singleton string
	// Added is set for types that CloudFormation lacks.
	Added bool
	// TagProperty is the property that holds the tags; "" when it has none.
	TagProperty string
}

// Object is a set of fields. An object may hold itself.
type Object struct {
	Name   string // "" for the outermost one
	Fields map[string]*Field
}

// Field is a property, or the element of a list or a map.
type Field struct {
	Name   string // "" for elements
	Kind   Kind
	Object *Object // for KindObject
	Elem   *Field  // for List and Map
	// Required tells that a template must set the property.
	Required bool
	// Default is the value that AWS takes when the property is not set, if
	// HasDefault: bool, int64, float64, string, []any or map[string]any.
	Default    any
	HasDefault bool
	// Absent tells that not set means that the feature is off or that there
	// is none: a decided fact, unlike a field about which nothing is known.
	Absent bool
	// AccountDependent tells that the value taken depends on the account or
	// on something else outside the resource, and is unknown in a template.
	AccountDependent bool
	// Unless lists conditions under which Default and Absent do not hold and
	// the value is unknown: a database restored from a snapshot is encrypted
	// as the snapshot is.
	Unless []Condition
	// DefaultDoc is the page that says so, and when it did ("URL, date"). It is
	// "" for defaults of the published schema.
	DefaultDoc string
	// Added is set for properties that CloudFormation lacks.
	Added bool
	// Refs are the properties of other types whose values this one takes.
	Refs []Ref
}

// Ref is a property of a type.
type Ref struct {
	Type, Property string
}

// Condition holds when the property of the resource at Path is set, to Value
// if that is not "".
type Condition struct {
	Path, Value string
}

// Kind is the kind of a value.
type Kind uint8

// The kinds. JSON is anything at all, such as a policy document. Time is an
// RFC 3339 string of an added field; CloudFormation has no such kind and
// writes times as strings.
const (
	Bool Kind = iota + 1
	Int
	Double
	String
	Time
	JSON
	List
	Map
	KindObject
)

var kindNames = [...]string{"invalid", "bool", "int", "double", "string", "time", "json", "list", "map", "object"}

// String returns the name of the kind as additions.yaml writes it.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		k = 0
	}
	return kindNames[k]
}

// Field returns the field of that name.
func (o *Object) Field(name string) (*Field, bool) {
	if o == nil {
		return nil, false
	}
	f, ok := o.Fields[name]
	return f, ok
}

// Names returns the names of the fields, sorted.
func (o *Object) Names() []string {
	if o == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(o.Fields))
}

//go:embed cloudformation.gz
var cloudformation []byte

//go:embed additions.yaml
var additionsYAML []byte

//go:embed defaults.yaml
var defaultsYAML []byte

//go:embed relations.yaml
var relationsYAML []byte

var load = sync.OnceValues(func() (*Schema, error) {
	return parse(cloudformation, additionsYAML, defaultsYAML, relationsYAML)
})

// Load returns the built-in schema. It does its work once and is safe for
// concurrent use.
func Load() (*Schema, error) { return load() }

func parse(spec, additions, defaults, relations []byte) (*Schema, error) {
	z, err := gzip.NewReader(bytes.NewReader(spec))
	if err != nil {
		return nil, fmt.Errorf("published schema: %w", err)
	}
	// Four to five times its compressed size; growing step by step would
	// copy it all several times.
	var text strings.Builder
	text.Grow(5 * len(spec))
	if _, err := io.Copy(&text, z); err != nil {
		return nil, fmt.Errorf("published schema: %w", err)
	}
	s := &Schema{}
	if s.spec, err = index(text.String()); err != nil {
		return nil, fmt.Errorf("published schema: %w", err)
	}
	if s.additions, err = parseAdditions(additions); err != nil {
		return nil, fmt.Errorf("additions.yaml: %w", err)
	}
	if s.defaults, err = parseDefaults(defaults); err != nil {
		return nil, fmt.Errorf("defaults.yaml: %w", err)
	}
	if s.folds, s.edges, err = parseRelations(relations); err != nil {
		return nil, fmt.Errorf("relations.yaml: %w", err)
	}
	for name := range s.spec {
		s.names = append(s.names, name)
	}
	for name := range s.additions {
		if _, ok := s.spec[name]; !ok {
			s.names = append(s.names, name)
		}
	}
	slices.Sort(s.names)
	return s, nil
}

// Names returns the names of all types, sorted.
func (s *Schema) Names() []string { return slices.Clone(s.names) }

// Type returns the type of that name.
func (s *Schema) Type(name string) (*Type, bool) {
	get, ok := s.types.Load(name)
	if !ok {
		if !s.has(name) {
			return nil, false
		}
		get, _ = s.types.LoadOrStore(name, sync.OnceValue(func() *Type {
			t, err := s.build(strings.Clone(name))
			if err != nil {
				// The files are part of the program and a test builds every
				// type from them: this is a broken build, not bad input.
				panic("schema: " + err.Error())
			}
			return t
		}))
	}
	return get.(func() *Type)(), true
}

func (s *Schema) has(name string) bool {
	_, spec := s.spec[name]
	_, added := s.additions[name]
	return spec || added
}

// build makes a type of the published schema, the additions and the defaults.
func (s *Schema) build(name string) (*Type, error) {
	t := &Type{Name: name, Added: true, Props: &Object{}, Observed: &Object{}, Volatile: &Object{}}
	if text, ok := s.spec[name]; ok {
		var err error
		if t, err = decode(name, text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := s.add(t); err != nil {
		return nil, fmt.Errorf("additions.yaml: %s: %w", name, err)
	}
	if err := s.applyDefaults(t); err != nil {
		return nil, fmt.Errorf("defaults.yaml: %s: %w", name, err)
	}
	return t, nil
}

var errCorrupt = errors.New("not in the format that scripts/schema-gen writes")
