package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/sequence"
)

// sequences are the attack sequences, built in and of the user's own folders.
func (a *app) sequences() ([]*content.Sequence, error) {
	trees, err := contentTrees(a.content)
	if err != nil {
		return nil, err
	}
	return content.Sequences(trees...)
}

// sequenceTest plays every attack sequence in its examples and tells which end
// otherwise than they say.
func (a *app) sequenceTest() (faults []string, sequences, examples int, err error) {
	list, err := a.sequences()
	if err != nil {
		return nil, 0, 0, err
	}
	detections, err := a.detections()
	if err != nil {
		return nil, 0, 0, err
	}
	if _, faults, err = content.GuardDuty(detections, list); err != nil {
		return nil, 0, 0, err
	}
	for _, q := range list {
		for i := range q.Examples {
			examples++
			fault, err := q.Play(&q.Examples[i])
			if err != nil {
				return nil, 0, 0, err
			}
			if fault != "" {
				faults = append(faults, fmt.Sprintf("%s: example %q: %s", q.File, q.Examples[i].Name, fault))
			}
		}
	}
	return faults, len(list), examples, nil
}

// explainSequence prints an attack sequence in plain words; done is false when the
// id is none's.
func (a *app) explainSequence(id string) (done bool, err error) {
	list, err := a.sequences()
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(list, func(q *content.Sequence) bool { return q.ID == id })
	if i < 0 {
		return false, nil
	}
	q := &list[i].Sequence
	var b strings.Builder
	fmt.Fprintf(&b, "%s  (%s)\n%s\n\n", q.ID, q.Family, q.Title.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n\n", a.say("What it is", "무엇인가"), q.Description.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n\n%s\n", a.say("What to do", "대응"), q.Response.In(a.lang), a.say("What counts", "점수에 드는 것"))
	for _, p := range q.Parts {
		services := ""
		if len(p.Services) > 0 {
			services = "  (" + strings.Join(p.Services, ", ") + ")"
		}
		fmt.Fprintf(&b, "  %-22s × %s%s\n", p.Tactic, sequence.PointsOf(p.Weight), services)
	}
	for _, any := range q.Needs {
		fmt.Fprintf(&b, "  %s %s\n", a.say("one must be there of:", "하나는 있어야 함:"), strings.Join(any, ", "))
	}
	if q.MinMembers > 0 {
		fmt.Fprintf(&b, "  %s %d × %s\n", a.say("at least", "적어도"), q.MinMembers, q.Members)
	}
	for _, w := range q.Windows {
		within := fmt.Sprintf("%dh", int(w.Within/time.Hour))
		if w.Within > 24*time.Hour && w.Within%(24*time.Hour) == 0 {
			within = fmt.Sprintf("%dd", int(w.Within/(24*time.Hour)))
		}
		fmt.Fprintf(&b, "  %s\n", fmt.Sprintf(a.say("within %s: a score of %s", "%s 안에: 점수 %s"), within, sequence.PointsOf(w.Threshold)))
	}
	fmt.Fprintf(&b, "\nMITRE ATT&CK\n  %s\n", strings.Join(q.Techniques, ", "))
	if len(q.GuardDuty) > 0 {
		fmt.Fprintf(&b, "\nGuardDuty\n  %s\n", strings.Join(q.GuardDuty, ", "))
	}
	fmt.Fprintf(&b, "\n%s\n", a.say("References", "참고 자료"))
	for _, r := range q.References {
		fmt.Fprintf(&b, "  %s\n", r)
	}
	_, err = fmt.Fprint(a.out, b.String())
	return true, err
}
