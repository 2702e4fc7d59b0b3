package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// scope is a question made ready, for one of its resources, with what the
// solver assumes of the unknown.
type scope struct {
	q         *Question
	catalogue *permission.Catalogue
	who       who
	action    *permission.Action // nil when the catalogue does not have it
	service   string             // of the action, lower case
	name      string             // of the action

	resource string // ARN, or "*"
	// bucketUnknown is set when the resource is only the key of an object in a
	// bucket of which the name is not known.
	bucketUnknown bool
	behind        *target // the bucket, when the resource is an access point
	account       string  // owner of the resource, "aws" for AWS, "" when nobody is known

	context map[string]Values // by lower-case key, as given
	derived map[string]Values // what follows from ARNs and facts
	unknown keyPatterns
	present keyPatterns // present, value unknown
	known   keyPatterns

	given map[string]binding // what the solver assumes
}

// binding is an assumption about a variable.
type binding struct {
	values Values // of a condition key
	absent bool
	text   string // of "@session-name" and "@resource"
	holds  bool   // of a missing fact
}

func (s *scope) assigned(name string) bool {
	_, ok := s.given[name]
	return ok
}

// with returns the scope with one more assumption.
func (s *scope) with(name string, b binding) *scope {
	t := *s
	t.given = make(map[string]binding, len(s.given)+1)
	for k, v := range s.given {
		t.given[k] = v
	}
	t.given[name] = b
	if name == varResource {
		t.resource = b.text
	}
	return &t
}

// The variables that are no condition keys.
const (
	varResource = "@resource"
	varMissing  = "@missing:" // followed by what is missing
)

// keyPatterns are patterns of condition keys. Most are a key or the start of
// one, which need no compiling.
type keyPatterns []keyMatcher

type keyMatcher struct {
	text   string            // lower case
	prefix bool              // text is how keys start
	wild   *wildcard.Pattern // set for other patterns
}

func newKeyPatterns(list []string) keyPatterns {
	var out keyPatterns
	for _, text := range list {
		if text == SessionName {
			continue
		}
		p := keyMatcher{text: strings.ToLower(text)}
		switch i := strings.IndexAny(text, "*?"); {
		case i < 0:
		case i == len(text)-1 && text[i] == '*':
			p.text, p.prefix = p.text[:i], true
		default:
			p.wild = wildcard.CompileFold(text)
		}
		out = append(out, p)
	}
	return out
}

// match tells whether a key, given in lower case, is meant.
func (l keyPatterns) match(lower string) bool {
	return slices.ContainsFunc(l, func(p keyMatcher) bool {
		switch {
		case p.wild != nil:
			return p.wild.Match(lower)
		case p.prefix:
			return strings.HasPrefix(lower, p.text)
		}
		return lower == p.text
	})
}

// named tells whether one of the patterns is the key itself.
func named(list []string, key string) bool {
	return slices.ContainsFunc(list, func(text string) bool { return strings.EqualFold(text, key) })
}

// state is what is known of a key.
type state uint8

const (
	absent state = iota
	present
	valueUnknown
	allUnknown
)

// key looks a condition key up, given in lower case.
func (s *scope) key(lower string) (Values, state) {
	if b, ok := s.given[lower]; ok {
		if b.absent {
			return Values{}, absent
		}
		return b.values, present
	}
	if !s.known.match(lower) {
		if s.unknown.match(lower) && (named(s.q.Unknown, lower) || s.may(lower)) {
			return Values{}, allUnknown
		}
		if s.present.match(lower) && (named(s.q.UnknownValue, lower) || s.may(lower)) {
			return Values{}, valueUnknown
		}
	}
	if v, ok := s.context[lower]; ok {
		return v, present
	}
	if v, ok := s.derived[lower]; ok {
		return v, present
	}
	return Values{}, absent
}

// may tells whether a request for the action can carry the key at all. A key
// that only another service has is absent
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
func (s *scope) may(lower string) bool {
	if s.action == nil {
		return true
	}
	key, found := s.catalogue.Key(lower)
	if !found || key.Global {
		return true
	}
	if service, _, _ := strings.Cut(lower, ":"); service != s.service {
		return true // keys of identity providers, of the service behind another
	}
	has := func(keys []*permission.Key) bool {
		return slices.ContainsFunc(keys, func(k *permission.Key) bool { return k == key || strings.EqualFold(k.Name, key.Name) })
	}
	if has(s.action.Keys) {
		return true
	}
	return slices.ContainsFunc(s.action.Resources, func(r permission.Resource) bool {
		return has(r.Keys) || r.Need == permission.NotSaid && r.Type != nil && has(r.Type.Keys)
	})
}

// multi tells whether a key can have several values.
func (s *scope) multi(lower string) bool {
	if key, found := s.catalogue.Key(lower); found {
		return key.Multivalued
	}
	return false
}

// variable gives the value of a policy variable.
func (s *scope) variable(name string) policy.Value {
	v, st := s.key(strings.ToLower(name))
	switch st {
	case valueUnknown, allUnknown:
		return policy.Value{Unknown: true}
	case present:
		if !v.Multi && len(v.List) == 1 {
			return policy.Value{Text: v.List[0], Found: true}
		}
	}
	return policy.Value{}
}

// derive computes the keys that follow from who asks, for what, and the facts
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
func (s *scope) derive() {
	d := map[string]Values{}
	w, f := &s.who, &s.q.Facts
	switch w.kind {
	case anonymous:
		d["aws:principalaccount"], d["aws:principaltype"] = One("anonymous"), One("Anonymous")
	case service:
		d["aws:principalisawsservice"], d["aws:principalservicename"] = One("true"), One(w.name)
		d["aws:principalservicenameslist"] = Many(w.name)
	case federated:
		d["aws:federatedprovider"] = One(w.name)
	default:
		d["aws:principalisawsservice"] = One("false")
		d["aws:principalaccount"] = One(w.account)
		d["aws:principalarn"] = One(w.arn)
		d["aws:principaltype"] = One(w.principalType())
		if s.service == "kms" {
			// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
			d["kms:calleraccount"] = One(w.account)
		}
		if w.kind == user {
			d["aws:username"] = One(w.name)
		}
		if w.kind == root {
			d["aws:userid"] = One(w.account)
		}
	}
	if f.Principal.OrgID != "" {
		d["aws:principalorgid"] = One(f.Principal.OrgID)
	}
	if f.Principal.OrgPath != nil {
		d["aws:principalorgpaths"] = Many(f.Principal.OrgPath...)
	}
	for k, v := range f.Principal.Tags {
		d["aws:principaltag/"+strings.ToLower(k)] = One(v)
	}
	if s.account != "" && s.account != "aws" {
		d["aws:resourceaccount"] = One(s.account)
	}
	if f.Resource.OrgID != "" {
		d["aws:resourceorgid"] = One(f.Resource.OrgID)
	}
	if f.Resource.OrgPath != nil {
		d["aws:resourceorgpaths"] = Many(f.Resource.OrgPath...)
	}
	if s.tagged() {
		for k, v := range f.Resource.Tags {
			d["aws:resourcetag/"+strings.ToLower(k)] = One(v)
			d[s.service+":resourcetag/"+strings.ToLower(k)] = One(v)
		}
	}
	if f.S3 != nil && f.S3.AccessPoint != nil {
		d["s3:dataaccesspointarn"] = One(f.S3.AccessPoint.ARN)
		if a, err := arn.Parse(f.S3.AccessPoint.ARN); err == nil {
			d["s3:dataaccesspointaccount"] = One(a.Account)
		}
	}
	s.derived = d
}

// tagged tells whether the tags of the resource are keys of the request: those
// of a bucket are when attribute-based access is on for it
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html).
func (s *scope) tagged() bool {
	if s.service != "s3" {
		return true
	}
	return s.q.Facts.S3 != nil && s.q.Facts.S3.BucketABAC
}
