package content

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/haetae/haetae"
)

// GuardDutyProtection is a part of GuardDuty with the types of its findings
// (https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html).
type GuardDutyProtection struct {
	Protection string          `yaml:"protection"`
	Resource   string          `yaml:"resource"` // what its findings are about
	Log        string          `yaml:"log"`      // that shows what it finds
	Retired    bool            `yaml:"retired"`  // AWS makes no such findings any more
	Types      []GuardDutyType `yaml:"types"`
}

// GuardDutyType is a type of GuardDuty's findings.
type GuardDutyType struct {
	Type string `yaml:"type"`
	// Severity is AWS's default, "low" to "critical", with a star where it may be
	// another; "varies" where there is none, "" where AWS's page was not found to say.
	Severity string `yaml:"severity"`
	Log      string `yaml:"log"` // where it is another than the protection's
	// Not says why no detection stands for it; the zero Text where one does.
	Not haetae.Text `yaml:"not"`
	// Of is the type under which what a retired type found is found today.
	Of string `yaml:"of"`
	// By are the detections and sequences that stand for it, sorted; of a retired type
	// those of the type that it is a part of.
	By []string `yaml:"-"`
}

// GuardDuty are all types of GuardDuty's findings with the detections and sequences
// that stand for them. Faults are types that nobody knows, and types of which it is
// not said, or said twice, what becomes of them.
func GuardDuty(detections []*Detection, sequences []*Sequence) (list []GuardDutyProtection, faults []string, err error) {
	data, err := files.ReadFile("guardduty.yaml")
	if err != nil {
		return nil, nil, fmt.Errorf("types of GuardDuty: %w", err)
	}
	if err := yaml.Load(data, &list, yaml.WithKnownFields()); err != nil {
		return nil, nil, fmt.Errorf("types of GuardDuty: %w", err)
	}
	by, known := map[string][]string{}, map[string]*GuardDutyType{}
	for _, d := range detections {
		for _, t := range d.GuardDuty {
			by[t] = append(by[t], d.ID)
		}
	}
	for _, q := range sequences {
		for _, t := range q.GuardDuty {
			by[t] = append(by[t], q.ID)
		}
	}
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for i := range list {
		for j := range list[i].Types {
			t := &list[i].Types[j]
			t.By = slices.Compact(slices.Sorted(slices.Values(by[t.Type])))
			if known[t.Type] != nil {
				fault("guardduty.yaml: %s is there twice", t.Type)
			}
			known[t.Type] = t
			switch {
			case list[i].Retired != (t.Of != ""):
				fault("guardduty.yaml: %s: a retired type, and no other, says of which type it is a part today", t.Type)
			case len(t.By) == 0 && t.Not.EN == "" && t.Of == "":
				fault("guardduty.yaml: %s has neither a detection nor a reason", t.Type)
			case len(t.By) > 0 && t.Not.EN != "":
				fault("guardduty.yaml: %s has a reason why it is not detected, and %s detects it", t.Type, t.By[0])
			}
		}
	}
	for _, p := range list {
		for j := range p.Types {
			t := &p.Types[j]
			switch now := known[t.Of]; {
			case t.Of == "":
			case now == nil || now.Of != "":
				fault("guardduty.yaml: %s is said to be a part of %s, which is no type of today", t.Type, t.Of)
			default:
				t.By = slices.Compact(slices.Sorted(slices.Values(slices.Concat(t.By, now.By))))
			}
		}
	}
	for _, t := range slices.Sorted(maps.Keys(by)) {
		if known[t] == nil {
			fault("%s names %s, which is no type of GuardDuty in guardduty.yaml", by[t][0], t)
		}
	}
	return list, faults, nil
}
