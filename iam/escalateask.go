package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
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
	pending    []*Edge            // changes of others that it can make
	docs       []*policy.Document // its identity policies, once they were put together
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
	t.docs, t.pending = nil, nil
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
	if s.docs != nil {
		return s.docs
	}
	out := []*policy.Document{}
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
	s.docs = out
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

// Doubt is what keeps something from being certain. Its zero value is none.
type Doubt struct {
	// If are conditions of a call that its caller may or may not meet.
	If []string
	// Missing are facts that nobody gave.
	Missing []string
	// Unread says of the facts why they are not known.
	Unread []*haetae.Unknown
}

// None tells whether there is no doubt.
func (d Doubt) None() bool { return len(d.If) == 0 && len(d.Missing) == 0 }

// and is both doubts together.
func (d Doubt) and(o Doubt) Doubt {
	return Doubt{merged(d.If, o.If), merged(d.Missing, o.Missing), merged(d.Unread, o.Unread)}
}

// less tells whether there is less doubt: fewer facts are missing, then there
// are fewer conditions.
func (d Doubt) less(o Doubt) bool {
	return len(d.Missing) < len(o.Missing) || len(d.Missing) == len(o.Missing) && len(d.If) < len(o.If)
}

func merged[T comparable](a, b []T) []T {
	if len(b) == 0 {
		return a
	}
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// reply is whether a standing may make a call.
type reply struct {
	verdict    Verdict
	statements []Used
	chosen     map[string]Values // keys of the request that the caller sets so
	doubt      Doubt
}

// attempt is a request as an escalation makes it.
type attempt struct {
	action    string
	resources []string
	context   map[string]Values
	granted   bool // the side of the resource allows it
	fresh     bool // the resource is new: it has no policy and no tags yet
	unlimited bool // as if the organization limited nothing
}

// choosable tells whether the caller sets a condition key as it likes. Other
// parameters of a call say what the call does, or are facts about what is there:
// a call that hangs on them is conditional.
func choosable(lower string, c *attempt) bool {
	switch lower {
	case "aws:tagkeys", "aws:requestedregion", "sts:rolesessionname", "sts:sourceidentity":
		return true
	case "ec2:instancetype", "ec2:region", "ec2:volumesize", "ec2:volumetype", "ec2:encrypted", "ec2:metadatahttptokens", "autoscaling:instancetype",
		"autoscaling:instancetypes", "sagemaker:instancetypes", "lambda:principal", "lambda:functionurlauthtype":
		return c.fresh
	}
	return strings.HasPrefix(lower, "aws:requesttag/")
}

// ask decides a call of a standing. Keys of the request that nobody knows are
// unknown; what hangs only on keys that the caller chooses is allowed.
func (x *escalator) ask(s *standing, c *attempt) reply {
	// The same call comes with every role that may be passed.
	if x.asked == nil || x.asker != s {
		x.asker, x.asked = s, map[string]reply{}
	}
	key := c.key()
	r, done := x.asked[key]
	if !done {
		r = x.decide(s, c)
		x.asked[key] = r
	}
	return r
}

func (c *attempt) key() string {
	var b strings.Builder
	b.WriteString(c.action)
	for _, r := range c.resources {
		b.WriteString("\x00" + r)
	}
	for _, k := range slices.Sorted(maps.Keys(c.context)) {
		b.WriteString("\x01" + k)
		for _, v := range c.context[k].List {
			b.WriteString("\x02" + v)
		}
	}
	fmt.Fprintf(&b, "\x03%t%t%t", c.granted, c.fresh, c.unlimited)
	return b.String()
}

// decide has the evaluator decide a call.
func (x *escalator) decide(s *standing, c *attempt) reply {
	q, err := x.question(s, c)
	if err != nil {
		return reply{verdict: DependsOn, doubt: Doubt{Missing: []string{err.Error()}}}
	}
	d, err := x.engine.Decide(q)
	if err != nil {
		return reply{verdict: DependsOn, doubt: Doubt{Missing: []string{err.Error()}}}
	}
	if d.Verdict != DependsOn {
		return reply{verdict: d.Verdict, statements: d.Statements}
	}
	out := reply{verdict: DependsOn, statements: d.Statements, doubt: doubtOf(c.action, d.Depends)}
	if d.Depends.Example == nil {
		return out
	}
	// The keys that the caller sets are set as in the example, and all others
	// stay unknown. If the call is allowed so, the caller can have it so.
	chosen := map[string]Values{}
	try := *q
	try.Request.Context = maps.Clone(q.Request.Context)
	try.Known = slices.Clone(q.Known)
	d.Depends.Request.atoms(func(a *atom) {
		for _, v := range a.vars {
			if (choosable(v, c) || s.freeTags && strings.HasPrefix(v, "aws:principaltag/")) && !q.isKnown(v) {
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
		out.verdict, out.doubt = Allowed, Doubt{}
		return out
	}
	out.doubt = doubtOf(c.action, again.Depends)
	return out
}

// isKnown tells whether a key is among those that are known.
func (q *Question) isKnown(lower string) bool { return newKeyPatterns(q.Known).match(lower) }

// doubtOf is what an open decision hangs on.
func doubtOf(action string, d *Dependence) Doubt {
	out := Doubt{Missing: d.Missing, Unread: d.Unread}
	for _, h := range hangs(d.Request) {
		if !slices.Contains(d.Missing, h) {
			out.If = append(out.If, h)
		}
	}
	if out.None() {
		out.If = []string{"conditions of " + action}
	}
	return out
}

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

// question is all that is known about a call: what the world says, with the
// policies of the standing in place of those of the snapshot.
func (x *escalator) question(s *standing, c *attempt) (*Question, error) {
	given := map[string]Values{"aws:SecureTransport": One("true")}
	if s.mfa {
		given["aws:MultiFactorAuthPresent"] = One("true")
	}
	if region, known := regionOf(c.resources); known {
		given["aws:RequestedRegion"] = One(region)
	}
	var lacking []string
	for k, v := range c.context {
		if len(v.List) == 0 {
			lacking = append(lacking, k)
			continue
		}
		given[k] = v
	}
	q, _, err := x.world.Ask(Request{Principal: Principal{ARN: s.arn}, Action: c.action, Resources: c.resources, Context: given})
	if err != nil {
		return nil, err
	}
	q.Known = append(q.Known, lacking...)
	if !x.takesTags(c.action) {
		q.Known = append(q.Known, "aws:RequestTag/*", "aws:TagKeys")
	}
	p := &q.Policies
	p.Identity, p.Boundary = x.without(x.identity(s), c.action), nil
	if s.boundary != nil && !s.unbound {
		p.Boundary = s.boundary
	}
	if c.unlimited {
		p.SCP = nil
	}
	switch t := x.byARN[leading(c.resources)]; {
	case c.granted:
		p.Resource = grantTo(s.arn, c.action)
	case t != nil && t.role && strings.HasPrefix(c.action, "sts:"):
		p.Resource = t.trust
	case t != nil || c.fresh:
		p.Resource = nil // a trust policy is for nobody else, and what is new has no policy yet
	}
	if p.Resource != nil {
		p.Resource = x.without([]*policy.Document{p.Resource}, c.action)[0]
	}
	if c.fresh {
		service, _ := policy.SplitAction(c.action)
		q.Known = append(q.Known, "aws:ResourceTag/*", service+":ResourceTag/*")
	}
	if s.freeTags {
		q.Known = slices.DeleteFunc(q.Known, func(k string) bool { return k == "aws:PrincipalTag/*" })
		q.Facts.Principal.Tags = nil
	} else if s.made {
		q.Known = append(q.Known, "aws:PrincipalTag/*")
	}
	return q, nil
}

// takesTags tells whether a call can bring tags: only then it has their keys
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requesttag).
func (x *escalator) takesTags(action string) bool {
	service, name := policy.SplitAction(action)
	a, found := x.engine.catalogue.Action(service, name)
	if !found {
		return true
	}
	tag := func(k *permission.Key) bool {
		return k.Name == "aws:TagKeys" || strings.HasPrefix(k.Name, "aws:RequestTag/")
	}
	return slices.ContainsFunc(a.Keys, tag) || slices.ContainsFunc(a.Resources, func(r permission.Resource) bool {
		return slices.ContainsFunc(r.Keys, tag) || r.Need == permission.NotSaid
	})
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

// grantTo is the policy of a resource that allows one principal one action.
func grantTo(arn, action string) *policy.Document {
	return policy.FromTree(map[string]any{"Version": policy.Version2012, "Statement": map[string]any{"Effect": "Allow",
		"Principal": map[string]any{"AWS": arn}, "Action": action}}, policy.Trust, "the policy that names the caller")
}

func leading(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
