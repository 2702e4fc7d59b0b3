package aws

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/haetae/haetae"
)

// home is an empty home folder with files of AWS's configuration, and an
// environment that has nothing else of AWS in it.
func home(t *testing.T, configuration string) string {
	t.Helper()
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "") // so that it is there again afterwards
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", dir)
	t.Setenv("AWS_CONFIG_FILE", file)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	return dir
}

func TestOpenSaysWhoseCredentialsTheyAre(t *testing.T) {
	home(t, "[profile p]\nregion = eu-west-1\naws_access_key_id = a\naws_secret_access_key = b\n")
	s := newServer(t, reply{status: 200, body: identity})
	t.Setenv("AWS_ENDPOINT_URL", s.URL+"/")
	_, session, err := Open(t.Context(), Options{Profile: "p", Agent: "haetae/1"})
	if err != nil {
		t.Fatal(err)
	}
	if session.Account != "111111111111" || session.ARN != "arn:aws:iam::111111111111:user/u" || session.Region != "eu-west-1" || session.Partition() != "aws" {
		t.Errorf("%+v", session)
	}
	if r := s.requests()[0]; r.URL.Path != "/" || r.UserAgent() != "haetae/1" || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/sts/aws4_request") {
		t.Errorf("%s %s", r.URL, r.Header)
	}
	t.Run("an option goes before the profile", func(t *testing.T) {
		_, session, err := Open(t.Context(), Options{Profile: "p", Region: "us-west-2"})
		if err != nil || session.Region != "us-west-2" {
			t.Errorf("%+v, %v", session, err)
		}
	})
}

// What a user who cannot sign in is told.
func TestTheNextStepIsNamed(t *testing.T) {
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
	sso := "[profile p]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = r\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.com/start\n"
	awsError := func(status int, code, message string) reply {
		return reply{status: status, body: `<ErrorResponse><Error><Code>` + code + `</Code><Message>` + message + `</Message></Error></ErrorResponse>`}
	}
	for _, c := range []struct {
		name, config, profile string
		env                   map[string]string
		reply                 reply
		code                  haetae.Code
		hint                  string
	}{
		{"no credentials at all", "", "", nil, reply{}, haetae.AccessDenied, "--profile NAME, AWS_PROFILE"},
		{"a profile that is not there", "[profile q]\n", "p", nil, reply{}, haetae.NotFound, "aws configure list-profiles"},
		{"a role without a source", "[profile p]\nrole_arn = arn:aws:iam::111111111111:role/r\n", "p", nil, reply{}, haetae.AccessDenied, "role_arn and source_profile"},
		{"SSO without a token", sso, "p", nil, reply{}, haetae.AccessDenied, "aws sso login"},
		{"an SSO token that has expired", sso, "p", map[string]string{"expired": "sso"}, reply{}, haetae.AccessDenied, "aws sso login"},
		{"a credential_process that fails", "[profile p]\ncredential_process = false\n", "p", nil, reply{}, haetae.AccessDenied, "The credential_process of the profile fails"},
		{"a credential_process that says nothing", "[profile p]\ncredential_process = true\n", "p", nil, reply{}, haetae.AccessDenied, "The credential_process of the profile fails"},
		{"a web identity without its file", "", "", map[string]string{"AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"}, reply{}, haetae.AccessDenied, "AWS_WEB_IDENTITY_TOKEN_FILE is there and fresh"},
		{"a role of the profile that may not be assumed", "[profile p]\nrole_arn = arn:aws:iam::222222222222:role/r\nsource_profile = q\n[profile q]\naws_access_key_id = a\naws_secret_access_key = b\n", "p", nil,
			awsError(403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole"), haetae.AccessDenied, "role_arn and source_profile"},
		{"keys that have expired", "", "", keys, awsError(403, "ExpiredToken", "The security token included in the request is expired"), haetae.AccessDenied, "renew what is in AWS_SESSION_TOKEN"},
		{"keys that AWS does not know", "", "", keys, awsError(403, "InvalidClientTokenId", "The security token included in the request is invalid."), haetae.AccessDenied, "AWS does not know these credentials"},
		{"a secret that is wrong", "", "", keys, awsError(403, "SignatureDoesNotMatch", "m"), haetae.AccessDenied, "The secret key does not belong"},
		{"an identity that may not even ask who it is", "", "", keys, awsError(403, "AccessDenied", "with an explicit deny"), haetae.AccessDenied, "haetae policy"},
		{"too many requests", "", "", keys, awsError(400, "Throttling", "Rate exceeded"), haetae.Throttle, "Wait a minute"},
		{"an endpoint that is not AWS", "", "", keys, reply{status: 200, body: `<R><GetCallerIdentityResult/></R>`}, haetae.Unavailable, "AWS_ENDPOINT_URL"},
		{"nobody at the endpoint", "", "", map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, reply{}, haetae.Unavailable, "Check the network"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := home(t, c.config)
			if c.reply.status == 0 {
				c.reply.status = 418 // nobody may come that far
			}
			t.Setenv("AWS_ENDPOINT_URL", newServer(t, c.reply).URL)
			for k, v := range c.env {
				if k != "expired" {
					t.Setenv(k, v)
				}
			}
			if c.env["expired"] != "" {
				sum := sha1.Sum([]byte(c.env["expired"][:1])) // of the session's name, "s"
				cache := filepath.Join(dir, ".aws", "sso", "cache")
				if err := os.MkdirAll(cache, 0o700); err != nil {
					t.Fatal(err)
				}
				old := `{"accessToken": "not one", "expiresAt": "` + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) + `"}`
				if err := os.WriteFile(filepath.Join(cache, hex.EncodeToString(sum[:])+".json"), []byte(old), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err := Open(t.Context(), Options{Profile: c.profile, Backoff: 1, Quotas: quotas(t, "default: {rate: 1000000, burst: 1000000}")})
			var e *haetae.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if !strings.Contains(e.Hint, c.hint) || c.code != "" && e.Code != c.code {
				t.Errorf("%s: %v\nhint: %s", e.Code, err, e.Hint)
			}
		})
	}
}

func TestACertificateThatNobodyKnowsIsExplained(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would complain of us
	s.StartTLS()
	defer s.Close()
	home(t, "")
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	t.Setenv("AWS_ENDPOINT_URL", s.URL)
	_, _, err := Open(t.Context(), Options{Backoff: 1, Quotas: quotas(t, "default: {rate: 1000000, burst: 1000000}")})
	var e *haetae.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "AWS_CA_BUNDLE") {
		t.Errorf("%v", err)
	}
}

func TestWhoHandsOutCredentialsMayBeOutOfReach(t *testing.T) {
	for text, code := range map[string]string{
		"no EC2 IMDS role found, operation error ec2imds: GetMetadata": NoLogin,
		"operation error SSO: GetRoleCredentials":                      Timeout,
	} {
		if f := loginFailure(errors.Join(errors.New(text), context.DeadlineExceeded)); f.Code != code {
			t.Errorf("%s is %s", text, f.Code)
		}
	}
}

func TestEndpointsOfTheConfiguration(t *testing.T) {
	files := "[default]\nregion = us-east-1\nendpoint_url = http://all.example\nservices = mine\n[services mine]\nec2 =\n  endpoint_url = http://ec2.example/\nelastic_load_balancing_v2 =\n  endpoint_url = http://elb.example\n"
	for _, c := range []struct {
		name, config string
		env          map[string]string
		id, want     string
	}{
		{"nothing is said", "", nil, "EC2", ""},
		{"the variable for all", "", map[string]string{"AWS_ENDPOINT_URL": "http://env.example/"}, "EC2", "http://env.example"},
		{"the variable of the service goes before it", "", map[string]string{"AWS_ENDPOINT_URL": "http://env.example", "AWS_ENDPOINT_URL_EC2": "http://ec2env.example"}, "EC2", "http://ec2env.example"},
		{"a name of several words", "", map[string]string{"AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": "http://elbenv.example"}, "Elastic Load Balancing v2", "http://elbenv.example"},
		{"another service's variable", "", map[string]string{"AWS_ENDPOINT_URL_S3": "http://s3.example"}, "EC2", ""},
		{"the file's services", files, nil, "EC2", "http://ec2.example"},
		{"the file's services, a name of several words", files, nil, "Elastic Load Balancing v2", "http://elb.example"},
		{"the file, for all others", files, nil, "S3", "http://all.example"},
		{"the environment goes before the file", files, map[string]string{"AWS_ENDPOINT_URL": "http://env.example"}, "EC2", "http://env.example"},
		{"all is to be ignored", files, map[string]string{"AWS_ENDPOINT_URL_EC2": "http://ec2env.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "EC2", ""},
		{"the file says so", strings.Replace(files, "region", "ignore_configured_endpoint_urls = true\nregion", 1), nil, "EC2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			home(t, c.config)
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			cfg, err := config.LoadDefaultConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, err := settingsOf(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.service(c.id); got != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestFIPSAndIPv6OfTheConfiguration(t *testing.T) {
	file := "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n"
	for _, c := range []struct {
		name, config string
		env          map[string]string
		fips, dual   bool
	}{
		{"nothing is said", "", nil, false, false},
		{"the file", file, nil, true, true},
		{"the environment", "", map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, true, false},
		{"the environment goes before the file", file, map[string]string{"AWS_USE_FIPS_ENDPOINT": "false"}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			home(t, c.config)
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			cfg, err := config.LoadDefaultConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, err := settingsOf(t.Context(), cfg)
			if err != nil || s.fips != c.fips || s.dual != c.dual {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

func TestARoleIsAssumedInItsAccount(t *testing.T) {
	s := newServer(t, reply{status: 200, body: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>x</AccessKeyId><SecretAccessKey>y</SecretAccessKey><SessionToken>z</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`})
	client, session := fastClient(t, s, Options{})
	next, err := client.Assume(t.Context(), session, "arn:aws:iam::222222222222:role/audit", "secret-id")
	if err != nil {
		t.Fatal(err)
	}
	if next.Account != "222222222222" || !strings.Contains(s.body[0], "ExternalId=secret-id") || !strings.Contains(s.body[0], "RoleSessionName=haetae") {
		t.Errorf("%+v after %s", next, s.body)
	}
	t.Run("a role that does not trust us", func(t *testing.T) {
		s := newServer(t, reply{status: 403, body: `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>`})
		client, session := fastClient(t, s, Options{})
		_, err := client.Assume(t.Context(), session, "arn:aws:iam::222222222222:role/audit", "")
		var f *Failure
		if !errors.As(err, &f) || f.Code != "AccessDenied" || f.Op != "sts:AssumeRole" {
			t.Errorf("%v", err)
		}
	})
	t.Run("what is no role", func(t *testing.T) {
		if _, err := client.Assume(t.Context(), session, "audit", ""); err == nil {
			t.Error("it was assumed")
		}
	})
}
