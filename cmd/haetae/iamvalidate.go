package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/policy"
)

// policyTypes are the names of the types of policies: ours and Access
// Analyzer's.
func policyType(name string) (policy.Type, error) {
	switch strings.ToLower(name) {
	case "identity", "identity_policy":
		return policy.Identity, nil
	case "resource", "resource_policy":
		return policy.Resource, nil
	case "trust", "role-trust":
		return policy.Trust, nil
	case "scp", "service_control_policy":
		return policy.SCP, nil
	case "rcp", "resource_control_policy":
		return policy.RCP, nil
	case "boundary":
		return policy.Boundary, nil
	case "session":
		return policy.Session, nil
	case "endpoint":
		return policy.Endpoint, nil
	}
	return "", usagef("--type %s: there are identity, resource, trust, scp, rcp, boundary, session and endpoint", name)
}

func (a *app) iamValidateCommand() *cobra.Command {
	var typ, resource, output string
	c := &cobra.Command{
		Use:   "validate FILE…",
		Short: "faults of policies, with their place",
		Long: `Checks policies as Access Analyzer's ValidatePolicy does, with its issue codes and
the shape of its answer, offline: what AWS would refuse, what does not mean what
it seems to, and what allows more than anybody wants. "-" is stdin. Codes that
start with HAETAE_ are ours.

The exit code is 1 when there is an error or a security warning.`,
		Example: `  haetae iam validate policy.json
  haetae iam validate --type resource --resource-type AWS::S3::Bucket --output json bucket-policy.json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := formatOf(output, "table", "json"); err != nil {
				return err
			}
			t, err := policyType(typ)
			if err != nil {
				return err
			}
			if resource == "AWS::IAM::AssumeRolePolicyDocument" {
				t = policy.Trust
			}
			engine, err := a.iamEngine()
			if err != nil {
				return err
			}
			bad := false
			for _, name := range files {
				text, err := a.readText(name)
				if err != nil {
					return err
				}
				list := engine.Validate(text, t, resource)
				for _, f := range list {
					bad = bad || f.Type == "ERROR" || f.Type == "SECURITY_WARNING"
				}
				if err := a.printValidation(name, list, output, len(files) > 1); err != nil {
					return err
				}
			}
			if bad {
				return exit(exitFound)
			}
			return nil
		},
	}
	c.Flags().StringVar(&typ, "type", "identity", "identity, resource, trust, scp, rcp, boundary, session or endpoint")
	c.Flags().StringVar(&resource, "resource-type", "", "of a resource policy: AWS::S3::Bucket and the like")
	c.Flags().StringVar(&output, "output", "table", "table or json")
	return c
}

// readText reads a file, "-" is stdin.
func (a *app) readText(name string) (string, error) {
	if name == "-" {
		raw, err := io.ReadAll(a.in)
		if err != nil {
			return "", fmt.Errorf("read stdin: %w", err)
		}
		return string(raw), nil
	}
	raw, err := os.ReadFile(name)
	return string(raw), err
}

func (a *app) printValidation(name string, list []iam.PolicyFinding, output string, several bool) error {
	if output == "json" {
		e := encoder(a.out)
		e.SetIndent("", " ")
		out := map[string]any{"findings": nonNil(list)}
		if several {
			out["file"] = name
		}
		return printed(e.Encode(out))
	}
	for _, f := range list {
		at := f.Locations[0].Span.Start
		fmt.Fprintf(a.out, "%s:%d:%d: %s %s: %s\n", name, at.Line, at.Column+1, strings.ToLower(strings.ReplaceAll(f.Type, "_", " ")), f.Code, f.Details)
	}
	if len(list) == 0 {
		fmt.Fprintf(a.out, "%s: no faults\n", name)
	}
	return nil
}
