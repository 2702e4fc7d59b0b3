package sigma

import (
	"strings"
	"testing"
)

func TestEventPatterns(t *testing.T) {
	tests := []struct {
		name, pattern string
		yes, no       []string
	}{
		{"a text is equal letter by letter", `{"a":["x"]}`, []string{`{"a":"x"}`}, []string{`{"a":"X"}`, `{"a":5}`, `{}`}},
		{"one value of a list is enough", `{"a":["x","y"]}`, []string{`{"a":"y"}`}, []string{`{"a":"z"}`}},
		{"a list in the event needs one common value", `{"a":["x","y"]}`, []string{`{"a":["z","y"]}`}, []string{`{"a":["z"]}`, `{"a":[]}`}},
		{"all fields must match", `{"a":["x"],"b":{"c":["y"]}}`, []string{`{"a":"x","b":{"c":"y"}}`}, []string{`{"a":"x"}`, `{"b":{"c":"y"}}`, `{"a":"x","b":"y"}`}},
		{"numbers are compared as they are written", `{"a":[300]}`, []string{`{"a":300}`}, []string{`{"a":300.0}`, `{"a":3.0e2}`, `{"a":"300"}`}},
		{"null is not the empty text", `{"a":[null]}`, []string{`{"a":null}`}, []string{`{"a":""}`, `{}`}},
		{"the empty text is not null", `{"a":[""]}`, []string{`{"a":""}`}, []string{`{"a":null}`}},
		{"truth values are not texts", `{"a":[true]}`, []string{`{"a":true}`}, []string{`{"a":"true"}`}},
		{"prefix", `{"a":[{"prefix":"us-"}]}`, []string{`{"a":"us-east-1"}`}, []string{`{"a":"US-east-1"}`, `{"a":"x-us-"}`, `{"a":null}`}},
		{"prefix ignoring case", `{"a":[{"prefix":{"equals-ignore-case":"EventB"}}]}`, []string{`{"a":"eventbridge"}`}, []string{`{"a":"event"}`}},
		{"suffix", `{"a":[{"suffix":".png"}]}`, []string{`{"a":"x.png"}`}, []string{`{"a":"x.PNG"}`}},
		{"suffix ignoring case", `{"a":[{"suffix":{"equals-ignore-case":".png"}}]}`, []string{`{"a":"x.PNG"}`}, []string{`{"a":"png"}`}},
		{"equals-ignore-case", `{"a":[{"equals-ignore-case":"Alice"}]}`, []string{`{"a":"aLICE"}`}, []string{`{"a":"alice2"}`}},
		{"wildcard", `{"a":[{"wildcard":"dir/*.png"}]}`, []string{`{"a":"dir/x/y.png"}`, `{"a":"dir/.png"}`}, []string{`{"a":"dir/x.jpg"}`, `{"a":"xdir/y.png"}`, `{"a":["z"]}`}},
		{"an escaped asterisk is itself", `{"a":[{"wildcard":"a\\*b*"}]}`, []string{`{"a":"a*bc"}`}, []string{`{"a":"axbc"}`}},
		{"a question mark is no wildcard", `{"a":[{"wildcard":"a?*"}]}`, []string{`{"a":"a?b"}`}, []string{`{"a":"abb"}`}},
		{"anything-but a text", `{"a":[{"anything-but":"x"}]}`, []string{`{"a":"y"}`, `{"a":5}`, `{"a":["x","y"]}`}, []string{`{"a":"x"}`, `{}`}},
		{"anything-but a number", `{"a":[{"anything-but":123}]}`, []string{`{"a":124}`}, []string{`{"a":123}`}},
		{"anything-but texts of a list", `{"a":[{"anything-but":["x","y"]}]}`, []string{`{"a":"z"}`}, []string{`{"a":"x"}`, `{"a":"y"}`}},
		{"anything-but a prefix", `{"a":[{"anything-but":{"prefix":"us-"}}]}`, []string{`{"a":"eu-west-1"}`}, []string{`{"a":"us-east-1"}`}},
		{"anything-but prefixes", `{"a":[{"anything-but":{"prefix":["us-","eu-"]}}]}`, []string{`{"a":"ap-1"}`}, []string{`{"a":"us-1"}`, `{"a":"eu-1"}`}},
		{"anything-but a suffix", `{"a":[{"anything-but":{"suffix":".png"}}]}`, []string{`{"a":"x.jpg"}`}, []string{`{"a":"x.png"}`}},
		{"anything-but ignoring case", `{"a":[{"anything-but":{"equals-ignore-case":["on","off"]}}]}`, []string{`{"a":"x"}`}, []string{`{"a":"ON"}`, `{"a":"oFF"}`}},
		{"anything-but a wildcard", `{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, []string{`{"a":"/bin/x"}`}, []string{`{"a":"/usr/lib/x"}`}},
		{"numeric equality", `{"a":[{"numeric":["=",3.018e2]}]}`, []string{`{"a":301.8}`}, []string{`{"a":"301.8"}`, `{"a":301.9}`}},
		{"a numeric range", `{"a":[{"numeric":[">",0,"<=",5]}]}`, []string{`{"a":5}`, `{"a":0.1}`}, []string{`{"a":0}`, `{"a":6}`}},
		{"numbers beyond the limit match no comparison", `{"a":[{"numeric":[">",0]}]}`, []string{`{"a":5e9}`}, []string{`{"a":6e9}`}},
		{"cidr", `{"a":[{"cidr":"10.0.0.0/24"}]}`, []string{`{"a":"10.0.0.255"}`}, []string{`{"a":"10.0.1.0"}`, `{"a":"x"}`}},
		{"cidr of IPv6", `{"a":[{"cidr":"2001:db8::/32"}]}`, []string{`{"a":"2001:db8::1"}`}, []string{`{"a":"2001:db9::1"}`}},
		{"exists true is a leaf", `{"a":{"b":[{"exists":true}]}}`, []string{`{"a":{"b":1}}`, `{"a":{"b":null}}`}, []string{`{"a":{}}`, `{"a":{"b":{"c":1}}}`, `{}`}},
		{"exists false is no leaf anywhere", `{"a":{"b":[{"exists":false}]}}`, []string{`{"a":{"c":1}}`, `{}`, `{"a":{"b":{"c":1}}}`}, []string{`{"a":{"b":1}}`, `{"a":[{"c":1},{"b":1}]}`}},
		{"exists false goes with a value", `{"a":[{"exists":false},"x"]}`, []string{`{}`, `{"a":"x"}`}, []string{`{"a":"y"}`}},
		{"$or over fields", `{"s":["x"],"$or":[{"a":["1"]},{"b":["2"],"c":["3"]}]}`, []string{`{"s":"x","a":"1"}`, `{"s":"x","b":"2","c":"3"}`}, []string{`{"a":"1"}`, `{"s":"x","b":"2"}`}},
		{"$or below a field", `{"d":{"$or":[{"a":["1"]},{"b":[{"exists":false}]}]}}`, []string{`{"d":{"a":"1","b":2}}`, `{"d":{}}`}, []string{`{"d":{"b":1}}`}},
		{"$or over operators is a field of that name", `{"a":{"$or":["x"]}}`, []string{`{"a":{"$or":"x"}}`}, []string{`{"a":"x"}`}},
		{"one object of a list must match all", `{"r":{"a":["1"],"b":["2"]}}`, []string{`{"r":[{"a":"0"},{"a":"1","b":"2"}]}`}, []string{`{"r":[{"a":"1"},{"b":"2"}]}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePattern([]byte(tt.pattern))
			if err != nil {
				t.Fatal(err)
			}
			x, err := NewIndex([]*Rule{{Title: "p", Pattern: p}}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			s := x.NewScan()
			check := func(text string, want bool) {
				e := event(t, text)
				if got := p.Match(e.Tree()); got != want {
					t.Errorf("%s: %v, want %v", text, got, want)
				}
				if got := len(s.Match(e, LogSource{})) == 1; got != want {
					t.Errorf("%s: the index says %v, want %v", text, got, want)
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

func TestEventPatternsThatAreRefused(t *testing.T) {
	tests := []struct{ name, pattern, want string }{
		{"no object", `[]`, "not an object"},
		{"an empty object", `{}`, "empty object"},
		{"an empty object below", `{"a":{}}`, "a is an empty object"},
		{"an empty list", `{"a":[]}`, "a is an empty list"},
		{"a value that is no list", `{"a":"x"}`, "a must be a list or an object"},
		{"an unknown operator", `{"a":[{"contains":"x"}]}`, `operator "contains" is not known`},
		{"$or over one object", `{"$or":[{"a":["x"]}]}`, `operator "a" is not known`},
		{"two operators in one object", `{"a":[{"prefix":"x","suffix":"y"}]}`, "stand alone"},
		{"a list inside a list", `{"a":[["x"]]}`, "list inside a list"},
		{"two wildcards in a row", `{"a":[{"wildcard":"a**"}]}`, "follow each other"},
		{"a backslash before a letter", `{"a":[{"wildcard":"a\\b"}]}`, "backslash"},
		{"mixed values in anything-but", `{"a":[{"anything-but":["x",1]}]}`, "texts only or numbers only"},
		{"anything-but exists", `{"a":[{"anything-but":{"exists":true}}]}`, "does not go with"},
		{"an empty anything-but", `{"a":[{"anything-but":[]}]}`, "empty list"},
		{"numeric with one part", `{"a":[{"numeric":[">"]}]}`, "one or two comparisons"},
		{"a numeric range that is empty", `{"a":[{"numeric":[">",5,"<",1]}]}`, "range"},
		{"a number beyond the limit", `{"a":[{"numeric":[">",1e10]}]}`, "beyond"},
		{"cidr without a network", `{"a":[{"cidr":"10.0.0.1"}]}`, "is not a network"},
		{"exists with a text", `{"a":[{"exists":"true"}]}`, "true or false"},
		{"a name that stands twice", `{"a":["x"],"a":["y"]}`, "stands twice"},
		{"text after the pattern", `{"a":["x"]} {}`, "text after"},
		{"prefix with a number", `{"a":[{"prefix":1}]}`, "prefix needs a text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePattern([]byte(tt.pattern))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
