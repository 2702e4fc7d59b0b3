package iam

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// May is a decision as a rule needs it: what a caller can choose of a request
// does not make it doubtful, only what nobody knows does.
type May struct {
	// Is tells that some request is allowed, Conditional that it must meet
	// conditions.
	Is, Conditional bool
	// Unread is what must be known to tell; Is is then false.
	Unread []*haetae.Unknown
}

// May tells whether the request is one that is allowed for some values of what
// it does not say.
func (w *World) May(r Request) (May, error) {
	q, _, err := w.Ask(r)
	if err != nil {
		return May{}, err
	}
	_, may, err := w.engine.decideMay(q)
	return may, err
}

func (e *Engine) decideMay(q *Question) (*Decision, May, error) {
	d, err := e.Decide(q)
	if err != nil || d.Verdict != Allowed && d.Verdict != DependsOn {
		return d, May{}, err
	}
	if d.Verdict == Allowed {
		return d, May{Is: true}, nil
	}
	if len(d.Depends.Missing) == 0 {
		return d, May{Is: true, Conditional: true}, nil
	}
	if d.Depends.Example == nil {
		return d, May{Unread: d.Depends.Unread}, nil
	}
	// A request that is allowed whatever the missing facts are is enough. What
	// the example takes of facts is not the caller's to choose.
	again := *q
	again.Request = *d.Depends.Example
	again.Request.Context = map[string]Values{}
	again.Known = slices.Clone(q.Known)
	for k, v := range d.Depends.Example.Context {
		if _, given := lookup(q.Request.Context, k); given || !fact(strings.ToLower(k)) {
			again.Request.Context[k] = v
			again.Known = append(again.Known, k)
		}
	}
	if sure, err := e.Decide(&again); err == nil && sure.Verdict == Allowed {
		return d, May{Is: true, Conditional: true}, nil
	}
	return d, May{Unread: d.Depends.Unread}, nil
}

// Holder is somebody who may do something.
type Holder struct {
	Principal Principal
	Identity  *Identity // nil when the snapshot does not have it
	// May is never a plain no: those who may not are left out.
	May May
}

// WhoMay is [World.WhoCan] as rules need it. unread says why there may be
// others: identities of an account that counts were not all listed.
func (w *World) WhoMay(action, resource string) (holders []Holder, unread []*haetae.Unknown, err error) {
	list, err := w.WhoCan(action, resource)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range list {
		may := May{Is: true, Conditional: a.Decision.Verdict == DependsOn}
		if d := a.Decision.Depends; d != nil && len(d.Missing) > 0 {
			ask := w.Ask
			if a.Identity == nil {
				ask = w.askStranger
			}
			q, _, err := ask(request(a.Principal, action, resource))
			if err != nil {
				return nil, nil, err
			}
			if _, may, err = w.engine.decideMay(q); err != nil {
				return nil, nil, err
			}
		}
		holders = append(holders, Holder{a.Principal, a.Identity, may})
	}
	return holders, w.unlisted(resource), nil
}

// unlisted says why there may be more identities that count for a resource: of
// its own account, and of those that its policy names.
func (w *World) unlisted(resource string) []*haetae.Unknown {
	var out []*haetae.Unknown
	r, found := w.Resource(resource)
	var d *policy.Document
	if found {
		d = w.Policy(r)
	}
	if d != nil {
		if u := unreadAllow(d); u != nil {
			out = append(out, u)
		}
	}
	for _, id := range w.accountIDs() {
		a := w.accounts[id]
		if found && id != r.Account && (d == nil || !namesAccount(d, id)) {
			continue
		}
		for _, typ := range []string{"AWS::IAM::User", "AWS::IAM::Role"} {
			list, why := w.graph.All(a.any, typ)
			if why != nil {
				out = append(out, why)
			}
			for _, i := range list {
				if i.ARN == "" {
					out = append(out, unread(nil, "the ARN of "+typ+" "+i.ID+" was not read", "iam:GetAccountAuthorizationDetails"))
				}
			}
		}
	}
	return out
}

// Public tells whether anybody at all may do something with a resource: nobody
// in particular, or a principal of an account that nobody named, from an address
// of the internet. All layers count. Conditions that any caller can meet, such
// as one on TLS, keep nobody out.
func (w *World) Public(r *haetae.Resource) (May, error) {
	var out May
	d := w.Policy(r)
	var actions []string
	names := map[string]string{}
	add := func(action, name string) {
		if names[action] == "" {
			actions = append(actions, action)
			names[action] = name
		}
	}
	if d != nil {
		if u := unreadAllow(d); u != nil {
			out.Unread = append(out.Unread, u)
		}
		for a := range w.engine.actionsOf(d, r.ARN) {
			add(a.String(), resourceName(r, a))
		}
	}
	if r.Type == "AWS::S3::Bucket" {
		// What an ACL can grant of the bucket itself (the page of aclActions).
		add("s3:ListBucket", r.ARN)
		add("s3:PutObject", r.ARN+"/*")
		add("s3:GetBucketAcl", r.ARN)
		add("s3:PutBucketAcl", r.ARN)
		if u := unreadGrants(r); u != nil {
			out.Unread = append(out.Unread, u)
		}
	}
	for _, s := range w.anybody() {
		for _, action := range actions {
			if service, name := policy.SplitAction(action); s.principal.Anonymous {
				if a, known := w.engine.catalogue.Action(service, name); !known || !unsigned(a) {
					continue
				}
			}
			_, may, err := w.decideOutsider(s, action, names[action], onTheInternet)
			if err != nil {
				return May{}, err
			}
			if may.Is {
				return may, nil
			}
			out.Unread = merged(out.Unread, may.Unread)
		}
	}
	return out, nil
}

func unreadGrants(r *haetae.Resource) *haetae.Unknown {
	switch v := r.Props["Grants"].(type) {
	case *haetae.Unknown:
		return v
	case *haetae.OpenList:
		return v.Why
	}
	return nil
}

// onTheInternet makes the caller one who comes from no network that a policy
// could name. The address is a public one of no special use.
func onTheInternet(q *Question) {
	q.set("aws:SourceIp", One("100.128.77.7"))
	q.Known = append(q.Known, "aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn", "aws:VpcSourceIp", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
		"aws:SourceArn", "aws:SourceAccount", "aws:SourceOwner", "aws:SourceOrgID", "aws:SourceOrgPaths", "s3:DataAccessPointAccount", "s3:DataAccessPointArn",
		"kms:ViaService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast")
}

// Admins tells administrators apart. It keeps what it was asked and is not safe
// for concurrent use.
type Admins struct {
	x     *escalator
	known map[*Identity]May
}

// Admins is ready to tell who of the world is an administrator.
func (w *World) Admins() *Admins {
	return &Admins{newEscalator(w, nil), map[*Identity]May{}}
}

// Is tells whether an identity is an administrator of its account, as
// [World.Escalations] has it: its policies and its boundary let it do what
// administrators do, and the organization leaves it some way to change
// identities. A root user is one.
func (a *Admins) Is(i *Identity) May {
	if i.Resource == nil {
		return May{Is: true}
	}
	if may, ok := a.known[i]; ok {
		return may
	}
	var may May
	switch s := a.x.byResource[i.Resource]; {
	case s == nil:
		may.Unread = []*haetae.Unknown{unread(nil, i.ARN+" was not read", "iam:GetAccountAuthorizationDetails")}
	default:
		v, doubt := a.x.admin(&standing{subject: s})
		may.Is = v == Allowed || v == DependsOn && len(doubt.Missing) == 0
		may.Conditional = may.Is && v == DependsOn
		if v == DependsOn && !may.Is {
			may.Unread = doubt.Unread
		}
	}
	a.known[i] = may
	return may
}
