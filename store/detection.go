package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/haetae/haetae"
)

// Detection is a finding of detect as it is stored.
type Detection struct {
	ID              string
	Rule, Kind      string
	Severity        haetae.Severity
	First, Last     time.Time
	Account, Region string
	Actor           string // the actor's ID
	Body            []byte // the finding as JSON, as detect prints it
}

// Read is something that detect has read as a whole.
type Read struct {
	Source, Key     string
	Time            time.Time // when it was read
	Records, Unread int
	// Mark is what tells a version of it from another: size and time of a file.
	Mark string
}

// generation is the setting that counts who took over detect's state.
const generation = "detect.generation"

// TakeOver makes the caller the one whose writes of detect's state count, and returns
// the number to be given to [Tx.Detect]. A process that took over before is refused
// from then on.
func (s *Store) TakeOver(ctx context.Context) (int, error) {
	n := 0
	err := s.Update(ctx, func(t *Tx) error {
		var err error
		if n, err = t.generation(); err != nil {
			return err
		}
		n++
		return t.Set(generation, strconv.Itoa(n))
	})
	return n, err
}

func (t *Tx) generation() (n int, err error) {
	var text string
	switch err := t.tx.QueryRowContext(t.ctx, `SELECT value FROM setting WHERE name = ?`, generation).Scan(&text); {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, err
	}
	if n, err = strconv.Atoi(text); err != nil {
		return 0, fmt.Errorf("setting %s: %w", generation, err)
	}
	return n, nil
}

// Detect checks that nobody took over since: call it first in a transaction that
// writes what detect remembers.
func (t *Tx) Detect(mine int) error {
	n, err := t.generation()
	if err != nil {
		return err
	}
	if n != mine {
		return &haetae.Error{Code: haetae.Conflict, Op: "store what was detected", Err: errors.New("another haetae detect works with the same data directory since"),
			Hint: "Let one of them run, or give another data directory with --data. What was stored is whole."}
	}
	return nil
}

// PutState keeps a value of detect's state; nil takes it away.
func (t *Tx) PutState(key string, value []byte) error {
	if value == nil {
		return t.exec(`DELETE FROM detect_state WHERE key = ?`, key)
	}
	return t.exec(`INSERT INTO detect_state VALUES (?,?) ON CONFLICT DO UPDATE SET value = excluded.value`, key, value)
}

// DropState forgets all that detect remembers and has read; what it found stays.
func (t *Tx) DropState() error {
	return errors.Join(t.exec(`DELETE FROM detect_state`), t.exec(`DELETE FROM detect_read`), t.exec(`DELETE FROM detect_source`))
}

// PutRead notes that something was read.
func (t *Tx) PutRead(r Read) error {
	return t.exec(`INSERT INTO detect_read VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET time = excluded.time, records = excluded.records, unread = excluded.unread, mark = excluded.mark`,
		r.Source, r.Key, r.Time.Unix(), r.Records, r.Unread, r.Mark)
}

// SetPosition notes how far a source is.
func (t *Tx) SetPosition(source string, position []byte) error {
	return t.exec(`INSERT INTO detect_source VALUES (?,?) ON CONFLICT DO UPDATE SET position = excluded.position`, source, position)
}

// PutDetection keeps a finding of detect in the place of one with its id.
func (t *Tx) PutDetection(d *Detection) error {
	return t.exec(`INSERT INTO detection VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET rule = excluded.rule, kind = excluded.kind, severity = excluded.severity,
		first = excluded.first, last = excluded.last, account = excluded.account, region = excluded.region, actor = excluded.actor, body = excluded.body`,
		d.ID, d.Rule, d.Kind, int(d.Severity), d.First.Unix(), d.Last.Unix(), d.Account, d.Region, d.Actor, string(d.Body))
}

// DropDetection takes away a finding that another one stands in the place of, or that
// a late record made untrue.
func (t *Tx) DropDetection(id string) error {
	return t.exec(`DELETE FROM detection WHERE id = ?`, id)
}

// State gives all of detect's state, in the order of its keys.
func (s *Store) State(ctx context.Context, take func(key string, value []byte) error) error {
	rows, err := s.read.QueryContext(ctx, `SELECT key, value FROM detect_state ORDER BY key`)
	if err != nil {
		return failure("read the store", err)
	}
	return failure("read the store", walk(rows, func(r *sql.Rows) error {
		var key string
		var value []byte
		if err := r.Scan(&key, &value); err != nil {
			return err
		}
		return take(key, value)
	}))
}

// WasRead finds what is known of something that was read; ok is false when it was not.
func (s *Store) WasRead(ctx context.Context, source, key string) (r Read, ok bool, err error) {
	r.Source, r.Key = source, key
	var at int64
	err = s.read.QueryRowContext(ctx, `SELECT time, records, unread, mark FROM detect_read WHERE source = ? AND key = ?`, source, key).Scan(&at, &r.Records, &r.Unread, &r.Mark)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	r.Time = time.Unix(at, 0).UTC()
	return r, err == nil, failure("read the store", err)
}

// Position is how far a source is; nil when it never was asked.
func (s *Store) Position(ctx context.Context, source string) ([]byte, error) {
	var p []byte
	err := s.read.QueryRowContext(ctx, `SELECT position FROM detect_source WHERE source = ?`, source).Scan(&p)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return p, failure("read the store", err)
}

// Detections gives the findings of detect with a record at or after a time and of at
// least a severity, by their times.
func (s *Store) Detections(ctx context.Context, since time.Time, least haetae.Severity, take func(Detection) error) error {
	from := int64(-1 << 62)
	if !since.IsZero() {
		from = since.Unix()
	}
	rows, err := s.read.QueryContext(ctx, `SELECT id, rule, kind, severity, first, last, account, region, actor, body FROM detection WHERE last >= ? AND max(severity, 1) >= ? ORDER BY first, rule, id`, from, int(least))
	if err != nil {
		return failure("read the store", err)
	}
	return failure("read the store", walk(rows, func(r *sql.Rows) error {
		var d Detection
		var severity int
		var first, last int64
		if err := r.Scan(&d.ID, &d.Rule, &d.Kind, &severity, &first, &last, &d.Account, &d.Region, &d.Actor, &d.Body); err != nil {
			return err
		}
		d.Severity, d.First, d.Last = haetae.Severity(severity), time.Unix(first, 0).UTC(), time.Unix(last, 0).UTC()
		return take(d)
	}))
}
