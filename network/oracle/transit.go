package oracle

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/haetae/haetae"
)

// tgw is a transit gateway.
type tgw struct {
	id         string
	references bool // security groups may be referred to through it
}

// attachment joins a transit gateway and something else.
type attachment struct {
	id, tgw, kind, of string // kind as ResourceType: vpc, vpn, peering, direct-connect-gateway
	available         bool
	subnets           []string
	appliance         bool
	references        bool
	table             *transitTable
}

type transitTable struct {
	id     string
	routes []transitRoute
}

type transitRoute struct {
	dest       netip.Prefix
	list       string
	attachment string
	blackhole  bool
	propagated bool
}

func (w *World) readTGW(r *haetae.Resource) error {
	w.tgws[r.ID] = &tgw{id: r.ID, references: text(r.Props, "SecurityGroupReferencingSupport") == "enable"}
	return nil
}

func (w *World) readAttachment(r *haetae.Resource) error {
	m, _ := r.Props["Options"].(map[string]any)
	w.attachments[r.ID] = &attachment{
		id: r.ID, tgw: text(r.Props, "TransitGatewayId"),
		kind: cmp.Or(text(r.Observed, "ResourceType"), "vpc"), of: cmp.Or(text(r.Props, "VpcId"), text(r.Observed, "ResourceId")),
		available: cmp.Or(text(r.Observed, "State"), "available") == "available",
		subnets:   texts(r.Props["SubnetIds"]), appliance: text(m, "ApplianceModeSupport") == "enable",
		references: text(m, "SecurityGroupReferencingSupport") != "disable",
	}
	return nil
}

func (w *World) readTransitTable(r *haetae.Resource) error {
	t := &transitTable{id: r.ID}
	for _, a := range items(r.Props["Associations"]) {
		if at := w.attachments[text(a, "TransitGatewayAttachmentId")]; at != nil {
			at.table = t
		}
	}
	for _, x := range items(r.Props["Routes"]) {
		one := transitRoute{list: text(x, "PrefixListId"), attachment: text(x, "TransitGatewayAttachmentId"),
			blackhole: truth(x, "Blackhole"), propagated: text(x, "Type") == "propagated"}
		if c := text(x, "DestinationCidrBlock"); c != "" {
			var err error
			if one.dest, err = netip.ParsePrefix(c); err != nil {
				return err
			}
		}
		t.routes = append(t.routes, one)
	}
	for _, a := range items(r.Props["Propagations"]) {
		at := w.attachments[text(a, "TransitGatewayAttachmentId")]
		if at == nil || at.kind != "vpc" || w.vpcs[at.of] == nil {
			continue
		}
		// "For VPC attachments, the CIDR blocks of the VPC are propagated."
		// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
		for _, c := range w.vpcs[at.of].cidrs {
			t.routes = append(t.routes, transitRoute{dest: c, attachment: at.id, propagated: true})
		}
	}
	return nil
}

// find returns the routes of the table for an address: the most specific, and
// of equals static ones before prefix lists before propagated ones.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (w *World) find(t *transitTable, dst netip.Addr) (best []transitRoute, unknown string) {
	bits, rank := -1, 0
	for _, r := range t.routes {
		dests, order := []netip.Prefix{r.dest}, 0
		switch {
		case r.list != "":
			list, known := w.lists[r.list]
			if !known {
				return nil, r.list
			}
			dests, order = list, 1
		case r.propagated:
			order = 2
		}
		for _, d := range dests {
			switch {
			case !d.IsValid() || !d.Contains(dst):
			case d.Bits() > bits || d.Bits() == bits && order < rank:
				bits, rank, best = d.Bits(), order, []transitRoute{r}
			case d.Bits() == bits && order == rank && !slices.ContainsFunc(best, func(b transitRoute) bool { return b.attachment == r.attachment }):
				best = append(best, r)
			}
		}
	}
	return best, ""
}

// toTransit takes a packet from a subnet to a transit gateway.
func (k *walk) toTransit(id string, s *subnet) result {
	w := k.w
	if w.tgws[id] == nil {
		return k.unmodelled("transit gateway %s is not in the snapshot", id)
	}
	var at *attachment
	for _, a := range w.attachments {
		if a.tgw == id && a.kind == "vpc" && a.of == s.vpc && a.available {
			at = a
		}
	}
	if at == nil {
		return k.drop(id, "%s is not attached to it", s.vpc)
	}
	// "Traffic is forwarded to the transit gateway only when the transit gateway
	// has an attachment in a subnet in the same Availability Zone."
	// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
	door := w.door(at, s.zone)
	if door == nil {
		return k.drop(id, "it has no attachment in zone %s", s.zone)
	}
	// ACLs: the inbound rules of the attachment's subnet are asked about what
	// instances send, also when they are in the same subnet.
	// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
	if ok, r := k.acl(door, false); !ok {
		return r
	}
	k.zone = s.zone
	return k.transit(at)
}

// door is the subnet in which an attachment has its interface in a zone.
func (w *World) door(at *attachment, zone string) *subnet {
	for _, id := range at.subnets {
		if s := w.subnets[id]; s != nil && s.zone == zone {
			return s
		}
	}
	return nil
}

// transit takes a packet that came in by an attachment to the one that the
// table says, with which the first "is associated": "each attachment is
// associated with exactly one route table".
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (k *walk) transit(at *attachment) result {
	w, table, gateway := k.w, at.table, at.tgw
	if k.hops++; k.hops > 40 {
		return k.drop(gateway, "it goes round in circles")
	}
	if table == nil {
		return k.drop(at.id, "it is associated with no route table")
	}
	routes, unknown := w.find(table, k.p.Dst)
	if unknown != "" {
		return k.unmodelled("prefix list %s is not in the snapshot", unknown)
	}
	if len(routes) == 0 {
		return k.drop(table.id, "no route")
	}
	r := routes[0]
	if len(routes) > 1 {
		r = routes[k.choose(len(routes))]
	}
	if r.blackhole {
		return k.drop(table.id, "a blackhole route")
	}
	to := w.attachments[r.attachment]
	if to == nil || !to.available {
		return k.drop(table.id, "the route's attachment %s is not available", r.attachment)
	}
	k.say(table.id, "route to %s", to.id)
	if k.byName {
		// References by outbound rules are not supported through a transit gateway.
		// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
		return k.drop(gateway, "outbound rules cannot refer to groups through a transit gateway")
	}
	if g := w.tgws[gateway]; g == nil || !g.references || !at.references || !to.references {
		k.known = ""
	}
	switch to.kind {
	case "vpc":
		return k.fromTransitInto(to)
	case "vpn", "direct-connect-gateway":
		k.known = ""
		return k.delivered(to.id)
	case "peering":
		return k.across(to)
	}
	return k.unmodelled("a transit gateway attachment of kind %s", to.kind)
}

// fromTransitInto enters a VPC by an attachment.
//
// In the zone the packet came from if the attachment is there; else, and always
// in appliance mode, the transit gateway chooses, and in appliance mode keeps to
// "the same Availability Zone for the lifetime of the flow", both ways.
// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html
func (k *walk) fromTransitInto(at *attachment) result {
	w := k.w
	door := w.door(at, k.zone)
	if at.appliance || door == nil {
		if len(at.subnets) == 0 {
			return k.drop(at.id, "it has no subnets")
		}
		id, pinned := k.flow.pinned[at.id]
		if !pinned {
			id = at.subnets[k.choose(len(at.subnets))]
			if at.appliance {
				k.flow.pinned[at.id] = id
			}
		}
		if door = w.subnets[id]; door == nil {
			return k.unmodelled("subnet %s is not in the snapshot", id)
		}
	}
	k.say(at.id, "enters %s in %s", at.of, door.id)
	if contains(door.cidrs, k.p.Dst) {
		// "Same subnet …: from the transit gateway to the instances: inbound rules
		// are not evaluated; outbound rules are not evaluated."
		// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
		return k.deliver(at.of, door.id)
	}
	// "Outbound rules use the destination IP address to evaluate traffic from the
	// transit gateway to the instances", and the packet takes the routes of the
	// attachment's subnet.
	if ok, r := k.acl(door, true); !ok {
		return r
	}
	t := w.tableOf(door)
	if t == nil {
		return k.unmodelled("subnet %s has no route table", door.id)
	}
	return k.follow(t, door)
}

// fromTransit brings in a packet from beyond a VPN or Direct Connect attachment.
func (k *walk) fromTransit(id string) result {
	at := k.w.attachments[id]
	if at == nil || at.kind == "vpc" || at.kind == "peering" || !at.available {
		return k.unmodelled("%s is no place that packets come from", id)
	}
	return k.transit(at)
}

// across takes a packet through a peering to the other transit gateway, which has
// an attachment of its own and routes by the table that is associated with it.
// https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html
func (k *walk) across(at *attachment) result {
	// Groups are known within one transit gateway, and zones within one Region.
	k.known, k.zone = "", ""
	for _, other := range k.w.attachments {
		if other.kind == "peering" && other.tgw == at.of && other.of == at.tgw && other.available {
			return k.transit(other)
		}
	}
	return k.unmodelled("the other side of peering attachment %s", at.id)
}
