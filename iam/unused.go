package iam

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/policy"
)

// Unused is access that nobody used for a while.
type Unused struct {
	Identity *Identity
	Kind     UnusedKind
	What     string    // the key's id, the service; "" where the kind says all
	Last     time.Time // zero: never, as far back as AWS remembers
	// Unknown says why it cannot be told.
	Unknown *haetae.Unknown
}

// UnusedKind is a kind of access.
type UnusedKind string

// The kinds.
const (
	UnusedRole     UnusedKind = "role"
	UnusedUser     UnusedKind = "user" // neither password nor key was used
	UnusedPassword UnusedKind = "password"
	UnusedKey      UnusedKind = "access-key"
	UnusedService  UnusedKind = "service" // allowed, and not used
)

// Unused lists roles, users, passwords, keys and permissions that were not used
// since a time. What is younger than that is left out. A permission is judged
// only where AWS's report on it was read, and where the evaluator allows
// something of the service; AWS remembers 400 days
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html).
//
// Records of CloudTrail count as uses when they are given, nil is none. Where
// they reach back to the time, they also tell of permissions on which there is
// no report; not of services whose data events they lack.
func (w *World) Unused(since time.Time, records *Usage) ([]Unused, error) {
	if records == nil {
		records = NewUsage(nil)
	}
	var out []Unused
	for _, i := range w.principals {
		if i.Resource == nil || i.ServiceLinked() || young(i.Resource, since) {
			continue
		}
		if i.IsRole() {
			last, ok := instant(property(i.Resource, "Volatile.RoleLastUsed.LastUsedDate"))
			if last = newer(last, records.who, i.ARN); !last.IsZero() {
				ok = true
			}
			u := unknownAt(i.Resource.Volatile["RoleLastUsed"])
			if u == nil && i.Resource.Volatile["RoleLastUsed"] == nil { // a role that nobody used has an empty one
				u = unread(nil, "when the role was last used was not read", "iam:GetAccountAuthorizationDetails")
			}
			if u != nil && !records.covers(since) && last.Before(since) {
				out = append(out, Unused{Identity: i, Kind: UnusedRole, Unknown: u})
			} else if !ok || last.Before(since) {
				out = append(out, Unused{Identity: i, Kind: UnusedRole, Last: last})
				continue // all that it may do is unused with it
			}
		} else if whole, list := unusedCredentials(i, since, records); whole {
			out = append(out, Unused{Identity: i, Kind: UnusedUser, Last: latest(list)})
			continue
		} else {
			out = append(out, list...)
		}
		services, err := w.unusedServices(i, since, records)
		if err != nil {
			return nil, err
		}
		out = append(out, services...)
	}
	return out, nil
}

func latest(list []Unused) time.Time {
	var t time.Time
	for _, u := range list {
		if u.Last.After(t) {
			t = u.Last
		}
	}
	return t
}

// unusedCredentials are the password and the keys of a user that were not used;
// whole tells that there is no other.
func unusedCredentials(i *Identity, since time.Time, records *Usage) (whole bool, out []Unused) {
	r := i.Resource
	total, open := 0, false
	if u := unknownAt(r.Observed["PasswordEnabled"]); u != nil {
		open = true
		out = append(out, Unused{Identity: i, Kind: UnusedPassword, Unknown: u})
	} else if r.Observed["PasswordEnabled"] == true {
		total++
		last, _ := instant(r.Volatile["PasswordLastUsed"])
		changed, _ := instant(r.Observed["PasswordLastChanged"])
		if last.Before(since) && changed.Before(since) {
			out = append(out, Unused{Identity: i, Kind: UnusedPassword, Last: last})
		}
	}
	used := map[string]time.Time{}
	for _, v := range elements(r.Volatile["AccessKeyLastUsed"]) {
		if m, ok := v.(map[string]any); ok {
			used[text(m["AccessKeyId"])], _ = instant(m["LastUsedDate"])
		}
	}
	for _, v := range elements(r.Observed["AccessKeys"]) {
		m, ok := v.(map[string]any)
		if !ok {
			open = true
			out = append(out, Unused{Identity: i, Kind: UnusedKey, Unknown: unread(v, "the access keys were not read", "iam:ListAccessKeys")})
			continue
		}
		if m["Status"] != "Active" {
			continue
		}
		total++
		created, _ := instant(m["CreateDate"])
		id := text(m["AccessKeyId"])
		used[id] = newer(used[id], records.keys, id)
		if created.Before(since) && used[id].Before(since) {
			out = append(out, Unused{Identity: i, Kind: UnusedKey, What: id, Last: used[id]})
		}
	}
	return !open && total > 0 && len(out) == total, out
}

// unusedServices are the services of which the identity may use something and
// did not.
func (w *World) unusedServices(i *Identity, since time.Time, records *Usage) ([]Unused, error) {
	v := i.Resource.Volatile["ServicesLastAccessed"]
	if v == nil {
		if !records.covers(since) {
			return nil, nil // the reports are made only on request
		}
		return w.unrecorded(i, since, records)
	}
	if u := unknownAt(v); u != nil {
		return []Unused{{Identity: i, Kind: UnusedService, Unknown: u}}, nil
	}
	var out []Unused
	for _, e := range elements(v) {
		m, ok := e.(map[string]any)
		if !ok {
			continue
		}
		service := text(m["ServiceNamespace"])
		last, used := instant(m["LastAuthenticated"])
		if last = newer(last, records.services[i.ARN], service); !last.IsZero() {
			used = true
		}
		if used && !last.Before(since) {
			continue
		}
		some, err := w.maySome(i, service)
		if err != nil {
			return nil, err
		}
		if some {
			out = append(out, Unused{Identity: i, Kind: UnusedService, What: service, Last: last})
		}
	}
	return out, nil
}

// unrecorded are the services that the identity's policies name, of which it may
// use something, and which no record shows it to have used. Services of which
// the records have no data events are judged only where all they have is
// recorded without.
func (w *World) unrecorded(i *Identity, since time.Time, records *Usage) ([]Unused, error) {
	var out []Unused
	for _, service := range w.engine.catalogue.Prefixes() {
		last := records.services[i.ARN][service]
		if !last.Before(since) || !namesService(i.Policies, service) || len(records.events.dataEvents[service]) > 0 && !records.data[service] {
			continue
		}
		some, err := w.maySome(i, service)
		if err != nil {
			return nil, err
		}
		if some {
			out = append(out, Unused{Identity: i, Kind: UnusedService, What: service, Last: last})
		}
	}
	return out, nil
}

// namesService tells whether an Allow names actions of the service, rather than
// of all services.
func namesService(docs []*policy.Document, service string) bool {
	for _, d := range docs {
		for _, s := range d.Statements {
			if s.Effect == policy.Allow && s.Actions != nil && !s.Actions.Not && slices.ContainsFunc(s.Actions.List, func(a policy.Action) bool { return a.Service() == service }) {
				return true
			}
		}
	}
	return false
}

// maySome tells whether an identity may use some action of a service.
func (w *World) maySome(i *Identity, service string) (bool, error) {
	q, _, err := w.Ask(Request{Principal: Principal{ARN: i.ARN}, Action: "sts:GetCallerIdentity", Resources: []string{"*"}, Any: true})
	if err != nil {
		return false, err
	}
	first, end := w.engine.catalogue.Range(service)
	for id := first; id < end; id++ {
		a, ok := w.engine.catalogue.ByID(id)
		if !ok || !mayAllow(q.Policies.Identity, a) {
			continue
		}
		q.Request.Action = a.String()
		d, err := w.engine.Decide(q)
		if err != nil {
			return false, err
		}
		if d.Verdict == Allowed || d.Verdict == DependsOn {
			return true, nil
		}
	}
	return false, nil
}

func young(r *haetae.Resource, since time.Time) bool {
	made, ok := instant(r.Observed["CreateDate"])
	return ok && !made.Before(since)
}

func unknownAt(v any) *haetae.Unknown {
	switch x := v.(type) {
	case *haetae.Unknown:
		return x
	case *haetae.OpenList:
		return x.Why
	}
	return nil
}

func instant(v any) (time.Time, bool) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// String says what is unused in one line.
func (u *Unused) String() string {
	what := map[UnusedKind]string{
		UnusedRole: "the role", UnusedUser: "the user, with all its credentials", UnusedPassword: "the password",
		UnusedKey: "access key " + u.What, UnusedService: "permissions for " + u.What,
	}[u.Kind]
	switch {
	case u.Unknown != nil:
		return fmt.Sprintf("%s: not known: %s", strings.TrimSpace(what), u.Unknown)
	case u.Last.IsZero():
		return what + ": never used"
	}
	return what + ": last used " + u.Last.UTC().Format(time.DateOnly)
}
