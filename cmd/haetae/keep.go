package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/hub"
	"github.com/haetae/haetae/store"
)

// keeps tells whether a scan of the snapshot is kept in the store. Templates
// are not what is, the sample is nobody's, what comes from the store is there
// already, and a time that somebody made up is not when it was so.
func (s *sources) keeps(snap *haetae.Snapshot) bool {
	past := slices.ContainsFunc(s.from, func(from string) bool { return strings.HasPrefix(from, "store@") })
	switch {
	case s.noStore, past, len(snap.Resources)+len(snap.Coverage) == 0:
		return false
	case s.store:
		return true
	case s.now != "", slices.Contains(s.from, "sample"):
		return false
	}
	return !slices.ContainsFunc(snap.Coverage, func(c haetae.Coverage) bool { return c.Stack != "" }) &&
		!slices.ContainsFunc(snap.Resources, (*haetae.Resource).Declared)
}

// storeDir is the data directory, made with the installation's key in it.
func (a *app) storeDir() (string, error) {
	dir, err := a.dataDir()
	if err != nil {
		return "", err
	}
	if _, err := a.madeKey(dir); err != nil {
		return "", err
	}
	return dir, nil
}

// keep stores a scan and says what changed since the last one.
func (a *app) keep(ctx context.Context, j *judged) (err error) {
	dir, err := a.storeDir()
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	scans, err := st.Scans(ctx)
	if err != nil {
		return err
	}
	tally, uncovered, err := record(ctx, st, j)
	var older *store.Older
	if errors.As(err, &older) {
		// The report stands; only the past cannot be written anew.
		a.advise("haetae: not kept: %v", err)
		if hint := haetae.HintOf(err); hint != "" {
			a.advise("  %s", hint)
		}
		return nil
	}
	if err != nil {
		return err
	}
	since := "since last time"
	if len(scans) == 0 {
		since = "kept for the first time"
	}
	if err := a.reconcileScan(ctx, st, j); err != nil {
		return err
	}
	a.advise("%s: %d new, %d fixed, %d back, %d unknown", since, tally.New, tally.Fixed, tally.Back, tally.Unknown)
	if tally.Stale > 0 {
		a.advise("  %d open findings were not looked at this time: they stay open, marked stale", tally.Stale)
	}
	if tally.Expired > 0 {
		a.advise("  %d suppressions ended", tally.Expired)
	}
	if uncovered > 0 {
		a.advise("  %d findings are open again: no exception covers them any more", uncovered)
	}
	return a.retain(ctx, st)
}

// record writes a scan into the store, all of it or nothing. It also counts the
// open findings that files suppressed and do not any more.
func record(ctx context.Context, st *store.Store, j *judged) (tally *haetae.Tally, uncovered int, err error) {
	listed := graph.Listings(j.snapshot.Coverage)
	var passes store.Passes
	for i := range j.report.Findings {
		passes.Add(&j.report.Findings[i])
	}
	var edges []haetae.Edge
	for _, r := range j.snapshot.Resources {
		for e := range j.graph.Out(r) {
			edges = append(edges, e)
		}
	}
	err = st.Update(ctx, func(tx *store.Tx) error {
		if err := tx.Fresh(j.snapshot); err != nil {
			return err
		}
		ledger, err := tx.Kept()
		if err != nil {
			return err
		}
		var steps iter.Seq2[haetae.Step, error]
		steps, tally = hub.Decide(hub.Scan{Time: j.snapshot.Time, Now: time.Now().Unix(), Rules: j.rules, Others: j.others, Here: here(j.snapshot), Listed: listed}, ledger.All(), each(j.report.Findings))
		counted := func(yield func(haetae.Step, error) bool) {
			for step, err := range steps {
				if err == nil && step.Was != nil && step.Was.By == haetae.ByFile && step.Status.Open() && step.Workflow != haetae.WorkflowSuppressed {
					uncovered++
				}
				if !yield(step, err) {
					return
				}
			}
		}
		if err := tx.Apply(ledger, counted, j.snapshot.Time); err != nil {
			return err
		}
		if err := tx.PutPasses(&passes, j.rules, j.snapshot, listed); err != nil {
			return err
		}
		return tx.PutSnapshot(j.snapshot, haetae.Scan{
			Version: version(), Sources: j.report.Sources, Accounts: j.report.Summary.Accounts, Regions: j.report.Summary.Regions,
			Rules: len(j.rules), Resources: len(j.snapshot.Resources), Tally: *tally,
		}, edges)
	})
	return tally, uncovered, err
}

// here tells which stacks and accounts a snapshot is about.
func here(snap *haetae.Snapshot) func(stack, account string) bool {
	worlds := map[[2]string]bool{}
	for _, c := range snap.Coverage {
		worlds[[2]string{c.Stack, c.Account}] = true
	}
	for _, r := range snap.Resources {
		worlds[[2]string{r.Stack, r.Account}] = true
	}
	return func(stack, account string) bool { return worlds[[2]string{stack, account}] }
}

func each(findings []haetae.Finding) iter.Seq2[haetae.Finding, error] {
	return func(yield func(haetae.Finding, error) bool) {
		for _, f := range findings {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// existing is the data directory, with a store in it.
func (a *app) existing() (string, error) {
	dir, err := a.dataDir()
	if err != nil {
		return "", err
	}
	if !store.Exists(dir) {
		return "", &haetae.Error{Code: haetae.NotFound, Op: dir, Err: errors.New("nothing is stored yet"), Hint: "Run haetae scan first, or give the data directory with --data."}
	}
	return dir, nil
}

// opened opens the store for a command that needs what is in it. Suppressions
// whose time is over end here, so that no list shows them as they were.
func (a *app) opened(ctx context.Context) (*store.Store, error) {
	dir, err := a.existing()
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	now := time.Now().Unix()
	over, err := st.Expired(ctx, now)
	if err == nil && len(over) > 0 {
		err = st.Update(ctx, func(tx *store.Tx) error {
			for _, uid := range over {
				if err := tx.Triage(uid, func(t haetae.Triage) (haetae.Triage, []haetae.Entry, error) {
					t, log := hub.Wake(t, now)
					return t, log, nil
				}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = a.reconcileStored(ctx, st, len(over) > 0)
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

// past reads what the store says of an instant: "latest" or a time.
func (a *app) past(ctx context.Context, when string) (*haetae.Snapshot, error) {
	at := int64(1<<62 - 1)
	if when != "latest" {
		t, err := moment(when)
		if err != nil {
			return nil, usagef("--from store@%s: %w", when, err)
		}
		at = t.Unix()
	}
	st, err := a.opened(ctx)
	if err != nil {
		return nil, err
	}
	snap, err := st.Snapshot(ctx, at)
	return snap, errors.Join(err, st.Close())
}

// moment reads a time of RFC 3339, also without seconds, or a day.
func moment(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time such as 2026-03-03T12:00:00Z", text)
}

// person is who changes the triage of a finding.
func person() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "somebody"
}
