package network

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// Cell is what is open from one zone to another.
type Cell struct {
	From    string  `json:"from"`
	To      string  `json:"to"`
	Verdict Verdict `json:"verdict"` // Reachable, or DependsOn when nothing is sure
	Open    []Open  `json:"open"`
	// Pairs is how many pairs of interfaces something passes between.
	Pairs int `json:"pairs"`
}

// Zones says by what interfaces are put together: "vpc", "subnet", "sg",
// "account" or "tag:KEY".
type Zones string

// zonesOf returns the zones that an interface is in.
func (w *World) zonesOf(by Zones, n *nic) ([]string, error) {
	if key, ok := strings.CutPrefix(string(by), "tag:"); ok && key != "" {
		for _, r := range w.ownersOf[n] {
			if v, ok := r.Tags[key].(string); ok {
				return []string{v}, nil
			}
		}
		if v, ok := n.res.Tags[key].(string); ok {
			return []string{v}, nil
		}
		return []string{"(no " + key + ")"}, nil
	}
	switch by {
	case "vpc":
		return []string{n.vpc.id()}, nil
	case "subnet":
		return []string{n.subnet.id()}, nil
	case "account":
		return []string{n.res.Account}, nil
	case "sg":
		var out []string
		for _, g := range n.groups {
			out = append(out, g.res.ID)
		}
		if out == nil {
			out = []string{"(no group)"}
		}
		return out, nil
	}
	return nil, errors.New("zones are vpc, subnet, sg, account or tag:KEY")
}

// Matrix returns what is open between zones, over private addresses, sorted. A
// zone may reach itself. The internet is a zone of its own, for what it reaches.
func (w *World) Matrix(by Zones) ([]Cell, error) {
	type key struct{ from, to string }
	type sum struct {
		sure, may map[string]cidr.Ports // by protocol
		pairs     int
	}
	cells := map[key]*sum{}
	zones := map[*nic][]string{}
	for _, n := range w.nics {
		if n.subnet == nil {
			continue
		}
		list, err := w.zonesOf(by, n)
		if err != nil {
			return nil, err
		}
		zones[n] = list
	}
	at := func(k key) *sum {
		if cells[k] == nil {
			cells[k] = &sum{sure: map[string]cidr.Ports{}, may: map[string]cidr.Ports{}}
		}
		return cells[k]
	}
	for b := range w.AllPairs() {
		sure, may := b.ports()
		sizes := map[key]int{}
		for _, f := range b.From.nics {
			for _, t := range b.To.nics {
				if f == t {
					continue
				}
				for _, zf := range zones[f] {
					for _, zt := range zones[t] {
						sizes[key{zf, zt}]++
					}
				}
			}
		}
		for k, n := range sizes {
			s := at(k)
			s.pairs += n
			addPorts(s.sure, sure)
			addPorts(s.may, may)
		}
	}
	var out []Cell
	for k, s := range cells {
		c := Cell{From: k.from, To: k.to, Verdict: Reachable, Open: openPorts(s.sure), Pairs: s.pairs}
		if len(s.sure) == 0 {
			c.Verdict, c.Open = DependsOn, openPorts(s.may)
		}
		out = append(out, c)
	}
	out = append(out, w.fromOutside(zones)...)
	slices.SortFunc(out, func(a, b Cell) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return out, nil
}

// fromOutside is the row of the internet.
func (w *World) fromOutside(zones map[*nic][]string) []Cell {
	byID := map[string]*nic{}
	for n := range zones {
		byID[n.id] = n
	}
	cells := map[string]*Cell{}
	for _, e := range w.Exposure() {
		n := byID[e.NIC]
		if n == nil {
			continue
		}
		for _, z := range zones[n] {
			c := cells[z]
			if c == nil {
				c = &Cell{From: "internet", To: z, Verdict: e.Verdict}
				cells[z] = c
			}
			if e.Verdict == Reachable {
				c.Verdict = Reachable
			}
			c.Pairs++
			for _, o := range e.Open {
				if len(o.From) == 1 && o.From[0] == "internet" {
					o.From = nil // the zone says so
				}
				if !slices.ContainsFunc(c.Open, func(x Open) bool {
					return x.Proto == o.Proto && slices.Equal(x.Ports, o.Ports) && slices.Equal(x.From, o.From)
				}) {
					c.Open = append(c.Open, o)
				}
			}
		}
	}
	var out []Cell
	for _, c := range cells {
		slices.SortFunc(c.Open, func(a, b Open) int {
			return cmp.Or(strings.Compare(a.Proto, b.Proto), strings.Compare(strings.Join(a.Ports, ","), strings.Join(b.Ports, ",")))
		})
		out = append(out, *c)
	}
	return out
}

// addPorts adds the ports of packets by protocol.
func addPorts(to map[string]cidr.Ports, s cidr.Set) {
	for _, b := range s.Boxes() {
		protos := b.Proto.Numbers()
		if len(protos) > 200 {
			protos = []int{-1} // all that have neither ports nor types
		}
		for _, n := range protos {
			name := "all others"
			if n >= 0 {
				name = cidr.ProtoName(n)
			}
			to[name] = to[name].Union(b.B)
		}
	}
}

// openPorts writes ports by protocol, "any" when it is all of them.
func openPorts(m map[string]cidr.Ports) []Open {
	all := func(p string) bool { return m[p].Equal(cidr.AllPorts()) }
	if all("tcp") && all("udp") && !m["icmp"].Empty() && !m["all others"].Empty() {
		return []Open{{Proto: "any"}}
	}
	out := []Open{}
	for p, ports := range m {
		o := Open{Proto: p}
		if p == "tcp" || p == "udp" {
			o.Ports = ports.Strings()
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Open) int { return strings.Compare(a.Proto, b.Proto) })
	return out
}
