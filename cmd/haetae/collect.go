package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/snapshot"
)

func (a *app) collectCommand() *cobra.Command {
	var s sources
	var file string
	var script bool
	var again []string
	cmd := &cobra.Command{
		Use:   "collect",
		Short: "Read the sources into a snapshot file, or print the script that fills a folder",
		Example: `  haetae collect --from ./describe-output/ -o today.snap.zst
  haetae collect -o today.snap.zst --org --role haetae
  haetae collect --from today.snap.zst --refresh sg-0123456789abcdef0 -o today.snap.zst
  haetae collect --script > collect.sh`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if script {
				_, err := io.WriteString(a.out, inventory.Script())
				return err
			}
			if file == "" {
				return usagef("-o FILE is missing")
			}
			if len(again) > 0 {
				return a.refresh(cmd.Context(), &s, again, file)
			}
			return a.collect(cmd.Context(), &s, file)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVarP(&file, "output-file", "o", "", "snapshot file to write (*.snap.zst)")
	cmd.Flags().StringArrayVar(&again, "refresh", nil, "read only this resource again, by ARN, ID or TYPE/ID, and bring --from up to date; may be repeated")
	cmd.Flags().BoolVar(&script, "script", false, "print a shell script of AWS CLI commands that fill a folder for --from")
	return cmd
}

func (a *app) collect(ctx context.Context, s *sources, file string) error {
	sch, err := schema.Load()
	if err != nil {
		return fmt.Errorf("built-in schema: %w", err)
	}
	p := a.progress()
	snap, err := a.load(ctx, s, sch, p)
	p.Close()
	if err != nil {
		return err
	}
	if err := writeFile(file, func(w io.Writer) error { return snapshot.Write(w, snap) }); err != nil {
		return err
	}
	if err := a.over(true); err != nil {
		return err
	}
	a.advise("%s: %d resources, %d problems", file, len(snap.Resources), len(snap.Problems))
	for _, p := range snap.Problems {
		if p.Fatal {
			a.advise("%s:%d: %s", p.Place.File, p.Place.Line, p.Error)
			err = exit(exitIncomplete)
		}
	}
	return err
}
