package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/exception"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/report"
	"github.com/haetae/haetae/schema"
)

// scanFlags are the flags of haetae scan.
type scanFlags struct {
	sources
	output      []string
	all         bool
	failOn      string
	minCoverage float64
	controls    []string
	standards   standardFlags
}

func (a *app) scanCommand() *cobra.Command {
	var s scanFlags
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Judge resources by all controls and print ranked findings",
		Long: `Reads the sources, judges every resource and prints what failed and what could
not be judged, most serious first. Exit code 1 means that something at or above
--fail-on failed, 3 that a source could not be read or coverage was too low.

What live accounts, folders of AWS CLI output and snapshots say is kept in the
data directory, and a line says what changed since the last time.`,
		Example: `  haetae scan --profile audit --region eu-west-1
  haetae scan --from template.yaml
  haetae scan --from store@2026-03-03T12:00:00Z
  haetae scan --standard cis-5.0 --answers answers.yaml --output html=audit.html
  haetae scan --from stacks/ --parameters Stage=prod --output sarif --fail-on critical`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.scan(cmd.Context(), &s) },
	}
	s.flags(cmd)
	f := cmd.Flags()
	f.StringArrayVarP(&s.output, "output", "o", []string{"table"}, "FORMAT or FORMAT=FILE, may be repeated; formats: "+strings.Join(report.Formats(), ", "))
	f.BoolVar(&s.all, "all", false, "also what passed and what does not apply")
	f.StringVar(&s.failOn, "fail-on", "high", "exit with 1 at this severity and above; none never does")
	f.Float64Var(&s.minCoverage, "min-coverage", 0, "exit with 3 when less than this percentage could be judged")
	f.BoolVar(&s.store, "store", false, "keep findings and resources in the store, also those of templates and of the sample")
	f.BoolVar(&s.noStore, "no-store", false, "keep nothing: by default what live accounts, folders and snapshots say is kept")
	f.StringArrayVar(&s.controls, "control", nil, "only this control, by its id or another tool's; may be repeated")
	f.StringArrayVar(&s.standards.ids, "standard", nil, "assess by this standard, such as cis-5.0, and run only its controls; may be repeated")
	f.StringVar(&s.standards.answers, "answers", "", "YAML file with people's answers to manual requirements")
	f.BoolVar(&s.standards.allControls, "all-controls", false, "with --standard: run all controls all the same")
	return cmd
}

func (a *app) scan(ctx context.Context, s *scanFlags) error {
	failOn, err := threshold(s.failOn)
	if err != nil {
		return err
	}
	outputs, err := outputsOf(s.output)
	if err != nil {
		return err
	}
	if _, err := a.retentionTime(); err != nil {
		return err
	}
	if s.store && s.noStore {
		return usagef("--store and --no-store exclude each other")
	}
	p := a.progress()
	j, err := a.judge(ctx, s, p)
	p.Close()
	if err != nil {
		return err
	}
	rep := j.report
	for _, o := range outputs {
		if err := a.write(o, rep, s.all); err != nil {
			return err
		}
	}
	if j.accepted != nil {
		covers := 0
		for i := range rep.Findings {
			if x := rep.Findings[i].Suppressed; x != nil && x.ID != "" {
				covers++
			}
		}
		a.adviseExceptions(rep.Exceptions, covers)
	}
	if s.keeps(j.snapshot) {
		if err := a.keep(ctx, j); err != nil {
			return err
		}
	}
	if err := a.over(true); err != nil {
		return err
	}
	return a.verdict(rep, failOn, s.minCoverage)
}

// judged is a scan that is done: what was read and what is said of it.
type judged struct {
	snapshot *haetae.Snapshot
	graph    *graph.Graph
	rules    map[string]bool // the controls that judged
	others   map[string]bool // those that there are and that were not asked
	accepted *exception.Set  // nil when no exceptions were given
	report   *report.Report
}

// judge reads the sources and judges what they say.
func (a *app) judge(ctx context.Context, s *scanFlags, p *progress) (*judged, error) {
	sch, err := schema.Load()
	if err != nil {
		return nil, fmt.Errorf("built-in schema: %w", err)
	}
	if len(s.controls) > 0 && len(s.standards.ids) > 0 {
		return nil, usagef("--control and --standard exclude each other: a standard names its controls")
	}
	frames, err := a.frameworks(&s.standards)
	if err != nil {
		return nil, err
	}
	set, all, err := a.set(sch, s.controls, frames, s.standards.allControls)
	if err != nil {
		return nil, err
	}
	now, err := s.instant()
	if err != nil {
		return nil, err
	}
	accepted, err := a.exceptions(sch, all, now)
	if err != nil {
		return nil, err
	}
	snap, err := a.load(ctx, &s.sources, sch, p)
	if err != nil {
		return nil, err
	}
	j, err := evaluate(ctx, sch, set, snap, s.from, p)
	if err != nil {
		return nil, err
	}
	accept(accepted, j, set.Controls(), now)
	frames.assess(j.report, set.Controls())
	for _, c := range all {
		if !j.rules[c.ID] {
			j.others[c.ID] = true
		}
	}
	j.accepted = accepted
	return j, nil
}

// evaluate judges a snapshot.
func evaluate(ctx context.Context, sch *schema.Schema, set *control.Set, snap *haetae.Snapshot, from []string, p *progress) (*judged, error) {
	p.stage(fmt.Sprintf("judging %d resources", len(snap.Resources)))
	g := graph.New(sch, snap)
	rep := &report.Report{Version: version(), Time: time.Unix(snap.Time, 0).UTC(), Sources: from, Coverage: snap.Coverage, Problems: snap.Problems}
	for f, err := range set.Evaluate(g) {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rep.Findings = append(rep.Findings, f)
	}
	rep.Summary = report.Summarize(rep.Findings, rep.Coverage, rep.Problems)
	j := &judged{snapshot: snap, graph: g, rules: map[string]bool{}, others: map[string]bool{}, report: rep}
	for _, c := range set.Controls() {
		j.rules[c.ID] = true
	}
	return j, nil
}

// set prepares the controls asked for: by name, by standards, or all. It
// returns all that there are, too.
func (a *app) set(sch *schema.Schema, only []string, frames frameworks, every bool) (*control.Set, []*control.Control, error) {
	all, err := a.controls()
	if err != nil {
		return nil, nil, err
	}
	controls := all
	if len(only) > 0 {
		if controls, err = chosen(controls, only); err != nil {
			return nil, nil, err
		}
	}
	if len(frames.standards) > 0 {
		named, err := frames.controls(controls)
		if err != nil {
			return nil, nil, err
		}
		if !every {
			controls = named
		}
	}
	set, err := control.NewSet(sch, controls)
	if err != nil {
		return nil, nil, err
	}
	set.Permissions(a.permissions)
	return set, all, nil
}

// controls are the built-in controls and those of --content.
func (a *app) controls() ([]*control.Control, error) {
	trees, err := contentTrees(a.content)
	if err != nil {
		return nil, err
	}
	return content.Controls(trees...)
}

// chosen are the controls with one of the ids, their own or another tool's.
func chosen(controls []*control.Control, ids []string) ([]*control.Control, error) {
	var out []*control.Control
	for _, id := range ids {
		n := len(out)
		for _, c := range controls {
			if (c.ID == id || slices.Contains(c.Aliases.All(), id)) && !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
		if len(out) == n {
			return nil, usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("--control %s is no control", id), Hint: "haetae content list shows all controls with their other names."}}
		}
	}
	return out, nil
}

// threshold is the severity of --fail-on, above all for "none".
func threshold(word string) (haetae.Severity, error) {
	if strings.EqualFold(word, "none") {
		return haetae.Critical + 1, nil
	}
	s, err := haetae.ParseSeverity(word)
	if err != nil {
		return 0, usagef("--fail-on: %w, none", err)
	}
	return s, nil
}

// output is one report to write: a format, and a file or stdout.
type output struct{ format, file string }

func outputsOf(args []string) ([]output, error) {
	var out []output
	for _, arg := range args {
		format, file, _ := strings.Cut(arg, "=")
		if !slices.Contains(report.Formats(), format) {
			return nil, usagef("--output %s: formats are %s", format, strings.Join(report.Formats(), ", "))
		}
		out = append(out, output{format, file})
	}
	return out, nil
}

func (a *app) write(o output, rep *report.Report, all bool) error {
	opts := report.Options{Lang: a.lang, All: all, Color: o.file == "" && a.color(), Width: a.width()}
	if o.file == "" {
		if err := report.Write(a.out, o.format, rep, opts); err != nil {
			return &haetae.Error{Code: haetae.Unavailable, Op: "print", Err: err, Hint: "Check what stdout leads to: a full disk, or a program that ended."}
		}
		return nil
	}
	return writeFile(o.file, func(w io.Writer) error { return report.Write(w, o.format, rep, opts) })
}

// writeFile writes a whole file or, when that fails, none: the old one stays.
func writeFile(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeInto(path, write)
	}
	f, err := os.CreateTemp(dirOf(path), ".haetae-*")
	if err != nil {
		return &haetae.Error{Code: haetae.Unavailable, Op: "write " + path, Err: err, Hint: "Check that the folder exists and can be written, and that the disk is not full."}
	}
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return &haetae.Error{Code: haetae.Unavailable, Op: "write " + path, Err: errors.Join(err, os.Remove(f.Name())), Hint: "Check that the folder can be written and that the disk is not full."}
	}
	return nil
}

// writeInto writes to what is no file: a pipe, a terminal, /dev/stdout.
func writeInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(write(f), f.Close())
	}
	if err != nil {
		return &haetae.Error{Code: haetae.Unavailable, Op: "write " + path, Err: err, Hint: "Give a file in a folder that can be written."}
	}
	return nil
}

// verdict is the exit code of a scan.
func (a *app) verdict(rep *report.Report, failOn haetae.Severity, minCoverage float64) error {
	decided, all := 0, 0
	found := false
	for i := range rep.Findings {
		f := &rep.Findings[i]
		switch f.Status {
		case haetae.Pass, haetae.Fail:
			decided++
			all++
		case haetae.Undecided:
			all++
		}
		found = found || f.Status == haetae.Fail && f.Suppressed == nil && f.Rule.Severity >= failOn
	}
	if found {
		return exit(exitFound)
	}
	for _, p := range rep.Problems {
		if p.Fatal {
			return exit(exitIncomplete) // the report says which and what to do
		}
	}
	if minCoverage > 0 && all > 0 && 100*float64(decided)/float64(all) < minCoverage {
		a.advise("haetae: %.1f%% could be judged, less than --min-coverage %g: the report lists what is missing", 100*float64(decided)/float64(all), minCoverage)
		return exit(exitIncomplete)
	}
	return nil
}
