package control

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

// evaluate runs an assertion over one security group and returns PASS, FAIL or
// UNKNOWN.
func evaluate(t *testing.T, expr string, props map[string]any) haetae.Finding {
	t.Helper()
	return evaluateType(t, "AWS::EC2::SecurityGroup", expr, props)
}

func evaluateType(t *testing.T, typ, expr string, props map[string]any) haetae.Finding {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewSet(s, []*Control{{Rule: haetae.Rule{ID: "test-it", Type: typ}, Assert: expr}})
	if err != nil {
		t.Fatal(err)
	}
	snap := &haetae.Snapshot{
		Resources: []*haetae.Resource{{Type: typ, ID: "x", Account: "111122223333", Region: "us-east-1", Props: props}},
		Coverage:  []haetae.Coverage{{Account: "111122223333", Region: "us-east-1", Type: "*", Status: haetae.Complete}},
	}
	g := graph.New(s, graph.Assemble(s, snap, graph.Options{}))
	for f, err := range set.Evaluate(g) {
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		return f
	}
	t.Fatal("nothing was judged")
	return haetae.Finding{}
}

var (
	denied  = &haetae.Unknown{Reason: haetae.Denied, Actions: []string{"ec2:DescribeSecurityGroups"}}
	someRef = &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Ref: "Other", Plain: true}
)

func rule(kv ...any) map[string]any {
	m := map[string]any{"IpProtocol": "tcp"}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i].(string)] = kv[i+1]
	}
	return m
}

func TestUnknownsInExpressions(t *testing.T) {
	open := func(items ...any) map[string]any {
		return map[string]any{"SecurityGroupIngress": &haetae.OpenList{Items: items, Why: denied}}
	}
	rules := func(items ...any) map[string]any { return map[string]any{"SecurityGroupIngress": items} }
	for _, c := range []struct {
		name, expr string
		props      map[string]any
		want       haetae.Status
	}{
		{"a false operand decides && whatever the other is", `r.GroupName == "a" && r.VpcId == "vpc"`, map[string]any{"GroupName": "b", "VpcId": denied}, haetae.Fail},
		{"a true operand decides || whatever the other is", `r.VpcId == "vpc" || r.GroupName == "a"`, map[string]any{"GroupName": "a", "VpcId": denied}, haetae.Pass},
		{"two undecided operands stay undecided", `r.VpcId == "vpc" || r.GroupName == "a"`, map[string]any{"GroupName": "b", "VpcId": denied}, haetae.Undecided},
		{"!= of an unknown is undecided", `r.VpcId != "vpc"`, map[string]any{"VpcId": denied}, haetae.Undecided},
		{"an element that matches decides exists in an open list", `r.SecurityGroupIngress.exists(x, x.CidrIp == "0.0.0.0/0")`, open(rule("CidrIp", "0.0.0.0/0")), haetae.Pass},
		{"no element that matches does not decide exists in an open list", `r.SecurityGroupIngress.exists(x, x.CidrIp == "0.0.0.0/0")`, open(rule("CidrIp", "10.0.0.0/8")), haetae.Undecided},
		{"an element that does not match decides all in an open list", `r.SecurityGroupIngress.all(x, x.CidrIp == "10.0.0.0/8")`, open(rule("CidrIp", "0.0.0.0/0")), haetae.Fail},
		{"all stays undecided in an open list", `r.SecurityGroupIngress.all(x, x.CidrIp == "10.0.0.0/8")`, open(rule("CidrIp", "10.0.0.0/8")), haetae.Undecided},
		{"an unknown element does not hide one that decides", `r.SecurityGroupIngress.exists(x, x.CidrIp == "0.0.0.0/0")`, rules(rule("CidrIp", denied), rule("CidrIp", "0.0.0.0/0")), haetae.Pass},
		{"an element that is unknown as a whole leaves exists undecided", `r.SecurityGroupIngress.exists(x, x.CidrIp == "0.0.0.0/0")`, rules(someRef), haetae.Undecided},
		{"exists_one is undecided in an open list", `r.SecurityGroupIngress.exists_one(x, x.CidrIp == "0.0.0.0/0")`, open(rule("CidrIp", "0.0.0.0/0")), haetae.Undecided},
		{"exists_one is false once two match", `r.SecurityGroupIngress.exists_one(x, x.CidrIp == "0.0.0.0/0")`, open(rule("CidrIp", "0.0.0.0/0"), rule("CidrIp", "0.0.0.0/0")), haetae.Fail},
		{"size of an open list is undecided", `size(r.SecurityGroupIngress) == 1`, open(rule()), haetae.Undecided},
		{"size of a closed list is known", `size(r.SecurityGroupIngress) == 1`, rules(rule()), haetae.Pass},
		{"in finds what an open list holds", `"a" in r.SecurityGroupIngress.map(x, x.Description)`, open(rule("Description", "a")), haetae.Pass},
		{"in does not rule out what an open list may hold", `"a" in r.SecurityGroupIngress.map(x, x.Description)`, open(rule("Description", "b")), haetae.Undecided},
		{"an index into an open list is undecided", `r.SecurityGroupIngress[0].CidrIp == "0.0.0.0/0"`, open(rule("CidrIp", "0.0.0.0/0")), haetae.Undecided},
		{"equality with an open list is undecided", `r.SecurityGroupIngress == []`, open(), haetae.Undecided},
		{"a filter of an open list stays open", `size(r.SecurityGroupIngress.filter(x, x.CidrIp == "0.0.0.0/0")) == 0`, open(rule("CidrIp", "10.0.0.0/8")), haetae.Undecided},
		{"a filter that cannot tell keeps the list open", `size(r.SecurityGroupIngress.filter(x, x.CidrIp == "0.0.0.0/0")) == 0`, rules(rule("CidrIp", denied)), haetae.Undecided},
		{"a reference is set, whatever it is", `has(r.VpcId)`, map[string]any{"VpcId": someRef}, haetae.Pass},
		{"a value that was denied may not be set", `has(r.VpcId)`, map[string]any{"VpcId": denied}, haetae.Undecided},
		{"what is not set is not", `has(r.GroupName)`, map[string]any{}, haetae.Fail},
		{"a reference is no wildcard", `r.VpcId == "*"`, map[string]any{"VpcId": someRef}, haetae.Fail},
		{"or gives the default of what is not set", `r.GroupName.or("none") == "none"`, map[string]any{}, haetae.Pass},
		{"or does not give the default of what was denied", `r.GroupName.or("none") == "none"`, map[string]any{"GroupName": denied}, haetae.Undecided},
		{"both branches of an undecided condition agree", `(r.VpcId == "a" ? 1 : 1) == 1`, map[string]any{"VpcId": denied}, haetae.Pass},
		{"a known start decides startsWith", `r.GroupName.startsWith("arn:")`, map[string]any{"GroupName": &haetae.Unknown{Set: true, Parts: []string{"arn:aws:", ""}}}, haetae.Pass},
		{"a known start rules out another", `r.GroupName.startsWith("http")`, map[string]any{"GroupName": &haetae.Unknown{Set: true, Parts: []string{"arn:aws:", ""}}}, haetae.Fail},
		{"a known end decides endsWith", `r.GroupName.endsWith("/*")`, map[string]any{"GroupName": &haetae.Unknown{Set: true, Parts: []string{"arn:aws:s3:::", "/*"}}}, haetae.Pass},
		{"a plain hole does not end in a wildcard", `r.GroupName.endsWith("/*")`, map[string]any{"GroupName": &haetae.Unknown{Set: true, Plain: true, Parts: []string{"arn:aws:s3:::", ""}}}, haetae.Fail},
		{"a comparison with what is not set decides nothing", `r.SecurityGroupIngress[0].FromPort < 3`, rules(rule("FromPort", nil)), haetae.Undecided},
		{"an index outside decides nothing", `r.SecurityGroupIngress[4].FromPort < 3`, rules(rule("FromPort", int64(1))), haetae.Undecided},
		{"texts are coerced to the kind of the schema", `r.SecurityGroupIngress[0].FromPort == 22`, rules(rule("FromPort", "22")), haetae.Pass},
		{"a redacted value equals nothing for certain", `r.GroupName == "a"`, map[string]any{"GroupName": &haetae.Secret{Kind: "password"}}, haetae.Undecided},
		{"a redacted value says its kind", `secret(r.GroupName) == "password"`, map[string]any{"GroupName": &haetae.Secret{Kind: "password"}}, haetae.Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := evaluate(t, c.expr, c.props)
			if f.Status != c.want {
				t.Errorf("%s is %s, want %s: %s", c.expr, f.Status, c.want, f.Reason)
			}
			if f.Status == haetae.Undecided && f.Reason == "" {
				t.Error("UNKNOWN without a reason")
			}
		})
	}
}

func TestAnUnknownNamesTheMissingActions(t *testing.T) {
	f := evaluate(t, `r.GroupName == "a"`, map[string]any{"GroupName": denied})
	if len(f.Missing) != 1 || f.Missing[0] != "ec2:DescribeSecurityGroups" {
		t.Errorf("missing actions are %v", f.Missing)
	}
}

func TestAPropertyWithoutADefaultOnRecordIsUnknown(t *testing.T) {
	f := evaluate(t, `r.GroupName == "a"`, map[string]any{})
	if f.Status != haetae.Undecided || !strings.Contains(f.Reason, "GroupName is not set") {
		t.Errorf("%s: %s", f.Status, f.Reason)
	}
}

func TestAFailureNamesTheElementThatDecided(t *testing.T) {
	f := evaluate(t, `!r.SecurityGroupIngress.exists(x, x.CidrIp == "0.0.0.0/0")`, map[string]any{
		"SecurityGroupIngress": []any{rule("CidrIp", "10.0.0.0/8"), rule("CidrIp", "0.0.0.0/0")}})
	if f.Status != haetae.Fail || len(f.Evidence) != 1 || f.Evidence[0].Path != "SecurityGroupIngress[1].CidrIp" {
		t.Errorf("%s, evidence %+v", f.Status, f.Evidence)
	}
	if f.Reason != "SecurityGroupIngress[1].CidrIp is 0.0.0.0/0" {
		t.Errorf("reason is %q", f.Reason)
	}
}

func TestADefaultIsSaidToBeOne(t *testing.T) {
	f := evaluateType(t, "AWS::RDS::DBInstance", `r.StorageEncrypted`, map[string]any{})
	if f.Status != haetae.Fail {
		t.Fatalf("%s: %s", f.Status, f.Reason)
	}
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	set, err := NewSet(s, []*Control{{Rule: haetae.Rule{ID: "test-it", Type: "AWS::RDS::DBInstance"}, Assert: `r.StorageEncrypted`}})
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(s, graph.Assemble(s, &haetae.Snapshot{Resources: []*haetae.Resource{{Type: "AWS::RDS::DBInstance", ID: "Db", Stack: "t.yaml",
		Origin: haetae.Origin{Place: haetae.Place{File: "t.yaml", Line: 3}}}}}, graph.Options{}))
	for f, err := range set.Evaluate(g) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Reason != "StorageEncrypted is false (AWS default)" {
			t.Errorf("reason is %q", f.Reason)
		}
	}
}

func TestFaultsOfAControlAreFoundWhenItIsCompiled(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, expr, want string }{
		{"a misspelt property", `r.SecurityGroupIngres.size() == 0`, "undefined field"},
		{"a misspelt property of an element", `r.SecurityGroupIngress.exists(x, x.Cidr == "")`, "undefined field"},
		{"a value of the wrong kind", `r.SecurityGroupIngress.exists(x, x.FromPort == "22")`, "no matching overload"},
		{"a type that does not exist", `all("AWS::EC2::SecurtyGroup") == []`, "not in the schema"},
		{"a reference that the graph does not index", `size(referrers(r, "AWS::EC2::Instance", "ImageId")) == 0`, "not an edge"},
		{"an assertion that is no boolean", `r.GroupName`, "not bool"},
		{"an assertion that is missing", ``, "missing"},
		{"a pattern that does not compile", `r.GroupName.matches("(")`, "pattern"},
		{"a function that is not there", `r.GroupName.reverse() == ""`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := NewSet(s, []*Control{{Rule: haetae.Rule{ID: "test-it", Type: "AWS::EC2::SecurityGroup"}, Assert: c.expr, File: "controls/ec2/test-it.yaml"}})
			if err != nil {
				t.Fatal(err)
			}
			errs := set.Compile()
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) || !strings.Contains(errs[0].Error(), "controls/ec2/test-it.yaml") {
				t.Errorf("errors are %v, want one with %q", errs, c.want)
			}
		})
	}
}
