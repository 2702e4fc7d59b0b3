// Package sequence finds attacks that no single event shows: weak signals, each
// with a tactic, that share an actor or a target within a day or two weeks.
//
// Which tactics belong together and what they weigh is data ([Sequence]). Signals
// that have an entity in common within the longest window are one component, over
// accounts too, since a session carries those from whom it came. Each window of
// a component is scored, and windows that hold and overlap are one [Found]. So what
// is found depends on the set of signals, not on the order in which they came, and
// a further signal never takes away what was found: it makes it larger, or joins
// two. Time is what signals say; there is no clock.
package sequence

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/wildcard"
)

// How usual a signal is for its actor multiplies its weight. A rule that fired for
// the same actor on earlier days is its routine, as a pipeline that makes roles
// every day; one that fires for the first time after the actor was learned is
// novel. Without a baseline a signal is ordinary.
const (
	Routine  = 0.25
	Ordinary = 1
	Novel    = 2
)

// Tactics are those of the ATT&CK matrix for cloud, as signals name them, in the
// order of the matrix.
func Tactics() []string {
	return []string{"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation", "defense-evasion",
		"credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "impact"}
}

// Points are hundredths of a point of a score, so that sums are exact.
type Points int64

// PointsOf rounds a number of points.
func PointsOf(x float64) Points { return Points(math.Round(x * 100)) }

// String is like "7.25".
func (p Points) String() string { return strconv.FormatFloat(float64(p)/100, 'f', -1, 64) }

// MarshalJSON writes the points as a number.
func (p Points) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Points) UnmarshalJSON(data []byte) error {
	x, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.IsNaN(x) || math.Abs(x) > 1e12 {
		return fmt.Errorf("points %q: not a number of points", data)
	}
	*p = PointsOf(x)
	return nil
}

// times multiplies points by a factor in hundredths.
func (p Points) times(f Points) Points { return (p*f + 50) / 100 }

// Sequence is what an attack of one family looks like.
type Sequence struct {
	ID          string
	Title       haetae.Text
	Description haetae.Text
	Response    haetae.Text
	Family      string
	GuardDuty   []string
	Techniques  []string // "T1486"
	References  []string
	File        string

	// Join says what signals have in common: "entities" (who did it) or "targets"
	// (what it was done to), or both, where either will do.
	Join  []string
	Parts []Part
	// Needs are tactics that must be there: of each list one.
	Needs [][]string
	// Order are tactics in the order in which an attack has them. Each step of
	// the longest run of signals in that order gives Ordered points.
	Order   []string
	Ordered float64
	// Further is the share of a tactic's weight that each further rule of it
	// gives, up to MostFurther rules.
	Further     float64
	MostFurther int

	MinTactics, MinRules, MinOrder int
	// Members is a pattern of entities or targets of which MinMembers different
	// ones must take part, as instances of one group.
	Members    string
	MinMembers int

	Windows    []Window // those that are asked first, first
	Severities []Step   // rising
	// Except are patterns of entities; a signal of such an entity does not count.
	Except []string
}

// Part is a tactic that counts, and how much. A signal counts for the first part that
// it fits.
type Part struct {
	Tactic   string
	Services []string // of the signal: "s3", "kubernetes"; none is any
	Weight   float64
	Rules    []string // of the signal, as patterns: "iam-own-*"; none is any
}

// Window is a time and the score that signals within it need.
type Window struct {
	Within    time.Duration
	Threshold float64
}

// Step is from which score on a sequence is how severe.
type Step struct {
	From     float64
	Severity haetae.Severity
}

// Check tells what is wrong with a sequence.
func (q *Sequence) Check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if q.ID == "" {
		fail("id is missing")
	}
	for _, t := range []struct {
		name string
		text haetae.Text
	}{{"title", q.Title}, {"description", q.Description}, {"response", q.Response}} {
		if t.text.EN == "" {
			fail("%s is missing in English", t.name)
		}
	}
	if len(q.Join) == 0 {
		fail("join is empty: entities, targets or both")
	}
	for _, j := range q.Join {
		if j != "entities" && j != "targets" {
			fail("join: %q is neither entities nor targets", j)
		}
	}
	counted := map[string]bool{}
	for _, p := range q.Parts {
		if !slices.Contains(Tactics(), p.Tactic) {
			fail("tactics: %q is no tactic", p.Tactic)
		}
		if !(p.Weight > 0 && p.Weight <= 10) {
			fail("tactics: the weight of %s must be above 0 and at most 10", p.Tactic)
		}
		counted[p.Tactic] = true
	}
	if len(q.Parts) > 100 {
		fail("tactics are more than 100")
	}
	if len(counted) == 0 {
		fail("tactics is empty")
	}
	for _, list := range append(slices.Clone(q.Needs), q.Order) {
		for _, t := range list {
			if !counted[t] {
				fail("%q is needed or ordered but does not count", t)
			}
		}
	}
	if slices.ContainsFunc(q.Needs, func(any []string) bool { return len(any) == 0 }) {
		fail("needs has an empty list")
	}
	if dup := len(slices.Compact(slices.Sorted(slices.Values(q.Order)))); dup != len(q.Order) {
		fail("order names a tactic twice")
	}
	if q.MinTactics < 2 && q.MinMembers < 2 {
		fail("tactics: at least two must be asked for, or two members; one signal is no sequence")
	}
	if (q.Members == "") != (q.MinMembers == 0) {
		fail("members needs a pattern and a number")
	}
	if q.MinOrder > len(q.Order) {
		fail("%d tactics cannot be in order, order has %d", q.MinOrder, len(q.Order))
	}
	if !(q.Further >= 0 && q.Further <= 1) || q.MostFurther < 0 || !(q.Ordered >= 0 && q.Ordered <= 10) || q.MinRules < 0 || q.MinOrder < 0 || q.MinMembers < 0 {
		fail("further must be 0 to 1, ordered 0 to 10, and no number negative")
	}
	if len(q.Windows) == 0 {
		fail("windows is empty")
	}
	for _, w := range q.Windows {
		if w.Within < time.Minute || w.Within > 90*24*time.Hour || !(w.Threshold > 0) {
			fail("a window must be a minute to 90 days and have a threshold above 0")
		}
	}
	if len(q.Severities) == 0 || !slices.IsSortedFunc(q.Severities, func(a, b Step) int { return cmp.Compare(a.From, b.From) }) {
		fail("severity is empty or does not rise")
	}
	for _, w := range q.Windows {
		if len(q.Severities) > 0 && q.Severities[0].From > w.Threshold {
			fail("severity says nothing of a score of %v", w.Threshold)
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return nil
}

// Signal is that a rule matched: weak by itself, and labelled with a tactic.
type Signal struct {
	Rule     string          `json:"rule"`
	Tactic   string          `json:"tactic"`
	Service  string          `json:"service"` // the prefix of the action, "s3"; "kubernetes", "vpcflow", "dns"
	Severity haetae.Severity `json:"severity"`
	// Weight is what the severity weighs when it is 0: informational 0.5, low 1,
	// medium 1.5, high 2, critical 3. At most 5.
	Weight float64 `json:"weight,omitempty"`
	// Rarity is [Routine], [Ordinary], [Novel] or between; 0 is ordinary. At most 3.
	Rarity float64 `json:"rarity,omitempty"`
	// Entities are who did it, nearest first: access key, session, role, instance,
	// and those from whom the session came.
	Entities []string  `json:"entities"`
	Targets  []string  `json:"targets,omitempty"`
	Event    string    `json:"event"`            // the same rule and event again are the same signal
	Events   []string  `json:"events,omitempty"` // all that carry it, where they are more
	Time     time.Time `json:"time"`
	Late     bool      `json:"late,omitempty"`
}

// factor is what a signal multiplies the weight of its tactic by, in hundredths.
func (s *Signal) factor() Points {
	w := bound(s.Weight, 5)
	if w == 0 {
		w = [...]float64{1, 0.5, 1, 1.5, 2, 3}[min(max(int(s.Severity), 0), 5)]
	}
	r := bound(s.Rarity, 3)
	if r == 0 {
		r = Ordinary
	}
	return PointsOf(w * r)
}

// Found is an attack sequence. The same ID again replaces what was said before.
type Found struct {
	Sequence *Sequence
	// ID stays the same as long as the first signal does.
	ID       string
	Replaces []string // IDs of those that it stands in the place of
	Severity haetae.Severity

	Entities, Targets []string // the root first, then those of most signals
	Chain             []Link
	Signals           []Signal // all, by time
	First, Last       time.Time
	Late              bool // a signal that came late has a part in it

	// Score is that of the best window, and the sum of the terms.
	Score      Points
	Arithmetic []Term
	Window     Window
	From, To   time.Time // the signals of that window

	// Pivotal are the rules and events without which, one at a time, there would
	// be no sequence. Where there are more than 64 signals, those that have a twin
	// (alike in all but time and event) are taken not to be.
	Pivotal []Pivot
	Untried int // signals that were not tried, as there are too many; see docs/sequences.md
}

// Link says that one entity acted as another.
type Link struct {
	From, To string
	Event    string // the first that shows it
}

// Term is a part of a score.
type Term struct {
	Label string `json:"label"`
	Value Points `json:"value"`
}

// Pivot names a signal.
type Pivot struct {
	Rule, Event string
}

// Limits bound what an [Engine] remembers.
type Limits struct {
	Signals int           // the oldest go first, and what was found with them is closed. 0 is 200,000
	Late    time.Duration // how much older than the newest a signal is still taken. 0 is 24 hours
}

// Stats count what an engine holds and what it could not do.
type Stats struct {
	Signals, Open int // open are sequences that may still grow

	Duplicates int // the same rule and event again
	TooLate    int // older than Limits.Late
	Ahead      int // days ahead of all others, as of a clock that is wrong
	NoTime     int // before 1980 or after 2200
	Unused     int // no sequence counts the tactic, service or entity
	Unjoined   int // without an entity or target to join by
	Evicted    int // for Limits.Signals
	Closed     int // sequences that could not grow on, for Limits.Signals
	Lost       int // open sequences that were dropped at loading, as their definition was changed
}

// compiled is a sequence ready to be asked.
type compiled struct {
	*Sequence
	index       int // among all
	fingerprint string
	join        struct{ entities, targets bool }
	weights     []Points
	ordered     Points
	further     Points
	thresholds  []Points
	widest      time.Duration
	narrowest   time.Duration
	members     *wildcard.Pattern
	except      []*wildcard.Pattern

	held    map[string][]*held // by entity or target, by time
	runOf   map[*held]*run
	runs    map[string]*run
	newest  map[string]*held // of those of one habit
	pending []*held
}

func compile(q *Sequence) *compiled {
	c := &compiled{Sequence: q, held: map[string][]*held{}, runOf: map[*held]*run{}, runs: map[string]*run{}, newest: map[string]*held{}}
	c.join.entities, c.join.targets = slices.Contains(q.Join, "entities"), slices.Contains(q.Join, "targets")
	for _, p := range q.Parts {
		c.weights = append(c.weights, PointsOf(p.Weight))
	}
	c.ordered, c.further = PointsOf(q.Ordered), PointsOf(q.Further)
	c.narrowest = q.Windows[0].Within
	for _, w := range q.Windows {
		c.thresholds = append(c.thresholds, PointsOf(w.Threshold))
		c.widest, c.narrowest = max(c.widest, w.Within), min(c.narrowest, w.Within)
	}
	if q.Members != "" {
		c.members = wildcard.Compile(q.Members)
	}
	for _, e := range q.Except {
		c.except = append(c.except, wildcard.Compile(e))
	}
	c.fingerprint = digest(fmt.Sprint(q.Join, q.Parts, q.Needs, q.Order, q.Ordered, q.Further, q.MostFurther, q.MinTactics, q.MinRules, q.MinOrder,
		q.Members, q.MinMembers, q.Windows, q.Severities, q.Except))
	return c
}

// fits is the part that a signal counts for, or -1.
func (c *compiled) fits(s *Signal) int {
	i := slices.IndexFunc(c.Parts, func(p Part) bool {
		return p.Tactic == s.Tactic && (len(p.Services) == 0 || slices.Contains(p.Services, s.Service)) &&
			(len(p.Rules) == 0 || slices.ContainsFunc(p.Rules, func(like string) bool { return wildcard.Compile(like).Match(s.Rule) }))
	})
	if i < 0 {
		return -1
	}
	for _, x := range c.except {
		if slices.ContainsFunc(s.Entities, x.Match) {
			return -1
		}
	}
	return i
}

// part is what fits said when the signal came.
func (c *compiled) part(h *held) int { return int(h.parts[c.index]) }

// names are what a signal is joined by.
func (c *compiled) names(h *held) []string {
	switch {
	case c.join.entities && c.join.targets:
		return h.both
	case c.join.entities:
		return h.Entities
	}
	return h.Targets
}

// severity is that of a score.
func (c *compiled) severity(score Points) haetae.Severity {
	out := c.Severities[0].Severity
	for _, s := range c.Severities {
		if score >= PointsOf(s.From) {
			out = s.Severity
		}
	}
	return out
}

func (c *compiled) describe(i int) string {
	p := c.Parts[i]
	if of := slices.Concat(p.Services, p.Rules); len(of) > 0 {
		return p.Tactic + " (" + strings.Join(of, ", ") + ")"
	}
	return p.Tactic
}
