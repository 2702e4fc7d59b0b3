package actor

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// mostChain is how many sessions a chain is followed.
const mostChain = 16

// mostWaiting is how many events of one session wait to hear from whom it came.
const mostWaiting = 64

// grant says who was given credentials.
type grant struct {
	By string   `json:"by"`           // the ID of who asked for them
	Up []string `json:"up,omitempty"` // the names of the session that asked; none when it was no session
	// Weak is set when the record only names the account: that of the account whose
	// role was assumed. The caller's own record says more.
	Weak bool `json:"weak,omitempty"`
	// Same is set when the session went on with other credentials: that of the
	// console, opened with those of a role.
	Same  bool   `json:"same,omitempty"`
	Event string `json:"event"`
}

// better tells whether a grant says more than another of the same credentials. Two
// that say as much are told apart by their events, so that their order does not
// matter.
func (g grant) better(o grant) bool {
	if g.Weak != o.Weak {
		return o.Weak
	}
	return g.Event < o.Event
}

// half is one of the two records of a call across accounts.
type half struct {
	Names []string `json:"names,omitempty"` // of the session that was given out
	Grant grant    `json:"grant"`
}

// wait is an event that came before the record of how its session began.
type wait struct {
	Event string   `json:"event"`
	Names []string `json:"names"`
	Chain []string `json:"chain,omitempty"` // that was said
	Mark  int64    `json:"mark"`            // when it came, in the time of the records
}

// Late is what is said anew of an earlier event: the record of how its session
// began came after it.
type Late struct {
	Event string   // its ID
	Chain []string // as in [haetae.Actor]
}

// session appends the names under which a session can be found: its access key, and
// who it is together with the second in which it began; of these one, or both. None
// for what is no session, or one of a user, that comes from nobody else.
func session(e *haetae.Event, p *parts, names []string, both bool) []string {
	switch e.Actor.Kind {
	case haetae.UserActor, haetae.ServiceActor, haetae.AccountActor, haetae.AnonymousActor:
		return names
	case haetae.RootActor:
		if !p.root.is() {
			return names
		}
	}
	if strings.HasPrefix(e.Actor.AccessKey, "ASIA") {
		if names = append(names, e.Actor.AccessKey); !both {
			return names
		}
	}
	if at := p.began.text(); at != "" && strings.Contains(e.Actor.PrincipalID, ":") {
		for _, form := range []string{time.RFC3339, "20060102T150405Z"} {
			if t, err := time.Parse(form, at); err == nil {
				names = append(names, alias(e.Actor.PrincipalID, t))
				break
			}
		}
	}
	return names
}

func alias(principal string, t time.Time) string {
	return principal + "@" + strconv.FormatInt(t.Unix(), 10)
}

// given gives the names of the session that an event gave out, and the long-lived
// keys that it made.
func given(e *haetae.Event, answer object) (names, made []string) {
	if len(answer) < 2 || answer[0] != '{' || e.Outcome != haetae.CallSucceeded {
		return nil, nil
	}
	for _, key := range answer.keys() {
		if strings.HasPrefix(key, "AKIA") {
			if e.Action == "iam:CreateAccessKey" {
				made = append(made, key)
			}
		} else if !slices.Contains(names, key) {
			names = append(names, key)
		}
	}
	for _, path := range [][]string{{"assumedRoleUser", "assumedRoleId"}, {"federatedUser", "federatedUserId"}} {
		if id := answer.text(path...); strings.Contains(id, ":") {
			names = append(names, alias(id, e.Time))
		}
	}
	return names, made
}

// chain follows a session to where it began. missing are the names of the session
// whose beginning is not known, or not well.
func (r *Resolver) chain(names []string) (chain, missing []string) {
	for range mostChain { // forged records can go round in a circle
		if len(names) == 0 {
			break
		}
		var g grant
		found := false
		for _, name := range names {
			if g, found = r.grants.get(name); found {
				break
			}
		}
		if !found {
			return chain, names
		}
		if !g.Same {
			if chain == nil {
				chain = make([]string, 0, 3)
			}
			chain = append(chain, g.By)
		}
		if g.Weak {
			return chain, names
		}
		names = g.Up
	}
	return chain, nil
}

// grant keeps that a session was given out, and says anew what waited for it.
func (r *Resolver) grant(names []string, g grant, sharedID string) (late []Late) {
	if sharedID != "" {
		other, ok := r.shared.get(sharedID)
		if ok {
			for _, n := range other.Names {
				if !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
			if other.Grant.better(g) {
				g = other.Grant
			}
		}
		if !ok || len(names) != len(other.Names) || other.Grant.Event != g.Event {
			r.shared.put(sharedID, half{slices.Clone(names), g})
		}
	}
	var changed []string
	for _, name := range names {
		if old, ok := r.grants.get(name); ok && !g.better(old) {
			continue
		}
		r.grants.put(name, g)
		changed = append(changed, name)
	}
	for _, name := range changed {
		for _, l := range r.heard(name) { // what waits under two names is said once
			if !slices.ContainsFunc(late, func(o Late) bool { return o.Event == l.Event && slices.Equal(o.Chain, l.Chain) }) {
				late = append(late, l)
			}
		}
	}
	r.stats.Late += len(late)
	return late
}

// heard says anew what waited for a session.
func (r *Resolver) heard(name string) (late []Late) {
	list, ok := r.waits.get(name)
	if !ok {
		return nil
	}
	r.waits.drop(name)
	for _, w := range list {
		if w.Mark < r.mark-int64(r.late/time.Second) {
			r.stats.Expired++
			continue
		}
		chain, missing := r.chain(w.Names)
		if !slices.Equal(chain, w.Chain) {
			late = append(late, Late{Event: w.Event, Chain: chain})
			w.Chain = chain
		}
		r.wait(w, missing)
	}
	return late
}

// wait keeps an event under all names of the session that is missing.
func (r *Resolver) wait(w wait, missing []string) {
	for _, name := range missing {
		list, _ := r.waits.get(name)
		if i := slices.IndexFunc(list, func(o wait) bool { return o.Event == w.Event }); i >= 0 {
			list = slices.Clone(list)
			list[i] = w
			r.waits.put(name, list)
			continue
		}
		if len(list) >= mostWaiting {
			r.stats.NotWaiting++
			continue
		}
		r.waits.put(name, append(list[:len(list):len(list)], w))
	}
}
