package network

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/haetae/haetae/cidr"
)

// Packets are packets as the answer lists them: every one with a source, a
// destination and ports of the lists. Proto is a name, a number or "any".
type Packets struct {
	Src       []string `json:"src"`
	Dst       []string `json:"dst"`
	Proto     any      `json:"proto"`
	SrcPorts  []string `json:"srcPorts,omitempty"`
	Ports     []string `json:"ports,omitempty"`
	ICMPTypes []string `json:"icmpTypes,omitempty"`
	ICMPCodes []string `json:"icmpCodes,omitempty"`
}

// open tells whether the way has nothing that stops the packets.
func (s *state) open() bool { return s != nil && s.arrived && len(s.blocks) == 0 }

// through are the pieces of a trip that get through and, for TCP, are answered.
func (t trip) through() []piece {
	if !t.fwd.open() {
		return nil
	}
	var out []piece
	tcp, rest := cidr.Proto(cidr.TCP), cidr.AllProtos().Minus(cidr.Proto(cidr.TCP))
	for _, p := range t.fwd.pieces {
		if p.orig.Proto = p.orig.Proto.Intersect(rest); !p.orig.Proto.Empty() {
			out = append(out, p)
		}
	}
	if t.back.open() {
		for _, p := range t.back.pieces {
			if p.orig.Proto = p.orig.Proto.Intersect(tcp); !p.orig.Proto.Empty() {
				out = append(out, p)
			}
		}
	}
	return out
}

// verdict puts together what the trips say.
func verdict(trips []trip, total cidr.Set, m asked) *Answer {
	var got []piece
	for _, t := range trips {
		got = append(got, t.through()...)
	}
	sure, all := originals(got)
	a := &Answer{Verdict: Blocked, DependsOn: Depends{Request: []string{}, Missing: []string{}}, set: sure}
	switch {
	case total.Empty():
	case m.allOf && sure.Covers(total), !m.allOf && !sure.Empty():
		a.Verdict = Reachable
	case m.allOf && all.Covers(total), !m.allOf && !all.Empty():
		a.Verdict = DependsOn
	}
	a.Packets = listed(sure)
	a.Blockers = []Blocker{}
	shown, ok := best(trips, a.Verdict)
	if ok {
		a.Forward, a.Reply = path(shown.fwd, nil), path(shown.back, shown.fwd)
	} else {
		a.Forward, a.Reply = Path{Verdict: Blocked, Hops: []Hop{}}, Path{Verdict: Blocked, Hops: []Hop{}}
	}
	switch {
	case a.Verdict == DependsOn:
		a.DependsOn = depends(got)
	case a.Verdict == Blocked && m.allOf && !sure.Empty():
		a.Blockers = partly(trips)
	case a.Verdict == Blocked && ok:
		a.Blockers = append(a.Blockers, shown.blocks()...)
	}
	return a
}

// best is the trip that an answer shows: of those that get through the one with
// the fewest conditions and hops, else the one that the fewest things stop.
func best(trips []trip, v Verdict) (trip, bool) {
	if len(trips) == 0 {
		return trip{}, false
	}
	score := func(t trip) []int {
		through := t.through()
		conditions := 1 << 20
		for _, p := range through {
			conditions = min(conditions, len(p.when))
		}
		arrived, back := 1, 1
		if t.fwd.arrived {
			arrived = 0
		}
		if t.back != nil && t.back.arrived {
			back = 0
		}
		hops := len(t.fwd.hops)
		if t.back != nil {
			hops += len(t.back.hops)
		}
		open := 1
		if t.fwd.open() && t.back.open() {
			open = 0
		}
		if v == Blocked {
			if arrived == 1 {
				hops = -hops // the one that came farthest
			}
			// A way on which something is not known explains nothing.
			return []int{arrived, back, len(t.blocks()), hops}
		}
		return []int{conditions, open, hops}
	}
	return slices.MinFunc(trips, func(x, y trip) int { return slices.Compare(score(x), score(y)) }), true
}

// path shows one direction.
func path(s, fwd *state) Path {
	if s == nil {
		return Path{Verdict: Blocked, Hops: []Hop{}}
	}
	p := Path{Verdict: Reachable, Hops: slices.Clone(s.hops)}
	if !s.open() {
		p.Verdict = Blocked
		if i := slices.IndexFunc(p.Hops, func(h Hop) bool { return !h.Passed }); i >= 0 {
			p.Hops = p.Hops[:i+1]
		}
	} else if !slices.ContainsFunc(s.pieces, func(x piece) bool { return len(x.when) == 0 }) {
		p.Verdict = DependsOn
	}
	if p.Hops == nil {
		p.Hops = []Hop{}
	}
	return p
}

// depends collects the conditions of the pieces with the fewest.
func depends(got []piece) Depends {
	d := Depends{Request: []string{}, Missing: []string{}}
	for _, p := range got {
		for _, c := range p.when {
			to := &d.Missing
			if c.request {
				to = &d.Request
			}
			if !slices.Contains(*to, c.text) {
				*to = append(*to, c.text)
			}
		}
	}
	slices.Sort(d.Request)
	slices.Sort(d.Missing)
	return d
}

// partly are the things that stop some of the packets, where all are asked for.
func partly(trips []trip) []Blocker {
	out := []Blocker{}
	for _, t := range trips {
		list := slices.Concat(t.fwd.blocks, t.fwd.losses)
		if t.back != nil {
			list = slices.Concat(list, t.back.blocks, t.back.losses)
		}
		for _, b := range list {
			if !slices.ContainsFunc(out, func(o Blocker) bool {
				return o.Code == b.Code && o.Resource == b.Resource && o.Direction == b.Direction
			}) {
				out = append(out, b)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Blocker) int { return cmp.Compare(a.Direction, b.Direction) })
	return out
}

// listed writes packets as answers do: one entry for each pair of addresses and
// protocol, "any" where nothing but the addresses restricts.
func listed(s cidr.Set) []Packets {
	out := []Packets{}
	type key struct{ src, dst string }
	done := map[key]bool{}
	for _, b := range s.Boxes() {
		k := key{b.Src.String(), b.Dst.String()}
		if done[k] {
			continue
		}
		everything := cidr.Set{}
		for _, o := range s.Boxes() {
			if o.Src.Equal(b.Src) && o.Dst.Equal(b.Dst) {
				everything = everything.Union(cidr.Of(o))
			}
		}
		if everything.Covers(between(b.Src, b.Dst)) {
			done[k] = true
			out = append(out, Packets{Src: b.Src.Strings(), Dst: b.Dst.Strings(), Proto: "any"})
			continue
		}
		for _, n := range b.Proto.Numbers() {
			out = append(out, packets(b, n))
		}
	}
	return out
}

func packets(b cidr.Box, proto int) Packets {
	p := Packets{Src: b.Src.Strings(), Dst: b.Dst.Strings(), Proto: cidr.ProtoName(proto)}
	if p.Proto == strconv.Itoa(proto) {
		p.Proto = proto
	}
	switch {
	case cidr.Ported().Has(proto):
		p.SrcPorts, p.Ports = b.A.Strings(), b.B.Strings()
	case cidr.Typed().Has(proto):
		p.ICMPTypes, p.ICMPCodes = b.A.Strings(), b.B.Strings()
	}
	return p
}
