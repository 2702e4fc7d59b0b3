package aws

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// wireService is a service of every shape that the protocols tell apart.
func wireService(protocol string) *Service {
	s := &Service{
		ID: "Wire", Version: "2020-01-01", Prefix: "wire", Signing: "wire", Protocol: protocol, JSON: "1.1", Target: "Wire_2020",
		Shapes: map[string]Shape{
			"In": {Type: "structure", Members: map[string]Member{
				"Name":   {Shape: "$string"},
				"On":     {Shape: "$boolean", Name: "on"},
				"Count":  {Shape: "$integer"},
				"Since":  {Shape: "$timestamp"},
				"Ids":    {Shape: "Strings", Name: "id"},
				"Flat":   {Shape: "FlatStrings"},
				"Tags":   {Shape: "Map"},
				"Filter": {Shape: "Filters"},
			}},
			"Strings":     {Type: "list", Item: &Member{Shape: "$string"}},
			"FlatStrings": {Type: "list", Item: &Member{Shape: "$string", Name: "FlatItem"}, Flat: true},
			"Map":         {Type: "map", Key: &Member{Shape: "$string"}, Item: &Member{Shape: "$string"}},
			"FlatMap":     {Type: "map", Key: &Member{Shape: "$string", Name: "Name"}, Item: &Member{Shape: "$string", Name: "Value"}, Flat: true},
			"Filters":     {Type: "list", Item: &Member{Shape: "Filter", Name: "Filter"}},
			"Filter":      {Type: "structure", Members: map[string]Member{"Name": {Shape: "$string"}, "Values": {Shape: "Strings", Name: "value"}}},
			"Rest": {Type: "structure", Payload: "Body", Members: map[string]Member{
				"Key":    {Shape: "$string", In: "uri"},
				"Path":   {Shape: "$string", In: "uri", Name: "path"},
				"Since":  {Shape: "$timestamp", In: "querystring", Name: "since"},
				"Strict": {Shape: "$boolean", In: "querystring", Name: "strict"},
				"Ids":    {Shape: "Strings", In: "querystring", Name: "id"},
				"Extra":  {Shape: "Map", In: "querystring"},
				"Want":   {Shape: "Strings", In: "header", Name: "X-Want"},
				"Body":   {Shape: "Filter"},
			}},
			"Out": {Type: "structure", Members: map[string]Member{
				"Name":    {Shape: "$string"},
				"On":      {Shape: "$boolean"},
				"Count":   {Shape: "$integer", Name: "count"},
				"Ratio":   {Shape: "$float"},
				"At":      {Shape: "$timestamp"},
				"Data":    {Shape: "$blob"},
				"Any":     {Shape: "$document"},
				"Policy":  {Shape: "$policy"},
				"List":    {Shape: "Strings"},
				"Flat":    {Shape: "FlatStrings"},
				"Map":     {Shape: "Map"},
				"FlatMap": {Shape: "FlatMap", Name: "Attribute"},
				"Numbers": {Shape: "Numbers"},
				"One":     {Shape: "Union"},
				"Owner":   {Shape: "Owner"},
				"Header":  {Shape: "$string", In: "header", Name: "X-Name"},
				"Listed":  {Shape: "Strings", In: "header", Name: "X-List"},
				"Meta":    {Shape: "Map", In: "headers", Name: "x-meta-"},
				"Code":    {Shape: "$integer", In: "statusCode"},
			}},
			"Numbers": {Type: "list", Item: &Member{Shape: "$integer"}},
			"Union":   {Type: "structure", Union: true, Members: map[string]Member{"A": {Shape: "$string"}, "B": {Shape: "$string"}}},
			"Owner":   {Type: "structure", Members: map[string]Member{"Type": {Shape: "$string", Name: "xsi:type", Attr: true}, "ID": {Shape: "$string"}}},
			"Whole":   {Type: "structure", Payload: "Text", Members: map[string]Member{"Text": {Shape: "$string"}}},
			"Part":    {Type: "structure", Payload: "Owner", Members: map[string]Member{"Owner": {Shape: "Owner"}}},
		},
	}
	s.index()
	return s
}

func TestRequestsOfEachProtocolAreAsDocumented(t *testing.T) {
	all := map[string]any{
		"Name": "a b", "On": true, "Count": int64(3), "Since": "2024-01-02T03:04:05.5+01:00", "Ids": []any{"x", "y&z"}, "Flat": []any{"f"},
		"Tags": map[string]any{"k": "v"}, "Filter": []any{map[string]any{"Name": "n", "Values": []any{"v"}}},
	}
	rest := Operation{Method: "GET", URI: "/2020/{Key}/{path+}?fixed", Input: "Rest"}
	restParams := map[string]any{
		"Key": "arn:aws:x/y z", "Path": "a/b c", "Since": "2024-01-02T03:04:05Z", "Strict": false, "Ids": []any{"1", "2"},
		"Extra": map[string]any{"more": "yes"}, "Want": []any{"a", `b,"c`}, "Body": map[string]any{"Name": "n"},
	}
	post := Operation{Method: "POST", URI: "/", Input: "In"}
	for _, c := range []struct {
		name, protocol string
		op             Operation
		params         map[string]any
		path, query    string
		header         map[string]string
		body           string
	}{
		{"json names the operation in a header and sends times as seconds", "json", post, all, "/", "",
			map[string]string{"X-Amz-Target": "Wire_2020.Do", "Content-Type": "application/x-amz-json-1.1"},
			`{"Count":3,"Filter":[{"Name":"n","value":["v"]}],"Flat":["f"],"Name":"a b","Since":1704161045.5,"Tags":{"k":"v"},"id":["x","y\u0026z"],"on":true}`},
		{"json without parameters sends an empty object", "json", post, nil, "/", "", nil, `{}`},
		{"json leaves out what is null", "json", post, map[string]any{"Name": nil, "Filter": []any{map[string]any{"Name": nil}}}, "/", "", nil, `{"Filter":[{}]}`},
		{"query numbers the items of lists and maps", "query", post, all, "/", "", map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			"Action=Do&Count=3&Filter.Filter.1.Name=n&Filter.Filter.1.value.member.1=v&FlatItem.1=f&Name=a+b&Since=2024-01-02T02%3A04%3A05.5Z&Tags.entry.1.key=k&Tags.entry.1.value=v&Version=2020-01-01&id.member.1=x&id.member.2=y%26z&on=true"},
		{"query says that a list is empty", "query", post, map[string]any{"Ids": []any{}}, "/", "", nil, "Action=Do&Version=2020-01-01&id="},
		{"ec2 capitalises names and has no member level", "ec2", post, map[string]any{"Ids": []any{"x"}, "On": false, "Filter": []any{map[string]any{"Name": "n", "Values": []any{"v"}}}}, "/", "", nil,
			"Action=Do&Filter.1.Name=n&Filter.1.Value.1=v&Id.1=x&On=false&Version=2020-01-01"},
		{"rest-json spreads over path, query, header and body", "rest-json", rest, restParams, "/2020/arn%3Aaws%3Ax%2Fy%20z/a/b%20c", "fixed=&id=1&id=2&more=yes&since=2024-01-02T03%3A04%3A05Z&strict=false",
			map[string]string{"X-Want": `a,"b,\"c"`, "Content-Type": "application/json"}, `{"Name":"n"}`},
		{"rest-xml without a body has no content type", "rest-xml", rest, map[string]any{"Key": "k", "Path": "p"}, "/2020/k/p", "fixed=", map[string]string{"Content-Type": ""}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := newRequest(wireService(c.protocol), "Do", &c.op, c.params)
			if err != nil {
				t.Fatal(err)
			}
			if r.path != c.path {
				t.Errorf("path %s", r.path)
			}
			if q := encode(r.query); q != c.query {
				t.Errorf("query %s", q)
			}
			for k, v := range c.header {
				if r.header.Get(k) != v {
					t.Errorf("%s: %s", k, r.header.Get(k))
				}
			}
			if string(r.body) != c.body {
				t.Errorf("body %s", r.body)
			}
		})
	}
}

func TestParametersThatWouldBeDroppedAreErrors(t *testing.T) {
	post := Operation{Method: "POST", URI: "/", Input: "In"}
	for _, c := range []struct {
		name   string
		op     Operation
		params map[string]any
		say    string
	}{
		{"a parameter that the model does not have", post, map[string]any{"Nmae": "x"}, "no parameter Nmae"},
		{"one deep in a list", post, map[string]any{"Filter": []any{map[string]any{"Nmae": "x"}}}, "Filter: there is no parameter Nmae"},
		{"a text where a list belongs", post, map[string]any{"Ids": "x"}, "the model has a list"},
		{"a list where a text belongs", post, map[string]any{"Name": []any{"x"}}, "a list where"},
		{"a path without its parameter", Operation{Method: "GET", URI: "/{Key}", Input: "Rest"}, map[string]any{}, "is missing"},
		{"a path with an empty parameter", Operation{Method: "GET", URI: "/{Key}/{path}", Input: "Rest"}, map[string]any{"Key": "", "Path": "p"}, "Key is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newRequest(wireService("rest-json"), "Do", &c.op, c.params)
			if err == nil || !strings.Contains(err.Error(), c.say) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestServicesWithHabitsOfTheirOwn(t *testing.T) {
	m := NewModel()
	build := func(op string, params map[string]any) *request {
		t.Helper()
		s, o, err := m.Operation(op)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(op, ":")
		r, err := newRequest(s, name, o, params)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := build("apigateway:GetRestApis", nil); r.header.Get("Accept") != "application/json" {
		t.Error("API Gateway would answer in HAL")
	}
	if r := build("route53:GetHostedZone", map[string]any{"Id": "/hostedzone/Z1"}); r.path != "/2013-04-01/hostedzone/Z1" {
		t.Errorf("a hosted zone is asked for at %s", r.path)
	}
	if r := build("sqs:ListQueues", nil); r.header.Get("X-Amzn-Query-Mode") != "true" {
		t.Error("SQS would answer with other error codes than the AWS CLI shows")
	}
	if r := build("s3control:GetPublicAccessBlock", map[string]any{"AccountId": "111111111111"}); r.header.Get("X-Amz-Account-Id") != "111111111111" {
		t.Error("S3 Control is not told the account")
	}
}

const tree = `{"Name": "n", "On": true, "At": "2024-01-02T03:04:05Z", "List": ["a"]}`

func TestAnswersOfEachProtocolAreRead(t *testing.T) {
	for _, c := range []struct {
		name, protocol, out, wrapper string
		header                       map[string]string
		body, want                   string
	}{
		{"json: seconds with a fraction", "json", "Out", "", nil, `{"At": 1704164645.123, "count": 3}`, `{"At": "2024-01-02T03:04:05.123Z", "Count": 3}`},
		{"json: milliseconds against the model", "json", "Out", "", nil, `{"At": 1704164645123}`, `{"At": "2024-01-02T03:04:05.123Z"}`},
		{"json: members that the model does not have are left out, null too", "json", "Out", "", nil, `{"Name": null, "New": 1, "List": null}`, `{}`},
		{"json: null in a list stays", "json", "Out", "", nil, `{"List": ["a", null], "Numbers": [null, 1]}`, `{"List": ["a", null], "Numbers": [null, 1]}`},
		{"json: integers that no float holds", "json", "Out", "", nil, `{"Numbers": [9007199254740993, 9223372036854775807, 1.0, 1e3]}`, `{"Numbers": [9007199254740993, 9223372036854775807, 1, 1000]}`},
		{"json: integers that nothing holds keep their digits", "json", "Out", "", nil, `{"count": 123456789012345678901234567890}`, `{"Count": "123456789012345678901234567890"}`},
		{"json: NaN and infinities are texts", "json", "Out", "", nil, `{"Ratio": "NaN"}`, `{"Ratio": "NaN"}`},
		{"json: a float in a text", "json", "Out", "", nil, `{"Ratio": "1.5"}`, `{"Ratio": 1.5}`},
		{"json: blobs stay base64", "json", "Out", "", nil, `{"Data": "aGk="}`, `{"Data": "aGk="}`},
		{"json: documents are any JSON", "json", "Out", "", nil, `{"Any": {"a": [1, null, {"b": 1.5}]}}`, `{"Any": {"a": [1, null, {"b": 1.5}]}}`},
		{"json: a union", "json", "Out", "", nil, `{"One": {"A": "a", "__type": "x"}}`, `{"One": {"A": "a"}}`},
		{"json: a union with a member of tomorrow", "json", "Out", "", nil, `{"One": {"C": {"x": 1}, "A": null}}`, `{"One": {"SDK_UNKNOWN_MEMBER": {"name": "C"}}}`},
		{"json: no body", "json", "Out", "", nil, "", `{}`},
		{"rest-json: headers, lists in headers, status", "rest-json", "Out", "", map[string]string{"X-Name": "h", "X-List": "a, b", "X-Meta-One": "1"}, tree,
			`{"Name": "n", "On": true, "At": "2024-01-02T03:04:05Z", "List": ["a"], "Header": "h", "Listed": ["a", "b"], "Meta": {"one": "1"}, "Code": 200}`},
		{"rest-json: a body that is one text", "rest-json", "Whole", "", nil, `{"not": "read"}`, `{"Text": "{\"not\": \"read\"}"}`},
		{"rest-json: a body that is one member", "rest-json", "Part", "", nil, `{"ID": "x"}`, `{"Owner": {"ID": "x"}}`},
		{"query: the result in its wrapper", "query", "Out", "DoResult", nil,
			`<DoResponse xmlns="urn:x"><DoResult><Name>n</Name><List><member>a</member><member/></List><Map><entry><key>k</key><value>v</value></entry></Map></DoResult><ResponseMetadata/></DoResponse>`,
			`{"Name": "n", "List": ["a", ""], "Map": {"k": "v"}}`},
		{"query: flattened lists and maps", "query", "Out", "DoResult", nil,
			`<R><DoResult><FlatItem>1</FlatItem><Attribute><Name>a</Name><Value>1</Value></Attribute><FlatItem>2</FlatItem><Attribute><Name>b</Name><Value>2</Value></Attribute></DoResult></R>`,
			`{"Flat": ["1", "2"], "FlatMap": {"a": "1", "b": "2"}}`},
		{"ec2: an empty list is a list, what is missing is not there", "ec2", "Out", "", nil,
			`<DoResponse><requestId>1</requestId><List/><On>true</On><count>0</count><At>2024-01-02T03:04:05.000Z</At></DoResponse>`,
			`{"List": [], "On": true, "Count": 0, "At": "2024-01-02T03:04:05Z"}`},
		{"rest-xml: attributes", "rest-xml", "Out", "", nil,
			`<Out><Owner xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>x</ID></Owner></Out>`,
			`{"Owner": {"Type": "CanonicalUser", "ID": "x"}}`},
		{"rest-xml: texts keep their spaces and escapes", "rest-xml", "Out", "", nil, "<Out><Name> a &lt;b&gt; <![CDATA[<c>]]>\n</Name></Out>", `{"Name": " a <b> <c>\n"}`},
		{"rest-xml: a union with a member of tomorrow", "rest-xml", "Out", "", nil, `<Out><One><C><x/></C></One></Out>`, `{"One": {"SDK_UNKNOWN_MEMBER": {"name": "C"}}}`},
		{"rest-xml: no body", "rest-xml", "Out", "", nil, "", `{}`},
		{"rest-xml: HTTP dates", "rest-xml", "Out", "", nil, `<Out><At>Tue, 02 Jan 2024 03:04:05 GMT</At></Out>`, `{"At": "2024-01-02T03:04:05Z"}`},
		{"rest-xml: a time that nobody has seen stays", "rest-xml", "Out", "", nil, `<Out><At>yesterday</At></Out>`, `{"At": "yesterday"}`},
		{"query: policies are decoded", "query", "Out", "DoResult", nil, `<R><DoResult><Policy>%7B%22Version%22%3A%222012-10-17%22%2C%22N%22%3A1%7D</Policy></DoResult></R>`, `{"Policy": {"Version": "2012-10-17", "N": 1}}`},
		{"query: a policy that is none stays a text", "query", "Out", "DoResult", nil, `<R><DoResult><Policy>%7Bnone</Policy></DoResult></R>`, `{"Policy": "%7Bnone"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Response{Status: 200, Header: http.Header{}, Body: []byte(c.body)}
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			s := wireService(c.protocol)
			if len(c.header) == 0 { // tests of the body only
				out := s.Shapes["Out"]
				for _, n := range []string{"Meta", "Code"} {
					delete(out.Members, n)
				}
			}
			got, err := read(s, "Do", &Operation{Output: c.out, Wrapper: c.wrapper}, r)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			d := json.NewDecoder(strings.NewReader(c.want))
			d.UseNumber()
			if err := d.Decode(&want); err != nil {
				t.Fatal(err)
			}
			if diff := differ("", decoded(t, got), want); len(diff) > 0 {
				t.Error(strings.Join(diff, "\n"))
			}
		})
	}
}

func TestAnswersThatAreNoneAreErrors(t *testing.T) {
	for name, c := range map[string]struct{ protocol, body string }{
		"half of JSON":                    {"json", `{"Name": "n`},
		"a page of a proxy":               {"json", `<html><body>Sign in</body></html>`},
		"two values":                      {"json", `{} {}`},
		"a list for an answer":            {"json", `[]`},
		"null for an answer":              {"json", `null`},
		"a list where a structure is":     {"json", `{"Owner": []}`},
		"an object where a list is":       {"json", `{"List": {}}`},
		"half of XML":                     {"rest-xml", `<Out><Name>n`},
		"XML that is closed by another":   {"rest-xml", `<Out><Name>n</Out></Name>`},
		"two root elements":               {"rest-xml", `<Out/><Out/>`},
		"no result":                       {"query", `<DoResponse><Other/></DoResponse>`},
		"an integer that is none":         {"rest-xml", `<Out><count>many</count></Out>`},
		"elements in each other for ever": {"rest-xml", strings.Repeat("<a>", 100000)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(wireService(c.protocol), "Do", &Operation{Output: "Out", Wrapper: map[string]string{"query": "DoResult"}[c.protocol]}, &Response{Status: 200, Header: http.Header{}, Body: []byte(c.body)})
			if err == nil {
				t.Errorf("it was read as %v", got)
			}
		})
	}
}

func TestABucketsRegionIsReadFromTheRootElement(t *testing.T) {
	m := NewModel()
	s, o, err := m.Operation("s3api:GetBucketLocation")
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]any{
		`<?xml version="1.0"?><LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>`: "eu-west-1",
		`<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`:                                                   nil,
	} {
		got, err := read(s, "GetBucketLocation", o, &Response{Status: 200, Header: http.Header{}, Body: []byte(body)})
		if err != nil || !reflect.DeepEqual(got, map[string]any{"LocationConstraint": want}) {
			t.Errorf("%v, %v", got, err)
		}
	}
}

func TestErrorsOfEachProtocolAreRead(t *testing.T) {
	for _, c := range []struct {
		name, protocol string
		status         int
		header         map[string]string
		body           string
		code, message  string
	}{
		{"json: a code with its namespace", "json", 400, nil, `{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "no"}`, "AccessDeniedException", "no"},
		{"json: a code with a URL", "json", 400, nil, `{"__type": "ResourceNotFoundException:http://internal.amazon.com/x#y", "message": "none"}`, "ResourceNotFoundException", "none"},
		{"json: the code of the query protocol", "json", 400, map[string]string{"X-Amzn-Query-Error": "AWS.SimpleQueueService.NonExistentQueue;Sender"}, `{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "m"}`, "AWS.SimpleQueueService.NonExistentQueue", "m"},
		{"json: a broken header of the query protocol", "json", 400, map[string]string{"X-Amzn-Query-Error": ";Sender"}, `{"__type": "QueueDoesNotExist"}`, "QueueDoesNotExist", ""},
		{"rest-json: the header goes before the body", "rest-json", 404, map[string]string{"X-Amzn-Errortype": "ResourceNotFoundException:http://x/"}, `{"Type": "User", "message": "gone", "code": "Other"}`, "ResourceNotFoundException", "gone"},
		{"rest-json: a code in the body", "rest-json", 400, nil, `{"code": "BadRequest", "message": "m"}`, "BadRequest", "m"},
		{"rest-json: a code that is a number", "rest-json", 400, nil, `{"code": 400, "__type": "Bad"}`, "Bad", ""},
		{"query: ErrorResponse", "query", 404, nil, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>none</Message></Error><RequestId>1</RequestId></ErrorResponse>`, "NoSuchEntity", "none"},
		{"ec2: Response and Errors", "ec2", 403, nil, `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors><RequestID>1</RequestID></Response>`, "UnauthorizedOperation", "no"},
		{"rest-xml: S3's Error", "rest-xml", 404, nil, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchBucketPolicy</Code><Message>none</Message><BucketName>b</BucketName></Error>`, "NoSuchBucketPolicy", "none"},
		{"rest-xml: a denial without a body", "rest-xml", 403, nil, "", "AccessDenied", "HTTP status 403"},
		{"rest-xml: nothing without a body", "rest-xml", 404, nil, "", "404", "HTTP status 404"},
		{"too many requests without a body", "json", 429, nil, "", "TooManyRequestsException", "HTTP status 429"},
		{"a page of a load balancer", "ec2", 503, nil, "<html><body><b>Http/1.1 Service Unavailable</b></body> </html>", Unavailable, "HTTP status 503"},
		{"a page of a proxy", "json", 502, nil, "<html>Bad gateway</html>", Unavailable, "HTTP status 502"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Response{Status: c.status, Header: http.Header{}, Body: []byte(c.body)}
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			f := failure(wireService(c.protocol), r)
			if f.Code != c.code || f.Message != c.message || f.Status != c.status {
				t.Errorf("%d %q %q", f.Status, f.Code, f.Message)
			}
		})
	}
}
