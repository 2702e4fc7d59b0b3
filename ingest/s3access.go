package ingest

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/haetae/haetae"
)

// s3Columns are those of the table for S3 access logs
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html).
const s3Columns = "bucketowner bucket_name requestdatetime remoteip requester requestid operation key request_uri httpstatus errorcode " +
	"#bytessent #objectsize totaltime turnaroundtime referrer useragent versionid hostid sigv ciphersuite authtype endpoint tlsversion accesspointarn aclrequired"

// s3AccessFormat is what S3 writes of requests
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html).
func s3AccessFormat() Format {
	cols := columns(s3Columns)
	return Format{Log: haetae.S3Access, Title: "S3 server access log", line: s3Line, read: func(in *input, _ *object, text []byte, m *mail) error {
		return in.s3Record(cols, text, m)
	}}
}

// s3Line tells whether a line begins as one of S3 does: owner, bucket, [time].
func s3Line(line []byte) bool {
	owner, rest, _ := bytes.Cut(line, []byte(" "))
	bucket, rest, _ := bytes.Cut(rest, []byte(" "))
	return len(owner) > 0 && len(bucket) >= 3 && len(bucket) <= 63 && len(rest) > 28 && rest[0] == '[' && rest[27] == ']' && rest[3] == '/'
}

// s3Fields cuts a line into its fields. Clients choose what is between quotes, and
// S3 does not escape quotes in it: so the fields around are looked for.
func s3Fields(line []byte) ([][]byte, string) {
	var out [][]byte
	token := func() bool {
		v, rest, ok := bytes.Cut(line, []byte(" "))
		out, line = append(out, v), rest
		return ok && len(v) > 0
	}
	owner, bucket := token(), token()
	if !owner || !bucket || len(line) < 29 || line[0] != '[' || line[27] != ']' {
		return nil, "it does not begin with an owner, a bucket and a time"
	}
	out, line = append(out, line[1:27]), line[29:]
	for range 5 { // remote address, requester, request, operation, key
		if !token() {
			return nil, "it ends before the request"
		}
	}
	// The request ends at a quote that a status comes after.
	if len(line) > 0 && line[0] == '"' {
		end := -1
		for i := 1; i+1 < len(line); i++ {
			if line[i] == '"' && line[i+1] == ' ' && isStatus(line[i+2:]) {
				end = i
				break
			}
		}
		if end < 0 {
			return nil, "it has no status after the request"
		}
		out, line = append(out, line[1:end]), line[end+2:]
	} else if !token() {
		return nil, "it ends in the request"
	}
	for range 6 { // status, error, bytes sent, size, times
		if !token() {
			return nil, "it ends before the user agent"
		}
	}
	// No field after the user agent has quotes.
	last := bytes.LastIndexByte(line, '"')
	if len(line) == 0 || line[0] != '"' || last < 1 {
		return nil, "it has no user agent in quotes"
	}
	quoted := line[1:last]
	line = bytes.TrimLeft(line[last+1:], " ")
	from, agent, ok := bytes.Cut(quoted, []byte(`" "`))
	if !ok {
		return nil, "it has no user agent in quotes"
	}
	return split(line, append(out, from, agent)), ""
}

// isStatus tells whether a text begins with a status of HTTP, or the mark of none.
func isStatus(v []byte) bool {
	if len(v) > 1 && v[0] == '-' && v[1] == ' ' {
		return true
	}
	if len(v) < 4 || v[3] != ' ' {
		return false
	}
	return len(bytes.Trim(v[:3], "0123456789")) == 0
}

// s3Record reads one record.
func (in *input) s3Record(cols []col, text []byte, m *mail) error {
	f, wrong := s3Fields(text)
	if wrong != "" {
		return in.bad("%s", wrong)
	}
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", string(f[2]))
	if err != nil {
		return in.bad("a time of %q", f[2])
	}
	if len(f) > len(cols) {
		in.stats.strange("s3access field 27") // what AWS adds is at the end
	}
	in.buf = rowObject(in.buf, cols, f)
	status, key := string(f[9]), string(f[7])
	e := &haetae.Event{Log: haetae.S3Access, Time: at.UTC(), Actor: s3Requester(string(f[4])), Action: "s3:" + string(f[6]),
		Outcome: httpOutcome(status), Peer: peerOf(string(f[3])), Raw: in.buf}
	// One request that removes many objects is many records.
	if e.ID = string(f[5]); e.ID == "-" {
		e.ID = ""
	} else {
		e.ID += "/" + string(f[6]) + "/" + key
		if len(f) > 17 && string(f[17]) != "-" {
			e.ID += "?versionId=" + string(f[17])
		}
	}
	if code := string(f[10]); code != "-" {
		if e.Error = code; Denied(code, "") {
			e.Outcome = haetae.CallDenied
		}
	}
	if agent := string(f[16]); agent != "-" {
		e.Peer.Agent = agent
	}
	target := "arn:aws:s3:::" + string(f[1])
	if key != "-" {
		target += "/" + s3Key(key)
	}
	e.Targets = []string{target}
	return in.event(e, m)
}

// s3Key is the key of an object, which S3 writes encoded twice.
func s3Key(key string) string {
	for range 2 {
		plain, err := url.PathUnescape(key)
		if err != nil {
			return key
		}
		key = plain
	}
	return strings.ToValidUTF8(key, "\ufffd")
}

// s3Requester is who asked: the ARN of a principal of IAM, the canonical id of an
// account, a service, or nobody that S3 knows.
func s3Requester(text string) haetae.Actor {
	switch {
	case text == "-" || text == "":
		return haetae.Actor{Kind: haetae.AnonymousActor, ID: "anonymous"}
	case strings.HasPrefix(text, "arn:"):
		return principal(text)
	case strings.HasPrefix(text, "svc:"), strings.HasSuffix(text, ".amazonaws.com"), strings.HasPrefix(text, "AmazonS3"):
		name := strings.TrimPrefix(text, "svc:")
		return haetae.Actor{Kind: haetae.ServiceActor, ID: name, Name: name}
	}
	return haetae.Actor{Kind: haetae.AccountActor, ID: text, PrincipalID: text}
}
