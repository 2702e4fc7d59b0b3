package network

import (
	"slices"
	"strings"
)

// place says where the boxes of a VPC are.
func (p *chainPart) place(x, y int) {
	p.x, p.y = x, y
	if p.folded {
		p.w, p.h = tileWidth*2, tileHeight
		return
	}
	// How far the line of each box goes, and so which gaps and columns it takes.
	far := map[*chainBox]int{}
	for _, b := range p.groups {
		for _, r := range b.rows {
			if r.from != nil && r.from.column < b.column {
				far[r.from] = max(far[r.from], b.column)
			}
		}
	}
	at := x + mapPad
	passing := []*chainBox{}
	bottom := y + mapHead
	for c, column := range p.columns {
		passing = slices.DeleteFunc(passing, func(b *chainBox) bool { return far[b] <= c })
		top := y + mapHead
		for _, b := range passing {
			b.slots[c] = top + 4
			top += 10
		}
		if c > 0 {
			p.sort(column)
		}
		for _, b := range column {
			b.x, b.y, b.w = at, top, chainWidth
			b.place()
			top = b.bottom() + 14
		}
		bottom = max(bottom, top)
		if len(column) > 0 || c > 0 {
			at += chainWidth
		}
		for _, b := range column {
			if far[b] > c {
				passing = append(passing, b)
			}
		}
		if c == len(p.columns)-1 {
			break
		}
		if len(column) > 0 || c > 0 {
			at += 14
			for _, b := range passing {
				b.lanes[c] = at
				at += mapLane
			}
			at += 14
		}
	}
	p.w, p.h = max(at+mapPad-x, 2*tileWidth, strong.inkWidth(p.title)+2*mapPad), bottom-y
}

// sort puts the groups of a column near those that they let in.
func (p *chainPart) sort(column []*chainBox) {
	key := func(b *chainBox) int {
		sum, n := 0, 0
		for _, r := range b.rows {
			if r.from != nil && r.from.column < b.column {
				sum += r.from.middle()
				n++
			}
		}
		if n == 0 {
			return 1 << 30 // whom nobody leads to comes last
		}
		return sum / n
	}
	slices.SortStableFunc(column, func(a, b *chainBox) int { return key(a) - key(b) })
}

// place places the rules in a box.
func (b *chainBox) place() {
	y := b.y + 24
	if b.detail != "" {
		y += 15
	}
	for _, r := range b.rows {
		r.h = 22
		if len(r.findings) > 0 {
			r.h += 14
		}
		r.y = y + r.h/2
		y += r.h + 4
	}
	b.h = y + 4 - b.y
}

// linePath is the points of the line from a box to a rule that lets it in.
func linePath(from, to *chainBox, r *chainRow) []point {
	y := from.y + min(18, from.h/2)
	points := []point{{from.right(), y}}
	for c := from.column; c < to.column; c++ {
		lane := from.lanes[c]
		points = append(points, point{lane, y})
		if y = r.y; c+1 < to.column {
			y = from.slots[c+1]
		}
		points = append(points, point{lane, y})
	}
	return append(points, point{to.x, y})
}

// spoken is the picture in words: the rules with which something is wrong.
func (k *chain) spoken() string {
	var out strings.Builder
	out.WriteString(k.title() + ".")
	for _, s := range slices.Concat(k.findings(), k.folds) {
		out.WriteString(" " + s + ".")
	}
	for _, p := range k.parts {
		for _, b := range p.groups {
			for _, r := range b.rows {
				if len(r.findings) > 0 && !p.folded {
					out.WriteString(" " + b.name + ", " + r.text + ": " + k.words(r) + ".")
				}
			}
		}
	}
	return out.String()
}

func (k *chain) words(r *chainRow) string {
	var out []string
	for _, f := range r.findings {
		out = append(out, k.lang.findingWord(f))
	}
	return strings.Join(out, ", ")
}

// draw draws the picture.
func (k *chain) draw() []byte {
	y, width := mapEdge+40, 3*tileWidth
	var tiles []*mapTile
	for _, p := range k.parts {
		if p.folded {
			sum := k.lang.many(len(p.groups), "group", "그룹") + ", " + k.lang.many(p.rules, "rule", "규칙")
			tiles = append(tiles, &mapTile{name: p.title, what: sum, reached: k.wrong(p.bad)})
			continue
		}
		p.place(mapEdge, y)
		y = p.bottom() + mapPad
		width = max(width, p.w)
	}
	if len(k.rest) > 0 {
		groups, rules, bad := 0, 0, 0
		for _, p := range k.rest {
			groups, rules, bad = groups+len(p.groups), rules+p.rules, bad+p.bad
		}
		sum := k.lang.many(groups, "group", "그룹") + ", " + k.lang.many(rules, "rule", "규칙")
		tiles = append(tiles, &mapTile{name: k.lang.many(len(k.rest), "more VPC", "그 밖의 VPC"), what: sum, reached: k.wrong(bad)})
	}
	columns := (width + mapPad) / (chainTile + mapPad)
	for i, t := range tiles {
		t.frame = frame{mapEdge + i%columns*(chainTile+mapPad), y + i/columns*(tileHeight+mapPad), chainTile, tileHeight}
	}
	y += (len(tiles) + columns - 1) / columns * (tileHeight + mapPad)
	w := width + 2*mapEdge
	c := &canvas{}
	c.document(w, k.notes(&canvas{}, w, y), k.lang, k.title(), k.spoken())
	c.squeeze(headline, mapEdge, mapEdge+16, w-2*mapEdge, k.title())
	for _, p := range k.parts {
		if !p.folded {
			k.part(c, p)
		}
	}
	for _, t := range tiles {
		t.draw(c)
	}
	k.notes(c, w, y)
	c.end()
	return []byte(c.b.String())
}

const chainTile = 340 // width of a VPC that is drawn as one box

func (k *chain) part(c *canvas, p *chainPart) {
	within(c, p.title)
	c.rect(p.x, p.y, p.w, p.h, 6, "vpc")
	c.squeeze(strong, p.x+mapPad, p.y+19, p.w-2*mapPad, p.title)
	c.squeeze(faint, p.x+mapPad, p.y+35, p.w-2*mapPad, strings.Join(nonEmpty(k.lang.many(p.rules, "rule", "규칙"), k.wrong(p.bad)), " · "))
	for _, b := range p.sources {
		k.box(c, b)
	}
	for _, b := range p.groups {
		k.box(c, b)
	}
	// The internet's lines are thick and over the others.
	for _, internet := range []bool{false, true} {
		for _, b := range p.groups {
			for _, r := range b.rows {
				if r.from == nil || r.from.column >= b.column || r.from.internet != internet {
					continue
				}
				class := "way"
				if internet {
					class = "net"
				}
				points := linePath(r.from, b, r)
				last := &points[len(points)-1]
				c.shape(class+"-end", point{last.x - 9, last.y - 5}, point{last.x - 9, last.y + 5}, *last)
				last.x -= 8
				c.line(class, points...)
			}
		}
	}
	c.end()
}

func (k *chain) box(c *canvas, b *chainBox) {
	label := []string{strings.Join(nonEmpty(b.name, b.detail), ", ")}
	for _, r := range b.rows {
		label = append(label, strings.Join(nonEmpty(r.text, k.words(r)), ": "))
	}
	leaf(c, strings.Join(label, "; "))
	if b.deck > 0 {
		deck(c, frame{b.x, b.y, b.w, b.h + 6})
	}
	class, round := "subnet", 5
	switch {
	case b.absent:
		class, round = "unknown", 12
	case b.group == nil && b.deck == 0:
		class, round = "account", 12
	}
	c.rect(b.x, b.y, b.w, b.h, round, class)
	c.squeeze(strong, b.x+10, b.y+18, b.w-20, b.name)
	c.squeeze(faint, b.x+10, b.y+33, b.w-20, b.detail)
	for _, r := range b.rows {
		y := r.y - r.h/2
		if len(r.findings) == 0 {
			c.rect(b.x+6, y, b.w-12, r.h, 3, "chip")
			c.squeeze(small, b.x+14, y+15, b.w-28, r.text)
			continue
		}
		class := "unknown"
		if slices.Contains(r.findings, "wide") {
			class = "chip hit"
		}
		c.rect(b.x+6, y, b.w-12, r.h, 3, class)
		c.squeeze(small, b.x+14, y+15, b.w-28, r.text)
		c.squeeze(strong, b.x+14, y+29, b.w-28, k.words(r))
	}
	c.end()
}

// notes draws what the lines mean, what is wrong and what was folded. It returns
// where the picture ends.
func (k *chain) notes(c *canvas, w, y int) int {
	c.line("rule", point{mapEdge, y}, point{w - mapEdge, y})
	y += 22
	c.line("net", point{mapEdge, y - 4}, point{mapEdge + 34, y - 4})
	c.write(small, mapEdge+42, y, k.lang.say("let in from the internet", "인터넷에서 들임"))
	y += 20
	c.line("way", point{mapEdge, y - 4}, point{mapEdge + 34, y - 4})
	for _, l := range small.wrapped(k.lang.say("let in from a group or a range; a group that lets in itself, or one farther to the right, has no line", "그룹이나 주소 범위에서 들임. 자기 자신이나 더 오른쪽의 그룹을 들이는 규칙에는 선이 없음"), w-2*mapEdge-42) {
		c.write(small, mapEdge+42, y, l)
		y += 16
	}
	y -= 6
	if len(k.parts)+len(k.rest) == 0 {
		c.write(small, mapEdge, y+12, k.lang.say("There are no security groups.", "보안 그룹이 없음"))
		y += 20
	}
	y = footnotes(c, k.lang.say("What is wrong with rules", "규칙의 문제"), k.findings(), k.lang, w, y)
	y = footnotes(c, k.lang.say("Folded, so that it stays legible", "읽기 쉽도록 접은 것"), k.folds, k.lang, w, y)
	return footnotes(c, k.lang.say("Not known", "알려지지 않은 것"), k.w.Missing(), k.lang, w, y) + mapEdge - 8
}
