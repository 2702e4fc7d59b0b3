// Package collect reads live AWS accounts into a snapshot.
//
// What is asked is not here: it is in the literals of [inventory.All], which
// the script of AWS CLI commands shares. This package is the machine that works
// through them:
//
//	plan.go      which calls there are, and whose answers name the parents of which
//	run.go       one account: calls go out, answers go to the inventory's Builder
//	lane.go      one queue for each operation, as fast as its budget allows
//	collect.go   many accounts, and what to do when one refuses
//	refresh.go   named resources again, as a Delta
//	journal.go   answers on disk, so that a scan that was killed goes on
//	progress.go  how far it is, and how long it will take
//	policy.go    what the calls need, as an IAM policy
//
// A call that fails is never an error of the collection: it becomes coverage
// that is missing, with the IAM action, and properties that are unknown. Only
// what would fail every call is an error: credentials that are no longer good,
// a full disk, an interrupt.
package collect
