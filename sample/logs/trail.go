package logs

import (
	"fmt"
	"strings"

	"github.com/haetae/haetae"
)

// identity is who a record of CloudTrail says made the call.
type identity struct {
	json    string // the userIdentity, without the brace at its end
	account string
	arn     string
	id      string // principal id
	key     string
	kind    string
	console bool // of a console session
}

// principal is the id that IAM has given: the same for a name, each time.
func principal(prefix, arn string) string {
	h := hash(prefix + arn)
	b := []byte(prefix)
	for range 17 {
		b = append(b, base32[h%32])
		h = h/32 ^ h<<37 ^ 0x9e3779b97f4a7c15
	}
	return string(b)
}

// user is an IAM user with a key. session is what sessionContext's attributes say, nil
// for a key that was not got by signing in.
func user(account, path, name, key string, session raw) identity {
	arn := "arn:aws:iam::" + account + ":user" + path + name
	i := identity{account: account, arn: arn, id: principal("AIDA", arn), key: key, kind: "IAMUser", console: session != ""}
	pairs := []any{"type", "IAMUser", "principalId", i.id, "arn", arn, "accountId", account, "accessKeyId", key, "userName", name}
	if session != "" {
		pairs = append(pairs, "sessionContext", nested("attributes", session))
	}
	i.json = cut(object(pairs...))
	return i
}

// root is the root user of an account. key is "" while it signs in.
func root(account, key string, session raw) identity {
	i := identity{account: account, arn: "arn:aws:iam::" + account + ":root", id: account, key: key, kind: "Root", console: session != ""}
	pairs := []any{"type", "Root", "principalId", account, "arn", i.arn, "accountId", account, "accessKeyId", key}
	if session != "" {
		pairs = append(pairs, "sessionContext", nested("attributes", session))
	}
	i.json = cut(object(pairs...))
	return i
}

// service is an AWS service that acts by itself.
func service(name string) identity {
	return identity{json: cut(object("type", "AWSService", "invokedBy", name)), arn: name, kind: "AWSService"}
}

// stranger is somebody of another account, as the account that was called sees it.
func stranger(account, id string) identity {
	return identity{json: cut(object("type", "AWSAccount", "principalId", id, "accountId", account)), account: account, id: id, kind: "AWSAccount"}
}

// anonymous is whoever gives no credentials.
func anonymous() identity {
	return identity{json: cut(object("type", "AWSAccount", "principalId", "", "accountId", "anonymous")), kind: "AWSAccount"}
}

// attributes are those of the session of somebody who signed in.
func attributes(at int64, mfa bool) raw {
	return nested("creationDate", clock(at, "2006-01-02T15:04:05Z"), "mfaAuthenticated", fmt.Sprint(mfa))
}

func cut(object string) string { return object[:len(object)-1] }

// role names a role; its path ends in a slash.
type role struct{ account, path, name string }

func (r role) arn() string { return "arn:aws:iam::" + r.account + ":role" + r.path + r.name }

// session is a session of a role with credentials of its own. more is put into the
// sessionContext.
func (w *world) session(r role, name string, at int64, mfa bool, more ...any) identity {
	arn, id := r.arn(), principal("AROA", r.arn())
	i := identity{account: r.account, arn: "arn:aws:sts::" + r.account + ":assumed-role/" + r.name + "/" + name, id: id + ":" + name,
		key: "ASIA" + random(w.r, 16, base32), kind: "AssumedRole"}
	context := append([]any{"sessionIssuer", nested("type", "Role", "principalId", id, "arn", arn, "accountId", r.account, "userName", r.name),
		"attributes", attributes(at, mfa)}, more...)
	i.json = cut(object("type", "AssumedRole", "principalId", i.id, "arn", i.arn, "accountId", r.account, "accessKeyId", i.key,
		"sessionContext", nested(context...)))
	return i
}

// resource is one that a record names.
type resource struct{ typ, arn, account string }

// call is a record of CloudTrail.
type call struct {
	who       identity
	through   string // the service that called for who
	account   string // for which it is recorded; that of who when it is ""
	region    string
	source    string // "ec2": the prefix of eventSource
	name      string
	address   string
	agent     string
	request   string // JSON; "" is null
	response  string
	more      string // additionalEventData
	err       string // code
	message   string
	resources []resource
	shared    string // sharedEventID
	endpoint  string // the VPC endpoint
	context   string // eventContext
	typ       string // eventType, when it is no call of an API
	requestID string
	data      bool // of objects, not of management
	write     bool
	mark      *mark
}

// trail is the log of an account in a region, as the organisation's trail delivers it.
func (w *world) trail(account, region string) *stream {
	s := w.trails[account+region]
	if s == nil {
		s = w.stream(&stream{log: haetae.CloudTrail, head: `{"Records":[`, between: ",", tail: "]}", perFile: 2000, least: 100, wait: 20 * minute, unreliable: true,
			file: func(at int64, unique string) string {
				return fmt.Sprintf("AWSLogs/%s/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", organization, account, region,
					clock(at, "2006/01/02"), account, region, clock(at, "20060102T1504Z"), unique)
			}}, "trail "+account+region)
		w.trails[account+region] = s
	}
	return s
}

// call writes a record and returns its event's id.
func (w *world) call(at int64, c call) string {
	if c.account == "" {
		c.account = c.who.account
	}
	s := w.trail(c.account, c.region)
	s.open(at)
	b := append(s.buf, `{"eventVersion":"1.11","userIdentity":`...)
	b = append(b, c.who.json...)
	if c.through != "" {
		b = append(b, `,"invokedBy":`...)
		b = quote(b, c.through)
	}
	b = append(b, `},"eventTime":"`...)
	b = stamp(b, at)
	b = append(b, `","eventSource":"`...)
	b = append(b, c.source...)
	b = append(b, `.amazonaws.com","eventName":"`...)
	b = append(b, c.name...)
	b = append(b, `","awsRegion":"`...)
	b = append(b, c.region...)
	b = append(b, `","sourceIPAddress":`...)
	b = quote(b, c.address)
	b = append(b, `,"userAgent":`...)
	b = quote(b, c.agent)
	if c.err != "" {
		b = append(b, `,"errorCode":`...)
		b = quote(b, c.err)
		c.response = ""
	}
	if c.message != "" { // a failed sign-in has a message, no code, and an answer
		b = append(b, `,"errorMessage":`...)
		b = quote(b, c.message)
	}
	b = append(b, `,"requestParameters":`...)
	b = jsonOrNull(b, c.request)
	b = append(b, `,"responseElements":`...)
	b = jsonOrNull(b, c.response)
	if c.more != "" {
		b = append(b, `,"additionalEventData":`...)
		b = append(b, c.more...)
	}
	b = append(b, `,"requestID":"`...)
	switch {
	case c.requestID != "":
		b = append(b, c.requestID...)
	case c.source == "s3":
		b = append(b, random(w.r, 16, upper)...)
	default:
		b = uuid(b, w.r)
	}
	b = append(b, `","eventID":"`...)
	from := len(b)
	b = uuid(b, w.r)
	id := string(b[from:])
	b = append(b, `","readOnly":`...)
	b = value(b, !c.write)
	if len(c.resources) > 0 {
		b = append(b, `,"resources":[`...)
		for i, r := range c.resources {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '{')
			if r.account != "" {
				b = append(append(append(b, `"accountId":"`...), r.account...), `",`...)
			}
			if r.typ != "" {
				b = append(append(append(b, `"type":"`...), r.typ...), `",`...)
			}
			b = append(b, `"ARN":`...)
			b = append(quote(b, r.arn), '}')
		}
		b = append(b, ']')
	}
	b = append(b, `,"eventType":"`...)
	if c.typ == "" {
		c.typ = "AwsApiCall"
	}
	b = append(b, c.typ...)
	b = append(b, `","managementEvent":`...)
	b = value(b, !c.data)
	b = append(append(append(b, `,"recipientAccountId":"`...), c.account...), '"')
	if c.shared != "" {
		b = append(append(append(b, `,"sharedEventID":"`...), c.shared...), '"')
	}
	if c.endpoint != "" {
		b = append(append(append(b, `,"vpcEndpointId":"`...), c.endpoint...), `","vpcEndpointAccountId":"`...)
		b = append(append(b, c.account...), '"')
	}
	if c.data {
		b = append(b, `,"eventCategory":"Data"`...)
	} else {
		b = append(b, `,"eventCategory":"Management"`...)
	}
	if strings.ContainsAny(c.address, ".:") && !strings.HasSuffix(c.address, ".amazonaws.com") && c.typ == "AwsApiCall" {
		b = append(b, `,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"`...)
		b = append(append(b, hostOf(c)...), `"}`...)
	}
	if c.who.console && c.typ == "AwsApiCall" {
		b = append(b, `,"sessionCredentialFromConsole":"true"`...)
	}
	if c.context != "" {
		b = append(append(b, `,"eventContext":`...), c.context...)
	}
	s.buf = append(b, '}')
	if c.mark != nil {
		m := *c.mark
		m.id = id
		c.mark = &m
	}
	s.close(w, c.mark)
	return id
}

func jsonOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return append(b, s...)
}

// hostOf is the name that a call was sent to.
func hostOf(c call) string {
	switch c.source {
	case "iam":
		return "iam.amazonaws.com"
	case "monitoring", "logs", "ec2", "sts", "kms", "s3", "ssm", "rds", "ecs", "lambda", "backup":
	case "ecr":
		return "api.ecr." + c.region + ".amazonaws.com"
	}
	return c.source + "." + c.region + ".amazonaws.com"
}

// assume takes a role by AssumeRole and returns its session. Between accounts both
// get a record, with the same sharedEventID; the one that owns the role learns no
// more of the caller than its id.
func (w *world) assume(at int64, c call, r role, name string, mfa bool) identity {
	i := w.session(r, name, at, mfa)
	c.source, c.name, c.write = "sts", "AssumeRole", true
	request := []any{"roleArn", r.arn(), "roleSessionName", name, "durationSeconds", 3600}
	if mfa {
		request = append(request, "serialNumber", strings.Replace(c.who.arn, ":user/", ":mfa/", 1))
	}
	c.request = object(request...)
	c.response = granted(i, at)
	c.resources = []resource{{"AWS::IAM::Role", r.arn(), r.account}}
	if c.who.kind == "AWSService" {
		c.account = r.account
		c.shared = string(uuid(nil, w.r))
	}
	c.requestID = string(uuid(nil, w.r))
	if c.who.account != "" && c.who.account != r.account {
		c.shared = string(uuid(nil, w.r))
		w.call(at, c)
		c.who, c.account = stranger(c.who.account, c.who.id), r.account
	}
	w.call(at, c)
	return i
}

// granted is what STS answers.
func granted(i identity, at int64) string {
	return object("credentials", nested("accessKeyId", i.key, "sessionToken", "HIDDEN_DUE_TO_SECURITY_REASONS", "expiration", clock(at+hour, "Jan 2, 2006, 3:04:05 PM")),
		"assumedRoleUser", nested("assumedRoleId", i.id, "arn", i.arn))
}

// denied makes a call one that was refused, in the words of IAM.
func denied(c call, on string) call {
	c.err = "AccessDenied"
	if c.source == "ec2" {
		c.err = "Client.UnauthorizedOperation"
	}
	c.message = fmt.Sprintf("User: %s is not authorized to perform: %s:%s on resource: %s because no identity-based policy allows the %s:%s action",
		c.who.arn, c.source, c.name, on, c.source, c.name)
	return c
}

// object is a data event of S3.
func (w *world) object(at int64, c call, bucket bucketName, key string, size int) string {
	c.source, c.data = "s3", true
	if c.region == "" {
		c.region = bucket.region
	}
	request := []any{"bucketName", bucket.name, "Host", bucket.name + ".s3." + bucket.region + ".amazonaws.com"}
	if key != "" {
		request = append(request, "key", key)
	}
	if c.request == "" {
		c.request = object(request...)
	}
	in, out := 0, size
	if c.name == "PutObject" || c.name == "UploadPart" || c.name == "CopyObject" {
		in, out = size, 0
		c.write = true
		if c.response == "" {
			c.response = object("x-amz-server-side-encryption", "AES256")
		}
	}
	if strings.HasPrefix(c.name, "Delete") {
		c.write, out = true, 0
	}
	method := "AuthHeader"
	more := []any{"SignatureVersion", "SigV4", "CipherSuite", "TLS_AES_128_GCM_SHA256", "bytesTransferredIn", in, "AuthenticationMethod", method}
	if c.who.arn == "" {
		more = []any{"CipherSuite", "TLS_AES_128_GCM_SHA256", "bytesTransferredIn", in}
	}
	c.more = object(append(more, "x-amz-id-2", random(w.r, 56, base64s), "bytesTransferredOut", out)...)
	c.account = bucket.account
	c.resources = []resource{{"AWS::S3::Bucket", "arn:aws:s3:::" + bucket.name, bucket.account}}
	if key != "" {
		c.resources = append([]resource{{"AWS::S3::Object", "arn:aws:s3:::" + bucket.name + "/" + key, ""}}, c.resources...)
	}
	if c.err == "" && c.who.account != "" && c.who.account != bucket.account {
		c.shared = string(uuid(nil, w.r))
	}
	return w.call(at, c)
}

// bucketName is a bucket and where it is.
type bucketName struct{ name, account, region string }

// bucket is one of production in the main region.
func bucket(name string) bucketName { return bucketName{name, production, virginia} }

// The buckets of others.
func (w *world) otherBucket(name string) bucketName {
	switch name {
	case "haenyeo-dev-share", "haenyeo-dev-artifacts":
		return bucketName{name, development, virginia}
	case "haenyeo-organization-trail", "haenyeo-trail-access":
		return bucketName{name, archive, virginia}
	case "haenyeo-customer-exports-seoul":
		return bucketName{name, production, seoul}
	}
	return bucket(name)
}
