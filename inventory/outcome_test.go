package inventory

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// live returns the snapshot of answers as a live collector gives them.
func live(answers ...*Answer) *haetae.Snapshot {
	b := NewBuilder(Options{Source: "aws"})
	for _, a := range answers {
		if a.Account == "" {
			a.Account, a.Region = me, "eu-west-1"
		}
		if a.Params == nil {
			a.Params = map[string]any{}
		}
		if a.Body == nil {
			a.Body = map[string]any{}
		}
		b.Add(a)
	}
	return b.Snapshot()
}

func TestFailuresSayWhatHappened(t *testing.T) {
	for _, c := range []struct {
		name, code, message string
		reason              haetae.Reason
		detail              string
	}{
		{"denied", "UnauthorizedOperation", "You are not authorized.", haetae.Denied, "ec2:DescribeVpcs was denied (UnauthorizedOperation)"},
		{
			"denied by the organization", "AccessDenied",
			"User: arn:aws:iam::111122223333:user/u is not authorized to perform: ec2:DescribeVpcs with an explicit deny in a service control policy: arn:aws:organizations::1:policy/x",
			haetae.Denied, "ec2:DescribeVpcs was denied (AccessDenied): with an explicit deny in a service control policy",
		}, {
			"not allowed by anything", "AccessDeniedException",
			"User: u is not authorized to perform: ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action",
			haetae.Denied, "ec2:DescribeVpcs was denied (AccessDeniedException): because no identity-based policy allows the ec2:DescribeVpcs action",
		},
		{"throttled", "RequestLimitExceeded", "10 times", haetae.Throttled, "ec2:DescribeVpcs was throttled (RequestLimitExceeded): 10 times"},
		{"throttled in another word", "EC2ThrottledException", "", haetae.Throttled, "ec2:DescribeVpcs was throttled (EC2ThrottledException)"},
		{"late", Timeout, "3 times", haetae.Failed, "ec2:DescribeVpcs did not answer in time: 3 times"},
		{"broken", Unavailable, "503, 3 times", haetae.Failed, "ec2:DescribeVpcs is out of service: 503, 3 times"},
		{"away", NotReached, "no such host", haetae.Failed, "ec2:DescribeVpcs could not be reached: no such host"},
		{"something else", "InvalidThing", "text", haetae.Failed, "ec2:DescribeVpcs failed with InvalidThing: text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := live(&Answer{Op: "ec2:DescribeVpcs", Code: c.code, Message: c.message})
			got := covered(t, s, me, "eu-west-1", "AWS::EC2::VPC")
			if got.Status != haetae.Missing || got.Reason != c.reason || got.Detail != c.detail || !slices.Equal(got.Actions, []string{"ec2:DescribeVpcs"}) {
				t.Errorf("coverage is %+v", got)
			}
		})
	}
}

func TestALiveAccountIsNotToldOfCommands(t *testing.T) {
	s := live(&Answer{Op: "ec2:DescribeVpcs", Body: body(t, `{"Vpcs":[{"VpcId":"vpc-1"}]}`)})
	for _, c := range s.Coverage {
		if strings.Contains(c.Detail, "aws ") || strings.Contains(c.Detail, "AWS CLI") {
			t.Errorf("%s: %s", c.Type, c.Detail)
		}
	}
	if u := unknown(t, find(t, s, "AWS::EC2::VPC", "vpc-1").Props["EnableDnsSupport"]); u.Detail != "ec2:DescribeVpcAttribute was not called" {
		t.Errorf("what was not asked is %+v", u)
	}
}

func TestAServiceThatIsNotOfferedHasNothing(t *testing.T) {
	s := live(
		&Answer{Op: "cognito-idp:ListUserPools", Code: NotOffered, Params: map[string]any{"MaxResults": int64(60)}},
		&Answer{Op: "accessanalyzer:ListAnalyzers", Code: NotOffered},
		&Answer{Op: "kms:GetKeyPolicy", Code: NotOffered, Params: map[string]any{"PolicyName": "default"}, Body: map[string]any{"KeyId": "k"}},
	)
	if c := covered(t, s, me, "eu-west-1", "AWS::Cognito::UserPool"); c.Status != haetae.Complete {
		t.Errorf("user pools are %+v", c)
	}
	if v, told := find(t, s, "Haetae::Region", "eu-west-1").Observed["AccessAnalyzers"]; !told || v != nil {
		t.Errorf("analyzers are %v", v)
	}
	for _, r := range s.Resources {
		if r.Type == "AWS::KMS::Key" {
			t.Error("a key is made of nothing")
		}
	}
}

func TestAListThatBreaksOffSaysWhy(t *testing.T) {
	s := live(
		&Answer{Op: "ec2:DescribeVpcs", Body: body(t, `{"Vpcs":[{"VpcId":"vpc-1"}],"NextToken":"x"}`)},
		&Answer{Op: "ec2:DescribeVpcs", Page: 1, Code: "UnauthorizedOperation"},
		&Answer{Op: "ec2:DescribeManagedPrefixLists", Body: body(t, `{"PrefixLists":[{"PrefixListId":"pl-1","MaxEntries":9,"OwnerId":"111122223333"}]}`)},
		&Answer{Op: "ec2:GetManagedPrefixListEntries", Body: body(t, `{"PrefixListId":"pl-1","Entries":[{"Cidr":"10.0.0.0/8"}],"NextToken":"x"}`)},
		&Answer{Op: "ec2:GetManagedPrefixListEntries", Page: 1, Code: "Throttling", Body: body(t, `{"PrefixListId":"pl-1"}`)},
	)
	if c := covered(t, s, me, "eu-west-1", "AWS::EC2::VPC"); c.Status != haetae.Partial || c.Reason != haetae.Denied || len(c.Actions) != 1 {
		t.Errorf("coverage is %+v", c)
	}
	o, ok := find(t, s, "AWS::EC2::PrefixList", "pl-1").Props["Entries"].(*haetae.OpenList)
	if !ok || len(o.Items) != 1 || o.Why.Reason != haetae.Throttled {
		t.Errorf("entries are %+v", o)
	}
}

func TestABatchIsAboutEachOfItsParents(t *testing.T) {
	const head = "arn:aws:ecs:eu-west-1:111122223333:cluster/"
	list := &Answer{Op: "ecs:ListClusters", Body: body(t, `{"clusterArns":["`+head+`a","`+head+`b"]}`)}
	params := callOf(t, "ecs:DescribeClusters", nil).Params
	s := live(list, &Answer{Op: "ecs:DescribeClusters", Params: params, Parents: []string{head + "a", head + "b"}, Code: "AccessDeniedException"})
	for _, id := range []string{"a", "b"} {
		if u := find(t, s, "AWS::ECS::Cluster", id).Stub; u == nil || u.Reason != haetae.Denied {
			t.Errorf("%s is %+v", id, u)
		}
	}
	s = live(list, &Answer{
		Op: "ecs:DescribeClusters", Params: params, Parents: []string{head + "a", head + "b"},
		Body: body(t, `{"clusters":[{"clusterName":"a","clusterArn":"`+head+`a","status":"ACTIVE"}],"failures":[{"arn":"`+head+`b","reason":"MISSING"}]}`),
	})
	if find(t, s, "AWS::ECS::Cluster", "a").Stub != nil || find(t, s, "AWS::ECS::Cluster", "b").Stub == nil {
		t.Error("the described cluster is a stub, or the other one is not")
	}
	s = live(
		&Answer{Op: "ssm:DescribeInstanceInformation", Body: body(t, `{"InstanceInformationList":[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]}`)},
		&Answer{Op: "ssm:DescribeInstancePatchStates", Parents: []string{"i-1", "i-2"}, Body: body(t, `{"InstancePatchStates":[{"InstanceId":"i-1","PatchGroup":"g"}]}`)},
	)
	if v, told := find(t, s, "AWS::SSM::ManagedInstance", "i-2").Observed["PatchGroup"]; !told || v != nil {
		t.Errorf("what the batch says nothing of has the group %v", v)
	}
}

func TestAnAnswerIsForTheCallThatWasMade(t *testing.T) {
	vpc := &Answer{Op: "ec2:DescribeVpcs", Body: body(t, `{"Vpcs":[{"VpcId":"vpc-1"}]}`)}
	s := live(vpc,
		&Answer{Op: "ec2:DescribeVpcAttribute", Params: map[string]any{"Attribute": "enableDnsSupport"}, Code: "UnauthorizedOperation", Body: map[string]any{"VpcId": "vpc-1"}},
		&Answer{Op: "ec2:DescribeVpcAttribute", Params: map[string]any{"Attribute": "enableDnsHostnames"}, Body: body(t, `{"VpcId":"vpc-1"}`)},
	)
	r := find(t, s, "AWS::EC2::VPC", "vpc-1")
	if u := unknown(t, r.Props["EnableDnsSupport"]); u.Reason != haetae.Denied {
		t.Errorf("support is %+v", u)
	}
	if v := r.Props["EnableDnsHostnames"]; v != nil {
		t.Errorf("hostnames are %v", v)
	}
	s = live(&Answer{Op: "account:GetAlternateContact", Account: me, Params: map[string]any{"AlternateContactType": "BILLING"}, Code: "ResourceNotFoundException"})
	contacts := object(find(t, s, "Haetae::Account", me).Observed, "AlternateContacts")
	if contacts["Billing"] != nil {
		t.Errorf("the billing contact is %v", contacts["Billing"])
	}
	unknown(t, contacts["Security"])
}

func TestARefusedAccountIsMissing(t *testing.T) {
	u := &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"sts:AssumeRole"}, Detail: "the role could not be assumed"}
	b := NewBuilder(Options{Source: "aws"})
	b.Refuse(me, "", u)
	b.See(me, "eu-west-1")
	b.See("444455556666", "eu-west-1")
	b.Refuse("444455556666", "us-east-1", u)
	s := b.Snapshot()
	for _, at := range [][2]string{{me, ""}, {me, "eu-west-1"}, {"444455556666", "us-east-1"}} {
		for _, typ := range []string{"Haetae::Account", "Haetae::Region", "AWS::IAM::User", "AWS::EC2::VPC", "AWS::EC2::Instance"} {
			if global := typ == "Haetae::Account" || typ == "AWS::IAM::User"; global != (at[1] == "") {
				continue
			}
			if c := covered(t, s, at[0], at[1], typ); c.Status != haetae.Missing || c.Reason != haetae.Denied || c.Detail != u.Detail {
				t.Errorf("%s in %v is %+v", typ, at, c)
			}
		}
	}
	for _, r := range s.Resources {
		if r.Account == me || r.Region == "us-east-1" {
			t.Errorf("%s %s is made", r.Type, r.ID)
		}
	}
	find(t, s, "Haetae::Region", "eu-west-1")
}

func TestOrganizationalUnitsAreWholeWhenEachWasAsked(t *testing.T) {
	unit := func(parent, children string) *Answer {
		return &Answer{Op: "organizations:ListOrganizationalUnitsForParent", Account: me, Body: body(t, `{"ParentId":"`+parent+`","OrganizationalUnits":[`+children+`]}`)}
	}
	root, one, two := unit("r-1", `{"Id":"ou-1"}`), unit("ou-1", `{"Id":"ou-2"}`), unit("ou-2", "")
	const typ = "AWS::Organizations::OrganizationalUnit"
	if c := covered(t, live(root, one, two), me, "", typ); c.Status != haetae.Complete {
		t.Errorf("all were asked: %+v", c)
	}
	if c := covered(t, live(root, one), me, "", typ); c.Status != haetae.Partial {
		t.Errorf("one was not asked: %+v", c)
	}
	if c := covered(t, live(one, two), me, "", typ); c.Status != haetae.Partial {
		t.Errorf("the root was not asked: %+v", c)
	}
}

func TestTaskDefinitionsAreThoseInUse(t *testing.T) {
	const head = "arn:aws:ecs:eu-west-1:111122223333:"
	none := func(op, member string) *Answer {
		return &Answer{Op: op, Params: callOf(t, op, nil).Params, Body: body(t, `{"cluster":"`+head+`cluster/a","`+member+`":[]}`)}
	}
	answers := []*Answer{
		{Op: "ecs:ListClusters", Body: body(t, `{"clusterArns":["`+head+`cluster/a"]}`)},
		none("ecs:ListServices", "serviceArns"), none("ecs:ListTasks", "taskArns"),
	}
	const typ = "AWS::ECS::TaskDefinition"
	if c := covered(t, live(answers...), me, "eu-west-1", typ); c.Status != haetae.Complete {
		t.Errorf("nothing is in use: %+v", c)
	}
	refused := *answers[1]
	refused.Code, refused.Body = "AccessDeniedException", map[string]any{"cluster": head + "cluster/a"}
	if c := covered(t, live(answers[0], &refused, answers[2]), me, "eu-west-1", typ); c.Status == haetae.Complete || c.Reason != haetae.Denied || !slices.Contains(c.Actions, "ecs:ListServices") {
		t.Errorf("services were refused: %+v", c)
	}
	params := callOf(t, "ecs:DescribeTaskDefinition", nil).Params
	found := &Answer{Op: "ecs:DescribeTaskDefinition", Params: params, Body: body(t, `{"taskDefinition":{"taskDefinitionArn":"`+head+`task-definition/t:1","family":"t"}}`)}
	s := live(append(answers, found)...)
	if c := covered(t, s, me, "eu-west-1", typ); c.Status != haetae.Complete {
		t.Errorf("one is in use: %+v", c)
	}
	if r := find(t, s, typ, head+"task-definition/t:1"); r.Stub != nil {
		t.Errorf("it is %+v", r)
	}
	denied := &Answer{Op: "ecs:DescribeTaskDefinition", Params: params, Code: "AccessDenied", Body: map[string]any{"taskDefinition": head + "task-definition/u:1"}}
	if c := covered(t, live(append(answers, denied)...), me, "eu-west-1", typ); c.Status != haetae.Missing || c.Reason != haetae.Denied {
		t.Errorf("denied: %+v", c)
	}
}

func TestTheOrderOfAnswersDoesNotMatter(t *testing.T) {
	const lb = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/a/"
	make := func() []*Answer {
		answers := []*Answer{
			{Op: "iam:GetAccountAuthorizationDetails", Account: me, Body: body(t, `{"UserDetailList":[{"UserName":"ann","Arn":"arn:aws:iam::111122223333:user/ann","UserId":"A"}],"RoleDetailList":[{"RoleName":"r","Arn":"arn:aws:iam::111122223333:role/r","Path":"/"}]}`)},
			{Op: "iam:ListRoles", Account: me, Body: body(t, `{"Roles":[{"RoleName":"r","RoleId":"x","Description":"d","Arn":"arn:aws:iam::111122223333:role/r"}]}`)},
			{Op: "iam:ListAccessKeys", Account: me, Body: body(t, `{"UserName":"ann","AccessKeyMetadata":[{"AccessKeyId":"AKIA1","Status":"Active"}],"Marker":"x"}`)},
			{Op: "iam:ListAccessKeys", Account: me, Page: 1, Body: body(t, `{"UserName":"ann","AccessKeyMetadata":[{"AccessKeyId":"AKIA2","Status":"Inactive"}]}`)},
			{Op: "ec2:DescribeInstances", Body: body(t, `{"Reservations":[{"OwnerId":"111122223333","Instances":[{"InstanceId":"i-1","BlockDeviceMappings":[{"DeviceName":"/a","Ebs":{"VolumeId":"vol-1"}}]}]}]}`)},
			{Op: "ec2:DescribeVolumes", Body: body(t, `{"Volumes":[{"VolumeId":"vol-1","Encrypted":true,"Attachments":[{"InstanceId":"i-1","Device":"/a"}]}]}`)},
			{Op: "ec2:DescribeVolumes", Region: "us-east-1", Account: me, Code: "UnauthorizedOperation"},
			{Op: "sns:ListSubscriptions", Body: body(t, `{"Subscriptions":[{"TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","SubscriptionArn":"arn:aws:sns:eu-west-1:111122223333:t:1","Protocol":"sqs"}],"NextToken":"x"}`)},
			{Op: "sns:ListSubscriptions", Page: 1, Body: body(t, `{"Subscriptions":[{"TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","SubscriptionArn":"arn:aws:sns:eu-west-1:111122223333:t:2","Protocol":"sqs"}]}`)},
			{Op: "sns:ListTopics", Body: body(t, `{"Topics":[{"TopicArn":"arn:aws:sns:eu-west-1:111122223333:t"}]}`)},
			{Op: "elbv2:DescribeLoadBalancers", Account: me, Region: "us-east-1", Body: body(t, `{"LoadBalancers":[{"LoadBalancerArn":"`+lb+`1","LoadBalancerName":"a"},{"LoadBalancerArn":"`+lb+`2","LoadBalancerName":"b"}]}`)},
			{Op: "elbv2:DescribeListeners", Account: me, Region: "us-east-1", Code: "AccessDenied", Body: map[string]any{"LoadBalancerArn": lb + "1"}},
			{Op: "elbv2:DescribeListeners", Account: me, Region: "us-east-1", Code: "Throttling", Body: map[string]any{"LoadBalancerArn": lb + "2"}},
			{Op: "elbv2:DescribeTags", Account: me, Region: "us-east-1", Code: "AccessDenied", Parents: []string{lb + "1", lb + "2"}},
			{Op: "kms:ListKeys", Code: "ThrottlingException"},
			{Op: "s3api:GetBucketPolicy", Account: me, Body: body(t, `{"Policy":"{}"}`)},
		}
		for i := range 9 {
			answers = append(answers, &Answer{Op: "ec2:DescribeVpcs", Page: i, Body: body(t, fmt.Sprintf(`{"Vpcs":[{"VpcId":"vpc-1","CidrBlock":"10.%d.0.0/16"},{"VpcId":"vpc-%d"}],"NextToken":"x"}`, i, i))})
		}
		return answers
	}
	want := text(live(make()...))
	for i := range 50 {
		r := rand.New(rand.NewPCG(1, uint64(i)))
		answers := make()
		r.Shuffle(len(answers), func(x, y int) { answers[x], answers[y] = answers[y], answers[x] })
		if got := text(live(answers...)); got != want {
			t.Fatalf("order %d\n%s\n%s", i, got, want)
		}
	}
}

func TestTenThousandResourcesFit(t *testing.T) {
	b := NewBuilder(Options{Source: "aws"})
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 10_000 {
		id := fmt.Sprintf("b%d", i)
		add := func(op, text string) {
			a := &Answer{Op: "s3api:" + op, Account: me, Body: body(t, text)}
			a.Body["Bucket"] = id
			b.Add(a)
		}
		b.Add(&Answer{Op: "s3api:ListBuckets", Account: me, Page: i, Body: body(t, `{"Buckets":[{"Name":"`+id+`","BucketRegion":"eu-west-1"}],"ContinuationToken":"x"}`)})
		add("GetBucketVersioning", `{"Status":"Enabled"}`)
		add("GetBucketLocation", `{"LocationConstraint":"eu-west-1"}`)
		add("GetBucketAcl", `{"Owner":{"ID":"o"},"Grants":[{"Permission":"FULL_CONTROL","Grantee":{"ID":"o","Type":"CanonicalUser"}}]}`)
		add("GetBucketPolicy", `{"Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}`)
		add("GetBucketEncryption", `{"ServerSideEncryptionConfiguration":{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}}`)
	}
	used := heap() - before
	t.Logf("%d MiB", used>>20)
	if used > 100<<20 {
		t.Errorf("the answers take %d MiB", used>>20)
	}
	s := b.Snapshot()
	if used := heap() - before; used > 100<<20 || len(s.Resources) < 10_000 {
		t.Errorf("%d resources take %d MiB", len(s.Resources), used>>20)
	}
	runtime.KeepAlive(s)
	runtime.KeepAlive(b)
}
