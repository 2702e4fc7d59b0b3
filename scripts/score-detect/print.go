package main

import (
	"bytes"
	"fmt"
	"strings"
	"text/tabwriter"
)

// mostOther is the share of other records that findings of low and above may carry.
const mostOther = 0.01

// print writes a score for people.
func (s *score) print(w *bytes.Buffer) {
	fmt.Fprintf(w, "\n== %s: %d records, %d of an attack\n\n", s.Name, s.Records, s.Labelled)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tKIND\tSEVERITY\tFINDINGS\tOF THE ATTACK\tRECORDS\tITS\tOTHER\tDELAY")
	for _, r := range s.Rules {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", r.Rule, r.Kind, r.Severity, r.Findings, r.Right, r.Events, r.Attack, r.Other, r.Delay)
	}
	_ = t.Flush() // a buffer takes all
	if len(s.Steps) > 0 {
		fmt.Fprintln(w, "\nsteps of the attack:")
		t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
		for _, x := range s.Steps {
			fmt.Fprintf(t, "  %d of %d\t%s\t%s\n", x.Caught, x.Records, x.Step, strings.Join(x.Rules, ", "))
		}
		_ = t.Flush()
	}
	if len(s.Decoys) > 0 {
		fmt.Fprintln(w, "\nwhat looks bad and is not:")
		t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
		for _, d := range s.Decoys {
			fmt.Fprintf(t, "  %d records\t%s\t%d alert, %d at low and above, %d at medium and above\n", d.Records, d.Why, d.Alerting["informational"], d.Alerting["low"], d.Alerting["medium"])
		}
		_ = t.Flush()
	}
	s.totals(w)
}

// totals writes what is true of all rules together, and whether the goals are met.
func (s *score) totals(w *bytes.Buffer) {
	fmt.Fprintln(w)
	if s.Labelled > 0 {
		fmt.Fprintf(w, "recall: a finding carries %d of the attack's %d records (%.1f %%)", s.Caught, s.Labelled, 100*s.Recall)
		if len(s.Steps) > 0 {
			fmt.Fprintf(w, " and something of %d of its %d steps", s.StepsSeen, len(s.Steps))
		}
		fmt.Fprintln(w)
		if s.Delay != "" {
			fmt.Fprintf(w, "delay: the first finding of medium and above is there %s after the attack began\n", s.Delay)
		} else {
			fmt.Fprintln(w, "delay: no finding of medium and above carries a record of the attack")
		}
	}
	fmt.Fprintf(w, "other records that a finding carries: %d (%.3f %%); at low and above %d (%.3f %%), at medium and above %d (%.3f %%), at high and above %d (%.3f %%)\n",
		s.Alerting["informational"], 100*s.Shares["informational"], s.Alerting["low"], 100*s.Shares["low"], s.Alerting["medium"], 100*s.Shares["medium"], s.Alerting["high"], 100*s.Shares["high"])
	fmt.Fprintf(w, "false alarms a day, over %.1f days: %.2f of low and above, %.2f of medium and above, %.2f of high and above\n",
		s.Days, s.FalseDaily["low"], s.FalseDaily["medium"], s.FalseDaily["high"])
	for _, c := range s.Sequences {
		fmt.Fprintf(w, "sequence: %s (%s), score %s, of %d records of the attack and %d others\n", c.Rule, c.Severity, c.Score, c.Attack, c.Other)
	}
	if s.NotNamed > 0 {
		fmt.Fprintf(w, "findings carry %d records more than they name: all counts of records are lower bounds\n", s.NotNamed)
	}
	if s.Name == lab {
		fmt.Fprintf(w, "goal: the attack is one sequence: %s\n", met(len(s.attacked()) == 1, fmt.Sprintf("%d", len(s.attacked()))))
	}
	fmt.Fprintf(w, "goal: less than %.0f %% of other records at low and above: %s\n", 100*mostOther, met(s.Shares["low"] < mostOther, fmt.Sprintf("%.2f %%", 100*s.Shares["low"])))
}

func met(ok bool, is string) string {
	if ok {
		return "met"
	}
	return "not met, " + is
}
