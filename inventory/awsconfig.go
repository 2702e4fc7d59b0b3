package inventory

import "github.com/haetae/haetae"

// awsConfig holds what AWS Config records and where it delivers it.
var awsConfig = []Kind{{
	Type: "AWS::Config::ConfigurationRecorder",
	Calls: []Call{
		{
			Op: "configservice:DescribeConfigurationRecorders", Actions: []string{"config:DescribeConfigurationRecorders"}, Lists: true,
			Member: "ConfigurationRecorders", Gives: []string{"*"}, Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("ConfigurationRecorders") {
					r := resource(str(x, "name"), pascalObject(take(x, "name", "roleARN", "recordingGroup", "recordingMode")))
					r.ARN = str(x, "arn")
					r.Observed = take(x, "ResourceARN=arn")
					out = append(out, r)
				}
				return out
			},
		}, {
			Op: "configservice:DescribeConfigurationRecorderStatus", Actions: []string{"config:DescribeConfigurationRecorderStatus"},
			Member: "ConfigurationRecordersStatus", Gives: []string{"Observed.Recording", "Volatile.LastStatus"},
			Read: func(a *Answer) (out []*haetae.Resource) {
				for x := range a.each("ConfigurationRecordersStatus") {
					r := resource(str(x, "name"), nil)
					r.Observed = take(x, "Recording=recording")
					r.Volatile = take(x, "LastStatus=lastStatus", "LastStatusChangeTime=lastStatusChangeTime")
					out = append(out, r)
				}
				return out
			},
		},
	},
}, {
	Type: "AWS::Config::DeliveryChannel",
	Calls: []Call{{
		Op: "configservice:DescribeDeliveryChannels", Actions: []string{"config:DescribeDeliveryChannels"}, Lists: true,
		Member: "DeliveryChannels", Gives: []string{"*"}, Read: func(a *Answer) (out []*haetae.Resource) {
			for x := range a.each("DeliveryChannels") {
				out = append(out, resource(str(x, "name"), pascalObject(take(x, "name", "s3BucketName", "s3KeyPrefix", "s3KmsKeyArn",
					"snsTopicARN", "configSnapshotDeliveryProperties"))))
			}
			return out
		},
	}},
}}
