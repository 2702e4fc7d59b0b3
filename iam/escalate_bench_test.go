package iam_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/schema"
)

// company makes accounts with users, roles, groups and functions as an
// ordinary company has them: most may read and run, some may pass roles, few are
// administrators, and the organization denies some services.
func company(principals int, seed uint64) *haetae.Snapshot {
	r := rand.New(rand.NewPCG(seed, 1))
	snap := &haetae.Snapshot{Time: 1767225600}
	allow := func(resource any, actions ...any) map[string]any {
		return map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource}
	}
	doc := func(statements ...any) map[string]any {
		return map[string]any{"Version": "2012-10-17", "Statement": statements}
	}
	policies := func(statements ...any) []any {
		return []any{map[string]any{"PolicyName": "own", "PolicyDocument": doc(statements...)}}
	}
	perAccount := min(100, principals)
	services := []string{"lambda", "ec2", "ecs-tasks", "codebuild", "glue", "sagemaker", "states", "cloudformation"}
	for a := range principals / perAccount {
		id := fmt.Sprintf("%012d", 111100000000+a)
		add := func(typ, name, arn string, props, observed map[string]any) {
			snap.Resources = append(snap.Resources, &haetae.Resource{Type: typ, ID: name, ARN: arn, Account: id, Props: props, Observed: observed})
		}
		snap.Coverage = append(snap.Coverage, haetae.Coverage{Account: id, Type: "*", Status: haetae.Complete})
		add("Haetae::Account", id, "", nil, map[string]any{"AccountId": id, "IsManagementAccount": false, "ServiceControlPolicies": []any{
			map[string]any{"Id": "p-1", "Name": "FullAWSAccess", "TargetId": id, "Content": doc(allow("*", "*"))},
			map[string]any{"Id": "p-2", "Name": "guard", "TargetId": id, "Content": doc(map[string]any{"Effect": "Deny", "Action": []any{"organizations:*", "sagemaker:*"}, "Resource": "*"})}}})
		for i := range perAccount {
			if i%3 == 0 {
				name := fmt.Sprintf("user%02d", i)
				statements := []any{allow("arn:aws:s3:::data-*/*", "s3:Get*", "s3:List*"), allow("*", "ec2:Describe*", "lambda:List*", "iam:Get*", "iam:List*")}
				switch r.IntN(12) {
				case 0:
					statements = append(statements, allow("*", "iam:PassRole"), allow("*", "lambda:*"))
				case 1:
					statements = append(statements, allow("arn:aws:iam::"+id+":user/${aws:username}", "iam:CreateAccessKey", "iam:ChangePassword"))
				case 2:
					statements = append(statements, allow("arn:aws:iam::"+id+":role/role1*", "sts:AssumeRole"))
				}
				add("AWS::IAM::User", name, "arn:aws:iam::"+id+":user/"+name, map[string]any{"UserName": name, "Policies": policies(statements...)},
					map[string]any{"AccessKeys": []any{}, "MFADevices": []any{}, "PasswordEnabled": false})
				continue
			}
			name := fmt.Sprintf("role%02d", i)
			statements := []any{allow("*", "logs:CreateLogStream", "logs:PutLogEvents"), allow("arn:aws:dynamodb:*:"+id+":table/t"+name, "dynamodb:*")}
			switch r.IntN(30) {
			case 0:
				statements = append(statements, allow("*", "*"))
			case 1, 2:
				statements = append(statements, allow("*", "lambda:UpdateFunctionCode", "lambda:InvokeFunction"))
			case 3:
				statements = append(statements, allow("*", "iam:PutRolePolicy"))
			}
			trust := map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": services[r.IntN(len(services))] + ".amazonaws.com"}, "Action": "sts:AssumeRole"}
			if r.IntN(5) == 0 {
				trust["Principal"] = map[string]any{"AWS": "arn:aws:iam::" + id + ":root"}
			}
			add("AWS::IAM::Role", name, "arn:aws:iam::"+id+":role/"+name, map[string]any{"RoleName": name, "AssumeRolePolicyDocument": doc(trust), "Policies": policies(statements...)}, nil)
			if r.IntN(4) == 0 {
				f := "f" + name
				snap.Resources = append(snap.Resources, &haetae.Resource{Type: "AWS::Lambda::Function", ID: f, ARN: "arn:aws:lambda:us-east-1:" + id + ":function:" + f,
					Account: id, Region: "us-east-1", Props: map[string]any{"FunctionName": f, "Role": "arn:aws:iam::" + id + ":role/" + name}})
			}
		}
	}
	return snap
}

func worldFrom(tb testing.TB, snap *haetae.Snapshot) *iam.World {
	tb.Helper()
	sch, err := schema.Load()
	if err != nil {
		tb.Fatal(err)
	}
	c, err := permission.Embedded()
	if err != nil {
		tb.Fatal(err)
	}
	return iam.NewWorld(iam.New(c), graph.New(sch, graph.Assemble(sch, snap, graph.Options{})), iam.Options{AssumeNoOrganization: true})
}

// read is the catalogue; it is decoded once for all tests.
var read = sync.OnceValues(func() ([]*content.Escalation, error) { return content.Escalations() })

func catalogue(tb testing.TB) []*iam.Primitive {
	tb.Helper()
	list, err := read()
	if err != nil {
		tb.Fatal(err)
	}
	var out []*iam.Primitive
	for _, e := range list {
		out = append(out, &e.Primitive)
	}
	return out
}

func BenchmarkEscalationsOfTwoThousandPrincipals(b *testing.B) {
	primitives := catalogue(b)
	w := worldFrom(b, company(2000, 1))
	b.ReportAllocs()
	for b.Loop() {
		found := w.Escalations(primitives)
		b.ReportMetric(float64(len(found.AllPaths(iam.Goal{Admin: true}))), "escalating")
	}
}
