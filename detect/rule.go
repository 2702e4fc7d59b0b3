package detect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/sigma"
)

// Rule is what findings say of the rule that made them.
type Rule struct {
	ID         string
	Title      haetae.Text
	Severity   haetae.Severity // 0 when the rule has no level
	Techniques []string        // of ATT&CK: "T1078.004"
	Tags       []string
	GuardDuty  []string
	Signal     string
	Subject    []string
	Window     time.Duration
	Baseline   *content.Baseline // the rule speaks only of what it calls unusual; nil of all
	BuiltIn    bool              // it is one of haetae's content, not one of a user's Sigma rules
	File       string
}

// DefaultWindow is the gap within which two findings of the same rule and subject
// are one, where the rule does not say another.
const DefaultWindow = time.Hour

// window is the rule's own, or the default.
func (r *Rule) window() time.Duration {
	if r.Window == 0 {
		return DefaultWindow
	}
	return r.Window
}

// Rules are detections and people's own Sigma rules, as the engine takes them.
type Rules struct {
	sigma sigma.Rules
	of    map[string]*Rule // by the key of the Sigma rule or correlation
}

// NewRules joins detections and Sigma rules. A Sigma rule with the key of another
// rule is refused: its findings could not be told apart.
func NewRules(detections []*content.Detection, own sigma.Rules) (*Rules, []error) {
	r := &Rules{of: map[string]*Rule{}}
	var refused []error
	for _, d := range detections {
		r.of[d.ID] = &Rule{ID: d.ID, Title: d.Title, Severity: d.Severity, Techniques: techniques(d.Tags), Tags: d.Tags, GuardDuty: d.GuardDuty,
			Signal: d.Signal, Subject: d.Subject, Window: d.Window, Baseline: d.Baseline, BuiltIn: true, File: d.File}
		r.sigma.Rules = append(r.sigma.Rules, d.Rules...)
		r.sigma.Correlations = append(r.sigma.Correlations, d.Correlations...)
	}
	add := func(key, title, level, file string, line int, tags []string) bool {
		if old, ok := r.of[key]; ok {
			refused = append(refused, &sigma.Error{File: file, Line: line, Rule: title, Text: fmt.Sprintf("its id %q is also that of a rule of %s", key, old.File)})
			return false
		}
		severity, err := haetae.ParseSeverity(level)
		if err != nil {
			severity = 0
		}
		r.of[key] = &Rule{ID: key, Title: haetae.Text{EN: title}, Severity: severity, Techniques: techniques(tags), Tags: tags, File: file}
		return true
	}
	for _, x := range own.Rules {
		if add(x.Key(), x.Title, x.Level, x.File, x.Line, x.Tags) {
			r.sigma.Rules = append(r.sigma.Rules, x)
		}
	}
	for _, x := range own.Correlations {
		if add(x.Key(), x.Title, x.Level, x.File, x.Line, x.Tags) {
			r.sigma.Correlations = append(r.sigma.Correlations, x)
		}
	}
	return r, refused
}

var technique = regexp.MustCompile(`(?i)^attack\.(t\d{4}(?:\.\d{3})?)$`)

// techniques are those of ATT&CK that tags name.
func techniques(tags []string) []string {
	var out []string
	for _, t := range tags {
		if m := technique.FindStringSubmatch(t); m != nil {
			out = append(out, strings.ToUpper(m[1]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
