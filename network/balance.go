package network

import "github.com/haetae/haetae"

// balancer is a load balancer.
type balancer struct {
	res  *haetae.Resource
	nics []*nic
}

func (w *World) addBalancers(byType map[string][]*haetae.Resource) {
	for _, typ := range []string{"AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer"} {
		for _, r := range byType[typ] {
			b := &balancer{res: r, nics: w.owned[r]}
			w.of[r] = b
			w.balancer = append(w.balancer, b)
		}
	}
}
