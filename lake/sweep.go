package lake

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/haetae/haetae"
)

// Orphan is a file in the folder of a lake that is none of its files.
type Orphan struct {
	Path  string // below the folder, with slashes
	Bytes int64
}

// Orphans are the files below dir that are not in the list of files and were last
// written before a time: a run that was killed left them. One that is younger may be
// waiting for its row; a zero time finds all.
func Orphans(dir string, files []haetae.LakeFile, before time.Time) ([]Orphan, error) {
	known := map[string]bool{}
	for _, f := range files {
		known[f.Path] = true
	}
	var out []Orphan
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // nothing was kept yet, or somebody swept
			}
			return err
		}
		if d.IsDir() || filepath.Ext(path) != ".parquet" {
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) || known[rel] {
			return nil
		}
		if err != nil {
			return err
		}
		if before.IsZero() || info.ModTime().Before(before) {
			out = append(out, Orphan{rel, info.Size()})
		}
		return nil
	})
	if err != nil {
		return nil, failure("look for files of the lake", err)
	}
	return out, nil
}

// Remove takes files away from the disk, after their rows are gone. Those that are
// gone already are no matter.
func Remove(dir string, paths []string) error {
	var errs []error
	for _, p := range paths {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(p))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, failure("remove a file of the lake", err))
		}
	}
	return errors.Join(errs...)
}
