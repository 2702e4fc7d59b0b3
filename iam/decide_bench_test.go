package iam

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// BenchmarkDecide decides distinct requests of users with four policies of the
// size and shape of AWS's managed ones: one that reads everything, with
// thousands of actions, one of a service, one with conditions, and one with
// NotAction. The policies are read before the clock starts; no answer is kept.
func BenchmarkDecide(b *testing.B) {
	c := engine().catalogue
	var reads []string
	for _, prefix := range c.Prefixes() {
		s, _ := c.Service(prefix)
		for i, a := range s.Actions {
			if (a.Level == permission.Read || a.Level == permission.List) && i%3 == 0 {
				reads = append(reads, prefix+":"+a.Name)
			}
		}
		reads = append(reads, prefix+":Describe*", prefix+":List*")
	}
	list, err := json.Marshal(reads)
	if err != nil {
		b.Fatal(err)
	}
	documents := []*policy.Document{
		parsed(doc(allow("", "*", `"Action":`+string(list))), policy.Identity, "reads"),
		parsed(doc(allow("lambda:*,logs:*,events:PutRule,iam:ListRoles", "*"), allow("iam:PassRole", "*", when(`{"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}}`))), policy.Identity, "service"),
		parsed(doc(allow("s3:*", "arn:aws:s3:::*-data/${aws:username}/*", when(`{"StringLike":{"s3:prefix":["a*","b*"]},"Bool":{"aws:SecureTransport":"true"}}`)),
			allow("ec2:*", "arn:aws:ec2:eu-*:111122223333:instance/*", when(`{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"},"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}}`)),
			deny("*", "*", when(`{"DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}`))), policy.Identity, "conditions"),
		parsed(doc(allow("", "*", `"NotAction":["iam:*","organizations:*","account:*","s3:*","ec2:*","lambda:*"]`), allow("iam:CreateServiceLinkedRole,organizations:DescribeOrganization", "*")), policy.Identity, "power"),
	}
	context := map[string]Values{"aws:SecureTransport": One("true"), "aws:SourceIp": One("10.1.2.3"), "aws:CurrentTime": One("2026-11-25T00:00:00Z")}
	var questions []*Question
	for i := range 500 {
		action, resource := "s3:GetObject", fmt.Sprintf("arn:aws:s3:::team%d-data/user%d/a", i, i)
		switch i % 5 {
		case 1:
			action, resource = "ec2:StartInstances", fmt.Sprintf("arn:aws:ec2:eu-west-1:111122223333:instance/i-%d", i)
		case 2:
			action, resource = "dynamodb:PutItem", fmt.Sprintf("arn:aws:dynamodb:eu-west-1:111122223333:table/t%d", i)
		case 3:
			action, resource = "iam:PassRole", fmt.Sprintf("arn:aws:iam::111122223333:role/r%d", i)
		case 4:
			action, resource = "sqs:DeleteQueue", fmt.Sprintf("arn:aws:sqs:eu-west-1:111122223333:q%d", i)
		}
		questions = append(questions, &Question{
			Request: Request{Principal: Principal{ARN: fmt.Sprintf("arn:aws:iam::111122223333:user/user%d", i)}, Action: action,
				Resources: []string{resource}, Account: "111122223333", Context: context},
			Policies: Policies{Identity: documents},
		})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := engine().Decide(questions[i%len(questions)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
