package network

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Must is what an intent asks of the packets between two sets of ends.
type Must string

// What an intent may ask: that packets get through, that none does, and that all
// that do pass an inspection point, and their answers too.
const (
	MustReach   Must = "reach"
	MustNever   Must = "never"
	MustThrough Must = "through"
)

// Term is one end of a list that makes up a set: what it stands for is in the
// set, or out of it when Not is set.
type Term struct {
	End  End
	Not  bool
	Line int // in the file of the intent; 0 when not known
}

// Intent is what a network is for: it holds when it holds for every pair of its
// ends.
type Intent struct {
	ID    string
	Title string
	From  []Term
	To    []Term
	Via   []Term // of MustThrough: the inspection points, any of which will do
	Must  Must
	// Proto is a name or number, "" for tcp where Ports are given and else for all.
	Proto string
	Ports []string // "443" or "8000-8100"; none is all of them
	ICMP  *ICMP
	// Relayed asks for hosts between the ends too: who reaches X reaches what X
	// reaches.
	Relayed bool
	// Hypothetical takes an address that nobody holds for one with a host.
	Hypothetical bool
	Place        haetae.Place
}

// Standing says whether an intent holds.
type Standing string

// The standings. Undecided means that a fact that is missing, or somebody's
// choice, decides: [Outcome.DependsOn] says which.
const (
	Holds     Standing = "Holds"
	Broken    Standing = "Broken"
	Undecided Standing = "DependsOn"
)

// Fault is how an intent is broken.
type Fault string

// The faults.
const (
	FaultReached Fault = "reached"      // packets get through that must not
	FaultBlocked Fault = "blocked"      // no packet gets through, and some must
	FaultPartly  Fault = "partly"       // some ports or addresses do not get through
	FaultAround  Fault = "around"       // packets get through past the inspection points
	FaultReply   Fault = "reply-around" // their answers do
	FaultZone    Fault = "other-point"  // their answers pass another point, which did not see the packets
)

// PairCounts counts pairs of ends. Of an intent about relays these are the pairs of
// their last hop.
type PairCounts struct {
	All     int `json:"all"`
	Open    int `json:"open"` // something passes, or may
	Broken  int `json:"broken"`
	Unknown int `json:"unknown"` // it depends on something
}

// Outcome is the answer to an intent.
type Outcome struct {
	ID      string       `json:"id"`
	Title   string       `json:"title,omitempty"`
	Must    Must         `json:"must"`
	Verdict Standing     `json:"verdict"`
	Place   haetae.Place `json:"place"`
	Pairs   PairCounts   `json:"pairs"`
	// Classes is how many pairs of classes the pairs were looked at as.
	Classes   int      `json:"classes"`
	Breaches  []Breach `json:"breaches"`
	DependsOn Depends  `json:"dependsOn"`
}

// Breach is one way in which an intent is broken, or may be.
type Breach struct {
	Fault   Fault    `json:"fault"`
	Verdict Standing `json:"verdict"` // Broken or DependsOn
	Pairs   int      `json:"pairs"`
	Classes int      `json:"classes"` // pairs of classes with such a pair
	// Examples are counter-examples, one of a pair of classes, three at most.
	Examples []Example `json:"examples"`
}

// maxExamples bounds the counter-examples of one fault.
const maxExamples = 3

// Host is one end of a counter-example.
type Host struct {
	Resource  string `json:"resource"` // what people know it by, or addresses
	Type      string `json:"type,omitempty"`
	Name      string `json:"name,omitempty"` // of its tag
	Account   string `json:"account,omitempty"`
	Interface string `json:"interface,omitempty"`
}

// String writes the host for people.
func (h Host) String() string {
	if h.Name != "" && h.Name != h.Resource {
		return h.Name + " (" + h.Resource + ")"
	}
	return h.Resource
}

// Example is a concrete counter-example: a pair, a packet and its way.
type Example struct {
	From    Host      `json:"from"`
	To      Host      `json:"to"`
	Packet  *Packets  `json:"packet,omitempty"` // one packet; none when nothing gets through
	Forward Path      `json:"forward"`
	Reply   Path      `json:"reply"`
	Points  []string  `json:"points,omitempty"`      // the inspection points on the way there
	Back    []string  `json:"replyPoints,omitempty"` // and on the way back
	Stops   []Blocker `json:"blockers,omitempty"`
	Changes []string  `json:"changes,omitempty"` // that open the way, proven on a copy
	// Relays are the hops from host to host before this one, the first one first.
	Relays []Example `json:"relays,omitempty"`
}

// Check says what is wrong with an intent by itself.
func (in *Intent) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if in.ID == "" {
		bad("id is missing")
	}
	positive := func(list []Term) bool { return slices.ContainsFunc(list, func(t Term) bool { return !t.Not }) }
	if !positive(in.From) {
		bad("from is missing: who sends")
	}
	if !positive(in.To) {
		bad("to is missing: who is sent to")
	}
	switch in.Must {
	case MustReach, MustNever:
		if len(in.Via) > 0 {
			bad("via is for must: through")
		}
	case MustThrough:
		if !positive(in.Via) {
			bad("via is missing: what packets must pass")
		}
	case "":
		bad("must is missing: reach, never or through")
	default:
		bad("must: %s is none of reach, never and through", in.Must)
	}
	if in.Relayed && in.Must == MustReach {
		bad("hops: any is for never and through")
	}
	if _, err := in.match(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// match is the packets of an intent, but for their addresses.
func (in *Intent) match() (asked, error) {
	q := Question{Proto: word(in.proto()), Port: word(strings.Join(in.Ports, ",")), ICMP: in.ICMP}
	m, err := q.match()
	if err != nil {
		return m, errors.New(strings.TrimPrefix(err.Error(), "question: "))
	}
	return m, nil
}

func (in *Intent) proto() string {
	switch {
	case in.Proto == "" && in.ICMP != nil:
		return "icmp"
	case in.Proto == "" && len(in.Ports) > 0:
		return "tcp"
	}
	return in.Proto
}

// ParseEnd reads an end as people write it: ADDRESS@PLACE or anything else that
// [End] names by an ID.
func ParseEnd(s string) End {
	address, at, placed := strings.Cut(s, "@")
	switch {
	case !placed:
		return End{ID: s}
	case strings.HasPrefix(at, "vpc-"):
		return End{Address: address, VPC: at}
	case strings.HasPrefix(at, "subnet-"):
		return End{Address: address, Subnet: at}
	}
	return End{Address: address, Via: at}
}

// Keep holds the network against intents, and answers each in their order. An
// error names every end that stands for nothing: then none is answered.
func (w *World) Keep(list []*Intent) ([]Outcome, error) {
	k := newIntentKeeper(w)
	scopes := make([]*scope, len(list))
	var errs []error
	for i, in := range list {
		s, err := k.scope(in)
		if err != nil {
			errs = append(errs, err)
		}
		scopes[i] = s
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out := make([]Outcome, len(list))
	for i, s := range scopes {
		if s.in.Relayed {
			k.relay(s)
		}
		k.judge(s)
		out[i] = s.outcome()
	}
	return out, nil
}

// scope is an intent with its ends found, and what was found of it so far.
type scope struct {
	in       *Intent
	m        asked
	from, to set
	via      via
	result   Outcome
	breaches map[breachKey]*Breach
	request  map[string]bool
	missing  map[string]bool
	relays   map[*nic]*relayed // who can be reached first; nil when only the ends count
	before   bool              // a hop before the last one is shown
}

type breachKey struct {
	fault   Fault
	verdict Standing
}

// note counts pairs of a fault and tells whether an example of it is wanted.
func (s *scope) note(key breachKey, pairs int) (*Breach, bool) {
	b := s.breaches[key]
	if b == nil {
		b = &Breach{Fault: key.fault, Verdict: key.verdict, Examples: []Example{}}
		s.breaches[key] = b
	}
	b.Pairs += pairs
	return b, len(b.Examples) < maxExamples
}

// lacks notes what is not known and decides.
func (s *scope) lacks(list []condition) {
	for _, c := range list {
		if c.request {
			s.request[c.text] = true
		} else {
			s.missing[c.text] = true
		}
	}
}

func (s *scope) outcome() Outcome {
	o := s.result
	o.Verdict = Holds
	switch {
	case o.Pairs.Broken > 0:
		o.Verdict = Broken
	case o.Pairs.Unknown > 0:
		o.Verdict = Undecided
	}
	// A set that may have more members holds for those that are known only.
	if o.Verdict != Broken {
		for _, text := range slices.Concat(s.from.gaps, s.to.gaps) {
			s.missing[text] = true
			o.Verdict = Undecided
		}
	}
	o.DependsOn = Depends{Request: sortedKeys(s.request), Missing: sortedKeys(s.missing)}
	if o.Verdict == Holds {
		o.DependsOn = Depends{Request: []string{}, Missing: []string{}}
	}
	o.Breaches = []Breach{}
	for _, b := range s.breaches {
		o.Breaches = append(o.Breaches, *b)
	}
	slices.SortFunc(o.Breaches, func(a, b Breach) int {
		return cmp.Or(cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.Fault, b.Fault))
	})
	return o
}

func sortedKeys(m map[string]bool) []string {
	out := []string{}
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// satisfied tells whether packets are enough for an intent that some get
// through: what the intent names (ports, types, addresses outside) is asked in
// full, what it does not name may be any. One family of addresses is enough.
func (s *scope) satisfied(got, total cidr.Set, src, dst *place) bool {
	for _, four := range []bool{true, false} {
		want := s.named(family(total, four), src, dst)
		if !want.Empty() && s.named(family(got, four), src, dst).Covers(want) {
			return true
		}
	}
	return false
}

func family(s cidr.Set, four bool) []cidr.Box {
	var out []cidr.Box
	for _, b := range s.Boxes() {
		if b.Src.Four().Empty() != four {
			out = append(out, b)
		}
	}
	return out
}

// named is packets with everything that the intent does not name made alike.
func (s *scope) named(list []cidr.Box, src, dst *place) cidr.Set {
	out := make([]cidr.Box, 0, len(list))
	for _, b := range list {
		all := cidr.All6()
		if b.Src.Six().Empty() {
			all = cidr.All4()
		}
		if src.kind == "nic" {
			b.Src = all
		}
		if dst.kind == "nic" {
			b.Dst = all
		}
		typed := !b.Proto.Intersect(cidr.Typed()).Empty()
		if !typed || s.in.ICMP == nil {
			b.A = cidr.AllPorts()
		}
		if typed && s.in.ICMP == nil || !typed && len(s.in.Ports) == 0 {
			b.B = cidr.AllPorts()
		}
		if p := s.in.proto(); p == "" || p == "any" {
			b.Proto = cidr.Proto(cidr.TCP)
		}
		out = append(out, b)
	}
	return cidr.Of(out...)
}
