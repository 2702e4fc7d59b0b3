package ingest

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

const eksText = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/pods/web-1/exec?command=sh","verb":"create","user":{"username":"arn:aws:sts::111122223333:assumed-role/Dev/ana","uid":"aws-iam-authenticator:111122223333:AROAX","groups":["system:authenticated"],"extra":{"accessKeyId":["ASIAEXAMPLE"],"arn":["arn:aws:sts::111122223333:assumed-role/Dev/ana"],"canonicalArn":["arn:aws:iam::111122223333:role/Dev"],"principalId":["AROAX"],"sessionName":["ana"]}},"sourceIPs":["203.0.113.9"],"userAgent":"kubectl/v1.31","objectRef":{"resource":"pods","namespace":"shop","name":"web-1","apiVersion":"v1","subresource":"exec"},"responseStatus":{"metadata":{},"code":101},"requestReceivedTimestamp":"2026-11-01T10:00:00.123456Z","stageTimestamp":"2026-11-01T10:00:05.000000Z","annotations":{"authorization.k8s.io/decision":"allow"}}`

// eksAs is the record with another user.
func eksAs(user string) string {
	from := strings.Index(eksText, `"user":`)
	to := strings.Index(eksText, `,"sourceIPs"`)
	return eksText[:from] + `"user":` + user + eksText[to:]
}

func TestAnAuditLogOfEKSBecomesEvents(t *testing.T) {
	denied := strings.Replace(eksAs(`{"username":"system:anonymous","groups":["system:unauthenticated"]}`), `"code":101`, `"code":403,"reason":"Forbidden","status":"Failure"`, 1)
	list := strings.Replace(strings.Replace(eksAs(`{"username":"system:serviceaccount:shop:web","groups":["system:serviceaccounts"],"extra":{"authentication.kubernetes.io/pod-name":["web-1"],"authentication.kubernetes.io/pod-uid":["u"]}}`),
		`"verb":"create"`, `"verb":"list"`, 1), `"objectRef":{"resource":"pods","namespace":"shop","name":"web-1","apiVersion":"v1","subresource":"exec"}`, `"objectRef":{"resource":"secrets","apiVersion":"v1"}`, 1)
	node := eksAs(`{"username":"system:node:ip-10-0-0-5.ec2.internal","groups":["system:nodes"],"extra":{"arn":["arn:aws:sts::111122223333:assumed-role/Node/i-0abc"],"sessionName":["i-0abc"]}}`)
	url := strings.Replace(strings.Replace(eksAs(`{"username":"eks:node-manager"}`), `"objectRef":{"resource":"pods","namespace":"shop","name":"web-1","apiVersion":"v1","subresource":"exec"},`, "", 1),
		"/api/v1/namespaces/shop/pods/web-1/exec?command=sh", "/healthz?x", 1)
	const start = "eksaudit 2026-11-01T10:00:00.123456Z / | "
	const end = " | 203.0.113.9 kubectl/v1.31"
	check(t, haetae.EKSAudit, []example{
		{name: "a role of IAM runs a command in a pod", text: eksText, want: start + "role arn:aws:iam::111122223333:role/Dev as ana | eks:create pods/exec | namespaces/shop/pods/web-1 | success " + end,
			raw: map[string]any{"auditID": "a-1", "level": "Request"}},
		{name: "nobody known is denied", text: denied, want: start + "anonymous anonymous | eks:create pods/exec | namespaces/shop/pods/web-1 | denied Forbidden" + end},
		{name: "a pod lists secrets", text: list, want: start + "pod system:serviceaccount:shop:web as web-1 | eks:list secrets | secrets | success " + end},
		{name: "a node", text: node, want: start + "instance i-0abc as i-0abc | eks:create pods/exec | namespaces/shop/pods/web-1 | success " + end},
		{name: "the control plane asks for a path", text: url, want: start + "service eks:node-manager | eks:create | /healthz | success " + end},
		{name: "a user of IAM", text: eksAs(`{"username":"admin","extra":{"arn":["arn:aws:iam::111122223333:user/ops/ben"]}}`), want: start + "user arn:aws:iam::111122223333:user/ops/ben | eks:create pods/exec | namespaces/shop/pods/web-1 | success " + end},
		{name: "a user of an OIDC provider acts as another", text: strings.Replace(eksAs(`{"username":"oidc:carla"}`), `"sourceIPs"`, `"impersonatedUser":{"username":"admin"},"sourceIPs"`, 1),
			want: start + "federated oidc:carla | eks:create pods/exec | namespaces/shop/pods/web-1 | success " + end},
		{name: "a request that broke the server", text: strings.Replace(strings.Replace(eksText, "ResponseComplete", "Panic", 1), `"code":101`, `"code":500`, 1),
			want: start + "role arn:aws:iam::111122223333:role/Dev as ana | eks:create pods/exec | namespaces/shop/pods/web-1 | failure " + end},
	})
}

func TestARequestOfEKSCountsOnceAndKnowsItsCluster(t *testing.T) {
	stages := strings.Replace(eksText, "ResponseComplete", "RequestReceived", 1) + "\n" + strings.Replace(eksText, "ResponseComplete", "ResponseStarted", 1) + "\n" + eksText
	h := readKey(t, "k", stages, ReadOptions{})
	if len(h.events) != 1 || h.stats.PassedRecords != 2 || !h.stats.Whole() || h.events[0].ID != "a-1" {
		t.Errorf("%+v", h.stats)
	}
	pod := eksAs(`{"username":"system:serviceaccount:shop:web"}`)
	h = readKey(t, "k", encode(m{"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/eks/prod/cluster", "logStream": "kube-apiserver-audit-1", "logEvents": []m{{"id": "1", "timestamp": 1, "message": pod}}}), ReadOptions{Region: "eu-west-1"})
	if e := h.events[0]; e.Actor.ID != "prod/system:serviceaccount:shop:web" || e.Actor.Name != "shop/web" || e.Targets[1] != "cluster/prod" || e.Account != "111122223333" || e.Region != "eu-west-1" {
		t.Errorf("%+v", e)
	}
	if h := readKey(t, "k", strings.Replace(eksText, "ResponseComplete", "Later", 1), ReadOptions{}); h.stats.UnreadRecords != 1 {
		t.Errorf("a stage that does not exist: %+v", h.stats)
	}
}

const eksLoginText = `time="2026-11-01T10:00:00Z" level=info msg="access granted" arn="arn:aws:iam::111122223333:role/Dev" client="127.0.0.1:5000" groups="[system:masters]" method=POST path=/authenticate sts=sts.us-east-1.amazonaws.com uid="aws-iam-authenticator:1" username=admin`

func TestTheAuthenticatorSaysWhoBecameWhichUser(t *testing.T) {
	denied := `time="2026-11-01T10:00:00Z" level=warning msg="access denied" arn="arn:aws:sts::111122223333:assumed-role/Dev/ana" client="127.0.0.1:5000" error="ARN is \"not\" mapped" method=POST path=/authenticate`
	check(t, haetae.EKSAudit, []example{
		{name: "granted", text: eksLoginText, want: "eksaudit 2026-11-01T10:00:00Z / | role arn:aws:iam::111122223333:role/Dev | eks:authenticate | admin | success  |",
			raw: map[string]any{"username": "admin", "msg": "access granted", "method": "POST"}},
		{name: "denied", text: denied, want: `eksaudit 2026-11-01T10:00:00Z / | role arn:aws:iam::111122223333:role/Dev as ana | eks:authenticate |  | denied ARN is "not" mapped |`},
	})
	other := `time="2026-11-01T10:00:00Z" level=info msg="mapping IAM role" groups="[]" role="arn:aws:iam::111122223333:role/Dev"`
	if h := readKey(t, "k", eksLoginText+"\n"+other+"\nI1101 10:00:00.000000       1 controller.go:1] nothing", ReadOptions{}); h.stats.PassedRecords != 2 || !h.stats.Whole() {
		t.Errorf("%+v", h.stats)
	}
}
