package secret

import (
	"strings"
	"testing"
)

// Made up here, in parts, so that no scanner takes this file for a leak.
var (
	awsKey = "AKIA" + "IOSFODNN7EXAMPLE"
	awsSec = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
	github = "ghp" + "_" + strings.Repeat("aB3d", 9)
	jwt    = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N"
)

func TestTheFormsOfSecretsAreRecognised(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"the key of AWS's documentation", awsKey, AWSAccessKey},
		{"a temporary key in a script", "export AWS_ACCESS_KEY_ID=ASIA" + "IOSFODNN7EXAMPLE\n", AWSAccessKey},
		{"a key that is too long", awsKey + "A", ""},
		{"a key inside a word", "x" + awsKey, ""},
		{"a secret key in a file of credentials", "aws_secret_access_key = " + awsSec + "\n", AWSSecretKey},
		{"a private key", "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE", PrivateKey},
		{"a public key", "-----BEGIN PUBLIC KEY-----\nMIIE", ""},
		{"a token of GitHub", "git clone https://" + github + "@github.com/x/y", GitHubToken},
		{"a token of Slack", "xoxb" + "-123456789012-abcdefghijkl", SlackToken},
		{"a webhook of Slack", "https://hooks.slack.com" + "/services/T00000000/B00000000/XXXXXXXXXXXXXXXX", SlackWebhook},
		{"a key of Google", "AIza" + strings.Repeat("Sy0-_", 7), GoogleAPIKey},
		{"a key of Stripe", "sk_live" + "_4eC39HqLyjWDarjtT1zdp7dc", StripeKey},
		{"a web token", "Authorization: Bearer " + jwt, JWT},
		{"a database URL", "postgres://app:hunter22@db.internal:5432/app", DatabaseURL},
		{"a database URL without a password", "postgres://app@db.internal/app", ""},
		{"a database URL that refers to one", "postgres://app:${DB_PASSWORD}@db/app", ""},
		{"an address with an @ in its path", "https://example.com/a:b@c", ""},
		{"a password in a script", "#!/bin/sh\nexport DB_PASSWORD=hunter22\n", Password},
		{"a password from elsewhere", "export DB_PASSWORD=$(aws ssm get-parameter --name x)", ""},
		{"program code", "password = getPassword()", ""},
		{"prose", "The password policy requires 14 characters.", ""},
		{"an ARN", "arn:aws:iam::111122223333:role/app", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Kind(c.text); got != c.want {
				t.Errorf("Kind(%q) is %q, want %q", c.text, got, c.want)
			}
		})
	}
}

func TestANameTellsWhatAValueIs(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"DB_PASSWORD", "hunter2", Password},
		{"dbPassword", "hunter2", Password},
		{"MasterUserPassword", "hunter2", Password},
		{"API_KEY", "abcd1234", Password},
		{"apiToken", "abcd1234", Password},
		{"AWS_SECRET_ACCESS_KEY", awsSec, AWSSecretKey},
		{"LOG_LEVEL", awsKey, AWSAccessKey},
		{"SESSION_KEY", "q8Zr2LmN0pXyT7vB4kWd", HighEntropy},
		{"SESSION_KEY", "aaaaaaaaaaaaaaaaaaaaaaaa", ""},
		{"DB_PASSWORD", "{{resolve:secretsmanager:db:SecretString:password}}", ""},
		{"DB_PASSWORD", "arn:aws:secretsmanager:us-east-1:111122223333:secret:db", ""},
		{"DB_PASSWORD", "/prod/db/password", ""},
		{"DB_PASSWORD", "${Password}", ""},
		{"DB_PASSWORD", "$OTHER", ""},
		{"DB_PASSWORD", "$ecret!23", Password},
		{"DB_PASSWORD", "!nsecure1", Password},
		{"DB_PASSWORD", "", ""},
		{"DB_PASSWORD", "****", ""},
		{"SECRET_ARN", "some-secret-name", ""},
		{"SECRET_NAME", "prod-database", ""},
		{"PASSWORD_MIN_LENGTH", "14", ""},
		{"TOKEN_TTL", "3600", ""},
		{"PASSWORD_REQUIRED", "true", ""},
		{"MAX_TOKENS", "4096", ""},
		{"LOG_LEVEL", "debug", ""},
		{"KMS_KEY_ID", "1234abcd-12ab-34cd-56ef-1234567890ab", ""},
	} {
		if got := KindNamed(c.name, c.value); got != c.want {
			t.Errorf("KindNamed(%q, %q) is %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

func FuzzSecret(f *testing.F) {
	f.Add("DB_PASSWORD", "postgres://a:b@c eyJ.eyJ. =\" AKIA -----BEGIN ")
	f.Add("é=", "=é'")
	f.Fuzz(func(t *testing.T, name, text string) {
		Kind(text)
		KindNamed(name, text)
		if got := Kind(text + " " + awsKey + " "); got == "" {
			t.Error("a key at the end is missed")
		}
	})
}

func BenchmarkKindOfAShortText(b *testing.B) {
	for b.Loop() {
		Kind("arn:aws:iam::111122223333:role/app")
	}
}

func BenchmarkKind(b *testing.B) {
	for name, line := range map[string]string{
		"policy": `{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::bucket/*"},` + "\n",
		"script": "export NAME=value; curl -s https://example.com/a?b=c | sh # install\n",
	} {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(line, 2000)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if Kind(text) != "" {
					b.Fatal("a secret in a text without one")
				}
			}
		})
	}
}
