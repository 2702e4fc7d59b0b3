// Package actor finds out who is behind a call.
//
// A record of CloudTrail names the session that made the call. A [Resolver] reads
// the records in which sessions were given out, and says of each later one from whom
// its session came, over any number of roles and accounts: by the access key that
// AssumeRole and its like returned, else by the session's name and the second in
// which it began. It tells instances, functions, tasks, pods and people of IAM
// Identity Center from plain sessions of roles. What a snapshot knows is added: the
// owner, whose address it was, which accounts are the organisation's. And it says
// when credentials of a workload are used from where the workload is not.
//
// Everything that a Resolver remembers has a limit, is counted when it is forgotten,
// and can be saved and loaded. The package does no I/O and has no clock.
package actor
