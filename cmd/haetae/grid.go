package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/report"
)

// grid prints rows under a header, in columns. Names come from accounts that
// somebody else may have written: they are made harmless.
func grid(w io.Writer, header []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, row := range slices.Concat([][]string{header}, rows) {
		safe := make([]string, len(row))
		for i, c := range row {
			safe[i] = report.OneLine(strings.ReplaceAll(c, "\t", " "))
		}
		fmt.Fprintln(t, strings.TrimRight(strings.Join(safe, "\t"), "\t"))
	}
	return printed(t.Flush())
}

// table prints rows as a spreadsheet reads them, under a header when there is
// one.
func table(w io.Writer, header []string, rows [][]string) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if header != nil {
		if err := c.Write(header); err != nil {
			return printed(err)
		}
	}
	for _, row := range rows {
		cells := slices.Clone(row)
		for i := range cells {
			cells[i] = report.Inert(cells[i])
		}
		if err := c.Write(cells); err != nil {
			return printed(err)
		}
	}
	c.Flush()
	return printed(c.Error())
}

// encoder writes JSON as the reports do.
func encoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// jsonRows prints rows as one list of JSON, or as a line for each; done is false
// for other formats, of which it prints nothing.
func jsonRows[T any](w io.Writer, rows []T, format string) (done bool, err error) {
	e := encoder(w)
	switch format {
	case "json":
		e.SetIndent("", " ")
		return true, printed(e.Encode(rows))
	case "ndjson":
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return true, printed(err)
			}
		}
		return true, nil
	}
	return false, nil
}

// printed says what it means that printing failed.
func printed(err error) error {
	if err == nil {
		return nil
	}
	return &haetae.Error{Code: haetae.Unavailable, Op: "print", Err: err, Hint: "Check what stdout leads to: a full disk, or a program that ended."}
}

// stamp writes a time, "" for none.
func stamp(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

// formatOf checks the --output of a command.
func formatOf(format string, known ...string) error {
	if !slices.Contains(known, format) {
		return usagef("--output %s: formats are %s", format, strings.Join(known, ", "))
	}
	return nil
}
