package network

// Work is how many links between subnets and how many filters of groups were
// worked out.
func (p *Pairs) Work() (links, filters int) { return p.walked, p.asked }
