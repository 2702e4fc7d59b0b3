package iam

import (
	"strings"
	"testing"
)

// Section E of the checklist: conditions and variables.

func TestConditionsHold(t *testing.T) {
	for _, test := range []struct{ name, condition, context string }{
		{"E1 StringEquals compares with case", `{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 StringEquals compares with case !", `{"StringEquals":{"aws:SourceVpc":"vpc-a"}}`, `{"aws:SourceVpc":"VPC-A"}`},
		{"E1 a star is a character to StringEquals !", `{"StringEquals":{"aws:SourceVpc":"vpc-*"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 a star is a character to StringNotEquals", `{"StringNotEquals":{"aws:SourceVpc":"vpc-*"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 StringNotEquals", `{"StringNotEquals":{"aws:SourceVpc":"vpc-2"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 StringNotEquals of the same !", `{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 StringEqualsIgnoreCase", `{"StringEqualsIgnoreCase":{"aws:SourceVpc":"VPC-a"}}`, `{"aws:SourceVpc":"vpc-A"}`},
		{"E1 StringNotEqualsIgnoreCase !", `{"StringNotEqualsIgnoreCase":{"aws:SourceVpc":"VPC-a"}}`, `{"aws:SourceVpc":"vpc-A"}`},
		{"E1 StringLike has wildcards", `{"StringLike":{"aws:SourceVpc":"v?c-*"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 StringLike covers the whole value !", `{"StringLike":{"aws:SourceVpc":"vpc"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 StringNotLike", `{"StringNotLike":{"aws:SourceVpc":"vpc-2*"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 operators have no case", `{"stringequals":{"aws:SourceVpc":"vpc-1"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 NumericEquals compares numbers", `{"NumericEquals":{"s3:max-keys":"10"}}`, `{"s3:max-keys":"10.0"}`},
		{"E1 NumericNotEquals", `{"NumericNotEquals":{"s3:max-keys":"10"}}`, `{"s3:max-keys":"11"}`},
		{"E1 NumericLessThan", `{"NumericLessThan":{"s3:max-keys":"10"}}`, `{"s3:max-keys":"9"}`},
		{"E1 NumericLessThan of the same !", `{"NumericLessThan":{"s3:max-keys":"10"}}`, `{"s3:max-keys":"10"}`},
		{"E1 NumericLessThanEquals", `{"NumericLessThanEquals":{"s3:max-keys":10}}`, `{"s3:max-keys":10}`},
		{"E1 NumericGreaterThan", `{"NumericGreaterThan":{"s3:max-keys":"-1"}}`, `{"s3:max-keys":"0"}`},
		{"E1 NumericGreaterThanEquals compares by value, not by text", `{"NumericGreaterThanEquals":{"s3:max-keys":"9"}}`, `{"s3:max-keys":"10"}`},
		{"E1 what is no number fits no number !", `{"NumericLessThan":{"s3:max-keys":"10"}}`, `{"s3:max-keys":"few"}`},
		{"E1 DateEquals over offsets", `{"DateEquals":{"aws:CurrentTime":"2026-11-25T12:00:00Z"}}`, `{"aws:CurrentTime":"2026-11-25T13:00:00+01:00"}`},
		{"E1 DateNotEquals", `{"DateNotEquals":{"aws:CurrentTime":"2026-11-25T12:00:00Z"}}`, `{"aws:CurrentTime":"2026-11-25T12:00:01Z"}`},
		{"E1 DateLessThan", `{"DateLessThan":{"aws:CurrentTime":"2026-11-25"}}`, `{"aws:CurrentTime":"2026-11-24T23:59:59Z"}`},
		{"E1 DateLessThanEquals", `{"DateLessThanEquals":{"aws:CurrentTime":"2026-11-25T00:00:00Z"}}`, `{"aws:CurrentTime":"2026-11-25"}`},
		{"E1 DateGreaterThan !", `{"DateGreaterThan":{"aws:CurrentTime":"2026-11-25T00:00:00Z"}}`, `{"aws:CurrentTime":"2026-11-24T00:00:00Z"}`},
		{"E1 DateGreaterThanEquals", `{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-25T00:00:00Z"}}`, `{"aws:CurrentTime":"2026-11-25T00:00:00Z"}`},
		{"E1 Bool", `{"Bool":{"aws:SecureTransport":"true"}}`, `{"aws:SecureTransport":"true"}`},
		{"E1 Bool of JSON's own Booleans", `{"Bool":{"aws:SecureTransport":true}}`, `{"aws:SecureTransport":true}`},
		{"E1 Bool has no case", `{"Bool":{"aws:SecureTransport":"True"}}`, `{"aws:SecureTransport":"true"}`},
		{"E1 Bool of the other !", `{"Bool":{"aws:SecureTransport":"false"}}`, `{"aws:SecureTransport":"true"}`},
		{"E1 BinaryEquals", `{"BinaryEquals":{"my:Data":"QmluYXJ5"}}`, `{"my:Data":"QmluYXJ5"}`},
		{"E1 BinaryEquals of other bytes !", `{"BinaryEquals":{"my:Data":"QmluYXJ5"}}`, `{"my:Data":"QmluYXJ6"}`},
		{"E1 IpAddress in a range", `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, `{"aws:SourceIp":"203.0.113.77"}`},
		{"E1 IpAddress outside of the range !", `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, `{"aws:SourceIp":"203.0.114.1"}`},
		{"E1 a bare address is a range of one", `{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}`, `{"aws:SourceIp":"203.0.113.7"}`},
		{"E1 a bare address is a range of one !", `{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}`, `{"aws:SourceIp":"203.0.113.8"}`},
		{"E1 a range whose address has more bits than its mask", `{"IpAddress":{"aws:SourceIp":"203.0.113.9/24"}}`, `{"aws:SourceIp":"203.0.113.77"}`},
		{"E1 IPv6 in any spelling", `{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}`, `{"aws:SourceIp":"2001:0DB8:0:0::1"}`},
		{"E1 the families do not mix !", `{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, `{"aws:SourceIp":"2001:db8::1"}`},
		{"E1 NotIpAddress over the families", `{"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, `{"aws:SourceIp":"2001:db8::1"}`},
		{"E1 NotIpAddress !", `{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","198.51.100.0/24"]}}`, `{"aws:SourceIp":"198.51.100.9"}`},
		{"E1 ArnEquals has wildcards as ArnLike", `{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:*:111122223333:n?ws"}}`, `{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:news"}`},
		{"E1 the parts of an ARN are compared one by one !", `{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:news"}}`, `{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:news"}`},
		{"E1 a star of one part does not run into the next !", `{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:news:x"}}`, `{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:news:x"}`},
		{"E1 the last part has the colons that are left", `{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:news:*"}}`, `{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:news:a:b"}`},
		{"E1 ARNs have case !", `{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:News"}}`, `{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:news"}`},
		{"E1 what is no ARN is like none !", `{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"}}`, `{"aws:SourceArn":"news"}`},
		{"E1 ArnNotLike", `{"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:*:news"}}`, `{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:olds"}`},
		{"E1 ArnNotEquals !", `{"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:*:*:news"}}`, `{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:news"}`},
		{"E1 Null true: the key is absent", `{"Null":{"aws:SourceVpc":"true"}}`, `{}`},
		{"E1 Null true: the key is there !", `{"Null":{"aws:SourceVpc":"true"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 Null false: the key is there", `{"Null":{"aws:SourceVpc":false}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E1 Null false: the key is absent !", `{"Null":{"aws:SourceVpc":"false"}}`, `{}`},

		{"E2 all keys of an operator must hold !", `{"StringEquals":{"aws:SourceVpc":"vpc-1","aws:SourceVpce":"vpce-1"}}`, `{"aws:SourceVpc":"vpc-1","aws:SourceVpce":"vpce-2"}`},
		{"E2 all operators must hold !", `{"StringEquals":{"aws:SourceVpc":"vpc-1"},"Bool":{"aws:SecureTransport":"true"}}`, `{"aws:SourceVpc":"vpc-1","aws:SecureTransport":"false"}`},
		{"E2 one value of several is enough", `{"StringEquals":{"aws:SourceVpc":["vpc-2","vpc-1"]}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E2 a negated operator must meet no value !", `{"StringNotEquals":{"aws:SourceVpc":["vpc-2","vpc-1"]}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E2 an absent key holds no operator !", `{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`, `{}`},
		{"E2 an absent key holds a negated operator", `{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`, `{}`},
		{"E2 an absent key holds NotIpAddress", `{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, `{}`},
		{"E2 an absent key holds ArnNotLike", `{"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"}}`, `{}`},
		{"E2 IfExists holds for an absent key", `{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}`, `{}`},
		{"E2 IfExists compares a key that is there !", `{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}}`, `{"aws:SourceVpc":"vpc-2"}`},
		{"E2 NumericIfExists", `{"NumericLessThanIfExists":{"s3:max-keys":"10"}}`, `{}`},
		{"E2 Null has no IfExists !", `{"NullIfExists":{"aws:SourceVpc":"true"}}`, `{}`},
		{"E2 Null does not mind a set operator", `{"ForAllValues:Null":{"aws:TagKeys":"true"}}`, `{}`},
		{"E2 an empty list of values is never met !", `{"StringEquals":{"aws:SourceVpc":[]}}`, `{"aws:SourceVpc":"vpc-1"}`},

		{"E3 ForAllValues holds when all values fit", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["b","a"]}`},
		{"E3 ForAllValues fails when one does not !", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":["a","c"]}`},
		{"E3 ForAllValues holds for an absent key", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{}`},
		{"E3 ForAllValues holds for an empty list", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":[]}`},
		{"E3 ForAllValues holds for an empty text", `{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`, `{"aws:TagKeys":""}`},
		{"E3 ForAnyValue holds when one value fits", `{"ForAnyValue:StringLike":{"aws:TagKeys":"a*"}}`, `{"aws:TagKeys":["b","ab"]}`},
		{"E3 ForAnyValue fails when none does !", `{"ForAnyValue:StringLike":{"aws:TagKeys":"a*"}}`, `{"aws:TagKeys":["b","c"]}`},
		{"E3 ForAnyValue fails for an absent key !", `{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}`, `{}`},
		{"E3 ForAnyValue with a negated operator fails for an absent key !", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}}`, `{}`},
		{"E3 ForAnyValue IfExists holds for an absent key", `{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"a"}}`, `{}`},
		{"E3 ForAnyValue with a negated operator holds when one value differs", `{"ForAnyValue:StringNotEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["a","b"]}`},
		{"E3 ForAllValues with a negated operator holds when all differ !", `{"ForAllValues:StringNotEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["a","b"]}`},
		{"E3 a set operator takes a key that has one value", `{"ForAnyValue:StringEquals":{"aws:SourceVpc":"vpc-1"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E3 a plain operator does not match a key with several values !", `{"StringEquals":{"aws:TagKeys":"a"}}`, `{"aws:TagKeys":["a","b"]}`},
		{"E3 a list of one for a key that has one value is its value", `{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`, `{"aws:SourceVpc":["vpc-1"]}`},

		{"E4 keys have no case", `{"StringEquals":{"AWS:sourcevpc":"vpc-1"}}`, `{"aws:SourceVpc":"vpc-1"}`},
		{"E4 the names of tags have no case", `{"StringEquals":{"aws:RequestTag/Team":"red"}}`, `{"aws:RequestTag/team":"red"}`},
		{"E4 the values of tags have !", `{"StringEquals":{"aws:RequestTag/Team":"Red"}}`, `{"aws:RequestTag/Team":"red"}`},

		{"E6 seconds since 1970 are a date", `{"DateGreaterThan":{"aws:EpochTime":"1700000000"}}`, `{"aws:EpochTime":"2026-11-25T00:00:00Z"}`},
		{"E6 seconds since 1970 as a number", `{"NumericLessThan":{"aws:EpochTime":"1900000000"}}`, `{"aws:EpochTime":1700000000}`},
		{"E6 a year and a month are a date", `{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11"}}`, `{"aws:CurrentTime":"2026-11-01T00:00:00Z"}`},
		{"E6 fractions of a second count", `{"DateLessThan":{"aws:CurrentTime":"2026-11-25T12:00:00.500Z"}}`, `{"aws:CurrentTime":"2026-11-25T12:00:00.250Z"}`},
		{"E6 what is no date fits no date !", `{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}`, `{"aws:CurrentTime":"2026-11-25T12:00:00Z"}`},
		{"E6 Bool with an access key, whose requests lack the MFA key !", `{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`, `{}`},
		{"E6 BoolIfExists with an access key", `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, `{}`},
		{"E6 the token's time is absent for long-lived keys !", `{"DateGreaterThan":{"aws:TokenIssueTime":"2026-01-01T00:00:00Z"}}`, `{}`},
	} {
		name, denied := strings.CutSuffix(test.name, " !")
		if denied {
			name += " (does not hold)"
		}
		t.Run(name, func(t *testing.T) {
			want := Allowed
			if denied {
				want = ImplicitlyDenied
			}
			q := func() asked { return ask(kim, "sqs:SendMessage", queue).context(test.context) }
			if a := q().identity(doc(allow("*", "*", when(test.condition)))).eval(t); a.Decision != want {
				t.Errorf("allow under the condition: %s, want %s", a.Decision, want)
			}
			// A deny under the same condition denies exactly when the allow allows.
			want = ExplicitlyDenied
			if denied {
				want = Allowed
			}
			if a := q().identity(full, doc(deny("*", "*", when(test.condition)))).eval(t); a.Decision != want {
				t.Errorf("deny under the condition: %s, want %s", a.Decision, want)
			}
		})
	}
}

func TestVariablesAreReplaced(t *testing.T) {
	old := func(text string) string { return strings.Replace(text, "2012-10-17", "2008-10-17", 1) }
	none := func(text string) string { return strings.Replace(text, `"Version":"2012-10-17",`, "", 1) }
	get := func(object string) asked {
		return ask(kim, "s3:GetObject", "arn:aws:s3:::home/"+object).account("111122223333")
	}
	home := doc(allow("s3:*", "arn:aws:s3:::home/${aws:username}/*"))
	tag := doc(allow("*", "*", when(`{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}`)))
	preset := doc(allow("s3:*", "arn:aws:s3:::home/${aws:PrincipalTag/team, 'nobody'}/*"))
	start := func() asked { return ask(kim, "ec2:StartInstances", instance) }
	runVerdicts(t, []verdictTest{
		{"E5 a variable in a resource is replaced", get("kim/a").identity(home), Allowed, "identity", nil},
		{"E5 a variable in a resource fits nobody else", get("lee/a").identity(home), ImplicitlyDenied, "identity", nil},
		{"E5 under the old version a variable is plain text", get("kim/a").identity(old(home)), ImplicitlyDenied, "identity", nil},
		{"E5 under the old version the plain text matches itself", get("${aws:username}/a").identity(old(home)), Allowed, "identity", nil},
		{"E5 without a version a variable is plain text", get("kim/a").identity(none(home)), ImplicitlyDenied, "identity", nil},
		{"E5 without a version the plain text matches itself", get("${aws:username}/a").identity(none(home)), Allowed, "identity", nil},
		{"E5 under the old version a variable in a condition is plain text",
			start().facts(`{"principal":{"tags":{"team":"red"}},"resource":{"tags":{"team":"red"}}}`).identity(old(tag)), ImplicitlyDenied, "identity", nil},
		{"E5 under the old version the plain text of a condition matches itself",
			start().facts(`{"principal":{"tags":{"team":"red"}},"resource":{"tags":{"team":"${aws:PrincipalTag/team}"}}}`).identity(old(tag)), Allowed, "identity", nil},
		{"E5 a variable in a condition is replaced",
			start().facts(`{"principal":{"tags":{"team":"red"}},"resource":{"tags":{"team":"red"}}}`).identity(tag), Allowed, "identity", nil},
		{"E5 a variable in a condition that differs",
			start().facts(`{"principal":{"tags":{"team":"red"}},"resource":{"tags":{"team":"blue"}}}`).identity(tag), ImplicitlyDenied, "identity", nil},
		{"E5 the value of a variable is plain: its star is no wildcard",
			get("lee/a").context(`{"aws:username":"*"}`).identity(home), ImplicitlyDenied, "identity", nil},
		{"E5 the value of a variable is plain in StringLike",
			start().context(`{"aws:PrincipalTag/team":"*","aws:ResourceTag/team":"red"}`).identity(doc(allow("*", "*", when(`{"StringLike":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}`)))), ImplicitlyDenied, "identity", nil},
		{"E5 a variable without a value fits nothing", ask(shift, "s3:GetObject", "arn:aws:s3:::home//a").account("111122223333").identity(home), ImplicitlyDenied, "identity", nil},
		{"E5 a variable without a value in NotResource leaves nothing out",
			ask(shift, "s3:GetObject", "arn:aws:s3:::home/kim/a").account("111122223333").identity(doc(allow("s3:*", "", `"NotResource":"arn:aws:s3:::home/${aws:username}/*"`))), Allowed, "identity", nil},
		{"E5 a variable without a value equals nothing", start().facts(`{"resource":{"tags":{"team":"red"}}}`).identity(tag), ImplicitlyDenied, "identity", nil},
		{"E5 a variable without a value differs from everything",
			start().facts(`{"resource":{"tags":{"team":"red"}}}`).identity(doc(allow("*", "*", when(`{"StringNotEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}`)))), Allowed, "identity", nil},
		{"E5 a variable with several values has none",
			get("a/x").context(`{"aws:TagKeys":["a","b"]}`).identity(doc(allow("s3:*", "arn:aws:s3:::home/${aws:TagKeys}/*"))), ImplicitlyDenied, "identity", nil},
		{"E5 a default takes the place of a value that is not there", get("nobody/x").identity(preset), Allowed, "identity", nil},
		{"E5 a default does not outrank a value", get("nobody/x").facts(`{"principal":{"tags":{"team":"red"}}}`).identity(preset), ImplicitlyDenied, "identity", nil},
		{"E5 under the old version a default is plain text", get("nobody/x").identity(old(preset)), ImplicitlyDenied, "identity", nil},
		{"E5 under the old version the text of a default matches itself", get("${aws:PrincipalTag/team, 'nobody'}/x").identity(old(preset)), Allowed, "identity", nil},
		{"E5 an escaped star is a character", get("*/x").identity(doc(allow("s3:*", "arn:aws:s3:::home/${*}/*"))), Allowed, "identity", nil},
		{"E5 an escaped star is no wildcard", get("kim/x").identity(doc(allow("s3:*", "arn:aws:s3:::home/${*}/*"))), ImplicitlyDenied, "identity", nil},
		{"E5 an escaped question mark", get("a?/x").identity(doc(allow("s3:*", "arn:aws:s3:::home/a${?}/*"))), Allowed, "identity", nil},
		{"E5 an escaped dollar sign", get("${aws:username}/x").identity(doc(allow("s3:*", "arn:aws:s3:::home/${$}{aws:username}/*"))), Allowed, "identity", nil},
		{"E5 variables have no case", get("kim/a").identity(doc(allow("s3:*", "arn:aws:s3:::home/${AWS:UserName}/*"))), Allowed, "identity", nil},
		{"E5 a variable in an ARN operator",
			start().context(`{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:kim"}`).identity(doc(allow("*", "*", when(`{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:${aws:PrincipalAccount}:${aws:username}"}}`)))), Allowed, "identity", nil},
		{"E5 numbers, dates and addresses have no variables",
			start().context(`{"aws:SourceIp":"203.0.113.7","aws:PrincipalTag/ip":"203.0.113.7"}`).identity(doc(allow("*", "*", when(`{"IpAddress":{"aws:SourceIp":"${aws:PrincipalTag/ip}"}}`)))), ImplicitlyDenied, "identity", nil},
		{"E5 two variables in one resource",
			get("111122223333/kim/x").identity(doc(allow("s3:*", "arn:aws:s3:::home/${aws:PrincipalAccount}/${aws:username}/*"))), Allowed, "identity", nil},
	})
}

func TestKeysFollowFromWhoAsksForWhat(t *testing.T) {
	org := `{"principal":{"orgID":"o-abc","orgPath":["o-abc/r-1/ou-1/"],"tags":{"Team":"red"}},"resource":{"orgID":"o-def","orgPath":"o-def/r-2/","tags":{"Stage":"prod"}}}`
	bucketABAC := `{"resource":{"tags":{"Stage":"prod"}},"s3":{"bucketOwner":"111122223333","bucketAbac":true}}`
	for _, test := range []struct{ name, who, action, resource, condition, facts string }{
		{"E7 the organization of the principal", kim, "ec2:StartInstances", instance, `{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`, org},
		{"E7 the path of the principal has several values", kim, "ec2:StartInstances", instance, `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-abc/r-1/*"}}`, org},
		{"E7 the organization of the resource", kim, "ec2:StartInstances", instance, `{"StringEquals":{"aws:ResourceOrgID":"o-def"}}`, org},
		{"E7 the path of the resource", kim, "ec2:StartInstances", instance, `{"ForAnyValue:StringEquals":{"aws:ResourceOrgPaths":"o-def/r-2/"}}`, org},
		{"E7 who is in no organization lacks its key", kim, "ec2:StartInstances", instance, `{"Null":{"aws:PrincipalOrgID":"true"}}`, `{}`},
		{"E7 the tags of the principal", kim, "ec2:StartInstances", instance, `{"StringEquals":{"aws:PrincipalTag/team":"red"}}`, org},
		{"E7 the tags of the resource", kim, "ec2:StartInstances", instance, `{"StringEquals":{"aws:ResourceTag/stage":"prod","ec2:ResourceTag/Stage":"prod"}}`, org},
		{"E7 the account of the principal", kim, "ec2:StartInstances", instance, `{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`, `{}`},
		{"E7 the account of the resource", kim, "ec2:StartInstances", instance, `{"StringEquals":{"aws:ResourceAccount":"111122223333"}}`, `{}`},
		{"E7 the ARN of a user", kim, "ec2:StartInstances", instance, `{"ArnEquals":{"aws:PrincipalArn":"` + kim + `"}}`, `{}`},
		{"E7 the ARN of a session is that of its role", shift, "ec2:StartInstances", instance, `{"ArnEquals":{"aws:PrincipalArn":"` + ops + `"}}`, `{}`},
		{"E7 the type of a user", kim, "ec2:StartInstances", instance, `{"StringEquals":{"aws:PrincipalType":"User"}}`, `{}`},
		{"E7 the type of a session", shift, "ec2:StartInstances", instance, `{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`, `{}`},
		{"E7 the name of a user is the last part of its path", "arn:aws:iam::111122223333:user/a/b/kim", "ec2:StartInstances", instance, `{"StringEquals":{"aws:username":"kim"}}`, `{}`},
		{"E7 a session has no user name", shift, "ec2:StartInstances", instance, `{"Null":{"aws:username":"true"}}`, `{}`},
		{"E7 a user is no service", kim, "ec2:StartInstances", instance, `{"Bool":{"aws:PrincipalIsAWSService":"false"}}`, `{}`},
		{"E7 the caller of a key", kim, "kms:ListAliases", "*", `{"StringEquals":{"kms:CallerAccount":"111122223333"}}`, `{}`},
		{"E7 the account of a bucket", kim, "s3:ListBucket", photos, `{"StringEquals":{"s3:ResourceAccount":"111122223333"}}`, `{"s3":{"bucketOwner":"111122223333"}}`},
		{"E8 the tags of a bucket are no keys", kim, "s3:ListBucket", photos, `{"Null":{"aws:ResourceTag/Stage":"true","s3:BucketTag/Stage":"true"}}`, `{"resource":{"tags":{"Stage":"prod"}},"s3":{"bucketOwner":"111122223333"}}`},
		{"E8 the tags of a bucket are keys where attribute-based access is on", kim, "s3:ListBucket", photos, `{"StringEquals":{"aws:ResourceTag/Stage":"prod","s3:BucketTag/Stage":"prod"}}`, bucketABAC},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := ask(test.who, test.action, test.resource).identity(doc(allow("*", "*", when(test.condition)))).facts(test.facts)
			if a := q.eval(t); a.Decision != Allowed {
				t.Errorf("%s, layers %v", a.Decision, a.Layers)
			}
		})
	}
	service := func(condition string) asked {
		return ask(`{"service":"sns.amazonaws.com"}`, "sqs:SendMessage", queue).resource(doc(allow("*", "*", everybody, when(condition))))
	}
	runVerdicts(t, []verdictTest{
		{"E7 a service is one", service(`{"Bool":{"aws:PrincipalIsAWSService":"true"},"StringEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com"},"ForAnyValue:StringEquals":{"aws:PrincipalServiceNamesList":"sns.amazonaws.com"}}`), Allowed, "resource", nil},
		{"E7 a service has no account", service(`{"Null":{"aws:PrincipalAccount":"true","aws:PrincipalArn":"true"}}`), Allowed, "resource", nil},
		{"E7 those without credentials are of the account anonymous",
			ask("anonymous", "s3:GetObject", photo).resource(doc(allow("*", "*", everybody, when(`{"StringEquals":{"aws:PrincipalAccount":"anonymous","aws:PrincipalType":"Anonymous","aws:userid":"anonymous"}}`)))), Allowed, "resource", nil},
		{"E7 a key that is given outranks what follows from the ARNs",
			ask(kim, "ec2:StartInstances", instance).context(`{"aws:username":"lee"}`).identity(doc(allow("*", "*", when(`{"StringEquals":{"aws:username":"lee"}}`)))), Allowed, "identity", nil},
		{"E8 a key that is foreign to the action is used as it is given",
			ask(kim, "ec2:StartInstances", instance).context(`{"s3:prefix":"a"}`).identity(doc(allow("*", "*", when(`{"StringEquals":{"s3:prefix":"a"}}`)))), Allowed, "identity", nil},
		{"E8 a key that the action cannot have is absent when all keys are unknown",
			ask(kim, "s3:GetObject", photo).account("111122223333").unknown("*").identity(doc(allow("*", "*", when(`{"StringEquals":{"s3:prefix":"a"}}`)))), ImplicitlyDenied, "identity", nil},
		{"E8 a key that the action can have is unknown when all keys are",
			ask(kim, "s3:ListBucket", photos).account("111122223333").unknown("*").identity(doc(allow("*", "*", when(`{"StringEquals":{"s3:prefix":"a"}}`)))), DependsOn, "identity", nil},
		{"E8 a foreign key that is named as unknown is unknown",
			ask(kim, "s3:GetObject", photo).account("111122223333").unknown("s3:prefix").identity(doc(allow("*", "*", when(`{"StringEquals":{"s3:prefix":"a"}}`)))), DependsOn, "identity", nil},
	})
}
