package inventory

import (
	"regexp"
	"slices"
	"strings"
)

var (
	wordBreak  = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	lowerBreak = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	plural     = regexp.MustCompile(`[A-Z]{2,}s$`)
)

// kebab writes an operation or a parameter as the AWS CLI does:
// DescribeDBInstances is describe-db-instances.
func kebab(name string) string {
	// The s of a plural at the end is no word: ListWebACLs is list-web-acls.
	if at := plural.FindStringIndex(name); at != nil && at[0] > 0 {
		name = name[:at[0]] + "-" + strings.ToLower(name[at[0]:])
	}
	s := wordBreak.ReplaceAllString(name, "$1-$2")
	return strings.ToLower(lowerBreak.ReplaceAllString(s, "$1-$2"))
}

// names finds the operations that a file's name and content may stand for.
type names struct {
	byName map[string][]string // command, or service and command, to operations
	byAPI  map[string][]string // API name to operations
	calls  []*Call
	byOp   map[string][]*Call
	// variants are what the files of calls that share their operation end with.
	variants map[*Call]string
}

// newNames indexes the calls of the kinds.
func newNames(kinds []Kind) *names {
	n := &names{byName: map[string][]string{}, byAPI: map[string][]string{}, byOp: map[string][]*Call{}, variants: map[*Call]string{}}
	for i := range kinds {
		for j := range kinds[i].Calls {
			c := &kinds[i].Calls[j]
			n.calls = append(n.calls, c)
			n.byOp[c.Op] = append(n.byOp[c.Op], c)
			n.variants[c] = variant(c)
			if len(n.byOp[c.Op]) > 1 {
				continue
			}
			service, api, _ := strings.Cut(c.Op, ":")
			n.byAPI[api] = append(n.byAPI[api], c.Op)
			for _, op := range []string{kebab(api), api} {
				n.byName[op] = append(n.byName[op], c.Op)
				for _, sv := range serviceNames(service) {
					for _, sep := range []string{".", "-", "_"} {
						n.byName[sv+sep+op] = append(n.byName[sv+sep+op], c.Op)
					}
				}
			}
		}
	}
	return n
}

// serviceNames returns what people call a service: the AWS CLI's name and, where
// it differs, the endpoint's.
func serviceNames(cli string) []string {
	switch cli {
	case "s3api":
		return []string{cli, "s3"}
	case "elb", "elbv2":
		return []string{cli, "elasticloadbalancing"}
	}
	return []string{cli}
}

// file reads the name of a file without its extension: COMMAND,
// COMMAND.PARENT, either with "SERVICE." before it, or COMMAND-2 for a second
// page. It returns the operations that the command may be, and the parent.
func (n *names) file(name string) (ops []string, parent string) {
	if ops = n.byName[name]; ops != nil {
		return ops, ""
	}
	// The longest command wins: get-bucket-policy-status.x is not
	// get-bucket-policy with something after it.
	for i := len(name) - 1; i > 0; i-- {
		if !strings.ContainsRune(".-_", rune(name[i])) {
			continue
		}
		ops = n.byName[name[:i]]
		if ops == nil {
			continue
		}
		rest := name[i+1:]
		switch {
		case name[i] == '.' && rest != "" && n.param(ops[0]) != "":
			return ops, rest
		case isPage(rest):
			return ops, ""
		case name[i] == '.' && rest != "":
			return ops, rest
		}
	}
	return nil, ""
}

// isPage tells whether what follows a command numbers a page.
func isPage(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "page"), "-")
	return s != "" && len(s) < 5 && strings.Trim(s, "0123456789") == ""
}

// content returns the operations whose answer the body may be.
func (n *names) content(body map[string]any) []string {
	var ops []string
	for _, c := range n.calls {
		if c.recognises(body) && !slices.Contains(ops, c.Op) {
			ops = append(ops, c.Op)
		}
	}
	if len(ops) == 0 {
		// An empty list has no items to tell by.
		for _, c := range n.calls {
			if c.head(body) && !slices.Contains(ops, c.Op) {
				ops = append(ops, c.Op)
			}
		}
	}
	if len(ops) < 2 {
		return ops
	}
	// Several answers look alike: the one whose parent is named wins, and when
	// no parent is named the one that needs none.
	if kept := n.only(ops, func(c *Call) bool { return c.Param != "" && has(body, c.Param) }); len(kept) < len(ops) {
		return kept
	}
	return n.fewest(ops, body)
}

// fewest keeps the operations that need no parent, or name it in the answer,
// and of those the ones of which most members are there.
func (n *names) fewest(ops []string, body map[string]any) []string {
	ops = n.only(ops, func(c *Call) bool { return c.Param == "" })
	best, kept := 0, ops
	for _, op := range ops {
		hits := 0
		for _, c := range n.byOp[op] {
			if c.recognises(body) {
				hits++
			}
		}
		switch {
		case hits > best:
			best, kept = hits, []string{op}
		case hits == best:
			kept = append(slices.Clone(kept), op)
		}
	}
	return kept
}

// only keeps the operations of which a call passes, unless none does.
func (n *names) only(ops []string, ok func(*Call) bool) []string {
	kept := slices.DeleteFunc(slices.Clone(ops), func(op string) bool { return !slices.ContainsFunc(n.byOp[op], ok) })
	if len(kept) == 0 {
		return ops
	}
	return kept
}

// param returns the name under which the operation takes its parent.
func (n *names) param(op string) string {
	for _, c := range n.byOp[op] {
		if c.Param != "" {
			return c.Param
		}
	}
	return ""
}

// params returns the Params that a file's name says, which ends with what
// [variant] returns; nil when it says none.
func (n *names) params(op, name string) map[string]any {
	for _, c := range n.byOp[op] {
		if v := n.variants[c]; v != "" && strings.HasSuffix(name, v) {
			return c.Params
		}
	}
	return nil
}

// identify returns the operation that a document is the answer of, with what
// speaks against it when there is not exactly one.
func (n *names) identify(name string, d answer) (op, parent, trouble string) {
	ops, parent := n.file(name)
	named := len(ops) > 0
	switch {
	case len(ops) == 0 && d.op != "":
		ops = n.byAPI[d.op]
	case len(ops) == 0 && d.code == "":
		ops = n.content(d.body)
	case d.code == "" && len(d.body) > 0:
		ops = n.only(ops, func(c *Call) bool { return c.head(d.body) })
		ops = n.only(ops, func(c *Call) bool { return c.recognises(d.body) })
		if parent == "" || len(ops) > 1 {
			ops = n.only(ops, func(c *Call) bool { return c.Param != "" && has(d.body, c.Param) })
		}
	}
	if len(ops) > 1 {
		// A failure says nothing but what it is about.
		ops = n.only(ops, func(c *Call) bool { return c.Param != "" && has(d.body, c.Param) })
	}
	if len(ops) > 1 {
		ops = n.only(ops, func(c *Call) bool { return (c.Param != "") == (parent != "" || has(d.body, c.Param)) })
	}
	switch {
	case len(ops) == 0:
		return "", "", "not recognised as the output of an AWS CLI command that haetae reads"
	case len(ops) > 1:
		slices.Sort(ops)
		return "", "", "could be the output of several commands: " + strings.Join(ops, ", ")
	}
	op = ops[0]
	if named && d.code == "" && !n.plausible(op, d.body) {
		return "", "", "named after " + op + ", and not its output"
	}
	return op, parent, ""
}

// plausible tells whether a body can be the answer of an operation: it has a
// member of it, or nothing at all.
func (n *names) plausible(op string, body map[string]any) bool {
	return slices.ContainsFunc(n.byOp[op], func(c *Call) bool { return ref{call: c}.fits(body) })
}
