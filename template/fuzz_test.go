package template

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

// FuzzParse looks for texts that make the reader panic or hang, and for values
// that no property tree may hold.
func FuzzParse(f *testing.F) {
	f.Add([]byte(samText))
	f.Add([]byte(prelude + "!Sub ['${a}${Name}', {a: !GetAtt B.Arn}]\n"))
	f.Add([]byte(`{"Resources":{"A":{"Type":"T::T","Properties":{"Fn::ForEach::L":["I",["a"],{"x${I}":{"Ref":"I"}}]}}}}`))
	f.Add([]byte("Conditions: {A: !Or [!Condition A, !Not [!Condition B]]}\nResources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}}\n"))
	f.Add([]byte("Transform: [AWS::Include]\nResources: &a {b: *a}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Is(data)
		s, err := Parse(data, "f", Options{})
		if err != nil {
			if haetae.CodeOf(err) != haetae.Invalid || haetae.HintOf(err) == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		for _, r := range s.Resources {
			if r.Stack != "f" || r.Type == "" {
				t.Fatalf("%+v", r)
			}
			if err := pure(r.Props); err != nil {
				t.Fatalf("%s: %v", r.ID, err)
			}
		}
	})
}

// pure checks that a value is made of what a property tree may hold.
func pure(v any) error {
	switch x := v.(type) {
	case nil, bool, int64, float64, string, *haetae.Unknown:
		return nil
	case *haetae.OpenList:
		return pure(x.Items)
	case []any:
		for _, e := range x {
			if err := pure(e); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		for _, e := range x {
			if err := pure(e); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("a value of type %T", v)
}

// manyResources writes a template of about the given size.
func manyResources(size int, asJSON bool) []byte {
	resources := map[string]any{}
	var y strings.Builder
	y.WriteString("Resources:\n")
	for i, n := 0, 0; n < size; i++ {
		one := fmt.Sprintf("  Group%d:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: !Sub 'group ${AWS::StackName} %d'\n      SecurityGroupIngress:\n        - IpProtocol: tcp\n          FromPort: 443\n          ToPort: 443\n          CidrIp: 10.0.0.0/8\n      Tags:\n        - Key: Name\n          Value: !Ref AWS::StackName\n", i, i)
		n += len(one)
		y.WriteString(one)
		resources[fmt.Sprint("Group", i)] = map[string]any{"Type": "AWS::EC2::SecurityGroup", "Properties": map[string]any{
			"GroupDescription":     map[string]any{"Fn::Sub": "group ${AWS::StackName}"},
			"SecurityGroupIngress": []any{map[string]any{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}},
			"Tags":                 []any{map[string]any{"Key": "Name", "Value": map[string]any{"Ref": "AWS::StackName"}}},
		}}
	}
	if !asJSON {
		return []byte(y.String())
	}
	raw, err := json.MarshalIndent(map[string]any{"Resources": resources}, "", "  ")
	if err != nil {
		panic(err)
	}
	return raw
}

func BenchmarkParse(b *testing.B) {
	for name, data := range map[string][]byte{"yaml": manyResources(1<<20, false), "json": manyResources(1<<20, true)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Parse(data, "b", Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
