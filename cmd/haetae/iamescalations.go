package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/report"
)

// escalate are the flags of haetae iam escalations.
type escalate struct {
	identities
	principal, to string
	certain       bool
}

func (a *app) iamEscalationsCommand() *cobra.Command {
	var e escalate
	c := &cobra.Command{
		Use:   "escalations",
		Short: "how principals become administrators, and the cheapest way to stop it",
		Long: `Plays the escalation primitives of the catalogue (docs/escalations.md) for every
principal: a step counts only when the evaluator allows all of its calls under
organization policies, boundaries and conditions, and what it needs beside
permissions is there. What cannot be told from the source makes a step
conditional, and says on what it depends.

Without --principal each principal that gets there has a line; with it, every
way is printed with the statements that make it possible and the smallest cut,
tried on a copy. --to names another goal than administrators: the ARN of a
principal, data or guardrail.

The exit code is 0 when there is no way, 1 when there is one, 3 when there is
none but identities could not be read.`,
		Example: `  haetae iam escalations --from sample
  haetae iam escalations --principal arn:aws:iam::111122223333:user/kim
  haetae iam escalations --to arn:aws:iam::111122223333:role/payroll --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return a.escalations(cmd, &e) },
	}
	e.flags(c, "table, json or ndjson")
	f := c.Flags()
	f.StringVar(&e.principal, "principal", "", "only this principal, by ARN, with every way in full")
	f.StringVar(&e.to, "to", "admin", "goal: admin, the ARN of a principal, data or guardrail")
	f.BoolVar(&e.certain, "certain", false, "only ways that depend on nothing")
	return c
}

// primitives are the catalogue with that of --content.
func (a *app) primitives() ([]*iam.Primitive, error) {
	trees, err := contentTrees(a.content)
	if err != nil {
		return nil, err
	}
	list, err := content.Escalations(trees...)
	if err != nil {
		return nil, err
	}
	var out []*iam.Primitive
	for _, e := range list {
		out = append(out, &e.Primitive)
	}
	return out, nil
}

func goalOf(to string) (iam.Goal, error) {
	switch {
	case to == "admin":
		return iam.Goal{Admin: true}, nil
	case to == "data", to == "guardrail":
		return iam.Goal{End: to}, nil
	case strings.HasPrefix(to, "arn:"):
		return iam.Goal{ARN: to}, nil
	}
	return iam.Goal{}, usagef("--to %s: admin, data, guardrail or the ARN of a principal", to)
}

func (a *app) escalations(cmd *cobra.Command, e *escalate) error {
	if err := formatOf(e.output, "table", "json", "ndjson"); err != nil {
		return err
	}
	goal, err := goalOf(e.to)
	if err != nil {
		return err
	}
	primitives, err := a.primitives()
	if err != nil {
		return err
	}
	w, err := a.world(cmd, &e.identities)
	if err != nil {
		return err
	}
	if goal.ARN != "" {
		if _, ok := w.Identity(goal.ARN); !ok {
			return usagef("--to %s: no principal of the source has this ARN", goal.ARN)
		}
	}
	if goal.End == "" {
		// Ends of their own lead nowhere else.
		primitives = slices.DeleteFunc(primitives, func(p *iam.Primitive) bool { return p.Gives.What == "data" || p.Gives.What == "guardrail" })
	}
	p := a.progress()
	p.stage(fmt.Sprintf("playing %d primitives", len(primitives)))
	found := w.Escalations(primitives)
	p.Close()
	r := &escalationReport{app: a, found: found, goal: goal, paths: found.AllPaths(goal), one: e.principal != ""}
	nodes := found.Nodes()
	if e.principal != "" {
		i := slices.IndexFunc(nodes, func(n *iam.Node) bool { return n.ARN == e.principal })
		if i < 0 {
			return usagef("--principal %s: no user or role of the source has this ARN", e.principal)
		}
		nodes = nodes[i : i+1]
	}
	for _, n := range nodes {
		list := r.paths[n]
		if e.certain {
			list = slices.DeleteFunc(list, func(p *iam.Path) bool { return !p.Doubt.None() })
		}
		if len(list) > 0 {
			r.from = append(r.from, n)
			r.paths[n] = list
		}
	}
	if err := r.print(e, nodes); err != nil {
		return err
	}
	if !e.assumeNoSCP && slices.ContainsFunc(nodes, func(n *iam.Node) bool {
		account := w.Account(n.Resource.Account)
		return account != nil && account.Unread != nil
	}) {
		a.advise("Organization policies were not read, and all steps depend on them: --assume-no-scp takes them to be none.")
	}
	return r.exit(nodes)
}

// escalationReport prints what was found.
type escalationReport struct {
	*app
	found *iam.Escalations
	goal  iam.Goal
	paths map[*iam.Node][]*iam.Path
	from  []*iam.Node // those that have ways
	one   bool        // a principal was named: the cut of each of its ways is tried
}

// exit is the code: what was not read of identities is no proof that there is no
// way.
func (r *escalationReport) exit(nodes []*iam.Node) error {
	switch {
	case len(r.from) > 0:
		return exit(exitFound)
	case len(nodes) == 0:
		r.advise("No user and no role was read.")
		return exit(exitIncomplete)
	}
	return nil
}

func (r *escalationReport) print(e *escalate, nodes []*iam.Node) error {
	switch e.output {
	case "json", "ndjson":
		return r.json(e.output == "json")
	}
	if e.principal != "" {
		return r.inFull(nodes[0])
	}
	if err := r.table(); err != nil {
		return err
	}
	r.summary(nodes)
	return nil
}

// target is where a path leads, for people.
func (r *escalationReport) target(p *iam.Path) string {
	last := p.Edges[len(p.Edges)-1]
	switch {
	case p.To == nil && last.End == "organization":
		return r.say("accounts of the organization", "조직의 계정")
	case p.To == nil:
		return last.On
	}
	return r.named(p.To)
}

// named is a principal as it stands.
func (r *escalationReport) named(n *iam.Node) string {
	if len(n.Changed) == 0 {
		return n.ARN
	}
	var how []string
	for _, c := range n.Changed {
		how = append(how, r.changed(c))
	}
	return n.ARN + " (" + strings.Join(how, ", ") + ")"
}

func (r *escalationReport) changed(c iam.Change) string {
	switch c {
	case iam.AnyPolicy:
		return r.say("with any policy", "어떤 정책이든")
	case iam.NoBoundary:
		return r.say("without boundary", "경계 없이")
	case iam.OtherVersion:
		return r.say("with another policy version", "다른 정책 버전으로")
	case iam.InGroup:
		return r.say("in further groups", "다른 그룹까지")
	case iam.NoInlineDeny, iam.NoAttachedDeny, iam.NoGroupDeny:
		return r.say("without a deny", "거부 없이")
	case iam.AnyTags:
		return r.say("with any tags", "어떤 태그든")
	case iam.WithMFA:
		return r.say("with MFA", "MFA로")
	}
	return string(c)
}

func (r *escalationReport) certainty(d iam.Doubt) string {
	switch {
	case d.None():
		return r.say("certain", "확실")
	case len(d.Missing) == 0:
		return r.say("conditional", "조건부")
	}
	return r.say("unknown", "미확인")
}

func (r *escalationReport) table() error {
	if len(r.from) == 0 {
		_, err := fmt.Fprintln(r.out, r.say("Nobody gets there.", "도달하는 주체가 없다."))
		return printed(err)
	}
	var rows [][]string
	for _, n := range r.from {
		best := r.paths[n][0]
		var steps []string
		for _, e := range best.Edges {
			for _, u := range e.Uses {
				steps = append(steps, u.Primitive.ID)
			}
		}
		rows = append(rows, []string{n.ARN, r.certainty(best.Doubt), strings.ToLower(best.Severity().String()), fmt.Sprint(len(r.paths[n])), strings.Join(steps, " > "), r.target(best)})
	}
	return grid(r.out, []string{r.say("PRINCIPAL", "주체"), r.say("PROOF", "확실성"), r.say("SEVERITY", "심각도"), r.say("WAYS", "경로"), r.say("STEPS", "단계"), r.say("TO", "도달")}, rows)
}

func (r *escalationReport) summary(nodes []*iam.Node) {
	admins, sure, open := 0, 0, 0
	for _, n := range nodes {
		if n.Admin == iam.Allowed {
			admins++
		}
		if list := r.paths[n]; len(list) > 0 {
			switch d := list[0].Doubt; {
			case d.None():
				sure++
			case len(d.Missing) == 0:
				open++
			}
		}
	}
	fmt.Fprintf(r.out, "\n"+r.say("%d principals, %d of them administrators; %d get there for certain, %d under conditions of a call; of %d it is not known.\n",
		"주체 %d개 중 관리자 %d개. 확실히 도달 %d개, 호출 조건에 따라 도달 %d개, 알 수 없음 %d개.\n"), len(nodes), admins, sure, open, len(r.from)-sure-open)
	r.gaps()
}

// gaps says through what there may be more ways.
func (r *escalationReport) gaps() {
	if len(r.found.Gaps) == 0 {
		return
	}
	r.advise("There may be more ways through what was not read: %s.", strings.Join(slices.Sorted(maps.Keys(r.found.Gaps)), ", "))
}

// place is where a statement is written, for people.
func (r *escalationReport) place(u iam.Used) string {
	s, at, ok := r.found.Where(u.Statement)
	if !ok {
		return string(u.Layer) + ": " + u.Statement.Document.Name + ", " + u.Statement.Named()
	}
	text := fmt.Sprintf("%s %q, %s", s.Resource.ID, s.Name, u.Statement.Named())
	if at.File != "" {
		text += fmt.Sprintf(" (%s:%d)", at.File, at.Line)
	}
	return text
}

// maxCure bounds the cuts that are tried to close every way.
const maxCure = 20

func (r *escalationReport) inFull(n *iam.Node) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		text := strings.TrimLeft(format, " ") // OneLine trims
		b.WriteString(format[:len(format)-len(text)] + report.OneLine(fmt.Sprintf(text, args...)) + "\n")
	}
	list := r.paths[n]
	switch {
	case n.Admin == iam.Allowed && r.goal.Admin:
		line("%s: %s", n.ARN, r.say("is an administrator already", "이미 관리자다"))
	case len(list) == 0:
		line("%s: %s", n.ARN, r.say("does not get there", "도달하지 못한다"))
	}
	for i, p := range list {
		if i > 0 {
			b.WriteString("\n")
		}
		line("%s -> %s: %s, %s", n.ARN, r.target(p), r.certainty(p.Doubt), strings.ToLower(p.Severity().String()))
		for j, e := range p.Edges {
			r.step(line, j+1, e)
		}
		if len(p.Doubt.Missing) == 0 {
			r.cut(line, p)
		}
	}
	if len(list) > 1 && len(list[len(list)-1].Doubt.Missing) == 0 {
		if all, ok := r.found.Cure(n, r.goal, maxCure); ok {
			line("")
			line("%s", r.say("To close every way, tried on a copy:", "모든 경로를 막으려면(사본에서 확인):"))
			for _, c := range all {
				line("  %s: %s", c.Action, r.place(iam.Used{Statement: c.Statement}))
			}
		}
	}
	_, err := fmt.Fprint(r.out, b.String())
	r.gaps()
	return printed(err)
}

func (r *escalationReport) step(line func(string, ...any), number int, e *iam.Edge) {
	for k, u := range e.Uses {
		mark := fmt.Sprintf("%d.", number)
		if k > 0 {
			mark = "  "
		}
		line("  %s %s [%s] %s", mark, u.Primitive.Title.In(r.lang), u.Primitive.ID, e.On)
		for _, c := range u.Calls {
			text := c.Action + " " + strings.Join(c.Resources, ", ")
			for _, key := range slices.Sorted(maps.Keys(c.Context)) {
				if list := c.Context[key].List; len(list) > 0 {
					text += fmt.Sprintf(" %s=%s", key, strings.Join(list, ","))
				}
			}
			line("       %s", text)
			for _, s := range c.Statements {
				line("         %s", r.place(s))
			}
		}
		if events := slices.Concat(u.Primitive.Events, u.Primitive.DataEvents); len(events) > 0 {
			line("       CloudTrail: %s", strings.Join(events, ", "))
		}
		line("       %s: %s", r.say("fix", "조치"), u.Primitive.Fix.In(r.lang))
	}
	for _, d := range e.Doubt.If {
		line("       %s: %s", r.say("if", "조건"), d)
	}
	for _, d := range e.Doubt.Missing {
		line("       %s: %s", r.say("not known", "알 수 없음"), r.untold(e, d))
	}
	if e.To != nil {
		line("       => %s", r.named(e.To))
	}
}

// untold is what no configuration tells, in the reader's language when a
// primitive says it.
func (r *escalationReport) untold(e *iam.Edge, missing string) string {
	for _, u := range e.Uses {
		for i := range u.Primitive.When {
			if text := u.Primitive.When[i].Untold; text.EN == missing {
				return text.In(r.lang)
			}
		}
	}
	return missing
}

func (r *escalationReport) cut(line func(string, ...any), p *iam.Path) {
	cut, ok := r.found.Cut(p, r.goal)
	if !ok {
		line("  %s", r.say("No single action of a statement breaks this way.", "문 하나의 작업으로는 이 경로가 끊기지 않는다."))
		return
	}
	for _, c := range cut.Removals {
		line("  %s %s: %s", r.say("cut", "차단"), c.Action, r.place(iam.Used{Statement: c.Statement}))
	}
	if cut.Left {
		line("  %s", r.say("Tried on a copy: this way is closed, others are left.", "사본에서 확인: 이 경로는 닫히고 다른 경로가 남는다."))
	} else {
		line("  %s", r.say("Tried on a copy: no way is left.", "사본에서 확인: 남는 경로가 없다."))
	}
}

// rows for programs.

type escalationRow struct {
	Principal string          `json:"principal"`
	To        string          `json:"to"`
	Certain   bool            `json:"certain"`
	Severity  string          `json:"severity"`
	If        []string        `json:"if"`
	Missing   []string        `json:"missing"`
	Hops      []escalationHop `json:"hops"`
	Cut       *escalationCut  `json:"cut"`
}

type escalationHop struct {
	On         string           `json:"on"`
	To         string           `json:"to"`
	Primitives []escalationUse  `json:"primitives"`
	Calls      []escalationCall `json:"calls"`
	If         []string         `json:"if"`
	Missing    []string         `json:"missing"`
}

type escalationUse struct {
	ID     string   `json:"id"`
	Title  string   `json:"title"`
	Fix    string   `json:"fix"`
	Events []string `json:"events"`
}

type escalationCall struct {
	Action     string              `json:"action"`
	Resources  []string            `json:"resources"`
	Context    map[string][]string `json:"context"`
	Statements []statementRow      `json:"statements"`
}

type statementRow struct {
	Layer    string        `json:"layer,omitempty"`
	Action   string        `json:"action,omitempty"`
	Resource string        `json:"resource,omitempty"`
	Policy   string        `json:"policy"`
	Index    int           `json:"index"`
	Sid      string        `json:"sid,omitempty"`
	Origin   *haetae.Place `json:"origin,omitempty"`
}

type escalationCut struct {
	Statements []statementRow `json:"statements"`
	Left       bool           `json:"left"`
}

func (r *escalationReport) statement(u iam.Used) statementRow {
	row := statementRow{Layer: string(u.Layer), Policy: u.Statement.Document.Name, Index: u.Statement.Index, Sid: u.Statement.Sid}
	if s, at, ok := r.found.Where(u.Statement); ok {
		row.Resource, row.Policy = s.Resource.ARN, s.Name
		if at.File != "" {
			row.Origin = &at
		}
	}
	return row
}

// row is a path for programs. Trying its cut is left out where it would be tried
// for hundreds of ways of which nothing is known for certain.
func (r *escalationReport) row(p *iam.Path, cutting bool) escalationRow {
	row := escalationRow{Principal: p.From.ARN, To: r.target(p), Certain: p.Doubt.None(), Severity: p.Severity().String(), If: nonNil(p.Doubt.If), Missing: nonNil(p.Doubt.Missing), Hops: []escalationHop{}}
	for _, e := range p.Edges {
		h := escalationHop{On: e.On, To: e.End, If: nonNil(e.Doubt.If), Missing: nonNil(e.Doubt.Missing), Primitives: []escalationUse{}, Calls: []escalationCall{}}
		if e.To != nil {
			h.To = r.named(e.To)
		}
		for _, u := range e.Uses {
			h.Primitives = append(h.Primitives, escalationUse{u.Primitive.ID, u.Primitive.Title.In(r.lang), u.Primitive.Fix.In(r.lang), nonNil(slices.Concat(u.Primitive.Events, u.Primitive.DataEvents))})
			for _, c := range u.Calls {
				call := escalationCall{c.Action, c.Resources, map[string][]string{}, []statementRow{}}
				for k, v := range c.Context {
					call.Context[k] = nonNil(v.List)
				}
				for _, s := range c.Statements {
					call.Statements = append(call.Statements, r.statement(s))
				}
				h.Calls = append(h.Calls, call)
			}
		}
		row.Hops = append(row.Hops, h)
	}
	if !cutting {
		return row
	}
	if cut, ok := r.found.Cut(p, r.goal); ok {
		row.Cut = &escalationCut{Statements: []statementRow{}, Left: cut.Left}
		for _, c := range cut.Removals {
			s := r.statement(iam.Used{Statement: c.Statement})
			s.Action = c.Action
			row.Cut.Statements = append(row.Cut.Statements, s)
		}
	}
	return row
}

func (r *escalationReport) json(one bool) error {
	e := encoder(r.out)
	rows := []escalationRow{}
	for _, n := range r.from {
		for i, p := range r.paths[n] {
			row := r.row(p, (r.one || i == 0) && len(p.Doubt.Missing) == 0)
			if one {
				rows = append(rows, row)
				continue
			}
			if err := e.Encode(row); err != nil {
				return printed(err)
			}
		}
	}
	r.gaps()
	if !one {
		return nil
	}
	admins := []string{}
	for _, n := range r.found.Nodes() {
		if n.Admin == iam.Allowed {
			admins = append(admins, n.ARN)
		}
	}
	e.SetIndent("", " ")
	return printed(e.Encode(struct {
		Paths          []escalationRow            `json:"paths"`
		Administrators []string                   `json:"administrators"`
		Gaps           map[string]*haetae.Unknown `json:"gaps"`
	}{rows, admins, r.found.Gaps}))
}
