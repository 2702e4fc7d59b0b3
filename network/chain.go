package network

import (
	"cmp"
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// Link is one inbound rule of a security group: who is let in where.
type Link struct {
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	Group   string `json:"group"` // that has the rule
	Name    string `json:"name"`
	Rule    string `json:"rule"`
	From    string `json:"from"` // a group, a prefix list or ranges
	Members int    `json:"members"`
	Senders int    `json:"senders"` // interfaces that carry the group it refers to, or have an address it names
	// Findings are "dead", "stale", "shadowed" and "wide".
	Findings []string `json:"findings"`
}

// Chain returns every inbound rule of the security groups of VPCs, in order, with
// what is wrong with it:
//
//   - dead: nobody has the group, or nobody the rule names is there;
//   - stale: it refers to a group that is gone;
//   - shadowed: other rules of the group let in all that it does;
//   - wide: it lets the whole internet in to other ports than 80 and 443.
func (w *World) Chain() []Link {
	var out []Link
	for _, r := range w.g.Resources() {
		g, ok := w.of[r].(*group)
		if !ok {
			continue
		}
		for i := range g.in {
			out = append(out, w.link(g, i))
		}
	}
	slices.SortStableFunc(out, func(a, b Link) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.Group, b.Group))
	})
	return out
}

func (w *World) link(g *group, i int) Link {
	r := &g.in[i]
	name, _ := g.res.Props["GroupName"].(string)
	l := Link{Account: g.res.Account, Region: g.res.Region, Group: g.res.ID, Name: name, Rule: r.text, Members: len(g.members), Findings: []string{}}
	_, l.From, _ = strings.Cut(r.text, " from ")
	complete := g.vpc != nil && w.gap(g.vpc, gapTypes[0]) == nil
	peer, _ := w.of[r.group].(*group)
	switch {
	case peer != nil:
		l.Senders = len(peer.members)
	default:
		l.Senders = w.senders(g, r.peer)
	}
	if complete && r.why == nil && (l.Members == 0 || l.Senders == 0) {
		l.Findings = append(l.Findings, "dead")
	}
	if r.why != nil && strings.HasPrefix(r.why.Detail, "UNKNOWN_PEERED_SGS") && g.vpc != nil {
		// A group of an account that was listed to its end is gone.
		if _, gap := w.g.Here(g.res, "AWS::EC2::SecurityGroup"); gap == nil && len(w.peerings) == 0 {
			l.Findings = append(l.Findings, "stale")
		}
	}
	if w.shadowed(g, i) {
		l.Findings = append(l.Findings, "shadowed")
	}
	if r.why == nil && wide(r) {
		l.Findings = append(l.Findings, "wide")
	}
	return l
}

// senders counts the interfaces that may have sent from the addresses; an address
// outside the VPC, or unknown, counts as one.
func (w *World) senders(g *group, peer cidr.Addrs) int {
	if g.vpc == nil {
		return 1
	}
	n := 0
	for _, x := range g.vpc.nics {
		if x.addrs.Overlaps(peer) {
			n++
		}
	}
	if !g.vpc.cidrs.Covers(peer) {
		n++ // somebody outside
	}
	return n
}

// shadowed tells whether other rules of the group let in all that the rule does.
// Of two equal rules the second one is.
func (w *World) shadowed(g *group, i int) bool {
	r := &g.in[i]
	if r.why != nil {
		return false
	}
	id := identity{vpc: g.vpc}
	mine := w.ruleSet(r, true, id)
	if mine.yes.Empty() || mine.why != nil {
		return false
	}
	var others cidr.Set
	for j := range g.in {
		o := &g.in[j]
		if j == i || o.group != nil && o.group != r.group {
			continue // members come and go
		}
		if o.group == nil && r.group != nil && !o.peer.Covers(cidr.AllAddrs().Four()) {
			continue
		}
		set := w.ruleSet(o, true, id)
		if j > i && set.yes.Equal(mine.yes) {
			continue
		}
		others = others.Union(set.yes)
	}
	return others.Covers(mine.yes)
}

// wide tells whether a rule lets the whole internet in to ports that are not for
// the web.
func wide(r *groupRule) bool {
	if !r.peer.Four().Covers(internetFour()) && !r.peer.Six().Covers(globalSix()) {
		return false
	}
	if r.protos.Intersect(cidr.Typed()) == r.protos {
		return false
	}
	web := cidr.PortRange(80, 80).Union(cidr.PortRange(443, 443))
	return r.protos != cidr.Proto(cidr.TCP) || !web.Covers(r.ports)
}
