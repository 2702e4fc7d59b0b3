package inventory

import "github.com/haetae/haetae"

const userPoolIDs = "cognito-idp:ListUserPools UserPools[].Id"

// cognito holds user pools.
var cognito = []Kind{{
	Type: "AWS::Cognito::UserPool", Finish: tagsIn("UserPoolTags"),
	ARN: "arn:${Partition}:cognito-idp:${Region}:${Account}:userpool/${ID}",
	Calls: []Call{
		{
			Op: "cognito-idp:ListUserPools", Params: map[string]any{"MaxResults": int64(60)}, Lists: true, Member: "UserPools",
			Read: func(a *Answer) (out []*haetae.Resource) {
				for u := range a.each("UserPools") {
					out = append(out, resource(str(u, "Id"), take(u, "UserPoolName=Name")))
				}
				return out
			},
		}, {
			Op: "cognito-idp:DescribeUserPool", Member: "UserPool", Param: "UserPoolId", Each: userPoolIDs,
			Gives: []string{"*", "MfaConfiguration"}, Read: readUserPool,
		}, {
			Op: "cognito-idp:GetUserPoolMfaConfig", Member: "MfaConfiguration", Param: "UserPoolId", Each: userPoolIDs,
			Gives: []string{"MfaConfiguration", "EnabledMfas", "EmailAuthenticationMessage", "EmailAuthenticationSubject",
				"WebAuthnRelyingPartyID", "WebAuthnUserVerification", "WebAuthnFactorConfiguration"},
			Read: readPoolMFA,
		},
		protectedBy("COGNITO_USER_POOL", last),
		{
			Op: "wafv2:GetWebACLForResource", Param: "ResourceArn", Other: true, Each: userPoolIDs,
			Params: map[string]any{"ResourceArn": "arn:${Partition}:cognito-idp:${Region}:${Account}:userpool/${Parent}"},
			Gives:  []string{"WebACLArn"}, Read: func(a *Answer) []*haetae.Resource {
				return []*haetae.Resource{resource(last(str(a.Body, "ResourceArn")), take(a.Body, "WebACLArn=WebACL.ARN"))}
			},
		},
	},
}}

func readUserPool(a *Answer) []*haetae.Resource {
	u := object(a.Body, "UserPool")
	p := take(u, "UserPoolName=Name", "Policies", "DeletionProtection", "LambdaConfig", "AutoVerifiedAttributes", "AliasAttributes",
		"UsernameAttributes", "SmsVerificationMessage", "EmailVerificationMessage", "EmailVerificationSubject",
		"VerificationMessageTemplate", "SmsAuthenticationMessage", "UserAttributeUpdateSettings", "MfaConfiguration",
		"DeviceConfiguration", "EmailConfiguration", "SmsConfiguration", "UserPoolTags", "UserPoolAddOns", "UsernameConfiguration",
		"AccountRecoverySetting", "UserPoolTier", "Schema=SchemaAttributes",
		"AdminCreateUserConfig.AllowAdminCreateUserOnly=AdminCreateUserConfig.AllowAdminCreateUserOnly",
		"AdminCreateUserConfig.UnusedAccountValidityDays=AdminCreateUserConfig.UnusedAccountValidityDays",
		"AdminCreateUserConfig.InviteMessageTemplate=AdminCreateUserConfig.InviteMessageTemplate")
	r := resource(str(u, "Id"), p)
	r.ARN = str(u, "Arn")
	r.Observed = take(u, "Arn", "UserPoolId=Id", "CreationDate")
	return []*haetae.Resource{r}
}

func readPoolMFA(a *Answer) []*haetae.Resource {
	p := take(a.Body, "MfaConfiguration", "EmailAuthenticationMessage=EmailMfaConfiguration.Message",
		"EmailAuthenticationSubject=EmailMfaConfiguration.Subject", "WebAuthnRelyingPartyID=WebAuthnConfiguration.RelyingPartyId",
		"WebAuthnUserVerification=WebAuthnConfiguration.UserVerification", "WebAuthnFactorConfiguration=WebAuthnConfiguration.FactorConfiguration")
	factors := []any{}
	if object(a.Body, "SmsMfaConfiguration.SmsConfiguration") != nil {
		factors = append(factors, "SMS_MFA")
	}
	if get(a.Body, "SoftwareTokenMfaConfiguration.Enabled") == true {
		factors = append(factors, "SOFTWARE_TOKEN_MFA")
	}
	if object(a.Body, "EmailMfaConfiguration") != nil {
		factors = append(factors, "EMAIL_OTP")
	}
	p["EnabledMfas"] = factors
	return []*haetae.Resource{resource(str(a.Body, "UserPoolId"), p)}
}
