// Command schema-gen turns the CloudFormation part of AWS's service
// specification into the file that package schema embeds.
//
// It reads db.json.gz of the npm package @aws-cdk/aws-service-spec:
//
//	npm pack @aws-cdk/aws-service-spec && tar xzf aws-cdk-aws-service-spec-*.tgz
//	go run ./scripts/schema-gen package/db.json.gz schema/cloudformation.gz
//
// Equal input gives equal bytes. The format is described at the top of
// schema/decode.go, which reads it.
package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: schema-gen db.json.gz cloudformation.gz")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schema-gen:", err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	db, err := read(in)
	if err != nil {
		return err
	}
	text, err := render(db)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	// No name and no time in the header, or the bytes would differ by run.
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(z, text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

type database struct {
	Schema struct {
		Resource       struct{ Entities []resource }
		TypeDefinition struct{ Entities []definition }
	}
}

type resource struct {
	CloudFormationType string
	PrimaryIdentifier  []string
	Attributes         map[string]property
	Properties         map[string]property
	TagInformation     struct{ TagPropertyName string }
	ArnTemplate        string
}

type definition struct {
	ID         string `json:"$id"`
	Name       string
	Properties map[string]property
}

type property struct {
	Type             typeRef
	Required         bool
	DefaultValue     *string
	RelationshipRefs []struct{ CloudFormationType, PropertyName string }
}

type typeRef struct {
	Type      string
	Element   *typeRef
	Types     []typeRef
	Reference struct {
		Ref string `json:"$ref"`
	}
}

func read(path string) (*database, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var db database
	if err := json.NewDecoder(z).Decode(&db); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &db, nil
}

// object is a set of fields of the type being written.
type object struct {
	name   string
	fields map[string]*field
}

type field struct {
	code     string  // b i d s t j, each preceded by [ or { for lists and maps
	object   *object // the object at the end of code, if it is one
	required bool
	suffix   string // relationships and default, as they are written
}

// builder makes the objects of one type; definitions are shared and may be
// recursive.
type builder struct {
	definitions map[string]definition
	defs        map[string]*object
	tag         *object
}

func render(db *database) (string, error) {
	definitions := map[string]definition{}
	for _, d := range db.Schema.TypeDefinition.Entities {
		definitions[d.ID] = d
	}
	resources := db.Schema.Resource.Entities
	sort.Slice(resources, func(i, j int) bool {
		return resources[i].CloudFormationType < resources[j].CloudFormationType
	})
	var w strings.Builder
	for _, r := range resources {
		if err := renderType(&w, definitions, r); err != nil {
			return "", fmt.Errorf("%s: %w", r.CloudFormationType, err)
		}
	}
	return w.String(), nil
}

func renderType(w *strings.Builder, definitions map[string]definition, r resource) error {
	b := &builder{definitions: definitions, defs: map[string]*object{}}
	props, err := b.object("", r.Properties)
	if err != nil {
		return err
	}
	observed, err := b.attributes(r)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "T %s\n", r.CloudFormationType)
	if len(r.PrimaryIdentifier) > 0 {
		fmt.Fprintf(w, "I %s\n", strings.Join(r.PrimaryIdentifier, " "))
	}
	if r.ArnTemplate != "" {
		fmt.Fprintf(w, "A %s\n", r.ArnTemplate)
	}
	if r.TagInformation.TagPropertyName != "" {
		fmt.Fprintf(w, "G %s\n", r.TagInformation.TagPropertyName)
	}
	// Number the objects in the order in which they are first met.
	order := []*object{props, observed}
	index := map[*object]int{props: 0, observed: 1}
	for i := 0; i < len(order); i++ {
		o := order[i]
		name := o.name
		if name == "" {
			name = "-"
		}
		fmt.Fprintf(w, "D %s %d\n", name, len(o.fields))
		for _, n := range names(o.fields) {
			f := o.fields[n]
			fmt.Fprintf(w, "%s %s", n, f.code)
			if f.object != nil {
				if _, seen := index[f.object]; !seen {
					index[f.object] = len(order)
					order = append(order, f.object)
				}
				fmt.Fprintf(w, "@%d", index[f.object])
			}
			if f.required {
				w.WriteByte('!')
			}
			w.WriteString(f.suffix)
			w.WriteByte('\n')
		}
	}
	return nil
}

// attributes makes the observed object. Attributes named A.B become B inside
// an object A. What is also a property is left out: a fact has one place.
func (b *builder) attributes(r resource) (*object, error) {
	root := &object{fields: map[string]*field{}}
	for _, n := range names(r.Attributes) { // sorted: A comes before A.B
		if _, ok := r.Properties[n]; ok {
			continue
		}
		p := r.Attributes[n]
		p.DefaultValue = nil // nothing fills in what is only read
		f, err := b.field(p)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", n, err)
		}
		f.required = false
		o, parts := root, strings.Split(n, ".")
		for _, part := range parts[:len(parts)-1] {
			inner := o.fields[part]
			if inner == nil {
				inner = &field{object: &object{name: part, fields: map[string]*field{}}}
				o.fields[part] = inner
			}
			if inner.object == nil || inner.code != "" {
				o = nil // inside a list or something opaque: the outer attribute says enough
				break
			}
			o = inner.object
		}
		if o != nil && o.fields[parts[len(parts)-1]] == nil {
			o.fields[parts[len(parts)-1]] = f
		}
	}
	return root, nil
}

func (b *builder) object(name string, props map[string]property) (*object, error) {
	o := &object{name: name, fields: map[string]*field{}}
	return o, b.fill(o, props)
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

func (b *builder) fill(o *object, props map[string]property) error {
	for _, n := range names(props) {
		if !plainName.MatchString(n) {
			return fmt.Errorf("odd property name %q", n)
		}
		f, err := b.field(props[n])
		if err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
		o.fields[n] = f
	}
	return nil
}

func (b *builder) field(p property) (*field, error) {
	f := &field{required: p.Required}
	if err := b.code(f, p.Type); err != nil {
		return nil, err
	}
	var refs []string
	for _, r := range p.RelationshipRefs {
		refs = append(refs, r.CloudFormationType+"."+r.PropertyName)
	}
	if len(refs) > 0 {
		slices.Sort(refs)
		f.suffix = ">" + strings.Join(slices.Compact(refs), ",")
	}
	if p.DefaultValue != nil {
		var v any
		if err := json.Unmarshal([]byte(*p.DefaultValue), &v); err != nil {
			return nil, fmt.Errorf("default %q: %w", *p.DefaultValue, err)
		}
		s, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		f.suffix += "=" + string(s)
	}
	return f, nil
}

var scalars = map[string]string{
	"string": "s", "boolean": "b", "integer": "i", "number": "d", "json": "j", "date-time": "s",
}

func (b *builder) code(f *field, t typeRef) error {
	switch t.Type {
	case "array", "map":
		f.code += map[string]string{"array": "[", "map": "{"}[t.Type]
		return b.code(f, *t.Element)
	case "tag":
		if b.tag == nil {
			b.tag = &object{name: "Tag", fields: map[string]*field{
				"Key": {code: "s", required: true}, "Value": {code: "s", required: true},
			}}
		}
		f.object = b.tag
		return nil
	case "ref":
		o, err := b.definition(t.Reference.Ref)
		f.object = o
		return err
	case "union":
		return b.union(f, t.Types)
	}
	code, ok := scalars[t.Type]
	if !ok {
		return fmt.Errorf("unknown type %q", t.Type)
	}
	f.code += code
	return nil
}

// union takes the object among the alternatives, since a rule can look inside
// it; several objects become one with the fields of all. Without an object
// anything goes.
func (b *builder) union(f *field, types []typeRef) error {
	var objects []*object
	for _, t := range types {
		if t.Type == "ref" {
			o, err := b.definition(t.Reference.Ref)
			if err != nil {
				return err
			}
			objects = append(objects, o)
		}
	}
	switch len(objects) {
	case 0:
		f.code += "j"
		return nil
	case 1:
		f.object = objects[0]
		return nil
	}
	all := &object{name: objects[0].name, fields: map[string]*field{}}
	for _, o := range objects {
		for n, g := range o.fields {
			if all.fields[n] == nil {
				c := *g
				c.required = false
				all.fields[n] = &c
			}
		}
	}
	f.object = all
	return nil
}

func (b *builder) definition(id string) (*object, error) {
	if o := b.defs[id]; o != nil {
		return o, nil
	}
	d, ok := b.definitions[id]
	if !ok {
		return nil, fmt.Errorf("no type definition %s", id)
	}
	o := &object{name: d.Name, fields: map[string]*field{}}
	b.defs[id] = o // before its fields: it may hold itself
	return o, b.fill(o, d.Properties)
}

func names[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
