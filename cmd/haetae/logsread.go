package main

import (
	"context"

	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
)

// readLogs gives the records below the paths to an engine.
func readLogs(ctx context.Context, paths []string, s *ingest.Stats, e *detect.Engine) error {
	return ingest.CloudTrail(ctx, paths, s, func(r *ingest.TrailRecord) error { return e.Event(r.Event()) })
}

// readExample gives the records of one file to an engine and returns their ids.
func readExample(ctx context.Context, path string, s *ingest.Stats, e *detect.Engine) (ids []string, err error) {
	err = ingest.CloudTrail(ctx, []string{path}, s, func(r *ingest.TrailRecord) error {
		ev := r.Event()
		ids = append(ids, ev.ID)
		return e.Event(ev)
	})
	return ids, err
}
