// Package cidr holds exact sets of packets: addresses of both families, ports,
// protocols, and types and codes of ICMP.
//
// [Addrs], [Ports] and [Protos] are sets of one field. A [Box] is a product of
// such sets, and a [Set] is a union of boxes that share no packet, so that
// union, intersection, difference and emptiness are exact. Nothing in the
// package approximates, and all values are immutable: they may be shared by
// goroutines.
package cidr
