package main

import (
	"context"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
)

// readLogs gives the records of all logs below the paths to an engine.
func readLogs(ctx context.Context, paths []string, s *ingest.Stats, e *detect.Engine) error {
	return ingest.Read(ctx, paths, ingest.ReadOptions{}, s, ingest.Taker{Event: e.Event, Flow: e.Flow, Lookup: e.Lookup})
}

// readExample gives the records of an example's text to an engine and returns their
// ids.
func readExample(ctx context.Context, name string, r content.ExampleRecord, s *ingest.Stats, e *detect.Engine) (ids []string, err error) {
	o := ingest.Object{Name: name, Key: name, Modified: r.Time, Size: int64(len(r.Text)), Body: strings.NewReader(r.Text)}
	err = ingest.ReadObject(ctx, o, ingest.ReadOptions{Account: "111122223333", Region: "ap-northeast-2"}, s, ingest.Taker{
		Event:  func(x *haetae.Event) error { ids = append(ids, x.ID); return e.Event(x) },
		Flow:   func(x *haetae.Flow) error { ids = append(ids, detect.FlowID(x)); return e.Flow(x) },
		Lookup: func(x *haetae.Lookup) error { ids = append(ids, x.ID); return e.Lookup(x) },
	})
	return ids, err
}
