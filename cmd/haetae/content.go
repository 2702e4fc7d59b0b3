package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/schema"
)

func dirOf(path string) string {
	if d := filepath.Dir(path); d != "" {
		return d
	}
	return "."
}

// contentTrees opens the folders of --content.
func contentTrees(dirs []string) ([]fs.FS, error) {
	var out []fs.FS
	for _, d := range dirs {
		info, err := os.Stat(d)
		if err == nil && !info.IsDir() {
			err = errors.New("not a folder")
		}
		if err != nil {
			return nil, usage{&haetae.Error{Code: haetae.NotFound, Op: "--content " + d, Err: err, Hint: "Give a folder that holds controls/<service>/<id>.yaml or standards/<id>.yaml."}}
		}
		out = append(out, os.DirFS(d))
	}
	return out, nil
}

func (a *app) contentCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "content",
		Short: "What rules there are; run their examples",
		Example: `  haetae content list
  haetae content test --content ./my-content`,
	}
	var output string
	var kinds []string
	list := &cobra.Command{
		Use: "list", Short: "List all controls with their other names, all detections, attack sequences and standards", Args: cobra.NoArgs,
		Example: `  haetae content list
  haetae content list --kind detection,sequence
  haetae content list --output json`,
		RunE: func(*cobra.Command, []string) error { return a.contentList(kinds, output) },
	}
	list.Flags().StringSliceVar(&kinds, "kind", nil, "only "+strings.Join(contentKinds(), ", ")+"; comma separated")
	list.Flags().StringVarP(&output, "output", "o", "table", "table, json or ndjson")
	show := &cobra.Command{
		Use: "show ID", Short: "Print the file of a control, a detection, an attack sequence or a standard", Args: cobra.ExactArgs(1),
		Example: `  haetae content show s3-bucket-versioning-enabled
  haetae content show S3.14`,
		RunE: func(_ *cobra.Command, args []string) error { return a.contentShow(args[0]) },
	}
	test := &cobra.Command{
		Use: "test", Short: "Compile all controls and detections, run their examples and try every mutant", Args: cobra.NoArgs,
		Example: `  haetae content test
  haetae content test --content ./my-content`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.contentTest(cmd.Context()) },
	}
	functions := &cobra.Command{
		Use: "functions", Short: "List the functions that expressions may call", Args: cobra.NoArgs,
		Example: `  haetae content functions
  haetae content functions | grep policy`,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
			for _, f := range control.Functions() {
				fmt.Fprintf(w, "%s\t%s\n", f[0], f[1])
			}
			return w.Flush()
		},
	}
	cmd.AddCommand(list, show, test, functions, a.propertiesCommand())
	return cmd
}

// find returns the control of an id, its own or another tool's.
func (a *app) find(id string) (*control.Control, error) {
	controls, err := a.controls()
	if err != nil {
		return nil, err
	}
	found, err := chosen(controls, []string{id})
	if err != nil {
		return nil, usage{&haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s is no control", id), Hint: "haetae content list shows all controls with their other names."}}
	}
	return found[0], nil
}

func (a *app) contentTest(ctx context.Context) error {
	controls, err := a.controls()
	if err != nil {
		return err
	}
	sch, err := schema.Load()
	if err != nil {
		return fmt.Errorf("built-in schema: %w", err)
	}
	set, err := control.NewSet(sch, controls)
	if err != nil {
		return err
	}
	standards, err := a.standards()
	if err != nil {
		return err
	}
	lost := content.MissingControls(standards, func(id string) bool {
		return slices.ContainsFunc(controls, func(c *control.Control) bool { return c.ID == id })
	})
	t := set.Test()
	for _, f := range t.Faults {
		fmt.Fprintln(a.out, f)
	}
	for _, f := range lost {
		fmt.Fprintln(a.out, f)
	}
	accepted, examples, wrong, err := a.testExceptions(sch, controls)
	if err != nil {
		return err
	}
	failed, primitives, played, err := a.escalationTest(sch)
	if err != nil {
		return err
	}
	missed, detections, records, err := a.detectionTest(ctx)
	if err != nil {
		return err
	}
	failed = append(failed, missed...)
	other, sequences, signals, err := a.sequenceTest()
	if err != nil {
		return err
	}
	for _, f := range wrong {
		fmt.Fprintln(a.out, f)
	}
	for _, f := range slices.Concat(failed, other) {
		fmt.Fprintln(a.out, f)
	}
	faults := len(t.Faults) + len(lost) + len(wrong) + len(failed) + len(other)
	exceptions := ""
	if accepted != nil {
		exceptions = fmt.Sprintf(" %d exceptions with %d examples,", len(accepted.Exceptions()), examples)
	}
	fmt.Fprintf(a.out, "%d controls, %d examples, %d mutants tried (%d waived), %d standards,%s %d escalation primitives with %d examples, %d detections with %d examples, %d attack sequences with %d examples, %d faults\n", t.Controls, t.Examples, t.Mutants, t.Waived, len(standards), exceptions, primitives, played, detections, records, sequences, signals, faults)
	if faults > 0 {
		return exit(exitFound)
	}
	return nil
}
