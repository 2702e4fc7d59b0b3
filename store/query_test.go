package store

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestOnlyOneQuestionIsAnswered(t *testing.T) {
	s := opened(t, t.TempDir())
	mustScan(t, s, world(1000), judge(world(1000)))
	for q, wrong := range map[string]string{
		"SELECT 1":                                     "",
		" -- a comment\n select 1;  -- the end":        "",
		"WITH x AS (SELECT 1 AS a) SELECT a FROM x":    "",
		"VALUES (1), (2)":                              "",
		"SELECT ';' || \";\" FROM (SELECT 1 AS \";\")": "",
		"SELECT 'it''s; so'":                           "",
		"/* a; b */ SELECT 1 /* ; */":                  "",
		"":                                             "empty",
		" ; ":                                          "not a SELECT",
		"SELECT 1; SELECT 2":                           "more than one",
		"SELECT 1; ATTACH 'x' AS y":                    "more than one",
		"SELECT 1 /* */ ; -- \n DROP TABLE finding":    "more than one",
		"ATTACH 'x' AS y":                              "not a SELECT",
		"PRAGMA query_only = 0":                        "not a SELECT",
		"DELETE FROM finding":                          "not a SELECT",
		"EXPLAIN SELECT 1":                             "not a SELECT",
		"WITH x AS (SELECT 1) DELETE FROM finding":     "readonly",
		"SELECT x FROM nowhere":                        "no such table",
		"SELECT load_extension('x')":                   "",
	} {
		_, err := s.Query(context.Background(), q, 10, time.Minute)
		switch {
		case strings.Contains(q, "load_extension"):
			if err == nil {
				t.Errorf("%q was answered", q)
			}
		case wrong == "" && err != nil:
			t.Errorf("%q: %v", q, err)
		case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%q: error is %v, want %q in it", q, err, wrong)
		}
	}
	checkTally(t, s)
}

func TestAQueryHasItsBounds(t *testing.T) {
	s := opened(t, t.TempDir())
	endless := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT `
	a, err := s.Query(context.Background(), endless+`i FROM n`, 7, time.Minute)
	if err != nil || len(a.Rows) != 7 || !a.Cut {
		t.Errorf("%d rows, cut %v: %v", len(a.Rows), a.Cut, err)
	}
	_, err = s.Query(context.Background(), endless+`sum(i) FROM n`, 7, 50*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "not finished after") {
		t.Errorf("error is %v", err)
	}
	a, err = s.Query(context.Background(), `SELECT 1 UNION SELECT 2`, 2, time.Minute)
	if err != nil || a.Cut {
		t.Errorf("cut %v: %v", a.Cut, err)
	}
}
