package control

import (
	"reflect"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

func TestReadsAreThePropertiesThatExpressionsName(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, typ, let, assert string
		want                   []Read
	}{
		{
			"a property and a part of it", "AWS::S3::Bucket", "", `r.LoggingConfiguration.DestinationBucketName == "x"`,
			[]Read{{"AWS::S3::Bucket", "LoggingConfiguration"}, {"AWS::S3::Bucket", "LoggingConfiguration.DestinationBucketName"}},
		},
		{
			"whether there is one", "AWS::S3::Bucket", "", `has(r.LoggingConfiguration)`,
			[]Read{{"AWS::S3::Bucket", "LoggingConfiguration"}},
		},
		{
			"elements of a list, by way of a let", "AWS::EC2::Instance", "r.BlockDeviceMappings", `x.all(b, b.Ebs.Encrypted)`,
			[]Read{{"AWS::EC2::Instance", "BlockDeviceMappings"}, {"AWS::EC2::Instance", "BlockDeviceMappings.Ebs"}, {"AWS::EC2::Instance", "BlockDeviceMappings.Ebs.Encrypted"}},
		},
		{
			"facts, and not who it is", "AWS::EC2::Snapshot", "", `r.observed.Encrypted && r.id != ""`,
			[]Read{{"AWS::EC2::Snapshot", "observed.Encrypted"}},
		},
		{
			"what another resource is asked for", "AWS::EC2::Instance", "", `ref(r.SubnetId, "AWS::EC2::Subnet").MapPublicIpOnLaunch`,
			[]Read{{"AWS::EC2::Instance", "SubnetId"}, {"AWS::EC2::Subnet", "MapPublicIpOnLaunch"}},
		},
		{
			"what all of a type are asked for", "Haetae::Region", "", `here("AWS::EC2::VPC").all(v, v.CidrBlock != "")`,
			[]Read{{"AWS::EC2::VPC", "CidrBlock"}},
		},
		{
			"by what others refer to it", "AWS::EC2::VPC", "", `size(referrers(r, "AWS::EC2::FlowLog", "ResourceId")) > 0`,
			[]Read{{"AWS::EC2::FlowLog", "ResourceId"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			one := &Control{Rule: haetae.Rule{ID: "test-it", Type: c.typ}, Assert: c.assert}
			if c.let != "" {
				one.Let = []Let{{"x", c.let}}
			}
			set, err := NewSet(sch, []*Control{one})
			if err != nil {
				t.Fatal(err)
			}
			got, err := set.Reads(one)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("the control reads %v, want %v", got, c.want)
			}
		})
	}
}
