package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/haetae/haetae"
)

var update = flag.Bool("update", false, "write the golden files")

func render(t testing.TB, format string, r *Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, r, o); err != nil {
		t.Fatalf("Write(%s): %v", format, err)
	}
	return b.String()
}

func TestEachFormatMatchesItsGoldenFile(t *testing.T) {
	type file struct {
		name, format string
		o            Options
	}
	files := []file{
		{"all.table", "table", Options{All: true}},
		{"color.table", "table", Options{Color: true, Width: 72}},
		{"ko.table", "table", Options{Lang: "ko", All: true}},
		{"ko.html", "html", Options{Lang: "ko", All: true}},
	}
	for _, f := range Formats() {
		// What other tools read is checked whole, with every status: CI runs the
		// validators in scripts/ on these files.
		files = append(files, file{"report." + f, f, Options{All: f != "table" && f != "html"}})
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			got := render(t, f.format, fixture(), f.o)
			path := filepath.Join("testdata", f.name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got == string(want) {
				return
			}
			g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
			for i := range min(len(g), len(w)) {
				if g[i] != w[i] {
					t.Fatalf("line %d is\n%s\nwant\n%s\n(go test ./report -update writes the file anew)", i+1, g[i], w[i])
				}
			}
			t.Fatalf("%d lines, want %d (go test ./report -update writes the file anew)", len(g), len(w))
		})
	}
}

func TestOrderOfTheInputDoesNotMatter(t *testing.T) {
	for _, format := range Formats() {
		want := render(t, format, fixture(), Options{All: true})
		r := fixture()
		rng := rand.New(rand.NewPCG(1, 2))
		rng.Shuffle(len(r.Findings), func(i, j int) { r.Findings[i], r.Findings[j] = r.Findings[j], r.Findings[i] })
		if got := render(t, format, r, Options{All: true}); got != want {
			t.Errorf("%s differs when the findings come in another order", format)
		}
	}
}

func TestWriteLeavesTheReportAsItWas(t *testing.T) {
	r := fixture()
	before := fmt.Sprint(r.Findings)
	for _, format := range Formats() {
		render(t, format, r, Options{})
	}
	if fmt.Sprint(r.Findings) != before {
		t.Error("a format changed the findings")
	}
}

func TestUnknownFormatNamesTheKnownOnes(t *testing.T) {
	err := Write(io.Discard, "pdf", fixture(), Options{})
	if haetae.CodeOf(err) != haetae.Invalid {
		t.Fatalf("code %s, want invalid", haetae.CodeOf(err))
	}
	for _, f := range Formats() {
		if !strings.Contains(err.Error(), f) || !strings.Contains(haetae.HintOf(err), f) {
			t.Errorf("%q does not name %s", err, f)
		}
	}
}

// brokenWriter takes n bytes and then fails.
type brokenWriter struct{ n int }

var errBroken = errors.New("broken pipe")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.n < len(p) {
		return 0, errBroken
	}
	w.n -= len(p)
	return len(p), nil
}

func TestAFailedWriteIsReportedByEveryFormat(t *testing.T) {
	for _, format := range Formats() {
		for _, n := range []int{0, 70 << 10} {
			err := Write(&brokenWriter{n}, format, large(600), Options{All: true})
			// The table is short by design and may fit.
			if !errors.Is(err, errBroken) && !(format == "table" && n > 0) {
				t.Errorf("%s after %d bytes: error %v, want %v", format, n, err, errBroken)
			}
		}
	}
}

func TestAnEmptyReportIsWellFormed(t *testing.T) {
	for _, format := range Formats() {
		out := render(t, format, &Report{}, Options{})
		if strings.Contains(out, ":null") {
			t.Errorf("%s of nothing has a null: %s", format, out)
		}
	}
	if out := render(t, "asff", &Report{}, Options{}); out != "" {
		t.Errorf("asff of nothing is %q; the call takes at least one finding", out)
	}
}

func TestFindingsAreRankedByWhatToLookAtFirst(t *testing.T) {
	rules := fixtureRules()
	crit, high, medium := rules[0], rules[2], rules[7]
	f := func(r *haetae.Rule, s haetae.Status, blast int, id string) haetae.Finding {
		return haetae.Finding{Rule: r, Status: s, Blast: blast, Resource: live(r.Type, id, "", "1", "r")}
	}
	want := []haetae.Finding{
		f(crit, haetae.Fail, 5, "z"),
		f(crit, haetae.Fail, 1, "a"),
		f(crit, haetae.Fail, 1, "b"),
		f(crit, haetae.Undecided, 9, "a"),
		f(crit, haetae.Pass, 9, "a"),
		f(crit, haetae.NotApplicable, 9, "a"),
		f(high, haetae.Fail, 0, "a"),
		f(rules[3], haetae.Fail, 0, "a"),
		f(medium, haetae.Fail, 100, "a"),
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		got := slices.Clone(want)
		rng.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		Rank(got)
		for i := range got {
			if compare(&got[i], &want[i]) != 0 {
				t.Fatalf("place %d is %s %s %s", i, got[i].Rule.ID, got[i].Status, got[i].Resource.ID)
			}
		}
	}
}

func TestASuppressedFindingCountsOnceAndNotAsFailed(t *testing.T) {
	s := fixture().Summary
	if s.Failed != 21 || s.Suppressed != 1 || s.Unknown != 6 || s.Passed != 1 || s.NotApplicable != 1 {
		t.Errorf("summary is %+v", s)
	}
	if n := s.Failed + s.Suppressed + s.Unknown + s.Passed + s.NotApplicable; n != len(fixture().Findings) {
		t.Errorf("%d counted, want %d", n, len(fixture().Findings))
	}
	total := 0
	for _, n := range s.Severity {
		total += n
	}
	if total != s.Failed {
		t.Errorf("severities add up to %d, want %d", total, s.Failed)
	}
	if s.Resources != 29 || s.Files != 2 || len(s.Accounts) != 2 || s.NotCovered != 3 || s.Problems != 2 {
		t.Errorf("summary is %+v", s)
	}
}

func TestTheUndecidedShareIsNeverRoundedToNothing(t *testing.T) {
	for _, c := range []struct{ failed, unknown, want int }{{0, 0, 0}, {999, 1, 1}, {95, 5, 5}, {0, 3, 100}} {
		if got := (Summary{Failed: c.failed, Unknown: c.unknown}).Undecided(); got != c.want {
			t.Errorf("%d of %d unknown is %d%%, want %d%%", c.unknown, c.failed+c.unknown, got, c.want)
		}
	}
}

func TestMissingActionsCountEachResourceOnce(t *testing.T) {
	r := live("AWS::S3::Bucket", "b", "", "1", "r")
	rule := fixtureRules()[6]
	lacking := func(reason haetae.Reason, actions ...string) *haetae.Finding {
		return &haetae.Finding{Rule: rule, Status: haetae.Undecided, Resource: r, Missing: actions,
			Unknowns: []*haetae.Unknown{{Reason: reason, Actions: actions}}}
	}
	f := lacking(haetae.Denied, "s3:GetBucketPolicy")
	g := lacking(haetae.NotAsked, "s3:GetBucketPolicy", "s3:GetBucketAcl")
	got := fmt.Sprint(lacks([]*haetae.Finding{f, g, lacking(haetae.Throttled, "s3:GetBucketTagging"), lacking(haetae.Failed, "s3:GetBucketLogging")}))
	if want := "[{s3:GetBucketAcl 1} {s3:GetBucketPolicy 1}]"; got != want {
		t.Errorf("lacks are %s, want %s", got, want)
	}
}

func BenchmarkWrite(b *testing.B) {
	r := large(10000)
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, format, r, Options{All: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
