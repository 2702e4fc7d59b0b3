package schema

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func loaded(t testing.TB) *Schema {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func typeOf(t testing.TB, name string) *Type {
	t.Helper()
	typ, ok := loaded(t).Type(name)
	if !ok {
		t.Fatalf("no type %s", name)
	}
	return typ
}

func TestEveryTypeIsMadeOfTheThreeFilesWithoutError(t *testing.T) {
	s := loaded(t)
	if n := len(s.Names()); n < 1800 {
		t.Errorf("%d types", n)
	}
	if !slices.IsSorted(s.Names()) {
		t.Error("names are not sorted")
	}
	for _, name := range s.Names() {
		typ, err := s.build(name)
		if err != nil {
			t.Error(err)
			continue
		}
		for n := range typ.Props.Fields {
			if o, ok := typ.Observed.Field(n); ok && o.Kind != KindObject {
				t.Errorf("%s: %s is in Props and in Observed", name, n)
			}
			if _, ok := typ.Volatile.Field(n); ok {
				t.Errorf("%s: %s is in Props and in Volatile", name, n)
			}
		}
	}
	for name := range s.defaults {
		if !s.has(name) {
			t.Errorf("defaults.yaml: no type %s", name)
		}
	}
}

func TestEveryConditionOfADefaultNamesAProperty(t *testing.T) {
	s := loaded(t)
	for name, d := range s.defaults {
		typ := typeOf(t, name)
		for path := range d.Unless {
			for _, c := range d.unless(path) {
				if _, err := typ.Lookup(c.Path); err != nil {
					t.Errorf("defaults.yaml: unless: %v", err)
				}
			}
		}
		for path := range d.Docs {
			if _, err := typ.Lookup(path); err != nil {
				t.Errorf("defaults.yaml: docs: %v", err)
			}
		}
	}
}

func TestEveryEdgeStartsAtAPropertyAndEndsAtAType(t *testing.T) {
	s := loaded(t)
	total := 0
	for name := range s.edges {
		typ, ok := s.Type(name)
		if !ok {
			t.Errorf("relations.yaml: no type %s", name)
			continue
		}
		seen := map[Relation]bool{}
		for _, e := range s.Edges(name) {
			total++
			f, err := typ.Lookup(e.Path)
			if err != nil {
				t.Errorf("relations.yaml: %v", err)
			} else if f.Kind != String {
				t.Errorf("relations.yaml: %s.%s is a %s, not a reference", name, e.Path, f.Kind)
			}
			if !s.has(e.Target) {
				t.Errorf("relations.yaml: %s.%s: no type %s", name, e.Path, e.Target)
			}
			if seen[e] {
				t.Errorf("relations.yaml: %v stands there twice", e)
			}
			seen[e] = true
		}
	}
	if total < 150 {
		t.Errorf("%d edges", total)
	}
}

func TestEveryFoldFitsIntoItsParent(t *testing.T) {
	for _, f := range loaded(t).Folds() {
		child, parent := typeOf(t, f.Child), typeOf(t, f.Parent)
		if by, err := child.Lookup(f.By); err != nil {
			t.Error(err)
		} else if by.Kind != String {
			t.Errorf("%s: by %s, which is a %s", f.Child, f.By, by.Kind)
		}
		// Where does it land?
		into := &Field{Kind: KindObject, Object: parent.Props}
		if f.Into != "" {
			var err error
			if into, err = parent.Lookup(f.Into); err != nil {
				t.Error(err)
				continue
			}
		}
		if f.As == "list" {
			if into.Kind != List {
				t.Errorf("%s: %s.%s is not a list", f.Child, f.Parent, f.Into)
				continue
			}
			into = into.Elem
		}
		switch {
		case f.Take == "$ref":
			if into.Kind != String {
				t.Errorf("%s: a reference into %s.%s", f.Child, f.Parent, f.Into)
			}
		case f.Take != "":
			taken, err := child.Lookup(f.Take)
			if err != nil {
				t.Error(err)
				continue
			}
			if taken.Kind == List && f.As == "list" {
				taken = taken.Elem
			}
			if taken.Kind != into.Kind {
				t.Errorf("%s: %s is a %s, %s.%s takes a %s", f.Child, f.Take, taken.Kind, f.Parent, f.Into, into.Kind)
			}
		default:
			ref := split(f.By)[0]
			for _, name := range child.Props.Names() {
				to, renamed := f.Rename[name]
				if !renamed {
					to = name
				}
				if name == ref || to == "" {
					continue
				}
				if _, ok := into.Object.Field(to); !ok {
					t.Errorf("%s: %s.%s has no place for %s", f.Child, f.Parent, f.Into, name)
				}
			}
		}
		for from := range f.Rename {
			if _, ok := child.Props.Field(from); !ok {
				t.Errorf("%s: rename of %s, which it does not have", f.Child, from)
			}
		}
	}
}

func TestWellKnownPropertiesHaveTheirKinds(t *testing.T) {
	for _, c := range []struct {
		typ, path string
		kind      Kind
	}{
		{"AWS::S3::Bucket", "VersioningConfiguration.Status", String},
		{"AWS::S3::Bucket", "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault.SSEAlgorithm", String},
		{"AWS::S3::Bucket", "PolicyDocument", JSON},
		{"AWS::S3::Bucket", "Arn", String},
		{"AWS::S3::Bucket", "Tags[].Key", String},
		{"AWS::EC2::SecurityGroup", "SecurityGroupIngress[].CidrIp", String},
		{"AWS::EC2::SecurityGroup", "SecurityGroupIngress[].FromPort", Int},
		{"AWS::EC2::SecurityGroup", "GroupId", String},
		{"AWS::EC2::RouteTable", "Routes[].GatewayId", String},
		{"AWS::EC2::NetworkAcl", "Entries[].PortRange.From", Int},
		{"AWS::Lambda::Function", "Permissions[].StatementId", String},
		{"AWS::Lambda::Function", "Urls[].Cors.AllowOrigins[]", String},
		{"AWS::Lambda::Function", "Environment.Variables{}", String},
		{"AWS::Lambda::Function", "Environment.Variables.*", String},
		{"AWS::SNS::Topic", "Subscription[].FilterPolicy", JSON},
		{"AWS::RDS::DBInstance", "Endpoint.Address", String},
		{"AWS::IAM::User", "AccessKeys[].CreateDate", Time},
		{"AWS::IAM::User", "PasswordLastUsed", Time},
		{"AWS::SQS::Queue", "RedrivePolicy", JSON},
		{"Haetae::Account", "PasswordPolicy.MinimumPasswordLength", Int},
		{"Haetae::Account", "SummaryMap{}", Int},
		{"AWS::EC2::Snapshot", "CreateVolumePermissions[].Group", String},
		{"AWS::WAFv2::WebACL", "Rules[].Statement.NotStatement.Statement.NotStatement.Statement", KindObject},
	} {
		f, err := typeOf(t, c.typ).Lookup(c.path)
		if err != nil {
			t.Error(err)
		} else if f.Kind != c.kind {
			t.Errorf("%s.%s is a %s", c.typ, c.path, f.Kind)
		}
	}
}

func TestATypeKnowsItsIdentityAndItsTags(t *testing.T) {
	q := typeOf(t, "AWS::SQS::Queue")
	if !slices.Equal(q.PrimaryID, []string{"QueueUrl"}) || q.TagProperty != "Tags" || q.Added ||
		q.ARN != "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}" {
		t.Errorf("%+v", q)
	}
	a := typeOf(t, "Haetae::Account")
	if a.Singleton != "account" || !a.Added {
		t.Errorf("%+v", a)
	}
	f, _ := q.Lookup("KmsMasterKeyId")
	if !slices.Contains(f.Refs, Ref{"AWS::KMS::Key", "Arn"}) {
		t.Errorf("refs %v", f.Refs)
	}
	if f, _ := q.Lookup("PolicyDocument"); !f.Added {
		t.Error("PolicyDocument is not marked as ours")
	}
}

func TestDefaultsStandAtTheirFields(t *testing.T) {
	for _, c := range []struct {
		typ, path string
		want      any
	}{
		{"AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicAcls", false},
		{"AWS::S3::Bucket", "PublicAccessBlockConfiguration", map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}},
		{"AWS::RDS::DBInstance", "BackupRetentionPeriod", int64(1)},
		{"AWS::EKS::Cluster", "ResourcesVpcConfig.PublicAccessCidrs", []any{"0.0.0.0/0"}},
		{"AWS::EC2::SecurityGroup", "SecurityGroupEgress", []any{map[string]any{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}}},
		{"AWS::StepFunctions::StateMachine", "LoggingConfiguration.Level", "OFF"},
		{"AWS::EC2::NetworkAcl", "Entries[].Egress", false}, // of the type that it is like
	} {
		f, err := typeOf(t, c.typ).Lookup(c.path)
		if err != nil {
			t.Error(err)
		} else if !f.HasDefault || !reflect.DeepEqual(f.Default, c.want) {
			t.Errorf("%s.%s: %#v", c.typ, c.path, f.Default)
		}
	}
	f, _ := typeOf(t, "AWS::S3::Bucket").Lookup("VersioningConfiguration")
	if !f.Absent || f.HasDefault || !strings.HasPrefix(f.DefaultDoc, "https://docs.aws.amazon.com/") || !strings.HasSuffix(f.DefaultDoc, ", 2026-11-25") {
		t.Errorf("VersioningConfiguration: %+v", f)
	}
	f, _ = typeOf(t, "AWS::EC2::Volume").Lookup("Encrypted")
	if !f.AccountDependent {
		t.Errorf("Encrypted: %+v", f)
	}
	f, _ = typeOf(t, "AWS::RDS::DBInstance").Lookup("StorageEncrypted")
	if !slices.Contains(f.Unless, Condition{Path: "DBClusterIdentifier"}) {
		t.Errorf("StorageEncrypted: %+v", f)
	}
	f, _ = typeOf(t, "AWS::EC2::Instance").Lookup("Monitoring")
	if !slices.Equal(f.Unless, []Condition{{Path: "LaunchTemplate"}}) {
		t.Errorf("Monitoring: %+v", f)
	}
}

func TestADefaultOnOnePathStaysOffTheOtherPathsOfASharedDefinition(t *testing.T) {
	s := loaded(t)
	const name = "AWS::WAFv2::WebACL"
	typ, err := decode(name, s.spec[name])
	if err != nil {
		t.Fatal(err)
	}
	const at = "Rules[].Statement.NotStatement.Statement.RateBasedStatement.EvaluationWindowSec"
	only := &Schema{defaults: map[string]defaultSet{name: {Values: map[string]any{at: 77}}}}
	before, err := typ.Lookup("Rules[].Statement.RateBasedStatement.EvaluationWindowSec")
	if err != nil {
		t.Fatal(err)
	}
	if err := only.applyDefaults(typ); err != nil {
		t.Fatal(err)
	}
	if f, _ := typ.Lookup(at); f.Default != int64(77) {
		t.Errorf("%s: %v", at, f.Default)
	}
	for _, path := range []string{
		"Rules[].Statement.RateBasedStatement.EvaluationWindowSec",
		"Rules[].Statement.NotStatement.Statement.NotStatement.Statement.RateBasedStatement.EvaluationWindowSec",
	} {
		if f, err := typ.Lookup(path); err != nil || f.HasDefault != before.HasDefault || f.Default == int64(77) {
			t.Errorf("%s: %+v, %v", path, f, err)
		}
	}
}

func TestAWrongPathIsToldWhatWasMeant(t *testing.T) {
	for _, c := range []struct{ typ, path, want string }{
		{"AWS::S3::Bucket", "VersionConfiguration", `did you mean "VersioningConfiguration"?`},
		{"AWS::S3::Bucket", "VersioningConfiguration.State", `did you mean "VersioningConfiguration.Status"?`},
		{"AWS::EC2::SecurityGroup", "SecurityGroupIngress.CidrIp", `did you mean "SecurityGroupIngress[].CidrIp"?`},
		{"AWS::EC2::SecurityGroup", "SecurityGroupIngress[].CidrIP4", `did you mean "SecurityGroupIngress[].CidrIp"?`},
		{"AWS::IAM::User", "PaswordEnabled", `did you mean "PasswordEnabled"?`},
		{"AWS::EC2::RouteTable", "Routes[].RouteTableId", `at "RouteTableId"`},
		{"AWS::S3::Bucket", "", `AWS::S3::Bucket has no ""`},
		{"AWS::S3::Bucket", "[]", `AWS::S3::Bucket has no "[]"`},
		{"AWS::S3::Bucket", "BucketName.x.y", `"BucketName" ends there`},
		{"AWS::S3::Bucket", "Tags[][].Key", `at "[]"`},
	} {
		_, err := typeOf(t, c.typ).Lookup(c.path)
		var missing *PathError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s.%s: %v", c.typ, c.path, err)
		}
	}
}

func TestBrokenFilesAreRefused(t *testing.T) {
	const doc = "{doc: 'https://x', date: 2026-11-25, "
	for _, c := range []struct{ name, additions, defaults, relations, typ, want string }{
		{"an unknown key of a type", "A: {prop: {}}", "", "", "", "prop"},
		{"an unknown singleton", "A: {singleton: planet}", "", "", "", "planet"},
		{"an unknown kind of value", "A: {props: {x: float}}", "", "", "A", "float"},
		{"a property that is there already", "AWS::S3::Bucket: {props: {BucketName: string}}", "", "", "AWS::S3::Bucket", "already"},
		{"a type like one that does not exist", "A: {props: {x: like B}}", "", "", "A", "no such"},
		{"a property to leave out that does not exist", "A: {props: {x: like AWS::SQS::Queue without Nothing}}", "", "", "A", "leave out"},
		{"a default without a page", "", "AWS::S3::Bucket: {values: {BucketName: x}}", "", "", "page"},
		{"a default for a path that does not exist", "", "AWS::S3::Bucket: " + doc + "values: {BuketName: x}}", "", "AWS::S3::Bucket", "BucketName"},
		{"a default of the wrong kind", "", "AWS::S3::Bucket: " + doc + "values: {BucketName: 3}}", "", "AWS::S3::Bucket", "not a string"},
		{"a default with a field that does not exist", "", "AWS::S3::Bucket: " + doc + "values: {VersioningConfiguration: {X: 1}}}", "", "AWS::S3::Bucket", `no field "X"`},
		{"a default that is given twice", "", "AWS::S3::Bucket: " + doc + "values: {BucketName: x}, absent: [BucketName]}", "", "", "twice"},
		{"a condition without a default", "", "AWS::S3::Bucket: " + doc + "unless: {BucketName: [Tags]}}", "", "", "has no default"},
		{"an edge of an unknown kind", "", "", "edges: {A: [{path: x, kind: near, target: B}]}", "", "near"},
		{"a fold of an unknown form", "", "", "fold: [{child: A, as: heap}]", "", "heap"},
		{"an unknown key of a fold", "", "", "fold: [{child: A, when: x}]", "", "when"},
	} {
		or := func(s, def string) []byte {
			if s == "" {
				s = def
			}
			return []byte(s)
		}
		s, err := parse(cloudformation, or(c.additions, "{}"), or(c.defaults, "{}"), or(c.relations, "edges: {}"))
		if err == nil && c.typ != "" {
			_, err = s.build(c.typ)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestADamagedSpecificationIsAnErrorAndNoPanic(t *testing.T) {
	if _, err := parse([]byte("no gzip"), nil, nil, nil); err == nil {
		t.Error("accepted")
	}
	if _, err := index("X"); !errors.Is(err, errCorrupt) {
		t.Error(err)
	}
	good := loaded(t).spec["AWS::SQS::Queue"]
	for i := range len(good) {
		_, _ = decode("x", good[:i])
		_, _ = decode("x", good[:i]+"\x00"+good[i+1:])
	}
}

func TestTheSpecificationIsBelowOneMegabyteAndHasItsLicence(t *testing.T) {
	if n := len(cloudformation); n > 1<<20 {
		t.Errorf("%d bytes", n)
	}
	licence, err := os.ReadFile("LICENSE.aws-service-spec")
	if err != nil || !bytes.Contains(licence, []byte("Apache License")) {
		t.Error(err)
	}
	if _, err := os.Stat("NOTICE.aws-service-spec"); err != nil {
		t.Error(err)
	}
}

func TestManyMayLoadAndAskAtOnce(t *testing.T) {
	s, err := parse(cloudformation, additionsYAML, defaultsYAML, relationsYAML)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	got := make([]*Type, 16)
	for i := range got {
		wg.Go(func() {
			if _, err := Load(); err != nil {
				t.Error(err)
			}
			for _, name := range s.Names()[:200] {
				s.Type(name)
			}
			got[i], _ = s.Type("AWS::S3::Bucket")
		})
	}
	wg.Wait()
	for _, typ := range got {
		if typ != got[0] {
			t.Error("a type was made twice")
		}
	}
	if _, ok := s.Type("AWS::No::Such"); ok {
		t.Error("a type that does not exist")
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(cloudformation, additionsYAML, defaultsYAML, relationsYAML); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	s := loaded(b)
	for _, name := range []string{"AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::WAFv2::WebACL"} {
		b.Run(name[strings.LastIndexByte(name, ':')+1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.build(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, name := range s.names {
				if _, err := s.build(name); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(len(s.names))/float64(time.Microsecond), "µs/type")
	})
}

func BenchmarkLookup(b *testing.B) {
	typ := typeOf(b, "AWS::EC2::SecurityGroup")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := typ.Lookup("SecurityGroupIngress[].CidrIp"); err != nil {
			b.Fatal(err)
		}
	}
}
