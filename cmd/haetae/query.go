package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) queryCommand() *cobra.Command {
	var format string
	var limit int
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   `query "SQL"`,
		Short: "Ask the store in SQL: resources, properties, edges, findings, counts, coverage, history, scans",
		Long: `Runs one SELECT over what scans kept; nothing can be changed by it. The views are
resources, properties, edges, findings, counts, coverage, history and scans:
docs/query.md has their columns and queries to begin with.`,
		Example: `  haetae query "SELECT control, sum(findings) AS n FROM counts WHERE status = 'FAIL' GROUP BY control ORDER BY n DESC"
  haetae query "SELECT id, account FROM resources WHERE type = 'AWS::S3::Bucket'" --output csv`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("one query is meant, in quotes")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := formatOf(format, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			if limit < 1 || timeout <= 0 {
				return usagef("--limit and --timeout are above zero")
			}
			st, err := a.opened(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, st.Close()) }()
			answer, err := st.Query(cmd.Context(), args[0], limit, timeout)
			if err != nil {
				return err
			}
			if err := a.printAnswer(answer.Columns, answer.Rows, format); err != nil {
				return err
			}
			if answer.Cut {
				a.advise("cut after %d rows: --limit gives more", limit)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVarP(&format, "output", "o", "table", "table, json, ndjson or csv")
	f.IntVar(&limit, "limit", 1000, "how many rows at most")
	f.DurationVar(&timeout, "timeout", 30*time.Second, "how long it may take")
	return cmd
}

// printAnswer prints the rows of a query.
func (a *app) printAnswer(columns []string, rows [][]any, format string) error {
	if format == "json" || format == "ndjson" {
		objects := make([]map[string]any, 0, len(rows))
		for _, row := range rows {
			o := map[string]any{}
			for i, c := range columns {
				o[c] = row[i]
			}
			objects = append(objects, o)
		}
		e := encoder(a.out)
		if format == "json" {
			e.SetIndent("", " ")
			return printed(e.Encode(objects))
		}
		for _, o := range objects {
			if err := e.Encode(o); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	texts := make([][]string, 0, len(rows))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = cell(v)
		}
		texts = append(texts, cells)
	}
	if format == "csv" {
		return table(a.out, columns, texts)
	}
	return grid(a.out, columns, texts)
}

func cell(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case []byte:
		return fmt.Sprintf("%x", x)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}
