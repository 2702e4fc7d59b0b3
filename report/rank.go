package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Rank sorts findings, what to look at first at the top: by severity, FAIL
// before UNKNOWN before PASS before NOT_APPLICABLE, by how much depends on the
// resource, then by service, rule and resource. Findings that differ in any of
// these have one order only; others keep the order they came in.
func Rank(fs []haetae.Finding) {
	slices.SortStableFunc(fs, func(a, b haetae.Finding) int { return compare(&a, &b) })
}

func rank(fs []*haetae.Finding) { slices.SortStableFunc(fs, compare) }

func compare(a, b *haetae.Finding) int {
	if c := cmp.Or(
		cmp.Compare(b.Rule.Severity, a.Rule.Severity),
		cmp.Compare(statusOrder(a.Status), statusOrder(b.Status)),
		cmp.Compare(b.Blast, a.Blast),
	); c != 0 {
		return c
	}
	if c := strings.Compare(service(a), service(b)); c != 0 {
		return c
	}
	if c := strings.Compare(a.Rule.ID, b.Rule.ID); c != 0 {
		return c
	}
	if c := a.Resource.Compare(b.Resource); c != 0 {
		return c
	}
	p, q := a.Resource.Origin, b.Resource.Origin
	return cmp.Or(
		strings.Compare(p.File, q.File),
		cmp.Compare(p.Line, q.Line),
		strings.Compare(p.LogicalID, q.LogicalID),
		strings.Compare(a.Reason, b.Reason),
	)
}

func statusOrder(s haetae.Status) int {
	switch s {
	case haetae.Fail:
		return 0
	case haetae.Undecided:
		return 1
	case haetae.Pass:
		return 2
	}
	return 3
}

// service names the service of a finding by what was judged, which for account
// settings is the rule's type.
func service(f *haetae.Finding) string {
	if f.Rule.Type != "" {
		return haetae.ServiceOf(f.Rule.Type)
	}
	return f.Resource.Service()
}

// group is the findings of one control.
type group struct {
	rule *haetae.Rule
	fs   []*haetae.Finding
}

// groups puts ranked findings together by control, in the order of each
// control's first finding.
func groups(fs []*haetae.Finding) []group {
	var gs []group
	index := map[string]int{}
	for _, f := range fs {
		i, ok := index[f.Rule.ID]
		if !ok {
			i = len(gs)
			index[f.Rule.ID] = i
			gs = append(gs, group{rule: f.Rule})
		}
		gs[i].fs = append(gs[i].fs, f)
	}
	return gs
}

// count returns how many findings of the group have the standing.
func (g group) count(s standing) int {
	n := 0
	for _, f := range g.fs {
		if standingOf(f) == s {
			n++
		}
	}
	return n
}
