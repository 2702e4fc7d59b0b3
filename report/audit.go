package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/standard"
)

// audit writes the page for auditors: for each standard its facts, its result
// and every requirement with what it rests on. It lists what passed too, since
// nobody can check a report that shows failures only.
func (p *page) audit() {
	p.head(msgAuditTitle, "result")
	byRule := map[string][]*haetae.Finding{}
	ranked := newView(p.Report, Options{All: true}).fs
	for _, f := range ranked {
		byRule[f.Rule.ID] = append(byRule[f.Rule.ID], f)
	}
	for i, res := range p.Standards {
		first := markup("")
		if i == 0 {
			first = ` id="result" tabindex="-1"`
		}
		p.raw(`<section class="std"><h2`, first, `>`)
		p.say(res.Standard.Title)
		p.raw("</h2>\n<p class=\"note\">")
		p.say(res.Standard.Notice)
		p.raw("</p>\n")
		p.auditFacts(res)
		p.auditScore(res)
		p.auditTable(res)
		p.auditDetails(res, byRule)
		p.raw("</section>\n")
	}
	p.missing()
	p.gaps()
	p.exceptions()
	p.problems()
	p.foot()
}

// auditFacts say what was assessed, of whom, when and with what.
func (p *page) auditFacts(res *standard.Result) {
	s := res.Standard
	manual := 0
	for _, r := range s.All() {
		if r.Manual != nil {
			manual++
		}
	}
	p.raw(`<h3>`)
	p.say(msgAuditFacts)
	p.raw(`</h3><dl class="facts">`)
	p.about(msgAuditStandard, s.Title.EN+" ("+s.ID+")")
	p.about(msgAuditVersion, s.Version)
	p.about(msgAuditBy, s.Publisher)
	if !res.Time.IsZero() {
		p.about(msgScanned, res.Time.UTC().Format("2006-01-02 15:04 UTC"))
	}
	p.about(msgAccounts, strings.Join(p.Summary.Accounts, ", "))
	p.about(msgRegions, strings.Join(p.Summary.Regions, ", "))
	p.about(msgSources, strings.Join(p.Sources, ", "))
	p.about(msgAuditTool, strings.TrimSpace("haetae "+p.Version))
	p.fact(msgAuditSize, msgAuditSizeText, len(s.All()), len(s.All())-manual, manual)
	if n := len(sameReason(gaps(p.Coverage))); n > 0 {
		p.fact(msgAuditCover, msgAuditGaps, n)
	} else {
		p.fact(msgAuditCover, msgAuditCovered)
	}
	p.raw("</dl>\n")
}

func (p *page) fact(name, value haetae.Text, args ...any) {
	p.raw("<div><dt>")
	p.say(name)
	p.raw("</dt><dd>")
	p.say(value, args...)
	p.raw("</dd></div>")
}

func (p *page) auditScore(res *standard.Result) {
	s := res.Total.Score
	p.raw(`<h3>`)
	p.say(msgAuditSummary)
	p.raw(`</h3><div class="tiles">`)
	tile := func(value string, name, tip haetae.Text) {
		p.raw(`<div class="tile"><p class="big">`)
		p.text(value)
		p.raw(`</p><p>`)
		p.say(name)
		p.raw(`</p><p class="note">`)
		p.say(tip)
		p.raw("</p></div>\n")
	}
	percent := "–"
	if n, ok := s.Percent(); ok {
		percent = strconv.Itoa(n) + "%"
	}
	tile(percent, msgAuditScore, msgAuditScoreTip)
	tile(strconv.Itoa(s.Unassessed())+"%", msgAuditOpen, msgAuditOpenTip)
	tile(strconv.Itoa(s.Proven())+"%", msgAuditProven, msgAuditProvTip)
	p.raw(`</div><div class="tiles">`)
	for _, n := range scoreParts(s) {
		p.raw(`<div class="tile"><p class="big `, statusClass(n.status), `">`)
		p.num(n.count)
		p.raw(`</p><p>`)
		p.say(statusText(n.status))
		p.raw("</p></div>\n")
	}
	p.raw("</div>\n<p class=\"note\">")
	p.say(msgAuditRule)
	p.raw("</p>\n")
	if len(res.Accounts) < 2 {
		return
	}
	p.raw(`<h3>`)
	p.say(msgStdAccounts)
	p.raw(`</h3><div class="scroll"><table class="grid"><tr><th scope="col">`)
	p.say(msgAccount)
	for _, t := range []haetae.Text{msgAuditScore, msgAuditOpen, msgAuditProven} {
		p.raw(`</th><th scope="col" class="no">`)
		p.say(t)
	}
	for _, n := range scoreParts(s) {
		p.raw(`</th><th scope="col" class="no">`)
		p.say(statusText(n.status))
	}
	p.raw("</th></tr>\n")
	for _, a := range res.Accounts {
		percent := "–"
		if n, ok := a.Score.Percent(); ok {
			percent = strconv.Itoa(n) + "%"
		}
		p.raw(`<tr><th scope="row">`)
		p.account(a.Account)
		p.raw(`</th>`)
		for _, v := range []string{percent, strconv.Itoa(a.Score.Unassessed()) + "%", strconv.Itoa(a.Score.Proven()) + "%"} {
			p.elem("td", "no", v)
		}
		for _, n := range scoreParts(a.Score) {
			p.elem("td", "no", strconv.Itoa(n.count))
		}
		p.raw("</tr>\n")
	}
	p.raw("</table></div>\n")
}

func (p *page) account(account string) {
	if account == "" {
		p.say(msgStdTemplates)
		return
	}
	p.text(account)
}

func statusClass(s standard.Status) markup {
	switch s {
	case standard.Fail:
		return "fail"
	case standard.Unknown, standard.Unanswered:
		return "unknown"
	case standard.Pass:
		return "pass"
	}
	return "quiet"
}

// auditTable is the list of all requirements, each a link to its details.
func (p *page) auditTable(res *standard.Result) {
	p.raw(`<div class="scroll"><table class="grid reqs"><tr><th scope="col">`)
	for i, t := range []haetae.Text{msgAuditNumber, msgAuditReq, msgAuditLevel, msgStatus, msgAuditNFailed, msgAuditNUnknown, msgAuditNExcepted, msgAuditNPassed} {
		switch {
		case i >= 4 || i == 2:
			p.raw(`</th><th scope="col" class="no">`)
		case i > 0:
			p.raw(`</th><th scope="col">`)
		}
		p.say(t)
	}
	p.raw("</th></tr>\n")
	i := 0
	for _, sec := range res.Standard.Sections {
		p.raw(`<tr><th scope="colgroup" colspan="8" class="sec">`)
		p.text(sec.ID + " ")
		p.say(sec.Title)
		p.raw("</th></tr>\n")
		for _, r := range sec.Requirements {
			o := &res.Total.Outcomes[i]
			i++
			p.raw(`<tr><td><a`)
			p.attr("href", "#"+anchor(res, r.ID))
			p.raw(`>`)
			p.text(r.ID)
			p.raw(`</a></td><td>`)
			p.say(r.Title)
			p.raw(`</td><td class="no">`)
			p.num(r.Level)
			p.raw(`</td><td><b class="`, statusClass(o.Status), `">`)
			p.say(statusText(o.Status))
			p.raw(`</b></td>`)
			for _, n := range []int{o.Counts.Failed, o.Counts.Unknown, o.Counts.Excepted, o.Counts.Passed} {
				text := ""
				if n > 0 {
					text = strconv.Itoa(n)
				}
				p.elem("td", "no", text)
			}
			p.raw("</tr>\n")
		}
	}
	p.raw("</table></div>\n")
}

func anchor(res *standard.Result, id string) string { return res.Standard.ID + "/" + id }

func (p *page) auditDetails(res *standard.Result, byRule map[string][]*haetae.Finding) {
	p.raw(`<h3 class="details">`)
	p.say(msgAuditDetails)
	p.raw("</h3>\n")
	i := 0
	for _, sec := range res.Standard.Sections {
		for j := range sec.Requirements {
			r := &sec.Requirements[j]
			o := &res.Total.Outcomes[i]
			p.raw(`<article class="req"`)
			p.attr("id", anchor(res, r.ID))
			p.raw(`><p class="meta"><b class="st `, statusClass(o.Status), `">`)
			p.say(statusText(o.Status))
			p.raw(`</b><span>`)
			p.say(msgStdLevel, r.Level)
			p.raw(`</span></p><h4 class="title">`)
			p.text(r.ID + " ")
			p.say(r.Title)
			p.raw("</h4>\n")
			if r.Manual != nil {
				p.auditManual(res, r, i)
			}
			for _, id := range r.Controls {
				p.auditControl(id, byRule[id], o)
			}
			p.raw("</article>\n")
			i++
		}
	}
}

// auditManual writes how people check it, and what they answered.
func (p *page) auditManual(res *standard.Result, r *standard.Requirement, i int) {
	p.raw(`<p><b>`)
	p.say(msgAuditHow)
	p.raw(`</b> `)
	p.say(r.Manual.How)
	p.raw(`</p><p><b>`)
	p.say(msgAuditEvidence)
	p.raw(`</b> `)
	p.say(r.Manual.Evidence)
	p.raw(`</p><div class="scroll"><table class="grid"><tr><th scope="col">`)
	for j, t := range []haetae.Text{msgAccount, msgAuditAnswer, msgAuditAuthor, msgAuditDate, msgAuditExpires, msgAuditProof} {
		if j > 0 {
			p.raw(`</th><th scope="col">`)
		}
		p.say(t)
	}
	p.raw("</th></tr>\n")
	for k := range res.Accounts {
		o := &res.Accounts[k].Outcomes[i]
		a := o.Answer
		p.raw(`<tr><th scope="row">`)
		p.account(res.Accounts[k].Account)
		p.raw(`</th><td><b class="`, statusClass(o.Status), `">`)
		switch {
		case a != nil:
			p.say(verdictText(a.Verdict))
		case o.Expired != nil:
			a = o.Expired
			p.say(msgAuditGone)
			p.raw(`</b> (`)
			p.say(verdictText(a.Verdict))
			p.raw(`)<b>`)
		default:
			p.say(msgAuditNone)
		}
		p.raw(`</b></td>`)
		if a == nil {
			p.raw("<td></td><td></td><td></td><td></td></tr>\n")
			continue
		}
		p.elem("td", "w", a.Author)
		p.elem("td", "day", a.Date.Format(time.DateOnly))
		p.elem("td", "day", a.Expires.Format(time.DateOnly))
		p.elem("td", "w", strings.Trim(a.Evidence+"; "+a.Note, "; "))
		p.raw("</tr>\n")
	}
	p.raw("</table></div>\n")
}

// auditControl writes one control of a requirement with every resource it
// judged: those that need somebody with their evidence, those that pass by name.
func (p *page) auditControl(id string, fs []*haetae.Finding, o *standard.Outcome) {
	p.raw(`<div class="ctl"><p class="meta"><code>`)
	p.text(id)
	p.raw(`</code>`)
	g := group{fs: fs}
	for _, c := range []struct {
		s    standing
		text haetae.Text
	}{{failed, msgCountFailed}, {undecided, msgCountUnknown}, {suppressed, msgCountSupp}, {passed, msgCountPassed}, {notApplicable, msgCountNA}} {
		if n := g.count(c.s); n > 0 {
			p.raw(`<span class="n `, standingClass(c.s), `">`)
			p.say(c.text, n)
			p.raw(`</span>`)
		}
	}
	p.raw(`</p>`)
	if len(fs) > 0 {
		p.raw(`<p class="nm">`)
		p.say(fs[0].Rule.Title)
		p.raw(`</p>`)
	}
	for _, l := range []struct {
		ids  []string
		text haetae.Text
	}{{o.Unrun, msgStdNotRun}, {o.Uncovered, msgStdUncovered}} {
		for _, other := range l.ids {
			if other == id {
				p.raw(`<p class="unknown">`)
				p.say(l.text, id)
				p.raw(`</p>`)
			}
		}
	}
	if len(fs) == 0 && len(o.Unrun)+len(o.Uncovered) == 0 {
		p.raw(`<p class="note">`)
		p.say(msgAuditNothing)
		p.raw(`</p>`)
	}
	p.raw(`<ul class="rows">`)
	for _, f := range fs {
		if s := standingOf(f); s == failed || s == undecided || s == suppressed {
			p.row(f)
		}
	}
	p.raw("</ul>\n")
	if g.count(failed) > 0 {
		p.fix(fs[0].Rule)
	}
	if n := g.count(passed); n > 0 {
		p.raw(`<details class="passed"><summary>`)
		p.say(msgAuditPassing, n)
		p.raw("</summary><ul>\n")
		for _, f := range fs {
			if standingOf(f) == passed {
				p.raw(`<li>`)
				p.text(fmt.Sprintf("%s  %s", shortName(f.Resource), where(f.Resource)))
				p.raw("</li>\n")
			}
		}
		p.raw("</ul></details>\n")
	}
	p.raw("</div>\n")
}
