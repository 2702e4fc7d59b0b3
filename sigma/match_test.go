package sigma

import (
	"strings"
	"testing"
)

// detect compiles a rule with the given detection and fails the test when it is
// refused.
func detect(t testing.TB, detection string, opt Options) *Matcher {
	t.Helper()
	r, err := Parse("test.yml", []byte("title: test\nlogsource:\n  product: aws\ndetection:\n"+indent(detection)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Compile(r.Rules[0], opt)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
}

func event(t testing.TB, text string) JSON {
	t.Helper()
	e, err := DecodeJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sel is a detection of one map.
func sel(lines string) string {
	return "selection:\n  " + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\n  ") + "\ncondition: selection"
}

func TestModifiers(t *testing.T) {
	tests := []struct {
		name      string
		detection string
		yes, no   []string
	}{
		{"a plain value is equal whatever its case", sel("a: CreateUser"),
			[]string{`{"a":"CreateUser"}`, `{"a":"CREATEUSER"}`}, []string{`{"a":"CreateUsers"}`, `{"b":"CreateUser"}`, `{"a":null}`, `{}`}},
		{"all fields of a map must match", sel("a: x\nb: y"),
			[]string{`{"a":"x","b":"y"}`}, []string{`{"a":"x"}`, `{"b":"y"}`}},
		{"one value of a list is enough", sel("a: [x, y]"),
			[]string{`{"a":"y"}`, `{"a":"x"}`}, []string{`{"a":"z"}`}},
		{"all values must be there with all", sel("a|contains|all: [x, y]"),
			[]string{`{"a":"-y-x-"}`, `{"a":["x","y"]}`}, []string{`{"a":"x"}`, `{"a":"y"}`}},
		{"all over plain values asks for each element of a list", sel("a|all: [x, y]"),
			[]string{`{"a":["y","z","x"]}`}, []string{`{"a":"x"}`, `{"a":["x"]}`}},
		{"cased compares letter by letter", sel("a|cased: Root"),
			[]string{`{"a":"Root"}`}, []string{`{"a":"root"}`}},
		{"cased goes with contains", sel("a|contains|cased: Oo"),
			[]string{`{"a":"ROoT"}`}, []string{`{"a":"root"}`}},
		{"contains looks anywhere", sel("a|contains: kali"),
			[]string{`{"a":"aws-cli kAli x"}`, `{"a":"kali"}`}, []string{`{"a":"kal"}`}},
		{"startswith looks at the beginning", sel("a|startswith: Get"),
			[]string{`{"a":"getObject"}`, `{"a":"Get"}`}, []string{`{"a":"BatchGet"}`}},
		{"endswith looks at the end", sel("a|endswith: .exe"),
			[]string{`{"a":"A.EXE"}`}, []string{`{"a":".exe2"}`}},
		{"a wildcard inside contains stays a wildcard", sel("a|contains: 'b*d'"),
			[]string{`{"a":"abcde"}`}, []string{`{"a":"adcbe"}`}},
		{"an asterisk is any text and a question mark one character", sel("a: 'ab*d?f'"),
			[]string{`{"a":"abdxf"}`, `{"a":"abccccdxf"}`, `{"a":"abdéf"}`}, []string{`{"a":"abdf"}`, `{"a":"abdxxf"}`}},
		{"an escaped wildcard is itself", sel(`a: 'a\*b\?'`),
			[]string{`{"a":"a*b?"}`}, []string{`{"a":"axb?"}`, `{"a":"a*bx"}`}},
		{"a backslash before another character is itself", sel(`a: 'C:\Windows'`),
			[]string{`{"a":"C:\\Windows"}`}, []string{`{"a":"C:Windows"}`}},
		{"two backslashes are one", sel(`a: 'C:\\Windows'`),
			[]string{`{"a":"C:\\Windows"}`}, []string{`{"a":"C:\\\\Windows"}`}},
		{"two backslashes before a wildcard are one and a wildcard", sel(`a: 'C:\\*'`),
			[]string{`{"a":"C:\\any"}`, `{"a":"C:\\"}`}, []string{`{"a":"C:*"}`, `{"a":"C:any"}`}},
		{"three backslashes before a wildcard are a backslash and the character", sel(`a: 'C:\\\*'`),
			[]string{`{"a":"C:\\*"}`}, []string{`{"a":"C:\\x"}`}},
		{"three and four backslashes are two", sel(`a: ['x\\\y', 'z\\\\y']`),
			[]string{`{"a":"x\\\\y"}`, `{"a":"z\\\\y"}`}, []string{`{"a":"x\\y"}`}},
		{"null is a field that is absent, null or empty", sel("a: null"),
			[]string{`{}`, `{"a":null}`, `{"a":[]}`, `{"a":[1,null]}`}, []string{`{"a":""}`, `{"a":0}`}},
		{"the empty text is not null", sel("a: ''"),
			[]string{`{"a":""}`}, []string{`{}`, `{"a":null}`, `{"a":" "}`}},
		{"null may stand in a list", sel("a: [null, x]"),
			[]string{`{}`, `{"a":"x"}`}, []string{`{"a":"y"}`}},
		{"a number equals the same number however it is written", sel("a: 5"),
			[]string{`{"a":5}`, `{"a":5.0}`, `{"a":"5"}`, `{"a":0.5e1}`}, []string{`{"a":50}`, `{"a":"05"}`, `{"a":true}`}},
		{"a number in quotes equals a number", sel("a: '5'"),
			[]string{`{"a":5}`, `{"a":"5"}`}, []string{`{"a":6}`}},
		{"long numbers are not rounded", sel("a: 9007199254740993"),
			[]string{`{"a":9007199254740993}`}, []string{`{"a":9007199254740992}`}},
		{"a truth value equals its text", sel("a: true"),
			[]string{`{"a":true}`, `{"a":"True"}`}, []string{`{"a":false}`, `{"a":1}`}},
		{"exists asks for the field, not for its value", sel("a.b|exists: true"),
			[]string{`{"a":{"b":null}}`, `{"a":{"b":[]}}`, `{"a":{"b":""}}`}, []string{`{"a":{}}`, `{"a":null}`, `{}`}},
		{"exists false asks for its absence", sel("a|exists: false"),
			[]string{`{}`}, []string{`{"a":null}`}},
		{"re is a search and keeps case", sel("a|re: 'r[ou]+t$'"),
			[]string{`{"a":"x root"}`}, []string{`{"a":"Root "}`, `{"a":"ROOT"}`}},
		{"re with i ignores case", sel("a|re|i: '^root'"),
			[]string{`{"a":"ROOTS"}`}, []string{`{"a":"aroot"}`}},
		{"re with m takes lines", sel("a|re|m: '^b$'"),
			[]string{`{"a":"a\nb\nc"}`}, []string{`{"a":"abc"}`}},
		{"re with s lets the dot take newlines", sel("a|re|s: 'a.c'"),
			[]string{`{"a":"a\nc"}`}, []string{`{"a":"ac"}`}},
		{"re without s does not", sel("a|re: 'a.c'"), []string{`{"a":"abc"}`}, []string{`{"a":"a\nc"}`}},
		{"cidr takes IPv4 and IPv6", sel("a|cidr: [10.0.0.0/8, 'fd00::/8']"),
			[]string{`{"a":"10.1.2.3"}`, `{"a":"fd00:ec2::254"}`, `{"a":"::ffff:10.0.0.1"}`}, []string{`{"a":"11.0.0.1"}`, `{"a":"2001:db8::1"}`, `{"a":"10.0.0.0/8"}`, `{"a":"ec2.amazonaws.com"}`}},
		{"base64 compares with the encoded value", sel("a|base64: secret"),
			[]string{`{"a":"c2VjcmV0"}`}, []string{`{"a":"secret"}`}},
		{"base64offset finds the value at each position", sel("a|base64offset|contains: 'iam:PassRole'"),
			[]string{`{"a":"aWFtOlBhc3NSb2xl"}`, `{"a":"eGlhbTpQYXNzUm9sZXk="}`, `{"a":"eHhpYW06UGFzc1JvbGV5"}`}, []string{`{"a":"aWFtOlJvbGU="}`}},
		{"wide is UTF-16 little endian", sel("a|wide|base64: cmd"), []string{`{"a":"YwBtAGQA"}`}, []string{`{"a":"Y21k"}`}},
		{"utf16le is wide", sel("a|utf16le|base64: cmd"), []string{`{"a":"YwBtAGQA"}`}, nil},
		{"utf16be has the high byte first", sel("a|utf16be|base64: cmd"), []string{`{"a":"AGMAbQBk"}`}, []string{`{"a":"YwBtAGQA"}`}},
		{"utf16 begins with a byte order mark", sel("a|utf16|base64: cmd"), []string{`{"a":"//5jAG0AZAA="}`}, []string{`{"a":"YwBtAGQA"}`}},
		{"windash takes each dash for the others", sel("a|windash|contains: ' -f /x'"),
			[]string{`{"a":"cmd -f /x"}`, `{"a":"cmd /f -x"}`, `{"a":"cmd –f ―x"}`, `{"a":"cmd —f /x"}`}, []string{`{"a":"cmd f x"}`, `{"a":"cmd +f /x"}`}},
		{"windash goes before an encoding", sel("a|windash|base64: '-f'"), []string{`{"a":"L2Y="}`, `{"a":"LWY="}`}, []string{`{"a":"K2Y="}`}},
		{"lt is less", sel("a|lt: 5"), []string{`{"a":4.9}`, `{"a":"-7"}`}, []string{`{"a":5}`, `{"a":"x"}`, `{}`, `{"a":true}`}},
		{"lte is less or equal", sel("a|lte: 5"), []string{`{"a":5}`}, []string{`{"a":5.1}`}},
		{"gt is greater", sel("a|gt: 5"), []string{`{"a":6}`}, []string{`{"a":5}`}},
		{"gte is greater or equal", sel("a|gte: 5"), []string{`{"a":5}`, `{"a":"1e3"}`}, []string{`{"a":4}`}},
		{"neq is a value that is different", sel("a|neq: x"), []string{`{"a":"y"}`}, []string{`{"a":"X"}`, `{}`, `{"a":null}`}},
		{"neq is different from each of the values", sel("a|neq: [1, 2]"), []string{`{"a":3}`}, []string{`{"a":1}`, `{"a":2.0}`}},
		{"neq goes with contains", sel("a|contains|neq: x"), []string{`{"a":"abc"}`}, []string{`{"a":"axc"}`}},
		{"fieldref compares two fields", sel("a|fieldref: b.c"), []string{`{"a":"X","b":{"c":"x"}}`, `{"a":1,"b":{"c":1.0}}`}, []string{`{"a":"x"}`, `{"a":null,"b":{"c":null}}`, `{"a":"x","b":{"c":"y"}}`}},
		{"fieldref with neq asks that they differ", sel("a|fieldref|neq: b"), []string{`{"a":"x","b":"y"}`}, []string{`{"a":"x","b":"x"}`, `{"a":"x"}`, `{"b":"x"}`}},
		{"fieldref with startswith begins with the other", sel("a|fieldref|startswith: b"), []string{`{"a":"xyz","b":"xy"}`}, []string{`{"a":"xy","b":"xyz"}`}},
		{"expand puts lists into the place of names", sel("a|expand: '%admins%'"), []string{`{"a":"kim"}`, `{"a":"lee-1"}`}, []string{`{"a":"%admins%"}`, `{"a":"park"}`}},
		{"expand goes with contains and text around", sel("a|contains|expand: 'user/%admins%'"), []string{`{"a":"arn:user/kim"}`}, []string{`{"a":"arn:user/park"}`}},
		{"an escaped percent sign is itself in expand", sel(`a|expand: '\%plain%admins%'`), []string{`{"a":"%plainkim"}`}, []string{`{"a":"plainkim"}`}},
		{"percent signs without expand are themselves", sel("a: '%admins%'"), []string{`{"a":"%admins%"}`}, []string{`{"a":"kim"}`}},
		{"hour is taken as the time is written", sel("t|hour: [3, 4]"), []string{`{"t":"2026-01-02T03:04:05Z"}`, `{"t":"2026-01-02T04:04:05+09:00"}`}, []string{`{"t":"2026-01-02T05:04:05Z"}`, `{"t":"2026-01-02"}`, `{"t":"x"}`}},
		{"hour goes with comparisons", sel("t|hour|gte: 22"), []string{`{"t":"2026-01-02T23:04:05.5Z"}`}, []string{`{"t":"2026-01-02T21:59:59Z"}`}},
		{"minute", sel("t|minute: 4"), []string{`{"t":"2026-01-02 03:04:05"}`}, []string{`{"t":"2026-01-02 04:03:05"}`}},
		{"day", sel("t|day: 2"), []string{`{"t":"2026-01-02"}`}, []string{`{"t":"2026-02-01"}`}},
		{"week", sel("t|week: 2"), []string{`{"t":"2026-01-05"}`}, []string{`{"t":"2026-01-04"}`}},
		{"month", sel("t|month|lt: 3"), []string{`{"t":"2026-02-05"}`}, []string{`{"t":"2026-03-04"}`}},
		{"year", sel("t|year: 2026"), []string{`{"t":"2026-02-05T00:00:00"}`}, []string{`{"t":"2025-03-04T00:00:00"}`}},
		{"dots go down into objects and lists", sel("a.b.c: x"),
			[]string{`{"a":{"b":{"c":"x"}}}`, `{"a":[{"b":1},{"b":[{"c":["y","x"]}]}]}`, `{"a.b.c":"x"}`, `{"a":{"b.c":"x"}}`}, []string{`{"a":{"b":{"c":"y"}}}`, `{"a":{"b":"x"}}`}},
		{"an object is its JSON", sel("a|contains: '\"b\":\"<x>\"'"), []string{`{"a":{"b":"<x>"}}`}, []string{`{"a":{"b":"y"}}`}},
		{"maps in a list are alternatives", "selection:\n  - a: x\n    b: y\n  - c: z\ncondition: selection",
			[]string{`{"a":"x","b":"y"}`, `{"c":"z"}`}, []string{`{"a":"x"}`}},
		{"keywords are sought in all values and names", "words:\n  - evil\n  - 'b*d'\ncondition: words",
			[]string{`{"a":{"b":["so EVIL"]}}`, `{"a":"abcde"}`, `{"evilness":1}`}, []string{`{"a":"ev","b":"il"}`, `{}`}},
		{"keywords with all must all be there", "words:\n  '|all':\n    - one\n    - two\ncondition: words",
			[]string{`{"a":"one","b":"two"}`}, []string{`{"a":"one"}`}},
		{"one keyword may stand alone", "words: evil\ncondition: words", []string{`{"a":"evil"}`}, []string{`{"a":"x"}`}},
		{"keywords go with re", "words:\n  '|re': 'e.il'\ncondition: words", []string{`{"a":"evil"}`}, []string{`{"a":"Evil"}`}},
		{"case is folded beyond ASCII", sel("a|contains: STRAẞE"), []string{`{"a":"die straße"}`}, []string{`{"a":"strasse"}`}},
	}
	opt := Options{Placeholders: map[string][]string{"admins": {"kim", "lee*"}}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := detect(t, tt.detection, opt)
			x, err := NewIndex([]*Rule{m.Rule}, opt)
			if err != nil {
				t.Fatal(err)
			}
			s := x.NewScan()
			check := func(text string, want bool) {
				e := event(t, text)
				if got := m.Match(e); got != want {
					t.Errorf("%s: matches %v, want %v", text, got, want)
				}
				if got := len(s.Match(e, LogSource{Product: "aws"})) == 1; got != want {
					t.Errorf("%s: the index matches %v, want %v", text, got, want)
				}
			}
			for _, e := range tt.yes {
				check(e, true)
			}
			for _, e := range tt.no {
				check(e, false)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	const searches = "sel_a:\n  a: 1\nsel_b:\n  b: 1\nother:\n  c: 1\n_hidden:\n  d: 1\n"
	tests := []struct {
		name, condition string
		yes, no         []string // letters that are 1
	}{
		{"and binds stronger than or", "sel_a or sel_b and other", []string{"a", "bc"}, []string{"b", "c"}},
		{"brackets bind strongest", "(sel_a or sel_b) and other", []string{"ac", "bc"}, []string{"a", "ab"}},
		{"not binds stronger than and", "not sel_a and sel_b", []string{"b"}, []string{"", "ab"}},
		{"not of a bracket", "sel_a and not (sel_b or other)", []string{"a"}, []string{"ab", "ac", ""}},
		{"not not is nothing", "not not sel_a", []string{"a"}, []string{"b"}},
		{"1 of them leaves out names that start with _", "1 of them", []string{"a", "b", "c"}, []string{"d", ""}},
		{"all of them leaves out names that start with _", "all of them", []string{"abc", "abcd"}, []string{"ab", "bcd"}},
		{"1 of a pattern", "1 of sel*", []string{"a", "b"}, []string{"c", "d"}},
		{"all of a pattern", "all of sel_*", []string{"ab"}, []string{"a", "bc"}},
		{"a pattern may have its star anywhere", "1 of *_b", []string{"b"}, []string{"a"}},
		{"a pattern may ask for names that start with _", "1 of _hid*", []string{"d"}, []string{"a"}},
		{"1 of binds stronger than not", "other and not 1 of sel_*", []string{"c", "cd"}, []string{"ac", "bc"}},
		{"operators may be upper case", "sel_a AND NOT other", []string{"a"}, []string{"ac"}},
		{"conditions in a list are alternatives", "\n  - sel_a and sel_b\n  - other", []string{"ab", "c"}, []string{"a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := detect(t, searches+"condition: "+tt.condition, Options{})
			check := func(letters string, want bool) {
				obj := map[string]any{}
				for _, l := range letters {
					obj[string(l)] = "1"
				}
				if got := m.Match(JSONEvent(obj)); got != want {
					t.Errorf("%q: %v, want %v", letters, got, want)
				}
			}
			for _, l := range tt.yes {
				check(l, true)
			}
			for _, l := range tt.no {
				check(l, false)
			}
		})
	}
}
