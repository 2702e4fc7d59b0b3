package haetae

import (
	"encoding/hex"
	"fmt"
)

// UID identifies a finding across scans; see [Finding.Under].
type UID [16]byte

// String writes the UID as 32 hexadecimal digits.
func (u UID) String() string { return hex.EncodeToString(u[:]) }

// ParseUID reads what [UID.String] wrote.
func ParseUID(s string) (UID, error) {
	var u UID
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(u) {
		return u, &Error{Code: Invalid, Err: fmt.Errorf("%q is not the uid of a finding: 32 hexadecimal digits are meant", s),
			Hint: "haetae findings list --output ndjson shows the uid of each."}
	}
	return UID(raw), nil
}

// Gone is the status of a kept finding whose resource is proven not to be there
// any more. No control says it.
const Gone Status = "GONE"

// Workflow says what people have done about a finding, in Security Hub's words
// (https://docs.aws.amazon.com/securityhub/latest/userguide/findings-workflow-status.html).
type Workflow string

// The states of a workflow.
const (
	WorkflowNew        Workflow = "NEW"
	WorkflowNotified   Workflow = "NOTIFIED"
	WorkflowResolved   Workflow = "RESOLVED"
	WorkflowSuppressed Workflow = "SUPPRESSED"
)

// Author is a kind of author of triage. A higher one outranks a lower one.
type Author int

// Authors, lowest first: nobody yet, an automation rule, an exception file, a
// person.
const (
	ByNobody Author = iota
	ByRule
	ByFile
	ByPerson
)

// Triage is what people say of a finding. A rescan never changes it, but that
// what fails again is NEW again and what was suppressed for a time comes back.
type Triage struct {
	Workflow Workflow `json:"workflow"`
	Verdict  string   `json:"verdict,omitempty"` // TRUE_POSITIVE, FALSE_POSITIVE, BENIGN_POSITIVE
	Assignee string   `json:"assignee,omitempty"`
	Note     string   `json:"note,omitempty"`
	Severity Severity `json:"severity,omitempty"` // in place of the rule's; 0 for none
	Due      int64    `json:"due,omitempty"`      // Unix seconds; 0 for none
	Labels   []string `json:"labels,omitempty"`   // sorted
	Expires  int64    `json:"expires,omitempty"`  // Unix seconds at which a suppression ends; 0 for never
	Reason   string   `json:"reason,omitempty"`   // of the suppression
	// Said is when the workflow was last set by its author, in Unix seconds.
	Said int64 `json:"said,omitempty"`
	// By holds the author of each field that somebody set, by its JSON name.
	By map[string]Author `json:"by,omitempty"`
}

// Kept is the little that is needed of a stored finding to decide what a new
// scan makes of it.
type Kept struct {
	UID                                          UID
	Rule, Stack, Account, Region, Type, Resource string
	Status                                       Status
	Workflow                                     Workflow
	By                                           Author // of the workflow
	Said, Expires                                int64  // as in Triage
	Stale                                        bool
	Last                                         int64 // when it was last confirmed, Unix seconds
	// Exception is the id of the exception of a file that covers it, "" for
	// none; see [Exception.ID].
	Exception string
	// ARN and Resource are only there where they were asked for.
	ARN string
}

// Open tells whether the finding is one that somebody may have to act on.
func (s Status) Open() bool { return s == Fail || s == Undecided }

// Entry is one line of the history of a finding, which only grows.
type Entry struct {
	Time  int64  `json:"time"` // Unix seconds
	Who   string `json:"who"`  // a person, a file, or "haetae"
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// Step is what one scan makes of one finding.
type Step struct {
	UID UID
	Was *Kept // nil for a finding that is new
	// Finding is what the scan says; nil when it did not see the resource, or
	// could not decide what was decided before: what is stored then stays.
	Finding *Finding

	Status   Status
	Workflow Workflow
	By       Author
	Expires  int64
	// Exception covers it from now on. nil where By is not ByFile, and where what
	// is stored of it stays.
	Exception *Exception
	Stale     string // why it is not confirmed; "" when it is
	Unseen    string // why nobody looked: whether it is confirmed stays as it was; "" when somebody did
	Reopened  bool   // counts as one more time
	History   []Entry
}

// Record is a stored finding with all that is known of it.
type Record struct {
	UID      UID
	Rule     string
	Title    Text
	Stack    string
	Account  string
	Region   string
	Type     string
	Resource string
	ARN      string
	Severity Severity // the triage's, else the rule's
	Status   Status
	Workflow Workflow
	First    int64 // Unix seconds, like those below
	Last     int64 // when it was last confirmed
	Closed   int64 // 0 while it is open
	Count    int   // how often it was opened
	Stale    string
	Reason   string
	Missing  []string
	Evidence []KeptEvidence
	Triage   Triage
	// Exception is what suppresses it, when a file does and not a person.
	Exception *Exception
	History   []Entry // only where one record is asked for
}

// KeptEvidence is an [Evidence] as it is stored: its value as JSON, see [EncodeTree].
type KeptEvidence struct {
	Path  string `json:"path"`
	Value string `json:"value"`
	Place Place  `json:"origin"`
	From  string `json:"from,omitempty"`
}

// Scan is one scan that was stored.
type Scan struct {
	ID        int64    `json:"id"`
	Time      int64    `json:"time"` // of the snapshot, Unix seconds
	Version   string   `json:"version"`
	Sources   []string `json:"sources"`
	Accounts  []string `json:"accounts"`
	Regions   []string `json:"regions"`
	Rules     int      `json:"rules"`
	Resources int      `json:"resources"`
	Tally     Tally    `json:"tally"`
}

// Tally counts what a scan changed.
type Tally struct {
	New     int `json:"new"`     // fail, and did not before
	Fixed   int `json:"fixed"`   // failed, and pass, do not apply or are gone
	Back    int `json:"back"`    // failed, were closed or said to be resolved, and fail again
	Unknown int `json:"unknown"` // could be decided, or were not there, and cannot be decided now
	Still   int `json:"still"`   // as before
	Stale   int `json:"stale"`   // open, and not confirmed by this scan
	Expired int `json:"expired"` // suppressions that ended
}
