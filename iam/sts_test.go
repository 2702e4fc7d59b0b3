package iam

import "testing"

// Section B of the checklist: role trust, STS and what IAM does otherwise.

func TestRolesAreAssumed(t *testing.T) {
	trust := func(principal string, more ...string) string {
		return doc(allow("sts:AssumeRole,sts:TagSession", "", append([]string{principal}, more...)...))
	}
	assume := func(who string) asked { return ask(who, "sts:AssumeRole", ops) }
	web := `{"federated":"token.actions.githubusercontent.com"}`
	provider := `"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}`
	subject := when(`{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}}`)
	runVerdicts(t, []verdictTest{
		{"B1 an identity policy alone assumes no role of the same account",
			assume(kim).identity(full), ImplicitlyDenied, "identity resource", nil},
		{"B1 a trust policy that names the user is enough",
			assume(kim).resource(trust(to(kim))), Allowed, "resource", []string{"resource#0"}},
		{"B1 a trust policy that names the account needs the identity policy",
			assume(kim).resource(trust(to("111122223333"))), ImplicitlyDenied, "identity resource", nil},
		{"B1 a trust policy that names the account and an identity policy together",
			assume(kim).identity(doc(allow("sts:AssumeRole", ops))).resource(trust(to(rootUser))), Allowed, "identity resource", []string{"identity[0]#0", "resource#0"}},
		{"B1 a role does not assume itself unless its trust says so",
			assume(shift).identity(full).resource(trust(to(kim))), ImplicitlyDenied, "identity resource", nil},
		{"B1 a role that is named may assume itself",
			assume(shift).resource(trust(to(ops))), Allowed, "resource", nil},
		{"B1 across accounts both sides are needed",
			assume(stranger).resource(trust(to(stranger))), ImplicitlyDenied, "identity", nil},
		{"B1 across accounts with both sides",
			assume(stranger).identity(full).resource(trust(to("444455556666"))), Allowed, "identity resource", nil},
		{"B1 a service that is named assumes the role",
			assume(`{"service":"ec2.amazonaws.com"}`).resource(trust(`"Principal":{"Service":"ec2.amazonaws.com"}`)), Allowed, "resource", nil},
		{"B1 a service that is not named does not",
			assume(`{"service":"ec2.amazonaws.com"}`).resource(trust(`"Principal":{"Service":"lambda.amazonaws.com"}`)), ImplicitlyDenied, "resource", nil},

		{"B2 GetCallerIdentity is allowed whatever policies deny",
			ask(kim, "sts:GetCallerIdentity", "*").identity(doc(deny("*", "*"))).session(doc(deny("*", "*"))).scp("root", doc(deny("*", "*"))), Allowed, "service", []string{}},
		{"B2 GetSessionToken asks no policy of a user",
			ask(kim, "sts:GetSessionToken", "*").identity(doc(deny("*", "*"))), Allowed, "service", nil},
		{"B2 GetSessionToken is an action like others for a role",
			ask(shift, "sts:GetSessionToken", "*"), ImplicitlyDenied, "identity", nil},
		{"B2 GetFederationToken needs a permission",
			ask(kim, "sts:GetFederationToken", "arn:aws:sts::111122223333:federated-user/guest"), ImplicitlyDenied, "identity", nil},

		{"B3 a user of an identity provider has no identity side",
			ask(web, "sts:AssumeRoleWithWebIdentity", ops).context(`{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:acme/shop:ref:refs/heads/main"}`).
				resource(doc(allow("sts:AssumeRoleWithWebIdentity", "", provider, subject))), Allowed, "resource", nil},
		{"B3 a subject that is not trusted is refused",
			ask(web, "sts:AssumeRoleWithWebIdentity", ops).context(`{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:evil/shop:ref:refs/heads/main"}`).
				resource(doc(allow("sts:AssumeRoleWithWebIdentity", "", provider, subject))), ImplicitlyDenied, "resource", nil},
		{"B3 the provider may be given by its ARN",
			ask(`{"federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}`, "sts:AssumeRoleWithWebIdentity", ops).
				resource(doc(allow("sts:AssumeRoleWithWebIdentity", "", provider))), Allowed, "resource", nil},
		{"B3 the provider of another account is another provider",
			ask(web, "sts:AssumeRoleWithWebIdentity", ops).
				resource(doc(allow("sts:AssumeRoleWithWebIdentity", "", `"Principal":{"Federated":"arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com"}`))), ImplicitlyDenied, "resource", nil},
		{"B3 a SAML provider is named by its ARN",
			ask(`{"federated":"arn:aws:iam::111122223333:saml-provider/corp"}`, "sts:AssumeRoleWithSAML", ops).context(`{"SAML:aud":"https://signin.aws.amazon.com/saml"}`).
				resource(doc(allow("sts:AssumeRoleWithSAML", "", `"Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/corp"}`, when(`{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}`)))), Allowed, "resource", nil},
		{"B3 Cognito's users are held to their pool and their way of signing in",
			ask(`{"federated":"cognito-identity.amazonaws.com"}`, "sts:AssumeRoleWithWebIdentity", ops).context(`{"cognito-identity.amazonaws.com:aud":"eu-west-1:pool","cognito-identity.amazonaws.com:amr":["authenticated"]}`).
				resource(doc(allow("sts:AssumeRoleWithWebIdentity", "", `"Principal":{"Federated":"cognito-identity.amazonaws.com"}`,
					when(`{"StringEquals":{"cognito-identity.amazonaws.com:aud":"eu-west-1:pool"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}}`)))), Allowed, "resource", nil},
		{"B3 tags of a session need the trust policy as well",
			ask(kim, "sts:TagSession", ops).identity(full).resource(doc(allow("sts:AssumeRole", "", to("111122223333")))), ImplicitlyDenied, "identity resource", nil},
		{"B3 tags of a session with both sides",
			ask(kim, "sts:TagSession", ops).identity(full).resource(trust(to("111122223333"))), Allowed, "identity resource", nil},
		{"B3 a source identity needs the trust policy as well",
			ask(stranger, "sts:SetSourceIdentity", ops).identity(full).resource(trust(to("444455556666"))), ImplicitlyDenied, "resource", nil},

		{"B4 the unique id of a deleted user matches nobody",
			assume(kim).identity(full).resource(trust(to("AIDAEXAMPLEEXAMPLE123"))), ImplicitlyDenied, "identity resource", nil},

		{"B5 an external id is a condition like others",
			assume(stranger).identity(full).context(`{"sts:ExternalId":"4711"}`).resource(trust(to("444455556666"), when(`{"StringEquals":{"sts:ExternalId":"4711"}}`))), Allowed, "identity resource", nil},
		{"B5 the wrong external id is refused",
			assume(stranger).identity(full).context(`{"sts:ExternalId":"4712"}`).resource(trust(to("444455556666"), when(`{"StringEquals":{"sts:ExternalId":"4711"}}`))), ImplicitlyDenied, "resource", nil},
		{"B5 a session may assume a further role",
			ask(shift, "sts:AssumeRole", "arn:aws:iam::111122223333:role/admin").identity(full).resource(trust(to(ops))), Allowed, "resource", nil},

		{"B6 nobody changes a policy that AWS manages",
			ask(kim, "iam:CreatePolicyVersion", "arn:aws:iam::aws:policy/ReadOnlyAccess").identity(full), ImplicitlyDenied, "service", nil},
		{"B6 not even the root user",
			ask(rootUser, "iam:DeletePolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess"), ImplicitlyDenied, "service", nil},
		{"B6 a policy that AWS manages may be attached",
			ask(kim, "iam:AttachRolePolicy", ops).identity(full).context(`{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"}`), Allowed, "identity", nil},
		{"B6 nobody passes a role of Identity Center",
			ask(kim, "iam:PassRole", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef").identity(full), ImplicitlyDenied, "service", nil},
		{"B6 nobody attaches a policy to a service-linked role",
			ask(kim, "iam:AttachRolePolicy", linked).identity(full), ImplicitlyDenied, "service", nil},
		{"B6 a role of Identity Center can be looked at",
			ask(kim, "iam:GetRole", "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef").identity(full), Allowed, "identity", nil},

		{"B7 passing a role is held to the service it goes to",
			ask(kim, "iam:PassRole", ops).context(`{"iam:PassedToService":"lambda.amazonaws.com"}`).identity(doc(allow("iam:PassRole", ops, when(`{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`)))), Allowed, "identity", nil},
		{"B7 passing the role to another service is refused",
			ask(kim, "iam:PassRole", ops).context(`{"iam:PassedToService":"ec2.amazonaws.com"}`).identity(doc(allow("iam:PassRole", ops, when(`{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`)))), ImplicitlyDenied, "identity", nil},
		{"B7 passing a role is held to the resource it is for",
			ask(kim, "iam:PassRole", ops).context(`{"iam:AssociatedResourceArn":"arn:aws:ec2:eu-west-1:111122223333:instance/i-1"}`).
				identity(doc(allow("iam:PassRole", ops, when(`{"ArnLike":{"iam:AssociatedResourceArn":"arn:aws:ec2:*:111122223333:instance/*"}}`)))), Allowed, "identity", nil},
	})
}

// Section C of the checklist: boundary, session and resource policy.

func TestBoundariesAndSessionsLimit(t *testing.T) {
	send := func(who string) asked { return ask(who, "sqs:SendMessage", queue) }
	grants := func(principal string) string { return doc(allow("sqs:SendMessage", "*", principal)) }
	runVerdicts(t, []verdictTest{
		{"C1 a boundary grants nothing", send(kim).boundary(full), ImplicitlyDenied, "identity", nil},
		{"C1 a session policy grants nothing", send(shift).session(full), ImplicitlyDenied, "identity", nil},
		{"C1 a boundary limits the identity policies", send(kim).identity(full).boundary(doc(allow("s3:*", "*"))), ImplicitlyDenied, "boundary", nil},
		{"C1 a session policy limits the identity policies", send(shift).identity(full).session(doc(allow("s3:*", "*"))), ImplicitlyDenied, "session", nil},
		{"C1 boundary and session policy both limit", send(shift).identity(full).boundary(doc(allow("s3:*", "*"))).session(doc(allow("s3:*", "*"))), ImplicitlyDenied, "boundary session", nil},
		{"C1 what all three allow is allowed", send(shift).identity(full).boundary(full).session(full), Allowed, "identity", []string{"identity[0]#0"}},
		{"C1 a boundary that is there and empty allows nothing", send(kim).identity(full).boundary(), ImplicitlyDenied, "boundary", nil},
		{"C1 a session policy that is there and empty allows nothing", send(shift).identity(full).session(), ImplicitlyDenied, "session", nil},

		{"C2 a resource policy that names the role is limited by its boundary", send(shift).boundary(doc(allow("s3:*", "*"))).resource(grants(to(ops))), ImplicitlyDenied, "boundary", nil},
		{"C2 a resource policy that names the role needs no identity policy", send(shift).resource(grants(to(ops))), Allowed, "resource", nil},
		{"C2 a resource policy that names the session is not limited", send(shift).boundary(doc(allow("s3:*", "*"))).resource(grants(to(shift))), Allowed, "resource", nil},
		{"C2 a resource policy that names the user is not limited", send(kim).identity(full).boundary(doc(allow("s3:*", "*"))).resource(grants(to(kim))), Allowed, "resource", []string{"resource#0"}},
		{"C2 a resource policy that names everybody is not limited for a user", send(kim).boundary().resource(grants(everybody)), Allowed, "resource", nil},
		{"C2 a resource policy that names everybody is not limited for a session", send(shift).boundary().resource(grants(everybody)), Allowed, "resource", nil},
		{"C2 a resource policy that names the federated user is not limited", send(fed).boundary().resource(grants(to(fed))), Allowed, "resource", nil},
		{"C2 a resource policy that names the account is limited", send(kim).identity(full).boundary(doc(allow("s3:*", "*"))).resource(grants(to("111122223333"))), ImplicitlyDenied, "boundary", nil},

		{"C3 everybody with the role's ARN as a condition reaches the session itself",
			send(shift).boundary(doc(allow("s3:*", "*"))).resource(doc(allow("sqs:SendMessage", "*", everybody, when(`{"ArnEquals":{"aws:PrincipalArn":"`+ops+`"}}`)))), Allowed, "resource", nil},

		{"C4 a boundary's deny binds what the resource policy grants to the user", send(kim).boundary(doc(deny("sqs:*", "*"))).resource(grants(to(kim))), ExplicitlyDenied, "boundary", nil},
		{"C4 a session policy's deny binds what the resource policy grants to the session", send(shift).session(doc(deny("sqs:*", "*"))).resource(grants(to(shift))), ExplicitlyDenied, "session", nil},
		{"C4 across accounts a boundary limits whatever is named", send(stranger).identity(full).boundary(doc(allow("s3:*", "*"))).resource(grants(to(stranger))), ImplicitlyDenied, "boundary", nil},
		{"C4 across accounts a session policy limits whatever is named",
			send("arn:aws:sts::444455556666:assumed-role/lee/x1").identity(full).session(doc(allow("s3:*", "*"))).resource(grants(to("arn:aws:sts::444455556666:assumed-role/lee/x1"))), ImplicitlyDenied, "session", nil},

		{"C5 a deny with NotPrincipal hits a principal with a boundary whatever it lists",
			send(kim).identity(full).boundary(full).resource(doc(deny("sqs:*", "*", `"NotPrincipal":{"AWS":["`+kim+`","111122223333"]}`))), ExplicitlyDenied, "resource", nil},
		{"C5 the same deny spares the principal without a boundary",
			send(kim).identity(full).resource(doc(deny("sqs:*", "*", `"NotPrincipal":{"AWS":["`+kim+`","111122223333"]}`))), Allowed, "identity", nil},

		{"C6 all session policies together are one layer", send(shift).identity(full).session(doc(allow("s3:*", "*")), doc(allow("sqs:*", "*"))), Allowed, "identity", nil},
		{"C6 a federated user without a session policy has no permissions", send(fed).identity(full), ImplicitlyDenied, "session", nil},
		{"C6 a federated user has what its session policy leaves", send(fed).identity(full).session(doc(allow("sqs:*", "*"))), Allowed, "identity", nil},
		{"C6 a federated user that is named has the grant besides", send(fed).identity(full).resource(grants(to(fed))), Allowed, "resource", nil},

		{"C7 a session that the resource names is not limited by its session policy", send(shift).session(doc(allow("s3:*", "*"))).resource(grants(to(shift))), Allowed, "resource", nil},
		{"C7 a role that the resource names is", send(shift).session(doc(allow("s3:*", "*"))).resource(grants(to(ops))), ImplicitlyDenied, "session", nil},
	})
}
