package report

import (
	"fmt"
	"time"

	"github.com/haetae/haetae"
)

// hostile is what somebody may write into a name: markup, a script's end, quotes
// of all kinds, a formula, a terminal escape, characters that turn a line
// around, line separators, broken UTF-8.
const hostile = "=cmd|' /C calc'!A0</script><img src=x onerror=alert(1)>\"'`&amp;]]>\x1b[31m\u202egpj.exe\u2066\u2028\u2029\u0085\x00\xff\uffff[x](javascript:alert(1))"

var fixtureTime = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

func text(en, ko string) haetae.Text { return haetae.Text{EN: en, KO: ko} }

// fixtureRules are controls as the content has them, cut to what a report shows.
func fixtureRules() []*haetae.Rule {
	return []*haetae.Rule{
		{
			ID: "s3-bucket-public-access", Severity: haetae.Critical, Type: "AWS::S3::Bucket",
			Title:   text("S3 buckets are not public", "S3 버킷은 공개되어 있지 않아야 합니다"),
			Problem: text("Anyone on the internet can read objects of this bucket.", "인터넷의 누구나 이 버킷의 객체를 읽을 수 있습니다."),
			Why:     text("Public buckets are found by scanners within hours and are the most common way that customer data leaks from AWS.", "공개된 버킷은 몇 시간 안에 스캐너에 발견되며, AWS에서 고객 데이터가 유출되는 가장 흔한 경로입니다."),
			Fix: haetae.Fix{
				Console:        text("Open the bucket, choose Permissions, edit Block public access and turn on all four settings.", "버킷을 열고 권한 탭에서 퍼블릭 액세스 차단을 편집하여 네 가지 설정을 모두 켭니다."),
				CLI:            "aws s3api put-public-access-block --bucket BUCKET --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
				CloudFormation: "PublicAccessBlockConfiguration:\n  BlockPublicAcls: true\n  BlockPublicPolicy: true\n  IgnorePublicAcls: true\n  RestrictPublicBuckets: true\n",
			},
			References: []string{"https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"},
			Aliases:    haetae.Aliases{CIS: []string{"3.0/2.1.4", "5.0/2.1.4"}, SecurityHub: []string{"S3.8"}, Config: []string{"s3-bucket-level-public-access-prohibited"}, Trivy: []string{"AVD-AWS-0086"}, Checkov: []string{"CKV_AWS_53"}},
		},
		{
			ID: "iam-root-access-key", Severity: haetae.Critical, Type: "Haetae::Account",
			Title:   text("The root user has no access key", "루트 사용자에게는 액세스 키가 없어야 합니다"),
			Problem: text("The root user of this account has an active access key.", "이 계정의 루트 사용자에게 활성 액세스 키가 있습니다."),
			Why:     text("No policy limits root. Whoever holds that key owns the account.", "루트 권한은 어떤 정책으로도 제한되지 않으므로 키를 가진 사람이 계정을 장악합니다."),
			Fix:     haetae.Fix{Console: text("Sign in as root, open Security credentials and delete the access key.", "루트로 로그인하여 보안 자격 증명에서 액세스 키를 삭제합니다.")},
			Aliases: haetae.Aliases{CIS: []string{"3.0/1.4", "5.0/1.3"}, SecurityHub: []string{"IAM.4"}},
		},
		rule("ec2-sg-open-ssh", haetae.High, "AWS::EC2::SecurityGroup", "Security groups do not open SSH to the internet", "보안 그룹은 인터넷에 SSH를 열어 두지 않아야 합니다", "5.0/5.3"),
		rule("rds-instance-encrypted", haetae.High, "AWS::RDS::DBInstance", "RDS instances are encrypted at rest", "RDS 인스턴스는 저장 시 암호화되어야 합니다", "5.0/2.2.1"),
		rule("iam-user-mfa", haetae.High, "AWS::IAM::User", "Users with a password have MFA", "암호가 있는 사용자는 MFA를 사용해야 합니다", "5.0/1.9"),
		rule("cloudtrail-multi-region", haetae.High, "AWS::CloudTrail::Trail", "A trail records all regions", "모든 리전을 기록하는 트레일이 있어야 합니다", "5.0/3.1"),
		rule("s3-bucket-tls-only", haetae.Medium, "AWS::S3::Bucket", "Bucket policies deny requests without TLS", "버킷 정책은 TLS가 아닌 요청을 거부해야 합니다", "5.0/2.1.1"),
		rule("kms-key-rotation", haetae.Medium, "AWS::KMS::Key", "Customer managed keys rotate every year", "고객 관리형 키는 매년 교체되어야 합니다", "5.0/3.6"),
		rule("ec2-ebs-encrypted", haetae.Medium, "AWS::EC2::Volume", "EBS volumes are encrypted", "EBS 볼륨은 암호화되어야 합니다", "5.0/5.1.1"),
		rule("lambda-runtime-supported", haetae.Medium, "AWS::Lambda::Function", "Functions run on a supported runtime", "함수는 지원되는 런타임에서 실행되어야 합니다", ""),
		rule("vpc-flow-logs", haetae.Low, "AWS::EC2::VPC", "VPCs have flow logs", "VPC에는 흐름 로그가 있어야 합니다", "3.0/3.7"),
		rule("sns-topic-encrypted", haetae.Informational, "AWS::SNS::Topic", "Topics are encrypted with a customer managed key", "주제는 고객 관리형 키로 암호화되어야 합니다", ""),
	}
}

func rule(id string, sev haetae.Severity, typ, en, ko, cis string) *haetae.Rule {
	r := &haetae.Rule{
		ID: id, Severity: sev, Type: typ, Title: text(en, ko),
		Problem: text("This resource does not meet the control.", "이 리소스는 기준을 충족하지 않습니다."),
		Why:     text("An attacker who gets this far meets one obstacle less, and auditors ask for it.", "여기까지 들어온 공격자가 넘어야 할 장벽이 하나 줄어들며, 감사에서도 요구하는 항목입니다."),
		Fix: haetae.Fix{
			Console:        text("Open the resource in the console and change the setting.", "콘솔에서 리소스를 열어 설정을 변경합니다."),
			CLI:            "aws service modify-resource --id ID \\\n  --setting on",
			CloudFormation: "Setting: true\n",
		},
		References: []string{"https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html"},
	}
	if cis != "" {
		r.Aliases.CIS = []string{cis}
	}
	return r
}

func live(typ, id, arn, account, region string) *haetae.Resource {
	return &haetae.Resource{Type: typ, ID: id, ARN: arn, Account: account, Region: region, Origin: haetae.Origin{Source: "aws"}}
}

func declared(typ, logical, file string, line int, children ...haetae.Place) *haetae.Resource {
	return &haetae.Resource{Type: typ, ID: logical, Stack: file, Origin: haetae.Origin{
		Source: "template", Place: haetae.Place{File: file, Line: line}, LogicalID: logical, Children: children,
	}}
}

// fixture is the fixed report of the golden files.
func fixture() *Report {
	r := fixtureRules()
	const prod, dev = "111122223333", "444455556666"
	denied := func(path, action string) *haetae.Unknown {
		return &haetae.Unknown{Path: path, Reason: haetae.Denied, Actions: []string{action}}
	}
	fs := []haetae.Finding{
		{Rule: r[2], Status: haetae.Fail, Resource: live("AWS::EC2::SecurityGroup", "sg-0a1b2c3d4e5f60718", "arn:aws:ec2:ap-northeast-2:111122223333:security-group/sg-0a1b2c3d4e5f60718", prod, "ap-northeast-2"),
			Reason: "SecurityGroupIngress[0] lets 0.0.0.0/0 reach TCP port 22", Blast: 14,
			Evidence: []haetae.Evidence{{Path: "SecurityGroupIngress[0].CidrIp", Value: "0.0.0.0/0", From: "declared"}, {Path: "SecurityGroupIngress[0].FromPort", Value: int64(22), From: "declared"}}},
		{Rule: r[2], Status: haetae.Fail, Resource: declared("AWS::EC2::SecurityGroup", "BastionGroup", "stacks/network & edge/bastion.yaml", 12, haetae.Place{File: "stacks/network & edge/bastion.yaml", Line: 31, Child: "BastionSsh"}),
			Reason:   "SecurityGroupIngress[1] lets ::/0 reach TCP port 22",
			Evidence: []haetae.Evidence{{Path: "SecurityGroupIngress[1].CidrIpv6", Value: "::/0", Place: haetae.Place{File: "stacks/network & edge/bastion.yaml", Line: 35, Child: "BastionSsh"}, From: "child"}}},
		{Rule: r[1], Status: haetae.Fail, Resource: live("Haetae::Account", prod, "arn:aws:iam::111122223333:root", prod, ""), Reason: "access key 1 of the root user is active", Blast: 230},
		{Rule: r[3], Status: haetae.Fail, Resource: declared("AWS::RDS::DBInstance", "Database", "stacks/app.json", 40),
			Reason: "StorageEncrypted is false", Evidence: []haetae.Evidence{{Path: "StorageEncrypted", Value: false, Place: haetae.Place{File: "stacks/app.json", Line: 52}, From: "declared"}}},
		{Rule: r[3], Status: haetae.Undecided, Resource: declared("AWS::RDS::DBInstance", "Replica", "stacks/app.json", 71),
			Reason: "StorageEncrypted depends on parameter Encrypt, which has no default", Unknowns: []*haetae.Unknown{{Path: "StorageEncrypted", Reason: haetae.Unresolved, Detail: "parameter Encrypt has no default"}}},
		{Rule: r[4], Status: haetae.Fail, Resource: live("AWS::IAM::User", "deploy", "arn:aws:iam::444455556666:user/ci/deploy", dev, ""), Reason: "the user has a password and no MFA device",
			Suppressed: &haetae.Exception{By: "platform-team", Reason: "leaves with the old pipeline in June", Place: haetae.Place{File: "exceptions.yaml", Line: 4}}},
		{Rule: r[4], Status: haetae.Pass, Resource: live("AWS::IAM::User", "minji", "arn:aws:iam::111122223333:user/minji", prod, ""), Reason: "one MFA device is registered"},
		{Rule: r[5], Status: haetae.Undecided, Resource: live("AWS::CloudTrail::Trail", "*", "", dev, "us-east-1"), Reason: "trails could not be listed", Missing: []string{"cloudtrail:DescribeTrails"}, Unknowns: []*haetae.Unknown{denied("", "cloudtrail:DescribeTrails")}},
		{Rule: r[7], Status: haetae.Fail, Resource: live("AWS::KMS::Key", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", prod, "us-east-1"), Reason: "EnableKeyRotation is false"},
		{Rule: r[8], Status: haetae.Fail, Resource: live("AWS::EC2::Volume", "vol-0fedcba9876543210", "arn:aws:ec2:us-east-1:444455556666:volume/vol-0fedcba9876543210", dev, "us-east-1"), Reason: "Encrypted is false"},
		{Rule: r[9], Status: haetae.Fail, Resource: live("AWS::Lambda::Function", hostile, "arn:aws:lambda:us-east-1:444455556666:function:"+hostile, dev, "us-east-1"),
			Reason: "Runtime is " + hostile, Evidence: []haetae.Evidence{{Path: "Runtime", Value: hostile, From: "observed"}, {Path: "Environment", Value: &haetae.Secret{Kind: "environment", Length: 20}}}},
		{Rule: r[10], Status: haetae.NotApplicable, Resource: declared("AWS::EC2::VPC", "Network", "stacks/network & edge/bastion.yaml", 3), Reason: "templates do not say which VPCs have flow logs"},
		{Rule: r[11], Status: haetae.Fail, Resource: live("AWS::SNS::Topic", "arn:aws:sns:us-east-1:111122223333:알림-주제", "arn:aws:sns:us-east-1:111122223333:알림-주제", prod, "us-east-1"), Reason: "KmsMasterKeyId이(가) 설정되지 않음"},
	}
	for i := range 13 {
		id := fmt.Sprintf("acme-logs-%02d", i)
		fs = append(fs, haetae.Finding{Rule: r[0], Status: haetae.Fail, Resource: live("AWS::S3::Bucket", id, "arn:aws:s3:::"+id, prod, "us-east-1"),
			Reason: "the bucket policy allows s3:GetObject to everyone and BlockPublicPolicy is false", Blast: i % 3,
			Evidence: []haetae.Evidence{{Path: "PublicAccessBlockConfiguration.BlockPublicPolicy", Value: false, From: "observed"}}})
	}
	for i := range 4 {
		id := fmt.Sprintf("acme-data-%02d", i)
		fs = append(fs, haetae.Finding{Rule: r[6], Status: haetae.Undecided, Resource: live("AWS::S3::Bucket", id, "arn:aws:s3:::"+id, dev, "ap-northeast-2"),
			Reason: "the bucket policy could not be read", Missing: []string{"s3:GetBucketPolicy"}, Unknowns: []*haetae.Unknown{denied("BucketPolicy", "s3:GetBucketPolicy")}})
	}
	coverage := []haetae.Coverage{
		{Account: dev, Region: "us-east-1", Type: "AWS::CloudTrail::Trail", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"cloudtrail:DescribeTrails"}},
		{Account: dev, Region: "us-west-2", Type: "AWS::CloudTrail::Trail", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"cloudtrail:DescribeTrails"}},
		{Account: prod, Region: "us-east-1", Type: "AWS::S3::Bucket", Status: haetae.Complete},
		{Account: prod, Region: "eu-west-1", Type: "*", Status: haetae.Partial, Reason: haetae.Throttled, Detail: "gave up after 8 tries"},
	}
	problems := []haetae.Problem{
		{Place: haetae.Place{File: "stacks/broken.yaml", Line: 7}, Error: "mapping values are not allowed here", Hint: "Check the indentation of line 7.", Fatal: true},
		{Place: haetae.Place{File: "stacks/app.json", Line: 90}, Error: `unknown function "Fn::Magic"`},
	}
	return &Report{
		Version: "0.1.0", Time: fixtureTime, Sources: []string{"aws", "stacks/"},
		Findings: fs, Summary: Summarize(fs, coverage, problems), Coverage: coverage, Problems: problems,
	}
}

// large is a report of n findings over the fixture's controls.
func large(n int) *Report {
	rules := fixtureRules()
	fs := make([]haetae.Finding, 0, n)
	for i := range n {
		rule := rules[i*7%len(rules)]
		account, region := fmt.Sprintf("%012d", 111100000000+i%40), []string{"us-east-1", "ap-northeast-2", "eu-west-1"}[i%3]
		id := fmt.Sprintf("resource-%05d", i)
		f := haetae.Finding{Rule: rule, Status: haetae.Fail, Reason: "the setting is off and anyone in the account can read it", Blast: i % 11,
			Resource: live(rule.Type, id, "arn:aws:service:"+region+":"+account+":thing/"+id, account, region),
			Evidence: []haetae.Evidence{{Path: "Setting.Enabled", Value: false, From: "observed"}}}
		if i%9 == 0 {
			f.Status, f.Evidence = haetae.Undecided, nil
			f.Missing, f.Reason = []string{"service:GetThing"}, "the setting could not be read"
			f.Unknowns = []*haetae.Unknown{{Path: "Setting.Enabled", Reason: haetae.Denied, Actions: f.Missing}}
		}
		fs = append(fs, f)
	}
	return &Report{Version: "0.1.0", Time: fixtureTime, Sources: []string{"aws"}, Findings: fs, Summary: Summarize(fs, nil, nil)}
}
