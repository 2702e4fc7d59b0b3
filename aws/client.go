package aws

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/jmespath/go-jmespath"
)

// maxBody bounds one answer.
const maxBody = 512 << 20

// Response is an answer as it came over the wire, as far as it is used.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Record keeps final answers by the request that they are for. It is safe for
// concurrent use.
type Record interface {
	// Find returns what was answered before.
	Find(key string) (*Response, bool)
	// Keep stores an answer before it is used.
	Keep(key string, r *Response) error
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	model  *Model
	ends   *Endpoints
	budget *Budget
	http   sdk.HTTPClient
	signer *v4.Signer
	set    settings
	opts   Options

	mu      sync.Mutex
	buckets map[string]string // regions of S3 buckets
	dead    map[string]int    // hosts that could not be reached, and how often
	broken  map[string]int    // operations in regions that failed on end, and how often
	skew    time.Duration     // AWS's clock minus ours
	stats   Stats
}

// Stats count what a client did.
type Stats struct {
	Requests  int            // sent to AWS, retries included
	Replayed  int            // answered from the record
	Throttled int            // answers that asked to slow down
	ByOp      map[string]int // requests by operation
}

func newClient(ctx context.Context, cfg sdk.Config, o Options) (*Client, error) {
	o.Attempts = cmp.Or(o.Attempts, 3)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	o.Backoff = cmp.Or(o.Backoff, 200*time.Millisecond)
	o.Agent = cmp.Or(o.Agent, "haetae")
	if o.Quotas == nil {
		q, err := LoadQuotas()
		if err != nil {
			return nil, err
		}
		o.Quotas = q
	}
	set, err := settingsOf(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m := NewModel()
	ends, err := m.Endpoints()
	if err != nil {
		return nil, err
	}
	web := cfg.HTTPClient
	if b, ok := web.(*awshttp.BuildableClient); ok {
		// A redirect is for learn to follow: the signature names the host.
		web = &http.Client{Transport: b.GetTransport(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Client{
		model: m, ends: ends, budget: NewBudget(o.Quotas, time.Now), http: web, signer: v4.NewSigner(),
		set: set, opts: o, buckets: map[string]string{}, dead: map[string]int{}, broken: map[string]int{}, stats: Stats{ByOp: map[string]int{}},
	}, nil
}

// Global returns the region in which services without regions are asked, in the
// partition of the given region.
func (c *Client) Global(region string) string { return c.ends.Global(cmp.Or(region, "us-east-1")) }

// Bucket returns the bucket of requests of an operation in one place.
func (c *Client) Bucket(account, region, op string) *Bucket {
	return c.budget.Bucket(account, region, op)
}

// SetRecord makes the client keep its answers, and take those that are there.
// It must be called before the calls that it is for.
func (c *Client) SetRecord(r Record) { c.opts.Record = r }

// Stats returns what was done so far.
func (c *Client) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.ByOp = maps.Clone(s.ByOp)
	return s
}

// BucketRegion notes in which region a bucket is, so that it is asked there at
// once.
func (c *Client) BucketRegion(bucket, region string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buckets[bucket] = region
}

// Ask is one call to make.
type Ask struct {
	Session *Session
	Region  string // where to ask; for services without regions, [Client.Global]
	Op      string // "ec2:DescribeInstances", with the AWS CLI's name of the service
	Params  map[string]any
	// Paid says that a token of the bucket was taken for the first request.
	Paid bool
	// Final, when set, tells whether an answer may go on record: one that says
	// that a report is not ready yet must not.
	Final func(answer map[string]any) bool
}

// Pages makes a call and yields its pages: each answer has the member names
// that the AWS CLI prints. The last error, a [*Failure] unless the context
// ended or the record failed, may come after some pages: what was yielded is
// then not all.
func (c *Client) Pages(ctx context.Context, a Ask) iter.Seq2[map[string]any, error] {
	return func(yield func(map[string]any, error) bool) {
		_, o, err := c.model.Operation(a.Op)
		if err != nil {
			yield(nil, err)
			return
		}
		a.Params = c.first(a)
		seen := map[string]bool{}
		for {
			answer, err := c.call(ctx, a)
			if err != nil {
				yield(nil, err)
				return
			}
			next, err := following(o.Page, answer)
			if err == nil && next != nil {
				token, _ := json.Marshal(next) // sorts the keys
				if seen[string(token)] {
					err = errors.New("the answer names a page that was read already")
				}
				seen[string(token)] = true
			}
			if !yield(answer, nil) {
				return
			}
			if err != nil {
				yield(nil, &Failure{Op: a.Op, Region: a.Region, Code: Unavailable, Message: err.Error(), Status: http.StatusOK, Attempts: 1, err: err})
				return
			}
			if next == nil {
				return
			}
			a.Params = maps.Clone(a.Params)
			for _, in := range o.Page.In {
				delete(a.Params, in)
			}
			maps.Copy(a.Params, next)
			a.Paid = false
		}
	}
}

// first returns the parameters of the first page: the largest that AWS gives.
func (c *Client) first(a Ask) map[string]any {
	params := maps.Clone(a.Params)
	if params == nil {
		params = map[string]any{}
	}
	svc, o, err := c.model.Operation(a.Op)
	if err == nil && o.Page != nil && o.Page.Limit != "" && params[o.Page.Limit] == nil && !narrowed(svc, params) {
		params[o.Page.Limit] = int64(o.Page.Size)
		if n := c.opts.PageSize; n > 0 && n < o.Page.Size {
			params[o.Page.Limit] = int64(n)
		}
	}
	return params
}

// narrowed tells whether parameters name the resources that are asked for:
// EC2 takes those and a page size only one at a time. The IDs of accounts do
// not name resources.
func narrowed(svc *Service, params map[string]any) bool {
	if svc.Protocol != "ec2" {
		return false
	}
	for p, v := range params {
		if _, list := v.([]any); list && strings.HasSuffix(p, "Ids") && p != "OwnerIds" && p != "RestorableByUserIds" {
			return true
		}
	}
	return false
}

// Kept tells whether the first page of a call is on record, so that it costs
// no request.
func (c *Client) Kept(a Ask) bool {
	if c.opts.Record == nil {
		return false
	}
	key, err := Key(a.Session.Account, a.Region, a.Op, c.first(a))
	if err != nil {
		return false
	}
	_, ok := c.opts.Record.Find(key)
	return ok
}

// call makes one call with all its attempts.
func (c *Client) call(ctx context.Context, a Ask) (map[string]any, error) {
	svc, o, err := c.model.Operation(a.Op)
	if err != nil {
		return nil, err
	}
	_, name, _ := strings.Cut(a.Op, ":")
	key, err := Key(a.Session.Account, a.Region, a.Op, a.Params)
	if err != nil {
		return nil, err
	}
	if r, kept := c.find(key); kept {
		answer, f := final(svc, name, o, r)
		if f != nil {
			f.Op, f.Region, f.Attempts = a.Op, a.Region, 1
			return nil, f
		}
		return answer, nil
	}
	r, answer, f, err := c.attempts(ctx, a, svc, name, o)
	if err != nil {
		return nil, err
	}
	if r != nil && c.opts.Record != nil && (a.Final == nil || f == nil && a.Final(answer)) {
		if err := c.opts.Record.Keep(key, r); err != nil {
			return nil, err
		}
	}
	if f != nil {
		return nil, f
	}
	return answer, nil
}

// final reads an answer: its body, or its error.
func final(svc *Service, name string, o *Operation, r *Response) (map[string]any, *Failure) {
	if r.Status >= 300 {
		return nil, failure(svc, r)
	}
	if svc.Prefix == "s3" && bytes.Contains(r.Body[:min(len(r.Body), 512)], []byte("<Error>")) {
		// S3 may find out that it cannot answer after it said 200
		// (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
		if n, err := parseXML(r.Body); err == nil && n.name == "Error" {
			f := failure(svc, r)
			f.Status = http.StatusInternalServerError
			return nil, f
		}
	}
	answer, err := read(svc, name, o, r)
	if err != nil {
		return nil, &Failure{Code: Unavailable, Message: err.Error(), Status: r.Status, err: err}
	}
	return answer, nil
}

// Key is the identity of a request in the record.
func Key(account, region, op string, params map[string]any) (string, error) {
	p, err := json.Marshal(params) // sorts the keys
	if err != nil {
		return "", fmt.Errorf("parameters of %s: %w", op, err)
	}
	return account + " " + region + " " + op + " " + string(p), nil
}

func (c *Client) find(key string) (*Response, bool) {
	if c.opts.Record == nil {
		return nil, false
	}
	r, ok := c.opts.Record.Find(key)
	if ok {
		c.mu.Lock()
		c.stats.Replayed++
		c.mu.Unlock()
	}
	return r, ok
}

// following returns the parameters of the next page, nil when this was the last.
func following(p *Page, answer map[string]any) (map[string]any, error) {
	if p == nil {
		return nil, nil
	}
	if p.More != "" {
		more, err := jmespath.Search(p.More, answer)
		if err != nil {
			return nil, fmt.Errorf("page token %s: %w", p.More, err)
		}
		if more != true {
			return nil, nil
		}
	}
	next := map[string]any{}
	for i, in := range p.In {
		v, err := jmespath.Search(p.Out[i], answer)
		if err != nil {
			return nil, fmt.Errorf("page token %s: %w", p.Out[i], err)
		}
		if v != nil && v != "" {
			next[in] = v
		}
	}
	switch {
	case len(next) > 0:
		return next, nil
	case p.More != "":
		return nil, errors.New("the answer says that there is more, and not where")
	}
	return nil, nil
}

// sent is what an attempt knew; others may have learned more in the meantime.
type sent struct {
	region string        // of the bucket, as far as it was known
	skew   time.Duration // of the clocks
}

// patience is how often a call may be throttled beyond its attempts.
const patience = 5

// attempts sends a request until an answer is final. The response is nil unless
// AWS would give it again: what may be otherwise next time is not for the record.
func (c *Client) attempts(ctx context.Context, a Ask, svc *Service, name string, o *Operation) (*Response, map[string]any, *Failure, error) {
	bucket := c.budget.Bucket(a.Session.Account, a.Region, a.Op)
	var last *Failure
	// To be throttled costs patience, not attempts, up to a limit.
	for n, throttled := 1, 0; n-throttled <= c.opts.Attempts; n++ {
		if n > 1 {
			pause := c.opts.Backoff << min(n-2, 6)
			if err := Sleep(ctx, pause/2+rand.N(pause/2+1)); err != nil {
				return nil, nil, nil, err
			}
		}
		if !a.Paid || n > 1 {
			if err := bucket.Wait(ctx); err != nil {
				return nil, nil, nil, err
			}
		}
		knew := c.known(svc, a)
		r, f := c.send(ctx, a, knew, svc, name, o)
		if ctx.Err() != nil {
			return nil, nil, nil, ctx.Err()
		}
		var answer map[string]any
		if f == nil {
			answer, f = final(svc, name, o, r)
		}
		if f == nil || f.Code != Invalid && f.Code != NoLogin {
			c.count(a.Op, f)
			bucket.Report(f != nil && f.Throttled())
		}
		if f == nil {
			c.out(a, false)
			return r, answer, nil, nil
		}
		f.Op, f.Region, f.Attempts = a.Op, a.Region, n
		last = f
		if f.Throttled() && throttled < patience {
			throttled++
		}
		if r != nil && c.learn(svc, a, knew, r, f) {
			continue
		}
		if !f.passing() {
			if f.Login() {
				r = nil // with other credentials it may be answered
			}
			return r, nil, f, nil
		}
		if f.Code == NotReached && c.isDead(f.Message) || f.Status >= 500 && !f.Throttled() && c.isOut(a) {
			break
		}
	}
	c.out(a, last.Status >= 500 && !last.Throttled())
	return nil, nil, last, nil
}

// out notes that an operation failed for good, or did not, in a region.
func (c *Client) out(a Ask, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key := a.Op + " " + a.Region; failed {
		c.broken[key]++
	} else {
		delete(c.broken, key)
	}
}

// isOut tells whether an operation failed in all its attempts for three requests
// on end: the next ones are tried once.
func (c *Client) isOut(a Ask) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken[a.Op+" "+a.Region] >= 3
}

func (c *Client) count(op string, f *Failure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Requests++
	c.stats.ByOp[op]++
	if f != nil && f.Throttled() {
		c.stats.Throttled++
	}
}

// isDead counts failures to reach a host: after a few, others need not find out
// for themselves.
func (c *Client) isDead(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead[host]++
	return c.dead[host] > c.opts.Attempts
}

// reached forgets who was out of reach: the network is back.
func (c *Client) reached() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.dead)
}

// known is what is known when an attempt is made.
func (c *Client) known(svc *Service, a Ask) sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := sent{region: a.Region, skew: c.skew}
	if b, ok := a.Params["Bucket"].(string); ok && svc.Prefix == "s3" && c.buckets[b] != "" {
		k.region = c.buckets[b]
	}
	return k
}

// learn takes from a failure what makes the next attempt go right: the region
// of a bucket, the time. knew is what the attempt was made with.
func (c *Client) learn(svc *Service, a Ask, knew sent, r *Response, f *Failure) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if bucket, ok := a.Params["Bucket"].(string); ok && svc.Prefix == "s3" && (r.Status == 301 || r.Status == 307 || r.Status == 400) {
		region := r.Header.Get("X-Amz-Bucket-Region")
		if n, err := parseXML(r.Body); err == nil && region == "" {
			region = n.child("Region")
		}
		if region != "" && region != knew.region {
			c.buckets[bucket] = region
			return true
		}
	}
	switch f.Code {
	case "RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "RequestInTheFuture":
		if t, err := http.ParseTime(r.Header.Get("Date")); err == nil {
			if skew := time.Until(t); (skew - knew.skew).Abs() > 4*time.Minute {
				c.skew = skew
				return true
			}
		}
	}
	return false
}

// send makes one attempt.
func (c *Client) send(ctx context.Context, a Ask, knew sent, svc *Service, name string, o *Operation) (*Response, *Failure) {
	req, err := newRequest(svc, name, o, a.Params)
	if err != nil {
		return nil, &Failure{Code: Invalid, Message: err.Error(), err: err}
	}
	creds, err := a.Session.creds.Retrieve(ctx)
	if err != nil {
		return nil, loginFailure(err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	h, at, err := c.httpRequest(ctx, svc, o, req, knew.region, a.Params)
	if err != nil {
		return nil, &Failure{Code: Invalid, Message: err.Error(), err: err}
	}
	sum := sha256.Sum256(req.body)
	hash := hex.EncodeToString(sum[:])
	if svc.Signing == "s3" {
		h.Header.Set("X-Amz-Content-Sha256", hash)
	}
	err = c.signer.SignHTTP(ctx, creds, h, hash, svc.Signing, at, time.Now().Add(knew.skew), func(o *v4.SignerOptions) {
		o.DisableURIPathEscaping = svc.Signing == "s3"
	})
	if err != nil {
		return nil, &Failure{Code: Invalid, Message: err.Error(), err: err}
	}
	return c.exchange(svc, a.Region, h)
}

// httpRequest gives a request its host.
func (c *Client) httpRequest(ctx context.Context, svc *Service, o *Operation, r *request, region string, params map[string]any) (*http.Request, string, error) {
	at := c.ends.resolve(svc, region, c.set.fips, c.set.dual)
	path := r.path
	if base := c.set.service(svc.ID); base != "" {
		at.url = base
	} else {
		host := strings.TrimPrefix(at.url, "https://")
		bucket, _ := params["Bucket"].(string)
		switch {
		case svc.Prefix == "s3" && plainBucket(bucket) && !strings.HasSuffix(o.URI, "?location"):
			// Where a bucket is can be asked anywhere, but not at the bucket.
			host = bucket + "." + host
			path = "/" + strings.TrimPrefix(strings.TrimPrefix(path, "/"+bucket), "/")
		case o.HostPrefix != "":
			prefix := o.HostPrefix
			for n, v := range params {
				prefix = strings.ReplaceAll(prefix, "{"+n+"}", text(v))
			}
			if !hostLabels(prefix) {
				return nil, "", fmt.Errorf("%q cannot stand in the name of a host", prefix)
			}
			host = prefix + host
		}
		at.url = "https://" + host
	}
	u, err := url.Parse(at.url + path)
	if err != nil {
		return nil, "", err
	}
	u.RawQuery = encode(r.query)
	h, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, "", err
	}
	h.Header = r.header
	h.Header.Set("User-Agent", c.opts.Agent)
	return h, at.region, nil
}

// plainBucket tells whether a bucket's name may stand in a host name under AWS's
// wildcard certificate.
func plainBucket(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return len(name) >= 3 && len(name) <= 63
}

// hostLabels tells whether a text may stand before a host: a parameter must not
// make it another host.
func hostLabels(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.'
	})
}

// exchange sends a request and reads the answer.
func (c *Client) exchange(svc *Service, region string, h *http.Request) (*Response, *Failure) {
	res, err := c.http.Do(h)
	if err != nil {
		f := unreached(err)
		if f.Code == NotReached && strings.HasPrefix(f.Message, "no such host") && c.ends.lacks(svc, region) {
			f.Code, f.Message = NotOffered, svc.ID+" is not offered in "+region
		}
		return nil, f
	}
	c.reached()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("an answer of more than %d MiB", maxBody>>20)
	}
	if err != nil {
		f := unreached(err)
		f.Status = res.StatusCode
		return nil, f
	}
	r := &Response{Status: res.StatusCode, Header: http.Header{}, Body: body}
	for k, v := range res.Header {
		switch k {
		case "Date", "Server", "Connection", "Content-Length", "X-Amzn-Requestid", "X-Amz-Request-Id", "X-Amz-Id-2", "Set-Cookie":
			if k != "Date" || res.StatusCode < 300 {
				continue
			}
		}
		r.Header[k] = v
	}
	return r, nil
}
