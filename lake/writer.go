package lake

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/haetae/haetae"
)

// Limits of what a writer holds before it writes a row group: so many records at most,
// and so many bytes of all together.
const (
	eventsHeld  = 32 << 10
	flowsHeld   = 128 << 10
	lookupsHeld = 64 << 10
	bytesHeld   = 192 << 20
	// filesOpen bounds the files that are being written: each has buffers for all of its
	// columns. The one that was used least lately is ended; a record that comes late then
	// begins another one of its day.
	filesOpen = 24
)

// Writer writes records to new files of a lake. Nothing of it is part of the lake before
// the files that [Writer.Flush] returns are in the list. It is for one goroutine; its
// methods Event, Flow and Lookup are what a reader of logs takes, and do not keep what
// they are given. Give it a record before an engine of detections has it, which adds to it.
type Writer struct {
	dir    string
	parts  map[partKey]*part
	shapes map[haetae.Log]*shape
	codec  *zstd.Codec
	filed  map[string]int64 // the time by which the last record of an object of flows was filed
	limit  int64
	size   int64 // of what waits, about
	until  int   // records until size is counted anew
	clock  int   // counts records
	ended  []haetae.LakeFile

	// Known, when it is not nil, knows which records are not written: those that it
	// has. Again counts them, by their log.
	Known *Known
	Again map[haetae.Log]int
}

// partKey names what goes to one file.
type partKey struct {
	log haetae.Log
	day int64 // since 1970
}

// part is a file that is written.
type part struct {
	key  partKey
	used int // the clock of its last record
	rows rows
	most int // rows of a row group
	out  output
	file *os.File
	sum  hash.Hash
	meta haetae.LakeFile
}

// NewWriter makes a writer for a lake in a folder, which is made when it is not there.
func NewWriter(dir string) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failure("make the folder of the lake", err)
	}
	return &Writer{dir: dir, parts: map[partKey]*part{}, shapes: map[haetae.Log]*shape{}, codec: newCodec(), filed: map[string]int64{}, limit: bytesHeld, Again: map[haetae.Log]int{}}, nil
}

// failure says what a failed write means to the user.
func failure(op string, err error) error {
	return &haetae.Error{Code: haetae.Unavailable, Op: op, Err: err, Hint: "Check the disk and the permissions of the data directory. What was stored before is whole."}
}

const day = 24 * time.Hour

// dayFolder begins the names of folders of days, as Hive has them: readers leave out the
// days that a query does not ask for.
const dayFolder = "haetae_day="

// part is the file to which a record goes.
func (w *Writer) part(log haetae.Log, at int64, account, region string) (*part, error) {
	k := partKey{log, floorDay(at)}
	p := w.parts[k]
	if p == nil {
		p = &part{key: k, most: eventsHeld}
		switch log {
		case haetae.VPCFlow, haetae.TransitFlow:
			p.rows, p.most = &flowRows{}, flowsHeld
		case haetae.ResolverQuery:
			p.rows, p.most = &lookupRows{}, lookupsHeld
		default:
			s, err := w.shape(log)
			if err != nil {
				return nil, err
			}
			p.rows = &eventRows{shape: s}
		}
		p.meta = haetae.LakeFile{Log: log, Day: time.UnixMicro(k.day * day.Microseconds()).UTC(), AccountFirst: account, AccountLast: account, RegionFirst: region, RegionLast: region,
			First: time.UnixMicro(at).UTC(), Last: time.UnixMicro(at).UTC()}
		if err := w.makeRoom(); err != nil {
			return nil, err
		}
		w.parts[k] = p
	}
	w.clock++
	p.used = w.clock
	m := &p.meta
	m.AccountFirst, m.AccountLast = min(m.AccountFirst, account), max(m.AccountLast, account)
	m.RegionFirst, m.RegionLast = min(m.RegionFirst, region), max(m.RegionLast, region)
	if t := time.UnixMicro(at).UTC(); t.Before(m.First) {
		m.First = t
	} else if t.After(m.Last) {
		m.Last = t
	}
	m.Records++
	return p, nil
}

// makeRoom ends a file when too many are open.
func (w *Writer) makeRoom() error {
	if len(w.parts) < filesOpen {
		return nil
	}
	var oldest *part
	for _, p := range w.parts {
		if oldest == nil || p.used < oldest.used {
			oldest = p
		}
	}
	if err := oldest.close(w); err != nil {
		return err
	}
	w.ended = append(w.ended, oldest.meta)
	delete(w.parts, oldest.key)
	return nil
}

// again tells whether a record is not to be written. Records without an id are.
func (w *Writer) again(log haetae.Log, at int64, id string, number int64) (bool, error) {
	if w.Known == nil || id == "" {
		return false, nil
	}
	again, err := w.Known.again(partKey{log, floorDay(at)}, id, number, at)
	if again {
		w.Again[log]++
	}
	return again, err
}

// Dir is the folder of the lake.
func (w *Writer) Dir() string { return w.dir }

// Files is how many files were begun since the last Flush.
func (w *Writer) Files() int { return len(w.parts) + len(w.ended) }

// floorDay is the day of a time in microseconds.
func floorDay(at int64) int64 {
	n := at / day.Microseconds()
	if at%day.Microseconds() < 0 {
		n--
	}
	return n
}

func (w *Writer) shape(log haetae.Log) (*shape, error) {
	if s := w.shapes[log]; s != nil {
		return s, nil
	}
	s, err := shapeFor(log)
	w.shapes[log] = s
	return s, err
}

// shapeFor is the shape of the records of a log.
func shapeFor(log haetae.Log) (*shape, error) {
	for _, t := range Tables() {
		if t.Log == log && t.columns != nil {
			return shapeOf(&t)
		}
	}
	return nil, fmt.Errorf("there is no table for records of %q", log)
}

// Event adds an event.
func (w *Writer) Event(e *haetae.Event) error {
	var kept []byte
	var err error
	if !isTrail(e.Log) {
		if kept, err = deriveds(e); err != nil {
			return fmt.Errorf("record %s of %s:%d: %w", e.ID, e.Place.File, e.Place.Line, err)
		}
	}
	return w.event(e, kept)
}

// event adds an event with what is kept of it besides its record.
func (w *Writer) event(e *haetae.Event, kept []byte) error {
	at := e.Time.UnixMicro()
	if again, err := w.again(e.Log, at, e.ID, 0); again || err != nil {
		return err
	}
	p, err := w.part(e.Log, at, e.Account, e.Region)
	if err != nil {
		return err
	}
	x := event{time: at, account: e.Account, region: e.Region, id: shortID(e.ID, e.Place.Line), file: e.Place.File, line: int64(e.Place.Line)}
	if !e.Ingested.IsZero() {
		x.ingested = e.Ingested.UnixNano()
	}
	raw, r := e.Raw, p.rows.(*eventRows)
	if !utf8.Valid(raw) { // SQL knows no other text
		if raw, err = normal(raw); err != nil {
			return fmt.Errorf("record %s of %s:%d: %w", e.ID, e.Place.File, e.Place.Line, err)
		}
	}
	if err := members(raw, func(_, _ []byte) error { return nil }); err != nil {
		return fmt.Errorf("record %s of %s:%d: %w", e.ID, e.Place.File, e.Place.Line, err)
	}
	x.raw = r.keep(raw)
	x.derived = r.keep(kept)
	if isTrail(e.Log) && sameID(raw, e.ID) {
		x.id = ""
	}
	r.list = append(r.list, x)
	return w.added(p)
}

// Flow adds a record of a flow log. The records of an object keep their order.
func (w *Writer) Flow(f *haetae.Flow) error {
	var at int64
	switch {
	case f.Known(haetae.FlowStart):
		at = f.Start * 1e6
	case f.Known(haetae.FlowEnd):
		at = f.End * 1e6
	}
	// Who takes flows knows by their numbers which it had: a later one may not be filed
	// before an earlier one.
	last, known := w.filed[f.Key]
	if known {
		at = max(at, last)
	} else if len(w.filed) > 1<<14 {
		clear(w.filed)
	}
	w.filed[f.Key] = at
	return w.flow(f, at)
}

// flow adds a record of a flow log that is filed by a time.
func (w *Writer) flow(f *haetae.Flow, at int64) error {
	log := haetae.VPCFlow
	if f.Hub != "" {
		log = haetae.TransitFlow
	}
	if again, err := w.again(log, at, f.Key, int64(f.Number)); again || err != nil {
		return err
	}
	p, err := w.part(log, at, f.Account, f.Region)
	if err != nil {
		return err
	}
	r := p.rows.(*flowRows)
	r.list = append(r.list, flowAt{*f, at})
	return w.added(p)
}

// Lookup adds a DNS query.
func (w *Writer) Lookup(l *haetae.Lookup) error {
	if again, err := w.again(haetae.ResolverQuery, l.Time.UnixMicro(), l.ID, 0); again || err != nil {
		return err
	}
	p, err := w.part(haetae.ResolverQuery, l.Time.UnixMicro(), l.Account, l.Region)
	if err != nil {
		return err
	}
	x := *l
	x.Answers = slices.Clone(l.Answers)
	r := p.rows.(*lookupRows)
	r.list = append(r.list, x)
	return w.added(p)
}

// added writes row groups when enough waits.
func (w *Writer) added(p *part) error {
	if p.rows.count() >= p.most {
		return p.write(w)
	}
	if w.until--; w.until > 0 {
		return nil
	}
	w.until = 1024
	w.size = 0
	var largest *part
	for _, p := range w.parts {
		n := p.rows.size()
		w.size += n
		if largest == nil || n > largest.rows.size() {
			largest = p
		}
	}
	if w.size > w.limit && largest.rows.count() > 0 {
		return largest.write(w)
	}
	return nil
}

// Write implements io.Writer: what goes to the file is added to its sum.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	p.sum.Write(b[:n])
	p.meta.Bytes += int64(n)
	return n, err
}

// write writes what waits as one row group.
func (p *part) write(w *Writer) error {
	if p.file == nil {
		var name [16]byte
		if _, err := rand.Read(name[:]); err != nil {
			return failure("name a file of the lake", err)
		}
		p.meta.Path = path.Join(string(p.key.log), dayFolder+p.meta.Day.Format(time.DateOnly), hex.EncodeToString(name[:])+".parquet")
		at := filepath.Join(w.dir, filepath.FromSlash(p.meta.Path))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return failure("make a folder of the lake", err)
		}
		f, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return failure("write to the lake", err)
		}
		p.file, p.sum = f, sha256.New()
		p.out = p.rows.file(p, w.codec)
	}
	if err := p.rows.write(p.out); err != nil {
		return failure("write "+p.meta.Path, err)
	}
	return nil
}

// close ends the file; after it the file is on the disk.
func (p *part) close(w *Writer) error {
	if p.file == nil || p.rows.count() > 0 {
		if err := p.write(w); err != nil {
			return err
		}
	}
	err := errors.Join(p.out.Close(), p.file.Sync(), p.file.Close())
	if err != nil {
		return failure("write "+p.meta.Path, err)
	}
	p.file = nil
	p.meta.SHA256 = hex.EncodeToString(p.sum.Sum(nil))
	return syncDir(filepath.Dir(filepath.Join(w.dir, filepath.FromSlash(p.meta.Path))))
}

// syncDir brings the names in a folder to the disk. Windows does so by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return failure("write to the lake", err)
	}
	// Some file systems refuse this of a folder; the files themselves are on the disk.
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return errors.Join(failure("write to the lake", err), d.Close())
	}
	return d.Close()
}

// Flush ends all files and returns their rows, sorted by path: they are on the disk, and
// not part of the lake before the caller has committed the rows. The writer goes on with
// new files. After an error the caller discards.
func (w *Writer) Flush() ([]haetae.LakeFile, error) {
	list := w.ended
	for _, p := range w.ordered() {
		if err := p.close(w); err != nil {
			return nil, err
		}
		list = append(list, p.meta)
	}
	clear(w.parts)
	w.ended = nil
	slices.SortFunc(list, func(a, b haetae.LakeFile) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

// ordered are the parts in an order that does not change from run to run.
func (w *Writer) ordered() []*part {
	var list []*part
	for _, p := range w.parts {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *part) int {
		return cmp.Or(strings.Compare(string(a.key.log), string(b.key.log)), cmp.Compare(a.key.day, b.key.day))
	})
	return list
}

// Discard takes away what was written since the last Flush.
func (w *Writer) Discard() error {
	var paths []string
	for _, f := range w.ended {
		paths = append(paths, f.Path)
	}
	w.ended = nil
	errs := []error{Remove(w.dir, paths)}
	for _, p := range w.parts {
		if p.file != nil {
			if err := p.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
				errs = append(errs, err)
			}
		}
		if p.meta.Path != "" {
			if err := os.Remove(filepath.Join(w.dir, filepath.FromSlash(p.meta.Path))); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	clear(w.parts)
	return errors.Join(errs...)
}

var _ io.Writer = (*part)(nil)
