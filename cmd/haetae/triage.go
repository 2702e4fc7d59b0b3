package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/hub"
	"github.com/haetae/haetae/store"
)

func uids(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("the uid of a finding is missing; haetae findings list shows them")
	}
	return nil
}

// triageFlags are the texts of the flags; what was not given is not changed.
type triageFlags struct {
	workflow, verdict, assignee, note, severity, due, expires, reason string
	add, drop                                                         []string
}

func (a *app) triageCommand() *cobra.Command {
	var f triageFlags
	cmd := &cobra.Command{
		Use:   "triage UID…",
		Short: "Say what is being done about findings; no scan ever overwrites it",
		Example: `  haetae findings triage 0123456789abcdef0123456789abcdef --workflow NOTIFIED --assignee kim --due 2026-12-24
  haetae findings triage 0123456789abcdef0123456789abcdef --verdict FALSE_POSITIVE --note "a honeypot"`,
		Args: uids,
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := f.edit(cmd.Flags(), time.Now())
			if err != nil {
				return err
			}
			return a.triage(cmd.Context(), args, edit)
		},
	}
	x := cmd.Flags()
	x.StringVar(&f.workflow, "workflow", "", "NEW, NOTIFIED, RESOLVED or SUPPRESSED")
	x.StringVar(&f.verdict, "verdict", "", "TRUE_POSITIVE, FALSE_POSITIVE or BENIGN_POSITIVE")
	x.StringVar(&f.assignee, "assignee", "", "who takes care of it")
	x.StringVar(&f.note, "note", "", "a note")
	x.StringVar(&f.severity, "severity", "", "a severity in place of the control's; none takes the control's again")
	x.StringVar(&f.due, "due", "", "until when: a day, a time or 30d; none for no such day")
	x.StringVar(&f.expires, "expires", "", "with --workflow SUPPRESSED: until when; none for ever")
	x.StringVar(&f.reason, "reason", "", "with --workflow SUPPRESSED: why")
	x.StringArrayVar(&f.add, "label", nil, "add a label; may be repeated")
	x.StringArrayVar(&f.drop, "no-label", nil, "take a label away; may be repeated")
	return cmd
}

func (a *app) suppressCommand() *cobra.Command {
	f := triageFlags{workflow: string(haetae.WorkflowSuppressed)}
	cmd := &cobra.Command{
		Use:   "suppress UID…",
		Short: "Accept findings, with a reason and for a time",
		Example: `  haetae findings suppress 0123456789abcdef0123456789abcdef --reason "public website" --expires 90d
  haetae findings triage 0123456789abcdef0123456789abcdef --workflow NEW   # takes it back`,
		Args: uids,
		RunE: func(cmd *cobra.Command, args []string) error {
			edit, err := f.edit(cmd.Flags(), time.Now())
			if err != nil {
				return err
			}
			w := haetae.WorkflowSuppressed
			edit.Workflow = &w
			return a.triage(cmd.Context(), args, edit)
		},
	}
	cmd.Flags().StringVar(&f.reason, "reason", "", "why it is accepted (needed)")
	cmd.Flags().StringVar(&f.expires, "expires", "", "until when: a day, a time or 90d; for ever by default")
	return cmd
}

// edit is what the flags ask for.
func (f *triageFlags) edit(given *pflag.FlagSet, now time.Time) (hub.Edit, error) {
	e := hub.Edit{Author: haetae.ByPerson, Who: person(), Time: now.Unix(), Add: f.add, Drop: f.drop}
	if given.Changed("workflow") {
		w := haetae.Workflow(strings.ToUpper(f.workflow))
		e.Workflow = &w
	}
	if given.Changed("verdict") {
		v := strings.ToUpper(f.verdict)
		e.Verdict = &v
	}
	if given.Changed("assignee") {
		e.Assignee = &f.assignee
	}
	if given.Changed("note") {
		e.Note = &f.note
	}
	if given.Changed("reason") {
		e.Reason = &f.reason
	}
	if given.Changed("severity") {
		s := haetae.Severity(0)
		if f.severity != "none" {
			var err error
			if s, err = haetae.ParseSeverity(f.severity); err != nil {
				return e, usagef("--severity: %w, none", err)
			}
		}
		e.Severity = &s
	}
	var err error
	if given.Changed("due") {
		if e.Due, err = future("--due", f.due, now); err != nil {
			return e, err
		}
	}
	if given.Changed("expires") {
		if e.Expires, err = future("--expires", f.expires, now); err != nil {
			return e, err
		}
	}
	return e, nil
}

// triage applies one edit to all findings named, or to none.
func (a *app) triage(ctx context.Context, names []string, edit hub.Edit) (err error) {
	if err := edit.Check(); err != nil {
		return usage{err}
	}
	var ids []haetae.UID
	for _, n := range names {
		uid, err := haetae.ParseUID(n)
		if err != nil {
			return usage{err}
		}
		ids = append(ids, uid)
	}
	st, err := a.opened(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	changes := 0
	err = st.Update(ctx, func(tx *store.Tx) error {
		for _, uid := range ids {
			if err := tx.Triage(uid, func(t haetae.Triage) (haetae.Triage, []haetae.Entry, error) {
				t, log := hub.Apply(t, edit)
				changes += len(log)
				return t, log, nil
			}); err != nil {
				return fmt.Errorf("nothing was changed: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.advise("%d findings, %d changes", len(ids), changes)
	return nil
}
