package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/wildcard"
)

// accessLine is who may do one action on one resource, as JSON.
type accessLine struct {
	Resource string   `json:"resource"`
	Type     string   `json:"type"`
	Action   string   `json:"action"`
	Level    string   `json:"level"`
	Allowed  []string `json:"allowed"`
	Depends  []string `json:"dependsOn"`
}

func (a *app) iamAccessCommand() *cobra.Command {
	var i identities
	var action, resource, level string
	c := &cobra.Command{
		Use:   "access",
		Short: "who may do what on every resource, from an index of all of them",
		Long: `Decides every action on every resource of the source for every user, role and root
user: those that no policy tells apart are decided once. The table has a line
for each resource and level of access with the number of principals that may
whatever the conditions, and that may under conditions or perhaps; --output
ndjson has each action with their names. haetae iam check gives the reasons.

Other accounts, services and anybody are listed by haetae iam external.`,
		Example: `  haetae iam access --from sample --action 's3:*' --level write
  haetae iam access --from sample --resource 'arn:aws:kms:*' --output ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(i.output, "table", "json", "ndjson"); err != nil {
				return err
			}
			asked, err := actionsAsked(action, level)
			if err != nil {
				return err
			}
			w, err := a.world(cmd, &i)
			if err != nil {
				return err
			}
			p := a.progress()
			p.stage("deciding every action on every resource")
			x := iam.NewIndex(w)
			p.Close()
			of := wildcard.Compile(resource)
			rows := []accessLine{}
			for r := range x.All(func(r *haetae.Resource, x *permission.Action) bool {
				return asked[x.ID] && of.Match(r.ARN)
			}) {
				rows = append(rows, accessLine{r.Name(), r.Resource.Type, r.Action.String(), strings.ToLower(r.Action.Level.String()), arnsOf(r.Allowed), arnsOf(r.Depends)})
			}
			if err := a.printAccessLines(rows, i.output); err != nil || i.output != "table" {
				return err
			}
			s := x.Stats()
			fmt.Fprintf(a.out, "%d principals in %d classes, %d resources and what is in them in %d, %d decisions.\n",
				s.Principals, s.PrincipalClasses, s.Resources, s.ResourceClasses, s.Decisions)
			return nil
		},
	}
	i.flags(c, "table, json or ndjson")
	c.Flags().StringVar(&action, "action", "*", "only actions that match")
	c.Flags().StringVar(&resource, "resource", "*", "only resources whose ARN matches")
	c.Flags().StringVar(&level, "level", "", "only one level: list, read, write, permissions or tagging")
	return c
}

func arnsOf(list []*iam.Identity) []string {
	out := make([]string, len(list))
	for k, i := range list {
		out[k] = i.ARN
	}
	slices.Sort(out)
	return out
}

func (a *app) printAccessLines(rows []accessLine, output string) error {
	if done, err := jsonRows(a.out, rows, output); done {
		return err
	}
	type group struct{ resource, level string }
	type who struct {
		actions          []string
		allowed, depends map[string]bool
	}
	byGroup := map[group]*who{}
	var order []group
	for _, r := range rows {
		g := group{r.Resource, r.Level}
		w := byGroup[g]
		if w == nil {
			w = &who{allowed: map[string]bool{}, depends: map[string]bool{}}
			byGroup[g] = w
			order = append(order, g)
		}
		_, name, _ := strings.Cut(r.Action, ":")
		w.actions = append(w.actions, name)
		for _, p := range r.Allowed {
			w.allowed[p] = true
		}
		for _, p := range r.Depends {
			w.depends[p] = true
		}
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if len(order) > 0 {
		fmt.Fprintln(t, "RESOURCE\tLEVEL\tMAY\tMAY IF\tACTIONS")
	}
	for _, g := range order {
		w := byGroup[g]
		for p := range w.allowed {
			delete(w.depends, p) // some action needs no condition
		}
		some := strings.Join(w.actions[:min(len(w.actions), 3)], ", ")
		if n := len(w.actions) - 3; n > 0 {
			some += fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\n", g.resource, g.level, len(w.allowed), len(w.depends), some)
	}
	if len(order) == 0 {
		fmt.Fprintln(a.out, "Nobody.")
	}
	return printed(t.Flush())
}
