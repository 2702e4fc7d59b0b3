package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/haetae/haetae/trail"
)

// maxDigest bounds a digest file, inflated: one that names a thousand log files
// has half a megabyte.
const maxDigest = 64 << 20

// Trail reads the digest files and the hashes of the log files of CloudTrail below
// the paths; names tell them apart, as CloudTrail gives them. A file of another
// name is counted in others. What cannot be read is noted in s.
func Trail(ctx context.Context, paths []string, s *Stats) (*TrailCopy, error) {
	c := &TrailCopy{}
	for _, root := range paths {
		err := walk([]string{root}, s, func(path string, _ fs.FileInfo) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if !OfTrail(path) {
				c.Others++
				return nil
			}
			f, err := os.Open(path)
			if err != nil {
				s.Files++
				s.unread(File, path, 0, "%v", err)
				return nil
			}
			defer f.Close()
			c.Add(path, below(root, path), f, "", s)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// TrailCopy is what is there of a trail's bucket.
type TrailCopy struct {
	Digests []trail.Object
	Logs    []trail.Log
	Others  int // files that are neither
}

// OfTrail tells whether a name is one of a digest or log file of CloudTrail.
func OfTrail(name string) bool {
	base := path.Base(filepath.ToSlash(name))
	return strings.Contains(base, "_CloudTrail-Digest_") || strings.Contains(base, "_CloudTrail_")
}

// Add reads a digest or log file. shown is its name for people, key the end of its key;
// signature is that of the metadata of a digest's object, "" when it is not known.
func (c *TrailCopy) Add(shown, key string, body io.Reader, signature string, s *Stats) {
	s.Files++
	digest := strings.Contains(path.Base(key), "_CloudTrail-Digest_")
	text, sum, n, err := inflated(body, digest)
	s.Bytes += n
	switch {
	case err != nil:
		s.unread(File, shown, 0, "%v", err)
	case digest:
		c.Digests = append(c.Digests, trail.Object{Path: key, Body: text, Signature: signature})
	default:
		c.Logs = append(c.Logs, trail.Log{Path: key, Sum: sum})
	}
}

// below is the path of a file below the folder that was given, with slashes.
func below(root, path string) string {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		rel = filepath.Base(path)
	}
	return filepath.ToSlash(rel)
}

// inflated reads a file through its gzip: all of it when it is asked for, and its
// hash.
func inflated(f io.Reader, whole bool) (body []byte, sum string, n int64, err error) {
	limit := int64(maxUnpacked)
	if whole {
		limit = maxDigest
	}
	r, l, err := unpack(f, limit)
	if err != nil {
		return nil, "", 0, err
	}
	if whole {
		body, err = io.ReadAll(r)
		if err == nil && int64(len(body)) > maxDigest {
			err = errTooLarge
		}
		return body, "", l.read, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("gzip: the file ends in the middle")
		}
		return nil, "", l.read, err
	}
	return nil, hex.EncodeToString(h.Sum(nil)), l.read, nil
}
