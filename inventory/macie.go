package inventory

import "github.com/haetae/haetae"

// macie holds the session of a region. Where Macie is off the answer is the
// same code as where one may not ask, and the session stays unknown.
var macie = []Kind{{
	Type: "AWS::Macie::Session",
	Calls: []Call{
		{
			Op: "macie2:GetMacieSession", Lists: true, Member: "findingPublishingFrequency", AbsentText: macieOff, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource {
				r := resource(a.Account, take(a.Body, "FindingPublishingFrequency=findingPublishingFrequency", "Status=status"))
				r.Observed = take(a.Body, "ServiceRole=serviceRole")
				r.Observed["AwsAccountId"] = a.Account
				return []*haetae.Resource{r}
			},
		}, {
			Op: "macie2:GetAutomatedDiscoveryConfiguration", Member: "classificationScopeId", AbsentText: macieOff, Gives: []string{"Observed.AutomatedDiscoveryStatus"},
			Read: func(a *Answer) []*haetae.Resource {
				r := resource(a.Account, nil)
				r.Observed = take(a.Body, "AutomatedDiscoveryStatus=status")
				return []*haetae.Resource{r}
			},
		},
	},
}}

// macieOff is how Macie says that it is off, under the code of a denial.
const macieOff = "Macie is not enabled"

// macieSetting is the call that puts the state of Macie among the settings of a
// region.
func macieSetting() Call {
	c := regionSetting("macie2:GetMacieSession", "findingPublishingFrequency", "MacieStatus=status")
	c.AbsentText = macieOff
	return c
}
