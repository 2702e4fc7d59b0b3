package inventory

import (
	"testing"

	"github.com/haetae/haetae"
)

func TestBackup(t *testing.T) {
	const point = "arn:aws:backup:eu-west-1:111122223333:recovery-point:p1"
	s := checkLoaded(t, `
-- list-backup-vaults.json --
{"BackupVaultList":[{"BackupVaultName":"v","BackupVaultArn":"arn:aws:backup:eu-west-1:111122223333:backup-vault:v","EncryptionKeyArn":"arn:k","Locked":true,"MinRetentionDays":7,
 "LockDate":"2025-01-01T00:00:00Z","NumberOfRecoveryPoints":1,"VaultType":"BACKUP_VAULT"}]}
-- backup.get-backup-vault-access-policy.v.json --
{"BackupVaultName":"v","Policy":"{\"Statement\":[]}"}
-- backup.get-backup-vault-notifications.v.json --
{"BackupVaultName":"v","Error":{"Code":"ResourceNotFoundException"}}
-- backup.list-tags.v.json --
{"ResourceArn":"arn:aws:backup:eu-west-1:111122223333:backup-vault:v","Tags":{"a":"b"}}
-- list-recovery-points-by-backup-vault.v.json --
{"BackupVaultName":"v","RecoveryPoints":[{"RecoveryPointArn":"`+point+`","BackupVaultName":"v","ResourceArn":"arn:r","ResourceType":"EBS","IsEncrypted":false,"Status":"COMPLETED",
 "Lifecycle":{"DeleteAfterDays":30},"BackupSizeInBytes":5,"LastRestoreTime":"2024-05-05T00:00:00Z","CreatedBy":{"BackupPlanId":"x"}}]}
`, "AWS::Backup::BackupVault", "v", map[string]string{
		"AccessPolicy": `{"Statement":[]}`, "Notifications": `null`, "BackupVaultTags": `{"a":"b"}`, "Tags.": `{"a":"b"}`, "LockConfiguration.MinRetentionDays": `7`,
		"Observed.Locked": `true`, "Observed.LockDate": `"2025-01-01T00:00:00Z"`,
	})
	if u := unknown(t, atPath(find(t, s, "AWS::Backup::BackupVault", "v"), "LockConfiguration.ChangeableForDays")); !u.Set {
		t.Error("the lock has a grace time")
	}
	p := find(t, s, "AWS::Backup::RecoveryPoint", point)
	if p.Observed["IsEncrypted"] != false || p.Account != me || p.Volatile["LastRestoreTime"] == nil || !sameJSON(t, p.Observed["Lifecycle"], `{"DeleteAfterDays":30}`) {
		t.Errorf("the recovery point is %+v", p)
	}
	if c := covered(t, s, me, "eu-west-1", "AWS::Backup::RecoveryPoint"); c.Status != haetae.Complete {
		t.Errorf("recovery points are %+v", c)
	}
	checkReaders(t, []readerCase{
		{
			"a plan has rules", "backup:GetBackupPlan",
			`{"BackupPlanId":"p","BackupPlanArn":"arn:p","VersionId":"1","BackupPlan":{"BackupPlanName":"daily","Rules":[{"RuleName":"r","RuleId":"x","TargetBackupVaultName":"v","ScheduleExpression":"cron(0 5 ? * * *)",
			  "Lifecycle":{"DeleteAfterDays":35},"CopyActions":[{"DestinationBackupVaultArn":"arn:v2"}]}]}}`,
			"AWS::Backup::BackupPlan", "p",
			map[string]string{"BackupPlan": `{"BackupPlanName":"daily","BackupPlanRule":[{"RuleName":"r","TargetBackupVault":"v","ScheduleExpression":"cron(0 5 ? * * *)","Lifecycle":{"DeleteAfterDays":35},"CopyActions":[{"DestinationBackupVaultArn":"arn:v2"}]}]}`},
		}, {
			"a selection selects by tags", "backup:GetBackupSelection",
			`{"BackupPlanId":"p","SelectionId":"s","BackupSelection":{"SelectionName":"n","IamRoleArn":"arn:r","Resources":["*"],"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"a","ConditionValue":"b"}]}}`,
			"AWS::Backup::BackupSelection", "s", map[string]string{"BackupSelection.Resources": `["*"]`, "BackupPlanId": `"p"`},
		}, {
			"what may be backed up is a setting of the region", "backup:DescribeRegionSettings", `{"ResourceTypeOptInPreference":{"EBS":true}}`,
			"Haetae::Region", "eu-west-1", map[string]string{"Observed.BackupResourceTypeOptIn": `{"EBS":true}`},
		},
	})
	denied(t, `
-- list-backup-vaults.json --
{"BackupVaultList":[{"BackupVaultName":"v"}]}
-- backup.get-backup-vault-access-policy.v.json --
{"BackupVaultName":"v","Error":{"Code":"AccessDeniedException"}}
`, "AWS::Backup::BackupVault", "v", "AccessPolicy", "backup:GetBackupVaultAccessPolicy")
}

func TestACM(t *testing.T) {
	const cert = "arn:aws:acm:eu-west-1:111122223333:certificate/c"
	list := "-- list-certificates.json --\n" + `{"CertificateSummaryList":[{"CertificateArn":"` + cert + `","DomainName":"x.example","KeyAlgorithm":"RSA-2048","Status":"ISSUED"}]}` + "\n"
	checkLoaded(t, list+`
-- describe-certificate.c.json --
{"Certificate":{"CertificateArn":"`+cert+`","DomainName":"x.example","SubjectAlternativeNames":["x.example"],"DomainValidationOptions":[{"DomainName":"x.example","ValidationMethod":"DNS","ValidationStatus":"SUCCESS"}],
 "Status":"ISSUED","NotAfter":"2030-01-01T00:00:00Z","KeyAlgorithm":"RSA-2048","InUseBy":[],"Type":"AMAZON_ISSUED","RenewalSummary":{"RenewalStatus":"SUCCESS"},"Options":{"CertificateTransparencyLoggingPreference":"DISABLED","Export":"DISABLED"}}}
-- list-tags-for-certificate.c.json --
{"CertificateArn":"`+cert+`","Tags":[{"Key":"a","Value":"b"}]}
`, "AWS::CertificateManager::Certificate", cert, map[string]string{
		"KeyAlgorithm": `"RSA_2048"`, "ValidationMethod": `"DNS"`, "CertificateTransparencyLoggingPreference": `"DISABLED"`, "CertificateExport": `"DISABLED"`,
		"Observed.NotAfter": `"2030-01-01T00:00:00Z"`, "Observed.InUseBy": `[]`, "Observed.RenewalStatus": `"SUCCESS"`, "Tags.": `{"a":"b"}`,
	})
	denied(t, list+`
-- describe-certificate.c.json --
{"CertificateArn":"`+cert+`","Error":{"Code":"AccessDeniedException"}}
`, "AWS::CertificateManager::Certificate", cert, "Observed.InUseBy", "acm:DescribeCertificate")
}

func TestRoute53(t *testing.T) {
	zones := `
-- list-hosted-zones.json --
{"HostedZones":[{"Id":"/hostedzone/Z1","Name":"x.example.","Config":{"PrivateZone":false,"Comment":""},"ResourceRecordSetCount":2}]}
`
	s := checkLoaded(t, zones+`
-- get-hosted-zone.json --
{"Id":"/hostedzone/Z1","HostedZone":{"Id":"/hostedzone/Z1","Name":"x.example."},"DelegationSet":{"NameServers":["ns-1.example"]}}
-- list-query-logging-configs.json --
{"QueryLoggingConfigs":[{"Id":"q","HostedZoneId":"Z1","CloudWatchLogsLogGroupArn":"arn:log"}]}
-- route53.list-tags-for-resource.json --
{"ResourceId":"/hostedzone/Z1","ResourceTagSet":{"ResourceType":"hostedzone","ResourceId":"Z1","Tags":[{"Key":"a","Value":"b"}]}}
-- list-resource-record-sets.json --
{"HostedZoneId":"/hostedzone/Z1","IsTruncated":false,"ResourceRecordSets":[{"Name":"x.example.","Type":"A","AliasTarget":{"HostedZoneId":"Z2","DNSName":"d.example.","EvaluateTargetHealth":false}},
 {"Name":"w.x.example.","Type":"CNAME","SetIdentifier":"one","Weight":1,"TTL":60,"ResourceRecords":[{"Value":"y.example"}]}]}
`, "AWS::Route53::HostedZone", "Z1", map[string]string{
		"Name": `"x.example."`, "QueryLoggingConfig": `{"CloudWatchLogsLogGroupArn":"arn:log"}`, "VPCs": `null`, "zonePath": `null`, "Tags.": `{"a":"b"}`,
		"ARN": `"arn:aws:route53:::hostedzone/Z1"`, "Observed.NameServers": `["ns-1.example"]`, "Observed.PrivateZone": `false`, "Observed.Id": `"Z1"`,
	})
	if r := find(t, s, "AWS::Route53::RecordSet", "w.x.example.|Z1|CNAME|one"); !sameJSON(t, r.Props, `{"Name":"w.x.example.","Type":"CNAME","SetIdentifier":"one","Weight":1,"TTL":"60","ResourceRecords":["y.example"],"HostedZoneId":"Z1"}`) {
		t.Errorf("the record is %s", text(r.Props))
	}
	find(t, s, "AWS::Route53::RecordSet", "x.example.|Z1|A")
	if c := covered(t, s, me, "", "AWS::Route53::RecordSet"); c.Status != haetae.Complete {
		t.Errorf("the zone was asked, and records are %+v", c)
	}
	denied(t, zones+`
-- list-query-logging-configs.json --
{"Error":{"Code":"AccessDenied"}}
`, "AWS::Route53::HostedZone", "Z1", "QueryLoggingConfig", "route53:ListQueryLoggingConfigs")
}

func TestSSM(t *testing.T) {
	s := checkLoaded(t, `
-- describe-parameters.json --
{"Parameters":[{"Name":"/db/password","Type":"SecureString","KeyId":"alias/aws/ssm","Tier":"Advanced","DataType":"text","Policies":[{"PolicyText":"{\"Type\":\"Expiration\"}","PolicyType":"Expiration"}]}]}
-- ssm.list-tags-for-resource.x.json --
{"ResourceId":"/db/password","TagList":[{"Key":"a","Value":"b"}]}
-- list-documents.json --
{"DocumentIdentifiers":[{"Name":"run","Owner":"111122223333","DocumentType":"Command","Tags":[]},{"Name":"AWS-Run","Owner":"Amazon"}]}
-- describe-document-permission.run.json --
{"AccountIds":["all"],"AccountSharingInfoList":[]}
-- describe-instance-information.json --
{"InstanceInformationList":[{"InstanceId":"i-1","PingStatus":"Online","PlatformType":"Linux","IsLatestVersion":true}]}
-- describe-instance-patch-states.json --
{"InstancePatchStates":[{"InstanceId":"i-1","PatchGroup":"","MissingCount":2,"FailedCount":0,"OperationEndTime":"2024-01-01T00:00:00Z"}]}
-- list-resource-compliance-summaries.json --
{"ResourceComplianceSummaryItems":[{"ComplianceType":"Patch","ResourceType":"ManagedInstance","ResourceId":"i-1","Status":"NON_COMPLIANT"},{"ComplianceType":"Association","ResourceType":"ManagedInstance","ResourceId":"i-1","Status":"COMPLIANT"}]}
-- get-service-setting.json --
{"ServiceSetting":{"SettingId":"/ssm/documents/console/public-sharing-permission","SettingValue":"Disable"}}
`, "AWS::SSM::Parameter", "/db/password", map[string]string{
		"ARN": `"arn:aws:ssm:eu-west-1:111122223333:parameter/db/password"`, "Observed.KeyId": `"alias/aws/ssm"`, "Policies": `"[{\"Type\":\"Expiration\"}]"`, "Tags.": `{"a":"b"}`,
	})
	if u := unknown(t, find(t, s, "AWS::SSM::Parameter", "/db/password").Props["Value"]); !u.Set {
		t.Error("a parameter has a value")
	}
	if d := find(t, s, "AWS::SSM::Document", "run"); !sameJSON(t, d.Observed, `{"Owner":"111122223333","SharedWith":["all"]}`) {
		t.Errorf("the document is %s", text(d.Observed))
	}
	for _, r := range s.Resources {
		if r.ID == "AWS-Run" {
			t.Error("a document of Amazon is one of the account")
		}
	}
	i := find(t, s, "AWS::SSM::ManagedInstance", "i-1")
	if !sameJSON(t, i.Volatile, `{"PingStatus":"Online","LastPatchOperationTime":"2024-01-01T00:00:00Z","PatchCounts":{"Missing":2,"Failed":0}}`) ||
		i.Observed["PatchComplianceStatus"] != "NON_COMPLIANT" || i.Observed["AssociationComplianceStatus"] != "COMPLIANT" {
		t.Errorf("the instance is %s and %s", text(i.Observed), text(i.Volatile))
	}
	if r := find(t, s, "Haetae::Region", "eu-west-1"); r.Observed["SsmDocumentPublicSharing"] != "Disable" {
		t.Errorf("sharing is %v", r.Observed["SsmDocumentPublicSharing"])
	}
	denied(t, `
-- list-documents.json --
{"DocumentIdentifiers":[{"Name":"run","Owner":"111122223333"}]}
-- describe-document-permission.run.json --
{"Error":{"Code":"AccessDeniedException"}}
`, "AWS::SSM::Document", "run", "Observed.SharedWith", "ssm:DescribeDocumentPermission")
}

func TestConfig(t *testing.T) {
	recorder := `
-- describe-configuration-recorders.json --
{"ConfigurationRecorders":[{"name":"default","arn":"arn:rec","roleARN":"arn:r","recordingGroup":{"allSupported":true,"includeGlobalResourceTypes":true,"resourceTypes":[],"recordingStrategy":{"useOnly":"ALL_SUPPORTED_RESOURCE_TYPES"}},
 "recordingMode":{"recordingFrequency":"DAILY","recordingModeOverrides":[]},"recordingScope":"PAID"}]}
`
	checkLoaded(t, recorder+`
-- describe-configuration-recorder-status.json --
{"ConfigurationRecordersStatus":[{"name":"default","recording":true,"lastStatus":"SUCCESS"}]}
-- describe-delivery-channels.json --
{"DeliveryChannels":[{"name":"default","s3BucketName":"b","snsTopicARN":"arn:t","configSnapshotDeliveryProperties":{"deliveryFrequency":"One_Hour"}}]}
`, "AWS::Config::ConfigurationRecorder", "default", map[string]string{
		"RoleARN": `"arn:r"`, "RecordingGroup": `{"AllSupported":true,"IncludeGlobalResourceTypes":true,"ResourceTypes":[],"RecordingStrategy":{"UseOnly":"ALL_SUPPORTED_RESOURCE_TYPES"}}`,
		"RecordingMode.RecordingFrequency": `"DAILY"`, "Observed.Recording": `true`, "Volatile.LastStatus": `"SUCCESS"`,
	})
	checkReaders(t, []readerCase{{
		"a delivery channel has a bucket", "configservice:DescribeDeliveryChannels", `{"DeliveryChannels":[{"name":"default","s3BucketName":"b","s3KmsKeyArn":"arn:k"}]}`,
		"AWS::Config::DeliveryChannel", "default", map[string]string{"S3BucketName": `"b"`, "S3KmsKeyArn": `"arn:k"`},
	}})
	denied(t, recorder+`
-- describe-configuration-recorder-status.json --
{"Error":{"Code":"AccessDeniedException"}}
`, "AWS::Config::ConfigurationRecorder", "default", "Observed.Recording", "config:DescribeConfigurationRecorderStatus")
}

func TestDetectionServices(t *testing.T) {
	const hubARN = "arn:aws:securityhub:eu-west-1:111122223333:hub/default"
	checkReaders(t, []readerCase{
		{
			"a detector has features", "guardduty:GetDetector",
			`{"DetectorId":"d1","Status":"ENABLED","FindingPublishingFrequency":"SIX_HOURS","ServiceRole":"arn:r","CreatedAt":"2024-01-01T00:00:00Z","Tags":{"a":"b"},"DataSources":{"S3Logs":{"Status":"ENABLED"},"Kubernetes":{"AuditLogs":{"Status":"DISABLED"}},
			  "MalwareProtection":{"ScanEc2InstanceWithFindings":{"EbsVolumes":{"Status":"ENABLED"}}},"DNSLogs":{"Status":"ENABLED"}},
			  "Features":[{"Name":"RUNTIME_MONITORING","Status":"ENABLED","AdditionalConfiguration":[{"Name":"EKS_ADDON_MANAGEMENT","Status":"DISABLED"}]}]}`,
			"AWS::GuardDuty::Detector", "d1",
			map[string]string{
				"Enable": `true`, "DataSources": `{"S3Logs":{"Enable":true},"Kubernetes":{"AuditLogs":{"Enable":false}},"MalwareProtection":{"ScanEc2InstanceWithFindings":{"EbsVolumes":true}}}`,
				"Features": `[{"Name":"RUNTIME_MONITORING","Status":"ENABLED","AdditionalConfiguration":[{"Name":"EKS_ADDON_MANAGEMENT","Status":"DISABLED"}]}]`, "Tags": `[{"Key":"a","Value":"b"}]`,
			},
		}, {
			"a hub is a resource", "securityhub:DescribeHub", `{"HubArn":"` + hubARN + `","AutoEnableControls":true,"SubscribedAt":"x"}`,
			"AWS::SecurityHub::Hub", hubARN, map[string]string{"AutoEnableControls": `true`, "Observed.SubscribedAt": `"x"`},
		}, {
			"a hub is a setting too", "securityhub:DescribeHub", `{"HubArn":"` + hubARN + `","AutoEnableControls":true}`,
			"Haetae::Region", "eu-west-1", map[string]string{"Observed.SecurityHub": `{"Enabled":true,"AutoEnableControls":true,"HubArn":"` + hubARN + `"}`},
		}, {
			"a standard that is enabled", "securityhub:GetEnabledStandards",
			`{"StandardsSubscriptions":[{"StandardsSubscriptionArn":"arn:aws:securityhub:eu-west-1:111122223333:subscription/s","StandardsArn":"arn:s","StandardsInput":{},"StandardsStatus":"READY"}]}`,
			"AWS::SecurityHub::Standard", "arn:aws:securityhub:eu-west-1:111122223333:subscription/s", map[string]string{"StandardsArn": `"arn:s"`, "Observed.StandardsStatus": `"READY"`},
		}, {
			"an analyzer of unused access says after how long", "accessanalyzer:ListAnalyzers",
			`{"analyzers":[{"arn":"arn:a","name":"n","type":"ACCOUNT_UNUSED_ACCESS","status":"ACTIVE","tags":{"a":"b"},"configuration":{"unusedAccess":{"unusedAccessAge":90,"analysisRule":{"exclusions":[{"accountIds":["1"],"resourceTags":[{"k":"v"}]}]}}}}]}`,
			"AWS::AccessAnalyzer::Analyzer", "arn:a",
			map[string]string{
				"AnalyzerConfiguration": `{"UnusedAccessConfiguration":{"UnusedAccessAge":90,"AnalysisRule":{"Exclusions":[{"AccountIds":["1"],"ResourceTags":[[{"Key":"k","Value":"v"}]]}]}}}`,
				"Tags":                  `[{"Key":"a","Value":"b"}]`, "Observed.Status": `"ACTIVE"`,
			},
		}, {
			"Macie has a session", "macie2:GetMacieSession", `{"status":"PAUSED","findingPublishingFrequency":"ONE_HOUR","serviceRole":"arn:r"}`,
			"AWS::Macie::Session", me, map[string]string{"Status": `"PAUSED"`, "FindingPublishingFrequency": `"ONE_HOUR"`},
		}, {
			"Macie is a setting too", "macie2:GetMacieSession", `{"status":"ENABLED","findingPublishingFrequency":"ONE_HOUR"}`,
			"Haetae::Region", "eu-west-1", map[string]string{"Observed.MacieStatus": `"ENABLED"`},
		},
	})
	s := load(t, `
-- 111122223333/eu-west-1/list-detectors.json --
{"DetectorIds":["d1"]}
-- 111122223333/eu-west-1/get-detector.d1.json --
{"Error":{"Code":"AccessDeniedException"}}
-- 111122223333/eu-west-1/securityhub.describe-hub.json --
{"Error":{"Code":"InvalidAccessException","Message":"not subscribed"}}
-- 111122223333/eu-west-1/macie2.get-macie-session.json --
{"Error":{"Code":"AccessDeniedException","Message":"Macie is not enabled."}}
`, Options{})
	if d := find(t, s, "AWS::GuardDuty::Detector", "d1"); d.Stub == nil || d.Stub.Actions[0] != "guardduty:GetDetector" {
		t.Errorf("the detector is %+v", d)
	}
	if c := covered(t, s, me, "eu-west-1", "AWS::SecurityHub::Hub"); c.Status != haetae.Complete {
		t.Errorf("a hub that is off is %+v", c)
	}
	if v := object(find(t, s, "Haetae::Region", "eu-west-1").Observed, "SecurityHub"); v["Enabled"] != false {
		t.Errorf("there is no hub, and there is %#v", v)
	}
	if v, ok := find(t, s, "Haetae::Region", "eu-west-1").Observed["MacieStatus"]; !ok || v != nil {
		t.Errorf("Macie is off, and its status is %#v", v)
	}
}

func TestOrganizations(t *testing.T) {
	org := `
-- 111122223333/global/describe-organization.json --
{"Organization":{"Id":"o-1","Arn":"arn:aws:organizations::111122223333:organization/o-1","FeatureSet":"ALL","MasterAccountId":"111122223333","MasterAccountEmail":"x@example.com"}}
-- 111122223333/global/list-accounts.json --
{"Accounts":[{"Id":"444455556666","Arn":"arn:aws:organizations::111122223333:account/o-1/444455556666","Name":"dev","Email":"y@example.com","Status":"ACTIVE","JoinedMethod":"CREATED"}]}
`
	s := checkLoaded(t, org+`
-- 111122223333/global/list-roots.json --
{"Roots":[{"Id":"r-1","Arn":"arn:aws:organizations::111122223333:root/o-1/r-1","Name":"Root","PolicyTypes":[{"Type":"SERVICE_CONTROL_POLICY","Status":"ENABLED"}]}]}
-- 111122223333/global/list-aws-service-access-for-organization.json --
{"EnabledServicePrincipals":[{"ServicePrincipal":"guardduty.amazonaws.com"}]}
-- 111122223333/global/list-delegated-administrators.json --
{"DelegatedAdministrators":[]}
-- 111122223333/global/iam.list-organizations-features.json --
{"OrganizationId":"o-1","EnabledFeatures":["RootSessions"]}
-- 111122223333/global/organizations.list-parents.444455556666.json --
{"ChildId":"444455556666","Parents":[{"Id":"ou-1","Type":"ORGANIZATIONAL_UNIT"}]}
-- 111122223333/global/organizations.list-tags-for-resource.444455556666.json --
{"ResourceId":"444455556666","Tags":[{"Key":"a","Value":"b"}]}
-- 111122223333/global/list-organizational-units-for-parent.r-1.json --
{"ParentId":"r-1","OrganizationalUnits":[{"Id":"ou-1","Arn":"arn:aws:organizations::111122223333:ou/o-1/ou-1","Name":"work"}]}
-- 111122223333/global/organizations.list-policies.SERVICE_CONTROL_POLICY.json --
{"Filter":"SERVICE_CONTROL_POLICY","Policies":[{"Id":"p-1","Arn":"arn:aws:organizations::111122223333:policy/o-1/service_control_policy/p-1","Name":"deny","Type":"SERVICE_CONTROL_POLICY","AwsManaged":false}]}
-- 111122223333/global/organizations.describe-policy.p-1.json --
{"PolicyId":"p-1","Policy":{"PolicySummary":{"Id":"p-1","Name":"deny"},"Content":"{\"Statement\":[]}"}}
-- 111122223333/global/list-targets-for-policy.p-1.json --
{"PolicyId":"p-1","Targets":[{"TargetId":"ou-1","Type":"ORGANIZATIONAL_UNIT"}]}
`, "Haetae::Organization", "o-1", map[string]string{
		"Account": `"111122223333"`, "Observed.FeatureSet": `"ALL"`, "Observed.EnabledPolicyTypes": `["SERVICE_CONTROL_POLICY"]`, "Observed.Roots": `[{"Id":"r-1","Name":"Root"}]`,
		"Observed.EnabledServicePrincipals": `["guardduty.amazonaws.com"]`, "Observed.DelegatedAdministrators": `[]`, "Observed.CentralizedRootAccess": `["RootSessions"]`,
	})
	a := find(t, s, "AWS::Organizations::Account", "444455556666")
	if a.Account != me || !sameJSON(t, a.Props["ParentIds"], `["ou-1"]`) || a.Tags["a"] != "b" {
		t.Errorf("the account is %+v", a)
	}
	if p := find(t, s, "AWS::Organizations::Policy", "p-1"); !sameJSON(t, p.Props["Content"], `{"Statement":[]}`) || !sameJSON(t, p.Props["TargetIds"], `["ou-1"]`) {
		t.Errorf("the policy is %s", text(p.Props))
	}
	if u := find(t, s, "AWS::Organizations::OrganizationalUnit", "ou-1"); u.Props["ParentId"] != "r-1" {
		t.Errorf("the unit is %s", text(u.Props))
	}
	// Nobody asked what is in the unit, and what other types of policies there are.
	for _, typ := range []string{"AWS::Organizations::OrganizationalUnit", "AWS::Organizations::Policy"} {
		if c := covered(t, s, me, "", typ); c.Status != haetae.Partial {
			t.Errorf("%s is %+v", typ, c)
		}
	}
	if m := find(t, s, "Haetae::Account", me).Observed["IsManagementAccount"]; m != true {
		t.Errorf("the management account is %v", m)
	}
	denied(t, org+`
-- 111122223333/global/list-roots.json --
{"Error":{"Code":"AccessDeniedException"}}
`, "Haetae::Organization", "o-1", "Observed.Roots", "organizations:ListRoots")
	s = load(t, "-- 111122223333/global/describe-organization.json --\n{\"Error\":{\"Code\":\"AWSOrganizationsNotInUseException\"}}\n", Options{})
	for _, r := range s.Resources {
		if r.Type == "Haetae::Organization" {
			t.Errorf("there is no organization, and there is %s", r.ID)
		}
	}
}

func TestAlternateContacts(t *testing.T) {
	s := load(t, `
-- 111122223333/global/get-alternate-contact.json --
{"AlternateContact":{"AlternateContactType":"BILLING","Name":"N","EmailAddress":"b@example.com","Title":"T","PhoneNumber":"1"}}
`, Options{})
	c := object(find(t, s, "Haetae::Account", me).Observed, "AlternateContacts")
	if !sameJSON(t, c["Billing"], `{"Name":"N","EmailAddress":"b@example.com","Title":"T","PhoneNumber":"1"}`) {
		t.Errorf("the contact is %s", text(c["Billing"]))
	}
	unknown(t, c["Operations"])
}
