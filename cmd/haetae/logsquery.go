package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/lake"
)

// queryProcess is the command that is the process of a query. People do not call it.
const queryProcess = "lake-query-process"

func (a *app) queryProcessCommand() *cobra.Command {
	return &cobra.Command{
		Use: queryProcess, Hidden: true, DisableFlagParsing: true, Short: "The process in which haetae logs query runs",
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil }, // it has no environment
		RunE:              func(_ *cobra.Command, args []string) error { return lake.Confine(args, a.in, a.out) },
	}
}

func (a *app) logsQueryCommand() *cobra.Command {
	var output, memory string
	var timeout time.Duration
	var rows int
	c := &cobra.Command{
		Use:   `query "SQL"`,
		Short: "Ask the event lake in SQL, with the tables of AWS's documentation for Athena",
		Long: `Runs one SELECT over what haetae logs import kept. Tables and columns are those of AWS's
documentation for Athena (haetae logs tables shows them), the dialect is DuckDB's with the
functions of Athena that it lacks; docs/logs.md says what is different.

A query runs in a process of its own that can read the files of the lake and nothing else,
cannot write or reach a network, and is ended when its time or memory is over.`,
		Example: `  haetae logs query "SELECT useridentity.arn, count(*) AS n FROM cloudtrail_logs WHERE errorcode = 'AccessDenied' GROUP BY 1 ORDER BY n DESC LIMIT 20"
  haetae logs query "SELECT srcaddr, count(DISTINCT dstport) AS ports FROM vpc_flow_logs WHERE day = '2026/11/10' AND action = 'REJECT' GROUP BY 1 HAVING count(DISTINCT dstport) > 100" -o csv`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one query is meant, in quotes")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := formatOf(output, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			if rows < 1 || timeout < time.Second {
				return usagef("--max-rows is above zero, and --timeout a second or more")
			}
			bytes, err := bytesOf(memory)
			if err != nil || bytes < 64<<20 {
				return usagef("--memory is a size such as 512MB or 2GB, of 64MB or more")
			}
			if !lake.Built() {
				return lake.NotBuilt()
			}
			st, dir, err := a.openLake(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, st.Close()) }()
			files, err := st.LakeFiles(cmd.Context(), "", time.Time{}, time.Time{})
			if err != nil {
				return err
			}
			exe, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			p := a.progress()
			p.stage(a.say("asking", "질의"))
			answer, err := lake.Ask(cmd.Context(), lake.Engine{Path: exe, Args: []string{"haetae", queryProcess}}, dir, files, lake.Query{SQL: args[0], Timeout: timeout, Memory: bytes, MaxRows: rows})
			p.Close()
			if err != nil {
				return err
			}
			if err := a.printLakeAnswer(answer, output); err != nil {
				return err
			}
			if answer.Cut {
				a.advise(a.say("cut after %d rows: --max-rows gives more", "%d행에서 잘랐습니다: --max-rows로 늘리십시오"), rows)
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVarP(&output, "output", "o", "table", "table, json, ndjson or csv")
	f.IntVar(&rows, "max-rows", 10_000, "how many rows at most")
	f.DurationVar(&timeout, "timeout", time.Minute, "how long it may take")
	f.StringVar(&memory, "memory", "2GB", "how much memory the query may have: 512MB, 2GB")
	return c
}

// bytesOf reads a size.
func bytesOf(text string) (int64, error) {
	for suffix, unit := range map[string]int64{"MB": 1 << 20, "GB": 1 << 30} {
		if digits, ok := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(text)), suffix); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
			if err == nil && (n <= 0 || n > 1<<12*(1<<30/unit)) {
				err = errors.New("out of range")
			}
			return n * unit, err
		}
	}
	return 0, errors.New("not a size")
}

// printLakeAnswer prints rows, of which cells may be lists and structs.
func (a *app) printLakeAnswer(answer *lake.Answer, output string) error {
	if output == "table" || output == "csv" {
		for _, row := range answer.Rows {
			for i, v := range row {
				switch v.(type) {
				case []any, map[string]any:
					var b strings.Builder
					e := json.NewEncoder(&b)
					e.SetEscapeHTML(false)
					if err := e.Encode(v); err != nil {
						return fmt.Errorf("print a value: %w", err)
					}
					row[i] = strings.TrimSpace(b.String())
				}
			}
		}
	}
	return a.printAnswer(answer.Columns, answer.Rows, output)
}

// lakeColumn is a column of a table.
type lakeColumn struct {
	Table  string `json:"table"`
	Column string `json:"column"`
	Type   string `json:"type"`
}

// lakeTable is a table.
type lakeTable struct {
	Table   string   `json:"table"`
	Aliases []string `json:"aliases"`
	Log     string   `json:"log"`
	Title   string   `json:"title"`
	Page    string   `json:"page"`
}

func (a *app) logsTablesCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "tables [TABLE]",
		Short: "The tables of the event lake, or the columns of one",
		Example: `  haetae logs tables
  haetae logs tables cloudtrail_logs`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(output, "table", "json", "ndjson"); err != nil {
				return err
			}
			if len(args) == 0 {
				var list []lakeTable
				var cells [][]any
				for _, t := range lake.Tables() {
					x := lakeTable{t.Name, t.Aliases, string(t.Log), a.say(t.Title[0], t.Title[1]), t.Page}
					list = append(list, x)
					cells = append(cells, []any{x.Table, x.Log, strings.Join(x.Aliases, ", "), x.Title})
				}
				return listing(a, list, []string{a.say("TABLE", "테이블"), a.say("LOG", "로그"), a.say("ALSO", "다른 이름"), a.say("WHAT", "내용")}, cells, output)
			}
			return a.printColumns(cmd, args[0], output)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "table", "table, json or ndjson")
	return c
}

// printColumns asks the engine for the columns of a table, so that what is shown is what is
// there.
func (a *app) printColumns(cmd *cobra.Command, name, output string) error {
	var names []string
	for _, t := range lake.Tables() {
		names = append(names, t.Name)
		for _, x := range append([]string{t.Name}, t.Aliases...) {
			if !strings.EqualFold(x, name) {
				continue
			}
			exe, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			answer, err := lake.Ask(cmd.Context(), lake.Engine{Path: exe, Args: []string{"haetae", queryProcess}}, os.TempDir(), nil,
				lake.Query{SQL: "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + t.Name + ")", Timeout: 30 * time.Second, Memory: 512 << 20, MaxRows: 1000})
			if err != nil {
				return err
			}
			var list []lakeColumn
			var cells [][]any
			for _, row := range answer.Rows {
				x := lakeColumn{t.Name, fmt.Sprint(row[0]), fmt.Sprint(row[1])}
				list = append(list, x)
				cells = append(cells, []any{x.Column, x.Type})
			}
			return listing(a, list, []string{a.say("COLUMN", "열"), a.say("TYPE", "형식")}, cells, output)
		}
	}
	sort.Strings(names)
	return usagef("there is no table %q: %s", name, strings.Join(names, ", "))
}
