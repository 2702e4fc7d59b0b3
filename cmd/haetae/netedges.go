package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
)

// reachRow is a can-reach edge, as JSON.
type reachRow struct {
	From        string          `json:"from"`
	FromType    string          `json:"fromType"`
	To          string          `json:"to"`
	ToType      string          `json:"toType"`
	Kind        haetae.EdgeKind `json:"kind"`
	Packets     []string        `json:"packets"`
	Conditional bool            `json:"conditional"`
	Hops        []string        `json:"hops"`
}

func (a *app) netEdgesCommand() *cobra.Command {
	var s sources
	var format, only string
	cmd := &cobra.Command{
		Use:   "edges",
		Short: "What gets packets to what, with proof",
		Long: `Prints an edge for each two resources of which one surely gets packets to the
other and has them answered, and from the internet to whatever it reaches: the
packets, and what lets them through. What hangs on facts that were not read is
no edge; haetae net reach tells them for one question. Edges are found one by
one: ndjson prints each as it is found. Exit code 3 means that something was not
listed, so that edges may lack.`,
		Example: `  haetae net edges --from sample
  haetae net edges --from sample --resource legacy-shop-db --output ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := formatOf(format, "table", "json", "ndjson"); err != nil {
				return err
			}
			w, snap, err := a.theNetwork(cmd.Context(), &s)
			if err != nil {
				return err
			}
			if only != "" && !slices.ContainsFunc(snap.Resources, func(r *haetae.Resource) bool { return is(r, only) }) && only != "internet" {
				return &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s is no resource of the snapshot", only), Hint: "Give an id or an ARN."}
			}
			e := encoder(a.out)
			rows := []reachRow{}
			for x := range w.CanReach() {
				if only != "" && !is(x.From, only) && !is(x.To, only) {
					continue
				}
				row := reachRow{nameOf(x.From), x.From.Type, nameOf(x.To), x.To.Type, x.Kind, x.Proof.Packets, x.Proof.Conditional, nonNil(x.Proof.Hops)}
				if format == "ndjson" {
					if err := e.Encode(row); err != nil {
						return printed(err)
					}
					continue
				}
				rows = append(rows, row)
			}
			switch format {
			case "json":
				e.SetIndent("", " ")
				err = printed(e.Encode(rows))
			case "table":
				err = a.printReachRows(rows)
			}
			if err != nil {
				return err
			}
			return a.whole(w)
		},
	}
	s.flags(cmd)
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table, json or ndjson")
	cmd.Flags().StringVar(&only, "resource", "", "edges of this resource only, by id or ARN, or of the internet")
	return cmd
}

func is(r *haetae.Resource, name string) bool { return r.ID == name || r.ARN == name }

func nameOf(r *haetae.Resource) string { return cmp.Or(r.ARN, r.ID) }

func (a *app) printReachRows(rows []reachRow) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.out, a.say("Nothing reaches anything.", "아무것도 서로 도달하지 않습니다."))
		return printed(err)
	}
	var out [][]string
	for _, r := range rows {
		packets := strings.Join(r.Packets, "; ")
		if r.Conditional {
			packets += a.say(", under conditions", ", 조건부")
		}
		out = append(out, []string{r.From, r.To, packets, strings.Join(r.Hops, "; ")})
	}
	return grid(a.out, []string{a.say("from", "출발"), a.say("to", "도착"), a.say("packets", "패킷"), a.say("through", "경유")}, out)
}
