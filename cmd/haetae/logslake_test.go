package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/lake"
	"github.com/haetae/haetae/sample/logs"
)

// logsOfTwoDays writes two days of the sample organisation.
func logsOfTwoDays(t testing.TB, scale float64) string {
	t.Helper()
	dir := t.TempDir()
	_, err := logs.Write(t.Context(), logs.Options{Seed: 3, Start: logs.DefaultStart(), Days: 2, Scale: scale, Create: func(name string) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		return os.Create(path)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// lakeOf keeps logs in a lake and returns its files and what was read, by ids.
func lakeOf(t testing.TB, ctx context.Context, paths []string) (dir string, files []haetae.LakeFile, read map[string]any) {
	t.Helper()
	dir = t.TempDir()
	w, err := lake.NewWriter(dir)
	if err != nil {
		t.Fatal(err)
	}
	read = map[string]any{}
	var stats ingest.Stats
	err = ingest.Read(ctx, paths, ingest.ReadOptions{}, &stats, ingest.Taker{
		Event:  func(e *haetae.Event) error { read[idOf(e)] = same(e); return w.Event(e) },
		Flow:   func(f *haetae.Flow) error { read[idOf(f)] = same(f); return w.Flow(f) },
		Lookup: func(l *haetae.Lookup) error { read[idOf(l)] = same(l); return w.Lookup(l) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if files, err = w.Flush(); err != nil {
		t.Fatal(err)
	}
	return dir, files, read
}

func idOf(x any) string {
	switch x := x.(type) {
	case *haetae.Event:
		return string(x.Log) + " " + x.ID + " " + fmt.Sprint(x.Place.File, x.Place.Line)
	case *haetae.Flow:
		return "flow " + detect.FlowID(x)
	case *haetae.Lookup:
		return "lookup " + x.ID
	}
	return ""
}

// same is a record by value, in a form that two of the same record have alike: what JSON
// is written like is no matter.
func same(x any) any {
	switch x := x.(type) {
	case *haetae.Event:
		e := *x
		var v any
		d := json.NewDecoder(bytes.NewReader(x.Raw))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return err
		}
		e.Raw, e.Time = nil, e.Time.Truncate(time.Microsecond)
		b, err := json.Marshal([]any{fmt.Sprintf("%+v", e), plainNumbers(v)})
		if err != nil {
			return err
		}
		return string(b)
	case *haetae.Flow:
		return *x
	case *haetae.Lookup:
		return fmt.Sprintf("%+v", *x)
	}
	return nil
}

func plainNumbers(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			x[k] = plainNumbers(x[k])
		}
	case []any:
		for i := range x {
			x[i] = plainNumbers(x[i])
		}
	case json.Number:
		if r, ok := new(big.Rat).SetString(x.String()); ok && !strings.ContainsAny(x.String(), "eE") {
			return r.RatString()
		}
	}
	return v
}

// TestTheLakeGivesBackEveryRecord keeps logs of all kinds, prints what a record takes, and
// reads them again: each once, in the order of time, and the same.
func TestTheLakeGivesBackEveryRecord(t *testing.T) {
	paths := []string{logsOfTwoDays(t, 0.3)}
	if more := os.Getenv("HAETAE_LOGS"); more != "" { // a folder of real logs, that nobody can give away
		paths = append(paths, more)
	}
	ctx := t.Context()
	dir, files, want := lakeOf(t, ctx, paths)
	bytes, records := map[haetae.Log]int64{}, map[haetae.Log]int{}
	for _, f := range files {
		bytes[f.Log] += f.Bytes
		records[f.Log] += f.Records
	}
	for log, n := range records {
		each := float64(bytes[log]) / float64(n)
		t.Logf("%-16s %8d records, %6.1f bytes each", log, n, each)
		limit := 200.0
		if log == haetae.VPCFlow {
			limit = 20
		}
		if each > limit {
			t.Errorf("%s takes %.1f bytes a record, at most %.0f are promised", log, each, limit)
		}
	}
	var last time.Time
	seen := 0
	check := func(x any, at time.Time) error {
		if at.Before(last) {
			t.Fatalf("a record of %s comes after one of %s", at, last)
		}
		last = at
		id := idOf(x)
		if got := same(x); !reflect.DeepEqual(got, want[id]) {
			t.Fatalf("%s:\ngot  %+v\nwant %+v", id, got, want[id])
		}
		seen++
		return nil
	}
	err := lake.Read(ctx, dir, files, lake.ReadOptions{Trail: ingest.NewTrailDecoder().Decode}, lake.Taker{
		Event:  func(e *haetae.Event) error { return check(e, e.Time.Truncate(time.Microsecond)) },
		Flow:   func(f *haetae.Flow) error { return check(f, last) }, // those of a file keep their order
		Lookup: func(l *haetae.Lookup) error { return check(l, l.Time.Truncate(time.Microsecond)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < len(want) {
		t.Errorf("%d records came, %d were kept", seen, len(want))
	}
}

// BenchmarkLake writes and reads a day of logs.
func BenchmarkLake(b *testing.B) {
	paths := []string{logsOfTwoDays(b, 0.3)}
	dir, files, _ := lakeOf(b, b.Context(), paths)
	records, size := 0, int64(0)
	for _, f := range files {
		records += f.Records
		size += f.Bytes
	}
	b.Run("import", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w, err := lake.NewWriter(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			var stats ingest.Stats
			if err := ingest.Read(b.Context(), paths, ingest.ReadOptions{}, &stats, ingest.Taker{Event: w.Event, Flow: w.Flow, Lookup: w.Lookup}); err != nil {
				b.Fatal(err)
			}
			if _, err := w.Flush(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		b.ReportMetric(float64(size)/float64(records), "bytes/record")
	})
	b.Run("replay", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			err := lake.Read(b.Context(), dir, files, lake.ReadOptions{Trail: ingest.NewTrailDecoder().Decode}, lake.Taker{
				Event: func(*haetae.Event) error { return nil }, Flow: func(*haetae.Flow) error { return nil }, Lookup: func(*haetae.Lookup) error { return nil }})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
}
