package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// stateVersion changes when the form of the state does.
const stateVersion = 1

// The kinds of keys of the state. Those of the parts begin with their names.
const (
	keyClock   = "detect/clock"
	keyCounts  = "detect/correlations"
	keyWaiting = "detect/waiting"
	keySpan    = "detect/span/"
	keySeen    = "detect/seen/"
	keyWho     = "detect/who/"
	keyFlows   = "detect/flows/"
	keyNamed   = "detect/named/"
	keyActor   = "actor/"
)

type savedClock struct {
	Version    int              `json:"version"`
	Partitions []savedPartition `json:"partitions"`
	Read       int              `json:"read"`
	Duplicate  int              `json:"duplicate"`
	Late       int              `json:"late"`
	Learning   int              `json:"learning"`
}

type savedPartition struct {
	Log     haetae.Log `json:"log"`
	Account string     `json:"account"`
	Region  string     `json:"region"`
	Newest  time.Time  `json:"newest"`
}

// savedFinding is a finding whose rule is known by its id.
type savedFinding struct {
	Rule    string  `json:"rule"`
	Finding Finding `json:"finding"`
}

type savedSpan struct {
	Key     string        `json:"key"`
	Finding savedFinding  `json:"finding"`
	Records []savedRecord `json:"records"`
}

type savedRecord struct {
	At time.Time `json:"t"`
	ID string    `json:"id"`
	By string    `json:"by,omitempty"`
}

type savedWho struct {
	ID      string       `json:"id"`
	Finding savedFinding `json:"finding"`
}

type savedFlows struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

func asSaved(f *Finding) savedFinding {
	s := savedFinding{Finding: *f}
	if f.Rule != nil {
		s.Rule = f.Rule.ID
	}
	s.Finding.Rule, s.Finding.Events, s.Finding.Replaces = nil, nil, nil
	return s
}

// Save gives all that changed since the last Save, under keys that are the same for
// the same thing; a nil value says that it is gone. Call [Engine.Take] before it: what
// was found is not part of the state.
func (e *Engine) Save(put func(key string, value []byte)) error {
	if len(e.alerts)+len(e.group.changed) > 0 {
		return errors.New("state of detect: findings were not taken before it was saved")
	}
	var failed error
	encode := func(key string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("state of detect: %s: %w", key, err))
			return
		}
		put(key, data)
	}
	c := savedClock{Version: stateVersion, Read: e.stats.Read, Duplicate: e.stats.Duplicate, Late: e.stats.Late, Learning: e.stats.Learning}
	for p, k := range e.clocks {
		c.Partitions = append(c.Partitions, savedPartition{p.log, p.account, p.region, k.newest})
	}
	slices.SortFunc(c.Partitions, func(a, b savedPartition) int {
		return strings.Compare(string(a.Log)+" "+a.Account+" "+a.Region, string(b.Log)+" "+b.Account+" "+b.Region)
	})
	encode(keyClock, c)
	counts, err := e.correlator.Export()
	if err != nil {
		return err
	}
	put(keyCounts, counts)
	if e.waited || len(e.waiting) > 0 {
		e.waited = len(e.waiting) > 0
		encode(keyWaiting, e.waiting)
	}
	for id, s := range e.group.dirty {
		if s == nil {
			put(keySpan+id, nil)
			continue
		}
		out := savedSpan{Key: s.key, Finding: asSaved(s.finding)}
		for _, r := range s.records {
			out.Records = append(out.Records, savedRecord{r.at, r.id, r.by})
		}
		encode(keySpan+id, out)
	}
	clear(e.group.dirty)
	e.seen.save(keySeen, put, func(ids []recordKey) ([]byte, error) {
		out := make([]byte, 0, len(ids)*len(recordKey{}))
		for _, k := range ids {
			out = append(out, k[:]...)
		}
		return out, nil
	}, &failed)
	e.who.save(keyWho, put, func(ids []string) ([]byte, error) {
		var out []savedWho
		for _, id := range ids {
			if f, ok := e.who.get(id); ok {
				out = append(out, savedWho{id, asSaved(f)})
			}
		}
		return json.Marshal(out)
	}, &failed)
	e.flows.save(keyFlows, put, func(files []string) ([]byte, error) {
		var out []savedFlows
		for _, file := range files {
			if n, ok := e.flows.get(file); ok {
				out = append(out, savedFlows{file, *n})
			}
		}
		return json.Marshal(out)
	}, &failed)
	e.named.save(keyNamed, put, func(addrs []netip.Addr) ([]byte, error) {
		out := map[netip.Addr][]string{}
		for _, a := range addrs {
			if lists, ok := e.named.get(a); ok {
				out[a] = lists
			}
		}
		return json.Marshal(out)
	}, &failed)
	e.file = nil // so that the next record of the file marks it as changed
	if e.actors != nil {
		e.actors.Save(func(key string, value []byte) { put(keyActor+key, value) })
	}
	e.baselines.Save(put)
	e.sequencer.Save(put)
	return failed
}

// Load takes back one value that Save gave. Load all of them, in the order of their
// keys, before the first record; then call [Engine.Loaded].
func (e *Engine) Load(key string, value []byte) error {
	fail := func(err error) error {
		if err != nil {
			return fmt.Errorf("state of detect: %s: %w", key, err)
		}
		return nil
	}
	switch {
	case key == keyClock:
		var c savedClock
		if err := json.Unmarshal(value, &c); err != nil {
			return fail(err)
		}
		if c.Version != stateVersion {
			return fail(fmt.Errorf("version %d is not %d", c.Version, stateVersion))
		}
		e.stats.Read, e.stats.Duplicate, e.stats.Late, e.stats.Learning = c.Read, c.Duplicate, c.Late, c.Learning
		for _, p := range c.Partitions {
			k := e.clock(partition{p.Log, p.Account, p.Region})
			k.newest, k.known = p.Newest, true
		}
	case key == keyCounts:
		lost, err := e.correlator.Import(value)
		e.lost = append(e.lost, lost...)
		return fail(err)
	case key == keyWaiting:
		return fail(json.Unmarshal(value, &e.waiting))
	case strings.HasPrefix(key, keySpan):
		return fail(e.loadSpan(value))
	case strings.HasPrefix(key, keySeen):
		if len(value)%len(recordKey{}) != 0 {
			return fail(errors.New("it is cut off"))
		}
		var ids []recordKey
		for k := range slices.Chunk(value, len(recordKey{})) {
			ids = append(ids, recordKey(k))
		}
		return fail(e.seen.load(strings.TrimPrefix(key, keySeen), ids, func(recordKey) struct{} { return struct{}{} }))
	case strings.HasPrefix(key, keyWho):
		var list []savedWho
		if err := json.Unmarshal(value, &list); err != nil {
			return fail(err)
		}
		of, ids := map[string]*Finding{}, []string{}
		for _, w := range list {
			of[w.ID], ids = &w.Finding.Finding, append(ids, w.ID)
		}
		return fail(e.who.load(strings.TrimPrefix(key, keyWho), ids, func(id string) *Finding { return of[id] }))
	case strings.HasPrefix(key, keyFlows):
		var list []savedFlows
		if err := json.Unmarshal(value, &list); err != nil {
			return fail(err)
		}
		of, files := map[string]*int{}, []string{}
		for _, f := range list {
			of[f.File], files = &f.Line, append(files, f.File)
		}
		return fail(e.flows.load(strings.TrimPrefix(key, keyFlows), files, func(file string) *int { return of[file] }))
	case strings.HasPrefix(key, keyNamed):
		var of map[netip.Addr][]string
		if err := json.Unmarshal(value, &of); err != nil {
			return fail(err)
		}
		return fail(e.named.load(strings.TrimPrefix(key, keyNamed), slices.Collect(maps.Keys(of)), func(a netip.Addr) []string { return of[a] }))
	case strings.HasPrefix(key, keyActor):
		if e.actors == nil {
			return nil
		}
		return e.actors.Load(strings.TrimPrefix(key, keyActor), value)
	case strings.HasPrefix(key, "baseline/"):
		return e.baselines.Load(key, value)
	case strings.HasPrefix(key, "sequence/"):
		return e.sequencer.Load(key, value)
	default:
		return fail(errors.New("it is of no kind that is known"))
	}
	return nil
}

func (e *Engine) loadSpan(value []byte) error {
	var s savedSpan
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	rule := e.rules.of[s.Finding.Rule]
	if rule == nil {
		if !slices.Contains(e.lost, s.Finding.Rule) {
			e.lost = append(e.lost, s.Finding.Rule)
		}
		return nil
	}
	if len(s.Records) == 0 {
		return errors.New("it has no records")
	}
	f := s.Finding.Finding
	f.Rule = rule
	x := &span{finding: &f, key: s.Key}
	for _, r := range s.Records {
		x.records = append(x.records, record{r.At, r.ID, r.By})
	}
	e.group.open[s.Key] = append(e.group.open[s.Key], x)
	e.group.list(x)
	return nil
}

// Loaded ends loading, and returns the keys of rules and correlations whose state was
// not taken up: they are new, changed or gone, and begin with nothing.
func (e *Engine) Loaded() []string {
	for _, list := range e.group.open {
		slices.SortFunc(list, func(a, b *span) int { return a.finding.First.Compare(b.finding.First) })
	}
	slices.Sort(e.lost)
	return slices.Compact(e.lost)
}

// chunkKey is "generation/number", both so that they sort.
func chunkKey(generation, n int) string { return fmt.Sprintf("%08d/%08d", generation, n) }

// save puts the names that were added since it was called before, and takes away those
// that are forgotten.
func (r *recent[K, T]) save(prefix string, put func(string, []byte), encode func([]K) ([]byte, error), failed *error) {
	for g, n := range r.chunks {
		if g < r.generation-1 {
			for i := range n {
				put(prefix+chunkKey(g, i), nil)
			}
			delete(r.chunks, g)
		}
	}
	for _, x := range []struct {
		generation int
		fresh      *[]K
	}{{r.generation - 1, &r.freshBefore}, {r.generation, &r.fresh}} {
		if len(*x.fresh) == 0 {
			continue
		}
		data, err := encode(*x.fresh)
		if err != nil {
			*failed = errors.Join(*failed, fmt.Errorf("state of detect: %s: %w", prefix, err))
			return
		}
		put(prefix+chunkKey(x.generation, r.chunks[x.generation]), data)
		r.chunks[x.generation]++
		*x.fresh = (*x.fresh)[:0]
	}
}

// load takes up a chunk.
func (r *recent[K, T]) load(key string, names []K, value func(K) T) error {
	g, n, ok := strings.Cut(key, "/")
	generation, err1 := strconv.Atoi(g)
	number, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("%q is not generation/number", key)
	}
	for r.generation < generation {
		r.turn()
	}
	r.fresh, r.freshBefore = r.fresh[:0], r.freshBefore[:0]
	r.chunks[generation] = number + 1
	to := r.now
	if generation < r.generation {
		to = r.before
	}
	for _, name := range names {
		to[name] = value(name)
	}
	return nil
}
