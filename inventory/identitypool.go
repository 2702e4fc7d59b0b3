package inventory

const identityPools = "cognito-identity:ListIdentityPools IdentityPools[].IdentityPoolId"

// identityPool holds what gives roles to users of applications.
var identityPool = []Kind{{
	Type: "AWS::Cognito::IdentityPool", Finish: tagsIn("IdentityPoolTags"),
	ARN: "arn:${Partition}:cognito-identity:${Region}:${Account}:identitypool/${ID}",
	Calls: []Call{
		{
			Op: "cognito-identity:ListIdentityPools", Params: map[string]any{"MaxResults": int64(60)}, Lists: true, Member: "IdentityPools",
			Read: reading{member: "IdentityPools", id: "IdentityPoolId", props: []string{"IdentityPoolName"}}.read,
		}, {
			Op: "cognito-identity:DescribeIdentityPool", Member: "AllowUnauthenticatedIdentities", Param: "IdentityPoolId", Each: identityPools, Gives: []string{"*"},
			Read: folds("IdentityPoolId", func(a *Answer) (props, observed map[string]any) {
				props = take(a.Body, "IdentityPoolName", "AllowUnauthenticatedIdentities", "AllowClassicFlow", "SupportedLoginProviders", "DeveloperProviderName",
					"OpenIdConnectProviderARNs", "CognitoIdentityProviders", "SamlProviderARNs")
				if p, ok := props["AllowClassicFlow"]; !ok || p == nil {
					props["AllowClassicFlow"] = false // the answer leaves it out when it is off
				}
				props["IdentityPoolTags"] = tagList(object(a.Body, "IdentityPoolTags"))
				return props, take(a.Body, "Id=IdentityPoolId", "Name=IdentityPoolName")
			}),
		}, {
			Op: "cognito-identity:GetIdentityPoolRoles", Member: "Roles", Param: "IdentityPoolId", Each: identityPools, Gives: []string{"RoleAttachment"},
			Read: folds("IdentityPoolId", func(a *Answer) (props, observed map[string]any) {
				if roles := take(a.Body, "Roles", "RoleMappings"); len(roles) > 0 {
					return map[string]any{"RoleAttachment": roles}, nil
				}
				return nil, nil
			}),
		},
	},
}, {
	Type: "AWS::Cognito::UserPoolGroup", Of: "AWS::Cognito::UserPool",
	Calls: []Call{{
		Op: "cognito-idp:ListGroups", Lists: true, Member: "Groups[].UserPoolId", Param: "UserPoolId", Each: userPoolIDs, Gives: []string{"*"},
		Read: reading{
			member: "Groups", id: "^UserPoolId|GroupName", props: []string{"GroupName", "Description", "Precedence", "RoleArn"}, body: []string{"UserPoolId"},
		}.read,
	}},
}}
