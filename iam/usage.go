package iam

import (
	"strings"
	"time"
)

// Usage is what CloudTrail records show to have been used.
type Usage struct {
	events *Events
	// First and Last are the times of the records; zero when there is none.
	First, Last time.Time

	who      map[string]time.Time            // by ARN: users, and the roles of sessions
	keys     map[string]time.Time            // by access key id
	services map[string]map[string]time.Time // by ARN and prefix of actions
	data     map[string]bool                 // services of which there are data events
}

// NewUsage is what no record shows yet.
func NewUsage(m *Events) *Usage {
	return &Usage{events: m, who: map[string]time.Time{}, keys: map[string]time.Time{}, services: map[string]map[string]time.Time{}, data: map[string]bool{}}
}

// Add takes a record. A request that was denied is no use of a permission, but
// it is one of the credential.
func (u *Usage) Add(e *Event) {
	if u.First.IsZero() || e.Time.Before(u.First) {
		u.First = e.Time
	}
	if e.Time.After(u.Last) {
		u.Last = e.Time
	}
	if e.Category == "Data" {
		for _, p := range u.events.prefixes(e.Source) {
			u.data[p] = true
		}
	}
	name := e.Identity.ARN
	if s := e.Identity.Session; s != nil && s.Issuer.ARN != "" {
		name = s.Issuer.ARN
	}
	if name == "" {
		return
	}
	later(u.who, name, e.Time)
	if e.Identity.AccessKey != "" {
		later(u.keys, e.Identity.AccessKey, e.Time)
	}
	a := u.events.Asked(e)
	if a.Outcome == OutcomeDenied {
		return
	}
	for _, r := range a.Requests {
		service, _, _ := strings.Cut(r.Request.Action, ":")
		if u.services[name] == nil {
			u.services[name] = map[string]time.Time{}
		}
		later(u.services[name], service, e.Time)
	}
}

func later(m map[string]time.Time, key string, t time.Time) {
	if t.After(m[key]) {
		m[key] = t
	}
}

// newer is the later of a time and what the records show.
func newer(t time.Time, m map[string]time.Time, key string) time.Time {
	if m[key].After(t) {
		return m[key]
	}
	return t
}

// covers tells whether the records reach back to the time.
func (u *Usage) covers(since time.Time) bool {
	return u != nil && !u.First.IsZero() && !u.First.After(since)
}
