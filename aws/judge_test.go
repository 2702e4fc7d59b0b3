package aws

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/jmespath/go-jmespath"

	"github.com/haetae/haetae/inventory"
)

// The AWS SDK for Python is what these tests are measured by: they run when
// HAETAE_PYTHON names a Python that has it, and moto.

// judge is a running testdata/judge.py.
type judge struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	python := os.Getenv("HAETAE_PYTHON")
	if python == "" {
		t.Skip("HAETAE_PYTHON names no Python with boto3 and moto: scripts/venv.sh makes one, and make test uses it")
	}
	if !filepath.IsAbs(python) && filepath.Base(python) != python {
		python = filepath.Join("..", python) // from the top of the module, as make has it
	}
	cmd := exec.Command(python, "-P", filepath.Join("testdata", "judge.py"))
	cmd.Env = append(os.Environ(), "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("judge.py: %v\n%s", err, said.Bytes()[max(0, said.Len()-3000):])
		}
	})
	return &judge{t, in, bufio.NewReaderSize(out, 1<<20)}
}

// ask asks one question.
func (j *judge) ask(question map[string]any, verdict any) {
	j.t.Helper()
	q, err := json.Marshal(question)
	if err != nil {
		j.t.Fatal(err)
	}
	if _, err := j.in.Write(append(q, '\n')); err != nil {
		j.t.Fatal(err)
	}
	line, err := j.out.ReadBytes('\n')
	if err != nil {
		j.t.Fatalf("no answer to %s: %v", q, err)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(verdict); err != nil {
		j.t.Fatal(err)
	}
}

// verdict is what the judge says of one operation.
type verdict struct {
	Refused string
	Answer  any
	Code    string
	Status  int
	Headers map[string]string
	Body    string
	Wire    struct {
		Method, URL, Body string
		Headers           map[string]string
	}
}

func serviceNames(t *testing.T) (out []string) {
	t.Helper()
	files, err := modelFiles.ReadDir("model")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".json.gz"); name != "endpoints" {
			out = append(out, name)
		}
	}
	return out
}

// testClient is a client with fixed credentials that does not retry.
func testClient(t *testing.T, endpoint string, o Options) (*Client, *Session) {
	t.Helper()
	cfg := sdk.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("judge", "judge", ""), HTTPClient: http.DefaultClient}
	if endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	c, err := newClient(context.Background(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return c, &Session{Account: "111111111111", Region: "us-east-1", creds: cfg.Credentials, config: cfg}
}

func TestHostsAreThoseOfTheAWSSDK(t *testing.T) {
	j := newJudge(t)
	m := NewModel()
	ends, err := m.Endpoints()
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Hosts []struct {
			Service, Region, URL, Signed string
			FIPS, Dual                   bool
		}
	}
	regions := []string{"us-east-1", "eu-central-1", "ap-southeast-3", "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1", "us-iso-east-1", "eusc-de-east-1"}
	j.ask(map[string]any{"ask": "hosts", "services": serviceNames(t), "regions": regions}, &said)
	for _, h := range said.Hosts {
		// For FIPS and IPv6 of global services the SDK makes up hosts of a region
		// "aws-global", which are nowhere, and for IPv6 in isolated regions hosts
		// on the internet; and it keeps S3's first name.
		if strings.Contains(h.URL, "-global.") || h.URL == "https://s3.amazonaws.com" || h.Dual && strings.Contains(h.Region, "-iso-") {
			continue
		}
		s, err := m.Service(h.Service)
		if err != nil {
			t.Fatal(err)
		}
		if at := ends.resolve(s, h.Region, h.FIPS, h.Dual); at.url != h.URL || at.region != h.Signed {
			t.Errorf("%s in %s (FIPS %v, IPv6 %v) is at %s for %s, not at %s for %s", h.Service, h.Region, h.FIPS, h.Dual, h.URL, h.Signed, at.url, at.region)
		}
	}
	if len(said.Hosts) < 1000 {
		t.Errorf("only %d hosts", len(said.Hosts))
	}
}

// sample makes up a parameter.
func sample(s *Service, m Member, name string, depth int) any {
	switch m.Shape {
	case "$integer":
		return int64(7)
	case "$float":
		return 1.5
	case "$boolean":
		return true
	case "$timestamp":
		return "2023-11-14T22:13:20Z"
	case "$document":
		return map[string]any{"a": []any{int64(1), "b"}}
	case "$blob":
		return nil // raw there, base64 here
	case "$string", "$policy", "$zone":
		switch {
		case name == "Bucket":
			return "bucket-1"
		case name == "AccountId":
			return "111111111111"
		case m.In == "header":
			return "one, two"
		}
		return "a b/ü:~*+=&?%"
	}
	sh := s.Shapes[m.Shape]
	if depth > 5 {
		return nil
	}
	switch sh.Type {
	case "list":
		if v := sample(s, *sh.Item, name, depth+1); v != nil {
			return []any{v, v}
		}
		return nil
	case "map":
		return map[string]any{"key b": sample(s, *sh.Item, name, depth+1)}
	}
	out := map[string]any{}
	for n, child := range sh.Members {
		if v := sample(s, child, n, depth+1); v != nil {
			out[n] = v
			if sh.Union {
				break
			}
		}
	}
	return out
}

func TestRequestsAreThoseOfTheAWSSDK(t *testing.T) {
	j := newJudge(t)
	c, _ := testClient(t, "", Options{})
	compared, refused := 0, 0
	one := func(op string, params map[string]any) {
		svc, o, err := c.model.Operation(op)
		if err != nil {
			t.Errorf("%s: %v", op, err)
			return
		}
		var v verdict
		j.ask(map[string]any{"ask": "wire", "op": op, "region": "eu-west-1", "params": params}, &v)
		if v.Refused != "" {
			refused++
			t.Logf("%s: the SDK says %s", op, v.Refused)
			return
		}
		_, name, _ := strings.Cut(op, ":")
		r, err := newRequest(svc, name, o, params)
		if err != nil {
			t.Errorf("%s: %v", op, err)
			return
		}
		h, _, err := c.httpRequest(context.Background(), svc, o, r, "eu-west-1", params)
		if err != nil {
			t.Errorf("%s: %v", op, err)
			return
		}
		compared++
		sameRequest(t, op, h, r.body, v)
	}
	for _, k := range inventory.All {
		for _, call := range k.Calls {
			id := "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/name/id"
			if call.Param == "Bucket" {
				id = "a.bucket-with-dots"
			}
			if call.Op == "route53:ListTagsForResources" {
				continue // it has a body of XML, and is for folders only
			}
			one(call.Op, call.Request(inventory.Parent{ID: id, Account: "111111111111", Region: "eu-west-1", Grandparent: grandparent(&call, "name")}))
		}
	}
	for _, name := range serviceNames(t) {
		s, err := c.model.Service(name)
		if err != nil {
			t.Fatal(err)
		}
		for op, o := range s.Operations {
			switch {
			case name == "acm" && strings.Contains(op, "Acme"), name == "kinesis" && op == "ListQueues", strings.Contains(op, "DirectoryBuckets"), op == "GetAccessPointScope":
				continue // at other hosts, which only the SDK's rules know
			case o.Method != http.MethodGet && s.Protocol == "rest-xml":
				continue // they have a body of XML
			case op == "DescribeEndpoints":
				continue // asked only by SDKs, for themselves
			}
			all, _ := sample(s, Member{Shape: o.Input}, "", 0).(map[string]any)
			for p := range all {
				// What the SDK makes of keys of objects, and of ARNs in the place of
				// names, is of no use to who only reads settings.
				if strings.HasPrefix(p, "SSECustomer") {
					delete(all, p)
				}
			}
			one(name+":"+op, all)
		}
	}
	t.Logf("%d requests compared, %d that the SDK refuses to make", compared, refused)
}

// sameRequest compares what says something: the order of a form and of headers
// does not, nor what all requests have.
func sameRequest(t *testing.T, op string, h *http.Request, body []byte, v verdict) {
	t.Helper()
	u, err := url.Parse(v.Wire.URL)
	if err != nil {
		t.Fatal(err)
	}
	if h.Method != v.Wire.Method {
		t.Errorf("%s: method %s, not %s", op, v.Wire.Method, h.Method)
	}
	if h.URL.Host != u.Host {
		t.Errorf("%s: host %s, not %s", op, u.Host, h.URL.Host)
	}
	if h.URL.EscapedPath() != u.EscapedPath() {
		t.Errorf("%s: path %s, not %s", op, u.EscapedPath(), h.URL.EscapedPath())
	}
	if a, b := h.URL.Query(), u.Query(); !same(a, b) {
		t.Errorf("%s: query %v, not %v", op, b, a)
	}
	theirs := http.Header{}
	for k, x := range v.Wire.Headers {
		theirs.Set(k, x)
	}
	for _, all := range []http.Header{h.Header, theirs} {
		for _, k := range []string{"User-Agent", "Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "Content-Length", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request", "Expect", "X-Amz-Checksum-Crc32"} {
			all.Del(k)
		}
	}
	if !same(h.Header, theirs) {
		t.Errorf("%s: headers %v, not %v", op, theirs, h.Header)
	}
	if strings.HasPrefix(h.Header.Get("Content-Type"), "application/x-www-form") {
		a, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatal(err)
		}
		b, err := url.ParseQuery(v.Wire.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !same(a, b) {
			t.Errorf("%s: form\n%v, not\n%v", op, b, a)
		}
		return
	}
	var a, b any
	if json.Unmarshal(body, &a) == nil && json.Unmarshal([]byte(v.Wire.Body), &b) == nil {
		if d := differ("", a, b); len(d) > 0 {
			t.Errorf("%s: body %s", op, strings.Join(d, "; "))
		}
	} else if string(body) != v.Wire.Body {
		t.Errorf("%s: body %q, not %q", op, v.Wire.Body, body)
	}
}

func same[M ~map[string][]string](a, b M) bool {
	return maps.EqualFunc(a, b, func(x, y []string) bool { return slices.Equal(x, y) })
}

func TestAnswersAreReadAsByTheAWSSDK(t *testing.T) {
	j := newJudge(t)
	m := NewModel()
	compared := 0
	for _, name := range serviceNames(t) {
		s, err := m.Service(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range slices.Sorted(maps.Keys(s.Operations)) {
			o := s.Operations[op]
			if op == "GetObject" {
				continue // its Expires is text to the model and a time to the SDK
			}
			for seed := range 3 {
				var v verdict
				j.ask(map[string]any{"ask": "parse", "op": name + ":" + op, "seed": seed}, &v)
				if v.Refused != "" {
					if v.Refused != "no answer" {
						t.Logf("%s:%s: the SDK says %s of %s", name, op, v.Refused, v.Body)
					}
					continue
				}
				r := &Response{Status: 200, Header: http.Header{}, Body: []byte(v.Body)}
				for k, x := range v.Headers {
					r.Header.Set(k, x)
				}
				got, err := read(s, op, &o, r)
				if err != nil {
					t.Errorf("%s:%s: %v in\n%s", name, op, err, v.Body)
					continue
				}
				compared++
				if d := differ("", decoded(t, got), v.Answer); len(d) > 0 {
					t.Errorf("%s:%s (seed %d): %s in\n%.2000s", name, op, seed, strings.Join(d, "\n"), v.Body)
				}
			}
		}
	}
	if compared < 1000 {
		t.Errorf("only %d answers were compared", compared)
	}
	t.Logf("%d answers compared", compared)
}

func TestCallsAnswerAsThoseOfTheAWSSDK(t *testing.T) {
	j := newJudge(t)
	scripts, err := filepath.Abs("../scripts")
	if err != nil {
		t.Fatal(err)
	}
	var at struct {
		URL  string
		More bool
	}
	j.ask(map[string]any{"ask": "seed", "scripts": scripts}, &at)
	fast, err := ParseQuotas([]byte("default: {rate: 1000000, burst: 1000000}"))
	if err != nil {
		t.Fatal(err)
	}
	c, s := testClient(t, at.URL, Options{Attempts: 1, Quotas: fast})
	kept := map[string]any{} // answers by operation, in which parents are found
	done := map[string]bool{}
	answered, failed := 0, 0
	one := func(op string, params map[string]any) {
		key, err := Key("", "", op, params)
		if err != nil {
			t.Fatal(err)
		}
		if done[key] {
			return
		}
		done[key] = true
		got, err := c.call(t.Context(), Ask{Session: s, Region: "us-east-1", Op: op, Params: params})
		var f *Failure
		if err != nil && !errors.As(err, &f) {
			t.Errorf("%s: %v", op, err)
			return
		}
		var v verdict
		j.ask(map[string]any{"ask": "call", "op": op, "region": "us-east-1", "params": params}, &v)
		switch {
		case v.Refused != "":
			if f == nil {
				t.Logf("%s: the SDK says %s", key, v.Refused)
			}
		case f != nil:
			failed++
			// Where AWS gives no code, the SDK takes the status for one.
			if f.Code != v.Code && strconv.Itoa(f.Status) != v.Code {
				t.Errorf("%s: code %q (%d), not %v", key, v.Code, v.Status, f)
			}
		case v.Code != "":
			t.Errorf("%s: the SDK fails with %s, and we do not", key, v.Code)
		default:
			answered++
			d := differ("", decoded(t, got), v.Answer)
			if len(d) > 0 {
				// What the SDK itself sees otherwise the second time says nothing.
				var again verdict
				j.ask(map[string]any{"ask": "call", "op": op, "region": "us-east-1", "params": params}, &again)
				d = slices.DeleteFunc(d, func(line string) bool {
					path, _, _ := strings.Cut(line, ": ")
					return slices.ContainsFunc(differ("", again.Answer, v.Answer), func(other string) bool { return strings.HasPrefix(other, path+": ") })
				})
			}
			if len(d) > 0 {
				t.Errorf("%s: %s", key, strings.Join(d, "\n"))
			}
			if kept[op] == nil {
				kept[op] = any(got)
			}
		}
	}
	place := inventory.Parent{Account: "111111111111", Region: "us-east-1"}
	for _, about := range []bool{false, true} {
		for range 2 { // parents of parents are known the second time
			for _, k := range inventory.All {
				for _, call := range k.Calls {
					if (call.Param != "") != about {
						continue
					}
					parents := []inventory.Parent{place}
					if about {
						parents = parentsOf(t, &call, kept, place)
					}
					for _, p := range parents {
						one(call.Op, call.Request(p))
					}
				}
			}
		}
	}
	t.Logf("%d answers and %d errors compared", answered, failed)
	if answered < 150 {
		t.Errorf("only %d answers were compared", answered)
	}
}

// parentsOf returns two parents that were seen, or one that does not exist.
// grandparent is a grandparent of this name as the call wants it: one whose
// middle is asked for is an ARN of three parts.
func grandparent(call *inventory.Call, name string) string {
	if strings.Contains(fmt.Sprint(call.Params), "${Grandparent.Middle}") {
		return "arn:aws:vpc-lattice:eu-west-1:111111111111:service/" + name + "/listener/" + name
	}
	return name
}

func parentsOf(t *testing.T, call *inventory.Call, kept map[string]any, place inventory.Parent) []inventory.Parent {
	t.Helper()
	var out []inventory.Parent
	for _, from := range call.Sources() {
		found, err := jmespath.Search(from.Query, kept[from.Op])
		if err != nil {
			t.Errorf("%s: %s: %v", call.Op, from.Query, err)
			continue
		}
		list, isList := found.([]any)
		if !isList && found != nil {
			list = []any{found}
		}
		for _, id := range list[:min(len(list), 2)] {
			p := place
			p.ID, p.Grandparent = fmt.Sprint(id), grandparent(call, "none")
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		p := place
		p.ID, p.Grandparent = "none-such", grandparent(call, "none")
		if strings.HasSuffix(strings.ToLower(call.Param), "arn") {
			p.ID = "arn:aws:wafv2:us-east-1:111111111111:regional/webacl/none/such"
		}
		out = append(out, p)
	}
	return out
}

// decoded is a value as it is after it went through JSON.
func decoded(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out any
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// differ lists the differences between two JSON values, as "path: ours, not theirs".
func differ(path string, ours, theirs any) []string {
	var out []string
	switch a := ours.(type) {
	case map[string]any:
		b, ok := theirs.(map[string]any)
		if !ok {
			break
		}
		for k, x := range a {
			if y, has := b[k]; has {
				out = append(out, differ(path+"."+k, x, y)...)
			} else {
				out = append(out, fmt.Sprintf("%s.%s: is %v here and not there", path, k, x))
			}
		}
		for k, y := range b {
			if _, has := a[k]; !has {
				out = append(out, fmt.Sprintf("%s.%s: is %v there and not here", path, k, y))
			}
		}
		return out
	case []any:
		b, ok := theirs.([]any)
		if !ok {
			break
		}
		if len(a) != len(b) {
			return []string{fmt.Sprintf("%s: %d items here, %d there", path, len(a), len(b))}
		}
		for i := range a {
			out = append(out, differ(fmt.Sprintf("%s[%d]", path, i), a[i], b[i])...)
		}
		return out
	case json.Number:
		b, ok := theirs.(json.Number)
		if !ok {
			break
		}
		if x, err := a.Int64(); err == nil {
			if y, err := b.Int64(); err == nil {
				if x != y {
					return []string{fmt.Sprintf("%s: %d, not %d", path, x, y)}
				}
				return nil
			}
		}
		x, err1 := a.Float64()
		y, err2 := b.Float64()
		if err1 == nil && err2 == nil && x == y {
			return nil
		}
	default:
		if ours == theirs {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: %v (%T), not %v (%T)", path, ours, ours, theirs, theirs)}
}
