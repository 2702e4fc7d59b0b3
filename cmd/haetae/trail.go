package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/source"
	"github.com/haetae/haetae/trail"
)

func (a *app) trailCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "trail",
		Short: "Verify what CloudTrail delivered",
	}
	c.AddCommand(a.trailVerifyCommand())
	return c
}

func (a *app) trailVerifyCommand() *cobra.Command {
	var keyFiles []string
	var output, region string
	var l live
	c := &cobra.Command{
		Use:   "verify PATH|s3://BUCKET/PREFIX…",
		Short: "Whether log files of CloudTrail were altered, removed or added",
		Long: `Reads a copy of the bucket of a trail (its AWSLogs folder, or any part of it) and
checks the digest files as a chain, their signatures against CloudTrail's public
keys, and the log files against the digests. For a copy no account is asked.

A digest's own signature is metadata of its object in S3, which a copy in a
folder has not; the next digest repeats it, so all but the newest are proven. Read
from the bucket itself, the newest is proven too.
Without keys the hashes are compared all the same, but nothing is proven: whoever
could write to the bucket could have written all of it.

Exit code 1 means that something is wrong, 3 that nothing is but not all could be
checked.`,
		Example: `  aws s3 sync s3://BUCKET/AWSLogs logs/AWSLogs
  aws cloudtrail list-public-keys --start-time 2026-01-01 --region us-east-1 > keys-us-east-1.json
  haetae trail verify logs --keys keys-us-east-1.json
  haetae trail verify s3://BUCKET/AWSLogs/111122223333/ --keys keys-us-east-1.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("a copy of a trail's bucket is meant: haetae trail verify PATH…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(output, "table", "json"); err != nil {
				return err
			}
			keys, err := publicKeys(keyFiles)
			if err != nil {
				return err
			}
			p := a.progress()
			p.stage("reading digests and log files")
			var stats ingest.Stats
			c, err := a.trailCopy(cmd.Context(), args, &l, region, &stats)
			p.Close()
			if errors.Is(err, fs.ErrNotExist) {
				return usage{err}
			}
			if err != nil {
				return err
			}
			var digests []*trail.Digest
			for _, o := range c.Digests {
				d, err := trail.ReadDigest(o)
				if err != nil {
					// A digest that is none proves nothing of its hour, and somebody made it.
					stats.UnreadFiles++
					stats.Problems = append(stats.Problems, ingest.Problem{Kind: ingest.File, Reason: err.Error()})
					continue
				}
				digests = append(digests, d)
			}
			if len(c.Digests)+len(c.Logs)+stats.UnreadFiles == 0 {
				return usagef("no digest and no log file of CloudTrail is below %v: their names have _CloudTrail-Digest_ or _CloudTrail_ in them", args)
			}
			r := trail.Verify(digests, c.Logs, keys)
			if err := a.printTrail(r, &stats, c.Others, output); err != nil {
				return err
			}
			switch {
			case len(r.Wrong) > 0:
				return exit(exitFound)
			case len(r.Unchecked) > 0 || stats.UnreadFiles > 0 || len(digests) == 0:
				return exit(exitIncomplete)
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&keyFiles, "keys", nil, "what aws cloudtrail list-public-keys printed, of each region; may be repeated")
	c.Flags().StringVar(&l.profile, "profile", "", "for s3://…: AWS profile (AWS_PROFILE)")
	c.Flags().StringVar(&region, "region", "", "for s3://…: the bucket's Region, where it is not that of the profile")
	c.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return c
}

// trailCopy reads what is there of a trail's bucket: copies in folders, and buckets.
func (a *app) trailCopy(ctx context.Context, args []string, l *live, region string, stats *ingest.Stats) (*ingest.TrailCopy, error) {
	paths, remote := argumentsOf(args)
	out, err := ingest.Trail(ctx, paths, stats)
	if err != nil || len(remote) == 0 {
		return out, err
	}
	opt := source.Options{Region: region}
	if opt.Client, opt.Session, err = a.open(ctx, l, region); err != nil {
		return nil, err
	}
	opt.Region = cmp.Or(region, opt.Session.Region, "us-east-1")
	for _, arg := range remote {
		if !strings.HasPrefix(arg, "s3://") {
			return nil, usagef("%s: a folder or s3://BUCKET/PREFIX is meant", arg)
		}
		s, err := source.Open(arg, opt)
		if err != nil {
			return nil, usage{err}
		}
		if err := a.trailBucket(ctx, s, out, stats); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return out, nil
}

// trailBucket reads the digests and log files of a bucket.
func (a *app) trailBucket(ctx context.Context, s source.Source, out *ingest.TrailCopy, stats *ingest.Stats) error {
	for {
		p, err := s.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case !ingest.OfTrail(p.Object):
			out.Others++
			continue
		}
		body, err := p.Open(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			stats.UnreadFiles++
			stats.Problems = append(stats.Problems, ingest.Problem{Kind: ingest.File, Reason: err.Error()})
			continue
		}
		// The metadata that CloudTrail sets is x-amz-meta-signature
		// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html).
		out.Add(p.Name, p.Object, body, p.Metadata["signature"], stats)
		if err := body.Close(); err != nil {
			return err
		}
	}
}

// publicKeys reads all files of keys.
func publicKeys(files []string) (trail.Keys, error) {
	all := trail.Keys{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, usagef("--keys: %v", err)
		}
		keys, err := trail.ReadKeys(text)
		if err != nil {
			return nil, usagef("--keys %s: %v", name, err)
		}
		for f, k := range keys {
			all[f] = k
		}
	}
	return all, nil
}

// trailJSON is the report, as JSON.
type trailJSON struct {
	Chains    []chainJSON      `json:"chains"`
	Wrong     []trail.Remark   `json:"wrong"`
	Unchecked []trail.Remark   `json:"unchecked"`
	LogFiles  int              `json:"logFiles"`
	Others    int              `json:"otherFiles"`
	Unread    int              `json:"unreadFiles"`
	Problems  []ingest.Problem `json:"problems"`
}

type chainJSON struct {
	Account  string `json:"account"`
	Region   string `json:"region"`
	Trail    string `json:"trail"`
	Backfill bool   `json:"backfill,omitempty"`
	From     string `json:"from"`
	To       string `json:"to"`
	Digests  int    `json:"digests"`
	Proven   int    `json:"provenDigests"`
	Logs     int    `json:"namedLogFiles"`
	Good     int    `json:"provenLogFiles"`
	Fitting  int    `json:"fittingLogFiles"`
}

func (a *app) printTrail(r *trail.Report, s *ingest.Stats, others int, output string) error {
	if output == "json" {
		j := trailJSON{Chains: []chainJSON{}, Wrong: orEmpty(r.Wrong), Unchecked: orEmpty(r.Unchecked), LogFiles: r.Logs, Others: others, Unread: s.UnreadFiles, Problems: orEmpty(s.Problems)}
		for _, c := range r.Chains {
			j.Chains = append(j.Chains, chainJSON{c.Account, c.Region, c.Trail, c.Backfill, c.From.UTC().Format(time.RFC3339), c.To.UTC().Format(time.RFC3339), c.Digests, c.Proven, c.Logs, c.Good, c.Fitting})
		}
		e := encoder(a.out)
		e.SetIndent("", " ")
		return printed(e.Encode(j))
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if len(r.Chains) > 0 {
		fmt.Fprintln(t, "ACCOUNT\tREGION\tTRAIL\tFROM\tTO\tDIGESTS\tPROVEN\tLOG FILES\tPROVEN\tFIT ONLY")
	}
	for _, c := range r.Chains {
		name := c.Trail
		if c.Backfill {
			name += " (backfill)"
		}
		at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\n", c.Account, c.Region, name, at(c.From), at(c.To), c.Digests, c.Proven, c.Logs, c.Good, c.Fitting)
	}
	if err := t.Flush(); err != nil {
		return printed(err)
	}
	remarks(a.out, "Wrong", r.Wrong)
	remarks(a.out, "Not checked", r.Unchecked)
	if s.UnreadFiles > 0 {
		fmt.Fprintf(a.out, "\nNot read: %d files\n", s.UnreadFiles)
		for _, p := range s.Problems {
			text := p.Reason
			if p.Place.File != "" {
				text = p.String()
			}
			fmt.Fprintln(a.out, "  "+text)
		}
	}
	verdict := "All that is there is as CloudTrail delivered it."
	switch {
	case len(r.Wrong) > 0:
		verdict = fmt.Sprintf("%d things are wrong.", len(r.Wrong))
	case len(r.Chains) == 0:
		verdict = "There is no digest: nothing is known of the log files. Is the trail's log file validation on?"
	case len(r.Unchecked) > 0 || s.UnreadFiles > 0:
		verdict = "Nothing is wrong, but not all could be checked."
	}
	_, err := fmt.Fprintf(a.out, "\n%d log files found, %d files of other names passed over. %s\n", r.Logs, others, verdict)
	return printed(err)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// maxRemarks bounds the lines of one code in the table; JSON has all.
const maxRemarks = 20

// remarks prints what is wrong, or not checked, by code.
func remarks(w io.Writer, title string, list []trail.Remark) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	var order []trail.Code
	by := map[trail.Code][]trail.Remark{}
	for _, r := range list {
		if !slices.Contains(order, r.Code) {
			order = append(order, r.Code)
		}
		by[r.Code] = append(by[r.Code], r)
	}
	for _, code := range order {
		for i, r := range by[code] {
			if i == maxRemarks {
				fmt.Fprintf(w, "  %s  and %d more: --output json has all\n", code, len(by[code])-maxRemarks)
				break
			}
			fmt.Fprintf(w, "  %s  %s  %s: %s\n", code, r.Chain, r.File, r.Detail)
		}
	}
}
