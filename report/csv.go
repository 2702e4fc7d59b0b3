package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// csvHeader names the columns; new ones go to the end.
func csvHeader() []string {
	return []string{
		"severity", "status", "control", "title", "service", "type", "id", "arn", "account", "region",
		"file", "line", "logical_id", "reason", "missing", "suppressed_by", "suppressed_reason",
		"cis", "securityhub", "config", "fix", "uid",
	}
}

// writeCSV writes a header and one row for each finding, as RFC 4180 has it.
func writeCSV(w *bufio.Writer, v *view) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(csvHeader()); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	for _, f := range v.fs {
		r, a := f.Resource, f.Rule.Aliases
		line := ""
		if r.Origin.Line > 0 {
			line = strconv.Itoa(r.Origin.Line)
		}
		by, why := "", ""
		if f.Suppressed != nil {
			by, why = f.Suppressed.Who(), f.Suppressed.Reason
		}
		cells := []string{
			f.Rule.Severity.String(), string(f.Status), f.Rule.ID, f.Rule.Title.In(v.o.Lang),
			service(f), r.Type, r.ID, r.ARN, r.Account, r.Region,
			r.Origin.File, line, r.Origin.LogicalID, f.Reason, strings.Join(f.Missing, " "), by, why,
			strings.Join(a.CIS, " "), strings.Join(a.SecurityHub, " "), strings.Join(a.Config, " "),
			f.Rule.Fix.Console.In(v.o.Lang), f.UID(),
		}
		for i := range cells {
			cells[i] = Inert(cells[i])
		}
		if err := c.Write(cells); err != nil {
			return fmt.Errorf("finding %s: %w", f.UID(), err)
		}
	}
	c.Flush()
	return c.Error()
}

// Inert keeps a spreadsheet from running a cell as a formula: a cell that starts
// like one gets an apostrophe, which spreadsheets read as "this is text". The
// wide forms count too, since East Asian versions read them as the narrow ones.
func Inert(cell string) string {
	if cell == "" {
		return cell
	}
	if first, _ := utf8.DecodeRuneInString(cell); strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
