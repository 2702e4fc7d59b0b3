package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/haetae/haetae"
)

// contentKinds are the kinds of content that a list tells apart.
func contentKinds() []string { return []string{"control", "detection", "sequence", "standard"} }

// listed is a row of `haetae content list --output json`. What a kind does not have
// is empty: a standard has neither severity nor service of its own, the severity of
// an attack sequence follows from its score.
type listed struct {
	Kind     string         `json:"kind"`
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Severity string         `json:"severity"`
	Service  string         `json:"service"`
	Resource string         `json:"resource"`
	Aliases  haetae.Aliases `json:"aliases"`
	// GuardDuty are the finding types that a detection or an attack sequence stands for.
	GuardDuty []string `json:"guardduty,omitempty"`
}

// contentList prints what there is of the kinds, of all when none is named.
func (a *app) contentList(kinds []string, output string) error {
	if err := formatOf(output, "table", "json", "ndjson"); err != nil {
		return err
	}
	if len(kinds) == 0 {
		kinds = contentKinds()
	}
	for _, k := range kinds {
		if !slices.Contains(contentKinds(), k) {
			return usagef("--kind %s: %s", k, strings.Join(contentKinds(), ", "))
		}
	}
	rows := []listed{}
	var counts []string
	for _, k := range contentKinds() {
		if !slices.Contains(kinds, k) {
			continue
		}
		list, err := a.listOf(k)
		if err != nil {
			return err
		}
		rows = append(rows, list...)
		counts = append(counts, a.counted(k, len(list)))
	}
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	switch output {
	case "json":
		enc.SetIndent("", "  ")
		return printed(enc.Encode(rows))
	case "ndjson":
		for _, r := range rows {
			if err := enc.Encode(r); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		word := strings.ToLower(r.Severity)
		if word == "" {
			word = r.Kind
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, word, strings.Join(slices.Concat(r.Aliases.SecurityHub, r.Aliases.Config, r.GuardDuty), " "), r.Title)
	}
	fmt.Fprintln(w, strings.Join(counts, ", "))
	return printed(w.Flush())
}

// counted is how many of a kind there are, in words.
func (a *app) counted(kind string, n int) string {
	name := map[string][2]string{
		"control": {"controls", "통제"}, "detection": {"detections", "탐지"}, "sequence": {"attack sequences", "공격 시퀀스"}, "standard": {"standards", "표준"},
	}[kind]
	return a.say(fmt.Sprintf("%d %s", n, name[0]), fmt.Sprintf("%s %d개", name[1], n))
}

// listOf are the rows of one kind, sorted by id.
func (a *app) listOf(kind string) ([]listed, error) {
	var rows []listed
	switch kind {
	case "control":
		list, err := a.controls()
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			rows = append(rows, listed{Kind: kind, ID: c.ID, Title: c.Title.In(a.lang), Severity: c.Severity.String(), Service: c.Service, Resource: c.Type, Aliases: c.Aliases})
		}
	case "detection":
		list, err := a.detections()
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			rows = append(rows, listed{Kind: kind, ID: d.ID, Title: d.Title.In(a.lang), Severity: d.Severity.String(), Service: d.Area, GuardDuty: d.GuardDuty, Aliases: haetae.Aliases{CIS: d.CIS}})
		}
	case "sequence":
		list, err := a.sequences()
		if err != nil {
			return nil, err
		}
		for _, q := range list {
			rows = append(rows, listed{Kind: kind, ID: q.ID, Title: q.Title.In(a.lang), GuardDuty: q.GuardDuty})
		}
	case "standard":
		list, err := a.standards()
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			rows = append(rows, listed{Kind: kind, ID: s.ID, Title: s.Title.In(a.lang)})
		}
	}
	return rows, nil
}
