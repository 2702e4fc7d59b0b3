package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/content"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "A control, detection, attack sequence, standard, requirement or escalation in plain words",
		Example: `  haetae explain s3-bucket-versioning-enabled
  haetae explain CKV_AWS_21
  haetae explain cis-5.0/2.2.1
  haetae explain lambda-create-invoke
  haetae explain cloudtrail-logging-stopped
  haetae explain s3-ransom`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.explain(args[0]) },
	}
}

func (a *app) explain(id string) error {
	if done, err := a.explainStandard(id); done || err != nil {
		return err
	}
	if done, err := a.explainEscalation(id); done || err != nil {
		return err
	}
	if done, err := a.explainDetection(id); done || err != nil {
		return err
	}
	if done, err := a.explainSequence(id); done || err != nil {
		return err
	}
	c, err := a.find(id)
	if err != nil {
		return err
	}
	say := a.say
	var b strings.Builder
	fmt.Fprintf(&b, "%s  (%s, %s)\n%s\n\n", c.ID, strings.ToLower(c.Severity.String()), c.Type, c.Title.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n\n", say("What is wrong when it fails", "실패하면 무엇이 문제인가"), c.Problem.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n\n", say("Why it matters", "왜 중요한가"), c.Why.In(a.lang))
	fmt.Fprintf(&b, "%s\n  %s\n", say("How to fix it", "어떻게 고치는가"), c.Fix.Console.In(a.lang))
	if c.Fix.CLI != "" {
		fmt.Fprintf(&b, "\n  AWS CLI\n%s\n", indent(c.Fix.CLI))
	}
	if c.Fix.CloudFormation != "" {
		fmt.Fprintf(&b, "\n  CloudFormation\n%s\n", indent(c.Fix.CloudFormation))
	}
	fmt.Fprintf(&b, "\n%s\n", say("What it checks", "검사 내용"))
	if c.When != "" {
		fmt.Fprintf(&b, "%s\n", indent("when "+c.When))
	}
	for _, l := range c.Let {
		fmt.Fprintf(&b, "%s\n", indent("let "+l.Name+" = "+l.Expr))
	}
	fmt.Fprintf(&b, "%s\n", indent("assert "+c.Assert))
	if all := c.Aliases.All(); len(all) > 0 {
		fmt.Fprintf(&b, "\n%s\n  %s\n", say("Known elsewhere as", "다른 이름"), strings.Join(all, ", "))
	}
	fmt.Fprintf(&b, "\n%s\n", say("References", "참고 자료"))
	for _, r := range c.References {
		fmt.Fprintf(&b, "  %s\n", r)
	}
	_, err = fmt.Fprint(a.out, b.String())
	return err
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ")
}

func (a *app) contentShow(id string) error {
	file, err := a.fileOf(id)
	if err != nil {
		return err
	}
	trees, err := contentTrees(a.content)
	if err != nil {
		return err
	}
	data, err := content.File(file, trees...)
	if err != nil {
		return err
	}
	_, err = a.out.Write(data)
	return err
}

// fileOf is the content file of a standard, a detection, an attack sequence, an
// escalation or a control.
func (a *app) fileOf(id string) (string, error) {
	all, err := a.standards()
	if err != nil {
		return "", err
	}
	if s := findStandard(all, id); s != nil {
		return s.File, nil
	}
	detections, err := a.detections()
	if err != nil {
		return "", err
	}
	for _, d := range detections {
		if d.ID == id {
			return d.File, nil
		}
	}
	sequences, err := a.sequences()
	if err != nil {
		return "", err
	}
	for _, q := range sequences {
		if q.ID == id {
			return q.File, nil
		}
	}
	if p, err := a.primitive(id); p != nil || err != nil {
		if err != nil {
			return "", err
		}
		return p.File, nil
	}
	c, err := a.find(id)
	if err != nil {
		return "", err
	}
	return c.File, nil
}

// version is the version of the module, or of the commit that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Example: `  haetae version
  haetae version --quiet`,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "haetae %s\n", version())
			return err
		},
	}
}
