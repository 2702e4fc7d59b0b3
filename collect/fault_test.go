package collect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/aws"
	"github.com/haetae/haetae/collect"
	"github.com/haetae/haetae/content"
	"github.com/haetae/haetae/control"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/inventory"
	"github.com/haetae/haetae/schema"
	"github.com/haetae/haetae/scripts/mototest"
	"github.com/haetae/haetae/snapshot"
)

// noon is the time of every snapshot in these tests.
const noon = 1_790_000_000

// quick is a budget that never makes a test wait.
var quick = aws.Quotas{Default: aws.Quota{Rate: 1e6, Burst: 1e6}}

// cloud is a filled moto server with a proxy in front.
type cloud struct {
	*mototest.Proxy
	sch      *schema.Schema
	controls *control.Set
	planted  []planted
	faulty   bool // requests may hang
}

// planted is a verdict that scripts/account.py says a scan must give.
type planted struct{ Control, Status, ID, Account, Region string }

func newCloud(t *testing.T) *cloud {
	t.Helper()
	m := mototest.Start(t, "..")
	file := filepath.Join(t.TempDir(), "planted.json")
	t.Log(m.Run(t, "scripts/account.py", "--size", "small", "--seed", "7", "--accounts", "111111111111,222222222222", "--regions", "us-east-1,eu-west-1", "--planted", file))
	c := &cloud{Proxy: mototest.NewProxy(t, m.URL)}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &c.planted); err != nil {
		t.Fatal(err)
	}
	if c.sch, err = schema.Load(); err != nil {
		t.Fatal(err)
	}
	controls, err := content.Controls()
	if err != nil {
		t.Fatal(err)
	}
	if c.controls, err = control.NewSet(c.sch, controls); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": c.URL, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_SESSION_TOKEN": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PROFILE": "",
	} {
		t.Setenv(k, v)
	}
	return c
}

// collect reads both accounts and both regions.
func (c *cloud) collect(t *testing.T, record aws.Record) (*haetae.Snapshot, *aws.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	o := aws.Options{Region: "us-east-1", Quotas: &quick, Attempts: 2, Backoff: time.Millisecond, PageSize: 7, Record: record}
	if c.faulty {
		// Requests that hang are given up after this; all others are answered
		// from the proxy's memory, which takes a thousandth of it.
		o.Timeout = 3 * time.Second
	}
	client, session, err := aws.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, p := range c.planted {
		ids[p.Account] = true
	}
	accounts, err := collect.Enter(ctx, client, session, slices.Sorted(maps.Keys(ids)), "haetae", "", true)
	if err != nil {
		t.Fatal(err)
	}
	s, err := collect.Snapshot(ctx, client, accounts, collect.Options{
		Regions: []string{"eu-west-1", "us-east-1"}, Time: noon, Pause: time.Millisecond,
		Redact: func(_, v string) any { return v },
	})
	if err != nil {
		t.Fatal(err)
	}
	return graph.Assemble(c.sch, s, graph.Options{}), client
}

// verdict is what a control says of a resource.
type verdict struct {
	status  haetae.Status
	reason  string
	missing []string
}

// judge returns the verdicts by control and resource.
func (c *cloud) judge(t *testing.T, s *haetae.Snapshot) map[string]verdict {
	t.Helper()
	out := map[string]verdict{}
	for f, err := range c.controls.Evaluate(graph.New(c.sch, s)) {
		if err != nil {
			t.Fatal(err)
		}
		out[keyOf(&f)] = verdict{f.Status, f.Reason, f.Missing}
	}
	return out
}

func keyOf(f *haetae.Finding) string {
	region := f.Resource.Region
	if f.Resource.Type == "AWS::S3::Bucket" {
		region = "" // it is listed without one
	}
	return strings.Join([]string{f.Rule.ID, f.Resource.Account, region, f.Resource.Type, f.Resource.ID}, "|")
}

// hits are the operations that a run broke: by account and region.
type hits struct {
	mu sync.Mutex
	by map[string]bool
}

func TestALiveScanFindsWhatWasPlanted(t *testing.T) {
	c := newCloud(t)
	s, client := c.collect(t, nil)
	t.Logf("%d resources, %d requests", len(s.Resources), client.Stats().Requests)
	var got []haetae.Finding
	for f, err := range c.controls.Evaluate(graph.New(c.sch, s)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	for _, p := range c.planted {
		i := slices.IndexFunc(got, func(f haetae.Finding) bool {
			id := f.Resource.ID
			return f.Rule.ID == p.Control && f.Resource.Account == p.Account && (id == p.ID || strings.HasSuffix(id, "/"+p.ID) || strings.HasSuffix(id, ":"+p.ID))
		})
		switch {
		case i < 0:
			t.Errorf("%s has no verdict of %s in %s %s, planted was %s", p.Control, p.ID, p.Account, p.Region, p.Status)
		case string(got[i].Status) != p.Status:
			t.Errorf("%s of %s in %s %s is %s, planted was %s: %s", p.Control, p.ID, p.Account, p.Region, got[i].Status, p.Status, got[i].Reason)
		}
	}
	t.Run("and under faults says UNKNOWN or the same", c.faults)
	t.Run("and again the same when it is resumed", c.resume)
}

// hit notes what a fault makes unknown: the IAM actions of the operation, or,
// where a request does not name it, "service:*".
func (h *hits) hit(q mototest.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	op := ""
	if m := operation.FindStringSubmatch(q.Key); m != nil {
		op = m[1] + m[2]
	}
	if op == "" {
		h.by[q.Service+":*"] = true
		return
	}
	for _, k := range inventory.All {
		for _, c := range k.Calls {
			if strings.HasSuffix(c.Op, ":"+op) {
				for _, a := range c.RequiredActions() {
					h.by[a] = true
				}
			}
			if strings.HasSuffix(c.Before, ":"+op) {
				for _, a := range c.RequiredActions() {
					h.by[a] = true
				}
			}
		}
	}
}

var operation = regexp.MustCompile(`Action=(\w+)| \w+\.(\w+) \{`)

// explains tells whether an action was hit.
func (h *hits) explains(action string) bool {
	service, _, _ := strings.Cut(action, ":")
	return h.by[action] || h.by[service+":*"]
}

func (c *cloud) faults(t *testing.T) {
	seeds := 20
	if raceEnabled {
		seeds = 2 // the detector is slow; the whole number runs without it
	}
	whole, _ := c.collect(t, nil)
	want := c.judge(t, whole)
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			h := &hits{by: map[string]bool{}}
			c.Reset()
			c.faulty = true
			c.Decide(func(q mototest.Request) mototest.Fault {
				x := mototest.Hash(seed, q.Key)
				if q.Service == "sts" || x%100 >= 10 {
					return mototest.None
				}
				fault := []mototest.Fault{mototest.Deny, mototest.Deny, mototest.Deny, mototest.Throttle, mototest.Throttle, mototest.Break, mototest.Break, mototest.Hang, mototest.Reset, mototest.Reset}[x/100%10]
				if x/1000%4 == 0 && fault != mototest.Deny {
					// It passes: the next attempt is answered.
					if q.Nth == 1 {
						return fault
					}
					return mototest.None
				}
				h.hit(q)
				return fault
			})
			defer func() {
				c.faulty = false
				c.Decide(nil)
			}()
			broken, client := c.collect(t, nil)
			got := c.judge(t, broken)
			unknown, gone, equal := 0, 0, 0
			for key, w := range want {
				g, there := got[key]
				switch {
				case !there:
					gone++
					c.mustBeUncovered(t, broken, key, h)
				case g.status == w.status:
					equal++
				case g.status != haetae.Undecided:
					t.Errorf("%s: %s, undisturbed %s (%s): %s", key, g.status, w.status, w.reason, g.reason)
				default:
					unknown++
					if !slices.ContainsFunc(g.missing, h.explains) {
						t.Errorf("%s: UNKNOWN, undisturbed %s, for a reason that was not broken: %s %v", key, w.status, g.reason, g.missing)
					}
				}
			}
			for key, g := range got {
				if _, there := want[key]; !there && g.status != haetae.Undecided {
					t.Errorf("%s: %s, undisturbed there was no such thing: %s", key, g.status, g.reason)
				}
			}
			t.Logf("%d the same, %d unknown, %d not listed, %d requests", equal, unknown, gone, client.Stats().Requests)
		})
	}
}

// mustBeUncovered checks that a resource without verdict is one whose type was
// not wholly listed, for a reason that was broken.
func (c *cloud) mustBeUncovered(t *testing.T, s *haetae.Snapshot, key string, h *hits) {
	parts := strings.Split(key, "|")
	for _, row := range s.Coverage {
		if row.Account == parts[1] && (row.Region == parts[2] || row.Region == "") && row.Type == parts[3] && row.Status != haetae.Complete {
			if !slices.ContainsFunc(row.Actions, h.explains) {
				t.Errorf("%s: not listed, for a reason that was not broken: %s %v", key, row.Detail, row.Actions)
			}
			return
		}
	}
	t.Errorf("%s: no verdict, and %s is said to be wholly listed", key, parts[3])
}

func (c *cloud) resume(t *testing.T) {
	dir := t.TempDir()
	key := []byte("a key of thirty-two bytes or more")
	open := func(name string) *collect.Journal {
		j, err := collect.OpenJournal(filepath.Join(dir, name), "a scan", key, time.Unix(noon, 0), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	j := open("whole")
	c.Reset()
	s, client := c.collect(t, j)
	whole, total := bytesOf(t, s), len(c.Answered())
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "whole"))
	if err != nil {
		t.Fatal(err)
	}
	cuts := 50
	if raceEnabled {
		cuts = 10
	}
	for n := range cuts {
		// Half of the cuts are in the first tenth, where lists and parents are.
		at := mototest.Hash(uint64(n), "cut") % uint64(len(data))
		if n%2 == 0 {
			at /= 10
		}
		name := fmt.Sprintf("cut %d", n)
		if err := os.WriteFile(filepath.Join(dir, name), data[:at], 0o600); err != nil {
			t.Fatal(err)
		}
		j := open(name)
		c.Reset()
		s, client := c.collect(t, j)
		// On record are also two answers of each account that are not counted
		// here: who it is, and its credential report.
		if st, n := client.Stats(), len(c.Answered()); st.Replayed < j.Resumed || n > total-j.Resumed+4 {
			t.Errorf("killed after %d of %d bytes with %d answers: %d replayed and %d of %d asked again", at, len(data), j.Resumed, st.Replayed, n, total)
		}
		if got := bytesOf(t, s); !bytes.Equal(got, whole) {
			t.Errorf("killed after %d of %d bytes: the snapshot has other bytes", at, len(data))
		}
		if err := j.Remove(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d requests with %d answers, %d bytes of journal, %d cuts", client.Stats().Requests, total, len(data), cuts)
}

func bytesOf(t *testing.T, s *haetae.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := snapshot.Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
