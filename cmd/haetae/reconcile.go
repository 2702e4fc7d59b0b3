package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/exception"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/hub"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/store"
)

// appliedExceptions is the name under which the store keeps which exceptions
// were last applied to all of it.
const appliedExceptions = "exceptions"

// reconcileScan brings what a scan did not look at in line with the exceptions
// that it was given. Without any, the next ones are applied to everything.
func (a *app) reconcileScan(ctx context.Context, st *store.Store, j *judged) error {
	have, err := st.Setting(ctx, appliedExceptions)
	if err != nil {
		return err
	}
	if j.accepted != nil {
		current, err := fingerprint(j.accepted.Exceptions())
		if err != nil || have == current {
			return err
		}
		return a.reconcile(ctx, st, j.accepted, current)
	}
	if have == "" {
		return nil
	}
	return st.Update(ctx, func(tx *store.Tx) error { return tx.Set(appliedExceptions, "") })
}

// reconcileStored brings the store in line with the exceptions that the command
// was given, when they are not those that were applied last. Without any, what
// the last scan made of them stays.
func (a *app) reconcileStored(ctx context.Context, st *store.Store, force bool) error {
	list, some, err := a.exceptionFiles()
	if err != nil || !some {
		return err
	}
	current, err := fingerprint(list)
	if err != nil {
		return err
	}
	have, err := st.Setting(ctx, appliedExceptions)
	if err != nil || have == current && !force {
		return err
	}
	set, err := a.storedExceptions(list)
	if err != nil {
		return err
	}
	return a.reconcile(ctx, st, set, current)
}

// storedExceptions checks exceptions for what is stored.
func (a *app) storedExceptions(list []*exception.Exception) (*exception.Set, error) {
	sch, err := schema.Load()
	if err != nil {
		return nil, fmt.Errorf("built-in schema: %w", err)
	}
	controls, err := a.controls()
	if err != nil {
		return nil, err
	}
	return a.accepted(sch, controls, list, time.Now())
}

// reconcile applies exceptions to all open findings of the store.
func (a *app) reconcile(ctx context.Context, st *store.Store, set *exception.Set, current string) error {
	now := time.Now().Unix()
	w, err := a.standing(ctx, st, set, now)
	if err != nil || w == nil {
		return err
	}
	suppressed, reopened := 0, 0
	err = st.Update(ctx, func(tx *store.Tx) error {
		ledger, err := tx.Kept()
		if err != nil {
			return err
		}
		// What a scan stored since is as that scan says.
		known := slices.DeleteFunc(slices.Clone(ledger.All()), func(k haetae.Kept) bool { return !w.seen[k.UID] && k.Status.Open() })
		steps := hub.Reapply(now, known, func(k *haetae.Kept) *haetae.Exception {
			if xs := w.covers[k.UID]; len(xs) > 0 {
				return xs[0].Accepts()
			}
			return nil
		})
		counted := func(yield func(haetae.Step, error) bool) {
			for step, err := range steps {
				if err == nil && step.Workflow != step.Was.Workflow {
					if step.Workflow == haetae.WorkflowSuppressed {
						suppressed++
					} else {
						reopened++
					}
				}
				if !yield(step, err) {
					return
				}
			}
		}
		if err := tx.Retriage(ledger, counted, now); err != nil {
			return err
		}
		return tx.Set(appliedExceptions, current)
	})
	if err == nil && suppressed+reopened > 0 {
		a.advise("exceptions changed: %d findings suppressed, %d open again", suppressed, reopened)
	}
	return err
}

// standing is what exceptions say of the open findings that are stored.
type standing struct {
	kept    []haetae.Kept // open
	seen    map[haetae.UID]bool
	covers  map[haetae.UID][]*exception.Exception
	matcher *exception.Matcher
}

// standing matches exceptions against what is stored, as of now, and changes
// nothing. It is nil when nothing is stored.
func (a *app) standing(ctx context.Context, st *store.Store, set *exception.Set, now int64) (*standing, error) {
	sch, err := schema.Load()
	if err != nil {
		return nil, fmt.Errorf("built-in schema: %w", err)
	}
	controls, err := a.controls()
	if err != nil {
		return nil, err
	}
	rules := map[string]*haetae.Rule{}
	for _, c := range controls {
		rules[c.ID] = &c.Rule
	}
	snap, err := st.Snapshot(ctx, 1<<62-1)
	if haetae.CodeOf(err) == haetae.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key, err := a.hashKey()
	if err != nil {
		return nil, err
	}
	g := graph.New(sch, graph.Assemble(sch, snap, graph.Options{HashKey: key}))
	w := &standing{seen: map[haetae.UID]bool{}, covers: map[haetae.UID][]*exception.Exception{}, matcher: set.On(g, now)}
	for _, c := range controls {
		w.matcher.Asked(&c.Rule)
	}
	err = st.Update(ctx, func(tx *store.Tx) error {
		ledger, err := tx.Kept()
		if err == nil {
			err = tx.Name(ledger)
		}
		if err != nil {
			return err
		}
		for _, k := range ledger.All() {
			if k.Status.Open() {
				w.kept = append(w.kept, k)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range w.kept {
		k := &w.kept[i]
		w.seen[k.UID] = true
		rule := rules[k.Rule]
		if rule == nil {
			rule = &haetae.Rule{ID: k.Rule, Type: k.Type}
		}
		if xs := w.matcher.Cover(rule, resourceOf(g, k)); len(xs) > 0 {
			w.covers[k.UID] = xs
		}
	}
	return w, nil
}

// resourceOf is the resource that a stored finding is about, or what the finding
// says of it.
func resourceOf(g *graph.Graph, k *haetae.Kept) *haetae.Resource {
	if r := g.Get(haetae.Key{Stack: k.Stack, Account: k.Account, Region: k.Region, Type: k.Type, ID: k.Resource}); r != nil {
		return r
	}
	return &haetae.Resource{Type: k.Type, ID: k.Resource, ARN: k.ARN, Account: k.Account, Region: k.Region, Stack: k.Stack,
		Stub: &haetae.Unknown{Reason: haetae.NotAsked, Detail: "the resource is not in the last scan"}}
}
