package control

import (
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/network"
)

// traveller answers the questions of controls about the network, over the whole
// graph. What the internet reaches is walked once, for all of them.
type traveller struct {
	inbound    *network.Inbound
	passages   map[[2]network.End]*network.Passage
	inspection map[*haetae.Resource]network.Inspection
}

// traveller is made when the first control asks. A template is a network too.
func (f *frame) traveller() *traveller {
	if f.run.travels == nil {
		f.run.travels = &traveller{inbound: network.Build(f.graph).Inbound(), passages: map[[2]network.End]*network.Passage{}, inspection: map[*haetae.Resource]network.Inspection{}}
	}
	return f.run.travels
}

// inGraph is the resource of the graph that a value is. A copy of it, as evidence
// is narrowed with, stands for it.
func (f *frame) inGraph(v any) (*haetae.Resource, any) {
	r, ok := v.(*haetae.Resource)
	if !ok {
		if isUnknown(v) {
			return nil, v
		}
		return nil, faulty("net functions ask about resources")
	}
	if x := f.graph.Get(r.Key()); x != nil {
		return x, nil
	}
	return r, nil
}

// unread are the facts on which an answer hangs. When a template leaves none of
// its own open, what is elsewhere only a live account has.
func (f *frame) unread(list []*haetae.Unknown) unknowns {
	elsewhere := func(u *haetae.Unknown) bool { return u.Reason == haetae.NotAsked }
	if !f.self.Declared() || !slices.ContainsFunc(list, elsewhere) {
		return list
	}
	if own := slices.DeleteFunc(slices.Clone(list), elsewhere); len(own) > 0 {
		return own
	}
	u := *list[0]
	u.Reason = haetae.LiveOnly
	return unknowns{&u}
}

// portsOf is the packets of TCP to the ports that a list names, and what is not
// known of them. bad is set when the list is none of ports.
func portsOf(v any) (set cidr.Set, more, bad any) {
	list, more, ok := items(v)
	if !ok {
		return set, nil, faulty("ports are a list of numbers")
	}
	var ports cidr.Ports
	for _, x := range list {
		switch n := x.(type) {
		case int64:
			ports = ports.Union(cidr.PortRange(int(n), int(n)))
		case string:
			p, err := cidr.ParsePorts(n)
			if err != nil {
				more = merge(more, unknowns{{Reason: haetae.Unreadable, Detail: n + " is no port"}})
				continue
			}
			ports = ports.Union(p)
		case nil:
			more = merge(more, unknowns{{Reason: haetae.NotAsked, Detail: "the port was not read"}})
		default:
			if !isUnknown(x) {
				return set, nil, faulty("a port is a number")
			}
			more = merge(more, x)
		}
	}
	if !ports.Empty() {
		set = network.On(cidr.TCP, ports)
	}
	return set, more, nil
}

// everyPort is all packets to ports of TCP and UDP.
func everyPort() cidr.Set { return network.On(0, cidr.AllPorts()) }

// netExposed is net.exposed(resource) and net.exposed(resource, ports).
func netExposed(f *frame, args []any) any {
	r, why := f.inGraph(args[0])
	if why != nil {
		return why
	}
	want, more := everyPort(), any(nil)
	if len(args) > 1 {
		var bad any
		if want, more, bad = portsOf(args[1]); bad != nil {
			return bad
		}
	}
	p, ok := f.traveller().inbound.To(r)
	if !ok {
		return faulty(r.Type + " has no place in the network")
	}
	if got := network.Strangers(p.Free.Intersect(want)); !got.Empty() {
		f.derived("net.exposed", arrival(network.Summary(got), "internet", p.Way(got)))
		return true
	}
	may := want
	if more != nil {
		may = network.On(cidr.TCP, cidr.AllPorts())
	}
	switch {
	case network.Strangers(p.May.Intersect(may)).Empty():
		f.derived("net.exposed", false)
		return false
	case more != nil && !network.Strangers(p.Free.Intersect(may)).Empty():
		return opaque(more)
	}
	return merge(f.unread(p.Missing), more)
}

// netExposedPorts is net.exposed_ports(resource).
func netExposedPorts(f *frame, args []any) any {
	r, why := f.inGraph(args[0])
	if why != nil {
		return why
	}
	p, ok := f.traveller().inbound.To(r)
	if !ok {
		return faulty(r.Type + " has no place in the network")
	}
	tcp := network.On(cidr.TCP, cidr.AllPorts())
	got := network.Strangers(p.Free.Intersect(tcp))
	ports := network.Ports(got, cidr.TCP)
	if !network.Ports(network.Strangers(p.May.Intersect(tcp)), cidr.TCP).Equal(ports) {
		return f.unread(p.Missing)
	}
	if !got.Empty() {
		f.derived("net.exposed_ports", arrival(network.Summary(got), "internet", p.Way(got)))
	}
	return int64(ports.Len())
}

// netReaches is net.reaches(from, to, port).
func netReaches(f *frame, args []any) any {
	want, more, bad := portsOf([]any{args[2]})
	if bad != nil || more != nil {
		return merge(bad, more)
	}
	var ends [2]network.End
	for i := range ends {
		switch v := args[i].(type) {
		case string:
			ends[i] = network.End{ID: v}
		default:
			r, why := f.inGraph(v)
			if why != nil {
				return why
			}
			if _, ok := f.traveller().inbound.To(r); !ok {
				return faulty(r.Type + " has no place in the network")
			}
			ends[i] = network.EndOf(r)
		}
	}
	t := f.traveller()
	p := t.passages[ends]
	if p == nil {
		var err error
		if p, err = t.inbound.Passage(ends[0], ends[1]); err != nil {
			return f.unread([]*haetae.Unknown{{Reason: haetae.NotAsked, Detail: err.Error()}})
		}
		t.passages[ends] = p
	}
	switch {
	case p.Free.Overlaps(want):
		f.derived("net.reaches", arrival(network.Summary(p.Free.Intersect(want)), ends[0].ID, p.Way(want)))
		return true
	case p.May.Overlaps(want):
		return f.unread(p.Missing)
	}
	f.derived("net.reaches", false)
	return false
}

// netSteppingStones is net.stepping_stones(resource, ports).
func netSteppingStones(f *frame, args []any) any {
	r, why := f.inGraph(args[0])
	if why != nil {
		return why
	}
	want, more, bad := portsOf(args[1])
	if bad != nil {
		return bad
	}
	in := f.traveller().inbound
	list, unread, ok := in.Stones(r, want)
	if !ok {
		return faulty(r.Type + " has no place in the network")
	}
	open := f.unread(unread)
	if more != nil {
		// A port that is not known matters only if some port is open to a stone.
		all, allUnread, _ := in.Stones(r, network.On(cidr.TCP, cidr.AllPorts()))
		if len(all)+len(allUnread) > len(list) {
			open = append(open, causes(more)...)
		}
	}
	out, told := []any{}, []any{}
	for _, s := range list {
		out = append(out, map[string]any{"who": s.Resource.ID, "type": s.Resource.Type})
		told = append(told, "internet → "+s.Resource.ID+" → "+network.Told(s.Way))
	}
	f.derived("net.stepping_stones", told)
	return listWith(out, open)
}

// netExposedTargets is net.exposed_targets(target group).
func netExposedTargets(f *frame, args []any) any {
	r, why := f.inGraph(args[0])
	if why != nil {
		return why
	}
	list, unread, ok := f.traveller().inbound.Around(r)
	if !ok {
		return faulty(r.Type + " has no targets in the network")
	}
	out, told := []any{}, []any{}
	for _, t := range list {
		out = append(out, t.ID)
		told = append(told, "internet → "+network.Told(t.Way))
	}
	f.derived("net.exposed_targets", told)
	return listWith(out, f.unread(unread))
}

// inspected looks at a VPC once for all that ask.
func (f *frame) inspected(v any) (network.Inspection, any) {
	r, why := f.inGraph(v)
	if why != nil {
		return network.Inspection{}, why
	}
	t := f.traveller()
	i, done := t.inspection[r]
	if !done {
		var ok bool
		if i, ok = t.inbound.Inspection(r); !ok {
			return i, faulty(r.Type + " is no VPC")
		}
		t.inspection[r] = i
	}
	return i, nil
}

// netInspected is net.inspected(vpc).
func netInspected(f *frame, args []any) any {
	i, why := f.inspected(args[0])
	switch {
	case why != nil:
		return why
	case !i.Inspected && len(i.Missing) > 0:
		return f.unread(i.Missing)
	}
	return i.Inspected
}

// netBypasses is net.bypasses(vpc).
func netBypasses(f *frame, args []any) any {
	i, why := f.inspected(args[0])
	if why != nil {
		return why
	}
	out, told := []any{}, []any{}
	for _, b := range i.Bypasses {
		out = append(out, map[string]any{"who": b.Resource.ID, "type": b.Resource.Type, "direction": b.Direction})
		told = append(told, b.Direction+" "+b.Resource.ID+": "+network.Told(b.Way))
	}
	f.derived("net.bypasses", told)
	return listWith(out, f.unread(i.Missing))
}

// arrival is what gets there and how, for people.
func arrival(packets []string, from string, way []network.Hop) string {
	if len(packets) > 4 {
		packets = append(slices.Clone(packets[:4]), strconv.Itoa(len(packets)-4)+" more")
	}
	return strings.Join(packets, ", ") + ": " + from + " → " + network.Told(way)
}

// derived notes as evidence what an answer over the whole network rests on.
func (f *frame) derived(name string, v any) {
	if f.trace != nil {
		f.trace.reads = append(f.trace.reads, reading{path: name + "(r)", value: v, derived: true})
	}
}
