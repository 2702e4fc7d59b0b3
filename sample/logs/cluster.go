package logs

import (
	"fmt"

	"github.com/haetae/haetae"
)

// addCluster adds the audit log of the cluster "search": the machinery of Kubernetes,
// which is most of it, the search itself, and deployments
// (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html).
func (w *world) addCluster() {
	w.cluster = w.subscribed(haetae.EKSAudit, production, "/aws/eks/search/cluster", "kube-apiserver-audit-0b1c2d3e4f5061728394a5b6c7d8e9f0")
	p := w.web.places
	w.habit("cluster", nil, func() {
		for i, h := range p.nodes {
			node := fmt.Sprintf("ip-%d.ec2.internal", i)
			user := nested("username", "system:node:"+node, "uid", "aws-iam-authenticator:111122223333:"+principal("AROA", "arn:aws:iam::111122223333:role/eks-nodes"),
				"groups", []string{"system:bootstrappers", "system:nodes", "system:authenticated"},
				"extra", nested("arn", list(quoted("arn:aws:sts::111122223333:assumed-role/eks-nodes/"+h.instance)), "canonicalArn", list(quoted("arn:aws:iam::111122223333:role/eks-nodes")), "sessionName", list(quoted(h.instance))))
			w.times(6, func(t int64) {
				w.kube(t, user, h.private, "kubelet/v1.29.15 (linux/amd64) kubernetes/0d2f1bf", "update", "leases", "kube-node-lease", node, "coordination.k8s.io", 200)
			})
			w.times(3, func(t int64) {
				w.kube(t, user, h.private, "kubelet/v1.29.15 (linux/amd64) kubernetes/0d2f1bf", "get", "configmaps", "search", "indexer", "", 200)
			})
		}
		system := nested("username", "system:kube-controller-manager", "groups", []string{"system:authenticated"})
		w.times(8, func(t int64) {
			w.kube(t, system, "10.0.91.14", "kube-controller-manager/v1.29.15 (linux/amd64) kubernetes/0d2f1bf/leader-election", "update", "leases", "kube-system", "kube-controller-manager", "coordination.k8s.io", 200)
		})
		pod := nested("username", "system:serviceaccount:search:indexer", "uid", "5f0d7c1e-8a1f-4b6e-9d0c-2b3a4c5d6e7f", "groups", []string{"system:serviceaccounts", "system:serviceaccounts:search", "system:authenticated"},
			"extra", nested("authentication.kubernetes.io/pod-name", list(quoted("indexer-6c9f7d5b8-x2k4p")), "authentication.kubernetes.io/pod-uid", list(quoted("9a8b7c6d-5e4f-4031-a2b3-c4d5e6f70819"))))
		w.times(6, func(t int64) {
			code := 200
			resource := []string{"endpoints", "services", "pods"}[w.r.IntN(3)]
			if w.r.IntN(60) == 0 {
				resource, code = "nodes", 403 // that it may not see
			}
			w.kube(t, pod, p.nodes[0].private, "indexer/2.4 kubernetes-client/31.0", "list", resource, "search", "", "", code)
		})
	})
	w.habit("deployments of the search", func(midnight int64) {
		w.workday(midnight, func(nine int64) {
			w.at(nine+w.minutes(60, 500), func(t int64) {
				address, _ := one(newBlocks().runners, w.r.IntN(5000))
				user := nested("username", "ci-deploy", "uid", "aws-iam-authenticator:111122223333:"+principal("AROA", "arn:aws:iam::111122223333:role/ci-deploy"), "groups", []string{"deployers", "system:authenticated"},
					"extra", nested("arn", list(quoted("arn:aws:sts::111122223333:assumed-role/ci-deploy/GitHubActions")), "canonicalArn", list(quoted("arn:aws:iam::111122223333:role/ci-deploy")), "sessionName", list(quoted("GitHubActions"))))
				for i, verb := range []string{"get", "patch", "get"} {
					w.kube(t+int64(i)*3*second, user, address, "kubectl/v1.31.3 (linux/amd64) kubernetes/c83cbee", verb, "deployments", "search", "indexer", "apps", 200)
				}
			})
		})
	}, nil)
}

func quoted(s string) raw { return raw(quote(nil, s)) }

// kube writes an event of the audit.
func (w *world) kube(at int64, user raw, address, agent, verb, resource, namespace, name, group string, code int) {
	uri := "/api/v1"
	if group != "" {
		uri = "/apis/" + group + "/v1"
	}
	uri += "/namespaces/" + namespace + "/" + resource
	ref := []any{"resource", resource, "namespace", namespace}
	if name != "" {
		uri += "/" + name
		ref = append(ref, "name", name)
	}
	if group != "" {
		ref = append(ref, "apiGroup", group)
	}
	decision, why := "allow", ""
	status := nested("metadata", nested(), "code", code)
	if code == 403 {
		decision = "forbid"
		status = nested("metadata", nested(), "status", "Failure", "message", resource+" is forbidden", "reason", "Forbidden", "code", 403)
	}
	stamp := func(ms int64) string { return clock(ms, "2006-01-02T15:04:05.000000Z") }
	w.message(w.cluster, at, object("kind", "Event", "apiVersion", "audit.k8s.io/v1", "level", "Metadata", "auditID", string(uuid(nil, w.r)), "stage", "ResponseComplete", "requestURI", uri, "verb", verb,
		"user", user, "sourceIPs", []string{address}, "userAgent", agent, "objectRef", nested(append(ref, "apiVersion", "v1")...), "responseStatus", status,
		"requestReceivedTimestamp", stamp(at-4), "stageTimestamp", stamp(at), "annotations", nested("authorization.k8s.io/decision", decision, "authorization.k8s.io/reason", why)), nil)
}
