package lake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/haetae/haetae"
)

// Small are the files of which several can be one: all of the same log and day, of days
// that have at least so many of them.
func Small(files []haetae.LakeFile, least int) [][]haetae.LakeFile {
	list := slices.Clone(files)
	slices.SortFunc(list, func(a, b haetae.LakeFile) int {
		return cmp.Or(cmp.Compare(a.Log, b.Log), a.Day.Compare(b.Day), cmp.Compare(a.Path, b.Path))
	})
	var out [][]haetae.LakeFile
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Log == list[0].Log && list[n].Day.Equal(list[0].Day) {
			n++
		}
		if n >= max(least, 2) {
			out = append(out, list[:n:n])
		}
		list = list[n:]
	}
	return out
}

// Compacted is what became of files.
type Compacted struct {
	Files []haetae.LakeFile // in place of those that were given
	Twice int               // records that were there more than once, and are there once now
}

// Compact writes the records of files of one log anew, into one file for each day, each
// record once. Both are on the disk then: the caller takes the rows of the old files out of
// the list and puts those of the new ones in, in one transaction, and then removes the old
// files. What is not what was written is an error, and nothing is left.
func Compact(ctx context.Context, dir string, files []haetae.LakeFile) (c Compacted, err error) {
	var want int
	for i := range files {
		if err := Verify(dir, &files[i]); err != nil {
			return c, err
		}
		want += files[i].Records
	}
	w, err := NewWriter(dir)
	if err != nil {
		return c, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Discard())
		}
	}()
	w.Known = alone()
	m := newMerger(dir, files, ReadOptions{})
	defer m.close()
	got := 0
	err = m.merge(ctx, func(_ *run, x *stored) error {
		got++
		switch {
		case x.flow != nil:
			return w.flow(x.flow, x.at)
		case x.lookup != nil:
			return w.Lookup(x.lookup)
		}
		return w.event(x.event, x.text)
	})
	if err != nil {
		return c, err
	}
	if got != want {
		return c, fmt.Errorf("%d records in %d files that had %d", got, len(files), want)
	}
	for _, n := range w.Again {
		c.Twice += n
	}
	c.Files, err = w.Flush()
	return c, err
}

// Verify tells whether a file is on the disk as it was written.
func Verify(dir string, f *haetae.LakeFile) (err error) {
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(f.Path)))
	if err != nil {
		return broken(f, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil {
		return broken(f, err)
	}
	if n != f.Bytes {
		return broken(f, fmt.Errorf("it has %d bytes and had %d", n, f.Bytes))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
		return broken(f, fmt.Errorf("its SHA-256 is %s and was %s", got, f.SHA256))
	}
	return nil
}

// Older are the files of which all records are older than their log is kept. keep has
// the days for which logs are kept; a log that it has not is kept for ever.
func Older(files []haetae.LakeFile, keep map[haetae.Log]int, now time.Time) []haetae.LakeFile {
	var out []haetae.LakeFile
	for _, f := range files {
		days, ok := keep[f.Log]
		if ok && !f.Day.Add(day).After(now.Add(-time.Duration(days)*day)) {
			out = append(out, f)
		}
	}
	return out
}
