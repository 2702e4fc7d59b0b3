package iam

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

func TestEventsTxtNamesOnlyWhatThereIs(t *testing.T) {
	m := events(t)
	action := func(name, where string) {
		prefix, n, _ := strings.Cut(name, ":")
		if _, ok := m.catalogue.Action(prefix, n); !ok {
			t.Errorf("%s: there is no action %s", where, name)
		}
	}
	prefixed := func(name, where string) (prefix, rest string) {
		prefix, rest, _ = strings.Cut(name, ":")
		if _, ok := m.catalogue.Service(prefix); !ok && prefix != "signin" {
			t.Errorf("%s: there is no service %s", where, prefix)
		}
		return prefix, rest
	}
	types := func(prefix, typ, where string) {
		s, ok := m.catalogue.Service(prefix)
		if !ok {
			t.Errorf("%s: there is no service %s", where, prefix)
			return
		}
		for _, one := range s.Types {
			if one.Name == typ {
				return
			}
		}
		t.Errorf("%s: %s has no resource type %s", where, prefix, typ)
	}
	for source, prefixes := range m.sources {
		for _, p := range prefixes {
			prefixed(p, "source "+source)
		}
	}
	for event, list := range m.events {
		prefixed(event, "event "+event)
		for _, a := range list {
			action(a.action, "event "+event)
		}
	}
	for event, list := range m.calls {
		for _, c := range list {
			action(c.action, "call "+event)
		}
	}
	for name := range m.either {
		action(name, "either")
	}
	for event, typ := range m.self {
		prefix, _ := prefixed(event, "self "+event)
		types(prefix, typ, "self "+event)
	}
	for event, tag := range m.tags {
		prefixed(event, "tag "+event)
		action(tag, "tag "+event)
	}
	for event, list := range m.made {
		prefix, _ := prefixed(event, "new "+event)
		action(event, "new "+event)
		for _, typ := range list {
			types(prefix, typ, "new "+event)
		}
	}
	for id := range m.ids {
		prefix, typ, _ := strings.Cut(id, " ")
		types(prefix, typ, "id "+id)
	}
	hasVariable := func(scope, v, where string) {
		prefix, _, _ := strings.Cut(scope, ":")
		prefix, typ, _ := strings.Cut(prefix, "/")
		s, ok := m.catalogue.Service(prefix)
		if !ok {
			t.Errorf("%s: there is no service %s", where, prefix)
			return
		}
		for _, one := range s.Types {
			for _, a := range one.ARNs {
				if (typ == "" || one.Name == typ) && slices.Contains(variables(a, "${"), v) {
					return
				}
			}
		}
		t.Errorf("%s: no ARN of %s has the variable %s", where, scope, v)
	}
	for name := range m.vars {
		scope, v, _ := strings.Cut(name, " ")
		hasVariable(scope, v, "var "+name)
	}
	for name := range m.defaults {
		scope, v, _ := strings.Cut(name, " ")
		hasVariable(scope, v, "default "+name)
	}
	for prefix, list := range m.choices {
		for _, c := range list {
			types(prefix, c.plain, "choose")
			types(prefix, c.other, "choose")
		}
	}
	for name := range m.keys {
		if _, ok := m.catalogue.Key(name); !ok {
			t.Errorf("key %s is not known", name)
		}
	}
	for event, list := range m.passes {
		prefix, name := prefixed(event, "pass "+event)
		if _, ok := m.catalogue.Action(prefix, name); !ok && m.events[event] == nil {
			t.Errorf("pass %s: there is no such action or event", event)
		}
		for _, p := range list {
			if !strings.HasSuffix(p.service, ".amazonaws.com") || len(p.params) == 0 {
				t.Errorf("pass %s: %+v", event, p)
			}
		}
	}
}

func TestLinesOfEventsTxtThatAreWrongAreErrors(t *testing.T) {
	for _, line := range []string{"event", "event s3:X", "colour s3 blue", "call a:B c", "default s3 V", "id ec2 i", "source x y\nsource x z", "var s3 V a\nvar s3 V b", "var s3 V a#b", "key s3:k a#b", "pass s3:P s3.amazonaws.com a#b", "pass s3:P s3.amazonaws.com", "event s3:E A\nevent s3:E B"} {
		if _, err := parseEventMap(line); err == nil || !strings.Contains(err.Error(), "events.txt:") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// event makes a record of a user of 111122223333 in us-east-1.
func event(t testing.TB, source, name, parameters string, more ...string) *Event {
	t.Helper()
	members := append([]string{
		`"eventType": "AwsApiCall", "awsRegion": "us-east-1", "recipientAccountId": "111122223333", "eventTime": "2026-11-25T10:00:00Z", "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2.0"`,
		`"eventSource": "` + source + `.amazonaws.com", "eventName": "` + name + `", "requestParameters": ` + parameters,
	}, more...)
	if !strings.Contains(strings.Join(more, " "), "userIdentity") {
		members = append(members, `"userIdentity": {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/dev/kim", "accountId": "111122223333", "userName": "kim", "accessKeyId": "AKIAEXAMPLE"}`)
	}
	list, err := ParseEvents([]byte("{" + strings.Join(members, ", ") + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}

// written writes requests: "s3:GetObject arn:aws:s3:::b/k; iam:PassRole …".
func written(a Asking) string {
	var out []string
	for _, r := range a.Requests {
		out = append(out, r.Request.Action+" "+strings.Join(r.Request.Resources, " "))
	}
	return strings.Join(out, "; ")
}

func TestRecordsSayWhatWasAsked(t *testing.T) {
	m := events(t)
	const lambda, ec2 = "arn:aws:lambda:us-east-1:111122223333:", "arn:aws:ec2:us-east-1:111122223333:"
	for _, c := range []struct {
		name, source, event, parameters string
		want                            string
		fit                             Fit
		more                            string
	}{
		{"an object is read", "s3", "GetObject", `{"bucketName": "b", "key": "a/k"}`, "s3:GetObject arn:aws:s3:::b/a/k", FitExact, ""},
		{"an object with a star in its name", "s3", "GetObject", `{"bucketName": "b", "key": "a*"}`, "s3:GetObject arn:aws:s3:::b/a*", FitExact, `"resources": [{"ARN": "arn:aws:s3:::b"}, {"ARN": "arn:aws:s3:::b/a*"}]`},
		{"a version of it is another action", "s3", "GetObject", `{"bucketName": "b", "key": "k", "versionId": "v"}`, "s3:GetObjectVersion arn:aws:s3:::b/k", FitExact, ""},
		{"a bucket's objects are listed", "s3", "ListObjects", `{"bucketName": "b", "prefix": "a/"}`, "s3:ListBucket arn:aws:s3:::b", FitExact, ""},
		{"all buckets are listed", "s3", "ListBuckets", `null`, "s3:ListAllMyBuckets *", FitExact, ""},
		{"a copy reads and writes", "s3", "CopyObject", `{"bucketName": "to", "key": "k2", "x-amz-copy-source": "/from/a/k1?versionId=3"}`, "s3:PutObject arn:aws:s3:::to/k2; s3:GetObject arn:aws:s3:::from/a/k1", FitExact,
			`"resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::to/k2"}]`},
		{"an ACL in the request asks for more", "s3", "PutObject", `{"bucketName": "b", "key": "k", "x-amz-acl": "private"}`, "s3:PutObject arn:aws:s3:::b/k; s3:PutObjectAcl arn:aws:s3:::b/k", FitExact, ""},
		{"the keys of many deletions are not recorded", "s3", "DeleteObjects", `{"bucketName": "b", "delete": ""}`, "s3:DeleteObject arn:aws:s3:::b/*", FitPartly, `"resources": [{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/"}]`},
		{"where replicas go is not what is changed", "s3", "PutBucketReplication", `{"bucketName": "b", "ReplicationConfiguration": {"Role": "arn:aws:iam::111122223333:role/r", "Rule": {"Destination": {"Bucket": "arn:aws:s3:::other"}}}}`,
			"s3:PutReplicationConfiguration arn:aws:s3:::b; iam:PassRole arn:aws:iam::111122223333:role/r", FitExact, ""},
		{"a function by its name", "lambda", "GetFunction20150331v2", `{"functionName": "f"}`, "lambda:GetFunction " + lambda + "function:f", FitExact, ""},
		{"a function by its ARN with an alias", "lambda", "Invoke", `{"functionName": "` + lambda + `function:f:prod"}`, "lambda:InvokeFunction " + lambda + "function:f:prod", FitExact, ""},
		{"a function that is made gets a role", "lambda", "CreateFunction20150331", `{"functionName": "f", "role": "arn:aws:iam::111122223333:role/service-role/r"}`,
			"lambda:CreateFunction " + lambda + "function:f; iam:PassRole arn:aws:iam::111122223333:role/service-role/r", FitExact, ""},
		{"a role that is passed by name has a path that is not said", "glue", "CreateJob", `{"name": "j", "role": "r"}`, "glue:CreateJob arn:aws:glue:us-east-1:111122223333:job/j; iam:PassRole arn:aws:iam::111122223333:role/*r", FitPartly, ""},
		{"an instance that is started needs several resources", "ec2", "RunInstances", `{"instancesSet": {"items": [{"imageId": "ami-1", "keyName": "k"}]}, "instanceType": "t3.micro",
			"networkInterfaceSet": {"items": [{"subnetId": "subnet-1", "groupSet": {"items": [{"groupId": "sg-1"}, {"groupId": "sg-2"}]}}]}}`,
			"ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-1 " + ec2 + "instance/* " + ec2 + "key-pair/k " + ec2 + "network-interface/* " + ec2 + "security-group/sg-1 " + ec2 + "security-group/sg-2 " + ec2 + "subnet/subnet-1 " + ec2 + "volume/*", FitExact, ""},
		{"an instance profile does not say its role", "ec2", "AssociateIamInstanceProfile", `{"AssociateIamInstanceProfileRequest": {"InstanceId": "i-1", "IamInstanceProfile": {"Name": "p"}}}`,
			"ec2:AssociateIamInstanceProfile " + ec2 + "instance/i-1; iam:PassRole arn:aws:iam::111122223333:role/*", FitPartly, ""},
		{"several instances are several resources", "ec2", "TerminateInstances", `{"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}`, "ec2:TerminateInstances " + ec2 + "instance/i-1 " + ec2 + "instance/i-2", FitExact, ""},
		{"two types are needed", "ec2", "AttachVolume", `{"instanceId": "i-1", "volumeId": "vol-1"}`, "ec2:AttachVolume " + ec2 + "instance/i-1 " + ec2 + "volume/vol-1", FitExact, ""},
		{"an id of any type says its type", "ec2", "CreateTags", `{"resourcesSet": {"items": [{"resourceId": "vol-0123456789abcdef0"}, {"resourceId": "vpce-svc-0123456789abcdef0"}]}, "tagSet": {"items": [{"key": "team", "value": "a"}]}}`,
			"ec2:CreateTags " + ec2 + "volume/vol-0123456789abcdef0 " + ec2 + "vpc-endpoint-service/vpce-svc-0123456789abcdef0", FitExact, ""},
		{"what is made with tags is tagged", "ec2", "CreateVolume", `{"size": "8", "tagSpecificationSet": {"items": [{"resourceType": "volume", "tags": [{"key": "a", "value": "b"}]}]}}`,
			"ec2:CreateVolume " + ec2 + "volume/*; ec2:CreateTags " + ec2 + "volume/*", FitExact, ""},
		{"a role that is made with tags", "iam", "CreateRole", `{"roleName": "r", "tags": [{"key": "a", "value": "b"}]}`, "iam:CreateRole arn:aws:iam::111122223333:role/r; iam:TagRole arn:aws:iam::111122223333:role/r", FitExact, ""},
		{"a table that is made with tags", "dynamodb", "CreateTable", `{"tableName": "t", "tags": [{"key": "a", "value": "b"}]}`,
			"dynamodb:CreateTable arn:aws:dynamodb:us-east-1:111122223333:table/t; dynamodb:TagResource arn:aws:dynamodb:us-east-1:111122223333:table/t", FitExact, ""},
		{"tagging itself is one request", "lambda", "TagResource20170331v2", `{"resource": "` + lambda + `function:f", "tags": {"a": "b"}}`, "lambda:TagResource " + lambda + "function:f", FitExact, ""},
		{"a bucket that is made with more", "s3", "CreateBucket", `{"bucketName": "b", "x-amz-object-ownership": "ObjectWriter"}`, "s3:CreateBucket arn:aws:s3:::b; s3:PutBucketOwnershipControls arn:aws:s3:::b", FitExact, ""},
		{"a call without resources", "ec2", "DescribeInstances", `{}`, "ec2:DescribeInstances *", FitExact, ""},
		{"the path of a role is not recorded", "iam", "AttachRolePolicy", `{"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}`, "iam:AttachRolePolicy arn:aws:iam::111122223333:role/*r", FitPartly, ""},
		{"the path of a role that is made is", "iam", "CreateRole", `{"roleName": "r", "path": "/a/b/"}`, "iam:CreateRole arn:aws:iam::111122223333:role/a/b/r", FitExact, ""},
		{"a role that is made without a path has none", "iam", "CreateRole", `{"roleName": "r"}`, "iam:CreateRole arn:aws:iam::111122223333:role/r", FitExact, ""},
		{"a service-linked role's name is not recorded", "iam", "CreateServiceLinkedRole", `{"aWSServiceName": "ecs.amazonaws.com"}`, "iam:CreateServiceLinkedRole arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/*", FitPartly, ""},
		{"a key for oneself", "iam", "CreateAccessKey", `null`, "iam:CreateAccessKey arn:aws:iam::111122223333:user/dev/kim", FitExact, ""},
		{"a role is assumed with tags and an identity", "sts", "AssumeRole", `{"roleArn": "arn:aws:iam::444455556666:role/r", "roleSessionName": "s", "sourceIdentity": "kim", "tags": [{"key": "team", "value": "a"}]}`,
			"sts:AssumeRole arn:aws:iam::444455556666:role/r; sts:SetSourceIdentity arn:aws:iam::444455556666:role/r; sts:TagSession arn:aws:iam::444455556666:role/r", FitExact, ""},
		{"a key by its alias is named under resources", "kms", "Decrypt", `{"keyId": "alias/app"}`, "kms:Decrypt arn:aws:kms:us-east-1:111122223333:key/1", FitExact, `"resources": [{"type": "AWS::KMS::Key", "ARN": "arn:aws:kms:us-east-1:111122223333:key/1", "accountId": "111122223333"}]`},
		{"an alias alone does not say the key", "kms", "Encrypt", `{"keyId": "alias/app"}`, "kms:Encrypt arn:aws:kms:us-east-1:111122223333:key/*", FitPartly, ""},
		{"two keys, one for each action", "kms", "ReEncrypt", `{"sourceKeyId": "1", "destinationKeyId": "2"}`, "kms:ReEncryptFrom arn:aws:kms:us-east-1:111122223333:key/1; kms:ReEncryptTo arn:aws:kms:us-east-1:111122223333:key/2", FitExact,
			`"resources": [{"ARN": "arn:aws:kms:us-east-1:111122223333:key/1"}, {"ARN": "arn:aws:kms:us-east-1:111122223333:key/2"}]`},
		{"a queue by its URL", "sqs", "SendMessageBatch", `{"queueUrl": "https://sqs.us-east-1.amazonaws.com/444455556666/orders"}`, "sqs:SendMessage arn:aws:sqs:us-east-1:444455556666:orders", FitExact, ""},
		{"a topic by its ARN", "sns", "PublishBatch", `{"topicArn": "arn:aws:sns:us-east-1:444455556666:t"}`, "sns:Publish arn:aws:sns:us-east-1:444455556666:t", FitExact, ""},
		{"tables of a batch", "dynamodb", "BatchGetItem", `{"requestItems": {"a": {"keys": []}, "b": {"keys": [1]}}}`, "dynamodb:BatchGetItem arn:aws:dynamodb:us-east-1:111122223333:table/a arn:aws:dynamodb:us-east-1:111122223333:table/b", FitExact, ""},
		{"a transaction is what it does", "dynamodb", "TransactWriteItems", `{"transactItems": [{"put": {"tableName": "a"}}]}`, "dynamodb:PutItem arn:aws:dynamodb:us-east-1:111122223333:table/a", FitExact, ""},
		{"an index goes with its table", "dynamodb", "Query", `{"tableName": "a", "indexName": "i"}`, "dynamodb:Query arn:aws:dynamodb:us-east-1:111122223333:table/a/index/i arn:aws:dynamodb:us-east-1:111122223333:table/a", FitExact, ""},
		{"a secret's name lacks six characters", "secretsmanager", "GetSecretValue", `{"secretId": "app/db"}`, "secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-??????", FitPartly, ""},
		{"a session on an instance", "ssm", "StartSession", `{"target": "i-0123456789abcdef0", "documentName": "d"}`, "ssm:StartSession arn:aws:ssm:us-east-1:111122223333:document/d " + ec2 + "instance/i-0123456789abcdef0", FitExact, ""},
		{"a session on another machine", "ssm", "StartSession", `{"target": "mi-0123456789abcdef0"}`, "ssm:StartSession arn:aws:ssm:us-east-1:111122223333:managed-instance/mi-0123456789abcdef0", FitExact, ""},
		{"the workgroup that AWS takes", "athena", "StartQueryExecution", `{"queryString": "x", "name": "n"}`, "athena:StartQueryExecution arn:aws:athena:us-east-1:111122223333:workgroup/primary", FitExact, ""},
		{"a name is no id", "ec2", "CopyImage", `{"name": "n", "sourceImageId": "ami-1"}`, "ec2:CopyImage arn:aws:ec2:us-east-1::image/* arn:aws:ec2:us-east-1::snapshot/*", FitExact, ""},
		{"a placement group is no security group", "ec2", "RunInstances", `{"instancesSet": {"items": [{"imageId": "ami-1"}]}, "groupSet": {"items": [{"groupId": "sg-1"}]}, "placement": {"groupId": "pg-1"}, "subnetId": "subnet-1"}`,
			"ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-1 " + ec2 + "instance/* " + ec2 + "network-interface/* " + ec2 + "security-group/sg-1 " + ec2 + "subnet/subnet-1 " + ec2 + "volume/*", FitExact, ""},
		{"whose name it is", "events", "CreateApiDestination", `{"name": "d", "connectionArn": "arn:aws:events:us-east-1:111122223333:connection/c/1"}`,
			"events:CreateApiDestination arn:aws:events:us-east-1:111122223333:api-destination/d arn:aws:events:us-east-1:111122223333:connection/c/1", FitExact, ""},
		{"a parameter without its slash", "ssm", "GetParameters", `{"names": ["/app/a", "b"]}`, "ssm:GetParameters arn:aws:ssm:us-east-1:111122223333:parameter/app/a arn:aws:ssm:us-east-1:111122223333:parameter/b", FitExact, ""},
		{"a log group", "logs", "PutLogEvents", `{"logGroupName": "/a", "logStreamName": "s"}`, "logs:PutLogEvents arn:aws:logs:us-east-1:111122223333:log-group:/a:log-stream:s", FitExact, ""},
		{"a database", "rds", "DeleteDBInstance", `{"dBInstanceIdentifier": "d"}`, "rds:DeleteDBInstance arn:aws:rds:us-east-1:111122223333:db:d", FitExact, ""},
		{"a cluster of its own name", "eks", "DescribeCluster", `{"name": "c"}`, "eks:DescribeCluster arn:aws:eks:us-east-1:111122223333:cluster/c", FitExact, ""},
		{"the default event bus", "events", "DeleteRule", `{"name": "r"}`, "events:DeleteRule arn:aws:events:us-east-1:111122223333:rule/r", FitExact, ""},
		{"another event bus", "events", "DeleteRule", `{"name": "r", "eventBusName": "b"}`, "events:DeleteRule arn:aws:events:us-east-1:111122223333:rule/b/r", FitExact, ""},
		{"events for the default bus", "events", "PutEvents", `{"entries": [{"source": "a"}]}`, "events:PutEvents arn:aws:events:us-east-1:111122223333:event-bus/default", FitExact, ""},
		{"a repository", "ecr", "PutImage", `{"repositoryName": "a/b"}`, "ecr:PutImage arn:aws:ecr:us-east-1:111122223333:repository/a/b", FitExact, ""},
		{"the id of a stack that is made is not known", "cloudformation", "CreateStack", `{"stackName": "s", "roleARN": "arn:aws:iam::111122223333:role/cfn"}`, "cloudformation:CreateStack arn:aws:cloudformation:us-east-1:111122223333:stack/s/*; iam:PassRole arn:aws:iam::111122223333:role/cfn", FitExact, ""},
		{"metrics are cloudwatch's", "monitoring", "PutDashboard", `{"dashboardName": "d"}`, "cloudwatch:PutDashboard arn:aws:cloudwatch::111122223333:dashboard/d", FitExact, ""},
		{"an API is made", "apigateway", "CreateApi", `{"name": "a"}`, "apigateway:POST arn:aws:apigateway:us-east-1::/apis", FitExact, ""},
		{"a stage of a REST API", "apigateway", "DeleteStage", `{"restApiId": "r", "stageName": "s"}`, "apigateway:DELETE arn:aws:apigateway:us-east-1::/restapis/r/stages/s", FitExact, ""},
		{"a stage of another API", "apigateway", "DeleteStage", `{"apiId": "r", "stageName": "s"}`, "apigateway:DELETE arn:aws:apigateway:us-east-1::/apis/r/stages/s", FitExact, ""},
		{"a date in a name", "cloudfront", "GetDistribution2020_05_31", `{"id": "E1"}`, "cloudfront:GetDistribution arn:aws:cloudfront::111122223333:distribution/E1", FitExact, ""},
		{"a source and what is made of it", "ec2", "CopySnapshot", `{"sourceSnapshotId": "snap-1"}`, "ec2:CopySnapshot arn:aws:ec2:us-east-1::snapshot/snap-1 arn:aws:ec2:us-east-1::snapshot/*", FitExact, ""},
		{"a model", "bedrock", "Converse", `{"modelId": "anthropic.claude-v2:1"}`, "bedrock:InvokeModel arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2:1", FitExact, ""},
		{"a value that CloudTrail hides", "sts", "AssumeRole", `{"roleArn": "HIDDEN_DUE_TO_SECURITY_REASONS"}`, "sts:AssumeRole arn:aws:iam::111122223333:role/*", FitPartly, ""},
		{"parameters that are left out", "dynamodb", "PutItem", `"omitted"`, "dynamodb:PutItem arn:aws:dynamodb:us-east-1:111122223333:table/*", FitPartly, ""},
		{"a failed call may have had parameters", "iam", "CreateAccessKey", `null`, "iam:CreateAccessKey arn:aws:iam::111122223333:user/*", FitPartly, `"errorCode": "AccessDenied"`},
		{"a failed call of an action without resources", "ec2", "DescribeInstances", `null`, "ec2:DescribeInstances *", FitExact, `"errorCode": "AccessDenied"`},
		{"an id that AWS gives to what is made", "guardduty", "CreateDetector", `{"enable": true}`, "guardduty:CreateDetector *", FitExact, ""},
		{"a detector's filter", "guardduty", "CreateFilter", `{"detectorId": "d", "name": "f"}`, "guardduty:CreateFilter arn:aws:guardduty:us-east-1:111122223333:detector/d/filter/f", FitExact, ""},
		{"one of all types that can have tags", "dynamodb", "UntagResource", `{"resourceArn": "arn:aws:dynamodb:us-east-1:111122223333:table/t", "tagKeys": ["a"]}`, "dynamodb:UntagResource arn:aws:dynamodb:us-east-1:111122223333:table/t", FitExact, ""},
		{"a copy names two", "rds", "CopyDBParameterGroup", `{"sourceDBParameterGroupIdentifier": "a", "targetDBParameterGroupIdentifier": "b"}`, "rds:CopyDBParameterGroup arn:aws:rds:us-east-1:111122223333:pg:a arn:aws:rds:us-east-1:111122223333:pg:b", FitExact, ""},
		{"another partition", "sqs", "CreateQueue", `{"queueName": "q"}`, "sqs:CreateQueue arn:aws-cn:sqs:us-east-1:111122223333:q", FitExact, `"userIdentity": {"type": "IAMUser", "arn": "arn:aws-cn:iam::111122223333:user/kim", "accountId": "111122223333", "userName": "kim"}`},
		{"the owner is not known to the caller's record", "sqs", "GetQueueAttributes", `{"queueName": "q"}`, "sqs:GetQueueAttributes arn:aws:sqs:us-east-1:*:q", FitPartly, `"sharedEventID": "1"`},
		{"an action that nobody knows", "coffee", "BrewCup", `{}`, "", FitNone, ""},
		{"a sign-in", "signin", "ConsoleLogin", `null`, "", FitNoCheck, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var more []string
			if c.more != "" {
				more = []string{c.more}
			}
			a := m.Asked(event(t, c.source, c.event, c.parameters, more...))
			if got := written(a); got != c.want || a.Fit != c.fit {
				t.Errorf("%s, %s\n%v\nwant %s", got, a.Fit, a.Reasons, c.want)
			}
			if (a.Fit == FitExact) != (len(a.Reasons) == 0) {
				t.Errorf("%s for %v", a.Fit, a.Reasons)
			}
			for _, r := range a.Requests {
				if r.Implied != (r.Request.Action == "iam:PassRole" || r.Request.Action == "ec2:CreateTags" && c.event != "CreateTags" || strings.Contains(r.Request.Action, ":Tag") && r.Request.Action != "sts:TagSession" && !strings.HasPrefix(c.event, "Tag")) {
					t.Errorf("%s is implied: %v", r.Request.Action, r.Implied)
				}
			}
		})
	}
}

func TestRecordsSayWhoAsked(t *testing.T) {
	m := events(t)
	for _, c := range []struct {
		name, identity string
		want           Principal
		role           string
		keys           map[string]string // "" is absent, "?" unknown, "!" there with some value
	}{
		{"a user with a long-term key was not asked for MFA",
			`{"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/a/kim", "accountId": "111122223333", "userName": "kim", "accessKeyId": "AKIA1"}`,
			Principal{ARN: "arn:aws:iam::111122223333:user/a/kim"}, "",
			map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:user/a/kim", "aws:PrincipalType": "User", "aws:username": "kim", "aws:userid": "AIDA1", "aws:PrincipalAccount": "111122223333",
				"aws:MultiFactorAuthPresent": "", "aws:TokenIssueTime": "", "aws:ViaAWSService": "false", "aws:CalledVia": "", "aws:PrincipalIsAWSService": "false"}},
		{"a session is its role",
			`{"type": "AssumedRole", "principalId": "AROA1:s", "arn": "arn:aws:sts::111122223333:assumed-role/r/s", "accountId": "111122223333", "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/a/r", "userName": "r"},
			"attributes": {"creationDate": "2026-11-25T09:00:00Z", "mfaAuthenticated": "true"}, "sourceIdentity": "kim"}}`,
			Principal{ARN: "arn:aws:sts::111122223333:assumed-role/r/s"}, "arn:aws:iam::111122223333:role/a/r",
			map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:role/a/r", "aws:PrincipalType": "AssumedRole", "aws:userid": "AROA1:s", "aws:username": "", "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "!",
				"aws:TokenIssueTime": "2026-11-25T09:00:00Z", "aws:SourceIdentity": "kim", "aws:FederatedProvider": ""}},
		{"a session of a web identity has its provider",
			`{"type": "AssumedRole", "principalId": "AROA1:s", "arn": "arn:aws:sts::111122223333:assumed-role/r/s", "accountId": "111122223333", "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/r"},
			"webIdFederationData": {"federatedProvider": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "attributes": {"mfaAuthenticated": "false"}}}`,
			Principal{ARN: "arn:aws:sts::111122223333:assumed-role/r/s"}, "arn:aws:iam::111122223333:role/r",
			map[string]string{"aws:FederatedProvider": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com", "aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": ""}},
		{"the root user is its account",
			`{"type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"}`,
			Principal{ARN: "arn:aws:iam::111122223333:root"}, "", map[string]string{"aws:PrincipalType": "Account", "aws:userid": "111122223333", "aws:username": ""}},
		{"a service is nobody's user",
			`{"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}`,
			Principal{Service: "cloudtrail.amazonaws.com"}, "",
			map[string]string{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "cloudtrail.amazonaws.com", "aws:SourceArn": "?", "aws:PrincipalArn": "", "aws:ViaAWSService": "false"}},
		{"a service that acts for a user",
			`{"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/kim", "accountId": "111122223333", "userName": "kim", "invokedBy": "cloudformation.amazonaws.com"}`,
			Principal{ARN: "arn:aws:iam::111122223333:user/kim"}, "",
			map[string]string{"aws:ViaAWSService": "true", "aws:CalledViaLast": "cloudformation.amazonaws.com", "aws:CalledVia": "!", "aws:UserAgent": "?", "kms:ViaService": "cloudformation.us-east-1.amazonaws.com"}},
		{"a service without a name that acts for a user",
			`{"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/kim", "accountId": "111122223333", "userName": "kim", "invokedBy": "AWS Internal"}`,
			Principal{ARN: "arn:aws:iam::111122223333:user/kim"}, "", map[string]string{"aws:ViaAWSService": "true", "aws:CalledViaLast": "!", "kms:ViaService": "!"}},
		{"nobody", `{"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}`, Principal{Anonymous: true}, "", map[string]string{"aws:PrincipalType": "Anonymous", "aws:PrincipalAccount": ""}},
		{"another account", `{"type": "AWSAccount", "principalId": "AIDA2", "accountId": "444455556666"}`, Principal{ARN: "arn:aws:iam::444455556666:root"}, "", map[string]string{"aws:PrincipalAccount": "444455556666", "aws:PrincipalArn": "?"}},
		{"a user of a provider", `{"type": "WebIdentityUser", "principalId": "accounts.google.com:1:2", "userName": "2", "identityProvider": "accounts.google.com"}`, Principal{Federated: "accounts.google.com"}, "", map[string]string{"aws:PrincipalType": "?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := m.Asked(event(t, "kms", "Decrypt", `{"keyId": "1"}`, `"userIdentity": `+c.identity))
			if a.Principal != c.want || a.Role != c.role || a.Requests[0].Request.Principal != c.want {
				t.Errorf("%+v, %q", a.Principal, a.Role)
			}
			checkKeys(t, a.Requests[0], c.keys)
		})
	}
}

// checkKeys compares keys: "" is absent, "?" not known, "!" there with some
// value.
func checkKeys(t *testing.T, a Asked, want map[string]string) {
	t.Helper()
	listed := func(patterns []string, key string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			before, any := strings.CutSuffix(p, "*")
			return p == key || any && strings.HasPrefix(key, before)
		})
	}
	for key, w := range want {
		v, there := a.Request.Context[key]
		got := strings.Join(v.List, ",")
		switch {
		case listed(a.Unknown, key):
			got = "?"
		case listed(a.UnknownValue, key):
			got = "!"
		}
		if got != w || there != (w != "" && w != "?" && w != "!") {
			t.Errorf("%s is %q, not %q", key, got, w)
		}
	}
}

func TestRecordsSayTheConditionKeys(t *testing.T) {
	m := events(t)
	for _, c := range []struct {
		name, source, event, parameters, more string
		keys                                  map[string]string
	}{
		{"of the network", "s3", "ListObjects", `{"bucketName": "b", "prefix": "a/", "max-keys": "10"}`, `"tlsDetails": {"tlsVersion": "TLSv1.3"}, "additionalEventData": {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader"}`,
			map[string]string{"aws:SourceIp": "203.0.113.9", "aws:SourceVpce": "", "aws:UserAgent": "aws-cli/2.0", "aws:SecureTransport": "true", "aws:CurrentTime": "2026-11-25T10:00:00Z", "aws:EpochTime": "1795600800",
				"aws:RequestedRegion": "us-east-1", "s3:prefix": "a/", "s3:max-keys": "10", "s3:delimiter": "", "s3:TlsVersion": "1.3", "s3:signatureversion": "AWS4-HMAC-SHA256", "s3:authType": "REST-HEADER",
				"s3:signatureAge": "?", "aws:PrincipalOrgID": "?", "aws:PrincipalTag/team": "?", "aws:ResourceTag/team": "?"}},
		{"of an endpoint", "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"vpcEndpointId": "vpce-1", "vpcEndpointAccountId": "444455556666"`,
			map[string]string{"aws:SourceIp": "", "aws:VpcSourceIp": "203.0.113.9", "aws:SourceVpce": "vpce-1", "aws:SourceVpc": "!", "aws:VpceAccount": "444455556666", "aws:SecureTransport": "!", "s3:ExistingObjectTag/team": "?", "s3:authType": "?"}},
		{"of a service's call", "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"sourceIPAddress": "athena.amazonaws.com"`, map[string]string{"aws:SourceIp": "?", "aws:SourceVpce": "?"}},
		{"of the owner", "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"resources": [{"ARN": "arn:aws:s3:::b/k"}, {"ARN": "arn:aws:s3:::b", "accountId": "444455556666"}]`, map[string]string{"aws:ResourceAccount": "444455556666"}},
		{"of two owners", "s3", "GetObject", `{"bucketName": "b", "key": "k"}`, `"resources": [{"ARN": "arn:aws:s3:::b/k", "accountId": "111122223333"}, {"ARN": "arn:aws:s3:::b", "accountId": "444455556666"}]`, map[string]string{"aws:ResourceAccount": "!"}},
		{"tags of EC2", "ec2", "CreateVolume", `{"size": "80", "tagSpecificationSet": {"items": [{"resourceType": "volume", "tags": [{"key": "team", "value": "a"}, {"key": "env", "value": "dev"}]}]}}`, "",
			map[string]string{"aws:RequestTag/team": "a", "aws:RequestTag/env": "dev", "aws:TagKeys": "env,team", "ec2:VolumeSize": "80", "ec2:Encrypted": ""}},
		{"tags of a map", "lambda", "TagResource20170331v2", `{"resource": "arn:aws:lambda:us-east-1:111122223333:function:f", "tags": {"team": "a"}}`, "", map[string]string{"aws:RequestTag/team": "a", "aws:TagKeys": "team"}},
		{"no tags", "iam", "CreateUser", `{"userName": "u", "permissionsBoundary": "arn:aws:iam::111122223333:policy/b"}`, "", map[string]string{"aws:RequestTag/team": "", "aws:TagKeys": "", "iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/b"}},
		{"tags that are taken away", "iam", "UntagUser", `{"userName": "u", "tagKeys": ["a", "b"]}`, "", map[string]string{"aws:TagKeys": "a,b"}},
		{"tags in a form that nobody knows", "iam", "CreateUser", `{"userName": "u", "tags": "a=b"}`, "", map[string]string{"aws:RequestTag/a": "?", "aws:TagKeys": "?"}},
		{"of IAM", "iam", "AttachUserPolicy", `{"userName": "u", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}`, "", map[string]string{"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess", "iam:PermissionsBoundary": ""}},
		{"of a role that is assumed", "sts", "AssumeRole", `{"roleArn": "arn:aws:iam::111122223333:role/r", "externalId": "x", "roleSessionName": "s"}`, "", map[string]string{"sts:ExternalId": "x", "sts:RoleSessionName": "s", "sts:SourceIdentity": ""}},
		{"of an encryption context", "kms", "Encrypt", `{"keyId": "1", "encryptionContext": {"app": "a"}}`, "", map[string]string{"kms:EncryptionContext:app": "a", "kms:EncryptionContextKeys": "app", "kms:ViaService": "", "kms:CallerAccount": "111122223333"}},
		{"a value that is hidden is there", "rds", "CreateDBInstance", `{"dBInstanceIdentifier": "d", "engine": "HIDDEN_DUE_TO_SECURITY_REASONS"}`, "", map[string]string{"rds:DatabaseEngine": "!"}},
		{"parameters that are left out", "iam", "AttachUserPolicy", `"omitted"`, "", map[string]string{"iam:PolicyARN": "?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var more []string
			if c.more != "" {
				more = []string{c.more}
			}
			a := m.Asked(event(t, c.source, c.event, c.parameters, more...))
			if len(a.Requests) == 0 {
				t.Fatal(a.Reasons)
			}
			checkKeys(t, a.Requests[0], c.keys)
		})
	}
	a := m.Asked(event(t, "lambda", "CreateFunction20150331", `{"functionName": "f", "role": "arn:aws:iam::111122223333:role/r"}`))
	checkKeys(t, a.Requests[1], map[string]string{"iam:PassedToService": "lambda.amazonaws.com", "iam:AssociatedResourceArn": "?"})
}

func TestATypeWithoutARNsIsSaid(t *testing.T) {
	var b bytes.Buffer
	cup := &permission.Type{Service: "coffee", Name: "cup"}
	err := permission.WriteCatalogue(&b, permission.Version{Source: "x"}, []*permission.Service{{Prefix: "coffee", Types: []*permission.Type{cup}, Actions: []*permission.Action{
		{Name: "CreateCup", Level: permission.Write, Resources: []permission.Resource{{Type: cup, Need: permission.Required}}},
		{Name: "Look", Level: permission.Read, Resources: []permission.Resource{{Type: cup}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := permission.ReadCatalogue(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewEvents(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"CreateCup", "Look"} {
		if a := m.Asked(event(t, "coffee", name, `{}`)); a.Fit != FitPartly || written(a) != "coffee:"+name+" *" {
			t.Errorf("%s %s %v", a.Fit, written(a), a.Reasons)
		}
	}
}

func TestErrorsSayWhatCameOfIt(t *testing.T) {
	m := events(t)
	for code, want := range map[string]Outcome{"": OutcomeAllowed, "AccessDenied": OutcomeDenied, "Client.UnauthorizedOperation": OutcomeDenied, "NoSuchBucket": OutcomeUnknown} {
		if a := m.Asked(event(t, "s3", "GetObject", `{}`, `"errorCode": "`+code+`"`)); a.Outcome != want {
			t.Errorf("%q: %s", code, a.Outcome)
		}
	}
}

func TestTheEvaluatorTakesWhatWasAsked(t *testing.T) {
	m := events(t)
	a := m.Asked(event(t, "s3", "GetObject", `{"bucketName": "b", "key": "a/k"}`))
	for text, want := range map[string]Verdict{
		`{"Action": "s3:GetObject", "Effect": "Allow", "Resource": "arn:aws:s3:::b/a/*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}`: Allowed,
		`{"Action": "s3:GetObject", "Effect": "Allow", "Resource": "arn:aws:s3:::b/c/*"}`:                                                                 ImplicitlyDenied,
		`{"Action": "s3:GetObject", "Effect": "Allow", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}`:                   DependsOn,
		`{"Action": "s3:GetObject", "Effect": "Allow", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}`:                   ImplicitlyDenied,
	} {
		doc, err := policy.Parse(`{"Version": "2012-10-17", "Statement": [`+text+`]}`, policy.Identity)
		if err != nil {
			t.Fatal(err)
		}
		q := a.Requests[0].Question()
		q.Policies.Identity = []*policy.Document{doc}
		d, err := New(m.catalogue).Decide(&q)
		if err != nil {
			t.Fatal(err)
		}
		if d.Verdict != want {
			t.Errorf("%s: %s", text, d.Verdict)
		}
	}
}

func TestFilesOfRecordsAreReadInAllForms(t *testing.T) {
	one := `{"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "requestParameters": {"n": 12345678901234567890}}`
	for _, c := range []struct {
		text string
		n    int
	}{{one, 1}, {"[" + one + "," + one + "]", 2}, {`{"Records": [` + one + `]}`, 1}, {`{"Records": []}`, 0}, {" " + one + "\n", 1}} {
		list, err := ParseEvents([]byte(c.text))
		if err != nil || len(list) != c.n {
			t.Errorf("%s: %d, %v", c.text, len(list), err)
		}
		if len(list) > 0 && plainTexts(list[0].Parameters.(map[string]any)["n"])[0] != "12345678901234567890" {
			t.Error("a number was rounded")
		}
	}
	for _, bad := range []string{"", "{}", "[{}]", "[null]", one + one, `{"Records": [{}]}`, "x", `{"eventSource": 1}`} {
		if _, err := ParseEvents([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func FuzzAsked(f *testing.F) {
	m := events(f)
	f.Add([]byte(`{"eventSource": "s3.amazonaws.com", "eventName": "CopyObject", "awsRegion": "us-east-1", "recipientAccountId": "111122223333", "requestParameters": {"bucketName": "b", "key": "k", "x-amz-copy-source": "b/k"}, "resources": [{"ARN": "arn:aws:s3:::b/k"}]}`))
	f.Add([]byte(`{"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "requestParameters": {"instancesSet": {"items": [{"imageId": "ami-1"}]}, "iamInstanceProfile": {"arn": "x"}, "tagSpecificationSet": {"items": [{"tags": [{"key": "a"}]}]}}}`))
	f.Add([]byte(`{"eventSource": "apigateway.amazonaws.com", "eventName": "UpdateStage", "requestParameters": {"restApiId": ["a", "b"]}, "userIdentity": {"type": "AssumedRole", "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseEvents(data)
		if err != nil {
			return
		}
		for _, e := range list {
			before, _ := json.Marshal(e.Parameters)
			a := m.Asked(e)
			if after, _ := json.Marshal(e.Parameters); string(after) != string(before) {
				t.Fatal("the record was changed")
			}
			if !reflect.DeepEqual(a, m.Asked(e)) {
				t.Fatal("the same record says two things")
			}
			if (a.Fit == FitExact) != (len(a.Reasons) == 0) {
				t.Fatalf("%s for %v", a.Fit, a.Reasons)
			}
			for _, r := range a.Requests {
				if len(r.Request.Resources) == 0 || len(r.Types) != len(r.Request.Resources) {
					t.Fatalf("%s has %d resources of %d types", r.Request.Action, len(r.Request.Resources), len(r.Types))
				}
				for _, arn := range r.Request.Resources {
					if arn != "*" && !strings.HasPrefix(arn, "arn:") || strings.Contains(arn, "${Partition}") {
						t.Fatalf("%s: %q is no resource", r.Request.Action, arn)
					}
				}
			}
		}
	})
}

func FuzzParseEventMap(f *testing.F) {
	f.Add("source a b\nevent s3:X GetObject@a PutObject!b\ncall a:B c:D /x/{y}\nvar s3 V a#last b+c\nid ec2 i instance\nchoose a b c d e\ntag a b:C\ndata s3 X")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseEventMap(text)
		if err != nil {
			return
		}
		for _, list := range m.vars {
			for _, p := range list {
				if v, ok := part("arn:aws:s3:::b", p.part); !ok || v.text != "arn:aws:s3:::b" {
					t.Fatalf("%q takes an ARN apart: %v", p.part, v)
				}
				part("a/b:c", p.part)
			}
		}
	})
}

func BenchmarkAsked(b *testing.B) {
	m := events(b)
	for _, c := range []struct{ source, name, parameters string }{
		{"s3", "GetObject", `{"bucketName": "b", "key": "k"}`},
		{"ec2", "RunInstances", `{"instancesSet": {"items": [{"imageId": "ami-1"}]}}`},
		{"kms", "Decrypt", `{"keyId": "1"}`},
	} {
		e := event(b, c.source, c.name, c.parameters)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if a := m.Asked(e); a.Fit == FitNone {
					b.Fatal(a.Reasons)
				}
			}
		})
	}
}
