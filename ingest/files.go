package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// Limits of what is read of one file.
const (
	// maxUnpacked bounds what one packed file may unpack to. AWS ends a flow log file at
	// 75 MB packed (https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html),
	// which is well below a gigabyte of text.
	maxUnpacked = 4 << 30
	// maxLine bounds a line and a JSON text: CloudWatch Logs takes no event above
	// 1 MiB (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
	maxLine = 4 << 20
	// maxLayers is how often a file may be packed into itself: what CloudWatch Logs
	// sends is packed, and Firehose may pack it again.
	maxLayers = 3
)

// errTooLarge ends a file that unpacks to more than it may.
var errTooLarge = errors.New("it unpacks to more than a log file can: the rest was not read")

// limited reads at most a number of bytes and says when there was more.
type limited struct {
	r    io.Reader
	left int64
	read int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	l.read += int64(n)
	return n, err
}

// unpack takes off the layers of gzip. The reader that it returns has at least the
// first bytes of the content in its buffer.
func unpack(r io.Reader, limit int64) (*bufio.Reader, *limited, error) {
	l := &limited{r: r, left: math.MaxInt64} // a file that is not packed is as large as it is
	br := bufio.NewReaderSize(l, 256<<10)
	for range maxLayers {
		head, err := br.Peek(2)
		if len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, l, err
			}
			return br, l, nil
		}
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, l, fmt.Errorf("gzip: %w", err)
		}
		l = &limited{r: z, left: limit}
		br = bufio.NewReaderSize(l, 256<<10)
	}
	if head, _ := br.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return nil, l, fmt.Errorf("it is packed more than %d times", maxLayers)
	}
	return br, l, nil
}

// walk gives every regular file of the paths to visit, each once, in order of
// their names. What is no regular file is noted.
func walk(paths []string, s *Stats, visit func(path string, info fs.FileInfo) error) error {
	return walkRoots(paths, s, func(_, path string, info fs.FileInfo) error { return visit(path, info) })
}

// walkRoots is walk that also tells below which path a file was found.
func walkRoots(paths []string, s *Stats, found func(root, path string, info fs.FileInfo) error) error {
	seen := map[string]bool{}
	for _, root := range paths {
		visit := func(path string, info fs.FileInfo) error { return found(root, path, info) }
		// A link that is named is followed, one in a folder is not: it may lead in a circle.
		info, err := os.Stat(root)
		if err != nil {
			return fmt.Errorf("read %s: %w", root, err)
		}
		if !info.IsDir() {
			if err := once(seen, root, info, s, visit); err != nil {
				return err
			}
			continue
		}
		if real, err := filepath.EvalSymlinks(root); err == nil {
			root = real
		}
		err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				s.unread(File, path, 0, "%v", err)
				return nil
			}
			if d.IsDir() {
				return nil
			}
			info, err := d.Info()
			if err != nil {
				s.unread(File, path, 0, "%v", err)
				return nil
			}
			return once(seen, path, info, s, visit)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func once(seen map[string]bool, path string, info fs.FileInfo, s *Stats, visit func(string, fs.FileInfo) error) error {
	if !info.Mode().IsRegular() {
		s.unread(File, path, 0, "it is no regular file")
		return nil
	}
	key, err := filepath.Abs(path)
	if err != nil {
		key = filepath.Clean(path)
	}
	if seen[key] {
		return nil
	}
	seen[key] = true
	return visit(path, info)
}

// lines gives every line to take, without its end. Of a line that is too long
// only that it is there is told: the slice is then nil. The slice is valid until
// take returns.
func lines(br *bufio.Reader, take func(line []byte, number int) error) error {
	var long []byte
	for n := 1; ; n++ {
		line, err := br.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long[:0], line...)
			tooLong := false
			for errors.Is(err, bufio.ErrBufferFull) {
				line, err = br.ReadSlice('\n')
				if tooLong = tooLong || len(long)+len(line) > maxLine; !tooLong {
					long = append(long, line...)
				}
			}
			if line = long; tooLong {
				line = nil
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(line) > 0 || line == nil {
			if line != nil {
				line = bytes.TrimRight(line, "\r\n")
				if line == nil {
					line = []byte{}
				}
			}
			if stop := take(line, n); stop != nil {
				return stop
			}
		}
		if err != nil {
			return nil
		}
	}
}
