package actor_test

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/ingest"
)

// TestRealRecordsGiveTheSameChainsInEveryOrder reads CloudTrail records of a folder
// that HAETAE_CLOUDTRAIL names, its files in several orders.
func TestRealRecordsGiveTheSameChainsInEveryOrder(t *testing.T) {
	dir := os.Getenv("HAETAE_CLOUDTRAIL")
	if dir == "" {
		t.Skip("HAETAE_CLOUDTRAIL is not set: a folder of CloudTrail records, in files of JSON or in gzip")
	}
	var files []string
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b := address.New()
	// A year covers any folder: what is asked is whether order matters, not lateness.
	read := func(files []string) (map[string]string, actor.Stats, map[haetae.ActorKind]int) {
		r := actor.New(nil, b, actor.Options{Late: 365 * 24 * 3600e9})
		out, kinds := map[string]string{}, map[haetae.ActorKind]int{}
		var s ingest.Stats
		if err := ingest.Read(context.Background(), files, ingest.ReadOptions{}, &s, ingest.Taker{Event: func(e *haetae.Event) error {
			if _, twice := out[e.ID]; twice {
				return nil
			}
			f := r.Resolve(e)
			kinds[e.Actor.Kind]++
			out[e.ID] = strings.Join(e.Actor.Chain, " ")
			for _, l := range f.Late {
				out[l.Event] = strings.Join(l.Chain, " ")
			}
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		return out, r.Stats(), kinds
	}
	want, stats, kinds := read(files)
	t.Logf("%d events, stats %+v, kinds %v", len(want), stats, kinds)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		rnd.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		got, stats, _ := read(files)
		if stats.NotWaiting+stats.ForgottenWaits > 0 {
			t.Logf("not all could wait: %+v", stats)
			continue
		}
		for id, chain := range want {
			if got[id] != chain {
				t.Fatalf("event %s: %q, in another order of files %q", id, chain, got[id])
			}
		}
	}
}
