package ingest

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

const s3Text = `79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be my-bucket [01/Nov/2026:10:00:00 +0000] 203.0.113.9 arn:aws:sts::111122223333:assumed-role/App/web-1 3E57427F33A59F07 REST.GET.OBJECT folder/a%2520b.txt "GET /my-bucket/folder/a%20b.txt?x=1 HTTP/1.1" 200 - 113 2048 7 5 "https://example.com/" "curl/8.1" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader my-bucket.s3.us-west-1.amazonaws.com TLSV1.2 arn:aws:s3:us-west-1:111122223333:accesspoint/ap Yes`

func TestS3AccessLogs(t *testing.T) {
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s3Text) }
	const role = "role arn:aws:iam::111122223333:role/App as web-1"
	const object = "arn:aws:s3:::my-bucket/folder/a b.txt"
	check(t, haetae.S3Access, []example{
		{name: "a session of a role reads an object", text: s3Text, want: "s3access 2026-11-01T10:00:00Z / | " + role + " | s3:REST.GET.OBJECT | " + object + " | success  | 203.0.113.9 curl/8.1",
			raw: map[string]any{"bucketowner": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", "bucket_name": "my-bucket", "requestdatetime": "01/Nov/2026:10:00:00 +0000", "key": "folder/a%2520b.txt",
				"request_uri": "GET /my-bucket/folder/a%20b.txt?x=1 HTTP/1.1", "httpstatus": "200", "errorcode": "-", "bytessent": 113.0, "referrer": "https://example.com/", "tlsversion": "TLSV1.2", "aclrequired": "Yes",
				"accesspointarn": "arn:aws:s3:us-west-1:111122223333:accesspoint/ap", "endpoint": "my-bucket.s3.us-west-1.amazonaws.com"}},
		{name: "nobody known is denied", text: with("arn:aws:sts::111122223333:assumed-role/App/web-1", "-", `" 200 - 113`, `" 403 AccessDenied 243`),
			want: "s3access 2026-11-01T10:00:00Z / | anonymous anonymous | s3:REST.GET.OBJECT | " + object + " | denied AccessDenied | 203.0.113.9 curl/8.1"},
		{name: "another account asks for what is not there", text: with("arn:aws:sts::111122223333:assumed-role/App/web-1", strings.Repeat("ab", 32), `" 200 - 113`, `" 404 NoSuchKey 243`),
			want: "s3access 2026-11-01T10:00:00Z / | account " + strings.Repeat("ab", 32) + " | s3:REST.GET.OBJECT | " + object + " | failure NoSuchKey | 203.0.113.9 curl/8.1"},
		{name: "a user agent with quotes and spaces", text: with(`"curl/8.1"`, `"a "quoted" agent" 200 - "x"`),
			want: "s3access 2026-11-01T10:00:00Z / | " + role + " | s3:REST.GET.OBJECT | " + object + ` | success  | 203.0.113.9 a "quoted" agent" 200 - "x`,
			raw:  map[string]any{"versionid": "-", "sigv": "SigV4", "referrer": "https://example.com/"}},
		{name: "a request with quotes", text: with("?x=1", `?x="1" y`), want: "s3access 2026-11-01T10:00:00Z / | " + role + " | s3:REST.GET.OBJECT | " + object + " | success  | 203.0.113.9 curl/8.1",
			raw: map[string]any{"request_uri": `GET /my-bucket/folder/a%20b.txt?x="1" y HTTP/1.1`, "httpstatus": "200"}},
		{name: "the lifecycle removes an object", text: with("203.0.113.9 arn:aws:sts::111122223333:assumed-role/App/web-1", "- AmazonS3", "REST.GET.OBJECT", "S3.EXPIRE.OBJECT", `"GET /my-bucket/folder/a%20b.txt?x=1 HTTP/1.1" 200 - 113 2048 7 5 "https://example.com/" "curl/8.1"`, `"-" - - - 2048 - - "-" "-"`),
			want: "s3access 2026-11-01T10:00:00Z / | service AmazonS3 | s3:S3.EXPIRE.OBJECT | " + object + " |   |"},
		{name: "one of before there were signatures in it, with a field of tomorrow at its end", text: s3Text + " us-west-1", want: "s3access 2026-11-01T10:00:00Z / | " + role + " | s3:REST.GET.OBJECT | " + object + " | success  | 203.0.113.9 curl/8.1"},
	})
	h := readKey(t, "k", s3Text+"\n"+with("folder/a%2520b.txt", "other"), ReadOptions{})
	if h.events[0].ID == h.events[1].ID || h.events[0].ID != "3E57427F33A59F07/REST.GET.OBJECT/folder/a%2520b.txt" {
		t.Errorf("many objects of one request: %q, %q", h.events[0].ID, h.events[1].ID)
	}
	for name, text := range map[string]string{
		"it ends before the request":  s3Text[:200],
		"it has no status":            with(` 200 - 113 2048 7 5 "https://example.com/" "curl/8.1" - `, " "),
		"it has no user agent":        with(`"https://example.com/" "curl/8.1"`, "- -"),
		"a time":                      with("01/Nov", "41/Nov"),
		"it ends before the user age": s3Text[:strings.Index(s3Text, " 2048")],
	} {
		if h := readKey(t, "k", s3Text+"\n"+text, ReadOptions{}); h.stats.UnreadRecords != 1 || !strings.Contains(h.stats.Problems[0].Reason, name) {
			t.Errorf("%s: %+v", name, h.stats)
		}
	}
}

func TestKeysOfS3AreDecodedTwice(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "a%2520b": "a b", "a%252520b": "a%20b", "100%": "100%", "%25E2%2582%25AC": "€", "%25ff": "\ufffd", "a+b": "a+b",
	} {
		if got := s3Key(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
