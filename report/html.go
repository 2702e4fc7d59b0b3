package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // for the style and the script of the page
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// markup is text that goes into a page as it is. Only constants of this package
// convert to it without saying so, which keeps findings out of it.
type markup string

// page writes HTML. Text and attribute values are always escaped, and nothing of
// a report is ever written into a script or a style: those are the embedded
// files, byte for byte, and the page's own content security policy allows no
// others.
type page struct {
	*view
	w *bufio.Writer
}

// raw writes markup; a failed write is seen when the writer is flushed.
func (p *page) raw(ms ...markup) {
	for _, m := range ms {
		p.w.WriteString(string(m))
	}
}

// text writes escaped text.
func (p *page) text(s string) { p.w.WriteString(escape(s)) }

// attr writes an attribute with a quoted and escaped value.
func (p *page) attr(name markup, value string) {
	p.raw(" ", name, `="`)
	p.w.WriteString(escape(value))
	p.raw(`"`)
}

// elem writes an element with a class and text.
func (p *page) elem(tag, class markup, s string) {
	p.raw("<", tag, ` class="`, class, `">`)
	p.text(s)
	p.raw("</", tag, ">")
}

// num writes a number.
func (p *page) num(n int) { p.w.WriteString(strconv.Itoa(n)) }

// say writes a text in both languages; the page shows one of them.
func (p *page) say(t haetae.Text, args ...any) {
	en, ko := p.in("en").say(t, args...), p.in("ko").say(t, args...)
	if en == ko {
		p.text(en)
		return
	}
	p.raw(`<span class="en" lang="en">`)
	p.text(en)
	p.raw(`</span><span class="ko" lang="ko">`)
	p.text(ko)
	p.raw(`</span>`)
}

// in returns the view in another language.
func (v *view) in(lang string) *view {
	other := *v
	other.o.Lang = lang
	return &other
}

func writeHTML(w *bufio.Writer, v *view) error {
	p := &page{v, w}
	if len(p.Standards) > 0 {
		p.audit()
		return nil
	}
	p.head(msgTitle, "findings")
	p.summary()
	gs := openFirst(groups(p.fs))
	p.filters(gs)
	p.raw(`<section aria-labelledby="findings"><h2 id="findings" tabindex="-1">`)
	p.say(msgFindings)
	p.raw(`</h2><p id="none" hidden>`)
	p.say(msgNoMatch)
	p.raw("</p>\n")
	if p.Summary.Failed == 0 {
		p.raw(`<p class="clean">`)
		p.say(msgNothing)
		p.raw("</p>\n")
	}
	for _, g := range gs {
		p.card(g)
	}
	p.raw("</section>\n")
	p.missing()
	p.gaps()
	p.exceptions()
	p.problems()
	p.foot()
	return nil
}

// openFirst moves controls with nothing open, all passed or suppressed, behind
// those that need somebody.
func openFirst(gs []group) []group {
	var open, closed []group
	for _, g := range gs {
		if g.count(failed)+g.count(undecided) > 0 {
			open = append(open, g)
		} else {
			closed = append(closed, g)
		}
	}
	return append(open, closed...)
}

// head opens the page; first is the id of the element that the first link skips to.
func (p *page) head(title haetae.Text, first markup) {
	p.raw("<!doctype html>\n<html")
	p.attr("lang", p.o.Lang)
	p.raw("><head><meta charset=\"utf-8\">\n",
		`<meta http-equiv="Content-Security-Policy"`)
	p.attr("content", "default-src 'none'; style-src '"+integrity(pageCSS)+"'; script-src '"+integrity(pageJS)+"'; base-uri 'none'; form-action 'none'")
	p.raw(">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		"<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n<title>")
	p.text("haetae: " + p.view.say(title))
	p.raw("</title>\n<style>", markup(pageCSS), "</style></head>\n<body>\n<a class=\"skip\" href=\"#", first, "\">")
	p.say(msgSkip)
	p.raw("</a>\n<header class=\"top\"><div><p class=\"brand\">haetae</p><h1>")
	p.say(title)
	p.raw("</h1></div>\n<fieldset class=\"lang\"><legend class=\"vh\">")
	p.say(msgLanguage)
	p.raw(`</legend>`)
	for _, l := range []struct{ id, name markup }{{"en", "English"}, {"ko", "한국어"}} {
		p.raw(`<label lang="`, l.id, `"><input type="radio" name="lang" id="lang-`, l.id, `"`)
		if string(l.id) == p.o.Lang {
			p.raw(" checked")
		}
		p.raw(`><span>`, l.name, `</span></label>`)
	}
	p.raw("</fieldset>\n<dl class=\"about\">")
	if !p.Time.IsZero() {
		p.about(msgScanned, p.Time.UTC().Format("2006-01-02 15:04 UTC"))
	}
	p.about(msgSources, strings.Join(p.Sources, ", "))
	p.about(msgAccounts, strings.Join(p.Summary.Accounts, ", "))
	p.about(msgRegions, strings.Join(p.Summary.Regions, ", "))
	p.raw("</dl></header>\n<main>\n")
}

func (p *page) about(name haetae.Text, value string) {
	if value == "" {
		return
	}
	p.raw("<div><dt>")
	p.say(name)
	p.raw("</dt><dd>")
	p.text(value)
	p.raw("</dd></div>")
}

// integrity is the hash that a content security policy names an inline element by.
func integrity(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (p *page) summary() {
	s := p.Summary
	p.raw(`<section aria-labelledby="summary"><h2 id="summary" class="vh">`)
	p.say(msgSummary)
	p.raw(`</h2><div class="tiles">`)
	tile := func(class markup, n int, name haetae.Text, note func()) {
		p.raw(`<div class="tile `, class, `"><p class="big">`)
		p.num(n)
		p.raw(`</p><p>`)
		p.say(name)
		p.raw(`</p>`)
		if note != nil {
			p.raw(`<p class="note">`)
			note()
			p.raw(`</p>`)
		}
		p.raw("</div>\n")
	}
	tile("t-fail", s.Failed, msgFailed, nil)
	var share func()
	if s.Unknown > 0 {
		share = func() { p.say(msgOfResults, s.Undecided()) }
	}
	tile("t-unknown", s.Unknown, msgUnknown, share)
	tile("t-pass", s.Passed, msgPassed, nil)
	tile("", s.Suppressed, msgSuppressed, nil)
	tile("", s.Controls, msgControls, nil)
	tile("", s.Resources, msgResourcesN, nil)
	p.raw(`</div><table class="sevs"><caption class="vh">`)
	p.say(msgFailed)
	p.raw(`</caption><tr>`)
	for sev := haetae.Critical; sev >= haetae.Informational; sev-- {
		p.raw(`<th scope="col" class="`, severityClass(sev), `">`)
		p.text(sev.String())
		p.raw(`</th>`)
	}
	p.raw(`</tr><tr>`)
	for sev := haetae.Critical; sev >= haetae.Informational; sev-- {
		p.raw(`<td>`)
		p.num(s.Severity[sev])
		p.raw(`</td>`)
	}
	p.raw("</tr></table>\n<p class=\"note\">")
	if !p.o.All && s.Passed+s.NotApplicable > 0 {
		p.say(msgLeftOut, s.Passed, s.NotApplicable)
	} else {
		p.say(msgComplete)
	}
	p.raw("</p></section>\n")
}

func severityClass(s haetae.Severity) markup {
	switch s {
	case haetae.Critical:
		return "s5"
	case haetae.High:
		return "s4"
	case haetae.Medium:
		return "s3"
	case haetae.Low:
		return "s2"
	}
	return "s1"
}

// filters needs the script, which shows it; without it everything is visible
// anyway.
func (p *page) filters(gs []group) {
	accounts, services, stds, states := set{}, set{}, set{}, set{}
	templates := false
	for _, g := range gs {
		for _, s := range standards(g.rule) {
			stds.add(s)
		}
		for _, f := range g.fs {
			services.add(service(f))
			accounts.add(f.Resource.Account)
			templates = templates || f.Resource.Account == ""
			states.add(string(standingOf(f)))
		}
	}
	p.raw(`<form id="filter" class="filter" hidden role="search"><h2 class="vh">`)
	p.say(msgFilter)
	p.raw(`</h2><fieldset><legend>`)
	p.say(msgSeverity)
	p.raw(`</legend>`)
	for sev := haetae.Critical; sev >= haetae.Informational; sev-- {
		p.check("severity", sev.String())
	}
	p.raw(`</fieldset><fieldset><legend>`)
	p.say(msgStatus)
	p.raw(`</legend>`)
	for _, s := range []standing{failed, undecided, suppressed, passed, notApplicable} {
		if _, ok := states[string(s)]; ok {
			p.check("status", string(s))
		}
	}
	p.raw(`</fieldset><div class="fields">`)
	p.choose("account", msgAccount, accounts.sorted(), templates)
	p.choose("service", msgService, services.sorted(), false)
	p.choose("standard", msgStandard, stds.sorted(), false)
	p.raw(`<label class="field grow"><span>`)
	p.say(msgSearch)
	p.raw(`</span><input type="search" id="search" autocomplete="off" spellcheck="false"></label></div><p class="bar"><span id="shown" role="status"></span> <span>`)
	p.say(msgShown)
	p.raw(` `)
	p.num(len(p.fs))
	p.raw(`</span><button type="reset">`)
	p.say(msgReset)
	p.raw(`</button><button type="button" id="expand">`)
	p.say(msgExpand)
	p.raw(`</button><button type="button" id="collapse">`)
	p.say(msgCollapse)
	p.raw("</button></p></form>\n")
}

func (p *page) check(name markup, value string) {
	p.raw(`<label class="check"><input type="checkbox" checked name="`, name, `"`)
	p.attr("value", value)
	p.raw(`><span>`)
	p.text(value)
	p.raw("</span></label>")
}

// choose writes a list to pick from. An option holds text only, so those of the
// page itself stand in both languages at once.
func (p *page) choose(id markup, name haetae.Text, values []string, templates bool) {
	p.raw(`<label class="field"><span>`)
	p.say(name)
	p.raw(`</span><select id="`, id, `"><option value="">All / 전체</option>`)
	if templates {
		p.raw(`<option value="-">(templates / 템플릿)</option>`)
	}
	for _, v := range values {
		p.raw(`<option`)
		p.attr("value", v)
		p.raw(`>`)
		p.text(v)
		p.raw(`</option>`)
	}
	p.raw("</select></label>")
}

func (p *page) missing() {
	ls := lacks(p.fs)
	if len(ls) == 0 {
		return
	}
	p.raw(`<section class="extra" aria-labelledby="missing"><h2 id="missing">`)
	p.say(msgMissing)
	p.raw(`</h2><p>`)
	p.say(msgMissingIntro)
	p.raw(`</p><table class="plain">`)
	for _, l := range ls {
		p.raw(`<tr><th scope="row"><code>`)
		p.text(l.action)
		p.raw(`</code></th><td>`)
		p.say(countText(l.resources), l.resources)
		p.raw("</td></tr>\n")
	}
	p.raw("</table></section>\n")
}

func countText(n int) haetae.Text {
	if n == 1 {
		return msgResource
	}
	return msgResources
}

func (p *page) gaps() {
	gs := sameReason(gaps(p.Coverage))
	if len(gs) == 0 {
		return
	}
	p.raw(`<section class="extra" aria-labelledby="gaps"><h2 id="gaps">`)
	p.say(msgGaps)
	p.raw(`</h2><p>`)
	p.say(msgGapsIntro)
	p.raw("</p><ul>\n")
	for _, g := range gs {
		p.raw(`<li><span class="en" lang="en">`)
		p.text(p.in("en").gapText(g))
		p.raw(`</span><span class="ko" lang="ko">`)
		p.text(p.in("ko").gapText(g))
		p.raw("</span></li>\n")
	}
	p.raw("</ul></section>\n")
}

func (p *page) problems() {
	if len(p.Problems) == 0 {
		return
	}
	p.raw(`<section class="extra" aria-labelledby="problems"><h2 id="problems">`)
	p.say(msgProblems)
	p.raw("</h2><ul>\n")
	for _, pr := range p.Problems {
		p.raw(`<li><code>`)
		p.text(placeText(pr.Place))
		p.raw(`</code> `)
		p.text(pr.Error)
		if !pr.Fatal {
			p.raw(` (`)
			p.say(msgInPart)
			p.raw(`)`)
		}
		if pr.Hint != "" {
			p.raw(`<br>`)
			p.text(pr.Hint)
		}
		p.raw("</li>\n")
	}
	p.raw("</ul></section>\n")
}

func (p *page) foot() {
	p.raw(`</main><footer><p><span class="en" lang="en">`)
	p.text(p.in("en").scoreText())
	p.raw(`</span><span class="ko" lang="ko">`)
	p.text(p.in("ko").scoreText())
	p.raw(`</span></p><p>`)
	p.text(strings.TrimSpace("haetae " + p.Version))
	p.raw(`</p><span id="copy" hidden>`)
	p.say(msgCopy)
	p.raw(`</span><span id="copied" hidden>`)
	p.say(msgCopied)
	p.raw("</span></footer>\n<script>", markup(pageJS), "</script>\n</body></html>\n")
}
