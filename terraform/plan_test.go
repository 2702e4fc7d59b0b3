package terraform

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

// planned makes a plan of resources, each "address {values} {after_unknown}
// {expressions}", as JSON objects apart from the address.
func planned(t *testing.T, resources [][4]string, more ...string) *haetae.Snapshot {
	t.Helper()
	var values, changes, config []string
	for _, r := range resources {
		typ, name, _ := strings.Cut(r[0], ".")
		index := ""
		name, at, ok := strings.Cut(name, "[")
		if ok {
			index = `"index": ` + strings.TrimSuffix(at, "]") + ","
		}
		address, err := json.Marshal(r[0])
		if err != nil {
			t.Fatal(err)
		}
		head := `"address": ` + string(address) + `, "mode": "managed", "type": "` + typ + `", "name": "` + name + `",` + index
		values = append(values, "{"+head+`"values": `+def(r[1])+`}`)
		changes = append(changes, "{"+head+`"change": {"actions": ["create"], "after_unknown": `+def(r[2])+`, "after_sensitive": {}}}`)
		config = append(config, `{"address": "`+typ+"."+name+`", "mode": "managed", "type": "`+typ+`", "provider_config_key": "aws", "expressions": `+def(r[3])+`}`)
	}
	text := `{"format_version": "1.2", "planned_values": {"root_module": {"resources": [` + strings.Join(values, ",") + `]}},
		"resource_changes": [` + strings.Join(changes, ",") + `],
		"configuration": {"root_module": {"resources": [` + strings.Join(config, ",") + `]}` + strings.Join(more, "") + `}}`
	return parse(t, text)
}

func def(s string) string {
	if s == "" {
		return "{}"
	}
	return s
}

func parse(t *testing.T, text string) *haetae.Snapshot {
	t.Helper()
	snap, err := Parse([]byte(text), "plan.json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// after is what rules see of one resource.
func after(t *testing.T, snap *haetae.Snapshot, typ, id string) *haetae.Resource {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range graph.Assemble(sch, snap, graph.Options{}).Resources {
		if r.Type == typ && r.ID == id {
			return r
		}
	}
	t.Fatalf("there is no %s %s", typ, id)
	return nil
}

// refs is the reference of the first attribute of an expression.
func refs(attr, to string) string {
	parent := to[:strings.LastIndexByte(to, '.')]
	return `{"` + attr + `": {"references": ["` + to + `", "` + parent + `"]}}`
}

func TestPartsOfAResourceAreJoined(t *testing.T) {
	bucket := [4]string{"aws_s3_bucket.b", `{"bucket": "b"}`, "", ""}
	for _, c := range []struct {
		name     string
		parent   [4]string
		part     [4]string
		typ, id  string
		property string
		want     string
	}{
		{"versioning", bucket, [4]string{"aws_s3_bucket_versioning.p", `{"versioning_configuration": [{"status": "Enabled"}]}`, `{"bucket": true}`, refs("bucket", "aws_s3_bucket.b.id")},
			"AWS::S3::Bucket", "aws_s3_bucket.b", "VersioningConfiguration", `{"Status":"Enabled"}`},
		{"encryption", bucket, [4]string{"aws_s3_bucket_server_side_encryption_configuration.p", `{"bucket": "b", "rule": [{"bucket_key_enabled": null, "apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256", "kms_master_key_id": ""}]}]}`, "", `{"bucket": {}, "rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": {}}]}]}`},
			"AWS::S3::Bucket", "aws_s3_bucket.b", "BucketEncryption", `{"ServerSideEncryptionConfiguration":[{"BucketKeyEnabled":false,"ServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`},
		{"a canned ACL", bucket, [4]string{"aws_s3_bucket_acl.p", `{"bucket": "b", "acl": "public-read"}`, "", ""},
			"AWS::S3::Bucket", "aws_s3_bucket.b", "AccessControl", `"PublicRead"`},
		{"the policy of a bucket", bucket, [4]string{"aws_s3_bucket_policy.p", `{"bucket": "b", "policy": "{\"Statement\": []}"}`, "", ""},
			"AWS::S3::Bucket", "aws_s3_bucket.b", "PolicyDocument", `{"Statement":[]}`},
		{"an attached policy", [4]string{"aws_iam_role.r", `{"name": "r"}`, "", ""}, [4]string{"aws_iam_role_policy_attachment.p", `{"role": "r", "policy_arn": "arn:aws:iam::aws:policy/A"}`, "", ""},
			"AWS::IAM::Role", "aws_iam_role.r", "ManagedPolicyArns", `["arn:aws:iam::aws:policy/A"]`},
		{"a policy attached to groups", [4]string{"aws_iam_group.g", `{"name": "g"}`, "", ""}, [4]string{"aws_iam_policy_attachment.p", `{"groups": ["g"], "policy_arn": "arn:aws:iam::aws:policy/A"}`, "", `{"groups": {}, "policy_arn": {}}`},
			"AWS::IAM::Group", "aws_iam_group.g", "ManagedPolicyArns", `["arn:aws:iam::aws:policy/A"]`},
		{"the groups of a user", [4]string{"aws_iam_user.u", `{"name": "u"}`, "", ""}, [4]string{"aws_iam_user_group_membership.p", `{"user": "u", "groups": ["g"]}`, "", ""},
			"AWS::IAM::User", "aws_iam_user.u", "Groups", `["g"]`},
		{"a rule that stands apart", [4]string{"aws_security_group.g", `{"egress": []}`, "", ""}, [4]string{"aws_vpc_security_group_ingress_rule.p", `{"ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ipv4": "0.0.0.0/0"}`, `{"security_group_id": true}`, refs("security_group_id", "aws_security_group.g.id")},
			"AWS::EC2::SecurityGroup", "aws_security_group.g", "SecurityGroupIngress", `[{"CidrIp":"0.0.0.0/0","FromPort":22,"IpProtocol":"tcp","ToPort":22}]`},
		{"a rule with two sources", [4]string{"aws_security_group.g", `{"egress": []}`, "", ""}, [4]string{"aws_security_group_rule.p", `{"type": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["10.0.0.0/8"], "ipv6_cidr_blocks": ["::/0"]}`, `{"security_group_id": true}`, refs("security_group_id", "aws_security_group.g.id")},
			"AWS::EC2::SecurityGroup", "aws_security_group.g", "SecurityGroupIngress", `[{"CidrIp":"10.0.0.0/8","FromPort":22,"IpProtocol":"tcp","ToPort":22},{"CidrIpv6":"::/0","FromPort":22,"IpProtocol":"tcp","ToPort":22}]`},
		{"a group without egress lets nothing out", [4]string{"aws_security_group.g", ``, `{"egress": true}`, ""}, bucket,
			"AWS::EC2::SecurityGroup", "aws_security_group.g", "SecurityGroupEgress", `[]`},
		{"an entry of an ACL", [4]string{"aws_network_acl.a", ``, "", ""}, [4]string{"aws_network_acl_rule.p", `{"rule_number": 1, "egress": false, "protocol": "tcp", "rule_action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 22, "to_port": 22}`, `{"network_acl_id": true}`, refs("network_acl_id", "aws_network_acl.a.id")},
			"AWS::EC2::NetworkAcl", "aws_network_acl.a", "Entries", `[{"CidrBlock":"0.0.0.0/0","Egress":false,"PortRange":{"From":22,"To":22},"Protocol":6,"RuleAction":"allow","RuleNumber":1}]`},
		{"a route in the table", [4]string{"aws_route_table.r", `{"route": [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "nat_gateway_id": ""}]}`, "", `{"route": {"references": []}}`}, bucket,
			"AWS::EC2::RouteTable", "aws_route_table.r", "Routes", `[{"DestinationCidrBlock":"0.0.0.0/0","GatewayId":"igw-1"}]`},
		{"the policy of a key", [4]string{"aws_kms_key.k", `{}`, "", ""}, [4]string{"aws_kms_key_policy.p", `{"policy": "{\"Statement\": []}"}`, `{"key_id": true}`, refs("key_id", "aws_kms_key.k.id")},
			"AWS::KMS::Key", "aws_kms_key.k", "KeyPolicy", `{"Statement":[]}`},
		{"the settings of a stage", [4]string{"aws_api_gateway_stage.s", `{"stage_name": "prod"}`, "", ""}, [4]string{"aws_api_gateway_method_settings.p", `{"stage_name": "prod", "method_path": "*/*", "settings": [{"logging_level": "INFO"}]}`, "", ""},
			"AWS::ApiGateway::Stage", "aws_api_gateway_stage.s", "MethodSettings", `[{"CacheDataEncrypted":false,"CachingEnabled":false,"DataTraceEnabled":false,"HttpMethod":"*","LoggingLevel":"INFO","MetricsEnabled":false,"ResourcePath":"/*"}]`},
		{"the parameters of a group", [4]string{"aws_redshift_parameter_group.g", `{"parameter": [{"name": "require_ssl", "value": "true"}]}`, "", `{"parameter": [{}]}`}, bucket,
			"AWS::Redshift::ClusterParameterGroup", "aws_redshift_parameter_group.g", "Parameters", `[{"ParameterName":"require_ssl","ParameterValue":"true"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := after(t, planned(t, [][4]string{c.parent, c.part}), c.typ, c.id)
			got, err := json.Marshal(r.Props[c.property])
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("%s is %s, want %s", c.property, got, c.want)
			}
			if r.Stub != nil {
				t.Error("it is a stub")
			}
		})
	}
}

func TestAPartOfAResourceThatIsElsewhereMakesAStub(t *testing.T) {
	snap := planned(t, [][4]string{
		{"aws_s3_bucket_versioning.v", `{"bucket": "theirs", "versioning_configuration": [{"status": "Enabled"}]}`, "", ""},
		{"aws_s3_bucket_acl.a", `{"bucket": "theirs", "acl": "private"}`, "", ""},
	})
	r := after(t, snap, "AWS::S3::Bucket", "theirs")
	if r.Stub == nil || r.Props["AccessControl"] != "Private" || r.Props["VersioningConfiguration"] == nil {
		t.Errorf("the bucket is %+v", r)
	}
}

func TestWhatIsNotConfiguredIsNotSet(t *testing.T) {
	snap := planned(t, [][4]string{{"aws_db_instance.d", `{"engine": "mysql"}`, `{"multi_az": true, "kms_key_id": true, "backup_retention_period": true}`, `{"engine": {}, "kms_key_id": {"references": ["var.key"]}}`}})
	props := snap.Resources[0].Props
	if _, ok := props["MultiAZ"]; ok {
		t.Errorf("MultiAZ is %v", props["MultiAZ"])
	}
	if u, ok := props["KmsKeyId"].(*haetae.Unknown); !ok || !u.Set || u.Ref != "" || !strings.Contains(u.Detail, "var.key") {
		t.Errorf("KmsKeyId is %v", props["KmsKeyId"])
	}
}

func TestReferencesLeadThroughModules(t *testing.T) {
	snap := parse(t, `{"format_version": "1.2",
	"planned_values": {"root_module": {"resources": [
		{"address": "aws_flow_log.f", "mode": "managed", "type": "aws_flow_log", "name": "f", "values": {}}],
	 "child_modules": [
		{"address": "module.net[\"eu\"]", "resources": [{"address": "module.net[\"eu\"].aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v", "values": {}}]},
		{"address": "module.net[\"us\"]", "resources": [{"address": "module.net[\"us\"].aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v", "values": {}}]},
		{"address": "module.app", "resources": [{"address": "module.app.aws_security_group.g", "mode": "managed", "type": "aws_security_group", "name": "g", "values": {}}]}]}},
	"resource_changes": [
		{"address": "aws_flow_log.f", "change": {"after_unknown": {"vpc_id": true}}},
		{"address": "module.app.aws_security_group.g", "change": {"after_unknown": {"vpc_id": true}}}],
	"configuration": {"root_module": {
		"resources": [{"address": "aws_flow_log.f", "expressions": {"vpc_id": {"references": ["module.net[\"us\"].vpc", "module.net[\"us\"]", "module.net"]}}}],
		"module_calls": {
			"net": {"module": {"outputs": {"vpc": {"expression": {"references": ["aws_vpc.v.id", "aws_vpc.v"]}}}, "resources": [{"address": "aws_vpc.v"}]}},
			"app": {"expressions": {"vpc": {"references": ["module.net[\"eu\"].vpc", "module.net[\"eu\"]", "module.net"]}},
				"module": {"resources": [{"address": "aws_security_group.g", "expressions": {"vpc_id": {"references": ["var.vpc"]}}}]}}}}}}`)
	for id, want := range map[string]string{"aws_flow_log.f": `module.net["us"].aws_vpc.v`, "module.app.aws_security_group.g": `module.net["eu"].aws_vpc.v`} {
		for _, r := range snap.Resources {
			if r.ID != id {
				continue
			}
			v := r.Props["VpcId"]
			if v == nil {
				v = r.Props["ResourceId"]
			}
			if u, ok := v.(*haetae.Unknown); !ok || u.Ref != want {
				t.Errorf("%s refers to %v, want %s", id, v, want)
			}
		}
	}
}

func TestRepeatedResourcesReferToTheirLikes(t *testing.T) {
	expr := `{"subnet_id": {"references": ["aws_subnet.s", "each.key"]}}`
	snap := planned(t, [][4]string{
		{`aws_subnet.s["a"]`, "", "", ""}, {`aws_subnet.s["b"]`, "", "", ""},
		{`aws_instance.i["a"]`, "", `{"subnet_id": true}`, expr}, {`aws_instance.i["b"]`, "", `{"subnet_id": true}`, expr},
	})
	for _, r := range snap.Resources {
		if r.Type != "AWS::EC2::Instance" {
			continue
		}
		want := strings.Replace(r.ID, "aws_instance.i", "aws_subnet.s", 1)
		if u, ok := r.Props["SubnetId"].(*haetae.Unknown); !ok || u.Ref != want {
			t.Errorf("%s is in %v", r.ID, r.Props["SubnetId"])
		}
	}
}

func TestSensitiveValuesAreNeverKept(t *testing.T) {
	const text = "hunter2-hunter2"
	snap := parse(t, `{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
		{"address": "aws_db_instance.a", "mode": "managed", "type": "aws_db_instance", "name": "a", "values": {"password": "`+text+`"}, "sensitive_values": {"password": true}},
		{"address": "aws_db_instance.b", "mode": "managed", "type": "aws_db_instance", "name": "b", "values": {"password": "`+text+`"}, "sensitive_values": {"password": true}},
		{"address": "aws_lambda_function.f", "mode": "managed", "type": "aws_lambda_function", "name": "f", "values": {"environment": [{"variables": {"X": "`+text+`"}}]}, "sensitive_values": {"environment": [{"variables": true}]}}]}},
		"configuration": {"root_module": {"resources": [
		{"address": "aws_db_instance.a", "expressions": {"password": {"constant_value": "`+text+`"}}},
		{"address": "aws_db_instance.b", "expressions": {"password": {"references": ["var.password"]}}}]}}}`)
	if out, err := json.Marshal(snap); err != nil || strings.Contains(string(out), text) {
		t.Fatalf("the value is in the snapshot: %s %v", out, err)
	}
	if s, ok := snap.Resources[1].Props["MasterUserPassword"].(*haetae.Secret); !ok || s.Kind != "password" {
		t.Errorf("a literal is %v", snap.Resources[1].Props["MasterUserPassword"])
	}
	if u, ok := snap.Resources[2].Props["MasterUserPassword"].(*haetae.Unknown); !ok || u.Reason != haetae.SecretKept {
		t.Errorf("a variable is %v", snap.Resources[2].Props["MasterUserPassword"])
	}
}

func TestAStateIsReadAndItsIDsAreReferences(t *testing.T) {
	snap := parse(t, `{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [
		{"address": "aws_vpc.v", "mode": "managed", "type": "aws_vpc", "name": "v", "values": {"id": "vpc-0123456789abcdef0", "arn": "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-0123456789abcdef0"}},
		{"address": "aws_subnet.s", "mode": "managed", "type": "aws_subnet", "name": "s", "values": {"id": "subnet-1", "vpc_id": "vpc-0123456789abcdef0"}},
		{"address": "data.aws_caller_identity.me", "mode": "data", "type": "aws_caller_identity", "name": "me", "values": {"account_id": "111122223333"}}]}}}`)
	if len(snap.Resources) != 2 || snap.Resources[0].Account != "111122223333" || snap.Coverage[0].Account != "111122223333" {
		t.Fatalf("the snapshot is %+v", snap)
	}
	if u, ok := snap.Resources[0].Props["VpcId"].(*haetae.Unknown); !ok || u.Ref != "aws_vpc.v" {
		t.Errorf("the subnet is in %v", snap.Resources[0].Props["VpcId"])
	}
}

func TestTagsOfTheProviderAreThere(t *testing.T) {
	snap := planned(t, [][4]string{{"aws_efs_file_system.f", `{"tags": {"A": "1"}, "tags_all": {"A": "1", "Owner": "x"}}`, "", `{"tags": {}}`}},
		`, "provider_config": {"aws": {"expressions": {"region": {"constant_value": "eu-west-3"}}}}`)
	r := after(t, snap, "AWS::EFS::FileSystem", "aws_efs_file_system.f")
	if r.Tags["Owner"] != "x" || r.Tags["A"] != "1" || r.Region != "eu-west-3" {
		t.Errorf("tags %v, region %q", r.Tags, r.Region)
	}
}

func TestTypesThatAreNotMappedAreCounted(t *testing.T) {
	snap := planned(t, [][4]string{{"aws_thing.a", "", "", ""}, {"aws_thing.b", "", "", ""}, {"random_id.r", "", "", ""}})
	if len(snap.Problems) != 1 || !strings.HasPrefix(snap.Problems[0].Error, "aws_thing: 2 ") {
		t.Errorf("problems are %v", snap.Problems)
	}
}

func TestTheCloudControlProviderIsReadByNames(t *testing.T) {
	snap := planned(t, [][4]string{{"awscc_s3_bucket.b", `{"bucket_name": "b", "versioning_configuration": {"status": "Enabled"}, "tags": [{"key": "A", "value": "1"}]}`, "", ""}})
	r := after(t, snap, "AWS::S3::Bucket", "awscc_s3_bucket.b")
	if v, ok := r.Props["VersioningConfiguration"].(map[string]any); !ok || v["Status"] != "Enabled" || r.Tags["A"] != "1" {
		t.Errorf("the bucket is %v", r.Props)
	}
}

func TestBlocksAreFoundInTheFilesOfModules(t *testing.T) {
	fsys := fstest.MapFS{
		"main.tf":     {Data: []byte("/*\nresource \"aws_vpc\" \"no\" {\n*/\nlocals {\n  x = <<-EOT\nresource \"aws_vpc\" \"no\" {}\n  EOT\n}\nresource \"aws_vpc\" \"v\" {}\n")},
		"net/main.tf": {Data: []byte("\nresource \"aws_vpc\" \"v\" {}\n")},
	}
	config := &configModule{Calls: map[string]*moduleCall{"n": {Source: "./net"}, "far": {Source: "../x"}}}
	got := blocks(fsys, "infra", config)
	want := map[string]haetae.Place{" aws_vpc.v": {File: "infra/main.tf", Line: 9}, "n aws_vpc.v": {File: "infra/net/main.tf", Line: 2}}
	if len(got) != len(want) {
		t.Errorf("blocks are %v", got)
	}
	for k, p := range want {
		if got[k].Place != p {
			t.Errorf("%s is at %v", k, got[k].Place)
		}
	}
}

func TestADynamicBlockThatIsNotKnownIsNotTakenForNone(t *testing.T) {
	text := `{"format_version": "1.2", "planned_values": {"root_module": {"resources": [{"address": "aws_security_group.g", "mode": "managed", "type": "aws_security_group", "name": "g", "values": {}}]}},
		"resource_changes": [{"address": "aws_security_group.g", "change": {"after_unknown": {"ingress": true, "egress": true}}}],
		"configuration": {"root_module": {"resources": [{"address": "aws_security_group.g", "expressions": {}}]}}}`
	fsys := fstest.MapFS{"main.tf": {Data: []byte("resource \"aws_security_group\" \"g\" {\n  dynamic \"ingress\" {\n  }\n}\n")}}
	snap, err := Parse([]byte(text), "plan.json", Options{FS: fsys})
	if err != nil {
		t.Fatal(err)
	}
	props := snap.Resources[0].Props
	if _, ok := props["SecurityGroupIngress"].(*haetae.Unknown); !ok {
		t.Errorf("ingress is %v", props["SecurityGroupIngress"])
	}
	if l, ok := props["SecurityGroupEgress"].([]any); !ok || len(l) != 0 {
		t.Errorf("egress is %v", props["SecurityGroupEgress"])
	}
}

func TestAddressesAreTakenApart(t *testing.T) {
	for address, want := range map[string][]string{
		`module.a["x.y"].aws_s3_bucket.b[0].id`: {"module", "a", `["x.y"]`, "aws_s3_bucket", "b", "[0]", "id"},
		`a["q\"]"].b`:                           {"a", `["q\"]"]`, "b"},
		`a[`:                                    {"a", "["},
		``:                                      nil,
	} {
		if got := split(address); !slices.Equal(got, want) {
			t.Errorf("%s is %q", address, got)
		}
	}
}

func TestWhatIsNoPlanIsAnErrorWithAHint(t *testing.T) {
	for _, text := range []string{`{`, `[]`, `{}`, `{"format_version": "1.2"}`, `{"format_version": "9.0", "planned_values": {}}`} {
		_, err := Parse([]byte(text), "plan.json", Options{})
		if haetae.CodeOf(err) != haetae.Invalid || haetae.HintOf(err) == "" || !strings.Contains(err.Error(), "plan.json") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestEveryMappingLeadsToTheSchema finds misspelt paths of types.yaml.
func TestEveryMappingLeadsToTheSchema(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	types, err := mappings()
	if err != nil {
		t.Fatal(err)
	}
	for name, list := range types {
		for _, m := range list {
			typ, ok := sch.Type(m.target())
			if !ok {
				t.Errorf("%s: there is no type %s", name, m.target())
				continue
			}
			obj := typ.Props
			if m.Root != "" {
				f, err := typ.Lookup(m.Root)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				obj = f.Object
			}
			lead(t, name, newReader(&document{Values: &values{}}, "", Options{}, sch, types), m.tree, obj, typ.Props)
		}
	}
}

// lead follows a mapping's paths into the schema.
func lead(t *testing.T, at string, r *reader, n *rename, obj, root *schema.Object) {
	t.Helper()
	c := converter{reader: r}
	for name, child := range n.children {
		inner := obj
		switch {
		case child.renamed == nil:
			_, f := c.field(obj, name, nil)
			inner = objectOf(f)
		case child.To == "" || child.To == ".":
		default:
			path, from := child.To, obj
			if rest, ok := strings.CutPrefix(path, "/"); ok {
				path, from = rest, root
			}
			path, _, _ = strings.Cut(path, "[")
			var f *schema.Field
			for step := range strings.SplitSeq(path, ".") {
				var ok bool
				if f, ok = from.Field(step); !ok {
					t.Errorf("%s.%s: there is no %s in %s", at, name, step, child.To)
					return
				}
				from = objectOf(f)
			}
			inner = from
		}
		lead(t, at+"."+name, r, child, inner, root)
	}
}

func objectOf(f *schema.Field) *schema.Object {
	for f != nil && (f.Kind == schema.List || f.Kind == schema.Map) {
		f = f.Elem
	}
	if f == nil {
		return nil
	}
	return f.Object
}

// FuzzParse looks for texts that make the reader panic or hang, and for values
// that no property tree may hold.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format_version":"1.2","planned_values":{"root_module":{"resources":[{"address":"aws_s3_bucket_policy.p","mode":"managed","type":"aws_s3_bucket_policy","name":"p","values":{}}]}},
"resource_changes":[{"address":"aws_s3_bucket_policy.p","change":{"after_unknown":{"policy":true,"bucket":true}}},{"address":"data.aws_iam_policy_document.d","mode":"data","type":"aws_iam_policy_document","name":"d","change":{"after":{"statement":[{"actions":["s3:*"],"resources":[null]}]},"after_unknown":{"json":true,"statement":[{"resources":[true]}]}}}],
"configuration":{"root_module":{"resources":[{"address":"aws_s3_bucket_policy.p","expressions":{"bucket":{"references":["module.m.b","module.m"]},"policy":{"references":["data.aws_iam_policy_document.d.json","data.aws_iam_policy_document.d"]}}},{"address":"data.aws_iam_policy_document.d","expressions":{"statement":[{"resources":{"references":["var.x"]}}],"source_policy_documents":{"references":["data.aws_iam_policy_document.d.json"]}}}],"module_calls":{"m":{"expressions":{"a":{"references":["module.m.b"]}},"module":{"outputs":{"b":{"expression":{"references":["var.a"]}}}}}}}}}`))
	f.Add([]byte(`{"format_version":"1.2","values":{"root_module":{"resources":[{"address":"aws_security_group.g","mode":"managed","type":"aws_security_group","name":"g","values":{"id":"sg-1","ingress":[{"self":true,"cidr_blocks":["::/0"]}]},"sensitive_values":{"ingress":true}},{"address":"aws_s3_bucket_acl.a","mode":"managed","type":"aws_s3_bucket_acl","values":{"bucket":["x"],"acl":{}}}]}}}`))
	f.Add([]byte(`{"format_version": "1.2", "values": {"root_module": {"resources": [{"address": "aws_vpc.v[0]", "mode": "managed", "type": "aws_vpc", "index": 0, "values": {"tags": {"a": 1}}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		Is(data)
		s, err := Parse(data, "f", Options{})
		if err != nil {
			if haetae.CodeOf(err) != haetae.Invalid || haetae.HintOf(err) == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		for _, r := range s.Resources {
			if !pure(r.Props) {
				t.Fatalf("%s: %v", r.ID, r.Props)
			}
		}
	})
}

// pure tells whether a value is made of what a property tree may hold.
func pure(v any) bool {
	switch x := v.(type) {
	case nil, bool, int64, float64, string, *haetae.Unknown, *haetae.Secret:
		return true
	case *haetae.OpenList:
		return pure(x.Items)
	case []any:
		return !slices.ContainsFunc(x, func(e any) bool { return !pure(e) })
	case map[string]any:
		for _, e := range x {
			if !pure(e) {
				return false
			}
		}
		return true
	}
	return false
}
