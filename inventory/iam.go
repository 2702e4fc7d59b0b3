package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

const details = "iam:GetAccountAuthorizationDetails"

// noEntity are the codes by which IAM says that something is not set.
var noEntity = []string{"NoSuchEntity", "NoSuchEntityException"}

// iam holds identities and policies. One call says nearly all; the others are
// for folders that were filled in another way.
var iam = []Kind{{
	Type: "AWS::IAM::User", Global: true, Finish: nameUsedKeys,
	ARN: "arn:${Partition}:iam::${Account}:user/${ID}",
	Calls: []Call{
		{
			Op: details, Lists: true, Member: "UserDetailList",
			Gives: []string{"*", "Policies", "ManagedPolicyArns", "Groups", "PermissionsBoundary", "Tags"}, Read: readUserDetails,
		},
		makeReports(),
		readReports(":user/"),
		{Op: "iam:ListUsers", Lists: true, Member: "Users[].UserId", Gives: []string{"*", "Volatile.PasswordLastUsed"}, Read: readUsers},
		other(identity("iam:GetUser", "User", "UserName", userOf, "*", "PermissionsBoundary", "Tags", "Volatile.PasswordLastUsed")),
		other(ofIdentity("iam:ListUserPolicies", "UserName", inlineNames, "Policies")),
		other(inline("iam:GetUserPolicy", "UserName")),
		other(ofIdentity("iam:ListAttachedUserPolicies", "UserName", attachedARNs, "ManagedPolicyArns")),
		other(ofIdentity("iam:ListGroupsForUser", "UserName", func(a *Answer) map[string]any {
			return map[string]any{"Groups": pluck(a.Body["Groups"], "GroupName")}
		}, "Groups")),
		other(ofIdentity("iam:ListUserTags", "UserName", func(a *Answer) map[string]any { return take(a.Body, "Tags") }, "Tags")),
		{
			Op: "iam:GetLoginProfile", Member: "LoginProfile", Param: "UserName", Other: true, Absent: noEntity,
			Gives: []string{"Observed.PasswordEnabled"}, Read: func(a *Answer) []*haetae.Resource {
				r := resource(str(a.Body, "UserName"), nil)
				r.Observed = map[string]any{"PasswordEnabled": true}
				return []*haetae.Resource{r}
			},
		},
		{
			Op: "iam:GetCredentialReport", Member: "ReportFormat", Joins: true,
			Actions: []string{"iam:GenerateCredentialReport", "iam:GetCredentialReport"},
			Gives: []string{"Observed.PasswordEnabled", "Observed.PasswordLastChanged", "Observed.PasswordNextRotation", "Observed.MFAActive",
				"Observed.AccessKeys", "Observed.MFADevices", "Volatile.PasswordLastUsed", "Volatile.AccessKeyLastUsed"},
			Read: readUserRows,
		},
		credential("iam:ListAccessKeys", "AccessKeyMetadata", "Observed.AccessKeys", false, "AccessKeyId", "Status", "CreateDate"),
		credential("iam:ListMFADevices", "MFADevices", "Observed.MFADevices", false, "SerialNumber", "EnableDate"),
		credential("iam:ListSigningCertificates", "Certificates", "Observed.SigningCertificates", true, "CertificateId", "Status", "UploadDate"),
		credential("iam:ListSSHPublicKeys", "SSHPublicKeys", "Observed.SSHPublicKeys", true, "SSHPublicKeyId", "Status", "UploadDate"),
		credential("iam:ListServiceSpecificCredentials", "ServiceSpecificCredentials", "Observed.ServiceSpecificCredentials", true,
			"ServiceName", "Status", "CreateDate", "ServiceSpecificCredentialId"),
	},
}, {
	Type: "AWS::IAM::Group", Global: true,
	ARN: "arn:${Partition}:iam::${Account}:group/${ID}",
	Calls: []Call{
		{Op: details, Lists: true, Member: "GroupDetailList", Gives: []string{"*", "Policies", "ManagedPolicyArns"}, Read: readGroupDetails},
		readReports(":group/"),
		{Op: "iam:ListGroups", Lists: true, Other: true, Member: "Groups[].GroupId", Gives: []string{"*"}, Read: readGroups},
		{
			Op: "iam:GetGroup", Member: "Group", Param: "GroupName", Each: details + " GroupDetailList[].GroupName",
			Gives: []string{"Observed.Users"}, Read: readGroup,
		},
		other(ofIdentity("iam:ListGroupPolicies", "GroupName", inlineNames, "Policies")),
		other(inline("iam:GetGroupPolicy", "GroupName")),
		other(ofIdentity("iam:ListAttachedGroupPolicies", "GroupName", attachedARNs, "ManagedPolicyArns")),
	},
}, {
	Type: "AWS::IAM::Role", Global: true,
	ARN: "arn:${Partition}:iam::${Account}:role/${ID}",
	Calls: []Call{
		{
			Op: details, Lists: true, Member: "RoleDetailList",
			Gives: []string{"*", "Policies", "ManagedPolicyArns", "PermissionsBoundary", "Tags", "Volatile.RoleLastUsed", "Observed.InstanceProfiles"},
			Read:  readRoleDetails,
		},
		readReports(":role/"),
		// The authorization details lack the two.
		{Op: "iam:ListRoles", Lists: true, Member: "Roles[].RoleId", Gives: []string{"*", "MaxSessionDuration", "Description"}, Read: readRoles},
		other(identity("iam:GetRole", "Role", "RoleName", roleOf, "*", "PermissionsBoundary", "Tags", "Volatile.RoleLastUsed", "MaxSessionDuration", "Description")),
		other(ofIdentity("iam:ListRolePolicies", "RoleName", inlineNames, "Policies")),
		other(inline("iam:GetRolePolicy", "RoleName")),
		other(ofIdentity("iam:ListAttachedRolePolicies", "RoleName", attachedARNs, "ManagedPolicyArns")),
		other(ofIdentity("iam:ListRoleTags", "RoleName", func(a *Answer) map[string]any { return take(a.Body, "Tags") }, "Tags")),
		other(ofIdentity("iam:ListInstanceProfilesForRole", "RoleName", nil, "Observed.InstanceProfiles")),
	},
}, {
	Type: "AWS::IAM::ManagedPolicy", Global: true, Name: "ManagedPolicyName",
	ARN: "${ID}",
	Calls: []Call{
		{Op: details, Lists: true, Member: "Policies[].PolicyVersionList", Gives: []string{"*", "PolicyDocument", "Observed.Versions"}, Read: readPolicies},
		{Op: "iam:ListPolicies", Lists: true, Other: true, Member: "Policies[].AttachmentCount", Gives: []string{"*"}, Read: readPolicies},
		other(identity("iam:GetPolicy", "Policy.PolicyId", "PolicyArn", policyOf, "*")),
		{
			Op: "iam:GetPolicyVersion", Member: "PolicyVersion", Param: "PolicyArn", Other: true,
			Gives: []string{"PolicyDocument"}, Read: readPolicyVersion,
		},
	},
}, {
	Type: "AWS::IAM::InstanceProfile", Global: true,
	ARN: "arn:${Partition}:iam::${Account}:instance-profile/${ID}",
	Calls: []Call{
		{Op: "iam:ListInstanceProfiles", Lists: true, Member: "InstanceProfiles", Gives: []string{"*"}, Read: readInstanceProfiles},
	},
}, {
	Type: "AWS::IAM::ServerCertificate", Global: true,
	ARN: "arn:${Partition}:iam::${Account}:server-certificate/${ID}",
	Calls: []Call{
		{Op: "iam:ListServerCertificates", Lists: true, Member: "ServerCertificateMetadataList", Gives: []string{"*"}, Read: readServerCertificates},
	},
}, {
	Type: "AWS::IAM::VirtualMFADevice", Global: true,
	ARN: "${ID}",
	Calls: []Call{
		{Op: "iam:ListVirtualMFADevices", Lists: true, Member: "VirtualMFADevices", Gives: []string{"*"}, Read: readVirtualMFA},
	},
}, {
	Type: "AWS::IAM::SAMLProvider", Global: true,
	ARN: "${ID}",
	Calls: []Call{
		{Op: "iam:ListSAMLProviders", Lists: true, Member: "SAMLProviderList", Read: readSAML},
		{
			Op: "iam:GetSAMLProvider", Member: "SAMLMetadataDocument", Param: "SAMLProviderArn",
			Each: "iam:ListSAMLProviders SAMLProviderList[].Arn", Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				// The document is public: it has the keys that signatures are checked with.
				r := byARN(str(a.Body, "SAMLProviderArn"), take(a.Body, "SamlMetadataDocument=SAMLMetadataDocument", "AssertionEncryptionMode", "Tags"))
				r.Props["Name"] = last(r.ID)
				r.Observed = take(a.Body, "Arn=SAMLProviderArn", "SamlProviderUUID=SAMLProviderUUID", "CreateDate", "ValidUntil")
				return []*haetae.Resource{r}
			},
		},
	},
}, {
	Type: "AWS::IAM::OIDCProvider", Global: true,
	ARN: "${ID}",
	Calls: []Call{
		{Op: "iam:ListOpenIDConnectProviders", Lists: true, Member: "OpenIDConnectProviderList", Read: readOIDC},
		{
			Op: "iam:GetOpenIDConnectProvider", Member: "ThumbprintList", Param: "OpenIDConnectProviderArn",
			Each:  "iam:ListOpenIDConnectProviders OpenIDConnectProviderList[].Arn",
			Gives: []string{"*"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(str(a.Body, "OpenIDConnectProviderArn"), take(a.Body, "Url", "ClientIdList=ClientIDList", "ThumbprintList", "Tags"))}
			},
		},
	},
}}

// other marks a call that says nothing which the first does not say.
func other(c Call) Call {
	c.Other = true
	return c
}

// identity is a call about one identity, which the answer describes.
func identity(op, member, param string, of func(map[string]any) *haetae.Resource, gives ...string) Call {
	head, _, _ := strings.Cut(member, ".")
	return Call{
		Op: op, Member: member, Param: param, Gives: gives,
		Read: func(a *Answer) []*haetae.Resource { return []*haetae.Resource{of(object(a.Body, head))} },
	}
}

// ofIdentity is a call that lists what one identity has; nil reads the names of
// its instance profiles.
func ofIdentity(op, param string, of func(*Answer) map[string]any, gives string) Call {
	return Call{
		Op: op, Param: param, Gives: []string{gives},
		Read: func(a *Answer) []*haetae.Resource {
			r := resource(last(str(a.Body, param)), nil)
			if of == nil {
				r.Observed = map[string]any{"InstanceProfiles": pluck(a.Body["InstanceProfiles"], "InstanceProfileName")}
			} else {
				r.Props = of(a)
			}
			return []*haetae.Resource{r}
		},
	}
}

// inlineNames reads the names of inline policies, whose documents come from
// another call.
func inlineNames(a *Answer) map[string]any {
	list := []any{}
	for n := range texts(a.Body["PolicyNames"]) {
		list = append(list, map[string]any{"PolicyName": n, "PolicyDocument": &haetae.Unknown{
			Reason: haetae.NotAsked, Set: true, Detail: "only the policy's name was read", Actions: []string{details},
		}})
	}
	return map[string]any{"Policies": list}
}

// inline is the call for the document of one inline policy. It does not tell
// whether there are others, so it gives nothing.
func inline(op, param string) Call {
	return Call{
		Op: op, Member: param, Param: param,
		Read: func(a *Answer) []*haetae.Resource {
			return []*haetae.Resource{resource(str(a.Body, param), map[string]any{"Policies": []any{
				map[string]any{"PolicyName": a.Body["PolicyName"], "PolicyDocument": policy(a.Body["PolicyDocument"])},
			}})}
		},
	}
}

func attachedARNs(a *Answer) map[string]any {
	return map[string]any{"ManagedPolicyArns": pluck(a.Body["AttachedPolicies"], "PolicyArn")}
}

// credential is a call that lists one kind of a user's credentials.
func credential(op, member, gives string, other bool, names ...string) Call {
	return Call{
		Op: op, Member: member, Param: "UserName", Other: other, Each: details + " UserDetailList[].UserName", Gives: []string{gives},
		Read: func(a *Answer) (out []*haetae.Resource) {
			// Without a user the answer is about whoever asked, and its items
			// say who that is.
			users := map[string][]any{}
			if u := str(a.Body, "UserName"); u != "" {
				users[u] = []any{}
			}
			for c := range a.each(member) {
				u := str(c, "UserName")
				users[u] = append(users[u], take(c, names...))
			}
			for u, list := range users {
				r := resource(u, nil)
				r.Observed = map[string]any{strings.TrimPrefix(gives, "Observed."): list}
				out = append(out, r)
			}
			return out
		},
	}
}

// inlineDocuments reads inline policies with their documents.
func inlineDocuments(v any) []any {
	list := []any{}
	for p := range objects(v) {
		list = append(list, map[string]any{"PolicyName": p["PolicyName"], "PolicyDocument": policy(p["PolicyDocument"])})
	}
	return list
}

func userOf(u map[string]any) *haetae.Resource {
	r := resource(str(u, "UserName"), take(u, "UserName", "Path", "PermissionsBoundary=PermissionsBoundary.PermissionsBoundaryArn", "Tags"))
	r.ARN = str(u, "Arn")
	r.Observed = take(u, "Arn", "UserId", "CreateDate")
	r.Volatile = take(u, "PasswordLastUsed")
	return r
}

func readUsers(a *Answer) (out []*haetae.Resource) {
	for u := range a.each("Users") {
		out = append(out, userOf(u))
	}
	return out
}

func readUserDetails(a *Answer) (out []*haetae.Resource) {
	for u := range a.each("UserDetailList") {
		r := userOf(u)
		r.Props["Policies"] = inlineDocuments(u["UserPolicyList"])
		r.Props["ManagedPolicyArns"] = pluck(u["AttachedManagedPolicies"], "PolicyArn")
		r.Props["Groups"] = []any{}
		if g, ok := u["GroupList"].([]any); ok {
			r.Props["Groups"] = g
		}
		out = append(out, r)
	}
	return out
}

func groupOf(g map[string]any) *haetae.Resource {
	r := resource(str(g, "GroupName"), take(g, "GroupName", "Path"))
	r.ARN = str(g, "Arn")
	r.Observed = take(g, "Arn", "GroupId", "CreateDate")
	return r
}

func readGroups(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("Groups") {
		out = append(out, groupOf(g))
	}
	return out
}

func readGroupDetails(a *Answer) (out []*haetae.Resource) {
	for g := range a.each("GroupDetailList") {
		r := groupOf(g)
		r.Props["Policies"] = inlineDocuments(g["GroupPolicyList"])
		r.Props["ManagedPolicyArns"] = pluck(g["AttachedManagedPolicies"], "PolicyArn")
		out = append(out, r)
	}
	return out
}

func readGroup(a *Answer) []*haetae.Resource {
	g := object(a.Body, "Group")
	if g == nil {
		g = take(a.Body, "GroupName")
	}
	r := groupOf(g)
	r.Observed["Users"] = pluck(a.Body["Users"], "UserName")
	return []*haetae.Resource{r}
}

func roleOf(x map[string]any) *haetae.Resource {
	r := resource(str(x, "RoleName"), take(x, "RoleName", "Path", "Description", "MaxSessionDuration",
		"PermissionsBoundary=PermissionsBoundary.PermissionsBoundaryArn", "Tags"))
	if d := x["AssumeRolePolicyDocument"]; d != nil {
		r.Props["AssumeRolePolicyDocument"] = policy(d)
	}
	r.ARN = str(x, "Arn")
	r.Observed = take(x, "Arn", "RoleId", "CreateDate")
	r.Volatile = take(x, "RoleLastUsed")
	return r
}

func readRoles(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("Roles") {
		out = append(out, roleOf(x))
	}
	return out
}

func readRoleDetails(a *Answer) (out []*haetae.Resource) {
	for x := range a.each("RoleDetailList") {
		r := roleOf(x)
		r.Props["Policies"] = inlineDocuments(x["RolePolicyList"])
		r.Props["ManagedPolicyArns"] = pluck(x["AttachedManagedPolicies"], "PolicyArn")
		r.Observed["InstanceProfiles"] = pluck(x["InstanceProfileList"], "InstanceProfileName")
		out = append(out, r)
	}
	return out
}

func policyOf(p map[string]any) *haetae.Resource {
	r := resource(str(p, "Arn"), take(p, "ManagedPolicyName=PolicyName", "Path", "Description", "Tags"))
	r.ARN = r.ID
	r.Observed = take(p, "PolicyArn=Arn", "PolicyId", "DefaultVersionId", "IsAttachable", "CreateDate", "UpdateDate",
		"AttachmentCount", "PermissionsBoundaryUsageCount")
	return r
}

func readPolicies(a *Answer) (out []*haetae.Resource) {
	for p := range a.each("Policies") {
		r := policyOf(p)
		versions := []any{}
		for v := range objects(p["PolicyVersionList"]) {
			if v["IsDefaultVersion"] == true && v["Document"] != nil {
				r.Props["PolicyDocument"] = policy(v["Document"])
			}
			version := take(v, "VersionId", "IsDefaultVersion", "CreateDate")
			if v["Document"] != nil {
				version["PolicyDocument"] = policy(v["Document"])
			}
			versions = append(versions, version)
		}
		if p["PolicyVersionList"] != nil {
			r.Observed["Versions"] = versions
		}
		out = append(out, r)
	}
	return out
}

// readPolicyVersion reads a version; only the default one is in force.
func readPolicyVersion(a *Answer) []*haetae.Resource {
	v := object(a.Body, "PolicyVersion")
	if v["IsDefaultVersion"] == false {
		return nil
	}
	r := resource(str(a.Body, "PolicyArn"), nil)
	if v["Document"] != nil {
		r.Props = map[string]any{"PolicyDocument": policy(v["Document"])}
	}
	return []*haetae.Resource{r}
}

func readInstanceProfiles(a *Answer) (out []*haetae.Resource) {
	for p := range a.each("InstanceProfiles") {
		r := resource(str(p, "InstanceProfileName"), take(p, "InstanceProfileName", "Path"))
		r.Props["Roles"] = pluck(p["Roles"], "RoleName")
		r.ARN = str(p, "Arn")
		r.Observed = take(p, "Arn")
		out = append(out, r)
	}
	return out
}

func readServerCertificates(a *Answer) (out []*haetae.Resource) {
	for c := range a.each("ServerCertificateMetadataList") {
		r := resource(str(c, "ServerCertificateName"), take(c, "ServerCertificateName", "Path"))
		r.ARN = str(c, "Arn")
		r.Observed = take(c, "Arn", "ServerCertificateId", "UploadDate", "Expiration")
		out = append(out, r)
	}
	return out
}

func readVirtualMFA(a *Answer) (out []*haetae.Resource) {
	for d := range a.each("VirtualMFADevices") {
		p := take(d, "Tags")
		p["Users"] = []any{}
		if u := str(d, "User.UserName"); u != "" {
			p["Users"] = []any{u}
		}
		r := resource(str(d, "SerialNumber"), p)
		r.ARN = r.ID
		out = append(out, r)
	}
	return out
}

func readSAML(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("SAMLProviderList") {
		r := resource(str(s, "Arn"), map[string]any{"Name": last(str(s, "Arn"))})
		r.ARN = r.ID
		r.Observed = take(s, "CreateDate", "ValidUntil")
		out = append(out, r)
	}
	return out
}

func readOIDC(a *Answer) (out []*haetae.Resource) {
	for s := range a.each("OpenIDConnectProviderList") {
		r := resource(str(s, "Arn"), nil)
		r.ARN = r.ID
		out = append(out, r)
	}
	return out
}
