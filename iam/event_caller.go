package iam

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae/arn"
)

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// partition is that of the caller's ARN, else that of the region.
func (e *Event) partition() string {
	texts := []string{e.Identity.ARN}
	for _, r := range e.Resources {
		texts = append(texts, r.ARN)
	}
	for _, t := range texts {
		if a, err := arn.Parse(t); err == nil {
			return a.Partition
		}
	}
	for prefix, partition := range map[string]string{
		"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f", "eusc-": "aws-eusc",
	} {
		if strings.HasPrefix(e.Region, prefix) {
			return partition
		}
	}
	return "aws"
}

// ownerUnknown tells that the resources may be another account's: of a request
// across accounts both have a record, and this is the caller's.
func (e *Event) ownerUnknown() bool {
	return e.Recipient == "" || e.Shared != "" && e.Recipient == e.Identity.Account
}

// anonymousAccount is the account of whoever has not signed a request
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html).
const anonymousAccount = "ANONYMOUS_PRINCIPAL"

// principal is who asked, and the role of its session.
func (e *Event) principal() (p Principal, role string, reason string) {
	id := e.Identity
	switch {
	case id.Account == anonymousAccount:
		return Principal{Anonymous: true}, "", ""
	case id.Type == "AWSService":
		return Principal{Service: id.InvokedBy}, "", ""
	case id.Type == "WebIdentityUser" || id.Type == "SAMLUser":
		return Principal{Federated: firstOf(id.Provider, id.ARN, id.PrincipalID)}, "", ""
	case id.ARN != "":
		if id.Session != nil && (id.Session.Issuer.Type == "Role" || id.Type == "AssumedRole") {
			role = id.Session.Issuer.ARN
		}
		return Principal{ARN: id.ARN}, role, ""
	case id.Type == "AWSAccount" && id.Account != "":
		return Principal{ARN: "arn:" + e.partition() + ":iam::" + id.Account + ":root"}, "", "the record says only the account of the principal"
	case id.Type == "Root" && id.Account != "":
		return Principal{ARN: "arn:" + e.partition() + ":iam::" + id.Account + ":root"}, "", ""
	}
	return Principal{}, "", fmt.Sprintf("the record does not say who the principal is (type %q)", id.Type)
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// keys are what a record tells of the condition keys of a request.
type keys struct {
	context               map[string]Values
	unknown, unknownValue []string
}

func (k *keys) set(name string, values ...string) {
	if len(values) > 0 && values[0] != "" {
		k.context[name] = One(values[0])
	}
}

// globalKeys are the condition keys that requests to any service have
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
func (e *Event) globalKeys() *keys {
	k := &keys{context: map[string]Values{}}
	// No record has these; some the evaluator knows from other sources.
	k.unknown = append(k.unknown, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalTag/*", "aws:ResourceOrgID", "aws:ResourceOrgPaths",
		"aws:ResourceTag/*", "aws:referer", "aws:ChatbotSourceArn", "aws:Ec2InstanceSource*", "aws:VpceOrg*")
	if !e.Time.IsZero() {
		k.set("aws:CurrentTime", e.Time.UTC().Format(time.RFC3339))
		k.set("aws:EpochTime", strconv.FormatInt(e.Time.Unix(), 10))
	}
	k.set("aws:RequestedRegion", e.Region)
	e.networkKeys(k)
	e.principalKeys(k)
	e.sessionKeys(k)
	e.resourceAccount(k)
	return k
}

// service tells that a service made the call for the principal, with the
// principal's permissions
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html).
func (e *Event) service() bool { return e.Identity.InvokedBy != "" && e.Identity.Type != "AWSService" }

// invoker is the name of that service, "" where the record says "AWS Internal".
func (e *Event) invoker() string {
	name, ok := strings.CutSuffix(e.Identity.InvokedBy, ".amazonaws.com")
	if !ok {
		return ""
	}
	return name
}

func (e *Event) networkKeys(k *keys) {
	_, err := netip.ParseAddr(e.SourceIP)
	switch {
	case err != nil:
		// The name of a service, or "AWS Internal".
		k.unknown = append(k.unknown, "aws:SourceIp", "aws:VpcSourceIp", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:VpceAccount")
	case e.VPCE != "":
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpce
		k.set("aws:SourceVpce", e.VPCE)
		k.set("aws:VpcSourceIp", e.SourceIP)
		k.unknownValue = append(k.unknownValue, "aws:SourceVpc", "aws:SourceVpcArn")
		if k.set("aws:VpceAccount", e.VPCEOwner); e.VPCEOwner == "" {
			k.unknownValue = append(k.unknownValue, "aws:VpceAccount")
		}
	default:
		k.set("aws:SourceIp", e.SourceIP)
	}
	if e.service() || e.Identity.Type == "AWSService" {
		k.unknown = append(k.unknown, "aws:UserAgent")
	} else {
		// S3 puts what the caller sent in brackets.
		agent, ok := strings.CutPrefix(e.UserAgent, "[")
		if ok {
			agent = strings.TrimSuffix(agent, "]")
		}
		k.set("aws:UserAgent", agent)
	}
	switch {
	case e.TLS.Version != "" || e.additional("CipherSuite") != "":
		k.set("aws:SecureTransport", "true")
	default:
		// Old records and those of services do not say how the request came.
		k.unknownValue = append(k.unknownValue, "aws:SecureTransport")
	}
	k.set("aws:ViaAWSService", strconv.FormatBool(e.service()))
	if e.service() {
		// The last service is known, if it is named; which called it before is not.
		k.unknownValue = append(k.unknownValue, "aws:CalledVia", "aws:CalledViaFirst")
		if e.invoker() != "" {
			k.set("aws:CalledViaLast", e.Identity.InvokedBy)
		} else {
			k.unknownValue = append(k.unknownValue, "aws:CalledViaLast")
		}
	}
}

func (e *Event) principalKeys(k *keys) {
	id := e.Identity
	k.set("aws:PrincipalIsAWSService", strconv.FormatBool(id.Type == "AWSService"))
	switch {
	case id.Account == anonymousAccount:
		k.set("aws:PrincipalType", "Anonymous")
		k.set("aws:userid", "anonymous")
		return
	case id.Type == "AWSService":
		k.set("aws:PrincipalServiceName", id.InvokedBy)
		k.unknownValue = append(k.unknownValue, "aws:PrincipalServiceNamesList")
		k.unknown = append(k.unknown, "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner")
		return
	}
	k.set("aws:PrincipalAccount", id.Account)
	k.set("aws:userid", id.PrincipalID)
	principal := id.ARN
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
	switch id.Type {
	case "Root":
		k.set("aws:PrincipalType", "Account")
		k.set("aws:userid", id.Account)
	case "IAMUser":
		k.set("aws:PrincipalType", "User")
		k.set("aws:username", id.UserName)
	case "FederatedUser":
		k.set("aws:PrincipalType", "FederatedUser")
	case "AssumedRole", "Role":
		k.set("aws:PrincipalType", "AssumedRole")
		// The role's ARN, with its path, and not the session's.
		if principal = ""; id.Session != nil {
			principal = id.Session.Issuer.ARN
		}
	default:
		k.unknown = append(k.unknown, "aws:PrincipalType", "aws:username")
	}
	if k.set("aws:PrincipalArn", principal); principal == "" {
		k.unknown = append(k.unknown, "aws:PrincipalArn")
	}
}

// sessionKeys are those of temporary credentials. A long-term access key has
// none of them: whether there was MFA is not even asked.
func (e *Event) sessionKeys(k *keys) {
	s := e.Identity.Session
	if s == nil {
		if e.Identity.Type == "AssumedRole" || e.Identity.Type == "FederatedUser" {
			k.unknown = append(k.unknown, "aws:MultiFactorAuth*", "aws:TokenIssueTime", "aws:SourceIdentity", "aws:FederatedProvider", "aws:AssumedRoot", "ec2:RoleDelivery", "ec2:SourceInstanceArn")
		}
		return
	}
	k.set("aws:TokenIssueTime", s.Attributes.Created)
	k.set("aws:MultiFactorAuthPresent", s.Attributes.MFA)
	if s.Attributes.MFA == "true" {
		k.unknownValue = append(k.unknownValue, "aws:MultiFactorAuthAge")
	}
	k.set("aws:SourceIdentity", s.SourceIdentity)
	k.set("aws:FederatedProvider", s.WebID.Provider)
	if text := fmt.Sprint(s.AssumedRoot); s.AssumedRoot != nil {
		k.set("aws:AssumedRoot", text)
	}
	if s.EC2RoleDelivery != "" {
		k.set("ec2:RoleDelivery", s.EC2RoleDelivery)
		k.unknownValue = append(k.unknownValue, "ec2:SourceInstanceArn")
	}
	k.unknown = append(k.unknown, "lambda:SourceFunctionArn", "ssm:SourceInstanceArn", "glue:*", "identitystore:UserId")
}

// resourceAccount is the account of the resources that the record names.
func (e *Event) resourceAccount(k *keys) {
	account := ""
	for _, r := range e.Resources {
		if r.Account != "" && account != "" && r.Account != account {
			account = "several"
		} else if r.Account != "" && account == "" {
			account = r.Account
		}
	}
	if account == "" || account == "several" {
		k.unknownValue = append(k.unknownValue, "aws:ResourceAccount")
		return
	}
	k.set("aws:ResourceAccount", account)
}

// additional is a member of additionalEventData.
func (e *Event) additional(name string) string {
	if o, ok := e.Additional.(map[string]any); ok {
		if s, ok := o[name].(string); ok {
			return s
		}
	}
	return ""
}
