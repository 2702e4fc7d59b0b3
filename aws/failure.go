package aws

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// Codes of failures that are not AWS's own.
const (
	Timeout     = "haetae:Timeout"     // no answer in time
	Unavailable = "haetae:Unavailable" // answers that were no answers: 5xx, broken bodies, lost connections
	NotReached  = "haetae:NotReached"  // no connection
	NotOffered  = "haetae:NotOffered"  // the service is not in the region
	NoLogin     = "haetae:NoLogin"     // credentials are missing or have expired
	Invalid     = "haetae:Invalid"     // a request that cannot be made, such as one without its bucket
)

// Failure is how a call failed after all attempts.
type Failure struct {
	Op, Region string
	Code       string // AWS's own, or one of the above
	Message    string
	Status     int // of HTTP; 0 when there was no answer
	Attempts   int
	err        error
}

// Error says all of it in one line.
func (f *Failure) Error() string {
	where := f.Op
	if f.Region != "" {
		where += " in " + f.Region
	}
	s := fmt.Sprintf("%s: %s", where, strings.TrimPrefix(f.Code, "haetae:"))
	if f.Message != "" {
		s += ": " + f.Message
	}
	if f.Attempts > 1 {
		s += fmt.Sprintf(" (%d attempts)", f.Attempts)
	}
	return s
}

// Unwrap returns what lies below, if anything.
func (f *Failure) Unwrap() error { return f.err }

// throttling are the codes by which services ask for patience
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
var throttling = map[string]bool{
	"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "RequestThrottledException": true,
	"RequestThrottled": true, "TooManyRequestsException": true, "ProvisionedThroughputExceededException": true,
	"TransactionInProgressException": true, "RequestLimitExceeded": true, "BandwidthLimitExceeded": true,
	"LimitExceededException": true, "SlowDown": true, "PriorRequestNotComplete": true, "EC2ThrottledException": true,
}

// expired are the codes of credentials that are no longer, or never were, good.
var expired = map[string]bool{
	"ExpiredToken": true, "ExpiredTokenException": true, "InvalidClientTokenId": true, "UnrecognizedClientException": true,
	"AuthFailure": true, "SignatureDoesNotMatch": true, "InvalidAccessKeyId": true, "InvalidToken": true,
	"TokenRefreshRequired": true, "IncompleteSignature": true, "MissingAuthenticationToken": true,
}

// Throttled tells whether AWS asked to slow down.
func (f *Failure) Throttled() bool {
	return throttling[f.Code] || f.Status == http.StatusTooManyRequests
}

// Login tells whether the credentials are the trouble: every other call will
// fail in the same way, or every other call in that region when it is one that
// the account must switch on first and has not.
func (f *Failure) Login() bool { return f.Code == NoLogin || expired[f.Code] }

// passing tells whether the next attempt may fare better.
func (f *Failure) passing() bool {
	switch f.Status {
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	switch f.Code {
	case Timeout, Unavailable, NotReached, "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure",
		"InternalServerError", "InternalServiceError", "InternalServerException", "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeTooSkewed":
		return true
	}
	return f.Throttled() || f.Status >= 500
}

// failure reads the error of an answer.
func failure(s *Service, a *Response) *Failure {
	f := &Failure{Status: a.Status}
	switch s.Protocol {
	case "json", "rest-json":
		f.readJSON(s, a)
	default:
		if n, err := parseXML(a.Body); err == nil {
			f.readXML(n)
		}
	}
	if f.Code == "" {
		switch {
		case a.Status == http.StatusForbidden:
			f.Code = "AccessDenied" // an answer without a body, as to a HEAD request
		case a.Status == http.StatusTooManyRequests:
			f.Code = "TooManyRequestsException"
		case a.Status >= 500:
			f.Code = Unavailable
		default:
			f.Code = fmt.Sprint(a.Status)
		}
		if f.Message == "" {
			f.Message = fmt.Sprintf("HTTP status %d", a.Status)
		}
	}
	return f
}

// readJSON reads {"__type": "…#Code", "message": "…"} and the headers that go
// before it.
func (f *Failure) readJSON(s *Service, a *Response) {
	var body map[string]any
	if json.Unmarshal(a.Body, &body) != nil {
		body = nil // a page of some proxy
	}
	first := func(names ...string) string {
		for _, n := range names {
			if v, ok := body[n].(string); ok && v != "" {
				return v
			}
		}
		return ""
	}
	f.Message = first("message", "Message", "errorMessage")
	f.Code = first("__type")
	if s.Protocol == "rest-json" {
		f.Code = cmp.Or(a.Header.Get("X-Amzn-Errortype"), first("code", "Code"), f.Code)
	}
	// "com.amazon.coral.service#AccessDeniedException:http://…"
	f.Code, _, _ = strings.Cut(f.Code, ":")
	f.Code = f.Code[strings.LastIndexByte(f.Code, '#')+1:]
	if code, fault, ok := strings.Cut(a.Header.Get("X-Amzn-Query-Error"), ";"); ok && code != "" && !strings.Contains(fault, ";") {
		f.Code = code
	}
}

// readXML reads <Error>, which stands alone in S3, in <ErrorResponse> in most
// services and in <Response><Errors> in EC2.
func (f *Failure) readXML(n *node) {
	e := n.find("Error")
	if e == nil {
		e = n
	}
	f.Code, f.Message = e.child("Code"), cmp.Or(e.child("Message"), e.child("message"))
}

// loginFailure reads why there were no credentials. Whoever hands them out may
// be out of reach like anybody else; but the metadata service of machines is
// asked last, and that there is none only says that nothing else was found.
func loginFailure(err error) *Failure {
	if f := unreached(err); (f.Code == NotReached || f.Code == Timeout) && !strings.Contains(err.Error(), "IMDS") && !strings.Contains(err.Error(), "ec2imds") {
		return f
	}
	return &Failure{Code: NoLogin, Message: err.Error(), err: err}
}

// unreached reads why there was no answer at all.
func unreached(err error) *Failure {
	f := &Failure{Code: Unavailable, Message: err.Error(), err: err}
	var dns *net.DNSError
	var op *net.OpError
	var nerr net.Error
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.As(err, &dns):
		f.Code, f.Message = NotReached, "no such host: "+dns.Name
		if dns.IsTimeout {
			f.Message = "the name server does not answer for " + dns.Name
		}
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &host):
		f.Code, f.Message = NotReached, "the certificate is not trusted: "+err.Error()
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		f.Code, f.Message = NotReached, "cannot connect to "+address(op)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &nerr) && nerr.Timeout():
		f.Code, f.Message = Timeout, "no answer in time"
	}
	return f
}

func address(op *net.OpError) string {
	if op.Addr == nil {
		return op.Err.Error()
	}
	return op.Addr.String() + ": " + op.Err.Error()
}

// Explain turns the failure of the first call of a scan into what the user
// should do about it. Other errors are returned as they are.
func Explain(err error) error {
	var f *Failure
	if !errors.As(err, &f) {
		return err
	}
	e := &haetae.Error{Code: haetae.Unavailable, Err: err}
	switch {
	case f.Code == NoLogin || f.Login():
		e.Code, e.Hint = haetae.AccessDenied, loginHint(f)
	case strings.HasPrefix(f.Message, "the certificate is not trusted"):
		e.Hint = "Something between here and AWS answers in its place: give its certificate in AWS_CA_BUNDLE, or go around it."
	case f.Code == NotReached:
		e.Hint = "Check the network, HTTPS_PROXY and AWS_ENDPOINT_URL, and that the region exists (--region, AWS_REGION)."
	case f.Code == Timeout:
		e.Hint = "Check the network and HTTPS_PROXY: the host was found and does not answer."
	case f.Throttled():
		e.Code, e.Hint = haetae.Throttle, "Wait a minute: another program uses up the account's quota of requests."
	case strings.HasPrefix(f.Code, "AccessDenied") || f.Code == "UnauthorizedOperation":
		e.Code, e.Hint = haetae.AccessDenied, "Let the identity do this: haetae policy --for scan prints the policy that a scan needs."
	}
	return e
}

func loginHint(f *Failure) string {
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(f.Message, p) })
	}
	switch {
	case f.Code == NoLogin && has("SSO", "sso", "signin"):
		return "Sign in again: aws sso login --profile PROFILE (or aws login), then repeat the command."
	case f.Code == NoLogin && has("credential_process", "process provider"):
		return "The credential_process of the profile fails: run its command, which is in ~/.aws/config, and see what it says."
	case f.Code == NoLogin && has("jwt", "WebIdentity", "web identity"):
		return "The web identity is refused: check that the file of AWS_WEB_IDENTITY_TOKEN_FILE is there and fresh, and that the role in AWS_ROLE_ARN trusts who signed it."
	case f.Code == NoLogin && has("AssumeRole"):
		return "The role of the profile cannot be assumed: check its role_arn and source_profile, and that the role trusts that identity (and its mfa_serial, if the role asks for MFA)."
	case strings.HasPrefix(f.Code, "Expired"):
		return "The credentials have expired: sign in again (aws sso login), or renew what is in AWS_SESSION_TOKEN."
	case f.Code == "SignatureDoesNotMatch":
		return "The secret key does not belong to the access key, or the clock of this machine is wrong."
	case f.Code == NoLogin:
		return "Give credentials in one of the AWS ways: --profile NAME, AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, aws sso login, or the role of the machine. Without an account: haetae scan --from sample."
	}
	return "AWS does not know these credentials: check AWS_ACCESS_KEY_ID and AWS_PROFILE. Those of China and of GovCloud need a region there (--region, AWS_REGION), and a region that must be switched on must be on."
}
