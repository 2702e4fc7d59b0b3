package report

import (
	"bufio"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// perControl is how many resources of one control the table lists. More would
// push the next control off the screen.
const perControl = 10

// table writes the terminal report. What matters most stands first, and the
// score last, where the cursor is when the command returns.
type table struct {
	*view
	w *bufio.Writer
}

func writeTable(w *bufio.Writer, v *view) error {
	t := &table{v, w}
	t.failures()
	t.unknowns()
	if v.o.All {
		t.rest(msgSuppressed, suppressed)
		t.rest(msgPassed, passed)
		t.rest(msgNotApplies, notApplicable)
	}
	for _, res := range v.Standards {
		t.standard(res)
	}
	t.gaps()
	t.problems()
	t.score()
	return nil
}

// pick returns the findings with the standing, still ranked.
func (v *view) pick(s standing) []*haetae.Finding {
	var fs []*haetae.Finding
	for _, f := range v.fs {
		if standingOf(f) == s {
			fs = append(fs, f)
		}
	}
	return fs
}

func (t *table) failures() {
	gs := groups(t.pick(failed))
	if len(gs) == 0 {
		// Green is for a clean bill, which nothing unknown can give.
		color := dim
		if t.Summary.Unknown == 0 {
			color = green
		}
		t.line(t.paint(color, t.say(msgNothing)))
		t.line("")
	}
	for _, g := range gs {
		t.heading(g, severityColor(g.rule.Severity))
		t.resources(g.fs)
		t.field(msgWhy, strings.TrimSpace(g.rule.Problem.In(t.o.Lang)+" "+g.rule.Why.In(t.o.Lang)))
		t.field(msgFix, g.rule.Fix.Console.In(t.o.Lang))
		// A command is for copying: it is never wrapped, and a script of many
		// lines is left to the formats that can fold it away.
		if lines := strings.Split(strings.TrimSpace(g.rule.Fix.CLI), "\n"); len(lines) <= 2 && lines[0] != "" {
			for i, l := range lines {
				t.line([]string{"  $ ", "    "}[i] + visible(l))
			}
		}
		t.line("")
	}
}

func (t *table) unknowns() {
	all := t.pick(undecided)
	if len(all) == 0 {
		return
	}
	fs := slices.DeleteFunc(slices.Clone(all), notAsked)
	t.section(msgUnknown)
	for _, g := range groups(fs) {
		t.heading(g, dim)
		t.resources(g.fs)
	}
	if n := len(all) - len(fs); n > 0 {
		t.wrapped("", "", t.say(msgUnlisted, t.plural(n, msgVerdict, msgVerdicts)))
	}
	t.line("")
	ls := lacks(fs)
	if len(ls) == 0 {
		return
	}
	t.section(msgMissing)
	wide := 0
	for _, l := range ls {
		wide = max(wide, columns(OneLine(l.action)))
	}
	for _, l := range ls {
		t.line("  " + pad(OneLine(l.action), wide) + "  " + t.say(msgMissingFor, t.plural(l.resources, msgResource, msgResources)))
	}
	t.line("")
}

func (t *table) rest(title haetae.Text, s standing) {
	fs := t.pick(s)
	if len(fs) == 0 {
		return
	}
	t.section(title)
	for _, g := range groups(fs) {
		t.heading(g, dim)
		t.resources(g.fs)
	}
	t.line("")
}

// heading is "HIGH  control-id  3 resources" and the title below it.
func (t *table) heading(g group, color string) {
	word := g.rule.Severity.String()
	n := t.plural(len(g.fs), msgResource, msgResources)
	t.line(t.paint(color, word) + "  " + t.paint(bold, OneLine(g.rule.ID)) + "  " + n)
	for _, l := range wrap(OneLine(g.rule.Title.In(t.o.Lang)), t.o.Width-2) {
		t.line("  " + t.paint(bold, l))
	}
}

// resources lists resources in columns: name, place, reason. A reason that has
// too little room beside them goes below, and one that all share goes above,
// once.
func (t *table) resources(fs []*haetae.Finding) {
	shown := fs[:min(len(fs), perControl)]
	names, places := 0, 0
	shared := len(fs) > 1
	for _, f := range fs {
		shared = shared && t.reason(f) == t.reason(fs[0])
	}
	for _, f := range shown {
		// One long name must not push the columns of all others away.
		if n := columns(OneLine(shortName(f.Resource))); n <= 40 {
			names = max(names, n)
		}
		places = max(places, columns(OneLine(where(f.Resource))))
	}
	if shared {
		t.wrapped("  ", "  ", t.reason(fs[0]))
	}
	for _, f := range shown {
		row := "    " + pad(OneLine(shortName(f.Resource)), names) + "  " + pad(OneLine(where(f.Resource)), places) + "  "
		if shared {
			t.line(strings.TrimRight(row, " "))
			continue
		}
		t.beside(row, 4+names+2+places+2, t.reason(f))
	}
	if n := len(fs) - len(shown); n > 0 {
		t.line("    " + t.say(msgMore, n))
	}
}

// reason is what decided, or who accepted it.
func (t *table) reason(f *haetae.Finding) string {
	if f.Suppressed != nil {
		return t.say(msgSuppressedBy, f.Suppressed.Who(), f.Suppressed.Reason)
	}
	return f.Reason
}

// beside writes text to the right of a row that should be left columns wide, or
// below it when there is not enough room for a readable line.
func (t *table) beside(row string, left int, text string) {
	if t.o.Width-left < 36 || columns(row) > left {
		t.line(strings.TrimRight(row, " "))
		t.wrapped("      ", "      ", text)
		return
	}
	lines := wrap(OneLine(text), t.o.Width-left)
	if len(lines) == 0 {
		t.line(strings.TrimRight(row, " "))
		return
	}
	t.line(row + lines[0])
	for _, l := range lines[1:] {
		t.line(strings.Repeat(" ", left) + l)
	}
}

// field is a label with wrapped text.
func (t *table) field(label haetae.Text, text string) {
	name := t.say(label)
	indent := 2 + columns(name) + 2
	for i, l := range wrap(OneLine(text), t.o.Width-indent) {
		if i == 0 {
			t.line("  " + t.paint(dim, name) + "  " + l)
		} else {
			t.line(strings.Repeat(" ", indent) + l)
		}
	}
}

func (t *table) gaps() {
	gs := gaps(t.Coverage)
	if len(gs) == 0 {
		return
	}
	t.section(msgGaps)
	var places []string // in order of their first type
	types := map[string][]string{}
	for _, g := range sameReason(gs) {
		if g.Reason != haetae.NotAsked || g.Status != haetae.Missing || g.Type == "*" {
			t.wrapped("  ", "    ", t.gapText(g))
			continue
		}
		// A folder holds what somebody put there: all that nobody asked for is
		// one remark, not one for each type.
		where := strings.Join(g.places, ", ")
		if types[where] == nil {
			places = append(places, where)
		}
		types[where] = append(types[where], g.Type)
	}
	for _, where := range places {
		t.wrapped("  ", "    ", t.say(msgNotAsked, len(types[where]), where, strings.Join(types[where], ", ")))
	}
	t.line("")
}

// notAsked tells whether a finding stands for a type that nobody listed.
func notAsked(f *haetae.Finding) bool {
	return f.Resource.ID == "*" && !slices.ContainsFunc(f.Unknowns, func(u *haetae.Unknown) bool { return u.Reason != haetae.NotAsked })
}

// gapText says in one sentence what was not covered, where and why.
func (v *view) gapText(g gap) string {
	typ := g.Type
	if typ == "*" {
		typ = v.say(msgAllTypes)
	}
	how := v.say(msgGapMissing)
	if g.Status == haetae.Partial {
		how = v.say(msgGapPartial)
	}
	text := typ + "  " + how
	if len(g.places) > 0 {
		text += " (" + strings.Join(g.places, ", ") + ")"
	}
	if g.Detail != "" {
		text += ": " + g.Detail
	} else if g.Reason != "" {
		text += ": " + v.say(reasonText(g.Reason))
	}
	if len(g.Actions) > 0 && g.Reason != haetae.Failed && g.Reason != haetae.Throttled {
		text += " — " + v.say(msgNeeds, strings.Join(g.Actions, ", "))
	}
	return text
}

func (t *table) problems() {
	if len(t.Problems) == 0 {
		return
	}
	t.section(msgProblems)
	for _, p := range t.Problems {
		text := p.Error
		if !p.Fatal {
			text += " (" + t.say(msgInPart) + ")"
		}
		t.wrapped("  ", "    ", placeText(p.Place)+": "+text)
		if p.Hint != "" {
			t.wrapped("    ", "    ", p.Hint)
		}
	}
	t.line("")
}

// score is the last line.
func (t *table) score() {
	s := t.Summary
	if s.Suppressed > 0 && !t.o.All {
		t.line(t.say(msgMoreSupp, s.Suppressed))
	}
	color := green
	if s.Failed > 0 {
		color = red
	}
	for i, l := range wrap(t.scoreText(), t.o.Width-2) {
		if i > 0 {
			l = "  " + l
		}
		t.line(t.paint(color, l))
	}
}

// scoreText is the scan in one sentence.
func (v *view) scoreText() string {
	s := v.Summary
	text := v.say(msgCountFailed, s.Failed)
	var by []string
	for sev := haetae.Critical; sev >= haetae.Informational; sev-- {
		if n := s.Severity[sev]; n > 0 {
			by = append(by, strconv.Itoa(n)+" "+sev.String())
		}
	}
	if len(by) > 0 {
		text += " (" + strings.Join(by, ", ") + ")"
	}
	parts := []string{text, v.say(msgCountPassed, s.Passed)}
	unknown := v.say(msgCountUnknown, s.Unknown)
	if s.Unknown > 0 {
		unknown += " (" + v.say(msgShare, s.Undecided()) + ")"
	}
	parts = append(parts, unknown)
	if s.Suppressed > 0 {
		parts = append(parts, v.say(msgCountSupp, s.Suppressed))
	}
	if s.NotApplicable > 0 {
		parts = append(parts, v.say(msgCountNA, s.NotApplicable))
	}
	if n := len(s.Accounts); n > 0 {
		parts = append(parts, v.plural(n, msgInAccount, msgInAccounts))
	}
	if s.Files > 0 {
		parts = append(parts, v.plural(s.Files, msgInFile, msgInFiles))
	}
	return strings.Join(parts, ", ")
}

func (t *table) section(title haetae.Text) {
	t.line(t.paint(bold, t.say(title)))
}

// wrapped writes text over as many lines as it needs.
func (t *table) wrapped(first, rest, text string) {
	for i, l := range wrap(OneLine(text), t.o.Width-columns(rest)) {
		if i == 0 {
			t.line(first + l)
		} else {
			t.line(rest + l)
		}
	}
}

// line writes one line. A failed write is kept by the buffered writer and seen
// when it is flushed.
func (t *table) line(s string) {
	t.w.WriteString(s)
	t.w.WriteByte('\n')
}

// ANSI colours that are readable on dark and on light terminals.
const (
	bold    = "\x1b[1m"
	dim     = "\x1b[2m"
	red     = "\x1b[31m"
	green   = "\x1b[32m"
	yellow  = "\x1b[33m"
	blue    = "\x1b[34m"
	boldRed = "\x1b[1;31m"
	reset   = "\x1b[0m"
)

func severityColor(s haetae.Severity) string {
	switch s {
	case haetae.Critical:
		return boldRed
	case haetae.High:
		return red
	case haetae.Medium:
		return yellow
	}
	return blue
}

func (t *table) paint(color, s string) string {
	if !t.o.Color {
		return s
	}
	return color + s + reset
}
