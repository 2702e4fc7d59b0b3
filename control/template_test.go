package control_test

import (
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/template"
)

// scan judges a template by one built-in control and returns the finding about
// a logical id.
func scan(t *testing.T, text, id, logical string) haetae.Finding {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	all, err := content.Controls()
	if err != nil {
		t.Fatal(err)
	}
	var one []*control.Control
	for _, c := range all {
		if c.ID == id {
			one = append(one, c)
		}
	}
	set, err := control.NewSet(sch, one)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := template.Parse([]byte(text), "t.yaml", template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(sch, graph.Assemble(sch, snap, graph.Options{}))
	for f, err := range set.Evaluate(g) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Resource.ID == logical {
			return f
		}
	}
	t.Fatalf("%s says nothing of %s", id, logical)
	return haetae.Finding{}
}

func TestControlsOnTemplates(t *testing.T) {
	for _, c := range []struct {
		name, control, logical string
		want                   haetae.Status
		suppressed             bool
		text                   string
	}{
		{"the usual TLS policy of a bucket is recognised", "s3-bucket-tls-required", "B", haetae.Pass, false, `
Resources:
  B: {Type: AWS::S3::Bucket}
  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref B
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "s3:*"
            Resource: [!GetAtt B.Arn, !Sub "${B.Arn}/*"]
            Condition: {Bool: {"aws:SecureTransport": "false"}}`},
		{"a rule that stands apart opens its group", "ec2-security-group-ssh-not-open", "G", haetae.Fail, false, `
Resources:
  G: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g}}
  R: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}`},
		{"a rule of a group elsewhere is judged all the same", "ec2-security-group-ssh-not-open", "sg-1", haetae.Fail, false, `
Resources:
  R: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: sg-1, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}`},
		{"what a group elsewhere has besides is not asked", "ec2-security-group-ssh-not-open", "sg-1", haetae.NotApplicable, false, `
Resources:
  R: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: sg-1, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}}`},
		{"a child's exception covers what comes of it", "ec2-security-group-ssh-not-open", "G", haetae.Fail, true, `
Resources:
  G: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: g}}
  R:
    Type: AWS::EC2::SecurityGroupIngress
    Metadata: {checkov: {skip: [{id: CKV_AWS_24, comment: on purpose}]}}
    Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}`},
		{"a child's exception does not cover its siblings", "ec2-security-group-ssh-not-open", "G", haetae.Fail, false, `
Resources:
  G:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: g
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]
  R:
    Type: AWS::EC2::SecurityGroupIngress
    Metadata: {checkov: {skip: [{id: CKV_AWS_24, comment: on purpose}]}}
    Properties: {GroupId: !GetAtt G.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: "::/0"}`},
		{"a fact that only a live account has is not asked of a template", "s3-bucket-mfa-delete-enabled", "B", haetae.NotApplicable, false, `
Resources:
  B: {Type: AWS::S3::Bucket, Properties: {VersioningConfiguration: {Status: Enabled}}}`},
		{"a password from a NoEcho parameter is fine", "rds-instance-master-password-not-plaintext", "D", haetae.Pass, false, `
Parameters: {P: {Type: String, NoEcho: true}}
Resources: {D: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: !Ref P}}}`},
		{"but not when its default stands in the template", "rds-instance-master-password-not-plaintext", "D", haetae.Fail, false, `
Parameters: {P: {Type: String, NoEcho: true, Default: hunter2}}
Resources: {D: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: !Ref P}}}`},
		{"nor from a parameter that everybody can read", "rds-instance-master-password-not-plaintext", "D", haetae.Fail, false, `
Parameters: {P: {Type: String}}
Resources: {D: {Type: AWS::RDS::DBInstance, Properties: {MasterUserPassword: !Ref P}}}`},
		{"a policy that names nothing is judged as it stands", "iam-role-inline-no-admin", "P", haetae.Fail, false, `
Resources: {P: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := scan(t, c.text, c.control, c.logical)
			if f.Status != c.want || (f.Suppressed != nil) != c.suppressed {
				t.Errorf("%s, suppressed %v: %s", f.Status, f.Suppressed, f.Reason)
			}
			if f.Status == haetae.Fail && f.Reason == "" {
				t.Error("a failure without a reason")
			}
		})
	}
}
