package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// near is how far a snapshot may be from a record, in seconds, before who had an
// address then is in doubt: addresses of what was ended are given to others.
const near = 24 * 60 * 60

// Past is a network at one or more times. It is what flow records are held
// against: addresses move from one interface to another.
type Past struct {
	worlds []*World // oldest first
	byID   map[string][]dated
}

// dated is an interface as one of the networks has it.
type dated struct {
	nic   *nic
	world *World
}

// NewPast puts networks in order of the times of their snapshots. There must be
// at least one; where a network has no time it goes first.
func NewPast(worlds ...*World) *Past {
	p := &Past{worlds: slices.Clone(worlds), byID: map[string][]dated{}}
	slices.SortStableFunc(p.worlds, func(a, b *World) int { return cmp.Compare(a.Time(), b.Time()) })
	for _, w := range p.worlds {
		for _, n := range w.nics {
			p.byID[n.id] = append(p.byID[n.id], dated{n, w})
		}
	}
	return p
}

// Time is that of the snapshot, in Unix seconds; 0 when it has none.
func (w *World) Time() int64 { return w.g.Time() }

// newest is the network whose rules are asked about.
func (p *Past) newest() *World { return p.worlds[len(p.worlds)-1] }

// at is the network nearest to a time, and why that may not be what was there.
func (p *Past) at(t int64) (*World, string) {
	w := slices.MinFunc(p.worlds, func(a, b *World) int { return cmp.Compare(distance(a.Time(), t), distance(b.Time(), t)) })
	d := distance(w.Time(), t)
	switch {
	case t == 0:
		return p.newest(), "the record has no time"
	case w.Time() == 0:
		return w, "the snapshot has no time"
	case d > near:
		return w, fmt.Sprintf("the nearest snapshot is %d days from the record", (d+near/2)/near)
	}
	return w, ""
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// Holder is the interface that recorded a flow, and what it belongs to.
type Holder struct {
	Interface string
	Resource  *haetae.Resource // the instance, function, database …; the interface when nobody is known to have it
	Tags      map[string]any
	// By is "interface" when the record names it and "address" when it was found
	// by its address.
	By string
	// Doubt says why it may have been another at that time; "" when nothing does.
	Doubt string

	nic   *nic
	world *World
}

// Holder finds the interface that recorded a flow. An interface that is named is
// found in whatever snapshot has it, as ids are never given again. One that is
// not named is found by its address in the nearest snapshot. why says why there
// is none; it is "" when there is.
func (p *Past) Holder(f *haetae.Flow) (h Holder, why string) {
	w, doubt := p.at(cmp.Or(f.Start, f.End))
	if f.Hub != "" {
		return h, "it is of a transit gateway, not of an interface"
	}
	if f.Interface != "" {
		if list := p.byID[f.Interface]; len(list) > 0 {
			one := list[len(list)-1]
			if i := slices.IndexFunc(list, func(d dated) bool { return d.world == w }); i >= 0 {
				one = list[i]
			}
			return one.world.holder(one.nic, "interface", ""), ""
		}
	}
	src, dst := f.Packet()
	var own []netip.Addr
	switch f.Direction {
	case "egress":
		own = []netip.Addr{f.Src, src}
	case "ingress":
		own = []netip.Addr{f.Dst, dst}
	default:
		if f.Interface == "" && f.Instance == "" {
			return h, "neither its interface nor its direction is known"
		}
		own = []netip.Addr{f.Src, src, f.Dst, dst}
	}
	found := w.having(own, f)
	switch {
	case len(found) == 0 && f.Interface != "":
		return h, "its interface is in no snapshot"
	case len(found) == 0:
		return h, "nobody in the nearest snapshot has its address"
	case len(found) > 1:
		return h, "several interfaces of the snapshot have its address"
	}
	return w.holder(found[0], "address", doubt), ""
}

func (w *World) holder(n *nic, by, doubt string) Holder {
	h := Holder{Interface: n.id, Resource: n.res, Tags: n.res.Tags, By: by, Doubt: doubt, nic: n, world: w}
	if list := w.ownersOf[n]; len(list) > 0 {
		h.Resource, h.Tags = list[0], list[0].Tags
	}
	return h
}

// having are the interfaces that had one of the addresses, as far as the record
// says where they are.
func (w *World) having(own []netip.Addr, f *haetae.Flow) []*nic {
	var out []*nic
	for _, v := range w.vpcs {
		if f.VPC != "" && v.id() != f.VPC || f.Account != "" && v.res.Account != "" && v.res.Account != f.Account || f.Region != "" && v.res.Region != "" && v.res.Region != f.Region {
			continue
		}
		for _, a := range own {
			n := v.holder[a]
			if n == nil || slices.Contains(out, n) || f.Subnet != "" && n.subnet != nil && n.subnet.id() != f.Subnet {
				continue
			}
			// An interface with an id of its own is not the one that the record names.
			if f.Interface != "" && n.res.Type == "AWS::EC2::NetworkInterface" {
				continue
			}
			if w.younger(n, f) {
				continue
			}
			out = append(out, n)
		}
	}
	return out
}

// younger tells whether what has the interface began after the record ended.
func (w *World) younger(n *nic, f *haetae.Flow) bool {
	if !f.Known(haetae.FlowEnd) {
		return false
	}
	for _, r := range w.ownersOf[n] {
		if f.Instance != "" && r.Type == "AWS::EC2::Instance" && r.ID != f.Instance {
			return true
		}
		for _, v := range []any{r.Observed["LaunchTime"], r.Volatile["LaunchTime"]} {
			if t, err := time.Parse(time.RFC3339, text(v)); err == nil && t.Unix() > f.End {
				return true
			}
		}
	}
	return false
}

// inward tells whether the interface got the packets or sent them.
func (n *nic) inward(f *haetae.Flow) (in, known bool) {
	src, dst := f.Packet()
	switch {
	case f.Direction == "ingress":
		return true, true
	case f.Direction == "egress":
		return false, true
	case n.addrs.Has(f.Src) || n.addrs.Has(src):
		return false, !n.addrs.Has(f.Dst)
	case n.addrs.Has(f.Dst) || n.addrs.Has(dst):
		return true, true
	}
	return false, false
}

// How it was told which side began a connection.
const (
	byFlags = "flags" // SYN without ACK is of who began it
	byPorts = "ports" // the lower port is the one that was asked for
	byRules = "rules" // only one of both is allowed to begin it
	byNone  = "unclear"
)

// began tells whether who sent the packets of a record began the connection. AWS
// records SYN of the one that begins, SYN and ACK of the other, and neither in
// later records of a long connection
// (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html). Then
// the ports tell: clients ask from high ports, most systems from 32768 on.
func began(f *haetae.Flow) (sender bool, by string) {
	if f.Proto == cidr.TCP && f.Known(haetae.FlowFlags) && f.TCPFlags&haetae.FlagSYN != 0 {
		return f.TCPFlags&haetae.FlagACK == 0, byFlags
	}
	if !cidr.Ported().Has(int(f.Proto)) || !f.Known(haetae.FlowPorts) {
		return true, byNone
	}
	for _, edge := range []uint16{1024, 32768} {
		if a, b := f.SrcPort < edge, f.DstPort < edge; a != b {
			return b, byPorts
		}
	}
	return true, byNone
}
