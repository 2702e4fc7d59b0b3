package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/report"
)

// unusedRow is one unused access, as JSON.
type unusedRow struct {
	Principal string         `json:"principal"`
	Kind      iam.UnusedKind `json:"kind"`
	What      string         `json:"what,omitempty"`
	LastUsed  string         `json:"lastUsed,omitempty"`
	Status    string         `json:"status"` // FAIL or UNKNOWN
	Reason    string         `json:"reason"`
	Missing   []string       `json:"missing,omitempty"`
}

func (a *app) iamUnusedCommand() *cobra.Command {
	var i identities
	var days int
	var trails []string
	c := &cobra.Command{
		Use:   "unused",
		Short: "roles, users, passwords, keys and permissions that nobody uses",
		Long: `Lists what was not used for --days days, as of the time of the source. What is
younger is left out, and so are service-linked roles, which no one can shrink.
Permissions are judged service by service where AWS's last-accessed reports were
read (haetae collect --with last-accessed), and only those that the evaluator
allows. CloudTrail records given with --events count as uses; where they reach
back far enough they also judge the permissions on which there is no report.

The exit code is 1 when something is unused.`,
		Example: `  haetae iam unused --from sample
  haetae iam unused --days 180 --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(i.output, "table", "json", "ndjson"); err != nil {
				return err
			}
			if days < 1 {
				return usagef("--days %d is no number of days", days)
			}
			w, err := a.world(cmd, &i)
			if err != nil {
				return err
			}
			since := time.Unix(w.Graph().Time(), 0).AddDate(0, 0, -days)
			usage, broken, err := a.usage(trails)
			if err != nil {
				return err
			}
			list, err := w.Unused(since, usage)
			if err != nil {
				return err
			}
			rows, reports := make([]unusedRow, len(list)), false
			for k, u := range list {
				r := unusedRow{Principal: u.Identity.ARN, Kind: u.Kind, What: u.What, Status: "FAIL", Reason: u.String()}
				if !u.Last.IsZero() {
					r.LastUsed = u.Last.UTC().Format(time.RFC3339)
				}
				if u.Unknown != nil {
					r.Status, r.Missing = "UNKNOWN", u.Unknown.Actions
				}
				rows[k] = r
			}
			for _, p := range w.Identities() {
				reports = reports || p.Resource != nil && p.Resource.Volatile["ServicesLastAccessed"] != nil
			}
			if err := a.printUnused(rows, i.output, days, reports); err != nil {
				return err
			}
			switch {
			case broken > 0:
				return exit(exitIncomplete)
			case len(rows) > 0:
				return exit(exitFound)
			}
			return nil
		},
	}
	i.flags(c, "table, json or ndjson")
	c.Flags().StringArrayVar(&trails, "events", nil, "a file of CloudTrail records, or a folder of them: what they show was used; may be repeated")
	c.Flags().IntVar(&days, "days", 90, "unused for so many days")
	return c
}

// usage reads the records of trails; nil when none are given. broken counts what
// could not be read.
func (a *app) usage(trails []string) (usage *iam.Usage, broken int, err error) {
	if len(trails) == 0 {
		return nil, 0, nil
	}
	catalogue, err := a.permissions()
	if err != nil {
		return nil, 0, err
	}
	events, err := iam.NewEvents(catalogue)
	if err != nil {
		return nil, 0, fmt.Errorf("the map of CloudTrail's events: %w", err)
	}
	usage = iam.NewUsage(events)
	for _, t := range trails {
		err := eachTrail(t, func(path string, data []byte, err error) {
			var list []*iam.Event
			if err == nil {
				list, err = iam.ParseEvents(data)
			}
			if err != nil {
				broken++
				a.advise("%s: %v", report.OneLine(path), err)
			}
			for _, e := range list {
				usage.Add(e)
			}
		})
		if err != nil {
			return nil, 0, noTrail(t, err)
		}
	}
	return usage, broken, nil
}

func (a *app) printUnused(rows []unusedRow, output string, days int, reports bool) error {
	if done, err := jsonRows(a.out, rows, output); done {
		return err
	}
	last := ""
	counts := map[iam.UnusedKind]int{}
	unknown := 0
	for _, r := range rows {
		if r.Principal != last {
			fmt.Fprintf(a.out, "%s\n", r.Principal)
			last = r.Principal
		}
		fmt.Fprintf(a.out, "  %s\n", r.Reason)
		if r.Status == "UNKNOWN" {
			unknown++
		} else {
			counts[r.Kind]++
		}
	}
	var parts []string
	for _, k := range []iam.UnusedKind{iam.UnusedUser, iam.UnusedRole, iam.UnusedPassword, iam.UnusedKey, iam.UnusedService} {
		if counts[k] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[k], k))
		}
	}
	if parts == nil {
		parts = []string{"nothing"}
	}
	fmt.Fprintf(a.out, "\nUnused for %d days: %s. Not known: %d.\n", days, strings.Join(parts, ", "), unknown)
	if !reports {
		fmt.Fprintln(a.out, "No last-accessed reports are in the source, so permissions were not judged: collect them with --with last-accessed.")
	}
	return nil
}
