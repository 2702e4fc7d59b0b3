// Package exception decides which findings people accept: each exception has a
// scope, an owner, a reason and an end. It is pure: the exceptions, the
// resources and the time are given to it.
package exception

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// Exception accepts what some controls say of some resources, until a time.
// All that it names must hold; a list holds when one of its patterns does, and
// an empty one always. Patterns have AWS's wildcards * and ?.
type Exception struct {
	ID      string
	Owner   string // who answers for it
	Reason  string
	Expires string // as it was written: the last day, or a time of RFC 3339
	Until   int64  // the instant at which it ends, Unix seconds

	Controls []string // ids, or other tools' names of the same check; never empty
	Accounts []string
	// Units are ids of organizational units and roots; what is below counts too.
	Units   []string
	Regions []string // "global" is what has no region
	Types   []string // of resources: "AWS::S3::*"
	IDs     []string
	ARNs    []string
	Tags    []Tag
	When    string // CEL over r; "" for always

	Examples []Example
	Place    haetae.Place
}

// Tag is a tag that a resource must have; its value is a pattern.
type Tag struct{ Key, Value string }

// Example is a small world. Of its resources whose types the exception can
// cover, every one must be what Want says.
type Example struct {
	Name  string
	Want  Scope
	World *haetae.Snapshot // as written: not yet assembled
	Line  int
}

// Scope says whether something is in the scope of an exception.
type Scope string

// What is not known to be in the scope is not covered.
const (
	Inside    Scope = "match"
	Outside   Scope = "no_match"
	Undecided Scope = "unknown"
)

var (
	idForm      = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
	accountForm = regexp.MustCompile(`^[0-9?*]{1,12}$`)
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
	unitForm = regexp.MustCompile(`^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$`)
	// "*" alone, or letters, digits and wildcards: eu-*, us-gov-west-1, global.
	regionForm = regexp.MustCompile(`^[a-z0-9?*-]+$`)
	typeForm   = regexp.MustCompile(`^(\*|[A-Za-z0-9*?]+(::[A-Za-z0-9*?]+){0,2})$`)
	nameForm   = regexp.MustCompile(`^[^\s]+$`)
)

// Check says what is wrong with an exception by itself, all of it at once.
func (x *Exception) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, f := range []struct{ name, value, why string }{
		{"id", x.ID, "a short name that never changes"}, {"owner", x.Owner, "who answers for it"},
		{"reason", x.Reason, "why it is accepted"}, {"expires", x.Expires, "the last day, such as 2027-03-31, or a time of RFC 3339"},
	} {
		if strings.TrimSpace(f.value) == "" {
			bad("%s is missing: %s", f.name, f.why)
		}
	}
	if x.ID != "" && !idForm.MatchString(x.ID) {
		bad("id %q: use lower-case letters and digits joined by - . or _", x.ID)
	}
	if x.Expires != "" {
		var err error
		if x.Until, err = End(x.Expires); err != nil {
			errs = append(errs, err)
		}
	}
	if len(x.Controls) == 0 {
		bad(`controls is missing: name them, or say ["*"]`)
	}
	for _, l := range []struct {
		name     string
		patterns []string
		form     *regexp.Regexp
		like     string
	}{
		{"controls", x.Controls, nameForm, "s3-*"}, {"accounts", x.Accounts, accountForm, "111122223333 or 1111*"}, {"organizational_units", x.Units, unitForm, "ou-ab12-11112222 or r-ab12"},
		{"regions", x.Regions, regionForm, "eu-* or global"}, {"types", x.Types, typeForm, "AWS::S3::Bucket or AWS::S3::*"}, {"ids", x.IDs, nil, ""}, {"arns", x.ARNs, nil, ""},
	} {
		for i, p := range l.patterns {
			switch {
			case p == "":
				bad("%s: an empty pattern matches nothing", l.name)
			case l.form != nil && !l.form.MatchString(p):
				bad("%s: %q is not like %s", l.name, p, l.like)
			case strings.Contains(p, "["):
				bad("%s: %q: the wildcards are * and ?; brackets match nothing", l.name, p)
			case l.name == "arns" && !strings.HasPrefix(p, "arn:") && !strings.HasPrefix(p, "*"):
				bad("arns: %q does not begin with arn:", p)
			case slices.Contains(l.patterns[:i], p):
				bad("%s: %q is there twice", l.name, p)
			}
		}
		for _, p := range l.patterns {
			if l.name == "accounts" && !strings.Contains(p, "*") && len(p) != 12 {
				bad("accounts: %q has not the twelve digits of an account", p)
			}
		}
	}
	for _, t := range x.Tags {
		if t.Key == "" {
			bad("tags: a tag without a key")
		}
	}
	return errors.Join(errs...)
}

// End is the instant, in Unix seconds, at which something ends that is valid to
// the end of a day (UTC), or to a time of RFC 3339.
func End(text string) (int64, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Unix(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, fmt.Errorf("expires: %q is neither a day such as 2027-03-31 nor a time such as 2027-03-31T12:00:00Z", text)
	}
	return t.Unix(), nil
}

// Accepts is what a finding says of the exception that covers it.
func (x *Exception) Accepts() *haetae.Exception {
	return &haetae.Exception{By: "exception " + x.ID, ID: x.ID, Owner: x.Owner, Reason: x.Reason, Expires: x.Expires, Until: x.Until, Place: x.Place}
}
