package inventory

import "github.com/haetae/haetae"

// iot holds the roles that devices get for their certificates.
var iot = []Kind{{
	Type: "AWS::IoT::RoleAlias",
	ARN:  "arn:${Partition}:iot:${Region}:${Account}:rolealias/${ID}",
	Calls: []Call{
		{Op: "iot:ListRoleAliases", Lists: true, Member: "roleAliases", Read: readRoleAliases},
		{
			Op: "iot:DescribeRoleAlias", Member: "roleAliasDescription", Param: "roleAlias", Each: "iot:ListRoleAliases roleAliases[]", Gives: []string{"*"}, Read: reading{
				member: "roleAliasDescription", id: "roleAlias", arn: "roleAliasArn",
				props:    []string{"RoleAlias=roleAlias", "RoleArn=roleArn", "CredentialDurationSeconds=credentialDurationSeconds"},
				observed: []string{"RoleAliasArn=roleAliasArn"},
			}.read,
		},
		tagsByARN("iot:ListTagsForResource", "resourceArn", "tags", "iot:DescribeRoleAlias roleAliasDescription.roleAliasArn", ":rolealias/", false),
	},
}}

func readRoleAliases(a *Answer) (out []*haetae.Resource) {
	for n := range texts(a.Body["roleAliases"]) {
		out = append(out, resource(n, map[string]any{"RoleAlias": n}))
	}
	return out
}
