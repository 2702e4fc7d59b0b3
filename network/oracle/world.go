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

// World is a snapshot in plain structures. It is read only after [NewWorld].
type World struct {
	vpcs        map[string]*vpc
	subnets     map[string]*subnet
	enis        map[string]*eni
	groups      map[string]*group
	acls        map[string]*acl
	tables      map[string]*table
	lists       map[string][]netip.Prefix
	igws        map[string]string // internet gateway: VPC
	eigws       map[string]string
	vgws        map[string]string
	nats        map[string]*nat
	peerings    map[string]*peering
	endpoints   map[string]*endpoint
	tgws        map[string]*tgw
	attachments map[string]*attachment
	firewalls   map[string]*firewall // by endpoint
	balancers   []*balancer
	blocks      map[place]string // mode of VPC Block Public Access
	exclusions  map[string]string
	natPorts    []int
	vpns        map[string]string // VPN connection: gateway
	eices       map[string]*eice
	clientVPNs  map[string]*clientVPN
}

type place struct{ account, region string }

type vpc struct {
	id     string
	at     place
	cidrs  []netip.Prefix
	dnsOff bool // DNS support
}

type subnet struct {
	id, vpc, zone string
	cidrs         []netip.Prefix
}

type eni struct {
	id, subnet, vpc string
	kind            string // InterfaceType
	description     string // of load balancers "ELB app/name/hash"
	instance        string
	addrs           []netip.Addr
	public          map[netip.Addr]netip.Addr // private: public
	groups          []string
	check           bool // source/destination check
}

type nat struct {
	id, subnet, vpc string
	private         netip.Addr
	public          netip.Addr // invalid for a private NAT gateway
}

type peering struct {
	id, a, b string
	active   bool
}

type endpoint struct {
	id, vpc, kind, service string
	subnets                []string
}

// NewWorld reads a snapshot. What it cannot read is an error: a simulator that
// skips what it does not understand judges nothing.
func NewWorld(snap *haetae.Snapshot) (*World, error) {
	w := &World{
		vpcs: map[string]*vpc{}, subnets: map[string]*subnet{}, enis: map[string]*eni{}, groups: map[string]*group{},
		acls: map[string]*acl{}, tables: map[string]*table{}, lists: map[string][]netip.Prefix{}, igws: map[string]string{},
		eigws: map[string]string{}, vgws: map[string]string{}, nats: map[string]*nat{}, peerings: map[string]*peering{},
		endpoints: map[string]*endpoint{}, tgws: map[string]*tgw{}, attachments: map[string]*attachment{},
		firewalls: map[string]*firewall{}, blocks: map[place]string{}, exclusions: map[string]string{}, vpns: map[string]string{},
		eices: map[string]*eice{}, clientVPNs: map[string]*clientVPN{},
	}
	read := map[string]func(*haetae.Resource) error{
		"AWS::EC2::VPC": w.readVPC, "AWS::EC2::Subnet": w.readSubnet, "AWS::EC2::NetworkInterface": w.readInterface,
		"AWS::EC2::SecurityGroup": w.readGroup, "AWS::EC2::NetworkAcl": w.readACL, "AWS::EC2::RouteTable": w.readTable,
		"AWS::EC2::PrefixList": w.readList, "AWS::EC2::NatGateway": w.readNAT, "AWS::EC2::VPCPeeringConnection": w.readPeering,
		"AWS::EC2::VPCEndpoint": w.readEndpoint, "AWS::EC2::TransitGateway": w.readTGW,
		"AWS::EC2::TransitGatewayAttachment": w.readAttachment,
		"Haetae::Region":                     w.readBlock, "AWS::EC2::VPCBlockPublicAccessExclusion": w.readExclusion,
		"AWS::ElasticLoadBalancingV2::LoadBalancer": w.readBalancer, "AWS::EC2::ClientVpnEndpoint": w.readClientVPN,
	}
	for _, r := range snap.Resources {
		switch r.Type {
		case "AWS::EC2::InternetGateway":
			w.igws[r.ID] = attachedTo(r)
		case "AWS::EC2::VPNGateway":
			w.vgws[r.ID] = attachedTo(r)
		case "AWS::EC2::EgressOnlyInternetGateway":
			w.eigws[r.ID] = text(r.Props, "VpcId")
		case "AWS::EC2::VPNConnection":
			w.vpns[r.ID] = cmp.Or(text(r.Props, "VpnGatewayId"), text(r.Props, "TransitGatewayId"))
		}
		if f := read[r.Type]; f != nil {
			if err := f(r); err != nil {
				return nil, fmt.Errorf("%s %s: %w", r.Type, r.ID, err)
			}
		}
	}
	// What refers to others comes when the others are known.
	later := map[string]func(*haetae.Resource) error{
		"AWS::EC2::EIP": w.readEIP, "AWS::EC2::TransitGatewayRouteTable": w.readTransitTable,
		"AWS::NetworkFirewall::Firewall":        func(r *haetae.Resource) error { return w.readFirewall(r, snap) },
		"AWS::ElasticLoadBalancingV2::Listener": func(r *haetae.Resource) error { return w.readListener(r, snap) },
	}
	for _, r := range snap.Resources {
		if f := later[r.Type]; f != nil {
			if err := f(r); err != nil {
				return nil, fmt.Errorf("%s %s: %w", r.Type, r.ID, err)
			}
		}
	}
	for _, typ := range []string{"AWS::EC2::InstanceConnectEndpoint", "AWS::EC2::ClientVpnTargetNetworkAssociation", "AWS::EC2::ClientVpnRoute", "AWS::EC2::ClientVpnAuthorizationRule"} {
		for _, r := range snap.Resources {
			if r.Type != typ {
				continue
			}
			f := w.readClientPart
			if typ == "AWS::EC2::InstanceConnectEndpoint" {
				f = w.readEICE
			}
			if err := f(r); err != nil {
				return nil, fmt.Errorf("%s %s: %w", r.Type, r.ID, err)
			}
		}
	}
	for _, e := range w.enis {
		if s := w.subnets[e.subnet]; s != nil {
			e.vpc = s.vpc
		}
	}
	w.natPorts = w.interestingPorts()
	return w, w.whole()
}

// whole tells whether all subnets and VPCs that things are in are there.
func (w *World) whole() error {
	in := map[string]string{}
	for id, e := range w.enis {
		in[id] = e.subnet
	}
	for id, n := range w.nats {
		in[id] = n.subnet
	}
	for id, e := range w.endpoints {
		for _, s := range e.subnets {
			in[id] = s
		}
	}
	for _, of := range []map[string]string{w.igws, w.eigws, w.vgws} {
		for id, v := range of {
			if v != "" && w.vpcs[v] == nil {
				return fmt.Errorf("%s is attached to %s, which is not in the snapshot", id, v)
			}
		}
	}
	for id, t := range w.tables {
		if w.vpcs[t.vpc] == nil {
			return fmt.Errorf("%s is of %s, which is not in the snapshot", id, t.vpc)
		}
	}
	for id, p := range w.peerings {
		if w.vpcs[p.a] == nil || w.vpcs[p.b] == nil {
			return fmt.Errorf("%s is of a VPC that is not in the snapshot", id)
		}
	}
	for id, s := range in {
		if w.subnets[s] == nil || w.vpcs[w.subnets[s].vpc] == nil {
			return fmt.Errorf("%s is in subnet %s, which is not in the snapshot", id, s)
		}
	}
	return nil
}

func attachedTo(r *haetae.Resource) string {
	for _, a := range items(r.Props["Attachments"]) {
		return text(a, "VpcId")
	}
	return ""
}

func (w *World) readVPC(r *haetae.Resource) error {
	v := &vpc{id: r.ID, at: place{r.Account, r.Region}, dnsOff: r.Props["EnableDnsSupport"] == false}
	w.vpcs[r.ID] = v
	all := []string{text(r.Props, "CidrBlock")}
	for _, b := range items(r.Props["CidrBlocks"]) {
		all = append(all, text(b, "CidrBlock"), text(b, "Ipv6CidrBlock"))
	}
	return prefixes(&v.cidrs, all...)
}

func (w *World) readSubnet(r *haetae.Resource) error {
	s := &subnet{id: r.ID, vpc: text(r.Props, "VpcId"), zone: text(r.Props, "AvailabilityZone")}
	w.subnets[r.ID] = s
	return prefixes(&s.cidrs, text(r.Props, "CidrBlock"), text(r.Props, "Ipv6CidrBlock"))
}

func (w *World) readInterface(r *haetae.Resource) error {
	e := &eni{id: r.ID, subnet: text(r.Props, "SubnetId"), kind: text(r.Props, "InterfaceType"), description: text(r.Props, "Description"), instance: text(r.Props["Attachment"], "InstanceId"),
		public: map[netip.Addr]netip.Addr{}, groups: texts(r.Props["GroupSet"]), check: r.Props["SourceDestCheck"] != false}
	w.enis[r.ID] = e
	if err := addresses(&e.addrs, text(r.Props, "PrivateIpAddress")); err != nil {
		return err
	}
	if len(e.addrs) > 0 {
		if p, err := netip.ParseAddr(text(r.Observed, "PublicIp")); err == nil {
			e.public[e.addrs[0]] = p
		}
	}
	for _, a := range items(r.Props["PrivateIpAddresses"]) {
		if err := addresses(&e.addrs, text(a, "PrivateIpAddress")); err != nil {
			return err
		}
	}
	for _, a := range items(r.Props["Ipv6Addresses"]) {
		if err := addresses(&e.addrs, text(a, "Ipv6Address")); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) readEIP(r *haetae.Resource) error {
	e := w.enis[text(r.Props, "NetworkInterfaceId")]
	if e == nil {
		return nil
	}
	private, err := netip.ParseAddr(text(r.Props, "PrivateIpAddress"))
	if err != nil {
		return err
	}
	public, err := netip.ParseAddr(text(r.Observed, "PublicIp"))
	if err != nil {
		return err
	}
	e.public[private] = public
	return nil
}

func (w *World) readList(r *haetae.Resource) error {
	var list []netip.Prefix
	for _, e := range items(r.Props["Entries"]) {
		if err := prefixes(&list, text(e, "Cidr")); err != nil {
			return err
		}
	}
	w.lists[r.ID] = list
	return nil
}

func (w *World) readNAT(r *haetae.Resource) error {
	n := &nat{id: r.ID, subnet: text(r.Props, "SubnetId"), vpc: text(r.Props, "VpcId")}
	list := items(r.Observed["Addresses"])
	if len(list) == 0 {
		return fmt.Errorf("it has no address")
	}
	if err := first(&n.private, text(list[0], "PrivateIp")); err != nil {
		return err
	}
	if err := first(&n.public, text(list[0], "PublicIp")); err != nil {
		return err
	}
	w.nats[r.ID] = n
	return nil
}

func (w *World) readPeering(r *haetae.Resource) error {
	status := cmp.Or(text(r.Observed, "Status"), "active")
	w.peerings[r.ID] = &peering{id: r.ID, a: text(r.Props, "VpcId"), b: text(r.Props, "PeerVpcId"), active: status == "active"}
	return nil
}

func (w *World) readEndpoint(r *haetae.Resource) error {
	w.endpoints[r.ID] = &endpoint{id: r.ID, vpc: text(r.Props, "VpcId"), kind: text(r.Props, "VpcEndpointType"),
		service: text(r.Props, "ServiceName"), subnets: texts(r.Props["SubnetIds"])}
	return nil
}

func (w *World) readBlock(r *haetae.Resource) error {
	w.blocks[place{r.Account, r.Region}] = text(r.Observed["VpcBlockPublicAccess"], "InternetGatewayBlockMode")
	return nil
}

func (w *World) readExclusion(r *haetae.Resource) error {
	mode := text(r.Props, "InternetGatewayExclusionMode")
	w.exclusions[cmp.Or(text(r.Props, "SubnetId"), text(r.Props, "VpcId"))] = mode
	return nil
}

// holder returns the interface of a VPC that holds an address.
func (w *World) holder(vpc string, a netip.Addr) *eni {
	for _, e := range w.enis {
		if e.vpc == vpc && slices.Contains(e.addrs, a) {
			return e
		}
	}
	return nil
}

// publicHolder returns the interface and its address to which an internet
// gateway translates a public address.
func (w *World) publicHolder(a netip.Addr) (*eni, netip.Addr) {
	for _, e := range w.enis {
		for private, public := range e.public {
			if public == a {
				return e, private
			}
		}
	}
	return nil, netip.Addr{}
}

// inside tells whether an address lies in a VPC.
func (v *vpc) inside(a netip.Addr) bool { return contains(v.cidrs, a) }

func contains(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// The rest reads property trees.

func text(v any, name string) string {
	m, _ := v.(map[string]any)
	switch x := m[name].(type) {
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	}
	return ""
}

func number(v any, name string, none int) (int, error) {
	m, _ := v.(map[string]any)
	switch x := m[name].(type) {
	case nil:
		return none, nil
	case int64:
		return int(x), nil
	case string:
		return strconv.Atoi(x)
	}
	return 0, fmt.Errorf("%s is a %T", name, m[name])
}

func truth(v any, name string) bool {
	m, _ := v.(map[string]any)
	return m[name] == true || m[name] == "true" || m[name] == "enable"
}

func items(v any) []any {
	list, _ := v.([]any)
	return list
}

func texts(v any) (out []string) {
	for _, e := range items(v) {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func prefixes(to *[]netip.Prefix, all ...string) error {
	for _, s := range all {
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return err
		}
		*to = append(*to, p.Masked())
	}
	return nil
}

func addresses(to *[]netip.Addr, s string) error {
	if s == "" {
		return nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return err
	}
	if !slices.Contains(*to, a) {
		*to = append(*to, a)
	}
	return nil
}

// first reads an address if there is one.
func first(to *netip.Addr, s string) (err error) {
	if s != "" {
		*to, err = netip.ParseAddr(s)
	}
	return err
}

func suffix(s string) string { return s[strings.LastIndexAny(s, ":/")+1:] }

// VPC returns the VPC of an interface, "" when it is not there.
func (w *World) VPC(id string) string {
	if e := w.enis[id]; e != nil {
		return e.vpc
	}
	return ""
}

// Holds tells whether an interface is there and holds an address.
func (w *World) Holds(id string, a netip.Addr) bool {
	return w.enis[id] != nil && slices.Contains(w.enis[id].addrs, a)
}

// has tells whether what a route points at is in the snapshot.
func (w *World) has(target string) bool {
	known := map[string]bool{"local": true}
	for _, ids := range [][]string{sortedKeys(w.igws), sortedKeys(w.eigws), sortedKeys(w.vgws), sortedKeys(w.nats), sortedKeys(w.peerings),
		sortedKeys(w.tgws), sortedKeys(w.endpoints), sortedKeys(w.enis)} {
		for _, id := range ids {
			known[id] = true
		}
	}
	return known[target]
}

// Public returns the interface to which an internet gateway translates a public
// address, or that holds a public IPv6 address, when that is the only address of
// its kind that the interface has; else "".
func (w *World) Public(a netip.Addr) string {
	for id, e := range w.enis {
		var all []netip.Addr
		for _, own := range e.addrs {
			switch {
			case a.Is4() && e.public[own].IsValid():
				all = append(all, e.public[own])
			case a.Is6() && own.Is6():
				all = append(all, own)
			}
		}
		if len(all) == 1 && all[0] == a {
			return id
		}
	}
	return ""
}

// Outward tells whether the routes of whoever has a public address lead to the
// internet for an outside one, as far as they say: a question that names an
// outside address means the place that they lead to.
func (w *World) Outward(public, a netip.Addr) bool {
	var s *subnet
	for _, n := range w.nats {
		if n.public == public {
			s = w.subnets[n.subnet]
		}
	}
	if e, _ := w.publicHolder(public); e != nil {
		s = w.subnets[e.subnet]
	}
	for _, e := range w.enis {
		if public.Is6() && slices.Contains(e.addrs, public) {
			s = w.subnets[e.subnet]
		}
	}
	if s == nil {
		return true
	}
	for range 5 {
		t := w.tableOf(s)
		if t == nil {
			return true
		}
		routes, _ := w.lookup(t, a)
		if len(routes) == 0 {
			return true
		}
		kind, _, _ := strings.Cut(routes[0].target, "-")
		switch to := routes[0].target; {
		case kind == "nat" && w.nats[to] != nil:
			s = w.subnets[w.nats[to].subnet]
		case kind == "eni" && w.enis[to] != nil:
			s = w.subnets[w.enis[to].subnet]
		case kind == "vpce" && w.endpoints[to] != nil && len(w.endpoints[to].subnets) == 1:
			s = w.subnets[w.endpoints[to].subnets[0]]
		default:
			return kind == "igw" || kind == "eigw"
		}
	}
	return true
}
