package template

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/haetae/haetae"
)

// files makes a file system of a text archive.
func files(archive string) fstest.MapFS {
	out := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		out[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return out
}

func load(t *testing.T, archive, name string) *haetae.Snapshot {
	t.Helper()
	s, err := Load(context.Background(), files(archive), name, "infra", Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ids(s *haetae.Snapshot) (out []string) {
	for _, r := range s.Resources {
		out = append(out, r.Stack+" "+r.ID)
	}
	return out
}

const nestedFiles = `
-- child.yaml --
Parameters:
  Name: {Type: String}
  Peer: {Type: String}
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Name, Peer: !Ref Peer, Self: !Ref B}
Outputs:
  Name: {Value: !Ref Name}
  Bucket: {Value: !Ref B}
-- main.yaml --
Parameters:
  Host: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Local:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./child.yaml
      Parameters: {Name: one, Peer: !Ref Topic}
  Remote:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub "https://${Host}.s3.amazonaws.com/any/child.yaml?versionId=1"
      Parameters: {Name: !GetAtt Local.Outputs.Name, Peer: !GetAtt Local.Outputs.Bucket}
  Use:
    Type: T::T
    Properties:
      Known: !Sub "${Remote.Outputs.Name}-x"
      Ref: !GetAtt Remote.Outputs.Bucket
      Missing: !GetAtt Remote.Outputs.Nope
`

func TestNestedStacksArePartOfTheirParent(t *testing.T) {
	s := load(t, nestedFiles, ".")
	want := []string{
		"infra/main.yaml Local", "infra/main.yaml Remote", "infra/main.yaml Local/B", "infra/main.yaml Remote/B",
		"infra/main.yaml Topic", "infra/main.yaml Use",
	}
	if got := ids(s); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v", got)
	}
	use := find(t, s, "Use").Props
	if use["Known"] != "one-x" {
		t.Errorf("Known = %v", use["Known"])
	}
	if u := use["Ref"].(*haetae.Unknown); u.Ref != "Remote/B" {
		t.Errorf("Ref = %+v", u)
	}
	if u := find(t, s, "Local/B").Props["Peer"].(*haetae.Unknown); u.Ref != "Topic" {
		t.Errorf("Peer = %+v", u)
	}
	remote := find(t, s, "Remote/B")
	if u := remote.Props["Peer"].(*haetae.Unknown); u.Ref != "Local/B" || remote.Props["BucketName"] != "one" {
		t.Errorf("Remote = %+v", remote.Props)
	}
	if remote.Origin.File != "infra/child.yaml" || remote.Origin.LogicalID != "B" || remote.Props["Self"].(*haetae.Unknown).Ref != "Remote/B" {
		t.Errorf("Origin = %+v", remote.Origin)
	}
	if len(s.Coverage) != 1 || s.Coverage[0].Status != haetae.Complete {
		t.Errorf("Coverage = %+v", s.Coverage)
	}
	if !has(s, `the nested template has no output "Nope"`) || len(s.Problems) != 1 {
		t.Errorf("Problems = %+v", s.Problems)
	}
}

func TestANestedTemplateThatIsNotThereLeavesTheCoveragePartial(t *testing.T) {
	const text = "Resources: {N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://x/y/gone.yaml'}}, U: {Type: T::T, Properties: {A: !GetAtt N.Outputs.X}}}\n"
	s := load(t, "-- a.yaml --\n"+text, "a.yaml")
	if c := s.Coverage[0]; c.Status != haetae.Partial || c.Detail != "template gone.yaml is not in the folder" {
		t.Errorf("%+v", c)
	}
	if u := find(t, s, "U").Props["A"].(*haetae.Unknown); u.Ref != "N" || u.Plain {
		t.Errorf("%+v", u)
	}
	if s := load(t, "-- a.yaml --\n"+text+"-- gone.yaml --\nResources:\n  X: {Type: A::B\n", "."); len(s.Problems) != 1 || !s.Problems[0].Fatal {
		t.Errorf("a broken nested file is reported as %+v", s.Problems)
	}
	s = load(t, "-- a.yaml --\n"+text+"-- gone.yaml --\n\tx", "a.yaml")
	if c := s.Coverage[0]; c.Status != haetae.Partial || len(s.Problems) != 1 || s.Problems[0].Place.File != "infra/gone.yaml" {
		t.Errorf("%+v %+v", c, s.Problems)
	}
}

func TestStacksThatNestEachOtherEnd(t *testing.T) {
	stack := func(file string) string {
		return "Resources:\n  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: " + file + ", Parameters: {P: !GetAtt N.Outputs.O}}}\n  B: {Type: AWS::S3::Bucket}\nParameters: {P: {Type: String}}\nOutputs: {O: {Value: !Ref P}}\n"
	}
	s := load(t, "-- a.yaml --\n"+stack("b.yaml")+"-- b.yaml --\n"+stack("a.yaml")+"-- c.yaml --\n"+stack("c.yaml"), ".")
	want := []string{"infra/a.yaml N", "infra/a.yaml N/N", "infra/c.yaml N", "infra/a.yaml B", "infra/a.yaml N/B", "infra/c.yaml B"}
	if got := ids(s); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if !has(s, "of which it is a part") {
		t.Errorf("%+v", s.Problems)
	}
	// Each level nests the next ten times.
	wide := ""
	for i := range 8 {
		wide += "-- w" + itoa(i) + ".yaml --\nResources:\n"
		for j := range 10 {
			wide += "  N" + itoa(j) + ": {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: w" + itoa(i+1) + ".yaml}}\n"
		}
	}
	if s := load(t, wide, "w0.yaml"); s.Coverage[0].Status != haetae.Partial {
		t.Error("ten million nested stacks are complete")
	}
}

func TestAFolderIsReadWithoutItsBrokenFiles(t *testing.T) {
	fsys := files(`
-- a/app.template.json --
{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}
-- a/b.yml --
Resources:
  B: {Type: AWS::S3::Bucket}
-- broken.yaml --
AWSTemplateFormatVersion: 2010-09-09
Resources: [
-- notes.yaml --
kind: Pod
-- package.json --
{"name": "x"}
-- readme.md --
Resources:
-- node_modules/x.yaml --
Resources:
  C: {Type: AWS::S3::Bucket}
-- .git/x.yaml --
Resources:
  D: {Type: AWS::S3::Bucket}
-- large.yaml --
Resources:
  E: {Type: AWS::S3::Bucket}
`)
	fsys["large.yaml"].Data = append(fsys["large.yaml"].Data, bytes.Repeat([]byte("#"), 5000)...)
	fsys["vanished.yaml"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("nowhere.yaml")}
	s, err := Load(context.Background(), fsys, ".", "infra/", Options{MaxBytes: 4000})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(s), []string{"infra/a/app.template.json A", "infra/a/b.yml B"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	var got []string
	for _, p := range s.Problems {
		got = append(got, p.Place.File)
		if p.Fatal != (p.Place.File != "infra") {
			t.Errorf("%+v", p)
		}
		if p.Fatal && p.Hint == "" {
			t.Errorf("%+v has no hint", p)
		}
	}
	if want := []string{"infra/broken.yaml", "infra/large.yaml", "infra/vanished.yaml", "infra"}; !reflect.DeepEqual(got, want) {
		t.Errorf("problems %+v", s.Problems)
	}
	if !has(s, "2 files are not CloudFormation templates") || s.Problems[0].Place.Line == 0 {
		t.Errorf("problems %+v", s.Problems)
	}
}

func TestAnIncludedFileIsMerged(t *testing.T) {
	s := load(t, `
-- main.yaml --
Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/more.yaml}}
Resources:
  B:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: x
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/props.yaml}}
-- more.yaml --
Resources: {C: {Type: AWS::S3::Bucket}}
-- props.yaml --
Tags: [{Key: a, Value: b}]
`, "main.yaml")
	find(t, s, "C")
	if find(t, s, "B").Tags["a"] != "b" || s.Coverage[0].Status != haetae.Complete {
		t.Errorf("%+v %+v", find(t, s, "B"), s.Coverage)
	}
}

func TestWhatCannotBeLoadedIsAnErrorWithAHint(t *testing.T) {
	fsys := files("-- broken.yaml --\n\tx: y\n-- pod.yaml --\nkind: Pod\n-- empty/pod.yaml --\nkind: Pod\n")
	for name, c := range map[string]struct {
		code  haetae.Code
		words string
	}{
		"broken.yaml": {haetae.Invalid, "infra/broken.yaml:1"},
		"pod.yaml":    {haetae.Invalid, "not a CloudFormation template"},
		"gone.yaml":   {haetae.NotFound, "infra/gone.yaml"},
		"empty":       {haetae.NotFound, "no CloudFormation template"},
	} {
		_, err := Load(context.Background(), fsys, name, "infra", Options{})
		if haetae.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.words) || haetae.HintOf(err) == "" {
			t.Errorf("%s: %v (%s)", name, err, haetae.HintOf(err))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, fsys, ".", "", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
