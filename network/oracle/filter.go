package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// group is a security group.
type group struct {
	id, vpc string
	in, out []rule
}

// rule allows; there are no rules that deny.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
type rule struct {
	proto    int // -1 for all
	from, to int // -1 for all; type and code of ICMP
	cidr     netip.Prefix
	list     string // prefix list
	group    string // security group that is referred to
}

func protocol(s string) (int, error) {
	switch strings.ToLower(s) {
	case "-1", "all":
		return -1, nil
	case "tcp":
		return TCP, nil
	case "udp":
		return UDP, nil
	case "icmp":
		return ICMP, nil
	case "icmpv6":
		return ICMPv6, nil
	}
	return strconv.Atoi(s)
}

func (w *World) readGroup(r *haetae.Resource) error {
	g := &group{id: r.ID, vpc: text(r.Props, "VpcId")}
	w.groups[r.ID] = g
	for _, d := range []struct {
		prop, peer string
		to         *[]rule
	}{{"SecurityGroupIngress", "Source", &g.in}, {"SecurityGroupEgress", "Destination", &g.out}} {
		for _, x := range items(r.Props[d.prop]) {
			one := rule{list: text(x, d.peer+"PrefixListId"), group: text(x, d.peer+"SecurityGroupId")}
			var err error
			if one.proto, err = protocol(text(x, "IpProtocol")); err != nil {
				return err
			}
			if one.from, err = number(x, "FromPort", -1); err != nil {
				return err
			}
			if one.to, err = number(x, "ToPort", -1); err != nil {
				return err
			}
			if c := text(x, "CidrIp") + text(x, "CidrIpv6"); c != "" {
				if one.cidr, err = netip.ParsePrefix(c); err != nil {
					return err
				}
			}
			*d.to = append(*d.to, one)
		}
	}
	return nil
}

// covers tells whether the protocol and ports of a rule are those of the packet.
//
// "For TCP, UDP … the range of ports to allow"; "ICMP: the ICMP type and code";
// with protocol -1 traffic on all ports is allowed whatever range is given.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
func (r rule) covers(p Packet) bool {
	switch {
	case r.proto == -1:
		return true
	case r.proto != p.Proto:
		return false
	case p.ports():
		return r.from == -1 || r.from <= p.DstPort && p.DstPort <= r.to
	case p.Proto == ICMP || p.Proto == ICMPv6:
		return (r.from == -1 || r.from == p.Type) && (r.from == -1 || r.to == -1 || r.to == p.Code)
	}
	return true // "any other protocol number: all ports"
}

// admits tells whether a rule of the groups of an interface allows a packet
// whose other end is peer. refers tells whether a reference to a group means
// that end. byName is set when only references do.
//
// "When you associate multiple security groups with a resource, the rules from
// each security group are aggregated to form a single set of rules."
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (w *World) admits(e *eni, out bool, p Packet, peer netip.Addr, refers func(group string) bool) (ok, byName bool, err error) {
	for _, id := range e.groups {
		g := w.groups[id]
		if g == nil {
			return false, false, fmt.Errorf("security group %s is not in the snapshot", id)
		}
		rules := g.in
		if out {
			rules = g.out
		}
		for _, r := range rules {
			if !r.covers(p) {
				continue
			}
			switch {
			case r.cidr.IsValid() && r.cidr.Contains(peer):
				return true, false, nil
			case r.list != "":
				list, known := w.lists[r.list]
				if !known {
					return false, false, fmt.Errorf("prefix list %s is not in the snapshot", r.list)
				}
				if contains(list, peer) {
					return true, false, nil
				}
			case r.group != "" && refers(r.group):
				ok, byName = true, true
			}
		}
	}
	return ok, byName, nil
}

// acl is a network ACL.
type acl struct {
	id, vpc   string
	isDefault bool
	subnets   []string
	entries   []entry
}

type entry struct {
	number         int
	egress, allow  bool
	proto          int
	from, to       int // -1 for all
	icmpType, code int // -1 for all
	cidr           netip.Prefix
}

func (w *World) readACL(r *haetae.Resource) error {
	a := &acl{id: r.ID, vpc: text(r.Props, "VpcId"), isDefault: truth(r.Observed, "IsDefault")}
	w.acls[r.ID] = a
	for _, s := range items(r.Props["Associations"]) {
		a.subnets = append(a.subnets, text(s, "SubnetId"))
	}
	for _, x := range items(r.Props["Entries"]) {
		e := entry{egress: truth(x, "Egress"), allow: text(x, "RuleAction") == "allow"}
		var err error
		if e.cidr, err = netip.ParsePrefix(text(x, "CidrBlock") + text(x, "Ipv6CidrBlock")); err != nil {
			return err
		}
		m, _ := x.(map[string]any)
		for _, f := range []struct {
			of   any
			name string
			to   *int
		}{{m, "RuleNumber", &e.number}, {m, "Protocol", &e.proto}, {m["PortRange"], "From", &e.from}, {m["PortRange"], "To", &e.to},
			{m["Icmp"], "Type", &e.icmpType}, {m["Icmp"], "Code", &e.code}} {
			if *f.to, err = number(f.of, f.name, -1); err != nil {
				return err
			}
		}
		a.entries = append(a.entries, e)
	}
	// "Rules are evaluated starting with the lowest numbered rule. As soon as a
	// rule matches traffic, it's applied regardless of any higher-numbered rule."
	// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
	slices.SortStableFunc(a.entries, func(a, b entry) int { return a.number - b.number })
	return nil
}

// allows tells whether the list lets a packet through, and which rule decided.
// Inbound rules are about its source, outbound rules about its destination, and
// both about its destination port.
// https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
func (a *acl) allows(egress bool, p Packet) (bool, string) {
	peer := p.Src
	if egress {
		peer = p.Dst
	}
	for _, e := range a.entries {
		if e.egress != egress || !e.cidr.Contains(peer) || e.proto != -1 && e.proto != p.Proto {
			continue
		}
		if e.proto != -1 && p.ports() && e.from != -1 && (p.DstPort < e.from || p.DstPort > e.to) {
			continue
		}
		if e.proto != -1 && (p.Proto == ICMP || p.Proto == ICMPv6) &&
			(e.icmpType != -1 && e.icmpType != p.Type || e.code != -1 && e.code != p.Code) {
			continue
		}
		return e.allow, strconv.Itoa(e.number)
	}
	// "If a packet doesn't match any of the other numbered rules, it's denied."
	return false, "*"
}

// aclOf returns the list of a subnet: "If you don't explicitly associate a
// subnet with a network ACL, the subnet is automatically associated with the
// default network ACL."
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
func (w *World) aclOf(s *subnet) *acl {
	var fallback *acl
	for _, a := range w.acls {
		if slices.Contains(a.subnets, s.id) {
			return a
		}
		if a.isDefault && a.vpc == s.vpc {
			fallback = a
		}
	}
	return fallback
}

// interestingPorts are the ports that a NAT gateway may choose and of which two
// neighbours could be treated differently by some rule of the snapshot.
//
// "NAT gateways use ports 1024–65535."
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (w *World) interestingPorts() []int {
	ports := map[int]bool{1024: true}
	add := func(from, to int) {
		for _, p := range []int{from, to + 1} {
			if p > 1024 && p <= 65535 {
				ports[p] = true
			}
		}
	}
	for _, a := range w.acls {
		for _, e := range a.entries {
			add(e.from, e.to)
		}
	}
	for _, g := range w.groups {
		for _, r := range slices.Concat(g.in, g.out) {
			if r.proto == TCP || r.proto == UDP {
				add(r.from, r.to)
			}
		}
	}
	for _, f := range w.firewalls {
		for _, r := range f.ports {
			add(r[0], r[1])
		}
	}
	var out []int
	for p := range ports {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}
