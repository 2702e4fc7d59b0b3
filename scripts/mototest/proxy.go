package mototest

import (
	"bytes"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Request is a request as the proxy saw it.
type Request struct {
	// Key is all that makes it different from others: who asks, where, what.
	Key string
	// Account is the access key's: requests of one account have the same.
	Account, Region, Service string
	// Protocol is the way in which errors are written: json, ec2, s3, query.
	Protocol string
	// Nth counts the requests with the key, from 1.
	Nth int
}

// Fault is what the proxy does instead of asking.
type Fault string

// The faults.
const (
	None     Fault = ""
	Deny     Fault = "deny"     // the service's own way of saying AccessDenied
	Throttle Fault = "throttle" // and of saying that there were too many
	Break    Fault = "break"    // 500
	Hang     Fault = "hang"     // no answer until the client gives up
	Reset    Fault = "reset"    // half an answer, then the connection is gone
)

// Proxy stands between a client and a server.
type Proxy struct {
	URL string

	upstream string
	mu       sync.Mutex
	kept     map[string]*kept
	seen     map[string]int
	total    int
	asked    int
	decide   func(Request) Fault
}

// kept is an answer of the server.
type kept struct {
	once   sync.Once
	status int
	header http.Header
	body   []byte
	err    error
}

// NewProxy returns a proxy that ends with the test.
func NewProxy(t testing.TB, upstream string) *Proxy {
	p := &Proxy{upstream: upstream, kept: map[string]*kept{}, seen: map[string]int{}}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.URL = s.URL
	return p
}

// Decide sets what happens to requests; nil is nothing. The function must be safe
// for concurrent use.
func (p *Proxy) Decide(f func(Request) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide = f
}

// Total returns how many requests came.
func (p *Proxy) Total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

// Reset forgets what came, but not what was answered.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.total = map[string]int{}, 0
}

// Answered returns the requests that came and have a final answer: one that a
// client need not ask for again. Those about who asks are left out.
func (p *Proxy) Answered() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string]bool, len(p.seen))
	for key := range p.seen {
		if k := p.kept[key]; k != nil && k.status < 500 && k.err == nil && !strings.Contains(key, " sts ") && !strings.Contains(key, "CredentialReport") {
			out[key] = true
		}
	}
	return out
}

var scope = regexp.MustCompile(`Credential=([^/]+)/\d+/([^/]+)/([^/]+)/`)

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q := Request{Protocol: "rest"}
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		q.Account, q.Region, q.Service = m[1], m[2], m[3]
	}
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		q.Protocol = "json"
	case q.Service == "ec2" || q.Service == "s3":
		q.Protocol = q.Service
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"), q.Service == "route53", q.Service == "cloudfront":
		q.Protocol = "query"
	}
	q.Key = strings.Join([]string{q.Account, q.Region, q.Service, r.Method, r.URL.RequestURI(), r.Header.Get("X-Amz-Target"), string(body)}, " ")
	p.mu.Lock()
	p.total++
	p.seen[q.Key]++
	q.Nth = p.seen[q.Key]
	k := p.kept[q.Key]
	if k == nil {
		k = &kept{}
		p.kept[q.Key] = k
	}
	decide := p.decide
	p.mu.Unlock()
	if decide != nil {
		if f := decide(q); f != None {
			fail(w, r, q, f)
			return
		}
	}
	if strings.Contains(string(body), "Action=GenerateCredentialReport") {
		k = &kept{} // the one answer that is another one the next time
	}
	k.once.Do(func() { p.ask(k, r, body) })
	if k.err != nil {
		http.Error(w, k.err.Error(), http.StatusBadGateway)
		return
	}
	for n, v := range k.header {
		w.Header()[n] = v
	}
	w.WriteHeader(k.status)
	_, _ = w.Write(k.body) // a client that left does not want it
}

// ask asks the server, whose answer is then the answer.
func (p *Proxy) ask(k *kept, r *http.Request, body []byte) {
	req, err := http.NewRequest(r.Method, p.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		k.err = err
		return
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding")
	req.Host = strings.TrimPrefix(p.upstream, "http://")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		k.err = err
		return
	}
	defer res.Body.Close()
	k.status, k.header = res.StatusCode, res.Header
	k.header.Del("Content-Length")
	k.body, k.err = io.ReadAll(res.Body)
	p.mu.Lock()
	p.asked++
	p.mu.Unlock()
}

// fail is what a service says when something is wrong.
func fail(w http.ResponseWriter, r *http.Request, q Request, f Fault) {
	switch f {
	case Hang:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
		return
	case Reset:
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "<half")
		if h, ok := w.(http.Flusher); ok {
			h.Flush()
		}
		panic(http.ErrAbortHandler)
	case Break:
		http.Error(w, "<html>Bad Gateway</html>", http.StatusBadGateway)
		return
	}
	code, status := "AccessDenied", http.StatusForbidden
	if f == Throttle {
		code, status = "ThrottlingException", http.StatusBadRequest
	}
	switch q.Protocol {
	case "ec2":
		code, status = "UnauthorizedOperation", http.StatusForbidden
		if f == Throttle {
			code, status = "RequestLimitExceeded", http.StatusServiceUnavailable
		}
		answer(w, status, "text/xml", "<Response><Errors><Error><Code>"+code+"</Code><Message>no</Message></Error></Errors><RequestID>1</RequestID></Response>")
	case "s3":
		if f == Throttle {
			code, status = "SlowDown", http.StatusServiceUnavailable
		}
		answer(w, status, "application/xml", "<Error><Code>"+code+"</Code><Message>no</Message></Error>")
	case "query":
		if f == Throttle {
			code = "Throttling"
		}
		answer(w, status, "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code>"+code+"</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>")
	case "json":
		if f == Deny {
			code, status = "AccessDeniedException", http.StatusBadRequest
		}
		answer(w, status, "application/x-amz-json-1.1", `{"__type":"com.amazon.coral.service#`+code+`","Message":"no"}`)
	default:
		if f == Deny {
			code = "AccessDeniedException"
		} else {
			code, status = "TooManyRequestsException", http.StatusTooManyRequests
		}
		w.Header().Set("X-Amzn-Errortype", code)
		answer(w, status, "application/json", `{"message":"no"}`)
	}
}

func answer(w http.ResponseWriter, status int, kind, body string) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that left does not want it
}

// Hash is a number that a request and a seed always give, to decide by.
func Hash(seed uint64, key string) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(seed >> (8 * i))
	}
	_, _ = h.Write(b[:]) // never fails
	_, _ = io.WriteString(h, key)
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	return x ^ x>>33
}
