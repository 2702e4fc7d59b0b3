package content_test

import (
	"strings"
	"testing"

	"github.com/haetae/haetae/content"
)

func TestBuiltInDetectionsTellPeopleAllTheyMust(t *testing.T) {
	list, err := content.Detections()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		for what, missing := range map[string]bool{
			"a Korean title": d.Title.KO == "", "a Korean description": d.Description.KO == "", "a Korean response": d.Response.KO == "",
			"false positives in both languages": len(d.FalsePositives[0]) == 0 || len(d.FalsePositives[0]) != len(d.FalsePositives[1]),
			"a reference":                       len(d.References) == 0,
			"a technique of ATT&CK":             !strings.Contains(strings.Join(d.Tags, " "), "attack.t"),
		} {
			if missing {
				t.Errorf("%s has not %s", d.File, what)
			}
		}
		fires, quiet := 0, 0
		for _, e := range d.Examples {
			if e.Fires {
				fires++
			} else {
				quiet++
			}
		}
		if fires == 0 || quiet == 0 {
			t.Errorf("%s has %d examples that fire and %d that stay quiet", d.File, fires, quiet)
		}
	}
}

const smallDetection = `title: T
id: small-rule
description: D
logsource: {product: aws, service: cloudtrail}
detection: {s: {eventName: X}, condition: s}
level: low
tags: [attack.t1078]
`

func TestADetectionThatIsWrittenWrongIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"no haetae block":             {"small-rule", smallDetection, "haetae is missing"},
		"another id than the file's":  {"other-rule", smallDetection + "haetae: {response: r}\n", "a rule beside the one of id other-rule"},
		"a key that nobody reads":     {"small-rule", smallDetection + "haetae: {response: r, guardDuty: [x]}\n", "guardDuty"},
		"no response":                 {"small-rule", smallDetection + "haetae: {cis: [x]}\n", "response is missing"},
		"a tactic that is none":       {"small-rule", smallDetection + "haetae: {response: r, signal: stealing}\n", "stealing"},
		"an example without a name":   {"small-rule", smallDetection + "haetae: {response: r, examples: [{fires: true, events: [{}]}]}\n", "name is missing"},
		"an example of another log":   {"small-rule", smallDetection + "haetae: {response: r, examples: [{name: n, fires: true, events: [{log: x}]}]}\n", `log "x" is none of`},
		"a window that is no time":    {"small-rule", smallDetection + "haetae: {response: r, window: long}\n", "window"},
		"a second rule without name":  {"small-rule", smallDetection + "haetae: {response: r}\n---\n" + strings.Replace(smallDetection, "id: small-rule\n", "", 1), "a rule beside"},
		"a level that is no severity": {"small-rule", strings.Replace(smallDetection, "level: low\n", "", 1) + "haetae: {response: r}\n", "severity"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := content.ParseDetection([]byte(c.text), "detections/x/"+c.file+".yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestRecordsOfExamplesAreWholeRecords(t *testing.T) {
	d, err := content.ParseDetection([]byte(smallDetection+`haetae:
  response: r
  examples:
    - name: n
      fires: true
      given:
        events: [{at: -3d, eventName: Before}]
      events:
        - {eventName: "X{n}", repeat: 2, every: 1m, userIdentity: {userName: null, type: Root}}
        - {log: vpcflow, dstport: 22}
`), "detections/x/small-rule.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range d.Examples[0].Records {
		got = append(got, r.Time.Format("02T15:04:05 ")+r.Log+" "+r.Text)
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{"27T09:00:00 cloudtrail {", `"eventName":"Before"`, "02T09:00:00 cloudtrail", `"eventName":"X2"`, "02T09:02:00", `"type":"Root"`, "vpcflow account-id action", " 22 "} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is missing in\n%s", want, all)
		}
	}
	if strings.Contains(strings.SplitN(all, "\n", 3)[1], "userName") {
		t.Errorf("a null did not take the name away: %s", all)
	}
}
