package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Ask sends a packet from a place, an interface, [Internet] or a gateway beyond
// which the known world ends, and then the answer to it.
func (w *World) Ask(from string, p Packet) Answer {
	var out Answer
	var script []int
	seen := map[[2]bool]bool{}
	for runs := 0; ; runs++ {
		if runs == 1000 {
			out.NotModelled = "more than 1,000 choices of AWS's"
			return out
		}
		k := &walk{w: w, script: script, flow: newFlow(), passed: map[string]bool{}}
		forward, reply, end := k.run(from, p)
		if k.notModelled != "" {
			return Answer{NotModelled: k.notModelled, Why: k.why}
		}
		seen[[2]bool{forward, reply}] = true
		if runs == 0 || score(forward, reply) > score(out.Forward, out.Reply) {
			out.End, out.Why = end, k.why
			out.Forward, out.Reply = forward, reply
		}
		for _, a := range k.assumed {
			if !slices.Contains(out.Assumed, a) {
				out.Assumed = append(out.Assumed, a)
			}
		}
		if script = k.next(); script == nil {
			out.Varies = len(seen) > 1
			return out
		}
	}
}

func score(forward, reply bool) int {
	switch {
	case forward && reply:
		return 2
	case forward:
		return 1
	}
	return 0
}

// flow is what stateful things remember of the packet when its answer comes.
type flow struct {
	in, out map[string]bool   // interfaces whose groups let it in, or out
	egress  map[string]bool   // egress-only gateways that it left by
	pinned  map[string]string // zone subnets that transit gateways in appliance mode keep to
	nat     map[string]mapping
	// inspected holds the firewall endpoints whose stateful engine saw the
	// packet; true where a rule passed the whole flow.
	inspected map[string]bool
}

type mapping struct {
	src  netip.Addr
	port int
}

func newFlow() *flow {
	return &flow{in: map[string]bool{}, out: map[string]bool{}, nat: map[string]mapping{}, pinned: map[string]string{}, egress: map[string]bool{}, inspected: map[string]bool{}}
}

// walk is one packet on its way.
type walk struct {
	w     *World
	p     Packet
	flow  *flow
	reply bool
	hops  int
	why   []string

	// known is the VPC whose interface the source address still names, "" when
	// groups cannot tell any more who sent the packet.
	known string
	// byName is set when the sender's groups allow the packet only because they
	// refer to the group of its destination.
	byName bool
	// zone is where the packet left for a transit gateway.
	zone string
	// passed holds what it went through, by identifier, and its sender.
	passed map[string]bool

	kept    *eice      // whose client's address the packet kept
	clients *clientVPN // whose client sent it

	notModelled string
	assumed     []string

	script []int // choices to repeat
	trail  [][2]int
}

// choose makes one of n choices, in a way that [World.Ask] goes through all.
func (k *walk) choose(n int) int {
	c := 0
	if i := len(k.trail); i < len(k.script) {
		c = k.script[i]
	}
	k.trail = append(k.trail, [2]int{c, n})
	return c
}

// next is the script of the run after this one, nil after the last.
func (k *walk) next() []int {
	t := k.trail
	for len(t) > 0 && t[len(t)-1][0]+1 == t[len(t)-1][1] {
		t = t[:len(t)-1]
	}
	if len(t) == 0 {
		return nil
	}
	out := make([]int, len(t))
	for i := range t {
		out[i] = t[i][0]
	}
	out[len(out)-1]++
	return out
}

// result is where a packet ended.
type result struct {
	end       string
	delivered bool
}

func (k *walk) drop(where, format string, args ...any) result {
	k.say(where, "dropped: "+format, args...)
	return result{end: where}
}

func (k *walk) delivered(where string) result {
	k.say(where, "delivered")
	return result{end: where, delivered: true}
}

func (k *walk) unmodelled(format string, args ...any) result {
	k.notModelled = fmt.Sprintf(format, args...)
	return result{}
}

func (k *walk) assume(s string) {
	if !slices.Contains(k.assumed, s) {
		k.assumed = append(k.assumed, s)
	}
}

func (k *walk) say(where, format string, args ...any) {
	dir := "→"
	if k.reply {
		dir = "←"
	}
	k.why = append(k.why, fmt.Sprintf("%s %s: %s [%s]", dir, where, fmt.Sprintf(format, args...), k.p))
}

func (k *walk) run(from string, p Packet) (forward, reply bool, end string) {
	k.p = p
	r := k.start(from)
	if !r.delivered || k.notModelled != "" {
		return false, false, r.end
	}
	end = r.end
	if end == Service {
		return true, true, end // it answers by the way that the packet came
	}
	// The receiver answers what it received, from where it received it.
	k.reply, k.known, k.byName, k.zone, k.hops, k.passed = true, "", false, "", 0, map[string]bool{}
	k.p = k.p.answer()
	r = k.start(end)
	// "The response" is one only if it comes back to who asked, from the address
	// and port that was asked.
	home := r.end == from
	if x := k.w.eices[from]; x != nil {
		home = home || r.end == x.eni
	}
	return true, r.delivered && home && k.p == p.answer(), end
}

func (k *walk) start(from string) result {
	switch {
	case from == Internet:
		return k.internet()
	case k.w.enis[from] != nil:
		return k.leave(k.w.enis[from])
	case k.w.eices[from] != nil:
		return k.fromEICE(k.w.eices[from])
	case k.w.clientVPNs[from] != nil:
		return k.fromClients(k.w.clientVPNs[from])
	case strings.HasPrefix(from, "vgw-"):
		return k.fromVGW(from)
	case strings.HasPrefix(from, "tgw-attach-"):
		return k.fromTransit(from)
	case k.w.endpoints[from] != nil:
		// What a service answers comes out of the endpoint into the VPC.
		return k.deliver(k.w.endpoints[from].vpc, "")
	}
	return k.unmodelled("%s is no place that packets come from", from)
}

// leave sends the packet from an interface.
func (k *walk) leave(e *eni) result {
	if slices.Contains(e.addrs, k.p.Src) && slices.Contains(e.addrs, k.p.Dst) {
		return k.unmodelled("an interface that talks to itself")
	}
	// "The source/destination check … the instance must be the source or
	// destination of any traffic it sends or receives."
	// https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html
	if e.check && !slices.Contains(e.addrs, k.p.Src) {
		return k.drop(e.id, "source/destination check: it does not hold the source")
	}
	if e.kind == "vpc_endpoint" && !k.reply {
		// "Endpoints support traffic that is initiated from the VPC", not into it.
		// https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
		return k.drop(e.id, "an interface endpoint starts no connection")
	}
	if slices.Contains(e.addrs, k.p.Src) {
		k.known = e.vpc
	}
	k.passed[e.id] = true
	if r, here := k.atHand(k.w.vpcs[e.vpc]); here {
		return r
	}
	if ok, r := k.groupsOut(e); !ok {
		return r
	}
	if k.reply && k.kept != nil {
		return k.backToEICE(k.kept, e)
	}
	return k.onward(k.w.subnets[e.subnet])
}

// groupsOut asks the outbound rules of an interface.
//
// "Security groups are stateful": responses to allowed inbound traffic leave
// whatever the outbound rules say.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
func (k *walk) groupsOut(e *eni) (bool, result) {
	if k.reply && k.flow.in[e.id] {
		return true, result{}
	}
	if len(e.groups) == 0 {
		return k.withoutGroups(e)
	}
	ok, byName, err := k.w.admits(e, true, k.p, k.p.Dst, func(g string) bool {
		return slices.ContainsFunc(k.w.reachableByName(e.vpc, k.p.Dst), func(o *eni) bool { return slices.Contains(o.groups, g) })
	})
	switch {
	case err != nil:
		return false, k.unmodelled("%v", err)
	case !ok:
		return false, k.drop(e.id, "no outbound rule of its security groups allows it")
	}
	k.byName = k.byName || byName
	if !k.reply {
		k.flow.out[e.id] = true
	}
	return true, result{}
}

// withoutGroups is for interfaces that have no security group: those of load
// balancers made without one, NAT gateways, Gateway Load Balancer endpoints.
// "If you don't assign a security group to your Network Load Balancer, all
// client traffic can reach the Network Load Balancer listeners and all traffic
// can leave the Network Load Balancer."
// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html
func (k *walk) withoutGroups(e *eni) (bool, result) {
	if e.kind == "interface" || e.kind == "" {
		return false, k.unmodelled("%s has no security group", e.id)
	}
	return true, result{}
}

// reachableByName are the interfaces with an address that a group in a VPC may
// mean by naming their group: in the VPC, or in one that it is peered with in
// the same Region.
//
// "You can reference … a security group in the VPC or in a peered VPC"; "You
// cannot reference the security group of a peer VPC that's in a different Region."
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
func (w *World) reachableByName(vpc string, a netip.Addr) (out []*eni) {
	if w.vpcs[vpc].inside(a) {
		if e := w.holder(vpc, a); e != nil {
			out = append(out, e)
		}
		return out
	}
	for _, p := range w.peerings {
		other := p.b
		if p.b == vpc {
			other = p.a
		}
		if p.a != vpc && p.b != vpc || !p.active || w.vpcs[other] == nil || w.vpcs[other].at.region != w.vpcs[vpc].at.region {
			continue
		}
		if e := w.holder(other, a); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// onward takes the packet from an interface in a subnet to wherever it goes.
func (k *walk) onward(s *subnet) result {
	if k.hops++; k.hops > 40 {
		return k.drop(s.id, "it goes round in circles")
	}
	if r, special := k.special(s); special {
		return r
	}
	if contains(s.cidrs, k.p.Dst) {
		// "Traffic destined for the MAC address of another network interface in
		// the subnet uses data link (layer 2) routing instead of network (layer 3)
		// so the rules do not apply to this traffic."
		// https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html
		return k.deliver(s.vpc, s.id)
	}
	if ok, r := k.acl(s, true); !ok {
		return r
	}
	t := k.w.tableOf(s)
	if t == nil {
		return k.unmodelled("subnet %s has no route table", s.id)
	}
	return k.follow(t, s)
}

// atHand answers for the services that AWS has at an address of its own in every
// VPC: "Security groups don't filter traffic destined to and from" Amazon DNS,
// instance and task metadata, license activation and Time Sync.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
// "Network ACLs can't block DNS requests to or from the Route 53 Resolver" nor
// traffic to the instance metadata service.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
func (k *walk) atHand(v *vpc) (result, bool) {
	if k.reply || v == nil {
		return result{}, false
	}
	type port struct{ proto, number int }
	at := map[string][]port{
		"169.254.169.253": {{UDP, 53}, {TCP, 53}}, "fd00:ec2::253": {{UDP, 53}, {TCP, 53}},
		"169.254.169.254": {{TCP, 80}}, "fd00:ec2::254": {{TCP, 80}}, "169.254.169.123": {{UDP, 123}}, "fd00:ec2::123": {{UDP, 123}},
		"169.254.170.2": {{TCP, 80}}, "169.254.170.23": {{TCP, 80}}, "fd00:ec2::23": {{TCP, 80}},
		"169.254.169.250": {{TCP, 1688}}, "169.254.169.251": {{TCP, 1688}},
	}
	// The resolver is "at the base of the VPC IPv4 network range plus two", of the
	// primary range.
	// https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
	resolver := v.cidrs[0].Addr().Next().Next()
	at[resolver.String()] = at["169.254.169.253"]
	list, ours := at[k.p.Dst.String()]
	if !ours || !slices.Contains(list, port{k.p.Proto, k.p.DstPort}) {
		return result{}, false
	}
	if list[0].number == 53 && v.dnsOff {
		return k.drop(v.id, "DNS support is off"), true
	}
	return k.delivered(Service), true
}

// special handles addresses that are AWS's own.
func (k *walk) special(s *subnet) (result, bool) {
	for _, c := range []string{"169.254.171.0/24", "fd00:ec2:80::/64"} {
		if netip.MustParsePrefix(c).Contains(k.p.Dst) {
			return k.unmodelled("VPC Lattice at %s", k.p.Dst), true
		}
	}
	// "Packets destined for addresses in 169.254.168.0/22 will not be forwarded",
	// nor for fd00:ec2::/32.
	// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
	if netip.MustParsePrefix("169.254.168.0/22").Contains(k.p.Dst) || netip.MustParsePrefix("fd00:ec2::/32").Contains(k.p.Dst) {
		return k.drop(s.id, "addresses that AWS reserves are not forwarded"), true
	}
	if netip.MustParsePrefix("169.254.0.0/16").Contains(k.p.Dst) {
		return k.unmodelled("link-local address %s", k.p.Dst), true
	}
	return result{}, false
}

// acl asks the network ACL of a subnet: "We evaluate the network ACL rules when
// traffic enters and leaves the subnet, not as it is routed within a subnet."
// "Network ACLs are stateless": answers are asked about like all else.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
func (k *walk) acl(s *subnet, egress bool) (bool, result) {
	a := k.w.aclOf(s)
	if a == nil {
		return false, k.unmodelled("subnet %s has no network ACL", s.id)
	}
	ok, by := a.allows(egress, k.p)
	if !ok {
		dir := "inbound"
		if egress {
			dir = "outbound"
		}
		return false, k.drop(a.id, "%s rule %s of %s", dir, by, s.id)
	}
	return true, result{}
}

// follow takes the route for the packet. s is the subnet it leaves, nil when it
// enters the VPC at a gateway.
func (k *walk) follow(t *table, s *subnet) result {
	routes, unknown := k.w.lookup(t, k.p.Dst)
	if unknown != "" {
		return k.unmodelled("%s", unknown)
	}
	if len(routes) == 0 {
		return k.drop(t.id, "no route")
	}
	r := routes[0]
	if len(routes) > 1 {
		r = routes[k.choose(len(routes))]
	}
	from := ""
	if s != nil {
		from = s.id
	}
	if r.blackhole {
		// "blackhole": the target is not there; the route still is the one.
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
		return k.drop(t.id, "the route to %s is a blackhole", r.target)
	}
	k.say(t.id, "route to %s", r.target)
	if !k.w.has(r.target) {
		return k.unmodelled("%s is not in the snapshot", r.target)
	}
	switch kind, _, _ := strings.Cut(r.target, "-"); kind {
	case "local":
		return k.deliver(t.vpc, from)
	case "igw":
		return k.exitInternet(r.target, t.vpc)
	case "eigw":
		return k.exitEgressOnly(r.target, t.vpc)
	case "nat":
		return k.natOut(r.target, t.vpc, from)
	case "pcx":
		return k.peer(r.target, t.vpc)
	case "tgw":
		if s == nil {
			return k.unmodelled("a route of a gateway to a transit gateway")
		}
		return k.toTransit(r.target, s)
	case "vgw":
		return k.toVGW(r.target, t.vpc)
	case "vpce":
		return k.toEndpoint(r.target, t.vpc, from)
	case "eni":
		return k.appliance(r.target, t.vpc, from, s == nil)
	}
	return k.unmodelled("a route to %s", r.target)
}

// deliver brings the packet to its destination inside a VPC. from is the subnet
// it left, "" when it came from outside the VPC's subnets.
func (k *walk) deliver(vpc, from string) result {
	v := k.w.vpcs[vpc]
	if v == nil {
		return k.unmodelled("VPC %s is not in the snapshot", vpc)
	}
	if !v.inside(k.p.Dst) {
		// "If the traffic's destination is not in the VPC it is dropped": what
		// comes in through a gateway has nowhere else to go.
		return k.drop(vpc, "the destination is not in the VPC")
	}
	var to *subnet
	for _, s := range k.w.subnets {
		if s.vpc == vpc && contains(s.cidrs, k.p.Dst) {
			to = s
		}
	}
	if to == nil {
		return k.drop(vpc, "no subnet holds the destination")
	}
	if to.id != from {
		if ok, r := k.acl(to, false); !ok {
			return r
		}
	}
	for _, n := range k.w.nats {
		if n.vpc == vpc && n.private == k.p.Dst {
			return k.natIn(n)
		}
	}
	e := k.w.holder(vpc, k.p.Dst)
	if e == nil {
		return k.drop(to.id, "nobody holds the destination")
	}
	if ok, r := k.groupsIn(e); !ok {
		return r
	}
	if r, is := k.toClient(e); is {
		return r
	}
	if b := k.w.balancerOf(e); b != nil && !k.reply && b.listens(k.p) == nil {
		return k.drop(e.id, "%s has no listener for it", b.name)
	}
	return k.delivered(e.id)
}

// groupsIn asks the inbound rules of an interface.
func (k *walk) groupsIn(e *eni) (bool, result) {
	if k.reply && k.flow.out[e.id] {
		return true, result{}
	}
	if len(e.groups) == 0 {
		return k.withoutGroups(e)
	}
	ok, _, err := k.w.admits(e, false, k.p, k.p.Src, func(g string) bool {
		// "When you specify a security group as the source for a rule, traffic is
		// allowed from the network interfaces that are associated with the source
		// security group … based on the private IP addresses."
		// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
		if k.kept != nil {
			// Rules that refer to the endpoint's group let in what it sends, also with
			// client IP preservation.
			// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-security-groups.html
			return slices.Contains(k.w.enis[k.kept.eni].groups, g)
		}
		if k.known == "" {
			return false
		}
		o := k.w.holder(k.known, k.p.Src)
		return o != nil && slices.Contains(o.groups, g)
	})
	switch {
	case err != nil:
		return false, k.unmodelled("%v", err)
	case !ok:
		return false, k.drop(e.id, "no inbound rule of its security groups allows it")
	}
	if !k.reply {
		k.flow.in[e.id] = true
	}
	return true, result{}
}
