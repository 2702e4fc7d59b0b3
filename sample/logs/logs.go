// Package logs writes the logs of the sample organisation: two weeks of what its
// people, machines and services do, what the internet does to it, and the three
// break-ins of its map (../README.md) woven in. The files lie and look as AWS
// delivers them. docs/sample-logs.md says what is in them.
//
// The same options make the same bytes. Each habit (a person, a batch job, the
// internet's noise, a break-in) has a source of chance of its own, so that
// records of one do not change when another is left out.
package logs

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// slot is how much of time is thought up at once, in milliseconds. No more is
// kept in memory than the records of one slot and those that are late.
const slot = 10 * 60 * 1000

// DefaultStart is the first day that is written when nobody says otherwise: the
// last of fourteen days ends three hours before the sample's snapshot was taken.
func DefaultStart() time.Time { return time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC) }

// Case is a break-in of the sample organisation's map, and when it happens.
type Case struct {
	Name string // "A", "F" or "K"
	Day  int    // 1 is the first day; 0 is the day that the case has by itself
}

// Options say what to write. Create makes a file of a name with slashes; it is
// called from several goroutines. All else has a default.
type Options struct {
	Seed  uint64
	Start time.Time // the first day, whose midnight in UTC it is; default [DefaultStart]
	Days  int       // default 14
	// Scale multiplies what machines and the internet do, not what people do.
	// 1, the default, makes more than a million records in fourteen days.
	Scale   float64
	Cases   []Case
	Workers int // that pack files; default as many as there are processors
	Create  func(name string) (io.WriteCloser, error)
}

// Count is a number of something.
type Count struct {
	Name string `json:"name"`
	N    int    `json:"count"`
}

// Report says what was written.
type Report struct {
	Records  []Count `json:"records"`  // of each log, duplicates included
	Labels   []Count `json:"labels"`   // records of each case, by labels.ndjson
	Benign   int     `json:"benign"`   // records that look bad and are not, by benign.ndjson
	Files    int     `json:"files"`    // of logs
	Bytes    int64   `json:"bytes"`    // of them, packed
	Unpacked int64   `json:"unpacked"` // of them, before packing
	// Twice are records that were delivered again, Late those that came in a file
	// later than their time's.
	Twice int `json:"twice"`
	Late  int `json:"late"`
	// Made are ids of what the logs make or know that the snapshot has not: the
	// instances of a break-in, the nodes of the cluster.
	Made []string `json:"made"`
}

// Total is the number of all records.
func (r *Report) Total() int {
	n := 0
	for _, c := range r.Records {
		n += c.N
	}
	return n
}

// ParseCases reads "A,K@day12,F", "all" or "none".
func ParseCases(s string) ([]Case, error) {
	switch strings.TrimSpace(s) {
	case "none", "":
		return nil, nil
	case "all":
		return []Case{{Name: "A"}, {Name: "F"}, {Name: "K"}}, nil
	}
	var out []Case
	for part := range strings.SplitSeq(s, ",") {
		name, day, placed := strings.Cut(strings.ToUpper(strings.TrimSpace(part)), "@")
		c := Case{Name: name}
		if _, ok := caseNamed(name); !ok {
			return nil, fmt.Errorf("%q is no case: A, F and K are, also A@day9; or all, or none", strings.TrimSpace(part))
		}
		if placed {
			n, err := strconv.Atoi(strings.TrimPrefix(day, "DAY"))
			if err != nil || n < 1 {
				return nil, fmt.Errorf("%q: a day is a number from 1 on, as in %s@day9", strings.TrimSpace(part), name)
			}
			c.Day = n
		}
		if slices.ContainsFunc(out, func(o Case) bool { return o.Name == c.Name }) {
			return nil, fmt.Errorf("case %s is named twice", c.Name)
		}
		out = append(out, c)
	}
	return out, nil
}

// Write writes all logs, and labels.ndjson and benign.ndjson beside them. An
// error is of ctx, of the options, or of a file that could not be written; what
// was written until then stays.
func Write(ctx context.Context, o Options) (*Report, error) {
	o.Days = cmp.Or(o.Days, 14)
	o.Scale = cmp.Or(o.Scale, 1)
	o.Workers = cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	if o.Start.IsZero() {
		o.Start = DefaultStart()
	}
	o.Start = o.Start.UTC().Truncate(24 * time.Hour)
	switch {
	case o.Create == nil:
		return nil, errors.New("nobody says where the files go")
	case o.Days < 0 || o.Days > 3660:
		return nil, fmt.Errorf("%d days: from 1 to 3660 are possible", o.Days)
	case o.Scale < 0 || o.Scale > 1000:
		return nil, fmt.Errorf("scale %g: above 0 and up to 1000 is possible", o.Scale)
	case o.Workers < 0:
		return nil, fmt.Errorf("%d workers: at least one is needed", o.Workers)
	}
	w := newWorld(o)
	if err := w.addCases(); err != nil {
		return nil, err
	}
	if err := w.start(ctx); err != nil {
		return nil, err
	}
	first := o.Start.UnixMilli()
	last := first + int64(o.Days)*day
	for w.from = first; w.from < last; w.from += slot {
		w.to = w.from + slot
		if err := w.alive(ctx); err != nil {
			w.stop()
			return nil, err
		}
		for _, h := range w.habits {
			w.r, w.now = h.r, h
			if (w.from-first)%day == 0 && h.plan != nil {
				h.plan(w.from)
			}
			if h.run != nil {
				h.run()
			}
			h.due(w.to)
		}
		w.flush(w.to, w.to >= last)
	}
	if err := w.stop(); err != nil {
		return nil, err
	}
	return w.report(), nil
}

// day and its parts, in milliseconds.
const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// habit is what somebody or something does over and over.
type habit struct {
	name string
	r    *rand.Rand
	plan func(midnight int64) // what to do on the day; it calls world.at
	run  func()               // what happens in a slot
	next []moment             // by time
}

// moment is something that will be done.
type moment struct {
	at int64
	do func(at int64)
}

// due does all of which the time has come.
func (h *habit) due(until int64) {
	for len(h.next) > 0 && h.next[0].at < until {
		m := h.next[0]
		h.next = h.next[1:]
		m.do(m.at)
	}
}

// world is the organisation and its surroundings, as far as logs show them.
type world struct {
	writer
	o        Options
	from, to int64      // the slot
	r        *rand.Rand // of the habit whose turn it is
	now      *habit
	habits   []*habit
	made     map[string]bool
	trails   map[string]*stream // by account and region
	flows    map[string]*stream // by VPC
	lookups  map[string]*stream // by VPC
	web      webLogs
	db       databaseLogs
	cluster  *stream
	access   *stream
	sessions map[string]issued // of machines, until they are given new credentials
}

func newWorld(o Options) *world {
	w := &world{o: o, made: map[string]bool{}, trails: map[string]*stream{}, flows: map[string]*stream{},
		lookups: map[string]*stream{}, sessions: map[string]issued{}}
	w.writer.o = &w.o
	w.addPeople()
	w.addMachines()
	w.addServices()
	w.addBatch()
	w.addWeb()
	w.addNetwork()
	w.addLookups()
	w.addDatabases()
	w.addCluster()
	w.addStrangers()
	return w
}

// habit adds one.
func (w *world) habit(name string, plan func(midnight int64), run func()) {
	w.habits = append(w.habits, &habit{name: name, r: w.chance(name), plan: plan, run: run})
}

// at does something later, or in this slot.
func (w *world) at(t int64, do func(at int64)) {
	h := w.now
	i, _ := slices.BinarySearchFunc(h.next, t, func(m moment, t int64) int {
		if m.at <= t {
			return -1
		}
		return 1
	})
	h.next = slices.Insert(h.next, i, moment{t, do})
}

// times calls do at even odds rate times in the slot, at times of its own.
func (w *world) times(rate float64, do func(at int64)) {
	n := int(rate*w.o.Scale + w.r.Float64())
	for range n {
		do(w.from + w.r.Int64N(slot))
	}
}

func (w *world) report() *Report {
	r := &Report{Labels: []Count{}, Benign: w.benign, Files: w.files, Bytes: w.bytes.Load(), Unpacked: w.unpacked, Twice: w.twice, Late: w.late, Made: []string{}}
	byLog := map[haetae.Log]int{}
	for _, s := range w.streams {
		byLog[s.log] += s.written
	}
	for l, n := range byLog {
		if n > 0 {
			r.Records = append(r.Records, Count{string(l), n})
		}
	}
	for c, n := range w.labelled {
		r.Labels = append(r.Labels, Count{c, n})
	}
	byName := func(a, b Count) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(r.Records, byName)
	slices.SortFunc(r.Labels, byName)
	for id := range w.made {
		r.Made = append(r.Made, id)
	}
	slices.Sort(r.Made)
	return r
}

// chance is a source of chance for a name.
func (w *world) chance(name string) *rand.Rand { return rand.New(rand.NewPCG(w.o.Seed, hash(name))) }

// hash is FNV-1a, 64 bits.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// lineFile is a file of lines that are written one by one.
type lineFile struct {
	*bufio.Writer
	io.Closer
}

func (f lineFile) end() error { return errors.Join(f.Flush(), f.Close()) }
