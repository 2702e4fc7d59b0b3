package sigma

import (
	"slices"
	"strings"
	"testing"
)

// rawFields are paths of every kind that a rule may ask for.
var rawFields = []string{"a", "a.b", "a.b.c", "l", "l.n", "x.y", "", ".", "a..b", "x", "한", "x.", "x.y.z"}

// same asks both forms of an event the same.
func same(t *testing.T, x *Index, raw *Raw, data []byte) {
	t.Helper()
	want, wantErr := DecodeJSON(data)
	err := raw.Reset(data)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: raw says %v, JSON %v", data, err, wantErr)
	}
	if err != nil {
		return
	}
	for n, f := range slices.Concat(x.fields, rawFields) {
		w, wantOK := want.Lookup(f, nil)
		got, ok := raw.Lookup(f, nil)
		if ok != wantOK || !slices.Equal(got, w) {
			t.Fatalf("%q: %q by name is %q %v, want %q %v", data, f, got, ok, w, wantOK)
		}
		if n < len(x.fields) {
			if got, ok = raw.Field(x, n, nil); ok != wantOK || !slices.Equal(got, w) {
				t.Fatalf("%q: %q by number is %q %v, want %q %v", data, f, got, ok, w, wantOK)
			}
		}
	}
	all := func(e Event) []string {
		var out []string
		e.Texts(func(s string) bool { out = append(out, s); return true })
		slices.Sort(out)
		return out
	}
	if got, w := all(raw), all(want); !slices.Equal(got, w) {
		t.Fatalf("%q: texts %q, want %q", data, got, w)
	}
	if got, w := compact(raw.Tree()), compact(want.Tree()); got != w {
		t.Fatalf("%q: tree %s, want %s", data, got, w)
	}
}

func rawIndex(t testing.TB) *Index {
	t.Helper()
	var text strings.Builder
	text.WriteString("title: r\nlogsource: {product: aws}\ndetection:\n  condition: s\n  s:\n")
	for _, f := range rawFields[:10] {
		if f != "" {
			text.WriteString("    '" + f + "|contains': x\n")
		}
	}
	got, err := Parse("r.yml", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	x, err := NewIndex(got.Rules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

var rawSeeds = []string{
	`{"a":"x","l":[1,2,{"n":null}],"x":{"y":{"z":true}}}`,
	`{"a":{"b":{"c":"d\u00e9<&>"}},"a.b":{"c":2},"a.b.c":3}`,
	`{"a":[[{"b":1.50},{"b":[]}],{"b":{"c":-0e1}}]}`,
	`{"a":1,"a":{"b":2},"A":3}`,
	`{"\u0061":1,"x":"\ud800","l":"\ud83d\ude00"}`,
	"{\"a\":\"\xff\xfe\",\"x\":{\"y\":\"\xed\xa0\x80\"}}",
	`{"":1,"x":{"":2},".":3,"한":"글"}`,
	`{"x":{"y":{"b":1,"a":[1, 2.0]}},"l":{"n":"\"\\\/"}} `,
	`{"a":1}x`, `{"a":`, `[]`, `null`, `{}`, ``, `{"a":1,"a":`, `{"l":[{"n":1},{"n":2,"n":3}]}`,
	`{"z":{"a":1,"a":2,"q":"\u0000"},"a":"x"}`,
}

func TestRawAnswersAsJSONDoes(t *testing.T) {
	x := rawIndex(t)
	raw := x.NewRaw("x.y.z")
	for _, s := range rawSeeds {
		same(t, x, raw, []byte(s))
	}
	for _, depth := range []int{190, 210, 1000} {
		same(t, x, raw, []byte(strings.Repeat(`{"a":`, depth)+`1`+strings.Repeat(`}`, depth)))
		same(t, x, raw, []byte(`{"q":`+strings.Repeat(`[`, depth)+strings.Repeat(`]`, depth)+`}`))
	}
}

func FuzzRawAnswersAsJSONDoes(f *testing.F) {
	for _, s := range rawSeeds {
		f.Add([]byte(s))
	}
	x := rawIndex(f)
	f.Fuzz(func(t *testing.T, data []byte) { same(t, x, x.NewRaw("x.y.z"), data) })
}

func TestWhatWasLookedUpByNameMayBeKept(t *testing.T) {
	x := rawIndex(t)
	raw := x.NewRaw()
	data := []byte(`{"a":"first","x":"\u0041b"}`)
	if err := raw.Reset(data); err != nil {
		t.Fatal(err)
	}
	a, _ := raw.Lookup("a", nil)
	b, _ := raw.Lookup("x", nil)
	copy(data, `{"a":"other","x":"\u0042c"}`)
	if err := raw.Reset(data); err != nil {
		t.Fatal(err)
	}
	raw.Field(x, x.byField["x"], nil)
	if a[0].Text != "first" || b[0].Text != "Ab" {
		t.Errorf("%q %q", a, b)
	}
}

func TestAMatchOverBytesAllocatesNothing(t *testing.T) {
	got, err := Parse("r.yml", []byte(`title: r
logsource: {product: aws}
detection:
  s:
    eventName: [GetObject, PutObject]
    userAgent|contains: Tool
    requestParameters.policy|re: 'Act.*Nothing'
    sourceIPAddress|cidr: 203.0.113.0/24
  failed: {errorCode|exists: true}
  condition: s and not failed
`))
	if err != nil {
		t.Fatal(err)
	}
	x, err := NewIndex(got.Rules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	data := []byte(`{"eventName":"GetObject","userAgent":"a Tool","sourceIPAddress":"203.0.113.7","requestParameters":{"policy":"{\"Action\":\"Nothing\"}"}}`)
	raw, scan := x.NewRaw(), x.NewScan()
	from := LogSource{Product: "aws", Service: "cloudtrail"}
	match := func() {
		if err := raw.Reset(data); err != nil {
			t.Fatal(err)
		}
		if len(scan.Match(raw, from)) != 1 {
			t.Fatal("no match")
		}
	}
	match()
	if n := testing.AllocsPerRun(100, match); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestOnlyRulesAboutTheLogOfAnEventAreAsked(t *testing.T) {
	got, err := Parse("r.yml", []byte(`title: a
logsource: {product: aws, service: cloudtrail}
detection: {s: {a: x}, condition: s}
---
title: b
logsource: {product: aws, service: vpcflow}
detection: {s: {b: x}, condition: s}
---
title: c
logsource: {product: aws}
detection: {s: {c: null}, condition: s}
`))
	if err != nil {
		t.Fatal(err)
	}
	x, err := NewIndex(got.Rules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	raw, scan := x.NewRaw(), x.NewScan()
	for _, c := range []struct {
		service, data string
		want          []int
	}{
		{"cloudtrail", `{"a":"x","b":"x"}`, []int{0, 2}},
		{"vpcflow", `{"a":"x","b":"x"}`, []int{1, 2}},
		{"cloudtrail", `{"b":"x","c":"y"}`, nil},
		{"waf", `{"a":"x","b":"x"}`, []int{2}},
		{"cloudtrail", `{"a":["y","X"],"c":1}`, []int{0}},
	} {
		if err := raw.Reset([]byte(c.data)); err != nil {
			t.Fatal(err)
		}
		if got := scan.Match(raw, LogSource{Product: "aws", Service: c.service}); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %v, want %v", c.service, c.data, got, c.want)
		}
	}
}
