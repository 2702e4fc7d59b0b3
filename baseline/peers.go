package baseline

// group is keys that should be alike.
type group struct {
	members     int // keys of it that are known now
	since, last int64
}

func (g *group) see(t int64) {
	g.since, g.last = min(g.since, t), max(g.last, t)
}

// peers counts the keys of a group that have a value. A key whose value went to
// a filter stays counted until the whole group no longer has the value, since a filter
// does not say when one goes. So counts err to more peers, which makes a
// value less rare.
type peers struct {
	held, spilled uint32
	last          uint16
}

// place names the count of a value in a group.
func place(g uint64, c code) uint64 { return mix(g ^ mix(uint64(c))) }

// join adds a key to its group, or takes it away, with all that it has.
func (e *Engine) join(h *habit, by int) {
	if h.group == 0 {
		return
	}
	g := e.groups[h.group]
	if g == nil {
		g = &group{since: h.since, last: h.last}
		e.groups[h.group] = g
		e.changed.groups[h.group] = true
	}
	g.members += by
	for i := range h.seen {
		e.hold(h, h.seen[i].code(), by, h.seen[i].last)
	}
}

// hold counts that one key more (1) or less (-1) has a value, or has it still (0).
func (e *Engine) hold(h *habit, c code, by int, last uint16) {
	if h.group == 0 {
		return
	}
	at := place(h.group, c)
	p := e.with[at]
	p.held = uint32(max(0, int(p.held)+by))
	p.last = max(p.last, last)
	if p.held+p.spilled == 0 {
		delete(e.with, at)
		return
	}
	e.with[at] = p
}

// release counts a value that went from a key to a filter.
func (e *Engine) release(h *habit, c code) {
	if h.group == 0 {
		return
	}
	at := place(h.group, c)
	p := e.with[at]
	if p.held > 0 {
		p.held--
	}
	p.spilled++
	e.with[at] = p
	e.changed.spilled[at] = true
}

// peers fills in how many other keys of the group have the value.
func (e *Engine) peers(s *slot, h *habit, c code, v *Verdict, known bool, floor uint16) {
	if h.group == 0 {
		return
	}
	v.PeersN = e.groups[h.group].members - 1
	if p := e.with[place(h.group, c)]; p.last >= floor {
		v.PeersWith = int(p.held) + int(p.spilled)
	}
	if _, own := h.find(c); own && v.PeersWith > 0 {
		v.PeersWith-- // itself, also where it had the value before the window
	}
	v.PeersWith = min(v.PeersWith, v.PeersN)
	if v.PeersN > 0 {
		v.Share = float64(v.PeersWith) / float64(v.PeersN)
	}
}
