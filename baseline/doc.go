// Package baseline knows what is usual: which values a key had before (the
// actions, Regions and networks of a principal), which of them its peers have,
// and how much of something there is in an hour or a day.
//
// Time is what observations say; there is no clock. Nothing is said about a key
// or a group before it has been learned, and every verdict tells how far
// learning is. Memory is bounded by [Options]. What has to go goes into filters
// that err to one side only: something new may be taken for known, what was seen
// in the window is never called new.
package baseline

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Kind says what a profile looks for.
type Kind string

// The kinds. FirstSeen fires when a key has a value for the first time in the
// window; Rare when in addition few of its peers have it; Volume when there is far
// more of something in an hour or a day than usual.
const (
	FirstSeen Kind = "first-seen"
	Rare      Kind = "rare"
	Volume    Kind = "volume"
)

const day = 24 * time.Hour

// Profile says what is learned, and when it is worth saying that something is
// unusual. The zero value of a field is its default.
type Profile struct {
	ID string
	// By and Of are the fields whose values make the key and the value, Peers
	// those that make the group of keys that should be alike: a tag, a role's
	// path. Profiles with the same By and Peers share what they know of a key.
	By, Of, Peers []string
	Kind          Kind

	Learn  time.Duration // how long a key (Rare: a group) is watched before it may fire. Whole days; 14 d
	Window time.Duration // how long a value is known after it was seen last, and how far volumes look back. Whole days, at most 90; 14 d
	// Steady is up to how many new values a day a key may have had lately for one
	// more to be worth saying (FirstSeen). 0 is any number.
	Steady float64

	Share    float64 // at most this share of the peers has the value (Rare). 0.05
	MinPeers int     // there are at least so many peers, the key not counted (Rare). 5

	Every  time.Duration // what is added up: an hour or a day (Volume). 24 h
	Min    float64       // less than this is never worth saying (Volume)
	Factor float64       // how many spreads above what is expected (Volume). 6
}

// Check tells what is wrong with a profile.
func (p *Profile) Check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	q := p.orDefault()
	if p.ID == "" {
		fail("a profile needs an id")
	}
	if len(p.By) == 0 {
		fail("by names no field")
	}
	switch q.Kind {
	case FirstSeen, Rare:
		if len(p.Of) == 0 {
			fail("of names no field")
		}
		if p.Min != 0 || p.Factor != 0 || p.Every != 0 {
			fail("min, factor and every are for the kind %s", Volume)
		}
	case Volume:
	default:
		fail("kind %q is not one of %s, %s, %s", p.Kind, FirstSeen, Rare, Volume)
	}
	if q.Kind == Rare && len(p.Peers) == 0 {
		fail("the kind %s needs peers", Rare)
	}
	if q.Kind != Rare && (p.Share != 0 || p.MinPeers != 0) {
		fail("share and minimum of peers are for the kind %s", Rare)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"learn", q.Learn}, {"window", q.Window}} {
		if d.d < day || d.d > 90*day || d.d%day != 0 {
			fail("%s is %s: use whole days, 1 to 90", d.name, d.d)
		}
	}
	if q.Every != time.Hour && q.Every != day {
		fail("every is %s: use an hour or a day", q.Every)
	}
	if !(q.Share > 0 && q.Share <= 1) || q.MinPeers < 1 || !(q.Factor > 0) || !(q.Min >= 0) || !(q.Steady >= 0) {
		fail("share must be above 0 and at most 1, the others must not be negative")
	}
	if len(errs) > 0 {
		return fmt.Errorf("profile %s: %w", p.ID, errors.Join(errs...))
	}
	return nil
}

func (p *Profile) orDefault() Profile {
	q := *p
	set := func(to *time.Duration, d time.Duration) {
		if *to == 0 {
			*to = d
		}
	}
	set(&q.Learn, 14*day)
	set(&q.Window, 14*day)
	set(&q.Every, day)
	if q.Share == 0 {
		q.Share = 0.05
	}
	if q.MinPeers == 0 {
		q.MinPeers = 5
	}
	if q.Factor == 0 {
		q.Factor = 6
	}
	return q
}

// meaning changes with whatever changes what is stored for a profile; thresholds
// can be changed without learning anew.
func (p *Profile) meaning() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d", p.ID, p.Kind, p.By, p.Of, p.Peers, p.Every))
	return hex.EncodeToString(sum[:8])
}

// Options bound the memory of an [Engine].
type Options struct {
	Keys   int // keys known; those idle longest go first. 0 is 2,000,000
	Values int // values of all keys that are kept one by one; those seen longest ago go to the filters first. 0 is 24,000,000
	PerKey int // values of one key; more go to the filters. 0 is 4,096
	Series int // volumes; those idle longest go first. 0 is 500,000
	Names  int // values whose text is kept, for explanations. 0 is 65,536
	// Idle is after how long without an observation a key is forgotten, at least
	// the longest window. 0 is 90 days.
	Idle time.Duration
	// FilterBytes is the size of the filter of one day. 0 is 8 MiB: 4.6 million
	// values at one error in a thousand. Only days that need one have one.
	FilterBytes int
	// Zone is how far the working week of the organisation is ahead of UTC; it
	// decides what is a weekend (Volume).
	Zone time.Duration
}

func (o Options) orDefault() Options {
	set := func(to *int, n int) {
		if *to <= 0 {
			*to = n
		}
	}
	set(&o.Keys, 2_000_000)
	set(&o.Values, 24_000_000)
	set(&o.PerKey, 4096)
	set(&o.Series, 500_000)
	set(&o.Names, 65_536)
	set(&o.FilterBytes, 8<<20)
	if o.Idle <= 0 {
		o.Idle = 90 * day
	}
	return o
}

// Observation is that a key had a value.
type Observation struct {
	Key, Value string
	Group      string  // of the peers; "" is no group
	Amount     float64 // what is added up (Volume)
	Time       time.Time
	Explain    bool // Verdict.Why is wanted of what does not fire, too
}

// Learning says how far learning is.
type Learning struct {
	Since time.Time // the first observation
	Days  int       // whole days since then, at most Of
	Of    int       // days that it takes
}

// Done tells whether enough was learned to speak.
func (l Learning) Done() bool { return l.Days >= l.Of }

// String is like "3 of 14 days".
func (l Learning) String() string { return fmt.Sprintf("%d of %d days", l.Days, l.Of) }

// Verdict says how usual an observation was before it was learned.
type Verdict struct {
	Fires bool // it is worth saying; never while learning
	New   bool // the key did not have the value in the window; Volume: this observation crossed the limit
	Known int  // how many values the key had in the window

	PeersN, PeersWith int     // other keys of the group, and those of them that have the value
	Share             float64 // PeersWith of PeersN; 1 when there are no peers

	// Volume: what this hour or day has up to now, what comparable ones had
	// (median), how far they are apart (see docs/baseline.md), and the greatest.
	Observed, Expected, Spread, Most float64

	Learning Learning
	Why      string // a sentence when it fires, or is new and Observation.Explain asks for it; else ""
}

// Seen is a value that a key has.
type Seen struct {
	Value       string // "" when its text was not kept
	First, Last time.Time
}

// Stats count what an engine holds and what it could not do.
type Stats struct {
	Keys, Values, Series, Names int

	Spilled       int     // values that went to the filters
	EvictedKeys   int     // for Options.Keys; their learning begins anew
	EvictedSeries int     // for Options.Series; their learning begins anew
	Forgotten     int     // keys without an observation for Options.Idle
	Unnamed       int     // values without their text, for Options.Names
	Late          int     // observations too old to judge; they were learned
	Ahead         int     // observations days ahead of all others, as of a clock that is wrong
	NoNumber      int     // amounts that are negative, infinite or no number; not added up
	FilterError   float64 // the likelihood, at worst, that something new to a key with values in the filters is taken for known
}

// id names a key or a series: 128 bits of a hash that nobody can aim at, so
// that a value cannot be made up that passes for a known one.
type id [16]byte

// hash of some texts; where one ends and the next begins counts.
func hash(buf []byte, texts ...string) (sum [sha256.Size]byte, next []byte) {
	buf = buf[:0]
	for _, t := range texts {
		buf = binary.AppendUvarint(buf, uint64(len(t)))
		buf = append(buf, t...)
	}
	return sha256.Sum256(buf), buf
}

func dayOf(t time.Time) uint16 {
	d := t.Unix() / 86400
	return uint16(min(max(d, 0), 65535))
}

func timeOf(d uint16) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func days(d time.Duration) int { return int(d / day) }

// before is n days earlier, or the first day there is.
func before(d uint16, n int) uint16 { return uint16(max(0, int(d)-n)) }
