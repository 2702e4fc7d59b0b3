package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// S3Facts are what decides beside policies in S3.
type S3Facts struct {
	BucketOwner string
	ObjectOwner string // "" is the bucket's owner
	// Ownership is BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter;
	// ACLs count for nothing with the first
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html).
	Ownership string
	// ACL is that of the object for what is done with it, and that of the bucket
	// for what is done with the bucket or adds to it.
	ACL []ACLGrant
	// BucketABAC makes the tags of the bucket keys of the request.
	BucketABAC  bool
	Account     PublicAccessBlock
	Bucket      PublicAccessBlock
	AccessPoint *AccessPoint // the request goes through it
	// BlockUnread says why Account and Bucket may block more; nil when they are all.
	BlockUnread *haetae.Unknown
}

// blocks tells whether a flag of Block Public Access is on.
func (s *scope) blocks(flag string, on bool) Expr {
	if u := s.q.Facts.S3.BlockUnread; u != nil && !on {
		return s.missing("whether "+flag+" is on: "+u.String(), u)
	}
	return is(on)
}

// enforced is the ownership with which ACLs count for nothing.
const enforced = "BucketOwnerEnforced"

// ACLGrant is one grant of an ACL.
type ACLGrant struct {
	// Grantee is AllUsers, AuthenticatedUsers, LogDelivery or their URI, or an
	// account: its number, or the canonical id that the principal's facts have.
	// An id that is not theirs is taken for somebody else's.
	Grantee    string
	Permission string // READ, WRITE, READ_ACP, WRITE_ACP, FULL_CONTROL
}

// CannedACL are the grants of a canned ACL beyond those of the owner; ok is false
// when there is none of that name
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl).
// What "bucket-owner-…" grants follows from who owns the bucket.
func CannedACL(name, bucketOwner string) (grants []ACLGrant, ok bool) {
	switch name {
	case "private", "aws-exec-read":
		return nil, true
	case "public-read":
		return []ACLGrant{{"AllUsers", "READ"}}, true
	case "public-read-write":
		return []ACLGrant{{"AllUsers", "READ"}, {"AllUsers", "WRITE"}}, true
	case "authenticated-read":
		return []ACLGrant{{"AuthenticatedUsers", "READ"}}, true
	case "bucket-owner-read":
		return []ACLGrant{{bucketOwner, "READ"}}, true
	case "bucket-owner-full-control":
		return []ACLGrant{{bucketOwner, "FULL_CONTROL"}}, true
	case "log-delivery-write":
		return []ACLGrant{{"LogDelivery", "WRITE"}, {"LogDelivery", "READ_ACP"}}, true
	}
	return nil, false
}

// PublicAccessBlock is S3 Block Public Access for an account, a bucket or an
// access point; what one of them blocks is blocked
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
type PublicAccessBlock struct {
	BlockPublicAcls       bool `json:"blockPublicAcls"`
	IgnorePublicAcls      bool `json:"ignorePublicAcls"`
	BlockPublicPolicy     bool `json:"blockPublicPolicy"`
	RestrictPublicBuckets bool `json:"restrictPublicBuckets"`
}

func (b PublicAccessBlock) or(o PublicAccessBlock) PublicAccessBlock {
	return PublicAccessBlock{b.BlockPublicAcls || o.BlockPublicAcls, b.IgnorePublicAcls || o.IgnorePublicAcls,
		b.BlockPublicPolicy || o.BlockPublicPolicy, b.RestrictPublicBuckets || o.RestrictPublicBuckets}
}

// AccessPoint is an access point of a bucket.
type AccessPoint struct {
	ARN               string
	Policy            *policy.Document // nil is none
	PublicAccessBlock PublicAccessBlock
}

// bucketAndKey takes a resource apart; key is "" for the bucket itself.
func bucketAndKey(resource string) (bucket, key string) {
	a, err := arn.Parse(resource)
	if err != nil || a.Service != "s3" {
		return "", ""
	}
	if rest, ok := strings.CutPrefix(a.Resource, "accesspoint/"); ok {
		_, key, _ = strings.Cut(rest, "/object/")
		return "", key
	}
	bucket, key, _ = strings.Cut(a.Resource, "/")
	return bucket, key
}

// othersObject tells whether the resource is an object that belongs to another
// account than its bucket.
func (f *S3Facts) othersObject(resource string) bool {
	_, key := bucketAndKey(resource)
	return key != "" && f.ObjectOwner != "" && f.BucketOwner != "" && f.ObjectOwner != f.BucketOwner && f.Ownership != enforced
}

// ofObjectOwner tells whether the action is one that only the owner of an object
// can grant; others, such as deleting it, are the bucket owner's
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html).
func (s *scope) ofObjectOwner() bool {
	switch strings.ToLower(s.name) {
	case "deleteobject", "deleteobjectversion", "putobject", "restoreobject", "abortmultipartupload", "listmultipartuploadparts":
		return false
	}
	return s.q.Facts.S3.othersObject(s.resource)
}

// s3Sources are bucket policy, or that of the access point, and ACL.
func (s *scope) s3Sources() ([]source, side) {
	f := s.q.Facts.S3
	if p := f.AccessPoint; p != nil {
		r, said := s.grants(LayerAccessPoint, p.Policy, nil)
		r = s.restricted(r, p.Policy, s.account, f.Account.or(p.PublicAccessBlock).RestrictPublicBuckets)
		return []source{{LayerAccessPoint, p.Policy != nil, r}}, said
	}
	r, said := s.bucketGrants()
	out := []source{{LayerResource, s.q.Policies.Resource != nil, r}}
	if len(f.ACL) > 0 || s.ofObjectOwner() {
		out = append(out, source{LayerACL, f.Ownership != enforced, s.aclGrants()})
	}
	return out, said
}

// bucketGrants is what the bucket's policy grants.
func (s *scope) bucketGrants() (reach, side) {
	f := s.q.Facts.S3
	r, said := s.grants(LayerResource, s.q.Policies.Resource, s.powerless)
	r = s.restricted(r, s.q.Policies.Resource, f.BucketOwner, f.Account.or(f.Bucket).RestrictPublicBuckets)
	if s.ofObjectOwner() {
		r = reach{} // a bucket policy grants nothing on objects of others
	}
	return r, said
}

// restricted takes from a public policy what it grants outside the owner's
// account; services are left
// (RestrictPublicBuckets on the page of [PublicAccessBlock]).
func (s *scope) restricted(r reach, d *policy.Document, owner string, on bool) reach {
	restrict := s.blocks("RestrictPublicBuckets", on)
	if d == nil || restrict.False() || s.who.kind == service || s.who.inAccount() && (owner == "" || owner == s.who.account) {
		return r
	}
	public := PublicPolicy(d)
	if public.More != nil {
		return r.and(not(and(restrict, s.missing("whether "+d.Name+" is public: "+public.More.String(), public.More))))
	}
	return r.and(not(and(restrict, is(public.Public))))
}

// through makes the access point the resource; the bucket is kept for its
// policy. Policies name the access point, never the bucket behind it
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html).
func (s *scope) through(p *AccessPoint) {
	bucket, key := bucketAndKey(s.resource)
	s.behind = &target{resource: s.resource, account: s.account}
	if owner := s.q.Facts.S3.BucketOwner; owner != "" {
		s.behind.account = owner
	}
	if bucket == "" {
		s.behind.resource, s.behind.unknown = key, true
		return
	}
	s.resource = p.ARN
	if key != "" {
		s.resource += "/object/" + key
	}
	if a, err := arn.Parse(p.ARN); err == nil {
		s.account = a.Account
	}
}

// target is the bucket, or the object in it, behind an access point.
type target struct {
	resource string
	// unknown is set when the resource is only the key of the object: the name
	// of the bucket is not known.
	unknown bool
	account string
}

// bucketGate tells whether the bucket behind the access point permits the
// request as well (the page of through).
func (s *scope) bucketGate(o *outcome) gate {
	t := *s
	t.resource, t.account, t.bucketUnknown = s.behind.resource, s.behind.account, s.behind.unknown
	r, said := t.bucketGrants()
	o.hear(said)
	open := or(r.any(), t.aclGrants().any())
	if t.account == s.who.account {
		// A bucket trusts the identity policies of its own account.
		open = or(open, s.says(LayerIdentity, s.q.Policies.Identity).allow, is(s.who.kind == root))
	}
	return gate{LayerResource, open}
}

// aclGrants is what the ACL grants. It grants to accounts and groups, never to a
// user or a role: whoever has an account needs its identity policies too.
func (s *scope) aclGrants() reach {
	f := s.q.Facts.S3
	block := f.Account.or(f.Bucket)
	var r reach
	if f.Ownership == enforced {
		return r
	}
	for _, g := range f.ACL {
		if !slices.Contains(aclActions(g.Permission, s.resource), strings.ToLower(s.name)) {
			continue
		}
		group := g.Grantee[strings.LastIndexByte(g.Grantee, '/')+1:]
		public := group == "AllUsers" || group == "AuthenticatedUsers"
		switch {
		case group == "AllUsers" && s.who.kind == anonymous:
			r.direct = or(r.direct, not(s.blocks("IgnorePublicAcls", block.IgnorePublicAcls)))
		case public && s.who.inAccount():
			r.account = or(r.account, not(s.blocks("IgnorePublicAcls", block.IgnorePublicAcls)))
		case group == "LogDelivery" && s.who.kind == service && s.who.name == "logging.s3.amazonaws.com":
			r.direct = yes()
		case s.who.inAccount() && g.Grantee != "" && (g.Grantee == s.who.account || g.Grantee == s.q.Facts.Principal.CanonicalID):
			r.account = yes()
		}
	}
	if s.ofObjectOwner() && s.who.inAccount() && s.who.account == f.ObjectOwner {
		r.account = yes() // the owner has full control
	}
	return r
}

// aclActions are the actions, in lower case, that a permission of an ACL stands
// for (https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping).
func aclActions(permission, resource string) []string {
	_, key := bucketAndKey(resource)
	object := key != ""
	switch {
	case permission == "FULL_CONTROL":
		var all []string
		for _, p := range []string{"READ", "WRITE", "READ_ACP", "WRITE_ACP"} {
			all = append(all, aclActions(p, resource)...)
		}
		return all
	case permission == "READ" && object:
		return []string{"getobject", "getobjectversion"}
	case permission == "READ":
		return []string{"listbucket", "listbucketversions", "listbucketmultipartuploads"}
	case permission == "WRITE":
		return []string{"putobject"} // of the bucket: to make objects
	case permission == "READ_ACP" && object:
		return []string{"getobjectacl", "getobjectversionacl"}
	case permission == "READ_ACP":
		return []string{"getbucketacl"}
	case permission == "WRITE_ACP" && object:
		return []string{"putobjectacl", "putobjectversionacl"}
	case permission == "WRITE_ACP":
		return []string{"putbucketacl"}
	}
	return nil
}

// s3Gates are what Block Public Access refuses whatever policies say, and the
// bucket behind an access point.
func (s *scope) s3Gates(o *outcome) []gate {
	f := s.q.Facts.S3
	block := f.Account.or(f.Bucket)
	var gates []gate
	if s.behind != nil {
		gates = append(gates, s.bucketGate(o))
	}
	switch strings.ToLower(s.name) {
	case "putbucketacl", "putobjectacl", "putobjectversionacl", "putobject", "createbucket":
		if on := s.blocks("BlockPublicAcls", block.BlockPublicAcls); !on.False() {
			gates = append(gates, gate{LayerBPA, not(and(on, s.publicACL()))})
		}
	}
	return gates
}

// publicACL tells whether the request brings a public ACL.
func (s *scope) publicACL() Expr {
	out := no()
	for _, c := range s.publicACLs {
		out = or(out, s.condition(c))
	}
	return out
}

// publicACLs are the tests of which one holds when a request brings a public ACL.
func publicACLs() []*policy.Condition {
	list := []*policy.Condition{policy.NewCondition("StringEquals", "s3:x-amz-acl", "public-read", "public-read-write", "authenticated-read")}
	for _, header := range []string{"read", "write", "read-acp", "write-acp", "full-control"} {
		list = append(list, policy.NewCondition("StringLike", "s3:x-amz-grant-"+header,
			"*/groups/global/AllUsers*", "*/groups/global/AuthenticatedUsers*"))
	}
	return list
}
