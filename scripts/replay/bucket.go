package main

import (
	"fmt"
	"os"
	"path"
	"sync"
	"time"

	"go.yaml.in/yaml/v4"
)

// quota is what AWS lets one account ask of the operations that Op matches.
type quota struct {
	Op     string  `yaml:"op"`     // glob; the first that matches counts
	Rate   float64 `yaml:"rate"`   // requests per second
	Burst  float64 `yaml:"burst"`  // requests
	Shared string  `yaml:"shared"` // name of a bucket for all operations that name it
	Scope  string  `yaml:"scope"`  // "account" when all regions share
}

// quotas is the file of quotas; service names are those of the AWS CLI.
type quotas struct {
	Default  quota              `yaml:"default"`
	Services map[string][]quota `yaml:"services"`
}

// find returns the quota of an operation.
func (q *quotas) find(service, op string) quota {
	for _, c := range q.Services[service] {
		if ok, _ := path.Match(c.Op, op); ok { // loadQuotas has checked the pattern
			return c
		}
	}
	return q.Default
}

// bucketKey says who shares a bucket.
type bucketKey struct{ account, region, service, name string }

// bucket holds tokens as of a time.
type bucket struct {
	tokens float64
	at     time.Time
}

// buckets are the token buckets of all accounts.
type buckets struct {
	quotas quotas
	now    func() time.Time
	mu     sync.Mutex
	held   map[bucketKey]*bucket
}

// loadQuotas reads a file of quotas.
func loadQuotas(name string, now func() time.Time) (*buckets, error) {
	b := &buckets{now: now, held: map[bucketKey]*bucket{}}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(text, &b.quotas); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for service, list := range b.quotas.Services {
		for _, q := range list {
			if _, err := path.Match(q.Op, ""); err != nil {
				return nil, fmt.Errorf("%s: %s: %s: %w", name, service, q.Op, err)
			}
		}
	}
	return b, nil
}

// take takes one token, or returns false when there is none: the request is
// then throttled and costs nothing.
func (b *buckets) take(account, region, service, op string) bool {
	q := b.quotas.find(service, op)
	k := bucketKey{account, region, service, op}
	if q.Shared != "" {
		k.name = "shared " + q.Shared
	}
	if q.Scope == "account" {
		k.region = ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	h := b.held[k]
	if h == nil {
		h = &bucket{tokens: q.Burst, at: now}
		b.held[k] = h
	}
	h.tokens = min(q.Burst, h.tokens+now.Sub(h.at).Seconds()*q.Rate)
	h.at = now
	if h.tokens < 1 {
		return false
	}
	h.tokens--
	return true
}
