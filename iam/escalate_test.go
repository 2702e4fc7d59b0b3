package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/iam"
)

// found plays the catalogue in a world written by hand.
func found(t *testing.T, world string) *iam.Escalations {
	t.Helper()
	snap, err := content.Resources([]byte("account: \"111122223333\"\nregion: us-east-1\nresources:\n"+world), "world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return worldFrom(t, snap).Escalations(catalogue(t))
}

func node(t *testing.T, e *iam.Escalations, name string) *iam.Node {
	t.Helper()
	for _, n := range e.Nodes() {
		if strings.HasSuffix(n.ARN, "/"+name) {
			return n
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// ids are the primitives of a path, in order.
func ids(p *iam.Path) string {
	var out []string
	for _, e := range p.Edges {
		for _, u := range e.Uses {
			out = append(out, u.Primitive.ID)
		}
	}
	return strings.Join(out, " ")
}

func all(paths []*iam.Path) string {
	var out []string
	for _, p := range paths {
		mark := ""
		switch {
		case len(p.Doubt.Missing) > 0:
			mark = "?"
		case len(p.Doubt.If) > 0:
			mark = "if "
		}
		out = append(out, mark+ids(p))
	}
	return strings.Join(out, "; ")
}

// Lines of worlds.

func user(name, rest string, statements ...string) string {
	return principal("User", name, rest, statements)
}

func role(name, trust, rest string, statements ...string) string {
	return principal("Role", name, "AssumeRolePolicyDocument: {Version: \"2012-10-17\", Statement: [{Effect: Allow, Principal: "+trust+", Action: \"sts:AssumeRole\"}]}, "+rest, statements)
}

func principal(kind, name, rest string, statements []string) string {
	var policies []string
	for i, s := range statements {
		policies = append(policies, fmt.Sprintf("{PolicyName: p%d, PolicyDocument: {Version: \"2012-10-17\", Statement: [%s]}}", i, s))
	}
	return fmt.Sprintf("  %s: {Type: AWS::IAM::%s, ARN: \"arn:aws:iam::111122223333:%s/%s\", Region: \"\", Properties: {%sName: %s, %s Policies: [%s]}, Observed: {AccessKeys: [], MFADevices: [], PasswordEnabled: false}}\n",
		name, kind, strings.ToLower(kind), name, kind, name, rest, strings.Join(policies, ", "))
}

func allow(actions string, resource ...string) string {
	on := "*"
	if len(resource) > 0 {
		on = resource[0]
	}
	return "{Effect: Allow, Action: [" + quoted(actions) + "], Resource: \"" + on + "\"}"
}

func quoted(list string) string { return "\"" + strings.ReplaceAll(list, " ", "\", \"") + "\"" }

const (
	service = "{Service: %s.amazonaws.com}"
	account = "{AWS: \"arn:aws:iam::111122223333:root\"}"
	admin   = `{Effect: Allow, Action: "*", Resource: "*"}`
)

func by(name string) string { return fmt.Sprintf(service, name) }

func scp(statement string) string {
	return `  "111122223333": {Type: Haetae::Account, Region: "", Observed: {AccountId: "111122223333", IsManagementAccount: false, ServiceControlPolicies: [` +
		`{Id: p-full, Name: FullAWSAccess, TargetId: "111122223333", Content: {Version: "2012-10-17", Statement: [` + admin + `]}}, ` +
		`{Id: p-guard, Name: guard, TargetId: "111122223333", Content: {Version: "2012-10-17", Statement: [` + statement + `]}}]}}` + "\n"
}

func managedPolicy(name, versions string, statements ...string) string {
	return fmt.Sprintf("  %s: {Type: AWS::IAM::ManagedPolicy, ARN: \"arn:aws:iam::111122223333:policy/%s\", Region: \"\", Properties: {ManagedPolicyName: %s, PolicyDocument: {Version: \"2012-10-17\", Statement: [%s]}}, Observed: {Versions: [%s]}}\n",
		name, name, name, strings.Join(statements, ", "), versions)
}

func TestPathsToAdministrators(t *testing.T) {
	lambda := allow("iam:PassRole") + ", " + allow("lambda:CreateFunction lambda:InvokeFunction")
	group := func(name, statement string) string {
		return fmt.Sprintf("  %s: {Type: AWS::IAM::Group, ARN: \"arn:aws:iam::111122223333:group/%s\", Region: \"\", Properties: {GroupName: %s, Policies: [{PolicyName: p, PolicyDocument: {Version: \"2012-10-17\", Statement: [%s]}}]}}\n", name, name, name, statement)
	}
	boundary := "PermissionsBoundary: \"arn:aws:iam::111122223333:policy/limit\","
	one := `{VersionId: v1, IsDefaultVersion: true}`
	for _, c := range []struct{ name, world, want string }{
		{"a role that is passed can assume another one that is an administrator",
			user("dev", "", lambda) + role("worker", by("lambda"), "", allow("sts:AssumeRole")) + role("boss", account, "", admin),
			"lambda-create-invoke role-assume"},
		{"what two policies allow together counts",
			user("dev", "", allow("iam:PassRole"), allow("lambda:CreateFunction lambda:InvokeFunction")) + role("boss", by("lambda"), "", admin), "lambda-create-invoke"},
		{"the trust policy of the role names another service",
			user("dev", "", lambda) + role("boss", by("ec2"), "", admin), ""},
		{"the role is service-linked",
			user("dev", "", lambda) + strings.Replace(role("boss", by("lambda"), "", admin), "role/boss", "role/aws-service-role/lambda.amazonaws.com/boss", 1), ""},
		{"a service control policy denies a call",
			user("dev", "", lambda) + role("boss", by("lambda"), "", admin) + scp(`{Effect: Deny, Action: "lambda:CreateFunction", Resource: "*"}`), ""},
		{"a service control policy that spares the role by name does not stop others",
			user("dev", "", lambda) + role("boss", by("lambda"), "", admin) +
				scp(`{Effect: Deny, Action: "lambda:*", Resource: "*", Condition: {ArnNotLike: {aws:PrincipalArn: "arn:aws:iam::*:role/ops"}}}`), ""},
		{"a service control policy that allows one region leaves that region",
			user("dev", "", lambda) + role("boss", by("lambda"), "", admin) +
				scp(`{Effect: Deny, NotAction: "iam:*", Resource: "*", Condition: {StringNotEquals: {aws:RequestedRegion: us-east-1}}}`), "lambda-create-invoke"},
		{"names of what is made must fit all calls: they do",
			user("dev", "", allow("iam:PassRole")+", "+allow("lambda:CreateFunction", "arn:aws:lambda:eu-west-1:111122223333:function:dev-*")+", "+
				allow("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:dev-*")) + role("boss", by("lambda"), "", admin), "lambda-create-invoke"},
		{"names of what is made must fit all calls: a pattern for each, one name for both",
			user("dev", "", allow("iam:PassRole")+", "+allow("lambda:CreateFunction", "arn:aws:lambda:*:111122223333:function:dev-*")+", "+
				allow("lambda:InvokeFunction", "arn:aws:lambda:*:111122223333:function:*-job")) + role("boss", by("lambda"), "", admin), "lambda-create-invoke"},
		{"names of what is made must fit all calls: there is none",
			user("dev", "", allow("iam:PassRole")+", "+allow("lambda:CreateFunction", "arn:aws:lambda:eu-west-1:111122223333:function:dev-*")+", "+
				allow("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:111122223333:function:ops-*")) + role("boss", by("lambda"), "", admin), ""},
		{"a boundary without the call stops it",
			user("dev", boundary, lambda) + managedPolicy("limit", one, allow("s3:*")) + role("boss", by("lambda"), "", admin), ""},
		{"a user that may write its policy within a boundary is no administrator",
			user("dev", boundary, allow("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/dev")) + managedPolicy("limit", one, allow("s3:* iam:PutUserPolicy")), ""},
		{"but if the boundary lets it remove the boundary, it is in two steps",
			user("dev", boundary, allow("iam:PutUserPolicy iam:DeleteUserPermissionsBoundary", "arn:aws:iam::111122223333:user/dev")) +
				managedPolicy("limit", one, allow("s3:* iam:PutUserPolicy iam:DeleteUserPermissionsBoundary")),
			"self-delete-user-boundary self-put-user-policy; self-put-user-policy self-delete-user-boundary"},
		{"who may change another user and take its key has both",
			user("dev", "", allow("iam:PutUserPolicy iam:CreateAccessKey", "arn:aws:iam::111122223333:user/ops")) + user("ops", "", allow("s3:*")),
			"user-put-policy user-access-key"},
		{"a role that is changed first and reached through another one",
			user("dev", "", lambda, allow("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/far")) + role("worker", by("lambda"), "", allow("sts:AssumeRole")) + role("far", account, "", allow("s3:*")),
			"role-put-policy lambda-create-invoke role-assume"},
		{"two groups each give a part",
			user("dev", "", allow("iam:AddUserToGroup")) + group("a", allow("iam:PassRole")) + group("b", allow("lambda:CreateFunction lambda:InvokeFunction")) + role("boss", by("lambda"), "", admin),
			"self-add-user-to-group self-add-user-to-group lambda-create-invoke; self-add-user-to-group self-add-user-to-group lambda-create-invoke; self-add-user-to-group self-add-user-to-group lambda-create-invoke"},
		{"an older version of a policy allows everything",
			user("dev", `ManagedPolicyArns: ["arn:aws:iam::111122223333:policy/team"],`) + managedPolicy("team",
				`{VersionId: v2, IsDefaultVersion: true}, {VersionId: v1, IsDefaultVersion: false, PolicyDocument: {Version: "2012-10-17", Statement: [`+admin+`]}}`, allow("iam:SetDefaultPolicyVersion")),
			"self-set-default-policy-version"},
		{"an older version of a policy allows no more",
			user("dev", `ManagedPolicyArns: ["arn:aws:iam::111122223333:policy/team"],`) + managedPolicy("team",
				`{VersionId: v2, IsDefaultVersion: true}, {VersionId: v1, IsDefaultVersion: false, PolicyDocument: {Version: "2012-10-17", Statement: [`+allow("s3:*")+`]}}`, allow("iam:SetDefaultPolicyVersion")), ""},
		{"a user that chooses its own tags meets conditions on them",
			user("dev", "", allow("iam:TagUser", "arn:aws:iam::111122223333:user/dev")+`, {Effect: Allow, Action: "*", Resource: "*", Condition: {StringEquals: {aws:PrincipalTag/team: ops}}}`),
			"self-tag-user"},
		{"an address that the caller must have is a condition",
			user("dev", "", `{Effect: Allow, Action: "iam:PutUserPolicy", Resource: "*", Condition: {IpAddress: {aws:SourceIp: "192.0.2.0/24"}}}`), "if self-put-user-policy"},
		{"a role that is passed to one service only",
			user("dev", "", allow("lambda:*")+`, {Effect: Allow, Action: "iam:PassRole", Resource: "*", Condition: {StringEquals: {iam:PassedToService: ec2.amazonaws.com}}}`) +
				role("boss", by("lambda"), "", admin), ""},
		{"a new role must have a boundary that allows nothing of worth",
			user("dev", "", `{Effect: Allow, Action: ["iam:CreateRole", "iam:PutRolePolicy"], Resource: "*", Condition: {StringEquals: {iam:PermissionsBoundary: "arn:aws:iam::111122223333:policy/limit"}}}`) +
				managedPolicy("limit", one, allow("s3:*")), ""},
		{"a new role must have a boundary that allows everything",
			user("dev", "", `{Effect: Allow, Action: ["iam:CreateRole", "iam:PutRolePolicy"], Resource: "*", Condition: {StringEquals: {iam:PermissionsBoundary: "arn:aws:iam::111122223333:policy/limit"}}}`) +
				managedPolicy("limit", one, admin), "new-role-put-policy"},
		{"a stack must have another service role than that of an administrator",
			user("dev", "", allow("iam:PassRole")+`, {Effect: Allow, Action: "cloudformation:*", Resource: "*", Condition: {StringEquals: {cloudformation:RoleArn: "arn:aws:iam::111122223333:role/small"}}}`) +
				role("boss", by("cloudformation"), "", admin), ""},
		{"an instance of one type only may be started",
			user("dev", "", allow("iam:PassRole")+`, {Effect: Allow, Action: "ec2:RunInstances", Resource: "*", Condition: {StringEqualsIfExists: {ec2:InstanceType: t3.micro}}}`) +
				role("boss", by("ec2"), "", admin) + `  app: {Type: AWS::IAM::InstanceProfile, ARN: "arn:aws:iam::111122223333:instance-profile/app", Region: "", Properties: {InstanceProfileName: app, Roles: [boss]}}` + "\n",
			"ec2-run-instances"},
		{"a tag that calls must bring is brought by those that can",
			user("dev", "", allow("iam:PassRole")+`, {Effect: Allow, Action: "lambda:*", Resource: "*", Condition: {StringEquals: {aws:RequestTag/team: dev}}}`) + role("boss", by("lambda"), "", admin),
			"lambda-create-event-source"},
		{"a policy that was not read leaves all unknown, of the role that is there",
			user("dev", "", allow("sts:AssumeRole")) + role("boss", account, "", "") + "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := found(t, c.world)
			if got := all(e.Paths(node(t, e, "dev"), iam.Goal{Admin: true})); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOtherGoalsAndAccounts(t *testing.T) {
	strange := `  far: {Type: AWS::IAM::Role, Account: "444455556666", ARN: "arn:aws:iam::444455556666:role/far", Region: "", Properties: {RoleName: far, AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:root"}, Action: "sts:AssumeRole"%s}]}, Policies: [{PolicyName: all, PolicyDocument: {Version: "2012-10-17", Statement: [` + admin + `]}}]}}` + "\n"
	management := func(is bool) string {
		return fmt.Sprintf("  \"111122223333\": {Type: Haetae::Account, Region: \"\", Observed: {AccountId: \"111122223333\", IsManagementAccount: %t}}\n", is)
	}
	trail := `  main: {Type: AWS::CloudTrail::Trail, ARN: "arn:aws:cloudtrail:us-east-1:111122223333:trail/main", Properties: {TrailName: main}}` + "\n"
	instance := `  i-1: {Type: AWS::EC2::Instance, ARN: "arn:aws:ec2:us-east-1:111122223333:instance/i-1", Properties: {IamInstanceProfile: app}}
  app: {Type: AWS::IAM::InstanceProfile, ARN: "arn:aws:iam::111122223333:instance-profile/app", Region: "", Properties: {InstanceProfileName: app, Roles: [boss]}}
`
	const shell = "ssm:StartSession"
	for _, c := range []struct {
		name, world string
		goal        iam.Goal
		want        string
	}{
		{"a role of another account that trusts this one, and both sides allow",
			user("dev", "", allow("sts:AssumeRole")) + fmt.Sprintf(strange, ""), admins, "role-assume"},
		{"a role of another account that trusts this one, and this side does not allow",
			user("dev", "", allow("s3:*")) + fmt.Sprintf(strange, ""), admins, ""},
		{"a role of another account that asks for an external id",
			user("dev", "", allow("sts:AssumeRole")) + fmt.Sprintf(strange, `, Condition: {StringEquals: {sts:ExternalId: secret}}`), admins, "if role-assume"},
		{"a role of another account that asks for another organization",
			user("dev", "", allow("sts:AssumeRole")) + fmt.Sprintf(strange, `, Condition: {StringEquals: {aws:PrincipalAccount: "999999999999"}}`), admins, ""},
		{"a trust policy that names the user needs no permission of its own",
			user("dev", "", allow("s3:*")) + role("boss", `{AWS: "arn:aws:iam::111122223333:user/dev"}`, "", admin), admins, "role-assume"},
		{"a trust policy that asks for the account of the caller's function",
			user("dev", "", allow("iam:PassRole lambda:CreateFunction lambda:InvokeFunction")) +
				strings.Replace(role("boss", by("lambda"), "", admin), `Action: "sts:AssumeRole"}`, `Action: "sts:AssumeRole", Condition: {StringEquals: {aws:SourceAccount: "111122223333"}}}`, 1), admins, "lambda-create-invoke"},
		{"a trust policy that asks for another account",
			user("dev", "", allow("iam:PassRole lambda:CreateFunction lambda:InvokeFunction")) +
				strings.Replace(role("boss", by("lambda"), "", admin), `Action: "sts:AssumeRole"}`, `Action: "sts:AssumeRole", Condition: {StringEquals: {aws:SourceAccount: "444455556666"}}}`, 1), admins, ""},
		{"whether the agent is connected was not read",
			user("dev", "", allow(shell)) + role("boss", by("ec2"), "", admin) + instance +
				"  mi: {Type: AWS::SSM::ManagedInstance, Properties: {}, Observed: {InstanceId: i-1}}\n", admins, "?ssm-start-session"},
		{"no agent, no session",
			user("dev", "", allow(shell)) + role("boss", by("ec2"), "", admin) + instance, admins, ""},
		{"a trail can be stopped", user("dev", "", allow("cloudtrail:StopLogging")) + trail, iam.Goal{End: "guardrail"}, "cloudtrail-stop-logging"},
		{"policies of the organization are for the management account",
			user("dev", "", allow("organizations:DetachPolicy")) + management(true), iam.Goal{End: "guardrail"}, "organizations-detach-policy"},
		{"a member of the organization cannot touch them",
			user("dev", "", allow("organizations:DetachPolicy")) + management(false), iam.Goal{End: "guardrail"}, ""},
		{"a principal by its ARN", user("dev", "", allow("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/ops")) + user("ops", "", allow("s3:*")),
			iam.Goal{ARN: "arn:aws:iam::111122223333:user/ops"}, "user-access-key"},
		{"an administrator of the account has every principal of it",
			user("dev", "", allow("iam:PutUserPolicy", "arn:aws:iam::111122223333:user/dev")) + user("ops", "", allow("s3:*")),
			iam.Goal{ARN: "arn:aws:iam::111122223333:user/ops"}, "self-put-user-policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := found(t, c.world)
			if got := all(e.Paths(node(t, e, "dev"), c.goal)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
