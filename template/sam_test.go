package template

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// plainJSON writes a value with each unknown as ${…}, for comparison.
func plainJSON(v any) string {
	raw, err := json.Marshal(show(v))
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(raw))
}

func show(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range x {
			out[k] = show(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = show(e)
		}
		return out
	case *haetae.Unknown:
		if x.Ref != "" {
			return "<" + strings.TrimSuffix(x.Ref+"."+x.Attr, ".") + ">"
		}
		return x.Pattern()
	}
	return v
}

// expect compares properties with what a test says of some of them.
func expect(t *testing.T, s *haetae.Snapshot, id string, want map[string]string) {
	t.Helper()
	r := find(t, s, id)
	for path, w := range want {
		v := any(r.Props)
		for part := range strings.SplitSeq(path, "/") {
			switch x := v.(type) {
			case map[string]any:
				v = x[part]
			case []any:
				var i int
				if _, err := fmt.Sscan(part, &i); err != nil || i >= len(x) {
					t.Fatalf("%s: no %s in %v", id, part, x)
				}
				v = x[i]
			}
		}
		if got := plainJSON(v); got != w {
			t.Errorf("%s %s = %s, want %s", id, path, got, w)
		}
	}
}

const samText = `Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Timeout: 5
    Environment: {Variables: {A: one, B: two}}
    Tags: {team: x}
    Layers: [!Ref Layer]
Resources:
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: s3://bkt/layer.zip}}
  Table: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: pk, Type: Number}, SSESpecification: {SSEEnabled: true}}}
  Queue: {Type: AWS::SQS::Queue}
  Fn:
    Type: AWS::Serverless::Function
    Metadata: {guard: {SuppressedRules: [R]}}
    Properties:
      Handler: a.b
      Timeout: 9
      CodeUri: src/
      Tracing: Active
      Environment: {Variables: {B: three}}
      AutoPublishAlias: live
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}
      FunctionUrlConfig: {AuthType: NONE}
      EventInvokeConfig: {MaximumRetryAttempts: 1, DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Queue.Arn}}}
      Policies:
        - AmazonS3ReadOnlyAccess
        - arn:aws:iam::aws:policy/AdministratorAccess
        - Statement: [{Effect: Allow, Action: "*", Resource: "*"}]
        - DynamoDBReadPolicy: {TableName: !Ref Table}
        - NoSuchPolicy: {}
      Events:
        Get: {Type: Api, Properties: {Path: "/a/{id}", Method: get}}
        Http: {Type: HttpApi}
        Sqs: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, BatchSize: 3}}
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day), Enabled: false}}
        Later: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}
        Topic: {Type: SNS, Properties: {Topic: "arn:aws:sns:eu-west-1:1:t"}}
        Odd: {Type: Strange}
  Own:
    Type: AWS::Serverless::Function
    Properties: {Role: "arn:aws:iam::1:role/r", InlineCode: x, Events: {E: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /, Method: any, Auth: {Authorizer: NONE}}}}}
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: v1, TracingEnabled: true, EndpointConfiguration: REGIONAL, Auth: {DefaultAuthorizer: Pool, Authorizers: {Pool: {UserPoolArn: x}}}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: a.json, Type: EXPRESS, Policies: [LambdaInvokePolicy: {FunctionName: !Ref Fn}], Events: {S: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}}
  App: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: x, SemanticVersion: 1.0.0}}}
  Wire: {Type: AWS::Serverless::Connector, Properties: {}}
Outputs:
  A: {Value: !Ref Fn.Alias}
`

func TestSAMExpands(t *testing.T) {
	s := parse(t, samText, Options{Region: "eu-west-1", Account: "1"})
	expect(t, s, "Fn", map[string]string{
		"Runtime": `"python3.13"`, "Timeout": "9", "Environment/Variables": `{"A":"one","B":"three"}`,
		"Code": `{"S3Bucket":"${…}"}`, "TracingConfig/Mode": `"Active"`, "Role": `"<FnRole.Arn>"`, "Layers": `["<Layer>"]`,
		"Tags": `[{"Key":"lambda:createdBy","Value":"SAM"},{"Key":"team","Value":"x"}]`, "DeadLetterConfig/TargetArn": `"<Queue.Arn>"`,
	})
	expect(t, s, "FnRole", map[string]string{
		"AssumeRolePolicyDocument/Statement/0/Principal": `{"Service":["lambda.amazonaws.com"]}`,
		"ManagedPolicyArns": `["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole","arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",` +
			`"arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole","arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess","arn:aws:iam::aws:policy/AdministratorAccess"]`,
		"Policies/0/PolicyDocument/Statement/0/Action":     `["sqs:SendMessage"]`,
		"Policies/2/PolicyDocument/Statement/0/Action":     `"*"`,
		"Policies/3/PolicyDocument/Statement/0/Action/1":   `"dynamodb:Scan"`,
		"Policies/3/PolicyDocument/Statement/0/Resource/1": `"<Table>"`,
		"Policies/4/PolicyDocument":                        `"${…}"`,
	})
	expect(t, s, "FnAliaslive", map[string]string{"FunctionVersion": `"<FnVersion.Version>"`, "Name": `"live"`})
	expect(t, s, "FnUrl", map[string]string{"AuthType": `"NONE"`, "TargetFunctionArn": `"<Fn>"`, "Qualifier": `"live"`})
	expect(t, s, "FnUrlPublicPermissions", map[string]string{"Principal": `"*"`, "FunctionUrlAuthType": `"NONE"`})
	expect(t, s, "FnEventInvokeConfig", map[string]string{"DestinationConfig/OnFailure/Destination": `"<Queue.Arn>"`})
	expect(t, s, "FnGetPermission", map[string]string{"Principal": `"apigateway.amazonaws.com"`, "FunctionName": `"<FnAliaslive>"`})
	if u := find(t, s, "FnGetPermission").Props["SourceArn"].(*haetae.Unknown); !reflect.DeepEqual(u.Parts, []string{"arn:aws:execute-api:eu-west-1:1:", "/*/GET/a/*"}) || u.Ref != restAPI {
		t.Errorf("SourceArn = %+v", u)
	}
	expect(t, s, restAPI, map[string]string{"Body/paths/~": "null", "Body/swagger": `"2.0"`})
	if body := plainJSON(find(t, s, restAPI).Props["Body"]); !strings.Contains(body, `"/a/{id}":{"get"`) || !strings.Contains(body, "<FnAliaslive>") {
		t.Errorf("Body = %s", body)
	}
	expect(t, s, restAPI+"ProdStage", map[string]string{"StageName": `"Prod"`, "RestApiId": `"<ServerlessRestApi>"`})
	expect(t, s, httpAPI+"ApiGatewayDefaultStage", map[string]string{"StageName": `"$default"`, "AutoDeploy": "true"})
	expect(t, s, "FnSqs", map[string]string{"EventSourceArn": `"<Queue.Arn>"`, "BatchSize": "3", "FunctionName": `"<FnAliaslive>"`})
	expect(t, s, "FnDaily", map[string]string{"ScheduleExpression": `"rate(1 day)"`, "State": `"DISABLED"`, "Targets/0/Arn": `"<FnAliaslive>"`})
	expect(t, s, "FnLaterRole", map[string]string{"AssumeRolePolicyDocument/Statement/0/Principal/Service/0": `"scheduler.amazonaws.com"`})
	expect(t, s, "FnTopic", map[string]string{"Protocol": `"lambda"`, "TopicArn": `"arn:aws:sns:eu-west-1:1:t"`})
	expect(t, s, "Own", map[string]string{"Role": `"arn:aws:iam::1:role/r"`, "Code/ZipFile": `"x"`})
	if got := find(t, s, "Api").Props["Body"].(map[string]any)["paths"].(map[string]any)["/"].(map[string]any)["x-amazon-apigateway-any-method"].(map[string]any)["security"]; !reflect.DeepEqual(got, []any{}) {
		t.Errorf("an operation without authorizer has %v", got)
	}
	expect(t, s, "Apiv1Stage", map[string]string{"TracingEnabled": "true"})
	expect(t, s, "Api", map[string]string{"EndpointConfiguration": `{"Types":["REGIONAL"]}`})
	expect(t, s, "Table", map[string]string{"BillingMode": `"PAY_PER_REQUEST"`, "KeySchema": `[{"AttributeName":"pk","KeyType":"HASH"}]`, "AttributeDefinitions/0/AttributeType": `"N"`})
	expect(t, s, "Layer", map[string]string{"Content": `{"S3Bucket":"bkt","S3Key":"layer.zip"}`})
	expect(t, s, "Machine", map[string]string{"StateMachineType": `"EXPRESS"`, "RoleArn": `"<MachineRole.Arn>"`})
	expect(t, s, "MachineSRole", map[string]string{"Policies/0/PolicyDocument/Statement/0/Action/0": `"states:StartExecution"`})
	expect(t, s, "App", map[string]string{"TemplateURL": `"${…}"`})
	for _, words := range []string{"NoSuchPolicy is not known", `event FnOdd of type "Strange"`, "Wire (AWS::Serverless::Connector)"} {
		if !has(s, words) {
			t.Errorf("no problem %q in %v", words, s.Problems)
		}
	}
	if len(s.Problems) != 3 || s.Coverage[0].Status != haetae.Partial {
		t.Errorf("problems %v, coverage %v", s.Problems, s.Coverage)
	}
	fn := find(t, s, "Fn")
	if fn.Origin.Line != 13 || fn.Origin.Paths["Handler"].Line != 17 || len(fn.Origin.Suppressions) != 1 || find(t, s, "FnUrl").Origin.Paths["AuthType"].Line != 24 {
		t.Errorf("places: %+v", fn.Origin)
	}
	for _, r := range s.Resources {
		if strings.HasPrefix(r.Type, "AWS::Serverless::") && r.ID != "Wire" {
			t.Errorf("%s is still %s", r.ID, r.Type)
		}
	}
}

func TestSAMPolicyTemplatesAreAllWellFormed(t *testing.T) {
	for _, name := range []string{
		"SQSPollerPolicy", "S3ReadPolicy", "S3FullAccessPolicy", "KinesisStreamReadPolicy", "AWSSecretsManagerGetSecretValuePolicy",
		"SSMParameterReadPolicy", "VPCAccessPolicy", "DynamoDBStreamReadPolicy", "StepFunctionsExecutionPolicy",
	} {
		d := policyTemplate(1, name, mapAt(1, "QueueName", "q"))
		for _, st := range d.get("Statement").items {
			for _, a := range st.get("Action").items {
				if service, verb, ok := strings.Cut(a.str(), ":"); !ok || service == "" || verb == "" || strings.ContainsAny(verb, ": ;,") {
					t.Errorf("%s: action %q", name, a.str())
				}
			}
			if len(st.get("Resource").items) == 0 {
				t.Errorf("%s: a statement without resource", name)
			}
		}
	}
	s := parse(t, "Transform: AWS::Serverless-2016-10-31\nResources: {Q: {Type: AWS::SQS::Queue}, F: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Policies: [SQSPollerPolicy: {QueueName: !GetAtt Q.QueueName}, !If [C, AWSLambdaExecute, !Ref AWS::NoValue]]}}}\nParameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x]}\n", Options{Region: "us-east-1", Account: "1"})
	role := find(t, s, "FRole")
	st := role.Props["Policies"].([]any)[0].(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any)[0].(map[string]any)
	if u := st["Resource"].([]any)[0].(*haetae.Unknown); !reflect.DeepEqual(u.Parts, []string{"arn:aws:sqs:us-east-1:1:", ""}) || u.Ref != "Q" {
		t.Errorf("Resource = %+v", u)
	}
	if _, ok := role.Props["ManagedPolicyArns"].(*haetae.OpenList); !ok {
		t.Errorf("ManagedPolicyArns = %v", role.Props["ManagedPolicyArns"])
	}
}
