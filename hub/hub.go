// Package hub decides what becomes of findings: what is new, still there, fixed
// or back, what is not confirmed any more, and what people have said of it. It
// is pure: what is stored, what a scan found and the time are given to it, and
// it returns the steps that whoever stores them takes.
package hub

import (
	"fmt"
	"iter"
	"time"

	"github.com/haetae/haetae"
)

// Scan is what the hub needs to know of a scan besides its findings.
type Scan struct {
	Time int64 // of the snapshot, Unix seconds
	Now  int64 // the wall clock, at which suppressions end
	// Rules are the ids of the controls that judged.
	Rules map[string]bool
	// Others are those that there are and that were not asked: what they said is
	// out of scope and stays as it is.
	Others map[string]bool
	// Here tells whether the scan looked at a stack or an account at all; nil
	// when it looked everywhere. Of others nothing changes.
	Here func(stack, account string) bool
	// Listed says why the listing of a type may lack something, nil when it is
	// complete; see graph.Listings.
	Listed func(stack, account, region, typ string) *haetae.Unknown
	// Former are earlier ids of renamed controls, by the present id.
	Former map[string][]string
}

// Decide returns a step for every stored finding and every one that the scan
// found, in no order, and counts them. The findings must be those of the whole
// scan, also what passed, since that is what closes. A finding that nothing
// happened to has a step too: what it says may have changed.
//
// The tally is whole when the steps have been gone through.
func Decide(s Scan, kept []haetae.Kept, found iter.Seq2[haetae.Finding, error]) (iter.Seq2[haetae.Step, error], *haetae.Tally) {
	d := &decision{scan: s, index: make(map[haetae.UID]int, len(kept)), kept: kept, seen: make([]bool, len(kept)), fresh: map[haetae.UID]bool{}}
	for i := range kept {
		d.index[kept[i].UID] = i
	}
	return func(yield func(haetae.Step, error) bool) {
		for f, err := range found {
			if err != nil {
				yield(haetae.Step{}, err)
				return
			}
			if step, ok := d.met(&f); ok && !yield(step, nil) {
				return
			}
		}
		for i := range kept {
			if d.seen[i] {
				continue
			}
			if step, ok := d.missed(&kept[i]); ok && !yield(step, nil) {
				return
			}
		}
	}, &d.tally
}

type decision struct {
	scan  Scan
	index map[haetae.UID]int
	kept  []haetae.Kept
	seen  []bool
	fresh map[haetae.UID]bool // what is not stored and was met
	tally haetae.Tally
}

// find returns the stored finding, also under an earlier id of its rule.
func (d *decision) find(f *haetae.Finding, uid haetae.UID) *haetae.Kept {
	if i, ok := d.index[uid]; ok {
		d.seen[i] = true
		return &d.kept[i]
	}
	for _, old := range d.scan.Former[f.Rule.ID] {
		if i, ok := d.index[f.Under(old)]; ok && !d.seen[i] {
			d.seen[i] = true
			return &d.kept[i]
		}
	}
	return nil
}

// met decides about a finding that the scan has a verdict for.
func (d *decision) met(f *haetae.Finding) (haetae.Step, bool) {
	uid := f.Under(f.Rule.ID)
	// A listing that failed in two ways is one finding: the first one speaks.
	if i, ok := d.index[uid]; ok && d.seen[i] || d.fresh[uid] {
		return haetae.Step{}, false
	}
	k := d.find(f, uid)
	if k == nil {
		return d.first(f, uid)
	}
	step := d.begin(k)
	step.UID = uid
	if k.UID != uid {
		d.note(&step, "rule", k.Rule, f.Rule.ID)
	}
	d.file(&step, f)
	switch {
	case f.Status == haetae.Fail:
		d.fails(&step, f)
	case f.Status == haetae.Undecided && k.Status == haetae.Fail:
		// What failed is not fixed because nobody can see it.
		step.Stale = "UNKNOWN: " + f.Reason
		if !k.Stale {
			d.tally.Unknown++
		} else {
			d.tally.Stale++
		}
	case f.Status == haetae.Undecided:
		step.Finding = f
		if k.Status == haetae.Undecided {
			d.tally.Still++
		} else {
			d.tally.Unknown++
			d.status(&step, haetae.Undecided)
		}
	case k.Status.Open():
		d.closes(&step, f.Status)
	default:
		return step, step.Workflow != k.Workflow || k.UID != uid
	}
	return step, true
}

// first is a finding that is not stored.
func (d *decision) first(f *haetae.Finding, uid haetae.UID) (haetae.Step, bool) {
	if !f.Status.Open() {
		return haetae.Step{}, false
	}
	if f.Status == haetae.Fail {
		d.tally.New++
	} else {
		d.tally.Unknown++
	}
	d.fresh[uid] = true
	step := haetae.Step{UID: uid, Finding: f, Status: f.Status, Workflow: haetae.WorkflowNew, Reopened: true}
	d.file(&step, f)
	return step, true
}

// fails is a stored finding that fails now.
func (d *decision) fails(step *haetae.Step, f *haetae.Finding) {
	k := step.Was
	step.Finding = f
	again := k.Status != haetae.Fail
	// Somebody said that it was mended, and it was looked at since.
	refuted := step.Workflow == haetae.WorkflowResolved && k.Said < d.scan.Time
	switch {
	case again && k.Status == haetae.Undecided:
		d.tally.New++
	case again:
		d.tally.Back++
		step.Reopened = true
	case refuted:
		d.tally.Back++
	default:
		d.tally.Still++
	}
	if again {
		d.status(step, haetae.Fail)
	}
	if again && (step.Workflow == haetae.WorkflowNotified || step.Workflow == haetae.WorkflowResolved) || refuted {
		d.workflow(step, haetae.WorkflowNew, haetae.ByNobody)
	}
}

// closes is an open finding that does not hold any more.
func (d *decision) closes(step *haetae.Step, to haetae.Status) {
	if step.Was.Status == haetae.Fail {
		d.tally.Fixed++
	}
	d.status(step, to)
}

// missed decides about a stored finding of which the scan says nothing.
func (d *decision) missed(k *haetae.Kept) (haetae.Step, bool) {
	step := d.begin(k)
	if !k.Status.Open() {
		return step, step.Workflow != k.Workflow
	}
	here := d.scan.Here == nil || d.scan.Here(k.Stack, k.Account)
	u := d.scan.Listed(k.Stack, k.Account, k.Region, k.Type)
	switch {
	case here && !d.scan.Rules[k.Rule] && !d.scan.Others[k.Rule]:
		step.Stale = "there is no control " + k.Rule + " any more"
	case !here || !d.scan.Rules[k.Rule]:
		step.Unseen = "out of scope of the last scan"
		return step, here || step.Workflow != k.Workflow
	case u != nil && u.Reason == haetae.NotAsked:
		step.Unseen = "out of scope of the last scan: " + u.String()
		return step, true
	case u != nil:
		step.Stale = "not covered by the last scan: " + u.String()
	default:
		d.closes(&step, haetae.Gone)
		return step, true
	}
	d.tally.Stale++
	return step, true
}

// begin is the step that changes nothing, but that a suppression may end.
func (d *decision) begin(k *haetae.Kept) haetae.Step {
	step := haetae.Step{UID: k.UID, Was: k, Status: k.Status, Workflow: k.Workflow, By: k.By, Expires: k.Expires}
	if Expired(k, d.scan.Now) {
		d.tally.Expired++
		d.note(&step, "expires", Moment(k.Expires), "")
		d.workflow(&step, haetae.WorkflowNew, haetae.ByNobody)
		step.Expires = 0
	}
	return step
}

// file lets an exception, or its end, have its say where no person has.
func (d *decision) file(step *haetae.Step, f *haetae.Finding) {
	switch {
	case step.By > haetae.ByFile:
	case f.Suppressed != nil:
		d.except(step, f.Suppressed)
	case step.By == haetae.ByFile && (f.Status.Open() || f.Status == haetae.Pass):
		d.uncover(step)
	}
}

// except lets an exception cover a finding.
func (d *decision) except(step *haetae.Step, x *haetae.Exception) {
	who := x.By
	if x.Place.File != "" {
		who = fmt.Sprintf("%s:%d", x.Place.File, x.Place.Line)
	}
	was := ""
	if step.Was != nil {
		was = step.Was.Exception
	}
	switch again := step.Workflow == haetae.WorkflowSuppressed && step.By == haetae.ByFile; {
	case step.Was == nil:
	case !again:
		d.noteBy(step, who, "workflow", string(step.Workflow), string(haetae.WorkflowSuppressed))
	case was != x.ID:
		d.noteBy(step, who, "exception", was, x.ID)
	}
	step.Workflow, step.By, step.Expires, step.Exception = haetae.WorkflowSuppressed, haetae.ByFile, x.Until, x
}

// uncover ends what an exception said.
func (d *decision) uncover(step *haetae.Step) {
	d.workflow(step, haetae.WorkflowNew, haetae.ByNobody)
	step.Expires = 0
}

// Reapply returns a step for each stored finding of which exceptions now say
// something else, without a scan: the files changed. covers gives the exception
// of a file that covers an open finding, or nil. What a template's own mark
// suppresses, and what people said, stays.
func Reapply(now int64, kept []haetae.Kept, covers func(*haetae.Kept) *haetae.Exception) iter.Seq2[haetae.Step, error] {
	d := &decision{scan: Scan{Time: now, Now: now}}
	return func(yield func(haetae.Step, error) bool) {
		for i := range kept {
			k := &kept[i]
			step := d.begin(k)
			step.Unseen = "no scan"
			ended := step.Workflow != k.Workflow
			if !ended && (k.By > haetae.ByFile || !k.Status.Open()) {
				continue
			}
			if step.By <= haetae.ByFile && k.Status.Open() {
				if x := covers(k); x != nil {
					d.except(&step, x)
				} else if step.By == haetae.ByFile && k.Exception != "" {
					d.uncover(&step)
				}
			}
			if (ended || step.Exception != nil || step.Workflow != k.Workflow) && !yield(step, nil) {
				return
			}
		}
	}
}

func (d *decision) status(step *haetae.Step, to haetae.Status) {
	d.note(step, "status", string(step.Status), string(to))
	step.Status = to
}

func (d *decision) workflow(step *haetae.Step, to haetae.Workflow, by haetae.Author) {
	d.note(step, "workflow", string(step.Workflow), string(to))
	step.Workflow, step.By = to, by
}

func (d *decision) note(step *haetae.Step, field, old, new string) {
	d.noteBy(step, Self, field, old, new)
}

func (d *decision) noteBy(step *haetae.Step, who, field, old, new string) {
	step.History = append(step.History, haetae.Entry{Time: d.scan.Time, Who: who, Field: field, Old: old, New: new})
}

// Self is who is named in the history for what a scan did.
const Self = "haetae"

// Expired tells whether a suppression has ended.
func Expired(k *haetae.Kept, now int64) bool {
	return k.Workflow == haetae.WorkflowSuppressed && k.Expires != 0 && k.Expires <= now
}

// Moment writes a time for the history, "" for none.
func Moment(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}
