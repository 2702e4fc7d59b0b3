package network

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/cidr"
)

// coreTypes are what may be attached to a core network, and what it is called in
// a policy.
var coreTypes = []struct{ typ, kind, word string }{
	{"AWS::NetworkManager::VpcAttachment", "vpc", "vpc"},
	{"AWS::NetworkManager::SiteToSiteVpnAttachment", "vpn", "site-to-site-vpn"},
	{"AWS::NetworkManager::ConnectAttachment", "connect", "connect"},
	{"AWS::NetworkManager::DirectConnectGatewayAttachment", "direct-connect-gateway", "direct-connect-gateway"},
	{"AWS::NetworkManager::TransitGatewayRouteTableAttachment", "tgw-route-table", "transit-gateway-route-table"},
}

// segment is a segment of a core network: a routing domain.
type segment struct {
	name        string
	isolated    bool // its attachments do not reach each other
	allow, deny []string
	table       *hubTable
	members     []*attachment
}

// addCore makes a core network of AWS Cloud WAN a hub with a route table for each
// segment, which its policy describes
// (https://docs.aws.amazon.com/network-manager/latest/cloudwan/cloudwan-policies-json.html).
func (w *World) addCore(byType map[string][]*haetae.Resource) {
	for _, r := range byType["AWS::NetworkManager::CoreNetwork"] {
		h := &hub{res: r, core: true, refers: true, state: strings.ToLower(text(r.Observed["State"]))}
		policy := r.Props["PolicyDocument"]
		if v := get(policy, "core-network-configuration"); get(v, "security-group-referencing-support") != nil {
			h.refers, _ = flag(get(v, "security-group-referencing-support"))
		}
		h.assocWhy = firstWhy(whyNot(policy), r.Stub)
		if policy == nil {
			h.assocWhy = firstWhy(h.assocWhy, missing("the policy of core network "+r.ID, "networkmanager:GetCoreNetworkPolicy"))
		}
		segments := readSegments(h, policy)
		for _, t := range coreTypes {
			for _, a := range byType[t.typ] {
				if w.coreOf(a) == r {
					w.addCoreAttachment(h, a, t.kind, t.word, policy, segments)
				}
			}
			if _, u := w.g.All(r, t.typ); u != nil && t.kind == "vpc" {
				for _, s := range segments {
					s.table.why = firstWhy(s.table.why, u)
				}
			}
		}
		w.coreRoutes(h, policy, segments)
		w.of[r] = h
		w.hubs = append(w.hubs, h)
	}
}

// coreOf is the core network that an attachment is attached to, or nil.
func (w *World) coreOf(a *haetae.Resource) *haetae.Resource {
	for _, v := range []any{a.Props["CoreNetworkId"], a.Observed["CoreNetworkId"], a.Observed["CoreNetworkArn"]} {
		if x := w.find(a, v, "AWS::NetworkManager::CoreNetwork"); x != nil {
			return x
		}
	}
	return nil
}

// texts are the texts of a list, or of a single one.
func texts(v any) []string {
	var out []string
	list, _ := items(v)
	for _, x := range list {
		out = append(out, text(x))
	}
	return out
}

func readSegments(h *hub, policy any) []*segment {
	list, why := items(get(policy, "segments"))
	h.assocWhy = firstWhy(h.assocWhy, why)
	var out []*segment
	for _, x := range list {
		s := &segment{name: text(get(x, "name")), allow: texts(get(x, "allow-filter")), deny: texts(get(x, "deny-filter"))}
		s.isolated, _ = flag(get(x, "isolate-attachments"))
		s.table = &hubTable{hub: h, why: why, res: &haetae.Resource{Type: h.res.Type, ID: h.res.ID + "/" + s.name, Account: h.res.Account, Region: h.res.Region, Stack: h.res.Stack}}
		h.tables = append(h.tables, s.table)
		out = append(out, s)
	}
	return out
}

// addCoreAttachment takes in an attachment with the segment that AWS says it is in,
// or else that the policy will put it in.
func (w *World) addCoreAttachment(h *hub, r *haetae.Resource, kind, word string, policy any, segments []*segment) {
	a := &attachment{res: r, hub: h, kind: kind, refers: true, state: strings.ToLower(text(r.Observed["State"])), remote: last(text(r.Observed["ResourceArn"]))}
	switch kind {
	case "vpc":
		a.vpc = w.vpcOf(r, r.Props["VpcArn"])
		if a.vpc == nil {
			a.vpc = w.vpcOrStrange(r, lastOf(r.Props["VpcArn"]))
			a.vpcWhy = whyNot(r.Props["VpcArn"])
		}
		a.subnets, a.subWhy = w.subnetsOf(r, "SubnetArns")
		a.appliance, _ = flag(get(r.Props["Options"], "ApplianceModeSupport"))
		if on, known := flag(get(r.Props["Options"], "SecurityGroupReferencingSupport")); known {
			a.refers = on
		}
	case "vpn":
		if x := w.find(r, r.Props["VpnConnectionArn"], "AWS::EC2::VPNConnection"); x != nil {
			a.remote = x.ID
		}
	}
	name := text(r.Observed["SegmentName"])
	if name == "" && text(r.Observed["NetworkFunctionGroupName"]) == "" {
		var why *haetae.Unknown
		if name, why = chosenSegment(policy, r, word); why != nil {
			h.assocWhy = firstWhy(h.assocWhy, why)
		}
	}
	for _, s := range segments {
		if s.name == name {
			a.table, s.members = s.table, append(s.members, a)
		}
	}
	if fn := text(r.Observed["NetworkFunctionGroupName"]); fn != "" {
		a.subWhy = firstWhy(a.subWhy, missing("where the network function group "+fn+" sends packets: haetae does not model it"))
	}
	w.of[r] = a
	h.attachments = append(h.attachments, a)
}

// lastOf is the last part of an ARN; what is unknown stays so.
func lastOf(v any) any {
	if s := text(v); s != "" {
		return last(s)
	}
	return v
}

// chosenSegment is the segment in which the attachment policies put an attachment:
// the rule with the lowest number whose conditions hold decides
// (https://docs.aws.amazon.com/network-manager/latest/cloudwan/cloudwan-policy-attachments.html).
func chosenSegment(policy any, r *haetae.Resource, word string) (string, *haetae.Unknown) {
	rules, why := items(get(policy, "attachment-policies"))
	if why != nil {
		return "", why
	}
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b any) int {
		x, _ := number(get(a, "rule-number"))
		y, _ := number(get(b, "rule-number"))
		return cmp.Compare(x, y)
	})
	for _, rule := range rules {
		holds, why := conditionsHold(rule, r, word)
		if why != nil {
			return "", why
		}
		if !holds {
			continue
		}
		action := get(rule, "action")
		if text(get(action, "association-method")) == "tag" {
			v := r.Tags[text(get(action, "tag-value-of-key"))]
			return text(v), whyNot(v)
		}
		return text(get(action, "segment")), whyNot(get(action, "segment"))
	}
	return "", nil
}

// conditionsHold tells whether an attachment meets the conditions of a rule.
func conditionsHold(rule any, r *haetae.Resource, word string) (bool, *haetae.Unknown) {
	conditions, why := items(get(rule, "conditions"))
	if why != nil {
		return false, why
	}
	or := text(get(rule, "condition-logic")) == "or"
	holds := !or
	for _, c := range conditions {
		ok := false
		key, want := text(get(c, "key")), text(get(c, "value"))
		switch typ := text(get(c, "type")); typ {
		case "any":
			ok = true
		case "tag-exists":
			_, ok = r.Tags[key]
		case "tag-value", "tag-name":
			v, has := r.Tags[key]
			if u := whyNot(v); u != nil {
				return false, u
			}
			ok = has && compares(text(get(c, "operator")), text(v), want)
		case "attachment-type":
			ok = compares(text(get(c, "operator")), word, want) || want == "vpn" && word == "site-to-site-vpn"
		case "account-id":
			if r.Account == "" {
				return false, missing("the account of attachment "+r.ID, "networkmanager:ListAttachments")
			}
			ok = compares(text(get(c, "operator")), r.Account, want)
		case "region":
			if text(r.Observed["EdgeLocation"]) == "" {
				return false, missing("the edge location of attachment "+r.ID, "networkmanager:ListAttachments")
			}
			ok = compares(text(get(c, "operator")), text(r.Observed["EdgeLocation"]), want)
		default:
			return false, missing(fmt.Sprintf("whether attachment %s meets the condition %s of its core network's policy: haetae does not read it", r.ID, cmp.Or(typ, "without a type")))
		}
		if or {
			holds = holds || ok
		} else {
			holds = holds && ok
		}
	}
	return holds, nil
}

// compares holds a value against another by an operator of a policy.
func compares(operator, v, want string) bool {
	switch operator {
	case "", "equals":
		return v == want
	case "not-equals":
		return v != want
	case "contains":
		return strings.Contains(v, want)
	case "begins-with":
		return strings.HasPrefix(v, want)
	}
	return false
}

// coreRoutes fills the tables of the segments: what is attached to a segment, unless
// it isolates its attachments, what other segments share with it, and static
// routes
// (https://docs.aws.amazon.com/network-manager/latest/cloudwan/cloudwan-policy-network-actions-routes.html).
func (w *World) coreRoutes(h *hub, policy any, segments []*segment) {
	at := func(name string) *segment {
		if i := slices.IndexFunc(segments, func(s *segment) bool { return s.name == name }); i >= 0 {
			return segments[i]
		}
		return nil
	}
	shared := map[[2]*segment]bool{}
	actions, why := items(get(policy, "segment-actions"))
	odd := ""
	for _, name := range []string{"routing-policies", "attachment-routing-policy-rules"} {
		if list, _ := items(get(policy, name)); len(list) > 0 {
			odd = name
		}
	}
	for _, s := range segments {
		s.table.why = firstWhy(s.table.why, why)
		if odd != "" {
			s.table.why = firstWhy(s.table.why, missing("what the "+odd+" of core network "+h.res.ID+" do: haetae does not model them"))
		}
	}
	for _, x := range actions {
		s := at(text(get(x, "segment")))
		if s == nil {
			continue
		}
		switch action := text(get(x, "action")); action {
		case "share":
			for _, o := range segments {
				if o != s && sharesWith(get(x, "share-with"), o.name) {
					shared[[2]*segment{s, o}], shared[[2]*segment{o, s}] = true, true
				}
			}
		case "create-route":
			w.coreStatic(h, s.table, x)
		default:
			s.table.why = firstWhy(s.table.why, missing("what the action "+action+" does with segment "+s.name+" of core network "+h.res.ID+": haetae does not model it"))
		}
	}
	for _, s := range segments {
		for _, o := range segments {
			if o == s && s.isolated || o != s && (!shared[[2]*segment{o, s}] || slices.Contains(s.deny, o.name) || len(s.allow) > 0 && !slices.Contains(s.allow, o.name)) {
				continue
			}
			for _, a := range o.members {
				s.table.propagate(a)
			}
		}
		s.table.order()
	}
}

// sharesWith tells whether a share action names a segment.
func sharesWith(v any, name string) bool {
	if except := get(v, "except"); except != nil {
		return !slices.Contains(texts(except), name)
	}
	list := texts(v)
	return slices.Contains(list, name) || slices.Contains(list, "*")
}

// coreStatic adds the routes of a create-route action.
func (w *World) coreStatic(h *hub, t *hubTable, x any) {
	base := hubRoute{}
	for _, to := range texts(get(x, "destinations")) {
		if to == "blackhole" {
			base.bad = true
			continue
		}
		i := slices.IndexFunc(h.attachments, func(a *attachment) bool { return a.res.ID == to })
		if i < 0 {
			base.to = append(base.to, &attachment{res: &haetae.Resource{Type: coreTypes[0].typ, ID: to}, hub: h, kind: "unknown"})
			continue
		}
		base.to = append(base.to, h.attachments[i])
	}
	for _, dest := range texts(get(x, "destination-cidr-blocks")) {
		p, err := netip.ParsePrefix(dest)
		if err != nil {
			t.why = firstWhy(t.why, missing("route "+dest+" of "+t.res.ID))
			continue
		}
		one := base
		one.prefix, one.dest, one.text = p.Masked(), cidr.Prefix(p), dest
		t.routes = append(t.routes, one)
	}
}
