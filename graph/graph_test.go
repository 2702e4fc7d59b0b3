package graph

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
)

func loadSchema(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func declared(typ, id string, props map[string]any) *haetae.Resource {
	r := &haetae.Resource{Type: typ, ID: id, Stack: "web.yaml", Props: props,
		Origin: haetae.Origin{Source: "template", LogicalID: id, Place: haetae.Place{File: "web.yaml", Line: 10}, Paths: map[string]haetae.Place{}}}
	for k := range props {
		r.Origin.Paths[k] = haetae.Place{File: "web.yaml", Line: 11}
	}
	return r
}

func ref(id string) *haetae.Unknown {
	return &haetae.Unknown{Reason: haetae.Unresolved, Ref: id, Set: true, Plain: true}
}

func assemble(t testing.TB, rs ...*haetae.Resource) *haetae.Snapshot {
	t.Helper()
	return Assemble(loadSchema(t), &haetae.Snapshot{Resources: rs,
		Coverage: []haetae.Coverage{{Stack: "web.yaml", Type: "*", Status: haetae.Complete}}}, Options{HashKey: []byte("k")})
}

func one(t testing.TB, s *haetae.Snapshot, typ, id string) *haetae.Resource {
	t.Helper()
	for _, r := range s.Resources {
		if r.Type == typ && r.ID == id {
			return r
		}
	}
	t.Fatalf("no %s %s", typ, id)
	return nil
}

func TestASeparateSecurityGroupRuleBecomesARuleOfItsGroup(t *testing.T) {
	s := assemble(t,
		declared("AWS::EC2::SecurityGroup", "Web", map[string]any{"GroupDescription": "web", "SecurityGroupIngress": []any{map[string]any{"CidrIp": "10.0.0.0/8"}}}),
		declared("AWS::EC2::SecurityGroupIngress", "Ssh", map[string]any{"GroupId": ref("Web"), "CidrIp": "0.0.0.0/0", "FromPort": "22"}))
	if len(s.Resources) != 1 {
		t.Fatalf("%d resources, want the group alone", len(s.Resources))
	}
	web := one(t, s, "AWS::EC2::SecurityGroup", "Web")
	rules := web.Props["SecurityGroupIngress"].([]any)
	got := rules[1].(map[string]any)
	if len(rules) != 2 || got["CidrIp"] != "0.0.0.0/0" || got["FromPort"] != int64(22) {
		t.Errorf("rules are %v", rules)
	}
	if _, kept := got["GroupId"]; kept {
		t.Error("the reference to the parent was kept")
	}
	if p := web.Origin.At("SecurityGroupIngress[1].CidrIp"); p.Child != "Ssh" || p.Line != 11 {
		t.Errorf("the rule's place is %+v", p)
	}
	if p := web.Origin.At("SecurityGroupIngress[0].CidrIp"); p.Child != "" {
		t.Errorf("the group's own rule is said to come from %q", p.Child)
	}
}

func TestASeparateEgressRuleDoesNotTakeThePlaceOfTheDefaultOne(t *testing.T) {
	s := assemble(t,
		declared("AWS::EC2::SecurityGroup", "Web", map[string]any{"GroupDescription": "web"}),
		declared("AWS::EC2::SecurityGroupEgress", "Out", map[string]any{"GroupId": ref("Web"), "CidrIp": "10.0.0.0/8", "IpProtocol": "tcp"}))
	rules := one(t, s, "AWS::EC2::SecurityGroup", "Web").Props["SecurityGroupEgress"].([]any)
	if len(rules) < 2 {
		t.Errorf("egress is %v, want the default rules and the separate one", rules)
	}
}

func TestAChildOfAnOutsideParentMakesAStub(t *testing.T) {
	s := assemble(t, declared("AWS::S3::BucketPolicy", "Policy", map[string]any{"Bucket": "elsewhere", "PolicyDocument": map[string]any{"Statement": []any{}}}))
	b := one(t, s, "AWS::S3::Bucket", "elsewhere")
	if b.Stub == nil || b.Props["PolicyDocument"] == nil {
		t.Errorf("stub is %+v with %v", b.Stub, b.Props)
	}
	if _, filled := b.Props["PublicAccessBlockConfiguration"]; filled {
		t.Error("a default was filled into a bucket that nobody has seen")
	}
}

func TestAChildThatMayHaveParentsOfSeveralTypesMakesNoStub(t *testing.T) {
	s := assemble(t, declared("AWS::WAFv2::WebACLAssociation", "A", map[string]any{"ResourceArn": "arn:aws:x", "WebACLArn": "arn:aws:y"}))
	if len(s.Resources) != 1 || s.Resources[0].Type != "AWS::WAFv2::WebACLAssociation" {
		t.Errorf("resources are %v", s.Resources)
	}
}

func TestTwoPoliciesOfOneQueueAreJoined(t *testing.T) {
	doc := func(sid string) map[string]any {
		return map[string]any{"Statement": map[string]any{"Sid": sid}}
	}
	s := assemble(t, declared("AWS::SQS::Queue", "Q", nil),
		declared("AWS::SQS::QueuePolicy", "P1", map[string]any{"Queues": []any{ref("Q")}, "PolicyDocument": doc("one")}),
		declared("AWS::SQS::QueuePolicy", "P2", map[string]any{"Queues": []any{ref("Q")}, "PolicyDocument": doc("two")}))
	q := one(t, s, "AWS::SQS::Queue", "Q")
	if n := len(q.Props["PolicyDocument"].(map[string]any)["Statement"].([]any)); n != 2 {
		t.Errorf("%d statements, want both", n)
	}
}

func TestDefaultsAreFilledInAndTextsGetTheirKind(t *testing.T) {
	s := assemble(t, declared("AWS::S3::Bucket", "B", map[string]any{"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": "true"}}), declared("AWS::S3::Bucket", "New", nil))
	block := one(t, s, "AWS::S3::Bucket", "B").Props["PublicAccessBlockConfiguration"].(map[string]any)
	if block["BlockPublicAcls"] != true || block["RestrictPublicBuckets"] != false {
		t.Errorf("a given block is %v", block)
	}
	block = one(t, s, "AWS::S3::Bucket", "New").Props["PublicAccessBlockConfiguration"].(map[string]any)
	if block["RestrictPublicBuckets"] != true {
		t.Errorf("the block of a new bucket is %v", block)
	}
}

func TestSecretsDoNotPassTheDoor(t *testing.T) {
	key := "AKIAIOSFODNN7EXAMPLE"
	s := assemble(t,
		declared("AWS::Lambda::Function", "F", map[string]any{"Environment": map[string]any{"Variables": map[string]any{"KEY": key, "ROLE": ref("R"), "N": int64(5)}}}),
		declared("AWS::RDS::DBInstance", "D", map[string]any{"MasterUserPassword": "hunter2hunter2"}),
		declared("AWS::RDS::DBInstance", "Managed", map[string]any{"MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}"}),
		declared("Custom::Thing", "C", map[string]any{"Deep": []any{map[string]any{"Token": key}}}),
	)
	for _, r := range s.Resources {
		if text := fmt.Sprintf("%#v", r.Props); len(text) > 0 && (contains(text, key) || contains(text, "hunter2")) {
			t.Errorf("%s still holds its secret: %s", r.ID, text)
		}
	}
	vars := one(t, s, "AWS::Lambda::Function", "F").Props["Environment"].(map[string]any)["Variables"].(map[string]any)
	secret, ok := vars["KEY"].(*haetae.Secret)
	if !ok || secret.Kind != "aws-access-key" || secret.Hash == "" || secret.Length != len(key) {
		t.Errorf("the key became %+v", vars["KEY"])
	}
	if _, kept := vars["ROLE"].(*haetae.Unknown); !kept {
		t.Errorf("a reference became %v", vars["ROLE"])
	}
	if v := one(t, s, "AWS::RDS::DBInstance", "Managed").Props["MasterUserPassword"]; v != "{{resolve:secretsmanager:db:SecretString:password}}" {
		t.Errorf("a reference to a secret became %v", v)
	}
}

func contains(text, part string) bool {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func TestReferencesAreFollowedBothWays(t *testing.T) {
	snap := assemble(t,
		declared("AWS::EC2::VPC", "Vpc", nil),
		declared("AWS::EC2::FlowLog", "Log", map[string]any{"ResourceId": ref("Vpc"), "ResourceType": "VPC"}),
		declared("AWS::EC2::FlowLog", "Other", map[string]any{"ResourceId": ref("Elsewhere"), "ResourceType": "VPC"}))
	g := New(loadSchema(t), snap)
	vpc := one(t, snap, "AWS::EC2::VPC", "Vpc")
	list, why := g.Referrers(vpc, "AWS::EC2::FlowLog", "ResourceId")
	if len(list) != 1 || list[0].ID != "Log" || why != nil {
		t.Errorf("referrers are %v, %v", list, why)
	}
	found, _ := g.Find(list[0], "AWS::EC2::VPC", list[0].Props["ResourceId"])
	if found != vpc {
		t.Errorf("the flow log leads to %v", found)
	}
}

func TestAReferenceAmongObservedFactsIsOneToo(t *testing.T) {
	live := func(typ, id string, observed map[string]any) *haetae.Resource {
		return &haetae.Resource{Type: typ, ID: id, Account: "111122223333", Region: "us-east-1", Observed: observed}
	}
	snap := Assemble(loadSchema(t), &haetae.Snapshot{
		Resources: []*haetae.Resource{live("AWS::EC2::Volume", "vol-1", nil), live("AWS::EC2::Snapshot", "snap-1", map[string]any{"VolumeId": "vol-1"})},
		Coverage:  []haetae.Coverage{{Account: "111122223333", Type: "*", Status: haetae.Complete}},
	}, Options{})
	g := New(loadSchema(t), snap)
	volume := one(t, snap, "AWS::EC2::Volume", "vol-1")
	if list, why := g.Referrers(volume, "AWS::EC2::Snapshot", "VolumeId"); len(list) != 1 || why != nil {
		t.Errorf("referrers are %v, %v", list, why)
	}
	for e := range g.Out(one(t, snap, "AWS::EC2::Snapshot", "snap-1")) {
		if e.To != volume {
			t.Errorf("the snapshot leads to %v", e.To)
		}
	}
	g.With(haetae.Delta{Removed: []*haetae.Resource{one(t, snap, "AWS::EC2::Snapshot", "snap-1")}})
	if list, _ := g.Referrers(volume, "AWS::EC2::Snapshot", "VolumeId"); len(list) != 0 {
		t.Errorf("after the snapshot is gone referrers are %v", list)
	}
}

func TestAReferenceThatIsNotKnownLeavesTheListOpen(t *testing.T) {
	snap := assemble(t, declared("AWS::EC2::VPC", "Vpc", nil),
		declared("AWS::EC2::FlowLog", "Log", map[string]any{"ResourceId": &haetae.Unknown{Reason: haetae.Unresolved, Set: true}}))
	g := New(loadSchema(t), snap)
	if _, why := g.Referrers(one(t, snap, "AWS::EC2::VPC", "Vpc"), "AWS::EC2::FlowLog", "ResourceId"); why == nil {
		t.Error("the flow log may belong to the VPC, but the list is closed")
	}
}

func TestAKeyIsFoundByItsAlias(t *testing.T) {
	live := func(typ, id string, props map[string]any) *haetae.Resource {
		return &haetae.Resource{Type: typ, ID: id, Account: "111122223333", Region: "us-east-1", Props: props}
	}
	snap := Assemble(loadSchema(t), &haetae.Snapshot{Resources: []*haetae.Resource{
		live("AWS::KMS::Key", "1234", nil),
		live("AWS::KMS::Alias", "alias/data", map[string]any{"AliasName": "alias/data", "TargetKeyId": "1234"}),
		live("AWS::SQS::Queue", "q", map[string]any{"KmsMasterKeyId": "alias/data"}),
	}}, Options{})
	g := New(loadSchema(t), snap)
	q := one(t, snap, "AWS::SQS::Queue", "q")
	key, why := g.Find(q, "AWS::KMS::Key", q.Props["KmsMasterKeyId"])
	if key == nil || key.ID != "1234" {
		t.Fatalf("found %v (%v)", key, why)
	}
	n := 0
	for e := range g.In(key) {
		if e.From == q {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d edges from the queue to the key", n)
	}
}

func TestWhatWasNotListedIsNotComplete(t *testing.T) {
	c := newCoverage([]haetae.Coverage{
		{Account: "1", Region: "us-east-1", Type: "*", Status: haetae.Complete},
		{Account: "1", Region: "us-east-1", Type: "AWS::EC2::Volume", Status: haetae.Missing, Reason: haetae.Denied, Actions: []string{"ec2:DescribeVolumes"}},
	})
	w := world{"", "1"}
	if u := c.gap(w, "us-east-1", "AWS::EC2::VPC"); u != nil {
		t.Errorf("VPCs: %v", u)
	}
	if u := c.gap(w, "us-east-1", "AWS::EC2::Volume"); u == nil || u.Reason != haetae.Denied || len(u.Actions) != 1 {
		t.Errorf("volumes: %v", u)
	}
	if u := c.gap(world{"", "2"}, "*", "AWS::EC2::VPC"); u == nil || u.Reason != haetae.NotAsked {
		t.Errorf("another account: %v", u)
	}
}

// TestDeltasLeadToTheSameIndexAsARebuild makes 1,000 random changes one by one
// and compares the index with one built anew.
func TestDeltasLeadToTheSameIndexAsARebuild(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	s := loadSchema(t)
	make1 := func(i int) *haetae.Resource {
		id := fmt.Sprint("r", i)
		switch i % 3 {
		case 0:
			return declared("AWS::EC2::VPC", id, map[string]any{})
		case 1:
			to := any(ref(fmt.Sprint("r", 3*rnd.IntN(10))))
			if rnd.IntN(5) == 0 {
				to = &haetae.Unknown{Reason: haetae.Unresolved, Set: true}
			}
			return declared("AWS::EC2::FlowLog", id, map[string]any{"ResourceId": to})
		}
		return declared("AWS::EC2::Subnet", id, map[string]any{"VpcId": ref(fmt.Sprint("r", 3*rnd.IntN(10)))})
	}
	now := map[string]*haetae.Resource{}
	g := New(s, &haetae.Snapshot{Coverage: []haetae.Coverage{{Stack: "web.yaml", Type: "*", Status: haetae.Complete}}})
	for range 1000 {
		r := make1(rnd.IntN(30))
		var d haetae.Delta
		switch old := now[r.ID]; {
		case old == nil:
			d.Added = append(d.Added, r)
			now[r.ID] = r
		case rnd.IntN(2) == 0:
			d.Removed = append(d.Removed, old)
			delete(now, r.ID)
		default:
			d.Changed = append(d.Changed, haetae.Change{Before: old, After: r})
			now[r.ID] = r
		}
		g = g.With(d)
	}
	snap := &haetae.Snapshot{Coverage: []haetae.Coverage{{Stack: "web.yaml", Type: "*", Status: haetae.Complete}}}
	for _, r := range now {
		snap.Resources = append(snap.Resources, r)
	}
	snap.Sort()
	anew := New(s, snap)
	if !reflect.DeepEqual(g.Resources(), anew.Resources()) {
		t.Fatal("the resources differ")
	}
	for _, r := range snap.Resources {
		for _, q := range []struct{ typ, path string }{{"AWS::EC2::FlowLog", "ResourceId"}, {"AWS::EC2::Subnet", "VpcId"}} {
			a, whyA := g.Referrers(r, q.typ, q.path)
			b, whyB := anew.Referrers(r, q.typ, q.path)
			slices.SortFunc(a, (*haetae.Resource).Compare)
			slices.SortFunc(b, (*haetae.Resource).Compare)
			if !slices.Equal(a, b) || (whyA == nil) != (whyB == nil) {
				t.Fatalf("%s: %v (%v), built anew %v (%v)", r.ID, a, whyA, b, whyB)
			}
		}
	}
	if len(g.byName) != len(anew.byName) || len(g.wants) != len(anew.wants) || len(g.vague) != len(anew.vague) {
		t.Errorf("the index kept %d, %d, %d entries; built anew it has %d, %d, %d",
			len(g.byName), len(g.wants), len(g.vague), len(anew.byName), len(anew.wants), len(anew.vague))
	}
}

func TestDiffNamesThePropertiesThatChanged(t *testing.T) {
	a := assemble(t, declared("AWS::S3::Bucket", "B", map[string]any{"VersioningConfiguration": map[string]any{"Status": "Enabled"}}), declared("AWS::SQS::Queue", "Gone", nil))
	b := assemble(t, declared("AWS::S3::Bucket", "B", map[string]any{"VersioningConfiguration": map[string]any{"Status": "Suspended"}}), declared("AWS::SNS::Topic", "New", nil))
	d := Diff(a, b)
	if len(d.Added) != 1 || len(d.Removed) != 1 || len(d.Changed) != 1 {
		t.Fatalf("%d added, %d removed, %d changed", len(d.Added), len(d.Removed), len(d.Changed))
	}
	if got := d.Changed[0].Paths; !slices.Equal(got, []string{"VersioningConfiguration.Status"}) {
		t.Errorf("changed paths are %v", got)
	}
	if !Diff(a, a).Empty() {
		t.Error("a snapshot differs from itself")
	}
}

func BenchmarkAssembleAndNew(b *testing.B) {
	s := loadSchema(b)
	world := &haetae.Snapshot{Coverage: []haetae.Coverage{{Stack: "web.yaml", Type: "*", Status: haetae.Complete}}}
	for i := range 2000 {
		world.Resources = append(world.Resources,
			declared("AWS::EC2::VPC", fmt.Sprint("vpc", i), map[string]any{}),
			declared("AWS::EC2::SecurityGroup", fmt.Sprint("sg", i), map[string]any{"VpcId": ref(fmt.Sprint("vpc", i))}),
			declared("AWS::EC2::SecurityGroupIngress", fmt.Sprint("in", i), map[string]any{"GroupId": ref(fmt.Sprint("sg", i)), "CidrIp": "0.0.0.0/0"}))
	}
	b.ReportAllocs()
	for b.Loop() {
		New(s, Assemble(s, Clone(world), Options{}))
	}
}
