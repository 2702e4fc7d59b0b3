package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// PublicCheck tells in two senses whether a resource policy is public.
type PublicCheck struct {
	// ByText is the sense of S3 Block Public Access, see [PublicPolicy].
	ByText Publicity
	// Strangers has the requests that the policy allows to somebody whom it does
	// not name: the sense of IAM Access Analyzer's check for public access
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html).
	Strangers *Comparison
	// S3 is set for policies of S3, of which both senses count: S3 blocks what
	// is public by its text.
	S3 bool
}

// Public is the answer: Some if the policy is public in a sense that counts for
// its resource.
func (c *PublicCheck) Public() Existence {
	switch {
	case c.Strangers.Exists == Some || c.S3 && c.ByText.Public:
		return Some
	case c.S3 && c.ByText.More != nil:
		return Undecided
	}
	return c.Strangers.Exists
}

// NotPublic asks whether a resource policy, or a trust policy, lets somebody in
// whom it does not name: nobody in particular, or a principal of some account
// that is in none of its statements. Such a stranger has none of the values by
// which conditions tell known callers: of organizations, accounts, VPCs, VPC
// endpoints, sources, and ranges of addresses no broader than /8, or /32 for
// IPv6. Everything else of the request is the stranger's to choose, tags of its
// own principal too. AWS services are no strangers.
//
// The two senses differ: a Deny makes a policy less public in the second alone.
// The type of the resource is that of CloudFormation, such as AWS::S3::Bucket; it
// may be empty.
func (e *Engine) NotPublic(d *policy.Document, resourceType string) *PublicCheck {
	c := &comparer{engine: e, next: d, strangers: true, avoid: map[string][]demand{}}
	var accounts []string
	for _, st := range d.Statements {
		for _, key := range trusted(st) {
			for _, cond := range st.Conditions {
				if cond.Lower != key {
					continue
				}
				for _, t := range cond.Values {
					accounts = append(accounts, accountNumbers(t.Text)...)
					if pinsValue(cond, t) {
						c.avoid[key] = append(c.avoid[key], demand{[]*policy.Template{t}, cond.Operator.Test, false})
					}
				}
			}
		}
	}
	for _, a := range accounts {
		c.foreign = append(c.foreign, wildcard.CompileARN("*:*:*:*:"+a+":*"))
	}
	return &PublicCheck{ByText: PublicPolicy(d), Strangers: e.compare(c), S3: strings.HasPrefix(resourceType, "AWS::S3")}
}

// trusted are the keys of a statement by which callers are told apart.
func trusted(st *policy.Statement) []string {
	var out []string
	for _, c := range st.Conditions {
		own := st.Principals != nil && slices.ContainsFunc(st.Principals.List, func(p policy.Principal) bool {
			return p.Kind == "Federated" && strings.HasPrefix(c.Lower, strings.ToLower(p.Text)+":")
		})
		if pinKey(c.Lower) || own || c.Lower == "aws:sourceip" {
			out = append(out, c.Lower)
		}
	}
	return slices.Compact(out)
}

// pinsValue tells whether a value stands for known callers and no others.
func pinsValue(c *policy.Condition, t *policy.Template) bool {
	text := t.Text
	switch {
	case len(t.Variables()) > 0:
		return false
	case c.Operator.Test == policy.IPAddress:
		return narrow(text)
	case !c.Operator.Test.Wild():
		return true
	case strings.HasSuffix(c.Lower, "orgpaths"):
		text, _, _ = strings.Cut(text, "/")
	case c.Lower == "aws:userid":
		text, _, _ = strings.Cut(text, ":")
	case c.Lower == "s3:dataaccesspointarn":
		text, _, _ = strings.Cut(text, ":accesspoint/")
	}
	return !strings.ContainsAny(text, "*?")
}

// stranger tells whether the profile is of somebody whom the policy does not
// name.
func (d *comparer) stranger() bool {
	switch w := d.profile.who; w.kind {
	case anonymous:
		return true
	case service:
		return false
	case federated:
		// An ARN is that of the account's own provider; a name stands for all
		// the users of a public one.
		return !strings.HasPrefix(w.name, "arn:")
	}
	return d.profile.account == d.nobody
}
