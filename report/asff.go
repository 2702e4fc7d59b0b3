package report

import (
	"bufio"
	"fmt"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// The limits of BatchImportFindings and of the format, from the API reference
// (https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html).
const (
	asffBatch         = 100
	asffTitle         = 256
	asffDescription   = 1024
	asffText          = 512
	asffID            = 512
	asffRequirements  = 32
	asffStatusReasons = 20
	asffField         = 2048
)

type asffFinding struct {
	SchemaVersion         string
	ID                    string `json:"Id"`
	ProductArn            string
	ProductName           string
	CompanyName           string
	Region                string
	GeneratorID           string `json:"GeneratorId"`
	AwsAccountID          string `json:"AwsAccountId"`
	Types                 []string
	CreatedAt             string
	UpdatedAt             string
	Severity              asffSeverity
	Title                 string
	Description           string
	Remediation           *asffRemediation `json:",omitempty"`
	ProductFields         map[string]string
	Resources             []asffResource
	Compliance            asffCompliance
	Workflow              *asffWorkflow `json:",omitempty"`
	RecordState           string
	FindingProviderFields asffProvider
}

type asffSeverity struct{ Label, Original string }

type asffProvider struct {
	Severity asffSeverity
	Types    []string
}

type asffRemediation struct{ Recommendation asffRecommendation }

type asffRecommendation struct {
	Text string `json:",omitempty"`
	URL  string `json:"Url,omitempty"`
}

type asffResource struct {
	Type      string
	ID        string `json:"Id"`
	Partition string
	Region    string
	Details   *asffDetails `json:",omitempty"`
}

type asffDetails struct{ Other map[string]string }

type asffCompliance struct {
	Status              string
	SecurityControlID   string       `json:"SecurityControlId"`
	RelatedRequirements []string     `json:",omitempty"`
	StatusReasons       []asffReason `json:",omitempty"`
}

type asffReason struct {
	ReasonCode  string
	Description string `json:",omitempty"`
}

type asffWorkflow struct{ Status string }

// writeASFF writes the inputs of BatchImportFindings, one JSON document a line.
// A document holds at most a hundred findings, all of one account and region,
// since a call takes no more and goes to one account's hub in one region:
//
//	split -l 1 findings.asff batch.
//	for b in batch.*; do aws securityhub batch-import-findings --cli-input-json file://$b; done
func writeASFF(w *bufio.Writer, v *view) error {
	type place struct{ account, region string }
	var order []place
	batches := map[place][]asffFinding{}
	e := newEncoder(w)
	flush := func(p place) error {
		fs := batches[p]
		batches[p] = fs[:0]
		return e.Encode(struct{ Findings []asffFinding }{fs})
	}
	for _, f := range v.fs {
		a := newASFF(v, f)
		p := place{a.AwsAccountID, a.Region}
		if _, ok := batches[p]; !ok {
			order = append(order, p)
		}
		batches[p] = append(batches[p], a)
		if len(batches[p]) == asffBatch {
			if err := flush(p); err != nil {
				return fmt.Errorf("findings of %s in %s: %w", p.account, p.region, err)
			}
		}
	}
	for _, p := range order {
		if len(batches[p]) == 0 {
			continue
		}
		if err := flush(p); err != nil {
			return fmt.Errorf("findings of %s in %s: %w", p.account, p.region, err)
		}
	}
	return nil
}

func newASFF(v *view, f *haetae.Finding) asffFinding {
	r, rule, uid := f.Resource, f.Rule, f.UID()
	account, region := asffPlace(v.o, r)
	partition := haetae.Partition(region)
	types := []string{"Software and Configuration Checks/AWS Security Best Practices"}
	if len(rule.Aliases.CIS) > 0 {
		types = append(types, "Software and Configuration Checks/Industry and Regulatory Standards/CIS AWS Foundations Benchmark")
	}
	severity := asffSeverity{rule.Severity.String(), rule.Severity.String()}
	at := v.Time.UTC().Format(time.RFC3339)
	out := asffFinding{
		SchemaVersion:         "2018-10-08",
		ID:                    "haetae/" + uid,
		ProductArn:            fmt.Sprintf("arn:%s:securityhub:%s:%s:product/%s/default", partition, region, account, account),
		ProductName:           "haetae",
		CompanyName:           "haetae",
		Region:                region,
		GeneratorID:           cut("haetae/"+rule.ID, asffID),
		AwsAccountID:          account,
		Types:                 types,
		CreatedAt:             at,
		UpdatedAt:             at,
		Severity:              severity,
		Title:                 cut(filled(rule.Title.In(v.o.Lang), rule.ID), asffTitle),
		Description:           cut(filled(f.Reason, rule.Title.In(v.o.Lang), rule.ID), asffDescription),
		ProductFields:         map[string]string{"haetae/uid": uid, "haetae/status": string(f.Status)},
		RecordState:           "ACTIVE",
		FindingProviderFields: asffProvider{severity, types},
		Compliance: asffCompliance{
			Status:            asffStatus(f.Status),
			SecurityControlID: filled(rule.ID),
			StatusReasons:     asffReasons(f),
		},
	}
	if fix := strings.TrimSpace(rule.Fix.Console.In(v.o.Lang)); fix != "" {
		out.Remediation = &asffRemediation{asffRecommendation{Text: cut(fix, asffText)}}
	}
	for _, ref := range rule.References {
		if link(ref) && out.Remediation != nil {
			out.Remediation.Recommendation.URL = ref
			break
		}
	}
	for _, c := range rule.Aliases.CIS[:min(len(rule.Aliases.CIS), asffRequirements)] {
		out.Compliance.RelatedRequirements = append(out.Compliance.RelatedRequirements, "CIS AWS Foundations Benchmark v"+c)
	}
	if f.Suppressed != nil {
		out.Workflow = &asffWorkflow{"SUPPRESSED"}
		out.ProductFields["haetae/suppressed-by"] = cut(filled(f.Suppressed.Who()), asffField)
		out.ProductFields["haetae/suppressed-reason"] = cut(filled(f.Suppressed.Reason), asffField)
	}
	if len(f.Missing) > 0 {
		out.ProductFields["haetae/missing"] = cut(filled(joinWords(f.Missing)), asffField)
	}
	res := asffResource{Type: asffType(r.Type), ID: filled(r.ARN, r.ID, r.Type), Partition: asffPartition(partition), Region: region}
	other := map[string]string{"type": filled(r.Type), "id": cut(filled(r.ID), asffField)}
	if r.Declared() {
		res.ID = r.Stack + "#" + filled(r.Origin.LogicalID, r.ID)
		other["file"] = cut(filled(placeText(r.Origin.Place)), asffField)
	}
	res.ID = cut(res.ID, asffID)
	res.Details = &asffDetails{other}
	out.Resources = []asffResource{res}
	return out
}

// asffPlace is the account and region of a finding, or what stands in for them:
// the format has no way to say that there is none.
func asffPlace(o Options, r *haetae.Resource) (account, region string) {
	account, region = filled(o.Account, "000000000000"), filled(o.Region, "us-east-1")
	// A folder of files may call its accounts and regions anything.
	if len(r.Account) == 12 && strings.Trim(r.Account, "0123456789") == "" {
		account = r.Account
	}
	if r.Region != "" && strings.Trim(r.Region, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" {
		region = r.Region
	}
	if r.Region == "" && o.Region == "" {
		// The hub of a global resource is in its partition's first region.
		switch {
		case strings.HasPrefix(r.ARN, "arn:aws-cn:"):
			region = "cn-north-1"
		case strings.HasPrefix(r.ARN, "arn:aws-us-gov:"):
			region = "us-gov-west-1"
		}
	}
	return account, region
}

func asffStatus(s haetae.Status) string {
	switch s {
	case haetae.Pass:
		return "PASSED"
	case haetae.Fail:
		return "FAILED"
	}
	return "NOT_AVAILABLE"
}

// asffReasons say why there is no verdict, one for each thing that is unknown.
func asffReasons(f *haetae.Finding) []asffReason {
	switch f.Status {
	case haetae.NotApplicable:
		return []asffReason{{"HAETAE_NOT_APPLICABLE", cut(filled(f.Reason), asffDescription)}}
	case haetae.Undecided:
	default:
		return nil
	}
	var out []asffReason
	for _, u := range f.Unknowns {
		if u != nil && len(out) < asffStatusReasons {
			out = append(out, asffReason{"HAETAE_" + strings.ToUpper(string(u.Reason)), cut(filled(u.String()), asffDescription)})
		}
	}
	if out == nil {
		out = []asffReason{{"HAETAE_UNKNOWN", cut(filled(f.Reason), asffDescription)}}
	}
	return out
}

// asffPartition returns the partition in ASFF's spelling; it knows few of them.
func asffPartition(p string) string {
	switch p {
	case "aws-cn", "aws-us-gov":
		return p
	case "aws-iso":
		return "aws-us-iso"
	case "aws-iso-b":
		return "aws-us-iso-b"
	}
	return "aws"
}

// asffType is ASFF's name of a CloudFormation type: mostly the same words in
// another case. A type that ASFF lacks is "Other", and Details names it.
func asffType(typ string) string {
	switch typ {
	case "Haetae::Account", "Haetae::Region", "Haetae::Organization":
		return "AwsAccount"
	case "AWS::IAM::ManagedPolicy":
		return "AwsIamPolicy"
	}
	typ = strings.Replace(typ, "::ElasticLoadBalancingV2::", "::Elbv2::", 1)
	typ = strings.Replace(typ, "::ElasticLoadBalancing::", "::Elb::", 1)
	word := strings.ReplaceAll(typ, "::", "")
	for name := range strings.FieldsSeq(asffTypes) {
		if strings.EqualFold(name, word) {
			return name
		}
	}
	return "Other"
}

// filled returns the first text that says something, or a dash: the formats of
// others refuse an empty one.
func filled(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return t
		}
	}
	return "-"
}

func joinWords(words []string) string { return strings.Join(words, ", ") }
