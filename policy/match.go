package policy

import (
	"strings"

	"github.com/haetae/haetae/wildcard"
)

// Action is an entry of an Action element.
type Action struct {
	Text string // as written

	any     bool
	service string            // lower case
	pattern *wildcard.Pattern // of the name, folded; nil when the entry matches nothing
}

// newAction reads an entry. The service has no wildcard, save in "*" and "*:*";
// what is written otherwise, with a space or without a colon, matches nothing
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
func newAction(text string) Action {
	a := Action{Text: text}
	service, name, colon := strings.Cut(text, ":")
	switch {
	case text != "" && strings.Trim(text, "*") == "":
		a.any = true
	case !colon || service == "" || name == "" || strings.ContainsAny(text, " \t\r\n,"):
	case strings.Trim(service, "*") == "" && strings.Trim(name, "*") == "":
		a.any = true
	case strings.ContainsAny(service, "*?"):
	default:
		a.service = strings.ToLower(service)
		a.pattern = wildcard.CompileFold(name)
	}
	return a
}

// Broken tells whether the entry matches nothing.
func (a *Action) Broken() bool { return !a.any && a.pattern == nil }

// All tells whether the entry stands for every action of every service.
func (a *Action) All() bool { return a.any }

// Service is the service of the entry in lower case, "" for all and for a broken one.
func (a *Action) Service() string { return a.service }

// Pattern is that of the action's name within the service, without case; nil
// when the entry stands for all or is broken.
func (a *Action) Pattern() *wildcard.Pattern { return a.pattern }

// Match tells whether the entry covers an action such as "s3:GetObject", of
// which service and name are given apart, the service in lower case.
func (a *Action) Match(service, name string) bool {
	return a.any || a.pattern != nil && a.service == service && a.pattern.Match(name)
}

// SplitAction takes an action apart: the service in lower case and the name as
// written.
func SplitAction(action string) (service, name string) {
	service, name, _ = strings.Cut(action, ":")
	return strings.ToLower(service), name
}
