package template

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// parse reads a template that must be readable.
func parse(t *testing.T, text string, o Options) *haetae.Snapshot {
	t.Helper()
	snap, err := Parse([]byte(text), "t.yaml", o)
	if err != nil {
		t.Fatalf("Parse: %v (%s)", err, haetae.HintOf(err))
	}
	return snap
}

// find returns a resource by ID.
func find(t *testing.T, s *haetae.Snapshot, id string) *haetae.Resource {
	t.Helper()
	for _, r := range s.Resources {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no resource %s", id)
	return nil
}

// has tells whether a problem with these words is in the snapshot.
func has(s *haetae.Snapshot, words string) bool {
	return slices.ContainsFunc(s.Problems, func(p haetae.Problem) bool { return strings.Contains(p.Error, words) })
}

// prelude holds what the expressions of the tests refer to.
const prelude = `
Parameters:
  Name: {Type: String, Default: demo}
  Free: {Type: String}
  Env: {Type: String, AllowedValues: [dev, prod]}
  Port: {Type: Number, Default: "0443"}
  Count: {Type: Number, Default: "3"}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
  Password: {Type: String, NoEcho: true, Default: hunter2}
  Token: {Type: String, NoEcho: "true"}
  AMI: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/ami}
  Version: {Type: String, Default: 1.10}
Mappings:
  Sizes:
    dev: {type: t3.micro, same: x}
    prod: {type: m5.large, same: x}
Conditions:
  T: !Equals [a, a]
  F: !Not [!Condition T]
  Maybe: !Equals [!Ref Free, yes-please]
  Prod: !Equals [!Ref Env, prod]
  Never: !Equals [!Ref Env, staging]
Resources:
  B: {Type: AWS::S3::Bucket}
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.1.0.0/16}}
  Topic: {Type: AWS::SNS::Topic}
  Custom: {Type: Custom::Thing}
  X:
    Type: Test::It
    Properties:
      V: `

func evaluate(t *testing.T, expr string, o Options) (any, *haetae.Snapshot) {
	t.Helper()
	s := parse(t, prelude+expr+"\n", o)
	v, ok := find(t, s, "X").Props["V"]
	if !ok {
		return "<absent>", s
	}
	return v, s
}

func TestFunctionsOfKnownValues(t *testing.T) {
	for _, c := range []struct {
		name, expr string
		want       any
	}{
		{"Ref gives a parameter's default", "!Ref Name", "demo"},
		{"Ref in long form is the same", "{Ref: Name}", "demo"},
		{"a Number is a number", "!Ref Count", int64(3)},
		{"a Number with a leading zero stays text", "!Ref Port", "0443"},
		{"a String keeps its text as written", "!Ref Version", "1.10"},
		{"a list parameter is a list", "!Ref Zones", []any{"a", "b", "c"}},
		{"Sub replaces names", "!Sub '${Name}-x'", "demo-x"},
		{"Sub keeps an escaped name", "!Sub '${!Name}-${Name}'", "${Name}-demo"},
		{"Sub takes variables", "!Sub ['${a}/${Name}', {a: !Ref Count}]", "3/demo"},
		{"Sub leaves text that is no name", "!Sub 'a ${ } b'", "a ${ } b"},
		{"Join joins", "!Join ['-', [x, !Ref Name, 1, true]]", "x-demo-1-true"},
		{"Join takes a list parameter", "!Join [',', !Ref Zones]", "a,b,c"},
		{"Join leaves out no value", "!Join [',', [a, !Ref AWS::NoValue, b]]", "a,b"},
		{"Select takes an item", "!Select [1, !Ref Zones]", "b"},
		{"Select takes its index as text", "!Select ['2', [x, y, z]]", "z"},
		{"Split splits", "!Split ['.', 'a.b']", []any{"a", "b"}},
		{"Split within Select", "!Select [1, !Split ['.', 'a.b']]", "b"},
		{"If true", "!If [T, x, y]", "x"},
		{"If false", "!If [F, x, y]", "y"},
		{"If gives no value", "!If [F, x, !Ref AWS::NoValue]", "<absent>"},
		{"If on a value that a parameter may not have", "!If [Never, x, y]", "y"},
		{"If whose branches agree", "!If [Maybe, {a: [1]}, {a: [1]}]", map[string]any{"a": []any{int64(1)}}},
		{"a list loses an item without a value", "[a, !If [T, !Ref AWS::NoValue, b], c]", []any{"a", "c"}},
		{"FindInMap", "!FindInMap [Sizes, dev, type]", "t3.micro"},
		{"FindInMap with a default", "!FindInMap [Sizes, test, type, {DefaultValue: none}]", "none"},
		{"FindInMap whose entries agree", "!FindInMap [Sizes, !Ref Env, same]", "x"},
		{"Base64 encodes", "!Base64 abc", "YWJj"},
		{"Base64 around Sub", "{Fn::Base64: !Sub '${Name}'}", "ZGVtbw=="},
		{"Cidr of IPv4", "!Cidr [10.0.0.0/16, 3, 8]", []any{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"}},
		{"Cidr of IPv6", "!Cidr ['2001:db8::/56', 2, 64]", []any{"2001:db8::/64", "2001:db8:0:1::/64"}},
		{"Cidr of a VPC's own block", "!Select [1, !Cidr [!GetAtt Net.CidrBlock, 2, 12]]", "10.1.16.0/20"},
		{"Length", "{Fn::Length: !Ref Zones}", int64(3)},
		{"ToJsonString", "{Fn::ToJsonString: {b: [1, x], a: '<&>'}}", `{"a":"<&>","b":[1,"x"]}`},
		{"a date is text", "2012-10-17", "2012-10-17"},
		{"YAML 1.1 booleans", "[yes, No, on, 'yes']", []any{true, false, true, "yes"}},
		{"an account number with a leading zero is text", "012345678901", "012345678901"},
		{"an account number is a number", "123456789012", int64(123456789012)},
		{"a float is a float", "1.5", 1.5},
		{"a condition of a policy is no function", "{Condition: {Bool: {a: true}}}", map[string]any{"Condition": map[string]any{"Bool": map[string]any{"a": true}}}},
		{"a dynamic reference stays", "'{{resolve:ssm:x:1}}'", "{{resolve:ssm:x:1}}"},
		{"a condition function as a value", "{Fn::Equals: [a, b]}", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, s := evaluate(t, c.expr, Options{})
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s = %#v, want %#v", c.expr, got, c.want)
			}
			if len(s.Problems) > 0 {
				t.Errorf("problems: %v", s.Problems)
			}
		})
	}
}

func TestFunctionsOfUnknownValuesKeepWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		name, expr string
		want       haetae.Unknown // Reason Unresolved and Set unless it says otherwise
		detail     string
	}{
		{"Ref to a resource", "!Ref B", haetae.Unknown{Ref: "B", Plain: true}, "B is known only after"},
		{"GetAtt of an ARN", "!GetAtt B.Arn", haetae.Unknown{Ref: "B", Attr: "Arn", Plain: true, Parts: []string{"arn:", ""}}, "B.Arn"},
		{"GetAtt with dots", "!GetAtt B.Endpoint.Address", haetae.Unknown{Ref: "B", Attr: "Endpoint.Address", Plain: true}, ""},
		{"GetAtt in long form", "{Fn::GetAtt: [B, DomainName]}", haetae.Unknown{Ref: "B", Attr: "DomainName", Plain: true}, ""},
		{"GetAtt in a text", "{Fn::GetAtt: B.DomainName}", haetae.Unknown{Ref: "B", Attr: "DomainName", Plain: true}, ""},
		{"Ref that is an ARN", "!Ref Topic", haetae.Unknown{Ref: "Topic", Plain: true, Parts: []string{"arn:", ""}}, ""},
		{"a custom resource may give anything", "!GetAtt Custom.Out", haetae.Unknown{Ref: "Custom", Attr: "Out"}, ""},
		{"Sub around an ARN", "!Sub '${B.Arn}/*'", haetae.Unknown{Ref: "B", Attr: "Arn", Plain: true, Parts: []string{"arn:", "/*"}}, ""},
		{"Sub of a name alone", "!Sub '${B}'", haetae.Unknown{Ref: "B", Plain: true}, ""},
		{"Sub of two names", "!Sub 'x${B}-${AWS::Region}y'", haetae.Unknown{Plain: true, Parts: []string{"x", "-", "y"}}, "; AWS::Region"},
		{"Sub of a free parameter is not plain", "!Sub 'a${Free}'", haetae.Unknown{Parts: []string{"a", ""}}, "parameter Free has no default"},
		{"a parameter with allowed values is plain", "!Sub 'a${Env}'", haetae.Unknown{Plain: true, Parts: []string{"a", ""}}, ""},
		{"Join around a reference", "!Join ['', ['arn:aws:s3:::', !Ref B, '/*']]", haetae.Unknown{Ref: "B", Plain: true, Parts: []string{"arn:aws:s3:::", "/*"}}, ""},
		{"a parameter without a value", "!Ref Free", haetae.Unknown{Param: "Free"}, "parameter Free has no default"},
		{"a secret with a default", "!Ref Password", haetae.Unknown{Reason: haetae.SecretInTemplate}, "NoEcho parameter Password has a default in the template"},
		{"a secret without a default", "!Ref Token", haetae.Unknown{Reason: haetae.SecretKept}, "NoEcho parameter Token"},
		{"a secret inside a text", "!Sub 'u:${Token}@h'", haetae.Unknown{Reason: haetae.SecretKept, Parts: []string{"u:", "@h"}}, ""},
		{"Parameter Store", "!Ref AMI", haetae.Unknown{Plain: true}, "Parameter Store"},
		{"ImportValue", "!ImportValue other-id", haetae.Unknown{}, "the export other-id"},
		{"Availability Zones", "!Select [0, !GetAZs '']", haetae.Unknown{Plain: true}, "Availability Zones"},
		{"Split of an unknown text", "!Select [0, !Split [':', !GetAtt B.Arn]]", haetae.Unknown{}, "B.Arn"},
		{"an undecided If", "!If [Maybe, x, '*']", haetae.Unknown{}, "condition Maybe is not decided"},
		{"an undecided If of plain texts", "!If [Prod, x, !Ref B]", haetae.Unknown{Plain: true, Parts: []string{"", ""}}, "condition Prod"},
		{"a mapping whose key is not known", "!FindInMap [Sizes, !Ref Env, type]", haetae.Unknown{Plain: true, Parts: []string{"", ""}}, "mapping Sizes"},
		{"Base64 keeps the text's parts", "{Fn::Base64: !Sub 'pw=1 ${B}'}", haetae.Unknown{Plain: true, Parts: []string{"pw=1 ", ""}}, "Fn::Base64 of"},
		{"ToJsonString with a hole", "{Fn::ToJsonString: {a: !Sub 'x\"${B}'}}", haetae.Unknown{Ref: "B", Plain: true, Parts: []string{`{"a":"x\"`, `"}`}}, ""},
		{"the region", "!Ref AWS::Region", haetae.Unknown{Plain: true}, "AWS::Region is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, s := evaluate(t, c.expr, Options{})
			got, ok := v.(*haetae.Unknown)
			if !ok {
				t.Fatalf("%s = %#v, want an Unknown", c.expr, v)
			}
			if !strings.Contains(got.Detail, c.detail) {
				t.Errorf("Detail = %q, want %q in it", got.Detail, c.detail)
			}
			want := c.want
			want.Path, want.Detail, want.Set = "V", got.Detail, true
			if want.Reason == "" {
				want.Reason = haetae.Unresolved
			}
			if !reflect.DeepEqual(*got, want) {
				t.Errorf("%s =\n%+v, want\n%+v", c.expr, *got, want)
			}
			if len(s.Problems) > 0 {
				t.Errorf("problems: %v", s.Problems)
			}
		})
	}
}

func TestAnItemThatMayBeAbsentMakesAnOpenList(t *testing.T) {
	v, s := evaluate(t, "[a, !If [Maybe, b, !Ref AWS::NoValue], c]", Options{})
	l, ok := v.(*haetae.OpenList)
	if !ok || !reflect.DeepEqual(l.Items, []any{"a", "c"}) || l.Why == nil || l.Why.Set {
		t.Fatalf("got %#v", v)
	}
	if p := find(t, s, "X").Origin.Paths["V[1]"]; p.Line == 0 {
		t.Error("the item after the absent one has no place")
	}
	v, _ = evaluate(t, "[a, !If [Maybe, b, c]]", Options{})
	if items, ok := v.([]any); !ok || len(items) != 2 {
		t.Errorf("an undecided item that is there made %#v", v)
	}
	v, _ = evaluate(t, "!If [Maybe, b, !Ref AWS::NoValue]", Options{})
	if u, ok := v.(*haetae.Unknown); !ok || u.Set {
		t.Errorf("a property that may be absent is %#v", v)
	}
}

func TestOptionsDecideParametersAndPseudoParameters(t *testing.T) {
	o := Options{Parameters: map[string]string{"Free": "yes-please", "Env": "prod", "Zones": "x,y"}, Account: "111122223333", Region: "eu-west-1"}
	for expr, want := range map[string]any{
		"!If [Maybe, x, y]":                                        "x",
		"!FindInMap [Sizes, !Ref Env, type]":                       "m5.large",
		"!Ref Zones":                                               []any{"x", "y"},
		"!Sub '${AWS::Partition}:${AWS::AccountId}'":               "aws:111122223333",
		"!Join ['.', [s3, !Ref AWS::Region, !Ref AWS::URLSuffix]]": "s3.eu-west-1.amazonaws.com",
	} {
		if got, _ := evaluate(t, expr, o); !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %#v, want %#v", expr, got, want)
		}
	}
}

func TestWhatIsNotDefinedIsAProblemAndTheRestStillWorks(t *testing.T) {
	for expr, words := range map[string]string{
		"!Ref Nothing":                  `Ref to "Nothing", which the template does not define`,
		"!GetAtt Nothing.Arn":           `Fn::GetAtt of "Nothing"`,
		"!Sub '${Nothing}'":             `Ref to "Nothing"`,
		"!FindInMap [None, a, b]":       `mapping "None" is not defined`,
		"!FindInMap [Sizes, none, b]":   "has no entry",
		"!If [Nope, a, b]":              `condition "Nope" is not defined`,
		"!If [T, a]":                    "three arguments",
		"!Select [9, [a]]":              "item 9 of a list of 1",
		"!Select [x, [a]]":              "Fn::Select does not have the right arguments",
		"!Join [a]":                     "Fn::Join does not have the right arguments",
		"!Split [a]":                    "Fn::Split does not have the right arguments",
		"!GetAtt B":                     "Fn::GetAtt does not have the right arguments",
		"!Sub []":                       "Fn::Sub does not have the right arguments",
		"!Cidr [nonsense, 1, 8]":        "Fn::Cidr does not have the right arguments",
		"!Cidr [10.0.0.0/24, 5, 7]":     "Fn::Cidr does not have the right arguments",
		"{Fn::Nonsense: 1}":             "the function Fn::Nonsense is not known",
		"!Ref AWS::Nonsense":            "AWS::Nonsense is not a pseudo parameter",
		"{Fn::Transform: {Name: Mine}}": "the macro Mine was not expanded",
	} {
		v, s := evaluate(t, expr, Options{})
		if u, ok := v.(*haetae.Unknown); !ok || !u.Set {
			t.Errorf("%s = %#v, want an Unknown that is set", expr, v)
		}
		if !has(s, words) {
			t.Errorf("%s: problems %v, want %q", expr, s.Problems, words)
		}
		for _, p := range s.Problems {
			if p.Fatal || p.Place.Line == 0 || p.Place.File != "t.yaml" || p.Hint == "" {
				t.Errorf("%s: problem %+v lacks a place or a hint, or is fatal", expr, p)
			}
		}
	}
}
