package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/collect"
)

// policyFlags are the flags of haetae policy.
type policyFlags struct {
	purpose, role, principal, externalID string
	organization                         string
	org, split                           bool
	extras                               []string
}

func (a *app) policyCommand() *cobra.Command {
	var p policyFlags
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Print the least IAM policy that haetae needs, and what an organization needs",
		Long: `Prints the IAM policy that a scan needs: one action for each call that it makes,
and nothing that changes anything. It is longer than a managed policy may be:
--split prints it in parts that fit.

With --org it prints a CloudFormation template for a StackSet: the role that
haetae assumes in each account, its trust, and the policy.`,
		Example: `  haetae policy --for scan
  haetae policy --for detect
  haetae policy --for scan --split | jq '.[0]' > part-1.json
  haetae policy --org --principal arn:aws:iam::111111111111:role/security > stackset.yaml`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.policy(&p) },
	}
	f := cmd.Flags()
	f.StringVar(&p.purpose, "for", "scan", "what the policy is for: scan, or detect (sources of logs)")
	f.BoolVar(&p.split, "split", false, "an array of policies, each no longer than a managed policy may be")
	f.BoolVar(&p.org, "org", false, "a CloudFormation template of the role for all accounts")
	f.StringVar(&p.role, "role", defaultRole, "with --org: name of the role")
	f.StringVar(&p.principal, "principal", "", "with --org: ARN of the role or user that will scan, or its account's number")
	f.StringVar(&p.externalID, "external-id", "", "with --org: what must be given to assume the role")
	f.StringVar(&p.organization, "organization", "", "with --org: ID of the organization that whoever scans must be of (o-…)")
	f.StringArrayVar(&p.extras, "with", nil, "also what a scan with this --with calls: "+strings.Join(collect.Extras(), ", "))
	return cmd
}

func (a *app) policy(p *policyFlags) error {
	switch p.purpose {
	case "scan":
	case "detect":
		if p.org || p.split {
			return usagef("--org and --split are for --for scan")
		}
		return a.printJSON(detectPolicy())
	default:
		return usagef("--for %s: this version has scan and detect", p.purpose)
	}
	if err := checkExtras(p.extras); err != nil {
		return err
	}
	switch {
	case p.org:
		if p.externalID == "" && p.organization == "" {
			a.advise("haetae: give --organization o-… as well, so that the role trusts nobody outside even if the principal's account is lost")
		}
		if p.principal == "" {
			return usage{&haetae.Error{Code: haetae.Invalid, Err: errors.New("--org needs --principal"), Hint: "Name who will scan: the ARN that haetae doctor prints, or the number of its account."}}
		}
		if _, err := io.WriteString(a.out, collect.Role{Name: p.role, Principal: p.principal, ExternalID: p.externalID, Organization: p.organization}.StackSet(p.extras)); err != nil {
			return fmt.Errorf("print the template: %w", err)
		}
		who, err := json.MarshalIndent(collect.EnterPolicy("aws", p.role), "# ", "  ")
		if err != nil {
			return fmt.Errorf("print the policy: %w", err)
		}
		_, err = fmt.Fprintf(a.out, `
# Deploy it from the management account, or a delegated administrator of
# CloudFormation StackSets, as a service-managed StackSet to the organization's
# root. StackSets leave out the management account: deploy it there as a stack.
#
#   aws cloudformation create-stack-set --stack-set-name haetae \
#     --template-body file://stackset.yaml --capabilities CAPABILITY_NAMED_IAM \
#     --permission-model SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false
#   aws cloudformation create-stack-instances --stack-set-name haetae \
#     --deployment-targets OrganizationalUnitIds=ROOT_ID --regions us-east-1
#
# Whoever scans (%s) needs this:
#
# %s
#
# Then: haetae scan --org --role %s
`, p.principal, who, p.role)
		return err
	case p.split:
		return a.printJSON(collect.ScanPolicies(p.extras))
	}
	return a.printJSON(collect.ScanPolicy(p.extras))
}

// detectPolicy is what the sources of haetae detect need. Whoever uses it puts in the
// bucket, queue, log group and key.
func detectPolicy() map[string]any {
	statement := func(sid string, actions []string, resource string) map[string]any {
		return map[string]any{"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
	}
	return map[string]any{"Version": "2012-10-17", "Statement": []any{
		statement("BucketsOfLogs", []string{"s3:ListBucket"}, "arn:aws:s3:::BUCKET"),
		statement("ObjectsOfLogs", []string{"s3:GetObject"}, "arn:aws:s3:::BUCKET/*"),
		statement("KeyOfTheBucket", []string{"kms:Decrypt"}, "arn:aws:kms:REGION:ACCOUNT:key/KEY"),
		statement("QueueOfNotifications", []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl"}, "arn:aws:sqs:REGION:ACCOUNT:QUEUE"),
		statement("LogGroups", []string{"logs:FilterLogEvents"}, "arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:*"),
	}}
}

// printJSON prints a value for people and programs alike.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
