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
	Log        string          `yaml:"log"` // that shows what it finds
	Types      []GuardDutyType `yaml:"types"`
}

// GuardDutyType is a type of GuardDuty's findings.
type GuardDutyType struct {
	Type string `yaml:"type"`
	Log  string `yaml:"log"` // where it is another than the protection's
	// Not says why no detection stands for it; the zero Text where one does.
	Not haetae.Text `yaml:"not"`
	// By are the detections and sequences that stand for it, sorted.
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
	by := map[string][]string{}
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
	for i := range list {
		for j := range list[i].Types {
			t := &list[i].Types[j]
			t.By = slices.Sorted(slices.Values(by[t.Type]))
			delete(by, t.Type)
			switch {
			case len(t.By) == 0 && t.Not.EN == "":
				faults = append(faults, fmt.Sprintf("guardduty.yaml: %s has neither a detection nor a reason", t.Type))
			case len(t.By) > 0 && t.Not.EN != "":
				faults = append(faults, fmt.Sprintf("guardduty.yaml: %s has a reason why it is not detected, and %s detects it", t.Type, t.By[0]))
			}
		}
	}
	for _, t := range slices.Sorted(maps.Keys(by)) {
		faults = append(faults, fmt.Sprintf("%s names %s, which is no type of GuardDuty in guardduty.yaml", by[t][0], t))
	}
	return list, faults, nil
}
