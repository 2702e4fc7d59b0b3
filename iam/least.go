package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/haetae/haetae/policy"
)

// Least gathers from records what a user or a role needed, and makes a policy
// of it. It is not safe for concurrent use.
type Least struct {
	events    *Events
	principal string
	max       int

	all, own, denied int
	first, last      time.Time
	data             map[string]bool // services of which some record is of a data event
	actions          map[string]*needed
	asked            map[string]*Asked // without doubles
	open             map[string]bool
	unmapped         map[string]int
	seen             map[string]bool // ids of its records: trails deliver some twice
}

// needed is what one action was needed for.
type needed struct {
	action    string
	implied   bool
	resources map[string]neededResource
	// pinned are the values that a key had in every request so far. A key that
	// some request did not have, or may have had, is not pinned.
	pinned map[string]map[string]bool
}

type neededResource struct {
	typ     string
	pattern bool
}

// NewLeast returns what gathers the requests of a user, or of the sessions of a
// role, by its ARN. More resources of a type than max are widened to what their
// names have in common; max is at least one.
func NewLeast(m *Events, principal string, max int) *Least {
	return &Least{
		events: m, principal: principal, max: max,
		data: map[string]bool{}, actions: map[string]*needed{}, asked: map[string]*Asked{}, open: map[string]bool{}, unmapped: map[string]int{}, seen: map[string]bool{},
	}
}

// pins are the condition keys that a statement is bound to when every request
// for the action had them: what is passed to whom, what is attached, for which
// service a key is used, what may be tagged when it is made. Others would bind it to circumstances.
func pins(action string) []string {
	switch prefix, _, _ := strings.Cut(action, ":"); {
	case action == "iam:PassRole":
		return []string{"iam:PassedToService"}
	case action == "ec2:CreateTags":
		return []string{"ec2:CreateAction"}
	case action == "iam:CreateServiceLinkedRole":
		return []string{"iam:AWSServiceName"}
	case strings.HasPrefix(action, "iam:Attach") || strings.HasPrefix(action, "iam:Detach"):
		return []string{"iam:PolicyARN"}
	case action == "sts:AssumeRole":
		return []string{"sts:ExternalId"}
	case prefix == "kms":
		return []string{"kms:ViaService"}
	}
	return nil
}

// Add takes a record. Records of others count only for what the trail covers.
func (l *Least) Add(e *Event) {
	l.all++
	if e.Category == "Data" {
		for _, p := range l.events.prefixes(e.Source) {
			l.data[p] = true
		}
	}
	// Cheap, and most records are of others.
	if e.Identity.ARN != l.principal && (e.Identity.Session == nil || e.Identity.Session.Issuer.ARN != l.principal) {
		return
	}
	if e.ID != "" && l.seen[e.ID] {
		return
	}
	l.seen[e.ID] = true
	a := l.events.Asked(e)
	if a.Fit == FitNoCheck {
		return
	}
	l.own++
	if l.first.IsZero() || e.Time.Before(l.first) {
		l.first = e.Time
	}
	if e.Time.After(l.last) {
		l.last = e.Time
	}
	if a.Outcome == OutcomeDenied {
		l.denied++
		return
	}
	if a.Fit == FitNone {
		l.unmapped[strings.Join(a.Reasons, "; ")]++
	}
	for _, r := range a.Reasons {
		if a.Fit == FitPartly {
			l.open[r] = true
		}
	}
	for i := range a.Requests {
		l.need(&a.Requests[i])
	}
}

func (l *Least) need(r *Asked) {
	// Everybody may ask who they are
	// (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
	if r.Request.Action == "sts:GetCallerIdentity" {
		return
	}
	n := l.actions[r.Request.Action]
	if n == nil {
		n = &needed{action: r.Request.Action, implied: r.Implied, resources: map[string]neededResource{}, pinned: map[string]map[string]bool{}}
		for _, k := range pins(n.action) {
			n.pinned[k] = map[string]bool{}
		}
		l.actions[n.action] = n
	}
	for i, arn := range r.Request.Resources {
		n.resources[arn] = neededResource{r.Types[i], slices.Contains(r.Patterns, i)}
	}
	var pinned []string
	for k, values := range n.pinned {
		v, ok := r.Request.Context[k]
		if !ok || len(v.List) != 1 {
			delete(n.pinned, k)
			continue
		}
		values[v.List[0]] = true
		pinned = append(pinned, k+"="+v.List[0])
	}
	slices.Sort(pinned)
	l.asked[r.Request.Action+"\n"+strings.Join(r.Request.Resources, "\n")+"\n"+strings.Join(pinned, "\n")] = r
}

// Needs is what [Least] found.
type Needs struct {
	Principal string `json:"principal"`
	// Policy is the policy as it is given to IAM; "" when nothing was asked.
	Policy json.RawMessage `json:"policy,omitempty"`
	// Records are all that were read, Own those of the principal, Denied those of
	// them that AWS denied and that the policy does not allow either.
	Records int    `json:"records"`
	Own     int    `json:"own"`
	Denied  int    `json:"denied"`
	First   string `json:"first,omitempty"` // of its own records, RFC 3339
	Last    string `json:"last,omitempty"`
	// Proven are the requests, without doubles, that the evaluator says the
	// policy allows; Unproven those that it does not.
	Proven   int      `json:"proven"`
	Unproven []string `json:"unproven,omitempty"`
	// Widened are resources that are more than was seen, and why.
	Widened []string `json:"widened,omitempty"`
	// Seen are the services of which the records have data events. A trail may
	// select some of their resources only.
	Seen []string `json:"seen,omitempty"`
	// Blind are data events of which the records have none: if the principal
	// made them, the policy lacks them.
	Blind []string `json:"blind,omitempty"`
	// Unmapped are events that say no action, with how many there were.
	Unmapped map[string]int `json:"unmapped,omitempty"`
	// Implied are actions that no record shows but that others need.
	Implied []string `json:"implied,omitempty"`
}

// leastStatement is one of the policy, in the order in which people write them.
type leastStatement struct {
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Needs makes the policy and says what it rests on.
func (l *Least) Needs(e *Engine) (*Needs, error) {
	out := &Needs{Principal: l.principal, Records: l.all, Own: l.own, Denied: l.denied, Blind: l.blind(), Seen: slices.Sorted(maps.Keys(l.data))}
	if len(l.unmapped) > 0 {
		out.Unmapped = maps.Clone(l.unmapped)
	}
	if l.own > 0 && !l.first.IsZero() {
		out.First, out.Last = l.first.UTC().Format(time.RFC3339), l.last.UTC().Format(time.RFC3339)
	}
	out.Widened = slices.Sorted(maps.Keys(l.open))
	var statements []leastStatement
	index := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(l.actions)) {
		n := l.actions[name]
		resources, widened := l.resources(n)
		out.Widened = append(out.Widened, widened...)
		if n.implied {
			out.Implied = append(out.Implied, name)
		}
		s := leastStatement{Effect: "Allow", Action: []string{name}, Resource: resources, Condition: n.condition()}
		key := string(encode([]any{s.Resource, s.Condition}))
		if i, ok := index[key]; ok {
			statements[i].Action = append(statements[i].Action, name)
			continue
		}
		index[key] = len(statements)
		statements = append(statements, s)
	}
	if len(statements) == 0 {
		return out, nil
	}
	out.Policy = encode(struct {
		Version   string
		Statement []leastStatement
	}{"2012-10-17", statements})
	return out, l.prove(e, out)
}

// condition binds the statement to the values of the pinned keys.
func (n *needed) condition() map[string]map[string][]string {
	var out map[string]map[string][]string
	for k, values := range n.pinned {
		if len(values) == 0 {
			continue
		}
		operator := "StringEquals"
		if k == "iam:PolicyARN" {
			operator = "ArnEquals"
		}
		if out == nil {
			out = map[string]map[string][]string{operator: {}}
		}
		out[operator][k] = slices.Sorted(maps.Keys(values))
	}
	return out
}

// resources are the Resource element of an action's statement.
func (l *Least) resources(n *needed) (list, widened []string) {
	if _, ok := n.resources["*"]; ok {
		return []string{"*"}, nil
	}
	byGroup := map[string][]string{}
	count := map[string]int{}
	for arn, r := range n.resources {
		count[r.typ]++
		byGroup[r.typ+"\n"+groupOf(arn)] = append(byGroup[r.typ+"\n"+groupOf(arn)], arn)
	}
	for _, key := range slices.Sorted(maps.Keys(byGroup)) {
		arns := byGroup[key]
		typ, group, _ := strings.Cut(key, "\n")
		if count[typ] <= l.max || len(arns) == 1 {
			for _, arn := range arns {
				list = append(list, n.resources[arn].written(arn))
			}
			continue
		}
		common := commonStart(arns, group)
		list = append(list, n.resources[arns[0]].written(common)+"*")
		widened = append(widened, fmt.Sprintf("%s: %d of %s are widened to %s*", n.action, len(arns), typ, common))
	}
	slices.Sort(list)
	return slices.Compact(list), widened
}

// written makes a literal ARN one of a policy: there "*", "?" and "${" in the
// name of an object are escaped
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars).
// Other names cannot have them; there a "*" is AWS's own, for what is being
// made.
func (r neededResource) written(arn string) string {
	if r.pattern || r.typ != "s3:object" && r.typ != "s3:accesspointobject" {
		return arn
	}
	return strings.NewReplacer("*", "${*}", "?", "${?}", "${", "${$}{").Replace(arn)
}

// groupOf is the part of an ARN within which names may be widened: up to the
// first "/" or ":" of the resource, which is its type, or its bucket.
func groupOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	head := len(arn) - len(parts[5])
	if i := strings.IndexAny(parts[5], "/:"); i >= 0 {
		return arn[:head+i+1]
	}
	return arn[:head]
}

// commonStart is what ARNs of a group begin with, up to the last "/" or ":".
func commonStart(arns []string, group string) string {
	common := arns[0]
	for _, a := range arns[1:] {
		n := 0
		for n < len(common) && n < len(a) && common[n] == a[n] {
			n++
		}
		common = common[:n]
	}
	if i := strings.LastIndexAny(common, "/:"); i >= 0 {
		common = common[:i+1]
	}
	if len(common) < len(group) {
		return group
	}
	return common
}

// prove asks the evaluator whether the policy allows each request that was
// seen. What the resource's own policy says is left to the account, so that the
// identity policy has to allow.
func (l *Least) prove(e *Engine, out *Needs) error {
	doc, err := policy.Parse(string(out.Policy), policy.Identity)
	if err != nil {
		return fmt.Errorf("the policy for %s: %w", l.principal, err)
	}
	account := ""
	if f := strings.SplitN(l.principal, ":", 6); len(f) == 6 {
		account = f[4]
	}
	delegates, err := policy.Parse(string(encode(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
		"Effect": "Allow", "Principal": map[string]string{"AWS": account}, "Action": "*", "Resource": "*"}})), policy.Resource)
	if err != nil {
		return fmt.Errorf("the account %q of %s: %w", account, l.principal, err)
	}
	for _, key := range slices.Sorted(maps.Keys(l.asked)) {
		r := l.asked[key]
		q := r.Question()
		if q.Request.Any = false; len(r.Patterns) > 0 {
			// A pattern stands for the policy's own resource here.
			q.Request.Any = len(q.Request.Resources) == 1
		}
		q.Request.Account = account
		q.Policies.Identity = []*policy.Document{doc}
		q.Policies.Resource = delegates
		d, err := e.Decide(&q)
		if err == nil && d.Verdict == Allowed {
			out.Proven++
			continue
		}
		why := "denied"
		if err != nil {
			why = err.Error()
		} else if d.Verdict != "" {
			why = string(d.Verdict)
		}
		out.Unproven = append(out.Unproven, fmt.Sprintf("%s %s: %s", r.Request.Action, strings.Join(r.Request.Resources, " "), why))
	}
	return nil
}

// blind are the data events of which the records have none, for the services
// that log them only when a trail asks for them.
func (l *Least) blind() []string {
	var out []string
	for _, prefix := range slices.Sorted(maps.Keys(l.events.dataEvents)) {
		if !l.data[prefix] {
			out = append(out, prefix+": "+strings.Join(l.events.dataEvents[prefix], ", "))
		}
	}
	return out
}

// Indented is the policy for people and for the AWS CLI.
func (n *Needs) Indented() string {
	var b bytes.Buffer
	if err := json.Indent(&b, n.Policy, "", "  "); err != nil {
		return string(n.Policy)
	}
	return b.String()
}

// MaxManagedPolicy is how many characters, without white space, a managed
// policy may have
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const MaxManagedPolicy = 6144
