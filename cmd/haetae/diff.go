package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/hub"
	"github.com/haetae/haetae/report"
	"github.com/haetae/haetae/schema"
)

type diffFlags struct {
	sources
	output, failOn string
	controls       []string
}

func (a *app) diffCommand() *cobra.Command {
	var d diffFlags
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "What changed between two sources: resources, and findings opened and closed",
		Long: `Reads two sources, each anything that --from of haetae scan takes, and prints
what changed from the first to the second: resources with their properties, and
the findings that this opens and closes. Exit code 1 means that a finding at or
above --fail-on was opened, 3 that a source could not be read.`,
		Example: `  haetae diff store@2026-03-03T12:00:00Z store@latest
  haetae diff main.yaml branch.yaml --output json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("two sources are meant: haetae diff A B")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.diff(cmd.Context(), &d, args) },
	}
	d.details(cmd)
	f := cmd.Flags()
	f.StringVarP(&d.output, "output", "o", "table", "table or json")
	f.StringVar(&d.failOn, "fail-on", "high", "exit with 1 when a finding of this severity or above is opened; none never does")
	f.StringArrayVar(&d.controls, "control", nil, "only this control, by its id or another tool's; may be repeated")
	return cmd
}

// difference is what diff prints.
type difference struct {
	From      string        `json:"from"`
	To        string        `json:"to"`
	Resources diffResources `json:"resources"`
	Findings  diffFindings  `json:"findings"`
}

type diffResources struct {
	Added   []resourceRow `json:"added"`
	Removed []resourceRow `json:"removed"`
	Changed []changeRow   `json:"changed"`
}

type diffFindings struct {
	Opened []findingRow `json:"opened"`
	Closed []findingRow `json:"closed"`
	// Unknown failed before and cannot be decided now, or was not looked at.
	Unknown []findingRow `json:"unknown"`
}

// resourceRow names a resource as the reports do.
type resourceRow struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	ARN     string `json:"arn"`
	Account string `json:"account"`
	Region  string `json:"region"`
}

type changeRow struct {
	resourceRow
	Changes []propertyRow `json:"changes"`
}

// propertyRow is a property before and after, null where it is not there.
type propertyRow struct {
	Path   string          `json:"path"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

type findingRow struct {
	Control  string        `json:"control"`
	Status   haetae.Status `json:"status"`
	Severity string        `json:"severity"`
	Resource resourceRow   `json:"resource"`
	Title    string        `json:"title"`
	Reason   string        `json:"reason"`
	UID      string        `json:"uid"`
}

func rowOf(r *haetae.Resource) resourceRow {
	return resourceRow{r.Type, r.ID, r.ARN, r.Account, r.Region}
}

func (a *app) diff(ctx context.Context, d *diffFlags, args []string) error {
	if err := formatOf(d.output, "table", "json"); err != nil {
		return err
	}
	failOn, err := threshold(d.failOn)
	if err != nil {
		return err
	}
	sch, err := schema.Load()
	if err != nil {
		return fmt.Errorf("built-in schema: %w", err)
	}
	set, all, err := a.set(sch, d.controls, frameworks{}, false)
	if err != nil {
		return err
	}
	now, err := d.instant()
	if err != nil {
		return err
	}
	accepted, err := a.exceptions(sch, all, now)
	if err != nil {
		return err
	}
	p := a.progress()
	sides, err := a.sides(ctx, d, sch, set, args, p)
	p.Close()
	if err != nil {
		return err
	}
	for i, s := range sides {
		accept(accepted, s, set.Controls(), now)
		beside(s, args[i])
	}
	out := &difference{From: args[0], To: args[1]}
	if err := out.compareResources(sides[0].snapshot, sides[1].snapshot); err != nil {
		return err
	}
	worst, err := out.compareFindings(sides[0], sides[1], a.lang)
	if err != nil {
		return err
	}
	if d.output == "json" {
		e := encoder(a.out)
		e.SetIndent("", " ")
		err = printed(e.Encode(out))
	} else {
		err = a.printDiff(out)
	}
	if err != nil {
		return err
	}
	for _, s := range sides {
		for _, pr := range s.snapshot.Problems {
			if pr.Fatal {
				a.advise("%s:%d: %s", pr.Place.File, pr.Place.Line, pr.Error)
				err = exit(exitIncomplete)
			}
		}
	}
	if worst >= failOn {
		return exit(exitFound)
	}
	return err
}

// sides reads and judges the sources.
func (a *app) sides(ctx context.Context, d *diffFlags, sch *schema.Schema, set *control.Set, args []string, p *progress) ([]*judged, error) {
	var out []*judged
	for _, from := range args {
		s := d.sources
		s.from, s.noStore = []string{from}, true
		snap, err := a.load(ctx, &s, sch, p)
		if err == nil {
			err = a.over(true)
		}
		if err != nil {
			return nil, err
		}
		j, err := evaluate(ctx, sch, set, snap, s.from, p)
		if err != nil {
			return nil, err
		}
		out = append(out, j)
	}
	return out, nil
}

// beside names the templates of a source by their place in it, so that the same
// template in two folders, or in two files, is the same.
func beside(j *judged, from string) {
	inside := func(file string) string {
		rest := strings.TrimLeft(strings.TrimPrefix(file, strings.TrimRight(from, "/")), "/")
		if file != "" && rest == "" {
			return "template"
		}
		return rest
	}
	twin := map[*haetae.Resource]*haetae.Resource{}
	copied := *j.snapshot
	copied.Resources = slices.Clone(copied.Resources)
	copied.Coverage = slices.Clone(copied.Coverage)
	move := func(r *haetae.Resource) *haetae.Resource {
		if !r.Declared() {
			return r
		}
		if t, ok := twin[r]; ok {
			return t
		}
		t := *r
		t.Stack, t.Origin.File = inside(r.Stack), inside(r.Origin.File)
		twin[r] = &t
		return &t
	}
	for i, r := range copied.Resources {
		copied.Resources[i] = move(r)
	}
	for i := range copied.Coverage {
		copied.Coverage[i].Stack = inside(copied.Coverage[i].Stack)
	}
	for i := range j.report.Findings {
		j.report.Findings[i].Resource = move(j.report.Findings[i].Resource)
	}
	j.snapshot = &copied
}

func (d *difference) compareResources(before, after *haetae.Snapshot) error {
	delta := graph.Diff(before, after)
	d.Resources = diffResources{[]resourceRow{}, []resourceRow{}, []changeRow{}}
	for _, r := range delta.Added {
		d.Resources.Added = append(d.Resources.Added, rowOf(r))
	}
	for _, r := range delta.Removed {
		d.Resources.Removed = append(d.Resources.Removed, rowOf(r))
	}
	for _, c := range delta.Changed {
		row := changeRow{rowOf(c.After), nil}
		for _, x := range graph.Differ(c.Before, c.After) {
			old, err := haetae.EncodeTree(x.Before)
			if err != nil {
				return fmt.Errorf("%s %s: %s: %w", row.Type, row.ID, x.Path, err)
			}
			now, err := haetae.EncodeTree(x.After)
			if err != nil {
				return fmt.Errorf("%s %s: %s: %w", row.Type, row.ID, x.Path, err)
			}
			row.Changes = append(row.Changes, propertyRow{x.Path, old, now})
		}
		d.Resources.Changed = append(d.Resources.Changed, row)
	}
	return nil
}

// compareFindings asks the hub what becomes of the findings of the one side on
// the other, and returns the severity of the worst that was opened.
func (d *difference) compareFindings(before, after *judged, lang string) (haetae.Severity, error) {
	var kept []haetae.Kept
	old := map[haetae.UID]*haetae.Finding{}
	for i := range before.report.Findings {
		f := &before.report.Findings[i]
		uid := f.Under(f.Rule.ID)
		if r := f.Resource; f.Status.Open() && old[uid] == nil {
			old[uid] = f
			kept = append(kept, haetae.Kept{UID: uid, Rule: f.Rule.ID, Stack: r.Stack, Account: r.Account, Region: r.Region, Type: r.Type, Resource: r.ID, Status: f.Status, Workflow: haetae.WorkflowNew})
		}
	}
	d.Findings = diffFindings{[]findingRow{}, []findingRow{}, []findingRow{}}
	row := func(f *haetae.Finding, status haetae.Status, reason string) findingRow {
		return findingRow{f.Rule.ID, status, f.Rule.Severity.String(), rowOf(f.Resource), f.Rule.Title.In(lang), reason, f.UID()}
	}
	worst := haetae.Severity(0)
	scan := hub.Scan{Time: after.snapshot.Time, Now: time.Now().Unix(), Rules: after.rules, Listed: graph.Listings(after.snapshot.Coverage)}
	steps, _ := hub.Decide(scan, kept, each(after.report.Findings))
	for step, err := range steps {
		if err != nil {
			return 0, err
		}
		switch failed := step.Was != nil && step.Was.Status == haetae.Fail; {
		case step.Status == haetae.Fail && !failed:
			d.Findings.Opened = append(d.Findings.Opened, row(step.Finding, haetae.Fail, step.Finding.Reason))
			if step.Finding.Suppressed == nil {
				worst = max(worst, step.Finding.Rule.Severity)
			}
		case failed && step.Stale+step.Unseen != "":
			d.Findings.Unknown = append(d.Findings.Unknown, row(old[step.UID], haetae.Undecided, step.Stale+step.Unseen))
		case failed && !step.Status.Open():
			d.Findings.Closed = append(d.Findings.Closed, row(old[step.UID], step.Status, old[step.UID].Reason))
		}
	}
	for _, list := range [][]findingRow{d.Findings.Opened, d.Findings.Closed, d.Findings.Unknown} {
		slices.SortFunc(list, byRank)
	}
	return worst, nil
}

func byRank(a, b findingRow) int {
	x, _ := haetae.ParseSeverity(a.Severity)
	y, _ := haetae.ParseSeverity(b.Severity)
	if x != y {
		return int(y - x)
	}
	return strings.Compare(a.Control+"\x00"+a.Resource.Account+"\x00"+a.Resource.Region+"\x00"+a.Resource.ID, b.Control+"\x00"+b.Resource.Account+"\x00"+b.Resource.Region+"\x00"+b.Resource.ID)
}

// printDiff prints for people: one line for each thing, a sign before it.
func (a *app) printDiff(d *difference) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
		b.WriteString(indent + report.OneLine(text) + "\n")
	}
	where := func(r resourceRow) string {
		return strings.TrimRight(strings.Join(slices.DeleteFunc([]string{r.Type, r.ID, r.Account, r.Region}, func(s string) bool { return s == "" }), " "), " ")
	}
	line("Resources: %d added, %d removed, %d changed", len(d.Resources.Added), len(d.Resources.Removed), len(d.Resources.Changed))
	for _, r := range d.Resources.Added {
		line("+ %s", where(r))
	}
	for _, r := range d.Resources.Removed {
		line("- %s", where(r))
	}
	for _, r := range d.Resources.Changed {
		line("~ %s", where(r.resourceRow))
		for _, c := range r.Changes {
			line("    %s: %s → %s", c.Path, short(c.Before), short(c.After))
		}
	}
	line("Findings: %d opened, %d closed, %d not decided", len(d.Findings.Opened), len(d.Findings.Closed), len(d.Findings.Unknown))
	for _, x := range []struct {
		sign string
		list []findingRow
	}{{"+", d.Findings.Opened}, {"-", d.Findings.Closed}, {"?", d.Findings.Unknown}} {
		for _, f := range x.list {
			line("%s %s %s: %s", x.sign, f.Severity, f.Control, where(f.Resource))
			if f.Reason != "" && x.sign != "-" {
				line("    %s", f.Reason)
			}
		}
	}
	_, err := a.out.Write([]byte(b.String()))
	return printed(err)
}

// short is a value as it fits into a line.
func short(raw json.RawMessage) string {
	text := []rune(string(raw))
	if len(text) > 120 {
		return string(text[:119]) + "…"
	}
	if string(raw) == "null" {
		return "not set"
	}
	return string(text)
}
