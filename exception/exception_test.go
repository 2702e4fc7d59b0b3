package exception

import (
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/schema"
)

const (
	now  = 1_772_000_000
	here = "111122223333"
)

func loaded(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// controls are a few that exist only here.
func controls() []*control.Control {
	rule := func(id, typ string, aliases ...string) *control.Control {
		return &control.Control{Rule: haetae.Rule{ID: id, Type: typ, Severity: haetae.High, Aliases: haetae.Aliases{Checkov: aliases}}, Assert: "true", File: id + ".yaml"}
	}
	return []*control.Control{rule("s3-versions", "AWS::S3::Bucket", "CKV_AWS_21"), rule("s3-logs", "AWS::S3::Bucket"), rule("ec2-open", "AWS::EC2::SecurityGroup"), rule("iam-keys", "AWS::IAM::User")}
}

// accepts is an exception that covers everything that s3-versions says.
func accepts(change func(*Exception)) *Exception {
	x := &Exception{ID: "x", Owner: "kim", Reason: "so be it", Expires: "2030-01-01", Controls: []string{"s3-versions"}, Place: haetae.Place{File: "e.yaml", Line: 7}}
	if change != nil {
		change(x)
	}
	return x
}

func TestWhatIsWrongWithAnException(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Exception)
		want   string
	}{
		"it has no id":                           {func(x *Exception) { x.ID = "" }, "id is missing"},
		"its id has a space":                     {func(x *Exception) { x.ID = "a b" }, `id "a b"`},
		"nobody owns it":                         {func(x *Exception) { x.Owner = " " }, "owner is missing"},
		"it gives no reason":                     {func(x *Exception) { x.Reason = "" }, "reason is missing"},
		"it never ends":                          {func(x *Exception) { x.Expires = "" }, "expires is missing"},
		"its end is no day":                      {func(x *Exception) { x.Expires = "2030-02-30" }, "2030-02-30"},
		"its end has no zone":                    {func(x *Exception) { x.Expires = "2030-02-03T10:00:00" }, "neither a day"},
		"it names no control":                    {func(x *Exception) { x.Controls = nil }, "controls is missing"},
		"a control has a space":                  {func(x *Exception) { x.Controls = []string{"s3 versions"} }, "s3 versions"},
		"a pattern has brackets":                 {func(x *Exception) { x.IDs = []string{"web-[12]"} }, "brackets"},
		"a pattern is empty":                     {func(x *Exception) { x.IDs = []string{""} }, "empty pattern"},
		"a pattern is there twice":               {func(x *Exception) { x.IDs = []string{"a", "a"} }, "twice"},
		"an account lacks a digit":               {func(x *Exception) { x.Accounts = []string{"11112222333"} }, "twelve digits"},
		"an account has a letter":                {func(x *Exception) { x.Accounts = []string{"prod"} }, "prod"},
		"a unit is a name":                       {func(x *Exception) { x.Units = []string{"Workloads"} }, "Workloads"},
		"a region has a capital":                 {func(x *Exception) { x.Regions = []string{"EU-west-1"} }, "EU-west-1"},
		"a type is there that nobody knows":      {func(x *Exception) { x.Types = []string{"AWS::S3::Bukket"} }, "no resource type AWS::S3::Bukket"},
		"an ARN is a name":                       {func(x *Exception) { x.ARNs = []string{"my-bucket"} }, "does not begin with arn:"},
		"a tag has no key":                       {func(x *Exception) { x.Tags = []Tag{{"", "v"}} }, "without a key"},
		"its expression does not parse":          {func(x *Exception) { x.When = "r.id ==" }, "when, over AWS::S3::Bucket"},
		"its expression names no such property":  {func(x *Exception) { x.When = "r.Nothing == 1" }, "undefined field 'Nothing'"},
		"its expression is no question":          {func(x *Exception) { x.When = "r.id" }, "not bool"},
		"its expression fits not all its types":  {func(x *Exception) { x.Controls = []string{"*"}; x.When = `r.BucketName == "a"` }, "when, over AWS::"},
		"it does not parse and names no control": {func(x *Exception) { x.Controls = []string{"none-*"}; x.When = "r.id ==" }, "when: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSet(loaded(t), controls(), []*Exception{accepts(c.change)})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "e.yaml:7") {
				t.Fatalf("error is %v, want one with %q and the line", err, c.want)
			}
			if haetae.HintOf(err) == "" {
				t.Error("no next step")
			}
		})
	}
	if _, err := NewSet(loaded(t), controls(), []*Exception{accepts(nil), accepts(nil)}); err == nil || !strings.Contains(err.Error(), "already that of e.yaml:7") {
		t.Errorf("two with one id: %v", err)
	}
}

func TestAnExceptionLastsToTheEndOfItsLastDay(t *testing.T) {
	for text, want := range map[string]int64{"2026-01-31": 1769904000, "2026-01-31T12:00:00Z": 1769860800, "2026-01-31T12:00:00+09:00": 1769828400} {
		end, err := End(text)
		if err != nil || end != want {
			t.Errorf("%s ends at %d (%v), want %d", text, end, err, want)
		}
		x := &Exception{Until: end}
		if x.Ended(want-1) || !x.Ended(want) {
			t.Errorf("%s: it ends a second too early or too late", text)
		}
	}
}

func bucket(change func(*haetae.Resource)) *haetae.Resource {
	r := &haetae.Resource{Type: "AWS::S3::Bucket", ID: "web-1", ARN: "arn:aws:s3:::web-1", Account: here, Region: "eu-west-1",
		Tags: map[string]any{"stage": "dev"}, Props: map[string]any{"BucketName": "web-1"}, Origin: haetae.Origin{Source: "aws"}}
	if change != nil {
		change(r)
	}
	return r
}

func declared(r *haetae.Resource) {
	r.Stack, r.Account, r.Region, r.ARN, r.ID = "stack.yaml", "", "", "", "Web"
	r.Origin = haetae.Origin{Source: "template", LogicalID: "Web", Place: haetae.Place{File: "stack.yaml", Line: 3}}
}

func unlistedBuckets(r *haetae.Resource) {
	r.ID, r.ARN, r.Tags, r.Props = "*", "", nil, nil
	r.Stub = &haetae.Unknown{Reason: haetae.Denied, Detail: "nobody may list"}
}

// cover asks one exception about a resource in a world of its own.
func cover(t testing.TB, x *Exception, r *haetae.Resource, more ...*haetae.Resource) (Scope, string) {
	t.Helper()
	sch := loaded(t)
	s, err := NewSet(sch, controls(), []*Exception{x})
	if err != nil {
		t.Fatal(err)
	}
	g := graph.New(sch, &haetae.Snapshot{Time: now, Resources: append([]*haetae.Resource{r}, more...)})
	m := s.On(g, now)
	xs := m.Cover(&controls()[0].Rule, r)
	u := m.Usage()[0]
	switch {
	case len(xs) == 1 && u.Covers == 1 && u.Undecided == 0:
		return Inside, ""
	case len(xs) == 0 && u.Covers == 0 && u.Undecided == 1:
		return Undecided, u.Why
	case len(xs) == 0 && u.Covers+u.Undecided == 0:
		return Outside, ""
	}
	t.Fatalf("%d cover it, %+v", len(xs), u)
	return "", ""
}

func TestWhatAnExceptionCovers(t *testing.T) {
	denied := &haetae.Unknown{Reason: haetae.Denied, Detail: "no", Actions: []string{"s3:GetBucketTagging"}}
	unit := func(change func(*haetae.Resource)) []*haetae.Resource {
		list := []*haetae.Resource{
			{Type: "AWS::Organizations::Account", ID: here, Account: "999900001111", Props: map[string]any{"ParentIds": []any{"ou-ab12-workload"}}},
			{Type: "AWS::Organizations::OrganizationalUnit", ID: "ou-ab12-workload", Account: "999900001111", Props: map[string]any{"ParentId": "ou-ab12-allofthem"}},
			{Type: "AWS::Organizations::OrganizationalUnit", ID: "ou-ab12-allofthem", Account: "999900001111", Props: map[string]any{"ParentId": "r-ab12"}},
		}
		if change != nil {
			change(list[1])
		}
		return list
	}
	for _, c := range []struct {
		name   string
		scope  func(*Exception)
		r      func(*haetae.Resource)
		others []*haetae.Resource
		want   Scope
		why    string
	}{
		{name: "what its control says of everything", want: Inside},
		{name: "a control by its pattern", scope: func(x *Exception) { x.Controls = []string{"ec2-*", "s3-v*"} }, want: Inside},
		{name: "a control by another tool's name", scope: func(x *Exception) { x.Controls = []string{"CKV_AWS_21"} }, want: Inside},
		{name: "not another control", scope: func(x *Exception) { x.Controls = []string{"s3-logs"} }, want: Outside},
		{name: "not what a longer name says", scope: func(x *Exception) { x.Controls = []string{"s3-version"} }, want: Outside},
		{name: "nothing after its end", scope: func(x *Exception) { x.Expires = "2026-02-24" }, want: Outside},

		{name: "its account", scope: func(x *Exception) { x.Accounts = []string{"222233334444", here} }, want: Inside},
		{name: "not another account", scope: func(x *Exception) { x.Accounts = []string{"222233334444"} }, want: Outside},
		{name: "accounts by their pattern", scope: func(x *Exception) { x.Accounts = []string{"1111*"} }, want: Inside},
		{name: "not known of a template which account", scope: func(x *Exception) { x.Accounts = []string{here} }, r: declared, want: Undecided, why: "account is not known"},
		{name: "a template in whatever account", scope: func(x *Exception) { x.Accounts = []string{"*"} }, r: declared, want: Inside},

		{name: "its region", scope: func(x *Exception) { x.Regions = []string{"eu-*"} }, want: Inside},
		{name: "not another region", scope: func(x *Exception) { x.Regions = []string{"us-*"} }, want: Outside},
		{name: "what has no region is global", scope: func(x *Exception) { x.Regions = []string{"global"} }, r: func(r *haetae.Resource) { r.Region = "" }, want: Inside},
		{name: "what has no region is in none", scope: func(x *Exception) { x.Regions = []string{"eu-*"} }, r: func(r *haetae.Resource) { r.Region = "" }, want: Outside},
		{name: "not known of a template which region", scope: func(x *Exception) { x.Regions = []string{"eu-*"} }, r: declared, want: Undecided, why: "region is not known"},

		{name: "its type", scope: func(x *Exception) { x.Types = []string{"AWS::S3::*"} }, want: Inside},
		{name: "not another type", scope: func(x *Exception) { x.Types = []string{"AWS::EC2::*"} }, want: Outside},
		{name: "its id", scope: func(x *Exception) { x.IDs = []string{"web-?"} }, want: Inside},
		{name: "not another id", scope: func(x *Exception) { x.IDs = []string{"web"} }, want: Outside},
		{name: "a template's logical id", scope: func(x *Exception) { x.IDs = []string{"Web"} }, r: declared, want: Inside},
		{name: "not known of what nobody could list which id", scope: func(x *Exception) { x.IDs = []string{"web-1"} }, r: unlistedBuckets, want: Undecided, why: "nobody may list"},
		{name: "what nobody could list when it names nothing of it", r: unlistedBuckets, want: Inside},
		{name: "its ARN", scope: func(x *Exception) { x.ARNs = []string{"arn:aws:s3:::web-*"} }, want: Inside},
		{name: "not another ARN", scope: func(x *Exception) { x.ARNs = []string{"arn:aws:s3:::db-*"} }, want: Outside},
		{name: "not known of a template which ARN", scope: func(x *Exception) { x.ARNs = []string{"arn:aws:s3:::web-*"} }, r: declared, want: Undecided, why: "ARN is not known"},
		{name: "not what has no ARN", scope: func(x *Exception) { x.ARNs = []string{"arn:aws:s3:::web-*"} }, r: func(r *haetae.Resource) { r.ARN = "" }, want: Outside},

		{name: "its tag", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "d*"}} }, want: Inside},
		{name: "not another value of the tag", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "prod"}} }, want: Outside},
		{name: "not what lacks one of its tags", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "dev"}, {"team", "*"}} }, want: Outside},
		{name: "not known when the tags were not read", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "dev"}} }, r: func(r *haetae.Resource) { r.Tags, r.TagsUnknown = nil, denied }, want: Undecided, why: "the tag stage: no (needs s3:GetBucketTagging)"},
		{name: "a tag that was read of tags that were not all", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "dev"}} }, r: func(r *haetae.Resource) { r.TagsUnknown = denied }, want: Inside},
		{name: "not another value whatever the other tags are", scope: func(x *Exception) { x.Tags = []Tag{{"team", "*"}, {"stage", "prod"}} }, r: func(r *haetae.Resource) { r.TagsUnknown = denied }, want: Outside},
		{name: "not known when the tag's value is a parameter", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "dev"}} }, r: func(r *haetae.Resource) {
			r.Tags = map[string]any{"stage": &haetae.Unknown{Reason: haetae.Unresolved, Detail: "parameter Stage has no default", Set: true}}
		}, want: Undecided, why: "parameter Stage"},
		{name: "not what a parameter can never be", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "prod-*"}} }, r: func(r *haetae.Resource) {
			r.Tags = map[string]any{"stage": &haetae.Unknown{Reason: haetae.Unresolved, Parts: []string{"dev-", ""}, Set: true}}
		}, want: Outside},
		{name: "any value of a tag that is set", scope: func(x *Exception) { x.Tags = []Tag{{"stage", "*"}} }, r: func(r *haetae.Resource) {
			r.Tags = map[string]any{"stage": &haetae.Unknown{Reason: haetae.Unresolved, Set: true}}
		}, want: Inside},

		{name: "what its expression holds of", scope: func(x *Exception) { x.When = `r.BucketName.startsWith("web")` }, want: Inside},
		{name: "not what its expression does not hold of", scope: func(x *Exception) { x.When = `r.BucketName == "db"` }, want: Outside},
		{name: "not known when the expression is not", scope: func(x *Exception) { x.When = `r.BucketName == "db"` }, r: func(r *haetae.Resource) { r.Props = map[string]any{"BucketName": denied} }, want: Undecided, why: "no (needs"},
		{name: "not what is outside whatever the expression is", scope: func(x *Exception) { x.IDs, x.When = []string{"db"}, `r.BucketName == "db"` }, r: func(r *haetae.Resource) { r.Props = map[string]any{"BucketName": denied} }, want: Outside},

		{name: "an account of its unit", scope: func(x *Exception) { x.Units = []string{"ou-ab12-workload"} }, others: unit(nil), want: Inside},
		{name: "an account further below its unit", scope: func(x *Exception) { x.Units = []string{"ou-ab12-allofthem"} }, others: unit(nil), want: Inside},
		{name: "an account of its root", scope: func(x *Exception) { x.Units = []string{"r-ab12"} }, others: unit(nil), want: Inside},
		{name: "not an account of another unit", scope: func(x *Exception) { x.Units = []string{"ou-ab12-retired0"} }, others: unit(nil), want: Outside},
		{name: "not known where nobody read the units", scope: func(x *Exception) { x.Units = []string{"ou-ab12-workload"} }, want: Undecided, why: "organizations:ListParents"},
		{name: "not known where the way up was not read", scope: func(x *Exception) { x.Units = []string{"r-ab12"} }, others: unit(func(r *haetae.Resource) { r.Props = map[string]any{"ParentId": denied} }), want: Undecided, why: "organizations:ListParents"},
		{name: "its unit though the way further up was not read", scope: func(x *Exception) { x.Units = []string{"ou-ab12-workload"} }, others: unit(func(r *haetae.Resource) { r.Props = map[string]any{"ParentId": denied} }), want: Inside},
		{name: "the unit that the account itself tells", scope: func(x *Exception) { x.Units = []string{"ou-ab12-workload"} }, others: []*haetae.Resource{{Type: "Haetae::Account", ID: here, Account: here, Observed: map[string]any{"OrganizationalUnitPath": []any{"r-ab12", "ou-ab12-workload"}}}}, want: Inside},
		{name: "not known of a template in which unit", scope: func(x *Exception) { x.Units = []string{"r-ab12"} }, r: declared, want: Undecided, why: "account is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, why := cover(t, accepts(c.scope), bucket(c.r), c.others...)
			if got != c.want || !strings.Contains(why, c.why) || (why == "") != (c.want != Undecided) {
				t.Errorf("it is %s (%s), want %s (%s)", got, why, c.want, c.why)
			}
		})
	}
}

func TestTheExceptionThatLastsLongestSpeaks(t *testing.T) {
	sch := loaded(t)
	list := []*Exception{
		accepts(func(x *Exception) { x.ID, x.Expires = "short", "2029-01-01" }),
		accepts(func(x *Exception) { x.ID, x.Expires = "long", "2031-01-01" }),
		accepts(func(x *Exception) { x.ID, x.Expires = "ended", "2020-01-01" }),
	}
	s, err := NewSet(sch, controls(), list)
	if err != nil {
		t.Fatal(err)
	}
	mark := &haetae.Exception{By: "checkov", Reason: "its own"}
	r := bucket(nil)
	found := []haetae.Finding{
		{Rule: &controls()[0].Rule, Status: haetae.Fail, Resource: r, Suppressed: mark},
		{Rule: &controls()[0].Rule, Status: haetae.Pass, Resource: r},
		{Rule: &controls()[1].Rule, Status: haetae.Fail, Resource: r, Suppressed: mark},
		{Rule: &controls()[0].Rule, Status: haetae.Undecided, Resource: r},
	}
	m := s.On(graph.New(sch, &haetae.Snapshot{Time: now, Resources: []*haetae.Resource{r}}), now)
	m.Apply(found)
	var got []string
	for _, f := range found {
		if f.Suppressed == nil {
			got = append(got, "")
		} else {
			got = append(got, f.Suppressed.By)
		}
	}
	if want := []string{"exception long", "", "checkov", "exception long"}; !slices.Equal(got, want) {
		t.Errorf("they are suppressed by %q, want %q", got, want)
	}
	if x := found[0].Suppressed; x.ID != "long" || x.Owner != "kim" || x.Reason != "so be it" || x.Expires != "2031-01-01" || x.Until != list[1].Until || x.Place.Line != 7 {
		t.Errorf("it says %+v", x)
	}
	for _, u := range m.Usage() {
		if want := map[string]int{"short": 2, "long": 2}[u.Exception.ID]; u.Covers != want || u.Asked {
			t.Errorf("%s covers %d, want %d", u.Exception.ID, u.Covers, want)
		}
	}
	m.Asked(&controls()[2].Rule)
	if m.Usage()[0].Asked {
		t.Error("a control that it does not name asked it")
	}
	m.Asked(&controls()[0].Rule)
	if !m.Usage()[0].Asked || m.Usage()[0].Controls != 1 {
		t.Error("its control did not ask it")
	}
}

func TestExamplesHoldExceptionsToWhatTheyMean(t *testing.T) {
	world := func(rs ...*haetae.Resource) *haetae.Snapshot { return &haetae.Snapshot{Time: now, Resources: rs} }
	unread := bucket(func(r *haetae.Resource) { r.Tags, r.TagsUnknown = nil, &haetae.Unknown{Reason: haetae.Denied} })
	prod := bucket(func(r *haetae.Resource) { r.Tags = map[string]any{"stage": "prod"} })
	dev := func(x *Exception) { x.Tags = []Tag{{"stage", "dev"}} }
	for _, c := range []struct {
		name    string
		x       func(*Exception)
		example []Example
		want    string // "" for no fault
	}{
		{"all as they must be", dev, []Example{{"m", Inside, world(bucket(nil)), 9}, {"n", Outside, world(prod), 10}, {"u", Undecided, world(unread), 11}}, ""},
		{"one that matches must not", dev, []Example{{"m", Outside, world(bucket(nil)), 9}}, `e.yaml:9: exception "x": example "m": web-1 is match, not no_match`},
		{"one that does not match must", dev, []Example{{"m", Inside, world(prod), 9}}, "is no_match, not match"},
		{"one that is not known must match", dev, []Example{{"m", Inside, world(unread), 9}}, "is unknown, not match: the tag stage"},
		{"one holds nothing to judge", dev, []Example{{"m", Inside, world(&haetae.Resource{Type: "AWS::SNS::Topic", ID: "t", Account: here}), 9}}, "holds no resource"},
		{"a control that is not there", func(x *Exception) { x.Controls = []string{"s3-versions", "gone-*"} }, nil, "there is no control gone-*"},
		{"a control of another type", func(x *Exception) { x.Types = []string{"AWS::EC2::*"} }, nil, "no control that it names judges"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := accepts(c.x)
			x.Examples = c.example
			s, err := NewSet(loaded(t), controls(), []*Exception{x})
			if err != nil {
				t.Fatal(err)
			}
			n, faults := s.Test()
			if n != len(c.example) {
				t.Errorf("%d examples, want %d", n, len(c.example))
			}
			if (len(faults) == 0) != (c.want == "") || len(faults) > 0 && !strings.Contains(faults[0].String(), c.want) {
				t.Errorf("faults are %v, want %q", faults, c.want)
			}
		})
	}
}
