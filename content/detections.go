package content

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sigma"
)

// Detection is a rule about events: a file of Sigma rules and correlations, one of
// which, the head, is the detection itself and has the file's name as its id. The
// others are what a correlation counts.
type Detection struct {
	ID             string
	Area           string // the folder it stands in: "iam", "s3", "dns"
	Title          haetae.Text
	Description    haetae.Text
	Response       haetae.Text // what to do when it fires
	FalsePositives [2][]string // English, Korean
	References     []string
	Severity       haetae.Severity
	Tags           []string

	GuardDuty []string // the finding types of GuardDuty that it stands for
	CIS       []string // "cis-aws-5.0/4.3"
	// Signal is the tactic as which it is part of attack sequences, "" when it is
	// no part of any: "credential-access".
	Signal string
	// Subject are the fields by which findings are told apart, and Window is the gap
	// in event time within which two of the same subject are one finding. Without
	// them it is up to the engine.
	Subject []string
	Window  time.Duration
	// Baseline is set when the detection speaks only of what is unusual.
	Baseline *Baseline

	Rules        []*sigma.Rule
	Correlations []*sigma.Correlation
	Examples     []DetectionExample
	File         string
}

// Logs are the log sources of the detection's rules, each once.
func (d *Detection) Logs() []sigma.LogSource {
	var out []sigma.LogSource
	for _, r := range d.Rules {
		l := r.LogSource
		l.Definition = ""
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// detectionBlock is what haetae adds to a Sigma rule, below the key haetae.
type detectionBlock struct {
	KO        detectionKorean `yaml:"ko"`
	Response  string          `yaml:"response"`
	GuardDuty []string        `yaml:"guardduty"`
	CIS       []string        `yaml:"cis"`
	Signal    string          `yaml:"signal"`
	Subject   stringList      `yaml:"subject"`
	Window    string          `yaml:"window"`
	Baseline  *baselineBlock  `yaml:"baseline"`
	Examples  []exampleBlock  `yaml:"examples"`
}

type detectionKorean struct {
	Title          string   `yaml:"title"`
	Description    string   `yaml:"description"`
	Response       string   `yaml:"response"`
	FalsePositives []string `yaml:"falsepositives"`
}

// stringList is a text or a list of them.
type stringList []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *stringList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = []string{n.Value}
		return nil
	}
	return n.Decode((*[]string)(l))
}

// Tactics are those of ATT&CK's matrices for clouds and containers, as Sigma's
// tags and the signals of detections write them.
func Tactics() []string {
	return []string{"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation", "defense-evasion",
		"credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "impact"}
}

// Detections returns the built-in detections and those of further trees of the
// same form, sorted by id. It reports every fault of every file at once.
func Detections(more ...fs.FS) ([]*Detection, error) {
	defaults, err := detectionDefaults()
	if err != nil {
		return nil, err
	}
	var out []*Detection
	var errs []error
	for _, tree := range append([]fs.FS{files}, more...) {
		err := fs.WalkDir(tree, "detections", func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() || path.Ext(name) != ".yaml" || path.Dir(name) == "detections" {
				return nil
			}
			data, err := fs.ReadFile(tree, name)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			x, err := parseDetection(data, name, defaults)
			if err != nil {
				errs = append(errs, err)
				return nil
			}
			if i := slices.IndexFunc(out, func(o *Detection) bool { return o.ID == x.ID }); i >= 0 {
				errs = append(errs, detectionError(name, fmt.Errorf("the id is already that of %s", out[i].File)))
				return nil
			}
			out = append(out, x)
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("walk detections: %w", err))
		}
	}
	slices.SortFunc(out, func(a, b *Detection) int { return strings.Compare(a.ID, b.ID) })
	return out, errors.Join(errs...)
}

// ParseDetection decodes one detection; file names it in messages and gives its
// area by the folder.
func ParseDetection(data []byte, file string) (*Detection, error) {
	defaults, err := detectionDefaults()
	if err != nil {
		return nil, err
	}
	return parseDetection(data, file, defaults)
}

func parseDetection(data []byte, file string, defaults map[string]exampleDefault) (*Detection, error) {
	rules, err := sigma.Parse(file, data)
	if err != nil {
		return nil, detectionError(file, err)
	}
	block, line, err := blockOf(data)
	if err != nil {
		return nil, detectionError(file, err)
	}
	d := &Detection{Area: path.Base(path.Dir(file)), Rules: rules.Rules, Correlations: rules.Correlations, File: file,
		GuardDuty: block.GuardDuty, CIS: block.CIS, Signal: block.Signal, Subject: block.Subject}
	if err := d.head(strings.TrimSuffix(path.Base(file), ".yaml")); err != nil {
		return nil, detectionError(file, err)
	}
	d.Title.KO, d.Description.KO = block.KO.Title, strings.TrimSpace(block.KO.Description)
	d.Response = haetae.Text{EN: strings.TrimSpace(block.Response), KO: strings.TrimSpace(block.KO.Response)}
	d.FalsePositives[1] = block.KO.FalsePositives
	if block.Window != "" {
		if d.Window, err = time.ParseDuration(block.Window); err != nil || d.Window <= 0 {
			return nil, detectionError(file, fmt.Errorf("window %q is no time such as 30m or 24h", block.Window))
		}
	}
	if block.Baseline != nil {
		if d.Baseline, err = block.Baseline.read(d); err != nil {
			return nil, detectionError(file, err)
		}
	}
	if d.Signal != "" && !slices.Contains(Tactics(), d.Signal) {
		return nil, detectionError(file, fmt.Errorf("signal %q is none of %s", d.Signal, strings.Join(Tactics(), ", ")))
	}
	if d.Response.EN == "" {
		return nil, detectionError(file, errors.New("response is missing in English"))
	}
	for _, x := range block.Examples {
		e, err := d.example(x, defaults)
		if err != nil {
			return nil, detectionError(file, fmt.Errorf("example %q: %w", x.Name, err))
		}
		e.Line = line
		d.Examples = append(d.Examples, e)
	}
	return d, nil
}

var detectionID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// head takes up the rule or correlation that is the detection itself.
func (d *Detection) head(id string) error {
	if !detectionID.MatchString(id) {
		return fmt.Errorf("the file's name %q: use lower-case words joined by -", id)
	}
	d.ID = id
	found := 0
	take := func(title, text, level string, references, false_, tags []string) error {
		found++
		severity, err := haetae.ParseSeverity(level)
		if err != nil {
			return err
		}
		d.Title.EN, d.Description.EN, d.Severity = title, strings.TrimSpace(text), severity
		d.References, d.FalsePositives[0], d.Tags = references, false_, tags
		if d.Description.EN == "" {
			return errors.New("description is missing")
		}
		return nil
	}
	for _, r := range d.Rules {
		switch {
		case r.ID == id:
			if err := take(r.Title, r.Description, r.Level, r.References, r.FalsePositives, r.Tags); err != nil {
				return err
			}
		case r.ID != "" || !strings.HasPrefix(r.Name, id+"-"):
			return fmt.Errorf("line %d: a rule beside the one of id %s has no id, and a name that begins with %s-", r.Line, id, id)
		}
	}
	for _, c := range d.Correlations {
		switch {
		case c.ID == id:
			if err := take(c.Title, c.Description, c.Level, c.References, c.FalsePositives, c.Tags); err != nil {
				return err
			}
		case c.ID != "" || !strings.HasPrefix(c.Name, id+"-"):
			return fmt.Errorf("line %d: a correlation beside the one of id %s has no id, and a name that begins with %s-", c.Line, id, id)
		}
	}
	if found != 1 {
		return fmt.Errorf("%d rules and correlations have the id %s, the file's name: one must", found, id)
	}
	return nil
}

// blockOf finds the haetae block of one of the documents of a file.
func blockOf(data []byte) (block detectionBlock, line int, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for found := false; ; {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF) && !found:
			return block, 0, errors.New("the key haetae is missing")
		case errors.Is(err, io.EOF):
			return block, line, nil
		case err != nil:
			return block, 0, err
		}
		if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
			continue
		}
		top := doc.Content[0].Content
		for i := 0; i+1 < len(top); i += 2 {
			if top[i].Value != "haetae" {
				continue
			}
			if found {
				return block, 0, fmt.Errorf("line %d: the key haetae is there twice", top[i].Line)
			}
			found, line = true, top[i].Line
			if err := top[i+1].Load(&block, yaml.WithKnownFields()); err != nil {
				return block, 0, err
			}
		}
	}
}

func detectionError(file string, err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: file, Err: err, Hint: "docs/add-a-detection.md describes the form of a detection."}
}
