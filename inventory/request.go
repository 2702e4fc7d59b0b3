package inventory

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// Parent is what one request is about, and where it is made.
type Parent struct {
	// Account is the number of the account that is asked.
	Account string
	// Region is the region that is asked; of a global endpoint, the one in which
	// it is.
	Region string
	// Partition is the partition that the region is in: "aws", "aws-cn".
	Partition string
	// ID is the parent as its source names it; "" when the call needs none.
	ID string
	// Grandparent is the parent of the list in which the parent was found: the
	// cluster of a service. It is "" when that list needs none.
	Grandparent string
}

// Source is an operation in whose answers parents are found.
type Source struct {
	// Op is the operation, as in [Call].
	Op string
	// Query is a JMESPath over one page of its answer, which gives a text, a
	// list of texts, or nothing.
	Query string
}

// Sources returns where the parents of the call are found.
func (c *Call) Sources() []Source {
	var out []Source
	for one := range strings.SplitSeq(c.Each, "; ") {
		if op, query, ok := strings.Cut(one, " "); ok {
			out = append(out, Source{op, query})
		}
	}
	return out
}

// Where returns the region in which the call is made for a place that is asked in
// a region.
func (c *Call) Where(region string) string {
	if c.Home != "" && haetae.Partition(region) == "aws" {
		return c.Home
	}
	return region
}

// SaysAbsent tells whether an error means that what was asked for is not set.
func (c *Call) SaysAbsent(code, message string) bool {
	return slices.Contains(c.Absent, code) || c.AbsentText != "" && strings.Contains(message, c.AbsentText)
}

// RequiredActions returns the IAM actions that the call needs.
func (c *Call) RequiredActions() []string {
	if len(c.Actions) > 0 {
		return c.Actions
	}
	return []string{c.Op}
}

// Command returns the call as one types it: "aws ec2 describe-instances".
func (c *Call) Command() string {
	service, op, _ := strings.Cut(c.Op, ":")
	return "aws " + service + " " + kebab(op)
}

// Request returns the parameters of a request about a parent, or about more
// when the call takes several: Params, and Param unless Params has it.
//
// In the texts of Params stand ${Account}, ${Region} and ${Partition} for where
// it is asked, ${Parent} and ${Grandparent} for what it is about, ${Parent.Last}
// for what follows the last "/" of the parent, and ${Parent.Name} and
// ${Parent.Scope} for the name and the scope (REGIONAL or CLOUDFRONT) in the ARN
// of something of WAF. ${Grandparent.Middle} is what stands between the first two
// "/" of the grandparent.
func (c *Call) Request(p Parent, more ...string) map[string]any {
	out := map[string]any{}
	values := p.values()
	for name, v := range c.Params {
		out[name] = fillIn(v, values)
	}
	if _, set := out[c.Param]; set || c.Param == "" {
		return out
	}
	if c.Number {
		if n, err := strconv.ParseInt(p.ID, 10, 64); err == nil {
			out[c.Param] = n
			return out
		}
	}
	if !c.List {
		out[c.Param] = p.ID
		return out
	}
	list := []any{p.ID}
	for _, id := range more {
		list = append(list, id)
	}
	out[c.Param] = list
	return out
}

// Echo returns what the body of an answer about one parent carries of its
// request: the parent under Param, and the grandparent under the parameter that
// the parent's list takes it by. A member of the answer that has the same name
// goes before.
func (c *Call) Echo(p Parent) map[string]any {
	out := map[string]any{}
	if c.Param == "" || p.ID == "" {
		return out
	}
	if name := c.grandparam(); name != "" && p.Grandparent != "" {
		out[name] = p.Grandparent
	}
	out[c.Param] = p.ID
	return out
}

// grandparam returns the parameter by which a list that the call's parents are
// found in takes its own parent.
func (c *Call) grandparam() string {
	for _, s := range c.Sources() {
		for i := range All {
			for j := range All[i].Calls {
				if list := &All[i].Calls[j]; list.Op == s.Op && list.Param != "" && !list.Other {
					return list.Param
				}
			}
		}
	}
	return ""
}

// values returns what stands for each placeholder.
func (p Parent) values() *strings.Replacer {
	name, scope := wafNameOf(p.ID)
	return strings.NewReplacer(
		"${Account}", p.Account, "${Region}", p.Region, "${Partition}", p.Partition,
		"${Parent}", p.ID, "${Grandparent}", p.Grandparent,
		"${Grandparent.Middle}", p.middle(),
		"${Parent.Last}", p.ID[strings.LastIndexByte(p.ID, '/')+1:], "${Parent.Name}", name, "${Parent.Scope}", scope,
	)
}

// middle returns what stands between the first two "/" of the grandparent: the
// instance in the ARN of a permission set.
func (p Parent) middle() string {
	if parts := strings.Split(p.Grandparent, "/"); len(parts) > 2 {
		return parts[1]
	}
	return ""
}

// wafNameOf returns the name and the scope in an ARN of WAF, which ends with
// SCOPE/TYPE/NAME/ID.
func wafNameOf(arn string) (name, scope string) {
	parts := strings.Split(arn, "/")
	if len(parts) != 4 {
		return "", ""
	}
	if strings.HasSuffix(parts[0], ":global") {
		return parts[2], "CLOUDFRONT"
	}
	return parts[2], "REGIONAL"
}

// fillIn copies a value with its placeholders replaced.
func fillIn(v any, values *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return values.Replace(v)
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, fillIn(x, values))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = fillIn(x, values)
		}
		return out
	}
	return v
}

// sameParams tells whether a call was made with certain Params.
func (c *Call) sameParams(params map[string]any) bool {
	return len(c.Params) == 0 && len(params) == 0 || reflect.DeepEqual(c.Params, params)
}

// likeCall tells whether two calls of one operation have the same Params. The
// one that says whom a call is about may be written otherwise in each: whom it
// was is in the answer.
func (c *Call) likeCall(o *Call) bool {
	a, b := maps.Clone(c.Params), maps.Clone(o.Params)
	delete(a, c.Param)
	delete(b, o.Param)
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}
