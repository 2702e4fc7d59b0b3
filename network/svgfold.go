package network

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae"
)

// A box shows so many things one by one; more are put together, so that it stays
// legible even where there is room.
const (
	mapChips = 12 // in a subnet
	mapGates = 8  // at a side of a VPC, or beside a transit gateway
)

// fold is a way to draw something with fewer boxes.
type fold struct {
	saves int
	do    func()
}

// size is how many boxes a map has.
func (a *atlas) size() int {
	n := 1 // the internet
	if a.rest != nil {
		n++
	}
	for _, acct := range a.accounts {
		n += acct.size()
	}
	return n
}

func (acct *mapAccount) size() int {
	n := 1
	if acct.folded {
		return n
	}
	for _, r := range acct.regions {
		n += r.size()
	}
	return n
}

func (r *mapRegion) size() int {
	n := 1
	if r.folded {
		return n
	}
	if len(r.loose) > 0 {
		n++
	}
	if r.rest != nil {
		n++
	}
	for _, h := range r.hubs {
		n += 1 + len(h.other)
	}
	for _, v := range r.vpcs {
		n += v.size()
	}
	return n
}

func (v *mapVPC) size() int {
	n := 1
	if v.folded {
		return n
	}
	n += len(v.left) + len(v.right)
	for _, z := range v.zones {
		n += z.size()
	}
	return n
}

func (z *mapZone) size() int {
	n := 1
	for _, s := range z.subnets {
		n += 1 + len(s.chips)
	}
	return n
}

// shrink folds what is crowded, then, step by step, the largest boxes of each kind
// until the map has at most limit boxes. What was folded is noted.
func (a *atlas) shrink(limit int) {
	byGroup, reach := 0, 0
	for _, v := range a.vpcs() {
		v.left, v.right = a.fewGates(v.left), a.fewGates(v.right)
		for _, z := range v.zones {
			for _, s := range z.subnets {
				if len(s.chips) <= mapChips {
					continue
				}
				if few := a.together(s.chips, a.byGroup); len(few) <= mapChips {
					s.chips = few
					byGroup++
					continue
				}
				s.chips = a.together(s.chips, byReach)
				reach++
			}
		}
	}
	for _, acct := range a.accounts {
		for _, r := range acct.regions {
			for _, h := range r.hubs {
				h.other = a.fewGates(h.other)
			}
		}
	}
	reached := a.lang.say("by whether the internet reaches them", "인터넷 도달 여부로")
	for _, c := range []struct {
		n  int
		by string
	}{{byGroup, a.lang.by(a.o.By)}, {reach, reached}} {
		if c.n > 0 {
			a.folds = append(a.folds, a.lang.inSubnets(c.n, c.by)+a.lang.say(": they are crowded", ": 너무 많음"))
		}
	}
	for _, step := range []struct {
		list func() []fold
		said func(n int) string
	}{
		{func() []fold { return a.foldChips(a.byGroup) }, func(n int) string { return a.lang.inSubnets(n, a.lang.by(a.o.By)) }},
		{func() []fold { return a.foldChips(byReach) }, func(n int) string { return a.lang.inSubnets(n, reached) }},
		{a.foldZones, func(n int) string {
			return a.lang.say("the subnets of "+a.lang.many(n, "zone", "")+" are put together by where their routes lead", a.lang.many(n, "", "가용 영역")+"의 서브넷을 경로의 목적지별로 묶음")
		}},
		{a.foldVPCs, func(n int) string { return a.lang.asOne(n, "VPC", "VPC") }},
		{func() []fold { return a.joinVPCs(limit) }, func(n int) string {
			return a.lang.say("small VPCs of "+a.lang.many(n, "region", "")+" share a box", a.lang.many(n, "", "리전")+"의 작은 VPC를 상자 하나로 묶음")
		}},
		{a.foldRegions, func(n int) string { return a.lang.asOne(n, "region", "리전") }},
		{a.foldAccounts, func(n int) string { return a.lang.asOne(n, "account", "계정") }},
	} {
		size, done := a.size(), 0
		if size > limit {
			list := step.list()
			slices.SortStableFunc(list, func(x, y fold) int { return y.saves - x.saves })
			for _, f := range list {
				if f.saves <= 0 || size <= limit {
					break
				}
				f.do()
				size = a.size()
				done++
			}
		}
		if done > 0 {
			a.folds = append(a.folds, step.said(done))
		}
	}
	if n := a.size(); n > limit {
		keep := max(0, len(a.accounts)-(n-limit)-1)
		a.rest = &tally{}
		for _, acct := range a.accounts[keep:] {
			a.rest.add(acct.sum)
		}
		n := len(a.accounts) - keep
		a.folds = append(a.folds, a.lang.say(a.lang.many(n, "account", "")+" share a box", a.lang.many(n, "", "계정")+"를 상자 하나로 묶음"))
		a.accounts = a.accounts[:keep]
	}
	for _, v := range a.vpcs() {
		v.resolve()
	}
}

// vpcs are all boxes of VPCs.
func (a *atlas) vpcs() []*mapVPC {
	var out []*mapVPC
	for _, acct := range a.accounts {
		for _, r := range acct.regions {
			out = append(out, r.vpcs...)
		}
	}
	return out
}

func (a *atlas) foldChips(by func(*mapChip) string) []fold {
	var out []fold
	for _, v := range a.vpcs() {
		for _, z := range v.zones {
			for _, s := range z.subnets {
				fewer := a.together(s.chips, by)
				out = append(out, fold{len(s.chips) - len(fewer), func() { s.chips = fewer }})
			}
		}
	}
	return out
}

func (a *atlas) foldZones() []fold {
	var out []fold
	for _, v := range a.vpcs() {
		for _, z := range v.zones {
			fewer := &mapZone{name: z.name, subnets: a.mergeSubnets(z)}
			out = append(out, fold{z.size() - fewer.size(), func() { z.subnets = fewer.subnets }})
		}
	}
	return out
}

// mergeSubnets puts the subnets of a zone together by what their routes make of
// them.
func (a *atlas) mergeSubnets(z *mapZone) []*mapSubnet {
	var out []*mapSubnet
	for t := public; t <= obscure; t++ {
		one := &mapSubnet{zone: z, tier: t}
		var chips []*mapChip
		for _, s := range z.subnets {
			if s.tier != t {
				continue
			}
			one.of = append(one.of, s.of...)
			chips = append(chips, s.chips...)
			for _, g := range s.gates {
				if !slices.Contains(one.gates, g) {
					one.gates = append(one.gates, g)
				}
			}
			for _, n := range s.notes {
				if !slices.Contains(one.notes, n) {
					one.notes = append(one.notes, n)
				}
			}
		}
		if one.of == nil && chips == nil {
			continue
		}
		one.chips = a.together(chips, byReach)
		out = append(out, one)
	}
	return out
}

func (a *atlas) foldVPCs() []fold {
	var out []fold
	for _, v := range a.vpcs() {
		out = append(out, fold{v.size() - 1, func() { v.folded = true }})
	}
	return out
}

// joinVPCs puts as many of a region's folded VPCs into one box as the limit takes:
// the smallest, those that the internet does not reach first.
func (a *atlas) joinVPCs(limit int) []fold {
	var out []fold
	for _, acct := range a.accounts {
		for _, r := range acct.regions {
			var folded []*mapVPC
			for _, v := range r.vpcs {
				if v.folded {
					folded = append(folded, v)
				}
			}
			slices.SortStableFunc(folded, func(x, y *mapVPC) int {
				return cmp.Or(x.sum.reached+x.sum.perhaps-y.sum.reached-y.sum.perhaps, x.sum.nics-y.sum.nics)
			})
			out = append(out, fold{len(folded) - 1, func() {
				folded = folded[:min(len(folded), a.size()-limit+1)]
				r.rest = &tally{}
				for _, v := range folded {
					r.rest.add(v.sum)
				}
				r.vpcs = slices.DeleteFunc(r.vpcs, func(v *mapVPC) bool { return slices.Contains(folded, v) })
			}})
		}
	}
	return out
}

func (a *atlas) foldRegions() []fold {
	var out []fold
	for _, acct := range a.accounts {
		for _, r := range acct.regions {
			out = append(out, fold{r.size() - 1, func() { r.folded = true }})
		}
	}
	return out
}

func (a *atlas) foldAccounts() []fold {
	var out []fold
	for _, acct := range a.accounts {
		out = append(out, fold{acct.size() - 1, func() { acct.folded = true }})
	}
	return out
}

// byGroup tells chips apart by kind, by whether the internet reaches them and by
// what the options say.
func (a *atlas) byGroup(c *mapChip) string {
	return c.kind + "\x00" + string(c.verdict) + "\x00" + strings.Join(a.groupsOf(c), "\x00")
}

// byReach tells chips apart by whether the internet reaches them.
func byReach(c *mapChip) string { return string(c.verdict) }

// groupsOf names the security groups of each interface of a chip, or the tags of
// what it stands for, each once.
func (a *atlas) groupsOf(c *mapChip) []string {
	var out []string
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if key, ok := strings.CutPrefix(string(a.o.By), "tag:"); ok {
		for _, r := range c.things {
			if v := text(r.Tags[key]); v != "" {
				add(key + "=" + v)
			} else {
				add(a.lang.say("no tag ", "태그 없음: ") + key)
			}
		}
		return out
	}
	for _, n := range c.nics {
		var names []string
		for _, g := range n.groups {
			names = append(names, cmp.Or(text(g.res.Props["GroupName"]), nameOf(g.res)))
		}
		slices.Sort(names)
		add(strings.Join(names, ", "))
	}
	return out
}

// together puts chips that are alike into one, with how many they are.
func (a *atlas) together(chips []*mapChip, by func(*mapChip) string) []*mapChip {
	var out []*mapChip
	at := map[string][]*mapChip{}
	var keys []string
	for _, c := range chips {
		k := by(c)
		if at[k] == nil {
			keys = append(keys, k)
		}
		at[k] = append(at[k], c)
	}
	for _, k := range keys {
		list := at[k]
		if len(list) == 1 {
			out = append(out, list[0])
			continue
		}
		one := &mapChip{deck: true, verdict: list[0].verdict}
		kinds := map[string]int{}
		seen := map[*haetae.Resource]bool{}
		groups := map[string]bool{}
		for _, c := range list {
			one.nics = append(one.nics, c.nics...)
			for _, r := range c.things {
				if !seen[r] {
					seen[r] = true
					one.things = append(one.things, r)
					kinds[a.lang.thing(r.Type, c.nics[0].kind)]++
				}
			}
			one.reach(list[0].verdict, c.open...)
			for _, g := range a.groupsOf(c) {
				groups[g] = true
			}
		}
		kind := slices.SortedFunc(maps.Keys(kinds), func(x, y string) int { return cmp.Or(kinds[y]-kinds[x], strings.Compare(x, y)) })
		if len(kind) == 1 {
			one.name = fmt.Sprintf("%d × %s", len(one.things), kind[0])
		} else {
			one.name = a.lang.many(len(one.things), "resource", "리소스")
			var parts []string
			for _, k := range kind {
				parts = append(parts, fmt.Sprintf("%d × %s", kinds[k], k))
			}
			one.kind = strings.Join(parts, ", ")
		}
		if len(groups) == 1 {
			one.detail = a.groupsOf(list[0])[0]
		}
		out = append(out, one)
	}
	sortChips(out)
	return out
}

// fewGates puts gates of one kind together where a side has too many.
func (a *atlas) fewGates(list []*mapGate) []*mapGate {
	if len(list) <= mapGates {
		return list
	}
	var out []*mapGate
	of := map[string]*mapGate{}
	n := map[string]int{}
	for _, g := range list {
		n[g.kind]++
		one := of[g.kind]
		if one == nil {
			one = &mapGate{kind: g.kind, id: g.kind}
			of[g.kind] = one
			out = append(out, one)
		}
		one.dests = append(one.dests, g.dests...)
		one.broken = one.broken || g.broken
	}
	for _, g := range list {
		one := of[g.kind]
		one.name = fmt.Sprintf("%d × %s", n[g.kind], a.lang.kindWord(g.kind))
		one.deck = true
		if n[g.kind] == 1 {
			*one = *g
		}
	}
	for _, v := range a.vpcs() {
		for _, z := range v.zones {
			for _, s := range z.subnets {
				s.gates = swap(s.gates, list, of)
			}
		}
	}
	a.folds = append(a.folds, a.lang.say(a.lang.many(len(list), "gateway", "")+" at one side are put together by kind", "한쪽에 있는 "+a.lang.many(len(list), "", "게이트웨이")+"를 종류별로 묶음"))
	return out
}

// swap replaces gates by those that they were put into.
func swap(gates, list []*mapGate, of map[string]*mapGate) []*mapGate {
	var out []*mapGate
	for _, g := range gates {
		if slices.Contains(list, g) {
			g = of[g.kind]
		}
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}
