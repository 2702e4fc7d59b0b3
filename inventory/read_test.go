package inventory

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// body decodes a fixture.
func body(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("fixture: %v\n%s", err, text)
	}
	return haetae.Normalize(m).(map[string]any)
}

// TestReaders holds one or a few answers of each service and what must be in
// the resources that they make. want lists paths and JSON values.
func TestReaders(t *testing.T) {
	for _, c := range []struct {
		name, op, answer string
		typ, id          string
		want             map[string]string
	}{
		{
			"an instance has CloudFormation's names", "ec2:DescribeInstances",
			`{"Reservations":[{"OwnerId":"111122223333","Instances":[{"InstanceId":"i-1","ImageId":"ami-1","State":{"Code":16,"Name":"running"},
			  "Placement":{"AvailabilityZone":"eu-west-1a","Tenancy":"default","GroupName":""},"Monitoring":{"State":"disabled"},"VpcId":"vpc-1",
			  "IamInstanceProfile":{"Arn":"arn:aws:iam::111122223333:instance-profile/p/web","Id":"A"},
			  "MetadataOptions":{"State":"applied","HttpTokens":"required","HttpPutResponseHopLimit":1},
			  "SecurityGroups":[{"GroupId":"sg-1","GroupName":"x"}],"PublicIpAddress":"203.0.113.9",
			  "BlockDeviceMappings":[{"DeviceName":"/dev/xvda","Ebs":{"VolumeId":"vol-1","DeleteOnTermination":true}}],
			  "NetworkInterfaces":[{"NetworkInterfaceId":"eni-1","Attachment":{"DeviceIndex":0,"DeleteOnTermination":true},"Groups":[{"GroupId":"sg-1"}],
			    "Association":{"PublicIp":"203.0.113.9"},"PrivateIpAddresses":[{"Primary":true,"PrivateIpAddress":"10.0.0.5","PrivateDnsName":"x"}]}],
			  "Tags":[{"Key":"Name","Value":"web"}]}]}]}`,
			"AWS::EC2::Instance", "i-1",
			map[string]string{
				"ImageId": `"ami-1"`, "Monitoring": `false`, "IamInstanceProfile": `"web"`, "SecurityGroupIds": `["sg-1"]`,
				"MetadataOptions": `{"HttpTokens":"required","HttpPutResponseHopLimit":1}`, "AvailabilityZone": `"eu-west-1a"`,
				"Volumes":        `[{"Device":"/dev/xvda","VolumeId":"vol-1"}]`,
				"Observed.VpcId": `"vpc-1"`, "Observed.PublicIp": `"203.0.113.9"`, "Account": `"111122223333"`,
				"NetworkInterfaces": `[{"NetworkInterfaceId":"eni-1","DeviceIndex":"0","DeleteOnTermination":true,"GroupSet":["sg-1"],
				  "PrivateIpAddresses":[{"Primary":true,"PrivateIpAddress":"10.0.0.5"}],"Ipv6Addresses":[],"AssociatePublicIpAddress":true}]`,
				"Tags": `[{"Key":"Name","Value":"web"}]`,
			},
		}, {
			"user data becomes a secret", "ec2:DescribeInstanceAttribute", `{"InstanceId":"i-1","UserData":{"Value":"c2VjcmV0"}}`,
			"AWS::EC2::Instance", "i-1", map[string]string{"UserData": `{"kind":"user-data","length":8}`},
		}, {
			"each peer of a permission is a rule of its own", "ec2:DescribeSecurityGroups",
			`{"SecurityGroups":[{"GroupId":"sg-1","GroupName":"web","Description":"d","OwnerId":"111122223333","VpcId":"vpc-1",
			  "IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0","Description":"all"}],"Ipv6Ranges":[{"CidrIpv6":"::/0"}],
			    "PrefixListIds":[{"PrefixListId":"pl-1"}],"UserIdGroupPairs":[{"GroupId":"sg-2","UserId":"444455556666"}]}],
			  "IpPermissionsEgress":[{"IpProtocol":"-1","IpRanges":[],"UserIdGroupPairs":[{"GroupId":"sg-3","UserId":"111122223333"}],"PrefixListIds":[{"PrefixListId":"pl-2"}]}]}]}`,
			"AWS::EC2::SecurityGroup", "sg-1",
			map[string]string{
				"SecurityGroupIngress": `[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"0.0.0.0/0","Description":"all"},{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIpv6":"::/0"},
				  {"IpProtocol":"tcp","FromPort":22,"ToPort":22,"SourcePrefixListId":"pl-1"},{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"SourceSecurityGroupId":"sg-2","SourceSecurityGroupOwnerId":"444455556666"}]`,
				"SecurityGroupEgress": `[{"IpProtocol":"-1","DestinationPrefixListId":"pl-2"},{"IpProtocol":"-1","DestinationSecurityGroupId":"sg-3"}]`,
				"GroupDescription":    `"d"`,
			},
		}, {
			"NACL entries have numbers for protocols", "ec2:DescribeNetworkAcls",
			`{"NetworkAcls":[{"NetworkAclId":"acl-1","VpcId":"vpc-1","IsDefault":true,"Entries":[{"CidrBlock":"0.0.0.0/0","Egress":false,"Protocol":"1","RuleAction":"deny","RuleNumber":32767,"IcmpTypeCode":{"Code":-1,"Type":8}}],
			  "Associations":[{"NetworkAclAssociationId":"a","NetworkAclId":"acl-1","SubnetId":"subnet-1"}]}]}`,
			"AWS::EC2::NetworkAcl", "acl-1",
			map[string]string{
				"Entries":      `[{"CidrBlock":"0.0.0.0/0","Egress":false,"Protocol":1,"RuleAction":"deny","RuleNumber":32767,"Icmp":{"Code":-1,"Type":8}}]`,
				"Associations": `[{"SubnetId":"subnet-1"}]`, "Observed.IsDefault": `true`,
			},
		}, {
			"a route to an endpoint says so", "ec2:DescribeRouteTables",
			`{"RouteTables":[{"RouteTableId":"rtb-1","VpcId":"vpc-1","Routes":[{"DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local","Origin":"CreateRouteTable","State":"active"},
			  {"DestinationPrefixListId":"pl-1","GatewayId":"vpce-1","Origin":"CreateRoute","State":"blackhole"}],
			  "Associations":[{"Main":true,"AssociationState":{"State":"associated"}},{"SubnetId":"subnet-9","AssociationState":{"State":"disassociated"}}],"PropagatingVgws":[{"GatewayId":"vgw-1"}]}]}`,
			"AWS::EC2::RouteTable", "rtb-1",
			map[string]string{
				"Routes":       `[{"DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local"},{"DestinationPrefixListId":"pl-1","VpcEndpointId":"vpce-1"}]`,
				"Associations": `[{"Main":true}]`, "PropagatingVgws": `[{"GatewayId":"vgw-1"}]`,
				"Observed.RouteStates": `[{"Destination":"10.0.0.0/16","Origin":"CreateRouteTable","State":"active"},{"Destination":"pl-1","Origin":"CreateRoute","State":"blackhole"}]`,
			},
		}, {
			"a network's further blocks are folded in", "ec2:DescribeVpcs",
			`{"Vpcs":[{"VpcId":"vpc-1","CidrBlock":"10.0.0.0/16","OwnerId":"111122223333","IsDefault":false,"CidrBlockAssociationSet":[{"CidrBlock":"10.0.0.0/16","CidrBlockState":{"State":"associated"}},
			  {"CidrBlock":"10.1.0.0/16","CidrBlockState":{"State":"associated"}},{"CidrBlock":"10.2.0.0/16","CidrBlockState":{"State":"disassociated"}}],"Ipv6CidrBlockAssociationSet":[{"Ipv6CidrBlock":"2001:db8::/56","Ipv6CidrBlockState":{"State":"associated"}}]}]}`,
			"AWS::EC2::VPC", "vpc-1",
			map[string]string{"CidrBlocks": `[{"CidrBlock":"10.1.0.0/16"},{"Ipv6CidrBlock":"2001:db8::/56"}]`, "Observed.Ipv6CidrBlocks": `["2001:db8::/56"]`,
				"Observed.CidrBlockStates": `[{"CidrBlock":"10.0.0.0/16","State":"associated"},{"CidrBlock":"10.1.0.0/16","State":"associated"},{"CidrBlock":"10.2.0.0/16","State":"disassociated"},{"CidrBlock":"2001:db8::/56","State":"associated"}]`},
		}, {
			"a flow log knows what kind of thing it watches", "ec2:DescribeFlowLogs",
			`{"FlowLogs":[{"FlowLogId":"fl-1","ResourceId":"tgw-attach-1","TrafficType":"ALL","FlowLogStatus":"ACTIVE"}]}`,
			"AWS::EC2::FlowLog", "fl-1", map[string]string{"ResourceType": `"TransitGatewayAttachment"`, "Observed.FlowLogStatus": `"ACTIVE"`},
		}, {
			"a NAT gateway's primary address is its own", "ec2:DescribeNatGateways",
			`{"NatGateways":[{"NatGatewayId":"nat-1","State":"available","SubnetId":"subnet-1","NatGatewayAddresses":[{"AllocationId":"eipalloc-2","PublicIp":"203.0.113.2","IsPrimary":false},{"AllocationId":"eipalloc-1","NetworkInterfaceId":"eni-1","PrivateIp":"10.0.0.7","PublicIp":"203.0.113.1","IsPrimary":true}]}]}`,
			"AWS::EC2::NatGateway", "nat-1", map[string]string{"AllocationId": `"eipalloc-1"`, "PrivateIpAddress": `"10.0.0.7"`, "Observed.EniId": `"eni-1"`},
		}, {
			"a route over several attachments is one route for each", "ec2:SearchTransitGatewayRoutes",
			`{"TransitGatewayRouteTableId":"tgw-rtb-1","Routes":[{"DestinationCidrBlock":"10.0.0.0/8","State":"active","TransitGatewayAttachments":[{"TransitGatewayAttachmentId":"tgw-attach-1"},{"TransitGatewayAttachmentId":"tgw-attach-2"}]},{"DestinationCidrBlock":"10.9.0.0/16","State":"blackhole"}]}`,
			"AWS::EC2::TransitGatewayRouteTable", "tgw-rtb-1",
			map[string]string{"Routes": `[{"DestinationCidrBlock":"10.0.0.0/8","Blackhole":false,"TransitGatewayAttachmentId":"tgw-attach-1"},{"DestinationCidrBlock":"10.0.0.0/8","Blackhole":false,"TransitGatewayAttachmentId":"tgw-attach-2"},{"DestinationCidrBlock":"10.9.0.0/16","Blackhole":true}]`},
		}, {
			"pre-shared keys never get in", "ec2:DescribeVpnConnections",
			`{"VpnConnections":[{"VpnConnectionId":"vpn-1","State":"available","Type":"ipsec.1","CustomerGatewayConfiguration":"<key>","Options":{"StaticRoutesOnly":true,"TunnelOptions":[{"PreSharedKey":"psk"}]},"VgwTelemetry":[{"OutsideIpAddress":"203.0.113.3","Status":"UP","AcceptedRouteCount":2}]}]}`,
			"AWS::EC2::VPNConnection", "vpn-1", map[string]string{"": `{"Routes":[],"StaticRoutesOnly":true,"Type":"ipsec.1"}`, "Volatile.TunnelStatus": `[{"OutsideIpAddress":"203.0.113.3","Status":"UP"}]`},
		}, {
			"a bucket's policy is an object", "s3api:GetBucketPolicy", `{"Bucket":"b","Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}`,
			"AWS::S3::Bucket", "b", map[string]string{"PolicyDocument": `{"Version":"2012-10-17","Statement":[]}`},
		}, {
			"a bucket's encryption has CloudFormation's nesting", "s3api:GetBucketEncryption",
			`{"Bucket":"b","ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"k"},"BucketKeyEnabled":true}]}}`,
			"AWS::S3::Bucket", "b",
			map[string]string{"BucketEncryption": `{"ServerSideEncryptionConfiguration":[{"ServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"k"},"BucketKeyEnabled":true}]}`},
		}, {
			"a bucket without a location is in the first region", "s3api:GetBucketLocation", `{"Bucket":"b","LocationConstraint":null}`,
			"AWS::S3::Bucket", "b", map[string]string{"Region": `"us-east-1"`, "Observed.Region": `"us-east-1"`},
		}, {
			"lifecycle rules are flat", "s3api:GetBucketLifecycleConfiguration",
			`{"Bucket":"b","Rules":[{"ID":"r","Status":"Enabled","Filter":{"And":{"Prefix":"p/","Tags":[{"Key":"a","Value":"b"}]}},"Expiration":{"Days":30},"Transitions":[{"Days":7,"StorageClass":"GLACIER"}]}]}`,
			"AWS::S3::Bucket", "b",
			map[string]string{"LifecycleConfiguration": `{"Rules":[{"Id":"r","Status":"Enabled","Prefix":"p/","TagFilters":[{"Key":"a","Value":"b"}],"ExpirationInDays":30,"Transitions":[{"StorageClass":"GLACIER","TransitionInDays":7}]}]}`},
		}, {
			"each event of a notification is one", "s3api:GetBucketNotificationConfiguration",
			`{"Bucket":"b","QueueConfigurations":[{"Id":"x","QueueArn":"arn:q","Events":["s3:ObjectCreated:*","s3:ObjectRemoved:*"]}]}`,
			"AWS::S3::Bucket", "b", map[string]string{"NotificationConfiguration": `{"QueueConfigurations":[{"Queue":"arn:q","Event":"s3:ObjectCreated:*"},{"Queue":"arn:q","Event":"s3:ObjectRemoved:*"}]}`},
		}, {
			"versioning and MFA delete go to different places", "s3api:GetBucketVersioning", `{"Bucket":"b","Status":"Enabled","MFADelete":"Disabled"}`,
			"AWS::S3::Bucket", "b", map[string]string{"VersioningConfiguration": `{"Status":"Enabled"}`, "Observed.MfaDelete": `"Disabled"`},
		}, {
			"IAM documents are URL-decoded", "iam:GetAccountAuthorizationDetails",
			`{"UserDetailList":[],"GroupDetailList":[],"Policies":[],"RoleDetailList":[{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/p/r","AssumeRolePolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D",
			  "RolePolicyList":[{"PolicyName":"in","PolicyDocument":"%7B%22Statement%22%3A%5B%5D%7D"}],"AttachedManagedPolicies":[{"PolicyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess","PolicyName":"x"}],
			  "InstanceProfileList":[{"InstanceProfileName":"ip"}],"RoleLastUsed":{"Region":"us-east-1"},"PermissionsBoundary":{"PermissionsBoundaryArn":"arn:b"}}]}`,
			"AWS::IAM::Role", "r",
			map[string]string{
				"AssumeRolePolicyDocument": `{"Statement":[]}`, "Policies": `[{"PolicyName":"in","PolicyDocument":{"Statement":[]}}]`,
				"ManagedPolicyArns": `["arn:aws:iam::aws:policy/ReadOnlyAccess"]`, "PermissionsBoundary": `"arn:b"`,
				"Observed.InstanceProfiles": `["ip"]`, "Volatile.RoleLastUsed": `{"Region":"us-east-1"}`, "ARN": `"arn:aws:iam::111122223333:role/p/r"`,
			},
		}, {
			"the default version of a policy is its document", "iam:GetAccountAuthorizationDetails",
			`{"Policies":[{"PolicyName":"p","Arn":"arn:aws:iam::111122223333:policy/p","PolicyVersionList":[{"VersionId":"v1","IsDefaultVersion":false,"Document":{"Statement":["old"]}},{"VersionId":"v2","IsDefaultVersion":true,"Document":{"Statement":[]}}]}]}`,
			"AWS::IAM::ManagedPolicy", "arn:aws:iam::111122223333:policy/p", map[string]string{"PolicyDocument": `{"Statement":[]}`, "ManagedPolicyName": `"p"`},
		}, {
			"a key says who manages it", "kms:DescribeKey",
			`{"KeyMetadata":{"KeyId":"k-1","Arn":"arn:aws:kms:us-east-1:111122223333:key/k-1","AWSAccountId":"111122223333","Enabled":true,"KeyManager":"CUSTOMER","KeyState":"Enabled","CustomerMasterKeySpec":"SYMMETRIC_DEFAULT"}}`,
			"AWS::KMS::Key", "k-1", map[string]string{"KeySpec": `"SYMMETRIC_DEFAULT"`, "Enabled": `true`, "Observed.KeyManager": `"CUSTOMER"`},
		}, {
			"a trail is in its home region", "cloudtrail:DescribeTrails",
			`{"trailList":[{"Name":"t","TrailARN":"arn:aws:cloudtrail:eu-west-1:111122223333:trail/t","HomeRegion":"eu-west-1","S3BucketName":"b","LogFileValidationEnabled":true,"KmsKeyId":"k","IsMultiRegionTrail":true}]}`,
			"AWS::CloudTrail::Trail", "t", map[string]string{"Region": `"eu-west-1"`, "EnableLogFileValidation": `true`, "KMSKeyId": `"k"`},
		}, {
			"a database has CloudFormation's types", "rds:DescribeDBInstances",
			`{"DBInstances":[{"DBInstanceIdentifier":"d","DBInstanceArn":"arn:aws:rds:us-east-1:111122223333:db:d","AllocatedStorage":20,"Endpoint":{"Address":"h","Port":5432},"StorageEncrypted":false,"DBSubnetGroup":{"DBSubnetGroupName":"g","VpcId":"vpc-1"},
			  "VpcSecurityGroups":[{"VpcSecurityGroupId":"sg-1","Status":"active"}],"DBParameterGroups":[{"DBParameterGroupName":"pg"}],"IAMDatabaseAuthenticationEnabled":true,"PendingModifiedValues":{"MasterUserPassword":"****","MultiAZ":true}}]}`,
			"AWS::RDS::DBInstance", "d",
			map[string]string{
				"AllocatedStorage": `"20"`, "Port": `"5432"`, "VPCSecurityGroups": `["sg-1"]`, "DBParameterGroupName": `"pg"`, "EnableIAMDatabaseAuthentication": `true`,
				"Observed.VpcId": `"vpc-1"`, "Observed.PendingModifiedValues": `{"MultiAZ":true}`, "StorageEncrypted": `false`,
			},
		}, {
			"a snapshot says with whom it is shared", "rds:DescribeDBSnapshotAttributes",
			`{"DBSnapshotAttributesResult":{"DBSnapshotIdentifier":"s","DBSnapshotAttributes":[{"AttributeName":"restore","AttributeValues":["all"]}]}}`,
			"AWS::RDS::DBSnapshot", "s", map[string]string{"Observed.RestoreAccounts": `["all"]`},
		}, {
			"a function's environment is redacted", "lambda:ListFunctions",
			`{"Functions":[{"FunctionName":"f","FunctionArn":"arn:aws:lambda:us-east-1:111122223333:function:f","Environment":{"Variables":{"TOKEN":"abc"}},"VpcConfig":{"SubnetIds":[],"SecurityGroupIds":[],"VpcId":""},"Layers":[{"Arn":"arn:l"}]}]}`,
			"AWS::Lambda::Function", "f", map[string]string{"Environment": `{"Variables":{"TOKEN":{"kind":"environment","length":3}}}`, "Layers": `["arn:l"]`, "VpcConfig": `null`},
		}, {
			"a listener keeps certificates without what CloudFormation lacks", "elbv2:DescribeListeners",
			`{"Listeners":[{"ListenerArn":"arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/a/1/2","LoadBalancerArn":"lb","Port":443,"Protocol":"HTTPS","Certificates":[{"CertificateArn":"c","IsDefault":true}]}]}`,
			"AWS::ElasticLoadBalancingV2::Listener", "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/a/1/2", map[string]string{"Certificates": `[{"CertificateArn":"c"}]`, "Port": `443`},
		}, {
			"a load balancer has its subnets", "elbv2:DescribeLoadBalancers",
			`{"LoadBalancers":[{"LoadBalancerArn":"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/n/1","LoadBalancerName":"n","Type":"network","Scheme":"internet-facing","VpcId":"vpc-1","State":{"Code":"active"},
			  "AvailabilityZones":[{"ZoneName":"us-east-1a","SubnetId":"subnet-1","LoadBalancerAddresses":[{"IpAddress":"203.0.113.4","AllocationId":"eipalloc-1"}]}]}]}`,
			"AWS::ElasticLoadBalancingV2::LoadBalancer", "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/n/1",
			map[string]string{"Subnets": `["subnet-1"]`, "SubnetMappings": `[{"AllocationId":"eipalloc-1","SubnetId":"subnet-1"}]`, "SecurityGroups": `[]`, "Observed.State": `"active"`, "Observed.LoadBalancerFullName": `"net/n/1"`},
		}, {
			"targets and their health go to different places", "elbv2:DescribeTargetHealth",
			`{"TargetGroupArn":"tg","TargetHealthDescriptions":[{"Target":{"Id":"i-1","Port":80},"HealthCheckPort":"80","TargetHealth":{"State":"unhealthy","Reason":"Target.Timeout"}}]}`,
			"AWS::ElasticLoadBalancingV2::TargetGroup", "tg", map[string]string{"Targets": `[{"Id":"i-1","Port":80}]`, "Volatile.TargetHealth": `[{"Id":"i-1","Port":80,"State":"unhealthy","Reason":"Target.Timeout"}]`},
		}, {
			"a classic load balancer's ports are strings", "elb:DescribeLoadBalancers",
			`{"LoadBalancerDescriptions":[{"LoadBalancerName":"c","ListenerDescriptions":[{"Listener":{"Protocol":"HTTPS","LoadBalancerPort":443,"InstanceProtocol":"HTTP","InstancePort":80,"SSLCertificateId":"x"},"PolicyNames":["p"]}],"Instances":[{"InstanceId":"i-1"}],"HealthCheck":{"Interval":30,"Target":"TCP:80"}}]}`,
			"AWS::ElasticLoadBalancing::LoadBalancer", "c",
			map[string]string{"Listeners": `[{"Protocol":"HTTPS","LoadBalancerPort":"443","InstanceProtocol":"HTTP","InstancePort":"80","SSLCertificateId":"x","PolicyNames":["p"]}]`, "Instances": `["i-1"]`, "HealthCheck": `{"Interval":"30","Target":"TCP:80"}`},
		}, {
			"a classic load balancer's attributes are properties", "elb:DescribeLoadBalancerAttributes",
			`{"LoadBalancerName":"c","LoadBalancerAttributes":{"AccessLog":{"Enabled":false},"CrossZoneLoadBalancing":{"Enabled":true},"ConnectionDraining":{"Enabled":true,"Timeout":300}}}`,
			"AWS::ElasticLoadBalancing::LoadBalancer", "c", map[string]string{"AccessLoggingPolicy": `{"Enabled":false}`, "CrossZone": `true`},
		}, {
			"a topic's attributes have types", "sns:GetTopicAttributes",
			`{"Attributes":{"TopicArn":"arn:aws:sns:us-east-1:111122223333:t","Owner":"111122223333","Policy":"{\"Statement\":[]}","FifoTopic":"true","KmsMasterKeyId":"alias/aws/sns","DisplayName":"1"}}`,
			"AWS::SNS::Topic", "arn:aws:sns:us-east-1:111122223333:t",
			map[string]string{"PolicyDocument": `{"Statement":[]}`, "FifoTopic": `true`, "TopicName": `"t"`, "DisplayName": `"1"`, "KmsMasterKeyId": `"alias/aws/sns"`},
		}, {
			"a queue is found by its ARN when the URL is not there", "sqs:GetQueueAttributes",
			`{"Attributes":{"QueueArn":"arn:aws:sqs:eu-west-1:111122223333:q","SqsManagedSseEnabled":"false","VisibilityTimeout":"30","CreatedTimestamp":"1577836800","RedrivePolicy":"{\"maxReceiveCount\":5}"}}`,
			"AWS::SQS::Queue", "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
			map[string]string{"SqsManagedSseEnabled": `false`, "VisibilityTimeout": `30`, "QueueName": `"q"`, "RedrivePolicy": `{"maxReceiveCount":5}`, "Observed.CreatedTimestamp": `"2020-01-01T00:00:00Z"`, "Region": `"eu-west-1"`},
		}, {
			"the summary tells of the root user", "iam:GetAccountSummary", `{"SummaryMap":{"AccountMFAEnabled":1,"AccountAccessKeysPresent":0,"AccountSigningCertificatesPresent":0,"AccountPasswordPresent":1}}`,
			"Haetae::Account", "999988887777", map[string]string{"Observed.RootMFAEnabled": `true`, "Observed.RootAccessKeysPresent": `false`, "Observed.RootCredentialsPresent": `true`},
		}, {
			"a region's setting is on the region", "ec2:GetEbsEncryptionByDefault", `{"EbsEncryptionByDefault":false}`,
			"Haetae::Region", "ap-northeast-2", map[string]string{"Observed.EbsEncryptionByDefault": `false`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r *haetae.Resource
			for _, x := range Read(c.op, &Answer{Op: c.op, Account: "999988887777", Region: "ap-northeast-2", Body: body(t, c.answer)}) {
				if x.Type == c.typ && x.ID == c.id {
					r = x
				}
			}
			if r == nil {
				t.Fatalf("no %s %s", c.typ, c.id)
			}
			for path, want := range c.want {
				var got any
				switch {
				case path == "":
					got = r.Props
				case path == "Region":
					got = r.Region
				case path == "Account":
					got = r.Account
				case path == "ARN":
					got = r.ARN
				case strings.HasPrefix(path, "Observed."):
					got = get(r.Observed, path[len("Observed."):])
				case strings.HasPrefix(path, "Volatile."):
					got = get(r.Volatile, path[len("Volatile."):])
				default:
					got = get(r.Props, path)
				}
				if !sameJSON(t, got, want) {
					t.Errorf("%s is %s, want %s", path, text(got), want)
				}
			}
		})
	}
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func sameJSON(t *testing.T, got any, want string) bool {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatalf("fixture %s: %v", want, err)
	}
	if err := json.Unmarshal([]byte(text(got)), &a); err != nil {
		return false
	}
	return reflect.DeepEqual(a, b)
}

func TestWhatIsGoneIsLeftOut(t *testing.T) {
	for op, answer := range map[string]string{
		"ec2:DescribeInstances":             `{"Reservations":[{"Instances":[{"InstanceId":"i-1","State":{"Name":"terminated"}}]}]}`,
		"ec2:DescribeNatGateways":           `{"NatGateways":[{"NatGatewayId":"nat-1","State":"deleted"}]}`,
		"ec2:DescribeVpcPeeringConnections": `{"VpcPeeringConnections":[{"VpcPeeringConnectionId":"pcx-1","Status":{"Code":"deleted"}}]}`,
		"ec2:DescribeVpnConnections":        `{"VpnConnections":[{"VpnConnectionId":"vpn-1","State":"deleted"}]}`,
		"ec2:DescribeTransitGateways":       `{"TransitGateways":[{"TransitGatewayId":"tgw-1","State":"deleted"}]}`,
	} {
		if rs := Read(op, &Answer{Body: body(t, answer)}); len(rs) != 0 {
			t.Errorf("%s: %s is still there", op, rs[0].ID)
		}
	}
}

func TestADocumentThatDoesNotParseIsUnknown(t *testing.T) {
	for _, s := range []string{`{"a":`, ``, `null`, `[]`, `{} {}`, `%7B%22`} {
		u, ok := policy(s).(*haetae.Unknown)
		if !ok || u.Reason != haetae.Unreadable || !u.Set {
			t.Errorf("policy(%q) = %v, want unreadable", s, policy(s))
		}
	}
}

// TestReadersTakeAnyJSON feeds every reader with answers of the wrong shape.
func TestReadersTakeAnyJSON(t *testing.T) {
	for _, k := range All {
		for _, c := range k.Calls {
			member, rest, _ := strings.Cut(c.Member, "[].")
			member, deep, _ := strings.Cut(member, ".")
			for _, v := range []any{nil, "x", int64(3), true, []any{nil, "x", int64(1), map[string]any{}, []any{}}, map[string]any{}, map[string]any{deep: "x", "Rules": "x"},
				[]any{map[string]any{rest: []any{}, "Tags": "x", "State": "x", "Attachments": "x", "Arn": int64(1)}}} {
				c.Read(&Answer{Body: map[string]any{member: v, c.Param: v}})
			}
			c.Read(&Answer{})
		}
	}
}

func TestEveryCallSaysWhatItNeeds(t *testing.T) {
	types := map[string]bool{}
	for _, k := range All {
		lists := k.Singleton
		if types[k.Type] {
			t.Errorf("%s is there twice", k.Type)
		}
		types[k.Type] = true
		if k.Of != "" && !types[k.Of] {
			t.Errorf("%s comes before its parent %s", k.Type, k.Of)
		}
		stub := k.Singleton
		for _, c := range k.Calls {
			lists = lists || c.Lists
			if c.Read == nil || !strings.Contains(c.Op, ":") {
				t.Errorf("%s: %q is not a call", k.Type, c.Op)
			}
			if c.Param != "" && c.Each == "" && !c.Other {
				t.Errorf("%s: a script cannot know the parents of %s", k.Type, c.Op)
			}
			for _, a := range c.RequiredActions() {
				if strings.HasPrefix(a, "s3api:") || strings.HasPrefix(a, "elb") && !strings.HasPrefix(a, "elasticloadbalancing:") {
					t.Errorf("%s: %s is not an IAM action", c.Op, a)
				}
			}
			for _, g := range c.Gives {
				stub = stub || g == "*"
			}
		}
		if !lists || !stub {
			t.Errorf("%s: no call lists it, or none tells the rest of it", k.Type)
		}
	}
}
