package aws

import (
	"cmp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Endpoints are the hosts of AWS, by partition.
type Endpoints struct{ Partitions []Partition }

// Partition is one of AWS's separate worlds. Its fields have the names of
// botocore's endpoints.json, from which they are made.
type Partition struct {
	Name      string                      `json:"partition"`
	DNSSuffix string                      `json:"dnsSuffix"`
	Defaults  EndpointHost                `json:"defaults"`
	Regions   map[string]struct{}         `json:"regions"`
	Services  map[string]PartitionService `json:"services"`
}

// PartitionService says where a service of a partition is.
type PartitionService struct {
	Global      string                  `json:"partitionEndpoint,omitempty"` // name of the one endpoint of a global service
	Regionalize *bool                   `json:"isRegionalized,omitempty"`    // false for a service with one endpoint only
	Defaults    EndpointHost            `json:"defaults,omitzero"`
	Endpoints   map[string]EndpointHost `json:"endpoints,omitempty"`
}

// EndpointHost is a host, or a pattern of hosts with {service}, {region} and
// {dnsSuffix}.
type EndpointHost struct {
	Hostname  string `json:"hostname,omitempty"`
	DNSSuffix string `json:"dnsSuffix,omitempty"` // for {dnsSuffix}, when not the partition's
	Scope     struct {
		Region string `json:"region,omitempty"`
	} `json:"credentialScope,omitzero"`
	Deprecated bool `json:"deprecated,omitempty"`
	// Variants are the hosts for FIPS 140 and for IPv6, by their Tags: fips,
	// dualstack, or both.
	Variants []EndpointHost `json:"variants,omitempty"`
	Tags     []string       `json:"tags,omitempty"`
}

// variant returns the host with exactly these tags; without tags h itself.
func (h EndpointHost) variant(tags []string) EndpointHost {
	if len(tags) == 0 {
		return h
	}
	for _, v := range h.Variants {
		if len(v.Tags) == len(tags) && !slices.ContainsFunc(tags, func(t string) bool { return !slices.Contains(v.Tags, t) }) {
			return v
		}
	}
	return EndpointHost{}
}

// Keep drops the services that are not known, for the generator.
func (p *Partition) Keep(known map[string]bool) {
	for n, s := range p.Services {
		if !known[n] {
			delete(p.Services, n)
			continue
		}
		for r, e := range s.Endpoints {
			if e.Deprecated || strings.Contains(r, "fips") {
				delete(s.Endpoints, r)
			}
		}
		p.Services[n] = s
	}
}

// place is where a request goes and for which region it is signed.
type place struct {
	url    string // scheme, host and perhaps a path, without the slash at the end
	region string
}

// partition returns the partition of a region: the one that lists it, else the
// one whose regions have the same beginning.
func (e *Endpoints) partition(region string) *Partition {
	best := 0
	for i := range e.Partitions {
		p := &e.Partitions[i]
		if _, ok := p.Regions[region]; ok {
			return p
		}
		if p.Name == haetae.Partition(region) {
			best = i
		}
	}
	return &e.Partitions[best]
}

// Global is the region in which services without regions are asked.
func (e *Endpoints) Global(region string) string {
	switch p := e.partition(region); p.Name {
	case "aws":
		return "us-east-1"
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	default:
		return region
	}
}

// resolve returns the host of a service in a region.
func (e *Endpoints) resolve(s *Service, region string, fips, dual bool) place {
	p := e.partition(region)
	at := p.Services[s.Prefix]
	var tags []string
	if fips {
		tags = append(tags, "fips")
	}
	if dual {
		tags = append(tags, "dualstack")
	}
	name, global := region, at.Global != "" && at.Regionalize != nil && !*at.Regionalize
	if global {
		name = at.Global
	}
	own := at.Endpoints[name]
	signed := cmp.Or(own.Scope.Region, region)
	host := own.variant(tags)
	if host.Hostname == "" && global {
		// A global service has no hosts by the pattern: what is not listed is not
		// there. FIPS goes before IPv6, and without either it is asked where it is.
		if host = own.variant([]string{"fips"}); !fips || host.Hostname == "" {
			host = own
		}
	}
	if host.Hostname == "" {
		host = at.Defaults.variant(tags)
	}
	if host.Hostname == "" {
		host = p.Defaults.variant(tags)
	}
	if host.Hostname == "" { // FIPS or IPv6 in a partition that has neither
		host = p.Defaults
	}
	return place{"https://" + strings.NewReplacer(
		"{service}", s.Prefix, "{region}", region, "{dnsSuffix}", cmp.Or(host.DNSSuffix, p.DNSSuffix),
	).Replace(host.Hostname), signed}
}

// lacks tells whether a region that is known is known to be without the service.
// Lists age: it is only a reason to believe a name that does not resolve. Of a
// region that nobody knows, a misspelt one, nothing can be believed.
func (e *Endpoints) lacks(s *Service, region string) bool {
	p := e.partition(region)
	if _, known := p.Regions[region]; !known {
		return false
	}
	_, there := p.Services[s.Prefix].Endpoints[region]
	return !there
}
