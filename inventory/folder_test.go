package inventory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/haetae/haetae"
)

const (
	me    = "111122223333"
	trust = `{"Statement":[]}`
)

// folder makes a file system of "-- NAME --" sections, as txtar has them.
func folder(text string) fstest.MapFS {
	out := fstest.MapFS{}
	var name string
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(n, " --") {
			name = strings.TrimSuffix(n, " --")
			out[name] = &fstest.MapFile{}
		} else if name != "" {
			out[name].Data = append(out[name].Data, line...)
		}
	}
	return out
}

func load(t testing.TB, text string, o Options) *haetae.Snapshot {
	t.Helper()
	s, err := Load(context.Background(), folder(text), "aws", o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func find(t testing.TB, s *haetae.Snapshot, typ, id string) *haetae.Resource {
	t.Helper()
	var found *haetae.Resource
	for _, r := range s.Resources {
		if r.Type == typ && (r.ID == id || r.ARN == id) {
			if found != nil {
				t.Fatalf("%s %s is there twice", typ, id)
			}
			found = r
		}
	}
	if found == nil {
		t.Fatalf("no %s %s", typ, id)
	}
	return found
}

func covered(t testing.TB, s *haetae.Snapshot, account, region, typ string) haetae.Coverage {
	t.Helper()
	i := slices.IndexFunc(s.Coverage, func(c haetae.Coverage) bool { return c.Account == account && c.Region == region && c.Type == typ })
	if i < 0 {
		t.Fatalf("no coverage of %s in %q %q: %v", typ, account, region, s.Coverage)
	}
	return s.Coverage[i]
}

func unknown(t testing.TB, v any) *haetae.Unknown {
	t.Helper()
	u, ok := v.(*haetae.Unknown)
	if !ok {
		t.Fatalf("%s is not unknown", text(v))
	}
	return u
}

const buckets = `
-- 111122223333/global/list-buckets.json --
{"Buckets":[{"Name":"a.b","CreationDate":"2024-01-01T00:00:00+00:00"},{"Name":"plain"}],"Owner":{"ID":"x"}}
-- 111122223333/global/get-bucket-location.a.b.json --
{"LocationConstraint":"eu-west-1"}
-- 111122223333/global/get-bucket-policy.a.b.json --
{"Error":{"Code":"NoSuchBucketPolicy","Message":"none"}}
-- 111122223333/global/get-bucket-encryption.a.b.json --
{"__error":{"Code":"AccessDenied","Message":"no"}}
-- 111122223333/global/get-bucket-tagging.a.b.json --
An error occurred (NoSuchTagSet) when calling the GetBucketTagging operation: The TagSet does not exist
-- 111122223333/global/get-bucket-versioning.a.b.json --
{}
-- 111122223333/global/s3api.get-bucket-logging.plain.json --
`

func TestWhatWasNotAskedAndWhatWasDeniedAreUnknown(t *testing.T) {
	s := load(t, buckets, Options{Time: 7})
	b := find(t, s, "AWS::S3::Bucket", "a.b")
	if b.Region != "eu-west-1" || b.Account != me || b.ARN != "arn:aws:s3:::a.b" || s.Time != 7 {
		t.Errorf("bucket is %+v", b)
	}
	for _, gone := range []string{"PolicyDocument", "VersioningConfiguration", "Tags"} {
		if v, ok := b.Props[gone]; ok {
			t.Errorf("%s is %v, want not set", gone, v)
		}
	}
	if b.TagsUnknown != nil {
		t.Error("the tags were read: there are none")
	}
	u := unknown(t, b.Props["BucketEncryption"])
	if u.Reason != haetae.Denied || !slices.Equal(u.Actions, []string{"s3:GetEncryptionConfiguration"}) || u.Set {
		t.Errorf("denied encryption is %+v", u)
	}
	u = unknown(t, b.Props["OwnershipControls"])
	if u.Reason != haetae.NotAsked || u.Detail != "no output of `aws s3api get-bucket-ownership-controls`" {
		t.Errorf("ownership is %+v", u)
	}
	unknown(t, b.Observed["PolicyStatus"])
	p := find(t, s, "AWS::S3::Bucket", "plain")
	if p.TagsUnknown == nil || p.Stub != nil {
		t.Errorf("tags of plain: %v, stub %v", p.TagsUnknown, p.Stub)
	}
	unknown(t, p.Props["LoggingConfiguration"]) // the file is empty
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Hint, "{}") || s.Problems[0].Place.File != "aws/111122223333/global/s3api.get-bucket-logging.plain.json" {
		t.Errorf("problems: %+v", s.Problems)
	}
	if c := covered(t, s, me, "", "AWS::S3::Bucket"); c.Status != haetae.Complete {
		t.Errorf("buckets are %+v", c)
	}
	if c := covered(t, s, me, "", "AWS::IAM::Role"); c.Status != haetae.Missing || c.Reason != haetae.NotAsked || c.Actions[0] != details {
		t.Errorf("roles are %+v", c)
	}
}

func TestAParentThatNobodyListedIsAStub(t *testing.T) {
	s := load(t, `
-- us-east-1/get-bucket-versioning.b.json --
{"Status":"Enabled"}
-- us-east-1/describe-vpcs.json --
{"Vpcs":[]}
`, Options{Account: me})
	b := find(t, s, "AWS::S3::Bucket", "b")
	if b.Stub == nil || b.Stub.Actions[0] != "s3:ListAllMyBuckets" || b.TagsUnknown == nil {
		t.Errorf("stub is %+v", b.Stub)
	}
	if c := covered(t, s, me, "us-east-1", "AWS::EC2::VPC"); c.Status != haetae.Complete {
		t.Errorf("an empty list is an empty list: %+v", c)
	}
	if c := covered(t, s, me, "us-east-1", "AWS::EC2::Subnet"); c.Status != haetae.Missing {
		t.Errorf("subnets: %+v", c)
	}
	if c := covered(t, s, me, "us-east-1", "*"); c.Status != haetae.Missing {
		t.Errorf("other types: %+v", c)
	}
}

func TestPagesAddUpAndAMissingPageIsPartial(t *testing.T) {
	const one = `{"Vpcs":[{"VpcId":"vpc-1","OwnerId":"111122223333"}],"NextToken":"more"}`
	s := load(t, "-- us-east-1/describe-vpcs.json --\n"+one+"\n", Options{})
	if c := covered(t, s, me, "us-east-1", "AWS::EC2::VPC"); c.Status != haetae.Partial || !strings.Contains(c.Detail, "there is more") {
		t.Errorf("one page of two: %+v", c)
	}
	s = load(t, "-- us-east-1/describe-vpcs.json --\n"+one+"\n-- us-east-1/describe-vpcs-2.json --\n"+`{"Vpcs":[{"VpcId":"vpc-2","OwnerId":"111122223333"}]}`, Options{})
	if c := covered(t, s, me, "us-east-1", "AWS::EC2::VPC"); c.Status != haetae.Complete {
		t.Errorf("both pages: %+v", c)
	}
	s = load(t, "-- us-east-1/vpcs.json --\n"+one+"\n"+`{"Vpcs":[{"VpcId":"vpc-1","OwnerId":"111122223333"}]}`, Options{})
	find(t, s, "AWS::EC2::VPC", "vpc-1")
}

func TestAnUnfinishedListAboutAParentIsOpen(t *testing.T) {
	const list = "-- us-east-1/describe-managed-prefix-lists.json --\n" + `{"PrefixLists":[{"PrefixListId":"pl-1","MaxEntries":9,"OwnerId":"111122223333"}]}` +
		"\n-- us-east-1/get-managed-prefix-list-entries.pl-1.json --\n" + `{"Entries":[{"Cidr":"10.0.0.0/8"}],"NextToken":"x"}` + "\n"
	s := load(t, list, Options{})
	o, ok := find(t, s, "AWS::EC2::PrefixList", "pl-1").Props["Entries"].(*haetae.OpenList)
	if !ok || len(o.Items) != 1 || o.Why == nil {
		t.Fatalf("entries are %v", o)
	}
	s = load(t, list+"-- us-east-1/get-managed-prefix-list-entries.pl-1.2.json --\n", Options{})
	if len(s.Problems) != 1 {
		t.Errorf("problems: %v", s.Problems)
	}
	s = load(t, list+"-- us-east-1/x.json --\n"+`{"PrefixListId":"pl-1","Entries":[{"Cidr":"10.0.0.0/8"},{"Cidr":"172.16.0.0/12"}]}`, Options{})
	if l, ok := find(t, s, "AWS::EC2::PrefixList", "pl-1").Props["Entries"].([]any); !ok || len(l) != 2 {
		t.Errorf("two pages make %v", text(l))
	}
}

func TestADeniedListIsMissingWithItsActions(t *testing.T) {
	s := load(t, `
-- us-east-1/describe-instances.json --

An error occurred (UnauthorizedOperation) when calling the DescribeInstances operation: You are not authorized
-- us-east-1/get-caller-identity.json --
{"UserId":"A","Account":"444455556666","Arn":"arn:aws:iam::444455556666:user/u"}
-- us-east-1/describe-db-instances.json --
{"Error":{"Code":"ThrottlingException","Message":"slow"}}
`, Options{Account: me})
	c := covered(t, s, "444455556666", "us-east-1", "AWS::EC2::Instance")
	if c.Status != haetae.Missing || c.Reason != haetae.Denied || c.Actions[0] != "ec2:DescribeInstances" {
		t.Errorf("coverage is %+v", c)
	}
	if c = covered(t, s, "444455556666", "us-east-1", "AWS::RDS::DBInstance"); c.Reason != haetae.Throttled {
		t.Errorf("coverage is %+v", c)
	}
	a := find(t, s, "Haetae::Account", "444455556666")
	if u := unknown(t, a.Observed["PasswordPolicy"]); u.Actions[0] != "iam:GetAccountPasswordPolicy" {
		t.Errorf("password policy is %+v", u)
	}
	unknown(t, a.Observed["RootHardwareMFA"])
	r := find(t, s, "Haetae::Region", "us-east-1")
	if r.Account != "444455556666" {
		t.Errorf("region is of %s", r.Account)
	}
	unknown(t, r.Observed["EbsEncryptionByDefault"])
}

func TestDisksOfAnInstanceComeFromItsVolumes(t *testing.T) {
	const inst = "-- us-east-1/i.json --\n" + `{"Reservations":[{"OwnerId":"111122223333","Instances":[{"InstanceId":"i-1","BlockDeviceMappings":[{"DeviceName":"/dev/xvda","Ebs":{"VolumeId":"vol-1","DeleteOnTermination":true}}]}]}]}` + "\n"
	s := load(t, inst, Options{})
	disk := find(t, s, "AWS::EC2::Instance", "i-1").Props["BlockDeviceMappings"].([]any)[0].(map[string]any)
	unknown(t, get(disk, "Ebs.Encrypted"))
	s = load(t, inst+"-- us-east-1/a-volumes.json --\n"+`{"Volumes":[{"VolumeId":"vol-1","Size":8,"Encrypted":true,"Attachments":[{"InstanceId":"i-1","Device":"/dev/xvda"}]}]}`, Options{})
	disk = find(t, s, "AWS::EC2::Instance", "i-1").Props["BlockDeviceMappings"].([]any)[0].(map[string]any)
	if !sameJSON(t, disk, `{"DeviceName":"/dev/xvda","Ebs":{"DeleteOnTermination":true,"Encrypted":true,"VolumeSize":8}}`) {
		t.Errorf("disk is %s", text(disk))
	}
}

func TestATrailOfAllRegionsIsOne(t *testing.T) {
	const list = `{"trailList":[{"Name":"t","HomeRegion":"eu-west-1","TrailARN":"arn:aws:cloudtrail:eu-west-1:111122223333:trail/t","S3BucketName":"b"}]}`
	s := load(t, "-- 111122223333/us-east-1/describe-trails.json --\n"+list+"\n-- 111122223333/eu-west-1/describe-trails.json --\n"+list+
		"\n-- 111122223333/us-east-1/get-trail-status.t.json --\n"+`{"IsLogging":true,"LatestDeliveryTime":"2024-01-01T00:00:00Z"}`, Options{})
	r := find(t, s, "AWS::CloudTrail::Trail", "t")
	if r.Region != "eu-west-1" || r.Props["IsLogging"] != true || r.Volatile["LatestDeliveryTime"] == nil {
		t.Errorf("trail is %+v", r)
	}
}

func TestListenersAreListedWhenEveryBalancerWasAsked(t *testing.T) {
	const head = "arn:aws:elasticloadbalancing:us-east-1:111122223333:"
	lbs := fmt.Sprintf("-- us-east-1/lbs.json --\n"+`{"LoadBalancers":[{"LoadBalancerArn":"%[1]sloadbalancer/app/a/1","LoadBalancerName":"a"},{"LoadBalancerArn":"%[1]sloadbalancer/app/b/2","LoadBalancerName":"b"}]}`+"\n", head)
	one := fmt.Sprintf("-- us-east-1/describe-listeners.a.json --\n"+`{"Listeners":[{"ListenerArn":"%[1]slistener/app/a/1/9","LoadBalancerArn":"%[1]sloadbalancer/app/a/1"}]}`+"\n", head)
	const two = "-- us-east-1/describe-listeners.b.json --\n" + `{"Listeners":[]}` + "\n"
	const typ = "AWS::ElasticLoadBalancingV2::Listener"
	for _, c := range []struct {
		text string
		want haetae.CoverageStatus
	}{{lbs, haetae.Missing}, {lbs + one, haetae.Partial}, {lbs + one + two, haetae.Complete}, {"-- us-east-1/describe-load-balancers.json --\n{\"LoadBalancers\":[]}", haetae.Complete}} {
		s := load(t, c.text, Options{Account: me})
		if got := covered(t, s, me, "us-east-1", typ); got.Status != c.want {
			t.Errorf("listeners are %+v, want %s", got, c.want)
		}
	}
	s := load(t, lbs+"-- us-east-1/describe-load-balancer-attributes.a.json --\n"+`{"Attributes":[{"Key":"k","Value":"v"}]}`, Options{})
	a := find(t, s, "AWS::ElasticLoadBalancingV2::LoadBalancer", head+"loadbalancer/app/a/1")
	if !sameJSON(t, a.Props["LoadBalancerAttributes"], `[{"Key":"k","Value":"v"}]`) {
		t.Errorf("attributes by name: %s", text(a.Props))
	}
}

func TestACredentialReportAndTheListsOfKeysAgree(t *testing.T) {
	const report = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,cert_1_active,cert_2_active\n" +
		"<root_account>,arn:aws:iam::111122223333:root,2020-01-01T00:00:00+00:00,not_supported,2023-05-01T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,false,false\n" +
		"ann,arn:aws:iam::111122223333:user/ann,2020-01-01T00:00:00+00:00,true,no_information,2023-01-01T00:00:00+00:00,N/A,false,true,2023-01-01T00:00:00+00:00,2023-02-01T00:00:00+00:00,us-east-1,s3,false,N/A,false,false\n"
	files := folder(`
-- 111122223333/global/list-users.json --
{"Users":[{"UserName":"ann","UserId":"A","Arn":"arn:aws:iam::111122223333:user/ann","Path":"/"}]}
-- 111122223333/global/list-access-keys.ann.json --
{"AccessKeyMetadata":[{"UserName":"ann","AccessKeyId":"AKIAEXAMPLE","Status":"Active","CreateDate":"2023-01-01T00:00:00Z"}]}
-- 111122223333/global/list-virtual-mfa-devices.json --
{"VirtualMFADevices":[]}
-- 111122223333/global/list-user-policies.ann.json --
{"PolicyNames":["one","two"]}
-- 111122223333/global/get-user-policy.json --
{"UserName":"ann","PolicyName":"one","PolicyDocument":{"Statement":[]}}
`)
	files["111122223333/global/get-credential-report.json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"Content":%s,"ReportFormat":"text/csv"}`, text([]byte(report)))}
	s, err := Load(context.Background(), files, "aws", Options{})
	if err != nil {
		t.Fatal(err)
	}
	u := find(t, s, "AWS::IAM::User", "ann")
	if !sameJSON(t, u.Observed["AccessKeys"], `[{"AccessKeyId":"AKIAEXAMPLE","Status":"Active","CreateDate":"2023-01-01T00:00:00Z"}]`) {
		t.Errorf("keys are %s", text(u.Observed["AccessKeys"]))
	}
	if !sameJSON(t, u.Volatile["AccessKeyLastUsed"], `[{"AccessKeyId":"AKIAEXAMPLE","LastUsedDate":"2023-02-01T00:00:00+00:00","ServiceName":"s3","Region":"us-east-1"}]`) {
		t.Errorf("the keys were used as %s", text(u.Volatile["AccessKeyLastUsed"]))
	}
	if u.Observed["PasswordEnabled"] != true || !sameJSON(t, u.Observed["MFADevices"], `[]`) || u.Volatile["PasswordLastUsed"] != nil {
		t.Errorf("user is %s %s", text(u.Observed), text(u.Volatile))
	}
	docs := u.Props["Policies"].([]any)
	if len(docs) != 2 || !sameJSON(t, docs[0].(map[string]any)["PolicyDocument"], trust) {
		t.Errorf("policies are %s", text(docs))
	}
	unknown(t, docs[1].(map[string]any)["PolicyDocument"])
	unknown(t, u.Props["ManagedPolicyArns"])
	a := find(t, s, "Haetae::Account", me)
	if a.Observed["RootMFAEnabled"] != true || a.Observed["RootHardwareMFA"] != true || a.Observed["RootAccessKeysPresent"] != false ||
		a.Volatile["RootLastUsed"] != "2023-05-01T00:00:00+00:00" || a.Observed["RootVirtualMFA"] != nil {
		t.Errorf("account is %s %s", text(a.Observed), text(a.Volatile))
	}
}

func TestAFailureAboutSomethingUnlistedMakesNoResource(t *testing.T) {
	const arn = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/t/1"
	s := load(t, "-- us-east-1/tg.json --\n"+`{"TargetGroups":[{"TargetGroupArn":"`+arn+`","TargetGroupName":"t"}]}`+
		"\n-- us-east-1/elbv2.describe-tags.t.json --\n"+`{"ResourceArns":"`+arn+`","Error":{"Code":"AccessDenied"}}`, Options{Account: me})
	if u := unknown(t, find(t, s, "AWS::ElasticLoadBalancingV2::TargetGroup", arn).Props["Tags"]); u.Reason != haetae.Denied {
		t.Errorf("tags are %+v", u)
	}
	for _, r := range s.Resources {
		if r.Type == "AWS::ElasticLoadBalancingV2::LoadBalancer" {
			t.Errorf("%s is made of a failure", r.ID)
		}
	}
}

func TestASharedSubnetIsItsOwners(t *testing.T) {
	const subnet = `{"Subnets":[{"SubnetId":"subnet-1","CidrBlock":"10.0.0.0/24","OwnerId":"111122223333","SubnetArn":"arn:aws:ec2:us-east-1:111122223333:subnet/subnet-1"}]}`
	s := load(t, "-- 111122223333/us-east-1/s.json --\n"+subnet+"\n-- 444455556666/us-east-1/s.json --\n"+subnet, Options{})
	if r := find(t, s, "AWS::EC2::Subnet", "subnet-1"); r.Account != me {
		t.Errorf("subnet is of %s", r.Account)
	}
	covered(t, s, "444455556666", "us-east-1", "AWS::EC2::Subnet")
}

func TestAFlatFolderTakesItsPlaceFromItsContent(t *testing.T) {
	s := load(t, `
-- subnets.json --
{"Subnets":[{"SubnetId":"subnet-1","CidrBlock":"10.0.0.0/24","OwnerId":"111122223333","AvailabilityZone":"ap-northeast-2a"}]}
-- describe-security-groups.json --
{"SecurityGroups":[{"GroupId":"sg-1","OwnerId":"111122223333"}]}
`, Options{})
	if r := find(t, s, "AWS::EC2::SecurityGroup", "sg-1"); r.Region != "ap-northeast-2" || r.Account != me ||
		r.ARN != "arn:aws:ec2:ap-northeast-2:111122223333:security-group/sg-1" {
		t.Errorf("group is %+v", r)
	}
}

func TestARecordingIsUnwrapped(t *testing.T) {
	s := load(t, `
-- us-east-1/ec2.DescribeVolumes_1.json --
{"status_code":200,"data":{"ResponseMetadata":{},"Volumes":[{"VolumeId":"vol-1","CreateTime":{"__class__":"datetime","year":2023,"month":4,"day":19,"hour":8,"minute":49,"second":30,"microsecond":0}}]}}
-- us-east-1/s3.GetBucketPolicy_1.json --
{"status_code":404,"data":{"Error":{"Code":"NoSuchBucketPolicy"}}}
`, Options{Account: me})
	if v := find(t, s, "AWS::EC2::Volume", "vol-1"); v.Observed["CreateTime"] != "2023-04-19T08:49:30Z" {
		t.Errorf("time is %v", v.Observed["CreateTime"])
	}
}

func TestFilesThatCannotBeUsedAreProblems(t *testing.T) {
	const good = "-- us-east-1/describe-vpcs.json --\n{\"Vpcs\":[]}\n"
	for _, c := range []struct {
		name, file, content, want, hint string
		fatal                           bool
		line                            int
	}{
		{"an unknown answer", "x.json", `{"Things":[]}`, "not recognised", "COMMAND.json", false, 0},
		{"an answer of two commands", "y.json", `{"Policy":"{}"}`, "several commands", "COMMAND", false, 0},
		{"an answer without its parent", "get-bucket-policy.json", `{"Policy":"{}"}`, "does not say what it is about", "COMMAND.PARENT.json", false, 0},
		{"a file named after another command", "describe-subnets.json", `{"Vpcs":[]}`, "not its output", "COMMAND", false, 0},
		{"broken JSON", "a.json", "{\"Vpcs\":[\n{\"VpcId\":\n]}", "broken JSON", "again", true, 3},
		{"JSON that ends early", "b.json", "{\"Vpcs\":[", "ends in the middle", "again", true, 1},
		{"a table", "c.json", "-----\n|  DescribeVpcs |\n", "--output table", "--output json", true, 1},
		{"text", "d.json", "VPCS\t10.0.0.0/16\n", "--output text", "--output json", true, 1},
		{"yaml", "e.json", "Vpcs:\n- CidrBlock: x\n", "yaml", "--output json", true, 1},
		{"the output of a query", "f.json", `["vpc-1"]`, "object", "--query", true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := folder(good)
			files["us-east-1/"+c.file] = &fstest.MapFile{Data: []byte(c.content)}
			s, err := Load(context.Background(), files, "aws", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Problems) != 1 {
				t.Fatalf("problems: %+v", s.Problems)
			}
			p := s.Problems[0]
			if !strings.Contains(p.Error, c.want) || !strings.Contains(p.Hint, c.hint) || p.Fatal != c.fatal || p.Place.Line != c.line || p.Place.File != "aws/us-east-1/"+c.file {
				t.Errorf("problem is %+v", p)
			}
		})
	}
}

// vanishing loses a file between listing and reading.
type vanishing struct {
	fstest.MapFS
	lost string
}

func (v vanishing) Open(name string) (fs.File, error) {
	if name == v.lost {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return v.MapFS.Open(name)
}

func TestAFileThatVanishesIsAProblem(t *testing.T) {
	s, err := Load(context.Background(), vanishing{folder("-- us-east-1/describe-vpcs.json --\n{\"Vpcs\":[]}\n-- us-east-1/x.json --\n{}\n"), "us-east-1/x.json"}, "aws", Options{})
	if err != nil || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Error, "not exist") {
		t.Errorf("%v %+v", err, s)
	}
}

func TestAFolderOfSomethingElseIsAnError(t *testing.T) {
	template := folder("-- a.json --\n{\"Resources\":{}}\n-- b.yaml --\nx: y\n")
	_, err := Load(context.Background(), template, "dir", Options{})
	var e *haetae.Error
	if !errors.As(err, &e) || e.Code != haetae.Invalid || e.Hint == "" || !strings.Contains(err.Error(), "dir/a.json") {
		t.Errorf("error is %v", err)
	}
	if Is(template) || Is(fstest.MapFS{}) {
		t.Error("a template is taken for AWS CLI output")
	}
	if !Is(folder(buckets)) || !Is(folder("-- x/anything.json --\n{\"Vpcs\":[]}")) {
		t.Error("AWS CLI output is not recognised")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, folder(buckets), "dir", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled load: %v", err)
	}
}

func TestAFileInUTF16IsRead(t *testing.T) {
	data := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(`{"Vpcs":[{"VpcId":"vpc-1"}]}`)) {
		data = append(data, byte(u), byte(u>>8))
	}
	docs, err := parse(data)
	if err != nil || len(docs) != 1 || docs[0].body["Vpcs"] == nil {
		t.Errorf("%v %v", docs, err)
	}
}

func TestFileNames(t *testing.T) {
	n := newNames(All)
	for _, c := range []struct{ name, op, parent string }{
		{"describe-vpcs", "ec2:DescribeVpcs", ""},
		{"describe-vpcs-2", "ec2:DescribeVpcs", ""},
		{"describe-vpcs.page-3", "ec2:DescribeVpcs", ""},
		{"ec2-describe-vpcs", "ec2:DescribeVpcs", ""},
		{"ec2.DescribeVpcs_1", "ec2:DescribeVpcs", ""},
		{"get-bucket-policy.my.bucket.v2", "s3api:GetBucketPolicy", "my.bucket.v2"},
		{"get-bucket-policy-status.b", "s3api:GetBucketPolicyStatus", "b"},
		{"kms.get-key-policy.1234", "kms:GetKeyPolicy", "1234"},
		{"s3control.get-public-access-block", "s3control:GetPublicAccessBlock", ""},
		{"whatever", "", ""},
	} {
		ops, parent := n.file(c.name)
		if c.op == "" && len(ops) == 0 {
			continue
		}
		if len(ops) != 1 || ops[0] != c.op || parent != c.parent {
			t.Errorf("%s is %v of %q, want %s of %q", c.name, ops, parent, c.op, c.parent)
		}
	}
}

func TestTheSameFolderGivesTheSameSnapshot(t *testing.T) {
	want := text(load(t, buckets, Options{}))
	for range 5 {
		if got := text(load(t, buckets, Options{})); got != want {
			t.Fatalf("%s\n%s", got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"Vpcs":[]}`, `{"status_code":200,"data":{"a":{"__class__":"datetime"}}}`, `{"Error":{"Code":"x"}} {}`, "\xff\xfe{", "An error occurred (X) when calling the Y operation: z", "- a", `{"Subnets":[{"SubnetId":"s","CidrBlock":"x","Tags":[{"Key":1}]}]}`} {
		f.Add("describe-vpcs", []byte(s))
		f.Add("get-bucket-policy.b", []byte(s))
		f.Add("x", []byte(s))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !fs.ValidPath(name+".json") || name == "" {
			return
		}
		s, err := Load(context.Background(), fstest.MapFS{name + ".json": &fstest.MapFile{Data: data}}, "f", Options{})
		if err != nil {
			if haetae.CodeOf(err) == haetae.Internal {
				t.Fatal(err)
			}
			return
		}
		for _, r := range s.Resources {
			if r.ID == "" || r.Type == "" {
				t.Fatalf("%+v has no identity", r)
			}
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	var sgs, insts []string
	for i := range 2000 {
		sgs = append(sgs, fmt.Sprintf(`{"GroupId":"sg-%d","OwnerId":"111122223333","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"},{"CidrIp":"0.0.0.0/0"}]}]}`, i))
		insts = append(insts, fmt.Sprintf(`{"InstanceId":"i-%d","State":{"Name":"running"},"SecurityGroups":[{"GroupId":"sg-%d"}],"Tags":[{"Key":"Name","Value":"x"}]}`, i, i))
	}
	files := fstest.MapFS{
		"us-east-1/describe-security-groups.json": &fstest.MapFile{Data: []byte(`{"SecurityGroups":[` + strings.Join(sgs, ",") + `]}`)},
		"us-east-1/describe-instances.json":       &fstest.MapFile{Data: []byte(`{"Reservations":[{"OwnerId":"111122223333","Instances":[` + strings.Join(insts, ",") + `]}]}`)},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(context.Background(), files, "aws", Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
