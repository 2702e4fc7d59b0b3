package iam

import (
	"strings"

	"github.com/haetae/haetae/policy"
)

// Decide answers a question. The error says what of the question cannot be read;
// oddities of policies are problems of the decision, never errors.
func (e *Engine) Decide(q *Question) (*Decision, error) {
	scopes, problems, err := e.scopes(q, q.keyLists())
	if err != nil {
		return nil, err
	}
	d := together(scopes).resolve(scopes[0])
	d.Problems = problems
	return d, nil
}

// verdict is [Engine.Decide] without its reasons.
func (e *Engine) verdict(q *Question, keys keyLists, classes *classMemo, searches *searchMemo) (Verdict, error) {
	scopes, _, err := e.scopes(q, keys)
	if err != nil {
		return ImplicitlyDenied, err
	}
	for _, s := range scopes {
		s.memo = classes
	}
	return searches.find(together(scopes), scopes[0]), nil
}

// together is the outcome of a request that is evaluated against several
// resources: it needs all of them
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
func together(scopes []*scope) *outcome {
	if len(scopes) == 1 {
		o := scopes[0].decide()
		o.parts = []doors{o.doors}
		return &o
	}
	all := &outcome{allow: yes()}
	for _, s := range scopes {
		o := s.decide()
		all.allow, all.deny = and(all.allow, o.allow), or(all.deny, o.deny)
		all.used = append(all.used, o.used...)
		all.parts = append(all.parts, o.doors)
	}
	return all
}

// outcome is what the layers say together.
type outcome struct {
	allow, deny Expr
	used        []usedExpr
	doors               // of the resource that is being decided
	parts       []doors // of all resources
}

// doors tell, for one resource, which layers are open to the request: each gate
// must be, and of each group of grants one.
type doors struct {
	gates  []gate
	grants [][]gate
}

// gate is a layer with whether it lets the request through.
type gate struct {
	layer Layer
	open  Expr
}

// limit adds a layer that every request must pass.
func (o *outcome) limit(layer Layer, open Expr, said side) {
	o.gate(layer, open)
	o.hear(said)
}

// gate adds a layer that may be closed.
func (o *outcome) gate(layer Layer, open Expr) {
	if !open.True() {
		o.gates = append(o.gates, gate{layer, open})
	}
}

// hear adds what a layer denies, and the statements that it says it with.
func (o *outcome) hear(said side) {
	o.used = append(o.used, said.used...)
	o.deny = or(o.deny, said.deny)
}

// decide combines the layers for one resource
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html).
func (s *scope) decide() outcome {
	var o outcome
	if s.free() {
		return outcome{allow: yes(), doors: doors{grants: [][]gate{{{LayerService, yes()}}}}}
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

	sources, said := s.sources()
	o.hear(said)
	var granted Expr
	switch {
	case !w.inAccount():
		// Services, users of identity providers and strangers have nothing but
		// what the resource grants.
		o.grants = append(o.grants, gates(sources))
		granted = anyOf(sources).any()
	case s.account == w.account || s.account == "aws":
		granted = s.withinAccount(&o, sources)
	default:
		granted = s.acrossAccounts(&o, sources)
	}
	for _, g := range s.serviceGates(&o) {
		o.gates = append(o.gates, g)
		granted = and(granted, g.open)
	}
	o.allow = and(scp, endpoint, granted)
	return o
}

// withinAccount: one grant is enough. What the resource grants to the session
// or the user itself is limited by nothing but a Deny; what it grants to a role,
// by boundary and session policy; what it grants to the account is for the
// identity policies to pass on
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html).
func (s *scope) withinAccount(o *outcome, sources []source) Expr {
	own, resource := s.ownPolicies(o), anyOf(sources)
	trust := s.trustsAccount()
	passed := and(or(is(trust), resource.account), own.identity)
	var grants []gate
	for _, from := range sources {
		if open := or(from.direct, from.role); !trust {
			// A key or a role that trusts the account has its part in it.
			grants = append(grants, gate{from.layer, or(open, and(from.account, own.identity))})
		} else if from.there {
			grants = append(grants, gate{from.layer, open})
		}
	}
	within := and(own.boundary, own.session)
	if resource.direct.True() {
		// Boundary and session policy stop nothing, but they may keep the identity
		// policies from having decided.
		o.grants = append(o.grants, append(grants, gate{s.identityLayer(), and(within, passed)}))
	} else {
		o.grants = append(o.grants, append(grants, gate{s.identityLayer(), passed}))
		o.gate(LayerBoundary, own.boundary)
		o.gate(LayerSession, own.session)
	}
	return or(resource.direct, and(within, or(resource.role, passed)))
}

// acrossAccounts: both sides must allow
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html).
// A KMS grant needs nothing of the other account's policies: that is how a
// service-linked role, whose policies nobody can change, uses a key of another
// account
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html).
func (s *scope) acrossAccounts(o *outcome, sources []source) Expr {
	own := s.ownPolicies(o)
	within := and(own.boundary, own.session)
	grant := s.kmsGrants()
	byGrant := or(grant.direct, and(within, grant.role))
	if byGrant.True() {
		o.grants = append(o.grants, []gate{{LayerGrant, yes()}})
	} else {
		o.gate(LayerBoundary, own.boundary)
		o.gate(LayerSession, own.session)
		o.grants = append(o.grants, []gate{{s.identityLayer(), own.identity}}, gates(sources))
	}
	return or(and(own.identity, within, anyOf(sources).any()), byGrant)
}

// own is what the policies attached to a principal allow.
type own struct{ identity, boundary, session Expr }

// ownPolicies evaluates what is attached to the principal; what it denies is
// heard.
func (s *scope) ownPolicies(o *outcome) own {
	p, w := &s.q.Policies, &s.who
	hear := func(layer Layer, docs []*policy.Document) Expr {
		said := s.says(layer, docs)
		o.limit(layer, yes(), said)
		return said.allow
	}
	out := own{yes(), yes(), yes()}
	if w.kind != root {
		// The root user may do everything in its account, and nobody can attach a
		// policy to it (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html);
		// but a session that AssumeRoot gave has the policy of its task.
		out.identity = hear(LayerIdentity, p.Identity)
		if p.Boundary != nil {
			out.boundary = hear(LayerBoundary, p.Boundary)
		}
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

// source is something of the resource that grants.
type source struct {
	layer Layer
	there bool // false: the resource has no such thing
	reach
}

func anyOf(sources []source) reach {
	var r reach
	for _, from := range sources {
		r = r.or(from.reach)
	}
	return r
}

func gates(sources []source) []gate {
	var out []gate
	for _, from := range sources {
		out = append(out, gate{from.layer, from.any()})
	}
	return out
}

// sources are what the resource's own policy, and what its service has beside
// it, grants to the principal. What the policy denies is told too.
func (s *scope) sources() ([]source, side) {
	own := s.q.Policies.Resource
	switch s.service {
	case "s3":
		if s.q.Facts.S3 != nil {
			return s.s3Sources()
		}
	case "elasticfilesystem":
		if own == nil && strings.HasPrefix(strings.ToLower(s.name), "client") {
			// A file system without a policy is open to whoever reaches its mount
			// target (https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html).
			return []source{{LayerService, true, reach{direct: yes()}}}, side{}
		}
	}
	r, said := s.grants(LayerResource, own, s.powerless)
	out := []source{{LayerResource, own != nil, r}}
	if s.service == "kms" && len(s.q.Facts.Grants) > 0 {
		out = append(out, source{LayerGrant, true, s.kmsGrants()})
	}
	return out, said
}
