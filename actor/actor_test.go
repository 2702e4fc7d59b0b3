package actor_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/ingest"
	"github.com/haetae/haetae/sample"
	"github.com/haetae/haetae/schema"
)

const (
	home  = "111122223333" // production of the sample
	other = "222233334444" // development of the sample
	alien = "999988887777"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// event makes an event of the fields of a record, as JSON.
func event(t testing.TB, record string) *haetae.Event {
	t.Helper()
	var out *haetae.Event
	var stats ingest.Stats
	o := ingest.Object{Name: "record", Key: "record", Size: int64(len(record)), Body: strings.NewReader(record)}
	err := ingest.ReadObject(t.Context(), o, ingest.ReadOptions{}, &stats, ingest.Taker{Event: func(e *haetae.Event) error {
		c := *e
		c.Raw = slices.Clone(e.Raw)
		out = &c
		return nil
	}})
	if err != nil || out == nil {
		t.Fatalf("%v %v in %s", err, stats.Problems, record)
	}
	return out
}

// call is a record of a call; what is not said is as in most.
type call struct {
	id, source, name, account, from, who, more string
	at                                         time.Time
}

func (c call) event(t testing.TB) *haetae.Event {
	t.Helper()
	pick := func(s, or string) string {
		if s == "" {
			return or
		}
		return s
	}
	if c.at.IsZero() {
		c.at = noon
	}
	return event(t, fmt.Sprintf(`{"eventVersion":"1.11","eventID":%q,"eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","recipientAccountId":%q,"sourceIPAddress":%q,"userAgent":"aws-cli/2","userIdentity":{%s}%s}`,
		c.id, c.at.Format(time.RFC3339), pick(c.source, "s3"), pick(c.name, "ListBuckets"), pick(c.account, home), pick(c.from, "198.51.100.7"), c.who, c.more))
}

func user(name string) string {
	return fmt.Sprintf(`"type":"IAMUser","principalId":"AIDA%s","arn":"arn:aws:iam::%s:user/%s","accountId":%q,"accessKeyId":"AKIA%020d","userName":%q`, strings.ToUpper(name), home, name, home, len(name), name)
}

// role is a session of a role, with its key and when it began.
func role(account, name, sess, key string, began time.Time, more string) string {
	return fmt.Sprintf(`"type":"AssumedRole","principalId":"AROA%s:%s","arn":"arn:aws:sts::%s:assumed-role/%s/%s","accountId":%q,"accessKeyId":%q,"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%s","arn":"arn:aws:iam::%s:role/%s","accountId":%q,"userName":%q},"attributes":{"creationDate":%q,"mfaAuthenticated":"false"}%s}`,
		strings.ToUpper(name), sess, account, name, sess, account, key, strings.ToUpper(name), account, name, account, name, began.Format(time.RFC3339), more)
}

func key(n int) string { return fmt.Sprintf("ASIA%016d", n) }

// assumed is what AssumeRole answers.
func assumed(account, name, sess, key, shared string) string {
	return fmt.Sprintf(`,"requestParameters":{"roleArn":"arn:aws:iam::%[1]s:role/%[2]s","roleSessionName":%[3]q},"responseElements":{"credentials":{"accessKeyId":%[4]q,"expiration":"x"},"assumedRoleUser":{"assumedRoleId":"AROA%[5]s:%[3]s","arn":"arn:aws:sts::%[1]s:assumed-role/%[2]s/%[3]s"}},"sharedEventID":%[6]q`,
		account, name, sess, key, strings.ToUpper(name), shared)
}

func arnOf(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

func resolver() *actor.Resolver { return actor.New(nil, nil, actor.Options{}) }

func TestASessionIsTracedOverRolesAndAccounts(t *testing.T) {
	r := resolver()
	steps := []call{
		{id: "1", source: "sts", name: "AssumeRole", who: user("ann"), more: assumed(home, "deploy", "ann", key(1), "s1")},
		{id: "2", source: "sts", name: "AssumeRole", at: noon.Add(time.Minute), who: role(home, "deploy", "ann", key(1), noon, ""), more: assumed(other, "admin", "x", key(2), "s2")},
		// The same call as the other account sees it.
		{id: "3", source: "sts", name: "AssumeRole", account: other, at: noon.Add(time.Minute), who: `"type":"AWSAccount","principalId":"AROADEPLOY:ann","accountId":"` + home + `"`, more: assumed(other, "admin", "x", key(2), "s2")},
	}
	for _, c := range steps {
		if f := r.Resolve(c.event(t)); len(f.Late) > 0 {
			t.Errorf("event %s: %v is late", c.id, f.Late)
		}
	}
	e := call{id: "4", account: other, who: role(other, "admin", "x", key(2), noon.Add(time.Minute), "")}.event(t)
	f := r.Resolve(e)
	want := []string{arnOf(home, "deploy"), "arn:aws:iam::" + home + ":user/ann"}
	if !slices.Equal(e.Actor.Chain, want) || f.Open {
		t.Errorf("chain %v, open %v; want %v", e.Actor.Chain, f.Open, want)
	}
	// Another key of the same session: the console changes keys, the session stays.
	e = call{id: "5", account: other, who: role(other, "admin", "x", key(99), noon.Add(time.Minute), "")}.event(t)
	if r.Resolve(e); !slices.Equal(e.Actor.Chain, want) {
		t.Errorf("by the session's name: %v", e.Actor.Chain)
	}
	// A session of the same name that began at another time is another one.
	e = call{id: "6", account: other, who: role(other, "admin", "x", key(98), noon, "")}.event(t)
	if f := r.Resolve(e); len(e.Actor.Chain) != 0 || !f.Open {
		t.Errorf("another session: %v", e.Actor.Chain)
	}
}

func TestAGrantThatComesAfterTheUseIsSaidAnew(t *testing.T) {
	r := resolver()
	late := map[string][]string{}
	for _, c := range []call{
		{id: "4", account: other, who: role(other, "admin", "x", key(2), noon.Add(time.Minute), "")},
		{id: "3", source: "sts", name: "AssumeRole", account: other, at: noon.Add(time.Minute), who: `"type":"AWSAccount","principalId":"AROADEPLOY:ann","accountId":"` + home + `"`, more: assumed(other, "admin", "x", key(2), "s2")},
		{id: "2", source: "sts", name: "AssumeRole", at: noon.Add(time.Minute), who: role(home, "deploy", "ann", key(1), noon, ""), more: assumed(other, "admin", "x", key(2), "s2")},
		{id: "1", source: "sts", name: "AssumeRole", who: user("ann"), more: assumed(home, "deploy", "ann", key(1), "s1")},
	} {
		for _, l := range r.Resolve(c.event(t)).Late {
			late[l.Event] = l.Chain
		}
	}
	ann := "arn:aws:iam::" + home + ":user/ann"
	if got := late["4"]; !slices.Equal(got, []string{arnOf(home, "deploy"), ann}) {
		t.Errorf("the chain of the first event is said as %v", got)
	}
	if got := late["2"]; !slices.Equal(got, []string{ann}) {
		t.Errorf("the chain of the call between is said as %v", got)
	}
	if s := r.Stats(); s.Late != 4 || s.Events != 4 {
		t.Errorf("stats %+v", s)
	}
}

func TestWhatWaitsTooLongIsNotSaidAnewAndIsCounted(t *testing.T) {
	r := actor.New(nil, nil, actor.Options{Late: time.Minute})
	r.Resolve(call{id: "1", who: role(home, "deploy", "ann", key(1), noon, "")}.event(t))
	for i := range 3 {
		r.Resolve(call{id: fmt.Sprint("t", i), at: noon.Add(time.Duration(i+1) * time.Hour), who: user("bob")}.event(t))
	}
	f := r.Resolve(call{id: "2", source: "sts", name: "AssumeRole", at: noon, who: user("ann"), more: assumed(home, "deploy", "ann", key(1), "")}.event(t))
	if len(f.Late) != 0 || r.Stats().Expired != 2 { // under its key and under its name
		t.Errorf("late %v, stats %+v", f.Late, r.Stats())
	}
}

// stream makes records of sessions that come from each other, across two accounts,
// with calls by each of them.
func stream(t testing.TB, r *rand.Rand) []*haetae.Event {
	type sess struct {
		who     string
		account string
		began   time.Time
	}
	sessions := []sess{{user("ann"), home, noon}, {user("robert"), home, noon}}
	var out []*haetae.Event
	id := 0
	next := func() string { id++; return fmt.Sprintf("e%03d", id) }
	for i := range 3 + r.IntN(8) {
		by := sessions[r.IntN(len(sessions))]
		account := []string{home, other}[r.IntN(2)]
		at := by.began.Add(time.Duration(1+r.IntN(30)) * time.Second)
		name, sess1 := fmt.Sprintf("role%d", r.IntN(3)), fmt.Sprintf("s%d", i)
		more := assumed(account, name, sess1, key(i), fmt.Sprint("shared", i))
		if r.IntN(4) == 0 { // credentials that the record does not show
			more = strings.ReplaceAll(more, key(i), "HIDDEN_DUE_TO_SECURITY_REASONS")
		}
		out = append(out, call{id: next(), source: "sts", name: "AssumeRole", account: by.account, at: at, who: by.who, more: more}.event(t))
		if account != by.account {
			out = append(out, call{id: next(), source: "sts", name: "AssumeRole", account: account, at: at, who: `"type":"AWSAccount","principalId":"AROAX:y","accountId":"` + by.account + `"`,
				more: assumed(account, name, sess1, key(i), fmt.Sprint("shared", i))}.event(t))
		}
		who := role(account, name, sess1, key(i), at, "")
		sessions = append(sessions, sess{who, account, at})
		for range r.IntN(3) {
			out = append(out, call{id: next(), account: account, at: at.Add(time.Second), who: who}.event(t))
		}
	}
	return out
}

// replay gives the last word on the chain of each event.
func replay(events []*haetae.Event, saveAt int) map[string]string {
	r := resolver()
	state := map[string][]byte{}
	out := map[string]string{}
	for i, e := range events {
		if i == saveAt {
			r.Save(func(k string, v []byte) { state[k] = v })
			r = resolver()
			for k, v := range state {
				if v == nil {
					continue
				}
				if err := r.Load(k, v); err != nil {
					panic(err)
				}
			}
		} else if saveAt >= 0 && i < saveAt && i%2 == 0 {
			r.Save(func(k string, v []byte) { state[k] = v })
		}
		copied := *e
		f := r.Resolve(&copied)
		out[e.ID] = strings.Join(copied.Actor.Chain, " ")
		for _, l := range f.Late {
			out[l.Event] = strings.Join(l.Chain, " ")
		}
	}
	return out
}

// TestChainsDoNotHangOnTheOrderOfRecords: whatever order they come in, twice or
// with a restart between, the last word is the same.
func TestChainsDoNotHangOnTheOrderOfRecords(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	traced := 0
	for round := range 400 {
		events := stream(t, r)
		want := replay(events, -1)
		for _, chain := range want {
			if chain != "" {
				traced++
			}
		}
		for range 4 {
			mixed := slices.Clone(events)
			mixed = append(mixed, events[r.IntN(len(events))])
			r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			got := replay(mixed, r.IntN(len(mixed)))
			for id, chain := range want {
				if got[id] != chain {
					var order []string
					for _, e := range mixed {
						order = append(order, e.ID+" "+e.Action)
					}
					t.Fatalf("round %d: event %s has the chain %q in order, %q in the order %v", round, id, chain, got[id], order)
				}
			}
		}
	}
	if traced < 1000 {
		t.Errorf("only %d sessions were traced: the test says little", traced)
	}
}

func TestKindsAreToldFromTheRecord(t *testing.T) {
	began := noon
	for _, c := range []struct {
		name, who, more, agent string
		kind                   haetae.ActorKind
		id                     string
	}{
		{name: "an instance", who: role(home, "web", "i-0123456789abcdef0", key(1), began, `,"ec2RoleDelivery":"2.0"`), kind: haetae.InstanceActor, id: "i-0123456789abcdef0"},
		{name: "a session that is only named like one", who: role(home, "web", "i-am-ann", key(1), began, ""), kind: haetae.RoleActor, id: arnOf(home, "web")},
		{name: "a function by the scope of its credentials", who: role(home, "fn", "resize", key(1), began, "") + `,"inScopeOf":{"issuerType":"AWS::Lambda::Function","sourceArn":"arn:aws:lambda:us-east-1:` + home + `:function:resize","credentialsIssuedTo":"x"}`, kind: haetae.FunctionActor, id: "arn:aws:lambda:us-east-1:" + home + ":function:resize"},
		{name: "a function by its agent", who: role(home, "fn", "resize", key(1), began, ""), agent: "Boto3/1.34 exec-env/AWS_Lambda_python3.12", kind: haetae.FunctionActor, id: "arn:aws:sts::" + home + ":assumed-role/fn/resize"},
		{name: "a task", who: role(home, "task", "0123456789abcdef0123456789abcdef", key(1), began, ""), agent: "aws-sdk-go/1 exec-env/AWS_ECS_FARGATE", kind: haetae.TaskActor, id: arnOf(home, "task")},
		{name: "a pod by its token", who: role(home, "pod", "botocore-session-1", key(1), began, `,"webIdFederationData":{"federatedProvider":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC","attributes":{}}`), kind: haetae.PodActor, id: arnOf(home, "pod")},
		{name: "a pod by EKS Pod Identity", who: role(home, "pod", "eks-prod-web-5d9c-0a1b2c3d-1111-2222-3333-444455556666", key(1), began, ""), kind: haetae.PodActor, id: arnOf(home, "pod")},
		{name: "somebody of Identity Center", who: role(home, "AWSReservedSSO_Admin_0123456789abcdef", "ann@example.com", key(1), began, ""), kind: haetae.IdentityCenterUser, id: "ann@example.com"},
		{name: "a plain session", who: role(home, "web", "ann", key(1), began, ""), kind: haetae.RoleActor, id: arnOf(home, "web")},
		{name: "an empty webIdFederationData", who: role(home, "web", "ann", key(1), began, `,"webIdFederationData":{}`), kind: haetae.RoleActor, id: arnOf(home, "web")},
		{name: "a user", who: user("ann"), kind: haetae.UserActor, id: "arn:aws:iam::" + home + ":user/ann"},
		{name: "nobody", who: `"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"`, kind: haetae.AnonymousActor, id: "anonymous"},
	} {
		e := call{id: "1", who: c.who, more: c.more}.event(t)
		if c.agent != "" {
			e.Peer.Agent = c.agent
		}
		resolver().Resolve(e)
		if e.Actor.Kind != c.kind || e.Actor.ID != c.id {
			t.Errorf("%s: %s %s, want %s %s", c.name, e.Actor.Kind, e.Actor.ID, c.kind, c.id)
		}
	}
}

func TestOtherWaysToASession(t *testing.T) {
	saml := `"type":"SAMLUser","principalId":"x:ann","userName":"ann","identityProvider":"corp"`
	for _, c := range []struct{ name, source, call, who, answer, want string }{
		{"AssumeRoleWithSAML", "sts", "AssumeRoleWithSAML", saml, `{"credentials":{"accessKeyId":%q}}`, "corp ann"},
		{"an answer of another form", "sso", "GetRoleCredentials", `"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"u-1","identityStoreArn":"x"}`, `{"roleCredentials":{"accessKeyId":%q,"expiration":1}}`, "u-1"},
		{"a service", "sts", "AssumeRole", `"type":"AWSService","invokedBy":"ec2.amazonaws.com"`, `{"credentials":{"accessKeyId":%q,"sessionToken":"\\\"accessKeyId\\\""}}`, "ec2.amazonaws.com"},
		{"Roles Anywhere", "rolesanywhere", "CreateSession", `"type":"Unknown","principalId":"CN=host","arn":"arn:aws:rolesanywhere:us-east-1:111122223333:subject/1","accountId":"111122223333"`, `{"credentialSet":[{"credentials":{"accessKeyId":%q}}]}`, "arn:aws:rolesanywhere:us-east-1:111122223333:subject/1"},
	} {
		r := resolver()
		r.Resolve(call{id: "1", source: c.source, name: c.call, who: c.who, more: `,"responseElements":` + fmt.Sprintf(c.answer, key(1))}.event(t))
		e := call{id: "2", who: role(home, "web", "ann", key(1), noon, "")}.event(t)
		if r.Resolve(e); strings.Join(e.Actor.Chain, "|") != c.want {
			t.Errorf("%s: %v, want %s", c.name, e.Actor.Chain, c.want)
		}
	}
	r := resolver()
	r.Resolve(call{id: "1", source: "sts", name: "AssumeRole", who: user("ann"), more: strings.Replace(assumed(home, "web", "ann", key(1), ""), `,"requestParameters"`, `,"errorCode":"AccessDenied","requestParameters"`, 1)}.event(t))
	e := call{id: "2", who: role(home, "web", "ann", key(1), noon, "")}.event(t)
	if r.Resolve(e); len(e.Actor.Chain) > 0 {
		t.Errorf("a call that was denied gave a session: %v", e.Actor.Chain)
	}
}

func TestTheConsoleOpenedWithASessionIsThatSession(t *testing.T) {
	r := resolver()
	r.Resolve(call{id: "1", source: "sts", name: "AssumeRole", who: user("ann"), more: assumed(home, "web", "ann", key(1), "")}.event(t))
	r.Resolve(call{id: "2", source: "signin", name: "GetSigninToken", who: role(home, "web", "ann", key(1), noon, ""), more: `,"responseElements":{"credentials":{"accessKeyId":"` + key(2) + `"},"GetSigninToken":"Success"}`}.event(t))
	e := call{id: "3", who: role(home, "web", "ann", key(2), noon.Add(time.Hour), ""), more: `,"sessionCredentialFromConsole":"true"`}.event(t)
	f := r.Resolve(e)
	if want := "arn:aws:iam::" + home + ":user/ann"; strings.Join(e.Actor.Chain, "|") != want || !f.Console {
		t.Errorf("chain %v, console %v", e.Actor.Chain, f.Console)
	}
}

func TestWhoMadeALongLivedKeyIsRemembered(t *testing.T) {
	r := resolver()
	r.Resolve(call{id: "1", source: "iam", name: "CreateAccessKey", who: user("mallory"), more: `,"responseElements":{"accessKey":{"accessKeyId":"AKIA00000000000000000003","userName":"ann","status":"Active"}}`}.event(t))
	e := call{id: "2", who: user("ann")}.event(t)
	if f := r.Resolve(e); f.Maker != "arn:aws:iam::"+home+":user/mallory" || len(e.Actor.Chain) != 0 {
		t.Errorf("the key of %s is made by %q", e.Actor.AccessKey, f.Maker)
	}
}

func TestAChainThatGoesRoundInACircleEnds(t *testing.T) {
	r := resolver()
	r.Resolve(call{id: "1", source: "sts", name: "AssumeRole", who: role(home, "a", "s", key(1), noon, ""), more: assumed(home, "b", "s", key(2), "")}.event(t))
	r.Resolve(call{id: "2", source: "sts", name: "AssumeRole", who: role(home, "b", "s", key(2), noon, ""), more: assumed(home, "a", "s", key(1), "")}.event(t))
	e := call{id: "3", who: role(home, "a", "s", key(1), noon, "")}.event(t)
	if r.Resolve(e); len(e.Actor.Chain) == 0 || len(e.Actor.Chain) > 16 {
		t.Errorf("chain %v", e.Actor.Chain)
	}
}

func TestMemoryIsBoundedAndWhatIsForgottenIsCounted(t *testing.T) {
	r := actor.New(nil, nil, actor.Options{Keys: 100, Waiting: 50})
	state := map[string][]byte{}
	for i := range 1000 {
		r.Resolve(call{id: fmt.Sprint(i), source: "sts", name: "AssumeRole", who: role(home, "a", "s", key(5000+i), noon, ""), more: assumed(home, "b", fmt.Sprint("s", i), key(i), "")}.event(t))
		if i%100 == 0 {
			r.Save(func(k string, v []byte) { state[k] = v })
		}
	}
	r.Save(func(k string, v []byte) {
		if state[k] = v; v == nil {
			delete(state, k)
		}
	})
	s := r.Stats()
	if s.Forgotten != 2000-100 || s.ForgottenWaits == 0 {
		t.Errorf("stats %+v", s)
	}
	count := map[string]int{}
	for k, v := range state {
		if kind, _, _ := strings.Cut(k, " "); v != nil {
			count[kind]++
		}
	}
	if count["grant"] != 100 || count["wait"] > 50 {
		t.Errorf("saved %v", count)
	}
}

func world(t testing.TB) (*actor.World, *address.Book) {
	t.Helper()
	snap, err := sample.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := actor.Read(graph.New(sch, snap))
	b := address.New()
	w.Own(b)
	return w, b
}

func TestTheSnapshotKnowsOwnersAddressesAndAccounts(t *testing.T) {
	w, b := world(t)
	r := actor.New(w, b, actor.Options{})
	e := call{id: "1", account: other, from: "203.0.113.10", who: strings.ReplaceAll(role(other, "lambda-basic", "coupon-test", key(1), noon, ""), "lambda-basic/", "lambda-basic/")}.event(t)
	f := r.Resolve(e)
	if e.Actor.Kind != haetae.FunctionActor || e.Actor.Owner != "shop-team" || !strings.HasSuffix(e.Actor.ID, ":function:coupon-test") {
		t.Errorf("%s %s of %q", e.Actor.Kind, e.Actor.ID, e.Actor.Owner)
	}
	if !e.Peer.Own || e.Peer.Resource == "" || f.External || f.Moved {
		t.Errorf("peer %+v, facts %+v", e.Peer, f)
	}
	e = call{id: "2", who: role(alien, "audit", "x", key(1), noon, "")}.event(t)
	if f := r.Resolve(e); !f.External {
		t.Error("an account that nobody knows is the organisation's")
	}
	e = call{id: "3", who: role("333344445555", "audit", "x", key(1), noon, "")}.event(t)
	if f := r.Resolve(e); f.External {
		t.Error("an account of the snapshot is none of the organisation's")
	}
}

func TestWithoutASnapshotTheAccountsThatGetRecordsAreTheOrganisations(t *testing.T) {
	r := resolver()
	r.Resolve(call{id: "1", account: other, who: user("ann")}.event(t))
	if f := r.Resolve(call{id: "2", who: role(other, "a", "s", key(1), noon, "")}.event(t)); f.External {
		t.Error("external")
	}
	if f := r.Resolve(call{id: "3", who: role(alien, "a", "s", key(1), noon, "")}.event(t)); !f.External {
		t.Error("not external")
	}
	if f := r.Resolve(call{id: "4", who: `"type":"AWSService","invokedBy":"ec2.amazonaws.com"`}.event(t)); f.External {
		t.Error("a service is external")
	}
}

// use is one use of credentials, in the story of a workload.
type use struct {
	from, more, name, params string
	who                      string // "" is the workload
	after                    time.Duration
	moved, hard              bool
	says                     string
}

func TestCredentialsThatAreUsedElsewhereAreSeen(t *testing.T) {
	const id = "i-0123456789abcdef0"
	bench := role(other, "dev-bench", "i-05e0e8cda73bb566d", key(1), noon, "")
	instance := role(home, "web", id, key(1), noon, "")
	function := role(home, "fn", "resize", key(1), noon, "") + `,"inScopeOf":{"issuerType":"AWS::Lambda::Function","sourceArn":"arn:aws:lambda:us-east-1:` + home + `:function:resize"}`
	foreign := `,"vpcEndpointId":"vpce-0f","vpcEndpointAccountId":"` + alien + `"`
	for _, c := range []struct {
		name  string
		who   string
		world bool
		uses  []use
	}{
		{"the first address is the instance's, another is not", instance, false, []use{
			{from: "198.51.100.7"}, {from: "198.51.100.7"}, {from: "192.0.2.9", moved: true, says: "192.0.2.9"}, {from: "192.0.2.9", moved: true, says: "from 198.51.100.7 first"}, {from: "198.51.100.7"}}},
		{"calls through endpoints of the VPC have private addresses", instance, false, []use{{from: "198.51.100.7"}, {from: "10.0.0.5"}, {from: "10.0.0.9"}, {from: "198.51.100.7"}}},
		{"an address of the other family is no other place", instance, false, []use{{from: "198.51.100.7"}, {from: "2001:db8::7"}, {from: "2001:db8::8", moved: true}}},
		{"what AWS does for it is no place", instance, false, []use{{from: "198.51.100.7"}, {from: "cloudformation.amazonaws.com"}, {from: "AWS Internal"}}},
		{"an endpoint of a stranger is proof by itself", instance, false, []use{{from: "10.0.0.5", more: foreign, moved: true, hard: true, says: alien}}},
		{"an endpoint of one's own is not", instance, false, []use{{from: "10.0.0.5", more: `,"vpcEndpointId":"vpce-0f","vpcEndpointAccountId":"` + home + `"`}}},
		{"a new address after it was started", instance, false, []use{{from: "198.51.100.7"},
			{name: "StartInstances", who: user("ann"), params: `,"requestParameters":{"instancesSet":{"items":[{"instanceId":"` + id + `"}]}}`},
			{from: "198.51.100.99"}, {from: "198.51.100.99"}, {from: "198.51.100.100", moved: true}}},
		{"a call that failed gives no address", instance, false, []use{{from: "198.51.100.7"},
			{name: "AssociateAddress", who: user("ann"), params: `,"errorCode":"Client.UnauthorizedOperation","requestParameters":{"instanceId":"` + id + `"}`},
			{from: "198.51.100.99", moved: true}}},
		{"a new address after half a day of silence", instance, false, []use{{from: "198.51.100.7"}, {from: "198.51.100.99", after: 13 * time.Hour}}},
		{"an instance of the snapshot, from a stranger's address at once", bench, true, []use{{from: "192.0.2.9", moved: true, hard: true}, {from: "198.51.100.61"}, {from: "192.0.2.9", moved: true}}},
		{"an instance of the snapshot, through a NAT gateway", bench, true, []use{{from: "203.0.113.10"}, {from: "198.51.100.61"}}},
		{"an instance of the snapshot that was started anew", bench, true, []use{{from: "198.51.100.61"},
			{name: "StartInstances", who: user("ann"), params: `,"requestParameters":{"instancesSet":{"items":[{"instanceId":"i-05e0e8cda73bb566d"}]}}`},
			{from: "192.0.2.44"}, {from: "192.0.2.44"}, {from: "192.0.2.45", moved: true}}},
		{"credentials of one instance on another", instance, true, []use{{from: "198.51.100.61", moved: true, hard: true, says: "i-05e0e8cda73bb566d"}}},
		{"a function has addresses of AWS, and of no other network", function, true, []use{{from: "13.124.0.9"}, {from: "13.125.0.9"}, {from: "8.8.8.8", moved: true, hard: true, says: "where functions run"}}},
		{"a user goes where he likes", user("ann"), false, []use{{from: "198.51.100.7"}, {from: "192.0.2.9"}}},
	} {
		var w *actor.World
		var b *address.Book
		if c.world {
			w, b = world(t)
		}
		r := actor.New(w, b, actor.Options{})
		at := noon
		for i, u := range c.uses {
			at = at.Add(time.Second + u.after)
			who, source := u.who, "s3"
			if who == "" {
				who = c.who
			} else {
				source = "ec2"
			}
			account := home
			if strings.Contains(c.who, other) {
				account = other
			}
			e := call{id: fmt.Sprint(i), at: at, account: account, source: source, name: u.name, from: u.from, who: who, more: u.more + u.params}.event(t)
			f := r.Resolve(e)
			if f.Moved != u.moved || f.Hard != u.hard && u.hard || !strings.Contains(f.MovedWhy, u.says) {
				t.Errorf("%s, use %d from %s: moved %v hard %v %q", c.name, i+1, u.from, f.Moved, f.Hard, f.MovedWhy)
			}
			if f.Moved && f.MovedWhy == "" {
				t.Errorf("%s, use %d: no reason", c.name, i+1)
			}
		}
	}
}

func TestAnEndpointOfTheOrganisationsOtherAccountIsNoProof(t *testing.T) {
	w, b := world(t)
	r := actor.New(w, b, actor.Options{})
	e := call{id: "1", from: "10.0.0.5", who: role(home, "web", "i-0123456789abcdef0", key(1), noon, ""), more: `,"vpcEndpointId":"vpce-0f","vpcEndpointAccountId":"` + other + `"`}.event(t)
	if f := r.Resolve(e); f.Moved {
		t.Error(f.MovedWhy)
	}
}

func TestOwnersAreFoundHoweverTheTagIsWritten(t *testing.T) {
	for _, c := range []struct {
		tags map[string]string
		want string
	}{
		{map[string]string{"Owner": "a", "team": "b"}, "a"},
		{map[string]string{"Team": "b", "Name": "x"}, "b"},
		{map[string]string{"company:owner": "c"}, "c"},
		{map[string]string{"owned_by": "d"}, "d"},
		{map[string]string{"owner": " ", "contact": "e@example.com"}, "e@example.com"},
		{map[string]string{"Name": "x"}, ""},
	} {
		if got := actor.Owner(c.tags); got != c.want {
			t.Errorf("%v: %q, want %q", c.tags, got, c.want)
		}
	}
}

func TestStateThatIsNoneIsRefused(t *testing.T) {
	for k, v := range map[string]string{"grant x": "{", "nothing x": "{}", "mark": "noon", "lock y": `{"v":{"Four":"x"}}`} {
		if err := resolver().Load(k, []byte(v)); err == nil {
			t.Errorf("%s %s was taken", k, v)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	w, book := world(b)
	r := actor.New(w, book, actor.Options{})
	var events []*haetae.Event
	for i := range 1000 {
		if i%50 == 0 {
			events = append(events, call{id: fmt.Sprint(i), source: "sts", name: "AssumeRole", who: user("ann"), more: assumed(home, "deploy", "ann", key(i/50), "")}.event(b))
			continue
		}
		events = append(events, call{id: fmt.Sprint(i), from: netip.AddrFrom4([4]byte{13, 124, byte(i >> 8), byte(i)}).String(), who: role(home, "deploy", "ann", key(i/50), noon, "")}.event(b))
	}
	book.Of(netip.MustParseAddr("192.0.2.1"))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e := *events[i%len(events)]
		r.Resolve(&e)
	}
}
