package logs

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// The characters of random texts.
const (
	alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	upper        = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	base32       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	base64s      = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	hexes        = "0123456789abcdef"
)

func random(r *rand.Rand, n int, of string) string {
	b := make([]byte, n)
	var bits uint64
	for i := range b {
		if i%8 == 0 {
			bits = r.Uint64()
		}
		b[i] = of[int(bits&255)*len(of)>>8]
		bits >>= 8
	}
	return string(b)
}

// uuid appends a random UUID.
func uuid(b []byte, r *rand.Rand) []byte {
	hi, lo := r.Uint64()&^0xf000|0x4000, r.Uint64()&^(3<<62)|2<<62
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		if i < 16 {
			b = append(b, hexes[hi>>(60-4*i)&15])
		} else {
			b = append(b, hexes[lo>>(60-4*(i-16))&15])
		}
	}
	return b
}

// raw is JSON that is taken as it is.
type raw string

// quote appends s as a JSON string.
func quote(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexes[c>>4], hexes[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// value appends a value as JSON.
func value(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return quote(b, v)
	case raw:
		return append(b, v...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = quote(b, s)
		}
		return append(b, ']')
	case nil:
		return append(b, "null"...)
	}
	panic(fmt.Sprintf("a %T has no form in JSON here", v))
}

// object is a JSON object of names and values in turn.
func object(pairs ...any) string {
	b := make([]byte, 0, 32*len(pairs))
	b = append(b, '{')
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(quote(b, pairs[i].(string)), ':')
		b = value(b, pairs[i+1])
	}
	return string(append(b, '}'))
}

// nested is an object within another.
func nested(pairs ...any) raw { return raw(object(pairs...)) }

// items is the list that EC2 makes of objects.
func items(all ...raw) raw { return nested("items", list(all...)) }

// list is a JSON array.
func list(all ...raw) raw {
	b := []byte{'['}
	for i, v := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, v...)
	}
	return raw(append(b, ']'))
}

// stamp appends a time with whole seconds, as CloudTrail writes it.
func stamp(b []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05Z")
}

// clock is a time in a layout, in UTC.
func clock(ms int64, layout string) string { return time.UnixMilli(ms).UTC().Format(layout) }
