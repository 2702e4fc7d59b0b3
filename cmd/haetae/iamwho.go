package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
)

// accessRow is one principal of who-can, as JSON.
type accessRow struct {
	Principal string        `json:"principal"`
	Action    string        `json:"action"`
	Resource  string        `json:"resource"`
	Known     bool          `json:"inSnapshot"`
	Decision  *iam.Decision `json:"decision"`
}

func (a *app) iamWhoCanCommand() *cobra.Command {
	var i identities
	var certain bool
	c := &cobra.Command{
		Use:   "who-can ACTION RESOURCE",
		Short: "principals that may do something, with the conditions",
		Long: `Lists the users, roles and root users of the source, the other accounts, services
and identity providers that the resource's policy names, and anybody at all, of
whom the action is allowed, or allowed under conditions. The action may have
wildcards; a resource with wildcards asks for some resource that matches.`,
		Example: `  haetae iam who-can s3:GetObject 'arn:aws:s3:::haenyeo-customer-exports/*' --from sample
  haetae iam who-can sts:AssumeRole arn:aws:iam::111122223333:role/admin --from sample`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(i.output, "table", "json", "ndjson"); err != nil {
				return err
			}
			actions, err := a.actionsNamed(args[0])
			if err != nil {
				return err
			}
			w, err := a.world(cmd, &i)
			if err != nil {
				return err
			}
			rows := []accessRow{}
			for _, action := range actions {
				list, err := w.WhoCan(action, args[1])
				if err != nil {
					return usage{err}
				}
				for _, x := range list {
					if !certain || x.Decision.Verdict == iam.Allowed {
						rows = append(rows, accessRow{x.Principal.String(), action, args[1], x.Identity != nil, x.Decision})
					}
				}
			}
			return a.printAccess(rows, i.output)
		},
	}
	i.flags(c, "table, json or ndjson")
	c.Flags().BoolVar(&certain, "certain", false, "only those allowed whatever the conditions")
	return c
}

// actionsNamed are the actions that a name or a pattern stands for.
func (a *app) actionsNamed(pattern string) ([]string, error) {
	if !strings.ContainsAny(pattern, "*?") {
		if !strings.Contains(pattern, ":") {
			return nil, usagef("%s is no action; write for example s3:GetObject", pattern)
		}
		return []string{pattern}, nil
	}
	c, err := permission.Embedded()
	if err != nil {
		return nil, err
	}
	var out []string
	for x := range c.Match(pattern) {
		out = append(out, x.String())
	}
	if len(out) == 0 {
		return nil, usagef("no action matches %s in %s", pattern, c.Version())
	}
	return out, nil
}

func (a *app) printAccess(rows []accessRow, output string) error {
	if done, err := jsonRows(a.out, rows, output); done {
		return err
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "Nobody.")
		return nil
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", ifAllowed(r.Decision.Verdict), r.Principal, r.Action, reason(r.Decision))
	}
	return printed(t.Flush())
}

func ifAllowed(v iam.Verdict) string {
	if v == iam.Allowed {
		return "allowed"
	}
	return "if"
}

// reason says by what a request is allowed, or under which condition.
func reason(d *iam.Decision) string {
	if p := d.Depends; p != nil {
		text := p.Request.String()
		if len(p.Missing) > 0 {
			text = "not known: " + strings.Join(p.Missing, "; ")
		}
		if r := []rune(text); len(r) > 160 {
			text = string(r[:160]) + "…"
		}
		return text
	}
	var by []string
	for _, u := range d.Statements {
		if text := u.Document.Name + " (" + u.Statement.Named() + ")"; !slices.Contains(by, text) {
			by = append(by, text)
		}
	}
	if len(by) == 0 {
		for _, l := range d.Layers {
			by = append(by, string(l))
		}
	}
	return strings.Join(by, " and ")
}

// permissionRow is one action of what-can, as JSON.
type permissionRow struct {
	Action   string        `json:"action"`
	Level    string        `json:"level"`
	Resource string        `json:"resource"`
	Decision *iam.Decision `json:"decision"`
}

func (a *app) iamWhatCanCommand() *cobra.Command {
	var i identities
	var pattern, resource, level string
	c := &cobra.Command{
		Use:   "what-can PRINCIPAL",
		Short: "what a principal may do, with the conditions",
		Long: `Asks for every action that AWS has whether the principal may use it on some
resource, by its own policies, and for each resource of the source that has a
policy of its own whether that lets the principal in. The table has a line for
each service and level; --output json has every action with its decision.`,
		Example: `  haetae iam what-can arn:aws:iam::111122223333:role/ci-deploy --from sample
  haetae iam what-can arn:aws:iam::111122223333:role/ci-deploy --action 'iam:*' --level write --from sample`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(i.output, "table", "json", "ndjson"); err != nil {
				return err
			}
			asked, err := actionsAsked(pattern, level)
			if err != nil {
				return err
			}
			w, err := a.world(cmd, &i)
			if err != nil {
				return err
			}
			list, err := w.WhatCan(principalOf(args[0]), func(x *permission.Action) bool { return asked[x.ID] }, resource)
			if err != nil {
				return usage{err}
			}
			return a.printPermissions(list, len(asked), i.output)
		},
	}
	i.flags(c, "table, json or ndjson")
	c.Flags().StringVar(&pattern, "action", "*", "only actions that match")
	c.Flags().StringVar(&resource, "resource", "*", "on some resource that matches")
	c.Flags().StringVar(&level, "level", "", "only one level: list, read, write, permissions or tagging")
	return c
}

// actionsAsked are the numbers of the actions that match a pattern and are of a
// level, when one is given.
func actionsAsked(pattern, level string) (map[int]bool, error) {
	catalogue, err := permission.Embedded()
	if err != nil {
		return nil, err
	}
	asked := map[int]bool{}
	for x := range catalogue.Match(pattern) {
		if level == "" || strings.EqualFold(level, x.Level.String()) || strings.EqualFold(level, "permissions") && x.Level == permission.PermissionsManagement {
			asked[x.ID] = true
		}
	}
	if len(asked) == 0 {
		return nil, usagef("no action matches %s at level %q in %s", pattern, level, catalogue.Version())
	}
	return asked, nil
}

func (a *app) printPermissions(list []iam.Permission, asked int, output string) error {
	switch output {
	case "json", "ndjson":
		rows := make([]permissionRow, len(list))
		for i, p := range list {
			rows[i] = permissionRow{p.Action.String(), p.Action.Level.String(), p.Resource, p.Decision}
		}
		e := encoder(a.out)
		if output == "json" {
			e.SetIndent("", " ")
			return printed(e.Encode(rows))
		}
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	type group struct {
		service, level, resource, verdict, why string
	}
	names := map[group][]string{}
	var order []group
	certain := 0
	for _, p := range list {
		g := group{p.Action.Service, p.Action.Level.String(), p.Resource, ifAllowed(p.Decision.Verdict), reason(p.Decision)}
		if names[g] == nil {
			order = append(order, g)
		}
		names[g] = append(names[g], p.Action.Name)
		if p.Decision.Verdict == iam.Allowed {
			certain++
		}
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, g := range order {
		n := names[g]
		some := strings.Join(n[:min(len(n), 3)], ", ")
		if len(n) > 3 {
			some += fmt.Sprintf(" and %d more", len(n)-3)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", g.verdict, g.service, strings.ToLower(g.level), some, g.resource, g.why)
	}
	if err := t.Flush(); err != nil {
		return printed(err)
	}
	fmt.Fprintf(a.out, "%d of %d actions asked for are allowed on some resource, %d more depend on something.\n", certain, asked, len(list)-certain)
	return nil
}
