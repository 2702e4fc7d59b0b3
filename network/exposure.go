package network

import (
	"cmp"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// Exposed is something that the internet reaches.
type Exposed struct {
	Resource string   `json:"resource"` // what people know it by: the instance, the load balancer …
	Type     string   `json:"type"`
	ARN      string   `json:"arn,omitempty"`
	Account  string   `json:"account,omitempty"`
	Region   string   `json:"region,omitempty"`
	Name     string   `json:"name,omitempty"` // of its tag
	NIC      string   `json:"interface"`
	Public   []string `json:"public"` // its public addresses; empty when they are not known
	Verdict  Verdict  `json:"verdict"`
	Open     []Open   `json:"open"`
	Through  []string `json:"through"` // gateways and whatever else the packets pass
	Depends  Depends  `json:"dependsOn"`

	nic *nic
}

// Open is a protocol with the ports that are open, and to whom: "internet" when
// all of it may.
type Open struct {
	Proto string   `json:"proto"`
	Ports []string `json:"ports,omitempty"`
	From  []string `json:"from,omitempty"`
}

// Exposure returns everything that the internet reaches, in order of accounts,
// regions and names.
func (w *World) Exposure() []Exposed {
	var out []Exposed
	m := everything()
	src := &place{kind: "internet", internet: true, addrs: internet()}
	for _, n := range w.nics {
		if w.shut(n) {
			continue
		}
		set, trips := w.between(src, w.toward(src, nicPlace(n)), m, Question{listens: true})
		a := verdict(trips, set, m)
		if a.Verdict == Blocked {
			continue
		}
		e := w.exposed(n, a)
		if a.Verdict == DependsOn {
			var got []piece
			for _, t := range trips {
				got = append(got, t.through()...)
			}
			_, may := originals(got)
			e.Open = opened(may)
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b Exposed) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.Resource, b.Resource), strings.Compare(a.NIC, b.NIC))
	})
	return out
}

// Missing says what was not listed to its end, so that lists of what is there may
// lack something: nil when they are whole.
func (w *World) Missing() []string {
	return w.notListed(append([]string{"AWS::EC2::VPC", "AWS::EC2::SecurityGroup"}, gapTypes...)...)
}

// notListed says which of the types were not listed to their end.
func (w *World) notListed(types ...string) []string {
	var out []string
	add := func(u *haetae.Unknown) {
		if u != nil && !slices.Contains(out, u.String()) {
			out = append(out, u.String())
		}
	}
	for _, v := range w.vpcs {
		for _, typ := range gapTypes {
			if v.res.Stub == nil && slices.Contains(types, typ) {
				add(v.gaps[typ])
			}
		}
	}
	for _, typ := range types {
		for _, row := range w.g.Gaps(typ) {
			add(unlisted(typ, row))
		}
	}
	return out
}

// unlisted says which resources of a type were not listed, and why.
func unlisted(typ string, row haetae.Coverage) *haetae.Unknown {
	return &haetae.Unknown{Reason: row.Reason, Detail: typ + " of " + cmp.Or(row.Account, row.Stack) + " in " + row.Region + ": " + cmp.Or(row.Detail, string(row.Status)), Actions: row.Actions}
}

// knownAs is what people know an interface by: the instance, the load balancer …
func (w *World) knownAs(n *nic) *haetae.Resource {
	r := n.res
	for _, o := range w.ownersOf[n] {
		if r == n.res || o.Type < r.Type {
			r = o
		}
	}
	return r
}

// exposed describes an interface that is reached.
func (w *World) exposed(n *nic, a *Answer) Exposed {
	r := w.knownAs(n)
	e := Exposed{nic: n, Resource: r.ID, Type: r.Type, ARN: r.ARN, Account: r.Account, Region: r.Region, NIC: n.id, Verdict: a.Verdict, Open: opened(a.set), Depends: a.DependsOn, Public: []string{}, Through: []string{}}
	e.Name, _ = r.Tags["Name"].(string)
	for _, p := range n.pairs {
		if x, one := p.public.Single(); one {
			e.Public = append(e.Public, x.String())
		}
	}
	for _, p := range n.addrs.Six().Intersect(globalSix()).Prefixes() {
		e.Public = append(e.Public, p.Addr().String())
	}
	for _, h := range a.Forward.Hops {
		switch h.Kind {
		case "igw", "nacl", "sg", "firewall", "endpoint", "appliance":
			if h.Resource != "" && !slices.Contains(e.Through, h.Resource) {
				e.Through = append(e.Through, h.Resource)
			}
		}
	}
	return e
}

// opened sums up packets by protocol and by who may send them.
func opened(s cidr.Set) []Open {
	type key struct{ proto, from string }
	var order []key
	ports := map[key]cidr.Ports{}
	for _, b := range s.Boxes() {
		from := strings.Join(b.Src.Strings(), ",")
		if b.Src.Covers(internetFour()) || b.Src.Six().Covers(globalSix()) {
			from = "internet"
		}
		if between(b.Src, b.Dst).Minus(s).Empty() {
			// Nothing but the addresses restricts.
			k := key{"any", from}
			if _, ok := ports[k]; !ok {
				order = append(order, k)
			}
			ports[k] = cidr.AllPorts()
			continue
		}
		protos := b.Proto.Numbers()
		if b.Proto == cidr.AllProtos().Minus(cidr.Ported()).Minus(cidr.Typed()) {
			protos = []int{-1}
		}
		for _, p := range protos {
			name := "all others"
			if p >= 0 {
				name = cidr.ProtoName(p)
			}
			k := key{name, from}
			if _, ok := ports[k]; !ok {
				order = append(order, k)
			}
			ports[k] = ports[k].Union(b.B)
		}
	}
	out := []Open{}
	for _, k := range order {
		o := Open{Proto: k.proto, From: strings.Split(k.from, ",")}
		if k.proto == "tcp" || k.proto == "udp" {
			o.Ports = ports[k].Strings()
		}
		out = append(out, o)
	}
	slices.SortStableFunc(out, func(a, b Open) int { return strings.Compare(a.Proto, b.Proto) })
	return out
}
