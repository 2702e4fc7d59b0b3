package lake

import (
	"encoding/json"
	"net/netip"

	"github.com/haetae/haetae"
)

// derived is what an event has besides its record, of logs whose records do not tell it
// again.
type derived struct {
	Kind      haetae.ActorKind  `json:"k,omitempty"`
	Actor     string            `json:"i,omitempty"`
	ARN       string            `json:"n,omitempty"`
	Account   string            `json:"a,omitempty"`
	Principal string            `json:"p,omitempty"`
	Name      string            `json:"u,omitempty"`
	Session   string            `json:"s,omitempty"`
	Key       string            `json:"y,omitempty"`
	Chain     []string          `json:"h,omitempty"`
	Through   string            `json:"g,omitempty"`
	MFA       bool              `json:"m,omitempty"`
	Owner     string            `json:"w,omitempty"`
	Tags      map[string]string `json:"l,omitempty"`
	Action    string            `json:"c,omitempty"`
	Targets   []string          `json:"t,omitempty"`
	Outcome   haetae.Outcome    `json:"o,omitempty"`
	Error     string            `json:"e,omitempty"`
	Addr      netip.Addr        `json:"d,omitzero"`
	Peer      string            `json:"b,omitempty"`
	Country   string            `json:"x,omitempty"`
	Endpoint  string            `json:"v,omitempty"`
	Other     string            `json:"q,omitempty"` // the account of the endpoint
	Agent     string            `json:"z,omitempty"`
}

// deriveds is what is kept of an event of a log other than CloudTrail. What the engine
// of detections finds out of an address is not: it finds it out again.
func deriveds(e *haetae.Event) ([]byte, error) {
	a, p := &e.Actor, &e.Peer
	return json.Marshal(derived{a.Kind, a.ID, a.ARN, a.Account, a.PrincipalID, a.Name, a.Session, a.AccessKey, a.Chain, a.Through, a.MFA, a.Owner, a.Tags,
		e.Action, e.Targets, e.Outcome, e.Error, p.Addr, p.Name, p.Country, p.Endpoint, p.EndpointAccount, p.Agent})
}

// derive fills in an event what [deriveds] kept.
func derive(e *haetae.Event, text []byte) error {
	var d derived
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	e.Actor = haetae.Actor{Kind: d.Kind, ID: d.Actor, ARN: d.ARN, Account: d.Account, PrincipalID: d.Principal, Name: d.Name, Session: d.Session,
		AccessKey: d.Key, Chain: d.Chain, Through: d.Through, MFA: d.MFA, Owner: d.Owner, Tags: d.Tags}
	e.Action, e.Targets, e.Outcome, e.Error = d.Action, d.Targets, d.Outcome, d.Error
	e.Peer = haetae.Peer{Addr: d.Addr, Name: d.Peer, Country: d.Country, Endpoint: d.Endpoint, EndpointAccount: d.Other, Agent: d.Agent}
	return nil
}
