package control

import (
	"fmt"
	"math/rand"
	"net/netip"
	"reflect"
	"testing"

	"github.com/haetae/haetae"
)

func hole(parts ...string) *haetae.Unknown {
	return &haetae.Unknown{Reason: haetae.Unresolved, Set: true, Parts: parts}
}

func groupRuleOf(protocol, from, to any, cidr any) map[string]any {
	m := map[string]any{"IpProtocol": protocol, "CidrIp": cidr}
	if from != nil {
		m["FromPort"], m["ToPort"] = from, to
	}
	return m
}

func TestASecurityGroupIsOpenWhenAllTheWorldReachesAPort(t *testing.T) {
	const world = "0.0.0.0/0"
	for _, c := range []struct {
		name     string
		rules    any
		protocol string
		from, to int64
		want     any
	}{
		{"no rules", nil, "tcp", 22, 22, false},
		{"the port itself", []any{groupRuleOf("tcp", int64(22), int64(22), world)}, "tcp", 22, 22, true},
		{"a range that holds the port", []any{groupRuleOf("tcp", int64(20), int64(30), world)}, "tcp", 22, 22, true},
		{"a port that ends just before", []any{groupRuleOf("tcp", int64(20), int64(21), world)}, "tcp", 22, 22, false},
		{"the protocol as a number", []any{groupRuleOf("6", int64(22), int64(22), world)}, "tcp", 22, 22, true},
		{"another protocol", []any{groupRuleOf("udp", int64(22), int64(22), world)}, "tcp", 22, 22, false},
		{"any protocol that has ports", []any{groupRuleOf("udp", int64(22), int64(22), world)}, "any", 22, 22, true},
		{"all protocols have all ports", []any{groupRuleOf("-1", int64(80), int64(80), world)}, "tcp", 22, 22, true},
		{"all protocols as a number", []any{groupRuleOf(int64(-1), nil, nil, world)}, "any", 22, 22, true},
		{"an ICMP type is no port", []any{groupRuleOf("icmp", int64(8), int64(-1), world)}, "any", 8, 8, false},
		{"GRE has no ports", []any{groupRuleOf("47", int64(22), int64(22), world)}, "any", 22, 22, false},
		{"tcp without ports", []any{groupRuleOf("tcp", nil, nil, world)}, "tcp", 22, 22, true},
		{"tcp with ports of -1", []any{groupRuleOf("tcp", int64(-1), int64(-1), world)}, "tcp", 22, 22, true},
		{"half the world", []any{groupRuleOf("tcp", int64(22), int64(22), "0.0.0.0/1")}, "tcp", 22, 22, false},
		{"two halves", []any{groupRuleOf("tcp", int64(22), int64(22), "0.0.0.0/1"), groupRuleOf("tcp", int64(0), int64(99), "128.0.0.0/1")}, "tcp", 22, 22, true},
		{"two halves at different ports", []any{groupRuleOf("tcp", int64(22), int64(22), "0.0.0.0/1"), groupRuleOf("tcp", int64(23), int64(23), "128.0.0.0/1")}, "tcp", 22, 23, false},
		{"IPv6", []any{map[string]any{"IpProtocol": "tcp", "FromPort": int64(22), "ToPort": int64(22), "CidrIpv6": "::/0"}}, "tcp", 22, 22, true},
		{"a security group is not the world", []any{map[string]any{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-1"}}, "any", 22, 22, false},
		{"a host bit that is set", []any{groupRuleOf("tcp", int64(22), int64(22), "10.0.0.1/0")}, "tcp", 22, 22, true},
		{"an unknown range", []any{groupRuleOf("tcp", int64(22), int64(22), hole())}, "tcp", 22, 22, "?"},
		{"an unknown address is not the world", []any{groupRuleOf("tcp", int64(22), int64(22), hole("", "/32"))}, "tcp", 22, 22, false},
		{"an unknown range at another port", []any{groupRuleOf("tcp", int64(80), int64(80), hole())}, "tcp", 22, 22, false},
		{"an unknown rule beside an open one", []any{hole(), groupRuleOf("tcp", int64(22), int64(22), world)}, "tcp", 22, 22, true},
		{"an unknown port", []any{groupRuleOf("tcp", hole(), int64(30), world)}, "tcp", 22, 22, "?"},
		{"an unknown port that cannot be so high", []any{groupRuleOf("tcp", hole(), int64(30), world)}, "tcp", 31, 31, false},
		{"an unknown protocol", []any{groupRuleOf(hole(), int64(22), int64(22), world)}, "tcp", 22, 22, "?"},
		{"a list that may go on", &haetae.OpenList{Why: hole()}, "tcp", 22, 22, "?"},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, openToWorld(c.rules, c.protocol, c.from, c.to), c.want) })
	}
}

// check compares an answer; "?" stands for undecided.
func check(t *testing.T, got, want any) {
	t.Helper()
	if want == "?" {
		if !isUnknown(got) {
			t.Errorf("got %v, want undecided", got)
		}
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v (%v), want %#v", got, got, want)
	}
}

func TestOpenPortsAreMergedAndSorted(t *testing.T) {
	rules := []any{
		groupRuleOf("tcp", int64(443), int64(443), "0.0.0.0/0"), groupRuleOf("tcp", int64(80), int64(90), "0.0.0.0/0"),
		groupRuleOf("tcp", int64(91), int64(95), "0.0.0.0/0"), groupRuleOf("icmp", int64(-1), int64(-1), "0.0.0.0/0"),
		groupRuleOf("udp", int64(53), int64(53), "10.0.0.0/8"),
	}
	check(t, openPorts(rules), []any{[]any{"icmp", int64(-1), int64(-1)}, []any{"tcp", int64(80), int64(95)}, []any{"tcp", int64(443), int64(443)}})
	check(t, openPorts(append(rules, groupRuleOf("-1", nil, nil, "0.0.0.0/0"))), []any{[]any{"-1", int64(0), int64(65535)}})
	check(t, openPorts(append(rules, hole())), "?")
	check(t, openPorts(nil), []any{})
	check(t, allProtocols(rules), false)
	check(t, openFrom([]any{groupRuleOf("tcp", int64(22), int64(22), "10.0.0.0/8")}, "tcp", int64(22), int64(22), "10.2.0.0/16"), true)
	check(t, openFrom([]any{groupRuleOf("tcp", int64(22), int64(22), "10.0.0.0/8")}, "tcp", int64(22), int64(22), "10.0.0.0/7"), false)
}

func aclEntryOf(number int64, action string, protocol, from, to any, cidr any) map[string]any {
	return map[string]any{"RuleNumber": number, "RuleAction": action, "Protocol": protocol, "Egress": false, "CidrBlock": cidr,
		"PortRange": map[string]any{"From": from, "To": to}}
}

func TestANetworkACLIsTriedInOrder(t *testing.T) {
	allow := aclEntryOf(100, "allow", int64(6), int64(22), int64(22), "0.0.0.0/0")
	all := map[string]any{"RuleNumber": int64(100), "RuleAction": "allow", "Protocol": int64(-1), "CidrBlock": "0.0.0.0/0"}
	outbound := aclEntryOf(100, "allow", int64(6), int64(22), int64(22), "0.0.0.0/0")
	outbound["Egress"] = true
	for _, c := range []struct {
		name    string
		entries []any
		want    any
	}{
		{"nothing is denied by default", nil, false},
		{"an allow of the world", []any{allow}, true},
		{"an allow of everything", []any{all}, true},
		{"an outbound allow", []any{outbound}, false},
		{"a deny before", []any{allow, aclEntryOf(90, "deny", int64(6), int64(22), int64(22), "0.0.0.0/0")}, false},
		{"a deny after", []any{allow, aclEntryOf(110, "deny", int64(6), int64(22), int64(22), "0.0.0.0/0")}, true},
		{"a deny of another port before", []any{allow, aclEntryOf(90, "deny", int64(6), int64(23), int64(23), "0.0.0.0/0")}, true},
		{"a deny of a few before", []any{allow, aclEntryOf(90, "deny", int64(-1), nil, nil, "203.0.113.0/24")}, true},
		{"a deny of two halves before", []any{allow, aclEntryOf(90, "deny", int64(-1), nil, nil, "0.0.0.0/1"), aclEntryOf(91, "deny", int64(-1), nil, nil, "128.0.0.0/1")}, false},
		{"an allow of a few, then a deny", []any{aclEntryOf(80, "allow", int64(6), int64(22), int64(22), "10.0.0.0/8"), aclEntryOf(90, "deny", int64(6), int64(22), int64(22), "0.0.0.0/0"), all}, false},
		{"a deny of unknown place", []any{allow, func() any {
			e := aclEntryOf(1, "deny", int64(6), int64(22), int64(22), "0.0.0.0/0")
			e["RuleNumber"] = hole()
			return e
		}()}, "?"},
		{"a deny of one unknown address", []any{allow, aclEntryOf(90, "deny", int64(6), int64(22), int64(22), hole("", "/32"))}, true},
		{"an unknown action", []any{aclEntryOf(90, "", int64(6), int64(22), int64(22), "0.0.0.0/0"), map[string]any{
			"RuleNumber": int64(95), "RuleAction": hole(), "Protocol": int64(6), "CidrBlock": "0.0.0.0/0"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) { check(t, naclOpenToWorld(c.entries, "tcp", int64(22), int64(22)), c.want) })
	}
}

func TestAnEntryBehindOneThatMatchesAllOfItIsIneffective(t *testing.T) {
	allow := aclEntryOf(100, "allow", int64(-1), nil, nil, "0.0.0.0/0")
	deny := aclEntryOf(110, "deny", int64(6), int64(22), int64(22), "203.0.113.0/24")
	first := aclEntryOf(90, "deny", int64(6), int64(22), int64(22), "203.0.113.0/24")
	last := map[string]any{"RuleNumber": int64(32767), "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
	check(t, naclIneffectiveDeny([]any{allow, deny, last}), true)
	check(t, naclIneffectiveDeny([]any{allow, first, last}), false)
	check(t, naclIneffectiveDeny([]any{first, deny, last}), false) // repeats a deny
	check(t, naclIneffectiveRules([]any{allow, deny, last}), []any{int64(110)})
	check(t, naclIneffectiveRules([]any{first, deny}), []any{int64(110)})
	check(t, naclIneffectiveDeny([]any{aclEntryOf(100, "allow", int64(6), int64(80), int64(80), "0.0.0.0/0"), deny}), false)
	check(t, naclIneffectiveDeny([]any{hole(), deny}), "?")
	ping := map[string]any{"RuleNumber": int64(5), "RuleAction": "allow", "Protocol": int64(1), "CidrBlock": "0.0.0.0/0", "Icmp": map[string]any{"Type": int64(8), "Code": int64(-1)}}
	noPing := map[string]any{"RuleNumber": int64(6), "RuleAction": "deny", "Protocol": int64(1), "CidrBlock": "0.0.0.0/0", "Icmp": map[string]any{"Type": int64(8), "Code": int64(0)}}
	noICMP := map[string]any{"RuleNumber": int64(6), "RuleAction": "deny", "Protocol": int64(1), "CidrBlock": "0.0.0.0/0", "Icmp": map[string]any{"Type": int64(-1), "Code": int64(-1)}}
	check(t, naclIneffectiveDeny([]any{ping, noPing}), true)
	check(t, naclIneffectiveDeny([]any{ping, noICMP}), false)
}

// The universe of the comparison: sixteen blocks of addresses and eight ports.
func TestTheAlgebraAgreesWithTryingEveryPacket(t *testing.T) {
	rng := rand.New(rand.NewSource(7))
	cidr := func() (string, func(int) bool) {
		bits := rng.Intn(5)
		at := rng.Intn(16) >> (4 - bits) << (4 - bits)
		return fmt.Sprintf("%d.0.0.0/%d", at<<4, bits), func(a int) bool { return a>>(4-bits) == at>>(4-bits) }
	}
	type packetRule struct {
		number   int
		allow    bool
		protocol int
		lo, hi   int
		holds    func(int) bool
	}
	matches := func(r packetRule, protocol, port, address int) bool {
		return (r.protocol == -1 || r.protocol == protocol && r.lo <= port && port <= r.hi) && r.holds(address)
	}
	for range 4000 {
		var rules []packetRule
		var group, acl []any
		for i := range rng.Intn(7) {
			text, holds := cidr()
			r := packetRule{number: i + 1, allow: rng.Intn(3) > 0, protocol: []int{6, 6, 17, -1}[rng.Intn(4)], lo: rng.Intn(8), holds: holds}
			r.hi = r.lo + rng.Intn(4)
			rules = append(rules, r)
			group = append(group, groupRuleOf(fmt.Sprint(r.protocol), int64(r.lo), int64(r.hi), text))
			acl = append(acl, aclEntryOf(int64(r.number), map[bool]string{true: "allow", false: "deny"}[r.allow], int64(r.protocol), int64(r.lo), int64(r.hi), text))
		}
		rng.Shuffle(len(acl), func(i, j int) { acl[i], acl[j] = acl[j], acl[i] })
		from := rng.Intn(8)
		to := from + rng.Intn(3)
		open, half := false, false
		for port := from; port <= to; port++ {
			reached, through, covered := 0, 0, 0
			for a := range 16 {
				any, decided := false, false
				allows := false
				for _, r := range rules {
					if !matches(r, 6, port, a) {
						continue
					}
					any, allows = true, allows || r.allow
					if !decided && r.allow {
						through++
					}
					decided = true
				}
				if any {
					reached++
				}
				if allows {
					covered++
				}
			}
			open = open || reached == 16
			half = half || covered == 16 && through >= 8
		}
		if got := openToWorld(group, "tcp", int64(from), int64(to)); got != open {
			t.Fatalf("openToWorld(%v, %d, %d) is %v, want %v", group, from, to, got, open)
		}
		if got := naclOpenToWorld(acl, "tcp", int64(from), int64(to)); got != half {
			t.Fatalf("naclOpenToWorld(%v, %d, %d) is %v, want %v", acl, from, to, got, half)
		}
		dead := []any{}
		deadDeny := false
		for i, r := range rules {
			ineffective, over := true, false
			for _, protocol := range []int{6, 17, 99} {
				for port := range 12 {
					for a := range 16 {
						if !matches(r, protocol, port, a) {
							continue
						}
						first := -1
						for j := range rules[:i] {
							if first < 0 && matches(rules[j], protocol, port, a) {
								first = j
							}
						}
						ineffective = ineffective && first >= 0
						over = over || first >= 0 && rules[first].allow
					}
				}
			}
			if ineffective {
				dead = append(dead, int64(r.number))
				deadDeny = deadDeny || !r.allow && over
			}
		}
		if got := naclIneffectiveRules(acl); !reflect.DeepEqual(got, dead) {
			t.Fatalf("naclIneffectiveRules(%v) is %v, want %v", acl, got, dead)
		}
		if got := naclIneffectiveDeny(acl); got != deadDeny {
			t.Fatalf("naclIneffectiveDeny(%v) is %v, want %v", acl, got, deadDeny)
		}
	}
}

func TestUncoveredCountsToTheLastAddress(t *testing.T) {
	whole := wholeOf(true)
	one := netip.MustParsePrefix("8000::/128")
	var rest []netip.Prefix
	for p := whole; p.Bits() < 128; {
		lower, upper := halves(p)
		if lower.Contains(one.Addr()) {
			p, rest = lower, append(rest, upper)
		} else {
			p, rest = upper, append(rest, lower)
		}
	}
	if n := uncovered(rest, whole); n.Int64() != 1 {
		t.Errorf("%v addresses are left, want 1", n)
	}
	if n := uncovered(append(rest, one), whole); n.Sign() != 0 {
		t.Errorf("%v addresses are left, want 0", n)
	}
}
