package wildcard

import (
	"fmt"
	"strings"
	"testing"
)

func TestMatchAllocatesNothing(t *testing.T) {
	for _, p := range []*Pattern{Compile("arn:aws:s3:::b/*"), Compile("*-a-*-b?"), CompileFold("S3:*obj?ct*")} {
		if n := testing.AllocsPerRun(100, func() { p.Match("arn:aws:s3:::b/some/key-a-x-bc") }); n != 0 {
			t.Errorf("%s allocates %v times", p, n)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	const text = "arn:aws:s3:::analytics-prod-eu-west-1/2026/11/25/part-00042.parquet"
	for _, c := range []struct {
		name string
		p    *Pattern
	}{
		{"exact", Literal(text)},
		{"prefix", Compile("arn:aws:s3:::analytics-prod-*")},
		{"suffix", Compile("*.parquet")},
		{"infix", Compile("*-prod-*")},
		{"three parts", Compile("arn:aws:s3:::*-prod-*/2026/*.parquet")},
		{"question marks", Compile("arn:aws:s3:::*/????/??/*.parquet")},
		{"folded", CompileFold("ARN:aws:s3:::*-PROD-*/2026/*")},
		{"no match", Compile("arn:aws:s3:::other-*")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.p.Match(text)
			}
		})
	}
}

// BenchmarkBlowUp are questions whose eager automata have exponentially many
// states: "*a" with k times "?" has 2^(k+1), a union of n infix patterns grows
// with the product of their lengths.
func BenchmarkBlowUp(b *testing.B) {
	tail := Compile("*a" + strings.Repeat("?", 16))
	var infixes []*Pattern
	for i := range 24 {
		infixes = append(infixes, Compile(fmt.Sprintf("*-%c%c-*-data/*", 'a'+i, 'b'+i)))
	}
	narrow := Compile("arn:aws:s3:::*-kl-*-data/logs/*")
	loose := append([]*Pattern{}, infixes[:6]...)
	all, none := entangled(5)
	for _, c := range []struct {
		name      string
		all, none []*Pattern
	}{
		{"far question marks, covered", []*Pattern{Compile("x*a" + strings.Repeat("?", 16))}, []*Pattern{tail}},
		{"far question marks, not covered", []*Pattern{Compile("*a*")}, []*Pattern{tail}},
		{"far question marks from both ends", []*Pattern{tail}, []*Pattern{Compile("*b" + strings.Repeat("?", 15)), Compile("*a" + strings.Repeat("?", 15))}},
		{"union of 24 infixes, covered", []*Pattern{narrow}, infixes},
		{"union of 24 infixes, not covered", []*Pattern{Compile("arn:aws:s3:::*-data/*")}, infixes},
		{"meeting of six infixes", loose, nil},
		{"meeting of four infixes minus the rest", loose[:4], infixes[4:]},
		{"covered by three together", all, none},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Find(c.all, c.none, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCovers(b *testing.B) {
	b.ReportAllocs()
	p, q := Compile("arn:aws:s3:::*-prod-*/2026/*"), Compile("arn:aws:s3:::analytics-prod-eu/2026/11/*")
	for b.Loop() {
		if ok, err := Covers(p, q, 0); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
