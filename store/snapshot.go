package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/haetae/haetae"
)

// content of a resource: a change of it makes a new version.
type version struct {
	Tags        json.RawMessage `json:"tags,omitempty"`
	TagsUnknown *haetae.Unknown `json:"tagsUnknown,omitempty"`
	Props       json.RawMessage `json:"props,omitempty"`
	Observed    json.RawMessage `json:"observed,omitempty"`
	Stub        *haetae.Unknown `json:"stub,omitempty"`
}

// facts are what changes without anybody changing the resource.
type facts struct {
	ARN      string          `json:"arn,omitempty"`
	Volatile json.RawMessage `json:"volatile,omitempty"`
	Origin   haetae.Origin   `json:"origin"`
}

// part is one row of version or fact that holds now.
type part struct {
	from, document int64
	hash           [16]byte
}

// current is a resource that is there now.
type current struct {
	id            int64
	version, fact part
	touched       bool
}

type resourceKey struct {
	world, region, typ int64
	name               string
}

// Fresh refuses a snapshot that is older than what is stored of one of its
// accounts: the past cannot be changed.
func (t *Tx) Fresh(snap *haetae.Snapshot) error {
	for w := range worldsOf(snap) {
		id, _, err := t.world(w[0], w[1])
		if err != nil {
			return err
		}
		var last int64
		if err := t.tx.QueryRowContext(t.ctx, `SELECT time FROM world WHERE id = ?`, id).Scan(&last); err != nil {
			return err
		}
		if last > snap.Time {
			of := "account " + w[1]
			if w[0] != "" {
				of = w[0]
			}
			return &haetae.Error{Code: haetae.Conflict, Err: &Older{of, last},
				Hint: "This one is of " + time.Unix(snap.Time, 0).UTC().Format(time.RFC3339) + ": use --no-store, or another data directory with --data."}
		}
	}
	return nil
}

// Older is the error of a snapshot that is older than what is stored.
type Older struct {
	Of   string // the account or stack
	Last int64  // the time of what is stored, Unix seconds
}

// Error says what is newer.
func (o *Older) Error() string {
	return fmt.Sprintf("the store has a newer scan of %s, of %s", o.Of, time.Unix(o.Last, 0).UTC().Format(time.RFC3339))
}

// worldsOf are the stacks and accounts that a snapshot is about.
func worldsOf(snap *haetae.Snapshot) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, c := range snap.Coverage {
		out[[2]string{c.Stack, c.Account}] = true
	}
	for _, r := range snap.Resources {
		out[[2]string{r.Stack, r.Account}] = true
	}
	return out
}

// PutSnapshot makes the snapshot what holds from its time on, for all that its
// coverage names, and keeps the scan that made it. Accounts, regions and types
// that it says nothing of stay as they are.
func (t *Tx) PutSnapshot(snap *haetae.Snapshot, scan haetae.Scan, edges []haetae.Edge) error {
	if err := t.Fresh(snap); err != nil {
		return err
	}
	worlds := map[int64]bool{}
	for w := range worldsOf(snap) {
		id, _, err := t.world(w[0], w[1])
		if err != nil {
			return err
		}
		worlds[id] = true
	}
	now, err := t.current(worlds)
	if err != nil {
		return err
	}
	ends, err := t.listings(snap, worlds)
	if err != nil {
		return err
	}
	ids := make(map[haetae.Key]int64, len(snap.Resources))
	for _, r := range snap.Resources {
		id, err := t.putResource(r, now, snap.Time)
		if err != nil {
			return fmt.Errorf("%s %s: %w", r.Type, r.ID, err)
		}
		ids[r.Key()] = id
	}
	var gone []int64
	for k, c := range now {
		if c.touched || !ends(k) {
			continue
		}
		gone = append(gone, c.id)
		if err := errors.Join(t.end("version", c.id, c.version.from, snap.Time), t.end("fact", c.id, c.fact.from, snap.Time)); err != nil {
			return err
		}
	}
	if err := t.putEdges(edges, ids, gone); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(worlds)) {
		if err := t.exec(`UPDATE world SET time = ? WHERE id = ?`, snap.Time, id); err != nil {
			return err
		}
	}
	return t.putScan(snap, scan)
}

func (t *Tx) putScan(snap *haetae.Snapshot, scan haetae.Scan) error {
	id, err := t.id("scan")
	if err != nil {
		return err
	}
	scan.ID, scan.Time = id, snap.Time
	body, err := json.Marshal(scan)
	if err != nil {
		return err
	}
	problems, err := json.Marshal(snap.Problems)
	if err != nil {
		return err
	}
	return t.exec(`INSERT INTO scan VALUES (?,?,?,?)`, id, scan.Time, string(body), string(problems))
}

// current reads what holds now in the worlds.
func (t *Tx) current(worlds map[int64]bool) (map[resourceKey]*current, error) {
	out := map[resourceKey]*current{}
	for _, w := range slices.Sorted(maps.Keys(worlds)) {
		err := t.each(`SELECT r.id, r.region, r.type, r.name, v.valid_from, v.document, d.hash, f.valid_from, f.document, e.hash
			FROM resource r JOIN version v ON v.resource = r.id AND v.valid_to = ?1 JOIN document d ON d.id = v.document
			JOIN fact f ON f.resource = r.id AND f.valid_to = ?1 JOIN document e ON e.id = f.document WHERE r.world = ?2`, func(rows *sql.Rows) error {
			c := &current{}
			k := resourceKey{world: w}
			var a, b sql.RawBytes
			if err := rows.Scan(&c.id, &k.region, &k.typ, &k.name, &c.version.from, &c.version.document, &a, &c.fact.from, &c.fact.document, &b); err != nil {
				return err
			}
			copy(c.version.hash[:], a)
			copy(c.fact.hash[:], b)
			out[k] = c
			return nil
		}, int64(forever), w)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// putResource keeps one resource, writing what changed.
func (t *Tx) putResource(r *haetae.Resource, now map[resourceKey]*current, at int64) (int64, error) {
	world, _, err := t.world(r.Stack, r.Account)
	if err != nil {
		return 0, err
	}
	k := resourceKey{world: world, name: r.ID}
	if k.region, err = t.word(r.Region); err != nil {
		return 0, err
	}
	if k.typ, err = t.word(r.Type); err != nil {
		return 0, err
	}
	body, more, err := encode(r)
	if err != nil {
		return 0, err
	}
	c := now[k]
	if c == nil {
		id, err := t.find("resource", `SELECT id FROM resource WHERE world = ? AND region = ? AND type = ? AND name = ?`, []any{k.world, k.region, k.typ, k.name}, func(id int64) error {
			return t.exec(`INSERT INTO resource VALUES (?,?,?,?,?)`, id, k.world, k.region, k.typ, k.name)
		})
		if err != nil {
			return 0, err
		}
		c = &current{id: id, version: part{from: -1}, fact: part{from: -1}}
		now[k] = c
	}
	c.touched = true
	if err := t.putPart("version", c.id, &c.version, body, at); err != nil {
		return 0, err
	}
	return c.id, t.putPart("fact", c.id, &c.fact, more, at)
}

// putPart ends what held and begins what holds from now on, when they differ.
func (t *Tx) putPart(table string, id int64, p *part, body []byte, at int64) error {
	if h := hashOf(body); p.from >= 0 && [16]byte(h) == p.hash {
		return nil
	}
	doc, err := t.document(body)
	if err != nil {
		return err
	}
	if p.from >= 0 {
		if err := t.end(table, id, p.from, at); err != nil {
			return err
		}
	}
	return t.exec(`INSERT INTO `+table+` VALUES (?,?,?,?)`, id, at, int64(forever), doc)
}

// end ends what held from a time on; what began at the same time never was.
func (t *Tx) end(table string, id, from, at int64) error {
	if from >= at {
		return t.exec(`DELETE FROM `+table+` WHERE resource = ? AND valid_from = ?`, id, from)
	}
	return t.exec(`UPDATE `+table+` SET valid_to = ? WHERE resource = ? AND valid_from = ?`, at, id, from)
}

func encode(r *haetae.Resource) (body, more []byte, err error) {
	v := version{TagsUnknown: r.TagsUnknown, Stub: r.Stub}
	f := facts{ARN: r.ARN, Origin: r.Origin}
	for _, x := range []struct {
		from map[string]any
		to   *json.RawMessage
	}{{r.Tags, &v.Tags}, {r.Props, &v.Props}, {r.Observed, &v.Observed}, {r.Volatile, &f.Volatile}} {
		if x.from == nil {
			continue
		}
		if *x.to, err = haetae.EncodeTree(x.from); err != nil {
			return nil, nil, err
		}
	}
	if body, err = json.Marshal(v); err != nil {
		return nil, nil, err
	}
	more, err = json.Marshal(f)
	return body, more, err
}

// listing is the key of a row of coverage.
type listing struct{ world, region, typ int64 }

// listings keeps the coverage of a snapshot. It returns what tells whether a
// resource that the snapshot lacks is no part of what holds any more: that of a
// type which somebody asked for, or which nobody ever listed.
func (t *Tx) listings(snap *haetae.Snapshot, worlds map[int64]bool) (func(resourceKey) bool, error) {
	asked, fresh := map[listing]bool{}, map[listing][]string{}
	places := map[[2]int64]bool{}
	star, err := t.word("*")
	if err != nil {
		return nil, err
	}
	none, err := t.word("")
	if err != nil {
		return nil, err
	}
	for _, c := range snap.Coverage {
		var k listing
		if k.world, _, err = t.world(c.Stack, c.Account); err != nil {
			return nil, err
		}
		if k.region, err = t.word(c.Region); err != nil {
			return nil, err
		}
		if k.typ, err = t.word(c.Type); err != nil {
			return nil, err
		}
		body, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		fresh[k] = append(fresh[k], string(body))
		places[[2]int64{k.world, k.region}] = true
		if informs(c) {
			asked[k] = true
		}
	}
	known := map[listing]bool{} // somebody listed it before
	for _, w := range slices.Sorted(maps.Keys(worlds)) {
		if err := t.oldListings(w, fresh, asked, known, star, snap.Time); err != nil {
			return nil, err
		}
	}
	for k, bodies := range fresh {
		if known[k] && !asked[k] && k.typ != star {
			continue // what was listed before is known better than by nobody asking
		}
		for _, body := range bodies {
			if err := t.exec(`INSERT INTO listing (world, region, type, valid_from, valid_to, body) VALUES (?,?,?,?,?,?)`, k.world, k.region, k.typ, snap.Time, int64(forever), body); err != nil {
				return nil, err
			}
		}
	}
	return func(k resourceKey) bool {
		for _, region := range []int64{k.region, none} {
			if asked[listing{k.world, region, k.typ}] || asked[listing{k.world, region, star}] {
				return true
			}
		}
		return places[[2]int64{k.world, k.region}] && !known[listing{k.world, k.region, k.typ}] && !known[listing{k.world, none, k.typ}] && !known[listing{k.world, k.region, star}]
	}, nil
}

// informs tells whether somebody asked for what a row of coverage is about.
func informs(c haetae.Coverage) bool {
	return c.Status != haetae.Missing || c.Reason != haetae.NotAsked
}

// oldListings ends the rows of a world that the snapshot has others for. Rows
// that are the same stay, and are taken out of fresh.
func (t *Tx) oldListings(world int64, fresh map[listing][]string, asked, known map[listing]bool, star, at int64) error {
	type old struct {
		id, from int64
		key      listing
		body     string
	}
	var olds []old
	err := t.each(`SELECT id, region, type, valid_from, body FROM listing WHERE valid_to = ? AND world = ?`, func(rows *sql.Rows) error {
		o := old{key: listing{world: world}}
		err := rows.Scan(&o.id, &o.key.region, &o.key.typ, &o.from, &o.body)
		olds = append(olds, o)
		return err
	}, int64(forever), world)
	if err != nil {
		return err
	}
	for _, o := range olds {
		var c haetae.Coverage
		if err := json.Unmarshal([]byte(o.body), &c); err != nil {
			return err
		}
		known[o.key] = known[o.key] || informs(c)
	}
	for _, o := range olds {
		bodies, named := fresh[o.key]
		if !named || known[o.key] && !asked[o.key] && o.key.typ != star {
			continue
		}
		if i := slices.Index(bodies, o.body); i >= 0 {
			fresh[o.key] = slices.Delete(slices.Clone(bodies), i, i+1)
			continue
		}
		q, args := `UPDATE listing SET valid_to = ?2 WHERE id = ?1`, []any{o.id, at}
		if o.from >= at {
			q, args = `DELETE FROM listing WHERE id = ?1`, args[:1]
		}
		if err := t.exec(q, args...); err != nil {
			return err
		}
	}
	return nil
}

// putEdges makes the edges of the resources those given.
func (t *Tx) putEdges(edges []haetae.Edge, ids map[haetae.Key]int64, gone []int64) error {
	type edge struct {
		from, to   int64
		kind, path string
	}
	want := map[edge]bool{}
	for _, e := range edges {
		from, to := ids[e.From.Key()], ids[e.To.Key()]
		if from != 0 && to != 0 {
			want[edge{from, to, string(e.Kind), e.Path}] = true
		}
	}
	ours := make(map[int64]bool, len(ids)+len(gone))
	for _, id := range ids {
		ours[id] = true
	}
	for _, id := range gone {
		ours[id] = true
		if err := t.exec(`DELETE FROM edge WHERE target = ?`, id); err != nil {
			return err
		}
	}
	var drop []edge
	err := t.each(`SELECT source, target, kind, path FROM edge`, func(rows *sql.Rows) error {
		var e edge
		if err := rows.Scan(&e.from, &e.to, &e.kind, &e.path); err != nil {
			return err
		}
		if want[e] {
			delete(want, e)
		} else if ours[e.from] {
			drop = append(drop, e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range drop {
		if err := t.exec(`DELETE FROM edge WHERE source = ? AND kind = ? AND target = ? AND path = ?`, e.from, e.kind, e.to, e.path); err != nil {
			return err
		}
	}
	for e := range want {
		if err := t.exec(`INSERT INTO edge VALUES (?,?,?,?)`, e.from, e.kind, e.to, e.path); err != nil {
			return err
		}
	}
	return nil
}

// Snapshot returns what held at a time, Unix seconds, as the scans up to then
// stored it: the resources and coverage of every account as its last scan left
// them, and the time and problems of the last scan of all.
func (s *Store) Snapshot(ctx context.Context, at int64) (snap *haetae.Snapshot, err error) {
	defer func() { err = failure("read the store", err) }()
	tx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	snap = &haetae.Snapshot{}
	var problems string
	switch err := tx.QueryRowContext(ctx, `SELECT time, problems FROM scan WHERE time <= ? ORDER BY time DESC, id DESC LIMIT 1`, at).Scan(&snap.Time, &problems); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("nothing was stored at %s or before", time.Unix(at, 0).UTC().Format(time.RFC3339)), Hint: "haetae query \"SELECT time FROM scans\" shows when there were scans."}
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal([]byte(problems), &snap.Problems); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT body FROM listing WHERE valid_from <= ?1 AND valid_to > ?1`, at)
	if err != nil {
		return nil, err
	}
	if err := walk(rows, func(rows *sql.Rows) error {
		var raw sql.RawBytes
		var c haetae.Coverage
		err := rows.Scan(&raw)
		snap.Coverage = append(snap.Coverage, c)
		return errors.Join(err, json.Unmarshal(raw, &snap.Coverage[len(snap.Coverage)-1]))
	}); err != nil {
		return nil, err
	}
	rows, err = tx.QueryContext(ctx, `SELECT s.text, a.text, g.text, t.text, r.name, d.body, e.body
		FROM version v JOIN fact f ON f.resource = v.resource AND f.valid_from <= ?1 AND f.valid_to > ?1
		JOIN resource r ON r.id = v.resource JOIN world w ON w.id = r.world
		JOIN word s ON s.id = w.stack JOIN word a ON a.id = w.account JOIN word g ON g.id = r.region JOIN word t ON t.id = r.type
		JOIN document d ON d.id = v.document JOIN document e ON e.id = f.document
		WHERE v.valid_from <= ?1 AND v.valid_to > ?1`, at)
	if err != nil {
		return nil, err
	}
	if err := walk(rows, func(rows *sql.Rows) error {
		r := &haetae.Resource{}
		var body, more sql.RawBytes
		if err := rows.Scan(&r.Stack, &r.Account, &r.Region, &r.Type, &r.ID, &body, &more); err != nil {
			return err
		}
		snap.Resources = append(snap.Resources, r)
		if err := decode(r, body, more); err != nil {
			return fmt.Errorf("%s %s: %w", r.Type, r.ID, err)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	snap.Sort()
	return snap, nil
}

func decode(r *haetae.Resource, body, more []byte) error {
	var v version
	var f facts
	if err := errors.Join(json.Unmarshal(body, &v), json.Unmarshal(more, &f)); err != nil {
		return err
	}
	r.TagsUnknown, r.Stub, r.ARN, r.Origin = v.TagsUnknown, v.Stub, f.ARN, f.Origin
	for _, x := range []struct {
		from json.RawMessage
		to   *map[string]any
	}{{v.Tags, &r.Tags}, {v.Props, &r.Props}, {v.Observed, &r.Observed}, {f.Volatile, &r.Volatile}} {
		if len(x.from) == 0 {
			continue
		}
		m, err := haetae.DecodeObject(x.from)
		if err != nil {
			return err
		}
		*x.to = m
	}
	return nil
}
