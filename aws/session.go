package aws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/arn"
)

// Options say how to reach AWS. The zero value is the standard chain: flags of
// the environment, shared files, SSO, web identity, container, machine.
type Options struct {
	Profile string
	Region  string // of regional calls when nothing else says it
	// Attempts is how often a call is tried (default 3), not counting how often it
	// was throttled, Timeout how long one attempt may take (default 60 s), Backoff
	// the first pause between two attempts (default 200 ms), which doubles.
	Attempts         int
	Timeout, Backoff time.Duration
	// PageSize is the largest page that is asked for; 0 is the largest that AWS
	// gives.
	PageSize int
	// Quotas replace the built-in ones when set.
	Quotas *Quotas
	// Record keeps answers, so that a scan that was interrupted goes on; may be
	// nil.
	Record Record
	// MFA asks the user for the code of a profile with mfa_serial; may be nil.
	MFA func() (string, error)
	// Agent is the name and version in the user agent.
	Agent string
}

// Session is one identity in one account.
type Session struct {
	Account string // twelve digits
	ARN     string // of the caller
	Region  string // the default one; "" when nothing says it
	creds   sdk.CredentialsProvider
	config  sdk.Config
}

// Partition is the partition that the account is in, as its ARN says.
func (s *Session) Partition() string {
	if n, err := arn.Parse(s.ARN); err == nil && n.Partition != "" {
		return n.Partition
	}
	return "aws"
}

// Open finds credentials and asks whose they are. The error says what to do.
func Open(ctx context.Context, o Options) (*Client, *Session, error) {
	transport := awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) {
		d.Timeout = 5 * time.Second // a dead endpoint must not cost minutes
	}).WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = 512, 64
	})
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(transport), config.WithLogger(logging.Nop{}), config.WithSharedConfigProfile(o.Profile),
		config.WithAssumeRoleCredentialOptions(func(a *stscreds.AssumeRoleOptions) { a.TokenProvider = o.MFA }),
	}
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, nil, profileError(err)
	}
	c, err := newClient(ctx, cfg, o)
	if err != nil {
		return nil, nil, err
	}
	s := &Session{Region: cfg.Region, creds: cfg.Credentials, config: cfg}
	if err := c.identify(ctx, s); err != nil {
		return nil, nil, Explain(err)
	}
	return c, s, nil
}

// profileError explains why the shared files could not be used.
func profileError(err error) error {
	e := &haetae.Error{Code: haetae.Invalid, Op: "AWS configuration", Err: err, Hint: "Check ~/.aws/config and ~/.aws/credentials, or AWS_CONFIG_FILE."}
	var missing config.SharedConfigProfileNotExistError
	if errors.As(err, &missing) {
		e.Code = haetae.NotFound
		e.Hint = "aws configure list-profiles shows the profiles there are; name one with --profile."
	}
	return e
}

// identify asks whose credentials a session has.
func (c *Client) identify(ctx context.Context, s *Session) error {
	region := s.Region
	if region == "" {
		region = "us-east-1"
	}
	// Whose credentials these are is never taken from a record.
	who, err := c.call(ctx, Ask{Session: s, Region: region, Op: "sts:GetCallerIdentity", Final: func(map[string]any) bool { return false }})
	if err != nil {
		return err
	}
	s.Account, _ = who["Account"].(string)
	s.ARN, _ = who["Arn"].(string)
	if s.Account == "" {
		return &haetae.Error{Code: haetae.Unavailable, Op: "sts:GetCallerIdentity", Err: errors.New("the answer names no account"), Hint: "Check what AWS_ENDPOINT_URL points to: it does not answer like AWS."}
	}
	return nil
}

// Verify tells whether the credentials of a session are still good; the error
// is a [*Failure] when they are not.
func (c *Client) Verify(ctx context.Context, s *Session) error {
	again := *s
	return c.identify(ctx, &again)
}

// Assume returns a session in the role, which must trust the caller.
func (c *Client) Assume(ctx context.Context, s *Session, role, externalID string) (*Session, error) {
	name, err := arn.Parse(role)
	if err != nil {
		return nil, fmt.Errorf("assume %s: %w", role, err)
	}
	cfg := s.config.Copy()
	if cfg.Region == "" {
		cfg.Region = c.ends.Global("us-east-1")
	}
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role, func(a *stscreds.AssumeRoleOptions) {
		a.RoleSessionName = "haetae"
		if externalID != "" {
			a.ExternalID = &externalID
		}
	})
	next := &Session{Account: name.Account, ARN: role, Region: s.Region, creds: sdk.NewCredentialsCache(provider, func(o *sdk.CredentialsCacheOptions) {
		o.ExpiryWindow = 5 * time.Minute // a long scan renews before the role's session ends
	}), config: cfg}
	if _, err := next.creds.Retrieve(ctx); err != nil {
		f := loginFailure(err)
		f.Op, f.Attempts = "sts:AssumeRole", 1
		var api smithy.APIError
		if errors.As(err, &api) {
			f.Code, f.Message = api.ErrorCode(), api.ErrorMessage()
		}
		return nil, f
	}
	return next, nil
}

// settings are what the configuration says of endpoints.
type settings struct {
	service    func(id string) string // the URL that stands in for AWS's own, or ""
	fips, dual bool
}

func settingsOf(ctx context.Context, cfg sdk.Config) (settings, error) {
	var s settings
	ignore := false
	for _, source := range cfg.ConfigSources {
		if p, ok := source.(interface {
			GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
		}); ok {
			v, found, err := p.GetIgnoreConfiguredEndpoints(ctx)
			if err != nil {
				return s, fmt.Errorf("ignore_configured_endpoint_urls: %w", err)
			}
			if found {
				ignore = v
				break
			}
		}
	}
	base := ""
	if cfg.BaseEndpoint != nil {
		base = strings.TrimRight(*cfg.BaseEndpoint, "/")
	}
	// The environment goes before the files, and in each of them a service goes
	// before all services
	// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
	all := os.Getenv("AWS_ENDPOINT_URL") != ""
	s.service = func(id string) string {
		if ignore {
			return ""
		}
		for _, source := range cfg.ConfigSources {
			p, ok := source.(interface {
				GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
			})
			if !ok {
				continue
			}
			if _, env := source.(config.EnvConfig); all && !env {
				continue
			}
			if v, found, err := p.GetServiceBaseEndpoint(ctx, id); err == nil && found {
				return strings.TrimRight(v, "/")
			}
		}
		return base
	}
	fipsSaid, dualSaid := false, false // the first source that says it decides
	for _, source := range cfg.ConfigSources {
		if p, ok := source.(interface {
			GetUseFIPSEndpoint(context.Context) (sdk.FIPSEndpointState, bool, error)
		}); ok {
			v, found, err := p.GetUseFIPSEndpoint(ctx)
			if err != nil {
				return s, fmt.Errorf("use_fips_endpoint: %w", err)
			}
			if found && !fipsSaid {
				s.fips, fipsSaid = v == sdk.FIPSEndpointStateEnabled, true
			}
		}
		if p, ok := source.(interface {
			GetUseDualStackEndpoint(context.Context) (sdk.DualStackEndpointState, bool, error)
		}); ok {
			v, found, err := p.GetUseDualStackEndpoint(ctx)
			if err != nil {
				return s, fmt.Errorf("use_dualstack_endpoint: %w", err)
			}
			if found && !dualSaid {
				s.dual, dualSaid = v == sdk.DualStackEndpointStateEnabled, true
			}
		}
	}
	return s, nil
}
