package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/haetae/haetae"
)

// place is what a random history scans at once.
type place struct{ account, region string }

// model is what a store must say: the last scan of each place.
type model struct {
	resources map[place][]*haetae.Resource
	coverage  map[place]haetae.Coverage
	problems  []haetae.Problem
}

func (m *model) snapshot(at int64) *haetae.Snapshot {
	s := &haetae.Snapshot{Time: at, Problems: m.problems}
	for _, rs := range m.resources {
		s.Resources = append(s.Resources, rs...)
	}
	for _, c := range m.coverage {
		s.Coverage = append(s.Coverage, c)
	}
	s.Sort()
	return s
}

func TestEveryPastInstantIsWhatWasStored(t *testing.T) {
	histories := 200
	if testing.Short() {
		histories = 20
	}
	for n := range histories {
		r := rand.New(rand.NewPCG(uint64(n), 7))
		s := opened(t, t.TempDir())
		m := model{map[place][]*haetae.Resource{}, map[place]haetae.Coverage{}, nil}
		past := map[int64]*haetae.Snapshot{}
		at := int64(1_700_000_000)
		for range 2 + r.IntN(7) {
			// Two scans may be of the same second: the second then counts.
			at += int64(r.IntN(3)) * 100
			snap := &haetae.Snapshot{Time: at}
			for i, p := range []place{{"111122223333", ""}, {"111122223333", "us-east-1"}, {"444455556666", "us-east-1"}, {"444455556666", "eu-west-1"}} {
				if r.IntN(3) == 0 {
					continue
				}
				c := covered(p.account, p.region)
				if p.region == "" {
					c.Type = "AWS::IAM::User" // without regions; "*" would speak of all of them
				}
				if r.IntN(4) == 0 {
					c.Status, c.Reason, c.Actions = haetae.Partial, haetae.Denied, []string{"ec2:DescribeSecurityGroups"}
				}
				m.coverage[p], m.resources[p] = c, nil
				for k := range 5 {
					if r.IntN(3) > 0 {
						x := randomGroup(r, p.account, p.region, i*10+k)
						if p.region == "" {
							x.Type = c.Type
						}
						m.resources[p] = append(m.resources[p], x)
					}
				}
				snap.Coverage = append(snap.Coverage, c)
				snap.Resources = append(snap.Resources, m.resources[p]...)
			}
			m.problems = nil
			if r.IntN(2) == 0 {
				m.problems = []haetae.Problem{{Place: haetae.Place{File: fmt.Sprint(at)}, Error: "x", Fatal: true}}
			}
			snap.Problems = m.problems
			snap.Sort()
			mustScan(t, s, snap, judge(snap))
			past[at] = m.snapshot(at)
			checkTally(t, s)
		}
		for at, want := range past {
			for _, ask := range []int64{at, at + 50} {
				got, err := s.Snapshot(context.Background(), ask)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("history %d at %d: %s", n, ask, firstDifference(got, want))
				}
			}
		}
		if _, err := s.Snapshot(context.Background(), 5); haetae.CodeOf(err) != haetae.NotFound {
			t.Errorf("before the first scan the error is %v", err)
		}
	}
}

func firstDifference(got, want *haetae.Snapshot) string {
	if len(got.Resources) != len(want.Resources) {
		return fmt.Sprintf("%d resources, want %d", len(got.Resources), len(want.Resources))
	}
	for i := range got.Resources {
		if !reflect.DeepEqual(got.Resources[i], want.Resources[i]) {
			return fmt.Sprintf("resource is %+v, want %+v", *got.Resources[i], *want.Resources[i])
		}
	}
	return fmt.Sprintf("coverage %v, want %v; problems %v, want %v; time %d, want %d", got.Coverage, want.Coverage, got.Problems, want.Problems, got.Time, want.Time)
}

// checkTally compares what is counted with what is there.
func checkTally(t *testing.T, s *Store) {
	t.Helper()
	const group = `account, rule, severity, status, workflow`
	var wrong int
	err := s.read.QueryRow(`SELECT count(*) FROM (SELECT ` + group + `, n FROM tally EXCEPT SELECT ` + group + `, count(*) FROM finding GROUP BY ` + group + `)`).Scan(&wrong)
	var missing int
	err = errors.Join(err, s.read.QueryRow(`SELECT count(*) FROM (SELECT `+group+`, count(*) FROM finding GROUP BY `+group+` EXCEPT SELECT `+group+`, n FROM tally)`).Scan(&missing))
	if err != nil || wrong+missing > 0 {
		t.Fatalf("the tally has %d wrong rows and lacks %d: %v", wrong, missing, err)
	}
}

func TestTheSameScanAgainWritesNextToNothing(t *testing.T) {
	s := opened(t, t.TempDir())
	snap := &haetae.Snapshot{Time: 1_700_000_000, Coverage: []haetae.Coverage{covered("111122223333", "us-east-1")}}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		snap.Resources = append(snap.Resources, randomGroup(r, "111122223333", "us-east-1", i))
	}
	snap.Sort()
	mustScan(t, s, snap, judge(snap))
	changes := func() (n int) {
		if err := s.write.QueryRow(`SELECT total_changes()`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := changes()
	snap.Time += 100
	tally := mustScan(t, s, snap, judge(snap))
	if tally.New+tally.Fixed+tally.Back+tally.Unknown+tally.Stale != 0 {
		t.Errorf("tally is %+v", tally)
	}
	if n := changes() - before; n > 2 {
		t.Errorf("%d rows were written, want the scan and the time of the account", n)
	}
}

func TestAScanOfThePastIsRefused(t *testing.T) {
	s := opened(t, t.TempDir())
	mustScan(t, s, &haetae.Snapshot{Time: 2000, Coverage: []haetae.Coverage{covered("111122223333", "us-east-1")}}, nil)
	_, err := scan(context.Background(), s, &haetae.Snapshot{Time: 1000, Coverage: []haetae.Coverage{covered("111122223333", "us-east-1")}}, nil)
	var older *Older
	if !errors.As(err, &older) || haetae.CodeOf(err) != haetae.Conflict || haetae.HintOf(err) == "" {
		t.Errorf("error is %v", err)
	}
	// Another account has a time of its own.
	mustScan(t, s, &haetae.Snapshot{Time: 1000, Coverage: []haetae.Coverage{covered("444455556666", "us-east-1")}}, nil)
}

func TestWhatNobodyAskedForStays(t *testing.T) {
	s := opened(t, t.TempDir())
	const account, region = "111122223333", "us-east-1"
	bucket := &haetae.Resource{Type: "AWS::S3::Bucket", ID: "b", Account: account, Region: region, Origin: haetae.Origin{Source: "aws"}}
	listed := func(typ string) haetae.Coverage {
		return haetae.Coverage{Account: account, Region: region, Type: typ, Status: haetae.Complete}
	}
	rest := haetae.Coverage{Account: account, Region: region, Type: "*", Status: haetae.Missing, Reason: haetae.NotAsked}
	mustScan(t, s, &haetae.Snapshot{Time: 1000, Coverage: []haetae.Coverage{listed("AWS::S3::Bucket"), listed("AWS::EC2::SecurityGroup"), rest},
		Resources: []*haetae.Resource{group(account, region, "sg-1", nil), bucket}}, nil)
	notAsked := haetae.Coverage{Account: account, Region: region, Type: "AWS::S3::Bucket", Status: haetae.Missing, Reason: haetae.NotAsked}
	mustScan(t, s, &haetae.Snapshot{Time: 2000, Coverage: []haetae.Coverage{notAsked, listed("AWS::EC2::SecurityGroup"), rest}}, nil)
	got, err := s.Snapshot(context.Background(), 2000)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Resources) != 1 || got.Resources[0].ID != "b" {
		t.Errorf("resources are %v", got.Resources)
	}
	if !slices.ContainsFunc(got.Coverage, func(c haetae.Coverage) bool { return c.Type == "AWS::S3::Bucket" && c.Status == haetae.Complete }) {
		t.Errorf("coverage is %v", got.Coverage)
	}
}
