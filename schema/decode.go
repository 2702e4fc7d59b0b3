package schema

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The published schema is text, one line per fact, so that it compresses well,
// can be read by people, and one type can be decoded without the others:
//
//	T AWS::SQS::Queue      a type; all lines up to the next T belong to it
//	I QueueUrl             its primary identifier
//	A arn:…                its ARN template
//	G Tags                 the property that holds its tags
//	D - 17                 an object with 17 fields; the first one is the
//	                       properties, the second the read-only attributes
//	KmsMasterKeyId s       a field
//	D Tag 2                object 2 of this type, with its name
//
// A field has a name and a kind: b, i, d, s, t, j or @n for object n, after a
// [ for each list and a { for each map around it. Then come ! if it is
// required, >Type.Property,… for references and =json for the default.

// index finds the types in the text.
func index(text string) (map[string]string, error) {
	types := make(map[string]string, 2048)
	rest, ok := strings.CutPrefix(text, "T ")
	if !ok {
		return nil, errCorrupt
	}
	for rest != "" {
		part := rest
		if i := strings.Index(rest, "\nT "); i >= 0 {
			part, rest = rest[:i], rest[i+len("\nT "):]
		} else {
			rest = ""
		}
		name, body, _ := strings.Cut(part, "\n")
		types[name] = body
	}
	return types, nil
}

// decode makes the type that the text describes.
func decode(name, text string) (*Type, error) {
	t := &Type{Name: name, Volatile: &Object{}}
	var objects []*Object
	d := decoder{rest: text}
	// Fields name objects that come later: make all objects first.
	for i := strings.Count("\n"+text, "\nD "); i > 0; i-- {
		objects = append(objects, &Object{})
	}
	if len(objects) < 2 {
		return nil, errCorrupt
	}
	d.objects = objects
	t.Props, t.Observed = objects[0], objects[1]
	for next := 0; d.rest != ""; {
		line := d.line()
		if len(line) < 3 || line[1] != ' ' {
			return nil, fmt.Errorf("line %q: %w", line, errCorrupt)
		}
		switch arg := line[2:]; line[0] {
		case 'I':
			t.PrimaryID = strings.Fields(arg)
		case 'A':
			t.ARN = arg
		case 'G':
			t.TagProperty = arg
		case 'D':
			if err := d.object(objects[next], arg); err != nil {
				return nil, fmt.Errorf("line %q: %w", line, err)
			}
			next++
		default:
			return nil, fmt.Errorf("line %q: %w", line, errCorrupt)
		}
	}
	return t, nil
}

type decoder struct {
	rest    string
	objects []*Object
}

func (d *decoder) line() string {
	line, rest, _ := strings.Cut(d.rest, "\n")
	d.rest = rest
	return line
}

func (d *decoder) object(o *Object, head string) error {
	name, count, _ := strings.Cut(head, " ")
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > len(d.rest) {
		return errCorrupt
	}
	if name != "-" {
		o.Name = name
	}
	fields := make([]Field, n)
	o.Fields = make(map[string]*Field, n)
	for i := range fields {
		line := d.line()
		name, kind, ok := strings.Cut(line, " ")
		if !ok || name == "" {
			return errCorrupt
		}
		fields[i].Name = name
		if err := d.field(&fields[i], kind); err != nil {
			return fmt.Errorf("field %q: %w", line, err)
		}
		o.Fields[name] = &fields[i]
	}
	return nil
}

func (d *decoder) field(f *Field, code string) error {
	code, def, hasDefault := strings.Cut(code, "=")
	code, refs, hasRefs := strings.Cut(code, ">")
	code, f.Required = strings.CutSuffix(code, "!")
	if hasRefs {
		for ref := range strings.SplitSeq(refs, ",") {
			i := strings.LastIndexByte(ref, '.')
			if i < 0 {
				return errCorrupt
			}
			f.Refs = append(f.Refs, Ref{Type: ref[:i], Property: ref[i+1:]})
		}
	}
	if err := d.kind(f, code); err != nil {
		return err
	}
	if hasDefault {
		var v any
		if err := json.Unmarshal([]byte(def), &v); err != nil {
			return fmt.Errorf("default: %w", err)
		}
		v, err := f.value(v)
		if err != nil {
			// Published defaults are not always of the property's type; one
			// that is not says nothing.
			return nil
		}
		f.Default, f.HasDefault = v, true
	}
	return nil
}

func (d *decoder) kind(f *Field, code string) error {
	if code == "" {
		return errCorrupt
	}
	switch code[0] {
	case 'b':
		f.Kind = Bool
	case 'i':
		f.Kind = Int
	case 'd':
		f.Kind = Double
	case 's':
		f.Kind = String
	case 't':
		f.Kind = Time
	case 'j':
		f.Kind = JSON
	case '@':
		n, err := strconv.Atoi(code[1:])
		if err != nil || n < 0 || n >= len(d.objects) {
			return errCorrupt
		}
		f.Kind, f.Object = KindObject, d.objects[n]
	case '[', '{':
		f.Kind, f.Elem = List, &Field{}
		if code[0] == '{' {
			f.Kind = Map
		}
		return d.kind(f.Elem, code[1:])
	default:
		return errCorrupt
	}
	return nil
}
