package network_test

import (
	"testing"

	"github.com/haetae/haetae/network"
)

// FuzzParseQuestion reads any line as a question: what is read can be asked.
func FuzzParseQuestion(f *testing.F) {
	for _, c := range handCases[:10] {
		f.Add(c.ask)
	}
	for _, s := range []string{`{"id": 1, "src": {"address": "10.0.0.0/8", "via": "vgw-1"}, "dst": "internet", "proto": 58, "icmp": {"type": 128}}`, `{"src":"tag:a=b","dst":"x","port":"1-2","srcPort":5,"quantifier":"all"}`, `null`, `[]`} {
		f.Add(s)
	}
	w := resources(f, base).world(f)
	f.Fuzz(func(t *testing.T, line string) {
		q, err := network.ParseQuestion([]byte(line))
		if err != nil {
			return
		}
		a, err := w.Reach(q)
		if err != nil {
			return
		}
		switch a.Verdict {
		case network.Blocked:
			if len(a.Packets) > 0 && q.Quantifier != "all" {
				t.Fatalf("%s: blocked, yet packets get through\n%s", line, show(a))
			}
		case network.Reachable:
			if len(a.Packets) == 0 || len(a.Blockers) > 0 {
				t.Fatalf("%s\n%s", line, show(a))
			}
		case network.DependsOn:
			if len(a.DependsOn.Missing)+len(a.DependsOn.Request) == 0 {
				t.Fatalf("%s depends on nothing\n%s", line, show(a))
			}
		}
	})
}
