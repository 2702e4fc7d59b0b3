package aws

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae/inventory"
)

// clock is a clock that is set by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)} }

func quotas(t testing.TB, text string) *Quotas {
	t.Helper()
	q, err := ParseQuotas([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestABucketGivesItsShareAndNoMore(t *testing.T) {
	c := newClock()
	k := NewBudget(quotas(t, "default: {rate: 10, burst: 20}"), c.now).Bucket("a", "r", "s:Op")
	var waits []time.Duration
	for range 11 {
		waits = append(waits, k.Take().Round(time.Millisecond))
	}
	for i, w := range waits[:9] { // 45 % of 20
		if w != 0 {
			t.Errorf("token %d waits %v", i, w)
		}
	}
	if waits[9] != 222*time.Millisecond || waits[10] != 444*time.Millisecond { // 4.5 a second
		t.Errorf("then %v", waits[9:])
	}
	c.t = c.t.Add(time.Hour)
	if w := k.Take(); w != 0 {
		t.Errorf("after an hour it waits %v", w)
	}
}

func TestABucketIsNeverSmallerThanOneRequest(t *testing.T) {
	c := newClock()
	k := NewBudget(quotas(t, "default: {rate: 0.5, burst: 1}"), c.now).Bucket("a", "r", "s:Op")
	if w := k.Take(); w != 0 {
		t.Errorf("the first waits %v", w)
	}
	if w := k.Take().Round(time.Millisecond); w != 4444*time.Millisecond {
		t.Errorf("the second waits %v", w)
	}
}

func TestWhoComesFirstGoesFirstWhateverTheRateBecomes(t *testing.T) {
	c := newClock()
	k := NewBudget(quotas(t, "default: {rate: 10, burst: 1}"), c.now).Bucket("a", "r", "s:Op")
	last := time.Time{}
	for i := range 200 {
		if at := c.t.Add(k.Take()); at.Before(last) {
			t.Fatalf("token %d is used at %v, before the one that was asked for earlier", i, at)
		} else {
			last = at
		}
		switch {
		case i%40 == 5:
			k.Report(true)
		default:
			k.Report(false)
		}
		c.t = c.t.Add(10 * time.Millisecond)
	}
}

func TestThrottlingHalvesTheRateAndCalmRestoresIt(t *testing.T) {
	c := newClock()
	k := NewBudget(quotas(t, "default: {rate: 10, burst: 20}"), c.now).Bucket("a", "r", "s:Op")
	for range 8 { // under way together
		k.Report(true)
	}
	if k.Rate() != 2.25 || k.Throttled() != 8 {
		t.Errorf("rate %v after %d", k.Rate(), k.Throttled())
	}
	if w := k.Take(); w == 0 {
		t.Error("it still gives its burst")
	}
	for range 20 {
		k.Report(false)
	}
	if r := k.Rate(); r < 2.69 || r > 2.71 {
		t.Errorf("rate %v after twenty that went well", r)
	}
	for range 400 {
		k.Report(false)
	}
	if k.Rate() != 4.5 {
		t.Errorf("rate %v in the end", k.Rate())
	}
	for range 20 {
		c.t = c.t.Add(time.Second)
		k.Report(true)
	}
	if k.Rate() != 0.2 {
		t.Errorf("rate %v at the least", k.Rate())
	}
}

// In no window are there more requests than the share of what AWS gives, also
// when it asks to slow down in between and when all come at once.
func TestNoWindowHoldsMoreThanTheShare(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		rate, burst := 0.2+rnd.Float64()*40, 1+rnd.Float64()*60
		c := newClock()
		start := c.t
		k := NewBudget(quotas(t, fmt.Sprintf("default: {rate: %f, burst: %f}", rate, burst)), c.now).Bucket("a", "r", "s:Op")
		var used []float64 // seconds
		for range 400 {
			used = append(used, c.t.Add(k.Take()).Sub(start).Seconds())
			switch rnd.IntN(8) {
			case 0:
				c.t = c.t.Add(time.Duration(rnd.ExpFloat64() * float64(time.Second)))
			case 1:
				k.Report(rnd.IntN(10) == 0)
			case 2:
				k.Report(false)
			}
		}
		slices.Sort(used)
		for i := range used {
			for j := i; j < len(used); j++ {
				if n, most := float64(j-i+1), share*rate*(used[j]-used[i])+share*burst+1; n > most+1e-6 {
					t.Fatalf("seed %d: %v requests in %v s, and at most %v are due (rate %v, burst %v)", seed, n, used[j]-used[i], most, rate, burst)
				}
			}
		}
	}
}

func TestBucketsAreSharedAsQuotasAre(t *testing.T) {
	b := NewBudget(quotas(t, `
default: {rate: 10, burst: 20}
services:
  s:
    - {op: GetOne, rate: 1, burst: 1, scope: account}
    - {op: "List*", rate: 2, burst: 2, shared: lists}
    - {op: "*", rate: 3, burst: 3}
`), newClock().now)
	for _, c := range []struct {
		name string
		a, b *Bucket
		same bool
	}{
		{"one operation in one place", b.Bucket("a", "r", "s:Get"), b.Bucket("a", "r", "s:Get"), true},
		{"two accounts", b.Bucket("a", "r", "s:Get"), b.Bucket("b", "r", "s:Get"), false},
		{"two regions", b.Bucket("a", "r", "s:Get"), b.Bucket("a", "q", "s:Get"), false},
		{"two regions of a quota of the account", b.Bucket("a", "r", "s:GetOne"), b.Bucket("a", "q", "s:GetOne"), true},
		{"two operations of one wildcard", b.Bucket("a", "r", "s:Get"), b.Bucket("a", "r", "s:Put"), false},
		{"two operations of a shared quota", b.Bucket("a", "r", "s:ListA"), b.Bucket("a", "r", "s:ListB"), true},
		{"two services", b.Bucket("a", "r", "s:Get"), b.Bucket("a", "r", "other:Get"), false},
	} {
		if (c.a == c.b) != c.same {
			t.Errorf("%s: the same bucket is %v", c.name, !c.same)
		}
	}
}

func TestQuotasThatSayNothingAreErrors(t *testing.T) {
	for name, text := range map[string]string{
		"no default":          "services: {}",
		"no rate":             "default: {burst: 1}",
		"no burst":            "default: {rate: 1}",
		"a rate of nothing":   "default: {rate: 1, burst: 1}\nservices: {s: [{op: A, burst: 1}]}",
		"a burst of nothing":  "default: {rate: 1, burst: 1}\nservices: {s: [{op: A, rate: 1}]}",
		"a rate that is none": "default: {rate: .nan, burst: 1}",
		"endless":             "default: {rate: .inf, burst: 1}",
		"a broken pattern":    "default: {rate: 1, burst: 1}\nservices: {s: [{op: '[', rate: 1, burst: 1}]}",
		"a list":              "[]",
		"no YAML":             "\tx",
	} {
		if q, err := ParseQuotas([]byte(text)); err == nil || !strings.Contains(err.Error(), "quotas: ") {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
}

func TestEveryCallHasAQuotaWithAPage(t *testing.T) {
	q, err := LoadQuotas()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range inventory.All {
		for _, c := range k.Calls {
			of := q.Of(c.Op)
			if of.Rate <= 0 || of.Burst < 1 {
				t.Errorf("%s: %+v", c.Op, of)
			}
		}
	}
	for service, all := range q.Services {
		for _, e := range all {
			if e.Page != "observed" && !strings.HasPrefix(e.Page, "https://docs.aws.amazon.com/") {
				t.Errorf("%s:%s: its page is %q", service, e.Op, e.Page)
			}
			if e.Scope != "" && e.Scope != "account" {
				t.Errorf("%s:%s: its scope is %q", service, e.Op, e.Scope)
			}
		}
	}
}
