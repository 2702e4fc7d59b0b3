package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
)

// edgeRow is a derived edge, as JSON.
type edgeRow struct {
	From string          `json:"from"`
	To   string          `json:"to"`
	Kind haetae.EdgeKind `json:"kind"`
	*haetae.Proof
}

func (a *app) iamEdgesCommand() *cobra.Command {
	var i identities
	var action string
	c := &cobra.Command{
		Use:   "edges",
		Short: "who can assume which role, or do an action on what, with proof",
		Long: `Prints an edge for each user and role that may assume a role, or with --action
for each that may do the action on a resource, with the layers and statements
that allow it. All layers are evaluated. What hangs on facts that were not read
is no edge; haetae iam check tells them for one request.`,
		Example: `  haetae iam edges --from sample
  haetae iam edges --from sample --action kms:Decrypt --output ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(i.output, "table", "json", "ndjson"); err != nil {
				return err
			}
			w, err := a.world(cmd, &i)
			if err != nil {
				return err
			}
			edges := w.CanAssume()
			if action != "" {
				if edges, err = w.CanDo(action); err != nil {
					return usagef("%v", err)
				}
			}
			rows := []edgeRow{}
			for e := range edges {
				rows = append(rows, edgeRow{e.From.ARN, e.To.ARN, e.Kind, e.Proof})
			}
			return a.printEdges(rows, i.output)
		},
	}
	i.flags(c, "table, json or ndjson")
	c.Flags().StringVar(&action, "action", "", "edges of this action instead of those of sts:AssumeRole")
	return c
}

func (a *app) printEdges(rows []edgeRow, output string) error {
	if done, err := jsonRows(a.out, rows, output); done {
		return err
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "Nobody.")
		return nil
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		may := "may"
		if r.Conditional {
			may = "may, under conditions"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.From, may, r.To, strings.Join(r.Statements, "; "))
	}
	return printed(t.Flush())
}
