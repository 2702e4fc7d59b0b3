package sequence

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// stateVersion changes when the form of the state does.
const stateVersion = 1

const prefix = "sequence/"

type savedClock struct {
	Version int   `json:"version"`
	Begun   bool  `json:"begun"`
	Newest  int64 `json:"newest"`
	Swept   int64 `json:"swept"`
	Ahead   int   `json:"ahead"`
	Stats   Stats `json:"stats"`
}

type savedRun struct {
	Sequence    string   `json:"sequence"`
	Fingerprint string   `json:"fingerprint"`
	Signals     []string `json:"signals"`
	Score       Points   `json:"score"`
	Terms       []Term   `json:"terms"`
	Window      int      `json:"window"`
	From        int64    `json:"from"`
	To          int64    `json:"to"`
	Pivots      []Pivot  `json:"pivots,omitempty"`
	Untried     int      `json:"untried,omitempty"`
	Replaces    []string `json:"replaces,omitempty"`
	Dirty       bool     `json:"dirty,omitempty"`
}

type savedSignal struct {
	Signal
	Pending []string `json:"pending,omitempty"` // sequences that still have to ask its component
}

// Save puts all that changed since the last Save; a nil value is a key that is
// gone. All keys begin with "sequence/". Call Flush before it, so that all is said
// that is stored as known.
func (e *Engine) Save(put func(key string, value []byte)) {
	e.resolve()
	encode := func(key string, v any) {
		value, err := json.Marshal(v)
		if err != nil {
			panic("sequence: " + err.Error()) // all of it has a JSON form: Observe takes no number without one
		}
		put(prefix+key, value)
	}
	pending := map[string][]string{}
	for _, c := range e.sequences {
		for _, h := range c.pending {
			pending[h.key] = append(pending[h.key], c.ID)
			e.changed[h.key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(e.changed)) {
		if h := e.signals[key]; h != nil {
			encode("signal/"+key, savedSignal{h.Signal, pending[key]})
		} else {
			put(prefix+"signal/"+key, nil)
		}
	}
	e.changed = map[string]bool{}
	for key := range pending { // to be put again once they have
		e.changed[key] = true
	}
	byKey := map[string]*run{}
	for _, c := range e.sequences {
		for _, r := range c.runs {
			byKey[r.key] = r
		}
	}
	for _, key := range slices.Sorted(maps.Keys(e.runs)) {
		r := byKey[key]
		if r == nil {
			put(prefix+"run/"+key, nil)
			continue
		}
		s := savedRun{Sequence: r.c.ID, Fingerprint: r.c.fingerprint, Score: r.score, Terms: r.terms, Window: r.window, From: r.from, To: r.to,
			Pivots: r.pivots, Untried: r.untried, Replaces: r.replaces, Dirty: r.dirty}
		for _, h := range r.signals {
			s.Signals = append(s.Signals, h.key)
		}
		encode("run/"+key, s)
	}
	e.runs = map[string]bool{}
	if e.clock {
		encode("clock", savedClock{stateVersion, e.begun, e.newest, e.swept, e.ahead, e.stats})
		e.clock = false
	}
}

// Load takes up one key and value that Save put, in any order, into an engine
// that has observed nothing yet. Open sequences whose definition was changed
// are dropped and counted; their signals stay, so that the next signal opens them anew.
func (e *Engine) Load(key string, value []byte) error {
	if err := e.load(strings.TrimPrefix(key, prefix), value); err != nil {
		return fmt.Errorf("state %s: %w", key, err)
	}
	return nil
}

func (e *Engine) load(key string, value []byte) error {
	what, rest, _ := strings.Cut(key, "/")
	switch what {
	case "signal":
		var s savedSignal
		if err := json.Unmarshal(value, &s); err != nil {
			return err
		}
		h := e.newHeld(s.Signal)
		if h.key != rest || e.signals[rest] != nil {
			return errors.New("it is another signal, or there twice")
		}
		e.signals[h.key] = h
		if len(s.Pending) > 0 {
			e.changed[h.key] = true // to be put again once it has
		}
		for _, c := range e.sequences {
			if c.part(h) < 0 {
				continue
			}
			c.hold(h)
			if class := h.habit(); len(c.names(h)) > 0 && (c.newest[class] == nil || compareHeld(c.newest[class], h) < 0) {
				c.newest[class] = h
			}
			if slices.Contains(s.Pending, c.ID) && len(c.names(h)) > 0 {
				c.pending = append(c.pending, h)
			}
		}
	case "run":
		var s savedRun
		if err := json.Unmarshal(value, &s); err != nil {
			return err
		}
		i := slices.IndexFunc(e.sequences, func(c *compiled) bool { return c.ID == s.Sequence })
		if i < 0 || e.sequences[i].fingerprint != s.Fingerprint {
			e.stats.Lost++
			e.runs[rest] = true
			return nil
		}
		c := e.sequences[i]
		id := strings.TrimPrefix(rest, c.ID+"/")
		if c.runs[id] != nil || s.Window < 0 || s.Window >= len(c.Windows) || len(s.Signals) == 0 {
			return errors.New("it is there twice, or not whole")
		}
		e.stale = true
		c.runs[id] = &run{c: c, id: id, key: rest, members: s.Signals, score: s.Score, terms: s.Terms, window: s.Window, from: s.From, to: s.To,
			pivots: s.Pivots, untried: s.Untried, replaces: s.Replaces, dirty: s.Dirty}
	case "clock":
		var s savedClock
		if err := json.Unmarshal(value, &s); err != nil {
			return err
		}
		if s.Version != stateVersion {
			return fmt.Errorf("version %d is not %d", s.Version, stateVersion)
		}
		s.Stats.Lost += e.stats.Lost
		e.begun, e.newest, e.swept, e.ahead, e.stats = s.Begun, s.Newest, s.Swept, s.Ahead, s.Stats
	default:
		return errors.New("this is no key of a sequence")
	}
	return nil
}

// resolve looks up the signals of runs that were loaded. A run that lacks one is
// dropped and counted: what was said of it cannot be said again in full.
func (e *Engine) resolve() {
	if !e.stale {
		return
	}
	e.stale = false
	for _, c := range e.sequences {
		slices.SortFunc(c.pending, compareHeld)
		for id, r := range c.runs {
			for _, key := range r.members {
				if h := e.signals[key]; h != nil {
					r.signals = append(r.signals, h)
				}
			}
			if whole := len(r.signals) == len(r.members); !whole {
				delete(c.runs, id)
				e.runs[r.key] = true
				e.stats.Lost++
				e.clock = true
				continue
			}
			slices.SortFunc(r.signals, compareHeld)
			r.members = nil
			for _, h := range r.signals {
				c.runOf[h] = r
			}
		}
	}
}
