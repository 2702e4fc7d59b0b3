package actor

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestFieldsAreFoundWhereTheyAre(t *testing.T) {
	const record = ` { "a" : "x\"y" , "b": {"c":[1,{"d":"no"}],"d" : "yes","t":true,"s":"true","n":null} ,"e":"안녕\u0021", "k":{"AccessKeyId":"AKIA0000000000000000","x":[{"accessKeyId" : "ASIA0000000000000000"}],"y":"accessKeyId"} }`
	o := object(record)
	for _, c := range []struct {
		path []string
		want string
	}{{[]string{"a"}, `x"y`}, {[]string{"b", "d"}, "yes"}, {[]string{"d"}, ""}, {[]string{"e"}, "안녕!"}, {[]string{"b", "c"}, ""}, {[]string{"a", "b"}, ""}, {[]string{"none"}, ""}} {
		if got := o.text(c.path...); got != c.want {
			t.Errorf("%v: %q, want %q", c.path, got, c.want)
		}
	}
	if !o.is("b", "t") || !o.is("b", "s") || o.is("b", "n") || o.is("b") {
		t.Error("true and what is not")
	}
	if got := o.get("k").keys(); len(got) != 2 || got[0] != "AKIA0000000000000000" || got[1] != "ASIA0000000000000000" {
		t.Errorf("keys %v", got)
	}
}

// FuzzField compares with encoding/json: what is JSON is read alike, and what is
// not is survived.
func FuzzField(f *testing.F) {
	for _, s := range []string{`{"a":{"b":"c"}}`, `{"a":[{"b":1}],"x":"\u0041"}`, `{"a":`, `{"accessKeyId":"ASIA0000000000000000"}`, `{"a" : -1.5e3 , "b":"\\"}`} {
		f.Add([]byte(s), "a")
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		o := object(data)
		got := o.field(name)
		o.keys()
		o.text(name, "b")
		var m map[string]json.RawMessage
		if json.Unmarshal(data, &m) != nil || bytes.Contains(data, []byte{'\\'}) {
			return // names with escapes are not looked for
		}
		want, ok := m[name]
		if !ok {
			if got != nil && utf8.ValidString(name) && utf8.Valid(data) {
				t.Errorf("%q of %q is %q, and there is none", name, data, got)
			}
			return
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.Token()
		n := 0
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return
			}
			if k == name {
				n++
			}
			var v json.RawMessage
			if dec.Decode(&v) != nil {
				return
			}
		}
		if n == 1 && string(bytes.TrimSpace(want)) != string(got) {
			t.Errorf("%q of %q is %q, want %q", name, data, got, want)
		}
	})
}
