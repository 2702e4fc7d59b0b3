package network

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// canvas writes SVG. Whatever goes into a text or an attribute is escaped, so a
// name cannot become markup. Coordinates are whole pixels: the same picture is
// the same bytes.
type canvas struct {
	b    strings.Builder
	open []string
}

// attr is an attribute with its value, a text or a whole number.
type attr struct {
	name  string
	value any
}

func (c *canvas) start(name string, attrs []attr) {
	c.b.WriteString("<" + name)
	for _, a := range attrs {
		c.b.WriteString(" " + a.name + `="`)
		switch v := a.value.(type) {
		case int:
			c.b.WriteString(strconv.Itoa(v))
		case string:
			c.b.WriteString(escaped(v))
		}
		c.b.WriteByte('"')
	}
}

// begin opens an element that end closes.
func (c *canvas) begin(name string, attrs ...attr) {
	c.start(name, attrs)
	c.b.WriteString(">\n")
	c.open = append(c.open, name)
}

func (c *canvas) end() {
	last := len(c.open) - 1
	c.b.WriteString("</" + c.open[last] + ">\n")
	c.open = c.open[:last]
}

// put writes an element without content.
func (c *canvas) put(name string, attrs ...attr) {
	c.start(name, attrs)
	c.b.WriteString("/>\n")
}

// holding writes an element with text in it.
func (c *canvas) holding(name, text string, attrs ...attr) {
	c.start(name, attrs)
	c.b.WriteString(">" + escaped(text) + "</" + name + ">\n")
}

func (c *canvas) rect(x, y, w, h, round int, class string) {
	c.put("rect", attr{"x", x}, attr{"y", y}, attr{"width", w}, attr{"height", h}, attr{"rx", round}, attr{"class", class})
}

// point is a place on the canvas, in pixels.
type point struct{ x, y int }

// line draws straight lines from point to point.
func (c *canvas) line(class string, points ...point) {
	c.put("path", attr{"d", pathData(points)}, attr{"class", class})
}

// shape fills the area between points.
func (c *canvas) shape(class string, points ...point) {
	c.put("path", attr{"d", pathData(points) + "z"}, attr{"class", class})
}

func pathData(points []point) string {
	var d strings.Builder
	for i, p := range points {
		cmd := "L"
		if i == 0 {
			cmd = "M"
		}
		fmt.Fprintf(&d, "%s%d %d", cmd, p.x, p.y)
	}
	return d.String()
}

// escaped makes text safe in XML, between tags and in double quotes.
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;", "\n", "&#10;").Replace(visible(s))
}

// visible is text with whatever a reader cannot see, what turns a line around,
// and what XML does not allow (https://www.w3.org/TR/xml/#charsets) by its number.
// A name must not hide a part of itself. Doing it twice changes nothing.
func visible(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, "[%02X]", s[i]) // a byte that is no UTF-8
		case unseen(r) && r != '\n':
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unseen(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cc, unicode.Cf), r&0xFFFE == 0xFFFE, r >= 0xFDD0 && r <= 0xFDEF:
		return true
	case r == 0x2028, r == 0x2029, r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0:
		return true
	}
	return false
}

// face is how text looks: its class and size, and how wide its characters are at
// most in the fonts that viewers take for it, in hundredths of the size. No viewer
// says which font it takes, so texts have room for the widest, DejaVu Sans.
type face struct {
	class                        string
	size                         int
	narrow, lower, capital, wide int
}

var (
	headline = face{"h1", 20, 50, 72, 85, 110}
	subhead  = face{"h2", 15, 50, 72, 85, 110}
	strong   = face{"b", 12, 50, 72, 85, 110}
	small    = face{"si", 11, 42, 64, 79, 100}
	faint    = face{"s", 11, 42, 64, 79, 100}
	code     = face{"m", 11, 61, 61, 61, 61}
)

// inkWidth is the width of a text in pixels.
func (f face) inkWidth(s string) int {
	n := 0
	for _, r := range s {
		n += f.runeWidth(r)
	}
	return n * f.size / 100
}

// runeWidth is the width of a character in hundredths of the size.
func (f face) runeWidth(r rune) int {
	switch {
	case r >= 0x1100 && doubleWidth(r), r == '…':
		return 100
	case strings.ContainsRune("ijlI.,:;'|!()[] ftr/-·", r):
		return f.narrow
	case strings.ContainsRune("mwMW@%", r):
		return f.wide
	case unicode.IsUpper(r), r > 0x7F:
		return f.capital
	}
	return f.lower
}

// prefix is how many bytes of a text a width takes.
func (f face) prefix(s string, width int) int {
	n := 0
	for i, r := range s {
		if n += f.runeWidth(r); n*f.size/100 > width {
			return i
		}
	}
	return len(s)
}

// doubleWidth tells whether a character is as wide as it is high: Hangul, Han, kana,
// symbols (https://www.unicode.org/reports/tr11/).
func doubleWidth(r rune) bool {
	return r <= 0x115F || r >= 0x2E80 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFFE6 || r >= 0x1F300
}

// fit cuts a text to a width; it ends in "…" so that nobody takes a part for
// the whole. Who needs the whole finds it in the title of what it stands in.
func (f face) fit(s string, width int) string {
	s = strings.Join(strings.Fields(visible(s)), " ")
	if f.prefix(s, width) == len(s) {
		return s
	}
	return strings.TrimRight(s[:f.prefix(s, width-f.inkWidth("…"))], " ") + "…"
}

// wrapped breaks a text into lines of a width, at spaces or, where a word is longer
// than a line, within it, rather behind a slash or a colon than elsewhere.
func (f face) wrapped(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(visible(s)) {
		if line != "" && f.inkWidth(line+" "+word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for f.prefix(word, width) < len(word) {
			cut := f.cut(word, width)
			lines = append(lines, word[:cut])
			word = word[cut:]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// cut is where a word that is longer than a line breaks: never at its beginning.
func (f face) cut(word string, width int) int {
	_, first := utf8.DecodeRuneInString(word)
	end := max(first, f.prefix(word, width))
	if nice := strings.LastIndexAny(word[:end], "/:,=") + 1; nice > end/2 {
		return nice
	}
	return end
}

// write writes a line of text.
func (c *canvas) write(f face, x, y int, s string) {
	c.holding("text", s, attr{"x", x}, attr{"y", y}, attr{"class", f.class})
}

// squeeze writes a line of text, cut to a width.
func (c *canvas) squeeze(f face, x, y, width int, s string) { c.write(f, x, y, f.fit(s, width)) }

// tongue is the language of a picture: "ko", else English.
type tongue string

func (t tongue) say(en, ko string) string {
	if t == "ko" {
		return ko
	}
	return en
}

// document begins a picture: what it is called and says for those who hear it,
// and how its parts look in light and in dark. Nothing is told by colour alone:
// lines differ in their dashes, boxes in their borders and words.
func (c *canvas) document(w, h int, lang tongue, title, desc string) {
	code := "en"
	if lang == "ko" {
		code = "ko"
	}
	c.begin("svg", attr{"xmlns", "http://www.w3.org/2000/svg"}, attr{"viewBox", fmt.Sprintf("0 0 %d %d", w, h)}, attr{"width", w}, attr{"height", h},
		attr{"role", "graphics-document document"}, attr{"lang", code}, attr{"aria-labelledby", "title desc"})
	c.holding("title", title, attr{"id", "title"})
	c.holding("desc", desc, attr{"id", "desc"})
	c.b.WriteString("<style>" + pictureStyle + "</style>\n")
	c.b.WriteString(`<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" class="hatch0"/><path d="M0 0V8" class="hatch1"/></pattern></defs>` + "\n")
	c.rect(0, 0, w, h, 0, "page")
}

const pictureStyle = `
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans KR","Noto Sans CJK KR","Malgun Gothic","Apple SD Gothic Neo",sans-serif;font-size:12px;fill:#1b1f24}
.h1{font-size:20px;font-weight:650}.h2{font-size:15px;font-weight:650}.b{font-weight:650}.s{font-size:11px;fill:#4a535d}.si{font-size:11px}
.m{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:11px}.on{fill:#fff}
.page{fill:#fff}.account{fill:#f4f5f7;stroke:#57606a;stroke-width:1.5}.region{fill:#fff;stroke:#8b949e;stroke-dasharray:2 3}
.vpc{fill:#f7f9fc;stroke:#2c5f8f;stroke-width:2}.zone{fill:none;stroke:#8b949e;stroke-dasharray:6 4}
.subnet{fill:#fff;stroke:#57606a}.public{fill:#fff8ec;stroke:#8a5a00;stroke-width:2}.unknown{fill:#fff;stroke:#57606a;stroke-dasharray:2 3}
.chip{fill:#fff;stroke:#8b949e}.deck{fill:#e6eaee;stroke:#8b949e}.hit{stroke:#9b1c1c;stroke-width:3}.maybe{stroke:#9b1c1c;stroke-width:2.5;stroke-dasharray:5 3}
.blocked{fill:url(#hatch);stroke:#9b1c1c;stroke-width:3}.plate{fill:#fff}.hatch0{fill:#fff}.hatch1{stroke:#eec3c3;stroke-width:5}
.ink{fill:#1b1f24}.no{fill:#9b1c1c}.yes{fill:#1d6b3a}.may{fill:#7d5700}.tick{fill:none;stroke:#fff;stroke-width:2.2}
.net,.route,.nat,.join,.point{fill:none;stroke-width:1.6}.net{stroke:#9b1c1c;stroke-width:3}.net-end{fill:#9b1c1c}
.route{stroke:#8a5a00}.route-end{fill:#8a5a00}.nat{stroke:#1d6b3a;stroke-dasharray:7 3}.nat-end{fill:#1d6b3a}
.join{stroke:#5b3a8c;stroke-width:2;stroke-dasharray:10 3 2 3}.join-end{fill:#5b3a8c}.point{stroke:#2c5f8f;stroke-dasharray:2 3}.point-end{fill:#2c5f8f}
.way{fill:none;stroke:#57606a;stroke-width:2}.way-end{fill:#57606a}.rule{stroke:#c4cbd3;stroke-width:1}
@media (prefers-color-scheme:dark){
text{fill:#e4e7eb}.s{fill:#b3bcc6}.on{fill:#14171b}.page{fill:#14171b}.account{fill:#1a1e23;stroke:#8b949e}.region{fill:#14171b;stroke:#6b7580}
.vpc{fill:#191f27;stroke:#85b8ea}.zone{stroke:#6b7580}.subnet{fill:#1f242a;stroke:#8b949e}.public{fill:#2a2414;stroke:#e6bd4f}.unknown{fill:#14171b;stroke:#8b949e}
.chip{fill:#23292f;stroke:#6b7580}.deck{fill:#343b45;stroke:#6b7580}.hit,.maybe,.blocked{stroke:#ff8a8a}.plate{fill:#23292f}.hatch0{fill:#23292f}.hatch1{stroke:#5a2c2c}
.ink{fill:#e4e7eb}.no{fill:#ff8a8a}.yes{fill:#6fcf8f}.may{fill:#e6bd4f}.tick{stroke:#14171b}
.net{stroke:#ff8a8a}.net-end{fill:#ff8a8a}.route{stroke:#e6bd4f}.route-end{fill:#e6bd4f}.nat{stroke:#6fcf8f}.nat-end{fill:#6fcf8f}
.join{stroke:#c3a6f0}.join-end{fill:#c3a6f0}.point{stroke:#85b8ea}.point-end{fill:#85b8ea}.way{stroke:#a0a9b4}.way-end{fill:#a0a9b4}.rule{stroke:#343b45}
}
`
