package ingest

import (
	"strings"

	"github.com/haetae/haetae"
)

// eksAuditFormat is what the API server of an EKS cluster writes
// (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html,
// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/).
func eksAuditFormat() Format {
	return Format{Log: haetae.EKSAudit, Title: "EKS audit log", read: (*input).eksAuditRecord,
		object: func(o *object) bool { return o.has("auditID", "stage", "verb") }}
}

// eksUser is who asked, as the API server knows it.
type eksUser struct {
	Username string           `json:"username"`
	Groups   words            `json:"groups"`
	Extra    map[string]words `json:"extra"`
}

// eksAuditRecord reads one record of an audit log. The API server writes one for
// each stage of a request; only the last tells how it ended, and it is there once
// for each request.
func (in *input) eksAuditRecord(o *object, _ []byte, m *mail) error {
	var r struct {
		ID          string   `json:"auditID"`
		Stage       string   `json:"stage"`
		Verb        string   `json:"verb"`
		URI         string   `json:"requestURI"`
		User        eksUser  `json:"user"`
		As          *eksUser `json:"impersonatedUser"`
		Sources     words    `json:"sourceIPs"`
		Agent       string   `json:"userAgent"`
		Received    string   `json:"requestReceivedTimestamp"`
		StageTime   string   `json:"stageTimestamp"`
		Annotations map[string]string
		Object      *struct{ Resource, Subresource, Namespace, Name, APIGroup string } `json:"objectRef"`
		Status      struct {
			Code   int    `json:"code"`
			Reason string `json:"reason"`
		} `json:"responseStatus"`
	}
	if !in.decode(o.raw, &r) {
		return nil
	}
	switch r.Stage {
	case "ResponseComplete", "Panic":
	case "RequestReceived", "ResponseStarted":
		return in.passOver()
	default:
		return in.bad("a stage of %q", r.Stage[:min(len(r.Stage), 40)])
	}
	at, err := when(first(r.Received, r.StageTime))
	if err != nil {
		return in.bad("requestReceivedTimestamp: %v", err)
	}
	cluster := eksCluster(m.group)
	e := &haetae.Event{Log: haetae.EKSAudit, ID: r.ID, Time: at, Actor: r.User.actor(cluster), Raw: o.raw}
	e.Action = "eks:" + r.Verb
	if x := r.Object; x != nil && x.Resource != "" {
		name := x.Resource
		if x.Subresource != "" {
			name += "/" + x.Subresource
		}
		e.Action += " " + name
		path := x.Resource
		if x.Namespace != "" {
			path = "namespaces/" + x.Namespace + "/" + path
		}
		if x.Name != "" {
			path += "/" + x.Name
		}
		e.Targets = append(e.Targets, path)
	} else if r.URI != "" {
		path, _, _ := strings.Cut(r.URI, "?")
		e.Targets = append(e.Targets, path)
	}
	if cluster != "" {
		e.Targets = append(e.Targets, "cluster/"+cluster)
	}
	switch code := r.Status.Code; {
	case code == 401 || code == 403:
		e.Outcome = haetae.CallDenied
	case code >= 400 || r.Stage == "Panic":
		e.Outcome = haetae.CallFailed
	case code > 0:
		e.Outcome = haetae.CallSucceeded
	}
	if e.Error = r.Status.Reason; e.Error == "" && e.Outcome == haetae.CallDenied {
		e.Error = "Forbidden"
	}
	// The first address is the one that the request says it came from first.
	e.Peer = peerOf(r.Sources.one())
	e.Peer.Agent = r.Agent
	return in.event(e, m)
}

// eksCluster is the name of the cluster that a log group is of: /aws/eks/NAME/cluster.
func eksCluster(group string) string {
	rest, ok := strings.CutPrefix(group, "/aws/eks/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// actor is who asked. Of somebody who acts as another it is the one who proved who
// he is: the other is in the record as impersonatedUser.
func (u *eksUser) actor(cluster string) haetae.Actor {
	// Names that a cluster gives are told apart from those of other clusters.
	within := func(name string) string {
		if cluster == "" {
			return name
		}
		return cluster + "/" + name
	}
	a := haetae.Actor{Name: u.Username, ID: within(u.Username)}
	iam := u.Extra["arn"].one()
	node, isNode := strings.CutPrefix(u.Username, "system:node:")
	account, isPod := strings.CutPrefix(u.Username, "system:serviceaccount:")
	switch {
	case u.Username == "system:anonymous":
		a.Kind, a.ID = haetae.AnonymousActor, "anonymous"
	case isPod:
		a.Kind = haetae.PodActor
		a.Name = strings.Replace(account, ":", "/", 1)
		a.Session = u.Extra["authentication.kubernetes.io/pod-name"].one()
	case isNode:
		a.Kind, a.Name, a.ARN = haetae.InstanceActor, node, iam
		a.Account = principal(iam).Account
		if a.Session = u.Extra["sessionName"].one(); strings.HasPrefix(a.Session, "i-") {
			a.ID = a.Session
		}
	case strings.HasPrefix(u.Username, "system:") || strings.HasPrefix(u.Username, "eks:"):
		a.Kind = haetae.ServiceActor
	case strings.HasPrefix(iam, "arn:"):
		a = principal(iam)
		if id := u.Extra["canonicalArn"].one(); strings.HasPrefix(id, "arn:") {
			a.ID = id
		}
		if name := u.Extra["sessionName"].one(); name != "" {
			a.Session = name
		}
	case u.Username != "":
		a.Kind = haetae.FederatedActor
	}
	a.AccessKey, a.PrincipalID = u.Extra["accessKeyId"].one(), u.Extra["principalId"].one()
	return a
}
