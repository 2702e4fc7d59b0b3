package inventory

import (
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

const (
	memberIDs = "organizations:ListAccounts Accounts[].Id"
	policyIDs = "organizations:ListPolicies Policies[].Id"
	unitIDs   = "organizations:ListOrganizationalUnitsForParent OrganizationalUnits[].Id"

	// orgSelf names the one organization that an account is in, for answers
	// that do not say its ID.
	orgSelf = "self"
)

// noOrganization is the code of an account that is in none.
var noOrganization = []string{"AWSOrganizationsNotInUseException"}

// organizations holds the organization, its accounts and its policies. They are
// in the management account, whoever asked.
var organizations = []Kind{{
	Type: "Haetae::Organization", Global: true, Name: orgSelf,
	Finish: func(r *haetae.Resource) { delete(r.Props, orgSelf) },
	Calls: []Call{
		{
			Op: "organizations:DescribeOrganization", Lists: true, Member: "Organization.FeatureSet", Absent: noOrganization,
			Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				o := object(a.Body, "Organization")
				r := resource(str(o, "Id"), map[string]any{orgSelf: orgSelf})
				r.ARN, r.Account = str(o, "Arn"), str(o, "MasterAccountId")
				r.Observed = take(o, "Id", "Arn", "FeatureSet", "MasterAccountId", "MasterAccountEmail")
				return []*haetae.Resource{r}
			},
		}, {
			Op: "organizations:ListRoots", Member: "Roots", Absent: noOrganization, Gives: []string{"Observed.Roots", "Observed.EnabledPolicyTypes"}, Read: readRoots,
		}, {
			Op: "organizations:ListAWSServiceAccessForOrganization", Member: "EnabledServicePrincipals", Joins: true, Absent: noOrganization,
			Gives: []string{"Observed.EnabledServicePrincipals"}, Read: func(a *Answer) []*haetae.Resource {
				return organization("", map[string]any{"EnabledServicePrincipals": pluck(a.Body["EnabledServicePrincipals"], "ServicePrincipal")})
			},
		}, {
			Op: "organizations:ListDelegatedAdministrators", Member: "DelegatedAdministrators", Joins: true, Absent: noOrganization,
			Gives: []string{"Observed.DelegatedAdministrators"}, Read: func(a *Answer) []*haetae.Resource {
				list, id := []any{}, ""
				for x := range a.each("DelegatedAdministrators") {
					id = organizationOf(str(x, "Arn"))
					list = append(list, map[string]any{
						"AccountId":         x["Id"],
						"ServicePrincipals": elsewhere("Observed.DelegatedAdministrators", "organizations:ListDelegatedServicesForAccount"),
					})
				}
				return organization(id, map[string]any{"DelegatedAdministrators": list})
			},
		}, {
			Op: "organizations:ListDelegatedServicesForAccount", Member: "DelegatedServices", Param: "AccountId",
			Each: "organizations:ListDelegatedAdministrators DelegatedAdministrators[].Id", Read: func(a *Answer) []*haetae.Resource {
				id := str(a.Body, "AccountId")
				if id == "" {
					return nil
				}
				return organization("", map[string]any{"DelegatedAdministrators": []any{map[string]any{
					"AccountId": id, "ServicePrincipals": pluck(a.Body["DelegatedServices"], "ServicePrincipal"),
				}}})
			},
		}, {
			Op: "iam:ListOrganizationsFeatures", Member: "EnabledFeatures", Gives: []string{"Observed.CentralizedRootAccess"},
			Read: func(a *Answer) []*haetae.Resource {
				return organization(str(a.Body, "OrganizationId"), take(a.Body, "CentralizedRootAccess=EnabledFeatures"))
			},
		},
	},
}, {
	Type: "AWS::Organizations::Account", Global: true,
	Calls: []Call{
		{
			Op: "organizations:ListAccounts", Lists: true, Member: "Accounts[].JoinedMethod", Gives: []string{"*"},
			Absent: noOrganization, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("Accounts") {
					r := resource(str(x, "Id"), take(x, "AccountName=Name", "Email"))
					r.ARN = str(x, "Arn")
					r.Observed = take(x, "AccountId=Id", "Arn", "JoinedMethod", "JoinedTimestamp", "Paths", "State", "Status")
					out = append(out, r)
				}
				return out
			},
		}, {
			Op: "organizations:ListParents", Member: "Parents", Param: "ChildId", Each: memberIDs, Gives: []string{"ParentIds"},
			Read: func(a *Answer) []*haetae.Resource {
				id := str(a.Body, "ChildId")
				if !isAccount(id) {
					return nil // an organizational unit, whose parent its list names
				}
				return []*haetae.Resource{resource(id, map[string]any{"ParentIds": pluck(a.Body["Parents"], "Id")})}
			},
		}, {
			Op: "organizations:ListTagsForResource", Param: "ResourceId", Each: memberIDs, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				id := str(a.Body, "ResourceId")
				if !isAccount(id) {
					return nil
				}
				return []*haetae.Resource{resource(id, take(a.Body, "Tags"))}
			},
		},
	},
}, {
	// Units are in units: they are all listed when the root and each of them
	// was asked.
	Type: "AWS::Organizations::OrganizationalUnit", Global: true, Of: "AWS::Organizations::OrganizationalUnit",
	Calls: []Call{
		{
			Op: "organizations:ListOrganizationalUnitsForParent", Lists: true, Member: "OrganizationalUnits", Param: "ParentId",
			Each: "organizations:ListRoots Roots[].Id; " + unitIDs, Gives: []string{"*"}, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("OrganizationalUnits") {
					p := take(x, "Name")
					if s := str(a.Body, "ParentId"); s != "" {
						p["ParentId"] = s
					}
					r := resource(str(x, "Id"), p)
					r.ARN = str(x, "Arn")
					r.Observed = take(x, "Id", "Arn", "Path")
					out = append(out, r)
				}
				return out
			},
		}, {
			Op: "organizations:ListTagsForResource", Param: "ResourceId", Each: unitIDs, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				id := str(a.Body, "ResourceId")
				if !strings.HasPrefix(id, "ou-") {
					return nil
				}
				return []*haetae.Resource{resource(id, take(a.Body, "Tags"))}
			},
		},
	},
}, {
	// Policies are listed type by type, of which there will be more.
	Type: "AWS::Organizations::Policy", Global: true, Of: "Haetae::Organization",
	Calls: []Call{
		{
			Op: "organizations:ListPolicies", Lists: true, Member: "Policies[].AwsManaged", Param: "Filter",
			Each: "sts:GetCallerIdentity ['SERVICE_CONTROL_POLICY','RESOURCE_CONTROL_POLICY','DECLARATIVE_POLICY_EC2','BACKUP_POLICY','TAG_POLICY','AISERVICES_OPT_OUT_POLICY','S3_POLICY']",
			Read: readOrgPolicies,
		}, {
			Op: "organizations:DescribePolicy", Member: "Policy.PolicySummary", Param: "PolicyId", Each: policyIDs, Gives: []string{"*", "Content"},
			Read: func(a *Answer) []*haetae.Resource {
				r := orgPolicy(object(a.Body, "Policy.PolicySummary"))
				r.Props["Content"] = policy(get(a.Body, "Policy.Content"))
				return []*haetae.Resource{r}
			},
		}, {
			Op: "organizations:ListTargetsForPolicy", Member: "Targets[].TargetId", Param: "PolicyId", Each: policyIDs, Gives: []string{"TargetIds"},
			Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(str(a.Body, "PolicyId"), map[string]any{"TargetIds": pluck(a.Body["Targets"], "TargetId")})}
			},
		}, {
			Op: "organizations:ListTagsForResource", Param: "ResourceId", Each: policyIDs, Gives: []string{"Tags"},
			Read: func(a *Answer) []*haetae.Resource {
				id := str(a.Body, "ResourceId")
				if !strings.HasPrefix(id, "p-") {
					return nil
				}
				return []*haetae.Resource{resource(id, take(a.Body, "Tags"))}
			},
		},
	},
}}

// orgResourcePolicy is the policy by which the management account delegates.
var orgResourcePolicy = []Kind{{
	Type: "AWS::Organizations::ResourcePolicy", Global: true,
	Calls: []Call{{
		Op: "organizations:DescribeResourcePolicy", Lists: true, Member: "ResourcePolicy", Gives: []string{"*"},
		Absent: []string{"ResourcePolicyNotFoundException", "AWSOrganizationsNotInUseException"},
		Read: func(a *Answer) []*haetae.Resource {
			r := resource(str(a.Body, "ResourcePolicy.ResourcePolicySummary.Id"), map[string]any{"Content": policy(get(a.Body, "ResourcePolicy.Content"))})
			r.ARN = str(a.Body, "ResourcePolicy.ResourcePolicySummary.Arn")
			r.Props["Tags"] = elsewhere("Tags", "organizations:ListTagsForResource")
			r.Observed = map[string]any{"Id": r.ID, "Arn": r.ARN}
			return []*haetae.Resource{r}
		},
	}},
}}

// organization returns what was observed of an organization; "" is the one that
// the account is in.
func organization(id string, observed map[string]any) []*haetae.Resource {
	if id == "" {
		id = orgSelf
	}
	r := resource(id, nil)
	r.Observed = observed
	return []*haetae.Resource{r}
}

// organizationOf returns the ID of the organization in an ARN of it:
// …:account/o-1/111122223333.
func organizationOf(name string) string {
	n, err := arn.Parse(name)
	if err != nil {
		return ""
	}
	for part := range strings.SplitSeq(n.Resource, "/") {
		if strings.HasPrefix(part, "o-") {
			return part
		}
	}
	return ""
}

func readRoots(a *Answer) []*haetae.Resource {
	roots, kinds, id := []any{}, []any{}, ""
	for x := range a.each("Roots") {
		id = organizationOf(str(x, "Arn"))
		roots = append(roots, take(x, "Id", "Name"))
		for t := range objects(x["PolicyTypes"]) {
			if t["Status"] == "ENABLED" {
				kinds = append(kinds, t["Type"])
			}
		}
	}
	return organization(id, map[string]any{"Roots": roots, "EnabledPolicyTypes": kinds})
}

func orgPolicy(x map[string]any) *haetae.Resource {
	r := resource(str(x, "Id"), take(x, "Name", "Type", "Description"))
	r.ARN = str(x, "Arn")
	r.Observed = take(x, "Id", "Arn", "AwsManaged")
	return r
}

func readOrgPolicies(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Policies") {
		if x["AwsManaged"] != nil {
			out = append(out, orgPolicy(x))
		}
	}
	return out
}
