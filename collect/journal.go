package collect

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
)

// Journal keeps the answers of a scan on disk until it is over, so that one
// that was killed goes on where it was. It implements [aws.Record].
//
// Answers may hold secrets that are redacted only later, so each is sealed with
// AES-GCM under a key that is derived from the installation's own. A frame is a
// length of four bytes, a nonce of twelve, and the sealed, compressed answer;
// the first frame says what the scan is. A frame that was cut off by the end of
// the process is cut off for good when the journal is opened again.
type Journal struct {
	// Begun is when the scan began, in Unix seconds: the time of its snapshot.
	Begun int64
	// Resumed is how many answers were there when the journal was opened.
	Resumed int

	path  string
	seal  cipher.AEAD
	zip   *zstd.Encoder
	unzip *zstd.Decoder

	mu    sync.Mutex
	file  *os.File
	size  int64
	index map[[16]byte]span
}

// span is where a frame's sealed part is in the file.
type span struct{ at, length int64 }

// header is the first frame.
type header struct {
	Scan  string // what is scanned, with whose credentials
	Begun int64
}

// entry is every other frame.
type entry struct {
	Key      string
	Response aws.Response
}

const (
	maxFrame  = 1 << 30
	journalID = "haetae journal 1\n"
)

// OpenJournal opens the journal of a scan, or begins one when there is none, it
// is of another scan, or it was begun longer than maxAge ago. now is the
// current time; key the installation's.
func OpenJournal(path, scan string, key []byte, now time.Time, maxAge time.Duration) (*Journal, error) {
	j := &Journal{path: path, index: map[[16]byte]span{}}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("journal of a scan"))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if j.seal, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if j.zip, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2)); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if j.unzip, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxFrame)); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, journalError(err)
	}
	if err := lock(j.file); err != nil {
		return nil, errors.Join(&haetae.Error{Code: haetae.Conflict, Op: path, Err: errors.New("another haetae is at this very scan"), Hint: "Wait for it, or give this one a data directory of its own with --data."}, j.file.Close())
	}
	if !j.load(scan, now.Add(-maxAge).Unix()) {
		if err := j.start(header{scan, now.Unix()}); err != nil {
			return nil, errors.Join(err, j.file.Close())
		}
	}
	return j, nil
}

func journalError(err error) error {
	return &haetae.Error{Code: haetae.Unavailable, Op: "journal of the scan", Err: err,
		Hint: "Check that the data directory can be written and that the disk is not full, or go without a journal: --no-resume."}
}

// start empties the file and writes the header.
func (j *Journal) start(h header) error {
	j.index, j.Resumed, j.Begun = map[[16]byte]span{}, 0, h.Begun
	if err := j.file.Truncate(0); err != nil {
		return journalError(err)
	}
	if _, err := j.file.WriteAt([]byte(journalID), 0); err != nil {
		return journalError(err)
	}
	j.size = int64(len(journalID))
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = j.write(data)
	return err
}

// load reads what is there. It reports whether it is the journal of the scan.
func (j *Journal) load(scan string, notBefore int64) bool {
	r := bufio.NewReaderSize(io.NewSectionReader(j.file, 0, 1<<62), 1<<20)
	id := make([]byte, len(journalID))
	if _, err := io.ReadFull(r, id); err != nil || string(id) != journalID {
		return false
	}
	j.size = int64(len(journalID))
	first, _, err := j.next(r)
	var h header
	if err != nil || json.Unmarshal(first, &h) != nil || h.Scan != scan || h.Begun < notBefore {
		return false
	}
	j.Begun = h.Begun
	for {
		data, at, err := j.next(r)
		if err != nil {
			break // the end, or where the process ended
		}
		var e struct{ Key string }
		if json.Unmarshal(data, &e) != nil {
			break
		}
		j.index[digest(e.Key)] = at
	}
	j.Resumed = len(j.index)
	return j.file.Truncate(j.size) == nil
}

// next reads a frame and moves the end of what is good behind it.
func (j *Journal) next(r io.Reader) ([]byte, span, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, span{}, err
	}
	length := int64(binary.BigEndian.Uint32(n[:]))
	if length > maxFrame {
		return nil, span{}, io.ErrUnexpectedEOF
	}
	sealed := make([]byte, length)
	if _, err := io.ReadFull(r, sealed); err != nil {
		return nil, span{}, err
	}
	data, err := j.open(sealed, j.size)
	if err != nil {
		return nil, span{}, err
	}
	at := span{j.size + 4, length}
	j.size += 4 + length
	return data, at, nil
}

// open unseals a frame. Its place in the file is sealed with it, so that frames
// cannot be moved.
func (j *Journal) open(sealed []byte, at int64) ([]byte, error) {
	n := j.seal.NonceSize()
	if len(sealed) < n {
		return nil, io.ErrUnexpectedEOF
	}
	packed, err := j.seal.Open(nil, sealed[:n], sealed[n:], place64(at))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	data, err := j.unzip.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return data, nil
}

func place64(at int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(at)) }

// write appends a frame.
func (j *Journal) write(data []byte) (span, error) {
	packed := j.zip.EncodeAll(data, nil)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return span{}, journalError(os.ErrClosed)
	}
	frame := make([]byte, 4+j.seal.NonceSize(), 4+j.seal.NonceSize()+len(packed)+j.seal.Overhead())
	if _, err := rand.Read(frame[4:]); err != nil {
		return span{}, journalError(err)
	}
	frame = j.seal.Seal(frame, frame[4:], packed, place64(j.size))
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
	if _, err := j.file.WriteAt(frame, j.size); err != nil {
		return span{}, journalError(err)
	}
	at := span{j.size + 4, int64(len(frame) - 4)}
	j.size += int64(len(frame))
	return at, nil
}

func digest(key string) (d [16]byte) {
	sum := sha256.Sum256([]byte(key))
	copy(d[:], sum[:])
	return d
}

// Keep implements [aws.Record].
func (j *Journal) Keep(key string, r *aws.Response) error {
	data, err := json.Marshal(entry{key, *r})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	at, err := j.write(data)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.index[digest(key)] = at
	return nil
}

// Find implements [aws.Record]. An answer that cannot be read back is as good
// as none: it is asked for again.
func (j *Journal) Find(key string) (*aws.Response, bool) {
	j.mu.Lock()
	at, ok := j.index[digest(key)]
	file := j.file
	j.mu.Unlock()
	if !ok || file == nil {
		return nil, false
	}
	sealed := make([]byte, at.length)
	if _, err := file.ReadAt(sealed, at.at); err != nil {
		return nil, false
	}
	data, err := j.open(sealed, at.at-4)
	if err != nil {
		return nil, false
	}
	var e entry
	if json.Unmarshal(data, &e) != nil || e.Key != key {
		return nil, false
	}
	return &e.Response, true
}

// Close closes the journal; the scan can go on another time.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// Remove ends the journal: the scan is over.
func (j *Journal) Remove() error {
	err := os.Remove(j.path)
	return errors.Join(j.Close(), err)
}
