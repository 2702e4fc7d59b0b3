package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/policy"
	"github.com/haetae/haetae/report"
)

// trailBytes bounds what one file of a trail may unpack to; CloudTrail's own
// are a few megabytes.
const trailBytes = 1 << 30

// iamLeast are the flags of `haetae iam least-privilege`.
type iamLeast struct {
	trails, old []string
	max         int
	output      string
}

func (a *app) iamLeastCommand() *cobra.Command {
	var o iamLeast
	c := &cobra.Command{
		Use:   "least-privilege ARN --events PATH",
		Short: "the policy that a user or a role needed, from CloudTrail records",
		Long: `Reads CloudTrail records and prints the policy that allows what a user, or the
sessions of a role, did in them: actions, resources, and the services that roles
were passed to. The evaluator proves that it allows each request that was seen.

What it cannot know is said on stderr (or in --output json): data events that no
record has, events that say no action, names that records leave out, and what
was denied. A policy from few days lacks what happens once a month.

The exit code is 0 when the policy allows all that was seen, and 3 when records
could not be read or mapped, or something is not proven.`,
		Example: `  haetae iam least-privilege arn:aws:iam::111122223333:role/app --events ./AWSLogs > policy.json
  haetae iam least-privilege arn:aws:iam::111122223333:user/kim --events trail.json.gz --old now.json --output json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.iamLeast(args[0], &o) },
	}
	c.Flags().StringArrayVar(&o.old, "old", nil, "file of a policy that the user or role has now; may be repeated")
	c.Flags().StringArrayVar(&o.trails, "events", nil, "a file of CloudTrail records, or a folder of them, as a trail delivers them; may be repeated")
	c.Flags().IntVar(&o.max, "max-resources", 10, "resources of a type that an action may list; more are widened to what their names have in common")
	c.Flags().StringVar(&o.output, "output", "policy", "policy or json")
	return c
}

func (a *app) iamLeast(principal string, o *iamLeast) error {
	if err := formatOf(o.output, "policy", "json"); err != nil {
		return err
	}
	if !strings.HasPrefix(principal, "arn:") || !strings.Contains(principal, ":user/") && !strings.Contains(principal, ":role/") && !strings.HasSuffix(principal, ":root") {
		return usagef("%s is not the ARN of a user or a role", principal)
	}
	if len(o.trails) == 0 || o.max < 1 {
		return usagef("--events PATH says where the records are, --max-resources is at least 1")
	}
	catalogue, err := a.permissions()
	if err != nil {
		return err
	}
	events, err := iam.NewEvents(catalogue)
	if err != nil {
		return fmt.Errorf("the map of CloudTrail's events: %w", err)
	}
	least := iam.NewLeast(events, principal, o.max)
	problems := 0
	p := a.progress()
	p.stage("reading CloudTrail records")
	for _, t := range o.trails {
		err := eachTrail(t, func(path string, data []byte, err error) {
			var list []*iam.Event
			if err == nil {
				list, err = iam.ParseEvents(data)
			}
			if err != nil {
				problems++
				a.advise("%s: %v", report.OneLine(path), err)
			}
			for _, e := range list {
				least.Add(e)
			}
		})
		if err != nil {
			p.Close()
			return noTrail(t, err)
		}
	}
	p.Close()
	engine := iam.New(catalogue)
	needs, err := least.Needs(engine)
	if err != nil {
		return err
	}
	var change *iam.Comparison
	if len(o.old) > 0 {
		if change, err = a.compareWithOld(engine, needs, o.old); err != nil {
			return err
		}
	}
	if o.output == "json" {
		view := struct {
			*iam.Needs
			Compared *iam.Comparison `json:"compared,omitempty"`
		}{needs, change}
		if err := encoder(a.out).Encode(view); err != nil {
			return printed(err)
		}
	} else if len(needs.Policy) > 0 {
		if _, err := fmt.Fprintln(a.out, needs.Indented()); err != nil {
			return printed(err)
		}
	}
	a.adviseNeeds(needs)
	a.adviseChange(change)
	switch {
	case change != nil && change.Exists == iam.Some:
		return exit(exitFound)
	case problems > 0 || len(needs.Unproven) > 0 || len(needs.Unmapped) > 0 || needs.Own == 0 || change != nil && change.Exists == iam.Undecided:
		return exit(exitIncomplete)
	}
	return nil
}

// noTrail says that there are no records at a path.
func noTrail(path string, err error) error {
	return usage{&haetae.Error{Code: haetae.NotFound, Op: "--events " + path, Err: err, Hint: "Give a file of CloudTrail records, or a folder of them."}}
}

// compareWithOld asks what the new policy allows that the old ones together do
// not.
func (a *app) compareWithOld(engine *iam.Engine, needs *iam.Needs, files []string) (*iam.Comparison, error) {
	old := &policy.Document{Type: policy.Identity, Name: "--old"}
	for i, name := range files {
		text, err := a.readText(name)
		if err != nil {
			return nil, err
		}
		d, err := policy.Parse(text, policy.Identity)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if i == 0 {
			old.Version = d.Version
		}
		if d.Version != old.Version {
			return nil, usagef("%s has another Version than %s: variables mean something else in it, so they cannot be taken together", name, files[0])
		}
		for _, s := range d.Statements {
			s.Index, s.Document = len(old.Statements), old
			old.Statements = append(old.Statements, s)
		}
		if old.More == nil {
			old.More = d.More
		}
	}
	if len(needs.Policy) == 0 {
		return engine.Compare(old, nil), nil
	}
	next, err := policy.Parse(string(needs.Policy), policy.Identity)
	if err != nil {
		return nil, fmt.Errorf("the policy for %s: %w", needs.Principal, err)
	}
	next.Name = "the new policy"
	return engine.Compare(old, next), nil
}

// adviseChange says what the comparison found.
func (a *app) adviseChange(c *iam.Comparison) {
	if c == nil {
		return
	}
	switch c.Exists {
	case iam.None:
		a.advise("Proven: it allows nothing that the old policies do not.")
	case iam.Some:
		a.advise("It allows what the old policies do not:")
	case iam.Undecided:
		a.advise("Whether it allows more than the old policies could not be decided:")
	}
	for i := range c.Examples {
		x := &c.Examples[i]
		a.advise("  %s on %s", x.Request.Action, report.OneLine(strings.Join(x.Request.Resources, ", ")))
	}
	for _, r := range c.Reasons {
		a.advise("  %s", report.OneLine(r))
	}
}

// adviseNeeds says what the policy rests on and what it may lack.
func (a *app) adviseNeeds(n *iam.Needs) {
	if n.Own == 0 {
		a.advise("None of %d records is of %s.", n.Records, n.Principal)
		return
	}
	a.advise("From %d of %d records, %s to %s; %d distinct requests are proven to be allowed.", n.Own, n.Records, n.First, n.Last, n.Proven)
	several := func(title string, list []string) {
		if len(list) > 0 {
			a.advise("%s:", title)
		}
		for _, s := range list {
			a.advise("  %s", report.OneLine(s))
		}
	}
	if n.Denied > 0 {
		a.advise("%d were denied by AWS; the policy does not allow what only they asked for.", n.Denied)
	}
	several("Not proven to be allowed", n.Unproven)
	several("Wider than what was seen", n.Widened)
	several("No record shows these, but others need them", n.Implied)
	var unmapped []string
	for why, count := range n.Unmapped {
		unmapped = append(unmapped, fmt.Sprintf("%d× %s", count, why))
	}
	slices.Sort(unmapped)
	several("Events that say no action: add what they need by hand", unmapped)
	if len(n.Seen) > 0 {
		a.advise("Data events are of %s, as far as the trail selects their resources.", strings.Join(n.Seen, ", "))
	}
	several("No record is of these data events; if they were made, the policy lacks them. Log them, and read again", n.Blind)
	if len(n.Policy) > iam.MaxManagedPolicy {
		a.advise("The policy has %d characters, a managed policy may have %d: lower --max-resources, or split it.", len(n.Policy), iam.MaxManagedPolicy)
	}
}

// eachTrail reads a file, or those of a folder whose names are of JSON or gzip.
// Digests, which CloudTrail puts beside, are no records
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html).
func eachTrail(root string, read func(path string, data []byte, err error)) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "CloudTrail-Digest" && path != root:
			return filepath.SkipDir
		case d.IsDir():
			return nil
		case path != root && filepath.Ext(path) != ".json" && filepath.Ext(path) != ".gz" && filepath.Ext(path) != ".cloudtrail":
			return nil
		}
		data, err := readTrail(path)
		read(path, data, err)
		return nil
	})
}

func readTrail(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, trailBytes+1))
	if err == nil && bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			data, err = io.ReadAll(io.LimitReader(z, trailBytes+1))
		}
	}
	if err == nil && len(data) > trailBytes {
		err = fmt.Errorf("more than %d bytes", trailBytes)
	}
	return data, err
}
