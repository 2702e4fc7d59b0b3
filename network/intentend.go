package network

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// set is the places of one side of an intent.
type set struct {
	nics   []*nic   // interfaces with all their addresses, in order of the terms
	others []member // whatever else: addresses, the internet, what is behind a gateway
	gaps   []string // why there may be more of them
}

// member is places of one term that are not plain interfaces.
type member struct {
	end    End
	places []*place
}

// termError is what is wrong with an end of an intent.
func termError(in *Intent, t Term, err error) error {
	where := in.Place.File
	if line := max(t.Line, in.Place.Line); line > 0 && (t.Line > 0 || where != "") {
		if t.Line > 0 {
			line = t.Line
		}
		where = fmt.Sprintf("%s:%d", where, line)
	}
	return &haetae.Error{Code: haetae.CodeOf(err), Op: where, Err: fmt.Errorf("intent %s: %w", in.ID, err), Hint: haetae.HintOf(err)}
}

// scope finds the ends of an intent.
func (k *intentKeeper) scope(in *Intent) (*scope, error) {
	if err := in.Check(); err != nil {
		return nil, termError(in, Term{}, &haetae.Error{Code: haetae.Invalid, Err: err})
	}
	s := &scope{in: in, breaches: map[breachKey]*Breach{}, request: map[string]bool{}, missing: map[string]bool{},
		result: Outcome{ID: in.ID, Title: in.Title, Must: in.Must, Place: in.Place}}
	s.m, _ = in.match()
	var errs [3]error
	s.from, errs[0] = k.set(in, in.From)
	s.to, errs[1] = k.set(in, in.To)
	if in.Must == MustThrough {
		s.via, errs[2] = k.via(in)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	// Who is an inspection point itself needs no other: what it sends and takes
	// passes it.
	own := func(n *nic) bool { return s.via.holds(n.id) }
	from, to := len(s.from.nics)+len(s.from.others), len(s.to.nics)+len(s.to.others)
	s.from.nics, s.to.nics = slices.DeleteFunc(s.from.nics, own), slices.DeleteFunc(s.to.nics, own)
	empty := ""
	switch {
	case from > 0 && len(s.from.nics)+len(s.from.others) == 0:
		empty = "everything in from is an inspection point of via itself"
	case to > 0 && len(s.to.nics)+len(s.to.others) == 0:
		empty = "everything in to is an inspection point of via itself"
	case len(s.from.nics) == 1 && slices.Equal(s.from.nics, s.to.nics) && len(s.from.others)+len(s.to.others) == 0:
		empty = "from and to are the same interface: there is no pair"
	}
	if empty != "" {
		return nil, termError(in, Term{}, &haetae.Error{Code: haetae.Invalid, Err: errors.New(empty), Hint: "Name other ends."})
	}
	// Ends that cannot be asked about together are an error now, not a pair less.
	_, err := k.odd(s, &s.from, &s.to)
	return s, err
}

// set finds what the terms of one side stand for.
func (k *intentKeeper) set(in *Intent, terms []Term) (set, error) {
	var s set
	var errs []error
	seen := map[*nic]bool{}
	var notNics []*nic
	var notAddrs cidr.Addrs
	for _, t := range terms {
		places, gaps, err := k.members(t.End)
		if err != nil {
			errs = append(errs, termError(in, t, err))
			continue
		}
		if !t.Not {
			s.gaps = append(s.gaps, gaps...)
		}
		var rest []*place
		for _, p := range places {
			switch {
			case t.Not && p.kind == "nic":
				notNics = append(notNics, p.nics[0])
			case t.Not:
				notAddrs = notAddrs.Union(p.addrs)
			case p.kind != "nic" || p.listener != nil || !p.addrs.Equal(p.nics[0].addrs):
				rest = append(rest, p)
			case !seen[p.nics[0]]:
				seen[p.nics[0]] = true
				s.nics = append(s.nics, p.nics[0])
			}
		}
		if len(rest) > 0 {
			s.others = append(s.others, member{t.End, rest})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return s, err
	}
	s.without(notNics, notAddrs)
	if len(s.nics)+len(s.others) == 0 {
		return s, termError(in, terms[0], &haetae.Error{Code: haetae.NotFound, Err: errors.New("nothing is left of the ends after what is not meant"), Hint: "Take out less."})
	}
	return s, nil
}

// without takes interfaces and addresses out of a set.
func (s *set) without(nics []*nic, addrs cidr.Addrs) {
	s.nics = slices.DeleteFunc(s.nics, func(n *nic) bool { return slices.Contains(nics, n) })
	for i, m := range s.others {
		var left []*place
		for _, p := range m.places {
			if p.kind == "nic" && slices.Contains(nics, p.nics[0]) {
				continue
			}
			if p.kind != "nic" && p.addrs.Overlaps(addrs) {
				q := *p
				if q.addrs = p.addrs.Minus(addrs); q.addrs.Empty() {
					continue
				}
				p = &q
			}
			left = append(left, p)
		}
		s.others[i].places = left
	}
	s.others = slices.DeleteFunc(s.others, func(m member) bool { return len(m.places) == 0 })
}

// members are the places of an end of an intent, and why there may be more. A
// subnet and a VPC are the interfaces in them, as are subnets and VPCs with a
// tag: subnets:KEY=VALUE, vpcs:KEY=VALUE.
func (k *intentKeeper) members(e End) ([]*place, []string, error) {
	w := k.w
	if e.Address == "" {
		if tag, ok := strings.CutPrefix(e.ID, "subnets:"); ok {
			return k.tagged(e, tag, "AWS::EC2::Subnet")
		}
		if tag, ok := strings.CutPrefix(e.ID, "vpcs:"); ok {
			return k.tagged(e, tag, "AWS::EC2::VPC")
		}
		for _, r := range w.lookup(e.ID) {
			switch w.of[r].(type) {
			case *vpc, *subnet:
				places, gaps := k.within(r)
				if len(places) == 0 {
					return nil, nil, &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s has no network interface that begins or takes connections", e),
						Hint: "Ask for its addresses as if a host were there: ADDRESS@" + e.ID + " with hypothetical: true."}
				}
				return places, gaps, nil
			}
		}
	}
	places, err := w.places(e)
	if err != nil {
		return nil, nil, err
	}
	var gaps []string
	if key, _, tag := strings.Cut(strings.TrimPrefix(e.ID, "tag:"), "="); tag && strings.HasPrefix(e.ID, "tag:") {
		types := []string{"AWS::EC2::Instance", "AWS::EC2::NetworkInterface"}
		for _, o := range owners {
			types = append(types, o.typ)
		}
		gaps = append(w.notListed(types...), k.untagged(key, w.placed)...)
	}
	for _, r := range w.lookup(e.ID) {
		if g, ok := w.of[r].(*group); ok && e.Address == "" && g.vpc != nil {
			if why := w.gap(g.vpc, gapTypes[0]); why != nil {
				gaps = append(gaps, why.String())
			}
		}
	}
	return places, gaps, nil
}

// within are the interfaces in a subnet or a VPC that begin or take connections.
func (k *intentKeeper) within(r *haetae.Resource) ([]*place, []string) {
	v, _ := k.w.of[r].(*vpc)
	s, _ := k.w.of[r].(*subnet)
	if s != nil {
		v = s.vpc
	}
	var out []*place
	for _, n := range v.nics {
		if s != nil && n.subnet != s || n.kind == "nat_gateway" || n.kind == "transit_gateway" {
			continue
		}
		out = append(out, nicPlace(n))
	}
	if why := k.w.gap(v, gapTypes[0]); why != nil {
		return out, []string{why.String()}
	}
	return out, nil
}

// tagged are the interfaces in subnets or VPCs with a tag.
func (k *intentKeeper) tagged(e End, tag, typ string) ([]*place, []string, error) {
	key, value, ok := strings.Cut(tag, "=")
	if !ok || key == "" {
		return nil, nil, &haetae.Error{Code: haetae.Invalid, Err: fmt.Errorf("%s names no tag", e), Hint: "Give subnets:KEY=VALUE or vpcs:KEY=VALUE."}
	}
	var out []*place
	gaps := slices.Concat(k.w.notListed(typ), k.untagged(key, func(r *haetae.Resource) bool { return r.Type == typ }))
	found := false
	for _, r := range k.w.g.Resources() {
		if v, _ := r.Tags[key].(string); r.Type != typ || v != value || k.w.of[r] == nil {
			continue
		}
		if _, has := r.Tags[key]; !has {
			continue
		}
		found = true
		places, why := k.within(r)
		out, gaps = append(out, places...), append(gaps, why...)
	}
	switch {
	case !found:
		return nil, nil, errNoEnd(e)
	case len(out) == 0:
		return nil, nil, &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("no network interface is in %s", e), Hint: "Ask for their addresses as if a host were there: ADDRESS@SUBNET with hypothetical: true."}
	}
	return out, gaps, nil
}

// untagged says of which resources it is not known whether they have a tag.
func (k *intentKeeper) untagged(key string, may func(*haetae.Resource) bool) []string {
	var out []string
	for _, r := range k.w.g.Resources() {
		u, _ := r.Tags[key].(*haetae.Unknown)
		if _, known := r.Tags[key]; !known {
			u = r.TagsUnknown
		}
		if u != nil && may(r) {
			out = append(out, "the tag "+key+" of "+r.ID+": "+u.String())
		}
	}
	return out
}

// via is the inspection points of an intent: the IDs of hops, with the point that
// each is a part of.
type via struct {
	points map[string]string
	// premises are conditions on the points themselves, which the intent takes for
	// granted: that they forward what they let through.
	premises map[string]bool
}

func (v via) holds(id string) bool { return v.points[id] != "" }

// passed are the points among hops, in order.
func (v via) passed(hops []Hop) []string {
	var out []string
	for _, h := range hops {
		if p := v.points[h.Resource]; p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// via finds the inspection points of an intent.
func (k *intentKeeper) via(in *Intent) (via, error) {
	v := via{points: map[string]string{}, premises: map[string]bool{}}
	var errs []error
	for _, t := range in.Via {
		ids, err := k.points(t.End, v.premises)
		if err != nil {
			errs = append(errs, termError(in, t, err))
			continue
		}
		for hop, point := range ids {
			if t.Not {
				delete(v.points, hop)
			} else {
				v.points[hop] = point
			}
		}
	}
	err := errors.Join(errs...)
	if err == nil && len(v.points) == 0 {
		err = termError(in, in.Via[0], &haetae.Error{Code: haetae.NotFound, Err: errors.New("nothing is left of via"), Hint: "Take out less."})
	}
	return v, err
}

// points are the hops by which packets are known to pass an end of via.
func (k *intentKeeper) points(e End, premises map[string]bool) (map[string]string, error) {
	w := k.w
	out := map[string]string{}
	if e.Address != "" || e.ID == "internet" {
		return nil, &haetae.Error{Code: haetae.Invalid, Err: fmt.Errorf("%s is nothing that packets pass", e), Hint: "Give a firewall, an endpoint, an interface, an instance, a gateway, an attachment, or a subnet or VPC in which they are."}
	}
	for _, r := range w.lookup(e.ID) {
		switch c := w.of[r].(type) {
		case *firewall:
			for _, end := range k.endpoints() {
				if end.firewall == c {
					k.endpointPoint(out, end, premises)
				}
			}
			if len(out) == 0 {
				return nil, &haetae.Error{Code: haetae.NotFound, Err: fmt.Errorf("%s has no endpoint in the snapshot", e), Hint: "Collect AWS::NetworkFirewall::Firewall with its endpoints, or name the endpoints."}
			}
		case *endpoint:
			k.endpointPoint(out, c, premises)
		case *nat:
			out[c.res.ID] = c.res.ID
		case *gateway:
			out[c.res.ID] = c.res.ID
		case *peering:
			out[c.res.ID] = c.res.ID
		case *attachment:
			out[c.res.ID] = c.res.ID
		case *hub:
			out[c.res.ID] = c.res.ID
			for _, a := range c.attachments {
				out[a.res.ID] = c.res.ID
			}
		case *balancer:
			out[c.res.ID] = c.res.ID
			for _, n := range c.nics {
				out[n.id] = c.res.ID
			}
		case *vpc, *subnet: // what is in it, interfaces too
			for _, end := range k.endpoints() {
				if slices.ContainsFunc(end.subnets, func(s *subnet) bool { return s == c || s.vpc == c }) {
					k.endpointPoint(out, end, premises)
				}
			}
			places, _, _ := k.members(e)
			appliances(out, places, premises)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	places, _, err := k.members(e)
	if err != nil {
		return nil, err
	}
	appliances(out, places, premises)
	if len(out) == 0 {
		return nil, errNoEnd(e)
	}
	return out, nil
}

// appliances takes in interfaces as inspection points.
func appliances(out map[string]string, places []*place, premises map[string]bool) {
	for _, p := range places {
		for _, n := range p.nics {
			out[n.id] = n.id
			premises[forwards(n)] = true
		}
	}
}

// endpointPoint takes in an endpoint as an inspection point.
func (k *intentKeeper) endpointPoint(out map[string]string, e *endpoint, premises map[string]bool) {
	out[e.res.ID] = e.res.ID
	premises[passes(e)] = true
	if e.firewall == nil {
		return
	}
	for _, r := range e.firewall.rules {
		if r.predicate != "" {
			premises[r.reason()] = true
		}
	}
}

// endpoints are all endpoints, each once.
func (k *intentKeeper) endpoints() []*endpoint {
	if k.ends == nil {
		for _, c := range k.w.of {
			if e, ok := c.(*endpoint); ok && !slices.Contains(k.ends, e) {
				k.ends = append(k.ends, e)
			}
		}
		slices.SortFunc(k.ends, func(a, b *endpoint) int { return strings.Compare(a.res.ID, b.res.ID) })
	}
	return k.ends
}
