// Package graph holds the resources of a snapshot in memory with the relations
// between them.
//
// [Assemble] is the door: whatever a source read becomes the one form that
// rules see, with children folded, defaults filled in and secrets redacted.
// [New] indexes a snapshot; the edges are found through the references in
// properties that schema/relations.yaml lists. [Diff] gives what changed
// between two snapshots, and [Graph.With] carries it into an index at the cost
// of what it touches.
//
// The package does no I/O. A Graph may be read by many goroutines at once.
package graph
