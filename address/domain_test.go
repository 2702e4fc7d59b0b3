package address

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTheBaseOfANameIsWhatSomebodyRegistered(t *testing.T) {
	for name, want := range map[string]string{
		"a.b.example.co.kr": "example.co.kr", "WWW.Example.com.": "example.com", "example.com": "example.com", "co.kr": "co.kr", "localhost": "localhost", "": "",
		"x.y.duckdns.org": "y.duckdns.org", // a private suffix: each name in it is somebody's
	} {
		if got := Base(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestEntropyIsInBitsForEachByte(t *testing.T) {
	for label, want := range map[string]float64{"": 0, "aaaa": 0, "abab": 1, "abcd": 2, "aabbccdd": 2} {
		if got := Entropy(label); math.Abs(got-want) > 1e-9 {
			t.Errorf("%q: %f, want %f", label, got, want)
		}
	}
}

func TestLettersByChanceAreUnlikelyAndNamesAreNot(t *testing.T) {
	for _, name := range []string{"amazonaws", "microsoft", "haenyeo", "elasticbeanstalk", "registry", "gangnam", "seoulmetro", "cloudfront", "production-database", "googleapis", "secretsmanager", "stackoverflow"} {
		if got := Unlikely(name); got > 5 || got < 2 {
			t.Errorf("%s: %.2f", name, got)
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	over := 0
	for range 1000 {
		b := make([]byte, 14)
		for i := range b {
			b[i] = byte('a' + r.IntN(26))
		}
		if Unlikely(string(b)) > 5 {
			over++
		}
	}
	if over < 950 {
		t.Errorf("%d of 1000 labels of letters by chance are over 5", over)
	}
	if Unlikely("s3") != 0 || Unlikely("") != 0 || Unlikely("123456789") != 0 {
		t.Error("a label of few letters says something")
	}
}
