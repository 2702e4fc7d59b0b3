package template

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

func TestJSONAndYAMLOfOneTemplateGiveTheSame(t *testing.T) {
	const y = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      N: !Sub '${AWS::Region}-x'\n      L: [1, 1.5, true, null, a]\n"
	const j = "\ufeff{\"Resources\": {\r\n \"B\": {\"Type\": \"AWS::S3::Bucket\", \"Properties\": {\r\n\t\"N\": {\"Fn::Sub\": \"${AWS::Region}-x\"},\n \"L\": [1, 1.5, true, null, \"a\"]}}}}"
	a, b := find(t, parse(t, y, Options{}), "B"), find(t, parse(t, j, Options{}), "B")
	if !reflect.DeepEqual(a.Props, b.Props) {
		t.Errorf("YAML %v\nJSON %v", a.Props, b.Props)
	}
	if b.Origin.Line != 2 || b.Origin.Paths["N"].Line != 3 || b.Origin.Paths["L[3]"].Line != 4 {
		t.Errorf("JSON lines: %+v", b.Origin)
	}
	if raw, err := json.Marshal(a.Props["N"]); err != nil || !strings.Contains(string(raw), `"parts":["","-x"]`) {
		t.Errorf("%s %v", raw, err)
	}
}

func TestYAMLPeculiarities(t *testing.T) {
	s := parse(t, strings.ReplaceAll(`
Base: &base {A: 1, B: 2}
Resources:
  X:
    Type: T::T
    Properties:
      <<: *base
      B: 3
      Alias: *base
      Tilde: ~
      Str: !!str 12
      Block: !Sub |
        a
        ${AWS::Region}
      Octal: 0755
      Time: 22:22
      Exp: 1e5
---
Resources: {}
`, "\n", "\r\n"), Options{Region: "us-east-1"})
	want := map[string]any{
		"A": int64(1), "B": int64(3), "Alias": map[string]any{"A": int64(1), "B": int64(2)}, "Tilde": nil, "Str": "12",
		"Block": "a\nus-east-1\n", "Octal": "0755", "Time": "22:22", "Exp": "1e5",
	}
	if got := find(t, s, "X").Props; !reflect.DeepEqual(got, want) {
		t.Errorf("Props =\n%#v, want\n%#v", got, want)
	}
	if !has(s, "more than one YAML document") {
		t.Errorf("problems %v", s.Problems)
	}
}

func TestDuplicateKeysAreProblems(t *testing.T) {
	many := ""
	for c := 'a'; c < 'p'; c++ {
		many += string(c) + ": 1, "
	}
	for _, text := range []string{
		"Resources:\n  B: {Type: A::A}\n  B: {Type: AWS::S3::Bucket}\n",
		`{"Resources": {"B": {"Type": "A::A"}, "B": {"Type": "AWS::S3::Bucket"}}}`,
		"Resources: {" + strings.ReplaceAll(many, "1", "{Type: T::T}") + "B: {Type: AWS::S3::Bucket}, a: {Type: T::T}}",
	} {
		s := parse(t, text, Options{})
		if !has(s, "is given twice, first in line") {
			t.Errorf("%s: problems %v", text, s.Problems)
		}
		seen := map[string]bool{}
		for _, r := range s.Resources {
			if seen[r.ID] {
				t.Errorf("%s is there twice", r.ID)
			}
			seen[r.ID] = true
		}
		if b := find(t, s, "B"); b.Type != "AWS::S3::Bucket" {
			t.Errorf("B is the first of two: %s", b.Type)
		}
	}
}

func TestBrokenFilesAreErrorsWithALineAndAHint(t *testing.T) {
	for name, c := range map[string]struct{ text, words string }{
		"a tab":                {"Resources:\n  B:\n\tType: x\n", "t:3: column 1: the line is indented with a tab"},
		"an open quote":        {"Resources:\n  B: 'x\n", "t:3"},
		"an open bracket":      {"Resources:\n  B: [1, 2\nC: 3\n", "t:3"},
		"a comma in JSON":      {"{\"Resources\": {\n \"B\": {\"Type\": \"x\" \"Y\": 1}}}", "t:2: column"},
		"JSON that ends early": {"{\"Resources\": {\n\"B\": {", "ends too early"},
		"text after JSON":      {"{\"Resources\": {}}\n}", "t:2: there is text after the end"},
		"nothing":              {"", "the file is empty"},
		"only a comment":       {"# x\n", "the file is empty"},
		"no map":               {"- a\n", "not a CloudFormation template"},
		"another document":     {"kind: Pod\n", "not a CloudFormation template"},
		"a map as key":         {"Resources:\n  {a: b}: c\n", "t:2: column 3: a key is a list or a map"},
		"an alias of nothing":  {"Resources: *x\n", "unknown anchor"},
		"a merge of text":      {"Resources: {<<: x}\n", "merge key"},
	} {
		_, err := Parse([]byte(c.text), "t", Options{})
		var e *haetae.Error
		if !errors.As(err, &e) || e.Code != haetae.Invalid || e.Hint == "" {
			t.Errorf("%s: %#v", name, err)
			continue
		}
		if !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %q, want %q", name, err, c.words)
		}
	}
}

func TestATooLargeFileIsRefusedWithTheLimit(t *testing.T) {
	_, err := Parse(make([]byte, 2<<20), "t", Options{MaxBytes: 1 << 20})
	if err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") || !strings.Contains(haetae.HintOf(err), "--max-bytes") {
		t.Errorf("%v (%s)", err, haetae.HintOf(err))
	}
}

func TestTemplatesAreToldFromOtherFiles(t *testing.T) {
	for text, want := range map[string]bool{
		"AWSTemplateFormatVersion: '2010-09-09'\n":                            true,
		"# x\nResources:\n  B:\n    Type: AWS::S3::Bucket\n":                  true,
		"\"Resources\":\n  B:\n    Type: AWS::S3::Bucket\n":                   true,
		`{"AWSTemplateFormatVersion": "2010-09-09"`:                           true,
		"\ufeff\n {\"Resources\" : {\"B\": {\"Type\": \"AWS::S3::Bucket\"}}}": true,
		`{"Description": "a \" {", "Resources": {"B": {"Type": "X::Y"}}}`:     true,
		"":             false,
		"kind: Pod\n":  false,
		`{"a": "b"}`:   false,
		"resources:\n": false,
		`{"Resources": [{"Type": "AWS::S3::Bucket"}]}`:                                       false,
		`{"planned_values": {"Resources": {"Type": "a::b"}, "AWSTemplateFormatVersion": 1}}`: false,
	} {
		if got := Is([]byte(text)); got != want {
			t.Errorf("Is(%q) = %v", text, got)
		}
	}
}

func TestSuppressionsOfOtherToolsAreRead(t *testing.T) {
	s := parse(t, `Resources:
  # trivy:ignore:AVD-AWS-0086 trivy:ignore:AVD-AWS-0087
  # checkov:skip=CKV_AWS_18,CKV_AWS_21: logs elsewhere
  A:
    Type: AWS::S3::Bucket # tfsec:ignore:AVD-AWS-0090
    Metadata:
      guard:
        SuppressedRules:
          - S3_BUCKET_LOGGING_ENABLED
      checkov:
        skip:
          - {id: CKV_AWS_20, comment: public on purpose}
      cfn_nag:
        rules_to_suppress:
          - {id: W35, reason: no logs}
    Properties:
      # checkov:skip=CKV_AWS_1:inside
      # trivy:ignore:AVD-AWS-0001
  B:
    Type: AWS::S3::Bucket
Outputs:
  # checkov:skip=CKV_AWS_99:nowhere
  X: {Value: 1}
`, Options{})
	var got []string
	for _, x := range find(t, s, "A").Origin.Suppressions {
		got = append(got, x.Tool+" "+x.ID+" "+x.Reason)
		if x.Place.Line == 0 || x.Place.File != "t.yaml" {
			t.Errorf("%+v has no place", x)
		}
	}
	want := []string{
		"guard S3_BUCKET_LOGGING_ENABLED ", "checkov CKV_AWS_20 public on purpose", "cfn-nag W35 no logs",
		"trivy AVD-AWS-0086 ", "trivy AVD-AWS-0087 ", "checkov CKV_AWS_18 logs elsewhere", "checkov CKV_AWS_21 logs elsewhere",
		"trivy AVD-AWS-0090 ", "checkov CKV_AWS_1 inside", "trivy AVD-AWS-0001 ",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if n := find(t, s, "B").Origin.Suppressions; len(n) > 0 {
		t.Errorf("B has %v", n)
	}
}
