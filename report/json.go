package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/haetae/haetae"
)

// row is one finding as programs read it. The members up to Suppressed are the
// stable contract; those after it are extra.
type row struct {
	Control    string          `json:"control"`
	Status     haetae.Status   `json:"status"`
	Severity   string          `json:"severity"`
	Resource   rowResource     `json:"resource"`
	Origin     *rowOrigin      `json:"origin,omitempty"`
	Origins    []rowOrigin     `json:"origins,omitempty"`
	Title      string          `json:"title"`
	Reason     string          `json:"reason"`
	Missing    []string        `json:"missing"`
	Aliases    *haetae.Aliases `json:"aliases"`
	Suppressed *rowSuppressed  `json:"suppressed,omitempty"`
	UID        string          `json:"uid"`
	Unknown    []rowUnknown    `json:"unknown,omitempty"`
	Evidence   []rowEvidence   `json:"evidence,omitempty"`
}

// rowResource keeps every member, also when it is empty, so that a program can
// read them without asking first.
type rowResource struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	ARN     string `json:"arn"`
	Account string `json:"account"`
	Region  string `json:"region"`
}

type rowOrigin struct {
	File      string `json:"file"`
	Line      int    `json:"line,omitempty"`
	LogicalID string `json:"logicalId,omitempty"`
}

type rowSuppressed struct {
	By      string     `json:"by"`
	ID      string     `json:"id,omitempty"`
	Owner   string     `json:"owner,omitempty"`
	Reason  string     `json:"reason"`
	Expires string     `json:"expires,omitempty"`
	Origin  *rowOrigin `json:"origin,omitempty"`
}

type rowUnknown struct {
	Path   string        `json:"path"`
	Reason haetae.Reason `json:"reason"`
	Detail string        `json:"detail,omitempty"`
}

type rowEvidence struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
	File  string          `json:"file,omitempty"`
	Line  int             `json:"line,omitempty"`
}

// rowProblem is an input that could not be read. A file of which nothing was
// used has an error; one that was read in part has a warning.
type rowProblem struct {
	Origin  rowOrigin `json:"origin"`
	Error   string    `json:"error,omitempty"`
	Warning string    `json:"warning,omitempty"`
	Hint    string    `json:"hint,omitempty"`
}

func newRow(f *haetae.Finding, lang string) row {
	r := f.Resource
	out := row{
		Control:  f.Rule.ID,
		Status:   f.Status,
		Severity: f.Rule.Severity.String(),
		Resource: rowResource{r.Type, r.ID, r.ARN, r.Account, r.Region},
		Title:    f.Rule.Title.In(lang),
		Reason:   f.Reason,
		Missing:  list(f.Missing),
		Aliases:  &f.Rule.Aliases,
		UID:      f.UID(),
	}
	if r.Origin.File != "" {
		out.Origin = &rowOrigin{r.Origin.File, r.Origin.Line, r.Origin.LogicalID}
		for _, c := range childrenOf(f) {
			out.Origins = append(out.Origins, rowOrigin{c.File, c.Line, c.Child})
		}
	}
	if s := f.Suppressed; s != nil {
		out.Suppressed = &rowSuppressed{By: s.By, ID: s.ID, Owner: s.Owner, Reason: s.Reason, Expires: s.Expires}
		if s.Place.File != "" {
			out.Suppressed.Origin = &rowOrigin{s.Place.File, s.Place.Line, s.Place.Child}
		}
	}
	for _, u := range f.Unknowns {
		if u != nil {
			out.Unknown = append(out.Unknown, rowUnknown{u.Path, u.Reason, u.Detail})
		}
	}
	for _, e := range f.Evidence {
		out.Evidence = append(out.Evidence, rowEvidence{e.Path, encode(e.Value), e.Place.File, e.Place.Line})
	}
	return out
}

func newRowProblem(p haetae.Problem) rowProblem {
	out := rowProblem{Origin: rowOrigin{p.Place.File, p.Place.Line, p.Place.Child}, Hint: p.Hint}
	if p.Fatal {
		out.Error = p.Error
	} else {
		out.Warning = p.Error
	}
	return out
}

// writeNDJSON writes one line for each finding, then one for each problem.
func writeNDJSON(w *bufio.Writer, v *view) error {
	e := newEncoder(w)
	for _, f := range v.fs {
		if err := e.Encode(newRow(f, v.o.Lang)); err != nil {
			return fmt.Errorf("finding %s: %w", f.UID(), err)
		}
	}
	for _, p := range v.Problems {
		if err := e.Encode(newRowProblem(p)); err != nil {
			return fmt.Errorf("problem in %s: %w", p.Place.File, err)
		}
	}
	for _, res := range v.Standards {
		for _, l := range standardLines(res, v.o.Lang) {
			if err := e.Encode(l); err != nil {
				return fmt.Errorf("standard %s: %w", res.Standard.ID, err)
			}
		}
	}
	return nil
}

// writeJSON writes one object. Its findings stand one on a line, so that grep
// and diff remain useful.
func writeJSON(w *bufio.Writer, v *view) error {
	problems := make([]rowProblem, 0, len(v.Problems))
	for _, p := range v.Problems {
		problems = append(problems, newRowProblem(p))
	}
	summary := v.Summary
	summary.Accounts, summary.Regions = list(summary.Accounts), list(summary.Regions)
	for _, m := range []struct {
		name  string
		value any
	}{
		{"version", v.Version},
		{"time", stamp(v.Time)},
		{"sources", list(v.Sources)},
		{"summary", summary},
		{"coverage", list(v.Coverage)},
		{"problems", problems},
	} {
		sep := ","
		if m.name == "version" {
			sep = "{"
		}
		fmt.Fprintf(w, "%s\n%q:", sep, m.name)
		w.Write(encode(m.value))
	}
	if len(v.Standards) > 0 {
		rows := make([]rowStandard, len(v.Standards))
		for i, res := range v.Standards {
			rows[i] = newRowStandard(res, v.o.Lang)
		}
		fmt.Fprintf(w, ",\n\"standards\":%s", encode(rows))
	}
	if len(v.Exceptions) > 0 {
		fmt.Fprintf(w, ",\n\"exceptions\":%s", encode(v.Exceptions))
	}
	w.WriteString(",\n\"findings\":[")
	var line bytes.Buffer
	e := newEncoder(&line)
	for i, f := range v.fs {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('\n')
		line.Reset()
		if err := e.Encode(newRow(f, v.o.Lang)); err != nil {
			return fmt.Errorf("finding %s: %w", f.UID(), err)
		}
		w.Write(bytes.TrimRight(line.Bytes(), "\n"))
	}
	// A write that fails makes all later ones fail, so its error is seen here.
	_, err := w.WriteString("\n]}\n")
	return err
}

// newEncoder returns a JSON encoder that leaves <, > and & alone: they are not
// special in JSON, and people read these files.
func newEncoder(w interface{ Write([]byte) (int, error) }) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

// stamp writes a time in UTC, and "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// list makes JSON write [] and not null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
