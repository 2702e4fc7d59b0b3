package network

import (
	"strings"

	"github.com/haetae/haetae"
)

// firewall is an AWS Network Firewall.
type firewall struct {
	res    *haetae.Resource
	policy *haetae.Resource
	why    *haetae.Unknown
}

// addFirewalls gives endpoints of firewalls their firewall. An endpoint that is
// not listed itself is known from the firewall.
func (w *World) addFirewalls(byType map[string][]*haetae.Resource) {
	for _, r := range byType["AWS::NetworkFirewall::Firewall"] {
		f := &firewall{res: r}
		f.policy, f.why = w.g.Find(r, "AWS::NetworkFirewall::FirewallPolicy", r.Props["FirewallPolicyArn"])
		list, _ := items(r.Observed["EndpointIds"])
		mappings, _ := items(r.Props["SubnetMappings"])
		for _, x := range list {
			zone, id, _ := strings.Cut(text(x), ":")
			e := w.endpointNamed(id)
			if e == nil {
				res := &haetae.Resource{Type: "AWS::EC2::VPCEndpoint", ID: id, Account: r.Account, Region: r.Region, Stack: r.Stack}
				e = &endpoint{res: res, kind: "GatewayLoadBalancer", vpc: w.vpcOf(r, r.Props["VpcId"])}
				for _, m := range mappings {
					if s := w.subnetOf(r, get(m, "SubnetId")); s != nil && s.zone == zone {
						e.subnets = append(e.subnets, s)
					}
				}
				w.of[res] = e
				w.named[id] = append(w.named[id], res)
			}
			e.firewall = f
		}
		w.of[r] = f
	}
}

func (w *World) endpointNamed(id string) *endpoint {
	for _, r := range w.named[id] {
		if e, ok := w.of[r].(*endpoint); ok {
			return e
		}
	}
	return nil
}
