package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haetae/haetae/inventory"
)

const (
	identity = `<R><GetCallerIdentityResult><Account>111111111111</Account><Arn>arn:aws:iam::111111111111:user/u</Arn></GetCallerIdentityResult></R>`
	throttle = `<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`
)

// reply is one answer of a server; more than status and body is for trouble.
type reply struct {
	status int
	body   string
	header map[string]string
	hang   bool // answers nothing until the client is gone
	cut    bool // promises more than it sends
	drop   bool // closes the connection
}

// server answers the n-th request with the n-th reply, and then with the last.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	body []string
}

func newServer(t *testing.T, replies ...reply) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		n := min(len(s.seen), len(replies)-1)
		s.seen = append(s.seen, r)
		s.body = append(s.body, string(body))
		s.mu.Unlock()
		a := replies[n]
		for k, v := range a.header {
			w.Header().Set(k, v)
		}
		switch {
		case a.hang:
			<-r.Context().Done()
		case a.drop:
			panic(http.ErrAbortHandler)
		case a.cut:
			w.Header().Set("Content-Length", fmt.Sprint(len(a.body)+100))
			fallthrough
		default:
			w.WriteHeader(a.status)
			_, _ = io.WriteString(w, a.body)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// requests returns what came so far.
func (s *server) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// fastClient asks the server, five times at most, without pauses.
func fastClient(t *testing.T, s *server, o Options) (*Client, *Session) {
	t.Helper()
	var err error
	if o.Quotas, err = ParseQuotas([]byte("default: {rate: 1000000, burst: 1000000}")); err != nil {
		t.Fatal(err)
	}
	o.Backoff = 1
	return testClient(t, s.URL, o)
}

// collect reads all pages.
func collect(t *testing.T, c *Client, s *Session, op string, params map[string]any) ([]map[string]any, *Failure) {
	t.Helper()
	var out []map[string]any
	for answer, err := range c.Pages(t.Context(), Ask{Session: s, Region: "us-east-1", Op: op, Params: params}) {
		var f *Failure
		if errors.As(err, &f) {
			return out, f
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, answer)
	}
	return out, nil
}

func TestWhatMayPassIsTriedAgain(t *testing.T) {
	good := reply{status: 200, body: identity}
	for _, c := range []struct {
		name    string
		replies []reply
		code    string // of the failure, "" when it went well
		tries   int
	}{
		{"an answer at once", []reply{good}, "", 1},
		{"status 500 twice", []reply{{status: 500}, {status: 500, body: "<html/>"}, good}, "", 3},
		{"status 503 for ever", []reply{{status: 503}}, Unavailable, 3},
		{"throttled by code", []reply{{status: 400, body: throttle}, good}, "", 2},
		{"throttled by status", []reply{{status: 429}, good}, "", 2},
		{"throttled for ever", []reply{{status: 400, body: throttle}}, "Throttling", 8},
		{"a connection that is closed", []reply{{drop: true}, good}, "", 2},
		{"half a body", []reply{{status: 200, body: identity[:30], cut: true}, good}, "", 2},
		{"half a body whose length is right", []reply{{status: 200, body: identity[:30]}, good}, "", 2},
		{"a page of a proxy for ever", []reply{{status: 200, body: "<html>Sign in</html>"}}, Unavailable, 3},
		{"no answer in time for ever", []reply{{hang: true}}, Timeout, 3},
		{"a denial is final", []reply{{status: 403, body: `<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>`}}, "AccessDenied", 1},
		{"what a server does not know is final", []reply{{status: 501}}, Unavailable, 1},
		{"credentials that have expired are final", []reply{{status: 400, body: `<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>`}}, "ExpiredToken", 1},
		{"a redirect is not followed", []reply{{status: 307, header: map[string]string{"Location": "/elsewhere"}}}, "307", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, c.replies...)
			o := Options{}
			if slices.ContainsFunc(c.replies, func(r reply) bool { return r.hang }) {
				o.Timeout = 20 * time.Millisecond
			}
			client, session := fastClient(t, s, o)
			client.http = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			pages, f := collect(t, client, session, "sts:GetCallerIdentity", nil)
			code := ""
			if f != nil {
				code = f.Code
				if f.Attempts != c.tries || f.Op != "sts:GetCallerIdentity" || f.Region != "us-east-1" {
					t.Errorf("%+v", f)
				}
			} else if len(pages) != 1 || pages[0]["Account"] != "111111111111" {
				t.Errorf("%v", pages)
			}
			if code != c.code {
				t.Errorf("code %q: %v", code, f)
			}
			// A request that nobody waited for may not have come yet.
			if n := len(s.requests()); n != c.tries && code != Timeout {
				t.Errorf("%d requests", n)
			}
			if got := client.Stats(); got.Requests != c.tries || got.ByOp["sts:GetCallerIdentity"] != c.tries {
				t.Errorf("counted %+v", got)
			}
		})
	}
}

func TestAContextThatEndsIsNoFailure(t *testing.T) {
	s := newServer(t, reply{hang: true})
	client, session := fastClient(t, s, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range client.Pages(ctx, Ask{Session: session, Region: "us-east-1", Op: "sts:GetCallerIdentity"}) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
}

func TestAServerThatIsNotThereIsSoonLeftAlone(t *testing.T) {
	s := newServer(t, reply{status: 200, body: identity})
	client, session := fastClient(t, s, Options{})
	s.Close()
	_, f := collect(t, client, session, "sts:GetCallerIdentity", nil)
	if f == nil || f.Code != NotReached || f.Attempts != 3 || !strings.Contains(f.Message, "cannot connect to 127.0.0.1:") {
		t.Fatalf("%+v", f)
	}
	if _, f = collect(t, client, session, "sts:GetCallerIdentity", nil); f == nil || f.Attempts != 1 {
		t.Errorf("the next one tried as long: %+v", f)
	}
	client.reached()
	if _, f = collect(t, client, session, "sts:GetCallerIdentity", nil); f == nil || f.Attempts != 3 {
		t.Errorf("it was given up for good: %+v", f)
	}
}

func TestThrottlingMakesTheBucketSlower(t *testing.T) {
	s := newServer(t, reply{status: 400, body: throttle}, reply{status: 200, body: identity})
	client, session := fastClient(t, s, Options{})
	bucket := client.Bucket("111111111111", "us-east-1", "sts:GetCallerIdentity")
	before := bucket.Rate()
	if _, f := collect(t, client, session, "sts:GetCallerIdentity", nil); f != nil {
		t.Fatal(f)
	}
	if bucket.Rate() != before/2 || bucket.Throttled() != 1 || client.Stats().Throttled != 1 {
		t.Errorf("rate %v of %v, throttled %d times", bucket.Rate(), before, bucket.Throttled())
	}
}

func TestPagesAreReadToTheEnd(t *testing.T) {
	users := func(name, more string) reply {
		return reply{status: 200, body: `<R><ListUsersResult><Users><member><UserName>` + name + `</UserName></member></Users>` + more + `</ListUsersResult></R>`}
	}
	records := func(more string) reply {
		return reply{status: 200, body: `<R><ResourceRecordSets/>` + more + `</R>`}
	}
	for _, c := range []struct {
		name, op string
		params   map[string]any
		replies  []reply
		sent     []string // what each request holds, as a pattern
		pages    int
		say      string // of the failure after them
	}{
		{"token and flag", "iam:ListUsers", nil,
			[]reply{users("a", "<IsTruncated>true</IsTruncated><Marker>m1</Marker>"), users("b", "<IsTruncated>false</IsTruncated><Marker>m2</Marker>")},
			[]string{`MaxItems=1000`, `Marker=m1&MaxItems=1000`}, 2, ""},
		{"a flag without a token is no end", "iam:ListUsers", nil,
			[]reply{users("a", "<IsTruncated>true</IsTruncated>")}, []string{`Action`}, 1, "there is more, and not where"},
		{"a token that repeats is no end", "iam:ListUsers", nil,
			[]reply{users("a", "<IsTruncated>true</IsTruncated><Marker>m1</Marker>")}, []string{`Action`, `Marker=m1`}, 2, "a page that was read already"},
		{"tokens that go round are no end", "sqs:ListQueues", nil,
			[]reply{{status: 200, body: `{"NextToken": "a"}`}, {status: 200, body: `{"NextToken": "b"}`}, {status: 200, body: `{"NextToken": "a"}`}},
			[]string{`"MaxResults":1000`, `"NextToken":"a"`, `"NextToken":"b"`}, 3, "a page that was read already"},
		{"an empty token is the end", "ec2:DescribeVpcs", nil, []reply{{status: 200, body: `<R><vpcSet/><nextToken/></R>`}}, []string{`MaxResults=1000`}, 1, ""},
		{"EC2 takes no page size with ids", "ec2:DescribeVpcs", map[string]any{"VpcIds": []any{"vpc-1"}}, []reply{{status: 200, body: `<R/>`}}, []string{`^Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1$`}, 1, ""},
		{"accounts are no ids of resources", "ec2:DescribeSnapshots", map[string]any{"OwnerIds": []any{"self"}}, []reply{{status: 200, body: `<R/>`}}, []string{`MaxResults=1000&Owner.1=self`}, 1, ""},
		{"several tokens, of which the next page has fewer", "route53:ListResourceRecordSets", map[string]any{"HostedZoneId": "Z1"},
			[]reply{
				records("<IsTruncated>true</IsTruncated><NextRecordName>a.</NextRecordName><NextRecordType>A</NextRecordType><NextRecordIdentifier>i</NextRecordIdentifier>"),
				records("<IsTruncated>true</IsTruncated><NextRecordName>b.</NextRecordName><NextRecordType>A</NextRecordType>"),
				records("<IsTruncated>false</IsTruncated>"),
			},
			[]string{`^/2013-04-01/hostedzone/Z1/rrset$`, `identifier=i&name=a.&type=A$`, `rrset\?name=b.&type=A$`}, 3, ""},
		{"the last item as a token", "kinesis:DescribeStream", map[string]any{"StreamName": "s"},
			[]reply{
				{status: 200, body: `{"StreamDescription": {"HasMoreShards": true, "Shards": [{"ShardId": "1"}, {"ShardId": "2"}]}}`},
				{status: 200, body: `{"StreamDescription": {"HasMoreShards": false, "Shards": []}}`},
			},
			[]string{`"Limit":100`, `"ExclusiveStartShardId":"2"`}, 2, ""},
		{"pages that botocore does not know", "kinesis:ListTagsForStream", map[string]any{"StreamName": "s"},
			[]reply{{status: 200, body: `{"HasMoreTags": true, "Tags": [{"Key": "k"}]}`}, {status: 200, body: `{"HasMoreTags": false, "Tags": []}`}},
			[]string{`"Limit":50`, `"ExclusiveStartTagKey":"k"`}, 2, ""},
		{"an error on the second page", "iam:ListUsers", nil,
			[]reply{users("a", "<IsTruncated>true</IsTruncated><Marker>m1</Marker>"), {status: 403}}, []string{`Action`, `Marker`}, 1, "AccessDenied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, c.replies...)
			client, session := fastClient(t, s, Options{})
			before := maps.Clone(c.params)
			pages, f := collect(t, client, session, c.op, c.params)
			if len(pages) != c.pages {
				t.Errorf("%d pages", len(pages))
			}
			if c.say == "" && f != nil || c.say != "" && (f == nil || !strings.Contains(f.Error(), c.say)) {
				t.Errorf("failure %v", f)
			}
			if len(before) != len(c.params) {
				t.Errorf("the caller's parameters became %v", c.params)
			}
			if len(s.requests()) != len(c.sent) {
				t.Fatalf("%d requests", len(s.requests()))
			}
			for i, want := range c.sent {
				got := s.body[i]
				if got == "" {
					got = s.requests()[i].URL.String()
				}
				if ok, err := regexp.MatchString(want, got); err != nil || !ok {
					t.Errorf("request %d: %s", i+1, got)
				}
			}
		})
	}
}

// What the models of AWS do not say, or say otherwise than the operations'
// reference pages.
func TestPagesAreAsLargeAsAWSGives(t *testing.T) {
	m := NewModel()
	for op, size := range map[string]int{
		"ec2:DescribeInstances": 1000, "ec2:DescribeLaunchTemplates": 200, "ec2:DescribeLaunchTemplateVersions": 200, "ec2:DescribeVpcEndpoints": 1000, "ec2:DescribeImages": 500,
		"kms:ListKeys": 1000, "kms:ListAliases": 100, "kms:ListGrants": 100, "kms:ListResourceTags": 50,
		"lambda:ListFunctions": 50, "kinesis:ListStreams": 100, "ecs:ListServices": 100, "autoscaling:DescribePolicies": 100,
		"apigateway:GetRestApis": 500, "iam:ListRoles": 1000, "elbv2:DescribeLoadBalancers": 400, "logs:DescribeLogGroups": 50,
		"sqs:ListQueues": 1000, "s3api:ListBuckets": 1000, "rds:DescribeDBInstances": 0, // 100 is its default and its most
	} {
		_, o, err := m.Operation(op)
		if err != nil || o.Page == nil || o.Page.Size != size {
			t.Errorf("%s: %+v, %v", op, o, err)
		}
	}
}

// Tokens by which answers say that there is more. These members are none.
var noTokens = map[string]bool{"UpdateToken": true, "LockToken": true, "SoftwareTokenMfaConfiguration": true}

func TestNoCallOfTheInventoryIsCutOff(t *testing.T) {
	m := NewModel()
	token := regexp.MustCompile(`(?i)token|marker|truncated|hasmore`)
	for _, k := range inventory.All {
		for _, c := range k.Calls {
			s, o, err := m.Operation(c.Op)
			if err != nil {
				t.Error(err)
				continue
			}
			for n, member := range s.Shapes[o.Output].Members {
				if token.MatchString(n) && !noTokens[n] && o.Page == nil {
					t.Errorf("%s has a member %s and no pages", c.Op, n)
				}
				for inner := range s.Shapes[member.Shape].Members {
					if o.Page == nil && (inner == "IsTruncated" || inner == "NextMarker") {
						t.Errorf("%s has a member %s.%s and no pages", c.Op, n, inner)
					}
				}
			}
			if p := o.Page; p != nil {
				if len(p.In) != len(p.Out) {
					t.Errorf("%s has %d tokens in and %d out", c.Op, len(p.In), len(p.Out))
				}
				in := s.Shapes[o.Input].Members
				for _, n := range append(slices.Clone(p.In), p.Limit) {
					if _, ok := in[n]; n != "" && !ok {
						t.Errorf("%s takes no %s", c.Op, n)
					}
				}
			}
		}
	}
}

func TestABucketIsAskedWhereItIs(t *testing.T) {
	elsewhere := `<Error><Code>%s</Code><Message>m</Message>%s</Error>`
	good := reply{status: 200, body: `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`}
	for name, first := range map[string]reply{
		"the header of a redirect says where":   {status: 301, header: map[string]string{"X-Amz-Bucket-Region": "eu-west-1"}, body: fmt.Sprintf(elsewhere, "PermanentRedirect", "")},
		"the body of an error says where":       {status: 400, body: fmt.Sprintf(elsewhere, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")},
		"a redirect that is only for some time": {status: 307, header: map[string]string{"X-Amz-Bucket-Region": "eu-west-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, first, good)
			client, session := fastClient(t, s, Options{})
			client.http = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			for range 2 {
				if _, f := collect(t, client, session, "s3api:GetBucketVersioning", map[string]any{"Bucket": "b-1"}); f != nil {
					t.Fatal(f)
				}
			}
			var regions []string
			for _, r := range s.requests() {
				regions = append(regions, strings.Split(r.Header.Get("Authorization"), "/")[2])
			}
			if !slices.Equal(regions, []string{"us-east-1", "eu-west-1", "eu-west-1"}) {
				t.Errorf("signed for %v", regions)
			}
		})
	}
	t.Run("who was under way meanwhile tries again too", func(t *testing.T) {
		s := newServer(t, good)
		client, _ := fastClient(t, s, Options{})
		svc, _, err := client.model.Operation("s3api:GetBucketVersioning")
		if err != nil {
			t.Fatal(err)
		}
		a := Ask{Region: "us-east-1", Params: map[string]any{"Bucket": "b-1"}}
		knew := client.known(svc, a)
		r := &Response{Status: 301, Header: http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}}
		for range 2 {
			if !client.learn(svc, a, knew, r, failure(svc, r)) {
				t.Error("it gave up")
			}
		}
		if client.learn(svc, a, client.known(svc, a), r, failure(svc, r)) {
			t.Error("it goes round")
		}
	})
	t.Run("a region that is known is used at once", func(t *testing.T) {
		s := newServer(t, good)
		client, session := fastClient(t, s, Options{})
		client.BucketRegion("b-1", "ap-south-1")
		if _, f := collect(t, client, session, "s3api:GetBucketVersioning", map[string]any{"Bucket": "b-1"}); f != nil {
			t.Fatal(f)
		}
		if !strings.Contains(s.requests()[0].Header.Get("Authorization"), "/ap-south-1/s3/") {
			t.Error(s.requests()[0].Header.Get("Authorization"))
		}
	})
}

func TestAnErrorThatS3SendsAfter200IsTriedAgain(t *testing.T) {
	s := newServer(t, reply{status: 200, body: `<?xml version="1.0"?><Error><Code>InternalError</Code><Message>m</Message></Error>`},
		reply{status: 200, body: `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`})
	client, session := fastClient(t, s, Options{})
	pages, f := collect(t, client, session, "s3api:GetBucketVersioning", map[string]any{"Bucket": "b-1"})
	if f != nil || pages[0]["Status"] != "Enabled" || len(s.requests()) != 2 {
		t.Errorf("%v, %v after %d", pages, f, len(s.requests()))
	}
}

func TestAClockThatIsWrongIsSetByAWSs(t *testing.T) {
	then := time.Now().Add(-3 * time.Hour).UTC()
	s := newServer(t, reply{status: 403, header: map[string]string{"Date": then.Format(http.TimeFormat)}, body: `<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired</Message></Error></ErrorResponse>`},
		reply{status: 200, body: identity})
	client, session := fastClient(t, s, Options{})
	if _, f := collect(t, client, session, "sts:GetCallerIdentity", nil); f != nil {
		t.Fatal(f)
	}
	at, err := time.Parse("20060102T150405Z", s.requests()[1].Header.Get("X-Amz-Date"))
	if err != nil || at.Sub(then).Abs() > time.Minute {
		t.Errorf("signed at %v, %v", at, err)
	}
	t.Run("a wrong key is no wrong clock", func(t *testing.T) {
		s := newServer(t, reply{status: 403, body: `<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>`})
		client, session := fastClient(t, s, Options{})
		if _, f := collect(t, client, session, "sts:GetCallerIdentity", nil); f == nil || len(s.requests()) != 1 {
			t.Errorf("%v after %d requests", f, len(s.requests()))
		}
	})
}

// memory is a record.
type memory struct {
	kept map[string]*Response
	err  error
}

func (m *memory) Find(key string) (*Response, bool) { r, ok := m.kept[key]; return r, ok }
func (m *memory) Keep(key string, r *Response) error {
	m.kept[key] = r
	return m.err
}

func TestOnlyWhatAWSWouldSayAgainIsKept(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply reply
		kept  bool
	}{
		{"an answer", reply{status: 200, body: identity}, true},
		{"a denial", reply{status: 403, body: `<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>`}, true},
		{"credentials that have expired", reply{status: 400, body: `<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>`}, false},
		{"throttling", reply{status: 400, body: throttle}, false},
		{"trouble of AWS", reply{status: 500}, false},
		{"a page of a proxy", reply{status: 200, body: "<html/>"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, c.reply)
			m := &memory{kept: map[string]*Response{}}
			client, session := fastClient(t, s, Options{Record: m, Attempts: 2})
			a := Ask{Session: session, Region: "us-east-1", Op: "sts:GetCallerIdentity"}
			first, f1 := collect(t, client, session, a.Op, nil)
			if len(m.kept) == 1 != c.kept || client.Kept(a) != c.kept {
				t.Fatalf("kept %v", m.kept)
			}
			sent := len(s.requests())
			again, f2 := collect(t, client, session, a.Op, nil)
			if (len(s.requests()) == sent) != c.kept {
				t.Errorf("%d requests after %d", len(s.requests()), sent)
			}
			if len(first) != len(again) || (f1 == nil) != (f2 == nil) || f1 != nil && f1.Code != f2.Code {
				t.Errorf("first %v %v, then %v %v", first, f1, again, f2)
			}
		})
	}
	t.Run("an answer that is not ready is not kept", func(t *testing.T) {
		s := newServer(t, reply{status: 200, body: identity})
		m := &memory{kept: map[string]*Response{}}
		client, session := fastClient(t, s, Options{Record: m})
		for _, err := range client.Pages(t.Context(), Ask{Session: session, Region: "us-east-1", Op: "sts:GetCallerIdentity", Final: func(map[string]any) bool { return false }}) {
			if err != nil {
				t.Error(err)
			}
		}
		if len(m.kept) != 0 {
			t.Errorf("kept %v", m.kept)
		}
	})
	t.Run("a record that cannot be written ends it", func(t *testing.T) {
		s := newServer(t, reply{status: 200, body: identity})
		full := errors.New("the disk is full")
		client, session := fastClient(t, s, Options{Record: &memory{kept: map[string]*Response{}, err: full}})
		for _, err := range client.Pages(t.Context(), Ask{Session: session, Region: "us-east-1", Op: "sts:GetCallerIdentity"}) {
			if !errors.Is(err, full) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestARecordTellsRequestsApart(t *testing.T) {
	seen := map[string]bool{}
	for _, params := range []map[string]any{nil, {"A": "1"}, {"A": int64(1)}, {"A": []any{"1"}}, {"B": "1"}, {"A": "1", "B": "1"}} {
		for _, account := range []string{"111111111111", "222222222222"} {
			for _, region := range []string{"", "us-east-1"} {
				k, err := Key(account, region, "s:Op", params)
				if err != nil || seen[k] {
					t.Errorf("%s, %v", k, err)
				}
				seen[k] = true
			}
		}
	}
	if _, err := Key("", "", "s:Op", map[string]any{"f": func() {}}); err == nil {
		t.Error("parameters that cannot be written have a key")
	}
}

func TestARequestThatCannotBeMadeIsNotSent(t *testing.T) {
	s := newServer(t, reply{status: 200})
	client, session := fastClient(t, s, Options{})
	for op, params := range map[string]map[string]any{
		"s3api:GetBucketVersioning": {},
		"iam:ListUsers":             {"Nmae": "x"},
	} {
		if _, f := collect(t, client, session, op, params); f == nil || f.Code != Invalid {
			t.Errorf("%s: %v", op, f)
		}
	}
	if len(s.requests()) != 0 || client.Stats().Requests != 0 {
		t.Errorf("%d were sent", len(s.requests()))
	}
	if _, _, err := client.model.Operation("iam:DeleteUser"); err == nil || !strings.Contains(err.Error(), "no such operation") {
		t.Errorf("%v", err)
	}
	if _, _, err := client.model.Operation("nowhere:List"); err == nil || !strings.Contains(err.Error(), "no such service") {
		t.Errorf("%v", err)
	}
}

func TestHostsOfBucketsAndAccounts(t *testing.T) {
	c, _ := testClient(t, "", Options{})
	for _, at := range []struct{ op, param, value, url string }{
		{"s3api:GetBucketPolicy", "Bucket", "my-bucket", "https://my-bucket.s3.eu-west-1.amazonaws.com/?policy="},
		{"s3api:GetBucketPolicy", "Bucket", "my.bucket", "https://s3.eu-west-1.amazonaws.com/my.bucket?policy="},
		{"s3api:GetBucketPolicy", "Bucket", "My_Bucket", "https://s3.eu-west-1.amazonaws.com/My_Bucket?policy="},
		{"s3api:GetBucketLocation", "Bucket", "my-bucket", "https://s3.eu-west-1.amazonaws.com/my-bucket?location="},
		{"s3control:GetPublicAccessBlock", "AccountId", "111111111111", "https://111111111111.s3-control.eu-west-1.amazonaws.com/v20180820/configuration/publicAccessBlock"},
	} {
		svc, o, err := c.model.Operation(at.op)
		if err != nil {
			t.Fatal(err)
		}
		params := map[string]any{at.param: at.value}
		_, name, _ := strings.Cut(at.op, ":")
		r, err := newRequest(svc, name, o, params)
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := c.httpRequest(t.Context(), svc, o, r, "eu-west-1", params)
		if err != nil {
			t.Fatal(err)
		}
		if h.URL.String() != at.url {
			t.Errorf("%s of %s is at %s", at.op, at.value, h.URL)
		}
	}
	svc, o, err := c.model.Operation("s3control:GetPublicAccessBlock")
	if err != nil {
		t.Fatal(err)
	}
	r := &request{method: "GET", path: "/", query: url.Values{}, header: http.Header{}}
	if _, _, err := c.httpRequest(t.Context(), svc, o, r, "eu-west-1", map[string]any{"AccountId": "evil.example/"}); err == nil {
		t.Error("a parameter chose the host")
	}
}

func TestAnOperationThatIsOutOfServiceIsNotAskedAgainAndAgain(t *testing.T) {
	bad := reply{status: http.StatusBadGateway}
	replies := slices.Repeat([]reply{bad}, 14) // three calls of four attempts, two of one
	replies = append(replies, reply{status: 200, body: `{"Keys":[]}`}, bad)
	s := newServer(t, replies...)
	c, session := fastClient(t, s, Options{Attempts: 4})
	for i, want := range []int{4, 8, 12, 13, 14} {
		if _, f := collect(t, c, session, "kms:ListKeys", nil); f == nil || len(s.requests()) != want {
			t.Errorf("after %d calls there were %d requests, want %d: %v", i+1, len(s.requests()), want, f)
		}
	}
	if _, f := collect(t, c, session, "kms:ListKeys", nil); f != nil {
		t.Errorf("back in service: %v", f)
	}
	if _, f := collect(t, c, session, "kms:ListKeys", nil); f == nil || len(s.requests()) != 19 {
		t.Errorf("out of service once more: %d requests, %v", len(s.requests()), f)
	}
}
