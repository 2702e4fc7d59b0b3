package collect

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae/inventory"
)

// Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement is one statement of a [Policy].
type Statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal map[string]string         `json:",omitempty"`
	Action    any                       // a text or a list of texts
	Resource  string                    `json:",omitempty"`
	Condition map[string]map[string]any `json:",omitempty"`
}

// Actions returns the IAM actions that a scan needs, sorted: those of every
// call that it makes, and no other. extras are as in [Options].
func Actions(extras []string) []string {
	need := map[string]bool{"sts:GetCallerIdentity": true}
	for i := range inventory.All {
		for j := range inventory.All[i].Calls {
			c := &inventory.All[i].Calls[j]
			if c.Other || c.Extra != "" && !slices.Contains(extras, c.Extra) {
				continue
			}
			for _, a := range c.RequiredActions() {
				need[a] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(need))
}

// maxManaged is how many characters a managed policy may have; white space does
// not count (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
const maxManaged = 6144

// ScanPolicies returns the least policy for a scan, in as many documents as the
// limit of a managed policy makes necessary. Each service is in one of them.
func ScanPolicies(extras []string) []Policy {
	var out []Policy
	size := 0
	for _, s := range statements(Actions(extras)) {
		n := length(s)
		if len(out) == 0 || size+n > maxManaged {
			out = append(out, Policy{Version: "2012-10-17"})
			size = len(`{"Version":"2012-10-17","Statement":[]}`)
		}
		last := &out[len(out)-1]
		last.Statement = append(last.Statement, s)
		size += n + 1
	}
	return out
}

// ScanPolicy returns the least policy for a scan as one document, which may be
// larger than a managed policy can be.
func ScanPolicy(extras []string) Policy {
	return Policy{Version: "2012-10-17", Statement: statements(Actions(extras))}
}

// statements makes one statement of the actions of each service. A scan reads
// whatever there is, so the resource is everything.
func statements(actions []string) (out []Statement) {
	for _, a := range actions {
		name, _, _ := strings.Cut(a, ":")
		sid := sidOf(name)
		if len(out) == 0 || out[len(out)-1].Sid != sid {
			out = append(out, Statement{Sid: sid, Effect: "Allow", Action: []string{}, Resource: "*"})
		}
		s := &out[len(out)-1]
		s.Action = append(s.Action.([]string), a)
	}
	return out
}

// sidOf is the statement's name for a service: letters and digits only.
func sidOf(service string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(service, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

func length(s Statement) int {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts and lists of texts always marshal
	}
	return len(data)
}

// Role is the role that a scan assumes in an account.
type Role struct {
	Name string
	// Principal is who may assume it: the ARN of a role or user, or the number of
	// an account.
	Principal string
	// ExternalID must be given to assume it, and Organization is the organization
	// that the principal must be of ("o-…"); "" is no condition.
	ExternalID, Organization string
}

// Trust returns the trust policy of the role.
func (r Role) Trust() Policy {
	s := Statement{Effect: "Allow", Principal: map[string]string{"AWS": r.Principal}, Action: "sts:AssumeRole"}
	conditions := map[string]any{}
	if r.ExternalID != "" {
		conditions["sts:ExternalId"] = r.ExternalID
	}
	if r.Organization != "" {
		conditions["aws:PrincipalOrgID"] = r.Organization
	}
	if len(conditions) > 0 {
		s.Condition = map[string]map[string]any{"StringEquals": conditions}
	}
	return Policy{Version: "2012-10-17", Statement: []Statement{s}}
}

// EnterPolicy is what the identity needs that reads an organization: its list
// of accounts, and the role in each of them.
func EnterPolicy(partition, role string) Policy {
	return Policy{Version: "2012-10-17", Statement: []Statement{
		{Sid: "Accounts", Effect: "Allow", Action: "organizations:ListAccounts", Resource: "*"},
		{Sid: "Enter", Effect: "Allow", Action: "sts:AssumeRole", Resource: "arn:" + partition + ":iam::*:role/" + role},
	}}
}

// StackSet returns a CloudFormation template, in YAML, of the role for each
// account.
func (r Role) StackSet(extras []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `AWSTemplateFormatVersion: "2010-09-09"
Description: Lets haetae read this account. It can change nothing.
Parameters:
  Principal:
    Type: String
    Default: %s
    Description: ARN of the role or user, or number of the account, that may assume the role
  ExternalId:
    Type: String
    Default: %s
    Description: What must be given to assume the role; empty for nothing
  OrganizationId:
    Type: String
    Default: %s
    Description: The organization that the principal must be of; empty for any
  RoleName:
    Type: String
    Default: %s
Conditions:
  HasExternalId: !Not [!Equals [!Ref ExternalId, ""]]
  HasOrganization: !Not [!Equals [!Ref OrganizationId, ""]]
  Conditional: !Or [!Condition HasExternalId, !Condition HasOrganization]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      Description: Read by haetae
      MaxSessionDuration: 3600
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal:
              AWS: !Ref Principal
            Action: sts:AssumeRole
            Condition: !If
              - Conditional
              - StringEquals:
                  sts:ExternalId: !If [HasExternalId, !Ref ExternalId, !Ref AWS::NoValue]
                  aws:PrincipalOrgID: !If [HasOrganization, !Ref OrganizationId, !Ref AWS::NoValue]
              - !Ref AWS::NoValue
      ManagedPolicyArns:
`, quoted(r.Principal), quoted(r.ExternalID), quoted(r.Organization), quoted(r.Name))
	policies := ScanPolicies(extras)
	for i := range policies {
		fmt.Fprintf(&b, "        - !Ref Read%d\n", i+1)
	}
	for i, p := range policies {
		fmt.Fprintf(&b, "  Read%d:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      Description: What haetae reads, part %d of %d\n      PolicyDocument:\n        Version: \"2012-10-17\"\n        Statement:\n", i+1, i+1, len(policies))
		for _, s := range p.Statement {
			fmt.Fprintf(&b, "          - Sid: %s\n            Effect: Allow\n            Resource: \"*\"\n            Action:\n", s.Sid)
			for _, a := range s.Action.([]string) {
				fmt.Fprintf(&b, "              - %s\n", a)
			}
		}
	}
	b.WriteString("Outputs:\n  RoleArn:\n    Value: !GetAtt Role.Arn\n")
	return b.String()
}

// quoted is a text as YAML and JSON both write it.
func quoted(s string) string {
	data, err := json.Marshal(cmp.Or(s, ""))
	if err != nil {
		panic(err) // texts always marshal
	}
	return string(data)
}
