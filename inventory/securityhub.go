package inventory

import "github.com/haetae/haetae"

// noHub are the codes by which Security Hub says that it is off.
var noHub = []string{"InvalidAccessException", "ResourceNotFoundException"}

// securityhub holds the hub of a region and the standards that it checks.
var securityhub = []Kind{{
	Type: "AWS::SecurityHub::Hub",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "securityhub:DescribeHub", Lists: true, Member: "HubArn", Absent: noHub, Gives: []string{"*"},
			Read: func(a *Answer) []*haetae.Resource {
				r := hub(str(a.Body, "HubArn"), take(a.Body, "AutoEnableControls", "ControlFindingGenerator"))
				r.Observed = take(a.Body, "ARN=HubArn", "SubscribedAt")
				return []*haetae.Resource{r}
			},
		}, {
			Op: "securityhub:ListTagsForResource", Param: "ResourceArn", Each: "securityhub:DescribeHub HubArn", Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{hub(str(a.Body, "ResourceArn"), take(a.Body, "Tags"))}
			},
		},
	},
}, {
	Type: "AWS::SecurityHub::Standard",
	ARN:  "${ID}",
	Calls: []Call{{
		Op: "securityhub:GetEnabledStandards", Lists: true, Member: "StandardsSubscriptions", Absent: noHub, Gives: []string{"*"},
		Read: func(a *Answer) (out []*haetae.Resource) {
			for x := range a.each("StandardsSubscriptions") {
				p := take(x, "StandardsArn")
				p["DisabledStandardsControls"] = elsewhere("DisabledStandardsControls", "securityhub:DescribeStandardsControls")
				r := resource(str(x, "StandardsSubscriptionArn"), p)
				r.ARN = r.ID
				r.Observed = take(x, "StandardsSubscriptionArn", "StandardsStatus")
				out = append(out, r)
			}
			return out
		},
	}},
}}

func hub(arn string, props map[string]any) *haetae.Resource {
	r := resource(arn, props)
	r.ARN = arn
	return r
}

// hubSetting is the call that says whether Security Hub is on in a region.
func hubSetting() Call {
	return Call{
		Op: "securityhub:DescribeHub", Member: "HubArn", Absent: noHub, Gives: []string{"Observed.SecurityHub"},
		Unset: func() map[string]any { return map[string]any{"Observed.SecurityHub": map[string]any{"Enabled": false}} },
		Read: func(a *Answer) []*haetae.Resource {
			h := take(a.Body, "HubArn", "AutoEnableControls")
			h["Enabled"] = true
			return observeRegion(a, map[string]any{"SecurityHub": h})
		},
	}
}
