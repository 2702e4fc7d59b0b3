// Command crosscheck compares haetae's controls with the tests of CloudFormation
// Guard rules: files named after a rule, each with templates and the verdict
// that the rule's author expects.
//
//	go run ./scripts/crosscheck [-disagreements docs/guard-disagreements.yaml] DIR
//
// A file is mapped to a control by the rule's name: as a Guard alias, or as the
// name of an AWS Config rule. It prints what is mapped and what is not, and the
// cases that agree and disagree; a disagreement that the list argues for is
// counted apart. The exit code is 1 when one is not in the list.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/template"
)

func main() {
	list := flag.String("disagreements", "docs/guard-disagreements.yaml", "argued disagreements")
	verbose := flag.Bool("v", false, "print each agreeing case too")
	least := flag.Int("least", 70, "fail when fewer files are mapped")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: crosscheck [-disagreements FILE] DIR")
		os.Exit(2)
	}
	ok, err := run(flag.Arg(0), *list, *verbose, *least)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crosscheck:", err)
		os.Exit(3)
	}
	if !ok {
		os.Exit(1)
	}
}

// argued is a disagreement that we stand by.
type argued struct {
	Rule   string `yaml:"rule"`
	Case   string `yaml:"case"` // "" for every case of the rule
	Ours   string `yaml:"ours"`
	Reason string `yaml:"reason"`
}

// ruleTest is one case of a test file.
type ruleTest struct {
	Name         string    `yaml:"name"`
	Input        yaml.Node `yaml:"input"`
	Expectations struct {
		Rules map[string]string `yaml:"rules"`
	} `yaml:"expectations"`
}

type checker struct {
	schema   *schema.Schema
	byAlias  map[string][]*control.Control
	argued   []argued
	used     map[int]bool
	verbose  bool
	mapped   int
	unmapped []string
	agree    int
	disagree int
	standing int
	skipped  int
}

func run(dir, list string, verbose bool, least int) (bool, error) {
	sch, err := schema.Load()
	if err != nil {
		return false, err
	}
	controls, err := content.Controls()
	if err != nil {
		return false, err
	}
	c := &checker{schema: sch, byAlias: map[string][]*control.Control{}, used: map[int]bool{}, verbose: verbose}
	for _, ctl := range controls {
		for _, a := range slices.Concat(ctl.Aliases.Guard, ctl.Aliases.Config) {
			if !slices.Contains(c.byAlias[a], ctl) {
				c.byAlias[a] = append(c.byAlias[a], ctl)
			}
		}
	}
	if data, err := os.ReadFile(list); err == nil {
		if err := yaml.Load(data, &c.argued, yaml.WithKnownFields()); err != nil {
			return false, fmt.Errorf("%s: %w", list, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yml") && !strings.HasSuffix(path, ".yaml") {
			return err
		}
		return c.file(path)
	})
	if err != nil {
		return false, err
	}
	fmt.Printf("\n%d files mapped, %d not: %s\n", c.mapped, len(c.unmapped), strings.Join(c.unmapped, " "))
	fmt.Printf("%d cases agree, %d disagree, %d disagree for a reason given in %s, %d hold nothing to judge\n", c.agree, c.disagree, c.standing, list, c.skipped)
	stale := false
	for i, a := range c.argued {
		if !c.used[i] {
			stale = true
			fmt.Printf("%s: the disagreement about %s %q no longer occurs: take it out\n", list, a.Rule, a.Case)
		}
	}
	if c.mapped < least {
		fmt.Printf("only %d files are mapped, %d are wanted\n", c.mapped, least)
	}
	return c.disagree == 0 && !stale && c.mapped >= least, nil
}

// file checks all cases of one test file.
func (c *checker) file(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var tests []ruleTest
	if err := yaml.Load(data, &tests); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	mapped := false
	rules := map[string]bool{}
	for _, t := range tests {
		for rule, want := range t.Expectations.Rules {
			rules[rule] = true
			controls := c.byAlias[rule]
			if len(controls) == 0 {
				continue
			}
			mapped = true
			if err := c.test(rule, controls, t, want); err != nil {
				return fmt.Errorf("%s: %q: %w", path, t.Name, err)
			}
		}
	}
	if mapped {
		c.mapped++
	} else {
		c.unmapped = append(c.unmapped, strings.Join(slices.Sorted(maps.Keys(rules)), "/"))
	}
	return nil
}

func (c *checker) test(rule string, controls []*control.Control, t ruleTest, want string) error {
	text, err := yaml.Dump(&t.Input)
	if err != nil {
		return err
	}
	got := "SKIP"
	reasons := []string{}
	if hasResources(&t.Input) {
		snap, err := template.Parse(text, "case.yaml", template.Options{})
		if err != nil {
			return err
		}
		if got, reasons, err = c.judge(snap, controls); err != nil {
			return err
		}
	}
	switch {
	case got == want:
		if got == "SKIP" {
			c.skipped++
		} else {
			c.agree++
		}
		if c.verbose {
			fmt.Printf("agree     %s: %s: %s\n", rule, t.Name, got)
		}
		return nil
	case c.isArgued(rule, t.Name, got):
		c.standing++
		return nil
	}
	c.disagree++
	fmt.Printf("DISAGREE  %s (%s): %q: guard says %s, we say %s\n", rule, controls[0].ID, t.Name, want, got)
	for _, r := range reasons {
		fmt.Println("          " + r)
	}
	return nil
}

// hasResources tells whether a case holds a template with something in it.
func hasResources(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "Resources" {
			return len(n.Content[i+1].Content) > 0
		}
	}
	return false
}

// judge folds the verdicts of all resources into one, as Guard does: FAIL over
// UNKNOWN over PASS, SKIP when there is nothing to judge or it is suppressed.
func (c *checker) judge(snap *haetae.Snapshot, controls []*control.Control) (string, []string, error) {
	set, err := control.NewSet(c.schema, controls)
	if err != nil {
		return "", nil, err
	}
	rank := map[string]int{"SKIP": 0, "PASS": 1, "UNKNOWN": 2, "FAIL": 3}
	got := "SKIP"
	var reasons []string
	g := graph.New(c.schema, graph.Assemble(c.schema, snap, graph.Options{}))
	for f, err := range set.Evaluate(g) {
		if err != nil {
			return "", nil, err
		}
		s := string(f.Status)
		// Guard skips what is suppressed, also where it would pass.
		if control.Suppressed(f.Rule, f.Resource, f.Evidence) != nil || f.Status == haetae.NotApplicable {
			s = "SKIP"
		}
		reasons = append(reasons, fmt.Sprintf("%s %s %s: %s", s, f.Rule.ID, f.Resource.ID, f.Reason))
		if rank[s] > rank[got] {
			got = s
		}
	}
	return got, reasons, nil
}

func (c *checker) isArgued(rule, name, ours string) bool {
	for i, a := range c.argued {
		if a.Rule == rule && (a.Case == "" || a.Case == name) && (a.Ours == "" || a.Ours == ours) {
			c.used[i] = true
			return true
		}
	}
	return false
}
