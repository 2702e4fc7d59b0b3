package network

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

const zoneType, recordType = "AWS::Route53::HostedZone", "AWS::Route53::RecordSet"

// zones are the private hosted zones of the VPC. They need both of its switches
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html).
func (i *inquiry) zones() []authority {
	list, why := i.w.g.All(i.v.res, zoneType)
	var out []authority
	named := map[string]bool{}
	for _, r := range i.w.g.Resources() {
		if r.Type == zoneType && r.Account != i.v.res.Account && r.Stack == "" && i.v.res.Stack == "" {
			list = append(list, r) // zones of other accounts may be associated too
		}
	}
	for _, r := range list {
		vpcs, unsure := items(r.Props["VPCs"])
		mine := slices.ContainsFunc(vpcs, func(x any) bool { return i.w.vpcOf(r, get(x, "VPCId")) == i.v })
		name := canonical(text(r.Props["Name"]))
		switch u := firstWhy(unsure, whyNot(r.Props["Name"])); {
		case mine && whyNot(r.Props["Name"]) == nil:
			named[r.ID] = true
			out = append(out, authority{domain: name, kind: "zone", res: r})
		case mine || u != nil && r.Account == i.v.res.Account && (name == "" || under(i.name, name)):
			i.lacks(u)
		}
	}
	// Zones of accounts that are not in the snapshot: their names are all we know.
	theirs, gap := items(i.v.res.Observed["HostedZones"])
	for _, x := range theirs {
		id, name := text(get(x, "HostedZoneId")), canonical(text(get(x, "Name")))
		if id == "" || named[id] {
			continue
		}
		if text(get(x, "Owner")) == "" && text(get(x, "OwningService")) != "" {
			i.services = append(i.services, authority{domain: name, kind: "vpc", res: i.v.res})
			continue
		}
		r := &haetae.Resource{Type: zoneType, ID: id, Account: text(get(x, "Owner")), Stub: missing("the records of hosted zone "+id+" of "+text(get(x, "Owner")), "route53:ListResourceRecordSets")}
		out = append(out, authority{domain: name, kind: "zone", res: r})
	}
	i.lacks(gap)
	if i.v.res.Observed["HostedZones"] == nil {
		i.lacks(why)
	}
	if longest(out, i.name) == nil {
		return out
	}
	on, why := i.attribute("EnableDnsHostnames", false)
	if why != nil {
		i.lacks(why)
		return out
	}
	if !on {
		i.a.Notes = append(i.a.Notes, "Private hosted zones of "+i.v.id()+" do not count: enableDnsHostnames is off.")
		return nil
	}
	return out
}

// endpoints are the interface endpoints with private names. A name is answered
// with the endpoint's addresses
// (https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html).
func (i *inquiry) endpoints() []authority {
	var out []authority
	list, why := i.w.g.Here(i.v.res, "AWS::EC2::VPCEndpoint")
	for _, r := range list {
		if i.w.vpcOf(r, r.Props["VpcId"]) != i.v || text(r.Props["VpcEndpointType"]) != "Interface" {
			continue
		}
		names := i.privateNames(r)
		on, known := flag(r.Props["PrivateDnsEnabled"])
		if u := whyNot(r.Props["PrivateDnsEnabled"]); !known && u != nil && longest(names, i.name) != nil {
			i.lacks(u)
		}
		if inbound, _ := flag(get(r.Props["DnsOptions"], "PrivateDnsOnlyForInboundResolverEndpoint")); on && inbound {
			if longest(names, i.name) != nil {
				i.a.Notes = append(i.a.Notes, "The private names of "+r.ID+" are for inbound resolver endpoints only.")
			}
			continue
		}
		if on {
			out = append(out, names...)
		}
	}
	if strings.HasSuffix(i.name, ".amazonaws.com") {
		i.lacks(why)
	}
	if longest(out, i.name) == nil {
		return out
	}
	switch on, why := i.attribute("EnableDnsHostnames", false); {
	case why != nil:
		i.lacks(why)
	case !on:
		i.a.Notes = append(i.a.Notes, "Private names of endpoints do not count: enableDnsHostnames of "+i.v.id()+" is off.")
		return nil
	}
	return out
}

// privateNames are the names by which an endpoint's service is reached.
func (i *inquiry) privateNames(r *haetae.Resource) []authority {
	var names []string
	entries, _ := items(r.Observed["DnsEntries"])
	for _, e := range entries {
		_, name, _ := strings.Cut(text(e), ":")
		if name = canonical(name); name != "" && !strings.Contains(name, ".vpce.") {
			names = append(names, name)
		}
	}
	service := text(r.Props["ServiceName"])
	if u := whyNot(r.Props["ServiceName"]); u != nil && len(u.Parts) > 1 {
		service = strings.Join(u.Parts, r.Region) // the Region is what templates leave open
	}
	if rest, ok := strings.CutPrefix(service, "com.amazonaws."); ok && len(names) == 0 && !strings.HasPrefix(rest, "vpce.") {
		// com.amazonaws.REGION.ecr.api is api.ecr.REGION.amazonaws.com; a few services
		// have other names, which only the endpoint itself tells.
		region, parts, _ := strings.Cut(rest, ".")
		words := strings.Split(parts, ".")
		slices.Reverse(words)
		name := strings.Join(append(words, region), ".") + ".amazonaws.com"
		names = append(names, name, "*."+name)
	}
	services, _ := i.w.g.Here(r, "AWS::EC2::VPCEndpointService")
	for _, s := range services {
		if n := text(s.Props["PrivateDnsName"]); n != "" && len(names) == 0 && text(s.Observed["ServiceName"]) == service {
			names = append(names, canonical(n))
		}
	}
	var out []authority
	for _, n := range names {
		below, wild := strings.CutPrefix(n, "*.")
		out = append(out, authority{domain: below, kind: "endpoint", res: r, exact: !wild, wild: wild})
	}
	return out
}

// endpoint answers with the addresses of an interface endpoint.
func (i *inquiry) endpoint(r *haetae.Resource) {
	i.step("endpoint", r.ID, text(r.Props["ServiceName"]), true)
	var all cidr.Addrs
	for _, n := range i.w.owned[r] {
		if n.vague == nil {
			all = all.Union(n.addrs)
		}
	}
	if i.typ == "AAAA" {
		all = all.Six()
	} else {
		all = all.Four()
	}
	for _, p := range all.Prefixes() {
		i.a.Answer = append(i.a.Answer, i.typ+" "+p.Addr().String())
	}
	i.settle(Resolves, "vpc-endpoint")
}

// internal are the domains that AWS answers for in every VPC
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html).
func (i *inquiry) internal() []authority {
	on, why := i.attribute("EnableDnsHostnames", false)
	var domains []string
	region := i.v.res.Region
	if region == "us-east-1" {
		domains = append(domains, "ec2.internal", "compute-1.internal", "compute-1.amazonaws.com")
	} else {
		domains = append(domains, region+".compute.internal", region+".compute.amazonaws.com")
	}
	reverse := []string{"10.in-addr.arpa", "168.192.in-addr.arpa", "254.169.in-addr.arpa", "localhost", "localdomain"}
	for n := 16; n < 32; n++ {
		reverse = append(reverse, strconv.Itoa(n)+".172.in-addr.arpa")
	}
	configs, _ := i.w.g.Here(i.v.res, "AWS::Route53Resolver::ResolverConfig")
	for _, c := range configs {
		if i.w.vpcOf(c, c.Props["ResourceId"]) == i.v && text(c.Props["AutodefinedReverseFlag"]) == "DISABLE" {
			reverse = []string{"localhost", "localdomain"}
		}
	}
	out := i.services
	for _, d := range append(domains, reverse...) {
		if !under(i.name, d) {
			continue
		}
		if why != nil {
			i.lacks(why)
		} else if !on {
			continue
		}
		out = append(out, authority{domain: d, kind: "vpc", res: i.v.res})
	}
	return out
}

// zone looks for the name in a private hosted zone. A zone that holds the name
// but no record of it answers that there is none; nobody else is asked
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html).
func (i *inquiry) zone(z *haetae.Resource) {
	i.step("private-zone", z.ID, canonical(text(z.Props["Name"])), true)
	if z.Stub != nil {
		i.lacks(z.Stub)
		i.settle(Resolves, "private-zone")
		return
	}
	found, exists, why := i.records(z)
	switch {
	case len(found) > 0:
		for _, r := range found {
			i.record(r)
		}
		if alias := i.redirect(found); alias != "" {
			i.follow(alias)
			return
		}
		i.settle(Resolves, "private-zone")
	case why != nil:
		i.lacks(why)
		i.settle(NoSuchName, "private-zone")
	default:
		said := "NXDOMAIN"
		if exists {
			said = "NODATA"
		}
		i.a.Answer = []string{said}
		i.a.Blockers = append(i.a.Blockers, Blocker{Code: "DNS_NO_RECORD", Resource: z.ID, Direction: "forward",
			Fix: "Add a record " + i.name + " of type " + i.typ + " to " + z.ID + ": a private zone that holds a name is not passed over for the public one."})
		i.settle(NoSuchName, "private-zone")
	}
}

// records are those of the zone that answer the question: of the name itself, else
// of the nearest wildcard (RFC 4592). exists says that the name has others.
func (i *inquiry) records(z *haetae.Resource) (found []*haetae.Resource, exists bool, why *haetae.Unknown) {
	all, why := i.w.g.All(z, recordType)
	apex := canonical(text(z.Props["Name"]))
	at := map[string][]*haetae.Resource{}
	for _, r := range all {
		if x, _ := i.w.g.Find(r, zoneType, r.Props["HostedZoneId"]); x != z && canonical(text(r.Props["HostedZoneName"])) != apex {
			continue
		}
		if u := whyNot(r.Props["Name"]); u != nil {
			why = firstWhy(why, u)
			continue
		}
		name := canonical(text(r.Props["Name"]))
		at[name] = append(at[name], r)
	}
	for name := i.name; name != apex && under(name, apex); _, name, _ = strings.Cut(name, ".") {
		// Whoever a name below the apex is delegated to answers
		// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/private-hosted-zone-delegation.html).
		for _, r := range at[name] {
			if text(r.Props["Type"]) == "NS" {
				return nil, true, missing("what the name servers answer to which " + z.ID + " delegates " + name)
			}
		}
	}
	pick := func(list []*haetae.Resource) {
		for _, r := range list {
			if t := text(r.Props["Type"]); t == i.typ || t == "CNAME" || i.typ == "ANY" {
				found = append(found, r)
			}
		}
	}
	if list := at[i.name]; len(list) > 0 {
		pick(list)
		return found, true, why
	}
	for name := range at {
		if strings.HasSuffix(name, "."+i.name) {
			return nil, true, why // it has names below it, so it exists without records
		}
	}
	for name := i.name; under(name, apex) && name != apex; {
		_, above, _ := strings.Cut(name, ".")
		if list := at["*."+above]; len(list) > 0 {
			pick(list)
			return found, true, why
		}
		if len(at[above]) > 0 {
			break // a name that exists ends the search
		}
		name = above
	}
	return nil, i.name == apex, why
}

// record notes what a record answers.
func (i *inquiry) record(r *haetae.Resource) {
	t := text(r.Props["Type"])
	i.step("record", canonical(text(r.Props["Name"])), t, true)
	if to := get(r.Props["AliasTarget"], "DNSName"); to != nil {
		i.a.Answer = append(i.a.Answer, t+" alias "+cmp.Or(canonical(text(to)), "${…}"))
		return
	}
	values, why := items(r.Props["ResourceRecords"])
	for _, v := range values {
		i.a.Answer = append(i.a.Answer, t+" "+cmp.Or(text(v), "${…}"))
	}
	if why != nil {
		i.a.Notes = append(i.a.Notes, "The values of record "+canonical(text(r.Props["Name"]))+" are not all known: "+why.String()+".")
	}
}

// redirect is the name that a CNAME record gives instead, or "".
func (i *inquiry) redirect(found []*haetae.Resource) string {
	for _, r := range found {
		if text(r.Props["Type"]) != "CNAME" || i.typ == "CNAME" || i.typ == "ANY" {
			continue
		}
		values, _ := items(r.Props["ResourceRecords"])
		if len(values) == 1 {
			return canonical(text(values[0]))
		}
	}
	return ""
}

// follow asks for the name that a CNAME record gives. DNS Firewall looks at it
// too, unless the rule that let the first name through says otherwise
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-settings.html).
func (i *inquiry) follow(name string) {
	if i.asks++; i.asks > maxChain {
		i.a.Answer = append(i.a.Answer, "SERVFAIL")
		i.a.Blockers = append(i.a.Blockers, Blocker{Code: "DNS_CHAIN_TOO_LONG", Resource: name, Direction: "forward", Fix: "Shorten the chain of CNAME records, or break the circle in it."})
		i.settle(NoSuchName, "private-zone")
		return
	}
	i.name = name
	i.step("redirect", name, "CNAME", true)
	if i.firewall() {
		i.route()
	}
}
