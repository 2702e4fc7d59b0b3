package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/exception"
	"github.com/haetae/haetae/report"
	"github.com/haetae/haetae/schema"
)

// soon is how long before its end an exception is spoken of.
const soon = 30 * 24 * time.Hour

// exceptions reads the exceptions of --exceptions and of the content folders.
// It is nil when none of them names a place for them.
func (a *app) exceptions(sch *schema.Schema, controls []*control.Control, now time.Time) (*exception.Set, error) {
	list, some, err := a.exceptionFiles()
	if err != nil || !some {
		return nil, err
	}
	return a.accepted(sch, controls, list, now)
}

// accepted checks exceptions that were read.
func (a *app) accepted(sch *schema.Schema, controls []*control.Control, list []*exception.Exception, now time.Time) (*exception.Set, error) {
	set, err := exception.NewSet(sch, controls, list)
	limit, bad := daysOf(a.exceptionsLimit)
	if bad != nil {
		return nil, usagef("--exceptions-limit %s: %w", a.exceptionsLimit, bad)
	}
	errs := []error{err}
	for _, x := range list {
		if limit > 0 && x.Until > now.Add(limit).Unix() {
			errs = append(errs, &haetae.Error{Code: haetae.Invalid, Op: fmt.Sprintf("%s:%d", x.Place.File, x.Place.Line),
				Err:  fmt.Errorf("exception %q: it expires %s, more than %s from now", x.ID, x.Expires, a.exceptionsLimit),
				Hint: "Give an earlier expiry and look at it again then, or set --exceptions-limit."})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, usage{err}
	}
	return set, nil
}

// daysOf reads a number of days such as 400d, or of years such as 7y; "none" is 0.
func daysOf(text string) (time.Duration, error) {
	if text == "none" {
		return 0, nil
	}
	for suffix, days := range map[string]int{"d": 1, "y": 365} {
		digits, ok := strings.CutSuffix(text, suffix)
		if n, err := strconv.Atoi(digits); ok && err == nil && n > 0 && n <= 100*365/days {
			return time.Duration(n*days) * 24 * time.Hour, nil
		}
	}
	return 0, errors.New("a number of days such as 400d, or of years such as 7y, is meant, up to a hundred years, or none")
}

// exceptionFiles reads all files of exceptions; some tells whether there is a
// place for them at all.
func (a *app) exceptionFiles() (list []*exception.Exception, some bool, err error) {
	var errs []error
	add := func(more []*exception.Exception, err error) {
		list, errs, some = append(list, more...), append(errs, err), true
	}
	for _, path := range a.excepted {
		info, err := os.Stat(path)
		if err != nil {
			errs = append(errs, &haetae.Error{Code: haetae.NotFound, Op: "--exceptions", Err: err, Hint: "Give a YAML file of exceptions or a folder of them; docs/exceptions.md describes the form."})
			continue
		}
		if info.IsDir() {
			more, err := exceptionsUnder(path)
			if err == nil && len(more) == 0 {
				err = &haetae.Error{Code: haetae.NotFound, Op: "--exceptions " + path, Err: errors.New("no exception in the *.yaml files of the folder"), Hint: "docs/exceptions.md describes the form of an exception."}
			}
			add(more, err)
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, false, &haetae.Error{Code: haetae.NotFound, Op: "--exceptions", Err: err, Hint: "Name a file that you may read."}
		}
		add(content.ParseExceptions(data, path))
	}
	for _, dir := range a.content {
		path := filepath.Join(dir, "exceptions")
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			add(exceptionsUnder(path))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, false, usage{err}
	}
	return list, some, nil
}

func exceptionsUnder(dir string) ([]*exception.Exception, error) {
	return content.Exceptions(os.DirFS(dir), func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) })
}

// accept lets exceptions have their say in a scan, before anything is made
// of its findings.
func accept(set *exception.Set, j *judged, ran []*control.Control, now time.Time) {
	if set == nil {
		return
	}
	m := set.On(j.graph, now.Unix())
	for _, c := range ran {
		m.Asked(&c.Rule)
	}
	m.Apply(j.report.Findings)
	j.report.Summary = report.Summarize(j.report.Findings, j.report.Coverage, j.report.Problems)
	j.report.Exceptions = exceptionRows(m.Usage(), now, j.report.Summary.Accounts)
}

// exceptionRows says what each exception did. One that names only accounts
// other than these is not expected to match.
func exceptionRows(usage []exception.Usage, now time.Time, accounts []string) []report.Exception {
	out := make([]report.Exception, 0, len(usage))
	for _, u := range usage {
		x := u.Exception
		row := report.Exception{ID: x.ID, Owner: x.Owner, Reason: x.Reason, Expires: x.Expires, State: "active", Place: x.Place, Covers: u.Covers, Undecided: u.Undecided, Why: u.Why}
		switch {
		case x.Ended(now.Unix()):
			row.State = "expired"
		case x.Ended(now.Add(soon).Unix()):
			row.State = "expiring"
		}
		named := u.Asked || u.Controls == 0
		row.Idle = row.State != "expired" && named && u.Covers+u.Undecided == 0 && x.MayBeIn(accounts)
		out = append(out, row)
	}
	return out
}

// adviseExceptions says how many findings exceptions cover and which of them
// need somebody to look at them.
func (a *app) adviseExceptions(rows []report.Exception, covers int) {
	inForce := 0
	lines := map[string][]string{}
	add := func(kind string, x *report.Exception, more string) {
		lines[kind] = append(lines[kind], fmt.Sprintf("%s (%s:%d, %s, %s)%s", x.ID, x.Place.File, x.Place.Line, x.Expires, x.Owner, more))
	}
	for i := range rows {
		x := &rows[i]
		if x.State == "expired" {
			add("expired", x, "")
			continue
		}
		inForce++
		if x.State == "expiring" {
			add("expires within 30 days", x, "")
		}
		if x.Idle {
			add("matches nothing", x, "")
		}
		if x.Undecided > 0 {
			add("not applied where it cannot be decided", x, fmt.Sprintf(": %d findings: %s", x.Undecided, x.Why))
		}
	}
	a.advise("exceptions: %d of %d in force, covering %d findings", inForce, len(rows), covers)
	for _, kind := range []string{"expired", "expires within 30 days", "matches nothing", "not applied where it cannot be decided"} {
		for _, l := range lines[kind] {
			a.advise("  %s: %s", kind, report.OneLine(l))
		}
	}
}

// fingerprint identifies what exceptions say.
func fingerprint(list []*exception.Exception) (string, error) {
	h := sha256.New()
	e := json.NewEncoder(h)
	for _, x := range list {
		plain := *x
		plain.Examples = nil
		if err := e.Encode(plain); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// testExceptions runs the examples of exceptions.
func (a *app) testExceptions(sch *schema.Schema, controls []*control.Control) (set *exception.Set, examples int, faults []exception.Fault, err error) {
	set, err = a.exceptions(sch, controls, time.Now())
	if err != nil || set == nil {
		return nil, 0, nil, err
	}
	examples, faults = set.Test()
	return set, examples, faults, nil
}
