package policy

import (
	"github.com/haetae/haetae"
)

// Type is what a document is used as; it decides which elements it may have and
// how short ARNs are read.
type Type string

// The types of policies.
const (
	Identity Type = "identity"
	Resource Type = "resource"
	Trust    Type = "trust" // of a role: a resource policy without Resource
	Boundary Type = "boundary"
	Session  Type = "session"
	SCP      Type = "scp"
	RCP      Type = "rcp"
	Endpoint Type = "endpoint"
)

// Granting tells whether the type names principals in its statements.
func (t Type) Granting() bool {
	return t == Resource || t == Trust || t == RCP || t == Endpoint
}

// The versions of the language. In the older one, and where none is given,
// variables are literal text
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html).
const (
	Version2012 = "2012-10-17"
	Version2008 = "2008-10-17"
)

// Document is a policy.
type Document struct {
	Type       Type
	Name       string // how reports name it: "identity[0]", an ARN, a file
	Version    string // "" when none is written
	ID         string
	Statements []*Statement
	// More says why there may be statements that are not known; nil when all are.
	More     *haetae.Unknown
	Problems []Problem
	Root     *Node // nil when the document did not come from a text
}

// Effect of a statement.
type Effect string

// The effects; one that is neither makes the statement match nothing.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Statement is one rule of a document.
type Statement struct {
	Index  int
	Sid    string
	Effect Effect // "" when it is neither Allow nor Deny

	Principals *Principals // nil when there is no such element
	Actions    *Actions
	Resources  *Resources
	Conditions []*Condition

	// Unknown is set when the effect, the conditions or the whole could not be
	// read, so that nothing is known of what the statement matches.
	Unknown *haetae.Unknown

	unconcerned uint64 // see Concerns; 0 for a statement that was not parsed

	Document *Document
	Node     *Node // nil when the document did not come from a text
}

// Principals is a Principal or NotPrincipal element.
type Principals struct {
	Not  bool
	List []Principal
	More *haetae.Unknown // why there may be entries that are not known
}

// Principal is one entry of the element.
type Principal struct {
	Kind string // "*", "AWS", "Service", "Federated", "CanonicalUser"
	Text string
}

// Actions is an Action or NotAction element.
type Actions struct {
	Not  bool
	List []Action
	More *haetae.Unknown

	index *actionIndex
}

// Resources is a Resource or NotResource element.
type Resources struct {
	Not  bool
	List []*Template
	// Any is set when one of the list is a lone star.
	Any  bool
	More *haetae.Unknown
}

// Condition is one operator and one key of a Condition element with its values.
type Condition struct {
	Operator Operator
	Key      string // as written
	Lower    string // the key in lower case: keys have no case
	Values   []*Template
	// Broken is set when the operator does not exist or a value is neither text,
	// number nor Boolean: the condition never holds.
	Broken bool
	More   *haetae.Unknown // why there may be values that are not known
}

// Problem is an oddity of a document.
type Problem struct {
	What string
	Path string // "Statement[0].Action"
	At   Span
}

// Named returns how the statement is called in reports: its Sid or its number.
func (s *Statement) Named() string {
	if s.Sid != "" {
		return s.Sid
	}
	return "statement " + itoa(s.Index+1)
}
