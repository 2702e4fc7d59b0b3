package iam_test

import (
	"testing"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/iam"
	shop "github.com/haetae/haetae/sample"
)

// sampleWorld is the sample organisation.
func sampleWorld(t *testing.T) *iam.World {
	t.Helper()
	snap, err := shop.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return worldFrom(t, snap)
}

func TestCanAssumeHasJustThePairsThatTheEvaluatorAllows(t *testing.T) {
	w := sampleWorld(t)
	got := map[[2]string]*haetae.Proof{}
	for e := range w.CanAssume() {
		if e.Kind != haetae.CanAssume || e.Proof == nil || len(e.Proof.Statements) == 0 || e.Proof.Action != "sts:AssumeRole" {
			t.Fatalf("%s to %s: kind %s, proof %v", e.From.ARN, e.To.ARN, e.Kind, e.Proof)
		}
		got[[2]string{e.From.ARN, e.To.ARN}] = e.Proof
	}
	pairs := 0
	for _, to := range w.Identities() {
		for _, from := range w.Identities() {
			if !to.IsRole() || to.ServiceLinked() || from == to || from.Resource == nil || from.ServiceLinked() {
				continue
			}
			may, err := w.May(iam.Request{Principal: iam.Principal{ARN: from.ARN}, Action: "sts:AssumeRole", Resources: []string{to.ARN}})
			if err != nil {
				t.Fatal(err)
			}
			proof, edge := got[[2]string{from.ARN, to.ARN}]
			if may.Is != edge || edge && proof.Conditional != may.Conditional {
				t.Errorf("%s to %s: may is %v, edge %v", from.ARN, to.ARN, may, proof)
			}
			if edge {
				pairs++
			}
		}
	}
	if pairs != len(got) || pairs < 10 {
		t.Errorf("%d edges, %d pairs that may", len(got), pairs)
	}
}

func TestEdgesOfAnActionEndWhereItIsAllowed(t *testing.T) {
	w := sampleWorld(t)
	edges, err := w.CanDo("kms:Decrypt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for e := range edges {
		n++
		may, err := w.May(iam.Request{Principal: iam.Principal{ARN: e.From.ARN}, Action: "kms:Decrypt", Resources: []string{e.To.ARN}})
		if err != nil || !may.Is || e.To.Type != "AWS::KMS::Key" || e.Kind != haetae.CanDo {
			t.Errorf("%s to %s %s: %v, %v", e.From.ARN, e.To.Type, e.To.ARN, may, err)
		}
	}
	if n < 10 {
		t.Errorf("only %d edges", n)
	}
	if _, err := w.CanDo("kms:Decrpyt"); err == nil {
		t.Error("an action that does not exist has edges")
	}
	for range edges {
		break // a caller may stop at any edge
	}
}
