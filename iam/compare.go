package iam

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/wildcard"
)

// Existence tells whether there is a request of a kind.
type Existence string

// The answers. None is proven over all requests, Some has an example that the
// evaluator confirms, and Undecided says why it is neither.
const (
	None      Existence = "none"
	Some      Existence = "some"
	Undecided Existence = "unknown"
)

// Comparison is what one policy allows that another does not.
type Comparison struct {
	Exists Existence
	// Examples are such requests: of each statement that allows some, one for
	// each group of actions of which the same can be said.
	Examples []Example
	// Reasons say why Exists is Undecided, or why there may be more examples.
	Reasons []string
}

// Example is a request that one policy allows and another does not.
type Example struct {
	Request Request
	// Allows is the statement that allows it.
	Allows *policy.Statement
	// Denies is the statement of the other policy that denies it; nil when it
	// just does not allow it.
	Denies *policy.Statement
	// Actions are all known actions that are allowed likewise, each on resources
	// of its own; the request's own is among them.
	Actions []string
	// Future is set when no action that is known today is concerned.
	Future bool
	// Undocumented is set when AWS documents no resource for the action that
	// looks like the request's.
	Undocumented bool
}

// What limits a comparison. They bound the work to a few seconds.
const (
	compareBranches = 20_000 // of the search, for one profile
	compareExamples = 100
)

// Compare looks for requests that next allows and previous does not. Either may
// be nil, a policy that allows nothing. Both are looked at alone: what other
// policies of the account say does not count. That means for a resource policy
// that it grants access, for the others that they do not stand in its way.
//
// A policy is a combination of tests of one variable each: the action (those that
// are known, and one that does not exist yet), the resource, who asks, and each
// condition key. Whether values of one variable can pass some tests and fail
// others is decided exactly for texts and ARNs by package wildcard, for the
// other kinds by trying one value of each piece into which the tests cut them.
//
// It takes these facts as given: a request has either a public source address or
// the keys of a VPC endpoint; a key that AWS documents to be always there is; the
// keys that follow from who asks are as the evaluator derives them.
func (e *Engine) Compare(previous, next *policy.Document) *Comparison {
	return e.compare(&comparer{engine: e, next: next, previous: previous})
}

// Grants looks for requests that the policy allows for one of the actions, which
// may have wildcards, on one of the resources; none given is any.
func (e *Engine) Grants(d *policy.Document, actions, resources []string) (*Comparison, error) {
	within, err := restriction(actions, resources)
	if err != nil {
		return nil, err
	}
	return e.compare(&comparer{engine: e, next: d, within: within}), nil
}

// restriction is a statement that matches requests for the actions and resources.
func restriction(actions, resources []string) (*policy.Statement, error) {
	if len(actions) == 0 {
		actions = []string{"*"}
	}
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	return statementOf(map[string]any{"Action": actions, "Resource": resources})
}

// statementOf makes an Allow statement of the members given; there is no problem
// with it.
func statementOf(members map[string]any) (*policy.Statement, error) {
	all := map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}
	maps.Copy(all, members)
	text, err := json.Marshal(map[string]any{"Version": policy.Version2012, "Statement": all})
	if err != nil {
		return nil, fmt.Errorf("what is asked about: %w", err)
	}
	d, err := policy.Parse(string(text), policy.Identity)
	if err != nil {
		return nil, fmt.Errorf("what is asked about: %w", err)
	}
	for _, p := range d.Problems {
		return nil, fmt.Errorf("what is asked about: %s", p.What)
	}
	return d.Statements[0], nil
}

// comparer is one comparison.
type comparer struct {
	engine         *Engine
	next, previous *policy.Document
	within         *policy.Statement // requests that count; nil for all
	// strangers restricts who asks to those whom the policy does not name.
	strangers bool
	// avoid is what the values of condition keys must not be, by lower-case key.
	avoid map[string][]demand
	// foreign are ARNs that the values of aws:SourceArn must not be.
	foreign []*wildcard.Pattern

	elements      map[string]*element
	parts         map[*policy.Statement][]*element
	sets          map[int]actionSet
	reported      actionSet // actions of which there is an example
	vagueAccounts bool
	nobody        string              // an account that no policy names
	named         []*wildcard.Pattern // ARNs of principals that have profiles of their own
	reasons       []string

	// What changes while it runs.
	profile *profile
	stage   stage
	allows  *policy.Statement
	found   *Example
	memo    map[string]chance // of the profile
	forms   map[*permission.Type][]*wildcard.Pattern
}

// stage is how real a request must be. What is more real is looked for first.
type stage uint8

const (
	documented stage = iota // a known action on a resource that AWS documents for it
	known                   // a known action
	future                  // an action that is not known
)

func (e *Engine) compare(d *comparer) *Comparison {
	d.elements, d.parts = map[string]*element{}, map[*policy.Statement][]*element{}
	d.sets, d.forms = map[int]actionSet{}, map[*permission.Type][]*wildcard.Pattern{}
	d.reported = newActionSet(e.catalogue.Len())
	out := &Comparison{Exists: None}
	var docs []*policy.Document
	for _, doc := range []*policy.Document{d.next, d.previous} {
		if doc == nil {
			continue
		}
		docs = append(docs, doc)
		if reason := notRead(doc); reason != "" {
			d.reasons = append(d.reasons, reason)
		}
	}
	if len(d.reasons) > 0 || d.next == nil {
		out.Reasons = d.reasons
		if len(d.reasons) > 0 {
			out.Exists = Undecided
		}
		return out
	}
	if d.previous != nil && d.written() {
		return out
	}
	profiles := d.profiles(docs)
	for _, d.stage = range []stage{documented, known, future} {
		if d.stage == future && len(out.Examples) > 0 {
			break // what comes to exist matters when nothing that exists does
		}
		for _, d.profile = range profiles {
			if d.strangers && !d.stranger() {
				continue
			}
			d.memo = map[string]chance{}
			out.Examples = append(out.Examples, d.examples(compareExamples-len(out.Examples))...)
		}
	}
	if d.vagueAccounts && len(out.Examples) == 0 {
		d.reason("conditions name accounts by patterns; only accounts that are written out were tried")
	}
	out.Reasons = d.reasons
	switch {
	case len(out.Examples) > 0:
		out.Exists = Some
	case len(d.reasons) > 0:
		out.Exists = Undecided
	}
	return out
}

// reason notes why the answer may be incomplete.
func (d *comparer) reason(text string) {
	if !slices.Contains(d.reasons, text) {
		d.reasons = append(d.reasons, text)
	}
}

// notRead tells why not all of a document is known.
func notRead(doc *policy.Document) string {
	if doc.More != nil {
		return doc.Name + ": " + doc.More.String()
	}
	for _, st := range doc.Statements {
		unknown := st.Unknown
		if st.Principals != nil && st.Principals.More != nil {
			unknown = st.Principals.More
		}
		if st.Actions != nil && st.Actions.More != nil {
			unknown = st.Actions.More
		}
		if st.Resources != nil && st.Resources.More != nil {
			unknown = st.Resources.More
		}
		for _, c := range st.Conditions {
			if c.More != nil {
				unknown = c.More
			}
		}
		if unknown != nil {
			return where(st) + ": " + unknown.String()
		}
	}
	return ""
}

// examples looks for requests of the profile, for each statement that allows
// some, until there are no more that concern other actions.
func (d *comparer) examples(most int) []Example {
	var out []Example
	allows, denies := d.statements(d.next)
	oldAllows, oldDenies := d.statements(d.previous)
	notNext, notOld := elementsOf(denies), elementsOf(oldAllows)
	var within []*element
	if d.within != nil {
		within = d.elementsOf(d.within)
	}
	for _, allow := range allows {
		d.allows = allow.statement
		must := append(slices.Clone(within), allow.elements...)
		// Either the other policy does not allow it, or it denies it.
		questions := []struct {
			must   []*element
			not    [][]*element
			denies *policy.Statement
		}{{must, append(slices.Clone(notOld), notNext...), nil}}
		for _, deny := range oldDenies {
			questions = append(questions, struct {
				must   []*element
				not    [][]*element
				denies *policy.Statement
			}{append(slices.Clone(must), deny.elements...), notNext, deny.statement})
		}
		for _, q := range questions {
			for len(out) < most {
				if !d.ask(q.must, q.not) {
					break
				}
				d.found.Denies = q.denies
				out = append(out, *d.found)
				if d.stage == future {
					break
				}
			}
		}
	}
	if len(out) >= most {
		d.reason(fmt.Sprintf("there may be more than the %d groups of actions that are listed", compareExamples))
	}
	return out
}

// ask runs the search once; the example is in d.found.
func (d *comparer) ask(must []*element, not [][]*element) bool {
	budget := compareBranches
	maps.DeleteFunc(d.memo, func(key string, _ chance) bool { return strings.HasPrefix(key, compareAction) })
	s := &search{
		memo:   d.memo,
		budget: &budget,
		leaf:   d.leaf,
		possible: func(variable string, list []literal) chance {
			switch variable {
			case compareAction:
				return d.actionPossible(list)
			case compareResource:
				return d.resourcePossible(list)
			}
			return d.keyPossible(variable, list)
		},
	}
	switch s.run(must, not) {
	case found:
		return true
	case maybe:
		if budget < 0 {
			d.reason("the statements can be combined in too many ways to try them all")
		} else if len(d.reasons) == 0 {
			d.reason("a value of a condition key could neither be found nor ruled out")
		}
	}
	return false
}

// written tells whether the texts alone show that next allows no more: each of
// its Allow statements has one in the other policy that asks for less, and each
// Deny of the other policy one in it.
func (d *comparer) written() bool {
	if d.next.Type != d.previous.Type {
		return false
	}
	implied := func(st *policy.Statement, by *policy.Document) bool {
		return slices.ContainsFunc(by.Statements, func(o *policy.Statement) bool {
			if o.Effect != st.Effect || o.Actions == nil || (o.Resources == nil) != (st.Resources == nil) || principalText(o) != principalText(st) {
				return false
			}
			mine := d.elementsOf(st)
			return !slices.ContainsFunc(d.elementsOf(o), func(e *element) bool { return !slices.Contains(mine, e) })
		})
	}
	missing := func(effect policy.Effect, from, by *policy.Document) bool {
		return slices.ContainsFunc(from.Statements, func(st *policy.Statement) bool {
			return st.Effect == effect && st.Actions != nil && !implied(st, by)
		})
	}
	return !missing(policy.Allow, d.next, d.previous) && !missing(policy.Deny, d.previous, d.next)
}

func principalText(st *policy.Statement) string {
	p := st.Principals
	if p == nil {
		return ""
	}
	var out []string
	for _, one := range p.List {
		out = append(out, one.Kind+" "+one.Text)
	}
	sort.Strings(out)
	return fmt.Sprint(p.Not, slices.Compact(out))
}

// clause is a statement that speaks of the profile, as its elements.
type clause struct {
	statement *policy.Statement
	elements  []*element
}

func elementsOf(list []clause) [][]*element {
	var out [][]*element
	for _, c := range list {
		out = append(out, c.elements)
	}
	return out
}

// statements are those of a document that can match a request of the profile.
func (d *comparer) statements(doc *policy.Document) (allows, denies []clause) {
	if doc == nil {
		return nil, nil
	}
	if doc.Type == policy.RCP {
		// RCPFullAWSAccess is always attached
		// (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html).
		allows = append(allows, clause{})
	}
	s := scope{q: &Question{}, catalogue: d.engine.catalogue, who: d.profile.who}
	for _, st := range doc.Statements {
		if doc.Type.Granting() && s.reached(st).any().False() || st.Actions == nil || st.Resources == nil && !doc.Type.Granting() {
			continue
		}
		c := clause{st, d.elementsOf(st)}
		switch st.Effect {
		case policy.Allow:
			if doc.Type != policy.RCP {
				allows = append(allows, c)
			}
		case policy.Deny:
			denies = append(denies, c)
		}
	}
	return allows, denies
}
