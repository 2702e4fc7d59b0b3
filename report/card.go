package report

import (
	"strings"

	"github.com/haetae/haetae"
)

// openRows is the longest list of resources that a card shows unfolded.
const openRows = 8

// card writes one control: what is wrong, why it matters, how to fix it and
// where.
func (p *page) card(g group) {
	rule := g.rule
	p.raw(`<article class="card `, severityClass(rule.Severity), `"`)
	p.attr("data-v", rule.Severity.String())
	p.attr("data-svc", service(g.fs[0]))
	p.attr("data-std", strings.Join(standards(rule), "|"))
	p.raw(`><header><p class="meta"><span class="sev">`)
	p.text(rule.Severity.String())
	p.raw(`</span><code>`)
	p.text(rule.ID)
	p.raw(`</code>`)
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
	p.raw(`</p><h3>`)
	p.say(rule.Title)
	p.raw("</h3></header>\n<p class=\"why\">")
	// The problem is said of a resource that has it.
	if g.count(failed)+g.count(suppressed) > 0 {
		p.say(rule.Problem)
		p.raw(` `)
	}
	p.say(rule.Why)
	p.raw("</p>\n")
	p.fix(rule)
	p.raw(`<details class="rs"`)
	if len(g.fs) <= openRows {
		p.raw(` open`)
	}
	p.raw(`><summary>`)
	p.say(countText(len(g.fs)), len(g.fs))
	p.raw("</summary><ul class=\"rows\">\n")
	for _, f := range g.fs {
		p.row(f)
	}
	p.raw("</ul></details></article>\n")
}

func standingClass(s standing) markup {
	switch s {
	case failed:
		return "fail"
	case undecided:
		return "unknown"
	case passed:
		return "pass"
	}
	return "quiet"
}

func (p *page) fix(rule *haetae.Rule) {
	p.raw(`<details class="fix"><summary>`)
	p.say(msgHowToFix)
	p.raw(`</summary>`)
	if rule.Fix.Console.EN != "" || rule.Fix.Console.KO != "" {
		p.raw(`<h4>`)
		p.say(msgConsole)
		p.raw(`</h4><p class="pre">`)
		p.say(rule.Fix.Console)
		p.raw(`</p>`)
	}
	p.code("AWS CLI", rule.Fix.CLI)
	p.code("CloudFormation", rule.Fix.CloudFormation)
	if len(rule.References) > 0 {
		p.raw(`<h4>`)
		p.say(msgReferences)
		p.raw(`</h4><ul class="refs">`)
		for _, ref := range rule.References {
			p.raw(`<li>`)
			if link(ref) {
				p.raw(`<a rel="noopener noreferrer"`)
				p.attr("href", ref)
				p.raw(`>`)
			}
			p.text(ref)
			if link(ref) {
				p.raw(`</a>`)
			}
			p.raw(`</li>`)
		}
		p.raw(`</ul>`)
	}
	p.aliases(rule.Aliases)
	p.raw("</details>\n")
}

// code writes a block to copy. The script adds the button, since without it a
// button would do nothing.
func (p *page) code(name markup, text string) {
	text = strings.Trim(text, "\n")
	if text == "" {
		return
	}
	p.raw(`<h4>`, name, `</h4><div class="code"><pre tabindex="0">`)
	p.text(text)
	p.raw(`</pre></div>`)
}

func (p *page) aliases(a haetae.Aliases) {
	names := []struct {
		tool markup
		ids  []string
	}{
		{"CIS", a.CIS}, {"Security Hub", a.SecurityHub}, {"AWS Config", a.Config},
		{"Prowler", a.Prowler}, {"Trivy", a.Trivy}, {"Checkov", a.Checkov}, {"Guard", a.Guard}, {"cfn-nag", a.CfnNag},
	}
	any := false
	for _, n := range names {
		if len(n.ids) == 0 {
			continue
		}
		if !any {
			p.raw(`<h4>`)
			p.say(msgAliases)
			p.raw(`</h4><dl class="aliases">`)
			any = true
		}
		p.raw(`<div><dt>`, n.tool, `</dt><dd>`)
		p.text(joinWords(n.ids))
		p.raw(`</dd></div>`)
	}
	if any {
		p.raw(`</dl>`)
	}
}

// row writes one resource. There may be ten thousand of them, so it is as few
// elements as can be read.
func (p *page) row(f *haetae.Finding) {
	r, s := f.Resource, standingOf(f)
	p.raw(`<li class="r"`)
	p.attr("data-s", string(s))
	account := r.Account
	if account == "" {
		account = "-"
	}
	p.attr("data-a", account)
	p.raw(`><p class="who"><b class="st `, standingClass(s), `">`)
	p.text(string(s))
	p.raw(`</b> <b class="nm">`)
	p.text(shortName(r))
	p.raw(`</b> <span class="pl">`)
	p.text(where(r))
	p.raw(`</span></p>`)
	if r.ARN != "" {
		p.elem("p", "id", r.ARN)
	} else {
		p.elem("p", "id", r.Type)
	}
	if f.Reason != "" {
		p.elem("p", "re", f.Reason)
	}
	if f.Suppressed != nil {
		p.raw(`<p class="re">`)
		p.say(msgSuppressedBy, f.Suppressed.Who(), f.Suppressed.Reason)
		p.text(", ")
		if f.Suppressed.Expires != "" {
			p.say(msgAuditUntil, f.Suppressed.Expires)
		} else {
			p.say(msgAuditNoExpiry)
		}
		if f.Suppressed.Place.File != "" {
			p.text(" (" + placeText(f.Suppressed.Place) + ")")
		}
		p.raw(`</p>`)
	}
	if len(f.Evidence)+len(f.Unknowns)+len(f.Missing) > 0 {
		p.facts(f)
	}
	p.raw("</li>\n")
}

func (p *page) facts(f *haetae.Finding) {
	p.raw(`<ul class="ev">`)
	for _, e := range f.Evidence {
		p.raw(`<li><code>`)
		p.text(e.Path + " = " + valueText(e.Value))
		p.raw(`</code>`)
		if e.Place.File != "" {
			p.text(" " + placeText(e.Place))
		}
		p.raw(`</li>`)
	}
	for _, u := range f.Unknowns {
		if u == nil {
			continue
		}
		p.raw(`<li>`)
		if u.Path != "" {
			p.raw(`<code>`)
			p.text(u.Path)
			p.raw(`</code> `)
		}
		p.say(reasonText(u.Reason))
		if u.Detail != "" {
			p.text(": " + u.Detail)
		}
		p.raw(`</li>`)
	}
	if len(f.Missing) > 0 {
		p.raw(`<li>`)
		p.say(msgNeeds, joinWords(f.Missing))
		p.raw(`</li>`)
	}
	p.raw(`</ul>`)
}
