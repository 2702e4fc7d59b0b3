package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/sigma"
)

// detections are what the flags of detect say.
type detections struct {
	rules  []string
	output string
	stats  bool
}

func (a *app) detectCommand() *cobra.Command {
	var o detections
	c := &cobra.Command{
		Use:   "detect PATH… --rules DIR",
		Short: "What Sigma rules find in CloudTrail records",
		Long: `Reads CloudTrail records (as CloudTrail writes them to S3, JSON lines, EventBridge
events, messages of CloudWatch Logs; with gzip or not) and holds them against your
rules: Sigma rules of version 2 with their correlations, and EventBridge event
patterns (eventpattern in place of detection and logsource). Rules run as they
are; those that are refused are named with file and line. A record with the same
eventID counts once, as long as no million others are between.

Correlations count in the time that the records say, in windows that slide. What
comes late is counted too, and marked late.

Exit code 1 means that something was found, 3 that nothing was but that a rule was
refused or a record could not be read.`,
		Example: `  haetae detect ./AWSLogs --rules ./sigma/rules/cloud/aws
  haetae detect trail.json.gz --rules my-rules --output ndjson --stats`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("records of CloudTrail are meant: haetae detect PATH… --rules DIR")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.detect(cmd, args, &o) },
	}
	c.Flags().StringArrayVar(&o.rules, "rules", nil, "Sigma rules: a YAML file, or a folder of them; may be repeated")
	c.Flags().StringVarP(&o.output, "output", "o", "table", "table or ndjson")
	c.Flags().BoolVar(&o.stats, "stats", false, "say on stderr what was read, skipped, twice and late, and what rules could not do")
	return c
}

// found is a finding of a rule, as JSON.
type found struct {
	Rule     string            `json:"rule"`
	Title    string            `json:"title"`
	Level    string            `json:"severity"`
	Tags     []string          `json:"tags,omitempty"`
	First    string            `json:"first"`
	Last     string            `json:"last"`
	Account  string            `json:"account,omitempty"`
	Region   string            `json:"region,omitempty"`
	Actor    string            `json:"actor,omitempty"`
	Action   string            `json:"action,omitempty"`
	SourceIP string            `json:"sourceIP,omitempty"`
	Group    map[string]string `json:"group,omitempty"`
	Value    *float64          `json:"value,omitempty"`
	Events   []string          `json:"events"`
	Cut      int               `json:"eventsNotNamed,omitempty"`
	Late     bool              `json:"late,omitempty"`
	File     string            `json:"file,omitempty"`
	Record   int               `json:"record,omitempty"`
}

func (a *app) detect(cmd *cobra.Command, paths []string, o *detections) error {
	if err := formatOf(o.output, "table", "ndjson"); err != nil {
		return err
	}
	if len(o.rules) == 0 {
		return usagef("rules are meant: --rules DIR, a folder of Sigma rules")
	}
	rules, refused, err := sigmaRules(o.rules)
	if err != nil {
		return err
	}
	index, err := sigma.NewIndex(rules.Rules, sigma.Options{})
	refused = append(refused, errorsIn(err)...)
	correlator, err := sigma.NewCorrelator(rules.Correlations, index.Rules(), sigma.Limits{})
	refused = append(refused, errorsIn(err)...)
	for _, e := range refused {
		a.advise("haetae: rule refused: %v", e)
	}
	if len(index.Rules()) == 0 {
		return usagef("there is no rule that can be used in %s", strings.Join(o.rules, ", "))
	}
	others := 0
	for _, r := range index.Rules() {
		if r.Pattern == nil && !r.LogSource.Covers(cloudTrailLogs()) {
			others++
		}
	}
	if others > 0 {
		a.advise("%d of %d rules are for other logs than CloudTrail's (logsource: product aws, service cloudtrail) and can never match here.", others, len(index.Rules()))
	}
	d := &detector{index: index, scan: index.NewScan(), correlator: correlator, rules: index.Rules(), seen: recent{now: map[string]bool{}}, alerts: map[string]found{}}
	p := a.progress()
	p.stage("reading records")
	var stats ingest.Stats
	err = ingest.CloudTrail(cmd.Context(), paths, &stats, d.take)
	p.Close()
	if errors.Is(err, fs.ErrNotExist) {
		return usage{err}
	}
	if err != nil {
		return err
	}
	d.add(d.correlator.Flush())
	rows := d.rows()
	if err := a.printFound(rows, o.output); err != nil {
		return err
	}
	a.adviseRead(&stats, d, o.stats)
	switch {
	case len(rows) > 0:
		return exit(exitFound)
	case len(refused) > 0 || !stats.Whole() || stats.Records == 0:
		return exit(exitIncomplete)
	}
	return nil
}

// errorsIn are the errors that one joins.
func errorsIn(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range j.Unwrap() {
			out = append(out, errorsIn(e)...)
		}
		return out
	}
	return []error{err}
}

// sigmaRules reads files and folders of rules. What is refused is no error.
func sigmaRules(paths []string) (all sigma.Rules, refused []error, err error) {
	read := func(path string) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return usagef("--rules: %v", err)
		}
		r, err := sigma.Parse(path, text)
		refused = append(refused, errorsIn(err)...)
		all.Rules, all.Correlations = append(all.Rules, r.Rules...), append(all.Correlations, r.Correlations...)
		return nil
	}
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return usagef("--rules: %v", err)
			}
			ext := filepath.Ext(path)
			if d.IsDir() || path != root && ext != ".yml" && ext != ".yaml" {
				return nil
			}
			return read(path)
		})
		if err != nil {
			return all, nil, err
		}
	}
	return all, refused, nil
}

// detector holds records against rules.
type detector struct {
	index      *sigma.Index
	scan       *sigma.Scan
	correlator *sigma.Correlator
	rules      []*sigma.Rule
	seen       recent
	twice      int
	late       int
	list       []found
	alerts     map[string]found // of correlations, by their ids
	order      []string
}

// recent remembers ids of records: the last million for sure, two at most.
type recent struct {
	now, before map[string]bool
}

const recently = 1_000_000

// again tells whether an id was met before, and remembers it.
func (r *recent) again(id string) bool {
	if r.now[id] || r.before[id] {
		return true
	}
	if len(r.now) == recently {
		r.now, r.before = map[string]bool{}, r.now
	}
	r.now[id] = true
	return false
}

// take matches one record.
func (d *detector) take(r *ingest.TrailRecord) error {
	if r.ID != "" && d.seen.again(r.ID) {
		d.twice++
		return nil
	}
	e := &trailEvent{JSON: sigma.JSONEvent(r.Fields), record: r}
	var hit []*sigma.Rule
	for _, n := range d.scan.Match(e, cloudTrailLogs()) {
		hit = append(hit, d.rules[n])
	}
	id := r.ID
	if id == "" {
		id = fmt.Sprintf("%s:%d", r.Place.File, r.Place.Line)
	}
	for _, rule := range hit {
		if !d.correlator.Alone(rule) {
			continue
		}
		at := r.Time.UTC().Format(time.RFC3339)
		d.list = append(d.list, found{Rule: rule.Key(), Title: rule.Title, Level: rule.Level, Tags: rule.Tags, First: at, Last: at,
			Account: r.Account, Region: r.Region, Actor: actorOf(r), Action: actionOf(r), SourceIP: r.Text("sourceIPAddress"),
			Events: []string{id}, File: r.Place.File, Record: r.Place.Line})
	}
	d.add(d.correlator.Observe(sigma.Observation{Event: e, ID: id, Time: r.Time, Partition: r.Account + " " + r.Region, Rules: hit}))
	return nil
}

// add keeps what correlations say; a later word on the same takes its place.
func (d *detector) add(list []sigma.Alert) {
	for _, x := range list {
		for _, old := range x.Replaces {
			delete(d.alerts, old)
		}
		if x.Withdrawn {
			delete(d.alerts, x.ID)
			continue
		}
		if _, said := d.alerts[x.ID]; !said {
			d.order = append(d.order, x.ID)
		}
		f := found{Rule: x.Correlation.Key(), Title: x.Correlation.Title, Level: x.Correlation.Level, Tags: x.Correlation.Tags,
			First: x.First.UTC().Format(time.RFC3339), Last: x.Last.UTC().Format(time.RFC3339), Value: &x.Value, Events: x.Events, Cut: x.Cut, Late: x.Late}
		for _, g := range x.Group {
			if f.Group == nil {
				f.Group = map[string]string{}
			}
			f.Group[g.Field] = g.Value
		}
		d.alerts[x.ID] = f
	}
}

// rows are all findings by time.
func (d *detector) rows() []found {
	out := d.list
	for _, id := range d.order {
		if f, ok := d.alerts[id]; ok {
			if f.Late {
				d.late++
			}
			out = append(out, f)
			delete(d.alerts, id)
		}
	}
	slices.SortStableFunc(out, func(a, b found) int { return strings.Compare(a.First, b.First) })
	return out
}

// cloudTrailLogs is how Sigma names the log source
// (https://sigmahq.io/sigma-specification/specification/sigma-appendix-taxonomy.html).
func cloudTrailLogs() sigma.LogSource { return sigma.LogSource{Product: "aws", Service: "cloudtrail"} }

// trailEvent is a record as rules see it. Event patterns see what EventBridge
// would deliver
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
type trailEvent struct {
	sigma.JSON
	record *ingest.TrailRecord
	tree   map[string]any
}

// Lookup finds a field of the record, else of the event of EventBridge, for which
// patterns are written.
func (e *trailEvent) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	if out, ok := e.JSON.Lookup(field, dst); ok {
		return out, true
	}
	switch name, _, _ := strings.Cut(field, "."); name {
	case "detail", "detail-type", "source", "account", "region", "time", "id", "version", "resources":
		e.Tree()
		return sigma.JSONEvent(e.tree).Lookup(field, dst)
	}
	return dst, false
}

// Tree is the event of EventBridge.
func (e *trailEvent) Tree() any {
	if e.tree != nil {
		return e.tree
	}
	r := e.record
	kind := "AWS API Call via CloudTrail"
	switch r.Text("eventType") {
	case "AwsConsoleSignIn":
		kind = "AWS Console Sign In via CloudTrail"
	case "AwsServiceEvent":
		kind = "AWS Service Event via CloudTrail"
	}
	service, _, _ := strings.Cut(r.Text("eventSource"), ".")
	e.tree = map[string]any{"version": "0", "id": r.ID, "detail-type": kind, "source": "aws." + service, "account": r.Account,
		"time": r.Text("eventTime"), "region": r.Region, "resources": []any{}, "detail": r.Fields}
	return e.tree
}

// actorOf says who made a call, as the record tells it
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html).
func actorOf(r *ingest.TrailRecord) string {
	for _, path := range [][]string{{"userIdentity", "arn"}, {"userIdentity", "invokedBy"}, {"userIdentity", "userName"}, {"userIdentity", "principalId"}, {"userIdentity", "accountId"}, {"userIdentity", "type"}} {
		if text := r.Text(path...); text != "" {
			return text
		}
	}
	return ""
}

func actionOf(r *ingest.TrailRecord) string {
	service, _, _ := strings.Cut(r.Text("eventSource"), ".")
	return service + ":" + r.Text("eventName")
}

func (a *app) printFound(rows []found, output string) error {
	if output == "ndjson" {
		e := encoder(a.out)
		for _, r := range rows {
			if err := e.Encode(r); err != nil {
				return printed(err)
			}
		}
		return nil
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "Nothing found.")
		return nil
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FIRST\tSEVERITY\tTITLE\tWHO\tWHAT\tFROM\tEVENTS")
	for _, r := range rows {
		who, what := r.Actor, r.Action
		if r.Value != nil {
			var parts []string
			for field, value := range r.Group {
				parts = append(parts, field+"="+value)
			}
			slices.Sort(parts)
			who, what = strings.Join(parts, " "), fmt.Sprintf("%g until %s", *r.Value, r.Last)
		}
		if r.Late {
			what += " (late)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", r.First, dash(r.Level), r.Title, dash(who), dash(what), dash(r.SourceIP), len(r.Events)+r.Cut)
	}
	return printed(t.Flush())
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// adviseRead says what was read and what was not.
func (a *app) adviseRead(s *ingest.Stats, d *detector, all bool) {
	for _, p := range s.Problems {
		a.advise("haetae: not read: %s", p)
	}
	if n := s.UnreadFiles + s.UnreadRecords - len(s.Problems); n > 0 {
		a.advise("haetae: not read: %d more files and records", n)
	}
	if s.Records == 0 {
		a.advise("No record of CloudTrail was read.")
	}
	if !all {
		return
	}
	a.advise("%d records of %d files read, %d twice and counted once; %d files and %d records could not be read; %d findings have events that came late.",
		s.Records, s.Files, d.twice, s.UnreadFiles, s.UnreadRecords, d.late)
	x := d.index.Stats()
	a.advise("%d rules, %d correlations; %d rules are asked of every record.", x.Rules, len(d.correlator.Stats()), len(x.Always))
	for key, c := range d.correlator.Stats() {
		for n, what := range map[string]int{"groups were forgotten for space": c.EvictedGroups, "events were forgotten for space": c.EvictedHits,
			"events had no value to group by": c.Ungrouped, "events had no value to measure": c.NoValue, "values were no numbers": c.NotNumeric, "events came too late": c.TooLate} {
			if what > 0 {
				a.advise("%s: %d %s", key, what, n)
			}
		}
	}
}
