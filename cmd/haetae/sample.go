package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sample/logs"
)

func (a *app) sampleCommand() *cobra.Command {
	c := &cobra.Command{Use: "sample", Short: "The sample organisation: what its logs would hold"}
	c.AddCommand(a.sampleLogsCommand())
	return c
}

// sampleLogs are what the flags of sample logs say.
type sampleLogs struct {
	seed   uint64
	days   int
	start  string
	scale  float64
	cases  string
	output string
}

func (a *app) sampleLogsCommand() *cobra.Command {
	var o sampleLogs
	c := &cobra.Command{
		Use:   "logs DIR",
		Short: "Write two weeks of the sample organisation's logs, break-ins included",
		Long: `Writes logs of the sample organisation into a new folder: CloudTrail, VPC flow logs,
Route 53 Resolver query logs, WAF, load balancers, S3 access, databases and
Kubernetes audit, as AWS delivers them. People work, machines run, the internet
knocks, and three break-ins happen: a key in code (A), SQL injection (F), a root
user without MFA (K). labels.ndjson names the records of the break-ins,
benign.ndjson those that only look bad. The same flags make the same bytes.`,
		Example: `  haetae sample logs ./sample-logs
  haetae sample logs ./one-day --days 1 --scale 0.05 --case K
  haetae sample logs ./quiet --case none --seed 7`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("a folder is meant: haetae sample logs DIR")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.sampleLogs(cmd, args[0], &o) },
	}
	f := c.Flags()
	f.Uint64Var(&o.seed, "seed", 1, "where chance begins: another seed makes other logs")
	f.IntVar(&o.days, "days", 14, "how many days")
	f.StringVar(&o.start, "start", logs.DefaultStart().Format(time.DateOnly), "the first day, in UTC")
	f.Float64Var(&o.scale, "scale", 1, "how much machines and the internet do; 1 makes more than a million records in fourteen days")
	f.StringVar(&o.cases, "case", "all", "break-ins: all, none, or some of A, F and K, also on a day: A@day9,K")
	f.StringVarP(&o.output, "output", "o", "table", "table or json")
	return c
}

func (a *app) sampleLogs(cmd *cobra.Command, dir string, o *sampleLogs) error {
	if err := formatOf(o.output, "table", "json"); err != nil {
		return err
	}
	start, err := time.Parse(time.DateOnly, o.start)
	if err != nil {
		return usagef("--start %s: a day is meant, as 2026-11-10", o.start)
	}
	cases, err := logs.ParseCases(o.cases)
	if err != nil {
		return usagef("--case: %w", err)
	}
	switch {
	case o.days < 1 || o.days > 3660:
		return usagef("--days %d: from 1 to 3660", o.days)
	case !(o.scale > 0 && o.scale <= 1000):
		return usagef("--scale %g: above 0, up to 1000", o.scale)
	}
	for _, c := range cases {
		if c.Day > o.days {
			return usagef("--case %s@day%d: there are %d days", c.Name, c.Day, o.days)
		}
	}
	if old, err := os.ReadDir(dir); err == nil && len(old) > 0 {
		return usage{&haetae.Error{Code: haetae.Invalid, Op: "write " + dir, Err: errors.New("the folder is not empty"), Hint: "Logs of two runs in one folder would be logs of none. Name a new folder."}}
	}
	began := time.Now()
	p := a.progress()
	p.stage("writing logs")
	r, err := logs.Write(cmd.Context(), logs.Options{Seed: o.seed, Start: start, Days: o.days, Scale: o.scale, Cases: cases, Create: func(name string) (io.WriteCloser, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		f, err := os.Create(path)
		if errors.Is(err, os.ErrNotExist) {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return nil, err
			}
			f, err = os.Create(path)
		}
		return f, err
	}})
	p.Close()
	if err != nil {
		return err
	}
	took := time.Since(began)
	if o.output == "json" {
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "LOG\tRECORDS\t")
	for _, c := range r.Records {
		fmt.Fprintf(w, "%s\t%d\t\n", c.Name, c.N)
	}
	fmt.Fprintf(w, "all\t%d\t\n", r.Total())
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	fmt.Fprintf(a.out, "\n%d files, %.1f MB (%.1f MB unpacked); %d records came late, %d twice.\n", r.Files, float64(r.Bytes)/1e6, float64(r.Unpacked)/1e6, r.Late, r.Twice)
	for _, c := range r.Labels {
		fmt.Fprintf(a.out, "Case %s: %d records, named in labels.ndjson.\n", c.Name, c.N)
	}
	fmt.Fprintf(a.out, "%d records look bad and are not, by benign.ndjson.\n", r.Benign)
	a.advise("%.1f s, %.0f records a second. Next: haetae detect %s", took.Seconds(), float64(r.Total())/took.Seconds(), dir)
	return nil
}
