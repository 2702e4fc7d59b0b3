package inventory

import (
	"maps"
	"slices"

	"github.com/haetae/haetae"
)

// ses holds the addresses and domains that mail is sent as, with who else may.
var ses = []Kind{{
	Type: "AWS::SES::EmailIdentity",
	ARN:  "arn:${Partition}:ses:${Region}:${Account}:identity/${ID}",
	Calls: []Call{
		{
			Op: "sesv2:ListEmailIdentities", Actions: []string{"ses:ListEmailIdentities"}, Lists: true, Member: "EmailIdentities", Read: reading{
				member: "EmailIdentities", id: "IdentityName", props: []string{"EmailIdentity=IdentityName"},
				observed: []string{"IdentityType", "SendingEnabled", "VerificationStatus"},
			}.read,
		}, {
			Op: "sesv2:GetEmailIdentity", Actions: []string{"ses:GetEmailIdentity"}, Member: "IdentityType", Param: "EmailIdentity",
			Each: "sesv2:ListEmailIdentities EmailIdentities[].IdentityName", Gives: []string{"*"}, Read: readEmailIdentity,
		},
	},
}}

func readEmailIdentity(a *Answer) []*haetae.Resource {
	p := take(a.Body, "EmailIdentity", "ConfigurationSetAttributes.ConfigurationSetName=ConfigurationSetName", "DkimAttributes.SigningEnabled=DkimAttributes.SigningEnabled",
		"DkimSigningAttributes.NextSigningKeyLength=DkimAttributes.NextSigningKeyLength", "FeedbackAttributes.EmailForwardingEnabled=FeedbackForwardingStatus",
		"MailFromAttributes.MailFromDomain=MailFromAttributes.MailFromDomain", "MailFromAttributes.BehaviorOnMxFailure=MailFromAttributes.BehaviorOnMxFailure")
	p["Tags"] = listOf(a.Body["Tags"])
	list := []any{}
	policies := object(a.Body, "Policies")
	for _, name := range slices.Sorted(maps.Keys(policies)) {
		list = append(list, map[string]any{"PolicyName": name, "PolicyDocument": policy(policies[name])})
	}
	p["Policies"] = list
	r := resource(str(a.Body, "EmailIdentity"), p)
	r.Observed = take(a.Body, "IdentityType", "VerificationStatus", "SendingEnabled=VerifiedForSendingStatus", "DkimStatus=DkimAttributes.Status")
	return []*haetae.Resource{r}
}
