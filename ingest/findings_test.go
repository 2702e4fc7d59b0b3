package ingest

import (
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

const (
	wafText = `{"timestamp":1793527200123,"formatVersion":1,"webaclId":"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/1234","terminatingRuleId":"block-bots","terminatingRuleType":"REGULAR","action":"BLOCK","httpSourceName":"ALB","httpSourceId":"111122223333-app/web/50dc","ruleGroupList":[],"httpRequest":{"clientIp":"203.0.113.9","country":"AU","headers":[{"name":"Host","value":"shop.example.com"},{"name":"User-Agent","value":"bot/1"}],"uri":"/login","args":"","httpVersion":"HTTP/1.1","httpMethod":"POST","requestId":"1-abc"},"labels":[{"name":"x"}]}`
	nfwText = `{"firewall_name":"edge","availability_zone":"us-east-1b","event_timestamp":"1793527200","event":{"timestamp":"2026-11-01T10:00:00.007597+0000","flow_id":1,"event_type":"alert","src_ip":"10.0.0.5","src_port":40000,"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP","alert":{"action":"blocked","signature_id":5,"signature":"no such domain","category":"","severity":1}}}`
	gdText  = `{"schemaVersion":"2.0","accountId":"111122223333","region":"us-east-1","partition":"aws","id":"f1","arn":"arn:aws:guardduty:us-east-1:111122223333:detector/d/finding/f1","type":"Recon:IAMUser/TorIPCaller","resource":{"resourceType":"AccessKey","accessKeyDetails":{"accessKeyId":"ASIAEXAMPLE","principalId":"AROAX:ana","userName":"Dev","userType":"AssumedRole"}},"service":{"serviceName":"guardduty","eventFirstSeen":"2026-11-01T09:00:00Z","eventLastSeen":"2026-11-01T10:00:00Z","count":2,"action":{"actionType":"AWS_API_CALL","awsApiCallAction":{"api":"ListBuckets","serviceName":"s3.amazonaws.com","callerType":"Remote IP","remoteIpDetails":{"ipAddressV4":"203.0.113.9","country":{"countryName":"Narnia","countryCode":"NA"}}}}},"severity":5,"createdAt":"2026-11-01T10:05:00Z","updatedAt":"2026-11-01T10:15:00Z","title":"t","description":"d"}`
	asff    = `{"SchemaVersion":"2018-10-08","Id":"arn:aws:securityhub:eu-west-1:111122223333:finding/1","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/securityhub","GeneratorId":"security-control/S3.1","AwsAccountId":"111122223333","Region":"eu-west-1","Types":["Software and Configuration Checks/Industry"],"CreatedAt":"2026-11-01T09:00:00.000Z","UpdatedAt":"2026-11-01T10:00:00.000Z","Severity":{"Label":"HIGH"},"Title":"t","Resources":[{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::b"}],"Compliance":{"Status":"FAILED"}}`
	ocsf    = `{"class_uid":2004,"class_name":"Detection Finding","category_uid":2,"metadata":{"version":"1.6.0","uid":"m","product":{"name":"Security Hub"}},"time":1793527200000,"severity_id":4,"finding_info":{"uid":"f2","title":"t","types":["Exposure"],"modified_time":1793527260000},"cloud":{"provider":"AWS","region":"eu-west-1","account":{"uid":"111122223333"}},"resources":[{"uid":"arn:aws:s3:::b","type":"AwsS3Bucket"}]}`
)

func TestWAFLogs(t *testing.T) {
	const end = " | 111122223333-app/web/50dc, arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/1234 | "
	check(t, haetae.WAF, []example{
		{name: "a request that was blocked", text: wafText, want: "waf 2026-11-01T10:00:00.123Z 111122223333/us-east-1 | anonymous anonymous | waf:BLOCK" + end + "denied block-bots | 203.0.113.9 bot/1", raw: map[string]any{"terminatingRuleId": "block-bots"}},
		{name: "one that was let through", text: strings.Replace(wafText, "BLOCK", "ALLOW", 1), want: "waf 2026-11-01T10:00:00.123Z 111122223333/us-east-1 | anonymous anonymous | waf:ALLOW" + end + "success  | 203.0.113.9 bot/1"},
	})
	h := readKey(t, "k", wafText, ReadOptions{})
	if e := h.events[0]; e.Peer.Country != "AU" || e.ID != "1-abc@arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/1234" {
		t.Errorf("%+v", e)
	}
	for _, x := range []string{`"timestamp":"soon"`, `"timestamp":-5`, `"timestamp":99999999999999999`, `"timestamp":1e3`} {
		if h := readKey(t, "k", strings.Replace(wafText, `"timestamp":1793527200123`, x, 1), ReadOptions{}); len(h.events) != 0 || h.stats.UnreadRecords != 1 {
			t.Errorf("%s: %+v", x, h.stats)
		}
	}
}

func TestNetworkFirewallLogs(t *testing.T) {
	flow := strings.NewReplacer(`"event_type":"alert"`, `"event_type":"netflow"`, `,"alert":{"action":"blocked","signature_id":5,"signature":"no such domain","category":"","severity":1}`, `,"netflow":{"pkts":1}`, "10.0.0.5", "198.51.100.7", "203.0.113.9", "10.0.0.5").Replace(nfwText)
	check(t, haetae.NetworkFirewall, []example{
		{name: "an alert about what goes out", text: nfwText, key: "AWSLogs/111122223333/network-firewall/alert/us-east-1/edge/2026/11/01/10/x.log.gz", want: "networkfirewall 2026-11-01T10:00:00.007597Z 111122223333/us-east-1 |   | network-firewall:alert | arn:aws:network-firewall:us-east-1:111122223333:firewall/edge, 10.0.0.5 | denied no such domain | 203.0.113.9"},
		{name: "a flow that comes in", text: flow, key: "AWSLogs/111122223333/network-firewall/flow/us-east-1/edge/x.log", want: "networkfirewall 2026-11-01T10:00:00.007597Z 111122223333/us-east-1 |   | network-firewall:netflow | arn:aws:network-firewall:us-east-1:111122223333:firewall/edge, 10.0.0.5 |   | 198.51.100.7"},
		{name: "one whose event has no time", text: strings.Replace(nfwText, `"timestamp":"2026-11-01T10:00:00.007597+0000",`, "", 1), key: "AWSLogs/111122223333/x", want: "networkfirewall 2026-11-01T10:00:00Z 111122223333/us-east-1 |   | network-firewall:alert | arn:aws:network-firewall:us-east-1:111122223333:firewall/edge, 10.0.0.5 | denied no such domain | 203.0.113.9"},
	})
}

// capitals makes a finding what GetFindings answers.
func capitals(text string) string {
	out := []byte(text)
	for i := 1; i+1 < len(out); i++ {
		if out[i] == '"' && (out[i-1] == '{' || out[i-1] == ',') && out[i+1] >= 'a' && out[i+1] <= 'z' {
			out[i+1] -= 'a' - 'A'
		}
	}
	return string(out)
}

func TestGuardDutyFindings(t *testing.T) {
	const want = "guardduty 2026-11-01T10:00:00Z 111122223333/us-east-1 | role arn:aws:iam::111122223333:role/Dev as ana | guardduty:Recon:IAMUser/TorIPCaller |  |   | 203.0.113.9"
	bucket := strings.Replace(gdText, `"resourceType":"AccessKey",`, `"resourceType":"S3Bucket","s3BucketDetails":[{"arn":"arn:aws:s3:::b"}],`, 1)
	instance := strings.Replace(gdText, `"accessKeyDetails":{"accessKeyId":"ASIAEXAMPLE","principalId":"AROAX:ana","userName":"Dev","userType":"AssumedRole"}`, `"instanceDetails":{"instanceId":"i-1"}`, 1)
	check(t, haetae.GuardDuty, []example{
		{name: "of a role, as EventBridge and S3 have it", text: gdText, want: want, raw: map[string]any{"type": "Recon:IAMUser/TorIPCaller", "severity": 5.0}},
		{name: "of a role, as GetFindings answers", text: capitals(gdText), want: want, raw: map[string]any{"type": "Recon:IAMUser/TorIPCaller", "severity": 5.0}},
		{name: "of a bucket", text: bucket, want: strings.Replace(want, "Caller |  |", "Caller | arn:aws:s3:::b |", 1)},
		{name: "of an instance", text: instance, want: "guardduty 2026-11-01T10:00:00Z 111122223333/us-east-1 | instance arn:aws:ec2:us-east-1:111122223333:instance/i-1 | guardduty:Recon:IAMUser/TorIPCaller | arn:aws:ec2:us-east-1:111122223333:instance/i-1 |   | 203.0.113.9"},
	})
	h := readKey(t, "k", `{"Findings":[`+capitals(gdText)+","+capitals(gdText)+`]}`, ReadOptions{})
	if len(h.events) != 2 || h.events[0].ID != "f1@2026-11-01T10:15:00Z" || h.events[0].Peer.Country != "NA" || h.events[0].Actor.AccessKey != "ASIAEXAMPLE" {
		t.Errorf("%+v", h)
	}
}

func TestSecurityHubFindings(t *testing.T) {
	check(t, haetae.SecurityHub, []example{
		{name: "of its own format", text: asff, want: "securityhub 2026-11-01T10:00:00Z 111122223333/eu-west-1 |   | securityhub:Software and Configuration Checks/Industry | arn:aws:s3:::b |   |"},
		{name: "of OCSF", text: ocsf, want: "securityhub 2026-11-01T10:00:00Z 111122223333/eu-west-1 |   | securityhub:Exposure | arn:aws:s3:::b |   |"},
	})
	event := `{"version":"0","id":"e","detail-type":"Security Hub Findings - Imported","source":"aws.securityhub","account":"111122223333","time":"2026-11-01T10:00:00Z","region":"eu-west-1","resources":[],"detail":{"findings":[` + asff + "," + ocsf + `]}}`
	h := readKey(t, "k", event, ReadOptions{})
	if len(h.events) != 2 || !h.stats.Whole() || h.events[1].ID != "f2@2026-11-01T10:01:00Z" {
		t.Errorf("%+v", h)
	}
}
