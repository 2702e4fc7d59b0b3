package mototest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// recorded is one answer as a recording holds it.
type recorded struct {
	Key    string            `json:"key"`
	Status int               `json:"status"`
	Header map[string]string `json:"header"`
	Body   string            `json:"body"`
}

// Save writes every answer that was given, in the order of requests, so that
// [Replay] answers without a server.
func (p *Proxy) Save(file string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []recorded
	for key, k := range p.kept {
		if k.err != nil {
			return fmt.Errorf("%s: %w", key, k.err)
		}
		r := recorded{Key: key, Status: k.status, Header: map[string]string{}, Body: string(k.body)}
		for name, values := range k.header {
			if name == "Content-Type" || strings.HasPrefix(name, "X-Amz") {
				r.Header[name] = values[0]
			}
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b recorded) int { return strings.Compare(a.Key, b.Key) })
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return errors.Join(err, f.Close())
	}
	e := json.NewEncoder(z)
	for _, r := range list {
		if err := e.Encode(r); err != nil {
			return errors.Join(err, z.Close(), f.Close())
		}
	}
	return errors.Join(z.Close(), f.Close())
}

// Replay returns a proxy without a server, which answers with a recording. What
// is not recorded is refused in the service's own way, so that it is not known.
func Replay(t testing.TB, file string) *Proxy {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{kept: map[string]*kept{}, seen: map[string]int{}}
	for dec := json.NewDecoder(z); ; {
		var r recorded
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		k := &kept{status: r.Status, header: http.Header{}, body: []byte(r.Body)}
		for name, value := range r.Header {
			k.header.Set(name, value)
		}
		k.once.Do(func() {}) // nobody is asked any more
		p.kept[r.Key] = k
	}
	z.Close()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool, len(p.kept))
	for key := range p.kept {
		known[key] = true
	}
	p.decide = func(q Request) Fault {
		if known[q.Key] {
			return None
		}
		return Deny
	}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.URL = s.URL
	return p
}
