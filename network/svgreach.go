package network

import (
	"fmt"
	"slices"
	"strings"
)

// The measures of the picture of an answer, in pixels.
const (
	reachWidth = 960
	reachEdge  = 24
	laneWidth  = 444
	laneGap    = 24
	hopGap     = 22
)

// Picture draws the answer to a question as SVG: the hops of both directions with
// the rule or route that decided, what stops the packets and how to open the way.
// Lang is "ko" or "en". The same answer is the same bytes.
func (a *Answer) Picture(q Question, lang string) []byte {
	p := &reachPicture{a: a, q: q, lang: tongue(lang)}
	// Laid out once to know how high it becomes, then drawn.
	height := p.draw(&canvas{})
	c := &canvas{}
	c.document(reachWidth, height, p.lang, p.title(), p.spoken())
	p.draw(c)
	c.end()
	return []byte(c.b.String())
}

// reachPicture is an answer that is being drawn.
type reachPicture struct {
	a    *Answer
	q    Question
	lang tongue
}

func (p *reachPicture) verdictWord(v Verdict) string {
	switch v {
	case Reachable:
		return p.lang.say("Reachable", "도달 가능")
	case Blocked:
		return p.lang.say("Blocked", "차단됨")
	}
	return p.lang.say("Depends on", "조건부")
}

func (p *reachPicture) title() string {
	return fmt.Sprintf("%s → %s%s: %s", p.q.Src, p.q.Dst, p.asked(), p.verdictWord(p.a.Verdict))
}

// asked is what the question says of the packets: " tcp 443".
func (p *reachPicture) asked() string {
	what := ""
	for _, s := range []string{string(p.q.Proto), string(p.q.Port)} {
		if s != "" {
			what += " " + s
		}
	}
	if p.q.SrcPort != "" {
		what += p.lang.say(" from port ", " 출발 포트 ") + string(p.q.SrcPort)
	}
	if p.q.ICMP != nil {
		for i, n := range []*int{p.q.ICMP.Type, p.q.ICMP.Code} {
			if n != nil {
				what += fmt.Sprintf(" %s %d", []string{"ICMP", "/"}[i], *n)
			}
		}
	}
	if p.q.Quantifier == "all" {
		what += p.lang.say(", every packet", ", 모든 패킷")
	}
	return what
}

// spoken is the picture in words, for those who hear it.
func (p *reachPicture) spoken() string {
	var b strings.Builder
	b.WriteString(p.title() + ".")
	for _, way := range p.ways() {
		fmt.Fprintf(&b, " %s:", way.name)
		for _, h := range way.path.Hops {
			fmt.Fprintf(&b, " %s;", strings.Join(nonEmpty(p.lang.kindWord(h.Kind), h.Resource, h.Rule, p.outcome(h)), " "))
		}
		if len(way.path.Hops) == 0 {
			b.WriteString(" " + p.nothing(way) + ";")
		}
	}
	for _, x := range p.a.Blockers {
		fmt.Fprintf(&b, " %s %s: %s", x.Code, x.Resource, x.Fix)
	}
	return b.String()
}

// way is one direction.
type way struct {
	name, direction string
	from, to        string
	path            Path
}

func (p *reachPicture) ways() []way {
	src, dst := p.q.Src.String(), p.q.Dst.String()
	return []way{
		{p.lang.say("Forward", "가는 길"), "forward", src, dst, p.a.Forward},
		{p.lang.say("Reply", "오는 길"), "reply", dst, src, p.a.Reply},
	}
}

func (p *reachPicture) nothing(w way) string {
	if w.direction == "reply" && p.a.Forward.Verdict == Blocked {
		return p.lang.say("nothing arrives, so nothing answers", "도착하는 패킷이 없어 응답도 없음")
	}
	return p.lang.say("nothing on the way decides", "경로에서 판단하는 것이 없음")
}

func (p *reachPicture) outcome(h Hop) string {
	switch {
	case !h.Passed:
		return p.lang.say("blocked", "차단")
	case h.Kind == "unknown":
		return p.lang.say("not known", "알 수 없음")
	}
	return p.lang.say("passed", "통과")
}

// draw draws all and returns how high it is.
func (p *reachPicture) draw(c *canvas) int {
	y := reachEdge + 12
	mark(c, reachEdge+14, y+4, p.a.Verdict, 14)
	c.write(headline, reachEdge+40, y+11, p.verdictWord(p.a.Verdict))
	y += 40
	for _, l := range subhead.wrapped(p.q.Src.String()+" → "+p.q.Dst.String()+p.asked(), reachWidth-2*reachEdge) {
		c.write(subhead, reachEdge, y, l)
		y += 20
	}
	y += 6
	bottom := y
	for i, w := range p.ways() {
		bottom = max(bottom, p.lane(c, w, reachEdge+i*(laneWidth+laneGap), y))
	}
	y = bottom + 12
	y = p.blockers(c, y)
	y = p.list(c, y, p.lang.say("The fewest changes that open it (proven on a copy)", "여는 데 필요한 최소 변경(사본에서 검증됨)"), p.a.Changes)
	y = p.list(c, y, p.lang.say("It depends on", "다음에 달려 있음"), p.a.DependsOn.Request)
	y = p.list(c, y, p.lang.say("What is missing to know", "알려지지 않은 것"), p.a.DependsOn.Missing)
	y = p.list(c, y, p.lang.say("Packets that get through", "통과하는 패킷"), p.packets())
	return y + reachEdge - 12
}

// lane draws one direction from top to bottom.
func (p *reachPicture) lane(c *canvas, w way, x, y int) int {
	within(c, w.name)
	c.write(subhead, x, y+14, w.name)
	state := p.verdictWord(w.path.Verdict)
	c.holding("text", state, attr{"x", x + laneWidth}, attr{"y", y + 14}, attr{"class", "b"}, attr{"text-anchor", "end"})
	y += 26
	y = p.terminal(c, w.from, x, y)
	if len(w.path.Hops) == 0 {
		c.line("way", point{x + 30, y}, point{x + 30, y + hopGap})
		c.write(faint, x+44, y+16, p.nothing(w))
		y += hopGap
	}
	stopped := len(w.path.Hops) == 0 && w.path.Verdict == Blocked
	for i, h := range w.path.Hops {
		arrow(c, "way", x+30, y, y+hopGap)
		y = p.hop(c, w, i, h, x, y+hopGap)
		stopped = stopped || !h.Passed
	}
	if stopped {
		c.line("way", point{x + 30, y}, point{x + 30, y + 10})
		c.line("way", point{x + 20, y + 10}, point{x + 40, y + 10})
		c.squeeze(faint, x+50, y+15, laneWidth-50, p.lang.say("packets get no farther; ", "패킷은 여기서 멈춤: ")+w.to+p.lang.say(" is not reached", "에 도달하지 못함"))
		y += 24
	} else {
		arrow(c, "way", x+30, y, y+hopGap)
		y = p.terminal(c, w.to, x, y+hopGap)
	}
	c.end()
	return y
}

// terminal draws an end of the way.
func (p *reachPicture) terminal(c *canvas, name string, x, y int) int {
	lines := strong.wrapped(name, laneWidth-32)
	h := 14 + 16*len(lines)
	c.rect(x, y, laneWidth, h, 15, "account")
	for i, l := range lines {
		c.write(strong, x+16, y+19+16*i, l)
	}
	return y + h
}

// hop draws something on the way that decided: a full border and a tick in a disc
// when it let the packets pass, hatching and a cross in an octagon when not.
func (p *reachPicture) hop(c *canvas, w way, i int, h Hop, x, y int) int {
	word := p.outcome(h)
	side := strong.inkWidth(word) + 34
	class, state := "chip", Reachable
	switch {
	case !h.Passed:
		class, state = "blocked", Blocked
	case h.Kind == "unknown":
		class, state = "unknown", DependsOn
	}
	head := fmt.Sprintf("%d. %s", i+1, p.lang.kindWord(h.Kind))
	room := laneWidth - 24 - side
	lines := code.wrapped(h.Resource, room)
	var rule []string
	if h.Rule != "" {
		rule = small.wrapped(p.lang.ruleWord(h.Kind)+h.Rule, room)
	}
	number := p.number(w.direction, h)
	height := 26 + 15*len(lines) + 16*len(rule)
	if number > 0 {
		height = max(height, 46)
	}
	c.begin("g", attr{"role", "img"}, attr{"aria-label", strings.Join(nonEmpty(head, h.Resource, h.Rule, word), ", ")})
	c.rect(x, y, laneWidth, height, 5, class)
	if class == "blocked" {
		c.rect(x+8, y+5, laneWidth-16, height-10, 3, "plate")
	}
	c.squeeze(strong, x+12, y+18, room, head)
	at := y + 18
	for _, l := range lines {
		at += 15
		c.write(code, x+12, at, l)
	}
	for _, l := range rule {
		at += 16
		c.write(small, x+12, at, l)
	}
	mark(c, x+laneWidth-side+10, y+15, state, 9)
	c.write(strong, x+laneWidth-side+24, y+19, word)
	if number > 0 {
		c.write(faint, x+laneWidth-side+10, y+38, fmt.Sprintf(p.lang.say("cause %d", "원인 %d"), number))
	}
	c.end()
	return y + height
}

// number is the place among the blockers of what stops packets at a hop, from 1;
// 0 when there is none.
func (p *reachPicture) number(direction string, h Hop) int {
	if h.Passed {
		return 0
	}
	return 1 + slices.IndexFunc(p.a.Blockers, func(b Blocker) bool { return b.Direction == direction && b.Resource == h.Resource })
}

// blockers draws what stops the packets, in path order.
func (p *reachPicture) blockers(c *canvas, y int) int {
	if len(p.a.Blockers) == 0 {
		return y
	}
	y = heading(c, y, p.lang.say("What stops it, in path order", "차단 원인(경로 순서)"))
	for i, b := range p.a.Blockers {
		dir := p.lang.say("forward", "가는 길")
		if b.Direction == "reply" {
			dir = p.lang.say("reply", "오는 길")
		}
		room := reachWidth - 2*reachEdge - 62
		where := code.wrapped(strings.Join(nonEmpty(b.Resource, b.Rule), " · "), room)
		fix := small.wrapped(p.lang.say("Fix: ", "조치: ")+b.Fix, room)
		height := 28 + 15*len(where) + 16*len(fix)
		c.rect(reachEdge, y, reachWidth-2*reachEdge, height, 5, "chip")
		mark(c, reachEdge+20, y+17, Blocked, 10)
		c.write(strong, reachEdge+42, y+20, fmt.Sprintf("%d. %s (%s)", i+1, b.Code, dir))
		at := y + 20
		for _, l := range where {
			at += 15
			c.write(code, reachEdge+42, at, l)
		}
		for _, l := range fix {
			at += 16
			c.write(small, reachEdge+42, at, l)
		}
		y += height + 8
	}
	return y + 4
}

// list draws lines of text below a title; nothing when there are none.
func (p *reachPicture) list(c *canvas, y int, title string, lines []string) int {
	if len(lines) == 0 {
		return y
	}
	y = heading(c, y, title)
	for _, s := range lines {
		c.put("circle", attr{"cx", reachEdge + 5}, attr{"cy", y + 6}, attr{"r", 2}, attr{"class", "ink"})
		for _, l := range small.wrapped(s, reachWidth-2*reachEdge-18) {
			c.write(small, reachEdge+16, y+10, l)
			y += 17
		}
	}
	return y + 10
}

// shownPackets is how many kinds of packets a picture lists; the answer as JSON
// has them all.
const shownPackets = 12

func (p *reachPicture) packets() []string {
	var out []string
	for i, x := range p.a.Packets {
		if i == shownPackets {
			return append(out, fmt.Sprintf(p.lang.say("… and %d more kinds of packets; as JSON the answer has them all", "… 그 밖에 패킷 종류 %d개. 전체는 JSON 출력에 있음"), len(p.a.Packets)-i))
		}
		ports := ""
		switch {
		case len(x.Ports) > 0:
			ports = p.lang.say(" port ", " 포트 ") + few(x.Ports)
			if !slices.Equal(x.SrcPorts, []string{"0-65535"}) {
				ports += p.lang.say(" from port ", " 출발 포트 ") + few(x.SrcPorts)
			}
		case len(x.ICMPTypes) > 0:
			ports = p.lang.say(" type ", " 타입 ") + few(x.ICMPTypes) + p.lang.say(" code ", " 코드 ") + few(x.ICMPCodes)
		}
		out = append(out, fmt.Sprintf("%s → %s  %v%s", few(x.Src), few(x.Dst), x.Proto, ports))
	}
	return out
}

// few is a list that is cut when it is long.
func few(list []string) string {
	if len(list) > 4 {
		return strings.Join(list[:3], ", ") + fmt.Sprintf(" … (+%d)", len(list)-3)
	}
	return strings.Join(list, ", ")
}

func nonEmpty(list ...string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

func heading(c *canvas, y int, title string) int {
	c.line("rule", point{reachEdge, y}, point{reachWidth - reachEdge, y})
	c.write(subhead, reachEdge, y+24, title)
	return y + 36
}

// arrow draws a line down that ends in an arrowhead.
func arrow(c *canvas, class string, x, from, to int) {
	c.line(class, point{x, from}, point{x, to - 6})
	c.shape(class+"-end", point{x - 6, to - 8}, point{x + 6, to - 8}, point{x, to - 1})
}

// mark draws a verdict by shape: a tick in a disc, a cross in an octagon, a
// question mark in a diamond.
func mark(c *canvas, x, y int, verdict Verdict, r int) {
	switch verdict {
	case Reachable:
		c.put("circle", attr{"cx", x}, attr{"cy", y}, attr{"r", r}, attr{"class", "yes"})
		c.line("tick", point{x - r/2, y}, point{x - r/8, y + r/2 - 1}, point{x + r/2, y - r/2 + 1})
	case Blocked:
		k := r * 2 / 5
		c.shape("no", point{x - k, y - r}, point{x + k, y - r}, point{x + r, y - k}, point{x + r, y + k}, point{x + k, y + r}, point{x - k, y + r}, point{x - r, y + k}, point{x - r, y - k})
		d := r * 2 / 5
		c.line("tick", point{x - d, y - d}, point{x + d, y + d})
		c.line("tick", point{x + d, y - d}, point{x - d, y + d})
	default:
		c.shape("may", point{x, y - r - 2}, point{x + r + 2, y}, point{x, y + r + 2}, point{x - r - 2, y})
		c.holding("text", "?", attr{"x", x}, attr{"y", y + 4}, attr{"class", "b on"}, attr{"text-anchor", "middle"})
	}
}

// kindWord is what people call a kind of hop.
func (t tongue) kindWord(kind string) string {
	switch kind {
	case "igw":
		return t.say("internet gateway", "인터넷 게이트웨이")
	case "eigw":
		return t.say("egress-only internet gateway", "송신 전용 인터넷 게이트웨이")
	case "cagw":
		return t.say("carrier gateway", "캐리어 게이트웨이")
	case "lgw":
		return t.say("local gateway", "로컬 게이트웨이")
	case "core":
		return t.say("Cloud WAN core network", "Cloud WAN 코어 네트워크")
	case "odb":
		return t.say("Oracle Database network", "Oracle Database 네트워크")
	case "direct-connect-gateway":
		return t.say("Direct Connect gateway", "Direct Connect 게이트웨이")
	case "vgw":
		return t.say("virtual private gateway", "가상 프라이빗 게이트웨이")
	case "vpn":
		return t.say("VPN connection", "VPN 연결")
	case "nat":
		return t.say("NAT gateway", "NAT 게이트웨이")
	case "nacl":
		return t.say("network ACL", "네트워크 ACL")
	case "sg":
		return t.say("security group", "보안 그룹")
	case "eni":
		return t.say("network interface", "네트워크 인터페이스")
	case "route-table":
		return t.say("route table", "라우팅 테이블")
	case "translation":
		return t.say("address translation", "주소 변환")
	case "subnet":
		return t.say("subnet", "서브넷")
	case "vpc":
		return "VPC"
	case "peering":
		return t.say("peering connection", "피어링 연결")
	case "tgw":
		return t.say("transit gateway", "트랜싯 게이트웨이")
	case "tgw-route-table":
		return t.say("transit gateway route table", "트랜싯 게이트웨이 라우팅 테이블")
	case "attachment":
		return t.say("transit gateway attachment", "트랜싯 게이트웨이 연결")
	case "endpoint":
		return t.say("VPC endpoint", "VPC 엔드포인트")
	case "appliance":
		return t.say("appliance", "어플라이언스")
	case "firewall":
		return t.say("network firewall", "네트워크 방화벽")
	case "load-balancer":
		return t.say("load balancer", "로드 밸런서")
	case "listener":
		return t.say("listener", "리스너")
	case "target-group":
		return t.say("target group", "대상 그룹")
	case "block-public-access":
		return t.say("VPC Block Public Access", "VPC 퍼블릭 액세스 차단")
	case "unknown":
		return t.say("not known", "알 수 없음")
	}
	return strings.ReplaceAll(kind, "-", " ")
}

// ruleWord says what the rule of a hop is.
func (t tongue) ruleWord(kind string) string {
	switch kind {
	case "route-table", "tgw-route-table":
		return t.say("route ", "경로 ")
	case "nacl", "sg", "firewall":
		return t.say("rule ", "규칙 ")
	case "translation":
		return t.say("to ", "대상 주소 ")
	}
	return ""
}
