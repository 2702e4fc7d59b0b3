package address

import (
	_ "embed"
	"math"
	"strings"

	"golang.org/x/net/publicsuffix"
)

//go:embed bigrams.txt
var bigrams string

// Base is the domain that somebody registered, of a name in it: "example.co.kr" for
// "a.b.example.co.kr". A name that is itself a public suffix, or is of none, is
// returned as it is.
func Base(name string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	base, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return name
	}
	return base
}

// Entropy is how many bits each byte of a label carries: 0 when all are the same,
// at most the logarithm of its length. Text has 2.5 to 3.5, an encoded label of 40
// bytes and more over 4.
func Entropy(label string) float64 {
	var count [256]int
	for i := range len(label) {
		count[label[i]]++
	}
	var out float64
	n := float64(len(label))
	for _, c := range count {
		if c > 0 {
			p := float64(c) / n
			out -= p * math.Log2(p)
		}
	}
	return out
}

// letters are what bigrams.txt has rows and columns for: an end of a word first, then
// letters, then any digit.
const letters = "^abcdefghijklmnopqrstuvwxyz0"

// Unlikely is how surprising a label is to who knows words of English and Korean in
// Latin letters: the mean number of bits that each of its letters costs after the
// one before it, ends counted. Words and names made of words have 3 to 5, letters by
// chance 6 and more. Labels of fewer than six letters say too little and have 0.
func Unlikely(label string) float64 {
	label = strings.ToLower(label)
	const width = len(letters)
	before, n, count := 0, 0, 0
	var sum float64
	cost := func(to int) {
		// Each cost is one character: a quarter of a bit for each step from '!'.
		sum += float64(bigrams[before*(width+1)+to]-'!') / 4
		before = to
		n++
	}
	for i := range len(label) {
		switch c := label[i]; {
		case c >= 'a' && c <= 'z':
			cost(int(c-'a') + 1)
			count++
		case c >= '0' && c <= '9':
			cost(width - 1)
		default: // '-' and '_' part words
			if before != 0 {
				cost(0)
			}
		}
	}
	if before != 0 {
		cost(0)
	}
	if count < 6 {
		return 0
	}
	return sum / float64(n)
}
