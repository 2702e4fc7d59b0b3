package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/lake"
	"github.com/haetae/haetae/store"
)

// TestADetectThatIsKilledLosesNothingAndSaysNothingTwice kills the program with SIGKILL at
// random moments of a replay, again and again, and lets it go on: what is stored in
// the end, findings, counts and the records of the lake, is what an undisturbed run stores.
func TestADetectThatIsKilledLosesNothingAndSaysNothingTwice(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 20
	}
	work := t.TempDir()
	program := filepath.Join(work, "haetae")
	// Not the test binary: its race detector would make each beginning last for seconds.
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	logs := filepath.Join(work, "logs")
	run := func(args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Env = append(os.Environ(), "HOME="+work, "HAETAE_DATA=", "HAETAE_CONFIG=")
		return cmd
	}
	if out, err := run("sample", "logs", logs, "--days", "2", "--scale", "0.15", "--case", "A@day1,F@day1,K@day2").CombinedOutput(); err != nil {
		t.Fatalf("sample logs: %v\n%s", err, out)
	}
	replay := func(data string) *exec.Cmd {
		return run("detect", logs, "--data", data, "--commit", "10ms", "--quiet", "--output", "ndjson", "--keep-records")
	}
	stored := func(data string) (findings, counts string) {
		t.Helper()
		out, err := run("detect", "--data", data, "--output", "ndjson", "--quiet").Output()
		var ended *exec.ExitError
		if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != exitFound) {
			t.Fatalf("list: %v", err)
		}
		st, err := store.Open(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		err = st.State(context.Background(), func(key string, value []byte) error {
			if key == "detect/clock" {
				var c struct{ Read, Duplicate, Late int }
				if err := json.Unmarshal(value, &c); err != nil {
					return err
				}
				text, err := json.Marshal(c)
				counts = string(text)
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(out), counts
	}
	whole := filepath.Join(work, "whole")
	begun := time.Now()
	if err := replay(whole).Run(); err == nil {
		t.Fatal("the break-ins are not found")
	}
	lasts := time.Since(begun)
	want, wantCounts := stored(whole)
	wantKept := recordsIn(t, whole)
	if len(wantKept) < 1000 {
		t.Fatalf("%d records in the lake: the test would say little", len(wantKept))
	}
	if n := bytes.Count([]byte(want), []byte("\n")); n < 20 {
		t.Fatalf("%d findings: the test would say little", n)
	}
	rnd := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	killed, rounds := 0, 0
	for killed < kills {
		data := filepath.Join(work, "data")
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
		rounds++
		for ended := false; !ended; {
			var said bytes.Buffer
			cmd := replay(data)
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- cmd.Wait() }()
			select {
			case err := <-done:
				var code *exec.ExitError
				if err != nil && (!errors.As(err, &code) || code.ExitCode() != exitFound) {
					t.Fatalf("after %d kills: %v\n%s", killed, err, &said)
				}
				ended = true
			case <-time.After(time.Duration(float64(lasts) * (0.25 + 0.6*rnd.Float64()))):
				if err := cmd.Process.Kill(); err == nil {
					killed++
				}
				<-done
			}
		}
		got, counts := stored(data)
		if got != want || counts != wantCounts {
			t.Fatalf("round %d, %d kills: %s, want %s\n%s", rounds, killed, counts, wantCounts, firstDifference(want, got))
		}
		if kept := recordsIn(t, data); !maps.Equal(kept, wantKept) {
			t.Fatalf("round %d, %d kills: %d records in the lake, want %d, each once", rounds, killed, len(kept), len(wantKept))
		}
	}
	t.Logf("killed %d times in %d replays of %s", killed, rounds, lasts.Round(time.Millisecond))
}

// recordsIn are the records in the lake of a data directory, and how often each is there.
func recordsIn(t *testing.T, data string) map[string]int {
	t.Helper()
	st, err := store.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	files, err := st.LakeFiles(t.Context(), "", time.Time{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	err = lake.Read(t.Context(), lakeDir(data), files, lake.ReadOptions{Trail: ingest.NewTrailDecoder().Decode}, lake.Taker{
		Event:  func(e *haetae.Event) error { out[string(e.Log)+" "+e.ID]++; return nil },
		Flow:   func(f *haetae.Flow) error { out[idOf(f)]++; return nil },
		Lookup: func(l *haetae.Lookup) error { out[idOf(l)]++; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// firstDifference shows where two texts part.
func firstDifference(want, got string) string {
	a, b := bytes.Split([]byte(want), []byte("\n")), bytes.Split([]byte(got), []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			return "want " + string(a[i]) + "\ngot  " + string(b[i])
		}
	}
	return "one has more lines"
}
