package inventory

import "testing"

func TestECS(t *testing.T) {
	const (
		service = "arn:aws:ecs:eu-west-1:111122223333:service/c/web"
		task    = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3"
	)
	checkReaders(t, []readerCase{
		{
			"a cluster's settings have CloudFormation's names", "ecs:DescribeClusters",
			`{"clusters":[{"clusterArn":"arn:aws:ecs:eu-west-1:111122223333:cluster/c","clusterName":"c","status":"ACTIVE","runningTasksCount":2,
			  "settings":[{"name":"containerInsights","value":"enabled"}],"tags":[{"key":"a","value":"b"}],"statistics":[],
			  "configuration":{"executeCommandConfiguration":{"logging":"OVERRIDE","logConfiguration":{"s3BucketName":"x","s3EncryptionEnabled":true}}}}],"failures":[]}`,
			"AWS::ECS::Cluster", "c",
			map[string]string{
				"ClusterSettings": `[{"Name":"containerInsights","Value":"enabled"}]`, "Tags": `[{"Key":"a","Value":"b"}]`, "Volatile.RunningTasksCount": `2`,
				"Configuration": `{"ExecuteCommandConfiguration":{"Logging":"OVERRIDE","LogConfiguration":{"S3BucketName":"x","S3EncryptionEnabled":true}}}`,
			},
		}, {
			"a service names its cluster, and its network", "ecs:DescribeServices",
			`{"services":[{"serviceArn":"` + service + `","serviceName":"web","clusterArn":"arn:c","status":"ACTIVE","desiredCount":1,"runningCount":1,"enableECSManagedTags":true,
			  "networkConfiguration":{"awsvpcConfiguration":{"subnets":["subnet-1"],"securityGroups":[],"assignPublicIp":"ENABLED"}},"placementStrategy":[],"roleArn":"arn:r",
			  "deployments":[{"status":"ACTIVE","serviceConnectConfiguration":{"enabled":false}},{"status":"PRIMARY","serviceConnectConfiguration":{"enabled":true}}]}]}`,
			"AWS::ECS::Service", service,
			map[string]string{
				"Cluster": `"arn:c"`, "NetworkConfiguration": `{"AwsvpcConfiguration":{"Subnets":["subnet-1"],"SecurityGroups":[],"AssignPublicIp":"ENABLED"}}`,
				"EnableECSManagedTags": `true`, "PlacementStrategies": `[]`, "Role": `"arn:r"`, "ServiceConnectConfiguration": `{"Enabled":true}`, "Observed.Status": `"ACTIVE"`,
			},
		}, {
			"a task's environment is redacted, and its labels keep their names", "ecs:DescribeTaskDefinition",
			`{"taskDefinition":{"taskDefinitionArn":"` + task + `","family":"web","revision":3,"status":"ACTIVE","networkMode":"awsvpc","compatibilities":["EC2"],
			  "containerDefinitions":[{"name":"web","image":"i","readonlyRootFilesystem":true,"environment":[{"name":"TOKEN","value":"abc"}],"dockerLabels":{"role":"web"},
			    "secrets":[{"name":"DB","valueFrom":"arn:s"}],"logConfiguration":{"logDriver":"splunk","options":{"splunk-url":"u","splunk-token":"abcd"}}}],
			  "volumes":[{"name":"v","efsVolumeConfiguration":{"fileSystemId":"fs-1","transitEncryption":"ENABLED","authorizationConfig":{"accessPointId":"fsap-1","iam":"ENABLED"}}}]},
			  "tags":[{"key":"a","value":"b"}]}`,
			"AWS::ECS::TaskDefinition", task,
			map[string]string{
				"ContainerDefinitions": `[{"Name":"web","Image":"i","ReadonlyRootFilesystem":true,"Environment":[{"Name":"TOKEN","Value":{"kind":"environment","length":3}}],"DockerLabels":{"role":"web"},
				  "Secrets":[{"Name":"DB","ValueFrom":"arn:s"}],"LogConfiguration":{"LogDriver":"splunk","Options":{"splunk-url":"u","splunk-token":{"kind":"log-option","length":4}}}}]`,
				"Volumes":           `[{"Name":"v","EFSVolumeConfiguration":{"FilesystemId":"fs-1","TransitEncryption":"ENABLED","AuthorizationConfig":{"AccessPointId":"fsap-1","IAM":"ENABLED"}}}]`,
				"Observed.Revision": `3`, "Tags": `[{"Key":"a","Value":"b"}]`,
			},
		},
	})
	denied(t, `
-- list-task-definitions.json --
{"taskDefinitionArns":["`+task+`"]}
-- describe-task-definition.x.json --
{"taskDefinition":"`+task+`","Error":{"Code":"AccessDeniedException"}}
-- ecs.list-clusters.json --
{"clusterArns":["arn:aws:ecs:eu-west-1:111122223333:cluster/c"]}
-- list-services.c.json --
{"cluster":"c","serviceArns":["`+service+`"]}
-- describe-services.x.json --
{"services":"`+service+`","Error":{"Code":"AccessDeniedException"}}
`, "AWS::ECS::Service", service, "Stub", "ecs:DescribeServices")
}

func TestECR(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a repository has CloudFormation's names", "ecr:DescribeRepositories",
			`{"repositories":[{"repositoryArn":"arn:aws:ecr:eu-west-1:111122223333:repository/team/app","registryId":"111122223333","repositoryName":"team/app","repositoryUri":"u",
			  "imageTagMutability":"IMMUTABLE_WITH_EXCLUSION","imageTagMutabilityExclusionFilters":[{"filterType":"WILDCARD","filter":"dev*"}],
			  "imageScanningConfiguration":{"scanOnPush":true},"encryptionConfiguration":{"encryptionType":"KMS","kmsKey":"arn:k"}}]}`,
			"AWS::ECR::Repository", "team/app",
			map[string]string{
				"ImageScanningConfiguration": `{"ScanOnPush":true}`, "EncryptionConfiguration": `{"EncryptionType":"KMS","KmsKey":"arn:k"}`,
				"ImageTagMutabilityExclusionFilters": `[{"ImageTagMutabilityExclusionFilterType":"WILDCARD","ImageTagMutabilityExclusionFilterValue":"dev*"}]`,
			},
		}, {
			"a repository's policy is an object", "ecr:GetRepositoryPolicy",
			`{"registryId":"111122223333","repositoryName":"team/app","policyText":"{\"Statement\":[]}"}`,
			"AWS::ECR::Repository", "team/app", map[string]string{"RepositoryPolicyText": `{"Statement":[]}`},
		}, {
			"a lifecycle policy stays text, as CloudFormation has it", "ecr:GetLifecyclePolicy",
			`{"registryId":"111122223333","repositoryName":"team/app","lifecyclePolicyText":"{\"rules\":[]}"}`,
			"AWS::ECR::Repository", "team/app", map[string]string{"LifecyclePolicy.LifecyclePolicyText": `"{\"rules\":[]}"`},
		}, {
			"tags find a repository whose name has a slash", "ecr:ListTagsForResource",
			`{"resourceArn":"arn:aws:ecr:eu-west-1:111122223333:repository/team/app","tags":[{"Key":"a","Value":"b"}]}`,
			"AWS::ECR::Repository", "team/app", map[string]string{"Tags": `[{"Key":"a","Value":"b"}]`},
		},
	})
	denied(t, `
-- describe-repositories.json --
{"repositories":[{"repositoryArn":"arn:aws:ecr:eu-west-1:111122223333:repository/team/app","repositoryName":"team/app"}]}
-- get-repository-policy.x.json --
{"repositoryName":"team/app","Error":{"Code":"AccessDeniedException"}}
`, "AWS::ECR::Repository", "team/app", "RepositoryPolicyText", "ecr:GetRepositoryPolicy")
}

func TestEKS(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/ops"
	checkReaders(t, []readerCase{
		{
			"only log types that are on are enabled", "eks:DescribeCluster",
			`{"cluster":{"name":"k","arn":"arn:aws:eks:eu-west-1:111122223333:cluster/k","version":"1.33","roleArn":"arn:r","tags":{"a":"b"},"identity":{"oidc":{"issuer":"https://o"}},
			  "resourcesVpcConfig":{"subnetIds":["subnet-1"],"vpcId":"vpc-1","clusterSecurityGroupId":"sg-1","endpointPublicAccess":true,"publicAccessCidrs":["0.0.0.0/0"]},
			  "logging":{"clusterLogging":[{"types":["api","audit"],"enabled":true},{"types":["scheduler"],"enabled":false}]},
			  "encryptionConfig":[{"resources":["secrets"],"provider":{"keyArn":"arn:k"}}],"accessConfig":{"authenticationMode":"API"}}}`,
			"AWS::EKS::Cluster", "k",
			map[string]string{
				"Logging":            `{"ClusterLogging":{"EnabledTypes":[{"Type":"api"},{"Type":"audit"}]}}`,
				"ResourcesVpcConfig": `{"SubnetIds":["subnet-1"],"EndpointPublicAccess":true,"PublicAccessCidrs":["0.0.0.0/0"]}`,
				"EncryptionConfig":   `[{"Resources":["secrets"],"Provider":{"KeyArn":"arn:k"}}]`, "Tags": `[{"Key":"a","Value":"b"}]`,
				"Observed.ClusterVpcId": `"vpc-1"`, "Observed.OidcIssuer": `"https://o"`,
			},
		}, {
			"a group of nodes keeps the keys of its labels", "eks:DescribeNodegroup",
			`{"nodegroup":{"nodegroupName":"n","clusterName":"k","nodegroupArn":"arn:n","status":"ACTIVE","labels":{"role":"web"},"remoteAccess":{"ec2SshKey":"key"},
			  "scalingConfig":{"minSize":1},"subnets":["subnet-1"],"tags":{"a":"b"},"resources":{"autoScalingGroups":[{"name":"asg"}]}}}`,
			"AWS::EKS::Nodegroup", "k/n",
			map[string]string{"Labels": `{"role":"web"}`, "RemoteAccess": `{"Ec2SshKey":"key"}`, "ScalingConfig": `{"MinSize":1}`, "Tags": `{"a":"b"}`, "Observed.AutoScalingGroups": `["asg"]`},
		}, {
			"an access entry says who may sign in", "eks:DescribeAccessEntry",
			`{"accessEntry":{"clusterName":"k","principalArn":"` + role + `","kubernetesGroups":["g"],"accessEntryArn":"arn:e","type":"STANDARD","username":"u","tags":{}}}`,
			"AWS::EKS::AccessEntry", role + "|k", map[string]string{"KubernetesGroups": `["g"]`, "Type": `"STANDARD"`, "Username": `"u"`, "ARN": `"arn:e"`},
		}, {
			"the policies of an access entry have a scope", "eks:ListAssociatedAccessPolicies",
			`{"clusterName":"k","principalArn":"` + role + `","associatedAccessPolicies":[{"policyArn":"arn:p","accessScope":{"type":"namespace","namespaces":["x"]},"associatedAt":"2026-01-01T00:00:00Z"}]}`,
			"AWS::EKS::AccessEntry", role + "|k", map[string]string{"AccessPolicies": `[{"PolicyArn":"arn:p","AccessScope":{"Type":"namespace","Namespaces":["x"]}}]`},
		},
	})
	denied(t, `
-- eks.list-clusters.json --
{"clusters":["k"]}
-- describe-cluster.k.json --
{"name":"k","Error":{"Code":"AccessDeniedException"}}
`, "AWS::EKS::Cluster", "k", "Stub", "eks:DescribeCluster")
}

func TestEFS(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"a file system's tags have their own name", "efs:DescribeFileSystems",
			`{"FileSystems":[{"OwnerId":"111122223333","CreationToken":"c","FileSystemId":"fs-1","FileSystemArn":"arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1",
			  "LifeCycleState":"available","Encrypted":true,"KmsKeyId":"arn:k","SizeInBytes":{"Value":1},"Tags":[{"Key":"a","Value":"b"}]}]}`,
			"AWS::EFS::FileSystem", "fs-1", map[string]string{"Encrypted": `true`, "FileSystemTags": `[{"Key":"a","Value":"b"}]`, "Observed.LifeCycleState": `"available"`},
		}, {
			"a file system's policy is an object", "efs:DescribeFileSystemPolicy", `{"FileSystemId":"fs-1","Policy":"{\"Statement\":[]}"}`,
			"AWS::EFS::FileSystem", "fs-1", map[string]string{"FileSystemPolicy": `{"Statement":[]}`},
		}, {
			"backups are on or off", "efs:DescribeBackupPolicy", `{"FileSystemId":"fs-1","BackupPolicy":{"Status":"DISABLED"}}`,
			"AWS::EFS::FileSystem", "fs-1", map[string]string{"BackupPolicy": `{"Status":"DISABLED"}`},
		}, {
			"a replication belongs to the system that it starts from", "efs:DescribeReplicationConfigurations",
			`{"Replications":[{"SourceFileSystemId":"fs-1","SourceFileSystemRegion":"eu-west-1","Destinations":[{"FileSystemId":"fs-2","Region":"eu-central-1","Status":"ENABLED","LastReplicatedTimestamp":"x"}]}]}`,
			"AWS::EFS::FileSystem", "fs-1", map[string]string{"ReplicationConfiguration": `{"Destinations":[{"FileSystemId":"fs-2","Region":"eu-central-1","Status":"ENABLED"}]}`},
		}, {
			"a mount target is in a subnet", "efs:DescribeMountTargets",
			`{"FileSystemId":"fs-1","MountTargets":[{"MountTargetId":"fsmt-1","FileSystemId":"fs-1","SubnetId":"subnet-1","IpAddress":"10.0.0.9","NetworkInterfaceId":"eni-1","OwnerId":"111122223333"}]}`,
			"AWS::EFS::MountTarget", "fsmt-1", map[string]string{"SubnetId": `"subnet-1"`, "Observed.NetworkInterfaceId": `"eni-1"`},
		}, {
			"the numbers of an access point's user are strings", "efs:DescribeAccessPoints",
			`{"AccessPoints":[{"AccessPointId":"fsap-1","AccessPointArn":"arn:p","FileSystemId":"fs-1","PosixUser":{"Uid":1000,"Gid":1001,"SecondaryGids":[7]},
			  "RootDirectory":{"Path":"/x","CreationInfo":{"OwnerUid":0,"OwnerGid":0,"Permissions":"755"}}}]}`,
			"AWS::EFS::AccessPoint", "fsap-1",
			map[string]string{
				"PosixUser":     `{"Uid":"1000","Gid":"1001","SecondaryGids":["7"]}`,
				"RootDirectory": `{"Path":"/x","CreationInfo":{"OwnerUid":"0","OwnerGid":"0","Permissions":"755"}}`,
			},
		},
	})
	const folder = `
-- describe-file-systems.json --
{"FileSystems":[{"CreationToken":"c","FileSystemId":"fs-1","Tags":[{"Key":"a","Value":"b"}]}]}
-- describe-backup-policy.fs-1.json --
{"FileSystemId":"fs-1","Error":{"Code":"AccessDeniedException"}}
`
	denied(t, folder, "AWS::EFS::FileSystem", "fs-1", "BackupPolicy", "elasticfilesystem:DescribeBackupPolicy")
	if r := find(t, load(t, folder, Options{Account: me, Region: "eu-west-1"}), "AWS::EFS::FileSystem", "fs-1"); r.Tags["a"] != "b" {
		t.Errorf("the tags are %v", r.Tags)
	}
}
