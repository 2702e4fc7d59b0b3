package iam_test

import (
	"bufio"
	"os"
	"testing"

	"github.com/haetae/haetae/iam"
)

// BenchmarkQuestions decides the questions of the file that HAETAE_IAM_QUESTIONS
// names, each once; scripts/iam-speed.sh makes it. Policies are read before the
// clock starts, as a world reads them once; no answer is kept.
func BenchmarkQuestions(b *testing.B) {
	name := os.Getenv("HAETAE_IAM_QUESTIONS")
	if name == "" {
		b.Skip("HAETAE_IAM_QUESTIONS names no file of questions; scripts/iam-speed.sh makes one")
	}
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	var list []*iam.Question
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		q, _, err := iam.ReadQuestion(in.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, q)
	}
	if err := in.Err(); err != nil {
		b.Fatal(err)
	}
	e := engine(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, q := range list {
			if _, err := e.Decide(q); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/decision")
}
