package network

import (
	"net/netip"
	"testing"

	"github.com/haetae/haetae/cidr"
)

func testVariables() variables {
	return variables{
		addrs: map[string]cidr.Addrs{"HOME_NET": cidr.Prefix(netip.MustParsePrefix("10.0.0.0/16")), "EXTERNAL_NET": cidr.AllAddrs().Minus(cidr.Prefix(netip.MustParsePrefix("10.0.0.0/16")))},
		ports: map[string]cidr.Ports{"HTTP_PORTS": cidr.PortRange(80, 81)},
	}
}

func TestRulesInSuricatasLanguage(t *testing.T) {
	for _, c := range []struct {
		rule, action, predicate string
		in, out                 cidr.Packet
	}{
		{`pass tcp $HOME_NET any -> $EXTERNAL_NET 443 (msg:"a; b"; sid:7; rev:1;)`, "pass", "", packet("10.0.0.1", "8.8.8.8", 6, 1, 443), packet("10.0.0.1", "10.0.9.9", 6, 1, 443)},
		{`drop udp any [1000:2000,!1500] <> 10.0.0.0/8 53 (sid:1;)`, "drop", "", packet("10.0.0.1", "8.8.8.8", 17, 53, 1400), packet("8.8.8.8", "10.0.0.1", 17, 1500, 53)},
		{`drop tls $HOME_NET any -> any any (tls.sni; content:"x;y"; sid:2;)`, "drop", `the packets are tls tls.sni; content:"x;y"`, packet("10.0.0.1", "8.8.8.8", 6, 1, 8443), packet("11.0.0.1", "8.8.8.8", 6, 1, 443)},
		{`reject ip ![10.0.0.0/24,10.0.1.1] any -> any $HTTP_PORTS (sid:3;)`, "reject", "", packet("10.0.2.1", "8.8.8.8", 6, 1, 81), packet("10.0.0.9", "8.8.8.8", 6, 1, 81)},
		{`pass icmp any any -> any any (sid:4;)`, "pass", "", packet("10.0.2.1", "8.8.8.8", 1, 8, 0), packet("10.0.2.1", "8.8.8.8", 6, 1, 81)},
	} {
		list, err := parseRules("# comment\n\n"+c.rule, testVariables())
		if err != nil || len(list) != 1 {
			t.Errorf("%s: %d rules, %v", c.rule, len(list), err)
			continue
		}
		r := list[0]
		if r.action != c.action || r.predicate != c.predicate || !r.set.Has(c.in) || r.set.Has(c.out) {
			t.Errorf("%s: %s %q, takes %v: %v, takes %v: %v", c.rule, r.action, r.predicate, c.in, r.set.Has(c.in), c.out, r.set.Has(c.out))
		}
	}
	for _, bad := range []string{`pass tcp any any -> any (sid:1;)`, `pass tcp any any any any -> (sid:1;)`, `allow tcp any any -> any any (sid:1;)`, `pass foo any any -> any any (sid:1;)`,
		`pass tcp $NOPE any -> any any (sid:1;)`, `pass tcp any 99999 -> any any (sid:1;)`, `pass tcp any any -> any any`} {
		if list, err := parseRules(bad, testVariables()); err == nil {
			t.Errorf("%s: read as %v", bad, list)
		}
	}
}

func packet(src, dst string, proto, a, b int) cidr.Packet {
	return cidr.Packet{Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), Proto: proto, A: a, B: b}
}

// TestAPredicateIsTheWorstAndTheBest tries every outcome of the predicates: what
// is surely let through is let through in all, and what may be in one.
func TestAPredicateIsTheWorstAndTheBest(t *testing.T) {
	rules, err := parseRules(`pass tls any any -> any 443 (tls.sni; content:"a"; sid:1;)
drop tcp any any -> any 443:445 (sid:2;)
pass http any any -> any 80 (sid:3;)
drop http any any -> any 80:90 (sid:4;)
pass tcp any any -> any 85 (sid:5;)`, testVariables())
	if err != nil {
		t.Fatal(err)
	}
	for _, drops := range []bool{true, false} {
		f := &firewall{rules: rules, drops: drops}
		m := match{protos: cidr.Proto(cidr.TCP), ports: cidr.AllPorts()}
		all := cidr.Of(m.boxes(cidr.All4(), cidr.All4())...)
		j := f.stateful(all)
		for port := range 500 {
			p := packet("10.0.0.1", "8.8.8.8", 6, 1, port)
			always, once := true, false
			for outcome := range 1 << len(rules) {
				ok := !drops
				for i, r := range rules {
					if r.set.Has(p) && (r.predicate == "" || outcome>>i&1 == 1) {
						ok = r.action == "pass"
						break
					}
				}
				always, once = always && ok, once || ok
			}
			if j.yes.Has(p) != always || j.may.Has(p) != once {
				t.Errorf("port %d, default drop %v: surely %v, want %v; maybe %v, want %v", port, drops, j.yes.Has(p), always, j.may.Has(p), once)
			}
		}
	}
}

func FuzzParseRules(f *testing.F) {
	f.Add("pass tcp $HOME_NET any -> [1.2.3.4,!10.0.0.0/8] 80: (msg:\"x\"; sid:1;)")
	f.Add("drop tls any any <> any [1:2,!3] (content:\"a\\\"b\";)")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := parseRules(s, testVariables())
		if err == nil {
			for _, r := range list {
				if r.action == "" || r.name == "" {
					t.Fatalf("%q gives a rule without an action", s)
				}
			}
		}
	})
}
