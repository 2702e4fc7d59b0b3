package haetae

import (
	"net/netip"
	"time"
)

// Log names the log that a record was read from.
type Log string

// The logs that haetae reads. Flow logs are [Flow]s and Resolver query logs are
// [Lookup]s; all others are [Event]s.
const (
	CloudTrail      Log = "cloudtrail"
	VPCFlow         Log = "vpcflow"
	TransitFlow     Log = "tgwflow"
	ResolverQuery   Log = "route53resolver"
	EKSAudit        Log = "eksaudit"
	S3Access        Log = "s3access"
	ALBAccess       Log = "alb"
	ALBConnection   Log = "albconnection"
	NLBAccess       Log = "nlb"
	CLBAccess       Log = "clb"
	WAF             Log = "waf"
	RDSAudit        Log = "rdsaudit"
	NetworkFirewall Log = "networkfirewall"
	GuardDuty       Log = "guardduty"
	SecurityHub     Log = "securityhub"
)

// Outcome says how a call ended, as far as the record tells.
type Outcome string

// The outcomes. A denied call is one refused for want of permission, a failed one for any other
// reason; "" is a record that does not say.
const (
	CallSucceeded Outcome = "success"
	CallDenied    Outcome = "denied"
	CallFailed    Outcome = "failure"
)

// Event is one record of a log of calls: who did what to what, from where, and how
// it ended. Texts are "" where the record does not say. What it shares with other
// events is in its fields; the record's own fields are in Raw, under the names that
// AWS documents for them.
type Event struct {
	Place Place // its line is the number of the record in the file
	Log   Log
	// ID tells the record from all others of its log; the same one again is the
	// same event. Where a log gives none it is made of the object's key, its
	// version, and the number of the record.
	ID       string
	Time     time.Time // when it happened, by the record
	Ingested time.Time // when its source had it; zero where that is not known
	// Account is the one that the record was delivered for, Region where the call
	// was made.
	Account, Region string

	Actor   Actor
	Action  string   // "s3:GetObject", "eks:create pods", "rds:QUERY": the service's prefix and what the record calls it
	Targets []string // ARNs of what it was done to, else names as the record has them
	Outcome Outcome
	Error   string // the service's code of the error
	Peer    Peer

	// Raw is the record as a JSON object. Formats that are no JSON are made to one
	// with the names of their fields. It is valid until the reader goes on.
	Raw []byte
}

// ActorKind says what an actor is.
type ActorKind string

// The kinds of actors. Root is the root user of an account, IdentityCenterUser one
// of IAM Identity Center, whatever role it has just taken; Instance is an EC2
// instance that uses its role, Service an AWS service that acts by itself.
const (
	RootActor          ActorKind = "root"
	UserActor          ActorKind = "user"
	RoleActor          ActorKind = "role"
	FederatedActor     ActorKind = "federated"
	IdentityCenterUser ActorKind = "identity-center"
	InstanceActor      ActorKind = "instance"
	FunctionActor      ActorKind = "function"
	TaskActor          ActorKind = "task" // of ECS
	PodActor           ActorKind = "pod"  // of EKS
	ServiceActor       ActorKind = "service"
	AccountActor       ActorKind = "account" // another account, of which no more is told
	DatabaseActor      ActorKind = "database-user"
	AnonymousActor     ActorKind = "anonymous"
)

// Actor is who did something, in one form for all logs.
type Actor struct {
	Kind ActorKind
	// ID is the same for all that the actor does, over sessions and keys: the ARN
	// of the user, role or instance, or else what is most like it. State about
	// actors is kept by it.
	ID          string
	ARN         string // as the record gives it: of the session, for a role
	Account     string // in which the actor is
	PrincipalID string
	Name        string // the name of the user or role
	Session     string // the name of the session
	AccessKey   string // the id of the access key
	// Chain are the IDs of those from whom the session came, nearest first: who
	// assumed the role, and from what session that was, also across accounts.
	Chain []string
	// Through is the AWS service that made the call for the actor (invokedBy).
	Through string
	MFA     bool // the session was opened with MFA
	// Owner and Tags are what the snapshot says of the actor.
	Owner string
	Tags  map[string]string
}

// Peer is the other end of a call or a connection, and what is known of its
// address.
type Peer struct {
	Addr netip.Addr // the zero Addr when the record has a name or nothing
	Name string     // what the record has in place of an address: "cloudtrail.amazonaws.com", "AWS Internal"

	Country  string   // ISO 3166-1 alpha-2
	ASN      uint32   // 0 when it is not known
	Org      string   // to whom the ASN is registered
	Cloud    string   // "aws", "gcp", "azure" and the like: whose address it is
	Lists    []string // the lists of addresses that it is on: "tor", "malicious", or a user's own
	Own      bool     // the snapshot knows it as an address of the organisation
	Resource string   // of the snapshot, that has or had the address
	Endpoint string   // the VPC endpoint through which the call came
	// EndpointAccount is the account of that endpoint, where the record has it.
	EndpointAccount string
	Agent           string // the user agent
}

// Lookup is one record of a Route 53 Resolver query log: a DNS query and its answer
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html).
// Answers out of a resolver's cache are not logged, so counts are lower bounds.
type Lookup struct {
	Place Place
	ID    string
	Time  time.Time

	Account, Region, VPC string

	Name  string // as asked, lower case, with the dot at its end taken off
	Type  string // "A", "AAAA", "TXT"
	Class string // "IN"
	Code  string // "NOERROR", "NXDOMAIN"
	// Answers are valid until the reader goes on.
	Answers []Answer

	Src       netip.Addr
	SrcPort   uint16
	Transport string // "UDP", "TCP", "DOH"
	Instance  string // the instance that asked
	// Endpoint and Interface are of an inbound Resolver endpoint that was asked.
	Endpoint, Interface string

	// What DNS Firewall did: "ALERT" or "BLOCK", and the rule group and list that
	// said so.
	FirewallAction, FirewallGroup, FirewallList string
}

// Answer is one record that answered a DNS query.
type Answer struct {
	Data, Type, Class string
}
