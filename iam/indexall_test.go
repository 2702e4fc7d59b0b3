package iam_test

import (
	"slices"
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
	"github.com/haetae/haetae/permission"
)

func TestAllOfTheIndexIsWhatEachQuestionIsAnswered(t *testing.T) {
	for name, w := range map[string]*iam.World{"generated": worldOf(t, organization(24, 80)), "sample": sampleWorld(t)} {
		x := iam.NewIndex(w)
		type question struct {
			resource, action, principal string
		}
		got := map[question]iam.Verdict{}
		last := ""
		for a := range x.All(func(*haetae.Resource, *permission.Action) bool { return true }) {
			if a.Name() < last {
				t.Errorf("%s: %s comes after %s", name, a.Name(), last)
			}
			last = a.Name()
			for v, list := range map[iam.Verdict][]*iam.Identity{iam.Allowed: a.Allowed, iam.DependsOn: a.Depends} {
				for _, i := range list {
					q := question{a.Name(), a.Action.String(), i.ARN}
					if _, twice := got[q]; twice {
						t.Errorf("%s: %v comes twice", name, q)
					}
					got[q] = v
				}
			}
		}
		n := 0
		for _, i := range w.Identities() {
			for _, r := range w.Graph().Resources() {
				for _, a := range w.Engine().ActionsOn(r) {
					v := x.Verdict(i, a, r.ARN)
					if v == iam.ImplicitlyDenied {
						continue
					}
					n++
					if q := (question{r.ARN, a.String(), i.ARN}); got[q] != v {
						t.Errorf("%s: %v is %q among all and %q when asked", name, q, got[q], v)
					}
				}
			}
		}
		if n < 100 {
			t.Errorf("%s: only %d answers: they prove little", name, n)
		}
		some := slices.Collect(x.All(func(r *haetae.Resource, a *permission.Action) bool {
			return r.Type == "AWS::KMS::Key" && a.Name == "Decrypt"
		}))
		for _, a := range some {
			if a.Resource.Type != "AWS::KMS::Key" || a.Action.String() != "kms:Decrypt" {
				t.Errorf("%s: %s on %s was not asked for", name, a.Action, a.Name())
			}
		}
		if len(some) == 0 {
			t.Errorf("%s: nobody may decrypt", name)
		}
	}
}
