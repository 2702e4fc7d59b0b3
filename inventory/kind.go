package inventory

import (
	"iter"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

// Kind is how one resource type is read.
type Kind struct {
	// Type is the CloudFormation type name.
	Type string
	// Global types are listed once per account. Their Region is "" unless the
	// reader knows better: a bucket has a region, but all are listed at once.
	Global bool
	// Singleton types are there once per account (Global) or per region,
	// whether or not anything was read of them.
	Singleton bool
	// ARN is the pattern of the type's ARN, in the form of AWS's Service
	// Authorization Reference, with ${Partition}, ${Region}, ${Account}, ${ID}.
	ARN string
	// Name is a property by which files and other answers may name a resource
	// besides its ID and ARN: "Name" of a load balancer.
	Name string
	// Of is the type of the parents when the type can only be listed parent by
	// parent: listeners are listed by load balancer.
	Of string
	// Finish, when set, concludes what takes the answers of several calls.
	Finish func(*haetae.Resource)
	// Calls are the operations that say something of the type, lists first.
	Calls []Call
}

// Call is one API operation and what its answer says of one type.
type Call struct {
	// Op is the operation with the AWS CLI's name of its service:
	// "s3api:GetBucketPolicy".
	Op string
	// Actions are the IAM actions that the operation needs; when empty, the
	// operation's own name is the action.
	Actions []string
	// Lists is set when a complete answer holds every resource of the type.
	Lists bool
	// Member is the top-level member by which the answer is recognised, with a
	// member of it or of its items when the name alone is not enough:
	// "Reservations", "Attributes.TopicArn", "Snapshots[].VolumeId". "" means
	// that only the name of the file can tell.
	Member string
	// Param is the request parameter that names the parent ("Bucket"), when
	// the operation is about one parent.
	Param string
	// List is set when Param takes a list of parents.
	List bool
	// Batch is how many parents one request may be about when the answer names
	// each of them itself; 0 is one. It needs List.
	Batch int
	// Number is set when Param takes a number.
	Number bool
	// Params are further request parameters, with the API's names and types:
	// string, bool, int64, []any and map[string]any. See [Call.Request] for the
	// placeholders in texts.
	Params map[string]any
	// Home is the region that alone answers the operation, of the partition aws:
	// wherever else it is asked there is nothing. "" is where the kind is asked.
	Home string
	// Each is where the parents are found: an operation and a JMESPath over its
	// answer, "s3api:ListBuckets Buckets[].Name"; several stand behind each
	// other with "; " between them and add up. An operation may be the call's
	// own: organizational units are in organizational units.
	Each string
	// Before is an operation that is called first, such as one that makes the
	// report which the call reads. It is called again until its answer's State
	// is COMPLETE.
	Before string
	// Again is set when an answer may not be ready, "JobStatus=IN_PROGRESS": the
	// call is made again while the answer says so.
	Again string
	// Extra is the name of a group of calls that are made only when somebody
	// asks for the group; "" is always.
	Extra string
	// Tags is set ("list" or "map", the form of the property) when the call gives
	// nothing but tags. A live collector makes it only where [TagsOp] failed.
	Tags string
	// Turned is set when the call is about something else that names resources of
	// the type, such as the web ACL that protects them: of those that none names
	// it says that they are not named.
	Turned bool
	// If is a source as in Each: in a place where it finds nothing the call is
	// of no use and is not made.
	If string
	// Only says what the call finds of the type when it is never all of it:
	// "those that services use". The type is then partly listed at best.
	Only string
	// Other is set when the call need not be made, since another call says the
	// same; it is for folders that were filled in another way.
	Other bool
	// Joins is set when lists add up with what other calls say instead of
	// replacing it, as they do for pages about one parent.
	Joins bool
	// Gives are the properties that only this call (or another one that gives
	// them) can tell, prefixed with "Observed." or "Volatile." where they are
	// there. "*" is all that is not named by any call.
	Gives []string
	// Absent are error codes that mean "not set".
	Absent []string
	// AbsentText is part of an error's message that means "not set", for
	// services whose code does not tell.
	AbsentText string
	// Unset gives the values of properties (with the prefixes of Gives) that the
	// answer says are not set,
	// where that is not the same as AWS's default for a new resource.
	Unset func() map[string]any
	// Read returns what the answer says. It is pure and must take any JSON.
	Read func(a *Answer) []*haetae.Resource
}

// extraDetails is the group of calls, one for each of many things, that only
// complete the picture: no control needs them, and AWS answers them slowly.
const extraDetails = "details"

// All is every kind that haetae reads. Adding a service is one line here.
var All = slices.Concat(
	account,

	region,
	ec2,
	vpc,
	vpcAccess,
	transit,
	directConnect,
	globalAccelerator,
	cloudWAN,
	resolver,
	lattice,
	s3,
	accessPoints,
	iam,
	kms,
	cloudtrail,
	dataStores,
	rds,
	lambda,
	lambdaLayers,
	elbv2,
	elb,
	sns,
	sqs,
	logs,
	logDestinations,
	cloudwatch,
	dynamodb,
	secretsmanager,
	ecs,
	ecsTasks,
	ecr,
	eks,
	eksParts,
	efs,
	elasticache,
	redshift,
	opensearch,
	sagemaker,
	codebuild,
	kinesis,
	streamConsumers,
	cognito,
	accessanalyzer,
	rdsProxy,
	awsConfig,
	networkFirewall,
	acm,
	apigateway,
	apigatewayv2,
	autoscaling,
	backup,
	waf, // before cloudfront, which asks for web ACLs of another scope
	cloudfront,
	events,
	guardduty,
	macie,
	organizations,
	identityCenter,
	ram,
	rolesAnywhere,
	multiRegion,
	identityPool,
	codeArtifact,
	privateCA,
	ses,
	msk,
	s3tables,
	aoss,
	cloudformation,
	glue,
	studio,
	codepipeline,
	apprunner,
	batch,
	emr,
	iot,
	agents,
	lambdaAliases,
	orgResourcePolicy,
	route53,
	securityhub,
	ssm,
	stepfunctions,
)

// Answer is the answer to one call, and where it was asked.
type Answer struct {
	Op      string
	Account string // that asked; "" when not known
	Region  string // that was asked; "" for global endpoints
	Place   haetae.Place
	// Params are the Params of the call that was made, placeholders and all, so
	// that the answer is taken only by calls that have the same. An empty map is
	// a call without; nil is not known, and any call of the operation takes it.
	Params map[string]any
	// Parents are the parents that a batch was about.
	Parents []string
	// Page counts the pages of one call from 0.
	Page int
	// Body is the answer, with what [Call.Echo] returns as further members
	// unless it was about a batch. The Builder may keep parts of it.
	Body map[string]any
	// Code and Message are the error when the call failed; Body then holds at
	// most what the call was about. Code is that of AWS, or one of the codes
	// of this package ([NotOffered], [Timeout], [Unavailable], [NotReached]).
	Code, Message string

	redact func(kind, value string) any
}

// Secret returns what stands in the property tree for a value that may be a
// secret: it never returns the value itself unless the caller's own function
// does.
func (a *Answer) Secret(kind, value string) any {
	if a.redact != nil {
		return a.redact(kind, value)
	}
	return &haetae.Secret{Kind: kind, Length: len(value)}
}

// each yields the objects in a list member of the answer.
func (a *Answer) each(member string) iter.Seq[map[string]any] {
	return objects(a.Body[member])
}

// recognises tells whether the answer has the call's member.
func (c *Call) recognises(body map[string]any) bool {
	if c.Member == "" {
		return false
	}
	if member, item, ok := strings.Cut(c.Member, "[]."); ok {
		for o := range objects(body[member]) {
			_, has := o[item]
			return has
		}
		return false
	}
	return has(body, c.Member)
}

// head tells whether the answer has the list that the call's member is in,
// with nothing in it.
func (c *Call) head(body map[string]any) bool {
	member, _, ok := strings.Cut(c.Member, "[].")
	list, isList := body[member].([]any)
	return ok && isList && len(list) == 0
}

// Read returns what the answer of an operation says of any kind of resource,
// as partial resources: nothing is merged and nothing is marked unknown. Most
// callers want a [Builder].
func Read(op string, a *Answer) []*haetae.Resource {
	var out []*haetae.Resource
	for i := range All {
		for j := range All[i].Calls {
			if c := &All[i].Calls[j]; c.Op == op && (ref{kind: &All[i], call: c}).fits(a.Body) {
				out = append(out, read(&All[i], c, a)...)
			}
		}
	}
	return out
}

// read runs one reader and completes what it returns.
func read(k *Kind, c *Call, a *Answer) []*haetae.Resource {
	rs := c.Read(a)
	for _, r := range rs {
		r.Type = k.Type
		place(k, r, a)
	}
	return rs
}

// place fills account and region of a resource: its own, else those of its
// ARN, else those of the answer.
func place(k *Kind, r *haetae.Resource, a *Answer) {
	n, _ := arn.Parse(r.ARN) // a resource without one has no parts
	if !isAccount(r.Account) {
		r.Account = ""
		if isAccount(n.Account) {
			r.Account = n.Account
		}
	}
	if r.Account == "" {
		r.Account = a.Account
	}
	if r.Region == "" && !k.Global {
		r.Region = a.Region
		if n.Region != "" {
			r.Region = n.Region
		}
	}
}

// isAccount tells whether s is an account number.
func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
