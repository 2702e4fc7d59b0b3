// Package arn parses, prints and matches Amazon Resource Names.
//
// The form is arn:partition:service:region:account-id:resource, where the
// resource is "type/id", "type:id" or an id alone
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
package arn

import (
	"fmt"
	"strings"
)

// ARN is a name taken apart. Region and Account are empty where the service
// leaves them out.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// Parse takes apart a name. It does not check that the service or the account
// exists.
func Parse(s string) (ARN, error) {
	// The evaluator of permissions reads names by the hundred thousand a second,
	// so no list is made of the parts.
	var parts [6]string
	n, rest := 0, s
	for more := true; more && n < 5; n++ {
		parts[n], rest, more = strings.Cut(rest, ":")
		if n == 4 && more {
			parts[5], n = rest, n+1
		}
	}
	switch {
	case parts[0] != "arn":
		return ARN{}, fmt.Errorf("%q does not start with \"arn:\" as an ARN does", s)
	case n < 6:
		return ARN{}, fmt.Errorf("%q has %d of the six parts of an ARN", s, n)
	case parts[1] == "" || parts[2] == "" || parts[5] == "":
		return ARN{}, fmt.Errorf("%q lacks a partition, a service or a resource", s)
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, nil
}

// String prints the name.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// Type is the part of the resource before the first "/" or ":", or "" when the
// resource is an id alone, as a bucket's is.
func (a ARN) Type() string {
	if i := strings.IndexAny(a.Resource, "/:"); i >= 0 {
		return a.Resource[:i]
	}
	return ""
}

// ID is the resource without its type: "path/name" of "role/path/name".
func (a ARN) ID() string {
	if i := strings.IndexAny(a.Resource, "/:"); i >= 0 {
		return a.Resource[i+1:]
	}
	return a.Resource
}

// Match tells whether a name fits a pattern as the Resource element of a policy
// has it: "*" is any text and "?" any character, within each of the first five
// parts, and across everything in the resource. A pattern of "*" alone fits
// every name.
func Match(pattern, name string) bool {
	if pattern == "*" {
		return true
	}
	p := strings.SplitN(pattern, ":", 6)
	n := strings.SplitN(name, ":", 6)
	if len(p) != 6 || len(n) != 6 {
		return false
	}
	for i := range p {
		if !wild(p[i], n[i]) {
			return false
		}
	}
	return true
}

// wild matches one part. It goes back to the last "*" only, so it takes at
// most len(pattern)·len(text) steps.
func wild(pattern, text string) bool {
	p, t := 0, 0
	star, mark := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
