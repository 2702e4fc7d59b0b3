package source

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWhatAMessageTellsOf(t *testing.T) {
	direct := `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"2026-11-10T01:02:03.000Z","s3":{"bucket":{"name":"b"},"object":{"key":"a+folder/x%3D1.gz","eTag":"e","size":7}}}]}`
	wrapped, err := json.Marshal(map[string]any{"Type": "Notification", "Message": direct})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, body, want, wrong string }{
		{"S3 itself, whose keys are encoded", direct, "b/a folder/x=1.gz@e 7 2026-11-10T01:02:03Z", ""},
		{"S3 through SNS", string(wrapped), "b/a folder/x=1.gz@e 7 2026-11-10T01:02:03Z", ""},
		{"EventBridge, whose keys are not", `{"detail-type":"Object Created","time":"2026-11-10T01:02:03Z","detail":{"bucket":{"name":"b"},"object":{"key":"a+b","etag":"e","size":7}}}`, "b/a+b@e 7 2026-11-10T01:02:03Z", ""},
		{"an object that was removed", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}`, "", ""},
		{"a test of S3", `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`, "", ""},
		{"something of another service", `{"Records":[{"eventSource":"aws:ses"}]}`, "", "not of S3"},
		{"something else", `{"a":1}`, "", "no notification"},
		{"no JSON", `hello`, "", "no JSON"},
		{"a key that is not encoded well", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%zz"}}}]}`, "", "%zz"},
	} {
		list, err := notified(c.body)
		var got []string
		for _, n := range list {
			got = append(got, fmt.Sprintf("%s/%s@%s %d %s", n.bucket, n.object.key, n.object.etag, n.object.size, n.object.modified.Format(time.RFC3339)))
		}
		if strings.Join(got, " ") != c.want || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %q %v", c.name, got, err)
		}
	}
}

func TestASourceIsToldFromItsForm(t *testing.T) {
	for arg, want := range map[string]string{
		"s3://b/AWSLogs/": "s3://b/AWSLogs/", "sqs:q": "sqs:q", "sqs:arn:aws:sqs:eu-west-1:111122223333:q": "sqs:q",
		"https://sqs.eu-west-1.amazonaws.com/111122223333/q": "sqs:https://sqs.eu-west-1.amazonaws.com/111122223333/q",
		"logs:/aws/eks/c": "logs:/aws/eks/c", "logs:arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/c:*": "logs:/aws/eks/c",
	} {
		s, err := Open(arg, Options{Region: "us-east-1"})
		if err != nil {
			t.Errorf("%s: %v", arg, err)
			continue
		}
		if s.Name() != want {
			t.Errorf("%s is called %s, want %s", arg, s.Name(), want)
		}
		switch x := s.(type) {
		case *queue:
			if strings.Contains(arg, "eu-west-1") && x.region != "eu-west-1" {
				t.Errorf("%s is asked in %s", arg, x.region)
			}
		case *group:
			if strings.Contains(arg, "arn:") && (x.region != "eu-west-1" || x.account != "111122223333") {
				t.Errorf("%s is of %s in %s", arg, x.account, x.region)
			}
		}
	}
	for _, arg := range []string{"s3://", "sqs:", "logs:", "http://127.0.0.1", "http://0.0.0.0:0", "ftp://x"} {
		if _, err := Open(arg, Options{}); err == nil {
			t.Errorf("%s is taken", arg)
		}
	}
	if Is("./folder") || Is("C:\\x") || !Is("s3://b") || Asks("http://127.0.0.1:1") || !Asks("logs:g") {
		t.Error("paths and sources are mixed up")
	}
}

func TestObjectsAreInTheOrderOfTheTimesInTheirKeys(t *testing.T) {
	at := time.Date(2026, 11, 10, 2, 30, 0, 0, time.UTC)
	a, b, c := order(object{key: "z/x_20261110T0100Z_1.gz", modified: at.Add(time.Hour)}), order(object{key: "a/plain.gz", modified: at}), order(object{key: "a/x_20261110T0300Z_1.gz"})
	if a >= b || b >= c {
		t.Errorf("%s, %s, %s", a, b, c)
	}
}

func TestEventsOfAGroupAreWrittenAsASubscriptionDelivers(t *testing.T) {
	g := &group{name: "g", account: "111122223333"}
	event := func(id, stream string) map[string]any {
		return map[string]any{"eventId": id, "logStreamName": stream, "timestamp": int64(1794000000000), "message": "m " + id}
	}
	p, err := g.piece([]map[string]any{event("1", "a"), event("2", "a"), event("3", "b")})
	if err != nil {
		t.Fatal(err)
	}
	body, err := p.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	var got []string
	for dec := json.NewDecoder(body); dec.More(); {
		var d delivery
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(d.MessageType, d.Owner, d.LogGroup, d.LogStream, d.Events))
	}
	want := []string{"DATA_MESSAGE111122223333ga[{1 1794000000000 m 1} {2 1794000000000 m 2}]", "DATA_MESSAGE111122223333gb[{3 1794000000000 m 3}]"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	if p, err := g.piece(nil); p != nil || err != nil {
		t.Errorf("of nothing: %v %v", p, err)
	}
}

func TestAWrongTokenIsNotTaken(t *testing.T) {
	for _, c := range []struct {
		header, value string
		want          bool
	}{{"Authorization", "Bearer secret-of-some-length", true}, {"Authorization", "Bearer other", false}, {"X-Amz-Firehose-Access-Key", "secret-of-some-length", true}, {"Authorization", "", false}} {
		r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(c.header, c.value)
		if got := shown(r) == "secret-of-some-length"; got != c.want {
			t.Errorf("%s: %s: %t", c.header, c.value, got)
		}
	}
}

func FuzzNotified(f *testing.F) {
	f.Add(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k%20","eTag":"e"}}}]}`)
	f.Add(`{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}`)
	f.Add(`{"detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		list, err := notified(body)
		if err != nil && len(list) > 0 {
			t.Errorf("objects and an error: %v", err)
		}
	})
}

func FuzzFirehose(f *testing.F) {
	f.Add(fmt.Appendf(nil, `{"records":[{"data":%q}]}`, base64.StdEncoding.EncodeToString([]byte("a\nb"))))
	f.Add([]byte(`{"records":[{"data":"H4sIAAAA"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := firehose(body)
		if err != nil && out != nil {
			t.Errorf("a body and an error: %v", err)
		}
	})
}
