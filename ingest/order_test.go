package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

func TestTheTimeThatANameHas(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"AWSLogs/1/CloudTrail/us-east-1/2026/11/10/1_CloudTrail_us-east-1_20261110T0015Z_AbCdEf.json.gz", "2026-11-10T00:15:00Z"},
		{"AWSLogs/1/vpcflowlogs/us-east-1/2026/11/10/1_vpcflowlogs_us-east-1_fl-1_20261110T0005Z_ab12.log.gz", "2026-11-10T00:05:00Z"},
		{"bucket/2026-11-10-09-08-07-ABCDEF0123456789", "2026-11-10T09:08:07Z"},
		{"firehose/aws-waf-logs-x-1-2026-11-10-09-08-07-uuid", "2026-11-10T09:08:07Z"},
		{"logs/2026/11/10/09/part-1.gz", "2026-11-10T09:00:00Z"},
		{"logs/2026/11/10/part-1.gz", "2026-11-10T00:00:00Z"},
		{"logs/2026/13/10/part-1.gz", ""},
		{"logs/2026/02/31/part-1.gz", ""},
		{"plain.json", ""},
	} {
		at, ok := TimeOfName(c.name)
		got := ""
		if ok {
			got = at.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFilesAreReadInTheOrderOfTheirTimes(t *testing.T) {
	dir := t.TempDir()
	record := func(id, at string) string {
		return `{"Records":[{"eventVersion":"1.11","eventID":"` + id + `","eventTime":"` + at + `","eventSource":"s3.amazonaws.com","eventName":"X","awsRegion":"us-east-1","userIdentity":{"type":"Root"},"recipientAccountId":"1","eventCategory":"Management"}]}`
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(record("third", "2026-11-10T03:00:00Z"))); err != nil {
		t.Fatal(err)
	}
	z.Close()
	for name, text := range map[string]string{
		"a/us-east-1/1_CloudTrail_us-east-1_20261110T0400Z_x.json": record("fourth", "2026-11-10T04:00:00Z"),
		"b/1_CloudTrail_eu-west-1_20261110T0100Z_x.json":           record("first", "2026-11-10T01:00:00Z"),
		"c/plain.json":   record("second", "2026-11-10T02:00:00Z"),
		"a/packed.gz":    packed.String(),
		"labels.ndjson":  `{"log":"alb","id":"x#1","file":"x","record":1,"time":"2026-11-15T14:00:00Z","case":"F","step":"s"}` + "\n",
		"z/notatime.txt": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	var s Stats
	err := Read(context.Background(), []string{dir}, ReadOptions{}, &s, Taker{Event: func(e *haetae.Event) error { got = append(got, e.ID); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"first", "second", "third", "fourth"}; !slices.Equal(got, want) || !s.Whole() || s.Passed != 2 {
		t.Errorf("%q, want %q; %+v", got, want, s)
	}
}

func TestFilesOfTheSameNameBelowTwoPathsAreTwo(t *testing.T) {
	one, two := filepath.Join(t.TempDir(), "flows.log"), filepath.Join(t.TempDir(), "flows.log")
	for _, path := range []string{one, two} {
		if err := os.WriteFile(path, []byte("2 111122223333 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1794000000 1794000060 ACCEPT OK\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keys := map[string]bool{}
	var s Stats
	err := Read(context.Background(), []string{one, two}, ReadOptions{}, &s, Taker{Flow: func(f *haetae.Flow) error { keys[f.Key] = true; return nil }})
	if err != nil || len(keys) != 2 {
		t.Errorf("%v %v", keys, err)
	}
}
