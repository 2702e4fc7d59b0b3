package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/sigma"
)

// TestWhatRecordsHaveIsAFieldThatRulesMayName holds the lists of fields against all
// records of the examples of detections: to say of a rule that it cannot match, when it
// can, is worse than to say nothing.
func TestWhatRecordsHaveIsAFieldThatRulesMayName(t *testing.T) {
	list, err := content.Detections()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[haetae.Log]map[string]bool{}
	var walk func(log haetae.Log, at string, v any)
	walk = func(log haetae.Log, at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, x := range v {
				walk(log, strings.TrimPrefix(at+"."+name, "."), x)
			}
		case []any:
			for _, x := range v {
				walk(log, at, x)
			}
		default:
			if seen[log] == nil {
				seen[log] = map[string]bool{}
			}
			seen[log][at] = true
		}
	}
	for _, d := range list {
		for _, x := range d.Examples {
			for i, r := range x.Records {
				o := ingest.Object{Name: "x", Key: fmt.Sprint(i), Modified: r.Time, Size: int64(len(r.Text)), Body: strings.NewReader(r.Text)}
				var stats ingest.Stats
				err := ingest.ReadObject(t.Context(), o, ingest.ReadOptions{}, &stats, ingest.Taker{Event: func(e *haetae.Event) error {
					var v any
					if err := json.Unmarshal(e.Raw, &v); err != nil {
						return fmt.Errorf("%s: %w", e.Raw, err)
					}
					walk(e.Log, "", v)
					return nil
				}})
				if err != nil {
					t.Fatalf("%s: %v", d.File, err)
				}
			}
		}
	}
	for log, fields := range seen {
		source := fmt.Sprintf("{product: aws, service: %s}", log)
		if log == haetae.EKSAudit {
			source = "{product: kubernetes, service: audit}"
		}
		for field := range fields {
			rules, err := sigma.Parse("r.yml", fmt.Appendf(nil, "title: T\nlogsource: %s\ndetection: {s: {%q: x}, condition: s}\n", source, field))
			if err != nil {
				t.Fatal(err)
			}
			m, err := sigma.Compile(rules.Rules[0], sigma.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if text := detect.Unknown(m, ingest.Fields); text != "" {
				t.Errorf("%s, but one has", text)
			}
		}
	}
	for _, log := range []haetae.Log{haetae.CloudTrail, haetae.EKSAudit, haetae.S3Access, haetae.ALBAccess, haetae.RDSAudit} {
		if len(seen[log]) < 10 {
			t.Errorf("only %d fields of %s were held against the list", len(seen[log]), log)
		}
	}
}

func TestRulesMayBeAboutAllLogsThatAreRead(t *testing.T) {
	for _, f := range ingest.Formats() {
		if !slices.Contains(detect.Logs(), f.Log) {
			t.Errorf("%s is read, and said to be no log", f.Log)
		}
	}
}
