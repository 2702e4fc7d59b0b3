package hub

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Edit is what an author wants to change of a triage; what is nil stays.
type Edit struct {
	Author haetae.Author
	Who    string // the person's name, or the file and line
	Time   int64  // Unix seconds

	Workflow *haetae.Workflow
	Verdict  *string
	Assignee *string
	Note     *string
	Severity *haetae.Severity // 0 takes the rule's again
	Due      *int64
	Expires  *int64
	Reason   *string
	Add      []string // labels
	Drop     []string // labels
}

// verdicts are Security Hub's words for VerificationState.
func verdicts() []string { return []string{"TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE", ""} }

// Check says what is wrong with an edit before anything is changed.
func (e *Edit) Check() error {
	bad := func(format string, args ...any) error {
		return &haetae.Error{Code: haetae.Invalid, Err: fmt.Errorf(format, args...)}
	}
	if w := e.Workflow; w != nil {
		all := []haetae.Workflow{haetae.WorkflowNew, haetae.WorkflowNotified, haetae.WorkflowResolved, haetae.WorkflowSuppressed}
		if !slices.Contains(all, *w) {
			return bad("workflow %q is not one of NEW, NOTIFIED, RESOLVED, SUPPRESSED", *w)
		}
		if *w == haetae.WorkflowSuppressed && (e.Reason == nil || *e.Reason == "") {
			return &haetae.Error{Code: haetae.Invalid, Err: errors.New("a suppression needs a reason"), Hint: "Say with --reason why it is accepted."}
		}
	}
	if v := e.Verdict; v != nil && !slices.Contains(verdicts(), *v) {
		return bad("verdict %q is not one of TRUE_POSITIVE, FALSE_POSITIVE, BENIGN_POSITIVE", *v)
	}
	if s := e.Severity; s != nil && (*s < 0 || *s > haetae.Critical) {
		return bad("severity %d is none", *s)
	}
	if x := e.Expires; x != nil && *x != 0 && *x <= e.Time {
		return bad("the expiry %s is not in the future", Moment(*x))
	}
	return nil
}

// Apply returns the triage after an edit and what to write into the history.
// A field that a higher author has set stays as it is: a person comes before
// an exception file, and that before an automation rule.
func Apply(t haetae.Triage, e Edit) (haetae.Triage, []haetae.Entry) {
	var log []haetae.Entry
	by := map[string]haetae.Author{}
	for k, v := range t.By {
		by[k] = v
	}
	set := func(field, old, new string, assign func()) {
		if by[field] > e.Author {
			return
		}
		by[field] = e.Author
		assign()
		if old != new {
			log = append(log, haetae.Entry{Time: e.Time, Who: e.Who, Field: field, Old: old, New: new})
		}
	}
	if e.Workflow != nil {
		set("workflow", string(t.Workflow), string(*e.Workflow), func() {
			t.Workflow, t.Said = *e.Workflow, e.Time
			if t.Workflow != haetae.WorkflowSuppressed || e.Expires == nil {
				// The end of a suppression ends with it.
				none := int64(0)
				e.Expires = &none
			}
		})
	}
	texts := []struct {
		field string
		to    *string
		at    *string
	}{{"verdict", e.Verdict, &t.Verdict}, {"assignee", e.Assignee, &t.Assignee}, {"note", e.Note, &t.Note}, {"reason", e.Reason, &t.Reason}}
	for _, x := range texts {
		if x.to != nil {
			set(x.field, *x.at, *x.to, func() { *x.at = *x.to })
		}
	}
	if e.Severity != nil {
		set("severity", severity(t.Severity), severity(*e.Severity), func() { t.Severity = *e.Severity })
	}
	if e.Due != nil {
		set("due", Moment(t.Due), Moment(*e.Due), func() { t.Due = *e.Due })
	}
	if e.Expires != nil {
		set("expires", Moment(t.Expires), Moment(*e.Expires), func() { t.Expires = *e.Expires })
	}
	if len(e.Add)+len(e.Drop) > 0 {
		labels := slices.Concat(t.Labels, e.Add)
		slices.Sort(labels)
		labels = slices.DeleteFunc(slices.Compact(labels), func(l string) bool { return slices.Contains(e.Drop, l) })
		set("labels", strings.Join(t.Labels, " "), strings.Join(labels, " "), func() { t.Labels = labels })
	}
	t.By = by
	return t, log
}

func severity(s haetae.Severity) string {
	if s == 0 {
		return ""
	}
	return s.String()
}

// Wake ends a suppression whose time is over.
func Wake(t haetae.Triage, now int64) (haetae.Triage, []haetae.Entry) {
	if t.Workflow != haetae.WorkflowSuppressed || t.Expires == 0 || t.Expires > now {
		return t, nil
	}
	log := []haetae.Entry{
		{Time: now, Who: Self, Field: "expires", Old: Moment(t.Expires)},
		{Time: now, Who: Self, Field: "workflow", Old: string(t.Workflow), New: string(haetae.WorkflowNew)},
	}
	by := maps.Clone(t.By)
	delete(by, "workflow")
	t.Workflow, t.Said, t.Expires, t.By = haetae.WorkflowNew, now, 0, by
	return t, log
}
