package main

import (
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	type ask struct {
		after                        time.Duration
		account, region, service, op string
		times, given                 int
	}
	q := quotas{
		Default: quota{Rate: 1, Burst: 2},
		Services: map[string][]quota{
			"ec2": {
				{Op: "DescribeRegions", Rate: 5, Burst: 3},
				{Op: "Describe*", Rate: 10, Burst: 4, Shared: "describe"},
			},
			"iam": {{Op: "*", Rate: 1, Burst: 1, Scope: "account"}},
		},
	}
	for _, c := range []struct {
		name string
		asks []ask
	}{
		{"a full bucket gives its burst and no more", []ask{
			{0, "a", "r", "sns", "ListTopics", 5, 2},
		}},
		{"tokens come back at the rate", []ask{
			{0, "a", "r", "sns", "ListTopics", 2, 2},
			{500 * time.Millisecond, "a", "r", "sns", "ListTopics", 1, 0},
			{500 * time.Millisecond, "a", "r", "sns", "ListTopics", 2, 1},
		}},
		{"a bucket never holds more than its burst", []ask{
			{0, "a", "r", "sns", "ListTopics", 2, 2},
			{time.Hour, "a", "r", "sns", "ListTopics", 9, 2},
		}},
		{"a throttled request costs nothing", []ask{
			{0, "a", "r", "sns", "ListTopics", 100, 2},
			{time.Second, "a", "r", "sns", "ListTopics", 1, 1},
		}},
		{"operations have their own buckets", []ask{
			{0, "a", "r", "sns", "ListTopics", 3, 2},
			{0, "a", "r", "sns", "GetTopicAttributes", 3, 2},
		}},
		{"operations that share a bucket share it", []ask{
			{0, "a", "r", "ec2", "DescribeVpcs", 3, 3},
			{0, "a", "r", "ec2", "DescribeSubnets", 3, 1},
		}},
		{"the first quota that matches counts", []ask{
			{0, "a", "r", "ec2", "DescribeVpcs", 9, 4},
			{0, "a", "r", "ec2", "DescribeRegions", 9, 3},
		}},
		{"regions have their own buckets", []ask{
			{0, "a", "r", "ec2", "DescribeVpcs", 9, 4},
			{0, "a", "s", "ec2", "DescribeVpcs", 9, 4},
		}},
		{"all regions share where the quota is the account's", []ask{
			{0, "a", "r", "iam", "ListRoles", 1, 1},
			{0, "a", "s", "iam", "ListRoles", 1, 0},
		}},
		{"accounts have their own buckets", []ask{
			{0, "a", "r", "iam", "ListRoles", 1, 1},
			{0, "b", "r", "iam", "ListRoles", 1, 1},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Unix(0, 0)
			b := &buckets{quotas: q, now: func() time.Time { return now }, held: map[bucketKey]*bucket{}}
			for i, a := range c.asks {
				now = now.Add(a.after)
				given := 0
				for range a.times {
					if b.take(a.account, a.region, a.service, a.op) {
						given++
					}
				}
				if given != a.given {
					t.Errorf("ask %d: %d given, want %d", i, given, a.given)
				}
			}
		})
	}
}
