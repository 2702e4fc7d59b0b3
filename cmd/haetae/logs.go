package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/ingest"
)

func (a *app) logsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "logs",
		Short: "What the logs in files are, who acts in them, and the event lake that keeps them",
	}
	c.AddCommand(a.logsSniffCommand(), a.logsWhoCommand(), a.logsImportCommand(), a.logsQueryCommand(), a.logsTablesCommand(), a.logsStatusCommand(), a.logsCompactCommand(), a.logsRetainCommand())
	return c
}

func (a *app) logsSniffCommand() *cobra.Command {
	var format, output string
	c := &cobra.Command{
		Use:   "sniff PATH…",
		Short: "Which log each file holds, its records and times, and what of it cannot be read",
		Long: `Reads log files to their end and says for each which log it is, how many records
it holds, the times of the earliest and the latest, and how many of its records
and fields could not be read. What a file holds is told from its content.

These are known:
` + knownLogs() + `
Exit code 3 means that something could not be read; what and why is on stderr.`,
		Example: `  aws s3 sync s3://BUCKET/AWSLogs logs/AWSLogs
  haetae logs sniff logs
  haetae logs sniff flows.log --flow-format '${version} ${srcaddr} ${dstaddr} ${action}'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("log files, or folders of them, are meant: haetae logs sniff PATH…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(output, "table", "json", "ndjson"); err != nil {
				return err
			}
			opt := ingest.ReadOptions{}
			if format != "" {
				var err error
				if opt.FlowFormat, err = ingest.FlowFormat(format); err != nil {
					return usage{err}
				}
			}
			rows := []ingest.Source{}
			opt.Done = func(s ingest.Source) error {
				rows = append(rows, s)
				return nil
			}
			var stats ingest.Stats
			p := a.progress()
			p.stage("reading logs")
			err := ingest.Read(cmd.Context(), args, opt, &stats, ingest.Taker{})
			p.Close()
			if errors.Is(err, fs.ErrNotExist) {
				return usage{&haetae.Error{Code: haetae.NotFound, Err: err, Hint: "Give log files, or folders of them."}}
			}
			if err != nil {
				return err
			}
			if err := a.printSources(rows, output); err != nil {
				return err
			}
			for _, p := range stats.Problems {
				a.advise("haetae: not read: %s", p)
			}
			if n := stats.UnreadFiles + stats.UnreadRecords + stats.UnreadFields - len(stats.Problems); n > 0 {
				a.advise("haetae: not read: %d more", n)
			}
			if stats.PassedRecords > 0 {
				a.advise("%d records say nothing of who did what (other stages of a request, messages of a server) and are not counted.", stats.PassedRecords)
			}
			if len(stats.Strange) > 0 {
				a.advise("fields that haetae does not know were passed over: %s", strings.Join(stats.Strange, ", "))
			}
			if !stats.Whole() {
				return exit(exitIncomplete)
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "flow-format", "", "the LogFormat of flow logs that have no header line, as aws ec2 describe-flow-logs prints it")
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json or ndjson")
	return c
}

// knownLogs lists the formats for the help.
func knownLogs() string {
	var b strings.Builder
	for _, f := range ingest.Formats() {
		fmt.Fprintf(&b, "  %-16s %s\n", f.Log, f.Title)
	}
	return b.String()
}

// printSources prints what files hold.
func (a *app) printSources(rows []ingest.Source, output string) error {
	if done, err := jsonRows(a.out, rows, output); done {
		return err
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.Format(time.RFC3339)
	}
	var out [][]string
	for _, s := range rows {
		var logs []string
		for _, l := range s.Logs {
			logs = append(logs, string(l))
		}
		if len(logs) == 0 {
			logs = []string{"–"}
		}
		out = append(out, []string{s.File, strings.Join(logs, "+"), strconv.Itoa(s.Records), at(s.First), at(s.Last), strconv.Itoa(s.Unread), s.Note})
	}
	return grid(a.out, []string{"FILE", "FORMAT", "RECORDS", "FIRST", "LAST", "UNREAD", "NOTE"}, out)
}
