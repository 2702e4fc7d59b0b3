package iam

import (
	"sync"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/permission"
	"github.com/haetae/haetae/policy"
)

// Engine decides questions. It is safe for concurrent use.
type Engine struct {
	catalogue  *permission.Catalogue
	publicACLs []*policy.Condition
	byType     sync.Map // of kinds of items to their actions
}

// New returns an engine that knows the actions and keys of the catalogue.
func New(c *permission.Catalogue) *Engine { return &Engine{catalogue: c, publicACLs: publicACLs()} }

// Request is what a caller asks AWS for.
type Request struct {
	Principal Principal
	Action    string // "s3:GetObject"
	// Resources are the ARNs that the action is evaluated against: one, or
	// several for actions that need several. "*" is no particular resource.
	Resources []string
	// Any makes the one resource a pattern: is some resource allowed that
	// matches it?
	Any bool
	// Account owns the resources where their ARN does not say; "aws" is AWS
	// itself.
	Account string
	// Context holds the condition keys of the request, by their names.
	Context map[string]Values
}

// Principal is who asks: exactly one of the members is set.
type Principal struct {
	// ARN is that of a user, role, session of a role, federated user or root.
	ARN       string
	Service   string // "lambda.amazonaws.com"
	Federated string // an ARN of a provider, or its name
	Anonymous bool
}

// Values are the values of a condition key.
type Values struct {
	List []string
	// Multi is set for a list: a key that can have several values, even if it
	// has one.
	Multi bool
}

// One is the value of a key that has one.
func One(value string) Values { return Values{List: []string{value}} }

// Many are the values of a key that can have several.
func Many(values ...string) Values { return Values{List: values, Multi: true} }

// Policies are all that apply to a request. A nil member means that there is no
// such layer; one that is empty is a layer that allows nothing.
type Policies struct {
	Identity []*policy.Document
	Boundary []*policy.Document
	Session  []*policy.Document
	SCP      []Level // root first; none is no such layer
	RCP      []Level
	Resource *policy.Document
	Endpoint []*policy.Document
}

// Level is a root, an organizational unit or an account with the policies that
// are attached to it.
type Level struct {
	Target   string
	Policies []*policy.Document
}

// Facts are what policies do not say.
type Facts struct {
	Principal PrincipalFacts
	Resource  ResourceFacts
	Grants    []Grant
	S3        *S3Facts // nil: nothing is known, and what S3 adds does not matter
}

// PrincipalFacts are facts about who asks.
type PrincipalFacts struct {
	ManagementAccount bool // its account manages the organization: no SCP applies
	ServiceLinked     bool // a service-linked role; seen from the ARN too
	Root              bool // the root user; seen from the ARN too
	// CanonicalID is that of the principal's account, by which ACLs and some
	// bucket policies name it; "" is not known, and nobody is taken for it.
	CanonicalID string
	OrgID       string
	OrgPath     []string
	Tags        map[string]string
	// anybody is set where the root user stands for anybody of its account, in
	// questions about outsiders of whom only the account is known.
	anybody bool
}

// ResourceFacts are facts about the resource.
type ResourceFacts struct {
	ManagementAccount bool // no RCP applies
	AWSManagedKey     bool // a KMS key that AWS manages: no RCP applies
	OrgID             string
	OrgPath           []string
	Tags              map[string]string
}

// Question is a request with all that is known about it.
type Question struct {
	Request  Request
	Policies Policies
	Facts    Facts
	// Unknown are patterns of condition keys of which it is not known whether
	// the request has them; "@session-name" stands for the name of the role's
	// session.
	Unknown []string
	// UnknownValue are patterns of keys that the request has, with values that
	// are not known.
	UnknownValue []string
	// Known are exceptions to the two.
	Known []string
}

// SessionName among the unknown is the name of the role's session.
const SessionName = "@session-name"

// Verdict is the answer.
type Verdict string

// The verdicts.
const (
	Allowed          Verdict = "Allowed"
	ImplicitlyDenied Verdict = "ImplicitlyDenied"
	ExplicitlyDenied Verdict = "ExplicitlyDenied"
	DependsOn        Verdict = "DependsOn"
)

// Layer is a kind of policy, or a rule of a service, that has a say.
type Layer string

// The layers.
const (
	LayerIdentity    Layer = "identity"
	LayerBoundary    Layer = "boundary"
	LayerSession     Layer = "session"
	LayerSCP         Layer = "scp"
	LayerRCP         Layer = "rcp"
	LayerResource    Layer = "resource"
	LayerEndpoint    Layer = "endpoint"
	LayerRoot        Layer = "root"  // the root user may do everything in its account
	LayerGrant       Layer = "grant" // a KMS grant
	LayerACL         Layer = "acl"   // of a bucket or an object
	LayerAccessPoint Layer = "access-point"
	LayerBPA         Layer = "public-access-block"
	LayerService     Layer = "service" // the service asks for no permission
)

// Used is a statement that had a part in the decision.
type Used struct {
	Layer     Layer
	Document  *policy.Document
	Statement *policy.Statement
}

// Decision is the answer with its reasons.
type Decision struct {
	Verdict Verdict
	// Layers decided: those that allow, for denials all that deny, for
	// DependsOn those that are open.
	Layers     []Layer
	Statements []Used
	// Depends is set for DependsOn.
	Depends *Dependence
	// Problems are oddities of the policies and of the question.
	Problems []string
}

// Dependence says what an answer hangs on.
type Dependence struct {
	// Request is what must hold of the request; True when only facts are
	// missing.
	Request Expr
	// Missing are the facts that nobody gave.
	Missing []string
	// Unread says of each why, and which IAM actions would have told.
	Unread []*haetae.Unknown
	// Example is a request that would be allowed. Its keys are the fewest that
	// were found.
	Example *Request
	// Assumed are the missing facts that the example takes to be so.
	Assumed []string
}
