package store

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

func TestWhatDetectRemembersIsThereAgain(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s, err := Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := s.TakeOver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 10, 1, 2, 3, 0, time.UTC)
	d := Detection{ID: "d1", Rule: "r", Kind: "rule", Severity: haetae.High, First: at, Last: at.Add(time.Hour), Account: "1", Region: "us-east-1", Actor: "a", Body: []byte(`{"title":"T","events":["x","y"]}`)}
	low := d
	low.ID, low.Severity = "d0", haetae.Low
	err = s.Update(ctx, func(tx *Tx) error {
		return errors.Join(tx.Detect(mine), tx.PutState("b", []byte{0, 1}), tx.PutState("a", []byte("x")), tx.PutState("gone", []byte("x")), tx.PutState("gone", nil),
			tx.PutRead(Read{Source: "s", Key: "k", Time: at, Records: 3, Unread: 1, Mark: "m"}), tx.SetPosition("s", []byte("p")), tx.PutDetection(&d), tx.PutDetection(&low),
			tx.PutDetection(&Detection{ID: "old", Body: []byte("{}")}), tx.DropDetection("old"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(ctx, dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var state []string
	if err := s.State(ctx, func(k string, v []byte) error { state = append(state, fmt.Sprintf("%s=%q", k, v)); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := []string{`a="x"`, `b="\x00\x01"`}; !reflect.DeepEqual(state, want) {
		t.Errorf("%s", state)
	}
	r, ok, err := s.WasRead(ctx, "s", "k")
	if want := (Read{"s", "k", at, 3, 1, "m"}); err != nil || !ok || r != want {
		t.Errorf("%+v %t %v", r, ok, err)
	}
	if _, ok, err := s.WasRead(ctx, "s", "other"); ok || err != nil {
		t.Errorf("%t %v", ok, err)
	}
	if p, err := s.Position(ctx, "s"); string(p) != "p" || err != nil {
		t.Errorf("%q %v", p, err)
	}
	if p, err := s.Position(ctx, "never"); p != nil || err != nil {
		t.Errorf("%q %v", p, err)
	}
	for _, c := range []struct {
		since time.Time
		least haetae.Severity
		want  []string
	}{{time.Time{}, haetae.Informational, []string{"d0", "d1"}}, {time.Time{}, haetae.Medium, []string{"d1"}}, {at.Add(time.Hour), haetae.Informational, []string{"d0", "d1"}}, {at.Add(2 * time.Hour), haetae.Informational, nil}} {
		var got []string
		err := s.Detections(ctx, c.since, c.least, func(x Detection) error {
			if x.ID == "d1" && !reflect.DeepEqual(x, d) {
				t.Errorf("%+v", x)
			}
			got = append(got, x.ID)
			return nil
		})
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %v, want %s", got, err, c.want)
		}
	}
	if err := s.Update(ctx, func(tx *Tx) error { return tx.DropState() }); err != nil {
		t.Fatal(err)
	}
	if err := s.State(ctx, func(k string, _ []byte) error { t.Errorf("%s is still there", k); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestWhoWasTakenOverFromWritesNothingMore(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, err := s.TakeOver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TakeOver(ctx); err != nil {
		t.Fatal(err)
	}
	err = s.Update(ctx, func(tx *Tx) error { return errors.Join(tx.PutState("x", []byte("x")), tx.Detect(first)) })
	var known *haetae.Error
	if !errors.As(err, &known) || known.Code != haetae.Conflict || known.Hint == "" {
		t.Errorf("%v", err)
	}
	if err := s.State(ctx, func(k string, _ []byte) error { t.Errorf("%s was written", k); return nil }); err != nil {
		t.Fatal(err)
	}
}
