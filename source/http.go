package source

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// endpoint takes logs that are sent to it: any of the logs as the body of a POST, or what
// Firehose delivers to HTTP endpoints
// (https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html). A sender
// has its answer when what it sent is committed.
type endpoint struct {
	o      Options
	name   string
	server *http.Server
	pieces chan *Piece
	failed chan error
}

// maxPost bounds what is sent at once, unpacked. Firehose sends 64 MiB at most.
const maxPost = 256 << 20

// patience is how long a sender waits for its answer: Firehose gives up after three
// minutes.
const patience = 170 * time.Second

func newEndpoint(arg string, o Options) (*endpoint, error) {
	u, err := url.Parse(arg)
	if err != nil || u.Port() == "" {
		return nil, fmt.Errorf("%s: http://HOST:PORT is meant", arg)
	}
	if ip := net.ParseIP(u.Hostname()); o.Token == "" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s can be reached by others: give --token-file with what senders have to show", arg)
	}
	l, err := net.Listen("tcp", u.Host)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", arg, err)
	}
	e := &endpoint{o: o, name: "http://" + l.Addr().String(), pieces: make(chan *Piece), failed: make(chan error, 1)}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: patience, MaxHeaderBytes: 1 << 16}
	go func() {
		if err := e.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			e.failed <- err
		}
	}()
	return e, nil
}

// Name is where it listens.
func (e *endpoint) Name() string { return e.name }

// Problems implements Source.
func (e *endpoint) Problems() []string { return nil }

// Close stops listening. Who was not answered yet is cut off, and sends again.
func (e *endpoint) Close() error { return e.server.Close() }

// Next waits for what is sent.
func (e *endpoint) Next(ctx context.Context) (*Piece, error) {
	select {
	case p := <-e.pieces:
		return p, nil
	case err := <-e.failed:
		return nil, fmt.Errorf("%s: %w", e.name, err)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// shown is what a sender shows: a bearer token, or the access key of Firehose.
func shown(r *http.Request) string {
	if key := r.Header.Get("X-Amz-Firehose-Access-Key"); key != "" {
		return key
	}
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// ServeHTTP takes one request.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if e.o.Token != "" {
		have, want := sha256.Sum256([]byte(shown(r))), sha256.Sum256([]byte(e.o.Token))
		if subtle.ConstantTimeCompare(have[:], want[:]) != 1 {
			http.Error(w, "the token is missing or wrong", http.StatusUnauthorized)
			return
		}
	}
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		w.Header().Set("Allow", "POST, PUT")
		http.Error(w, "logs are sent by POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := received(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	request := r.Header.Get("X-Amz-Firehose-Request-Id")
	if request != "" {
		if body, err = firehose(body); err != nil {
			answerFirehose(w, request, http.StatusBadRequest, err)
			return
		}
	}
	err = e.take(r.Context(), body)
	switch {
	case request != "":
		answerFirehose(w, request, http.StatusInternalServerError, err)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// take hands a body on and waits until it is committed.
func (e *endpoint) take(ctx context.Context, body []byte) error {
	sum := sha256.Sum256(body)
	key := "http:" + hex.EncodeToString(sum[:])
	if known, err := e.o.Known(key); err != nil || known {
		return err // it was sent again, since the answer was lost
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan error, 1)
	p := &Piece{Key: key, Name: e.name, Size: int64(len(body)), Modified: time.Now()}
	p.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	p.Done = func(context.Context) error { done <- nil; return nil }
	p.Failed = func(err error) { done <- err }
	select {
	case e.pieces <- p:
	case <-ctx.Done():
		return errors.New("nobody takes it now: send it again")
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errors.New("it is not stored yet: send it again")
	}
}

// received reads a body, unpacked when its encoding says that it is packed.
func received(r *http.Request) ([]byte, error) {
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		in = z
	}
	body, err := io.ReadAll(io.LimitReader(in, maxPost+1))
	if err == nil && len(body) > maxPost {
		err = fmt.Errorf("it is more than %d MiB", maxPost>>20)
	}
	return body, err
}

// firehose takes the records out of a delivery, unpacked, each on a line of its own.
func firehose(body []byte) ([]byte, error) {
	var d struct {
		Records []struct{ Data string }
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, fmt.Errorf("no delivery of Firehose: %w", err)
	}
	var out bytes.Buffer
	for i, r := range d.Records {
		data, err := base64.StdEncoding.DecodeString(r.Data)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", i+1, err)
		}
		if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				return nil, fmt.Errorf("record %d: %w", i+1, err)
			}
			if data, err = io.ReadAll(io.LimitReader(z, maxPost+1)); err != nil || len(data) > maxPost {
				return nil, fmt.Errorf("record %d cannot be unpacked: %w", i+1, errors.Join(err, errors.New("broken or too large")))
			}
		}
		out.Write(data)
		if len(data) > 0 && data[len(data)-1] != '\n' {
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), nil
}

// answerFirehose answers as Firehose wants it.
func answerFirehose(w http.ResponseWriter, request string, status int, err error) {
	answer := map[string]any{"requestId": request, "timestamp": time.Now().UnixMilli()}
	if err != nil {
		answer["errorMessage"] = err.Error()
	} else {
		status = http.StatusOK
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the sender is gone when it fails, and sends again
}
