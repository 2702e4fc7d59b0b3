package iam

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/policy"
)

// policyPaths says where a resource's own policy stands, by type.
func policyPath(typ string) string {
	switch typ {
	case "AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::SecretsManager::Secret",
		"AWS::Kinesis::Stream", "AWS::CloudTrail::EventDataStore", "AWS::MSK::Cluster", "AWS::Lambda::Function":
		return "PolicyDocument"
	case "AWS::KMS::Key":
		return "KeyPolicy"
	case "AWS::IAM::Role":
		return "AssumeRolePolicyDocument"
	case "AWS::ECR::Repository":
		return "RepositoryPolicyText"
	case "AWS::EFS::FileSystem":
		return "FileSystemPolicy"
	case "AWS::DynamoDB::Table":
		return "ResourcePolicy.PolicyDocument"
	case "AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain":
		return "AccessPolicies"
	case "AWS::Backup::BackupVault":
		return "AccessPolicy"
	case "AWS::Events::EventBus", "AWS::ApiGateway::RestApi", "AWS::S3::AccessPoint":
		return "Policy"
	case "AWS::Organizations::ResourcePolicy":
		return "Content"
	case "AWS::CodeArtifact::Domain", "AWS::CodeArtifact::Repository":
		return "PermissionsPolicyDocument"
	case "AWS::S3Tables::TableBucket":
		return "ResourcePolicy"
	case "AWS::VpcLattice::Service", "AWS::VpcLattice::ServiceNetwork":
		return "AuthPolicy"
	}
	return ""
}

// HasPolicy tells whether resources of the type have policies of their own that
// the world reads.
func HasPolicy(typ string) bool { return policyPath(typ) != "" }

// Resource finds what an ARN means in the snapshot: the resource itself, or the
// bucket of an object, the table of an index and the like.
func (w *World) Resource(name string) (*haetae.Resource, bool) {
	if r, ok := w.resources[name]; ok {
		return r, true
	}
	a, err := arn.Parse(name)
	if err != nil {
		return nil, false
	}
	if a.Service == "s3" && a.Account == "" {
		bucket, _, _ := strings.Cut(a.Resource, "/")
		r, ok := w.buckets[bucket]
		return r, ok
	}
	for rest := name; ; {
		i := strings.LastIndexAny(rest, "/:")
		if i < 0 || strings.Count(rest[:i], ":") < 5 {
			return nil, false
		}
		rest = rest[:i]
		if r, ok := w.resources[rest]; ok {
			return r, true
		}
		if r, ok := w.resources[rest+":*"]; ok { // log groups
			return r, true
		}
	}
}

// Policy is the resource's own policy, nil when it has none.
func (w *World) Policy(r *haetae.Resource) *policy.Document { return w.policies[r] }

func (w *World) readPolicy(r *haetae.Resource) *policy.Document {
	path := policyPath(r.Type)
	if path == "" {
		return nil
	}
	typ := policy.Resource
	if r.Type == "AWS::IAM::Role" {
		typ = policy.Trust
	}
	return w.document(r, path, typ, "policy of "+r.ID)
}

// Ask makes a request into a question about the world: the policies of the
// principal, of the organization and of the resources, and the facts. What
// nobody said of the request itself, such as the caller's address, is unknown.
// Notes tell what the world does not have.
func (w *World) Ask(r Request) (q *Question, notes []string, err error) {
	q = &Question{Request: r}
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	q.Request.Context = map[string]Values{}
	for k, v := range r.Context {
		q.Request.Context[k] = v
		q.Known = append(q.Known, k)
	}
	who, err := newWho(q)
	if err != nil {
		return nil, nil, err
	}
	q.Unknown = []string{"*"}
	w.askPrincipal(q, &who, note)
	if len(r.Resources) > 0 {
		w.askResource(q, r.Resources[0], note)
	}
	if _, ok := lookup(q.Request.Context, "aws:CurrentTime"); !ok && w.graph.Time() > 0 {
		now := time.Unix(w.graph.Time(), 0).UTC()
		q.set("aws:CurrentTime", One(now.Format(time.RFC3339)))
		q.set("aws:EpochTime", One(strconv.FormatInt(now.Unix(), 10)))
	}
	return q, notes, nil
}

// set gives a key a value that is known.
func (q *Question) set(key string, v Values) {
	if _, ok := lookup(q.Request.Context, key); !ok {
		q.Request.Context[key] = v
		q.Known = append(q.Known, key)
	}
}

// askPrincipal fills in what is attached to the principal.
func (w *World) askPrincipal(q *Question, who *who, note func(string, ...any)) {
	q.Known = append(q.Known, "aws:PrincipalType", "aws:PrincipalIsAWSService")
	if !who.inAccount() {
		q.Known = append(q.Known, "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalTag/*",
			"aws:username", "aws:userid", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:FederatedProvider")
		return
	}
	// What only calls of AWS services carry
	// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn).
	q.Known = append(q.Known, "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner",
		"aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:username", "kms:CallerAccount")
	i, found := w.Identity(q.Request.Principal.ARN)
	a := w.accounts[who.account]
	f := &q.Facts.Principal
	if a != nil && a.any != nil {
		w.askAccount(q, a)
	} else {
		note("account %s of the principal is not in the snapshot: its policies are not known", who.account)
	}
	if !found {
		if who.kind != root {
			q.Policies.Identity = []*policy.Document{policy.Unreadable(policy.Identity, "policies of "+q.Request.Principal.ARN,
				&haetae.Unknown{Reason: haetae.NotAsked, Detail: "the principal is not in the snapshot", Actions: []string{"iam:GetAccountAuthorizationDetails"}})}
		}
		return
	}
	q.Policies.Identity, q.Policies.Boundary = i.Policies, i.Boundary
	f.ServiceLinked, f.Tags = i.ServiceLinked(), i.Tags
	if who.kind == session {
		q.set("aws:PrincipalArn", One(i.ARN))
	}
	if i.TagsUnknown == nil && !i.taggable() {
		q.Known = append(q.Known, "aws:PrincipalTag/*")
	}
	switch {
	case who.kind == user && i.UniqueID != "":
		q.set("aws:userid", One(i.UniqueID))
	case who.kind == session && i.UniqueID != "":
		q.set("aws:userid", One(i.UniqueID+":"+who.session[strings.LastIndexByte(who.session, '/')+1:]))
	case who.kind == root:
		q.Known = append(q.Known, "aws:userid")
	}
}

// taggable tells whether a session of the role can bring tags of its own.
func (i *Identity) taggable() bool {
	if i.Trust == nil {
		return false
	}
	if i.Trust.More != nil {
		return true
	}
	return slices.ContainsFunc(i.Trust.Statements, func(s *policy.Statement) bool {
		return s.Effect == policy.Allow && s.Actions != nil && s.Actions.Match("sts", "TagSession")
	})
}

// askAccount fills in what the organization says of the principal's account.
func (w *World) askAccount(q *Question, a *Account) {
	f := &q.Facts.Principal
	f.ManagementAccount, f.OrgID, f.OrgPath = a.Management, a.OrgID, a.OrgPath
	q.Policies.SCP = a.SCP
	if a.Unread != nil && !w.assumeNoOrg {
		q.Policies.SCP = append(slices.Clone(a.SCP), Level{Target: "not read", Policies: []*policy.Document{policy.Unreadable(policy.SCP, "service control policies of account "+a.ID, a.Unread)}})
	}
	if a.knowsOrganization() {
		q.Known = append(q.Known, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
	}
}

// askResource fills in what is attached to the resource.
func (w *World) askResource(q *Question, name string, note func(string, ...any)) {
	r, found := w.Resource(name)
	if name == "*" {
		return
	}
	if found {
		q.Policies.Resource = w.Policy(r)
		if q.Request.Account == "" {
			q.Request.Account = r.Account
		}
	} else if known := w.absence(q, name); known != nil {
		q.Policies.Resource = known
		note("%s is not in the snapshot", name)
	}
	if a := w.accounts[q.Request.Account]; a != nil && a.any != nil {
		f := &q.Facts.Resource
		f.ManagementAccount, f.OrgID, f.OrgPath = a.Management, a.OrgID, a.OrgPath
		q.Policies.RCP = a.RCP
		q.Known = append(q.Known, "aws:ResourceAccount")
		if a.knowsOrganization() {
			q.Known = append(q.Known, "aws:ResourceOrgID", "aws:ResourceOrgPaths")
		}
	}
	if !found {
		return
	}
	q.Facts.Resource.Tags = map[string]string{}
	complete := r.TagsUnknown == nil
	for k, v := range r.Tags {
		if s, ok := v.(string); ok {
			q.Facts.Resource.Tags[k] = s
		} else {
			complete = false
		}
	}
	if complete && (r.ARN == name || r.ID == name) {
		service, _ := policy.SplitAction(q.Request.Action)
		q.Known = append(q.Known, "aws:ResourceTag/*", service+":ResourceTag/*")
	}
	switch r.Type {
	case "AWS::S3::Bucket":
		q.Facts.S3 = w.bucketFacts(r)
	case "AWS::KMS::Key":
		q.Facts.Resource.AWSManagedKey = r.Observed["KeyManager"] == "AWS"
		q.Facts.Grants = w.grants(q, r, note)
	case "AWS::S3::AccessPoint":
		w.askAccessPoint(q, r)
	}
}

// absence is the policy of a resource that the snapshot lacks: unknown when
// resources of its kind have policies, as it may be there all the same.
func (w *World) absence(q *Question, name string) *policy.Document {
	a, err := arn.Parse(name)
	if err != nil {
		return nil
	}
	mayHave := map[string]bool{"s3": true, "kms": true, "sqs": true, "sns": true, "lambda": true, "secretsmanager": true, "ecr": true,
		"elasticfilesystem": true, "dynamodb": true, "kinesis": true, "es": true, "backup": true, "events": true, "execute-api": true}
	role := a.Service == "iam" && strings.HasPrefix(a.Resource, "role/") && strings.HasPrefix(strings.ToLower(q.Request.Action), "sts:")
	if !mayHave[a.Service] && !role {
		return nil
	}
	return policy.Unreadable(policy.Resource, "policy of "+name, &haetae.Unknown{Reason: haetae.NotAsked, Detail: "the resource is not in the snapshot"})
}

// bucketFacts are what decides beside policies.
func (w *World) bucketFacts(r *haetae.Resource) *S3Facts {
	f := &S3Facts{BucketOwner: r.Account, Bucket: blockOf(r.Props["PublicAccessBlockConfiguration"]), BlockUnread: blockUnread(r.Props["PublicAccessBlockConfiguration"])}
	if a := w.accounts[r.Account]; a != nil {
		f.Account = a.block
		if f.BlockUnread == nil {
			f.BlockUnread = a.blockUnread
		}
	}
	for _, rule := range elements(property(r, "OwnershipControls.Rules")) {
		if m, ok := rule.(map[string]any); ok {
			f.Ownership, _ = m["ObjectOwnership"].(string)
		}
	}
	for _, v := range elements(r.Props["Grants"]) {
		m, _ := v.(map[string]any)
		grantee, _ := m["Grantee"].(map[string]any)
		g := ACLGrant{Permission: text(m["Permission"])}
		if uri, ok := grantee["URI"].(string); ok {
			g.Grantee = uri
		} else if id, ok := grantee["ID"].(string); ok {
			g.Grantee = w.canonical(id)
		}
		f.ACL = append(f.ACL, g)
	}
	return f
}

// canonical is the account of a canonical user id, the id itself when no bucket
// tells.
func (w *World) canonical(id string) string {
	for _, r := range w.buckets {
		if property(r, "Observed.Owner.ID") == id {
			return r.Account
		}
	}
	return id
}

func (w *World) grants(q *Question, r *haetae.Resource, note func(string, ...any)) []Grant {
	var out []Grant
	list, ok := r.Observed["Grants"].([]any)
	if !ok && r.Observed["Grants"] != nil {
		note("the grants of %s were not read: they may allow more", r.ID)
	}
	for _, v := range list {
		m, _ := v.(map[string]any)
		g := Grant{Grantee: text(m["GranteePrincipal"])}
		g.Retiring, _ = m["RetiringPrincipal"].(string)
		for _, op := range elements(m["Operations"]) {
			g.Operations = append(g.Operations, text(op))
		}
		constraints, _ := m["Constraints"].(map[string]any)
		g.Equals, g.Subset = stringMap(constraints["EncryptionContextEquals"]), stringMap(constraints["EncryptionContextSubset"])
		g.SourceArn, _ = constraints["SourceArn"].(string)
		out = append(out, g)
	}
	return out
}

func stringMap(v any) map[string]string {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	out := map[string]string{}
	for k, v := range m {
		out[k] = text(v)
	}
	return out
}

// askAccessPoint adds the access point that the request goes through.
func (w *World) askAccessPoint(q *Question, r *haetae.Resource) {
	bucket, ok := w.buckets[text(r.Props["Bucket"])]
	f := &S3Facts{BucketOwner: text(r.Props["BucketAccountId"])}
	point := &AccessPoint{ARN: r.ARN, Policy: q.Policies.Resource, PublicAccessBlock: blockOf(r.Props["PublicAccessBlockConfiguration"])}
	q.Policies.Resource = policy.Unreadable(policy.Resource, "policy of the bucket "+text(r.Props["Bucket"]),
		&haetae.Unknown{Reason: haetae.NotAsked, Detail: "the bucket behind the access point is not in the snapshot"})
	if ok {
		f = w.bucketFacts(bucket)
		q.Policies.Resource = w.Policy(bucket)
	}
	if f.BlockUnread == nil {
		f.BlockUnread = blockUnread(r.Props["PublicAccessBlockConfiguration"])
	}
	f.AccessPoint = point
	q.Facts.S3 = f
}

// Decide asks and answers in one. Notes are among the decision's problems.
func (w *World) Decide(r Request) (*Decision, error) {
	q, notes, err := w.Ask(r)
	if err != nil {
		return nil, err
	}
	d, err := w.engine.Decide(q)
	if err != nil {
		return nil, err
	}
	d.Problems = append(notes, d.Problems...)
	return d, nil
}
