package iam

import (
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae/policy"
)

// Grant is a grant of a KMS key
// (https://docs.aws.amazon.com/kms/latest/developerguide/grants.html).
type Grant struct {
	Grantee    string // ARN of a principal, or the name of a service
	Retiring   string // who may retire it; "" is nobody
	Operations []string
	// Equals is an encryption context that the request must have exactly, Subset
	// one that it must have among others; nil is no such constraint.
	Equals, Subset map[string]string
	SourceArn      string // "" is no such constraint
}

// contextual tells whether the constraints on the encryption context hold for an
// operation (https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html).
func contextual(operation string) bool {
	switch strings.ToLower(operation) {
	case "decrypt", "encrypt", "generatedatakey", "generatedatakeypair", "generatedatakeypairwithoutplaintext",
		"generatedatakeywithoutplaintext", "reencryptfrom", "reencryptto":
		return true
	}
	return false
}

// kmsGrants is what the grants of the key give to the principal. A grant to an
// account is for its identity policies to pass on.
func (s *scope) kmsGrants() reach {
	var r reach
	if s.service != "kms" {
		return r
	}
	for i := range s.q.Facts.Grants {
		g := &s.q.Facts.Grants[i]
		if g.Retiring != "" && strings.EqualFold(s.name, "RetireGrant") {
			r = r.or(s.grantee(g.Retiring))
		}
		if slices.ContainsFunc(g.Operations, func(op string) bool { return strings.EqualFold(op, s.name) }) {
			r = r.or(s.grantee(g.Grantee).and(s.constraints(g)))
		}
	}
	return r
}

func (s *scope) grantee(name string) reach {
	kind := "AWS"
	if !strings.HasPrefix(name, "arn:") && strings.Contains(name, ".") {
		kind = "Service"
	}
	return s.names(policy.Principal{Kind: kind, Text: name})
}

// constraints tells whether the request keeps to the constraints of the grant.
func (s *scope) constraints(g *Grant) Expr {
	out := yes()
	test := func(operator, key string, values ...string) {
		out = and(out, s.condition(policy.NewCondition(operator, key, values...)))
	}
	if contextual(s.name) {
		for _, want := range []map[string]string{g.Equals, g.Subset} {
			for _, k := range slices.Sorted(maps.Keys(want)) {
				test("StringEquals", "kms:EncryptionContext:"+k, want[k])
			}
		}
		if g.Equals != nil {
			keys := slices.Sorted(maps.Keys(g.Equals))
			for key := range s.context {
				name, ok := strings.CutPrefix(key, "kms:encryptioncontext:")
				if ok && !slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, name) }) {
					return no()
				}
			}
			test("ForAllValues:StringEquals", "kms:EncryptionContextKeys", keys...)
		}
	}
	if g.SourceArn != "" {
		test("ArnLike", "aws:SourceArn", g.SourceArn)
	}
	if strings.EqualFold(s.name, "CreateGrant") {
		// A grant can give on no more than it has
		// (https://docs.aws.amazon.com/kms/latest/developerguide/grant-manage.html).
		test("ForAllValues:StringEquals", "kms:GrantOperations", g.Operations...)
	}
	return out
}
