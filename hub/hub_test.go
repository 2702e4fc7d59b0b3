package hub

import (
	"iter"
	"slices"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
)

// now is the time of the scans here; the one before was a day earlier.
const now = 1_772_000_000

var rule = &haetae.Rule{ID: "s3-bucket-not-public", Type: "AWS::S3::Bucket", Severity: haetae.High}

const (
	here  = "111122223333"
	there = "444455556666"
	east  = "us-east-1"
)

func bucket() *haetae.Resource {
	return &haetae.Resource{Type: "AWS::S3::Bucket", ID: "b", Account: here, Region: east}
}

func verdict(s haetae.Status) *haetae.Finding {
	return &haetae.Finding{Rule: rule, Status: s, Resource: bucket(), Reason: "so it is"}
}

// stored is the finding of the bucket, as a scan before left it.
func stored(s haetae.Status, w haetae.Workflow) haetae.Kept {
	f := verdict(s)
	k := haetae.Kept{UID: f.Under(rule.ID), Rule: rule.ID, Account: here, Region: east, Type: "AWS::S3::Bucket", Resource: "b", Status: s, Workflow: w, Last: now - 86400}
	if w != haetae.WorkflowNew {
		k.By, k.Said = haetae.ByPerson, now-1000
	}
	return k
}

// complete is the coverage of a scan that saw everything.
func complete() []haetae.Coverage {
	return []haetae.Coverage{{Account: here, Region: east, Type: "AWS::S3::Bucket", Status: haetae.Complete}}
}

type scene struct {
	name     string
	kept     *haetae.Kept
	found    *haetae.Finding
	coverage []haetae.Coverage // nil is complete
	rules    []string          // nil is the rule of the bucket
	others   []string          // controls that there are and that did not judge
	former   map[string][]string

	elsewhere bool // the scan was about another account

	none     bool // nothing is to be done
	status   haetae.Status
	workflow haetae.Workflow
	stale    string
	unseen   string // nobody looked: why
	says     bool   // what the scan says is what is stored from now on
	reopened bool
	tally    haetae.Tally
	history  []string // field old→new
}

func kept(k haetae.Kept) *haetae.Kept { return &k }

func but(k haetae.Kept, change func(*haetae.Kept)) *haetae.Kept {
	change(&k)
	return &k
}

func scenes() []scene {
	const (
		fail, unknown, pass, na, gone = haetae.Fail, haetae.Undecided, haetae.Pass, haetae.NotApplicable, haetae.Gone
		fresh, notified               = haetae.WorkflowNew, haetae.WorkflowNotified
		resolved, suppressed          = haetae.WorkflowResolved, haetae.WorkflowSuppressed
	)
	partial := []haetae.Coverage{{Account: here, Region: east, Type: "AWS::S3::Bucket", Status: haetae.Partial, Reason: haetae.Throttled, Detail: "the second page"}}
	denied := []haetae.Coverage{{Account: here, Region: east, Type: "AWS::S3::Bucket", Status: haetae.Missing, Reason: haetae.Denied, Detail: "no", Actions: []string{"s3:ListAllMyBuckets"}}}
	const notCovered = "not covered by the last scan: "
	const outOfScope = "out of scope of the last scan"
	return []scene{
		{name: "what fails for the first time is new", found: verdict(fail), status: fail, workflow: fresh, says: true, reopened: true, tally: haetae.Tally{New: 1}},
		{name: "what cannot be decided for the first time is kept as unknown", found: verdict(unknown), status: unknown, workflow: fresh, says: true, reopened: true, tally: haetae.Tally{Unknown: 1}},
		{name: "what passes for the first time is no finding", found: verdict(pass), none: true},
		{name: "what does not apply for the first time is no finding", found: verdict(na), none: true},

		{name: "what failed and fails is still there", kept: kept(stored(fail, fresh)), found: verdict(fail), status: fail, workflow: fresh, says: true, tally: haetae.Tally{Still: 1}},
		{name: "what was stale and fails is confirmed again", kept: but(stored(fail, fresh), func(k *haetae.Kept) { k.Stale = true }), found: verdict(fail), status: fail, workflow: fresh, says: true, tally: haetae.Tally{Still: 1}},
		{name: "what failed and passes is fixed", kept: kept(stored(fail, fresh)), found: verdict(pass), status: pass, workflow: fresh, tally: haetae.Tally{Fixed: 1}, history: []string{"status FAIL→PASS"}},
		{name: "what failed and does not apply any more is fixed", kept: kept(stored(fail, notified)), found: verdict(na), status: na, workflow: notified, tally: haetae.Tally{Fixed: 1}, history: []string{"status FAIL→NOT_APPLICABLE"}},
		{name: "what failed and is gone from a complete listing is fixed", kept: kept(stored(fail, fresh)), status: gone, workflow: fresh, tally: haetae.Tally{Fixed: 1}, history: []string{"status FAIL→GONE"}},
		{name: "what is suppressed and passes is closed and stays suppressed", kept: kept(stored(fail, suppressed)), found: verdict(pass), status: pass, workflow: suppressed, tally: haetae.Tally{Fixed: 1}, history: []string{"status FAIL→PASS"}},

		{name: "what failed and cannot be decided stays open and is stale", kept: kept(stored(fail, notified)), found: verdict(unknown), status: fail, workflow: notified, stale: "UNKNOWN: so it is", tally: haetae.Tally{Unknown: 1}},
		{name: "what was stale and cannot be decided again is not counted again", kept: but(stored(fail, fresh), func(k *haetae.Kept) { k.Stale = true }), found: verdict(unknown), status: fail, workflow: fresh, stale: "UNKNOWN: so it is", tally: haetae.Tally{Stale: 1}},
		{name: "what failed and is missing from a partial listing stays open and is stale", kept: kept(stored(fail, fresh)), coverage: partial, status: fail, workflow: fresh, stale: notCovered + "the second page in us-east-1", tally: haetae.Tally{Stale: 1}},
		{name: "what failed and is missing from a listing that was denied stays open and is stale", kept: kept(stored(fail, fresh)), coverage: denied, status: fail, workflow: fresh, stale: notCovered + "no in us-east-1 (needs s3:ListAllMyBuckets)", tally: haetae.Tally{Stale: 1}},
		{name: "what was found by a partial listing and passes is fixed all the same", kept: kept(stored(fail, fresh)), found: verdict(pass), coverage: partial, status: pass, workflow: fresh, tally: haetae.Tally{Fixed: 1}, history: []string{"status FAIL→PASS"}},
		{name: "a scan of another account leaves it as it was", kept: kept(stored(fail, fresh)), coverage: []haetae.Coverage{{Account: there, Region: east, Type: "*", Status: haetae.Complete}}, status: fail, workflow: fresh, unseen: outOfScope + ": AWS::S3::Bucket was not listed"},
		{name: "a scan of another region leaves it as it was", kept: kept(stored(fail, fresh)), coverage: []haetae.Coverage{{Account: here, Region: "eu-west-1", Type: "*", Status: haetae.Complete}}, status: fail, workflow: fresh, unseen: outOfScope + ": AWS::S3::Bucket was not listed"},
		{name: "a scan of another type leaves it as it was", kept: kept(stored(fail, fresh)), coverage: []haetae.Coverage{{Account: here, Region: east, Type: "AWS::EC2::Instance", Status: haetae.Complete}}, status: fail, workflow: fresh, unseen: outOfScope + ": AWS::S3::Bucket was not listed"},
		{name: "a scan by another control leaves it as it was", kept: kept(stored(fail, fresh)), rules: []string{"another"}, others: []string{rule.ID}, status: fail, workflow: fresh, unseen: outOfScope},
		{name: "a scan by another control leaves it stale that was stale", kept: but(stored(fail, fresh), func(k *haetae.Kept) { k.Stale = true }), rules: []string{"another"}, others: []string{rule.ID}, coverage: denied, status: fail, workflow: fresh, unseen: outOfScope},
		{name: "what a control said that there is no more is stale", kept: kept(stored(fail, fresh)), rules: []string{"another"}, status: fail, workflow: fresh, stale: "there is no control s3-bucket-not-public any more", tally: haetae.Tally{Stale: 1}},
		{name: "of an account that the scan is not about nothing is written", kept: kept(stored(fail, fresh)), elsewhere: true, none: true},
		{name: "a suppression ends in an account that the scan is not about", kept: but(stored(fail, suppressed), func(k *haetae.Kept) { k.Expires = now - 1 }), elsewhere: true, status: fail, workflow: fresh, unseen: outOfScope, tally: haetae.Tally{Expired: 1}, history: []string{"expires 2026-02-25T06:13:19Z→", "workflow SUPPRESSED→NEW"}},
		{name: "a listing without regions proves absence in every region", kept: kept(stored(fail, fresh)), coverage: []haetae.Coverage{{Account: here, Type: "AWS::S3::Bucket", Status: haetae.Complete}}, status: gone, workflow: fresh, tally: haetae.Tally{Fixed: 1}, history: []string{"status FAIL→GONE"}},
		{name: "a stack's listing proves nothing of an account", kept: kept(stored(fail, fresh)), coverage: []haetae.Coverage{{Stack: "a.yaml", Account: here, Region: east, Type: "*", Status: haetae.Complete}}, status: fail, workflow: fresh, unseen: outOfScope + ": AWS::S3::Bucket was not listed"},

		{name: "what was closed and is not looked at stays as it is", kept: kept(stored(pass, fresh)), coverage: denied, none: true},
		{name: "what passed and passes needs nothing", kept: kept(stored(pass, fresh)), found: verdict(pass), none: true},
		{name: "what was gone and passes needs nothing", kept: kept(stored(gone, fresh)), found: verdict(pass), none: true},
		{name: "what passed and fails again is back", kept: kept(stored(pass, fresh)), found: verdict(fail), status: fail, workflow: fresh, says: true, reopened: true, tally: haetae.Tally{Back: 1}, history: []string{"status PASS→FAIL"}},
		{name: "what was gone and fails again is back", kept: kept(stored(gone, fresh)), found: verdict(fail), status: fail, workflow: fresh, says: true, reopened: true, tally: haetae.Tally{Back: 1}, history: []string{"status GONE→FAIL"}},
		{name: "what was resolved and fails again is new again", kept: kept(stored(pass, resolved)), found: verdict(fail), status: fail, workflow: fresh, says: true, reopened: true, tally: haetae.Tally{Back: 1}, history: []string{"status PASS→FAIL", "workflow RESOLVED→NEW"}},
		{name: "what was notified and fails again is new again", kept: kept(stored(na, notified)), found: verdict(fail), status: fail, workflow: fresh, says: true, reopened: true, tally: haetae.Tally{Back: 1}, history: []string{"status NOT_APPLICABLE→FAIL", "workflow NOTIFIED→NEW"}},
		{name: "what was suppressed and fails again stays suppressed", kept: kept(stored(pass, suppressed)), found: verdict(fail), status: fail, workflow: suppressed, says: true, reopened: true, tally: haetae.Tally{Back: 1}, history: []string{"status PASS→FAIL"}},
		{name: "what passed and cannot be decided is unknown, not back", kept: kept(stored(pass, resolved)), found: verdict(unknown), status: unknown, workflow: resolved, says: true, tally: haetae.Tally{Unknown: 1}, history: []string{"status PASS→UNKNOWN"}},
		{name: "what somebody was told of and still fails stays notified", kept: kept(stored(fail, notified)), found: verdict(fail), status: fail, workflow: notified, says: true, tally: haetae.Tally{Still: 1}},
		{name: "what somebody said to be resolved and still fails in a later snapshot is back", kept: kept(stored(fail, resolved)), found: verdict(fail), status: fail, workflow: fresh, says: true, tally: haetae.Tally{Back: 1}, history: []string{"workflow RESOLVED→NEW"}},
		{name: "what somebody resolved after the snapshot was taken stays resolved", kept: but(stored(fail, resolved), func(k *haetae.Kept) { k.Said = now + 5 }), found: verdict(fail), status: fail, workflow: resolved, says: true, tally: haetae.Tally{Still: 1}},

		{name: "what was unknown and fails is new", kept: kept(stored(unknown, fresh)), found: verdict(fail), status: fail, workflow: fresh, says: true, tally: haetae.Tally{New: 1}, history: []string{"status UNKNOWN→FAIL"}},
		{name: "what was unknown and notified and fails is new again", kept: kept(stored(unknown, notified)), found: verdict(fail), status: fail, workflow: fresh, says: true, tally: haetae.Tally{New: 1}, history: []string{"status UNKNOWN→FAIL", "workflow NOTIFIED→NEW"}},
		{name: "what was unknown and is still unknown is still there", kept: kept(stored(unknown, fresh)), found: verdict(unknown), status: unknown, workflow: fresh, says: true, tally: haetae.Tally{Still: 1}},
		{name: "what was unknown and passes is closed but was never broken", kept: kept(stored(unknown, fresh)), found: verdict(pass), status: pass, workflow: fresh, history: []string{"status UNKNOWN→PASS"}},
		{name: "what was unknown and is gone is closed but was never broken", kept: kept(stored(unknown, fresh)), status: gone, workflow: fresh, history: []string{"status UNKNOWN→GONE"}},
		{name: "what was unknown and is out of scope stays as it was", kept: kept(stored(unknown, fresh)), rules: []string{"another"}, others: []string{rule.ID}, status: unknown, workflow: fresh, unseen: outOfScope},

		{name: "a suppression that has ended comes back", kept: but(stored(fail, suppressed), func(k *haetae.Kept) { k.Expires = now - 1 }), found: verdict(fail), status: fail, workflow: fresh, says: true, tally: haetae.Tally{Still: 1, Expired: 1}, history: []string{"expires 2026-02-25T06:13:19Z→", "workflow SUPPRESSED→NEW"}},
		{name: "a suppression that has ended comes back also where nobody looked", kept: but(stored(fail, suppressed), func(k *haetae.Kept) { k.Expires = now - 1 }), coverage: denied, status: fail, workflow: fresh, stale: notCovered + "no in us-east-1 (needs s3:ListAllMyBuckets)", tally: haetae.Tally{Stale: 1, Expired: 1}, history: []string{"expires 2026-02-25T06:13:19Z→", "workflow SUPPRESSED→NEW"}},
		{name: "a suppression that has not ended stays", kept: but(stored(fail, suppressed), func(k *haetae.Kept) { k.Expires = now + 1 }), found: verdict(fail), status: fail, workflow: suppressed, says: true, tally: haetae.Tally{Still: 1}},

		{name: "an exception file suppresses what is new", found: excepted(fail), status: fail, workflow: suppressed, says: true, reopened: true, tally: haetae.Tally{New: 1}},
		{name: "an exception file suppresses what is there", kept: kept(stored(fail, fresh)), found: excepted(fail), status: fail, workflow: suppressed, says: true, tally: haetae.Tally{Still: 1}, history: []string{"workflow NEW→SUPPRESSED"}},
		{name: "a person comes before an exception file", kept: kept(stored(fail, notified)), found: excepted(fail), status: fail, workflow: notified, says: true, tally: haetae.Tally{Still: 1}},
		{name: "an exception file comes before an automation rule", kept: but(stored(fail, notified), func(k *haetae.Kept) { k.By = haetae.ByRule }), found: excepted(fail), status: fail, workflow: suppressed, says: true, tally: haetae.Tally{Still: 1}, history: []string{"workflow NOTIFIED→SUPPRESSED"}},
		{name: "an exception that was taken out of the file ends", kept: but(stored(fail, suppressed), func(k *haetae.Kept) { k.By = haetae.ByFile }), found: verdict(fail), status: fail, workflow: fresh, says: true, tally: haetae.Tally{Still: 1}, history: []string{"workflow SUPPRESSED→NEW"}},

		{name: "a renamed control keeps its finding", kept: kept(renamed("s3-public")), found: verdict(fail), former: map[string][]string{rule.ID: {"s3-public"}}, status: fail, workflow: notified, says: true, tally: haetae.Tally{Still: 1}, history: []string{"rule s3-public→s3-bucket-not-public"}},
		{name: "a renamed control closes its finding", kept: kept(renamed("s3-public")), found: verdict(pass), former: map[string][]string{rule.ID: {"s3-public"}}, status: pass, workflow: notified, tally: haetae.Tally{Fixed: 1}, history: []string{"rule s3-public→s3-bucket-not-public", "status FAIL→PASS"}},
	}
}

func excepted(s haetae.Status) *haetae.Finding {
	f := verdict(s)
	f.Suppressed = &haetae.Exception{By: "haetae", Reason: "a test", Place: haetae.Place{File: "exceptions.yaml", Line: 3}}
	return f
}

func renamed(from string) haetae.Kept {
	k := stored(haetae.Fail, haetae.WorkflowNotified)
	k.Rule, k.UID = from, verdict(haetae.Fail).Under(from)
	return k
}

func TestWhatAScanMakesOfAFinding(t *testing.T) {
	for _, c := range scenes() {
		t.Run(c.name, func(t *testing.T) {
			var known []haetae.Kept
			if c.kept != nil {
				known = append(known, *c.kept)
			}
			if c.coverage == nil {
				c.coverage = complete()
			}
			if c.rules == nil {
				c.rules = []string{rule.ID}
			}
			rules := map[string]bool{}
			for _, r := range c.rules {
				rules[r] = true
			}
			others := map[string]bool{}
			for _, r := range c.others {
				others[r] = true
			}
			looked := func(_, account string) bool { return account == here && !c.elsewhere }
			var found []haetae.Finding
			if c.found != nil {
				found = append(found, *c.found)
			}
			steps, tally := Decide(Scan{Time: now, Now: now, Rules: rules, Others: others, Here: looked, Listed: graph.Listings(c.coverage), Former: c.former}, known, seq(found))
			var got []haetae.Step
			for s, err := range steps {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, s)
			}
			if *tally != c.tally {
				t.Errorf("tally is %+v, want %+v", *tally, c.tally)
			}
			if c.none {
				if len(got) != 0 {
					t.Errorf("steps are %+v, want none", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("%d steps, want one", len(got))
			}
			check(t, &c, &got[0])
		})
	}
}

func check(t *testing.T, c *scene, s *haetae.Step) {
	t.Helper()
	if s.Status != c.status || s.Workflow != c.workflow || s.Stale != c.stale || (s.Finding != nil) != c.says || s.Reopened != c.reopened {
		t.Errorf("step is %s %s stale %q says %t reopened %t, want %s %s %q %t %t", s.Status, s.Workflow, s.Stale, s.Finding != nil, s.Reopened, c.status, c.workflow, c.stale, c.says, c.reopened)
	}
	if s.Unseen != c.unseen {
		t.Errorf("nobody looked since %q, want %q", s.Unseen, c.unseen)
	}
	var lines []string
	for _, e := range s.History {
		lines = append(lines, e.Field+" "+e.Old+"→"+e.New)
		if e.Who == "" || e.Time != now {
			t.Errorf("history %+v lacks its author or time", e)
		}
	}
	if !slices.Equal(lines, c.history) {
		t.Errorf("history is %q, want %q", lines, c.history)
	}
	if c.workflow == haetae.WorkflowSuppressed && c.found != nil && c.found.Suppressed != nil && s.By != haetae.ByFile {
		t.Errorf("author is %d, want the file", s.By)
	}
}

func seq(found []haetae.Finding) iter.Seq2[haetae.Finding, error] {
	return func(yield func(haetae.Finding, error) bool) {
		for _, f := range found {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func TestAFindingThatAScanHasTwiceIsOne(t *testing.T) {
	for name, known := range map[string][]haetae.Kept{"new": nil, "stored": {stored(haetae.Fail, haetae.WorkflowNew)}} {
		steps, tally := Decide(Scan{Time: now, Now: now, Rules: map[string]bool{rule.ID: true}, Listed: graph.Listings(complete())}, known,
			seq([]haetae.Finding{*verdict(haetae.Fail), *verdict(haetae.Undecided)}))
		n := 0
		for s := range steps {
			if s.Status != haetae.Fail {
				t.Errorf("%s: status is %s", name, s.Status)
			}
			n++
		}
		if n != 1 || tally.New+tally.Still != 1 || tally.Unknown != 0 {
			t.Errorf("%s: %d steps, tally %+v", name, n, *tally)
		}
	}
}
