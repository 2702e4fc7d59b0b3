package main

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRequestsWithTheSameAnswerHaveTheSameKey(t *testing.T) {
	type ask struct{ key, date, target, form, path, body string }
	for _, c := range []struct {
		name string
		a, b ask
		same bool
	}{
		{"on another day, with another token of the client", ask{form: "Action=DescribeVpcs&Version=2016-11-15&ClientToken=1", date: "20260101"}, ask{form: "Version=2016-11-15&Action=DescribeVpcs&ClientToken=2", date: "20260202"}, true},
		{"members in another order", ask{target: "DynamoDB_20120810.ListTables", body: `{"Limit":10,"B":1}`}, ask{target: "DynamoDB_20120810.ListTables", body: `{"B":1, "Limit":10}`}, true},
		{"another page", ask{form: "Action=ListRoles"}, ask{form: "Action=ListRoles&Marker=x"}, false},
		{"another bucket", ask{path: "/one?acl"}, ask{path: "/two?acl"}, false},
		{"another setting of a bucket", ask{path: "/one?acl"}, ask{path: "/one?policy"}, false},
		{"another account", ask{key: "ASIA", form: "Action=ListRoles"}, ask{key: "AKIA", form: "Action=ListRoles"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := func(a ask) string {
				path, body := a.path, a.form+a.body
				if path == "" {
					path = "/"
				}
				r := httptest.NewRequest("POST", path, nil)
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+a.key+"/"+a.date+"/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0")
				r.Header.Set("X-Amz-Target", a.target)
				if a.form != "" {
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
				}
				return parse(r, []byte(body), &names{}, strings.ToLower).key()
			}
			if same := key(c.a) == key(c.b); same != c.same {
				t.Errorf("%q and %q", key(c.a), key(c.b))
			}
		})
	}
}
