package lake

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"
)

// errJSON says that a text is no object of JSON.
var errJSON = errors.New("the record is no object of JSON")

// members gives the members of an object of JSON to take, in their order: the name as it
// stands between its quotes, and the value. The object is taken to be valid; of one that
// is not, an error is certain only where its members cannot be told apart.
func members(raw []byte, take func(name, value []byte) error) error {
	i := blanks(raw, 0)
	if i == len(raw) || raw[i] != '{' {
		return errJSON
	}
	for i++; ; {
		i = blanks(raw, i)
		if i < len(raw) && raw[i] == ',' {
			i = blanks(raw, i+1)
		}
		if i < len(raw) && raw[i] == '}' {
			if blanks(raw, i+1) != len(raw) {
				return errJSON
			}
			return nil
		}
		from := i + 1
		end := value(raw, i)
		if end < 0 || raw[i] != '"' {
			return errJSON
		}
		name := raw[from : end-1]
		if i = blanks(raw, end); i == len(raw) || raw[i] != ':' {
			return errJSON
		}
		i = blanks(raw, i+1)
		if end = value(raw, i); end < 0 {
			return errJSON
		}
		if err := take(name, raw[i:end]); err != nil {
			return err
		}
		i = end
	}
}

// blanks is where the first byte is that is no white space.
func blanks(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// value is where the value that begins at i ends, -1 when it does not.
func value(raw []byte, i int) int {
	if i >= len(raw) {
		return -1
	}
	switch raw[i] {
	case '"':
		return text(raw, i)
	case '{', '[':
		depth := 0
		for i < len(raw) {
			switch raw[i] {
			case '"':
				if i = text(raw, i); i < 0 {
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
	case ',', ':', '}', ']':
		return -1
	}
	for i < len(raw) && bytes.IndexByte([]byte(",}] \n\r\t"), raw[i]) < 0 {
		i++
	}
	return i
}

// text is where the string that begins at i ends, -1 when it does not.
func text(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// unquoted is the text of a string of JSON; ok is false when it is none.
func unquoted(v []byte) (out []byte, ok bool) {
	if len(v) < 2 || v[0] != '"' {
		return nil, false
	}
	if in := v[1 : len(v)-1]; bytes.IndexByte(in, '\\') < 0 {
		return in, true
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// appendQuoted writes a text as a string of JSON.
func appendQuoted(to, v []byte) []byte {
	const hex = "0123456789abcdef"
	to = append(to, '"')
	for _, b := range v {
		switch {
		case b == '"' || b == '\\':
			to = append(to, '\\', b)
		case b < ' ':
			to = append(to, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			to = append(to, b)
		}
	}
	return append(to, '"')
}

// appendMember writes a member of an object that was begun. The name is as it stands
// between its quotes.
func appendMember(to, name, value []byte) []byte {
	if len(to) > 0 && to[len(to)-1] != '{' {
		to = append(to, ',')
	}
	to = append(append(append(to, '"'), name...), '"', ':')
	return append(to, value...)
}

// whole tells whether a number of JSON is one that an int64 has exactly.
func whole(v []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || n == 0 && len(v) > 1 {
		return 0, false
	}
	return n, true
}

// decimal is the float64 nearest to a number of JSON, exact when writing it gives the
// same number again.
func decimal(v []byte) (f float64, exact, ok bool) {
	if len(v) == 0 || v[0] != '-' && (v[0] < '0' || v[0] > '9') {
		return 0, false, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return 0, false, false
	}
	plain := v
	if bytes.IndexByte(v, '.') >= 0 && bytes.IndexByte(v, 'e') < 0 && bytes.IndexByte(v, 'E') < 0 {
		plain = bytes.TrimRight(bytes.TrimRight(v, "0"), ".")
	}
	return f, string(strconv.AppendFloat(nil, f, 'f', -1, 64)) == string(plain), true
}

// normal is an object of JSON in which no member comes twice (the last one counts, as
// for all who read JSON) and all text is UTF-8.
func normal(raw []byte) ([]byte, error) {
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("\ufffd"))
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil || o == nil {
		return nil, errors.Join(errJSON, err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(o); err != nil {
		return nil, errors.Join(errJSON, err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
