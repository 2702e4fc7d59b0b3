package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/lake"
	"github.com/haetae/haetae/store"
)

// lakeName is the event lake as a source of records, for --from.
const lakeName = "lake"

// lakeBefore is how long before --since records of the lake are read: baselines look back
// two weeks at most.
const lakeBefore = 14 * 24 * time.Hour

// Between two compactions by detect are so many new files; it makes one of at least
// so many of the same log and day, and leaves those alone that are large.
const (
	lakeNewFiles   = 256
	lakeSmallFiles = 16
	lakeLargeFile  = 8 << 20
)

// lakeKeeper keeps the records that detect reads in the lake.
type lakeKeeper struct {
	w     *lake.Writer
	known *lake.Known
	files []haetae.LakeFile // that wait for their rows
	added int               // since the last compaction
}

// keepRecords lets the keeper keep records too.
func (k *detectKeeper) keepRecords(ctx context.Context, data string) error {
	w, err := lake.NewWriter(lakeDir(data))
	if err != nil {
		return err
	}
	known := lake.NewKnown(w.Dir(), func(log haetae.Log, from, to time.Time) ([]haetae.LakeFile, error) {
		return k.st.LakeFiles(ctx, log, from, to)
	})
	w.Known = known
	k.lake = &lakeKeeper{w: w, known: known}
	return nil
}

// taker gives records to the lake, where they are kept, and then to the engine, which adds
// to them.
func (k *detectKeeper) taker() ingest.Taker {
	e := k.engine
	if k.lake == nil {
		return ingest.Taker{Event: e.Event, Flow: e.Flow, Lookup: e.Lookup}
	}
	w := k.lake.w
	return ingest.Taker{
		Event:  func(x *haetae.Event) error { return both(w.Event(x), x, e.Event) },
		Flow:   func(x *haetae.Flow) error { return both(w.Flow(x), x, e.Flow) },
		Lookup: func(x *haetae.Lookup) error { return both(w.Lookup(x), x, e.Lookup) },
	}
}

func both[T any](err error, x T, then func(T) error) error {
	if err != nil {
		return err
	}
	return then(x)
}

// flush brings records to the disk, whose files the next transaction adds.
func (l *lakeKeeper) flush() (err error) {
	if l != nil {
		l.files, err = l.w.Flush()
	}
	return err
}

// add makes the files part of the lake.
func (l *lakeKeeper) add(tx *store.Tx) error {
	if l == nil {
		return nil
	}
	return tx.AddLakeFiles(l.files)
}

// committed is called when the transaction is through; failed when it is not.
func (l *lakeKeeper) committed(ctx context.Context, st *store.Store) error {
	if l == nil {
		return nil
	}
	l.added += len(l.files)
	l.files = nil
	if l.known.Len() > importKnown {
		l.known.Reset()
	}
	if l.added < lakeNewFiles {
		return nil
	}
	l.added = 0
	_, err := compactAll(ctx, st, l.w.Dir(), lakeSmallFiles, lakeLargeFile)
	if haetae.CodeOf(err) == haetae.Conflict && err != nil {
		return nil // somebody else compacts
	}
	return err
}

func (l *lakeKeeper) failed() error {
	if l == nil {
		return nil
	}
	var paths []string
	for _, f := range l.files {
		paths = append(paths, f.Path)
	}
	l.files = nil
	return lake.Remove(l.w.Dir(), paths)
}

// discard takes away what was not committed.
func (l *lakeKeeper) discard() error {
	if l == nil {
		return nil
	}
	return l.w.Discard()
}

// fromLake tells whether the records are to come from the lake, which is named among the
// sources of what is known of the organisation.
func (o *detectOptions) fromLake(paths []string) error {
	i := slices.Index(o.from.from, lakeName)
	if i < 0 {
		return nil
	}
	o.from.from = slices.Delete(slices.Clone(o.from.from), i, i+1)
	o.lake = true
	if len(paths) > 0 {
		return usagef("--from lake reads what was kept: %s is read without it", paths[0])
	}
	if o.follow || o.forget {
		return usagef("--from lake tries rules on the past and keeps nothing: it goes with neither --follow nor --forget")
	}
	return nil
}

// readLake gives the records of the lake to an engine.
func (a *app) readLake(ctx context.Context, o *detectOptions, s *ingest.Stats, e *detect.Engine) (err error) {
	st, dir, err := a.openLake(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	opt := lake.ReadOptions{Trail: ingest.NewTrailDecoder().Decode}
	if !o.cut.IsZero() {
		opt.Since = o.cut.Add(-lakeBefore)
	}
	files, err := st.LakeFiles(ctx, "", opt.Since, opt.Until)
	if err != nil {
		return err
	}
	s.Logs = map[haetae.Log]int{}
	count := func(log haetae.Log) {
		s.Records++
		s.Logs[log]++
	}
	err = lake.Read(ctx, dir, files, opt, lake.Taker{
		Event: func(x *haetae.Event) error { count(x.Log); return e.Event(x) },
		Flow: func(x *haetae.Flow) error {
			if x.Hub != "" {
				count(haetae.TransitFlow)
			} else {
				count(haetae.VPCFlow)
			}
			return e.Flow(x)
		},
		Lookup: func(x *haetae.Lookup) error { count(haetae.ResolverQuery); return e.Lookup(x) },
	})
	s.Files = len(files)
	return err
}
