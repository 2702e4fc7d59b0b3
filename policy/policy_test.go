package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func parse(t testing.TB, text string, typ Type) *Document {
	t.Helper()
	d, err := Parse(text, typ)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestProblemsHaveTheirPlace(t *testing.T) {
	for _, test := range []struct {
		name, text string
		typ        Type
		what, path string
		line, col  int // of the start; lines from 1, columns from 0
	}{
		{"an action with a space", "{\"Version\":\"2012-10-17\",\n \"Statement\":[{\"Effect\":\"Allow\",\n  \"Action\":[\"s3:*\",\"s3: Get\"],\"Resource\":\"*\"}]}", Identity, `"s3: Get" is no action`, "Statement[0].Action", 3, 19},
		{"an effect that is none", "{\"Version\":\"2012-10-17\",\"Statement\":{\n\"Effect\":\"Permit\",\"Action\":\"*\",\"Resource\":\"*\"}}", Identity, `"Permit" is neither`, "Statement.Effect", 2, 9},
		{"a column counts characters, not bytes", "{\"Version\":\"2012-10-17\",\"Id\":\"키키\",\"Statement\":7}", Identity, "a statement is", "Statement", 1, 46},
		{"no Principal where one is needed", "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}", Resource, "no Principal", "Statement[0].Principal", 1, 37},
		{"a Principal where none is", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`, Identity, "have no Principal", "Statement[0].Principal", 1, 67},
		{"an operator that does not exist", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIs":{"a:b":"c"}}}]}`, Identity, `no condition operator "StringIs"`, "Statement[0].Condition.StringIs", 1, 107},
		{"a wildcard in a principal", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},"Action":"*","Resource":"*"}]}`, Resource, "has a wildcard", "Statement[0].Principal.AWS", 1, 74},
		{"a member twice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}]}`, Identity, `"Effect" stands twice`, "Statement[0].Effect", 1, 64},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := parse(t, test.text, test.typ)
			i := slices.IndexFunc(d.Problems, func(p Problem) bool { return strings.Contains(p.What, test.what) })
			if i < 0 {
				t.Fatalf("no such problem among %+v", d.Problems)
			}
			if p := d.Problems[i]; p.Path != test.path || p.At.Start.Line != test.line || p.At.Start.Column != test.col {
				t.Errorf("%s at line %d, column %d; want %s at %d, %d", p.Path, p.At.Start.Line, p.At.Start.Column, test.path, test.line, test.col)
			}
		})
	}
}

func TestTextsThatAreNoJSONAreErrorsWithTheirPlace(t *testing.T) {
	for _, test := range []struct {
		text         string
		line, column int
	}{
		{"", 1, 0},
		{"{", 1, 1},
		{"{\"a\":1,}", 1, 7},
		{"{\n \"a\" 1}", 2, 5},
		{"{\"a\":\"b\n\"}", 1, 7},
		{"{} {}", 1, 3},
		{"[1,2", 1, 4},
		{`{"a":tru}`, 1, 5},
		{strings.Repeat("[", 300), 1, 201},
	} {
		_, err := ReadJSON(test.text)
		e, ok := err.(*SyntaxError)
		if !ok {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if e.At.Line != test.line || e.At.Column != test.column {
			t.Errorf("%q: %v, want line %d, column %d from 0", test.text, e, test.line, test.column)
		}
	}
}

func TestOperatorsAreTakenApart(t *testing.T) {
	for written, want := range map[string]Operator{
		"StringEquals":                       {Test: StringEquals},
		"ForAllValues:StringNotLikeIfExists": {Test: StringLike, Negated: true, Set: ForAll, IfExists: true},
		"foranyvalue:arnequals":              {Test: ArnLike, Set: ForAny},
		"NotIpAddress":                       {Test: IPAddress, Negated: true},
		"Null":                               {Test: NullTest},
	} {
		want.Written = written
		if got, ok := ParseOperator(written); !ok || got != want {
			t.Errorf("%s: %+v, %t", written, got, ok)
		}
	}
	for _, written := range []string{"", "Equals", "ForSome:StringEquals", "NullIfExists", "BoolNotEquals", "StringEqualsIf", "IfExists", "ForAllValues:"} {
		if got, ok := ParseOperator(written); ok {
			t.Errorf("%q is taken for %+v", written, got)
		}
	}
}

func TestTheIndexOfActionsAgreesWithItsEntries(t *testing.T) {
	texts := []string{"*", "s3:*", "s3:Get*", "S3:getobject", "s3:?etObject", "sqs:SendMessage", "s3:Get Object", "iam:*Role", "*:*", "s3:", "ec2:Describe*s"}
	names := [][2]string{{"s3", "GetObject"}, {"s3", "PUTOBJECT"}, {"sqs", "sendmessage"}, {"iam", "PassRole"}, {"ec2", "DescribeVpcs"}, {"ec2", "DescribeVpc"}}
	for mask := range 1 << len(texts) {
		var list []string
		for i, text := range texts {
			if mask&(1<<i) != 0 {
				list = append(list, text)
			}
		}
		raw, _ := json.Marshal(list)
		st := parse(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":`+string(raw)+`,"Resource":"*"}}`, Identity).Statements[0]
		for _, n := range names {
			want := false
			for i := range st.Actions.List {
				want = want || st.Actions.List[i].Match(n[0], n[1])
			}
			if got := st.Actions.Match(n[0], n[1]); got != want {
				t.Fatalf("%q on %v: %t, its entries say %t", list, n, got, want)
			}
			if want && !st.Concerns(ServiceBit(n[0])) {
				t.Fatalf("%q does not concern %s", list, n[0])
			}
		}
	}
}

// naive matches with "*" and "?" by trying all ways; in the first five fields of
// an ARN a star that does not end its field, and a question mark, are no colons.
// With strict no star is.
func naive(pattern, text string, field int, strict bool) bool {
	if pattern == "" {
		return text == ""
	}
	switch c := pattern[0]; c {
	case '*':
		if naive(pattern[1:], text, field, strict) {
			return true
		}
		end := len(pattern) == 1 || pattern[1] == ':' || pattern[1] == '*'
		colons := field >= 5 || end && !strict
		return text != "" && (text[0] != ':' || colons) && naive(pattern, text[1:], field, strict)
	case '?':
		return text != "" && (text[0] != ':' || field >= 5) && naive(pattern[1:], text[1:], field, strict)
	default:
		if c == ':' {
			field++
		}
		return text != "" && text[0] == c && naive(pattern[1:], text[1:], field, strict)
	}
}

func FuzzTemplatesAgreeWithANaiveMatcher(f *testing.F) {
	f.Add("arn:aws:sqs:eu-*:1:jobs", "arn:aws:sqs:eu-west-1:1:jobs")
	f.Add("arn:aws:s3:::p*s/?.jpg", "arn:aws:s3:::photos/a.jpg")
	f.Add("*:*", "a:b")
	f.Add("arn:aws:sqs:*:q", "arn:aws:sqs:r:1:q")
	f.Add("a?b**c:*", "axbc:d:e")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 24 || len(text) > 24 || strings.ContainsFunc(pattern+text, func(r rune) bool { return r >= 0x80 }) || strings.Contains(pattern, "${") {
			return
		}
		whole, _, _ := newResource(pattern, Resource, true).Fill(nil)
		if got, want := whole.Match(text), naive(pattern, text, 0, false); got != want {
			t.Errorf("the resource %q on %q: %t, naively %t", pattern, text, got, want)
		}
		if got, want := whole.ByField(text), naive(pattern, text, 0, true); got != want {
			t.Errorf("%q by field on %q: %t, naively %t", pattern, text, got, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Principal":{"AWS":["*","111122223333"]},"Action":["s3:*"],"NotResource":"arn:aws:s3:::a/${aws:username, 'x'}/*","Condition":{"ForAllValues:StringLike":{"aws:TagKeys":["a*",1,true]}}}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":"*","NotAction":[],"Resource":[1,null,"*"]}}`)
	f.Add("\ufeff{\"Version\":\"키\",\n\t\"Statement\":[[],{}, 7]}")
	f.Add(`{"a":"\u00e9\ud83d\ude00\n"}`)
	f.Fuzz(func(t *testing.T, text string) {
		root, err := ReadJSON(text)
		if (err == nil) != json.Valid([]byte(strings.TrimPrefix(text, "\ufeff"))) {
			// What is stricter here: depth, and texts that are not UTF-8.
			if err == nil {
				t.Fatalf("%q is read, but is no JSON", text)
			}
			return
		}
		if err != nil {
			return
		}
		characters := []rune(strings.TrimPrefix(text, "\ufeff"))
		for _, typ := range []Type{Identity, Resource, Trust, SCP, RCP} {
			d := FromNode(root, typ)
			for _, p := range d.Problems {
				if p.At.Start.Offset < 0 || p.At.End.Offset > len(characters) || p.At.Start.Offset > p.At.End.Offset || p.At.Start.Line < 1 {
					t.Fatalf("%q: the problem %+v is outside of the text", text, p)
				}
			}
			again, err := Parse(print(root), typ)
			if err != nil {
				t.Fatalf("%q printed is not read: %v", text, err)
			}
			if len(again.Statements) != len(d.Statements) || len(again.Problems) != len(d.Problems) || again.Version != d.Version {
				t.Fatalf("%q printed reads as another policy", text)
			}
			for i, s := range d.Statements {
				o := again.Statements[i]
				if s.Sid != o.Sid || s.Effect != o.Effect || len(s.Conditions) != len(o.Conditions) || (s.Principals == nil) != (o.Principals == nil) {
					t.Fatalf("%q printed has another statement %d", text, i)
				}
				for _, name := range []string{"getobject", "putobject"} {
					if (s.Actions == nil) != (o.Actions == nil) || s.Actions != nil && s.Actions.Match("s3", name) != o.Actions.Match("s3", name) {
						t.Fatalf("%q printed has other actions in statement %d", text, i)
					}
				}
			}
		}
	})
}

// print is the JSON of a node.
func print(n *Node) string {
	switch n.Kind {
	case Object:
		var list []string
		for _, m := range n.Members {
			name, _ := json.Marshal(m.Name)
			list = append(list, string(name)+":"+print(m.Value))
		}
		return "{" + strings.Join(list, ",") + "}"
	case Array:
		var list []string
		for _, item := range n.Items {
			list = append(list, print(item))
		}
		return "[" + strings.Join(list, ",") + "]"
	case String:
		text, _ := json.Marshal(n.Text)
		return string(text)
	}
	return n.Text
}
