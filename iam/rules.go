package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// The rules in this file are about when a layer has a say; how the layers are
// combined stands in decide.go.

// free tells whether no policy has a say.
func (s *scope) free() bool {
	if s.service != "sts" || !s.who.inAccount() {
		return false
	}
	switch strings.ToLower(s.name) {
	case "getcalleridentity":
		// Even a Deny does not stop it
		// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
		return true
	case "getsessiontoken":
		// Policies do not control authentication
		// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html).
		return s.who.kind == user || s.who.kind == root
	}
	return false
}

// rcp tells whether resource control policies have a say
// (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html).
func (s *scope) rcp() bool {
	f := &s.q.Facts.Resource
	if len(s.q.Policies.RCP) == 0 || f.ManagementAccount || f.AWSManagedKey || s.account == "aws" || s.who.serviceLinked {
		return false
	}
	if s.service == "kms" && strings.EqualFold(s.name, "RetireGrant") {
		return false
	}
	applies, known := s.catalogue.RCP(s.service)
	return applies || !known
}

// trustsAccount tells whether identity policies of the owner's account are
// enough. A KMS key and a role must say so themselves
// (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html).
func (s *scope) trustsAccount() bool {
	if s.service != "kms" && s.service != "sts" {
		return true
	}
	a, err := arn.Parse(s.resource)
	if err != nil {
		// One of all resources: for KMS a key, unless the action is for none.
		return s.service != "kms" || !s.any
	}
	key := s.service == "kms" && strings.HasPrefix(a.Resource, "key/")
	role := s.service == "sts" && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/")
	return !key && !role
}

// powerless tells whether a statement of a resource policy has no power over the
// request: the root user of its owner can always read and replace the policy of
// a bucket, whatever it denies
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html).
func (s *scope) powerless(st *policy.Statement) bool {
	if s.who.kind != root || s.service != "s3" || s.account != s.who.account || st.Effect != policy.Deny {
		return false
	}
	switch strings.ToLower(s.name) {
	case "getbucketpolicy", "putbucketpolicy", "deletebucketpolicy":
		return true
	}
	return false
}

func (s *scope) identityLayer() Layer {
	if s.who.kind == root {
		return LayerRoot
	}
	return LayerIdentity
}

// serviceGates are rules of services that no policy can lift.
func (s *scope) serviceGates(o *outcome) []gate {
	switch {
	case s.service == "s3" && s.q.Facts.S3 != nil:
		return s.s3Gates(o)
	case s.service == "iam" && s.fixed(), s.service == "sts" && s.rootless():
		return []gate{{LayerService, no()}}
	}
	return nil
}

// rootless tells whether a root user asks for what STS gives to no root user
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html).
func (s *scope) rootless() bool {
	return s.who.kind == root && !s.q.Facts.Principal.anybody && (strings.EqualFold(s.name, "AssumeRole") || strings.EqualFold(s.name, "AssumeRoot"))
}

// fixed tells whether the request would change what nobody but AWS may: managed
// policies, service-linked roles and the roles of Identity Center
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html,
// https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html).
func (s *scope) fixed() bool {
	a, err := arn.Parse(s.resource)
	if err != nil || a.Service != "iam" {
		return false
	}
	name := strings.ToLower(s.name)
	among := func(names ...string) bool { return slices.Contains(names, name) }
	grants := among("attachrolepolicy", "deleterolepermissionsboundary", "deleterolepolicy", "detachrolepolicy",
		"putrolepermissionsboundary", "putrolepolicy", "updateassumerolepolicy")
	switch {
	case a.Account == "aws" && strings.HasPrefix(a.Resource, "policy/"):
		return among("createpolicyversion", "deletepolicy", "deletepolicyversion", "setdefaultpolicyversion", "tagpolicy", "untagpolicy")
	case strings.HasPrefix(a.Resource, "role/aws-service-role/"):
		return grants
	case strings.HasPrefix(a.Resource, "role/aws-reserved/"):
		return grants || among("addroletoinstanceprofile", "createrole", "deleterole", "passrole", "removerolefrominstanceprofile",
			"tagrole", "untagrole", "updaterole", "updateroledescription")
	}
	return false
}
