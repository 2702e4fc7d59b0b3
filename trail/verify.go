package trail

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Code says what is wrong, or what could not be checked.
type Code string

// What is wrong: somebody altered, removed, moved or added a file, or CloudTrail
// was off for a time.
const (
	LogAltered    Code = "log-altered"    // its hash is not the digest's
	LogMissing    Code = "log-missing"    // a digest names it
	LogMoved      Code = "log-moved"      // it is elsewhere than the digest says
	LogAdded      Code = "log-added"      // no digest of its time names it
	DigestAltered Code = "digest-altered" // its signature or its hash does not fit
	DigestMissing Code = "digest-missing" // the next one names it
	DigestMoved   Code = "digest-moved"   // it is elsewhere than it says itself
	DigestTwice   Code = "digest-twice"   // two that differ have one name
	Gap           Code = "gap"            // no digest covers the time
)

// What could not be checked.
const (
	NoSignature Code = "no-signature" // metadata of its object, and no later digest repeats it
	NoKey       Code = "no-key"       // the public key is not among the given ones
	NoDigest    Code = "no-digest"    // no digest covers the time of a log file
	NoMethod    Code = "no-method"    // hashed or signed in a way that is not known
	Beginning   Code = "beginning"    // earlier digests were not given
)

// Remark is one thing that is wrong, or could not be checked.
type Remark struct {
	Code   Code   `json:"code"`
	Chain  string `json:"chain,omitempty"`
	File   string `json:"file,omitempty"`
	Detail string `json:"detail"`
}

// Log is a log file as it was found.
type Log struct {
	Path string // below the folder that was given, with slashes
	Sum  string // SHA-256 of the inflated file, hexadecimal
}

// Chain is what was found of one chain.
type Chain struct {
	ChainID
	From, To time.Time // covered, without the gaps
	Digests  int
	Proven   int // digests with a signature of CloudTrail that fits
	Logs     int // files that its digests name
	Good     int // of those, there and with the hash of a proven digest
	Fitting  int // of those, there and with the hash of a digest that is not proven
}

// Report is the result of a verification.
type Report struct {
	Chains    []Chain
	Wrong     []Remark
	Unchecked []Remark
	Logs      int // found
}

// Settling is how long a log file may wait for its digest: CloudTrail delivers
// digests hourly, and within the hour after.
const Settling = 2 * time.Hour

// Verify checks digests against each other and against the public keys, and log
// files against the digests.
func Verify(digests []*Digest, logs []Log, keys Keys) *Report {
	v := &verifier{report: &Report{Logs: len(logs)}, keys: keys, logs: map[string][]Log{}, used: map[string]bool{}}
	for _, l := range logs {
		v.logs[path.Base(l.Path)] = append(v.logs[path.Base(l.Path)], l)
	}
	chains := map[ChainID][]*Digest{}
	for _, d := range digests {
		chains[d.Chain] = append(chains[d.Chain], d)
	}
	ids := make([]ChainID, 0, len(chains))
	for id := range chains {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b ChainID) int { return cmp.Compare(a.String(), b.String()) })
	for _, id := range ids {
		v.chain(id, chains[id])
	}
	v.added(logs)
	return v.report
}

type verifier struct {
	report  *Report
	keys    Keys
	logs    map[string][]Log
	used    map[string]bool // paths of logs that digests name
	covered []span
}

// span is a time of a chain that digests cover.
type span struct {
	ChainID
	from, to time.Time
}

func (v *verifier) wrong(c Code, id ChainID, file, format string, args ...any) {
	v.report.Wrong = append(v.report.Wrong, Remark{c, id.String(), file, fmt.Sprintf(format, args...)})
}

func (v *verifier) unchecked(c Code, id ChainID, file, format string, args ...any) {
	v.report.Unchecked = append(v.report.Unchecked, Remark{c, id.String(), file, fmt.Sprintf(format, args...)})
}

// chain checks one chain from its oldest digest to the newest.
func (v *verifier) chain(id ChainID, list []*Digest) {
	slices.SortStableFunc(list, func(a, b *Digest) int {
		return cmp.Or(a.End.Compare(b.End), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Object.Path, b.Object.Path))
	})
	byKey := map[string]*Digest{}
	list = slices.DeleteFunc(list, func(d *Digest) bool {
		if old := byKey[d.Key]; old != nil {
			if old.sum != d.sum {
				v.wrong(DigestTwice, id, d.Object.Path, "differs from %s, which has the same key", old.Object.Path)
			}
			return true // the same file found twice
		}
		byKey[d.Key] = d
		return false
	})
	after := map[string]*Digest{} // by the key of the digest before
	for _, d := range list {
		after[d.previous.key] = d
	}
	c := Chain{ChainID: id, From: list[0].Start, To: list[len(list)-1].End, Digests: len(list)}
	for i, d := range list {
		if i == 0 {
			v.oldest(d)
		} else {
			v.link(list[i-1], d, byKey)
		}
		good := v.digest(d, after[d.Key])
		if good {
			c.Proven++
		}
		v.covered = append(v.covered, span{id, d.Start, d.End})
		for _, l := range d.Logs {
			c.Logs++
			if v.log(d, l) {
				if good {
					c.Good++
				} else {
					c.Fitting++
				}
			}
		}
	}
	v.report.Chains = append(v.report.Chains, c)
}

// oldest tells that a chain begins before what was given.
func (v *verifier) oldest(d *Digest) {
	if d.previous.key != "" {
		v.unchecked(Beginning, d.Chain, d.Object.Path, "the chain goes on before %s with %s, which was not given", d.Start.UTC().Format(time.RFC3339), d.previous.key)
	}
}

// link checks that a digest follows the one before it.
func (v *verifier) link(before, d *Digest, byKey map[string]*Digest) {
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case d.previous.key == "":
		v.wrong(Gap, d.Chain, d.Object.Path, "a new chain starts at %s; the last one ends at %s: the trail, or its validation, was off", at(d.Start), at(before.End))
	case d.previous.key == before.Key:
		if d.Start.After(before.End) && !d.Chain.Backfill {
			v.wrong(Gap, d.Chain, d.Object.Path, "no digest covers %s to %s", at(before.End), at(d.Start))
		}
	case byKey[d.previous.key] == nil:
		v.wrong(DigestMissing, d.Chain, d.previous.key, "named by %s; what it covers between %s and %s is not checked", d.Object.Path, at(before.End), at(d.Start))
	}
}

// digest checks where a digest is, its hash and its signature, and tells whether
// the signature proves it.
func (v *verifier) digest(d, next *Digest) bool {
	good := true
	if !sameEnd(d.Object.Path, d.Key) {
		v.wrong(DigestMoved, d.Chain, d.Object.Path, "it says that it is s3://%s/%s", d.Bucket, d.Key)
		good = false
	}
	signature := d.Object.Signature
	if next != nil {
		if next.previous.hash != "" && !strings.EqualFold(next.previous.hash, d.sum) {
			v.wrong(DigestAltered, d.Chain, d.Object.Path, "its hash is %s, and %s says %s", d.sum, next.Object.Path, next.previous.hash)
			good = false
		}
		if signature == "" {
			signature = next.previous.signature
		} else if next.previous.signature != "" && !strings.EqualFold(signature, next.previous.signature) {
			v.wrong(DigestAltered, d.Chain, d.Object.Path, "the signature in its metadata is not the one that %s says", next.Object.Path)
			good = false
		}
	}
	key := v.keys[d.fingerprint]
	switch {
	case d.algorithm != "" && d.algorithm != "SHA256withRSA":
		v.unchecked(NoMethod, d.Chain, d.Object.Path, "signed with %s", d.algorithm)
		return false
	case signature == "":
		v.unchecked(NoSignature, d.Chain, d.Object.Path, "the signature is metadata of the object in S3, and no later digest repeats it")
		return false
	case key == nil:
		v.unchecked(NoKey, d.Chain, d.Object.Path, "signed with the key %s, which was not given", d.fingerprint)
		return false
	}
	if err := d.verify(signature, key); err != nil {
		v.wrong(DigestAltered, d.Chain, d.Object.Path, "the signature is not CloudTrail's of this file: %v", err)
		return false
	}
	return good
}

// log checks one log file that a digest names, and tells whether it is there as
// the digest says.
func (v *verifier) log(d *Digest, l LogFile) bool {
	if l.Method != "" && l.Method != "SHA-256" {
		v.unchecked(NoMethod, d.Chain, l.Key, "hashed with %s", l.Method)
		return false
	}
	found := v.logs[path.Base(l.Key)]
	if len(found) == 0 {
		v.wrong(LogMissing, d.Chain, l.Key, "named by %s", d.Object.Path)
		return false
	}
	good := false
	for _, f := range found {
		v.used[f.Path] = true
		switch {
		case !strings.EqualFold(f.Sum, l.Hash):
			v.wrong(LogAltered, d.Chain, f.Path, "its hash is %s, and %s says %s", f.Sum, d.Object.Path, l.Hash)
		case !sameEnd(f.Path, l.Key):
			v.wrong(LogMoved, d.Chain, f.Path, "%s says that it is s3://%s/%s", d.Object.Path, l.Bucket, l.Key)
		default:
			good = true
		}
	}
	return good
}

// added looks for log files that no digest names.
func (v *verifier) added(logs []Log) {
	for _, l := range logs {
		if v.used[l.Path] {
			continue
		}
		account, region, at, ok := nameOf(path.Base(l.Path))
		id := ChainID{Account: account, Region: region}
		if !ok {
			v.unchecked(NoDigest, id, l.Path, "its name tells neither account nor time")
			continue
		}
		// Its name tells when it was delivered, and its digest names it soon after.
		if v.covers(account, region, at, at.Add(Settling)) {
			v.wrong(LogAdded, id, l.Path, "no digest of that time names it")
			continue
		}
		v.unchecked(NoDigest, id, l.Path, "no digest was given for its time and the %d hours after", int(Settling.Hours()))
	}
}

// covers tells whether digests of the account and region cover all of a time.
func (v *verifier) covers(account, region string, from, to time.Time) bool {
	for {
		next := from
		for _, s := range v.covered {
			if !s.Backfill && s.Account == account && s.Region == region && !from.Before(s.from) && s.to.After(next) {
				next = s.to
			}
		}
		if next.After(to) || next.Equal(from) {
			return next.After(to)
		}
		from = next
	}
}

// nameOf reads account_CloudTrail_region_YYYYMMDDTHHmmZ_unique.json.gz
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html#cloudtrail-log-filename-format).
func nameOf(base string) (account, region string, at time.Time, ok bool) {
	parts := strings.Split(base, "_")
	if len(parts) != 5 || parts[1] != "CloudTrail" {
		return "", "", at, false
	}
	at, err := time.Parse("20060102T1504Z", parts[3])
	return parts[0], parts[2], at, err == nil
}

// sameEnd tells whether a path and a key agree as far as both go, part by part.
// What stands before AWSLogs is a prefix of the bucket, or a folder of whoever
// copied it.
func sameEnd(found, key string) bool {
	a, b := parts(found), parts(key)
	n := min(len(a), len(b))
	return slices.Equal(a[len(a)-n:], b[len(b)-n:])
}

func parts(name string) []string {
	list := strings.Split(strings.TrimSuffix(name, ".gz"), "/")
	if i := slices.Index(list, "AWSLogs"); i >= 0 {
		return list[i:]
	}
	return list
}
