package network_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/haetae/haetae/cidr"
	"github.com/haetae/haetae/graph"
	"github.com/haetae/haetae/network"
	"github.com/haetae/haetae/network/oracle"
	"github.com/haetae/haetae/schema"
)

// pair is the engine and the oracle, given the same resources.
type pair struct {
	engine *network.World
	oracle *oracle.World
}

func both(sch *schema.Schema, topology string) (pair, error) {
	snap, err := oracle.Parse(topology)
	if err != nil {
		return pair{}, err
	}
	snap = graph.Assemble(sch, snap, graph.Options{})
	judge, err := oracle.NewWorld(snap)
	if err != nil {
		return pair{}, err
	}
	return pair{network.Build(graph.New(sch, snap)), judge}, nil
}

// question is about one packet.
func (w pair) question(from string, p oracle.Packet) map[string]any {
	q := w.ends(from, p)
	q["proto"] = p.Proto
	switch p.Proto {
	case oracle.TCP, oracle.UDP:
		q["srcPort"], q["port"] = p.SrcPort, p.DstPort
	case oracle.ICMP, oracle.ICMPv6:
		q["icmp"] = map[string]any{"type": p.Type, "code": p.Code}
	}
	return q
}

// ends is a question about all packets from a place and address to an address.
func (w pair) ends(from string, p oracle.Packet) map[string]any {
	q := map[string]any{"id": 1, "dst": map[string]any{"address": p.Dst.String()}}
	switch {
	case from == oracle.Internet:
		q["src"] = map[string]any{"address": p.Src.String()}
	case strings.HasPrefix(from, "eni-"):
		q["src"] = map[string]any{"address": p.Src.String(), "vpc": w.oracle.VPC(from)}
	default:
		q["src"] = map[string]any{"address": p.Src.String(), "via": from}
	}
	return q
}

func (w pair) put(q map[string]any) (*network.Answer, error) {
	line, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	question, err := network.ParseQuestion(line)
	if err != nil {
		return nil, err
	}
	return w.engine.Reach(question)
}

// differ says how the engine and the oracle disagree about a packet, "" when
// they do not.
func (w pair) differ(packet string) string {
	d, _ := w.compare(packet)
	return d
}

// compare also says in a few words what each of them thinks, so that shrinking
// does not end at another disagreement.
func (w pair) compare(packet string) (difference, kind string) {
	from, p, err := oracle.ParsePacket(packet)
	if err != nil {
		return err.Error(), ""
	}
	want, err := w.judge(from, p)
	if err != nil {
		return err.Error(), ""
	}
	if want.NotModelled != "" {
		return "", ""
	}
	got, err := w.put(w.question(from, p))
	if err != nil {
		return "the engine: " + err.Error(), "error"
	}
	// The engine may say that it depends only where the oracle assumed something,
	// or where AWS's own choice has more than one outcome.
	if id := w.oracle.Public(p.Dst); from == oracle.Internet && id != "" {
		// From the internet an interface means its public address.
		q := w.question(from, p)
		q["dst"] = id
		named, err := w.put(q)
		if err != nil {
			return "the engine: " + err.Error(), "error"
		}
		if named.Verdict != got.Verdict {
			return tell("by the interface's name it says "+string(named.Verdict)+", by its address", got, want), "name"
		}
	}
	kind = fmt.Sprint(got.Verdict, got.Forward.Verdict, got.Reply.Verdict, want.Got(), len(want.Assumed))
	depends := len(want.Assumed) > 0 || want.Varies
	if !agree(got.Forward.Verdict, want.Forward, depends) {
		return tell("forward", got, want), kind
	}
	if want.Forward && answerable(p) && !agree(got.Reply.Verdict, want.Reply, depends) {
		return tell("reply", got, want), kind
	}
	// A connection needs its answers; other packets are for one direction.
	if through := want.Forward && (want.Reply || p.Proto != oracle.TCP); !agree(got.Verdict, through, depends) {
		return tell("verdict", got, want), kind
	}
	return "", ""
}

// judge asks the oracle. What a question cannot say is not modelled.
func (w pair) judge(from string, p oracle.Packet) (oracle.Answer, error) {
	switch {
	case strings.HasPrefix(from, "eni-") && !w.oracle.Holds(from, p.Src):
		return oracle.Answer{NotModelled: "a question takes its source as given"}, nil
	case from == oracle.Internet && !w.oracle.Outward(p.Dst, p.Src):
		return oracle.Answer{NotModelled: "the routes say that the address is elsewhere"}, nil
	}
	want := w.oracle.Ask(from, p)
	if want.Forward && w.oracle.Balances(want.End) {
		return w.through(want, p)
	}
	return want, nil
}

// through makes of what a load balancer got what its targets get: a balancer
// whose targets cannot be reached serves nobody.
func (w pair) through(at oracle.Answer, p oracle.Packet) (oracle.Answer, error) {
	legs, err := w.oracle.Legs(at.End, p)
	if err != nil {
		return at, err
	}
	forward, reply := false, false
	for _, leg := range legs {
		forward = forward || leg.Answer.Forward
		reply = reply || leg.Answer.Reply
		at.Varies = at.Varies || leg.Answer.Varies
		at.Assumed = append(at.Assumed, leg.Answer.Assumed...)
		at.Why = append(at.Why, append([]string{"to target " + leg.Target}, leg.Answer.Why...)...)
		at.NotModelled += leg.Answer.NotModelled
	}
	at.Forward, at.Reply = forward, at.Reply && reply
	return at, nil
}

func agree(got network.Verdict, want, depends bool) bool {
	switch got {
	case network.Reachable:
		return want
	case network.Blocked:
		return !want
	}
	return depends
}

func tell(what string, got *network.Answer, want oracle.Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the engine says %s", what, got.Verdict)
	for name, path := range map[string]network.Path{"forward": got.Forward, "reply": got.Reply} {
		fmt.Fprintf(&b, "\n    %s %s:", name, path.Verdict)
		for _, h := range path.Hops {
			fmt.Fprintf(&b, " %s %s(%s) %t;", h.Kind, h.Resource, h.Rule, h.Passed)
		}
	}
	for _, x := range got.Blockers {
		fmt.Fprintf(&b, "\n    blocker %s %s %s %s", x.Direction, x.Code, x.Resource, x.Rule)
	}
	fmt.Fprintf(&b, "\n    depends on %v\n  the oracle says %s", got.DependsOn, want)
	return b.String()
}

// answerable tells whether an answer to the packet is defined: of ICMP only an
// echo request has one that a snapshot can speak of (RFC 792, RFC 4443).
func answerable(p oracle.Packet) bool {
	switch p.Proto {
	case oracle.ICMP:
		return p.Type == 8 && p.Code == 0
	case oracle.ICMPv6:
		return p.Type == 128 && p.Code == 0
	}
	return true
}

func loadSchema(t testing.TB) *schema.Schema {
	t.Helper()
	sch, err := schema.Load()
	if err != nil {
		t.Fatal(err)
	}
	return sch
}

func TestTheEngineAnswersTheCasesByHand(t *testing.T) {
	sch := loadSchema(t)
	cases, err := oracle.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			w, err := both(sch, c.Topology)
			if err != nil {
				t.Fatal(err)
			}
			for _, ask := range c.Asks {
				if ask.Leg {
					continue // what a load balancer makes of a packet is a question of its own
				}
				if d := w.differ(ask.Packet); d != "" {
					t.Errorf("%s:%d: %s\n  %s\n  %s says: %s", c.File, c.Line, ask.Packet, d, c.Page, c.Says)
				}
			}
		})
	}
}

// TestTheEngineAgreesAboutSinglePackets asks both about single packets of random
// topologies. A disagreement is shrunk to a topology that can be read.
func TestTheEngineAgreesAboutSinglePackets(t *testing.T) {
	sch := loadSchema(t)
	overTopologies(t, 200, func(seed uint64) []string { return compare(sch, seed, 100) })
}

// TestTheEnginesPacketsAreThoseOfTheOracle asks the engine for all packets
// between two ends at once, and looks for 100,000 single ones in the answers.
func TestTheEnginesPacketsAreThoseOfTheOracle(t *testing.T) {
	sch := loadSchema(t)
	var looked, found atomic.Int64
	overTopologies(t, 300, func(seed uint64) []string {
		n, m, failures := members(sch, seed, 12, 30)
		looked.Add(int64(n))
		found.Add(int64(m))
		return failures
	})
	if !t.Failed() && (looked.Load() < 90000 || found.Load() < 15000) {
		t.Errorf("only %d packets were looked for, and %d found", looked.Load(), found.Load())
	}
}

// overTopologies does the same with many seeds on two processors, until it has
// seen enough failures.
func overTopologies(t *testing.T, topologies uint64, do func(seed uint64) []string) {
	t.Helper()
	var (
		mu       sync.Mutex
		failures []string
		work     = make(chan uint64)
		wait     sync.WaitGroup
	)
	for range 2 {
		wait.Go(func() {
			for seed := range work {
				f := do(seed)
				mu.Lock()
				failures = append(failures, f...)
				mu.Unlock()
			}
		})
	}
	for seed := range topologies {
		mu.Lock()
		enough := len(failures) >= 5
		mu.Unlock()
		if enough {
			break
		}
		work <- seed
	}
	close(work)
	wait.Wait()
	for _, f := range failures {
		t.Error(f)
	}
}

// compare asks about packets of one topology and returns the first disagreement.
func compare(sch *schema.Schema, seed uint64, packets int) []string {
	topology := oracle.Generate(seed)
	w, err := both(sch, topology)
	if err != nil {
		return []string{fmt.Sprintf("seed %d: %v\n%s", seed, err, topology)}
	}
	for _, p := range w.oracle.Packets(seed, packets) {
		d, kind := w.compare(p)
		if d == "" {
			continue
		}
		small := oracle.Shrink(topology, func(less string) bool {
			w, err := both(sch, less)
			if err != nil {
				return false
			}
			now, like := w.compare(p)
			if now == "" || like != kind {
				return false
			}
			d = now
			return true
		})
		return []string{fmt.Sprintf("seed %d: %s\n%s  %s", seed, p, small, d)}
	}
	return nil
}

// members looks for packets between pairs of ends in the engine's answer about all
// packets between them. It returns how many it looked for and how many the engine
// has, and the disagreements.
func members(sch *schema.Schema, seed uint64, pairs, packets int) (looked, found int, failures []string) {
	fail := func(format string, args ...any) {
		failures = append(failures, fmt.Sprintf("seed %d: ", seed)+fmt.Sprintf(format, args...))
	}
	topology := oracle.Generate(seed)
	w, err := both(sch, topology)
	if err != nil {
		fail("%v\n%s", err, topology)
		return
	}
	for i, ends := range w.oracle.Packets(seed, pairs) {
		from, p, err := oracle.ParsePacket(ends)
		if err != nil {
			fail("%v", err)
			continue
		}
		all, err := w.put(w.ends(from, p))
		if err != nil {
			fail("%s: %v", ends, err)
			continue
		}
		variants, err := w.oracle.Variants(ends, uint64(i), packets)
		if err != nil {
			fail("%s: %v", ends, err)
		}
		set := all.Set()
		for _, v := range variants {
			_, p, err := oracle.ParsePacket(v)
			if err != nil {
				fail("%v", err)
				continue
			}
			want, err := w.judge(from, p)
			if err != nil {
				fail("%s: %v", v, err)
				continue
			}
			if want.NotModelled != "" || len(want.Assumed) > 0 || want.Varies || !answerable(p) {
				continue
			}
			looked++
			has := set.Has(cidr.Packet{Src: p.Src, Dst: p.Dst, Proto: p.Proto, A: p.SrcPort + p.Type, B: p.DstPort + p.Code})
			if has {
				found++
			}
			if through := want.Forward && (want.Reply || p.Proto != oracle.TCP); has != through {
				fail("%s: in the engine's packets: %t\n%s  %s", v, has, topology, tell("packets", all, want))
				break
			}
		}
	}
	return looked, found, failures
}
