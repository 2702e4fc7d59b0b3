package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/store"
)

// pruneFlags say what haetae store prune forgets.
type pruneFlags struct {
	before, account, output string
	apply                   bool
}

func (a *app) storeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "The file in which findings and resources are kept: forget a part of it",
		Example: `  haetae store prune --before 2025-01-01
  haetae store prune --account 111122223333 --apply`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var p pruneFlags
	prune := &cobra.Command{
		Use:   "prune",
		Short: "Delete what held no more before a time, or all of one account, and prove it",
		Long: `Counts what would be deleted; with --apply deletes it and overwrites it in the
file, so that no byte of it is left. --before deletes closed findings, former
versions of resources, scans and history: what is open or there stays. --account
deletes all that was read in one account and all that was said of it.`,
		Example: `  haetae store prune --before 2025-01-01
  haetae store prune --before 90d --apply
  haetae store prune --account 111122223333 --apply`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.prune(cmd.Context(), &p, time.Now()) },
	}
	f := prune.Flags()
	f.StringVar(&p.before, "before", "", "what held no more before this time: a day, a time, or an age such as 90d or 7y")
	f.StringVar(&p.account, "account", "", "all that was read in this account")
	f.BoolVar(&p.apply, "apply", false, "delete it; otherwise it is only counted")
	f.StringVarP(&p.output, "output", "o", "table", "table or json")
	cmd.AddCommand(prune)
	return cmd
}

var twelveDigits = regexp.MustCompile(`^[0-9]{12}$`)

// prune forgets, or counts what it would.
func (a *app) prune(ctx context.Context, p *pruneFlags, now time.Time) (err error) {
	if err := formatOf(p.output, "table", "json"); err != nil {
		return err
	}
	if (p.before == "") == (p.account == "") {
		return usagef("one of --before and --account is meant")
	}
	if p.account != "" && !twelveDigits.MatchString(p.account) {
		return usagef("--account %s has not the twelve digits of an account", p.account)
	}
	before, err := earlier(p.before, now)
	if err != nil {
		return err
	}
	dir, err := a.existing()
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var list []store.Forgotten
	if p.account != "" {
		list, err = st.ForgetAccount(ctx, p.account, p.apply)
	} else {
		list, err = st.Forget(ctx, before.Unix(), p.apply)
	}
	if err != nil {
		return err
	}
	journals, err := dropJournals(dir, p, before)
	if err != nil {
		return err
	}
	list = append(list, journals)
	return a.printForgotten(list, p)
}

// earlier reads a time that lies behind: a moment, a day, or an age.
func earlier(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return now, nil
	}
	if age, err := daysOf(text); err == nil && age > 0 {
		return now.Add(-age), nil
	}
	t, err := moment(text)
	if err != nil {
		return t, usagef("--before: %w, a day, or an age such as 90d", err)
	}
	if t.After(now) {
		return t, usagef("--before %s is not in the past", text)
	}
	return t, nil
}

// dropJournals removes the answers of scans that were interrupted: they are
// sealed, so which accounts they are of cannot be told.
func dropJournals(dir string, p *pruneFlags, before time.Time) (store.Forgotten, error) {
	out := store.Forgotten{Table: "interrupted scans"}
	names, err := filepath.Glob(filepath.Join(dir, "scans", "*.journal"))
	if err != nil {
		return out, fmt.Errorf("list interrupted scans: %w", err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the scan is over
		}
		if err != nil {
			return out, fmt.Errorf("interrupted scan: %w", err)
		}
		out.Before++
		if p.account == "" && !info.ModTime().Before(before) {
			out.After++
			continue
		}
		if p.apply {
			if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return out, &haetae.Error{Code: haetae.Unavailable, Op: "remove an interrupted scan", Err: err, Hint: "Check the permissions of the data directory."}
			}
		}
	}
	return out, nil
}

func (a *app) printForgotten(list []store.Forgotten, p *pruneFlags) error {
	gone := 0
	for _, f := range list {
		gone += f.Before - f.After
	}
	if p.output == "json" {
		e := encoder(a.out)
		e.SetIndent("", " ")
		if err := printed(e.Encode(map[string]any{"applied": p.apply, "tables": list})); err != nil {
			return err
		}
	} else {
		var rows [][]string
		for _, f := range list {
			rows = append(rows, []string{f.Table, strconv.Itoa(f.Before), strconv.Itoa(f.After), strconv.Itoa(f.Before - f.After)})
		}
		word := "WOULD GO"
		if p.apply {
			word = "GONE"
		}
		if err := grid(a.out, []string{"WHAT", "BEFORE", "AFTER", word}, rows); err != nil {
			return err
		}
	}
	switch {
	case p.apply:
		a.advise("%d rows were deleted and overwritten in the file", gone)
	case gone > 0:
		a.advise("%d rows would be deleted; nothing was changed: --apply deletes them", gone)
	default:
		a.advise("nothing to delete")
	}
	return nil
}

// retain forgets what is older than the store is to keep things, and says so.
func (a *app) retain(ctx context.Context, st *store.Store) error {
	keeps, err := a.retentionTime()
	if err != nil || keeps == 0 {
		return err
	}
	now := time.Now()
	// To forget is to write the whole file anew, which is not for every scan:
	// things are kept up to a fiftieth longer, at most 30 days.
	slack := min(keeps/50, 30*24*time.Hour)
	old, err := st.Old(ctx, now.Add(-keeps-slack).Unix())
	if err != nil || !old {
		return err
	}
	before := now.Add(-keeps)
	list, err := st.Forget(ctx, before.Unix(), true)
	if err != nil {
		return err
	}
	var parts []string
	for _, f := range list {
		if n := f.Before - f.After; n > 0 && (f.Table == "finding" || f.Table == "version" || f.Table == "fact" || f.Table == "scan" || f.Table == "entry") {
			parts = append(parts, fmt.Sprintf("%s %d of %d", f.Table, n, f.Before))
		}
	}
	a.advise("  retention %s: what held no more before %s was deleted: %s", a.retention, before.UTC().Format(time.DateOnly), strings.Join(parts, ", "))
	return nil
}

// retentionTime is how long the store keeps what holds no more, 0 for ever.
func (a *app) retentionTime() (time.Duration, error) {
	keeps, err := daysOf(a.retention)
	if err != nil {
		return 0, usagef("--retention %s: %w", a.retention, err)
	}
	return keeps, nil
}
