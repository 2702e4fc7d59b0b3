package ingest

import (
	"bufio"
	"bytes"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/projection"
)

// Files of CloudTrail are read ahead: goroutines unpack and decode, each a file, and
// records are given on in order by the one who asked for them. What is read so is the
// plain case, and only that: a file that is {"Records":[…]} and nothing else. At the
// first thing that is odd the file is read again from its beginning by the reader
// that knows all forms; records that were given on already are not given again. So
// whatever is to be counted and said is counted and said there.

// ahead reads files ahead.
type ahead struct {
	paths *projection.Fields
	jobs  chan *job
	stop  chan struct{} // closed when nobody wants more
	free  chan *block
}

// job is a file that is read ahead.
type job struct {
	root, path string
	info       fs.FileInfo
	blocks     chan *block
}

// block is some records of a file that follow each other.
type block struct {
	buf    []byte
	events []haetae.Event
	bytes  int64 // of the content, up to here
	last   bool  // the file is read
	odd    bool  // it is not for us
}

const (
	blockSize = 256 << 10
	// maxAhead bounds the files that are looked at before their turn.
	maxAhead = 6
	// blocksAhead bounds what is held of each: less than a file of the usual size would
	// leave those who read the next ones waiting.
	blocksAhead = 16
)

// readAhead gives each file below the paths to visit, in order, with what is read
// of it ahead, without those that skip leaves out. visit must take blocks until one is the last or odd, or fail.
func readAhead(paths []string, skip func(string, os.FileInfo) bool, s *Stats, visit func(*job, *ahead) error) error {
	a := &ahead{paths: projection.New(trailPaths()), jobs: make(chan *job, maxAhead), stop: make(chan struct{}), free: make(chan *block, 4*maxAhead)}
	todo := make(chan *job, maxAhead)
	var wait sync.WaitGroup
	var walked error
	noted := &Stats{}
	wait.Go(func() {
		defer close(a.jobs)
		defer close(todo)
		var list []found
		if list, walked = inOrder(paths, skip, noted); walked != nil {
			return
		}
		for _, f := range list {
			j := &job{root: f.root, path: f.path, info: f.info, blocks: make(chan *block, blocksAhead)}
			for _, to := range []chan *job{a.jobs, todo} {
				select {
				case to <- j:
				case <-a.stop:
					return
				}
			}
		}
	})
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			r := &aheadReader{ahead: a, head: a.paths.NewRecord(), br: bufio.NewReaderSize(nil, 64<<10)}
			for j := range todo {
				r.file(j)
			}
		})
	}
	var err error
	for j := range a.jobs {
		if err = visit(j, a); err != nil {
			break
		}
	}
	close(a.stop)
	wait.Wait()
	if err != nil {
		return err
	}
	s.add(noted)
	return walked
}

// add adds what was noted of files.
func (s *Stats) add(of *Stats) {
	s.UnreadFiles += of.UnreadFiles
	s.Problems = append(s.Problems, of.Problems[:min(len(of.Problems), max(maxProblems-len(s.Problems), 0))]...)
}

// give hands a block on, false when nobody wants it.
func (a *ahead) give(j *job, b *block) bool {
	select {
	case j.blocks <- b:
		return true
	case <-a.stop:
		return false
	}
}

// empty is a block to be filled.
func (a *ahead) empty() *block {
	select {
	case b := <-a.free:
		*b = block{buf: b.buf[:0], events: b.events[:0]}
		return b
	default:
		return &block{buf: make([]byte, 0, blockSize)}
	}
}

// done takes a block back whose records nobody uses any more.
func (a *ahead) done(b *block) {
	clear(b.events) // so that their texts are not held
	if cap(b.buf) > 4*blockSize {
		return
	}
	select {
	case a.free <- b:
	default:
	}
}

// aheadReader is one of those who read ahead.
type aheadReader struct {
	*ahead
	head   *projection.Record
	record TrailRecord
	br     *bufio.Reader
	gz     *gzip.Reader
	bytes  int64
}

// file reads one file. Of whatever it cannot read it says that it is odd.
func (r *aheadReader) file(j *job) {
	b := r.empty()
	if f, err := os.Open(j.path); err == nil {
		b = r.content(j, b, f)
		f.Close()
	} else {
		b.odd = true
	}
	if b != nil {
		r.give(j, b)
	}
}

// content reads the records of a file, and returns the last block, or nil when
// nobody wants more.
func (r *aheadReader) content(j *job, b *block, f *os.File) *block {
	in, err := r.unpacked(f)
	if err != nil {
		b.odd = true
		return b
	}
	r.bytes = 0
	began, any := false, false
	for at := 0; ; {
		// Fill the block as far as it goes.
		eof := false
		for len(b.buf) < cap(b.buf) && !eof {
			n, err := in.Read(b.buf[len(b.buf):cap(b.buf)])
			b.buf = b.buf[:len(b.buf)+n]
			r.bytes += int64(n)
			if eof = err == io.EOF; err != nil && !eof || r.bytes > maxUnpacked {
				b.odd = true
				return b
			}
		}
		if !began {
			if at = envelope(b.buf); at == 0 {
				b.odd = true
				return b
			}
			began = true
		}
		for {
			from := blank(b.buf, at)
			if from < len(b.buf) && b.buf[from] == ']' && !eof {
				at = from
				break // the end is to be seen as a whole
			}
			if from < len(b.buf) && b.buf[from] == ']' && any {
				b.bytes, b.last = r.bytes, true
				b.odd = !ends(b.buf[from+1:])
				return b
			}
			if any {
				if from == len(b.buf) {
					break
				}
				if b.buf[from] != ',' {
					b.odd = true
					return b
				}
				from = blank(b.buf, from+1)
			}
			n, state := r.head.Read(b.buf[from:])
			if state == projection.Short {
				break
			}
			if state == projection.Odd {
				b.odd = true
				return b
			}
			if b.events = append(b.events, haetae.Event{}); !r.event(b.buf[from:from+n], &b.events[len(b.events)-1]) {
				b.events, b.odd = b.events[:len(b.events)-1], true
				return b
			}
			at, any = from+n, true
		}
		if eof || len(b.buf)-at > maxLine {
			b.odd = true
			return b
		}
		next := r.empty()
		if need := len(b.buf) - at; 2*need > cap(next.buf) {
			next.buf = make([]byte, 0, 2*need)
		}
		next.buf = append(next.buf, b.buf[at:]...)
		at = 0
		if len(b.events) == 0 {
			r.done(b)
		} else if !r.give(j, b) {
			return nil
		}
		b = next
	}
}

// unpacked is the content of a file.
func (r *aheadReader) unpacked(f *os.File) (io.Reader, error) {
	r.br.Reset(f)
	head, _ := r.br.Peek(2)
	if len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
		return r.br, nil
	}
	if r.gz == nil {
		var err error
		r.gz, err = gzip.NewReader(r.br)
		return r.gz, err
	}
	return r.gz, r.gz.Reset(r.br)
}

// event makes an event of the record that was read, unless that is odd.
func (r *aheadReader) event(raw []byte, e *haetae.Event) bool {
	h := r.head
	for n := trailWraps; n < trailParameters; n++ {
		if h.Has(n) {
			return false
		}
	}
	if len(raw) > maxLine || h.Text(trailSource) == "" || h.Text(trailName) == "" {
		return false
	}
	at, err := when(h.Text(trailTime))
	if err != nil {
		return false
	}
	r.record = TrailRecord{raw: raw, head: h, paths: r.paths}
	r.record.begin(at)
	r.record.event(e)
	return true
}

// envelope is where the first record is in a file of CloudTrail, 0 for others.
func envelope(b []byte) int {
	at := 0
	for _, token := range []string{"{", `"Records"`, ":", "["} {
		at = blank(b, at)
		if !bytes.HasPrefix(b[at:], []byte(token)) {
			return 0
		}
		at += len(token)
	}
	return at
}

// ends tells whether only the end of a file of CloudTrail is left.
func ends(b []byte) bool {
	at := blank(b, 0)
	return at < len(b) && b[at] == '}' && blank(b, at+1) == len(b)
}

// blank passes over what may be between values of JSON.
func blank(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\n' || b[at] == '\t' || b[at] == '\r') {
		at++
	}
	return at
}
