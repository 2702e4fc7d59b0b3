package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const certificateARNs = "acm:ListCertificates CertificateSummaryList[].CertificateArn"

// acm holds certificates.
var acm = []Kind{{
	Type: "AWS::CertificateManager::Certificate",
	ARN:  "${ID}",
	Calls: []Call{
		{
			// Without the list of algorithms AWS leaves out all but two.
			Op: "acm:ListCertificates", Lists: true, Member: "CertificateSummaryList",
			Params: map[string]any{"Includes": map[string]any{"keyTypes": []any{
				"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1",
			}}},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for c := range a.each("CertificateSummaryList") {
					out = append(out, certificate(c, take(c, "DomainName")))
				}
				return out
			},
		}, {
			Op: "acm:DescribeCertificate", Member: "Certificate.CertificateArn", Param: "CertificateArn", Each: certificateARNs,
			Gives: []string{"*", "Observed.InUseBy", "Observed.RenewalStatus", "Observed.Issuer"}, Read: readCertificate,
		}, {
			Op: "acm:ListTagsForCertificate", Tags: "list", Param: "CertificateArn", Each: certificateARNs, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{certificate(a.Body, take(a.Body, "Tags"))}
			},
		},
	},
}}

func certificate(x, props map[string]any) *haetae.Resource {
	r := resource(str(x, "CertificateArn"), props)
	r.ARN = r.ID
	r.Observed = take(x, "CertificateArn", "Status", "Type", "NotBefore", "NotAfter", "RenewalEligibility", "InUseBy", "Issuer",
		"RenewalStatus=RenewalSummary.RenewalStatus")
	if k := str(x, "KeyAlgorithm"); k != "" {
		r.Observed["KeyAlgorithmUsed"] = strings.ReplaceAll(k, "-", "_") // RSA-2048 is RSA_2048 elsewhere
	}
	return r
}

func readCertificate(a *Answer) []*haetae.Resource {
	c := object(a.Body, "Certificate")
	p := take(c, "DomainName", "SubjectAlternativeNames", "CertificateAuthorityArn", "CertificateExport=Options.Export",
		"CertificateTransparencyLoggingPreference=Options.CertificateTransparencyLoggingPreference")
	options := []any{}
	for o := range objects(c["DomainValidationOptions"]) {
		options = append(options, take(o, "DomainName", "ValidationDomain"))
		if m := o["ValidationMethod"]; m != nil && p["ValidationMethod"] == nil {
			p["ValidationMethod"] = m
		}
	}
	if len(options) > 0 {
		p["DomainValidationOptions"] = options
	}
	r := certificate(c, p)
	if k := r.Observed["KeyAlgorithmUsed"]; k != nil {
		p["KeyAlgorithm"] = k
	}
	return []*haetae.Resource{r}
}
