package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/schema"
)

func (a *app) propertiesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "properties TYPE",
		Short: "List what expressions may read of a resource type, and what AWS takes where it is not set",
		Example: `  haetae content properties AWS::SQS::Queue
  haetae content properties AWS::KMS::Key | grep observed`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.properties(args[0]) },
	}
}

// properties prints the members of a resource type.
func (a *app) properties(name string) error {
	sch, err := schema.Load()
	if err != nil {
		return fmt.Errorf("built-in schema: %w", err)
	}
	t, ok := sch.Type(name)
	if !ok {
		return usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("there is no resource type %s", name), Hint: likeType(sch, name)}}
	}
	var rows [][]string
	for _, part := range []struct {
		prefix string
		object *schema.Object
	}{{"r.", t.Props}, {"r.observed.", t.Observed}, {"r.volatile.", t.Volatile}} {
		rows = members(rows, part.prefix, part.object, nil)
	}
	rows = append(rows, []string{"r.id, r.arn, r.account, r.region, r.type", "text"}, []string{"r.tags", "map of text"})
	return grid(a.out, []string{"PROPERTY", "IS", "WHERE NOT SET"}, rows)
}

// likeType names types that may have been meant: those of the same service.
func likeType(sch *schema.Schema, name string) string {
	var like []string
	last := strings.ToLower(name[strings.LastIndex(name, ":")+1:])
	for _, n := range sch.Names() {
		if strings.HasSuffix(strings.ToLower(n), ":"+last) || haetae.ServiceOf(n) == haetae.ServiceOf(name) {
			like = append(like, n)
		}
	}
	if len(like) == 0 {
		return "Types are CloudFormation's, such as AWS::SQS::Queue."
	}
	return "There are " + strings.Join(like[:min(len(like), 12)], ", ") + "."
}

// members lists the fields of an object and of those in it, each object once on
// the way down.
func members(rows [][]string, prefix string, o *schema.Object, above []*schema.Object) [][]string {
	if slices.Contains(above, o) {
		return append(rows, []string{prefix + "…", "as above"})
	}
	for _, name := range o.Names() {
		f := o.Fields[name]
		path, elem := prefix+name, f
		for elem.Kind == schema.List || elem.Kind == schema.Map {
			path += "[]"
			elem = elem.Elem
		}
		rows = append(rows, []string{prefix + name, kindOf(f), unset(f)})
		if elem.Kind == schema.KindObject {
			rows = members(rows, path+".", elem.Object, append(above[:len(above):len(above)], o))
		}
	}
	return rows
}

// kindOf is the kind of a field in words.
func kindOf(f *schema.Field) string {
	switch f.Kind {
	case schema.Bool:
		return "true or false"
	case schema.Int:
		return "whole number"
	case schema.Double:
		return "number"
	case schema.String:
		return "text"
	case schema.Time:
		return "time"
	case schema.List:
		return "list of " + kindOf(f.Elem)
	case schema.Map:
		return "map of " + kindOf(f.Elem)
	case schema.KindObject:
		return "object"
	}
	return "anything"
}

// unset says what it means that a field is not set.
func unset(f *schema.Field) string {
	switch {
	case f.Required:
		return "always set"
	case f.HasDefault:
		return control.Show(f.Default)
	case f.AccountDependent:
		return "depends on the account: unknown"
	case f.Absent, f.Kind == schema.List, f.Kind == schema.Map:
		return "none"
	}
	return "unknown; ask has() first"
}
