package iam_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/schema"
)

// organization makes a snapshot of so many principals and resources, as large
// companies have them: accounts of one kind each, roles made from blueprints
// with some freedom, policies of which some are shared by many, 30 % of
// statements with conditions, and a few buckets, keys and queues with policies
// of their own.
func organization(principals, resources int) *haetae.Snapshot {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	s := &haetae.Snapshot{Time: 1_760_000_000}
	add := func(res *haetae.Resource) { res.Origin.Source = "aws"; s.Resources = append(s.Resources, res) }
	accounts := max(1, principals/200)
	account := func(i int) string { return fmt.Sprintf("1%011d", i%accounts) }
	condition := func(st map[string]any) map[string]any {
		if r.IntN(10) >= 3 {
			return st
		}
		st["Condition"] = []any{
			map[string]any{"StringEquals": map[string]any{"aws:RequestedRegion": pick("eu-west-1", "us-east-1")}},
			map[string]any{"Bool": map[string]any{"aws:MultiFactorAuthPresent": "true"}},
			map[string]any{"IpAddress": map[string]any{"aws:SourceIp": fmt.Sprintf("203.0.%d.0/24", r.IntN(4))}},
			map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/team": pick("web", "data", "ops")}},
			map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/team": pick("web", "data", "ops")}},
			map[string]any{"StringLike": map[string]any{"s3:prefix": pick("home/*", "reports/*")}},
		}[r.IntN(6)]
		return st
	}
	teams := []string{"web", "data", "ops", "pay", "mail", "search"}
	statement := func(a string) map[string]any {
		team := teams[r.IntN(len(teams))]
		service := []struct {
			actions []any
			arn     string
		}{
			{[]any{"s3:GetObject", "s3:ListBucket"}, "arn:aws:s3:::" + team + "-*"},
			{[]any{"s3:*"}, "arn:aws:s3:::" + team + "-" + a[8:] + "-*"},
			{[]any{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"}, "arn:aws:sqs:*:" + a + ":" + team + "-*"},
			{[]any{"sns:Publish"}, "arn:aws:sns:*:" + a + ":" + team + "-*"},
			{[]any{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}, "arn:aws:dynamodb:*:" + a + ":table/" + team + "-*"},
			{[]any{"kms:Decrypt", "kms:GenerateDataKey"}, "*"},
			{[]any{"lambda:InvokeFunction"}, "arn:aws:lambda:*:" + a + ":function:" + team + "-*"},
			{[]any{"secretsmanager:GetSecretValue"}, "arn:aws:secretsmanager:*:" + a + ":secret:" + team + "/*"},
			{[]any{"logs:*"}, "*"},
			{[]any{"ec2:Describe*", "cloudwatch:*"}, "*"},
		}[r.IntN(10)]
		effect := "Allow"
		if r.IntN(12) == 0 {
			effect = "Deny"
		}
		return condition(map[string]any{"Effect": effect, "Action": service.actions, "Resource": service.arn})
	}
	document := func(a string, n int) map[string]any {
		list := []any{}
		for range n {
			list = append(list, statement(a))
		}
		return map[string]any{"Version": "2012-10-17", "Statement": list}
	}
	managed := map[string][]any{}
	for i := range principals / 4 { // a managed policy for four principals
		a := account(i)
		name := fmt.Sprintf("arn:aws:iam::%s:policy/p%d", a, i)
		add(&haetae.Resource{Type: "AWS::IAM::ManagedPolicy", ID: name, ARN: name, Account: a, Props: map[string]any{"PolicyDocument": document(a, 1+r.IntN(6))}})
		managed[a] = append(managed[a], name)
	}
	for i := range principals {
		a := account(i)
		list := managed[a]
		blueprint := min(r.IntN(30), r.IntN(30)) // some roles are made more often
		arns := []any{list[blueprint%len(list)], list[(blueprint*7+3)%len(list)]}
		props := map[string]any{"ManagedPolicyArns": arns, "Policies": []any{}}
		if r.IntN(5) == 0 {
			props["Policies"] = []any{map[string]any{"PolicyName": "own", "PolicyDocument": document(a, 1+r.IntN(3))}}
		}
		if r.IntN(10) == 0 {
			props["PermissionsBoundary"] = list[0]
		}
		tags := map[string]any{"team": teams[blueprint%3]}
		if i%5 == 0 {
			name := fmt.Sprintf("arn:aws:iam::%s:user/u%d", a, i)
			props["Groups"] = []any{}
			add(&haetae.Resource{Type: "AWS::IAM::User", ID: fmt.Sprint("u", i), ARN: name, Account: a, Props: props, Tags: tags})
			continue
		}
		name := fmt.Sprintf("arn:aws:iam::%s:role/r%d", a, i)
		props["AssumeRolePolicyDocument"] = map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": pick("lambda.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com")}}}
		add(&haetae.Resource{Type: "AWS::IAM::Role", ID: fmt.Sprint("r", i), ARN: name, Account: a, Props: props, Tags: tags})
	}
	roles := principals * 4 / 5
	for i := range resources - roles {
		a := account(i)
		team := teams[r.IntN(len(teams))]
		region := pick("us-east-1", "eu-west-1")
		res := &haetae.Resource{Account: a, Region: region, Props: map[string]any{}, Tags: map[string]any{"team": teams[r.IntN(3)]}}
		switch r.IntN(8) {
		case 0:
			res.Type, res.ID = "AWS::S3::Bucket", fmt.Sprintf("%s-%s-%d", team, a[8:], i)
			res.ARN = "arn:aws:s3:::" + res.ID
			if r.IntN(4) == 0 {
				res.Props["PolicyDocument"] = map[string]any{"Version": "2012-10-17", "Statement": []any{
					map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + account(r.IntN(accounts)) + ":root"}, "Action": "s3:GetObject", "Resource": res.ARN + "/*"},
					map[string]any{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []any{res.ARN, res.ARN + "/*"}, "Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}},
				}}
			}
		case 1:
			res.Type, res.ID = "AWS::SQS::Queue", fmt.Sprintf("%s-%d", team, i)
			res.ARN = "arn:aws:sqs:" + region + ":" + a + ":" + res.ID
		case 2:
			res.Type, res.ID = "AWS::SNS::Topic", fmt.Sprintf("arn:aws:sns:%s:%s:%s-%d", region, a, team, i)
			res.ARN = res.ID
		case 3:
			res.Type, res.ID = "AWS::DynamoDB::Table", fmt.Sprintf("%s-%d", team, i)
			res.ARN = "arn:aws:dynamodb:" + region + ":" + a + ":table/" + res.ID
		case 4:
			res.Type, res.ID = "AWS::KMS::Key", fmt.Sprintf("k%d", i)
			res.ARN = "arn:aws:kms:" + region + ":" + a + ":key/" + res.ID
			res.Props["KeyPolicy"] = map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + a + ":root"}, "Action": "kms:*", "Resource": "*"}}
			res.Observed = map[string]any{"KeyManager": "CUSTOMER", "Grants": []any{}}
		case 5:
			res.Type, res.ID = "AWS::Lambda::Function", fmt.Sprintf("%s-%d", team, i)
			res.ARN = "arn:aws:lambda:" + region + ":" + a + ":function:" + res.ID
		case 6:
			res.Type, res.ID = "AWS::SecretsManager::Secret", fmt.Sprintf("arn:aws:secretsmanager:%s:%s:secret:%s/%d", region, a, team, i)
			res.ARN = res.ID
		default:
			res.Type, res.ID = "AWS::Logs::LogGroup", fmt.Sprintf("/%s/%d", team, i)
			res.ARN = "arn:aws:logs:" + region + ":" + a + ":log-group:" + res.ID
		}
		add(res)
	}
	for i := range accounts {
		a := account(i)
		add(&haetae.Resource{Type: "AWS::Organizations::Account", ID: a, Account: "999999999999", Props: map[string]any{"ParentIds": []any{fmt.Sprint("ou-", i%5)}}})
	}
	for i := range 5 {
		add(&haetae.Resource{Type: "AWS::Organizations::OrganizationalUnit", ID: fmt.Sprint("ou-", i), Account: "999999999999", Props: map[string]any{"ParentId": "r-1"}})
	}
	all := map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}
	targets := []any{"r-1", "ou-0", "ou-1", "ou-2", "ou-3", "ou-4"}
	for i := range accounts {
		targets = append(targets, account(i))
	}
	add(&haetae.Resource{Type: "AWS::Organizations::Policy", ID: "p-full", Account: "999999999999", Props: map[string]any{"Type": "SERVICE_CONTROL_POLICY", "Name": "full", "TargetIds": targets, "Content": all}})
	add(&haetae.Resource{Type: "AWS::Organizations::Policy", ID: "p-deny", Account: "999999999999", Props: map[string]any{"Type": "SERVICE_CONTROL_POLICY", "Name": "deny", "TargetIds": []any{"ou-1", "ou-2"},
		"Content": map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Deny", "Action": []any{"s3:PutBucketPolicy", "kms:ScheduleKeyDeletion"}, "Resource": "*",
			"Condition": map[string]any{"ArnNotLike": map[string]any{"aws:PrincipalArn": "arn:aws:iam::*:role/r1*"}}}}}})
	add(&haetae.Resource{Type: "Haetae::Organization", ID: "o-scale", Account: "999999999999", Props: map[string]any{},
		Observed: map[string]any{"Id": "o-scale", "MasterAccountId": "999999999999", "EnabledPolicyTypes": []any{"SERVICE_CONTROL_POLICY"}}})
	return s
}

func worldOf(t testing.TB, s *haetae.Snapshot) *iam.World {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, err := permission.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return iam.NewWorld(iam.New(c), graph.New(sch, s), iam.Options{})
}

// sample compares the index with the evaluator on random questions, and tells
// how many of them were allowed.
func sample(t testing.TB, w *iam.World, x *iam.Index, n int) (allowed int) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	identities := w.Identities()
	var targets []*haetae.Resource
	for _, res := range w.Graph().Resources() {
		if res.ARN != "" && len(w.Engine().ActionsOn(res)) > 0 {
			targets = append(targets, res)
		}
	}
	byAccount := map[string][]*haetae.Resource{}
	for _, res := range targets {
		byAccount[res.Account] = append(byAccount[res.Account], res)
	}
	for range n {
		i := identities[r.IntN(len(identities))]
		list := byAccount[i.Account.ID]
		if r.IntN(10) == 0 || len(list) == 0 {
			list = targets
		}
		res := list[r.IntN(len(list))]
		actions := w.Engine().ActionsOn(res)
		a := actions[r.IntN(len(actions))]
		d, err := w.Decide(iam.Request{Principal: iam.Principal{ARN: i.ARN}, Action: a.String(), Resources: []string{res.ARN}})
		if err != nil {
			t.Fatal(err)
		}
		want := d.Verdict
		if want == iam.ExplicitlyDenied {
			want = iam.ImplicitlyDenied
		}
		if want != iam.ImplicitlyDenied {
			allowed++
		}
		if got := x.Verdict(i, a, res.ARN); got != want {
			t.Fatalf("%s, %s on %s: the index says %s, the evaluator %s", i.ARN, a, res.ARN, got, want)
		}
	}
	return allowed
}

func TestIndexAgreesWithTheEvaluator(t *testing.T) {
	w := worldOf(t, organization(120, 300))
	x := iam.NewIndex(w)
	if n := sample(t, w, x, 4_000); n < 60 {
		t.Errorf("only %d of 4,000 questions were allowed or open: they prove little", n)
	}
	t.Logf("%+v", x.Stats())
}

// BenchmarkIndex builds the index of the size that the design asks for. It
// prints what it collapsed to.
func BenchmarkIndex(b *testing.B) {
	principals, resources := 10_000, 20_000
	if testing.Short() {
		principals, resources = 1_000, 2_000
	}
	s := organization(principals, resources)
	docs := map[string]bool{}
	conditions, statements := 0, 0
	for _, r := range s.Resources {
		var list []any
		if d, ok := r.Props["PolicyDocument"].(map[string]any); ok {
			list = append(list, d)
		}
		for _, v := range slices.Concat(list) {
			docs[fmt.Sprint(v)] = true
			if l, ok := v.(map[string]any)["Statement"].([]any); ok {
				for _, st := range l {
					statements++
					if st.(map[string]any)["Condition"] != nil {
						conditions++
					}
				}
			}
		}
	}
	b.Logf("%d managed and bucket policies, %d statements, %d %% with conditions", len(docs), statements, conditions*100/max(1, statements))
	b.ReportAllocs()
	for b.Loop() {
		w := worldOf(b, s)
		start := time.Now()
		x := iam.NewIndex(w)
		b.ReportMetric(time.Since(start).Seconds(), "s/index")
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB")
		b.Logf("%+v", x.Stats())
		b.Logf("%d of 10,000 samples allowed or open", sample(b, w, x, 10_000))

		var change haetae.Change
		for _, r := range s.Resources {
			if r.Type == "AWS::IAM::ManagedPolicy" {
				after := *r
				after.Props = map[string]any{"PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{
					map[string]any{"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:data-7*"}}}}
				change = haetae.Change{Before: r, After: &after}
				break
			}
		}
		before := x.Stats()
		start = time.Now()
		x.With(haetae.Delta{Changed: []haetae.Change{change}})
		b.ReportMetric(time.Since(start).Seconds(), "s/change")
		b.Logf("after one policy changed: %d pairs, %d decisions anew", x.Stats().Pairs-before.Pairs, x.Stats().Decisions-before.Decisions)
		b.Logf("%d of 10,000 samples allowed or open", sample(b, w, x, 10_000))
	}
}

func TestIndexAfterManyChangesEqualsOneMadeAnew(t *testing.T) {
	s := organization(24, 80)
	w := worldOf(t, s)
	x := iam.NewIndex(w)
	r := rand.New(rand.NewPCG(5, 6))
	var changeable []*haetae.Resource
	for _, res := range s.Resources {
		switch res.Type {
		case "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::S3::Bucket", "AWS::SQS::Queue":
			changeable = append(changeable, res)
		}
	}
	for n := range 30 {
		at := r.IntN(len(changeable))
		before := changeable[at]
		after := *before
		after.Props = map[string]any{}
		for k, v := range before.Props {
			after.Props[k] = v
		}
		doc := func(resource string) map[string]any {
			return map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": []string{"Allow", "Deny"}[r.IntN(2)],
				"Action": []string{"sqs:*", "s3:GetObject", "sns:Publish"}[r.IntN(3)], "Resource": resource}}}
		}
		switch before.Type {
		case "AWS::IAM::ManagedPolicy":
			after.Props["PolicyDocument"] = doc([]string{"*", fmt.Sprint("arn:aws:s3:::web-*", n), "arn:aws:sqs:*:*:ops-*"}[r.IntN(3)])
		case "AWS::IAM::Role":
			after.Props["Policies"] = []any{map[string]any{"PolicyName": "new", "PolicyDocument": doc(fmt.Sprint("arn:aws:sqs:*:*:*-", r.IntN(200)))}}
		default:
			after.Tags = map[string]any{"team": []string{"web", "data"}[r.IntN(2)]}
			d := doc(before.ARN)
			d["Statement"].([]any)[0].(map[string]any)["Principal"] = map[string]any{"AWS": []string{"*", "arn:aws:iam::100000000000:role/r1", "arn:aws:iam::100000000000:root"}[r.IntN(3)]}
			after.Props["PolicyDocument"] = d
		}
		x.With(haetae.Delta{Changed: []haetae.Change{{Before: before, After: &after}}})
		changeable[at] = &after
	}
	if n := sample(t, w, x, 4_000); n < 50 {
		t.Errorf("only %d of the questions were allowed or open", n)
	}
	anew := iam.NewIndex(w)
	for _, i := range w.Identities() {
		for _, res := range w.Graph().Resources() {
			for k, a := range w.Engine().ActionsOn(res) {
				if k%7 == 0 && x.Verdict(i, a, res.ARN) != anew.Verdict(i, a, res.ARN) {
					t.Fatalf("%s, %s on %s: %s after the changes, %s anew", i.ARN, a, res.ARN, x.Verdict(i, a, res.ARN), anew.Verdict(i, a, res.ARN))
				}
			}
		}
	}
}

func TestIndexKnowsWhatACLsGrantsAndCanonicalUsersLetInFromOtherAccounts(t *testing.T) {
	const here, there = "100000000000", "200000000000"
	s := &haetae.Snapshot{Time: 1_760_000_000}
	add := func(r *haetae.Resource) {
		r.Origin.Source = "aws"
		s.Resources = append(s.Resources, r)
	}
	document := func(statement map[string]any) map[string]any {
		return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
	}
	for _, name := range []string{"reader", "nobody"} {
		props := map[string]any{"Policies": []any{}, "Groups": []any{}}
		if name == "reader" {
			props["Policies"] = []any{map[string]any{"PolicyName": "p", "PolicyDocument": document(map[string]any{"Effect": "Allow", "Action": []any{"s3:*", "kms:*"}, "Resource": "*"})}}
		}
		arn := "arn:aws:iam::" + there + ":user/" + name
		add(&haetae.Resource{Type: "AWS::IAM::User", ID: name, ARN: arn, Account: there, Props: props})
	}
	bucket := func(account, name, owner string, props map[string]any) {
		add(&haetae.Resource{Type: "AWS::S3::Bucket", ID: name, ARN: "arn:aws:s3:::" + name, Account: account, Region: "us-east-1",
			Props: props, Observed: map[string]any{"Owner": map[string]any{"ID": owner}}})
	}
	open := map[string]any{"Rules": []any{map[string]any{"ObjectOwnership": "ObjectWriter"}}}
	off := map[string]any{"BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": false, "RestrictPublicBuckets": false}
	bucket(there, "theirs", "feed", map[string]any{"OwnershipControls": open, "PublicAccessBlockConfiguration": off})
	bucket(here, "by-acl", "cafe", map[string]any{"OwnershipControls": open, "PublicAccessBlockConfiguration": off,
		"Grants": []any{map[string]any{"Permission": "READ", "Grantee": map[string]any{"Type": "CanonicalUser", "ID": "feed"}}}})
	bucket(here, "by-canonical-user", "cafe", map[string]any{"OwnershipControls": open, "PublicAccessBlockConfiguration": off,
		"PolicyDocument": document(map[string]any{"Effect": "Allow", "Principal": map[string]any{"CanonicalUser": "feed"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::by-canonical-user/*"})})
	bucket(here, "denies-only", "cafe", map[string]any{"OwnershipControls": open, "PublicAccessBlockConfiguration": off,
		"PolicyDocument": document(map[string]any{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::denies-only"})})
	add(&haetae.Resource{Type: "AWS::KMS::Key", ID: "k", ARN: "arn:aws:kms:us-east-1:" + here + ":key/k", Account: here, Region: "us-east-1",
		Props: map[string]any{"KeyPolicy": document(map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + here + ":root"}, "Action": "kms:*", "Resource": "*"})},
		Observed: map[string]any{"KeyManager": "CUSTOMER", "Grants": []any{map[string]any{
			"GranteePrincipal": "arn:aws:iam::" + there + ":user/nobody", "Operations": []any{"Decrypt"}}}}})

	w := worldOf(t, s)
	x := iam.NewIndex(w)
	let := map[string]int{}
	for _, i := range w.Identities() {
		for _, res := range w.Graph().Resources() {
			for _, a := range w.Engine().ActionsOn(res) {
				d, err := w.Decide(iam.Request{Principal: iam.Principal{ARN: i.ARN}, Action: a.String(), Resources: []string{res.ARN}})
				if err != nil {
					continue // such a principal cannot ask for it
				}
				want := d.Verdict
				if want == iam.ExplicitlyDenied {
					want = iam.ImplicitlyDenied
				}
				if got := x.Verdict(i, a, res.ARN); got != want {
					t.Errorf("%s, %s on %s: the index says %s, the evaluator %s", i.ARN, a, res.ARN, got, want)
				}
				if want != iam.ImplicitlyDenied && i.Account.ID != res.Account {
					let[res.ID]++
				}
			}
		}
	}
	for _, id := range []string{"by-acl", "k"} {
		if let[id] == 0 {
			t.Errorf("nobody of the other account may do anything on %s: the test proves nothing", id)
		}
	}
}
