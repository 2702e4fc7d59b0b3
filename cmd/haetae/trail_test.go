package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae/scripts/mototest"
)

// copyOfTrail writes a copy of a trail's bucket, three hours with a log file each,
// and its public keys.
func copyOfTrail(t *testing.T) (dir, keys string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	write := func(name string, body []byte) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, z.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	start := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	before, signed := map[string]string{"signature": "null"}, map[string]string{}
	for hour := range 3 {
		from, to := start.Add(time.Duration(hour)*time.Hour), start.Add(time.Duration(hour+1)*time.Hour)
		log := fmt.Sprintf("AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/01/111122223333_CloudTrail_us-east-1_%s_u%d.json.gz", from.Add(15*time.Minute).Format("20060102T1504Z"), hour)
		records := fmt.Appendf(nil, `{"Records":[{"eventID":"%d"}]}`, hour)
		write(log, records)
		name := fmt.Sprintf("AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/11/01/111122223333_CloudTrail-Digest_us-east-1_main_us-east-1_%s.json.gz", to.Format("20060102T150405Z"))
		d := map[string]any{"awsAccountId": "111122223333", "digestStartTime": from.Format(time.RFC3339), "digestEndTime": to.Format(time.RFC3339),
			"digestS3Bucket": "trail-bucket", "digestS3Object": name, "digestPublicKeyFingerprint": "f", "digestSignatureAlgorithm": "SHA256withRSA",
			"logFiles": []any{map[string]any{"s3Bucket": "trail-bucket", "s3Object": log, "hashValue": sum(records), "hashAlgorithm": "SHA-256"}}}
		if hour > 0 {
			d["previousDigestS3Bucket"], d["previousDigestS3Object"] = "trail-bucket", before["name"]
			d["previousDigestHashValue"], d["previousDigestSignature"] = before["sum"], before["signature"]
		}
		body, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		write(name, body)
		text := sha256.Sum256([]byte(strings.Join([]string{to.Format(time.RFC3339), "trail-bucket/" + name, sum(body), before["signature"]}, "\n")))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, text[:])
		if err != nil {
			t.Fatal(err)
		}
		signed[name] = hex.EncodeToString(signature)
		before = map[string]string{"name": name, "sum": sum(body), "signature": hex.EncodeToString(signature)}
	}
	keys = filepath.Join(t.TempDir(), "keys.json")
	signatures, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(keys), "signatures.json"), signatures, 0o644); err != nil {
		t.Fatal(err)
	}
	answer := fmt.Sprintf(`{"PublicKeyList": [{"Value": %q, "Fingerprint": "f"}]}`, base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&key.PublicKey)))
	if err := os.WriteFile(keys, []byte(answer), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, keys
}

func TestTrailVerify(t *testing.T) {
	logs := "AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/01/"
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		noKeys bool
		code   int
		want   []string
	}{
		"a copy of an untouched bucket, of which the newest digest has no signature": {
			code: exitIncomplete, want: []string{"main   2026-11-01 10:00  2026-11-01 13:00  3        2       3          2       1", "no-signature", "Nothing is wrong, but not all could be checked."}},
		"without keys nothing is proven": {noKeys: true, code: exitIncomplete, want: []string{"no-key", "3        0       3          0       3"}},
		"an altered log file": {
			change: func(t *testing.T, dir string) {
				if err := os.WriteFile(filepath.Join(dir, logs+"111122223333_CloudTrail_us-east-1_20261101T1015Z_u0.json.gz"), []byte(`{"Records":[]}`), 0o644); err != nil {
					t.Fatal(err)
				}
			}, code: exitFound, want: []string{"log-altered", "1 things are wrong"}},
		"a removed log file": {
			change: func(t *testing.T, dir string) {
				if err := os.Remove(filepath.Join(dir, logs+"111122223333_CloudTrail_us-east-1_20261101T1015Z_u0.json.gz")); err != nil {
					t.Fatal(err)
				}
			}, code: exitFound, want: []string{"log-missing"}},
		"an added log file": {
			change: func(t *testing.T, dir string) {
				if err := os.WriteFile(filepath.Join(dir, logs+"111122223333_CloudTrail_us-east-1_20261101T1020Z_bad.json.gz"), []byte(`{"Records":[]}`), 0o644); err != nil {
					t.Fatal(err)
				}
			}, code: exitFound, want: []string{"log-added", "no digest of that time names it"}},
		"files that are broken are named": {
			change: func(t *testing.T, dir string) {
				for file, text := range map[string]string{
					"x/111122223333_CloudTrail-Digest_us-east-1_main_us-east-1_20261101T150000Z.json.gz": "{}",
					"x/111122223333_CloudTrail_us-east-1_20261101T1320Z_cut.json.gz":                     "\x1f\x8b\x08",
					"notes.txt": "",
				} {
					path := filepath.Join(dir, file)
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}, code: exitIncomplete, want: []string{"Not read: 2 files", "20261101T150000Z.json.gz: not a digest file", "_cut.json.gz: ", "1 files of other names"}},
		"log files without any digest": {
			change: func(t *testing.T, dir string) {
				if err := os.RemoveAll(filepath.Join(dir, "AWSLogs/111122223333/CloudTrail-Digest")); err != nil {
					t.Fatal(err)
				}
			}, code: exitIncomplete, want: []string{"There is no digest", "no-digest"}},
		"a folder without files of CloudTrail": {
			change: func(t *testing.T, dir string) {
				if err := os.RemoveAll(filepath.Join(dir, "AWSLogs")); err != nil {
					t.Fatal(err)
				}
			}, code: exitUsage, want: []string{"no digest and no log file"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, keys := copyOfTrail(t)
			if c.change != nil {
				c.change(t, dir)
			}
			args := []string{"trail", "verify", dir, "--keys", keys}
			if c.noKeys {
				args = args[:3]
			}
			var out, errs bytes.Buffer
			code := run(context.Background(), args, strings.NewReader(""), &out, &errs)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, text := range c.want {
				if !strings.Contains(out.String()+errs.String(), text) {
					t.Errorf("%q is not in\n%s%s", text, out.String(), errs.String())
				}
			}
		})
	}
	dir, keys := copyOfTrail(t)
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"trail", "verify", dir, "--keys", keys, "--output", "json"}, strings.NewReader(""), &out, &errs); code != exitIncomplete {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	var j trailJSON
	if err := json.Unmarshal(out.Bytes(), &j); err != nil || len(j.Chains) != 1 || j.Chains[0].Proven != 2 || len(j.Wrong) != 0 || len(j.Unchecked) != 1 {
		t.Errorf("%v: %s", err, out.String())
	}
	for _, bad := range [][]string{{"trail", "verify"}, {"trail", "verify", dir, "--keys", filepath.Join(dir, "none")}, {"trail", "verify", filepath.Join(dir, "none")}} {
		out.Reset()
		if code := run(context.Background(), bad, strings.NewReader(""), &out, &errs); code != exitUsage {
			t.Errorf("%v: exit code %d", bad, code)
		}
	}
}

func TestATrailIsVerifiedInItsBucket(t *testing.T) {
	m := mototest.Start(t, filepath.Join("..", ".."))
	dir, keys := copyOfTrail(t)
	m.Run(t, "cmd/haetae/testdata/trailbucket.py", m.URL, dir, filepath.Join(filepath.Dir(keys), "signatures.json"))
	t.Setenv("AWS_ENDPOINT_URL", m.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("HOME", t.TempDir())
	for _, c := range []struct {
		from string
		code int
		said string
	}{
		{dir, exitIncomplete, "the signature is metadata of the object in S3"},
		{"s3://trail-bucket/AWSLogs/", exitOK, ""},
		{"sqs:queue", exitUsage, "a folder or s3://BUCKET/PREFIX is meant"},
	} {
		var out, err bytes.Buffer
		code := run(t.Context(), []string{"trail", "verify", c.from, "--keys", keys}, strings.NewReader(""), &out, &err)
		if code != c.code || !strings.Contains(out.String()+err.String(), c.said) {
			t.Errorf("%s: exit code %d, want %d\n%s%s", c.from, code, c.code, &out, &err)
		}
	}
}
