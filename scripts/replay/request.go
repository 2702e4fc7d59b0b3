package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// protocol is how a service words its errors.
type protocol int

const (
	jsonRPC protocol = iota
	cbor
	queryXML
	ec2XML
	restJSON
	restXML
	s3XML
)

// request is what a client asks, without what differs from run to run.
type request struct {
	account  string // of the role that was assumed, else "caller"
	region   string
	service  string // the AWS CLI's name
	op       string
	protocol protocol
	params   map[string]string
	rest     string // what of the request is not in params
}

// passing are parameters that differ from run to run and change nothing that is
// measured. The periods of metrics are among them: they are told from the clock.
var passing = []string{"StartTime", "EndTime", "startTime", "endTime", "ClientToken", "clientToken", "ClientRequestToken", "RoleSessionName", "x-id"}

// parse reads a signed request. accounts gives the account of an access key.
func parse(r *http.Request, body []byte, n *names, accounts func(key string) string) *request {
	key, region, signing := scope(r.Header.Get("Authorization"))
	q := &request{account: accounts(key), region: region, params: map[string]string{}}
	query := r.URL.Query()
	for name, values := range query {
		q.params[name] = strings.Join(values, "\n")
	}
	target := r.Header.Get("X-Amz-Target")
	switch {
	case target != "":
		q.op = target[strings.LastIndexByte(target, '.')+1:]
		q.service = cliName(signing, "", "")
		q.rest = canonicalJSON(body)
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		q.op = r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		q.service, q.protocol = cliName(signing, "", ""), cbor
		// A client encodes the members of a map in any order, so the bytes are
		// sorted: no two requests of a scan differ in their order only.
		sorted := bytes.Clone(body)
		slices.Sort(sorted)
		q.rest = string(sorted)
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && bytes.Contains(body, []byte("Action=")):
		form, _ := url.ParseQuery(string(body)) // what cannot be parsed is as unknown as what was not recorded
		for name := range form {
			q.params[name] = form.Get(name)
		}
		q.op = q.params["Action"]
		q.service, q.protocol = cliName(signing, "", q.params["Version"]), queryXML
		if signing == "ec2" {
			q.protocol = ec2XML
		}
	default:
		q.service = cliName(signing, r.URL.Path, "")
		q.op = n.find(q.service, r.Method, r.URL.Path, query)
		q.rest = r.Method + " " + r.URL.Path + " " + canonicalJSON(body)
		switch q.service {
		case "s3api":
			q.protocol = s3XML
		case "s3control", "route53", "cloudfront":
			q.protocol = restXML
			q.rest += r.Header.Get("X-Amz-Account-Id")
		default:
			q.protocol = restJSON
		}
	}
	for _, name := range passing {
		delete(q.params, name)
	}
	return q
}

// key is the same for requests that have the same answer.
func (q *request) key() string {
	params, _ := json.Marshal(q.params) // a map of texts always encodes, sorted by name
	return strings.Join([]string{q.account, q.region, q.service, q.op, string(params), q.rest}, "|")
}

// scope returns access key, region and signing name of an Authorization header:
// "AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
func scope(header string) (key, region, service string) {
	_, rest, _ := strings.Cut(header, "Credential=")
	rest, _, _ = strings.Cut(rest, ",")
	if p := strings.Split(rest, "/"); len(p) == 5 {
		return p[0], p[2], p[3]
	}
	return "", "", ""
}

// cliName returns the AWS CLI's name of a service. Some services share a signing
// name and differ by path or version.
func cliName(signing, path, version string) string {
	switch signing {
	case "s3":
		if strings.HasPrefix(path, "/v20180820/") {
			return "s3control"
		}
		return "s3api"
	case "elasticloadbalancing":
		if version == "2012-06-01" {
			return "elb"
		}
		return "elbv2"
	case "es":
		if strings.HasPrefix(path, "/2015-01-01/") {
			return "es"
		}
		return "opensearch"
	case "apigateway":
		if strings.HasPrefix(path, "/v2/") {
			return "apigatewayv2"
		}
	case "elasticfilesystem":
		return "efs"
	case "monitoring":
		return "cloudwatch"
	case "states":
		return "stepfunctions"
	case "config":
		return "configservice"
	case "access-analyzer":
		return "accessanalyzer"
	}
	return signing
}

// canonicalJSON returns a JSON object with its members sorted and without the
// passing ones, and anything else as it is.
func canonicalJSON(body []byte) string {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var m map[string]any
	if d.Decode(&m) != nil {
		return string(body)
	}
	for _, name := range passing {
		delete(m, name)
	}
	out, _ := json.Marshal(m) // what was decoded encodes
	return string(out)
}

// accountOf returns the account of an ARN.
func accountOf(arn string) string {
	if p := strings.SplitN(arn, ":", 6); len(p) == 6 {
		return p[4]
	}
	return ""
}
