package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
)

// diagnosis is what haetae doctor found.
type diagnosis struct {
	Account  string            `json:"account"`
	ARN      string            `json:"arn"`
	Regions  []string          `json:"regions"`
	Members  int               `json:"members,omitempty"` // accounts of the organization, if they may be listed
	Data     string            `json:"data"`              // directory
	Calls    []collect.Planned `json:"calls"`
	Probed   []collect.Probed  `json:"probed"`
	Problems []haetae.Problem  `json:"problems"`
}

func (a *app) doctorCommand() *cobra.Command {
	var l live
	var regions []string
	var format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Who am I to AWS, what may I read, what would a scan call: each problem with its fix",
		Long: `Asks AWS whose credentials these are, which regions are on and which accounts the
organization has, makes every listing call once, in one region, and says what was
refused and what to do about it. It reads nothing of single resources.`,
		Example: `  haetae doctor
  haetae doctor --profile audit --region eu-west-1 --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "table" && format != "json" {
				return usagef("--output %s: formats are table, json", format)
			}
			return a.doctor(cmd.Context(), &l, regions, format)
		},
	}
	f := cmd.Flags()
	f.StringVar(&l.profile, "profile", "", "AWS profile (AWS_PROFILE)")
	f.StringVar(&l.role, "role", "", "ARN of a role to assume first")
	f.StringVar(&l.externalID, "external-id", "", "external ID for --role")
	f.StringSliceVar(&l.extras, "with", nil, "also slow calls: "+strings.Join(collect.Extras(), ", "))
	f.StringSliceVar(&regions, "region", nil, "region to try the calls in (default: the configured one)")
	f.StringVarP(&format, "output", "o", "table", "table or json")
	return cmd
}

func (a *app) doctor(ctx context.Context, l *live, regions []string, format string) error {
	if err := checkExtras(l.extras); err != nil {
		return err
	}
	p := a.progress()
	d, err := a.diagnose(ctx, l, regions, p)
	p.Close()
	if err != nil {
		return err
	}
	if format == "json" {
		err = a.printJSON(d)
	} else {
		err = a.printDiagnosis(d)
	}
	if err == nil && len(d.Problems) > 0 {
		return exit(exitFound)
	}
	return err
}

func (a *app) diagnose(ctx context.Context, l *live, regions []string, p *progress) (*diagnosis, error) {
	p.stage("asking AWS who we are")
	first := ""
	if len(regions) > 0 {
		first = regions[0]
	}
	client, session, err := a.open(ctx, l, first)
	if err != nil {
		return nil, err
	}
	if l.role != "" {
		if session, err = client.Assume(ctx, session, l.role, l.externalID); err != nil {
			return nil, aws.Explain(err)
		}
	}
	d := &diagnosis{Account: session.Account, ARN: session.ARN, Problems: []haetae.Problem{}}
	if d.Calls, err = collect.Plan(l.extras); err != nil {
		return nil, err
	}
	p.stage("asking which regions are on")
	if d.Regions, err = collect.EnabledRegions(ctx, client, session); err != nil {
		d.problem("regions", err.Error(), "Allow ec2:DescribeRegions, or name the regions of a scan with --region.")
	}
	members, err := collect.Members(ctx, client, session)
	if err == nil {
		d.Members = len(members)
	}
	d.data(a)
	region := first
	for _, r := range []string{session.Region, "us-east-1"} {
		if region == "" && (r != "" && (len(d.Regions) == 0 || slices.Contains(d.Regions, r))) {
			region = r
		}
	}
	if region == "" && len(d.Regions) > 0 {
		region = d.Regions[0]
	}
	p.stage("trying the listing calls in " + region)
	if d.Probed, err = collect.Probe(ctx, client, session, region, l.extras); err != nil {
		return nil, err
	}
	d.judge()
	return d, nil
}

func (d *diagnosis) problem(where, text, hint string) {
	d.Problems = append(d.Problems, haetae.Problem{Place: haetae.Place{File: where}, Error: text, Hint: hint})
}

// data checks that the data directory can be written.
func (d *diagnosis) data(a *app) {
	dir, err := a.dataDir()
	if err == nil {
		d.Data = dir
		if err = os.MkdirAll(dir, 0o700); err == nil {
			var f *os.File
			if f, err = os.CreateTemp(dir, ".doctor-*"); err == nil {
				err = errors.Join(f.Close(), os.Remove(f.Name()))
			}
		}
	}
	if err != nil {
		d.problem("data directory", err.Error(), "A scan that is interrupted cannot go on then: give a directory that can be written with --data.")
	}
}

// judge turns what was refused into problems: all missing permissions are one.
func (d *diagnosis) judge() {
	var missing []string
	other := map[string][]string{}
	for _, p := range d.Probed {
		switch {
		case p.Code == "" || p.Code == aws.NotOffered:
		case p.Denied():
			missing = append(missing, p.Actions...)
		default:
			key := strings.TrimPrefix(p.Code, "haetae:") + ": " + p.Message
			other[key] = append(other[key], p.Op)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		d.problem("permissions", "refused: "+strings.Join(slices.Compact(missing), ", "),
			"haetae policy --for scan prints the policy that a scan needs; attach it to "+d.ARN+".")
	}
	keys := make([]string, 0, len(other))
	for k := range other {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		d.problem(strings.Join(other[k], ", "), k, "A scan goes on without these calls and says what is missing.")
	}
}

func (a *app) printDiagnosis(d *diagnosis) error {
	var b strings.Builder
	fmt.Fprintf(&b, "account   %s\nidentity  %s\n", d.Account, d.ARN)
	if d.Members > 0 {
		fmt.Fprintf(&b, "accounts  %d in the organization (--org reads them all)\n", d.Members)
	}
	fmt.Fprintf(&b, "regions   %s\n", strings.Join(d.Regions, " "))
	if d.Data != "" {
		fmt.Fprintf(&b, "data      %s\n", filepath.Clean(d.Data))
	}
	account, region, each, ok := 0, 0, 0, 0
	wide := 0
	for _, c := range d.Calls {
		wide = max(wide, len(c.Service))
	}
	fmt.Fprintf(&b, "\nA scan calls these, at less than half of AWS's quotas, and nothing that changes anything:\n\n  %-*s %8s %8s %10s\n", wide, "service", "account", "region", "each thing")
	for _, c := range d.Calls {
		fmt.Fprintf(&b, "  %-*s %8s %8s %10s\n", wide, c.Service, count(len(c.Account)), count(len(c.Region)), count(len(c.Each)))
		account += len(c.Account)
		region += len(c.Region)
		each += len(c.Each)
	}
	if n := len(d.Regions); n > 0 {
		fmt.Fprintf(&b, "\nThat is %d calls for an account without resources: %d, and %d in each of %d regions.\n", account+region*n, account, region, n)
	} else {
		fmt.Fprintf(&b, "\nThat is %d calls for an account without resources, and %d in each region.\n", account, region)
	}
	fmt.Fprintf(&b, "%d further operations are called for each thing found.\n", each)
	for _, p := range d.Probed {
		if p.Code == "" {
			ok++
		}
	}
	fmt.Fprintf(&b, "Tried just now: %d listing calls, %d answered.\n", len(d.Probed), ok)
	for _, p := range d.Problems {
		fmt.Fprintf(&b, "\n%s: %s\n  %s\n", p.Place.File, p.Error, p.Hint)
	}
	if len(d.Problems) == 0 {
		b.WriteString("\nNo problem found.\n")
	}
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

// count is a number of a table, in which none is a dash.
func count(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}
