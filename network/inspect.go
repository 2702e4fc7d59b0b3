package network

import (
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// judgement is what a firewall lets through: surely, and at most. reasons are
// the predicates between the two.
type judgement struct {
	yes, may cidr.Set
	reasons  []string
}

// stateful is what the stateful rules let through of packets that begin a
// connection. The first rule that takes them decides, so it is built from the
// last: each rule goes before what those after it do. A predicate counts as the
// worst for yes and the best for may.
func (f *firewall) stateful(in cidr.Set) judgement {
	var j judgement
	if !f.drops {
		j.yes, j.may = in, in
	}
	for _, r := range slices.Backward(f.rules) {
		mine := in.Intersect(r.set)
		if r.action == "alert" || mine.Empty() {
			continue
		}
		pass, exact := r.action == "pass", r.predicate == ""
		switch {
		case pass && exact:
			j.yes, j.may = j.yes.Union(mine), j.may.Union(mine)
		case pass:
			j.may = j.may.Union(mine)
		case exact:
			j.yes, j.may = j.yes.Minus(mine), j.may.Minus(mine)
		default:
			j.yes = j.yes.Minus(mine)
		}
	}
	doubt := j.may.Minus(j.yes)
	for _, r := range f.rules {
		if r.action != "alert" && r.predicate != "" && doubt.Overlaps(r.set) {
			j.reasons = append(j.reasons, r.reason())
		}
	}
	return j
}

// reason is the condition under which a rule with a predicate lets packets
// through.
func (r *wallRule) reason() string {
	if r.action == "pass" {
		return r.name + " passes them: " + r.predicate
	}
	return r.name + " does not drop them: not " + r.predicate
}

// inspect holds packets that begin a connection against a firewall: first the
// stateless rules, and what they hand on against the stateful ones
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-rules-engines.html).
func (k *walk) inspect(s *state, f *firewall) {
	if f.why != nil {
		for i, p := range s.pieces {
			s.pieces[i] = p.lacks(f.why)
		}
		s.hop("firewall", f.res.ID, "", true)
		return
	}
	set := packetsOf(s.pieces)
	j := f.stateful(f.handed.Intersect(set))
	yes, may := f.passed.Union(j.yes), f.passed.Union(j.may)
	var passed []piece
	for _, p := range s.pieces {
		passed = append(passed, p.through(yes)...)
		for _, q := range p.through(may.Minus(yes)) {
			for _, r := range j.reasons {
				q = q.only(r)
			}
			passed = append(passed, q)
		}
	}
	b := Blocker{Code: "FIREWALL_RULES_RESTRICTION", Resource: f.res.ID, Rule: f.deciding(set), Fix: "Let a rule of " + last(f.res.ID) + " pass " + portsOf(set) + "."}
	if len(passed) == 0 {
		s.hop("firewall", f.res.ID, b.Rule, false)
		s.block(k, b)
		return
	}
	after := packetsOf(passed)
	if !after.Covers(set) {
		b.Direction = k.direction()
		s.losses = append(s.losses, b)
	}
	s.hop("firewall", f.res.ID, f.deciding(after), true)
	s.pieces = passed
}

// deciding names the rules that take the packets, in order, as far as that is
// known.
func (f *firewall) deciding(set cidr.Set) string {
	var out []string
	if set.Overlaps(f.passed) {
		out = append(out, "stateless pass")
	}
	left := set.Intersect(f.handed)
	if left.Empty() && len(out) == 0 {
		return "stateless drop"
	}
	for _, r := range f.rules {
		if r.action == "alert" || !left.Overlaps(r.set) {
			continue
		}
		out = append(out, r.name)
		if r.predicate == "" {
			left = left.Minus(r.set)
		}
	}
	if !left.Empty() {
		word := "default pass"
		if f.drops {
			word = "default drop"
		}
		out = append(out, word)
	}
	return strings.Join(slices.Compact(out), ", ")
}

// inspectBack holds answers against a firewall. The stateful rules know the
// connection, unless the stateless ones passed its first packets by them and hand
// them the answers: then they drop what they never saw begin.
func (k *walk) inspectBack(s *state, f *firewall) {
	if f.why != nil {
		s.hop("firewall", f.res.ID, "", true)
		return
	}
	good := f.passed.Union(f.handed.Intersect(swapped(f.handed.Minus(f.passed))))
	k.sieve(s, sure(good), "firewall", f.res.ID, noRule, func() Blocker {
		return Blocker{Code: "FIREWALL_RULES_RESTRICTION", Resource: f.res.ID, Rule: "stateless",
			Fix: "The stateless rules of " + last(f.res.ID) + " treat answers unlike the packets that they answer: make them symmetric, or hand both to the stateful rules."}
	})
}

// swapped is the packets that answer those of a set.
func swapped(s cidr.Set) cidr.Set {
	var out []cidr.Box
	for _, b := range s.Boxes() {
		x := b
		x.Src, x.Dst = b.Dst, b.Src
		if p := b.Proto.Intersect(cidr.Ported()); !p.Empty() {
			y := x
			y.Proto, y.A, y.B = p, b.B, b.A
			out = append(out, y)
		}
		if p := b.Proto.Minus(cidr.Ported()); !p.Empty() {
			x.Proto = p
			if !p.Intersect(cidr.Typed()).Empty() {
				x.A, x.B = cidr.PortRange(0, 255), cidr.PortRange(0, 255)
			}
			out = append(out, x)
		}
	}
	return cidr.Of(out...)
}
