package report

import (
	"bufio"
	"encoding/json"
	"fmt"

	"github.com/haetae/haetae"
)

// ocsfVersion is the version of the Open Cybersecurity Schema Framework that
// writeOCSF keeps to.
const ocsfVersion = "1.8.0"

// ocsfFinding is a Compliance Finding (class 2003) with the cloud profile.
type ocsfFinding struct {
	ActivityID   int              `json:"activity_id"`
	ActivityName string           `json:"activity_name"`
	CategoryUID  int              `json:"category_uid"`
	CategoryName string           `json:"category_name"`
	ClassUID     int              `json:"class_uid"`
	ClassName    string           `json:"class_name"`
	TypeUID      int              `json:"type_uid"`
	TypeName     string           `json:"type_name"`
	Time         int64            `json:"time"`
	SeverityID   int              `json:"severity_id"`
	Severity     string           `json:"severity"`
	StatusID     int              `json:"status_id"`
	Status       string           `json:"status"`
	StatusDetail string           `json:"status_detail,omitempty"`
	Message      string           `json:"message"`
	Metadata     ocsfMetadata     `json:"metadata"`
	Cloud        ocsfCloud        `json:"cloud"`
	FindingInfo  ocsfInfo         `json:"finding_info"`
	Compliance   ocsfCompliance   `json:"compliance"`
	Resources    []ocsfResource   `json:"resources"`
	Remediation  *ocsfRemediation `json:"remediation,omitempty"`
	Evidences    []ocsfEvidence   `json:"evidences,omitempty"`
	Unmapped     *ocsfUnmapped    `json:"unmapped,omitempty"`
}

type ocsfMetadata struct {
	Version   string      `json:"version"`
	Profiles  []string    `json:"profiles"`
	EventCode string      `json:"event_code"`
	UID       string      `json:"uid"`
	Product   ocsfProduct `json:"product"`
}

type ocsfProduct struct {
	Name    string `json:"name"`
	Vendor  string `json:"vendor_name"`
	Version string `json:"version,omitempty"`
	Lang    string `json:"lang"`
}

type ocsfCloud struct {
	Provider  string       `json:"provider"`
	Partition string       `json:"cloud_partition,omitempty"`
	Region    string       `json:"region,omitempty"`
	Account   *ocsfAccount `json:"account,omitempty"`
}

type ocsfAccount struct {
	UID    string `json:"uid"`
	Type   string `json:"type"`
	TypeID int    `json:"type_id"`
}

type ocsfInfo struct {
	UID     string   `json:"uid"`
	Title   string   `json:"title"`
	Desc    string   `json:"desc,omitempty"`
	Types   []string `json:"types"`
	Sources []string `json:"data_sources,omitempty"`
}

type ocsfCompliance struct {
	Control       string   `json:"control"`
	Desc          string   `json:"desc,omitempty"`
	Standards     []string `json:"standards,omitempty"`
	Requirements  []string `json:"requirements,omitempty"`
	StatusID      int      `json:"status_id"`
	Status        string   `json:"status"`
	StatusDetails []string `json:"status_details,omitempty"`
}

type ocsfResource struct {
	UID       string            `json:"uid"`
	Name      string            `json:"name"`
	Type      string            `json:"type"`
	Region    string            `json:"region,omitempty"`
	Partition string            `json:"cloud_partition,omitempty"`
	Group     map[string]string `json:"group,omitempty"`
	Data      *rowOrigin        `json:"data,omitempty"`
}

type ocsfRemediation struct {
	Desc       string   `json:"desc"`
	References []string `json:"references,omitempty"`
}

type ocsfEvidence struct {
	Name string          `json:"name,omitempty"`
	Data json.RawMessage `json:"data"`
}

type ocsfUnmapped struct {
	Missing    []string       `json:"missing_actions,omitempty"`
	Unknown    []rowUnknown   `json:"unknown,omitempty"`
	Suppressed *rowSuppressed `json:"suppressed,omitempty"`
}

// writeOCSF writes one event a line, as pipelines and Security Lake loaders
// take them.
func writeOCSF(w *bufio.Writer, v *view) error {
	e := newEncoder(w)
	for _, f := range v.fs {
		if err := e.Encode(newOCSF(v, f)); err != nil {
			return fmt.Errorf("finding %s: %w", f.UID(), err)
		}
	}
	return nil
}

func newOCSF(v *view, f *haetae.Finding) ocsfFinding {
	r, rule, l := f.Resource, f.Rule, newRow(f, v.o.Lang)
	partition := ""
	if r.Region != "" {
		partition = haetae.Partition(r.Region)
	}
	severityID, severity := ocsfSeverity(rule.Severity)
	statusID, status := ocsfStatus(f)
	verdictID, verdict := ocsfVerdict(f.Status)
	out := ocsfFinding{
		ActivityID: 1, ActivityName: "Create",
		CategoryUID: 2, CategoryName: "Findings",
		ClassUID: 2003, ClassName: "Compliance Finding",
		TypeUID: 200301, TypeName: "Compliance Finding: Create",
		SeverityID: severityID, Severity: severity,
		StatusID: statusID, Status: status, StatusDetail: f.Reason,
		Message: filled(f.Reason, l.Title),
		Metadata: ocsfMetadata{
			Version: ocsfVersion, Profiles: []string{"cloud"}, EventCode: rule.ID, UID: l.UID,
			Product: ocsfProduct{Name: "haetae", Vendor: "haetae", Version: v.Version, Lang: v.o.Lang},
		},
		Cloud: ocsfCloud{Provider: "AWS", Partition: partition, Region: r.Region},
		FindingInfo: ocsfInfo{
			UID: l.UID, Title: l.Title, Desc: rule.Why.In(v.o.Lang),
			Types: []string{"Software and Configuration Checks"}, Sources: v.Sources,
		},
		Compliance: ocsfCompliance{
			Control: rule.ID, Desc: l.Title, Standards: standards(rule), Requirements: rule.Aliases.CIS,
			StatusID: verdictID, Status: verdict,
		},
		Resources: []ocsfResource{{
			UID: filled(r.ARN, r.ID), Name: shortName(r), Type: r.Type, Region: r.Region, Partition: partition,
			Group: map[string]string{"name": service(f)}, Data: l.Origin,
		}},
	}
	if !v.Time.IsZero() {
		out.Time = v.Time.UnixMilli()
	}
	if r.Account != "" {
		out.Cloud.Account = &ocsfAccount{r.Account, "AWS Account", 10}
	}
	if f.Reason != "" {
		out.Compliance.StatusDetails = append(out.Compliance.StatusDetails, f.Reason)
	}
	for _, u := range f.Unknowns {
		if u != nil {
			out.Compliance.StatusDetails = append(out.Compliance.StatusDetails, u.String())
		}
	}
	if fix := rule.Fix.Console.In(v.o.Lang); fix != "" {
		out.Remediation = &ocsfRemediation{fix, rule.References}
	}
	for _, e := range l.Evidence {
		out.Evidences = append(out.Evidences, ocsfEvidence{e.Path, encode(e)})
	}
	if len(f.Missing) > 0 || l.Unknown != nil || l.Suppressed != nil {
		out.Unmapped = &ocsfUnmapped{f.Missing, l.Unknown, l.Suppressed}
	}
	return out
}

func ocsfSeverity(s haetae.Severity) (int, string) {
	switch s {
	case haetae.Informational:
		return 1, "Informational"
	case haetae.Low:
		return 2, "Low"
	case haetae.Medium:
		return 3, "Medium"
	case haetae.High:
		return 4, "High"
	case haetae.Critical:
		return 5, "Critical"
	}
	return 0, "Unknown"
}

// ocsfStatus is where a finding stands in its life.
func ocsfStatus(f *haetae.Finding) (int, string) {
	switch standingOf(f) {
	case suppressed:
		return 3, "Suppressed"
	case passed, notApplicable:
		return 4, "Resolved"
	}
	return 1, "New"
}

// ocsfVerdict is what the control says. UNKNOWN is OCSF's own Unknown, never its
// Warning: a reader would take that for half a failure.
func ocsfVerdict(s haetae.Status) (int, string) {
	switch s {
	case haetae.Pass:
		return 1, "Pass"
	case haetae.Fail:
		return 3, "Fail"
	case haetae.Undecided:
		return 0, "Unknown"
	}
	return 99, string(s)
}
