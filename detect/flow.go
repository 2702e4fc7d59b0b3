package detect

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/address"
	"github.com/haetae/haetae/sigma"
)

// flowEvent is a flow record as rules see it, under the names that AWS gives the
// fields (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html).
type flowEvent struct {
	f     *haetae.Flow
	names *names
	spare spare
}

// spare is room for texts that are needed as long as a record is.
type spare struct{ buf []byte }

func (s *spare) number(dst []sigma.Value, n uint64) []sigma.Value {
	from := len(s.buf)
	s.buf = strconv.AppendUint(s.buf, n, 10)
	return append(dst, sigma.Value{Kind: sigma.Number, Text: s.since(from)})
}

func (s *spare) address(dst []sigma.Value, a netip.Addr) []sigma.Value {
	from := len(s.buf)
	s.buf = a.AppendTo(s.buf)
	return append(dst, sigma.Value{Kind: sigma.Text, Text: s.since(from)})
}

func (s *spare) since(from int) string {
	return unsafe.String(unsafe.SliceData(s.buf[from:]), len(s.buf)-from)
}

// Lookup finds a field.
func (e *flowEvent) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	from := len(dst)
	dst, ok := e.field(field, dst)
	for i := from; i < len(dst); i++ {
		dst[i].Text = strings.Clone(dst[i].Text)
	}
	return dst, ok
}

// Field is Lookup by number, of texts that are valid as long as the record is.
func (e *flowEvent) Field(_ *sigma.Index, n int, dst []sigma.Value) ([]sigma.Value, bool) {
	return e.field(e.names.all[n], dst)
}

func (e *flowEvent) field(name string, dst []sigma.Value) ([]sigma.Value, bool) {
	f := e.f
	known := func(has haetae.FlowFields, n uint64) ([]sigma.Value, bool) {
		if !f.Known(has) {
			return dst, false
		}
		return e.spare.number(dst, n), true
	}
	at := func(a netip.Addr) ([]sigma.Value, bool) {
		if !a.IsValid() {
			return dst, false
		}
		return e.spare.address(dst, a), true
	}
	switch name {
	case "account-id":
		return text(dst, f.Account)
	case "region":
		return text(dst, f.Region)
	case "vpc-id":
		return text(dst, f.VPC)
	case "subnet-id":
		return text(dst, f.Subnet)
	case "instance-id":
		return text(dst, f.Instance)
	case "interface-id":
		return text(dst, f.Interface)
	case "srcaddr":
		return at(f.Src)
	case "dstaddr":
		return at(f.Dst)
	case "pkt-srcaddr":
		return at(f.PktSrc)
	case "pkt-dstaddr":
		return at(f.PktDst)
	case "srcport":
		return known(haetae.FlowSrcPort, uint64(f.SrcPort))
	case "dstport":
		return known(haetae.FlowDstPort, uint64(f.DstPort))
	case "protocol":
		return known(haetae.FlowProto, uint64(f.Proto))
	case "packets":
		return known(haetae.FlowPackets, f.Packets)
	case "bytes":
		return known(haetae.FlowBytes, f.Bytes)
	case "start":
		return known(haetae.FlowStart, uint64(f.Start))
	case "end":
		return known(haetae.FlowEnd, uint64(f.End))
	case "tcp-flags":
		return known(haetae.FlowFlags, uint64(f.TCPFlags))
	case "traffic-path":
		return known(haetae.FlowPath, uint64(f.Path))
	case "action":
		return text(dst, string(f.Action))
	case "log-status":
		return text(dst, string(f.Status))
	case "reject-reason":
		return text(dst, f.Reason)
	case "flow-direction":
		return text(dst, f.Direction)
	case "pkt-src-aws-service":
		return text(dst, f.SrcService)
	case "pkt-dst-aws-service":
		return text(dst, f.DstService)
	case "tgw-id":
		return text(dst, f.Hub)
	case "tgw-attachment-id":
		return text(dst, f.Attach)
	}
	return dst, false
}

func flowFields() []string {
	return []string{"account-id", "region", "vpc-id", "subnet-id", "instance-id", "interface-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "srcport", "dstport",
		"protocol", "packets", "bytes", "start", "end", "tcp-flags", "traffic-path", "action", "log-status", "reject-reason", "flow-direction",
		"pkt-src-aws-service", "pkt-dst-aws-service", "tgw-id", "tgw-attachment-id"}
}

// Texts yields all names and values.
func (e *flowEvent) Texts(yield func(string) bool) {
	for _, name := range flowFields() {
		if values, ok := e.field(name, nil); ok && (!yield(name) || len(values) > 0 && !yield(values[0].Text)) {
			return
		}
	}
}

// Tree is the record as an object.
func (e *flowEvent) Tree() any {
	out := map[string]any{}
	for _, name := range flowFields() {
		if values, ok := e.field(name, nil); ok && len(values) > 0 {
			out[name] = strings.Clone(values[0].Text)
		}
	}
	return out
}

// flowRecord is a flow record and what is known of it.
type flowRecord struct {
	flowEvent
	side   haetae.Peer
	actor  haetae.Actor
	own    netip.Addr
	port   uint16
	inward bool
	book   *address.Book
	named  *recent[netip.Addr, []string] // lists of the names that addresses were found by
	asked  bool                          // of both
}

// show makes it another flow.
func (r *flowRecord) show(f *haetae.Flow) {
	r.f, r.spare.buf = f, r.spare.buf[:0]
	r.asked, r.side = false, haetae.Peer{}
	r.own, r.side.Addr, r.port, r.inward = flowSides(f)
	r.actor.Account, r.actor.Name = f.Account, f.Instance
	r.actor.Kind, r.actor.ID = "", f.Interface
	if f.Instance != "" {
		r.actor.Kind, r.actor.ID = haetae.InstanceActor, f.Instance
	}
	if r.actor.ID == "" {
		r.actor.ID = f.Src.String()
	}
}

// peer is the other end, with what is known of it: most records are asked for neither.
func (r *flowRecord) peer() *haetae.Peer {
	if !r.asked {
		r.asked = true
		describePeer(r.book, &r.side)
		if lists, ok := r.named.get(r.side.Addr); ok {
			all := slices.Concat(r.side.Lists, lists)
			slices.Sort(all)
			r.side.Lists = slices.Compact(all)
		}
	}
	return &r.side
}

// log is the log that the record is of.
func (r *flowRecord) log() haetae.Log {
	if r.f.Hub != "" {
		return haetae.TransitFlow
	}
	return haetae.VPCFlow
}

func (r *flowRecord) what() Finding {
	f := r.f
	return Finding{Log: r.log(), Actor: r.actor, Peer: *r.peer(), Account: f.Account, Region: f.Region, Action: string(f.Action), Targets: []string{netip.AddrPortFrom(f.Dst, f.DstPort).String()}}
}

// derived is a derived field of a flow.
func (r *flowRecord) derived(name string, dst []sigma.Value) ([]sigma.Value, bool) {
	f := r.f
	switch name {
	case "flow.direction":
		if r.inward {
			return text(dst, "ingress")
		}
		return text(dst, "egress")
	case "flow.own":
		return addr(dst, r.own)
	case "flow.port":
		if !f.Known(haetae.FlowDstPort) {
			return dst, false
		}
		return number(dst, uint64(r.port))
	case "account":
		return text(dst, f.Account)
	case "region":
		return text(dst, f.Region)
	case "log":
		return text(dst, string(r.log()))
	}
	if rest, ok := strings.CutPrefix(name, "peer."); ok {
		return peerField(r.peer(), rest, dst)
	}
	if rest, ok := strings.CutPrefix(name, "actor."); ok {
		return actorField(&r.actor, rest, dst)
	}
	return dst, false
}

// flowSides tells which end of a flow is the interface's own and which the peer,
// and whether the peer began: by the direction that the record has, else by which
// address is private, else by the ports.
func flowSides(f *haetae.Flow) (own, peer netip.Addr, port uint16, inward bool) {
	src, dst := f.Packet()
	switch {
	case f.Direction == "ingress":
		inward = true
	case f.Direction == "egress":
	case src.IsValid() && dst.IsValid() && private(src) != private(dst):
		inward = private(dst)
	default:
		inward = f.DstPort < f.SrcPort
	}
	if inward {
		return dst, src, f.DstPort, true
	}
	return src, dst, f.DstPort, false
}

// lookupRecord is a DNS query and what is known of it.
type lookupRecord struct {
	lookupEvent
	actor haetae.Actor
	book  *address.Book
}

// show makes it another query.
func (r *lookupRecord) show(l *haetae.Lookup) {
	r.l = l
	r.actor = haetae.Actor{Account: l.Account, ID: l.Instance, Name: l.Instance}
	if l.Instance != "" {
		r.actor.Kind = haetae.InstanceActor
	} else {
		r.actor.ID = l.Src.String()
	}
}

func (r *lookupRecord) what() Finding {
	l := r.l
	return Finding{Log: haetae.ResolverQuery, Actor: r.actor, Peer: haetae.Peer{Addr: l.Src}, Account: l.Account, Region: l.Region, Action: l.Type, Targets: []string{l.Name}}
}

func (r *lookupRecord) derived(name string, dst []sigma.Value) ([]sigma.Value, bool) {
	switch name {
	case "account":
		return text(dst, r.l.Account)
	case "region":
		return text(dst, r.l.Region)
	case "log":
		return text(dst, string(haetae.ResolverQuery))
	}
	if rest, ok := strings.CutPrefix(name, "domain."); ok {
		return domainField(r.book, r.l, rest, dst)
	}
	if rest, ok := strings.CutPrefix(name, "answer."); ok {
		return answerField(r.book, r.l, rest, dst)
	}
	if rest, ok := strings.CutPrefix(name, "actor."); ok {
		return actorField(&r.actor, rest, dst)
	}
	return dst, false
}

// lookupEvent is a DNS query as rules see it, under the names of the Resolver's log
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html).
type lookupEvent struct{ l *haetae.Lookup }

// Lookup finds a field.
func (e lookupEvent) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	return e.field(field, dst)
}

func (e lookupEvent) field(name string, dst []sigma.Value) ([]sigma.Value, bool) {
	l := e.l
	switch name {
	case "account_id":
		return text(dst, l.Account)
	case "region":
		return text(dst, l.Region)
	case "vpc_id":
		return text(dst, l.VPC)
	case "query_name":
		return text(dst, l.Name)
	case "query_type":
		return text(dst, l.Type)
	case "query_class":
		return text(dst, l.Class)
	case "rcode":
		return text(dst, l.Code)
	case "answers.Rdata", "answers.Type", "answers.Class":
		for _, a := range l.Answers {
			v := a.Data
			switch name {
			case "answers.Type":
				v = a.Type
			case "answers.Class":
				v = a.Class
			}
			dst = append(dst, sigma.Value{Kind: sigma.Text, Text: v})
		}
		return dst, len(l.Answers) > 0
	case "srcaddr":
		return addr(dst, l.Src)
	case "srcport":
		return text(dst, strconv.Itoa(int(l.SrcPort)))
	case "transport":
		return text(dst, l.Transport)
	case "srcids.instance":
		return text(dst, l.Instance)
	case "srcids.resolver_endpoint":
		return text(dst, l.Endpoint)
	case "srcids.resolver_network_interface":
		return text(dst, l.Interface)
	case "firewall_rule_action":
		return text(dst, l.FirewallAction)
	case "firewall_rule_group_id":
		return text(dst, l.FirewallGroup)
	case "firewall_domain_list_id":
		return text(dst, l.FirewallList)
	}
	return dst, false
}

func lookupFields() []string {
	return []string{"account_id", "region", "vpc_id", "query_name", "query_type", "query_class", "rcode", "answers.Rdata", "answers.Type", "answers.Class",
		"srcaddr", "srcport", "transport", "srcids.instance", "srcids.resolver_endpoint", "srcids.resolver_network_interface",
		"firewall_rule_action", "firewall_rule_group_id", "firewall_domain_list_id"}
}

// Texts yields all names and values.
func (e lookupEvent) Texts(yield func(string) bool) {
	for _, name := range lookupFields() {
		values, _ := e.field(name, nil)
		for i, v := range values {
			if i == 0 && !yield(name) || !yield(v.Text) {
				return
			}
		}
	}
}

// Tree is the record as an object.
func (e lookupEvent) Tree() any {
	out := map[string]any{}
	for _, name := range lookupFields() {
		if values, ok := e.field(name, nil); ok && len(values) > 0 {
			out[name] = values[0].Text
		}
	}
	return out
}
