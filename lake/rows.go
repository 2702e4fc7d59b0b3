package lake

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/haetae/haetae"
)

// rows are records that wait to be written, of one log and day.
type rows interface {
	// count is how many there are, size about how much memory they take, in bytes.
	count() int
	size() int64
	// file begins a file of them.
	file(io.Writer) output
	// write sorts them and writes them as one row group, and forgets them.
	write(output) error
}

// output is a Parquet file that is written one row group after the other.
type output interface {
	Flush() error
	Close() error
}

// options are those of all files. Dictionaries are bounded, since a column in which
// no value comes again would have all of them in one.
func options() []parquet.WriterOption {
	return []parquet.WriterOption{
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedBetterCompression}), parquet.PageBufferSize(1 << 20), parquet.DictionaryMaxBytes(4 << 20),
		parquet.ColumnIndexSizeLimit(func([]string) int { return 32 }), parquet.CreatedBy("haetae", "1", ""),
	}
}

// shortID is an id without the number of the record at its end, which has a column of
// its own: then "#" is the last byte. longID makes it whole.
func shortID(id string, line int) string {
	n := strconv.Itoa(line)
	if short := strings.TrimSuffix(id, n); len(short) < len(id) && strings.HasSuffix(short, "#") && !strings.HasSuffix(short, "##") {
		return short
	}
	if strings.HasSuffix(id, "#") {
		return id + "#"
	}
	return id
}

func longID(id string, line int) string {
	switch {
	case strings.HasSuffix(id, "##"):
		return id[:len(id)-1]
	case strings.HasSuffix(id, "#"):
		return id + strconv.Itoa(line)
	}
	return id
}

// event is an event that waits. Texts but raw and derived are those of the event.
type event struct {
	time, ingested      int64
	account, region, id string
	file                string
	line                int64
	raw, derived        []byte
}

// eventRows are events. Their records lie one after the other in blocks, so that a
// million of them are no million pieces of memory.
type eventRows struct {
	shape *shape
	list  []event
	block []byte
	bytes int64
}

func (r *eventRows) count() int  { return len(r.list) }
func (r *eventRows) size() int64 { return r.bytes + int64(len(r.list))*160 }
func (r *eventRows) file(w io.Writer) output {
	return parquet.NewGenericWriter[any](w, append(options(), r.shape.schema)...)
}

// keep copies bytes.
func (r *eventRows) keep(b []byte) []byte {
	if len(b) > cap(r.block)-len(r.block) {
		r.block = make([]byte, 0, max(1<<20, len(b)))
	}
	from := len(r.block)
	r.block = append(r.block, b...)
	r.bytes += int64(len(b))
	return r.block[from:len(r.block):len(r.block)]
}

func (r *eventRows) write(to output) error {
	w := to.(*parquet.GenericWriter[any])
	slices.SortStableFunc(r.list, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region), cmp.Compare(a.time, b.time))
	})
	s := r.shape
	const batch = 64
	rows := make([]parquet.Row, batch)
	for i := range rows {
		rows[i] = make(parquet.Row, len(s.leaves))
	}
	n := 0
	for i := range r.list {
		e := &r.list[i]
		row := rows[n]
		rest, err := s.shred(row, e.raw)
		if err != nil {
			return err
		}
		text := func(name, v string) {
			if v != "" {
				row[s.at[name]] = parquet.ByteArrayValue([]byte(v)).Level(0, 1, s.at[name])
			}
		}
		text(colAccount, e.account)
		text(colRegion, e.region)
		text(colID, e.id)
		text(colFile, e.file)
		text(colEvent, string(e.derived))
		text(colRest, string(rest))
		row[s.at[colTime]] = parquet.Int64Value(e.time).Level(0, 0, s.at[colTime])
		row[s.at[colLine]] = parquet.Int64Value(e.line).Level(0, 0, s.at[colLine])
		if e.ingested != 0 {
			row[s.at[colIngested]] = parquet.Int64Value(e.ingested).Level(0, 1, s.at[colIngested])
		}
		if n++; n == batch || i == len(r.list)-1 {
			if _, err := w.WriteRows(rows[:n]); err != nil {
				return err
			}
			n = 0
		}
	}
	r.list, r.block, r.bytes = r.list[:0], nil, 0
	return w.Flush()
}

// flowAt is a flow and the time by which it is filed.
type flowAt struct {
	haetae.Flow
	at int64
}

// flowRows are flows.
type flowRows struct{ list []flowAt }

func (r *flowRows) count() int  { return len(r.list) }
func (r *flowRows) size() int64 { return int64(cap(r.list)) * 520 }
func (r *flowRows) file(w io.Writer) output {
	return parquet.NewGenericWriter[flowRow](w, options()...)
}

func (r *flowRows) write(to output) error {
	w := to.(*parquet.GenericWriter[flowRow])
	// As AWS wrote them: their numbers are in order, and flows of an interface together.
	slices.SortStableFunc(r.list, func(a, b flowAt) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Number, b.Number))
	})
	addr := names{}
	rows, numbers := make([]flowRow, 256), make([]flowNumbers, 256)
	for list := r.list; len(list) > 0; {
		n := min(len(rows), len(list))
		for i := range list[:n] {
			rows[i].set(&list[i].Flow, list[i].at, &numbers[i], addr)
		}
		if _, err := w.Write(rows[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	r.list = r.list[:0]
	return w.Flush()
}

// lookupRows are DNS queries.
type lookupRows struct{ list []haetae.Lookup }

func (r *lookupRows) count() int  { return len(r.list) }
func (r *lookupRows) size() int64 { return int64(len(r.list)) * 640 }
func (r *lookupRows) file(w io.Writer) output {
	return parquet.NewGenericWriter[lookupRow](w, options()...)
}

func (r *lookupRows) write(to output) error {
	w := to.(*parquet.GenericWriter[lookupRow])
	slices.SortStableFunc(r.list, func(a, b haetae.Lookup) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), a.Time.Compare(b.Time))
	})
	addr := names{}
	rows := make([]lookupRow, 128)
	for list := r.list; len(list) > 0; {
		n := min(len(rows), len(list))
		for i := range list[:n] {
			rows[i].set(&list[i], addr)
		}
		if _, err := w.Write(rows[:n]); err != nil {
			return err
		}
		list = list[n:]
	}
	clear(r.list)
	r.list = r.list[:0]
	return w.Flush()
}
