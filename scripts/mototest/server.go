// Package mototest gives tests a moto server on loopback, filled by
// scripts/account.py, and a proxy in front of it that answers the same request
// always in the same way, counts, and breaks what it is told to break.
package mototest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// PythonVariable names the environment variable that says which Python has moto
// and boto3. `make test` sets it.
const PythonVariable = "HAETAE_PYTHON"

// Python returns the Python with moto, or skips the test and says what is
// missing.
func Python(t testing.TB) string {
	t.Helper()
	python := os.Getenv(PythonVariable)
	if python == "" {
		t.Skipf("%s is not set: make test sets it to a Python with moto and boto3 (scripts/venv.sh makes one)", PythonVariable)
	}
	return python
}

// Server is a moto server.
type Server struct {
	URL    string
	python string
	root   string // of the repository
}

// Start starts a moto server that ends with the test. root is the path to the
// repository.
func Start(t testing.TB, root string) *Server {
	t.Helper()
	python := Python(t)
	if !filepath.IsAbs(python) {
		python = filepath.Join(root, python)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: "http://127.0.0.1:" + strconv.Itoa(port), python: python, root: root}
	log := &bytes.Buffer{}
	cmd := exec.Command("bash", "-c", `exec "$0" -c "$1" -H 127.0.0.1 -p "$2"`, python, program, strconv.Itoa(port))
	// A certificate is issued at once, not after a minute: what a scan finds must
	// not hang on how fast the machine is.
	cmd.Env = append(os.Environ(), "MOTO_EC2_LOAD_DEFAULT_AMIS=false", "MOTO_ACM_VALIDATION_WAIT=-1")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err == nil {
			<-ended
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	for {
		if r, err := http.Get(s.URL + "/moto-api/data.json"); err == nil {
			if err := r.Body.Close(); err != nil {
				t.Fatal(err)
			}
			return s
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("moto ended: %v\n%s", err, log)
		case <-ctx.Done():
			t.Fatalf("moto does not answer\n%s", log)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// program runs moto with an account of its own, as scripts/moto.sh does.
const program = `
import sys
import moto.core, moto.core.models
moto.core.DEFAULT_ACCOUNT_ID = moto.core.models.DEFAULT_ACCOUNT_ID = "111111111111"
from moto.server import main
main(sys.argv[1:])`

// Run runs a Python script of the repository against the server and returns
// what it prints.
func (s *Server) Run(t testing.TB, script string, args ...string) string {
	t.Helper()
	cmd := exec.Command(s.python, append([]string{filepath.Join(s.root, script)}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w\n%s", script, err, out))
	}
	return string(out)
}
