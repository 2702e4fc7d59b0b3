package iam

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// profile is a kind of principal in one account, or one principal, with a way
// into AWS. Policies tell only finitely many of them apart, so a comparison goes
// through them all; what they leave open, such as the name of a user, is solved.
type profile struct {
	who     who
	fixed   map[string]binding // keys that follow from who asks, and by which way
	gone    []string           // prefixes of keys that such a request lacks
	sure    []string           // keys that it has
	account string
	names   among // what aws:PrincipalArn can be, if it is not fixed
}

// fix gives the values of a key, in lower case, that the profile settles.
func (p *profile) fix(key string) (binding, bool) {
	if b, ok := p.fixed[key]; ok {
		return b, true
	}
	if slices.ContainsFunc(p.gone, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
		return binding{absent: true}, true
	}
	return binding{}, false
}

// open tells whether the profile leaves the key open.
func (p *profile) open(key string) bool {
	_, ok := p.fix(strings.ToLower(key))
	return !ok
}

// variable gives the values of variables as far as the profile settles them.
func (p *profile) variable(key string) policy.Value {
	b, ok := p.fix(strings.ToLower(key))
	if !ok {
		return policy.Value{Unknown: true}
	}
	return assignment{strings.ToLower(key): b}.lookup(key)
}

// under gives the values of all variables under an assignment; what it does not
// assign is absent.
func (p *profile) under(a assignment) fill {
	return func(key string) policy.Value {
		if v := p.variable(key); !v.Unknown {
			return v
		}
		return a.lookup(key)
	}
}

// domain is what the values of a key can be.
func (p *profile) domain(key string, kind permission.Kind) among {
	if key == "aws:principalarn" {
		return p.names
	}
	switch {
	case kind == permission.ARN:
		return among{all: []*wildcard.Pattern{arnShape()}}
	case strings.HasSuffix(key, "account") && strings.HasPrefix(key, "aws:"):
		return among{all: []*wildcard.Pattern{wildcard.Compile("????????????")}}
	}
	return among{}
}

// principalKeys are those that evaluation derives from who asks.
func principalKeys() []string {
	return []string{"aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:username", "aws:principalisawsservice",
		"aws:principalservicename", "aws:principalservicenameslist"}
}

// newProfile is the profile of one principal, or, with pattern, of all those of
// its kind in its account whose ARN fits.
func (d *comparer) newProfile(p Principal, pattern string) (*profile, bool) {
	q := &Question{Request: Request{Principal: p}}
	w, err := newWho(q)
	if err != nil {
		return nil, false
	}
	s := scope{q: q, catalogue: d.engine.catalogue, who: w}
	out := &profile{who: w, fixed: map[string]binding{}, account: w.account}
	for _, key := range principalKeys() {
		out.fixed[key] = binding{absent: true}
	}
	for _, key := range append(principalKeys(), "aws:userid", "aws:federatedprovider") {
		if values, ok := s.derived(key); ok {
			out.fixed[key] = binding{values: values}
		}
	}
	if !w.inAccount() {
		// A request without an AWS identity has nothing that hangs on one
		// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties).
		out.gone = []string{"aws:principaltag/", "aws:principalorg"}
	}
	if pattern != "" {
		out.names = among{
			all: []*wildcard.Pattern{wildcard.Compile(pattern)},
			// A name is not empty, and the roles of services are no one's to use.
			none: append(slices.Clone(d.named), wildcard.Compile("*/"), wildcard.Compile("*:role/aws-service-role/*")),
		}
		delete(out.fixed, "aws:principalarn")
		out.sure = []string{"aws:principalarn"}
		if w.kind == user {
			delete(out.fixed, "aws:username")
			out.sure = append(out.sure, "aws:username")
		}
	}
	return out, true
}

// as is the principal of the profile for what was found of its ARN and name;
// both may be empty.
func (p *profile) as(arnText, userName string) Principal {
	w := p.who
	partition := "aws"
	if a, err := arn.Parse(w.arn); err == nil {
		partition = a.Partition
	}
	switch w.kind {
	case anonymous:
		return Principal{Anonymous: true}
	case service:
		return Principal{Service: w.name}
	case federated:
		return Principal{Federated: w.name}
	case federatedUser:
		return Principal{ARN: w.session}
	case session:
		if arnText != "" && arnText != w.arn {
			name := arnText[strings.LastIndexByte(arnText, '/')+1:]
			return Principal{ARN: "arn:" + partition + ":sts::" + w.account + ":assumed-role/" + name + w.session[strings.LastIndexByte(w.session, '/'):]}
		}
		return Principal{ARN: w.session}
	}
	switch {
	case arnText != "":
		return Principal{ARN: arnText}
	case userName != "":
		return Principal{ARN: "arn:" + partition + ":iam::" + w.account + ":user/" + userName}
	}
	return Principal{ARN: w.arn}
}

// accountNumbers finds account ids in texts.
func accountNumbers(text string) []string {
	return regexp.MustCompile(`\b[0-9]{12}\b`).FindAllString(text, -1)
}

// mentions are what documents say about who may ask, and from where.
type mentions struct {
	accounts, partitions []string
	named                []policy.Principal
	principals           bool // somebody asks who it is
	networks             bool // or from where
	vague                bool // accounts are named by patterns
}

func (m *mentions) text(text string) {
	for _, p := range regexp.MustCompile(`\barn:(aws-[a-z-]+):`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(m.partitions, p[1]) {
			m.partitions = append(m.partitions, p[1])
		}
	}
}

func (m *mentions) account(text string) {
	for _, a := range accountNumbers(text) {
		if !slices.Contains(m.accounts, a) {
			m.accounts = append(m.accounts, a)
		}
	}
}

func (m *mentions) statement(st *policy.Statement) {
	if st.Principals != nil {
		m.principals = true
		for _, p := range st.Principals.List {
			m.text(p.Text)
			m.account(p.Text)
			if !slices.Contains(m.named, p) {
				m.named = append(m.named, p)
			}
		}
	}
	for _, key := range keysOf(st) {
		m.principals = m.principals || strings.HasPrefix(key, "aws:principal") || strings.HasPrefix(key, "aws:user")
		m.networks = m.networks || networkKey(key)
	}
	for _, c := range st.Conditions {
		for _, t := range c.Values {
			m.text(t.Text)
			if c.Lower == "aws:principalaccount" || c.Lower == "aws:principalarn" {
				m.account(t.Text)
				m.vague = m.vague || vagueAccount(c, t)
			}
		}
	}
}

// profiles are all that the documents tell apart.
func (d *comparer) profiles(docs []*policy.Document) []*profile {
	m := mentions{partitions: []string{"aws"}}
	granting := false
	for _, doc := range docs {
		granting = granting || doc.Type.Granting()
		for _, st := range doc.Statements {
			m.statement(st)
		}
	}
	d.vagueAccounts = m.vague
	// One account more than are named.
	d.nobody = strangerAccount
	for i := 1; slices.Contains(m.accounts, d.nobody); i++ {
		d.nobody = fmt.Sprintf("%012d", i)
	}
	m.accounts = append([]string{d.nobody}, m.accounts...)
	for _, p := range m.named {
		d.named = append(d.named, namesOf(p.Text)...)
	}
	var out []*profile
	add := func(p Principal, pattern string) {
		if one, ok := d.newProfile(p, pattern); ok {
			out = append(out, one)
		}
	}
	for _, a := range m.accounts {
		for _, partition := range m.partitions {
			iam, sts := "arn:"+partition+":iam::"+a+":", "arn:"+partition+":sts::"+a+":"
			add(Principal{ARN: iam + "user/x"}, iam+"user/?*")
			if !m.principals {
				continue
			}
			add(Principal{ARN: sts + "assumed-role/x/session"}, iam+"role/?*")
			add(Principal{ARN: sts + "federated-user/x"}, "")
			if granting {
				add(Principal{ARN: iam + "root"}, "")
			}
		}
		if !m.principals {
			break
		}
	}
	if granting {
		add(Principal{Anonymous: true}, "")
		add(Principal{Service: "stranger.amazonaws.com"}, "")
		add(Principal{Federated: "stranger.example"}, "")
	}
	for _, p := range m.named {
		switch p.Kind {
		case "Service":
			add(Principal{Service: p.Text}, "")
		case "Federated":
			add(Principal{Federated: p.Text}, "")
		case "AWS":
			out = append(out, d.principalsOf(p.Text)...)
		}
	}
	if m.networks {
		out = byNetwork(out)
	}
	return out
}

// namesOf are the ARNs that aws:PrincipalArn has for a principal that is named:
// such a principal has a profile of its own.
func namesOf(text string) []*wildcard.Pattern {
	a, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	if rest, ok := strings.CutPrefix(a.Resource, "assumed-role/"); ok {
		role, _, _ := strings.Cut(rest, "/")
		return []*wildcard.Pattern{
			wildcard.Join(false, wildcard.Part{Text: "*:role/"}, wildcard.Part{Text: role, Literal: true}),
			wildcard.Join(false, wildcard.Part{Text: "*:role/*/"}, wildcard.Part{Text: role, Literal: true}),
		}
	}
	return []*wildcard.Pattern{exactly(text)}
}

// principalsOf are the principals that an ARN in a Principal element can stand
// for: a role is seen in its sessions, a session beside another one of its role.
func (d *comparer) principalsOf(text string) []*profile {
	a, err := arn.Parse(text)
	if err != nil {
		return nil
	}
	var out []*profile
	add := func(p Principal, role *wildcard.Pattern, exact string) {
		one, ok := d.newProfile(p, "")
		if !ok {
			return
		}
		switch {
		case exact != "":
			one.who.arn = exact
			one.fixed["aws:principalarn"] = binding{values: One(exact)}
		case role != nil:
			delete(one.fixed, "aws:principalarn")
			one.sure = []string{"aws:principalarn"}
			one.names.all = []*wildcard.Pattern{role, wildcard.Compile("arn:" + a.Partition + ":iam::" + a.Account + ":role/*")}
		}
		out = append(out, one)
	}
	sessions := "arn:" + a.Partition + ":sts::" + a.Account + ":assumed-role/"
	if rest, ok := strings.CutPrefix(a.Resource, "role/"); ok && a.Service == "iam" {
		add(Principal{ARN: sessions + rest[strings.LastIndexByte(rest, '/')+1:] + "/session"}, nil, text)
		return out
	}
	if rest, ok := strings.CutPrefix(a.Resource, "assumed-role/"); ok {
		name, session, _ := strings.Cut(rest, "/")
		role := wildcard.Join(false, wildcard.Part{Text: "*/"}, wildcard.Part{Text: name, Literal: true})
		add(Principal{ARN: text}, role, "")
		add(Principal{ARN: sessions + name + "/other-than-" + session}, role, "")
		return out
	}
	add(Principal{ARN: text}, nil, "")
	return out
}

// vagueAccount tells whether a value names accounts by a pattern other than "all
// of them". Only accounts that are written out, and one stranger, are tried.
func vagueAccount(c *policy.Condition, t *policy.Template) bool {
	text := t.Text
	if !c.Operator.Test.Wild() || !strings.ContainsAny(text, "*?") {
		return false
	}
	if c.Lower == "aws:principalarn" {
		fields := strings.SplitN(text, ":", 6)
		if len(fields) < 6 {
			return strings.ContainsAny(text, "0123456789")
		}
		text = fields[4]
	}
	return strings.ContainsAny(text, "*?") && strings.Trim(text, "*") != "" && text != "????????????"
}

// keysOf are the keys that a statement asks for, also through variables, in
// lower case.
func keysOf(st *policy.Statement) []string {
	var out []string
	templates := []*policy.Template{}
	if st.Resources != nil {
		templates = append(templates, st.Resources.List...)
	}
	for _, c := range st.Conditions {
		out = append(out, c.Lower)
		templates = append(templates, c.Values...)
	}
	for _, t := range templates {
		for _, key := range t.Variables() {
			out = append(out, strings.ToLower(key))
		}
	}
	return out
}

func networkKey(lower string) bool {
	return slices.Contains([]string{"aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn"}, lower)
}

// byNetwork splits profiles by the way into AWS: a request either has a public
// source address, or came through a VPC endpoint and may have the keys of that
// one
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-network-properties,
// https://repost.aws/knowledge-center/iam-restrict-access-policy).
func byNetwork(list []*profile) []*profile {
	var out []*profile
	gone := binding{absent: true}
	for _, p := range list {
		public, private := *p, *p
		public.sure = append(slices.Clone(p.sure), "aws:sourceip")
		public.gone = append(slices.Clone(p.gone), "aws:vpcsourceip", "aws:sourcevpc", "aws:vpce")
		private.fixed = map[string]binding{"aws:sourceip": gone}
		for k, v := range p.fixed {
			private.fixed[k] = v
		}
		out = append(out, &public, &private)
	}
	return out
}
