package trail_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae/trail"
)

// bucket is a bucket as CloudTrail fills it: hourly digests of one trail, each
// naming two log files of its hour.
type bucket struct {
	key     *rsa.PrivateKey
	digests []trail.Object
	logs    []trail.Log
}

const (
	account = "111122223333"
	region  = "us-east-1"
	folder  = "AWSLogs/" + account
)

var start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func digestKey(end time.Time, suffix string) string {
	return fmt.Sprintf("%s/CloudTrail-Digest/%s/%s/%s_CloudTrail-Digest_%s_my_trail_%s_%s%s.json.gz", folder, region, end.Format("2006/01/02"), account, region, region, end.Format("20060102T150405Z"), suffix)
}

func logKey(at time.Time, name string) string {
	return fmt.Sprintf("%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", folder, region, at.Format("2006/01/02"), account, region, at.Format("20060102T1504Z"), name)
}

// newBucket makes n hours. Hours of which gap tells have no digest, and the next
// one starts a new chain.
func newBucket(t *testing.T, n int, suffix string, gap func(hour int) bool) *bucket {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b := &bucket{key: key}
	var beforeKey, beforeHash, beforeSign string
	for hour := range n {
		if gap != nil && gap(hour) {
			beforeKey, beforeHash, beforeSign = "", "", ""
			continue
		}
		from, to := start.Add(time.Duration(hour)*time.Hour), start.Add(time.Duration(hour+1)*time.Hour)
		var logs []map[string]string
		for i := range 2 {
			at := from.Add(time.Duration(10+30*i) * time.Minute)
			k, sum := logKey(at, fmt.Sprintf("%s%dx%d", suffix, hour, i)), hash(fmt.Sprint(hour, i))
			b.logs = append(b.logs, trail.Log{Path: k, Sum: sum})
			logs = append(logs, map[string]string{"s3Bucket": "logs", "s3Object": k, "hashValue": sum, "hashAlgorithm": "SHA-256"})
		}
		d := map[string]any{
			"awsAccountId": account, "digestStartTime": from.Format(time.RFC3339), "digestEndTime": to.Format(time.RFC3339),
			"digestS3Bucket": "logs", "digestS3Object": digestKey(to, suffix), "digestPublicKeyFingerprint": "f00d", "digestSignatureAlgorithm": "SHA256withRSA",
			"logFiles": logs,
		}
		if beforeKey != "" {
			d["previousDigestS3Bucket"], d["previousDigestS3Object"] = "logs", beforeKey
			d["previousDigestHashValue"], d["previousDigestHashAlgorithm"], d["previousDigestSignature"] = beforeHash, "SHA-256", beforeSign
		}
		body, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		o := trail.Object{Path: digestKey(to, suffix), Body: body}
		o.Signature = b.sign(t, to.Format(time.RFC3339), o, cmpOr(beforeSign, "null"))
		b.digests = append(b.digests, o)
		beforeKey, beforeHash, beforeSign = o.Path, hash(string(body)), o.Signature
	}
	return b
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// sign signs as the page on custom validation says.
func (b *bucket) sign(t *testing.T, end string, o trail.Object, before string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(end + "\nlogs/" + o.Path + "\n" + hash(string(o.Body)) + "\n" + before))
	raw, err := rsa.SignPKCS1v15(rand.Reader, b.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}

func (b *bucket) keys() trail.Keys { return trail.Keys{"f00d": &b.key.PublicKey} }

func (b *bucket) verify(t *testing.T, keys trail.Keys) *trail.Report {
	t.Helper()
	var list []*trail.Digest
	for _, o := range b.digests {
		d, err := trail.ReadDigest(o)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	return trail.Verify(list, b.logs, keys)
}

func codes(list []trail.Remark) string {
	var out []string
	for _, r := range list {
		out = append(out, string(r.Code))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestVerify(t *testing.T) {
	// unsign takes the metadata away, as a copy to a plain folder does.
	unsign := func(b *bucket) {
		for i := range b.digests {
			b.digests[i].Signature = ""
		}
	}
	for name, c := range map[string]struct {
		gap              func(int) bool
		change           func(*testing.T, *bucket)
		noKeys           bool
		wrong, unchecked string
		proven, good     int
	}{
		"an untouched bucket is proven whole": {proven: 5, good: 10},
		"in a plain folder all digests but the newest are proven by the one after": {
			change: func(_ *testing.T, b *bucket) { unsign(b) }, unchecked: "no-signature", proven: 4, good: 8},
		"without keys nothing is proven, and nothing is wrong": {noKeys: true, unchecked: "no-key no-key no-key no-key no-key"},
		"an altered log file": {
			change: func(_ *testing.T, b *bucket) { b.logs[3].Sum = hash("forged") }, wrong: "log-altered", proven: 5, good: 9},
		"a removed log file": {
			change: func(_ *testing.T, b *bucket) { b.logs = slices.Delete(b.logs, 3, 4) }, wrong: "log-missing", proven: 5, good: 9},
		"a log file in another day's folder": {
			change: func(_ *testing.T, b *bucket) {
				b.logs[3].Path = strings.Replace(b.logs[3].Path, "2026/11/01", "2026/11/02", 1)
			}, wrong: "log-moved", proven: 5, good: 9},
		"a log file that CloudTrail did not deliver": {
			change: func(_ *testing.T, b *bucket) {
				b.logs = append(b.logs, trail.Log{Path: logKey(start.Add(90*time.Minute), "injected"), Sum: hash("x")})
			}, wrong: "log-added", proven: 5, good: 10},
		"a log file so new that its digest may still come": {
			change: func(_ *testing.T, b *bucket) {
				b.logs = append(b.logs, trail.Log{Path: logKey(start.Add(4*time.Hour+30*time.Minute), "late"), Sum: hash("x")})
			}, unchecked: "no-digest", proven: 5, good: 10},
		"a log file of another region, of which no digest was given": {
			change: func(_ *testing.T, b *bucket) {
				b.logs = append(b.logs, trail.Log{Path: strings.ReplaceAll(logKey(start.Add(90*time.Minute), "other"), region, "eu-west-1"), Sum: hash("x")})
			}, unchecked: "no-digest", proven: 5, good: 10},
		"a removed digest leaves its log files without one": {
			change: func(_ *testing.T, b *bucket) { b.digests = slices.Delete(b.digests, 2, 3) },
			wrong:  "digest-missing", unchecked: "no-digest no-digest", proven: 4, good: 8},
		"removed oldest digests are not proof of anything": {
			change:    func(_ *testing.T, b *bucket) { b.digests = b.digests[2:] },
			unchecked: "beginning no-digest no-digest no-digest no-digest", proven: 3, good: 6},
		"a digest altered together with its log file": {
			change: func(_ *testing.T, b *bucket) {
				b.digests[2].Body = []byte(strings.Replace(string(b.digests[2].Body), b.logs[4].Sum, hash("forged"), 1))
				b.logs[4].Sum = hash("forged")
			}, wrong: "digest-altered digest-altered", proven: 4, good: 8},
		"the newest digest altered and signed with the forger's key": {
			change: func(t *testing.T, b *bucket) {
				o := &b.digests[4]
				o.Body = []byte(strings.Replace(string(o.Body), b.logs[8].Sum, hash("forged"), 1))
				b.logs[8].Sum = hash("forged")
				forger, err := rsa.GenerateKey(rand.Reader, 2048)
				if err != nil {
					t.Fatal(err)
				}
				own := b.key
				b.key = forger
				o.Signature = b.sign(t, start.Add(5*time.Hour).Format(time.RFC3339), *o, b.digests[3].Signature)
				b.key = own
			}, wrong: "digest-altered", proven: 4, good: 8},
		"a digest under another one's name": {
			change: func(_ *testing.T, b *bucket) { b.digests[2].Path = b.digests[3].Path },
			wrong:  "digest-moved", proven: 4, good: 8},
		"the same digest found twice is one": {
			change: func(_ *testing.T, b *bucket) { b.digests = append(b.digests, b.digests[1]) }, proven: 5, good: 10},
		"two digests of one key that differ": {
			change: func(_ *testing.T, b *bucket) {
				o := b.digests[1]
				o.Path = "copy/" + o.Path
				o.Body = append([]byte(" "), o.Body...)
				b.digests = append(b.digests, o)
			}, wrong: "digest-twice", proven: 5, good: 10},
		"validation that was off for two hours": {
			gap: func(hour int) bool { return hour == 2 || hour == 3 }, wrong: "gap", proven: 3, good: 6},
		"a signature that is no text of a signature": {
			change: func(_ *testing.T, b *bucket) { b.digests[4].Signature = "zz" }, wrong: "digest-altered", proven: 4, good: 8},
		"an algorithm that is not known": {
			change: func(_ *testing.T, b *bucket) {
				b.digests[4].Body = []byte(strings.Replace(string(b.digests[4].Body), "SHA256withRSA", "SHA512withRSA", 1))
			}, unchecked: "no-method", proven: 4, good: 8},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(t, 5, "", c.gap)
			if c.change != nil {
				c.change(t, b)
			}
			keys := b.keys()
			if c.noKeys {
				keys = nil
			}
			r := b.verify(t, keys)
			if got := codes(r.Wrong); got != c.wrong {
				t.Errorf("wrong: %q, want %q: %+v", got, c.wrong, r.Wrong)
			}
			if got := codes(r.Unchecked); got != c.unchecked {
				t.Errorf("unchecked: %q, want %q: %+v", got, c.unchecked, r.Unchecked)
			}
			if len(r.Chains) != 1 {
				t.Fatalf("%d chains", len(r.Chains))
			}
			if got := r.Chains[0]; got.Proven != c.proven || got.Good != c.good {
				t.Errorf("%d digests and %d log files proven, want %d and %d", got.Proven, got.Good, c.proven, c.good)
			}
			if got := r.Chains[0].Trail; got != "my_trail" {
				t.Errorf("the trail is %q", got)
			}
		})
	}
}

func TestBackfillDigestsAreAChainOfTheirOwnAndNameLateLogFiles(t *testing.T) {
	b, late := newBucket(t, 5, "", nil), newBucket(t, 2, "_backfill", nil)
	late.key = b.key
	for i, o := range late.digests {
		o.Path = digestKey(start.Add(time.Duration(i+1)*time.Hour), "_backfill")
		late.digests[i].Signature = "" // signed again below
	}
	before := "null"
	for i := range late.digests {
		o := &late.digests[i]
		var d map[string]any
		if err := json.Unmarshal(o.Body, &d); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			d["previousDigestSignature"], d["previousDigestHashValue"] = before, hash(string(late.digests[i-1].Body))
		}
		body, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		o.Body = body
		o.Signature = b.sign(t, d["digestEndTime"].(string), *o, before)
		before = o.Signature
	}
	b.digests, b.logs = append(b.digests, late.digests...), append(b.logs, late.logs...)
	r := b.verify(t, b.keys())
	if len(r.Wrong)+len(r.Unchecked) > 0 || len(r.Chains) != 2 || !r.Chains[1].Backfill || r.Chains[1].Proven != 2 || r.Chains[1].Good != 4 {
		t.Errorf("%+v", r)
	}
}

func TestAnyChangedByteOfAnyDigestIsSeen(t *testing.T) {
	whole := newBucket(t, 3, "", nil)
	for i, o := range whole.digests {
		for at := 0; at < len(o.Body); at += 7 {
			b := &bucket{key: whole.key, logs: whole.logs, digests: slices.Clone(whole.digests)}
			body := slices.Clone(o.Body)
			body[at] ^= 1
			b.digests[i].Body = body
			d, err := trail.ReadDigest(b.digests[i])
			if err != nil {
				continue // not a digest any more, which is said
			}
			var list []*trail.Digest
			for k, o := range b.digests {
				if k == i {
					list = append(list, d)
					continue
				}
				x, err := trail.ReadDigest(o)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, x)
			}
			r := trail.Verify(list, b.logs, b.keys())
			proven := 0
			for _, c := range r.Chains {
				proven += c.Proven
			}
			if proven == 3 {
				t.Fatalf("byte %d of digest %d changed from %q to %q, and all is proven", at, i, o.Body[at], body[at])
			}
		}
	}
}

func TestReadKeys(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(der []byte, fingerprint string) string {
		return fmt.Sprintf(`{"PublicKeyList":[{"Value":%q,"Fingerprint":%q,"ValidityStartTime":1.5}]}`, base64.StdEncoding.EncodeToString(der), fingerprint)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(&key.PublicKey)
	for name, c := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"PKCS #1, as AWS documents":    {answer(pkcs1, "a"), []string{"a"}, ""},
		"X.509, as AWS has shown":      {answer(pkix, "a"), []string{"a"}, ""},
		"answers one after the other":  {answer(pkcs1, "a") + "\n" + answer(pkix, "b"), []string{"a", "b"}, ""},
		"something else":               {`{"Trails":[]}`, nil, "no key in it"},
		"an empty file":                {``, nil, "no key in it"},
		"a value that is no key":       {answer([]byte("x"), "a"), nil, "neither PKCS #1 nor X.509"},
		"a value that is not base64":   {`{"PublicKeyList":[{"Value":"%","Fingerprint":"a"}]}`, nil, "base64"},
		"a key without a fingerprint":  {answer(pkcs1, ""), nil, "no Fingerprint"},
		"text that is not JSON at all": {`keys`, nil, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := trail.ReadKeys([]byte(c.text))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range c.want {
				if k := keys[f]; k == nil || k.N.Cmp(key.N) != 0 || big.NewInt(int64(k.E)).Cmp(big.NewInt(int64(key.E))) != 0 {
					t.Errorf("key %s is not the one that was written", f)
				}
			}
		})
	}
}

func TestReadDigestSaysWhatIsWrongWithAFile(t *testing.T) {
	for name, c := range map[string][2]string{
		"not JSON":                   {`x`, "not a digest file"},
		"a log file":                 {`{"Records":[]}`, "lacks digestS3Bucket"},
		"a time that is none":        {`{"digestS3Bucket":"b","digestS3Object":"k","digestPublicKeyFingerprint":"f","digestStartTime":"yesterday"}`, "digestStartTime"},
		"a name that is no digest's": {`{"digestS3Bucket":"b","digestS3Object":"k.json.gz","digestPublicKeyFingerprint":"f","digestStartTime":"2026-11-01T00:00:00Z","digestEndTime":"2026-11-01T01:00:00Z"}`, "not the name of a digest"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trail.ReadDigest(trail.Object{Path: "some/file.json.gz", Body: []byte(c[0])})
			if err == nil || !strings.Contains(err.Error(), c[1]) || !strings.Contains(err.Error(), "some/file.json.gz") {
				t.Errorf("error %v, want %q and the file", err, c[1])
			}
		})
	}
}

func FuzzReadDigest(f *testing.F) {
	key := path.Base(digestKey(start, ""))
	f.Add([]byte(`{"awsAccountId":"1","digestS3Bucket":"b","digestS3Object":"`+key+`","digestPublicKeyFingerprint":"f","digestStartTime":"2026-11-01T00:00:00Z","digestEndTime":"2026-11-01T01:00:00Z","logFiles":[{"s3Object":"x","hashValue":"y"}]}`), "a", "00")
	f.Fuzz(func(t *testing.T, body []byte, name, signature string) {
		d, err := trail.ReadDigest(trail.Object{Path: name, Body: body, Signature: signature})
		if err != nil {
			return
		}
		r := trail.Verify([]*trail.Digest{d, d}, []trail.Log{{Path: name, Sum: signature}}, nil)
		if len(r.Chains) != 1 || r.Chains[0].Proven != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzReadKeys(f *testing.F) {
	f.Add([]byte(`{"PublicKeyList":[{"Value":"AAAA","Fingerprint":"a"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if keys, err := trail.ReadKeys(text); err == nil && len(keys) == 0 {
			t.Error("no error and no key")
		}
	})
}
