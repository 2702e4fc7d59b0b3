package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/haetae/haetae"
)

// Passes adds up what passed and what controls do not apply to. The zero value
// is ready to use.
type Passes struct {
	of map[passKey]*passes
}

type passKey struct{ rule, stack, account, region string }

type passes struct {
	rule   *haetae.Rule
	passed []string
	exempt int
}

// Add takes a finding; those that neither passed nor do not apply are left out.
func (p *Passes) Add(f *haetae.Finding) {
	if f.Status != haetae.Pass && f.Status != haetae.NotApplicable {
		return
	}
	if p.of == nil {
		p.of = map[passKey]*passes{}
	}
	r := f.Resource
	k := passKey{f.Rule.ID, r.Stack, r.Account, r.Region}
	x := p.of[k]
	if x == nil {
		x = &passes{rule: f.Rule}
		p.of[k] = x
	}
	if f.Status == haetae.Pass {
		x.passed = append(x.passed, r.ID)
	} else {
		x.exempt++
	}
}

// PutPasses keeps what passed in place of what passed before by the same
// controls in the same accounts, but where the listing now lacks something.
func (t *Tx) PutPasses(p *Passes, rules map[string]bool, snap *haetae.Snapshot, listed func(stack, account, region, typ string) *haetae.Unknown) error {
	if err := t.dropPasses(p, rules, snap, listed); err != nil {
		return err
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	order := func(a, b passKey) int {
		return cmp.Or(cmp.Compare(a.rule, b.rule), cmp.Compare(a.stack, b.stack), cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region))
	}
	for _, k := range slices.SortedFunc(maps.Keys(p.of), order) {
		x := p.of[k]
		rule, err := t.rule(x.rule)
		if err != nil {
			return err
		}
		world, _, err := t.world(k.stack, k.account)
		if err != nil {
			return err
		}
		region, err := t.word(k.region)
		if err != nil {
			return err
		}
		slices.Sort(x.passed)
		list := z.EncodeAll([]byte(strings.Join(x.passed, "\n")), nil)
		if err := t.exec(`INSERT INTO pass VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET time = excluded.time, passed = excluded.passed, exempt = excluded.exempt, resources = excluded.resources
			WHERE (passed, exempt, resources) <> (excluded.passed, excluded.exempt, excluded.resources)`, rule, world, region, snap.Time, len(x.passed), x.exempt, list); err != nil {
			return err
		}
	}
	return nil
}

// dropPasses forgets what is not so any more.
func (t *Tx) dropPasses(p *Passes, rules map[string]bool, snap *haetae.Snapshot, listed func(stack, account, region, typ string) *haetae.Unknown) error {
	here := worldsOf(snap)
	type key struct{ rule, world, region int64 }
	var drop []key
	err := t.each(`SELECT p.rule, p.world, p.region, u.name, y.text, s.text, a.text, g.text FROM pass p JOIN rule u ON u.id = p.rule JOIN word y ON y.id = u.type
		JOIN world w ON w.id = p.world JOIN word s ON s.id = w.stack JOIN word a ON a.id = w.account JOIN word g ON g.id = p.region`, func(rows *sql.Rows) error {
		var k key
		var n passKey
		var typ string
		if err := rows.Scan(&k.rule, &k.world, &k.region, &n.rule, &typ, &n.stack, &n.account, &n.region); err != nil {
			return err
		}
		if _, still := p.of[n]; !still && rules[n.rule] && here[[2]string{n.stack, n.account}] && listed(n.stack, n.account, n.region, typ) == nil {
			drop = append(drop, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range drop {
		if err := t.exec(`DELETE FROM pass WHERE rule = ? AND world = ? AND region = ?`, k.rule, k.world, k.region); err != nil {
			return err
		}
	}
	return nil
}

// Passed is what passed by one control in one region of one account or stack.
type Passed struct {
	Rule, Stack, Account, Region string
	Resources                    []string // ids, sorted
	Exempt                       int      // resources that the control does not apply to
	Time                         int64    // when this came to be so, Unix seconds
}

// Passed returns all that passes.
func (s *Store) Passed(ctx context.Context) (list []Passed, err error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	rows, err := s.read.QueryContext(ctx, `SELECT u.name, s.text, a.text, g.text, p.exempt, p.time, p.resources FROM pass p JOIN rule u ON u.id = p.rule
		JOIN world w ON w.id = p.world JOIN word s ON s.id = w.stack JOIN word a ON a.id = w.account JOIN word g ON g.id = p.region ORDER BY 1, 2, 3, 4`)
	if err != nil {
		return nil, failure("read the store", err)
	}
	err = walk(rows, func(rows *sql.Rows) error {
		var p Passed
		var raw []byte
		if err := rows.Scan(&p.Rule, &p.Stack, &p.Account, &p.Region, &p.Exempt, &p.Time, &raw); err != nil {
			return err
		}
		text, err := z.DecodeAll(raw, nil)
		if err != nil {
			return fmt.Errorf("what passed by %s in %s: %w", p.Rule, p.Account, err)
		}
		if len(text) > 0 {
			p.Resources = strings.Split(string(text), "\n")
		}
		list = append(list, p)
		return nil
	})
	return list, failure("read the store", err)
}
