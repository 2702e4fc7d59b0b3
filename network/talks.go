package network

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Side is who was at one end of connections.
type Side struct {
	Interface string `json:"interface,omitempty"`
	// Resource is the instance, function, database … or the interface; "" for
	// addresses that nobody of the network had.
	Resource string            `json:"resource,omitempty"`
	Type     string            `json:"type,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"` // those that are known
	// Doubt says why it may have been another at that time.
	Doubt string `json:"doubt,omitempty"`
}

// Talk is connections that were accepted from one side to the other, as an
// interface of one of them recorded them: where both are recorded there are two.
type Talk struct {
	Seen  string   `json:"seen"` // "from" or "to": the side that recorded it
	From  Side     `json:"from"`
	To    Side     `json:"to"`
	Ports []string `json:"ports"`
	// Peers are the addresses of the side that did not record it.
	Peers []string `json:"peers"`
	Flows int      `json:"flows"`
	Bytes uint64   `json:"bytes"`
	First int64    `json:"first"` // Unix seconds
	Last  int64    `json:"last"`
	// Unclear is set when the other side may have begun.
	Unclear bool `json:"unclear,omitempty"`
}

// talkings puts together who talked with whom: interfaces and those that had the
// peer's address at that time. Addresses outside are one side.
func (r *Replay) talkings() []Talk {
	type key struct {
		nic     *nic
		in      bool
		peer    *nic
		doubt   string
		unclear bool
	}
	all := map[key]*use{}
	for t, s := range r.talks {
		k := key{nic: t.nic, in: t.in, unclear: s.unclear}
		k.peer, k.doubt = r.past.having(t.peer, t.nic, s.last)
		if all[k] == nil {
			all[k] = &use{}
		}
		all[k].saw(s.traffic, true, t.peer, t.proto, t.port)
	}
	out := []Talk{}
	for k, u := range all {
		x := Talk{Seen: "from", From: r.past.side(k.nic, ""), Ports: u.portTexts(), Peers: u.peerTexts(), Flows: u.flows, Bytes: u.bytes, First: u.first, Last: u.last, Unclear: k.unclear}
		if k.peer != nil {
			x.To = r.past.side(k.peer, k.doubt)
		}
		if k.in {
			x.Seen, x.From, x.To = "to", x.To, x.From
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Talk) int {
		return cmp.Or(strings.Compare(a.From.Interface, b.From.Interface), strings.Compare(a.To.Interface, b.To.Interface), strings.Compare(a.Seen, b.Seen),
			cmp.Compare(b.Flows, a.Flows), slices.Compare(a.Ports, b.Ports), slices.Compare(a.Peers, b.Peers))
	})
	return out
}

// having is the interface that had a peer's private address at a time: in the
// same VPC, or the only one elsewhere. It is nil when there is none or several.
func (p *Past) having(a netip.Addr, from *nic, t int64) (*nic, string) {
	w, doubt := p.at(t)
	var found *nic
	for _, v := range w.vpcs {
		n := v.holder[a]
		if n == nil {
			continue
		}
		if from.vpc != nil && v.res.Key() == from.vpc.res.Key() {
			return n, doubt
		}
		if found != nil {
			found = nil // several VPCs have the address: which one is not known
			break
		}
		found = n
	}
	if found == nil {
		return nil, ""
	}
	return found, doubt
}

func (p *Past) side(n *nic, doubt string) Side {
	res := n.res
	for _, w := range p.worlds {
		if list := w.ownersOf[n]; len(list) > 0 {
			res = list[0]
		}
	}
	s := Side{Interface: n.id, Resource: cmp.Or(res.ARN, res.ID), Type: res.Type, Doubt: doubt}
	if res.Type == "AWS::EC2::NetworkInterface" || res.Type == "AWS::EC2::Instance" {
		s.Resource = res.ID
	}
	s.Tags = knownTags(res)
	return s
}

func knownTags(r *haetae.Resource) map[string]string {
	var out map[string]string
	for k, v := range r.Tags {
		if s, ok := v.(string); ok {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = s
		}
	}
	return out
}
