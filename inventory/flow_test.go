package inventory

import (
	"testing"

	"github.com/haetae/haetae"
)

func TestNetworkFirewall(t *testing.T) {
	const (
		fw  = "arn:aws:network-firewall:eu-west-1:111122223333:firewall/f"
		pol = "arn:aws:network-firewall:eu-west-1:111122223333:firewall-policy/p"
		grp = "arn:aws:network-firewall:eu-west-1:111122223333:stateful-rulegroup/g"
	)
	checkReaders(t, []readerCase{
		{
			"a firewall has endpoints by zone", "network-firewall:DescribeFirewall",
			`{"Firewall":{"FirewallName":"f","FirewallArn":"` + fw + `","FirewallPolicyArn":"` + pol + `","VpcId":"vpc-1","SubnetMappings":[{"SubnetId":"subnet-1","IPAddressType":"IPV4"}],"DeleteProtection":false,"FirewallId":"x",
			  "Tags":[{"Key":"a","Value":"b"}],"EncryptionConfiguration":{"Type":"AWS_OWNED_KMS_KEY"}},"FirewallStatus":{"SyncStates":{"eu-west-1b":{"Attachment":{"EndpointId":"vpce-2"}},"eu-west-1a":{"Attachment":{"EndpointId":"vpce-1"}}}}}`,
			"AWS::NetworkFirewall::Firewall", fw,
			map[string]string{"DeleteProtection": `false`, "FirewallPolicyArn": `"` + pol + `"`, "Observed.EndpointIds": `["eu-west-1a:vpce-1","eu-west-1b:vpce-2"]`, "Tags": `[{"Key":"a","Value":"b"}]`},
		}, {
			"a firewall logs where it says", "network-firewall:DescribeLoggingConfiguration",
			`{"FirewallArn":"` + fw + `","LoggingConfiguration":{"LogDestinationConfigs":[{"LogType":"FLOW","LogDestinationType":"S3","LogDestination":{"bucketName":"b"}}]}}`,
			"AWS::NetworkFirewall::LoggingConfiguration", fw,
			map[string]string{"LoggingConfiguration": `{"LogDestinationConfigs":[{"LogType":"FLOW","LogDestinationType":"S3","LogDestination":{"bucketName":"b"}}]}`, "FirewallName": `"f"`},
		}, {
			"a policy has default actions", "network-firewall:DescribeFirewallPolicy",
			`{"FirewallPolicyResponse":{"FirewallPolicyName":"p","FirewallPolicyArn":"` + pol + `","FirewallPolicyId":"x","Tags":[]},
			  "FirewallPolicy":{"StatelessDefaultActions":["aws:pass"],"StatelessFragmentDefaultActions":["aws:drop"],"StatefulRuleGroupReferences":[{"ResourceArn":"` + grp + `"}],"StatefulEngineOptions":{"RuleOrder":"STRICT_ORDER"}}}`,
			"AWS::NetworkFirewall::FirewallPolicy", pol,
			map[string]string{"FirewallPolicy.StatelessDefaultActions": `["aws:pass"]`, "FirewallPolicy.StatefulRuleGroupReferences": `[{"ResourceArn":"` + grp + `"}]`},
		}, {
			"a rule group has rules", "network-firewall:DescribeRuleGroup",
			`{"RuleGroupResponse":{"RuleGroupName":"g","RuleGroupArn":"` + grp + `","RuleGroupId":"x","Type":"STATEFUL","Capacity":10},"RuleGroup":{"RulesSource":{"RulesString":"pass tcp"},"RuleVariables":{"IPSets":{"HOME":{"Definition":["10.0.0.0/8"]}}}}}`,
			"AWS::NetworkFirewall::RuleGroup", grp, map[string]string{"RuleGroup.RulesSource": `{"RulesString":"pass tcp"}`, "Type": `"STATEFUL"`},
		},
	})
	list := "-- 111122223333/eu-west-1/list-firewalls.json --\n" + `{"Firewalls":[{"FirewallName":"f","FirewallArn":"` + fw + `"}]}` + "\n"
	denied(t, list+`
-- 111122223333/eu-west-1/describe-firewall.x.json --
{"FirewallArn":"`+fw+`","Error":{"Code":"AccessDeniedException"}}
`, "AWS::NetworkFirewall::Firewall", fw, "Stub", "network-firewall:DescribeFirewall")
	s := load(t, list+`
-- 111122223333/eu-west-1/network-firewall.describe-logging-configuration.x.json --
{"FirewallArn":"`+fw+`"}
`, Options{})
	if c := covered(t, s, me, "eu-west-1", "AWS::NetworkFirewall::LoggingConfiguration"); c.Status != haetae.Complete {
		t.Errorf("a firewall that does not log was asked, and logging is %+v", c)
	}
}

func TestEvents(t *testing.T) {
	const rule = "arn:aws:events:eu-west-1:111122223333:rule/r"
	list := `
-- 111122223333/eu-west-1/list-event-buses.json --
{"EventBuses":[{"Name":"default","Arn":"arn:aws:events:eu-west-1:111122223333:event-bus/default","Policy":"{\"Statement\":[]}"}]}
-- 111122223333/eu-west-1/list-rules.default.json --
{"Rules":[{"Name":"r","Arn":"` + rule + `","EventBusName":"default","State":"ENABLED","EventPattern":"{\"source\":[\"aws.iam\"]}"}]}
`
	s := checkLoaded(t, list+`
-- 111122223333/eu-west-1/list-targets-by-rule.r.json --
{"Targets":[{"Id":"1","Arn":"arn:aws:sns:eu-west-1:111122223333:t"},{"Id":"2","Arn":"arn:c","HttpParameters":{"HeaderParameters":{"x-key":"hunter2"}},
 "EcsParameters":{"TaskDefinitionArn":"arn:d","NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-1"],"AssignPublicIp":"ENABLED"}},"PlacementConstraints":[{"type":"distinctInstance"}],"Tags":[{"Key":"a","Value":"b"}]}}]}
-- 111122223333/eu-west-1/events.list-tags-for-resource.r.json --
{"ResourceARN":"`+rule+`","Tags":[{"Key":"a","Value":"b"}]}
-- 111122223333/eu-west-1/describe-event-bus.default.json --
{"Name":"default","Arn":"arn:aws:events:eu-west-1:111122223333:event-bus/default","KmsKeyIdentifier":"k"}
`, "AWS::Events::Rule", rule, map[string]string{
		"EventPattern": `{"source":["aws.iam"]}`, "State": `"ENABLED"`, "Tags.": `{"a":"b"}`,
		"Targets": `[{"Id":"1","Arn":"arn:aws:sns:eu-west-1:111122223333:t"},{"Id":"2","Arn":"arn:c","HttpParameters":{"HeaderParameters":{"x-key":{"kind":"environment","length":7}}},
		  "EcsParameters":{"TaskDefinitionArn":"arn:d","NetworkConfiguration":{"AwsVpcConfiguration":{"Subnets":["subnet-1"],"AssignPublicIp":"ENABLED"}},"PlacementConstraints":[{"Type":"distinctInstance"}],"TagList":[{"Key":"a","Value":"b"}]}}]`,
	})
	if b := find(t, s, "AWS::Events::EventBus", "default"); !sameJSON(t, b.Props["Policy"], `{"Statement":[]}`) || b.Props["KmsKeyIdentifier"] != "k" {
		t.Errorf("the bus is %s", text(b.Props))
	}
	denied(t, list+`
-- 111122223333/eu-west-1/list-targets-by-rule.r.json --
{"Error":{"Code":"AccessDeniedException"}}
`, "AWS::Events::Rule", rule, "Targets", "events:ListTargetsByRule")
}

func TestStepFunctions(t *testing.T) {
	const machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:m"
	list := "-- list-state-machines.json --\n" + `{"stateMachines":[{"stateMachineArn":"` + machine + `","name":"m","type":"STANDARD"}]}` + "\n"
	checkLoaded(t, list+`
-- describe-state-machine.x.json --
{"stateMachineArn":"`+machine+`","name":"m","type":"STANDARD","status":"ACTIVE","definition":"{\"States\":{}}","roleArn":"arn:r","tracingConfiguration":{"enabled":true},
 "loggingConfiguration":{"level":"ALL","includeExecutionData":false,"destinations":[{"cloudWatchLogsLogGroup":{"logGroupArn":"arn:log:*"}}]},"encryptionConfiguration":{"type":"AWS_OWNED_KEY"}}
-- stepfunctions.list-tags-for-resource.x.json --
{"resourceArn":"`+machine+`","tags":[{"key":"a","value":"b"}]}
`, "AWS::StepFunctions::StateMachine", machine, map[string]string{
		"Definition": `{"States":{}}`, "RoleArn": `"arn:r"`, "StateMachineName": `"m"`, "TracingConfiguration": `{"Enabled":true}`, "Tags.": `{"a":"b"}`,
		"LoggingConfiguration": `{"Level":"ALL","IncludeExecutionData":false,"Destinations":[{"CloudWatchLogsLogGroup":{"LogGroupArn":"arn:log:*"}}]}`,
	})
	denied(t, list+`
-- describe-state-machine.x.json --
{"stateMachineArn":"`+machine+`","Error":{"Code":"AccessDeniedException"}}
`, "AWS::StepFunctions::StateMachine", machine, "Stub", "states:DescribeStateMachine")
}

func TestProxies(t *testing.T) {
	const proxy = "arn:aws:rds:eu-west-1:111122223333:db-proxy:prx-1"
	list := "-- describe-db-proxies.json --\n" + `{"DBProxies":[{"DBProxyName":"p","DBProxyArn":"` + proxy + `","RequireTLS":false,"VpcId":"vpc-1","VpcSubnetIds":["subnet-1"],"Auth":[{"AuthScheme":"SECRETS","SecretArn":"arn:s","IAMAuth":"DISABLED"}],"Status":"available"}]}` + "\n"
	checkLoaded(t, list+`
-- rds.list-tags-for-resource.x.json --
{"ResourceName":"`+proxy+`","TagList":[{"Key":"a","Value":"b"}]}
`, "AWS::RDS::DBProxy", "p", map[string]string{
		"RequireTLS": `false`, "Auth": `[{"AuthScheme":"SECRETS","SecretArn":"arn:s","IAMAuth":"DISABLED"}]`, "Observed.VpcId": `"vpc-1"`, "ARN": `"` + proxy + `"`, "Tags.": `{"a":"b"}`,
	})
	denied(t, list+`
-- rds.list-tags-for-resource.x.json --
{"ResourceName":"`+proxy+`","Error":{"Code":"AccessDenied"}}
`, "AWS::RDS::DBProxy", "p", "Tags", "rds:ListTagsForResource")
}
