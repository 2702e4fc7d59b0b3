package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
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
func Trail(ctx context.Context, paths []string, s *Stats) (digests []trail.Object, logs []trail.Log, others int, err error) {
	for _, root := range paths {
		err = walk([]string{root}, s, func(path string, _ fs.FileInfo) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			base := filepath.Base(path)
			digest, log := strings.Contains(base, "_CloudTrail-Digest_"), strings.Contains(base, "_CloudTrail_")
			if !digest && !log {
				others++
				return nil
			}
			s.Files++
			body, sum, n, err := inflated(path, digest)
			s.Bytes += n
			if err != nil {
				s.unread(File, path, 0, "%v", err)
				return nil
			}
			name := below(root, path)
			if digest {
				digests = append(digests, trail.Object{Path: name, Body: body})
			} else {
				logs = append(logs, trail.Log{Path: name, Sum: sum})
			}
			return nil
		})
		if err != nil {
			return nil, nil, others, err
		}
	}
	return digests, logs, others, nil
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
func inflated(path string, whole bool) (body []byte, sum string, n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", 0, err
	}
	defer f.Close()
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
