package report

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// standing is the status of a finding as people count it: a finding that an
// exception covers is neither failed nor unknown, it is suppressed.
type standing string

const (
	failed        standing = "FAIL"
	undecided     standing = "UNKNOWN"
	suppressed    standing = "SUPPRESSED"
	passed        standing = "PASS"
	notApplicable standing = "NOT_APPLICABLE"
)

func standingOf(f *haetae.Finding) standing {
	if f.Suppressed != nil && (f.Status == haetae.Fail || f.Status == haetae.Undecided) {
		return suppressed
	}
	return standing(f.Status)
}

// Summary counts what a scan says. A finding is counted once: one that an
// exception covers counts as suppressed, not as failed or unknown.
type Summary struct {
	Failed        int `json:"failed"`
	Passed        int `json:"passed"`
	Unknown       int `json:"unknown"`
	NotApplicable int `json:"notApplicable"`
	Suppressed    int `json:"suppressed"`
	// Severity counts what failed, by severity.
	Severity BySeverity `json:"severity"`

	Accounts  []string `json:"accounts"` // sorted
	Regions   []string `json:"regions"`  // sorted
	Files     int      `json:"files"`    // templates and plans with resources that were judged
	Resources int      `json:"resources"`
	Controls  int      `json:"controls"`

	// NotCovered is the number of listings that are not complete.
	NotCovered int `json:"notCovered"`
	// Problems is the number of inputs that could not be read in full.
	Problems int `json:"problems"`
}

// BySeverity is a number for each severity, indexed by [haetae.Severity].
type BySeverity [haetae.Critical + 1]int

// MarshalJSON writes an object with Security Hub's words, most serious first.
func (b BySeverity) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Critical      int `json:"CRITICAL"`
		High          int `json:"HIGH"`
		Medium        int `json:"MEDIUM"`
		Low           int `json:"LOW"`
		Informational int `json:"INFORMATIONAL"`
	}{b[haetae.Critical], b[haetae.High], b[haetae.Medium], b[haetae.Low], b[haetae.Informational]})
}

// Undecided returns the share of judgements that could not be made, in percent,
// rounded up: one in a thousand is not none.
func (s Summary) Undecided() int {
	judged := s.Failed + s.Passed + s.Unknown
	if judged == 0 {
		return 0
	}
	return (100*s.Unknown + judged - 1) / judged
}

// Summarize counts the findings of a scan and what it could not see.
func Summarize(fs []haetae.Finding, coverage []haetae.Coverage, problems []haetae.Problem) Summary {
	s := Summary{Problems: len(problems), Accounts: []string{}, Regions: []string{}}
	accounts, regions, files, controls := set{}, set{}, set{}, set{}
	resources := map[haetae.Key]struct{}{}
	for i := range fs {
		f := &fs[i]
		switch standingOf(f) {
		case failed:
			s.Failed++
			if v := f.Rule.Severity; v > 0 && int(v) < len(s.Severity) {
				s.Severity[v]++
			}
		case undecided:
			s.Unknown++
		case suppressed:
			s.Suppressed++
		case passed:
			s.Passed++
		case notApplicable:
			s.NotApplicable++
		}
		r := f.Resource
		accounts.add(r.Account)
		regions.add(r.Region)
		if r.Declared() {
			files.add(r.Origin.File)
		}
		controls.add(f.Rule.ID)
		if r.ID != "*" {
			resources[r.Key()] = struct{}{}
		}
	}
	for _, c := range coverage {
		if c.Status != haetae.Complete {
			s.NotCovered++
		}
		accounts.add(c.Account)
		regions.add(c.Region)
	}
	s.Accounts, s.Regions = accounts.sorted(), regions.sorted()
	s.Files, s.Controls, s.Resources = len(files), len(controls), len(resources)
	return s
}

// set is a set of words; the empty word and "*" are in none.
type set map[string]struct{}

func (s set) add(word string) {
	if word != "" && word != "*" {
		s[word] = struct{}{}
	}
}

func (s set) sorted() []string {
	words := make([]string, 0, len(s))
	for w := range s {
		words = append(words, w)
	}
	slices.Sort(words)
	return words
}

// lack is an IAM action that was missing and for how many findings.
type lack struct {
	action    string
	resources int
}

// lacks adds up the IAM actions that would decide the findings which are
// unknown, the most wanted first. A resource counts once for an action.
func lacks(fs []*haetae.Finding) []lack {
	seen := map[string]map[*haetae.Resource]struct{}{}
	for _, f := range fs {
		if standingOf(f) != undecided {
			continue
		}
		for _, u := range f.Unknowns {
			if u == nil || u.Reason != haetae.Denied && u.Reason != haetae.NotAsked {
				continue // a permission would not have helped
			}
			for _, a := range u.Actions {
				if seen[a] == nil {
					seen[a] = map[*haetae.Resource]struct{}{}
				}
				seen[a][f.Resource] = struct{}{}
			}
		}
	}
	var ls []lack
	for a, rs := range seen {
		ls = append(ls, lack{a, len(rs)})
	}
	slices.SortFunc(ls, func(a, b lack) int {
		if a.resources != b.resources {
			return b.resources - a.resources
		}
		return strings.Compare(a.action, b.action)
	})
	return ls
}

// gap is one kind of hole in the coverage, in all places where it is the same.
type gap struct {
	haetae.Coverage // of the first place
	places          []string
}

// sameReason puts gaps together that differ only in their type: an account that
// could not be entered is one remark.
func sameReason(gs []gap) []gap {
	var out []gap
	index := map[string]int{}
	for _, g := range gs {
		if g.Reason == haetae.NotAsked || g.Detail == "" {
			out = append(out, g)
			continue
		}
		key := strings.Join(append([]string{string(g.Status), string(g.Reason), g.Detail, strings.Join(g.places, ",")}, g.Actions...), "\x00")
		i, ok := index[key]
		if !ok {
			index[key] = len(out)
			out = append(out, g)
			continue
		}
		switch {
		case g.Type == "*" || out[i].Type == "*":
			out[i].Type = "*"
		default:
			out[i].Type += ", " + g.Type
		}
	}
	return out
}

// gaps puts incomplete listings together that differ only in their place.
func gaps(coverage []haetae.Coverage) []gap {
	var gs []gap
	index := map[string]int{}
	for _, c := range coverage {
		if c.Status == haetae.Complete {
			continue
		}
		key := strings.Join(append([]string{c.Type, string(c.Status), string(c.Reason), c.Detail}, c.Actions...), "\x00")
		i, ok := index[key]
		if !ok {
			i = len(gs)
			index[key] = i
			gs = append(gs, gap{Coverage: c})
		}
		place := strings.TrimSpace(c.Account + " " + c.Region)
		if c.Stack != "" {
			place = c.Stack
		}
		if place != "" {
			gs[i].places = append(gs[i].places, place)
		}
	}
	return gs
}
