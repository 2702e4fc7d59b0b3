// Package report turns what a scan says into something to read: a table for a
// terminal, JSON for programs, CSV for spreadsheets, ASFF, OCSF, SARIF and
// JUnit for other tools, and one HTML file for people.
//
// Every format is a view of the same [Report] in the same order, so two of them
// can be compared line by line. The package does no I/O but to the writer it is
// given, and reads no clock.
//
// Names, tags and reasons come from accounts and templates that somebody else
// may have written. Each format escapes them for its own syntax, and the ones
// for people's eyes also make control and bidirectional characters visible.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/standard"
)

// Report is what a scan says, ready for a reader.
type Report struct {
	Version string    // of haetae
	Time    time.Time // of the snapshot that was judged; given by the caller
	Sources []string  // where the snapshot came from, as the user named it

	// Findings may be in any order; every format ranks them.
	Findings []haetae.Finding
	// Summary counts the findings of the whole scan, also those that the
	// caller left out of Findings. See [Summarize].
	Summary  Summary
	Coverage []haetae.Coverage
	Problems []haetae.Problem
	// Standards are assessments of the same findings; with them the HTML page
	// is one for auditors.
	Standards []*standard.Result
	// Exceptions are those of files, in their order, also those that have ended.
	Exceptions []Exception
}

// Options say how a report is written. The zero value is a plain English report
// of what failed or could not be judged.
type Options struct {
	Lang  string // "en" or "ko"
	All   bool   // PASS and NOT_APPLICABLE too
	Color bool   // ANSI colours in the table
	Width int    // columns of the terminal; 0 means 100

	// Account and Region stand in, in ASFF, for findings that have none: those
	// of templates, and the region of global resources. Empty means
	// "000000000000" and the partition's first region; such findings are well
	// formed, but Security Hub imports only those of a real account.
	Account, Region string
}

// format is one way to write a report.
type format struct {
	name  string
	write func(*bufio.Writer, *view) error
}

// formats lists every format; [Formats] and [Write] read nothing else.
func formats() []format {
	return []format{
		{"table", writeTable},
		{"json", writeJSON},
		{"ndjson", writeNDJSON},
		{"csv", writeCSV},
		{"asff", writeASFF},
		{"ocsf", writeOCSF},
		{"sarif", writeSARIF},
		{"junit", writeJUnit},
		{"html", writeHTML},
	}
}

// Formats returns the names that [Write] knows, the most usual first.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Write writes the report in the named format. Equal reports and options give
// equal bytes.
func Write(w io.Writer, name string, r *Report, o Options) error {
	for _, f := range formats() {
		if f.name != name {
			continue
		}
		b := bufio.NewWriterSize(w, 64<<10)
		if err := f.write(b, newView(r, o)); err != nil {
			return fmt.Errorf("write %s report: %w", name, err)
		}
		if err := b.Flush(); err != nil {
			return fmt.Errorf("write %s report: %w", name, err)
		}
		return nil
	}
	return &haetae.Error{
		Code: haetae.Invalid,
		Op:   "write report",
		Err:  fmt.Errorf("format %q is not one of %s", name, strings.Join(Formats(), ", ")),
		Hint: "Choose one of " + strings.Join(Formats(), ", ") + " with --output.",
	}
}

// view is a report with the findings that its options ask for, ranked.
type view struct {
	*Report
	o  Options
	fs []*haetae.Finding
}

func newView(r *Report, o Options) *view {
	if o.Lang != "ko" {
		o.Lang = "en"
	}
	if o.Width <= 0 {
		o.Width = 100
	}
	v := &view{Report: r, o: o}
	for i := range r.Findings {
		f := &r.Findings[i]
		if o.All || f.Status == haetae.Fail || f.Status == haetae.Undecided {
			v.fs = append(v.fs, f)
		}
	}
	rank(v.fs)
	return v
}

// say returns a text in the language of the report.
func (v *view) say(t haetae.Text, args ...any) string {
	if len(args) == 0 {
		return t.In(v.o.Lang)
	}
	return fmt.Sprintf(t.In(v.o.Lang), args...)
}
