package lake

import (
	"slices"

	"github.com/haetae/haetae"
)

// Table is what a log is in SQL.
type Table struct {
	Log haetae.Log
	// Name is the table's, as AWS's own documentation for Athena has it, where there is
	// one. Aliases are further names that it uses; "schema.name" is in a schema.
	Name    string
	Aliases []string
	Title   [2]string // what it holds, in English and Korean
	// Page is where AWS describes the columns.
	Page string

	columns []column // of records that are JSON; nil for flows and lookups
}

// Tables are those of all logs, in the order of their names.
func Tables() []Table {
	list := []Table{
		{Log: haetae.CloudTrail, Name: "cloudtrail_logs", Aliases: []string{"cloudtrail_logs_pp"}, Title: [2]string{"calls of AWS APIs", "AWS API 호출"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html", columns: columnsOf(trailSpec)},
		{Log: haetae.VPCFlow, Name: "vpc_flow_logs", Aliases: []string{"vpc_flow_logs_parquet", "test_table_vpclogs"}, Title: [2]string{"flows of network interfaces", "네트워크 인터페이스의 흐름"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-create-table-statement.html"},
		{Log: haetae.TransitFlow, Name: "tgw_flow_logs", Title: [2]string{"flows through transit gateways", "트랜짓 게이트웨이의 흐름"},
			Page: "https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html"},
		{Log: haetae.ResolverQuery, Name: "r53_rlogs", Title: [2]string{"DNS queries and their answers", "DNS 질의와 응답"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/querying-r53-resolver-logs.html"},
		{Log: haetae.EKSAudit, Name: "eks_audit_logs", Title: [2]string{"requests to Kubernetes", "쿠버네티스 요청"},
			Page: "https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/", columns: columnsOf(eksSpec)},
		{Log: haetae.S3Access, Name: "mybucket_logs", Aliases: []string{"s3_access_logs", "s3_access_logs_db.mybucket_logs"}, Title: [2]string{"requests to buckets", "버킷 요청"},
			Page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html", columns: columnsOf(s3Spec)},
		{Log: haetae.ALBAccess, Name: "alb_access_logs", Aliases: []string{"alb_logs"}, Title: [2]string{"requests to application load balancers", "애플리케이션 로드 밸런서 요청"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/create-alb-access-logs-table.html", columns: columnsOf(albSpec)},
		{Log: haetae.ALBConnection, Name: "alb_connection_logs", Title: [2]string{"connections to application load balancers", "애플리케이션 로드 밸런서 연결"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/create-alb-connection-logs-table.html", columns: columnsOf(albConnectionSpec)},
		{Log: haetae.NLBAccess, Name: "nlb_tls_logs", Title: [2]string{"TLS connections to network load balancers", "네트워크 로드 밸런서의 TLS 연결"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/networkloadbalancer-classic-logs.html", columns: columnsOf(nlbSpec)},
		{Log: haetae.CLBAccess, Name: "elb_logs", Title: [2]string{"requests to classic load balancers", "클래식 로드 밸런서 요청"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/elasticloadbalancer-classic-logs.html", columns: columnsOf(clbSpec)},
		{Log: haetae.WAF, Name: "waf_logs", Aliases: []string{"waf_logs_partition_projection", "waf_logs_manual_partition"}, Title: [2]string{"requests that a web ACL judged", "웹 ACL이 판정한 요청"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/waf-logs.html", columns: columnsOf(wafSpec)},
		{Log: haetae.RDSAudit, Name: "rds_audit_logs", Title: [2]string{"what users of databases did", "데이터베이스 사용자 작업"},
			Page: "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html", columns: columnsOf(rdsSpec)},
		{Log: haetae.NetworkFirewall, Name: "network_firewall_logs", Title: [2]string{"what Network Firewall saw", "네트워크 방화벽이 본 것"},
			Page: "https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html", columns: columnsOf(firewallSpec)},
		{Log: haetae.GuardDuty, Name: "gd_logs", Title: [2]string{"findings of GuardDuty", "GuardDuty 발견 사항"},
			Page: "https://docs.aws.amazon.com/athena/latest/ug/querying-guardduty.html", columns: columnsOf(guardDutySpec)},
		{Log: haetae.SecurityHub, Name: "securityhub_findings", Title: [2]string{"findings of Security Hub", "Security Hub 발견 사항"},
			Page: "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html", columns: columnsOf(securityHubSpec)},
	}
	slices.SortFunc(list, func(a, b Table) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return list
}

// trailSpec has the columns of the table for CloudTrail, in the order in which AWS
// has them, and members that came later.
const trailSpec = `eventVersion
userIdentity{type principalId arn accountId invokedBy accessKeyId userName onBehalfOf{userId identityStoreArn}
 sessionContext{attributes{mfaAuthenticated creationDate} sessionIssuer{type principalId arn accountId userName} ec2RoleDelivery
 webIdFederationData{federatedProvider attributes:tree} sourceIdentity} identityProvider}
eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage
requestParameters:tree responseElements:tree additionalEventData:tree requestID eventID readOnly:flag resources:tree
eventType apiVersion recipientAccountId serviceEventDetails:tree sharedEventID vpcEndpointId vpcEndpointAccountId
eventCategory addendum:tree sessionCredentialFromConsole edgeDeviceDetails:tree
tlsDetails{tlsVersion cipherSuite clientProvidedHostHeader keyExchange} managementEvent:flag insightDetails:tree eventContext:tree`

const s3Spec = `bucketowner bucket_name requestdatetime remoteip requester requestid operation key request_uri httpstatus errorcode
bytessent:long objectsize:long totaltime turnaroundtime referrer useragent versionid hostid sigv ciphersuite authtype endpoint tlsversion accesspointarn aclrequired`

const albSpec = `type time elb client_ip client_port:long target_ip target_port:long request_processing_time:double target_processing_time:double
response_processing_time:double elb_status_code:long target_status_code received_bytes:long sent_bytes:long request_verb request_url request_proto
user_agent ssl_cipher ssl_protocol target_group_arn trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time actions_executed
redirect_url lambda_error_reason target_port_list target_status_code_list classification classification_reason conn_trace_id transformed_host
transformed_uri request_transform_status`

const albConnectionSpec = `time client_ip client_port:long listener_port:long tls_protocol tls_cipher tls_handshake_latency:double leaf_client_cert_subject
leaf_client_cert_validity leaf_client_cert_serial_number tls_verify_status conn_trace_id`

const nlbSpec = `type version time elb listener_id client_ip client_port:long target_ip target_port:long tcp_connection_time_ms:double
tls_handshake_time_ms:double received_bytes:long sent_bytes:long incoming_tls_alert cert_arn certificate_serial tls_cipher_suite
tls_protocol_version tls_named_group domain_name alpn_fe_protocol alpn_be_protocol alpn_client_preference_list tls_connection_creation_time`

const clbSpec = `timestamp elb_name request_ip request_port:long backend_ip backend_port:long request_processing_time:double backend_processing_time:double
client_response_time:double elb_response_code backend_response_code received_bytes:long sent_bytes:long request_verb url protocol user_agent
ssl_cipher ssl_protocol`

const wafSpec = `timestamp:long formatVersion:long webaclId terminatingRuleId terminatingRuleType action terminatingRuleMatchDetails:tree httpSourceName
httpSourceId ruleGroupList:tree rateBasedRuleList:tree nonTerminatingMatchingRules:tree requestHeadersInserted:tree responseCodeSent:long httpRequest:tree
labels:tree captchaResponse:tree challengeResponse:tree ja3Fingerprint ja4Fingerprint oversizeFields:tree requestBodySize:long requestBodySizeInspectedByWAF:long`

const eksSpec = `kind apiVersion level auditID stage requestURI verb user:tree impersonatedUser:tree sourceIPs:tree userAgent objectRef:tree responseStatus:tree
requestObject:tree responseObject:tree requestReceivedTimestamp stageTimestamp annotations:tree authenticationMetadata:tree
time msg error accesskeyid accountid arn canonicalarn client clusterid groups:tree host method path query region session sts stsendpoint uid userid username`

// rdsSpec has what MySQL and MariaDB write, then what PostgreSQL and SQL Server do.
const rdsSpec = `timestamp serverhost username host connectionid queryid operation database object retcode connection_type
log_time remote_host remote_port user_name database_name process_id error_severity message audit_type statement_id substatement_id class command
object_type object_name statement parameter log_date process_info text client`

const firewallSpec = `firewall_name availability_zone event_timestamp event:tree`

const guardDutySpec = `schemaVersion accountId region partition id arn type resource:tree service:tree severity:double createdAt updatedAt title description`

const securityHubSpec = `SchemaVersion Id ProductArn ProductName CompanyName Region GeneratorId AwsAccountId AwsAccountName Types:tree FirstObservedAt LastObservedAt
CreatedAt UpdatedAt ProcessedAt Severity:tree Confidence:long Criticality:long Title Description Remediation:tree SourceUrl ProductFields:tree
UserDefinedFields:tree Resources:tree Compliance:tree VerificationState WorkflowState Workflow:tree RecordState Network:tree Process:tree Malware:tree
Vulnerabilities:tree FindingProviderFields:tree Note:tree RelatedFindings:tree Action:tree Sample:flag`
