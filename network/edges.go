package network

import (
	"iter"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Internet is what can-reach edges from the internet come from: a resource that
// is in no graph.
const Internet = "Haetae::Internet"

// CanReach yields an edge for each two resources of which one surely gets packets
// to the other and, for TCP, has them answered, and from the internet to whatever
// it reaches. Interfaces are what they belong to; resources with interfaces of
// several classes have an edge for each two that let something through. A class of interfaces is walked
// once for all of its members, and only when its edges are asked for. What hangs
// on facts that nobody read is no edge.
func (w *World) CanReach() iter.Seq[haetae.Edge] {
	return func(yield func(haetae.Edge) bool) {
		in := w.Inbound()
		outside := &haetae.Resource{Type: Internet, ID: "internet"}
		var reached []*haetae.Resource
		to := map[*haetae.Resource]*Passage{}
		for _, n := range in.order {
			r := w.knownAs(n)
			if to[r] == nil {
				reached, to[r] = append(reached, r), &Passage{}
			}
			to[r] = to[r].with(in.to[n])
		}
		for _, r := range reached {
			p := to[r]
			if !p.Free.Empty() && !yield(haetae.Edge{From: outside, To: r, Kind: haetae.CanReach, Proof: p.proof(p.Free)}) {
				return
			}
		}
		for b := range w.AllPairs() {
			if !w.members(b, yield) {
				return
			}
		}
	}
}

// members yields the edges between the members of two classes.
func (w *World) members(b Between, yield func(haetae.Edge) bool) bool {
	type pair struct{ from, to *haetae.Resource }
	done := map[pair]bool{}
	may := b.May()
	var alike *Passage
	for _, from := range b.From.nics {
		for _, to := range b.To.nics {
			x := pair{w.knownAs(from), w.knownAs(to)}
			here := may.Intersect(between(from.addrs, to.addrs))
			if from == to || x.from == x.to || done[x] || here.Empty() {
				continue
			}
			p := alike
			if p == nil {
				p = w.passageOf(nicPlace(from), nicPlace(to))
			}
			if b.shape != nil { // all addresses are treated alike
				alike = p
			}
			if p.Free.Empty() {
				continue
			}
			done[x] = true
			if !yield(haetae.Edge{From: x.from, To: x.to, Kind: haetae.CanReach, Proof: p.proof(p.Free)}) {
				return false
			}
		}
	}
	return true
}

// proof says what gets through, and how. The interfaces at both ends are left
// out: others take the same way.
func (p *Passage) proof(s cidr.Set) *haetae.Proof {
	out := &haetae.Proof{Conditional: p.Conditional, Layers: []string{}, Statements: []string{}, Packets: Summary(s)}
	for _, h := range p.Way(s) {
		if h.Kind == "translation" || h.Kind == "eni" || h.Resource == "" {
			continue
		}
		text := h.Kind + " " + h.Resource
		if h.Rule != "" {
			text += ": " + h.Rule
		}
		out.Hops = append(out.Hops, text)
	}
	return out
}

// Summary writes packets without their addresses: "any", or a line for each
// protocol with its ports.
func Summary(s cidr.Set) []string {
	var out []string
	for _, o := range opened(s) {
		line := o.Proto
		if len(o.Ports) > 0 {
			line += " " + strings.Join(o.Ports, ",")
		}
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}
