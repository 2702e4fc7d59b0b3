package iam

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae/policy"
)

// maker makes random policies and requests of a small world, in which matches
// are frequent.
type maker struct{ *rand.Rand }

func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 7))} }

func (m maker) one(list ...string) string { return list[m.IntN(len(list))] }

// pools are the values that stand for all values of the keys of the small world.
var pools = map[string][]string{
	"aws:sourcevpc":            {"a", "ab", "b", "abb", "bb", "ba", "x", "y", "A", "AB", "aa", "aab", "aabb", "aba", "ax", "ay", "aA", "aAB"},
	"aws:sourcevpce":           {"a", "ab", "b", "abb", "bb", "ba", "x", "y", "A", "AB", "aa", "aab", "aabb", "aba", "ax", "ay", "aA", "aAB"},
	"my:n":                     {"0", "1", "1.5", "2", "2.5", "3", "4"},
	"aws:currenttime":          {"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T12:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"},
	"aws:sourceip":             {"10.0.0.1", "10.0.0.200", "10.1.0.1", "11.0.0.1", "2001:db8::1", "2001:db9::1"},
	"aws:securetransport":      {"true", "false"},
	"aws:sourcearn":            {"arn:aws:sns:r:1:a", "arn:aws:sns:r:2:a", "arn:aws:sns:s:1:a", "arn:aws:sns:s:1:b", "arn:aws:sqs:r:1:a", "arn:aws:sqs:s:2:b", "arn:aws:sqs:r:1:b", "arn:aws:sns:r:2:b", "arn:aws:sqs:r:2:a"},
	"aws:tagkeys":              nil, // sets
	"aws:principaltag/project": {"jobs", "x", "job", "obs", "other", "j"},
}

// tagSets are the sets of values of the small world.
func tagSets() [][]string {
	tags := []string{"a", "b", "ab", "x", "a?"}
	var sets [][]string
	for mask := 1; mask < 1<<len(tags); mask++ {
		var set []string
		for i, tag := range tags {
			if mask&(1<<i) != 0 {
				set = append(set, tag)
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// condition is one operator with a key and values.
func (m maker) condition() (operator, key string, values []string) {
	values = func(list ...string) []string {
		out := []string{m.one(list...)}
		if m.IntN(3) == 0 {
			out = append(out, m.one(list...))
		}
		return out
	}("1", "2", "3")
	suffix := m.one("", "", "", "IfExists")
	switch m.IntN(12) {
	case 0, 1:
		return m.one("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase") + suffix, m.one("aws:SourceVpc", "aws:SourceVpce"), []string{m.one("a", "ab", "b")}
	case 2, 3:
		return m.one("StringLike", "StringNotLike") + suffix, m.one("aws:SourceVpc", "aws:SourceVpce"), []string{m.one("a*", "*b", "?b", "a?", "*", "b")}
	case 4:
		return m.one("StringEquals", "StringNotEquals", "StringLike") + suffix, "aws:SourceVpc", []string{m.one("${aws:SourceVpce}", "${aws:SourceVpce}", "a${aws:SourceVpce}", "${aws:SourceVpce, 'b'}")}
	case 5:
		return m.one("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals") + suffix, "my:n", values
	case 6:
		return m.one("DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals") + suffix, "aws:CurrentTime", []string{m.one("2026-01-02", "2026-01-03T00:00:00Z")}
	case 7:
		return m.one("IpAddress", "NotIpAddress") + suffix, "aws:SourceIp", []string{m.one("10.0.0.0/8", "10.0.0.0/25", "2001:db8::/32", "0.0.0.0/0", "::/0")}
	case 8:
		return "Bool" + suffix, "aws:SecureTransport", []string{m.one("true", "false")}
	case 9:
		return m.one("ArnLike", "ArnNotLike") + suffix, "aws:SourceArn", []string{m.one("arn:aws:sns:*:1:*", "arn:aws:*:r:*:*", "arn:aws:sqs:r:1:a", "arn:aws:sns:*:*:a")}
	case 10:
		return m.one("ForAllValues", "ForAnyValue") + ":" + m.one("StringEquals", "StringNotEquals", "StringLike") + suffix, "aws:TagKeys", []string{m.one("a", "b", "a?")}
	}
	return "Null", m.one("aws:SourceVpc", "aws:SourceVpce", "my:n", "aws:TagKeys", "aws:SourceArn"), []string{m.one("true", "false")}
}

func (m maker) statement(effect string, names bool) string {
	s := map[string]any{"Effect": effect}
	s[m.one("Action", "Action", "Action", "NotAction")] = m.one("sqs:SendMessage", "sqs:*", "*", "sqs:Send*", "s3:*", "sqs:Receive*")
	s[m.one("Resource", "Resource", "Resource", "NotResource")] = m.one("*", "*", queue, "arn:aws:sqs:*:*:j*", "arn:aws:sqs:*:*:other", "arn:aws:sqs:*:*:${aws:PrincipalTag/project}", "arn:aws:sqs:*:*:${aws:PrincipalTag/project, 'jobs'}")
	if names {
		s[m.one("Principal", "Principal", "Principal", "NotPrincipal")] = map[string]any{"AWS": []string{m.one(kim, "*", "111122223333", ops, shift, stranger), m.one(kim, "111122223333", shift)}}
	}
	conditions := map[string]map[string]any{}
	for range m.IntN(3) {
		op, key, values := m.condition()
		if conditions[op] == nil {
			conditions[op] = map[string]any{}
		}
		conditions[op][key] = values
	}
	if len(conditions) > 0 {
		s["Condition"] = conditions
	}
	text, _ := json.Marshal(s)
	return string(text)
}

// document makes a policy that mostly allows.
func (m maker) document(typ policy.Type, name string) *policy.Document {
	var list []string
	for range 1 + m.IntN(3) {
		list = append(list, m.statement(m.one("Allow", "Allow", "Deny"), typ.Granting()))
	}
	return parsed(doc(list...), typ, name)
}

func parsed(text string, typ policy.Type, name string) *policy.Document {
	d, err := policy.Parse(text, typ)
	if err != nil {
		panic(err)
	}
	d.Name = name
	return d
}

// question makes a question; nothing of it is unknown.
func (m maker) question() *Question {
	q := &Question{Request: Request{
		Principal: Principal{ARN: m.one(kim, kim, shift, ops, stranger, fed, rootUser)},
		Action:    m.one("sqs:SendMessage", "sqs:SendMessage", "sqs:ReceiveMessage"),
		Resources: []string{m.one(queue, queue, "arn:aws:sqs:eu-west-1:111122223333:other")},
		Context:   map[string]Values{},
	}}
	p := &q.Policies
	for i := range 1 + m.IntN(2) {
		p.Identity = append(p.Identity, m.document(policy.Identity, fmt.Sprint("identity", i)))
	}
	if m.IntN(4) == 0 {
		p.Boundary = []*policy.Document{m.document(policy.Boundary, "boundary")}
	}
	if m.IntN(4) == 0 {
		p.Session = []*policy.Document{m.document(policy.Session, "session")}
	}
	if m.IntN(3) == 0 {
		p.Resource = m.document(policy.Resource, "resource")
	}
	if m.IntN(4) == 0 {
		p.SCP = []Level{{"root", []*policy.Document{parsed(full, policy.SCP, "full")}}, {"ou", []*policy.Document{m.document(policy.SCP, "scp")}}}
	}
	if m.IntN(6) == 0 {
		p.RCP = []Level{{"root", []*policy.Document{m.document(policy.RCP, "rcp")}}}
	}
	if m.IntN(6) == 0 {
		p.Endpoint = []*policy.Document{m.document(policy.Endpoint, "endpoint")}
	}
	for _, key := range keysIn(q) {
		if v, ok := m.value(key); ok {
			q.Request.Context[key] = v
		}
	}
	return q
}

// value makes a value of a key, or none.
func (m maker) value(key string) (Values, bool) {
	list := valuesOf(key)
	list = list[:min(len(list), 10)] // what variables make of these is in the pool
	i := m.IntN(len(list) + 2)
	if i >= len(list) {
		return Values{}, false
	}
	return list[i], true
}

func valuesOf(key string) []Values {
	var list []Values
	for _, v := range pools[key] {
		list = append(list, One(v))
	}
	if key == "aws:tagkeys" {
		for _, set := range tagSets() {
			list = append(list, Many(set...))
		}
	}
	return list
}

// keysIn are the keys that a question's policies speak of.
func keysIn(q *Question) []string {
	seen := map[string]bool{}
	for _, c := range q.conditions() {
		seen[c.Lower] = true
		for _, v := range c.Values {
			for _, name := range v.Variables() {
				seen[strings.ToLower(name)] = true
			}
		}
	}
	for _, d := range q.documents() {
		for _, st := range d.Statements {
			if st.Resources == nil {
				continue
			}
			for _, t := range st.Resources.List {
				for _, name := range t.Variables() {
					seen[strings.ToLower(name)] = true
				}
			}
		}
	}
	var out []string
	for key := range seen {
		if _, ok := pools[key]; ok {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

func decide(t testing.TB, q *Question) *Decision {
	t.Helper()
	d, err := engine().Decide(q)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// describe prints a question for a failed test.
func describe(q *Question) string {
	var b strings.Builder
	request, _ := json.Marshal(&q.Request)
	fmt.Fprintf(&b, "%s unknown %v %v\n", request, q.Unknown, q.UnknownValue)
	for _, d := range q.documents() {
		fmt.Fprintf(&b, "  %s %s\n", d.Type, printed(d.Root))
	}
	return b.String()
}

// printed is the JSON of a node.
func printed(n *policy.Node) string {
	switch n.Kind {
	case policy.Object:
		var list []string
		for _, m := range n.Members {
			name, _ := json.Marshal(m.Name)
			list = append(list, string(name)+":"+printed(m.Value))
		}
		return "{" + strings.Join(list, ",") + "}"
	case policy.Array:
		var list []string
		for _, item := range n.Items {
			list = append(list, printed(item))
		}
		return "[" + strings.Join(list, ",") + "]"
	case policy.String:
		text, _ := json.Marshal(n.Text)
		return string(text)
	}
	return n.Text
}

// bruteForce decides a question for all values of the small world.
func bruteForce(t testing.TB, q *Question, keys []string, met map[Verdict]int) {
	c := *q
	c.Unknown, c.UnknownValue = nil, nil
	var step func(i int)
	step = func(i int) {
		if i == len(keys) {
			met[decide(t, &c).Verdict]++
			return
		}
		key := keys[i]
		if !slices.Contains(q.UnknownValue, key) {
			delete(c.Request.Context, key)
			step(i + 1)
		}
		for _, v := range valuesOf(key) {
			c.Request.Context[key] = v
			step(i + 1)
		}
		delete(c.Request.Context, key)
	}
	c.Request.Context = map[string]Values{}
	for k, v := range q.Request.Context {
		c.Request.Context[k] = v
	}
	step(0)
}

func TestAnswersOverTheUnknownAreThoseOfAllItsValues(t *testing.T) {
	rounds := 600
	if testing.Short() {
		rounds = 100
	}
	m := newMaker(2026)
	kinds := map[Verdict]int{}
	cut := 0
	for range rounds {
		q := m.question()
		keys := keysIn(q)
		m.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		keys = keys[:min(len(keys), 1+m.IntN(3))]
		for size := 1; ; size = 1 {
			for _, key := range keys {
				size *= 1 + len(valuesOf(key))
			}
			if size <= 1500 {
				break
			}
			keys = keys[1:]
		}
		for _, key := range keys {
			if m.IntN(3) == 0 {
				q.UnknownValue = append(q.UnknownValue, key)
			} else {
				q.Unknown = append(q.Unknown, key)
			}
		}
		if slices.Contains([]string{ops}, q.Request.Principal.ARN) {
			q.Request.Principal.ARN = shift // the name of a session is no key
		}
		d := decide(t, q)
		met := map[Verdict]int{}
		bruteForce(t, q, keys, met)
		kinds[d.Verdict]++
		var want Verdict
		switch allowed, implicit, explicit := met[Allowed] > 0, met[ImplicitlyDenied] > 0, met[ExplicitlyDenied] > 0; {
		case allowed && (implicit || explicit):
			want = DependsOn
		case allowed:
			want = Allowed
		case explicit && !implicit:
			want = ExplicitlyDenied
		default:
			want = ImplicitlyDenied
		}
		if d.Verdict == DependsOn && d.Depends.Example == nil {
			cut++ // nothing was proved, and that is said
			continue
		}
		if d.Verdict != want {
			t.Fatalf("%s, by all values %s (%v)\n%s", d.Verdict, want, met, describe(q))
		}
		if d.Verdict != DependsOn {
			continue
		}
		again := *q
		again.Request, again.Unknown, again.UnknownValue = *d.Depends.Example, nil, nil
		if r := decide(t, &again); r.Verdict != Allowed {
			t.Fatalf("the example is %s\n%s%s", r.Verdict, describe(&again), describe(q))
		}
	}
	t.Logf("%v, %d searches were cut short", kinds, cut)
	if cut > rounds/50 {
		t.Errorf("%d of %d searches were cut short", cut, rounds)
	}
	for _, v := range []Verdict{Allowed, ImplicitlyDenied, ExplicitlyDenied, DependsOn} {
		if kinds[v] < rounds/100 {
			t.Errorf("only %d of the questions were %s", kinds[v], v)
		}
	}
}

// rank orders verdicts by how much they let through.
func rank(v Verdict) int { return map[Verdict]int{Allowed: 2, DependsOn: 1}[v] }

func TestAddingADenyNeverWidens(t *testing.T) {
	m := newMaker(11)
	narrowed := 0
	for range 1000 {
		q := m.question()
		if m.IntN(2) == 0 {
			q.Unknown = []string{"*"}
		}
		before := decide(t, q)
		p := &q.Policies
		where := []policy.Type{policy.Identity}
		if p.Boundary != nil {
			where = append(where, policy.Boundary)
		}
		if p.Session != nil {
			where = append(where, policy.Session)
		}
		if p.SCP != nil {
			where = append(where, policy.SCP)
		}
		if p.Resource != nil {
			where = append(where, policy.Resource)
		}
		if p.Endpoint != nil {
			where = append(where, policy.Endpoint)
		}
		typ := where[m.IntN(len(where))]
		one := parsed(doc(m.statement("Deny", typ.Granting())), typ, "deny")
		switch typ {
		case policy.Identity:
			p.Identity = append(p.Identity, one)
		case policy.Boundary:
			p.Boundary = append(p.Boundary, one)
		case policy.Session:
			p.Session = append(p.Session, one)
		case policy.SCP:
			p.SCP[1].Policies = append(p.SCP[1].Policies, one)
		case policy.Resource:
			p.Resource = parsed(doc(append(statementsOf(p.Resource), statementsOf(one)...)...), typ, "resource")
		case policy.Endpoint:
			p.Endpoint = append(p.Endpoint, one)
		}
		after := decide(t, q)
		if rank(after.Verdict) > rank(before.Verdict) || before.Verdict == ExplicitlyDenied && after.Verdict != ExplicitlyDenied {
			t.Fatalf("%s became %s by a Deny in %s\n%s", before.Verdict, after.Verdict, typ, describe(q))
		}
		if after.Verdict != before.Verdict {
			narrowed++
		}
	}
	if narrowed < 40 {
		t.Errorf("only %d of the denies changed anything", narrowed)
	}
}

func statementsOf(d *policy.Document) []string {
	var out []string
	for _, st := range d.Statements {
		out = append(out, printed(st.Node))
	}
	return out
}

func TestOrderAndSidChangeNothing(t *testing.T) {
	m := newMaker(12)
	for range 800 {
		q := m.question()
		if m.IntN(2) == 0 {
			q.Unknown = []string{"*"}
		}
		before := decide(t, q)
		other := *q
		again := func(d *policy.Document) *policy.Document {
			if d == nil {
				return nil
			}
			list := statementsOf(d)
			m.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			for i := range list {
				list[i] = strings.Replace(list[i], "{", fmt.Sprintf(`{"Sid":"S%d",`, m.IntN(99)), 1)
			}
			return parsed(doc(list...), d.Type, d.Name)
		}
		each := func(list []*policy.Document) []*policy.Document {
			if list == nil {
				return nil
			}
			out := []*policy.Document{}
			for _, d := range list {
				out = append(out, again(d))
			}
			m.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
			return out
		}
		p := q.Policies
		p.Identity, p.Boundary, p.Session, p.Endpoint, p.Resource = each(p.Identity), each(p.Boundary), each(p.Session), each(p.Endpoint), again(p.Resource)
		p.SCP = slices.Clone(p.SCP)
		slices.Reverse(p.SCP)
		other.Policies = p
		after := decide(t, &other)
		slices.Sort(before.Layers)
		slices.Sort(after.Layers)
		if before.Verdict != after.Verdict || !slices.Equal(before.Layers, after.Layers) {
			t.Fatalf("%s %v became %s %v\n%s%s", before.Verdict, before.Layers, after.Verdict, after.Layers, describe(q), describe(&other))
		}
	}
}

func TestAPatternOfResourcesIsAnsweredAsItsResourcesAre(t *testing.T) {
	m := newMaker(13)
	kinds := map[Verdict]int{}
	for range 1500 {
		q := m.question()
		q.Request.Principal.ARN = m.one(kim, shift, stranger)
		prefix := "arn:aws:sqs:eu-west-1:111122223333:"
		q.Request.Resources, q.Request.Any = []string{prefix + m.one("*", "j*", "*s", "jobs")}, true
		d := decide(t, q)
		var allowed, reached bool
		one := *q
		one.Request.Any = false
		names := append(slices.Clone(pools["aws:principaltag/project"]), "jx", "xs", "jxs", "s")
		for _, name := range slices.Clone(names) {
			// A star that ends a field may run past a colon in a name.
			names = append(names, "j:"+name, "x:"+name, "j:"+name+"s")
		}
		for _, name := range names {
			if !matchNaively(q.Request.Resources[0], prefix+name) {
				continue
			}
			one.Request.Resources = []string{prefix + name}
			switch decide(t, &one).Verdict {
			case Allowed:
				allowed = true
			case ExplicitlyDenied:
				reached = true
			}
		}
		kinds[d.Verdict]++
		if (d.Verdict == Allowed) != allowed || d.Verdict == ExplicitlyDenied && !reached {
			t.Fatalf("%s; some resource is allowed: %t, explicitly denied: %t\n%s", d.Verdict, allowed, reached, describe(q))
		}
	}
	t.Log(kinds)
	for _, v := range []Verdict{Allowed, ImplicitlyDenied, ExplicitlyDenied} {
		if kinds[v] < 20 {
			t.Errorf("only %d of the questions were %s", kinds[v], v)
		}
	}
}

// matchNaively matches a pattern by trying all ways.
func matchNaively(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	switch {
	case pattern[0] == '*':
		return matchNaively(pattern[1:], text) || text != "" && matchNaively(pattern, text[1:])
	case text == "":
		return false
	case pattern[0] == '?' || pattern[0] == text[0]:
		return matchNaively(pattern[1:], text[1:])
	}
	return false
}
