package template

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

func TestResourcesKeepTheirPlaces(t *testing.T) {
	s := parse(t, `AWSTemplateFormatVersion: 2010-09-09
Conditions:
  No: !Equals [a, b]
Resources:
  Gone:
    Type: AWS::S3::Bucket
    Condition: No
  SG:
    Type: AWS::EC2::SecurityGroup
    DeletionPolicy: Retain
    UpdateReplacePolicy: Delete
    DependsOn: B
    Properties:
      GroupDescription: x
      SecurityGroupIngress:
        - IpProtocol: tcp
          CidrIp: !If
            - No
            - 10.0.0.0/8
            - 0.0.0.0/0
      Tags:
        - Key: team
          Value: !Ref AWS::StackName
        - {Key: cost, Value: 7}
  B:
    Type: AWS::Custom::Unheard
    Properties:
`, Options{Account: "111122223333", Region: "eu-west-1"})
	if len(s.Resources) != 2 {
		t.Fatalf("%d resources", len(s.Resources))
	}
	sg := find(t, s, "SG")
	if sg.Stack != "t.yaml" || sg.Account != "111122223333" || sg.Region != "eu-west-1" || sg.Origin.Source != "template" || sg.Origin.LogicalID != "SG" || sg.Origin.Line != 8 {
		t.Errorf("identity: %+v", sg)
	}
	for path, line := range map[string]int{
		"GroupDescription": 14, "SecurityGroupIngress": 15, "SecurityGroupIngress[0]": 16,
		"SecurityGroupIngress[0].CidrIp": 20, "Tags[1].Value": 24, "$DeletionPolicy": 10,
	} {
		if p := sg.Origin.Paths[path]; p.Line != line || p.File != "t.yaml" {
			t.Errorf("%s is at %+v, want line %d", path, p, line)
		}
	}
	if sg.Props["$DeletionPolicy"] != "Retain" || sg.Props["$UpdateReplacePolicy"] != "Delete" || sg.Props["DependsOn"] != nil {
		t.Errorf("Props = %v", sg.Props)
	}
	if u, ok := sg.Tags["team"].(*haetae.Unknown); !ok || !u.Plain || sg.Tags["cost"] != "7" {
		t.Errorf("Tags = %v", sg.Tags)
	}
	if want := []haetae.Coverage{{Stack: "t.yaml", Account: "111122223333", Region: "eu-west-1", Type: "*", Status: haetae.Complete}}; !reflect.DeepEqual(s.Coverage, want) {
		t.Errorf("Coverage = %v", s.Coverage)
	}
}

func TestBrokenResourcesAreProblemsAndTheRestStillWorks(t *testing.T) {
	s := parse(t, `Resources:
  NoType: {Properties: {}}
  Text: hello
  Tool: {Type: !My::Module x}
  List: {Type: AWS::S3::Bucket, Properties: [a]}
  Good: {Type: AWS::S3::Bucket, Properties: {Tags: {a: b}, A: !Ref Text}}
Outputs: [x]
`, Options{})
	for _, words := range []string{"NoType has no Type", "Text is not a map", "the function My::Module", "Properties of List are not a map", "Outputs is not a map"} {
		if !has(s, words) {
			t.Errorf("no problem %q in %v", words, s.Problems)
		}
	}
	if len(s.Resources) != 2 || find(t, s, "Good").Tags["a"] != "b" || find(t, s, "List").Stub == nil {
		t.Errorf("resources: %v", s.Resources)
	}
	if s.Coverage[0].Status != haetae.Partial {
		t.Error("resources that were not read leave the coverage complete")
	}
}

func TestUnknownTagsAreNoted(t *testing.T) {
	for _, tags := range []string{"!Ref P", "[!Ref P]", "[{Key: !Ref P, Value: x}]", "[!If [C, {Key: a, Value: b}, !Ref AWS::NoValue]]"} {
		s := parse(t, "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x]}\nResources: {B: {Type: AWS::S3::Bucket, Properties: {Tags: "+tags+"}}}\n", Options{})
		if find(t, s, "B").TagsUnknown == nil {
			t.Errorf("Tags: %s are taken as known", tags)
		}
	}
}

func TestLoopsExpand(t *testing.T) {
	s := parse(t, `Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "a-b,c"}
  Free: {Type: CommaDelimitedList}
Conditions:
  Fn::ForEach::Conditions:
    - N
    - [x]
    - "Is${N}": !Equals [!Ref N, x]
Resources:
  Fn::ForEach::Buckets:
    - Name
    - !Ref Names
    - Bucket&{Name}:
        Type: AWS::S3::Bucket
        Condition: Isx
        Properties:
          BucketName: !Sub "pre-${Name}"
          Fn::ForEach::Props:
            - Prop
            - [One, Two]
            - ${Prop}: {Fn::Join: ["", [!Ref Name, "/${Prop}"]]}
  Fn::ForEach::Unknown: [N, !Ref Free, {"X${N}": {Type: AWS::S3::Bucket}}]
  Fn::ForEach::Broken: [N]
`, Options{})
	b := find(t, s, "Bucketab")
	want := map[string]any{"BucketName": "pre-a-b", "One": "a-b/One", "Two": "a-b/Two"}
	if !reflect.DeepEqual(b.Props, want) {
		t.Errorf("Props = %v, want %v", b.Props, want)
	}
	if find(t, s, "Bucketc").Origin.Line != 14 {
		t.Errorf("line %d", find(t, s, "Bucketc").Origin.Line)
	}
	if s.Coverage[0].Status != haetae.Partial || !has(s, "Fn::ForEach::Unknown was not expanded") || !has(s, "Fn::ForEach::Broken does not have") {
		t.Errorf("coverage %v, problems %v", s.Coverage, s.Problems)
	}
}

func TestMacrosLeaveTheCoveragePartial(t *testing.T) {
	for _, text := range []string{
		"Transform: Mine\nResources: {B: {Type: AWS::S3::Bucket}}",
		"Transform: [AWS::LanguageExtensions, {Name: AWS::Include, Parameters: {Location: s3://b/x.yaml}}]\nResources: {B: {Type: AWS::S3::Bucket}}",
		"Resources: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/x.yaml}}, B: {Type: AWS::S3::Bucket}}",
		"Resources: {B: {Type: AWS::S3::Bucket, Properties: {A: {Fn::Transform: [{Name: Mine}]}}}}",
		"Resources: {B: {Type: AWS::S3::Bucket, Properties: {A: b, Fn::Transform: {Name: Mine}}}}",
	} {
		s := parse(t, text, Options{})
		if c := s.Coverage[0]; c.Status != haetae.Partial || c.Reason != haetae.Unresolved || c.Detail == "" {
			t.Errorf("%s\ncoverage %+v", text, c)
		}
		find(t, s, "B")
	}
	s := parse(t, "Resources: {B: {Type: AWS::S3::Bucket, Properties: {A: b, Fn::Transform: {Name: Mine}}}}", Options{})
	if b := find(t, s, "B"); b.Stub == nil || b.Props["A"] != "b" {
		t.Errorf("properties beside a macro: %+v", b)
	}
}

func TestConditionsHaveThreeValues(t *testing.T) {
	const head = "Parameters: {P: {Type: String}, Q: {Type: String, AllowedValues: [a, b]}}\nConditions:\n  T: !Equals [a, a]\n  F: !Equals [a, b]\n  M: !Equals [!Ref P, a]\n  C: "
	for expr, want := range map[string]string{
		"!And [!Condition T, !Condition T]": "yes", "!And [!Condition T, !Condition M]": "?", "!And [!Condition M, !Condition F]": "no",
		"!Or [!Condition F, !Condition F]": "no", "!Or [!Condition F, !Condition M]": "?", "!Or [!Condition M, !Condition T]": "yes",
		"!Not [!Condition M]": "?", "!Not [!Condition F]": "yes", "{Condition: T}": "yes",
		"!Equals ['true', true]": "yes", "!Equals [1, '1']": "yes", "!Equals [!Ref Q, c]": "no", "!Equals [!Ref Q, a]": "?",
		"!Equals [!Sub 'x-${P}', y]": "no", "!Equals [!Ref P, !Ref P]": "?", "!Equals [[a], [a]]": "yes", "!Equals [[!Ref P], [a]]": "?", "!Equals [[b], [a]]": "no",
	} {
		s := parse(t, head+expr+"\nResources: {X: {Type: T::T, Properties: {V: !If [C, 'yes', 'no']}}}\n", Options{})
		got := "?"
		if v, ok := find(t, s, "X").Props["V"].(string); ok {
			got = v
		}
		if got != want {
			t.Errorf("%s is %s, want %s", expr, got, want)
		}
	}
	for _, expr := range []string{"!Condition C", "hello", "{Fn::Join: ['', [a]]}", "!Equals [a]", "!Condition Nothing"} {
		s := parse(t, head+expr+"\nResources: {X: {Type: T::T, Condition: C}}\n", Options{})
		if len(s.Problems) == 0 {
			t.Errorf("condition %s is no problem", expr)
		}
		find(t, s, "X")
	}
}

func TestAReferenceToAResourceThatIsNotCreatedSaysSo(t *testing.T) {
	s := parse(t, "Conditions: {F: !Equals [a, b]}\nResources: {A: {Type: T::T, Condition: F}, B: {Type: T::T, Properties: {V: !Ref A}}}\n", Options{})
	u, _ := find(t, s, "B").Props["V"].(*haetae.Unknown)
	if u == nil || !strings.Contains(u.Detail, "its condition F is false") || len(s.Problems) > 0 {
		t.Errorf("got %+v, problems %v", u, s.Problems)
	}
}

func TestBombsEndWithAnError(t *testing.T) {
	bomb := "Resources:\n  X:\n    Type: T::T\n    Properties:\n      a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := '1'; i <= '9'; i++ {
		p := string(i - 1)
		bomb += "      a" + string(i) + ": &a" + string(i) + " [" + strings.Repeat("*a"+p+",", 8) + "*a" + p + "]\n"
	}
	loop := "{t: {Type: T::T}}"
	for range 9 {
		loop = "{'Fn::ForEach::L': [I, [a,b,c,d,e,f,g,h,i,j], " + loop + "]}"
	}
	join := "Mappings:\n  M:\n    R:\n      k0: xxxxxxxxxx\n"
	join += "Conditions:\n"
	for i := range 60 {
		n := string(rune('A'+i/26)) + string(rune('a'+i%26))
		prev := string(rune('A'+(i+1)/26)) + string(rune('a'+(i+1)%26))
		join += "  " + n + ": !Or [!Condition " + prev + ", !Condition " + prev + "]\n"
	}
	for name, text := range map[string]string{
		"aliases": bomb, "loops": "Resources: " + loop, "conditions": join + "Resources: {X: {Type: T::T, Condition: Aa}}",
		"deep lists":         "Resources: {X: {Type: T::T, Properties: {V: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}}}",
		"deep JSON":          `{"Resources": ` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "}",
		"an alias in itself": "Resources: &r {X: {Type: T::T, Properties: *r}}",
	} {
		start := time.Now()
		s, err := Parse([]byte(text), "t", Options{})
		if err == nil && len(s.Problems) == 0 {
			t.Errorf("%s: no error and no problem", name)
		}
		if err != nil && haetae.HintOf(err) == "" {
			t.Errorf("%s: %v has no hint", name, err)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}
