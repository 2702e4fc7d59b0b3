package inventory

import (
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// asked is an operation in one place; region "" for global kinds.
type asked struct {
	account, region, op string
}

// note remembers how the operations went that name the parents of others.
func (b *Builder) note(h *heard) {
	at := asked{h.at.account, h.at.region, h.call.Op}
	o := b.ops[at]
	if o == nil {
		o = &outcome{}
		b.ops[at] = o
	}
	if h.how.fail != nil || o.answers == 0 {
		o.add(h.how)
	}
}

// unaskedAt says why a call was not made in a place: because an operation that
// would have named its parents failed there, or that nobody made it.
func (b *Builder) unaskedAt(c *Call, account, region string) *haetae.Unknown {
	u := b.unasked(c)
	if cause := b.sourceFailure(c, account, region, nil); cause != nil {
		v := *cause
		v.Detail += ", so " + b.name(c) + " was not called"
		return &v
	}
	return u
}

// sourceFailure returns how an operation failed that names the parents of a
// call, however many calls lie between; nil when none did.
func (b *Builder) sourceFailure(c *Call, account, region string, seen []*Call) *haetae.Unknown {
	if slices.Contains(seen, c) {
		return nil
	}
	seen = append(seen, c)
	var found *haetae.Unknown
	for _, s := range c.Sources() {
		if o := b.ops[asked{account, region, s.Op}]; o != nil && o.fail != nil {
			found = o.fail
			continue
		}
		for _, r := range b.byOp[s.Op] {
			if r.call.Other || r.kind.Global != (region == "") {
				continue
			}
			if u := b.sourceFailure(r.call, account, region, seen); u != nil {
				found = u
			}
		}
	}
	return found
}

// wholly tells whether a live account's list of what parents have is whole:
// every operation that names parents answered to its end, and so did the call
// for each of them. A collector asks about every parent that it hears of.
func (b *Builder) wholly(c *Call, account, region string, seen []*Call) bool {
	if slices.Contains(seen, c) {
		return true
	}
	seen = append(seen, c)
	if o := b.ops[asked{account, region, c.Op}]; o != nil && o.fail != nil || c.Param == "" && !o.answered() {
		return false
	}
	for _, s := range c.Sources() {
		known := false
		for _, r := range b.byOp[s.Op] {
			if r.call.Other || r.kind.Global != (region == "") {
				continue
			}
			known = true
			if !b.wholly(r.call, account, region, seen) {
				return false
			}
		}
		if !known {
			return false
		}
	}
	return true
}

// member tells whether an account is in an organization that another account
// manages: what the organization has is there, and only there can it be asked.
func (b *Builder) member(account string) bool {
	for _, e := range b.entries {
		if e.Type == "Haetae::Organization" {
			if m := str(e.Observed, "MasterAccountId"); m != "" && m != account {
				return b.ops[asked{account, "", "organizations:DescribeOrganization"}].answered()
			}
		}
	}
	return false
}

// ofDirectory tells whether resources of a type are in an instance of Identity
// Center.
func ofDirectory(typ string) bool {
	return strings.HasPrefix(typ, "AWS::IdentityStore::") || strings.HasPrefix(typ, "AWS::SSO::") && typ != "AWS::SSO::Instance"
}

// guest tells whether an account only sees the instance of Identity Center of
// another one, and was told nothing of what is in it: that is there, and only
// there, or by who administers it, can it be asked.
func (b *Builder) guest(k *Kind, at [2]string) bool {
	for i := range k.Calls {
		for _, o := range b.shown[spot{&k.Calls[i], at[0], at[1]}] {
			if o.answered() {
				return false
			}
		}
	}
	others := false
	for _, e := range b.entries {
		if e.Type == "AWS::SSO::Instance" && e.Region == at[1] {
			if e.Account == at[0] {
				return false
			}
			others = true
		}
	}
	return others && b.ops[asked{at[0], at[1], "sso-admin:ListInstances"}].answered()
}

// ofOrganization tells whether resources of a type are in the management
// account alone.
func ofOrganization(typ string) bool { return strings.HasPrefix(typ, "AWS::Organizations::") }
