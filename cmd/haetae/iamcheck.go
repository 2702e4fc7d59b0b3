package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/schema"
)

// identities are the flags of commands that ask about the identities of a
// source.
type identities struct {
	sources
	assumeNoSCP bool
	output      string

	// refused is set by [app.world] when some of what decides about identities
	// was asked for and not told.
	refused bool
}

func (i *identities) flags(cmd *cobra.Command, outputs string) {
	i.sources.flags(cmd)
	cmd.Flags().BoolVar(&i.assumeNoSCP, "assume-no-scp", false, "take organization policies that could not be read to be none; without it, answers depend on them")
	cmd.Flags().StringVar(&i.output, "output", "table", outputs)
}

// world reads the sources of an iam command.
func (a *app) world(cmd *cobra.Command, i *identities) (*iam.World, error) {
	engine, err := a.iamEngine()
	if err != nil {
		return nil, err
	}
	sch, err := schema.Load()
	if err != nil {
		return nil, fmt.Errorf("built-in schema: %w", err)
	}
	p := a.progress()
	i.noStore = true // a question keeps nothing
	snap, err := a.load(cmd.Context(), &i.sources, sch, p)
	p.Close()
	if err != nil {
		return nil, err
	}
	i.refused = a.unread(snap)
	return iam.NewWorld(engine, graph.New(sch, snap), iam.Options{AssumeNoOrganization: i.assumeNoSCP}), nil
}

// unread tells people which inputs were broken and which listings of identities
// and policies were refused, and whether there are any. What nobody asked for is
// the choice of who filled the source, and is not told.
func (a *app) unread(snap *haetae.Snapshot) bool {
	any := a.brokenInputs(snap)
	for _, c := range snap.Coverage {
		if c.Status == haetae.Complete || c.Reason == haetae.NotAsked || !decides(c.Type) {
			continue
		}
		any = true
		u := &haetae.Unknown{Reason: c.Reason, Actions: c.Actions,
			Detail: strings.TrimSpace(c.Type+" of "+cmp.Or(c.Account, c.Stack)+" "+c.Region) + ": " + cmp.Or(c.Detail, string(c.Status))}
		a.advise("haetae: not known: %s", u)
	}
	return any
}

// brokenInputs tells people which inputs could not be read, and whether there
// are any.
func (a *app) brokenInputs(snap *haetae.Snapshot) bool {
	for _, p := range snap.Problems {
		where := p.Place.File
		if p.Place.Line > 0 {
			where += fmt.Sprintf(":%d", p.Place.Line)
		}
		a.advise("haetae: not read: %s: %s", where, p.Error)
		if p.Hint != "" {
			a.advise("  %s", p.Hint)
		}
	}
	return len(snap.Problems) > 0
}

// decides tells whether resources of the type say what identities may do.
func decides(typ string) bool {
	return typ == "*" || typ == "Haetae::Organization" || strings.HasPrefix(typ, "AWS::Organizations::") || strings.HasPrefix(typ, "AWS::IAM::") || iam.HasPolicy(typ)
}

func (a *app) iamCheckCommand() *cobra.Command {
	var i identities
	var principal, action string
	var resources, context, unknown []string
	c := &cobra.Command{
		Use:   "check --principal P --action A --resource R",
		Short: "one decision, with its reason and the layer that decided",
		Long: `Decides whether a principal may do something, with all policies that the source
has: identity, boundary, organization, resource. What is not said of the request
(its address, its tags, MFA) may be anything: the answer then depends on it, with
an example. Say more with --context.

The exit code is 0 when the request is allowed, 1 when it is denied or depends on
something, 3 when it could not be decided.`,
		Example: `  haetae iam check --from sample --principal arn:aws:iam::111122223333:root --action s3:ListAllMyBuckets
  haetae iam check --principal arn:aws:iam::111122223333:user/kim --action s3:GetObject \
    --resource arn:aws:s3:::photos/a.jpg --context aws:SourceIp=203.0.113.9`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := iam.Request{Principal: principalOf(principal), Action: action, Resources: resources, Context: map[string]iam.Values{}}
			if principal == "" || action == "" {
				return usagef("--principal and --action say who wants to do what")
			}
			if len(resources) == 0 {
				r.Resources = []string{"*"}
			}
			for _, kv := range context {
				k, v, ok := strings.Cut(kv, "=")
				if !ok {
					return usagef("--context %s is not of the form key=value", kv)
				}
				values := r.Context[k]
				values.List = append(values.List, v)
				values.Multi = len(values.List) > 1
				r.Context[k] = values
			}
			w, err := a.world(cmd, &i)
			if err != nil {
				return err
			}
			q, notes, err := w.Ask(r)
			if err != nil {
				return usage{err}
			}
			q.UnknownValue = append(q.UnknownValue, unknown...)
			d, err := w.Engine().Decide(q)
			if err != nil {
				return usage{err}
			}
			d.Problems = append(notes, d.Problems...)
			switch i.output {
			case "json":
				raw, err := json.Marshal(d)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, string(raw))
			case "table":
				a.printDecision(r, d)
			default:
				return usagef("--output %s: there are table and json", i.output)
			}
			if d.Verdict != iam.Allowed {
				return exit(exitFound)
			}
			return nil
		},
	}
	i.flags(c, "table or json")
	f := c.Flags()
	f.StringVar(&principal, "principal", "", `ARN of a user, role, session or root; service:NAME, federated:NAME or anonymous`)
	f.StringVar(&action, "action", "", "for example s3:GetObject")
	f.StringArrayVar(&resources, "resource", nil, "ARN; repeat it for actions that need several (default: none in particular)")
	f.StringArrayVar(&context, "context", nil, "condition key of the request, key=value; repeat a key for several values")
	f.StringArrayVar(&unknown, "present", nil, "condition key that the request has with a value nobody knows")
	return c
}

// principalOf reads a principal as flags write it.
func principalOf(text string) iam.Principal {
	if name, ok := strings.CutPrefix(text, "service:"); ok {
		return iam.Principal{Service: name}
	}
	if name, ok := strings.CutPrefix(text, "federated:"); ok {
		return iam.Principal{Federated: name}
	}
	if text == "anonymous" {
		return iam.Principal{Anonymous: true}
	}
	return iam.Principal{ARN: text}
}

// printDecision says what was decided, by which layer and statement.
func (a *app) printDecision(r iam.Request, d *iam.Decision) {
	verdict := map[iam.Verdict]string{
		iam.Allowed: "ALLOWED", iam.ImplicitlyDenied: "DENIED: nothing allows it", iam.ExplicitlyDenied: "DENIED: a Deny forbids it", iam.DependsOn: "DEPENDS",
	}[d.Verdict]
	fmt.Fprintf(a.out, "%s\n  %s\n  %s on %s\n", verdict, r.Principal, r.Action, strings.Join(r.Resources, ", "))
	layers := make([]string, len(d.Layers))
	for i, l := range d.Layers {
		layers[i] = string(l)
	}
	decided := map[iam.Verdict]string{iam.Allowed: "allowed by", iam.DependsOn: "hangs on"}[d.Verdict]
	if decided == "" {
		decided = "denied by"
	}
	if len(layers) > 0 {
		fmt.Fprintf(a.out, "  %s: %s\n", decided, strings.Join(layers, ", "))
	}
	for _, u := range d.Statements {
		place := ""
		if u.Statement.Node != nil && u.Statement.Node.Span.Start.Line > 0 {
			place = fmt.Sprintf(", line %d", u.Statement.Node.Span.Start.Line)
		}
		fmt.Fprintf(a.out, "    %-5s %s, %s%s\n", u.Statement.Effect, u.Document.Name, u.Statement.Named(), place)
	}
	if p := d.Depends; p != nil {
		fmt.Fprintf(a.out, "  if: %s\n", p.Request)
		for _, m := range p.Missing {
			fmt.Fprintf(a.out, "  not known: %s\n", m)
		}
		if p.Example != nil {
			keys := []string{}
			for k, v := range p.Example.Context {
				if _, given := r.Context[k]; !given && !strings.EqualFold(k, "aws:CurrentTime") && !strings.EqualFold(k, "aws:EpochTime") {
					keys = append(keys, k+"="+strings.Join(v.List, ","))
				}
			}
			slices.Sort(keys)
			if len(keys) > 0 {
				fmt.Fprintf(a.out, "  for example with: %s\n", strings.Join(keys, "  "))
			}
			for _, m := range p.Assumed {
				fmt.Fprintf(a.out, "  taken to be so: %s\n", m)
			}
		}
	}
	for _, p := range d.Problems {
		fmt.Fprintf(a.out, "  note: %s\n", p)
	}
}
