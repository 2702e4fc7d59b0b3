package detect

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/actor"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/baseline"
	"github.com/haetae/haetae/sigma"
)

// eventRecord is an event and what is known of it.
type eventRecord struct {
	*haetae.Event
	facts  actor.Facts
	ours   func(account string) bool
	grants *grants // of its parameters, once somebody asked
}

// show makes it another event.
func (e *eventRecord) show(ev *haetae.Event, f actor.Facts) {
	e.Event, e.facts, e.grants = ev, f, nil
}

func (e *eventRecord) what() Finding {
	return Finding{Log: e.Log, Actor: e.Actor, Peer: e.Peer, Account: e.Account, Region: e.Region, Action: e.Action, Targets: e.Targets, Why: e.facts.MovedWhy}
}

func (e *eventRecord) derived(name string, dst []sigma.Value) ([]sigma.Value, bool) {
	if rest, ok := strings.CutPrefix(name, "grants."); ok {
		if e.grants == nil {
			e.grants = grantsOf(e.Event, e.ours)
		}
		return e.grants.field(rest, dst)
	}
	switch name {
	case "actor.external":
		return boolean(dst, e.facts.External)
	case "actor.moved":
		return boolean(dst, e.facts.Moved)
	case "actor.moved_certain":
		return boolean(dst, e.facts.Moved && e.facts.Hard)
	case "actor.maker":
		return text(dst, e.facts.Maker)
	case "actor.console":
		return boolean(dst, e.facts.Console)
	}
	return eventField(e.Event, name, dst)
}

// describePeer fills in what a book says of the address of a peer.
func describePeer(b *address.Book, p *haetae.Peer) {
	if b == nil || !p.Addr.IsValid() {
		return
	}
	f := b.Of(p.Addr)
	p.Country, p.ASN, p.Org, p.Cloud, p.Lists, p.Own, p.Resource = f.Country, f.ASN, f.Org, f.Cloud, f.Lists, f.Own, f.Resource
}

// naming remembers which lists the name is on by which an address was found, so that a
// flow to the address is known for what it is. Answers are good for their time to live
// only, which the log has not: they are forgotten by others that come.
func (e *Engine) naming(l *haetae.Lookup) {
	if e.book == nil || len(l.Answers) == 0 {
		return
	}
	lists := e.book.ListsOf(l.Name)
	if len(lists) == 0 {
		return
	}
	for _, x := range l.Answers {
		a, err := netip.ParseAddr(x.Data)
		if err != nil || private(a) {
			continue
		}
		if known, ok := e.named.get(a); !ok || !slices.Equal(known, lists) {
			e.named.put(a, slices.Clone(lists))
		}
	}
}

// domainField is a field below haetae.domain, of the name of a DNS query.
func domainField(b *address.Book, l *haetae.Lookup, name string, dst []sigma.Value) ([]sigma.Value, bool) {
	switch name {
	case "base":
		return text(dst, address.Base(l.Name))
	case "lists":
		if b == nil {
			return dst, false
		}
		return texts(dst, b.ListsOf(l.Name))
	case "length":
		return number(dst, uint64(len(l.Name)))
	case "labels":
		if l.Name == "" {
			return dst, false
		}
		return number(dst, uint64(strings.Count(l.Name, ".")+1))
	case "longest":
		return number(dst, uint64(len(longestLabel(l.Name))))
	case "entropy":
		return decimal(dst, address.Entropy(longestLabel(l.Name)))
	case "unlikely":
		// Of the part that somebody registered: an algorithm that makes names makes these.
		label, _, _ := strings.Cut(address.Base(l.Name), ".")
		return decimal(dst, address.Unlikely(label))
	}
	return dst, false
}

// longestLabel is the longest label of a name below what somebody registered, or of
// all of it when there is none.
func longestLabel(name string) string {
	below, ok := strings.CutSuffix(name, "."+address.Base(name))
	if !ok {
		below, _, _ = strings.Cut(name, ".")
	}
	longest := ""
	for label := range strings.SplitSeq(below, ".") {
		if len(label) > len(longest) {
			longest = label
		}
	}
	return longest
}

// answerField is a field below haetae.answer, of the addresses in the answer to a
// DNS query.
func answerField(b *address.Book, l *haetae.Lookup, name string, dst []sigma.Value) ([]sigma.Value, bool) {
	from := len(dst)
	own, inside, any := false, false, false
	for _, x := range l.Answers {
		a, err := netip.ParseAddr(x.Data)
		if err != nil || x.Type != "A" && x.Type != "AAAA" {
			continue
		}
		any = true
		p := haetae.Peer{Addr: a}
		describePeer(b, &p)
		own, inside = own || p.Own, inside || private(a)
		switch name {
		case "lists":
			dst, _ = texts(dst, p.Lists)
		case "country":
			dst, _ = text(dst, p.Country)
		case "cloud":
			dst, _ = text(dst, p.Cloud)
		}
	}
	switch {
	case !any:
		return dst, false
	case name == "private":
		return boolean(dst, inside)
	case name == "own":
		return boolean(dst, own)
	}
	return dst, len(dst) > from
}

// program is what made a call, without version and platform.
func program(p *haetae.Peer, dst []sigma.Value) ([]sigma.Value, bool) {
	if p.Agent == "" {
		return dst, false
	}
	return text(dst, baseline.Family(p.Agent))
}

// knownFields are the derived fields of this file, without "haetae.".
func knownFields() []string {
	out := []string{"peer.program"}
	for group, names := range map[string][]string{
		"actor":  {"external", "moved", "moved_certain", "maker", "console"},
		"domain": {"base", "lists", "length", "labels", "longest", "entropy", "unlikely"},
		"answer": {"lists", "country", "cloud", "private", "own"},
		"grants": {"public", "admin", "accounts", "external", "actions"},
	} {
		for _, n := range names {
			out = append(out, group+"."+n)
		}
	}
	slices.Sort(out)
	return out
}
