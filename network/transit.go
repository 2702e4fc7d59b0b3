package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// peering is a VPC peering connection.
type peering struct {
	res   *haetae.Resource
	sides [2]*vpc
	state string
}

// other returns the VPC at the other side.
func (p *peering) other(v *vpc) *vpc {
	if p.sides[0] == v {
		return p.sides[1]
	}
	return p.sides[0]
}

func (p *peering) active() bool { return p.state == "" || p.state == "active" }

func (w *World) addPeering(r *haetae.Resource) {
	p := &peering{res: r, state: text(r.Observed["Status"])}
	for i, side := range []struct{ ref, blocks string }{{"VpcId", "RequesterCidrBlocks"}, {"PeerVpcId", "AccepterCidrBlocks"}} {
		v := w.vpcOf(r, r.Props[side.ref])
		if v == nil {
			// A VPC of an account that is not in the snapshot: its ranges are all that
			// is known of it.
			v = w.strange(r, r.Props[side.ref])
			list, _ := items(r.Observed[side.blocks])
			for _, b := range list {
				if p, ok := prefixOf(b); ok && !slices.Contains(v.prefixes, p) {
					v.prefixes = append(v.prefixes, p)
					v.cidrs = v.cidrs.Union(cidr.Prefix(p))
				}
			}
		}
		p.sides[i] = v
	}
	w.of[r] = p
	w.peerings = append(w.peerings, p)
}

// hub is a transit gateway or a core network of Cloud WAN.
type hub struct {
	res         *haetae.Resource
	core        bool
	attachments []*attachment
	tables      []*hubTable
	state       string
	assocWhy    *haetae.Unknown // why not all associations are known
	refers      bool            // security groups may be referred to across it
}

// farSide is the attachment of a peering at the other transit gateway, or nil.
func (w *World) farSide(to *attachment) *attachment {
	for _, h := range w.hubs {
		for _, a := range h.attachments {
			if h != to.hub && a.kind == "peering" && (a.res.ID == to.res.ID || a.remote == to.hub.res.ID && to.remote == h.res.ID) {
				return a
			}
		}
	}
	return nil
}

// attachedWith are the VPCs that transit gateways join with one, over peerings of
// theirs too.
func (w *World) attachedWith(v *vpc) map[*vpc]bool {
	out, seen := map[*vpc]bool{}, map[*hub]bool{}
	var visit func(*hub)
	visit = func(h *hub) {
		if seen[h] {
			return
		}
		seen[h] = true
		for _, a := range h.attachments {
			switch a.kind {
			case "vpc":
				out[a.vpc] = true
			case "peering":
				if far := w.farSide(a); far != nil {
					visit(far.hub)
				}
			}
		}
	}
	for _, h := range w.hubs {
		if h.of(v) != nil {
			visit(h)
		}
	}
	return out
}

// attachment is what is attached to a transit gateway.
type attachment struct {
	res       *haetae.Resource
	hub       *hub
	kind      string // vpc, vpn, direct-connect-gateway, connect, peering …
	vpc       *vpc
	vpcWhy    *haetae.Unknown // why its VPC is not known
	subnets   []*subnet
	subWhy    *haetae.Unknown
	appliance bool
	refers    bool
	state     string
	table     *hubTable
	remote    string // what is attached, when it is no VPC: vpn-…, dxgw-…, tgw-…
}

func (a *attachment) ok() bool {
	switch a.state {
	case "", "available", "modifying":
		return true
	}
	return false
}

// in returns the subnet of the attachment in a zone, or nil.
func (a *attachment) in(zone string) *subnet {
	for _, s := range a.subnets {
		if s.zone == zone || zone == "" || s.zone == "" {
			return s
		}
	}
	return nil
}

// hubTable is a transit gateway's route table.
type hubTable struct {
	res    *haetae.Resource
	hub    *hub
	routes []hubRoute
	why    *haetae.Unknown
}

// hubRoute is a route of a transit gateway's route table.
type hubRoute struct {
	prefix netip.Prefix
	dest   cidr.Addrs
	rank   int // 0 static, 1 prefix list, 2 and up propagated
	to     []*attachment
	bad    bool
	text   string
}

var attachmentTypes = []string{"AWS::EC2::TransitGatewayAttachment", "AWS::EC2::TransitGatewayVpcAttachment", "AWS::EC2::TransitGatewayPeeringAttachment"}

func (w *World) addTransit(byType map[string][]*haetae.Resource) {
	for _, r := range byType["AWS::EC2::TransitGateway"] {
		h := &hub{res: r, state: text(r.Observed["State"]), refers: text(r.Props["SecurityGroupReferencingSupport"]) == "enable"}
		w.of[r] = h
		w.hubs = append(w.hubs, h)
	}
	for _, typ := range attachmentTypes {
		for _, r := range byType[typ] {
			w.addAttachment(r)
		}
	}
	for _, r := range byType["AWS::EC2::VPNConnection"] {
		w.addHubVPN(r)
	}
	for _, r := range byType["AWS::EC2::TransitGatewayRouteTable"] {
		w.addHubTable(r)
	}
	for _, h := range w.hubs {
		w.defaults(h)
	}
}

// hubOf returns the transit gateway that a value refers to. One that is shared
// with us may not be in the snapshot: its name is all that is known of it.
func (w *World) hubOf(r *haetae.Resource, v any) *hub {
	if h, ok := w.of[w.find(r, v, "AWS::EC2::TransitGateway")].(*hub); ok {
		return h
	}
	id := text(v)
	if id == "" {
		return nil
	}
	for _, h := range w.hubs {
		if h.res.ID == id && h.res.Stack == r.Stack {
			return h
		}
	}
	h := &hub{res: &haetae.Resource{Type: "AWS::EC2::TransitGateway", ID: id, Region: r.Region, Stack: r.Stack,
		Stub: missing("transit gateway "+id+" is not in the snapshot", "ec2:DescribeTransitGateways")}}
	w.hubs = append(w.hubs, h)
	return h
}

func (w *World) addAttachment(r *haetae.Resource) {
	// A peering has one ID at both of its transit gateways: they are two.
	if old, ok := w.attachmentNamed(r.ID, r.Stack); ok && old.hub == w.hubOf(r, r.Props["TransitGatewayId"]) {
		w.of[r] = old // two types of one thing, or two accounts that see it
		w.fillAttachment(old, r)
		return
	}
	a := &attachment{res: r, kind: text(r.Observed["ResourceType"]), refers: true}
	w.fillAttachment(a, r)
	w.of[r] = a
	if a.hub != nil {
		a.hub.attachments = append(a.hub.attachments, a)
	}
}

func (w *World) fillAttachment(a *attachment, r *haetae.Resource) {
	if a.hub == nil {
		a.hub = w.hubOf(r, r.Props["TransitGatewayId"])
	}
	if a.vpc == nil {
		a.vpc = w.vpcOrStrange(r, r.Props["VpcId"])
		if u := whyNot(r.Props["VpcId"]); u != nil && a.vpc != nil && a.vpc.res.Stub != nil {
			a.vpcWhy = u
		}
	}
	if a.kind == "" {
		a.kind = "vpc"
		if r.Type == "AWS::EC2::TransitGatewayPeeringAttachment" {
			a.kind = "peering"
		}
	}
	if s := text(r.Observed["State"]); s != "" {
		a.state = s
	}
	if s := text(r.Observed["ResourceId"]); s != "" {
		a.remote = s
	}
	if s := text(get(r.Props, "PeerTransitGatewayId")); s != "" {
		a.remote = s
	}
	options, _ := r.Props["Options"].(map[string]any)
	a.appliance = a.appliance || text(options["ApplianceModeSupport"]) == "enable"
	if text(options["SecurityGroupReferencingSupport"]) == "disable" {
		a.refers = false
	}
	if len(a.subnets) == 0 {
		a.subnets, a.subWhy = w.subnetsOf(r, "SubnetIds")
		if a.kind == "vpc" && a.vpc == nil && a.subWhy == nil {
			a.subWhy = missing("the VPC of attachment "+r.ID, "ec2:DescribeTransitGatewayVpcAttachments")
		}
	}
}

func (w *World) attachmentNamed(id, stack string) (*attachment, bool) {
	for _, h := range w.hubs {
		for _, a := range h.attachments {
			if a.res.ID == id && a.res.Stack == stack {
				return a, true
			}
		}
	}
	return nil, false
}

// addHubVPN makes the attachment that a VPN connection of a transit gateway has,
// when it is not listed.
func (w *World) addHubVPN(r *haetae.Resource) {
	if r.Props["TransitGatewayId"] == nil || r.Props["TransitGatewayId"] == "" {
		return
	}
	h := w.hubOf(r, r.Props["TransitGatewayId"])
	if h == nil {
		return
	}
	if slices.ContainsFunc(h.attachments, func(a *attachment) bool { return a.remote == r.ID }) {
		return
	}
	h.attachments = append(h.attachments, &attachment{res: r, hub: h, kind: "vpn", remote: r.ID})
}

// attachmentOf returns the attachment of a transit gateway that a value refers to.
func (w *World) attachmentOf(h *hub, r *haetae.Resource, v any) *attachment {
	if h != nil {
		for _, a := range h.attachments {
			if a.res.ID == text(v) {
				return a
			}
		}
	}
	if a, ok := w.of[w.find(r, v, attachmentTypes...)].(*attachment); ok {
		return a
	}
	if a, ok := w.attachmentNamed(text(v), r.Stack); ok {
		return a
	}
	return nil
}

func (w *World) addHubTable(r *haetae.Resource) {
	t := &hubTable{res: r, hub: w.hubOf(r, r.Props["TransitGatewayId"])}
	list, why := items(r.Props["Routes"])
	t.why = firstWhy(why, r.Stub)
	for _, x := range list {
		w.addHubRoute(t, r, x)
	}
	associated, why := items(r.Props["Associations"])
	for _, x := range associated {
		if a := w.attachmentOf(t.hub, r, get(x, "TransitGatewayAttachmentId")); a != nil {
			a.table = t
		}
	}

	if t.hub != nil {
		t.hub.assocWhy = firstWhy(t.hub.assocWhy, why)
		t.hub.tables = append(t.hub.tables, t)
		for _, a := range t.hub.attachments {
			if text(a.res.Observed["TransitGatewayRouteTableId"]) == r.ID {
				a.table = t
			}
		}
	}
	// What is propagated is in the answer of the search already; a template only
	// says who propagates.
	propagated, _ := items(r.Props["Propagations"])
	for _, x := range propagated {
		if a := w.attachmentOf(t.hub, r, get(x, "TransitGatewayAttachmentId")); a != nil && r.Declared() {
			t.propagate(a)
		}
	}
	t.order()
	w.of[r] = t
}

func (w *World) addHubRoute(t *hubTable, r *haetae.Resource, x any) {
	base := hubRoute{}
	base.bad, _ = flag(get(x, "Blackhole"))
	if text(get(x, "State")) == "blackhole" {
		base.bad = true
	}
	if text(get(x, "Type")) == "propagated" {
		base.rank = 2
	}
	if ref := get(x, "TransitGatewayAttachmentId"); ref != nil {
		if a := w.attachmentOf(t.hub, r, ref); a != nil {
			base.to = []*attachment{a}
		} else {
			base.to = []*attachment{{res: &haetae.Resource{Type: attachmentTypes[0], ID: text(ref)}, hub: t.hub, kind: "unknown"}}
		}
	}
	add := func(p netip.Prefix, name string) {
		for i := range t.routes {
			// Several attachments for one prefix share the traffic.
			if o := &t.routes[i]; o.prefix == p && o.rank == base.rank && len(base.to) > 0 && len(o.to) > 0 {
				o.to = append(o.to, base.to...)
				return
			}
		}
		one := base
		one.prefix, one.dest, one.text = p, cidr.Prefix(p), name
		t.routes = append(t.routes, one)
	}
	if p, ok := prefixOf(get(x, "DestinationCidrBlock")); ok {
		add(p, p.String())
	} else if u := whyNot(get(x, "DestinationCidrBlock")); u != nil {
		t.why = firstWhy(t.why, u)
	}
	if v := text(get(x, "PrefixListId")); v != "" && get(x, "DestinationCidrBlock") == nil {
		l := w.listOf(r, v)
		t.why = firstWhy(t.why, l.why)
		base.rank = 1
		for _, p := range l.prefixes {
			add(p, v)
		}
	}
}

// propagate adds the ranges of what is attached. A static route for the same
// prefix goes first.
func (t *hubTable) propagate(a *attachment) {
	if a.vpc == nil {
		if a.kind != "vpc" {
			t.why = firstWhy(t.why, missing("what "+a.res.ID+" propagates"))
		}
		return
	}
	for _, p := range a.vpc.prefixes {
		t.routes = append(t.routes, hubRoute{prefix: p, dest: cidr.Prefix(p), rank: 2, to: []*attachment{a}, text: p.String()})
	}
}

func (t *hubTable) order() {
	slices.SortStableFunc(t.routes, func(a, b hubRoute) int {
		if a.prefix.Bits() != b.prefix.Bits() {
			return b.prefix.Bits() - a.prefix.Bits()
		}
		return a.rank - b.rank
	})
}

// defaults gives a template's transit gateway the route table that AWS makes for
// it unless it is told not to
// (https://docs.aws.amazon.com/vpc/latest/tgw/tgw-route-tables.html).
func (w *World) defaults(h *hub) {
	if !h.res.Declared() || h.res.Stub != nil || text(h.res.Props["DefaultRouteTableAssociation"]) == "disable" {
		return
	}
	t := &hubTable{res: h.res, hub: h}
	used := false
	for _, a := range h.attachments {
		if a.table == nil {
			a.table, used = t, true
		}
	}
	if !used {
		return
	}
	if text(h.res.Props["DefaultRouteTablePropagation"]) != "disable" {
		for _, a := range h.attachments {
			t.propagate(a)
		}
	}
	t.order()
	h.tables = append(h.tables, t)
}

// hubBranch is the packets that one route of a transit gateway takes.
type hubBranch struct {
	route *hubRoute
	dest  cidr.Addrs
}

func (t *hubTable) lookup(dest cidr.Addrs) []hubBranch {
	var out []hubBranch
	left := dest
	for i := range t.routes {
		r := &t.routes[i]
		if take := left.Intersect(r.dest); !take.Empty() {
			out = append(out, hubBranch{r, take})
			left = left.Minus(take)
		}
	}
	if !left.Empty() {
		out = append(out, hubBranch{nil, left})
	}
	return out
}

// endpoint is a VPC endpoint: a gateway, an interface, or one of a gateway load
// balancer or firewall.
type endpoint struct {
	res      *haetae.Resource
	kind     string // "Gateway", "Interface", "GatewayLoadBalancer"
	vpc      *vpc
	subnets  []*subnet
	state    string
	firewall *firewall
	listWhy  *haetae.Unknown
}

func (e *endpoint) ok() bool {
	switch strings.ToLower(e.state) {
	case "", "available":
		return true
	}
	return false
}

func (w *World) addEndpoints(byType map[string][]*haetae.Resource) {
	for _, r := range byType["AWS::EC2::VPCEndpoint"] {
		e := &endpoint{res: r, kind: text(r.Props["VpcEndpointType"]), vpc: w.vpcOf(r, r.Props["VpcId"]), state: text(r.Observed["State"])}
		if e.kind == "" {
			e.kind = "Gateway"
		}
		e.subnets, _ = w.subnetsOf(r, "SubnetIds")
		w.of[r] = e
		for _, n := range w.owned[r] {
			w.ends[n] = e
		}
	}
}

// blocking is what VPC Block Public Access does: "off", "block-bidirectional" or
// "block-ingress".
type blocking struct {
	mode string
	why  *haetae.Unknown
}

// addBlocking notes exclusions for what they exclude.
func (w *World) addBlocking(exclusions []*haetae.Resource) {
	for _, r := range exclusions {
		for prop, typ := range map[string]string{"VpcId": "AWS::EC2::VPC", "SubnetId": "AWS::EC2::Subnet"} {
			if x := w.find(r, r.Props[prop], typ); x != nil {
				w.excluded[x] = text(r.Props["InternetGatewayExclusionMode"])
			}
		}
	}
}

// blockingOf says whether VPC Block Public Access stops what goes between a subnet
// and the internet (https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html).
//
// Off is what every account begins with. When nobody asked, it is taken to be
// off: the only assumption that the package makes, and docs/network-support.md
// says so. When the question was refused the answer is not known.
func (w *World) blockingOf(v *vpc, s *subnet) blocking {
	b := blocking{mode: "off"}
	if len(w.changed("exclusion", v.res)) > 0 {
		return b
	}
	region := w.regions[[2]string{v.res.Account, v.res.Region}]
	if region != nil {
		switch o := region.Observed["VpcBlockPublicAccess"].(type) {
		case map[string]any:
			b.mode = text(o["InternetGatewayBlockMode"])
		case *haetae.Unknown:
			if o.Reason != haetae.NotAsked {
				b.why = o
			}
		}
	}
	if s != nil {
		if m := text(get(s.res.Observed["BlockPublicAccessStates"], "InternetGatewayBlockMode")); m != "" && (b.why != nil || b.mode == "off") {
			return blocking{mode: m} // what holds for the subnet, exclusions counted
		}
	}
	if b.mode == "" {
		b.mode = "off"
	}
	if b.mode == "off" {
		return b
	}
	exclusion := w.excluded[v.res]
	if s != nil && w.excluded[s.res] != "" {
		exclusion = w.excluded[s.res]
	}
	switch exclusion {
	case "allow-bidirectional":
		b.mode = "off"
	case "allow-egress":
		if b.mode == "block-bidirectional" {
			b.mode = "block-ingress"
		}
	}
	return b
}
