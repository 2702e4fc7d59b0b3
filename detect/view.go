package detect

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/haetae/haetae"
	"github.com/haetae/haetae/sigma"
)

// source is how Sigma names a log
// (https://sigmahq.io/sigma-specification/specification/sigma-appendix-taxonomy.html).
func source(log haetae.Log) sigma.LogSource {
	if log == haetae.EKSAudit {
		return sigma.LogSource{Product: "kubernetes", Service: "audit"}
	}
	return sigma.LogSource{Product: "aws", Service: string(log)}
}

// view is a record as rules see it: its own fields, and what is derived of it, whose
// names begin with "haetae.".
type view struct {
	sigma.Event
	derived func(field string) ([]sigma.Value, bool)
}

// Lookup finds a field.
func (v *view) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	if name, ok := strings.CutPrefix(field, "haetae."); ok {
		values, found := v.derived(name)
		return append(dst, values...), found
	}
	return v.Event.Lookup(field, dst)
}

func text(values ...string) ([]sigma.Value, bool) {
	var out []sigma.Value
	for _, v := range values {
		if v != "" {
			out = append(out, sigma.Value{Kind: sigma.Text, Text: v})
		}
	}
	return out, len(out) > 0
}

func boolean(b bool) ([]sigma.Value, bool) {
	return []sigma.Value{{Kind: sigma.Bool, Text: strconv.FormatBool(b)}}, true
}

func number[N int | int64 | uint8 | uint16 | uint32 | uint64](n N) ([]sigma.Value, bool) {
	return []sigma.Value{{Kind: sigma.Number, Text: strconv.FormatUint(uint64(n), 10)}}, true
}

// Fields are the names of all derived fields, sorted.
func Fields() []string {
	out := []string{"haetae.account", "haetae.action", "haetae.flow.direction", "haetae.flow.own", "haetae.flow.port", "haetae.log", "haetae.outcome", "haetae.region", "haetae.targets"}
	for _, n := range []string{"account", "arn", "chain", "id", "key", "kind", "mfa", "name", "owner", "session", "through"} {
		out = append(out, "haetae.actor."+n)
	}
	for _, n := range []string{"address", "agent", "asn", "cloud", "country", "endpoint", "endpoint_account", "lists", "name", "org", "own", "private"} {
		out = append(out, "haetae.peer."+n)
	}
	slices.Sort(out)
	return out
}

// actorField is a field below haetae.actor.
func actorField(a *haetae.Actor, name string) ([]sigma.Value, bool) {
	switch name {
	case "kind":
		return text(string(a.Kind))
	case "id":
		return text(a.ID)
	case "arn":
		return text(a.ARN)
	case "account":
		return text(a.Account)
	case "name":
		return text(a.Name)
	case "session":
		return text(a.Session)
	case "chain":
		return text(a.Chain...)
	case "through":
		return text(a.Through)
	case "key":
		return text(a.AccessKey)
	case "owner":
		return text(a.Owner)
	case "mfa":
		return boolean(a.MFA)
	}
	return nil, false
}

// peerField is a field below haetae.peer.
func peerField(p *haetae.Peer, name string) ([]sigma.Value, bool) {
	switch name {
	case "address":
		if p.Addr.IsValid() {
			return text(p.Addr.String())
		}
		return nil, false
	case "name":
		return text(p.Name)
	case "country":
		return text(p.Country)
	case "asn":
		if p.ASN == 0 {
			return nil, false
		}
		return number(p.ASN)
	case "org":
		return text(p.Org)
	case "cloud":
		return text(p.Cloud)
	case "lists":
		return text(p.Lists...)
	case "own":
		return boolean(p.Own)
	case "private":
		return boolean(p.Addr.IsValid() && private(p.Addr))
	case "endpoint":
		return text(p.Endpoint)
	case "endpoint_account":
		return text(p.EndpointAccount)
	case "agent":
		return text(p.Agent)
	}
	return nil, false
}

// private tells whether an address is of no use on the internet
// (https://www.iana.org/assignments/iana-ipv4-special-registry, RFC 6598, RFC 4193).
func private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

// eventField is a derived field of an event.
func eventField(e *haetae.Event, name string) ([]sigma.Value, bool) {
	if rest, ok := strings.CutPrefix(name, "actor."); ok {
		return actorField(&e.Actor, rest)
	}
	if rest, ok := strings.CutPrefix(name, "peer."); ok {
		return peerField(&e.Peer, rest)
	}
	switch name {
	case "log":
		return text(string(e.Log))
	case "action":
		return text(e.Action)
	case "outcome":
		return text(string(e.Outcome))
	case "targets":
		return text(e.Targets...)
	case "account":
		return text(e.Account)
	case "region":
		return text(e.Region)
	}
	return nil, false
}

// bus shows a record of CloudTrail to event patterns as EventBridge delivers it, and
// to rules both as it is and so
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
type bus struct {
	sigma.Event
	event *haetae.Event
	tree  map[string]any
}

// Lookup finds a field of the record, else of the event of EventBridge.
func (b *bus) Lookup(field string, dst []sigma.Value) ([]sigma.Value, bool) {
	if out, ok := b.Event.Lookup(field, dst); ok {
		return out, true
	}
	switch name, _, _ := strings.Cut(field, "."); name {
	case "detail", "detail-type", "source", "account", "region", "time", "id", "version", "resources":
		b.Tree()
		return sigma.JSONEvent(b.tree).Lookup(field, dst)
	}
	return dst, false
}

// Tree is the event of EventBridge.
func (b *bus) Tree() any {
	if b.tree != nil {
		return b.tree
	}
	record, _ := b.Event.Tree().(map[string]any)
	word := func(name string) string {
		s, _ := record[name].(string)
		return s
	}
	kind := "AWS API Call via CloudTrail"
	switch word("eventType") {
	case "AwsConsoleSignIn":
		kind = "AWS Console Sign In via CloudTrail"
	case "AwsServiceEvent":
		kind = "AWS Service Event via CloudTrail"
	}
	service, _, _ := strings.Cut(word("eventSource"), ".")
	b.tree = map[string]any{"version": "0", "id": b.event.ID, "detail-type": kind, "source": "aws." + service, "account": b.event.Account,
		"time": word("eventTime"), "region": b.event.Region, "resources": []any{}, "detail": record}
	return b.tree
}
