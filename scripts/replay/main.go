// Command replay stands between an AWS client and an AWS endpoint on loopback,
// to measure what a live scan asks for and how it does under AWS's quotas.
//
//	go run ./scripts/replay record --to DIR --upstream http://127.0.0.1:5701 --listen 127.0.0.1:5702
//	go run ./scripts/replay serve --from DIR --listen 127.0.0.1:5702 --latency 30ms --quotas aws/quotas.yaml
//
// record passes every request on and keeps the last answer to each. serve
// answers from memory after the latency, with a token bucket for each account,
// region, service and operation at the full quota of AWS; what exceeds it gets
// the throttling error of the service's protocol. Both print what they saw as
// JSON when they are interrupted, and on GET /haetae/stats.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 || (args[0] != "record" && args[0] != "serve") {
		return errors.New("usage: replay record|serve [flags]; see -h of each")
	}
	f := flag.NewFlagSet(args[0], flag.ContinueOnError)
	to := f.String("to", "", "record: folder that gets the answers")
	upstream := f.String("upstream", "", "record: endpoint that answers")
	from := f.String("from", "", "serve: folder of a recording")
	latency := f.Duration("latency", 30*time.Millisecond, "serve: how long each answer takes")
	quotas := f.String("quotas", "", "serve: file of quotas; none when empty")
	listen := f.String("listen", "127.0.0.1:5702", "address on loopback")
	models := f.String("models", "out/venv/lib/python3.11/site-packages/botocore/data", "folder of botocore's service models, which name the operations of REST services")
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	s := &server{names: &names{dir: *models}, stats: newStats()}
	if args[0] == "record" {
		u, err := url.Parse(*upstream)
		if err != nil || u.Host == "" {
			return fmt.Errorf("--upstream %q is no URL", *upstream)
		}
		if err := os.MkdirAll(*to, 0o755); err != nil {
			return err
		}
		if s.rec, err = openRecording(filepath.Join(*to, "answers.ndjson")); err != nil {
			return err
		}
		defer s.rec.close()
		s.upstream = u
	} else {
		var err error
		if s.rec, err = loadRecording(filepath.Join(*from, "answers.ndjson")); err != nil {
			return err
		}
		s.latency = *latency
		if *quotas != "" {
			if s.buckets, err = loadQuotas(*quotas, time.Now); err != nil {
				return err
			}
		}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	h := &http.Server{Addr: *listen, Handler: s}
	done := make(chan error, 1)
	go func() { done <- h.ListenAndServe() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if err := h.Close(); err != nil {
		return err
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", " ")
	return e.Encode(s.stats.copy())
}
