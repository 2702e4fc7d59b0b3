package inventory

import (
	"os/exec"
	"strings"
	"testing"
)

func TestTheScriptIsValidBashAndAsksForEveryList(t *testing.T) {
	s := Script()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	cmd := exec.Command(bash, "-n")
	cmd.Stdin = strings.NewReader(s)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("bash -n: %v\n%s", err, out)
	}
	for _, k := range All {
		if k.Singleton {
			continue
		}
		found := false
		for _, c := range k.Calls {
			service, op, _ := strings.Cut(c.Op, ":")
			found = found || (c.Lists || c.Only != "") && !c.Other && strings.Contains(s, service+" "+kebab(op))
		}
		if !found {
			t.Errorf("%s: the script makes no call that lists it", k.Type)
		}
	}
}

func TestCommandsAreNamedAsTheCLINamesThem(t *testing.T) {
	for api, want := range map[string]string{
		"DescribeDBInstances":        "describe-db-instances",
		"ListSAMLProviders":          "list-saml-providers",
		"ListOpenIDConnectProviders": "list-open-id-connect-providers",
		"ListVirtualMFADevices":      "list-virtual-mfa-devices",
		"ListWebACLs":                "list-web-acls",
		"GetWebACLForResource":       "get-web-acl-for-resource",
		"GetBucketCors":              "get-bucket-cors",
		"DBInstanceIdentifier":       "db-instance-identifier",
		"OpenIDConnectProviderArn":   "open-id-connect-provider-arn",
		"ListMFADevices":             "list-mfa-devices",
	} {
		if got := kebab(api); got != want {
			t.Errorf("kebab(%s) = %s, want %s", api, got, want)
		}
	}
}
