package content

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
)

// given are the paths that readers give of each type, as controls write them.
type given map[string]map[string]bool

// add notes a value and all that is in it.
func (g given) add(typ, path string, v any) {
	if path != "" {
		g[typ][path] = true
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if k == anyKey {
				g.add(typ, path, x)
			} else {
				g.add(typ, strings.TrimPrefix(path+"."+k, "."), x)
			}
		}
	case []any:
		for _, x := range v {
			g.add(typ, path, x)
		}
	case *haetae.OpenList:
		g.add(typ, path, v.Items)
	}
}

// anyKey is a key of maps whose keys belong to the user.
const anyKey = "any"

// credentialReport is a report with all columns that readers look at.
const credentialReport = "user,arn,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,cert_1_active\n" +
	"<root_account>,arn:aws:iam::111122223333:root,not_supported,2025-03-04T05:06:07+00:00,not_supported,not_supported,true,true,2025-03-04T05:06:07+00:00,2025-03-04T05:06:07+00:00,us-east-1,s3,true\n" +
	"x,arn:aws:iam::111122223333:user/x,true,2025-03-04T05:06:07+00:00,2025-03-04T05:06:07+00:00,2025-03-04T05:06:07+00:00,true,true,2025-03-04T05:06:07+00:00,2025-03-04T05:06:07+00:00,us-east-1,s3,true\n"

// texts are what stands for every text of an answer, one after the other, since
// readers look at some of them.
func texts() []string {
	return []string{
		"x", "true", "ENABLED", "ACTIVE", "PRIMARY", "PROVISIONED", "available", "application", "7", "OpenSearch_2.19",
		"User initiated (2026-01-02 03:04:05 GMT)",
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}]}`,
		"arn:aws:wafv2:us-east-1:111122223333:regional/webacl/name/id",
	}
}

// sampler makes an answer with everything in it.
type sampler struct {
	*aws.Service
	text string
	yes  bool
	keys []string // of maps
}

func (s *sampler) value(name, shape string, depth int) any {
	switch shape {
	case "$integer":
		return int64(7)
	case "$float":
		return 1.5
	case "$boolean":
		return s.yes && name != "Deleted"
	case "$timestamp":
		return "2025-03-04T05:06:07Z"
	case "$document":
		return map[string]any{}
	case "$blob":
		return credentialReport
	}
	if strings.HasPrefix(shape, "$") {
		return s.text
	}
	if depth > 9 {
		return nil
	}
	sh := s.Shapes[shape]
	switch sh.Type {
	case "list":
		return []any{s.value(name, sh.Item.Shape, depth+1)}
	case "map":
		out := map[string]any{anyKey: s.value(name, sh.Item.Shape, depth+1)}
		if depth == 1 { // attributes, as of a queue
			for _, k := range s.keys {
				out[k] = s.value(k, sh.Item.Shape, depth+1)
			}
		}
		return out
	}
	out := map[string]any{}
	for n, m := range sh.Members {
		if v := s.value(n, m.Shape, depth+1); v != nil {
			out[n] = v
		}
	}
	return out
}

// words are what the keys of a map may be: every word in quotes in the files
// of inventory that name a type.
func words(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../inventory/*.go")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`["=]([A-Za-z][A-Za-z0-9]*)"`)
	out := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range inventory.All {
			if typ := inventory.All[i].Type; strings.Contains(string(data), `"`+typ+`"`) {
				for _, m := range quoted.FindAllSubmatch(data, -1) {
					out[typ] = append(out[typ], string(m[1]))
				}
			}
		}
	}
	return out
}

// readers gives every reader answers with everything in them and notes what it
// makes of them.
func readers(t *testing.T) given {
	t.Helper()
	model, keys, out := aws.NewModel(), words(t), given{}
	for i := range inventory.All {
		k := &inventory.All[i]
		out[k.Type] = map[string]bool{}
		for j := range k.Calls {
			c := &k.Calls[j]
			service, op, err := model.Operation(c.Op)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range texts() {
				for _, yes := range []bool{true, false} {
					s := &sampler{service, text, yes, keys[k.Type]}
					body, _ := s.value("", op.Output, 0).(map[string]any)
					out.read(k, c, body, text)
				}
			}
		}
	}
	return out
}

// read notes what a reader makes of an answer.
func (g given) read(k *inventory.Kind, c *inventory.Call, body map[string]any, text string) {
	if body == nil {
		body = map[string]any{}
	}
	for name, v := range c.Echo(inventory.Parent{ID: text, Grandparent: text}) {
		if body[name] == nil {
			body[name] = v
		}
	}
	// An answer that is known by a value has it.
	if path, value, ok := strings.Cut(c.Member, "="); ok {
		parent, member, _ := strings.Cut(path, ".")
		if o, ok := body[parent].(map[string]any); ok {
			o[member] = value
		}
	}
	for _, r := range c.Read(&inventory.Answer{Op: c.Op, Account: "111122223333", Region: "us-east-1", Params: c.Params, Body: body}) {
		r.Type = k.Type
		if r.Props == nil {
			r.Props = map[string]any{}
		}
		if k.Finish != nil {
			k.Finish(r)
		}
		g.add(r.Type, "", r.Props)
		g.add(r.Type, "observed", r.Observed)
		g.add(r.Type, "volatile", r.Volatile)
	}
}

// elsewhere are the paths that no reader gives of one answer, with the reason.
func elsewhere() map[control.Read]string {
	const (
		template = "only templates have it: "
		joined   = "it follows from two answers, see the tests of inventory: "
		named    = "the reader goes by names in the answer, see the tests of inventory and collect: "
	)
	out := map[control.Read]string{
		{Type: "AWS::S3::Bucket", Path: "AccessControl"}:                                  template + "AWS answers with Grants",
		{Type: "AWS::EC2::Instance", Path: "LaunchTemplate"}:                              template + "an instance has what its template gave it",
		{Type: "AWS::EC2::Instance", Path: "LaunchTemplate.LaunchTemplateId"}:             template + "an instance has what its template gave it",
		{Type: "AWS::RDS::DBCluster", Path: "MasterUserPassword"}:                         template + "AWS never tells it",
		{Type: "AWS::RDS::DBInstance", Path: "MasterUserPassword"}:                        template + "AWS never tells it",
		{Type: "AWS::IAM::User", Path: "volatile.AccessKeyLastUsed.AccessKeyId"}:          joined + "the credential report and the list of keys",
		{Type: "Haetae::Account", Path: "observed.RootHardwareMFA"}:                       joined + "whether root has MFA and the list of virtual devices",
		{Type: "AWS::SSM::ManagedInstance", Path: "observed.PatchComplianceStatus"}:       named + "the type of compliance",
		{Type: "AWS::SSM::ManagedInstance", Path: "observed.AssociationComplianceStatus"}: named + "the type of compliance",
		{Type: "AWS::Lambda::LayerVersion", Path: "Permissions.Principal"}:                named + "the layer's ARN",
		{Type: "AWS::Lambda::LayerVersion", Path: "Permissions.OrganizationId"}:           named + "the layer's ARN",
	}
	for _, member := range []string{"", ".Principal", ".PrincipalOrgID", ".SourceArn", ".SourceAccount", ".EventSourceToken"} {
		out[control.Read{Type: "AWS::Lambda::Function", Path: "Permissions" + member}] = template + "AWS answers with PolicyDocument, which the controls look at as well"
	}
	return out
}

func TestEverythingThatControlsAskLiveAccountsForIsReadByInventory(t *testing.T) {
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	list, err := Controls()
	if err != nil {
		t.Fatal(err)
	}
	set, err := control.NewSet(sch, list)
	if err != nil {
		t.Fatal(err)
	}
	got, except := readers(t), elsewhere()
	asked := map[control.Read]bool{}
	for _, c := range list {
		reads, err := set.Reads(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reads {
			asked[r] = true
			if paths, read := got[r.Type]; read && !paths[r.Path] && except[r] == "" {
				t.Errorf("%s asks %s for %s, which no reader gives", c.ID, r.Type, r.Path)
			}
		}
	}
	for r := range except {
		if !asked[r] || got[r.Type][r.Path] {
			t.Errorf("%s of %s is no exception any more", r.Path, r.Type)
		}
	}
	if len(asked) < 500 {
		t.Errorf("the controls ask for only %d properties", len(asked))
	}
}
