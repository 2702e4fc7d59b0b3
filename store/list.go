package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"github.com/haetae/haetae"
)

// Filter says which findings a list holds; what is empty does not filter, but
// that without Status only open findings are meant.
type Filter struct {
	Accounts, Regions, Controls []string
	Severity                    []haetae.Severity
	Status                      []haetae.Status
	Workflow                    []haetae.Workflow
}

// where turns the filter, but for open and severity, into SQL.
func (f *Filter) where() (string, []any) {
	var b strings.Builder
	var args []any
	in := func(column, sub string, n int, arg func(int) any) {
		if n == 0 {
			return
		}
		b.WriteString(" AND " + column + " IN (")
		if sub != "" {
			b.WriteString(sub)
		}
		for i := range n {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString("?")
			args = append(args, arg(i))
		}
		if sub != "" {
			b.WriteString(")")
		}
		b.WriteString(")")
	}
	const word, rule = "SELECT id FROM word WHERE text IN (", "SELECT id FROM rule WHERE name IN ("
	in("account", word, len(f.Accounts), func(i int) any { return f.Accounts[i] })
	in("region", word, len(f.Regions), func(i int) any { return f.Regions[i] })
	in("rule", rule, len(f.Controls), func(i int) any { return f.Controls[i] })
	in("status", "", len(f.Status), func(i int) any { return statusNumber(f.Status[i]) })
	in("workflow", "", len(f.Workflow), func(i int) any { return workflowNumber(f.Workflow[i]) })
	return b.String(), args
}

// opens are the values of open that the filter may hold, in the order of lists.
func (f *Filter) opens() []int {
	open, closed := len(f.Status) == 0, false
	for _, s := range f.Status {
		if s.Open() {
			open = true
		} else {
			closed = true
		}
	}
	var out []int
	if open {
		out = append(out, 1)
	}
	if closed {
		out = append(out, 0)
	}
	return out
}

// severities are those that the filter may hold, most serious first.
func (f *Filter) severities() []haetae.Severity {
	var out []haetae.Severity
	for s := haetae.Critical; s >= haetae.Informational; s-- {
		wanted := len(f.Severity) == 0
		for _, x := range f.Severity {
			wanted = wanted || x == s
		}
		if wanted {
			out = append(out, s)
		}
	}
	return out
}

// index is the index that answers the filter best.
func (f *Filter) index() string {
	switch {
	case len(f.Accounts) == 1:
		return "finding_account"
	case len(f.Controls) == 1:
		return "finding_rule"
	}
	return "finding_list"
}

const recordColumns = `f.id, f.uid, u.name, u.title_en, u.title_ko, s.text, a.text, g.text, t.text, d.resource, d.arn, f.severity, f.status, f.workflow,
	f.first, CASE WHEN f.open THEN coalesce(x.last, w.time) ELSE f.last END, f.closed, f.count, coalesce(y.text, ''), d.body, coalesce(h.body, '{}'), coalesce(k.body, '')`

const recordTables = ` JOIN rule u ON u.id = f.rule JOIN world w ON w.id = f.world JOIN word s ON s.id = w.stack JOIN word a ON a.id = f.account JOIN word g ON g.id = f.region JOIN word t ON t.id = f.type
	JOIN detail d ON d.finding = f.id LEFT JOIN stale x ON x.finding = f.id LEFT JOIN word y ON y.id = x.reason LEFT JOIN triage h ON h.finding = f.id
	LEFT JOIN excepted e ON e.finding = f.id LEFT JOIN exception k ON k.id = e.exception`

// List returns at most limit findings, open ones first, then by severity, then
// by age of the record. after is the last finding of the page before; the zero
// UID begins at the beginning.
func (s *Store) List(ctx context.Context, f Filter, after haetae.UID, limit int) (list []haetae.Record, err error) {
	defer func() { err = failure("read the store", err) }()
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	begin := struct {
		open int
		sev  haetae.Severity
		id   int64
	}{2, haetae.Critical, 0}
	if after != (haetae.UID{}) {
		err := tx.QueryRowContext(ctx, `SELECT open, severity, id FROM finding WHERE uid = ?`, after[:]).Scan(&begin.open, &begin.sev, &begin.id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, notFound(after)
		} else if err != nil {
			return nil, err
		}
	}
	where, args := f.where()
	// One seek for each kind: the index then gives its rows in order.
	for _, open := range f.opens() {
		for _, sev := range f.severities() {
			if open > begin.open || open == begin.open && sev > begin.sev || len(list) >= limit {
				continue
			}
			id := int64(0)
			if open == begin.open && sev == begin.sev {
				id = begin.id
			}
			q := `SELECT ` + recordColumns + ` FROM (SELECT id FROM finding INDEXED BY ` + f.index() + ` WHERE open = ? AND severity = ? AND id > ?` + where + ` ORDER BY id LIMIT ?) p JOIN finding f ON f.id = p.id` + recordTables + ` ORDER BY f.id`
			all := append(append([]any{open, int(sev), id}, args...), limit-len(list))
			rows, err := tx.QueryContext(ctx, q, all...)
			if err != nil {
				return nil, err
			}
			if err := walk(rows, func(rows *sql.Rows) error {
				r, _, err := scanRecord(rows)
				list = append(list, r)
				return err
			}); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// Count returns how many findings a filter holds.
func (s *Store) Count(ctx context.Context, f Filter) (int, error) {
	where, args := f.where()
	var q string
	if len(f.Regions) == 0 {
		q = `SELECT coalesce(sum(n), 0) FROM tally WHERE 1`
		if len(f.Status) == 0 {
			where += " AND status IN (1,2)"
		}
	} else {
		q = `SELECT count(*) FROM finding INDEXED BY ` + f.index() + ` WHERE open IN (` + strings.Trim(strings.Repeat("?,", len(f.opens())), ",") + `)`
		var opens []any
		for _, o := range f.opens() {
			opens = append(opens, o)
		}
		args = append(opens, args...)
	}
	if len(f.Severity) > 0 {
		where += " AND severity IN (" + strings.Trim(strings.Repeat("?,", len(f.Severity)), ",") + ")"
		for _, x := range f.Severity {
			args = append(args, int(x))
		}
	}
	var n int
	err := s.read.QueryRowContext(ctx, q+where, args...).Scan(&n)
	return n, failure("read the store", err)
}

// Get returns one finding with its history, oldest first.
func (s *Store) Get(ctx context.Context, uid haetae.UID) (r haetae.Record, err error) {
	defer func() { err = failure("read the store", err) }()
	rows, err := s.read.QueryContext(ctx, `SELECT `+recordColumns+` FROM finding f`+recordTables+` WHERE f.uid = ?`, uid[:])
	if err != nil {
		return r, err
	}
	id := int64(0)
	if err := walk(rows, func(rows *sql.Rows) (err error) {
		r, id, err = scanRecord(rows)
		return err
	}); err != nil {
		return r, err
	}
	if id == 0 {
		return r, notFound(uid)
	}
	rows, err = s.read.QueryContext(ctx, `SELECT time, who, field, old, new FROM entry WHERE finding = ? ORDER BY id`, id)
	if err != nil {
		return r, err
	}
	err = walk(rows, func(rows *sql.Rows) error {
		var e haetae.Entry
		err := rows.Scan(&e.Time, &e.Who, &e.Field, &e.Old, &e.New)
		r.History = append(r.History, e)
		return err
	})
	return r, err
}

func scanRecord(rows *sql.Rows) (r haetae.Record, id int64, err error) {
	var uid []byte
	var status, workflow int
	var body, triage, exception []byte
	if err := rows.Scan(&id, &uid, &r.Rule, &r.Title.EN, &r.Title.KO, &r.Stack, &r.Account, &r.Region, &r.Type, &r.Resource, &r.ARN, &r.Severity, &status, &workflow,
		&r.First, &r.Last, &r.Closed, &r.Count, &r.Stale, &body, &triage, &exception); err != nil {
		return r, 0, err
	}
	copy(r.UID[:], uid)
	r.Status, r.Workflow = statuses()[status], workflows()[workflow]
	var d detail
	if err := errors.Join(json.Unmarshal(body, &d), json.Unmarshal(triage, &r.Triage)); err != nil {
		return r, 0, err
	}
	r.Reason, r.Missing, r.Evidence = d.Reason, d.Missing, d.Evidence
	r.Triage.Workflow = r.Workflow
	if len(exception) > 0 {
		r.Exception = &haetae.Exception{}
		if err := json.Unmarshal(exception, r.Exception); err != nil {
			return r, 0, err
		}
	}
	return r, id, nil
}

// Scans returns the scans that were stored, the newest first.
func (s *Store) Scans(ctx context.Context) (list []haetae.Scan, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT body FROM scan ORDER BY time DESC, id DESC`)
	if err != nil {
		return nil, failure("read the store", err)
	}
	err = walk(rows, func(rows *sql.Rows) error {
		var body []byte
		var x haetae.Scan
		err := rows.Scan(&body)
		if err == nil {
			err = json.Unmarshal(body, &x)
		}
		list = append(list, x)
		return err
	})
	return list, failure("read the store", err)
}
