package baseline

import "strings"

// Family returns what kind of program a user agent is, without its version and
// platform: "aws-cli", "boto3", "terraform", "console", "sdk-java", "browser", a
// service's name ("cloudformation.amazonaws.com"), or else the name of the
// first product in lower case. "" is an agent that says nothing. Anybody can send any
// agent; a family that is new says something, a usual one proves nothing.
func Family(agent string) string {
	text := strings.ToLower(strings.Trim(strings.TrimSpace(strings.ToValidUTF8(agent, "")), "[]"))
	if text == "" || text == "-" {
		return ""
	}
	for _, f := range [...]struct{ has, family string }{
		// What a program builds on names itself too, so that those that tell more are
		// asked first.
		{"terraform", "terraform"}, {"opentofu", "terraform"}, {"pulumi", "pulumi"}, {"ansible", "ansible"},
		{"aws-cdk", "aws-cdk"}, {"serverless", "serverless"}, {"crossplane", "crossplane"}, {"s3fs", "s3fs"},
		{"cloudshell", "cloudshell"}, {"signin.amazonaws.com", "console"}, {"console.amazonaws.com", "console"}, {"console.aws.amazon.com", "console"}, {"aws internal", "aws-internal"},
		{"aws-internal", "aws-internal"},
		{"aws-cli", "aws-cli"}, {"awscli", "aws-cli"}, {"aws-sdk-cpp", "sdk-cpp"}, {"powershell", "powershell"}, {"awsconsole", "console"},
		{"s3console", "console"},
		{"boto3", "boto3"}, {"botocore", "boto3"}, {"boto/", "boto"},
		{"kubectl", "kubectl"}, {"eksctl", "eksctl"}, {"helm/", "helm"},
	} {
		if !strings.Contains(text, f.has) {
			continue
		}
		return f.family
	}
	first, _, _ := strings.Cut(text, " ")
	product, _, _ := strings.Cut(first, "/")
	switch {
	case strings.HasPrefix(product, "aws-sdk-"):
		lang := strings.TrimPrefix(product, "aws-sdk-")
		return "sdk-" + strings.TrimRight(strings.TrimSuffix(lang, "-v2"), "0123456789")
	case product == "mozilla" || product == "opera":
		return "browser"
	case strings.HasSuffix(product, ".amazonaws.com"), strings.HasSuffix(product, ".amazonaws.com.cn"):
		return product
	}
	return clip(strings.TrimRight(product, "0123456789._-"), 64)
}

// clip keeps made-up names from being long.
func clip(text string, n int) string {
	if text == "" {
		return "other"
	}
	return strings.ToValidUTF8(text[:min(n, len(text))], "")
}
