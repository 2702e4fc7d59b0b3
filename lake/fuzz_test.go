package lake

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/haetae/haetae"
)

// FuzzShred takes records apart and joins them again: what encoding/json understands of
// both is the same, whatever the record is.
func FuzzShred(f *testing.F) {
	for _, s := range []string{
		`{}`, ` {"eventVersion" : "1" , "x":[{"a":"}"}] } `, `{"userIdentity":{"type":1,"sessionContext":{}}}`, `{"userIdentity":{},"userIdentity":{"type":"a"}}`,
		`{"eventName":"a","eventName":"b"}`, `{"readOnly":true,"managementEvent":"true"}`, `{"requestParameters":"text","responseElements":[]}`,
		`{"a\u0062":1,"event\u004eame":"x"}`, `{"userIdentity":null,"tlsDetails":[]}`, "{\"eventName\":\"\\ud800\"}", `{"timestamp":-0,"severity":1.50}`, `[]`, `{"a"}`, `{"a":}`,
	} {
		f.Add([]byte(s))
	}
	var shapes []*shape
	for _, log := range []haetae.Log{haetae.CloudTrail, haetae.GuardDuty, haetae.ALBAccess} {
		s, err := shapeFor(log)
		if err != nil {
			f.Fatal(err)
		}
		shapes = append(shapes, s)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) || !utf8.Valid(raw) {
			_ = members(raw, func(_, _ []byte) error { return nil }) // it must end
			return
		}
		if raw = bytes.TrimSpace(raw); raw[0] != '{' {
			if err := members(raw, func(_, _ []byte) error { return nil }); err == nil {
				t.Fatalf("%s is no object", raw)
			}
			return
		}
		for _, s := range shapes {
			row := make(parquet.Row, len(s.leaves))
			rest, err := s.shred(row, raw)
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			again, err := s.join(nil, row, rest)
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			sameJSON(t, string(s.table.Log), again, raw)
		}
	})
}
