package ingest

import (
	"bytes"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

// visitor is who sends requests to a load balancer: it does not know him.
func visitor() haetae.Actor { return haetae.Actor{Kind: haetae.AnonymousActor, ID: "anonymous"} }

// isISO tells whether a text begins with a time as load balancers write it:
// "2026-01-31T10:00:00.000000Z ".
func isISO(v []byte) bool {
	return len(v) > 20 && v[4] == '-' && v[7] == '-' && v[10] == 'T' && v[13] == ':' && (v[19] == '.' || v[19] == 'Z')
}

// request cuts "GET https://example.com:443/ HTTP/1.1" into its three. Addresses
// may have spaces.
func request(v []byte) (verb, target, protocol []byte) {
	i, j := bytes.IndexByte(v, ' '), bytes.LastIndexByte(v, ' ')
	if i < 0 || i == j {
		return v, nil, nil
	}
	return v[:i], v[i+1 : j], bytes.TrimSpace(v[j+1:])
}

// balancer completes the event of a load balancer: where it is tells an ARN that
// the record has, else the key of the object.
func (in *input) balancer(e *haetae.Event, m *mail, name string, arns ...[]byte) error {
	for _, text := range arns {
		if n, err := arn.Parse(string(text)); err == nil && n.Account != "" {
			e.Account, e.Region = first(e.Account, n.Account), first(e.Region, n.Region)
		}
	}
	account, region := first(e.Account, m.account, in.account, in.opt.Account), first(e.Region, m.region, in.region, in.opt.Region)
	if account != "" && region != "" {
		name = "arn:" + partitionOf(region) + ":elasticloadbalancing:" + region + ":" + account + ":loadbalancer/" + name
	}
	e.Targets = append([]string{name}, e.Targets...)
	return in.event(e, m)
}

// partitionOf is the partition of a region.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// present is a field without the mark of an empty one.
func present(v []byte) string {
	if string(v) == "-" {
		return ""
	}
	return string(v)
}
