package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/ingest"
)

// trailEvent reads one record that has the members given, and what each record has.
func trailEvent(t *testing.T, members string) *haetae.Event {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trail.json")
	text := `{"eventTime":"2026-11-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1",` + members + `}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out *haetae.Event
	var s ingest.Stats
	if err := ingest.CloudTrail(context.Background(), []string{path}, &s, func(r *ingest.TrailRecord) error { out = r.Event(); return nil }); err != nil || out == nil {
		t.Fatal(err, s.Problems)
	}
	return out
}

func TestWhoMadeACall(t *testing.T) {
	for name, c := range map[string]struct {
		identity string
		want     haetae.Actor
	}{
		"a user is its ARN": {
			`{"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ops/kim","accountId":"111122223333","accessKeyId":"AKIA1","userName":"kim","sessionContext":{"attributes":{"mfaAuthenticated":"true"}}}`,
			haetae.Actor{Kind: haetae.UserActor, ID: "arn:aws:iam::111122223333:user/ops/kim", ARN: "arn:aws:iam::111122223333:user/ops/kim", Account: "111122223333", PrincipalID: "AIDA1", Name: "kim", AccessKey: "AKIA1", MFA: true}},
		"a session of a role is the role": {
			`{"type":"AssumedRole","principalId":"AROA1:s","arn":"arn:aws:sts::111122223333:assumed-role/app/s","accountId":"111122223333","accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/x/app","userName":"app"}}}`,
			haetae.Actor{Kind: haetae.RoleActor, ID: "arn:aws:iam::111122223333:role/x/app", ARN: "arn:aws:sts::111122223333:assumed-role/app/s", Account: "111122223333", PrincipalID: "AROA1:s", Name: "app", Session: "s", AccessKey: "ASIA1"}},
		"a session without its issuer is the role that its ARN names": {
			`{"type":"AssumedRole","arn":"arn:aws-cn:sts::111122223333:assumed-role/app/s"}`,
			haetae.Actor{Kind: haetae.RoleActor, ID: "arn:aws-cn:iam::111122223333:role/app", ARN: "arn:aws-cn:sts::111122223333:assumed-role/app/s", Account: "111122223333", Name: "app", Session: "s"}},
		"root is the root of its account": {
			`{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}`,
			haetae.Actor{Kind: haetae.RootActor, ID: "arn:aws:iam::111122223333:root", ARN: "arn:aws:iam::111122223333:root", Account: "111122223333", PrincipalID: "111122223333"}},
		"a service that acts by itself": {
			`{"type":"AWSService","invokedBy":"config.amazonaws.com"}`,
			haetae.Actor{Kind: haetae.ServiceActor, ID: "config.amazonaws.com", Name: "config.amazonaws.com"}},
		"nobody that AWS knows": {
			`{"type":"AWSAccount","principalId":"","accountId":"anonymous"}`,
			haetae.Actor{Kind: haetae.AnonymousActor, ID: "anonymous"}},
		"a principal of another account, of which only ids are told": {
			`{"type":"AWSAccount","principalId":"AROA2:run","accountId":"999988887777"}`,
			haetae.Actor{Kind: haetae.AccountActor, ID: "999988887777:AROA2", Account: "999988887777", PrincipalID: "AROA2:run", Session: "run"}},
		"someone of a web identity": {
			`{"type":"WebIdentityUser","principalId":"accounts.example:app:42","userName":"42","identityProvider":"accounts.example"}`,
			haetae.Actor{Kind: haetae.FederatedActor, ID: "accounts.example 42", PrincipalID: "accounts.example:app:42", Name: "42"}},
		"a service that calls for a user": {
			`{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/kim","accountId":"111122223333","invokedBy":"cloudformation.amazonaws.com"}`,
			haetae.Actor{Kind: haetae.UserActor, ID: "arn:aws:iam::111122223333:user/kim", ARN: "arn:aws:iam::111122223333:user/kim", Account: "111122223333", Name: "kim", Through: "cloudformation.amazonaws.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := trailEvent(t, `"userIdentity":`+c.identity).Actor
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c.want) {
				t.Errorf("\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

func TestHowACallEnded(t *testing.T) {
	for members, want := range map[string]haetae.Outcome{
		`"errorCode":null`:                           haetae.CallSucceeded,
		`"errorCode":"Client.UnauthorizedOperation"`: haetae.CallDenied,
		`"errorCode":"VpceAccessDenied"`:             haetae.CallDenied,
		`"errorCode":"Strange","errorMessage":"User: u is not authorized to perform: s3:GetObject"`: haetae.CallDenied,
		`"errorCode":"NoSuchBucket"`: haetae.CallFailed,
		`"eventName":"ConsoleLogin","errorMessage":"Failed authentication","responseElements":{"ConsoleLogin":"Failure"}`:  haetae.CallFailed,
		`"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"Yes"}`: haetae.CallSucceeded,
		`"eventCategory":"Insight"`: "",
	} {
		if got := trailEvent(t, members).Outcome; got != want {
			t.Errorf("%s: %q, want %q", members, got, want)
		}
	}
}

func TestFromWhereToWhat(t *testing.T) {
	e := trailEvent(t, `"sourceIPAddress":"::ffff:198.51.100.7","vpcEndpointId":"vpce-1","vpcEndpointAccountId":"999988887777","userAgent":"aws-cli/2","eventID":"e-1","recipientAccountId":"111122223333","requestParameters":{"bucketName":"b","key":"k/x"}`)
	if e.Peer.Addr.String() != "198.51.100.7" || e.Peer.Name != "" || e.Peer.Endpoint != "vpce-1" || e.Peer.EndpointAccount != "999988887777" || e.Peer.Agent != "aws-cli/2" {
		t.Errorf("%+v", e.Peer)
	}
	if e.ID != "e-1" || e.Action != "s3:GetObject" || strings.Join(e.Targets, " ") != "arn:aws:s3:::b/k/x" || e.Account != "111122223333" || e.Region != "us-east-1" {
		t.Errorf("%+v", e)
	}
	var raw map[string]any
	if err := json.Unmarshal(e.Raw, &raw); err != nil || raw["eventID"] != "e-1" {
		t.Errorf("%s: %v", e.Raw, err)
	}
	e = trailEvent(t, `"sourceIPAddress":"AWS Internal","resources":[{"ARN":"arn:aws:s3:::b"},{"accountId":"1"},{"ARN":"arn:aws:s3:::b/k"}]`)
	if e.Peer.Addr.IsValid() || e.Peer.Name != "AWS Internal" || len(e.Targets) != 2 {
		t.Errorf("%+v", e)
	}
	if !strings.HasSuffix(e.ID, "trail.json#1") {
		t.Errorf("a record without an id is known by its place: %s", e.ID)
	}
}
