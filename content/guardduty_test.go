package content

import (
	"slices"
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
			types[x.Type] = true
			if !slices.Contains([]string{"low", "medium", "high", "critical", "varies", ""}, strings.TrimSuffix(x.Severity, "*")) {
				t.Errorf("%s: a severity of %q", x.Type, x.Severity)
			}
			if p.Retired && len(x.By) == 0 {
				t.Errorf("%s: nothing detects what took its place", x.Type)
			}
			if (x.Not.EN == "") != (x.Not.KO == "") {
				t.Errorf("%s: the reason is in one language only", x.Type)
			}
		}
	}
	if len(types) < 250 {
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
