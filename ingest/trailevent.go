package ingest

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
	"github.com/haetae/haetae/projection"
)

// Event is the record as an event. What the record says of who made the call is in
// Actor as it stands there; sessions are not traced to whom they came from.
func (r *TrailRecord) Event() *haetae.Event {
	e := &haetae.Event{}
	if r.event(e); e.ID == "" {
		e.ID = placeID(r.Place)
	}
	return e
}

// event fills in an event that is empty, without an id where the record has none.
func (r *TrailRecord) event(e *haetae.Event) {
	k := &r.texts
	e.Place, e.Log, e.ID, e.Time, e.Account, e.Region = r.Place, haetae.CloudTrail, r.ID, r.Time, r.Account, r.Region
	e.Action, e.Error = k.keep(trailService(r.text(trailSource)), ":", r.text(trailName)), k.keep(r.text(trailError))
	r.actor(&e.Actor, k)
	e.Outcome = r.outcome()
	e.Targets = r.targets(k)
	from := r.text(trailAddress)
	// What begins with a letter and has no colon is a name: there is no need to find that out.
	var addr netip.Addr
	if from != "" && (from[0] <= '9' || strings.IndexByte(from, ':') >= 0) {
		addr, _ = netip.ParseAddr(from)
	}
	if addr.IsValid() {
		e.Peer.Addr = addr.Unmap()
	} else {
		e.Peer.Name = k.keep(from)
	}
	e.Peer.Endpoint, e.Peer.EndpointAccount = k.keep(r.text(trailEndpoint)), k.keep(r.text(trailEndpointAccount))
	e.Peer.Agent = k.keep(r.text(trailAgent))
	e.Raw = r.raw
}

// trailService is the prefix that actions of a service have in policies, as far as
// its name in CloudTrail tells.
func trailService(source string) string {
	name, _, _ := strings.Cut(source, ".")
	switch name {
	case "monitoring":
		return "cloudwatch"
	case "email":
		return "ses"
	}
	return name
}

// actor says who made the call, as the record tells it
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html).
func (r *TrailRecord) actor(a *haetae.Actor, k *kept) {
	u := func(n int) string { return k.keep(r.text(n)) }
	a.ARN, a.Account, a.PrincipalID = u(trailARN), u(trailAccount), u(trailPrincipal)
	a.Name, a.AccessKey, a.Through = u(trailUser), u(trailKey), u(trailThrough)
	a.MFA = r.text(trailMFA) == "true" || r.text(trailSignInMFA) == "Yes"
	partition := "aws"
	if a.ARN != "" {
		if n, err := arn.Parse(a.ARN); err == nil {
			partition = n.Partition
		}
	}
	switch r.text(trailKind) {
	case "Root":
		a.Kind, a.ID = haetae.RootActor, k.keep("arn:", partition, ":iam::", a.Account, ":root")
	case "IAMUser":
		a.Kind, a.ID = haetae.UserActor, a.ARN
		if a.Name == "" {
			_, a.Name = lastCut(a.ARN, "/")
		}
	case "AssumedRole", "Role":
		a.Kind = haetae.RoleActor
		r.role(a, partition, k)
	case "FederatedUser":
		a.Kind, a.ID = haetae.FederatedActor, a.ARN
		if _, a.Session = lastCut(a.ARN, "/"); a.Name == "" {
			a.Name = a.Session
		}
	case "SAMLUser", "WebIdentityUser":
		a.Kind, a.ID = haetae.FederatedActor, k.keep(r.text(trailProvider), " ", a.Name)
	case "IdentityCenterUser":
		a.Kind, a.ID = haetae.IdentityCenterUser, u(trailBehalf)
	case "AWSService":
		a.Kind, a.ID, a.Name = haetae.ServiceActor, a.Through, a.Through
		a.Through = ""
	case "AWSAccount":
		if a.Account == "anonymous" || strings.EqualFold(a.Account, "ANONYMOUS_PRINCIPAL") || a.Account == "" && a.PrincipalID == "" {
			a.Kind, a.ID, a.Account = haetae.AnonymousActor, "anonymous", ""
			break
		}
		a.Kind, a.ID = haetae.AccountActor, a.ARN
		id, session, _ := strings.Cut(a.PrincipalID, ":")
		if a.Session = session; a.ID == "" {
			a.ID = strings.TrimSuffix(k.keep(a.Account, ":", id), ":")
		}
	default:
		if a.Through != "" && a.ARN == "" {
			a.Kind, a.ID, a.Name, a.Through = haetae.ServiceActor, a.Through, a.Through, ""
		}
	}
	for _, id := range []string{a.ARN, a.PrincipalID, a.Name, a.Account} {
		if a.ID = strings.TrimSpace(a.ID); a.ID == "" {
			a.ID = id
		}
	}
}

// role fills in what an actor that is a session of a role has: its role, which the
// record names as the issuer of the session, and the session's name.
func (r *TrailRecord) role(a *haetae.Actor, partition string, k *kept) {
	a.ID = k.keep(r.text(trailIssuer))
	if name := k.keep(r.text(trailIssuerName)); name != "" {
		a.Name = name
	}
	if n, err := arn.Parse(a.ARN); err == nil && n.Service == "sts" {
		kind, rest, _ := strings.Cut(n.Resource, "/")
		role, session, whole := strings.Cut(rest, "/")
		if whole && kind == "assumed-role" {
			a.Session = session
			if a.Name == "" {
				a.Name = role
			}
			if a.Account == "" {
				a.Account = n.Account
			}
			if a.ID == "" {
				// The path of the role is not in the name of its session.
				a.ID = k.keep("arn:", partition, ":iam::", n.Account, ":role/", role)
			}
		}
	}
	if a.Session == "" {
		_, a.Session, _ = strings.Cut(a.PrincipalID, ":")
	}
}

// lastCut cuts a text at the last sep; without one all of it is after.
func lastCut(text, sep string) (before, after string) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return "", text
	}
	return text[:i], text[i+len(sep):]
}

// outcome reads the error's code. A sign-in that failed has none: its answer says
// so. Insights tell of no call.
func (r *TrailRecord) outcome() haetae.Outcome {
	code := r.text(trailError)
	switch {
	case r.text(trailCategory) == "Insight":
		return ""
	case Denied(code, r.text(trailMessage)):
		return haetae.CallDenied
	case code != "", r.text(trailMessage) != "" && r.text(trailSignIn) != "Success", r.text(trailSignIn) == "Failure":
		return haetae.CallFailed
	}
	return haetae.CallSucceeded
}

// Denied tells whether the code of an error, or else its text, says that
// permission was wanting
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
func Denied(code, message string) bool {
	for _, part := range []string{"AccessDenied", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError", "NotAuthorized"} {
		if strings.Contains(code, part) {
			return true
		}
	}
	return code != "" && strings.Contains(message, "is not authorized to perform")
}

// trailNames are the parameters that name what most calls are about, the first
// that is there first.
func trailNames() []string {
	return []string{"userName", "roleName", "groupName", "policyArn", "instanceProfileName", "instanceId", "functionName", "keyId", "secretId",
		"trailName", "dBInstanceIdentifier", "dBClusterIdentifier", "dBSnapshotIdentifier", "tableName", "queueUrl", "topicArn", "roleArn",
		"groupId", "snapshotId", "volumeId", "imageId", "vpcId", "logGroupName", "repositoryName", "clusterName", "stackName", "detectorId", "name", "arn"}
}

// targets are the resources that the record names, else what its parameters do.
func (r *TrailRecord) targets(k *kept) []string {
	h := r.head
	if h == nil || h.Has(trailResourceLower) || h.Has(trailResourceName) || h.Has(trailResource) && h.Lists(trailResource) != 1 ||
		h.Has(trailInstances) && h.Has(trailInstanceResources) || h.Has(trailTagged) && h.Has(trailTaggedInstances) {
		return r.decodedTargets(k)
	}
	if out := r.listed(k, nil, trailResource, 1); len(out) > 0 {
		return out
	}
	if bucket := r.text(trailBucket); bucket != "" {
		if key := r.text(trailObject); key != "" {
			return []string{k.keep("arn:aws:s3:::", bucket, "/", key)}
		}
		return []string{k.keep("arn:aws:s3:::", bucket)}
	}
	for n := trailParameters; n < h.Fields().Len(); n++ {
		if name := h.Text(n); name != "" {
			return []string{k.keep(name)}
		}
	}
	var out []string
	for n := trailInstances; n < trailWraps; n++ {
		out = r.listed(k, out, n, 1)
	}
	return out
}

// listed appends the texts of a field that are in so many lists.
func (r *TrailRecord) listed(k *kept, out []string, n, lists int) []string {
	if !r.head.Has(n) || r.head.Lists(n) != lists {
		return out
	}
	var room [8]projection.Value
	values := r.head.Append(n, room[:0])
	if out == nil {
		out = make([]string, 0, len(values))
	}
	for _, v := range values {
		if v.Kind == projection.Text && v.Text != "" {
			out = append(out, k.keep(v.Text))
		}
	}
	return out
}

// decodedTargets are the targets of a record that is not plain.
func (r *TrailRecord) decodedTargets(k *kept) []string {
	fields := r.Fields()
	var out []string
	if list, ok := fields["resources"].([]any); ok {
		for _, x := range list {
			m, _ := x.(map[string]any)
			for _, key := range []string{"ARN", "arn", "resourceName"} {
				if name, ok := m[key].(string); ok && name != "" {
					out = append(out, name)
					break
				}
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	p, _ := fields["requestParameters"].(map[string]any)
	if p == nil {
		return nil
	}
	if bucket, ok := p["bucketName"].(string); ok && bucket != "" {
		name := "arn:aws:s3:::" + bucket
		if key, ok := p["key"].(string); ok && key != "" {
			name += "/" + key
		}
		return []string{name}
	}
	for _, key := range trailNames() {
		if name, ok := p[key].(string); ok && name != "" {
			return []string{name}
		}
	}
	for _, set := range []string{"instancesSet", "resourcesSet"} {
		m, _ := p[set].(map[string]any)
		items, _ := m["items"].([]any)
		for _, x := range items {
			item, _ := x.(map[string]any)
			for _, key := range []string{"instanceId", "resourceId"} {
				if name, ok := item[key].(string); ok && name != "" {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

// placeID is the id of a record that has none: the key of its object, and its
// number in it.
func placeID(p haetae.Place) string { return p.File + "#" + strconv.Itoa(p.Line) }
