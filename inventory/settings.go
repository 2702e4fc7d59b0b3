package inventory

import (
	"strings"

	"github.com/haetae/haetae"
)

// hostManagement is the service setting that names the role by which Systems
// Manager manages all instances.
const hostManagement = "/ssm/managed-instance/default-ec2-instance-management-role"

// moreSettings are the settings of a region that single services have.
func moreSettings() []Call {
	block := regionSetting("emr:GetBlockPublicAccessConfiguration", "BlockPublicAccessConfiguration", "EmrBlockPublicAccess=BlockPublicAccessConfiguration")
	block.Actions = []string{"elasticmapreduce:GetBlockPublicAccessConfiguration"}
	return []Call{
		block,
		{
			Op: "inspector2:BatchGetAccountStatus", Member: "accounts[].resourceState",
			Gives: []string{"Observed.Inspector.Status", "Observed.Inspector.Ec2", "Observed.Inspector.Ecr", "Observed.Inspector.Lambda", "Observed.Inspector.LambdaCode"},
			Read:  readInspector,
		}, {
			Op: "inspector2:GetConfiguration", Member: "ecrConfiguration", Absent: notFound,
			Gives: []string{"Observed.Inspector.Ec2ScanMode", "Observed.Inspector.EcrRescanDuration"}, Read: func(a *Answer) []*haetae.Resource {
				return observeRegion(a, take(a.Body, "Inspector.Ec2ScanMode=ec2Configuration.scanModeState.scanMode",
					"Inspector.EcrRescanDuration=ecrConfiguration.rescanDurationState.rescanDuration"))
			},
		}, {
			Op: "ecr:GetRegistryPolicy", Member: "policyText", Absent: []string{"RegistryPolicyNotFoundException"}, Gives: []string{"Observed.EcrRegistryPolicy"},
			Read: func(a *Answer) []*haetae.Resource {
				return observeRegion(a, map[string]any{"EcrRegistryPolicy": policy(a.Body["policyText"])})
			},
		}, {
			Op: "ecr:GetRegistryScanningConfiguration", Member: "scanningConfiguration", Gives: []string{"Observed.EcrScanning"},
			Read: func(a *Answer) []*haetae.Resource {
				return observeRegion(a, take(a.Body, "EcrScanning.ScanType=scanningConfiguration.scanType", "EcrScanning.Rules=scanningConfiguration.rules"))
			},
		}, {
			Op: "ecs:ListAccountSettings", Member: "settings[].principalArn", Params: map[string]any{"effectiveSettings": true},
			Gives: []string{"Observed.EcsAccountSettings"}, Read: func(a *Answer) []*haetae.Resource {
				m := map[string]any{}
				for s := range a.each("settings") {
					if n := str(s, "name"); n != "" {
						m[n] = s["value"]
					}
				}
				return observeRegion(a, map[string]any{"EcsAccountSettings": m})
			},
		}, {
			Op: "glue:GetDataCatalogEncryptionSettings", Member: "DataCatalogEncryptionSettings", Gives: []string{"Observed.GlueDataCatalogEncryption"},
			Read: func(a *Answer) []*haetae.Resource {
				const in, to = "DataCatalogEncryptionSettings.", "GlueDataCatalogEncryption."
				p := map[string]any{}
				for _, n := range []string{
					"EncryptionAtRest.CatalogEncryptionMode", "EncryptionAtRest.SseAwsKmsKeyId",
					"ConnectionPasswordEncryption.ReturnConnectionPasswordEncrypted", "ConnectionPasswordEncryption.AwsKmsKeyId",
				} {
					if v := get(a.Body, in+n); v != nil {
						set(p, to+n, v)
					}
				}
				return observeRegion(a, p)
			},
		}, {
			Op: "glue:GetResourcePolicies", Member: "GetResourcePoliciesResponseList", Joins: true, Gives: []string{"Observed.GlueResourcePolicies"},
			Read: func(a *Answer) []*haetae.Resource {
				list := []any{}
				for x := range a.each("GetResourcePoliciesResponseList") {
					list = append(list, policy(x["PolicyInJson"]))
				}
				return observeRegion(a, map[string]any{"GlueResourcePolicies": list})
			},
		}, {
			Op: "xray:GetEncryptionConfig", Member: "EncryptionConfig", Gives: []string{"Observed.XRayEncryption"},
			Read: func(a *Answer) []*haetae.Resource {
				return observeRegion(a, take(a.Body, "XRayEncryption.Type=EncryptionConfig.Type", "XRayEncryption.KeyId=EncryptionConfig.KeyId"))
			},
		},
		regionSetting("lambda:GetAccountSettings", "AccountLimit", "LambdaAccountConcurrency=AccountLimit.ConcurrentExecutions"),
		{
			Op: "logs:DescribeResourcePolicies", Member: "resourcePolicies", Joins: true, Gives: []string{"Observed.LogsResourcePolicies"},
			Read: func(a *Answer) []*haetae.Resource {
				list := []any{}
				for x := range a.each("resourcePolicies") {
					list = append(list, map[string]any{"PolicyName": x["policyName"], "PolicyDocument": policy(x["policyDocument"])})
				}
				return observeRegion(a, map[string]any{"LogsResourcePolicies": list})
			},
		}, {
			Op: "ssm:GetServiceSetting", Member: "ServiceSetting.SettingId=" + hostManagement, Params: map[string]any{"SettingId": hostManagement},
			Absent: []string{"ServiceSettingNotFound"}, Gives: []string{"Observed.SsmDefaultHostManagementRole"}, Read: func(a *Answer) []*haetae.Resource {
				if str(a.Body, "ServiceSetting.SettingId") != hostManagement {
					return nil
				}
				return observeRegion(a, take(a.Body, "SsmDefaultHostManagementRole=ServiceSetting.SettingValue"))
			},
		},
	}
}

// readInspector reads the status of the account that asks, which is the only
// one in the answer.
func readInspector(a *Answer) []*haetae.Resource {
	for x := range a.each("accounts") {
		if id := str(x, "accountId"); id != "" && a.Account != "" && id != a.Account {
			continue
		}
		m := take(x, "Status=state.status")
		for to, from := range map[string]string{"Ec2": "ec2", "Ecr": "ecr", "Lambda": "lambda", "LambdaCode": "lambdaCode"} {
			if s := str(x, "resourceState."+from+".status"); s != "" {
				m[to] = strings.ToUpper(s)
			}
		}
		return observeRegion(a, map[string]any{"Inspector": m})
	}
	return observeRegion(a, nil)
}
