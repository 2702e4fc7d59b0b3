package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

func TestEveryFormatSaysWhoAcceptedAFindingAndUntilWhen(t *testing.T) {
	r := fixture()
	x := &haetae.Exception{By: "exception web", ID: "web", Owner: "kim@example.com", Reason: "on purpose", Expires: "2026-12-31", Place: haetae.Place{File: "e.yaml", Line: 3}}
	for i := range r.Findings {
		if r.Findings[i].Status == haetae.Fail {
			r.Findings[i].Suppressed = x
		}
	}
	r.Summary = Summarize(r.Findings, r.Coverage, r.Problems)
	r.Exceptions = []Exception{{ID: "web", Owner: x.Owner, Reason: x.Reason, Expires: x.Expires, State: "expiring", Place: x.Place, Covers: 22, Undecided: 2, Why: "the tags were not read"},
		{ID: "old", Owner: "lee", Reason: "was once", Expires: "2020-01-01", State: "expired", Place: x.Place}, {ID: "idle", Owner: "lee", Reason: "none", Expires: "2027-01-01", State: "active", Place: x.Place, Idle: true}}
	for format, wants := range map[string][]string{
		"table":  {"exception web, kim@example.com", "on purpose"},
		"html":   {"kim@example.com", "on purpose", "2026-12-31", "e.yaml:3", "expires soon", "matches nothing", "covers 22", "the tags were not read", "해당하는 것 없음"},
		"json":   {`"suppressed":{"by":"exception web","id":"web","owner":"kim@example.com","reason":"on purpose","expires":"2026-12-31","origin":{"file":"e.yaml","line":3}}`, `"exceptions":[{"id":"web"`},
		"ndjson": {`"owner":"kim@example.com"`},
		"csv":    {"exception web, kim@example.com"},
		"sarif":  {"exception web, kim@example.com: on purpose (until 2026-12-31)", `"external"`},
		"junit":  {"exception web, kim@example.com"},
		"asff":   {"exception web, kim@example.com", "on purpose"},
		"ocsf":   {`"owner":"kim@example.com"`, "2026-12-31"},
	} {
		out := render(t, format, r, Options{All: true, Width: 200})
		for _, want := range wants {
			if !strings.Contains(strings.ReplaceAll(out, ": ", ":"), strings.ReplaceAll(want, ": ", ":")) {
				t.Errorf("%s does not say %s", format, want)
			}
		}
	}
}

func TestExceptionsAreAMemberOfTheObject(t *testing.T) {
	r := fixture()
	r.Exceptions = []Exception{{ID: "web", State: "active", Covers: 3, Place: haetae.Place{File: "e.yaml", Line: 3}}}
	var got struct{ Exceptions []map[string]any }
	if err := json.Unmarshal([]byte(render(t, "json", r, Options{})), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Exceptions) != 1 || got.Exceptions[0]["id"] != "web" || got.Exceptions[0]["covers"] != 3.0 {
		t.Errorf("they are %v", got.Exceptions)
	}
	if strings.Contains(render(t, "json", fixture(), Options{}), `"exceptions"`) {
		t.Error("a report without exceptions speaks of them")
	}
}
