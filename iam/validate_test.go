package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

func engine(t testing.TB) *iam.Engine {
	t.Helper()
	c, err := permission.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return iam.New(c)
}

// statement makes a policy of one statement, given without its braces.
func statement(text string) string {
	return `{"Version":"2012-10-17","Statement":[{` + text + `}]}`
}

// The cases follow AWS's page of checks
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html).
func TestFaultsOfPolicies(t *testing.T) {
	const allow = `"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`
	bucket := func(text string) string {
		return statement(text + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`)
	}
	condition := func(text string) string { return statement(allow + `,"Condition":{` + text + `}`) }
	for _, c := range []struct {
		name, policy string
		typ          policy.Type
		want         string // codes, sorted
	}{
		{"a good policy has no faults", statement(allow), policy.Identity, ""},
		{"a text that is no JSON", `{"Version":`, policy.Identity, "JSON_SYNTAX_ERROR"},
		{"a policy that is a list", `[]`, policy.Identity, "DATA_TYPE_MISMATCH"},
		{"a policy without version", `{"Statement":[{` + allow + `}]}`, policy.Identity, "MISSING_VERSION"},
		{"a version that there is not", `{"Version":"2020-01-01","Statement":[{` + allow + `}]}`, policy.Identity, "INVALID_VERSION"},
		{"a policy without statement", `{"Version":"2012-10-17"}`, policy.Identity, "MISSING_STATEMENT"},
		{"an element of the policy that there is not", `{"Version":"2012-10-17","Name":"x","Statement":[{` + allow + `}]}`, policy.Identity, "INVALID_POLICY_ELEMENT"},
		{"an element of a statement that there is not", statement(allow + `,"Comment":"x"`), policy.Identity, "INVALID_POLICY_ELEMENT"},
		{"a statement that is a text", `{"Version":"2012-10-17","Statement":["x"]}`, policy.Identity, "DATA_TYPE_MISMATCH"},
		{"no effect", statement(`"Action":"s3:GetObject","Resource":"*"`), policy.Identity, "MISSING_EFFECT"},
		{"an effect in lower case", statement(`"Effect":"allow","Action":"s3:GetObject","Resource":"*"`), policy.Identity, "INVALID_EFFECT"},
		{"no action", statement(`"Effect":"Allow","Resource":"*"`), policy.Identity, "MISSING_ACTION"},
		{"an empty list of actions", statement(`"Effect":"Allow","Action":[],"Resource":"*"`), policy.Identity, "EMPTY_ARRAY_ACTION"},
		{"Action beside NotAction", statement(allow + `,"NotAction":"s3:PutObject"`), policy.Identity, "UNSUPPORTED_ELEMENT_COMBINATION"},
		{"an action that there is not", statement(`"Effect":"Allow","Action":"s3:GetNothing","Resource":"*"`), policy.Identity, "INVALID_ACTION"},
		{"a pattern that no action fits", statement(`"Effect":"Allow","Action":"s3:Fly*","Resource":"*"`), policy.Identity, "INVALID_ACTION"},
		{"an action of no service", statement(`"Effect":"Allow","Action":"nothing:Get","Resource":"*"`), policy.Identity, "INVALID_SERVICE_IN_ACTION"},
		{"a service with a wildcard", statement(`"Effect":"Allow","Action":"s*:Get*","Resource":"*"`), policy.Identity, "WILDCARD_IN_SERVICE_NAME"},
		{"an action that another covers", statement(`"Effect":"Allow","Action":["s3:Get*","s3:GetObject"],"Resource":"*"`), policy.Identity, "REDUNDANT_ACTION"},
		{"a variable in an action", statement(`"Effect":"Allow","Action":"s3:${aws:username}","Resource":"*"`), policy.Identity, "VARIABLE_UNSUPPORTED_IN_ELEMENT"},
		{"no resource", statement(`"Effect":"Allow","Action":"s3:GetObject"`), policy.Identity, "MISSING_RESOURCE"},
		{"an empty list of resources", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":[]`), policy.Identity, "EMPTY_ARRAY_RESOURCE"},
		{"a resource that is no ARN", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket"`), policy.Identity, "INVALID_ARN_PREFIX"},
		{"an ARN with too few fields", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3"`), policy.Identity, "MISSING_ARN_FIELD"},
		{"a partition that there is not", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:azure:s3:::b/*"`), policy.Identity, "INVALID_PARTITION"},
		{"a service in upper case", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:S3:::b/*"`), policy.Identity, "INVALID_ARN_SERVICE_CASE"},
		{"an ARN of no service", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:nothing:::b"`), policy.Identity, "INVALID_SERVICE"},
		{"an account of three digits", statement(`"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123:q"`), policy.Identity, "INVALID_ARN_ACCOUNT"},
		{"a region that is none", statement(`"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:here:111122223333:q"`), policy.Identity, "INVALID_ARN_REGION"},
		{"a role with a region", statement(`"Effect":"Allow","Action":"iam:GetRole","Resource":"arn:aws:iam:us-east-1:111122223333:role/x"`), policy.Identity, "ARN_REGION_NOT_ALLOWED"},
		{"a queue without region", statement(`"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs::111122223333:q"`), policy.Identity, "MISSING_ARN_REGION"},
		{"a queue without account", statement(`"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1::q"`), policy.Identity, "MISSING_ARN_ACCOUNT"},
		{"a resource that another covers", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b/x"]`), policy.Identity, "REDUNDANT_RESOURCE"},
		{"a variable in the old version", `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"}]}`, policy.Identity, "VARIABLE_UNSUPPORTED_IN_VERSION"},
		{"a variable without end", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username"`), policy.Identity, "MISSING_BRACE_IN_VARIABLE"},
		{"a variable without name", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${}"`), policy.Identity, "EMPTY_VARIABLE"},
		{"a variable with a space", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:user name}"`), policy.Identity, "UNSUPPORTED_SPACE_IN_VARIABLE"},
		{"a default without quotes", statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username, x}"`), policy.Identity, "MISSING_QUOTE_IN_VARIABLE"},
		{"an empty Sid", statement(`"Sid":"",` + allow), policy.Identity, "EMPTY_SID_VALUE"},
		{"a Sid with a space", statement(`"Sid":"a b",` + allow), policy.Identity, "UNSUPPORTED_SID"},
		{"two statements of one name", `{"Version":"2012-10-17","Statement":[{"Sid":"a",` + allow + `},{"Sid":"a","Effect":"Deny","Action":"s3:PutObject","Resource":"*"}]}`, policy.Identity, "UNIQUE_SIDS_REQUIRED"},
		{"two statements that say the same", `{"Version":"2012-10-17","Statement":[{` + allow + `},{` + allow + `}]}`, policy.Identity, "REDUNDANT_STATEMENT"},
		{"a principal in an identity policy", statement(allow + `,"Principal":"*"`), policy.Identity, "UNSUPPORTED_PRINCIPAL"},
		{"any role to any service", statement(`"Effect":"Allow","Action":"iam:PassRole","Resource":"*"`), policy.Identity, "PASS_ROLE_WITH_STAR_IN_RESOURCE"},
		{"any role to one service", statement(`"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}`), policy.Identity, ""},
		{"everything", statement(`"Effect":"Allow","Action":"*","Resource":"*"`), policy.Identity, "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE"},
		{"all but one action", statement(`"Effect":"Allow","NotAction":"s3:GetObject","Resource":"*"`), policy.Identity, "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION"},
		{"all but one resource", statement(`"Effect":"Allow","Action":"iam:PassRole","NotResource":"arn:aws:iam::111122223333:role/x"`), policy.Identity, "PASS_ROLE_WITH_NOT_RESOURCE"},

		{"an operator that there is not", condition(`"StringIs":{"aws:username":"x"}`), policy.Identity, "INVALID_CONDITION_OPERATOR"},
		{"a key without colon", condition(`"StringEquals":{"username":"x"}`), policy.Identity, "INVALID_CONDITION_KEY_FORMAT"},
		{"a global key that there is not", condition(`"StringEquals":{"aws:Nothing":"x"}`), policy.Identity, "INVALID_GLOBAL_CONDITION_KEY"},
		{"a key that the service has not", condition(`"StringEquals":{"s3:Nothing":"x"}`), policy.Identity, "INVALID_SERVICE_CONDITION_KEY"},
		{"a tag key without tag", condition(`"StringEquals":{"aws:RequestTag/":"x"}`), policy.Identity, "MISSING_TAG_KEY_IN_CONDITION"},
		{"a key twice in another case", condition(`"StringEquals":{"aws:username":"x","AWS:UserName":"y"}`), policy.Identity, "DUPLICATE_KEYS_WITH_DIFFERENT_CASE"},
		{"Null with IfExists", condition(`"NullIfExists":{"aws:username":"true"}`), policy.Identity, "NULL_WITH_IF_EXISTS"},
		{"Null with a set operator", condition(`"ForAllValues:Null":{"aws:username":"true"}`), policy.Identity, "NULL_WITH_QUALIFIER"},
		{"two Booleans", condition(`"Bool":{"aws:SecureTransport":["true","false"]}`), policy.Identity, "INVALID_CONDITION_MULTIPLE_BOOLEAN"},
		{"a Boolean that is none", condition(`"Bool":{"aws:SecureTransport":"yes"}`), policy.Identity, "TYPE_MISMATCH_BOOLEAN"},
		{"a number that is none", condition(`"NumericLessThan":{"aws:MultiFactorAuthAge":"soon"}`), policy.Identity, "TYPE_MISMATCH_NUMBER"},
		{"several bounds", condition(`"NumericLessThan":{"aws:MultiFactorAuthAge":["1","2"]}`), policy.Identity, "REDUNDANT_CONDITION_VALUE_NUM"},
		{"a date that is none", condition(`"DateLessThan":{"aws:CurrentTime":"tomorrow"}`), policy.Identity, "TYPE_MISMATCH_DATE"},
		{"a date of another form", condition(`"DateLessThan":{"aws:CurrentTime":"31.12.2026"}`), policy.Identity, "INVALID_DATE_VALUE"},
		{"a text operator on an address", condition(`"StringEquals":{"aws:SourceIp":"203.0.113.9"}`), policy.Identity, "TYPE_MISMATCH"},
		{"a range that is none", condition(`"IpAddress":{"aws:SourceIp":"203.0.113.9/99"}`), policy.Identity, "TYPE_MISMATCH_IP_RANGE"},
		{"a range that begins elsewhere", condition(`"IpAddress":{"aws:SourceIp":"203.0.113.9/24"}`), policy.Identity, "IMPROVE_IP_RANGE"},
		{"a private range only", condition(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), policy.Identity, "PRIVATE_IP_ADDRESS"},
		{"a private range among others", condition(`"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}`), policy.Identity, "PRIVATE_IP_ADDRESS_SUBSET"},
		{"not a private range", condition(`"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), policy.Identity, "PRIVATE_NOT_IP_ADDRESS"},
		{"a wildcard without Like", condition(`"StringEquals":{"aws:username":"k*"}`), policy.Identity, "WILDCARD_WITHOUT_LIKE_OPERATOR"},
		{"StringLike on an ARN", condition(`"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}`), policy.Identity, "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS"},
		{"several values without set operator", condition(`"StringEquals":{"aws:TagKeys":"x"}`), policy.Identity, "MISSING_QUALIFIER"},
		{"ForAllValues on one value", condition(`"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-1"}`), policy.Identity, "FOR_ALL_VALUES_WITH_SINGLE_VALUED_KEY"},
		{"an empty condition", statement(allow + `,"Condition":{}`), policy.Identity, "EMPTY_OBJECT_CONDITION"},
		{"a key without values", condition(`"StringEquals":{"aws:username":[]}`), policy.Identity, "EMPTY_ARRAY_CONDITION"},
		{"a value that is an object", condition(`"StringEquals":{"aws:username":{}}`), policy.Identity, "INVALID_CONDITION_DATA_TYPE"},
		{"a variable with numbers", condition(`"NumericEquals":{"aws:MultiFactorAuthAge":"${aws:username}"}`), policy.Identity, "INVALID_VARIABLE_FOR_OPERATOR"},
		{"an id of no VPC", condition(`"StringEquals":{"aws:SourceVpc":"net-1"}`), policy.Identity, "INVALID_VPC_FORMAT"},
		{"an id of no endpoint", condition(`"StringEquals":{"aws:SourceVpce":"vpc-1"}`), policy.Identity, "INVALID_VPCE_FORMAT"},
		{"a key that only services bring", condition(`"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:t"}`), policy.Identity, "HAETAE_KEY_NEVER_PRESENT"},
		{"a key that the action has not", condition(`"StringEquals":{"s3:prefix":"x"}`), policy.Identity, "HAETAE_KEY_NEVER_PRESENT"},

		{"no principal", bucket(`"Effect":"Allow"`), policy.Resource, "MISSING_PRINCIPAL"},
		{"a principal of another kind", bucket(`"Effect":"Allow","Principal":{"Group":"x"}`), policy.Resource, "INVALID_PRINCIPAL_KEY"},
		{"a principal that is no ARN", bucket(`"Effect":"Allow","Principal":{"AWS":"kim"}`), policy.Resource, "INVALID_PRINCIPAL_FORMAT"},
		{"a principal with a wildcard", bucket(`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"}`), policy.Resource, "UNSUPPORTED_WILDCARD_IN_PRINCIPAL"},
		{"a deleted user", bucket(`"Effect":"Allow","Principal":{"AWS":"AIDAEXAMPLEEXAMPLE"}`), policy.Resource, "INVALID_USER_REFERENCE"},
		{"a deleted role", bucket(`"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE"}`), policy.Resource, "INVALID_ROLE_REFERENCE"},
		{"a service that is none", bucket(`"Effect":"Allow","Principal":{"Service":"ec2"},"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`), policy.Resource, "INVALID_SERVICE_PRINCIPAL_FORMAT"},
		{"a service without source", bucket(`"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"}`), policy.Resource, "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"},
		{"an Allow for all but one", bucket(`"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"}`), policy.Resource, "ALLOW_WITH_NOT_PRINCIPAL"},
		{"an empty principal", bucket(`"Effect":"Allow","Principal":{}`), policy.Resource, "EMPTY_OBJECT_PRINCIPAL"},
		{"nobody of a kind", bucket(`"Effect":"Allow","Principal":{"AWS":[]}`), policy.Resource, "EMPTY_ARRAY_PRINCIPAL"},

		{"a trust with a resource", statement(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"},"Resource":"*"`), policy.Trust, "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE"},
		{"a trust with a wildcard", statement(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"}`), policy.Trust, "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL"},
		{"a trust with an action of another service", statement(`"Effect":"Allow","Action":["sts:AssumeRole","s3:GetObject"],"Principal":{"AWS":"111122223333"}`), policy.Trust, "UNSUPPORTED_ACTION_IN_POLICY"},
		{"a provider that is to assume without token", statement(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/x"}`), policy.Trust, "MISMATCHED_ACTION_FOR_PRINCIPAL"},
		{"all of GitHub", statement(`"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}`), policy.Trust, "MISSING_GITHUB_REPO_CONDITION_KEY"},
		{"a provider without condition", statement(`"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example.com"}`), policy.Trust, "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL"},

		{"a principal in an SCP", statement(allow + `,"Principal":"*"`), policy.SCP, "SCP_SYNTAX_ERROR_PRINCIPAL"},
		{"an RCP that allows", statement(`"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"`), policy.RCP, "RCP_SYNTAX_ERROR_ALLOW"},
		{"an RCP for one principal", statement(`"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"*"`), policy.RCP, "RCP_SYNTAX_ERROR_PRINCIPAL"},
		{"an RCP with NotAction", statement(`"Effect":"Deny","Principal":"*","NotAction":"s3:GetObject","Resource":"*"`), policy.RCP, "RCP_SYNTAX_ERROR_NOTACTION"},
		{"an RCP for a service without", statement(`"Effect":"Deny","Principal":"*","Action":"ec2:RunInstances","Resource":"*"`), policy.RCP, "RCP_SYNTAX_ERROR_ACTION"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range engine(t).Validate(c.policy, c.typ, "") {
				if !slices.Contains(got, f.Code) {
					got = append(got, f.Code)
				}
				if f.Details == "" || len(f.Locations) == 0 || f.Link == "" {
					t.Errorf("%s lacks its details, place or link", f.Code)
				}
				if span := f.Locations[0].Span; span.Start.Offset < 0 || span.End.Offset > len([]rune(c.policy)) || span.Start.Line != 1 {
					t.Errorf("%s is at %+v, outside of the text", f.Code, span)
				}
			}
			slices.Sort(got)
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("found %s, not %s", text, c.want)
			}
		})
	}
}

func TestFaultsHaveTheirExactPlace(t *testing.T) {
	text := "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\n    \"Effect\": \"Allow\",\n    \"Action\": [\"s3:GetObject\", \"s3:Nothing\"],\n    \"Resource\": \"*\"\n  }]\n}\n"
	list := engine(t).Validate(text, policy.Identity, "")
	if len(list) != 1 {
		t.Fatalf("%d findings", len(list))
	}
	l := list[0].Locations[0]
	if l.Span.Start.Line != 5 || text[l.Span.Start.Offset:l.Span.End.Offset] != `"s3:Nothing"` {
		t.Errorf("the place is %+v: %q", l.Span, text[l.Span.Start.Offset:l.Span.End.Offset])
	}
	if len(l.Path) != 4 || l.Path[0].Value != "Statement" || *l.Path[1].Index != 0 || l.Path[2].Value != "Action" || *l.Path[3].Index != 1 {
		t.Errorf("the path is %+v", l.Path)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add(statement(`"Effect":"Allow","Action":"*","Resource":"*"`))
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["x","*"]},"NotAction":[],"Condition":{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":["${","${a,'b'}"]}}}}`)
	e := engine(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range []policy.Type{policy.Identity, policy.Resource, policy.Trust, policy.RCP} {
			for _, x := range e.Validate(text, typ, "") {
				if x.Code == "" || len(x.Locations) != 1 {
					t.Errorf("a finding without code or place: %+v", x)
				}
			}
		}
	})
}
