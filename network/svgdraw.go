package network

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Map draws the network as SVG: boxes for accounts, regions, VPCs, zones, subnets
// and what has interfaces in them, lines for where routes lead, and what the
// internet reaches. It has never more than 300 boxes: where there are more, some
// stand for several, and the map says which. The same network is the same bytes.
// Missing says what was not listed to its end, so that the map may lack it. An
// error means that the options name nothing that is there.
func (w *World) Map(o MapOptions) (svg []byte, missing []string, err error) {
	a, err := w.survey(o)
	if err != nil {
		return nil, nil, err
	}
	a.shrink(mapLimit)
	return a.draw(), a.unknown, nil
}

func (a *atlas) title() string {
	s := a.lang.say("Network map: ", "네트워크 지도: ")
	if len(a.accounts) == 0 {
		return s + a.lang.say("nothing is in it", "아무것도 없음")
	}
	return s + a.lang.sums(a.all)
}

// subtitle says what the internet reaches and what the options leave out.
func (a *atlas) subtitle() string {
	list := nonEmpty(cmp.Or(a.lang.reached(a.all), a.lang.say("the internet reaches nothing", "인터넷에서 도달할 수 있는 것이 없음")))
	var only []string
	for _, f := range []struct {
		name   string
		values []string
	}{{a.lang.say("account", "계정"), a.o.Accounts}, {a.lang.say("region", "리전"), a.o.Regions}, {"VPC", a.o.VPCs}, {a.lang.say("tag", "태그"), a.o.Tags}} {
		if len(f.values) > 0 {
			only = append(only, f.name+" "+strings.Join(f.values, ", "))
		}
	}
	if len(only) > 0 {
		list = append(list, a.lang.say("only ", "표시 대상: ")+strings.Join(only, "; "))
	}
	if a.hidden > 0 {
		list = append(list, a.lang.many(a.hidden, "VPC", "VPC")+a.lang.say(" left out", " 제외"))
	}
	return strings.Join(list, " · ")
}

// spoken is the map in words: what the internet reaches, and what was folded.
func (a *atlas) spoken() string {
	var b strings.Builder
	b.WriteString(a.title() + ". " + a.subtitle() + ".")
	for _, v := range a.vpcs() {
		for _, z := range v.zones {
			for _, s := range z.subnets {
				for _, c := range s.chips {
					if c.verdict != "" && !v.folded {
						b.WriteString(" " + strings.Join(append([]string{v.title(), s.title(a.lang)}, c.lines(a.lang)...), ", ") + ".")
					}
				}
			}
		}
	}
	for _, f := range append(slices.Clone(a.folds), a.unknown...) {
		b.WriteString(" " + f + ".")
	}
	return b.String()
}

// draw draws the map.
func (a *atlas) draw() []byte {
	x, y := mapEdge+22, mapEdge+58
	if a.reachesOut() {
		y += 48
	}
	width, bottom := a.place(x, y)
	links, lanes := a.links()
	w := x + width + mapEdge
	if lanes > 0 {
		w += 12*lanes + 6
	}
	height := a.notes(&canvas{}, w, bottom+8)
	c := &canvas{}
	c.document(w, height, a.lang, a.title(), a.spoken())
	c.squeeze(headline, mapEdge, mapEdge+16, w-2*mapEdge, a.title())
	c.squeeze(faint, mapEdge, mapEdge+38, w-2*mapEdge, a.subtitle())
	for _, acct := range a.accounts {
		a.account(c, acct)
	}
	if a.rest != nil {
		c.rect(x, bottom-48-mapPad, width, 48, 8, "account")
		a.heading(c, frame{x, bottom - 48 - mapPad, width, 48}, a.lang.many(a.rest.accounts, "more account", "그 밖의 계정"), *a.rest)
	}
	a.trunk(c, x, y)
	for _, l := range links {
		lane := x + width + 12 + 12*l.lane
		top, bottom := l.span()
		c.line("join", point{lane, top}, point{lane, bottom})
		for _, f := range l.from {
			c.line("join", point{f.right(), f.middle()}, point{lane, f.middle()})
			dot(c, "join-end", f.right(), f.middle())
		}
	}
	a.open(func(v *mapVPC) { a.lines(c, v) })
	a.notes(c, w, bottom+8)
	c.end()
	return []byte(c.b.String())
}

// open calls a function for each VPC that is drawn with what is in it.
func (a *atlas) open(f func(*mapVPC)) {
	for _, acct := range a.accounts {
		for _, r := range acct.regions {
			for _, v := range r.vpcs {
				if !acct.folded && !r.folded && !v.folded {
					f(v)
				}
			}
		}
	}
}

// reachesOut tells whether a gateway to the internet is drawn.
func (a *atlas) reachesOut() (yes bool) {
	a.open(func(v *mapVPC) {
		yes = yes || slices.ContainsFunc(v.left, func(g *mapGate) bool { return g.kind != "nat" })
	})
	return yes
}

// trunk draws the internet and the lines from it to the gateways.
func (a *atlas) trunk(c *canvas, x, y int) {
	if !a.reachesOut() {
		return
	}
	top := y - 44
	spine := mapEdge + 8
	var net, plain []*mapGate
	a.open(func(v *mapVPC) {
		for _, g := range v.left {
			switch {
			case g.kind == "nat" || g.chip != nil:
			case g.kind == "igw" && v.sum.reached+v.sum.perhaps > 0:
				net = append(net, g)
			default:
				plain = append(plain, g)
			}
		}
	})
	for _, g := range plain {
		c.line("route", point{spine, top + 30}, point{spine, g.middle()}, point{g.x, g.middle()})
		dot(c, "route-end", g.x, g.middle())
	}
	for _, g := range net {
		c.line("net", point{spine, top + 30}, point{spine, g.middle()}, point{g.x - 8, g.middle()})
		c.shape("net-end", point{g.x - 10, g.middle() - 6}, point{g.x - 10, g.middle() + 6}, point{g.x - 1, g.middle()})
	}
	c.rect(mapEdge, top, 116, 30, 15, "account")
	c.write(strong, mapEdge+16, top+20, a.lang.say("the internet", "인터넷"))
}

func dot(c *canvas, class string, x, y int) {
	c.put("circle", attr{"cx", x}, attr{"cy", y}, attr{"r", 3}, attr{"class", class})
}

// within begins something that holds others, with its name for those who hear it.
func within(c *canvas, label string) {
	c.begin("g", attr{"role", "group"}, attr{"aria-label", label})
	c.holding("title", label)
}

// leaf begins something that holds nothing, with what is said of it.
func leaf(c *canvas, label string, more ...string) {
	c.begin("g", attr{"role", "img"}, attr{"aria-label", label})
	c.holding("title", strings.Join(append([]string{label}, more...), "\n"))
}

// heading writes the name of a box and what is in it.
func (a *atlas) heading(c *canvas, f frame, name string, sum tally) {
	c.squeeze(strong, f.x+mapPad, f.y+20, f.w-2*mapPad, name)
	what := strings.Join(nonEmpty(a.lang.sums(sum), a.lang.reached(sum)), " · ")
	c.squeeze(faint, f.x+mapPad, f.y+37, f.w-2*mapPad, what)
}

func (a *atlas) account(c *canvas, acct *mapAccount) {
	within(c, acct.name)
	c.rect(acct.x, acct.y, acct.w, acct.h, 8, "account")
	if acct.folded {
		sum := acct.sum
		sum.accounts = 0
		a.heading(c, acct.frame, acct.name, sum)
		c.end()
		return
	}
	c.squeeze(subhead, acct.x+mapPad, acct.y+21, acct.w-2*mapPad, acct.name)
	for _, r := range acct.regions {
		a.region(c, r)
	}
	c.end()
}

func (a *atlas) region(c *canvas, r *mapRegion) {
	name := a.lang.say("region ", "리전 ") + r.name
	if r.name == "" {
		name = a.lang.say("region not known", "리전을 알 수 없음")
	}
	within(c, name)
	c.rect(r.x, r.y, r.w, r.h, 6, "region")
	if r.folded {
		sum := r.sum
		sum.regions = 0
		a.heading(c, r.frame, name, sum)
		c.end()
		return
	}
	c.squeeze(strong, r.x+mapPad, r.y+19, r.w-2*mapPad, name)
	for _, v := range r.vpcs {
		if !v.folded {
			a.vpc(c, v)
		}
	}
	for _, t := range r.tiles {
		t.draw(c)
	}
	for _, h := range r.hubs {
		a.hub(c, h)
	}
	c.end()
}

// draw draws what was folded: a box with another behind it.
func (t *mapTile) draw(c *canvas) {
	f := t.frame
	leaf(c, strings.Join(nonEmpty(t.name, t.what, t.reached), ", "))
	deck(c, f)
	class := "chip"
	if t.reached != "" {
		class = "chip hit"
	}
	c.rect(f.x, f.y, f.w, f.h-6, 5, class)
	c.squeeze(strong, f.x+10, f.y+18, f.w-20, t.name)
	c.squeeze(faint, f.x+10, f.y+33, f.w-20, t.what)
	c.squeeze(small, f.x+10, f.y+48, f.w-20, t.reached)
	c.end()
}

// deck draws the edge of a second card below a box.
func deck(c *canvas, f frame) { c.rect(f.x+4, f.y+5, f.w-8, f.h-6+4, 5, "deck") }

func (v *mapVPC) title() string {
	name := nameOf(v.v.res)
	if name != v.v.id() {
		name += " " + v.v.id()
	}
	return "VPC " + name
}

func (a *atlas) vpc(c *canvas, v *mapVPC) {
	within(c, v.title())
	class := "vpc"
	facts := []string{}
	if v.v.res.Stub != nil {
		class = "vpc unknown"
		facts = append(facts, a.lang.say("not in the snapshot", "스냅샷에 없음"))
	}
	c.rect(v.x, v.y, v.w, v.h, 6, class)
	for _, p := range v.v.prefixes {
		facts = append(facts, p.String())
	}
	sum := v.sum
	sum.vpcs = 0
	facts = nonEmpty(few(facts), a.lang.sums(sum), a.lang.reached(sum))
	c.squeeze(strong, v.x+mapPad, v.y+19, v.w-2*mapPad, v.title())
	c.squeeze(faint, v.x+mapPad, v.y+35, v.w-2*mapPad, strings.Join(facts, " · "))
	for _, z := range v.zones {
		name := a.lang.say("zone ", "가용 영역 ") + z.name
		if z.name == "" {
			name = a.lang.say("zone not known", "가용 영역을 알 수 없음")
		}
		within(c, name)
		c.rect(z.x, z.y, z.w, z.h, 5, "zone")
		c.squeeze(faint, z.x+8, z.y+17, z.w-16, name)
		for _, s := range z.subnets {
			a.subnet(c, s)
		}
		c.end()
	}
	for _, g := range slices.Concat(v.left, v.right) {
		a.gate(c, g)
	}
	c.end()
}

// facts are the lines below the name of a subnet.
func (s *mapSubnet) facts(lang tongue) []string {
	var ranges []string
	for _, x := range s.of {
		ranges = append(ranges, x.cidrs.Strings()...)
	}
	return append(nonEmpty(few(ranges), lang.tierWord(s.tier)), s.notes...)
}

func (a *atlas) subnet(c *canvas, s *mapSubnet) {
	within(c, s.title(a.lang))
	class := map[tier]string{public: "subnet public", obscure: "subnet unknown"}[s.tier]
	c.rect(s.x, s.y, s.w, s.h, 4, cmp.Or(class, "subnet"))
	c.squeeze(strong, s.x+8, s.y+18, s.w-16, s.title(a.lang))
	y := s.y + 18
	for _, f := range s.facts(a.lang) {
		y += 15
		c.squeeze(faint, s.x+8, y, s.w-16, f)
	}
	for _, chip := range s.chips {
		a.chip(c, chip)
	}
	c.end()
}

// lines are what is written on a chip.
func (c *mapChip) lines(lang tongue) []string {
	out := []string{c.name}
	if what := strings.Join(nonEmpty(c.kind, c.detail), " · "); what != "" {
		out = append(out, what)
	}
	open := c.open
	if len(open) > 3 {
		open = append(slices.Clone(open[:2]), lang.many(len(c.open)-2, "more opening", "그 밖의 경로"))
	}
	if c.verdict == DependsOn && len(open) > 0 {
		open = append([]string{lang.say("perhaps ", "조건부: ") + open[0]}, open[1:]...)
	}
	return append(out, open...)
}

func (a *atlas) chip(c *canvas, x *mapChip) {
	lines := x.lines(a.lang)
	leaf(c, strings.Join(lines, ", "), a.about(x)...)
	if x.deck {
		deck(c, frame{x.x, x.y, x.w, x.h + 6})
	}
	class := map[Verdict]string{Reachable: "chip hit", DependsOn: "chip maybe"}[x.verdict]
	c.rect(x.x, x.y, x.w, x.h, 4, cmp.Or(class, "chip"))
	y := x.y + 16
	c.squeeze(strong, x.x+8, y, x.w-16, lines[0])
	for i, l := range lines[1:] {
		y += 15
		f := faint
		if i >= len(lines)-1-len(x.open) {
			f = small
		}
		c.squeeze(f, x.x+8, y, x.w-16, l)
	}
	c.end()
}

// about is what is said of a chip beside what is written on it.
func (a *atlas) about(x *mapChip) []string {
	var ids, addrs []string
	for _, r := range x.things {
		ids = append(ids, cmp.Or(r.ARN, r.ID))
	}
	for _, n := range x.nics {
		if n.vague == nil {
			addrs = append(addrs, n.addrs.Strings()...)
		}
		addrs = append(addrs, a.exposed[n].Public...)
	}
	return nonEmpty(few(ids), few(addrs), few(a.groupsOf(x)))
}

// lines are what is written on a gateway below its name.
func (g *mapGate) lines(lang tongue) []string {
	var out []string
	if !g.deck {
		out = faint.wrapped(lang.kindWord(g.kind), gateWidth-20)
	}
	return append(append(out, nonEmpty(few(g.dests))...), g.detail...)
}

func (a *atlas) gate(c *canvas, g *mapGate) {
	lines := g.lines(a.lang)
	leaf(c, strings.Join(append([]string{g.name}, lines...), ", "), nonEmpty(g.id, strings.Join(g.dests, ", "))...)
	class := "chip"
	if g.absent {
		class = "unknown"
	}
	if g.broken {
		class = "blocked"
	}
	c.rect(g.x, g.y, g.w, g.h, 12, class)
	if g.broken {
		c.rect(g.x+5, g.y+4, g.w-10, g.h-8, 8, "plate")
	}
	y := g.y + 17
	c.squeeze(strong, g.x+10, y, g.w-20, g.name)
	for _, l := range lines {
		y += 15
		c.squeeze(faint, g.x+10, y, g.w-20, l)
	}
	c.end()
}

func (a *atlas) hub(c *canvas, h *mapHub) {
	for _, g := range h.other {
		c.line("join", point{g.right(), g.middle()}, point{h.x, g.middle()})
		a.gate(c, g)
	}
	name := nameOf(h.hub.res)
	kind := "tgw"
	if h.hub.core {
		kind = "core"
	}
	what := a.lang.kindWord(kind) + " · " + a.lang.many(len(h.hub.attachments), "attachment", "연결")
	leaf(c, name+", "+what, h.hub.res.ID)
	c.rect(h.x, h.y, h.w, h.h, 12, "vpc")
	c.squeeze(strong, h.x+12, h.middle()-4, h.w-24, name)
	c.squeeze(faint, h.x+12, h.middle()+12, h.w-24, what)
	c.end()
}

// lineClass is how the line to a gateway looks.
func lineClass(g *mapGate) string {
	switch g.kind {
	case "igw", "eigw", "cagw":
		return "route"
	case "nat", "eni":
		return "nat"
	case "endpoint":
		return "point"
	}
	return "join"
}

// lines draws where the routes of a VPC's subnets lead, thin, and then over them
// thick how the internet comes in.
func (a *atlas) lines(c *canvas, v *mapVPC) {
	type drawn struct {
		s *mapSubnet
		g *mapGate
	}
	var in []drawn
	for _, z := range v.zones {
		for _, s := range z.subnets {
			for _, g := range s.gates {
				if g.kind == "igw" && slices.ContainsFunc(s.chips, func(x *mapChip) bool { return x.verdict != "" }) {
					in = append(in, drawn{s, g})
					continue
				}
				class := lineClass(g)
				p := v.route(g, s)
				c.line(class, p...)
				dot(c, class+"-end", p[4].x, p[4].y)
				a.head(c, class, p[0], p[1])
			}
		}
	}
	for _, d := range in {
		p := v.route(d.g, d.s)
		p[4].y -= 8
		c.line("net", p...)
		x, y := p[4].x, d.s.y
		c.shape("net-end", point{x - 6, y - 10}, point{x + 6, y - 10}, point{x, y - 1})
	}
}

// head draws the arrowhead of a route at the gateway that it leads to.
func (a *atlas) head(c *canvas, class string, at, from point) {
	d := 8
	if from.x < at.x {
		d = -8
	}
	c.shape(class+"-end", point{at.x + d, at.y - 5}, point{at.x + d, at.y + 5}, at)
}

// notes draws what lines and borders mean, what was folded and what is not known.
// It returns where the map ends.
func (a *atlas) notes(c *canvas, w, y int) int {
	c.line("rule", point{mapEdge, y}, point{w - mapEdge, y})
	y += 22
	x := mapEdge
	item := func(width int, draw func(x, y int), text string) {
		need := width + 8 + small.inkWidth(text) + 22
		if x > mapEdge && x+need > w-mapEdge {
			x, y = mapEdge, y+22
		}
		draw(x, y-4)
		c.write(small, x+width+8, y, text)
		x += need
	}
	for _, l := range a.legend() {
		item(34, func(x, y int) { c.line(l[0], point{x, y}, point{x + 34, y}) }, l[1])
	}
	for _, b := range [][2]string{
		{"chip hit", a.lang.say("thick: the internet reaches it", "굵은 테두리: 인터넷에서 도달")}, {"chip maybe", a.lang.say("thick dashes: perhaps", "굵은 점선 테두리: 조건부 도달")},
		{"subnet public", a.lang.say("public subnet", "퍼블릭 서브넷")}, {"unknown", a.lang.say("not in the snapshot, or not known", "스냅샷에 없거나 알 수 없음")}, {"blocked", a.lang.say("not in service", "작동하지 않음")},
	} {
		item(24, func(x, y int) { c.rect(x, y-8, 24, 15, 4, b[0]) }, b[1])
	}
	y += 14
	y = footnotes(c, a.lang.say("Folded, so that it stays legible", "읽기 쉽도록 접은 것"), a.folds, a.lang, w, y)
	return footnotes(c, a.lang.say("Not known", "알려지지 않은 것"), a.unknown, a.lang, w, y) + mapEdge - 8
}

// footnotes draws lines of text below a title; nothing when there are none. It
// returns where they end.
func footnotes(c *canvas, title string, list []string, lang tongue, w, y int) int {
	if len(list) == 0 {
		return y
	}
	c.write(strong, mapEdge, y+12, title)
	y += 18
	for i, s := range list {
		if i == shownPackets {
			s = fmt.Sprintf(lang.say("… and %d more", "… 그 밖에 %d개"), len(list)-i)
		}
		for _, l := range small.wrapped(s, w-2*mapEdge-16) {
			c.write(small, mapEdge+12, y+12, l)
			y += 16
		}
		if i == shownPackets {
			break
		}
	}
	return y + 8
}

// legend are the lines that the map has, and what they mean.
func (a *atlas) legend() [][2]string {
	has := map[string]bool{}
	a.open(func(v *mapVPC) {
		for _, z := range v.zones {
			for _, s := range z.subnets {
				for _, g := range s.gates {
					has[lineClass(g)] = true
				}
			}
		}
		has["join"] = has["join"] || slices.ContainsFunc(v.right, func(g *mapGate) bool { return g.peer != nil || g.hub != nil })
		has["net"] = has["net"] || v.sum.reached+v.sum.perhaps > 0
	})
	var out [][2]string
	for _, l := range [][2]string{
		{"net", a.lang.say("the internet comes in", "인터넷에서 들어오는 길")}, {"route", a.lang.say("route to the internet", "인터넷으로 가는 경로")},
		{"nat", a.lang.say("route to a NAT gateway or an appliance", "NAT 게이트웨이·어플라이언스로 가는 경로")}, {"join", a.lang.say("route to another network", "다른 네트워크로 가는 경로")},
		{"point", a.lang.say("route to an endpoint", "엔드포인트로 가는 경로")},
	} {
		if has[l[0]] {
			out = append(out, l)
		}
	}
	return out
}
