package network

// inspect holds packets against the rules of a firewall.
func (k *walk) inspect(s *state, f *firewall) {
	for i, p := range s.pieces {
		s.pieces[i] = p.lacks(missing("what the rules of " + f.res.ID + " let through"))
	}
	s.hop("firewall", f.res.ID, "", true)
}

// inspectBack holds answers against the stateless rules: the stateful ones know
// the connection.
func (k *walk) inspectBack(s *state, f *firewall) {
	s.hop("firewall", f.res.ID, "", true)
}
