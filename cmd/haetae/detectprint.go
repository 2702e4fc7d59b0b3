package main

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/haetae/haetae/detect"
)

// detected is a finding of detect as JSON; docs/output.md documents it.
type detected struct {
	ID         string            `json:"id"`
	Rule       string            `json:"rule"`
	Kind       detect.Kind       `json:"kind"`
	Severity   string            `json:"severity"`
	Title      string            `json:"title"`
	Technique  []string          `json:"technique"`
	GuardDuty  []string          `json:"guardduty"`
	Actor      detectedActor     `json:"actor"`
	Account    string            `json:"account,omitempty"`
	Region     string            `json:"region,omitempty"`
	Action     string            `json:"action,omitempty"`
	Targets    []string          `json:"targets,omitempty"`
	Group      map[string]string `json:"group,omitempty"`
	Value      *float64          `json:"value,omitempty"`
	Events     []string          `json:"events"`
	NotNamed   int               `json:"eventsNotNamed,omitempty"`
	First      string            `json:"first"`
	Last       string            `json:"last"`
	Late       bool              `json:"late"`
	OtherActor bool              `json:"otherActors,omitempty"`
	Why        string            `json:"why,omitempty"`
	Sequence   *detectedSequence `json:"sequence,omitempty"`
}

type detectedActor struct {
	Type        string   `json:"type"`
	ARN         string   `json:"arn"`
	Account     string   `json:"account"`
	PrincipalID string   `json:"principalId"`
	Session     string   `json:"session"`
	AccessKeyID string   `json:"accessKeyId"`
	Address     string   `json:"address"`
	ID          string   `json:"id,omitempty"`
	Name        string   `json:"name,omitempty"`
	Chain       []string `json:"chain,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	Country     string   `json:"country,omitempty"`
	ASN         uint32   `json:"asn,omitempty"`
	Org         string   `json:"org,omitempty"`
}

// asDetected writes a finding in a language.
func (a *app) asDetected(f *detect.Finding) detected {
	d := detected{ID: f.ID, Rule: f.Rule.ID, Kind: f.Kind, Title: f.Rule.Title.In(a.lang), Technique: orEmpty(f.Rule.Techniques), GuardDuty: orEmpty(f.Rule.GuardDuty),
		Account: f.Account, Region: f.Region, Action: f.Action, Targets: f.Targets, Value: f.Value, Events: orEmpty(f.Events), NotNamed: f.Cut,
		First: f.First.UTC().Format(time.RFC3339), Last: f.Last.UTC().Format(time.RFC3339), Late: f.Late, OtherActor: f.Others, Why: f.Why, Sequence: asSequence(f)}
	d.Severity = severityWord(f)
	d.Actor = detectedActor{Type: string(f.Actor.Kind), ARN: f.Actor.ARN, Account: f.Actor.Account, PrincipalID: f.Actor.PrincipalID, Session: f.Actor.Session,
		AccessKeyID: f.Actor.AccessKey, Address: peerText(f), ID: f.Actor.ID, Name: f.Actor.Name, Chain: f.Actor.Chain, Owner: f.Actor.Owner,
		Country: f.Peer.Country, ASN: f.Peer.ASN, Org: f.Peer.Org}
	for _, g := range f.Group {
		if d.Group == nil {
			d.Group = map[string]string{}
		}
		d.Group[g.Field] = g.Value
	}
	return d
}

// severityWord is the severity of a finding; a rule without a level is
// informational.
func severityWord(f *detect.Finding) string {
	if f.Severity == 0 {
		return "INFORMATIONAL"
	}
	return f.Severity.String()
}

func peerText(f *detect.Finding) string {
	if f.Peer.Addr.IsValid() {
		return f.Peer.Addr.String()
	}
	return f.Peer.Name
}

func (a *app) printDetected(list []*detect.Finding, output string) error {
	switch output {
	case "json":
		rows := make([]detected, len(list))
		for i, f := range list {
			rows[i] = a.asDetected(f)
		}
		e := encoder(a.out)
		e.SetIndent("", "  ")
		return printed(e.Encode(rows))
	case "ndjson":
		e := encoder(a.out)
		for _, f := range list {
			if err := e.Encode(a.asDetected(f)); err != nil {
				return printed(err)
			}
		}
		return nil
	case "csv":
		w := csv.NewWriter(a.out)
		rows := [][]string{{"first", "last", "severity", "rule", "title", "actor", "action", "address", "account", "region", "events"}}
		for _, f := range list {
			rows = append(rows, []string{f.First.UTC().Format(time.RFC3339), f.Last.UTC().Format(time.RFC3339), severityWord(f), f.Rule.ID, f.Rule.Title.In(a.lang),
				f.Actor.ID, f.Action, peerText(f), f.Account, f.Region, strings.Join(f.Events, " ")})
		}
		for _, r := range rows {
			for i, cell := range r {
				// A cell that begins so is a formula to a spreadsheet.
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					r[i] = "'" + cell
				}
			}
		}
		return printed(w.WriteAll(rows))
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.out, a.say("Nothing found.", "발견된 것이 없습니다."))
		return printed(err)
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, a.say("FIRST\tSEVERITY\tTITLE\tWHO\tWHAT\tFROM\tEVENTS", "처음\t심각도\t제목\t누가\t무엇을\t어디서\t기록"))
	for _, f := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", f.First.UTC().Format(time.RFC3339), strings.ToLower(severityWord(f)), f.Rule.Title.In(a.lang), dash(a.whoText(f)), dash(whatText(f)), dash(peerText(f)), len(f.Events)+f.Cut)
	}
	if err := t.Flush(); err != nil {
		return printed(err)
	}
	return a.printSequences(list)
}

// whoText says in a few words who a finding is about.
func (a *app) whoText(f *detect.Finding) string {
	who := f.Actor.Name
	switch {
	case f.Actor.Kind == "root":
		who = "root"
	case f.Actor.Kind == "":
		who = ""
	case f.Actor.Session != "" && f.Actor.Session != who:
		who += "/" + f.Actor.Session
	case who == "":
		who = f.Actor.ID
	}
	if who != "" && f.Actor.Account != "" {
		who += " " + f.Actor.Account
	}
	if f.Others {
		who += a.say(" and others", " 외")
	}
	return who
}

// whatText is the call, and for a window what was counted until when.
func whatText(f *detect.Finding) string {
	what := f.Action
	if f.Value != nil {
		var parts []string
		for _, g := range f.Group {
			parts = append(parts, g.Field+"="+g.Value)
		}
		slices.Sort(parts)
		what = strings.TrimSpace(fmt.Sprintf("%g %s until %s", *f.Value, strings.Join(parts, " "), f.Last.UTC().Format(time.RFC3339)))
	}
	if f.Late {
		what += " (late)"
	}
	return what
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
