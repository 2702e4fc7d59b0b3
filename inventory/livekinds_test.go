package inventory

import (
	"testing"

	"github.com/haetae/haetae"
)

func TestAccessPointsAndWaysIntoNetworks(t *testing.T) {
	checkReaders(t, []readerCase{
		{
			"an access point is listed", "s3control:ListAccessPoints",
			`{"AccessPointList":[{"Name":"ap","NetworkOrigin":"VPC","VpcConfiguration":{"VpcId":"vpc-1"},"Bucket":"b","AccessPointArn":"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap","Alias":"ap-x","BucketAccountId":"111122223333"}]}`,
			"AWS::S3::AccessPoint", "ap",
			map[string]string{"Bucket": `"b"`, "VpcConfiguration": `{"VpcId":"vpc-1"}`, "Observed.NetworkOrigin": `"VPC"`, "ARN": `"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap"`},
		}, {
			"an access point has a block", "s3control:GetAccessPoint",
			`{"Name":"ap","Bucket":"b","NetworkOrigin":"Internet","PublicAccessBlockConfiguration":{"BlockPublicAcls":true},"CreationDate":"2024-01-01T00:00:00Z","Endpoints":{"ipv4":"x"}}`,
			"AWS::S3::AccessPoint", "ap", map[string]string{"PublicAccessBlockConfiguration": `{"BlockPublicAcls":true}`, "Observed.CreationDate": `"2024-01-01T00:00:00Z"`},
		}, {
			"an access point has a policy", "s3control:GetAccessPointPolicy", `{"Name":"ap","Policy":"{\"Statement\":[]}"}`,
			"AWS::S3::AccessPoint", "ap", map[string]string{"Policy": `{"Statement":[]}`},
		}, {
			"an access point is public or not", "s3control:GetAccessPointPolicyStatus", `{"Name":"ap","PolicyStatus":{"IsPublic":true}}`,
			"AWS::S3::AccessPoint", "ap", map[string]string{"Observed.PolicyStatus": `{"IsPublic":true}`},
		}, {
			"who pays for requests", "s3api:GetBucketRequestPayment", `{"Bucket":"b","Payer":"Requester"}`,
			"AWS::S3::Bucket", "b", map[string]string{"Observed.RequestPayer": `"Requester"`},
		}, {
			"a bucket may be accelerated", "s3api:GetBucketAccelerateConfiguration", `{"Bucket":"b","Status":"Enabled"}`,
			"AWS::S3::Bucket", "b", map[string]string{"AccelerateConfiguration": `{"AccelerationStatus":"Enabled"}`},
		}, {
			"an endpoint service accepts", "ec2:DescribeVpcEndpointServiceConfigurations",
			`{"ServiceConfigurations":[{"ServiceId":"vpce-svc-1","ServiceName":"com.amazonaws.vpce.x","ServiceState":"Available","AcceptanceRequired":false,"NetworkLoadBalancerArns":["arn:lb"],"PrivateDnsName":"","SupportedRegions":[{"Region":"eu-west-1"}],"ServiceType":[{"ServiceType":"Interface"}]}]}`,
			"AWS::EC2::VPCEndpointService", "vpce-svc-1",
			map[string]string{"AcceptanceRequired": `false`, "NetworkLoadBalancerArns": `["arn:lb"]`, "PrivateDnsName": `null`, "SupportedRegions": `["eu-west-1"]`, "Observed.ServiceState": `"Available"`},
		}, {
			"an endpoint service has principals", "ec2:DescribeVpcEndpointServicePermissions",
			`{"ServiceId":"vpce-svc-1","AllowedPrincipals":[{"PrincipalType":"All","Principal":"*"}]}`,
			"AWS::EC2::VPCEndpointService", "vpce-svc-1", map[string]string{"AllowedPrincipals": `["*"]`},
		}, {
			"an endpoint service has connections", "ec2:DescribeVpcEndpointConnections",
			`{"VpcEndpointConnections":[{"ServiceId":"vpce-svc-1","VpcEndpointId":"vpce-1","VpcEndpointOwner":"444455556666","VpcEndpointState":"available"},{"VpcEndpointId":"odd"}]}`,
			"AWS::EC2::VPCEndpointService", "vpce-svc-1",
			map[string]string{"Observed.Connections": `[{"VpcEndpointId":"vpce-1","VpcEndpointOwner":"444455556666","VpcEndpointState":"available"}]`},
		}, {
			"an instance connect endpoint", "ec2:DescribeInstanceConnectEndpoints",
			`{"InstanceConnectEndpoints":[{"InstanceConnectEndpointId":"eice-1","OwnerId":"111122223333","State":"create-complete","SubnetId":"subnet-1","PreserveClientIp":true,"SecurityGroupIds":["sg-1"],"VpcId":"vpc-1"},{"InstanceConnectEndpointId":"eice-2","State":"delete-complete"}]}`,
			"AWS::EC2::InstanceConnectEndpoint", "eice-1", map[string]string{"SecurityGroupIds": `["sg-1"]`, "PreserveClientIp": `true`, "Observed.VpcId": `"vpc-1"`},
		}, {
			"a client VPN", "ec2:DescribeClientVpnEndpoints",
			`{"ClientVpnEndpoints":[{"ClientVpnEndpointId":"cvpn-1","Status":{"Code":"available"},"ClientCidrBlock":"10.0.0.0/16","SplitTunnel":true,"ConnectionLogOptions":{"Enabled":false},
			  "AuthenticationOptions":[{"Type":"certificate-authentication","MutualAuthentication":{"ClientRootCertificateChain":"arn:c"}}],"ClientConnectOptions":{"Enabled":false,"Status":{"Code":"applied"}},"Tags":[{"Key":"a","Value":"b"}]}]}`,
			"AWS::EC2::ClientVpnEndpoint", "cvpn-1",
			map[string]string{
				"ConnectionLogOptions":  `{"Enabled":false}`,
				"AuthenticationOptions": `[{"Type":"certificate-authentication","MutualAuthentication":{"ClientRootCertificateChainArn":"arn:c"}}]`,
				"ClientConnectOptions":  `{"Enabled":false}`, "SelfServicePortal": `"disabled"`,
				"TagSpecifications": `[{"ResourceType":"client-vpn-endpoint","Tags":[{"Key":"a","Value":"b"}]}]`,
			},
		}, {
			"a client VPN lets everybody in", "ec2:DescribeClientVpnAuthorizationRules",
			`{"ClientVpnEndpointId":"cvpn-1","AuthorizationRules":[{"ClientVpnEndpointId":"cvpn-1","GroupId":"","AccessAll":true,"DestinationCidr":"0.0.0.0/0","Status":{"Code":"active"}}]}`,
			"AWS::EC2::ClientVpnAuthorizationRule", "cvpn-1|0.0.0.0/0", map[string]string{"AuthorizeAllGroups": `true`, "AccessGroupId": `null`},
		}, {
			"DHCP options", "ec2:DescribeDhcpOptions",
			`{"DhcpOptions":[{"DhcpOptionsId":"dopt-1","OwnerId":"111122223333","DhcpConfigurations":[{"Key":"domain-name","Values":[{"Value":"x.internal"}]},{"Key":"domain-name-servers","Values":[{"Value":"AmazonProvidedDNS"}]},{"Key":"netbios-node-type","Values":[{"Value":"2"}]},{"Key":"ntp-servers","Values":[]}]}]}`,
			"AWS::EC2::DHCPOptions", "dopt-1", map[string]string{"DomainName": `"x.internal"`, "DomainNameServers": `["AmazonProvidedDNS"]`, "NetbiosNodeType": `2`, "NtpServers": `null`},
		}, {
			"a carrier gateway", "ec2:DescribeCarrierGateways", `{"CarrierGateways":[{"CarrierGatewayId":"cagw-1","VpcId":"vpc-1","State":"available","OwnerId":"111122223333"}]}`,
			"AWS::EC2::CarrierGateway", "cagw-1", map[string]string{"VpcId": `"vpc-1"`, "Observed.State": `"available"`},
		}, {
			"an exclusion of a subnet", "ec2:DescribeVpcBlockPublicAccessExclusions",
			`{"VpcBlockPublicAccessExclusions":[{"ExclusionId":"vpcbpa-1","InternetGatewayExclusionMode":"allow-egress","ResourceArn":"arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1","State":"create-complete"}]}`,
			"AWS::EC2::VPCBlockPublicAccessExclusion", "vpcbpa-1", map[string]string{"SubnetId": `"subnet-1"`, "VpcId": `null`, "InternetGatewayExclusionMode": `"allow-egress"`},
		}, {
			"a snapshot is locked", "ec2:DescribeLockedSnapshots", `{"Snapshots":[{"SnapshotId":"snap-1","OwnerId":"111122223333","LockState":"compliance"}]}`,
			"AWS::EC2::Snapshot", "snap-1", map[string]string{"Observed.LockState": `"compliance"`},
		}, {
			"a key pair", "ec2:DescribeKeyPairs", `{"KeyPairs":[{"KeyPairId":"key-1","KeyName":"k","KeyType":"rsa","KeyFingerprint":"f"}]}`,
			"AWS::EC2::KeyPair", "k", map[string]string{"KeyType": `"rsa"`, "Observed.KeyPairId": `"key-1"`},
		},
	})
}

func TestLayersLakeAndOptionGroups(t *testing.T) {
	const layer, store = "arn:aws:lambda:eu-west-1:111122223333:layer:l", "arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/e-1"
	checkReaders(t, []readerCase{
		{
			"a layer has versions", "lambda:ListLayerVersions",
			`{"LayerName":"` + layer + `","LayerVersions":[{"LayerVersionArn":"` + layer + `:3","Version":3,"CompatibleRuntimes":["python3.13"],"CreatedDate":"x"}]}`,
			"AWS::Lambda::LayerVersion", layer + ":3", map[string]string{"LayerName": `"l"`, "CompatibleRuntimes": `["python3.13"]`},
		}, {
			"a version is shared", "lambda:GetLayerVersionPolicy",
			`{"LayerName":"` + layer + `","VersionNumber":"3","Policy":"{\"Statement\":[{\"Sid\":\"a\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"lambda:GetLayerVersion\",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-1\"}}},{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Action\":\"lambda:GetLayerVersion\"}]}"}`,
			"AWS::Lambda::LayerVersion", layer + ":3",
			map[string]string{"Permissions": `[{"Action":"lambda:GetLayerVersion","Principal":"*","OrganizationId":"o-1"},{"Action":"lambda:GetLayerVersion","Principal":"444455556666"}]`},
		}, {
			"an event source", "lambda:ListEventSourceMappings",
			`{"EventSourceMappings":[{"UUID":"u","FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:f","EventSourceArn":"arn:q","State":"Enabled","BatchSize":10,"KMSKeyArn":"arn:k",
			  "SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["h:9092"]}},"StartingPositionTimestamp":"2024-01-01T00:00:00Z","EventSourceMappingArn":"arn:m"}]}`,
			"AWS::Lambda::EventSourceMapping", "u",
			map[string]string{"Enabled": `true`, "KmsKeyArn": `"arn:k"`, "SelfManagedEventSource": `{"Endpoints":{"KafkaBootstrapServers":["h:9092"]}}`, "ARN": `"arn:m"`},
		}, {
			"a data store", "cloudtrail:GetEventDataStore",
			`{"EventDataStoreArn":"` + store + `","Name":"n","Status":"STOPPED_INGESTION","RetentionPeriod":90,"TerminationProtectionEnabled":true,"FederationStatus":"DISABLED","AdvancedEventSelectors":[{"Name":"m","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}`,
			"AWS::CloudTrail::EventDataStore", store,
			map[string]string{"IngestionEnabled": `false`, "FederationEnabled": `false`, "RetentionPeriod": `90`, "AdvancedEventSelectors": `[{"Name":"m","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`},
		}, {
			"a data store has a policy", "cloudtrail:GetResourcePolicy", `{"ResourceArn":"` + store + `","ResourcePolicy":"{\"Statement\":[]}"}`,
			"AWS::CloudTrail::EventDataStore", store, map[string]string{"PolicyDocument": `{"Statement":[]}`},
		}, {
			"a data store has tags", "cloudtrail:ListTags", `{"ResourceTagList":[{"ResourceId":"` + store + `","TagsList":[{"Key":"a","Value":"b"}]}]}`,
			"AWS::CloudTrail::EventDataStore", store, map[string]string{"Tags": `[{"Key":"a","Value":"b"}]`},
		}, {
			"an option group", "rds:DescribeOptionGroups",
			`{"OptionGroupsList":[{"OptionGroupName":"g","EngineName":"oracle-ee","MajorEngineVersion":"19","Options":[{"OptionName":"SSL","Port":2484,"OptionSettings":[{"Name":"SQLNET.SSL_VERSION","Value":"1.2"},{"Name":"x"}],"VpcSecurityGroupMemberships":[{"VpcSecurityGroupId":"sg-1","Status":"active"}]}],"OptionGroupArn":"arn:g"}]}`,
			"AWS::RDS::OptionGroup", "g",
			map[string]string{"OptionConfigurations": `[{"OptionName":"SSL","Port":2484,"OptionSettings":[{"Name":"SQLNET.SSL_VERSION","Value":"1.2"}],"VpcSecurityGroupMemberships":["sg-1"]}]`},
		}, {
			"archive rules", "accessanalyzer:ListArchiveRules",
			`{"analyzerName":"a","archiveRules":[{"ruleName":"r","filter":{"isPublic":{"exists":true},"error":{"eq":["x"]}}}]}`,
			"AWS::AccessAnalyzer::Analyzer", "a",
			map[string]string{"ArchiveRules": `[{"RuleName":"r","Filter":[{"Property":"error","Eq":["x"]},{"Property":"isPublic","Exists":"true"}]}]`},
		}, {
			"an origin access identity", "cloudfront:ListCloudFrontOriginAccessIdentities",
			`{"CloudFrontOriginAccessIdentityList":{"IsTruncated":false,"Items":[{"Id":"E1","S3CanonicalUserId":"c","Comment":"k"}]}}`,
			"AWS::CloudFront::CloudFrontOriginAccessIdentity", "E1", map[string]string{"CloudFrontOriginAccessIdentityConfig": `{"Comment":"k"}`, "Observed.S3CanonicalUserId": `"c"`},
		}, {
			"the organization's policy", "organizations:DescribeResourcePolicy",
			`{"ResourcePolicy":{"ResourcePolicySummary":{"Id":"rp-1","Arn":"arn:aws:organizations::111122223333:resourcepolicy/o-1/rp-1"},"Content":"{\"Statement\":[]}"}}`,
			"AWS::Organizations::ResourcePolicy", "rp-1", map[string]string{"Content": `{"Statement":[]}`},
		}, {
			"a SAML provider", "iam:GetSAMLProvider",
			`{"SAMLProviderArn":"arn:aws:iam::111122223333:saml-provider/p","SAMLMetadataDocument":"<x/>","ValidUntil":"2030-01-01T00:00:00Z","Tags":[]}`,
			"AWS::IAM::SAMLProvider", "arn:aws:iam::111122223333:saml-provider/p", map[string]string{"SamlMetadataDocument": `"<x/>"`, "Name": `"p"`, "Observed.ValidUntil": `"2030-01-01T00:00:00Z"`},
		}, {
			"a user pool is protected", "wafv2:GetWebACLForResource",
			`{"ResourceArn":"arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_x","WebACL":{"ARN":"arn:acl"}}`,
			"AWS::Cognito::UserPool", "eu-west-1_x", map[string]string{"WebACLArn": `"arn:acl"`},
		},
	})
}

func TestWhatRunsInClusters(t *testing.T) {
	const pod = "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/c/a-1"
	checkReaders(t, []readerCase{
		{
			"profiles are listed", "eks:ListFargateProfiles", `{"clusterName":"c","fargateProfileNames":["f"]}`,
			"AWS::EKS::FargateProfile", "c|f", map[string]string{"ClusterName": `"c"`},
		}, {
			"a profile selects pods", "eks:DescribeFargateProfile",
			`{"fargateProfile":{"fargateProfileName":"f","clusterName":"c","fargateProfileArn":"arn:f","podExecutionRoleArn":"arn:r","subnets":["subnet-1"],"selectors":[{"namespace":"n","labels":{"a":"b"}}],"tags":{}}}`,
			"AWS::EKS::FargateProfile", "c|f", map[string]string{"Selectors": `[{"Namespace":"n","Labels":[{"Key":"a","Value":"b"}]}]`, "PodExecutionRoleArn": `"arn:r"`},
		}, {
			"add-ons are listed", "eks:ListAddons", `{"clusterName":"c","addons":["vpc-cni"]}`,
			"AWS::EKS::Addon", "c|vpc-cni", map[string]string{"AddonName": `"vpc-cni"`},
		}, {
			"an add-on has a role", "eks:DescribeAddon",
			`{"addon":{"addonName":"vpc-cni","clusterName":"c","addonVersion":"v1","addonArn":"arn:a","serviceAccountRoleArn":"arn:r","tags":{"a":"b"}}}`,
			"AWS::EKS::Addon", "c|vpc-cni", map[string]string{"ServiceAccountRoleArn": `"arn:r"`, "Tags": `[{"Key":"a","Value":"b"}]`},
		}, {
			"a pod has a role", "eks:DescribePodIdentityAssociation",
			`{"association":{"clusterName":"c","namespace":"n","serviceAccount":"s","roleArn":"arn:r","associationArn":"` + pod + `","associationId":"a-1","tags":{}}}`,
			"AWS::EKS::PodIdentityAssociation", pod, map[string]string{"RoleArn": `"arn:r"`, "ServiceAccount": `"s"`},
		},
	})
}

func TestSettingsOfARegion(t *testing.T) {
	setting := func(name, op, answer string, want map[string]string) readerCase {
		return readerCase{name, op, answer, "Haetae::Region", "eu-west-1", want}
	}
	checkReaders(t, []readerCase{
		setting("EMR", "emr:GetBlockPublicAccessConfiguration", `{"BlockPublicAccessConfiguration":{"BlockPublicSecurityGroupRules":true,"PermittedPublicSecurityGroupRuleRanges":[{"MinRange":22,"MaxRange":22}]}}`,
			map[string]string{"Observed.EmrBlockPublicAccess.BlockPublicSecurityGroupRules": `true`}),
		setting("Inspector", "inspector2:BatchGetAccountStatus", `{"accounts":[{"accountId":"111122223333","state":{"status":"ENABLED"},"resourceState":{"ec2":{"status":"ENABLED"},"ecr":{"status":"DISABLED"},"lambda":{"status":"DISABLED"}}}],"failedAccounts":[]}`,
			map[string]string{"Observed.Inspector": `{"Status":"ENABLED","Ec2":"ENABLED","Ecr":"DISABLED","Lambda":"DISABLED"}`}),
		setting("Inspector's ways", "inspector2:GetConfiguration", `{"ecrConfiguration":{"rescanDurationState":{"rescanDuration":"LIFETIME"}},"ec2Configuration":{"scanModeState":{"scanMode":"EC2_HYBRID"}}}`,
			map[string]string{"Observed.Inspector": `{"Ec2ScanMode":"EC2_HYBRID","EcrRescanDuration":"LIFETIME"}`}),
		setting("the registry's policy", "ecr:GetRegistryPolicy", `{"registryId":"1","policyText":"{\"Statement\":[]}"}`, map[string]string{"Observed.EcrRegistryPolicy": `{"Statement":[]}`}),
		setting("the registry's scans", "ecr:GetRegistryScanningConfiguration", `{"registryId":"1","scanningConfiguration":{"scanType":"ENHANCED","rules":[]}}`,
			map[string]string{"Observed.EcrScanning": `{"ScanType":"ENHANCED","Rules":[]}`}),
		setting("ECS", "ecs:ListAccountSettings", `{"settings":[{"name":"containerInsights","value":"enabled","principalArn":"arn:x"}]}`, map[string]string{"Observed.EcsAccountSettings": `{"containerInsights":"enabled"}`}),
		setting("Glue", "glue:GetDataCatalogEncryptionSettings", `{"DataCatalogEncryptionSettings":{"EncryptionAtRest":{"CatalogEncryptionMode":"SSE-KMS","SseAwsKmsKeyId":"k"},"ConnectionPasswordEncryption":{"ReturnConnectionPasswordEncrypted":true}}}`,
			map[string]string{"Observed.GlueDataCatalogEncryption": `{"EncryptionAtRest":{"CatalogEncryptionMode":"SSE-KMS","SseAwsKmsKeyId":"k"},"ConnectionPasswordEncryption":{"ReturnConnectionPasswordEncrypted":true}}`}),
		setting("Glue's policies", "glue:GetResourcePolicies", `{"GetResourcePoliciesResponseList":[{"PolicyInJson":"{\"Statement\":[]}"}]}`, map[string]string{"Observed.GlueResourcePolicies": `[{"Statement":[]}]`}),
		setting("X-Ray", "xray:GetEncryptionConfig", `{"EncryptionConfig":{"Type":"KMS","KeyId":"k","Status":"ACTIVE"}}`, map[string]string{"Observed.XRayEncryption": `{"Type":"KMS","KeyId":"k"}`}),
		setting("Lambda", "lambda:GetAccountSettings", `{"AccountLimit":{"ConcurrentExecutions":1000},"AccountUsage":{}}`, map[string]string{"Observed.LambdaAccountConcurrency": `1000`}),
		setting("who writes logs", "logs:DescribeResourcePolicies", `{"resourcePolicies":[{"policyName":"p","policyDocument":"{\"Statement\":[]}"}]}`,
			map[string]string{"Observed.LogsResourcePolicies": `[{"PolicyName":"p","PolicyDocument":{"Statement":[]}}]`}),
		setting("the role that manages instances", "ssm:GetServiceSetting", `{"ServiceSetting":{"SettingId":"`+hostManagement+`","SettingValue":"role"}}`, map[string]string{"Observed.SsmDefaultHostManagementRole": `"role"`}),
	})
}

func TestReportsOfLastUseAreReadWhenTheyAreDone(t *testing.T) {
	const user = "arn:aws:iam::111122223333:user/team/ann"
	const list = `[{"ServiceNamespace":"s3","LastAuthenticated":"2026-01-01T00:00:00Z","TotalAuthenticatedEntities":1}]`
	checkReaders(t, []readerCase{{
		"a report is about whom it was asked for", "iam:GetServiceLastAccessedDetails",
		`{"JobId":"j","Arn":"` + user + `","JobStatus":"COMPLETED","ServicesLastAccessed":[{"ServiceName":"Amazon S3","ServiceNamespace":"s3","LastAuthenticated":"2026-01-01T00:00:00Z","TotalAuthenticatedEntities":1}]}`,
		"AWS::IAM::User", "ann", map[string]string{"Volatile.ServicesLastAccessed": list},
	}})
	users := &Answer{Op: details, Account: me, Body: body(t, `{"UserDetailList":[{"UserName":"ann","Arn":"`+user+`"}],"RoleDetailList":[]}`)}
	for name, c := range map[string]struct {
		answers []*Answer
		reason  haetae.Reason
	}{
		"not asked":    {nil, haetae.NotAsked},
		"not finished": {[]*Answer{{Op: "iam:GetServiceLastAccessedDetails", Account: me, Body: body(t, `{"JobId":"j","Arn":"`+user+`","JobStatus":"IN_PROGRESS"}`)}}, haetae.NotAsked},
		"denied":       {[]*Answer{{Op: "iam:GetServiceLastAccessedDetails", Account: me, Code: "AccessDenied", Body: body(t, `{"JobId":"j","Arn":"`+user+`"}`)}}, haetae.Denied},
	} {
		s := live(append([]*Answer{users}, c.answers...)...)
		if u := unknown(t, find(t, s, "AWS::IAM::User", "ann").Volatile["ServicesLastAccessed"]); u.Reason != c.reason {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

func TestDelegatedServicesJoinTheirAdministrator(t *testing.T) {
	s := live(
		&Answer{Op: "organizations:DescribeOrganization", Account: me, Body: body(t, `{"Organization":{"Id":"o-1","FeatureSet":"ALL","MasterAccountId":"111122223333"}}`)},
		&Answer{Op: "organizations:ListDelegatedAdministrators", Account: me, Body: body(t, `{"DelegatedAdministrators":[{"Id":"444455556666","Arn":"arn:aws:organizations::111122223333:account/o-1/444455556666"}]}`)},
		&Answer{Op: "organizations:ListDelegatedServicesForAccount", Account: me, Body: body(t, `{"AccountId":"444455556666","DelegatedServices":[{"ServicePrincipal":"guardduty.amazonaws.com"}]}`)},
	)
	got := find(t, s, "Haetae::Organization", "o-1").Observed["DelegatedAdministrators"]
	if !sameJSON(t, got, `[{"AccountId":"444455556666","ServicePrincipals":["guardduty.amazonaws.com"]}]`) {
		t.Errorf("administrators are %s", text(got))
	}
}

func TestAWebACLIsWholeWhenEachTypeWasAsked(t *testing.T) {
	const acl = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/a/1"
	answers := []*Answer{{Op: "wafv2:ListWebACLs", Params: regionScope, Body: body(t, `{"WebACLs":[{"ARN":"`+acl+`","Id":"1","Name":"a"}]}`)}}
	for i, typ := range protectedTypes() {
		if i == 3 {
			r := find(t, live(answers...), "AWS::WAFv2::WebACL", "a|1|REGIONAL")
			if o, ok := r.Observed["AssociatedResources"].(*haetae.OpenList); !ok || len(o.Items) != 1 {
				t.Errorf("some types were asked: %v", r.Observed)
			}
		}
		list := `[]`
		if i == 0 {
			list = `["arn:lb"]`
		}
		answers = append(answers, &Answer{
			Op: "wafv2:ListResourcesForWebACL", Params: map[string]any{"ResourceType": typ},
			Body: body(t, `{"WebACLArn":"`+acl+`","ResourceArns":`+list+`}`),
		})
	}
	r := find(t, live(answers...), "AWS::WAFv2::WebACL", "a|1|REGIONAL")
	if !sameJSON(t, r.Observed["AssociatedResources"], `["arn:lb"]`) || len(r.Observed) > 3 {
		t.Errorf("all types were asked: %s", text(r.Observed))
	}
}

func TestWebACLsOfTheEdgeAreReadByTheirKind(t *testing.T) {
	const acl = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/front/1"
	s := live(
		&Answer{Op: "wafv2:ListWebACLs", Account: me, Params: edgeScope, Body: body(t, `{"WebACLs":[{"ARN":"`+acl+`","Id":"1","Name":"front"}]}`)},
		&Answer{Op: "wafv2:GetWebACL", Account: me, Params: wafName, Code: "AccessDenied", Body: map[string]any{"Id": acl}},
	)
	if r := find(t, s, "AWS::WAFv2::WebACL", "front|1|CLOUDFRONT"); r.Region != "us-east-1" || r.Stub == nil || r.Stub.Reason != haetae.Denied {
		t.Errorf("it is %+v", r)
	}
}

func TestWhatIsInAClusterIsNamedWithItWhenACallFails(t *testing.T) {
	s := live(
		&Answer{Op: "eks:ListClusters", Body: body(t, `{"clusters":["c","d"]}`)},
		&Answer{Op: "eks:ListNodegroups", Body: body(t, `{"clusterName":"c","nodegroups":["n"]}`)},
		&Answer{Op: "eks:ListNodegroups", Body: body(t, `{"clusterName":"d","nodegroups":["n"]}`)},
		&Answer{Op: "eks:DescribeNodegroup", Params: ofCluster, Code: "AccessDeniedException", Body: body(t, `{"clusterName":"c","nodegroupName":"n"}`)},
	)
	if u := find(t, s, "AWS::EKS::Nodegroup", "c/n").Stub; u == nil || u.Reason != haetae.Denied {
		t.Errorf("the denied one is %+v", u)
	}
	if u := find(t, s, "AWS::EKS::Nodegroup", "d/n").Stub; u == nil || u.Reason != haetae.NotAsked {
		t.Errorf("the other one is %+v", u)
	}
}
