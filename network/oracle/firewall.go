package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
)

// firewall is an AWS Network Firewall with its policy, in the order in which it
// looks at a packet.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-policy-processing.html
type firewall struct {
	id        string
	stateless []statelessRule
	otherwise string // what is done with what no stateless rule matches
	stateful  []statefulRule
	strict    bool
	last      []string // default actions of strict order
	ports     [][2]int // all ports that rules name
	unknown   string   // what of it is not modelled
}

type statelessRule struct {
	order    [2]int // priority of the group and of the rule
	action   string
	src, dst []netip.Prefix // none for any
	from, to [][2]int
	protos   []int
}

type statefulRule struct {
	priority int
	action   string // pass, drop, reject, alert
	proto    string // ip, tcp, udp, icmp
	src, dst func(netip.Addr) bool
	from, to func(int) bool
	both     bool // direction <>
}

func (w *World) readFirewall(r *haetae.Resource, snap *haetae.Snapshot) error {
	f := &firewall{id: r.ID}
	policy := byARN(snap, "AWS::NetworkFirewall::FirewallPolicy", text(r.Props, "FirewallPolicyArn"))
	if policy == nil {
		f.unknown = "its policy is not in the snapshot"
	} else if err := f.read(w, policy, snap, w.vpcs[text(r.Props, "VpcId")]); err != nil {
		return err
	}
	for _, e := range texts(r.Observed["EndpointIds"]) {
		w.firewalls[suffix(e)] = f // "us-east-1a:vpce-1"
	}
	return nil
}

func byARN(snap *haetae.Snapshot, typ, arn string) *haetae.Resource {
	for _, r := range snap.Resources {
		if r.Type == typ && (r.ID == arn || r.ARN == arn) {
			return r
		}
	}
	return nil
}

func (f *firewall) read(w *World, r *haetae.Resource, snap *haetae.Snapshot, v *vpc) error {
	p, _ := r.Props["FirewallPolicy"].(map[string]any)
	f.otherwise = statelessAction(texts(p["StatelessDefaultActions"]))
	options, _ := p["StatefulEngineOptions"].(map[string]any)
	f.strict = text(options, "RuleOrder") == "STRICT_ORDER"
	f.last = texts(p["StatefulDefaultActions"])
	home := map[string][]string{}
	for _, c := range v.cidrs {
		home["HOME_NET"] = append(home["HOME_NET"], c.String())
	}
	home["EXTERNAL_NET"] = []string{"!$HOME_NET"}
	for _, ref := range items(p["StatelessRuleGroupReferences"]) {
		g := byARN(snap, "AWS::NetworkFirewall::RuleGroup", text(ref, "ResourceArn"))
		if g == nil {
			f.unknown = "a rule group is not in the snapshot"
			return nil
		}
		priority, err := number(ref, "Priority", 0)
		if err != nil {
			return err
		}
		if err := f.readStateless(g, priority); err != nil {
			return err
		}
	}
	slices.SortStableFunc(f.stateless, func(a, b statelessRule) int { return slices.Compare(a.order[:], b.order[:]) })
	for _, ref := range items(p["StatefulRuleGroupReferences"]) {
		g := byARN(snap, "AWS::NetworkFirewall::RuleGroup", text(ref, "ResourceArn"))
		if g == nil {
			f.unknown = "a rule group is not in the snapshot"
			return nil
		}
		priority, err := number(ref, "Priority", 0)
		if err != nil {
			return err
		}
		if err := f.readStateful(g, priority, home); err != nil {
			return err
		}
	}
	slices.SortStableFunc(f.stateful, func(a, b statefulRule) int { return a.priority - b.priority })
	return nil
}

func statelessAction(actions []string) string {
	for _, a := range actions {
		if s, ok := strings.CutPrefix(a, "aws:"); ok {
			return s // custom actions stand beside it and only count
		}
	}
	return ""
}

func source(g *haetae.Resource) map[string]any {
	group, _ := g.Props["RuleGroup"].(map[string]any)
	s, _ := group["RulesSource"].(map[string]any)
	return s
}

func (f *firewall) readStateless(g *haetae.Resource, priority int) error {
	list, _ := source(g)["StatelessRulesAndCustomActions"].(map[string]any)
	for _, x := range items(list["StatelessRules"]) {
		m, _ := x.(map[string]any)
		d, _ := m["RuleDefinition"].(map[string]any)
		at, _ := d["MatchAttributes"].(map[string]any)
		r := statelessRule{action: statelessAction(texts(d["Actions"]))}
		n, err := number(x, "Priority", 0)
		if err != nil {
			return err
		}
		r.order = [2]int{priority, n}
		for _, s := range items(at["Sources"]) {
			if err := prefixes(&r.src, text(s, "AddressDefinition")); err != nil {
				return err
			}
		}
		for _, s := range items(at["Destinations"]) {
			if err := prefixes(&r.dst, text(s, "AddressDefinition")); err != nil {
				return err
			}
		}
		for name, to := range map[string]*[][2]int{"SourcePorts": &r.from, "DestinationPorts": &r.to} {
			for _, s := range items(at[name]) {
				a, err := number(s, "FromPort", 0)
				if err != nil {
					return err
				}
				b, err := number(s, "ToPort", 0)
				if err != nil {
					return err
				}
				*to = append(*to, [2]int{a, b})
				f.ports = append(f.ports, [2]int{a, b})
			}
		}
		for _, s := range items(at["Protocols"]) {
			if n, ok := s.(int64); ok {
				r.protos = append(r.protos, int(n))
			}
		}
		if len(items(at["TCPFlags"])) > 0 {
			f.unknown = "a stateless rule about TCP flags"
		}
		f.stateless = append(f.stateless, r)
	}
	return nil
}

func (r statelessRule) matches(p Packet) bool {
	in := func(list []netip.Prefix, a netip.Addr) bool { return len(list) == 0 || contains(list, a) }
	// Ports are "only used for protocols 6 (TCP) and 17 (UDP)".
	// https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_MatchAttributes.html
	of := func(list [][2]int, port int) bool {
		return len(list) == 0 || !p.ports() || slices.ContainsFunc(list, func(r [2]int) bool { return r[0] <= port && port <= r[1] })
	}
	return in(r.src, p.Src) && in(r.dst, p.Dst) && of(r.from, p.SrcPort) && of(r.to, p.DstPort) &&
		(len(r.protos) == 0 || slices.Contains(r.protos, p.Proto))
}

func (f *firewall) readStateful(g *haetae.Resource, priority int, sets map[string][]string) error {
	s := source(g)
	if s["RulesSourceList"] != nil {
		f.unknown = "a list of domains"
		return nil
	}
	var lines []string
	for _, x := range items(s["StatefulRules"]) {
		m, _ := x.(map[string]any)
		h, _ := m["Header"].(map[string]any)
		arrow := "->"
		if text(h, "Direction") == "ANY" {
			arrow = "<>"
		}
		lines = append(lines, strings.ToLower(strings.Join([]string{text(m, "Action"), text(h, "Protocol"), word(text(h, "Source")),
			word(text(h, "SourcePort")), arrow, word(text(h, "Destination")), word(text(h, "DestinationPort"))}, " ")))
		for _, o := range items(m["RuleOptions"]) {
			if !harmless(text(o, "Keyword")) {
				f.unknown = "a rule with option " + text(o, "Keyword")
			}
		}
	}
	for line := range strings.Lines(text(s, "RulesString")) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		head, options, _ := strings.Cut(line, "(")
		lines = append(lines, head)
		for o := range strings.SplitSeq(strings.TrimSuffix(strings.TrimSpace(options), ")"), ";") {
			if name, _, _ := strings.Cut(strings.TrimSpace(o), ":"); name != "" && !harmless(name) {
				f.unknown = "a rule with option " + name
			}
		}
	}
	for _, line := range lines {
		r, err := f.header(line, sets)
		if err != nil {
			return err
		}
		r.priority = priority
		f.stateful = append(f.stateful, r)
	}
	return nil
}

func word(s string) string { return strings.ReplaceAll(s, " ", "") }

// harmless are options of a rule that do not narrow what it matches.
func harmless(option string) bool {
	return slices.Contains([]string{"sid", "msg", "rev", "metadata", "classtype", "reference", "priority", "gid"}, option)
}

// header reads "action protocol source port -> destination port".
// https://docs.suricata.io/en/latest/rules/intro.html
func (f *firewall) header(line string, sets map[string][]string) (r statefulRule, err error) {
	x := strings.Fields(line)
	if len(x) != 7 {
		return r, fmt.Errorf("rule %q has not seven words", line)
	}
	r.action, r.proto, r.both = strings.ToLower(x[0]), strings.ToLower(x[1]), x[4] == "<>"
	if !slices.Contains([]string{"ip", "tcp", "udp", "icmp"}, r.proto) {
		f.unknown = "a rule about protocol " + r.proto
	}
	if r.src, err = hosts(x[2], sets); err != nil {
		return r, err
	}
	if r.dst, err = hosts(x[5], sets); err != nil {
		return r, err
	}
	if r.from, err = f.portSet(x[3]); err != nil {
		return r, err
	}
	r.to, err = f.portSet(x[6])
	return r, err
}

// hosts reads addresses: any, a CIDR, !x, [a,b,!c], $NAME.
func hosts(s string, sets map[string][]string) (func(netip.Addr) bool, error) {
	if strings.EqualFold(s, "any") {
		return func(netip.Addr) bool { return true }, nil
	}
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		inner, err := hosts(rest, sets)
		return func(a netip.Addr) bool { return !inner(a) }, err
	}
	if name, ok := strings.CutPrefix(s, "$"); ok {
		list, known := sets[strings.ToUpper(name)]
		if !known {
			return nil, fmt.Errorf("variable %s is not known", s)
		}
		return hosts("["+strings.Join(list, ",")+"]", sets)
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		var yes, no []func(netip.Addr) bool
		for part := range strings.SplitSeq(strings.TrimSuffix(inner, "]"), ",") {
			one, err := hosts(strings.TrimPrefix(part, "!"), sets)
			if err != nil {
				return nil, err
			}
			if strings.HasPrefix(part, "!") {
				no = append(no, one)
			} else {
				yes = append(yes, one)
			}
		}
		return either(yes, no), nil
	}
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		return func(b netip.Addr) bool { return a == b }, err
	}
	p, err := netip.ParsePrefix(s)
	return p.Contains, err
}

// portSet reads ports: any, 80, 80:90, :1023, 1024:, !x, [a,b,!c].
func (f *firewall) portSet(s string) (func(int) bool, error) {
	if strings.EqualFold(s, "any") {
		return func(int) bool { return true }, nil
	}
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		inner, err := f.portSet(rest)
		return func(p int) bool { return !inner(p) }, err
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		var yes, no []func(int) bool
		for part := range strings.SplitSeq(strings.TrimSuffix(inner, "]"), ",") {
			one, err := f.portSet(strings.TrimPrefix(part, "!"))
			if err != nil {
				return nil, err
			}
			if strings.HasPrefix(part, "!") {
				no = append(no, one)
			} else {
				yes = append(yes, one)
			}
		}
		return either(yes, no), nil
	}
	low, high, ranged := strings.Cut(s, ":")
	from, to := 0, 65535
	var err error
	if low != "" {
		if from, err = strconv.Atoi(low); err != nil {
			return nil, err
		}
	}
	if !ranged {
		to = from
	} else if high != "" {
		if to, err = strconv.Atoi(high); err != nil {
			return nil, err
		}
	}
	f.ports = append(f.ports, [2]int{from, to})
	return func(p int) bool { return from <= p && p <= to }, nil
}

func either[T any](yes, no []func(T) bool) func(T) bool {
	return func(v T) bool {
		for _, f := range no {
			if f(v) {
				return false
			}
		}
		for _, f := range yes {
			if f(v) {
				return true
			}
		}
		return len(yes) == 0
	}
}

func (r statefulRule) matches(p Packet) bool {
	switch r.proto {
	case "tcp":
		if p.Proto != TCP {
			return false
		}
	case "udp":
		if p.Proto != UDP {
			return false
		}
	case "icmp":
		if p.Proto != ICMP && p.Proto != ICMPv6 {
			return false
		}
	}
	one := func(p Packet) bool {
		return r.src(p.Src) && r.dst(p.Dst) && (!p.ports() || r.from(p.SrcPort) && r.to(p.DstPort))
	}
	swapped := p
	swapped.Src, swapped.Dst, swapped.SrcPort, swapped.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	return one(p) || r.both && one(swapped)
}

// inspect puts a packet before a firewall: first the stateless rules, in the
// order of groups and rules, and then, if these say so, the stateful ones.
// https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-policy-processing.html
func (k *walk) inspect(f *firewall, endpoint string) (bool, result) {
	if f.unknown != "" {
		return false, k.unmodelled("firewall %s: %s", f.id, f.unknown)
	}
	action := f.otherwise
	for _, r := range f.stateless {
		if r.matches(k.p) {
			action = r.action
			break
		}
	}
	switch action {
	case "pass":
		// "Discontinue all inspection of the packet and permit it."
		// https://docs.aws.amazon.com/network-firewall/latest/developerguide/rule-action.html
		k.say(endpoint, "stateless pass")
		return true, result{}
	case "drop":
		return false, k.drop(endpoint, "stateless drop")
	case "forward_to_sfe":
	default:
		return false, k.unmodelled("stateless action %q", action)
	}
	passed, seen := k.flow.inspected[endpoint]
	switch {
	case k.reply && passed:
		// "If a packet within a flow matches a rule containing pass action, then
		// Suricata doesn't scan the other packets in that flow."
		// https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html
		return true, result{}
	case k.reply && !seen && k.p.Proto == TCP:
		// The middle of a connection whose beginning this endpoint did not see:
		// the stream exception policy drops it, which is its default.
		// https://docs.aws.amazon.com/network-firewall/latest/developerguide/stream-exception-policy.html
		return false, k.drop(endpoint, "an answer to what it did not see")
	case k.reply && !seen:
		return false, k.unmodelled("an answer of protocol %d to what firewall %s did not see", k.p.Proto, f.id)
	}
	verdict := f.verdict(k.p)
	switch verdict {
	case "pass", "":
		k.flow.inspected[endpoint] = verdict == "pass"
		k.say(endpoint, "stateful %q", verdict)
		return true, result{}
	case "unknown":
		return false, k.unmodelled("default action of firewall %s", f.id)
	}
	return false, k.drop(endpoint, "stateful %s", verdict)
}

// verdict is what the stateful rules say: pass, drop, reject, or nothing, which
// lets the packet through.
func (f *firewall) verdict(p Packet) string {
	if !f.strict {
		// "Actions are processed in the following order: pass, drop, reject, alert."
		for _, action := range []string{"pass", "drop", "reject"} {
			for _, r := range f.stateful {
				if r.action == action && r.matches(p) {
					return action
				}
			}
		}
		return ""
	}
	// "The rule groups are evaluated by order of priority, and the rules in each
	// rule group are processed in the order in which they're defined"; an alert
	// goes on.
	for _, r := range f.stateful {
		if r.action != "alert" && r.matches(p) {
			return r.action
		}
	}
	for _, a := range f.last {
		switch a {
		case "aws:drop_strict":
			return "drop"
		case "aws:alert_strict", "aws:alert_established":
		default:
			return "unknown"
		}
	}
	return ""
}
