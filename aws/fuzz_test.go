package aws

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// fuzzed are operations of all protocols whose answers have all that is odd:
// flat lists and maps, attributes, payloads, unions, documents, recursion.
var fuzzed = []string{
	"ec2:DescribeInstances", "iam:GetAccountAuthorizationDetails", "sns:GetTopicAttributes", "rds:DescribeDBInstances",
	"s3api:GetBucketAcl", "s3api:GetBucketLocation", "s3api:GetBucketPolicy", "s3api:GetBucketLifecycleConfiguration", "cloudfront:ListDistributions", "route53:ListResourceRecordSets",
	"apigateway:GetResources", "lambda:GetFunction", "ecs:DescribeServices", "wafv2:GetWebACL", "dynamodb:DescribeTable", "sqs:GetQueueAttributes", "glue:GetResourcePolicies",
}

func FuzzAnswer(f *testing.F) {
	for i := range fuzzed {
		f.Add(i, []byte(tree))
		f.Add(i, instances(1))
		f.Add(i, roles(1))
	}
	f.Add(4, []byte(`<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="x" xsi:type="Group"><URI>u</URI></Grantee></Grant></AccessControlList></AccessControlPolicy>`))
	f.Add(5, []byte(`<LocationConstraint>eu-west-1</LocationConstraint>`))
	f.Add(13, []byte(`{"WebACL": {"Rules": [{"Statement": {"NotStatement": {"Statement": {"AndStatement": {"Statements": [null, {}]}}}}}]}}`))
	m := NewModel()
	f.Fuzz(func(t *testing.T, i int, body []byte) {
		op := fuzzed[uint(i)%uint(len(fuzzed))]
		svc, o, err := m.Operation(op)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(op, ":")
		got, fail := final(svc, name, o, &Response{Status: 200, Header: http.Header{}, Body: body})
		if fail != nil {
			if fail.Code == "" && fail.Message == "" {
				t.Errorf("a failure that says nothing: %+v", fail)
			}
			return
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("an answer that JSON cannot hold: %v", err)
		}
		if _, err := following(o.Page, got); err != nil && !strings.Contains(err.Error(), "there is more") {
			t.Errorf("the next page: %v", err)
		}
	})
}

func FuzzError(f *testing.F) {
	for _, body := range []string{
		`{"__type": "a#B:c", "message": "m"}`, `{"code": 1}`, `[]`, `null`, "",
		`<ErrorResponse><Error><Code>A</Code><Message>m</Message></Error></ErrorResponse>`,
		`<Response><Errors><Error><Code>A</Code></Error></Errors></Response>`, `<html>`, `<Error/>`,
	} {
		f.Add(0, 400, []byte(body), "a#B:c", "A;Sender")
		f.Add(3, 503, []byte(body), "", ";")
	}
	services := []*Service{wireService("json"), wireService("rest-json"), wireService("query"), wireService("ec2"), wireService("rest-xml")}
	f.Fuzz(func(t *testing.T, i, status int, body []byte, kind, query string) {
		got := failure(services[uint(i)%uint(len(services))], &Response{Status: status, Header: http.Header{"X-Amzn-Errortype": {kind}, "X-Amzn-Query-Error": {query}}, Body: body})
		if got.Code == "" {
			t.Errorf("a failure without a code: %+v", got)
		}
		if got.Error() == "" || Explain(got) == nil {
			t.Errorf("a failure that says nothing: %+v", got)
		}
	})
}

func FuzzQuotas(f *testing.F) {
	f.Add(quotasYAML, "ec2:DescribeInstances")
	f.Add([]byte("default: {rate: 1, burst: 1}\nservices: {s: [{op: 'A*', rate: 1e300, burst: 1e300}]}"), "s:Ab")
	f.Fuzz(func(t *testing.T, data []byte, op string) {
		q, err := ParseQuotas(data)
		if err != nil {
			return
		}
		k := NewBudget(q, newClock().now).Bucket("a", "r", op)
		for range 3 {
			k.Report(true)
			if w := k.Take(); w < 0 {
				t.Errorf("it waits %v", w)
			}
		}
	})
}
