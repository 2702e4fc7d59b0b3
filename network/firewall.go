package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// firewall is an AWS Network Firewall with the rules of its policy.
type firewall struct {
	res    *haetae.Resource
	vpc    *vpc
	handed cidr.Set // what the stateless rules hand to the stateful ones
	passed cidr.Set // what they let through at once
	rules  []wallRule
	strict bool
	drops  bool // what no stateful rule takes is dropped
	why    *haetae.Unknown
}

// addFirewalls gives endpoints of firewalls their firewall. An endpoint that is
// not listed itself is known from the firewall.
func (w *World) addFirewalls(byType map[string][]*haetae.Resource) {
	for _, r := range byType["AWS::NetworkFirewall::Firewall"] {
		f := &firewall{res: r, vpc: w.vpcOf(r, r.Props["VpcId"])}
		policy, why := w.g.Find(r, "AWS::NetworkFirewall::FirewallPolicy", r.Props["FirewallPolicyArn"])
		if policy == nil {
			f.why = firstWhy(why, missing("the policy of firewall "+last(r.ID), "network-firewall:DescribeFirewallPolicy"))
		} else {
			w.readPolicy(f, policy)
		}
		list, _ := items(r.Observed["EndpointIds"])
		mappings, _ := items(r.Props["SubnetMappings"])
		for _, x := range list {
			zone, id, _ := strings.Cut(text(x), ":")
			w.endpointNamed(r, id, zone, mappings).firewall = f
		}
		w.of[r] = f
	}
}

// endpointNamed returns the endpoint with the id; one that is not listed is in
// the subnet of the firewall in its zone.
func (w *World) endpointNamed(r *haetae.Resource, id, zone string, mappings []any) *endpoint {
	for _, x := range w.named[id] {
		if e, ok := w.of[x].(*endpoint); ok {
			return e
		}
	}
	res := &haetae.Resource{Type: "AWS::EC2::VPCEndpoint", ID: id, Account: r.Account, Region: r.Region, Stack: r.Stack}
	e := &endpoint{res: res, kind: "GatewayLoadBalancer", vpc: w.vpcOf(r, r.Props["VpcId"])}
	for _, m := range mappings {
		if s := w.subnetOf(r, get(m, "SubnetId")); s != nil && (s.zone == zone || len(mappings) == 1) {
			e.subnets = append(e.subnets, s)
		}
	}
	w.of[res] = e
	w.named[id] = append(w.named[id], res)
	return e
}

// groupRef is a rule group in a policy.
type groupRef struct {
	priority int
	res      *haetae.Resource
	arn      string
}

// groupRefs reads the rule groups of a policy in order.
func (w *World) groupRefs(f *firewall, policy *haetae.Resource, prop string) []groupRef {
	list, why := items(get(policy.Props["FirewallPolicy"], prop))
	f.why = firstWhy(f.why, why)
	var out []groupRef
	for _, x := range list {
		n, _ := number(get(x, "Priority"))
		ref := get(x, "ResourceArn")
		found, _ := w.g.Find(policy, "AWS::NetworkFirewall::RuleGroup", ref)
		out = append(out, groupRef{n, found, text(ref)})
	}
	slices.SortStableFunc(out, func(a, b groupRef) int { return a.priority - b.priority })
	return out
}

func (w *World) readPolicy(f *firewall, policy *haetae.Resource) {
	p := policy.Props["FirewallPolicy"]
	f.why = firstWhy(f.why, whyNot(p), policy.Stub)
	left := cidr.All()
	take := func(set cidr.Set, actions []any) {
		set = set.Intersect(left)
		for _, a := range actions {
			switch text(a) {
			case "aws:pass":
				f.passed = f.passed.Union(set)
			case "aws:forward_to_sfe":
				f.handed = f.handed.Union(set)
			}
		}
		left = left.Minus(set)
	}
	for _, ref := range w.groupRefs(f, policy, "StatelessRuleGroupReferences") {
		if ref.res == nil {
			f.why = firstWhy(f.why, missing("rule group "+last(ref.arn), "network-firewall:DescribeRuleGroup"))
			continue
		}
		for _, x := range statelessRules(ref.res, f) {
			actions, _ := items(get(x, "RuleDefinition.Actions"))
			set, why := w.attributes(ref.res, get(x, "RuleDefinition.MatchAttributes"))
			f.why = firstWhy(f.why, why)
			take(set, actions)
		}
	}
	defaults, why := items(get(p, "StatelessDefaultActions"))
	f.why = firstWhy(f.why, why)
	take(left, defaults)

	f.strict = text(get(p, "StatefulEngineOptions.RuleOrder")) == "STRICT_ORDER"
	last, _ := items(get(p, "StatefulDefaultActions"))
	for _, a := range last {
		// What is dropped once a connection is established cannot carry anything.
		if s := text(a); strings.HasPrefix(s, "aws:drop_") {
			f.drops = f.drops || f.strict
		}
	}
	v := f.variables(get(p, "PolicyVariables.RuleVariables"), nil)
	for _, ref := range w.groupRefs(f, policy, "StatefulRuleGroupReferences") {
		w.statefulGroup(f, ref, v)
	}
	if !f.strict {
		// The default order is by action, wherever a rule stands
		// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html).
		rank := map[string]int{"pass": 0, "drop": 1, "reject": 2, "alert": 3}
		slices.SortStableFunc(f.rules, func(a, b wallRule) int { return rank[a.action] - rank[b.action] })
	}
}

// statelessRules are the rules of a stateless group in order.
func statelessRules(r *haetae.Resource, f *firewall) []any {
	list, why := items(get(r.Props["RuleGroup"], "RulesSource.StatelessRulesAndCustomActions.StatelessRules"))
	f.why = firstWhy(f.why, why)
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b any) int {
		x, _ := number(get(a, "Priority"))
		y, _ := number(get(b, "Priority"))
		return x - y
	})
	return list
}

// attributes is the packets of a stateless rule.
func (w *World) attributes(r *haetae.Resource, v any) (cidr.Set, *haetae.Unknown) {
	var why *haetae.Unknown
	addrs := func(name string) cidr.Addrs {
		list, u := items(get(v, name))
		why = firstWhy(why, u)
		if len(list) == 0 {
			return cidr.AllAddrs()
		}
		var out cidr.Addrs
		for _, x := range list {
			out = out.Union(addrsOf(get(x, "AddressDefinition")))
		}
		return out
	}
	ports := func(name string) cidr.Ports {
		list, u := items(get(v, name))
		why = firstWhy(why, u)
		if len(list) == 0 {
			return cidr.AllPorts()
		}
		var out cidr.Ports
		for _, x := range list {
			a, _ := number(get(x, "FromPort"))
			b, ok := number(get(x, "ToPort"))
			if !ok {
				b = a
			}
			out = out.Union(cidr.PortRange(a, b))
		}
		return out
	}
	m := match{protos: cidr.AllProtos(), ports: ports("DestinationPorts"), typ: cidr.AllPorts(), code: cidr.AllPorts()}
	list, u := items(get(v, "Protocols"))
	why = firstWhy(why, u)
	if len(list) > 0 {
		m.protos = cidr.Protos{}
		for _, x := range list {
			if n, ok := number(x); ok {
				m.protos = m.protos.Union(cidr.Proto(n))
			}
		}
	}
	if flags, _ := items(get(v, "TCPFlags")); len(flags) > 0 {
		why = firstWhy(why, missing("which packets have the TCP flags of a rule of "+last(r.ID)))
	}
	boxes := m.boxes(addrs("Sources"), addrs("Destinations"))
	from := ports("SourcePorts")
	for i := range boxes {
		if !boxes[i].Proto.Intersect(cidr.Ported()).Empty() {
			boxes[i].A = from
		}
	}
	return cidr.Of(boxes...), why
}

// variables are the sets that rules may name. HOME_NET is the VPC of the firewall
// unless the policy or the group says otherwise
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/rule-groups-ip-set-variables.html).
func (f *firewall) variables(policy, group any) variables {
	v := variables{addrs: map[string]cidr.Addrs{}, ports: map[string]cidr.Ports{}}
	if f.vpc != nil {
		v.addrs["HOME_NET"] = f.vpc.cidrs
	}
	external := false
	for _, from := range []any{group, policy} {
		// The policy's word counts more than the group's.
		sets, _ := get(from, "IPSets").(map[string]any)
		for name, x := range sets {
			list, _ := items(get(x, "Definition"))
			var a cidr.Addrs
			for _, e := range list {
				a = a.Union(addrsOf(e))
			}
			v.addrs[name] = a
			external = external || name == "EXTERNAL_NET"
		}
		ports, _ := get(from, "PortSets").(map[string]any)
		for name, x := range ports {
			list, _ := items(get(x, "Definition"))
			var p cidr.Ports
			for _, e := range list {
				if one, err := wallPorts(fmt.Sprint(e), v); err == nil {
					p = p.Union(one)
				}
			}
			v.ports[name] = p
		}
	}
	if !external {
		v.addrs["EXTERNAL_NET"] = cidr.AllAddrs().Minus(v.addrs["HOME_NET"])
	}
	return v
}

// statefulGroup reads the rules of a stateful group.
func (w *World) statefulGroup(f *firewall, ref groupRef, policy variables) {
	if ref.res == nil {
		if strings.Contains(ref.arn, ":aws-managed:") {
			// Its rules are not published: all that is known is that they drop.
			f.rules = append(f.rules, wallRule{name: last(ref.arn), action: "drop", set: cidr.All(), predicate: "AWS's rule group " + last(ref.arn) + " finds a threat in them"})
			return
		}
		f.why = firstWhy(f.why, missing("rule group "+last(ref.arn), "network-firewall:DescribeRuleGroup"))
		return
	}
	g := ref.res.Props["RuleGroup"]
	f.why = firstWhy(f.why, whyNot(g), ref.res.Stub)
	v := f.variables(nil, get(g, "RuleVariables"))
	for name, a := range policy.addrs {
		if name != "HOME_NET" && name != "EXTERNAL_NET" || f.vpc == nil || !a.Equal(f.vpc.cidrs) && name == "HOME_NET" {
			v.addrs[name] = a
		}
	}
	refs, _ := get(g, "ReferenceSets.IPSetReferences").(map[string]any)
	for name, x := range refs {
		l := w.listOf(ref.res, last(text(get(x, "ReferenceArn"))))
		if l.why != nil {
			f.why = firstWhy(f.why, l.why)
		}
		v.addrs["@"+name] = prefixSet(l.prefixes)
	}
	source := get(g, "RulesSource")
	if s := text(get(source, "RulesString")); s != "" {
		for name, a := range v.addrs { // a reference is written @NAME
			if strings.HasPrefix(name, "@") {
				s = strings.ReplaceAll(s, name, "["+a.String()+"]")
			}
		}
		rules, err := parseRules(s, v)
		f.rules = append(f.rules, rules...)
		if err != nil {
			f.why = firstWhy(f.why, missing("a rule of "+last(ref.res.ID)+": "+strings.ReplaceAll(err.Error(), "\n", "; ")))
		}
	}
	f.why = firstWhy(f.why, whyNot(get(source, "RulesString")))
	w.structured(f, ref.res, source, v)
	f.domains(ref.res, get(source, "RulesSourceList"), v)
}

// structured reads rules that are written as objects.
func (w *World) structured(f *firewall, r *haetae.Resource, source any, v variables) {
	list, why := items(get(source, "StatefulRules"))
	f.why = firstWhy(f.why, why)
	for _, x := range list {
		h := get(x, "Header")
		dir := "->"
		if text(get(h, "Direction")) == "ANY" {
			dir = "<>"
		}
		one := wallRule{action: strings.ToLower(text(get(x, "Action")))}
		var err error
		one.set, one.predicate, err = header(text(get(h, "Protocol")), text(get(h, "Source")), text(get(h, "SourcePort")), dir, text(get(h, "Destination")), text(get(h, "DestinationPort")), v)
		if err != nil {
			f.why = firstWhy(f.why, missing("a rule of "+last(r.ID)+": "+err.Error()))
			continue
		}
		options, _ := items(get(x, "RuleOptions"))
		var words []string
		for _, o := range options {
			settings, _ := items(get(o, "Settings"))
			var values []string
			for _, s := range settings {
				values = append(values, text(s))
			}
			words = append(words, text(get(o, "Keyword"))+":"+strings.Join(values, ","))
		}
		more, sid := contentOf(strings.Join(words, ";"))
		one.predicate = strings.TrimSpace(one.predicate + " " + more)
		one.name = last(r.ID) + " sid " + sid
		f.rules = append(f.rules, one)
	}
}

// domains reads a list of domains: names that only the packets tell
// (https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateful-rule-groups-domain-names.html).
func (f *firewall) domains(r *haetae.Resource, v any, vars variables) {
	if v == nil {
		return
	}
	targets, _ := items(get(v, "Targets"))
	var names []string
	for _, t := range targets {
		names = append(names, text(t))
	}
	m := match{protos: cidr.Proto(cidr.TCP), ports: cidr.AllPorts()}
	set := cidr.Of(m.boxes(vars.addrs["HOME_NET"], cidr.AllAddrs())...)
	what := "its TLS server name or HTTP host is one of " + strings.Join(names, ", ")
	if text(get(v, "GeneratedRulesType")) == "ALLOWLIST" {
		f.rules = append(f.rules, wallRule{name: last(r.ID), action: "pass", set: set, predicate: what},
			wallRule{name: last(r.ID), action: "drop", set: set, predicate: "it is TLS or HTTP to another name than " + strings.Join(names, ", ")})
		return
	}
	f.rules = append(f.rules, wallRule{name: last(r.ID), action: "drop", set: set, predicate: what})
}
