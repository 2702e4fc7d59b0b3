package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/haetae/haetae"
)

// row is a stored finding by numbers, for comparison.
type row struct {
	id, rule, world, account, region, typ int64
	hash                                  [16]byte
	severity, status, workflow            int
	override                              haetae.Severity
	stale                                 int64 // word of the reason; 0 for none
	exception                             int64 // what a file says of it; 0 for nothing
	closed                                int64
	triaged                               bool
}

// ledger is what Kept read, for Apply.
type ledger struct {
	kept  []haetae.Kept
	rows  []row
	index map[haetae.UID]int
}

// detail is the part of a finding that lists do not read.
type detail struct {
	Reason   string                `json:"reason,omitempty"`
	Missing  []string              `json:"missing,omitempty"`
	Evidence []haetae.KeptEvidence `json:"evidence,omitempty"`
	Origin   *haetae.Place         `json:"origin,omitempty"`
}

// Kept returns every stored finding, as much of it as the hub needs, and what
// Apply needs later in the same transaction.
func (t *Tx) Kept() (*Ledger, error) {
	l := &ledger{index: map[haetae.UID]int{}}
	words, rules := map[int64]string{}, map[int64]string{}
	pair := func(to map[int64]string) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var id int64
			var text string
			err := rows.Scan(&id, &text)
			to[id] = text
			return err
		}
	}
	if err := t.each(`SELECT id, text FROM word`, pair(words)); err != nil {
		return nil, err
	}
	if err := t.each(`SELECT id, name FROM rule`, pair(rules)); err != nil {
		return nil, err
	}
	type world struct{ stack, time int64 }
	worlds := map[int64]world{}
	if err := t.each(`SELECT id, stack, time FROM world`, func(rows *sql.Rows) error {
		var id int64
		var w world
		err := rows.Scan(&id, &w.stack, &w.time)
		worlds[id] = w
		return err
	}); err != nil {
		return nil, err
	}
	type mark struct{ reason, last int64 }
	stale := map[int64]mark{}
	if err := t.each(`SELECT finding, reason, last FROM stale`, func(rows *sql.Rows) error {
		var id int64
		var m mark
		err := rows.Scan(&id, &m.reason, &m.last)
		stale[id] = m
		return err
	}); err != nil {
		return nil, err
	}
	type cover struct {
		id   int64
		name string
	}
	covers := map[int64]cover{}
	if err := t.each(`SELECT e.finding, x.id, x.name FROM excepted e JOIN exception x ON x.id = e.exception`, func(rows *sql.Rows) error {
		var id int64
		var c cover
		err := rows.Scan(&id, &c.id, &c.name)
		covers[id] = c
		return err
	}); err != nil {
		return nil, err
	}
	severities := map[int64]haetae.Severity{}
	if err := t.each(`SELECT finding, coalesce(json_extract(body, '$.severity'), 0) FROM triage`, func(rows *sql.Rows) error {
		var id int64
		var s haetae.Severity
		err := rows.Scan(&id, &s)
		severities[id] = s
		return err
	}); err != nil {
		return nil, err
	}
	states, flows := statuses(), workflows()
	var uid, hash sql.RawBytes
	err := t.each(`SELECT f.id, f.uid, f.hash, f.rule, f.world, f.account, f.region, f.type, f.severity, f.status, f.workflow, f.author, f.said, f.expires, f.last, f.closed
		FROM finding f ORDER BY f.id`, func(rows *sql.Rows) error {
		var r row
		var k haetae.Kept
		if err := rows.Scan(&r.id, &uid, &hash, &r.rule, &r.world, &r.account, &r.region, &r.typ, &r.severity, &r.status, &r.workflow, &k.By, &k.Said, &k.Expires, &k.Last, &r.closed); err != nil {
			return err
		}
		copy(k.UID[:], uid)
		copy(r.hash[:], hash)
		w := worlds[r.world]
		k.Rule, k.Stack, k.Account, k.Region, k.Type = rules[r.rule], words[w.stack], words[r.account], words[r.region], words[r.typ]
		k.Status, k.Workflow = states[r.status], flows[r.workflow]
		r.override, r.triaged = severities[r.id], false
		if _, ok := severities[r.id]; ok {
			r.triaged = true
		}
		if m, ok := stale[r.id]; ok {
			// Without a reason it was out of scope since.
			k.Stale, k.Last, r.stale = words[m.reason] != "", m.last, m.reason
		} else if r.closed == 0 {
			k.Last = w.time
		}
		k.Exception, r.exception = covers[r.id].name, covers[r.id].id
		l.index[k.UID] = len(l.rows)
		l.rows = append(l.rows, r)
		l.kept = append(l.kept, k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Ledger{l}, nil
}

// Ledger is what is stored of all findings.
type Ledger struct{ *ledger }

// All returns the findings, by their ids.
func (l *Ledger) All() []haetae.Kept { return l.kept }

// Apply takes the steps of a scan at the time. What did not change is not
// written.
func (t *Tx) Apply(l *Ledger, steps iter.Seq2[haetae.Step, error], time int64) error {
	var opened []haetae.Step
	for step, err := range steps {
		if err != nil {
			return err
		}
		if step.Was == nil {
			opened = append(opened, step)
			continue
		}
		i, ok := l.index[step.Was.UID]
		if !ok {
			return fmt.Errorf("finding %s is not stored", step.Was.UID)
		}
		err := t.step(&l.rows[i], &step, time)
		if err == nil {
			err = t.mark(&l.rows[i], &step, time)
		}
		if err != nil {
			return fmt.Errorf("finding %s: %w", step.UID, err)
		}
	}
	// In the order of the key, so that pages of the index are written once.
	slices.SortFunc(opened, func(a, b haetae.Step) int { return bytes.Compare(a.UID[:], b.UID[:]) })
	for i := range opened {
		if err := t.open(&opened[i], time); err != nil {
			return fmt.Errorf("finding %s: %w", opened[i].UID, err)
		}
	}
	return nil
}

// Retriage takes steps that no scan made: what files say of findings changed.
func (t *Tx) Retriage(l *Ledger, steps iter.Seq2[haetae.Step, error], time int64) error {
	for step, err := range steps {
		if err != nil {
			return err
		}
		if err := t.step(&l.rows[l.index[step.Was.UID]], &step, time); err != nil {
			return fmt.Errorf("finding %s: %w", step.UID, err)
		}
	}
	return nil
}

// count keeps the tally: n findings more of the kind.
func (t *Tx) count(r *row, n int64) {
	t.counts[countKey{r.account, r.rule, r.severity, r.status, r.workflow}] += n
}

func (t *Tx) open(step *haetae.Step, time int64) error {
	f := step.Finding
	rule, err := t.rule(f.Rule)
	if err != nil {
		return err
	}
	res := f.Resource
	world, account, err := t.world(res.Stack, res.Account)
	if err != nil {
		return err
	}
	region, err := t.word(res.Region)
	if err != nil {
		return err
	}
	typ, err := t.word(res.Type)
	if err != nil {
		return err
	}
	id, err := t.id("finding")
	if err != nil {
		return err
	}
	body, hash, err := content(f)
	if err != nil {
		return err
	}
	r := row{id: id, rule: rule, account: account, severity: int(f.Rule.Severity), status: statusNumber(step.Status), workflow: workflowNumber(step.Workflow)}
	if err := t.exec(`INSERT INTO finding (id, uid, hash, rule, world, account, region, type, severity, status, open, workflow, author, said, expires, first, last) VALUES (?,?,?,?,?,?,?,?,?,?,1,?,?,0,?,?,?)`,
		id, step.UID[:], hash, rule, world, account, region, typ, r.severity, r.status, r.workflow, step.By, step.Expires, time, time); err != nil {
		return err
	}
	t.count(&r, 1)
	if err := t.except(&r, step); err != nil {
		return err
	}
	return t.exec(`INSERT INTO detail VALUES (?,?,?,?)`, id, res.ID, res.ARN, string(body))
}

// except keeps what a file says of a finding.
func (t *Tx) except(r *row, step *haetae.Step) error {
	switch x := step.Exception; {
	case step.By != haetae.ByFile && r.exception != 0:
		return t.exec(`DELETE FROM excepted WHERE finding = ?`, r.id)
	case step.By != haetae.ByFile || x == nil:
		return nil
	default:
		body, err := json.Marshal(x)
		if err != nil {
			return err
		}
		id, err := t.find("exception", `SELECT id FROM exception WHERE body = ?`, []any{string(body)}, func(id int64) error {
			return t.exec(`INSERT INTO exception VALUES (?,?,?)`, id, x.ID, string(body))
		})
		if err != nil || id == r.exception {
			return err
		}
		return t.exec(`INSERT INTO excepted VALUES (?,?) ON CONFLICT DO UPDATE SET exception = excluded.exception`, r.id, id)
	}
}

// content is what a finding says, and its hash.
func content(f *haetae.Finding) (body, hash []byte, err error) {
	d := detail{Reason: f.Reason, Missing: f.Missing}
	for _, e := range f.Evidence {
		v, err := haetae.EncodeTree(e.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("evidence %s: %w", e.Path, err)
		}
		d.Evidence = append(d.Evidence, haetae.KeptEvidence{Path: e.Path, Value: string(v), Place: e.Place, From: e.From})
	}
	if f.Resource.Origin.File != "" && f.Resource.Declared() {
		p := f.Resource.Origin.Place
		p.Child = f.Resource.Origin.LogicalID
		d.Origin = &p
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return nil, nil, err
	}
	body = bytes.TrimRight(b.Bytes(), "\n")
	return body, hashOf(append(append(bytes.Clone(body), f.Resource.ID...), f.Resource.ARN...)), nil
}

// step carries one step into a stored finding.
func (t *Tx) step(r *row, step *haetae.Step, time int64) error {
	k := step.Was
	now := *r
	now.status, now.workflow = statusNumber(step.Status), workflowNumber(step.Workflow)
	hash := r.hash[:]
	var body []byte
	if f := step.Finding; f != nil {
		if now.severity = int(f.Rule.Severity); r.override != 0 {
			now.severity = int(r.override)
		}
		var err error
		if body, hash, err = content(f); err != nil {
			return err
		}
		if _, err := t.rule(f.Rule); err != nil {
			return err
		}
		if step.UID != k.UID {
			if now.rule, err = t.rule(f.Rule); err != nil {
				return err
			}
		}
	}
	if !bytes.Equal(hash, r.hash[:]) {
		if err := t.exec(`UPDATE detail SET resource = ?, arn = ?, body = ? WHERE finding = ?`, step.Finding.Resource.ID, step.Finding.Resource.ARN, string(body), r.id); err != nil {
			return err
		}
	}
	again := 0
	if step.Reopened {
		again = 1
	}
	moved := step.Workflow != k.Workflow || step.By != k.By
	if now != *r || moved || step.Expires != k.Expires || step.UID != k.UID || again > 0 || !bytes.Equal(hash, r.hash[:]) {
		said, closed, open := k.Said, r.closed, 0
		if moved {
			said = time
		}
		switch {
		case step.Status.Open():
			closed, open = 0, 1
		case closed == 0:
			closed = time
		}
		if err := t.exec(`UPDATE finding SET uid = ?, hash = ?, rule = ?, severity = ?, status = ?, open = ?, workflow = ?, author = ?, said = ?, expires = ?, last = ?, closed = ?, count = count + ? WHERE id = ?`,
			step.UID[:], hash, now.rule, now.severity, now.status, open, now.workflow, step.By, said, step.Expires, k.Last, closed, again, r.id); err != nil {
			return err
		}
		t.count(r, -1)
		t.count(&now, 1)
		if moved && r.triaged {
			if err := t.moveTriage(r.id, step, said); err != nil {
				return err
			}
		}
	}
	if err := t.except(r, step); err != nil {
		return err
	}
	return t.log(r.id, step.History)
}

// mark says that a finding is not confirmed, or that it is again. One that
// nobody looked at keeps the time when it was last confirmed.
func (t *Tx) mark(r *row, step *haetae.Step, time int64) error {
	if step.Unseen != "" {
		if r.stale != 0 || !step.Status.Open() {
			return nil
		}
	} else if step.Stale == "" {
		if r.stale == 0 {
			return nil
		}
		return t.exec(`DELETE FROM stale WHERE finding = ?`, r.id)
	}
	reason, err := t.word(step.Stale)
	if err != nil || reason == r.stale {
		return err
	}
	return t.exec(`INSERT INTO stale VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET reason = excluded.reason`, r.id, time, step.Was.Last, reason)
}

// moveTriage keeps the triage's document in step with the hot row.
func (t *Tx) moveTriage(id int64, step *haetae.Step, said int64) error {
	tr, err := t.triageOf(id)
	if err != nil {
		return err
	}
	tr.Workflow, tr.Said, tr.Expires = step.Workflow, said, step.Expires
	if tr.By == nil {
		tr.By = map[string]haetae.Author{}
	}
	tr.By["workflow"] = step.By
	return t.writeTriage(id, &tr)
}

func (t *Tx) triageOf(id int64) (haetae.Triage, error) {
	tr := haetae.Triage{Workflow: haetae.WorkflowNew}
	s, err := t.prepare(`SELECT body FROM triage WHERE finding = ?`)
	if err != nil {
		return tr, err
	}
	var body string
	switch err := s.QueryRowContext(t.ctx, id).Scan(&body); {
	case errors.Is(err, sql.ErrNoRows):
		return tr, nil
	case err != nil:
		return tr, err
	}
	return tr, json.Unmarshal([]byte(body), &tr)
}

func (t *Tx) writeTriage(id int64, tr *haetae.Triage) error {
	body, err := json.Marshal(tr)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO triage VALUES (?,?) ON CONFLICT DO UPDATE SET body = excluded.body`, id, string(body))
}

func (t *Tx) log(id int64, entries []haetae.Entry) error {
	for _, e := range entries {
		if err := t.exec(`INSERT INTO entry (finding, time, who, field, old, new) VALUES (?,?,?,?,?,?)`, id, e.Time, e.Who, e.Field, e.Old, e.New); err != nil {
			return err
		}
	}
	return nil
}

// Triage changes what people say of one finding: edit is given what is said now
// and returns what is to be said and what to write into the history.
func (t *Tx) Triage(uid haetae.UID, edit func(haetae.Triage) (haetae.Triage, []haetae.Entry, error)) error {
	var r row
	var ruled int
	var author haetae.Author
	var said, expires int64
	err := t.tx.QueryRowContext(t.ctx, `SELECT f.id, f.rule, f.account, f.severity, f.status, f.workflow, f.author, f.said, f.expires, u.severity FROM finding f JOIN rule u ON u.id = f.rule WHERE f.uid = ?`, uid[:]).
		Scan(&r.id, &r.rule, &r.account, &r.severity, &r.status, &r.workflow, &author, &said, &expires, &ruled)
	if errors.Is(err, sql.ErrNoRows) {
		return notFound(uid)
	} else if err != nil {
		return err
	}
	tr, err := t.triageOf(r.id)
	if err != nil {
		return err
	}
	// The hot row knows best: an exception file writes no document.
	tr.Workflow, tr.Said, tr.Expires = workflows()[r.workflow], said, expires
	if author != haetae.ByNobody {
		if tr.By == nil {
			tr.By = map[string]haetae.Author{}
		}
		tr.By["workflow"] = author
	}
	tr, log, err := edit(tr)
	if err != nil {
		return err
	}
	if err := t.writeTriage(r.id, &tr); err != nil {
		return err
	}
	if author == haetae.ByFile && tr.By["workflow"] != haetae.ByFile {
		if err := t.exec(`DELETE FROM excepted WHERE finding = ?`, r.id); err != nil {
			return err
		}
	}
	now := r
	if now.severity = ruled; tr.Severity != 0 {
		now.severity = int(tr.Severity)
	}
	now.workflow = workflowNumber(tr.Workflow)
	if err := t.exec(`UPDATE finding SET severity = ?, workflow = ?, author = ?, said = ?, expires = ? WHERE id = ?`, now.severity, now.workflow, tr.By["workflow"], tr.Said, tr.Expires, r.id); err != nil {
		return err
	}
	t.count(&r, -1)
	t.count(&now, 1)
	return t.log(r.id, log)
}

// Expired returns the findings whose suppression ends at or before a time.
func (s *Store) Expired(ctx context.Context, now int64) ([]haetae.UID, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT uid FROM finding WHERE workflow = ? AND expires <> 0 AND expires <= ?`, workflowNumber(haetae.WorkflowSuppressed), now)
	if err != nil {
		return nil, failure("read the store", err)
	}
	var out []haetae.UID
	err = walk(rows, func(rows *sql.Rows) error {
		var uid []byte
		err := rows.Scan(&uid)
		if len(uid) == 16 {
			out = append(out, haetae.UID(uid))
		}
		return err
	})
	return out, failure("read the store", err)
}

func notFound(uid haetae.UID) error {
	return &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("no finding %s is stored", uid), Hint: "haetae findings list shows what is."}
}
