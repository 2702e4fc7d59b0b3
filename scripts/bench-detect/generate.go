package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// frequent is how many of the calls are what an account at work makes: all but few
// of the records are of them.
const frequent = 41

// calls are what the generated records are of and what the generated rules are about.
var calls = strings.Fields(`
s3:GetObject s3:PutObject s3:ListObjects s3:HeadObject sts:AssumeRole kms:Decrypt kms:GenerateDataKey ec2:DescribeInstances ec2:DescribeVolumes
logs:CreateLogStream monitoring:DescribeAlarms ssm:UpdateInstanceInformation ssm:GetParameter secretsmanager:GetSecretValue dynamodb:DescribeTable
ec2:DescribeSecurityGroups ec2:DescribeNetworkInterfaces ec2:DescribeTags elasticloadbalancing:DescribeTargetHealth autoscaling:DescribeAutoScalingGroups
iam:GetRole iam:ListAttachedRolePolicies cloudformation:DescribeStacks lambda:GetFunction lambda:ListFunctions ecr:BatchGetImage ecr:GetAuthorizationToken
ecs:DescribeTasks eks:DescribeCluster rds:DescribeDBInstances sqs:GetQueueAttributes sns:ListTopics cloudtrail:DescribeTrails config:DescribeConfigRules
guardduty:ListFindings securityhub:GetFindings organizations:DescribeOrganization sts:GetCallerIdentity s3:GetBucketAcl s3:GetBucketPolicy s3:ListBuckets
s3:DeleteObject s3:PutBucketPolicy s3:DeleteBucketPolicy s3:PutBucketAcl s3:DeleteBucket s3:PutBucketVersioning s3:PutBucketLifecycle s3:PutBucketLogging
s3:PutBucketPublicAccessBlock s3:DeleteBucketEncryption s3:PutObjectAcl s3:CopyObject s3:DeleteObjects s3:PutBucketReplication
iam:CreateUser iam:DeleteUser iam:CreateAccessKey iam:UpdateAccessKey iam:CreateLoginProfile iam:UpdateLoginProfile iam:AttachUserPolicy iam:AttachRolePolicy
iam:PutUserPolicy iam:PutRolePolicy iam:PutGroupPolicy iam:CreatePolicy iam:CreatePolicyVersion iam:SetDefaultPolicyVersion iam:AddUserToGroup iam:UpdateAssumeRolePolicy
iam:CreateRole iam:DeleteRole iam:DeactivateMFADevice iam:DeleteVirtualMFADevice iam:UpdateAccountPasswordPolicy iam:DeleteAccountPasswordPolicy iam:CreateSAMLProvider
iam:UpdateSAMLProvider iam:CreateOpenIDConnectProvider iam:PassRole iam:UploadServerCertificate iam:CreateServiceSpecificCredential iam:ListUsers iam:ListRoles iam:GetAccountAuthorizationDetails
ec2:RunInstances ec2:TerminateInstances ec2:StopInstances ec2:StartInstances ec2:AuthorizeSecurityGroupIngress ec2:AuthorizeSecurityGroupEgress ec2:RevokeSecurityGroupIngress
ec2:CreateSecurityGroup ec2:DeleteSecurityGroup ec2:CreateSnapshot ec2:ModifySnapshotAttribute ec2:DeleteSnapshot ec2:ModifyImageAttribute ec2:CreateImage ec2:DeleteFlowLogs
ec2:CreateKeyPair ec2:ImportKeyPair ec2:DeleteKeyPair ec2:CreateRoute ec2:ReplaceRoute ec2:DeleteRoute ec2:CreateInternetGateway ec2:AttachInternetGateway ec2:CreateVpcPeeringConnection
ec2:AcceptVpcPeeringConnection ec2:CreateNetworkAclEntry ec2:ReplaceNetworkAclEntry ec2:DeleteNetworkAcl ec2:ModifyInstanceAttribute ec2:GetPasswordData ec2:AssociateIamInstanceProfile
ec2:DisableEbsEncryptionByDefault ec2:EnableSerialConsoleAccess ec2:CreateTrafficMirrorSession ec2:GetConsoleScreenshot ec2:DescribeInstanceAttribute ec2:RequestSpotInstances
cloudtrail:StopLogging cloudtrail:DeleteTrail cloudtrail:UpdateTrail cloudtrail:PutEventSelectors cloudtrail:CreateTrail config:DeleteConfigurationRecorder config:StopConfigurationRecorder
config:DeleteDeliveryChannel guardduty:DeleteDetector guardduty:UpdateDetector guardduty:CreateIPSet guardduty:DeleteMembers guardduty:DisassociateFromMasterAccount guardduty:CreateFilter
securityhub:DisableSecurityHub securityhub:BatchDisableStandards kms:ScheduleKeyDeletion kms:DisableKey kms:PutKeyPolicy kms:CreateGrant kms:DisableKeyRotation kms:ImportKeyMaterial
lambda:CreateFunction lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration lambda:AddPermission lambda:CreateEventSourceMapping lambda:PublishLayerVersion lambda:CreateFunctionUrlConfig
rds:ModifyDBInstance rds:CreateDBSnapshot rds:ModifyDBSnapshotAttribute rds:DeleteDBInstance rds:DeleteDBCluster rds:RestoreDBInstanceFromDBSnapshot rds:StopDBCluster rds:ModifyDBClusterSnapshotAttribute
secretsmanager:DeleteSecret secretsmanager:PutResourcePolicy secretsmanager:UpdateSecret secretsmanager:ListSecrets ssm:SendCommand ssm:StartSession ssm:CreateDocument ssm:ModifyDocumentPermission
ssm:DeleteParameter ssm:GetParameters organizations:LeaveOrganization organizations:DetachPolicy organizations:DisablePolicyType organizations:CreateAccount route53:ChangeResourceRecordSets
route53:DeleteHostedZone route53:AssociateVPCWithHostedZone route53resolver:DeleteResolverQueryLogConfig ecr:PutImage ecr:SetRepositoryPolicy ecr:DeleteRepository ecs:RegisterTaskDefinition
ecs:RunTask ecs:ExecuteCommand eks:CreateCluster eks:UpdateClusterConfig eks:CreateAccessEntry cloudformation:CreateStack cloudformation:DeleteStack cloudformation:UpdateStack
dynamodb:DeleteTable dynamodb:UpdateTable dynamodb:ExportTableToPointInTime backup:DeleteRecoveryPoint backup:DeleteBackupVault wafv2:DeleteWebACL wafv2:UpdateWebACL sns:Subscribe sns:SetTopicAttributes
sqs:SetQueueAttributes sqs:AddPermission ses:VerifyEmailIdentity ses:UpdateAccountSendingEnabled signin:ConsoleLogin signin:SwitchRole sso:CreateAccountAssignment sso:AttachManagedPolicyToPermissionSet
bedrock:InvokeModel bedrock:DeleteModelInvocationLoggingConfiguration sagemaker:CreateNotebookInstance sagemaker:CreatePresignedNotebookInstanceUrl glue:CreateDevEndpoint glue:UpdateJob
athena:StartQueryExecution redshift:CreateClusterSnapshot redshift:AuthorizeSnapshotAccess logs:DeleteLogGroup logs:DeleteLogStream logs:PutSubscriptionFilter events:DeleteRule events:PutTargets`)

func split(call string) (source, name string) {
	service, name, _ := strings.Cut(call, ":")
	return service + ".amazonaws.com", name
}

// writeRules writes n Sigma rules: two of three name a service and its calls, the
// rest look into texts, and half have something that must not be.
func writeRules(path string, n int) error {
	r := rand.New(rand.NewPCG(7, 7))
	var b strings.Builder
	pick := func(from int) (source, name string) { return split(calls[from+r.IntN(len(calls)-from)]) }
	for i := range n {
		from := frequent
		if i%20 >= 12 {
			from = 10 // what is frequent too, and something that is rare
		}
		source, name := pick(from)
		_, other := pick(from)
		fmt.Fprintf(&b, "title: Rule %d\nid: 00000000-0000-4000-8000-%012d\nstatus: test\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n", i, i)
		condition := "s"
		sourceAndName := fmt.Sprintf("    eventSource: %s\n", source) + fmt.Sprintf("    eventName:\n      - %s\n      - %s\n", name, other)
		switch i % 20 {
		case 12, 13:
			fmt.Fprintf(&b, "  s:\n%s    requestParameters.policyDocument|contains:\n      - 'admin-%d'\n      - '\"Action\":\"*\"'\n", sourceAndName, r.IntN(400))
		case 14:
			fmt.Fprintf(&b, "  s:\n    eventSource: %s\n    eventName|startswith:\n      - Delete\n      - Disable\n    userIdentity.type: Root\n", source)
		case 15:
			fmt.Fprintf(&b, "  s:\n    userAgent|contains:\n      - 'tool-%d/'\n      - 'scanner-%d'\n", i, r.IntN(1000))
		case 16:
			fmt.Fprintf(&b, "  s:\n    eventName: %s\n    requestParameters.policyDocument|re: '\"Principal\":\\{?[^}]*role-%d\\b'\n", name, r.IntN(300))
		case 17:
			fmt.Fprintf(&b, "  s:\n%s    errorCode|exists: true\n", sourceAndName)
		case 18:
			fmt.Fprintf(&b, "  s:\n    eventName: %s\n    sourceIPAddress|cidr: 198.51.%d.0/24\n", name, r.IntN(256))
		case 19:
			fmt.Fprintf(&b, "  s:\n    userIdentity.arn|endswith: '/user-%d'\n    eventName: %s\n", r.IntN(200), name)
		default:
			fmt.Fprintf(&b, "  s:\n%s", sourceAndName)
		}
		if i%2 == 0 {
			fmt.Fprintf(&b, "  own:\n    userIdentity.invokedBy|endswith: .amazonaws.com\n")
			condition += " and not own"
		}
		if i%5 == 0 {
			fmt.Fprintf(&b, "  failed:\n    errorCode:\n      - AccessDenied\n      - Client.UnauthorizedOperation\n")
			condition += " and not failed"
		}
		fmt.Fprintf(&b, "  condition: %s\nlevel: low\n---\n", condition)
	}
	return os.WriteFile(path, []byte(strings.TrimSuffix(b.String(), "---\n")), 0o644)
}

func hexText(r *rand.Rand, n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[r.IntN(16)]
	}
	return string(b)
}

// trailRecord is a record of a size and make as CloudTrail writes it.
func trailRecord(r *rand.Rand, at time.Time) string {
	i := int(frequent * r.Float64() * r.Float64())
	if r.IntN(100) == 0 {
		i = frequent + r.IntN(len(calls)-frequent)
	}
	source, name := split(calls[i])
	account := fmt.Sprint(111122220000 + r.IntN(5))
	role := fmt.Sprint("role-", r.IntN(300))
	key := strings.ToUpper(hexText(rand.New(rand.NewPCG(uint64(r.IntN(400)), 3)), 16)) // of a session, which makes many calls
	identity := fmt.Sprintf(`{"type":"AssumedRole","principalId":"AROA%s:session-%d","arn":"arn:aws:sts::%s:assumed-role/%s/session-%d","accountId":"%s","accessKeyId":"ASIA%s","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%s","arn":"arn:aws:iam::%s:role/%s","accountId":"%s","userName":"%s"},"attributes":{"creationDate":"%s","mfaAuthenticated":"false"}}}`,
		key, i, account, role, i, account, key, key, account, role, account, role, at.Add(-time.Hour).Format(time.RFC3339))
	agent := fmt.Sprintf("aws-sdk-go-v2/1.30.%d ua/2.1 os/linux lang/go#1.26.1 md/GOOS#linux md/GOARCH#arm64 api/s3#1.66.%d m/E,e", r.IntN(9), r.IntN(30))
	from := fmt.Sprintf("10.%d.%d.%d", r.IntN(4), r.IntN(256), r.IntN(256))
	switch r.IntN(10) {
	case 0, 1, 2:
		identity = fmt.Sprintf(`{"type":"AWSService","invokedBy":"%s"}`, source)
		agent, from = source, source
	case 3:
		user := fmt.Sprint("user-", r.IntN(200))
		identity = fmt.Sprintf(`{"type":"IAMUser","principalId":"AIDA%s","arn":"arn:aws:iam::%s:user/%s","accountId":"%s","accessKeyId":"AKIA%s","userName":"%s"}`, key, account, user, account, key, user)
		from = fmt.Sprintf("198.51.%d.%d", r.IntN(256), r.IntN(256))
	}
	request := fmt.Sprintf(`{"bucketName":"bucket-%d","key":"data/%s/part-%05d.parquet","Host":"bucket-%d.s3.eu-west-1.amazonaws.com"}`, r.IntN(500), hexText(r, 24), r.IntN(1e5), r.IntN(500))
	switch {
	case strings.Contains(name, "Policy"):
		request = fmt.Sprintf(`{"roleName":"%s","policyName":"p-%d","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::%s:role/role-%d\"},\"Action\":\"%s:*\",\"Resource\":\"*\",\"Sid\":\"admin-%d\"}]}"}`, role, r.IntN(99), account, r.IntN(300), strings.TrimSuffix(source, ".amazonaws.com"), r.IntN(400))
	case strings.HasPrefix(source, "ec2"):
		request = fmt.Sprintf(`{"instancesSet":{"items":[{"instanceId":"i-%s"},{"instanceId":"i-%s"}]},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-%s"}]}}]}}`, hexText(r, 17), hexText(r, 17), hexText(r, 17))
	case strings.HasPrefix(source, "kms"):
		request = fmt.Sprintf(`{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::bucket-%d"},"keyId":"arn:aws:kms:eu-west-1:%s:key/%s","encryptionAlgorithm":"SYMMETRIC_DEFAULT"}`, r.IntN(500), account, hexText(r, 32))
	}
	failed := ""
	if r.IntN(25) == 0 {
		failed = `"errorCode":"AccessDenied","errorMessage":"User is not authorized to perform this operation",`
	}
	return fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":%s,"eventTime":"%s","eventSource":"%s","eventName":"%s","awsRegion":"eu-west-1","sourceIPAddress":"%s","userAgent":"%s",%s"requestParameters":%s,"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"%s","bytesTransferredOut":%d},"requestID":"%s","eventID":"%s-%s-4%s-8%s-%s","readOnly":true,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::bucket-%d/data"},{"accountId":"%s","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket-%d"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"%s","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s"}}`,
		identity, at.Format(time.RFC3339), source, name, from, agent, failed, request, hexText(r, 60), r.IntN(1e6), strings.ToUpper(hexText(r, 16)),
		hexText(r, 8), hexText(r, 4), hexText(r, 3), hexText(r, 3), hexText(r, 12), r.IntN(500), account, r.IntN(500), account, source)
}

// packedFile writes a file by way of gzip.
func packedFile(path string, write func(z *gzip.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(f)
	if err := write(z); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}

// writeTrail writes files of 2,000 records each.
func writeTrail(dir string, files int) error {
	r := rand.New(rand.NewPCG(1, 1))
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for i := range files {
		err := packedFile(filepath.Join(dir, fmt.Sprintf("%05d.json.gz", i)), func(z *gzip.Writer) error {
			for j := range 2000 {
				at = at.Add(20 * time.Millisecond)
				before := ","
				if j == 0 {
					before = `{"Records":[`
				}
				if _, err := z.Write([]byte(before + trailRecord(r, at))); err != nil {
					return err
				}
			}
			_, err := z.Write([]byte("]}"))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// The formats of the generated flow logs: the one that AWS writes by itself, and one
// with the fields that most logs have in which traffic is looked for.
const (
	flowDefault = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	flowWide    = flowDefault + " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id flow-direction traffic-path"
)

// writeFlows writes files of 200,000 flow records each.
func writeFlows(dir, format string, files int) error {
	r := rand.New(rand.NewPCG(2, 2))
	start := int64(1793577600)
	ports := []int{443, 443, 443, 80, 53, 22, 3306, 5432, 6379, 8080, 3389, 25}
	for i := range files {
		err := packedFile(filepath.Join(dir, fmt.Sprintf("%05d.log.gz", i)), func(z *gzip.Writer) error {
			if _, err := z.Write([]byte(format + "\n")); err != nil {
				return err
			}
			for range 200_000 {
				n := r.IntN(400)
				own, peer := fmt.Sprintf("10.0.%d.%d", n/200, n%200+4), fmt.Sprintf("%d.%d.%d.%d", 11+r.IntN(180), r.IntN(256), r.IntN(256), r.IntN(256))
				port, action := ports[r.IntN(len(ports))], "ACCEPT"
				if r.IntN(20) == 0 {
					action, port = "REJECT", r.IntN(65536)
				}
				packets, version := 1+r.IntN(40), 2
				wide := ""
				if format == flowWide {
					version = 5
					wide = fmt.Sprintf(" vpc-0123456789abcdef0 subnet-%017x i-%017x 19 IPv4 %s %s eu-west-1 euw1-az1 egress 8", n/200, n, own, peer)
				}
				_, err := fmt.Fprintf(z, "%d 111122223333 eni-%017x %s %s %d %d 6 %d %d %d %d %s OK%s\n",
					version, n, own, peer, 32768+r.IntN(28000), port, packets, packets*(60+r.IntN(900)), start, start+int64(r.IntN(60)), action, wide)
				if err != nil {
					return err
				}
			}
			start += 60
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeFlowRules writes rules about flow records.
func writeFlowRules(path string, n int) error {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "title: Flow %d\nid: 00000000-0000-4000-9000-%012d\nlogsource:\n  product: aws\n  service: vpcflow\ndetection:\n  s:\n", i, i)
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "    dstport: %d\n    action: ACCEPT\n    haetae.flow.direction: ingress\n", 1000+i)
		case 1:
			fmt.Fprintf(&b, "    dstport: [%d, %d]\n    dstaddr|cidr: 203.0.%d.0/24\n", 20+i, 3300+i, i)
		default:
			fmt.Fprintf(&b, "    haetae.flow.port: %d\n    action: REJECT\n    bytes|gte: 100000\n", 5900+i)
		}
		fmt.Fprintf(&b, "  condition: s\nlevel: low\n---\n")
	}
	return os.WriteFile(path, []byte(strings.TrimSuffix(b.String(), "---\n")), 0o644)
}
