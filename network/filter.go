package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// filter is what something lets through: yes surely, may at most. They are the
// same when all is known.
type filter struct {
	yes, may cidr.Set
	why      *haetae.Unknown // why they differ
}

func (f filter) union(o filter) filter {
	return filter{f.yes.Union(o.yes), f.may.Union(o.may), firstWhy(f.why, o.why)}
}

// match is the packets that a rule speaks of, without its peer.
type match struct {
	protos    cidr.Protos
	ports     cidr.Ports // destination ports
	typ, code cidr.Ports
}

// boxes are the packets of the match between the addresses, families apart.
func (m match) boxes(src, dst cidr.Addrs) []cidr.Box {
	var out []cidr.Box
	for _, f := range [][2]cidr.Addrs{{src.Four(), dst.Four()}, {src.Six(), dst.Six()}} {
		out = append(out, cidr.Boxes(f[0], f[1], m.protos, cidr.AllPorts(), m.ports, m.typ, m.code)...)
	}
	return out
}

// group is a security group.
type group struct {
	res     *haetae.Resource
	vpc     *vpc
	n       int // in order of the groups
	in, out []groupRule
	whyIn   *haetae.Unknown
	whyOut  *haetae.Unknown
	members []*nic
}

// groupRule is one rule of a security group.
type groupRule struct {
	match
	text  string
	peer  cidr.Addrs
	group *haetae.Resource // the security group that it refers to
	list  *list
	why   *haetae.Unknown // what of the rule is not known; match and peer are then the most that it may be
}

func (w *World) addGroup(r *haetae.Resource) {
	g := &group{res: r, vpc: w.vpcOf(r, r.Props["VpcId"]), n: len(w.groups)}
	w.groups = append(w.groups, g)
	read := func(prop, side string) ([]groupRule, *haetae.Unknown) {
		list, why := items(r.Props[prop])
		var out []groupRule
		for _, x := range list {
			if u := whyNot(x); u != nil {
				why = firstWhy(why, u)
				continue
			}
			out = append(out, w.groupRule(r, x, side))
		}
		return out, why
	}
	g.in, g.whyIn = read("SecurityGroupIngress", "Source")
	g.out, g.whyOut = read("SecurityGroupEgress", "Destination")
	if r.Stub != nil {
		g.whyIn, g.whyOut = firstWhy(g.whyIn, r.Stub), firstWhy(g.whyOut, r.Stub)
	}
	if text(r.Props["GroupName"]) == "default" && g.vpc != nil {
		w.defaultGroups[g.vpc] = g
	}
	w.of[r] = g
}

func (w *World) groupRule(r *haetae.Resource, x any, side string) groupRule {
	rule := groupRule{match: match{ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}}
	proto := get(x, "IpProtocol")
	name := ""
	switch n, isNumber := number(proto); {
	case whyNot(proto) != nil:
		rule.protos, rule.why, name = cidr.AllProtos(), whyNot(proto), "some protocol"
	case isNumber && n == -1:
		rule.protos, name = cidr.AllProtos(), "all"
	case isNumber:
		rule.protos, name = cidr.Proto(n), cidr.ProtoName(n)
	default:
		p, err := cidr.ParseProto(text(proto))
		if err != nil {
			rule.why = missing(fmt.Sprintf("protocol %v in a rule of %s", proto, r.ID))
			p = cidr.AllProtos()
		}
		rule.protos, name = p, text(proto)
	}
	from, to := get(x, "FromPort"), get(x, "ToPort")
	a, okA := number(from)
	b, okB := number(to)
	rule.why = firstWhy(rule.why, whyNot(from), whyNot(to))
	if rule.why == nil && okA {
		if !okB {
			b = a
		}
		switch {
		case rule.protos.Intersect(cidr.Typed()) == rule.protos:
			// FromPort is the type and ToPort the code; -1 is all of them
			// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html).
			if a != -1 {
				rule.typ = cidr.PortRange(a, a)
				if b != -1 && okB {
					rule.code = cidr.PortRange(b, b)
				}
			}
		case rule.protos != cidr.AllProtos() && a != -1:
			rule.ports = cidr.PortRange(a, b)
		}
		if rule.protos != cidr.AllProtos() && a != -1 {
			name += " " + strconv.Itoa(a)
			if b != a && b != -1 {
				name += "-" + strconv.Itoa(b)
			}
		}
	}
	word := map[string]string{"Source": " from ", "Destination": " to "}[side]
	rule.peerOf(w, r, x, side)
	switch {
	case rule.list != nil:
		name += word + text(get(x, side+"PrefixListId"))
	case rule.group != nil:
		name += word + rule.group.ID
	case text(get(x, side+"SecurityGroupId")) != "":
		name += word + text(get(x, side+"SecurityGroupId"))
	default:
		name += word + strings.Join(rule.peer.Strings(), ",")
	}
	rule.text = name
	return rule
}

// peerOf reads the other side of a rule.
func (rule *groupRule) peerOf(w *World, r *haetae.Resource, x any, side string) {
	everyone := cidr.AllAddrs()
	for _, m := range []string{"CidrIp", "CidrIpv6"} {
		switch v := get(x, m); {
		case v == nil:
		case whyNot(v) != nil:
			rule.why = firstWhy(rule.why, whyNot(v))
			if m == "CidrIp" {
				rule.peer = rule.peer.Union(everyone.Four())
			} else {
				rule.peer = rule.peer.Union(everyone.Six())
			}
		default:
			rule.peer = rule.peer.Union(addrsOf(v))
		}
	}
	if v := get(x, side+"PrefixListId"); v != nil {
		rule.list = w.listOf(r, v)
		for _, p := range rule.list.prefixes {
			rule.peer = rule.peer.Union(cidr.Prefix(p))
		}
		if rule.list.why != nil {
			rule.why, rule.peer = firstWhy(rule.why, rule.list.why), everyone
		}
	}
	for _, m := range []string{side + "SecurityGroupId", side + "SecurityGroupName"} {
		v := get(x, m)
		if v == nil || rule.group != nil {
			continue
		}
		found, _ := w.g.Find(r, "AWS::EC2::SecurityGroup", v)
		if found == nil && m == side+"SecurityGroupName" {
			continue
		}
		if rule.group = found; found == nil {
			_, unlisted := w.g.Here(r, "AWS::EC2::SecurityGroup")
			rule.why, rule.peer = firstWhy(rule.why, whyNot(v), unlisted, missingOf(r, "UNKNOWN_PEERED_SGS: security group "+text(v)+" is not in the snapshot", "ec2:DescribeSecurityGroups")), everyone
		}
	}
	if u := whyNot(x); u != nil {
		rule.why, rule.peer = u, everyone
	}
}

// identity says from which VPC the packets come as they are, so that a rule that
// refers to a security group can know their sender. Nobody's identity survives a
// middlebox or address translation
// (https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html).
type identity struct {
	vpc  *vpc
	lost string // the explanation code when it was lost on the way
	// through are the groups of a network load balancer that they came through: a
	// rule that refers to one of them admits them all the same
	// (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html).
	through []*group
	// sender is who sent them, where its address is not known yet: which group
	// admits it is not told from addresses then, which several may get.
	sender *nic
}

// allows is what the rules of the groups let in or out of an interface.
func (w *World) allows(n *nic, in bool, id identity) filter {
	var f filter
	if n.noGroups {
		all := cidr.All()
		return filter{yes: all, may: all}
	}
	f.why = n.groupsWhy
	if f.why != nil {
		f.may = cidr.All()
	}
	for _, g := range n.groups {
		if x := w.instead[g]; x != nil {
			g = x
		}
		rules, why := g.out, g.whyOut
		if in {
			rules, why = g.in, g.whyIn
		}
		if why != nil {
			f.why, f.may = firstWhy(f.why, why), cidr.All()
		}
		for i := range rules {
			f = f.union(w.ruleSet(&rules[i], in, id))
		}
		if more := w.added("group", g.res, in); !more.Empty() {
			f = f.union(filter{yes: more, may: more})
		}
	}
	return f
}

// ruleSet is what one rule lets through.
func (w *World) ruleSet(r *groupRule, in bool, id identity) filter {
	peer := r.peer
	why := r.why
	if r.group != nil {
		members, gap := w.memberAddrs(r.group, in, id)
		peer = peer.Union(members)
		if gap != nil {
			why = firstWhy(why, gap)
			set := r.set(cidr.AllAddrs(), in)
			return filter{yes: r.set(members, in), may: set, why: why}
		}
	}
	set := r.set(peer, in)
	if why != nil {
		return filter{may: set, why: why}
	}
	return filter{yes: set, may: set}
}

func (r *groupRule) set(peer cidr.Addrs, in bool) cidr.Set {
	if in {
		return cidr.Of(r.boxes(peer, cidr.AllAddrs())...)
	}
	return cidr.Of(r.boxes(cidr.AllAddrs(), peer)...)
}

// peered tells whether a rule in one VPC may refer to a group of the other. Over
// a transit gateway only inbound rules may.
func (w *World) peered(a, b *vpc) bool {
	for _, p := range w.peerings {
		if p.active() && (p.sides[0] == a && p.sides[1] == b || p.sides[0] == b && p.sides[1] == a) {
			return true
		}
	}
	return false
}

// memberAddrs are the private addresses of the interfaces that carry a security
// group, as seen by a rule that refers to it.
func (w *World) memberAddrs(r *haetae.Resource, in bool, id identity) (out cidr.Addrs, why *haetae.Unknown) {
	for _, g := range id.through {
		if g.res == r && in {
			return cidr.AllAddrs(), nil
		}
	}
	if in && id.vpc == nil {
		return out, nil // who sent it is no longer known: the rule matches nothing
	}
	g, _ := w.of[r].(*group)
	if g == nil {
		return out, nil
	}
	if in && id.sender != nil && id.sender.vague != nil {
		if slices.Contains(g.members, id.sender) {
			out = id.sender.addrs
		}
		return out, nil
	}
	for _, n := range g.members {
		if in && n.vpc != id.vpc || !in && n.vpc != id.vpc && !w.peered(n.vpc, id.vpc) {
			continue
		}
		out = out.Union(n.addrs)
		if n.vague != nil {
			why = firstWhy(why, n.vague)
		}
	}
	if why == nil && id.vpc != nil {
		why = w.gap(id.vpc, "AWS::EC2::NetworkInterface")
	}
	return out, why
}

// acl is a network ACL.
type acl struct {
	res     *haetae.Resource
	in, out []aclRule
	why     *haetae.Unknown

	inSet, outSet filter
	open          bool // it lets all through
}

// aclRule is one entry of a network ACL.
type aclRule struct {
	number int
	text   string // the number, "*" for the last
	allow  bool
	set    cidr.Set
	why    *haetae.Unknown
}

// openACL is the ACL that a VPC gets by itself: it lets all through.
func openACL(r *haetae.Resource) *acl {
	all := cidr.All()
	rules := []aclRule{{number: 100, text: "100", allow: true, set: all}}
	return &acl{res: r, in: rules, out: rules, inSet: filter{yes: all, may: all}, outSet: filter{yes: all, may: all}, open: true}
}

func (w *World) addACL(r *haetae.Resource) {
	a := &acl{res: r}
	entries, why := items(r.Props["Entries"])
	a.why = firstWhy(why, r.Stub)
	for _, e := range entries {
		if u := whyNot(e); u != nil {
			a.why = firstWhy(a.why, u)
			continue
		}
		egress, known := flag(get(e, "Egress"))
		if egress || !known {
			a.out = append(a.out, aclEntry(e, true))
		}
		if !egress {
			a.in = append(a.in, aclEntry(e, false))
		}
	}
	for _, rules := range [][]aclRule{a.in, a.out} {
		slices.SortStableFunc(rules, func(x, y aclRule) int { return x.number - y.number })
	}
	a.inSet, a.outSet = judge(a.in, a.why), judge(a.out, a.why)
	a.open = a.inSet.why == nil && a.outSet.why == nil && a.inSet.yes.Covers(cidr.All()) && a.outSet.yes.Covers(cidr.All())
	w.of[r] = a
	if d, _ := flag(r.Observed["IsDefault"]); d {
		if v := w.vpcOf(r, r.Props["VpcId"]); v != nil {
			v.acl = a
		}
	}
	subnets, _ := items(r.Props["Associations"])
	for _, x := range subnets {
		if s := w.subnetOf(r, get(x, "SubnetId")); s != nil {
			s.acl = a
		}
	}
}

// aclEntry reads an entry. Ports count for TCP and UDP, types and codes for ICMP
// (https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html).
func aclEntry(e any, egress bool) aclRule {
	rule := aclRule{text: "*"}
	n, ok := number(get(e, "RuleNumber"))
	rule.number = n
	if !ok {
		rule.why = firstWhy(whyNot(get(e, "RuleNumber")), missing("the number of a rule", "ec2:DescribeNetworkAcls"))
	}
	if n < 32767 {
		rule.text = strconv.Itoa(n)
	}
	rule.allow = text(get(e, "RuleAction")) == "allow"
	rule.why = firstWhy(rule.why, whyNot(get(e, "RuleAction")), whyNot(get(e, "Egress")))
	m := match{protos: cidr.AllProtos(), ports: cidr.AllPorts(), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	proto := get(e, "Protocol")
	rule.why = firstWhy(rule.why, whyNot(proto))
	if p, ok := number(proto); ok && p != -1 {
		m.protos = cidr.Proto(p)
		if from, ok := number(get(e, "PortRange.From")); ok {
			to, ok := number(get(e, "PortRange.To"))
			if !ok {
				to = from
			}
			m.ports = cidr.PortRange(from, to)
		}
		if t, ok := number(get(e, "Icmp.Type")); ok && t != -1 {
			m.typ = cidr.PortRange(t, t)
		}
		if c, ok := number(get(e, "Icmp.Code")); ok && c != -1 {
			m.code = cidr.PortRange(c, c)
		}
		for _, part := range []string{"PortRange.From", "PortRange.To", "Icmp.Type", "Icmp.Code"} {
			if u := whyNot(get(e, part)); u != nil {
				rule.why = firstWhy(rule.why, u)
				m.ports, m.typ, m.code = cidr.AllPorts(), cidr.AllPorts(), cidr.AllPorts()
			}
		}
	}
	peer := cidr.Addrs{}
	for _, name := range []string{"CidrBlock", "Ipv6CidrBlock"} {
		v := get(e, name)
		peer = peer.Union(addrsOf(v))
		if u := whyNot(v); u != nil {
			rule.why, peer = firstWhy(rule.why, u), cidr.AllAddrs()
		}
	}
	if egress {
		rule.set = cidr.Of(m.boxes(cidr.AllAddrs(), peer)...)
	} else {
		rule.set = cidr.Of(m.boxes(peer, cidr.AllAddrs())...)
	}
	return rule
}

// judge is what rules in order let through; at the end all is denied. A rule of
// which something is unknown counts as the worst for yes and the best for may.
func judge(rules []aclRule, why *haetae.Unknown) filter {
	var f filter
	left, leftMay := cidr.All(), cidr.All()
	if why != nil {
		// There may be rules that we do not see, before any of these.
		return filter{may: cidr.All(), why: why}
	}
	for _, r := range rules {
		f.why = firstWhy(f.why, r.why)
		if r.allow || r.why != nil {
			f.may = f.may.Union(leftMay.Intersect(r.set))
		}
		if r.allow && r.why == nil {
			f.yes = f.yes.Union(left.Intersect(r.set))
		}
		left = left.Minus(r.set)
		if r.why == nil {
			leftMay = leftMay.Minus(r.set)
		}
	}
	return f
}

// deciding names the rules of an ACL that decide for the packets, in order.
func deciding(rules []aclRule, set cidr.Set) string {
	var out []string
	for _, r := range rules {
		if set.Empty() {
			break
		}
		if set.Overlaps(r.set) {
			out = append(out, r.text)
			set = set.Minus(r.set)
		}
	}
	if !set.Empty() && !slices.Contains(out, "*") {
		out = append(out, "*")
	}
	return strings.Join(out, ", ")
}

// ruleNames names the rules of the interface's groups that let the packets
// through.
func (w *World) ruleNames(n *nic, in bool, id identity, set cidr.Set) (resource, rule string) {
	var ids, names []string
	for _, g := range n.groups {
		rules := g.out
		if in {
			rules = g.in
		}
		for i := range rules {
			if f := w.ruleSet(&rules[i], in, id); f.may.Overlaps(set) {
				if !slices.Contains(ids, g.res.ID) {
					ids = append(ids, g.res.ID)
				}
				names = append(names, rules[i].text)
			}
		}
	}
	if len(ids) == 0 {
		for _, g := range n.groups {
			ids = append(ids, g.res.ID)
		}
	}
	return strings.Join(ids, ","), strings.Join(slices.Compact(names), ", ")
}
