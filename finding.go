package haetae

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Status is what a control says of a resource.
type Status string

// The four verdicts of a control. UNKNOWN is never counted as either side.
const (
	Pass          Status = "PASS"
	Fail          Status = "FAIL"
	Undecided     Status = "UNKNOWN"
	NotApplicable Status = "NOT_APPLICABLE"
)

// Severity ranks findings. The zero value is not a severity.
type Severity int

// Severities, lowest first, with the words of AWS Security Hub.
const (
	Informational Severity = iota + 1
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}

// String returns Security Hub's word for the severity.
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return fmt.Sprintf("Severity(%d)", int(s))
	}
	return severityNames[s]
}

// ParseSeverity reads a severity word in any case.
func ParseSeverity(word string) (Severity, error) {
	for i, n := range severityNames {
		if i > 0 && strings.EqualFold(n, word) {
			return Severity(i), nil
		}
	}
	return 0, &Error{Code: Invalid, Err: fmt.Errorf("severity %q is not one of informational, low, medium, high, critical", word)}
}

// Text is a sentence in the languages that haetae speaks.
type Text struct {
	EN string `yaml:"en" json:"en"`
	KO string `yaml:"ko" json:"ko"`
}

// In returns the text in the language, English when there is no other.
func (t Text) In(lang string) string {
	if lang == "ko" && t.KO != "" {
		return t.KO
	}
	return t.EN
}

// Aliases are the names that other tools and standards give to the same check.
type Aliases struct {
	Config      []string `yaml:"config" json:"config,omitempty"`           // AWS Config managed rule identifiers
	SecurityHub []string `yaml:"securityhub" json:"securityhub,omitempty"` // "RDS.3"
	CIS         []string `yaml:"cis" json:"cis,omitempty"`                 // "5.0/2.2.1"
	Prowler     []string `yaml:"prowler" json:"prowler,omitempty"`
	Trivy       []string `yaml:"trivy" json:"trivy,omitempty"`     // "AVD-AWS-0080"
	Checkov     []string `yaml:"checkov" json:"checkov,omitempty"` // "CKV_AWS_16"
	Guard       []string `yaml:"guard" json:"guard,omitempty"`     // rule names of the Guard registry
	CfnNag      []string `yaml:"cfnnag" json:"cfnnag,omitempty"`   // "W28"
}

// Fix says how to make a failing resource pass.
type Fix struct {
	Console        Text   `yaml:"console" json:"console"`
	CLI            string `yaml:"cli" json:"cli,omitempty"`
	CloudFormation string `yaml:"cloudformation" json:"cloudformation,omitempty"`
}

// Rule is what a finding needs to know of the control that made it.
type Rule struct {
	ID         string
	Title      Text // the desired state, as a sentence
	Why        Text // what happens to those who do not have it
	Problem    Text // what is wrong, said of a failing resource
	Severity   Severity
	Type       string // resource type it judges
	Fix        Fix
	References []string
	Aliases    Aliases
}

// Evidence is one fact that a verdict rests on.
type Evidence struct {
	Path  string // property path, with the resource when it is another one
	Value any    // what was read
	Place Place  // where it is written, when it is
	From  string // "declared", "default", "observed", "child"
}

// Finding is what one rule says of one resource.
//
// Rule and Resource are shared and must not be changed.
type Finding struct {
	Rule     *Rule
	Status   Status
	Resource *Resource
	// Reason says in one sentence what decided.
	Reason string
	// Missing are the IAM actions whose answers would decide an UNKNOWN.
	Missing  []string
	Unknowns []*Unknown
	Evidence []Evidence
	// Suppressed is set when an exception covers the finding.
	Suppressed *Exception
	// Blast is the number of resources that depend on this one, for ranking.
	Blast int
}

// Exception says who decided that a finding is accepted.
type Exception struct {
	By     string `json:"by"`              // the tool whose mark a template carries, or "exception ID"
	ID     string `json:"id,omitempty"`    // of one in an exception file; "" for a template's own
	Owner  string `json:"owner,omitempty"` // who answers for it; a template's own has none
	Reason string `json:"reason,omitempty"`
	// Expires is the last day on which it counts, "2026-03-31", or the time at
	// which it ends, "2026-03-31T12:00:00Z"; empty when it names none, as those
	// that stand in templates cannot.
	Expires string `json:"expires,omitempty"`
	// Until is the instant at which it ends, Unix seconds; 0 for never.
	Until int64 `json:"until,omitempty"`
	Place Place `json:"origin"`
}

// Who names the exception, with its owner when it has one.
func (e *Exception) Who() string {
	if e.Owner == "" {
		return e.By
	}
	return e.By + ", " + e.Owner
}

// UID identifies the finding across scans: the same rule on the same resource
// keeps its UID whatever else changes.
func (f *Finding) UID() string { return f.Under(f.Rule.ID).String() }

// Under returns the UID that the finding has when its rule has the id: a rule
// that was renamed finds what was stored under its former id.
func (f *Finding) Under(rule string) UID {
	r := f.Resource
	id := r.ARN
	if id == "" {
		id = r.ID
	}
	parts := []string{"haetae", rule, Partition(r.Region), r.Account, r.Region, r.Type, id}
	if r.Declared() {
		parts = append(parts, r.Stack, r.Origin.File, r.Origin.LogicalID)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return UID(sum[:16])
}

// Partition returns the AWS partition of a region: aws, aws-cn, aws-us-gov …
// (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html).
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "us-isob-"):
		return "aws-iso-b"
	case strings.HasPrefix(region, "us-iso-"):
		return "aws-iso"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// All returns every name in every tool's list.
func (a Aliases) All() []string {
	return slices.Concat(a.SecurityHub, a.Config, a.CIS, a.Prowler, a.Trivy, a.Checkov, a.Guard, a.CfnNag)
}
