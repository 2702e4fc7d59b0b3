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
	// publicACLs are the tests of [publicACLs], made once.
	publicACLs []*policy.Condition
	who        who
	action     *permission.Action // nil when the catalogue does not have it
	service    string             // of the action, lower case
	name       string             // of the action
	lower      string             // the name in lower case
	bit        uint64             // of the service, for a quick no of statements

	resource string // ARN, or "*"
	// bucketUnknown is set when the resource is only the key of an object in a
	// bucket of which the name is not known.
	bucketUnknown bool
	behind        *target // the bucket, when the resource is an access point
	account       string  // owner of the resource, "aws" for AWS, "" when nobody is known

	// any is set when the resource is one of a pattern, and among is the pattern.
	any   bool
	among *wildcard.Pattern

	context map[string]Values // by lower-case key, as given
	keyLists

	given map[string]binding // what the solver assumes
	memo  *classMemo         // nil to find all classes anew
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

// like returns the scope with the assumptions of another.
func (s *scope) like(o *scope) *scope {
	t := *s
	t.given = o.given
	if b, ok := t.given[varResource]; ok && t.any {
		t.resource = b.text
	}
	return &t
}

// with returns the scope with one more assumption.
func (s *scope) with(name string, b binding) *scope {
	given := make(map[string]binding, len(s.given)+1)
	for k, v := range s.given {
		given[k] = v
	}
	given[name] = b
	return s.like(&scope{given: given})
}

// The variables that are no condition keys.
const (
	varResource = "@resource"
	varMissing  = "@missing:" // followed by what is missing
)

// keyLists are what a question says of the keys of its request.
type keyLists struct {
	unknown keyPatterns
	present keyPatterns // present, value unknown
	known   keyPatterns
}

func (q *Question) keyLists() keyLists {
	return keyLists{newKeyPatterns(q.Unknown), newKeyPatterns(q.UnknownValue), newKeyPatterns(q.Known)}
}

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
	if v, ok := s.derived(lower); ok {
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

// derived is the value of a key that follows from who asks, for what, and the
// facts
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
func (s *scope) derived(lower string) (Values, bool) {
	prefix, name, _ := strings.Cut(lower, ":")
	switch prefix {
	case "aws":
		if strings.HasPrefix(name, "principal") || strings.HasPrefix(name, "user") || name == "federatedprovider" {
			return s.derivedPrincipal(name)
		}
		if v, ok := s.derivedResource(name); ok {
			return v, true
		}
	case "s3":
		if v, ok := s.derivedS3(name); ok {
			return v, true
		}
	case "kms":
		// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
		if name == "calleraccount" && s.service == "kms" {
			return nonEmpty(s.who.account)
		}
	}
	if tag, ok := strings.CutPrefix(name, "resourcetag/"); ok && (prefix == "aws" || prefix == s.service) && s.tagged() {
		return tagged(s.q.Facts.Resource.Tags, tag)
	}
	return Values{}, false
}

// nonEmpty is the value of a key that is there unless it is empty.
func nonEmpty(value string) (Values, bool) {
	if value == "" {
		return Values{}, false
	}
	return One(value), true
}

// tagged looks a tag up. The names of tags have no case in condition keys.
func tagged(tags map[string]string, lower string) (Values, bool) {
	for k, v := range tags {
		if strings.EqualFold(k, lower) {
			return One(v), true
		}
	}
	return Values{}, false
}

func (s *scope) derivedPrincipal(name string) (Values, bool) {
	w, f := &s.who, &s.q.Facts.Principal
	switch name {
	case "principalaccount":
		if w.kind == anonymous {
			return One("anonymous"), true
		}
		return nonEmpty(w.account)
	case "principalarn":
		return nonEmpty(w.arn)
	case "principaltype":
		return nonEmpty(w.principalType())
	case "principalisawsservice":
		switch {
		case w.kind == service:
			return One("true"), true
		case w.inAccount():
			return One("false"), true
		}
	case "principalservicename":
		if w.kind == service {
			return One(w.name), true
		}
	case "principalservicenameslist":
		if w.kind == service {
			return Many(w.name), true
		}
	case "federatedprovider":
		if w.kind == federated {
			return One(w.name), true
		}
	case "username":
		if w.kind == user {
			return One(w.name), true
		}
	case "userid":
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
		switch w.kind {
		case root:
			return One(w.account), true
		case anonymous:
			return One("anonymous"), true
		}
	case "principalorgid":
		return nonEmpty(f.OrgID)
	case "principalorgpaths":
		if f.OrgPath != nil {
			return Many(f.OrgPath...), true
		}
	default:
		if tag, ok := strings.CutPrefix(name, "principaltag/"); ok {
			return tagged(f.Tags, tag)
		}
	}
	return Values{}, false
}

func (s *scope) derivedResource(name string) (Values, bool) {
	f := &s.q.Facts.Resource
	switch name {
	case "resourceaccount":
		if s.account != "aws" {
			return nonEmpty(s.account)
		}
	case "resourceorgid":
		return nonEmpty(f.OrgID)
	case "resourceorgpaths":
		if f.OrgPath != nil {
			return Many(f.OrgPath...), true
		}
	}
	return Values{}, false
}

// derivedS3 are the keys of S3
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys).
func (s *scope) derivedS3(name string) (Values, bool) {
	if s.service != "s3" {
		return Values{}, false
	}
	if name == "resourceaccount" && s.account != "aws" {
		return nonEmpty(s.account)
	}
	f := s.q.Facts.S3
	if f == nil {
		return Values{}, false
	}
	if tag, ok := strings.CutPrefix(name, "buckettag/"); ok && f.BucketABAC {
		return tagged(s.q.Facts.Resource.Tags, tag)
	}
	if p := f.AccessPoint; p != nil {
		switch name {
		case "dataaccesspointarn":
			return nonEmpty(p.ARN)
		case "dataaccesspointaccount":
			if a, err := arn.Parse(p.ARN); err == nil {
				return nonEmpty(a.Account)
			}
		}
	}
	return Values{}, false
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
