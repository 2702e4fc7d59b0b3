package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/haetae/haetae"
)

// childOf names the environment variable by which the test binary becomes the
// other process: DIR, the account that it scans, the first number and how many.
const childOf = "HAETAE_STORE_TEST_CHILD"

// numbered is the n-th snapshot of an account: what it holds follows from n.
func numbered(account string, n int) *haetae.Snapshot {
	snap := &haetae.Snapshot{Time: int64(1000 * n), Coverage: []haetae.Coverage{covered(account, east)}}
	r := rand.New(rand.NewPCG(uint64(n), 5))
	for i := range 20 {
		if r.IntN(4) > 0 {
			snap.Resources = append(snap.Resources, randomGroup(r, account, east, i))
		}
	}
	snap.Sort()
	return snap
}

// child stores numbered snapshots and says on stdout when each is stored.
func child(args string) {
	part := strings.Split(args, "|")
	first, err := strconv.Atoi(part[2])
	count, err2 := strconv.Atoi(part[3])
	if err := errors.Join(err, err2); err != nil {
		fmt.Println("error", err)
		os.Exit(2)
	}
	if len(part) > 4 {
		if err := limitFiles(part[4]); err != nil {
			fmt.Println("error", err)
			os.Exit(2)
		}
	}
	ctx := context.Background()
	s, err := Open(ctx, part[0])
	for n := first; err == nil && n < first+count; n++ {
		snap := numbered(part[1], n)
		if _, err = scan(ctx, s, snap, judge(snap)); err == nil {
			fmt.Println(n)
		}
	}
	if err != nil {
		fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "), "hint", haetae.HintOf(err))
		os.Exit(1)
	}
	os.Exit(0)
}

func start(t *testing.T, dir, account string, first, count int, more ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), childOf+"="+strings.Join(append([]string{dir, account, strconv.Itoa(first), strconv.Itoa(count)}, more...), "|"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// whole checks that a store is what it was after the scan n of an account.
func whole(t *testing.T, s *Store, account string, n int) {
	t.Helper()
	ctx := context.Background()
	var ok string
	if err := s.read.QueryRow(`PRAGMA integrity_check`).Scan(&ok); err != nil || ok != "ok" {
		t.Fatalf("integrity: %s %v", ok, err)
	}
	checkTally(t, s)
	if n == 0 {
		return
	}
	want := numbered(account, n)
	got, err := s.Snapshot(ctx, want.Time)
	if err != nil {
		t.Fatal(err)
	}
	var ours []*haetae.Resource
	for _, r := range got.Resources {
		if r.Account == account {
			ours = append(ours, r)
		}
	}
	got.Resources, got.Coverage, got.Problems, got.Time = ours, want.Coverage, want.Problems, want.Time
	if len(ours) != len(want.Resources) {
		t.Fatalf("after scan %d of %s: %s", n, account, firstDifference(got, want))
	}
	for i := range ours {
		if ours[i].ID != want.Resources[i].ID {
			t.Fatalf("after scan %d of %s: %s", n, account, firstDifference(got, want))
		}
	}
	failing := 0
	for _, f := range judge(want) {
		if f.Status == haetae.Fail {
			failing++
			if r := find(t, s, f.Rule.ID, account, east, f.Resource.ID); r.Status != haetae.Fail || r.Stale != "" && !strings.HasPrefix(r.Stale, "not covered") {
				t.Fatalf("after scan %d: %s of %s is %s, stale %q", n, f.Rule.ID, f.Resource.ID, r.Status, r.Stale)
			}
		}
	}
	if failing == 0 {
		t.Fatalf("scan %d has nothing to check", n)
	}
}

func TestAKilledWriterLosesNothingThatItSaidWasStored(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 15
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(9, 9))
	done := 0
	for range kills {
		cmd, out := start(t, dir, one, done+1, 1000)
		// It is killed while it works on the scan after one of the next.
		for stop := r.IntN(4); stop >= 0 && out.Scan(); stop-- {
			n, err := strconv.Atoi(out.Text())
			if err != nil {
				t.Fatal(out.Text())
			}
			done = n
		}
		for range r.IntN(3000) {
			runtime.Gosched()
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		// What it had still said counts too.
		for out.Scan() {
			if n, err := strconv.Atoi(out.Text()); err == nil {
				done = n
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("it ended before it was killed")
		}
		s, err := Open(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		scans, err := s.Scans(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		stored := 0
		if len(scans) > 0 {
			stored = int(scans[0].Time / 1000)
		}
		// One more may be stored that it had no time to speak of.
		if stored != done && stored != done+1 || len(scans) != stored {
			t.Fatalf("%d scans were acknowledged, %d are stored, the last is %d", done, len(scans), stored)
		}
		done = stored
		whole(t, s, one, done)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d scans", kills, done)
}

func TestTwoProcessesWriteToOneStore(t *testing.T) {
	dir := t.TempDir()
	const scans = 25
	var wait sync.WaitGroup
	for _, account := range []string{one, two} {
		cmd, out := start(t, dir, account, 1, scans)
		wait.Go(func() {
			n := 0
			for out.Scan() {
				if out.Text() != strconv.Itoa(n+1) {
					t.Errorf("%s: %s", account, out.Text())
				}
				n++
			}
			if err := cmd.Wait(); err != nil || n != scans {
				t.Errorf("%s: %d scans: %v", account, n, err)
			}
		})
	}
	wait.Wait()
	s := opened(t, dir)
	whole(t, s, one, scans)
	whole(t, s, two, scans)
	list, err := s.Scans(context.Background())
	if err != nil || len(list) != 2*scans {
		t.Errorf("%d scans: %v", len(list), err)
	}
}

func TestAFullDiskLosesNothingThatWasStored(t *testing.T) {
	dir := t.TempDir()
	cmd, out := start(t, dir, one, 1, 5)
	done := drain(t, out, 0)
	if err := cmd.Wait(); err != nil || done != 5 {
		t.Fatalf("%d scans: %v", done, err)
	}
	// From here on no file may grow beyond what it has, and a little.
	for _, room := range []int64{0, 5_000, 60_000, 200_000} {
		info, err := os.Stat(filepath.Join(dir, File))
		if err != nil {
			t.Fatal(err)
		}
		cmd, out := start(t, dir, one, done+1, 100_000, strconv.FormatInt(info.Size()+room, 10))
		done = drain(t, out, done)
		if err := cmd.Wait(); err == nil {
			t.Fatal("it wrote more than there was room for")
		}
		s, err := Open(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		whole(t, s, one, done)
		scans, err := s.Scans(context.Background())
		if err != nil || len(scans) != done {
			t.Errorf("%d scans were acknowledged, %d are stored: %v", done, len(scans), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d scans", done)
}

// drain reads what a child says and returns the last number; an error must name
// the next step.
func drain(t *testing.T, out *bufio.Scanner, done int) int {
	t.Helper()
	for out.Scan() {
		n, err := strconv.Atoi(out.Text())
		if err != nil {
			if !strings.Contains(out.Text(), "The disk may be full") {
				t.Errorf("it says %s", out.Text())
			}
			continue
		}
		done = n
	}
	if err := out.Err(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return done
}
