package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/sequence"
)

// detectedSequence is what an attack sequence is made of, as JSON.
type detectedSequence struct {
	Score      sequence.Points  `json:"score"`
	Arithmetic []sequence.Term  `json:"arithmetic"`
	Within     string           `json:"within"` // the window that holds
	From       string           `json:"from"`   // and the time of its signals
	To         string           `json:"to"`
	Entities   []string         `json:"entities"` // the root first
	Targets    []string         `json:"targets"`
	Chain      []detectedLink   `json:"chain"`
	Signals    []detectedSignal `json:"signals"`
	Untried    int              `json:"pivotalNotTried,omitempty"`
}

// detectedLink says that one entity acted as another.
type detectedLink struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Event string `json:"event"`
}

type detectedSignal struct {
	Time    string   `json:"time"`
	Rule    string   `json:"rule"`
	Tactic  string   `json:"tactic"`
	Service string   `json:"service"`
	Usual   string   `json:"usual"` // routine, ordinary or novel for who did it
	By      []string `json:"by"`
	On      []string `json:"on,omitempty"`
	Event   string   `json:"event"`
	Pivotal bool     `json:"pivotal,omitempty"` // without it there would be no sequence
}

func asSequence(f *detect.Finding) *detectedSequence {
	x := f.Sequence
	if x == nil {
		return nil
	}
	out := &detectedSequence{Score: x.Score, Arithmetic: x.Arithmetic, Within: inDays(x.Window.Within), From: x.From.UTC().Format(time.RFC3339), To: x.To.UTC().Format(time.RFC3339),
		Entities: orEmpty(x.Entities), Targets: orEmpty(x.Targets), Chain: []detectedLink{}, Untried: x.Untried}
	for _, l := range x.Chain {
		out.Chain = append(out.Chain, detectedLink(l))
	}
	for _, s := range x.Signals {
		usual := "ordinary"
		switch {
		case s.Rarity == sequence.Routine:
			usual = "routine"
		case s.Rarity >= sequence.Novel:
			usual = "novel"
		}
		out.Signals = append(out.Signals, detectedSignal{s.Time.UTC().Format(time.RFC3339), s.Rule, s.Tactic, s.Service, usual, orEmpty(s.Entities), s.Targets, s.Event,
			slices.Contains(x.Pivotal, sequence.Pivot{Rule: s.Rule, Event: s.Event})})
	}
	return out
}

// inDays is a time in whole days or hours: "14d", "24h".
func inDays(d time.Duration) string {
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}

// printSequences says below the table what each attack sequence is made of. What one
// rule says again and again of the same is one line.
func (a *app) printSequences(rows []detected) error {
	for i := range rows {
		s := rows[i].Sequence
		if s == nil {
			continue
		}
		t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "\n%s: %s (%s)\n", rows[i].Rule, rows[i].Title, strings.ToLower(rows[i].Severity))
		fmt.Fprintf(t, "  %s: %s\n", a.say("who", "누가"), strings.Join(s.Entities, ", "))
		if len(s.Targets) > 0 {
			fmt.Fprintf(t, "  %s: %s\n", a.say("to what", "무엇을"), strings.Join(s.Targets, ", "))
		}
		for _, l := range s.Chain {
			fmt.Fprintf(t, "  %s\n", a.say(l.From+" acted as "+l.To, l.From+" → "+l.To))
		}
		type line struct{ rule, tactic, by string }
		var order []line
		first, last, count, pivotal := map[line]string{}, map[line]string{}, map[line]int{}, map[line]bool{}
		for _, x := range s.Signals {
			k := line{x.Rule, x.Tactic, ""}
			if len(x.By) > 0 {
				k.by = x.By[0]
			}
			if count[k] == 0 {
				order = append(order, k)
				first[k] = x.Time
			}
			last[k] = x.Time
			count[k]++
			pivotal[k] = pivotal[k] || x.Pivotal
		}
		for _, k := range order {
			note := ""
			if count[k] > 1 {
				note = fmt.Sprintf(a.say("%d times until %s", "%d회, 마지막 %s"), count[k], last[k])
			}
			if pivotal[k] {
				note = strings.TrimPrefix(note+a.say(", pivotal", ", 결정적"), ", ")
			}
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", first[k], k.tactic, k.rule, k.by, note)
		}
		if err := t.Flush(); err != nil {
			return printed(err)
		}
		t = tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		for _, term := range s.Arithmetic {
			fmt.Fprintf(t, "    %s\t%s\n", term.Label, term.Value)
		}
		fmt.Fprintf(t, "    %s\t%s\n", fmt.Sprintf(a.say("score, of the signals within %s", "점수(%s 이내의 신호)"), s.Within), s.Score)
		if err := t.Flush(); err != nil {
			return printed(err)
		}
	}
	return nil
}
