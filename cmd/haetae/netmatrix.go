package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/network"
)

func (a *app) netMatrixCommand() *cobra.Command {
	var s sources
	var format, by string
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "What is open from zone to zone: by VPC, subnet, security group, account or tag",
		Long: `Looks at every two interfaces and says what passes between their zones by private
addresses, and what the internet reaches. Interfaces that the network treats
alike are looked at once.`,
		Example: `  haetae net matrix --from sample
  haetae net matrix --by tag:environment --from answers/ --output csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := formatOf(format, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			switch {
			case by == "vpc", by == "subnet", by == "sg", by == "account":
			case strings.HasPrefix(by, "tag:") && by != "tag:":
			default:
				return usagef("--by %s: zones are vpc, subnet, sg, account or tag:KEY", by)
			}
			w, _, err := a.theNetwork(cmd.Context(), &s)
			if err != nil {
				return err
			}
			cells, err := w.Matrix(network.Zones(by))
			if err != nil {
				return err
			}
			rows := make([][]any, len(cells))
			for i, c := range cells {
				rows[i] = []any{c.From, c.To, openText(c.Open), c.Pairs, string(c.Verdict)}
			}
			if err := listing(a, cells, []string{a.say("from", "출발"), a.say("to", "도착"), a.say("open", "열림"), a.say("pairs", "쌍"), a.say("verdict", "판정")}, rows, format); err != nil {
				return err
			}
			return a.whole(w)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVar(&by, "by", "sg", "zones: vpc, subnet, sg, account or tag:KEY")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json, ndjson or csv")
	return cmd
}

func (a *app) netChainCommand() *cobra.Command {
	var s sources
	var output string
	var all bool
	var logs []string
	var f flowFlags
	cmd := &cobra.Command{
		Use:   "chain",
		Short: "The security-group chain: who is let in where, and rules that are dead, stale, shadowed or wide",
		Long: `Lists the inbound rules of security groups with how many interfaces carry the
group and how many may send, and says which rules are dead (nobody is there),
stale (they refer to a group that is gone), shadowed (others let in all that
they do) or wide (the whole internet, to other ports than 80 and 443). As a
picture, all rules are drawn.

With --flows, flow logs say besides how much needed each rule, outbound ones too,
and what would be enough: haetae net flows has the details.`,
		Example: `  haetae net chain --from sample
  haetae net chain --from sample --output svg=chain.svg
  haetae net chain --flows logs/ --from answers/
  haetae net chain --all --from sample --output csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			format, file, err := pictureOr(output, "table", "json", "ndjson", "csv")
			if err != nil {
				return err
			}
			if len(logs) > 0 {
				if format == "svg" {
					return usagef("--flows is for tables and JSON, not for pictures")
				}
				f.sources, f.all, f.output = s, all, format
				return a.netChainFlows(cmd.Context(), &f, logs)
			}
			if f.format != "" || len(f.past) > 0 {
				return usagef("--flow-format and --past are for --flows")
			}
			w, _, err := a.theNetwork(cmd.Context(), &s)
			if err != nil {
				return err
			}
			if format == "svg" {
				if err := a.picture(w.ChainPicture(a.lang), file); err != nil {
					return err
				}
				return a.whole(w)
			}
			links := []network.Link{}
			var rows [][]any
			for _, l := range w.Chain() {
				if !all && len(l.Findings) == 0 {
					continue
				}
				links = append(links, l)
				rows = append(rows, []any{l.Account, l.Region, l.Group, l.Name, l.Rule, l.Members, l.Senders, strings.Join(l.Findings, " ")})
			}
			if err := listing(a, links, []string{a.say("account", "계정"), a.say("region", "리전"), a.say("group", "그룹"), a.say("name", "이름"), a.say("rule", "규칙"),
				a.say("members", "멤버"), a.say("senders", "송신자"), a.say("findings", "발견")}, rows, format); err != nil {
				return err
			}
			return a.whole(w)
		},
	}
	s.flags(cmd)
	f.flags(cmd)
	cmd.Flags().StringArrayVar(&logs, "flows", nil, "flow logs to hold against the rules: a file or a folder, may be repeated")
	cmd.Flags().BoolVar(&all, "all", false, "also rules with which nothing is wrong")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table, json, ndjson, csv, svg (a picture) or svg=FILE")
	return cmd
}

// openText writes ports by protocol in one line.
func openText(list []network.Open) string {
	var out []string
	for _, o := range list {
		s := strings.TrimSpace(o.Proto + " " + strings.Join(o.Ports, ","))
		if len(o.From) > 0 {
			s += " from " + few(o.From)
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// listing prints things as JSON, or their cells in columns.
func listing[T any](a *app, things []T, header []string, rows [][]any, format string) error {
	switch format {
	case "json":
		e := encoder(a.out)
		e.SetIndent("", " ")
		if things == nil {
			things = []T{}
		}
		return printed(e.Encode(things))
	case "ndjson":
		e := encoder(a.out)
		for _, x := range things {
			if err := e.Encode(x); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	texts := make([][]string, len(rows))
	for i, row := range rows {
		for _, v := range row {
			if n, ok := v.(int); ok {
				v = strconv.Itoa(n)
			}
			texts[i] = append(texts[i], cell(v))
		}
	}
	if format == "csv" {
		return table(a.out, header, texts)
	}
	return grid(a.out, header, texts)
}
