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
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// lab is the folder of people's logs that are labelled.
const lab = "s3-ransomware-lab"

func main() {
	program := flag.String("haetae", "bin/haetae", "the program")
	dir := flag.String("cloudtrail", "", "folder of people's CloudTrail files, with "+lab+" below it; what is not given is left out")
	labels := flag.String("labels", "scripts/score-detect/"+lab+".labels", "event ids of the attack in it")
	rules := flag.String("rules", "content/detections", "the detections, which may name no value of people's logs")
	work := flag.String("out", "out/score-detect", "folder for the sample's logs")
	cases := flag.String("cases", "A,F,K,none", "break-ins of the sample to score; none is its logs without one")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	if err := run(*program, *dir, *labels, *rules, *work, strings.Split(*cases, ","), *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "score-detect:", err)
		os.Exit(1)
	}
}

func run(program, dir, labels, rules, work string, cases []string, asJSON bool) error {
	var all []*score
	if s, err := people(program, dir, labels, rules); err != nil {
		return err
	} else if s != nil {
		all = append(all, s)
	}
	for _, name := range cases {
		s, err := sample(program, filepath.Join(work, name), name)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if asJSON {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(all)
	}
	var b bytes.Buffer
	for _, s := range all {
		s.print(&b)
	}
	_, err := os.Stdout.Write(b.Bytes())
	return err
}

// people scores the logs of the exercise; nil when they are not there.
func people(program, dir, labels, rules string) (*score, error) {
	if dir == "" {
		fmt.Fprintln(os.Stderr, "score-detect: no folder of people's CloudTrail files (DIR=…): only the sample's break-ins are scored, and whether a rule names a value of those files is not checked")
		return nil, nil
	}
	logs := filepath.Join(dir, lab)
	if _, err := os.Stat(logs); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no folder %s: give the one above it, or none", dir, lab)
	}
	ids, err := readIDs(labels)
	if err != nil {
		return nil, err
	}
	found, err := readTrail(logs)
	if err != nil {
		return nil, err
	}
	for id, l := range ids {
		if l.at = found.times[id]; l.at.IsZero() {
			return nil, fmt.Errorf("%s names the event %s, which is not in %s", labels, id, logs)
		}
		ids[id] = l
	}
	if err := overfitted(found.values, rules, logs); err != nil {
		return nil, err
	}
	s := &score{Name: lab, Days: found.last.Sub(found.first).Hours() / 24}
	return s, s.judge(program, []string{logs}, ids, nil)
}

// sample scores a break-in among the sample's logs, which are made in a folder and
// removed again.
func sample(program, logs, name string) (*score, error) {
	if err := os.RemoveAll(logs); err != nil {
		return nil, err
	}
	if out, err := exec.Command(program, "sample", "logs", logs, "--case", name, "--quiet").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("sample logs: %w\n%s", err, out)
	}
	ids, err := readLabels(filepath.Join(logs, "labels.ndjson"))
	if err != nil {
		return nil, err
	}
	decoys, err := readLabels(filepath.Join(logs, "benign.ndjson"))
	if err != nil {
		return nil, err
	}
	s := &score{Name: "sample, break-in " + name}
	if name == "none" {
		s.Name = "sample, no break-in"
	}
	if err := s.judge(program, []string{logs, "--from", "sample"}, ids, decoys); err != nil {
		return nil, err
	}
	return s, os.RemoveAll(logs)
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

// readLabels reads the labels of the sample's logs: of the attack, or of what only
// looks like one.
func readLabels(file string) (map[string]label, error) {
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
func (s *score) judge(program string, args []string, labels, decoys map[string]label) error {
	cmd := exec.Command(program, append([]string{"detect", "--output", "ndjson", "--stats", "--quiet"}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != 1) {
		return fmt.Errorf("detect: %w\n%s", err, &said)
	}
	var findings []finding
	for line := range bytes.Lines(out) {
		var stats struct{ Read, Duplicate *int }
		if err := json.Unmarshal(line, &stats); err == nil && stats.Read != nil {
			s.Records = *stats.Read - *stats.Duplicate
			continue
		}
		var f finding
		if err := json.Unmarshal(line, &f); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		findings = append(findings, f)
	}
	if s.Records == 0 {
		return fmt.Errorf("detect says no count of records: %s", &said)
	}
	s.weigh(findings, labels, decoys)
	return nil
}
