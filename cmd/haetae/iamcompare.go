package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/report"
)

// iamCompare are the flags of `haetae iam compare`.
type iamCompare struct {
	typ, resourceType, output string
	notPublic                 bool
	denies, resources         []string
}

func (a *app) iamCompareCommand() *cobra.Command {
	var o iamCompare
	c := &cobra.Command{
		Use:   "compare OLD NEW | --not-public FILE | --denies ACTION FILE",
		Short: "what a changed policy newly allows; proofs about one policy",
		Long: `Compares two policies over all requests that there can be, not only over those
that somebody tries: what does NEW allow that OLD does not? The answer is exact.
"Nothing" is proven, and whatever is newly allowed comes with a request that the
evaluator confirms. What cannot be decided is said, never taken for safe.

With --not-public it asks of a resource or trust policy whether it lets somebody
in whom it does not name; with --denies whether no request for an action gets
through. "-" is stdin. Other policies of the account are not looked at.

The exit code is 0 when the new policy allows no more, the policy is not public or
denies the action; 1 when it does allow it; 3 when that could not be decided.`,
		Example: `  haetae iam compare old.json new.json
  haetae iam compare --type scp old.json new.json --output json
  haetae iam compare --not-public --resource-type AWS::S3::Bucket bucket-policy.json
  haetae iam compare --denies s3:DeleteBucket --resource 'arn:aws:s3:::prod-*' policy.json`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := formatOf(o.output, "table", "json"); err != nil {
				return err
			}
			want := 2
			if o.notPublic || len(o.denies) > 0 {
				want = 1
			}
			switch {
			case o.notPublic && len(o.denies) > 0:
				return usagef("--not-public and --denies are two questions")
			case len(files) != want && want == 1:
				return usagef("one policy is expected, there are %d", len(files))
			case len(files) != want:
				return usagef("two policies are compared, OLD and NEW; there are %d", len(files))
			case len(o.resources) > 0 && len(o.denies) == 0:
				return usagef("--resource belongs to --denies")
			}
			return a.compare(&o, files, cmd.Flags().Changed("type"))
		},
	}
	f := c.Flags()
	f.StringVar(&o.typ, "type", "identity", "identity, resource, trust, scp, rcp, boundary, session or endpoint")
	f.BoolVar(&o.notPublic, "not-public", false, "ask whether the policy lets strangers in (--type resource or trust)")
	f.StringVar(&o.resourceType, "resource-type", "", "with --not-public: of what the policy is, AWS::S3::Bucket and the like")
	f.StringArrayVar(&o.denies, "denies", nil, "ask whether no request for the action is allowed; may have wildcards and be repeated")
	f.StringArrayVar(&o.resources, "resource", nil, "with --denies: only on these resources; may have wildcards")
	f.StringVar(&o.output, "output", "table", "table or json")
	return c
}

func (a *app) compare(o *iamCompare, files []string, typed bool) error {
	typ, err := policyType(o.typ)
	if err != nil {
		return err
	}
	if o.notPublic {
		switch {
		case !typed && o.resourceType == "AWS::IAM::AssumeRolePolicyDocument":
			typ = policy.Trust
		case !typed:
			typ = policy.Resource
		case !typ.Granting():
			return usagef("--type %s: only policies that name principals can be public", o.typ)
		}
	}
	var docs []*policy.Document
	for _, name := range files {
		text, err := a.readText(name)
		if err != nil {
			return err
		}
		d, err := policy.Parse(text, typ)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.Name = name
		docs = append(docs, d)
		for _, p := range d.Problems {
			fmt.Fprintf(a.err, "%s:%d: %s: %s\n", name, p.At.Start.Line, p.Path, p.What)
		}
	}
	engine, err := a.iamEngine()
	if err != nil {
		return err
	}
	switch {
	case o.notPublic:
		got := engine.NotPublic(docs[0], o.resourceType)
		if o.output == "table" {
			a.printPublic(got)
		}
		return a.compared(got.Public(), got, o.output)
	case len(o.denies) > 0:
		got, err := engine.Grants(docs[0], o.denies, o.resources)
		if err != nil {
			return usage{err}
		}
		if o.output == "table" {
			a.printComparison(got, "DENIED: no request for "+strings.Join(o.denies, ", ")+" is allowed", "ALLOWED")
		}
		return a.compared(got.Exists, got, o.output)
	}
	got := engine.Compare(docs[0], docs[1])
	if o.output == "table" {
		a.printComparison(got, files[1]+" allows nothing that "+files[0]+" does not", files[1]+" newly allows")
	}
	return a.compared(got.Exists, got, o.output)
}

// compared ends a comparison: with its JSON, if that is wanted, and its exit
// code.
func (a *app) compared(e iam.Existence, got json.Marshaler, output string) error {
	if output == "json" {
		if err := printed(encoder(a.out).Encode(got)); err != nil {
			return err
		}
	}
	switch e {
	case iam.None:
		return nil
	case iam.Some:
		return exit(exitFound)
	case iam.Undecided:
		return exit(exitIncomplete)
	}
	return errors.New("a comparison without an answer")
}

// mostActions is how many actions of one example the table names; JSON has all.
const mostActions = 8

func (a *app) printComparison(c *iam.Comparison, none, some string) {
	switch c.Exists {
	case iam.None:
		fmt.Fprintln(a.out, report.OneLine(none))
	case iam.Undecided:
		fmt.Fprintln(a.out, "UNKNOWN: it could neither be proven nor refuted")
	}
	for i := range c.Examples {
		x := &c.Examples[i]
		what := x.Request.Action
		if x.Future {
			what = "actions that do not exist yet, such as " + what
		} else if n := len(x.Actions); n > 1 {
			names := x.Actions[:min(n, mostActions)]
			if what = strings.Join(names, ", "); n > len(names) {
				what += fmt.Sprintf(" and %d more (--output json lists them)", n-len(names))
			}
		}
		fmt.Fprintf(a.out, "%s %s\n", report.OneLine(some), what)
		fmt.Fprintf(a.out, "  for example %s by %s on %s\n", x.Request.Action, report.OneLine(x.Request.Principal.String()), report.OneLine(x.Request.Resources[0]))
		var keys []string
		for key, v := range x.Request.Context {
			keys = append(keys, report.OneLine(key+" = "+strings.Join(v.List, ", ")))
		}
		slices.Sort(keys)
		for _, key := range keys {
			fmt.Fprintf(a.out, "    %s\n", key)
		}
		if x.Undocumented {
			fmt.Fprintln(a.out, "  AWS documents no such resource for the action")
		}
		if x.Allows != nil {
			fmt.Fprintf(a.out, "  allowed by %s\n", placeOf(x.Allows))
		}
		if x.Denies != nil {
			fmt.Fprintf(a.out, "  until now denied by %s\n", placeOf(x.Denies))
		}
	}
	for _, reason := range c.Reasons {
		fmt.Fprintf(a.out, "  not known: %s\n", report.OneLine(reason))
	}
}

// placeOf is where a statement stands.
func placeOf(st *policy.Statement) string {
	place := st.Document.Name
	if st.Node != nil {
		place += fmt.Sprintf(":%d", st.Node.Span.Start.Line)
	}
	return report.OneLine(place + ", " + st.Named())
}

func (a *app) printPublic(c *iam.PublicCheck) {
	a.printComparison(c.Strangers, "NOT PUBLIC: it lets nobody in whom it does not name", "PUBLIC: it lets strangers in for")
	switch {
	case c.ByText.Public:
		fmt.Fprintf(a.out, "By its text alone S3 Block Public Access would call it public: %s\n", placeOf(c.ByText.Statement))
	case c.ByText.More != nil:
		fmt.Fprintf(a.out, "Whether S3 Block Public Access would call it public is not known: %s\n", report.OneLine(c.ByText.More.String()))
	}
}
