package ingest

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

// Event is the record as an event. What the record says of who made the call is in
// Actor as it stands there; sessions are not traced to whom they came from.
func (r *TrailRecord) Event() *haetae.Event {
	e := &haetae.Event{Place: r.Place, Log: haetae.CloudTrail, ID: r.ID, Time: r.Time, Account: r.Account, Region: r.Region,
		Action: trailService(r.Text("eventSource")) + ":" + r.Text("eventName"), Error: r.Text("errorCode")}
	if e.ID == "" {
		e.ID = placeID(r.Place)
	}
	e.Actor = r.actor()
	e.Outcome = r.outcome()
	e.Targets = r.targets()
	from := r.Text("sourceIPAddress")
	if a, err := netip.ParseAddr(from); err == nil {
		e.Peer.Addr = a.Unmap()
	} else {
		e.Peer.Name = from
	}
	e.Peer.Endpoint, e.Peer.EndpointAccount = r.Text("vpcEndpointId"), r.Text("vpcEndpointAccountId")
	e.Peer.Agent = r.Text("userAgent")
	if e.Raw = r.raw; e.Raw == nil {
		// What was decoded from JSON can be written as JSON.
		e.Raw, _ = json.Marshal(r.Fields)
	}
	return e
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
func (r *TrailRecord) actor() haetae.Actor {
	u := func(path ...string) string { return r.Text(append([]string{"userIdentity"}, path...)...) }
	a := haetae.Actor{ARN: u("arn"), Account: u("accountId"), PrincipalID: u("principalId"), Name: u("userName"), AccessKey: u("accessKeyId"), Through: u("invokedBy")}
	a.MFA = u("sessionContext", "attributes", "mfaAuthenticated") == "true" || r.Text("additionalEventData", "MFAUsed") == "Yes"
	partition := "aws"
	if n, err := arn.Parse(a.ARN); err == nil {
		partition = n.Partition
	}
	switch kind := u("type"); kind {
	case "Root":
		a.Kind, a.ID = haetae.RootActor, "arn:"+partition+":iam::"+a.Account+":root"
	case "IAMUser":
		a.Kind, a.ID = haetae.UserActor, a.ARN
		if a.Name == "" {
			_, a.Name = lastCut(a.ARN, "/")
		}
	case "AssumedRole", "Role":
		a.Kind = haetae.RoleActor
		r.role(&a, partition)
	case "FederatedUser":
		a.Kind, a.ID = haetae.FederatedActor, a.ARN
		if _, a.Session = lastCut(a.ARN, "/"); a.Name == "" {
			a.Name = a.Session
		}
	case "SAMLUser", "WebIdentityUser":
		a.Kind, a.ID = haetae.FederatedActor, u("identityProvider")+" "+a.Name
	case "IdentityCenterUser":
		a.Kind, a.ID = haetae.IdentityCenterUser, u("onBehalfOf", "userId")
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
			a.ID = strings.TrimSuffix(a.Account+":"+id, ":")
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
	return a
}

// role fills in what an actor that is a session of a role has: its role, which the
// record names as the issuer of the session, and the session's name.
func (r *TrailRecord) role(a *haetae.Actor, partition string) {
	a.ID = r.Text("userIdentity", "sessionContext", "sessionIssuer", "arn")
	if name := r.Text("userIdentity", "sessionContext", "sessionIssuer", "userName"); name != "" {
		a.Name = name
	}
	if n, err := arn.Parse(a.ARN); err == nil && n.Service == "sts" {
		parts := strings.SplitN(n.Resource, "/", 3)
		if len(parts) == 3 && parts[0] == "assumed-role" {
			a.Session = parts[2]
			if a.Name == "" {
				a.Name = parts[1]
			}
			if a.Account == "" {
				a.Account = n.Account
			}
			if a.ID == "" {
				// The path of the role is not in the name of its session.
				a.ID = "arn:" + partition + ":iam::" + n.Account + ":role/" + parts[1]
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
	code := r.Text("errorCode")
	switch {
	case r.Text("eventCategory") == "Insight":
		return ""
	case Denied(code, r.Text("errorMessage")):
		return haetae.CallDenied
	case code != "", r.Text("errorMessage") != "" && r.Text("responseElements", "ConsoleLogin") != "Success", r.Text("responseElements", "ConsoleLogin") == "Failure":
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
func (r *TrailRecord) targets() []string {
	var out []string
	if list, ok := r.Fields["resources"].([]any); ok {
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
	p, _ := r.Fields["requestParameters"].(map[string]any)
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
