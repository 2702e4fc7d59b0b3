package inventory

import "github.com/haetae/haetae"

// rolesAnywhere holds who outside of AWS gets which roles by a certificate.
var rolesAnywhere = []Kind{{
	Type: "AWS::RolesAnywhere::TrustAnchor",
	ARN:  "arn:${Partition}:rolesanywhere:${Region}:${Account}:trust-anchor/${ID}",
	Calls: []Call{
		{
			Op: "rolesanywhere:ListTrustAnchors", Lists: true, Member: "trustAnchors", Gives: []string{"*"}, Read: reading{
				member: "trustAnchors", id: "trustAnchorId", arn: "trustAnchorArn", camel: true, props: []string{"name", "enabled", "source", "notificationSettings"},
				observed: []string{"TrustAnchorId=trustAnchorId", "TrustAnchorArn=trustAnchorArn"}, more: anchorSettings,
			}.read,
		},
		anywhereTags("ListTrustAnchors trustAnchors[].trustAnchorArn", ":trust-anchor/"),
	},
}, {
	Type: "AWS::RolesAnywhere::Profile",
	ARN:  "arn:${Partition}:rolesanywhere:${Region}:${Account}:profile/${ID}",
	Calls: []Call{
		{
			Op: "rolesanywhere:ListProfiles", Lists: true, Member: "profiles[].profileArn", Gives: []string{"*"}, Read: reading{
				member: "profiles", id: "profileId", arn: "profileArn", camel: true, props: []string{"name", "enabled", "acceptRoleSessionName", "attributeMappings",
					"durationSeconds", "managedPolicyArns", "requireInstanceProperties", "roleArns", "sessionPolicy"},
				observed: []string{"ProfileId=profileId", "ProfileArn=profileArn"},
			}.read,
		},
		anywhereTags("ListProfiles profiles[].profileArn", ":profile/"),
	},
}, {
	Type: "AWS::RolesAnywhere::CRL",
	ARN:  "arn:${Partition}:rolesanywhere:${Region}:${Account}:crl/${ID}",
	Calls: []Call{
		{
			Op: "rolesanywhere:ListCrls", Lists: true, Member: "crls", Gives: []string{"*"}, Read: reading{
				member: "crls", id: "crlId", arn: "crlArn", camel: true, props: []string{"name", "enabled", "crlData", "trustAnchorArn"}, observed: []string{"CrlId=crlId"},
			}.read,
		},
		anywhereTags("ListCrls crls[].crlArn", ":crl/"),
	},
}}

// anchorSettings leaves out who made a setting.
func anchorSettings(_ *Answer, _ map[string]any, r *haetae.Resource) {
	for s := range objects(r.Props["NotificationSettings"]) {
		delete(s, "ConfiguredBy")
	}
}

// anywhereTags is the call for the tags of one kind.
func anywhereTags(each, part string) Call {
	return tagsByARN("rolesanywhere:ListTagsForResource", "resourceArn", "tags", "rolesanywhere:"+each, part, false)
}
