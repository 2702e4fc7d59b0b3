package inventory

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/haetae/haetae"
)

// A live account is read as it is, not as AWS would make a new resource now.
func TestWhatALiveAccountLacksIsNotADefault(t *testing.T) {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"111122223333/global/list-buckets.json":                            `{"Buckets": [{"Name": "old"}], "Owner": {"ID": "x"}}`,
		"111122223333/global/s3api.get-public-access-block.old.json":       `{"Bucket": "old", "Error": {"Code": "NoSuchPublicAccessBlockConfiguration", "Message": ""}}`,
		"111122223333/global/s3api.get-bucket-ownership-controls.old.json": `{"Bucket": "old", "Error": {"Code": "OwnershipControlsNotFoundError", "Message": ""}}`,
		"111122223333/global/iam.get-account-password-policy.json":         `{"Error": {"Code": "NoSuchEntity", "Message": ""}}`,
		"111122223333/global/ec2.describe-regions.json":                    `{"Regions": [{"RegionName": "us-east-1", "OptInStatus": "opt-in-not-required"}, {"RegionName": "me-south-1", "OptInStatus": "opted-in"}]}`,
		"111122223333/us-east-1/sns.list-topics.json":                      `{"Topics": [{"TopicArn": "arn:aws:sns:us-east-1:111122223333:t"}]}`,
		"111122223333/us-east-1/sns.get-topic-attributes.t.json":           `{"Attributes": {"TopicArn": "arn:aws:sns:us-east-1:111122223333:t", "Owner": "111122223333", "SQSFailureFeedbackRoleArn": "arn:aws:iam::111122223333:role/log", "HTTPSuccessFeedbackSampleRate": "0"}}`,
		"111122223333/us-east-1/describe-instances.json":                   `{"Reservations": [{"OwnerId": "111122223333", "Instances": [{"InstanceId": "i-1", "State": {"Name": "stopped"}, "StateTransitionReason": "User initiated (2026-01-02 03:04:05 GMT)"}]}]}`,
		"111122223333/me-south-1/describe-instances.json":                  `{"Reservations": []}`,
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := Load(context.Background(), files, "f", Options{})
	if err != nil {
		t.Fatal(err)
	}
	find := func(typ, id string) *haetae.Resource {
		for _, r := range s.Resources {
			if r.Type == typ && r.ID == id {
				return r
			}
		}
		t.Fatalf("no %s %s", typ, id)
		return nil
	}
	bucket := find("AWS::S3::Bucket", "old")
	if get(bucket.Props, "PublicAccessBlockConfiguration.RestrictPublicBuckets") != false {
		t.Errorf("an old bucket without a block has %v", bucket.Props["PublicAccessBlockConfiguration"])
	}
	if rules, ok := get(bucket.Props, "OwnershipControls.Rules").([]any); !ok || len(rules) != 0 {
		t.Errorf("an old bucket without ownership controls has %v", bucket.Props["OwnershipControls"])
	}
	account := find("Haetae::Account", "111122223333")
	if v, read := account.Observed["PasswordPolicy"]; !read || v != nil {
		t.Errorf("an account without a password policy has %v, read %v", v, read)
	}
	topic := find("AWS::SNS::Topic", "arn:aws:sns:us-east-1:111122223333:t")
	if list, ok := topic.Props["DeliveryStatusLogging"].([]any); !ok || len(list) != 1 || str(list[0].(map[string]any), "Protocol") != "sqs" {
		t.Errorf("delivery logging is %v", topic.Props["DeliveryStatusLogging"])
	}
	instance := find("AWS::EC2::Instance", "i-1")
	if v, read := instance.Observed["PublicIp"]; !read || v != nil || instance.Observed["StateTransitionTime"] != "2026-01-02T03:04:05Z" {
		t.Errorf("the stopped instance was observed as %v", instance.Observed)
	}
	for region, want := range map[string]string{"us-east-1": "opt-in-not-required", "me-south-1": "opted-in"} {
		if got := find("Haetae::Region", region).Observed["OptInStatus"]; got != want {
			t.Errorf("%s is %v, want %s", region, got, want)
		}
	}
}
