package inventory

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// prefixes are the services by the AWS CLI's names, with the prefix of their
// IAM actions and whether their parameters begin with a capital. The prefixes
// are those of AWS's Service Authorization Reference.
func prefixes() map[string][2]string {
	out := map[string][2]string{}
	for _, line := range strings.Fields(`
		accessanalyzer:access-analyzer:lower account:account:upper acm:acm:upper apigateway:apigateway:lower apigatewayv2:apigateway:upper
		autoscaling:autoscaling:upper backup:backup:upper cloudfront:cloudfront:upper cloudtrail:cloudtrail:upper cloudwatch:cloudwatch:upper
		codebuild:codebuild:lower cognito-idp:cognito-idp:upper configservice:config:upper dynamodb:dynamodb:upper ec2:ec2:upper ecr:ecr:lower
		ecs:ecs:lower efs:elasticfilesystem:upper eks:eks:lower elasticache:elasticache:upper elb:elasticloadbalancing:upper
		elbv2:elasticloadbalancing:upper emr:elasticmapreduce:upper es:es:upper events:events:upper glue:glue:upper guardduty:guardduty:upper
		iam:iam:upper inspector2:inspector2:lower kinesis:kinesis:upper kms:kms:upper lambda:lambda:upper logs:logs:lower macie2:macie2:lower
		network-firewall:network-firewall:upper opensearch:es:upper organizations:organizations:upper rds:rds:upper redshift:redshift:upper
		route53:route53:upper s3api:s3:upper s3control:s3:upper sagemaker:sagemaker:upper secretsmanager:secretsmanager:upper
		securityhub:securityhub:upper sns:sns:upper sqs:sqs:upper ssm:ssm:upper stepfunctions:states:lower sts:sts:upper wafv2:wafv2:upper
		resourcegroupstaggingapi:tag:upper xray:xray:upper
		sso-admin:sso:upper identitystore:identitystore:upper ram:ram:lower rolesanywhere:rolesanywhere:lower cognito-identity:cognito-identity:upper
		directconnect:directconnect:lower globalaccelerator:globalaccelerator:upper route53resolver:route53resolver:upper vpc-lattice:vpc-lattice:lower networkmanager:networkmanager:upper
		codeartifact:codeartifact:lower acm-pca:acm-pca:upper sesv2:ses:upper kafka:kafka:upper s3tables:s3tables:lower opensearchserverless:aoss:lower
		cloudformation:cloudformation:upper codepipeline:codepipeline:lower apprunner:apprunner:upper batch:batch:lower iot:iot:lower
		bedrock-agent:bedrock:lower bedrock-agentcore-control:bedrock-agentcore:lower`) {
		part := strings.Split(line, ":")
		out[part[0]] = [2]string{part[1], part[2]}
	}
	return out
}

var (
	upperName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	lowerName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
	verbs     = regexp.MustCompile(`^(Describe|List|Get|Batch(Get|Describe)|Search|Generate)[A-Z]`)
)

func TestEveryCallNeedsActionsOfItsService(t *testing.T) {
	known := prefixes()
	used := map[string]bool{}
	check := func(op string, actions []string) {
		service, name, _ := strings.Cut(op, ":")
		of, ok := known[service]
		if !ok {
			t.Errorf("%s: the prefix of its service is not known", op)
			return
		}
		used[service] = true
		if !verbs.MatchString(name) {
			t.Errorf("%s does not look as if it only read", op)
		}
		for _, a := range actions {
			prefix, _, _ := strings.Cut(a, ":")
			if prefix != of[0] {
				t.Errorf("%s needs %s, which is not an action of %s", op, a, of[0])
			}
		}
	}
	for i := range All {
		for j := range All[i].Calls {
			c := &All[i].Calls[j]
			check(c.Op, c.RequiredActions())
			if c.Before != "" {
				check(c.Before, nil)
			}
		}
	}
	for s := range known {
		if !used[s] {
			t.Errorf("no call is of %s", s)
		}
	}
}

func TestCallsCanBeMadeFromTheirLiterals(t *testing.T) {
	known := prefixes()
	for i := range All {
		k := &All[i]
		s := sourcesOf(k.Global)
		extra := func(op string) bool {
			return slices.ContainsFunc(All, func(o Kind) bool {
				return o.Global == k.Global && slices.ContainsFunc(o.Calls, func(c Call) bool { return c.Op == op && !c.Other && c.Extra != "" })
			})
		}
		made := map[string]map[string]any{}
		for j := range k.Calls {
			c := &k.Calls[j]
			where := k.Type + " " + c.Op
			service, _, _ := strings.Cut(c.Op, ":")
			pattern := upperName
			if known[service][1] == "lower" {
				pattern = lowerName
			}
			for _, n := range append(slices.Collect(maps.Keys(c.Params)), c.Param) {
				if n != "" && !pattern.MatchString(n) {
					t.Errorf("%s: %q is no name of a parameter", where, n)
				}
			}
			if err := values(c.Params, c.Param != ""); err != nil {
				t.Errorf("%s: %v", where, err)
			}
			if c.Param == "" && (c.List || c.Batch > 0 || c.Number || c.Each != "") || c.Batch > 0 && !c.List || c.Number && c.List {
				t.Errorf("%s: what is said of its parents does not fit together", where)
			}
			if c.Each != "" && len(c.Sources()) != strings.Count(c.Each, "; ")+1 {
				t.Errorf("%s: %q is no list of sources", where, c.Each)
			}
			if strings.Contains(fmt.Sprint(c.Params), "${Grandparent}") && c.grandparam() == "" && !c.Other {
				t.Errorf("%s: its parents have no parents", where)
			}
			for _, from := range c.Sources() {
				if list := s[from.Op]; !c.Other && list == nil && !(c.Extra != "" && extra(from.Op)) {
					t.Errorf("%s: nobody calls %s in the same scope", where, from.Op)
				}
			}
			if c.Other {
				continue
			}
			// Two calls may differ by what they are about, or by their Params.
			id := c.Op + " " + fmt.Sprint(c.Params)
			if before, twice := made[id]; twice && reflect.DeepEqual(before, c.Params) {
				t.Errorf("%s is made twice", where)
			}
			made[id] = c.Params
		}
	}
}

// values checks that Params are made of what a request is made of.
func values(v any, parent bool) error {
	switch v := v.(type) {
	case nil, bool, int64:
		return nil
	case string:
		rest := strings.NewReplacer("${Account}", "", "${Region}", "", "${Partition}", "").Replace(v)
		if parent {
			rest = strings.NewReplacer("${Parent}", "", "${Grandparent}", "", "${Grandparent.Middle}", "", "${Parent.Last}", "", "${Parent.Name}", "", "${Parent.Scope}", "").Replace(rest)
		}
		if strings.Contains(rest, "${") {
			return fmt.Errorf("%q has a placeholder that nothing stands for", v)
		}
		return nil
	case []any:
		for _, x := range v {
			if err := values(x, parent); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		for _, x := range v {
			if err := values(x, parent); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%T cannot be in a request", v)
}

func TestAnOperationWithTheSameParamsIsAboutTheSame(t *testing.T) {
	// Otherwise an answer would be taken for that of another call.
	first := map[string]*Call{}
	for i := range All {
		for j := range All[i].Calls {
			c := &All[i].Calls[j]
			id := c.Op + " " + fmt.Sprint(c.Params)
			if f := first[id]; f == nil {
				first[id] = c
			} else if f.Param != c.Param {
				t.Errorf("%s is about %q and about %q", id, f.Param, c.Param)
			}
		}
	}
}
