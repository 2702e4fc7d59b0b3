package network

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// RuleUse is a rule with what was seen of it. Of a security group it counts the
// records of both directions of the connections that the rule lets begin; of a
// network ACL and a route table those of the packets that it takes.
type RuleUse struct {
	Kind      string `json:"kind"` // "sg", "nacl", "route-table", "firewall"
	Account   string `json:"account,omitempty"`
	Region    string `json:"region,omitempty"`
	Resource  string `json:"resource"`
	Name      string `json:"name,omitempty"`
	Direction string `json:"direction,omitempty"` // "inbound" or "outbound"
	Rule      string `json:"rule"`
	Flows     int    `json:"flows"`
	Perhaps   int    `json:"perhaps"` // records that may have needed it: who began, or a type of ICMP, is not known
	Alone     int    `json:"alone"`   // records that no other rule lets through
	Bytes     uint64 `json:"bytes"`
	First     int64  `json:"first,omitempty"` // Unix seconds
	Last      int64  `json:"last,omitempty"`
	// Peers are the smallest ranges of those that were seen on the other side.
	Peers []string `json:"peers"`
	Ports []string `json:"ports"` // "tcp 443": destination ports
	// Interfaces are behind the rule; Observed of them have records, over Hours
	// hours from From to To together.
	Interfaces int   `json:"interfaces"`
	Observed   int   `json:"observed"`
	Hours      int   `json:"hours"`
	From       int64 `json:"from,omitempty"`
	To         int64 `json:"to,omitempty"`
	// Findings are "unused", "over-wide" and "unobserved".
	Findings []string `json:"findings"`
	// Narrower are the rules that what was seen needs in its place: it was proven on
	// a copy of the network, with all other proposals in place, that every accepted
	// flow still passes.
	Narrower []string `json:"narrower,omitempty"`
	// Claim says in words what is known of the rule and what was not covered.
	Claim string `json:"claim"`
}

// Refused is what refuses packets at an interface.
type Refused struct {
	Interface string   `json:"interface"`
	Resource  string   `json:"resource"`
	Direction string   `json:"direction"`
	By        string   `json:"by"` // "" when nothing of the snapshot does
	Why       string   `json:"why"`
	Flows     int      `json:"flows"`
	Bytes     uint64   `json:"bytes"`
	First     int64    `json:"first"`
	Last      int64    `json:"last"`
	Peers     []string `json:"peers"`
	Ports     []string `json:"ports"`
}

// Unexplained is traffic that was accepted and that no security group of the
// snapshot lets begin.
type Unexplained struct {
	Interface string `json:"interface"`
	Direction string `json:"direction"`
	Peer      string `json:"peer"`
	Port      string `json:"port"`
	Flows     int    `json:"flows"`
	First     int64  `json:"first"`
	Last      int64  `json:"last"`
}

// maxUnexplained bounds the list; the number is whole.
const maxUnexplained = 200

// Usage is what flow records say about the rules of a network.
type Usage struct {
	Observation Observation   `json:"observation"`
	Rules       []RuleUse     `json:"rules"`
	Talks       []Talk        `json:"talks"` // who talked with whom
	Refused     []Refused     `json:"refused"`
	Unexplained []Unexplained `json:"unexplained"`
	// UnexplainedFlows counts all of them, and the list is of those with the most.
	UnexplainedFlows int `json:"unexplainedFlows"`
}

// Usage says what the records so far show.
func (r *Replay) Usage() *Usage {
	u := &Usage{Rules: []RuleUse{}, Refused: r.refusals(), Talks: r.talkings()}
	// Uses of security groups and firewalls follow from the talks, anew each time.
	clear(r.vague)
	for k := range r.uses {
		switch k.(type) {
		case *groupRule, wallUse:
			delete(r.uses, k)
		}
	}
	r.fold(u)
	walls := r.walls()
	u.Observation = r.observation(walls)
	narrower := r.narrow()
	for _, res := range r.w.g.Resources() {
		switch c := r.w.of[res].(type) {
		case *group:
			behind := r.membersOf(c)
			for _, side := range []struct {
				in    bool
				rules []groupRule
			}{{true, c.in}, {false, c.out}} {
				for i := range side.rules {
					x := r.row("sg", res, side.in, side.rules[i].text, &side.rules[i], behind)
					if p := narrower[&side.rules[i]]; p != nil {
						x.Narrower = p
						x.Findings = append(x.Findings, "over-wide")
					}
					u.Rules = append(u.Rules, x)
				}
			}
		case *acl:
			behind := r.within(func(s *subnet) bool { return s.acl == c })
			for _, side := range []struct {
				in    bool
				rules []aclRule
			}{{true, c.in}, {false, c.out}} {
				for i := range side.rules {
					u.Rules = append(u.Rules, r.row("nacl", res, side.in, entryText(&side.rules[i]), &side.rules[i], behind))
				}
			}
		case *table:
			behind := r.within(func(s *subnet) bool { return s.table == c })
			for i := range c.routes {
				u.Rules = append(u.Rules, r.row("route-table", res, false, c.routes[i].text+" → "+c.routes[i].target.id, &c.routes[i], behind))
			}
		case *firewall:
			behind := r.within(func(s *subnet) bool { return s.vpc == c.vpc })
			for _, name := range wallNames(c) {
				u.Rules = append(u.Rules, r.row("firewall", res, false, name, wallUse{c, name}, behind))
			}
		}
	}
	for i := range u.Rules {
		r.claim(&u.Rules[i])
	}
	return u
}

func entryText(e *aclRule) string {
	if e.allow {
		return e.text + " allow"
	}
	return e.text + " deny"
}

// fold counts the talks at the rules that they need.
func (r *Replay) fold(u *Usage) {
	for t, s := range r.talks {
		if t.nic.noGroups {
			continue
		}
		if t.nic.groupsWhy != nil {
			r.vague["the security groups of "+t.nic.id] += s.flows
		}
		found := r.matching(t)
		if len(found) == 0 && t.nic.groupsWhy == nil {
			u.UnexplainedFlows += s.flows
			u.Unexplained = append(u.Unexplained, Unexplained{t.nic.id, wayOf(t.in), t.peer.String(), t.service(), s.flows, s.first, s.last})
			continue
		}
		for x, sure := range found {
			v := r.useOf(x)
			v.saw(s.traffic, sure && !s.unclear, t.peer, t.proto, t.port)
			if len(found) == 1 && sure && !s.unclear {
				v.alone += s.flows
			}
		}
	}
	slices.SortFunc(u.Unexplained, func(a, b Unexplained) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), strings.Compare(a.Interface, b.Interface), strings.Compare(a.Peer, b.Peer), strings.Compare(a.Port, b.Port), strings.Compare(a.Direction, b.Direction))
	})
	u.Unexplained = u.Unexplained[:min(len(u.Unexplained), maxUnexplained)]
	if u.Unexplained == nil {
		u.Unexplained = []Unexplained{}
	}
}

func wayOf(in bool) string {
	if in {
		return "inbound"
	}
	return "outbound"
}

func (t talk) service() string {
	if cidr.Ported().Has(int(t.proto)) {
		return cidr.ProtoName(int(t.proto)) + " " + strconv.Itoa(int(t.port))
	}
	return cidr.ProtoName(int(t.proto))
}

// wallUse is a rule of a firewall by its name.
type wallUse struct {
	wall *firewall
	name string
}

func wallNames(f *firewall) []string {
	var out []string
	if !f.passed.Empty() {
		out = append(out, "stateless pass")
	}
	for _, x := range f.rules {
		if x.action != "alert" && !slices.Contains(out, x.name) {
			out = append(out, x.name)
		}
	}
	return out
}

// walls asks the network which rules of firewalls the talks need, and says how
// many of them it did not ask.
func (r *Replay) walls() (left int) {
	byID := map[string]*firewall{}
	for _, res := range r.w.g.Resources() {
		if f, ok := r.w.of[res].(*firewall); ok {
			byID[res.ID] = f
		}
	}
	if len(byID) == 0 {
		return 0
	}
	type way struct {
		src, dst netip.Addr
		proto    uint8
		port     uint16
	}
	known := map[way]bool{}
	for t, s := range r.talks {
		x := way{t.own, t.peer, t.proto, t.port}
		q := Question{Src: End{ID: t.nic.id}, Dst: End{Address: t.peer.String()}, Proto: word(strconv.Itoa(int(t.proto)))}
		if t.in {
			x.src, x.dst = t.peer, t.own
			q.Src, q.Dst = q.Dst, q.Src
		}
		if cidr.Ported().Has(int(t.proto)) {
			q.Port = word(strconv.Itoa(int(t.port)))
		}
		if known[x] {
			continue // the other end has it too
		}
		if len(known) >= maxWalks {
			left += s.flows
			continue
		}
		known[x] = true
		a, err := r.w.reach(q)
		if err != nil {
			left += s.flows
			continue
		}
		for _, h := range a.Forward.Hops {
			f := byID[h.Resource]
			if h.Kind != "firewall" || f == nil {
				continue
			}
			for _, name := range wallNames(f) {
				// A name may have commas of its own.
				if strings.Contains(", "+h.Rule+", ", ", "+name+", ") {
					r.useOf(wallUse{f, name}).saw(s.traffic, h.Rule == name && !s.unclear && a.Verdict == Reachable, t.peer, t.proto, t.port)
				}
			}
		}
	}
	return left
}

// membersOf are the interfaces that carry a group, those that are gone too.
func (r *Replay) membersOf(g *group) []*nic {
	out := slices.Clone(g.members)
	for _, n := range r.gone {
		if slices.Contains(n.groups, g) {
			out = append(out, n)
		}
	}
	return out
}

func (r *Replay) within(is func(*subnet) bool) []*nic {
	var out []*nic
	for _, n := range r.w.nics {
		if n.subnet != nil && is(n.subnet) {
			out = append(out, n)
		}
	}
	return out
}

func (r *Replay) row(kind string, res *haetae.Resource, in bool, rule string, key any, behind []*nic) RuleUse {
	x := RuleUse{Kind: kind, Account: res.Account, Region: res.Region, Resource: res.ID, Rule: rule, Interfaces: len(behind), Peers: []string{}, Ports: []string{}, Findings: []string{}}
	x.Name, _ = res.Tags["Name"].(string)
	if kind == "sg" || kind == "nacl" {
		x.Direction = wayOf(in)
	}
	if kind == "sg" {
		x.Name = text(res.Props["GroupName"])
	}
	accepted := 0
	for _, n := range behind {
		o := r.watch[n]
		if o == nil {
			continue
		}
		x.Observed++
		accepted += o.accepted + o.nodata
		x.Hours += len(o.hours)
		if x.From == 0 || o.first < x.From {
			x.From = o.first
		}
		x.To = max(x.To, o.last)
	}
	if u := r.uses[key]; u != nil {
		x.Flows, x.Perhaps, x.Alone, x.Bytes, x.First, x.Last = u.flows, u.perhaps, u.alone, u.bytes, u.first, u.last
		x.Peers, x.Ports = u.peerTexts(), u.portTexts()
		return x
	}
	switch {
	case accepted == 0:
		x.Findings = append(x.Findings, "unobserved")
	default:
		x.Findings = append(x.Findings, "unused")
	}
	return x
}

func (u *use) addrs() cidr.Addrs {
	list := slices.SortedFunc(maps.Keys(u.peers), netip.Addr.Compare)
	return union(list)
}

// union joins addresses by halves, so that many are joined fast.
func union(list []netip.Addr) cidr.Addrs {
	switch len(list) {
	case 0:
		return cidr.Addrs{}
	case 1:
		return cidr.One(list[0])
	}
	return union(list[:len(list)/2]).Union(union(list[len(list)/2:]))
}

func (u *use) peerTexts() []string {
	out := u.addrs().Strings()
	if u.cut {
		out = append(out, "and more")
	}
	return out
}

func (u *use) portsOf(proto uint8) cidr.Ports {
	var out cidr.Ports
	bits := u.ports[proto]
	for from := 0; from < 65536; from++ {
		if bits[from/64] == 0 {
			from |= 63
			continue
		}
		if bits[from/64]&(1<<(from%64)) == 0 {
			continue
		}
		to := from
		for to < 65535 && bits[(to+1)/64]&(1<<((to+1)%64)) != 0 {
			to++
		}
		out = out.Union(cidr.PortRange(from, to))
		from = to
	}
	return out
}

func (u *use) portTexts() []string {
	out := []string{}
	for _, p := range slices.Sorted(maps.Keys(u.ports)) {
		if !cidr.Ported().Has(int(p)) {
			out = append(out, cidr.ProtoName(int(p)))
			continue
		}
		for _, s := range u.portsOf(p).Strings() {
			out = append(out, cidr.ProtoName(int(p))+" "+s)
		}
	}
	return out
}

func (r *Replay) refusals() []Refused {
	out := []Refused{}
	for k, u := range r.refuse {
		x := Refused{Interface: k.nic.id, Resource: k.nic.res.ID, Direction: wayOf(k.in), By: k.by, Why: k.why, Flows: u.flows, Bytes: u.bytes, First: u.first, Last: u.last, Peers: u.peerTexts(), Ports: u.portTexts()}
		if list := r.w.ownersOf[k.nic]; len(list) > 0 {
			x.Resource = list[0].ID
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Refused) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), strings.Compare(a.Interface, b.Interface), strings.Compare(a.Direction, b.Direction), strings.Compare(a.By+a.Why, b.By+b.Why))
	})
	return out
}
