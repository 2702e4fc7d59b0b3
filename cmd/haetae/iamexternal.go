package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
)

// outsideRow is one access from outside, as JSON.
type outsideRow struct {
	Resource string        `json:"resource"`
	Type     string        `json:"type"`
	Account  string        `json:"account"`
	Who      string        `json:"who"`
	Actions  []string      `json:"actions"`
	Risks    []iam.Risk    `json:"risks"`
	Decision *iam.Decision `json:"decision"`
	// Unread says why it is not known whether there is such an access, and
	// whether it has the risks; empty when that is known.
	Unread []string `json:"unread"`
}

// riskText says what a risk means.
func riskText(r iam.Risk) string {
	switch r {
	case iam.RiskPublic:
		return "open to everybody"
	case iam.RiskNoExternalID:
		return "no external id: whoever the other account works for can be sent here"
	case iam.RiskConfusedDeputy:
		return "the service may act for anybody's account: hold aws:SourceArn or aws:SourceAccount"
	case iam.RiskNoSubject:
		return "no subject: whoever has an account at the provider may come in"
	}
	return string(r)
}

func (a *app) iamExternalCommand() *cobra.Command {
	var i identities
	var risky, services bool
	c := &cobra.Command{
		Use:   "external",
		Short: "who outside the organization can touch what",
		Long: `Asks, for each resource that has a policy of its own, whether strangers may use
it: anybody at all, any AWS account, the accounts, services and identity
providers that the policy names. Outside is what is not in the organization, or
not in the account when there is none. All other layers are evaluated too: what
a resource control policy or Block Public Access stops is not listed.

Risks are told apart: public, no external id, confused deputy, no subject. The
exit code is 1 when there is one, and 3 when there may be one: something that
decides was refused or could not be read, and is named.`,
		Example: `  haetae iam external --from sample
  haetae iam external --risky --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := formatOf(i.output, "table", "json", "ndjson"); err != nil {
				return err
			}
			w, err := a.world(cmd, &i)
			if err != nil {
				return err
			}
			list, err := w.External()
			if err != nil {
				return err
			}
			rows, found := []outsideRow{}, false
			for _, o := range list {
				row := outsideRow{o.Resource.ARN, o.Resource.Type, o.Resource.Account, o.Who, nonNil(o.Actions), nonNil(o.Risks), o.Decision, []string{}}
				for _, u := range slices.Concat(o.May.Unread, o.Unsure) {
					if !slices.Contains(row.Unread, u.String()) {
						row.Unread = append(row.Unread, u.String())
					}
					// A policy that nobody asked for is a choice; a risk that is there
					// or not for the same reason is not.
					i.refused = i.refused || len(o.Risks) > 0 || u.Reason != haetae.NotAsked
				}
				certain := len(row.Unread) == 0
				found = found || certain && len(o.Risks) > 0
				if certain && len(o.Risks) == 0 && (risky || o.Principal.Service != "" && !services) {
					continue
				}
				rows = append(rows, row)
			}
			if err := a.printOutside(rows, i.output); err != nil {
				return err
			}
			switch {
			case found:
				return exit(exitFound)
			case i.refused:
				return exit(exitIncomplete)
			}
			return nil
		},
	}
	i.flags(c, "table, json or ndjson")
	c.Flags().BoolVar(&services, "services", false, "AWS services too that have no risk")
	c.Flags().BoolVar(&risky, "risky", false, "only what has a risk")
	return c
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (a *app) printOutside(rows []outsideRow, output string) error {
	if done, err := jsonRows(a.out, rows, output); done {
		return err
	}
	last := ""
	unread, unsure := 0, 0
	risks := map[iam.Risk]int{}
	for _, r := range rows {
		if r.Resource != last {
			fmt.Fprintf(a.out, "%s\n", r.Resource)
			last = r.Resource
		}
		if len(r.Actions) == 0 {
			fmt.Fprintf(a.out, "  who may come in is not known: %s\n", strings.Join(r.Decision.Depends.Missing, "; "))
			unread++
			continue
		}
		actions := strings.Join(r.Actions[:min(3, len(r.Actions))], ", ")
		if n := len(r.Actions) - 3; n > 0 {
			actions += fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(a.out, "  %s: %s\n", r.Who, actions)
		if r.Decision.Verdict == iam.DependsOn {
			fmt.Fprintf(a.out, "      if %s\n", reason(r.Decision))
		}
		if len(r.Unread) > 0 {
			fmt.Fprintf(a.out, "      not known: %s\n", strings.Join(r.Unread, "; "))
			unsure++
		}
		for _, k := range r.Risks {
			if len(r.Unread) > 0 {
				fmt.Fprintf(a.out, "      perhaps %s: %s\n", k, riskText(k))
				continue
			}
			risks[k]++
			fmt.Fprintf(a.out, "      %s: %s\n", strings.ToUpper(string(k)), riskText(k))
		}
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "Nobody outside can touch anything that was read.")
		return nil
	}
	var counts []string
	for _, k := range []iam.Risk{iam.RiskPublic, iam.RiskNoExternalID, iam.RiskConfusedDeputy, iam.RiskNoSubject} {
		if risks[k] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", risks[k], k))
		}
	}
	if counts == nil {
		counts = []string{"no known risk"}
	}
	who := map[string]bool{}
	for _, r := range rows {
		if len(r.Actions) > 0 && len(r.Unread) == 0 {
			who[r.Who] = true
		}
	}
	fmt.Fprintf(a.out, "\n%d ways in for %d outsiders; %s. Policies that could not be read: %d.", len(rows)-unread-unsure, len(who), strings.Join(counts, ", "), unread)
	if unsure > 0 {
		fmt.Fprintf(a.out, " Not known whether they are ways in: %d.", unsure)
	}
	fmt.Fprintln(a.out)
	return nil
}
