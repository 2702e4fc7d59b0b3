package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"
)

// server records, when it has an upstream, or replays.
type server struct {
	names    *names
	rec      *recording
	stats    *stats
	upstream *url.URL
	latency  time.Duration
	buckets  *buckets // nil means that nothing is throttled
}

// ServeHTTP answers one request of an AWS client.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/haetae/stats" {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(s.stats.copy()) // a reader that left is no matter
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q := parse(r, body, s.names, s.rec.account)
	s.stats.count(q.service + ":" + q.op)
	if s.upstream != nil {
		s.record(w, r, body, q)
		return
	}
	time.Sleep(s.latency)
	if s.buckets != nil && !s.buckets.take(q.account, q.region, q.service, q.op) {
		s.stats.throttle(q.service + ":" + q.op)
		q.fail(w, throttling)
		return
	}
	a := s.rec.find(q.key())
	if a == nil {
		s.stats.miss(q.key())
		q.fail(w, notRecorded)
		return
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	w.Write(renewed(q, a.Body)) // a client that left is no matter
}

// record asks upstream, keeps the answer and passes it on.
func (s *server) record(w http.ResponseWriter, r *http.Request, body []byte, q *request) {
	u := *r.URL
	u.Scheme, u.Host = s.upstream.Scheme, s.upstream.Host
	out, err := http.NewRequestWithContext(r.Context(), r.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out.Header = r.Header.Clone()
	out.Header.Del("Accept-Encoding") // the transport asks for gzip and unpacks
	out.Host = r.Host                 // answers that name the endpoint name ours
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	a := &answer{Key: q.key(), Status: resp.StatusCode, Header: maps.Clone(resp.Header), Body: got}
	// The server that replays sets these anew.
	for _, name := range []string{"Date", "Content-Length", "Connection", "Transfer-Encoding"} {
		a.Header.Del(name)
	}
	if q.op == "AssumeRole" {
		a.GaveKey, a.ToAccount = assumed(got, q)
	}
	if err := s.rec.put(a); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Status)
	w.Write(got) // a client that left is no matter
}

var (
	accessKey  = regexp.MustCompile(`<AccessKeyId>([^<]+)</AccessKeyId>`)
	expiration = regexp.MustCompile(`<Expiration>[^<]+</Expiration>`)
)

// assumed returns the access key in the answer to AssumeRole and the account of
// the role that was asked for.
func assumed(body []byte, q *request) (key, account string) {
	if m := accessKey.FindSubmatch(body); m != nil {
		return string(m[1]), accountOf(q.params["RoleArn"])
	}
	return "", ""
}

// renewed returns the body with credentials that are good for another hour,
// since a recording outlives those in it.
func renewed(q *request, body []byte) []byte {
	if q.op != "AssumeRole" {
		return body
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	return expiration.ReplaceAll(body, []byte("<Expiration>"+until+"</Expiration>"))
}

// counts is what was asked of one operation.
type counts struct {
	Requests  int `json:"requests"`
	Throttled int `json:"throttled,omitempty"`
}

// summary is what the server saw.
type summary struct {
	Requests    int                `json:"requests"`
	Throttled   int                `json:"throttled"`
	Unknown     int                `json:"unknown"`
	UnknownKeys []string           `json:"unknownKeys,omitempty"` // the first hundred
	Operations  map[string]*counts `json:"operations"`
}

// stats counts under a lock.
type stats struct {
	mu sync.Mutex
	summary
}

func newStats() *stats {
	return &stats{summary: summary{Operations: map[string]*counts{}}}
}

func (s *stats) count(op string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Requests++
	if s.Operations[op] == nil {
		s.Operations[op] = &counts{}
	}
	s.Operations[op].Requests++
}

func (s *stats) throttle(op string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Throttled++
	s.Operations[op].Throttled++
}

func (s *stats) miss(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Unknown++
	if len(s.UnknownKeys) < 100 {
		s.UnknownKeys = append(s.UnknownKeys, key)
	}
}

func (s *stats) copy() summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.summary
	out.Operations = map[string]*counts{}
	for op, c := range s.Operations {
		n := *c
		out.Operations[op] = &n
	}
	return out
}

// fault is an error that the server answers with.
type fault int

const (
	throttling  fault = iota
	notRecorded       // nobody asked for it while it was recorded
)

// fail answers with the error as the service's protocol words it:
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
func (q *request) fail(w http.ResponseWriter, f fault) {
	status, code, message := http.StatusBadRequest, "ThrottlingException", "Rate exceeded"
	switch q.protocol {
	case ec2XML:
		status, code, message = http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded."
	case s3XML:
		status, code, message = http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate."
	case queryXML, restXML:
		code = "Throttling"
	case restJSON:
		status, code = http.StatusTooManyRequests, "TooManyRequestsException"
	}
	if f == notRecorded {
		status, code, message = http.StatusNotFound, "NotRecorded", q.op+" was not recorded"
	}
	h := w.Header()
	switch q.protocol {
	case ec2XML:
		h.Set("Content-Type", "text/xml;charset=UTF-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>replay</RequestID></Response>", code, message)
	case s3XML:
		h.Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><RequestId>replay</RequestId></Error>", code, message)
	case queryXML, restXML:
		h.Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>replay</RequestId></ErrorResponse>", code, message)
	case cbor:
		h.Set("Content-Type", "application/cbor")
		h.Set("Smithy-Protocol", "rpc-v2-cbor")
		w.WriteHeader(status)
		w.Write(cborText(map[string]string{"__type": code, "message": message})) // a client that left is no matter
	default:
		h.Set("Content-Type", "application/x-amz-json-1.1")
		h.Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
	}
}

// cborText encodes a map of short texts.
func cborText(m map[string]string) []byte {
	text := func(s string) []byte {
		return append([]byte{0x78, byte(len(s))}, s...) // major type 3, one byte of length
	}
	out := []byte{0xa0 | byte(len(m))}
	for k, v := range m {
		out = append(append(out, text(k)...), text(v)...)
	}
	return out
}
