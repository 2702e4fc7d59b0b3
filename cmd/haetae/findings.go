package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/report"
	"github.com/haetae/haetae/store"
)

// filters are the flags that say which findings are meant.
type filters struct {
	accounts, regions, controls, severity, status, workflow []string
}

func (f *filters) flags(cmd *cobra.Command) {
	x := cmd.Flags()
	x.StringSliceVar(&f.accounts, "account", nil, "only of these accounts")
	x.StringSliceVar(&f.regions, "region", nil, "only of these regions")
	x.StringSliceVar(&f.controls, "control", nil, "only of these controls, by their ids or another tool's")
	x.StringSliceVar(&f.severity, "severity", nil, "only these: critical, high, medium, low, informational")
	x.StringSliceVar(&f.status, "status", nil, "only these: FAIL, UNKNOWN (both are the default), PASS, NOT_APPLICABLE, GONE (was fixed by being deleted)")
	x.StringSliceVar(&f.workflow, "workflow", nil, "only these: NEW, NOTIFIED, RESOLVED, SUPPRESSED")
}

// filter reads the flags.
func (a *app) filter(f *filters) (store.Filter, error) {
	out := store.Filter{Accounts: f.accounts, Regions: f.regions}
	for _, s := range f.severity {
		sev, err := haetae.ParseSeverity(s)
		if err != nil {
			return out, usagef("--severity: %w", err)
		}
		out.Severity = append(out.Severity, sev)
	}
	for _, s := range f.status {
		switch x := haetae.Status(strings.ToUpper(s)); x {
		case haetae.Fail, haetae.Undecided, haetae.Pass, haetae.NotApplicable, haetae.Gone:
			out.Status = append(out.Status, x)
		default:
			return out, usagef("--status %s: there are FAIL, UNKNOWN, PASS, NOT_APPLICABLE, GONE", s)
		}
	}
	for _, s := range f.workflow {
		switch x := haetae.Workflow(strings.ToUpper(s)); x {
		case haetae.WorkflowNew, haetae.WorkflowNotified, haetae.WorkflowResolved, haetae.WorkflowSuppressed:
			out.Workflow = append(out.Workflow, x)
		default:
			return out, usagef("--workflow %s: there are NEW, NOTIFIED, RESOLVED, SUPPRESSED", s)
		}
	}
	if len(f.controls) == 0 {
		return out, nil
	}
	controls, err := a.controls()
	if err != nil {
		return out, err
	}
	for _, id := range f.controls {
		found, err := chosen(controls, []string{id})
		if err != nil {
			out.Controls = append(out.Controls, id) // one that was there when it judged
		}
		for _, c := range found {
			out.Controls = append(out.Controls, c.ID)
		}
	}
	return out, nil
}

func (a *app) findingsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "findings",
		Short: "The findings that scans kept: list, show, triage, suppress, export",
		Example: `  haetae findings list --severity critical,high --workflow NEW
  haetae findings suppress 0123456789abcdef0123456789abcdef --reason "public on purpose"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.listCommand(), a.showCommand(), a.triageCommand(), a.suppressCommand(), a.exportCommand(), a.exceptionsCommand(), a.previewCommand())
	return cmd
}

func (a *app) listCommand() *cobra.Command {
	var f filters
	var after, format string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List findings, open ones first, most serious first",
		Example: `  haetae findings list --account 111122223333 --severity critical,high
  haetae findings list --status PASS,GONE --output csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := formatOf(format, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			if limit < 1 || limit > 10000 {
				return usagef("--limit %d: from 1 to 10000; haetae findings export gives all", limit)
			}
			return a.list(cmd.Context(), &f, after, limit, format)
		},
	}
	f.flags(cmd)
	x := cmd.Flags()
	x.StringVar(&after, "after", "", "uid of the last finding of the page before")
	x.IntVar(&limit, "limit", 50, "how many at most")
	x.StringVarP(&format, "output", "o", "table", "table, json, ndjson or csv")
	return cmd
}

func (a *app) exportCommand() *cobra.Command {
	var f filters
	var format string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print all findings that the filters let through",
		Example: `  haetae findings export > findings.ndjson
  haetae findings export --output csv --workflow SUPPRESSED`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := formatOf(format, "json", "ndjson", "csv"); err != nil {
				return err
			}
			return a.export(cmd.Context(), &f, format)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "ndjson", "json, ndjson or csv")
	return cmd
}

func (a *app) showCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show UID",
		Short: "Show one finding with its evidence, what people said of it and its history",
		Example: `  haetae findings show 0123456789abcdef0123456789abcdef
  haetae findings show 0123456789abcdef0123456789abcdef --output json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one uid is meant")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(format, "table", "json"); err != nil {
				return err
			}
			uid, err := haetae.ParseUID(args[0])
			if err != nil {
				return usage{err}
			}
			return a.show(cmd.Context(), uid, format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	return cmd
}

// recordRow is a stored finding as programs read it: the members of a scan's
// line, and what only the store knows.
type recordRow struct {
	Control  string          `json:"control"`
	Status   haetae.Status   `json:"status"`
	Severity string          `json:"severity"`
	Resource resourceRow     `json:"resource"`
	Title    string          `json:"title"`
	Reason   string          `json:"reason"`
	Missing  []string        `json:"missing"`
	UID      string          `json:"uid"`
	Workflow haetae.Workflow `json:"workflow"`
	First    string          `json:"first"`
	Last     string          `json:"last"`
	Closed   string          `json:"closed,omitempty"`
	Count    int             `json:"count"`
	Stale    string          `json:"stale,omitempty"`
	Verdict  string          `json:"verdict,omitempty"`
	Assignee string          `json:"assignee,omitempty"`
	Note     string          `json:"note,omitempty"`
	Due      string          `json:"due,omitempty"`
	Labels   []string        `json:"labels,omitempty"`
	Expires  string          `json:"expires,omitempty"`
	Because  string          `json:"because,omitempty"` // the reason of a suppression
	// Exception and Owner are those of the exception file that suppresses it.
	Exception string                `json:"exception,omitempty"`
	Owner     string                `json:"owner,omitempty"`
	Evidence  []haetae.KeptEvidence `json:"evidence,omitempty"`
	History   []historyRow          `json:"history,omitempty"`
}

type historyRow struct {
	Time  string `json:"time"`
	Who   string `json:"who"`
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

func newRecordRow(r *haetae.Record, lang string) recordRow {
	t := &r.Triage
	out := recordRow{
		Control: r.Rule, Status: r.Status, Severity: r.Severity.String(), Resource: resourceRow{r.Type, r.Resource, r.ARN, r.Account, r.Region},
		Title: r.Title.In(lang), Reason: r.Reason, Missing: r.Missing, UID: r.UID.String(), Workflow: r.Workflow,
		First: stamp(r.First), Last: stamp(r.Last), Closed: stamp(r.Closed), Count: r.Count, Stale: r.Stale,
		Verdict: t.Verdict, Assignee: t.Assignee, Note: t.Note, Due: stamp(t.Due), Labels: t.Labels, Expires: stamp(t.Expires), Because: t.Reason, Evidence: r.Evidence,
	}
	if out.Missing == nil {
		out.Missing = []string{}
	}
	if x := r.Exception; x != nil {
		out.Exception, out.Owner, out.Because, out.Expires = x.ID, x.Owner, x.Reason, stamp(x.Until)
	}
	for _, e := range r.History {
		out.History = append(out.History, historyRow{stamp(e.Time), e.Who, e.Field, e.Old, e.New})
	}
	return out
}

func recordHeader() []string {
	return []string{"severity", "status", "workflow", "control", "title", "type", "id", "arn", "account", "region", "reason", "first", "last", "closed", "stale", "verdict", "assignee", "note", "due", "labels", "expires", "because", "exception", "owner", "uid"}
}

func (r *recordRow) cells() []string {
	x := r.Resource
	return []string{r.Severity, string(r.Status), string(r.Workflow), r.Control, r.Title, x.Type, x.ID, x.ARN, x.Account, x.Region, r.Reason, r.First, r.Last, r.Closed, r.Stale,
		r.Verdict, r.Assignee, r.Note, r.Due, strings.Join(r.Labels, " "), r.Expires, r.Because, r.Exception, r.Owner, r.UID}
}

// list prints one page.
func (a *app) list(ctx context.Context, f *filters, after string, limit int, format string) (err error) {
	filter, err := a.filter(f)
	if err != nil {
		return err
	}
	var last haetae.UID
	if after != "" {
		if last, err = haetae.ParseUID(after); err != nil {
			return usage{err}
		}
	}
	st, err := a.opened(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	page, err := st.List(ctx, filter, last, limit)
	if err != nil {
		return err
	}
	if format != "table" {
		return a.printRecords(a.out, format, func(yield func([]haetae.Record) error) error { return yield(page) })
	}
	total, err := st.Count(ctx, filter)
	if err != nil {
		return err
	}
	var rows [][]string
	for i := range page {
		r := &page[i]
		stale := ""
		if r.Stale != "" {
			stale = "stale since " + stamp(r.Last)
		}
		rows = append(rows, []string{r.Severity.String(), string(r.Status), string(r.Workflow), r.Rule, r.Resource, r.Account, r.Region, r.UID.String(), stale})
	}
	if err := grid(a.out, []string{"SEVERITY", "STATUS", "WORKFLOW", "CONTROL", "RESOURCE", "ACCOUNT", "REGION", "UID"}, rows); err != nil {
		return err
	}
	a.advise("%d of %d findings", len(page), total)
	if len(page) == limit && total > limit {
		a.advise("  next page: --after %s", page[len(page)-1].UID)
	}
	return nil
}

// export prints all pages.
func (a *app) export(ctx context.Context, f *filters, format string) (err error) {
	filter, err := a.filter(f)
	if err != nil {
		return err
	}
	st, err := a.opened(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return a.printRecords(a.out, format, func(yield func([]haetae.Record) error) error {
		var last haetae.UID
		for {
			page, err := st.List(ctx, filter, last, 2000)
			if err != nil || len(page) == 0 {
				return err
			}
			last = page[len(page)-1].UID
			if err := yield(page); err != nil {
				return err
			}
		}
	})
}

// printRecords prints pages of findings for programs.
func (a *app) printRecords(w io.Writer, format string, pages func(yield func([]haetae.Record) error) error) error {
	e := encoder(w)
	n := 0
	if format == "csv" {
		if err := table(w, recordHeader(), nil); err != nil {
			return err
		}
	}
	if format == "json" {
		if _, err := io.WriteString(w, `{"findings":[`); err != nil {
			return printed(err)
		}
	}
	err := pages(func(page []haetae.Record) error {
		for i := range page {
			row := newRecordRow(&page[i], a.lang)
			sep := ""
			if format == "json" {
				if sep = "\n"; n > 0 {
					sep = ","
				}
			}
			n++
			if format == "csv" {
				if err := table(w, nil, [][]string{row.cells()}); err != nil {
					return err
				}
				continue
			}
			if _, err := io.WriteString(w, sep); err != nil {
				return printed(err)
			}
			if err := e.Encode(row); err != nil {
				return printed(err)
			}
		}
		return nil
	})
	if err == nil && format == "json" {
		_, err = io.WriteString(w, "]}\n")
		err = printed(err)
	}
	return err
}

// show prints one finding.
func (a *app) show(ctx context.Context, uid haetae.UID, format string) (err error) {
	st, err := a.opened(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	r, err := st.Get(ctx, uid)
	if err != nil {
		return err
	}
	row := newRecordRow(&r, a.lang)
	if format == "json" {
		e := encoder(a.out)
		e.SetIndent("", " ")
		return printed(e.Encode(row))
	}
	var b strings.Builder
	say := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-10s %s\n", name, report.OneLine(value))
		}
	}
	say("control", row.Control)
	say("title", row.Title)
	say("resource", strings.Join(strings.Fields(row.Resource.Type+" "+row.Resource.ID), " "))
	say("arn", row.Resource.ARN)
	say("account", strings.TrimSpace(row.Resource.Account+" "+row.Resource.Region))
	say("severity", row.Severity)
	say("status", string(row.Status))
	say("workflow", string(row.Workflow))
	say("reason", row.Reason)
	say("missing", strings.Join(row.Missing, ", "))
	say("stale", row.Stale)
	say("first", row.First)
	say("last", row.Last)
	say("closed", row.Closed)
	say("opened", strconv.Itoa(row.Count)+" times")
	say("verdict", row.Verdict)
	say("assignee", row.Assignee)
	say("note", row.Note)
	say("due", row.Due)
	say("labels", strings.Join(row.Labels, ", "))
	say("because", row.Because)
	if x := r.Exception; x != nil {
		by := x.Who()
		if x.Place.File != "" {
			by += fmt.Sprintf(" (%s:%d)", x.Place.File, x.Place.Line)
		}
		say("by", by)
	}
	say("expires", row.Expires)
	for _, e := range row.Evidence {
		say("evidence", e.Path+" = "+e.Value)
	}
	for _, h := range row.History {
		say("history", fmt.Sprintf("%s %s: %s %q → %q", h.Time, h.Who, h.Field, h.Old, h.New))
	}
	say("uid", row.UID)
	_, err = io.WriteString(a.out, b.String())
	return printed(err)
}

// future reads a time that lies ahead: a moment, a day, or a number of days.
func future(flag, text string, now time.Time) (*int64, error) {
	zero := int64(0)
	if text == "" || text == "none" {
		return &zero, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			at := now.Add(time.Duration(n) * 24 * time.Hour).Unix()
			return &at, nil
		}
	}
	t, err := moment(text)
	if err != nil {
		return nil, usagef("%s: %w, a day, or a number of days such as 30d", flag, err)
	}
	at := t.Unix()
	return &at, nil
}
