package store

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

func TestFilesOfTheLakeAreThereWithTheTransactionThatAddsThem(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	day := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	a := haetae.LakeFile{Path: "cloudtrail/2026-11-10/a.parquet", Log: haetae.CloudTrail, Day: day, AccountFirst: "1", AccountLast: "2", RegionFirst: "r", RegionLast: "s",
		First: day.Add(time.Microsecond), Last: day.Add(time.Hour), Records: 3, Bytes: 4, SHA256: "x"}
	b := a
	b.Path, b.First, b.Last = "cloudtrail/2026-11-10/b.parquet", day.Add(2*time.Hour), day.Add(3*time.Hour)
	list := func(since, until time.Time) []haetae.LakeFile {
		t.Helper()
		list, err := s.LakeFiles(ctx, haetae.CloudTrail, since, until)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	no := errors.New("no")
	if err := s.Update(ctx, func(tx *Tx) error { return errors.Join(tx.AddLakeFiles([]haetae.LakeFile{a}), no) }); !errors.Is(err, no) {
		t.Fatal(err)
	}
	if got := list(time.Time{}, time.Time{}); len(got) != 0 {
		t.Fatalf("a transaction that failed left %v", got)
	}
	if err := s.Update(ctx, func(tx *Tx) error { return tx.AddLakeFiles([]haetae.LakeFile{b, a}) }); err != nil {
		t.Fatal(err)
	}
	if got := list(time.Time{}, time.Time{}); !reflect.DeepEqual(got, []haetae.LakeFile{a, b}) {
		t.Fatalf("listed %+v", got)
	}
	if got := list(a.Last.Add(time.Microsecond), time.Time{}); !reflect.DeepEqual(got, []haetae.LakeFile{b}) {
		t.Errorf("since after the first file: %+v", got)
	}
	if got := list(time.Time{}, b.First); !reflect.DeepEqual(got, []haetae.LakeFile{a}) {
		t.Errorf("until the second file: %+v", got)
	}
	if got, err := s.LakeFiles(ctx, haetae.WAF, time.Time{}, time.Time{}); len(got) != 0 || err != nil {
		t.Errorf("another log has %v, %v", got, err)
	}
	if err := s.Update(ctx, func(tx *Tx) error { return tx.DropLakeFiles([]string{a.Path}) }); err != nil {
		t.Fatal(err)
	}
	err = s.Update(ctx, func(tx *Tx) error { return tx.DropLakeFiles([]string{b.Path, a.Path}) })
	if haetae.CodeOf(err) != haetae.Conflict {
		t.Errorf("dropped twice: %v", err)
	}
	if got := list(time.Time{}, time.Time{}); !reflect.DeepEqual(got, []haetae.LakeFile{b}) {
		t.Errorf("left is %+v", got)
	}
}

func TestTheRetentionOfALogIsWhatWasSaidLast(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(ctx, func(tx *Tx) error {
		return errors.Join(tx.SetLakeRetention(haetae.WAF, 30), tx.SetLakeRetention(haetae.WAF, 7), tx.SetLakeRetention(haetae.CloudTrail, 90), tx.SetLakeRetention(haetae.CloudTrail, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.LakeRetention(ctx); err != nil || !reflect.DeepEqual(got, map[haetae.Log]int{haetae.WAF: 7}) {
		t.Errorf("%v, %v", got, err)
	}
	if err := s.Update(ctx, func(tx *Tx) error { return tx.SetLakeRetention(haetae.WAF, -1) }); err == nil {
		t.Error("kept for less than no time")
	}
}
