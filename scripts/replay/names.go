package main

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// names finds the operation that a request to a REST service is. botocore's
// service models say method, path and fixed parameters of each; a service is
// read when the first request to it comes.
type names struct {
	dir   string
	mu    sync.Mutex
	known map[string][]route
}

// route is one operation: "GET /{Bucket}?acl".
type route struct {
	op, method string
	path       []string   // parts; "{x}" is any part, "{x+}" any number of them
	fixed      url.Values // parameters that the request must have
	labels     int        // parts that stand for anything
}

// find returns the operation's name, else method and path.
func (n *names) find(service, method, path string, query url.Values) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[string][]route{}
	}
	routes, ok := n.known[service]
	if !ok {
		routes = n.load(service)
		n.known[service] = routes
	}
	parts := split(path)
	for _, r := range routes {
		if r.method == method && r.fits(parts) && r.has(query) {
			return r.op
		}
	}
	return method + " " + path
}

// load reads the newest model of a service; a service without one has no names.
func (n *names) load(service string) []route {
	dir := service
	if service == "s3api" {
		dir = "s3"
	}
	if service == "configservice" {
		dir = "config"
	}
	files, _ := filepath.Glob(filepath.Join(n.dir, dir, "*", "service-2.json.gz")) // the pattern is well formed
	if len(files) == 0 {
		return nil
	}
	f, err := os.Open(slices.Max(files))
	if err != nil {
		return nil
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil
	}
	var model struct {
		Operations map[string]struct {
			HTTP struct {
				Method     string `json:"method"`
				RequestURI string `json:"requestUri"`
			} `json:"http"`
		} `json:"operations"`
	}
	if json.NewDecoder(z).Decode(&model) != nil {
		return nil
	}
	var out []route
	for op, o := range model.Operations {
		path, query, _ := strings.Cut(o.HTTP.RequestURI, "?")
		r := route{op: op, method: o.HTTP.Method, path: split(path)}
		r.fixed, _ = url.ParseQuery(query) // models are well formed
		for _, p := range r.path {
			if strings.HasPrefix(p, "{") {
				r.labels++
			}
		}
		out = append(out, r)
	}
	// The most particular first: fixed parameters, then fixed parts.
	slices.SortFunc(out, func(a, b route) int {
		return cmp.Or(cmp.Compare(len(b.fixed), len(a.fixed)), cmp.Compare(a.labels, b.labels), cmp.Compare(a.op, b.op))
	})
	return out
}

// split returns the parts of a path.
func split(path string) []string {
	return strings.Split(strings.Trim(path, "/"), "/")
}

func (r *route) fits(parts []string) bool {
	for i, p := range r.path {
		switch {
		case strings.HasSuffix(p, "+}"): // takes at least one part and leaves what follows
			return len(parts) >= len(r.path) && slices.Equal(parts[len(parts)-len(r.path)+i+1:], r.path[i+1:])
		case i >= len(parts):
			return false
		case strings.HasPrefix(p, "{"):
			if parts[i] == "" {
				return false
			}
		case p != parts[i]:
			return false
		}
	}
	return len(parts) == len(r.path)
}

func (r *route) has(query url.Values) bool {
	for name, values := range r.fixed {
		if !query.Has(name) || values[0] != "" && query.Get(name) != values[0] {
			return false
		}
	}
	return true
}
