package content

import (
	"strings"
	"testing"
)

func TestEveryTypeOfGuardDutyIsDetectedOrSaidNotToBe(t *testing.T) {
	detections, err := Detections()
	if err != nil {
		t.Fatal(err)
	}
	sequences, err := Sequences()
	if err != nil {
		t.Fatal(err)
	}
	list, faults, err := GuardDuty(detections, sequences)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
	types := map[string]bool{}
	for _, p := range list {
		for _, x := range p.Types {
			if types[x.Type] {
				t.Errorf("%s is there twice", x.Type)
			}
			types[x.Type] = true
			if (x.Not.EN == "") != (x.Not.KO == "") {
				t.Errorf("%s: the reason is in one language only", x.Type)
			}
		}
	}
	if len(types) < 200 {
		t.Errorf("%d types", len(types))
	}
	// What is wrong is said.
	_, faults, err = GuardDuty([]*Detection{{ID: "mine", GuardDuty: []string{"Made:Up/Type", "Object:S3/MaliciousFile"}}}, nil)
	said := strings.Join(faults, "\n")
	for _, want := range []string{"mine names Made:Up/Type", "Object:S3/MaliciousFile has a reason why it is not detected, and mine detects it", "Stealth:IAMUser/CloudTrailLoggingDisabled has neither"} {
		if err != nil || !strings.Contains(said, want) {
			t.Errorf("%v: it does not say %q", err, want)
		}
	}
}
