package network

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextBecomesNoMarkup(t *testing.T) {
	for in, want := range map[string]string{
		`web`:                      `web`,
		`<script>x</script>`:       `&lt;script&gt;x&lt;/script&gt;`,
		`" onload="x`:              `&quot; onload=&quot;x`,
		`it's & that`:              `it&#39;s &amp; that`,
		`]]>`:                      `]]&gt;`,
		"a\x00b\x1b":               `a[U+0000]b[U+001B]`,
		"a\xffb":                   `a[FF]b`,
		"a\uFFFDb":                 "a\uFFFDb",
		"moc.\u202Ebew":            `moc.[U+202E]bew`,
		"zero\u200bwidth\ufeff":    `zero[U+200B]width[U+FEFF]`,
		"\ufffe\uffff\U0001ffff":   `[U+FFFE][U+FFFF][U+1FFFF]`,
		"two\nlines":               `two&#10;lines`,
		"해태 \U0001F981":            "해태 \U0001F981",
		"\u3164":                   `[U+3164]`,
		"&amp;":                    `&amp;amp;`,
		"nul in name \u0085\u2028": `nul in name [U+0085][U+2028]`,
	} {
		if got := escaped(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
		if visible(visible(in)) != visible(in) {
			t.Errorf("%q is not the same when it is made visible twice", in)
		}
	}
}

// FuzzEscaped holds that a reader of XML gets back what was written.
func FuzzEscaped(f *testing.F) {
	for _, s := range []string{"a", `<&>"'`, "\x00\xff", "\ufffe\u202e", "가", "a\nb\tc\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := &canvas{}
		c.holding("text", s, attr{"class", s})
		var got struct {
			Class string `xml:"class,attr"`
			Text  string `xml:",chardata"`
		}
		if err := xml.Unmarshal([]byte(c.b.String()), &got); err != nil {
			t.Fatalf("%q: %v", c.b.String(), err)
		}
		if want := visible(s); strings.TrimSuffix(got.Text, "\n") != strings.TrimSuffix(want, "\n") || got.Class != want {
			t.Errorf("%q is read as %q and %q", want, got.Text, got.Class)
		}
		for _, face := range []face{headline, strong, small, code} {
			if cut := face.fit(s, 120); face.inkWidth(cut) > 120 {
				t.Errorf("%q is cut to %q, which is too wide", s, cut)
			}
			lines := face.wrapped(s, 120)
			for _, l := range lines {
				if face.inkWidth(l) > 120 && utf8.RuneCountInString(l) > 1 {
					t.Errorf("%q has the line %q, which is too wide", s, l)
				}
			}
			if squeeze(strings.Join(lines, "")) != squeeze(visible(s)) {
				t.Errorf("%q loses something in lines %q", s, lines)
			}
		}
	})
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func TestLinesBreakWherePeopleWouldBreakThem(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"", 100, ""},
		{"one two", 400, "one two"},
		{"one two three", 60, "one two|three"},
		{"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1", 300, "arn:aws:elasticloadbalancing:eu-west-1:|111122223333:loadbalancer/app/web/1"},
		{"aaaaaaaaaaaaaaaaaaaa", 75, "aaaaaaaaaa|aaaaaaaaaa"},
		{"go arn:aws:iam::111122223333:role/x", 140, "go|arn:aws:iam::|111122223333:role/x"},
	} {
		if got := strings.Join(small.wrapped(c.in, c.width), "|"); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.in, c.width, got, c.want)
		}
	}
	if got := small.fit("a text that is much too long", 60); !strings.HasSuffix(got, "…") || !strings.HasPrefix(got, "a text") {
		t.Errorf("cut to %q", got)
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{tongue("en").number(0), "0"}, {tongue("en").number(999), "999"}, {tongue("en").number(1000), "1,000"}, {tongue("en").number(1234567), "1,234,567"},
		{tongue("en").many(1, "VPC", "VPC"), "1 VPC"}, {tongue("en").many(2, "VPC", "VPC"), "2 VPCs"}, {tongue("en").many(2, "gateway", ""), "2 gateways"},
		{tongue("ko").many(1, "VPC", "VPC"), "VPC 1개"}, {tongue("en").many(0, "subnet", ""), "0 subnets"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}

// TestLongTextsAreQuick cuts and breaks a megabyte; were each character measured
// anew, this would not end.
func TestLongTextsAreQuick(t *testing.T) {
	long := strings.Repeat("0123456789", 100_000)
	if got := strong.fit(long, 200); len(got) > 60 {
		t.Errorf("cut to %d bytes", len(got))
	}
	if n := len(code.wrapped(long, 400)); n < 10_000 {
		t.Errorf("%d lines", n)
	}
}
