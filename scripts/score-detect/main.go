// Command score-detect says how well the built-in detections do: for each rule, and in
// all, what fires on labelled logs, and what fires beside. It runs haetae as a user
// does and reads its findings.
//
// The labels of people's logs are a file of event ids; those of the sample's logs
// come with them. A rule that names a value of people's logs is an error: it
// would have been made for them.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// finding is what the score reads of a finding of haetae detect.
type finding struct {
	Rule, Kind, Severity string
	Events               []string
	First, Last          string
	Sequence             *struct{ Score json.Number }
}

// score is how a set of logs was judged.
type score struct {
	Name       string         `json:"name"`
	Records    int            `json:"records"`    // without those that came twice
	Labelled   int            `json:"labelled"`   // records of the attack
	Caught     int            `json:"caught"`     // of them, those that a finding carries
	Alerting   map[string]int `json:"alerting"`   // other records that a finding carries, by the least severity
	Share      float64        `json:"share"`      // of the other records, those that a finding of low and above carries
	Steps      []step         `json:"steps"`      // of the attack, where labels name them
	Rules      []ruleScore    `json:"rules"`      //
	Sequences  []string       `json:"sequences"`  // attack sequences with a labelled record, and their scores
	Elsewhere  []string       `json:"elsewhere"`  // sequences without any
	Days       float64        `json:"days"`       // that the logs last
	FalseDaily float64        `json:"falseDaily"` // findings of medium and above without a labelled record, a day
	Delay      string         `json:"delay"`      // from the first labelled record to the first finding of medium and above that carries one
}

type step struct {
	Case    string `json:"case"`
	Step    string `json:"step"`
	Records int    `json:"records"`
	Caught  int    `json:"caught"`
	Rules   string `json:"rules"`
}

type ruleScore struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Findings int    `json:"findings"`
	Right    int    `json:"right"` // findings with a labelled record
	Attack   int    `json:"attack"`
	Other    int    `json:"other"`
}

// label is why a record is one of an attack.
type label struct {
	name, step string
	at         time.Time
}

var severities = []string{"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}

func main() {
	program := flag.String("haetae", "bin/haetae", "the program")
	dir := flag.String("cloudtrail", "", "folder of people's CloudTrail files, with s3-ransomware-lab below it; what is not given is left out")
	labels := flag.String("labels", "scripts/score-detect/s3-ransomware-lab.labels", "event ids of the attack in it")
	work := flag.String("out", "out/score-detect", "folder for the sample's logs")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	if err := run(*program, *dir, *labels, *work, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "score-detect:", err)
		os.Exit(1)
	}
}

func run(program, dir, labels, work string, asJSON bool) error {
	var all []*score
	if dir == "" {
		fmt.Fprintln(os.Stderr, "score-detect: no folder of people's CloudTrail files (DIR=…): only the sample's break-ins are scored")
	} else {
		lab := filepath.Join(dir, "s3-ransomware-lab")
		ids, err := readIDs(labels)
		if err != nil {
			return err
		}
		s, err := judge(program, "s3-ransomware-lab", []string{lab}, nil, ids)
		if err != nil {
			return err
		}
		all = append(all, s)
		if err := overfitted(lab, ids); err != nil {
			return err
		}
	}
	for _, name := range []string{"A", "F", "K", "none"} {
		logs := filepath.Join(work, name)
		if err := os.RemoveAll(logs); err != nil {
			return err
		}
		if out, err := exec.Command(program, "sample", "logs", logs, "--case", name, "--quiet").CombinedOutput(); err != nil {
			return fmt.Errorf("sample logs: %w\n%s", err, out)
		}
		ids, err := sampleLabels(filepath.Join(logs, "labels.ndjson"))
		if err != nil {
			return err
		}
		title := "sample, break-in " + name
		if name == "none" {
			title = "sample, no break-in"
		}
		s, err := judge(program, title, []string{logs}, []string{"--from", "sample"}, ids)
		if err != nil {
			return err
		}
		all = append(all, s)
		if err := os.RemoveAll(logs); err != nil {
			return err
		}
	}
	if asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(all)
	}
	for _, s := range all {
		s.print()
	}
	return nil
}

// readIDs reads a file with an event id on each line.
func readIDs(file string) (map[string]label, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	out := map[string]label{}
	for line := range strings.Lines(string(data)) {
		if id := strings.TrimSpace(line); id != "" && !strings.HasPrefix(id, "#") {
			out[id] = label{name: "attack"}
		}
	}
	return out, nil
}

// sampleLabels reads the labels of the sample's logs.
func sampleLabels(file string) (map[string]label, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]label{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l struct {
			ID, Case, Step string
			Time           time.Time
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out[l.ID] = label{l.Case, l.Step, l.Time}
	}
	return out, lines.Err()
}

// judge runs detect over logs and holds what it finds against labels.
func judge(program, name string, paths, flags []string, labels map[string]label) (*score, error) {
	args := append(append([]string{"detect"}, paths...), "--output", "ndjson", "--stats", "--quiet")
	cmd := exec.Command(program, append(args, flags...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != 1) {
		return nil, fmt.Errorf("detect: %w\n%s", err, &said)
	}
	s := &score{Name: name, Labelled: len(labels), Alerting: map[string]int{}}
	var findings []finding
	for line := range bytes.Lines(out) {
		var f finding
		var stats struct{ Read, Duplicate *int }
		if err := json.Unmarshal(line, &stats); err == nil && stats.Read != nil {
			s.Records = *stats.Read - *stats.Duplicate
			continue
		}
		if err := json.Unmarshal(line, &f); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
		findings = append(findings, f)
	}
	s.weigh(findings, labels)
	return s, nil
}

func (s *score) weigh(findings []finding, labels map[string]label) {
	rules := map[string]*ruleScore{}
	by := map[string]map[string]bool{} // labelled record → rules
	worst := map[string]int{}          // other record → severity
	var first, last, began, told time.Time
	for _, l := range labels {
		if !l.at.IsZero() && (began.IsZero() || l.at.Before(began)) {
			began = l.at
		}
	}
	wrong := 0
	for _, f := range findings {
		r := rules[f.Rule]
		if r == nil {
			r = &ruleScore{Rule: f.Rule, Severity: strings.ToLower(f.Severity)}
			rules[f.Rule] = r
		}
		r.Findings++
		severity := slices.Index(severities, f.Severity)
		right := false
		for _, id := range f.Events {
			if _, ok := labels[id]; !ok {
				r.Other++
				worst[id] = max(worst[id], severity+1)
				continue
			}
			right = true
			r.Attack++
			if by[id] == nil {
				by[id] = map[string]bool{}
			}
			by[id][f.Rule] = true
		}
		if right {
			r.Right++
		}
		from, _ := time.Parse(time.RFC3339, f.First)
		to, _ := time.Parse(time.RFC3339, f.Last)
		if first.IsZero() || from.Before(first) {
			first = from
		}
		if to.After(last) {
			last = to
		}
		switch {
		case !right && severity >= 2:
			wrong++
		case right && severity >= 2 && (told.IsZero() || from.Before(told)):
			told = from
		}
		if f.Sequence != nil {
			text := fmt.Sprintf("%s (%s, score %s, %d records)", f.Rule, strings.ToLower(f.Severity), f.Sequence.Score, len(f.Events))
			if right {
				s.Sequences = append(s.Sequences, text)
			} else {
				s.Elsewhere = append(s.Elsewhere, text)
			}
		}
	}
	s.Caught = len(by)
	for i, name := range severities {
		for _, w := range worst {
			if w > i {
				s.Alerting[strings.ToLower(name)]++
			}
		}
	}
	if n := s.Records - s.Labelled; n > 0 {
		s.Share = float64(s.Alerting["low"]) / float64(n)
	}
	if s.Days = last.Sub(first).Hours() / 24; s.Days > 0 {
		s.FalseDaily = float64(wrong) / s.Days
	}
	if !began.IsZero() && !told.IsZero() {
		s.Delay = told.Sub(began).Round(time.Second).String()
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		s.Rules = append(s.Rules, *rules[name])
	}
	s.steps(labels, by)
}

// steps says of each step of an attack which rules saw it.
func (s *score) steps(labels map[string]label, by map[string]map[string]bool) {
	type key struct{ name, step string }
	steps, seen, when := map[key]*step{}, map[key]map[string]bool{}, map[key]time.Time{}
	for id, l := range labels {
		if l.step == "" {
			continue
		}
		k := key{l.name, l.step}
		if steps[k] == nil {
			steps[k], seen[k], when[k] = &step{Case: l.name, Step: l.step}, map[string]bool{}, l.at
		}
		if l.at.Before(when[k]) {
			when[k] = l.at
		}
		steps[k].Records++
		if by[id] != nil {
			steps[k].Caught++
			maps.Copy(seen[k], by[id])
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(steps), func(a, b key) int { return when[a].Compare(when[b]) }) {
		steps[k].Rules = strings.Join(slices.Sorted(maps.Keys(seen[k])), ", ")
		s.Steps = append(s.Steps, *steps[k])
	}
}

func (s *score) print() {
	fmt.Printf("\n== %s: %d records, %d of an attack\n\n", s.Name, s.Records, s.Labelled)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tSEVERITY\tFINDINGS\tOF THE ATTACK\tITS RECORDS\tOTHER RECORDS")
	for _, r := range s.Rules {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\n", r.Rule, r.Severity, r.Findings, r.Right, r.Attack, r.Other)
	}
	t.Flush()
	if len(s.Steps) > 0 {
		fmt.Println("\nsteps of the attack:")
		t := tabwriter.NewWriter(os.Stdout, 2, 0, 2, ' ', 0)
		for _, x := range s.Steps {
			fmt.Fprintf(t, "  %d of %d\t%s\t%s\n", x.Caught, x.Records, x.Step, x.Rules)
		}
		t.Flush()
	}
	fmt.Println()
	if s.Labelled > 0 {
		fmt.Printf("of the attack's records a finding carries %d of %d (%.1f %%)", s.Caught, s.Labelled, 100*float64(s.Caught)/float64(s.Labelled))
		if s.Delay != "" {
			fmt.Printf("; the first finding of medium and above begins %s after it", s.Delay)
		}
		fmt.Println()
		fmt.Printf("sequences with the attack: %s\n", orNone(s.Sequences))
	}
	fmt.Printf("sequences without it: %s\n", orNone(s.Elsewhere))
	fmt.Printf("other records that a finding carries: %d of any severity, %d of low and above (%.2f %%), %d of medium and above, %d of high and above\n",
		s.Alerting["informational"], s.Alerting["low"], 100*s.Share, s.Alerting["medium"], s.Alerting["high"])
	fmt.Printf("findings of medium and above without a record of the attack: %.2f a day over %.1f days\n", s.FalseDaily, s.Days)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, "; ")
}
