package projection_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/haetae/haetae/projection"
)

func show(r *projection.Record, names []string) string {
	var b strings.Builder
	for n, name := range names {
		if !r.Has(n) {
			continue
		}
		fmt.Fprintf(&b, "%s:", name)
		for _, v := range r.Append(n, nil) {
			fmt.Fprintf(&b, " %d%q", v.Kind, v.Text)
		}
		b.WriteString("; ")
	}
	return b.String()
}

func TestRead(t *testing.T) {
	names := []string{"a", "a.b", "c.d.e", "l", "x..y"}
	for name, c := range map[string]struct{ data, want string }{
		"a text, a number, a bool and a null":         {`{"a":"x","l":-1.50e3,"c":{"d":{"e":true}},"z":null}`, `a: 1"x"; c.d.e: 3"true"; l: 2"-1.50e3"; `},
		"null is a value without a text":              {`{"a":null}`, `a: 0""; `},
		"an object is its text, and what is below it": {`{"a": {"b" : "x", "q":[1, {"r":2}]} }`, `a: 4"{\"b\" : \"x\", \"q\":[1, {\"r\":2}]}"; a.b: 1"x"; `},
		"lists stand for their elements":              {`{"l":[1,[2,"3"],[]],"a":[{"b":"x"},7,{"b":["y","z"]}]}`, `a: 4"{\"b\":\"x\"}" 2"7" 4"{\"b\":[\"y\",\"z\"]}"; a.b: 1"x" 1"y" 1"z"; l: 2"1" 2"2" 1"3"; `},
		"an empty list is there":                      {`{"l":[]}`, `l:; `},
		"escapes are taken off":                       {`{"l":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800x"}`, `l: 1"a\"\\/\b\f\n\r\té😀` + "\ufffd" + `x"; `},
		"other scripts than Latin":                    {`{"l":"한국어","z":"해태"}`, `l: 1"한국어"; `},
		"spaces in all places":                        {" \t\r\n{ \"l\" :\n[ 1 , 2 ] , \"z\" : { } }", `l: 2"1" 2"2"; `},
	} {
		t.Run(name, func(t *testing.T) {
			r := projection.New(names).NewRecord()
			n, state := r.Read([]byte(c.data + `{"next":1}`))
			if got := show(r, names); state != projection.Whole || n != len(c.data) || got != c.want {
				t.Errorf("%d of %d bytes, state %d: %s", n, len(c.data), state, got)
			}
			for cut := range c.data {
				if _, state := r.Read([]byte(c.data[:cut])); state != projection.Short {
					t.Errorf("cut at %d: state %d", cut, state)
				}
			}
		})
	}
}

func TestWhatIsOddIsTold(t *testing.T) {
	for name, data := range map[string]string{
		"a wanted name that stands twice":       `{"a":1,"a":2}`,
		"a name with an escape":                 `{"\u0061":1}`,
		"a name that may be a path":             `{"a.b":1}`,
		"broken UTF-8 in what is not wanted":    "{\"z\":\"\xff\"}",
		"a list":                                `[1]`,
		"no comma":                              `{"a":1 "b":2}`,
		"a comma at the end":                    `{"a":1,}`,
		"a comma at the end of a list":          `{"z":[1,]}`,
		"a bracket that closes something else":  `{"z":[1}`,
		"a number that begins with zero":        `{"z":01}`,
		"a number without digits":               `{"z":-x}`,
		"a control character in a text":         "{\"z\":\"a\nb\"}",
		"an escape that is none":                `{"z":"\x"}`,
		"digits of an escape that are none":     `{"z":"\u12g4"}`,
		"a word that is none":                   `{"a":nul}`,
		"objects in each other without an end":  `{"z":` + strings.Repeat(`{"z":`, 5000),
		"lists in each other in what is wanted": `{"a":` + strings.Repeat(`[`, 5000),
	} {
		t.Run(name, func(t *testing.T) {
			r := projection.New([]string{"a", "a.b"}).NewRecord()
			if n, state := r.Read([]byte(data)); n != 0 || state != projection.Odd || r.Has(0) {
				t.Errorf("%d bytes, state %d", n, state)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	f := projection.New([]string{"a.b", "", "a..b", "c", "c"})
	for name, want := range map[string]int{"a.b": 0, "c": 3, "": -1, "a..b": -1, "d": -1} {
		if n, ok := f.Number(name); ok != (want >= 0) || ok && n != want {
			t.Errorf("%q: %d %v, want %d", name, n, ok, want)
		}
	}
	if f.Len() != 5 {
		t.Error(f.Len())
	}
}

// FuzzRead holds what is read against encoding/json: the same texts are valid, and an
// object ends where it does there.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"a":{"b":["x\n",1.5e-3]},"l":[{},[]]}x`, `{"a":"\ud83d\ude00"}`, `{"a":tru`, `{"a.b":1}`, "{\"a\":\"\xff\"}", `[]`} {
		f.Add([]byte(s))
	}
	names := []string{"a", "a.b", "l", "c.d"}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := projection.New(names).NewRecord()
		n, state := r.Read(data)
		switch state {
		case projection.Whole:
			if !json.Valid(data[:n]) || data[n-1] != '}' {
				t.Fatalf("%q is read, and no JSON", data[:n])
			}
			for i := range names {
				r.Append(i, nil)
			}
		case projection.Short:
			if json.Valid(data) {
				t.Fatalf("%q is whole, and read as short", data)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	names := []string{"eventID", "eventTime", "eventSource", "eventName", "awsRegion", "recipientAccountId", "userIdentity.type", "userIdentity.arn",
		"userIdentity.accountId", "userIdentity.sessionContext.sessionIssuer.arn", "sourceIPAddress", "userAgent", "errorCode", "requestParameters.bucketName"}
	data := []byte(`{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE0000000001:deploy","arn":"arn:aws:sts::111122223333:assumed-role/deploy/deploy","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE000000001","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE0000000001","arn":"arn:aws:iam::111122223333:role/deploy","accountId":"111122223333","userName":"deploy"},"attributes":{"creationDate":"2026-01-02T03:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"2026-01-02T03:04:05Z","eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","userAgent":"[aws-sdk-go-v2/1.30 os/linux lang/go#1.26 md/GOOS#linux md/GOARCH#arm64 api/s3#1.66.0]","requestParameters":{"bucketName":"example-artifacts","Host":"example-artifacts.s3.eu-west-1.amazonaws.com","key":"build/0001/out.tar.zst"},"responseElements":{"x-amz-server-side-encryption":"AES256"},"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":104857,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"ExampleExampleExampleExampleExampleExampleExampleExampleExampleExample","bytesTransferredOut":0},"requestID":"EXAMPLE0123456789","eventID":"00000000-0000-4000-8000-000000000001","readOnly":false,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::example-artifacts/build/0001/out.tar.zst"},{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::example-artifacts"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"example-artifacts.s3.eu-west-1.amazonaws.com"}}`)
	r := projection.New(names).NewRecord()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, state := r.Read(data); state != projection.Whole {
			b.Fatal(state)
		}
	}
}
