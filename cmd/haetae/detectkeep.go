package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/store"
)

// detectKeeper stores what an engine remembers, what it has read and what it found,
// all of it in one transaction: whatever happens in between, it was or it was not.
type detectKeeper struct {
	app    *app
	st     *store.Store
	engine *detect.Engine
	lake   *lakeKeeper // nil when records are not kept
	mine   int
	shown  func([]*detect.Finding) error // is told of what was stored

	reads []store.Read
	done  []func(context.Context) error // to be called once it is stored
	from  map[string][]byte             // positions of sources
	last  time.Time                     // when it was stored last
	took  time.Duration                 // that took
	every time.Duration                 // between two times, at least
	base  detect.Stats                  // of earlier runs
	fault error                         // the first of asking the store what was read
}

// fileSource is the name under which files are known as read.
const fileSource = "file"

// keepDetecting opens the store and takes up what is stored.
func (a *app) keepDetecting(ctx context.Context, engine *detect.Engine, every time.Duration) (*detectKeeper, error) {
	dir, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	k := &detectKeeper{app: a, st: st, engine: engine, from: map[string][]byte{}, last: time.Now(), every: every}
	fail := func(err error) (*detectKeeper, error) { return nil, errors.Join(err, st.Close()) }
	if k.mine, err = st.TakeOver(ctx); err != nil {
		return fail(err)
	}
	any := false
	err = st.State(ctx, func(key string, value []byte) error {
		any = true
		return engine.Load(key, value)
	})
	if err != nil {
		return fail(&haetae.Error{Code: haetae.Invalid, Op: dir, Err: err, Hint: "Begin anew with haetae detect … --forget: what was found is kept, what was read is read again."})
	}
	if lost := engine.Loaded(); any && len(lost) > 0 {
		a.advise("haetae: new or changed since the last run, and begin with nothing: %s", strings.Join(lost, ", "))
	}
	k.base = engine.Stats()
	return k, nil
}

// sourceName is the name under which pieces of sources are known as read: a piece may
// come by two sources.
const sourceName = "source"

// known tells whether a piece of a source was committed. It may be asked by others
// than the one who commits.
func (k *detectKeeper) known(key string) (bool, error) {
	_, ok, err := k.st.WasRead(context.Background(), sourceName, key)
	return ok, err
}

func (k *detectKeeper) close() error { return errors.Join(k.lake.discard(), k.st.Close()) }

// skip tells whether a file was read as it is.
func (k *detectKeeper) skip(ctx context.Context, settle time.Duration) func(string, fs.FileInfo) bool {
	return func(path string, info fs.FileInfo) bool {
		if settle > 0 && time.Since(info.ModTime()) < settle {
			return true // somebody may be writing it: it is looked at again
		}
		r, ok, err := k.st.WasRead(ctx, fileSource, fileKey(path))
		if err != nil && k.fault == nil {
			k.fault = err
		}
		return ok && r.Mark == fileMark(info)
	}
}

func fileKey(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// fileMark tells a file from what it was before.
func fileMark(info fs.FileInfo) string {
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
}

// file notes that a file was read, and stores when it is time to.
func (k *detectKeeper) file(ctx context.Context, s ingest.Source) error {
	if k.fault != nil {
		return k.fault
	}
	k.reads = append(k.reads, store.Read{Source: fileSource, Key: fileKey(s.File), Time: time.Now(), Records: s.Records, Unread: s.Unread, Mark: fileMark(s.Info)})
	if time.Since(k.last) < max(k.every, 10*k.took) {
		return nil
	}
	return k.commit(ctx, false)
}

// forgetAfter is how long behind the newest record a finding can still grow.
const forgetAfter = 49 * time.Hour

// commit stores all of it. flush says that the input is at its end.
func (k *detectKeeper) commit(ctx context.Context, flush bool) error {
	if k.fault != nil {
		return k.fault
	}
	began := time.Now()
	if flush {
		k.engine.Flush()
	} else {
		k.engine.Pause()
	}
	list := k.engine.Take()
	if at := k.engine.Newest(); !at.IsZero() {
		k.engine.Forget(at.Add(-forgetAfter))
	}
	if err := k.lake.flush(); err != nil {
		return err
	}
	err := k.st.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Detect(k.mine); err != nil {
			return err
		}
		if err := k.lake.add(tx); err != nil {
			return err
		}
		var failed error
		err := k.engine.Save(func(key string, value []byte) {
			if failed == nil {
				failed = tx.PutState(key, value)
			}
		})
		if err := errors.Join(err, failed); err != nil {
			return err
		}
		for _, r := range k.reads {
			if err := tx.PutRead(r); err != nil {
				return err
			}
		}
		for source, p := range k.from {
			if err := tx.SetPosition(source, p); err != nil {
				return err
			}
		}
		return k.put(tx, list)
	})
	if err != nil {
		return errors.Join(err, k.lake.failed())
	}
	if err := k.lake.committed(ctx, k.st); err != nil {
		return err
	}
	k.reads = k.reads[:0]
	clear(k.from)
	k.last = time.Now()
	k.took = k.last.Sub(began)
	var errs []error
	for _, done := range k.done {
		errs = append(errs, done(ctx))
	}
	k.done = nil
	if err := errors.Join(errs...); err != nil {
		// It is stored: what is not taken from its source now comes again, and is known.
		k.app.advise("haetae: %v", err)
	}
	return k.shown(list)
}

// put stores findings, and takes away those that they stand in the place of.
func (k *detectKeeper) put(tx *store.Tx, list []*detect.Finding) error {
	for _, f := range list {
		for _, old := range f.Replaces {
			if err := tx.DropDetection(old); err != nil {
				return err
			}
		}
		if f.Withdrawn {
			if err := tx.DropDetection(f.ID); err != nil {
				return err
			}
			continue
		}
		body, err := json.Marshal(k.app.asDetected(f))
		if err != nil {
			return fmt.Errorf("finding %s: %w", f.ID, err)
		}
		err = tx.PutDetection(&store.Detection{ID: f.ID, Rule: f.Rule.ID, Kind: string(f.Kind), Severity: f.Severity, First: f.First, Last: f.Last,
			Account: f.Account, Region: f.Region, Actor: f.Actor.ID, Body: body})
		if err != nil {
			return err
		}
	}
	return nil
}

// stats are the counts of this run.
func (k *detectKeeper) stats() detect.Stats {
	s := k.engine.Stats()
	s.Read, s.Duplicate, s.Late = s.Read-k.base.Read, s.Duplicate-k.base.Duplicate, s.Late-k.base.Late
	return s
}

// newestFindings keeps of what is said of the same finding again and again the last.
type newestFindings map[string]*detect.Finding

func (n newestFindings) add(list []*detect.Finding) {
	for _, f := range list {
		for _, old := range f.Replaces {
			delete(n, old)
		}
		if f.Withdrawn {
			delete(n, f.ID)
		} else {
			n[f.ID] = f
		}
	}
}

func (n newestFindings) list() []*detect.Finding {
	var out []*detect.Finding
	for _, f := range n {
		out = append(out, f)
	}
	detect.Sort(out)
	return out
}
