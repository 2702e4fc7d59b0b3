package oracle

import (
	"fmt"
	"net/netip"
	"strings"
)

// Protocol numbers that have ports or types
// (https://www.iana.org/assignments/protocol-numbers).
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
)

// Packet is one packet. Ports are zero for protocols that have none, Type and
// Code for all but ICMP.
type Packet struct {
	Src, Dst         netip.Addr
	Proto            int
	SrcPort, DstPort int
	Type, Code       int
}

// String writes the packet for people: "tcp 10.0.0.1:1024 > 10.0.0.2:443".
func (p Packet) String() string {
	switch p.Proto {
	case TCP, UDP:
		name := map[int]string{TCP: "tcp", UDP: "udp"}[p.Proto]
		return fmt.Sprintf("%s %s > %s", name, netip.AddrPortFrom(p.Src, uint16(p.SrcPort)), netip.AddrPortFrom(p.Dst, uint16(p.DstPort)))
	case ICMP, ICMPv6:
		name := map[int]string{ICMP: "icmp", ICMPv6: "icmpv6"}[p.Proto]
		return fmt.Sprintf("%s %d/%d %s > %s", name, p.Type, p.Code, p.Src, p.Dst)
	}
	return fmt.Sprintf("protocol %d %s > %s", p.Proto, p.Src, p.Dst)
}

// ports tells whether the protocol has ports.
func (p Packet) ports() bool { return p.Proto == TCP || p.Proto == UDP }

// answer is the packet that a host sends back.
func (p Packet) answer() Packet {
	p.Src, p.Dst, p.SrcPort, p.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	switch {
	case p.Proto == ICMP && p.Type == 8: // echo request, RFC 792
		p.Type = 0
	case p.Proto == ICMPv6 && p.Type == 128: // echo request, RFC 4443
		p.Type = 129
	}
	return p
}

// Internet is where packets come from, or end, that no known VPC holds.
const Internet = "internet"

// Service is a service of AWS that is at hand in every VPC: the resolver,
// instance metadata, the time.
const Service = "aws-service"

// Answer is what becomes of a packet and of the packet that answers it. Where
// AWS makes a choice, a direction is true when some choice lets the packet
// through.
type Answer struct {
	// End is where the packet was delivered: an interface, [Internet], a gateway
	// behind which the known world ends, or the endpoint of a service. When it
	// was dropped, it is where.
	End string
	// Forward is whether it was delivered, and Reply whether the answer to it
	// was, for some choice under which the packet itself was delivered.
	Forward, Reply bool
	// Varies says that another choice of AWS's would have had another outcome.
	Varies bool
	// Why holds the steps of the run that is told, forward and then reply.
	Why []string
	// NotModelled is set when the packet met something that the oracle does not
	// model; the rest of the answer then means nothing.
	NotModelled string
	// Assumed lists what was assumed on the way and a snapshot cannot prove:
	// that an appliance forwards what it gets.
	Assumed []string
}

// String tells the answer with the steps.
func (a Answer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "forward %t, reply %t, end %s", a.Forward, a.Reply, a.End)
	if a.Varies {
		b.WriteString(", varies")
	}
	if a.NotModelled != "" {
		fmt.Fprintf(&b, ", not modelled: %s", a.NotModelled)
	}
	for _, s := range a.Assumed {
		fmt.Fprintf(&b, ", assumed: %s", s)
	}
	for _, s := range a.Why {
		fmt.Fprintf(&b, "\n    %s", s)
	}
	return b.String()
}
