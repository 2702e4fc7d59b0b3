package actor

import (
	"bytes"
	"encoding/json"
)

// object is a JSON value as it stands in a record. Looking for a field reads only as
// far as that field is, and makes nothing.
type object []byte

// get gives the value at a path of names; nil when there is none, or when the
// record is no JSON there.
func (o object) get(path ...string) object {
	for _, name := range path {
		if o = o.field(name); o == nil {
			return nil
		}
	}
	return o
}

// field gives the value of one field of an object.
func (o object) field(name string) object {
	i := space(o, 0)
	if i >= len(o) || o[i] != '{' {
		return nil
	}
	for i++; ; {
		i = space(o, i)
		if i >= len(o) || o[i] != '"' {
			return nil
		}
		end := value(o, i)
		if end < 0 {
			return nil
		}
		key := o[i+1 : end-1]
		if i = space(o, end); i >= len(o) || o[i] != ':' {
			return nil
		}
		i = space(o, i+1)
		if end = value(o, i); end < 0 {
			return nil
		}
		if string(key) == name {
			return o[i:end]
		}
		if i = space(o, end); i >= len(o) || o[i] != ',' {
			return nil
		}
		i++
	}
}

// text gives a value that is a text, "" for others.
func (o object) text(path ...string) string {
	v := o.get(path...)
	if len(v) < 2 || v[0] != '"' {
		return ""
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}

// is tells whether a value is "true", as a text or not.
func (o object) is(path ...string) bool {
	switch string(o.get(path...)) {
	case "true", `"true"`:
		return true
	}
	return false
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value gives where the value that begins at i ends, -1 when it does not.
func value(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		for i++; i < len(b); i++ {
			switch b[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return -1
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				if i = value(b, i); i < 0 {
					return -1
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return -1
	}
	start := i
	for i < len(b) && !bytes.ContainsRune([]byte(" \n\t\r,]}:"), rune(b[i])) {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// keys gives all access keys that a value holds, in order, wherever they are in it:
// each service puts them in a place of its own.
func (o object) keys() (out []string) {
	const name = `ccessKeyId"` // with an upper or a lower first letter
	for rest := []byte(o); ; {
		i := bytes.Index(rest, []byte(name))
		if i < 0 {
			return out
		}
		rest = rest[i+len(name):]
		j := space(rest, 0)
		if j >= len(rest) || rest[j] != ':' {
			continue
		}
		j = space(rest, j+1)
		if end := value(rest, j); end > 0 {
			if key := object(rest[j:end]).text(); len(key) >= 16 && (key[:4] == "ASIA" || key[:4] == "AKIA") {
				out = append(out, key)
			}
		}
	}
}
