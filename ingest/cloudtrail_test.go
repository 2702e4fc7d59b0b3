package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haetae/haetae/ingest"
)

// record is one record of CloudTrail.
func record(id string) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","eventTime":"2026-11-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","eventID":%q,"recipientAccountId":"111122223333","userIdentity":{"arn":"arn:aws:iam::111122223333:user/u"},"requestParameters":{"n":12345678901234567890}}`, id)
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wrapped puts a text into messages of messages.
func wrapped(text string, times int) string {
	for range times {
		text = fmt.Sprintf(`{"message":%q}`, text)
	}
	return text
}

func readTrail(t *testing.T, name, text string) (ids string, s ingest.Stats, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var list []string
	err = ingest.CloudTrail(context.Background(), []string{path}, &s, func(r *ingest.TrailRecord) error {
		list = append(list, fmt.Sprintf("%s@%d", r.ID, r.Place.Line))
		if r.Account != "111122223333" || r.Region != "us-east-1" || r.Time.Unix() != 1793527200 || r.Text("userIdentity", "arn") == "" {
			t.Errorf("%+v", r)
		}
		if n := fmt.Sprint(r.Fields()["requestParameters"]); n != "map[n:12345678901234567890]" {
			t.Errorf("a long number became %s", n)
		}
		return nil
	})
	return strings.Join(list, " "), s, err
}

func TestCloudTrailIsReadInEveryFormInWhichItComes(t *testing.T) {
	message := fmt.Sprintf(`{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"1","timestamp":1,"message":%q},{"id":"2","timestamp":2,"message":%q}]}`, record("a"), record("b"))
	for name, c := range map[string]struct{ text, want string }{
		"a file of S3":                              {`{"Records":[` + record("a") + "," + record("b") + `]}`, "a@1 b@2"},
		"a file of S3, packed":                      {packed(t, `{"Records":[`+record("a")+`]}`), "a@1"},
		"packed twice, as Firehose does":            {packed(t, packed(t, `{"Records":[`+record("a")+`]}`)), "a@1"},
		"JSON lines":                                {record("a") + "\n" + record("b") + "\n", "a@1 b@2"},
		"a list":                                    {"[" + record("a") + "]", "a@1"},
		"one record":                                {record("a"), "a@1"},
		"what EventBridge delivers":                 {`{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":` + record("a") + `}`, "a@1"},
		"messages of a subscription":                {message, "a@1 b@2"},
		"messages of a subscription, packed":        {packed(t, message), "a@1 b@2"},
		"what a Lambda function gets of them":       {`{"awslogs":{"data":"` + base64.StdEncoding.EncodeToString([]byte(packed(t, message))) + `"}}`, "a@1 b@2"},
		"the answer of get-log-events":              {fmt.Sprintf(`{"events":[{"timestamp":1,"message":%q}],"nextForwardToken":"x"}`, record("a")), "a@1"},
		"a file of S3 without records":              {`{"Records":[]}`, ""},
		"several files of S3 after each other":      {`{"Records":[` + record("a") + `]}{"Records":[` + record("b") + `]}`, "a@1 b@2"},
		"a file of S3 with a member before and one": {`{"x":1,"Records":[` + record("a") + `],"y":[{"z":2}]}`, "a@1"},
	} {
		t.Run(name, func(t *testing.T) {
			ids, s, err := readTrail(t, "x.json", c.text)
			if err != nil || ids != c.want || !s.Whole() {
				t.Errorf("%q, want %q: %v, %+v", ids, c.want, err, s)
			}
		})
	}
}

func TestWhatOfCloudTrailCannotBeReadIsCountedAndNamed(t *testing.T) {
	for name, c := range map[string]struct {
		text, want, reason string
		files, records     int
	}{
		"a file that ends in the middle":                     {`{"Records":[` + record("a") + `,{"eventTime":`, "a@1", "json: the file ends in the middle", 1, 0},
		"a packed file that ends in the middle":              {packed(t, `{"Records":[`+record("a")+`]}`)[:80], "", "ends in the middle", 1, 0},
		"a record without a name between others":             {`{"Records":[` + record("a") + `,{"eventTime":"2026-11-01T10:00:00Z","eventSource":"s3.amazonaws.com"},` + record("b") + `]}`, "a@1 b@3", "it has no eventName", 0, 1},
		"a record that is no object":                         {`{"Records":[7,` + record("a") + `]}`, "a@2", "a record is an object", 0, 1},
		"a time that is none":                                {strings.Replace(record("a"), "2026-11-01T10:00:00Z", "yesterday", 1), "", "eventTime", 0, 1},
		"a file of something else":                           {`{"Statement":[]}`, "", "no record of CloudTrail", 0, 1},
		"a file that is no JSON":                             {"hello", "", "it is text but no log that haetae reads", 1, 0},
		"a file with a text alone":                           {`"hello"`, "", "no log that haetae reads", 1, 0},
		"an empty file":                                      {"", "", "", 0, 0},
		"a message of something else between records":        {fmt.Sprintf(`{"logEvents":[{"message":"hello"},{"message":%q}]}`, record("a")), "a@2", "it is text but no log", 0, 1},
		"messages packed in each other without an end":       {wrapped("{}", 8), "", "packed in each other", 0, 1},
		"broken UTF-8 is replaced, as encoding/json does it": {strings.Replace(record("a"), "GetObject", "Get\xffObject", 1), "a@1", "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ids, s, err := readTrail(t, "x.json", c.text)
			if err != nil || ids != c.want || s.UnreadFiles != c.files || s.UnreadRecords != c.records {
				t.Errorf("%q, want %q: %v, %+v", ids, c.want, err, s)
			}
			if c.reason != "" && (len(s.Problems) == 0 || !strings.Contains(s.Problems[0].String(), c.reason) || !strings.Contains(s.Problems[0].String(), "x.json")) {
				t.Errorf("problems %v, want %q and the file", s.Problems, c.reason)
			}
		})
	}
}

func TestDigestsAreNoRecordsAndAnErrorOfTheCallerEndsTheReading(t *testing.T) {
	ids, s, err := readTrail(t, "1_CloudTrail-Digest_us-east-1_t_us-east-1_20261101T000000Z.json", `{"digestS3Object":"x"}`)
	if ids != "" || err != nil || !s.Whole() || s.Files != 0 {
		t.Errorf("%q %v %+v", ids, err, s)
	}
	path := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(path, []byte(record("a")+record("b")), 0o644); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	var again ingest.Stats
	n := 0
	if err := ingest.CloudTrail(context.Background(), []string{path}, &again, func(*ingest.TrailRecord) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("%v after %d records", err, n)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if err := ingest.CloudTrail(done, []string{path}, &again, func(*ingest.TrailRecord) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func FuzzCloudTrail(f *testing.F) {
	f.Add(`{"Records":[` + record("a") + `,7]}`)
	f.Add(`{"logEvents":[{"message":"{}"}],"awslogs":{"data":"H4sI"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "x.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var s ingest.Stats
		n := 0
		if err := ingest.CloudTrail(context.Background(), []string{path}, &s, func(r *ingest.TrailRecord) error {
			n++
			if r.Time.IsZero() && r.Text("eventTime") == "" || r.Place.Line == 0 {
				t.Errorf("%+v", r)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n != s.Records || n == 0 && s.Whole() && strings.TrimSpace(text) == "" && s.Passed == 0 {
			t.Errorf("%d records given, %+v", n, s)
		}
	})
}
