package collect_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/scripts/mototest"
)

// Answers of operations that moto lacks are in testdata/wire, one file for each
// service by the name that it signs with. They have the form of AWS's API
// references and values of our own:
//
//	-- request SERVICE:Operation --
//	METHOD PATH [target or action]
//	what else the request must have in it, line by line
//	-- response --
//	the body
//	-- want --
//	- {type: …, id: …, props: {what must be there}, observed: {…}, volatile: {…}}

// recording is one operation's answer as it comes over the wire.
type recording struct {
	op       string
	request  string // METHOD PATH [target or action]
	has      []string
	response []byte
	mu       sync.Mutex
	asked    int
}

// wanted is a resource that must come of the recordings, with what it must have
// at least.
type wanted struct {
	Type, ID, Account         string
	Props, Observed, Volatile map[string]any
}

// wire is a server that answers with recordings, by service.
type wire map[string][]*recording

func loadWire(t *testing.T) (wire, map[string][]wanted) {
	t.Helper()
	files, err := filepath.Glob("testdata/wire/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	all, wants := wire{}, map[string][]wanted{}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		service := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for _, section := range a.Files {
			switch word, op, _ := strings.Cut(section.Name, " "); word {
			case "request":
				lines := strings.Split(strings.TrimSpace(string(section.Data)), "\n")
				all[service] = append(all[service], &recording{op: op, request: lines[0], has: lines[1:]})
			case "response":
				all[service][len(all[service])-1].response = section.Data
			case "want":
				var list []wanted
				if err := yaml.Load(section.Data, &list, yaml.WithKnownFields()); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				wants[service] = list
			default:
				t.Fatalf("%s: section %q", file, section.Name)
			}
		}
	}
	return all, wants
}

// ServeHTTP implements [http.Handler].
func (w wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	request := r.Method + " " + r.URL.EscapedPath()
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		request += " " + target
	} else if form, err := url.ParseQuery(string(body)); err == nil && form.Has("Action") {
		request += " " + form.Get("Action")
	}
	service := ""
	if parts := strings.Split(r.Header.Get("Authorization"), "/"); len(parts) > 3 {
		service = parts[3]
	}
	text := r.URL.RawQuery + "\n" + string(body)
	for _, rec := range w[service] {
		if rec.request != request || slices.ContainsFunc(rec.has, func(s string) bool { return !strings.Contains(text, s) }) {
			continue
		}
		rec.mu.Lock()
		rec.asked++
		rec.mu.Unlock()
		_, _ = out.Write(rec.response) // a client that left does not want it
		return
	}
	out.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
	http.Error(out, `{"__type": "ResourceNotFoundException", "message": "not recorded"}`, http.StatusNotFound)
}

// at makes the test's environment one in which url is AWS, and enters it.
func at(t *testing.T, url, key, secret string) (*aws.Client, *aws.Session) {
	t.Helper()
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
	} {
		t.Setenv(k, v)
	}
	client, session, err := aws.Open(t.Context(), aws.Options{Region: "us-east-1", Quotas: &quick, Attempts: 1, Backoff: time.Millisecond, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return client, session
}

func TestWhatComesOverTheWireIsRead(t *testing.T) {
	recordings, wants := loadWire(t)
	server := httptest.NewServer(recordings)
	t.Cleanup(server.Close)
	client, session := at(t, server.URL, "test", "test")
	s, err := collect.Snapshot(t.Context(), client, []collect.Account{{ID: session.Account, Session: session}}, collect.Options{
		Regions: []string{"us-east-1"}, Extras: collect.Extras(), Time: noon, Pause: time.Millisecond,
		Redact: func(_, v string) any { return v },
	})
	if err != nil {
		t.Fatal(err)
	}
	meets(t, s, wants)
	for service, list := range recordings {
		for _, rec := range list {
			t.Run(rec.op+" is asked for as recorded", func(t *testing.T) {
				if rec.asked == 0 {
					t.Errorf("nobody asked %s for %s %v", service, rec.request, rec.has)
				}
			})
		}
	}
}

// meets holds a snapshot against what is wanted, and its names against the
// schema.
func meets(t *testing.T, s *haetae.Snapshot, wants map[string][]wanted) {
	t.Helper()
	names, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range slices.Sorted(maps.Keys(wants)) {
		for _, w := range wants[service] {
			t.Run(service+" gives "+w.Type, func(t *testing.T) {
				i := slices.IndexFunc(s.Resources, func(r *haetae.Resource) bool { return r.Type == w.Type && r.ID == w.ID })
				if i < 0 {
					t.Fatalf("no %s %s", w.Type, w.ID)
				}
				r := s.Resources[i]
				typ, ok := names.Type(r.Type)
				if !ok {
					t.Fatalf("the schema has no %s", r.Type)
				}
				for _, part := range []map[string]any{r.Props, r.Observed, r.Volatile} {
					ofSchema(t, typ, "", part)
				}
				if w.Account != "" && r.Account != w.Account {
					t.Errorf("the account is %q, want %q", r.Account, w.Account)
				}
				for _, part := range []struct {
					name      string
					got, want map[string]any
				}{{"props", r.Props, w.Props}, {"observed", r.Observed, w.Observed}, {"volatile", r.Volatile, w.Volatile}} {
					for _, d := range lacks(part.name, part.got, part.want) {
						t.Error(d)
					}
				}
			})
		}
	}
}

// ofSchema checks that all names of a tree are those of the schema.
func ofSchema(t *testing.T, typ *schema.Type, path string, v any) {
	t.Helper()
	var field *schema.Field
	if path != "" {
		f, err := typ.Lookup(path)
		if err != nil {
			t.Error(err)
			return
		}
		field = f
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch {
			case field == nil:
				ofSchema(t, typ, k, x)
			case field.Kind == schema.KindObject:
				ofSchema(t, typ, path+"."+k, x)
			case field.Kind == schema.Map:
				ofSchema(t, typ, path+"{}", x)
			}
		}
	case []any:
		for _, x := range v {
			if field != nil && field.Kind == schema.List {
				ofSchema(t, typ, path+"[]", x)
			}
		}
	}
}

// lacks lists what is wanted and not there. Objects may have more members than
// are wanted, lists no more items.
func lacks(path string, got, want any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok && len(w) > 0 {
			return []string{fmt.Sprintf("%s is %s, want an object", path, show(got))}
		}
		var out []string
		for _, k := range slices.Sorted(maps.Keys(w)) {
			out = append(out, lacks(path+"."+k, g[k], w[k])...)
		}
		return out
	case []any:
		if open, ok := got.(*haetae.OpenList); ok {
			got = open.Items
		}
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return []string{fmt.Sprintf("%s is %s, want %s", path, show(got), show(want))}
		}
		var out []string
		for i := range w {
			out = append(out, lacks(fmt.Sprintf("%s[%d]", path, i), g[i], w[i])...)
		}
		return out
	}
	if show(got) != show(want) {
		return []string{fmt.Sprintf("%s is %s, want %s", path, show(got), show(want))}
	}
	return nil
}

// show is a value as JSON, by which numbers of all types are equal.
func show(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(data)
}

// motoOperations is what moto answers. It is written anew by
//
//	HAETAE_PYTHON=out/venv/bin/python go test ./collect -run TestEveryOperationIsAnswered -update
const motoOperations = "testdata/moto-operations.txt"

var update = flag.Bool("update", false, "write testdata anew")

func TestEveryOperationIsAnsweredByMotoOrARecording(t *testing.T) {
	recordings, _ := loadWire(t)
	recorded := map[string]bool{}
	for _, list := range recordings {
		for _, rec := range list {
			recorded[rec.op] = true
		}
	}
	if os.Getenv(mototest.PythonVariable) != "" {
		listMoto(t)
	}
	data, err := os.ReadFile(motoOperations)
	if err != nil {
		t.Fatal(err)
	}
	moto := strings.Split(strings.TrimSpace(string(data)), "\n")
	asked := madeCalls()
	for _, op := range slices.Sorted(maps.Keys(asked)) {
		t.Run(op+" has an answer that tests read", func(t *testing.T) {
			if !recorded[op] && !slices.Contains(moto, op) {
				t.Errorf("neither moto answers %s nor is there a recording: add one to testdata/wire", op)
			}
		})
	}
}

// madeCalls returns a call of each operation that a scan makes.
func madeCalls() map[string]inventory.Call {
	out := map[string]inventory.Call{}
	for _, k := range inventory.All {
		for _, c := range k.Calls {
			if !c.Other {
				out[c.Op] = c
			}
			if c.Before != "" && !c.Other {
				out[c.Before] = inventory.Call{Op: c.Before}
			}
		}
	}
	return out
}

// listMoto asks moto for every operation, about parents that do not exist, and
// holds the list of what it answers, or refuses in AWS's way, against the file.
func listMoto(t *testing.T) {
	client, session := at(t, mototest.Start(t, "..").URL, "test", "test")
	calls := madeCalls()
	var list []string
	for _, op := range slices.Sorted(maps.Keys(calls)) {
		c := calls[op]
		id := "none-such"
		if strings.HasSuffix(strings.ToLower(c.Param), "arn") {
			id = "arn:aws:wafv2:us-east-1:111111111111:regional/webacl/none/such"
		}
		params := c.Request(inventory.Parent{Account: "111111111111", Region: "us-east-1", Partition: "aws", ID: id, Grandparent: "none"})
		answered := false
		for _, err := range client.Pages(t.Context(), aws.Ask{Session: session, Region: "us-east-1", Op: op, Params: params}) {
			var f *aws.Failure
			switch {
			case err == nil:
				answered = true
			case !errors.As(err, &f):
				t.Fatalf("%s: %v", op, err)
			default:
				// A page of the web server, or of a program that failed, has no code.
				answered = f.Code != aws.Unavailable && f.Code != fmt.Sprint(f.Status)
			}
			break
		}
		if answered {
			list = append(list, op)
		}
	}
	text := strings.Join(list, "\n") + "\n"
	if *update {
		if err := os.WriteFile(motoOperations, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(motoOperations)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != text {
		t.Errorf("%s is stale (HAETAE_PYTHON=out/venv/bin/python go test ./collect -run TestEveryOperationIsAnswered -update writes it anew)", motoOperations)
	}
}
