// Package network says where packets can go in AWS, forward and back, and why
// not.
//
// [Build] makes a [World] from the resources of a graph: interfaces, security
// groups, network ACLs, route tables and what they lead to. [World.Reach]
// answers a [Question]: it walks the packets in question, as exact sets, through
// everything that decides on their way, and then walks the answers back.
//
// What the snapshot lacks makes an answer DependsOn with what is missing, never
// a guess. docs/network-support.md lists what is modelled.
//
// The package does no I/O. A World may be read by many goroutines at once.
package network
