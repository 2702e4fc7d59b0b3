package logs

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/haetae/haetae"
)

// stream is one log as it is delivered: records collect and become files.
type stream struct {
	log  haetae.Log
	file func(at int64, unique string) string // the key of a file that is delivered at a time
	// head, between and tail are put around and between the records of a file.
	head, between, tail string
	plain               bool  // not packed with gzip
	perFile             int   // the most records of a file
	least               int   // fewer records wait
	wait                int64 // so long, but no longer
	unreliable          bool  // some records come late and some twice

	r       *rand.Rand
	buf     []byte
	records []placed
	held    []held
	written int
	opened  int64
	began   int
}

// placed is a record in the buffer of its stream.
type placed struct {
	at       int64
	from, to int
	mark     *mark
}

// held is a record that will be delivered later.
type held struct {
	due  int64
	at   int64
	text []byte
	mark *mark
}

// mark says that a record belongs to a break-in, or looks as if it did.
type mark struct {
	Case   string // "" for what is benign
	Step   string
	Attack string // MITRE ATT&CK technique
	id     string // that the record has, where its log gives one
}

// open begins a record; its text is then appended to buf.
func (s *stream) open(at int64) { s.opened, s.began = at, len(s.buf) }

// close ends the record that was begun.
func (s *stream) close(w *world, m *mark) {
	if s.opened >= w.to { // nothing is delivered before it happens
		s.held = append(s.held, held{s.opened, s.opened, bytes.Clone(s.buf[s.began:]), m})
		s.buf = s.buf[:s.began]
		return
	}
	if s.unreliable {
		switch n := s.r.Uint32N(1000); {
		case n < 4: // held back; few for hours
			delay := 10*minute + s.r.Int64N(40*minute)
			if s.r.Uint32N(50) == 0 {
				delay = 2*hour + s.r.Int64N(10*hour)
			}
			s.held = append(s.held, held{w.to + delay, s.opened, bytes.Clone(s.buf[s.began:]), m})
			s.buf = s.buf[:s.began]
			w.late++
			return
		case n == 4:
			s.held = append(s.held, held{w.to + s.r.Int64N(2*hour), s.opened, bytes.Clone(s.buf[s.began:]), nil})
			w.twice++
		}
	}
	s.records = append(s.records, placed{s.opened, s.began, len(s.buf), m})
}

// job is a file to be packed and written.
type job struct {
	name  string
	text  *bytes.Buffer
	plain bool
}

// writer makes files of streams and writes them.
type writer struct {
	o       *Options
	streams []*stream

	jobs     chan job
	workers  sync.WaitGroup
	failed   chan error // the first error, once
	buffers  sync.Pool
	bytes    atomic.Int64
	files    int
	unpacked int64

	labels, benigns lineFile
	labelled        map[string]int
	benign          int
	late, twice     int
}

// stream adds one to the writer.
func (w *world) stream(s *stream, name string) *stream {
	s.r = w.chance("delivery of " + name)
	if s.perFile == 0 {
		s.perFile = 5000
	}
	w.streams = append(w.streams, s)
	return s
}

func (w *writer) start(ctx context.Context) error {
	for name, f := range map[string]*lineFile{"labels.ndjson": &w.labels, "benign.ndjson": &w.benigns} {
		c, err := w.o.Create(name)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		*f = lineFile{bufio.NewWriter(c), c}
	}
	w.labelled = map[string]int{}
	for _, c := range w.o.Cases {
		w.labelled[c.Name] = 0
	}
	w.buffers.New = func() any { return new(bytes.Buffer) }
	w.jobs = make(chan job, 2*w.o.Workers)
	w.failed = make(chan error, 1)
	for range w.o.Workers {
		w.workers.Go(func() {
			z, err := gzip.NewWriterLevel(nil, 4)
			for j := range w.jobs {
				if err == nil && ctx.Err() == nil {
					err = w.pack(j, z)
				}
				if err != nil {
					select {
					case w.failed <- err:
					default:
					}
				}
				j.text.Reset()
				w.buffers.Put(j.text)
			}
		})
	}
	return nil
}

// alive returns the error that ends the work, if there is one.
func (w *writer) alive(ctx context.Context) error {
	select {
	case err := <-w.failed:
		return err
	default:
		return ctx.Err()
	}
}

// stop waits until all is written.
func (w *writer) stop() error {
	close(w.jobs)
	w.workers.Wait()
	first, second := w.labels.end(), w.benigns.end()
	select {
	case err := <-w.failed:
		return err
	default:
	}
	for _, err := range []error{first, second} {
		if err != nil {
			return fmt.Errorf("write labels: %w", err)
		}
	}
	return nil
}

// counted counts what goes through.
type counted struct {
	w interface{ Write([]byte) (int, error) }
	n *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func (w *writer) pack(j job, z *gzip.Writer) error {
	f, err := w.o.Create(j.name)
	if err != nil {
		return fmt.Errorf("write %s: %w", j.name, err)
	}
	to := counted{f, &w.bytes}
	if j.plain {
		_, err = to.Write(j.text.Bytes())
	} else {
		z.Reset(to)
		if _, err = z.Write(j.text.Bytes()); err == nil {
			err = z.Close()
		}
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", j.name, err)
	}
	return nil
}

// flush delivers what is due at a time, all of it when it is the last time.
func (w *writer) flush(at int64, last bool) {
	for _, s := range w.streams {
		s.held = slices.DeleteFunc(s.held, func(h held) bool {
			if h.due > at && !last {
				return false
			}
			began := len(s.buf)
			s.buf = append(s.buf, h.text...)
			s.records = append(s.records, placed{h.at, began, len(s.buf), h.mark})
			return true
		})
		if len(s.records) == 0 {
			continue
		}
		slices.SortStableFunc(s.records, func(a, b placed) int { return int(a.at - b.at) })
		if !last && len(s.records) < s.least && at-s.records[0].at < s.wait {
			continue
		}
		for part := range slices.Chunk(s.records, s.perFile) {
			w.deliver(s, at, part)
		}
		s.records, s.buf = s.records[:0], s.buf[:0]
	}
}

// deliver makes one file.
func (w *writer) deliver(s *stream, at int64, records []placed) {
	name := s.file(at, unique(s.r))
	text := w.buffers.Get().(*bytes.Buffer)
	text.WriteString(s.head)
	for i, r := range records {
		if i > 0 {
			text.WriteString(s.between)
		}
		text.Write(s.buf[r.from:r.to])
		if r.mark != nil {
			w.label(s, r, name, i+1)
		}
	}
	text.WriteString(s.tail)
	s.written += len(records)
	w.files++
	w.unpacked += int64(text.Len())
	w.jobs <- job{name, text, s.plain}
}

// label notes a record that is marked. A record without an id is known by its file
// and its number there.
func (w *writer) label(s *stream, r placed, file string, number int) {
	m := r.mark
	pairs := []any{"log", string(s.log)}
	if m.id != "" {
		pairs = append(pairs, "id", m.id)
	}
	pairs = append(pairs, "file", file, "record", number, "time", time.UnixMilli(r.at).UTC().Format(time.RFC3339))
	f := &w.benigns
	if m.Case != "" {
		f = &w.labels
		pairs = append(pairs, "case", m.Case)
		w.labelled[m.Case]++
	} else {
		w.benign++
	}
	pairs = append(pairs, "step", m.Step)
	if m.Attack != "" {
		pairs = append(pairs, "technique", m.Attack)
	}
	// An error stays in the writer until the file is closed.
	_, _ = f.WriteString(object(pairs...) + "\n")
}

// unique is what AWS puts into the names of files, so that no two are the same.
func unique(r *rand.Rand) string { return random(r, 16, alphanumeric) }
