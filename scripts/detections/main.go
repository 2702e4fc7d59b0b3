// Command detections writes docs/detections.md: every detection and attack sequence, and
// what becomes of each type of GuardDuty's findings, from the content itself.
//
//	go run ./scripts/detections
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/haetae/haetae/content"
)

const file = "docs/detections.md"

func main() {
	text, err := page()
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func page() ([]byte, error) {
	detections, err := content.Detections()
	if err != nil {
		return nil, err
	}
	sequences, err := content.Sequences()
	if err != nil {
		return nil, err
	}
	types, faults, err := content.GuardDuty(detections, sequences)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(faults, "\n"))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Detections\n\nMade by `go run ./scripts/detections` from `content/`; do not edit. `haetae explain ID` says of each what happened, what to do\nand when it is no attack; [add-a-detection.md](add-a-detection.md) says how to write one.\n\n")
	examples := 0
	for _, d := range detections {
		examples += len(d.Examples)
	}
	fmt.Fprintf(&b, "%d detections with %d examples, %d attack sequences.\n\n", len(detections), examples, len(sequences))
	guardDuty(&b, types)
	metricFilters(&b, detections)
	table(&b, detections)
	b.WriteString("## Attack sequences\n\n[sequences.md](sequences.md) says how signals are joined and scored.\n\n| id | what it is | GuardDuty |\n|---|---|---|\n")
	for _, q := range sequences {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", q.ID, q.Title.EN, strings.Join(q.GuardDuty, ", "))
	}
	return b.Bytes(), nil
}

// guardDuty writes what becomes of each type.
func guardDuty(b *bytes.Buffer, list []content.GuardDutyProtection) {
	all, done := 0, 0
	var rows, types, retired bytes.Buffer
	for _, p := range list {
		if p.Retired {
			for _, t := range p.Types {
				fmt.Fprintf(&retired, "| %s | %s | %s | `%s` |\n", t.Type, orDash(t.Severity), t.Of, strings.Join(t.By, "`, `"))
			}
			continue
		}
		n := 0
		for _, t := range p.Types {
			by := "not: " + t.Not.EN
			if len(t.By) > 0 {
				n++
				by = "`" + strings.Join(t.By, "`, `") + "`"
			}
			fmt.Fprintf(&types, "| %s | %s | %s | %s |\n", t.Type, orDash(t.Severity), cmp.Or(t.Log, p.Log), by)
		}
		all, done = all+len(p.Types), done+n
		fmt.Fprintf(&rows, "| %s | %s | %s | %d of %d |\n", p.Protection, p.Resource, p.Log, n, len(p.Types))
	}
	fmt.Fprintf(b, "## GuardDuty's types\n\n%d of %d types are detected here; each of the others says why not. haetae reads the logs that you have: a type is seen only where\nits log is kept. Types about addresses and names on lists need the lists (`--address-list`); a few entries are built in. What is\nonly unusual is never above low.\n\n| protection | about | seen in | detected |\n|---|---|---|---|\n%s\n", done, all, rows.String())
	fmt.Fprintf(b, "Severities are AWS's defaults; a star says that GuardDuty may give another.\n\n| type | severity | log | detected by |\n|---|---|---|---|\n%s\n", types.String())
	fmt.Fprintf(b, "AWS no longer makes findings of these types; what they found is found as another type today.\n\n| retired type | severity | found as | detected by |\n|---|---|---|---|\n%s\n", retired.String())
}

func orDash(text string) string { return cmp.Or(text, "–") }

// metricFilters writes which detection stands for which metric filter of CIS.
func metricFilters(b *bytes.Buffer, detections []*content.Detection) {
	by := map[string][]string{}
	for _, d := range detections {
		for _, c := range d.CIS {
			by[c] = append(by[c], d.ID)
		}
	}
	b.WriteString("## Metric filters of the CIS AWS Foundations Benchmark\n\n| recommendation | detected by |\n|---|---|\n")
	for _, c := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }) {
		fmt.Fprintf(b, "| %s | `%s` |\n", c, strings.Join(by[c], "`, `"))
	}
	b.WriteByte('\n')
}

// table writes the detections by their areas.
func table(b *bytes.Buffer, detections []*content.Detection) {
	b.WriteString("## All detections\n\nkind: rule (one record), window (several), baseline (unusual for whoever it is).\n\n| id | what happened | severity | kind | log | ATT&CK | signal |\n|---|---|---|---|---|---|---|\n")
	slices.SortStableFunc(detections, func(a, b *content.Detection) int {
		return cmp.Or(strings.Compare(a.Area, b.Area), strings.Compare(a.ID, b.ID))
	})
	for _, d := range detections {
		kind := "rule"
		switch {
		case d.Baseline != nil:
			kind = "baseline"
		case len(d.Correlations) > 0:
			kind = "window"
		}
		var logs, techniques []string
		for _, l := range d.Logs() {
			logs = append(logs, content.LogName(l))
		}
		for _, t := range d.Tags {
			if x, ok := strings.CutPrefix(t, "attack.t"); ok {
				techniques = append(techniques, "T"+x)
			}
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", d.ID, d.Title.EN, strings.ToLower(d.Severity.String()), kind, strings.Join(logs, ", "), strings.Join(techniques, ", "), d.Signal)
	}
	b.WriteByte('\n')
}
