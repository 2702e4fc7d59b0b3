package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/report"
	"github.com/haetae/haetae/sample"
)

func (a *app) netIntentsCommand() *cobra.Command {
	var s sources
	var format string
	cmd := &cobra.Command{
		Use:   "intents FILE…",
		Short: "Does the network do what it is for: what must reach, must never, must pass an inspection point",
		Long: `Holds the network against the intents of YAML files, for every pair of their
ends, and shows counter-examples: a pair, a packet and its way. docs/network.md
describes the form of an intent; "sample" names those of the sample organisation.

Exit code 1 means that an intent is broken, 3 that none is but facts are missing
to say that all hold, or that an end stands for nothing.`,
		Example: `  haetae net intents sample --from sample
  haetae net intents intents.yaml --from answers/ --output junit`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("a file of intents is meant: haetae net intents FILE…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := formatOf(format, "table", "json", "ndjson", "junit", "sarif"); err != nil {
				return err
			}
			intents, err := a.intents(files)
			if err != nil {
				return err
			}
			w, snap, err := a.theNetwork(cmd.Context(), &s)
			if err != nil {
				return err
			}
			list, err := w.Keep(intents)
			if err != nil {
				return err
			}
			if err := a.printIntents(list, snap, format); err != nil {
				return err
			}
			worst := network.Holds
			for _, o := range list {
				if o.Verdict == network.Broken || o.Verdict == network.Undecided && worst == network.Holds {
					worst = o.Verdict
				}
			}
			switch worst {
			case network.Broken:
				return exit(exitFound)
			case network.Undecided:
				return exit(exitIncomplete)
			}
			return nil
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json, ndjson, junit or sarif")
	return cmd
}

// intents reads files of intents; every fault of every file is said at once.
func (a *app) intents(files []string) ([]*network.Intent, error) {
	var out []*network.Intent
	var errs []error
	where := map[string]haetae.Place{}
	for _, name := range files {
		data, err := sample.Intents(), error(nil)
		if name != "sample" {
			data, err = os.ReadFile(name)
		} else {
			name = "sample/intents.yaml"
		}
		if err != nil {
			errs = append(errs, &haetae.Error{Code: haetae.NotFound, Op: "intents", Err: err, Hint: "Name a YAML file of intents that you may read; docs/network.md describes the form."})
			continue
		}
		list, err := content.ParseIntents(data, name)
		errs = append(errs, err)
		for _, in := range list {
			if at, twice := where[in.ID]; twice {
				errs = append(errs, &haetae.Error{Code: haetae.Invalid, Op: fmt.Sprintf("%s:%d", name, in.Place.Line),
					Err: fmt.Errorf("the id %s is already that of %s:%d", in.ID, at.File, at.Line), Hint: "Give every intent an id of its own."})
			}
			where[in.ID] = in.Place
		}
		out = append(out, list...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, usage{err}
	}
	return out, nil
}

func (a *app) printIntents(list []network.Outcome, snap *haetae.Snapshot, format string) error {
	e := encoder(a.out)
	switch format {
	case "json":
		e.SetIndent("", " ")
		return printed(e.Encode(list))
	case "ndjson":
		for _, o := range list {
			if err := e.Encode(o); err != nil {
				return printed(err)
			}
		}
		return nil
	case "junit", "sarif":
		r := &report.Report{Version: version(), Time: time.Unix(snap.Time, 0).UTC(), Findings: a.intentFindings(list)}
		r.Summary = report.Summarize(r.Findings, nil, nil)
		return printed(report.Write(a.out, format, r, report.Options{Lang: a.lang, All: true}))
	}
	var b strings.Builder
	for i := range list {
		a.intentText(&b, &list[i])
	}
	_, err := fmt.Fprint(a.out, b.String())
	return printed(err)
}

// intentFindings are outcomes in the form of findings, for formats that other
// tools read: each intent is a rule about the network as a whole.
func (a *app) intentFindings(list []network.Outcome) []haetae.Finding {
	var out []haetae.Finding
	for i := range list {
		o := &list[i]
		title := cmp.Or(o.Title, o.ID)
		f := haetae.Finding{
			Rule: &haetae.Rule{ID: "net-intent/" + o.ID, Severity: haetae.High, Type: "Haetae::NetworkIntent",
				Title: haetae.Text{EN: title}, Problem: haetae.Text{EN: "The network does not do what it is for."}, Why: haetae.Text{EN: title}},
			Resource: &haetae.Resource{Type: "Haetae::NetworkIntent", ID: o.ID, Origin: haetae.Origin{Place: o.Place}},
		}
		switch o.Verdict {
		case network.Holds:
			f.Status, f.Reason = haetae.Pass, a.pairsText(o)
		case network.Broken:
			f.Status = haetae.Fail
		default:
			f.Status = haetae.Undecided
			for _, s := range append(o.DependsOn.Missing, o.DependsOn.Request...) {
				f.Unknowns = append(f.Unknowns, &haetae.Unknown{Reason: haetae.Unresolved, Detail: s})
			}
		}
		if f.Reason == "" {
			var lines []string
			for _, x := range o.Breaches {
				line := a.faultText(x.Fault)
				for _, one := range x.Examples {
					line += "; " + exampleText(&one)
				}
				lines = append(lines, line)
			}
			f.Reason = strings.Join(append(lines, a.pairsText(o)), ". ")
		}
		out = append(out, f)
	}
	return out
}

// pairsText counts the pairs of an intent in one line.
func (a *app) pairsText(o *network.Outcome) string {
	p := o.Pairs
	held := p.All - p.Broken - p.Unknown
	s := fmt.Sprintf(a.say("pairs %d (of classes %d): %d hold, %d broken, %d depend", "쌍 %d개(클래스 쌍 %d개): 지켜짐 %d, 깨짐 %d, 조건부 %d"), p.All, o.Classes, held, p.Broken, p.Unknown)
	if o.Must != network.MustReach && p.Open == 0 {
		s += a.say("; nothing passes between them at all", "; 서로 아무것도 통과하지 않음")
	}
	return s
}

func (a *app) faultText(f network.Fault) string {
	switch f {
	case network.FaultReached:
		return a.say("packets get through", "패킷이 통과함")
	case network.FaultBlocked:
		return a.say("no packet gets through", "통과하는 패킷이 없음")
	case network.FaultPartly:
		return a.say("only some of what is asked gets through", "요구한 것 중 일부만 통과함")
	case network.FaultAround:
		return a.say("packets get past the inspection points", "패킷이 검사 지점을 우회함")
	case network.FaultReply:
		return a.say("the answers get past the inspection points", "응답이 검사 지점을 우회함")
	case network.FaultZone:
		return a.say("the answers pass another inspection point, which did not see the packets", "응답이 패킷을 보지 못한 다른 검사 지점을 지남")
	}
	return string(f)
}

// packetText writes the one packet of a counter-example.
func packetText(p *network.Packets) string {
	side := func(addrs, ports []string) string {
		s := strings.TrimSuffix(strings.TrimSuffix(strings.Join(addrs, ","), "/32"), "/128")
		if len(ports) == 0 {
			return s
		}
		if strings.Contains(s, ":") {
			s = "[" + s + "]"
		}
		return s + ":" + strings.Join(ports, ",")
	}
	s := fmt.Sprintf("%v %s → %s", p.Proto, side(p.Src, p.SrcPorts), side(p.Dst, p.Ports))
	if len(p.ICMPTypes) > 0 {
		s += " type " + strings.Join(p.ICMPTypes, ",") + "/" + strings.Join(p.ICMPCodes, ",")
	}
	return s
}

func exampleText(x *network.Example) string {
	s := ""
	for _, r := range x.Relays {
		s += r.From.String() + " → "
	}
	s += x.From.String() + " → " + x.To.String()
	if x.Packet != nil {
		s += ", " + packetText(x.Packet)
	}
	return s
}

// intentText writes an outcome for people.
func (a *app) intentText(b *strings.Builder, o *network.Outcome) {
	mark, word := "✓", a.say("holds", "지켜짐")
	switch o.Verdict {
	case network.Broken:
		mark, word = "✗", a.say("broken", "깨짐")
	case network.Undecided:
		mark, word = "?", a.say("depends", "조건부")
	}
	fmt.Fprintf(b, "%s %s  %s", mark, word, report.OneLine(o.ID))
	if o.Title != "" {
		fmt.Fprintf(b, ": %s", report.OneLine(o.Title))
	}
	fmt.Fprintf(b, "\n    %s:%d, %s\n", report.OneLine(o.Place.File), o.Place.Line, a.pairsText(o))
	for _, x := range o.Breaches {
		maybe := ""
		if x.Verdict == network.Undecided {
			maybe = a.say(" (it depends)", " (조건부)")
		}
		fmt.Fprintf(b, "    %s%s: %s\n", a.faultText(x.Fault), maybe, fmt.Sprintf(a.say("pairs %d (of classes %d)", "쌍 %d개(클래스 쌍 %d개)"), x.Pairs, x.Classes))
		shown := x.Examples
		if x.Verdict == network.Undecided {
			shown = shown[:min(1, len(shown))] // JSON has more of them
		}
		for i := range shown {
			a.exampleLines(b, &shown[i])
		}
	}
	for _, d := range []struct {
		title string
		list  []string
	}{{a.say("it depends on", "다음에 달려 있음"), o.DependsOn.Request}, {a.say("what is missing to know", "알려지지 않은 것"), o.DependsOn.Missing}} {
		for i, s := range d.list {
			if i == 0 {
				fmt.Fprintf(b, "    %s:\n", d.title)
			}
			fmt.Fprintf(b, "      %s\n", report.OneLine(s))
		}
	}
}

// exampleLines writes a counter-example: the hops from host to host, the packet
// and its way.
func (a *app) exampleLines(b *strings.Builder, x *network.Example) {
	for i := range x.Relays {
		r := &x.Relays[i]
		fmt.Fprintf(b, "      %s\n", report.OneLine(fmt.Sprintf(a.say("first %s", "먼저 %s"), exampleText(r))))
		a.ways(b, r)
	}
	last := network.Example{From: x.From, To: x.To, Packet: x.Packet}
	if len(x.Relays) > 0 {
		fmt.Fprintf(b, "      %s\n", report.OneLine(fmt.Sprintf(a.say("then %s", "다음 %s"), exampleText(&last))))
	} else {
		fmt.Fprintf(b, "      %s\n", report.OneLine(exampleText(&last)))
	}
	a.ways(b, x)
	for _, s := range x.Stops {
		fmt.Fprintf(b, "        %s\n", report.OneLine(s.Code+": "+s.Fix))
	}
	for _, c := range x.Changes {
		fmt.Fprintf(b, "        %s\n", report.OneLine(fmt.Sprintf(a.say("opens it: %s", "여는 변경: %s"), c)))
	}
}

// ways writes the hops of a counter-example, each direction in a line.
func (a *app) ways(b *strings.Builder, x *network.Example) {
	for _, d := range []struct {
		name   string
		path   network.Path
		points []string
	}{{a.say("forward", "가는 길"), x.Forward, x.Points}, {a.say("reply", "오는 길"), x.Reply, x.Back}} {
		if len(d.path.Hops) == 0 {
			continue
		}
		var hops []string
		for _, h := range d.path.Hops {
			s := h.Kind + " " + h.Resource
			if h.Rule != "" {
				s += " (" + h.Rule + ")"
			}
			if !h.Passed {
				s = "✗ " + s
			}
			hops = append(hops, s)
		}
		fmt.Fprintf(b, "        %s: %s\n", d.name, report.OneLine(strings.Join(hops, " › ")))
		if len(d.points) > 0 {
			fmt.Fprintf(b, "        %s\n", report.OneLine(fmt.Sprintf(a.say("  inspected by %s", "  검사 지점 %s"), strings.Join(d.points, ", "))))
		}
	}
}
