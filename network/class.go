package network

import (
	"encoding/binary"
	"slices"

	"github.com/haetae/haetae/cidr"
)

// Class is interfaces that the network treats alike: in one subnet, with the same
// security groups.
type Class struct {
	subnet *subnet
	badge  *badge
	nics   []*nic
	addrs  cidr.Addrs
	mixed  bool // it has addresses of IPv6
	n      int  // in order of the classes
}

// badge is a set of security groups that interfaces of a VPC carry: what they let
// in and out is the same for all of them.
type badge struct {
	nic *nic // one that carries it
	n   int
}

// Size is the number of interfaces of the class.
func (c *Class) Size() int { return len(c.nics) }

// Interfaces are the IDs of its interfaces, in order of the snapshot.
func (c *Class) Interfaces() []string {
	out := make([]string, len(c.nics))
	for i, n := range c.nics {
		out[i] = n.id
	}
	return out
}

// Classes returns the classes of all interfaces that can begin and take
// connections, in order of the snapshot. Interfaces of NAT gateways and transit
// gateways can do neither. The caller must not change the slice.
func (w *World) Classes() []*Class { return w.classes }

// classify puts the interfaces into their classes.
func (w *World) classify() {
	type key struct {
		subnet *subnet
		badge  *badge
	}
	classes := map[key]*Class{}
	type carried struct {
		vpc    *vpc
		no     bool
		groups string
	}
	badges := map[carried]*badge{}
	var buf []byte
	var numbers []int
	for _, n := range w.nics {
		if n.subnet == nil || n.kind == "nat_gateway" || n.kind == "transit_gateway" {
			continue
		}
		numbers = numbers[:0]
		for _, g := range n.groups {
			numbers = append(numbers, g.n)
		}
		slices.Sort(numbers)
		buf = buf[:0]
		for _, x := range numbers {
			buf = binary.AppendVarint(buf, int64(x))
		}
		alone := n.vague != nil || w.serves[n] != nil || w.ends[n] != nil
		b := badges[carried{n.vpc, n.noGroups, string(buf)}]
		if b == nil || n.groupsWhy != nil { // then it is like no other
			b = &badge{nic: n, n: len(w.badges)}
			w.badges = append(w.badges, b)
			if n.groupsWhy == nil {
				badges[carried{n.vpc, n.noGroups, string(buf)}] = b
			}
		}
		k := key{n.subnet, b}
		c := classes[k]
		if c == nil || alone {
			c = &Class{subnet: n.subnet, badge: b, n: len(w.classes)}
			if !alone {
				classes[k] = c
			}
			w.classes = append(w.classes, c)
		}
		c.nics = append(c.nics, n)
	}
	for _, c := range w.classes {
		for _, n := range c.nics {
			c.addrs = c.addrs.Union(n.addrs)
		}
		c.mixed = !c.addrs.Six().Empty()
	}
}
