package oracle

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// Parse makes the resources of a topology that is written one thing a line.
// Identifiers are AWS's with short names; what is not said has AWS's defaults: a
// VPC has a main route table and a default network ACL that allows all, a
// security group lets everything out. Lines that begin with # are comments.
//
//	vpc vpc-a 10.0.0.0/16 [CIDR…] [account=…] [region=…] [dns=off]
//	subnet subnet-a vpc-a 10.0.1.0/24 [CIDR] [zone=us-east-1b]
//	eni eni-a subnet-a 10.0.1.10 [ADDRESS…] sg=sg-a,sg-b [public=52.0.0.1] [check=off] [kind=lb|vpc_endpoint|…]
//	sg sg-a vpc-a [closed]          closed: nothing out unless it is said
//	in sg-a tcp 443 0.0.0.0/0       CIDR, sg-… or pl-…; ports 1-2, * or type/code
//	out sg-a all * 0.0.0.0/0
//	acl acl-a vpc-a subnet-a,subnet-b
//	acl-in acl-a 100 allow tcp 443 0.0.0.0/0
//	acl-out acl-a 100 deny all * ::/0
//	rtb rtb-a vpc-a [subnet-a,igw-a] [main]
//	route rtb-a 0.0.0.0/0 igw-a [blackhole] [propagated]
//	igw igw-a vpc-a
//	eigw eigw-a vpc-a
//	vgw vgw-a vpc-a
//	nat nat-a subnet-a 10.0.1.5 [public=52.0.0.2]
//	pl pl-a CIDR…
//	pcx pcx-a vpc-a vpc-b [status=…]
//	vpce vpce-a vpc-a gateway | gwlb subnet-a
//	tgw tgw-a [references]
//	attach tgw-attach-a tgw-a vpc-a subnet-a,subnet-b [appliance] [noreferences]
//	attach tgw-attach-v tgw-a vpn-1
//	attach tgw-attach-p tgw-a tgw-b    a peering: each side has its own
//	tgw-rtb tgw-rtb-a tgw-a assoc=tgw-attach-a,… prop=tgw-attach-b,…
//	tgw-route tgw-rtb-a 10.0.0.0/8 tgw-attach-a | blackhole
//	firewall fw vpc-a vpce-a [strict] [otherwise=pass|drop|forward_to_sfe] [last=drop_strict]
//	stateless fw 10 pass tcp 10.0.0.0/8 * 0.0.0.0/0 443
//	stateful fw 1 drop tcp any any -> any 22       1: the priority of its group
//	stateful5 fw 1 DROP TCP any any FORWARD any 22 the same by the service's own fields
//	bpa block-ingress [account=…] [region=…]
//	exclude vpc-a | subnet-a allow-egress
//	lb web application|network eni-a,eni-b [sg=…] [cross=true]
//	listener web TCP 443 group
//	tg group vpc-a instance|ip TCP 8080 i-a,10.0.0.1 [preserve=true]
//	eice eice-a subnet-a 10.0.1.9 sg=sg-a [keeps]    keeps: the client's address
//	cvpn cvpn-endpoint-a 10.200.0.0/16
//	cvpn-assoc cvpn-endpoint-a subnet-a 10.0.1.8 sg=sg-a [public=52.0.0.3]
//	cvpn-route cvpn-endpoint-a 10.1.0.0/16 subnet-a
//	cvpn-auth cvpn-endpoint-a 10.0.0.0/16 [group=S-1]
func Parse(topology string) (*haetae.Snapshot, error) {
	p := &parser{byID: map[string]*haetae.Resource{}, blocks: map[place]string{}, snap: &haetae.Snapshot{Time: 1767225600}}
	for line := range strings.Lines(topology) {
		line, _, _ = strings.Cut(line, "#")
		x := strings.Fields(line)
		if len(x) == 0 {
			continue
		}
		if err := p.line(x); err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimSpace(line), err)
		}
	}
	p.finish()
	return p.snap, nil
}

const (
	account = "111122223333"
	region  = "us-east-1"
)

type parser struct {
	snap   *haetae.Snapshot
	byID   map[string]*haetae.Resource
	blocks map[place]string
	sids   int64
}

// words are the words of a line: those by place and those by name.
type words struct {
	at []string
	by map[string]string
}

func (p *parser) line(x []string) error {
	switch x[0] {
	case "stateful":
		return p.stateful(x)
	case "stateful5":
		return p.statefulFields(x)
	}
	w := words{by: map[string]string{}}
	for _, s := range x {
		if name, v, ok := strings.Cut(s, "="); ok {
			w.by[name] = v
		} else {
			w.at = append(w.at, s)
		}
	}
	if len(w.at) == 0 {
		return fmt.Errorf("it begins with no kind of thing")
	}
	kind, need := w.at[0], map[string]int{"vpc": 3, "subnet": 4, "eni": 4, "sg": 3, "in": 5, "out": 5, "acl": 3, "acl-in": 7, "acl-out": 7,
		"rtb": 3, "route": 4, "igw": 3, "eigw": 3, "vgw": 3, "nat": 4, "pl": 2, "pcx": 4, "vpce": 4, "tgw": 2, "attach": 4, "tgw-rtb": 3,
		"tgw-route": 4, "firewall": 4, "stateless": 9, "bpa": 2, "exclude": 3, "lb": 4, "listener": 5, "tg": 7,
		"eice": 4, "cvpn": 3, "cvpn-assoc": 4, "cvpn-route": 4, "cvpn-auth": 3}
	n, known := need[kind]
	switch {
	case !known:
		return fmt.Errorf("%q is no kind of thing", kind)
	case len(w.at) < n:
		return fmt.Errorf("%d words are not enough", len(w.at))
	}
	return map[string]func(words) error{"vpc": p.vpc, "subnet": p.subnet, "eni": p.eni, "sg": p.sg, "in": p.sgRule, "out": p.sgRule,
		"acl": p.acl, "acl-in": p.aclRule, "acl-out": p.aclRule, "rtb": p.rtb, "route": p.route, "igw": p.gateway, "eigw": p.gateway,
		"vgw": p.gateway, "nat": p.nat, "pl": p.list, "pcx": p.pcx, "vpce": p.vpce, "tgw": p.tgw, "attach": p.attach, "tgw-rtb": p.tgwTable,
		"tgw-route": p.tgwRoute, "firewall": p.firewall, "stateless": p.stateless, "bpa": p.bpa, "exclude": p.exclude, "lb": p.balancer,
		"listener": p.listener, "tg": p.targets, "eice": p.eice, "cvpn": p.clientVPN, "cvpn-assoc": p.clientDoor, "cvpn-route": p.clientRoute,
		"cvpn-auth": p.clientRule}[kind](w)
}

// flag tells whether a word stands after the first n.
func (w words) flag(n int, name string) bool { return len(w.at) > n && slices.Contains(w.at[n:], name) }

func (p *parser) add(typ, id string, like string, props, observed map[string]any) *haetae.Resource {
	r := &haetae.Resource{Type: typ, ID: id, Account: account, Region: region, Props: props, Observed: observed,
		Origin: haetae.Origin{Source: "cli"}}
	if o := p.byID[like]; o != nil {
		r.Account, r.Region = o.Account, o.Region
	}
	if r.Observed == nil {
		r.Observed = map[string]any{}
	}
	if strings.HasPrefix(id, "arn:") {
		r.ARN = id
	}
	p.byID[id] = r
	p.snap.Resources = append(p.snap.Resources, r)
	return r
}

// get returns what an earlier line made.
func (p *parser) get(id, typ string) (*haetae.Resource, error) {
	if r := p.byID[id]; r != nil && (typ == "" || r.Type == typ) {
		return r, nil
	}
	return nil, fmt.Errorf("%s is not there yet", id)
}

func push(r *haetae.Resource, name string, v any) {
	list, _ := r.Props[name].([]any)
	r.Props[name] = append(list, v)
}

func listed(s string, each func(string) any) []any {
	out := []any{}
	for v := range strings.SplitSeq(s, ",") {
		if v != "" {
			out = append(out, each(v))
		}
	}
	return out
}

func plain(s string) any { return s }

func cidrName(c string) string {
	if strings.Contains(c, ":") {
		return "Ipv6CidrBlock"
	}
	return "CidrBlock"
}

func (p *parser) vpc(w words) error {
	r := p.add("AWS::EC2::VPC", w.at[1], "", map[string]any{"CidrBlock": w.at[2], "CidrBlocks": []any{}}, map[string]any{"VpcId": w.at[1], "State": "available", "IsDefault": false})
	r.Account, r.Region = cmp.Or(w.by["account"], account), cmp.Or(w.by["region"], region)
	r.Observed["OwnerId"] = r.Account
	if w.by["dns"] == "off" {
		r.Props["EnableDnsSupport"] = false
	}
	for _, c := range w.at[3:] {
		push(r, "CidrBlocks", map[string]any{cidrName(c): c})
	}
	return nil
}

func (p *parser) subnet(w words) error {
	v, err := p.get(w.at[2], "AWS::EC2::VPC")
	if err != nil {
		return err
	}
	zone := cmp.Or(w.by["zone"], v.Region+"a")
	r := p.add("AWS::EC2::Subnet", w.at[1], v.ID, map[string]any{"VpcId": v.ID, "CidrBlock": w.at[3], "AvailabilityZone": zone, "MapPublicIpOnLaunch": false},
		map[string]any{"State": "available", "OwnerId": v.Account, "Ipv6CidrBlocks": []any{}})
	if len(w.at) > 4 {
		r.Props["Ipv6CidrBlock"] = w.at[4]
		r.Observed["Ipv6CidrBlocks"] = []any{w.at[4]}
	}
	return nil
}

func (p *parser) eni(w words) error {
	s, err := p.get(w.at[2], "AWS::EC2::Subnet")
	if err != nil {
		return err
	}
	name, instance := w.at[1], "i-"+strings.TrimPrefix(w.at[1], "eni-")
	four, six := []any{}, []any{}
	for i, a := range w.at[3:] {
		if strings.Contains(a, ":") {
			six = append(six, map[string]any{"Ipv6Address": a})
		} else {
			four = append(four, map[string]any{"PrivateIpAddress": a, "Primary": i == 0})
		}
	}
	kind := cmp.Or(w.by["kind"], "interface")
	hosted := kind == "interface"
	if kind == "lb" {
		kind = "interface" // as AWS shows those of application load balancers
	}
	props := map[string]any{"SubnetId": s.ID, "PrivateIpAddress": w.at[3], "PrivateIpAddresses": four, "Ipv6Addresses": six,
		"GroupSet": listed(w.by["sg"], plain), "SourceDestCheck": w.by["check"] != "off", "InterfaceType": kind}
	r := p.add("AWS::EC2::NetworkInterface", name, s.ID, props, map[string]any{"VpcId": s.Props["VpcId"], "Status": "in-use",
		"AvailabilityZone": s.Props["AvailabilityZone"], "OwnerId": s.Account, "PrimaryPrivateIpAddress": w.at[3]})
	if hosted {
		props["Attachment"] = map[string]any{"InstanceId": instance, "DeviceIndex": "0", "DeleteOnTermination": true}
		p.add("AWS::EC2::Instance", instance, s.ID, map[string]any{"SubnetId": s.ID, "PrivateIpAddress": w.at[3], "SourceDestCheck": props["SourceDestCheck"],
			"SecurityGroupIds": listed(w.by["sg"], plain),
			"NetworkInterfaces": []any{map[string]any{"NetworkInterfaceId": name, "SubnetId": s.ID, "PrivateIpAddress": w.at[3],
				"DeviceIndex": "0", "GroupSet": listed(w.by["sg"], plain), "PrivateIpAddresses": slices.Clone(four), "Ipv6Addresses": slices.Clone(six)}}},
			map[string]any{"InstanceId": instance, "VpcId": s.Props["VpcId"], "State": map[string]any{"Name": "running", "Code": "16"}})
	}
	shown := []any{}
	for _, a := range four {
		one := map[string]any{"PrivateIpAddress": text(a, "PrivateIpAddress"), "Primary": len(shown) == 0}
		shown = append(shown, one)
	}
	r.Observed["Addresses"] = shown
	// The first public address is that of the first private one, and so on.
	for i, public := range strings.Split(w.by["public"], ",") {
		if public == "" {
			continue
		}
		if i >= len(four) {
			return fmt.Errorf("more public addresses than private ones")
		}
		private := text(four[i], "PrivateIpAddress")
		if i == 0 {
			r.Observed["PublicIp"] = public
		}
		one, _ := shown[i].(map[string]any)
		one["PublicIp"], one["AllocationId"] = public, "eipalloc-"+public
		p.add("AWS::EC2::EIP", "eipalloc-"+public, s.ID, map[string]any{"Domain": "vpc", "NetworkInterfaceId": name, "PrivateIpAddress": private},
			map[string]any{"PublicIp": public, "AllocationId": "eipalloc-" + public, "AssociationId": "eipassoc-" + public})
	}
	return nil
}

func (p *parser) sg(w words) error {
	r := p.add("AWS::EC2::SecurityGroup", w.at[1], w.at[2], map[string]any{"VpcId": w.at[2], "GroupName": w.at[1], "GroupDescription": w.at[1],
		"SecurityGroupIngress": []any{}, "SecurityGroupEgress": []any{}}, map[string]any{"GroupId": w.at[1]})
	if !w.flag(3, "closed") {
		for _, c := range []map[string]any{{"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"}} {
			c["IpProtocol"] = "-1"
			push(r, "SecurityGroupEgress", c)
		}
	}
	return nil
}

// scope reads a protocol and its ports, or types and codes: 443, 1-2, 8/0, *.
func scope(proto, ports string) (number int, from, to int64, err error) {
	if number, err = protocol(proto); err != nil || ports == "*" {
		return number, -1, -1, err
	}
	sep := "-"
	if number == ICMP || number == ICMPv6 {
		sep = "/"
	}
	a, b, two := strings.Cut(ports, sep)
	if from, err = strconv.ParseInt(a, 10, 64); err != nil {
		return number, 0, 0, err
	}
	to = from
	if sep == "/" {
		to = -1
	}
	if two && b != "*" {
		to, err = strconv.ParseInt(b, 10, 64)
	}
	return number, from, to, err
}

func (p *parser) sgRule(w words) error {
	r, err := p.get(w.at[1], "AWS::EC2::SecurityGroup")
	if err != nil {
		return err
	}
	n, from, to, err := scope(w.at[2], w.at[3])
	if err != nil {
		return err
	}
	name, ok := map[int]string{-1: "-1", TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPv6: "icmpv6"}[n]
	if !ok {
		name = strconv.Itoa(n)
	}
	one := map[string]any{"IpProtocol": name}
	switch {
	case n == TCP || n == UDP:
		one["FromPort"], one["ToPort"] = max(from, 0), to
		if to == -1 {
			one["ToPort"] = int64(65535)
		}
	case n == ICMP || n == ICMPv6:
		one["FromPort"], one["ToPort"] = from, to
	}
	prop, peer := "SecurityGroupIngress", "Source"
	if w.at[0] == "out" {
		prop, peer = "SecurityGroupEgress", "Destination"
	}
	switch s := w.at[4]; {
	case strings.HasPrefix(s, "sg-"):
		one[peer+"SecurityGroupId"] = s
	case strings.HasPrefix(s, "pl-"):
		one[peer+"PrefixListId"] = s
	case strings.Contains(s, ":"):
		one["CidrIpv6"] = s
	default:
		one["CidrIp"] = s
	}
	push(r, prop, one)
	return nil
}

func (p *parser) acl(w words) error {
	subnets := ""
	if len(w.at) > 3 {
		subnets = w.at[3]
	}
	p.add("AWS::EC2::NetworkAcl", w.at[1], w.at[2], map[string]any{"VpcId": w.at[2], "Entries": []any{},
		"Associations": listed(subnets, func(s string) any { return map[string]any{"SubnetId": s} })}, map[string]any{"IsDefault": false})
	return nil
}

func (p *parser) aclRule(w words) error {
	r, err := p.get(w.at[1], "AWS::EC2::NetworkAcl")
	if err != nil {
		return err
	}
	order, err := strconv.ParseInt(w.at[2], 10, 64)
	if err != nil {
		return err
	}
	n, from, to, err := scope(w.at[4], w.at[5])
	if err != nil {
		return err
	}
	one := map[string]any{"Egress": w.at[0] == "acl-out", "RuleNumber": order, "RuleAction": w.at[3], "Protocol": int64(n), cidrName(w.at[6]): w.at[6]}
	switch {
	case n == TCP || n == UDP:
		if from == -1 {
			from, to = 0, 65535
		}
		one["PortRange"] = map[string]any{"From": from, "To": to}
	case n == ICMP || n == ICMPv6:
		one["Icmp"] = map[string]any{"Type": from, "Code": to}
	}
	push(r, "Entries", one)
	return nil
}

func (p *parser) rtb(w words) error {
	assoc := []any{}
	if w.flag(3, "main") {
		assoc = append(assoc, map[string]any{"Main": true})
	}
	if len(w.at) > 3 && w.at[3] != "main" {
		assoc = append(assoc, listed(w.at[3], func(s string) any {
			if strings.HasPrefix(s, "subnet-") {
				return map[string]any{"SubnetId": s, "Main": false}
			}
			return map[string]any{"GatewayId": s, "Main": false}
		})...)
	}
	v, err := p.get(w.at[2], "AWS::EC2::VPC")
	if err != nil {
		return err
	}
	r := p.add("AWS::EC2::RouteTable", w.at[1], v.ID, map[string]any{"VpcId": v.ID, "Associations": assoc, "Routes": []any{}, "PropagatingVgws": []any{}},
		map[string]any{"RouteTableId": w.at[1], "RouteStates": []any{}})
	// As AWS shows it, the local routes stand in the table.
	all := []string{text(v.Props, "CidrBlock")}
	for _, b := range items(v.Props["CidrBlocks"]) {
		all = append(all, text(b, "CidrBlock")+text(b, "Ipv6CidrBlock"))
	}
	for _, c := range all {
		p.addRoute(r, c, map[string]any{"GatewayId": "local"}, "active", "CreateRouteTable")
	}
	return nil
}

func (p *parser) addRoute(r *haetae.Resource, dest string, route map[string]any, state, origin string) {
	switch {
	case strings.HasPrefix(dest, "pl-"):
		route["DestinationPrefixListId"] = dest
	case strings.Contains(dest, ":"):
		route["DestinationIpv6CidrBlock"] = dest
	default:
		route["DestinationCidrBlock"] = dest
	}
	push(r, "Routes", route)
	r.Observed["RouteStates"] = append(items(r.Observed["RouteStates"]), any(map[string]any{"Destination": dest, "State": state, "Origin": origin}))
}

func (p *parser) route(w words) error {
	r, err := p.get(w.at[1], "AWS::EC2::RouteTable")
	if err != nil {
		return err
	}
	dest, to := w.at[2], w.at[3]
	state, origin := "active", "CreateRoute"
	if w.flag(4, "blackhole") {
		state = "blackhole"
	}
	if w.flag(4, "propagated") {
		origin = "EnableVgwRoutePropagation"
		if to == "" || !strings.HasPrefix(to, "vgw-") {
			return fmt.Errorf("only routes to a virtual private gateway are propagated")
		}
		push(r, "PropagatingVgws", map[string]any{"GatewayId": to})
	}
	kind, _, _ := strings.Cut(to, "-")
	prop, ok := map[string]string{"local": "GatewayId", "igw": "GatewayId", "vgw": "GatewayId", "nat": "NatGatewayId", "pcx": "VpcPeeringConnectionId",
		"tgw": "TransitGatewayId", "eni": "NetworkInterfaceId", "vpce": "VpcEndpointId", "eigw": "EgressOnlyInternetGatewayId"}[kind]
	if !ok {
		return fmt.Errorf("a route to %s", to)
	}
	// A route for the CIDR block of the VPC replaces the local one.
	routes, states := items(r.Props["Routes"]), items(r.Observed["RouteStates"])
	for i, x := range routes {
		if text(x, "GatewayId") == "local" && text(x, "DestinationCidrBlock")+text(x, "DestinationIpv6CidrBlock") == dest {
			r.Props["Routes"], r.Observed["RouteStates"] = slices.Delete(routes, i, i+1), slices.Delete(states, i, i+1)
			break
		}
	}
	p.addRoute(r, dest, map[string]any{prop: to}, state, origin)
	return nil
}

func (p *parser) gateway(w words) error {
	typ := map[string]string{"igw": "AWS::EC2::InternetGateway", "eigw": "AWS::EC2::EgressOnlyInternetGateway", "vgw": "AWS::EC2::VPNGateway"}[w.at[0]]
	props := map[string]any{}
	if w.at[0] == "eigw" {
		props["VpcId"] = w.at[2]
	} else {
		props["Attachments"] = listed(strings.TrimPrefix(w.at[2], "none"), func(s string) any { return map[string]any{"VpcId": s} })
	}
	p.add(typ, w.at[1], w.at[2], props, map[string]any{"State": "available"})
	return nil
}

func (p *parser) nat(w words) error {
	s, err := p.get(w.at[2], "AWS::EC2::Subnet")
	if err != nil {
		return err
	}
	if _, err := netip.ParseAddr(w.at[3]); err != nil {
		return err
	}
	address := map[string]any{"PrivateIp": w.at[3], "NetworkInterfaceId": "eni-of-" + w.at[1]}
	props := map[string]any{"SubnetId": s.ID, "VpcId": s.Props["VpcId"], "ConnectivityType": "private", "PrivateIpAddress": w.at[3]}
	observed := map[string]any{"VpcId": s.Props["VpcId"], "Status": "in-use", "PrimaryPrivateIpAddress": w.at[3], "RequesterManaged": true}
	if public := w.by["public"]; public != "" {
		props["ConnectivityType"], props["AllocationId"] = "public", "eipalloc-"+public
		address["PublicIp"], address["AllocationId"], observed["PublicIp"] = public, "eipalloc-"+public, public
	}
	p.add("AWS::EC2::NatGateway", w.at[1], s.ID, props, map[string]any{"NatGatewayId": w.at[1], "State": "available", "EniId": "eni-of-" + w.at[1], "Addresses": []any{address}})
	p.add("AWS::EC2::NetworkInterface", "eni-of-"+w.at[1], s.ID, map[string]any{"SubnetId": s.ID, "PrivateIpAddress": w.at[3], "InterfaceType": "nat_gateway",
		"PrivateIpAddresses": []any{map[string]any{"PrivateIpAddress": w.at[3], "Primary": true}}, "Ipv6Addresses": []any{}, "GroupSet": []any{},
		"SourceDestCheck": false, "Description": "Interface for NAT Gateway " + w.at[1]}, observed)
	return nil
}

func (p *parser) list(w words) error {
	family := "IPv4"
	entries := []any{}
	for _, c := range w.at[2:] {
		if strings.Contains(c, ":") {
			family = "IPv6"
		}
		entries = append(entries, map[string]any{"Cidr": c})
	}
	p.add("AWS::EC2::PrefixList", w.at[1], "", map[string]any{"PrefixListName": w.at[1], "AddressFamily": family, "MaxEntries": int64(len(entries)), "Entries": entries},
		map[string]any{"PrefixListId": w.at[1], "OwnerId": account})
	return nil
}

// finish adds what every VPC has by itself.
func (p *parser) finish() {
	main, fallback := map[string]bool{}, map[string]bool{}
	for _, r := range p.snap.Resources {
		switch r.Type {
		case "AWS::EC2::RouteTable":
			for _, a := range items(r.Props["Associations"]) {
				if truth(a, "Main") {
					main[text(r.Props, "VpcId")] = true
				}
			}
		case "AWS::EC2::NetworkAcl":
			for _, a := range items(r.Props["Associations"]) {
				fallback[text(a, "SubnetId")] = true
			}
		}
	}
	var vpcs []*haetae.Resource
	for _, r := range p.snap.Resources {
		if r.Type == "AWS::EC2::VPC" {
			vpcs = append(vpcs, r)
		}
	}
	for _, v := range vpcs {
		if !main[v.ID] {
			_ = p.rtb(words{at: []string{"rtb", "rtb-main-" + v.ID, v.ID, "main"}}) // the VPC is there
		}
		left := []any{}
		for _, s := range p.snap.Resources {
			if s.Type == "AWS::EC2::Subnet" && s.Props["VpcId"] == v.ID && !fallback[s.ID] {
				left = append(left, map[string]any{"SubnetId": s.ID})
			}
		}
		r := p.add("AWS::EC2::NetworkAcl", "acl-default-"+v.ID, v.ID, map[string]any{"VpcId": v.ID, "Entries": []any{}, "Associations": left}, map[string]any{"IsDefault": true})
		for _, egress := range []bool{false, true} {
			push(r, "Entries", map[string]any{"Egress": egress, "RuleNumber": int64(100), "RuleAction": "allow", "Protocol": int64(-1), "CidrBlock": "0.0.0.0/0"})
			push(r, "Entries", map[string]any{"Egress": egress, "RuleNumber": int64(101), "RuleAction": "allow", "Protocol": int64(-1), "Ipv6CidrBlock": "::/0"})
		}
	}
	places := map[place]bool{{account, region}: true}
	for at := range p.blocks {
		places[at] = true
	}
	for _, r := range p.snap.Resources {
		places[place{r.Account, r.Region}] = true
	}
	for at := range places {
		r := p.add("Haetae::Region", at.region, "", nil, map[string]any{"VpcBlockPublicAccess": map[string]any{
			"InternetGatewayBlockMode": cmp.Or(p.blocks[at], "off"), "State": "update-complete"}})
		r.Account, r.Region, r.Props = at.account, at.region, map[string]any{}
		p.snap.Coverage = append(p.snap.Coverage, haetae.Coverage{Account: at.account, Region: at.region, Type: "*", Status: haetae.Complete})
	}
	p.snap.Sort()
}

// ParsePacket reads where a packet starts and what it is:
//
//	eni-a tcp 10.0.1.10:40000 > 10.0.2.10:443
//	internet icmp 8/0 192.0.2.1 > 52.0.0.1
//	eni-a 47 10.0.1.10 > 10.0.2.10
func ParsePacket(s string) (from string, p Packet, err error) {
	x := strings.Fields(s)
	if len(x) < 5 || x[len(x)-2] != ">" {
		return "", p, fmt.Errorf("%q is no packet", s)
	}
	if p.Proto, err = protocol(x[1]); err != nil {
		return "", p, err
	}
	src, dst := x[len(x)-3], x[len(x)-1]
	if p.ports() {
		a, err := netip.ParseAddrPort(src)
		if err != nil {
			return "", p, err
		}
		b, err := netip.ParseAddrPort(dst)
		if err != nil {
			return "", p, err
		}
		p.Src, p.SrcPort, p.Dst, p.DstPort = a.Addr(), int(a.Port()), b.Addr(), int(b.Port())
		return x[0], p, nil
	}
	if p.Proto == ICMP || p.Proto == ICMPv6 {
		if _, err = fmt.Sscanf(x[2], "%d/%d", &p.Type, &p.Code); err != nil {
			return "", p, err
		}
	}
	if p.Src, err = netip.ParseAddr(src); err != nil {
		return "", p, err
	}
	p.Dst, err = netip.ParseAddr(dst)
	return x[0], p, err
}
