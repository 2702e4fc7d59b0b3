package inventory

import (
	"fmt"
	"strings"

	"github.com/haetae/haetae"
)

// more tells whether an answer says that it is not the whole list.
func more(body map[string]any) bool {
	for _, m := range []string{"IsTruncated", "NextToken", "nextToken", "NextMarker", "nextMarker", "Marker", "marker", "position", "ContinuationToken", "AdditionalRoutesAvailable", "DistributionList.IsTruncated"} {
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

// unasked says that nobody asked.
func unasked(c *Call) *haetae.Unknown {
	return &haetae.Unknown{
		Reason: haetae.NotAsked, Actions: c.actions(),
		Detail: "no output of `" + c.command() + "`",
	}
}

// unfinished says that a list is not whole.
func unfinished(c *Call) *haetae.Unknown {
	return &haetae.Unknown{
		Reason: haetae.NotAsked, Actions: c.actions(),
		Detail: "the output of `" + c.command() + "` says that there is more, and the rest is not there",
	}
}

// failure says how a call failed.
func failure(c *Call, code, message string) *haetae.Unknown {
	u := &haetae.Unknown{
		Reason: haetae.NotAsked, Actions: c.actions(),
		Detail: fmt.Sprintf("`%s` failed with %s", c.command(), code),
	}
	switch {
	case isDenied(code):
		u.Reason = haetae.Denied
		u.Detail = fmt.Sprintf("`%s` was denied (%s)", c.command(), code)
	case strings.Contains(code, "Throttl") || code == "RequestLimitExceeded" || code == "TooManyRequestsException" || code == "SlowDown":
		u.Reason = haetae.Throttled
	case message != "":
		u.Detail += ": " + message
	}
	return u
}

// isDenied tells whether an error code means that the caller lacks a
// permission. Services spell it in their own ways.
func isDenied(code string) bool {
	switch code {
	case "UnauthorizedOperation", "Client.UnauthorizedOperation", "AuthorizationError",
		"AuthorizationErrorException", "NotAuthorized", "Forbidden", "403":
		return true
	}
	return strings.HasPrefix(code, "AccessDenied")
}

// coverage says for each account, region and type how much of it was listed.
func (b *Builder) coverage(find func(*Kind, *haetae.Resource) *entry) []haetae.Coverage {
	var out []haetae.Coverage
	done := map[haetae.Key]haetae.CoverageStatus{}
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
		out = append(out, haetae.Coverage{
			Account: at[0], Region: at[1], Type: "*", Status: haetae.Missing, Reason: haetae.NotAsked,
			Detail: "haetae reads no AWS CLI command that lists it",
		})
	}
	return out
}

// covered says how much of one type was listed in one place.
func (b *Builder) covered(k *Kind, at [2]string, find func(*Kind, *haetae.Resource) *entry, done map[haetae.Key]haetae.CoverageStatus) haetae.Coverage {
	if k.Singleton {
		return haetae.Coverage{Status: haetae.Complete}
	}
	var why *haetae.Unknown
	status := haetae.Missing
	for i := range k.Calls {
		c := &k.Calls[i]
		if !c.Lists {
			continue
		}
		s, u := b.listed(k, c, at, find, done)
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
			return haetae.Partial, unfinished(c)
		case o.answered():
			return haetae.Complete, nil
		case o != nil && o.fail != nil:
			return haetae.Missing, o.fail
		}
		return haetae.Missing, unasked(c)
	}
	// Listed parent by parent: whole when the parents are, and each of them
	// was asked.
	var parentKind *Kind
	for i := range b.kinds {
		if b.kinds[i].Type == k.Of {
			parentKind = &b.kinds[i]
		}
	}
	if parentKind == nil {
		return haetae.Missing, unasked(c)
	}
	asked := map[*entry]*outcome{}
	any := false
	for p, o := range b.shown {
		if p.spot != here {
			continue
		}
		any = any || o.answered()
		r := resource(last(p.parent), nil)
		r.Type, r.Account, r.Region = k.Of, at[0], at[1]
		if strings.HasPrefix(p.parent, "arn:") {
			r.ARN = p.parent
		}
		if e := find(parentKind, r); e != nil {
			asked[e] = o
		}
	}
	status, why := haetae.Complete, (*haetae.Unknown)(nil)
	if done[haetae.Key{Account: at[0], Region: at[1], Type: k.Of}] != haetae.Complete {
		status, why = haetae.Partial, unasked(c)
	}
	for _, e := range b.entries {
		if e.kind != parentKind || e.Account != at[0] || !parentKind.Global && e.Region != at[1] {
			continue
		}
		o := asked[e]
		switch {
		case o.unfinished():
			status, why = haetae.Partial, unfinished(c)
		case o.answered():
		case o != nil && o.fail != nil:
			status, why = haetae.Partial, o.fail
		case why == nil:
			status, why = haetae.Partial, unasked(c)
		}
	}
	if status == haetae.Partial && !any {
		status = haetae.Missing
	}
	return status, why
}
