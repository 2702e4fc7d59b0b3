package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/haetae/haetae"
)

// Forgotten says how many rows a table had before and after something was
// forgotten.
type Forgotten struct {
	Table  string `json:"table"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

// forgetting are the deletions that forget what held no more before the time ?1.
func forgetting() []string {
	const closed = `(SELECT id FROM finding WHERE open = 0 AND closed < ?1)`
	return append([]string{
		`DELETE FROM detail WHERE finding IN ` + closed,
		`DELETE FROM triage WHERE finding IN ` + closed,
		`DELETE FROM stale WHERE finding IN ` + closed,
		`DELETE FROM excepted WHERE finding IN ` + closed,
		`DELETE FROM entry WHERE time < ?1 OR finding IN ` + closed,
		`UPDATE tally SET n = n - (SELECT count(*) FROM finding f WHERE f.open = 0 AND f.closed < ?1 AND (f.account, f.rule, f.severity, f.status, f.workflow) = (tally.account, tally.rule, tally.severity, tally.status, tally.workflow)) WHERE status > 2`,
		`DELETE FROM tally WHERE n = 0 AND ?1 IS NOT NULL`,
		`DELETE FROM finding WHERE open = 0 AND closed < ?1`,
		`DELETE FROM version WHERE valid_to < ?1`,
		`DELETE FROM fact WHERE valid_to < ?1`,
		`DELETE FROM listing WHERE valid_to < ?1`,
		// The last scan stays: it says what the newest snapshot is.
		`DELETE FROM scan WHERE time < ?1 AND id <> (SELECT id FROM scan ORDER BY time DESC, id DESC LIMIT 1)`,
	}, unused()...)
}

// forgettingAccount are the deletions that forget the account ?1. What other
// accounts say of it, such as a policy that names it, is theirs.
func forgettingAccount() []string {
	const (
		account   = `(SELECT id FROM word WHERE text = ?1)`
		findings  = `(SELECT id FROM finding WHERE account = ` + account + `)`
		worlds    = `(SELECT id FROM world WHERE account = ` + account + `)`
		resources = `(SELECT id FROM resource WHERE world IN ` + worlds + `)`
		// Of an array, what does not name the account.
		without = `(SELECT json_group_array(json(CASE type WHEN 'text' THEN json_quote(value) ELSE value END)) FROM json_each(%s) WHERE instr(value, ?1) = 0)`
	)
	return append([]string{
		`DELETE FROM detail WHERE finding IN ` + findings,
		`DELETE FROM triage WHERE finding IN ` + findings,
		`DELETE FROM stale WHERE finding IN ` + findings,
		`DELETE FROM excepted WHERE finding IN ` + findings,
		`DELETE FROM entry WHERE finding IN ` + findings,
		`DELETE FROM tally WHERE account = ` + account,
		`DELETE FROM finding WHERE account = ` + account,
		`DELETE FROM pass WHERE world IN ` + worlds,
		`DELETE FROM version WHERE resource IN ` + resources,
		`DELETE FROM fact WHERE resource IN ` + resources,
		`DELETE FROM listing WHERE world IN ` + worlds,
		`DELETE FROM resource WHERE world IN ` + worlds,
		`DELETE FROM world WHERE account = ` + account,
		`DELETE FROM scan WHERE json_array_length(body, '$.accounts') = 1 AND json_extract(body, '$.accounts[0]') = ?1`,
		`UPDATE scan SET body = json_set(body, '$.accounts', ` + fmt.Sprintf(without, `body, '$.accounts'`) + `, '$.sources', ` + fmt.Sprintf(without, `body, '$.sources'`) + `),
			problems = ` + fmt.Sprintf(without, `nullif(problems, 'null')`) + ` WHERE instr(body, ?1) > 0 OR instr(problems, ?1) > 0`,
	}, unused()...)
}

// unused deletes what nothing refers to any more.
func unused() []string {
	return []string{
		`DELETE FROM resource WHERE ?1 IS NOT NULL AND id NOT IN (SELECT resource FROM version UNION SELECT resource FROM fact)`,
		`DELETE FROM edge WHERE ?1 IS NOT NULL AND (source NOT IN (SELECT id FROM resource) OR target NOT IN (SELECT id FROM resource))`,
		`DELETE FROM document WHERE ?1 IS NOT NULL AND id NOT IN (SELECT document FROM version UNION SELECT document FROM fact)`,
		`DELETE FROM exception WHERE ?1 IS NOT NULL AND id NOT IN (SELECT exception FROM excepted)`,
		`DELETE FROM word WHERE ?1 IS NOT NULL AND id NOT IN (SELECT stack FROM world UNION SELECT account FROM world UNION SELECT account FROM finding UNION SELECT region FROM finding
			UNION SELECT type FROM finding UNION SELECT region FROM resource UNION SELECT type FROM resource UNION SELECT reason FROM stale UNION SELECT type FROM rule
			UNION SELECT region FROM pass UNION SELECT region FROM listing UNION SELECT type FROM listing)`,
	}
}

// Forget deletes what held no more before a time, Unix seconds: closed findings
// with their triage and history, versions of resources and coverage that were
// followed by others, scans, and old history of findings that are still there.
// What it deletes is overwritten: afterwards no byte of it is in the file. It
// returns the numbers of rows, for proof. Without apply it counts what would be
// and deletes nothing.
func (s *Store) Forget(ctx context.Context, before int64, apply bool) ([]Forgotten, error) {
	return s.forget(ctx, forgetting(), before, apply)
}

// ForgetAccount deletes all that was read in an account and all that was said of
// it, as [Store.Forget] does.
func (s *Store) ForgetAccount(ctx context.Context, account string, apply bool) ([]Forgotten, error) {
	return s.forget(ctx, forgettingAccount(), account, apply)
}

// errDry ends a transaction that only counted.
var errDry = errors.New("counted only")

func (s *Store) forget(ctx context.Context, queries []string, what any, apply bool) ([]Forgotten, error) {
	tables := []string{"finding", "detail", "triage", "stale", "excepted", "exception", "entry", "pass", "scan", "resource", "version", "fact", "listing", "document", "edge", "word"}
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
		for _, q := range queries {
			if _, err := t.tx.ExecContext(ctx, q, what); err != nil {
				return fmt.Errorf("%s: %w", q, err)
			}
		}
		if err := count(func(i int) *int { return &out[i].After }); err != nil || apply {
			return err
		}
		return errDry
	})
	if !apply && errors.Is(err, errDry) {
		return out, nil
	}
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
