package network

import "slices"

// The measures of a map, in pixels.
const (
	mapEdge    = 24 // around all
	mapPad     = 12 // within a box
	chipWidth  = 220
	subWidth   = chipWidth + 2*8
	zoneWidth  = subWidth + 2*8
	gateWidth  = 160
	mapLane    = 8   // between two lines
	mapColumns = 4   // zones beside each other
	tileWidth  = 236 // of what is folded
	tileHeight = 62
)

// mapRow is a row of subnets with the lines above them.
type mapRow struct {
	band, top, height int
	lanes             []*mapGate
}

// place says where everything is, from a point down. It returns the width that the
// boxes need.
func (a *atlas) place(x, y int) (width, bottom int) {
	for _, acct := range a.accounts {
		acct.x, acct.y = x, y
		acct.h = acct.place(a.lang)
		y = acct.bottom() + mapPad
		width = max(width, acct.w)
	}
	if a.rest != nil {
		y += 48 + mapPad
	}
	width = max(width, 2*tileWidth+6*mapPad)
	// All boxes of a kind are as wide as the widest, so that lines leave them at one
	// place.
	for _, acct := range a.accounts {
		acct.w = width
		for _, r := range acct.regions {
			r.w = width - 2*mapPad
		}
	}
	return width, y
}

// place places what is in an account and returns how high it is.
func (acct *mapAccount) place(lang tongue) int {
	if acct.folded {
		return 48
	}
	y := acct.y + 32
	for _, r := range acct.regions {
		r.x, r.y = acct.x+mapPad, y
		r.h = r.place(lang)
		y = r.bottom() + mapPad
		acct.w = max(acct.w, r.w+2*mapPad)
	}
	return y - acct.y
}

// place places what is in a region. VPCs stand one below the other; those that are
// folded share rows.
func (r *mapRegion) place(lang tongue) int {
	if r.folded {
		return 48
	}
	x, y := r.x+mapPad, r.y+28
	for _, v := range r.vpcs {
		if v.folded {
			continue
		}
		v.x, v.y = x, y
		v.place(lang)
		y = v.bottom() + mapPad
		r.w = max(r.w, v.w+2*mapPad)
	}
	columns := max(2, (r.w-mapPad)/(tileWidth+mapPad))
	r.tiles = r.folds(lang)
	for i := range r.tiles {
		t := &r.tiles[i]
		t.frame = frame{x + i%columns*(tileWidth+mapPad), y + i/columns*(tileHeight+mapPad), tileWidth, tileHeight}
		r.w = max(r.w, t.right()+mapPad-r.x)
	}
	y += (len(r.tiles) + columns - 1) / columns * (tileHeight + mapPad)
	for _, h := range r.hubs {
		at, tall := x, 50
		for _, g := range h.other {
			g.size(lang)
			g.x, g.y = at, y
			at += gateWidth + 36
			tall = max(tall, g.h)
		}
		h.x, h.y, h.w, h.h = at, y, tileWidth, tall
		r.w = max(r.w, h.right()+mapPad-r.x)
		y = h.bottom() + mapPad
	}
	return y - r.y
}

// mapTile is what was folded, as a small box.
type mapTile struct {
	frame
	name, what, reached string
}

// folds are the tiles of a region.
func (r *mapRegion) folds(lang tongue) []mapTile {
	var out []mapTile
	tile := func(name string, sum tally) {
		out = append(out, mapTile{name: name, what: lang.sums(tally{subnets: sum.subnets, nics: sum.nics}), reached: lang.reached(sum)})
	}
	for _, v := range r.vpcs {
		if v.folded {
			tile(v.title(), v.sum)
		}
	}
	if r.rest != nil {
		tile(lang.many(r.rest.vpcs, "more VPC", "그 밖의 VPC"), *r.rest)
	}
	if len(r.loose) > 0 {
		var names []string
		for _, n := range r.loose {
			names = append(names, nameOf(n.res))
		}
		out = append(out, mapTile{name: lang.many(len(names), "interface", "인터페이스"), what: lang.say("VPC not known: ", "VPC를 알 수 없음: ") + few(names)})
	}
	return out
}

// place places what is in a VPC: gateways to the internet at the left, to other
// networks at the right, and between them zones side by side with their subnets in
// rows, by what routes make of them.
func (v *mapVPC) place(lang tongue) {
	v.lines()
	x := v.x + mapPad
	if len(v.left) > 0 {
		x += gateWidth + 6 + mapLane*len(v.left)
	}
	columns := min(mapColumns, len(v.zones))
	at := make([]int, columns)
	for c := range columns {
		lanes := 0
		for _, g := range v.inner {
			if g.in.zone.col == c {
				g.lane = x + 10 + mapLane*lanes
				lanes++
			}
		}
		x += 10 + mapLane*lanes
		if lanes > 0 {
			x += 4
		}
		at[c] = x
		x += zoneWidth
	}
	if len(v.right) > 0 {
		for i, g := range v.right {
			g.lane = x + 12 + mapLane*i
			g.x = x + 20 + mapLane*len(v.right)
		}
		x = v.right[0].x + gateWidth
	}
	for i, g := range v.left {
		g.x = v.x + mapPad
		g.lane = g.x + gateWidth + 8 + mapLane*i
	}
	v.w = max(x+mapPad-v.x, 2*tileWidth)
	bottom := v.grid(lang, at)
	bottom = max(bottom, v.column(lang, v.left), v.column(lang, v.right))
	v.h = bottom + mapPad - v.y
}

// size says how large a gateway's box is.
func (g *mapGate) size(lang tongue) { g.w, g.h = gateWidth, 26+15*len(g.lines(lang)) }

const mapHead = 46 // height of a VPC's name and address range

// column places gateways one below the other.
func (v *mapVPC) column(lang tongue, list []*mapGate) int {
	y := v.y + mapHead
	for i, g := range list {
		g.size(lang)
		if i == 0 && len(v.rows) > 0 && slices.Index(v.rows[0].lanes, g) == 0 {
			y = max(v.y+mapHead-6, v.rows[0].top-g.h/2) // its line is straight
		}
		g.y = y
		y = g.bottom() + 8
	}
	return y
}

// grid places zones, subnets and chips.
func (v *mapVPC) grid(lang tongue, at []int) int {
	y := v.y + mapHead
	band := -1
	for i := range v.rows {
		row := &v.rows[i]
		if row.band != band {
			if band >= 0 {
				y += 12
			}
			band = row.band
			for _, z := range v.zones {
				if z.band == band {
					z.x, z.y, z.w = at[z.col], y, zoneWidth
				}
			}
			y += 22
		}
		row.top = y + 6
		y += 12 + mapLane*len(row.lanes)
		for _, z := range v.zones {
			for _, s := range z.subnets {
				if s.row == i {
					s.x, s.y, s.w = z.x+8, y, subWidth
					s.place(lang)
					row.height = max(row.height, s.h)
				}
			}
		}
		y += row.height + 8
		for _, z := range v.zones {
			if z.band == band {
				z.h = y - z.y
			}
		}
	}
	return y
}

// place places the chips of a subnet.
func (s *mapSubnet) place(lang tongue) {
	y := s.y + 26 + 15*len(s.facts(lang))
	for _, c := range s.chips {
		c.x, c.y, c.w = s.x+8, y, chipWidth
		c.h = 24 + 15*(len(c.lines(lang))-1)
		y = c.bottom() + 6
		if c.deck {
			y += 4
		}
	}
	s.h = y + 4 - s.y
}

// lines says which row each subnet is in and which lines run above each row.
func (v *mapVPC) lines() {
	v.rows = nil
	for i, z := range v.zones {
		z.band, z.col = i/mapColumns, i%mapColumns
	}
	for band := range (len(v.zones) + mapColumns - 1) / mapColumns {
		for t := public; t <= obscure; t++ {
			depth := 0
			for _, z := range v.zones {
				n := 0
				for _, s := range z.subnets {
					if z.band == band && s.tier == t {
						s.row = len(v.rows) + n
						n++
					}
				}
				depth = max(depth, n)
			}
			for range depth {
				v.rows = append(v.rows, mapRow{band: band})
			}
		}
	}
	order := slices.Concat(v.left, v.inner, v.right)
	for _, z := range v.zones {
		for _, s := range z.subnets {
			var sorted []*mapGate
			for _, g := range order {
				if slices.Contains(s.gates, g) {
					sorted = append(sorted, g)
					if row := &v.rows[s.row]; !slices.Contains(row.lanes, g) {
						row.lanes = append(row.lanes, g)
					}
				}
			}
			s.gates = sorted
		}
	}
	for i := range v.rows {
		lanes := v.rows[i].lanes
		slices.SortStableFunc(lanes, func(x, y *mapGate) int { return slices.Index(order, x) - slices.Index(order, y) })
	}
}

// route is the points of the line from a gateway to a subnet.
func (v *mapVPC) route(g *mapGate, s *mapSubnet) []point {
	row := v.rows[s.row]
	y := row.top + mapLane*slices.Index(row.lanes, g)
	drop := s.x + 16 + 12*slices.Index(s.gates, g)
	from := point{g.right(), g.middle()}
	switch {
	case g.chip != nil:
		from = point{g.chip.x, g.chip.middle()}
	case slices.Contains(v.right, g):
		from.x = g.x
	}
	return []point{from, {g.lane, from.y}, {g.lane, y}, {drop, y}, {drop, s.y}}
}

// link joins the boxes of VPCs and transit gateways at the right of the map.
type mapLink struct {
	from []*frame
	lane int
}

func (l *mapLink) span() (top, bottom int) {
	top, bottom = l.from[0].middle(), l.from[0].middle()
	for _, f := range l.from {
		top, bottom = min(top, f.middle()), max(bottom, f.middle())
	}
	return top, bottom
}

// links finds what peering connections and transit gateways join, and gives each a
// lane that no other uses at the same height. It returns how many lanes there are.
func (a *atlas) links() (list []*mapLink, lanes int) {
	peerings, hubs := map[*peering]*mapLink{}, map[*hub]*mapLink{}
	var order []*mapLink
	for _, acct := range a.accounts {
		for _, r := range acct.regions {
			if acct.folded || r.folded {
				continue
			}
			for _, v := range r.vpcs {
				for _, g := range v.right {
					switch {
					case v.folded:
					case g.peer != nil:
						order = join(peerings, g.peer, &g.frame, order)
					case g.hub != nil:
						order = join(hubs, g.hub, &g.frame, order)
					}
				}
			}
			for _, h := range r.hubs {
				order = join(hubs, h.hub, &h.frame, order)
			}
		}
	}
	var used []int // where the last link of each lane ends
	for _, l := range order {
		if len(l.from) > 1 {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(x, y *mapLink) int {
		a, _ := x.span()
		b, _ := y.span()
		return a - b
	})
	for _, l := range list {
		top, bottom := l.span()
		lane := slices.IndexFunc(used, func(end int) bool { return end+6 < top })
		if lane < 0 {
			lane = len(used)
			used = append(used, 0)
		}
		l.lane, used[lane] = lane, bottom
	}
	return list, len(used)
}

func join[K comparable](of map[K]*mapLink, k K, f *frame, order []*mapLink) []*mapLink {
	l := of[k]
	if l == nil {
		l = &mapLink{}
		of[k] = l
		order = append(order, l)
	}
	l.from = append(l.from, f)
	return order
}
