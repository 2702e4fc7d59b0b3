package main

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/haetae/haetae"
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
	if output == "table" {
		if len(list) == 0 {
			_, err := fmt.Fprintln(a.out, a.say("Nothing found.", "발견된 것이 없습니다."))
			return printed(err)
		}
		return a.printTable(list, true)
	}
	rows := make([]detected, len(list))
	for i, f := range list {
		rows[i] = a.asDetected(f)
	}
	return a.printRows(rows, output)
}

// printTable prints findings for people, and below them what sequences are made of.
func (a *app) printTable(list []*detect.Finding, header bool) error {
	rows := make([]detected, len(list))
	for i, f := range list {
		rows[i] = a.asDetected(f)
	}
	return a.printRowTable(rows, header)
}

func (a *app) printRows(rows []detected, output string) error {
	switch output {
	case "json":
		e := encoder(a.out)
		e.SetIndent("", "  ")
		return printed(e.Encode(orEmpty(rows)))
	case "ndjson":
		e := encoder(a.out)
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return printed(err)
			}
		}
		return nil
	case "csv":
		w := csv.NewWriter(a.out)
		out := [][]string{{"first", "last", "severity", "rule", "title", "actor", "action", "address", "account", "region", "events"}}
		for _, r := range rows {
			out = append(out, []string{r.First, r.Last, r.Severity, r.Rule, r.Title, r.Actor.ID, r.Action, r.Actor.Address, r.Account, r.Region, strings.Join(r.Events, " ")})
		}
		for _, r := range out {
			for i, cell := range r {
				// A cell that begins so is a formula to a spreadsheet.
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					r[i] = "'" + cell
				}
			}
		}
		return printed(w.WriteAll(out))
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.out, a.say("Nothing found.", "발견된 것이 없습니다."))
		return printed(err)
	}
	return a.printRowTable(rows, true)
}

func (a *app) printRowTable(rows []detected, header bool) error {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if header {
		fmt.Fprintln(t, a.say("FIRST\tSEVERITY\tTITLE\tWHO\tWHAT\tFROM\tEVENTS", "처음\t심각도\t제목\t누가\t무엇을\t어디서\t기록"))
	}
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", r.First, strings.ToLower(r.Severity), r.Title, dash(a.whoText(r)), dash(whatText(r)), dash(r.Actor.Address), len(r.Events)+r.NotNamed)
	}
	if err := t.Flush(); err != nil {
		return printed(err)
	}
	return a.printSequences(rows)
}

// whoText says in a few words who a finding is about.
func (a *app) whoText(r *detected) string {
	who := r.Actor.Name
	switch {
	case r.Actor.Type == string(haetae.RootActor):
		who = "root"
	case r.Actor.Type == "":
		who = ""
	case r.Actor.Session != "" && r.Actor.Session != who:
		who += "/" + r.Actor.Session
	case who == "":
		who = r.Actor.ID
	}
	if who != "" && r.Actor.Account != "" {
		who += " " + r.Actor.Account
	}
	if r.OtherActor {
		who += a.say(" and others", " 외")
	}
	return who
}

// whatText is the call, for a window what was counted until when, and for a sequence
// its score.
func whatText(r *detected) string {
	what := r.Action
	switch {
	case r.Value != nil:
		var parts []string
		for name, value := range r.Group {
			if name == "haetae.actor.id" || name == "haetae.peer.address" {
				continue // it has a column
			}
			parts = append(parts, name+"="+value)
		}
		slices.Sort(parts)
		what = strings.TrimSpace(fmt.Sprintf("%g %s until %s", *r.Value, strings.Join(parts, " "), r.Last))
	case r.Sequence != nil:
		what = fmt.Sprintf("%d signals until %s, score %s", len(r.Sequence.Signals), r.Last, r.Sequence.Score)
	}
	if r.Late {
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
