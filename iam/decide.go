package iam

import (
	"strings"

	"github.com/haetae/haetae/policy"
)

// Decide answers a question. The error says what of the question cannot be read;
// oddities of policies are problems of the decision, never errors.
func (e *Engine) Decide(q *Question) (*Decision, error) {
	scopes, problems, err := e.scopes(q)
	if err != nil {
		return nil, err
	}
	// A request that is evaluated against several resources needs all of them
	// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
	all := outcome{allow: yes()}
	for _, s := range scopes {
		o := s.decide()
		all.allow, all.deny = and(all.allow, o.allow), or(all.deny, o.deny)
		all.used = append(all.used, o.used...)
		all.gates = append(all.gates, o.gates...)
		all.grants = append(all.grants, o.grants...)
	}
	d := all.resolve(scopes[0])
	d.Problems = problems
	return d, nil
}

// outcome is what the layers say together.
type outcome struct {
	allow, deny Expr
	used        []usedExpr
	gates       []gate // each must be open
	grants      []gate // for each resource one must be open
}

// gate is a layer with whether it lets the request through, and whether it
// denies.
type gate struct {
	layer      Layer
	open, deny Expr
}

// limit adds a layer that every request must pass.
func (o *outcome) limit(layer Layer, open Expr, said side) {
	o.gates = append(o.gates, gate{layer, open, said.deny})
	o.hear(said)
}

func (o *outcome) hear(said side) {
	o.used = append(o.used, said.used...)
	o.deny = or(o.deny, said.deny)
}

// decide combines the layers for one resource
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html).
func (s *scope) decide() outcome {
	var o outcome
	if s.free() {
		return outcome{allow: yes(), grants: []gate{{layer: LayerService, open: yes()}}}
	}
	p, w := &s.q.Policies, &s.who

	// Service control policies limit the principals of member accounts, their
	// root users too, but not those of the management account, service-linked
	// roles, services and strangers
	// (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html).
	scp := yes()
	if len(p.SCP) > 0 && w.inAccount() && !w.serviceLinked && !s.q.Facts.Principal.ManagementAccount {
		var said side
		scp, said = s.levels(p.SCP)
		o.limit(LayerSCP, scp, said)
	}
	// Resource control policies limit whoever calls a resource of a member
	// account. RCPFullAWSAccess is always attached, so only a Deny counts.
	if s.rcp() {
		for _, level := range p.RCP {
			for _, d := range level.Policies {
				_, said := s.grants(LayerRCP, d, nil)
				o.limit(LayerRCP, yes(), said.denials())
			}
		}
	}
	// An endpoint's policy sees the requests that go through the endpoint; the
	// question has it when this one does.
	endpoint := yes()
	if p.Endpoint != nil {
		endpoint = no()
		for _, d := range p.Endpoint {
			r, said := s.grants(LayerEndpoint, d, nil)
			endpoint = or(endpoint, r.any())
			o.hear(said)
		}
		o.limit(LayerEndpoint, endpoint, side{})
	}

	resource, said := s.resourceGrants()
	o.hear(said)
	granted := gate{s.resourceLayer(), resource.any(), said.deny}
	switch {
	case !w.inAccount():
		// Services, users of identity providers and strangers have nothing but
		// what the resource grants.
		o.grants = append(o.grants, granted)
	case s.account == w.account || s.account == "aws":
		granted.open = s.withinAccount(&o, granted, resource)
	default:
		granted.open = s.acrossAccounts(&o, granted, resource)
	}
	for _, g := range s.serviceGates(&o) {
		o.gates = append(o.gates, g)
		granted.open = and(granted.open, g.open)
	}
	o.allow = and(scp, endpoint, granted.open)
	return o
}

// withinAccount: one grant is enough. What the resource grants to the session
// or the user itself is limited by nothing but a Deny; what it grants to a role,
// by boundary and session policy; what it grants to the account is for the
// identity policies to pass on
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html).
func (s *scope) withinAccount(o *outcome, granted gate, resource reach) Expr {
	own := s.ownPolicies(o)
	trust := s.trustsAccount()
	passed := and(or(is(trust), resource.account), own.identity)
	fromResource := or(resource.direct, resource.role)
	if !trust || s.hasResourceSide() {
		o.grants = append(o.grants, gate{granted.layer, fromResource, granted.deny})
	}
	o.grants = append(o.grants, gate{s.identityLayer(), passed, no()})
	if !resource.direct.True() {
		o.gates = append(o.gates, gate{LayerBoundary, own.boundary, no()}, gate{LayerSession, own.session, no()})
	}
	return or(resource.direct, and(own.boundary, own.session, or(resource.role, passed)))
}

// acrossAccounts: both sides must allow
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html).
// A KMS grant needs nothing of the other account's policies: that is how a
// service-linked role, whose policies nobody can change, uses a key of another
// account
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html).
func (s *scope) acrossAccounts(o *outcome, granted gate, resource reach) Expr {
	own := s.ownPolicies(o)
	within := and(own.boundary, own.session)
	grant := s.kmsGrants()
	byGrant := or(grant.direct, and(within, grant.role))
	if byGrant.True() {
		o.grants = append(o.grants, gate{LayerGrant, yes(), no()})
	} else {
		o.gates = append(o.gates, gate{s.identityLayer(), own.identity, no()}, gate{LayerBoundary, own.boundary, no()},
			gate{LayerSession, own.session, no()}, granted)
	}
	return or(and(own.identity, within, resource.any()), byGrant)
}

// own is what the policies attached to a principal allow.
type own struct{ identity, boundary, session Expr }

// ownPolicies evaluates what is attached to the principal; what it denies is
// heard.
func (s *scope) ownPolicies(o *outcome) own {
	p, w := &s.q.Policies, &s.who
	if w.kind == root {
		// The root user may do everything in its account, and nobody can attach a
		// policy to it (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html).
		return own{yes(), yes(), yes()}
	}
	hear := func(layer Layer, docs []*policy.Document) Expr {
		said := s.says(layer, docs)
		o.limit(layer, yes(), said)
		return said.allow
	}
	out := own{hear(LayerIdentity, p.Identity), yes(), yes()}
	if p.Boundary != nil {
		out.boundary = hear(LayerBoundary, p.Boundary)
	}
	switch {
	case p.Session != nil:
		out.session = hear(LayerSession, p.Session)
	case w.kind == federatedUser:
		// A federated user without a session policy has no permissions of its own
		// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html).
		out.session = no()
	}
	return out
}

// resourceGrants is what the resource's own policy, and what a service has
// beside it, grants to the principal.
func (s *scope) resourceGrants() (reach, side) {
	switch s.service {
	case "s3":
		if s.q.Facts.S3 != nil {
			return s.s3Grants()
		}
	case "elasticfilesystem":
		if s.q.Policies.Resource == nil && strings.HasPrefix(strings.ToLower(s.name), "client") {
			// A file system without a policy is open to whoever reaches its mount
			// target (https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html).
			return reach{direct: yes()}, side{}
		}
	}
	r, said := s.grants(LayerResource, s.q.Policies.Resource, s.powerless)
	return r.or(s.kmsGrants()), said
}
