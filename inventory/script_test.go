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
			found = found || c.Extra != "" || (c.Lists || c.Only != "") && !c.Other && strings.Contains(s, service+" "+kebab(op))
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

func TestTheScriptFindsParentsOfParents(t *testing.T) {
	s := Script()
	for _, want := range []string{
		`  parents 'clusters[]' eks list-clusters | while IFS= read -r p1; do
    parents 'nodegroups[]' eks list-nodegroups --cluster-name "$p1" | while IFS= read -r p2; do
      ask_of "$(member clusterName "$p1"), $(member nodegroupName "$p2")" "$p1.$p2" '' eks describe-nodegroup --cluster-name "$p1" --nodegroup-name "$p2"
    done
  done
`,
		// Units in units, as deep as they may be.
		`            ask_of "$(member ParentId "$p5"), $(member ParentId "$p6")" "$p5.$p6" '' organizations list-organizational-units-for-parent --parent-id "$p6"`,
		// An ARN that is made of a name, and parameters that are more than texts.
		`dynamodb list-tags-of-resource --resource-arn "arn:$partition:dynamodb:$region:$account:table/$p1"`,
		`--filters '[{"Name":"state","Values":["active","blackhole"]}]'`,
		`ecs describe-clusters --clusters "$p1" --include SETTINGS CONFIGURATIONS TAGS`,
		`elasticache describe-cache-clusters --show-cache-node-info`,
		`aws iam generate-credential-report --region "$region" --query State`,
		// What one region alone tells is asked there.
		`  region=us-west-2 ask '' globalaccelerator list-accelerators`,
		`region=us-west-2 parents 'AccessPoints[].Name' s3control list-multi-region-access-points --account-id "$account"`,
		// The instance of an assignment stands in the ARN of its permission set.
		`--instance-arn "arn:$partition:sso:::instance/$(middle_of "$p2")" --permission-set-arn "$p2"`,
	} {
		if !strings.Contains(s, want) {
			t.Errorf("the script lacks\n%s", want)
		}
	}
	for _, no := range []string{"${Parent", "${Grandparent", "${Region", "--max-buckets", "--include-managed-resources", "service-last-accessed"} {
		if strings.Contains(s, no) {
			t.Errorf("the script has %s", no)
		}
	}
}
