package baseline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Engine learns and judges. It is for one goroutine.
type Engine struct {
	options  Options
	profiles map[string]*slot
	slots    map[uint16]*slot
	next     int // the number that the next profile gets
	window   int // days: the longest of all profiles

	keys   map[id]*habit
	series map[id]*series
	groups map[uint64]*group
	with   map[uint64]peers // of a group and a value
	names  map[code]name
	values int // of all keys

	newest    uint16 // the newest day that is believed
	begun     bool
	ahead     int    // observations in a row that are further than that
	forgotten uint16 // the newest last day of a value that was forgotten for its age
	filters   map[uint16]*filter

	stats   Stats
	changed changes
	buf     []byte
}

// slot is a profile with the number under which its values are stored.
type slot struct {
	Profile
	number uint16
	space  string // of profiles whose keys are the same
	since  int64  // Unix seconds of its first observation, 0 before
}

// name is the text of a value.
type name struct {
	text string
	last uint16
}

// jump is how many observations in a row must be ahead by more than three days, a
// weekend without any, until the engine believes that time went on.
const jump = 32

// New makes an engine that has learned nothing yet.
func New(profiles []Profile, options Options) (*Engine, error) {
	e := &Engine{options: options.orDefault(), profiles: map[string]*slot{}, slots: map[uint16]*slot{}, keys: map[id]*habit{},
		series: map[id]*series{}, groups: map[uint64]*group{}, with: map[uint64]peers{}, names: map[code]name{}, filters: map[uint16]*filter{}}
	e.changed.reset()
	var errs []error
	if len(profiles) >= 1<<15 {
		errs = append(errs, fmt.Errorf("%d profiles are too many", len(profiles)))
	}
	for i := range profiles {
		p := &profiles[i]
		if err := p.Check(); err != nil {
			errs = append(errs, err)
			continue
		}
		if e.profiles[p.ID] != nil {
			errs = append(errs, fmt.Errorf("profile %s is there twice", p.ID))
			continue
		}
		e.profiles[p.ID] = &slot{Profile: p.orDefault(), space: strings.Join(p.By, "\x00") + "\x01" + strings.Join(p.Peers, "\x00")}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i, id := range slices.Sorted(maps.Keys(e.profiles)) {
		s := e.profiles[id]
		s.number = uint16(i)
		e.slots[s.number] = s
		e.window = max(e.window, days(s.Window))
	}
	e.next = len(e.profiles)
	e.options.Idle = max(e.options.Idle, time.Duration(e.window)*day)
	return e, nil
}

// Seed learns an observation of the past. It is Observe without a verdict: what
// is seeded ends the days of learning, so that an installation with stored logs can
// speak on its first day.
func (e *Engine) Seed(profile string, o Observation) error {
	_, err := e.Observe(profile, o)
	return err
}

// Observe judges an observation by what was learned before, and learns it. It
// fails only for a profile that is not there.
func (e *Engine) Observe(profile string, o Observation) (Verdict, error) {
	s := e.profiles[profile]
	if s == nil {
		return Verdict{}, fmt.Errorf("baseline: there is no profile %q", profile)
	}
	d, believed := e.clock(o.Time)
	t := o.Time
	if !believed {
		t = timeOf(d)
	}
	if s.since == 0 || t.Unix() < s.since {
		s.since = max(1, t.Unix())
		e.changed.slots = true
	}
	key, h := e.habit(s, &o, t)
	var sum [32]byte
	sum, e.buf = hash(e.buf, o.Value)
	c := coded(s.number, sum)
	if s.Kind == Volume {
		if !believed {
			return Verdict{Learning: s.learning(h.since, t), Share: 1}, nil // its hour is not known
		}
		return e.volume(s, key, h, c, &o), nil
	}
	return e.value(s, key, h, c, &o, t, d), nil
}

// clock takes the day of an observation. One that is days ahead of all others
// counts as of the newest day until so many follow that it must be true: a
// record with a wrong year must not age all that is known.
func (e *Engine) clock(t time.Time) (uint16, bool) {
	d := dayOf(t)
	switch {
	case !e.begun:
		e.begun, e.newest = true, d
		e.changed.clock = true
	case int(d) > int(e.newest)+3:
		if e.ahead++; e.ahead < jump {
			e.stats.Ahead++
			return e.newest, false
		}
		e.ahead = 0
		e.turn(d)
	default:
		e.ahead = 0
		if d > e.newest {
			e.turn(d)
		}
	}
	return d, true
}

// habit returns what is known of the key of an observation, made anew for a key
// that is not known.
func (e *Engine) habit(s *slot, o *Observation, t time.Time) (id, *habit) {
	var sum [32]byte
	sum, e.buf = hash(e.buf, s.space, o.Key)
	key := id(sum[:16])
	var g uint64
	if len(s.Peers) > 0 && o.Group != "" {
		sum, e.buf = hash(e.buf, s.space, o.Group)
		g = max(1, binary.BigEndian.Uint64(sum[:8]))
	}
	h := e.keys[key]
	if h == nil {
		if len(e.keys) >= e.options.Keys {
			e.evictKeys()
		}
		h = &habit{since: t.Unix(), last: t.Unix(), group: g, spilled: len(e.filters) > 0}
		e.keys[key] = h
		e.join(h, 1)
	} else if h.group != g {
		e.join(h, -1)
		h.group = g
		e.join(h, 1)
	}
	h.since, h.last = min(h.since, t.Unix()), max(h.last, t.Unix())
	if g != 0 {
		e.groups[g].see(t.Unix())
		e.changed.groups[g] = true
	}
	e.changed.keys[key] = true
	return key, h
}

func (s *slot) learning(since int64, t time.Time) Learning {
	since = max(since, s.since)
	of := days(s.Learn)
	return Learning{time.Unix(since, 0).UTC(), int(min(max(0, (t.Unix()-since)/86400), int64(of))), of}
}

// value judges and learns a value of a key.
func (e *Engine) value(s *slot, key id, h *habit, c code, o *Observation, t time.Time, d uint16) Verdict {
	v := Verdict{Learning: s.learning(h.since, t), Share: 1}
	floor := before(d, days(s.Window))
	at, found := h.find(c)
	known := found && h.seen[at].last >= floor
	if !known && h.spilled {
		a, b := pair(key, c)
		if last, ok := e.spilled(floor, a, b); ok {
			known = true
			e.take(h, c, last, last, found)
			found = true
		}
	}
	e.peers(s, h, c, &v, known, floor)
	if s.Kind == Rare && h.group != 0 {
		v.Learning = s.learning(e.groups[h.group].since, t)
	}
	// What was forgotten for its age may have been in the window of this one.
	late := e.forgotten >= floor && d < e.newest
	if late {
		e.stats.Late++
	}
	v.New = !known && !late
	if v.New {
		lately := 0
		for _, was := range h.of(s.number) {
			if was.last < floor {
				continue
			}
			v.Known++
			if timeOf(was.first).Unix() >= v.Learning.Since.Unix()+int64(s.Learn/time.Second) {
				lately++
			}
		}
		perDay := float64(lately) / float64(days(s.Window))
		v.Fires = v.Learning.Done() && (s.Steady == 0 || perDay <= s.Steady)
		if s.Kind == Rare {
			v.Fires = v.Fires && h.group != 0 && v.PeersN >= s.MinPeers && v.Share <= s.Share
		}
		if v.Fires || o.Explain { // what a key has is listed and sorted for it
			v.Why = e.why(s, h, o, &v, floor, perDay)
		}
	}
	if !found || at < len(h.seen) && h.seen[at].code() == c && h.seen[at].last < d {
		e.remember(c, o.Value, d)
	}
	e.take(h, c, d, d, found)
	if e.values > e.options.Values {
		e.spillOldest()
	}
	if len(h.seen) > e.options.PerKey {
		e.spillOf(key, h)
	}
	return v
}

// take learns that a key has a value.
func (e *Engine) take(h *habit, c code, first, last uint16, had bool) {
	h.add(c, first, last)
	if !had {
		e.values++
		e.hold(h, c, 1, last)
	} else {
		e.hold(h, c, 0, last)
	}
}

// remember keeps the text of a value, and that it is in use.
func (e *Engine) remember(c code, text string, d uint16) {
	n, ok := e.names[c]
	switch {
	case ok && n.last >= d:
		return
	case !ok && len(e.names) >= e.options.Names:
		e.stats.Unnamed++
		return
	case !ok:
		n.text = strings.Clone(text)
	}
	n.last = d
	e.names[c] = n
	e.changed.names[c] = true
}

// Known returns the values that a key has in the window of a profile up to a
// time, those seen last first. Values in the filters cannot be listed.
func (e *Engine) Known(profile, key string, at time.Time) ([]Seen, error) {
	s := e.profiles[profile]
	if s == nil {
		return nil, fmt.Errorf("baseline: there is no profile %q", profile)
	}
	var sum [32]byte
	sum, e.buf = hash(e.buf, s.space, key)
	h := e.keys[id(sum[:16])]
	if h == nil {
		return nil, nil
	}
	return e.known(s, h, before(dayOf(at), days(s.Window))), nil
}

func (e *Engine) known(s *slot, h *habit, floor uint16) []Seen {
	var out []Seen
	for _, was := range h.of(s.number) {
		if was.last >= floor {
			out = append(out, Seen{e.names[was.code()].text, timeOf(was.first), timeOf(was.last)})
		}
	}
	slices.SortFunc(out, func(a, b Seen) int {
		if c := b.Last.Compare(a.Last); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	return out
}

// Stats returns the counts. FilterError is worked out from the filters' bits.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Keys, s.Values, s.Series, s.Names = len(e.keys), e.values, len(e.series), len(e.names)
	right := 1.0
	for _, f := range e.filters {
		right *= 1 - f.wrong()
	}
	s.FilterError = 1 - right
	return s
}

// why says in a sentence what is new about a value.
func (e *Engine) why(s *slot, h *habit, o *Observation, v *Verdict, floor uint16, perDay float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s is new to %s in %d days", strings.Join(s.Of, ", "), o.Value, o.Key, days(s.Window))
	switch known := e.known(s, h, floor); {
	case len(known) == 0:
		b.WriteString(", which had nothing")
	default:
		b.WriteString(", which had ")
		shown := 0
		for _, k := range known {
			if k.Value == "" || shown == 3 {
				continue
			}
			if shown > 0 {
				b.WriteString(", ")
			}
			b.WriteString(k.Value)
			shown++
		}
		switch more := len(known) - shown; {
		case shown == 0:
			fmt.Fprintf(&b, "%d others", more)
		case more > 0:
			fmt.Fprintf(&b, " and %d more", more)
		}
	}
	if v.PeersN > 0 {
		fmt.Fprintf(&b, "; %d of %d peers have it", v.PeersWith, v.PeersN)
	}
	if s.Steady > 0 && perDay > s.Steady {
		fmt.Fprintf(&b, "; it lately has %s new ones a day, so one more says little", number(perDay))
	}
	if !v.Learning.Done() {
		fmt.Fprintf(&b, "; learning, %s", v.Learning)
	}
	return b.String()
}

// number prints a count or a measure so that people can read it.
func number(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.3g", x)
}
