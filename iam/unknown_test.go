package iam

import (
	"slices"
	"strings"
	"testing"
)

// E9 of the checklist: what is not known is neither absent nor present.

func TestUnknownKeysDecideOrDoNot(t *testing.T) {
	send := func(documents ...string) asked { return ask(kim, "sqs:SendMessage", queue).identity(documents...) }
	vpc := func(op, value string) string { return when(`{"` + op + `":{"aws:SourceVpc":` + value + `}}`) }
	abac := doc(allow("*", "*", when(`{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}`)))
	runVerdicts(t, []verdictTest{
		{"E9 an allow on an unknown key depends", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), DependsOn, "identity", []string{"identity[0]#0"}},
		{"E9 a deny on an unknown key depends", send(full, doc(deny("*", "*", vpc("StringNotEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), DependsOn, "identity", []string{"identity[1]#0"}},
		{"E9 allows that together leave nothing out allow", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)), allow("*", "*", vpc("StringNotEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), Allowed, "identity", []string{"identity[0]#0", "identity[0]#1"}},
		{"E9 allows over two policies leave nothing out", send(doc(allow("*", "*", vpc("StringLike", `"vpc-*"`))), doc(allow("*", "*", vpc("StringNotLike", `"vpc-1*"`)))).unknown("aws:SourceVpc"), Allowed, "identity", nil},
		{"E9 an absent key keeps allows from leaving nothing out", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)), allow("*", "*", vpc("ForAnyValue:StringNotEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), DependsOn, "identity", nil},
		{"E9 a key that is there lets them leave nothing out", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)), allow("*", "*", vpc("ForAnyValue:StringNotEquals", `"vpc-1"`)))).unknownValue("aws:SourceVpc"), Allowed, "identity", nil},
		{"E9 a condition that no value holds denies implicitly", send(doc(allow("*", "*", when(`{"StringEquals":{"aws:SourceVpc":"vpc-1"},"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`)))).unknown("aws:SourceVpc"), ImplicitlyDenied, "identity", nil},
		{"E9 prefixes that exclude each other deny implicitly", send(doc(allow("*", "*", when(`{"StringLike":{"aws:SourceVpc":["vpc-a*","vpc-b*"]},"StringNotLike":{"aws:SourceVpc":"vpc-*"}}`)))).unknown("aws:SourceVpc"), ImplicitlyDenied, "identity", nil},
		{"E9 an allow that a deny hits for every value is denied explicitly when all outcomes are", send(full, doc(deny("*", "*", vpc("StringEquals", `"vpc-1"`)), deny("*", "*", vpc("StringNotEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), ExplicitlyDenied, "identity", nil},
		{"E9 some outcomes explicit and some implicit are implicit", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)), deny("*", "*", vpc("StringEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), ImplicitlyDenied, "identity", nil},
		{"E9 no allow at all with a deny that depends is implicit", send(doc(deny("*", "*", vpc("StringEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), ImplicitlyDenied, "identity", nil},
		{"E9 a deny that holds whatever the key is explicit", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)), deny("*", "*"))).unknown("aws:SourceVpc"), ExplicitlyDenied, "identity", []string{"identity[0]#1"}},
		{"E9 what does not speak of the unknown key is decided", send(full).unknown("*"), Allowed, "identity", nil},
		{"E9 Null on an unknown key depends", send(doc(allow("*", "*", vpc("Null", `"true"`)))).unknown("aws:SourceVpc"), DependsOn, "identity", nil},
		{"E9 Null on a key of which only the value is unknown is decided", send(doc(allow("*", "*", vpc("Null", `"true"`)))).unknownValue("aws:SourceVpc"), ImplicitlyDenied, "identity", nil},
		{"E9 IfExists on an unknown key depends on its value", send(doc(allow("*", "*", vpc("StringEqualsIfExists", `"vpc-1"`)))).unknown("aws:SourceVpc"), DependsOn, "identity", nil},
		{"E9 a key that is unknown and given is unknown", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)))).context(`{"aws:SourceVpc":"vpc-1"}`).unknown("aws:SourceVpc"), DependsOn, "identity", nil},
		{"E9 a known key is an exception to a pattern of unknown ones", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)))).context(`{"aws:SourceVpc":"vpc-1"}`).unknown("*").known("aws:SourceVpc"), Allowed, "identity", nil},
		{"E9 a known key that is not given is absent", send(doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)))).unknown("aws:*").known("aws:sourcevpc"), ImplicitlyDenied, "identity", nil},
		{"E9 an unknown key outranks what follows from the ARNs", send(doc(allow("*", "*", when(`{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`)))).unknown("aws:PrincipalAccount"), DependsOn, "identity", nil},
		{"E9 an unknown value outranks what follows from the ARNs", ask(kim, "s3:GetObject", "arn:aws:s3:::home/kim/a").account("111122223333").unknownValue("aws:username").identity(doc(allow("s3:*", "arn:aws:s3:::home/${aws:username}/*"))), DependsOn, "identity", nil},
		{"E9 a key that is unknown in both ways may be absent", send(doc(allow("*", "*", vpc("Null", `"true"`)))).unknown("aws:SourceVpc").unknownValue("aws:SourceVpc"), DependsOn, "identity", nil},

		{"E9 tags of principal and resource that must be the same", ask(kim, "ec2:StartInstances", instance).identity(abac).unknown("aws:ResourceTag/*", "aws:PrincipalTag/*"), DependsOn, "identity", nil},
		{"E9 two tags that must be the same and each a certain one",
			ask(kim, "ec2:StartInstances", instance).unknown("aws:*").identity(doc(allow("*", "*", when(`{"StringEquals":{"aws:ResourceTag/team":["${aws:PrincipalTag/team}"],"aws:ResourceTag/env":"prod"},"StringLike":{"aws:PrincipalTag/team":"re*"}}`))), doc(deny("*", "*", when(`{"StringNotLike":{"aws:ResourceTag/team":"*d"}}`)))), DependsOn, "identity", nil},
		{"E9 two tags that must be the same and cannot be",
			ask(kim, "ec2:StartInstances", instance).unknown("aws:*").identity(doc(allow("*", "*", when(`{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"},"StringLike":{"aws:PrincipalTag/team":"re*"}}`))), doc(deny("*", "*", when(`{"StringLike":{"aws:ResourceTag/team":"r*"}}`)))), ImplicitlyDenied, "identity", nil},
		{"E9 two tags of which one must equal a third and the other not",
			ask(kim, "ec2:StartInstances", instance).unknown("aws:*").identity(doc(allow("*", "*", when(`{"StringEquals":{"aws:RequestTag/a":"${aws:PrincipalTag/x}"},"StringNotEquals":{"aws:RequestTag/b":"${aws:PrincipalTag/x}"},"Null":{"aws:RequestTag/b":"false"}}`)))), DependsOn, "identity", nil},
		{"E9 an unknown tag within a resource", ask(kim, "s3:GetObject", "arn:aws:s3:::home/red-2026/a").account("111122223333").unknown("aws:PrincipalTag/team").identity(doc(allow("s3:*", "arn:aws:s3:::home/${aws:PrincipalTag/team}-*/*"))), DependsOn, "identity", nil},
		{"E9 an unknown tag within a resource that no value fits", ask(kim, "s3:GetObject", "arn:aws:s3:::home/red/a").account("111122223333").unknown("aws:PrincipalTag/team").identity(doc(allow("s3:*", "arn:aws:s3:::home/x${aws:PrincipalTag/team}/*"))), ImplicitlyDenied, "identity", nil},
		{"E9 an unknown tag within a pattern of resources reaches some of them", ask(kim, "s3:GetObject", "arn:aws:s3:::home/*").any().account("111122223333").unknownValue("aws:username").identity(doc(allow("s3:*", "arn:aws:s3:::home/${aws:username}/*"))), Allowed, "identity", nil},
		{"E9 an unknown user name must fit the pattern of resources", ask(kim, "s3:GetObject", "arn:aws:s3:::home/kim/*").any().account("111122223333").unknownValue("aws:username").identity(doc(allow("s3:*", "arn:aws:s3:::home/${aws:username}/*"))), DependsOn, "identity", nil},

		{"E9 numbers between two bounds", send(doc(allow("*", "*", when(`{"NumericGreaterThan":{"my:n":"9.5"},"NumericLessThan":{"my:n":"9.75"}}`)))).unknown("my:n"), DependsOn, "identity", nil},
		{"E9 numbers that no bound leaves", send(doc(allow("*", "*", when(`{"NumericGreaterThan":{"my:n":"10"},"NumericLessThan":{"my:n":"10"}}`)))).unknown("my:n"), ImplicitlyDenied, "identity", nil},
		{"E9 dates between two bounds", send(doc(allow("*", "*", when(`{"DateGreaterThan":{"aws:CurrentTime":"2026-11-25T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2026-11-25T00:00:01Z"}}`)))).unknown("aws:CurrentTime"), DependsOn, "identity", nil},
		{"E9 all dates", send(doc(allow("*", "*", when(`{"DateLessThan":{"aws:CurrentTime":"2026-11-25"}}`)), allow("*", "*", when(`{"DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-25"}}`)))).unknownValue("aws:CurrentTime"), Allowed, "identity", nil},
		{"E9 a range of addresses without a part of it", send(doc(allow("*", "*", when(`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"NotIpAddress":{"aws:SourceIp":"203.0.113.0/25"}}`)))).unknown("aws:SourceIp"), DependsOn, "identity", nil},
		{"E9 a range of addresses without both halves", send(doc(allow("*", "*", when(`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"NotIpAddress":{"aws:SourceIp":["203.0.113.0/25","203.0.113.128/25"]}}`)))).unknown("aws:SourceIp"), ImplicitlyDenied, "identity", nil},
		{"E9 all addresses of one family are not all", send(doc(allow("*", "*", when(`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`)))).unknownValue("aws:SourceIp"), DependsOn, "identity", nil},
		{"E9 all addresses of both families", send(doc(allow("*", "*", when(`{"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}}`)))).unknownValue("aws:SourceIp"), Allowed, "identity", nil},
		{"E9 true or false is all there is", send(doc(allow("*", "*", when(`{"Bool":{"aws:SecureTransport":["true","false"]}}`)))).unknownValue("aws:SecureTransport"), Allowed, "identity", nil},
		{"E9 an address that is no address is met by none", send(doc(allow("*", "*", when(`{"NotIpAddress":{"aws:SourceIp":"nowhere"}}`)))).unknownValue("aws:SourceIp"), Allowed, "identity", nil},
		{"E9 sets of values", send(doc(allow("*", "*", when(`{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}`)), deny("*", "*", when(`{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}`)))).unknown("aws:TagKeys"), DependsOn, "identity", nil},
		{"E9 sets that cannot be", send(doc(allow("*", "*", when(`{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"ForAnyValue:StringEquals":{"aws:TagKeys":"c"}}`)))).unknown("aws:TagKeys"), ImplicitlyDenied, "identity", nil},
		{"E9 no set is outside of all of them", send(doc(allow("*", "*", when(`{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}`)), allow("*", "*", when(`{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a","b"]}}`)))).unknown("aws:TagKeys"), Allowed, "identity", nil},
		{"E9 ARNs by their parts", send(doc(allow("*", "*", when(`{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"},"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:eu-*:*:*"}}`)))).unknown("aws:SourceArn"), DependsOn, "identity", nil},
		{"E9 an ARN of another partition", send(doc(allow("*", "*", when(`{"ArnLike":{"aws:SourceArn":"arn:aws-cn:sns:*:111122223333:*"}}`)))).unknown("aws:SourceArn"), DependsOn, "identity", nil},

		{"E9 the name of a role's session is unknown by nature", ask(ops, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to(shift)))), DependsOn, "resource", nil},
		{"E9 the name of a session may be unknown though the ARN has one", ask(shift, "sqs:SendMessage", queue).unknown("@session-name").resource(doc(allow("*", "*", to(shift)))), DependsOn, "resource", nil},
		{"E9 the name of a session that is excepted is known", ask(shift, "sqs:SendMessage", queue).unknown("@session-name").known("@session-name").resource(doc(allow("*", "*", to(shift)))), Allowed, "resource", nil},
		{"E9 the name of a session does not matter to what names the role", ask(shift, "sqs:SendMessage", queue).unknown("@session-name").resource(doc(allow("*", "*", to(ops)))), Allowed, "resource", nil},
		{"E9 a session that some name saves from a deny", ask(shift, "sqs:SendMessage", queue).identity(full).unknown("@session-name").resource(doc(deny("*", "*", `"NotPrincipal":{"AWS":["`+shift+`","`+ops+`","111122223333"]}`))), DependsOn, "resource", nil},

		{"E9 a layer that is closed whatever the key is named alone", send(doc(allow("s3:*", "*"))).scp("root", doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), ImplicitlyDenied, "identity", nil},
		{"E9 layers that only together are closed are all named", send(doc(allow("*", "*", vpc("StringNotEquals", `"vpc-1"`)))).scp("root", doc(allow("*", "*", vpc("StringEquals", `"vpc-1"`)))).unknown("aws:SourceVpc"), ImplicitlyDenied, "identity scp", nil},
		{"E9 a key that differs over two resources", ask(kim, "ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:subnet/red", "arn:aws:ec2:eu-west-1:111122223333:key-pair/red").unknown("aws:PrincipalTag/team").
			identity(doc(allow("*", "arn:aws:ec2:*:*:subnet/${aws:PrincipalTag/team}"), allow("*", "arn:aws:ec2:*:*:key-pair/${aws:PrincipalTag/team}"))), DependsOn, "identity", nil},
		{"E9 a key that two resources want otherwise", ask(kim, "ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:subnet/red", "arn:aws:ec2:eu-west-1:111122223333:key-pair/blue").unknown("aws:PrincipalTag/team").
			identity(doc(allow("*", "arn:aws:ec2:*:*:subnet/${aws:PrincipalTag/team}"), allow("*", "arn:aws:ec2:*:*:key-pair/${aws:PrincipalTag/team}"))), ImplicitlyDenied, "identity", nil},
		{"E9 an example has the keys that must be there besides",
			send(doc(allow("*", "*", when(`{"StringEquals":{"aws:SourceVpc":"vpc-1"},"Null":{"aws:MultiFactorAuthAge":"false"}}`)))).unknown("aws:SourceVpc").unknownValue("aws:MultiFactorAuthAge"), DependsOn, "identity", nil},
	})
}

func TestWhatAnAnswerDependsOnIsSaid(t *testing.T) {
	q := ask(kim, "ec2:StartInstances", instance).unknown("aws:*").identity(doc(
		allow("ec2:*", "*", when(`{"StringEquals":{"aws:ResourceTag/team":"red"}}`)),
		allow("ec2:*", "*", when(`{"StringEquals":{"aws:SourceVpc":"vpc-1"},"Bool":{"aws:SecureTransport":"true"}}`)),
		deny("ec2:*", "*", when(`{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`))))
	a := q.eval(t)
	if a.Decision != DependsOn {
		t.Fatal(a.Decision)
	}
	for _, want := range []string{
		`{"operator":"StringEquals","key":"aws:ResourceTag/team","values":["red"]}`,
		`{"operator":"StringEquals","key":"aws:SourceVpc","values":["vpc-1"]}`,
		`{"not":{"operator":"BoolIfExists","key":"aws:MultiFactorAuthPresent","values":["false"]}}`,
	} {
		if !strings.Contains(string(a.DependsOn.Request), want) {
			t.Errorf("%s lacks %s", a.DependsOn.Request, want)
		}
	}
	if want := []string{"aws:ResourceTag/team"}; !slices.Equal(a.DependsOn.Missing, want) {
		t.Errorf("missing %q, want %q: the rest is the request's", a.DependsOn.Missing, want)
	}
	if !slices.Equal(a.used(), []string{"identity[0]#0", "identity[0]#1", "identity[0]#2"}) {
		t.Errorf("statements %v", a.used())
	}
	q.replays(t, a)
}

func TestTheExampleIsSmall(t *testing.T) {
	// Two ways to be allowed, one of which needs only one key.
	q := ask(kim, "ec2:StartInstances", instance).unknown("aws:*").identity(doc(
		allow("ec2:*", "*", when(`{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`)),
		deny("ec2:*", "*", when(`{"StringEquals":{"aws:RequestTag/a":"x"}}`)),
		deny("ec2:*", "*", when(`{"NumericGreaterThan":{"aws:MultiFactorAuthAge":"60"}}`))))
	a := q.eval(t)
	if got := string(a.DependsOn.Example); !strings.Contains(got, `"context":{"aws:SourceVpc":"vpc-1"}`) {
		t.Errorf("the example %s has more or less than the one key that matters", got)
	}
}

func TestASearchThatIsCutShortProvesNothing(t *testing.T) {
	// More tags than sets of which can be tried, and an allow that no value meets.
	var list []string
	for i := range 24 {
		list = append(list, `"`+strings.Repeat("k", i+1)+`"`)
	}
	var conditions []string
	for i, v := range list {
		conditions = append(conditions, allow("sqs:*", "*", when(`{"ForAnyValue:StringEquals":{"aws:TagKeys":`+v+`},"ForAllValues:StringNotEquals":{"aws:TagKeys":`+list[(i+1)%24]+`},"ForAnyValue:StringLike":{"aws:TagKeys":`+list[(i+1)%24]+`}}`)))
	}
	a := ask(kim, "sqs:SendMessage", queue).unknown("aws:TagKeys").identity(doc(conditions...)).eval(t)
	if a.Decision != DependsOn || len(a.DependsOn.Missing) == 0 || !strings.Contains(a.DependsOn.Missing[0], "not all values") {
		t.Errorf("%s, missing %+v: what was not tried is not denied", a.Decision, a.DependsOn)
	}
}
