package oracle

import (
	"strings"
	"testing"
)

func world(t *testing.T, topology string) *World {
	t.Helper()
	snap, err := Parse(topology)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWorld(snap)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheCasesByHandHaveTheAnswersOfAWSsPages(t *testing.T) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 120 {
		t.Errorf("%d cases, at least 120 are wanted", len(cases))
	}
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.Name] {
			t.Errorf("%s:%d: two cases of that name", c.File, c.Line)
		}
		names[c.Name] = true
		if !strings.HasPrefix(c.Page, "https://docs.aws.amazon.com/") || c.Says == "" || len(c.Asks) == 0 {
			t.Errorf("%s:%d: no page of AWS's, no sentence or no question", c.File, c.Line)
		}
		t.Run(c.Name, func(t *testing.T) {
			w := world(t, c.Topology)
			for _, ask := range c.Asks {
				from, p, err := ParsePacket(ask.Packet)
				if err != nil {
					t.Fatal(err)
				}
				if ask.Leg {
					checkLeg(t, w, c, ask, from, p)
					continue
				}
				got := w.Ask(from, p)
				if got.Got() != ask.Want || ask.End != "" && got.End != ask.End {
					t.Errorf("%s:%d: %s\n  want %s %s, got %s\n  %s says: %s", c.File, c.Line, ask.Packet, ask.Want, ask.End, got, c.Page, c.Says)
				}
			}
		})
	}
}

func checkLeg(t *testing.T, w *World, c Case, ask Ask, at string, p Packet) {
	legs, err := w.Legs(at, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, leg := range legs {
		if leg.Target == ask.End {
			if got := leg.Answer.Got(); got != ask.Want {
				t.Errorf("%s:%d: %s to %s: want %s, got %s\n  %s says: %s", c.File, c.Line, leg.Packet, ask.End, ask.Want, leg.Answer, c.Page, c.Says)
			}
			return
		}
	}
	t.Errorf("%s:%d: %s: no connection to %s", c.File, c.Line, ask.Packet, ask.End)
}

func TestGeneratedTopologiesAreReadAndWalked(t *testing.T) {
	got, ways := map[string]int{}, map[string]int{}
	for seed := range uint64(300) {
		topology := Generate(seed)
		snap, err := Parse(topology)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, topology)
		}
		w, err := NewWorld(snap)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, topology)
		}
		for _, s := range w.Packets(seed, 60) {
			from, p, err := ParsePacket(s)
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, s, err)
			}
			a := w.Ask(from, p)
			got[a.Got()]++
			if a.Got() == "answered" {
				way := strings.Join(a.Why, "\n")
				for _, sign := range []string{"source translated", "route to pcx-", "route to tgw-attach-", "route to vpce-f", "route to vpce-s3",
					"stateful \"pass\"", "stateless pass", "route to eni-", "vgw-", "route to eigw-", "[2600:", "tgw-attach-9: delivered"} {
					if strings.Contains(way, sign) {
						ways[sign]++
					}
				}
			}
		}
	}
	t.Log(got, ways)
	if len(ways) != 12 {
		t.Errorf("packets were answered by only %d of 12 ways: %v", len(ways), ways)
	}
	for _, kind := range []string{"answered", "unanswered", "dropped"} {
		if got[kind] < 800 {
			t.Errorf("%d of 18,000 packets were %s: the generator misses something", got[kind], kind)
		}
	}
	if got["not modelled"] > 900 {
		t.Errorf("%d of 18,000 packets met what is not modelled", got["not modelled"])
	}
}
