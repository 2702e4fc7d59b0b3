package inventory

import (
	"regexp"
	"strings"

	"github.com/haetae/haetae"
)

// Codes of answers that AWS did not give, for [Answer.Code].
const (
	// NotOffered says that the service is not there: it has no endpoint in the
	// region, or does not serve the operation in it. It is a whole answer: there
	// is nothing.
	NotOffered = "haetae:NotOffered"
	// Timeout says that no answer came in time.
	Timeout = "haetae:Timeout"
	// Unavailable says that the service answered with an error of its own.
	Unavailable = "haetae:Unavailable"
	// NotReached says that there was no connection.
	NotReached = "haetae:NotReached"
)

// outcome is how a call went: how many answers it gave, how many of those said
// that there is more, and why it failed if it did.
type outcome struct {
	answers, open int
	fail          *haetae.Unknown
}

func (o *outcome) answered() bool { return o != nil && o.answers > 0 }

// unfinished tells whether a page failed, or every page says that there is more:
// the last one is not among them.
func (o *outcome) unfinished() bool {
	return o.answered() && (o.fail != nil || o.open >= o.answers)
}

// add puts another outcome of the same call behind this one.
func (o *outcome) add(next outcome) {
	o.answers += next.answers
	o.open += next.open
	if next.fail != nil && (o.fail == nil || o.fail.Reason != haetae.Denied) {
		o.fail = next.fail
	}
}

// live tells whether the answers come from AWS itself rather than from files.
func (b *Builder) live() bool { return b.opts.Source == "aws" }

// name returns how messages call an operation: as the AWS CLI does for files,
// as the API does for a live account.
func (b *Builder) name(c *Call) string {
	if !b.live() {
		return "`" + c.Command() + "`"
	}
	if op, ok := strings.CutPrefix(c.Op, "s3api:"); ok {
		return "s3:" + op
	}
	return c.Op
}

// unasked says that nobody asked.
func (b *Builder) unasked(c *Call) *haetae.Unknown {
	u := &haetae.Unknown{Reason: haetae.NotAsked, Actions: c.RequiredActions(), Detail: "no output of " + b.name(c)}
	switch {
	case c.Extra != "":
		u.Detail = b.name(c) + " is called only when it is asked for: " + c.Extra
	case b.live():
		u.Detail = b.name(c) + " was not called"
	}
	return u
}

// unfinished says that a list is not whole: why its next page failed, or that
// nobody asked for it.
func (b *Builder) unfinished(c *Call, o *outcome) *haetae.Unknown {
	if o.fail != nil {
		return o.fail
	}
	u := &haetae.Unknown{
		Reason: haetae.NotAsked, Actions: c.RequiredActions(),
		Detail: "the output of " + b.name(c) + " says that there is more, and the rest is not there",
	}
	if b.live() {
		u.Detail = b.name(c) + " says that there is more, and the rest was not read"
	}
	return u
}

// failure says how a call failed.
func (b *Builder) failure(c *Call, code, message string) *haetae.Unknown {
	u := &haetae.Unknown{Reason: haetae.Failed, Actions: c.RequiredActions()}
	name := b.name(c)
	switch {
	case IsDenied(code):
		u.Reason = haetae.Denied
		u.Detail = name + " was denied (" + code + ")"
		if by := denier.FindString(message); by != "" {
			u.Detail += ": " + by
		}
		return u
	case isThrottled(code):
		u.Reason = haetae.Throttled
		u.Detail = name + " was throttled (" + code + ")"
	case code == Timeout:
		u.Detail = name + " did not answer in time"
	case code == Unavailable:
		u.Detail = name + " is out of service"
	case code == NotReached:
		u.Detail = name + " could not be reached"
	default:
		u.Detail = name + " failed with " + code
	}
	if message != "" {
		u.Detail += ": " + message
	}
	return u
}

// denier is the part of AWS's message that says what kind of policy denied a
// call (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
var denier = regexp.MustCompile(`with an explicit deny in an? [A-Za-z -]+[A-Za-z]|because no [A-Za-z -]+ allows the [A-Za-z0-9-]+:[A-Za-z0-9]+ action`)

// IsDenied tells whether an error code means that the caller lacks a
// permission. Services spell it in their own ways.
func IsDenied(code string) bool {
	switch code {
	case "UnauthorizedOperation", "Client.UnauthorizedOperation", "AuthorizationError",
		"AuthorizationErrorException", "NotAuthorized", "Forbidden", "403":
		return true
	}
	return strings.HasPrefix(code, "AccessDenied")
}

// isThrottled tells whether a service asks for fewer requests, by the codes for
// which AWS's SDKs wait and try again.
func isThrottled(code string) bool {
	switch code {
	case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
		"TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
		"RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
		"EC2ThrottledException":
		return true
	}
	return strings.Contains(code, "Throttl")
}
