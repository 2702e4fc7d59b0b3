package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// standing is a principal as it stands after steps of an escalation: as the
// snapshot says, or changed.
type standing struct {
	*subject
	any        bool // its identity policies allow everything
	unbound    bool // no boundary
	noInline   bool // without inline policies that deny
	noAttached bool
	freeTags   bool
	mfa        bool
	joined     []*haetae.Resource // groups beside its own
	left       []*haetae.Resource // groups that it left
	versions   map[*haetae.Resource]int
	pending    []*Edge // changes of others that it can make
}

// key tells standings of one subject apart.
func (s *standing) key() string {
	var b strings.Builder
	b.WriteString(s.arn)
	for _, f := range []struct {
		on   bool
		mark string
	}{{s.any, "+any"}, {s.unbound, "-boundary"}, {s.noInline, "-inline"}, {s.noAttached, "-attached"}, {s.freeTags, "+tags"}, {s.mfa, "+mfa"}} {
		if f.on {
			b.WriteString(f.mark)
		}
	}
	ids := func(list []*haetae.Resource, mark string) {
		var names []string
		for _, g := range list {
			names = append(names, g.ID)
		}
		slices.Sort(names)
		for _, n := range names {
			b.WriteString(mark + n)
		}
	}
	ids(s.joined, "+group:")
	ids(s.left, "-group:")
	var versions []string
	for p, v := range s.versions {
		versions = append(versions, fmt.Sprintf("=%s/%d", p.ID, v))
	}
	slices.Sort(versions)
	return b.String() + strings.Join(versions, "")
}

// plain tells whether it is as the snapshot says.
func (s *standing) plain() bool { return s.key() == s.arn }

// changed is the standing after a change; through, group and policy are what
// the primitive ranged over.
func (s *standing) changed(c Change, cast *cast) *standing {
	t := *s
	switch c {
	case AnyPolicy:
		t.any = true
	case NoBoundary:
		t.unbound = true
	case NoInlineDeny:
		t.noInline = true
	case NoAttachedDeny:
		t.noAttached = true
	case AnyTags:
		t.freeTags = true
	case WithMFA:
		t.mfa = true
	case InGroup:
		t.joined = append(slices.Clone(s.joined), cast.group)
	case NoGroupDeny:
		t.left = append(slices.Clone(s.left), cast.group)
	case OtherVersion:
		t.versions = maps.Clone(s.versions)
		if t.versions == nil {
			t.versions = map[*haetae.Resource]int{}
		}
		t.versions[cast.policy] = cast.version
	}
	return &t
}

// removal takes an action out of a statement.
type removal struct {
	statement *policy.Statement
	action    string
}

// identity are the identity policies of a standing.
func (x *escalator) identity(s *standing) []*policy.Document {
	var out []*policy.Document
	if s.any {
		out = append(out, x.everyone)
	}
	for _, d := range s.inline {
		if !s.noInline || !denies(d) {
			out = append(out, d)
		}
	}
	add := func(docs []*policy.Document, policies []*haetae.Resource, noDeny bool) {
		for i, d := range docs {
			if p := policies[i]; p != nil {
				if v, changed := s.versions[p]; changed {
					d = x.version(p, v, d)
				}
			}
			if !noDeny || !denies(d) {
				out = append(out, d)
			}
		}
	}
	add(s.attached, s.policies, s.noAttached)
	for _, g := range slices.Concat(s.groups, s.joined) {
		if slices.Contains(s.left, g) {
			continue
		}
		own := x.inline(g)
		out = append(out, own...)
		docs, policies := x.managed(g)
		add(docs, policies, false)
	}
	return out
}

// version is another version of a managed policy.
func (x *escalator) version(p *haetae.Resource, i int, now *policy.Document) *policy.Document {
	list, _ := p.Observed["Versions"].([]any)
	if i >= len(list) {
		return now
	}
	m, _ := list[i].(map[string]any)
	name := fmt.Sprintf("%s, version %v", now.Name, m["VersionId"])
	if m["PolicyDocument"] == nil {
		return policy.Unreadable(policy.Identity, name, &haetae.Unknown{Reason: haetae.NotAsked, Detail: "the text of " + name + " was not read"})
	}
	return x.document(m["PolicyDocument"], policy.Identity, Source{p, fmt.Sprintf("observed.Versions[%d].PolicyDocument", i), name})
}

// denies tells whether a policy has a statement that denies.
func denies(d *policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(s *policy.Statement) bool { return s.Effect == policy.Deny })
}

// without leaves out the statements that are removed for the action.
func (x *escalator) without(docs []*policy.Document, action string) []*policy.Document {
	if len(x.removed) == 0 {
		return docs
	}
	gone := func(s *policy.Statement) bool { return x.removed[removal{s, action}] }
	for i, d := range docs {
		if d == nil || !slices.ContainsFunc(d.Statements, gone) {
			continue
		}
		docs = slices.Clone(docs)
		rest := *d
		rest.Statements = slices.DeleteFunc(slices.Clone(d.Statements), gone)
		docs[i] = &rest
	}
	return docs
}

// reply is whether a standing may make a call.
type reply struct {
	verdict    Verdict
	statements []Used
	chosen     map[string]Values // keys of the request that the caller sets so
	depends    []string          // what a conditional answer hangs on
	missing    []string          // facts that nobody gave
}

// call is a request as an escalation makes it.
type call struct {
	action    string
	resources []string
	context   map[string]Values
	on        *haetae.Resource // what the resource is, when the snapshot has it
	granted   bool             // the resource's policy names the caller
	fresh     bool             // the resource is new: it has no tags yet
}

// derivedKeys are the condition keys that follow from who asks and for what, so
// that an escalation knows them; calls that a service makes for the caller are
// none of an escalation's.
func derivedKeys() []string {
	return []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalIsAWSService", "aws:PrincipalServiceName*",
		"aws:username", "aws:ResourceAccount", "aws:ViaAWSService", "aws:CalledVia*", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrg*",
		"aws:SecureTransport", "kms:ViaService", "kms:CallerAccount", "kms:GrantIsForAWSResource"}
}

// choosable tells whether the caller sets a condition key as it likes, such as
// the parameters of its call, rather than having to be somewhere or somebody.
func choosable(lower, service string) bool {
	switch lower {
	case "aws:tagkeys", "aws:requestedregion", "sts:rolesessionname", "sts:sourceidentity":
		return true
	case "sts:externalid", "s3:signatureage", "s3:authtype":
		return false
	}
	if strings.HasPrefix(lower, "aws:requesttag/") || strings.HasPrefix(lower, "saml:") {
		return true
	}
	prefix, _, _ := strings.Cut(lower, ":")
	return prefix == service && !fact(lower)
}

// ask decides a call of a standing. Keys of the request that nobody knows are
// unknown; what hangs only on keys that the caller chooses is allowed.
func (x *escalator) ask(s *standing, c *call) reply {
	q := x.question(s, c)
	d, err := x.engine.Decide(q)
	if err != nil {
		return reply{verdict: DependsOn, missing: []string{err.Error()}}
	}
	if d.Verdict != DependsOn {
		return reply{verdict: d.Verdict, statements: d.Statements}
	}
	out := reply{verdict: DependsOn, statements: d.Statements, missing: d.Depends.Missing, depends: hangs(d.Depends.Request)}
	if d.Depends.Example == nil {
		return out
	}
	// The keys that the caller sets are set as in the example, and all others
	// stay unknown. If the call is allowed so, the caller can have it so.
	service, _ := policy.SplitAction(c.action)
	chosen := map[string]Values{}
	try := *q
	try.Request.Context = maps.Clone(q.Request.Context)
	try.Known = slices.Clone(q.Known)
	d.Depends.Request.atoms(func(a *atom) {
		for _, v := range a.vars {
			if choosable(v, service) && !q.isKnown(v) {
				try.Known = append(try.Known, v)
				if value, ok := lookup(d.Depends.Example.Context, v); ok {
					chosen[v], try.Request.Context[v] = value, value
				}
			}
		}
	})
	if len(try.Known) == len(q.Known) {
		return out
	}
	again, err := x.engine.Decide(&try)
	if err != nil || again.Verdict != Allowed && again.Verdict != DependsOn {
		return out
	}
	out.statements, out.chosen = again.Statements, chosen
	if again.Verdict == Allowed {
		out.verdict, out.missing, out.depends = Allowed, nil, nil
		return out
	}
	out.missing, out.depends = again.Depends.Missing, hangs(again.Depends.Request)
	return out
}

// isKnown tells whether a key is among those that are known.
func (q *Question) isKnown(lower string) bool { return newKeyPatterns(q.Known).match(lower) }

// hangs are the conditions that an expression hangs on, in words.
func hangs(e Expr) (out []string) {
	e.atoms(func(a *atom) {
		what := a.what
		if a.cond != nil {
			var values []string
			for _, v := range a.cond.Values {
				values = append(values, v.Text)
			}
			what = a.cond.Key + " " + a.cond.Operator.Written + " " + strings.Join(values, ", ")
		}
		if what != "" && !slices.Contains(out, what) {
			out = append(out, what)
		}
	})
	return out
}

// question is all that is known about a call.
func (x *escalator) question(s *standing, c *call) *Question {
	q := &Question{
		Request:  Request{Principal: Principal{ARN: s.arn}, Action: c.action, Resources: c.resources, Account: s.accountID(), Context: map[string]Values{}},
		Policies: Policies{Identity: x.without(x.identity(s), c.action), SCP: x.scp(s.account, c.action)},
		Unknown:  []string{"*"}, Known: derivedKeys(),
	}
	if s.boundary != nil && !s.unbound {
		q.Policies.Boundary = x.without(s.boundary, c.action)
	}
	f := &q.Facts
	f.Principal.ServiceLinked = s.linked
	f.Principal.ManagementAccount = s.account.management != nil && *s.account.management
	f.Principal.OrgID, f.Principal.Tags = s.account.orgID, s.tags
	if f.Principal.OrgID != "" {
		q.Known = append(q.Known, "aws:PrincipalOrgID")
	}
	if !s.freeTags && !s.tagless {
		q.Known = append(q.Known, "aws:PrincipalTag/*")
	}
	x.resourceSide(q, s, c)
	set := func(k string, v Values) {
		q.Request.Context[k] = v
		q.Known = append(q.Known, k)
	}
	set("aws:ViaAWSService", One("false"))
	set("aws:SecureTransport", One("true"))
	if s.mfa {
		set("aws:MultiFactorAuthPresent", One("true"))
	}
	if region, known := regionOf(c.resources); known {
		set("aws:RequestedRegion", One(region))
	}
	for k, v := range c.context {
		set(k, v)
	}
	return q
}

// regionOf is the region that a call goes to, as far as its resources say. The
// global services of identities are called in one region
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion).
func regionOf(resources []string) (string, bool) {
	for _, r := range resources {
		a, err := arn.Parse(r)
		if err != nil {
			continue
		}
		if a.Region != "" {
			return a.Region, true
		}
		if a.Service == "iam" || a.Service == "organizations" {
			return "us-east-1", true
		}
	}
	return "", false
}

// policyOf says where resources of a type hold their own policy.
func policyOf() map[string]string {
	return map[string]string{
		"AWS::KMS::Key": "KeyPolicy", "AWS::S3::Bucket": "PolicyDocument", "AWS::SecretsManager::Secret": "PolicyDocument",
		"AWS::Lambda::Function": "PolicyDocument", "AWS::ECR::Repository": "RepositoryPolicyText",
	}
}

// resourceSide fills in what belongs to the resource of a call.
func (x *escalator) resourceSide(q *Question, s *standing, c *call) {
	var owner *account
	known := c.fresh
	if t := x.byARN[firstOf(c.resources)]; t != nil {
		owner = t.account
		if strings.HasPrefix(c.action, "sts:") && t.trust != nil {
			q.Policies.Resource = x.without([]*policy.Document{t.trust}, c.action)[0]
		}
		q.Facts.Resource.Tags, known = t.tags, !t.tagless
	} else if c.on != nil {
		owner = x.accountOf(c.on)
		q.Facts.Resource.Tags, known = nil, false
		tags, vague := plainTags(c.on)
		if !vague {
			q.Facts.Resource.Tags, known = tags, true
		}
		if member := x.holders[c.on.Type]; member != "" {
			tree := c.on.Props[member]
			if tree == nil {
				tree = c.on.Observed[member]
			}
			q.Policies.Resource = x.resourcePolicy(c.on, tree, member)
		}
		if c.on.Account != "" {
			q.Request.Account = c.on.Account
		}
	}
	if c.granted {
		q.Policies.Resource = grantTo(s.arn, c.action)
	}
	if known {
		service, _ := policy.SplitAction(c.action)
		q.Known = append(q.Known, "aws:ResourceTag/*", service+":ResourceTag/*")
	}
	if owner == nil {
		owner = s.account
	}
	q.Policies.RCP = owner.rcp
	q.Facts.Resource.ManagementAccount = owner.management != nil && *owner.management
	q.Facts.Resource.OrgID = owner.orgID
	if owner.orgID != "" {
		q.Known = append(q.Known, "aws:ResourceOrgID")
	}
}

func (x *escalator) resourcePolicy(r *haetae.Resource, tree any, member string) *policy.Document {
	if d, done := x.ofResource[r]; done {
		return d
	}
	d := x.document(tree, policy.Resource, Source{r, member, "policy of " + r.ID})
	x.ofResource[r] = d
	return d
}

// grantTo is the policy of a resource that allows one principal one action.
func grantTo(arn, action string) *policy.Document {
	return policy.FromTree(map[string]any{"Version": policy.Version2012, "Statement": map[string]any{"Effect": "Allow",
		"Principal": map[string]any{"AWS": arn}, "Action": action}}, policy.Trust, "the policy that names the caller")
}

func (x *escalator) scp(a *account, action string) []Level {
	if len(x.removed) == 0 {
		return a.scp
	}
	out := slices.Clone(a.scp)
	for i := range out {
		out[i].Policies = x.without(out[i].Policies, action)
	}
	return out
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
