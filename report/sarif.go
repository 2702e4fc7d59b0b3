package report

import (
	"bufio"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/haetae/haetae"
)

type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID      string       `json:"id"`
	Short   sarifMessage `json:"shortDescription"`
	Full    sarifMessage `json:"fullDescription"`
	Help    sarifMessage `json:"help"`
	HelpURI string       `json:"helpUri,omitempty"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Properties sarifRuleProperties `json:"properties"`
}

type sarifRuleProperties struct {
	Tags             []string        `json:"tags"`
	SecuritySeverity string          `json:"security-severity"`
	Severity         string          `json:"severity"`
	Aliases          *haetae.Aliases `json:"aliases"`
}

type sarifResult struct {
	RuleID       string                `json:"ruleId"`
	RuleIndex    int                   `json:"ruleIndex"`
	Kind         string                `json:"kind"`
	Level        string                `json:"level"`
	Message      sarifMessage          `json:"message"`
	Locations    []sarifLocation       `json:"locations"`
	Related      []sarifLocation       `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string     `json:"partialFingerprints"`
	Suppressions []sarifSuppression    `json:"suppressions"`
	Properties   sarifResultProperties `json:"properties"`
}

type sarifResultProperties struct {
	Status  haetae.Status `json:"status"`
	Account string        `json:"account,omitempty"`
	Region  string        `json:"region,omitempty"`
	Missing []string      `json:"missing,omitempty"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name     string `json:"name"`
	FullName string `json:"fullyQualifiedName"`
	Kind     string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string         `json:"kind"`
	Status        string         `json:"status"`
	Justification string         `json:"justification,omitempty"`
	Location      *sarifLocation `json:"location,omitempty"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifMessage    `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
}

// writeSARIF writes one run of SARIF 2.1.0. Results are written one a line while
// they are made, so that a large scan needs no second copy in memory.
func writeSARIF(w *bufio.Writer, v *view) error {
	index := map[string]int{}
	var rules []sarifRule
	for _, g := range groups(v.fs) {
		index[g.rule.ID] = len(rules)
		rules = append(rules, newSARIFRule(v, g.rule))
	}
	if rules == nil {
		rules = []sarifRule{}
	}
	w.WriteString("{\"version\":\"2.1.0\",\n\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\n\"runs\":[{\"tool\":{\"driver\":{\"name\":\"haetae\",\"informationUri\":\"https://github.com/haetae/haetae\"")
	if v.Version != "" {
		fmt.Fprintf(w, ",\"version\":%s", encode(v.Version))
	}
	fmt.Fprintf(w, ",\n\"rules\":%s}},\n\"language\":%s,\n\"invocations\":[", encode(rules), encode(v.o.Lang))
	invocation := struct {
		Done  bool                `json:"executionSuccessful"`
		Time  string              `json:"endTimeUtc,omitempty"`
		Notes []sarifNotification `json:"toolExecutionNotifications"`
	}{true, stamp(v.Time), sarifNotes(v)}
	fmt.Fprintf(w, "%s],\n\"columnKind\":\"utf16CodeUnits\",\n\"results\":[", encode(invocation))
	for i, f := range v.fs {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteByte('\n')
		w.Write(encode(newSARIFResult(v, f, index[f.Rule.ID])))
	}
	_, err := w.WriteString("\n]}]}\n")
	return err
}

func newSARIFRule(v *view, rule *haetae.Rule) sarifRule {
	title := filled(rule.Title.In(v.o.Lang), rule.ID)
	out := sarifRule{
		ID:    rule.ID,
		Short: sarifMessage{Text: title},
		Full:  sarifMessage{Text: filled(rule.Problem.In(v.o.Lang)+" "+rule.Why.In(v.o.Lang), title)},
		Help:  sarifHelp(v, rule),
		Properties: sarifRuleProperties{
			Tags:             append([]string{"security", haetae.ServiceOf(rule.Type)}, standards(rule)...),
			SecuritySeverity: sarifScore(rule.Severity),
			Severity:         rule.Severity.String(),
			Aliases:          &rule.Aliases,
		},
	}
	out.Default.Level = sarifLevel(rule.Severity)
	for _, ref := range rule.References {
		if u, err := url.Parse(ref); err == nil && link(ref) {
			out.HelpURI = u.String()
			break
		}
	}
	return out
}

// sarifHelp is the page that a code host shows beside an alert.
func sarifHelp(v *view, rule *haetae.Rule) sarifMessage {
	why, fix := rule.Why.In(v.o.Lang), rule.Fix.Console.In(v.o.Lang)
	text := strings.TrimSpace(why + "\n\n" + fix + "\n\n" + rule.Fix.CLI + "\n\n" + rule.Fix.CloudFormation)
	var md strings.Builder
	md.WriteString(why + "\n\n")
	if fix != "" {
		md.WriteString("**" + v.say(msgHowToFix) + "**\n\n" + fix + "\n\n")
	}
	for _, code := range []struct{ name, text string }{{"sh", rule.Fix.CLI}, {"yaml", rule.Fix.CloudFormation}} {
		if code.text != "" {
			md.WriteString("```" + code.name + "\n" + strings.ReplaceAll(strings.TrimSpace(code.text), "```", "'''") + "\n```\n\n")
		}
	}
	for _, ref := range rule.References {
		if link(ref) {
			md.WriteString("- <" + ref + ">\n")
		}
	}
	return sarifMessage{Text: filled(text, rule.ID), Markdown: strings.TrimSpace(md.String())}
}

func newSARIFResult(v *view, f *haetae.Finding, ruleIndex int) sarifResult {
	kind, level := sarifKind(f)
	message := f.Reason
	if f.Status == haetae.Undecided {
		message = unknownText(v, f)
	}
	out := sarifResult{
		RuleID: f.Rule.ID, RuleIndex: ruleIndex, Kind: kind, Level: level,
		Message:      sarifMessage{Text: sarifText(filled(message, f.Rule.Title.In(v.o.Lang), f.Rule.ID))},
		Locations:    []sarifLocation{sarifWhere(f)},
		Fingerprints: map[string]string{"haetae/v1": f.UID()},
		Suppressions: []sarifSuppression{},
		Properties:   sarifResultProperties{f.Status, f.Resource.Account, f.Resource.Region, f.Missing},
	}
	for _, c := range childrenOf(f) {
		if p := sarifPlace(c); p != nil {
			out.Related = append(out.Related, sarifLocation{Physical: p, Logical: []sarifLogical{{c.Child, c.Child, "resource"}}})
		}
	}
	if s := f.Suppressed; s != nil {
		sup := sarifSuppression{Kind: "external", Status: "accepted", Justification: sarifBecause(s)}
		if p := sarifPlace(s.Place); p != nil {
			sup.Location = &sarifLocation{Physical: p}
			if s.Place.File == f.Resource.Origin.File {
				sup.Kind = "inSource"
			}
		}
		out.Suppressions = append(out.Suppressions, sup)
	}
	return out
}

// sarifBecause is the justification of a suppression: SARIF has no place for
// who answers for it and until when
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html, 3.35).
func sarifBecause(s *haetae.Exception) string {
	text := strings.TrimSpace(s.Who() + ": " + s.Reason)
	if s.Expires != "" {
		text += " (until " + s.Expires + ")"
	}
	return text
}

// sarifText is text for people that cannot become a link: SARIF reads
// "[text](target)" as one, unless the bracket is escaped.
func sarifText(s string) string { return strings.ReplaceAll(visible(s), "](", `\](`) }

// sarifWhere is a file and a line where there are, and always the resource by
// its name, which for a live account is all there is.
func sarifWhere(f *haetae.Finding) sarifLocation {
	r := f.Resource
	full := filled(r.ARN, r.Type+"/"+r.ID)
	if r.Origin.LogicalID != "" {
		full = r.Origin.LogicalID
	}
	return sarifLocation{
		Physical: sarifPlace(pointOf(f)),
		Logical:  []sarifLogical{{shortName(r), full, "resource"}},
	}
}

func sarifPlace(p haetae.Place) *sarifPhysical {
	if p.File == "" {
		return nil
	}
	out := &sarifPhysical{}
	out.Artifact.URI = fileURI(p.File)
	if p.Line > 0 {
		out.Region = &sarifRegion{p.Line}
	}
	return out
}

// fileURI writes a path as a URI reference: relative paths stay relative, so
// that a code host finds the file in the repository.
func fileURI(file string) string {
	file = strings.ReplaceAll(file, `\`, "/")
	if len(file) > 2 && file[1] == ':' && file[2] == '/' { // a drive
		file = "/" + file
	}
	file = path.Clean(file)
	u := url.URL{Path: file}
	if path.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}

// sarifKind is the state of a result and its level; a level other than "none" is
// for failures only.
func sarifKind(f *haetae.Finding) (kind, level string) {
	switch f.Status {
	case haetae.Fail:
		return "fail", sarifLevel(f.Rule.Severity)
	case haetae.Pass:
		return "pass", "none"
	case haetae.Undecided:
		return "open", "none"
	}
	return "notApplicable", "none"
}

func sarifLevel(s haetae.Severity) string {
	switch s {
	case haetae.Critical, haetae.High:
		return "error"
	case haetae.Medium:
		return "warning"
	}
	return "note"
}

// sarifScore is a number that code hosts turn back into the same word.
func sarifScore(s haetae.Severity) string {
	switch s {
	case haetae.Critical:
		return "9.5"
	case haetae.High:
		return "8.0"
	case haetae.Medium:
		return "5.5"
	case haetae.Low:
		return "2.5"
	}
	return "0.0"
}

// sarifNotes are the inputs that could not be read and what was not covered, so
// that an empty result list is not taken for a clean one.
func sarifNotes(v *view) []sarifNotification {
	notes := []sarifNotification{}
	for _, p := range v.Problems {
		n := sarifNotification{Level: "warning", Message: sarifMessage{Text: filled(strings.TrimSpace(p.Error + ". " + p.Hint))}}
		if p.Fatal {
			n.Level = "error"
		}
		if at := sarifPlace(p.Place); at != nil {
			n.Locations = []sarifLocation{{Physical: at}}
		}
		notes = append(notes, n)
	}
	for _, g := range gaps(v.Coverage) {
		notes = append(notes, sarifNotification{Level: "warning", Message: sarifMessage{Text: v.say(msgGaps) + ": " + v.gapText(g)}})
	}
	return notes
}
