package inventory

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

func TestWhatIsSecretNeverGetsIn(t *testing.T) {
	for name, c := range map[string]struct{ op, answer string }{
		"the key of both ends of a line": {
			"directconnect:DescribeVirtualInterfaces",
			`{"virtualInterfaces":[{"virtualInterfaceId":"dxvif-1","virtualInterfaceType":"private","authKey":"hush-hush","customerRouterConfig":"<auth_key>hush-hush</auth_key>","bgpPeers":[{"bgpPeerId":"p","authKey":"hush-hush"}]}]}`,
		},
		"a parameter of a stack": {
			"cloudformation:DescribeStacks",
			`{"Stacks":[{"StackId":"arn:s","StackStatus":"CREATE_COMPLETE","Parameters":[{"ParameterKey":"Password","ParameterValue":"hush-hush"}]}]}`,
		},
		"a parameter of a stack set": {
			"cloudformation:DescribeStackSet",
			`{"StackSet":{"StackSetId":"s","TemplateBody":"hush-hush","Parameters":[{"ParameterKey":"Password","ParameterValue":"hush-hush"}]}}`,
		},
		"an argument of a job":       {"glue:GetJobs", `{"Jobs":[{"Name":"j","Command":{},"DefaultArguments":{"--password":"hush-hush"},"NonOverridableArguments":{"--key":"hush-hush"}}]}`},
		"an argument of an endpoint": {"glue:GetDevEndpoints", `{"DevEndpoints":[{"EndpointName":"e","Arguments":{"a":"hush-hush"}}]}`},
		"the environment of a job's containers": {
			"batch:DescribeJobDefinitions",
			`{"jobDefinitions":[{"jobDefinitionArn":"arn:j","containerProperties":{"environment":[{"name":"A","value":"hush-hush"}]},"ecsProperties":{"taskProperties":[{"containers":[{"environment":[{"name":"A","value":"hush-hush"}]}]}]},
			  "eksProperties":{"podProperties":{"containers":[{"env":[{"name":"A","value":"hush-hush"}]}]}},"nodeProperties":{"nodeRangeProperties":[{"container":{"environment":[{"name":"A","value":"hush-hush"}]}}]}}]}`,
		},
		"the environment of an action": {
			"codepipeline:GetPipeline",
			`{"pipeline":{"name":"p","roleArn":"r","stages":[{"actions":[{"environmentVariables":[{"name":"A","value":"hush-hush","type":"PLAINTEXT"}]}]}]}}`,
		},
		"the environment of a service": {
			"apprunner:DescribeService",
			`{"Service":{"ServiceArn":"arn:s","SourceConfiguration":{"CodeRepository":{"CodeConfiguration":{"CodeConfigurationValues":{"RuntimeEnvironmentVariables":{"A":"hush-hush"}}}},"ImageRepository":{"ImageConfiguration":{"RuntimeEnvironmentVariables":{"A":"hush-hush"}}}}}}`,
		},
		"how a cluster is signed in to": {"emr:DescribeCluster", `{"Cluster":{"Id":"j","KerberosAttributes":{"KdcAdminPassword":"hush-hush"}}}`},
		"the secret of a client": {
			"elbv2:DescribeRules",
			`{"ListenerArn":"arn:l","Rules":[{"RuleArn":"arn:r","Priority":"1","Actions":[{"Type":"authenticate-oidc","AuthenticateOidcConfig":{"ClientId":"c","ClientSecret":"hush-hush"}}]}]}`,
		},
		"where a person lives": {"identitystore:ListUsers", `{"Users":[{"UserId":"u","IdentityStoreId":"d","Emails":[{"Value":"hush-hush"}],"Addresses":[{"StreetAddress":"hush-hush"}],"PhoneNumbers":[{"Value":"hush-hush"}]}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			rs := Read(c.op, &Answer{Op: c.op, Account: me, Region: "eu-west-1", Body: body(t, c.answer)})
			if len(rs) == 0 {
				t.Fatal("nothing was read")
			}
			for _, r := range rs {
				if s := text([]any{r.Props, r.Observed, r.Volatile}); strings.Contains(s, "hush") {
					t.Errorf("%s %s holds it: %s", r.Type, r.ID, s)
				}
			}
		})
	}
}

func TestSharesOfOthersDoNotSayWithWhomElseTheyAreShared(t *testing.T) {
	s := load(t, `
-- 111122223333/eu-west-1/ram.get-resource-shares.SELF.json --
{"resourceShares":[{"resourceShareArn":"arn:aws:ram:eu-west-1:111122223333:resource-share/a","name":"mine","owningAccountId":"111122223333","status":"ACTIVE"},
 {"resourceShareArn":"arn:aws:ram:eu-west-1:111122223333:resource-share/c","name":"gone","owningAccountId":"111122223333","status":"DELETED"}]}
-- 111122223333/eu-west-1/ram.get-resource-shares.OTHER-ACCOUNTS.json --
{"resourceShares":[{"resourceShareArn":"arn:aws:ram:eu-west-1:444455556666:resource-share/b","name":"theirs","owningAccountId":"444455556666","status":"ACTIVE"}]}
-- 111122223333/eu-west-1/ram.get-resource-share-associations.RESOURCE.json --
{"resourceShareAssociations":[]}
-- 111122223333/eu-west-1/ram.get-resource-share-associations.PRINCIPAL.json --
{"resourceShareAssociations":[{"resourceShareArn":"arn:aws:ram:eu-west-1:111122223333:resource-share/a","associatedEntity":"777788889999","associationType":"PRINCIPAL","status":"ASSOCIATED"}]}
`, Options{})
	mine := find(t, s, "AWS::RAM::ResourceShare", "arn:aws:ram:eu-west-1:111122223333:resource-share/a")
	if !sameJSON(t, mine.Props["ResourceArns"], `[]`) || !sameJSON(t, mine.Props["Principals"], `["777788889999"]`) {
		t.Errorf("the account's own share has %s for %s", text(mine.Props["ResourceArns"]), text(mine.Props["Principals"]))
	}
	theirs := find(t, s, "AWS::RAM::ResourceShare", "arn:aws:ram:eu-west-1:444455556666:resource-share/b")
	if theirs.Account != "444455556666" {
		t.Errorf("the other share is of account %q", theirs.Account)
	}
	for _, p := range []string{"ResourceArns", "Principals"} {
		if u := unknown(t, theirs.Props[p]); u.Reason != haetae.NotAsked || len(u.Actions) != 1 {
			t.Errorf("%s of the other share is unknown for %s %v", p, u.Reason, u.Actions)
		}
	}
	for _, r := range s.Resources {
		if strings.HasSuffix(r.ID, "/c") {
			t.Error("the deleted share is there")
		}
	}
}

func TestAnAssignmentNamesTheInstanceOfItsPermissionSet(t *testing.T) {
	for set, want := range map[string]string{
		"arn:aws:sso:::permissionSet/ssoins-1/ps-2":        "arn:aws:sso:::instance/ssoins-1",
		"arn:aws-us-gov:sso:::permissionSet/ssoins-1/ps-2": "arn:aws-us-gov:sso:::instance/ssoins-1",
		"arn:aws:sso:::permissionSet/odd":                  "",
		"":                                                 "",
	} {
		if got := instanceOf(set); got != want {
			t.Errorf("%q is in %q, want %q", set, got, want)
		}
	}
	for parent, want := range map[string]string{"arn:aws:sso:::permissionSet/ssoins-1/ps-2": "ssoins-1", "a/b": "", "": ""} {
		if got := (Parent{Grandparent: parent}).middle(); got != want {
			t.Errorf("the middle of %q is %q, want %q", parent, got, want)
		}
	}
	checkReaders(t, []readerCase{
		{
			"a grant may be to a service", "kms:ListGrants",
			`{"KeyId":"k","Grants":[{"GrantId":"g","GranteeServicePrincipal":"dynamodb.amazonaws.com","RetiringServicePrincipal":"dynamodb.amazonaws.com","Operations":["Decrypt"],"Constraints":{"EncryptionContextSubset":{"a":"b"},"SourceArn":"arn:t"},"IssuingAccount":"111122223333"}]}`,
			"AWS::KMS::Key", "k", map[string]string{"Observed.Grants": `[{"GrantId":"g","GranteeServicePrincipal":"dynamodb.amazonaws.com","RetiringServicePrincipal":"dynamodb.amazonaws.com","Operations":["Decrypt"],"Constraints":{"EncryptionContextSubset":{"a":"b"},"SourceArn":"arn:t"},"IssuingAccount":"111122223333"}]`},
		}, {
			"all versions of a policy are read", "iam:GetAccountAuthorizationDetails",
			`{"Policies":[{"Arn":"arn:aws:iam::111122223333:policy/p","PolicyName":"p","DefaultVersionId":"v2","PolicyVersionList":[{"VersionId":"v2","IsDefaultVersion":true,"Document":{"Statement":[]}},{"VersionId":"v1","IsDefaultVersion":false,"Document":"%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%7D%5D%7D"}]}]}`,
			"AWS::IAM::ManagedPolicy", "arn:aws:iam::111122223333:policy/p",
			map[string]string{"PolicyDocument": `{"Statement":[]}`, "Observed.Versions": `[{"VersionId":"v2","IsDefaultVersion":true,"PolicyDocument":{"Statement":[]}},{"VersionId":"v1","IsDefaultVersion":false,"PolicyDocument":{"Statement":[{"Effect":"Allow"}]}}]`},
		}, {
			"a permission set without an inline policy", "sso-admin:GetInlinePolicyForPermissionSet", `{"PermissionSetArn":"arn:aws:sso:::permissionSet/i/p","InlinePolicy":""}`,
			"AWS::SSO::PermissionSet", "arn:aws:sso:::permissionSet/i/p", map[string]string{"InlinePolicy": `null`},
		}, {
			"a rule of AWS's own has no owner among accounts", "route53resolver:ListResolverRules",
			`{"ResolverRules":[{"Id":"rslvr-autodefined-rr-internet-resolver","OwnerId":"Route 53 Resolver","RuleType":"RECURSIVE","DomainName":".","Status":"COMPLETE"}]}`,
			"AWS::Route53Resolver::ResolverRule", "rslvr-autodefined-rr-internet-resolver", map[string]string{"RuleType": `"RECURSIVE"`, "TargetIps": `null`, "Observed.OwnerId": `"Route 53 Resolver"`},
		},
	})
}

func TestACallWithAHomeIsMadeThereInThePartitionThatHasIt(t *testing.T) {
	c := Call{Home: oregon}
	for region, want := range map[string]string{"us-east-1": oregon, "eu-west-1": oregon, "cn-north-1": "cn-north-1", "us-gov-west-1": "us-gov-west-1"} {
		if got := c.Where(region); got != want {
			t.Errorf("asked in %s it is made in %s, want %s", region, got, want)
		}
	}
	if got := (&Call{}).Where("eu-west-1"); got != "eu-west-1" {
		t.Errorf("a call without a home is made in %s", got)
	}
}

func TestTheDirectoryOfAnotherAccountIsNotMissingHere(t *testing.T) {
	const instances = `{"Instances":[{"InstanceArn":"arn:aws:sso:::instance/ssoins-1","IdentityStoreId":"d-1","OwnerAccountId":"111122223333","Status":"ACTIVE"}]}`
	const denied = `{"InstanceArn":"arn:aws:sso:::instance/ssoins-1","Error":{"Code":"AccessDeniedException","Message":""}}`
	s := load(t, `
-- 444455556666/eu-west-1/sso-admin.list-instances.json --
`+instances+`
-- 444455556666/eu-west-1/sso-admin.list-permission-sets.i.json --
`+denied+`
-- 111122223333/eu-west-1/sso-admin.list-instances.json --
`+instances+`
-- 111122223333/eu-west-1/sso-admin.list-permission-sets.i.json --
`+denied+`
`, Options{})
	for _, typ := range []string{"AWS::SSO::PermissionSet", "AWS::IdentityStore::User"} {
		if c := covered(t, s, "444455556666", "eu-west-1", typ); c.Status != haetae.Complete {
			t.Errorf("a member of the organization lacks %s: %s", typ, c.Detail)
		}
	}
	if c := covered(t, s, me, "eu-west-1", "AWS::SSO::PermissionSet"); c.Status != haetae.Missing || c.Reason != haetae.Denied {
		t.Errorf("for the owner of the instance permission sets are %s, %s", c.Status, c.Reason)
	}
	if c := covered(t, s, me, "eu-west-1", "AWS::IdentityStore::User"); c.Status == haetae.Complete {
		t.Error("for the owner of the instance nobody asked for users, and they are complete")
	}
}

func TestThePolicyOfAnAliasIsNotThatOfItsFunction(t *testing.T) {
	const function, alias = "arn:aws:lambda:eu-west-1:111122223333:function:f", "arn:aws:lambda:eu-west-1:111122223333:function:f:live"
	const list = `
-- 111122223333/eu-west-1/lambda.list-functions.json --
{"Functions":[{"FunctionName":"f","FunctionArn":"` + function + `"}]}
-- 111122223333/eu-west-1/lambda.list-aliases.f.json --
{"FunctionName":"f","Aliases":[{"AliasArn":"` + alias + `","Name":"live","FunctionVersion":"3"}]}
`
	const none = `"Error":{"Code":"ResourceNotFoundException","Message":""}}`
	s := load(t, list+`
-- 111122223333/eu-west-1/lambda.get-policy.f.json --
{"FunctionName":"f",`+none+`
-- 111122223333/eu-west-1/lambda.get-policy.f.live.json --
{"FunctionName":"f","Qualifier":"live","Policy":"{\"Statement\":[]}"}
`, Options{})
	if p := find(t, s, "AWS::Lambda::Function", "f").Props["PolicyDocument"]; p != nil {
		t.Errorf("the function has the policy %s", text(p))
	}
	if p := find(t, s, "AWS::Lambda::Alias", alias).Props["PolicyDocument"]; !sameJSON(t, p, `{"Statement":[]}`) {
		t.Errorf("the alias has the policy %s", text(p))
	}
	s = load(t, list+`
-- 111122223333/eu-west-1/lambda.get-policy.f.json --
{"FunctionName":"f","Policy":"{\"Statement\":[]}"}
-- 111122223333/eu-west-1/lambda.get-policy.f.live.json --
{"FunctionName":"f","Qualifier":"live",`+none+`
`, Options{})
	if p := find(t, s, "AWS::Lambda::Function", "f").Props["PolicyDocument"]; !sameJSON(t, p, `{"Statement":[]}`) {
		t.Errorf("the function has the policy %s", text(p))
	}
	if p := find(t, s, "AWS::Lambda::Alias", alias).Props["PolicyDocument"]; p != nil {
		t.Errorf("the alias has the policy %s", text(p))
	}
}

func TestATableWithoutAPolicyHasNone(t *testing.T) {
	const stream = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/1"
	s := load(t, `
-- 111122223333/eu-west-1/list-tables.json --
{"TableNames":["t"]}
-- 111122223333/eu-west-1/describe-table.t.json --
{"Table":{"TableName":"t","TableArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/t","LatestStreamArn":"`+stream+`"}}
-- 111122223333/eu-west-1/dynamodb.get-resource-policy.t.json --
{"ResourceArn":"t","Error":{"Code":"PolicyNotFoundException","Message":""}}
-- 111122223333/eu-west-1/dynamodb.get-resource-policy.s.json --
{"ResourceArn":"`+stream+`","Policy":"{\"Statement\":[]}"}
`, Options{})
	check := func(s *haetae.Snapshot) {
		t.Helper()
		for _, r := range s.Resources {
			if r.Type == "AWS::DynamoDB::Table" && r.ID != "t" {
				t.Errorf("there is a table %q", r.ID)
			}
		}
	}
	check(s)
	r := find(t, s, "AWS::DynamoDB::Table", "t")
	if r.Props["ResourcePolicy"] != nil || !sameJSON(t, r.Observed["StreamPolicy"], `{"Statement":[]}`) {
		t.Errorf("the table has %s, its stream %s", text(r.Props["ResourcePolicy"]), text(r.Observed["StreamPolicy"]))
	}
	s = load(t, `
-- 111122223333/eu-west-1/list-tables.json --
{"TableNames":["t"]}
-- 111122223333/eu-west-1/describe-table.t.json --
{"Table":{"TableName":"t","TableArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/t","LatestStreamArn":"`+stream+`"}}
-- 111122223333/eu-west-1/dynamodb.get-resource-policy.s.json --
{"ResourceArn":"`+stream+`","Error":{"Code":"PolicyNotFoundException","Message":""}}
`, Options{})
	check(s)
	if p := find(t, s, "AWS::DynamoDB::Table", "t").Observed["StreamPolicy"]; p != nil {
		t.Errorf("the stream has the policy %s", text(p))
	}
}
