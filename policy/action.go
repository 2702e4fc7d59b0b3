package policy

import (
	"strings"

	"github.com/haetae/haetae/wildcard"
)

// actionIndex finds the entries of an Action element that speak of a service, so
// that a policy with thousands of actions is as quick to ask as one with two.
type actionIndex struct {
	any      bool // an entry stands for all actions
	services map[string]*serviceActions
}

// serviceActions are the entries that speak of one service.
type serviceActions struct {
	names    map[string]bool // in lower case
	patterns []*wildcard.Pattern
}

func newActionIndex(list []Action) *actionIndex {
	x := &actionIndex{services: map[string]*serviceActions{}}
	for i := range list {
		a := &list[i]
		if a.any {
			x.any = true
		}
		if a.pattern == nil {
			continue
		}
		s := x.services[a.service]
		if s == nil {
			s = &serviceActions{names: map[string]bool{}}
			x.services[a.service] = s
		}
		if _, name, _ := strings.Cut(a.Text, ":"); strings.ContainsAny(name, "*?") {
			s.patterns = append(s.patterns, a.pattern)
		} else {
			s.names[strings.ToLower(name)] = true
		}
	}
	return x
}

// covers tells whether an entry covers an action, given in lower case.
func (x *actionIndex) covers(service, name string) bool {
	if x.any {
		return true
	}
	s := x.services[service]
	if s == nil {
		return false
	}
	if s.names[name] {
		return true
	}
	for _, p := range s.patterns {
		if p.Match(name) {
			return true
		}
	}
	return false
}

// Match tells whether the element covers the action, of which the service is
// given in lower case. NotAction covers what none of its entries does.
func (e *Actions) Match(service, name string) bool {
	return e.MatchLower(service, strings.ToLower(name))
}

// MatchLower is Match for a name in lower case.
func (e *Actions) MatchLower(service, name string) bool {
	return e.index.covers(service, name) != e.Not
}

// ServiceBit is one of 64 bits that stands for a service, given in lower case,
// and for others.
func ServiceBit(service string) uint64 {
	h := uint32(2166136261)
	for i := range len(service) {
		h = (h ^ uint32(service[i])) * 16777619
	}
	return 1 << ((h ^ h>>16) & 63)
}

// Concerns tells whether the statement may speak of an action of the service
// that the bit stands for. It is a quick no for most statements that do not.
func (s *Statement) Concerns(bit uint64) bool { return s.unconcerned&bit == 0 }

// unconcerned are the bits of the services that no entry speaks of.
func (e *Actions) unconcerned() uint64 {
	if e.Not || e.More != nil || e.index.any {
		return 0
	}
	var bits uint64
	for service := range e.index.services {
		bits |= ServiceBit(service)
	}
	return ^bits
}
