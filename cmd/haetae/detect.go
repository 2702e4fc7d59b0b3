package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/detect"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/sequence"
	"github.com/haetae/haetae/sigma"
)

// detectOptions are what the flags of detect say.
type detectOptions struct {
	rules   []string
	builtIn bool
	output  string
	stats   bool
	since   string
	level   string
	cut     time.Time // of since
	least   haetae.Severity

	lake           bool // the records are those of the event lake
	follow, forget bool
	every, commit  time.Duration
	tokenFile      string
	placeholders   []string

	from      sources // what is known of the organisation
	addresses addresses
}

func (a *app) detectCommand() *cobra.Command {
	var o detectOptions
	c := &cobra.Command{
		Use:   "detect PATH|SOURCE…",
		Short: "Findings from logs: who did what, and is it an attack",
		Long: `Reads the logs below the paths and holds every record against haetae's detections
(haetae content list shows them), or, with --rules, against your own rules: Sigma
rules of version 2 with their correlations, and EventBridge event patterns
(eventpattern in place of detection and logsource). Rules run as they are; those
that are refused are named with file and line.

A record with the same id counts once. Correlations count in the time that the
records say, in windows that slide; what comes late is counted too, and marked
late. What one detection says of the same subject within its window is one finding
that names all its records. Weak signals of one actor, over sessions, roles and
accounts, make an attack sequence, whose score is shown with its arithmetic.

With --from rules know what is yours: addresses, accounts, owners. --address-list gives
lists of bad addresses and names, --address-data the networks of addresses.

--from lake takes the records that haetae logs import kept in the data directory, in the order
of time: try a rule on the past before it is switched on. What is found is shown and not kept.
With --since reading begins 14 days before it, so that windows and baselines know what was.

With --data DIR or --follow what was read is remembered: each file is read once, windows,
baselines and sequences go on where they were, and findings are kept (haetae detect
--data DIR lists them, haetae query has the view detections). --follow goes on reading
what is new. ` + stopped() + `

Beside paths these are sources, with --data or --follow: s3://BUCKET/PREFIX; sqs:QUEUE (also
an ARN or a URL) of a queue that S3 tells of new objects, directly, through SNS or EventBridge,
whose messages are deleted once their objects are stored; logs:GROUP of CloudWatch Logs;
http://HOST:PORT, which takes logs that are sent to it, also by Firehose. haetae policy --for
detect prints the permissions.

Exit code 1 means that something was found, 3 that nothing was but that a rule was
refused or a record could not be read.`,
		Example: `  haetae detect ./AWSLogs
  haetae detect ./AWSLogs --from store@latest --address-list malicious=bad.txt
  haetae detect ./AWSLogs --follow --data ./data --output ndjson
  haetae detect sqs:trail-files logs:/aws/eks/shop/cluster --follow --data ./data -o ndjson
  haetae detect --data ./data --severity high
  haetae detect --from lake --since 7d --rules ./new-rule.yaml --data ./data
  haetae detect ./AWSLogs --rules ./sigma/rules/cloud/aws --output ndjson --stats`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !slices.Contains(o.from.from, lakeName) && !o.keeps(cmd.Flags().Changed("data")) {
				return usagef("files or folders of logs are meant: haetae detect PATH…")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.detect(cmd, args, &o) },
	}
	f := c.Flags()
	f.StringArrayVar(&o.rules, "rules", nil, "your own Sigma rules in place of haetae's detections: a YAML file, or a folder of them; may be repeated")
	f.StringArrayVar(&o.placeholders, "placeholder", nil, "NAME=VALUE[,VALUE…], or NAME=@FILE with a value on each line: what %NAME% stands for in Sigma rules (expand); may be repeated")
	f.BoolVar(&o.builtIn, "built-in", false, "with --rules: haetae's detections too")
	f.StringVarP(&o.output, "output", "o", "table", "table, json, ndjson or csv")
	f.BoolVar(&o.stats, "stats", false, "end with a line that counts what was read, skipped, twice and late, and say what rules could not do")
	f.StringVar(&o.since, "since", "", "only findings with a record at or after this: 2026-11-01, 2026-11-01T10:00:00Z, or 24h before now; earlier records still count in windows")
	f.BoolVar(&o.follow, "follow", false, "go on reading what is new below the paths; needs no end")
	f.StringVar(&o.tokenFile, "token-file", "", "file with the token that senders to http://HOST:PORT have to show")
	f.DurationVar(&o.every, "every", 5*time.Second, "with --follow: how often to look for what is new")
	f.BoolVar(&o.forget, "forget", false, "begin anew: read again what was read, with nothing remembered; what was found is kept")
	f.DurationVar(&o.commit, "commit", 2*time.Second, "how often to store, at most")
	_ = f.MarkHidden("commit")
	o.from.flags(c)
	o.addresses.flags(f)
	f.StringVar(&o.level, "severity", "informational", "only findings of at least this severity: informational, low, medium, high, critical")
	return c
}

// sinceTime reads an instant, or a time before now.
func sinceTime(text string, now time.Time) (time.Time, error) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z", "2006-01-02"} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	if d, err := parseAge(text); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, usagef("%q is no time: 2026-11-01, 2026-11-01T10:00:00Z, or 24h or 7d before now", text)
}

func parseAge(text string) (time.Duration, error) {
	var days int
	if n, err := fmt.Sscanf(text, "%dd", &days); err == nil && n == 1 && text == fmt.Sprintf("%dd", days) {
		return time.Duration(days) * 24 * time.Hour, nil
	}
	return time.ParseDuration(text)
}

func (o *detectOptions) check() error {
	if err := formatOf(o.output, "table", "json", "ndjson", "csv"); err != nil {
		return err
	}
	var err error
	if o.since != "" {
		if o.cut, err = sinceTime(o.since, time.Now()); err != nil {
			return err
		}
	}
	if o.least, err = haetae.ParseSeverity(o.level); err != nil {
		return usage{fmt.Errorf("--severity: %w", err)}
	}
	if o.builtIn && len(o.rules) == 0 {
		o.builtIn = false
	}
	return nil
}

// detectionRules are the rules that are asked for, and those that are refused.
func (a *app) detectionRules(o *detectOptions) (*detect.Rules, []error, error) {
	var detections []*content.Detection
	var own sigma.Rules
	var refused []error
	if len(o.rules) == 0 || o.builtIn {
		trees, err := contentTrees(a.content)
		if err != nil {
			return nil, nil, err
		}
		if detections, err = content.Detections(trees...); err != nil {
			return nil, nil, err
		}
	}
	if len(o.rules) > 0 {
		var err error
		if own, refused, err = sigmaRules(o.rules); err != nil {
			return nil, nil, err
		}
	}
	rules, more := detect.NewRules(detections, own)
	return rules, append(refused, more...), nil
}

// sequencesOf are the attack sequences; people's own rules alone have no signals.
func (a *app) sequencesOf(o *detectOptions) ([]*sequence.Sequence, error) {
	if len(o.rules) > 0 && !o.builtIn {
		return nil, nil
	}
	trees, err := contentTrees(a.content)
	if err != nil {
		return nil, err
	}
	list, err := content.Sequences(trees...)
	if err != nil {
		return nil, err
	}
	var out []*sequence.Sequence
	for _, q := range list {
		out = append(out, &q.Sequence)
	}
	return out, nil
}

func (a *app) detect(cmd *cobra.Command, paths []string, o *detectOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := o.fromLake(paths); err != nil {
		return err
	}
	keep := !o.lake && o.keeps(cmd.Flags().Changed("data"))
	if err := o.checkKept(paths); err != nil {
		return err
	}
	if len(paths) == 0 && !o.forget && !o.lake {
		return a.detectStored(cmd.Context(), o)
	}
	rules, refused, err := a.detectionRules(o)
	if err != nil {
		return err
	}
	opt := detect.Options{Rules: rules, Stateful: keep}
	if opt.Sigma.Placeholders, err = placeholdersOf(o.placeholders); err != nil {
		return err
	}
	if opt.Sequences, err = a.sequencesOf(o); err != nil {
		return err
	}
	var w *actor.World
	if len(o.from.from) > 0 {
		if w, err = a.actors(cmd.Context(), &o.from); err != nil {
			return err
		}
	}
	if opt.Book, err = a.book(&o.addresses, w); err != nil {
		return err
	}
	opt.Actors = actor.New(w, opt.Book, actor.Options{})
	engine, more := detect.New(opt)
	refused = append(refused, more...)
	for _, e := range refused {
		a.advise("haetae: rule refused: %v", e)
	}
	a.adviseNever(rules.Never(opt.Sigma, ingest.Fields))
	if len(engine.Rules()) == 0 {
		return usagef("there is no rule that can be used in %s", strings.Join(o.rules, ", "))
	}
	if _, remote := argumentsOf(paths); len(remote) > 0 && !keep {
		return usagef("%s is read with a state that outlives the run: give --data DIR or --follow", remote[0])
	}
	if keep {
		return a.detectKept(cmd.Context(), paths, o, engine, len(refused))
	}
	p := a.progress()
	p.stage("reading records")
	var stats ingest.Stats
	if o.lake {
		err = a.readLake(cmd.Context(), o, &stats, engine)
	} else {
		err = readLogs(cmd.Context(), paths, &stats, engine)
	}
	p.Close()
	if errors.Is(err, fs.ErrNotExist) {
		return usage{err}
	}
	if err != nil {
		return err
	}
	engine.Flush()
	list := o.wanted(engine.Take())
	if err := a.printDetected(list, o.output); err != nil {
		return err
	}
	if err := a.detectStats(&stats, engine, engine.Stats(), o); err != nil {
		return err
	}
	switch {
	case len(list) > 0:
		return exit(exitFound)
	case len(refused) > 0 || !stats.Whole() || stats.Records == 0:
		return exit(exitIncomplete)
	}
	return nil
}

// placeholdersOf are the values of placeholders.
func placeholdersOf(args []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if name = strings.Trim(name, "%"); !ok || name == "" || value == "" {
			return nil, usagef("--placeholder NAME=VALUE or NAME=@FILE is meant, not %q", a)
		}
		values := strings.Split(value, ",")
		if file, ok := strings.CutPrefix(value, "@"); ok {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, usagef("--placeholder: %v", err)
			}
			values = strings.Split(string(data), "\n")
		}
		for _, v := range values {
			if v = strings.TrimSpace(v); v != "" && !strings.HasPrefix(v, "#") {
				out[name] = append(out[name], v)
			}
		}
		if len(out[name]) == 0 {
			return nil, usagef("--placeholder %s has no value", name)
		}
	}
	return out, nil
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

// detectStats says what was read and what was not.
func (a *app) detectStats(s *ingest.Stats, e *detect.Engine, count detect.Stats, o *detectOptions) error {
	for _, p := range s.Problems {
		a.advise("haetae: not read: %s", p)
	}
	if n := s.UnreadFiles + s.UnreadRecords - len(s.Problems); n > 0 {
		a.advise("haetae: not read: %d more files and records", n)
	}
	if s.Records == 0 {
		a.advise("No record of a log was read.")
	}
	if never := idleRules(e); len(never) > 0 {
		a.advise("%d of %d rules are for logs that are not here, and could not match: %s", sum(never), len(e.Rules()), joinCounts(never))
	}
	if !o.stats {
		return nil
	}
	for key, c := range count.Correlations {
		for _, x := range []struct {
			n    int
			what string
		}{{c.EvictedGroups, "groups were forgotten for space"}, {c.EvictedHits, "events were forgotten for space"}, {c.TooManyGroups, "events fell into too many groups"},
			{c.Ungrouped, "events had no value to group by"}, {c.NoValue, "events had no value to measure"}, {c.NotNumeric, "values were no numbers"}, {c.TooLate, "events came too late"}} {
			if x.n > 0 {
				a.advise("%s: %d %s", key, x.n, x.what)
			}
		}
	}
	x := e.Index()
	a.advise("%d files and %d rules; %d rules are asked of every record. %d files and %d records could not be read.", s.Files, x.Rules, len(x.Always), s.UnreadFiles, s.UnreadRecords)
	return encoder(a.out).Encode(struct {
		Read      int `json:"read"`
		Skipped   int `json:"skipped"`
		Duplicate int `json:"duplicate"`
		Late      int `json:"late"`
	}{count.Read, s.UnreadFiles + s.UnreadRecords, count.Duplicate, count.Late})
}

// idleRules counts, by log source, the rules that no record could match, as no
// record of their log was read. Those of logs that haetae never reads are said before.
func idleRules(e *detect.Engine) map[string]int {
	out := map[string]int{}
	for _, r := range e.Rules() {
		if r.Pattern != nil || slices.ContainsFunc(e.Sources(), r.LogSource.Covers) || !detect.Reads(r.LogSource) {
			continue
		}
		out[detect.SourceName(r.LogSource)]++
	}
	return out
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func joinCounts(counts map[string]int) string {
	var out []string
	for name, n := range counts {
		out = append(out, fmt.Sprintf("%s (%d)", name, n))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
