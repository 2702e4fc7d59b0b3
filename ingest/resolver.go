package ingest

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// resolverFormat is what Route 53 Resolver writes of queries
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html).
func resolverFormat() Format {
	return Format{Log: haetae.ResolverQuery, Title: "Route 53 Resolver query log", read: (*input).resolverRecord,
		object: func(o *object) bool { return o.has("query_name", "query_timestamp", "query_type") }}
}

// resolverRecord reads one record of a Resolver query log.
func (in *input) resolverRecord(o *object, _ []byte, m *mail) error {
	var r struct {
		Account   string `json:"account_id"`
		Region    string `json:"region"`
		VPC       string `json:"vpc_id"`
		Time      string `json:"query_timestamp"`
		Name      string `json:"query_name"`
		Type      string `json:"query_type"`
		Class     string `json:"query_class"`
		Code      string `json:"rcode"`
		Answers   []struct{ Rdata, Type, Class string }
		Src       string `json:"srcaddr"`
		Port      word   `json:"srcport"`
		Transport string `json:"transport"`
		IDs       struct {
			Instance  string `json:"instance"`
			Endpoint  string `json:"resolver_endpoint"`
			Interface string `json:"resolver_network_interface"`
		} `json:"srcids"`
		Action string `json:"firewall_rule_action"`
		Group  string `json:"firewall_rule_group_id"`
		List   string `json:"firewall_domain_list_id"`
	}
	if !in.decode(o.raw, &r) {
		return nil
	}
	at, err := when(r.Time)
	if err != nil {
		return in.bad("query_timestamp: %v", err)
	}
	l := &haetae.Lookup{Place: haetae.Place{File: in.name, Line: in.number}, ID: in.recordID(m), Time: at,
		Account: first(r.Account, m.account, in.account, in.opt.Account), Region: first(r.Region, m.region, in.region, in.opt.Region), VPC: r.VPC,
		Name: strings.ToLower(r.Name), Type: r.Type, Class: r.Class, Code: r.Code, Transport: r.Transport,
		Instance: r.IDs.Instance, Endpoint: r.IDs.Endpoint, Interface: r.IDs.Interface,
		FirewallAction: r.Action, FirewallGroup: r.Group, FirewallList: r.List}
	if len(l.Name) > 1 {
		l.Name = strings.TrimSuffix(l.Name, ".")
	}
	if a, err := netip.ParseAddr(r.Src); err == nil && a.Zone() == "" {
		l.Src = a.Unmap()
	} else if r.Src != "" && r.Src != "-" {
		in.stats.unread(Field, in.name, in.number, "srcaddr %q", r.Src[:min(len(r.Src), 64)])
	}
	if n, err := strconv.ParseUint(string(r.Port), 10, 16); err == nil {
		l.SrcPort = uint16(n)
	} else if r.Port != "" && r.Port != "-" {
		in.stats.unread(Field, in.name, in.number, "srcport %q", r.Port[:min(len(r.Port), 64)])
	}
	for _, a := range r.Answers {
		l.Answers = append(l.Answers, haetae.Answer{Data: a.Rdata, Type: a.Type, Class: a.Class})
	}
	in.stats.Records++
	if !in.saw(haetae.ResolverQuery, at) || in.take.Lookup == nil {
		return nil
	}
	if err := in.take.Lookup(l); err != nil {
		return taken{err}
	}
	return nil
}
