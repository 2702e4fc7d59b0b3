package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haetae/haetae/scripts/mototest"
)

// found runs haetae and returns the users of what it found, with what it said.
func found(t *testing.T, args ...string) (users []string, said string) {
	t.Helper()
	var out, err bytes.Buffer
	code := run(t.Context(), append(args, "--output", "ndjson"), strings.NewReader(""), &out, &err)
	if code != exitFound && code != exitOK && code != exitIncomplete {
		t.Fatalf("%s: exit code %d\n%s", args, code, &err)
	}
	for line := range strings.Lines(out.String()) {
		var f struct {
			Rule   string
			Actor  struct{ Name string }
			Events []string
		}
		if e := json.Unmarshal([]byte(line), &f); e != nil {
			t.Fatalf("%s: %v", line, e)
		}
		if f.Rule == "cloudtrail-logging-stopped" {
			users = append(users, f.Events...)
		}
	}
	slices.Sort(users)
	return users, err.String()
}

func TestLogsAreFetchedFromWhereAWSPutsThem(t *testing.T) {
	m := mototest.Start(t, filepath.Join("..", ".."))
	var made struct{ Queue string }
	if err := json.Unmarshal([]byte(m.Run(t, "cmd/haetae/testdata/logsources.py", m.URL)), &made); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ENDPOINT_URL", m.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("HOME", t.TempDir())

	data := t.TempDir()
	all := []string{"s3-by-bridge", "s3-by-sns", "s3-one", "s3-three", "s3-two"}
	if got, said := found(t, "detect", "s3://trail-logs/AWSLogs/", "--data", data); !slices.Equal(got, all) {
		t.Errorf("of the bucket: %q, want %q\n%s", got, all, said)
	}
	if got, said := found(t, "detect", "s3://trail-logs/AWSLogs/", "--data", data); len(got) != 0 {
		t.Errorf("of the bucket once more: %q\n%s", got, said)
	}

	data = t.TempDir()
	told := []string{"s3-by-bridge", "s3-by-sns", "s3-one"}
	got, said := found(t, "detect", "sqs:trail-files", "--data", data)
	if !slices.Equal(got, told) {
		t.Errorf("of the queue: %q, want %q\n%s", got, told, said)
	}
	if !strings.Contains(said, "is left there: it is no JSON") {
		t.Errorf("it does not say what it left in the queue:\n%s", said)
	}
	// Only the message that nobody understands is still there.
	if left := m.Run(t, "cmd/haetae/testdata/queued.py", m.URL, made.Queue); strings.TrimSpace(left) != "1" {
		t.Errorf("%s messages are left", left)
	}

	data = t.TempDir()
	if got, said := found(t, "detect", "logs:trail", "--data", data); !slices.Equal(got, []string{"logs-a", "logs-b"}) {
		t.Errorf("of the log group: %q\n%s", got, said)
	}
	if got, said := found(t, "detect", "logs:trail", "--data", data); len(got) != 0 {
		t.Errorf("of the log group once more: %q\n%s", got, said)
	}
	if _, said := found(t, "detect", "s3://no-such-bucket-here/", "--data", t.TempDir()); !strings.Contains(said, "no-such-bucket-here") {
		t.Errorf("a bucket that is not there: %s", said)
	}
}

// watched is an output that others read while it is written.
type watched struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// until waits for a text.
func (w *watched) until(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for range 600 {
		if m := re.FindStringSubmatch(w.String()); m != nil {
			return m
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not come:\n%s", pattern, w)
	return nil
}

func stopLogging(id string) string {
	return `{"eventVersion":"1.11","eventID":"` + id + `","eventTime":"2026-11-10T01:00:00Z","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","awsRegion":"us-east-1","recipientAccountId":"111122223333","eventType":"AwsApiCall","eventCategory":"Management","userIdentity":{"type":"IAMUser","userName":"` + id + `","arn":"arn:aws:iam::111122223333:user/` + id + `","accountId":"111122223333"}}`
}

func TestLogsThatAreSentAreAnsweredWhenTheyAreStored(t *testing.T) {
	work := t.TempDir()
	t.Setenv("HOME", work)
	token := filepath.Join(work, "token")
	if err := os.WriteFile(token, []byte("a-token-of-some-length\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	logs := filepath.Join(work, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, err watched
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"detect", "http://127.0.0.1:0", logs, "--follow", "--every", "100ms", "--commit", "50ms", "--data", filepath.Join(work, "data"), "--token-file", token, "--output", "ndjson"}, strings.NewReader(""), &out, &err)
	}()
	url := err.until(t, `taking logs at (http://\S+)`)[1]
	send := func(body, bearer string, header ...string) (int, string) {
		t.Helper()
		r, e := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
		if e != nil {
			t.Fatal(e)
		}
		if bearer != "" {
			r.Header.Set("Authorization", "Bearer "+bearer)
		}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, e := http.DefaultClient.Do(r)
		if e != nil {
			t.Fatal(e)
		}
		defer res.Body.Close()
		text, e := io.ReadAll(res.Body)
		if e != nil {
			t.Fatal(e)
		}
		return res.StatusCode, string(text)
	}
	if code, text := send(stopLogging("nobody"), "wrong"); code != http.StatusUnauthorized {
		t.Errorf("without the token: %d %s", code, text)
	}
	for range 2 { // the second time the answer was lost: it counts once
		if code, text := send(stopLogging("sent"), "a-token-of-some-length"); code != http.StatusNoContent {
			t.Errorf("%d %s", code, text)
		}
	}
	if !strings.Contains(out.String(), `"sent"`) {
		out.until(t, `"events":\["sent"\]`)
	}
	delivery := `{"requestId":"r1","timestamp":1,"records":[{"data":"` + base64.StdEncoding.EncodeToString([]byte(stopLogging("hose1"))) + `"},{"data":"` + base64.StdEncoding.EncodeToString([]byte(stopLogging("hose2"))) + `"}]}`
	code, text := send(delivery, "", "X-Amz-Firehose-Request-Id", "r1", "X-Amz-Firehose-Access-Key", "a-token-of-some-length")
	var answer struct {
		RequestID string `json:"requestId"`
		Timestamp int64  `json:"timestamp"`
		Error     string `json:"errorMessage"`
	}
	if e := json.Unmarshal([]byte(text), &answer); e != nil || code != http.StatusOK || answer.RequestID != "r1" || answer.Timestamp == 0 || answer.Error != "" {
		t.Errorf("Firehose: %d %s %v", code, text, e)
	}
	out.until(t, `"hose1"`)
	out.until(t, `"hose2"`)
	// A file that comes while it follows.
	file := filepath.Join(logs, "new.json")
	if e := os.WriteFile(file, []byte(stopLogging("file")+"\n"), 0o600); e != nil {
		t.Fatal(e)
	}
	out.until(t, `"events":\["file"\]`)
	stop()
	if code := <-ended; code != exitFound {
		t.Errorf("exit code %d\n%s", code, &err)
	}
	users, _ := found(t, "detect", "--data", filepath.Join(work, "data"))
	if want := []string{"file", "hose1", "hose2", "sent"}; !slices.Equal(users, want) {
		t.Errorf("stored are %q, want %q", users, want)
	}
	if code := run(t.Context(), []string{"detect", "http://0.0.0.0:0", "--follow", "--data", t.TempDir()}, strings.NewReader(""), &out, &err); code != exitUsage || !strings.Contains(err.String(), "--token-file") {
		t.Errorf("an endpoint for everybody without a token: exit code %d", code)
	}
}
