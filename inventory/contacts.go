package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

// otherContact is the call for an alternate contact besides that for security:
// "Billing".
func otherContact(name string) Call {
	kind := strings.ToUpper(name)
	return Call{
		Op: "account:GetAlternateContact", Member: "AlternateContact.AlternateContactType=" + kind,
		Params: map[string]any{"AlternateContactType": kind}, Absent: notFound,
		Gives: []string{"Observed.AlternateContacts." + name},
		Read: func(a *Answer) []*haetae.Resource {
			c := object(a.Body, "AlternateContact")
			if str(c, "AlternateContactType") != kind {
				return nil
			}
			return observeAccount(a, map[string]any{"AlternateContacts": map[string]any{
				name: take(c, "Name", "Title", "EmailAddress", "PhoneNumber"),
			}})
		},
	}
}

// management is the call that says whether the account is the management
// account of its organization.
func management() Call {
	return Call{
		Op: "organizations:DescribeOrganization", Member: "Organization.MasterAccountId", Absent: []string{"AWSOrganizationsNotInUseException"},
		Gives: []string{"Observed.IsManagementAccount"}, Read: func(a *Answer) []*haetae.Resource {
			id := str(a.Body, "Organization.MasterAccountId")
			if id == "" || a.Account == "" {
				return nil
			}
			return observeAccount(a, map[string]any{"IsManagementAccount": id == a.Account})
		},
	}
}
