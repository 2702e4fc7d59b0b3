package exception

import (
	"math/rand/v2"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/graph"
)

// TestWhatIsNotKnownNeverDecidesAnotherWay takes things away that were known:
// what was inside or outside may become undecided, and never the other.
func TestWhatIsNotKnownNeverDecidesAnotherWay(t *testing.T) {
	sch := loaded(t)
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) []string {
		if r.IntN(3) == 0 {
			return nil
		}
		return []string{list[r.IntN(len(list))]}
	}
	changed := 0
	for range 3000 {
		x := accepts(func(x *Exception) {
			x.Accounts, x.Regions, x.IDs = pick("1111*", "2222*", here), pick("eu-*", "us-*", "*"), pick("web-*", "db-*", "*-1")
			x.ARNs = pick("arn:aws:s3:::web-*", "arn:aws:s3:::db-*", "*")
			for _, key := range pick("stage", "team") {
				x.Tags = append(x.Tags, Tag{key, []string{"dev", "d*", "prod", "*"}[r.IntN(4)]})
			}
			for _, w := range pick(`r.BucketName == "web-1"`, `r.tags["stage"] == "dev"`, `has(r.VersioningConfiguration)`, `r.region != "eu-west-1" || r.BucketName != "web-1"`) {
				x.When = w
			}
		})
		s, err := NewSet(sch, controls(), []*Exception{x})
		if err != nil {
			t.Fatal(err)
		}
		full := bucket(nil)
		scope := func(b *haetae.Resource) Scope {
			got, _ := s.On(graph.New(sch, &haetae.Snapshot{Time: now, Resources: []*haetae.Resource{b}}), now).scope(s.entries[0], b)
			return got
		}
		want := scope(full)
		if want == Undecided {
			t.Fatalf("all is known and %+v is undecided", x)
		}
		why := &haetae.Unknown{Reason: haetae.Denied}
		less := *full
		switch r.IntN(5) {
		case 0:
			less.Tags, less.TagsUnknown = nil, why
		case 1:
			less.Tags = map[string]any{"stage": &haetae.Unknown{Reason: haetae.Unresolved, Set: true}}
		case 2:
			less.Stack, less.Account = "s.yaml", ""
		case 3:
			less.Stack, less.Region, less.ARN = "s.yaml", "", ""
		case 4:
			less.Props = map[string]any{"BucketName": why, "VersioningConfiguration": why}
		}
		if got := scope(&less); got != want {
			changed++
			if got != Undecided {
				t.Fatalf("%+v was %s and is %s when less is known: %+v", x, want, got, less)
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d of them became undecided: the test does not test", changed)
	}
}
