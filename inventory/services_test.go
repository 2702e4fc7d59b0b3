package inventory

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

// readerCase is one answer and what must be in the resource that it makes. want
// lists paths and JSON values, as in TestReaders; "null" is for what must not be
// there.
type readerCase struct {
	name, op, answer string
	typ, id          string
	want             map[string]string
}

// checkReaders runs the cases; everything that a reader makes must have a name in
// the schema.
func checkReaders(t *testing.T, cases []readerCase) {
	t.Helper()
	names, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var r *haetae.Resource
			for _, x := range Read(c.op, &Answer{Op: c.op, Account: me, Region: "eu-west-1", Body: body(t, c.answer)}) {
				if x.Type == c.typ && x.ID == c.id {
					r = x
				}
			}
			if r == nil {
				t.Fatalf("no %s %s", c.typ, c.id)
			}
			typ, ok := names.Type(r.Type)
			if !ok {
				t.Fatalf("the schema has no %s", r.Type)
			}
			for _, m := range []map[string]any{r.Props, r.Observed, r.Volatile} {
				named(t, typ, "", m)
			}
			for path, want := range c.want {
				if got := atPath(r, path); !sameJSON(t, got, want) {
					t.Errorf("%s is %s, want %s", path, text(got), want)
				}
			}
		})
	}
}

// at returns what is at a path of a resource.
func atPath(r *haetae.Resource, path string) any {
	switch {
	case path == "ARN":
		return r.ARN
	case path == "Stub":
		return r.Stub
	}
	if p, ok := strings.CutPrefix(path, "Observed."); ok {
		return get(r.Observed, p)
	}
	if p, ok := strings.CutPrefix(path, "Volatile."); ok {
		return get(r.Volatile, p)
	}
	return get(r.Props, path)
}

// named checks that each name below a path is one of the schema.
func named(t *testing.T, typ *schema.Type, path string, v any) {
	t.Helper()
	var field *schema.Field
	if path != "" {
		f, err := typ.Lookup(path)
		if err != nil {
			t.Error(err)
			return
		}
		field = f
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch {
			case field == nil:
				named(t, typ, k, x)
			case field.Kind == schema.KindObject:
				named(t, typ, path+"."+k, x)
			case field.Kind == schema.Map:
				named(t, typ, path+"{}", x)
			}
		}
	case []any:
		for _, x := range v {
			if field.Kind == schema.List {
				named(t, typ, path+"[]", x)
			}
		}
	}
}

// denied loads a folder in which one call was denied, and checks that what only
// that call tells is unknown and says which permission was missing.
func denied(t *testing.T, answers, typ, id, path, action string) {
	t.Helper()
	s := load(t, answers, Options{Account: me, Region: "eu-west-1"})
	u := unknown(t, atPath(find(t, s, typ, id), path))
	if u.Reason != haetae.Denied || len(u.Actions) != 1 || u.Actions[0] != action {
		t.Errorf("%s is unknown for %s %v, want %s %s", path, u.Reason, u.Actions, haetae.Denied, action)
	}
}

func TestLogs(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a log group's ARN has no asterisk, and its time is readable", "logs:DescribeLogGroups",
			`{"logGroups":[{"logGroupName":"/app/web","creationTime":1577836800000,"retentionInDays":30,"storedBytes":9,"kmsKeyId":"arn:k",
			  "logGroupClass":"STANDARD","arn":"arn:aws:logs:eu-west-1:111122223333:log-group:/app/web:*"}]}`,
			"AWS::Logs::LogGroup", "/app/web",
			map[string]string{
				"RetentionInDays": `30`, "KmsKeyId": `"arn:k"`, "LogGroupClass": `"STANDARD"`, "DataProtectionPolicy": `null`,
				"ARN": `"arn:aws:logs:eu-west-1:111122223333:log-group:/app/web"`, "Observed.CreationTime": `"2020-01-01T00:00:00Z"`, "Volatile.StoredBytes": `9`,
			},
		}, {
			"a log group's tags are those of the name after the ARN's prefix", "logs:ListTagsForResource",
			`{"resourceArn":"arn:aws:logs:eu-west-1:111122223333:log-group:/app/web","tags":{"b":"2","a":"1"}}`,
			"AWS::Logs::LogGroup", "/app/web", map[string]string{"Tags": `[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]`},
		}, {
			"a data protection policy is an object", "logs:GetDataProtectionPolicy",
			`{"logGroupIdentifier":"/app/web","policyDocument":"{\"Name\":\"p\",\"Statement\":[]}"}`,
			"AWS::Logs::LogGroup", "/app/web", map[string]string{"DataProtectionPolicy": `{"Name":"p","Statement":[]}`},
		}, {
			"the dimensions of a metric filter are a list", "logs:DescribeMetricFilters",
			`{"metricFilters":[{"filterName":"f","logGroupName":"/app/web","filterPattern":"{ $.x = * }","creationTime":1,
			  "metricTransformations":[{"metricName":"m","metricNamespace":"n","metricValue":"1","defaultValue":0,"dimensions":{"d":"$.d"}}]}]}`,
			"AWS::Logs::MetricFilter", "/app/web|f",
			map[string]string{
				"FilterPattern":         `"{ $.x = * }"`,
				"MetricTransformations": `[{"MetricName":"m","MetricNamespace":"n","MetricValue":"1","DefaultValue":0,"Dimensions":[{"Key":"d","Value":"$.d"}]}]`,
			},
		}, {
			"a subscription filter says where it sends to", "logs:DescribeSubscriptionFilters",
			`{"logGroupName":"/app/web","subscriptionFilters":[{"filterName":"f","logGroupName":"/app/web","filterPattern":"","destinationArn":"arn:d","roleArn":"arn:r","distribution":"ByLogStream"}]}`,
			"AWS::Logs::SubscriptionFilter", "f|/app/web", map[string]string{"DestinationArn": `"arn:d"`, "RoleArn": `"arn:r"`},
		},
	})
	denied(t, `
-- describe-log-groups.json --
{"logGroups":[{"logGroupName":"g"}]}
-- logs.list-tags-for-resource.g.json --
{"resourceArn":"g","Error":{"Code":"AccessDeniedException"}}
`, "AWS::Logs::LogGroup", "g", "Tags", "logs:ListTagsForResource")
}

func TestCloudWatch(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"an alarm's state is volatile", "cloudwatch:DescribeAlarms",
			`{"MetricAlarms":[{"AlarmName":"a","AlarmArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a","ActionsEnabled":true,"AlarmActions":["arn:t"],
			  "MetricName":"m","Namespace":"n","Threshold":1.5,"StateValue":"OK","StateReason":"r","Dimensions":[]}]}`,
			"AWS::CloudWatch::Alarm", "a",
			map[string]string{"AlarmActions": `["arn:t"]`, "ActionsEnabled": `true`, "Threshold": `1.5`, "StateReason": `null`, "Volatile.StateValue": `"OK"`},
		}, {
			"a composite alarm has a rule", "cloudwatch:DescribeAlarms",
			`{"MetricAlarms":[],"CompositeAlarms":[{"AlarmName":"c","AlarmRule":"ALARM(a)","ActionsEnabled":false}]}`,
			"AWS::CloudWatch::CompositeAlarm", "c", map[string]string{"AlarmRule": `"ALARM(a)"`, "ActionsEnabled": `false`},
		},
	})
	denied(t, `
-- describe-alarms.json --
{"MetricAlarms":[{"AlarmName":"a","AlarmArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"}]}
-- cloudwatch.list-tags-for-resource.a.json --
{"ResourceARN":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a","Error":{"Code":"AccessDenied"}}
`, "AWS::CloudWatch::Alarm", "a", "Tags", "cloudwatch:ListTagsForResource")
}

func TestDynamoDB(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a table without a summary is provisioned, and DynamoDB's own key encrypts it", "dynamodb:DescribeTable",
			`{"Table":{"TableName":"t","TableArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/t","TableStatus":"ACTIVE","ItemCount":3,
			  "ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":5,"WriteCapacityUnits":6},"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],
			  "GlobalSecondaryIndexes":[{"IndexName":"i","IndexStatus":"ACTIVE","KeySchema":[],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1,"NumberOfDecreasesToday":0}}]}}`,
			"AWS::DynamoDB::Table", "t",
			map[string]string{
				"BillingMode": `"PROVISIONED"`, "SSESpecification": `{"SSEEnabled":false}`, "ProvisionedThroughput": `{"ReadCapacityUnits":5,"WriteCapacityUnits":6}`,
				"GlobalSecondaryIndexes": `[{"IndexName":"i","KeySchema":[],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}]`,
				"Volatile.ItemCount":     `3`, "Observed.TableStatus": `"ACTIVE"`, "StreamSpecification": `null`,
			},
		}, {
			"a table with a KMS key on demand has both", "dynamodb:DescribeTable",
			`{"Table":{"TableName":"t","BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"SSEDescription":{"Status":"ENABLED","SSEType":"KMS","KMSMasterKeyArn":"arn:k"},
			  "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"ProvisionedThroughput":{"ReadCapacityUnits":0},"WarmThroughput":{"ReadUnitsPerSecond":1,"WriteUnitsPerSecond":2,"Status":"ACTIVE"}}}`,
			"AWS::DynamoDB::Table", "t",
			map[string]string{
				"BillingMode": `"PAY_PER_REQUEST"`, "SSESpecification": `{"SSEEnabled":true,"SSEType":"KMS","KMSMasterKeyId":"arn:k"}`, "ProvisionedThroughput": `null`,
				"StreamSpecification": `{"StreamViewType":"NEW_IMAGE"}`, "WarmThroughput": `{"ReadUnitsPerSecond":1,"WriteUnitsPerSecond":2}`,
			},
		}, {
			"point-in-time recovery is on or off", "dynamodb:DescribeContinuousBackups",
			`{"TableName":"t","ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}`,
			"AWS::DynamoDB::Table", "t", map[string]string{"PointInTimeRecoverySpecification": `{"PointInTimeRecoveryEnabled":false}`},
		}, {
			"time to live names its attribute", "dynamodb:DescribeTimeToLive",
			`{"TableName":"t","TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"x"}}`,
			"AWS::DynamoDB::Table", "t", map[string]string{"TimeToLiveSpecification": `{"Enabled":true,"AttributeName":"x"}`},
		}, {
			"a table's policy is an object", "dynamodb:GetResourcePolicy",
			`{"ResourceArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/t","Policy":"{\"Statement\":[]}","RevisionId":"1"}`,
			"AWS::DynamoDB::Table", "t", map[string]string{"ResourcePolicy": `{"PolicyDocument":{"Statement":[]}}`},
		}, {
			"contributor insights and streaming have calls of their own", "dynamodb:DescribeContributorInsights",
			`{"TableName":"t","ContributorInsightsStatus":"ENABLED","ContributorInsightsMode":"ACCESSED_AND_THROTTLED_KEYS"}`,
			"AWS::DynamoDB::Table", "t", map[string]string{"ContributorInsightsSpecification": `{"Enabled":true,"Mode":"ACCESSED_AND_THROTTLED_KEYS"}`},
		}, {
			"an ended stream destination is passed over", "dynamodb:DescribeKinesisStreamingDestination",
			`{"TableName":"t","KinesisDataStreamDestinations":[{"StreamArn":"arn:old","DestinationStatus":"DISABLED"},{"StreamArn":"arn:new","DestinationStatus":"ACTIVE"}]}`,
			"AWS::DynamoDB::Table", "t", map[string]string{"KinesisStreamSpecification": `{"StreamArn":"arn:new"}`},
		},
	})
	if rs := Read("dynamodb:GetResourcePolicy", &Answer{Body: body(t, `{"ResourceArn":"arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/x","Policy":"{}"}`)}); len(rs) != 1 || rs[0].Props != nil || !has(rs[0].Observed, "StreamPolicy") {
		t.Errorf("the policy of a stream makes %v", rs)
	}
	denied(t, `
-- list-tables.json --
{"TableNames":["t"]}
-- describe-table.t.json --
{"Table":{"TableName":"t"}}
-- describe-continuous-backups.t.json --
{"TableName":"t","Error":{"Code":"AccessDeniedException"}}
`, "AWS::DynamoDB::Table", "t", "PointInTimeRecoverySpecification", "dynamodb:DescribeContinuousBackups")
}

func TestSecretsManager(t *testing.T) {
	const id = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-AbCdEf"
	checkReaders(t, []readerCase{
		{
			"a secret that rotates has a schedule", "secretsmanager:ListSecrets",
			`{"SecretList":[{"ARN":"` + id + `","Name":"db/main","KmsKeyId":"arn:k","RotationEnabled":true,"RotationLambdaARN":"arn:f","RotationRules":{"AutomaticallyAfterDays":30},
			  "LastRotatedDate":"2026-01-01T00:00:00Z","SecretVersionsToStages":{"v":["AWSCURRENT"]},"Tags":[{"Key":"a","Value":"b"}]}]}`,
			"AWS::SecretsManager::Secret", id,
			map[string]string{
				"RotationSchedule": `{"RotationLambdaARN":"arn:f","RotationRules":{"AutomaticallyAfterDays":30}}`, "Tags": `[{"Key":"a","Value":"b"}]`,
				"Observed.RotationEnabled": `true`, "Volatile.LastRotatedDate": `"2026-01-01T00:00:00Z"`,
			},
		}, {
			"a secret whose rotation was turned off has none", "secretsmanager:DescribeSecret",
			`{"ARN":"` + id + `","Name":"db/main","RotationEnabled":false,"RotationLambdaARN":"arn:f","VersionIdsToStages":{"v":["AWSCURRENT"]},
			  "ReplicationStatus":[{"Region":"eu-central-1","KmsKeyId":"k","Status":"InSync"}]}`,
			"AWS::SecretsManager::Secret", id,
			map[string]string{"RotationSchedule": `null`, "ReplicaRegions": `[{"Region":"eu-central-1","KmsKeyId":"k"}]`, "Observed.RotationEnabled": `false`},
		}, {
			"a secret's policy is an object", "secretsmanager:GetResourcePolicy",
			`{"ARN":"` + id + `","Name":"db/main","ResourcePolicy":"{\"Statement\":[]}"}`,
			"AWS::SecretsManager::Secret", id, map[string]string{"PolicyDocument": `{"Statement":[]}`},
		}, {
			"an answer without a policy says that there is none", "secretsmanager:GetResourcePolicy",
			`{"ARN":"` + id + `","Name":"db/main"}`, "AWS::SecretsManager::Secret", id, map[string]string{"PolicyDocument": `null`},
		},
	})
	denied(t, `
-- list-secrets.json --
{"SecretList":[{"ARN":"`+id+`","Name":"db/main"}]}
-- secretsmanager.get-resource-policy.x.json --
{"SecretId":"`+id+`","Error":{"Code":"AccessDeniedException"}}
`, "AWS::SecretsManager::Secret", id, "PolicyDocument", "secretsmanager:GetResourcePolicy")
}
