package permission

import (
	"bytes"
	"compress/gzip"
	"regexp"
	"strings"
	"testing"
)

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestKeysAreFoundWithTheirKinds(t *testing.T) {
	for _, c := range []struct {
		name, key string
		kind      Kind
		multi     bool
		global    bool
	}{
		{"aws:SourceIp", "aws:SourceIp", IP, false, true},
		{"AWS:sourceip", "aws:SourceIp", IP, false, true},
		{"aws:PrincipalArn", "aws:PrincipalArn", ARN, false, true},
		{"aws:SourceArn", "aws:SourceArn", ARN, false, true},
		{"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthPresent", Bool, false, true},
		{"aws:MultiFactorAuthAge", "aws:MultiFactorAuthAge", Numeric, false, true},
		{"aws:CurrentTime", "aws:CurrentTime", Date, false, true},
		{"aws:PrincipalOrgPaths", "aws:PrincipalOrgPaths", String, true, true},
		{"aws:PrincipalOrgID", "aws:PrincipalOrgID", String, false, true},
		{"aws:CalledVia", "aws:CalledVia", String, true, true},
		{"aws:TagKeys", "aws:TagKeys", String, true, true},
		{"aws:ResourceTag/team", "aws:ResourceTag/${TagKey}", String, false, true},
		{"aws:requesttag/Team/Sub", "aws:RequestTag/${TagKey}", String, false, true},
		{"aws:PrincipalTag/${TagKey}", "aws:PrincipalTag/${TagKey}", String, false, true},
		{"ec2:SourceInstanceARN", "ec2:SourceInstanceArn", ARN, false, true},
		{"s3:prefix", "s3:prefix", String, false, false},
		{"s3:max-keys", "s3:max-keys", Numeric, false, false},
		{"s3:ExistingObjectTag/team", "s3:ExistingObjectTag/<key>", String, false, false},
		{"secretsmanager:ResourceTag/team", "secretsmanager:ResourceTag/tag-key", String, false, false},
		{"sagemaker:ResourceTag/team", "sagemaker:ResourceTag/", String, false, false},
		{"kms:EncryptionContext:app", "kms:EncryptionContext:${EncryptionContextKey}", String, false, false},
		{"kms:GrantOperations", "kms:GrantOperations", String, true, false},
		{"dynamodb:LeadingKeys", "dynamodb:LeadingKeys", String, true, false},
		{"iam:PassedToService", "iam:PassedToService", String, false, false},
		{"iam:PolicyARN", "iam:PolicyARN", ARN, false, false},
		{"ec2:Vpc", "ec2:Vpc", ARN, false, false},
		{"saml:aud", "saml:aud", String, false, false},
		{"saml:edupersonaffiliation", "saml:edupersonaffiliation", String, true, false},
		{"token.actions.githubusercontent.com:actor", "token.actions.githubusercontent.com:actor", String, false, false},
		{"cognito-identity.amazonaws.com:aud", "cognito-identity.amazonaws.com:aud", String, false, false},
		{"agent.team.buildkite.dev:pipeline_id", "agent.${Domain}.buildkite.dev:pipeline_id", String, false, false},
		{"codebuild:environment.environmentVariables/PATH.value", "codebuild:environment.environmentVariables/${name}.value", String, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, ok := loaded(t).Key(c.name)
			if !ok {
				t.Fatal("not known")
			}
			if k.Name != c.key || k.Kind != c.kind || k.Multivalued != c.multi || k.Global != c.global {
				t.Errorf("%+v, %s", k, k.Kind)
			}
		})
	}
}

func TestKeysThatAreNotThereAreNotFound(t *testing.T) {
	for _, name := range []string{"", "aws", "aws:", "aws:Nothing", "aws:ResourceTag/", "aws:ResourceTag", "s3:Nothing", "login.example.com:sub"} {
		if k, ok := loaded(t).Key(name); ok {
			t.Errorf("%q is %s", name, k.Name)
		}
	}
}

func TestGlobalKeysAreThoseOfTheFile(t *testing.T) {
	if n := len(loaded(t).GlobalKeys()); n < 55 {
		t.Errorf("%d keys", n)
	}
	for _, bad := range []string{"aws:X", "aws:X S S", "aws:X Q", "aws:X [", "aws:X -", "X S"} {
		if _, err := parseGlobal(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func typeNames(types []*Type) string {
	var out []string
	for _, t := range types {
		out = append(out, t.String())
	}
	return strings.Join(out, " ")
}

func TestARNsAreOfTypes(t *testing.T) {
	const here = "us-east-1:111122223333:"
	for _, c := range []struct{ name, arn, want string }{
		{"a bucket", "arn:aws:s3:::b", "s3:bucket ssm:bucket"},
		{"an object", "arn:aws:s3:::b/k", "s3:object"},
		{"slashes in an object's name", "arn:aws:s3:::b/k/l:m", "s3:object"},
		{"an access point", "arn:aws:s3:" + here + "accesspoint/a", "s3:accesspoint"},
		{"an object of an access point", "arn:aws:s3:" + here + "accesspoint/a/object/k/l", "s3:accesspointobject"},
		{"a role with a path", "arn:aws:iam::111122223333:role/a/b", "iam:role ec2:role ssm:iam-role sts:role"},
		{"a policy of AWS", "arn:aws:iam::aws:policy/AdministratorAccess", "iam:policy"},
		{"a function", "arn:aws:lambda:" + here + "function:f", "lambda:function"},
		{"a version and an alias look the same", "arn:aws:lambda:" + here + "function:f:1", "lambda:function alias lambda:function version"},
		{"an alias with slashes", "arn:aws:kms:" + here + "alias/aws/s3", "kms:alias events:alias"},
		{"a log group", "arn:aws:logs:" + here + "log-group:/aws/x", "logs:log-group"},
		{"a log stream", "arn:aws:logs:" + here + "log-group:/aws/x:log-stream:y", "logs:log-stream"},
		{"an index of a table", "arn:aws:dynamodb:" + here + "table/t/index/i", "dynamodb:index"},
		{"a secret", "arn:aws:secretsmanager:" + here + "secret:a/b-AbCdEf", "secretsmanager:Secret"},
		{"one of several forms", "arn:aws:apigateway:us-east-1::/restapis/a1/stages/prod", "apigateway:Stage wafv2:apigateway"},
		{"another partition", "arn:aws-cn:sqs:cn-north-1:111122223333:q", "sqs:queue"},
		{"an account where none belongs", "arn:aws:s3::111122223333:b", ""},
		{"no account where one belongs", "arn:aws:sqs:us-east-1::q", ""},
		{"an unknown service", "arn:aws:coffee:" + here + "cup/x", ""},
		{"not an ARN", "bucket", ""},
		{"a pattern of objects, or of buckets with a slash", "arn:aws:s3:::b/*", "s3:bucket s3:object ssm:bucket"},
		{"a pattern that may be both", "arn:aws:s3:::b*", "s3:bucket s3:object ssm:bucket"},
		{"a star stays in its field", "arn:aws:iam::*:group/?", "iam:group"},
		{"a pattern that ends early", "arn:aws:sqs*", "backup:recoveryPoint sqs:queue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := typeNames(loaded(t).ARNTypes(c.arn)); got != c.want {
				t.Errorf("%s: %q", c.arn, got)
			}
		})
	}
}

func TestAnyARNMadeOfATemplateIsOfItsType(t *testing.T) {
	c := loaded(t)
	vars := regexp.MustCompile(`\$\{[^}]*\}`)
	n := 0
	for _, p := range c.Prefixes() {
		s, _ := c.Service(p)
		for _, typ := range s.Types {
			for _, tpl := range typ.ARNs {
				arn := strings.ReplaceAll(vars.ReplaceAllString(tpl, "x1"), "*", "y")
				found := false
				for _, got := range c.ARNTypes(arn) {
					// Where two types have the same form, or one says more, AWS
					// cannot tell them apart by the ARN either.
					found = found || got == typ || got.rank(strings.SplitN(arn, ":", 6)).literal >= typ.rank(strings.SplitN(arn, ":", 6)).literal
				}
				if !found {
					t.Errorf("%s is not %s: %v", arn, typ, typeNames(c.ARNTypes(arn)))
				}
				n++
			}
		}
	}
	if n < 2300 {
		t.Errorf("only %d templates", n)
	}
}

func TestPatternsOverlapAsSearchSays(t *testing.T) {
	// Every text of up to four letters of a small alphabet tells whether two
	// patterns of up to three have one in common.
	var texts, patterns []string
	var grow func(prefix, alphabet string, n int, into *[]string)
	grow = func(prefix, alphabet string, n int, into *[]string) {
		*into = append(*into, prefix)
		if n > 0 {
			for _, r := range alphabet {
				grow(prefix+string(r), alphabet, n-1, into)
			}
		}
	}
	grow("", "ab", 6, &texts)
	grow("", "ab*?", 3, &patterns)
	for _, a := range patterns {
		for _, b := range patterns {
			want := false
			for _, s := range texts {
				if wild(a, s) && wild(b, s) {
					want = true
					break
				}
			}
			if got := overlap(a, b); got != want {
				t.Fatalf("%q and %q: %v", a, b, got)
			}
		}
	}
}

func FuzzReadCatalogue(f *testing.F) {
	f.Add("V\tx\t1\t2026-01-01\nN\ts3\ts3\nP\tsaml\ts3\nS\ts3\t1\tr\tS3\nK\ts3:prefix\t[S\nT\tbucket\t0\tarn:${Partition}:s3:::${B}\nA\tList\tL\t0\t0!0\nC\tone\t0?\n")
	f.Add("V\tx\t\t\nS\ta\t2\t-\t\nA\tB\tW\t\nA\tC\tT\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := split(text)
		if err != nil {
			return
		}
		c, err = ReadCatalogue(zipped(t, text))
		if err != nil {
			return
		}
		n := 0
		for a := range c.Match("*") {
			if got, ok := c.ByID(n); !ok || got != a || a.ID != n {
				t.Fatalf("action %d is %v", n, a)
			}
			if got, ok := c.Action(a.Service, a.Name); !ok || got != a {
				t.Fatalf("%s is not found by its name", a)
			}
			n++
		}
		if n != c.Len() {
			t.Fatalf("%d actions of %d", n, c.Len())
		}
		var services []*Service
		for _, p := range c.Prefixes() {
			s, _ := c.Service(p)
			services = append(services, s)
			for _, k := range s.Keys {
				c.Key(k.Name)
			}
			for _, typ := range s.Types {
				for _, a := range typ.ARNs {
					c.ARNTypes(a)
				}
			}
		}
		// What was read can be written, but for a file that names a key twice.
		var b bytes.Buffer
		if err := WriteCatalogue(&b, c.Version(), services); err == nil {
			if _, err := ReadCatalogue(b.Bytes()); err != nil {
				t.Fatalf("what was written does not come back: %v", err)
			}
		}
	})
}

func FuzzReadReference(f *testing.F) {
	f.Add([]byte(`{"Name": "s3", "Actions": [{"Name": "GetObject", "ActionConditionKeys": ["s3:k"], "Resources": [{"Name": "o"}]}], "ConditionKeys": [{"Name": "s3:k", "Types": ["ArrayOfARN"]}], "Resources": [{"Name": "o", "ARNFormats": ["arn:${P}:s3:::${B}/${O}"]}]}`))
	known := loaded(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := readService(data, known)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := WriteCatalogue(&b, Version{Source: "x"}, []*Service{s}); err != nil {
			return
		}
		// Names that a file gives twice and ARNs that are none are found when
		// the catalogue is read again, which whoever writes it does.
		c, err := ReadCatalogue(b.Bytes())
		if err == nil && c.Len() != len(s.Actions) {
			t.Fatalf("%d actions of %d", c.Len(), len(s.Actions))
		}
	})
}

func BenchmarkEmbedded(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := index(actionsGz); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeAll(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadCatalogue(actionsGz); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAction(b *testing.B) {
	c := loaded(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Action("ec2", "RunInstances"); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	c := loaded(b)
	for _, pattern := range []string{"s3:GetObject", "iam:*Role*", "ec2:Describe*", "*"} {
		b.Run(strings.ReplaceAll(pattern, "*", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for range c.Match(pattern) {
					n++
				}
				if n == 0 {
					b.Fatal("none")
				}
			}
		})
	}
}

func BenchmarkARNTypes(b *testing.B) {
	c := loaded(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(c.ARNTypes("arn:aws:s3:::b/k/l")) != 1 {
			b.Fatal("not one")
		}
	}
}
