// Package policy is the language of AWS's JSON policies: identity, resource,
// trust, key, boundary, session, endpoint, service control and resource control
// policies are all written in it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html).
//
// [Parse] reads a text and keeps the place of everything in it; [FromTree] reads
// a document of a snapshot, of which parts may be unknown. What is legal JSON
// always gives a [Document]: an oddity is a [Problem] with its place, and the
// element that has it matches nothing. Whether a request matches a statement is
// decided in package iam; what this package knows is how texts match: actions,
// resources with their wildcards, variables.
//
// A Document is immutable once read and may be shared.
package policy
