package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"
)

// queue is a queue that S3 tells of new objects: directly, through SNS or through
// EventBridge (https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html).
type queue struct {
	o        Options
	name     string
	region   string
	url      string
	todo     []*Piece
	problems []string
	poison   map[string]bool // ids of messages that nobody understands
}

// visible is how long a message is hidden from others while it is worked at, in
// seconds. It begins anew when an object of it is opened.
const visible = 300

func newQueue(arg string, o Options) (*queue, error) {
	q := &queue{o: o, name: arg, region: o.Region, poison: map[string]bool{}}
	switch parts := strings.Split(arg, ":"); {
	case strings.HasPrefix(arg, "https://"):
		u, err := url.Parse(arg)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", arg, err)
		}
		if host := strings.Split(u.Host, "."); len(host) > 2 && host[0] == "sqs" {
			q.region = host[1]
		}
		q.url = arg
	case len(parts) == 6 && parts[0] == "arn":
		q.region, q.name = parts[3], parts[5]
	case arg == "":
		return nil, errors.New("sqs:QUEUE is meant")
	}
	return q, nil
}

// Name is sqs: and what the queue was called.
func (q *queue) Name() string { return "sqs:" + q.name }

// Problems implements Source.
func (q *queue) Problems() []string {
	out := q.problems
	q.problems = nil
	return out
}

// Close implements Source.
func (q *queue) Close() error { return nil }

// Next hands out the objects that messages tell of.
func (q *queue) Next(ctx context.Context) (*Piece, error) {
	if q.url == "" {
		answer, err := q.o.ask(ctx, q.region, "sqs:GetQueueUrl", map[string]any{"QueueName": q.name})
		if err != nil {
			return nil, fmt.Errorf("queue %s: %w", q.name, err)
		}
		q.url = text(answer, "QueueUrl")
	}
	for len(q.todo) == 0 {
		n, err := q.receive(ctx)
		if err != nil {
			return nil, err
		}
		if n == 0 && !q.o.Follow {
			return nil, io.EOF
		}
	}
	p := q.todo[0]
	q.todo = q.todo[1:]
	return p, nil
}

// receive asks for messages and returns how many came.
func (q *queue) receive(ctx context.Context) (int, error) {
	patience := 1
	if q.o.Follow {
		patience = 20 // long polling: the answer comes when a message does
	}
	answer, err := q.o.ask(ctx, q.region, "sqs:ReceiveMessage", map[string]any{"QueueUrl": q.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": patience, "VisibilityTimeout": visible})
	if err != nil {
		return 0, fmt.Errorf("queue %s: %w", q.name, err)
	}
	list := items(answer["Messages"])
	for _, m := range list {
		if err := q.message(ctx, m); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// message makes pieces of the objects of a message, and deletes it when they are done.
func (q *queue) message(ctx context.Context, m map[string]any) error {
	id, receipt := text(m, "MessageId"), text(m, "ReceiptHandle")
	objects, err := notified(text(m, "Body"))
	if err != nil {
		if !q.poison[id] {
			q.poison[id] = true
			q.problems = append(q.problems, fmt.Sprintf("message %s of queue %s is left there: %v", id, q.name, err))
		}
		return nil
	}
	gone := func(ctx context.Context) error {
		_, err := q.o.ask(ctx, q.region, "sqs:DeleteMessage", map[string]any{"QueueUrl": q.url, "ReceiptHandle": receipt})
		if err != nil {
			return fmt.Errorf("delete message %s of queue %s: %w", id, q.name, err)
		}
		return nil
	}
	var pieces []*Piece
	for _, n := range objects {
		p := objectPiece(&q.o, n.bucket, n.object)
		known, err := q.o.Known(p.Key)
		if err != nil {
			return err
		}
		if !known {
			pieces = append(pieces, p)
		}
	}
	if len(pieces) == 0 {
		return gone(ctx) // a test of S3, or all was committed before it was killed
	}
	left := len(pieces)
	var mu sync.Mutex
	for _, p := range pieces {
		get := p.Open
		p.Open = func(ctx context.Context) (io.ReadCloser, error) {
			_, err := q.o.ask(ctx, q.region, "sqs:ChangeMessageVisibility", map[string]any{"QueueUrl": q.url, "ReceiptHandle": receipt, "VisibilityTimeout": visible})
			if err != nil {
				return nil, fmt.Errorf("keep message %s of queue %s: %w", id, q.name, err)
			}
			return get(ctx)
		}
		p.Done = func(ctx context.Context) error {
			mu.Lock()
			left--
			last := left == 0
			mu.Unlock()
			if last {
				return gone(ctx)
			}
			return nil
		}
		p.Failed = func(error) {} // it becomes visible again by itself
	}
	q.todo = append(q.todo, pieces...)
	return nil
}

type notification struct {
	bucket string
	object object
}

// notified reads the objects out of a message. A test message has none.
func notified(body string) ([]notification, error) {
	var m struct {
		Type, Message, Event string
		Records              []struct {
			Source string `json:"eventSource"`
			Name   string `json:"eventName"`
			Time   string `json:"eventTime"`
			S3     struct {
				Bucket struct{ Name string }
				Object struct {
					Key, ETag string
					Size      int64
				}
			}
		}
		DetailType string `json:"detail-type"`
		Time       string
		Detail     struct {
			Bucket struct{ Name string }
			Object struct {
				Key, ETag string
				Size      int64
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	when := func(text string) time.Time {
		at, _ := time.Parse(time.RFC3339, text)
		return at
	}
	var out []notification
	switch {
	case m.Type == "Notification" && m.Message != "":
		return notified(m.Message)
	case m.Event == "s3:TestEvent":
		return nil, nil
	case m.DetailType == "Object Created" && m.Detail.Bucket.Name != "":
		d := m.Detail
		return append(out, notification{d.Bucket.Name, object{d.Object.Key, strings.Trim(d.Object.ETag, `"`), d.Object.Size, when(m.Time)}}), nil
	case len(m.Records) > 0:
		for _, r := range m.Records {
			if r.Source != "aws:s3" {
				return nil, fmt.Errorf("it is of %q, not of S3", r.Source)
			}
			if !strings.HasPrefix(r.Name, "ObjectCreated:") {
				continue
			}
			key, err := url.QueryUnescape(r.S3.Object.Key)
			if err != nil {
				return nil, fmt.Errorf("key %q: %w", r.S3.Object.Key, err)
			}
			out = append(out, notification{r.S3.Bucket.Name, object{key, strings.Trim(r.S3.Object.ETag, `"`), r.S3.Object.Size, when(r.Time)}})
		}
		return out, nil
	}
	return nil, errors.New("it is no notification of S3")
}
