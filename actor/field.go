package actor

import (
	"bytes"
	"encoding/json"
	"strings"
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
func (o object) field(name string) (found object) {
	o.each(func(key []byte, v object) bool {
		if string(key) != name {
			return true
		}
		found = v
		return false
	})
	return found
}

// each gives the fields of an object in order, until told to stop or until what is
// there is no JSON.
func (o object) each(take func(key []byte, v object) bool) {
	i := space(o, 0)
	if i >= len(o) || o[i] != '{' {
		return
	}
	for i++; ; i++ {
		if i = space(o, i); i >= len(o) || o[i] != '"' {
			return
		}
		end := value(o, i)
		if end < 0 {
			return
		}
		key := o[i+1 : end-1]
		if i = space(o, end); i >= len(o) || o[i] != ':' {
			return
		}
		i = space(o, i+1)
		if end = value(o, i); end < 0 || !take(key, o[i:end]) {
			return
		}
		if i = space(o, end); i >= len(o) || o[i] != ',' {
			return
		}
	}
}

// parts are the values of a record that are asked for, found in one pass.
type parts struct {
	console, shared, answer, ask object
	scope                        object // of userIdentity
	began, delivery, web, root   object // of userIdentity.sessionContext
}

func partsOf(record object) (p parts) {
	record.each(func(key []byte, v object) bool {
		switch string(key) {
		case "sessionCredentialFromConsole":
			p.console = v
		case "sharedEventID":
			p.shared = v
		case "responseElements":
			p.answer = v
		case "requestParameters":
			p.ask = v
		case "userIdentity":
			p.identity(v)
		}
		return true
	})
	return p
}

func (p *parts) identity(who object) {
	who.each(func(key []byte, v object) bool {
		switch string(key) {
		case "inScopeOf":
			p.scope = v
		case "sessionContext":
			v.each(func(key []byte, v object) bool {
				switch string(key) {
				case "attributes":
					p.began = v.field("creationDate")
				case "ec2RoleDelivery":
					p.delivery = v
				case "webIdFederationData":
					p.web = v
				case "assumedRoot":
					p.root = v
				}
				return true
			})
		}
		return true
	})
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
		for i++; i < len(b); {
			n := bytes.IndexByte(b[i:], '"')
			if n < 0 {
				return -1
			}
			// The quote ends the text when an even number of backslashes is before it.
			end, back := i+n, 0
			for end-back > i && b[end-back-1] == '\\' {
				back++
			}
			if i = end + 1; back%2 == 0 {
				return i
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
	for i < len(b) && strings.IndexByte(" \n\t\r,]}:", b[i]) < 0 {
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
