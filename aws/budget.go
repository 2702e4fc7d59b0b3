package aws

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"path"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"
)

//go:embed quotas.yaml
var quotasYAML []byte

// Quota is what AWS lets one account ask of one operation: Rate requests a
// second after a burst.
type Quota struct {
	Op     string  // the operation, with * and ?
	Rate   float64 // requests a second
	Burst  float64 // requests at once
	Shared string  // operations of one name share the quota
	Scope  string  // "account" when all regions share it
	Page   string  // where AWS says so, or "observed"
	Why    string
}

// Quotas are the quotas of quotas.yaml.
type Quotas struct {
	Default  Quota
	Services map[string][]Quota
}

// LoadQuotas returns the built-in quotas.
func LoadQuotas() (*Quotas, error) { return ParseQuotas(quotasYAML) }

// ParseQuotas reads quotas in the form of quotas.yaml.
func ParseQuotas(data []byte) (*Quotas, error) {
	q := &Quotas{}
	if err := yaml.Unmarshal(data, q); err != nil {
		return nil, fmt.Errorf("quotas: %w", err)
	}
	if err := q.Default.check(); err != nil {
		return nil, fmt.Errorf("quotas: default: %w", err)
	}
	for service, all := range q.Services {
		for i := range all {
			if err := all[i].check(); err != nil {
				return nil, fmt.Errorf("quotas: %s:%s: %w", service, all[i].Op, err)
			}
		}
	}
	return q, nil
}

// check tells what of a quota could not be kept.
func (q *Quota) check() error {
	if !(q.Rate >= 0.001) || !(q.Burst >= 1) || math.IsInf(q.Rate, 0) || math.IsInf(q.Burst, 0) { // also NaN
		return errors.New("it has no rate or no burst")
	}
	if _, err := path.Match(q.Op, ""); err != nil {
		return fmt.Errorf("op: %w", err)
	}
	return nil
}

// Of returns the quota of "ec2:DescribeInstances": the first that fits.
func (q *Quotas) Of(op string) Quota {
	service, name, _ := strings.Cut(op, ":")
	for _, e := range q.Services[service] {
		if ok, err := path.Match(e.Op, name); ok && err == nil {
			return e
		}
	}
	d := q.Default
	d.Op = name
	return d
}

// share is the part of AWS's quotas that haetae takes: less than half, so that
// what runs in the account never starves.
const share = 0.45

// Budget holds a bucket of requests for each account, region and operation.
type Budget struct {
	quotas  *Quotas
	now     func() time.Time
	mu      sync.Mutex
	buckets map[string]*Bucket
}

// NewBudget returns a budget over quotas. The clock is a parameter so that the
// arithmetic can be tested; time.Now is meant.
func NewBudget(q *Quotas, now func() time.Time) *Budget {
	return &Budget{quotas: q, now: now, buckets: map[string]*Bucket{}}
}

// Bucket returns the bucket of an operation in one place.
func (b *Budget) Bucket(account, region, op string) *Bucket {
	q := b.quotas.Of(op)
	service, name, _ := strings.Cut(op, ":")
	if q.Scope == "account" {
		region = ""
	}
	if q.Shared != "" {
		name = "=" + q.Shared
	}
	key := account + " " + region + " " + service + ":" + name
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.buckets[key]
	if k == nil {
		rate := q.Rate * share
		burst := max(1, q.Burst*share) // less than one would never let any pass
		k = &Bucket{now: b.now, full: rate, rate: rate, burst: burst, tokens: burst, last: b.now()}
		b.buckets[key] = k
	}
	return k
}

// Bucket is a token bucket that becomes slower when AWS says so, and recovers.
// Who takes a token that is not there yet gets the next one that will be: first
// come, first served, also when the rate changes in between.
type Bucket struct {
	now           func() time.Time
	mu            sync.Mutex
	full, rate    float64   // tokens a second: at most, and now
	burst, tokens float64   // at most, and at the time of last
	last          time.Time // up to which tokens are counted; in the future when they are promised
	halved        time.Time // when the rate was halved
	throttled     int       // answers that asked to slow down
	calm          int       // answers since then that did not
}

// Take takes a token and returns how long to wait before it may be used.
func (k *Bucket) Take() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	k.refill(now)
	if k.tokens >= 1 {
		k.tokens--
	} else {
		k.last = k.last.Add(time.Duration((1 - k.tokens) / k.rate * float64(time.Second)))
		k.tokens = 0
	}
	return max(0, k.last.Sub(now))
}

func (k *Bucket) refill(now time.Time) {
	if d := now.Sub(k.last).Seconds(); d > 0 {
		k.tokens = min(k.burst, k.tokens+d*k.rate)
		k.last = now
	}
}

// Wait takes a token and waits until it may be used.
func (k *Bucket) Wait(ctx context.Context) error { return Sleep(ctx, k.Take()) }

// Report tells the bucket how a request went: a throttled one halves the rate,
// down to one in five seconds, and empties the bucket; twenty that were not
// raise it by a fifth, up to where it began. Requests that were under way
// together are throttled together, so one second halves it once.
func (k *Bucket) Report(throttled bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	k.refill(now)
	if throttled {
		k.throttled++
		k.calm = 0
		k.tokens = 0
		if k.halved.IsZero() || now.Sub(k.halved) >= time.Second {
			k.halved = now
			k.rate = max(k.rate/2, min(0.2, k.full))
		}
		return
	}
	if k.calm++; k.calm%20 == 0 {
		k.rate = min(k.full, k.rate*1.2)
	}
}

// Rate returns the tokens a second that the bucket gives now.
func (k *Bucket) Rate() float64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rate
}

// Throttled returns how often AWS asked to slow down.
func (k *Bucket) Throttled() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.throttled
}

// Sleep waits, unless the context ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
