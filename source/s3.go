package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haetae/haetae/aws"
)

// bucket is a prefix of S3. The first time it is listed as a whole. After that only
// the folders of the last two days are, where keys have days in them, and
// everything once in an hour: new accounts and Regions begin somewhere else.
type bucket struct {
	o       Options
	name    string
	prefix  string
	todo    []object
	parents map[string]bool // of folders of days: "AWSLogs/1/CloudTrail/us-east-1/"
	mu      sync.Mutex
	handed  map[string]bool // keys of pieces that were handed out and are not committed
	whole   time.Time       // when it was listed as a whole
	listed  bool
}

type object struct {
	key, etag string
	size      int64
	modified  time.Time
}

func newBucket(name, prefix string, o Options) *bucket {
	return &bucket{o: o, name: name, prefix: prefix, parents: map[string]bool{}, handed: map[string]bool{}}
}

// Name is s3://bucket/prefix.
func (b *bucket) Name() string { return "s3://" + b.name + "/" + b.prefix }

// Problems implements Source.
func (b *bucket) Problems() []string { return nil }

// Close implements Source.
func (b *bucket) Close() error { return nil }

// dayFolder finds the folder of a day in a key.
var dayFolder = regexp.MustCompile(`^(.*?/)(20\d\d)/(\d\d)/(\d\d)/`)

// Next hands out objects in the order of their keys' times.
func (b *bucket) Next(ctx context.Context) (*Piece, error) {
	for {
		for len(b.todo) > 0 {
			x := b.todo[0]
			b.todo = b.todo[1:]
			p := objectPiece(&b.o, b.name, x)
			if b.out(p.Key) {
				continue
			}
			known, err := b.o.Known(p.Key)
			if err != nil {
				return nil, err
			}
			if known {
				continue
			}
			b.hand(p.Key, true)
			p.Done = func(context.Context) error { b.hand(p.Key, false); return nil }
			return p, nil
		}
		if b.listed && !b.o.Follow {
			return nil, io.EOF
		}
		if b.listed {
			if err := wait(ctx, b.o.Every); err != nil {
				return nil, err
			}
		}
		if err := b.list(ctx, time.Now()); err != nil {
			return nil, err
		}
		b.listed = true
	}
}

// out tells whether a piece is handed out.
func (b *bucket) out(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.handed[key]
}

// hand notes that a piece is handed out, or committed.
func (b *bucket) hand(key string, out bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if out {
		b.handed[key] = true
	} else {
		delete(b.handed, key)
	}
}

// list fills todo.
func (b *bucket) list(ctx context.Context, now time.Time) error {
	prefixes := []string{b.prefix}
	if b.listed && len(b.parents) > 0 && now.Sub(b.whole) < time.Hour {
		prefixes = nil
		for p := range b.parents {
			for _, day := range []time.Time{now.AddDate(0, 0, -1), now} {
				prefixes = append(prefixes, p+day.UTC().Format("2006/01/02/"))
			}
		}
		slices.Sort(prefixes)
	} else {
		b.whole = now
	}
	for _, prefix := range prefixes {
		ask := aws.Ask{Session: b.o.Session, Region: b.o.Region, Op: "s3api:ListObjectsV2", Params: map[string]any{"Bucket": b.name, "Prefix": prefix}}
		for page, err := range b.o.Client.Pages(ctx, ask) {
			if err != nil {
				return fmt.Errorf("list s3://%s/%s: %w", b.name, prefix, err)
			}
			for _, m := range items(page["Contents"]) {
				key := text(m, "Key")
				if key == "" || strings.HasSuffix(key, "/") {
					continue
				}
				if d := dayFolder.FindStringSubmatch(key); d != nil {
					b.parents[d[1]] = true
				}
				at, _ := time.Parse(time.RFC3339, text(m, "LastModified"))
				b.todo = append(b.todo, object{key: key, etag: strings.Trim(text(m, "ETag"), `"`), size: whole(m["Size"]), modified: at})
			}
		}
	}
	slices.SortStableFunc(b.todo, func(x, y object) int { return strings.Compare(order(x), order(y)) })
	return nil
}

// order is what objects are sorted by: the time in the name, else when it was written.
func order(x object) string {
	if at := nameTime.FindString(x.key[strings.LastIndexByte(x.key, '/')+1:]); at != "" {
		return at + " " + x.key
	}
	return x.modified.UTC().Format("20060102T1504Z") + " " + x.key
}

// nameTime is the time in the names of CloudTrail, flow logs and load balancers.
var nameTime = regexp.MustCompile(`20\d{6}T\d{4}(\d\d)?Z`)

// whole is a number of an answer; -1 when there is none.
func whole(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case int:
		return int64(v)
	case float64:
		return int64(v)
	case interface{ Int64() (int64, error) }:
		if n, err := v.Int64(); err == nil {
			return n
		}
	}
	return -1
}

// objectPiece is an object as a piece.
func objectPiece(o *Options, bucket string, x object) *Piece {
	p := &Piece{Key: "s3://" + bucket + "/" + x.key + "@" + x.etag, Name: "s3://" + bucket + "/" + x.key, Object: x.key, Size: x.size, Modified: x.modified}
	p.Open = func(ctx context.Context) (io.ReadCloser, error) {
		answer, err := o.ask(ctx, o.Region, "s3api:GetObject", map[string]any{"Bucket": bucket, "Key": x.key})
		if err != nil {
			return nil, fmt.Errorf("get %s: %w", p.Name, err)
		}
		body, ok := answer["Body"].(string)
		if !ok {
			return nil, fmt.Errorf("get %s: %w", p.Name, errors.New("the answer has no body"))
		}
		p.Metadata = map[string]string{}
		if m, ok := answer["Metadata"].(map[string]any); ok {
			for name := range m {
				p.Metadata[strings.ToLower(name)] = text(m, name)
			}
		}
		return io.NopCloser(strings.NewReader(body)), nil
	}
	return p
}
