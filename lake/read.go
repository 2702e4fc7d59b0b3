package lake

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/haetae/haetae"
)

// Taker takes records. A nil function is for records that nobody wants. What a function
// is given is valid until it returns; its texts may be kept, [haetae.Event.Raw] and the
// answers of a [haetae.Lookup] may not. An error ends the reading.
type Taker struct {
	Event  func(*haetae.Event) error
	Flow   func(*haetae.Flow) error
	Lookup func(*haetae.Lookup) error
}

// ReadOptions say what is read.
type ReadOptions struct {
	// Since and Until bound the time of records, the first included and the second not;
	// zero times are no bounds.
	Since, Until time.Time
	// Trail makes an event of a record of CloudTrail: all but its place, and account and
	// region where the record has none. It is needed for files of CloudTrail.
	Trail func(raw []byte, e *haetae.Event) error
}

// Read gives the records of files of a lake in the folder dir to t, in the order of
// their time, as they were when they were written: with the same ids and all members.
// Flows of one object keep their order, and each is where the latest up to it was.
// A file that is not there or is broken ends the reading: what was taken before is then
// not all that there is. Memory is that of the row groups whose times overlap.
func Read(ctx context.Context, dir string, files []haetae.LakeFile, opt ReadOptions, t Taker) error {
	m := newMerger(dir, files, opt)
	defer m.close()
	return m.merge(ctx, func(r *run, x *stored) error { return m.give(r, x, t) })
}

// stored is a record as it comes out of a file. One of the three is there.
type stored struct {
	at     int64
	event  *haetae.Event
	text   []byte // derived, of an event
	flow   *haetae.Flow
	lookup *haetae.Lookup
}

// run is a row group, of which the records come in the order of time once it is loaded.
type run struct {
	file   *opened
	group  parquet.RowGroup
	first  int64
	number int // of the row group among all, so that the order does not change
	list   []stored
	next   int
}

// opened is a file that is open.
type opened struct {
	meta  *haetae.LakeFile
	file  *os.File
	shape *shape
	left  int // row groups that were not loaded
}

// merger brings row groups together.
type merger struct {
	dir          string
	opt          ReadOptions
	since, until int64
	bounded      bool
	files        []haetae.LakeFile // that were not opened, by the time of the first record
	todo         []*run            // of those that are open, likewise
	open         []*opened
	runs         int
	heap         runs
}

func newMerger(dir string, files []haetae.LakeFile, opt ReadOptions) *merger {
	m := &merger{dir: dir, opt: opt, until: 1<<63 - 1}
	if !opt.Since.IsZero() {
		m.since, m.bounded = opt.Since.UnixMicro(), true
	}
	if !opt.Until.IsZero() {
		m.until = opt.Until.UnixMicro()
	}
	m.files = slices.Clone(files)
	slices.SortFunc(m.files, func(a, b haetae.LakeFile) int {
		return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Path, b.Path))
	})
	return m
}

func (m *merger) close() {
	for _, o := range m.open {
		_ = o.file.Close() // it was only read, and is closed already where all went well
	}
}

// broken says that a file of the lake is not what was written.
func broken(f *haetae.LakeFile, err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: "read the lake: " + f.Path, Err: err,
		Hint: "The file was changed or removed by somebody else than haetae. Put it back from a copy, or take it out of the lake with haetae logs status --drop-missing."}
}

// add opens a file and finds its row groups.
func (m *merger) add(f *haetae.LakeFile) (err error) {
	defer func() {
		// The module trusts offsets of the file; one that lies makes it panic.
		if x := recover(); x != nil {
			err = broken(f, fmt.Errorf("parquet: %v", x))
		}
	}()
	file, err := os.Open(filepath.Join(m.dir, filepath.FromSlash(f.Path)))
	if err != nil {
		return broken(f, err)
	}
	o := &opened{meta: f, file: file}
	m.open = append(slices.DeleteFunc(m.open, func(o *opened) bool { return o.left == 0 }), o)
	info, err := file.Stat()
	if err != nil {
		return broken(f, err)
	}
	if info.Size() != f.Bytes {
		return broken(f, fmt.Errorf("it has %d bytes and had %d", info.Size(), f.Bytes))
	}
	p, err := parquet.OpenFile(file, info.Size(), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(256<<10))
	if err != nil {
		return broken(f, err)
	}
	switch f.Log {
	case haetae.VPCFlow, haetae.TransitFlow, haetae.ResolverQuery:
	default:
		if o.shape, err = shapeFor(f.Log); err != nil {
			return broken(f, err)
		}
	}
	at, ok := p.Schema().Lookup(colTime)
	if !ok {
		return broken(f, errors.New("it has no column "+colTime))
	}
	for _, g := range p.RowGroups() {
		first, last, ok := g.ColumnChunks()[at.ColumnIndex].(*parquet.FileColumnChunk).Bounds()
		if !ok {
			first, last = parquet.Int64Value(f.First.UnixMicro()), parquet.Int64Value(f.Last.UnixMicro())
		}
		if last.Int64() < m.since && m.bounded || first.Int64() >= m.until {
			continue
		}
		o.left++
		m.runs++
		m.todo = append(m.todo, &run{file: o, group: g, first: first.Int64(), number: m.runs})
	}
	slices.SortStableFunc(m.todo, func(a, b *run) int { return cmp.Compare(a.first, b.first) })
	if o.left == 0 {
		return file.Close()
	}
	return nil
}

// merge gives all records.
func (m *merger) merge(ctx context.Context, give func(*run, *stored) error) error {
	var taken int
	for len(m.files) > 0 || len(m.todo) > 0 || len(m.heap) > 0 {
		for len(m.files) > 0 && (len(m.heap) == 0 && len(m.todo) == 0 || m.files[0].First.UnixMicro() <= m.frontier()) {
			if err := m.add(&m.files[0]); err != nil {
				return err
			}
			m.files = m.files[1:]
		}
		for len(m.todo) > 0 && (len(m.heap) == 0 || m.todo[0].first <= m.heap[0].list[m.heap[0].next].at) {
			r := m.todo[0]
			m.todo = m.todo[1:]
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := m.load(r); err != nil {
				return err
			}
			if r.file.left--; r.file.left == 0 {
				if err := r.file.file.Close(); err != nil {
					return broken(r.file.meta, err)
				}
			}
			if len(r.list) > 0 {
				heap.Push(&m.heap, r)
			}
		}
		if len(m.heap) == 0 {
			continue
		}
		r := m.heap[0]
		x := &r.list[r.next]
		if err := give(r, x); err != nil {
			return err
		}
		*x = stored{}
		if taken++; taken%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if r.next++; r.next == len(r.list) {
			heap.Pop(&m.heap)
			r.list = nil
		} else {
			heap.Fix(&m.heap, 0)
		}
	}
	return nil
}

// frontier is the time of the record that would be given next.
func (m *merger) frontier() int64 {
	at := int64(1<<63 - 1)
	if len(m.heap) > 0 {
		at = m.heap[0].list[m.heap[0].next].at
	}
	if len(m.todo) > 0 {
		at = min(at, m.todo[0].first)
	}
	return at
}

// give makes the record what it was and hands it on.
func (m *merger) give(r *run, x *stored, t Taker) error {
	switch {
	case x.flow != nil:
		if t.Flow != nil {
			return t.Flow(x.flow)
		}
	case x.lookup != nil:
		if t.Lookup != nil {
			return t.Lookup(x.lookup)
		}
	case t.Event != nil:
		e, err := m.event(x)
		if err != nil {
			return broken(r.file.meta, err)
		}
		return t.Event(e)
	}
	return nil
}

// event completes an event.
func (m *merger) event(x *stored) (*haetae.Event, error) {
	e := x.event
	if !isTrail(e.Log) {
		return e, derive(e, x.text)
	}
	if m.opt.Trail == nil {
		return e, errors.New("nobody makes events of records of CloudTrail")
	}
	kept := *e
	if err := m.opt.Trail(kept.Raw, e); err != nil {
		return e, fmt.Errorf("record of %s:%d: %w", kept.Place.File, kept.Place.Line, err)
	}
	e.Place, e.Ingested, e.Account, e.Region, e.Log = kept.Place, kept.Ingested, kept.Account, kept.Region, kept.Log
	if kept.ID != "" {
		e.ID = kept.ID
	}
	return e, nil
}

// load reads a row group.
func (m *merger) load(r *run) (err error) {
	f := r.file.meta
	defer func() {
		if x := recover(); x != nil {
			err = broken(f, fmt.Errorf("parquet: %v", x))
		}
	}()
	keep := func(x stored) {
		if (!m.bounded || x.at >= m.since) && x.at < m.until {
			r.list = append(r.list, x)
		}
	}
	r.list = make([]stored, 0, r.group.NumRows())
	switch {
	case r.file.shape != nil:
		err = r.file.shape.read(r.group, f.Log, keep)
	case f.Log == haetae.ResolverQuery:
		err = typed(r.group, func(x *lookupRow) error {
			l, err := x.lookup()
			keep(stored{at: x.At, lookup: &l})
			return err
		})
	default:
		err = typed(r.group, func(x *flowRow) error {
			l, err := x.flow()
			keep(stored{at: x.Time, flow: &l})
			return err
		})
	}
	if err != nil {
		return broken(f, err)
	}
	// Stable: what is of the same time stays in the order of the file.
	slices.SortStableFunc(r.list, func(a, b stored) int { return cmp.Compare(a.at, b.at) })
	return nil
}

// typed reads the rows of a row group into structs.
func typed[T any](g parquet.RowGroup, take func(*T) error) (err error) {
	rd := parquet.NewGenericRowGroupReader[T](g)
	defer func() { err = errors.Join(err, rd.Close()) }()
	for {
		batch := make([]T, 128)
		n, err := rd.Read(batch)
		for i := range batch[:n] {
			if err := take(&batch[i]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// read reads the rows of a row group of records that are JSON.
func (s *shape) read(g parquet.RowGroup, log haetae.Log, take func(stored)) (err error) {
	rows := g.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	places, err := s.places(rows.Schema().Columns())
	if err != nil {
		return err
	}
	row := make(parquet.Row, len(s.leaves))
	own := -1 // the record's own id
	if n := s.root.byName["eventID"]; n != nil && isTrail(log) {
		own = n.index
	}
	texts := map[string]string{} // those that come again
	text := func(v parquet.Value) string {
		if v.IsNull() {
			return ""
		}
		b := v.ByteArray()
		t, ok := texts[string(b)]
		if !ok {
			t = string(b)
			texts[t] = t
		}
		return t
	}
	var block []byte
	batch := make([]parquet.Row, 64)
	for {
		n, err := rows.ReadRows(batch)
		for _, got := range batch[:n] {
			if len(got) != len(places) {
				return fmt.Errorf("a row of %d values, not %d", len(got), len(places))
			}
			for i := range row {
				row[i] = parquet.Value{}
			}
			for i, v := range got {
				row[places[i]] = v
			}
			var rest []byte
			if v := row[s.at[colRest]]; !v.IsNull() {
				rest = v.ByteArray()
			}
			if cap(block)-len(block) < 16<<10 {
				block = make([]byte, 0, 1<<20)
			}
			from := len(block)
			var failed error
			if block, failed = s.join(block, row, rest); failed != nil {
				return failed
			}
			line := int(row[s.at[colLine]].Int64())
			e := &haetae.Event{Place: haetae.Place{File: text(row[s.at[colFile]]), Line: line}, Log: log,
				Account: text(row[s.at[colAccount]]), Region: text(row[s.at[colRegion]]), Raw: block[from:len(block):len(block)]}
			if v := row[s.at[colID]]; !v.IsNull() {
				e.ID = longID(string(v.ByteArray()), line)
			} else if own >= 0 && !row[own].IsNull() {
				e.ID = string(row[own].ByteArray())
			}
			if v := row[s.at[colIngested]]; !v.IsNull() {
				e.Ingested = time.Unix(0, v.Int64()).UTC()
			}
			at := row[s.at[colTime]].Int64()
			e.Time = time.UnixMicro(at).UTC()
			x := stored{at: at, event: e}
			if v := row[s.at[colEvent]]; !v.IsNull() {
				x.text = slices.Clone(v.ByteArray())
			}
			take(x)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// places are where the columns of a file are in a row. A version of haetae may have
// written a file that knew fewer columns; one that knew more wrote what would be lost.
func (s *shape) places(columns [][]string) ([]int, error) {
	var out []int
	for _, c := range columns {
		leaf, ok := s.schema.Lookup(c...)
		if !ok {
			return nil, fmt.Errorf("a newer version of haetae wrote it: it has the column %s", strings.Join(c, "."))
		}
		out = append(out, leaf.ColumnIndex)
	}
	return out, nil
}

// runs are ordered by the time of their next record, then by their place.
type runs []*run

func (h runs) Len() int { return len(h) }
func (h runs) Less(i, j int) bool {
	a, b := h[i].list[h[i].next].at, h[j].list[h[j].next].at
	return a < b || a == b && h[i].number < h[j].number
}
func (h runs) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *runs) Push(x any) { *h = append(*h, x.(*run)) }

// Pop implements heap.Interface.
func (h *runs) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
