package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/report"
	"github.com/haetae/haetae/store"
)

func (a *app) exceptionsCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "exceptions",
		Short: "List the exceptions of files, and what each hides now",
		Example: `  haetae findings exceptions --exceptions exceptions.yaml
  haetae findings exceptions --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := formatOf(format, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			return a.listExceptions(cmd.Context(), format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json, ndjson or csv")
	return cmd
}

func (a *app) previewCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "preview FILE…",
		Short: "Show which stored findings files of exceptions would hide, changing nothing",
		Example: `  haetae findings preview new-exceptions.yaml
  haetae findings preview exceptions/ --output json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("a YAML file of exceptions, or a folder of them, is meant")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(format, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			return a.preview(cmd.Context(), args, format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json, ndjson or csv")
	return cmd
}

// exceptionRow is an exception as programs read it.
type exceptionRow struct {
	report.Exception
	Hides     int      `json:"hides"`     // findings that are suppressed by a file and in its scope
	Overruled int      `json:"overruled"` // findings in its scope of which a person said something else
	Findings  []string `json:"findings"`  // uids of those that it hides
}

// listExceptions prints what each exception hides.
func (a *app) listExceptions(ctx context.Context, format string) (err error) {
	list, some, err := a.exceptionFiles()
	if err != nil {
		return err
	}
	if !some {
		return usage{&haetae.Error{Code: haetae.NotFound, Err: errors.New("no exceptions are given"), Hint: "Give --exceptions FILE, or name the file under exceptions: in haetae.yaml; docs/exceptions.md describes the form."}}
	}
	set, err := a.storedExceptions(list)
	if err != nil {
		return err
	}
	st, err := a.opened(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	now := time.Now()
	w, err := a.standing(ctx, st, set, now.Unix())
	if err != nil {
		return err
	}
	return a.printExceptions(exceptionLines(w, now), format)
}

// exceptionLines says of each exception what it does to what is stored.
func exceptionLines(w *standing, now time.Time) []exceptionRow {
	var rows []exceptionRow
	index := map[string]int{}
	for i, x := range exceptionRows(w.matcher.Usage(), now, nil) {
		index[x.ID] = i
		rows = append(rows, exceptionRow{Exception: x, Findings: []string{}})
	}
	for i := range w.kept {
		k := &w.kept[i]
		for _, x := range w.covers[k.UID] {
			row := &rows[index[x.ID]]
			switch {
			case k.By > haetae.ByFile:
				row.Overruled++
			case k.Workflow == haetae.WorkflowSuppressed:
				row.Hides++
				row.Findings = append(row.Findings, k.UID.String())
			}
		}
	}
	return rows
}

func (a *app) printExceptions(rows []exceptionRow, format string) error {
	if format == "json" || format == "ndjson" {
		e := encoder(a.out)
		if format == "json" {
			e.SetIndent("", " ")
			return printed(e.Encode(map[string]any{"exceptions": rows}))
		}
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	var cells [][]string
	for _, r := range rows {
		state := r.State
		if r.Idle {
			state += ", matches nothing"
		}
		if r.Undecided > 0 {
			state += fmt.Sprintf(", undecided for %d", r.Undecided)
		}
		cells = append(cells, []string{r.ID, r.Owner, r.Expires, strconv.Itoa(r.Hides), strconv.Itoa(r.Overruled), state, fmt.Sprintf("%s:%d", r.Place.File, r.Place.Line), r.Reason})
	}
	header := []string{"ID", "OWNER", "EXPIRES", "HIDES", "OVERRULED", "STATE", "WHERE", "REASON"}
	if format == "csv" {
		for i := range header {
			header[i] = strings.ToLower(header[i])
		}
		return table(a.out, header, cells)
	}
	return grid(a.out, header, cells)
}

// previewRow is a finding that an exception would hide.
type previewRow struct {
	Exception string          `json:"exception"`
	Control   string          `json:"control"`
	Status    haetae.Status   `json:"status"`
	Workflow  haetae.Workflow `json:"workflow"`
	Effect    string          `json:"effect"` // what would become of it
	Resource  resourceRow     `json:"resource"`
	UID       string          `json:"uid"`
}

// preview prints what the exceptions of files would hide of what is stored.
func (a *app) preview(ctx context.Context, paths []string, format string) (err error) {
	list, _, err := (&app{excepted: paths}).exceptionFiles()
	if err != nil {
		return err
	}
	set, err := a.storedExceptions(list)
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
	now := time.Now()
	w, err := a.standing(ctx, st, set, now.Unix())
	if err != nil {
		return err
	}
	rows, news := previewRows(w)
	if err := a.printPreview(rows, format); err != nil {
		return err
	}
	a.advise("%d findings would be hidden that are not now; nothing was changed", news)
	a.adviseExceptions(exceptionRows(w.matcher.Usage(), now, nil), len(rows))
	return nil
}

// previewRows are the findings that exceptions cover, and how many of them
// nothing hides now.
func previewRows(w *standing) (rows []previewRow, news int) {
	for i := range w.kept {
		k := &w.kept[i]
		for _, x := range w.covers[k.UID][:min(1, len(w.covers[k.UID]))] {
			effect := "would be hidden"
			switch {
			case k.By > haetae.ByFile:
				effect = "stays " + string(k.Workflow) + ": a person said so"
			case k.Workflow == haetae.WorkflowSuppressed:
				effect = "is hidden already"
			default:
				news++
			}
			rows = append(rows, previewRow{x.ID, k.Rule, k.Status, k.Workflow, effect, resourceRow{k.Type, k.Resource, k.ARN, k.Account, k.Region}, k.UID.String()})
		}
	}
	slices.SortStableFunc(rows, func(a, b previewRow) int { return strings.Compare(a.Exception, b.Exception) })
	return rows, news
}

func (a *app) printPreview(rows []previewRow, format string) error {
	if format == "json" || format == "ndjson" {
		e := encoder(a.out)
		if format == "json" {
			e.SetIndent("", " ")
			if rows == nil {
				rows = []previewRow{}
			}
			return printed(e.Encode(map[string]any{"findings": rows}))
		}
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	var cells [][]string
	for _, r := range rows {
		x := r.Resource
		cells = append(cells, []string{r.Exception, r.Effect, r.Control, string(r.Status), x.ID, x.Account, x.Region, r.UID})
	}
	header := []string{"EXCEPTION", "EFFECT", "CONTROL", "STATUS", "RESOURCE", "ACCOUNT", "REGION", "UID"}
	if format == "csv" {
		for i := range header {
			header[i] = strings.ToLower(header[i])
		}
		return table(a.out, header, cells)
	}
	return grid(a.out, header, cells)
}
