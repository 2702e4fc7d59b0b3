package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/network"
)

func (a *app) netExposureCommand() *cobra.Command {
	var s sources
	var format string
	cmd := &cobra.Command{
		Use:   "exposure",
		Short: "Everything that the internet reaches, on which ports, through what",
		Long: `Walks packets from the internet to every interface with a public address, and
the answers back, and lists what is reached: the ports that are open, who may
use them, and the gateways, network ACLs and security groups that let them in. Exit code 3
means that something was not listed, so that the list may lack something.`,
		Example: `  haetae net exposure --from sample
  haetae net exposure --profile audit --region eu-west-1 --output csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := formatOf(format, "table", "json", "ndjson", "csv"); err != nil {
				return err
			}
			w, _, err := a.theNetwork(cmd.Context(), &s)
			if err != nil {
				return err
			}
			if err := a.printExposure(w.Exposure(), format); err != nil {
				return err
			}
			return a.whole(w)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json, ndjson or csv")
	return cmd
}

func (a *app) printExposure(list []network.Exposed, format string) error {
	switch format {
	case "json":
		e := encoder(a.out)
		e.SetIndent("", " ")
		if list == nil {
			list = []network.Exposed{}
		}
		return printed(e.Encode(list))
	case "ndjson":
		e := encoder(a.out)
		for _, x := range list {
			if err := e.Encode(x); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	var rows [][]string
	for _, x := range list {
		for _, o := range x.Open {
			rows = append(rows, []string{x.Account, x.Region, cmp.Or(x.Name, x.Resource), x.Resource, strings.Join(x.Public, ","),
				o.Proto, strings.Join(o.Ports, ","), few(o.From), string(x.Verdict), strings.Join(x.Through, " ")})
		}
	}
	header := []string{a.say("account", "계정"), a.say("region", "리전"), a.say("name", "이름"), a.say("resource", "리소스"), a.say("public", "공개 주소"),
		a.say("protocol", "프로토콜"), a.say("ports", "포트"), a.say("from", "출발"), a.say("verdict", "판정"), a.say("through", "경유")}
	if format == "csv" {
		return table(a.out, header, rows)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.out, a.say("The internet reaches nothing.", "인터넷에서 도달할 수 있는 것이 없습니다."))
		return printed(err)
	}
	return grid(a.out, header, rows)
}
