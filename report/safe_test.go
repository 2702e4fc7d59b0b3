package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/haetae/haetae"
)

func TestHiddenCharactersAreMadeVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, 한글 and é":        "plain text, 한글 and é",
		"two\nlines\tand a tab":       "two\nlines\tand a tab",
		"escape \x1b[2J":              "escape <U+001B>[2J",
		"return \r over":              "return <U+000D> over",
		"turned \u202egpj.exe":        "turned <U+202E>gpj.exe",
		"isolate \u2066 and \u2069":   "isolate <U+2066> and <U+2069>",
		"zero\u200bwidth\ufeff":       "zero<U+200B>width<U+FEFF>",
		"separator \u2028 \u2029":     "separator <U+2028> <U+2029>",
		"next line \u0085":            "next line <U+0085>",
		"tag \U000e0041":              "tag <U+E0041>",
		"filler \u3164":               "filler <U+3164>",
		"broken \xff\xc3":             "broken <0xFF><0xC3>",
		"a real replacement \ufffd":   "a real replacement \ufffd",
		"non-character \ufffe \uffff": "non-character <U+FFFE> <U+FFFF>",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestEscapedTextReadsBackTheSame(t *testing.T) {
	for _, s := range hostiles() {
		e := escape(s)
		if strings.ContainsAny(e, `<>"'`) {
			t.Errorf("escape(%q) is %q", s, e)
		}
		if got := html.UnescapeString(e); got != visible(s) {
			t.Errorf("escape(%q) reads back as %q", s, got)
		}
	}
}

func TestCellsThatLookLikeFormulasAreText(t *testing.T) {
	for in, want := range map[string]string{
		"":            "",
		"sg-1":        "sg-1",
		"=1+1":        "'=1+1",
		"+1":          "'+1",
		"-1":          "'-1",
		"@SUM(A1)":    "'@SUM(A1)",
		"\t=1":        "'\t=1",
		"\r=1":        "'\r=1",
		"\n=1":        "'\n=1",
		"＝1":          "'＝1",
		"a=1":         "a=1",
		"한글":          "한글",
		"\xff=broken": "\xff=broken",
	} {
		if got := Inert(in); got != want {
			t.Errorf("inert(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestWidthCountsColumnsOfATerminal(t *testing.T) {
	for in, want := range map[string]int{"abc": 3, "한글": 4, "가a나": 5, "é": 1, "e\u0301": 1, "漢字": 4, "ｱ": 1, "Ａ": 2, "…": 1, "\u1112\u1161\u11ab": 2} {
		if got := columns(in); got != want {
			t.Errorf("columns(%q) is %d, want %d", in, got, want)
		}
	}
}

func TestWrapKeepsEveryWordWhole(t *testing.T) {
	for _, s := range []string{
		"", "one", "the quick brown fox jumps over the lazy dog",
		"공개된 버킷은 몇 시간 안에 스캐너에 발견되며 흔한 경로입니다",
		"see arn:aws:s3:::a-very-long-bucket-name-that-does-not-fit for more",
	} {
		lines := wrap(s, 20)
		if got := strings.Join(lines, " "); got != s {
			t.Errorf("wrap(%q) is %q", s, lines)
		}
		for _, l := range lines {
			if columns(l) > 20 && strings.Contains(l, " ") {
				t.Errorf("line %q is %d columns wide", l, columns(l))
			}
		}
	}
}

func TestTableKeepsToTheWidthButForWordsThatCannotBreak(t *testing.T) {
	for _, lang := range []string{"en", "ko"} {
		for line := range strings.Lines(render(t, "table", large(40), Options{Width: 70, Lang: lang})) {
			line = strings.TrimRight(line, "\n")
			if columns(line) > 70 && !strings.HasPrefix(line, "  $ ") {
				t.Errorf("%d columns: %q", columns(line), line)
			}
		}
	}
}

func TestCutSaysThatSomethingIsMissing(t *testing.T) {
	if got := cut("가나다라마", 3); got != "가나…" {
		t.Errorf("cut is %q", got)
	}
	if got := cut("가나다", 3); got != "가나다" {
		t.Errorf("cut is %q", got)
	}
}

// hostiles are strings that have broken reports: handmade ones and random ones
// over the characters that mean something to some format.
func hostiles() []string {
	out := []string{
		hostile, "</script><script>alert(1)</script>", "</title></style>", "-->", "<!--", "]]>", "\" onmouseover=\"alert(1)", "' x='",
		"&lt;", "&#x3c;", "{{7*7}}", "${7*7}", "%3Cscript%3E", "javascript:alert(1)", "\\\"", "\\u003c", "a\r\nb", "=HYPERLINK(\"x\")",
		"\u202e\u2067\u200f", "\u2028\u2029\u0085\u000b\u000c", "\x00\x1b]8;;http://x\x07", "\xed\xa0\x80\xfe", "💣\U000e0001",
	}
	alphabet := []rune("<>&\"'`=/\\-!]{}$%@+#;: \t\r\n\x00\x1b\u202e\u2028\u0085\ufeffascript가\uffff")
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var b strings.Builder
		for range 1 + rng.IntN(24) {
			b.WriteRune(alphabet[rng.IntN(len(alphabet))])
		}
		out = append(out, b.String())
	}
	return out
}

// poisoned is a report with s in every place that a scanned account, a template
// or a user's own rules can fill, for each status.
func poisoned(s string) *Report {
	rule := &haetae.Rule{ID: s, Severity: haetae.High, Type: "AWS::" + s, Title: text(s, s+"."), Problem: text(s, s), Why: text(s, s),
		Fix:        haetae.Fix{Console: text(s, s), CLI: s, CloudFormation: s},
		References: []string{s, "https://example.com/" + s},
		Aliases:    haetae.Aliases{CIS: []string{s + "/1"}, Prowler: []string{s}}}
	at := haetae.Place{File: s, Line: 3, Child: s}
	u := &haetae.Unknown{Path: s, Reason: haetae.Reason(s), Detail: s, Actions: []string{s}}
	var fs []haetae.Finding
	for _, status := range []haetae.Status{haetae.Fail, haetae.Undecided, haetae.Pass, haetae.NotApplicable} {
		r := live("AWS::"+s, s, s, s, s)
		d := declared("AWS::"+s, s, s, 2, at)
		fs = append(fs,
			haetae.Finding{Rule: rule, Status: status, Resource: r, Reason: s, Missing: []string{s}, Unknowns: []*haetae.Unknown{u, nil},
				Evidence: []haetae.Evidence{{Path: s, Value: s, Place: at}, {Path: s, Value: map[string]any{s: []any{s, u, &haetae.Secret{Kind: s}}}}}},
			haetae.Finding{Rule: rule, Status: status, Resource: d, Reason: s, Suppressed: &haetae.Exception{By: s, ID: s, Owner: s, Reason: s, Expires: s, Place: at}})
	}
	coverage := []haetae.Coverage{{Account: s, Region: s, Type: s, Status: haetae.Missing, Reason: haetae.Reason(s), Detail: s, Actions: []string{s}}}
	problems := []haetae.Problem{{Place: at, Error: s, Hint: s, Fatal: true}, {Place: at, Error: s, Hint: s}}
	exceptions := []Exception{{ID: s, Owner: s, Reason: s, Expires: s, State: "expired", Place: at, Covers: 1, Undecided: 1, Why: s}, {ID: s, Owner: s, Reason: s, Expires: s, State: s, Place: at, Idle: true}}
	return &Report{Version: s, Time: fixtureTime, Sources: []string{s}, Findings: fs, Summary: Summarize(fs, coverage, problems), Coverage: coverage, Problems: problems, Exceptions: exceptions}
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	values = regexp.MustCompile(`"[^"]*"`)
)

// skeleton is the tags of a page with the names of their attributes only.
func skeleton(page string) string {
	return values.ReplaceAllString(strings.Join(tags.FindAllString(page, -1), "\n"), `""`)
}

func TestNothingHostileBecomesMarkup(t *testing.T) {
	script := "<script>" + pageJS + "</script>"
	style := "<style>" + pageCSS + "</style>"
	want := ""
	for i, s := range append([]string{"harmless"}, hostiles()...) {
		if strings.TrimSpace(s) == "" {
			continue
		}
		page := render(t, "html", poisoned(s), Options{All: true})
		if strings.Count(page, script) != 1 || strings.Count(page, style) != 1 || strings.Count(page, "<script") != 1 || strings.Count(page, "<style") != 1 {
			t.Fatalf("%q got into the script or the style", s)
		}
		page = strings.Replace(strings.Replace(page, script, "", 1), style, "", 1)
		if r := strings.IndexFunc(page, hidden); r >= 0 {
			t.Fatalf("%q left a hidden character: %q", s, page[max(0, r-20):min(len(page), r+20)])
		}
		got := skeleton(page)
		if i == 0 {
			want = got
			continue
		}
		// A text that is the same in both languages after the change, or a
		// heading that is empty, makes fewer elements, never others.
		if normal(got) != normal(want) {
			t.Fatalf("%q changes the structure of the page", s)
		}
	}
}

// normal drops the lines that depend on whether two texts are equal or empty.
func normal(skeleton string) string {
	var out []string
	for l := range strings.Lines(skeleton) {
		if !strings.HasPrefix(l, "<span") && !strings.HasPrefix(l, "</span") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "")
}

func TestNoReferenceBecomesALinkButHTTPS(t *testing.T) {
	r := fixture()
	r.Findings[0].Rule.References = []string{"javascript:alert(1)", "data:text/html,x", "HTTPS://example.com", " https://example.com", "https://ok.example.com/\"x"}
	page := render(t, "html", r, Options{})
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "https://") && !strings.HasPrefix(m[1], "#") {
			t.Errorf("link to %s", m[1])
		}
	}
	if !strings.Contains(page, `href="https://ok.example.com/&quot;x"`) {
		t.Error("an https reference is no link")
	}
}

func TestThePageLoadsNothing(t *testing.T) {
	page := render(t, "html", fixture(), Options{All: true})
	for _, bad := range []string{"src=", "@import", "url(", "<link", "<iframe", "<img", "fetch(", "XMLHttpRequest", " style=", "onclick", "onload"} {
		// The fixture has a hostile img; it must be text.
		if strings.Contains(strings.ReplaceAll(page, "&lt;img src=x onerror=", ""), bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	for _, part := range []string{pageCSS, pageJS} {
		if !strings.Contains(html.UnescapeString(page), "'"+integrity(part)+"'") {
			t.Error("the content security policy does not name an embedded part")
		}
	}
	if !strings.Contains(html.UnescapeString(page), "default-src 'none'") {
		t.Error("the content security policy lets something in by default")
	}
}

func TestTerminalGetsNoControlCharacters(t *testing.T) {
	for _, s := range hostiles() {
		out := render(t, "table", poisoned(s), Options{All: true})
		if i := strings.IndexFunc(out, hidden); i >= 0 {
			t.Fatalf("%q left %q", s, out[i:min(len(out), i+8)])
		}
	}
}

func TestJSONFormatsCarryHostileTextUnchanged(t *testing.T) {
	for _, s := range hostiles() {
		r := poisoned(s)
		want := strings.ToValidUTF8(s, "\ufffd")
		if !utf8.ValidString(s) {
			continue // how many replacement characters broken bytes make is the decoder's business
		}
		lines := strings.FieldsFunc(render(t, "ndjson", r, Options{All: true}), func(c rune) bool { return c == '\n' || c == '\u2028' || c == '\u2029' })
		if len(lines) != len(r.Findings)+len(r.Problems) {
			t.Fatalf("%q: %d lines", s, len(lines))
		}
		var got row
		if err := json.Unmarshal([]byte(lines[0]), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if got.Control != want || got.Reason != want || got.Resource.ID != want {
			t.Fatalf("%q came back as %+v", s, got)
		}
		for _, format := range []string{"json", "sarif", "ndjson", "ocsf", "asff"} {
			d := json.NewDecoder(strings.NewReader(render(t, format, r, Options{All: true})))
			for {
				var v any
				err := d.Decode(&v)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s of %q: %v", format, s, err)
				}
			}
		}
	}
}

func TestCSVOfHostileTextHasOneSafeRowForEachFinding(t *testing.T) {
	for _, s := range hostiles() {
		r := poisoned(s)
		rows, err := csv.NewReader(strings.NewReader(render(t, "csv", r, Options{All: true}))).ReadAll()
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if len(rows) != len(r.Findings)+1 {
			t.Fatalf("%q: %d rows", s, len(rows))
		}
		for _, cells := range rows {
			for _, c := range cells {
				if c != "" && strings.ContainsRune("=+-@\t\r\n", rune(c[0])) {
					t.Fatalf("%q: cell %q", s, c)
				}
			}
		}
	}
}

func TestJUnitOfHostileTextIsXML(t *testing.T) {
	for _, s := range hostiles() {
		out := render(t, "junit", poisoned(s), Options{All: true})
		var suites struct {
			Tests  int `xml:"tests,attr"`
			Suites []struct {
				Cases []struct {
					Name string `xml:"name,attr"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.NewDecoder(bytes.NewReader([]byte(out))).Decode(&suites); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		cases := 0
		for _, x := range suites.Suites {
			cases += len(x.Cases)
		}
		if cases != suites.Tests || cases != 9 {
			t.Fatalf("%q: %d cases, %d announced", s, cases, suites.Tests)
		}
	}
}

func TestValuesThatJSONLacksDoNotStopAReport(t *testing.T) {
	r := fixture()
	r.Findings[0].Evidence = []haetae.Evidence{{Path: "p", Value: math.NaN()}, {Path: "q", Value: []any{math.Inf(1)}}, {Path: "c", Value: make(chan int)}}
	for _, format := range Formats() {
		render(t, format, r, Options{})
	}
	if got := string(encode(math.NaN())); got != `"NaN"` {
		t.Errorf("NaN is %s", got)
	}
	if got := fmt.Sprint(string(encode("a<b>&c"))); got != `"a<b>&c"` {
		t.Errorf("text is %s", got)
	}
}
