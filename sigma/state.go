package sigma

import (
	"container/heap"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// stateVersion changes when the form of the state does.
const stateVersion = 1

type savedState struct {
	Version    int              `json:"version"`
	Partitions map[string]int64 `json:"partitions"`
	Nodes      []savedNode      `json:"correlations"`
}

type savedNode struct {
	Key         string           `json:"key"`
	Fingerprint string           `json:"fingerprint"`
	Groups      []savedGroup     `json:"groups"` // the longest idle first
	Stats       CorrelationStats `json:"stats"`
}

type savedGroup struct {
	Key     []string      `json:"key"`
	Hits    []savedHit    `json:"hits"`
	Moments []savedMoment `json:"moments"`
	Runs    []savedRun    `json:"runs"`
	CutTo   int64         `json:"cutTo,omitempty"`
}

type savedHit struct {
	Time    int64      `json:"t"`
	ID      string     `json:"id"`
	Refs    uint64     `json:"refs"`
	Values  []string   `json:"values,omitempty"`
	Carried [][]string `json:"carried,omitempty"`
	Inner   *savedRef  `json:"inner,omitempty"`
}

type savedRef struct {
	Node  string `json:"node"`
	Group string `json:"group"`
}

type savedMoment struct {
	Time  int64   `json:"t"`
	Holds bool    `json:"holds,omitempty"`
	Value float64 `json:"value,omitempty"`
}

type savedRun struct {
	Start    int64    `json:"start"`
	End      int64    `json:"end"`
	First    int64    `json:"first,omitempty"`
	Past     []string `json:"past,omitempty"`
	Cut      int      `json:"cut,omitempty"`
	Emitted  bool     `json:"emitted,omitempty"`
	Dirty    bool     `json:"dirty,omitempty"`
	Late     bool     `json:"late,omitempty"`
	Replaces []string `json:"replaces,omitempty"`
}

// fingerprint changes with whatever changes the meaning of a correlation's
// state: what it counts, and what the rules and correlations below it match.
func (c *Correlator) fingerprint(n *node) string {
	type below struct {
		Name string
		Refs uint64
	}
	var rules []below
	for r, edges := range c.byRule {
		for _, e := range edges {
			if e.to == n {
				rules = append(rules, below{r.meaning(), e.refs})
			}
		}
	}
	for _, m := range c.nodes {
		for _, e := range m.parents {
			if e.to == n {
				rules = append(rules, below{c.fingerprint(m), e.refs})
			}
		}
	}
	slices.SortFunc(rules, func(a, b below) int { return int(a.Refs&-a.Refs) - int(b.Refs&-b.Refs) })
	k := n.c
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %v %v %v %v %v %v %v", k.Type, k.GroupBy, k.Timespan, k.Aliases, k.Condition, n.carry, rules, c.limits))
	return hex.EncodeToString(sum[:8])
}

// meaning is what a rule matches, as text: equal wherever in a file it stands.
func (r *Rule) meaning() string {
	if r.Pattern != nil {
		return r.Key() + " " + r.Pattern.source
	}
	text := fmt.Sprintf("%s %v %v", r.Key(), r.LogSource, r.condition)
	for _, s := range r.searches {
		for _, a := range s.alternatives {
			for _, it := range a.items {
				text += fmt.Sprintf(" %q %q %q", s.name, it.field, it.modifiers)
				for _, v := range it.values {
					text += fmt.Sprintf(" %d %q", v.kind, v.text)
				}
			}
			text += ";"
		}
	}
	return text
}

// Export returns all that the correlator remembers, as JSON.
func (c *Correlator) Export() ([]byte, error) {
	s := savedState{Version: stateVersion, Partitions: c.partitions}
	for _, n := range c.nodes {
		saved := savedNode{Key: n.c.Key(), Fingerprint: c.fingerprint(n), Stats: n.stats}
		for e := n.order.Front(); e != nil; e = e.Next() {
			g := n.group[e.Value.(string)]
			sg := savedGroup{Key: g.key, CutTo: g.cutTo}
			for _, h := range g.hits {
				sh := savedHit{h.time, h.id, h.refs, h.values, h.carried, nil}
				if h.inner != nil {
					sh.Inner = &savedRef{h.inner.node.c.Key(), joined(h.inner.key)}
				}
				sg.Hits = append(sg.Hits, sh)
			}
			for _, m := range g.moments {
				sg.Moments = append(sg.Moments, savedMoment{m.time, m.holds, m.value})
			}
			for _, r := range g.runs {
				sg.Runs = append(sg.Runs, savedRun{r.start, r.end, r.first, r.past, r.cut, r.emitted, r.dirty, r.late, r.replaces})
			}
			saved.Groups = append(saved.Groups, sg)
		}
		s.Nodes = append(s.Nodes, saved)
	}
	return json.Marshal(s)
}

// Import takes up what Export returned, into a correlator that has observed
// nothing yet. Correlations that are new, or were changed since, begin with
// nothing; their keys and those of correlations that are gone are returned.
func (c *Correlator) Import(data []byte) (lost []string, err error) {
	var s savedState
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("state of correlations: %w", err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("state of correlations: version %d is not %d", s.Version, stateVersion)
	}
	byKey := map[string]*node{}
	fresh := map[string]bool{}
	for _, n := range c.nodes {
		byKey[n.c.Key()], fresh[n.c.Key()] = n, true
	}
	taken := map[string]bool{}
	for _, saved := range s.Nodes {
		n := byKey[saved.Key]
		if n == nil || c.fingerprint(n) != saved.Fingerprint {
			lost = append(lost, saved.Key)
			delete(fresh, saved.Key)
			continue
		}
		delete(fresh, saved.Key)
		taken[saved.Key] = true
		n.stats = saved.Stats
		for _, sg := range saved.Groups {
			if len(sg.Key) != len(n.c.GroupBy) {
				return nil, fmt.Errorf("state of correlations: %s: a group has %d values", saved.Key, len(sg.Key))
			}
			c.restore(n, sg)
		}
	}
	for _, saved := range s.Nodes {
		if !taken[saved.Key] {
			continue
		}
		n := byKey[saved.Key]
		for _, sg := range saved.Groups {
			g := n.group[joined(sg.Key)]
			for i, sh := range sg.Hits {
				if sh.Inner == nil {
					continue
				}
				below := byKey[sh.Inner.Node]
				if below == nil || below.group[sh.Inner.Group] == nil {
					// The group below was forgotten before: its ids are gone,
					// as they would be without the import.
					g.hits[i].inner = &group{node: n, gone: true}
				} else {
					g.hits[i].inner = below.group[sh.Inner.Group]
				}
				n.chained[sh.ID] = append(n.chained[sh.ID], g)
			}
		}
	}
	for p, t := range s.Partitions {
		c.partitions[p] = t
	}
	c.recompute()
	return append(lost, slices.Sorted(maps.Keys(fresh))...), nil
}

func (c *Correlator) restore(n *node, sg savedGroup) {
	g := &group{node: n, key: sg.Key, cutTo: sg.CutTo}
	id := joined(sg.Key)
	if n.group[id] != nil {
		return
	}
	n.group[id] = g
	n.places[id] = n.order.PushBack(id)
	for _, h := range sg.Hits {
		carried := h.Carried
		if len(carried) != len(n.carry) {
			carried = make([][]string, len(n.carry))
		}
		g.hits = append(g.hits, &hit{time: h.Time, id: h.ID, refs: h.Refs, values: h.Values, carried: carried})
	}
	n.held += len(g.hits)
	for _, m := range sg.Moments {
		g.moments = append(g.moments, moment{m.Time, m.Holds, m.Value})
	}
	for _, r := range sg.Runs {
		g.runs = append(g.runs, &run{start: r.Start, end: r.End, first: r.First, past: r.Past, cut: r.Cut, emitted: r.Emitted, dirty: r.Dirty, late: r.Late, waits: true, replaces: r.Replaces})
		when := r.End + n.span
		if !r.Emitted {
			when = r.Start
		}
		heap.Push(&c.queue, due{when, g, r.Start})
	}
}
