// Package oracle is test support: a naive simulator that moves one concrete
// packet at a time through a snapshot, hop by hop, as AWS's documentation says,
// and then the packet that answers it. It judges the engine of package network,
// with which it shares its input and nothing else: no code, no algebra of sets,
// no caches. It is never linked into the binary; a test of the architecture
// holds that.
//
// Where AWS itself chooses (the port of a NAT gateway, the zone in which a
// transit gateway enters a VPC), the oracle tries every choice that could make a
// difference. What it does not model it says ([Answer.NotModelled]) and never
// guesses.
//
// [Parse] reads a small language in which topologies are written by hand and by
// the generator, so that a disagreement can be printed, shrunk and kept.
package oracle
