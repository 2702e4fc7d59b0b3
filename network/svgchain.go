package network

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/haetae/haetae/cidr"
)

// The measures of a picture of security groups, in pixels, and how much a box and
// a picture have at most.
const (
	chainWidth   = 262
	chainColumns = 8  // groups farther from the first sender share the last column
	chainRows    = 10 // rules in a box
	chainSources = 12 // senders that are no group, in a VPC
)

// chain is the security groups of a network as they are drawn.
type chain struct {
	w     *World
	lang  tongue
	parts []*chainPart
	rest  []*chainPart // that share a box
	folds []string
	found map[string]int // rules by finding
	rules int
}

// chainPart is the groups of a VPC: senders at the left, then whoever they are let
// in to, and so on.
type chainPart struct {
	frame
	v       *vpc
	title   string
	sources []*chainBox
	groups  []*chainBox
	columns [][]*chainBox
	bad     int // rules with which something is wrong
	rules   int
	folded  bool
}

// chainBox is a security group, several of them, or a sender that is none.
type chainBox struct {
	frame
	name, detail string
	group        *group
	rows         []*chainRow
	internet     bool
	absent       bool
	deck         int // how many groups it stands for, when several
	uses         int
	column       int
	lanes        map[int]int // x of its line in the gap behind a column
	slots        map[int]int // y of its line where it passes a column
}

// chainRow is a rule.
type chainRow struct {
	text     string
	findings []string
	from     *chainBox
	y        int // of its middle
	h        int
}

// ChainPicture draws the inbound rules of the security groups as SVG: who is let in
// where, VPC by VPC, and what is wrong with a rule, as [World.Chain] says. It has
// never more than 300 boxes; where there are more, some stand for several, and the
// picture says which. Lang is "ko" or "en".
func (w *World) ChainPicture(lang string) []byte {
	k := &chain{w: w, lang: tongue(lang), found: map[string]int{}}
	k.read()
	k.shrink(mapLimit)
	return k.draw()
}

// read makes the boxes of all groups.
func (k *chain) read() {
	parts := map[*vpc]*chainPart{}
	boxes := map[*group]*chainBox{}
	for _, r := range k.w.g.Resources() {
		g, ok := k.w.of[r].(*group)
		if !ok {
			continue
		}
		p := parts[g.vpc]
		if p == nil {
			p = &chainPart{v: g.vpc, title: k.titleOf(g)}
			parts[g.vpc] = p
			k.parts = append(k.parts, p)
		}
		b := &chainBox{group: g, name: groupName(g), lanes: map[int]int{}, slots: map[int]int{}}
		b.detail = strings.Join(nonEmpty(r.ID, k.lang.many(len(g.members), "interface", "인터페이스")), " · ")
		boxes[g] = b
		p.groups = append(p.groups, b)
	}
	for _, p := range k.parts {
		senders := map[string]*chainBox{}
		for _, b := range p.groups {
			k.readRules(p, b, boxes, senders)
		}
		k.fewSenders(p)
	}
	slices.SortStableFunc(k.parts, func(a, b *chainPart) int {
		return cmp.Or(strings.Compare(a.title, b.title), len(b.groups)-len(a.groups))
	})
}

func groupName(g *group) string {
	return cmp.Or(text(g.res.Props["GroupName"]), nameOf(g.res))
}

func (k *chain) titleOf(g *group) string {
	where := strings.Join(nonEmpty(g.res.Stack, g.res.Account, g.res.Region), " · ")
	if g.vpc == nil {
		return strings.Join(nonEmpty(where, k.lang.say("VPC not known", "VPC를 알 수 없음")), " · ")
	}
	return strings.Join(nonEmpty(where, (&mapVPC{v: g.vpc}).title()), " · ")
}

// readRules reads the rules of a group, and who they let in.
func (k *chain) readRules(p *chainPart, b *chainBox, boxes map[*group]*chainBox, senders map[string]*chainBox) {
	for i := range b.group.in {
		r := &b.group.in[i]
		l := k.w.link(b.group, i)
		row := &chainRow{findings: l.Findings}
		what, from, _ := strings.Cut(r.text, " from ")
		sender := func(key string) *chainBox {
			if senders[key] == nil {
				senders[key] = &chainBox{name: key, lanes: map[int]int{}, slots: map[int]int{}}
				p.sources = append(p.sources, senders[key])
			}
			return senders[key]
		}
		peer, _ := k.w.of[r.group].(*group)
		switch {
		case peer == b.group:
			from = k.lang.say("itself", "자기 자신")
		case peer != nil && peer.vpc == b.group.vpc:
			row.from, from = boxes[peer], groupName(peer)
		case peer != nil:
			from = groupName(peer)
			row.from = sender(strings.Join(slices.Compact([]string{from, peer.res.ID}), " "))
			if peer.vpc != nil {
				row.from.detail = k.lang.say("in ", "위치: ") + peer.vpc.id()
			}
		case r.why == nil && (r.peer.Four().Covers(internetFour()) || r.peer.Six().Covers(globalSix())):
			row.from = sender(k.lang.say("the internet", "인터넷"))
			row.from.internet = true
		default:
			row.from = sender(from)
			if r.why != nil && r.peer.Covers(cidr.AllAddrs()) {
				row.from.absent, row.from.detail = true, k.lang.say("not known", "알 수 없음")
			}
		}
		row.text = what + k.lang.say(" from ", " ← ") + from
		if row.from != nil {
			row.from.uses++
		}
		for _, f := range l.Findings {
			k.found[f]++
		}
		if len(l.Findings) > 0 {
			p.bad++
		}
		p.rules++
		k.rules++
		b.rows = append(b.rows, row)
	}
	if b.group.whyIn != nil {
		b.rows = append(b.rows, &chainRow{text: k.lang.say("not all rules are known", "모든 규칙을 알지 못함")})
	}
	// What is wrong comes first, and what does not fit is counted.
	slices.SortStableFunc(b.rows, func(x, y *chainRow) int {
		return strings.Compare(b2s(len(x.findings) == 0), b2s(len(y.findings) == 0))
	})
	if n := len(b.rows); n > chainRows {
		b.rows = append(b.rows[:chainRows-1:chainRows-1], &chainRow{text: k.lang.many(n-chainRows+1, "more rule", "그 밖의 규칙")})
	}
}

// fewSenders puts those that few rules name into one box.
func (k *chain) fewSenders(p *chainPart) {
	slices.SortStableFunc(p.sources, func(x, y *chainBox) int {
		return cmp.Or(strings.Compare(b2s(!x.internet), b2s(!y.internet)), y.uses-x.uses, strings.Compare(x.name, y.name))
	})
	if len(p.sources) <= chainSources {
		return
	}
	rest := p.sources[chainSources-1:]
	one := &chainBox{name: k.lang.many(len(rest), "other sender", "그 밖의 송신자"), deck: len(rest), lanes: map[int]int{}, slots: map[int]int{}}
	for _, b := range p.groups {
		for _, r := range b.rows {
			if slices.Contains(rest, r.from) {
				r.from = one
			}
		}
	}
	p.sources = append(p.sources[:chainSources-1:chainSources-1], one)
}

func (p *chainPart) size() int {
	if p.folded {
		return 1
	}
	return 1 + len(p.sources) + len(p.groups)
}

func (k *chain) size() int {
	n := 0
	for _, p := range k.parts {
		n += p.size()
	}
	if len(k.rest) > 0 {
		n++
	}
	return n
}

// shrink folds the largest VPCs first until the picture has at most limit boxes:
// groups with which nothing is wrong share a box, then those with which the same is
// wrong, then VPCs are drawn as one, then those share a box.
func (k *chain) shrink(limit int) {
	for _, p := range k.parts {
		p.arrange()
	}
	order := slices.Clone(k.parts)
	slices.SortStableFunc(order, func(a, b *chainPart) int { return b.size() - a.size() })
	calm, wrong, whole := 0, 0, 0
	for _, step := range []struct {
		wrong bool
		n     *int
	}{{false, &calm}, {true, &wrong}} {
		for _, p := range order {
			if k.size() > limit {
				*step.n += k.join(p, step.wrong)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b *chainPart) int { return b.size() - a.size() })
	for _, p := range order {
		if k.size() <= limit {
			break
		}
		p.folded = true
		whole++
	}
	if n := k.size(); n > limit {
		// The VPCs with the fewest findings share a box.
		slices.SortStableFunc(order, func(a, b *chainPart) int { return a.bad - b.bad })
		k.rest = order[:n-limit+1]
		k.parts = slices.DeleteFunc(k.parts, func(p *chainPart) bool { return slices.Contains(k.rest, p) })
	}
	if calm > 0 {
		k.folds = append(k.folds, k.lang.say(k.lang.many(calm, "security group", "")+" with which nothing is wrong are put together", "문제가 없는 "+k.lang.many(calm, "", "보안 그룹")+"를 묶음"))
	}
	if wrong > 0 {
		k.folds = append(k.folds, k.lang.say(k.lang.many(wrong, "security group", "")+" with which the same is wrong are put together", "문제가 같은 "+k.lang.many(wrong, "", "보안 그룹")+"를 묶음"))
	}
	if whole > 0 {
		k.folds = append(k.folds, k.lang.asOne(whole, "VPC", "VPC"))
	}
}

// wrongs are the findings of a group's rules, each once.
func (b *chainBox) wrongs() []string {
	var out []string
	for _, r := range b.rows {
		for _, f := range r.findings {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	slices.Sort(out)
	return out
}

// join puts the groups of a VPC with which nothing is wrong into one box for each
// column or, when wrong is set, those with which the same is wrong. It returns how
// many they were.
func (k *chain) join(p *chainPart, wrong bool) int {
	n := 0
	into := map[*chainBox]*chainBox{}
	var groups []*chainBox
	for c := range chainColumns + 1 {
		alike := map[string][]*chainBox{}
		var keys []string
		for _, b := range p.groups {
			key := strings.Join(b.wrongs(), " ")
			switch {
			case b.column != c:
				continue
			case b.deck > 0 || wrong == (key == ""):
				groups = append(groups, b)
				continue
			case alike[key] == nil:
				keys = append(keys, key)
			}
			alike[key] = append(alike[key], b)
		}
		for _, key := range keys {
			list := alike[key]
			if len(list) < 2 {
				groups = append(groups, list...)
				continue
			}
			one := k.pack(list)
			for _, b := range list {
				into[b] = one
			}
			groups = append(groups, one)
			n += len(list)
		}
	}
	p.groups = groups
	for _, b := range p.groups {
		for _, r := range b.rows {
			if one := into[r.from]; one != nil {
				r.from = one
				if b.deck > 0 {
					r.text = k.lang.say("from ", "← ") + one.name
				}
			}
		}
		if b.deck > 0 {
			var rows []*chainRow
			for _, r := range b.rows {
				if r.from == nil || r.from != b && !slices.ContainsFunc(rows, func(x *chainRow) bool { return x.from == r.from }) {
					rows = append(rows, r)
				}
			}
			if n := len(rows); n > chainRows {
				rows = append(rows[:chainRows-1:chainRows-1], &chainRow{text: k.lang.many(n-chainRows+1, "more sender", "그 밖의 송신자")})
			}
			b.rows = rows
		}
	}
	p.arrangeColumns()
	return n
}

// pack makes one box of groups with which the same is wrong.
func (k *chain) pack(list []*chainBox) *chainBox {
	one := &chainBox{name: k.lang.many(len(list), "security group", "보안 그룹"), deck: len(list), column: list[0].column, lanes: map[int]int{}, slots: map[int]int{}}
	members, rules := 0, 0
	bad := map[string]int{}
	var from []*chainRow
	for _, b := range list {
		members += len(b.group.members)
		rules += len(b.group.in)
		for _, r := range b.rows {
			if len(r.findings) > 0 {
				bad[strings.Join(r.findings, " ")]++
			}
			if r.from != nil && !slices.ContainsFunc(from, func(x *chainRow) bool { return x.from == r.from }) {
				from = append(from, &chainRow{text: k.lang.say("from ", "← ") + r.from.name, from: r.from})
			}
		}
	}
	for _, f := range slices.Sorted(maps.Keys(bad)) {
		one.rows = append(one.rows, &chainRow{text: k.lang.many(bad[f], "rule", "규칙"), findings: strings.Fields(f)})
	}
	one.rows = append(one.rows, from...)
	one.detail = k.lang.many(rules, "rule", "규칙") + ", " + k.lang.many(members, "interface", "인터페이스")
	return one
}

// arrange gives each group its column: one behind the last of those that it lets in.
// Where groups let in each other, the one that was reached first stays before.
func (p *chainPart) arrange() {
	state := map[*chainBox]int{} // 1 under way, 2 done
	var visit func(*chainBox)
	visit = func(b *chainBox) {
		state[b] = 1
		b.column = 1
		for _, r := range b.rows {
			if r.from == nil || r.from.group == nil || state[r.from] == 1 {
				continue
			}
			if state[r.from] == 0 {
				visit(r.from)
			}
			b.column = min(chainColumns, max(b.column, r.from.column+1))
		}
		state[b] = 2
	}
	for _, b := range p.groups {
		if state[b] == 0 {
			visit(b)
		}
	}
	p.arrangeColumns()
}

func (p *chainPart) arrangeColumns() {
	p.columns = [][]*chainBox{p.sources}
	for _, b := range p.groups {
		for len(p.columns) <= b.column {
			p.columns = append(p.columns, nil)
		}
		p.columns[b.column] = append(p.columns[b.column], b)
	}
}

// wrong says how much is wrong with the rules of a VPC.
func (k *chain) wrong(n int) string {
	if n == 0 {
		return ""
	}
	return k.lang.say("something is wrong with "+k.lang.many(n, "rule", ""), "문제가 있는 규칙 "+k.lang.number(n)+"개")
}

func (k *chain) title() string {
	groups := 0
	for _, p := range slices.Concat(k.parts, k.rest) {
		for _, b := range p.groups {
			groups += max(1, b.deck)
		}
	}
	return k.lang.say("Security groups: ", "보안 그룹: ") + k.lang.say(k.lang.many(groups, "group", ""), "그룹 "+k.lang.number(groups)+"개") + ", " + k.lang.many(k.rules, "inbound rule", "인바운드 규칙")
}

// findings says how many rules have which finding, and what it means.
func (k *chain) findings() []string {
	var out []string
	for _, f := range []struct{ name, en, ko string }{
		{"wide", "wide: lets the whole internet in to other ports than 80 and 443", "너무 넓음: 인터넷 전체를 80·443번이 아닌 포트에 들임"},
		{"stale", "stale: refers to a group that is gone", "낡음: 없어진 그룹을 가리킴"},
		{"dead", "dead: nobody has the group, or nobody whom it lets in is there", "죽음: 그룹을 쓰는 것이 없거나 들어올 송신자가 없음"},
		{"shadowed", "shadowed: other rules let in all that it does", "가려짐: 다른 규칙이 이미 모두 들임"},
	} {
		if n := k.found[f.name]; n > 0 {
			out = append(out, fmt.Sprintf("%s × %s", k.lang.number(n), k.lang.say(f.en, f.ko)))
		}
	}
	return out
}

// findingWord is a finding in the language of the picture.
func (t tongue) findingWord(s string) string {
	ko := map[string]string{"wide": "너무 넓음", "stale": "낡음", "dead": "죽음", "shadowed": "가려짐"}[s]
	return t.say(s, cmp.Or(ko, s))
}
