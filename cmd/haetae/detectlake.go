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
)

// lakeName is the event lake as a source of records, for --from.
const lakeName = "lake"

// lakeBefore is how long before --since records of the lake are read: baselines look back
// two weeks at most.
const lakeBefore = 14 * 24 * time.Hour

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
