package logs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// The fields of the flow logs: production has the default ones, development has
// chosen its own, of all versions up to the tenth.
const (
	defaultFields = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
	chosenFields  = "version account-id vpc-id subnet-id instance-id interface-id type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol packets bytes start end action tcp-flags " +
		"flow-direction traffic-path log-status region az-id pkt-src-aws-service pkt-dst-aws-service reject-reason resource-id encryption-status"
)

// flow is what an interface saw of one direction of a conversation.
type flow struct {
	at             int64
	nic            *host
	src, dst       string
	sport, dport   int
	protocol       int
	packets, bytes int
	lasted         int64 // ms
	rejected       bool
	in             bool
	flags          int
	mark           *mark
}

func (w *world) addNetwork() {
	add := func(vpc, account, region, id, fields string) {
		w.flows[vpc] = w.stream(&stream{log: haetae.VPCFlow, head: fields + "\n", between: "\n", tail: "\n", perFile: 100_000, file: func(at int64, unique string) string {
			return fmt.Sprintf("AWSLogs/%s/vpcflowlogs/%s/%s/%s_vpcflowlogs_%s_%s_%s_%s.log.gz", account, region, clock(at-slot, "2006/01/02"), account, region, id, clock(at-slot, "20060102T1504Z"), unique[:8])
		}}, "flows "+vpc)
		if vpc != shopVPC {
			w.made[id] = true
		}
	}
	add(shopVPC, production, virginia, "fl-046b24b48bf7a6d36", defaultFields)
	add(batchVPC, production, virginia, "fl-0a6f3e5d7c9b81204", defaultFields)
	add(devVPC, development, virginia, "fl-0b7e4d6c8a9f02315", chosenFields)
	add(seoulVPC, development, seoul, "fl-0c8d5e7b9af013426", chosenFields)
	w.habit("traffic", nil, w.traffic)
	w.habit("noise of the internet", nil, w.noise)
	w.habit("idle interface", nil, func() {
		h := w.web.places.loadtest
		s := w.flows[devVPC]
		s.open(w.from)
		s.buf = fmt.Appendf(s.buf, "10 %s %s %s %s %s IPv4 - - - - - - - - - %d %d - - - - NODATA %s %s - - - %s -", h.account, h.vpc, h.subnet, h.instance, h.nic, w.from/1000, w.to/1000-1, h.region, h.zone, h.nic)
		s.close(w, nil)
	})
}

// seen writes a flow. One that would go on after its slot ends with it: an interval
// of aggregation lasts ten minutes.
func (w *world) seen(f flow) {
	s := w.flows[f.nic.vpc]
	s.open(f.at)
	end := f.at + f.lasted
	if limit := f.at - f.at%slot + slot - second; end > limit {
		end = max(limit, f.at)
	}
	action := " ACCEPT "
	if f.rejected {
		action = " REJECT "
	}
	number := func(b []byte, n int64) []byte { return strconv.AppendInt(append(b, ' '), n, 10) }
	text := func(b []byte, all ...string) []byte {
		for _, t := range all {
			if t == "" {
				t = "-"
			}
			b = append(append(b, ' '), t...)
		}
		return b
	}
	b := s.buf
	if strings.HasPrefix(s.head, defaultFields) {
		b = text(append(b, '2'), f.nic.account, f.nic.nic, f.src, f.dst)
		b = number(number(number(b, int64(f.sport)), int64(f.dport)), int64(f.protocol))
		b = number(number(number(number(b, int64(f.packets)), int64(f.bytes)), f.at/1000), end/1000)
		b = append(append(b, action...), "OK"...)
	} else {
		direction, way := "egress", "8" // through an internet gateway
		if f.in {
			direction, way = "ingress", "-"
		} else if strings.HasPrefix(f.dst, "172.31.") {
			way = "1" // within the VPC
		}
		b = text(append(b, "10"...), f.nic.account, f.nic.vpc, f.nic.subnet, f.nic.instance, f.nic.nic, "IPv4", f.src, f.dst)
		b = number(number(b, int64(f.sport)), int64(f.dport))
		b = number(text(b, f.src, f.dst), int64(f.protocol))
		b = number(number(number(number(b, int64(f.packets)), int64(f.bytes)), f.at/1000), end/1000)
		b = append(b, action...)
		b = strconv.AppendInt(b, int64(f.flags), 10)
		b = text(b, direction, way, "OK", f.nic.region, f.nic.zone, "", "", "", f.nic.nic, "-")
	}
	s.buf = b
	s.close(w, f.mark)
}

// talk is a conversation between the internet and an interface: both directions.
// up are the bytes from the one who began.
func (w *world) talk(at int64, h *host, peer string, began bool, peerPort, port, up, down int, lasted int64, m *mark) {
	src, dst, sport, dport := peer, h.private, peerPort, port
	if began { // by the interface
		src, dst, sport, dport = h.private, peer, port, peerPort
	}
	w.seen(flow{at, h, src, dst, sport, dport, 6, 2 + up/900, up, lasted, false, !began, 3, m})
	w.seen(flow{at, h, dst, src, dport, sport, 6, 2 + down/1300, down, lasted, false, began, 19, m})
}

// inside is a conversation within the VPC, which both interfaces see.
func (w *world) inside(at int64, from, to *host, port, up, down int, lasted int64, m *mark) {
	sport := 32768 + w.r.IntN(28000)
	for _, h := range []*host{from, to} {
		w.seen(flow{at, h, from.private, to.private, sport, port, 6, 2 + up/900, up, lasted, false, h == to, 3, m})
		w.seen(flow{at, h, to.private, from.private, port, sport, 6, 2 + down/1300, down, lasted, false, h == from, 19, m})
	}
}

// traffic is what the machines of the organisation say to each other and to the
// world.
func (w *world) traffic() {
	p, busy := w.web.places, crowd(w.from)
	long := func() int64 { return 10*second + w.r.Int64N(400*second) }
	for _, v := range w.web.inThisSlot {
		port := 443
		if v.balancer.name == "legacy-shop" {
			port = 80
		}
		w.talk(v.at, v.balancer, v.address, false, v.port, port, 700*v.requests, v.bytes, int64(v.requests)*5*second, v.mark)
	}
	for _, b := range p.balancers {
		for _, h := range p.shop {
			w.times(2.5*busy, func(t int64) { w.inside(t, b, h, 8080, 9000, 90_000, long(), nil) })
		}
	}
	for i, h := range append(p.shop[:2:2], p.runner) {
		share := busy / float64(1+i/2*3)
		w.times(4*share, func(t int64) { w.inside(t, h, p.orders, 5432, 12_000, 70_000, long(), nil) })
		w.times(4*share, func(t int64) { // through the NAT gateway, which sees both sides
			peer, _ := one(newBlocks().cloud, 700+w.r.IntN(60))
			up, down, lasted, sport := 3000+w.r.IntN(9000), 6000+w.r.IntN(60000), long(), 32768+w.r.IntN(28000)
			w.talk(t, h, peer, true, 443, sport, up, down, lasted, nil)
			w.talk(t, h.gateway, peer, true, 443, 1024+w.r.IntN(60000), up, down, lasted, nil)
		})
	}
	w.times(1, func(t int64) { w.inside(t, p.runner, p.reports, 5432, 9000, 400_000, long(), nil) })
	for _, h := range p.legacy {
		w.times(3*busy, func(t int64) { w.inside(t, p.legacyBalancers[w.r.IntN(2)], h, 80, 6000, 60_000, long(), nil) })
		w.times(3*busy, func(t int64) { w.inside(t, h, p.legacyDB, 3306, 5000, 30_000, long(), nil) })
		w.times(1, func(t int64) {
			peer, _ := one(newBlocks().cloud, 800+w.r.IntN(20))
			w.talk(t, h, peer, true, 443, 32768+w.r.IntN(28000), 4000, 9000, long(), nil)
		})
	}
	// The settlement: by night to the bank, by day somebody of the office looks in.
	rate, peer := 0.5, office
	if h := w.from / hour % 24; h >= 17 && h < 20 {
		rate, peer = 12, "192.0.2.90"
	}
	w.times(rate, func(t int64) {
		if peer == office {
			w.talk(t, p.settlement, office, false, 40000+w.r.IntN(20000), 22, 4000, 9000, long(), nil)
			return
		}
		w.talk(t, p.settlement, peer, true, 443, 32768+w.r.IntN(28000), 50_000, 20_000, long(), nil)
	})
	// The bench: SSH from the office in its hours, packages from the internet.
	if h := w.from / hour % 24; h < 10 {
		w.times(3, func(t int64) {
			w.talk(t, p.bench, office, false, 40000+w.r.IntN(20000), 22, 20_000, 90_000, long(), nil)
		})
	}
	w.times(4, func(t int64) {
		peer, _ := one(newBlocks().cloud, 900+w.r.IntN(60))
		w.talk(t, p.bench, peer, true, 443, 32768+w.r.IntN(28000), 5000, 200_000, long(), nil)
	})
	w.times(0.7, func(t int64) { w.inside(t, p.bench, p.testDB, 3306, 3000, 9000, long(), nil) })
}

// ports that the internet knocks at.
func knocked(n uint64) int {
	return []int{23, 22, 3389, 445, 80, 443, 8080, 8443, 5900, 6379, 2375, 3306, 5432, 1433, 21, 25, 9200, 27017, 5555, 81}[n%20]
}

// admits tells whether the security groups and network ACLs let somebody of the internet
// in.
func (p *places) admits(h *host, port int) bool {
	switch h.name {
	case "shop":
		return port == 443 || port == 80
	case "legacy-shop":
		return port == 80
	case "legacy-web-1", "legacy-web-2":
		return port == 22
	case "bench":
		return true
	case "shop-test":
		return port == 3306
	}
	return false
}

// noise is the part of the internet that knocks at every door.
func (w *world) noise() {
	p := w.web.places
	open := p.open()
	w.times(45, func(t int64) {
		peer, _ := one(newBlocks().crowd, w.r.IntN(3000))
		h := open[w.r.IntN(len(open))]
		w.knock(t, h, peer, knocked(w.r.Uint64()), nil)
	})
	// By order: all ports, slowly, on the day of the scan.
	if n := int((w.from - w.o.Start.UnixMilli()) / day); n%7 == 1 && w.from%day >= hour && w.from%day < 2*hour {
		m := &mark{Step: "a scan for weaknesses that the shop has ordered"}
		for i := range 30 {
			for _, h := range open {
				w.knock(w.from+int64(i)*19*second, h, authorised, 1+int(w.from/slot%6)*30+i, m)
			}
		}
	}
}

// knock is one try of a port.
func (w *world) knock(at int64, h *host, peer string, port int, m *mark) {
	sport := 40000 + w.r.IntN(20000)
	if w.web.places.admits(h, port) {
		w.talk(at, h, peer, false, sport, port, 180, 120, 2*second, m)
		return
	}
	w.seen(flow{at, h, peer, h.private, sport, port, 6, 1, 44, second, true, true, 2, m})
}
