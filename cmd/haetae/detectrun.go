package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/store"
)

// settle is how long a file must not have changed before a run that follows reads it.
const settle = 2 * time.Second

// detectKept reads with a state that outlives the run: what was read is not read
// again, and windows, baselines and sequences go on where they were.
func (a *app) detectKept(ctx context.Context, paths []string, o *detectOptions, engine *detect.Engine, refused int) (err error) {
	if o.forget {
		if err := a.forgetDetecting(ctx); err != nil {
			return err
		}
	}
	k, err := a.keepDetecting(ctx, engine, o.commit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.close()) }()
	if o.keepRecords {
		data, err := a.dataDir()
		if err == nil {
			err = k.keepRecords(ctx, data)
		}
		if err != nil {
			return err
		}
	}
	all, count, header := newestFindings{}, 0, true
	k.shown = func(list []*detect.Finding) error {
		if !o.follow {
			all.add(list)
			return nil
		}
		list = o.wanted(list)
		count += len(list)
		err := a.printFollowed(list, o.output, header)
		header = header && len(list) == 0
		return err
	}
	files, remote := argumentsOf(paths)
	sources, err := a.openSources(ctx, remote, o, k.known)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.Close())
		}
	}()
	var stats ingest.Stats
	if len(sources) > 0 {
		err = a.readSources(ctx, files, sources, o, k, &stats)
	} else {
		err = a.readKept(ctx, files, o, k, &stats)
	}
	if err != nil {
		return err
	}
	if !o.follow {
		list := o.wanted(all.list())
		count = len(list)
		if err := a.printDetected(list, o.output); err != nil {
			return err
		}
	}
	if err := a.detectStats(&stats, engine, k.stats(), o); err != nil {
		return err
	}
	switch {
	case count > 0:
		return exit(exitFound)
	case refused > 0 || !stats.Whole():
		return exit(exitIncomplete)
	}
	return nil
}

// readKept reads what is new below the paths, once or until it is told to stop.
func (a *app) readKept(ctx context.Context, paths []string, o *detectOptions, k *detectKeeper, stats *ingest.Stats) error {
	p := a.progress()
	defer p.Close()
	p.stage("reading records")
	quiet := time.Duration(0)
	if o.follow {
		quiet = settle
	}
	for {
		read := len(stats.Problems)
		err := k.readFiles(ctx, paths, quiet, stats)
		switch {
		case errors.Is(err, context.Canceled) && o.follow:
			return nil // what was read since it was stored last is read again
		case errors.Is(err, fs.ErrNotExist):
			return usage{err}
		case err != nil:
			return err
		}
		if err := k.commit(context.WithoutCancel(ctx), !o.follow); err != nil || !o.follow {
			return err
		}
		for _, x := range stats.Problems[min(read, len(stats.Problems)):] {
			a.advise("haetae: not read: %s", x)
		}
		p.Close() // from here on waiting is no work
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.every):
		}
	}
}

// readFiles reads what is new below paths.
func (k *detectKeeper) readFiles(ctx context.Context, paths []string, quiet time.Duration, stats *ingest.Stats) error {
	opt := ingest.ReadOptions{Skip: k.skip(ctx, quiet), Done: func(s ingest.Source) error { return k.file(ctx, s) }}
	return ingest.Read(ctx, paths, opt, stats, k.taker())
}

// forgetDetecting lets go of what detect remembers and has read.
func (a *app) forgetDetecting(ctx context.Context) (err error) {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return st.Update(ctx, func(tx *store.Tx) error { return tx.DropState() })
}

// wanted are the findings that are asked for.
func (o *detectOptions) wanted(list []*detect.Finding) []*detect.Finding {
	var out []*detect.Finding
	for _, f := range list {
		if !f.Withdrawn && (o.cut.IsZero() || !f.Last.Before(o.cut)) && max(f.Severity, haetae.Informational) >= o.least {
			out = append(out, f)
		}
	}
	return out
}

// printFollowed prints findings as they come.
func (a *app) printFollowed(list []*detect.Finding, output string, header bool) error {
	if len(list) == 0 {
		return nil
	}
	if output == "table" {
		return a.printTable(list, header)
	}
	return a.printDetected(list, output)
}

// detectStored prints what earlier runs found.
func (a *app) detectStored(ctx context.Context, o *detectOptions) (err error) {
	st, err := a.opened(ctx)
	if haetae.CodeOf(err) == haetae.NotFound && err != nil {
		return &haetae.Error{Code: haetae.NotFound, Op: "what was found", Err: err, Hint: "Give logs to read: haetae detect PATH --data DIR."}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var rows []detected
	err = st.Detections(ctx, o.cut, o.least, func(d store.Detection) error {
		var x detected
		if err := json.Unmarshal(d.Body, &x); err != nil {
			return &haetae.Error{Code: haetae.Internal, Op: "stored finding " + d.ID, Err: err}
		}
		rows = append(rows, x)
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.printRows(rows, o.output); err != nil {
		return err
	}
	if len(rows) > 0 {
		return exit(exitFound)
	}
	return nil
}

// keeps tells whether the run has a state that outlives it.
func (o *detectOptions) keeps(data bool) bool { return data || o.follow || o.forget }

// checkKept refuses flags that do not go together.
func (o *detectOptions) checkKept(paths []string) error {
	switch {
	case o.follow && len(paths) == 0:
		return usagef("--follow needs what to follow: haetae detect PATH… --follow")
	case o.follow && o.output != "table" && o.output != "ndjson":
		return usagef("--follow prints as it goes: --output table or ndjson, not %s", o.output)
	case o.every <= 0 || o.commit <= 0:
		return usagef("--every is a time such as 5s")
	}
	return nil
}

// stopped says how a run that follows ends, for its help.
func stopped() string {
	return strings.TrimSpace(`
It ends with Ctrl-C or SIGTERM. Killed at any point and begun again it goes on with what
was stored: nothing is lost, and nothing is said twice.`)
}
