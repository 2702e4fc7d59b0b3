package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"

	"github.com/haetae/haetae"
)

// Tx is one write transaction; see [Store.Update]. It belongs to one goroutine.
type Tx struct {
	ctx   context.Context
	tx    *sql.Tx
	stmts map[string]*sql.Stmt

	words  map[string]int64
	rules  map[string]int64
	worlds map[worldKey]int64
	next   map[string]int64 // the next free id of a table
	counts map[countKey]int64
}

// worldKey is an account, or a stack within one, by the ids of their words.
type worldKey struct{ stack, account int64 }

// countKey is what findings are counted by.
type countKey struct {
	account, rule              int64
	severity, status, workflow int
}

func newTx(ctx context.Context, tx *sql.Tx) *Tx {
	return &Tx{ctx: ctx, tx: tx, stmts: map[string]*sql.Stmt{}, words: map[string]int64{}, rules: map[string]int64{},
		worlds: map[worldKey]int64{}, next: map[string]int64{}, counts: map[countKey]int64{}}
}

// close writes what was added up and frees the statements.
func (t *Tx) close() error {
	var errs []error
	for k, n := range t.counts {
		if n != 0 {
			errs = append(errs, t.exec(`INSERT INTO tally VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET n = n + excluded.n`, k.account, k.rule, k.severity, k.status, k.workflow, n))
		}
	}
	if len(t.counts) > 0 {
		errs = append(errs, t.exec(`DELETE FROM tally WHERE n = 0`))
	}
	for _, s := range t.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// prepare returns the statement for a query, each prepared once.
func (t *Tx) prepare(query string) (*sql.Stmt, error) {
	s, ok := t.stmts[query]
	if !ok {
		var err error
		if s, err = t.tx.PrepareContext(t.ctx, query); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		t.stmts[query] = s
	}
	return s, nil
}

func (t *Tx) exec(query string, args ...any) error {
	s, err := t.prepare(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(t.ctx, args...)
	return err
}

// each calls row for every row of a query.
func (t *Tx) each(query string, row func(*sql.Rows) error, args ...any) error {
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return walk(rows, row)
}

func walk(rows *sql.Rows, row func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// id returns the id of a row, made by insert when there is none. The ids are
// given out here: there is no other writer.
func (t *Tx) id(table string) (int64, error) {
	n, ok := t.next[table]
	if !ok {
		if err := t.tx.QueryRowContext(t.ctx, "SELECT coalesce(max(id), 0) + 1 FROM "+table).Scan(&n); err != nil {
			return 0, fmt.Errorf("next id of %s: %w", table, err)
		}
	}
	t.next[table] = n + 1
	return n, nil
}

// find returns the id of the row that query finds, or inserts one.
func (t *Tx) find(table, query string, args []any, insert func(id int64) error) (int64, error) {
	s, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	var id int64
	switch err := s.QueryRowContext(t.ctx, args...).Scan(&id); {
	case err == nil:
		return id, nil
	case !errors.Is(err, sql.ErrNoRows):
		return 0, err
	}
	if id, err = t.id(table); err != nil {
		return 0, err
	}
	return id, insert(id)
}

// word returns the id of a word that repeats.
func (t *Tx) word(text string) (int64, error) {
	if id, ok := t.words[text]; ok {
		return id, nil
	}
	id, err := t.find("word", `SELECT id FROM word WHERE text = ?`, []any{text}, func(id int64) error {
		return t.exec(`INSERT INTO word VALUES (?,?)`, id, text)
	})
	if err == nil {
		t.words[text] = id
	}
	return id, err
}

// world returns the id of an account or a stack.
func (t *Tx) world(stack, account string) (id, accountWord int64, err error) {
	var k worldKey
	if k.stack, err = t.word(stack); err != nil {
		return 0, 0, err
	}
	if k.account, err = t.word(account); err != nil {
		return 0, 0, err
	}
	if id, ok := t.worlds[k]; ok {
		return id, k.account, nil
	}
	id, err = t.find("world", `SELECT id FROM world WHERE stack = ? AND account = ?`, []any{k.stack, k.account}, func(id int64) error {
		return t.exec(`INSERT INTO world VALUES (?,?,?,0)`, id, k.stack, k.account)
	})
	if err == nil {
		t.worlds[k] = id
	}
	return id, k.account, err
}

// rule returns the id of a rule, keeping what lists show of it.
func (t *Tx) rule(r *haetae.Rule) (int64, error) {
	if id, ok := t.rules[r.ID]; ok {
		return id, nil
	}
	typ, err := t.word(r.Type)
	if err != nil {
		return 0, err
	}
	id, err := t.find("rule", `SELECT id FROM rule WHERE name = ?`, []any{r.ID}, func(id int64) error {
		return t.exec(`INSERT INTO rule VALUES (?,?,?,?,?,?)`, id, r.ID, r.Severity, typ, r.Title.EN, r.Title.KO)
	})
	if err != nil {
		return 0, err
	}
	t.rules[r.ID] = id
	return id, t.exec(`UPDATE rule SET severity = ?2, type = ?3, title_en = ?4, title_ko = ?5 WHERE id = ?1 AND (severity, type, title_en, title_ko) <> (?2, ?3, ?4, ?5)`,
		id, r.Severity, typ, r.Title.EN, r.Title.KO)
}

// document returns the id of a text, each kept once.
func (t *Tx) document(body []byte) (int64, error) {
	h := hashOf(body)
	return t.find("document", `SELECT id FROM document WHERE hash = ?`, []any{h}, func(id int64) error {
		return t.exec(`INSERT INTO document VALUES (?,?,?)`, id, h, string(body))
	})
}

func hashOf(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:16]
}

// statusNumber and workflowNumber are the numbers of words in the file; the
// views in schema/ name them back.
func statusNumber(s haetae.Status) int {
	for i, x := range statuses() {
		if x == s {
			return i
		}
	}
	return 0
}

func statuses() [6]haetae.Status {
	return [6]haetae.Status{"", haetae.Fail, haetae.Undecided, haetae.Pass, haetae.NotApplicable, haetae.Gone}
}

func workflowNumber(w haetae.Workflow) int {
	for i, x := range workflows() {
		if x == w {
			return i
		}
	}
	return 0
}

func workflows() [5]haetae.Workflow {
	return [5]haetae.Workflow{"", haetae.WorkflowNew, haetae.WorkflowNotified, haetae.WorkflowResolved, haetae.WorkflowSuppressed}
}
