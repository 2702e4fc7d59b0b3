package report

import "github.com/haetae/haetae"

// Exception is one exception of a file and what it did in the scan.
type Exception struct {
	ID      string       `json:"id"`
	Owner   string       `json:"owner"`
	Reason  string       `json:"reason"`
	Expires string       `json:"expires"`
	State   string       `json:"state"` // "active", "expiring" or "expired"
	Place   haetae.Place `json:"origin"`
	// Covers is the number of findings in its scope, also those that another
	// exception covers as well.
	Covers int `json:"covers"`
	// Undecided is the number of findings to which it was not applied since it
	// is not known whether they are in its scope; Why says it of the first.
	Undecided int    `json:"undecided"`
	Why       string `json:"why,omitempty"`
	// Idle says that it named what the scan judged and covers nothing of it.
	Idle bool `json:"idle"`
}

// Texts of the list of exceptions.
var (
	msgExceptions   = haetae.Text{EN: "Exceptions", KO: "예외"}
	msgExCovers     = haetae.Text{EN: "covers %d", KO: "적용 %d건"}
	msgExUndecided  = haetae.Text{EN: "not applied to %d since it is not known whether they are meant: %s", KO: "대상인지 알 수 없어 %d건에는 적용하지 않음: %s"}
	msgExIdle       = haetae.Text{EN: "matches nothing", KO: "해당하는 것 없음"}
	msgExUntil      = haetae.Text{EN: "until %s", KO: "만료일 %s"}
	msgExState      = map[string]haetae.Text{"expired": {EN: "expired", KO: "만료됨"}, "expiring": {EN: "expires soon", KO: "곧 만료"}}
	msgSuppressedBy = haetae.Text{EN: "suppressed by %s: %s", KO: "예외 처리(%s): %s"}
)

// exceptions lists the exceptions of files, with what each did.
func (p *page) exceptions() {
	if len(p.Exceptions) == 0 {
		return
	}
	p.raw(`<section class="extra" aria-labelledby="exceptions"><h2 id="exceptions">`)
	p.say(msgExceptions)
	p.raw("</h2><ul>\n")
	for _, x := range p.Exceptions {
		p.raw(`<li><b>`)
		p.text(x.ID)
		p.raw(`</b> `)
		p.text(x.Owner + ": " + x.Reason + " (")
		p.say(msgExUntil, x.Expires)
		p.text(") ")
		if word, ok := msgExState[x.State]; ok {
			p.raw(`<b>`)
			p.say(word)
			p.raw(`</b>, `)
		}
		if x.Idle {
			p.say(msgExIdle)
		} else {
			p.say(msgExCovers, x.Covers)
		}
		if x.Undecided > 0 {
			p.text("; ")
			p.say(msgExUndecided, x.Undecided, x.Why)
		}
		p.raw(` <code>`)
		p.text(placeText(x.Place))
		p.raw("</code></li>\n")
	}
	p.raw("</ul></section>\n")
}
