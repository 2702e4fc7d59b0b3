package inventory

import "testing"

func TestElastiCache(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a token is there and stays hidden", "elasticache:DescribeReplicationGroups",
			`{"ReplicationGroups":[{"ReplicationGroupId":"g","Description":"d","Status":"available","MemberClusters":["g-001","g-002"],"AutomaticFailover":"enabled","MultiAZ":"disabled",
			  "NodeGroups":[{"PrimaryEndpoint":{"Address":"h","Port":6379},"NodeGroupMembers":[{},{}]}],"AuthTokenEnabled":true,"AtRestEncryptionEnabled":false,"ARN":"arn:g",
			  "LogDeliveryConfigurations":[{"LogType":"slow-log","Status":"active"}]}]}`,
			"AWS::ElastiCache::ReplicationGroup", "g",
			map[string]string{
				"AutomaticFailoverEnabled": `true`, "MultiAZEnabled": `false`, "AtRestEncryptionEnabled": `false`, "ReplicationGroupDescription": `"d"`, "ReplicasPerNodeGroup": `1`,
				"LogDeliveryConfigurations": `[{"LogType":"slow-log"}]`, "Observed.PrimaryEndPoint": `{"Address":"h","Port":"6379"}`, "Observed.MemberClusters": `["g-001","g-002"]`,
			},
		}, {
			"the nodes of a group tell its network", "elasticache:DescribeCacheClusters",
			`{"CacheClusters":[{"CacheClusterId":"g-001","ReplicationGroupId":"g","Engine":"redis","EngineVersion":"7.1","CacheSubnetGroupName":"s","SecurityGroups":[{"SecurityGroupId":"sg-1"}]}]}`,
			"AWS::ElastiCache::ReplicationGroup", "g", map[string]string{"EngineVersion": `"7.1"`, "CacheSubnetGroupName": `"s"`, "SecurityGroupIds": `["sg-1"]`},
		}, {
			"a cluster knows its group", "elasticache:DescribeCacheClusters",
			`{"CacheClusters":[{"CacheClusterId":"g-001","ReplicationGroupId":"g","Engine":"redis","PreferredAvailabilityZone":"eu-west-1a","NumCacheNodes":1,"CacheNodes":[{"Endpoint":{"Address":"h","Port":6379}}],
			  "SecurityGroups":[{"SecurityGroupId":"sg-1"}],"CacheParameterGroup":{"CacheParameterGroupName":"p"},"AtRestEncryptionEnabled":true}]}`,
			"AWS::ElastiCache::CacheCluster", "g-001",
			map[string]string{
				"ClusterName": `"g-001"`, "VpcSecurityGroupIds": `["sg-1"]`, "CacheParameterGroupName": `"p"`, "Port": `6379`,
				"Observed.ReplicationGroupId": `"g"`, "Observed.AtRestEncryptionEnabled": `true`,
			},
		}, {
			"a subnet group has the ids of its subnets", "elasticache:DescribeCacheSubnetGroups",
			`{"CacheSubnetGroups":[{"CacheSubnetGroupName":"s","CacheSubnetGroupDescription":"d","VpcId":"vpc-1","Subnets":[{"SubnetIdentifier":"subnet-1"}]}]}`,
			"AWS::ElastiCache::SubnetGroup", "s", map[string]string{"SubnetIds": `["subnet-1"]`, "Description": `"d"`, "Observed.VpcId": `"vpc-1"`},
		},
	})
	if rs := Read("elasticache:ListTagsForResource", &Answer{Body: body(t, `{"ResourceName":"arn:aws:rds:eu-west-1:111122223333:cluster:x","TagList":[]}`)}); len(rs) != 0 {
		t.Errorf("a database became %s %s", rs[0].Type, rs[0].ID)
	}
	denied(t, `
-- describe-replication-groups.json --
{"ReplicationGroups":[{"ReplicationGroupId":"g","MemberClusters":[]}]}
-- describe-cache-clusters.json --
{"Error":{"Code":"AccessDenied"}}
`, "AWS::ElastiCache::ReplicationGroup", "g", "SecurityGroupIds", "elasticache:DescribeCacheClusters")
}

func TestRedshift(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a warehouse has CloudFormation's names", "redshift:DescribeClusters",
			`{"Clusters":[{"ClusterIdentifier":"w","NumberOfNodes":2,"Endpoint":{"Address":"h","Port":5439},"PubliclyAccessible":true,"MultiAZ":"Disabled","IamRoles":[{"IamRoleArn":"arn:r","ApplyStatus":"in-sync"}],
			  "VpcSecurityGroups":[{"VpcSecurityGroupId":"sg-1"}],"ClusterParameterGroups":[{"ParameterGroupName":"p"}],"VpcId":"vpc-1","Tags":[{"Key":"a","Value":"b"}]}]}`,
			"AWS::Redshift::Cluster", "w",
			map[string]string{
				"ClusterType": `"multi-node"`, "Port": `5439`, "MultiAZ": `false`, "IamRoles": `["arn:r"]`, "VpcSecurityGroupIds": `["sg-1"]`, "ClusterParameterGroupName": `"p"`,
				"PubliclyAccessible": `true`, "ManageMasterPassword": `false`, "Observed.Endpoint": `{"Address":"h","Port":"5439"}`, "Observed.VpcId": `"vpc-1"`,
			},
		}, {
			"a warehouse that logs says where", "redshift:DescribeLoggingStatus", `{"ClusterIdentifier":"w","LoggingEnabled":true,"BucketName":"b","S3KeyPrefix":"p/","LastSuccessfulDeliveryTime":"x"}`,
			"AWS::Redshift::Cluster", "w", map[string]string{"LoggingProperties": `{"BucketName":"b","S3KeyPrefix":"p/"}`},
		}, {
			"a warehouse that does not log has no properties of it", "redshift:DescribeLoggingStatus", `{"ClusterIdentifier":"w","LoggingEnabled":false}`,
			"AWS::Redshift::Cluster", "w", map[string]string{"LoggingProperties": `null`},
		}, {
			"a parameter group has all values in force", "redshift:DescribeClusterParameters",
			`{"ParameterGroupName":"p","Parameters":[{"ParameterName":"require_ssl","ParameterValue":"true","Source":"user"},{"ParameterName":"x"}]}`,
			"AWS::Redshift::ClusterParameterGroup", "p", map[string]string{"Parameters": `[{"ParameterName":"require_ssl","ParameterValue":"true"}]`},
		}, {
			"a subnet group has the ids of its subnets", "redshift:DescribeClusterSubnetGroups",
			`{"ClusterSubnetGroups":[{"ClusterSubnetGroupName":"s","Description":"d","VpcId":"vpc-1","Subnets":[{"SubnetIdentifier":"subnet-1"}],"Tags":[]}]}`,
			"AWS::Redshift::ClusterSubnetGroup", "s", map[string]string{"SubnetIds": `["subnet-1"]`, "Observed.VpcId": `"vpc-1"`},
		},
	})
	denied(t, `
-- redshift.describe-clusters.json --
{"Clusters":[{"ClusterIdentifier":"w"}]}
-- describe-logging-status.w.json --
{"ClusterIdentifier":"w","Error":{"Code":"AccessDenied"}}
`, "AWS::Redshift::Cluster", "w", "LoggingProperties", "redshift:DescribeLoggingStatus")
}

func TestSearchDomains(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"an OpenSearch domain on the internet has no VPC", "opensearch:DescribeDomains",
			`{"DomainStatusList":[{"DomainId":"1/d","DomainName":"d","ARN":"arn:d","EngineVersion":"OpenSearch_2.17","AccessPolicies":"{\"Statement\":[]}","VPCOptions":{},"Endpoint":"h",
			  "ClusterConfig":{"InstanceCount":1,"InstanceType":"t3.small.search","Extra":1},"AdvancedSecurityOptions":{"Enabled":true,"AnonymousAuthEnabled":false,"SAMLOptions":{"Enabled":false}},
			  "DomainEndpointOptions":{"EnforceHTTPS":true},"LogPublishingOptions":{"AUDIT_LOGS":{"CloudWatchLogsLogGroupArn":"arn:l","Enabled":true}}}]}`,
			"AWS::OpenSearchService::Domain", "d",
			map[string]string{
				"VPCOptions": `null`, "AccessPolicies": `{"Statement":[]}`, "ClusterConfig": `{"InstanceCount":1,"InstanceType":"t3.small.search"}`, "EngineVersion": `"OpenSearch_2.17"`,
				"AdvancedSecurityOptions": `{"Enabled":true,"AnonymousAuthEnabled":false,"SAMLOptions":{"Enabled":false}}`, "Observed.DomainEndpoint": `"h"`,
				"LogPublishingOptions": `{"AUDIT_LOGS":{"CloudWatchLogsLogGroupArn":"arn:l","Enabled":true}}`,
			},
		}, {
			"the newer API tells of Elasticsearch too", "opensearch:DescribeDomains",
			`{"DomainStatusList":[{"DomainName":"e","EngineVersion":"Elasticsearch_7.10","AccessPolicies":"","ClusterConfig":{"InstanceCount":1},"EBSOptions":{"EBSEnabled":true,"Throughput":125},
			  "VPCOptions":{"VPCId":"vpc-1","SubnetIds":["subnet-1"],"SecurityGroupIds":["sg-1"],"AvailabilityZones":["a"]},"Endpoints":{"vpc":"h"}}]}`,
			"AWS::Elasticsearch::Domain", "e",
			map[string]string{
				"ElasticsearchVersion": `"7.10"`, "ElasticsearchClusterConfig": `{"InstanceCount":1}`, "EBSOptions": `{"EBSEnabled":true}`, "AccessPolicies": `null`,
				"VPCOptions": `{"SubnetIds":["subnet-1"],"SecurityGroupIds":["sg-1"]}`, "Observed.VPCId": `"vpc-1"`, "Observed.DomainEndpoint": `"h"`,
			},
		}, {
			"the older API tells of OpenSearch too", "es:DescribeElasticsearchDomains",
			`{"DomainStatusList":[{"DomainName":"d","ElasticsearchVersion":"OpenSearch_1.0","ElasticsearchClusterConfig":{"InstanceCount":2}}]}`,
			"AWS::OpenSearchService::Domain", "d", map[string]string{"EngineVersion": `"OpenSearch_1.0"`, "ClusterConfig": `{"InstanceCount":2}`},
		}, {
			"a domain that is listed without an engine is of the only one there was", "es:ListDomainNames", `{"DomainNames":[{"DomainName":"e"}]}`,
			"AWS::Elasticsearch::Domain", "e", nil,
		},
	})
	denied(t, `
-- opensearch.list-domain-names.json --
{"DomainNames":[{"DomainName":"d","EngineType":"OpenSearch"}]}
-- describe-domains.d.json --
{"DomainNames":"d","Error":{"Code":"AccessDeniedException"}}
`, "AWS::OpenSearchService::Domain", "d", "Stub", "es:DescribeDomains")
}

func TestSageMaker(t *testing.T) {
	const id = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/n"
	checkReaders(t, []readerCase{{
		"a notebook's groups have CloudFormation's name", "sagemaker:DescribeNotebookInstance",
		`{"NotebookInstanceArn":"` + id + `","NotebookInstanceName":"n","NotebookInstanceStatus":"InService","SecurityGroups":["sg-1"],"RootAccess":"Enabled","DirectInternetAccess":"Disabled",
		  "NotebookInstanceLifecycleConfigName":"l","InstanceMetadataServiceConfiguration":{"MinimumInstanceMetadataServiceVersion":"2"}}`,
		"AWS::SageMaker::NotebookInstance", id,
		map[string]string{"SecurityGroupIds": `["sg-1"]`, "LifecycleConfigName": `"l"`, "RootAccess": `"Enabled"`, "Observed.NotebookInstanceStatus": `"InService"`},
	}})
	denied(t, `
-- list-notebook-instances.json --
{"NotebookInstances":[{"NotebookInstanceName":"n","NotebookInstanceArn":"`+id+`"}]}
-- describe-notebook-instance.n.json --
{"NotebookInstanceName":"n","Error":{"Code":"AccessDeniedException"}}
`, "AWS::SageMaker::NotebookInstance", id, "Stub", "sagemaker:DescribeNotebookInstance")
}

func TestCodeBuild(t *testing.T) {
	checkReaders(t, []readerCase{{
		"a project's plain variables and passwords are hidden, and names of secrets are not", "codebuild:BatchGetProjects",
		`{"projects":[{"name":"p","arn":"arn:aws:codebuild:eu-west-1:111122223333:project/p","source":{"type":"GITHUB","location":"https://u:secret@example.com/r.git","buildspec":"b","gitCloneDepth":1},
		  "artifacts":{"type":"S3","encryptionDisabled":true,"bucketOwnerAccess":"FULL"},"environment":{"type":"LINUX_CONTAINER","image":"i","privilegedMode":true,
		  "environmentVariables":[{"name":"A","value":"abc","type":"PLAINTEXT"},{"name":"B","value":"db/main","type":"SECRETS_MANAGER"}]},
		  "logsConfig":{"cloudWatchLogs":{"status":"ENABLED"},"s3Logs":{"status":"DISABLED","encryptionDisabled":false}},"badge":{"badgeEnabled":true,"badgeRequestUrl":"u"},
		  "webhook":{"url":"u","secret":"s","filterGroups":[[{"type":"EVENT","pattern":"PUSH"}]]},"projectVisibility":"PRIVATE","tags":[{"key":"a","value":"b"}]}],"projectsNotFound":[]}`,
		"AWS::CodeBuild::Project", "p",
		map[string]string{
			"Source":    `{"Type":"GITHUB","Location":"https://redacted:redacted@example.com/r.git","BuildSpec":"b","GitCloneDepth":1}`,
			"Artifacts": `{"Type":"S3","EncryptionDisabled":true}`, "BadgeEnabled": `true`, "Tags": `[{"Key":"a","Value":"b"}]`, "Visibility": `"PRIVATE"`,
			"Environment.EnvironmentVariables": `[{"Name":"A","Value":{"kind":"environment","length":3},"Type":"PLAINTEXT"},{"Name":"B","Value":"db/main","Type":"SECRETS_MANAGER"}]`,
			"Triggers":                         `{"Webhook":true,"FilterGroups":[[{"Type":"EVENT","Pattern":"PUSH"}]]}`, "Observed.ProjectVisibility": `"PRIVATE"`,
		},
	}})
	denied(t, `
-- codebuild.list-projects.json --
{"projects":["p"]}
-- batch-get-projects.p.json --
{"names":"p","Error":{"Code":"AccessDeniedException"}}
`, "AWS::CodeBuild::Project", "p", "Stub", "codebuild:BatchGetProjects")
}

func TestKinesis(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a stream that is not encrypted has no encryption", "kinesis:DescribeStreamSummary",
			`{"StreamDescriptionSummary":{"StreamName":"s","StreamARN":"arn:aws:kinesis:eu-west-1:111122223333:stream/s","EncryptionType":"NONE","RetentionPeriodHours":24,"OpenShardCount":1,
			  "StreamModeDetails":{"StreamMode":"PROVISIONED"},"EnhancedMonitoring":[{"ShardLevelMetrics":[]}]}}`,
			"AWS::Kinesis::Stream", "s", map[string]string{"StreamEncryption": `null`, "ShardCount": `1`, "StreamModeDetails": `{"StreamMode":"PROVISIONED"}`, "DesiredShardLevelMetrics": `null`},
		}, {
			"a stream's key is told", "kinesis:DescribeStreamSummary", `{"StreamDescriptionSummary":{"StreamName":"s","EncryptionType":"KMS","KeyId":"alias/aws/kinesis"}}`,
			"AWS::Kinesis::Stream", "s", map[string]string{"StreamEncryption": `{"EncryptionType":"KMS","KeyId":"alias/aws/kinesis"}`},
		}, {
			"an empty policy is none", "kinesis:GetResourcePolicy", `{"ResourceARN":"arn:aws:kinesis:eu-west-1:111122223333:stream/s","Policy":"{}"}`,
			"AWS::Kinesis::Stream", "s", map[string]string{"PolicyDocument": `null`},
		},
	})
	denied(t, `
-- list-streams.json --
{"StreamNames":["s"],"HasMoreStreams":false}
-- kinesis.get-resource-policy.s.json --
{"ResourceARN":"s","Error":{"Code":"AccessDeniedException"}}
`, "AWS::Kinesis::Stream", "s", "PolicyDocument", "kinesis:GetResourcePolicy")
}

func TestCognito(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a user pool's schema and tags have CloudFormation's names", "cognito-idp:DescribeUserPool",
			`{"UserPool":{"Id":"eu-west-1_a","Name":"users","Arn":"arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_a","MfaConfiguration":"OPTIONAL","EstimatedNumberOfUsers":4,
			  "Policies":{"PasswordPolicy":{"MinimumLength":12}},"SchemaAttributes":[{"Name":"email","Required":true}],"UserPoolTags":{"a":"b"},"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":true}}}`,
			"AWS::Cognito::UserPool", "eu-west-1_a",
			map[string]string{"UserPoolName": `"users"`, "MfaConfiguration": `"OPTIONAL"`, "Schema": `[{"Name":"email","Required":true}]`, "UserPoolTags": `{"a":"b"}`, "Policies.PasswordPolicy": `{"MinimumLength":12}`},
		}, {
			"each second factor that is on has a name", "cognito-idp:GetUserPoolMfaConfig",
			`{"UserPoolId":"eu-west-1_a","MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true},"WebAuthnConfiguration":{"RelyingPartyId":"example.com","UserVerification":"required"}}`,
			"AWS::Cognito::UserPool", "eu-west-1_a", map[string]string{"EnabledMfas": `["SOFTWARE_TOKEN_MFA"]`, "WebAuthnRelyingPartyID": `"example.com"`},
		},
	})
	denied(t, `
-- list-user-pools.json --
{"UserPools":[{"Id":"eu-west-1_a","Name":"users"}]}
-- get-user-pool-mfa-config.eu-west-1_a.json --
{"UserPoolId":"eu-west-1_a","Error":{"Code":"AccessDeniedException"}}
`, "AWS::Cognito::UserPool", "eu-west-1_a", "EnabledMfas", "cognito-idp:GetUserPoolMfaConfig")
}
