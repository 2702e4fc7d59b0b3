package cidr

import (
	"fmt"
	"strconv"
	"strings"
)

// Protocols with ports, or with types and codes.
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
)

// Ports is a set of numbers from 0 to 65535: ports, or types or codes of ICMP.
// The zero value is empty.
type Ports struct{ spans spans }

// AllPorts returns every port.
func AllPorts() Ports { return PortRange(0, 65535) }

// PortRange returns the ports from a to b, cut to 0–65535.
func PortRange(a, b int) Ports {
	a, b = max(a, 0), min(b, 65535)
	if b < a {
		return Ports{}
	}
	return Ports{spans{{point{0, uint64(a)}, point{0, uint64(b)}}}}
}

// ParsePorts reads "443", "8000-8100" or several of them separated by commas.
func ParsePorts(s string) (Ports, error) {
	var out Ports
	for part := range strings.SplitSeq(s, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		a, errA := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
		b, errB := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
		if errA != nil || errB != nil || b < a {
			return Ports{}, fmt.Errorf("%q is no port and no range of ports", part)
		}
		out = out.Union(PortRange(int(a), int(b)))
	}
	return out, nil
}

// Union returns the ports that are in either.
func (p Ports) Union(q Ports) Ports { return Ports{p.spans.union(q.spans)} }

// Intersect returns the ports that are in both.
func (p Ports) Intersect(q Ports) Ports { return Ports{p.spans.intersect(q.spans)} }

// Minus returns the ports of p that are not in q.
func (p Ports) Minus(q Ports) Ports { return Ports{p.spans.minus(q.spans)} }

// Covers tells whether every port of q is in p.
func (p Ports) Covers(q Ports) bool { return p.spans.covers(q.spans) }

// Equal tells whether both hold the same ports.
func (p Ports) Equal(q Ports) bool { return p.spans.equal(q.spans) }

// Empty tells whether there is no port in the set.
func (p Ports) Empty() bool { return len(p.spans) == 0 }

// Has tells whether the port is in the set.
func (p Ports) Has(n int) bool { return n >= 0 && p.spans.has(point{0, uint64(n)}) }

// Len returns the number of ports.
func (p Ports) Len() int {
	n := 0
	for _, s := range p.spans {
		n += int(s.to.lo-s.from.lo) + 1
	}
	return n
}

// First returns the lowest port, -1 when there is none.
func (p Ports) First() int {
	if p.Empty() {
		return -1
	}
	return int(p.spans[0].from.lo)
}

// Strings returns the ranges as text: "443", "8000-8100".
func (p Ports) Strings() []string {
	out := make([]string, len(p.spans))
	for i, s := range p.spans {
		out[i] = strconv.FormatUint(s.from.lo, 10)
		if s.from != s.to {
			out[i] += "-" + strconv.FormatUint(s.to.lo, 10)
		}
	}
	return out
}

// String writes the ranges, separated by commas.
func (p Ports) String() string { return strings.Join(p.Strings(), ",") }

// Protos is a set of IP protocol numbers, 0–255. The zero value is empty.
type Protos [4]uint64

// Proto returns the set of one protocol; a number beyond 0–255 gives none.
func Proto(n int) Protos {
	var p Protos
	if n >= 0 && n <= 255 {
		p[n/64] = 1 << (n % 64)
	}
	return p
}

// AllProtos returns every protocol.
func AllProtos() Protos { return Protos{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1} }

// Union returns the protocols that are in either.
func (p Protos) Union(q Protos) Protos {
	return Protos{p[0] | q[0], p[1] | q[1], p[2] | q[2], p[3] | q[3]}
}

// Intersect returns the protocols that are in both.
func (p Protos) Intersect(q Protos) Protos {
	return Protos{p[0] & q[0], p[1] & q[1], p[2] & q[2], p[3] & q[3]}
}

// Minus returns the protocols of p that are not in q.
func (p Protos) Minus(q Protos) Protos {
	return Protos{p[0] &^ q[0], p[1] &^ q[1], p[2] &^ q[2], p[3] &^ q[3]}
}

// Empty tells whether there is no protocol in the set.
func (p Protos) Empty() bool { return p == Protos{} }

// Has tells whether the protocol is in the set.
func (p Protos) Has(n int) bool { return n >= 0 && n <= 255 && p[n/64]&(1<<(n%64)) != 0 }

// Numbers returns the protocols in order.
func (p Protos) Numbers() []int {
	var out []int
	for n := range 256 {
		if p.Has(n) {
			out = append(out, n)
		}
	}
	return out
}

// ParseProto reads "tcp", "udp", "icmp", "icmpv6", a number, or "any", "all" or
// "-1" for every protocol.
func ParseProto(s string) (Protos, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "tcp":
		return Proto(TCP), nil
	case "udp":
		return Proto(UDP), nil
	case "icmp":
		return Proto(ICMP), nil
	case "icmpv6":
		return Proto(ICMPv6), nil
	case "any", "all", "-1":
		return AllProtos(), nil
	}
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 8)
	if err != nil {
		return Protos{}, fmt.Errorf("%q is no protocol: tcp, udp, icmp, icmpv6, a number from 0 to 255, or any", s)
	}
	return Proto(int(n)), nil
}

// ProtoName returns the name of a protocol that has one here, else its number.
func ProtoName(n int) string {
	switch n {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	case ICMP:
		return "icmp"
	case ICMPv6:
		return "icmpv6"
	}
	return strconv.Itoa(n)
}
