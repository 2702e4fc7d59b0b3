package store

import (
	"context"
	"database/sql"
	"errors"
)

// Setting returns a text that is kept of the whole store, "" when there is none.
func (s *Store) Setting(ctx context.Context, name string) (string, error) {
	var value string
	err := s.read.QueryRowContext(ctx, `SELECT value FROM setting WHERE name = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, failure("read the store", err)
}

// Set keeps a text under a name.
func (t *Tx) Set(name, value string) error {
	return t.exec(`INSERT INTO setting VALUES (?,?) ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value`, name, value)
}

// Name fills in the names of the resources of the open findings of a ledger.
func (t *Tx) Name(l *Ledger) error {
	at := make(map[int64]int, len(l.rows))
	for i := range l.rows {
		at[l.rows[i].id] = i
	}
	return t.each(`SELECT d.finding, d.resource, d.arn FROM detail d JOIN finding f ON f.id = d.finding WHERE f.open = 1`, func(rows *sql.Rows) error {
		var id int64
		var resource, arn string
		err := rows.Scan(&id, &resource, &arn)
		if i, ok := at[id]; ok {
			l.kept[i].Resource, l.kept[i].ARN = resource, arn
		}
		return err
	})
}
