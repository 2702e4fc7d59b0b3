package report

import (
	"bufio"
	"fmt"
	"strconv"

	"github.com/haetae/haetae"
)

// writeJUnit writes a test suite for each control and a test case for each
// resource, in the dialect that Jenkins, GitLab and GitHub actions read. What
// could not be judged is skipped, with the reason; a file that could not be read
// is an error in a suite of its own.
func writeJUnit(w *bufio.Writer, v *view) error {
	gs := groups(v.fs)
	var fatal []haetae.Problem
	for _, p := range v.Problems {
		if p.Fatal {
			fatal = append(fatal, p)
		}
	}
	failures, skips := 0, 0
	for _, f := range v.fs {
		switch standingOf(f) {
		case failed:
			failures++
		case undecided, suppressed, notApplicable:
			skips++
		}
	}
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"haetae\" tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"0\">\n",
		len(v.fs)+len(fatal), failures, len(fatal), skips)
	for _, g := range gs {
		bad := g.count(failed)
		fmt.Fprintf(w, "<testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\" time=\"0\"",
			escape(g.rule.ID+": "+g.rule.Title.In(v.o.Lang)), len(g.fs), bad, len(g.fs)-bad-g.count(passed))
		if !v.Time.IsZero() {
			fmt.Fprintf(w, " timestamp=\"%s\"", v.Time.UTC().Format("2006-01-02T15:04:05"))
		}
		w.WriteString(">\n")
		for _, f := range g.fs {
			junitCase(w, v, f)
		}
		w.WriteString("</testsuite>\n")
	}
	if len(fatal) > 0 {
		fmt.Fprintf(w, "<testsuite name=\"%s\" tests=\"%d\" failures=\"0\" errors=\"%d\" skipped=\"0\" time=\"0\">\n", escape(v.say(msgProblems)), len(fatal), len(fatal))
		for _, p := range fatal {
			fmt.Fprintf(w, "<testcase classname=\"haetae.input\" name=\"%s\" time=\"0\"><error message=\"%s\">%s</error></testcase>\n",
				escape(placeText(p.Place)), escape(p.Error), escape(p.Hint))
		}
		w.WriteString("</testsuite>\n")
	}
	_, err := w.WriteString("</testsuites>\n")
	return err
}

func junitCase(w *bufio.Writer, v *view, f *haetae.Finding) {
	r := f.Resource
	// Two resources of one name in two places are two cases: the place is part
	// of the name, as readers of JUnit match cases by it.
	fmt.Fprintf(w, "<testcase classname=\"%s\" name=\"%s\"", escape(f.Rule.ID), escape(shortName(r)+" ("+where(r)+")"))
	if p := pointOf(f); p.File != "" {
		fmt.Fprintf(w, " file=\"%s\"", escape(p.File))
		if p.Line > 0 {
			fmt.Fprintf(w, " line=\"%s\"", strconv.Itoa(p.Line))
		}
	}
	w.WriteString(" time=\"0\">")
	switch standingOf(f) {
	case failed:
		fmt.Fprintf(w, "<failure type=\"%s\" message=\"%s\">%s</failure>", f.Rule.Severity, escape(f.Reason), escape(junitText(v, f)))
	case suppressed:
		fmt.Fprintf(w, "<skipped message=\"%s\"/>", escape(v.say(msgSuppressedBy, f.Suppressed.Who(), f.Suppressed.Reason)))
	case undecided:
		fmt.Fprintf(w, "<skipped message=\"%s\"/>", escape("UNKNOWN: "+unknownText(v, f)))
	case notApplicable:
		fmt.Fprintf(w, "<skipped message=\"%s\"/>", escape("NOT_APPLICABLE: "+f.Reason))
	}
	w.WriteString("</testcase>\n")
}

// junitText is what a developer reads below the failed case.
func junitText(v *view, f *haetae.Finding) string {
	text := f.Rule.Problem.In(v.o.Lang) + "\n" + f.Rule.Why.In(v.o.Lang) + "\n"
	if f.Resource.ARN != "" {
		text += f.Resource.ARN + "\n"
	}
	for _, e := range f.Evidence {
		text += e.Path + " = " + valueText(e.Value)
		if e.Place.File != "" {
			text += "  " + placeText(e.Place)
		}
		text += "\n"
	}
	if fix := f.Rule.Fix.Console.In(v.o.Lang); fix != "" {
		text += v.say(msgFix) + ": " + fix + "\n"
	}
	return text
}

// unknownText is the reason with the IAM actions that would decide.
func unknownText(v *view, f *haetae.Finding) string {
	if len(f.Missing) == 0 {
		return f.Reason
	}
	return f.Reason + " (" + v.say(msgNeeds, joinWords(f.Missing)) + ")"
}
