package detect

import (
	"net/netip"
	"strconv"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sigma"
)

// flowEvent is a flow record as rules see it, under the names that AWS gives the
// fields (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html).
type flowEvent struct{ f *haetae.Flow }

func address(a netip.Addr) ([]sigma.Value, bool) {
	if !a.IsValid() {
		return nil, false
	}
	return text(a.String())
}

// Lookup finds a field.
func (e flowEvent) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	values, ok := e.field(field)
	return append(dst, values...), ok
}

func (e flowEvent) field(name string) ([]sigma.Value, bool) {
	f := e.f
	known := func(has haetae.FlowFields, n uint64) ([]sigma.Value, bool) {
		if !f.Known(has) {
			return nil, false
		}
		return number(n)
	}
	switch name {
	case "account-id":
		return text(f.Account)
	case "region":
		return text(f.Region)
	case "vpc-id":
		return text(f.VPC)
	case "subnet-id":
		return text(f.Subnet)
	case "instance-id":
		return text(f.Instance)
	case "interface-id":
		return text(f.Interface)
	case "srcaddr":
		return address(f.Src)
	case "dstaddr":
		return address(f.Dst)
	case "pkt-srcaddr":
		return address(f.PktSrc)
	case "pkt-dstaddr":
		return address(f.PktDst)
	case "srcport":
		return known(haetae.FlowSrcPort, uint64(f.SrcPort))
	case "dstport":
		return known(haetae.FlowDstPort, uint64(f.DstPort))
	case "protocol":
		return known(haetae.FlowProto, uint64(f.Proto))
	case "packets":
		return known(haetae.FlowPackets, f.Packets)
	case "bytes":
		return known(haetae.FlowBytes, f.Bytes)
	case "start":
		return known(haetae.FlowStart, uint64(f.Start))
	case "end":
		return known(haetae.FlowEnd, uint64(f.End))
	case "tcp-flags":
		return known(haetae.FlowFlags, uint64(f.TCPFlags))
	case "traffic-path":
		return known(haetae.FlowPath, uint64(f.Path))
	case "action":
		return text(string(f.Action))
	case "log-status":
		return text(string(f.Status))
	case "reject-reason":
		return text(f.Reason)
	case "flow-direction":
		return text(f.Direction)
	case "pkt-src-aws-service":
		return text(f.SrcService)
	case "pkt-dst-aws-service":
		return text(f.DstService)
	case "tgw-id":
		return text(f.Hub)
	case "tgw-attachment-id":
		return text(f.Attach)
	}
	return nil, false
}

func flowFields() []string {
	return []string{"account-id", "region", "vpc-id", "subnet-id", "instance-id", "interface-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "srcport", "dstport",
		"protocol", "packets", "bytes", "start", "end", "tcp-flags", "traffic-path", "action", "log-status", "reject-reason", "flow-direction",
		"pkt-src-aws-service", "pkt-dst-aws-service", "tgw-id", "tgw-attachment-id"}
}

// Texts yields all names and values.
func (e flowEvent) Texts(yield func(string) bool) {
	for _, name := range flowFields() {
		if values, ok := e.field(name); ok && (!yield(name) || len(values) > 0 && !yield(values[0].Text)) {
			return
		}
	}
}

// Tree is the record as an object.
func (e flowEvent) Tree() any {
	out := map[string]any{}
	for _, name := range flowFields() {
		if values, ok := e.field(name); ok && len(values) > 0 {
			out[name] = values[0].Text
		}
	}
	return out
}

// flowSides tells which end of a flow is the interface's own and which the peer,
// and whether the peer began: by the direction that the record has, else by which
// address is private, else by the ports.
func flowSides(f *haetae.Flow) (own, peer netip.Addr, port uint16, inward bool) {
	src, dst := f.Packet()
	switch {
	case f.Direction == "ingress":
		inward = true
	case f.Direction == "egress":
	case src.IsValid() && dst.IsValid() && private(src) != private(dst):
		inward = private(dst)
	default:
		inward = f.DstPort < f.SrcPort
	}
	if inward {
		return dst, src, f.DstPort, true
	}
	return src, dst, f.DstPort, false
}

// lookupEvent is a DNS query as rules see it, under the names of the Resolver's log
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html).
type lookupEvent struct{ l *haetae.Lookup }

// Lookup finds a field.
func (e lookupEvent) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	values, ok := e.field(field)
	return append(dst, values...), ok
}

func (e lookupEvent) field(name string) ([]sigma.Value, bool) {
	l := e.l
	switch name {
	case "account_id":
		return text(l.Account)
	case "region":
		return text(l.Region)
	case "vpc_id":
		return text(l.VPC)
	case "query_name":
		return text(l.Name)
	case "query_type":
		return text(l.Type)
	case "query_class":
		return text(l.Class)
	case "rcode":
		return text(l.Code)
	case "answers.Rdata", "answers.Type", "answers.Class":
		var out []sigma.Value
		for _, a := range l.Answers {
			v := map[string]string{"answers.Rdata": a.Data, "answers.Type": a.Type, "answers.Class": a.Class}[name]
			out = append(out, sigma.Value{Kind: sigma.Text, Text: v})
		}
		return out, len(out) > 0
	case "srcaddr":
		return address(l.Src)
	case "srcport":
		return text(strconv.Itoa(int(l.SrcPort)))
	case "transport":
		return text(l.Transport)
	case "srcids.instance":
		return text(l.Instance)
	case "srcids.resolver_endpoint":
		return text(l.Endpoint)
	case "srcids.resolver_network_interface":
		return text(l.Interface)
	case "firewall_rule_action":
		return text(l.FirewallAction)
	case "firewall_rule_group_id":
		return text(l.FirewallGroup)
	case "firewall_domain_list_id":
		return text(l.FirewallList)
	}
	return nil, false
}

func lookupFields() []string {
	return []string{"account_id", "region", "vpc_id", "query_name", "query_type", "query_class", "rcode", "answers.Rdata", "answers.Type", "answers.Class",
		"srcaddr", "srcport", "transport", "srcids.instance", "srcids.resolver_endpoint", "srcids.resolver_network_interface",
		"firewall_rule_action", "firewall_rule_group_id", "firewall_domain_list_id"}
}

// Texts yields all names and values.
func (e lookupEvent) Texts(yield func(string) bool) {
	for _, name := range lookupFields() {
		values, _ := e.field(name)
		for i, v := range values {
			if i == 0 && !yield(name) || !yield(v.Text) {
				return
			}
		}
	}
}

// Tree is the record as an object.
func (e lookupEvent) Tree() any {
	out := map[string]any{}
	for _, name := range lookupFields() {
		if values, ok := e.field(name); ok && len(values) > 0 {
			out[name] = values[0].Text
		}
	}
	return out
}
