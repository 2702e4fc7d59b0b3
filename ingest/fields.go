package ingest

import (
	"strings"

	"github.com/haetae/haetae"
)

// trailFields are the members of records of CloudTrail. Services choose what is below
// requestParameters and the like
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html,
// cloudtrail-event-reference-user-identity.html and cloudtrail-insights-fields-trails.html there;
// ec2IssuedInVpc and annotation are in its table for Athena).
const trailFields = "eventVersion eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage requestID eventID eventType apiVersion " +
	"managementEvent readOnly recipientAccountId sharedEventID vpcEndpointId vpcEndpointAccountId eventCategory sessionCredentialFromConsole " +
	"requestParameters.* responseElements.* additionalEventData.* serviceEventDetails.* insightDetails.* eventContext.* edgeDeviceDetails.* addendum.* annotation.* " +
	"tlsDetails.tlsVersion tlsDetails.cipherSuite tlsDetails.clientProvidedHostHeader tlsDetails.keyExchange " +
	"resources.ARN resources.ARNPrefix resources.accountId resources.type " +
	"userIdentity.type userIdentity.userName userIdentity.principalId userIdentity.arn userIdentity.accountId userIdentity.accessKeyId userIdentity.invokedBy " +
	"userIdentity.invokedByDelegate.* userIdentity.identityProvider userIdentity.credentialId userIdentity.onBehalfOf.* userIdentity.inScopeOf.* " +
	"userIdentity.sessionContext.attributes.* userIdentity.sessionContext.webIdFederationData.* userIdentity.sessionContext.sessionIssuer.type " +
	"userIdentity.sessionContext.sessionIssuer.userName userIdentity.sessionContext.sessionIssuer.principalId userIdentity.sessionContext.sessionIssuer.arn " +
	"userIdentity.sessionContext.sessionIssuer.accountId userIdentity.sessionContext.sourceIdentity userIdentity.sessionContext.ec2RoleDelivery " +
	"userIdentity.sessionContext.ec2IssuedInVpc userIdentity.sessionContext.assumedRoot userIdentity.sessionContext.signInSessionArn " +
	"userIdentity.sessionContext.invokedBy"

// clusterFields are the members of records of an EKS cluster's audit log
// (https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/), and the names
// that its authenticator writes
// (https://github.com/kubernetes-sigs/aws-iam-authenticator).
const clusterFields = "kind apiVersion level auditID stage requestURI verb userAgent sourceIPs requestReceivedTimestamp stageTimestamp timestamp metadata.* " +
	"user.username user.uid user.groups user.extra.* impersonatedUser.username impersonatedUser.uid impersonatedUser.groups impersonatedUser.extra.* " +
	"authenticationMetadata.* objectRef.resource objectRef.namespace objectRef.name objectRef.uid objectRef.apiGroup objectRef.apiVersion objectRef.resourceVersion " +
	"objectRef.subresource responseStatus.* requestObject.* responseObject.* annotations.* " +
	"time msg error accesskeyid accountid arn canonicalarn client clusterid groups host method path query region session sts stsendpoint uid userid username"

// Fields are the fields that the records of a log can have, as a rule names them; below
// a name that ends in ".*" there may be any. Nil is said of logs whose records are
// described elsewhere (flows, lookups) or vary: findings, web ACLs, firewalls.
func Fields(log haetae.Log) []string {
	switch log {
	case haetae.CloudTrail:
		return strings.Fields(trailFields)
	case haetae.EKSAudit:
		return strings.Fields(clusterFields)
	case haetae.S3Access:
		return columnNames(s3Columns)
	case haetae.ALBAccess:
		return columnNames(albColumns)
	case haetae.ALBConnection:
		return columnNames(albConnectionColumns)
	case haetae.NLBAccess:
		return columnNames(nlbColumns)
	case haetae.CLBAccess:
		return columnNames(clbColumns)
	case haetae.RDSAudit:
		return columnNames(mysqlColumns + " " + postgresColumns + " " + sqlServerColumns)
	}
	return nil
}

// What records of PostgreSQL and SQL Server have; see postgresRecord and sqlServerRecord.
const (
	postgresColumns = "log_time remote_host remote_port user_name database_name process_id error_severity message " +
		"audit_type statement_id substatement_id class command object_type object_name statement parameter"
	sqlServerColumns = "log_date process_info text username client"
)

// columnNames are the names of columns, without the mark of numbers.
func columnNames(columns string) []string {
	return strings.Fields(strings.ReplaceAll(columns, "#", ""))
}
