package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/network"
)

func (a *app) netMapCommand() *cobra.Command {
	var s sources
	var o network.MapOptions
	var by, file string
	cmd := &cobra.Command{
		Use:   "map",
		Short: "A picture of the network: what is where, where routes lead, what the internet reaches",
		Long: `Draws the network as SVG: boxes for accounts, regions, VPCs, zones and subnets
with what is in them, lines for where routes lead, and what the internet reaches.
It never has more than 300 boxes; where there are more, some stand for several
and the picture says which. --account and --region also choose what is drawn.
Exit code 3 means that something was not listed, so that the map may lack it.`,
		Example: `  haetae net map --from sample -o network.svg
  haetae net map --vpc vpc-042f901c0b1cd7ef9 --from sample > shop.svg
  haetae net map --tag environment=production --by tag:tier --from answers/ -o production.svg`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if by != "sg" && (!strings.HasPrefix(by, "tag:") || by == "tag:") {
				return usagef("--by %s: interfaces are put together by sg or tag:KEY", by)
			}
			o.Regions, o.By, o.Lang = s.regions, network.Zones(by), a.lang
			if s.account != "" {
				o.Accounts = []string{s.account}
			}
			w, _, err := a.theNetwork(cmd.Context(), &s)
			if err != nil {
				return err
			}
			svg, missing, err := w.Map(o)
			if err != nil {
				return err
			}
			if err := a.picture(svg, file); err != nil {
				return err
			}
			return a.lacking(missing)
		},
	}
	s.flags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.VPCs, "vpc", nil, "draw only these VPCs")
	f.StringArrayVar(&o.Tags, "tag", nil, "draw only what has the tag KEY or KEY=VALUE, or is in a subnet or VPC that has it; may be repeated: all of them")
	f.StringVar(&by, "by", "sg", "put many interfaces of a subnet together by sg or tag:KEY")
	f.StringVarP(&file, "output", "o", "", "file to write the SVG to (default: stdout)")
	return cmd
}
