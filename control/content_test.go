package control_test

import (
	"testing"

	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/schema"
)

// The built-in controls are sound: their examples hold and notice every mutant.
func TestEveryBuiltInControlIsSound(t *testing.T) {
	s, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	controls, err := content.Controls()
	if err != nil {
		t.Fatal(err)
	}
	set, err := control.NewSet(s, controls)
	if err != nil {
		t.Fatal(err)
	}
	tested := set.Test()
	for _, f := range tested.Faults {
		t.Error(f)
	}
	t.Logf("%d controls, %d examples, %d mutants (%d waived)", tested.Controls, tested.Examples, tested.Mutants, tested.Waived)
}
