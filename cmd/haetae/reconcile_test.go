package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/hub"
	"github.com/haetae/haetae/store"
)

// kept stores a scan of two buckets whose findings an exception covers until a
// time, as it was an hour before that.
func kept(t *testing.T, until int64) (dir string, uids []haetae.UID) {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	st, err := store.Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	rule := &haetae.Rule{ID: "s3-bucket-versioning-enabled", Type: "AWS::S3::Bucket", Severity: haetae.Low}
	snap := &haetae.Snapshot{Time: until - 3600, Coverage: []haetae.Coverage{{Account: "111122223333", Region: "us-east-1", Type: "*", Status: haetae.Complete}}}
	var found []haetae.Finding
	for _, id := range []string{"one", "two"} {
		r := &haetae.Resource{Type: "AWS::S3::Bucket", ID: id, ARN: "arn:aws:s3:::" + id, Account: "111122223333", Region: "us-east-1", Props: map[string]any{}}
		snap.Resources = append(snap.Resources, r)
		f := haetae.Finding{Rule: rule, Status: haetae.Fail, Resource: r, Suppressed: &haetae.Exception{By: "exception web", ID: "web", Owner: "kim", Reason: "on purpose", Until: until}}
		found, uids = append(found, f), append(uids, f.Under(rule.ID))
	}
	err = st.Update(ctx, func(tx *store.Tx) error {
		ledger, err := tx.Kept()
		if err != nil {
			return err
		}
		steps, _ := hub.Decide(hub.Scan{Time: snap.Time, Now: snap.Time, Rules: map[string]bool{rule.ID: true}}, ledger.All(), each(found))
		if err := tx.Apply(ledger, steps, snap.Time); err != nil {
			return err
		}
		return tx.PutSnapshot(snap, haetae.Scan{Version: "test"}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, uids
}

func findingsOf(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), append([]string{"findings", "list", "--output", "csv"}, args...), strings.NewReader(""), &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	return out.String()
}

func TestAnExceptionEndsWithoutAScanAndWithoutItsFile(t *testing.T) {
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		until int64
		want  string
	}{"before its end": {now + 100_000, "SUPPRESSED"}, "after its end": {now - 10, "NEW"}} {
		dir, _ := kept(t, c.until)
		if out := findingsOf(t, "--data", dir); strings.Count(out, ","+c.want+",") != 2 {
			t.Errorf("%s:\n%s", name, out)
		}
	}
}

func TestWhatAPersonsSuppressionHidIsCoveredWhenItEnds(t *testing.T) {
	now := time.Now().Unix()
	dir, uids := kept(t, now+100_000)
	file := filepath.Join(dir, "web.yaml")
	if err := os.WriteFile(file, []byte("- {id: web, owner: kim, reason: on purpose, expires: 2999-12-31, controls: [s3-*]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	given := []string{"--data", dir, "--exceptions", file, "--exceptions-limit", "none"}
	findingsOf(t, given...)
	st, err := store.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	w, why, ends := haetae.WorkflowSuppressed, "for an hour", now-5
	if err := st.Update(context.Background(), func(tx *store.Tx) error {
		return tx.Triage(uids[0], func(tr haetae.Triage) (haetae.Triage, []haetae.Entry, error) {
			tr, log := hub.Apply(tr, hub.Edit{Author: haetae.ByPerson, Who: "lee", Time: now - 3600, Workflow: &w, Reason: &why, Expires: &ends})
			return tr, log, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	out := findingsOf(t, given...)
	if strings.Count(out, ",SUPPRESSED,") != 2 || strings.Count(out, ",web,kim,") != 2 {
		t.Errorf("both are to be covered by the file:\n%s", out)
	}
}
