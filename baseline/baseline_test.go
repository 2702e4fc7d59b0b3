package baseline

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a Monday

func engine(t testing.TB, o Options, profiles ...Profile) *Engine {
	t.Helper()
	e, err := New(profiles, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func observe(t testing.TB, e *Engine, profile string, o Observation) Verdict {
	t.Helper()
	o.Explain = true
	v, err := e.Observe(profile, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var (
	regions = Profile{ID: "region", Kind: FirstSeen, By: []string{"actor"}, Of: []string{"region"}}
	actions = Profile{ID: "action", Kind: FirstSeen, By: []string{"actor"}, Of: []string{"action"}, Steady: 1}
	rare    = Profile{ID: "rare", Kind: Rare, By: []string{"actor"}, Of: []string{"action"}, Peers: []string{"team"}}
	bytes_  = Profile{ID: "bytes", Kind: Volume, By: []string{"actor"}, Of: []string{"bucket"}, Min: 1000}
	hourly  = Profile{ID: "denied", Kind: Volume, By: []string{"actor"}, Every: time.Hour, Min: 5}
)

// learned has kim in two Regions on each of the days.
func learned(t testing.TB, days int) *Engine {
	e := engine(t, Options{}, regions)
	for d := range days {
		for _, r := range []string{"us-east-1", "eu-west-1"} {
			observe(t, e, "region", Observation{Key: "kim", Value: r, Time: begin.Add(time.Duration(d) * day)})
		}
	}
	return e
}

func TestAValueThatIsNewToALearnedKeyFires(t *testing.T) {
	e := learned(t, 15)
	v := observe(t, e, "region", Observation{Key: "kim", Value: "ap-south-1", Time: begin.Add(15 * day)})
	if !v.Fires || !v.New || v.Known != 2 || v.Learning.String() != "14 of 14 days" || !v.Learning.Since.Equal(begin) {
		t.Errorf("verdict %+v", v)
	}
	if want := "region: ap-south-1 is new to kim in 14 days, which had eu-west-1, us-east-1"; v.Why != want {
		t.Errorf("why is %q", v.Why)
	}
	if v := observe(t, e, "region", Observation{Key: "kim", Value: "ap-south-1", Time: begin.Add(15*day + time.Hour)}); v.New || v.Fires || v.Why != "" {
		t.Errorf("the second time is %+v", v)
	}
}

func TestNothingFiresWhileLearning(t *testing.T) {
	e := learned(t, 4)
	v := observe(t, e, "region", Observation{Key: "kim", Value: "ap-south-1", Time: begin.Add(3*day + time.Hour)})
	if v.Fires || !v.New || v.Learning.String() != "3 of 14 days" || !strings.HasSuffix(v.Why, "; learning, 3 of 14 days") {
		t.Errorf("verdict %+v", v)
	}
}

func TestHistoryThatIsSeededEndsLearning(t *testing.T) {
	e := engine(t, Options{}, regions)
	for d := range 14 { // newest first, as archives may be read
		if err := e.Seed("region", Observation{Key: "kim", Value: "us-east-1", Time: begin.Add(time.Duration(-d-1) * day)}); err != nil {
			t.Fatal(err)
		}
	}
	if v := observe(t, e, "region", Observation{Key: "kim", Value: "ap-south-1", Time: begin}); !v.Fires {
		t.Errorf("verdict on the first day %+v", v)
	}
}

func TestAValueIsForgottenAfterTheWindow(t *testing.T) {
	for _, c := range []struct {
		name string
		days int
		new  bool
	}{{"it is known on the last day of the window", 14, false}, {"it is new on the day after", 15, true}} {
		t.Run(c.name, func(t *testing.T) {
			e := learned(t, 15)
			observe(t, e, "region", Observation{Key: "kim", Value: "ap-south-1", Time: begin.Add(15 * day)})
			for d := range c.days {
				observe(t, e, "region", Observation{Key: "kim", Value: "us-east-1", Time: begin.Add(time.Duration(16+d) * day)})
			}
			if v := observe(t, e, "region", Observation{Key: "kim", Value: "ap-south-1", Time: begin.Add(time.Duration(15+c.days) * day)}); v.New != c.new {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

func TestAKeyThatIsNewEveryDayIsNotWorthSaying(t *testing.T) {
	e := engine(t, Options{}, actions)
	var v Verdict
	for d := range 40 {
		for i := range 3 {
			v = observe(t, e, "action", Observation{Key: "pipeline", Value: fmt.Sprint("action ", d*3+i), Time: begin.Add(time.Duration(d) * day)})
		}
	}
	if v.Fires || !v.New || !strings.Contains(v.Why, "3.14 new ones a day") {
		t.Errorf("verdict %+v", v)
	}
}

func TestWhatFewPeersHaveFiresAlsoForANewPrincipal(t *testing.T) {
	for _, c := range []struct {
		name       string
		peers      int
		with       int
		fires      bool
		share      float64
		group, own string
	}{
		{"one of forty has it", 40, 1, true, 0.025, "web", "web"},
		{"half of them have it", 40, 20, false, 0.5, "web", "web"},
		{"there are too few peers", 4, 0, false, 0, "web", "web"},
		{"it has no group", 40, 1, false, 1, "web", ""},
		{"another group has it not", 40, 20, false, 1, "web", "database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := engine(t, Options{}, rare)
			for d := range 15 {
				for i := range c.peers {
					value := "list"
					if i < c.with {
						value = "delete"
					}
					observe(t, e, "rare", Observation{Key: fmt.Sprint("role ", i), Value: value, Group: c.group, Time: begin.Add(time.Duration(d) * day)})
				}
			}
			v := observe(t, e, "rare", Observation{Key: "new", Value: "delete", Group: c.own, Time: begin.Add(15 * day)})
			if v.Fires != c.fires || v.Share != c.share || !v.New {
				t.Errorf("verdict %+v", v)
			}
			if c.fires && !strings.Contains(v.Why, "1 of 40 peers have it") {
				t.Errorf("why is %q", v.Why)
			}
		})
	}
}

func TestAKeyThatChangesItsGroupTakesItsValuesAlong(t *testing.T) {
	e := engine(t, Options{}, rare)
	for i := range 6 {
		for _, v := range []string{"a", "b"} {
			observe(t, e, "rare", Observation{Key: fmt.Sprint(i), Value: v, Group: "web", Time: begin})
		}
	}
	observe(t, e, "rare", Observation{Key: "0", Value: "c", Group: "data", Time: begin})
	if v := observe(t, e, "rare", Observation{Key: "1", Value: "a", Group: "web", Time: begin}); v.PeersN != 4 || v.PeersWith != 4 {
		t.Errorf("left %+v", v)
	}
	if v := observe(t, e, "rare", Observation{Key: "9", Value: "b", Group: "data", Time: begin}); v.PeersN != 1 || v.PeersWith != 1 {
		t.Errorf("joined %+v", v)
	}
}

func TestFarMoreThanUsualFiresOnce(t *testing.T) {
	e := engine(t, Options{}, bytes_)
	at := func(d int) time.Time { return begin.Add(time.Duration(d) * day) }
	for d := range 18 {
		if w := at(d).Weekday(); w == time.Saturday || w == time.Sunday {
			continue
		}
		observe(t, e, "bytes", Observation{Key: "etl", Value: "data", Amount: 10_000 + float64(d%3)*100, Time: at(d)})
	}
	small := observe(t, e, "bytes", Observation{Key: "etl", Value: "data", Amount: 10_300, Time: at(18)})
	if small.New || small.Expected != 10_100 || small.Spread != 1010 || small.Most != 10_200 || small.Observed != 10_300 {
		t.Errorf("a usual day is %+v", small)
	}
	v := observe(t, e, "bytes", Observation{Key: "etl", Value: "data", Amount: 90_000, Time: at(18)})
	if !v.Fires || v.Observed != 100_300 {
		t.Errorf("a large day is %+v", v)
	}
	if want := "etl, bucket data: 100300 in a day; 10100 are expected, 1010 apart; the limit is 10100 + 6 × 1010 = 16160, the most was 10200"; v.Why != want {
		t.Errorf("why is %q", v.Why)
	}
	if v := observe(t, e, "bytes", Observation{Key: "etl", Value: "data", Amount: 90_000, Time: at(18)}); v.Fires {
		t.Errorf("the same day says it twice: %+v", v)
	}
}

func TestAVolumeThatWasNeverThereFiresForALearnedKey(t *testing.T) {
	e := engine(t, Options{}, bytes_)
	for d := range 15 {
		observe(t, e, "bytes", Observation{Key: "etl", Value: "data", Amount: 10, Time: begin.Add(time.Duration(d) * day)})
	}
	if v := observe(t, e, "bytes", Observation{Key: "etl", Value: "payroll", Amount: 999, Time: begin.Add(15 * day)}); v.New {
		t.Errorf("less than the minimum is %+v", v)
	}
	if v := observe(t, e, "bytes", Observation{Key: "etl", Value: "payroll", Amount: 1, Time: begin.Add(15 * day)}); !v.Fires || v.Expected != 0 {
		t.Errorf("the minimum is %+v", v)
	}
}

func TestAJobOfEveryNightIsNoSurpriseAtNight(t *testing.T) {
	e := engine(t, Options{}, hourly)
	for d := range 15 {
		for range 100 {
			observe(t, e, "denied", Observation{Key: "backup", Amount: 1, Time: begin.Truncate(day).Add(time.Duration(d)*day + 2*time.Hour)})
		}
	}
	e2 := engine(t, Options{}, hourly)
	for key, value := range saved(e) {
		if err := e2.Load(key, value); err != nil {
			t.Fatal(err)
		}
	}
	burst := func(e *Engine, hour int) (fired int) {
		for range 120 {
			if observe(t, e, "denied", Observation{Key: "backup", Amount: 1, Time: begin.Truncate(day).Add(15*day + time.Duration(hour)*time.Hour)}).Fires {
				fired++
			}
		}
		return fired
	}
	if n := burst(e, 2); n != 0 {
		t.Errorf("120 at night fire %d times", n)
	}
	if n := burst(e2, 14); n != 1 {
		t.Errorf("120 in the afternoon, more than ever, fire %d times", n)
	}
}

func TestTheWeekendIsWhereTheOrganisationIs(t *testing.T) {
	friday := time.Date(2026, 3, 6, 16, 0, 0, 0, time.UTC)
	if weekend(friday.Unix(), 0) || !weekend(friday.Unix(), 9*time.Hour) {
		t.Error("Friday 16:00 UTC is Saturday in Seoul")
	}
}

func TestAmountsThatAreNoNumbersAreCounted(t *testing.T) {
	e := engine(t, Options{}, bytes_)
	for _, x := range []float64{-1, math.NaN(), math.Inf(1)} {
		observe(t, e, "bytes", Observation{Key: "k", Amount: x, Time: begin})
	}
	if n := e.Stats().NoNumber; n != 3 {
		t.Errorf("%d", n)
	}
}

func TestARecordWithAWrongYearAgesNothing(t *testing.T) {
	e := learned(t, 15)
	observe(t, e, "region", Observation{Key: "kim", Value: "us-east-1", Time: begin.AddDate(50, 0, 0)})
	v := observe(t, e, "region", Observation{Key: "kim", Value: "us-east-1", Time: begin.Add(15 * day)})
	if v.New || e.Stats().Ahead != 1 {
		t.Errorf("verdict %+v, stats %+v", v, e.Stats())
	}
	for range jump { // logs that go on after months without any
		observe(t, e, "region", Observation{Key: "kim", Value: "us-east-1", Time: begin.AddDate(0, 2, 0)})
	}
	if e.newest != dayOf(begin.AddDate(0, 2, 0)) {
		t.Errorf("the newest day is %v", timeOf(e.newest))
	}
}

func TestWhatIsTooOldToJudgeIsLearnedAndCounted(t *testing.T) {
	e := learned(t, 40)
	observe(t, e, "region", Observation{Key: "kim", Value: "x", Time: begin.Add(20 * day)})
	for d := range 20 {
		observe(t, e, "region", Observation{Key: "kim", Value: "us-east-1", Time: begin.Add(time.Duration(40+d) * day)})
	}
	v := observe(t, e, "region", Observation{Key: "kim", Value: "y", Time: begin.Add(21 * day)})
	if v.New || e.Stats().Late != 1 {
		t.Errorf("verdict %+v, stats %+v", v, e.Stats())
	}
}

func TestProfilesThatCannotWorkAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		p          Profile
	}{
		{"without an id", "needs an id", Profile{Kind: FirstSeen, By: []string{"a"}, Of: []string{"b"}}},
		{"without a key", "by names", Profile{ID: "x", Kind: FirstSeen, Of: []string{"b"}}},
		{"without a value", "of names", Profile{ID: "x", Kind: FirstSeen, By: []string{"b"}}},
		{"of no kind", "kind", Profile{ID: "x", Kind: "odd", By: []string{"b"}}},
		{"rare among nobody", "peers", Profile{ID: "x", Kind: Rare, By: []string{"a"}, Of: []string{"b"}}},
		{"a window of hours", "window", Profile{ID: "x", Kind: FirstSeen, By: []string{"a"}, Of: []string{"b"}, Window: 3 * time.Hour}},
		{"a factor where nothing is added up", "are for the kind volume", Profile{ID: "x", Kind: FirstSeen, By: []string{"a"}, Of: []string{"b"}, Factor: 2}},
		{"every minute", "every", Profile{ID: "x", Kind: Volume, By: []string{"a"}, Every: time.Minute}},
		{"a share above one", "share", Profile{ID: "x", Kind: Rare, By: []string{"a"}, Of: []string{"b"}, Peers: []string{"c"}, Share: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := New([]Profile{c.p}, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
	if _, err := New([]Profile{regions, regions}, Options{}); err == nil {
		t.Error("two profiles of one id")
	}
	if _, err := engine(t, Options{}, regions).Observe("other", Observation{}); err == nil {
		t.Error("a profile that is not there")
	}
}

// saved is a store that is empty at first.
func saved(e *Engine) map[string][]byte {
	store := map[string][]byte{}
	into(store)(e)
	return store
}

func into(store map[string][]byte) func(*Engine) {
	return func(e *Engine) {
		e.Save(func(key string, value []byte) {
			if value == nil {
				delete(store, key)
			} else {
				store[key] = value
			}
		})
	}
}

var tiny = Options{Keys: 12, Values: 60, PerKey: 16, Series: 6, Names: 20, FilterBytes: 4 * segmentBytes}

func randomObservation(r *rand.Rand, step int) (string, Observation) {
	o := Observation{
		Key: fmt.Sprint("key ", r.IntN(16)), Value: fmt.Sprint("value ", r.IntN(12)), Group: fmt.Sprint("group ", r.IntN(40)/20),
		Amount: float64(r.IntN(50)), Time: begin.Add(time.Duration(step)*20*time.Minute - time.Duration(r.IntN(20*r.IntN(2)+1))*time.Hour),
	}
	if r.IntN(400) == 0 {
		o.Time = o.Time.AddDate(3, 0, 0)
	}
	return []string{"region", "action", "rare", "bytes", "denied"}[r.IntN(5)], o
}

func TestSaveAndLoadInTheMiddleIsNoBreak(t *testing.T) {
	profiles := []Profile{regions, actions, rare, bytes_, hourly}
	for seed := range uint64(20) {
		for _, o := range []Options{{}, tiny} {
			r := rand.New(rand.NewPCG(seed, 1))
			whole, broken, store := engine(t, o, profiles...), engine(t, o, profiles...), map[string][]byte{}
			for step := range 2500 {
				p, ob := randomObservation(r, step)
				if want, got := observe(t, whole, p, ob), observe(t, broken, p, ob); want != got {
					t.Fatalf("seed %d, step %d, %s %+v:\n without a break %+v\n with           %+v", seed, step, p, ob, want, got)
				}
				if r.IntN(200) != 0 {
					continue
				}
				into(store)(broken)
				broken = engine(t, o, profiles...)
				keys := slices.Sorted(maps.Keys(store))
				r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
				for _, k := range keys {
					if err := broken.Load(k, store[k]); err != nil {
						t.Fatal(err)
					}
				}
				if a, b := whole.Stats(), broken.Stats(); a != b {
					t.Fatalf("seed %d, step %d: stats\n%+v\n%+v", seed, step, a, b)
				}
			}
			if o.Keys > 0 {
				if s := whole.Stats(); s.EvictedKeys == 0 || s.Spilled == 0 || s.EvictedSeries == 0 || s.Unnamed == 0 || s.Keys > o.Keys || s.Values > o.Values || s.Series > o.Series || s.Names > o.Names {
					t.Errorf("the bounds were not met or not reached: %+v", s)
				}
			}
		}
	}
}

func TestNothingIsCalledNewThatWasSeenInTheWindow(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		e := engine(t, tiny, regions)
		type pair struct{ key, value string }
		last := map[pair]uint16{}
		missed, news := 0, 0
		for step := range 6000 {
			_, o := randomObservation(r, step)
			if o.Time.Year() > 2027 {
				continue
			}
			o.Value = fmt.Sprint(r.IntN(40))
			at := pair{o.Key, o.Value}
			d := dayOf(o.Time)
			was, seen := last[at]
			v := observe(t, e, "region", o)
			known := seen && was >= before(d, 14)
			if v.New && known {
				t.Fatalf("seed %d, step %d: %+v is called new, it was there on %v", seed, step, o, timeOf(was))
			}
			if !known {
				news++
				if !v.New {
					missed++
				}
			}
			last[at] = max(was, d)
		}
		if late := e.Stats().Late; missed > late+news/50 {
			t.Errorf("seed %d: %d of %d new values were taken for known, %d were late", seed, missed, news, late)
		}
	}
}

func TestProfilesThatWereChangedBeginAnewAndOthersGoOn(t *testing.T) {
	e := learned(t, 15)
	store := saved(e)
	other := regions
	other.Of = []string{"vpc"}
	same := Profile{ID: "a", Kind: FirstSeen, By: []string{"actor"}, Of: []string{"asn"}} // sorts before
	kept := regions
	kept.Steady = 2 // a threshold is no other meaning
	load := func(p ...Profile) *Engine {
		e := engine(t, Options{}, p...)
		for k, v := range store {
			if err := e.Load(k, v); err != nil {
				t.Fatal(err)
			}
		}
		return e
	}
	e = load(same, kept)
	at := begin.Add(15 * day)
	if v := observe(t, e, "region", Observation{Key: "kim", Value: "us-east-1", Time: at}); v.New || !v.Learning.Done() {
		t.Errorf("a profile that is the same: %+v", v)
	}
	if v := observe(t, e, "a", Observation{Key: "kim", Value: "us-east-1", Time: at}); !v.New || v.Fires || v.Learning.Days != 0 {
		t.Errorf("a profile that is new: %+v", v)
	}
	if v := observe(t, load(other), "region", Observation{Key: "kim", Value: "us-east-1", Time: at}); !v.New || v.Fires {
		t.Errorf("a profile that looks at another field: %+v", v)
	}
}

func TestUserAgentsHaveFamilies(t *testing.T) {
	for agent, want := range map[string]string{
		"aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64.amzn.2023 prompt/off command/s3.ls": "aws-cli",
		"aws-cli/2.15.0 exec-env/CloudShell":                                                   "cloudshell",
		"Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#6.1 lang/python#3.12.1":               "boto3",
		"[Boto3/1.34.0]": "boto3",
		"APN/1.0 HashiCorp/1.0 Terraform/1.9.0 aws-sdk-go-v2/1.30.0":                    "terraform",
		"aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22":                                    "sdk-go",
		"aws-sdk-java/2.25.1 Linux/5.10 OpenJDK_64-Bit_Server_VM/17":                    "sdk-java",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/120": "browser",
		"cloudformation.amazonaws.com":                                                  "cloudformation.amazonaws.com",
		"signin.amazonaws.com":                                                          "console",
		"AWS Internal":                                                                  "aws-internal",
		"kubectl/v1.29.0 (linux/amd64) kubernetes/abc":                                  "kubectl",
		"curl/8.4.0":      "curl",
		"MyTool2 build 7": "mytool",
		"":                "",
		"-":               "",
		"123/4":           "other",
	} {
		if got := Family(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	e := engine(f, tiny, regions, actions, rare, bytes_, hourly)
	r := rand.New(rand.NewPCG(1, 1))
	for step := range 500 {
		p, o := randomObservation(r, step)
		observe(f, e, p, o)
	}
	kinds := map[string]int{}
	for k, v := range saved(e) {
		if kind := strings.Split(k, "/")[1]; kinds[kind] < 3 && kind != "filter" {
			kinds[kind]++
			f.Add(k, v)
		}
	}
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		e := engine(t, tiny, regions, actions, rare, bytes_, hourly)
		if e.Load(key, value) != nil {
			return
		}
		for step := range 30 {
			p, o := randomObservation(rand.New(rand.NewPCG(uint64(step), 3)), step*50)
			observe(t, e, p, o)
		}
		e.Stats()
		saved(e)
	})
}

func FuzzFamily(f *testing.F) {
	f.Add("aws-cli/2.15.0 exec-env/CloudShell")
	f.Add("[Boto3/1.34.0]")
	f.Fuzz(func(t *testing.T, agent string) {
		if got := Family(agent); len(got) > len(agent)+8 {
			t.Errorf("%q became %q", agent, got)
		}
	})
}

func five() []Profile {
	var out []Profile
	for _, of := range []string{"action", "asn", "region", "agent", "account"} {
		out = append(out, Profile{ID: of, Kind: FirstSeen, By: []string{"actor"}, Of: []string{of}, Peers: []string{"team"}})
	}
	return out
}

// principals makes n principals with 20 values each: 12 actions, two of each other.
func principals(b testing.TB, e *Engine, n int) {
	for i := range n {
		key := fmt.Sprintf("arn:aws:iam::%012d:role/application-role-%d", i%500, i)
		for j, p := range []string{"action", "asn", "region", "agent", "account"} {
			values := 2
			if j == 0 {
				values = 12
			}
			for k := range values {
				observe(b, e, p, Observation{Key: key, Value: fmt.Sprint(p, (i+k*7)%300), Group: "team", Time: begin})
			}
		}
	}
}

// BenchmarkMillionPrincipals says what a million principals with 20 values each hold.
func BenchmarkMillionPrincipals(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		e := engine(b, Options{}, five()...)
		principals(b, e, n)
		count := 0
		e.Save(func(string, []byte) { count++ })
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/principal")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
		s := e.Stats()
		if s.Keys != n || s.Values != 20*n || count < n {
			b.Fatalf("%+v", s)
		}
		start := time.Now()
		e.turn(e.newest + 1)
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms/day")
		runtime.KeepAlive(e)
	}
}

func BenchmarkObserve(b *testing.B) {
	for _, c := range []struct {
		name, profile string
		options       Options
	}{{"known value", "action", Options{}}, {"volume", "bytes", Options{}}} {
		b.Run(c.name, func(b *testing.B) {
			e := engine(b, c.options, append(five(), bytes_)...)
			principals(b, e, 1000)
			o := Observation{Key: "arn:aws:iam::000000000007:role/application-role-7", Value: "action7", Group: "team", Amount: 5, Time: begin}
			observe(b, e, c.profile, o)
			b.ReportAllocs()
			for b.Loop() {
				observe(b, e, c.profile, o)
			}
		})
	}
}
