package trail

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// Object is a digest file as it was found.
type Object struct {
	// Path is where it was found below the folder that was given, with slashes. It
	// must be the end of the key that the digest gives itself.
	Path      string
	Body      []byte // inflated
	Signature string // of its metadata, hexadecimal; "" when that was not there
}

// Digest is a digest file that was read. It is immutable.
type Digest struct {
	Object Object
	Chain  ChainID
	Bucket string
	Key    string
	Start  time.Time
	End    time.Time
	Logs   []LogFile

	end         string // as written: it is signed so
	sum         string
	fingerprint string
	algorithm   string
	previous    previous
}

// previous is what a digest says of the one before; a chain starts without key.
type previous struct {
	bucket, key, hash, signature string
}

// ChainID names a chain of digests.
type ChainID struct {
	Account, Region, Trail string
	// Backfill digests name log files that came late, in a chain of their own.
	Backfill bool
}

// String is for people.
func (c ChainID) String() string {
	text := strings.TrimSpace(c.Account + " " + c.Region + " " + c.Trail)
	if c.Backfill {
		text += " (backfill)"
	}
	return text
}

// LogFile is a log file that a digest names.
type LogFile struct {
	Bucket string `json:"s3Bucket"`
	Key    string `json:"s3Object"`
	Hash   string `json:"hashValue"` // SHA-256 of the inflated file, hexadecimal
	Method string `json:"hashAlgorithm"`
}

// ReadDigest reads a digest file.
func ReadDigest(o Object) (*Digest, error) {
	var j struct {
		Account     string    `json:"awsAccountId"`
		Start       string    `json:"digestStartTime"`
		End         string    `json:"digestEndTime"`
		Bucket      string    `json:"digestS3Bucket"`
		Key         string    `json:"digestS3Object"`
		Fingerprint string    `json:"digestPublicKeyFingerprint"`
		Algorithm   string    `json:"digestSignatureAlgorithm"`
		PrevBucket  string    `json:"previousDigestS3Bucket"`
		PrevKey     string    `json:"previousDigestS3Object"`
		PrevHash    string    `json:"previousDigestHashValue"`
		PrevSign    string    `json:"previousDigestSignature"`
		Logs        []LogFile `json:"logFiles"`
	}
	if err := json.Unmarshal(o.Body, &j); err != nil {
		return nil, fmt.Errorf("%s: not a digest file: %w", o.Path, err)
	}
	d := &Digest{Object: o, Bucket: j.Bucket, Key: j.Key, Logs: j.Logs, end: j.End, fingerprint: j.Fingerprint, algorithm: j.Algorithm,
		previous: previous{j.PrevBucket, j.PrevKey, j.PrevHash, j.PrevSign}}
	if j.Bucket == "" || j.Key == "" || j.Fingerprint == "" {
		return nil, fmt.Errorf("%s: not a digest file: it lacks digestS3Bucket, digestS3Object or digestPublicKeyFingerprint", o.Path)
	}
	var err error
	if d.Start, err = time.Parse(time.RFC3339, j.Start); err != nil {
		return nil, fmt.Errorf("%s: digestStartTime: %w", o.Path, err)
	}
	if d.End, err = time.Parse(time.RFC3339, j.End); err != nil {
		return nil, fmt.Errorf("%s: digestEndTime: %w", o.Path, err)
	}
	sum := sha256.Sum256(o.Body)
	d.sum = hex.EncodeToString(sum[:])
	if d.Chain, err = chainOf(j.Account, j.Key); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	return d, nil
}

// chainOf reads account_CloudTrail-Digest_region_trail_homeregion_time[_backfill].json.gz.
// A trail's name may have underscores, regions have none.
func chainOf(account, key string) (ChainID, error) {
	name, _ := strings.CutSuffix(strings.TrimSuffix(path.Base(key), ".gz"), ".json")
	c := ChainID{Account: account}
	name, c.Backfill = strings.CutSuffix(name, "_backfill")
	_, rest, ok := strings.Cut(name, "_CloudTrail-Digest_")
	parts := strings.Split(rest, "_")
	if !ok || len(parts) < 4 {
		return c, fmt.Errorf("digestS3Object %q is not the name of a digest file", key)
	}
	c.Region, c.Trail = parts[0], strings.Join(parts[1:len(parts)-2], "_")
	return c, nil
}

// signed is the text that CloudTrail signs.
func (d *Digest) signed() string {
	before := d.previous.signature
	if d.previous.key == "" {
		before = "null"
	}
	return strings.Join([]string{d.end, d.Bucket + "/" + d.Key, d.sum, before}, "\n")
}

// Keys are public keys of CloudTrail by their fingerprints.
type Keys map[string]*rsa.PublicKey

// ReadKeys reads what `aws cloudtrail list-public-keys` prints; several answers
// may follow each other. AWS documents PKCS #1, and has shown keys in the form of
// X.509: both are read.
func ReadKeys(text []byte) (Keys, error) {
	keys := Keys{}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	for dec.More() {
		var j struct {
			List []struct {
				Value       string `json:"Value"`
				Fingerprint string `json:"Fingerprint"`
			} `json:"PublicKeyList"`
		}
		if err := dec.Decode(&j); err != nil {
			return nil, err
		}
		for i, k := range j.List {
			der, err := base64.StdEncoding.DecodeString(k.Value)
			if err != nil {
				return nil, fmt.Errorf("key %d: Value: %w", i+1, err)
			}
			if k.Fingerprint == "" {
				return nil, fmt.Errorf("key %d has no Fingerprint", i+1)
			}
			if keys[k.Fingerprint], err = publicKey(der); err != nil {
				return nil, fmt.Errorf("key %s: %w", k.Fingerprint, err)
			}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("no key in it: it should be what aws cloudtrail list-public-keys prints, with PublicKeyList")
	}
	return keys, nil
}

func publicKey(der []byte) (*rsa.PublicKey, error) {
	if k, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return k, nil
	}
	any, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("neither PKCS #1 nor X.509: %w", err)
	}
	k, ok := any.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("not an RSA key")
	}
	return k, nil
}

// verify tells whether a signature is CloudTrail's of the digest.
func (d *Digest) verify(signature string, key *rsa.PublicKey) error {
	raw, err := hex.DecodeString(signature)
	if err != nil {
		return fmt.Errorf("the signature is not hexadecimal: %w", err)
	}
	sum := sha256.Sum256([]byte(d.signed()))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw)
}
