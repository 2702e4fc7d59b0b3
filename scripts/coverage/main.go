// Command coverage writes docs/coverage.md: what haetae reads of a live
// account, and with which permissions, from the literals that collection works
// through.
//
//	go run ./scripts/coverage
package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
)

const file = "docs/coverage.md"

func main() {
	text, err := page()
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const head = `# What is read of a live account

Made by ` + "`go run ./scripts/coverage`" + ` from the calls themselves; do not edit.

A type is listed once in each account or region, unless it is listed for each of something else. Further calls are made for
each resource, or add what the list does not say; those that give nothing but tags only where
` + "`" + inventory.TagsOp + "`" + ` failed, which gives all of a region's at once. ` + "`haetae policy`" + ` prints the permissions as a
policy.

`

// page is the text of the file.
func page() ([]byte, error) {
	sch, err := schema.Load()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(head)
	by := map[string][]*inventory.Kind{}
	for i := range inventory.All {
		k := &inventory.All[i]
		by[serviceOf(k.Type)] = append(by[serviceOf(k.Type)], k)
	}
	for _, service := range slices.SortedFunc(maps.Keys(by), compare) {
		fmt.Fprintf(&b, "## %s\n\n| type | listed by | further calls | permissions |\n|---|---|---|---|\n", service)
		slices.SortFunc(by[service], func(x, y *inventory.Kind) int { return strings.Compare(x.Type, y.Type) })
		for _, k := range by[service] {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", k.Type, listed(k), further(k), permissions(k, ""))
		}
		b.WriteString("\n")
	}
	extras(&b)
	rest(&b, sch, by)
	return b.Bytes(), nil
}

// ownTypes heads the types that CloudFormation lacks and no service has.
const ownTypes = "Account, region and organization"

// serviceOf is the service in the name of a type.
func serviceOf(typ string) string {
	parts := strings.Split(typ, "::")
	if parts[0] == "Haetae" {
		return ownTypes
	}
	return parts[1]
}

// compare sorts services without regard to case, what is of none first.
func compare(x, y string) int {
	if (x == ownTypes) != (y == ownTypes) {
		if x == ownTypes {
			return -1
		}
		return 1
	}
	return strings.Compare(strings.ToLower(x), strings.ToLower(y))
}

// listed says what lists a type.
func listed(k *inventory.Kind) string {
	var out []string
	for i := range k.Calls {
		c := &k.Calls[i]
		switch {
		case c.Other || c.Extra != "":
		case c.Lists && k.Of != "":
			out = append(out, "`"+c.Op+"` of each "+k.Of)
		case c.Lists:
			out = append(out, "`"+c.Op+"`")
		case c.Only != "":
			out = append(out, "`"+c.Op+"`: "+c.Only)
		}
	}
	if len(out) == 0 && k.Singleton {
		return "always there"
	}
	return strings.Join(unique(out), ", ")
}

// further says which other calls tell of a type.
func further(k *inventory.Kind) string {
	var out []string
	for i := range k.Calls {
		if c := &k.Calls[i]; !c.Other && c.Extra == "" && !c.Lists && c.Only == "" {
			out = append(out, "`"+c.Op+"`")
		}
	}
	return strings.Join(unique(out), ", ")
}

// permissions are the IAM actions that the calls about a type need, those of a
// group of extra calls or those that are always made.
func permissions(k *inventory.Kind, extra string) string {
	var out []string
	for i := range k.Calls {
		if c := &k.Calls[i]; !c.Other && c.Extra == extra {
			for _, a := range c.RequiredActions() {
				out = append(out, "`"+a+"`")
			}
		}
	}
	slices.Sort(out)
	return strings.Join(unique(out), ", ")
}

// unique keeps the first of what is there several times.
func unique(list []string) (out []string) {
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// extras writes what is read only when somebody asks for it.
func extras(b *bytes.Buffer) {
	b.WriteString("## Only when asked for\n\n`--with NAME` makes further calls.\n\n| name | type | calls | permissions |\n|---|---|---|---|\n")
	rows := map[string]bool{}
	for i := range inventory.All {
		k := &inventory.All[i]
		calls := map[string][]string{}
		for j := range k.Calls {
			if c := &k.Calls[j]; c.Extra != "" && !c.Other {
				calls[c.Extra] = append(calls[c.Extra], "`"+c.Op+"`")
			}
		}
		for name, ops := range calls {
			rows[fmt.Sprintf("| %s | %s | %s | %s |\n", name, k.Type, strings.Join(unique(ops), ", "), permissions(k, name))] = true
		}
	}
	for _, row := range slices.Sorted(maps.Keys(rows)) {
		b.WriteString(row)
	}
	b.WriteString("\n")
}

// rest writes how many of CloudFormation's types are not read.
func rest(b *bytes.Buffer, sch *schema.Schema, by map[string][]*inventory.Kind) {
	read := map[string]bool{}
	for i := range inventory.All {
		read[inventory.All[i].Type] = true
	}
	part := map[string]bool{}
	for _, f := range sch.Folds() {
		part[f.Child] = true
	}
	missing := map[string]int{}
	for _, name := range sch.Names() {
		// Serverless is what templates are written with; there are no such resources.
		if strings.HasPrefix(name, "AWS::") && !read[name] && !part[name] && serviceOf(name) != "Serverless" {
			missing[serviceOf(name)]++
		}
	}
	b.WriteString("## Not read\n\nOf services of which something is read, so many types of CloudFormation are not; what CloudFormation has as a type of its own\nand AWS as a part of another thing, such as a bucket's policy, is read with that.\n\n| service | types read | types not read |\n|---|---|---|\n")
	var none []string
	for _, service := range slices.SortedFunc(maps.Keys(missing), compare) {
		if by[service] == nil {
			none = append(none, fmt.Sprintf("%s (%d)", service, missing[service]))
			continue
		}
		fmt.Fprintf(b, "| %s | %d | %d |\n", service, len(by[service]), missing[service])
	}
	b.WriteString("\nOf these services nothing is read, with the number of their types:\n\n")
	line := ""
	for i, s := range none {
		if i < len(none)-1 {
			s += ","
		}
		if len(line)+len(s)+1 > 120 {
			fmt.Fprintln(b, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += s
	}
	fmt.Fprintln(b, line+".")
}
