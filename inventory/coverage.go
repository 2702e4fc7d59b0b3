package inventory

import (
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// more tells whether an answer says that it is not the whole list.
func more(body map[string]any) bool {
	for _, m := range []string{"IsTruncated", "NextToken", "nextToken", "NextMarker", "nextMarker", "Marker", "marker", "position", "ContinuationToken", "continuationToken", "AdditionalRoutesAvailable", "LastEvaluatedTableName",
		"DistributionList.IsTruncated", "OriginAccessControlList.IsTruncated", "CloudFrontOriginAccessIdentityList.IsTruncated",
		"HasMoreStreams", "HasMoreTags"} {
		v := get(body, m)
		switch v := v.(type) {
		case bool:
			return v
		case string:
			// Some answers repeat the request's Marker beside "IsTruncated":
			// false, which comes first and decides.
			if v != "" {
				return true
			}
		}
	}
	return false
}

// coverage says for each account, region and type how much of it was listed.
func (b *Builder) coverage(find func(*Kind, *haetae.Resource) *entry) []haetae.Coverage {
	var out []haetae.Coverage
	done := map[haetae.Key]haetae.CoverageStatus{}
	others := "haetae reads no AWS CLI command that lists such resources"
	if b.live() {
		others = "haetae calls no operation that lists such resources"
	}
	for at := range b.places {
		for i := range b.kinds {
			k := &b.kinds[i]
			if k.Global != (at[1] == "") {
				continue
			}
			c := b.covered(k, at, find, done)
			c.Account, c.Region, c.Type = at[0], at[1], k.Type
			done[haetae.Key{Account: at[0], Region: at[1], Type: k.Type}] = c.Status
			out = append(out, c)
		}
		rest := haetae.Coverage{Account: at[0], Region: at[1], Type: "*", Status: haetae.Missing, Reason: haetae.NotAsked, Detail: others}
		if u := b.refusal(at); u != nil {
			rest.Reason, rest.Detail, rest.Actions = u.Reason, u.Detail, u.Actions
		}
		out = append(out, rest)
	}
	return out
}

// covered says how much of one type was listed in one place.
func (b *Builder) covered(k *Kind, at [2]string, find func(*Kind, *haetae.Resource) *entry, done map[haetae.Key]haetae.CoverageStatus) haetae.Coverage {
	if u := b.refusal(at); u != nil {
		return haetae.Coverage{Status: haetae.Missing, Reason: u.Reason, Detail: u.Detail, Actions: u.Actions}
	}
	if k.Singleton || ofOrganization(k.Type) && b.member(at[0]) || ofDirectory(k.Type) && b.guest(k, at) {
		return haetae.Coverage{Status: haetae.Complete}
	}
	var why *haetae.Unknown
	status := haetae.Missing
	for i := range k.Calls {
		c := &k.Calls[i]
		var s haetae.CoverageStatus
		var u *haetae.Unknown
		switch {
		case c.Other && b.live():
			continue // never called
		case c.Only != "":
			s, u = b.found(k, c, at, done)
		case c.Lists:
			s, u = b.listed(k, c, at, find, done)
		default:
			continue
		}
		if s == haetae.Complete {
			return haetae.Coverage{Status: s}
		}
		if s == haetae.Partial && status != s || why == nil || why.Reason == haetae.NotAsked && u.Reason != haetae.NotAsked {
			status, why = s, u
		}
	}
	if why == nil {
		return haetae.Coverage{Status: status, Reason: haetae.NotAsked}
	}
	return haetae.Coverage{Status: status, Reason: why.Reason, Detail: why.Detail, Actions: why.Actions}
}

// listed says how much of a type one call listed in one place.
func (b *Builder) listed(k *Kind, c *Call, at [2]string, find func(*Kind, *haetae.Resource) *entry, done map[haetae.Key]haetae.CoverageStatus) (haetae.CoverageStatus, *haetae.Unknown) {
	here := spot{c, at[0], at[1]}
	if c.Param == "" {
		o := b.lists[here]
		switch {
		case o.unfinished():
			return haetae.Partial, b.unfinished(c, o)
		case o.answered():
			return haetae.Complete, nil
		case o != nil && o.fail != nil:
			return haetae.Missing, o.fail
		}
		return haetae.Missing, b.unaskedAt(c, at[0], at[1])
	}
	if b.live() && b.wholly(c, at[0], at[1], nil) {
		return haetae.Complete, nil
	}
	if o := b.ops[asked{at[0], at[1], c.Op}]; b.live() && o != nil && o.fail != nil {
		if o.answered() {
			return haetae.Partial, o.fail
		}
		return haetae.Missing, o.fail
	}
	// Listed parent by parent: whole when the parents are, and each of them
	// was asked.
	i := slices.IndexFunc(b.kinds, func(k2 Kind) bool { return k2.Type == k.Of })
	if i < 0 {
		return haetae.Missing, b.unaskedAt(c, at[0], at[1])
	}
	parentKind := &b.kinds[i]
	asked := map[*entry]*outcome{}
	any, top := false, false
	for _, name := range slices.Sorted(maps.Keys(b.shown[here])) {
		o := b.shown[here][name]
		any = any || o.answered()
		r := resource(last(name), nil)
		r.Type, r.Account, r.Region = k.Of, at[0], at[1]
		if strings.HasPrefix(name, "arn:") {
			r.ARN = name
		}
		if e := find(parentKind, r); e != nil {
			asked[e] = o
		} else if strings.HasPrefix(name, "r-") {
			top = top || o.answered()
		}
	}
	status, why := haetae.Complete, (*haetae.Unknown)(nil)
	// Organizational units are in their own kind: they are whole when the root,
	// r-…, was asked too.
	whole := done[haetae.Key{Account: at[0], Region: at[1], Type: k.Of}] == haetae.Complete
	if k.Of == k.Type {
		whole = top
	}
	if !whole {
		status, why = haetae.Partial, b.unaskedAt(c, at[0], at[1])
	}
	for _, e := range b.ofKind[parentKind] {
		if e.Account != at[0] || !parentKind.Global && e.Region != at[1] {
			continue
		}
		o := asked[e]
		switch {
		case o.unfinished():
			status, why = haetae.Partial, b.unfinished(c, o)
		case o.answered():
		case o != nil && o.fail != nil:
			status, why = haetae.Partial, o.fail
		case why == nil:
			status, why = haetae.Partial, b.unaskedAt(c, at[0], at[1])
		}
	}
	if status == haetae.Partial && !any {
		status = haetae.Missing
	}
	return status, why
}

// found says how much of a type was found by a call that never finds all.
func (b *Builder) found(k *Kind, c *Call, at [2]string, done map[haetae.Key]haetae.CoverageStatus) (haetae.CoverageStatus, *haetae.Unknown) {
	if b.wholly(c, at[0], at[1], nil) {
		return haetae.Complete, nil
	}
	shown := b.shown[spot{c, at[0], at[1]}]
	var fail *haetae.Unknown
	answered := false
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		o := shown[name]
		answered = answered || o.answered()
		if o.fail != nil && (fail == nil || o.fail.Reason == haetae.Denied) {
			fail = o.fail
		}
	}
	if fail != nil {
		if answered {
			return haetae.Partial, fail
		}
		return haetae.Missing, fail
	}
	if u := b.sourceFailure(c, at[0], at[1], nil); u != nil {
		if answered {
			return haetae.Partial, u
		}
		return haetae.Missing, u
	}
	if s := done[haetae.Key{Account: at[0], Region: at[1], Type: k.Of}]; !answered && (s == haetae.Missing || s == "") {
		return haetae.Missing, b.unaskedAt(c, at[0], at[1])
	}
	return haetae.Partial, &haetae.Unknown{Reason: haetae.NotAsked, Actions: c.RequiredActions(), Detail: "only " + c.Only + " are read"}
}
