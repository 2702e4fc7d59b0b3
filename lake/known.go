package lake

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/haetae/haetae"
)

// Known knows which records are in a lake, so that each is written once. It keeps a hash
// of 64 bits of each id of the days that were asked for. It is for one goroutine.
type Known struct {
	dir  string
	list func(log haetae.Log, from, to time.Time) ([]haetae.LakeFile, error)
	seed maphash.Seed
	days map[partKey]map[uint64]struct{}
	n    int
}

// NewKnown makes one for the lake in a folder. list gives the files of a log with
// records in a time, the first instant included and the last not.
func NewKnown(dir string, list func(log haetae.Log, from, to time.Time) ([]haetae.LakeFile, error)) *Known {
	return &Known{dir: dir, list: list, seed: maphash.MakeSeed(), days: map[partKey]map[uint64]struct{}{}}
}

// alone makes one that knows what it is given and nothing before.
func alone() *Known {
	return NewKnown("", func(haetae.Log, time.Time, time.Time) ([]haetae.LakeFile, error) { return nil, nil })
}

// Len is how many ids are held.
func (k *Known) Len() int { return k.n }

// Reset lets go of all ids; they are read again when they are asked for. What was
// written and is not in the list by then is not known any more.
func (k *Known) Reset() {
	clear(k.days)
	k.n = 0
}

// hash is that of an id with the number of the record and its time: ids that are made of
// the names of files are the same for files of the same name in two folders.
func (k *Known) hash(id string, number, at int64) uint64 {
	return maphash.Comparable(k.seed, struct {
		id         string
		number, at int64
	}{id, number, at})
}

// again notes a record, and tells whether it was there.
func (k *Known) again(p partKey, id string, number, at int64) (bool, error) {
	ids, ok := k.days[p]
	if !ok {
		var err error
		if ids, err = k.load(p); err != nil {
			return false, err
		}
		k.days[p] = ids
		k.n += len(ids)
	}
	h := k.hash(id, number, at)
	if _, ok := ids[h]; ok {
		return true, nil
	}
	ids[h] = struct{}{}
	k.n++
	return false, nil
}

// load reads the ids of a log and day.
func (k *Known) load(p partKey) (map[uint64]struct{}, error) {
	from := time.UnixMicro(p.day * day.Microseconds()).UTC()
	files, err := k.list(p.log, from, from.Add(day))
	if err != nil {
		return nil, err
	}
	ids := map[uint64]struct{}{}
	for i := range files {
		if err := k.file(&files[i], ids); err != nil {
			return nil, broken(&files[i], err)
		}
	}
	return ids, nil
}

// file reads the ids of a file: of its columns no others.
func (k *Known) file(f *haetae.LakeFile, ids map[uint64]struct{}) (err error) {
	defer func() {
		// The module trusts offsets of the file; one that lies makes it panic.
		if x := recover(); x != nil {
			err = fmt.Errorf("parquet: %v", x)
		}
	}()
	file, err := os.Open(filepath.Join(k.dir, filepath.FromSlash(f.Path)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	p, err := parquet.OpenFile(file, f.Bytes, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true), parquet.ReadBufferSize(256<<10))
	if err != nil {
		return err
	}
	id, other := colID, "eventid"
	if isFlow(f.Log) {
		id = colFile
	}
	for _, g := range p.RowGroups() {
		names, err := valuesOf(p, g, id)
		if err != nil {
			return err
		}
		lines, err := valuesOf(p, g, colLine)
		if err != nil {
			return err
		}
		times, err := valuesOf(p, g, colTime)
		if err != nil {
			return err
		}
		var events []parquet.Value
		if isTrail(f.Log) {
			if events, err = valuesOf(p, g, other); err != nil {
				return err
			}
		}
		if len(lines) != len(names) || len(times) != len(names) || events != nil && len(events) != len(names) {
			return fmt.Errorf("columns of %d, %d and %d values", len(names), len(lines), len(events))
		}
		for i := range names {
			number := lines[i].Int64()
			name, text := names[i], ""
			switch {
			case isFlow(f.Log):
				text = string(name.ByteArray())
			case name.IsNull() && events != nil:
				text, number = string(events[i].ByteArray()), 0
			case !name.IsNull():
				text, number = longID(string(name.ByteArray()), int(number)), 0
			}
			ids[k.hash(text, number, times[i].Int64())] = struct{}{}
		}
	}
	return nil
}

// isFlow tells whether records of a log have no ids of their own.
func isFlow(log haetae.Log) bool { return log == haetae.VPCFlow || log == haetae.TransitFlow }

// valuesOf are the values of one column of a row group.
func valuesOf(p *parquet.File, g parquet.RowGroup, name string) (out []parquet.Value, err error) {
	leaf, ok := p.Schema().Lookup(name)
	if !ok {
		return nil, errors.New("it has no column " + name)
	}
	pages := g.ColumnChunks()[leaf.ColumnIndex].Pages()
	defer func() { err = errors.Join(err, pages.Close()) }()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		values := make([]parquet.Value, page.NumValues())
		n, err := page.Values().ReadValues(values)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		for i := range values[:n] {
			values[i] = values[i].Clone() // the page is used again
		}
		out = append(out, values[:n]...)
		parquet.Release(page)
	}
}
