// Package iam answers who may do what: for a principal, an action and a
// resource, whether AWS allows the request, which layer decided, and on what
// the answer depends.
//
// There is one evaluator, [Engine.Decide], and nothing else in haetae judges
// permissions. The rules by which the layers are combined stand in decide.go
// and can be read there in one go; match.go says when a statement matches,
// condition.go when a condition holds, s3.go and kms.go what these two services
// do otherwise.
//
// A question says what it knows. What it does not know (a key of the request, a
// fact about the resource, a policy that could not be read) is carried through
// as an expression ([Expr]); solve.go then tries whether some value of the
// unknown lets the request through, and the answer is DependsOn only if it does.
//
// [Engine.Compare] asks the other way round: is there any request at all that one
// policy allows and another does not? compare.go says how that is proven.
//
// The package does no I/O. An Engine may be used by many goroutines at once.
package iam
