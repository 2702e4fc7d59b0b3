package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/haetae/haetae"
)

// Retention is how long the store keeps what holds no more: seven years, in
// seconds.
const Retention = 7 * 365 * 24 * 3600

// Forgotten says how many rows a table had before and after something was
// forgotten.
type Forgotten struct {
	Table         string
	Before, After int
}

// forgets are the deletions of Forget, in order; each knows one time.
func forgets() []string {
	const closed = `(SELECT id FROM finding WHERE open = 0 AND closed < ?1)`
	return []string{
		`DELETE FROM detail WHERE finding IN ` + closed,
		`DELETE FROM triage WHERE finding IN ` + closed,
		`DELETE FROM stale WHERE finding IN ` + closed,
		`DELETE FROM entry WHERE time < ?1 OR finding IN ` + closed,
		`UPDATE tally SET n = n - (SELECT count(*) FROM finding f WHERE f.open = 0 AND f.closed < ?1 AND (f.account, f.rule, f.severity, f.status, f.workflow) = (tally.account, tally.rule, tally.severity, tally.status, tally.workflow)) WHERE status > 2`,
		`DELETE FROM tally WHERE n = 0 AND ?1 > 0`,
		`DELETE FROM finding WHERE open = 0 AND closed < ?1`,
		`DELETE FROM version WHERE valid_to < ?1`,
		`DELETE FROM fact WHERE valid_to < ?1`,
		`DELETE FROM listing WHERE valid_to < ?1`,
		`DELETE FROM resource WHERE ?1 > 0 AND id NOT IN (SELECT resource FROM version UNION SELECT resource FROM fact)`,
		`DELETE FROM edge WHERE ?1 > 0 AND (source NOT IN (SELECT id FROM resource) OR target NOT IN (SELECT id FROM resource))`,
		`DELETE FROM document WHERE ?1 > 0 AND id NOT IN (SELECT document FROM version UNION SELECT document FROM fact)`,
		// The last scan stays: it says what the newest snapshot is.
		`DELETE FROM scan WHERE time < ?1 AND id <> (SELECT id FROM scan ORDER BY time DESC, id DESC LIMIT 1)`,
		`DELETE FROM word WHERE ?1 > 0 AND id NOT IN (SELECT stack FROM world UNION SELECT account FROM world UNION SELECT account FROM finding UNION SELECT region FROM finding
			UNION SELECT type FROM finding UNION SELECT region FROM resource UNION SELECT type FROM resource UNION SELECT reason FROM stale UNION SELECT type FROM rule
			UNION SELECT region FROM pass UNION SELECT region FROM listing UNION SELECT type FROM listing)`,
	}
}

// Forget deletes what held no more before a time, Unix seconds: closed findings
// with their triage and history, versions of resources and coverage that were
// followed by others, scans, and old history of findings that are still there.
// What it deletes is overwritten: afterwards no byte of it is in the file. It
// returns the numbers of rows, for proof.
func (s *Store) Forget(ctx context.Context, before int64) ([]Forgotten, error) {
	tables := []string{"finding", "detail", "triage", "stale", "entry", "scan", "resource", "version", "fact", "listing", "document", "edge", "word"}
	out := make([]Forgotten, len(tables))
	err := s.Update(ctx, func(t *Tx) error {
		count := func(at func(i int) *int) error {
			for i, name := range tables {
				if err := t.tx.QueryRowContext(ctx, "SELECT count(*) FROM "+name).Scan(at(i)); err != nil {
					return fmt.Errorf("count %s: %w", name, err)
				}
			}
			return nil
		}
		for i, name := range tables {
			out[i].Table = name
		}
		if err := count(func(i int) *int { return &out[i].Before }); err != nil {
			return err
		}
		for _, q := range forgets() {
			if _, err := t.tx.ExecContext(ctx, q, before); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		return count(func(i int) *int { return &out[i].After })
	})
	if err != nil {
		return nil, err
	}
	return out, s.compact(ctx)
}

// Old tells whether Forget would delete something.
func (s *Store) Old(ctx context.Context, before int64) (bool, error) {
	var old bool
	err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM version WHERE valid_to < ?1) OR EXISTS (SELECT 1 FROM fact WHERE valid_to < ?1)
		OR EXISTS (SELECT 1 FROM listing WHERE valid_to < ?1) OR EXISTS (SELECT 1 FROM finding WHERE open = 0 AND first < ?1 AND closed < ?1)`, before).Scan(&old)
	return old, failure("read the store", err)
}

// compact writes the file anew without free pages and empties the log.
func (s *Store) compact(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, "VACUUM"); err != nil {
		return failure("compact the store", err)
	}
	var busy, a, b int
	if err := s.write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &a, &b); err != nil {
		return failure("compact the store", err)
	}
	if busy != 0 {
		return &haetae.Error{Code: haetae.Conflict, Op: "compact the store", Err: errors.New("another process reads it, so what was deleted is still in its log"),
			Hint: "Stop the other haetae; the log is emptied when the last one closes the store."}
	}
	return nil
}
