package network

import (
	"cmp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Bypass is a way between the internet and a VPC on which nothing inspects the
// packets, or not their answers.
type Bypass struct {
	Resource  *haetae.Resource // what is reached, or sends
	Direction string           // "in", "out", or "answers": what comes in is inspected, what answers is not
	Way       []Hop
}

// Inspection is what inspects what goes between a VPC and the internet.
type Inspection struct {
	// Inspected is set when an endpoint of a firewall or of a gateway load balancer
	// is in the VPC, or some way to or from it leads through one.
	Inspected bool
	Bypasses  []Bypass
	Missing   []*haetae.Unknown // why there may be more
}

// Inspection finds the ways between the internet and a VPC's interfaces that
// lead around inspection, both for what the internet begins and for what the
// interfaces begin. Of interfaces whose packets go out alike one stands for all.
// ok is false when the resource is no VPC.
func (in *Inbound) Inspection(r *haetae.Resource) (out Inspection, ok bool) {
	v, ok := in.w.of[r].(*vpc)
	if !ok {
		return out, false
	}
	all := &Passage{}
	if r.Stub != nil {
		all.lack(r.Stub)
	}
	for _, typ := range []string{"AWS::NetworkFirewall::Firewall", "AWS::EC2::VPCEndpoint"} {
		if _, u := in.w.g.Here(r, typ); u != nil {
			all.lack(u)
		}
	}
	walls := in.w.walls()
	if len(walls) == 0 {
		// What is not there has no way around it.
		for _, l := range in.loose {
			if l.res.Type == "AWS::EC2::VPCEndpoint" || l.res.Type == "AWS::NetworkFirewall::Firewall" {
				all.lack(l.why)
			}
		}
		out.Missing = all.Missing
		return out, true
	}
	undecided, open := in.loosens(r, true)
	all.lack(open...)
	if len(undecided) > 0 {
		all.lack(undecided...)
		out.Missing = all.Missing
		return out, true
	}
	out.Inspected = slices.ContainsFunc(walls, func(e *endpoint) bool { return e.vpc == v })
	for _, n := range v.nics {
		if p := in.to[n]; p != nil && in.w.ends[n] == nil {
			out.take(in.w.knownAs(n), "in", p.trips, all)
		}
	}
	done := map[sender]bool{}
	for _, n := range v.nics {
		k := sender{in.classes[n], !n.publics().Empty()}
		if k.class == nil || done[k] || in.w.ends[n] != nil || in.w.serves[n] != nil {
			continue // it begins nothing, or stands for those that were asked
		}
		done[k] = true
		_, trips := in.w.between(nicPlace(n), &place{kind: "internet", internet: true, addrs: internet()}, everything(), Question{})
		out.take(in.w.knownAs(n), "out", trips, all)
	}
	if u := in.w.gap(v, "AWS::EC2::NetworkInterface"); u != nil {
		all.lack(u)
	}
	slices.SortStableFunc(out.Bypasses, func(a, b Bypass) int {
		return cmp.Or(strings.Compare(a.Direction, b.Direction), strings.Compare(a.Resource.ID, b.Resource.ID))
	})
	out.Missing = all.Missing
	return out, true
}

// sender is interfaces of which the packets to the internet go alike.
type sender struct {
	class  *Class
	public bool
}

// walls are the endpoints behind which something inspects, in all VPCs.
func (w *World) walls() []*endpoint {
	var out []*endpoint
	for _, c := range w.of {
		if e, ok := c.(*endpoint); ok && (e.firewall != nil || e.kind == "GatewayLoadBalancer") {
			out = append(out, e)
		}
	}
	return out
}

// take adds what ways lead around inspection. A way that hangs on a fact that
// nobody read may be one.
func (out *Inspection) take(r *haetae.Resource, direction string, trips []trip, all *Passage) {
	seen := map[string]bool{}
	for _, t := range trips {
		p := passage([]trip{t})
		if p.May.Empty() {
			continue
		}
		forward, back := t.fwd.inspected(), t.back == nil || !t.back.open() || t.back.inspected()
		out.Inspected = out.Inspected || forward || t.back != nil && t.back.inspected()
		way := direction
		switch {
		case forward && back:
			continue
		case forward:
			// Where answers go counts also for protocols that need none.
			way, p = "answers", returning(t)
		}
		if p.Free.Empty() {
			all.lack(p.Missing...)
			continue
		}
		if !seen[way] {
			seen[way] = true
			hops := t.fwd.hops
			if way == "answers" {
				hops = t.back.hops
			}
			out.Bypasses = append(out.Bypasses, Bypass{r, way, slices.Clone(hops)})
		}
	}
}

// returning is the packets of a way whose answers get back.
func returning(t trip) *Passage {
	p := &Passage{}
	for _, x := range t.back.pieces {
		if lacking := x.lacking(); len(lacking) > 0 {
			p.lack(lacking...)
			continue
		}
		p.Free = p.Free.Union(cidr.Of(x.orig))
	}
	return p
}

// inspected tells whether an endpoint of a firewall or of a gateway load balancer,
// or a firewall at a transit gateway, saw the packets.
func (s *state) inspected() bool {
	return len(s.walls) > 0 || slices.ContainsFunc(s.hops, func(h Hop) bool { return h.Kind == "firewall" })
}
