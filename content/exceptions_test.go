package content

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/exception"
	"github.com/haetae/haetae/schema"
)

const wholeException = `# why we have these
- id: web
  owner: kim@example.com
  reason: public on purpose
  expires: 2027-03-31
  controls: [s3-*, CKV_AWS_21]
  accounts: [111122223333, "0123*"]
  organizational_units: [ou-ab12-11112222]
  regions: [eu-*]
  resources:
    types: ["AWS::S3::Bucket"]
    ids: [web-*]
    arns: ["arn:aws:s3:::web-*"]
  tags: {purpose: website, cost: 42}
  when: r.tags["stage"] == "prod"
  examples:
    match:
      - name: the website
        resources: {web-1: {Type: "AWS::S3::Bucket", Tags: {purpose: website}}}
    no_match:
      - name: another
        resources: {db-1: {Type: "AWS::S3::Bucket"}}
    unknown:
      - name: tags were not read
        resources: {web-1: {Type: "AWS::S3::Bucket", Tags: !Unknown {reason: denied}}}
- {id: two, owner: lee, reason: x, expires: "2027-03-31T12:00:00Z", controls: ["*"]}
`

func TestAnExceptionIsReadWhole(t *testing.T) {
	list, err := ParseExceptions([]byte(wholeException), "e.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 {
		t.Fatalf("%d exceptions, want 2", len(list))
	}
	x := list[0]
	for _, c := range []struct{ name, got, want string }{
		{"id", x.ID, "web"}, {"owner", x.Owner, "kim@example.com"}, {"reason", x.Reason, "public on purpose"}, {"expires", x.Expires, "2027-03-31"},
		{"controls", strings.Join(x.Controls, " "), "s3-* CKV_AWS_21"}, {"accounts", strings.Join(x.Accounts, " "), "111122223333 0123*"}, {"units", strings.Join(x.Units, " "), "ou-ab12-11112222"},
		{"regions", strings.Join(x.Regions, " "), "eu-*"}, {"types", strings.Join(x.Types, " "), "AWS::S3::Bucket"}, {"ids", strings.Join(x.IDs, " "), "web-*"}, {"arns", strings.Join(x.ARNs, " "), "arn:aws:s3:::web-*"},
		{"when", x.When, `r.tags["stage"] == "prod"`}, {"file", x.Place.File, "e.yaml"},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.name, c.got, c.want)
		}
	}
	if len(x.Tags) != 2 || x.Tags[0] != (exception.Tag{Key: "purpose", Value: "website"}) || x.Tags[1] != (exception.Tag{Key: "cost", Value: "42"}) {
		t.Errorf("tags are %v", x.Tags)
	}
	if x.Place.Line != 2 || list[1].Place.Line != 26 || x.Until != 1806537600 || list[1].Until != 1806494400 {
		t.Errorf("lines %d and %d, ends %d and %d", x.Place.Line, list[1].Place.Line, x.Until, list[1].Until)
	}
	var wants []exception.Scope
	for _, e := range x.Examples {
		wants = append(wants, e.Want)
		if e.Name == "" || e.Line == 0 || len(e.World.Resources) != 1 {
			t.Errorf("example is %+v", e)
		}
	}
	if len(wants) != 3 || wants[0] != exception.Inside || wants[1] != exception.Outside || wants[2] != exception.Undecided {
		t.Errorf("examples are %v", wants)
	}
}

func TestFaultsOfExceptionsNameTheFileAndTheLine(t *testing.T) {
	const good = "- {id: a, owner: kim, reason: x, expires: 2027-03-31, controls: ['*']}\n"
	for name, c := range map[string]struct{ text, want string }{
		"a key that nobody knows":            {good + "- {id: b, owner: kim, reason: x, expires: 2027-03-31, controls: ['*'], account: ['111122223333']}\n", "e.yaml:2"},
		"a key that nobody knows further in": {good + "- {id: b, owner: kim, reason: x, expires: 2027-03-31, controls: ['*'], resources: {type: [a]}}\n", "type"},
		"no owner":                           {good + "\n- {id: b, reason: x, expires: 2027-03-31, controls: ['*']}\n", "e.yaml:3: owner is missing"},
		"an expiry that is none":             {"- {id: b, owner: kim, reason: x, expires: never, controls: ['*']}\n", "never"},
		"tags that are a list":               {"- {id: b, owner: kim, reason: x, expires: 2027-03-31, controls: ['*'], tags: [a]}\n", "tags must be a mapping"},
		"a tag without a value":              {"- {id: b, owner: kim, reason: x, expires: 2027-03-31, controls: ['*'], tags: {a: }}\n", "the tag a needs a text"},
		"an example of nothing that can be":  {"- {id: b, owner: kim, reason: x, expires: 2027-03-31, controls: ['*'], examples: {match: [{name: m, resources: {r: {Typ: x}}}]}}\n", `example "m"`},
		"no list":                            {"id: a\n", "e.yaml"},
		"no YAML":                            {": :", "e.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseExceptions([]byte(c.text), "e.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "e.yaml") {
				t.Fatalf("error is %v, want one with %q and the file", err, c.want)
			}
			if haetae.HintOf(err) == "" {
				t.Error("no next step")
			}
		})
	}
}

func TestExceptionsOfAFolderAreAllRead(t *testing.T) {
	tree := fstest.MapFS{
		"a.yaml":      {Data: []byte("- {id: a, owner: kim, reason: x, expires: 2027-03-31, controls: ['*']}")},
		"sub/b.yml":   {Data: []byte("- {id: b, owner: kim, reason: x, expires: 2027-03-31, controls: ['*']}")},
		"readme.md":   {Data: []byte("not one")},
		"sub/no.yaml": {Data: []byte("- {id: c}")},
		"zz.yaml":     {Data: []byte("- {id: d, what: 1}")},
	}
	list, err := Exceptions(tree, func(name string) string { return "folder/" + name })
	if len(list) != 2 || list[0].Place.File != "folder/a.yaml" || list[1].Place.File != "folder/sub/b.yml" {
		t.Errorf("they are %v", list)
	}
	if err == nil || !strings.Contains(err.Error(), "folder/sub/no.yaml:1") || !strings.Contains(err.Error(), "folder/zz.yaml:1") {
		t.Errorf("the faults are %v, want those of both files", err)
	}
}

func FuzzExceptions(f *testing.F) {
	f.Add([]byte(wholeException))
	f.Add([]byte("- {id: a, tags: {a: !Unknown {}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParseExceptions(data, "fuzz.yaml")
		for _, x := range list {
			if x.Owner == "" || x.Reason == "" || x.Until == 0 || len(x.Controls) == 0 {
				t.Errorf("an exception without what it must have was taken: %+v (%v)", x, err)
			}
		}
	})
}

func TestTheDocumentedExceptionIsOne(t *testing.T) {
	data, err := os.ReadFile("../docs/exceptions.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	list, err := ParseExceptions([]byte(text), "docs/exceptions.md")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d exceptions: %v", len(list), err)
	}
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	controls, err := Controls()
	if err != nil {
		t.Fatal(err)
	}
	set, err := exception.NewSet(sch, controls, list)
	if err != nil {
		t.Fatal(err)
	}
	if _, faults := set.Test(); len(faults) > 0 {
		t.Error(faults)
	}
}
