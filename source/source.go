// Package source fetches logs from where AWS puts them: prefixes of S3, notifications of
// S3 through SQS, log groups of CloudWatch Logs, and what is sent to an HTTP endpoint.
//
// A Source hands out one piece after the other. Whoever takes it commits what became of
// it and then calls Done; what was handed out and not committed comes again, and
// Known tells the source what was committed before. Nothing is changed at AWS but
// that messages of the queue are deleted once their objects are committed.
package source

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/haetae/haetae/aws"
)

// Piece is a piece of log that is read and committed as a whole.
type Piece struct {
	// Key is its identity, the same whenever it comes; Name is for people.
	Key, Name string
	// Object and Version name an object of S3, by which records without an id are
	// named; "" for others.
	Object, Version string
	Modified        time.Time
	Size            int64 // as it is stored; -1 when it is not known
	Open            func(context.Context) (io.ReadCloser, error)
	// Metadata is that of an object, once it was opened; its names are in small letters.
	Metadata map[string]string
	// Done is called after what became of it was committed, Failed when it could not
	// be read or committed. Both may be nil.
	Done   func(context.Context) error
	Failed func(error)
}

// Source hands out pieces. Next waits for more when the source follows; it returns io.EOF
// when there is no more. It is for one goroutine. Problems are what could not be
// understood since it was asked before.
type Source interface {
	Name() string
	Next(context.Context) (*Piece, error)
	Problems() []string
	Close() error
}

// Options say how a source is asked.
type Options struct {
	Client  *aws.Client
	Session *aws.Session
	Region  string // of queues and log groups that name none
	Follow  bool
	Every   time.Duration // with Follow: how often to look for what is new
	Since   time.Time     // of log groups: earlier events are not asked for
	// Token is what senders to an HTTP endpoint have to show; "" asks for none, which
	// is allowed on loopback addresses only.
	Token string
	// Known tells whether a piece was committed before.
	Known func(key string) (bool, error)
}

// Is tells whether an argument names a source of this package and no path.
func Is(arg string) bool {
	for _, p := range []string{"s3://", "sqs:", "https://sqs.", "logs:", "http://"} {
		if strings.HasPrefix(arg, p) {
			return true
		}
	}
	return false
}

// Asks tells whether the source of an argument asks AWS.
func Asks(arg string) bool { return Is(arg) && !strings.HasPrefix(arg, "http://") }

// Open opens the source that an argument names:
//
//	s3://BUCKET/PREFIX
//	sqs:QUEUE, sqs:ARN, https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE
//	logs:GROUP, logs:ARN
//	http://HOST:PORT
func Open(arg string, o Options) (Source, error) {
	if o.Every <= 0 {
		o.Every = 30 * time.Second
	}
	if o.Known == nil {
		o.Known = func(string) (bool, error) { return false, nil }
	}
	switch {
	case strings.HasPrefix(arg, "s3://"):
		u, err := url.Parse(arg)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%s: s3://BUCKET/PREFIX is meant", arg)
		}
		return newBucket(u.Host, strings.TrimPrefix(u.Path, "/"), o), nil
	case strings.HasPrefix(arg, "sqs:"), strings.HasPrefix(arg, "https://sqs."):
		return newQueue(strings.TrimPrefix(arg, "sqs:"), o)
	case strings.HasPrefix(arg, "logs:"):
		return newGroup(strings.TrimPrefix(arg, "logs:"), o)
	case strings.HasPrefix(arg, "http://"):
		return newEndpoint(arg, o)
	}
	return nil, fmt.Errorf("%s is no source: s3://…, sqs:…, logs:… or http://…", arg)
}

// text is a text among the members of an answer.
func text(m map[string]any, name string) string {
	s, _ := m[name].(string)
	return s
}

// items are the objects in a list of an answer.
func items(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// ask makes a call with one page.
func (o *Options) ask(ctx context.Context, region, op string, params map[string]any) (map[string]any, error) {
	for answer, err := range o.Client.Pages(ctx, aws.Ask{Session: o.Session, Region: region, Op: op, Params: params}) {
		return answer, err
	}
	return nil, fmt.Errorf("%s: no answer", op)
}

// wait waits, or ends with the context.
func wait(ctx context.Context, d time.Duration) error { return aws.Sleep(ctx, d) }
