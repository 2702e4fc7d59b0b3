package source

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/haetae/haetae/aws"
)

// group is a log group of CloudWatch Logs. Its events are handed out in the form in which
// a subscription delivers them, so that they are read alike
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html).
type group struct {
	o       Options
	name    string
	account string
	region  string
	since   time.Time
	todo    []*Piece
	asked   bool
}

// overlap is how far back is asked again: events come late, and in no order over
// streams. What was there counts once by its id.
const overlap = 15 * time.Minute

func newGroup(arg string, o Options) (*group, error) {
	g := &group{o: o, name: arg, region: o.Region, since: o.Since}
	// arn:aws:logs:REGION:ACCOUNT:log-group:NAME, with ":*" at its end or without
	if parts := strings.SplitN(arg, ":", 7); len(parts) == 7 && parts[0] == "arn" {
		g.region, g.account, g.name = parts[3], parts[4], strings.TrimSuffix(parts[6], ":*")
	}
	if g.name == "" {
		return nil, fmt.Errorf("logs:GROUP is meant")
	}
	return g, nil
}

// Name is logs: and the name of the group.
func (g *group) Name() string { return "logs:" + g.name }

// Problems implements Source.
func (g *group) Problems() []string { return nil }

// Close implements Source.
func (g *group) Close() error { return nil }

// Next hands out a page of events.
func (g *group) Next(ctx context.Context) (*Piece, error) {
	for {
		for len(g.todo) > 0 {
			p := g.todo[0]
			g.todo = g.todo[1:]
			known, err := g.o.Known(p.Key)
			if err != nil {
				return nil, err
			}
			if !known {
				return p, nil
			}
		}
		if g.asked && !g.o.Follow {
			return nil, io.EOF
		}
		if g.asked {
			if err := wait(ctx, g.o.Every); err != nil {
				return nil, err
			}
		}
		if err := g.ask(ctx, time.Now()); err != nil {
			return nil, err
		}
		g.asked = true
	}
}

// ask asks for the events since it was asked before.
func (g *group) ask(ctx context.Context, now time.Time) error {
	params := map[string]any{"logGroupName": g.name}
	if !g.since.IsZero() {
		params["startTime"] = g.since.UnixMilli()
	}
	n := 0
	for page, err := range g.o.Client.Pages(ctx, aws.Ask{Session: g.o.Session, Region: g.region, Op: "logs:FilterLogEvents", Params: params}) {
		if err != nil {
			return fmt.Errorf("log group %s: %w", g.name, err)
		}
		if p, err := g.piece(items(page["events"])); err != nil {
			return err
		} else if p != nil {
			g.todo = append(g.todo, p)
			n++
		}
	}
	g.since = now.Add(-overlap)
	return nil
}

// delivery is what a subscription delivers.
type delivery struct {
	MessageType string     `json:"messageType"`
	Owner       string     `json:"owner"`
	LogGroup    string     `json:"logGroup"`
	LogStream   string     `json:"logStream"`
	Filters     []string   `json:"subscriptionFilters"`
	Events      []logEvent `json:"logEvents"`
}

type logEvent struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
}

// piece writes the events of a page as deliveries, one for each run of a stream.
func (g *group) piece(events []map[string]any) (*Piece, error) {
	if len(events) == 0 {
		return nil, nil
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	d := delivery{MessageType: "DATA_MESSAGE", Owner: g.account, LogGroup: g.name, Filters: []string{"haetae"}}
	flush := func() error {
		if len(d.Events) == 0 {
			return nil
		}
		err := enc.Encode(d)
		d.Events = nil
		return err
	}
	var last int64
	for _, e := range events {
		if stream := text(e, "logStreamName"); stream != d.LogStream {
			if err := flush(); err != nil {
				return nil, err
			}
			d.LogStream = stream
		}
		last = max(last, whole(e["timestamp"]))
		d.Events = append(d.Events, logEvent{text(e, "eventId"), whole(e["timestamp"]), text(e, "message")})
	}
	if err := flush(); err != nil {
		return nil, err
	}
	first, end := text(events[0], "eventId"), text(events[len(events)-1], "eventId")
	p := &Piece{Key: fmt.Sprintf("logs:%s@%s-%s+%d", g.name, first, end, len(events)), Name: "logs:" + g.name, Size: int64(body.Len()), Modified: time.UnixMilli(last).UTC()}
	p.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body.Bytes())), nil }
	return p, nil
}
