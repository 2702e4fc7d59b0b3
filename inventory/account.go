package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

// account holds the settings of an account that are not resources.
var account = []Kind{{
	Type: "Haetae::Account", Global: true, Singleton: true,
	Finish: rootHardwareMFA,
	Calls: []Call{
		{
			Op: "sts:GetCallerIdentity", Member: "UserId",
			Read: func(a *Answer) []*haetae.Resource {
				return observeAccount(&Answer{Account: str(a.Body, "Account")}, nil)
			},
		}, {
			Op: "iam:GetAccountPasswordPolicy", Member: "PasswordPolicy", Absent: []string{"NoSuchEntity", "NoSuchEntityException"},
			Gives: []string{"Observed.PasswordPolicy"}, Read: accountSetting("PasswordPolicy"),
		}, {
			Op: "iam:GetAccountSummary", Member: "SummaryMap",
			Gives: []string{"Observed.SummaryMap", "Observed.RootMFAEnabled", "Observed.RootAccessKeysPresent", "Observed.RootSigningCertificatesPresent"},
			Read:  readSummary,
		}, {
			Op: "iam:GetCredentialReport", Member: "ReportFormat", Before: "iam:GenerateCredentialReport",
			Actions: []string{"iam:GenerateCredentialReport", "iam:GetCredentialReport"},
			Gives: []string{"Observed.RootMFAEnabled", "Observed.RootAccessKeysPresent", "Observed.RootCertificateActive",
				"Volatile.RootLastUsed", "Volatile.RootPasswordLastUsed", "Volatile.RootAccessKeyLastUsed", "Volatile.RootPasswordLastChanged"},
			Read: readRootRow,
		}, {
			Op: "iam:ListVirtualMFADevices", Member: "VirtualMFADevices",
			Gives: []string{"Observed.RootVirtualMFA"}, Read: readRootVirtualMFA,
		}, {
			Op: "iam:ListAccountAliases", Member: "AccountAliases", Gives: []string{"Observed.Alias"},
			Read: func(a *Answer) []*haetae.Resource {
				for s := range texts(a.Body["AccountAliases"]) {
					return observeAccount(a, map[string]any{"Alias": s})
				}
				return observeAccount(a, nil)
			},
		}, {
			Op: "s3control:GetPublicAccessBlock", Actions: []string{"s3:GetAccountPublicAccessBlock"},
			Member: "PublicAccessBlockConfiguration", Absent: []string{"NoSuchPublicAccessBlockConfiguration"},
			Params: map[string]any{"AccountId": "${Account}"}, Gives: []string{"Observed.S3PublicAccessBlock"},
			Read: accountSetting("S3PublicAccessBlock=PublicAccessBlockConfiguration"),
		}, {
			Op: "account:GetAlternateContact", Member: "AlternateContact.AlternateContactType=SECURITY",
			Absent: []string{"ResourceNotFoundException"}, Params: map[string]any{"AlternateContactType": "SECURITY"},
			Gives: []string{"Observed.AlternateContacts.Security"},
			Read: func(a *Answer) []*haetae.Resource {
				return observeAccount(a, map[string]any{"AlternateContacts": map[string]any{
					"Security": take(object(a.Body, "AlternateContact"), "Name", "Title", "EmailAddress", "PhoneNumber"),
				}})
			},
		}, otherContact("Billing"), otherContact("Operations"), management(), {
			Op: "account:GetContactInformation", Member: "ContactInformation", Gives: []string{"Observed.ContactInformationPresent"},
			Absent: []string{"ResourceNotFoundException"},
			Read: func(a *Answer) []*haetae.Resource {
				return observeAccount(a, map[string]any{"ContactInformationPresent": str(a.Body, "ContactInformation.FullName") != ""})
			},
		}, {
			Op: "ec2:DescribeRegions", Member: "Regions[].RegionName", Gives: []string{"Observed.EnabledRegions"},
			Read: func(a *Answer) []*haetae.Resource {
				list := []any{}
				for r := range a.each("Regions") {
					if str(r, "OptInStatus") != "not-opted-in" {
						list = append(list, r["RegionName"])
					}
				}
				return observeAccount(a, map[string]any{"EnabledRegions": list})
			},
		},
	},
}}

// observeAccount returns what was observed of the account that was asked.
func observeAccount(a *Answer, observed map[string]any) []*haetae.Resource {
	r := resource(a.Account, nil)
	r.Account, r.Observed = a.Account, observed
	return []*haetae.Resource{r}
}

// accountSetting reads one member as a setting: "Setting" or "Setting=Member".
func accountSetting(rename string) func(*Answer) []*haetae.Resource {
	return func(a *Answer) []*haetae.Resource { return observeAccount(a, take(a.Body, rename)) }
}

func readSummary(a *Answer) []*haetae.Resource {
	m := object(a.Body, "SummaryMap")
	o := map[string]any{"SummaryMap": m}
	for to, from := range map[string]string{
		"RootMFAEnabled": "AccountMFAEnabled", "RootAccessKeysPresent": "AccountAccessKeysPresent",
		"RootSigningCertificatesPresent": "AccountSigningCertificatesPresent",
	} {
		if n, ok := m[from].(int64); ok {
			o[to] = n > 0
		}
	}
	if n, ok := m["AccountPasswordPresent"].(int64); ok {
		o["RootCredentialsPresent"] = n > 0 || o["RootAccessKeysPresent"] == true || o["RootSigningCertificatesPresent"] == true
	}
	return observeAccount(a, o)
}

func readRootVirtualMFA(a *Answer) []*haetae.Resource {
	found := false
	for d := range a.each("VirtualMFADevices") {
		if strings.HasSuffix(str(d, "User.Arn"), ":root") || strings.HasSuffix(str(d, "SerialNumber"), ":mfa/root-account-mfa-device") {
			found = true
		}
	}
	return observeAccount(a, map[string]any{"RootVirtualMFA": found})
}

// rootHardwareMFA concludes that the root user's MFA is hardware when there is
// one and it is not among the virtual ones.
func rootHardwareMFA(r *haetae.Resource) {
	o := r.Observed
	virtual := o["RootVirtualMFA"]
	delete(o, "RootVirtualMFA")
	switch {
	case o["RootMFAEnabled"] == false:
		o["RootHardwareMFA"] = false
	case o["RootMFAEnabled"] == true && (virtual == true || virtual == false):
		o["RootHardwareMFA"] = virtual == false
	default:
		for _, v := range []any{o["RootMFAEnabled"], virtual} {
			if u, ok := v.(*haetae.Unknown); ok {
				why := *u
				why.Path = "Observed.RootHardwareMFA"
				o["RootHardwareMFA"] = &why
			}
		}
	}
}
