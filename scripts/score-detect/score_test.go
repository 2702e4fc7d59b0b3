package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func at(minute int) time.Time { return time.Date(2026, 11, 1, 10, minute, 0, 0, time.UTC) }

func TestFindingsAreHeldAgainstLabels(t *testing.T) {
	labels := map[string]label{"a1": {"K", "comes in", at(0)}, "a2": {"K", "takes", at(10)}, "a3": {"K", "takes", at(20)}, "a4": {"K", "goes", at(30)}}
	decoys := map[string]label{"d1": {step: "a scan that was ordered"}, "d2": {step: "a scan that was ordered"}}
	s := &score{Name: lab, Records: 1004, Days: 2}
	s.weigh([]finding{
		{Rule: "come", Kind: "rule", Severity: "LOW", Events: []string{"a1"}, First: at(0), Last: at(0)},
		{Rule: "take", Kind: "window", Severity: "HIGH", Events: []string{"a2", "a3", "b1"}, First: at(10), Last: at(20)},
		{Rule: "take", Kind: "window", Severity: "HIGH", Events: []string{"b1", "b2"}, First: at(40), Last: at(41)},
		{Rule: "look", Kind: "rule", Severity: "INFORMATIONAL", Events: []string{"d1", "b3"}, First: at(1), Last: at(2), EventsNotNamed: 7},
		{Rule: "chain", Kind: "sequence", Severity: "CRITICAL", Events: []string{"a1", "a2"}, First: at(0), Last: at(10), Sequence: &struct{ Score json.Number }{"12.5"}},
		{Rule: "chain", Kind: "sequence", Severity: "MEDIUM", Events: []string{"d2"}, First: at(50), Last: at(50), Sequence: &struct{ Score json.Number }{"8"}},
	}, labels, decoys)
	if s.Caught != 3 || s.Recall != 0.75 || s.StepsSeen != 2 || len(s.Steps) != 3 {
		t.Errorf("caught %d, recall %v, %d of %d steps", s.Caught, s.Recall, s.StepsSeen, len(s.Steps))
	}
	if fmt.Sprint(s.Steps) != "[{K comes in 1 1 [chain come]} {K takes 2 2 [chain take]} {K goes 1 0 []}]" {
		t.Errorf("steps %v", s.Steps)
	}
	if fmt.Sprint(s.Alerting) != "map[critical:0 high:2 informational:5 low:3 medium:3]" {
		t.Errorf("others that alert: %v", s.Alerting)
	}
	if s.Shares["low"] != 0.003 || s.FalseDaily["medium"] != 1 || s.FalseDaily["high"] != 0.5 || s.FalseDaily["informational"] != 1.5 {
		t.Errorf("shares %v, false alarms a day %v", s.Shares, s.FalseDaily)
	}
	if s.Delay != "10m0s" || s.NotNamed != 7 {
		t.Errorf("delay %s, %d not named", s.Delay, s.NotNamed)
	}
	var rules []string
	for _, r := range s.Rules {
		rules = append(rules, fmt.Sprintf("%s %d findings, %d right, %d records: %d and %d, %s", r.Rule, r.Findings, r.Right, r.Events, r.Attack, r.Other, r.Delay))
	}
	want := []string{"chain 2 findings, 1 right, 3 records: 2 and 1, 10m0s", "come 1 findings, 1 right, 1 records: 1 and 0, 0s", "look 1 findings, 0 right, 2 records: 0 and 2, ",
		"take 2 findings, 1 right, 4 records: 2 and 2, 20m0s"}
	if !slices.Equal(rules, want) {
		t.Errorf("rules\n%s\nwant\n%s", strings.Join(rules, "\n"), strings.Join(want, "\n"))
	}
	if len(s.Decoys) != 1 || s.Decoys[0].Records != 2 || s.Decoys[0].Alerting["informational"] != 2 || s.Decoys[0].Alerting["low"] != 1 {
		t.Errorf("decoys %v", s.Decoys)
	}
	var b bytes.Buffer
	s.print(&b)
	for _, want := range []string{"recall: a finding carries 3 of the attack's 4 records (75.0 %) and something of 2 of its 3 steps", "sequence: chain (critical), score 12.5, of 2 records of the attack and 0 others",
		"goal: the attack is one sequence: met\n", "goal: less than 1 % of other records at low and above: met\n", "all counts of records are lower bounds"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &b)
		}
	}
}

func TestGoalsThatAreNotMetAreSaid(t *testing.T) {
	s := &score{Name: lab, Records: 101, Days: 1}
	s.weigh([]finding{{Rule: "r", Kind: "rule", Severity: "LOW", Events: []string{"x", "y"}, First: at(0), Last: at(0)}}, map[string]label{"a": {at: at(0)}}, nil)
	var b bytes.Buffer
	s.print(&b)
	for _, want := range []string{"one sequence: not met, 0\n", "low and above: not met, 2.00 %\n", "no finding of medium and above carries a record of the attack"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, &b)
		}
	}
}

func TestARuleThatNamesAValueOfTheLogsIsFound(t *testing.T) {
	trail := &trail{values: map[string]bool{}, times: map[string]time.Time{}}
	var record map[string]any
	if err := json.Unmarshal([]byte(`{"eventID": "e", "eventTime": "2026-11-01T10:00:00Z", "eventName": "AttachUserPolicy", "userAgent": "aws-cli/2.27.0",
		"sourceIPAddress": "203.0.113.77", "recipientAccountId": "444455556666",
		"userIdentity": {"type": "IAMUser", "userName": "mallory-intern", "arn": "arn:aws:iam::444455556666:user/mallory-intern", "accessKeyId": "AKIAEXAMPLE000000009", "invokedBy": "config.amazonaws.com"},
		"requestParameters": {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess", "bucketName": "harvest-2026", "key": "AWSLogs/1/CloudTrail/events.json.gz", "policyName": "PutUserPolicy"}, "resources": [{"ARN": "arn:aws:s3:::harvest-2026/AWSLogs/a"}]}`), &record); err != nil {
		t.Fatal(err)
	}
	if err := trail.add(record); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ detection, want string }{
		"a user":                                {"{s: {userIdentity.userName: mallory-intern}, condition: s}", "[mallory-intern]"},
		"a part of a user":                      {"{s: {userIdentity.userName|startswith: mallory}, condition: s}", "[mallory]"},
		"in capitals":                           {"{s: {userIdentity.userName|contains: MALLORY}, condition: s}", "[mallory]"},
		"an address in a regular expression":    {"{s: {sourceIPAddress|re: '^203\\.0\\.113\\.77$'}, condition: s}", "[203.0.113.77]"},
		"an account as a number":                {"{s: {recipientAccountId: 444455556666}, condition: s}", "[444455556666]"},
		"a key":                                 {"{s: {userIdentity.accessKeyId: [AKIAEXAMPLE000000009]}, condition: s}", "[akiaexample000000009]"},
		"a bucket, with wildcards":              {"{s: {requestParameters.bucketName: 'harvest*'}, condition: s}", "[harvest]"},
		"the role of a whole ARN":               {"{s: {userIdentity.arn|endswith: ':user/mallory-intern'}, condition: s}", "[:user/mallory-intern]"},
		"a whole ARN":                           {"{s: {userIdentity.arn: 'arn:aws:iam::444455556666:user/mallory-intern'}, condition: s}", "[444455556666:user/mallory-intern]"},
		"a bucket's ARN":                        {"{s: {resources.ARN|startswith: 'arn:aws:s3:::harvest'}, condition: s}", "[:harvest]"},
		"how all ARNs begin":                    {"{s: {resources.ARN|startswith: ['arn:aws:', 'arn:aws:iam::']}, condition: s}", "[]"},
		"a call, which is AWS's word":           {"{s: {eventName: AttachUserPolicy}, condition: s}", "[]"},
		"a call that somebody named a thing as": {"{s: {eventName: PutUserPolicy}, condition: s}", "[]"},
		"a policy of AWS":                       {"{s: {requestParameters.policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess'}, condition: s}", "[]"},
		"a service":                             {"{s: {userIdentity.invokedBy: config.amazonaws.com}, condition: s}", "[]"},
		"a short word":                          {"{s: {userIdentity.userName|contains: mall}, condition: s}", "[]"},
		"the name of a field":                   {"{s: {harvest-2026: x}, condition: s}", "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "r.yaml"), []byte("title: mallory-intern\ndetection: "+c.detection+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			named, words, err := namesIn(trail.values, dir)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(named[filepath.Join(dir, "r.yaml")]); got != c.want {
				t.Errorf("%s of %d words, want %s", got, words, c.want)
			}
			if err := overfitted(trail.values, dir, "logs"); (err != nil) != (c.want != "[]") {
				t.Errorf("it ends with %v", err)
			}
		})
	}
}

func TestLogsThatAreNotThereAreAnErrorUnlessNoneWereNamed(t *testing.T) {
	if s, err := people("none", "", "none", "none"); s != nil || err != nil {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := people("none", t.TempDir(), "none", "none"); err == nil || !strings.Contains(err.Error(), lab) {
		t.Errorf("%v", err)
	}
}
