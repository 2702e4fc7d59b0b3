package content

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sequence"
)

// Sequence is an attack sequence with the signals that prove it.
type Sequence struct {
	sequence.Sequence
	Examples []SequenceExample
}

// SequenceExample is a few signals and what they make.
type SequenceExample struct {
	Name    string
	Fires   bool
	Score   sequence.Points // 0 when the example does not say
	Pivotal []string        // rules, sorted; nil when it does not say
	Signals []sequence.Signal
}

// Play tells how an example ends otherwise than it says; "" when it does not.
func (q *Sequence) Play(x *SequenceExample) (string, error) {
	e, err := sequence.New([]*sequence.Sequence{&q.Sequence}, sequence.Limits{Late: 90 * 24 * time.Hour})
	if err != nil {
		return "", err
	}
	found := map[string]sequence.Found{}
	take := func(list []sequence.Found) {
		for _, f := range list {
			found[f.ID] = f
			for _, id := range f.Replaces {
				delete(found, id)
			}
		}
	}
	for _, s := range x.Signals {
		take(e.Observe(s))
	}
	take(e.Flush())
	switch {
	case len(found) > 1:
		return fmt.Sprintf("it makes %d sequences", len(found)), nil
	case len(found) == 0 && x.Fires:
		return "it stays quiet", nil
	case len(found) == 1 && !x.Fires:
		for _, f := range found {
			return fmt.Sprintf("it fires with a score of %s: %v", f.Score, f.Arithmetic), nil
		}
	}
	for _, f := range found {
		if x.Score != 0 && f.Score != x.Score {
			return fmt.Sprintf("its score is %s: %v", f.Score, f.Arithmetic), nil
		}
		var rules []string
		for _, p := range f.Pivotal {
			rules = append(rules, p.Rule)
		}
		slices.Sort(rules)
		if x.Pivotal != nil && !slices.Equal(rules, x.Pivotal) {
			return fmt.Sprintf("pivotal are %v", rules), nil
		}
	}
	return "", nil
}

// Sequences returns the built-in attack sequences and those of further trees of
// the same form, sorted by id. It reports every fault of every file at once.
func Sequences(more ...fs.FS) ([]*Sequence, error) {
	var out []*Sequence
	var errs []error
	for _, tree := range append([]fs.FS{files}, more...) {
		names, err := fs.Glob(tree, "sequences/*.yaml")
		if err != nil {
			return nil, fmt.Errorf("list sequences: %w", err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(tree, name)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			q, err := ParseSequence(data, name)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if i := slices.IndexFunc(out, func(o *Sequence) bool { return o.ID == q.ID }); i >= 0 {
				errs = append(errs, sequenceError(name, fmt.Errorf("the id is already that of %s", out[i].File)))
				continue
			}
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b *Sequence) int { return strings.Compare(a.ID, b.ID) })
	return out, errors.Join(errs...)
}

// sequenceFile is a sequence as it is written.
type sequenceFile struct {
	ID          string      `yaml:"id"`
	Family      string      `yaml:"family"`
	Title       haetae.Text `yaml:"title"`
	Description haetae.Text `yaml:"description"`
	Response    haetae.Text `yaml:"response"`
	GuardDuty   []string    `yaml:"guardduty"`
	Techniques  []string    `yaml:"techniques"`
	References  []string    `yaml:"references"`
	Join        []string    `yaml:"join"`
	Tactics     []struct {
		Tactic   string   `yaml:"tactic"`
		Services []string `yaml:"services"`
		Weight   float64  `yaml:"weight"`
		Rules    []string `yaml:"rules"`
	} `yaml:"tactics"`
	Needs       [][]string `yaml:"needs"`
	Order       []string   `yaml:"order"`
	Ordered     float64    `yaml:"ordered"`
	Further     float64    `yaml:"further"`
	MostFurther int        `yaml:"most_further"`
	Min         struct {
		Tactics int `yaml:"tactics"`
		Rules   int `yaml:"rules"`
		Order   int `yaml:"order"`
	} `yaml:"min"`
	Members struct {
		Like string `yaml:"like"`
		Min  int    `yaml:"min"`
	} `yaml:"members"`
	Windows []struct {
		Within    string  `yaml:"within"`
		Threshold float64 `yaml:"threshold"`
	} `yaml:"windows"`
	Severity []struct {
		From float64 `yaml:"from"`
		Is   string  `yaml:"is"`
	} `yaml:"severity"`
	Except   []string              `yaml:"except"`
	Examples []sequenceExampleFile `yaml:"examples"`
}

type sequenceExampleFile struct {
	Name    string   `yaml:"name"`
	Fires   *bool    `yaml:"fires"`
	Score   float64  `yaml:"score"`
	Pivotal []string `yaml:"pivotal"`
	Signals []struct {
		Rule     string   `yaml:"rule"`
		Tactic   string   `yaml:"tactic"`
		Service  string   `yaml:"service"`
		Severity string   `yaml:"severity"`
		Rarity   string   `yaml:"rarity"`
		By       []string `yaml:"by"`
		On       []string `yaml:"on"`
		At       string   `yaml:"at"`
		Repeat   int      `yaml:"repeat"`
		Every    string   `yaml:"every"`
	} `yaml:"signals"`
}

// mostRepeats is how often an example may repeat a signal.
const mostRepeats = 10_000

// ParseSequence decodes one attack sequence; file names it in messages.
func ParseSequence(data []byte, file string) (*Sequence, error) {
	var f sequenceFile
	if err := yaml.Load(data, &f, yaml.WithKnownFields()); err != nil {
		return nil, sequenceError(file, err)
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	q := &Sequence{Sequence: sequence.Sequence{ID: f.ID, Title: f.Title, Description: f.Description, Response: f.Response, Family: f.Family, GuardDuty: f.GuardDuty,
		Techniques: f.Techniques, References: f.References, File: file, Join: f.Join, Needs: f.Needs, Order: f.Order, Ordered: f.Ordered, Further: f.Further,
		MostFurther: f.MostFurther, MinTactics: f.Min.Tactics, MinRules: f.Min.Rules, MinOrder: f.Min.Order, Members: f.Members.Like, MinMembers: f.Members.Min, Except: f.Except}}
	for _, t := range f.Tactics {
		q.Parts = append(q.Parts, sequence.Part(t))
	}
	for _, w := range f.Windows {
		within, err := span(w.Within)
		if err != nil {
			fail("windows: %w", err)
		}
		q.Windows = append(q.Windows, sequence.Window{Within: within, Threshold: w.Threshold})
	}
	for _, s := range f.Severity {
		sev, err := haetae.ParseSeverity(s.Is)
		if err != nil {
			fail("%w", err)
		}
		q.Severities = append(q.Severities, sequence.Step{From: s.From, Severity: sev})
	}
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); q.ID != want {
		fail("id %q is not the file's name %q", q.ID, want)
	}
	if q.Family == "" {
		fail("family is missing")
	}
	if len(q.Techniques) == 0 || len(q.References) == 0 {
		fail("techniques and references are needed")
	}
	if err := q.Check(); err != nil {
		errs = append(errs, err)
	}
	fires := map[bool]bool{}
	for i := range f.Examples {
		x, err := f.Examples[i].example(q.ID)
		if err != nil {
			fail("example %q: %w", f.Examples[i].Name, err)
			continue
		}
		fires[x.Fires] = true
		q.Examples = append(q.Examples, x)
	}
	if !fires[true] || !fires[false] {
		fail("examples: one that fires and one that does not are needed")
	}
	if err := errors.Join(errs...); err != nil {
		return nil, sequenceError(file, err)
	}
	return q, nil
}

// example makes the signals of an example; they begin on the day on which
// examples play.
func (f *sequenceExampleFile) example(id string) (SequenceExample, error) {
	x := SequenceExample{Name: f.Name, Score: sequence.PointsOf(f.Score), Pivotal: slices.Clone(f.Pivotal)}
	slices.Sort(x.Pivotal)
	if f.Name == "" || f.Fires == nil || len(f.Signals) == 0 {
		return x, errors.New("name, fires and signals are needed")
	}
	x.Fires = *f.Fires
	if !x.Fires && (f.Score != 0 || f.Pivotal != nil) {
		return x, errors.New("one that does not fire has neither score nor pivotal")
	}
	begin := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i, s := range f.Signals {
		sev, err := haetae.ParseSeverity(s.Severity)
		if err != nil {
			return x, err
		}
		rarity, ok := map[string]float64{"": sequence.Ordinary, "ordinary": sequence.Ordinary, "routine": sequence.Routine, "novel": sequence.Novel}[s.Rarity]
		if !ok {
			return x, fmt.Errorf("rarity %q is not one of routine, ordinary, novel", s.Rarity)
		}
		if !slices.Contains(sequence.Tactics(), s.Tactic) || s.Rule == "" || s.Service == "" {
			return x, fmt.Errorf("signal %d needs a rule, a tactic of the matrix and a service", i+1)
		}
		at, err := span(s.At)
		if err != nil {
			return x, err
		}
		every := time.Duration(0)
		if s.Every != "" {
			if every, err = span(s.Every); err != nil {
				return x, err
			}
		}
		if s.Repeat < 0 || s.Repeat > mostRepeats {
			return x, fmt.Errorf("repeat is %d: up to %d", s.Repeat, mostRepeats)
		}
		for n := range max(1, s.Repeat) {
			x.Signals = append(x.Signals, sequence.Signal{Rule: s.Rule, Tactic: s.Tactic, Service: s.Service, Severity: sev, Rarity: rarity, Entities: s.By, Targets: s.On,
				Event: fmt.Sprintf("%s-%d-%d", id, i+1, n), Time: begin.Add(at + time.Duration(n)*every)})
		}
	}
	slices.SortStableFunc(x.Signals, func(a, b sequence.Signal) int { return a.Time.Compare(b.Time) })
	return x, nil
}

// span reads "90s", "5m", "24h" and "14d".
func span(text string) (time.Duration, error) {
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	if text != "" {
		unit, known := units[text[len(text)-1:]]
		if n, err := strconv.ParseUint(text[:len(text)-1], 10, 20); err == nil && known {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, fmt.Errorf("%q is not a number followed by s, m, h or d", text)
}

func sequenceError(file string, err error) error {
	return &haetae.Error{Code: haetae.Invalid, Op: file, Err: err, Hint: "docs/sequences.md describes the form of a sequence."}
}
