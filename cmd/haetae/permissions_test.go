package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheServiceReferenceIsFetched(t *testing.T) {
	var server *httptest.Server
	elsewhere := false
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/list":
			host := server.URL
			if elsewhere {
				host = "http://192.0.2.1"
			}
			fmt.Fprintf(w, `[{"service": "coffee", "url": "%s/coffee"}]`, host)
		case "/coffee":
			fmt.Fprint(w, `{"Name": "coffee", "Actions": [{"Name": "Brew", "Annotations": {"Properties": {"IsWrite": true}}}]}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	data := t.TempDir()
	haetae := func(args ...string) (int, string) {
		var b bytes.Buffer
		code := run(context.Background(), append(args, "--data", data), strings.NewReader(""), &b, &b)
		return code, b.String()
	}
	if code, out := haetae("permissions", "update", "--reference", server.URL+"/list"); code != exitOK || !strings.Contains(out, "1 services, 1 actions") {
		t.Fatalf("%d %s", code, out)
	}
	if code, out := haetae("permissions", "show", "COFFEE:brew"); code != exitOK || !strings.Contains(out, "coffee:Brew (Write)") || !strings.Contains(out, "service-reference of 20") {
		t.Errorf("%d %s", code, out)
	}
	if code, out := haetae("permissions", "update", "--reference", server.URL+"/nothing"); code != exitIncomplete || !strings.Contains(out, "404") {
		t.Errorf("%d %s", code, out)
	}
	elsewhere = true
	if code, out := haetae("permissions", "update", "--reference", server.URL+"/list"); code != exitIncomplete || !strings.Contains(out, "192.0.2.1/coffee is not at") {
		t.Errorf("%d %s", code, out)
	}
}
