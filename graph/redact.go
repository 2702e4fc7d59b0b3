package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/secret"
)

// secretPaths are the properties whose text is redacted whatever it holds, since
// people put secrets there. The kind is what is said when nothing is recognised.
var secretPaths = map[string][]secretPath{
	"AWS::Lambda::Function":                 {{"Environment.Variables.*", "environment"}},
	"AWS::Serverless::Function":             {{"Environment.Variables.*", "environment"}},
	"AWS::ECS::TaskDefinition":              {{"ContainerDefinitions[].Environment[].Value", "environment"}},
	"AWS::Batch::JobDefinition":             {{"ContainerProperties.Environment[].Value", "environment"}},
	"AWS::CodeBuild::Project":               {{"Environment.EnvironmentVariables[].Value", "environment"}},
	"AWS::AppRunner::Service":               {{"SourceConfiguration.ImageRepository.ImageConfiguration.RuntimeEnvironmentVariables[].Value", "environment"}},
	"AWS::Amplify::App":                     {{"EnvironmentVariables[].Value", "environment"}},
	"AWS::Glue::Job":                        {{"DefaultArguments.*", "environment"}},
	"AWS::SageMaker::Model":                 {{"PrimaryContainer.Environment.*", "environment"}},
	"AWS::EC2::Instance":                    {{"UserData", "user-data"}},
	"AWS::EC2::LaunchTemplate":              {{"LaunchTemplateData.UserData", "user-data"}},
	"AWS::AutoScaling::LaunchConfiguration": {{"UserData", "user-data"}},
	"AWS::SecretsManager::Secret":           {{"SecretString", "secret-string"}},
}

type secretPath struct{ path, kind string }

// secretName matches properties of any type that hold a secret by their name.
var secretName = regexp.MustCompile(`(?:Password|Passphrase|SecretString|AuthToken|ClientSecret|SecretAccessKey|SecretKey|PrivateKey|OAuthToken|OauthToken|ApiKeyValue)$`)

// redact replaces the values that may be secrets.
func redact(r *haetae.Resource, t *schema.Type, key []byte) {
	x := redactor{key: key}
	for _, sp := range secretPaths[r.Type] {
		x.at(r.Props, parsePath(sp.path), "", sp.kind)
	}
	if t != nil {
		x.byName(r.Props, t.Props)
	}
	if r.Type == "AWS::SSM::Parameter" && r.Props["Type"] == "SecureString" {
		r.Props["Value"] = x.value(r.Props["Value"], "Value", "secret-string")
	}
	x.anywhere(r.Props) // documents, descriptions and URLs may hold anything
}

type redactor struct{ key []byte }

// at redacts the texts at a path.
func (x redactor) at(v any, p path, last, kind string) any {
	if len(p) == 0 {
		return x.value(v, last, kind)
	}
	switch c := v.(type) {
	case map[string]any:
		if p[0] == "*" {
			for k, e := range c {
				c[k] = x.at(e, p[1:], k, kind)
			}
		} else if e, ok := c[p[0]]; ok {
			name := p[0]
			if s, ok := c["Name"].(string); ok && p[0] == "Value" {
				name = s // {Name, Value} pairs: the name tells what the value is
			}
			c[p[0]] = x.at(e, p[1:], name, kind)
		}
	case []any:
		if p[0] == "[]" {
			for i, e := range c {
				c[i] = x.at(e, p[1:], last, kind)
			}
		}
	case *haetae.OpenList:
		x.at(c.Items, p, last, kind)
	}
	return v
}

// value redacts one value. References stay: they say where a secret is, not
// what it is.
func (x redactor) value(v any, name, kind string) any {
	switch s := v.(type) {
	case string:
		if s == "" || reference(s) {
			return s
		}
		return x.secret(s, name, kind)
	case *haetae.Unknown:
		if known := strings.Join(s.Parts, " "); secret.Kind(known) != "" {
			return &haetae.Secret{Kind: secret.Kind(known), Length: len(known)}
		}
		if len(s.Parts) > 0 && s.Ref == "" {
			bare := *s
			bare.Parts = nil
			return &bare
		}
	case map[string]any, []any:
		return v
	case int64, float64, bool:
		return &haetae.Secret{Kind: kind}
	}
	return v
}

func (x redactor) secret(s, name, kind string) *haetae.Secret {
	text := s
	if raw, err := base64.StdEncoding.DecodeString(s); err == nil && utf8.Valid(raw) {
		text = string(raw)
	}
	if found := secret.KindNamed(name, text); found != "" {
		kind = found
	}
	out := &haetae.Secret{Kind: kind, Length: len(s)}
	if len(x.key) > 0 {
		mac := hmac.New(sha256.New, x.key)
		mac.Write([]byte(s))
		out.Hash = hex.EncodeToString(mac.Sum(nil)[:16])
	}
	return out
}

// reference tells whether a text points to a secret kept elsewhere.
func reference(s string) bool {
	return strings.Contains(s, "{{resolve:") || strings.HasPrefix(s, "arn:")
}

// byName redacts properties whose name says that they hold a secret.
func (x redactor) byName(m map[string]any, o *schema.Object) {
	for k, v := range m {
		f, ok := o.Field(k)
		if !ok {
			continue
		}
		switch {
		case f.Kind == schema.String && secretName.MatchString(k):
			if s, is := v.(*haetae.Secret); !is || s == nil {
				m[k] = x.value(v, k, "password")
			}
		case f.Kind == schema.KindObject:
			if c, ok := v.(map[string]any); ok {
				x.byName(c, f.Object)
			}
		case f.Kind == schema.List && f.Elem != nil && f.Elem.Kind == schema.KindObject:
			list, _ := elements(v)
			for _, e := range list {
				if c, ok := e.(map[string]any); ok {
					x.byName(c, f.Elem.Object)
				}
			}
		}
	}
}

// anywhere redacts texts that are recognised as secrets wherever they are.
func (x redactor) anywhere(v any) any {
	switch c := v.(type) {
	case map[string]any:
		for k, e := range c {
			c[k] = x.anywhere(e)
		}
	case []any:
		for i, e := range c {
			c[i] = x.anywhere(e)
		}
	case *haetae.OpenList:
		x.anywhere(c.Items)
	case string:
		if kind := secret.Kind(c); kind != "" {
			return x.secret(c, "", kind)
		}
	case *haetae.Unknown:
		if kind := secret.Kind(strings.Join(c.Parts, " ")); kind != "" {
			return &haetae.Secret{Kind: kind, Length: len(strings.Join(c.Parts, ""))}
		}
	}
	return v
}
