package permission

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func loaded(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func actionOf(t testing.TB, name string) *Action {
	t.Helper()
	service, n, _ := strings.Cut(name, ":")
	a, ok := loaded(t).Action(service, n)
	if !ok {
		t.Fatalf("%s is not known to %s", name, loaded(t).Version())
	}
	return a
}

// needs writes the types of an action: "instance! volume?".
func needs(list []Resource) string {
	var out []string
	for _, r := range list {
		out = append(out, r.Type.Name+string("?!~"[r.Need]))
	}
	return strings.Join(out, " ")
}

func keyNames(keys []*Key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.Name)
	}
	return out
}

// The tables of
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
// say these.
func TestActionsAreAsAWSDocumentsThem(t *testing.T) {
	for _, c := range []struct {
		action string
		level  Level
		needs  string
		keys   []string // some of its own
	}{
		{"s3:GetObject", Read, "accesspointobject? object?", []string{"s3:ExistingObjectTag/<key>", "s3:TlsVersion"}},
		{"s3:ListBucket", List, "accesspoint? bucket?", []string{"s3:prefix", "s3:max-keys", "s3:delimiter"}},
		{"s3:ListAllMyBuckets", List, "", nil},
		{"s3:PutBucketPolicy", PermissionsManagement, "bucket!", nil},
		{"s3:CreateBucket", Write, "bucket!", []string{"s3:locationconstraint"}},
		{"iam:PassRole", Write, "role!", []string{"iam:PassedToService", "iam:AssociatedResourceArn"}},
		{"iam:CreateUser", Write, "user!", []string{"iam:PermissionsBoundary", "aws:RequestTag/${TagKey}", "aws:TagKeys"}},
		{"iam:AttachRolePolicy", PermissionsManagement, "role!", []string{"iam:PolicyARN", "iam:PermissionsBoundary"}},
		{"iam:AddUserToGroup", Write, "group!", nil},
		{"sts:AssumeRole", Write, "role!", []string{"sts:ExternalId", "sts:RoleSessionName", "sts:SourceIdentity"}},
		{"sts:GetCallerIdentity", Read, "", nil},
		{"kms:Decrypt", Write, "key!", []string{"kms:ViaService", "kms:EncryptionContext:${EncryptionContextKey}"}},
		{"kms:CreateKey", Write, "", []string{"kms:KeySpec"}},
		{"kms:CreateAlias", Write, "alias! key!", nil},
		{"lambda:InvokeFunction", Write, "function!", []string{"lambda:InvokedViaFunctionUrl"}},
		{"dynamodb:GetItem", Read, "table!", []string{"dynamodb:LeadingKeys", "dynamodb:Attributes"}},
		{"sqs:SendMessage", Write, "queue!", nil},
		{"sns:Publish", Write, "topic!", nil},
		{"secretsmanager:GetSecretValue", Read, "Secret!", []string{"secretsmanager:VersionStage"}},
		{"ec2:AttachVolume", Write, "instance! volume!", nil},
		{"ec2:TerminateInstances", Write, "instance!", nil},
		{"ec2:DescribeInstances", List, "", nil},
		{"organizations:LeaveOrganization", Write, "", nil},
		{"cloudtrail:StopLogging", Write, "trail!", nil},
		{"logs:PutLogEvents", Write, "log-stream!", nil},
		{"states:StartExecution", Write, "statemachine!", nil},
		{"ecs:RunTask", Write, "task-definition!", []string{"ecs:cluster"}},
		{"ecr:GetAuthorizationToken", Read, "", nil},
		{"ssm:GetParameter", Read, "parameter!", nil},
		{"rds:DeleteDBInstance", Write, "db!", nil},
		{"cloudformation:CreateStack", Write, "stack!", []string{"cloudformation:RoleArn", "cloudformation:TemplateUrl"}},
		{"iam:SimulatePrincipalPolicy", Read, "group? role? user?", nil},
	} {
		t.Run(c.action, func(t *testing.T) {
			a := actionOf(t, c.action)
			if a.String() != c.action || a.Level != c.level || needs(a.Resources) != c.needs || a.WildcardOnly() != (c.needs == "") {
				t.Errorf("%s, %s, %q", a, a.Level, needs(a.Resources))
			}
			for _, k := range c.keys {
				if !slices.Contains(keyNames(a.Keys), k) {
					t.Errorf("no key %s among %v", k, keyNames(a.Keys))
				}
			}
		})
	}
}

func TestRunInstancesNeedsSeveralResourcesEachWithItsKeys(t *testing.T) {
	a := actionOf(t, "ec2:RunInstances")
	for _, c := range []struct{ typ, key string }{
		{"instance", "ec2:InstanceType"}, {"image", "ec2:Owner"}, {"subnet", "ec2:Vpc"}, {"volume", "ec2:Encrypted"}, {"network-interface", "ec2:AssociatePublicIpAddress"},
	} {
		i := slices.IndexFunc(a.Resources, func(r Resource) bool { return r.Type.Name == c.typ })
		if i < 0 || !slices.Contains(keyNames(a.Resources[i].Keys), c.key) {
			t.Errorf("%s does not carry %s", c.typ, c.key)
		}
	}
	i := slices.IndexFunc(a.Cases, func(c Case) bool { return c.Name == "EC2-VPC-EBS-Subnet" })
	if i < 0 || needs(a.Cases[i].Resources) != "image! instance! network-interface! security-group! subnet! volume! key-pair? placement-group? snapshot?" {
		t.Errorf("cases: %+v", a.Cases)
	}
	if len(a.Cases[i].Resources[1].Keys) == 0 {
		t.Error("the instance of a case has no keys")
	}
}

func TestActionsAreFoundWithoutRegardToCase(t *testing.T) {
	a, ok := loaded(t).Action("S3", "getOBJECT")
	if !ok || a.String() != "s3:GetObject" {
		t.Errorf("%v", a)
	}
}

func TestWhatIsNotKnownIsSaidNotToBe(t *testing.T) {
	c := loaded(t)
	for _, name := range []string{"s3:MakeCoffee", "coffee:Make", "s3:", ":GetObject", "s3:Get*", "s3:GetObject "} {
		service, n, _ := strings.Cut(name, ":")
		if a, ok := c.Action(service, n); ok {
			t.Errorf("%q is %s", name, a)
		}
	}
	if _, ok := c.Service("coffee"); ok {
		t.Error("coffee is a service")
	}
	if applies, known := c.RCP("coffee"); applies || known {
		t.Error("it is known whether RCPs apply to coffee")
	}
	if v := c.Version(); v.Source != "iam-data" || v.Version == "" || !strings.HasPrefix(v.Date, "20") || !strings.Contains(v.String(), v.Version) {
		t.Errorf("version %+v", v)
	}
}

func TestPatternsCoverActions(t *testing.T) {
	c := loaded(t)
	for _, tt := range []struct {
		name, pattern string
		want          string // all of them, or
		least         int    // at least so many
	}{
		{"a name covers itself", "iam:PassRole", "iam:PassRole", 0},
		{"case does not count", "IAM:passROLE", "iam:PassRole", 0},
		{"a star in the middle", "iam:*SSHPublicKey", "iam:DeleteSSHPublicKey iam:GetSSHPublicKey iam:UpdateSSHPublicKey iam:UploadSSHPublicKey", 0},
		{"a question mark is one character", "kms:?ecrypt", "kms:Decrypt", 0},
		{"a question mark is not none", "kms:Decrypt?", "", 0},
		{"a star is also none", "kms:Decrypt*", "kms:Decrypt", 0},
		{"a service with all", "s3:*", "", 150},
		{"everything", "*", "", 20000},
		{"everything with a colon", "*:*", "", 20000},
		{"no colon covers nothing", "iam", "", 0},
		{"spaces are not trimmed", " iam:PassRole", "", 0},
		{"an unknown service", "coffee:*", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			last := -1
			for a := range c.Match(tt.pattern) {
				if a.ID <= last {
					t.Fatalf("%s is out of order", a)
				}
				last = a.ID
				got = append(got, a.String())
			}
			if tt.least > 0 {
				if len(got) < tt.least {
					t.Errorf("%d actions", len(got))
				}
			} else if strings.Join(got, " ") != tt.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestMatchStopsWhenTheCallerDoes(t *testing.T) {
	n := 0
	for range loaded(t).Match("*") {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d", n)
	}
}

func TestMatchAgreesWithTryingEveryAction(t *testing.T) {
	c := loaded(t)
	for _, pattern := range []string{"ec2:*Instance*", "*:List*", "s?:*", "iam:*a*e*r*", "ec2:Describe??*s", "*:*Role"} {
		var want []int
		for id := range c.Len() {
			a, _ := c.ByID(id)
			s, n, _ := strings.Cut(strings.ToLower(pattern), ":")
			if wild(s, a.Service) && wild(n, strings.ToLower(a.Name)) {
				want = append(want, id)
			}
		}
		var got []int
		for a := range c.Match(pattern) {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %d actions, not %d", pattern, len(got), len(want))
		}
	}
}

func TestIDsAreDenseAndSorted(t *testing.T) {
	c := loaded(t)
	before := ""
	for id := range c.Len() {
		a, ok := c.ByID(id)
		if !ok || a.ID != id {
			t.Fatalf("id %d is %v", id, a)
		}
		if now := a.Service + "\x00" + strings.ToLower(a.Name); now <= before {
			t.Fatalf("%s is out of order", a)
		} else {
			before = now
		}
		if first, end := c.Range(a.Service); id < first || id >= end {
			t.Fatalf("%s has id %d, not from %d to %d", a, id, first, end)
		}
	}
	for _, id := range []int{-1, c.Len()} {
		if a, ok := c.ByID(id); ok {
			t.Errorf("id %d is %s", id, a)
		}
	}
	if c.Len() < 22000 {
		t.Errorf("%d actions", c.Len())
	}
}

func TestEveryServiceIsWhole(t *testing.T) {
	c := loaded(t)
	for _, p := range c.Prefixes() {
		s, err := c.decode(c.byPrefix[p])
		if err != nil {
			t.Errorf("%s: %v", p, err)
			continue
		}
		if s.Name == "" || len(s.Actions) == 0 {
			t.Errorf("%s: name %q, %d actions", p, s.Name, len(s.Actions))
		}
		for _, typ := range s.Types {
			if len(typ.ARNs) == 0 {
				t.Errorf("%s has no ARN", typ)
			}
		}
	}
}

// The first five are those of the launch
// (https://aws.amazon.com/blogs/aws/introducing-resource-control-policies-rcps-a-new-authorization-policy/).
func TestResourceControlPoliciesApplyToSomeServices(t *testing.T) {
	for service, want := range map[string]bool{"s3": true, "sts": true, "kms": true, "sqs": true, "secretsmanager": true, "dynamodb": true, "ec2": false, "iam": false, "lambda": false} {
		if got, known := loaded(t).RCP(service); got != want || !known {
			t.Errorf("%s: %v", service, got)
		}
	}
}

func TestCataloguesComeBackAsTheyWere(t *testing.T) {
	c := loaded(t)
	var services []*Service
	for _, p := range c.Prefixes() {
		s, _ := c.Service(p)
		copied := *s
		copied.Keys, copied.Types, copied.Actions = slices.Clone(s.Keys), slices.Clone(s.Types), slices.Clone(s.Actions)
		services = append(services, &copied)
	}
	slices.Reverse(services)
	var b bytes.Buffer
	if err := WriteCatalogue(&b, c.Version(), services); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), actionsGz) {
		t.Error("other bytes")
	}
	back, err := ReadCatalogue(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if back.Len() != c.Len() || back.Version() != c.Version() {
		t.Errorf("%d actions of %s", back.Len(), back.Version())
	}
	if a, ok := back.Action("ec2", "RunInstances"); !ok || needs(a.Resources) != needs(actionOf(t, "ec2:RunInstances").Resources) {
		t.Error("ec2:RunInstances is another")
	}
}

func TestDamagedCataloguesAreErrors(t *testing.T) {
	good := "V\tx\t1\t2026-01-01\nN\ts3\ts3\nS\ts3\t1\tr\tS3\nK\ts3:prefix\tS\nT\tbucket\t0\tarn:${Partition}:s3:::${B}\nA\tList\tL\t0\t0!0\n"
	if _, err := ReadCatalogue(zipped(t, good)); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"an action too few":         strings.Replace(good, "s3\t1\tr", "s3\t2\tr", 1),
		"an action too many":        strings.Replace(good, "s3\t1\tr", "s3\t0\tr", 1),
		"a key that is not there":   strings.Replace(good, "L\t0\t", "L\t1\t", 1),
		"a type that is not there":  strings.Replace(good, "0!0", "1!0", 1),
		"a type without its need":   strings.Replace(good, "0!0", "0", 1),
		"a level that is not there": strings.Replace(good, "\tL\t", "\tQ\t", 1),
		"a kind that is not there":  strings.Replace(good, "prefix\tS", "prefix\tQ", 1),
		"no version":                strings.TrimPrefix(good, "V\tx\t1\t2026-01-01\n"),
		"an ARN of five fields":     strings.Replace(good, ":::${B}", "::${B}", 1),
		"a line of another kind":    good + "Z\t1\n",
		"services out of order":     good + "S\tec2\t0\t-\tEC2\n",
	} {
		if _, err := ReadCatalogue(zipped(t, bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, n := range []int{0, 1, 10, len(actionsGz) / 2, len(actionsGz) - 1} {
		if _, err := ReadCatalogue(actionsGz[:n]); err == nil {
			t.Errorf("%d bytes: no error", n)
		}
	}
}

func TestManyMayAskAtOnce(t *testing.T) {
	c, err := index(actionsGz)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for a := range c.Match("s3:*") {
				if _, ok := c.Action(a.Service, a.Name); !ok {
					t.Errorf("%s is gone", a)
				}
			}
			if _, ok := c.Key("iam:PassedToService"); !ok {
				t.Error("no key")
			}
			c.ARNTypes("arn:aws:s3:::b/k")
		})
	}
	wg.Wait()
}

func TestTheEmbeddedCatalogueIsSmall(t *testing.T) {
	if n := len(actionsGz) + len(globalText); n > 300<<10 {
		t.Errorf("%d bytes", n)
	}
}

// What AWS's page on the service reference shows of its files.
func TestTheServiceReferenceIsRead(t *testing.T) {
	folder := fstest.MapFS{
		"service-list.json": {Data: []byte(`[{"service": "s3", "url": "https://example.com/s3.json"}]`)},
		"v1/s3/s3.json": {Data: []byte(`{"Name": "s3", "Version": "v1.4",
			"Actions": [
				{"Name": "GetObject", "ActionConditionKeys": ["s3:TlsVersion"], "Resources": [{"Name": "object"}],
				 "Annotations": {"Properties": {"IsList": false, "IsPermissionManagement": false, "IsTaggingOnly": false, "IsWrite": false}}},
				{"Name": "PutBucketPolicy", "Resources": [{"Name": "bucket"}],
				 "Annotations": {"Properties": {"IsPermissionManagement": true, "IsWrite": true}}},
				{"Name": "BrewObject", "ActionConditionKeys": ["s3:Strengths"], "Resources": [{"Name": "object"}],
				 "Annotations": {"Properties": {"IsWrite": true}}}],
			"ConditionKeys": [{"Name": "s3:TlsVersion", "Types": ["Numeric"]}, {"Name": "s3:Strengths", "Types": ["ArrayOfString"]}],
			"Resources": [
				{"Name": "bucket", "ARNFormats": ["arn:${Partition}:s3:::${BucketName}"]},
				{"Name": "object", "ARNFormats": ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"], "ConditionKeys": ["s3:TlsVersion"]}]}`)},
		"v1/coffee/coffee.json": {Data: []byte(`{"Name": "coffee", "Actions": [{"Name": "ListCups", "Annotations": {"Properties": {"IsList": true}}}]}`)},
	}
	v, services, err := ReadReference(folder, "2026-11-25", loaded(t))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteCatalogue(&b, v, services); err != nil {
		t.Fatal(err)
	}
	c, err := ReadCatalogue(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if c.Version().String() != "service-reference of 2026-11-25" || c.Len() != 4 {
		t.Errorf("%d actions, %s", c.Len(), c.Version())
	}
	for name, want := range map[string]struct {
		level Level
		needs string
	}{
		"s3:GetObject": {Read, "object?"}, "s3:PutBucketPolicy": {PermissionsManagement, "bucket!"},
		"s3:BrewObject": {Write, "object~"}, "coffee:ListCups": {List, ""},
	} {
		service, n, _ := strings.Cut(name, ":")
		if a, ok := c.Action(service, n); !ok || a.Level != want.level || needs(a.Resources) != want.needs {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if k, ok := c.Key("S3:strengths"); !ok || !k.Multivalued || k.Kind != String {
		t.Errorf("%+v", k)
	}
	if applies, known := c.RCP("s3"); !applies || !known {
		t.Error("RCPs do not apply to s3 any more")
	}
	if types := c.ARNTypes("arn:aws:s3:::b/k"); len(types) != 1 || types[0].String() != "s3:object" {
		t.Errorf("%v", types)
	}
}

func TestAReferenceThatIsNotOneIsAnError(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":           `{`,
		"no name":           `{}`,
		"a key without":     `{"Name": "x", "ConditionKeys": [{"Name": "x:k"}]}`,
		"a key of no kind":  `{"Name": "x", "ConditionKeys": [{"Name": "x:k", "Types": ["Colour"]}]}`,
		"a type not listed": `{"Name": "x", "Actions": [{"Name": "A", "Resources": [{"Name": "r"}]}]}`,
		"a key not listed":  `{"Name": "x", "Actions": [{"Name": "A", "ActionConditionKeys": ["x:k"]}]}`,
	} {
		if _, _, err := ReadReference(fstest.MapFS{"x.json": {Data: []byte(text)}}, "2026-11-25", loaded(t)); err == nil || !strings.Contains(err.Error(), "x.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := ReadReference(fstest.MapFS{}, "2026-11-25", loaded(t)); err == nil {
		t.Error("an empty folder is a reference")
	}
	if _, _, err := ReadReference(fstest.MapFS{}, "today", loaded(t)); err == nil {
		t.Error("today is a date")
	}
}
