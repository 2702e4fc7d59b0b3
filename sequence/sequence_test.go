package sequence

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
)

var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func text(s string) haetae.Text { return haetae.Text{EN: s} }

func credentials() *Sequence {
	return &Sequence{
		ID: "credentials", Title: text("t"), Description: text("d"), Response: text("r"), Join: []string{"entities"},
		Parts: []Part{{Tactic: "initial-access", Weight: 2}, {Tactic: "persistence", Weight: 2}, {Tactic: "defense-evasion", Weight: 2}, {Tactic: "discovery", Weight: 1}, {Tactic: "exfiltration", Services: []string{"s3"}, Weight: 3}, {Tactic: "impact", Services: []string{"s3"}, Weight: 3}},
		Needs: [][]string{{"persistence", "defense-evasion", "exfiltration", "impact"}}, Order: []string{"initial-access", "persistence", "exfiltration", "impact"}, Ordered: 0.5,
		Further: 0.25, MostFurther: 2, MinTactics: 3, MinRules: 3,
		Windows:    []Window{{day, 6}, {14 * day, 9}},
		Severities: []Step{{6, haetae.High}, {9, haetae.Critical}},
		Except:     []string{"arn:aws:iam::*:role/aws-service-role/*"},
	}
}

func ransom() *Sequence {
	q := credentials()
	q.ID, q.Join, q.MinTactics, q.MinRules, q.Needs = "ransom", []string{"targets", "entities"}, 2, 2, [][]string{{"impact"}}
	q.Windows = []Window{{day, 4}}
	q.Severities = []Step{{4, haetae.Medium}, {8, haetae.Critical}}
	return q
}

func group() *Sequence {
	q := credentials()
	q.ID, q.Needs, q.MinTactics, q.MinRules, q.Members, q.MinMembers, q.Windows = "group", nil, 1, 1, "arn:aws:ec2:*:*:instance/*", 2, []Window{{day, 1}}
	q.Severities = []Step{{1, haetae.Low}}
	return q
}

func engine(t testing.TB, l Limits, q ...*Sequence) *Engine {
	t.Helper()
	e, err := New(q, l)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// at is a signal of a tactic, n hours after the beginning.
func at(n float64, tactic, rule string, entities ...string) Signal {
	return Signal{Rule: rule, Tactic: tactic, Service: "s3", Severity: haetae.Low, Entities: entities, Event: fmt.Sprintf("%s-%v-%v", rule, n, entities),
		Time: begin.Add(time.Duration(n * float64(time.Hour)))}
}

// final is what stands once all was said.
func final(e *Engine, signals ...Signal) map[string]Found {
	out := map[string]Found{}
	take(out, func() (all []Found) {
		for _, s := range signals {
			all = append(all, e.Observe(s)...)
		}
		return append(all, e.Flush()...)
	}())
	return out
}

func take(out map[string]Found, all []Found) {
	for _, f := range all {
		out[f.ID] = f
		for _, id := range f.Replaces {
			delete(out, id)
		}
	}
}

func one(t *testing.T, found map[string]Found) Found {
	t.Helper()
	if len(found) != 1 {
		t.Fatalf("%d sequences: %v", len(found), found)
	}
	for _, f := range found {
		return f
	}
	panic("not reached")
}

func attack() []Signal {
	return []Signal{
		at(0, "initial-access", "login", "key 1", "kim"),
		at(1, "discovery", "list", "key 1", "kim"),
		at(2, "persistence", "new user", "session a", "role/admin", "kim"),
		at(3, "exfiltration", "copy", "session b", "role/data", "session a"),
	}
}

func TestSignalsThatShareEntitiesAreOneSequenceWithItsArithmetic(t *testing.T) {
	f := one(t, final(engine(t, Limits{}, credentials()), attack()...))
	want := []Term{
		{"initial-access: weight 2 × signal 1 (login)", 200},
		{"persistence: weight 2 × signal 1 (new user)", 200},
		{"discovery: weight 1 × signal 1 (list)", 100},
		{"exfiltration (s3): weight 3 × signal 1 (copy)", 300},
		{"order: 3 tactics one after the other, 2 steps × 0.5", 100},
	}
	if !reflect.DeepEqual(f.Arithmetic, want) || f.Score != 900 || f.Severity != haetae.Critical || f.Window.Within != day {
		t.Errorf("score %s, severity %s, window %v, terms %v", f.Score, f.Severity, f.Window, f.Arithmetic)
	}
	if len(f.Signals) != 4 || !f.First.Equal(begin) || !f.Last.Equal(begin.Add(3*time.Hour)) || f.Entities[0] != "kim" {
		t.Errorf("found %+v", f)
	}
	links := []Link{{"kim", "key 1", "login-0-[key 1 kim]"}, {"role/admin", "session a", "new user-2-[session a role/admin kim]"}, {"kim", "role/admin", "new user-2-[session a role/admin kim]"},
		{"role/data", "session b", "copy-3-[session b role/data session a]"}, {"session a", "role/data", "copy-3-[session b role/data session a]"}}
	if !reflect.DeepEqual(f.Chain, links) {
		t.Errorf("chain %v", f.Chain)
	}
	// Without the new user the copy is not joined, without the copy 5.5 are left,
	// without the login or the list 6.5 and 8.
	if want := []Pivot{{"new user", "new user-2-[session a role/admin kim]"}, {"copy", "copy-3-[session b role/data session a]"}}; !reflect.DeepEqual(f.Pivotal, want) {
		t.Errorf("pivotal %v", f.Pivotal)
	}
}

func TestWhatIsNoSequenceStaysQuiet(t *testing.T) {
	noisy := func(n int) (out []Signal) {
		for i := range n {
			out = append(out, at(float64(i)/100, "discovery", fmt.Sprint("list ", i%30), "ci"), at(float64(i)/100, "persistence", "role", "ci"))
		}
		return out
	}
	service := attack()
	for i := range service {
		service[i].Entities = append(service[i].Entities, "arn:aws:iam::111122223333:role/aws-service-role/x")
	}
	routine := attack()
	for i := range routine {
		routine[i].Rarity = Routine
	}
	apart := attack()
	apart[3].Entities = []string{"lee"}
	other := attack()
	other[3].Service = "rds"
	slow := attack()
	for i := range slow {
		slow[i].Time = begin.Add(time.Duration(i) * 15 * day)
	}
	for _, c := range []struct {
		name    string
		signals []Signal
	}{
		{"one tactic too few", attack()[:2]},
		{"the same rules over and over", noisy(2000)},
		{"an AWS service at its work", service},
		{"the routine of a pipeline", routine},
		{"actors that have nothing in common", apart},
		{"a service that the family is not about", other},
		{"signals weeks apart", slow},
	} {
		t.Run(c.name, func(t *testing.T) {
			if found := final(engine(t, Limits{}, credentials()), c.signals...); len(found) != 0 {
				t.Errorf("found %+v", found)
			}
		})
	}
}

func TestASlowAttackNeedsMoreInItsLongerWindow(t *testing.T) {
	slow := attack()
	for i := range slow {
		slow[i].Time = begin.Add(time.Duration(i) * 3 * day)
	}
	f := one(t, final(engine(t, Limits{}, credentials()), slow...))
	if f.Window.Within != 14*day || f.Score != 900 {
		t.Errorf("found %+v", f)
	}
	slow[1].Weight = 0.99
	if found := final(engine(t, Limits{}, credentials()), slow...); len(found) != 0 {
		t.Errorf("a score of 8.99 is %+v", found)
	}
}

func TestSignalsAreJoinedByWhatTheyWereDoneTo(t *testing.T) {
	a, b := at(0, "exfiltration", "copy", "kim"), at(1, "impact", "delete", "lee")
	a.Targets, b.Targets = []string{"arn:aws:s3:::payroll"}, []string{"arn:aws:s3:::payroll"}
	f := one(t, final(engine(t, Limits{}, ransom(), credentials()), a, b))
	if f.Sequence.ID != "ransom" || !slices.Equal(f.Targets, []string{"arn:aws:s3:::payroll"}) || len(f.Pivotal) != 2 {
		t.Errorf("found %+v", f)
	}
}

func TestAGroupNeedsSeveralMembers(t *testing.T) {
	i := func(n int, group string) []string {
		return []string{fmt.Sprintf("arn:aws:ec2:us-east-1:1:instance/i-%d", n), group}
	}
	a, b, c := at(0, "impact", "mine", i(1, "asg")...), at(1, "impact", "mine", i(1, "asg")...), at(2, "impact", "mine", i(2, "asg")...)
	if found := final(engine(t, Limits{}, group()), a, b); len(found) != 0 {
		t.Errorf("one instance is %+v", found)
	}
	if f := one(t, final(engine(t, Limits{}, group()), a, b, c)); len(f.Signals) != 3 || f.Entities[0] != "asg" {
		t.Errorf("found %+v", f)
	}
}

func TestALateSignalMakesTheSequenceLargerAndSaysSo(t *testing.T) {
	e := engine(t, Limits{}, credentials())
	was := one(t, final(e, attack()...))
	late := at(-2, "initial-access", "phish", "kim")
	late.Late = true
	now := one(t, final(e, late))
	if !now.Late || was.Late || !slices.Equal(now.Replaces, []string{was.ID}) || len(now.Signals) != 5 {
		t.Errorf("found %+v", now)
	}
}

func TestASignalThatJoinsTwoSequencesReplacesBoth(t *testing.T) {
	e := engine(t, Limits{}, credentials())
	two := attack()
	for _, s := range attack() {
		s.Entities = []string{"lee"}
		s.Event += " lee"
		two = append(two, s)
	}
	was := final(e, two...)
	if len(was) != 2 {
		t.Fatalf("%d sequences", len(was))
	}
	f := one(t, final(e, at(4, "discovery", "list", "lee", "kim")))
	if _, first := was[f.ID]; !first || len(f.Replaces) != 1 || len(f.Signals) != 9 {
		t.Errorf("found %+v", f)
	}
}

func TestRepeatsAreAllNamedWhenFlushed(t *testing.T) {
	e := engine(t, Limits{}, credentials())
	all := attack()
	for i := range 500 {
		s := at(3+float64(i)/1000, "exfiltration", "copy", "session b", "role/data", "session a")
		s.Event = fmt.Sprint("object ", i)
		all = append(all, s)
	}
	said := 0
	for _, s := range all {
		said += len(e.Observe(s))
	}
	found := map[string]Found{}
	take(found, e.Flush())
	if f := one(t, found); len(f.Signals) != 504 || said > 2 || f.Untried != 0 {
		t.Errorf("%d signals, said %d times before", len(f.Signals), said)
	}
	if more := e.Flush(); len(more) != 0 {
		t.Errorf("it is said again: %v", more)
	}
}

func TestSignalsThatCannotCountAreCounted(t *testing.T) {
	e := engine(t, Limits{}, credentials())
	early, twice, no := at(-25, "impact", "a", "kim"), at(0, "impact", "b", "kim"), at(0, "collection", "c", "kim")
	broken := at(0, "impact", "d", "kim")
	broken.Time = time.Time{}
	far := at(0, "impact", "e", "kim")
	far.Time = begin.AddDate(9, 0, 0)
	final(e, twice, twice, early, no, at(0, "impact", "f"), broken, far)
	if got, want := e.Stats(), (Stats{Signals: 2, Duplicates: 1, TooLate: 1, Ahead: 1, NoTime: 1, Unused: 1, Unjoined: 1}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
}

func TestMemoryIsBoundedAndWhatGoesIsCounted(t *testing.T) {
	e := engine(t, Limits{Signals: 100}, credentials())
	final(e, attack()...)
	for i := range 1000 {
		final(e, at(5+float64(i)/100, "discovery", "list", fmt.Sprint("user ", i)))
	}
	if s := e.Stats(); s.Signals > 100 || s.Evicted != 1004-s.Signals || s.Closed != 1 || s.Open != 0 {
		t.Errorf("stats %+v", s)
	}
	for _, c := range e.sequences {
		if len(c.held) > 110 || len(c.runOf) != 0 || len(c.newest) > 110 {
			t.Errorf("left: %d names, %d, %d", len(c.held), len(c.runOf), len(c.newest))
		}
	}
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	e := engine(t, Limits{}, credentials())
	final(e, attack()...)
	for d := range 20 {
		final(e, at(float64(d*24), "discovery", "list", "lee"))
	}
	if s := e.Stats(); s.Open != 0 || s.Signals > 17 {
		t.Errorf("stats %+v", s)
	}
}

// random signals, close enough to make sequences of several sizes.
func random(r *rand.Rand, n int, hours float64) []Signal {
	var out []Signal
	tactics := []string{"initial-access", "persistence", "defense-evasion", "discovery", "exfiltration", "impact"}
	for i := range n {
		tactic := tactics[r.IntN(len(tactics))]
		s := at(math.Round(r.Float64()*hours), tactic, fmt.Sprint(tactic, r.IntN(3)), fmt.Sprint("key ", r.IntN(8)))
		if r.IntN(3) == 0 {
			s.Entities = append(s.Entities, fmt.Sprint("user ", r.IntN(6)))
		}
		if r.IntN(3) == 0 {
			s.Targets = []string{fmt.Sprint("arn:aws:ec2:us-east-1:1:instance/", r.IntN(4))}
		}
		s.Event, s.Rarity = fmt.Sprint("event ", i), []float64{0, 0.25, 2}[r.IntN(3)]
		s.Severity = haetae.Severity(1 + r.IntN(4))
		out = append(out, s)
	}
	return out
}

// plain is a found without how it came to be.
func plain(found map[string]Found) map[string]Found {
	out := maps.Clone(found)
	for id, f := range out {
		f.Replaces = nil
		out[id] = f
	}
	return out
}

func all() []*Sequence { return []*Sequence{credentials(), ransom(), group()} }

func TestTheOrderOfArrivalChangesNothing(t *testing.T) {
	some := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		signals := random(r, 4+r.IntN(26), 20+float64(r.IntN(300)))
		limits := Limits{Late: 400 * time.Hour}
		want := plain(final(engine(t, limits, all()...), signals...))
		some += len(want)
		for range 4 {
			r.Shuffle(len(signals), func(i, j int) { signals[i], signals[j] = signals[j], signals[i] })
			e := engine(t, limits, all()...)
			got := map[string]Found{}
			for _, s := range signals {
				take(got, e.Observe(s))
				if r.IntN(4) == 0 {
					take(got, e.Flush())
				}
			}
			take(got, e.Flush())
			if got = plain(got); e.Stats().Ahead == 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d:\n%s\n%s", seed, dump(got), dump(want))
			}
		}
	}
	if some < 60 {
		t.Errorf("only %d sequences were compared", some)
	}
}

func dump(v any) string {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func TestTheTermsAddUpAndWhatIsPivotalCancels(t *testing.T) {
	pivotal, others := 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		signals := random(r, 4+r.IntN(20), 20+float64(r.IntN(200)))
		slices.SortFunc(signals, func(a, b Signal) int { return a.Time.Compare(b.Time) })
		limits := Limits{Late: 400 * time.Hour}
		for _, f := range final(engine(t, limits, all()...), signals...) {
			var sum Points
			for _, term := range f.Arithmetic {
				sum += term.Value
			}
			if sum != f.Score || len(f.Signals) > exactPivots {
				t.Fatalf("seed %d: %v are %s, not %s", seed, f.Arithmetic, sum, f.Score)
			}
			for _, x := range f.Signals {
				without := slices.DeleteFunc(slices.Clone(signals), func(s Signal) bool { return s.Event == x.Event })
				left := false
				for _, g := range final(engine(t, limits, f.Sequence), without...) {
					left = left || slices.ContainsFunc(g.Signals, func(s Signal) bool {
						return slices.ContainsFunc(f.Signals, func(o Signal) bool { return o.Event == s.Event })
					})
				}
				is := slices.Contains(f.Pivotal, Pivot{x.Rule, x.Event})
				if is == left {
					t.Fatalf("seed %d: %s: pivotal %v, something left without it %v\n%s", seed, x.Event, is, left, dump(f))
				}
				if is {
					pivotal++
				} else {
					others++
				}
			}
		}
	}
	if pivotal < 50 || others < 50 {
		t.Errorf("%d pivotal and %d other signals were tried", pivotal, others)
	}
}

func TestSaveAndLoadInTheMiddleIsNoBreak(t *testing.T) {
	for seed := range uint64(15) {
		for _, limits := range []Limits{{}, {Signals: 30}} {
			r := rand.New(rand.NewPCG(seed, 3))
			signals := random(r, 120, 900)
			slices.SortFunc(signals, func(a, b Signal) int { return a.Time.Compare(b.Time) })
			whole, broken, store := engine(t, limits, all()...), engine(t, limits, all()...), map[string][]byte{}
			for i, s := range signals {
				want, got := whole.Observe(s), broken.Observe(s)
				if r.IntN(5) == 0 {
					want, got = append(want, whole.Flush()...), append(got, broken.Flush()...)
				}
				for i := range want {
					want[i].Sequence, got[i].Sequence = nil, nil
				}
				if !reflect.DeepEqual(want, got) {
					t.Fatalf("seed %d, signal %d:\n%s\n%s", seed, i, dump(want), dump(got))
				}
				if r.IntN(8) != 0 {
					continue
				}
				broken.Save(func(key string, value []byte) {
					if value == nil {
						delete(store, key)
					} else {
						store[key] = value
					}
				})
				broken = engine(t, limits, all()...)
				for k, v := range store { // in any order
					if err := broken.Load(k, v); err != nil {
						t.Fatal(err)
					}
				}
				if a, b := whole.Stats(), broken.Stats(); a != b {
					t.Fatalf("seed %d, signal %d: stats %+v and %+v", seed, i, a, b)
				}
			}
		}
	}
}

func TestASequenceThatWasChangedIsOpenedAnew(t *testing.T) {
	e, store := engine(t, Limits{}, credentials()), map[string][]byte{}
	final(e, attack()...)
	e.Save(func(key string, value []byte) { store[key] = value })
	changed := credentials()
	changed.Ordered = 1
	e = engine(t, Limits{}, changed)
	for k, v := range store {
		if err := e.Load(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if f := one(t, final(e, at(4, "impact", "delete", "session b"))); len(f.Signals) != 5 || e.Stats().Lost != 1 {
		t.Errorf("found %+v, stats %+v", f, e.Stats())
	}
}

func TestSequencesThatCannotWorkAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*Sequence)
	}{
		{"without an id", "id", func(q *Sequence) { q.ID = "" }},
		{"without words", "response", func(q *Sequence) { q.Response.EN = "" }},
		{"joined by nothing", "join", func(q *Sequence) { q.Join = nil }},
		{"joined by something else", "join", func(q *Sequence) { q.Join = []string{"color"} }},
		{"a tactic that is none", "no tactic", func(q *Sequence) { q.Parts[0].Tactic = "magic" }},
		{"a weight of nothing", "weight", func(q *Sequence) { q.Parts[0].Weight = 0 }},
		{"a need that does not count", "does not count", func(q *Sequence) { q.Needs = [][]string{{"collection"}} }},
		{"a need of nothing", "empty list", func(q *Sequence) { q.Needs = [][]string{{}} }},
		{"an order with one twice", "twice", func(q *Sequence) { q.Order = []string{"impact", "impact"} }},
		{"one signal", "no sequence", func(q *Sequence) { q.MinTactics = 1 }},
		{"members without a number", "members", func(q *Sequence) { q.Members = "*" }},
		{"more in order than there are", "order", func(q *Sequence) { q.MinOrder = 5 }},
		{"no window", "windows", func(q *Sequence) { q.Windows = nil }},
		{"a window of nothing", "window", func(q *Sequence) { q.Windows[0].Within = 0 }},
		{"a severity that falls", "rise", func(q *Sequence) { slices.Reverse(q.Severities) }},
		{"a score without a severity", "says nothing", func(q *Sequence) { q.Severities = q.Severities[1:] }},
		{"a share above one", "further", func(q *Sequence) { q.Further = 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := credentials()
			c.change(q)
			if _, err := New([]*Sequence{q}, Limits{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
	if _, err := New([]*Sequence{credentials(), credentials()}, Limits{}); err == nil {
		t.Error("two of one id")
	}
}

func FuzzLoad(f *testing.F) {
	e := engine(f, Limits{}, all()...)
	for _, s := range attack() {
		e.Observe(s)
	}
	e.Save(func(key string, value []byte) { f.Add(key, value) })
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		e := engine(t, Limits{}, all()...)
		if e.Load(key, value) != nil {
			return
		}
		final(e, attack()...)
		e.Save(func(string, []byte) {})
	})
}

// BenchmarkFlush says what it costs that a role has had 50,000 sessions that
// signalled in two weeks, when there is one more.
func BenchmarkFlush(b *testing.B) {
	b.ReportAllocs()
	e := engine(b, Limits{}, all()...)
	busy := func(n int, hours float64) {
		s := at(hours, "discovery", fmt.Sprint("list ", n%7), fmt.Sprint("session ", n), "role")
		s.Event = fmt.Sprint(n)
		e.Observe(s)
	}
	n := 0
	for ; n < 50_000; n++ {
		busy(n, float64(n)/50_000*13*24)
	}
	e.Flush()
	for b.Loop() {
		n++
		busy(n, 13*24)
		e.Flush()
	}
}

// Signals as weird as records can make them are stored and loaded again.
func FuzzObserve(f *testing.F) {
	f.Add("rule", "impact", "s3", "key", "bucket", "event", int64(1_770_000_000), 1.0, 2.0)
	f.Add("\xff", "impact", "s3", "\xfe", "", "\x00", int64(-62_135_596_800), math.Inf(1), -1.0)
	f.Fuzz(func(t *testing.T, rule, tactic, service, entity, target, event string, unix int64, weight, rarity float64) {
		e := engine(t, Limits{}, all()...)
		final(e, append(attack(), Signal{Rule: rule, Tactic: tactic, Service: service, Entities: []string{entity, "kim"}, Targets: []string{target}, Event: event,
			Time: time.Unix(unix, 5), Weight: weight, Rarity: rarity})...)
		again := engine(t, Limits{}, all()...)
		e.Save(func(key string, value []byte) {
			if err := again.Load(key, value); err != nil {
				t.Fatal(err)
			}
		})
		if a, b := e.Stats(), again.Stats(); a != b {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	for _, c := range []struct {
		name   string
		actors int
	}{{"many actors", 20_000}, {"one busy actor, a session each time", 1}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			var e *Engine
			for b.Loop() {
				if n%5000 == 0 {
					e = engine(b, Limits{}, all()...)
				}
				s := at(float64(n%5000)/300, "discovery", fmt.Sprint("list ", n%7), fmt.Sprint("session ", n), fmt.Sprint("actor ", n%c.actors))
				s.Event = fmt.Sprint(n)
				e.Observe(s)
				n++
			}
		})
	}
}
