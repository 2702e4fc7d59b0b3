package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const (
	ssoInstances  = "sso-admin:ListInstances Instances[].InstanceArn"
	ssoStores     = "sso-admin:ListInstances Instances[].IdentityStoreId"
	ssoPermission = "sso-admin:ListPermissionSets PermissionSets[]"
)

// ofInstance names the instance of a permission set that is asked for.
var ofInstance = map[string]any{"InstanceArn": "${Grandparent}"}

// identityCenter holds IAM Identity Center: who of a directory has which
// permissions in which account. It is in one region of the account that manages
// it, and each other region says that there is none.
var identityCenter = []Kind{{
	Type: "AWS::SSO::Instance",
	ARN:  "${ID}",
	Calls: []Call{
		{
			Op: "sso-admin:ListInstances", Actions: []string{"sso:ListInstances"}, Lists: true, Member: "Instances[].InstanceArn", Gives: []string{"*"},
			Read: reading{
				member: "Instances", id: "InstanceArn", arn: "InstanceArn", account: "OwnerAccountId", props: []string{"Name"},
				observed: []string{"InstanceArn", "IdentityStoreId", "OwnerAccountId", "Status", "PrimaryRegion"}, state: "Status", gone: []string{"DELETE_IN_PROGRESS"},
				more: func(_ *Answer, _ map[string]any, r *haetae.Resource) {
					// Every account of the organization sees the instance, and hardly one its tags.
					r.Props["Tags"] = elsewhere("Tags", "sso:ListTagsForResource")
				},
			}.read,
		},
	},
}, {
	Type: "AWS::SSO::InstanceAccessControlAttributeConfiguration", Of: "AWS::SSO::Instance",
	Calls: []Call{{
		Op: "sso-admin:DescribeInstanceAccessControlAttributeConfiguration", Actions: []string{"sso:DescribeInstanceAccessControlAttributeConfiguration"},
		Lists: true, Member: "InstanceAccessControlAttributeConfiguration", Param: "InstanceArn", Each: ssoInstances, Absent: notFound, Gives: []string{"*"},
		Read: func(a *Answer) []*haetae.Resource {
			if a.Body["InstanceAccessControlAttributeConfiguration"] == nil {
				return nil
			}
			return []*haetae.Resource{resource(str(a.Body, "InstanceArn"), take(a.Body, "InstanceArn",
				"AccessControlAttributes=InstanceAccessControlAttributeConfiguration.AccessControlAttributes"))}
		},
	}},
}, {
	Type: "AWS::SSO::PermissionSet", Of: "AWS::SSO::Instance", Name: "Name",
	ARN: "${ID}",
	Calls: []Call{
		{
			Op: "sso-admin:ListPermissionSets", Actions: []string{"sso:ListPermissionSets"}, Lists: true, Member: "PermissionSets", Param: "InstanceArn",
			Each: ssoInstances, Read: func(a *Answer) (out []*haetae.Resource) {
				for name := range texts(a.Body["PermissionSets"]) {
					r := byARN(name, take(a.Body, "InstanceArn"))
					r.Observed = map[string]any{"PermissionSetArn": name}
					out = append(out, r)
				}
				return out
			},
		}, {
			Op: "sso-admin:DescribePermissionSet", Actions: []string{"sso:DescribePermissionSet"}, Member: "PermissionSet.PermissionSetArn", Param: "PermissionSetArn",
			Each: ssoPermission, Params: ofInstance, Gives: []string{"*"}, Read: reading{
				member: "PermissionSet", id: "PermissionSetArn", arn: "PermissionSetArn", body: []string{"InstanceArn"},
				props: []string{"Name", "Description", "SessionDuration", "RelayStateType=RelayState"}, observed: []string{"PermissionSetArn", "CreatedDate"},
			}.read,
		},
		// The answer is an empty text when there is none.
		ofPermissionSet("GetInlinePolicyForPermissionSet", "InlinePolicy", "InlinePolicy", foldsPolicy("PermissionSetArn", "InlinePolicy", "InlinePolicy")),
		ofPermissionSet("GetPermissionsBoundaryForPermissionSet", "PermissionsBoundary", "PermissionsBoundary",
			folds("PermissionSetArn", func(a *Answer) (props, observed map[string]any) { return take(a.Body, "PermissionsBoundary"), nil })),
		ofPermissionSet("ListManagedPoliciesInPermissionSet", "AttachedManagedPolicies", "ManagedPolicies",
			folds("PermissionSetArn", func(a *Answer) (props, observed map[string]any) {
				return map[string]any{"ManagedPolicies": pluck(a.Body["AttachedManagedPolicies"], "Arn")}, nil
			})),
		ofPermissionSet("ListCustomerManagedPolicyReferencesInPermissionSet", "CustomerManagedPolicyReferences", "CustomerManagedPolicyReferences",
			foldsList("PermissionSetArn", "CustomerManagedPolicyReferences", "CustomerManagedPolicyReferences", "Name", "Path")),
		permissionSetTags(),
	},
}, {
	// Who has a permission set is asked for each account that it is in.
	Type: "AWS::SSO::Assignment", Of: "AWS::SSO::PermissionSet",
	Calls: []Call{
		{
			Op: "sso-admin:ListAccountsForProvisionedPermissionSet", Actions: []string{"sso:ListAccountsForProvisionedPermissionSet"},
			Param: "PermissionSetArn", Each: ssoPermission, Params: ofInstance, Read: func(*Answer) []*haetae.Resource { return nil },
		}, {
			Op: "sso-admin:ListAccountAssignments", Actions: []string{"sso:ListAccountAssignments"}, Lists: true, Member: "AccountAssignments", Param: "AccountId",
			Each:   "sso-admin:ListAccountsForProvisionedPermissionSet AccountIds[]",
			Params: map[string]any{"PermissionSetArn": "${Grandparent}", "InstanceArn": "arn:${Partition}:sso:::instance/${Grandparent.Middle}"},
			Gives:  []string{"*"}, Read: readAssignments,
		},
	},
}, {
	Type: "AWS::IdentityStore::User", Of: "AWS::SSO::Instance", Name: "UserName",
	ARN: "arn:${Partition}:identitystore:::user/${ID}",
	Calls: []Call{{
		Op: "identitystore:ListUsers", Lists: true, Member: "Users[].IdentityStoreId", Param: "IdentityStoreId", Each: ssoStores, Gives: []string{"*"},
		Read: reading{
			member: "Users", id: "UserId", props: []string{"IdentityStoreId", "UserName", "DisplayName", "Title", "UserType", "Locale", "Timezone"},
			observed: []string{"UserId", "Arn=UserArn", "UserStatus", "ExternalIds", "CreatedAt"}, arn: "UserArn", more: hidePerson,
		}.read,
	}},
}, {
	Type: "AWS::IdentityStore::Group", Of: "AWS::SSO::Instance", Name: "DisplayName",
	ARN: "arn:${Partition}:identitystore:::group/${ID}",
	Calls: []Call{{
		Op: "identitystore:ListGroups", Lists: true, Member: "Groups[].IdentityStoreId", Param: "IdentityStoreId", Each: ssoStores, Gives: []string{"*"},
		Read: reading{
			member: "Groups", id: "GroupId", arn: "GroupArn", props: []string{"IdentityStoreId", "DisplayName", "Description"},
			observed: []string{"GroupId", "ExternalIds"},
		}.read,
	}},
}, {
	Type: "AWS::IdentityStore::GroupMembership", Of: "AWS::IdentityStore::Group",
	ARN: "arn:${Partition}:identitystore:::membership/${ID}",
	Calls: []Call{{
		Op: "identitystore:ListGroupMemberships", Lists: true, Member: "GroupMemberships", Param: "GroupId",
		Each: "identitystore:ListGroups Groups[].GroupId", Params: map[string]any{"IdentityStoreId": "${Grandparent}"}, Gives: []string{"*"},
		Read: reading{
			member: "GroupMemberships", id: "MembershipId", arn: "MembershipArn", props: []string{"IdentityStoreId", "GroupId", "MemberId"},
			observed: []string{"MembershipId"},
		}.read,
	}},
}}

// ofPermissionSet is a call about one permission set, which tells one property.
func ofPermissionSet(op, member, prop string, read func(*Answer) []*haetae.Resource) Call {
	return Call{
		Op: "sso-admin:" + op, Actions: []string{"sso:" + op}, Member: member, Param: "PermissionSetArn", Each: ssoPermission, Params: ofInstance,
		Absent: notFound, Gives: []string{prop}, Read: read,
	}
}

// permissionSetTags is the call for the tags of a permission set, whose ARN has
// no region: the tags of a region do not hold them.
func permissionSetTags() Call {
	c := tagsByARN("sso-admin:ListTagsForResource", "ResourceArn", "Tags", ssoPermission, ":permissionSet/", true)
	c.Actions, c.Params, c.Tags = []string{"sso:ListTagsForResource"}, ofInstance, ""
	return c
}

// readAssignments reads who has a permission set in an account. An assignment
// has no name of its own: all of its parts are it.
func readAssignments(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("AccountAssignments") {
		p := take(x, "PermissionSetArn", "PrincipalType", "PrincipalId", "TargetId=AccountId")
		p["TargetType"] = "AWS_ACCOUNT"
		if instance := instanceOf(str(x, "PermissionSetArn")); instance != "" {
			p["InstanceArn"] = instance
		}
		id := reading{id: "InstanceArn|TargetId|TargetType|PermissionSetArn|PrincipalType|PrincipalId"}.identify(a, p)
		out = append(out, resource(id, p))
	}
	return out
}

// instanceOf returns the ARN of the instance that a permission set is in, which
// its own ARN names: …:permissionSet/INSTANCE/ID
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamidentitycenter.html).
func instanceOf(set string) string {
	head, rest, _ := strings.Cut(set, ":permissionSet/")
	instance, _, ok := strings.Cut(rest, "/")
	if !ok {
		return ""
	}
	return head + ":instance/" + instance
}

// hidePerson keeps where a person lives and how to reach them out of snapshots;
// what they are is said to be there.
func hidePerson(_ *Answer, x map[string]any, r *haetae.Resource) {
	for _, n := range []string{"Name", "Emails", "PhoneNumbers", "Addresses", "Birthdate", "Photos", "NickName", "ProfileUrl", "Website", "Roles", "PreferredLanguage"} {
		if x[n] != nil {
			r.Props[n] = hidden("it is about a person, and haetae does not keep it")
		}
	}
}
