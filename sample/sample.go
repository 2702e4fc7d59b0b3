// Package sample is the sample organisation: an online shop with a production,
// a development and a log archive account, and the flaws that real accounts
// have. README.md beside this file is its map.
//
// It is the fixture of the demo, the documentation and many tests.
package sample

import (
	"embed"
	"errors"
	"io/fs"
	"path"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
)

//go:embed all:production all:development all:log-archive organization.yaml
var files embed.FS

//go:embed intents.yaml
var intents []byte

// Intents are what the sample organisation's network is for: some hold and some
// do not. The form is that of [content.ParseIntents].
func Intents() []byte { return intents }

// when is the time at which the sample organisation is looked at, so that ages come out the
// same every day.
var when = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// Snapshot reads the sample organisation; it is not assembled yet.
func Snapshot() (*haetae.Snapshot, error) {
	out := &haetae.Snapshot{Time: when.Unix()}
	var errs []error
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		s, err := content.Resources(data, "sample/"+name)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		out.Resources = append(out.Resources, s.Resources...)
		out.Coverage = append(out.Coverage, s.Coverage...)
		return nil
	})
	return out, errors.Join(append(errs, err)...)
}
