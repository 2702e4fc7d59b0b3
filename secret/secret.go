// Package secret recognises secrets in text. It knows the forms that issuers
// give to theirs, and judges other values by the name that they are kept under.
package secret

import (
	"math"
	"strings"
)

// The kinds. They appear in output and in snapshot files.
const (
	AWSAccessKey = "aws-access-key"
	AWSSecretKey = "aws-secret-key"
	PrivateKey   = "private-key"
	GitHubToken  = "github-token"
	SlackToken   = "slack-token"
	SlackWebhook = "slack-webhook"
	GoogleAPIKey = "google-api-key"
	StripeKey    = "stripe-key"
	JWT          = "jwt"
	DatabaseURL  = "database-url"
	Password     = "password"
	HighEntropy  = "high-entropy"
)

// shape is the form of a secret: what it starts with, and what must follow.
type shape struct {
	start string
	kind  string
	is    func(text string, at int) bool // at is where start begins
}

// issued is the form of a token: a start of its issuer's and at least so many
// characters more.
func issued(start, kind string, least int, is func(byte) bool) shape {
	return shape{start, kind, token(start, least, is)}
}

// shapes lists the forms, the gravest first. The starts are looked for by
// strings.Index, one after the other, which is faster than going through the
// text once with all of them in hand. The table is never written to.
var shapes = [...]shape{
	{"-----BEGIN ", PrivateKey, privateKey},
	{"AKIA", AWSAccessKey, accessKey},
	{"ASIA", AWSAccessKey, accessKey},
	issued("ghp_", GitHubToken, 36, alnum),
	issued("gho_", GitHubToken, 36, alnum),
	issued("ghu_", GitHubToken, 36, alnum),
	issued("ghs_", GitHubToken, 36, alnum),
	issued("ghr_", GitHubToken, 36, alnum),
	issued("github_pat_", GitHubToken, 50, word),
	issued("xoxb-", SlackToken, 20, wordDash),
	issued("xoxp-", SlackToken, 20, wordDash),
	issued("xoxa-", SlackToken, 20, wordDash),
	issued("xoxr-", SlackToken, 20, wordDash),
	issued("xoxs-", SlackToken, 20, wordDash),
	issued("xapp-", SlackToken, 20, wordDash),
	issued("hooks.slack.com/services/", SlackWebhook, 20, webhook),
	issued("AIza", GoogleAPIKey, 35, wordDash),
	issued("sk_live_", StripeKey, 16, alnum),
	issued("rk_live_", StripeKey, 16, alnum),
	issued("sk_test_", StripeKey, 16, alnum),
	{"://", DatabaseURL, databaseURL},
	{"eyJ", JWT, jsonWebToken},
	{"=", "", nil}, // an assignment: see assigned
}

// Kind returns the kind of the first secret of the gravest kind that the text
// holds, or "". Beside the forms above it knows assignments with a telling name,
// as in a script or a file of environment variables: DB_PASSWORD=….
func Kind(text string) string {
	for i := range shapes {
		s := &shapes[i]
		for at := 0; ; at += len(s.start) {
			next := strings.Index(text[at:], s.start)
			if next < 0 {
				break
			}
			at += next
			if s.is == nil {
				if kind := assigned(text, at); kind != "" {
					return kind
				}
			} else if s.is(text, at) {
				return s.kind
			}
		}
	}
	return ""
}

// KindNamed is [Kind] for a value that has a name: an environment variable, a
// parameter. A value that only refers to a secret is none.
func KindNamed(name, value string) string {
	if kind := Kind(value); kind != "" {
		return kind
	}
	return kindByName(name, strings.TrimSpace(value))
}

func kindByName(name, value string) string {
	if IsReference(value) {
		return ""
	}
	sense := senseOf(name)
	switch {
	case sense == harmless:
	case len(value) == 40 && all(value, base64) && mixed(value) && sense != 0:
		return AWSSecretKey
	case sense == secretName && len(value) >= 4 && !isSetting(value):
		return Password
	case sense == keyName && len(value) >= 20 && all(value, base64url) && entropy(value) >= 3.5:
		return HighEntropy
	}
	return ""
}

// IsReference tells whether a value says where a secret is kept rather than what
// it is: a dynamic reference of CloudFormation, an ARN, the path of a parameter,
// a variable, or a placeholder.
func IsReference(value string) bool {
	switch {
	case value == "", strings.HasPrefix(value, "arn:"), strings.Contains(value, "{{resolve:"),
		strings.HasPrefix(value, "{{"), strings.HasPrefix(value, "ssm:"),
		strings.HasPrefix(value, "secretsmanager:"), strings.HasPrefix(value, "vault:"),
		strings.HasPrefix(value, "!Ref "), strings.HasPrefix(value, "!Sub "), strings.HasPrefix(value, "!GetAtt "),
		strings.HasPrefix(value, "<") && strings.HasSuffix(value, ">"),
		len(value) > 2 && value[0] == '%' && all(value[1:len(value)-1], word) && value[len(value)-1] == '%':
		return true
	case value[0] == '$' && len(value) > 1:
		return value[1] == '{' || value[1] == '(' || all(value[1:], word) && !digit(value[1])
	case value[0] == '/' && all(value, path):
		// "/prod/db/password": the name of a parameter. Base64 may start so too,
		// but then it has no second part or is not spelt like words.
		return strings.Count(value, "/") > 1 && !mixed(value) || len(value) < 20
	}
	return strings.Trim(value, "*") == "" || strings.Trim(value, "xX") == ""
}

// isSetting tells whether a value is a switch or a number rather than a secret.
func isSetting(value string) bool {
	switch strings.ToLower(value) {
	case "true", "false", "none", "null", "enabled", "disabled", "required", "optional", "default":
		return true
	}
	return len(value) < 6 && strings.Trim(value, "0123456789") == ""
}

// Senses of a name.
const (
	harmless   = -1 // it is about a secret: where it is, how long, how old
	secretName = 1  // what it holds is a secret
	keyName    = 2  // what it holds may be one if it looks like one
)

// senseOf judges a name by its words: "dbPassword", "DB_PASSWORD", "db-password".
func senseOf(name string) int {
	sense, last := 0, ""
	secretive := func(w string) bool {
		switch w {
		case "password", "passwd", "pwd", "passphrase", "pass", "secret", "secrets", "token", "credential",
			"credentials", "apikey", "secretkey", "privatekey", "accesskey", "authtoken", "masterpassword":
			return true
		}
		return strings.HasSuffix(w, "password") || strings.HasSuffix(w, "passwd")
	}
	for w := range words(name) {
		switch {
		case secretive(w):
			sense = secretName
		case w == "key" && (last == "api" || last == "secret" || last == "private" || last == "access"):
			sense = secretName
		case (w == "key" || w == "salt" || w == "signing" || w == "encryption" || w == "auth" || w == "hash") && sense == 0:
			sense = keyName
		}
		last = w
	}
	switch last {
	case "name", "arn", "id", "path", "file", "filename", "url", "uri", "endpoint", "length", "ttl", "expiry", "expiration",
		"enabled", "policy", "region", "type", "host", "version", "algorithm", "age", "days", "seconds", "alias", "prefix", "issuer", "count", "size":
		if sense != 0 {
			return harmless
		}
	}
	return sense
}

// words gives the words of a name in lower case.
func words(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start := 0
		for i := 0; i <= len(name); i++ {
			cut := i == len(name) || !alnum(name[i])
			camel := !cut && i > start && upper(name[i]) && (!upper(name[i-1]) || i+1 < len(name) && lower(name[i+1]))
			if !cut && !camel {
				continue
			}
			if i > start && !yield(strings.ToLower(name[start:i])) {
				return
			}
			start = i
			if cut {
				start = i + 1
			}
		}
	}
}

// assigned judges the assignment NAME=value around the sign at the place. With
// spaces around the sign, as in the AWS credentials file but in program code too,
// only a key of AWS counts.
func assigned(text string, at int) string {
	end, spaced := at, false
	if end > 0 && text[end-1] == ' ' {
		end, spaced = end-1, true
	}
	from := end
	for from > 0 && end-from < 64 && (word(text[from-1]) || text[from-1] == '-') {
		from--
	}
	if end-from < 3 || from > 0 && text[from-1] == '$' {
		return ""
	}
	name := text[from:end]
	if s := senseOf(name); s != secretName {
		return ""
	}
	value := text[at+1:]
	if strings.HasPrefix(value, " ") {
		value, spaced = value[1:], true
	}
	if value == "" {
		return ""
	}
	if q := value[0]; q == '"' || q == '\'' {
		end := strings.IndexByte(value[1:], q)
		if end < 0 {
			return ""
		}
		value = value[1 : 1+end]
	} else {
		end := strings.IndexAny(value, " \t\r\n;&|,)`<>\"'")
		if end >= 0 {
			value = value[:end]
		}
	}
	if len(value) < 6 || strings.ContainsAny(value, "\n") {
		return ""
	}
	kind := kindByName(name, value)
	if spaced && kind != AWSSecretKey {
		return ""
	}
	return kind
}

func privateKey(text string, at int) bool {
	line := text[at+len("-----BEGIN "):]
	if len(line) > 64 {
		line = line[:64]
	}
	i := strings.Index(line, "PRIVATE KEY")
	return i >= 0 && !strings.ContainsAny(line[:i], "\r\n") && strings.HasPrefix(line[i+len("PRIVATE KEY"):], "-----") ||
		i >= 0 && strings.HasPrefix(line[i:], "PRIVATE KEY BLOCK-----")
}

// accessKey: AKIA for keys of a user, ASIA for temporary ones, and 16 more
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids).
// The example keys of AWS's documentation count too: a rule that lets them
// through is one that nobody can try out.
func accessKey(text string, at int) bool {
	if at > 0 && alnum(text[at-1]) {
		return false
	}
	n := run(text[at:], func(c byte) bool { return upper(c) || digit(c) })
	return n == 20 && (at+n == len(text) || !alnum(text[at+n]))
}

// token makes a test for a start followed by at least so many of the characters.
func token(start string, least int, is func(byte) bool) func(string, int) bool {
	return func(text string, at int) bool {
		return (at == 0 || !alnum(text[at-1])) && run(text[at+len(start):], is) >= least
	}
}

// databaseURL finds a user and a password before the host of a URL.
func databaseURL(text string, at int) bool {
	from := at
	for from > 0 && at-from < 32 && (alnum(text[from-1]) || text[from-1] == '+' || text[from-1] == '-') {
		from--
	}
	if from == at {
		return false
	}
	authority := text[at+3:]
	if len(authority) > 512 {
		authority = authority[:512]
	}
	if end := strings.IndexAny(authority, "/?# \t\r\n\"'<>"); end >= 0 {
		authority = authority[:end]
	}
	i := strings.LastIndexByte(authority, '@')
	if i < 0 {
		return false
	}
	_, password, ok := strings.Cut(authority[:i], ":")
	return ok && !IsReference(password)
}

// jsonWebToken: three parts of base64, the first an object.
func jsonWebToken(text string, at int) bool {
	if at > 0 && wordDash(text[at-1]) {
		return false
	}
	rest := text[at:]
	for part := 0; part < 3; part++ {
		n := run(rest, wordDash)
		if n < 10 || part == 1 && !strings.HasPrefix(rest, "eyJ") {
			return false
		}
		rest = rest[n:]
		if part < 2 {
			if rest == "" || rest[0] != '.' {
				return false
			}
			rest = rest[1:]
		}
	}
	return true
}

// run counts how many bytes at the start are so.
func run(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return n
}

func all(s string, is func(byte) bool) bool { return run(s, is) == len(s) }

// mixed tells whether a value has letters of both cases and digits.
func mixed(s string) bool {
	var up, low, dig bool
	for i := 0; i < len(s); i++ {
		up, low, dig = up || upper(s[i]), low || lower(s[i]), dig || digit(s[i])
	}
	return up && low && dig
}

// entropy is Shannon's, in bits per character.
func entropy(s string) float64 {
	var counts [256]int
	for i := 0; i < len(s); i++ {
		counts[s[i]]++
	}
	sum := 0.0
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(len(s))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

func upper(c byte) bool     { return c >= 'A' && c <= 'Z' }
func lower(c byte) bool     { return c >= 'a' && c <= 'z' }
func digit(c byte) bool     { return c >= '0' && c <= '9' }
func alnum(c byte) bool     { return upper(c) || lower(c) || digit(c) }
func word(c byte) bool      { return alnum(c) || c == '_' }
func wordDash(c byte) bool  { return word(c) || c == '-' }
func webhook(c byte) bool   { return alnum(c) || c == '/' }
func base64(c byte) bool    { return alnum(c) || c == '+' || c == '/' || c == '=' }
func base64url(c byte) bool { return base64(c) || c == '-' || c == '_' }
func path(c byte) bool      { return wordDash(c) || c == '/' || c == '.' }
