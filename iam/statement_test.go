package iam

import "testing"

// Section D of the checklist: when a statement matches.

func TestStatementsMatch(t *testing.T) {
	send := func() asked { return ask(kim, "sqs:SendMessage", queue) }
	action := func(actions string) asked { return send().identity(doc(allow(actions, "*"))) }
	on := func(resource string) asked { return send().identity(doc(allow("*", resource))) }
	has := func(yes bool) Verdict {
		if yes {
			return Allowed
		}
		return ImplicitlyDenied
	}
	var tests []verdictTest
	add := func(name string, q asked, matches bool) {
		tests = append(tests, verdictTest{name, q, has(matches), "identity", nil})
	}
	add("D1 actions have no case", action("SQS:sendMESSAGE"), true)
	add("D1 the action of the request has no case", ask(kim, "SQS:sendmessage", queue).identity(doc(allow("sqs:SendMessage", "*"))), true)
	add("D1 a star stands within a name", action("sqs:S*Mess*"), true)
	add("D1 a question mark stands for one character", action("sqs:SendMessag?"), true)
	add("D1 a question mark stands for no more", action("sqs:SendMessa?"), false)
	add("D1 a star may be nothing", action("sqs:SendMessage*"), true)
	add("D1 all actions of all services as two stars", action("*:*"), true)
	add("D1 the service has no wildcard", action("sq*:SendMessage"), false)
	add("D1 a name without its service matches nothing", action("SendMessage"), false)
	add("D1 a service without a name matches nothing", action("sqs:"), false)
	add("D1 a space is not trimmed away", action(" sqs:SendMessage"), false)
	add("D1 two actions in one text match nothing", send().identity(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:SendMessage, sqs:*","Resource":"*"}}`), false)
	add("D1 NotAction with a broken text covers everything", send().identity(doc(allow("", "*", `"NotAction":"sqs:SendMessage "`))), true)
	add("D1 NotAction leaves out what it lists", send().identity(doc(allow("", "*", `"NotAction":"sqs:Send*"`))), false)
	add("D1 NotAction covers the rest", send().identity(doc(allow("", "*", `"NotAction":["sqs:Delete*","s3:*"]`))), true)
	add("D1 an empty list of actions covers nothing", send().identity(doc(allow("", "*", `"Action":[]`))), false)
	add("D1 an empty NotAction covers everything", send().identity(doc(allow("", "*", `"NotAction":[]`))), true)

	add("D2 an ARN in full", on(queue), true)
	add("D2 a star within a field", on("arn:aws:sqs:eu-*-1:111122223333:jobs"), true)
	add("D2 a star within a field stays in it", on("arn:aws:sqs:eu*s"), false)
	add("D2 a star that ends a field may run past colons", on("arn:aws:sqs:*"), true)
	add("D2 a star that ends a field may run past colons in the middle", on("arn:aws:sqs:eu-*:jobs"), false)
	add("D2 a star for region and one for account", on("arn:aws:sqs:*:*:jobs"), true)
	add("D2 one character of the region", on("arn:aws:sqs:eu-west-?:111122223333:jobs"), true)
	add("D2 a question mark is no colon", on("arn:aws:sqs:eu-west-1?111122223333:jobs"), false)
	add("D2 names have case", on("arn:aws:sqs:eu-west-1:111122223333:Jobs"), false)
	add("D2 another account", on("arn:aws:sqs:eu-west-1:444455556666:jobs"), false)
	add("D2 the star of the last field runs past slashes and colons", ask(kim, "s3:GetObject", "arn:aws:s3:::photos/2026/a:b.jpg").identity(doc(allow("*", "arn:aws:s3:::photos/*"))), true)
	add("D2 a bucket is not its objects", ask(kim, "s3:GetObject", photo).identity(doc(allow("*", photos))), false)
	add("D2 objects are not their bucket", ask(kim, "s3:ListBucket", photos).identity(doc(allow("*", "arn:aws:s3:::photos/*"))), false)
	add("D2 several stars in one field", ask(kim, "s3:GetObject", photo).identity(doc(allow("*", "arn:aws:s3:::p*o*/*.jp?"))), true)
	add("D2 NotResource leaves out what it lists", send().identity(doc(allow("*", "", `"NotResource":"arn:aws:sqs:*:*:j*"`))), false)
	add("D2 NotResource covers the rest", send().identity(doc(allow("*", "", `"NotResource":"arn:aws:sqs:*:*:k*"`))), true)
	add("D2 a statement without Resource covers nothing in an identity policy", send().identity(doc(allow("*", ""))), false)

	add("D3 an identity policy completes a short ARN with stars", on("arn:aws:sqs"), true)
	add("D3 a boundary completes a short ARN with stars", send().identity(full).boundary(doc(allow("*", "arn:aws:sqs:eu-west-1"))), true)
	add("D3 a short ARN of another service", on("arn:aws:s3"), false)

	add("D4 an action that has no resources is matched by a lone star", ask(kim, "s3:ListAllMyBuckets", "*").identity(doc(allow("s3:*", "*"))), true)
	add("D4 an action that has no resources is not matched by an ARN", ask(kim, "s3:ListAllMyBuckets", "*").identity(doc(allow("s3:*", "arn:aws:s3:::photos"))), false)
	add("D4 nor by a pattern of ARNs", ask(kim, "ec2:DescribeInstances", "*").identity(doc(allow("ec2:*", "arn:aws:ec2:*:*:*"))), false)
	add("D4 but S3 lists buckets for the pattern of all buckets", ask(kim, "s3:ListAllMyBuckets", "*").identity(doc(allow("s3:*", "arn:aws:s3:::*"))), true)
	add("D4 NotResource with an ARN matches an action that has no resources", ask(kim, "s3:ListAllMyBuckets", "*").identity(doc(allow("s3:*", "", `"NotResource":"arn:aws:s3:::secret"`))), true)
	add("D4 NotResource with a star matches nothing", ask(kim, "s3:ListAllMyBuckets", "*").identity(doc(allow("s3:*", "", `"NotResource":"*"`))), false)
	add("D4 a resource that the question names for such an action is not looked at", ask(kim, "ec2:DescribeInstances", instance).identity(doc(allow("ec2:*", "*"))), true)
	add("D4 such an action asked of a pattern is asked of no resource", ask(kim, "s3:ListAllMyBuckets", "*").any().identity(doc(allow("s3:*", "arn:aws:s3:::photos"))), false)

	image, subnet := "arn:aws:ec2:eu-west-1::image/ami-1", "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1"
	run := func() asked { return ask(kim, "ec2:RunInstances", image, subnet, instance) }
	add("D5 every resource of a request is allowed", run().identity(doc(allow("ec2:RunInstances", image), allow("ec2:RunInstances", subnet), allow("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*"))), true)
	add("D5 one resource that is not allowed is enough to deny", run().identity(doc(allow("ec2:RunInstances", image), allow("ec2:RunInstances", "arn:aws:ec2:*:*:instance/*"))), false)
	runVerdicts(t, append(tests, []verdictTest{
		{"D2 a deny on one resource of several denies the request",
			run().identity(doc(allow("*", "*"), deny("ec2:RunInstances", subnet))), ExplicitlyDenied, "identity", []string{"identity[0]#1"}},
		{"D3 a resource policy takes a short ARN as it is",
			ask(kim, "sqs:SendMessage", queue).resource(doc(allow("*", "arn:aws:sqs", to(kim)))), ImplicitlyDenied, "identity resource", nil},
		{"D3 a resource policy completes a short ARN only where it has a wildcard",
			ask(kim, "sqs:SendMessage", queue).resource(doc(allow("*", "arn:aws:sqs:*", to(kim)))), Allowed, "resource", nil},
		{"D3 an SCP takes a short ARN as it is",
			ask(kim, "sqs:SendMessage", queue).identity(full).scp("root", doc(allow("*", "arn:aws:sqs"))), ImplicitlyDenied, "scp", nil},

		{"D6 some object under a prefix is allowed",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(allow("s3:*", "arn:aws:s3:::photos/2026/*"))), Allowed, "identity", []string{"identity[0]#0"}},
		{"D6 a deny on a part leaves the rest",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(allow("s3:*", "arn:aws:s3:::photos/*"), deny("s3:*", "arn:aws:s3:::photos/secret/*"))), Allowed, "identity", nil},
		{"D6 a deny on all that is allowed is explicit",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(allow("s3:*", "arn:aws:s3:::photos/secret/*"), deny("s3:*", "arn:aws:s3:::photos/s*"))), ExplicitlyDenied, "identity", []string{"identity[0]#1"}},
		{"D6 denies that only together cover what is allowed are explicit",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(allow("s3:*", "arn:aws:s3:::photos/ab*"), deny("s3:*", "arn:aws:s3:::photos/a*c"), deny("s3:*", "", `"NotResource":"arn:aws:s3:::photos/a*c"`))), ExplicitlyDenied, "identity", nil},
		{"D6 a deny without an allow is implicit",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(deny("s3:*", "*"))), ImplicitlyDenied, "identity", nil},
		{"D6 an allow elsewhere reaches nothing",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(allow("s3:*", "arn:aws:s3:::films/*"))), ImplicitlyDenied, "identity", nil},
		{"D6 an SCP and an identity policy may meet in some object",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(allow("s3:*", "arn:aws:s3:::photos/*.jpg"))).scp("root", doc(allow("s3:*", "arn:aws:s3:::photos/2026/*"))), Allowed, "identity", nil},
		{"D6 an SCP and an identity policy may meet nowhere",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").any().identity(doc(allow("s3:*", "arn:aws:s3:::photos/2025/*"))).scp("root", doc(allow("s3:*", "arn:aws:s3:::photos/2026/*"))), ImplicitlyDenied, "scp identity", nil},
		{"D6 with literal a star in the resource is a character",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").identity(doc(allow("s3:*", "arn:aws:s3:::photos/2026/*"))), ImplicitlyDenied, "identity", nil},
		{"D6 a star that is a character fits a star",
			ask(kim, "s3:GetObject", "arn:aws:s3:::photos/*").identity(doc(allow("s3:*", "arn:aws:s3:::photos/*"))), Allowed, "identity", nil},

		{"D7 a session is named by its ARN", ask(shift, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to(shift)))), Allowed, "resource", nil},
		{"D7 another session of the role is not", ask(shift, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to("arn:aws:sts::111122223333:assumed-role/ops/day-shift")))), ImplicitlyDenied, "identity resource", nil},
		{"D7 a session is named by its role", ask(shift, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to(ops)))), Allowed, "resource", nil},
		{"D7 a session is named by its role with its path", ask(shift, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to("arn:aws:iam::111122223333:role/team/ops")))), Allowed, "resource", nil},
		{"D7 a path that the request gives is compared", ask(shift, "sqs:SendMessage", queue).context(`{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/crew/ops"}`).resource(doc(allow("*", "*", to("arn:aws:iam::111122223333:role/team/ops")))), ImplicitlyDenied, "identity resource", nil},
		{"D7 a Principal has no partial wildcards", ask(kim, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to("arn:aws:iam::111122223333:user/*")))), ImplicitlyDenied, "identity resource", nil},
		{"D7 a group is no principal", ask(kim, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to("arn:aws:iam::111122223333:group/staff")))), ImplicitlyDenied, "identity resource", nil},
		{"D7 names of users have case", ask(kim, "sqs:SendMessage", queue).resource(doc(allow("*", "*", to("arn:aws:iam::111122223333:user/Kim")))), ImplicitlyDenied, "identity resource", nil},
		{"D7 a role is not a user of its name", ask("arn:aws:iam::111122223333:user/ops", "sqs:SendMessage", queue).resource(doc(allow("*", "*", to(ops)))), ImplicitlyDenied, "identity resource", nil},
		{"D7 a canonical user is the account that has the id", ask(stranger, "s3:GetObject", photo).account("111122223333").identity(full).facts(`{"principal":{"canonicalID":"79a5"}}`).resource(doc(allow("*", "*", `"Principal":{"CanonicalUser":"79a5"}`))), Allowed, "identity resource", nil},
		{"D7 a statement without Principal in a resource policy is for nobody", ask(kim, "sqs:SendMessage", queue).resource(doc(allow("*", "*"))), ImplicitlyDenied, "identity resource", nil},
		{"D7 a deny without Principal in a resource policy is for nobody", ask(kim, "sqs:SendMessage", queue).identity(full).resource(doc(deny("*", "*"))), Allowed, "identity", nil},
		{"D7 a resource policy without Resource speaks of what it is attached to", ask(kim, "sqs:SendMessage", queue).resource(doc(allow("sqs:*", "", to(kim)))), Allowed, "resource", nil},
		{"D7 a Principal in an identity policy is not looked at", ask(kim, "sqs:SendMessage", queue).identity(doc(allow("*", "*", to(stranger)))), Allowed, "identity", nil},

		{"D8 NotPrincipal with Allow leaves out who is listed", ask(kim, "sqs:SendMessage", queue).resource(doc(allow("*", "*", `"NotPrincipal":{"AWS":"`+kim+`"}`))), ImplicitlyDenied, "identity resource", nil},
		{"D8 NotPrincipal with Allow reaches the rest", ask("arn:aws:iam::111122223333:user/pat", "sqs:SendMessage", queue).resource(doc(allow("*", "*", `"NotPrincipal":{"AWS":"`+kim+`"}`))), Allowed, "resource", nil},
		{"D8 NotPrincipal with Deny hits who is not listed", ask("arn:aws:iam::111122223333:user/pat", "sqs:SendMessage", queue).identity(full).resource(doc(deny("*", "*", `"NotPrincipal":{"AWS":["`+kim+`","111122223333"]}`))), ExplicitlyDenied, "resource", nil},
		{"D8 NotPrincipal with Deny needs the account listed as well", ask(kim, "sqs:SendMessage", queue).identity(full).resource(doc(deny("*", "*", `"NotPrincipal":{"AWS":"`+kim+`"}`))), ExplicitlyDenied, "resource", nil},
		{"D8 NotPrincipal with Deny spares a session when session, role and account are listed", ask(shift, "sqs:SendMessage", queue).identity(full).resource(doc(deny("*", "*", `"NotPrincipal":{"AWS":["`+shift+`","`+ops+`","111122223333"]}`))), Allowed, "identity", nil},
		{"D8 NotPrincipal with Deny hits a session of which only the role is listed", ask(shift, "sqs:SendMessage", queue).identity(full).resource(doc(deny("*", "*", `"NotPrincipal":{"AWS":["`+ops+`","111122223333"]}`))), ExplicitlyDenied, "resource", nil},
		{"D8 NotPrincipal with Deny spares a service that is listed", ask(`{"service":"sns.amazonaws.com"}`, "sqs:SendMessage", queue).resource(doc(allow("*", "*", everybody), deny("*", "*", `"NotPrincipal":{"Service":"sns.amazonaws.com"}`))), Allowed, "resource", nil},

		{"D9 an endpoint policy must allow", ask(kim, "sqs:SendMessage", queue).identity(full).endpoint(doc(allow("s3:*", "*", everybody))), ImplicitlyDenied, "endpoint", nil},
		{"D9 an endpoint policy that allows grants nothing", ask(kim, "sqs:SendMessage", queue).endpoint(anyRequest), ImplicitlyDenied, "identity", nil},
		{"D9 an endpoint policy names principals", ask(kim, "sqs:SendMessage", queue).identity(full).endpoint(doc(allow("*", "*", to(kim)))), Allowed, "identity", nil},
		{"D9 an endpoint policy without Principal is for nobody", ask(kim, "sqs:SendMessage", queue).identity(full).endpoint(full), ImplicitlyDenied, "endpoint", nil},
		{"D9 an endpoint without a policy that is there allows nothing", ask(kim, "sqs:SendMessage", queue).identity(full).endpoint(), ImplicitlyDenied, "endpoint", nil},
		{"D9 a request that goes through no endpoint has no such layer", ask(kim, "sqs:SendMessage", queue).identity(full), Allowed, "identity", nil},
		{"D9 an endpoint policy binds those without credentials", ask("anonymous", "s3:GetObject", photo).resource(anyRequest).endpoint(doc(allow("sqs:*", "*", everybody))), ImplicitlyDenied, "endpoint", nil},
	}...))
}

func TestOddPoliciesGetADecision(t *testing.T) {
	send := func() asked { return ask(kim, "sqs:SendMessage", queue) }
	for _, test := range []struct {
		name    string
		q       asked
		want    Verdict
		problem bool
	}{
		{"no Version", send().identity(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`), Allowed, true},
		{"no Statement", send().identity(`{"Version":"2012-10-17"}`), ImplicitlyDenied, true},
		{"an empty list of statements", send().identity(doc()), ImplicitlyDenied, false},
		{"one statement that is no list", send().identity(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`), Allowed, false},
		{"Version behind Statement", ask(kim, "s3:GetObject", "arn:aws:s3:::home/kim/a").account("111122223333").identity(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"},"Version":"2012-10-17"}`), Allowed, false},
		{"an effect in the wrong case", send().identity(`{"Version":"2012-10-17","Statement":{"Effect":"allow","Action":"*","Resource":"*"}}`), ImplicitlyDenied, true},
		{"a member that nobody knows", send().identity(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Comment":"x"}}`), Allowed, true},
		{"members in the wrong case", send().identity(`{"Version":"2012-10-17","Statement":{"effect":"Allow","action":"*","resource":"*"}}`), ImplicitlyDenied, true},
		{"Action beside NotAction", send().identity(doc(allow("sqs:*", "*", `"NotAction":"sqs:*"`))), Allowed, true},
		{"a statement that is a text", send().identity(`{"Version":"2012-10-17","Statement":["Allow everything"]}`), ImplicitlyDenied, true},
		{"an action that is a number", send().identity(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[7,"sqs:*"],"Resource":"*"}}`), Allowed, true},
		{"a policy that is a text with JSON in it", send().identity(`"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"`), Allowed, false},
		{"a policy that is a list", send().identity(`[]`), ImplicitlyDenied, true},
		{"an operator that does not exist in an allow", send().identity(doc(allow("*", "*", when(`{"StringMatches":{"aws:username":"kim"}}`)))), ImplicitlyDenied, true},
		{"an operator that does not exist in a deny", send().identity(full, doc(deny("*", "*", when(`{"StringMatches":{"aws:username":"kim"}}`)))), Allowed, true},
		{"a condition that is a list", send().identity(doc(allow("*", "*", when(`[]`)))), ImplicitlyDenied, true},
		{"an empty condition", send().identity(doc(allow("*", "*", when(`{}`)))), Allowed, false},
		{"a Principal that is a text of its own", send().resource(doc(allow("*", "*", `"Principal":"`+kim+`"`))), ImplicitlyDenied, true},
		{"a statement written twice: the last counts", send().identity(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"Statement":[]}`), ImplicitlyDenied, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := test.q.eval(t)
			if a.Decision != test.want || (len(a.Problems) > 0) != test.problem {
				t.Errorf("%s with problems %q, want %s", a.Decision, a.Problems, test.want)
			}
		})
	}
}
