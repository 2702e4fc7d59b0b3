package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/network"
)

// flowFlags say which flow logs are read and how.
type flowFlags struct {
	sources
	past   []string
	format string
	all    bool
	output string
}

func (f *flowFlags) flags(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVar(&f.past, "past", nil, "an older source of the same network, may be repeated: who had an address then is looked up in the nearest one")
	fl.StringVar(&f.format, "flow-format", "", "LogFormat of flow logs that are not of the default format and have no header line")
}

func (a *app) netFlowsCommand() *cobra.Command {
	var f flowFlags
	cmd := &cobra.Command{
		Use:   "flows PATH…",
		Short: "What flow logs say about rules: needed, never needed, wider than what was seen, and what refused",
		Long: `Reads flow logs of VPCs (text of every version and field order, gzip, Parquet,
JSON of CloudWatch Logs), finds who had each address at that time, and holds
every record against the security groups, network ACLs, route tables and
firewalls of the network. For each rule it says how much needed it, from whom,
on which ports, and when. In place of security group rules that let through more
than was seen it proposes narrower ones, proven on a copy of the network: all
that was accepted still passes. For what was rejected it names what refuses it.

A rule that was not needed while somebody looked may be needed tomorrow. So how
long was looked, and what could not be seen, stands beside every claim. Exit
code 3 means that some of the logs, or of the network, was not read.`,
		Example: `  haetae net flows logs/ --from answers/
  haetae net flows logs/ --from store@latest --past store@2026-01-01T00:00:00Z --all --output json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("flow logs are meant: haetae net flows PATH…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(f.output, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			u, _, done, err := a.replay(cmd.Context(), &f, args)
			if err != nil {
				return err
			}
			if err := a.printUsage(u, &f); err != nil {
				return err
			}
			return done()
		},
	}
	f.sources.flags(cmd)
	f.flags(cmd)
	cmd.Flags().BoolVar(&f.all, "all", false, "also rules with which nothing is wrong")
	cmd.Flags().StringVarP(&f.output, "output", "o", "table", "table, json, ndjson or csv (of the rules)")
	return cmd
}

// netChainFlows prints the chain of security groups with what flows say of it.
func (a *app) netChainFlows(ctx context.Context, f *flowFlags, logs []string) error {
	u, w, done, err := a.replay(ctx, f, logs)
	if err != nil {
		return err
	}
	chainOf(u, w.Chain())
	if err := a.printUsage(u, f); err != nil {
		return err
	}
	return done()
}

// replay holds flow logs against the network. done says at the end what was not read.
func (a *app) replay(ctx context.Context, f *flowFlags, paths []string) (u *network.Usage, w *network.World, done func() error, err error) {
	var format []string
	if f.format != "" {
		if format, err = ingest.FlowFormat(f.format); err != nil {
			return nil, nil, nil, usage{err}
		}
	}
	for _, path := range paths { // before a live account is read for nothing
		if _, err := os.Stat(path); err != nil {
			return nil, nil, nil, usage{&haetae.Error{Code: haetae.NotFound, Err: err, Hint: "Give flow logs: files, or folders of them."}}
		}
	}
	w, _, err = a.theNetwork(ctx, &f.sources)
	if err != nil {
		return nil, nil, nil, err
	}
	worlds := []*network.World{w}
	for _, from := range f.past {
		s := f.sources
		s.from, s.now = []string{from}, ""
		old, _, err := a.theNetwork(ctx, &s)
		if err != nil {
			return nil, nil, nil, err
		}
		if old.Time() >= w.Time() {
			return nil, nil, nil, usagef("--past %s is not older than --from: give snapshot files or store@TIME, which have a time of their own; --time says that of --from", from)
		}
		worlds = append(worlds, old)
	}
	held := network.NewReplay(network.NewPast(worlds...))
	stats, err := ingest.Flows(ctx, paths, format, func(x *haetae.Flow) error {
		held.Add(x)
		return nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	u = held.Usage()
	u.Observation.NotCovered = append(u.Observation.NotCovered, unread(stats)...)
	return u, w, func() error {
		for _, p := range stats.Problems {
			a.advise("haetae: not read: %s", p)
		}
		if n := stats.UnreadFiles + stats.UnreadRecords + stats.UnreadFields - len(stats.Problems); n > 0 {
			a.advise("haetae: not read: %d more", n)
		}
		if err := a.whole(w); err != nil || stats.Whole() {
			return err
		}
		return exit(exitIncomplete)
	}, nil
}

// unread says in words what of the logs was not read.
func unread(s *ingest.Stats) []string {
	var out []string
	for _, x := range []struct {
		n    int
		what string
	}{{s.UnreadFiles, "files of the logs were not read to their end"}, {s.UnreadRecords, "records of the logs could not be read"}, {s.UnreadFields, "fields of the logs could not be read"}} {
		if x.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	if len(s.Strange) > 0 {
		out = append(out, "fields that haetae does not know were passed over: "+strings.Join(s.Strange, ", "))
	}
	return out
}

func when(unix int64) string {
	if unix == 0 {
		return "–"
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

// printUsage prints what flows say about rules.
func (a *app) printUsage(u *network.Usage, f *flowFlags) error {
	if !f.all {
		before := len(u.Rules)
		u.Rules = slices.DeleteFunc(u.Rules, func(x network.RuleUse) bool { return slices.Equal(x.Findings, []string{"unobserved"}) })
		if n := before - len(u.Rules); n > 0 {
			u.Observation.NotCovered = append(u.Observation.NotCovered, fmt.Sprintf("%d rules have no interface with records behind them and are not listed: --all lists them", n))
		}
		u.Rules = slices.DeleteFunc(u.Rules, func(x network.RuleUse) bool { return len(x.Findings) == 0 })
	}
	if f.output == "json" {
		e := encoder(a.out)
		e.SetIndent("", " ")
		return printed(e.Encode(u))
	}
	var rows [][]any
	for _, x := range u.Rules {
		flows := strconv.Itoa(x.Flows)
		if x.Perhaps > 0 {
			flows += fmt.Sprintf(" (+%d?)", x.Perhaps)
		}
		peers, ports := few(x.Peers), few(x.Ports)
		if f.output == "csv" {
			peers, ports = strings.Join(x.Peers, ","), strings.Join(x.Ports, ",")
		}
		rows = append(rows, []any{x.Kind, x.Resource, x.Name, x.Direction, x.Rule, flows, strconv.FormatUint(x.Bytes, 10), when(x.Last), peers, ports,
			strings.Join(x.Findings, " "), strings.Join(x.Narrower, "; "), x.Claim})
	}
	header := []string{a.say("kind", "종류"), a.say("resource", "리소스"), a.say("name", "이름"), a.say("direction", "방향"), a.say("rule", "규칙"), a.say("flows", "흐름"), a.say("bytes", "바이트"),
		a.say("last seen", "마지막"), a.say("peers", "상대"), a.say("ports", "포트"), a.say("findings", "발견"), a.say("enough would be (proven)", "이것으로 충분(검증됨)"), a.say("what is known", "알려진 것")}
	if f.output != "table" {
		return listing(a, u.Rules, header, rows, f.output)
	}
	return a.printUsageTable(u, header, rows)
}

func (a *app) printUsageTable(u *network.Usage, header []string, rows [][]any) error {
	o := u.Observation
	fmt.Fprintf(a.out, a.say("Observed from %s to %s: %d records (%d accepted, %d rejected) of %d of %d interfaces\n\n", "관측 %s ~ %s: 레코드 %d개(허용 %d, 거부 %d), 인터페이스 %d/%d개\n\n"),
		when(o.From), when(o.To), o.Records, o.Accepted, o.Rejected, o.Observed, o.Interfaces)
	if len(rows) > 0 {
		if err := listing(a, u.Rules, header, rows, "table"); err != nil {
			return err
		}
	} else if o.Observed == 0 {
		fmt.Fprintln(a.out, a.say("No record is of an interface of this network: nothing is known of its rules.", "이 네트워크의 인터페이스에 대한 레코드가 없습니다. 규칙에 대해 알려진 것이 없습니다."))
	} else {
		fmt.Fprintln(a.out, a.say("No rule is unused or wider than what was seen.", "쓰이지 않거나 지나치게 넓은 규칙이 없습니다."))
	}
	if len(u.Refused) > 0 {
		fmt.Fprintf(a.out, "\n%s\n", a.say("What was rejected, and by what", "거부된 것과 그 이유"))
		var list [][]any
		for _, x := range u.Refused[:min(len(u.Refused), shownRefusals)] {
			list = append(list, []any{x.Interface, x.Resource, x.Direction, x.By, x.Why, x.Flows, few(x.Peers), few(x.Ports), when(x.Last)})
		}
		if err := listing(a, u.Refused, []string{a.say("interface", "인터페이스"), a.say("resource", "리소스"), a.say("direction", "방향"), a.say("by", "주체"), a.say("why", "이유"), a.say("flows", "흐름"),
			a.say("peers", "상대"), a.say("ports", "포트"), a.say("last seen", "마지막")}, list, "table"); err != nil {
			return err
		}
		if n := len(u.Refused) - shownRefusals; n > 0 {
			fmt.Fprintf(a.out, a.say("and %d more: see --output json\n", "외 %d개: --output json 참조\n"), n)
		}
	}
	if u.UnexplainedFlows > 0 {
		fmt.Fprintf(a.out, "\n%s\n", a.say("Accepted, but no security group lets it begin now", "허용됐지만 지금은 허용하는 보안 그룹이 없는 것"))
		for _, x := range u.Unexplained[:min(len(u.Unexplained), shownUnexplained)] {
			fmt.Fprintf(a.out, "  %s %s %s %s: %d\n", x.Interface, x.Direction, x.Peer, x.Port, x.Flows)
		}
		if n := len(u.Unexplained) - shownUnexplained; n > 0 {
			fmt.Fprintf(a.out, a.say("  and more, %d records in all: see --output json\n", "  외, 모두 %d개 레코드: --output json 참조\n"), u.UnexplainedFlows)
		}
	}
	fmt.Fprintf(a.out, "\n%s\n", a.say("What this does not cover", "여기에 포함되지 않은 것"))
	for _, s := range o.NotCovered {
		if _, err := fmt.Fprintf(a.out, "  %s\n", s); err != nil {
			return printed(err)
		}
	}
	return nil
}

// What a table shows of long lists; JSON has all of it.
const (
	shownRefusals    = 20
	shownUnexplained = 10
)

// chainOf keeps of what flows say the rules of security groups, and adds what is
// wrong with them without any flows.
func chainOf(u *network.Usage, links []network.Link) {
	type key struct{ account, region, group, rule string }
	found := map[key][]string{}
	for _, l := range links {
		found[key{l.Account, l.Region, l.Group, l.Rule}] = l.Findings
	}
	u.Rules = slices.DeleteFunc(u.Rules, func(x network.RuleUse) bool { return x.Kind != "sg" })
	for i := range u.Rules {
		x := &u.Rules[i]
		if x.Direction != "inbound" {
			continue
		}
		for _, s := range found[key{x.Account, x.Region, x.Resource, x.Rule}] {
			if !slices.Contains(x.Findings, s) {
				x.Findings = append(x.Findings, s)
			}
		}
	}
}
